"""Convolution over images, as one matrix product of all windows with the kernel."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nlref import activations
from nlref.layers import initializers
from nlref.layers.arguments import channels_last, padding_name, pair, positive_integer
from nlref.layers.core import vjp
from nlref.layers.layer import Layer, Shape
from nlref.layers.windows import Windows

__all__ = ["Conv2D"]


class Conv2D(Layer):
    r"""The same weighted sum for every window of an image:

    .. math:: z_{n,r,s,f} = b_f + \sum_{i,j,c} x_{n,\, r\sigma + i\delta,\, s\sigma + j\delta,\, c}\; K_{i,j,c,f},
              \qquad y = f(z)

    with stride :math:`\sigma` and dilation :math:`\delta`. ``x`` is (batch, rows, columns, channels), ``kernel`` (rows
    and columns of a window, channels / groups, filters), ``bias`` (filters,), the output (batch, rows, columns,
    filters). The windows are written side by side as the rows of a matrix, so that the sums are one matrix product
    ("im2col"), and the gradients are those of `Dense`; that of the input is added up where windows overlap.

    Parameters
    ----------
    filters : number of outputs for each window
    kernel_size, strides, dilation_rate : one integer, or two for rows and columns
    padding : "valid", windows inside the image only, or "same", zeros around it (`Windows`)
    groups : the channels and the filters are cut into so many parts, and each part of the filters sums one of channels
    data_format : "channels_last" or None, which is the same
    activation, use_bias, and initializers and regularizers : as in `Dense`

    Raises
    ------
    TypeError, ValueError
        A number is not a positive integer; strides and dilation are both above 1; ``groups`` does not divide channels
        and filters; the input has not four axes, or other channels than the kernel; no window fits.

    Keras: ``keras.layers.Conv2D``.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        strides: int | tuple[int, int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, int] = (1, 1),
        groups: int = 1,
        activation: str | Callable | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Callable = "glorot_uniform",
        bias_initializer: str | Callable = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.filters = positive_integer(self.name, "filters", filters)
        self.groups = positive_integer(self.name, "groups", groups)
        self.windows = Windows(
            size=pair(self.name, "kernel_size", kernel_size),
            strides=pair(self.name, "strides", strides),
            padding=padding_name(self.name, padding),
            dilation=pair(self.name, "dilation_rate", dilation_rate),
        )
        if max(self.windows.strides) > 1 and max(self.windows.dilation) > 1:
            raise ValueError(f"{self.name}: strides and dilation_rate cannot both be above 1")
        if self.filters % self.groups:
            raise ValueError(f"{self.name}: {self.filters} filters cannot be cut into {self.groups} groups")
        channels_last(self.name, data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self._regularize(kernel=kernel_regularizer, bias=bias_regularizer if use_bias else None)

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        self.output_shape(input_shape)
        shape = (*self.windows.size, input_shape[-1] // self.groups, self.filters)
        self.parameters["kernel"] = self.kernel_initializer(shape, rng, self.dtype)
        if self.use_bias:
            self.parameters["bias"] = self.bias_initializer((self.filters,), rng, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        rows, columns = self.windows.fitted(self.name, input_shape)
        channels = input_shape[-1]
        if channels is None or channels % self.groups:
            raise ValueError(
                f"{self.name}: the channels of the input {input_shape} cannot be cut into {self.groups} groups"
            )
        if self.built and channels != (own := self.parameters["kernel"].shape[2] * self.groups):
            raise ValueError(
                f"{self.name}: the kernel {self.parameters['kernel'].shape} takes {own} channels, "
                f"and the input {input_shape} has {channels}"
            )
        return (input_shape[0], rows, columns, self.filters)

    def output_mask(self, x: np.ndarray, mask: np.ndarray | None) -> None:
        return None

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        x = self._input(x)
        padded = self.windows.pad(x)
        self._shapes = x.shape, padded.shape
        self._rows = self._as_rows(self.windows.view(padded))
        z = self._rows @ self._as_matrices(self.parameters["kernel"])
        self._z = z.transpose(1, 0, 2).reshape(self._forward_shape)
        if self.use_bias:
            self._z += self.parameters["bias"]
        return self.activation(self._z)

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        delta = vjp(self, self.activation, self._z, g)
        if self.use_bias:
            self.gradients["bias"] = delta.sum(axis=(0, 1, 2))

        delta = self._as_rows(delta[..., np.newaxis, np.newaxis, :])
        kernel = self.parameters["kernel"]
        kernel_gradient = self._rows.transpose(0, 2, 1) @ delta
        self.gradients["kernel"] = kernel_gradient.transpose(1, 0, 2).reshape(kernel.shape)

        shape, padded_shape = self._shapes
        padded = np.zeros(padded_shape, self.dtype)
        for row, column, pixels in self.windows.places(shape):
            pixel = self._as_matrices(kernel[row : row + 1, column : column + 1])
            part = (delta @ pixel.transpose(0, 2, 1)).transpose(1, 0, 2)
            padded[pixels] += part.reshape(*g.shape[:3], shape[3])
        return self.windows.crop(padded, shape)

    def _as_rows(self, windows: np.ndarray) -> np.ndarray:
        """(groups, all windows of all images, entries of a window that belong to the group)."""
        *number, rows, columns, channels = windows.shape
        own = channels // self.groups
        cut = windows.reshape(*number, rows, columns, self.groups, own)
        return np.moveaxis(cut, 5, 0).reshape(self.groups, math.prod(number), rows * columns * own)

    def _as_matrices(self, kernel: np.ndarray) -> np.ndarray:
        """(groups, entries of a window that belong to the group, filters of the group)."""
        rows, columns, own, filters = kernel.shape
        cut = kernel.reshape(rows * columns * own, self.groups, filters // self.groups)
        return cut.transpose(1, 0, 2)
