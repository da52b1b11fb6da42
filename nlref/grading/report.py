"""The class as a table: a line a submission, with what was repaired and why points are missing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from nlref.grading.result import SubmissionResult
from nlref.grading.witness import SENTENCES

if TYPE_CHECKING:
    from nlref.grading.class_numbers import ClassNumbers

TEST_SUFFIX = "-check"
READABLE = 45  # characters that a sentence needs beside the scores


@dataclass(frozen=True)
class Row:
    """One submission in the report, in ``grades.csv`` and in ``--json``.

    Attributes
        scores: points by exercise, as they count in the gradebook; ``None`` where a person has yet to grade.
        total, points: their sum, less the late penalty, of how much.
        seconds: wall time that grading took.
        needs_manual_grade: the exercises that a person has yet to grade.
        repairs: what was mended, a sentence each.
        reasons: why points are missing, a sentence each.
        alerts: what the instructor should look at.
        suspicious: what honest work does not do, a sentence each; a person decides what it means.
        status: ``"graded"`` now, ``"unchanged"`` since an earlier run, ``"missing"`` (nothing was submitted) or
            ``"refused"`` (not in the gradebook, whose configuration forbids to add students).
    """

    student: str
    assignment: str
    scores: Mapping[str, float | None]
    total: float
    points: float
    seconds: float = 0.0
    late_penalty: float = 0.0
    needs_manual_grade: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()
    status: str = "graded"

    @classmethod
    def from_result(
        cls,
        result: SubmissionResult,
        counted: Mapping[tuple[str, str], float | None],
        late_penalty: float = 0.0,
    ) -> "Row":
        """A row from what the grader found and the scores that count in the gradebook, by notebook and cell."""
        names = exercise_names(result)
        scores = {names[key]: counted.get(key) for key in names}
        penalty = min(late_penalty, sum(score or 0.0 for score in scores.values()))
        reasons: list[str] = [f"{nb.name}.ipynb: {nb.problem}" for nb in result.notebooks if nb.problem]
        shared: dict[str, list[str]] = {}
        alerts = []
        for notebook, cell in result.cells():
            name = names[notebook.name, cell.grade_id]
            if cell.reason and not notebook.problem:
                shared.setdefault(cell.reason, []).append(name)
            if cell.private_only:
                alerts.append(f"{name} fails on private inputs alone: the public ones should catch this")
            if cell.note:
                alerts.append(f"{name}: {cell.note}")
        reasons += [
            f"{'everything' if 1 < len(names) == len(who) else ', '.join(who)}: {reason}"
            for reason, who in shared.items()
        ]
        if penalty:
            reasons.append(f"{penalty:g} points less for being late")
        return cls(
            student=result.student,
            assignment=result.assignment,
            scores=scores,
            total=sum(score or 0.0 for score in scores.values()) - penalty,
            points=sum(cell.points for _, cell in result.cells()),
            seconds=result.seconds,
            late_penalty=penalty,
            needs_manual_grade=tuple(name for name, score in scores.items() if score is None),
            repairs=(*result.remarks, *(sentence for nb in result.notebooks for sentence in nb.repairs)),
            reasons=tuple(reasons),
            alerts=tuple(alerts),
            suspicious=tuple(_suspicions(result, names)),
        )


# What the repair of a notebook and the engine say only of what was tampered with.
_TAMPERED = re.compile(
    "|".join(
        map(
            re.escape,
            [
                "the instructor's version counts",
                "the answer was not accepted",
                "answered out of turn",
                "ForeignCode",
                *SENTENCES.values(),
            ],
        )
    )
)


def _suspicions(result: SubmissionResult, names: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for notebook in result.notebooks:
        yield from filter(_TAMPERED.search, notebook.repairs)
        for cell in notebook.cells:
            if _TAMPERED.search(cell.reason):
                yield f"{names[notebook.name, cell.grade_id]}: {cell.reason}"


def exercise_names(result: SubmissionResult) -> dict[tuple[str, str], str]:
    """What each graded cell of a submission is called, by notebook and id."""
    return short_names([(notebook.name, cell.grade_id) for notebook, cell in result.cells()])


def short_names(cells: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What graded cells are called in a table: their ids without ``-check``, with the notebook where two are alike."""
    short = [grade_id.removesuffix(TEST_SUFFIX) for _, grade_id in cells]
    names = {}
    for (notebook, grade_id), name in zip(cells, short, strict=True):
        same_notebook = [
            other for other, s in zip(cells, short, strict=True) if s == name and other[0] == notebook
        ]
        unique = name if len(same_notebook) == 1 else grade_id
        names[notebook, grade_id] = (
            unique if short.count(name) == len(same_notebook) else f"{notebook}/{unique}"
        )
    return names


