"""A class graded from end to end: the sample class, resuming, and what must stop nobody else."""

import contextlib
import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nlref.grading import CourseError, grade
from nlref.grading.course import Course
from nlref.grading.sandbox import SandboxUnavailable

pytestmark = pytest.mark.sandbox


def grades(root):
    """Everything that the gradebook knows about grades, without ids and times."""
    with sqlite3.connect(root / "gradebook.db") as database:
        rows = database.execute(
            "select submitted_assignment.student_id, notebook.name, base_cell.name, base_cell.type, auto_score, "
            "manual_score, needs_manual_grade from grade join submitted_notebook on grade.notebook_id = "
            "submitted_notebook.id join submitted_assignment on submitted_notebook.assignment_id = "
            "submitted_assignment.id join notebook on submitted_notebook.notebook_id = notebook.id "
            "join base_cell on grade.cell_id = base_cell.id"
        ).fetchall()
        comments = database.execute("select count(*), sum(auto_comment is not null) from comment").fetchall()
    return sorted(rows), comments


@pytest.mark.slow
def test_the_sample_class_gets_what_is_fair(unit_course, sample_class):
    students = sample_class.build(unit_course)
    recipes = sample_class.recipes()
    assert len(students) == 13
    report = grade(unit_course, sample_class.UNIT, jobs=2)
    assert report.notes == ()
    for student, recipe in recipes.items():
        row = report.row(student)
        assert dict(row.scores) == recipe["fair"], student
        assert row.total == sum(recipe["fair"].values())
    assert all(sum(recipes[name]["fair"].values()) == 26 for name in ("ada", "bashir", "chiara", "dmitri"))
    said = {row.student: "; ".join([*row.reasons, *row.repairs]) for row in report.rows}
    assert said["ada"] == said["bashir"] == said["chiara"] == said["dmitri"] == ""
    assert "tanh: For x = [-1000]: nan comes back" in said["emeka"]
    assert "(largest element)" in said["farah"]
    assert said["goran"] == "everything: not attempted"
    assert said["hana"] == "sigmoid: the call took longer than 5 s"
    assert said["ines"] == "relu: NameError: name 'relu' is not defined"
    assert "the test cell `relu-check` was missing and was put back" in said["jun"]
    assert "the cell `leaky_relu` was there twice" in said["kofi"]
    assert "it is not JSON" in said["malik"]
    with open(unit_course / "grades.csv", newline="", encoding="utf-8") as file:
        lines = {line["student"]: line for line in csv.DictReader(file)}
    assert {name: float(line["total"]) for name, line in lines.items()} == {
        name: sum(recipe["fair"].values()) for name, recipe in recipes.items()
    }

    # What a second run does: nothing, and the same report.
    again = grade(unit_course, sample_class.UNIT)
    assert again.graded == 0
    assert {row.student: row.total for row in again.rows} == {row.student: row.total for row in report.rows}
    assert {row.status for row in again.rows} == {"unchanged"}


@pytest.fixture
def small_class(basics, writing):
    """Five submissions of ``basics``, one of them broken."""
    for student in ("ada", "ben", "cem", "dua"):
        writing.hand_in(basics, student, "basics", writing.right)
    writing.hand_in(basics, "ben", "basics", writing.right | {"squares": "def squares(n): return n"})
    (basics / "submitted" / "dua" / "basics" / "basics.ipynb").write_text("no notebook")
    writing.hand_in(basics, "eli", "basics", writing.right, notebook="extra")
    return basics


TOTALS = {"ada": 7, "ben": 5, "cem": 7, "dua": 1, "eli": 1}


def test_a_class_with_broken_submissions_is_graded_whole(small_class):
    done = []
    report = grade(small_class, "basics", jobs=2, progress=lambda *step: done.append(step))
    assert {row.student: row.total for row in report.rows} == TOTALS
    assert report.graded == 5
    assert sorted(step[0] for step in done) == [1, 2, 3, 4, 5]
    assert {step[1] for step in done} == {5}
    assert report.row("dua").reasons[0].startswith("basics.ipynb: it is not a notebook")
    assert report.row("eli").reasons[0] == "basics.ipynb: it was not submitted"
    assert report.row("ada").needs_manual_grade == ("use", "why", "plan")
    assert report.notes == ()


