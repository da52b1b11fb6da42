"""The sandbox: a warm zygote inside bubblewrap, forked once for every submission.

The grader keeps the only handle on a session: it ends one by killing it, and whatever a session answers has
been parsed and bounded (``messages``) before anything else sees it.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import dataclasses
import json
import os
import platform
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from . import messages, runtime, seccomp
from .scratch import Scratch

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds are wall time, but for that in which it waits for a processor; bytes are
    bytes.

    ``memory_bytes`` bounds the address space; ``processes`` the threads (a session cannot start a process at
    all);
    ``scratch_bytes`` its files together, ``file_bytes`` each of them; ``output_bytes`` what a cell may print
    and show, or a call print; ``message_bytes`` one answer. ``test_seconds`` bounds a test cell in the
    grader, calls included, and ``grader_bytes`` the memory of the process that runs them.
    """

    cell_seconds: float = 10.0
    call_seconds: float = 5.0
    test_seconds: float = 30.0
    notebook_seconds: float = 60.0
    memory_bytes: int = 2048 * MIB
    processes: int = 64
    file_bytes: int = 32 * MIB
    scratch_bytes: int = 64 * MIB
    output_bytes: int = MIB
    message_bytes: int = 32 * MIB
    open_files: int = 128
    grace_seconds: float = 1.0
    grader_bytes: int = 4096 * MIB


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot start on this machine. The text says what is missing, and what to do."""


class SessionLost(BaseException):
    """The learner's process has ended, or was ended. Not an `Exception`: no ``except`` in a test may take it
    for an answer."""


@dataclass
class CellRun:
    """What one cell did: nbformat outputs, the last line of its error, and whether it had to be stopped or
    the process died."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    timed_out: bool = False
    died: bool = False
    seconds: float = 0.0


