"""Values and gradients on NumPy: right to the last bits, at the limits, at the kinks, and in agreement with others."""

import numpy as np
import pytest

from nlref.ulp import ulp_error

SYSTEMS = {"keras": "keras3151.npz", "pytorch": "torch213.npz", "mxnet": "mxnet191.npz"}


def test_value_is_within_4_ulp(shape, dtype, exact, worst_ulp):
    x, value, _ = exact(shape, dtype)
    y = shape.value(x)
    assert y.dtype == dtype
    worst, at = worst_ulp(y, value, x)
    assert worst <= 4, f"{worst:.2f} ulp at {at!r}"


def test_float32_computed_in_float64_is_all_but_correctly_rounded(shape, exact, worst_ulp):
    if not shape.kernel.value.in_float64:
        return
    x, value, slope = exact(shape, "float32")
    away = shape.away_from_roots(x, 0.3) & ~np.isin(x, [kink.x for kink in shape.facts.kinks])
    for y, true, counts in (
        (shape.value(x), value, np.full(x.shape, True)),
        (shape.vjp(x, np.ones_like(x)), slope, away),
    ):
        worst, at = worst_ulp(y[counts], true[counts], x[counts])
        assert worst <= 0.501, f"{worst:.3f} ulp at {at!r}"


def test_gradient_is_within_8_ulp(shape, dtype, exact, worst_ulp):
    x, _, slope = exact(shape, dtype)
    g = shape.vjp(x, 1.0)
    assert g.dtype == dtype
    counts = shape.away_from_roots(x, 0.3) & ~np.isin(x, [kink.x for kink in shape.facts.kinks])
    worst, at = worst_ulp(g[counts], slope[counts], x[counts])
    assert worst <= 8, f"{worst:.2f} ulp at {at!r}"


def test_gradient_near_its_roots_is_within_8_ulp_of_a_quarter(shape, dtype, exact):
    """No formula keeps a relative error through a sign change; the slope is of the order of 1/4 beside it."""
    x, _, slope = exact(shape, dtype)
    near = ~shape.away_from_roots(x, 0.3)
    assert near.sum() >= 100 * len(shape.facts.roots)
    error = np.abs(shape.vjp(x[near], 1.0) - slope[near]) / np.spacing(np.array(0.25, dtype))
    assert (error <= 8).all(), f"{error.max():.2f} ulp of 1/4 at {x[near][np.argmax(error)]!r}"
    for root in shape.facts.roots:
        below, above = shape.vjp(np.array([root - 1e-3, root + 1e-3]), 1.0)
        assert below * above < 0


@pytest.mark.slow
def test_both_bounds_hold_on_every_1000th_float32(shape):
    """A scan of the whole of float32 against float64, where float64 itself is accurate to far less than an ulp."""
    bits = np.arange(0, np.float32(np.inf).view(np.int32), 1000, dtype=np.int32)
    x = np.concatenate([bits.view(np.float32), -bits.view(np.float32)])
    wide = x.astype(np.float64)
    for computed, true, bound in (
        (shape.value(x), shape.value(wide), 4),
        (shape.vjp(x, 1.0), shape.vjp(wide, 1.0), 8),
    ):
        normal = (np.abs(true) >= np.finfo(np.float32).tiny) & (np.abs(true) <= np.finfo(np.float32).max)
        assert ulp_error(computed, true)[normal].max() <= bound


def test_recorded_truth_is_met(recorded_shape, dtype, recorded):
    """The truth that was written down with 400 digits, by another program than `nlref.truth`."""
    shape, key = recorded_shape, recorded_shape.recorded_as
    true = recorded("truth_act.npz")
    with np.errstate(over="ignore", under="ignore"):
        x = recorded("inputs.npz")["x"].astype(dtype)
    for part, y, bound in (("y", shape.value(x), 4.5), ("g", shape.vjp(x, 1.0), 8.5)):
        expected = true[f"{key}/{dtype}/{part}"]
        counts = np.isfinite(x) & ((expected == 0) | (np.abs(expected) >= np.finfo(dtype).tiny))
        assert counts.sum() > 80
        assert ulp_error(y, expected)[counts].max() <= bound


def test_limits_at_infinity(shape, any_dtype):
    x = np.array([-np.inf, np.inf]).astype(np.dtype(any_dtype))
    np.testing.assert_array_equal(shape.value(x), np.array(shape.facts.limits).astype(x.dtype))
    slopes = np.array(shape.facts.slopes).astype(np.dtype(any_dtype))
    np.testing.assert_array_equal(shape.vjp(x, 1.0), slopes)


def test_nan_in_nan_out(shape, any_dtype):
    x = np.array([np.nan, 1.0, -np.nan]).astype(np.dtype(any_dtype))
    assert np.isnan(shape.value(x)).tolist() == [True, False, True]
    np.testing.assert_array_equal(shape.vjp(x, 1.0)[::2].astype(float), [shape.kernel.facts.slope_at_nan] * 2)
    assert np.isnan(shape.vjp(x[1:2], np.nan)).all()


def test_values_stay_in_the_range_and_in_order(shape, dtype):
    x = shape.sample(dtype)
    y = shape.value(x)
    low, high = shape.facts.range
    rounding = 4 * np.finfo(dtype).eps  # a minimum such as silu's is no floating-point number
    assert y.min() >= low - rounding * abs(low) if low else y.min() >= 0
    assert y.max() <= high
    if shape.facts.increasing:
        # Rounding may disturb the order of neighbours by the error of the kernel, never more.
        fallen = np.flatnonzero(y[1:] < y[:-1])
        assert (ulp_error(y[fallen + 1], y[fallen]) <= 8).all()


