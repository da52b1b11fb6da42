"""Batch normalization: what it makes of a batch, of the moving averages, of a mask."""

import numpy as np
import pytest

from nlref import layers


def test_every_feature_has_mean_0_and_variance_1():
    x = np.random.default_rng(0).normal([5, -100], [2, 30], size=(50, 2))
    y = layers.BatchNormalization(epsilon=0, dtype="float64")(x, training=True)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=1e-14)


def test_the_gradient_of_a_shift_and_of_a_scale_is_0():
    """Nothing that is subtracted or divided out can matter: the gradient is orthogonal to 1 and to the input."""
    x = np.random.default_rng(0).normal(size=(20, 3))
    layer = layers.BatchNormalization(epsilon=0, dtype="float64")
    layer(x, training=True)
    gradient = layer.backward(np.random.default_rng(1).normal(size=x.shape))
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((gradient * x).sum(axis=0), 0, atol=1e-12)


def test_moving_averages_follow_the_batches_and_are_used_without_training():
    x = np.array([[1.0], [3.0]])
    layer = layers.BatchNormalization(momentum=0.75, epsilon=0, dtype="float64")
    layer(x, training=True)
    np.testing.assert_array_equal(layer.state["moving_mean"], [0.25 * 2])
    np.testing.assert_array_equal(layer.state["moving_variance"], [0.75 + 0.25 * 1])
    np.testing.assert_allclose(layer(x), x - 0.5)
    np.testing.assert_array_equal(layer.state["moving_mean"], [0.5])
    assert [array.shape for array in layer.get_weights()] == [(1,)] * 4


def test_what_is_masked_does_not_count():
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    mask = np.array([[True, False, True, True], [True, True, False, False], [False, True, True, True]])
    x[~mask] = 1e6
    layer = layers.BatchNormalization(momentum=0, dtype="float64")
    layer(x, training=True, mask=mask)
    np.testing.assert_allclose(layer.state["moving_mean"], x[mask].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(layer.state["moving_variance"], x[mask].var(axis=0), rtol=1e-6)


def test_a_large_mean_costs_no_digits():
    x = np.random.default_rng(0).normal(1000, 1, size=(100_000, 1)).astype("float32")
    y = layers.BatchNormalization(epsilon=0)(x, training=True)
    exact = x.astype("float64")
    exact = (exact - exact.mean()) / exact.std()
    assert np.abs(y - exact).max() < 1e-4  # 1000 has a spacing of 6e-5 in float32


@pytest.mark.parametrize(("center", "scale"), [(True, False), (False, True), (False, False)])
def test_without_center_or_scale_there_is_no_such_weight(center, scale):
    layer = layers.BatchNormalization(center=center, scale=scale)
    layer(np.ones((2, 3)))
    assert list(layer.parameters) == ["gamma"] * scale + ["beta"] * center
    layer.backward(np.ones((2, 3)))
    assert list(layer.gradients) == list(layer.parameters)
