"""Grades as CSV: quoted, safe in a spreadsheet, in the columns that Canvas and Moodle import."""

import csv
import io
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from sqlalchemy.exc import SAWarning

from nlref.grading.course import Course, CourseError
from nlref.grading.gradebook import export
from nlref.grading.report import Row
from nlref.grading.tables import Column, Person, lms_csv, safe, write_grades


def lines(text):
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=cmd|" /C calc"!A0', '=HYPERLINK("x")'],
)
def test_no_text_is_a_formula(text):
    assert safe(text).startswith("'")


@pytest.mark.parametrize("text", ["ada", "a=b", "1+1", "", "O'Brien", 'naïve, "q"\nline'])
def test_other_text_stays(text):
    assert safe(text) == text


def test_grades_are_quoted_and_every_exercise_has_a_column(tmp_path):
    rows = [
        Row(
            'a,"b"\n',
            "=unit",
            {"relu": 5.0, "why": None},
            5.0,
            7.0,
            reasons=("=cmd()", "x; y"),
            suspicious=("@a",),
        ),
        Row("ben", "two", {"tanh": 1 / 3}, 1 / 3, 1.0, late_penalty=0.5, needs_manual_grade=("a", "b")),
    ]
    write_grades(tmp_path / "grades.csv", rows)
    header, first, second = lines((tmp_path / "grades.csv").read_text())
    assert header == ["student", "assignment", "relu", "why", "tanh", "total", "max", "late_penalty",
                      "needs_manual_grade", "repairs", "reasons", "suspicious"]  # fmt: skip
    assert first == ['a,"b"\n', "'=unit", "5", "", "", "5", "7", "0", "", "", "'=cmd(); x; y", "'@a"]
    assert second[4:9] == ["0.3333333333", "0.3333333333", "1", "0.5", "a b"]
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]


PEOPLE = [
    Person("ada", "Ada", "Lovelace", "ada@example.org", "1815"),
    Person("ben"),
    Person("eve", "=cmd()", "", "", ""),
    Person("gone", "No", "Grades"),
]
COLUMNS = [Column("one", 10.0, {"ada": 9.5, "ben": 0.0, "eve": 1.0}), Column("two", 5.0, {"ada": 5.0})]


def test_canvas_columns():
    assert lines(lms_csv("canvas", PEOPLE, COLUMNS)) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "one", "two"],
        ["    Points Possible", "", "", "", "", "10", "5"],
        ["Lovelace, Ada", "1815", "", "ada", "", "9.5", "5"],
        ["ben", "", "", "ben", "", "0", ""],
        ["'=cmd()", "", "", "eve", "", "1", ""],
    ]


def test_moodle_columns():
    assert lines(lms_csv("moodle", PEOPLE, COLUMNS))[:3] == [
        ["Username", "First name", "Last name", "ID number", "Email address", "one", "two"],
        ["ada", "Ada", "Lovelace", "1815", "ada@example.org", "9.5", "5"],
        ["ben", "", "", "", "", "0", ""],
    ]


def test_other_systems_are_named():
    with pytest.raises(ValueError, match="canvas or moodle, not for 'blackboard'"):
        lms_csv("blackboard", PEOPLE, COLUMNS)


@pytest.fixture
def graded(basics):
    """`basics` as any nbgrader course has it in its gradebook: ada is done, ben waits for a person, cem was late."""
    with warnings.catch_warnings(), Course(basics).gradebook() as book:
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own add_submission
        book.update_or_create_student(
            "ada", first_name="Ada", last_name="L.", lms_user_id="7", email="a@b.org"
        )
        for student in ("ada", "ben", "cem"):
            book.update_or_create_student(student)
            submission = book.add_submission("basics", student)
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score = 1.0
                    grade.manual_score = None
                    if student == "ada" and grade.name == "why":
                        grade.auto_score, grade.manual_score, grade.extra_credit = None, 1.5, 0.25
                    if student == "ben" and grade.name == "why":
                        grade.auto_score = None
                if student == "cem":
                    notebook.late_submission_penalty = 0.5
        book.db.commit()
    return basics


def test_the_gradebooks_final_scores_are_exported(graded):
    text, waiting = export(Course(graded), "canvas")
    header, points, ada, *others = lines(text)
    assert header[5:] == ["basics"]
    assert points[5] == "15"
    assert ada == ["L., Ada", "7", "", "ada", "", "6.75"]
    assert others == [["cem", "", "", "cem", "", "5"]]
    assert waiting == {"basics": ["ben"]}
    assert export(Course(graded), "canvas", ["basics"]) == export(Course(graded), "canvas")


def test_the_command_prints_or_writes_the_file_and_says_who_is_left_out(graded, tmp_path):
    command = [Path(sys.executable).with_name("nlref"), "export", graded, "basics", "--format", "moodle"]
    printed = subprocess.run(command, capture_output=True, check=True)
    assert lines(printed.stdout.decode())[1] == ["ada", "Ada", "L.", "7", "a@b.org", "6.75"]
    assert b"basics: left out until a person has graded them: ben" in printed.stderr
    subprocess.run([*command, "--output", tmp_path / "grades.csv"], capture_output=True, check=True)
    assert (tmp_path / "grades.csv").read_bytes() == printed.stdout
    wrong = subprocess.run([*command[:-1], "excel"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert wrong.stderr == "nlref: grades are exported for canvas or moodle, not for 'excel'\n"


def test_what_cannot_be_exported_is_a_sentence(graded):
    with pytest.raises(CourseError, match="has no assignment 'nets'; it has: basics"):
        export(Course(graded), "canvas", ["nets"])
    with pytest.raises(CourseError, match="canvas or moodle, not for 'excel'"):
        export(Course(graded), "excel")
