"""The one writer: results into nbgrader's gradebook, autograded notebooks into the course directory, ``grades.csv``.

A submission's files are written beside their place and renamed, then its grades are committed in one transaction with
a record of what was graded. The record comes last, so a run that is killed at any moment leaves submissions that are
either done or will be done again; nothing is half graded.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sql
from nbgrader import api
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc

from nlref.grading.assignment import Assignment
from nlref.grading.class_numbers import ClassNumbers
from nlref.grading.class_report import class_page
from nlref.grading.course import Course, CourseError
from nlref.grading.feedback import Mark, feedback_page
from nlref.grading.report import Row
from nlref.grading.result import NotebookResult, SubmissionResult
from nlref.grading.submission import Submission
from nlref.grading.tables import FORMATS, Column, Person, lms_csv, write_grades

GRADES_FILE = "grades.csv"
REPORTS = "reports"
SECRET_FILE = "submission_secret.txt"  # nbgrader's exchange makes a page's public name of it

_RESULTS = sql.Table(
    "nlref_result",
    sql.MetaData(),
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("student", sql.String(128), primary_key=True),
    sql.Column("digest", sql.String(64), nullable=False),
    sql.Column("result", sql.Text, nullable=False),
)

# What nbgrader asks for by, and has no index for: without these, exporting a class takes the square of its size.
_INDEXES = {
    "base_cell": "notebook_id",
    "comment": "notebook_id",
    "grade": "notebook_id",
    "notebook": "assignment_id",
    "source_cell": "notebook_id",
    "submitted_assignment": "student_id",
    "submitted_notebook": "assignment_id",
}


class GradeWriter:
    """Writes the results of one assignment; a context manager. There must be one at a time for a course.

    Raises (anywhere)
        CourseError: the database is locked, full, too old or gone; the sentence says what to do.
    """

    def __init__(self, course: Course, assignment: Assignment) -> None:
        self.course = course
        self.assignment = assignment
        self._late = AssignLatePenalties(parent=course.nbgrader)
        self._late.init_plugin()

    def __enter__(self) -> "GradeWriter":
        try:
            self._book = self.course.gradebook()
            _RESULTS.create(self._book.engine, checkfirst=True)
            self._add_indexes()
            self._load_cells()
        except sql.exc.SQLAlchemyError as error:
            raise self.course.refusal(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def _add_indexes(self) -> None:
        database = self._book.db
        known = sql.inspect(self._book.engine)
        for table, column in _INDEXES.items():
            name = f"nlref_{table}_{column}"
            if name not in {index["name"] for index in known.get_indexes(table)}:
                database.execute(sql.text(f"CREATE INDEX {name} ON {table} ({column})"))
        database.commit()

    def _load_cells(self) -> None:
        """Ids of everything that does not change while this assignment is graded."""
        database = self._book.db
        row = database.execute(
            sql.select(api.Assignment.id, api.Assignment.duedate).where(
                api.Assignment.name == self.assignment.name
            )
        ).one()
        self._assignment_id, self._duedate = row
        self._notebook_ids = dict(
            database.execute(
                sql.select(api.Notebook.name, api.Notebook.id).where(
                    api.Notebook.assignment_id == self._assignment_id
                )
            ).all()
        )
        cells = database.execute(
            sql.select(api.BaseCell.id, api.BaseCell.name, api.BaseCell.type, api.BaseCell.notebook_id).where(
                api.BaseCell.notebook_id.in_(self._notebook_ids.values())
            )
        ).all()
        names = {notebook_id: name for name, notebook_id in self._notebook_ids.items()}
        self._tasks = {(names[c.notebook_id], c.name) for c in cells if c.type == "TaskCell"}
        self._graded = {
            (names[c.notebook_id], c.name): c.id for c in cells if c.type in ("GradeCell", "TaskCell")
        }
        self._commented = {
            (names[c.notebook_id], c.name): (c.id, c.type)
            for c in cells
            if c.type in ("SolutionCell", "TaskCell")
        }
        database.rollback()

    # What is there

    def digests(self) -> dict[str, str]:
        """The digest of what was graded last, for each student whose grades are in the gradebook."""
        query = (
            sql.select(_RESULTS.c.student, _RESULTS.c.digest)
            .join(api.SubmittedAssignment, api.SubmittedAssignment.student_id == _RESULTS.c.student)
            .where(
                _RESULTS.c.assignment == self.assignment.name,
                api.SubmittedAssignment.assignment_id == self._assignment_id,
            )
        )
        return dict(self._read(query))

    def is_done(self, student: str, notebooks: Iterable[str]) -> bool:
        """Whether the autograded notebooks of a graded submission are where they belong."""
        folder = self.course.path("autograded", student, self.assignment.name)
        return all((folder / f"{name}.ipynb").is_file() for name in notebooks)

    def students(self) -> list[str]:
        """Everyone in the gradebook."""
        return [row.id for row in self._read(sql.select(api.Student.id).order_by(api.Student.id))]

    def _read(self, query: Any) -> Sequence[Any]:
        try:
            rows = self._book.db.execute(query).all()
            self._book.db.rollback()
        except sql.exc.SQLAlchemyError as error:
            raise self.course.refusal(error) from error
        return rows

    # Writing

    def write(self, submission: Submission, result: SubmissionResult) -> None:
        """Put one submission's notebooks and grades where nbgrader expects them."""
        with _unwritten("graded notebooks", result.student):
            self._write_files(submission, result.notebooks)
        database = self._book.db
        try:
            self._write_grades(submission, result)
            self._write_pages(submission, result)
            database.commit()
        except sql.exc.SQLAlchemyError as error:
            database.rollback()
            raise self.course.refusal(error) from error
        except BaseException:
            database.rollback()
            raise

    def preview(self, submission: Submission, result: SubmissionResult) -> Row:
        """The row that writing this would give. It is written and taken back, so that nothing can differ."""
        database = self._book.db
        try:
            self._write_grades(submission, result)
            counted = counted_marks(self._book, self.assignment.name, result.student)
        except sql.exc.SQLAlchemyError as error:
            raise self.course.refusal(error) from error
        finally:
            database.rollback()
        scores = {
            (name, grade_id): mark.score
            for name, own in counted.items()
            for grade_id, mark in own.marks.items()
        }
        return Row.from_result(result, scores, sum(own.late_penalty for own in counted.values()))

    def _write_files(self, submission: Submission, notebooks: Iterable[NotebookResult]) -> None:
        target = self.course.path("autograded", submission.student, self.assignment.name)
        contents: dict[str, bytes] = {**submission.files, **self.assignment.files}
        contents.update(
            {f"{notebook.name}.ipynb": notebook.content for notebook in notebooks if notebook.content}
        )
        if submission.timestamp is not None:
            contents["timestamp.txt"] = submission.timestamp.encode()
        replace_folder(target, contents, shared=self.course.coursedir.groupshared, mode=0o444)

    def _write_grades(self, submission: Submission, result: SubmissionResult) -> None:
        database = self._book.db
        timestamp = _timestamp(submission.timestamp)
        student = database.execute(
            sql.select(api.Student.id).where(api.Student.id == result.student)
        ).one_or_none()
        if student is None:
            database.execute(sql.insert(api.Student).values(id=result.student))
        submitted = database.execute(
            sql.select(
                api.SubmittedAssignment.id,
                api.SubmittedAssignment.timestamp,
                api.SubmittedAssignment.extension,
            ).where(
                api.SubmittedAssignment.assignment_id == self._assignment_id,
                api.SubmittedAssignment.student_id == result.student,
            )
        ).one_or_none()
        if submitted is None:
            submitted_id, extension = api.new_uuid(), None
            database.execute(
                sql.insert(api.SubmittedAssignment).values(
                    id=submitted_id,
                    assignment_id=self._assignment_id,
                    student_id=result.student,
                    timestamp=timestamp,
                )
            )
        else:
            submitted_id, before, extension = submitted
            if timestamp is None:
                timestamp = before  # as nbgrader: a submission without a timestamp keeps the one it had
            elif timestamp != before:
                database.execute(
                    sql.update(api.SubmittedAssignment)
                    .where(api.SubmittedAssignment.id == submitted_id)
                    .values(timestamp=timestamp)
                )
        late = 0.0
        if timestamp is not None and self._duedate is not None:
            due = self._duedate + extension if extension is not None else self._duedate
            late = max(0.0, (timestamp - due).total_seconds())
        known = {}
        if submitted is not None:
            rows = database.execute(
                sql.select(api.SubmittedNotebook.notebook_id, api.SubmittedNotebook.id).where(
                    api.SubmittedNotebook.assignment_id == submitted_id
                )
            )
            known = dict(rows.all())
        for notebook in result.notebooks:
            notebook_id = self._notebook_ids[notebook.name]
            own_id = known.get(notebook_id)
            self._write_notebook(submitted_id, notebook_id, own_id, notebook, result.student, late)
        key = {"assignment": self.assignment.name, "student": result.student}
        database.execute(sql.delete(_RESULTS).filter_by(**key))
        database.execute(sql.insert(_RESULTS).values(**key, digest=result.digest, result=result.to_json()))

    def _write_pages(self, submission: Submission, result: SubmissionResult) -> None:
        """The feedback pages, and beside them what ``nbgrader release_feedback`` asks for."""
        counted = counted_marks(self._book, self.assignment.name, result.student)
        pages: dict[str, bytes] = {}
        for notebook in result.notebooks:
            if not notebook.content:
                continue
            page, now = notebook.page, counted[notebook.name]
            if not page or now != Counted({c.grade_id: Mark(c.score, c.points) for c in notebook.cells}):
                page = feedback_page(
                    self.assignment.notebooks[notebook.name],
                    json.loads(notebook.content),
                    now.marks,
                    student=result.student,
                    assignment=self.assignment,
                    comments=now.comments,
                    late_penalty=now.late_penalty,
                ).encode(errors="replace")
            pages[f"{notebook.name}.html"] = page
        if submission.timestamp is not None:
            pages["timestamp.txt"] = submission.timestamp.encode()
        if SECRET_FILE in submission.files:
            pages[SECRET_FILE] = submission.files[SECRET_FILE]
        target = self.course.path("feedback", submission.student, self.assignment.name)
        with _unwritten("feedback pages", result.student):
            replace_folder(target, pages, shared=self.course.coursedir.groupshared, mode=0o644)

    def _write_notebook(
        self,
        submitted_id: str,
        notebook_id: str,
        own_id: str | None,
        result: NotebookResult,
        student: str,
        late: float,
    ) -> None:
        database = self._book.db
        known = own_id is not None
        if own_id is None:
            own_id = api.new_uuid()
            database.execute(
                sql.insert(api.SubmittedNotebook).values(
                    id=own_id, assignment_id=submitted_id, notebook_id=notebook_id
                )
            )
        total = self._write_cells(own_id, result, known)
        self._write_comments(own_id, result, known)
        penalty = None
        if late > 0:
            penalty = self._late.plugin_inst.late_submission_penalty(student, total, late)
            if penalty is not None:
                penalty = min(max(0.0, penalty), total)
        database.execute(
            sql.update(api.SubmittedNotebook)
            .where(api.SubmittedNotebook.id == own_id)
            .values(late_submission_penalty=penalty)
        )

    def _write_cells(self, own_id: str, result: NotebookResult, known: bool) -> float:
        """Automatic scores, never a manual one; the notebook's score as nbgrader adds it up."""
        database, name = self._book.db, result.name
        query = sql.select(
            api.Grade.id, api.Grade.cell_id, api.Grade.manual_score, api.Grade.extra_credit
        ).where(api.Grade.notebook_id == own_id)
        stored = {row.cell_id: row for row in database.execute(query)} if known else {}
        scores = {cell.grade_id: cell.score for cell in result.cells}
        fresh, changed, total = [], [], 0.0
        for (notebook, grade_id), cell_id in self._graded.items():
            if notebook != name:
                continue
            score = scores[grade_id]
            before = stored.get(cell_id)
            manual = before.manual_score if before is not None else None
            # nbgrader flags again what a person has graded, whenever it is autograded again.
            needs = manual is not None or score is None
            if manual is not None and (notebook, grade_id) in self._tasks:
                needs = False  # but for tasks, which it leaves to the person who graded them
            if before is None:
                fresh.append(
                    {
                        "id": api.new_uuid(),
                        "cell_id": cell_id,
                        "notebook_id": own_id,
                        "auto_score": score,
                        "needs_manual_grade": needs,
                    }
                )
            else:
                changed.append({"id": before.id, "auto_score": score, "needs_manual_grade": needs})
            counted = manual if manual is not None else score if score is not None else 0.0
            total += counted + ((before.extra_credit if before is not None else None) or 0.0)
        if fresh:
            database.execute(sql.insert(api.Grade), fresh)
        if changed:
            database.execute(sql.update(api.Grade), changed)
        return total

    def _write_comments(self, own_id: str, result: NotebookResult, known: bool) -> None:
        database, name = self._book.db, result.name
        query = sql.select(api.Comment.cell_id, api.Comment.id).where(api.Comment.notebook_id == own_id)
        stored = dict(database.execute(query).all()) if known else {}
        fresh, changed = [], []
        for (notebook, grade_id), (cell_id, _) in self._commented.items():
            if notebook != name:
                continue
            comment = "No response." if grade_id in result.unanswered else None
            if cell_id in stored:
                changed.append({"id": stored[cell_id], "auto_comment": comment})
            else:
                fresh.append(
                    {"id": api.new_uuid(), "cell_id": cell_id, "notebook_id": own_id, "auto_comment": comment}
                )
        if fresh:
            database.execute(sql.insert(api.Comment), fresh)
        if changed:
            database.execute(sql.update(api.Comment), changed)

    # Reading back, for the report and the file

    def results(self, assignment: str | None = None) -> Iterator[tuple[Row, SubmissionResult]]:
        """Each graded submission: its row, with the scores that count now, manual ones included, and what was found."""
        return _results(self._read, assignment or self.assignment.name)

    def people(self) -> dict[str, Person]:
        """Everyone in the gradebook, by id."""
        return people(self._read)

    def write_csv(self) -> Path:
        """``grades.csv``: everything that was graded in this course, a line for each student and assignment."""
        names = [row.assignment for row in self._read(sql.select(_RESULTS.c.assignment).distinct())]
        path = self.course.root / GRADES_FILE
        write_grades(path, [row for name in sorted(names) for row, _ in self.results(name)])
        return path

    def write_class_page(self, rows: Sequence[Row], numbers: ClassNumbers, notes: Sequence[str]) -> Path:
        """The class report of this assignment, beside its place and renamed."""
        path = self.course.root / REPORTS / f"{self.assignment.name}.html"

        def address(student: str, notebook: str) -> str:
            page = self.course.path("feedback", student, self.assignment.name) / f"{notebook}.html"
            return quote(os.path.relpath(page, path.parent))

        page = class_page(
            self.assignment,
            rows,
            numbers,
            course=self.course.coursedir.course_id or self.course.root.name,
            names={student: person.name for student, person in self.people().items()},
            notes=notes,
            address=address,
        )
        try:
            path.parent.mkdir(exist_ok=True)
            draft = path.with_name(f".{path.name}.new")
            draft.write_text(page, encoding="utf-8", errors="replace")
            draft.replace(path)
        except OSError as error:
            raise CourseError(
                f"the class report could not be written: {error.strerror} ({error.filename}); all grades are safe"
            ) from error
        return path


