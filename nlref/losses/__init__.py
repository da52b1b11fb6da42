"""Loss functions, on NumPy arrays and TensorFlow tensors; ``<name>_vjp(y_true, y_pred, g)`` is the gradient.

Names and arguments are Keras'. ``FACTS`` has one row a function: exact values, counterparts elsewhere.
"""

from nlref.losses import regression
from nlref.losses.regression import (
    gaussian_nll,
    gaussian_nll_vjp,
    huber,
    huber_vjp,
    log_cosh,
    log_cosh_vjp,
    mean_absolute_error,
    mean_absolute_error_vjp,
    mean_absolute_percentage_error,
    mean_absolute_percentage_error_vjp,
    mean_squared_error,
    mean_squared_error_vjp,
    mean_squared_logarithmic_error,
    mean_squared_logarithmic_error_vjp,
    poisson,
    poisson_vjp,
    root_mean_squared_error,
    root_mean_squared_error_vjp,
    smooth_l1,
    smooth_l1_vjp,
)

FACTS = {**regression.FACTS}

__all__ = [
    "FACTS",
    "gaussian_nll",
    "gaussian_nll_vjp",
    "huber",
    "huber_vjp",
    "log_cosh",
    "log_cosh_vjp",
    "mean_absolute_error",
    "mean_absolute_error_vjp",
    "mean_absolute_percentage_error",
    "mean_absolute_percentage_error_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "mean_squared_logarithmic_error",
    "mean_squared_logarithmic_error_vjp",
    "poisson",
    "poisson_vjp",
    "root_mean_squared_error",
    "root_mean_squared_error_vjp",
    "smooth_l1",
    "smooth_l1_vjp",
]
