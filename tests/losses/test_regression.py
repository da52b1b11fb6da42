"""The losses of regression: recipes for other conventions, tails, and what is refused."""

import math

import numpy as np
import pytest

from nlref import losses

Y, P = np.random.default_rng(1).normal(size=(2, 5, 3))


def test_rmse_is_the_root_of_the_mean_of_everything():
    assert losses.root_mean_squared_error(Y, P) == pytest.approx(np.sqrt(np.mean((Y - P) ** 2)), rel=1e-15)
    per_sample = losses.root_mean_squared_error(Y, P, axis=-1, reduction=None)
    np.testing.assert_allclose(per_sample, np.sqrt(np.mean((Y - P) ** 2, axis=-1)), rtol=1e-15)
    weight = np.arange(1.0, 6)
    weighted = losses.mean_squared_error(Y, P, sample_weight=weight, reduction="mean_with_sample_weight")
    assert weighted**0.5 == pytest.approx(
        np.sqrt(np.average(((Y - P) ** 2).mean(-1), weights=weight)), rel=1e-15
    )


def test_rmse_neither_overflows_nor_vanishes():
    for size in (1e-30, 1e30):
        e = np.float32([[3 * size, 4 * size]])
        zero = np.zeros_like(e)
        assert losses.root_mean_squared_error(zero, e) == pytest.approx(size * 12.5**0.5, rel=1e-6)
        np.testing.assert_allclose(
            losses.root_mean_squared_error_vjp(zero, e), np.array([[3, 4]]) / (2 * 12.5**0.5), rtol=1e-6
        )


def test_huber_smooth_l1_and_their_ends():
    for delta in (0.3, 1.0, 5.0):
        np.testing.assert_allclose(
            losses.huber(Y, P, delta), delta * losses.smooth_l1(Y, P, beta=delta), rtol=1e-15
        )
    np.testing.assert_allclose(losses.huber(Y, P, 1e6), losses.mean_squared_error(Y, P) / 2, rtol=1e-15)
    np.testing.assert_allclose(losses.smooth_l1(Y, P, 0), losses.mean_absolute_error(Y, P), rtol=1e-15)


def test_small_differences_keep_their_digits(dtype):
    """Where the obvious formulas return 0 or noise."""
    e = np.array([[1e-6]], dtype)
    zero = np.zeros_like(e)
    assert losses.log_cosh(zero, e) == pytest.approx(float(e[0, 0]) ** 2 / 2, rel=1e-6)
    y = np.array([[1000.0]], dtype)
    p = np.nextafter(y, 2000)
    exact = (float(p[0, 0] - y[0, 0]) / 1001) ** 2
    assert losses.mean_squared_logarithmic_error(y, p) == pytest.approx(exact, rel=1e-5)


def test_gaussian_nll_is_least_at_the_measured_variance():
    variance = np.linspace(0.5, 8, 200)[:, None]
    ones = np.ones_like(variance)
    values = losses.gaussian_nll(0 * ones, 2 * ones, variance, reduction=None)
    assert variance[values.argmin(), 0] == pytest.approx(4, abs=0.05)
    _, slope = losses.gaussian_nll_vjp([[0.0]], [[2.0]], [[4.0]])
    assert slope == 0
    full = losses.gaussian_nll(0 * ones, 2 * ones, variance, full=True, reduction=None)
    np.testing.assert_allclose(full - values, 0.5 * math.log(2 * math.pi), rtol=1e-13)


def test_poisson_of_a_rate_and_of_its_logarithm():
    y = np.array([[0.0, 1.0, 7.0]])
    z = np.array([[-2.0, 0.3, 2.0]])
    np.testing.assert_allclose(
        losses.poisson(y, np.exp(z), epsilon=0), losses.poisson(y, z, log_input=True), rtol=1e-14
    )
    stirling = 7 * math.log(7) - 7 + 0.5 * math.log(2 * math.pi * 7)
    extra = losses.poisson(y, z, log_input=True, full=True) - losses.poisson(y, z, log_input=True)
    assert extra == pytest.approx(stirling / 3, rel=1e-13)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: losses.huber(Y, P, delta=0), "huber: delta must be a positive number, not 0.0"),
        (lambda: losses.huber(Y, P, delta=math.inf), "huber: delta must be a positive number, not inf"),
        (lambda: losses.huber_vjp(Y, P, 1.0, -1), "huber: delta must be a positive number, not -1.0"),
        (lambda: losses.smooth_l1(Y, P, -1), "smooth_l1: beta must be 0 or a positive number, not -1.0"),
        (
            lambda: losses.poisson([[1.0, 1.0]], [[math.nan, -2.0]]),
            "poisson: y_pred holds -2.0, but a rate is not negative; "
            "pass log_input=True if y_pred is the logarithm of a rate",
        ),
        (
            lambda: losses.gaussian_nll([[1.0]], [[1.0]], [[-0.5]]),
            "gaussian_nll: variance holds -0.5, but a variance is not negative",
        ),
        (
            lambda: losses.gaussian_nll([[1.0]], [[1.0]], [0.5]),
            r"gaussian_nll: y_true has shape \(1, 1\) and variance has shape \(1,\); they must be equal.*",
        ),
        (
            lambda: losses.mean_absolute_percentage_error(Y, P, epsilon=0),
            "mean_absolute_percentage_error: epsilon must be a positive number, not 0.0",
        ),
    ],
)
def test_what_is_wrong_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        call()
