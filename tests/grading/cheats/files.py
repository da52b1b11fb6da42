"""Files: the source notebook, the gradebook, other people's work, and files that would be imported by the tests."""

SEARCH = """
import glob, os
found = []
for pattern in PATTERNS:
    for path in glob.glob(pattern, recursive=True):
        try:
            text = open(path, errors="replace").read()
        except OSError:
            continue
        if "CAN" "ARY" in text: print(path, text[:200])
        found.append(path)
"""

CHEATS = [
    {
        "id": "source-notebook-read",
        "why": "opens the instructor's source two levels up, where nbgrader keeps it",
        "code": "PATTERNS = ['../../../source/**/*', '../../source/**/*', '/source/**', '/*/source/**']"
        + SEARCH,
    },
    {
        "id": "gradebook-read",
        "why": "looks for the gradebook and the private seed",
        "code": "PATTERNS = ['../*.db', '../../*', '../../../*', '/*.db', '/*/*.db', '/**/private_seed', '/home/*/*', '/root/*']"
        + SEARCH,
    },
    {
        "id": "gradebook-written",
        "why": "gives itself all points in the database, if there is one to write to",
        "code": """
import glob, sqlite3
for path in ["gradebook.db", "../gradebook.db", "../../gradebook.db", "../../../gradebook.db", *glob.glob("/*/gradebook.db")]:
    try:
        book = sqlite3.connect(path)
        book.execute("update grade set manual_score = 99, auto_score = 99")
        book.commit()
    except Exception: pass
""",
    },
    {
        "id": "siblings-read",
        "why": "reads the submissions beside it",
        "code": "PATTERNS = ['../*/*', '../../*/*/*', '../../../submitted/**/*.ipynb', '/tmp/**/*', '/proc/*/cwd/*']"
        + SEARCH,
    },
    {
        "id": "own-notebook-rewritten",
        "why": "changes its notebook while it is graded",
        "code": """
import glob, json
for path in glob.glob("*.ipynb") + glob.glob("../*.ipynb") + ["lab.ipynb", "01_first_activations.ipynb"]:
    with open(path, "w") as file:
        json.dump({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, file)
""",
    },
    {
        "id": "shadowing-modules",
        "why": "files named like modules, beside the notebook, for the tests to import",
        "files": {
            f"{name}.py": "import sys\nprint('CHEAT RAN')\ndef __getattr__(name): return lambda *a, **k: True\n"
            for name in (
                "numpy",
                "hashlib",
                "unittest",
                "pytest",
                "math",
                "sitecustomize",
                "conftest",
                "nlref",
            )
        },
    },
    {
        "id": "shadowing-modules-written",
        "why": "the same, written while it runs, with a path entry and a .pth file",
        "code": """
import sys
for name in ("numpy", "hashlib", "math", "inspect", "sitecustomize"):
    with open(name + ".py", "w") as file:
        file.write("print('CHEAT RAN')\\ndef __getattr__(name): return lambda *a, **k: True\\n")
open("zz.pth", "w").write("import os; os.system('touch /tmp/nlref-escaped')")
sys.path.insert(0, ".")
""",
    },
    {
        "id": "import-hook",
        "why": "a finder that answers every later import",
        "code": """
import sys, types
from importlib.machinery import ModuleSpec
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None): return ModuleSpec(name, Finder)
    @staticmethod
    def create_module(spec):
        module = types.ModuleType(spec.name)
        module.__getattr__ = lambda name: (lambda *a, **k: True)
        return module
    @staticmethod
    def exec_module(module): pass
sys.meta_path.insert(0, Finder)
for name in ("hashlib", "math", "numpy.testing", "unittest"): sys.modules.pop(name, None)
""",
    },
    {
        "id": "reference-imported",
        "why": "the library that holds the answers is not in the sandbox",
        "code": """
import importlib, sys
sys.modules.pop("nlref", None)
for name in ("nlref.activations", "nlref", "scipy.special", "keras.activations", "tensorflow"):
    try:
        module = importlib.import_module(name)
        relu = sigmoid = tanh = getattr(module, "relu", None)
        print(relu(4.0))
    except Exception as error: print(type(error).__name__)
""",
        "lie": "globals()['relu'](*arguments) if 'arguments' in dir() else None",
        "cells": {"lab": {}},
    },
    {
        "id": "environment-read",
        "why": "prints its environment, command line and mounts",
        "code": """
import os, sys
print(dict(os.environ), sys.argv, sys.path)
for path in ("/proc/self/environ", "/proc/1/environ", "/proc/self/mountinfo", "/etc/passwd", "/etc/shadow"):
    try: print(open(path, errors="replace").read())
    except OSError as error: print(error)
""",
    },
    {
        "id": "network",
        "why": "asks a machine elsewhere, and the database server of this one",
        "code": """
import socket
for address in (("1.1.1.1", 53), ("127.0.0.1", 5432), ("127.0.0.1", 8888), ("169.254.169.254", 80)):
    try:
        s = socket.create_connection(address, timeout=0.2)
        print("CHEAT RAN: connected to", address)
    except OSError as error: print(error)
try:
    s = socket.socket(socket.AF_UNIX); s.connect("\\0@dbus"); print("CHEAT RAN")
except OSError as error: print(error)
""",
    },
]
