"""Activation functions, elementwise, on NumPy arrays and TensorFlow tensors; ``<name>_vjp(x, g)`` is the gradient.

Names and arguments are Keras'. ``FACTS`` has one row a function: its range, kinks and counterparts elsewhere.
"""

from nlref.activations import rectifiers, sigmoids, smooth
from nlref.activations.rectifiers import leaky_relu, leaky_relu_vjp, linear, linear_vjp, relu, relu_vjp
from nlref.activations.sigmoids import sigmoid, sigmoid_vjp, tanh, tanh_vjp
from nlref.activations.smooth import softplus, softplus_vjp

FACTS = {**rectifiers.FACTS, **sigmoids.FACTS, **smooth.FACTS}

__all__ = [
    "FACTS",
    "leaky_relu",
    "leaky_relu_vjp",
    "linear",
    "linear_vjp",
    "relu",
    "relu_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "softplus",
    "softplus_vjp",
    "tanh",
    "tanh_vjp",
]