class Sandbox:
    """A warm zygote. ``with Sandbox() as sandbox, sandbox.session() as session: session.run_cell(...)``.

    Parameters
        profile: ``"numpy"``, ``"sklearn"`` or ``"tensorflow"``: which packages a notebook can import.
        limits: what one session may use.
        isolation: ``"bubblewrap"``, or ``"none"`` for the same worker as an ordinary process of yours, which
        can read your files
            and use your network; a choice to be made knowingly.
        packages: further installed distributions that a notebook can import, by name.

    Raises
        SandboxUnavailable
            on start, if bubblewrap, user namespaces or libseccomp are missing.
    """

    def __init__(
        self,
        profile: str = "numpy",
        limits: Limits | None = None,
        isolation: Literal["bubblewrap", "none"] = "bubblewrap",
        packages: tuple[str, ...] = (),
    ) -> None:
        if isolation not in ("bubblewrap", "none"):
            raise ValueError(f"isolation must be 'bubblewrap' or 'none', not {isolation!r}")
        self.profile = profile
        self.limits = limits or Limits()
        self.isolation = isolation
        self.packages = packages
        self._process: subprocess.Popen[bytes] | None = None
        self._zygote: int | None = None
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._openings: dict[tuple[str, ...], _Opening] = {}
        self._usable: dict[tuple[str, ...], int] = {}
        self._control: socket.socket | None = None
        self._errors: Any = None
        self._lock = threading.Lock()
        self._scratch: str | None = None
        self._own = contextlib.ExitStack()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the zygote, if it is not running. The first session would do it too."""
        with self._lock:
            self._start()

    def close(self) -> None:
        """End the zygote, and every session with it."""
        with self._lock:
            self._stop()

    def session(self, files: Mapping[str, bytes] | None = None, opening: Sequence[str] = ()) -> Session:
        """Fork a session: a fresh notebook in a process of its own, with ``files`` in its working folder.

        ``opening`` are cells with which many notebooks begin. They run once, before the fork; ``session.opened`` says
        what they showed, for as many of them as did not need ``files`` nor leave anything that a fork would lose. They
        must not be a learner's: what they did is there in every session that begins with them.
        """
        with self._lock:
            for attempt in (1, 2):
                self._start()
                try:
                    return self._fork(files or {}, self._opened(tuple(opening)))
                except (messages.Closed, messages.Deadline, OSError) as error:
                    text = self._said() or f"no session started: {error!r}"
                    self._stop()
                    if attempt == 2:
                        raise SandboxUnavailable(explained(text)) from error
        raise AssertionError("unreachable")

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            command, environment = self._command(theirs.fileno())
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            self._stop()
            raise
        finally:
            theirs.close()
        self._control = ours
        try:
            self._zygote = os.pidfd_open(self._ready(ours))
            ours.recv(4096)
        except (messages.Closed, messages.Deadline, OSError):
            self._unavailable()

    def _ready(self, control: socket.socket) -> int:
        """Wait for the zygote's first word; bubblewrap may end without closing the socket that its child
        holds."""
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while not select.select([control], [], [], 0.05)[0]:
            if self._process.poll() is not None:
                raise messages.Closed
            if time.monotonic() > deadline:
                raise messages.Deadline
        return _sender(control)

    def _command(self, control: int) -> tuple[list[str], dict[str, str]]:
        settings: dict[str, Any] = {
            "isolation": self.isolation,
            "control": control,
            "preload": [*runtime.PRELOADED.get(self.profile, ())],
        }
        environment = {
            "HOME": "/scratch",
            "TMPDIR": "/scratch",
            "IPYTHONDIR": "/scratch/.ipython",
            "MPLCONFIGDIR": "/scratch/.matplotlib",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "LANG": "C.UTF-8",
            "PATH": "/runtime/bin",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        if self.isolation == "none":
            self._scratch = str(self._own.enter_context(Scratch()))
            for name in ("HOME", "TMPDIR"):
                environment[name] = self._scratch
            for name in ("IPYTHONDIR", "MPLCONFIGDIR"):
                environment[name] = os.path.join(self._scratch, "." + name.lower())
            settings["packages"] = [path for path in sys.path if "-packages" in path]
            worker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker", "start.py")
            environment["PATH"] = os.defpath
            return [sys.executable, "-I", "-S", "-B", worker, json.dumps(settings)], environment
        bubblewrap = require_bubblewrap()
        try:
            settings["filter"] = seccomp.program().hex()
        except OSError as error:
            raise SandboxUnavailable(f"{error}; install it with: sudo apt-get install libseccomp2") from error
        inside = runtime.runtime_of(self.profile, self.packages)
        settings["packages"] = list(inside.packages)
        environment["LD_LIBRARY_PATH"] = inside.library_path
        arguments = [
            bubblewrap,
            *_NAMESPACES,
            "--as-pid-1",
            "--cap-add",
            "CAP_SYS_ADMIN",
            "--uid",
            "1000",
            "--gid",
            "1000",
        ]
        arguments += ["--hostname", "sandbox", "--clearenv"]
        for name, value in environment.items():
            arguments += ["--setenv", name, value]
        arguments += [
            *inside.arguments,
            "--dev",
            "/dev",
            "--tmpfs",
            "/scratch",
            "--symlink",
            "scratch",
            "/tmp",
        ]
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/scratch", "--"]
        arguments += [inside.python, "-I", "-S", "-B", inside.worker, json.dumps(settings)]
        return arguments, {"PATH": os.defpath}

    def _unavailable(self) -> NoReturn:
        """Say why the zygote did not start."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.2)
        text = self._said()
        self._stop()
        raise SandboxUnavailable(explained(text))

    def _said(self) -> str:
        """What bubblewrap and the zygote wrote to their standard error."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        return self._errors.read(20_000).decode("utf-8", "replace").strip()

    def _stop(self) -> None:
        for session in list(self._sessions):
            session.close()
        for opening in self._openings.values():
            opening.close()
        self._openings.clear()
        if self._zygote is not None:
            _signal(self._zygote, signal.SIGKILL)
            os.close(self._zygote)
            self._zygote = None
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(0.5)  # it ends when its control socket does, and everything inside with it
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(
                    self._process.pid, signal.SIGKILL
                )  # what bubblewrap left behind, if it failed half-way
            self._process = None
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        self._own.close()
        self._scratch = None

    def _opened(self, cells: tuple[str, ...]) -> _Opening | None:
        """The process that has run these cells, or as many of them as can be run beforehand."""
        while cells:
            cells = cells[: self._usable.get(cells, len(cells))]
            opening = self._openings.pop(cells, None)
            if opening is None and cells:
                opening = self._open(cells)
            if opening is not None:
                self._openings[cells] = opening  # the last used comes last
                if len(self._openings) > _OPENINGS:
                    self._openings.pop(next(iter(self._openings))).close()
                return opening
        return None

    def _open(self, cells: tuple[str, ...]) -> _Opening | None:
        """Run the cells in a process of their own; ``None``, and a note of how many to try, if some cannot be."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            session = self._forked((theirs.fileno(),), self._control)
        opening = _Opening(session, ours)
        for cell in cells:
            opening.runs.append(session.run_cell(cell))
            if opening.runs[-1].error is not None:
                break
        else:
            if session.becomes_zygote():
                return opening
        # Which of them left something behind is not known: without the last it may be well.
        self._usable[cells] = len(opening.runs) - 1
        opening.close()
        return None

    def _counts_processes(self) -> bool:
        """Whether RLIMIT_NPROC counts the sandbox alone, or all the processes of this user."""
        return self.isolation == "bubblewrap" and _process_limit_is_per_namespace()

    def _fork(self, files: Mapping[str, bytes], opening: _Opening | None) -> Session:
        session = self._forked((), self._control if opening is None else opening.control)
        if opening is not None:
            session.begin_with(opening.runs, opening.session)
        self._sessions.add(session)
        try:
            session._write_files(files)
        except BaseException:
            session.close()
            raise
        return session

    def _forked(self, descriptors: tuple[int, ...], control: socket.socket | None) -> Session:
        assert control is not None
        ours, theirs = socket.socketpair()
        scratch = "/scratch"
        if self._scratch is not None:
            scratch = tempfile.mkdtemp(dir=self._scratch)
        limits = {
            "memory_bytes": self.limits.memory_bytes,
            "processes": self.limits.processes if self._counts_processes() else 1 << 20,
            "file_bytes": self.limits.file_bytes,
            "scratch_bytes": self.limits.scratch_bytes,
            "open_files": self.limits.open_files,
            "message_bytes": self.limits.message_bytes,
            "cpu_seconds": int(2 * self.limits.notebook_seconds) + 10,
        }
        request = json.dumps({"limits": limits, "scratch": scratch}).encode()
        try:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            socket.send_fds(control, [request], [theirs.fileno(), *descriptors])
            theirs.close()
            pid = _sender(ours)
            session = Session(ours, pid, self.limits)
            session._hello()
        except BaseException:
            ours.close()
            theirs.close()
            raise
        return session


