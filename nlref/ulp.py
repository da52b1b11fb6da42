"""Floating-point error in units in the last place, the measure in which the accuracy of a kernel is stated."""

import numpy as np
from numpy.typing import ArrayLike

# Significant bits, and the exponents of the smallest and the largest normal number (2**exponent), by dtype name.
_FORMATS = {
    "float16": (11, -14, 15),
    "bfloat16": (8, -126, 127),
    "float32": (24, -126, 127),
    "float64": (53, -1022, 1023),
}


def ulp_error(value: ArrayLike, truth: ArrayLike) -> np.ndarray:
    r"""Distance of ``value`` from ``truth`` in units in the last place (ulp) of ``value``'s dtype, elementwise.

    .. math:: \frac{|v - t|}{2^{\,e - p + 1}},\qquad 2^e \le |t| < 2^{e+1}

    with :math:`p` significant bits (24 in float32, 53 in float64, 11 in float16, 8 in bfloat16). Below the smallest
    normal number the unit is the spacing of the subnormal numbers, so the error stays finite at a true 0. A correctly
    rounded result is at most 0.5 away, a result one representable number off at most 1.5.

    Parameters
    ----------
    value
        What was computed: float16, bfloat16, float32 or float64, any shape. Its dtype sets the unit. A Python number
        or list counts as float64.
    truth
        The exact result, as float64 or ``np.longdouble``, of a shape that broadcasts with ``value``. For a float64
        ``value`` the truth should come from a longer format: a truth rounded to float64 is itself half an ulp off.

    Returns
    -------
    float64 array of the broadcast shape, at least 0. Two NaNs are 0 apart, as are equal infinities; a truth that
    rounds to infinity in ``value``'s dtype counts as that infinity. A NaN or an infinity against anything else is
    ``inf`` away.

    Raises
    ------
    TypeError
        ``value`` is not of one of the four dtypes, or ``truth`` is not real.
    ValueError
        The two shapes do not broadcast.

    Source
        J.-M. Muller, "On the definition of ulp(x)", INRIA RR-5504, 2005 (Goldberg's definition).

    >>> ulp_error(np.float32(1.0000001), 1.0)
    array(1.)
    """
    value, truth = np.asarray(value), np.asarray(truth)
    dtype = value.dtype
    if dtype.name not in _FORMATS:
        raise TypeError(f"ulp_error: value must be {', '.join(_FORMATS)}, not {dtype.name}")
    if truth.dtype.kind not in "fiu" and truth.dtype.name not in _FORMATS:
        raise TypeError(f"ulp_error: truth must be real numbers, not {truth.dtype.name}")
    try:
        np.broadcast_shapes(value.shape, truth.shape)
    except ValueError:
        raise ValueError(
            f"ulp_error: value of shape {value.shape} and truth of shape {truth.shape} do not broadcast"
        ) from None
    precision, lowest, highest = _FORMATS[dtype.name]
    with np.errstate(all="ignore"):
        value, truth = value.astype(np.longdouble), truth.astype(np.longdouble)
        one = np.longdouble(1)
        # Halfway between the largest finite number and the next power of two: from here on truth rounds to infinity.
        overflow = np.ldexp(one, highest + 1) - np.ldexp(one, highest - precision)
        truth = np.where(np.abs(truth) >= overflow, np.copysign(np.inf, truth), truth)
        exponent = np.where(truth == 0, lowest, np.maximum(np.frexp(truth)[1] - 1, lowest))
        error = np.abs(value - truth) / np.ldexp(one, exponent - precision + 1)
        error = np.where((value == truth) | (np.isnan(value) & np.isnan(truth)), 0, error)
        return np.asarray(np.where(np.isnan(error), np.inf, error), dtype=np.float64)
