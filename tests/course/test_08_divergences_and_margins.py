"""The sentences of unit 08 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref import losses
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "08_divergences_and_margins" / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


def recorded(system: str, case: str, part: str = "y") -> np.ndarray:
    with np.load(REFERENCES / f"{system}.npz") as values:
        return values[f"loss/{case}/float64/{part}"]


def given(name: str) -> np.ndarray:
    with np.load(REFERENCES / "inputs.npz") as inputs:
        return inputs[name]


def row_of(*pairs: tuple[str, list[float]]) -> int:
    """The first sample whose recorded inputs are these."""
    same = [np.all(given(name) == np.array(values), axis=-1) for name, values in pairs]
    return int(np.flatnonzero(np.all(same, axis=0))[0])


@pytest.fixture
def unit(worked):
    return worked("08_divergences_and_margins")


def test_the_formula_of_the_articles_is_nan_for_a_label(unit):
    printed = unit.printed('"from the terms"')
    assert printed.startswith("nan")
    assert numbers(printed)[0] == pytest.approx(np.log(1 / 0.8))
    assert "0.223" in find("q_zero_log_zero").options["a"].text
    assert find("q_zero_log_zero").answer == "d"


def test_there_and_back_differ_and_the_entropy_remains(unit):
    directions, parts = unit.printed("from y to p").splitlines()
    assert numbers(directions) == [0.368, 0.511]
    crossentropy, entropy, divergence = (float(n) for n in re.findall(r"\d\.\d+", parts))
    assert crossentropy == pytest.approx(entropy + divergence, abs=0.0011)
    assert divergence == 0.368


def test_the_direction_decides_what_one_bump_does(unit):
    says("has its top near -0.4, where there is little data")
    says("the higher at -2, the lower at 2")
    x, data, covers, seeks = (unit.names[name] for name in ("x", "data", "covers", "seeks"))
    assert x[np.argmax(covers)] == pytest.approx(-0.4, abs=0.11)
    assert data[np.argmax(covers)] < data.max() / 10
    assert x[np.argmax(seeks)] == pytest.approx(-2, abs=0.11)

    def width(p):
        return np.sqrt(np.sum(p * (x - np.sum(p * x)) ** 2))

    assert width(covers) > 2 > 1 > width(seeks)
    says("probability of each 0.1")
    assert x[1] - x[0] == pytest.approx(0.1)
    assert data.sum() == pytest.approx(1)


def test_an_error_of_one_costs_less_at_a_high_count(unit):
    lines = [numbers(line) for line in unit.printed("one too high costs").splitlines()]
    assert [count for count, *_ in lines] == [1, 10, 100]
    costs = [cost for *_, cost in lines]
    assert costs[0] > 5 * costs[1] > 25 * costs[2]
    says("a perfect prediction does not have the loss 0")
    assert [perfect for _, perfect, _ in lines] == [1.0, -13.0, -360.5]


def test_the_direction_of_a_text(unit):
    says("By distance the cake is nearer, by direction the long text.")
    long, cake = unit.printed("ten times as long").splitlines()
    assert numbers(long)[0] > 50 * numbers(cake)[0]
    assert numbers(long)[1] == -1 < numbers(cake)[1]


def test_a_label_of_zero_costs_one_whatever_the_score():
    for score in (-50.0, 0.0, 50.0):
        assert max(0, 1 - 0 * score) == find("q_label_zero").answer == 1


def test_what_the_hinges_and_their_slopes_do():
    says("The hinge is a straight line down to 0 at the score 1")
    says("that of the cross-entropy comes near 0 and never reaches it")
    one = np.ones((3, 1))
    around = np.array([[1 - 1e-9], [1.0], [1 + 1e-9]])
    slopes = losses.hinge_vjp(one, around, reduction=None)[:, 0]
    np.testing.assert_array_equal(slopes, [-1, -1, 0])
    smooth = losses.squared_hinge_vjp(one, around, reduction=None)[:, 0]
    np.testing.assert_allclose(smooth, 0, atol=1e-8)


def test_the_three_masks(unit):
    mask, truth, half, more = (unit.names[name] for name in ("mask", "truth", "missing", "inventing"))
    assert truth.shape == (12, 16)
    assert truth.sum() == 36
    assert (half * truth).sum() == half.sum() == 18
    assert (more * truth).sum() == 36
    assert more.sum() == 54
    assert mask.sum() == 0
    assert np.mean(half == truth) == np.mean(more == truth)
    says("larger than dice where much is missed and smaller where much is invented")
    weights = {"alpha": 0.7, "beta": 0.3}
    assert losses.tversky(truth, half, **weights) > losses.dice(truth, half)
    assert losses.tversky(truth, more, **weights) < losses.dice(truth, more)


def test_a_rare_region_is_nearly_all_background():
    """What option a says of the terms; and with nothing marked they cost next to nothing on average."""
    question = find("q_case_lesion")
    assert "one pixel in a thousand" in question.prompt
    background, pixels = numbers(question.options["a"].reply.replace(",", ""))
    lesion = np.arange(pixels) < pixels - background
    assert lesion.sum() == 1
    nothing = np.full(lesion.shape, 0.001)
    assert losses.binary_crossentropy(1.0 * lesion[None], nothing[None]) < 0.01
    assert losses.dice(1.0 * lesion, nothing) > 0.99


def test_a_weight_on_what_is_missed_is_keras_alpha():
    """The recorded value of alpha=0.3, beta=0.7 is that of the code, not that of its documentation."""
    y, p = given("seg_t")[0], given("seg_p")[0]
    hit, missed, invented = np.sum(y * p), np.sum(y * (1 - p)), np.sum((1 - y) * p)
    keras = recorded("keras3151", "tversky_.3_.7_axis1")[0]
    assert keras == pytest.approx(1 - hit / (hit + 0.3 * missed + 0.7 * invented), rel=1e-6)
    assert keras != pytest.approx(1 - hit / (hit + 0.7 * missed + 0.3 * invented), rel=1e-2)
    assert find("q_case_lesion").options[find("q_case_lesion").answer].text.endswith("`alpha=0.7, beta=0.3`")


def test_keras_documents_the_opposite_of_its_code():
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    assert "alpha: coefficient controlling incidence of false positives" in keras.losses.tversky.__doc__


def test_forty_letters_on_five_hundred_frames():
    question = find("q_case_sentence")
    frames, letters = numbers(question.prompt)
    shorter, longer = numbers(question.options["b"].text)
    assert shorter < frames / letters < longer == shorter + 1


def test_ctc_is_the_sum_over_all_paths(unit):
    *paths, together = unit.printed("def spelled").splitlines()
    says("Five of 27 paths.")
    assert len(paths) == 5
    assert sorted(line.split()[0] for line in paths) == ["-ab", "a-b", "aab", "ab-", "abb"]
    total, loss = numbers(together)
    assert sum(numbers(line.split()[1])[0] for line in paths) == pytest.approx(total, abs=2e-3)
    logits = np.log(unit.names["frames"])[None]
    assert losses.ctc(np.array([[1, 2]]), logits) == pytest.approx(loss, abs=5e-4)
    np.testing.assert_allclose(unit.names["frames"].sum(axis=1), 1)


def test_circle_loss_is_that_of_the_package_and_finds_its_places(unit):
    angles, labels, circle_loss = (unit.names[name] for name in ("angles", "labels", "circle_loss"))
    for where in (angles[0], angles[-1]):
        points = np.stack([np.cos(where), np.sin(where)], axis=-1)
        for gamma in (8.0, 80.0):
            package = np.mean(losses.circle(labels, points, gamma=gamma, reduction=None))
            assert circle_loss(where, gamma=gamma) == pytest.approx(package, rel=1e-9)
    says("each label's three points lie on top of each other")
    turned = angles[-1].reshape(3, 3)
    places = np.exp(1j * turned)
    assert np.abs(places - places[:, :1]).max() < 0.05
    says("neighbouring places are a quarter of the circle apart")
    middle = np.sort(np.degrees(turned[:, 0]) % 360)
    gaps = np.sort(np.diff([*middle, middle[0] + 360]))
    np.testing.assert_allclose(gaps[:2], 90, atol=3)
    assert len(angles) == 301


def test_from_other_starts_a_label_stays_torn(unit):
    says("From many other starts a label stays torn")
    circle_loss, found = unit.names["circle_loss"], unit.names["circle_loss"](unit.names["angles"][-1])
    torn = 0
    for seed in range(6):
        where = np.random.default_rng(seed).uniform(0, 2 * np.pi, 9)
        for _ in range(300):
            up, down = ([circle_loss(where + h) for h in sign * 1e-4 * np.eye(9)] for sign in (1, -1))
            where = where - 0.04 * (np.array(up) - np.array(down)) / 2e-4
        torn += circle_loss(where) > found + 3
    assert torn >= 2


def test_what_articles_say(unit):
    distance, perfect, hinge, empty, alpha, beta = unit.printed("two empty masks").splitlines()
    assert numbers(distance) == [0.368, 0.511]
    assert perfect.endswith(" 1.0")
    assert hinge.endswith(" 4.0")
    assert empty.endswith(" 1.0")
    assert alpha.endswith(" 0.000")
    assert numbers(beta)[-1] == 0.333
    assert recorded("keras3151", "tversky_.3_.7_axis1")[1] == 1
    assert not given("seg_t")[1].any()
    assert not given("seg_p")[1].any()


def test_the_table_of_divergences():
    says("| of [1, 0, 0] from [0.9, 0.05, 0.05] | 0.105358: clips at 1e-7 | 0.105361 | 0.105361 |")
    row = row_of(("kl_t", [1, 0, 0]), ("kl_p", [0.9, 0.05, 0.05]))
    assert f"{recorded('keras3151', 'kl_divergence')[row]:.6f}" == "0.105358"
    assert f"{recorded('torch213', 'kl_div_none')[row].sum():.6f}" == "0.105361"
    assert f"{recorded('mxnet191', 'KLDivLoss')[row]:.6f}" == "0.105361"
    says("| of [0.5, 0.5, 0] from [1, 0, 0] | 7.366 | nan | nan |")
    row = row_of(("kl_t", [0.5, 0.5, 0]), ("kl_p", [1, 0, 0]))
    assert f"{recorded('keras3151', 'kl_divergence')[row]:.3f}" == "7.366"
    assert np.isnan(recorded("torch213", "kl_div_none")[row].sum())
    assert np.isnan(recorded("mxnet191", "KLDivLoss")[row])


def test_pytorchs_mean_divides_by_the_classes_too():
    says('by default divided by the classes too: take `"batchmean"`')
    mean, batchmean = (recorded("torch213", f"kl_div_{name}", "g_kl_p") for name in ("mean", "batchmean"))
    finite = np.isfinite(batchmean)
    np.testing.assert_allclose(mean[finite] * 3, batchmean[finite], rtol=1e-12)
    assert given("kl_p").shape[-1] == 3


def test_the_table_of_counts_directions_and_margins():
    says("| Poisson, count 1, rate 0 | 16.118 | 18.421, with `log_input=False` |")
    row = row_of(("pos_t", [1]), ("pos_p", [0]))
    assert f"{recorded('keras3151', 'poisson')[row]:.3f}" == "16.118"
    assert f"{recorded('torch213', 'poisson_nll_nolog_none')[row, 0]:.3f}" == "18.421"
    says("`PoissonNLLLoss`, one number a batch")
    assert recorded("mxnet191", "PoissonNLLLoss_nolog").size == 1 < len(given("pos_t"))
    says("| `cosine_similarity` of parallel vectors | -1 | 1 |")
    row = row_of(("em_a", [1, 2, 3]), ("em_b", [1, 2, 3]))
    assert recorded("keras3151", "cosine_similarity")[row] == pytest.approx(-1)
    assert recorded("torch213", "cosine_similarity")[row] == pytest.approx(1)
    says("| hinge, label 0, score -1 | 0, if all labels are 0 or 1 | none | 1, for every score |")
    row = row_of(("h_t01", [0]), ("h_p", [-1]))
    assert recorded("keras3151", "hinge_label01")[row] == 0
    zeros = (given("h_t01") == 0).all(axis=-1) & np.isfinite(given("h_p")).all(axis=-1)
    assert np.all(recorded("mxnet191", "HingeLoss_label01")[zeros] == 1)
    says("| slope of the hinge at the margin | -1 | none | 0 |")
    row = row_of(("h_t", [1]), ("h_p", [1]))
    assert recorded("keras3151", "hinge", "g_h_p")[row] == -1
    assert recorded("mxnet191", "HingeLoss_m1", "g_h_p")[row] == 0


def test_the_open_questions_have_answers():
    """Half way between, the divergence is at most log 2; a scan without a lesion has no slope to learn from."""
    y, p = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    middle = (y + p) / 2
    both = [losses.kl_divergence(one, middle, reduction=None) for one in (y, p)]
    assert np.mean(both) == pytest.approx(np.log(2))
    empty, marked = np.zeros((10, 8)), np.full((10, 8), 0.3)
    alone = losses.dice_vjp(empty[0], marked[0], reduction=None)
    np.testing.assert_allclose(alone, 0, atol=1e-6)
    empty[0, :2] = 1
    together = losses.dice_vjp(empty, marked, axis=None, reduction=None)
    assert np.all(together[1:] > 0)
