"""An answer that no record lists, and how to write one down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nlref.checks import find


@dataclass(frozen=True)
class Answer:
    """An answer to an exercise; ``slip`` says what is wrong with it (``None``: nothing)."""

    exercise: str
    slip: str | None
    function: Callable[..., Any]
    held_out: bool

    @property
    def given(self) -> Any:
        """What is handed in: the function or class, or the value that the function gives."""
        return self.function() if find(self.exercise).kind == "value" else self.function


ANSWERS: list[Answer] = []


def wrong(exercise: str, slip: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Keep a wrong answer; two of every five to an exercise are held out."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        before = sum(answer.exercise == exercise and answer.slip is not None for answer in ANSWERS)
        ANSWERS.append(Answer(exercise, slip, function, before % 5 in (1, 4)))
        return function

    return keep


def right(exercise: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Keep a right answer."""

    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        ANSWERS.append(Answer(exercise, None, function, False))
        return function

    return keep
