"""The sentences of unit 02 that state a number or a fact, each recomputed."""

import re
import warnings
from pathlib import Path

import ml_dtypes
import mpmath
import numpy as np
import pytest

from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "02_stability" / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("02_stability")


def test_the_formula_fails_at_both_ends_and_the_true_values_are_those_given(unit):
    says(r"The true values are $4.25 \cdot 10^{-18}$, $0.693$, $40$ and $800$.")
    printed = unit.printed("by the formula: {np.log")
    assert [line.split()[-1] for line in printed.splitlines()] == ["0", "0.693", "40", "inf"]
    for x, said in ((-40, 4.25e-18), (0, 0.693), (40, 40), (800, 800)):
        assert float(mpmath.log1p(mpmath.exp(x))) == pytest.approx(said, rel=1e-3)


def test_bfloat16_is_rounded_as_it_should_be(unit):
    says("with two or three digits")
    x = np.random.default_rng(0).normal(size=10_000).astype(np.float32) * np.float32(1e3)
    x = np.concatenate([x, np.float32([0, -0.0, 1 + 2**-8, 1 + 3 * 2**-8, 3.3895e38, 1e-30])])
    np.testing.assert_array_equal(
        unit.names["to_bfloat16"](x), x.astype(ml_dtypes.bfloat16).astype(np.float32)
    )


def test_the_table_of_formats(unit):
    rows = {line.split()[0]: line for line in unit.printed("largest x for exp").splitlines()[1:]}
    assert list(rows) == ["float16", "bfloat16", "float32", "float64"]
    for name, row in rows.items():
        limits = ml_dtypes.finfo(name)
        _, exponent, smallest, _, gap = numbers(row.replace(name, ""))
        assert mpmath.mpf(re.search(r"[\d.]+e\+\d+", row).group()) == pytest.approx(
            float(limits.max), rel=1e-2
        )
        assert exponent == pytest.approx(float(mpmath.log(mpmath.mpf(float(limits.max)))), abs=0.01)
        assert gap == pytest.approx(float(limits.eps), rel=0.05)
        assert smallest == pytest.approx(float(limits.smallest_subnormal), rel=0.05)


def test_a_float32_counter_stops():
    assert np.float32(16777216) + np.float32(1) == 16777216
    assert np.spacing(np.float32(16777216)) == 2
    assert find("q_next").answer == 16777216


def test_the_staircases_lie_where_the_words_say():
    says("From 0.0001 on bfloat16 lies highest. float16 runs one decade below it, is flat on the left")
    says("float32 runs about four decades below float16, float64 thirteen.")
    gaps = {name: float(ml_dtypes.finfo(name).eps) for name in ("bfloat16", "float16", "float32", "float64")}
    assert np.log10(gaps["bfloat16"] / gaps["float16"]) == pytest.approx(1, abs=0.15)
    assert 1e-4 * gaps["bfloat16"] > np.spacing(np.float16(1e-4))
    assert np.log10(gaps["float16"] / gaps["float32"]) == pytest.approx(4, abs=0.2)
    assert np.log10(gaps["float16"] / gaps["float64"]) == pytest.approx(13, abs=0.5)
    assert np.finfo(np.float16).max == 65504


def test_numpys_exp_is_as_exact_as_the_cell_finds(unit):
    average, worst = numbers(unit.printed("np.exp in float32:").replace("float32", ""))
    assert average < 1
    assert 0.5 <= worst < 4