def test_kinks_one_by_one(shape, dtype):
    for kink in shape.facts.kinks:
        x = np.array(kink.x, dtype)
        with np.errstate(under="ignore"):
            left, right = (np.nextafter(x, np.array(end, dtype)) for end in (-np.inf, np.inf))
        slopes = [float(shape.vjp(point, 1.0)) for point in (left, x, right)]
        rounding = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(slopes, [kink.left, kink.slope, kink.right], rtol=rounding)
        for side, slope in ((-1, kink.left), (1, kink.right)):
            # The one-sided difference quotient, between two points that both lie on that side.
            near, far = (np.float64(kink.x + side * h) for h in (2**-30, 2**-22))
            quotient = (shape.value(far) - shape.value(near)) / (far - near)
            np.testing.assert_allclose(quotient, slope, rtol=1e-6, atol=1e-6)
        jump = float(shape.value(right) - shape.value(left))
        assert (abs(jump) > 1e-3) == (kink.x in shape.facts.jumps)


def test_gradient_is_the_central_difference(shape):
    generator = np.random.default_rng(3)
    x = shape.away_from_kinks(generator.uniform(-9, 9, 500), 1e-3)
    g = generator.normal(size=x.shape)
    h = 1e-5
    difference = g * (shape.value(x + h) - shape.value(x - h)) / ((x + h) - (x - h))
    np.testing.assert_allclose(shape.vjp(x, g), difference, rtol=1e-8, atol=1e-9)


def test_gradient_is_linear_in_the_upstream_gradient(shape, dtype):
    generator = np.random.default_rng(4)
    x, g = generator.normal(size=(2, 50)).astype(dtype)
    slope = shape.vjp(x, np.ones_like(x))
    np.testing.assert_allclose(shape.vjp(x, g), g * slope, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(shape.vjp(x, -2 * g), -2 * shape.vjp(x, g))


def test_agrees_with_the_recorded_values_of_other_systems(recorded_pair, dtype, recorded):
    pair, other = recorded_pair, recorded_pair.other
    theirs = recorded(SYSTEMS[other.system])
    with np.errstate(over="ignore", under="ignore"):
        x = recorded("inputs.npz")["x"].astype(dtype)
    finite = np.isfinite(x)
    # Keras takes some slopes from the value, which has lost x below the rounding of 1; and subnormal x are 0 to it.
    kinks = np.any(
        [np.abs(x - kink.x) <= np.finfo(dtype).eps for kink in pair.shape.facts.kinks] or [x != x], axis=0
    )
    bound = getattr(other, dtype)
    finite &= np.abs(x) <= other.overflows
    compared = [("y", pair.shape.value(x), finite)]
    if not other.wrong_slope:
        compared.append(("g_x", pair.shape.vjp(x, 1.0), finite & ~kinks))
    for key, ours, counts in compared:
        assert counts.sum() > 80
        ours, values = ours[counts].astype(float), theirs[f"{other.recorded}/{dtype}/{key}"].ravel()[counts]
        with np.errstate(invalid="ignore"):
            difference = np.abs(values - ours) / np.maximum(1, np.abs(ours))
        difference[values == ours] = 0  # infinities too
        at = np.argmax(difference)
        assert difference[at] <= bound, f"{key}: {difference[at]:.2g} at {x[counts][at]!r}"


def test_a_slope_that_the_facts_call_wrong_has_not_been_repaired(wrong_slope_pair, dtype, recorded):
    pair, other = wrong_slope_pair, wrong_slope_pair.other
    x = recorded("inputs.npz")["x"]
    theirs = recorded(SYSTEMS[other.system])[f"{other.recorded}/{dtype}/g_x"]
    assert np.nanmax(np.abs(theirs - pair.shape.vjp(x, 1.0))[np.isfinite(x)]) > 0.01


def test_an_overflow_that_the_facts_name_has_not_been_repaired(overflowing_pair, recorded):
    pair, other = overflowing_pair, overflowing_pair.other
    with np.errstate(over="ignore", under="ignore"):
        x = recorded("inputs.npz")["x"].astype(np.float32)
    lost = np.isfinite(x) & (np.abs(x) > other.overflows)
    theirs = recorded(SYSTEMS[other.system])
    y, slope = (theirs[f"{other.recorded}/float32/{key}"].ravel()[lost] for key in ("y", "g_x"))
    right = np.allclose(y, pair.shape.value(x)[lost], rtol=1e-3)
    assert not (right and np.allclose(slope, pair.shape.vjp(x, 1.0)[lost], rtol=1e-3))


def test_what_the_facts_say_of_their_slopes_at_kinks_is_what_they_returned(recorded_pair, dtype, recorded):
    theirs = recorded(SYSTEMS[recorded_pair.other.system])[f"{recorded_pair.other.recorded}/{dtype}/g_x"]
    x = recorded("inputs.npz")["x"]
    for kink in recorded_pair.shape.facts.kinks:
        said = getattr(kink, recorded_pair.other.system)
        returned = theirs[x == kink.x]
        if not returned.size and recorded_pair.other.system == "keras":
            continue  # asked of Keras itself in test_tensorflow.py
        assert returned.size, f"no recorded value at {kink.x}"
        np.testing.assert_allclose(returned, said, rtol=1e-7)
