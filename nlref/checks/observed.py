"""What outcomes show by themselves, whatever was meant: an axis that is missing, numbers that overflowed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nlref.checks.call import Outcome
from nlref.checks.exercise import Mistake
from nlref.checks.values import as_numbers


def _nothing_to_call(*args: Any, **kwargs: Any) -> None:
    raise TypeError("this mistake is known by what outcomes show")


def _observed(name: str, sentence: str) -> Mistake:
    return Mistake(name, _nothing_to_call, "values", sentence)


ONE_NUMBER = _observed(
    "one number for all",
    "One number comes back where an array is right: a sum, a mean or a maximum over everything is too many.",
)
SAMPLES_LOST = _observed(
    "axis of the samples lost",
    "The first axis, that of the samples, is lost: a sum, a mean or a maximum over it is too many.",
)
LAST_LOST = _observed(
    "last axis lost", "The last axis is lost: a sum, a mean or a maximum over it is too many."
)
TABLE = _observed(
    "row and column combined",
    "A table comes back, each sample combined with each: a shape (n,) has met a shape (n, 1), or `@` takes all pairs.",
)
OVERFLOW = _observed(
    "overflow of exp",
    "exp of a large number is infinite. Rearrange so that it sees no large positive number: -|x|, or x without its "
    "largest entry.",
)
LOG_OF_ZERO = _observed(
    "logarithm of 0",
    "Somewhere a number has become exactly 0, and its logarithm is minus infinity. Rearrange so that log sees no 0.",
)
DIGITS_LOST = _observed(
    "small number lost",
    "0 comes back where a small number is right: a number has rounded to 1, or two nearly equal ones were subtracted.",
)
OBSERVED = (ONE_NUMBER, SAMPLES_LOST, LAST_LOST, TABLE, OVERFLOW, LOG_OF_ZERO, DIGITS_LOST)


def in_shapes(failed: Sequence[tuple[Outcome, Any]]) -> Mistake | None:
    """The one thing that is wrong with the shape of every result, beside its truth."""
    shapes = []
    for outcome, truth in failed:
        array, _ = as_numbers(outcome.value)
        if array is None or not isinstance(truth, np.ndarray):
            return None
        shapes.append((array.shape, truth.shape))
    tests: tuple[tuple[Mistake, Callable[[Any, Any], bool]], ...] = (
        (ONE_NUMBER, lambda got, right: got == () and np.prod(right, dtype=int) > 0),
        (SAMPLES_LOST, lambda got, right: len(right) > 1 and got == right[1:]),
        (LAST_LOST, lambda got, right: len(right) > 1 and got == right[:-1]),
        (TABLE, lambda got, right: right in (got[:1], (*got[:1], 1)) and len(got) == 2 and got[0] == got[1]),
    )
    explained = [mistake for mistake, holds in tests if all(holds(*pair) for pair in shapes)]
    return explained[0] if len(explained) == 1 and any(got != right for got, right in shapes) else None


def in_extremes(failed: Sequence[tuple[Outcome, Any]]) -> Mistake | None:
    """The one thing that goes wrong in every result for extreme inputs: a warning tells, or a 0."""

    def warned(*beginnings: str) -> bool:
        return all(
            any(warning.message.startswith(beginnings) for warning in outcome.warnings)
            for outcome, _ in failed
        )

    if warned(*(f"overflow encountered in {name}" for name in ("exp", "cosh", "sinh"))):
        return OVERFLOW
    if warned("divide by zero encountered in log") and all(_is_infinite(o.value, t) for o, t in failed):
        return LOG_OF_ZERO
    return DIGITS_LOST if all(_is_lost(outcome.value, truth) for outcome, truth in failed) else None


def _is_lost(value: Any, truth: Any) -> bool:
    """Whether every wrong number is a 0 where another number, a small one, is right."""
    array, _ = as_numbers(value)
    if array is None or not isinstance(truth, np.ndarray) or array.shape != truth.shape:
        return False
    wrong = array != truth
    small = (truth != 0) & (np.abs(truth) < 1e-6)
    return bool(np.any(small & (array == 0)) and np.all(~wrong | (small & (array == 0))))


def _is_infinite(value: Any, truth: Any) -> bool:
    """Whether every wrong number is infinite or nan; a logarithm that nobody uses may have warned."""
    array, _ = as_numbers(value)
    if array is None or not isinstance(truth, np.ndarray) or array.shape != truth.shape:
        return False
    return not np.any(np.isfinite(array) & ~np.isclose(array, truth, rtol=1e-5, atol=0))
