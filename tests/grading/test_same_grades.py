"""Honest work gets the scores that `nbgrader autograde` gives it, cell by cell."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from nlref.grading import grade
from nlref.grading.course import Course, release
from nlref.grading.sandbox import Limits

pytestmark = pytest.mark.sandbox

corpus = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent / "assignments" / "corpus.py")))
LIMITS = Limits(test_seconds=20)
# Kernels of nbgrader's that start slowly, on a machine with other work, are no difference.
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "same"
c.Execute.startup_timeout = 600
c.Execute.iopub_timeout = 60
c.Execute.timeout = 120
"""


def made(writing, cells):
    """Cells of the corpus as an instructor's notebook has them."""
    found = []
    for grade_id, kind, source in cells:
        kind, _, points = kind.partition(", ")
        flags = {
            "given": {"locked": True},
            "solution": {"solution": True},
            "test": {"grade": True, "locked": True},
            "written": {"grade": True, "solution": True},
            "program": {"grade": True, "solution": True},
            "task": {"task": True, "locked": True},
        }.get(kind, {})
        if points:
            flags["points"] = float(points)
        words = kind in ("text", "written", "task")
        found.append(writing.cell(source, grade_id, "markdown" if words else "code", **flags))
    return found


def course_of(root, writing, name):
    """A released course with one assignment of the corpus and its submissions, for nbgrader as it comes."""
    about = corpus.ASSIGNMENTS[name]
    root.mkdir()
    (root / "nbgrader_config.py").write_text(CONFIG)
    notebooks = {notebook: made(writing, cells) for notebook, cells in about["notebooks"].items()}
    writing.write_source(root, name, notebooks, about.get("files"))
    release(Course(root), name)
    answers = {}
    for path in (root / "source" / name).glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            data = cell["metadata"].get("nbgrader", {})
            if data.get("solution") and not data.get("grade"):
                answers[data["grade_id"]] = "".join(cell["source"])
    for student, changed in about["submissions"].items():
        folder = writing.hand_in(root, student, name, {} if changed is None else answers | changed)
        for file, text in about.get("files", {}).items():
            (folder / file).write_text(text)
    return root


def scores_of(root, name):
    """What the gradebook has, by student and cell."""
    with Course(root).gradebook() as gradebook:
        return {
            (submission.student.id, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def by_nbgrader(root, name):
    """The scores of `nbgrader autograde`, in a copy of the course."""
    tool = Path(sys.executable).with_name("nbgrader")
    environment = {**os.environ, "PATH": f"{tool.parent}:{os.environ.get('PATH', os.defpath)}"}
    run = subprocess.run(
        [tool, "autograde", name, f"--course-dir={root}"],
        cwd=root, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    return scores_of(root, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(corpus.ASSIGNMENTS))
def test_the_scores_are_nbgraders(tmp_path, writing, name):
    theirs = by_nbgrader(course_of(tmp_path / "theirs", writing, name), name)
    root = course_of(tmp_path / "ours", writing, name)
    report = grade(root, name, jobs=2, limits=LIMITS)
    ours = scores_of(root, name)
    assert ours.keys() == theirs.keys()
    reasons = {row.student: row.reasons for row in report.rows}
    different = {key: (theirs[key], ours[key], reasons[key[0]]) for key in theirs if theirs[key] != ours[key]}
    meant = {
        (student, cell): scores
        for (assignment, student, cell), (*scores, _) in corpus.DIFFERENCES.items()
        if assignment == name
    }
    assert {key: list(found[:2]) for key, found in different.items()} == meant, different
    assert report.notes == ()


@pytest.mark.parametrize("name", ["structures", "programs"])
def test_right_answers_get_everything(tmp_path, writing, name):
    """The quick part: no nbgrader beside it."""
    root = course_of(tmp_path / "course", writing, name)
    row = grade(root, name, students=["right", "other"], jobs=2, limits=LIMITS)
    for found in row.rows:
        if found.student in ("right", "other"):
            assert found.reasons == ()
            assert found.total == found.points
