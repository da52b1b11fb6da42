"""Activation functions with options, or with a weight of their own, as layers; `Activation` makes one of any other."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nlref import activations
from nlref.layers import initializers
from nlref.layers.arguments import integer, not_negative, number
from nlref.layers.core import Activation
from nlref.layers.layer import Layer, Shape

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class ReLU(Activation):
    """`nlref.activations.relu`, with its ``max_value``, ``negative_slope`` and ``threshold``, none of them negative.

    Keras: ``keras.layers.ReLU``; `relu` says where the slopes at the kinks differ.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(activations.relu, name=name, dtype=dtype)
        self.options = {
            "max_value": None if max_value is None else not_negative(self.name, "max_value", max_value),
            "negative_slope": not_negative(self.name, "negative_slope", negative_slope),
            "threshold": not_negative(self.name, "threshold", threshold),
        }


class LeakyReLU(Activation):
    """`nlref.activations.leaky_relu`; here ``negative_slope`` is 0.3 if it is not given, and not negative.

    Keras: ``keras.layers.LeakyReLU``.
    """

    def __init__(
        self, negative_slope: float = 0.3, *, name: str | None = None, dtype: str = "float32"
    ) -> None:
        super().__init__(activations.leaky_relu, name=name, dtype=dtype)
        self.options = {"negative_slope": not_negative(self.name, "negative_slope", negative_slope)}


class ELU(Activation):
    """`nlref.activations.elu` with its ``alpha``.

    Keras: ``keras.layers.ELU``.
    """

    def __init__(self, alpha: float = 1.0, *, name: str | None = None, dtype: str = "float32") -> None:
        super().__init__(activations.elu, name=name, dtype=dtype)
        self.options = {"alpha": number(self.name, "alpha", alpha)}


class Softmax(Activation):
    """`nlref.activations.softmax` along ``axis``, one or several.

    ``forward(x, mask=mask)`` leaves out the entries where ``mask``, which broadcasts to the shape of ``x``, is False:
    they get 0.

    Keras: ``keras.layers.Softmax``.
    """

    def __init__(
        self, axis: int | Sequence[int] = -1, *, name: str | None = None, dtype: str = "float32"
    ) -> None:
        super().__init__(activations.softmax, name=name, dtype=dtype)
        several = isinstance(axis, tuple | list)
        self.axis = tuple(axis) if several else integer(self.name, "axis", axis)

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        self.options = {"axis": self.axis, "mask": None if mask is None else np.asarray(mask, bool)}
        return super().forward(x, training=training)


class PReLU(Layer):
    r""":math:`x` where it is positive, else :math:`\alpha x`, with one learned slope for every entry of a sample.

    ``alpha`` has the shape of a sample, with length 1 on the axes that share their slope.

    Backward: :math:`g` or :math:`\alpha g`, and for ``alpha`` the sum of :math:`g \min(x, 0)`.

    Parameters
    ----------
    alpha_initializer, alpha_regularizer : as a kernel's in `nlref.layers.Dense`
    shared_axes : axes, counted from 1, along which there is one slope: (1, 2) for one a channel of images

    Raises
    ------
    ValueError
        An axis is not one of a sample's; the input has another shape than ``alpha`` is for.

    Keras: ``keras.layers.PReLU``, whose slope at 0 is 0; here it is ``alpha``. Source: He et al., "Delving deep into
    rectifiers", 2015.
    """

    def __init__(
        self,
        alpha_initializer: str | Callable = "zeros",
        alpha_regularizer: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.alpha_initializer = initializers.get(alpha_initializer)
        if shared_axes is None:
            shared_axes = ()
        elif not isinstance(shared_axes, tuple | list):
            shared_axes = (shared_axes,)
        self.shared_axes = tuple(integer(self.name, "shared_axes", axis) for axis in shared_axes)
        self._regularize(alpha=alpha_regularizer)

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        for axis in self.shared_axes:
            if not 1 <= axis < len(input_shape):
                raise ValueError(
                    f"{self.name}: shared_axes of {input_shape} are from 1 to {len(input_shape) - 1}, not {axis}"
                )
        shape = tuple(1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape))[1:]
        if None in shape:
            raise ValueError(
                f"{self.name}: a slope for each entry needs the lengths of all axes, not {input_shape}"
            )
        self.parameters["alpha"] = self.alpha_initializer(shape, rng, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        if self.built:
            alpha = self.parameters["alpha"].shape
            if len(alpha) != len(input_shape) - 1 or any(
                own not in (1, given) for own, given in zip(alpha, input_shape[1:], strict=True)
            ):
                raise ValueError(
                    f"{self.name}: the slopes {alpha} are not for a sample of the input {input_shape}"
                )
        return input_shape

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        self._x = self._input(x)
        return activations.prelu(self._x, self.parameters["alpha"])

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        gradient, self.gradients["alpha"] = activations.prelu_vjp(self._x, g, self.parameters["alpha"])
        return gradient
