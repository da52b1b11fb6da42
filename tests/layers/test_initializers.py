"""Initializers: the spread that keeps a signal's size, and what each promises besides."""

import math

import numpy as np
import pytest

from nlref.layers import initializers


@pytest.mark.parametrize("name", list(initializers.NAMES))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_dtype_and_seed(name, dtype):
    make = initializers.get(name)
    first, same = (make((6, 4), np.random.default_rng(1), dtype) for _ in range(2))
    assert first.shape == (6, 4)
    assert first.dtype == dtype
    np.testing.assert_array_equal(first, same)


@pytest.mark.parametrize(
    ("name", "variance"), [("glorot", 2 / (300 + 200)), ("he", 2 / 300), ("lecun", 1 / 300)]
)
@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_variance(name, variance, distribution):
    w = initializers.get(f"{name}_{distribution}")((300, 200), np.random.default_rng(0), "float64")
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    limit = math.sqrt(3 * variance) if distribution == "uniform" else 2 * math.sqrt(variance) / 0.8796
    assert 0.99 * limit < np.abs(w).max() <= limit * 1.0001


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((5, 7), (5, 7)), ((3, 2, 5, 7), (30, 42)), ((4, 5, 7), (20, 28)), ((9,), (9, 9)), ((), (1, 1))],
)
def test_fans(shape, expected):
    assert initializers.fans(shape) == expected


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 2, 4)])
def test_orthogonal(shape):
    w = initializers.Orthogonal(gain=3.0)(shape, np.random.default_rng(0), "float64").reshape(-1, shape[-1])
    product = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(product, 9 * np.eye(len(product)), atol=1e-13)


def test_every_rotation_is_as_likely():
    """A bare QR factorisation gives a first entry that is never positive."""
    rng = np.random.default_rng(0)
    positive = sum(initializers.orthogonal((3, 3), rng)[0, 0] > 0 for _ in range(400))
    assert positive == pytest.approx(200, abs=4 * 10)


def test_options():
    rng = np.random.default_rng(0)
    assert (initializers.Constant(2.5)((2, 2), rng) == 2.5).all()
    w = initializers.RandomNormal(3.0, 0.5)((10_000,), rng)
    assert (w.mean(), w.std()) == (pytest.approx(3, abs=0.02), pytest.approx(0.5, rel=0.03))
    w = initializers.RandomUniform(2, 3)((1000,), rng)
    assert 2 <= w.min() < 2.01 < 2.99 < w.max() <= 3
    w = initializers.TruncatedNormal(1.0, 0.1)((10_000,), rng)
    assert 0.8 <= w.min() < w.max() <= 1.2
    w = initializers.VarianceScaling(1.0, "fan_out", "untruncated_normal")((10, 1000), rng)
    assert w.std() == pytest.approx(1000**-0.5, rel=0.03)
