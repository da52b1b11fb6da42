"""``progress``: where a learner stands, unit by unit, and where to go on."""

import html
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nlref.checks import EXERCISES, Question
from nlref.checks.result import number
from nlref.learn.attempts import Attempts, attempts, log_file
from nlref.learn.show import Page


@dataclass(frozen=True)
class ExerciseProgress:
    """One exercise or question: what was earned of its points, and how often it was tried."""

    id: str
    score: float
    points: float
    tries: int
    done: bool  # an exercise that is right, a question that was answered

    @property
    def mark(self) -> str:
        if self.tries == 0:
            return "·"
        return "✓" if self.score >= self.points else "✗"

    @property
    def counted(self) -> str:
        return "" if self.tries == 0 else f"{self.tries} {'try' if self.tries == 1 else 'tries'}"


@dataclass(frozen=True)
class UnitProgress:
    """One unit: its exercises and questions in order."""

    id: str
    exercises: tuple[ExerciseProgress, ...]

    @property
    def score(self) -> float:
        return sum(exercise.score for exercise in self.exercises)

    @property
    def points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def begun(self) -> bool:
        return any(exercise.tries for exercise in self.exercises)

    @property
    def next(self) -> ExerciseProgress | None:
        """The first exercise that is not done."""
        return next((exercise for exercise in self.exercises if not exercise.done), None)


def standing(tried: Mapping[str, Attempts]) -> list[UnitProgress]:
    """Every unit of the course: for an exercise the best attempt counts, for a question the first answer."""
    units: dict[str, list[ExerciseProgress]] = {}
    for record in EXERCISES.values():
        own = tried.get(record.id, Attempts(0, 0.0, 0.0))
        asked = isinstance(record, Question)
        part = own.first if asked else own.best
        done = own.tries > 0 if asked else own.best >= 1
        units.setdefault(record.unit, []).append(
            ExerciseProgress(record.id, part * record.points, record.points, own.tries, done)
        )
    return [UnitProgress(unit, tuple(exercises)) for unit, exercises in units.items()]


def progress(start: str | Path | None = None) -> Page:
    """What you have solved so far, unit by unit: points, tries, and where to go on.

    Parameters
        start: a folder of the workspace; the current one if not given.

    For an exercise the best attempt counts, for a question the first answer. The same code run again is no new try.
    """
    path = log_file(Path(start) if start is not None else None)
    if path is None:
        text = "There is no record here: it is kept in the workspace that `nlref lab` makes."
        return Page(text, f"<p>{text}</p>")
    units = standing(attempts(path))
    current = next((unit for unit in units if unit.next), None)
    lines, parts = [], []
    width = max(len(unit.id) for unit in units)
    for unit in units:
        shown = unit is current or (unit.begun and unit.next is not None)
        lines.append(f"{unit.id:<{width}}  {_earned(unit.score, unit.points)}")
        if shown:
            lines += [
                f"  {e.mark} {e.id:<{width}} {number(e.score):>5}/{number(e.points):<5} {e.counted}".rstrip()
                for e in unit.exercises
            ]
        parts.append(_unit(unit, path.parent, shown))
    total = _earned(sum(unit.score for unit in units), sum(unit.points for unit in units))
    end = f"{total} in all. "
    if current is None or current.next is None:
        end += "Everything is solved."
        return Page("\n".join([*lines, "", end]), f"<div>{''.join(parts)}<p>{end}</p></div>")
    link = _link(current.id, path.parent)
    return Page(
        "\n".join([*lines, "", f"{end}Go on with {current.next.id} in {current.id}."]),
        f"<div>{''.join(parts)}<p>{end}Go on with <strong>{html.escape(current.next.id)}</strong> in {link}.</p></div>",
    )


def _earned(score: float, points: float) -> str:
    return f"{number(score)} of {number(points)} points"


def _unit(unit: UnitProgress, workspace: Path, shown: bool) -> str:
    percent = 100 * unit.score / unit.points
    colour = "var(--jp-success-color1, #2e7d32)"
    bar = (
        "<span style='display: inline-block; width: 8em; height: 0.6em; margin: 0 8px; "
        "background: var(--jp-border-color2, #c0c0c0)'>"
        f"<span style='display: block; height: 0.6em; width: {percent:.0f}%; background: {colour}'></span></span>"
    )
    rows = "".join(
        f"<tr><td>{_mark(exercise)}</td><td style='text-align: left'>{html.escape(exercise.id)}</td>"
        f"<td>{number(exercise.score)}/{number(exercise.points)}</td><td>{exercise.counted}</td></tr>"
        for exercise in unit.exercises
    )
    return (
        f"<details{' open' if shown else ''}><summary>"
        f"<span style='display: inline-block; min-width: 15em'>{_link(unit.id, workspace)}</span>{bar}"
        f"{_earned(unit.score, unit.points)}</summary>"
        f"<table style='margin: 4px 0 8px 1.5em'><thead><tr><th></th><th style='text-align: left'>exercise</th>"
        f"<th>points</th><th>tries</th></tr></thead><tbody>{rows}</tbody></table></details>"
    )


def _mark(exercise: ExerciseProgress) -> str:
    word = {"·": "not tried", "✓": "right", "✗": "not right"}[exercise.mark]
    return f"<span role='img' aria-label='{word}'>{exercise.mark}</span>"


def _link(unit: str, workspace: Path) -> str:
    """The unit's name, as a link that opens its notebook, if that is there; relative, as Lab wants it."""
    notebook = workspace / unit / f"{unit}.ipynb"
    if not notebook.is_file():
        return html.escape(unit)
    address = Path(os.path.relpath(notebook, Path.cwd())).as_posix()
    return f"<a href='{html.escape(address)}'>{html.escape(unit)}</a>"
