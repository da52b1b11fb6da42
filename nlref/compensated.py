"""Differences and quotients with their rounding error, for formulas that go on to take an exponential.

:math:`e^d` turns an absolute error of ``d`` into a relative one: with ``d`` near -80 half an ulp of ``d`` is 32 ulp of
the result in float32 (512 ulp near -700 in float64). ``exp(d) * (1 + error)`` puts that right.
"""

import math

import numpy as np

from nlref.kernel import Array, namespace

__all__ = ["difference", "quotient"]


def difference(a: Array, b: Array) -> tuple[Array, Array]:
    """``(d, error)`` with ``d = a - b`` rounded and ``d + error`` exact, if ``d`` is finite.

    Source: Knuth, "The Art of Computer Programming", volume 2, section 4.2.2, theorem B.
    """
    d = a - b
    rest = d - a
    return d, (a - (d - rest)) - (b + rest)


def quotient(a: Array, divisor: float, rest: Array | float = 0.0) -> tuple[Array, Array]:
    """``(q, error)`` with ``q = a / divisor`` rounded and ``q + error`` right to half as many digits again.

    ``rest`` is the rounding error of ``a``, if that has one: it is ``a + rest`` that is divided.

    ``divisor`` is a positive Python number; in float32 it counts with more digits than float32 has, but is taken for
    the nearest normal number where it is beyond them. Where the quotient is beyond 2000, and its exponential 0 or
    infinite, ``error`` is 0.

    Source: Dekker, "A floating-point technique for extending the available precision", 1971.
    """
    xp = namespace(a)
    single = a.dtype == np.float32
    tiny, largest = (2.0**-126, 2.0**127) if single else (2.0**-1022, 2.0**1023)
    divisor = min(max(divisor, tiny), largest / 8)
    q = a / divisor
    head_digits, tail_digits = (12, 12) if single else (26, 27)
    scaled = q * (2.0**tail_digits + 1.0)
    q_head = scaled - (scaled - q)
    q_tail = q - q_head
    head = _rounded(divisor, head_digits)
    tail = divisor - head
    # q_head * head is exact, and so near to a that the subtraction is too.
    remainder = (a - q_head * head) - (q_head * tail + q_tail * divisor) + rest
    return q, xp.where(xp.abs(q) < 2000.0, remainder / divisor, 0.0)


def _rounded(number: float, digits: int) -> float:
    fraction, exponent = math.frexp(number)
    return math.ldexp(round(math.ldexp(fraction, digits)), exponent - digits)
