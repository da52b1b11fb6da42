"""Differences and quotients whose rounding error is carried along."""

from fractions import Fraction

import numpy as np
import pytest

from nlref.compensated import difference, quotient


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_difference_and_its_error_are_exact(dtype):
    generator = np.random.default_rng(0)
    a, b = (generator.normal(size=(2, 500)) * 10.0 ** generator.integers(-8, 9, size=(2, 500))).astype(dtype)
    d, error = difference(a, b)
    np.testing.assert_array_equal(d, a - b)
    assert (error != 0).mean() > 0.5
    for parts in zip(a, b, d, error, strict=True):
        a_i, b_i, d_i, error_i = map(Fraction, map(float, parts))
        assert d_i + error_i == a_i - b_i


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("divisor", [1.5, 0.1, 7.0, 1e-20, 3e20, 1 / 3])
def test_a_quotient_and_its_error_have_half_as_many_digits_again(dtype, divisor):
    a = -(np.random.default_rng(1).random(300) * 700 * divisor).astype(dtype)
    q, error = quotient(a, divisor)
    eps, finer = Fraction(float(np.finfo(dtype).eps)), Fraction(1, 2**9 if dtype is np.float32 else 2**24)
    for a_i, q_i, error_i in zip(*(map(Fraction, map(float, part)) for part in (a, q, error)), strict=True):
        true = a_i / Fraction(divisor)
        assert abs(q_i + error_i - true) <= abs(true) * eps * finer
        assert abs(q_i - true) <= abs(true) * 2 * eps


def test_the_error_of_the_dividend_is_divided_too():
    a, b = np.array([1e-9 / 3]), np.array([3000.1])
    d, rest = difference(a, b)
    assert rest != 0
    q, error = quotient(d, 7.0, rest)
    true = (Fraction(float(a[0])) - Fraction(float(b[0]))) / 7
    assert abs(Fraction(float(q[0])) + Fraction(float(error[0])) - true) < Fraction(1, 10**20)


def test_beyond_what_an_exponential_can_hold_there_is_no_error():
    with np.errstate(all="ignore"):
        q, error = quotient(np.array([-1e300, -np.inf, 0.0, np.nan]), 1e-10)
    np.testing.assert_array_equal(error, 0)
    np.testing.assert_array_equal(q, [-np.inf, -np.inf, 0.0, np.nan])
    for dtype, divisor in ((np.float32, 1e300), (np.float32, 1e-300), (np.float64, 5e-324)):
        with np.errstate(all="ignore"):
            q, error = quotient(np.array([0.0, -1.0], dtype), divisor)
        assert np.isfinite(error).all()
        assert q[0] == 0
