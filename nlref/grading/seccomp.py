"""The system calls that a learner's process may make.

The list says what is allowed, not what is forbidden: a kernel that learns a new call does not open a new
door, and everything Python, NumPy, matplotlib, scikit-learn and TensorFlow need is files, memory, threads,
signals and time. What is not listed answers ENOSYS, so that the C library falls back to older calls where it
can; what somebody may try on purpose answers EPERM. New processes and programs are not allowed, so a fork
bomb ends at its first fork; threads are.
"""

from __future__ import annotations

import errno
import functools
import tempfile

_ALLOWED = (
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "lseek",
    "_llseek", "open", "openat", "close", "close_range", "creat", "stat", "fstat", "lstat", "stat64", "fstat64",
    "lstat64", "newfstatat", "fstatat64", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
    "getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
    "rmdir", "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat", "readlink", "readlinkat", "chmod",
    "fchmod", "fchmodat", "utime", "utimes", "utimensat", "futimesat", "truncate", "ftruncate", "fallocate",
    "fsync", "fdatasync", "fadvise64", "dup", "dup2", "dup3", "fcntl", "fcntl64", "flock", "pipe", "pipe2", "umask",
    "sendfile", "copy_file_range", "memfd_create", "inotify_init", "inotify_init1", "inotify_add_watch",
    "inotify_rm_watch", "poll", "ppoll", "select", "pselect6", "_newselect", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2", "mmap", "mmap2", "munmap",
    "mprotect", "mremap", "madvise", "brk", "msync", "mincore", "membarrier", "futex", "futex_time64",
    "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "arch_prctl", "set_tid_address", "set_thread_area",
    "get_thread_area", "gettid", "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups",
    "getpgrp", "getpgid", "getsid", "getresuid", "getresgid", "getuid32", "geteuid32", "getgid32", "getegid32",
    "getpriority", "capget", "prlimit64", "getrlimit", "ugetrlimit", "setrlimit", "getrusage", "times", "sysinfo",
    "uname", "clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday",
    "time", "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getcpu", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "rt_sigpending", "rt_sigtimedwait", "rt_sigsuspend", "rt_sigqueueinfo", "sigreturn", "sigaltstack", "kill",
    "tkill", "tgkill", "alarm", "pause", "setitimer", "getitimer", "timer_create", "timer_settime", "timer_gettime",
    "timer_getoverrun", "timer_delete", "timerfd_create", "timerfd_settime", "timerfd_gettime", "signalfd",
    "signalfd4", "restart_syscall", "exit", "exit_group", "wait4", "waitid", "waitpid", "getrandom", "sendto",
    "recvfrom", "sendmsg", "recvmsg", "shutdown", "getsockopt", "setsockopt", "getsockname", "getpeername",
)  # fmt: skip

_REFUSED = (
    "fork", "vfork", "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "pidfd_open", "pidfd_getfd", "kcmp", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns",
    "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
    "acct", "quotactl", "name_to_handle_at", "open_by_handle_at", "personality", "iopl", "ioperm", "settimeofday",
    "clock_settime", "sethostname", "setdomainname", "setuid", "setgid", "setreuid", "setregid", "setresuid",
    "setresgid", "setgroups", "capset", "seccomp", "landlock_create_ruleset", "shmget", "shmat", "shmctl", "msgget",
    "msgsnd", "semget", "semop", "mq_open",
)  # fmt: skip

_NO_NETWORK = ("socket", "connect", "bind", "listen", "accept", "accept4")

_CLONE_THREAD = 0x00010000
_AF_UNIX = 1
_TERMINAL_QUERIES = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX"""
_PROCESS_QUERIES = (15, 16, 0x53564D41, 3, 4, 21, 23, 39)
"""PR_SET_NAME GET_NAME SET_VMA GET_DUMPABLE SET_DUMPABLE GET_SECCOMP CAPBSET_READ GET_NO_NEW_PRIVS"""


@functools.cache
def program() -> bytes:
    """The filter as the kernel's own instructions (``struct sock_filter`` after another).

    Raises
        OSError
            if libseccomp, which compiles it, is missing.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise OSError(f"libseccomp cannot be loaded: {error}") from error

    rules = pyseccomp.SyscallFilter(pyseccomp.ERRNO(errno.ENOSYS))

    def add(action: int, name: str, *arguments: pyseccomp.Arg) -> None:
        try:
            number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
        except OSError:
            return  # another architecture's call, or one that this libseccomp does not know: refused by default
        if number >= 0:
            rules.add_rule(action, number, *arguments)

    for name in _ALLOWED:
        add(pyseccomp.ALLOW, name)
    for name in _REFUSED:
        add(pyseccomp.ERRNO(errno.EPERM), name)
    for name in _NO_NETWORK:
        add(pyseccomp.ERRNO(errno.ENETUNREACH), name)
    add(pyseccomp.ALLOW, "socketpair", pyseccomp.Arg(0, pyseccomp.EQ, _AF_UNIX))
    add(pyseccomp.ALLOW, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
    add(pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
    for number in _TERMINAL_QUERIES:
        add(pyseccomp.ALLOW, "ioctl", pyseccomp.Arg(1, pyseccomp.EQ, number))
    for number in _PROCESS_QUERIES:
        add(pyseccomp.ALLOW, "prctl", pyseccomp.Arg(0, pyseccomp.EQ, number))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
