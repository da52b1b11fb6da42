"""Every loss and gradient takes arrays as NumPy does: any strides, any real dtype, never changed, never a warning."""

import ml_dtypes
import numpy as np
import pytest

from nlref.ulp import ulp_error

EXTREMES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-310, 1.0, -1.0, 3e38, -1.7e308, 1e-8, 0.5]


def both(case):
    """The value and the first gradient."""
    return (case.value, lambda *arrays, **keywords: case.gradients(*arrays, **keywords)[0])


def test_dtype_and_shape(case, any_dtype):
    arrays = [a.astype(np.dtype(any_dtype)) if a.dtype.kind == "f" else a for a in case.draw("float64")]
    value = case.value(*arrays)
    assert value.dtype == np.dtype(any_dtype)
    assert isinstance(value, np.generic)
    for gradient, position in zip(case.gradients(*arrays), case.positions(), strict=True):
        assert gradient.dtype == np.dtype(any_dtype)
        assert gradient.shape == arrays[position].shape


def test_sixteen_bits_are_computed_in_float32(case):
    for dtype in (np.float16, ml_dtypes.bfloat16):
        try:
            arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in case.draw("float64")]
            wide = [a.astype(np.float32) if a.dtype == dtype else a for a in arrays]
            value, exact = case.value(*arrays, reduction=None), case.value(*wide, reduction=None)
        except ValueError:
            continue  # rounding took a prediction out of the domain
        with np.errstate(over="ignore"):
            normal = (np.abs(exact) >= float(ml_dtypes.finfo(dtype).tiny)) & np.isfinite(exact.astype(dtype))
        assert np.max(ulp_error(value, exact), where=normal, initial=0) <= 0.51


def test_the_labels_take_the_dtype_of_the_predictions(loss):
    drawn = loss.facts.draw(np.random.default_rng(1), loss.facts.shape)
    for labels, predictions in (("float32", "float64"), ("float64", "float32"), ("float64", "float16")):
        arrays = [
            a.astype(labels if name == "y_true" else predictions) if a.dtype.kind == "f" else a
            for name, a in zip(loss.arrays, drawn, strict=True)
        ]
        assert loss.value(*arrays).dtype == predictions


def test_strides_do_not_matter(case, dtype):
    arrays = case.draw(dtype)
    turned = [np.asfortranarray(a) if a.ndim > 1 else np.repeat(a, 2)[::2] for a in arrays]
    flipped = [np.ascontiguousarray(a[..., ::-1])[..., ::-1] for a in arrays]
    for f in both(case):
        for moved in (turned, flipped):
            np.testing.assert_array_equal(f(*moved), f(*arrays))


def test_lists_are_taken(case):
    arrays = case.draw("float64")
    for f in both(case):
        np.testing.assert_array_equal(f(*(a.tolist() for a in arrays)), f(*arrays))


def test_foreign_byte_order_is_read_and_not_written(case):
    arrays = case.draw("float64")
    swapped = [a.astype(a.dtype.newbyteorder(">")) for a in arrays]
    for f in both(case):
        assert f(*swapped).dtype.isnative
        np.testing.assert_array_equal(f(*swapped), f(*arrays))