def test_which_computations_warn():
    options = find("q_silent").options
    for key, option in options.items():
        code = (
            re.search("`(.*)`", option.text).group(1).replace("np.inf - np.inf", "np.array(np.inf) - np.inf")
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            eval(code, {"np": np})
        assert bool(caught) is (key != find("q_silent").answer), code
        for warned in caught:
            assert str(warned.message) in option.reply


def test_np_where_gives_the_right_values_with_warnings():
    x = np.array([-1000.0, 1000.0])
    code = re.search("`(np.where.*?)` takes", find("q_where").prompt).group(1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        np.testing.assert_array_equal(eval(code, {"np": np, "x": x}), [0, 1])
    assert {"overflow", "invalid"} <= {str(warned.message).split()[0] for warned in caught}


def test_where_each_repair_fails():
    says("falls from seven digits at 0 to none at -17")
    says("both drop to none at 89, where exp overflows")
    x = np.float32([-17.5, -17, 0, 88, 89])
    with np.errstate(over="ignore"):
        naive, log1p = np.log(1 + np.exp(x)), np.log1p(np.exp(x))
    truth = np.logaddexp(0, x.astype(float))
    lost = np.abs(naive - truth) / truth
    assert lost[0] == 1
    assert lost[2] < 1e-6
    assert np.isinf(naive[4])
    assert np.isinf(log1p[4])
    assert np.all(np.abs(log1p[:4] - truth[:4]) / truth[:4] < 1e-6)


def test_the_tail_of_the_sigmoid():
    says(r"at $-100$ the sigmoid is $3.7 \cdot 10^{-44}$, not 0")
    assert float(1 / (1 + mpmath.exp(100))) == pytest.approx(3.7e-44, rel=0.01)


def test_no_digit_of_softplus_is_left_in_float32():
    assert np.log(1 + np.exp(np.float32(-20))) == 0
    assert find("q_digits").answer == 0
    assert float(mpmath.log1p(mpmath.exp(-20))) == pytest.approx(2.061e-9, rel=1e-3)


def test_the_digits_that_cancellation_costs(unit):
    rows = [line.split() for line in unit.printed("correct digits of the first").splitlines()[1:]]
    assert [int(row[-1]) for row in rows] == [13, 11, 7, 4, 0]
    assert rows[-1][1] == "0"


def test_whose_elu_is_zero_near_zero():
    says("and Keras computes it as written, so that its elu of $-10^{-30}$ is exactly 0.")
    recorded = ROOT / "tests" / "references"
    with np.load(recorded / "inputs.npz") as inputs:
        x = inputs["x"]
    at = np.flatnonzero((x < 0) & (x > -1e-20) & (x < -1e-35))
    assert at.size
    for name, key, zero in (
        ("keras3151", "act/elu", True),
        ("torch213", "act/elu", False),
        ("mxnet191", "act/elu_1", False),
    ):
        with np.load(recorded / f"{name}.npz") as values:
            assert np.all((values[f"{key}/float64/y"][at] == 0) == zero), name


def test_the_recorded_values_are_those_of_the_references(unit):
    x, values = unit.names["x"], unit.names["recorded"]
    cases = {
        ("stable_sigmoid", "PyTorch"): ("torch213", "act/sigmoid"),
        ("stable_sigmoid", "MXNet"): ("mxnet191", "act/sigmoid"),
        ("softplus", "PyTorch"): ("torch213", "act/softplus"),
        ("softplus", "MXNet"): ("mxnet191", "act/Activation_softrelu"),
        ("log_sigmoid", "PyTorch"): ("torch213", "act/logsigmoid"),
    }
    assert set(values) == set(cases)
    with np.load(REFERENCES / "inputs.npz") as inputs:
        at = [np.flatnonzero(inputs["x"] == number)[0] for number in x]
    for case, (system, key) in cases.items():
        with np.load(REFERENCES / f"{system}.npz") as recorded:
            np.testing.assert_array_equal(np.float32(values[case]), recorded[f"{key}/float32/y"][at])


def test_one_recorded_value_is_far_off(unit):
    says("One of these five is far off")
    says("A softplus below 0 is no softplus.")
    far = [line for line in unit.printed("ulp_error(np.float32(values), truth)").splitlines() if "e+" in line]
    assert len(far) == 1
    assert "softplus" in far[0]
    assert "MXNet" in far[0]
    assert far[0].endswith("x = -20.0")
    for line in unit.printed("ulp_error(np.float32(values), truth)").splitlines():
        assert float(re.search(r"at worst ([\d.]+) ulp", line).group(1)) < 3


def test_above_20_they_answer_x_itself():
    says("`softrelu`: $x$ itself above 20")
    with np.load(REFERENCES / "inputs.npz") as inputs:
        at = np.flatnonzero(inputs["x"] == 20.5)
    for system, key in (("torch213", "act/softplus"), ("mxnet191", "act/Activation_softrelu")):
        with np.load(REFERENCES / f"{system}.npz") as recorded:
            assert recorded[f"{key}/float64/y"][at] == 20.5 < np.logaddexp(0, 20.5)


def test_the_three_repairs_are_wrong_where_the_words_say(unit):
    rows = unit.printed("nan_to_num(log(p))").splitlines()
    yours, added, clipped, replaced = (numbers(row.split(")")[-1].replace("yours", "")) for row in rows[1:])
    np.testing.assert_allclose(yours, [-1000, -20, -0.6931, -2.061e-9], rtol=1e-3)
    assert added[0] == added[1] == -11.51
    assert clipped[0] == clipped[1] == -16.12
    assert replaced[0] == -1.798e308


def test_softplus_is_the_logsumexp_of_two(unit):
    assert numbers(unit.printed("pairs = np.stack"))[-1] < 1e-15


def test_what_articles_say(unit):
    exp, one, cosh = unit.printed("1 - 1e-7 in float16").splitlines()
    assert "inf in float32" in exp
    assert numbers(exp)[-2] == pytest.approx(1.94e130, rel=1e-2)
    assert numbers(one)[-1] == 1
    assert numbers(cosh)[-2:] == pytest.approx([0, 5e-9], rel=1e-6)
