"""The faster ways give NumPy's own bits."""

import numpy as np
import pytest

from nlref import arrays
from nlref.blocks import BLOCK
from nlref.kernel import namespace

SIZES = [0, 1, 3, 4095, 4096, BLOCK, BLOCK + 1]
SPECIAL = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -3.5]


@pytest.fixture(params=["float32", "float64"])
def draw(request):
    """``draw(size)``: random numbers with everything odd among them."""
    rng = np.random.default_rng(0)

    def draw(size):
        x = rng.normal(size=size).astype(request.param)
        x[: len(SPECIAL)] = SPECIAL[:size]
        return x

    return draw


def same_bits(a, b):
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    assert a.tobytes() == b.tobytes()


def test_arrays_are_its_namespace():
    assert namespace(np.zeros(3)) is arrays
    assert arrays.expm1 is np.expm1
    with pytest.raises(AttributeError, match="no_such_function"):
        arrays.no_such_function  # noqa: B018


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("function", ["maximum", "minimum"])
def test_maximum_and_minimum(function, size, draw):
    x = draw(size)
    for y in (0.0, 6.0, -1.5, np.inf, 2, draw(size), np.float64(0.1)):
        np.testing.assert_array_equal(getattr(arrays, function)(x, y), getattr(np, function)(x, y))
        assert getattr(arrays, function)(x, y).dtype == getattr(np, function)(x, y).dtype


def test_a_block_has_the_shape_that_is_asked_for(draw):
    x = draw(8192).reshape(2, 64, 64)
    same_bits(arrays.maximum(x, 0.5), np.maximum(x, 0.5))


@pytest.mark.parametrize("size", SIZES)
def test_where_picks_every_bit(size, draw):
    x, y = draw(size), draw(size)[::-1].copy()
    mask = y > 0
    same_bits(arrays.where(mask, x, y), np.where(mask, x, y))
    same_bits(arrays.where(mask, x, -0.0), np.where(mask, x, x.dtype.type(-0.0)))
    same_bits(arrays.where(mask, 0.1, y), np.where(mask, y.dtype.type(0.1), y))


def test_where_leaves_to_numpy_what_is_not_whole(draw):
    x = draw(16384)
    column = x[:128, None] > 0
    grid = x.reshape(128, 128)
    same_bits(arrays.where(column, grid, 0.0), np.where(column, grid, x.dtype.type(0)))
    same_bits(arrays.where(grid > 0, grid.T, grid), np.where(grid > 0, grid.T, grid))
    same_bits(arrays.where(grid > 0, grid, grid[0]), np.where(grid > 0, grid, grid[0]))
    same_bits(arrays.where(x > 0, 1, 2), np.where(x > 0, 1, 2))
    wide = x.astype(np.float64) if x.dtype == np.float32 else x.astype(np.float32)
    same_bits(arrays.where(x > 0, x, wide), np.where(x > 0, x, wide))
