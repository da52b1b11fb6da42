"""Pooling: of every window of an image one number a channel, the largest or the mean."""

import numpy as np

from nlref.layers.arguments import channels_last, padding_name, pair
from nlref.layers.layer import Layer, Shape
from nlref.layers.windows import Windows

__all__ = ["AveragePooling2D", "MaxPooling2D"]


class _Pooling2D(Layer):
    """The windows of both."""

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.windows = Windows(
            size=pair(self.name, "pool_size", pool_size),
            strides=pair(self.name, "strides", pool_size if strides is None else strides),
            padding=padding_name(self.name, padding),
        )
        channels_last(self.name, data_format)

    def output_shape(self, input_shape: Shape) -> Shape:
        rows, columns = self.windows.fitted(self.name, input_shape)
        return (input_shape[0], rows, columns, input_shape[3])

    def output_mask(self, x: np.ndarray, mask: np.ndarray | None) -> None:
        return None


class MaxPooling2D(_Pooling2D):
    """The largest entry of every window, channel by channel.

    (batch, rows, columns, channels) becomes (batch, windows down, windows across, channels).

    Backward: the gradient goes to the entry that was the largest, the first of them row by row where several are; an
    entry that was the largest of several windows gets the sum.

    Parameters
    ----------
    pool_size : rows and columns of a window, one integer or two
    strides : pixels from a window to the next; None for windows side by side, ``pool_size``
    padding : "valid", windows inside the image only, or "same", windows that reach over its edges too (`Windows`)
    data_format : "channels_last" or None, which is the same

    Raises
    ------
    TypeError, ValueError
        A number is not a positive integer; the input has not four axes; no window fits.

    Keras: ``keras.layers.MaxPooling2D``. A window with NaN gives NaN here, and in Keras the largest of the others.
    """

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        self._x = self._input(x)
        padded = self.windows.pad(self._x, -np.inf)
        self._largest = np.full(self._forward_shape, -np.inf, self.dtype)
        for _, _, pixels in self.windows.places(self._x.shape):
            np.maximum(self._largest, padded[pixels], out=self._largest)
        return self._largest.copy()

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        padded = self.windows.pad(self._x, -np.inf)
        gradient = np.zeros_like(padded)
        open_ = np.ones(g.shape, bool)  # windows whose largest entry has not been met yet
        for _, _, pixels in self.windows.places(self._x.shape):
            here = open_ & (padded[pixels] == self._largest)
            gradient[pixels] += np.where(here, g, 0)
            open_ &= ~here
        return self.windows.crop(gradient, self._x.shape)


class AveragePooling2D(_Pooling2D):
    """The mean of every window, channel by channel; of what lies inside the image, where ``padding`` is "same".

    (batch, rows, columns, channels) becomes (batch, windows down, windows across, channels). Parameters and errors are
    those of `MaxPooling2D`.

    Backward: every entry gets the gradient of each window that it lies in, over the window's number of entries.

    Keras: ``keras.layers.AveragePooling2D``.
    """

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        x = self._input(x)
        self._input_shape = x.shape
        return self._sums(x) / self._counts()

    def backward(self, g: np.ndarray) -> np.ndarray:
        share = self._upstream(g) / self._counts()
        shape = self._input_shape
        gradient = self.windows.pad(np.zeros(shape, self.dtype))
        for _, _, pixels in self.windows.places(shape):
            gradient[pixels] += share
        return self.windows.crop(gradient, shape)

    def _sums(self, x: np.ndarray) -> np.ndarray:
        padded = self.windows.pad(x)
        return sum(padded[pixels] for _, _, pixels in self.windows.places(x.shape))

    def _counts(self) -> np.ndarray:
        """The number of entries of each window that lie inside the image."""
        return self._sums(np.ones((1, *self._input_shape[1:3], 1), self.dtype))
