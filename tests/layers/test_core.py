"""Dense, Activation, Flatten, Dropout: what they are, on numbers that one can follow."""

import numpy as np
import pytest

from nlref import layers
from nlref.activations import relu, softmax


def test_dense_by_hand():
    layer = layers.Dense(2, "relu", dtype="float64")
    layer.build((None, 3))
    layer.set_weights([[[1, 0], [0, 1], [2, -1]], [0.5, -10]])
    y = layer(np.array([[1.0, 2.0, 3.0]]))
    np.testing.assert_array_equal(y, [[7.5, 0.0]])
    np.testing.assert_array_equal(layer.backward(np.array([[2.0, 5.0]])), [[2.0, 0.0, 4.0]])
    np.testing.assert_array_equal(layer.gradients["kernel"], [[2, 0], [4, 0], [6, 0]])
    np.testing.assert_array_equal(layer.gradients["bias"], [2, 0])


def test_dense_without_activation_or_bias_is_a_product():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    layer = layers.Dense(5, use_bias=False, dtype="float64")
    np.testing.assert_allclose(layer(x), x @ layer.parameters["kernel"], rtol=1e-14)
    assert list(layer.parameters) == ["kernel"]


def test_regularizers_are_a_penalty_and_not_in_the_gradients():
    x = np.ones((2, 3))
    plain, penalised = (
        layers.Dense(2, kernel_regularizer=kernel, bias_regularizer=bias, dtype="float64")
        for kernel, bias in ((None, None), ("l2", layers.regularizers.L1(0.5)))
    )
    for layer in (plain, penalised):
        layer.build(x.shape)
        layer.set_weights([np.full((3, 2), 2.0), np.array([1.0, -3.0])])
        layer(x)
        layer.backward(np.ones((2, 2)))
    assert plain.penalty() == 0.0
    assert penalised.penalty() == pytest.approx(0.01 * 6 * 4.0 + 0.5 * 4.0)
    np.testing.assert_array_equal(plain.gradients["kernel"], penalised.gradients["kernel"])


def test_a_regularizer_of_a_bias_that_is_not_there_is_left_out():
    layer = layers.Dense(2, use_bias=False, bias_regularizer="l2")
    layer(np.ones((2, 3)))
    assert layer.penalty() == 0.0


def test_an_activation_of_ones_own():
    def cube(x):
        return x**3

    cube.vjp = lambda x, g: 3 * x**2 * g
    x = np.array([[1.0, -2.0]])
    layer = layers.Activation(cube, dtype="float64")
    np.testing.assert_array_equal(layer(x), [[1.0, -8.0]])
    np.testing.assert_array_equal(layer.backward(np.ones((1, 2))), [[3.0, 12.0]])


def test_activations_are_the_kernels():
    x = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_array_equal(layers.Activation("softmax", dtype="float64")(x), softmax(x))
    np.testing.assert_array_equal(
        layers.ReLU(max_value=1.0, negative_slope=0.5, dtype="float64")(x),
        relu(x, max_value=1.0, negative_slope=0.5),
    )


def test_softmax_leaves_masked_entries_out():
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    mask = np.array([[True, True, False], [False, False, False]])
    layer = layers.Softmax(dtype="float64")
    y = layer(x, mask=mask)
    np.testing.assert_allclose(y[0, :2], softmax(x[0, :2]), rtol=1e-15)
    np.testing.assert_array_equal(y[~mask], 0.0)
    assert layer(x).min() > 0  # the mask of one call is not that of the next


def test_flatten_and_back():
    x = np.arange(24.0).reshape(2, 3, 4)
    layer = layers.Flatten(dtype="float64")
    np.testing.assert_array_equal(layer(x), x.reshape(2, 12))
    np.testing.assert_array_equal(layer.backward(layer(x)), x)
    assert layer.output_shape((None, None, 4)) == (None, None)
    assert layers.Flatten()(np.ones(3)).shape == (3, 1)


class TestDropout:
    x = np.full((200, 50), 3.0)

    def test_without_training_it_does_nothing(self):
        layer = layers.Dropout(0.5, dtype="float64")
        np.testing.assert_array_equal(layer(self.x), self.x)
        np.testing.assert_array_equal(layer.backward(self.x), self.x)
        assert layer.factors is None

    @pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
    def test_in_training_it_drops_that_many_and_enlarges_the_others(self, rate):
        layer = layers.Dropout(rate, seed=0, dtype="float64")
        y = layer(self.x, training=True)
        np.testing.assert_allclose(np.unique(y), [0, 3 / (1 - rate)], rtol=1e-15)
        deviation = (rate * (1 - rate) / y.size) ** 0.5
        assert np.mean(y == 0) == pytest.approx(rate, abs=4 * deviation)
        assert y.mean() == pytest.approx(3, abs=4 * 3 * deviation / (1 - rate))

    def test_the_gradient_passes_where_the_entry_did(self):
        layer = layers.Dropout(0.4, seed=0, dtype="float64")
        y = layer(self.x, training=True)
        g = np.random.default_rng(0).normal(size=y.shape)
        np.testing.assert_array_equal(layer.factors, y / 3)
        np.testing.assert_allclose(layer.backward(g), g * y / 3, rtol=1e-15)

    def test_its_seed_repeats_it_and_each_call_draws_anew(self):
        first, again, other = (layers.Dropout(0.5, seed=seed) for seed in (1, 1, 2))
        y = first(self.x, training=True)
        np.testing.assert_array_equal(again(self.x, training=True), y)
        assert (other(self.x, training=True) != y).any()
        assert (first(self.x, training=True) != y).any()

    def test_without_a_seed_it_takes_the_numbers_of_build(self):
        drawn = []
        for _ in range(2):
            layer = layers.Dropout(0.5)
            layer.build(self.x.shape, np.random.default_rng(3))
            drawn.append(layer(self.x, training=True))
        np.testing.assert_array_equal(*drawn)

    def test_noise_shape_shares_the_factors(self):
        y = layers.Dropout(0.5, noise_shape=(None, 1), seed=0)(self.x, training=True)
        assert {len(np.unique(row)) for row in y} == {1}
        assert len(np.unique(y)) == 2


def test_prelu_shares_its_slopes_along_axes():
    x = np.array([[[-1.0, 2.0], [-3.0, -4.0]]])
    layer = layers.PReLU(shared_axes=1, dtype="float64")
    layer.build((None, 2, 2))
    assert layer.parameters["alpha"].shape == (1, 2)
    layer.set_weights([[[0.5, 0.25]]])
    np.testing.assert_array_equal(layer(x), [[[-0.5, 2.0], [-1.5, -1.0]]])
    np.testing.assert_array_equal(layer.backward(np.ones(x.shape)), [[[0.5, 1.0], [0.5, 0.25]]])
    np.testing.assert_array_equal(layer.gradients["alpha"], [[-4.0, -4.0]])
    assert layers.PReLU()(x).min() == 0
