"""Loss functions, on NumPy arrays and TensorFlow tensors; ``<name>_vjp(y_true, y_pred, g)`` is the gradient.

Names and arguments are Keras'. ``FACTS`` has one row a function: exact values, counterparts elsewhere.
"""

from nlref.losses import regression
from nlref.losses.regression import mean_squared_error, mean_squared_error_vjp

FACTS = {**regression.FACTS}

__all__ = ["FACTS", "mean_squared_error", "mean_squared_error_vjp"]
