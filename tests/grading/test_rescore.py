"""A test that is mended after the release: who gains, who loses, and nothing written before somebody says so."""

import datetime
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nlref.grading import CourseError, grade
from nlref.grading.course import Course
from nlref.grading.rescore import rescore

pytestmark = pytest.mark.sandbox


def change(root, old, new):
    path = root / "source" / "basics" / "basics.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if old in source:
            cell["source"] = source.replace(old, new)
            path.write_text(json.dumps(notebook))
            return
    raise AssertionError(old)


def dump(root):
    """All that the gradebook holds, but for ids and times."""
    with sqlite3.connect(root / "gradebook.db") as database:
        grades = database.execute(
            "select student_id, base_cell.name, auto_score, manual_score, late_submission_penalty from grade "
            "join submitted_notebook on grade.notebook_id = submitted_notebook.id join submitted_assignment "
            "on submitted_notebook.assignment_id = submitted_assignment.id join base_cell on base_cell.id = cell_id"
        ).fetchall()
        cells = database.execute("select name, source from source_cell").fetchall()
        results = database.execute("select student, digest from nlref_result").fetchall()
    return sorted(grades, key=repr), sorted(cells), sorted(results)


@pytest.fixture
def graded(basics, writing):
    """Ada squares with floats, Ben is right, Cem is wrong; the test is too kind to Ada and unjust to nobody."""
    answers = {
        "ada": "def squares(n): return [float(i * i) for i in range(n)]",
        "ben": "def squares(n): return [i * i for i in range(n)]",
        "cem": "def squares(n): return [i for i in range(n)]",
    }
    for student, squares in answers.items():
        writing.hand_in(basics, student, "basics", writing.right | {"squares": squares})
    assert {row.student: row.total for row in grade(basics, "basics").rows} == {"ada": 7, "ben": 7, "cem": 5}
    return basics


def test_it_shows_who_gains_and_loses_and_writes_only_then(graded, writing, capsys):
    writing.hand_in(graded, "dua", "basics", writing.right)
    change(
        graded,
        "assert squares(3) == [0, 1, 4]",
        "assert squares(2) == [0, 1]\nassert all(type(i) is int for i in squares(5))",
    )
    before = dump(graded), (graded / "release" / "basics" / "basics.ipynb").read_bytes()
    with rescore(graded, "basics", jobs=1) as found:
        assert found.cells == [("basics", "squares-check")]
        assert {c.student: (c.difference, c.exercises()) for c in found.changes} == {
            "ada": (-2, {"squares": (2, 0)}),
            "cem": (2, {"squares": (0, 2)}),
        }
        assert (found.unchanged, found.ungraded) == (1, ["dua"])
        found.print()
    said = capsys.readouterr().out
    assert "changed: squares-check in basics.ipynb" in said
    assert "1 gain, 1 lose, 1 keep what they have, 1 not graded yet" in said
    assert (dump(graded), (graded / "release" / "basics" / "basics.ipynb").read_bytes()) == before

    with rescore(graded, "basics", jobs=1) as found:
        found.write()
    report = grade(graded, "basics")
    assert {row.student: (row.total, row.status) for row in report.rows} == {
        "ada": (5, "unchanged"),
        "ben": (7, "unchanged"),
        "cem": (7, "unchanged"),
        "dua": (7, "graded"),
    }
    assert "type(i) is int" in (graded / "release" / "basics" / "basics.ipynb").read_text()


@pytest.mark.slow
def test_manual_marks_and_penalties_are_counted_and_other_points_too(graded):
    config = graded / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with Course(graded).gradebook() as gradebook:
        gradebook.find_grade("squares-check", "basics", "basics", "ada").manual_score = 1.5
        gradebook.update_or_create_assignment("basics", duedate=datetime.datetime(2025, 1, 1))
        gradebook.db.commit()
    (graded / "submitted" / "cem" / "basics" / "timestamp.txt").write_text("2025-02-01 00:00:00 UTC")
    grade(graded, "basics")
    change(graded, "assert squares(3) == [0, 1, 4]", "assert squares(2) == [0, 1]")
    path = graded / "source" / "basics" / "basics.ipynb"
    path.write_text(path.read_text().replace('"points": 2', '"points": 1', 1))
    with rescore(graded, "basics", jobs=1) as found:
        # ada has 1.5 from a person; cem is late and loses everything whatever he gains
        assert {c.student: c.difference for c in found.changes} == {"ben": -1, "cem": 0}
        found.write()
    with Course(graded).gradebook() as gradebook:
        scores = {s.student_id: s.score for s in gradebook.assignment_submissions("basics")}
        assert gradebook.find_assignment("basics").max_score == 14
        assert {student: scores[student] for student in ("ada", "ben")} == {"ada": 6.5, "ben": 6}


@pytest.mark.slow
def test_what_nbgrader_forbids_is_a_sentence_and_nothing_changes(graded):
    path = graded / "source" / "basics" / "basics.ipynb"
    text = path.read_text()
    before = dump(graded)
    for new, says in (
        (
            text.replace('"mean-check"', '"average-check"'),
            "the cell 'average-check' of basics.ipynb was added",
        ),
        (text.replace('"points": 2', '"points": "two"', 1), "nbgrader could not release 'basics'"),
        ("no notebook", "basics.ipynb is not a notebook"),
    ):
        path.write_text(new)
        with pytest.raises(CourseError, match=says), rescore(graded, "basics", jobs=1):
            pass
    assert dump(graded) == before


@pytest.mark.slow
def test_a_course_that_names_its_own_root_is_left_alone(graded):
    config = graded / "nbgrader_config.py"
    config.write_text(
        config.read_text()
        + f"c.CourseDirectory.root = {str(graded)!r}\nc.CourseDirectory.db_url = 'sqlite:///{graded}/gradebook.db'\n"
    )
    change(graded, "assert squares(3) == [0, 1, 4]", "assert False")
    before = dump(graded)
    with rescore(graded, "basics", jobs=1) as found:
        assert [c.difference for c in found.changes] == [-2, -2]
    assert dump(graded) == before


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 2])
def test_a_rescore_that_is_killed_while_it_writes_is_finished_by_the_next_grade(graded, tmp_path, after):
    change(graded, "assert squares(3) == [0, 1, 4]", "assert squares(2) == [0, 1]")
    undisturbed = Path(shutil.copytree(graded, tmp_path / "undisturbed"))
    with rescore(undisturbed, "basics", jobs=1) as found:
        found.write()
    program = (
        "import os, signal\nfrom nlref.grading.gradebook import GradeWriter\n"
        "from nlref.grading.rescore import rescore\nwrite, count = GradeWriter.write, 0\n"
        "def counted(self, *arguments):\n    global count\n"
        f"    if count == {after}: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    count += 1\n    write(self, *arguments)\n"
        f"GradeWriter.write = counted\nwith rescore({str(graded)!r}, 'basics', jobs=1) as found:\n    found.write()\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert dump(graded) != dump(undisturbed)
    assert grade(graded, "basics").graded == 3 - after
    assert dump(graded) == dump(undisturbed)
