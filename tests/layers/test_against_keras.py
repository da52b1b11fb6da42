"""With the same weights a layer gives what Keras' gives: output, every gradient, every state; and takes its options."""

import inspect

import numpy as np
import pytest

from nlref import layers


def assert_within_target(benchmark, configuration, dtype):
    at, most, _ = benchmark.REASONS.get(configuration.layer, (None, None, None))
    target = most if at == dtype else benchmark.TARGETS[dtype]
    found = benchmark.differences(configuration, dtype)
    assert "output" in found
    assert max(found.values()) <= target, f"{configuration} in {dtype}: {found}"


def test_output_gradients_and_states_are_keras(keras, benchmark, configurations, layer_name, dtype):
    for configuration in configurations(layer_name, 3, seed=1):
        assert_within_target(benchmark, configuration, dtype)


@pytest.mark.slow
def test_they_are_in_many_configurations(keras, benchmark, configurations, layer_name, dtype):
    for configuration in configurations(layer_name, 60, seed=2):
        assert_within_target(benchmark, configuration, dtype)


def test_a_difference_is_seen(keras, benchmark, configurations, monkeypatch):
    (configuration,) = configurations("Dense", 1, seed=1)
    backward = layers.Dense.backward

    def wrong(self, g):
        gradient = backward(self, g)
        self.gradients["kernel"] *= 1.0001
        return gradient

    monkeypatch.setattr(layers.Dense, "backward", wrong)
    found = benchmark.differences(configuration, "float64")
    assert found.pop("kernel") == pytest.approx(1e-4)
    assert max(found.values()) < 1e-11


def test_options_have_keras_names_order_and_defaults(keras, layer_name):
    ours = inspect.signature(getattr(layers, layer_name)).parameters
    theirs = inspect.signature(getattr(keras.layers, layer_name)).parameters
    names = [name for name in ours if name not in ("name", "dtype")]
    assert names == [name for name in theirs if name in names]
    for name in names:
        mine, default = ours[name].default, theirs[name].default
        if default is not inspect.Parameter.empty and name != "data_format":
            assert (
                (mine.lower(), default.lower()) == (default.lower(),) * 2
                if isinstance(mine, str)
                else mine == default
            )


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_dropout_at_its_ends(keras, rate):
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    expected = keras.layers.Dropout(rate)(x, training=True)
    np.testing.assert_array_equal(layers.Dropout(rate)(x, training=True), expected)


def test_moving_averages_after_several_steps(keras):
    rng = np.random.default_rng(0)
    ours, theirs = (
        make(momentum=0.9) for make in (layers.BatchNormalization, keras.layers.BatchNormalization)
    )
    for step in range(5):
        x = rng.normal(step, 1 + step, size=(6, 3)).astype("float32")
        np.testing.assert_allclose(ours(x, training=True), theirs(x, training=True), rtol=1e-4, atol=1e-6)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-6)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in layers.initializers.NAMES if name != "identity"])
def test_initializers_have_keras_spread(keras, name):
    keras.utils.set_random_seed(0)
    theirs = keras.initializers.get(name)
    for shape in [(60, 50), (3, 4, 20, 30), (2000,)][: 2 if name == "orthogonal" else 3]:
        w = layers.initializers.get(name)(shape, np.random.default_rng(0), "float32")
        expected = np.asarray(theirs(shape, dtype="float32"))
        assert w.shape == expected.shape
        assert w.dtype == "float32"
        spread = float(expected.std())
        assert w.mean() == pytest.approx(float(expected.mean()), abs=6 * spread / w.size**0.5)
        assert w.std() == pytest.approx(spread, rel=0.06)
        assert np.abs(w).max() == pytest.approx(np.abs(expected).max(), rel=0.25)
