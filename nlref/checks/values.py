"""What comes back, taken apart and compared: numbers, arrays, and tuples, lists and dicts of them."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nlref.checks.exercise import Case
from nlref.checks.wording import an

# Relative tolerance by the dtype that the learner returns.
TOLERANCES = {np.dtype(np.float16): 2e-3, np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


class Mismatch(Exception):
    """The parts of an answer are not those that are asked for; the text says how."""


def as_numbers(value: Any) -> tuple[np.ndarray | None, str | None]:
    """The value as an array of numbers, or ``None`` and a complaint. Only plain types are looked into."""
    kind = type(value)
    if isinstance(value, np.ndarray) and kind is not np.ndarray:
        return None, f"{an(kind.__name__)} comes back, and a plain array is right"
    if not isinstance(value, np.ndarray | np.generic | int | float | list | tuple):
        return None, f"{an(kind.__name__)} comes back, and an array of numbers is right"
    try:
        array = np.asarray(value)
    except ValueError:
        return None, f"{an(kind.__name__)} of uneven lengths comes back, and an array of numbers is right"
    # Floating-point types that NumPy does not know by itself, such as bfloat16, have kind "V" or "f".
    if array.dtype.kind not in "bifu" and array.dtype.name != "bfloat16":
        return None, f"an array of {array.dtype} comes back, and an array of real numbers is right"
    return array, None


def as_truth(result: Any) -> Any:
    """What a reference returned, in the form in which it is compared.

    An array of float64, or of bools; a tuple or a dict of such for several results; ``None`` for what holds no numbers.
    """
    if isinstance(result, dict):
        return {key: as_truth(value) for key, value in result.items()}
    if type(result) is tuple or (type(result) is list and any(isinstance(v, np.ndarray) for v in result)):
        return tuple(as_truth(value) for value in result)
    array = np.asarray(result)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        return None
    return array if array.dtype.kind == "b" else array.astype(np.float64)


def parts(value: Any, truth: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each single result with its truth and the words for it: ``""`` if there is only one.

    Parts whose truth is ``None`` are left out: what the reference does not give is not asked.

    Raises
        Mismatch: there are more, fewer or other results than those that are right.
    """
    if isinstance(truth, tuple):
        if type(value) not in (tuple, list):
            got = "None" if value is None else an(type(value).__name__)
            raise Mismatch(f"{where}{got} comes back, and {len(truth)} results are right, in a tuple")
        if len(value) != len(truth):
            raise Mismatch(
                f"{where}{len(value)} result{'s' * (len(value) != 1)} come{'s' * (len(value) == 1)} back, "
                f"and {len(truth)} are right"
            )
        for number, (one, right) in enumerate(zip(value, truth, strict=True), start=1):
            yield from parts(one, right, f"{where}result {number} of {len(truth)}: ")
    elif isinstance(truth, dict):
        if type(value) is not dict:
            got = "None" if value is None else an(type(value).__name__)
            raise Mismatch(f"{where}{got} comes back, and a dict is right")
        missing = [repr(key) for key in truth if key not in value]
        if missing:
            raise Mismatch(f"{where}the dict has no {' and no '.join(missing)}")
        for key, right in truth.items():
            yield from parts(value[key], right, f"{where}at {key!r}: ")
    elif truth is not None:
        yield where, value, truth


def close(array: np.ndarray, truth: np.ndarray, case: Case) -> np.ndarray:
    """Where an array agrees with the truth, within the tolerance of its dtype or of the case."""
    tolerance = TOLERANCES.get(array.dtype, TOLERANCES[np.dtype(np.float64)])
    if case.tolerance is not None:
        coarse = array.dtype.kind == "f" and array.dtype != np.float64
        tolerance = max(tolerance, case.tolerance) if coarse else case.tolerance
    got, right = array.astype(np.float64), truth.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(got - right) <= tolerance * np.maximum(np.abs(right), case.scale)
        near &= np.isfinite(right)  # to an infinite truth every finite number is infinitely near
    return near | (got == right) | (np.isnan(got) & np.isnan(right))


def copied(value: Any) -> Any:
    """A copy of an argument that shares no array, and no generator, with it."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, np.random.Generator):
        return copy.deepcopy(value)
    if type(value) in (list, tuple):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


def arrays_in(value: Any) -> Iterator[np.ndarray]:
    """The arrays of an argument: itself, or those in its lists, tuples and dicts."""
    if isinstance(value, np.ndarray):
        yield value
    elif type(value) in (list, tuple):
        for item in value:
            yield from arrays_in(item)
    elif type(value) is dict:
        for item in value.values():
            yield from arrays_in(item)


def same_arrays(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether arguments hold the same arrays after a call as before."""
    one, other = (list(arrays_in(list(arguments))) for arguments in (before, after))
    return len(one) == len(other) and all(
        np.array_equal(x, y, equal_nan=True) for x, y in zip(one, other, strict=True)
    )


def in_float64(value: Any) -> Any:
    """A copy in which arrays of floating-point numbers have become float64."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float64)
    if type(value) in (list, tuple):
        return type(value)(map(in_float64, value))
    if type(value) is dict:
        return {key: in_float64(item) for key, item in value.items()}
    return copied(value)
