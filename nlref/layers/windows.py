"""Windows that slide over images: where they lie, for convolution and pooling alike."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nlref.layers.layer import Shape

__all__ = ["Windows"]


@dataclass(frozen=True)
class Windows:
    """Windows of ``size`` pixels, ``dilation`` apart, that start every ``strides`` pixels.

    Images are (batch, rows, columns, channels).

    ``padding`` "valid" has windows inside the image only; "same" adds pixels around it, the odd one below and on the
    right, so that there is a window for every ``strides`` pixels: ceil(rows / stride) rows of them.
    """

    size: tuple[int, int]
    strides: tuple[int, int]
    padding: str
    dilation: tuple[int, int] = (1, 1)

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns from the first pixel of a window to its last."""
        return tuple(
            (size - 1) * dilation + 1 for size, dilation in zip(self.size, self.dilation, strict=True)
        )

    def number(self, shape: Shape) -> Shape:
        """Rows and columns of windows for images of ``shape``; None where the image's are not known, 0 for none."""
        counts = []
        for length, extent, stride in zip(shape[1:3], self.extent, self.strides, strict=True):
            if length is None:
                counts.append(None)
            elif self.padding == "same":
                counts.append(-(-length // stride))
            else:
                counts.append(max((length - extent) // stride + 1, 0))
        return tuple(counts)

    def fitted(self, layer: str, shape: Shape) -> Shape:
        """`number`, for images that have a window.

        Raises
        ------
        ValueError
            ``shape`` has not four axes, or its rows or columns are fewer than those of a window.
        """
        if len(shape) != 4:
            raise ValueError(f"{layer}: the input must be (batch, rows, columns, channels), not {shape}")
        number = self.number(shape)
        if 0 in number:
            raise ValueError(
                f"{layer}: no window of {self.extent[0]} x {self.extent[1]} pixels fits into the input {shape}; "
                "padding='same' adds zeros around it"
            )
        return number

    def margins(self, shape: Shape) -> list[tuple[int, int]]:
        """Pixels to add before and after the rows, and the columns, of images of ``shape``."""
        margins = []
        number = self.number(shape)
        for length, count, extent, stride in zip(shape[1:3], number, self.extent, self.strides, strict=True):
            missing = max((count - 1) * stride + extent - length, 0) if self.padding == "same" else 0
            margins.append((missing // 2, missing - missing // 2))
        return margins

    def pad(self, x: np.ndarray, value: float = 0.0) -> np.ndarray:
        """``x`` with its margins, which hold ``value``."""
        margins = self.margins(x.shape)
        if not np.any(margins):
            return x
        return np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=value)

    def crop(self, padded: np.ndarray, shape: Shape) -> np.ndarray:
        """The images of ``shape`` inside ``padded``, without their margins."""
        (top, _), (left, _) = self.margins(shape)
        return padded[:, top : top + shape[1], left : left + shape[2]]

    def places(self, shape: Shape) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
        """For each pixel of a window its row and column there, and the index that takes this pixel of every window."""
        rows, columns = self.number(shape)
        for row in range(self.size[0]):
            for column in range(self.size[1]):
                yield (
                    row,
                    column,
                    (
                        slice(None),
                        _every(row * self.dilation[0], rows, self.strides[0]),
                        _every(column * self.dilation[1], columns, self.strides[1]),
                    ),
                )

    def view(self, padded: np.ndarray) -> np.ndarray:
        """Every window of padded images, uncopied: (batch, rows, columns, its rows, its columns, channels)."""
        all_windows = np.lib.stride_tricks.sliding_window_view(padded, self.extent, axis=(1, 2))
        (down, right), (below, beside) = self.strides, self.dilation
        return all_windows[:, ::down, ::right, :, ::below, ::beside].transpose(0, 1, 2, 4, 5, 3)


def _every(start: int, count: int, step: int) -> slice:
    return slice(start, start + (count - 1) * step + 1, step)
