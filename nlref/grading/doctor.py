"""Proves the sandbox on this machine, by trying to break it from the inside.

Every check plants something worth stealing or breaks a rule on purpose, in a session like any learner's, and
looks from the outside at what came of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .sandbox import MIB, Limits, Sandbox, SandboxUnavailable, Session, require_bubblewrap

_LIMITS = Limits(
    cell_seconds=10,
    call_seconds=5,
    memory_bytes=2048 * MIB,
    processes=32,
    file_bytes=4 * MIB,
    scratch_bytes=8 * MIB,
)
_SYSTEM_CALLS = (
    "ptrace", "mount", "umount2", "unshare", "setns", "chroot", "pivot_root", "bpf", "perf_event_open",
    "userfaultfd", "keyctl", "add_key", "io_uring_setup", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
    "kexec_load", "init_module", "reboot", "open_by_handle_at", "personality", "socket", "fork", "vfork", "execve",
    "clone3", "fsopen", "move_mount", "swapon",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One property of the sandbox: what was tried, whether it held, and what was seen."""

    name: str
    held: bool
    detail: str

    def __str__(self) -> str:
        return f"{'✓' if self.held else '✗'} {self.name}: {self.detail}"


_STUBBORN = """
n = 0
while True:
    try:
        while True:
            n += 1
    except BaseException:
        pass
"""

Probe = Callable[[Sandbox], tuple[bool, str]]


def doctor(profile: str = "numpy") -> list[Finding]:
    """Start the sandbox and try to break it; one finding a property, in the order tried. Takes about ten
    seconds.

    If the sandbox cannot start, the only finding says what is missing and how to mend it.
    """
    started = time.perf_counter()
    sandbox = Sandbox(profile, _LIMITS)
    secret = secrets.token_hex(8)
    os.environ["NLREF_DOCTOR_SECRET"] = secret
    try:
        with sandbox:
            took = time.perf_counter() - started
            findings = [Finding("the sandbox starts", True, f"{_version()}, in {took:.1f} s")]
            for name, probe in _PROBES:
                try:
                    held, detail = probe(sandbox)
                except _Unexpected as error:
                    held, detail = False, f"could not be tried: {error}"
                findings.append(Finding(name, held, detail))
            return findings
    except SandboxUnavailable as error:
        return [Finding("the sandbox starts", False, str(error))]
    finally:
        del os.environ["NLREF_DOCTOR_SECRET"]


class _Unexpected(Exception):
    pass


