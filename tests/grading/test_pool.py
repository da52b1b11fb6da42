"""Worker processes: warm, replaceable, and unable to take the class down."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nlref.grading.course import Course
from nlref.grading.pool import LocalPool, WorkerLost
from nlref.grading.sandbox import Limits, SandboxUnavailable
from nlref.grading.submission import model_submission, read_submission

pytestmark = pytest.mark.sandbox


@pytest.fixture
def course(basics):
    return Course(basics)


@pytest.fixture
def version(course):
    return course.assignment("basics")


@pytest.fixture
def submitted(course, version, writing):
    def one(student, **answers):
        folder = writing.hand_in(course.root, student, "basics", writing.right | answers)
        return read_submission(folder, student, "basics", version.notebooks)

    return one


def rewritten(course, cell, source):
    """The assignment with another test, which learners were handed in full."""
    version = course.assignment("basics")
    master = version.notebooks["basics"]
    cells = [replace(c, source=source, released=source) if c.grade_id == cell else c for c in master.cells]
    return replace(version, notebooks={**version.notebooks, "basics": replace(master, cells=tuple(cells))})


def test_results_are_the_same_whoever_grades(submitted, version):
    everyone = [submitted("ada"), submitted("ben", squares="def squares(n): return None"), submitted("cem")]
    with LocalPool(version, jobs=2) as pool:
        futures = [pool.submit(one) for one in everyone]
        results = [future.result(120) for future in futures]
    assert [result.student for result in results] == ["ada", "ben", "cem"]
    assert [result.score for result in results] == [7, 5, 7]


def test_leaving_the_pool_waits_for_what_was_submitted(submitted, version):
    with LocalPool(version, jobs=1) as pool:
        futures = [pool.submit(submitted(name)) for name in ("ada", "ben")]
    assert [future.result(0).score for future in futures] == [7, 7]


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_the_submission_tried_again(course, submitted, tmp_path):
    """The instructor's own test ends its process, the first time."""
    mark = tmp_path / "was here"
    version = rewritten(
        course,
        "squares-check",
        f"import os, pathlib\nmark = pathlib.Path({str(mark)!r})\n"
        "if not mark.exists():\n    mark.touch()\n    os.kill(os.getpid(), 9)\nassert squares(3) == [0, 1, 4]",
    )
    with LocalPool(version, jobs=1) as pool:
        assert pool.submit(submitted("ada")).result(120).score == 7
        assert mark.exists()


@pytest.mark.slow
def test_a_submission_that_kills_two_workers_is_zero_with_the_reason_and_the_next_is_graded(
    course, submitted
):
    version = rewritten(
        course,
        "squares-check",
        "import os\nif squares(3) == 'die':\n    os.kill(os.getpid(), 9)\nassert squares(3)",
    )
    with LocalPool(version, jobs=1) as pool:
        bad = pool.submit(submitted("eve", squares="def squares(n): return 'die'"))
        good = pool.submit(submitted("ada"))
        assert good.result(120).score == 7
        result = bad.result(120)
    assert result.score == 0
    assert [notebook.problem for notebook in result.notebooks] == [
        "the grading process ended, twice; an instructor should look at this submission"
    ] * 2


def test_a_test_that_never_ends_is_ended(course, submitted):
    version = rewritten(course, "squares-check", "while squares(3) == 'wait':\n    pass\nassert squares(3)")
    limits = Limits(test_seconds=1.0, notebook_seconds=10.0)
    with LocalPool(version, jobs=1, limits=limits) as pool:
        slow = pool.submit(submitted("eve", squares="def squares(n): return 'wait'"))
        good = pool.submit(submitted("ada"))
        assert good.result(120).score == 7
        result = slow.result(120)
    [cell] = [cell for _, cell in result.cells() if cell.grade_id == "squares-check"]
    assert cell.score == 0
    assert "longer than 1 s" in cell.reason