@pytest.mark.slow
def test_only_what_is_new_or_changed_is_graded_again(small_class, writing):
    grade(small_class, "basics")
    assert grade(small_class, "basics").graded == 0
    writing.hand_in(small_class, "ben", "basics", writing.right)
    writing.hand_in(small_class, "fay", "basics", writing.right)
    report = grade(small_class, "basics")
    assert {row.student for row in report.rows if row.status == "graded"} == {"ben", "fay"}
    assert report.row("ben").total == 7
    shutil.rmtree(small_class / "autograded" / "cem")
    assert grade(small_class, "basics").graded == 1
    assert grade(small_class, "basics", students=["c*"], force=True).graded == 1
    assert grade(small_class, "basics", force=True).graded == 6


@pytest.mark.slow
def test_a_changed_test_grades_everyone_again(small_class):
    grade(small_class, "basics")
    with Course(small_class).gradebook() as gradebook:
        gradebook.find_source_cell("squares-check", "basics", "basics").source = "assert squares(2) == 2"
        gradebook.db.commit()
    report = grade(small_class, "basics")
    assert report.graded == 5
    assert report.row("ben").scores["squares"] == 2
    assert report.row("ada").scores["squares"] == 0
    assert "The instructor's own solution gets 0 of 2 in squares: AssertionError: a hidden test failed." in (
        report.notes
    )


def test_what_a_person_graded_is_in_the_report_and_the_file(small_class):
    grade(small_class, "basics")
    with Course(small_class).gradebook() as gradebook:
        for cell, score in (("why", 2.0), ("use", 3.0), ("plan", 1.0), ("squares-check", 0.0)):
            found = gradebook.find_grade(cell, "basics", "basics", "ada")
            found.manual_score, found.needs_manual_grade = score, False
        gradebook.db.commit()
    report = grade(small_class, "basics")
    assert report.graded == 0
    assert report.row("ada").total == 11
    with open(small_class / "grades.csv", newline="", encoding="utf-8") as file:
        [line] = [line for line in csv.DictReader(file) if line["student"] == "ada"]
    assert (line["total"], line["squares"], line["needs_manual_grade"]) == ("11", "0", "")


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 3])
def test_a_run_that_is_killed_is_finished_by_the_next(small_class, tmp_path, after):
    undisturbed = Path(shutil.copytree(small_class, tmp_path / "undisturbed"))
    grade(undisturbed, "basics", jobs=1)
    program = (
        "import os, signal, sys\nfrom nlref.grading import grade\n"
        f"grade({str(small_class)!r}, 'basics', jobs=1, "
        f"progress=lambda done, *_: done == {after} and os.kill(os.getpid(), signal.SIGKILL))"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(grades(small_class)[0]) < len(grades(undisturbed)[0])
    report = grade(small_class, "basics")
    assert report.graded == 5 - after
    assert grades(small_class) == grades(undisturbed)
    assert {row.student: row.total for row in report.rows} == TOTALS
    leftovers = [path for path in small_class.rglob("*") if path.name.endswith((".new", ".old"))]
    assert leftovers == []


def committed(course, student):
    """Whether the gradebook has a grade of this student; seen from outside, as by formgrader."""
    book = sqlite3.connect(f"file:{course / 'gradebook.db'}?mode=ro", uri=True)
    with contextlib.closing(book):
        return book.execute(
            "select 1 from submitted_assignment as s join submitted_notebook as n on n.assignment_id = s.id "
            "join grade as g on g.notebook_id = n.id where s.student_id = ? and g.auto_score is not null",
            [student],
        ).fetchone()


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_graded(small_class, writing):
    asleep = "import time\ntime.sleep(9)"  # long enough, even where the signal comes late
    writing.hand_in(small_class, "ben", "basics", {"squares": asleep, "mean": asleep})
    program = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in a shell's background
        f"from nlref.grading import grade\ngrade({str(small_class)!r}, 'basics', jobs=1)"
    )
    run = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not committed(small_class, "ada") and time.monotonic() < deadline:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    with open(small_class / "grades.csv", newline="", encoding="utf-8") as file:
        assert [line["student"] for line in csv.DictReader(file)] == ["ada"]
    assert grade(small_class, "basics").row("ada").status == "unchanged"


