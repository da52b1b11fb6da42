"""What has been tried and solved, kept as one line an attempt in the workspace."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from nlref.checks import EXERCISES, CheckResult, Exercise, Question
from nlref.checks.result import number
from nlref.learn.show import Page

LOG = ".nlref-progress.jsonl"


@dataclass(frozen=True)
class Attempts:
    """What the log says of one exercise: attempts, best and first score as parts of 1, in order of time."""

    tries: int
    best: float
    first: float


def log_file(start: Path | None = None) -> Path | None:
    """The workspace's log: in the nearest folder upwards that has one. ``None`` outside a workspace.

    ``nlref lab`` makes the file; a notebook opened anywhere else keeps no record.
    """
    folder = (start or Path.cwd()).resolve()
    return next((f / LOG for f in (folder, *folder.parents) if (f / LOG).is_file()), None)


def record(result: CheckResult) -> None:
    """Append an attempt to the log, if there is one.

    One short line in one write to a file opened for appending: two notebooks at once cannot mix their lines, and a
    crash can only cost the last one.
    """
    path = log_file()
    if path is None or not result.attempted:
        return
    line = json.dumps(
        {"time": round(time.time(), 3), "exercise": result.exercise, "part": result.score / result.points}
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    except PermissionError:  # a workspace that is only read keeps no record, and checking goes on
        return
    try:
        os.write(descriptor, (line + "\n").encode())
    finally:
        os.close(descriptor)


def attempts(path: Path) -> dict[str, Attempts]:
    """Every exercise's attempts so far. A line cut short by a crash is passed over."""
    found: dict[str, Attempts] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            exercise, part = str(entry["exercise"]), float(entry["part"])
        except (ValueError, KeyError, TypeError):
            continue
        before = found.get(exercise)
        found[exercise] = (
            Attempts(before.tries + 1, max(before.best, part), before.first)
            if before
            else Attempts(1, part, part)
        )
    return found


def progress(start: str | Path | None = None) -> Page:
    """What you have solved so far, unit by unit: points, tries, and where to go on.

    Parameters
        start: a folder of the workspace; the current one if not given.

    For an exercise the best attempt counts, for a question the first answer.
    """
    path = log_file(Path(start) if start is not None else None)
    if path is None:
        text = "There is no record here: it is kept in the workspace that `nlref lab` makes."
        return Page(text, f"<p>{text}</p>")
    done = attempts(path)
    text, rows, next_id = [], [], None
    units: dict[str, list[Exercise | Question]] = {}
    for exercise in EXERCISES.values():
        units.setdefault(exercise.unit, []).append(exercise)
    for unit, members in units.items():
        lines = []
        total = 0.0
        for exercise in members:
            tried = done.get(exercise.id)
            part = 0.0 if tried is None else tried.best if isinstance(exercise, Exercise) else tried.first
            total += part * exercise.points
            mark = "·" if tried is None else "✓" if part >= 1 else "✗"
            if next_id is None and (tried is None or (part < 1 and isinstance(exercise, Exercise))):
                next_id = exercise.id
            count = "" if tried is None else f"{tried.tries} {'try' if tried.tries == 1 else 'tries'}"
            lines.append(
                (mark, exercise.id, f"{number(part * exercise.points)}/{number(exercise.points)}", count)
            )
        worth = sum(exercise.points for exercise in members)
        heading = f"{unit}: {number(total)} of {number(worth)} points"
        text.append(heading)
        text.extend(
            f"  {mark} {name:<16} {points:>6}  {count}".rstrip() for mark, name, points, count in lines
        )
        cells = "".join(
            f"<tr><td>{mark}</td><td style='text-align: left'>{name}</td><td>{points}</td><td>{count}</td></tr>"
            for mark, name, points, count in lines
        )
        rows.append(f"<tr><th colspan='4' style='text-align: left'>{heading}</th></tr>{cells}")
    end = f"Go on with {next_id}." if next_id else "Everything is solved."
    return Page("\n".join([*text, end]), f"<table>{''.join(rows)}</table><p>{end}</p>")
