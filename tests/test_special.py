"""The special functions under the kernels: their coefficients made again, their errors against mpmath, their limits."""

import importlib.util
from pathlib import Path

import mpmath
import numpy as np
import pytest

from nlref import special, truth
from nlref.ulp import ulp_error


def exact_normal_cdf(mp, x):
    return mp.erfc(-x / mp.sqrt(2)) / 2 if abs(x) < 100 else mp.mpf(1 if x > 0 else 0)


def exact_minus_tanh(mp, x):
    return x - mp.tanh(x) if abs(x) > 1e-6 else x**3 / 3 - 2 * x**5 / 15 + 17 * x**7 / 315


def exact_log_cosh(mp, x):
    if abs(x) < 1:
        return mp.log1p(2 * mp.sinh(x / 2) ** 2)
    return abs(x) + mp.log1p(mp.exp(-2 * abs(x))) - mp.log(2)


FUNCTIONS = {
    special.normal_cdf: (exact_normal_cdf, 4, (0.0, 1.0)),
    special.minus_tanh: (exact_minus_tanh, 4, (-np.inf, np.inf)),
    special.log_cosh: (exact_log_cosh, 6, (np.inf, np.inf)),
}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_error_and_limits(function, dtype):
    exact, bound, limits = FUNCTIONS[function]
    x = truth.sample(dtype, [1.0, -1.0, 1.5, -1.5])
    true = truth.evaluate(exact, x)
    with np.errstate(all="ignore"):
        y, ends = function(x), function(np.array([-np.inf, np.inf, np.nan], dtype))
    assert y.dtype == ends.dtype == dtype
    normal = (true == 0) | (np.abs(true) >= np.finfo(dtype).tiny)
    error = np.where(normal, ulp_error(y, true), 0)
    assert error.max() <= bound, f"{error.max():.2f} ulp at {x[error.argmax()]!r}"
    np.testing.assert_array_equal(ends, [*limits, np.nan])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_product_with_an_exponential_is_right_until_it_falls_below_the_normal_numbers(dtype):
    """exp(-a**2 / 2) itself falls below them well before 1000 times it does."""
    a = np.linspace(0, 38.7 if dtype == np.float64 else 14.0, 3001, dtype=dtype)
    true = truth.evaluate(lambda mp, a: 1000 * mp.npdf(a), a)
    with np.errstate(all="ignore"):
        y = special.times_normal_density(np.full_like(a, 1000), a)
    normal = true >= np.finfo(dtype).tiny
    assert normal.sum() > 2900
    assert np.exp(-(a[normal][-1].astype(float) ** 2) / 2) < np.finfo(dtype).tiny
    assert ulp_error(y, true)[normal].max() <= (4 if dtype == np.float64 else 6)


def test_the_coefficients_are_those_that_the_fit_gives():
    path = Path(__file__).parents[1] / "tools" / "fit_special.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    fit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fit)
    with mpmath.workdps(60):
        for made, above, below, bound in (
            (fit.mills_remainder(), special._MILLS_ABOVE, special._MILLS_BELOW, 4.2e-18),
            (fit.tanh_remainder(), special._TANH_REMAINDER_ABOVE, special._TANH_REMAINDER_BELOW, 1.6e-18),
        ):
            error, p, q = made
            assert error < bound
            assert (tuple(p), tuple(q)) == (above, below)
        assert fit.shift(mpmath.mpf(1)) == special._SHIFT
        assert fit.shift(mpmath.npdf(0)) == special._NORMAL_SHIFT


def test_the_heads_of_gelus_coefficients_are_short_and_their_sums_right():
    with mpmath.workdps(50):
        linear = 2 * mpmath.sqrt(2 / mpmath.pi)
        for (head, rest), true, unit in (
            (special._GELU_LINEAR, linear, 2.0**-34),
            (special._GELU_CUBIC, linear * mpmath.mpf("0.044715"), 2.0**-18),
        ):
            assert head % unit == 0
            assert abs(mpmath.mpf(head) + mpmath.mpf(rest) - true) < 1e-22
    a = np.arange(0, 30 * 256) / 256  # where the head is all but the coefficients' rests
    head, _ = special.gelu_exponent(a)
    assert (head % 2.0**-42 == 0).all()


def test_on_tensors():
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra: keras)")
    x = np.linspace(-9, 9, 61)
    for function in FUNCTIONS:
        np.testing.assert_allclose(function(tf.constant(x)), function(x), rtol=2e-14)