@contextmanager
def _unwritten(what: str, student: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CourseError(
            f"the {what} of {student} could not be written: {error.strerror} ({error.filename}); "
            "what was graded before is safe, and the next run goes on from here"
        ) from error


def replace_folder(target: Path, contents: Mapping[str, bytes], *, shared: bool, mode: int) -> None:
    """Write files beside a folder and rename, so that nobody meets half of them; ``shared`` with the group."""
    draft, old = (target.with_name(f".{target.name}.{suffix}") for suffix in ("new", "old"))
    for leftover in (draft, old):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, content in contents.items():
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o664 if shared else mode)
    if shared:
        for folder in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            folder.chmod(0o2775)
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


@dataclass(frozen=True)
class Counted:
    """What the gradebook says about one notebook of a submission: marks and comments by grade id."""

    marks: Mapping[str, Mark]
    comments: Mapping[str, str] = field(default_factory=dict)
    late_penalty: float = 0.0


def counted_marks(book: api.Gradebook, assignment: str, student: str) -> dict[str, Counted]:
    """What counts now for each notebook of a submission, with what a person graded and wrote."""
    own = (
        sql.select(api.SubmittedNotebook.id, api.Notebook.name, api.SubmittedNotebook.late_submission_penalty)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .where(api.Assignment.name == assignment, api.SubmittedAssignment.student_id == student)
    )
    notebooks = {row.id: row for row in book.db.execute(own)}
    marks: dict[str, dict[str, Mark]] = {key: {} for key in notebooks}
    comments: dict[str, dict[str, str]] = {key: {} for key in notebooks}
    # Points are a column of the two kinds of cell that have any.
    for kind in (api.GradeCell, api.TaskCell):
        grades = (
            sql.select(
                api.Grade.notebook_id,
                kind.name,
                kind.max_score,
                api.Grade.auto_score,
                api.Grade.manual_score,
                api.Grade.extra_credit,
            )
            .join(kind, kind.id == api.Grade.cell_id)
            .where(api.Grade.notebook_id.in_(notebooks))
        )
        for row in book.db.execute(grades):
            score = row.manual_score if row.manual_score is not None else row.auto_score
            if score is not None:
                score += row.extra_credit or 0.0
            marks[row.notebook_id][row.name] = Mark(score, row.max_score)
    said = (
        sql.select(api.Comment.notebook_id, api.BaseCell.name, api.Comment.manual_comment)
        .join(api.BaseCell, api.BaseCell.id == api.Comment.cell_id)
        .where(api.Comment.notebook_id.in_(notebooks), api.Comment.manual_comment.is_not(None))
    )
    for row in book.db.execute(said):
        comments[row.notebook_id][row.name] = row.manual_comment
    return {
        row.name: Counted(marks[key], comments[key], row.late_submission_penalty or 0.0)
        for key, row in notebooks.items()
    }


