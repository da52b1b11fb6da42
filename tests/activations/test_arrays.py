"""Every kernel and gradient takes arrays as a NumPy ufunc does: any shape, any strides, any real dtype, ``out=``."""

import warnings

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nlref import blocks
from nlref.ulp import ulp_error

EXTREMES = [
    0.0,
    -0.0,
    np.inf,
    -np.inf,
    np.nan,
    1e-45,
    -1e-45,
    1e-310,
    88.0,
    -88.0,
    104.0,
    -104.0,
    710.0,
    -746.0,
]
EXTREMES += [3e38, -3e38, 1.7e308, -1.7e308, 44.0, -44.0, 360.0, 1e-8]


def both(shape):
    """The value and the gradient as functions of ``x`` alone."""
    return (shape.value, lambda x, **keywords: shape.vjp(x, 1.0, **keywords))


def _arrays(gradient):
    return gradient if isinstance(gradient, tuple) else (gradient,)


def test_dtype_and_shape_are_kept(shape, any_dtype):
    for size in ((), (0,), (5,), (2, 3), (2, 0, 3), (1, 2, 3, 4)):
        x = np.full(size, 0.5).astype(np.dtype(any_dtype))
        for f in both(shape):
            y = f(x)
            assert y.dtype == np.dtype(any_dtype)
            assert y.shape == size
            assert isinstance(y, np.ndarray if size else np.generic)


def test_integers_and_booleans_become_float64(shape):
    for dtype in "?bBhHiIlLqQ":
        x = np.array([0, 1, 1], dtype)
        for f in both(shape):
            y = f(x)
            assert y.dtype == np.float64
            np.testing.assert_array_equal(y, f(x.astype(np.float64)))


def test_numbers_and_lists_are_taken(shape):
    for f in both(shape):
        for x in (2, -1.5, True, [1.0, -2.0], [[1, 2], [3, 4]], (), np.float32(1.5)):
            expected = f(np.asarray(x))
            y = f(x)
            assert y.dtype == expected.dtype
            np.testing.assert_array_equal(y, expected)


def test_foreign_byte_order_is_read_and_not_written(shape):
    for f in both(shape):
        y = f(np.linspace(-2, 2, 9, dtype=">f4"))
        assert y.dtype.isnative
        np.testing.assert_array_equal(y, f(np.linspace(-2, 2, 9, dtype="f4")))


def test_sixteen_bits_are_computed_in_float32(shape):
    for dtype in (np.float16, ml_dtypes.bfloat16):
        with np.errstate(over="ignore", invalid="ignore"):
            every = np.arange(65536, dtype=np.uint16).view(dtype)
            x = every[np.isfinite(every)]
            for f in both(shape):
                wide = f(x.astype(np.float32))
                np.testing.assert_array_equal(f(x), wide.astype(dtype))
                normal = np.abs(wide) >= float(ml_dtypes.finfo(dtype).tiny)
                assert ulp_error(f(x), wide)[normal].max() <= 0.5


@pytest.mark.parametrize("size", [7, 3 * blocks.BLOCK + 5], ids=["small", "in blocks"])
def test_strides_do_not_matter(shape, size, dtype):
    base = np.random.default_rng(5).normal(scale=4, size=2 * size).astype(dtype)
    for f in both(shape):
        for x in (base[::2], base[::-1], base.reshape(2, -1).T, np.broadcast_to(base[:2], (size, 2))):
            np.testing.assert_allclose(f(x), f(x.copy(order="C")), rtol=8 * np.finfo(dtype).eps)
            assert f(x).shape == x.shape


def test_a_transposed_array_keeps_its_memory_order(shape):
    x = np.zeros((300, 400), np.float32).T
    for f in both(shape):
        assert f(x).flags.f_contiguous


@pytest.mark.parametrize("size", [9, 2 * blocks.BLOCK + 1], ids=["small", "in blocks"])
def test_the_input_is_not_changed(shape, any_dtype, size):
    x = np.linspace(-9, 9, size).astype(np.dtype(any_dtype))
    g = np.linspace(1, 2, size).astype(np.dtype(any_dtype))
    before = x.tobytes(), g.tobytes()
    x.flags.writeable = g.flags.writeable = False
    y, slope = shape.value(x), shape.vjp(x, g)
    assert (x.tobytes(), g.tobytes()) == before
    for result in (y, slope):
        assert not np.shares_memory(result, x)
        assert not np.shares_memory(result, g)
        assert result.flags.owndata


