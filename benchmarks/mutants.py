"""Small faults put into right answers, to see whether the checks of an exercise notice them.

A mutant is a right answer (the solution of the lesson, or an alternative of the record) with one fault: an operator, a
sign, a constant, an axis, a comparison exchanged, a term or a call dropped, two arguments swapped. The mutators of
packages such as mutmut know nothing of NumPy and run a test suite for each; a check takes milliseconds.
"""

import ast
import contextlib
import functools
import itertools
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nlref.build import LESSON, source_notebook
from nlref.checks import Case, Exercise, call_locally, evaluate
from nlref.checks.engine import _cases, _try
from nlref.checks.exercise import Assign, Method
from nlref.checks.faults import Mutant, mutants_of, mutants_of_alternatives

ROOT = Path(__file__).parents[1]
SECONDS = 2.0  # for one mutant: some loop for ever


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """The mutants of an exercise's solution and of its alternatives that are written as functions or classes.

    How a learner came to a value is not checked, so the solution of such an exercise has none.
    """
    source, names = _solution(exercise) if exercise.kind != "value" else (None, {})
    if source is not None:
        yield from mutants_of(source, exercise.function, names, "solution")
    yield from mutants_of_alternatives(exercise)


@functools.cache
def _cells(unit: str) -> list[Any]:
    path = ROOT / "course" / unit / LESSON
    return source_notebook(path.read_text(encoding="utf-8"), unit).cells if path.is_file() else []


def _solution(exercise: Exercise) -> tuple[str | None, dict[str, Any]]:
    """The source of the worked answer, and the names that it may use: imports and functions of the lesson above it."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in _cells(exercise.unit):
        if cell.cell_type != "code":
            continue
        if cell.metadata.get("nbgrader", {}).get("grade_id") == exercise.id:
            return cell.source, names
        for statement in ast.parse(cell.source).body:
            if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef) or (
                isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
            ):
                with contextlib.suppress(ImportError):
                    exec(compile(ast.Module([statement], []), "<lesson>", "exec"), names)
    return None, names


# Judging them


def survives(exercise: Exercise, mutant: Mutant) -> bool:
    """Whether a mutant gets all points."""
    made = mutant.made
    if exercise.kind == "value":
        try:
            made = mutant.made()
        except Exception:
            return False  # there is no value to hand in
    names = {criterion.name for criterion in exercise.criteria}
    with _time_limit():
        cases = (case for case, _ in _cases(exercise, None) if case.graded and case.criterion in names)
        # What fails in one case loses points; only what seems to hold is asked in whole.
        return all(_holds(exercise, made, case) for case in cases) and evaluate(exercise, made).passed
    return False


def _holds(exercise: Exercise, made: Any, case: Case) -> bool:
    return _try(exercise, made, case, False, call_locally).fault is None


class _TooLong(Exception):
    """The time of a mutant is over. In a call it is an error like others, which costs it its points."""


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
    try:
        with contextlib.suppress(_TooLong):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def difference(exercise: Exercise, mutant: Mutant, rounds: int = 5) -> Case | None:
    """An input on which a mutant is wrong and the answer that it was made from is right; ``None`` if none was found.

    Asked are the exercise's private cases of many seeds, mixtures of the cases of two seeds, which lie where no case of
    the record does, rows moved far apart, the same numbers with more axes, and calls without a keyword. Who keeps to
    the tolerances is right.
    """
    names = {criterion.name for criterion in exercise.criteria}
    generator = np.random.default_rng(2026)
    for number in range(rounds):
        one, other = (
            exercise.private_inputs(np.random.default_rng(seed)) for seed in (9000 + number, 5000 + number)
        )
        for a, b in zip(one, other, strict=False):
            if not a.graded or a.criterion not in names:
                continue
            for case in (a, _mixed(a, b, generator), _far_apart(a), *(_other_forms(a) if number < 1 else ())):
                with _time_limit(), contextlib.suppress(ValueError, TypeError):
                    if _holds(exercise, mutant.made, case):
                        continue
                with contextlib.suppress(ValueError, TypeError):
                    if _holds(exercise, mutant.right, case):
                        return case
    return None


def _far_apart(case: Case) -> Case:
    """The case with rows of scores moved apart by more than exp can bear; probabilities and integers are left alone."""

    def moved(argument: Any) -> Any:
        if not (isinstance(argument, np.ndarray) and argument.ndim == 2 and argument.dtype == np.float64):
            return argument
        if np.all((argument >= 0) & (argument <= 1)) or not np.all(np.isfinite(argument)):
            return argument
        return argument + 900.0 * np.arange(len(argument))[:, None]

    return replace(case, arguments=tuple(map(moved, case.arguments)))


def _other_forms(case: Case) -> Iterator[Case]:
    """The case with an axis more in each array of two axes, and with a keyword less."""
    for change in (lambda a: a[:, None], lambda a: a[None], lambda a: np.stack([a, a[::-1]])):
        yield replace(
            case,
            arguments=tuple(
                change(a) if isinstance(a, np.ndarray) and a.ndim == 2 else a for a in case.arguments
            ),
        )
    for name in case.keywords:
        yield replace(case, keywords={key: value for key, value in case.keywords.items() if key != name})


def _mixed(one: Case, other: Case, generator: np.random.Generator) -> Case:
    share = generator.uniform(0.05, 0.95)

    def mix(a: Any, b: Any) -> Any:
        if (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.shape == b.shape
            and a.dtype.kind == "f"
        ):
            whole = np.all(a == np.round(a)) or np.all(b == np.round(b))
            with np.errstate(all="ignore"):
                return a if whole else (share * a + (1 - share) * b).astype(a.dtype)
        if isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
            return type(a)(map(mix, a, b))
        return a

    steps = []
    for a, b in itertools.zip_longest(one.steps, other.steps):
        if isinstance(a, Method) and isinstance(b, Method) and a.name == b.name:
            a = replace(a, arguments=mix(a.arguments, b.arguments))
        elif isinstance(a, Assign) and isinstance(b, Assign) and a.name == b.name:
            a = replace(a, value=mix(a.value, b.value))
        if a is not None:
            steps.append(a)
    return replace(one, arguments=mix(one.arguments, other.arguments), steps=tuple(steps))


@dataclass(frozen=True)
class Kills:
    """How the mutants of an exercise fared: their number, the equivalent ones, and those that the checks miss."""

    number: int
    equivalent: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Of those that are no equivalents, the part that loses points."""
        wrong = self.number - len(self.equivalent)
        return 1 - len(self.missed) / wrong if wrong else 1.0


def kills(exercise: Exercise) -> Kills:
    """Try every mutant of an exercise."""
    number, equivalent, missed = 0, [], []
    for mutant in mutants(exercise):
        number += 1
        if survives(exercise, mutant):
            case = difference(exercise, mutant)
            (equivalent if case is None else missed).append(mutant.text)
    return Kills(number, tuple(equivalent), tuple(missed))
