"""The layers of small networks in NumPy, forward and backward, with Keras' names, weights and defaults."""

from nlref.layers import initializers, regularizers
from nlref.layers.activation import ELU, LeakyReLU, PReLU, ReLU, Softmax
from nlref.layers.convolution import Conv2D
from nlref.layers.core import Activation, Dense, Dropout, Flatten
from nlref.layers.embedding import Embedding
from nlref.layers.layer import Layer
from nlref.layers.normalization import BatchNormalization
from nlref.layers.pooling import AveragePooling2D, MaxPooling2D
from nlref.layers.recurrent import GRU, LSTM, SimpleRNN

__all__ = [
    "ELU",
    "GRU",
    "LSTM",
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxPooling2D",
    "PReLU",
    "ReLU",
    "SimpleRNN",
    "Softmax",
    "initializers",
    "regularizers",
]