@dataclass(frozen=True)
class ClassReport:
    """What ``grade`` answers with.

    Attributes
        course: the course directory.
        rows: one for each submission and for each registered student without one.
        graded: how many were graded in this run; the others had not changed.
        seconds: wall time of the run.
        jobs: how many worker processes graded.
        isolation: ``"bubblewrap"``, or ``"none"`` if learners' code ran unconfined.
        notes: what concerns the assignment as a whole.
        numbers: the whole class in numbers: distribution, exercises, mistakes.
        page: the file with the class report.
    """

    course: str
    assignment: str
    rows: tuple[Row, ...]
    graded: int = 0
    seconds: float = 0.0
    jobs: int = 1
    isolation: str = "bubblewrap"
    notes: tuple[str, ...] = ()
    numbers: "ClassNumbers | None" = None
    page: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain Python types, as ``nlref grade --json`` prints them; docs/grades.md says what each key means."""
        return {
            "schema": 1,
            "course": self.course,
            "assignment": self.assignment,
            "graded": self.graded,
            "seconds": self.seconds,
            "jobs": self.jobs,
            "isolation": self.isolation,
            "notes": list(self.notes),
            "page": self.page,
            "class": self.numbers.to_dict() if self.numbers is not None else None,
            "rows": [asdict(row) for row in self.rows],
        }

    def row(self, student: str) -> Row:
        """One student's row; ``KeyError`` if there is none."""
        for row in self.rows:
            if row.student == student:
                return row
        raise KeyError(student)

    def summary(self) -> str:
        """The class in a line."""
        submitted = [row for row in self.rows if row.status in ("graded", "unchanged")]
        parts = [f"{self.graded} graded in {self.seconds:.1f} s"]
        if len(submitted) > self.graded:
            parts.append(f"{len(submitted) - self.graded} unchanged")
        if submitted:
            mean = sum(row.total for row in submitted) / len(submitted)
            parts.append(f"mean {mean:.1f} of {max(row.points for row in submitted):g}")
        for count, what in (
            (sum(row.status == "missing" for row in self.rows), "missing"),
            (sum(bool(row.repairs) for row in self.rows), "repaired"),
            (sum(bool(row.suspicious) for row in self.rows), "suspicious"),
            (sum(bool(row.needs_manual_grade) for row in submitted), "to be graded by a person"),
        ):
            if count:
                parts.append(f"{count} {what}")
        return ", ".join(parts)

    def print(self, console: Console | None = None) -> None:
        """The table, the line that sums it up and the notes. A line that is too long is whole in ``grades.csv``."""
        if console is None:
            console = Console()
            if not console.is_terminal:
                console = Console(width=160)  # a file has room
        exercises = list(dict.fromkeys(name for row in self.rows for name in row.scores))
        headers = exercises
        left = self._room(console, headers)
        if left < READABLE and len(exercises) > 1:
            headers = [str(number) for number, _ in enumerate(exercises, 1)]
            left = self._room(console, headers)
        console.print(self._table(headers, left if left >= READABLE else None))
        if headers != exercises:
            legend = ", ".join(f"{number} {name}" for number, name in zip(headers, exercises, strict=True))
            console.print(Text(_printable(legend)), style="dim")
        if left < READABLE:
            for row in self.rows:
                if says := _says(row):
                    line = Text(_printable(f"{row.student}: {'; '.join(says)}"))
                    console.print(line, no_wrap=True, overflow="ellipsis")
        console.print(Text(self.summary()))
        if self.isolation != "bubblewrap":
            warning = "Learners' code ran without a sandbox (--isolation none): it could read and change what you can."
            console.print(Text(warning, style="bold red"))
        for note in self.notes:
            console.print(Text(_printable(note)))
        if self.page:
            console.print(Text(f"The class report: {self.page}"), soft_wrap=True)

    def _room(self, console: Console, headers: Sequence[str]) -> int:
        """How many characters a line leaves for what there is to say."""
        wide = console.options.update(width=10_000)
        return console.width - Measurement.get(console, wide, self._table(headers, None)).maximum - 3

    def _table(self, headers: Sequence[str], room: int | None) -> Table:
        exercises = list(dict.fromkeys(name for row in self.rows for name in row.scores))
        table = Table(title=Text(self.assignment), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("student", overflow="fold", min_width=8)
        for header in headers:
            table.add_column(Text(_printable(header)), justify="right", no_wrap=True)
        table.add_column("total", justify="right", no_wrap=True)
        table.add_column("s", justify="right", no_wrap=True)
        if room is not None:
            table.add_column("why points are missing, what was repaired", no_wrap=True, width=room)
        for row in self.rows:
            line = [
                Text(_printable(row.student)),
                *(Text(_score(row, name), style=_style(row, name)) for name in exercises),
                Text(f"{row.total:.4g}/{row.points:g}", style="green" if row.total >= row.points else ""),
                Text(f"{row.seconds:.2f}" if row.status == "graded" else ""),
            ]
            if room is not None:
                line.append(Text(_printable("; ".join(_says(row)))))
            table.add_row(*line)
        return table


def _says(row: Row) -> list[str]:
    says = [*row.reasons, *row.repairs, *row.alerts]
    if row.needs_manual_grade:
        says.append(f"a person has to grade {', '.join(row.needs_manual_grade)}")
    return ["nothing was submitted"] if row.status == "missing" else says


def _score(row: Row, name: str) -> str:
    if row.status == "missing" or name not in row.scores:
        return ""
    score = row.scores[name]
    return "person" if score is None else f"{score:.4g}"


def _style(row: Row, name: str) -> str:
    score = row.scores.get(name)
    return "" if score is None else "red" if score == 0 else ""


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " if c in "\n\t" else "�" for c in text)


@contextmanager
def live_progress(console: Console | None = None) -> Iterator[Any]:
    """What to hand to ``grade(progress=...)``: a line for each submission, and below them a bar with the time left.

    Silent when not on a terminal.
    """
    console = console or Console(stderr=True)
    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("grading", total=None)

        def progress(done: int, total: int, result: SubmissionResult) -> None:
            if console.is_terminal:
                bar.console.print(_line(result), no_wrap=True, overflow="ellipsis")
            bar.update(task, completed=done, total=total)

        yield progress


def _line(result: SubmissionResult) -> Text:
    """One submission as it is graded: who, how many points, how long, and what to look at."""
    points = sum(cell.points for _, cell in result.cells())
    says = [f"{notebook.name}.ipynb: {notebook.problem}" for notebook in result.notebooks if notebook.problem]
    waiting = sum(cell.score is None for _, cell in result.cells())
    if waiting:
        says.append(f"{waiting} for a person")
    if result.remarks or any(notebook.repairs for notebook in result.notebooks):
        says.append("repaired")
    if any(_suspicions(result, exercise_names(result))):
        says.append("suspicious")
    line = Text(f"{_printable(result.student):20} ")
    line.append(f"{result.score:>6.4g}/{points:<6g}", style="green" if result.score >= points else "").append(
        f" {result.seconds:6.2f} s  ", style="dim"
    )
    return line.append(_printable("; ".join(says)))
