"""Late submissions: a penalty plugin of the instructor's takes the same off through nbgrader and through nlref."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from nlref.grading import grade
from nlref.grading.course import CONFIG, Course

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

PLUGIN = """
from nbgrader.plugins import BasePlugin

class PerDay(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        days = total_seconds_late / 86400
        if student_id == "nobody":
            return None
        return {"worse": -3.0, "more": 100.0}.get(student_id, min(days, score / 2))

c.AssignLatePenalties.plugin_class = PerDay
"""
# When each handed in; the work was due at the end of 2024.
CLASS = {
    "early": "2024-12-30 12:00:00 UTC",
    "minute": "2025-01-01 00:01:00 UTC",
    "day": "2025-01-02 00:00:00 UTC",
    "zone": "2025-01-01 12:00:00.500000 +1200",
    "week": "2025-01-08 00:00:00 UTC",
    "extended": "2025-01-02 00:00:00 UTC",
    "nobody": "2025-01-08 00:00:00 UTC",
    "more": "2025-01-08 00:00:00 UTC",
    "worse": "2025-01-08 00:00:00 UTC",
    "unknown": None,
}


@pytest.fixture
def late_course(basics, writing):
    config = basics / "nbgrader_config.py"
    config.write_text(config.read_text() + PLUGIN)
    with Course(basics).gradebook() as gradebook:
        gradebook.update_or_create_assignment("basics", duedate="2025-01-01 00:00:00 UTC")
        for student in CLASS:
            gradebook.add_student(student)
    for student, when in CLASS.items():
        wrong = {"squares": "def squares(n): return n"} if student == "day" else {}
        folder = writing.hand_in(basics, student, "basics", writing.right | wrong)
        if when is not None:
            (folder / "timestamp.txt").write_text(when)
    return basics


def autograde(root):
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "basics"],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def scores(root):
    with Course(root).gradebook() as gradebook:
        return {
            (submission.student_id, notebook.name): (
                notebook.score,
                notebook.late_submission_penalty,
                submission.total_seconds_late,
            )
            for submission in gradebook.assignment_submissions("basics")
            for notebook in submission.notebooks
        }


@pytest.mark.parametrize("engine", ["nbgrader's own", "ours in nbgrader"])
def test_the_same_penalties(late_course, tmp_path, engine):
    other = Path(shutil.copytree(late_course, tmp_path / "other"))
    if engine == "ours in nbgrader":
        config = other / "nbgrader_config.py"
        lines = CONFIG.format(course_id="basics101")
        config.write_text(lines[lines.index("c.Autograde.exporter_class") :].join([config.read_text(), ""]))
    autograde(other)
    grade(late_course, "basics")
    found = scores(late_course)
    assert found == scores(other)
    assert len(found) == 2 * len(CLASS)
    assert found["early", "basics"][1] is None
    assert found["day", "basics"][:2] == (4, 1)
    assert found["more", "extra"][:2] == (1, 1)
    assert found["week", "basics"][1] == 3


def test_an_extension_takes_the_penalty_away(late_course):
    """With the next run, where nbgrader would keep the penalty that it took before."""
    for student in CLASS.keys() - {"extended"}:
        shutil.rmtree(late_course / "submitted" / student)
    grade(late_course, "basics")
    assert scores(late_course)["extended", "basics"][1] == 1
    with Course(late_course).gradebook() as gradebook:
        gradebook.grant_extension("basics", "extended", days=2)
    grade(late_course, "basics", force=True)
    assert scores(late_course)["extended", "basics"][1] is None
