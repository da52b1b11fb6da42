"""Grades as CSV: for a spreadsheet, and in the columns that Canvas and Moodle import.

Every field is quoted as RFC 4180 says. A field that a spreadsheet would take for a formula (a name or a quoted reason
that begins with ``=``, ``+``, ``-`` or ``@``) gets an apostrophe in front, which spreadsheets do not show.
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlref.grading.report import Row

FORMATS = ("canvas", "moodle")
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Person:
    """A learner as the gradebook knows them; ``lms_id`` is the id in the learning management system, if it is known."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_id: str = ""

    @property
    def name(self) -> str:
        """First and last name; empty if neither is known."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Column:
    """One assignment: what it is worth, the scores that are final, by student, and who waits for a person."""

    assignment: str
    points: float
    scores: Mapping[str, float]
    waiting: Sequence[str] = ()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    >>> safe('=HYPERLINK("https://evil.example")'), safe("ada")
    ('\\'=HYPERLINK("https://evil.example")', 'ada')
    """
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def plain(number: float | None) -> str:
    """A score as a spreadsheet reads it; nothing where there is none."""
    return f"{number:.10g}" if number is not None else ""


def write_grades(path: Path, rows: Sequence[Row]) -> None:
    """``grades.csv``: a line for each student and assignment, a column for each exercise."""
    exercises = list(dict.fromkeys(name for row in rows for name in row.scores))
    header = ["student", "assignment", *map(safe, exercises), "total", "max", "late_penalty"]
    header += ["needs_manual_grade", "repairs", "reasons", "suspicious"]
    lines = (
        [
            safe(row.student),
            safe(row.assignment),
            *(plain(row.scores.get(name)) for name in exercises),
            plain(row.total),
            plain(row.points),
            plain(row.late_penalty),
            safe(" ".join(row.needs_manual_grade)),
            safe("; ".join(row.repairs)),
            safe("; ".join(row.reasons)),
            safe("; ".join(row.suspicious)),
        ]
        for row in rows
    )
    _write(path, [header], lines)


def lms_csv(format: str, people: Iterable[Person], columns: Sequence[Column]) -> str:
    """What Canvas or Moodle imports: a line for each learner who has a final score, a column for each assignment.

    A score that a person has yet to decide is left empty, which both take for no change.

    Raises
        ValueError: the format is none of ``FORMATS``.
    """
    if format not in FORMATS:
        raise ValueError(f"grades are exported for {' or '.join(FORMATS)}, not for {format!r}")
    people = [person for person in people if any(person.student in column.scores for column in columns)]
    names = [safe(column.assignment) for column in columns]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    if format == "canvas":
        writer.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *names])
        writer.writerow(
            ["    Points Possible", "", "", "", "", *(plain(column.points) for column in columns)]
        )
    else:
        writer.writerow(["Username", "First name", "Last name", "ID number", "Email address", *names])
    for person in people:
        if format == "canvas":
            name = ", ".join(filter(None, (person.last_name, person.first_name))) or person.student
            about = [name, person.lms_id, "", person.student, ""]
        else:
            about = [person.student, person.first_name, person.last_name, person.lms_id, person.email]
        scores = [plain(column.scores.get(person.student)) for column in columns]
        writer.writerow([*map(safe, about), *scores])
    return stream.getvalue()


def _write(path: Path, *parts: Iterable[Sequence[str]]) -> None:
    """Write lines beside ``path`` and rename: a reader never sees half a file."""
    draft = path.with_name(f".{path.name}.new")
    with open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for part in parts:
            writer.writerows(part)
    os.replace(draft, path)
