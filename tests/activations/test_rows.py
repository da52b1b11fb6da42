"""Kernels along an axis on NumPy: right to the last bits at any scale, along any axes, for any array."""

import itertools
import subprocess
import sys
import warnings

import ml_dtypes
import numpy as np
import pytest

from nlref import activations, blocks
from nlref.activations import glu, log_softmax, softmax, softmax_vjp, softmin, sparsemax, sparsemax_vjp
from nlref.axis import along_axis, row_gradient_of
from nlref.kernel import set_threads
from nlref.ulp import ulp_error


def scores(dtype: str) -> np.ndarray:
    """Rows of six at all scales, ties, and rows in which one entry has nearly all the weight."""
    generator = np.random.default_rng(0)
    largest = float(np.finfo(dtype).max)
    scales = (1e-30, 1e-3, 0.3, 1.0, 5.0, 30.0, 200.0, 1e4, 1e30)
    rows = [generator.normal(size=(30, 6)) * scale for scale in scales]
    rows.append(generator.normal(size=(20, 6)) * 3 + 1e6)
    rows.append(
        [
            [largest, -largest, largest * 0.9, 0.0, 1.0, -1.0],
            [100.0, 0.0, 0.0, -5.0, -50.0, -80.0],
            [700.0, 0.0, 1.0, 2.0, 1.0, -3.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [3.0, 3.0, 1.0, 3.0, 0.0, -0.0],
        ]
    )
    return np.concatenate(rows).astype(dtype)


def upstream(rows, x: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).normal(size=rows.value(x).shape).astype(x.dtype)


def test_rows_are_within_8_ulp_an_entry(rows, dtype):
    x = scores(dtype)
    error = ulp_error(rows.value(x), rows.exact(x))
    assert error.max() <= 8, f"{error.max():.2f} ulp in the row {x[np.argmax(error.max(axis=1))]}"


def test_long_rows_too(rows, dtype):
    x = (np.random.default_rng(2).normal(size=(3, 500)) * 4).astype(dtype)
    assert ulp_error(rows.value(x), rows.exact(x)).max() <= 8


def test_gradients_are_within_8_ulp_of_their_largest_term(rows, dtype):
    """A gradient is a sum that may cancel, so its error is measured by the largest thing summed."""
    x = scores(dtype)
    g = upstream(rows, x)
    true = rows.exact(x, g)
    scale = np.abs(true)
    if rows.facts.probabilities:
        weight = np.abs(rows.exact(x)) if rows.name != "sparsemax" else (rows.exact(x) > 0)
        spread = (g.max(axis=1) - g.min(axis=1))[:, None]
        scale = np.maximum(scale, weight * spread.astype(np.longdouble) / rows.options.get("temperature", 1))
    elif rows.name == "log_softmax":
        scale = np.maximum(scale, np.abs(g).max(axis=1, keepdims=True) * 2)
    error = np.abs(rows.vjp(x, g) - true) / np.spacing(np.maximum(scale, np.finfo(dtype).tiny).astype(dtype))
    error[np.abs(true) > np.finfo(dtype).max] = 0
    assert error.max() <= 8, f"{float(error.max()):.2f} ulp in the row {x[np.argmax(error.max(axis=1))]}"


def test_the_gradient_of_a_confident_winner_keeps_its_digits(plain_rows, dtype):
    """From the value, 1 - s is 0 as soon as s rounds to 1; it is what confident networks still learn from."""
    if plain_rows.name not in ("softmax", "log_softmax"):
        return
    x = np.array([[30.0, 0.0, -1.0], [60.0, 1.0, 2.0], [80.0, 0.0, 0.0], [1.0, 44.0, 3.0]], dtype)
    g = np.eye(3, dtype=dtype)[[0, 0, 0, 1]]
    true, result = plain_rows.exact(x, g), plain_rows.vjp(x, g)
    assert (np.abs(true) > 0).all()
    assert ulp_error(result, true).max() <= 8


def test_the_gradient_is_the_central_difference(rows):
    generator = np.random.default_rng(3)
    x = generator.normal(size=(4, 6)) * 1.5
    g = upstream(rows, x)
    h = 1e-6
    result = rows.vjp(x, g)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        difference = (g * (rows.value(x + step) - rows.value(x - step))).sum() / (2 * h)
        np.testing.assert_allclose(result[index], difference, rtol=1e-7, atol=1e-8)


def test_any_axis_is_the_last_one_moved(rows, dtype):
    x = np.random.default_rng(4).normal(size=(4, 2, 6)).astype(dtype)
    for axis in range(-3, 3):
        moved = np.moveaxis(x, axis, -1)
        expected = np.moveaxis(rows.value(moved.copy()), -1, axis)
        np.testing.assert_allclose(rows.value(x, axis=axis), expected, rtol=8 * np.finfo(dtype).eps)
        g = np.random.default_rng(5).normal(size=expected.shape).astype(dtype)
        through = rows.vjp(moved.copy(), np.moveaxis(g, axis, -1))
        np.testing.assert_allclose(
            rows.vjp(x, g, axis=axis), np.moveaxis(through, -1, axis), rtol=1e-4, atol=8 * np.finfo(dtype).eps
        )


@pytest.mark.parametrize("axes", [(0, 1), (1, 0), (-1, 0), [1, 2], (0, 1, 2), (1,)], ids=str)
def test_several_axes_are_one_row(rows, axes):
    if rows.name == "glu":
        with pytest.raises(TypeError, match=r"^glu: axis must be an integer, not "):
            rows.value(np.zeros((2, 2, 2)), axis=axes)
        return
    x = np.random.default_rng(6).normal(size=(2, 3, 4))
    g = np.random.default_rng(7).normal(size=x.shape)
    last = sorted(axis % 3 for axis in axes)
    order = [*(i for i in range(3) if i not in last), *last]
    flat = [
        array.transpose(order).reshape(*(x.shape[i] for i in order[: 3 - len(last)]), -1) for array in (x, g)
    ]
    back = np.argsort(order)
    for result, expected in (
        (rows.value(x, axis=axes), rows.value(flat[0])),
        (rows.vjp(x, g, axis=axes), rows.vjp(*flat)),
    ):
        expected = expected.reshape([x.shape[i] for i in order]).transpose(back)
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("size", [(7 * 4096, 6), (6, 7 * 4096), (4, 2 * blocks.BLOCK), (2, 700, 64)], ids=str)
@pytest.mark.parametrize("axis", [0, -1])
def test_big_arrays_are_those_rows_one_by_one(plain_rows, size, axis, monkeypatch):
    x = np.random.default_rng(8).normal(size=size).astype(np.float32)
    g = plain_rows.value(x, axis=axis) + 0.5
    monkeypatch.setattr(blocks, "_WORTH_THREADS", 0.0)
    results = []
    for count in (1, 3):
        set_threads(count)
        results.append((plain_rows.value(x, axis=axis), plain_rows.vjp(x, g, axis=axis)))
    set_threads(None)
    for one, three in zip(*results, strict=True):
        np.testing.assert_array_equal(one, three)
    value, through = results[0]
    lines = np.moveaxis(x, axis, -1)
    for index in itertools.islice(np.ndindex(lines.shape[:-1]), 0, None, max(1, lines[..., 0].size // 7)):
        np.testing.assert_allclose(
            np.moveaxis(value, axis, -1)[index], plain_rows.value(lines[index]), rtol=1e-6, atol=1e-12
        )
        np.testing.assert_allclose(
            np.moveaxis(through, axis, -1)[index],
            plain_rows.vjp(lines[index], np.moveaxis(g, axis, -1)[index]),
            rtol=1e-4,
            atol=1e-6,
        )


def test_dtype_and_shape_are_kept(plain_rows, any_dtype):
    dtype = np.dtype(any_dtype)
    for shape in ((2,), (3, 4), (2, 0, 4), (0, 2), (1, 2, 3, 4), (3, 0)):
        x = np.full(shape, 0.5).astype(dtype)
        expected = (*shape[:-1], shape[-1] // 2) if plain_rows.name == "glu" else shape
        y = plain_rows.value(x)
        assert (type(y), y.dtype, y.shape) == (np.ndarray, dtype, expected)
        through = plain_rows.vjp(x, y)
        assert (type(through), through.dtype, through.shape) == (np.ndarray, dtype, shape)


def test_sixteen_bits_are_those_of_float32(plain_rows):
    for dtype in (np.float16, ml_dtypes.bfloat16):
        x = (np.random.default_rng(9).normal(size=(50, 8)) * 3).astype(dtype)
        wide = x.astype(np.float32)
        np.testing.assert_array_equal(plain_rows.value(x), plain_rows.value(wide).astype(dtype))
        g = plain_rows.value(x)
        through = plain_rows.vjp(wide, g.astype(np.float32)).astype(dtype)
        np.testing.assert_array_equal(plain_rows.vjp(x, g), through)


def test_integers_booleans_and_lists_become_float64(plain_rows):
    expected = plain_rows.value(np.array([0.0, 1.0, 1.0, 0.0]))
    for x in ([0, 1, 1, 0], [False, True, True, False], np.array([0, 1, 1, 0], np.int8)):
        y = plain_rows.value(x)
        assert y.dtype == np.float64
        np.testing.assert_array_equal(y, expected)
        assert plain_rows.vjp(x, expected).dtype == np.float64


@pytest.mark.parametrize("length", [4, 3 * blocks.BLOCK // 4], ids=["small", "in blocks"])
def test_inputs_are_left_alone_and_out_is_written(plain_rows, dtype, length):
    x = np.random.default_rng(10).normal(size=(length, 4)).astype(dtype)
    y = plain_rows.value(x)
    g = np.ones_like(y) * 0.5
    before = x.tobytes(), g.tobytes()
    x.flags.writeable = g.flags.writeable = False
    through = plain_rows.vjp(x, g)
    assert (x.tobytes(), g.tobytes()) == before
    for f, expected in ((plain_rows.value, y), (lambda x, **k: plain_rows.vjp(x, g, **k), through)):
        out = np.full_like(expected, 77)
        assert f(x, out=out) is out
        np.testing.assert_array_equal(out, expected)
        strided = np.zeros((expected.shape[0], 2 * expected.shape[1]), dtype)[:, ::2]
        np.testing.assert_array_equal(f(x, out=strided), expected)
        if expected.shape == x.shape:
            same = x.copy()
            np.testing.assert_array_equal(f(same, out=same), expected)
            buffer = np.concatenate([x, x[:1]])
            np.testing.assert_array_equal(f(buffer[:-1], out=buffer[1:]), expected)
    for bad, error, sentence in (
        (np.zeros(3), ValueError, r"out has shape \(3,\), the result has shape"),
        (y.tolist(), TypeError, "out must be a NumPy array, not a list"),
        (y.astype(np.float16), ValueError, "out has dtype float16, the result has dtype"),
    ):
        with pytest.raises(error, match=f"^{plain_rows.name}: {sentence}"):
            plain_rows.value(x, out=bad)


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::-2], np.s_[::3, 1:5]], ids=str)
def test_strides_do_not_matter(plain_rows, view):
    x = np.random.default_rng(11).normal(size=(9, 8))[view]
    for array in (x, np.asfortranarray(x), np.broadcast_to(x[:1], (5, x.shape[1]))):
        y = plain_rows.value(array)
        np.testing.assert_allclose(y, plain_rows.value(array.copy()), rtol=1e-14)
        np.testing.assert_allclose(
            plain_rows.vjp(array, y), plain_rows.vjp(array.copy(), y), rtol=1e-13, atol=1e-16
        )


@pytest.mark.parametrize("repeat", [1, 4000], ids=["small", "in blocks"])
def test_no_input_warns_or_raises(rows, any_dtype, repeat):
    extremes = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 1e-310, 88.0, -104.0, 3e38, -3e38, 1.7e308]
    generator = np.random.default_rng(12)
    with np.errstate(all="ignore"):
        x = generator.choice(extremes, size=(40 * repeat // (10 if repeat > 1 else 1), 4)).astype(
            np.dtype(any_dtype)
        )
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        y = rows.value(x)
        rows.vjp(x, y)


def test_one_nan_spoils_its_row_and_no_other(plain_rows):
    x = np.zeros((3, 4))
    x[1, 2] = np.nan
    y = plain_rows.value(x)
    spoiled = np.isnan(y)
    assert not spoiled[[0, 2]].any()
    assert spoiled[1].tolist() == ([True, False] if plain_rows.name == "glu" else [True] * 4)
    through = plain_rows.vjp(x, np.ones_like(y))
    assert not np.isnan(through[[0, 2]]).any()
    assert np.isnan(through[1]).any()
    if plain_rows.name != "glu":
        assert np.isnan(through[1]).all()


INF = np.inf
ONE_WINNER = ([INF, 0.0, 3e38], [1.0, 0.0, 0.0])


@pytest.mark.parametrize("f", [softmax, sparsemax])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ONE_WINNER,
        ([INF, -INF, 5.0], [1.0, 0.0, 0.0]),
        ([-INF, 2.0, 2.0], [0.0, 0.5, 0.5]),
        ([-INF, -INF, -1e300], [0.0, 0.0, 1.0]),
        ([INF, INF, 0.0], [np.nan] * 3),
        ([-INF, -INF, -INF], [np.nan] * 3),
        ([-INF], [1.0]),
        ([INF], [1.0]),
        ([-1.7e308], [1.0]),
        ([1.7e308, -1.7e308], [1.0, 0.0]),
    ],
    ids=str,
)
def test_infinite_scores_of_probabilities(f, row, expected):
    np.testing.assert_array_equal(f(row), expected)
    g = np.arange(1.0, len(row) + 1)
    through = {softmax: softmax_vjp, sparsemax: sparsemax_vjp}[f](row, g)
    if np.isnan(expected).any():
        assert np.isnan(through).all()
    elif max(expected) == 1:
        np.testing.assert_array_equal(through, np.zeros(len(row)))
    if f is softmax:
        np.testing.assert_array_equal(softmin(np.negative(row)), expected)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(np.exp(log_softmax(row)), expected, rtol=1e-15)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    """Against another algorithm: the threshold found by bisection."""
    x = np.random.default_rng(13).normal(size=(200, 9)) * 2
    low, high = x.min(axis=1, keepdims=True) - 1, x.max(axis=1, keepdims=True)
    for _ in range(80):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(axis=1, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    np.testing.assert_allclose(sparsemax(x), np.maximum(x - low, 0), atol=1e-14)


def test_probabilities_sum_to_1_and_do_not_feel_a_shift(rows, dtype):
    if not rows.facts.probabilities:
        return
    x = np.random.default_rng(14).normal(size=(100, 37)).astype(dtype)
    y = rows.value(x)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(y.astype(float).sum(axis=1), 1, rtol=4 * eps)
    assert (y >= 0).all()
    order = np.random.default_rng(15).permutation(37)
    np.testing.assert_allclose(rows.value(x[:, order]), y[:, order], rtol=8 * eps)
    on_a_grid = np.round(x * 64) / 64
    np.testing.assert_array_equal(rows.value(on_a_grid + 1024), rows.value(on_a_grid))
    assert np.abs(rows.vjp(x, np.full_like(x, 3.0))).max() < 1e-5


def test_a_temperature_flattens_and_sharpens():
    x = np.array([0.0, 1.0, 3.0])
    np.testing.assert_allclose(softmax(x, temperature=2.0), softmax(x / 2), rtol=1e-15)
    np.testing.assert_allclose(softmax(x, temperature=1e-5), [0, 0, 1], atol=1e-300)
    np.testing.assert_allclose(softmax(x, temperature=1e300), np.full(3, 1 / 3), rtol=1e-15)
    np.testing.assert_array_equal(softmax(x, temperature=5e-324), [0, 0, 1])
    for f in (softmax, softmin):
        for bad in (0, -1.0, np.inf):
            for call in (
                lambda t, f=f: f(x, temperature=t),
                lambda t, f=f: f(np.zeros((0, 3)), temperature=t),
            ):
                with pytest.raises(
                    ValueError,
                    match=f"^{f.__name__}: temperature must be positive and finite, not {float(bad)}$",
                ):
                    call(bad)
        with pytest.raises(TypeError, match=f"^{f.__name__}: temperature must be a number, not a str$"):
            f(x, temperature="2")


@pytest.mark.parametrize("f", [softmax, softmin])
def test_what_is_masked_takes_no_part(f, dtype):
    x = np.array([[1.0, 2.0, np.nan, np.inf], [0.5, -1.0, 3.0, 0.0], [1.0, 2.0, np.nan, 4.0]], dtype)
    mask = np.array([[True, True, False, False], [True] * 4, [False] * 4])
    g = np.array([[1.0, 2.0, np.nan, np.inf], [4.0, 3.0, 2.0, 1.0], [np.nan] * 4], dtype)
    y, through = f(x, mask=mask), f.vjp(x, g, mask=mask)
    for result, function in (
        (y, f),
        (through, lambda rows: f.vjp(rows, g[0, :2] if rows.size == 2 else g[1])),
    ):
        np.testing.assert_allclose(result[0, :2], function(x[0, :2]), rtol=4 * np.finfo(dtype).eps)
        np.testing.assert_array_equal(result[0, 2:], [0, 0])
        np.testing.assert_allclose(result[1], function(x[1]), rtol=4 * np.finfo(dtype).eps)
        np.testing.assert_array_equal(result[2], np.zeros(4))
    column = np.array([[True], [False], [True]])
    np.testing.assert_array_equal(
        f(np.zeros((3, 2)), axis=0, mask=column), [[0.5, 0.5], [0.0, 0.0], [0.5, 0.5]]
    )
    np.testing.assert_array_equal(f(np.zeros((2, 2)), mask=[True, False]), [[1.0, 0.0], [1.0, 0.0]])


def test_a_bad_mask_is_refused_by_name():
    x = np.zeros((2, 3))
    with pytest.raises(ValueError, match=r"^softmax: mask of shape \(2,\) does not fit x of shape \(2, 3\)$"):
        softmax(x, mask=[True, False])
    for bad in ([1, 0, 1], [1.0, 0.0, 1.0], ["a", "b", "c"]):
        with pytest.raises(
            TypeError, match=r"^softmax: mask must be booleans, True where an entry is kept, not "
        ):
            softmax(x, mask=bad)


@pytest.mark.parametrize(
    ("axis", "error", "sentence"),
    [
        (2, ValueError, r"axis 2 is out of range for x of shape \(2, 4\)"),
        (-3, ValueError, r"axis -3 is out of range for x of shape \(2, 4\)"),
        ((0, 5), ValueError, r"axis 5 is out of range for x of shape \(2, 4\)"),
        ((0, -2), ValueError, r"axis \(0, -2\) names an axis of x of shape \(2, 4\) twice"),
        ((), ValueError, r"axis must name at least one axis, not \(\)"),
        (1.0, TypeError, "axis must be an integer or a tuple of integers, not 1.0"),
        (None, TypeError, "axis must be an integer or a tuple of integers, not None"),
        (True, TypeError, "axis must be an integer or a tuple of integers, not True"),
        ("last", TypeError, "axis must be an integer or a tuple of integers, not 'last'"),
    ],
    ids=str,
)
def test_a_bad_axis_is_refused_by_name(plain_rows, axis, error, sentence):
    x = np.zeros((2, 4))
    if plain_rows.name == "glu":
        sentence = sentence.replace(" or a tuple of integers", "")
        if isinstance(axis, tuple):
            error, sentence = TypeError, "axis must be an integer, not "
    with pytest.raises(error, match=f"^{plain_rows.name}: {sentence}"):
        plain_rows.value(x, axis=axis)
    with pytest.raises(error, match=f"^{plain_rows.name}_vjp: {sentence}"):
        plain_rows.vjp(x, plain_rows.value(x), axis=axis)


def test_a_number_has_no_axis(plain_rows):
    with pytest.raises(
        ValueError, match=rf"^{plain_rows.name}: axis -1 is out of range for x of shape \(\)$"
    ):
        plain_rows.value(1.0)


def test_an_odd_length_has_no_halves():
    with pytest.raises(
        ValueError, match=r"^glu: x of shape \(2, 3\) has an odd length along axis 1, so it has no halves$"
    ):
        glu(np.zeros((2, 3)))
    assert glu(np.zeros((2, 3)), axis=0).shape == (1, 3)


def test_the_upstream_gradient_must_fit_the_result(plain_rows):
    x = np.random.default_rng(16).normal(size=(2, 4))
    y = plain_rows.value(x)
    for g in (2.0, np.ones(y.shape[1]), np.ones((2, 1))):
        np.testing.assert_allclose(plain_rows.vjp(x, g), plain_rows.vjp(x, np.broadcast_to(g, y.shape)))
    shape = rf"\(2, {y.shape[1]}\)"
    for g in (np.ones(3), np.ones((3, 2, 4)), np.ones((4, 2))):
        with pytest.raises(
            ValueError, match=rf"_vjp: g of shape .* does not fit the result of shape {shape}$"
        ):
            plain_rows.vjp(x, g)


@pytest.mark.parametrize(
    "bad",
    [np.array([1j]), "text", None, np.array([1.0], object), np.ma.array([1.0, 2.0], mask=[1, 0])],
    ids=repr,
)
def test_what_is_not_real_numbers_is_a_type_error(plain_rows, bad):
    with pytest.raises(TypeError, match=f"^{plain_rows.name}: x "):
        plain_rows.value(bad)
    with pytest.raises(TypeError, match=f"^{plain_rows.name}_vjp: g "):
        plain_rows.vjp(np.zeros(2), bad)


def test_a_gradient_must_have_the_parameters_of_its_kernel():
    @along_axis
    def scaled(x, axis=-1, factor=2.0):
        return x * factor

    for wrong in (lambda x, g: g, lambda x, g, axis=-1, factor=3.0: g, lambda y, g, axis=-1, factor=2.0: g):
        with pytest.raises(
            TypeError, match=r"must take \(x, g, axis, factor\), with the same defaults, to be"
        ):
            row_gradient_of(scaled)(wrong)


def test_the_docstring_and_the_signature_say_what_can_be_passed(plain_rows):
    function = getattr(activations, plain_rows.name)
    assert list(function.__wrapped__.__annotations__)[:2] == ["x", "axis"]
    assert str(function.__signature__).endswith("*, out=None)") or "out=None" in str(function.__signature__)
    for word in ("Keras", "PyTorch", "MXNet", "Source", "axis"):
        assert word in function.__doc__
    assert function.vjp is getattr(activations, f"{plain_rows.name}_vjp")
    for counterpart in plain_rows.facts.counterparts:
        if counterpart.system == "keras":
            assert counterpart.function in function.__doc__


@pytest.mark.slow
@pytest.mark.parametrize("name", list(activations.ROW_FACTS))
def test_memory_beyond_input_and_output_is_below_16_MB(name):
    program = f"""
import tracemalloc
import numpy as np
from nlref import activations
x = np.random.default_rng(0).normal(size=(16000, 1000)).astype(np.float32)
for axis in (-1, 0):
    y = activations.{name}(x, axis=axis)
    tracemalloc.start()
    out = np.empty_like(y)
    tracemalloc.reset_peak()
    activations.{name}(x, axis=axis, out=out)
    value = tracemalloc.get_traced_memory()[1] - out.nbytes
    through = np.empty_like(x)
    tracemalloc.reset_peak()
    activations.{name}_vjp(x, y, axis=axis, out=through)
    print(value, tracemalloc.get_traced_memory()[1] - out.nbytes - through.nbytes)
    tracemalloc.stop()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=True
    )
    beyond = [int(number) for number in done.stdout.split()]
    assert len(beyond) == 4
    assert max(beyond) <= 16e6
