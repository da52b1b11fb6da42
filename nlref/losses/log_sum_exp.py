"""Sums of numbers that are given by their logarithms, where -inf stands for 0."""

import math

from nlref.kernel import Array, namespace

__all__ = ["finite", "log_sum_exp"]


def log_sum_exp(x: Array, axis: int, keepdims: bool = False) -> Array:
    """``log(sum(exp(x), axis))`` without overflow: -inf where all of ``x`` is, with the gradient 0; NaN at NaN."""
    xp = namespace(x)
    largest = finite(xp.max(x, axis=axis, keepdims=True))
    total = xp.sum(xp.exp(x - largest), axis=axis, keepdims=True)
    nothing = total == 0
    result = xp.where(nothing, -math.inf, largest + xp.log(xp.where(nothing, 1.0, total)))
    return result if keepdims else xp.squeeze(result, axis=axis)


def finite(x: Array) -> Array:
    """``x``, 0 where it is -inf: what may be subtracted from -inf without making NaN of it."""
    return namespace(x).where(x == -math.inf, 0.0, x)