def _version() -> str:
    return subprocess.run(
        [require_bubblewrap(), "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _ask(session: Session, source: str, **values: Any) -> Any:
    """Run a cell that leaves its answer in ``answer``, and return it."""
    head = "import json, os, sys\n" + "".join(f"{name} = {value!r}\n" for name, value in values.items())
    run = session.run_cell(head + textwrap.dedent(source) + "\nprint('\\n' + json.dumps(answer))")
    text = "".join(output.get("text", "") for output in run.outputs if output.get("name") == "stdout")
    if run.error is not None:
        raise _Unexpected(run.error)
    return json.loads(text.strip().splitlines()[-1])


@contextlib.contextmanager
def _canary() -> Iterator[tuple[Path, str]]:
    """A file like a gradebook, in a temporary folder of the grader's, with a word in it that must not come
    out."""
    with tempfile.TemporaryDirectory(prefix="nlref-doctor-") as folder:
        path = Path(folder, "gradebook.db")
        word = secrets.token_hex(16)
        path.write_text(word)
        yield path, word


def _files(sandbox: Sandbox) -> tuple[bool, str]:
    with _canary() as (path, word), sandbox.session() as session:
        answer = _ask(
            session,
            """
            answer = {"read": [], "found": [], "seen": 0}
            for path in (canary, home, "/etc/passwd", "/etc/shadow", "/root", "/home"):
                try:
                    answer["read"].append(path if os.path.isdir(path) and os.listdir(path) else open(path).read()[:99])
                except OSError:
                    pass
            for folder, folders, files in os.walk("/"):
                answer["seen"] += len(files)
                wanted = [name for name in files if name == "gradebook.db" or name.endswith(".ipynb")]
                answer["found"] += [os.path.join(folder, name) for name in wanted][:20 - len(answer["found"])]
                if folder.count("/") > 12:
                    folders.clear()
            """,
            canary=str(path),
            home=str(Path.home()),
        )
    leaked = answer["read"] + answer["found"]
    if leaked or any(word in text for text in answer["read"]):
        return False, f"reachable: {', '.join(leaked)[:300]}"
    return (
        True,
        f"a gradebook, {Path.home()}, /etc/passwd are not there; {answer['seen']:,} files of the runtime are",
    )


def _writing(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            answer = []
            for folder, folders, files in os.walk("/"):
                if os.path.realpath(folder).startswith(os.path.realpath(os.getcwd())):
                    continue
                try:
                    with open(os.path.join(folder, "planted"), "w"):
                        answer.append(folder)
                    os.remove(os.path.join(folder, "planted"))
                except OSError:
                    pass
                if len(answer) > 5 or folder.count("/") > 6:
                    folders.clear()
            open("own", "w").write("x")
            """,
        )
    if answer:
        return False, f"writable: {', '.join(answer[:5])}"
    return True, "no folder but the session's own can be written"


def _file_sizes(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            import signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            answer = [0, 0]
            try:
                with open("large", "wb") as file:
                    while answer[0] < 10 * one:
                        answer[0] += file.write(bytes(1 << 18))
                        file.flush()
            except OSError:
                pass
            os.remove("large")
            try:
                for number in range(100):
                    with open(f"many{number}", "wb") as file:
                        file.write(bytes(one // 2))
                        answer[1] += one // 2
            except OSError:
                pass
            """,
            one=_LIMITS.file_bytes,
        )
    held = answer[0] <= _LIMITS.file_bytes and answer[1] <= _LIMITS.scratch_bytes
    return held, f"one file stops at {answer[0] / MIB:.0f} MB, all together at {answer[1] / MIB:.0f} MB"


def _network(sandbox: Sandbox) -> tuple[bool, str]:
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_UNIX) as unix,
        sandbox.session() as session,
    ):
        abstract = f"\0nlref-doctor-{secrets.token_hex(8)}"
        unix.bind(abstract)
        unix.listen()
        answer = _ask(
            session,
            """
            import socket
            answer = []
            here, outside = ("127.0.0.1", port), ("192.0.2.1", 80)
            for family, address in ((socket.AF_INET, here), (socket.AF_UNIX, abstract), (socket.AF_INET, outside)):
                try:
                    with socket.socket(family) as s:
                        s.settimeout(1)
                        s.connect(address)
                    answer.append(str(address))
                except OSError:
                    pass
            """,
            port=tcp.getsockname()[1],
            abstract=abstract,
        )
        tcp.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            tcp.accept()[0].close()
            answer.append("a connection arrived")
    if answer:
        return False, f"reached {', '.join(answer)}"
    return True, "neither this machine's ports nor its sockets nor anything outside can be reached"


