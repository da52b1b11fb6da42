"""The class on one page, for the instructor: a file that works offline, with figures, and asks nobody for anything."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nlref.checks import Exercise, find
from nlref.grading.assignment import Assignment
from nlref.grading.class_numbers import ClassNumbers
from nlref.grading.page import environment
from nlref.grading.report import Row

ROWS = 2_000
NAMES = 12
SENTENCES = 200
WIDTH, HEIGHT = 520, 150


def class_page(
    assignment: Assignment,
    rows: Sequence[Row],
    numbers: ClassNumbers,
    *,
    course: str,
    names: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    address: Callable[[str, str], str],
) -> str:
    """The page of an assignment.

    Parameters
        rows: everyone, those who submitted nothing included.
        numbers: counted from all submissions.
        course: what the course is called.
        names: by student, where the gradebook has one.
        notes: what concerns the assignment as a whole.
        address: of the feedback page of a student's notebook, from where this page will lie.
    """
    names = names or {}
    handed_in = [row for row in rows if row.status in ("graded", "unchanged")]
    return environment().get_template("class_report.html").render(
        assignment=assignment.name,
        course=course,
        when=f"{datetime.now():%Y-%m-%d %H:%M}",
        numbers=numbers,
        summary=numbers.summary(),
        histogram=_histogram(numbers),
        exercises=sorted(numbers.exercises.items(), key=lambda item: -item[1].difficulty),
        criteria=numbers.criteria[:15],
        mistakes=[(name, m, _sentence(name, m), who) for name, m, who in numbers.mistakes[:20]],
        reasons=_reasons(numbers),
        missing=[row.student for row in rows if row.status == "missing"],
        refused=[row.student for row in rows if row.status == "refused"],
        unconfined=numbers.isolation.get("none", 0),
        notes=notes,
        columns=list(numbers.exercises),
        rows=handed_in[:ROWS],
        left_out=len(handed_in) - len(handed_in[:ROWS]),
        names=names,
        called=lambda student: f"{names[student]} ({student})" if names.get(student) else student,
        pages={
            row.student: [(notebook, address(row.student, notebook)) for notebook in assignment.notebooks]
            for row in handed_in[:ROWS]
        },
        several=len(assignment.notebooks) > 1,
        some=_some,
        SENTENCES=SENTENCES,
    )  # fmt: skip


def _some(students: Sequence[str]) -> str:
    """Names up to a number, then how many more there are."""
    more = len(students) - NAMES
    return ", ".join(students[:NAMES]) + (f" and {more} more" if more > 0 else "")


def _sentence(exercise: str, mistake: str) -> str:
    """What a known mistake of this course is about."""
    try:
        record = find(exercise)
    except ValueError:
        return ""
    if isinstance(record, Exercise):
        return next((known.sentence for known in record.mistakes if known.name == mistake), "")
    return ""


def _reasons(numbers: ClassNumbers) -> list[tuple[str, str, int]]:
    """Exercise, reason and in how many submissions; what only one submission has is in the table below."""
    found = [(name, r, n) for name, e in numbers.exercises.items() for r, n in e.reasons.items() if n > 1]
    return sorted(found, key=lambda one: -one[2])[:15]


def _histogram(numbers: ClassNumbers) -> dict[str, Any] | None:
    """The bars of the distribution, in the units of an SVG."""
    bins = numbers.bins()
    if not bins or not numbers.totals:
        return None
    tallest = max(count for _, _, count in bins)
    step = WIDTH / len(bins)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "bars": [
            {
                "x": round(n * step + 1, 2),
                "width": round(step - 2, 2),
                "height": round((HEIGHT - 20) * count / tallest, 2),
                "count": count,
                "low": low,
                "high": high,
            }
            for n, (low, high, count) in enumerate(bins)
        ],
        "words": "; ".join(f"{low:g} to {high:g} points: {count}" for low, high, count in bins if count),
    }
