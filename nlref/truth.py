"""The truth that a kernel is measured against: mpmath's values of the exact formula, on inputs that leave nothing out.

Used by tests and benchmarks; needs mpmath, which nlref itself does not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np

DIGITS = (
    40  # textbook formulas lose nothing in relative accuracy at any precision; this is twice what is compared
)


def sample(dtype: type, kinks: Sequence[float] = (), seed: int = 0) -> np.ndarray:
    """About 5000 finite inputs of ``dtype``, float32 or float64, sorted.

    Both signs spaced evenly in the logarithm from the smallest subnormal to the largest number, a normal cloud, an even
    grid over the numbers whose exponential is finite, and both sides of 0 and of every kink, from the nearest
    neighbours outwards.
    """
    generator = np.random.default_rng(seed)
    limits = np.finfo(dtype)
    low, high = np.log(float(limits.smallest_subnormal)), np.log(float(limits.max))
    magnitudes = np.exp(np.linspace(low, high, 900)[:-1])
    edge = np.log(float(limits.max)) + 30
    parts = [
        magnitudes,
        -magnitudes,
        generator.normal(size=1500),
        generator.normal(scale=10, size=500),
        np.linspace(-edge, edge, 1001),
        [0.0, -0.0, limits.max, -limits.max, limits.tiny, -limits.tiny],
    ]
    for kink in (0.0, *kinks):
        steps = np.geomspace(1e-12, 1, 40)
        parts += [kink + steps, kink - steps, _neighbours(dtype(kink), 8)]
    with np.errstate(over="ignore"):
        inputs = np.concatenate(parts).astype(dtype)
    return np.unique(inputs[np.isfinite(inputs)])


def _neighbours(x: np.floating, count: int) -> list:
    above, below = [x], [x]
    for _ in range(count):
        above.append(np.nextafter(above[-1], x.dtype.type(np.inf)))
        below.append(np.nextafter(below[-1], x.dtype.type(-np.inf)))
    return above + below


def evaluate(
    exact: Callable[..., Any], x: np.ndarray, options: Mapping[str, Any] | None = None
) -> np.ndarray:
    """``exact(mp, x, **options)`` at every element of the 1-d array ``x``, as ``np.longdouble``.

    Where ``np.longdouble`` is no longer than float64 (Windows, ARM), the truth is half an ulp of float64 off.
    """
    with mpmath.workdps(DIGITS):
        # frexp first: the tail of a number near the end of float64's range would not be a float64 itself.
        values = [exact(mpmath.mp, mpmath.mpf(float(element)), **(options or {})) for element in x]
        fractions, exponents = zip(*map(mpmath.frexp, values), strict=True)
        heads = list(map(float, fractions))
        tails = [float(fraction - head) for fraction, head in zip(fractions, heads, strict=True)]
    exponents = [int(min(max(exponent, -20_000), 20_000)) for exponent in exponents]
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.array(heads, np.longdouble) + np.array(tails, np.longdouble), exponents)