def test_students_are_chosen_by_pattern_and_unknown_ones_are_named(small_class):
    report = grade(small_class, "basics", students=["a*", "cem"])
    assert [row.student for row in report.rows] == ["ada", "cem"]
    with pytest.raises(CourseError, match="nobody who submitted is called 'zoe'"):
        grade(small_class, "basics", students=["ada", "zoe"])


def test_registered_students_without_a_submission_are_rows(small_class):
    with Course(small_class).gradebook() as gradebook:
        gradebook.add_student("zoe")
    report = grade(small_class, "basics", students=None)
    assert (report.row("zoe").status, report.row("zoe").total) == ("missing", 0)
    with Course(small_class).gradebook() as gradebook:
        assert gradebook.student_submissions("zoe") == []


def test_students_are_not_added_where_the_course_forbids_it(small_class):
    config = small_class / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.Autograde.create_student = False\n")
    with Course(small_class).gradebook() as gradebook:
        gradebook.add_student("ada")
    report = grade(small_class, "basics")
    assert report.graded == 1
    assert report.row("ben").status == "refused"
    with Course(small_class).gradebook() as gradebook:
        assert [student.id for student in gradebook.students] == ["ada"]


def test_student_ids_may_be_anything_that_a_folder_can_be_called(basics, writing):
    odd = [
        "-rf",
        "a b",
        "o'neil; drop table student",
        "ünï",
        "[red]x",
        "=1+1",
        "x" * 100,
        "{student_id}",
    ]
    for student in odd:
        writing.hand_in(basics, student, "basics", writing.right, notebook="extra")
    report = grade(basics, "basics")
    assert sorted(row.student for row in report.rows) == sorted(odd)
    assert {row.total for row in report.rows} == {1}
    assert all((basics / "autograded" / student / "basics" / "extra.ipynb").is_file() for student in odd)


def test_a_folder_that_no_gradebook_could_name_is_a_row_and_stops_nobody(basics, writing):
    writing.hand_in(basics, "ada", "basics", writing.right, notebook="extra")
    for name in ("x" * 129, "caf\udce9"):
        shutil.copytree(basics / "submitted" / "ada", basics / "submitted" / name)
    report = grade(basics, "basics")
    report.print()
    assert {row.student: (row.status, *row.reasons[:1]) for row in report.rows if row.status != "graded"} == {
        "x" * 129: ("refused", "nbgrader's gradebook holds ids of at most 128 characters: rename the folder"),
        "caf\udce9": ("refused", "the folder's name is not UTF-8: rename it"),
    }
    assert report.row("ada").total == 1


def test_nobody_submitted(basics):
    report = grade(basics, "basics")
    assert (report.rows, report.graded) == ((), 0)
    report.print()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"isolation": "docker"}, "isolation is one of bubblewrap, none, not 'docker'"),
        ({"jobs": 0}, "jobs is a number of worker processes, at least 1, not 0"),
    ],
)
def test_bad_options_are_sentences(basics, options, says):
    with pytest.raises(CourseError, match=says):
        grade(basics, "basics", **options)


def test_without_a_sandbox_it_refuses_and_writes_nothing(small_class, monkeypatch, tmp_path):
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SandboxUnavailable, match="namespace"):
        grade(small_class, "basics")
    assert grades(small_class)[0] == []
    assert not (small_class / "autograded").exists()


@pytest.mark.slow
def test_isolation_none_is_a_choice_that_the_report_prints(small_class, capsys):
    report = grade(small_class, "basics", students=["ada"], isolation="none")
    report.print()
    assert "without a sandbox" in capsys.readouterr().out
    assert report.row("ada").total == 7
    assert grade(small_class, "basics", students=["ada"]).graded == 1  # not the same as with one


def test_two_runs_in_one_course_are_refused(small_class):
    import fcntl

    handle = os.open(small_class, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(CourseError, match="another `nlref grade` is running"):
            grade(small_class, "basics")
    finally:
        os.close(handle)
    assert grade(small_class, "basics").graded == 5


def test_autograded_notebooks_are_valid_and_every_verdict_is_one_output(small_class):
    import nbformat

    grade(small_class, "basics")
    for path in (small_class / "autograded").rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("grade") and not about["solution"]:
                kinds = [output.output_type for output in cell.outputs]
                assert kinds.count("error") + kinds.count("execute_result") == 1
                assert "stderr" not in json.dumps(cell.outputs)
