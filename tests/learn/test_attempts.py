import subprocess
import sys

import numpy as np
import pytest

import nlref
from nlref.learn.attempts import LOG, attempts, log_file


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / LOG).touch()
    unit = tmp_path / "01_first_activations"
    unit.mkdir()
    monkeypatch.chdir(unit)
    return tmp_path


def test_attempts_are_kept_and_the_best_counts(workspace):
    nlref.check("relu", np.abs, show=False)
    nlref.check("relu", lambda x: np.maximum(x, 0), show=False)
    nlref.check("relu", lambda x: ..., show=False)  # a stub is no attempt
    kept = attempts(workspace / LOG)["relu"]
    assert (kept.tries, kept.best, kept.first) == (2, 1.0, 0.0)
    page = nlref.progress()
    assert "✓ relu" in page.text
    assert "2 tries" in page.text
    assert "Go on with q_collapse." in page.text
    assert "<table>" in page._repr_html_()


def test_cut_line_is_passed_over(workspace):
    nlref.check("relu", np.abs, show=False)
    with (workspace / LOG).open("a") as log:
        log.write('{"time": 1, "exer')
    assert attempts(workspace / LOG)["relu"].tries == 1


def test_two_processes_at_once_lose_nothing(workspace):
    code = "import nlref, numpy as np\nfor i in range(50): nlref.check('relu', np.abs, show=False)"
    running = [subprocess.Popen([sys.executable, "-c", code], cwd=workspace) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    assert attempts(workspace / LOG)["relu"].tries == 100


def test_nothing_is_kept_outside_a_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nlref.check("relu", np.abs, show=False)
    assert log_file() is None
    assert list(tmp_path.iterdir()) == []
    assert "nlref lab" in nlref.progress().text


def test_nbgrader_runs_leave_no_trace(workspace, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    nlref.check("relu", np.abs, show=False)
    assert (workspace / LOG).read_text() == ""
