"""The one writer: nbgrader's gradebook, the autograded folder and grades.csv, whole after every submission."""

import csv
import datetime
import os
import sqlite3
from dataclasses import replace

import pytest
import sqlalchemy

from nlref.grading.course import Course, CourseError
from nlref.grading.gradebook import GradeWriter
from nlref.grading.notebook import released_notebook
from nlref.grading.result import CellResult, NotebookResult, SubmissionResult
from nlref.grading.submission import read_submission


@pytest.fixture
def course(basics, writing):
    for student in ("ada", "ben"):
        writing.hand_in(basics, student, "basics", writing.right, files={"own.txt": "mine"})
    return Course(basics)


@pytest.fixture
def version(course):
    return course.assignment("basics")


def graded(course, version, student, *, scores=None, digest="d1", reason=""):
    """A submission and a result for it, full marks but for ``scores``."""
    folder = course.path("submitted", student, "basics")
    submission = read_submission(folder, student, "basics", version.notebooks)
    notebooks = []
    for master in version.notebooks.values():
        cells = []
        for cell in master.graded:
            score = None if cell.is_manual or cell.task else cell.points
            score = (scores or {}).get(cell.grade_id, score)
            cells.append(CellResult(cell.grade_id, score, cell.points, reason if score == 0 else ""))
        notebooks.append(
            NotebookResult(master.name, tuple(cells), unanswered=("why",), content=released_notebook(master))
        )
    return submission, SubmissionResult(student, "basics", tuple(notebooks), digest=digest, seconds=0.5)


def write(course, version, *results):
    with GradeWriter(course, version) as writer:
        for submission, result in results:
            writer.write(submission, result)
        return [row for row, _ in writer.results()]


def grade_of(course, student, cell, notebook="basics"):
    with course.gradebook() as gradebook:
        return gradebook.find_grade(cell, notebook, "basics", student).to_dict()


def test_scores_flags_and_comments_are_nbgraders(course, version):
    write(course, version, graded(course, version, "ada", scores={"mean-check": 2.5, "squares-check": 0.0}))
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission("basics", "ada")
        assert submission.score == 3.5
        assert submission.max_score == 15
        assert submission.needs_manual_grade
        assert gradebook.find_student("ada").score == 3.5
        assert gradebook.find_comment("why", "basics", "basics", "ada").auto_comment == "No response."
        assert gradebook.find_comment("use", "basics", "basics", "ada").auto_comment is None
        assert gradebook.find_comment("plan", "basics", "basics", "ada").auto_comment is None
        assert gradebook.find_submission_notebook("extra", "basics", "ada").score == 1
    squares = grade_of(course, "ada", "squares-check")
    assert (squares["auto_score"], squares["failed_tests"], squares["needs_manual_grade"]) == (0, True, False)
    assert grade_of(course, "ada", "why")["needs_manual_grade"]


# nbgrader's own add_submission draws these warnings from SQLAlchemy.
@pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")
def test_what_it_writes_is_what_nbgrader_would_make(course, version):
    """The rows of a new submission, against nbgrader's own ``add_submission``."""
    write(course, version, graded(course, version, "ada"))
    with course.gradebook() as gradebook:
        gradebook.add_student("nbgraders")
        gradebook.add_submission("basics", "nbgraders")
        ours, theirs = (gradebook.find_submission("basics", who) for who in ("ada", "nbgraders"))
        for one, other in zip(
            sorted(ours.notebooks, key=lambda n: n.name),
            sorted(theirs.notebooks, key=lambda n: n.name),
            strict=True,
        ):
            assert one.name == other.name
            for of in ("grades", "comments"):
                cells = [{(row.cell.name, row.cell.type) for row in getattr(nb, of)} for nb in (one, other)]
                assert cells[0] == cells[1]


def test_a_persons_scores_and_comments_survive_a_regrade_and_are_flagged_again(course, version):
    write(course, version, graded(course, version, "ada"))
    with course.gradebook() as gradebook:
        for cell, score in (("why", 1.5), ("squares-check", 0.5), ("plan", 3.0)):
            grade = gradebook.find_grade(cell, "basics", "basics", "ada")
            grade.manual_score, grade.needs_manual_grade, grade.extra_credit = score, False, 0.25
        gradebook.find_comment("why", "basics", "basics", "ada").manual_comment = "Well said."
        gradebook.db.commit()
    [row] = write(course, version, graded(course, version, "ada", digest="d2"))
    why, squares, plan = (grade_of(course, "ada", cell) for cell in ("why", "squares-check", "plan"))
    assert (why["manual_score"], why["needs_manual_grade"]) == (1.5, True)
    assert (squares["manual_score"], squares["auto_score"], squares["needs_manual_grade"]) == (0.5, 2, True)
    assert (plan["manual_score"], plan["needs_manual_grade"]) == (3.0, False)
    with course.gradebook() as gradebook:
        assert gradebook.find_comment("why", "basics", "basics", "ada").comment == "Well said."
        assert row.total == gradebook.find_submission("basics", "ada").score
    assert row.scores["squares"] == 0.75


def test_the_autograded_folder_is_replaced_whole(course, version):
    folder = course.path("autograded", "ada", "basics")
    write(course, version, graded(course, version, "ada"))
    assert sorted(p.name for p in folder.iterdir()) == ["basics.ipynb", "data.csv", "extra.ipynb", "own.txt"]
    assert (folder / "data.csv").read_text() == "1\n2\n3\n"
    assert (folder / "basics.ipynb").stat().st_mode & 0o777 == 0o444
    (course.root / "submitted" / "ada" / "basics" / "own.txt").unlink()
    write(course, version, graded(course, version, "ada", digest="d2"))
    assert sorted(p.name for p in folder.iterdir()) == ["basics.ipynb", "data.csv", "extra.ipynb"]
    assert [p.name for p in folder.parent.iterdir()] == ["basics"]


