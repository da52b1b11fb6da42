"""What arrays a layer takes and gives: dtypes, shapes, strides, none of them changed."""

from dataclasses import replace

import numpy as np
import pytest

from nlref import layers


def run(benchmark, configuration, dtype="float64", x=None):
    """The layer with random weights after a forward and a backward pass, and what they gave."""
    layer = benchmark.with_random_weights(configuration, dtype)
    x = configuration.x if x is None else x
    y = layer.forward(x, training=configuration.training, mask=configuration.mask)
    return layer, y, layer.backward(benchmark.upstream(layer, y, configuration.seed))


def test_everything_is_of_the_layers_dtype(benchmark, configurations, layer_name, dtype):
    (configuration,) = configurations(layer_name, 1, seed=5)
    layer, y, gradient = run(benchmark, configuration, dtype)
    arrays = [y, gradient, *layer.get_weights(), *layer.gradients.values()]
    assert {array.dtype.name for array in arrays} == {dtype}
    assert layer.gradients.keys() == layer.parameters.keys()


def test_output_shape_is_the_outputs(benchmark, configurations, layer_name):
    for configuration in configurations(layer_name, 20, seed=6):
        layer, y, gradient = run(benchmark, configuration)
        assert layer.output_shape(configuration.x.shape) == y.shape
        assert layer.output_shape((None, *configuration.x.shape[1:])) == (None, *y.shape[1:])
        assert gradient.shape == configuration.x.shape


def test_strides_do_not_matter_and_nothing_is_changed(benchmark, configurations, layer_name):
    for configuration in configurations(layer_name, 3, seed=7):
        layer, y, gradient = run(benchmark, configuration)
        strided = np.repeat(configuration.x, 2, axis=0)[::2]
        strided = np.asfortranarray(strided) if strided.ndim > 1 else strided
        before = strided.copy()
        strided.flags.writeable = False
        other, same_y, same_gradient = run(benchmark, configuration, x=strided)
        np.testing.assert_array_equal(strided, before)
        np.testing.assert_allclose(same_y, y, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(same_gradient, gradient, rtol=1e-11, atol=1e-13)
        for name, array in layer.gradients.items():
            np.testing.assert_allclose(other.gradients[name], array, rtol=1e-10, atol=1e-12)


def test_lists_and_integers_are_taken(benchmark, configurations, layer_name):
    (configuration,) = configurations(layer_name, 1, seed=8)
    whole = configuration.x.astype(int)
    _, y, _ = run(benchmark, configuration, x=whole.astype("float32"))
    for given in (whole, whole.tolist(), whole.astype("float16")):
        _, same, _ = run(benchmark, configuration, x=given)
        np.testing.assert_array_equal(same, y)


def test_a_batch_of_nothing(benchmark, configurations, layer_name):
    for configuration in configurations(layer_name, 4, seed=9):
        x = configuration.x[:0]
        if configuration.layer == "BatchNormalization" and configuration.training:
            with pytest.raises(ValueError, match="a batch without entries has no mean"):
                run(benchmark, replace(configuration, mask=None), x=x)
            continue
        mask = None if configuration.mask is None else configuration.mask[:0]
        layer, y, gradient = run(benchmark, replace(configuration, mask=mask), x=x)
        assert y.shape == layer.output_shape(x.shape)
        assert gradient.shape == x.shape
        assert not any(array.any() for array in layer.gradients.values())


def test_weights_keep_their_identity(benchmark, configurations, layer_name):
    (configuration,) = configurations(layer_name, 1, seed=10)
    layer, _, _ = run(benchmark, configuration)
    own = {**layer.parameters, **layer.state}
    copies = layer.get_weights()
    layer.set_weights([copy + 1 for copy in copies])
    layer.forward(configuration.x, training=True, mask=configuration.mask)
    layer.build(configuration.x.shape)
    for name, array in {**layer.parameters, **layer.state}.items():
        assert array is own[name]
    for name, copy in zip(layer.parameters, copies, strict=False):
        np.testing.assert_array_equal(layer.parameters[name], copy + 1)


def test_a_backward_pass_can_be_repeated(benchmark, configurations, layer_name):
    (configuration,) = configurations(layer_name, 1, seed=11)
    layer, y, gradient = run(benchmark, configuration)
    gradients = dict(layer.gradients)
    g = benchmark.upstream(layer, y, configuration.seed)
    np.testing.assert_array_equal(layer.backward(g), gradient)
    for name, array in gradients.items():
        np.testing.assert_array_equal(layer.gradients[name], array)


def test_the_same_seed_builds_the_same_weights(configurations, layer_name):
    (configuration,) = configurations(layer_name, 1, seed=12)
    weights = []
    for seed in (1, 1, 2):
        layer = getattr(layers, configuration.layer)(**configuration.options)
        layer.build(configuration.x.shape, np.random.default_rng(seed))
        weights.append(layer.get_weights())
    for first, same, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, same)
        assert len(np.unique(first)) <= 2 or (first != other).any()
