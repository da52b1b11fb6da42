"""Takes everything away from the process that will run a learner's notebook, just before it does.

Order matters, because each step needs what the next one removes: namespaces and mounts need CAP_SYS_ADMIN in
the sandbox's user namespace; limits come before the filter that forbids changing them; the filter is last.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal

_libc = ctypes.CDLL(None, use_errno=True)
_python = ctypes.PyDLL(None)  # keeps Python's lock while it calls

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWPID, _CLONE_NEWNET = 0x00020000, 0x08000000, 0x20000000, 0x40000000
_NAMESPACES = _CLONE_NEWNS | _CLONE_NEWIPC | _CLONE_NEWPID | _CLONE_NEWNET
_CLONE_CHILD_CLEARTID, _CLONE_CHILD_SETTID = 0x00200000, 0x01000000
_SYSTEM_CALLS = {
    "x86_64": (56, "tid first"),
    "aarch64": (220, "tid last"),
}  # of clone, and its last two arguments
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 4, 22, 24
_PR_SET_NO_NEW_PRIVS, _PR_GET_TID_ADDRESS, _PR_CAP_AMBIENT = 38, 40, 47
_PR_CAP_AMBIENT_CLEAR_ALL, _SECCOMP_MODE_FILTER = 4, 2
_CAPABILITY_VERSION_3 = 0x20080522


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def fork_apart() -> int:
    """Fork a child that is process 1 of a new pid namespace, with mounts, network and IPC of its own.

    As `os.fork`: 0 in the child. Only for a process of one thread.
    """
    pid = _clone()
    if pid is None:
        pid = os.fork()
        if pid == 0:
            _checked(_libc.unshare(_NAMESPACES), "unshare")
            if os.fork():
                os._exit(0)  # process 1 adopts the child, which is process 1 of its own namespace
    return pid


def _clone() -> int | None:
    """One fork instead of two: to copy the zygote is most of what a session costs. ``None`` where it is not known how.

    What the C library does in its own `fork` is done here: Python's locks by Python, the thread's number by the kernel,
    at the address that the C library has told it.
    """
    call = _SYSTEM_CALLS.get(platform.machine())
    address = ctypes.c_void_p()
    if call is None or _python.prctl(_PR_GET_TID_ADDRESS, ctypes.byref(address), 0, 0, 0) != 0:
        return None
    number, order = call
    flags = _NAMESPACES | _CLONE_CHILD_SETTID | _CLONE_CHILD_CLEARTID | signal.SIGCHLD
    last = (address, None) if order == "tid first" else (None, address)
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = _python.syscall(ctypes.c_long(number), ctypes.c_long(flags), None, None, *last)
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    else:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
    return None if pid < 0 else pid


def mount_scratch(path: str, size: int, files: int = 10_000) -> None:
    """A private, empty, bounded folder over ``path``, in this mount namespace alone."""
    _checked(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount --make-rprivate /")
    options = f"size={size},nr_inodes={files},mode=700".encode()
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    _checked(_libc.mount(b"tmpfs", path.encode(), b"tmpfs", flags, options), f"mount tmpfs on {path}")


def limit(limits: dict[str, int]) -> None:
    """Resource limits, hard and soft alike: a learner cannot raise them again."""
    for name, value in (
        ("RLIMIT_AS", limits["memory_bytes"]),
        ("RLIMIT_FSIZE", limits["file_bytes"]),
        ("RLIMIT_NOFILE", limits["open_files"]),
        ("RLIMIT_NPROC", limits["processes"]),
        ("RLIMIT_CPU", limits["cpu_seconds"]),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MEMLOCK", 0),
        ("RLIMIT_MSGQUEUE", 0),
    ):
        which = getattr(resource, name)
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def drop_capabilities() -> None:
    """Every capability, of every set."""
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl(PR_CAP_AMBIENT)")
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # EPERM without CAP_SETPCAP, where bubblewrap has done it; EINVAL after the last one
    header, sets = _Header(_CAPABILITY_VERSION_3, 0), (_Sets * 2)()
    _checked(_libc.capset(ctypes.byref(header), sets), "capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def no_new_privileges() -> None:
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")


def filter_system_calls(program: bytes) -> None:
    """Load a compiled seccomp filter (the grader compiled it: libseccomp is not needed in here)."""
    pointer = _Program(len(program) // 8, program)
    _checked(
        _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(pointer), 0, 0),
        "prctl(PR_SET_SECCOMP)",
    )


def close_descriptors(keep: int) -> None:
    """Close every descriptor but 0, 1, 2 (which become /dev/null) and ``keep``."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    low, high = 3, os.sysconf("SC_OPEN_MAX")
    os.closerange(low, keep)
    os.closerange(keep + 1, min(high, 1 << 16))
