"""Embedding: a row of numbers for each word of a vocabulary."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nlref.layers import initializers
from nlref.layers.arguments import positive_integer
from nlref.layers.layer import Layer, Shape

__all__ = ["Embedding"]


class Embedding(Layer):
    r"""Looks up a row for each index: :math:`y = E_{x}`, so that (batch, steps) becomes (batch, steps, output_dim).

    ``x`` are integers of any shape from 0 to ``input_dim`` - 1, or floats that are whole; ``embeddings`` is
    (input_dim, output_dim).

    Backward: a row of the gradient of ``embeddings`` is the sum of the gradients wherever it was looked up. Indices
    cannot be moved a little, so the gradient with respect to the input is 0.

    Parameters
    ----------
    input_dim, output_dim : size of the vocabulary, and of a row
    embeddings_initializer, embeddings_regularizer : as a kernel's in `Dense`
    mask_zero : whether index 0 stands for no word: `output_mask` is then False there, and later layers leave it out

    Raises
    ------
    TypeError, ValueError
        A size is not a positive integer; an index is not whole, or outside the vocabulary.

    Keras: ``keras.layers.Embedding``, which truncates floats.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: str | Callable = "uniform",
        embeddings_regularizer: Any = None,
        *,
        mask_zero: bool = False,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.input_dim = positive_integer(self.name, "input_dim", input_dim)
        self.output_dim = positive_integer(self.name, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.mask_zero = mask_zero
        self._regularize(embeddings=embeddings_regularizer)

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        shape = (self.input_dim, self.output_dim)
        self.parameters["embeddings"] = self.embeddings_initializer(shape, rng, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def output_mask(self, x: np.ndarray, mask: np.ndarray | None) -> np.ndarray | None:
        return np.asarray(x) != 0 if self.mask_zero else None

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        self._x = self._input(x)
        return self.parameters["embeddings"][self._x]

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        gradient = np.zeros_like(self.parameters["embeddings"])
        np.add.at(gradient, self._x, g)
        self.gradients["embeddings"] = gradient
        return np.zeros(self._x.shape, self.dtype)

    def _input(self, x: Any) -> np.ndarray:
        super()._input(x)
        x = np.asarray(x)  # not in the layer's dtype: float32 does not have all integers
        outside = ~((x >= 0) & (x < self.input_dim))
        if outside.any():
            raise ValueError(
                f"{self.name}: indices are from 0 to {self.input_dim - 1} (input_dim is {self.input_dim}), "
                f"and the input has {x[outside][0]}"
            )
        indices = x.astype(np.intp)
        if (indices != x).any():
            raise ValueError(
                f"{self.name}: indices are whole numbers, and the input has {x[indices != x][0]}"
            )
        return indices
