import json

import numpy as np
import pytest

import nlref
from nlref.checks import EXERCISES
from nlref.learn.attempts import LOG


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr("nlref.learn.hints._given", {})


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / LOG).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_hints_come_one_rung_at_a_time_and_stay_at_the_last():
    shown = [nlref.hint("relu").text for _ in range(4)]
    assert [text.split(".")[0] for text in shown] == [
        "Hint 1 of 3 for relu",
        "Hint 2 of 3 for relu",
        "Hint 3 of 3 for relu",
        "Hint 3 of 3 for relu",
    ]
    assert EXERCISES["relu"].hints[0] in shown[0]


def test_hint_can_be_asked_for_by_its_rung():
    assert "Hint 2 of 3" in nlref.hint("relu", 2).text
    with pytest.raises(ValueError, match="hints 1 to 3"):
        nlref.hint("relu", 4)


def test_reveal_needs_three_honest_tries_or_a_pass(workspace):
    assert "3 more times" in nlref.reveal("relu").text
    for _ in range(3):  # the same cell run again is one try
        nlref.check("relu", np.abs, show=False)
    assert "2 more times first, each time with a change" in nlref.reveal("relu").text
    nlref.check("relu", lambda x: x, show=False)
    assert "one more time first, with a change" in nlref.reveal("relu").text
    nlref.check("relu", lambda x: -x, show=False)
    assert "def relu(x)" in nlref.reveal("relu").text
    assert "###" not in nlref.reveal("relu").text
    nlref.check("tanh", np.tanh, show=False)
    assert "def tanh(x)" in nlref.reveal("tanh").text


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_can_be_revealed_and_hinted(workspace, exercise):
    record = EXERCISES[exercise]
    (workspace / LOG).write_text(json.dumps({"exercise": exercise, "part": 1.0}) + "\n")
    solution = nlref.reveal(exercise).text
    assert (record.function if hasattr(record, "function") else f"answer_{exercise}") in solution
    for rung in range(1, len(record.hints) + 1):
        assert record.hints[rung - 1] in nlref.hint(exercise, rung).text


def test_reveal_is_off_outside_a_workspace_and_while_nbgrader_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "self-study only" in nlref.reveal("relu").text
    (tmp_path / LOG).touch()
    nlref.check("tanh", np.tanh, show=False)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "self-study only" in nlref.reveal("tanh").text


def test_reveal_is_off_in_a_graded_course(workspace):
    nlref.check("tanh", np.tanh, show=False)
    (workspace / "nbgrader_config.py").touch()
    assert "self-study only" in nlref.reveal("tanh").text