def test_a_worker_has_its_own_bound_on_memory(course, submitted):
    large = "kept = [bytearray(1 << 22) for _ in range(len(squares(3)) * 100)]\nassert squares(3)"
    limits = Limits(grader_bytes=1 << 30)
    with LocalPool(rewritten(course, "squares-check", large), jobs=1, limits=limits) as pool:
        much, little = (
            pool.submit(submitted("eve")),
            pool.submit(submitted("ben", squares="def squares(n): return [1]")),
        )
        cells = [{cell.grade_id: cell for _, cell in one.result(120).cells()} for one in (much, little)]
    assert [(c["squares-check"].score, c["squares-check"].reason) for c in cells] == [
        (0, "MemoryError"),
        (2, ""),
    ]


@pytest.mark.slow
def test_a_worker_that_says_nothing_is_ended(course, submitted, monkeypatch):
    """SIGSTOP stands for whatever keeps the whole process from answering."""
    version = rewritten(
        course,
        "squares-check",
        "import os\nif squares(3) == 'stop':\n    os.kill(os.getpid(), 19)\nassert squares(3)",
    )
    pool = LocalPool(version, jobs=1)
    monkeypatch.setattr(pool, "_seconds", 3.0)
    with pool:
        stuck = pool.submit(submitted("eve", squares="def squares(n): return 'stop'"))
        problem = stuck.result(120).notebooks[0].problem
        monkeypatch.setattr(pool, "_seconds", 120.0)
        assert pool.submit(submitted("ada")).result(120).score == 7
    assert problem.startswith("the grading process gave no answer in 3 seconds, twice")


def test_an_error_of_the_grader_itself_is_one_bad_row(course, submitted, version, capfd):
    broken = submitted("eve")
    object.__setattr__(broken, "notebooks", {"basics": 5, "extra": b""})
    with LocalPool(version, jobs=1) as pool:
        bad, good = pool.submit(broken), pool.submit(submitted("ada"))
        assert good.result(120).score == 7
        assert "the grader itself failed" in bad.result(120).notebooks[0].problem
    assert "Traceback" in capfd.readouterr().err


def test_what_is_missing_on_this_machine_is_an_error_and_not_a_grade(
    submitted, version, monkeypatch, tmp_path
):
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with LocalPool(version, jobs=1) as pool, pytest.raises(SandboxUnavailable):
        pool.submit(submitted("ada")).result(120)


def descendants(pid):
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == pid:
            child = int(status.parent.name)
            found += [child, *descendants(child)]
    return found


@pytest.mark.slow
def test_an_exception_ends_the_workers_at_once_and_leaves_nobody_behind(course, submitted):
    version = rewritten(course, "squares-check", "import time\ntime.sleep(60)")

    class Stop(BaseException):
        pass

    futures, started = [], []

    def stop_midway():
        with LocalPool(version, jobs=1, limits=Limits(test_seconds=60.0)) as pool:
            futures.extend(pool.submit(submitted(name)) for name in ("ada", "ben"))
            while not pool._workers:
                time.sleep(0.01)
            [worker] = [worker._process.pid for worker in pool._workers]
            while len(descendants(worker)) < 2:  # bubblewrap, and the sandbox in it
                time.sleep(0.01)
            started.extend([worker, *descendants(worker)])
            raise Stop

    with pytest.raises(Stop):
        stop_midway()
    assert isinstance(futures[0].exception(0), WorkerLost)
    assert futures[1].cancelled()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []


def test_ctrl_c_reaches_the_writer_alone(submitted, version):
    with LocalPool(version, jobs=1) as pool:
        pool.submit(submitted("ada")).result(120)
        [worker] = pool._workers
        assert os.getsid(worker._process.pid) != os.getsid(0)
        os.kill(worker._process.pid, signal.SIGINT)
        assert pool.submit(submitted("ben")).result(120).score == 7


def test_the_instructors_solution_can_be_graded_like_any_other(version):
    with LocalPool(version) as pool:
        result = pool.submit(model_submission(version)).result(120)
    assert {cell.grade_id: cell.score for _, cell in result.cells() if cell.grade_id.endswith("-check")} == {
        "squares-check": 2,
        "mean-check": 4,
        "total-check": 1,
    }


def test_no_worker_starts_before_there_is_work(version):
    before = threading.active_count()
    with LocalPool(version, jobs=2) as pool:
        assert pool._workers == set()
    assert threading.active_count() == before
