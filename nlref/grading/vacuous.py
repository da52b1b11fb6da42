"""NumPy's comparisons as a grader needs them: an empty answer equals an empty truth and nothing else.

``np.allclose([], 4)`` is True, and so is every other comparison of an empty array with a number, because NumPy
broadcasts the number to no elements. A learner who returns ``np.array([])`` everywhere would pass every such test.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

_ANSWERING_FALSE = ("allclose", "array_equiv")
_RAISING = (
    "assert_allclose",
    "assert_almost_equal",
    "assert_approx_equal",
    "assert_array_almost_equal",
    "assert_array_almost_equal_nulp",
    "assert_array_equal",
    "assert_array_less",
    "assert_array_max_ulp",
    "assert_equal",
)
_lock = threading.Lock()
_users = 0
_real: dict[str, Any] = {}


@contextlib.contextmanager
def no_vacuous_comparisons() -> Iterator[None]:
    """While it lasts, NumPy's comparisons fail if one side is empty and the other is not."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _install()
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _remove()


def _install() -> None:
    for name in _ANSWERING_FALSE:
        _real[name] = getattr(np, name)
        setattr(np, name, _strict(_real[name], lambda real, *sides: False))
    _real["isclose"] = np.isclose
    np.isclose = _strict(np.isclose, lambda real, *sides: np.False_)
    for name in _RAISING:
        _real[name] = getattr(np.testing, name)
        setattr(np.testing, name, _strict(_real[name], _fail))


def _remove() -> None:
    for name in (*_ANSWERING_FALSE, "isclose"):
        setattr(np, name, _real.pop(name))
    for name in _RAISING:
        setattr(np.testing, name, _real.pop(name))


def _fail(real: Callable[..., Any], one: Any, other: Any) -> None:
    raise AssertionError(
        f"{real.__name__}: shapes {np.shape(one)} and {np.shape(other)}: one of them is empty"
    )


def _strict(real: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(real)
    def strict(*args: Any, **kwargs: Any) -> Any:
        sides = [
            *args[:2],
            *(kwargs[name] for name in ("a", "b", "x", "y", "actual", "desired") if name in kwargs),
        ][:2]
        if len(sides) == 2 and _is_empty(sides[0]) is not _is_empty(sides[1]):
            return otherwise(real, *sides)
        return real(*args, **kwargs)

    return strict


def _is_empty(side: Any) -> bool:
    if isinstance(side, np.ndarray):
        return side.size == 0
    return isinstance(side, list | tuple) and len(side) == 0
