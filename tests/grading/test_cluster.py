"""The same grades from a Dask cluster: a real scheduler and worker processes on the loopback address."""

import re
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from nlref.grading import CourseError, grade

pytestmark = pytest.mark.sandbox


class Cluster:
    """A scheduler and its workers, as an instructor starts them."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []
        log = self._start("scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard")
        self.address = self._said(log, r"Scheduler at:\s+(tcp://127\.0\.0\.1:\d+)")

    def worker(self, threads=1):
        log = self._start(
            "worker", self.address, "--nthreads", str(threads), "--no-nanny", "--no-dashboard",
            "--host", "127.0.0.1", "--local-directory", str(self.folder),
        )  # fmt: skip
        self._said(log, r"Registered to:\s+(\S+)")
        return self.processes[-1]

    def _start(self, *arguments):
        log = self.folder / f"{len(self.processes)}.log"
        with open(log, "w") as file:
            command = [sys.executable, "-m", "dask", *arguments]
            self.processes.append(subprocess.Popen(command, stdout=file, stderr=file, cwd=self.folder))
        return log

    def _said(self, log, pattern):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := re.search(pattern, log.read_text()):
                return found[1]
            assert self.processes[-1].poll() is None, log.read_text()
            time.sleep(0.1)
        raise TimeoutError(log.read_text())

    def stop(self):
        for process in reversed(self.processes):  # a worker says goodbye to its scheduler
            process.terminate()
            process.wait(30)


@pytest.fixture
def cluster(tmp_path):
    (tmp_path / "dask").mkdir()
    made = Cluster(tmp_path / "dask")
    yield made
    made.stop()


@pytest.fixture
def few_seconds(monkeypatch):
    """How long it waits for a worker that does not come."""
    monkeypatch.setattr("nlref.grading.cluster.WAIT_SECONDS", 3.0)


def scores(report):
    return {row.student: (dict(row.scores), row.reasons, row.repairs) for row in report.rows}


@pytest.mark.slow
def test_a_worker_is_killed_and_the_grades_are_those_of_one_machine(basics, writing, cluster, tmp_path):
    slow = "import time\ntime.sleep(0.5)\n"
    for number in range(16):
        wrong = {"squares": f"{slow}def squares(n): return n"} if number % 3 == 0 else {}
        right = {"squares": slow + writing.right["squares"]}
        writing.hand_in(basics, f"s{number:02}", "basics", writing.right | right | wrong)
    (basics / "submitted" / "s07" / "basics" / "basics.ipynb").write_text("no notebook")
    first, second = cluster.worker(), cluster.worker()
    done = []

    def progress(*step):
        done.append(step)
        if len(done) == 3:
            first.send_signal(signal.SIGKILL)

    remote = grade(basics, "basics", scheduler=cluster.address, progress=progress)
    assert first.wait(10) == -signal.SIGKILL
    assert second.poll() is None
    assert (remote.graded, remote.jobs) == (16, 2)
    local = grade(basics, "basics", force=True, jobs=2)
    assert scores(remote) == scores(local)
    assert grade(basics, "basics", scheduler=cluster.address).graded == 0


@pytest.mark.slow
def test_the_last_worker_ends_and_what_was_graded_is_kept(basics, writing, cluster, few_seconds):
    for student in ("ada", "ben", "cem"):
        slow = {"squares": "import time\ntime.sleep(2)\n" + writing.right["squares"]}
        writing.hand_in(basics, student, "basics", writing.right | slow)
    worker = cluster.worker()
    with pytest.raises(CourseError, match="what was graded is in the gradebook: run this again"):
        grade(
            basics,
            "basics",
            scheduler=cluster.address,
            progress=lambda *_: worker.send_signal(signal.SIGKILL),
        )
    cluster.worker()
    report = grade(basics, "basics", scheduler=cluster.address)
    assert report.graded == 2
    assert [row.total for row in report.rows] == [7, 7, 7]


@pytest.mark.slow
def test_the_scheduler_ends(basics, writing, cluster, few_seconds):
    for student in ("ada", "ben", "cem"):
        writing.hand_in(basics, student, "basics", writing.right)
    cluster.worker()
    with pytest.raises(CourseError, match=r"the scheduler at tcp://127.0.0.1:"):
        grade(
            basics,
            "basics",
            scheduler=cluster.address,
            progress=lambda *_: cluster.processes[0].send_signal(signal.SIGKILL),
        )
    assert grade(basics, "basics").graded in (1, 2)


@pytest.mark.slow
def test_a_cluster_without_workers_or_with_another_nlref_is_a_sentence(
    basics, writing, cluster, few_seconds, monkeypatch
):
    writing.hand_in(basics, "ada", "basics", writing.right)
    with pytest.raises(CourseError, match=r"has no worker; `dask worker tcp://127.*` starts one"):
        grade(basics, "basics", scheduler=cluster.address)
    cluster.worker()
    monkeypatch.setattr("nlref.__version__", "9.9")
    with pytest.raises(CourseError, match=r"cannot grade: it has nlref 0\S+, and the machine .* has 9.9"):
        grade(basics, "basics", scheduler=cluster.address)


def test_no_scheduler_is_a_sentence_and_nothing_is_written(basics, writing, monkeypatch):
    monkeypatch.setattr("nlref.grading.cluster.CONNECT_SECONDS", 1.0)
    writing.hand_in(basics, "ada", "basics", writing.right)
    with pytest.raises(CourseError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        grade(basics, "basics", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(CourseError, match="no Dask scheduler answers at nonsense"):
        grade(basics, "basics", scheduler="nonsense://x")
    with pytest.raises(CourseError, match="leave jobs out"):
        grade(basics, "basics", scheduler="tcp://127.0.0.1:9", jobs=2)
    assert not (basics / "autograded").exists()