@pytest.mark.parametrize("size", [11, 2 * blocks.BLOCK + 3], ids=["small", "in blocks"])
def test_out_is_written_and_returned(shape, any_dtype, size):
    x = np.linspace(-9, 9, size).astype(np.dtype(any_dtype))
    for f in both(shape):
        expected = f(x)
        out = np.full_like(x, 77)
        assert f(x, out=out) is out
        np.testing.assert_array_equal(out, expected)
        inplace = x.copy()
        f(inplace, out=inplace)
        np.testing.assert_array_equal(inplace, expected)
        # Overlapping, but not the same memory: what a piece writes is what the next one would have read.
        for shift in (1, -1):
            buffer = np.concatenate([x[:1], x, x[-1:]])
            source = buffer[1:-1]
            target = buffer[2:] if shift == 1 else buffer[:-2]
            f(source, out=target)
            np.testing.assert_array_equal(target, expected)
        strided = np.zeros(2 * size, x.dtype)[::2]
        np.testing.assert_array_equal(f(x, out=strided), expected)


def test_out_takes_a_0d_array_and_an_empty_one(shape):
    for f in both(shape):
        for x in (np.array(0.5), np.zeros((0, 3))):
            out = np.full_like(x, 9)
            assert f(x, out=out) is out
            np.testing.assert_array_equal(out, f(x))


@pytest.mark.parametrize("size", [40, 2 * blocks.BLOCK + 3], ids=["small", "in blocks"])
def test_out_may_be_the_upstream_gradient_or_overlap_it(shape, size):
    x, g = np.random.default_rng(6).normal(size=(2, size))
    expected = shape.vjp(x, g)
    for shift in (-1, 0, 1):
        buffer = np.concatenate([g[:1], g, g[-1:]])
        target = buffer[1 + shift : 1 + shift + size]
        assert shape.vjp(x, buffer[1:-1], out=target) is target
        np.testing.assert_array_equal(target, expected)


def test_a_bad_out_is_refused_by_name(shape):
    x = np.zeros((2, 3), np.float32)
    frozen = np.zeros_like(x)
    frozen.flags.writeable = False
    for f, name in zip(both(shape), (shape.kernel.name, f"{shape.kernel.name}_vjp"), strict=True):
        with pytest.raises(
            ValueError, match=rf"^{name}: out has shape \(3,\), the result has shape \(2, 3\)$"
        ):
            f(x, out=np.zeros(3, np.float32))
        with pytest.raises(
            ValueError, match=f"^{name}: out has dtype float64, the result has dtype float32$"
        ):
            f(x, out=np.zeros((2, 3)))
        with pytest.raises(ValueError, match=f"^{name}: out is read-only$"):
            f(x, out=frozen)
        with pytest.raises(TypeError, match=f"^{name}: out must be a NumPy array, not a list$"):
            f(x, out=[0.0])


@pytest.mark.parametrize(
    "bad",
    [
        np.array([1j]),
        "text",
        ["1.0"],
        None,
        [None, 1.0],
        {"a": 1},
        np.array([1.0], object),
        np.array(["2020-01-01"], "M8[D]"),
        np.array([1], "m8[s]"),
        np.array([(1.0,)], [("a", float)]),
        np.array([1], ml_dtypes.float8_e5m2),
        np.ma.array([1.0, 2.0], mask=[True, False]),
    ],
    ids=lambda bad: str(getattr(bad, "dtype", type(bad).__name__)),
)
def test_what_is_not_real_numbers_is_a_type_error(plain, bad):
    with pytest.raises(TypeError, match=f"^{plain.kernel.name}: x "):
        plain.value(bad)
    with pytest.raises(TypeError, match=f"^{plain.kernel.name}_vjp: x "):
        plain.vjp(bad, 1.0)
    with pytest.raises(TypeError, match=f"^{plain.kernel.name}_vjp: g "):
        plain.vjp(np.zeros(2), bad)


