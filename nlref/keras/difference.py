"""How far what Keras computed is from what NumPy computed: in ulp, absolute, and where."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nlref.ulp import ulp_error

Index = tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """The worst differences between two arrays of one shape.

    Attributes
    ----------
    ulp, ulp_at : the largest distance in units in the last place of Keras' dtype, and the index of that entry; entries
        that are smaller than the rounding of the largest count as large as that
    absolute, absolute_at : the largest ``|keras - numpy|``, and the index of that entry
    keras, numpy : what the two have there
    largest : the largest finite ``|numpy|`` of the whole array
    """

    ulp: float
    ulp_at: Index
    absolute: float
    absolute_at: Index
    keras: float
    numpy: float
    largest: float

    @property
    def relative(self) -> float:
        """The worst absolute difference by the largest entry, or by 1 if that is smaller: what a tolerance is for."""
        return self.absolute / max(self.largest, 1.0)

    def merged(self, other: "Difference") -> "Difference":
        """The worst of the two, which come from different samples of one comparison."""
        ulp = max(self, other, key=lambda difference: difference.ulp)
        absolute = max(self, other, key=lambda difference: difference.absolute)
        return Difference(
            ulp.ulp,
            ulp.ulp_at,
            absolute.absolute,
            absolute.absolute_at,
            absolute.keras,
            absolute.numpy,
            max(self.largest, other.largest),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain types; where one of the two is not finite and the other differs, "inf" stands for infinity."""
        return {
            "ulp": plain(self.ulp),
            "ulp_at": list(self.ulp_at),
            "absolute": plain(self.absolute),
            "absolute_at": list(self.absolute_at),
            "keras": plain(self.keras),
            "numpy": plain(self.numpy),
            "relative": plain(self.relative),
        }


def plain(number: float) -> float | str:
    """A number for JSON, which has neither infinities nor NaN."""
    return float(number) if np.isfinite(number) else str(float(number))


def _rounding(dtype: np.dtype) -> float:
    """The distance from 1 to the next number of this dtype."""
    if dtype.name == "bfloat16":
        return 2.0**-7
    return float(np.finfo(dtype).eps)


def difference(keras: np.ndarray, numpy: np.ndarray, first_sample: int = 0) -> Difference:
    """The worst differences of ``keras``, whose dtype sets the ulp, from ``numpy``, of the same shape.

    Equal infinities and two NaNs do not differ; any other pair with an infinity or a NaN differs by infinity.
    ``first_sample`` is added to the first index of the entries, for a batch that begins there.
    """
    if keras.shape != numpy.shape:
        raise ValueError(f"Keras gave the shape {keras.shape}, and NumPy {numpy.shape}")
    if not keras.size:
        return Difference(0.0, (), 0.0, (), float("nan"), float("nan"), 0.0)
    if keras.dtype.kind in "iub":
        keras = keras.astype(np.float64)
    ulp = ulp_error(keras, numpy)
    with np.errstate(all="ignore"):
        ours, theirs = numpy.astype(np.float64), keras.astype(np.float64)
        # What a sum leaves where it cancels, or a relu where one is just above 0 and the other below, is as exact as
        # the terms were; in its own ulp it would be off by up to 1e36.
        finite = np.abs(ours[np.isfinite(ours)])
        largest = float(finite.max(initial=0.0))
        least = largest * _rounding(keras.dtype)
        small = (np.abs(ours) < least) & np.isfinite(theirs)
        ulp = np.where(small, np.abs(theirs - ours) / (least * _rounding(keras.dtype) or 1.0), ulp)
        # A result that overflows in Keras' dtype alone is a difference; one that rounds to the same infinity is none.
        absolute = np.where(ulp == 0, 0.0, np.abs(theirs - ours))
        absolute = np.where(np.isnan(absolute), np.inf, absolute)

    def index(flat: Any) -> Index:
        first, *others = (int(i) for i in np.unravel_index(int(flat), keras.shape))
        return (first + first_sample, *others)

    worst, furthest = np.argmax(ulp), np.argmax(absolute)
    return Difference(
        ulp=float(ulp.flat[worst]),
        ulp_at=index(worst) if keras.ndim else (),
        absolute=float(absolute.flat[furthest]),
        absolute_at=index(furthest) if keras.ndim else (),
        keras=float(theirs.flat[furthest]),
        numpy=float(ours.flat[furthest]),
        largest=largest,
    )
