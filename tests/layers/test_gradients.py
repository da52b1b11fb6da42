"""Every gradient against central differences in float64: of the input and of each weight, for a random upstream."""

import numpy as np
import pytest

from nlref import layers

STEP = 1e-5
MOST = 40  # entries of an array that are moved; all of them, if they are not more


def check(layer, x, *, training=False, mask=None, seed=0):
    """The gradients of ``sum(g * layer(x))`` are the slopes of that sum."""
    rng = np.random.default_rng(seed)

    def value():
        return float(np.sum(g * layer.forward(x, training=training, mask=mask)))

    g = rng.normal(size=layer.forward(x, training=training, mask=mask).shape)
    if hasattr(layer, "_z"):
        g[np.abs(layer._z) < 1e-3] = 0  # kinks have two slopes
    before = x.copy()
    gradients = {"input": layer.backward(g), **layer.gradients}
    np.testing.assert_array_equal(x, before)
    arrays = dict(layer.parameters) if x.dtype.kind == "i" else {"input": x, **layer.parameters}
    assert set(gradients) == {"input", *layer.parameters}
    for name, array in arrays.items():
        assert gradients[name].shape == array.shape
        assert gradients[name].dtype == np.float64
        scale = np.abs(gradients[name]).max(initial=0.0) + 1e-3
        flat = array.reshape(-1)
        for entry in rng.permutation(flat.size)[:MOST]:
            there = flat[entry]
            flat[entry] = there + STEP
            above = value()
            flat[entry] = there - STEP
            slope = (above - value()) / (2 * STEP)
            flat[entry] = there
            assert gradients[name].reshape(-1)[entry] == pytest.approx(
                slope, rel=1e-6, abs=2e-8 * scale + 1e-9
            ), f"{layer.name}: {name}[{entry}]"


def test_gradients_are_slopes(benchmark, configurations, layer_name):
    for configuration in configurations(layer_name, 3, seed=3):
        layer = benchmark.with_random_weights(configuration, "float64")
        x = configuration.x
        if x.dtype.kind == "f":
            x = x + 1e-2 * np.random.default_rng(0).normal(size=x.shape)  # no two equal in a window
        check(layer, np.ascontiguousarray(x), training=configuration.training, mask=configuration.mask)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_groups(padding):
    layer = layers.Conv2D(6, 3, strides=2, padding=padding, groups=3, activation="tanh", dtype="float64")
    x = np.random.default_rng(0).normal(size=(2, 7, 6, 3))
    layer.build(x.shape, np.random.default_rng(1))
    check(layer, x)


def test_batch_normalization_of_masked_entries():
    """The mean is divided by slightly more than the number of entries, which the gradient has to know."""
    layer = layers.BatchNormalization(dtype="float64", epsilon=1e-5)
    x = np.random.default_rng(0).normal(3, 1, size=(2, 4, 3))
    layer.build(x.shape)
    check(layer, x, training=True, mask=np.array([[True, False, True, True], [True, True, False, False]]))


def test_each_layer_is_here(layer_name):
    """The names of the benchmark are those of the package, so that none is left out of these tests."""
    assert layer_name in layers.__all__


def test_no_layer_is_left_out(benchmark):
    names = {name for name in layers.__all__ if name[0].isupper()} - {"Layer"}
    assert names <= set(benchmark.LAYERS)