def test_the_inputs_are_not_changed(case, dtype):
    arrays = case.draw(dtype)
    before = [array.tobytes() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    case.value(*arrays)
    gradients = case.gradients(*arrays)
    assert [array.tobytes() for array in arrays] == before
    for gradient in gradients:
        assert not any(np.shares_memory(gradient, array) for array in arrays)


def outcome(function, *arrays):
    """The result, or the sentence that refused the arrays."""
    try:
        return function(*arrays)
    except ValueError as error:
        return str(error)


def test_no_warning_and_no_error_of_arithmetic(case, dtype):
    """Extreme numbers among the predictions: a result, or a sentence that refuses them; never a warning."""
    arrays = list(case.draw(dtype))
    position = case.positions()[0]
    with np.errstate(over="ignore", under="ignore"):
        extremes = np.array(EXTREMES).astype(dtype)
    refused = 0
    for extreme in extremes:
        moved = arrays[position].copy()
        moved[0] = extreme
        given = [*arrays[:position], moved, *arrays[position + 1 :]]
        with np.errstate(all="raise"):
            value = outcome(case.value, *given)
            if isinstance(value, str):
                assert value.startswith(f"{case.loss.name}: ")
                refused += 1
                continue
            gradients = case.gradients(*given)
        assert value.dtype == dtype
        assert all(gradient.dtype == dtype for gradient in gradients)
    assert refused < len(extremes)


def test_nan_in_nan_out(case, dtype):
    arrays = list(case.draw(dtype))
    position = case.positions()[0]
    moved = arrays[position].copy()
    moved.flat[0] = np.nan
    arrays[position] = moved
    if case.loss.value.plan.valid is not None and case.options.get("ignore_class") is not None:
        return  # NaN in an ignored sample is ignored: a pinned point says so
    assert np.isnan(case.value(*arrays, reduction="sum"))
    moved.flat[0] = case.draw(dtype)[position].flat[0] * 0.9
    nearby = case.gradients(*arrays, reduction="sum")[0]
    moved.flat[0] *= 0.9
    constant = np.array_equal(case.gradients(*arrays, reduction="sum")[0], nearby)
    moved.flat[0] = np.nan
    # A slope that is the same wherever the prediction is may stay so.
    assert constant or np.isnan(case.gradients(*arrays, reduction="sum")[0]).any()


def test_a_batch_without_samples(case):
    plan = case.loss.value.plan
    arrays = case.draw("float32")
    if plan.couples_samples or 0 in plan.used_axes(arrays[case.positions()[0]].ndim, case.options):
        with pytest.raises(ValueError, match=f"^{case.loss.name}: "):
            case.value(*(array[:0] for array in arrays))
        return
    empty = [array[:0] for array in arrays]
    assert case.value(*empty) == 0
    assert case.value(*empty, reduction=None).shape[0] == 0
    for gradient, position in zip(case.gradients(*empty), case.positions(), strict=True):
        assert gradient.shape == empty[position].shape


def test_arrays_of_other_kinds_are_refused(loss):
    arrays = [a for a in loss.facts.draw(np.random.default_rng(2), loss.facts.shape)]
    for position, name in enumerate(loss.arrays):
        for bad in (
            arrays[position].astype(complex),
            np.ma.masked_array(arrays[position]),
            arrays[position].astype(str),
            arrays[position].astype(object),
        ):
            given = [*arrays[:position], bad, *arrays[position + 1 :]]
            for function in (loss.value, loss.vjp):
                with pytest.raises(TypeError, match=f"^{loss.name}: {name} (must be real|is a masked)"):
                    function(*given)


def test_shapes_that_do_not_agree_are_refused(loss):
    arrays = list(loss.facts.draw(np.random.default_rng(3), loss.facts.shape))
    for position in range(len(arrays)):
        bad = [*arrays[:position], arrays[position][:-1], *arrays[position + 1 :]]
        for function in (loss.value, loss.vjp):
            with pytest.raises(ValueError, match=f"^{loss.name}: .*shape"):
                function(*bad)


def test_unknown_options_are_refused_by_name(loss):
    arrays = loss.facts.draw(np.random.default_rng(4), loss.facts.shape)
    for function in (loss.value, loss.vjp):
        with pytest.raises(TypeError, match=f"^{loss.name}: .*'colour'"):
            function(*arrays, colour=3)
        with pytest.raises(ValueError, match=f"^{loss.name}: reduction must be .* not 'average'$"):
            function(*arrays, reduction="average")
    for option, default in loss.value.plan.defaults.items():
        if isinstance(default, bool | str):
            with pytest.raises(TypeError, match=f"^{loss.name}: {option} must be "):
                loss.value(*arrays, **{option: 0.5})
        elif isinstance(default, float):
            for bad, error in (("much", TypeError), (None, TypeError), (float("nan"), ValueError)):
                with pytest.raises(error, match=f"^{loss.name}: {option} must be "):
                    loss.value(*arrays, **{option: bad})