def _results(read: Any, assignment: str) -> Iterator[tuple[Row, SubmissionResult]]:
    counted, penalties = _counted(read, assignment)
    stored = read(
        sql.select(_RESULTS.c.student, _RESULTS.c.result)
        .where(_RESULTS.c.assignment == assignment)
        .order_by(_RESULTS.c.student)
    )
    for student, text in stored:
        if student in counted:
            result = SubmissionResult.from_json(text)
            yield Row.from_result(result, counted[student], sum(penalties[student].values())), result


def _counted(
    read: Any, assignment: str
) -> tuple[dict[str, dict[tuple[str, str], float | None]], dict[str, dict[str, float]]]:
    """By student: the score of each cell, ``None`` while a person has yet to grade it, and each notebook's penalty."""
    scores = read(
        sql.select(
            api.SubmittedAssignment.student_id,
            api.Notebook.name.label("notebook"),
            api.BaseCell.name.label("cell"),
            api.Grade.auto_score,
            api.Grade.manual_score,
            api.Grade.extra_credit,
            api.Grade.needs_manual_grade,
            api.SubmittedNotebook.late_submission_penalty,
        )
        .select_from(api.Grade)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.id == api.Grade.notebook_id)
        .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
        .where(api.Assignment.name == assignment)
    )
    counted: dict[str, dict[tuple[str, str], float | None]] = {}
    penalties: dict[str, dict[str, float]] = {}
    for row in scores:
        score = row.manual_score if row.manual_score is not None else row.auto_score
        if score is not None:
            score += row.extra_credit or 0.0
        counted.setdefault(row.student_id, {})[row.notebook, row.cell] = score
        penalties.setdefault(row.student_id, {})[row.notebook] = row.late_submission_penalty or 0.0
    return counted, penalties


