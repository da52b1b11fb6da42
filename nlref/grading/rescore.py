"""``nlref grade --rescore``: tests that were mended after the release, run against what was handed in before.

The instructor changes test cells in ``source``. They are released into a scratch course first, every submission with
a grade is graded with them in memory and on disk, and the rows that would come of it are compared with those in the
gradebook. Only then, and only if wanted, do the new tests go into the gradebook and ``release``, and the new grades
after them, a transaction each: a run that is killed there is finished by the next ``nlref grade``.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nlref.grading.assignment import Assignment
from nlref.grading.course import SEED_FILE, Course, CourseError, release
from nlref.grading.gradebook import GradeWriter
from nlref.grading.handout import make_release
from nlref.grading.report import Row
from nlref.grading.result import SubmissionResult
from nlref.grading.run import alone, check_options, completed, digest_of, make_pool
from nlref.grading.submission import Submission, read_submission


@dataclass(frozen=True)
class Change:
    """What the new tests change for one student."""

    before: Row
    after: Row

    @property
    def student(self) -> str:
        """Who."""
        return self.after.student

    @property
    def difference(self) -> float:
        """Points gained, or lost if below 0, the late penalty included."""
        return self.after.total - self.before.total

    def exercises(self) -> dict[str, tuple[float | None, float | None]]:
        """The exercises whose points change: before and after; ``None`` where a person has to grade."""
        return {
            name: (self.before.scores.get(name), score)
            for name, score in self.after.scores.items()
            if self.before.scores.get(name) != score
        }


@dataclass(frozen=True)
class Rescore:
    """The outcome of new tests, before anything is written.

    Attributes
        cells: the cells that the gradebook has otherwise: notebook and id.
        changes: one for each student whose points change.
        unchanged: how many keep theirs.
        ungraded: who has handed in and has no grade yet; ``nlref grade`` is for them.
    """

    course: Course
    assignment: str
    cells: Sequence[tuple[str, str]]
    changes: Sequence[Change]
    unchanged: int
    ungraded: Sequence[str]
    _outdated: bool  # whether the gradebook and `release` have to follow `source`
    _results: Mapping[str, Path]
    _isolation: str

    def write(self) -> None:
        """The new tests into the gradebook and ``release``, then the new grades."""
        if self._outdated:
            make_release(self.course, self.assignment)
        version = self.course.assignment(self.assignment)
        folders = self.course.submissions(self.assignment)
        with GradeWriter(self.course, version) as writer:
            try:
                for student, path in self._results.items():
                    result = msgspec.msgpack.decode(path.read_bytes(), type=SubmissionResult)
                    submission = _read(self.course, version, student, folders, self._isolation)
                    if submission is not None and submission.digest == result.digest:
                        writer.write(
                            submission, result
                        )  # what has changed meanwhile is for the next `nlref grade`
            finally:
                writer.write_csv()

    def to_dict(self) -> dict[str, Any]:
        """Plain Python types."""
        return {
            "schema": 1,
            "assignment": self.assignment,
            "cells": [f"{notebook}/{grade_id}" for notebook, grade_id in self.cells],
            "changes": [
                {
                    "student": change.student,
                    "before": change.before.total,
                    "after": change.after.total,
                    "exercises": {name: list(pair) for name, pair in change.exercises().items()},
                    "reasons": list(change.after.reasons),
                }
                for change in self.changes
            ],
            "unchanged": self.unchanged,
            "ungraded": list(self.ungraded),
        }

    def print(self, console: Console | None = None) -> None:
        """Who gains or loses what, and the sum of it."""
        console = console or Console()
        for notebook, grade_id in self.cells:
            console.print(Text(f"changed: {grade_id} in {notebook}.ipynb"))
        if self.changes:
            table = Table(box=SIMPLE_HEAD, pad_edge=False)
            for header in ("student", "before", "after", "", "exercises"):
                table.add_column(header, justify="right" if header in ("before", "after", "") else "left")
            for change in sorted(self.changes, key=lambda one: (one.difference, one.student)):
                table.add_row(
                    Text(change.student),
                    f"{change.before.total:g}",
                    f"{change.after.total:g}",
                    Text(f"{change.difference:+g}", style="red" if change.difference < 0 else "green"),
                    Text(
                        "; ".join(
                            f"{n} {_score(a)} → {_score(b)}" for n, (a, b) in change.exercises().items()
                        )
                    ),
                )
            console.print(table)
        console.print(Text(self.summary()))

    def summary(self) -> str:
        """The class in a line."""
        gain, lose = (sum(c.difference * sign > 0 for c in self.changes) for sign in (1, -1))
        parts = [f"{gain} gain", f"{lose} lose", f"{self.unchanged} keep what they have"]
        others = len(self.changes) - gain - lose
        if others:
            parts.insert(2, f"{others} change without a difference in the sum")
        if self.ungraded:
            parts.append(f"{len(self.ungraded)} not graded yet (`nlref grade` without --rescore)")
        return ", ".join(parts)


def _score(score: float | None) -> str:
    return "person" if score is None else f"{score:g}"


@contextmanager
def rescore(
    course_dir: str | os.PathLike[str],
    assignment: str,
    *,
    jobs: int | None = None,
    isolation: str = "bubblewrap",
    scheduler: str | None = None,
    limits: Any = None,
    progress: Callable[[int, int, SubmissionResult], None] | None = None,
) -> Iterator[Rescore]:
    """Grade again, with the tests that ``source`` has now, what has a grade; nothing is written before ``write``.

    A context manager: inside it no other ``nlref grade`` can run in the course. Parameters as for
    :func:`nlref.grading.run.grade`.

    Raises
        CourseError: nothing was graded yet; cells were added or removed, which nbgrader forbids once somebody has
            handed in.
        SandboxUnavailable: bubblewrap or user namespaces are missing.
    """
    check_options(isolation, jobs, scheduler)
    course = Course(course_dir)
    with alone(course.root), tempfile.TemporaryDirectory(prefix="nlref-rescore-") as spool:
        before = course.assignment(assignment)
        version = _next_version(course, before)
        folders = course.submissions(assignment)
        with GradeWriter(course, before) as writer:
            rows = {row.student: row for row, _ in writer.results()}
            due = [student for student in folders if student in rows]
            if not due:
                raise CourseError(
                    f"nothing of {assignment} has been graded: `nlref grade {course.root} {assignment}` does it"
                )
            changes, unchanged, results = [], 0, {}
            with make_pool(version, len(due), jobs, isolation, scheduler, limits) as pool:
                submissions = (_read(course, version, student, folders, isolation) for student in due)
                for submission, result in completed(pool, filter(None, submissions)):
                    change = Change(rows[result.student], writer.preview(submission, result))
                    if change.exercises() or change.difference:
                        changes.append(change)
                    else:
                        unchanged += 1
                    path = Path(spool) / f"{len(results)}"
                    path.write_bytes(msgspec.msgpack.encode(result))
                    results[result.student] = path
                    if progress is not None:
                        progress(len(results), len(due), result)
        yield Rescore(
            course,
            assignment,
            cells=_changed_cells(before, version),
            changes=changes,
            unchanged=unchanged,
            ungraded=[student for student in folders if student not in rows],
            _outdated=before.digest != version.digest,
            _results=results,
            _isolation=isolation,
        )


def _read(
    course: Course, version: Assignment, student: str, folders: Mapping[str, Path], isolation: str
) -> Submission | None:
    if student not in folders:
        return None
    read = read_submission(
        folders[student], student, version.name, version.notebooks, course.coursedir.ignore
    )
    return replace(read, digest=digest_of(version.digest, read.digest, isolation))


def _next_version(course: Course, before: Assignment) -> Assignment:
    """What the assignment would be if ``source`` were released now; found in a copy, the course is left as it is."""
    source = course.path("source", ".", before.name)
    if not any(source.glob("*.ipynb")):
        return before  # the gradebook is all there is; somebody may have changed the tests there
    with tempfile.TemporaryDirectory(prefix="nlref-rescore-") as folder:
        root = Path(folder)
        shutil.copytree(source.parent, root / "source")
        config = course.root / "nbgrader_config.py"
        if config.is_file():
            shutil.copy(config, root)
        (root / SEED_FILE).write_text(f"{course.private_seed()}\n")
        scratch = Course(root)
        # Whatever the configuration says, the copy is not to touch the course.
        directory = scratch.coursedir
        directory.root, directory.db_url = str(root), f"sqlite:///{root / 'gradebook.db'}"
        directory.source_directory, directory.release_directory = "source", "release"
        release(scratch, before.name)
        version = scratch.assignment(before.name)
    _same_cells(before, version)
    return version


def _same_cells(before: Assignment, after: Assignment) -> None:
    one, other = (
        {
            (n.name, c.grade_id): (c.grade, c.solution, c.task)
            for n in v.notebooks.values()
            for c in n.by_id.values()
        }
        for v in (before, after)
    )
    for what, cells in (("added", other.keys() - one.keys()), ("removed", one.keys() - other.keys())):
        if cells:
            notebook, grade_id = min(cells)
            raise CourseError(
                f"the cell {grade_id!r} of {notebook}.ipynb was {what} in source: nbgrader lets cells be changed, but "
                "not added or removed, once somebody has handed in; put the new test into a cell that is there"
            )
    for key in one:
        if one[key] != other[key]:
            raise CourseError(
                f"the cell {key[1]!r} of {key[0]}.ipynb has become another kind of cell in source: nbgrader forbids "
                "that once somebody has handed in"
            )


def _changed_cells(before: Assignment, after: Assignment) -> list[tuple[str, str]]:
    """Cells whose text or points differ: notebook and id."""
    old = {(n.name, grade_id): c for n in before.notebooks.values() for grade_id, c in n.by_id.items()}
    return [
        (notebook.name, grade_id)
        for notebook in after.notebooks.values()
        for grade_id, cell in notebook.by_id.items()
        if (cell.source, cell.points)
        != (old[notebook.name, grade_id].source, old[notebook.name, grade_id].points)
    ]
