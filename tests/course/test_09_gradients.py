"""The sentences of unit 09 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref import activations, losses
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "09_gradients" / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("09_gradients")


def slope_errors(step: float) -> tuple[float, float]:
    """Relative errors of the one-sided and of the central slope of exp at 1."""
    above, here, below = np.exp(1 + step), np.exp(1.0), np.exp(1 - step)
    return abs((above - here) / step / here - 1), abs((above - below) / (2 * step) / here - 1)


def test_the_best_step():
    says("near an error of 1e-11 at a step of 1e-5; the other ends near 1e-8")
    steps = np.logspace(-15, -0.5, 400)
    one_sided, central = np.array([slope_errors(step) for step in steps]).T

    def typical(errors, near):  # single steps are right by luck
        return np.median(errors[np.abs(np.log10(steps) - near) < 0.3])

    assert 1e-12 < typical(central, -5) < 1e-10
    assert 1e-9 < typical(one_sided, -8) < 1e-7
    exponents = {"a": -15, "b": -8, "c": -5, "d": -2}
    best = min(exponents, key=lambda key: typical(central, exponents[key]))
    assert best == find("q_best_step").answer
    assert min(exponents, key=lambda key: typical(one_sided, exponents[key])) == "b"
    # with the smallest step, x moves by a handful of roundings
    assert 2 < (1 + 1e-15 - 1) / np.spacing(1.0) < 9
    # and with the largest, four digits are right
    assert 1e-5 < slope_errors(1e-2)[1] < 1e-4


def test_the_slope_of_the_sigmoid_far_out(unit):
    says("it is 0 from $x = 37$ on, where $y$ rounds to 1, and the true slope at 40 is $4 \\cdot 10^{-18}$")
    y = 1 / (1 + np.exp(-np.array([36.0, 37.0])))
    assert y[0] < 1
    assert y[1] == 1
    slope = unit.names["sigmoid_vjp"](np.array([40.0]), np.ones(1))[0]
    assert slope == pytest.approx(np.exp(-40), rel=1e-12)
    assert f"{slope:.0e}" == "4e-18"


def test_formulas_and_measurements_agree(unit):
    for line in unit.printed('print("sigmoid"').splitlines():
        formula, measured = line.split("measured")
        np.testing.assert_allclose(numbers(formula), numbers(measured), rtol=1e-6)


def test_a_sum_of_softmax_says_nothing():
    x = np.random.default_rng(0).normal(size=(2, 3))
    ones = np.ones_like(x)
    assert np.abs(activations.softmax_vjp(x, ones)).max() == pytest.approx(
        find("q_vacuous").answer, abs=1e-15
    )


def test_a_certain_mistake_in_two_steps_and_in_one(unit):
    two, one = unit.printed("a certain mistake").splitlines()
    assert "nan" in two
    assert one.endswith("[ 1. -1.]")


def test_the_central_difference_at_a_kink():
    for h in (0.5, 1e-5):
        assert (max(h, 0) - max(-h, 0)) / (2 * h) == find("q_kink").answer


def test_an_honest_gradient_has_a_small_error(unit):
    says("An honest gradient has an error near $10^{-10}$ here")
    lines = {line[:29].strip(): float(line[29:]) for line in unit.printed("x (1 - x) for the").splitlines()}
    assert lines["your softmax_vjp"] < 1e-9
    assert lines["zeros for softmax, g of ones"] < 1e-9
    assert min(value for name, value in lines.items() if "your" not in name and "ones" not in name) > 0.01


def test_what_was_shipped_is_what_was_recorded(unit):
    inputs = np.load(REFERENCES / "inputs.npz")
    recorded = {
        "A": ("mxnet191", "act/selu/float64/g_x", inputs["x"]),
        "B": ("keras3151", "act/celu/float64/g_x", inputs["x"]),
        "D": ("torch213", "act/silu/float64/g_x", inputs["x"]),
    }
    zero_label = inputs["bl_t"].ravel() == 0
    recorded["C"] = ("mxnet191", "loss/SigmoidBCELoss/float64/g_bl_x", inputs["bl_x"].ravel())
    shipped, points = unit.names["shipped"], unit.names["points"]
    wrong = set()
    for name, (values, f) in shipped.items():
        file, key, x = recorded[name[0]]
        slopes = np.load(REFERENCES / f"{file}.npz")[key].ravel()
        for point, value in zip(points, values, strict=True):
            at = (x == point) & (zero_label if name[0] == "C" else True)
            np.testing.assert_allclose(slopes[at], value, atol=1e-6)
            # right is the slope on one side, or anything between the two
            sides = [(f(point + s * 1e-6) - f(point)) / (s * 1e-6) for s in (-1, 1)]
            if not min(sides) - 1e-4 < value < max(sides) + 1e-4:
                wrong.add(name[0])
    assert wrong == {"A", "B", "C"}
    assert find("q_shipped").options[find("q_shipped").answer].text == "A, B and C. D is right."


def test_why_the_shipped_test_of_selu_passed():
    says("at inputs between -0.1 and 0.1, and forgave 1 %. There it is wrong by 0.5 % at most; at -1 by 9 %.")
    scale, alpha = 1.0507009873554805, 1.6732632423543772

    def error(x):
        y = scale * alpha * np.expm1(x)
        return np.abs(scale * (alpha + y) / (scale * alpha + y) - 1)

    assert f"{error(np.linspace(-0.1, 0, 1001)).max():.1%}" == "0.5%"
    assert f"{error(np.array(-1.0)):.0%}" == "9%"


def test_what_label_1_teaches_in_mxnet():
    says("and those with the label 1 twice what they should")
    inputs, values = np.load(REFERENCES / "inputs.npz"), np.load(REFERENCES / "mxnet191.npz")
    at = (inputs["bl_x"].ravel() == 0) & (inputs["bl_t"].ravel() == 1)
    slopes = values["loss/SigmoidBCELoss/float64/g_bl_x"].ravel()[at]
    assert slopes.size
    np.testing.assert_array_equal(slopes, 2 * (activations.sigmoid(0.0) - 1))


@pytest.mark.parametrize("system", ["torch213", "mxnet191"])
def test_the_recorded_slopes_are_those_of_the_references(unit, system):
    says("Here PyTorch 2.13 and MXNet 1.9.1 recorded the same values")
    names, inputs, values = (
        unit.names,
        np.load(REFERENCES / "inputs.npz"),
        np.load(REFERENCES / f"{system}.npz"),
    )
    (row,) = np.flatnonzero((inputs["sm_x"] == names["row"]).all(axis=1))
    np.testing.assert_array_equal(inputs["sm_up"][row], names["row_g"][0])
    at = [np.flatnonzero(inputs["x"] == number)[0] for number in names["x"]]
    expected = {
        "sigmoid_vjp": values["act/sigmoid/float64/g_x"][at],
        "tanh_vjp": values["act/tanh/float64/g_x"][at],
        "softmax_vjp": values["act/softmax/float64/g_sm_x"][row],
    }
    assert list(names["recorded_slopes"]) == list(expected)
    for name, slopes in expected.items():
        np.testing.assert_allclose(names["recorded_slopes"][name], slopes, rtol=5e-8)


def test_one_recorded_slope_is_not_yours(unit):
    says("One number differs: at 36.8 both compute $y\\,(1 - y)$, and get 0.")
    lines = [line[20:].split() for line in unit.printed("recorded_slopes = {").splitlines()]
    differ = [
        (yours, theirs)
        for above, below in zip(lines[::2], lines[1::2], strict=True)
        for yours, theirs in zip(above, below, strict=True)
        if yours != theirs
    ]
    assert differ == [("1.0422e-16", "0")]


def test_the_kink_of_selu(unit):
    says(
        "At 0 selu has a kink: 1.758 on the left, 1.051 on the right, and the difference answers with their mean."
    )
    below, above = activations.selu_vjp(np.array([-1e-12, 1e-12]), np.ones(2))
    assert f"{below:.3f} {above:.3f}" == "1.758 1.051"
    printed = unit.printed("shipped = {").splitlines()[1]
    assert numbers(printed)[1] == pytest.approx((below + above) / 2, abs=1e-4)


def test_a_clipped_probability_teaches_nothing():
    recorded = np.load(REFERENCES / "keras3151.npz")["loss/binary_crossentropy_ls0/float64/g_bp_p"].ravel()
    inputs = np.load(REFERENCES / "inputs.npz")
    at = (inputs["bp_t"].ravel() == 1) & (inputs["bp_p"].ravel() == 0)
    assert recorded[at] == [find("q_certain_mistake").answer]
    # from logits
    slope = losses.binary_crossentropy_vjp(np.ones((1, 1)), np.full((1, 1), -1e3), 1.0, from_logits=True)
    assert slope.item() == -1
