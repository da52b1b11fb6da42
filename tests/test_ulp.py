"""The ulp of every format, at its landmarks."""

import ml_dtypes
import numpy as np
import pytest

from nlref.ulp import ulp_error

FORMATS = {
    "float16": np.finfo(np.float16),
    "bfloat16": ml_dtypes.finfo("bfloat16"),
    "float32": np.finfo(np.float32),
    "float64": np.finfo(np.float64),
}


@pytest.fixture(params=FORMATS)
def limits(request):
    return FORMATS[request.param]


def longdouble(value) -> np.longdouble:
    return np.longdouble(float(value))


def test_a_value_is_0_from_itself_and_1_from_its_neighbour(limits):
    for start in (
        1.0,
        -1.5,
        0.1,
        3.0,
        float(limits.tiny),
        float(limits.max) / 2,
        float(limits.smallest_subnormal),
    ):
        value = np.asarray(start).astype(limits.dtype)
        assert ulp_error(value, longdouble(value)) == 0
        following = np.nextafter(value, value.dtype.type(np.inf))
        # The unit is that of the truth's binade, also when the neighbour has crossed into the next one.
        assert ulp_error(following, longdouble(value)) == 1
        assert ulp_error(value, (longdouble(value) + longdouble(following)) / 2) == 0.5


def test_the_unit_changes_at_powers_of_two(limits):
    eps = float(limits.eps)
    one = np.asarray(1.0).astype(limits.dtype)
    assert ulp_error(one, np.longdouble(1) + 3 * np.longdouble(eps)) == 3
    assert ulp_error(one, np.longdouble(1) - 3 * np.longdouble(eps)) == 6


def test_below_the_normal_numbers_the_unit_is_the_smallest_subnormal(limits):
    smallest = longdouble(limits.smallest_subnormal)
    zero = np.asarray(0.0).astype(limits.dtype)
    assert ulp_error(zero, smallest) == 1
    assert ulp_error(zero, 7 * smallest) == 7
    assert ulp_error(np.asarray(limits.tiny), longdouble(limits.tiny) - 2 * smallest) == 2
    assert ulp_error(np.asarray(limits.smallest_subnormal), 0.0) == 1
    assert ulp_error(-zero, 0.0) == 0


def test_infinities_and_nans(limits):
    value = np.array([np.inf, -np.inf, np.nan, np.inf, np.inf, 1.0, 1.0, np.nan]).astype(limits.dtype)
    truth = np.array([np.inf, -np.inf, np.nan, -np.inf, 1.0, np.inf, np.nan, 1.0])
    np.testing.assert_array_equal(ulp_error(value, truth), [0, 0, 0, *[np.inf] * 5])


def test_a_truth_that_rounds_to_infinity_is_infinite(limits):
    largest, unit = longdouble(limits.max), longdouble(limits.max) * longdouble(limits.eps) / 2
    infinite, largest_value = np.asarray(np.inf).astype(limits.dtype), np.asarray(limits.max)
    assert ulp_error(infinite, largest * 2) == 0
    assert ulp_error(infinite, largest + unit) == 0
    assert ulp_error(largest_value, largest * 2) == np.inf
    assert 0 < ulp_error(largest_value, largest + unit * np.longdouble(0.4)) < 0.5
    assert ulp_error(infinite, largest) == np.inf


def test_rounding_is_within_half_an_ulp():
    generator = np.random.default_rng(0)
    truth = generator.normal(size=10_000) * 10.0 ** generator.integers(-30, 30, 10_000)
    single = truth.astype(np.float32)
    # ml_dtypes rounds float64 to bfloat16 by way of float32, so its truth must be a float32.
    for value, true in ((single, truth), (single.astype(ml_dtypes.bfloat16), single)):
        error = ulp_error(value, true.astype(np.float64))
        assert 0.49 < error.max() <= 0.5
    above = np.abs(single) + np.spacing(np.abs(single))
    np.testing.assert_array_equal(ulp_error(above, np.abs(single).astype(np.float64)), np.ones(single.size))


def test_shapes_and_dtypes():
    error = ulp_error(np.ones((2, 1), np.float32), np.ones(3))
    assert error.shape == (2, 3)
    assert error.dtype == np.float64
    assert ulp_error(1.0, 1).shape == ()
    assert isinstance(ulp_error(1.0, 1), np.ndarray)
    assert ulp_error([1.0, 2.0], [1, 2]).tolist() == [0, 0]
    assert ulp_error(np.ones(0, np.float16), np.ones(0)).shape == (0,)
    with pytest.raises(ValueError, match=r"value of shape \(2,\) and truth of shape \(3,\) do not broadcast"):
        ulp_error(np.ones(2), np.ones(3))
    with pytest.raises(TypeError, match="value must be float16, bfloat16, float32, float64, not int64"):
        ulp_error(np.ones(2, np.int64), np.ones(2))
    with pytest.raises(TypeError, match="truth must be real numbers, not complex128"):
        ulp_error(np.ones(2), np.ones(2, complex))


def test_no_warning_whatever_comes_in():
    with np.errstate(all="raise"):
        extremes = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1.7e308])
        ulp_error(extremes, extremes[::-1])
        ulp_error(extremes, np.longdouble(10.0) ** 400 if np.finfo(np.longdouble).max > 1e308 else 1.0)
