import json
import subprocess
import sys
import time

import numpy as np
import pytest

import nlref
from nlref.learn.attempts import LOG, attempts, log_file

# A notebook's kernel that checks one function after another, all different, and says so.
KERNEL = """
import sys, nlref
for i in range({first}, {last}):
    nlref.check("relu", eval(f"lambda x: x + {{i}}"), show=False)
    print(i, flush=True)
"""


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    (tmp_path / LOG).touch()
    unit = tmp_path / "01_first_activations"
    unit.mkdir()
    monkeypatch.chdir(unit)
    return tmp_path


def kernel(workspace, first, last):
    return subprocess.Popen(
        [sys.executable, "-c", KERNEL.format(first=first, last=last)],
        cwd=workspace, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_attempts_are_kept_and_the_best_counts(workspace):
    nlref.check("relu", np.abs, show=False)
    nlref.check("relu", lambda x: np.maximum(x, 0), show=False)
    nlref.check("relu", lambda x: ..., show=False)  # a stub is no attempt
    kept = attempts(workspace / LOG)["relu"]
    assert (kept.tries, kept.best, kept.first) == (2, 1.0, 0.0)


def sample(sign):
    def relu(x):
        return np.abs(x)

    def other(x):
        parts = [sign * v for v in x.ravel()]  # the same outcome by other code
        return np.abs(np.array(parts).reshape(x.shape))

    class Layer:
        def call(self, x):
            return x

    class OtherLayer:
        def call(self, x):
            return x + 1

    return relu, other, Layer, OtherLayer


def test_the_same_code_again_is_the_same_try_and_other_code_is_another(workspace):
    for function in [*sample(1), *sample(1)]:
        nlref.check("relu", function, show=False)
    assert attempts(workspace / LOG)["relu"].tries == 4
    assert len((workspace / LOG).read_text().splitlines()) == 8


def test_cut_line_costs_itself_alone(workspace):
    nlref.check("relu", np.abs, show=False)
    with (workspace / LOG).open("a") as log:
        log.write('{"time": 1, "exer')
    assert attempts(workspace / LOG)["relu"].tries == 1
    nlref.check("relu", lambda x: np.maximum(x, 0), show=False)
    assert attempts(workspace / LOG)["relu"].best == 1
    with (workspace / LOG).open("ab") as log:
        log.write(b'\xff\x00null\n[]\n3\n{"exercise": "relu", "part": "x"}\n')
    assert attempts(workspace / LOG)["relu"].tries == 2


def test_two_notebooks_at_once_lose_nothing(workspace):
    running = [kernel(workspace, first, first + 60) for first in (1, 1001, 2001)]
    for process in running:
        process.communicate()
        assert process.returncode == 0
    lines = (workspace / LOG).read_text().splitlines()
    assert len(lines) == 180
    assert all(json.loads(line)["exercise"] == "relu" for line in lines)
    assert attempts(workspace / LOG)["relu"].tries == 180


def test_kill_costs_no_attempt_that_was_answered(workspace):
    answered = 0
    for round_ in range(4):
        running = [kernel(workspace, 1000 * (2 * round_ + k) + 1, 10**9) for k in range(2)]
        for process in running:
            process.stdout.readline()  # both are at work
        time.sleep(0.01 * round_)
        for process in running:
            process.kill()
            answered += 1 + len(process.stdout.read().splitlines())
            process.wait()
            process.stdout.close()
    tries = attempts(workspace / LOG)["relu"].tries
    assert answered <= tries <= answered + 8  # killed between the record and the answer, at most once each
    nlref.check("relu", lambda x: np.maximum(x, 0), show=False)
    assert attempts(workspace / LOG)["relu"].best == 1


def test_record_that_cannot_be_kept_is_said_and_the_check_goes_on(workspace, monkeypatch, capsys):
    full = "/dev/full"
    monkeypatch.setattr("nlref.learn.attempts.log_file", lambda: full)
    assert nlref.check("relu", lambda x: np.maximum(x, 0), show=False).passed
    assert (
        capsys.readouterr().err
        == f"nlref: this attempt is not in your record: {full}: No space left on device\n"
    )


def test_nothing_is_kept_outside_a_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nlref.check("relu", np.abs, show=False)
    assert log_file() is None
    assert list(tmp_path.iterdir()) == []


def test_a_graded_course_keeps_none_even_inside_a_workspace(workspace, monkeypatch):
    course = workspace / "course" / "submitted"
    course.mkdir(parents=True)
    (course.parent / "nbgrader_config.py").touch()
    monkeypatch.chdir(course)
    nlref.check("relu", np.abs, show=False)
    assert log_file() is None
    assert (workspace / LOG).read_text() == ""


def test_nbgrader_runs_leave_no_trace(workspace, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    nlref.check("relu", np.abs, show=False)
    assert (workspace / LOG).read_text() == ""