def _proc(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            answer = ["/sys"] if os.path.exists("/sys") else []
            for folder, folders, files in os.walk("/proc"):
                answer += [os.path.join(folder, name) for name in files if name not in ("exe", "cmdline")]
                if len(answer) > 5:
                    break
            """,
        )
    return (not answer), (f"there is {', '.join(answer[:5])}" if answer else "neither shows anything")


def _processes(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session, sandbox.session():
        answer = _ask(
            session,
            """
            answer = []
            for pid in {*range(2, 5000), *candidates} - {1}:
                try:
                    os.kill(pid, 0)
                    answer.append(pid)
                except OSError:
                    pass
            answer = [os.getpid(), answer]
            """,
            candidates=[os.getpid(), os.getppid()],
        )
    held = answer[0] == 1 and not answer[1]
    return (
        held,
        "the session is process 1 of its own world, and alone"
        if held
        else f"can see processes {answer[1][:5]}",
    )


def _neighbours(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as one, sandbox.session() as other:
        _ask(one, "open('answer.txt', 'w').write('42'); answer = 0")
        answer = _ask(
            other,
            "answer = [p for p in ('answer.txt', '/tmp/answer.txt', '/scratch/answer.txt') if os.path.exists(p)]",
        )
    return (not answer), (f"sees {answer}" if answer else "a session does not see the files of the next")


def _environment(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(session, "answer = dict(os.environ)")
    leaked = [
        name
        for name in answer
        if name.startswith(("NLREF_", "SSH_", "AWS_")) or name in ("USER", "LOGNAME", "DISPLAY")
    ]
    if leaked or os.environ["NLREF_DOCTOR_SECRET"] in answer.values():
        return False, f"sees {', '.join(leaked)}"
    return True, f"{len(answer)} variables of its own, none of the grader's"


def _descriptors(sandbox: Sandbox) -> tuple[bool, str]:
    with open(os.devnull) as held_open, sandbox.session() as session:
        os.set_inheritable(held_open.fileno(), True)
        answer = _ask(
            session,
            """
            import stat
            answer = []
            for number in range(4096):
                try:
                    mode = os.fstat(number).st_mode
                except OSError:
                    continue
                answer.append("socket" if stat.S_ISSOCK(mode) else "device" if stat.S_ISCHR(mode) else "file")
            """,
        )
    unexpected = answer.count("file") + max(0, answer.count("socket") - 1)
    return (
        unexpected == 0,
        f"{len(answer)} open: /dev/null and the one socket it answers on" if not unexpected else str(answer),
    )


def _memory(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            kept, answer = [], 0
            try:
                while answer < 3 * most:
                    kept.append(bytearray(64 << 20))
                    answer += 64 << 20
            except MemoryError:
                pass
            del kept
            """,
            most=_LIMITS.memory_bytes,
        )
    return (
        answer < _LIMITS.memory_bytes,
        f"MemoryError after {answer / MIB:,.0f} MB of {_LIMITS.memory_bytes / MIB:,.0f} MB",
    )


def _forks(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            answer = []
            try:
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                answer.append("fork")
            except OSError:
                pass
            import subprocess
            for program in (sys.executable or "/bin/sh", "/bin/sh"):
                try:
                    subprocess.run([program, "-c", ""], timeout=2)
                    answer.append(program)
                except (OSError, subprocess.SubprocessError, ValueError):
                    pass
            """,
        )
    return (not answer), (
        f"started {', '.join(answer)}" if answer else "neither fork nor another program starts"
    )


def _threads(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        run = session.run_cell(
            "import threading, time\nthreading.stack_size(65536)\n"
            "for _ in range(2000):\n"
            "    threading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n"
            "time.sleep(0.5)"
        )
    held = run.error is not None
    return held, f"2,000 threads: {run.error}" if held else "2,000 threads were started"


def _system_calls(sandbox: Sandbox) -> tuple[bool, str]:
    import pyseccomp

    numbers = {}
    for name in _SYSTEM_CALLS:
        with contextlib.suppress(OSError):
            number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
            if number >= 0:
                numbers[name] = number
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            import ctypes, errno
            libc = ctypes.CDLL(None, use_errno=True)
            answer = {}
            for name, number in numbers.items():
                ctypes.set_errno(0)
                if libc.syscall(number, -1, -1, -1, -1, -1) == 0 and name in ("fork", "vfork"):
                    os._exit(0)
                answer[name] = errno.errorcode.get(ctypes.get_errno(), "0")
            """,
            numbers=numbers,
        )
    refused = ("EPERM", "ENOSYS", "ENETUNREACH")
    allowed = [f"{name} ({code})" for name, code in answer.items() if code not in refused]
    if allowed:
        return False, f"the kernel answered {', '.join(allowed)}"
    return True, f"{len(answer)} dangerous calls refused: ptrace, mount, unshare, bpf, io_uring ..."