def people(read: Any) -> dict[str, Person]:
    """Everyone in a gradebook, by id."""
    own = api.Student
    rows = read(
        sql.select(own.id, own.first_name, own.last_name, own.email, own.lms_user_id).order_by(own.id)
    )
    return {row[0]: Person(*(text or "" for text in row)) for row in rows}


def column(read: Any, assignment: str) -> Column:
    """The final scores of an assignment, whoever graded it; nobody's who waits for a person."""
    counted, penalties = _counted(read, assignment)
    points = sum(
        row.points or 0.0
        for kind in (api.GradeCell, api.TaskCell)
        for row in read(
            sql.select(sql.func.sum(kind.max_score).label("points"))
            .join(api.Notebook, api.Notebook.id == kind.notebook_id)
            .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
            .where(api.Assignment.name == assignment)
        )
    )
    scores, waiting = {}, []
    for student, cells in counted.items():
        if all(score is not None for score in cells.values()):
            earned = sum(score or 0.0 for score in cells.values())
            scores[student] = earned - min(sum(penalties[student].values()), earned)
        else:
            waiting.append(student)
    return Column(assignment, points, scores, sorted(waiting))


def export(
    course: Course, format: str, assignments: Sequence[str] = ()
) -> tuple[str, Mapping[str, Sequence[str]]]:
    """The gradebook's final scores as CSV for ``"canvas"`` or ``"moodle"``; all assignments if none is named.

    Returns
        The CSV, and by assignment the students who are left out of it because a person has yet to grade them.

    Raises
        CourseError: there is no such assignment, or no such format.
    """
    if format not in FORMATS:
        raise CourseError(f"grades are exported for {' or '.join(FORMATS)}, not for {format!r}")
    with course.gradebook() as book:

        def read(query: Any) -> Sequence[Any]:
            try:
                return book.db.execute(query).all()
            except sql.exc.SQLAlchemyError as error:
                raise course.refusal(error) from error

        known = sorted(row.name for row in read(sql.select(api.Assignment.name)))
        for name in assignments:
            if name not in known:
                raise CourseError(
                    f"the gradebook has no assignment {name!r}; it has: {', '.join(known) or 'none'}"
                )
        columns = [column(read, name) for name in assignments or known]
        text = lms_csv(format, people(read).values(), columns)
        return text, {column.assignment: column.waiting for column in columns if column.waiting}


def _timestamp(text: str | None) -> Any:
    """As nbgrader reads it; a timestamp that is none counts as missing."""
    if text is None:
        return None
    with suppress(ValueError, OverflowError, TypeError):
        return parse_utc(text)
    return None