class _Opening:
    """A process that has run the first cells of many notebooks, and from which their sessions are forked."""

    def __init__(self, session: Session, control: socket.socket) -> None:
        self.session = session
        self.control = control
        self.runs: list[CellRun] = []

    def close(self) -> None:
        self.control.close()
        self.session.close()


def _signal(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process, number)


def _sender(sock: socket.socket) -> int:
    """The process id, as this process sees it, of whoever sent the first bytes: the kernel's word, not the
    sender's."""
    sock.settimeout(30)
    try:
        data, ancillary, _, _ = sock.recvmsg(1, socket.CMSG_SPACE(12), socket.MSG_PEEK)
    except TimeoutError:
        raise messages.Deadline from None
    if not data:
        raise messages.Closed
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            return struct.unpack("iII", payload[:12])[0]
    raise OSError("the kernel did not say which process answered")


def _proc_is_ours() -> bool:
    """Whether /proc shows this process's own pid namespace; in a container inside a container it may not."""
    try:
        return os.readlink("/proc/self") == str(os.getpid())
    except OSError:
        return False


def _process_limit_is_per_namespace() -> bool:
    """Whether RLIMIT_NPROC counts per user namespace (Linux 5.14); before, it would count all of the user's
    processes."""
    release = platform.release().split(".")
    try:
        return (int(release[0]), int(release[1].split("-")[0])) >= (5, 14)
    except (IndexError, ValueError):
        return False


