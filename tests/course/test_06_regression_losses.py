"""The sentences of unit 06 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref import losses
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "course" / "06_regression_losses"
LESSON_TEXT = (FOLDER / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("06_regression_losses")


def test_the_cells_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed (extra: test)")
    cancer = datasets.load_breast_cancer()
    column = cancer.data[:, list(cancer.feature_names).index("area error")]
    with np.load(FOLDER / "cells.npz") as data:
        np.testing.assert_array_equal(data["area_error"], column)
    says("in 569 images")
    assert column.size == 569
    says("Half of them lie between 18 and 45, four are above 200.")
    np.testing.assert_allclose(np.percentile(column, [25, 75]), [18, 45], atol=0.5)
    assert (column > 200).sum() == 4


def test_a_row_minus_a_column():
    y = np.arange(4.0)
    assert np.mean((y[:, None] - y) ** 2) == 2.5
    assert "2.5" in find("q_column").options[find("q_column").answer].text
    assert np.var(y) == 1.25


def test_what_each_loss_is_after(unit):
    lines = unit.printed("best_constant(loss, **options)").splitlines()
    mean, median = numbers(lines[0])
    squared, wide, narrow, cosh, absolute = (float(line.split()[-1]) for line in lines[1:])
    assert squared == pytest.approx(mean, abs=0.1)
    assert absolute == pytest.approx(median, abs=0.3)
    assert squared > wide > narrow > absolute
    assert cosh == pytest.approx(absolute, abs=1.5)
    says("The bowl of the absolute error has its bottom at 25")
    assert absolute == pytest.approx(25, abs=1)
    says("that of the squared error at 40")
    assert squared == pytest.approx(40, abs=1)


def test_the_best_constant_of_five_values():
    values = np.array([1.0, 2.0, 3.0, 4.0, 90.0])
    grid = np.linspace(0, 100, 10_001)
    assert grid[np.argmin(((values[:, None] - grid) ** 2).mean(axis=0))] == find("q_best_constant").answer
    assert grid[np.argmin(np.abs(values[:, None] - grid).mean(axis=0))] == 3


def test_the_factors_between_the_frameworks():
    y_true, y_pred = np.array([[0.0]]), np.array([[3.0]])
    facts = losses.FACTS["mean_squared_error"]
    assert next(other for other in facts.counterparts if other.system == "mxnet").scale == 0.5
    huber = losses.huber(y_true, y_pred, delta=2.0, reduction=None)
    assert losses.smooth_l1(y_true, y_pred, beta=2.0, reduction=None) == huber / 2


def test_what_articles_say(unit):
    uint8, column, smooth, half = unit.printed("squared error of 10 against 250").splitlines()
    assert uint8.endswith("in uint8: 0.0  in float: 57600.0")
    assert column.endswith(" 2.5")
    assert numbers(smooth)[-1] * 2 == numbers(smooth)[1]
    assert numbers(half)[-1] * 2 == numbers(half)[0]


def test_half_is_forgiven_more_easily_than_double(unit):
    percent, logarithmic, zero = unit.printed("target 0, prediction 1").splitlines()
    assert numbers(percent) == [50, 100]
    low, high = numbers(logarithmic)
    assert low == pytest.approx(high, rel=0.05)
    assert "1e+09 percent" in zero


CASES = {
    "mse_loss": ("torch213", "loss/mse_none"),
    "huber_loss, delta 2": ("torch213", "loss/huber_2"),
    "L1Loss": ("mxnet191", "loss/L1Loss"),
    "L2Loss": ("mxnet191", "loss/L2Loss"),
    "HuberLoss, rho 2": ("mxnet191", "loss/HuberLoss_rho2"),
}


def test_the_recorded_values_are_those_of_the_references(unit):
    names = unit.names
    assert set(names["recorded"]) == set(CASES)
    with np.load(REFERENCES / "inputs.npz") as inputs:
        at = [0, 4]
        np.testing.assert_allclose(names["y_true"], inputs["reg_t"][at], atol=1e-8)
        np.testing.assert_allclose(names["y_pred"], inputs["reg_p"][at], atol=1e-8)
    for case, (system, key) in CASES.items():
        with np.load(REFERENCES / f"{system}.npz") as values:
            np.testing.assert_allclose(names["recorded"][case], values[f"{key}/float64/y"][at], atol=6e-7)


def test_by_which_factor_the_recorded_differ(unit):
    factors = {}
    for line in unit.printed("ratio in theirs / yours").splitlines():
        name, *ratios = re.match(r"(.*\S) +(\S+) (\S+) times yours", line).groups()
        factors[name] = set(map(float, ratios))
    expected = dict.fromkeys(CASES, 1.0) | {"L2Loss": 0.5, "HuberLoss, rho 2": 0.5}
    assert factors == {name: {factor} for name, factor in expected.items()}


def test_three_reductions_of_the_same_losses(unit):
    says("padding makes the loss look smaller")
    total, keras_default, mean = (numbers(line)[-1] for line in unit.printed("mean with sample").splitlines())
    assert (total, keras_default, mean) == (6, 1.5, 2)


def test_keras_reduces_as_the_cell_says(unit):
    says("Keras calls it `mean_with_sample_weight`.")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    zeros, roots = np.zeros((4, 1)), np.sqrt(unit.names["values"])[:, None]
    for reduction, expected in (("sum", 6), ("sum_over_batch_size", 1.5), ("mean_with_sample_weight", 2)):
        loss = keras.losses.MeanSquaredError(reduction=reduction)(zeros, roots, unit.names["counts"])
        assert float(loss) == pytest.approx(expected)


def test_keras_aligns_a_row_and_a_column():
    says("| shapes (n,) and (n, 1) | aligned |")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    y = np.arange(4.0)
    np.testing.assert_array_equal(np.asarray(keras.losses.mean_squared_error(y, y[:, None])), np.zeros(4))


def test_a_price_in_euros():
    assert np.sqrt(250_000) == find("q_unit").answer


def test_log_cosh_of_keras_is_zero_for_small_errors():
    says("0 for errors below 0.0001 in float32")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    small = np.array([[5e-5]], np.float32)
    assert float(np.asarray(keras.losses.log_cosh(np.zeros((1, 1), np.float32), small))[0]) == 0
