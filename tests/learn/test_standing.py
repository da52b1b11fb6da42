import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nlref
from nlref.checks import EXERCISES, Question
from nlref.learn.attempts import LOG, attempts
from nlref.learn.standing import standing

UNITS = list(dict.fromkeys(record.unit for record in EXERCISES.values()))


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / LOG).touch()
    for unit in UNITS:
        (tmp_path / unit).mkdir()
        (tmp_path / unit / f"{unit}.ipynb").touch()
    monkeypatch.chdir(tmp_path / UNITS[0])
    return tmp_path


def solve(workspace, *records, part=1.0):
    with (workspace / LOG).open("a") as log:
        for record in records:
            log.write(json.dumps({"time": 1, "exercise": record.id, "part": part}) + "\n")


def test_points_tries_and_where_to_go_on(workspace):
    nlref.check("relu", np.abs, show=False)
    nlref.check("relu", lambda x: np.maximum(x, 0), show=False)
    nlref.choose("q_collapse", "a", show=False)
    nlref.choose("q_collapse", "c", show=False)
    text = nlref.progress().text
    assert re.search(r"✓ relu +5/5 +2 tries\n", text)
    assert re.search(r"✗ q_collapse +0/1 +2 tries\n", text)  # the first answer is the one that counts
    assert re.search(r"^01_first_activations +5 of \d+ points$", text, flags=re.M)
    assert text.endswith("Go on with q_place in 01_first_activations.")


def test_every_exercise_of_the_course_has_its_place(workspace):
    found = [exercise for unit in standing({}) for exercise in unit.exercises]
    assert [exercise.id for exercise in found] == list(EXERCISES)
    assert sum(exercise.points for exercise in found) == sum(record.points for record in EXERCISES.values())
    content = nlref.progress().html
    assert all(f">{name}</td>" in content for name in EXERCISES)


def test_solved_unit_folds_and_the_next_one_opens(workspace):
    solve(workspace, *(record for record in EXERCISES.values() if record.unit == UNITS[0]))
    first, second, *_ = standing(attempts(workspace / LOG))
    assert first.next is None
    assert (first.score, second.score) == (first.points, 0)
    page = nlref.progress()
    assert f"Go on with {second.next.id} in {UNITS[1]}." in page.text
    assert second.exercises[-1].id in page.text
    opened = re.findall(r"<details( open)?><summary><span[^>]*><a href='([^']+)'", page.html)
    assert opened[:2] == [("", f"{UNITS[0]}.ipynb"), (" open", f"../{UNITS[1]}/{UNITS[1]}.ipynb")]


def test_wrong_answer_to_a_question_is_done_and_a_wrong_exercise_is_not(workspace):
    question = next(r for r in EXERCISES.values() if isinstance(r, Question))
    exercise = next(r for r in EXERCISES.values() if not isinstance(r, Question))
    solve(workspace, question, exercise, part=0.5)
    done = {e.id: e.done for unit in standing(attempts(workspace / LOG)) for e in unit.exercises}
    assert done[question.id]
    assert not done[exercise.id]


def test_everything_solved(workspace):
    solve(workspace, *EXERCISES.values())
    total = sum(record.points for record in EXERCISES.values())
    assert nlref.progress().text.endswith(f"{total:g} of {total:g} points in all. Everything is solved.")


def test_outside_a_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "nlref lab" in nlref.progress().text


def test_command_finds_the_workspace_it_is_in_or_beside(workspace, tmp_path_factory):
    shown = nlref.progress().text + "\n"
    command = [Path(sys.executable).with_name("nlref"), "progress"]
    beside = tmp_path_factory.mktemp("beside")
    (beside / "work").symlink_to(workspace)
    for folder, arguments in [
        (workspace / UNITS[0], []),
        (beside, []),
        (beside, [str(workspace / UNITS[0])]),
    ]:
        run = subprocess.run(command + arguments, cwd=folder, capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout, run.stderr) == (0, shown, "")
