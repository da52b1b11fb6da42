"""The layers of small networks in NumPy, forward and backward, with Keras' names, weights and defaults."""

from nlref.layers.layer import Layer

__all__ = ["Layer"]
