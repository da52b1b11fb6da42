"""Ways to pass a test without a right answer, and the instructor's own solution as the witness against them.

A test says ``(f(x) == 4).all()``, and an empty array passes it. It says ``not error > tolerance``, and NaN passes. It
computes the truth from its data after the call, and a function that empties the data passes it. It loops by ``map``,
and a function that raises StopIteration ends the loop. None of these need be a cheat, and each may be right: the answer
for no input is empty. So the instructor's own solution, tested by the same cell, says which of them belong; and a cell
that was passed with one that does not is run again with it taken away: another value in the place of the empty answer
or the NaN, the test's data as they were, the loop not ended. If that costs points, they were not earned.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

EMPTY, NAN, CHANGED, STOPPED = "empty", "nan", "changed", "stopped"
SENTENCES = {
    EMPTY: "an empty answer stands where the instructor's solution gives a value",
    NAN: "NaN stands where the instructor's solution gives a number",
    CHANGED: "the test's own data were changed, which the instructor's solution does not do",
    STOPPED: "the loop of the test was ended by StopIteration",
}
SUBSTITUTES = (12345.678, -12345.678)
"""What stands in the place of nothing: no test that looks at values takes either for right."""

_PARTS = 10_000
_CONTAINERS = (list, tuple, set, frozenset, dict, str, bytes, bytearray, np.ndarray, range,
               collections.deque, collections.Counter, collections.OrderedDict, collections.defaultdict)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What a test asked of the learner's side: what it used, and with which arguments, if they are plain values."""

    label: str
    arguments: bytes | None = None


@dataclass
class Witness:
    """The kinds of answers to the questions of one test cell: the instructor's solution's, or a learner's.

    ``names`` are the test's variables that the notebook's text read where the test evaluated it (``foreign``).
    """

    kinds: dict[Question, set[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def note(self, question: Question, kinds: Iterable[str]) -> None:
        """Remember what kinds of answers a question got; none is worth remembering too."""
        self.kinds.setdefault(question, set()).update(kinds)

    def allows(self, question: Question, kind: str) -> bool:
        """Whether the instructor's solution gives such an answer too, or was never asked anything like it."""
        same = self.kinds.get(question)
        if same is not None:
            return kind in same
        alike = [kinds for other, kinds in self.kinds.items() if other.label == question.label]
        return not alike or any(kind in kinds for kinds in alike)

    def not_allowed_by(self, instructor: Witness) -> list[str]:
        """The kinds of these answers that the instructor's solution does not give to the same questions."""
        return sorted(
            {
                kind
                for question, kinds in self.kinds.items()
                for kind in kinds
                if not instructor.allows(question, kind)
            }
        )


def kinds_of(value: Any) -> set[str]:
    """Which of EMPTY and NAN stand in a plain value, at any depth."""
    kinds: set[str] = set()
    _collect(value, kinds, [_PARTS])
    return kinds


def _collect(value: Any, kinds: set[str], left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0 or len(kinds) == 2:
        return
    kind = type(value)
    if kind is float or kind is complex:
        if value != value:
            kinds.add(NAN)
    elif kind is np.ndarray or isinstance(value, np.generic):
        if np.size(value) == 0:
            kinds.add(EMPTY)
        elif value.dtype.kind in "fcmM" and bool(np.isnan(value).any()):
            kinds.add(NAN)
    elif kind in _CONTAINERS:
        if len(value) == 0:
            kinds.add(EMPTY)
        elif kind not in (str, bytes, bytearray, range):
            for part in value.values() if isinstance(value, dict) else value:
                _collect(part, kinds, left)


def filled(value: Any, number: float, kinds: set[str]) -> Any:
    """The same value with ``number`` in the place of nothing (EMPTY) and of NaN, as far as ``kinds`` says."""
    kind = type(value)
    if kind is float or kind is complex:
        return kind(number) if NAN in kinds and value != value else value
    if isinstance(value, np.generic):
        return value.dtype.type(number) if NAN in kinds and value != value else value
    if kind is np.ndarray:
        if value.size == 0 and EMPTY in kinds:
            with np.errstate(all="ignore"):
                return np.full([side or 1 for side in value.shape], number).astype(value.dtype)
        if value.dtype.kind in "fc" and NAN in kinds:
            return np.where(np.isnan(value), value.dtype.type(number), value)
        return value
    if kind not in _CONTAINERS:
        return value
    if len(value) == 0:
        return _one(kind, number) if EMPTY in kinds else value
    if kind in (list, tuple, collections.deque):
        return kind(filled(part, number, kinds) for part in value)
    if isinstance(value, dict):
        made = value.copy()
        made.update((key, filled(part, number, kinds)) for key, part in value.items())
        return made
    return value


def _one(kind: type, number: float) -> Any:
    """A container of this type with one thing in it that no test expects."""
    if kind is str:
        return f"{number}"
    if kind in (bytes, bytearray):
        return kind(f"{number}".encode())
    if kind is range:
        return range(math.trunc(number), math.trunc(number) + 1)
    if kind is collections.defaultdict:
        return collections.defaultdict(None, {number: number})
    if issubclass(kind, dict):
        return kind({number: number})
    return kind([number])
