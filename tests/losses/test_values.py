"""Values and gradients on NumPy: right to the last bits, at pinned points, under every reduction, and beside others."""

import numpy as np
import pytest

from nlref.ulp import ulp_error


def ulps(value: np.ndarray, true: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The error in units in the last place of ``scale``, or of the truth where that is larger."""
    unit = np.spacing(np.maximum(np.abs(true), scale).astype(value.dtype)).astype(np.longdouble)
    return np.abs(value.astype(np.longdouble) - true) / unit


def test_values_are_within_16_ulp(case, dtype, exact):
    arrays, true, _ = exact(case, dtype)
    y = case.value(*arrays, reduction=None)
    assert y.dtype == dtype
    # Where terms of both signs cancel, no formula can be accurate relative to what is left.
    scale = np.abs(true).mean() / 4 if true.min() < 0 < true.max() else 0.0
    assert ulps(np.asarray(y), true, scale).max() <= 16


def test_the_mean_is_within_16_ulp(case, dtype, exact):
    arrays, true, _ = exact(case, dtype)
    y = case.value(*arrays)
    assert y.dtype == dtype
    assert y.shape == ()
    counted = np.full(true.shape, True)
    if case.loss.value.plan.valid is not None:
        valid = case.loss.value.plan.valid(
            dict(zip(case.loss.arrays, arrays, strict=True)), case.loss.value.plan.defaults | case.options
        )
        counted = counted if valid is None else valid
    true = true[counted]
    if abs(true.mean()) > np.abs(true).mean() / 4:
        assert ulp_error(y, true.mean()) <= 16


def test_gradients_are_within_16_ulp_of_the_largest_in_the_sample(case, dtype, exact):
    arrays, _, true = exact(case, dtype)
    for gradient, expected in zip(case.gradients(*arrays, reduction="sum"), true, strict=True):
        assert gradient.dtype == dtype
        assert gradient.shape == expected.shape
        used = case.loss.value.plan.used_axes(expected.ndim, case.options)
        scale = np.abs(expected).max(axis=used, keepdims=True) / 4
        assert ulps(gradient, expected, scale).max() <= 16


def test_pinned_points(point, dtype):
    loss, point = point
    arrays = tuple(np.asarray(argument)[None] for argument in point.arguments)
    arrays = tuple(a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays)
    with np.errstate(all="raise"):
        value = loss.value(*arrays, **point.options, reduction=None)
        gradients = loss.vjp(*arrays, **point.options, reduction="sum")
    assert value.shape == (1,)
    rtol = 64 * np.finfo(dtype).eps
    np.testing.assert_allclose(value[0], point.value, rtol=rtol, atol=np.finfo(dtype).tiny)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for gradient, expected in zip(gradients, point.gradients or (point.gradient,), strict=False):
        np.testing.assert_allclose(gradient[0], expected, rtol=rtol, atol=np.finfo(dtype).tiny)


REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", None]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_gradient_is_the_central_difference_under_every_reduction(case, reduction, weighted):
    """Along a random direction through all predictions, with a random upstream gradient."""
    generator = np.random.default_rng(4)
    arrays = case.draw("float64", seed=1)
    shape = case.value(*arrays, reduction=None).shape
    weight = generator.uniform(0.5, 2, size=shape) if weighted else None
    g = generator.normal(size=shape if reduction is None else ())
    keywords = {"reduction": reduction, "sample_weight": weight}
    gradients = case.gradients(*arrays, g=g, **keywords)
    positions = case.positions()
    directions = [arrays[p] * generator.uniform(-1, 1, size=arrays[p].shape) for p in positions]

    def along(h: float) -> float:
        moved = list(arrays)
        for position, direction in zip(positions, directions, strict=True):
            moved[position] = arrays[position] + h * direction
        return float(np.sum(g * case.value(*moved, **keywords)))

    h = 1e-5
    slope = sum(np.sum(a * b) for a, b in zip(gradients, directions, strict=True))
    quotient = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
    size = sum(np.sum(np.abs(a * b)) for a, b in zip(gradients, directions, strict=True))
    assert abs(slope - quotient) <= 1e-6 * size


def agree(ours, theirs, bound: float) -> np.ndarray:
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    with np.errstate(invalid="ignore"):
        near = np.isfinite(ours) & (np.abs(ours - theirs) <= bound * np.maximum(1, np.abs(ours)))
    return near | (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))


def test_recorded_values_are_met(recording, dtype, recorded):
    """Values and gradients that other systems returned; where they differ the facts say why, and only there."""
    loss, other = recording.pair.loss, recording.pair.other
    file = recorded(recording.file)
    case = file.cases[recording.key]
    if f"{recording.key}/{dtype}/y" not in file.values:
        missing = f"error_{dtype}" in case or "out_dtype_float32" not in case  # a metric has one dtype
        assert missing, "nothing was recorded, and no reason for it"
        return
    inputs = file.inputs(dtype)
    pick = other.inputs or (lambda inputs: (inputs[case["inputs"][1]], inputs[case["inputs"][0]]))
    theirs = {"y": file.values[f"{recording.key}/{dtype}/y"]}
    for wrt in case.get("wrt", ()):
        slope = file.values[f"{recording.key}/{dtype}/g_{wrt}"]
        # The recorded gradient is to the recorded input, of which ours may be a part.
        theirs["g"] = (
            pick({**inputs, wrt: slope})[loss.arrays.index(loss.predictions[0])] if other.inputs else slope
        )
    arrays = pick(inputs)
    if other.elementwise:
        arrays = tuple(array[..., None] for array in arrays)
    keywords = {**other.options, "reduction": other.reduction}
    if other.sample_weight:
        keywords["sample_weight"] = other.sample_weight(inputs)

    refused = sorted(other.refused_rows(dtype))
    for row in refused:
        with pytest.raises(ValueError, match=f"^{loss.name}: "):
            loss.value(*(array[row : row + 1] for array in arrays), **keywords)
    left = np.delete(np.arange(len(arrays[0])), refused)
    arrays = tuple(array[left] for array in arrays)
    if refused:
        theirs = {part: theirs[part][left] for part in other.parts}

    with np.errstate(all="raise"):
        value = loss.value(*arrays, **keywords)
        keywords["reduction"] = other.reduction or "sum"
        gradient = loss.vjp(*arrays, **keywords)
    gradient = gradient[0] if isinstance(gradient, tuple) else gradient
    for part, ours in (("y", value), ("g", gradient)):
        if part in other.parts:
            ours = other.scale * np.atleast_1d(ours)
            expected = np.reshape(theirs[part], ours.shape)
            same = agree(ours, expected, getattr(other, dtype)).reshape(len(ours), -1).all(axis=1)
            rows = left[~same] if len(left) == len(ours) else np.flatnonzero(~same)
            said = other.differing_rows(recording.file, part, dtype)
            assert set(rows.tolist()) == said, (
                f"{part} differs in rows {rows.tolist()}, the facts say {sorted(said)}:\n"
                f"ours {ours[~same].tolist()}\ntheirs {expected[~same].tolist()}"
            )
