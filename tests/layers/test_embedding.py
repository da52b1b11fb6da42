"""Embedding: rows looked up, their gradients gathered, words left out; and which layers hand a mask on."""

import numpy as np
import pytest

from nlref import layers


def test_a_row_for_each_index_and_its_gradients_summed():
    layer = layers.Embedding(4, 2, dtype="float64")
    layer.build((None, 3))
    rows = np.arange(8.0).reshape(4, 2)
    layer.set_weights([rows])
    x = np.array([[0, 2, 2], [1, 2, 0]])
    np.testing.assert_array_equal(layer(x), rows[x])
    g = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(layer.backward(g), np.zeros((2, 3)))
    np.testing.assert_array_equal(
        layer.gradients["embeddings"], [g[0, 0] + g[1, 2], g[1, 0], g[0, 1] + g[0, 2] + g[1, 1], [0, 0]]
    )


@pytest.mark.parametrize("dtype", ["int8", "uint64", "bool", "float32"])
def test_indices_of_any_kind(dtype):
    layer = layers.Embedding(3, 2)
    np.testing.assert_array_equal(layer(np.array([[0, 1]], dtype)), layer(np.array([[0, 1]])))


def test_a_large_index_is_not_rounded():
    layer = layers.Embedding(2**24 + 2, 1, embeddings_initializer="zeros")
    layer.build((None, 1))
    layer.parameters["embeddings"][-1] = 1
    assert layer(np.array([[2**24 + 1]])) == 1  # an index that float32 does not have


def test_masks_start_at_an_embedding_and_end_where_there_are_no_steps():
    x = np.array([[3, 0, 1]])
    mask = layers.Embedding(4, 2, mask_zero=True).output_mask(x, None)
    np.testing.assert_array_equal(mask, [[True, False, True]])
    assert layers.Embedding(4, 2).output_mask(x, None) is None
    for layer in (layers.Dense(2), layers.Dropout(0.5), layers.BatchNormalization(), layers.ReLU()):
        assert layer.output_mask(x, mask) is mask
    for layer in (layers.Flatten(), layers.MaxPooling2D(), layers.Conv2D(2, 3)):
        assert layer.output_mask(x, mask) is None
