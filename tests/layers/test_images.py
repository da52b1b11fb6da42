"""Convolution and pooling against their definitions, written as loops over windows."""

import math

import numpy as np
import pytest

from nlref import layers

SETTINGS = [
    {"strides": 1, "padding": "valid"},
    {"strides": 1, "padding": "same"},
    {"strides": 2, "padding": "valid"},
    {"strides": 2, "padding": "same"},
    {"strides": (3, 1), "padding": "same"},
]


def windows(x, size, strides, padding):
    """For each window its row and column and its pixels, NaN outside the image."""
    down, right = (strides, strides) if isinstance(strides, int) else strides
    rows, columns = x.shape[1:3]
    if padding == "same":
        high = max((math.ceil(rows / down) - 1) * down + size[0] - rows, 0)
        wide = max((math.ceil(columns / right) - 1) * right + size[1] - columns, 0)
        margins = ((0, 0), (high // 2, high - high // 2), (wide // 2, wide - wide // 2), (0, 0))
        x = np.pad(x, margins, constant_values=np.nan)
    for row in range((x.shape[1] - size[0]) // down + 1):
        for column in range((x.shape[2] - size[1]) // right + 1):
            top, left = row * down, column * right
            yield row, column, x[:, top : top + size[0], left : left + size[1]]


@pytest.mark.parametrize("settings", SETTINGS)
def test_convolution_is_a_sum_over_every_window(settings):
    x = np.random.default_rng(0).normal(size=(2, 7, 8, 3))
    layer = layers.Conv2D(4, (3, 2), **settings, dtype="float64")
    y = layer(x)
    kernel, bias = layer.get_weights()
    for row, column, window in windows(x, (3, 2), **settings):
        expected = np.einsum("nijc,ijcf->nf", np.nan_to_num(window), kernel) + bias
        np.testing.assert_allclose(y[:, row, column], expected, rtol=1e-12, atol=1e-14)
    assert (row + 1, column + 1) == y.shape[1:3]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(("name", "of"), [("MaxPooling2D", np.nanmax), ("AveragePooling2D", np.nanmean)])
def test_pooling_is_one_number_of_every_window(name, of, settings):
    x = np.random.default_rng(0).normal(size=(2, 7, 8, 3))
    y = getattr(layers, name)((3, 2), **settings, dtype="float64")(x)
    for row, column, window in windows(x, (3, 2), **settings):
        np.testing.assert_allclose(y[:, row, column], of(window, axis=(1, 2)), rtol=1e-14)
    assert (row + 1, column + 1) == y.shape[1:3]


def test_a_kernel_of_one_pixel_is_a_dense_layer():
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3))
    convolution, dense = layers.Conv2D(6, 1, dtype="float64"), layers.Dense(6, dtype="float64")
    y = convolution(x)
    dense.build(x.shape)
    dense.set_weights([convolution.parameters["kernel"][0, 0], convolution.parameters["bias"]])
    np.testing.assert_allclose(y, dense(x), rtol=1e-13)


def test_groups_are_convolutions_side_by_side():
    x = np.random.default_rng(0).normal(size=(2, 6, 6, 4))
    both = layers.Conv2D(6, 3, groups=2, use_bias=False, dtype="float64")
    y = both(x)
    for part in range(2):
        one = layers.Conv2D(3, 3, use_bias=False, dtype="float64")
        one.build((None, 6, 6, 2))
        filters = slice(3 * part, 3 * part + 3)
        one.set_weights([both.parameters["kernel"][..., filters]])
        np.testing.assert_allclose(y[..., filters], one(x[..., 2 * part : 2 * part + 2]), rtol=1e-13)


def test_the_first_of_equal_entries_gets_the_gradient():
    x = np.array([[1.0, 2.0, 2.0], [2.0, 0.0, 2.0]]).reshape(1, 2, 3, 1)
    layer = layers.MaxPooling2D(2, strides=1, dtype="float64")
    layer(x)
    gradient = layer.backward(np.array([10.0, 100.0]).reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(gradient[0, ..., 0], [[0, 110, 0], [0, 0, 0]])


def test_an_image_of_negative_numbers_has_a_negative_largest_one_at_its_edge():
    x = np.full((1, 3, 3, 1), -5.0)
    np.testing.assert_array_equal(layers.MaxPooling2D(2, padding="same")(x), np.full((1, 2, 2, 1), -5.0))
    np.testing.assert_array_equal(layers.AveragePooling2D(2, padding="same")(x), np.full((1, 2, 2, 1), -5.0))


def test_a_window_with_nan_has_no_largest_entry():
    x = np.array([[1.0, np.nan], [2.0, 3.0]]).reshape(1, 2, 2, 1)
    assert np.isnan(layers.MaxPooling2D(2)(x)).all()
