"""Ending, forking, signalling: a process that is gone gives no answer, and no answer is no points."""

CHEATS = [
    {"id": "exit-in-a-call", "why": "os._exit in the middle of a test", "code": "import os", "lie": "os._exit(0)"},
    {
        "id": "system-exit",
        "why": "sys.exit(0) is an error of the test, not its success",
        "code": "import sys",
        "lie": "sys.exit(0)",
    },
    {
        "id": "keyboard-interrupt",
        "why": "what an instructor's Ctrl-C raises, raised by the learner",
        "code": "def stop(): raise KeyboardInterrupt",
        "lie": "stop()",
    },
    {
        "id": "generator-exit",
        "why": "exceptions that are no Exception",
        "code": "def stop(): raise GeneratorExit",
        "lie": "stop()",
    },
    {
        "id": "skip-test",
        "why": "the exceptions by which test runners skip a test",
        "code": "import unittest\ndef stop(): raise unittest.SkipTest('not today')",
        "lie": "stop()",
    },
    {
        "id": "signals",
        "why": "kills its parent, its group and everything it may",
        "code": """
import os, signal
for pid in (os.getppid(), 1, -1, 0):
    for number in (signal.SIGTERM, signal.SIGHUP):
        try: os.kill(pid, number) if pid not in (0, -1) else None
        except OSError: pass
signal.signal(signal.SIGINT, signal.SIG_IGN)
""",
    },
    {
        "id": "alarm-handler",
        "why": "an alarm whose handler raises whatever it is that a test hopes for",
        "code": """
import signal
def late(*a): raise StopIteration
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
""",
    },
    {
        "id": "fork-and-answer",
        "why": "two processes on one connection; there is no second process",
        "code": """
import os
try:
    if os.fork() == 0:
        while True: pass
except OSError as error: print(error)
""",
    },
    {
        "id": "daemon",
        "why": "starts programs and leaves them behind",
        "code": """
import subprocess, sys, multiprocessing
for command in (["sh", "-c", "sleep 60 &"], [sys.executable, "-c", "while True: pass"], ["python3", "-c", "1"]):
    try: subprocess.Popen(command, start_new_session=True); print("CHEAT RAN")
    except Exception as error: print(type(error).__name__)
""",
    },
    {
        "id": "atexit-and-destructors",
        "why": "code that runs when its process ends",
        "code": """
import atexit, weakref, sys
def last(*a):
    for path in ("../../../gradebook.db", "/tmp/nlref-escaped"):
        try: open(path, "w").write("x")
        except OSError: pass
atexit.register(last)
weakref.finalize(sys, last)
""",
    },
    {
        "id": "debugger",
        "why": "ptrace on whatever it can name",
        "code": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print([libc.ptrace(16, pid, 0, 0) for pid in (1, 2, 3)], libc.unshare(0x10000000), libc.mount(b"none", b"/", None, 0, None))
""",
    },
]  # fmt: skip
