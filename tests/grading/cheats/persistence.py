"""Leaving something behind: for the next submission, the next run, or the instructor's own machine."""

CHEATS = [
    {
        "id": "startup-files",
        "why": "IPython profiles, matplotlib settings and .pth files for whoever starts next",
        "code": """
import os, sys, site
for path in (os.path.expanduser("~/.ipython/profile_default/startup/00.py"), os.path.expanduser("~/.bashrc"),
             os.path.join(sys.prefix, "zz.pth"), *(os.path.join(p, "zz.pth") for p in sys.path if p),
             "/runtime/lib/evil.py", "/etc/profile", "/tmp/nlref-escaped"):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").write("print('CHEAT RAN')")
    except OSError: pass
""",
    },
    {
        "id": "runtime-written",
        "why": "rewrites the modules that the next submission imports",
        "code": """
import numpy, IPython, os
for module in (numpy, IPython, os):
    try:
        os.chmod(module.__file__, 0o777)
        open(module.__file__, "a").write("print('CHEAT RAN')")
    except OSError as error: print(error)
""",
    },
    {
        "id": "scratch-left",
        "why": "leaves files, links and devices in every folder that can be written",
        "code": """
import os
for folder in ("/scratch", "/tmp", "/dev/shm", "/var/tmp", "/run", "/"):
    for make in (lambda p: os.symlink("/", p), lambda p: os.mkfifo(p), lambda p: open(p, "w").write("CHEAT RAN")):
        try: make(os.path.join(folder, "nlref-left-" + make.__code__.co_names[-1]))
        except OSError: pass
""",
    },
    {
        "id": "shared-memory",
        "why": "System V and POSIX shared memory outlive a process",
        "code": """
try:
    from multiprocessing import shared_memory
    block = shared_memory.SharedMemory(name="nlref_cheat", create=True, size=64)
    block.buf[:9] = b"CHEAT RAN"
except Exception as error: print(type(error).__name__)
""",
    },
    {
        "id": "left-by-another",
        "why": "looks for what the four before it left",
        "code": """
import glob, os
for path in [*glob.glob("/scratch/nlref-left*"), *glob.glob("/tmp/nlref-*"), *glob.glob("/dev/shm/*"),
             *glob.glob(os.path.expanduser("~/.ipython/profile_default/startup/*"))]:
    print("CHEAT RAN: found", path)
""",
    },
    {
        "id": "remote-function-reused",
        "why": "keeps an object of an earlier test and answers a later one with it",
        "code": """
kept = []
class Keeper:
    def __eq__(self, other): kept.append(other); return True
    __hash__ = lambda self: 0
""",
        "lie": "kept[-1] if kept else Keeper()",
    },
]
