"""The sentences of unit 12 that state a number or a fact, each recomputed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from nlref import optimizers
from nlref.build import LESSON
from nlref.checks import EXERCISES, Exercise, find
from nlref.checks import unit_12_training as records

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "course" / "12_training"
LESSON_TEXT = (FOLDER / LESSON).read_text(encoding="utf-8")
MINE = [one for one in EXERCISES.values() if isinstance(one, Exercise) and one.unit == "12_training"]
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("12_training")


def test_the_data_are_those_of_scikit_learn():
    from sklearn import datasets

    digits, diabetes = datasets.load_digits(), datasets.load_diabetes(scaled=False)
    with np.load(FOLDER / "digits.npz") as data:
        np.testing.assert_array_equal(data["images"], digits.data)
        np.testing.assert_array_equal(data["labels"], digits.target)
    says("on 442 patients a straight line beat it")
    with np.load(FOLDER / "diabetes.npz") as data:
        np.testing.assert_array_equal(data["features"], diabetes.data.astype("float32"))
        np.testing.assert_array_equal(data["progression"], diabetes.target)
        assert len(data["progression"]) == 442


def test_the_largest_rate():
    limit = find("q_largest_rate").answer

    def after(rate):
        w = 1.0
        for _ in range(50):
            w = float(records.sgd_plainly(w, 4 * w, rate))
        return abs(w)

    assert after(limit - 0.01) < 1 < after(limit + 0.01)


def test_what_5_does_and_0_005(unit):
    by_rate = unit.names["by_rate"]
    five, half, small, guess = (
        numbers(line)[-2 if "after" in line else -1] for line in unit.printed("a guess:    loss").splitlines()
    )
    assert guess == round(np.log(10), 2) == 2.30
    says("with the rate 5 the loss stays near that of a guess, 2.30, and never falls")
    assert five > guess
    assert min(by_rate[5]) > 2.2
    says("With 0.5 it falls to below 0.1.")
    assert half < 0.1
    says("With 0.005 it falls slowly and steadily, and after ten epochs is still near 2.")
    assert abs(small - 2) < 0.1
    assert np.all(np.diff(by_rate[0.005]) < 0)


def test_with_the_rate_5_the_hidden_units_die(unit):
    says("the first steps land so far off that the hidden units die")
    names = unit.names
    images, one_hot = names["images"], names["one_hot"]
    rng, weights = np.random.default_rng(1), names["start"](64, 32, 10)
    for rows in np.split(rng.permutation(1400), range(50, 1400, 50)):
        slopes = names["gradients"](weights, images[rows], one_hot[rows], names["softmax_minus_label"])
        weights = [names["sgd_step"](w, g, 5) for w, g in zip(weights, slopes, strict=True)]
    hidden = names["network"](weights, images[:1400])[1]
    assert np.mean(hidden.max(axis=0) == 0) > 0.9


def test_the_gradients_are_the_slopes_of_the_loss_with_dropout_too(unit):
    names = unit.names
    rng = np.random.default_rng(3)
    x, y, factors = rng.normal(size=(5, 3)), rng.normal(size=(5, 1)), rng.integers(2, size=(5, 4)) * 2.0
    weights = names["start"](3, 4, 1)

    def loss():
        return np.mean((names["network"](weights, x, factors)[0] - y) ** 2)

    found = names["gradients"](weights, x, y, names["squared_error_gradient"], factors)
    for array, gradient in zip(weights, found, strict=True):
        for index in np.ndindex(array.shape):
            kept, slopes = array[index], []
            for step in (1e-6, -1e-6):
                array[index] = kept + step
                slopes.append(loss() / (2 * step))
            array[index] = kept
            assert sum(slopes) == pytest.approx(gradient[index], abs=1e-8)


def test_memory_saves_epochs(unit):
    plain, momentum, adam = (losses[-1] for losses in unit.names["by_rule"].values())
    says("Momentum at the same rate and Adam at 0.01 fall together, to about a tenth of it.")
    for quick in (momentum, adam):
        assert 0.05 < quick / plain < 0.15
    assert "Adam, rate 0.01" in unit.printed("by_rule = {}")


@pytest.mark.parametrize("gradient", [1000.0, -0.02])
def test_the_first_step_of_adam_is_as_long_as_the_rate(unit, gradient):
    moved = unit.names["Adam"](0.001).step(np.zeros(1), np.array([gradient]))
    assert abs(moved[0]) == pytest.approx(find("q_adam_first_step").answer, rel=1e-4)
    uncorrected = records.AdamUncorrected(0.001).step(np.zeros(1), np.array([gradient]))
    assert "about three times too long" in mistake("adam", "not corrected").sentence
    assert 3 < abs(uncorrected[0] / moved[0]) < 3.3


def mistake(exercise: str, name: str):
    return next(one for one in find(exercise).mistakes if one.name == name)


def test_momentum_makes_steps_that_agree_longer():
    assert "up to 1 / (1 - momentum) times as long" in mistake("momentum", "averaged").sentence
    rule, w, g = records.Momentum(0.1, 0.9), np.zeros(1), np.ones(1)
    for _ in range(200):
        before, w = w, rule.step(w, g)
    assert (before - w)[0] / 0.1 == pytest.approx(1 / (1 - 0.9), rel=1e-6)


def test_dropout_keeps_the_mean(unit):
    before, training, _, later = numbers(unit.printed("mean before dropout").splitlines()[-1])
    assert (before, training, later) == (1.0, 1.0, 0.5)


def test_early_stopping_looks_past_the_best(unit):
    history, best = unit.names["regress"](0, patience=40)
    says("falls for a few epochs, to a dotted line, and then rises slowly")
    assert 2 < best < 12
    assert history[-1, 1] > history[best, 1] + 2
    assert history[-1, 0] < history[best, 0] - 5
    history, best = unit.names["regress"](0, patience=5)
    assert len(history) == best + 1 + 5
    says("It returns the last, `patience` epochs later.")


def test_reducing_on_a_plateau_is_that_of_the_package(unit):
    class Trained:
        def __init__(self):
            self.optimizer = optimizers.SGD(1.0)

    rule = unit.names["Adam"](1.0)
    ours, theirs = (
        unit.names["ReduceOnPlateau"]([rule], patience=3),
        optimizers.ReduceLROnPlateau("val_loss", factor=0.5, patience=3, min_delta=0),
    )
    network = Trained()
    theirs.set_network(network)
    for epoch, loss in enumerate([1.0, 0.9, 0.95, 0.97, 0.96, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.7, 0.8]):
        ours.update(loss)
        theirs.on_epoch_end(epoch, {"val_loss": loss})
        assert rule.learning_rate == network.optimizer.learning_rate
    assert rule.learning_rate == 0.125


def test_what_each_remedy_changed(unit):
    lines = unit.printed("remedies = {").splitlines()[1:]
    table = {line[:20].strip(): numbers(line[20:]) for line in lines}
    assert len(table) == 8
    nothing, line = table["nothing"], table["straight line"]
    says("Without a remedy the network knows its 242 patients best and new ones worst.")
    says("Each remedy gives up some of the first for the second.")
    for name, row in table.items():
        if name != "nothing":
            assert row[0] > nothing[0] + 5
            assert row[1] < nothing[1] - 2
    says("L1, L2 and dropout bring it to the line and a shade beyond")
    for name in ("l1 = 0.02", "l2 = 0.03", "dropout 0.5"):
        assert line[1] - 2 < table[name][1] < line[1]
    says("by less than one split of the patients differs from another")
    by_split = [unit.names["regress"](seed, l2=0.03)[0][-1, 2] for seed in range(5)]
    assert np.mean(by_split) == pytest.approx(table["l2 = 0.03"][1], abs=0.06)
    assert np.std(by_split) > line[1] - min(row[1] for row in table.values())
    assert table["early stopping"][2] < 20 < table["nothing"][2] == 40


def test_the_number_of_trainings(unit):
    search = unit.names["search"]
    fits = len(search.cv_results_["params"]) * search.n_splits_ + search.refit
    assert fits == find("q_fits").answer == 25
    assert "A third value for each would make 82 of it." in find("q_fits").explanation
    assert 3**4 + 1 == 82


def test_what_the_search_finds(unit):
    search, images, labels = unit.names["search"], unit.names["images"], unit.names["labels"]
    assert search.best_params_ == {"activation": "relu", "learning_rate_init": 0.1, "solver": "adam"}
    says("on 397 new digits")
    assert len(labels[1400:]) == 397
    by_folds, _, later = numbers(unit.printed("by its folds").splitlines()[-1])
    assert by_folds == pytest.approx(search.best_score_, abs=6e-4)
    assert later == pytest.approx(search.score(images[1400:], labels[1400:]), abs=6e-4)


def test_the_straight_line_minimises_what_the_lesson_says(unit):
    says("whose `w` minimises the mean squared error plus $l_2 \\sum w^2$")
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    w = unit.names["straight_line"](x, y, 0.3)
    np.testing.assert_array_equal(w, records.straight_line(x, y, 0.3))
    slope = 2 * x.T @ (x @ w - y) / len(x) + records.penalty_plainly(w, l2=0.3)
    np.testing.assert_allclose(slope, 0, atol=1e-14)


def test_the_search_by_hand_is_that_of_scikit_learn(unit):
    says("`GridSearchCV` of scikit-learn does the same")
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, PredefinedSplit

    x, y, _, (learn, _, _) = unit.names["patients"](0)
    x, y, penalties = x[learn][:240], y[learn][:240, 0], 10.0 ** np.arange(-4, 2)
    errors, best = unit.names["search_penalty"](x, y, penalties, 5)
    search = (
        GridSearchCV(  # 192 patients learn each time; Ridge adds up squares where the lesson takes a mean
            Ridge(fit_intercept=False),
            {"alpha": 192 * penalties},
            cv=PredefinedSplit(np.arange(240) % 5),
            scoring="neg_mean_squared_error",
        ).fit(x, y)
    )
    np.testing.assert_allclose(-search.cv_results_["mean_test_score"], errors, rtol=1e-10)
    assert best == pytest.approx(search.best_params_["alpha"] / 192)


def test_the_hint_of_the_search():
    hint = find("search_penalty").hints[1]
    x, y = np.array([[1.0], [1.0], [2.0]]), np.array([1.0, 3.0, 4.0])
    assert "x = [1], [1], [2], y = [1, 3, 4], three folds and no penalty" in hint
    lines = [records.straight_line(np.delete(x, i, 0), np.delete(y, i), 0.0)[0] for i in range(3)]
    assert "the three lines are 2.2, 1.8 and 2" in hint
    np.testing.assert_allclose(lines, [2.2, 1.8, 2])
    assert "1.44, 1.44 and 0, and the mean is 0.96" in hint
    np.testing.assert_allclose((x[:, 0] * lines - y) ** 2, [1.44, 1.44, 0], atol=1e-12)
    assert records.search_penalty(x, y, np.zeros(1), 3)[0] == pytest.approx(0.96)


def test_random_search_tries_more_rates(unit):
    printed = unit.printed("best of nine")
    grid, random = (numbers(line)[-1] for line in printed.splitlines())
    assert random > grid + 0.1
    says("the first two columns have one colour each")
    columns = np.reshape(unit.names["found"]["grid"], (3, 3))
    assert np.ptp(columns[:2], axis=1).max() < 0.05
    says("three of them are far brighter than anything in the grid")
    assert sum(accuracy > grid + 0.1 for accuracy in unit.names["found"]["random"]) == 3


def test_what_articles_say_is_false(unit):
    printed = unit.printed("one step of Adam takes").splitlines()
    loss, guess = numbers(printed[0])[-2:]
    assert loss > guess
    small, large = (numbers(line)[-1] for line in printed[1:3])
    assert small == large == 0.01
    says("For plain descent.")
    w, l2 = np.array([2.0, -1.0]), 0.05
    decayed = records.sgd_plainly(w, records.penalty_plainly(w, l2=l2), 0.1)
    np.testing.assert_allclose(decayed, w * (1 - 0.1 * 2 * l2))


def test_what_the_frameworks_recorded(unit):
    for line in unit.printed("apart from").splitlines():
        apart = dict(re.findall(rf"(Keras|PyTorch|MXNet) by ({NUMBER})", line))
        assert len(apart) == 3
        for who, by in apart.items():
            if line.startswith("adam") and who != "PyTorch":
                assert 1e-6 < float(by) < 1e-5
            else:
                assert float(by) < 1e-6
    says("Adam is apart from Keras and MXNet by more than rounding.")
    with np.load(FOLDER / "recorded.npz") as data:
        recorded = dict(data)
    rules = {
        "sgd": optimizers.SGD(0.1),
        "momentum": optimizers.SGD(0.1, momentum=0.9),
        "adam": optimizers.Adam(0.1),
    }
    for name, rule in rules.items():
        w = recorded["w"].copy()
        for gradient, expected in zip(recorded["gradients"], recorded[f"keras_{name}"], strict=True):
            rule.apply([gradient], [w])
            np.testing.assert_allclose(w, expected, rtol=1e-6, atol=1e-6)


def test_the_settings_that_the_table_gives_keras():
    says("| rate of SGD, of Adam, unless you say | 0.01, 0.001 |")
    assert (optimizers.SGD().learning_rate, optimizers.Adam().learning_rate) == (0.01, 0.001)
    says("| epsilon of Adam | 1e-7 |")
    assert optimizers.Adam().epsilon == 1e-7
    says("| plateau: better is | smaller by 0.0001 |")
    assert optimizers.ReduceLROnPlateau().min_delta == 0.0001
    says("At 0 the slope of $|w|$ is 0, as in Keras.")
    assert records.penalty_gradient(np.zeros(1), l1=1.0) == 0


def test_the_settings_that_the_table_gives_pytorch():
    """As PyTorch gave them; ``tests/references/README.md`` says how."""
    asked = json.loads((ROOT / "tests/references/torch213_training.json").read_text(encoding="utf-8"))
    assert asked["torch"].startswith("2.13")
    says("PyTorch 2.13 and Keras 3.15 were asked")
    says("| rate of SGD, of Adam, unless you say | 0.01, 0.001 | 0.001, 0.001 |")
    assert (asked["sgd_lr"], asked["adam_lr"]) == (0.001, 0.001)
    says("| epsilon of Adam | 1e-7 | 1e-8 |")
    assert asked["adam_epsilon"] == 1e-8
    says("| rate and velocity | inside it | outside: a new rate acts at once |")
    assert asked["move_after_rate_0.1"] == pytest.approx(
        -0.1 * 0.5, rel=1e-4
    )  # of a velocity that is now 0.5
    says("| gradient of an L2 penalty λ | `L2`: 2 λ w | `weight_decay`: λ w |")
    assert asked["weight_decay_0.3_of_2"] == pytest.approx(0.3 * 2)
    says("| plateau: better is | smaller by 0.0001 | smaller by 0.01 % |")
    assert asked["plateau"] == {"threshold": 1e-4, "mode": "rel"}


@pytest.mark.slow
def test_keras_still_does_what_was_recorded():
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    with np.load(FOLDER / "recorded.npz") as data:
        recorded = dict(data)
    rules = {
        "sgd": keras.optimizers.SGD(0.1),
        "momentum": keras.optimizers.SGD(0.1, momentum=0.9),
        "adam": keras.optimizers.Adam(0.1),
    }
    for name, rule in rules.items():
        variable = keras.Variable(recorded["w"])
        rule.build([variable])
        for gradient, expected in zip(recorded["gradients"], recorded[f"keras_{name}"], strict=True):
            rule.apply([keras.ops.convert_to_tensor(gradient)])
            np.testing.assert_allclose(np.asarray(variable), expected, rtol=1e-6, atol=1e-6)
    assert float(keras.optimizers.SGD().learning_rate) == pytest.approx(0.01)
    assert keras.optimizers.Adam().epsilon == 1e-7
    w = keras.Variable([2.0, -1.0])
    import tensorflow as tf

    with tf.GradientTape() as tape:
        penalty = keras.regularizers.L1L2(0.3, 0.2)(w.value)
    np.testing.assert_allclose(
        tape.gradient(penalty, w.value), records.penalty_plainly(np.array([2.0, -1.0]), 0.3, 0.2), rtol=1e-6
    )
