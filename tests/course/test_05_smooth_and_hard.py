"""The sentences of unit 05 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import mpmath
import numpy as np
import pytest

from nlref import activations
from nlref.activations import FACTS, gelu, hard_sigmoid, hard_silu, mish, silu, soft_shrink, squareplus
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "05_smooth_and_hard" / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


def by_one_sigmoid(x):
    return x / (1 + np.exp(-1.702 * x))


def lowest(function) -> tuple[float, float]:
    x = np.linspace(-3, 0, 300_001)
    y = function(x)
    return x[y.argmin()], y.min()


def steepest(function) -> float:
    x = np.linspace(-6, 6, 120_001)
    return np.gradient(function(x), x).max()


def recorded(system: str, key: str, x: float, dtype: str = "float32") -> float:
    with np.load(REFERENCES / "inputs.npz") as inputs, np.load(REFERENCES / f"{system}.npz") as values:
        (found,) = {float(y) if y == y else None for y in values[f"{key}/{dtype}/y"][inputs["x"] == x]}
    return float("nan") if found is None else found


@pytest.fixture
def unit(worked):
    return worked("05_smooth_and_hard")


def test_the_three_functions_called_gelu(unit):
    rows = [numbers(line.replace("=", " ")) for line in unit.printed("share_below = NormalDist").splitlines()]
    assert [row[0] for row in rows] == [-2, -0.5, 1]
    for x, exact, by_tanh, by_sigmoid in rows:
        assert exact == pytest.approx(float(x * mpmath.ncdf(x)), abs=1e-5)
        assert by_tanh == pytest.approx(float(gelu(np.array(x), approximate=True)), abs=1e-5)
        assert by_sigmoid == pytest.approx(by_one_sigmoid(x), abs=1e-5)


def test_silu_falls_and_rises():
    at, low = lowest(silu)
    assert (at, low) == (pytest.approx(-1.278, abs=1e-3), pytest.approx(-0.278, abs=1e-3))
    question = find("q_silu_falls")
    assert "-0.28" in question.options[question.answer].text
    assert "from -1.278 on" in question.explanation


def test_the_two_ends_of_swish(unit):
    says("swish is the line $x / 2$; at 10 it is nearly relu.")
    swish, x = unit.names["swish"], np.linspace(-4, 4, 81)
    np.testing.assert_array_equal(swish(x, 0.0), x / 2)
    assert np.abs(swish(x, 10.0) - np.maximum(x, 0)).max() < 0.03


def test_which_form_of_gelu_knows_its_tail(unit):
    says(r"At -10 it is $-7.6 \cdot 10^{-23}$.")
    x, truth = np.array(-10.0), -10 * mpmath.ncdf(-10)
    assert float(truth) == pytest.approx(-7.6e-23, rel=1e-2)
    assert float(unit.names["gelu"](x)) == pytest.approx(float(truth), rel=1e-12)
    assert x * (1 + unit.names["erf"](x / np.sqrt(2))) / 2 == 0
    cancels = next(mistake for mistake in find("gelu").mistakes if mistake.name == "1 + erf")
    assert "below -8.4 nothing is left" in cancels.sentence
    assert cancels.function(np.array([-8.2])) < 0
    assert cancels.function(np.array([-8.4])) == 0
    erf, erfc = (numbers(line) for line in unit.printed("erf, erfc = np.vectorize").splitlines())
    assert erf == [-1, 0, 1]
    assert erfc == [2, 1, pytest.approx(float(mpmath.erfc(7)))]


def test_how_far_apart_the_gelus_are(unit):
    says("reaches 0.02 near 2.2; the lower one, the tanh formula, 0.0005 near 2.7.*")
    x = np.linspace(0, 6, 60_001)
    one = np.abs(by_one_sigmoid(x) - gelu(x))
    two = np.abs(gelu(x, approximate=True) - gelu(x))
    assert (x[one.argmax()], one.max()) == (pytest.approx(2.2, abs=0.1), pytest.approx(0.02, abs=5e-4))
    assert (x[two.argmax()], two.max()) == (pytest.approx(2.7, abs=0.05), pytest.approx(4.7e-4, rel=1e-2))
    says('title="The tanh formula is forty times closer"')
    assert one.max() / two.max() == pytest.approx(40, rel=0.1)
    question = find("q_gelu_gap")
    assert "less than 0.0005" in question.options[question.answer].text
    assert "0.00047, near -2.7 and 2.7" in question.options[question.answer].reply
    assert float(np.spacing(np.float16(0.9))) == pytest.approx(0.0005, rel=0.03)


def test_a_numpy_number_changes_the_dtype_and_a_python_number_does_not():
    says("`np.sqrt(2)` is a float64 number, and turns float32 arrays into float64")
    x = np.ones(2, np.float32)
    assert (x * 2**0.5).dtype == np.float32
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        assert (x * np.sqrt(2)).dtype == np.float64


def test_dips_and_slopes_are_those_of_the_words():
    says("dip to -0.17 (gelu), -0.28 (silu) and -0.31 (mish)")
    says("rise to 1.13, 1.10 and 1.09, and end at 1.*")
    for function, dip, slope in ((gelu, -0.17, 1.13), (silu, -0.28, 1.10), (mish, -0.31, 1.09)):
        assert lowest(function)[1] == pytest.approx(dip, abs=5e-3)
        assert steepest(function) == pytest.approx(slope, abs=5e-3)
        assert float(activations.__dict__[f"{function.__name__}_vjp"](6.0, 1.0)) == pytest.approx(1, abs=0.02)


def test_behind_which_gate_the_loss_is_heard():
    x, g = np.array(-4.0), np.array(1.0)
    assert float(activations.sigmoid_vjp(x, g)) == pytest.approx(0.018, abs=5e-4)
    assert activations.hard_sigmoid_vjp(x, g) == 0
    question = find("q_hard_silent")
    assert "0.018" in question.options[question.answer].reply


def test_the_cost_is_measured_for_each_function(unit):
    lines = unit.printed("ns for each number").splitlines()
    assert [line.split()[0] for line in lines] == [
        *("hard_sigmoid", "sigmoid", "hard_silu", "silu", "mish", "gelu_tanh", "gelu")
    ]
    assert all(float(line.split()[1]) > 0 for line in lines)


def test_whole_numbers_are_right_to_half_a_unit(unit):
    says("y = (q * np.clip(q + 48, 0, 96) + 48) // 96")
    assert numbers(unit.printed("largest error, in sixteenths"))[-1] <= 0.5
    q = np.arange(-128, 128)
    products = q * np.clip(q + 48, 0, 96)
    assert products.dtype.kind == "i"
    assert np.abs((products + 48) // 96 - 16 * hard_silu(q / 16)).max() <= 0.5


def test_softsign_is_slow():
    assert find("q_softsign_gap").answer == pytest.approx(1 - float(activations.softsign(9.0)))
    assert 1 - float(mpmath.tanh(9)) == pytest.approx(3e-8, rel=0.05)
    assert 1 - float(activations.softsign(99.0)) == pytest.approx(0.01)


def test_the_two_forms_of_squareplus_are_one_number():
    mp = mpmath.mp.clone()
    mp.dps = 60
    for x in (-1000, -1, 0, 3):
        root = mp.sqrt(mp.mpf(x) ** 2 + 4)
        assert mp.almosteq((x + root) / 2, 4 / (2 * (root - x)), rel_eps=mp.mpf(10) ** -40)


def test_digits_of_squareplus(unit):
    says("Yours has seven digits or more everywhere.")
    says("loses two for each power of ten, and below -8,200 it has none.*")
    x = -np.logspace(-1, 5, 2001).astype(np.float32)
    truth = squareplus(x.astype(np.float64))
    yours = np.abs(unit.names["squareplus"](x) - truth) / truth
    assert yours.max() < 2e-7
    naive = np.abs((x + np.sqrt(x * x + 4)) / 2 - truth) / truth
    assert np.all(naive[x < -8200] >= 1)
    assert np.median(naive[(x > -8000) & (x < -7000)]) < 1

    def lost(near):
        return np.log10(np.median(naive[np.abs(np.log10(-x) - np.log10(near)) < 0.15]))

    assert lost(1000) - lost(100) == pytest.approx(2, abs=0.5)
    assert lost(100) - lost(10) == pytest.approx(2, abs=0.5)


def test_five_peaks_remain_each_a_little_too_small():
    says(
        "almost all positions are 0, and the five true peaks, red circles, remain, each a little too small.*"
    )
    rng = np.random.default_rng(0)
    signal = np.zeros(60)
    signal[rng.choice(60, 5, replace=False)] = [2, -1.5, 1.2, -2.2, 1.8]
    left = soft_shrink(signal + 0.25 * rng.normal(size=60))
    peaks = signal != 0
    assert peaks.sum() == 5
    assert np.count_nonzero(left[~peaks]) <= 2
    assert np.all((left[peaks] * signal[peaks] > 0) & (np.abs(left[peaks]) < np.abs(signal[peaks])))


def test_what_articles_say(unit):
    apart, falls, hard, plus, inf = unit.printed("up to {np.abs").splitlines()
    assert numbers(apart)[-1] == pytest.approx(0.0203, abs=1e-4)
    assert numbers(falls)[-2:] == [-0.033, -0.278]
    assert numbers(hard)[1:] == [0.958, 0.2, 1]
    assert numbers(plus)[1:] == [2.1e-9, 0.05]
    assert inf == "x * sigmoid(x) at -inf: nan"
    for system, key in (("keras3151", "act/silu"), ("torch213", "act/silu"), ("mxnet191", "act/swish_gluon")):
        assert np.isnan(recorded(system, key, -np.inf))


def test_the_table_of_frameworks():
    says("| gelu at -6 in float32 (truth: -5.9e-9) | -5.9e-9 | 0 | 0 |")
    assert float(-6 * mpmath.ncdf(-6)) == pytest.approx(-5.9e-9, rel=1e-2)
    assert recorded("keras3151", "act/gelu", -6) == pytest.approx(-5.9e-9, rel=1e-2)
    assert recorded("torch213", "act/gelu", -6) == 0
    assert recorded("mxnet191", "act/gelu_erf", -6) == 0
    says("| `gelu_tanh` there (truth: -8.4e-11) | 0 | 0 | none |")
    assert float(gelu(np.array(-6.0), approximate=True)) == pytest.approx(-8.4e-11, rel=0.01)
    assert recorded("keras3151", "act/gelu_tanh", -6) == recorded("torch213", "act/gelu_tanh", -6) == 0
    says("| `hard_sigmoid`, slope | 1/6 | 1/6 | 0.2 |")
    for system, key, slope in (
        ("keras3151", "act/hard_sigmoid", 1 / 6),
        ("torch213", "act/hardsigmoid", 1 / 6),
        ("mxnet191", "act/hard_sigmoid", 0.2),
    ):
        assert recorded(system, key, 1) == pytest.approx(float(hard_sigmoid(1.0, slope)), rel=1e-6)
    says(r"| softsign at $\infty$ (limit: 1) | nan | nan | nan |")
    for system in ("keras3151", "torch213", "mxnet191"):
        assert np.isnan(recorded(system, "act/softsign", np.inf))
    says("| `squareplus` | `keras.activations.squareplus`; 0 at -10,000 in float32 | none | none |")
    assert recorded("keras3151", "act/squareplus", -1e4) == 0


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "hard_silu", "squareplus", "soft_shrink"])
def test_the_counterparts_named_are_those_of_the_facts(name):
    row = next(line for line in LESSON_TEXT.splitlines() if line.startswith(f"# | `{name}` | `keras."))
    cells = dict(zip(("keras", "pytorch", "mxnet"), row.split("|")[2:5], strict=True))
    found = {counterpart.system: counterpart.function for counterpart in FACTS[name].counterparts}
    for system, cell in cells.items():
        function = found.get(system, "none").removesuffix("()")
        assert function.removeprefix("torch.nn.functional.") in cell


def test_the_numbers_in_criteria_and_hints():
    for id_, x, said, value in (
        ("silu", -40.0, "-1.7e-16", silu),
        ("silu", -2.0, "-0.238", silu),
        ("silu", 2.0, "1.762", silu),
        ("gelu", -10.0, "-7.6e-23", gelu),
        ("gelu", 1.0, "0.841", lambda x: gelu(x) / x),
        ("gelu", -2.0, "0.023", lambda x: gelu(x) / x),
        ("gelu_tanh", -6.0, "-8.4e-11", lambda x: gelu(x, approximate=True)),
        ("gelu_tanh", -40.0, "4.2e-18", activations.sigmoid),
        ("mish", -40.0, "-1.7e-16", mish),
        ("mish", 0.0, "0.6", lambda x: mish(x + 1e-9) / 1e-9),
        ("mish", -2.0, "-0.253", mish),
        ("hard_silu", -1.5, "-0.375", hard_silu),
        ("squareplus", -1e9, "1e-9", squareplus),
    ):
        exercise = find(id_)
        text = " ".join([*(criterion.sentence for criterion in exercise.criteria), *exercise.hints])
        assert said in text, (id_, said)
        assert float(value(np.array(x))) == pytest.approx(float(said), rel=0.03), (id_, said)


def test_the_open_questions_can_be_answered():
    says("In float32 `x - np.tanh(x)` is 0 at 0.0001, where the truth is 3.3e-13.")
    x = np.float32(1e-4)
    assert x - np.tanh(x) == 0
    assert float(mpmath.mpf(float(x)) - mpmath.tanh(float(x))) == pytest.approx(3.3e-13, rel=0.02)
    factors = np.linspace(1.6, 1.9, 301)
    z = np.linspace(-8, 8, 4001)
    worst = [np.abs(z / (1 + np.exp(-c * z)) - gelu(z)).max() for c in factors]
    assert factors[int(np.argmin(worst))] == pytest.approx(1.702, abs=0.1)