def _privileges(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
            libc.capget(header, sets)
            answer = [list(sets), libc.prctl(39, 0, 0, 0, 0), libc.prctl(21, 0, 0, 0, 0), os.getuid()]
            """,
        )
    capabilities, no_new_privileges, filtered, user = answer
    held = not any(capabilities) and no_new_privileges == 1 and filtered == 2 and user != 0
    return held, (
        "no capability, no new privileges, the filter is loaded, not root"
        if held
        else f"capabilities {capabilities}, no_new_privs {no_new_privileges}, seccomp {filtered}, user {user}"
    )


def _openings(sandbox: Sandbox) -> tuple[bool, str]:
    """Sessions that begin with cells that were run for the whole class: as confined, and strangers to one another."""
    opening = ["shared = []"]
    with sandbox.session(opening=opening) as one, sandbox.session(opening=opening) as other:
        if not (one.opened and other.opened):
            return False, "no session began with cells that had been run before"
        _ask(one, "shared.append(1); open('answer.txt', 'w').write('42'); answer = 0")
        answer = _ask(
            other,
            """
            import ctypes, socket
            libc = ctypes.CDLL(None, use_errno=True)
            header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
            libc.capget(header, sets)
            answer = [f"capabilities {list(sets)}"] if any(sets) else []
            answer += ["no filter"] if libc.prctl(21, 0, 0, 0, 0) != 2 else []
            answer += ["another session's values"] if shared else []
            answer += ["another session's files"] if os.path.exists("answer.txt") else []
            answer += ["other processes"] if os.getpid() != 1 else []
            for name, attempt in (("fork", os.fork), ("network", socket.socket)):
                try:
                    if attempt() == 0:
                        os._exit(0)
                    answer.append(name)
                except OSError:
                    pass
            """,
        )
    return (not answer), (
        f"reached {', '.join(answer)}"
        if answer
        else "what was run once for the class is there; all else is closed as in any session"
    )


def _reference(sandbox: Sandbox) -> tuple[bool, str]:
    with sandbox.session() as session:
        answer = _ask(
            session,
            """
            import importlib
            answer = []
            for name in ("scipy", "tensorflow", "keras", "torch", "jax"):
                try:
                    importlib.import_module(name)
                    answer.append(name)
                except ImportError:
                    pass
            from nlref.activations import sigmoid
            try:
                sigmoid(0.0)
                answer.append("nlref.activations.sigmoid")
            except NotImplementedError:
                pass
            """,
        )
    names = [name for name in answer if not (name in ("scipy",) and sandbox.profile == "sklearn")]
    if sandbox.profile == "tensorflow":
        names = [name for name in names if name not in ("tensorflow", "keras", "scipy")]
    return (not names), (
        f"can import {', '.join(names)}"
        if names
        else "no reference to copy from: nlref stands in, SciPy is absent"
    )


def _time(sandbox: Sandbox) -> tuple[bool, str]:
    small = Sandbox(
        sandbox.profile, Limits(cell_seconds=1, call_seconds=1, grace_seconds=0.5), sandbox.isolation
    )
    with small, small.session() as session:
        loop = session.run_cell("while True: pass")
        after = session.run_cell("1 + 1")
        stubborn = session.run_cell(_STUBBORN)
    held = loop.timed_out and after.error is None and stubborn.died
    return held, (
        f"an endless loop stops after {loop.seconds:.1f} s and the notebook goes on; one that will not stop "
        f"is ended after {stubborn.seconds:.1f} s"
        if held
        else f"{loop.error}; {after.error}; {stubborn.error}"
    )


_PROBES: tuple[tuple[str, Probe], ...] = (
    ("files of the grader", _files),
    ("writing outside", _writing),
    ("file sizes", _file_sizes),
    ("network", _network),
    ("/proc and /sys", _proc),
    ("other processes", _processes),
    ("other sessions", _neighbours),
    ("cells run for all", _openings),
    ("environment", _environment),
    ("inherited descriptors", _descriptors),
    ("memory", _memory),
    ("new processes", _forks),
    ("threads", _threads),
    ("system calls", _system_calls),
    ("privileges", _privileges),
    ("the reference", _reference),
    ("time", _time),
)
