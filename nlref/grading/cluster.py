"""The same pool on a Dask cluster: ``nlref grade --scheduler tcp://host:8786``.

Every Dask worker keeps a :class:`nlref.grading.pool.LocalPool` of its own, one grading process for each of its threads,
so that sandboxes, limits and the replacement of what dies are the same as on one machine. Submissions travel as bytes;
grades are written by the process that asked, and by no other. A worker that ends gives its submissions to the others.

What travels between the machines is Dask's own protocol, which trusts whoever may connect: use a network that you
trust, or Dask's TLS (``tls://host:8786``, with the certificates in Dask's own configuration).
"""

import logging
import threading
import time
from concurrent.futures import CancelledError, Future
from typing import Any
from uuid import uuid4

from nlref.grading.assignment import Assignment
from nlref.grading.course import CourseError
from nlref.grading.pool import LocalPool, failed
from nlref.grading.result import SubmissionResult
from nlref.grading.submission import Submission

try:
    from distributed import Client, KilledWorker, WorkerPlugin, get_worker
except ImportError as error:
    raise CourseError(
        f"--scheduler needs Dask ({error}); install it with: python -m pip install 'nlref[cluster]'"
    ) from error

CONNECT_SECONDS = 10.0
WAIT_SECONDS = 60.0  # for a worker, at the start and whenever none is left
LOOK_SECONDS = 1.0


class ClusterLost(CourseError):
    """The scheduler, or the last of its workers, is gone."""


class Graders(WorkerPlugin):
    """What each Dask worker keeps while an assignment is graded: its own pool of grading processes."""

    idempotent = False

    def __init__(self, version: str, name: str, setting: tuple[Assignment, str, Any]) -> None:
        self.version = version
        self.name = name
        self.setting = setting

    def setup(self, worker: Any) -> None:
        """Start no process yet; what differs from the machine that asked is said here, before any work."""
        import nlref

        if nlref.__version__ != self.version:
            raise RuntimeError(
                f"has nlref {nlref.__version__}, and the machine that grades has {self.version}"
            )
        assignment, isolation, limits = self.setting
        self.pool = LocalPool(
            assignment, jobs=worker.state.nthreads, isolation=isolation, limits=limits
        ).__enter__()

    def teardown(self, worker: Any) -> None:
        """End the processes."""
        pool = getattr(self, "pool", None)
        if pool is not None:
            pool.__exit__(None)


def _grade(name: str, submission: Submission) -> SubmissionResult:
    """Runs on a Dask worker."""
    return get_worker().plugins[name].pool.submit(submission).result()


class ClusterPool:
    """The workers of a Dask scheduler; a context manager with the interface of ``LocalPool``.

    Parameters
        address: of the scheduler: ``tcp://host:port`` or ``tls://host:port``.

    Attributes
        jobs: how many submissions the cluster graded at a time when it was entered; workers may come and go.

    Raises
        CourseError: nobody answers there, there is no worker, or a worker has another version of nlref.
        ClusterLost (in the futures): the scheduler or all workers went away; what was graded before is safe.
    """

    def __init__(
        self, assignment: Assignment, address: str, *, isolation: str = "bubblewrap", limits: Any = None
    ) -> None:
        self.address = address
        self.jobs = 1
        self._setting = (assignment, isolation, limits)
        self._name = f"nlref-graders-{uuid4().hex}"
        self._waiting: dict[Future[SubmissionResult], Any] = {}
        self._lock = threading.Lock()
        self._leaving = threading.Event()

    def __enter__(self) -> "ClusterPool":
        import nlref

        # Dask logs a traceback for what we say in a sentence.
        for name in ("distributed.client", "distributed.comm.core", "distributed.core"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise CourseError(
                f"no Dask scheduler answers at {self.address} ({_first_line(error)}); `dask scheduler` starts one, "
                "and prints its address"
            ) from error
        try:
            try:
                self._client.wait_for_workers(1, timeout=WAIT_SECONDS)
            except TimeoutError as error:
                raise CourseError(
                    f"the scheduler at {self.address} has no worker; `dask worker {self.address}` starts one"
                ) from error
            try:
                self._client.register_plugin(Graders(nlref.__version__, self._name, self._setting))
            except Exception as error:  # whatever a worker raises, ModuleNotFoundError first of all
                raise CourseError(
                    f"a worker of {self.address} cannot grade: it {_first_line(error)}; install nlref there as here"
                ) from error
        except BaseException:
            self._client.close()
            raise
        self.jobs = max(1, sum(self._client.nthreads().values()))
        threading.Thread(target=self._watch, name="cluster", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for what was submitted; after an exception, let it go."""
        if kind is None:
            with self._lock:
                left = list(self._waiting)
            for future in left:
                future.exception()
        self._leaving.set()
        with self._lock:
            for task in self._waiting.values():
                task.cancel()
        if self._client.status == "running":
            self._client.unregister_worker_plugin(self._name)
        self._client.close(timeout=CONNECT_SECONDS)

    def submit(self, submission: Submission) -> "Future[SubmissionResult]":
        """Begin to grade a submission."""
        future: Future[SubmissionResult] = Future()
        task = self._client.submit(_grade, self._name, submission, pure=False)
        with self._lock:
            self._waiting[future] = task
        task.add_done_callback(lambda task: self._done(future, task, submission))
        return future

    def _done(self, future: "Future[SubmissionResult]", task: Any, submission: Submission) -> None:
        with self._lock:
            if self._waiting.pop(future, None) is None:
                return  # given up already
        try:
            future.set_result(task.result(timeout=CONNECT_SECONDS))
        except KilledWorker:
            why = "several Dask workers ended while they graded it; an instructor should look at this submission"
            future.set_result(failed(self._setting[0], submission, why, self._setting[1]))
        except (CancelledError, TimeoutError, OSError) as error:
            future.set_exception(self._lost(f"no longer answers ({_first_line(error)})"))
        except BaseException as error:
            future.set_exception(error)

    def _watch(self) -> None:
        """End the waiting when nobody is left to wait for."""
        seen = time.monotonic()
        while not self._leaving.wait(LOOK_SECONDS):
            try:
                alive = self._client.status == "running" and bool(
                    self._client.scheduler_info(n_workers=-1)["workers"]
                )
            except Exception:  # whatever Dask raises without a scheduler
                alive = False
            if alive:
                seen = time.monotonic()
            elif time.monotonic() - seen > WAIT_SECONDS:
                with self._lock:
                    left, self._waiting = list(self._waiting), {}
                for future in left:
                    future.set_exception(self._lost("has had no worker for a minute, or is gone itself"))
                return

    def _lost(self, how: str) -> ClusterLost:
        return ClusterLost(
            f"the scheduler at {self.address} {how}; what was graded is in the gradebook: "
            "run this again when the cluster is back"
        )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