def test_what_was_graded_is_remembered_until_the_gradebook_forgets_it(course, version):
    write(course, version, graded(course, version, "ada"), graded(course, version, "ben", digest="d9"))
    with GradeWriter(course, version) as writer:
        assert writer.digests() == {"ada": "d1", "ben": "d9"}
        assert writer.is_done("ada", ["basics", "extra"])
        (course.path("autograded", "ada", "basics") / "extra.ipynb").unlink()
        assert not writer.is_done("ada", ["basics", "extra"])
    with course.gradebook() as gradebook:
        gradebook.remove_submission("basics", "ben")
    with GradeWriter(course, version) as writer:
        assert set(writer.digests()) == {"ada"}


@pytest.mark.parametrize("stage", ["files", "grades", "commit"])
def test_an_interrupted_submission_is_either_done_or_due_again(course, version, monkeypatch, stage):
    write(course, version, graded(course, version, "ada"))

    class Cut(BaseException):
        pass

    def cut(*_args, **_options):
        raise Cut

    with GradeWriter(course, version) as writer:
        if stage == "files":
            monkeypatch.setattr(os, "replace", cut)
            monkeypatch.setattr(type(course.root), "rename", cut)
        elif stage == "grades":
            monkeypatch.setattr(writer, "_write_comments", cut)
        else:
            monkeypatch.setattr(writer._book.db, "commit", cut)
        with pytest.raises(Cut):
            writer.write(*graded(course, version, "ada", digest="d2", scores={"squares-check": 0.0}))
    monkeypatch.undo()
    with GradeWriter(course, version) as writer:
        assert writer.digests() == {"ada": "d1"}
        assert writer.is_done("ada", ["basics", "extra"])
    assert grade_of(course, "ada", "squares-check")["auto_score"] == 2
    [row] = write(course, version, graded(course, version, "ada", digest="d2", scores={"squares-check": 0.0}))
    assert row.scores["squares"] == 0
    assert [p.name for p in course.path("autograded", "ada", "basics").parent.iterdir()] == ["basics"]


def test_a_timestamp_and_the_courses_penalty_are_used(course, version):
    config = course.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment("basics", duedate=datetime.datetime(2025, 1, 1))
    late = course.root / "submitted" / "ben" / "basics" / "timestamp.txt"
    late.write_text("2025-01-02 00:00:00.000000 UTC")
    (course.root / "submitted" / "ada" / "basics" / "timestamp.txt").write_text("2024-12-31 23:00:00 UTC")
    course = Course(course.root)
    rows = write(course, version, graded(course, version, "ada"), graded(course, version, "ben"))
    assert [row.late_penalty for row in rows] == [0, 7]
    assert [row.total for row in rows] == [7, 0]
    with course.gradebook() as gradebook:
        assert gradebook.find_submission("basics", "ben").timestamp == datetime.datetime(2025, 1, 2)
        assert gradebook.find_submission("basics", "ben").late_submission_penalty == 7
        gradebook.grant_extension("basics", "ben", days=2)
    rows = write(course, version, graded(course, version, "ben"))
    assert [row.total for row in rows if row.student == "ben"] == [7]
    late.write_text("whenever")
    write(course, version, graded(course, version, "ben"))
    with course.gradebook() as gradebook:
        assert gradebook.find_submission("basics", "ben").timestamp == datetime.datetime(2025, 1, 2)


def test_a_locked_database_is_a_sentence_and_loses_nothing(course, version):
    write(course, version, graded(course, version, "ada"))
    other = sqlite3.connect(course.root / "gradebook.db")
    with GradeWriter(course, version) as writer:
        writer._book.db.execute(sqlalchemy.text("PRAGMA busy_timeout = 50"))
        writer._book.db.rollback()
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(
            CourseError, match=r"gradebook.db refused: database is locked; close the other program"
        ):
            writer.write(*graded(course, version, "ada", digest="d2"))
        other.rollback()
        assert writer.digests() == {"ada": "d1"}
    other.close()


def test_the_course_file_holds_every_graded_assignment(course, version):
    with GradeWriter(course, version) as writer:
        writer.write(
            *graded(course, version, "ada", scores={"squares-check": 0.0}, reason="it raised ValueError")
        )
        path = writer.write_csv()
    with open(path, newline="", encoding="utf-8") as file:
        [row] = list(csv.DictReader(file))
    assert (row["student"], row["assignment"], row["squares"], row["mean"], row["total"]) == (
        "ada",
        "basics",
        "0",
        "4",
        "5",
    )
    assert row["needs_manual_grade"] == "use why plan"
    assert row["reasons"] == "squares: it raised ValueError"


def test_a_result_survives_as_text_without_the_notebooks():
    cell = CellResult("a-check", None, 2.0, "why", private_only=True)
    result = SubmissionResult(
        "ada", "x", (NotebookResult("n", (cell,), repairs=("r",), content=b"big"),), "d", "none", 1.5
    )
    bare = replace(result, notebooks=(replace(result.notebooks[0], content=b""),))
    assert SubmissionResult.from_json(result.to_json()) == bare
    with pytest.raises(ValueError, match="student"):
        SubmissionResult.from_json("{}")
