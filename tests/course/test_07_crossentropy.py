"""The sentences of unit 07 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref import losses
from nlref.activations import sigmoid, softmax
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "07_crossentropy" / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


def recorded(system: str, key: str) -> np.ndarray:
    with np.load(REFERENCES / f"{system}.npz") as data:
        return data[key]


def given(key: str) -> np.ndarray:
    return recorded("inputs", key)


@pytest.fixture
def unit(worked):
    return worked("07_crossentropy")


def slope_of_the_square(z):
    p = sigmoid(np.asarray(z, float))
    return (p - 1) * p * (1 - p)


def test_where_the_squared_error_stops_learning():
    at_zero, far = slope_of_the_square([0.0, -10.0])
    reply = find("q_square_stops").options["c"].reply
    assert numbers(reply)[:2] == pytest.approx([far, at_zero], rel=0.02)
    assert far / at_zero < 1e-3
    says("Minus the logarithm rises to 10 on the left in a straight line, and its slope goes to -1 there.")
    assert -np.log(sigmoid(-10.0)) == pytest.approx(10, abs=1e-3)
    says(
        "The squared error ends flat at 0.5 on the left; its slope dips to -0.15 near -0.7 and is 0 again from -6 on."
    )
    z = np.linspace(-10, 6, 3201)
    slopes = slope_of_the_square(z)
    assert slopes.min() == pytest.approx(-4 / 27, rel=1e-5)
    assert slopes.min() == pytest.approx(-0.15, abs=2e-3)
    assert z[slopes.argmin()] == pytest.approx(-np.log(2), abs=0.01)
    assert z[slopes.argmin()] == pytest.approx(-0.7, abs=0.01)
    assert abs(slope_of_the_square(-6.0)) < 0.003


def test_a_likelihood_vanishes_and_the_surprise_does_not(unit):
    few, many = unit.printed("likelihood {np.prod(p_of_each)").splitlines()
    assert many.endswith("likelihood 0, surprise 0.916")
    assert few.endswith("surprise 0.916")
    assert numbers(few)[1] == pytest.approx(0.4**20, rel=1e-2)


def test_the_bold_and_the_cautious():
    bold = -np.mean(np.log([0.99] * 9 + [0.001]))
    cautious = -np.mean(np.log([0.7] * 9 + [0.3]))
    assert numbers(find("q_bold").options["b"].reply)[:2] == pytest.approx([cautious, bold], abs=5e-4)
    assert "0.01, and once 6.9" in find("q_bold").options["a"].reply
    assert -np.log([0.99, 0.001]) == pytest.approx([0.01, 6.9], abs=0.01)
    assert -np.log(0.001) > 10 * cautious


def test_the_likeliest_constant_is_the_share_of_ones():
    says("a hill of height 0.000005; below, your loss, a bowl with its bottom at 0.61")
    p = np.linspace(0.01, 0.99, 99)
    likelihood = p**14 * (1 - p) ** 6
    labels = np.repeat([1.0, 0.0], [14, 6])
    loss = losses.binary_crossentropy(np.tile(labels, (99, 1)), np.tile(p[:, None], (1, 20)), reduction=None)
    assert p[likelihood.argmax()] == p[loss.argmin()]
    assert p[loss.argmin()] == pytest.approx(0.7)
    assert likelihood.max() == pytest.approx(0.000005, rel=0.05)
    assert loss.min() == pytest.approx(0.61, abs=0.005)


def test_the_squared_error_is_a_surprise(unit):
    for line in unit.printed("surprise - error**2 / 2:.3f").splitlines():
        error, surprise, half, constant = numbers(line)
        assert half == error**2 / 2
        assert constant == pytest.approx(np.log(2 * np.pi) / 2, abs=5e-4)
        assert surprise == pytest.approx(half + constant)


def test_the_functions_of_earlier_units_are_right(unit):
    x = np.random.default_rng(1).normal(scale=5, size=(20, 4))
    np.testing.assert_allclose(unit.names["sigmoid"](x), sigmoid(x), rtol=1e-13)
    np.testing.assert_allclose(unit.names["softplus"](x), np.logaddexp(0, x), rtol=1e-12)
    np.testing.assert_allclose(unit.names["softmax"](x), softmax(x), rtol=1e-13)
    np.testing.assert_allclose(unit.names["log_softmax"](x), np.log(softmax(x)), rtol=1e-12)


def test_who_moves_and_who_is_stuck(unit):
    worst, *rows = unit.printed("the score goes from -20 to").splitlines()
    assert worst == "p = 0: Keras 16.118, MXNet 27.631, PyTorch 100"
    reached = {row.split("  ")[0]: numbers(row)[-2] for row in rows}
    assert reached == {
        "from the score": 2.2,
        "clip, Keras": -20,
        "epsilon, MXNet": 2.2,
        "squared error": -20,
    }
    assert find("q_clip_stuck").answer == -20
    assert 2.2 in find("q_clip_stuck").replies
    assert sigmoid(-20.0) == pytest.approx(2e-9, rel=0.05)
    assert "The sigmoid of -20 is 2e-9" in find("q_clip_stuck").explanation


def differences(loss, z):
    h = 1e-4
    return (loss(z + h) - loss(z - h)) / (2 * h)


def test_the_slopes_that_are_drawn_are_those_of_the_guarded_losses(unit):
    z = np.array([-35.0, -28.5, -20.0, -16.5, -15.5, -3.0, 2.0])
    for name, loss in {
        "from the score": lambda z: np.logaddexp(0, -z),
        "clip, Keras": lambda z: -np.log(np.clip(sigmoid(z), 1e-7, 1 - 1e-7)),
        "epsilon, MXNet": lambda z: -np.log(sigmoid(z) + 1e-12),
        "squared error": lambda z: (sigmoid(z) - 1) ** 2 / 2,
    }.items():
        np.testing.assert_allclose(unit.names["slopes"][name](z), differences(loss, z), atol=1e-6)


def test_where_each_guard_goes_deaf(unit):
    says("jumps to 0 left of -16.1. MXNet's turns from -1 to 0 around -27.6.")
    slopes = unit.names["slopes"]
    assert slopes["clip, Keras"](np.array([-16.2, -16.1])) == pytest.approx([0, -1], abs=1e-6)
    assert slopes["epsilon, MXNet"](np.array([-24, -27.631, -32])) == pytest.approx([-1, -0.5, 0], abs=0.03)
    says(
        r"PyTorch floors its gradient's denominator at $10^{-12}$ and goes deaf near the same place as MXNet."
    )
    z = np.array([-26.0, -32.0])
    p, q = sigmoid(z), sigmoid(-z)
    to_p = losses.binary_crossentropy_vjp(
        np.ones((2, 1)), p[:, None], reduction="sum", convention="pytorch"
    ).ravel()
    assert to_p * p * q == pytest.approx([-1, 0], abs=0.02)
    says("A little beyond -16.1 the clipped loss is still right to four digits")
    z = np.array([[-16.12]])
    clipped = losses.binary_crossentropy([[1.0]], sigmoid(z))
    assert clipped == pytest.approx(losses.binary_crossentropy([[1.0]], z, from_logits=True), rel=5e-4)
    assert slopes["clip, Keras"](-16.12) == 0


def test_an_untrained_classifier():
    assert find("q_untrained").answer == pytest.approx(np.log(10), abs=0.005)
    assert np.log2(10) == pytest.approx(3.32, abs=0.005)


def test_the_gradient_is_that_of_the_loss(unit):
    lines = unit.printed("measured {(up - down)").splitlines()
    assert len(lines) == 3
    for line in lines:
        measured, formula = numbers(line)[-2:]
        assert measured == pytest.approx(formula, abs=2e-6)
        assert abs(formula) > 1e-3


def test_softmax_twice(unit):
    rows = [numbers(line) for line in unit.printed("softmax {1 + twice}x").splitlines()]
    once, twice = rows[:3], rows[3:]
    assert once[0][2] == twice[0][2]
    assert once[0][2] == pytest.approx(np.log(10), abs=5e-4)
    says("The first slope is a tenth of what it should be, one over the number of classes.")
    assert twice[0][4] == pytest.approx(once[0][4] / 10, abs=5e-4)
    says("Later the accuracy acquits the mistake; the loss, stuck above 1.46, gives it away.")
    floor = np.log(1 + 9 / np.e)
    assert floor == pytest.approx(1.461, abs=5e-4)
    assert once[2][3] == pytest.approx(twice[2][3], abs=0.01)
    assert once[1][3] > twice[1][3] + 0.01
    assert once[2][2] < 0.3
    assert floor < twice[2][2] < 1.7
    certain = np.eye(10)[:1]
    assert losses.categorical_crossentropy(certain, certain, from_logits=True) == pytest.approx(floor)
    assert "e / (e + 9) = 0.232" in find("q_softmax_twice").options["d"].reply
    assert np.e / (np.e + 9) == pytest.approx(0.232, abs=5e-4)


def test_what_smoothing_leaves(unit):
    label = unit.names["smooth_labels"](np.array([[1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(label, [[0.933, 0.033, 0.033]], atol=5e-4)
    entropy = -np.sum(label * np.log(label))
    assert entropy == pytest.approx(0.291, abs=5e-4)
    says("it has its smallest value, 0.29, at a dot near 3.3")
    gap = np.log(label[0, 0] / label[0, 1])
    assert gap == pytest.approx(np.log(28))
    assert gap == pytest.approx(3.3, abs=0.05)
    says('ax.plot(np.log(28), 0.2911, "o"')
    at = np.array([[gap, 0.0, 0.0]])
    assert losses.categorical_crossentropy(label, at, from_logits=True) == pytest.approx(0.2911, abs=5e-5)


def test_the_hard_samples_among_the_easy(unit):
    plain, focal = unit.printed("the hard have").splitlines()
    assert numbers(plain)[-1] == 18
    assert numbers(focal)[-1] == 95


def test_what_articles_say(unit):
    two, small, rare = unit.printed("two samples: sum").splitlines()
    total, everything, mean = numbers(two)
    assert total == pytest.approx(2 * mean, abs=1e-3)
    assert everything == pytest.approx(mean / 2, abs=1e-3)
    assert np.float32(1 - 1e-15) == 1
    assert small.endswith("inf")
    assert numbers(rare)[-1] == pytest.approx(0.056, abs=5e-4)


def test_the_same_certain_mistake_in_three_systems():
    says("| label 1, $p = 0$ | 16.118 | 100 | 27.631 |")
    says(r"| its slope in $p$ | 0 | $-10^{12}$ | $-10^{12}$ |")
    (row,) = np.flatnonzero((given("bp_t") == 1) & (given("bp_p") == 0).ravel()[:, None])[:1]
    for system, key, value, slope in (
        ("keras3151", "loss/binary_crossentropy_ls0", 16.118, 0),
        ("torch213", "loss/bce_none", 100, -1e12),
        ("mxnet191", "loss/SigmoidBCELoss_from_sigmoid", 27.631, -1e12),
    ):
        for dtype in ("float32", "float64"):
            assert recorded(system, f"{key}/{dtype}/y").ravel()[row] == pytest.approx(value, abs=5e-4)
            assert recorded(system, f"{key}/{dtype}/g_bp_p").ravel()[row] == pytest.approx(slope, rel=1e-6)


def test_the_slope_of_mxnet_at_the_score_0():
    says("`SigmoidBCELoss`; at $z = 0$ its slope is wrong")
    at = ((given("bl_t") == 1) & (given("bl_x") == 0)).ravel()
    assert at.any()
    slopes = recorded("mxnet191", "loss/SigmoidBCELoss/float64/g_bl_x").ravel()[at]
    np.testing.assert_allclose(slopes, -1)  # -1/2 is right
    np.testing.assert_allclose(recorded("torch213", "loss/bce_logits_none/float64/g_bl_x").ravel()[at], -0.5)


def test_probabilities_that_do_not_sum_to_1():
    says("| $p$ = [0.5, 0.5, 1], class 2 | 0.693: divided by its sum | 0 | 0 |")
    (row,) = np.flatnonzero((given("cp_p") == [0.5, 0.5, 1]).all(axis=1) & (given("cp_t")[:, 2] == 1))
    for system, key, value in (
        ("keras3151", "loss/categorical_crossentropy_ls0", np.log(2)),
        ("torch213", "loss/nll_none", 0),
        ("mxnet191", "loss/SoftmaxCELoss_dense_logp", 0),
    ):
        assert recorded(system, f"{key}/float64/y")[row] == pytest.approx(value, abs=1e-9)


def test_who_shares_the_smoothing_with_the_right_class():
    says("| smoothing, wrong classes | $a/K$ | $a/K$ | `nd.SoftmaxOutput`: $a/(K-1)$ |")
    scores, classes = given("cl_x")[:2], given("cl_s")[:2]
    labels = np.eye(3)[classes]
    all_share = softmax(scores) - (labels * 0.9 + 0.1 / 3)
    wrong_share = softmax(scores) - (labels * 0.9 + (1 - labels) * 0.1 / 2)
    for system, key, right in (
        ("keras3151", "loss/categorical_crossentropy_logits_ls0.1", all_share),
        ("torch213", "loss/ce_dense_ls0.1", all_share),
        ("mxnet191", "out/SoftmaxOutput_smooth0.1", wrong_share),
    ):
        slopes = recorded(system, f"{key}/float64/g_cl_x")[:2]
        np.testing.assert_allclose(slopes, right, atol=1e-7)


def test_keras_remembers_the_scores_behind_its_own_sigmoid():
    says("Its last line has a surprise.")
    at = (np.isfinite(given("bl_x")) & (given("bl_x") < -17) & (given("bl_t") == 1)).ravel()
    assert at.any()
    made, plain = (
        recorded("keras3151", f"loss/bce_sigmoid_{kind}/float64/y").ravel()[at]
        for kind in ("provenance", "plain")
    )
    np.testing.assert_allclose(made, -given("bl_x").ravel()[at])
    np.testing.assert_allclose(plain, 16.118, atol=1e-3)
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    made = keras.activations.sigmoid(np.array([[-30.0]]))
    one = np.ones((1, 1))
    assert float(keras.losses.binary_crossentropy(one, made)[0]) == pytest.approx(30)
    assert float(keras.losses.binary_crossentropy(one, np.asarray(made))[0]) == pytest.approx(
        16.118, abs=1e-3
    )


def test_a_forgotten_from_logits():
    says("for class 2 it answers 0.288 without a word. The truth is 0.327.")
    scores, labels = np.array([[2.0, -1.0, 3.0]]), np.array([2])
    right = losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
    assert right == pytest.approx(0.327, abs=5e-4)
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    forgotten = keras.losses.categorical_crossentropy(np.eye(3)[labels], scores)
    assert float(forgotten[0]) == pytest.approx(0.288, abs=5e-4)


def test_the_hints_and_replies_state_true_numbers():
    def shown(exercise: str, number: str) -> float:
        assert any(number in text for text in find(exercise).hints), number
        return pytest.approx(float(number), rel=1e-3)

    assert losses.binary_crossentropy([1.0, 0.0], [0.8, 0.8]) == shown("binary_crossentropy", "0.9163")
    value = losses.binary_crossentropy([1.0, 0.0], [2.0, 2.0], from_logits=True)
    assert value == shown("binary_crossentropy_from_logits", "1.1269")
    assert losses.categorical_crossentropy([[0, 1, 0]], [[0.25, 0.5, 0.25]]) == shown(
        "categorical_crossentropy", "0.6931"
    )
    assert losses.sparse_categorical_crossentropy([2], [[1.0, 2, 3]], from_logits=True) == shown(
        "sparse_categorical_crossentropy", "0.4076"
    )
    assert losses.binary_focal_crossentropy([1.0], [0.9]) == shown("binary_focal_crossentropy", "0.001054")
    assert "[0.8, 0.1, 0.1]" in find("smooth_labels").hints[1]
    np.testing.assert_allclose(find("smooth_labels").reference(np.eye(3)[0], 0.3), [0.8, 0.1, 0.1])