def test_the_upstream_gradient_must_fit(shape):
    x = np.ones((2, 3))
    for g in (2.0, np.ones(3), np.ones((2, 1)), [[1], [2]], np.float32(3)):
        np.testing.assert_array_equal(shape.vjp(x, g), shape.vjp(x, np.broadcast_to(g, x.shape)))
    for g in (np.ones(2), np.ones((3, 2)), np.ones((4, 2, 3)), np.ones((1, 2, 3))):
        with pytest.raises(ValueError, match=r"_vjp: g of shape .* does not fit x of shape \(2, 3\)$"):
            shape.vjp(x, g)
    assert shape.vjp(x.astype(np.float32), np.ones(3)).dtype == np.float32


@pytest.mark.parametrize("repeat", [1, 3000], ids=["small", "in blocks"])
def test_no_input_warns_or_raises(shape, any_dtype, repeat):
    with np.errstate(all="ignore"):
        x = np.tile(np.array(EXTREMES), repeat).astype(np.dtype(any_dtype))
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        shape.value(x)
        shape.vjp(x, x)
        shape.vjp(x, x[::-1])
        for number in EXTREMES:
            shape.value(number)
            shape.vjp(number, number)


def test_the_callers_error_state_is_left_alone(plain):
    with np.errstate(all="raise"):
        plain.value(np.array([-1000.0]))
        with pytest.raises(FloatingPointError):
            np.exp(-1000.0)


def test_options_are_numbers(kernel):
    for name, default in kernel.options({}).items():
        if isinstance(default, bool):
            continue  # an option that is on or off: tests/test_kernel.py
        for bad in ("0.1", [0.1], np.array([0.1, 0.2]), True, 1j):
            with pytest.raises(TypeError, match=f"^{kernel.name}: {name} must be a number, not a "):
                kernel.value(1.0, **{name: bad})
        with pytest.raises(ValueError, match=f"^{kernel.name}: {name} must be a number, not NaN$"):
            kernel.value(1.0, **{name: np.nan})
        # A NumPy float64 would lift a float32 array; an option never does.
        assert kernel.value(np.ones(3, np.float32), **{name: np.float64(0.5)}).dtype == np.float32
    with pytest.raises(TypeError, match=f"^{kernel.name}: "):
        kernel.value(1.0, no_such_option=1)
    with pytest.raises(TypeError, match=f"^{kernel.name}: missing"):
        kernel.value()


def test_options_may_be_given_by_position(shape):
    options = shape.kernel.options(shape.facts.options)
    x = np.linspace(-3, 5, 17)
    np.testing.assert_array_equal(shape.kernel.value(x, *options.values()), shape.value(x))
    by_position, by_name = shape.kernel.vjp(x, x, *options.values()), shape.kernel.vjp(x, x, **options)
    for one, other in zip(_arrays(by_position), _arrays(by_name), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(shape.kernel.value(x=x, **options), shape.value(x))


def test_the_body_stays_in_its_dtype(shape, dtype):
    """The formula itself never falls into float64, which would cost time without being seen from outside."""
    x = np.linspace(-3, 5, 17, dtype=dtype)
    optional = shape.kernel.options({})
    options = {
        name: value if name in optional else np.full_like(x, value)
        for name, value in shape.facts.options.items()
    }
    with np.errstate(all="ignore"):
        assert shape.kernel.value.__wrapped__(x, **options).dtype == dtype
        for array in _arrays(shape.kernel.vjp.__wrapped__(x, x, **options)):
            assert array.dtype == dtype


ARRAYS = st.sampled_from(["float16", "float32", "float64", "int8", "uint16", "int64", "bool"]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)


@settings(max_examples=60, deadline=None)
@given(x=ARRAYS, data=st.data())
def test_any_array_of_any_shape_dtype_and_strides(plains, x, data):
    """One draw, all kernels: the result of a strided view is that of its elements one by one."""
    order = data.draw(st.permutations(range(x.ndim)))
    steps = tuple(slice(None, None, data.draw(st.sampled_from([1, -1, 2, -2]))) for _ in range(x.ndim))
    view = x[steps].transpose(order) if x.ndim else x
    before = x.tobytes()
    for plain in plains:
        for f in both(plain):
            with np.errstate(all="raise"):
                y = f(view)
            assert y.shape == view.shape
            assert y.dtype == (view.dtype if view.dtype.kind == "f" else np.float64)
            singly = np.array([f(element) for element in view.ravel()], y.dtype).reshape(view.shape)
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(
                    y.astype(float),
                    singly.astype(float),
                    rtol=8 * np.finfo(y.dtype).eps,
                    atol=np.finfo(y.dtype).tiny,
                )
    assert x.tobytes() == before
