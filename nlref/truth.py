"""The truth that a kernel or a loss is measured against: mpmath's values of the exact formula, and inputs for it.

Used by tests and benchmarks; needs mpmath, which nlref itself does not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
        return _longdouble([exact(mpmath.mp, mpmath.mpf(float(element)), **(options or {})) for element in x])


def evaluate_rows(
    facts: Any, x: np.ndarray, g: np.ndarray | None = None, options: Mapping[str, Any] | None = None
) -> np.ndarray:
    """The values of each row of the 2-d array ``x``, or with ``g`` the gradients, as ``np.longdouble``.

    From ``facts.exact`` and ``facts.exact_vjp`` (see `nlref.facts.RowFacts`).
    """
    with mpmath.workdps(DIGITS):
        numbers = [
            [[mpmath.mpf(float(entry)) for entry in row] for row in a] for a in (x, g) if a is not None
        ]
        exact = facts.exact if g is None else facts.exact_vjp
        rows = [exact(mpmath.mp, *row, **(options or {})) for row in zip(*numbers, strict=True)]
        return _longdouble([entry for row in rows for entry in row]).reshape(len(x), -1)


def evaluate_loss(
    loss: Callable[..., Any], facts: Any, arrays: tuple, options: Mapping[str, Any]
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """The values of ``loss`` before reduction, and the gradients of their sum to each prediction, as ``np.longdouble``.

    From ``facts.exact`` (see `nlref.loss_facts.LossFacts`), the gradients by a difference quotient of order 4 whose
    step of 1e-12 of the point leaves 24 digits. ``arrays`` are the loss's array arguments.
    """
    positions = [loss.plan.names.index(name) for name in loss.plan.predictions]
    with mpmath.workdps(DIGITS):
        samples = list(_samples(loss, facts, arrays, options, positions[0]))
        value = np.empty(loss(*arrays, **options, reduction=None).shape, object)
        gradients = [np.zeros(arrays[position].shape, object) for position in positions]
        for index, sample in samples:
            value[index] = facts.exact(mpmath.mp, *sample, **options)
        for gradient, position in zip(gradients, positions, strict=True):
            last = np.moveaxis(gradient, *_used_last(loss, gradient.ndim, options))
            for index, sample in samples:
                part = last[(*index, ...)]  # a view, of one number too
                for entry in np.ndindex(part.shape):
                    part[entry] = _derivative(facts, options, sample, position, entry)
        true = [_longdouble(array.ravel()).reshape(array.shape) for array in (value, *gradients)]
    return true[0], tuple(true[1:])


def _used_last(loss: Callable, rank: int, options: Mapping[str, Any]) -> tuple[tuple, tuple]:
    """The arguments of ``np.moveaxis`` that put the axes that the formula uses up last."""
    used = loss.plan.used_axes(rank, options)
    return used, tuple(range(-len(used), 0))


def _samples(
    loss: Callable, facts: Any, arrays: tuple, options: Mapping[str, Any], first: int
) -> Iterator[tuple]:
    """``index, sample``: the index among the values, and the arrays of the sample as mpmath's numbers."""
    if facts.couples_samples:
        yield (), tuple(map(_to_mp, arrays))
        return
    rank = arrays[first].ndim
    source, target = _used_last(loss, rank, options)
    moved = [np.moveaxis(array, source, target) if array.ndim == rank else array for array in arrays]
    for index in np.ndindex(moved[first].shape[: rank - len(source)]):
        yield index, tuple(_to_mp(array[index]) for array in moved)


def _to_mp(array: Any) -> Any:
    if isinstance(array, np.ndarray) and array.ndim:
        result = np.empty(array.shape, object)
        for index in np.ndindex(array.shape):
            result[index] = _to_mp(array[index])
        return result
    return int(array) if np.asarray(array).dtype.kind in "iub" else mpmath.mpf(float(array))


def _derivative(facts: Any, options: Mapping, sample: tuple, position: int, entry: tuple) -> Any:
    def along(t):
        array = sample[position]
        if isinstance(array, np.ndarray):
            array = array.copy()
            array[entry] = t
        else:
            array = t
        value = facts.exact(mpmath.mp, *sample[:position], array, *sample[position + 1 :], **options)
        return np.sum(value) if isinstance(value, np.ndarray) else value

    at = sample[position][entry] if isinstance(sample[position], np.ndarray) else sample[position]
    # Relative to the point: a step that is right for 1 would cross a kink at 1e-3.
    h = abs(at) * mpmath.mpf(10) ** -12 if at else mpmath.mpf(10) ** -12
    return (along(at - 2 * h) - 8 * along(at - h) + 8 * along(at + h) - along(at + 2 * h)) / (12 * h)


def _longdouble(values: Iterable) -> np.ndarray:
    # frexp first: the tail of a number near the end of float64's range would not be a float64 itself.
    fractions, exponents = zip(*(mpmath.frexp(value) for value in values), strict=True)
    heads = list(map(float, fractions))
    tails = [float(fraction - head) for fraction, head in zip(fractions, heads, strict=True)]
    exponents = [int(min(max(exponent, -20_000), 20_000)) for exponent in exponents]
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(np.array(heads, np.longdouble) + np.array(tails, np.longdouble), exponents)
