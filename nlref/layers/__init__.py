"""The layers of small networks in NumPy, forward and backward, with Keras' names, weights and defaults."""

from nlref.layers import initializers
from nlref.layers.core import Activation, Dense, Dropout, Flatten
from nlref.layers.layer import Layer

__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "initializers",
]
