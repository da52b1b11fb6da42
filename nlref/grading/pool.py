"""Worker processes that grade: each holds one warm sandbox, and none can take the class down.

What the rest of the grader needs of a pool is :meth:`Pool.submit`, which answers with a future, so that another
engine with the same method can take its place.

A worker is this module run by a fresh interpreter: it never sees the learner's code (that is in its sandbox), and it
does not import nbgrader. It talks over a pipe to one thread here. If it dies, or sits on a submission for longer than
the limits allow, it is ended and replaced, and the submission is tried once more; after that it is 0 with the reason.
"""

import contextlib
import os
import queue
import resource
import signal
import subprocess
import sys
import threading
import traceback
from concurrent.futures import Future
from multiprocessing.connection import Connection, Pipe
from typing import Any, Protocol

from nlref.grading.assignment import Assignment
from nlref.grading.result import SubmissionResult
from nlref.grading.submission import Submission

TRIES = 2
START_SECONDS = 360.0
EXTRA_SECONDS = 30.0

# One learner's cell on one core; libraries that start a thread for every core would fight over them.
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


class WorkerLost(RuntimeError):
    """A worker process ended, or gave no answer in time."""


class Pool(Protocol):
    """What grades submissions, ``jobs`` of them at a time."""

    jobs: int

    def submit(self, submission: Submission) -> "Future[SubmissionResult]":
        """Begin to grade a submission."""


class LocalPool:
    """Worker processes on this machine; a context manager.

    Parameters
        assignment: the instructor's version, handed to each worker once.
        jobs: how many workers.
        isolation, limits: as in :class:`nlref.grading.engine.Engine`.

    Raises (in the futures)
        SandboxUnavailable: the sandbox does not start here; nothing was graded.
    """

    def __init__(
        self,
        assignment: Assignment,
        *,
        jobs: int = 1,
        isolation: str = "bubblewrap",
        limits: Any = None,
    ) -> None:
        from nlref.grading.sandbox import Limits

        self.jobs = jobs
        self.limits = limits or Limits()
        self._setting = (assignment, isolation, self.limits)
        # What a submission may take here: its own time, again for what is withheld, that of the tests beside it, and
        # some for a slow machine.
        self._seconds = 3 * self.limits.notebook_seconds * max(1, len(assignment.notebooks)) + EXTRA_SECONDS
        self._waiting: queue.SimpleQueue[tuple[Submission, Future[SubmissionResult]] | None] = (
            queue.SimpleQueue()
        )
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name=f"grader-{number}", daemon=True)
            for number in range(jobs)
        ]
        self._workers: set[_Worker] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> "LocalPool":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what was submitted; after an exception, end the workers at once."""
        if kind is not None:
            self._closing.set()
            with self._lock:
                for worker in self._workers:
                    worker.kill()
        for _thread in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, submission: Submission) -> "Future[SubmissionResult]":
        """Begin to grade a submission; the future never holds back another one."""
        future: Future[SubmissionResult] = Future()
        self._waiting.put((submission, future))
        return future

    def _serve(self) -> None:
        worker: _Worker | None = None
        try:
            while (task := self._waiting.get()) is not None:
                submission, future = task
                if self._closing.is_set():
                    future.cancel()
                    continue
                result: SubmissionResult | BaseException = WorkerLost(
                    "the grading process could not be started"
                )
                for _try in range(TRIES):
                    try:
                        if worker is None:
                            worker = self._start()
                        result = worker.ask(submission, self._seconds)
                        break
                    except WorkerLost as lost:
                        result = lost
                        if worker is not None:
                            self._forget(worker)
                            worker = None
                        if self._closing.is_set():
                            break
                    except BaseException as error:
                        result = error
                        break
                if isinstance(result, WorkerLost) and not self._closing.is_set():
                    why = f"{result}, twice; an instructor should look at this submission"
                    result = failed(self._setting[0], submission, why, self._setting[1])
                if isinstance(result, BaseException):
                    future.set_exception(result)
                else:
                    future.set_result(result)
        finally:
            if worker is not None:
                self._forget(worker)

    def _start(self) -> "_Worker":
        worker = _Worker()
        with self._lock:
            self._workers.add(worker)
        try:
            worker.begin(self._setting)
        except BaseException:
            self._forget(worker)
            raise
        return worker

    def _forget(self, worker: "_Worker") -> None:
        with self._lock:
            self._workers.discard(worker)
        worker.end()


def failed(assignment: Assignment, submission: Submission, problem: str, isolation: str) -> SubmissionResult:
    """Zero for a submission that could not be graded, with the reason."""
    from nlref.grading.engine import ungraded

    return SubmissionResult(
        student=submission.student,
        assignment=submission.assignment,
        notebooks=tuple(ungraded(notebook, problem, show=True) for notebook in assignment.notebooks.values()),
        digest=submission.digest,
        isolation=isolation,
        remarks=submission.remarks,
    )


class _Worker:
    """One worker process and the pipe to it."""

    def __init__(self) -> None:
        self._pipe, other = Pipe()
        environment = {**os.environ, **_ONE_THREAD, "MPLBACKEND": "agg"}
        environment.pop("NBGRADER_EXECUTION", None)
        # A session of its own: Ctrl-C is for the process that writes the grades, which then ends its workers.
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from nlref.grading.pool import work; work()", str(other.fileno())],
            pass_fds=[other.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        other.close()

    def begin(self, setting: Any) -> None:
        self._send(setting)
        self._receive(START_SECONDS)

    def ask(self, submission: Submission, seconds: float) -> SubmissionResult:
        self._send(submission)
        return self._receive(seconds)

    def _send(self, message: Any) -> None:
        try:
            self._pipe.send(message)
        except OSError:
            raise WorkerLost("the grading process ended") from None

    def _receive(self, seconds: float) -> Any:
        try:
            if not self._pipe.poll(seconds):
                raise WorkerLost(f"the grading process gave no answer in {seconds:.0f} seconds")
            answer = self._pipe.recv()
        except (EOFError, OSError):
            raise WorkerLost("the grading process ended") from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def kill(self) -> None:
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Let the process end by itself, which it does when the pipe closes, or end it; then wait for it."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()


def work() -> None:
    """What a worker process runs: the setting, then submissions until the pipe, named on its command line, closes."""
    from nlref.grading.engine import Engine
    from nlref.grading.feedback import with_pages
    from nlref.grading.sandbox import SandboxUnavailable

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe = Connection(int(sys.argv[1]))
    try:
        assignment, isolation, limits = pipe.recv()
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        own = limits.grader_bytes if most == resource.RLIM_INFINITY else min(limits.grader_bytes, most)
        resource.setrlimit(resource.RLIMIT_DATA, (own, most))
        with Engine(assignment, isolation=isolation, limits=limits) as engine:
            pipe.send("ready")
            while True:
                submission = pipe.recv()
                try:
                    result = with_pages(assignment, engine.grade(submission))
                except SandboxUnavailable:
                    raise
                except Exception as error:
                    traceback.print_exc()
                    problem = f"the grader itself failed ({type(error).__name__}: {error}); an instructor should look"
                    result = failed(assignment, submission, problem, isolation)
                pipe.send(result)
    except SandboxUnavailable as error:
        pipe.send(error)
    except (EOFError, BrokenPipeError):
        pass  # whoever asked has ended