class Session:
    """One submission's process. All its methods are for the grader's side; the process sees none of them."""

    def __init__(self, sock: socket.socket, pid: int, limits: Limits) -> None:
        self._sock = sock
        self._channel = messages.Channel(sock, "reply", limits.message_bytes)
        self._pid = pid
        self._process = os.pidfd_open(pid)
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._spent = 0.0
        self._waited = 0.0
        self.limits = limits
        self.reason: str | None = None
        self.cells = 0
        self.rebound: dict[str, int] = {}
        self.opened: list[CellRun] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the process can still be asked. ``reason`` says why not."""
        return self.reason is None

    @property
    def seconds_left(self) -> float:
        """What is left of the notebook's time."""
        return self.limits.notebook_seconds - self._spent

    def close(self) -> None:
        """End the process. It is not asked."""
        self._kill("the session was closed")

    def _kill(self, reason: str) -> None:
        if self.reason is not None:
            return
        self.reason = reason
        _signal(self._process, signal.SIGKILL)
        os.close(self._process)
        self._sock.close()

    def lose(self, reason: str) -> NoReturn:
        """End the process for what it did."""
        self._kill(reason)
        raise SessionLost(self.reason)

    def _hello(self) -> None:
        try:
            hello = self._channel.receive(time.monotonic() + 30)
        except (messages.MessageError, messages.Deadline, messages.Closed) as error:
            self._kill("the session did not start")
            raise OSError(f"the session did not start: {error!r}") from error
        if type(hello) is not messages.Hello or hello.error:
            self._kill("the session did not start")
            raise SandboxUnavailable(explained(getattr(hello, "error", None) or "the session did not start"))

    def begin_with(self, runs: list[CellRun], other: Session) -> None:
        """Take over what an opening has run: its time and its names are this notebook's."""
        self.opened = runs
        self.cells, self.rebound = other.cells, dict(other.rebound)
        self._spent = sum(run.seconds for run in runs)

    def becomes_zygote(self) -> bool:
        """End the cells of an opening; whether sessions can now be forked from it."""
        try:
            self._send(messages.End(), self._now() + 30)
            reply = self._receive(self._now() + 30)
        except (SessionLost, messages.Deadline):
            return False
        return type(reply) is messages.Hello and reply.error is None

    def _write_files(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            parts = name.split("/")
            if not name or name.startswith("/") or ".." in parts or "" in parts:
                raise ValueError(f"the extra file {name!r} is not a relative path inside the assignment")
            self.operate(
                "call",
                [messages.Known("nlref_grading.worker.files", "write"), name, messages.Bytes(bytes(content))],
                seconds=self.limits.cell_seconds,
            )

    def run_cell(self, source: str) -> CellRun:
        """Run one code cell of the learner's notebook; never raises for what the cell does."""
        run = CellRun()
        if self.reason is not None:
            run.died, run.error = True, f"not run: {self.reason}"
            return run
        self.cells += 1
        seconds, too_long = self._allowance(self.limits.cell_seconds, "the cell ran")
        collected = _Outputs(self.limits.output_bytes)
        started = self._now()
        end, late = started + seconds, False
        try:
            self._send(messages.RunCell(source, self.cells, self.limits.output_bytes), end)
            while True:
                try:
                    reply = self._receive(end)
                except messages.Deadline:
                    if late:
                        run.timed_out = True
                        self.lose(f"{too_long}, and it did not stop when asked to")
                    late = True
                    self._interrupt()
                    end = self._now() + self.limits.grace_seconds
                    continue
                if type(reply) is messages.Output:
                    collected.add(reply.json)
                elif type(reply) is messages.CellEnd:
                    break
                else:
                    self.lose("the process answered out of turn")
            run.timed_out = late
            run.error = too_long if late else _first(reply.error)
            if run.error is None and any(output["output_type"] == "error" for output in collected.outputs):
                run.error = "the cell reported an error"
            for name in reply.rebound[:10_000]:
                self.rebound[name] = self.cells
        except SessionLost as lost:
            run.died, run.error = True, str(lost)
        finally:
            run.seconds = self._now() - started
            self._spent += run.seconds
        run.outputs = collected.finished()
        return run

    def look(self, names: list[str], everything: bool = False) -> dict[str, Any]:
        """The packed values of those names that exist in the learner's notebook."""
        reply = self._exchange(messages.Look(names, everything), self.limits.call_seconds, None)
        if type(reply) is not messages.Found:
            self.lose("the process answered out of turn")
        return reply.values

    def operate(
        self,
        operation: str,
        operands: list[Any],
        keywords: dict[str, Any] | None = None,
        *,
        before: messages.Changes | None = None,
        released: list[int] | None = None,
        keep: bool = False,
        observe: bool = False,
        seconds: float | None = None,
        callback: Callable[[messages.CallbackRequest], messages.CallbackResult] | None = None,
    ) -> messages.Result:
        """Do one thing in the learner's process; :class:`SessionLost` if it dies, lies out of turn or is too
        late."""
        message = messages.Operate(
            operation,
            operands,
            keywords or {},
            before,
            released or [],
            keep,
            observe,
            self.limits.output_bytes,
        )
        reply = self._exchange(message, seconds or self.limits.call_seconds, callback)
        if type(reply) is not messages.Result:
            self.lose("the process answered out of turn")
        return reply

    def call_each(
        self,
        function: Any,
        calls: list[tuple[list[Any], dict[str, Any]]],
        *,
        before: messages.Changes | None = None,
        released: list[int] | None = None,
    ) -> Iterator[messages.Result]:
        """Ask one function many times, each with its own time; results as they come, to be taken to the end.

        :class:`SessionLost` at the first that does not come.
        """
        if self.reason is not None:
            raise SessionLost(self.reason)
        message = messages.Calls(function, calls, before, released or [], self.limits.output_bytes)
        left = len(calls)
        try:
            self._send(message, self._now() + self.limits.call_seconds)
            while left:
                seconds, too_long = self._allowance(self.limits.call_seconds, "the call took")
                started = self._now()
                try:
                    reply = self._receive(started + seconds)
                    while type(reply) is messages.Output:
                        reply = self._receive(started + seconds)
                except messages.Deadline:
                    self._late(too_long)
                finally:
                    self._spent += self._now() - started
                if type(reply) is not messages.Result:
                    self.lose("the process answered out of turn")
                left -= 1
                yield reply
        except CallTooLong:
            left = 0  # it was stopped, and what was asked after it with it
            raise
        finally:
            if left:
                self._kill("the test ended in the middle of a call")

    def _exchange(
        self,
        message: Any,
        seconds: float,
        callback: Callable[[messages.CallbackRequest], messages.CallbackResult] | None,
    ) -> Any:
        if self.reason is not None:
            raise SessionLost(self.reason)
        seconds, too_long = self._allowance(seconds, "the call took")
        started = self._now()
        deadline = started + seconds
        outside, asked = 0.0, False  # time in callbacks is the grader's own
        try:
            self._send(message, deadline)
            while True:
                try:
                    reply = self._receive(deadline)
                except messages.Deadline:
                    return self._late(too_long)
                if type(reply) is messages.CallbackRequest and callback is not None:
                    entered, asked = self._now(), True
                    answer = callback(reply)
                    pause = self._now() - entered
                    outside += pause
                    deadline += pause
                    self._send(answer, deadline)
                elif type(reply) is messages.Output:
                    continue  # printed by a thread that a cell left behind
                else:
                    return reply
        except SessionLost as lost:
            if asked or not isinstance(lost, CallTooLong):
                self._kill(str(lost))
            raise
        except BaseException:
            self._kill("the test ended in the middle of a call")  # the next answer would be this one's
            raise
        finally:
            self._spent += self._now() - started - outside

    def _late(self, text: str) -> Any:
        """The answer did not come in time: interrupt; what comes now is too late, but the process may live
        on."""
        self._interrupt()
        end = self._now() + self.limits.grace_seconds
        try:
            while True:
                reply = self._receive(end)
                if type(reply) in (messages.Result, messages.Found):
                    raise CallTooLong(text)
                if type(reply) is not messages.Output:
                    self.lose(text)
        except messages.Deadline:
            self.lose(f"{text}, and it did not stop when asked to")

    def _allowance(self, seconds: float, what: str) -> tuple[float, str]:
        """How long something may take, and what to say if it takes longer: the whole notebook has its limit
        too."""
        if seconds <= self.seconds_left:
            return seconds, f"{what} longer than {seconds:g} s"
        left = max(self.seconds_left, 0.01)
        return left, f"the notebook ran longer than {self.limits.notebook_seconds:g} s in all"

    def _interrupt(self) -> None:
        _signal(self._process, signal.SIGINT)

    def _send(self, message: Any, deadline: float) -> None:
        try:
            self._channel.send(message, deadline + self._waited)
        except (messages.Deadline, messages.Closed, OSError):
            self.lose(f"{_ENDED}, or does not listen")

    def _receive(self, deadline: float) -> Any:
        waiting = None
        while not self._poll.poll(1000 * max(0.0, min(0.05, deadline - self._now()))):
            before, waiting = waiting, self._waiting()
            if before is not None:
                self._waited = min(self._waited + max(0.0, waiting - before), _PATIENCE)
            if self._now() >= deadline:
                raise messages.Deadline
            self._check_use()
        try:
            return self._channel.receive(deadline + self._waited + self.limits.grace_seconds)
        except messages.Closed:
            self.lose(_ENDED)
        except messages.MessageError as error:
            self.lose(str(error))

    def _now(self) -> float:
        """Seconds on a clock that stands still while the process waits for a processor: on a crowded machine the same
        cells have the same time."""
        return time.monotonic() - self._waited

    def _waiting(self) -> float:
        """How long the process has waited for a processor in all; 0 where the kernel does not say."""
        if not _proc_is_ours():
            return 0.0
        try:
            with open(f"/proc/{self._pid}/schedstat") as file:
                return int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def _check_use(self) -> None:
        """Threads and memory, looked at while waiting: as root the kernel does not enforce the limit on
        threads."""
        if not _proc_is_ours():
            return
        try:
            with open(f"/proc/{self._pid}/status") as status:
                text = status.read()
        except OSError:
            return
        threads = text.partition("\nThreads:")[2].partition("\n")[0].strip()
        if threads.isdigit() and int(threads) > self.limits.processes:
            self.lose(f"the notebook started more than {self.limits.processes} threads")


class CallTooLong(SessionLost):
    """One call was stopped for taking too long; the process lives on."""


_NAMESPACES = tuple(f"--unshare-{name}" for name in ("user", "pid", "net", "ipc", "uts", "cgroup-try"))
_START_SECONDS = 300
_OPENINGS = 3
_PATIENCE = 120.0  # seconds of waiting for a processor that a session is not charged for
_ENDED = "the notebook's process ended (it called os._exit, crashed, or ran out of memory)"


def _first(text: str | None) -> str | None:
    return None if text is None else str(text)[:2_000]


class _Outputs:
    """Outputs as they arrive, each checked and rebuilt; the learner's process may have written anything."""

    def __init__(self, limit: int) -> None:
        self.outputs: list[dict[str, Any]] = []
        self._left = limit
        self._cut = False

    def add(self, text: str) -> None:
        if len(text) > 4 * self._left + 4096 or len(self.outputs) >= 1_000:
            self._cut = True
            return
        try:
            output = clean_output(json.loads(text))
        except (ValueError, RecursionError):
            self._cut = True
            return
        size = len(json.dumps(output))
        if size > self._left + 4096:
            self._cut = True
            return
        self._left -= size
        last = self.outputs[-1] if self.outputs else None
        if last and output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            self.outputs.append(output)

    def finished(self) -> list[dict[str, Any]]:
        if self._cut:
            note = "\n[the rest of the output is not kept: there is a limit per cell]\n"
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": note})
        return self.outputs


def clean_output(output: Any) -> dict[str, Any]:
    """An nbformat output with the fields it may have and no others; ValueError if it is none."""
    if type(output) is not dict:
        raise ValueError("not an output")
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") in ("stdout", "stderr") and type(output.get("text")) is str:
        return {"output_type": "stream", "name": output["name"], "text": output["text"]}
    if kind == "error":
        texts = [output.get("ename"), output.get("evalue"), *_list(output.get("traceback"))]
        if all(type(text) is str for text in texts):
            return {"output_type": "error", "ename": texts[0], "evalue": texts[1], "traceback": texts[2:]}
    if kind in ("display_data", "execute_result") and type(output.get("data")) is dict:
        data = {}
        for name in ("text/plain", "text/html", "text/markdown", "text/latex", "image/png"):
            value = output["data"].get(name)
            if type(value) is str and (name != "image/png" or _is_png(value)):
                data[name] = value
        result: dict[str, Any] = {"output_type": kind, "data": data, "metadata": {}}
        if kind == "execute_result":
            count = output.get("execution_count")
            result["execution_count"] = count if type(count) is int and 0 <= count < 10**6 else None
        return result
    raise ValueError("not an output")


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else [None]


def _is_png(text: str) -> bool:
    """Whether base64 text is a PNG of a size that a browser can open."""
    try:
        head = base64.b64decode(text, validate=True)[:24]
    except (ValueError, binascii.Error):
        return False
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
        return False
    width, height = struct.unpack(">II", head[16:24])
    return 0 < width <= 10_000 and 0 < height <= 10_000


def require_bubblewrap() -> str:
    """The path of ``bwrap``, or :class:`SandboxUnavailable` with what to do."""
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailable(
            "the grading sandbox needs Linux; on Windows run nlref inside WSL, on macOS in a Linux container or machine"
        )
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable(
            "the grading sandbox needs bubblewrap, which is not installed: sudo apt-get install bubblewrap"
        )
    return path


def explained(text: str) -> str:
    """One sentence from what bubblewrap or the zygote wrote before it ended: what is missing and how to mend
    it."""
    last = text.splitlines()[-1] if text else "it ended without a word"
    lowered = text.lower()
    if "open /proc/" in lowered and "no such file" in lowered:
        return f"/proc here is not this container's own ({last}); mount one where the container is started"
    reasons = ("operation not permitted", "permission denied", "no space left", "enospc", "no permissions")
    places = ("namespace", "uid map", "uid_map", "setting up", "unshare", "rtm_newaddr", "mount")
    if any(reason in lowered for reason in reasons) and any(place in lowered for place in places):
        remedy = (
            "allow it with: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
            if _reads_one("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
            else "in Docker start the container with --security-opt seccomp=unconfined --security-opt "
            "apparmor=unconfined --security-opt systempaths=unconfined; elsewhere: sudo sysctl -w "
            "user.max_user_namespaces=10000"
        )
        return f"this machine does not let bubblewrap make user namespaces ({last}); {remedy}"
    return f"the grading sandbox did not start: {last}"


def _reads_one(path: str) -> bool:
    try:
        with open(path) as file:
            return file.read().strip() == "1"
    except OSError:
        return False


def with_limits(limits: Limits, **changes: Any) -> Limits:
    """A copy with some limits changed."""
    return dataclasses.replace(limits, **changes)
