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
    says("Most values lie near 20, a few above 200.")
    assert np.percentile(column, 25) < 20 < np.percentile(column, 75)
    assert 0 < (column > 200).sum() < 10


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


def test_a_price_in_euros():
    assert np.sqrt(250_000) == find("q_unit").answer


def test_log_cosh_of_keras_is_zero_for_small_errors():
    says("0 for errors below 0.0001 in float32")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    small = np.array([[5e-5]], np.float32)
    assert float(np.asarray(keras.losses.log_cosh(np.zeros((1, 1), np.float32), small))[0]) == 0
