"""What every layer does: build its weights, go forward, carry a gradient back."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nlref.layers import regularizers

Shape = tuple[int | None, ...]


class Layer:
    """One step of a network: `forward` computes its output, `backward` carries a gradient back through it.

    ``backward(g)`` belongs to the latest ``forward``: it takes the gradient of the loss with respect to that output,
    of the output's shape, returns the gradient with respect to that input, and leaves the gradients of the weights in
    ``gradients``. Layers compute in their ``dtype``, which their input is converted to.

    A subclass says in `output_shape` which shapes it takes; `_input` and `_upstream`, the first lines of its `forward`
    and `backward`, hold the arrays to it.

    Parameters
    ----------
    name : how messages and comparisons call this layer; by default as Keras does, ``max_pooling2d``
    dtype : "float32", as in Keras, or "float64"

    Attributes
    ----------
    parameters : dict of the trained arrays by Keras' names, in Keras' order, filled by `build`
    gradients : dict of their gradients by the same names, filled by `backward`
    state : dict of arrays that are kept but not trained: moving averages
    regularizers : dict from the name of a parameter to the penalty on it
    """

    def __init__(self, *, name: str | None = None, dtype: str = "float32") -> None:
        self.name = name or _snake_case(type(self).__name__)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(f"{self.name}: a layer computes in float32 or float64, not in {self.dtype}")
        self.parameters: dict[str, np.ndarray] = {}
        self.gradients: dict[str, np.ndarray] = {}
        self.state: dict[str, np.ndarray] = {}
        self.regularizers: dict[str, Callable] = {}
        self.built = False
        self._forward_shape: Shape | None = None

    def build(self, input_shape: Shape, rng: np.random.Generator | None = None) -> None:
        """Make the weights for inputs of ``input_shape``, whose first entry, the batch, may be None; once only."""
        if not self.built:
            self._build(tuple(input_shape), np.random.default_rng() if rng is None else rng)
            self.built = True

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Fill ``parameters`` and ``state``; a layer without weights leaves it at that."""

    def __call__(self, x: Any, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """`forward`, building the layer first if that was not done."""
        x = np.asarray(x)
        self.build((None, *x.shape[1:]))
        return self.forward(x, training=training, mask=mask)

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        """The output for a batch ``x``; ``mask`` (batch, steps) is False where a step is to be left out."""
        raise NotImplementedError

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The gradient with respect to the latest input, from that with respect to its output."""
        raise NotImplementedError

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the output for an input of ``input_shape``, the batch first.

        Raises
        ------
        ValueError
            The layer does not take inputs of this shape.
        """
        return input_shape

    def output_mask(self, x: np.ndarray, mask: np.ndarray | None) -> np.ndarray | None:
        """The mask that the next layer gets; layers after which there are no steps give None."""
        return mask

    def penalty(self) -> float:
        """What the regularizers add to the loss."""
        return float(sum(penalty(self.parameters[name]) for name, penalty in self.regularizers.items()))

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the parameters, then of the state, in the order of Keras' ``layer.get_weights()``."""
        return [array.copy() for array in (*self.parameters.values(), *self.state.values())]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take over weights as Keras' ``layer.get_weights()`` gives them, for a layer that is built.

        Raises
        ------
        ValueError
            The layer is not built, or the number of arrays or one of their shapes is not its own.
        """
        own = {**self.parameters, **self.state}
        if not self.built:
            raise ValueError(f"{self.name}: build the layer, or call the network once, before set_weights")
        if len(weights) != len(own):
            raise ValueError(
                f"{self.name}: set_weights needs {len(own)} arrays ({', '.join(own)}), not {len(weights)}"
            )
        for name, array in zip(own, weights, strict=True):
            if np.shape(array) != own[name].shape:
                raise ValueError(
                    f"{self.name}: {name} has the shape {own[name].shape}, and set_weights was given {np.shape(array)}"
                )
        for name, array in zip(own, weights, strict=True):
            own[name][...] = array

    def _input(self, x: Any) -> np.ndarray:
        """``x`` in the layer's dtype, for a layer that is built and takes its shape.

        Raises
        ------
        ValueError
            The layer is not built, or does not take arrays of this shape.
        TypeError
            ``x`` is not made of real numbers.
        """
        if not self.built:
            raise ValueError(f"{self.name}: build the layer before forward, or call it: layer(x)")
        x = self._numbers("the input", x)
        self._forward_shape = self.output_shape(x.shape)
        return x

    def _upstream(self, g: Any) -> np.ndarray:
        """``g``, the gradient with respect to the latest output, in the layer's dtype.

        Raises
        ------
        ValueError
            There was no `forward`, or its output has another shape.
        TypeError
            ``g`` is not made of real numbers.
        """
        if self._forward_shape is None:
            raise ValueError(f"{self.name}: backward belongs to a forward, and there was none")
        g = self._numbers("the gradient", g)
        if g.shape != self._forward_shape:
            raise ValueError(
                f"{self.name}: the output has the shape {self._forward_shape}, its gradient {g.shape}"
            )
        return g

    def _numbers(self, what: str, array: Any) -> np.ndarray:
        array = np.asarray(array)
        if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
            raise TypeError(f"{self.name}: {what} must be real numbers, not {array.dtype.name}")
        return array.astype(self.dtype, copy=False)

    def _regularize(self, **penalties: Any) -> None:
        """Take up the regularizers of parameters, given by the parameter's name; None is none."""
        for parameter, penalty in penalties.items():
            if penalty is not None:
                self.regularizers[parameter] = regularizers.get(penalty)


def _snake_case(name: str) -> str:
    """A class's name as Keras writes it for its objects."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
