"""The corpus of faults: what learners hand in by accident, and what is fair for it.

A record of ``FAULTS`` is a right submission of the assignment ``basics`` with something the matter:

    id       names the fault, and is the student
    cells    {grade id: source} in the place of the right answers
    change   a function of the notebook ``basics`` as a dict
    write    a function of the folder and of the notebook, which writes ``basics.ipynb`` (or does not) itself
    lost     the cells that it costs; every other one is as it should be
    says     what the reason, or the repair, says
    repaired whether it is a repair that says so, and nothing is lost
"""

import codecs
import json
import os
from copy import deepcopy
from typing import Any

SQUARES = "squares-check"
MEAN = "mean-check"
EVERYTHING = (SQUARES, MEAN, "use", "why", "plan")


def _by_id(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def _written(convert):
    """Writes the notebook's text as bytes of one's own."""

    def write(folder, notebook):
        (folder / "basics.ipynb").write_bytes(convert(json.dumps(notebook, indent=1, ensure_ascii=False)))

    return write


def _without(*grade_ids):
    def change(notebook):
        for grade_id in grade_ids:
            notebook["cells"].remove(_by_id(notebook, grade_id))

    return change


def _copied(grade_id, **differences):
    def change(notebook):
        cell = _by_id(notebook, grade_id)
        copy = deepcopy(cell) | differences
        copy["id"] = "copied"
        notebook["cells"].insert(notebook["cells"].index(cell), copy)

    return change


def _split(notebook):
    cell = _by_id(notebook, "squares")
    first, second = cell["source"].split("\n", 1)
    rest = deepcopy(cell)
    cell["source"], rest["source"], rest["id"] = first, second, "second-half"
    notebook["cells"].insert(notebook["cells"].index(cell) + 1, rest)


def _merged(notebook):
    """Two answers in one cell."""
    squares, mean = _by_id(notebook, "squares"), _by_id(notebook, "mean")
    squares["source"] += "\n\n" + mean["source"]
    notebook["cells"].remove(mean)


def _reversed(notebook):
    notebook["cells"].reverse()


def _retyped(grade_id, kind):
    def change(notebook):
        cell = _by_id(notebook, grade_id)
        cell["cell_type"] = kind
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)

    return change


def _emptied(grade_id):
    def change(notebook):
        _by_id(notebook, grade_id)["source"] = ""

    return change


def _without_metadata(notebook):
    for cell in notebook["cells"]:
        cell["metadata"] = {}
    notebook["metadata"] = {}


def _colab(notebook):
    """As Google's editor saves it: metadata of its own in the place of everybody else's."""
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = {"id": f"{number:012x}", "outputId": "x"} if cell["cell_type"] == "code" else {}
        cell.pop("id", None)
        cell["source"] = (
            cell["source"].splitlines(keepends=True) if isinstance(cell["source"], str) else cell["source"]
        )
    notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
    notebook["nbformat_minor"] = 0


def _version_3(notebook):
    cells = []
    for cell in notebook["cells"]:
        made = {**cell, "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            made["input"], made["language"], made["prompt_number"] = made.pop("source"), "python", 1
            made.pop("execution_count", None)
        cells.append(made)
    notebook.pop("cells")
    notebook.update(worksheets=[{"cells": cells, "metadata": {}}], nbformat=3, nbformat_minor=0)


def _large_outputs(notebook):
    _by_id(notebook, "squares")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "x" * 30_000_000}
    ]


def _ids_twice(notebook):
    for cell in notebook["cells"]:
        cell["id"] = "same"


def _conflict(text):
    """A notebook that a version control system could not merge."""
    lines = text.splitlines()
    return "\n".join(
        [*lines[:5], "<<<<<<< HEAD", *lines[5:9], "=======", *lines[5:9], ">>>>>>> mine", *lines[9:]]
    ).encode()


def _linked(folder, notebook):
    elsewhere = folder.parent / "elsewhere.ipynb"
    elsewhere.write_text(json.dumps(notebook), encoding="utf-8")
    os.symlink(elsewhere, folder / "basics.ipynb")


def _linked_in_a_circle(folder, notebook):
    os.symlink(folder / "basics.ipynb", folder / "basics.ipynb")


def _folder_for_file(folder, notebook):
    (folder / "basics.ipynb").mkdir()


def _pipe(folder, notebook):
    os.mkfifo(folder / "basics.ipynb")


def _unreadable_folder(folder, notebook):
    (folder / "basics.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    deep = folder
    for _ in range(40):
        deep = deep / "deeper"
    deep.mkdir(parents=True)
    for number in range(30):
        (folder / f"{number}.csv").write_text("1\n" * 1000)


def _renamed(name):
    def write(folder, notebook):
        (folder / name).write_text(json.dumps(notebook), encoding="utf-8")

    return write


def _not_at_all(folder, notebook):
    pass


FAULTS: list[dict[str, Any]] = [
    # what a cell does
    {"id": "endless-loop-in-a-cell", "cells": {"squares": "while True:\n    pass"}, "lost": [SQUARES], "says": "NameError"},
    {"id": "endless-loop-in-a-function", "cells": {"squares": "def squares(n):\n    while True:\n        pass"}, "lost": [SQUARES], "says": "longer than"},
    {"id": "loop-that-cannot-be-interrupted", "lost": [SQUARES], "says": "longer than",
     "cells": {"squares": "def squares(n):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass"}},
    {"id": "sleeps-too-long", "cells": {"squares": "import time\ndef squares(n):\n    time.sleep(100)"}, "lost": [SQUARES], "says": "longer than"},
    {"id": "deadlock", "lost": [SQUARES], "says": "longer than",
     "cells": {"squares": "import threading\nlock = threading.Lock()\ndef squares(n):\n    lock.acquire(); lock.acquire()"}},
    {"id": "memory-in-one-piece", "cells": {"squares": "def squares(n):\n    return bytearray(10 ** 11)"}, "lost": [SQUARES], "says": "MemoryError"},
    {"id": "memory-little-by-little", "lost": [SQUARES], "says": "",
     "cells": {"squares": "def squares(n):\n    kept = []\n    while True: kept.append(bytearray(10 ** 8))"}},
    {"id": "fork-bomb", "lost": [SQUARES], "says": "",
     "cells": {"squares": "import os\ndef squares(n):\n    while True: os.fork()"}},
    {"id": "thread-bomb", "lost": [SQUARES], "says": "",
     "cells": {"squares": "import threading, time\ndef squares(n):\n    while True: threading.Thread(target=time.sleep, args=(100,)).start()"}},
    {"id": "output-without-end", "lost": [SQUARES], "says": "longer than",
     "cells": {"squares": "def squares(n):\n    while True: print('again ' * 1000)"}},
    {"id": "thirty-megabytes-printed", "lost": [], "says": "",
     "cells": {"squares": "print('x' * 30_000_000)\ndef squares(n):\n    return [i * i for i in range(n)]"}},
    {"id": "deep-recursion", "cells": {"squares": "def squares(n):\n    return squares(n)"}, "lost": [SQUARES], "says": "RecursionError"},
    {"id": "recursion-limit-raised", "lost": [SQUARES], "says": "",
     "cells": {"squares": "import sys\nsys.setrecursionlimit(10 ** 9)\ndef squares(n):\n    return [squares(n)]"}},
    {"id": "segmentation-fault", "lost": [SQUARES], "says": "ended",
     "cells": {"squares": "import ctypes\ndef squares(n):\n    ctypes.string_at(0)"}},
    {"id": "exit-in-a-cell", "cells": {"squares": "import os\nos._exit(1)"}, "lost": [SQUARES], "says": "NameError"},
    {"id": "exit-in-a-function", "cells": {"squares": "def squares(n):\n    exit()\n    quit()\n    return [0, 1, 4][:n]"}, "lost": [], "says": ""},
    {"id": "abort", "cells": {"squares": "import os\ndef squares(n):\n    os.abort()"}, "lost": [SQUARES], "says": "ended"},
    {"id": "asks-for-input", "cells": {"squares": "n = int(input('n? '))\ndef squares(n):\n    return n"}, "lost": [SQUARES], "says": "NameError"},
    {"id": "asks-for-input-when-called", "cells": {"squares": "def squares(n):\n    return int(input())"}, "lost": [SQUARES], "says": "input"},
    {"id": "window-toolkit", "lost": [], "says": "",
     "cells": {"squares": "%matplotlib tk\nimport matplotlib\nmatplotlib.use('TkAgg', force=False)\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show()\n"
                          "def squares(n):\n    return [i * i for i in range(n)]"}},
    {"id": "progress-bar-and-widgets", "lost": [], "says": "",
     "cells": {"squares": "try:\n    import tqdm, ipywidgets\nexcept ImportError: pass\n!pip install tqdm\n%pip install tqdm\n%load_ext autoreload\n%autoreload 2\n"
                          "def squares(n):\n    return [i * i for i in range(n)]"}},
    {"id": "package-that-is-missing", "cells": {"squares": "import pandas_that_nobody_has\ndef squares(n): return []"}, "lost": [SQUARES], "says": "NameError"},
    {"id": "syntax-error", "cells": {"squares": "def squares(n)\n    return n"}, "lost": [SQUARES], "says": "NameError"},
    {"id": "tabs-and-spaces", "cells": {"squares": "def squares(n):\n\treturn [i * i\n        for i in range(n)]"}, "lost": [], "says": ""},
    {"id": "leaves-its-folder", "lost": [], "says": "",
     "cells": {"squares": "import os\nos.makedirs('elsewhere', exist_ok=True)\nos.chdir('elsewhere')\ndef squares(n):\n    return [i * i for i in range(n)]"}},
    {"id": "scratch-filled", "lost": [], "says": "",
     "cells": {"squares": "try:\n    for i in range(50): open(f'big{i}', 'wb').write(bytes(10 ** 7))\nexcept OSError as error: print(error)\n"
                          "def squares(n):\n    return [i * i for i in range(n)]"}},
    {"id": "logging-and-threads-left", "lost": [], "says": "",
     "cells": {"squares": "import logging, threading, time\nlogging.basicConfig(level=0)\n"
                          "def chatter():\n    while True: time.sleep(0.01); print('tick'); logging.error('tock')\n"
                          "threading.Thread(target=chatter, daemon=True).start()\ndef squares(n):\n    return [i * i for i in range(n)]"}},
    {"id": "wrong-type-everywhere", "cells": {"squares": "squares = 5", "mean": "class mean: pass"}, "lost": [SQUARES, MEAN], "says": "not callable"},
    # what a file is
    {"id": "not-json", "write": _written(lambda text: text[: len(text) // 2].encode()), "lost": EVERYTHING, "says": "it is not JSON"},
    {"id": "empty-file", "write": _written(lambda text: b""), "lost": EVERYTHING, "says": "it is empty"},
    {"id": "web-page", "write": _written(lambda text: b"<!DOCTYPE html><html>Sign in</html>"), "lost": EVERYTHING, "says": "it is not JSON"},
    {"id": "json-of-something-else", "write": _written(lambda text: b"[1, 2]"), "lost": EVERYTHING, "says": "not an object"},
    {"id": "merge-conflict", "write": _written(_conflict), "lost": EVERYTHING, "says": "it is not JSON"},
    {"id": "nested-too-deep", "write": _written(lambda text: b"[" * 100_000), "lost": EVERYTHING, "says": "nested too deeply"},
    {"id": "too-large", "write": _written(lambda text: b'{"cells": "' + b"x" * 51_000_000 + b'"}'), "lost": EVERYTHING, "says": "MB is the limit"},
    {"id": "binary", "write": _written(lambda text: bytes(range(256)) * 100), "lost": EVERYTHING, "says": "it is not"},
    {"id": "byte-order-mark", "write": _written(lambda text: codecs.BOM_UTF8 + text.encode()), "repaired": True, "says": "byte-order mark"},
    {"id": "utf-16", "write": _written(lambda text: text.encode("utf-16")), "repaired": True, "says": "UTF-16"},
    {"id": "latin-1", "change": lambda n: n["cells"][0].update(source="# Übung"), "write": _written(lambda text: text.encode("latin-1")), "repaired": True, "says": "Latin-1"},
    {"id": "carriage-returns", "write": _written(lambda text: text.replace("\n", "\r\n").replace("\\n", "\\r\\n").encode()), "repaired": False, "says": ""},
    {"id": "format-3", "change": _version_3, "repaired": True, "says": "old format"},
    {"id": "a-link", "write": _linked, "lost": EVERYTHING, "says": "links are not followed"},
    {"id": "a-link-to-itself", "write": _linked_in_a_circle, "lost": EVERYTHING, "says": "links are not followed"},
    {"id": "a-folder", "write": _folder_for_file, "lost": EVERYTHING, "says": "it was not submitted"},
    {"id": "a-pipe", "write": _pipe, "lost": EVERYTHING, "says": "not an ordinary file"},
    {"id": "folders-without-end", "write": _unreadable_folder, "repaired": False, "says": ""},
    {"id": "other-name", "write": _renamed("basics (1).ipynb"), "repaired": True, "says": "was taken for"},
    {"id": "not-handed-in", "write": _not_at_all, "lost": EVERYTHING, "says": "it was not submitted"},
    {"id": "outputs-of-thirty-megabytes", "change": _large_outputs, "repaired": False, "says": ""},
    # what became of the cells
    {"id": "test-deleted", "change": _without(SQUARES), "repaired": True, "says": "was missing and was put back"},
    {"id": "all-locked-cells-deleted", "change": _without("setup", SQUARES, MEAN, "plan"), "repaired": True, "says": "put back"},
    {"id": "solution-deleted", "change": _without("squares"), "lost": [SQUARES], "says": "missing"},
    {"id": "solution-copied", "change": _copied("squares", source="def squares(n):\n    return 'first try'"), "repaired": True, "says": "twice"},
    {"id": "stub-copied-behind", "change": _copied("squares"), "repaired": True, "says": "twice"},
    {"id": "test-copied", "change": _copied(SQUARES), "repaired": True, "says": "twice"},
    {"id": "solution-split", "change": _split, "repaired": True, "says": "joined"},
    {"id": "solutions-in-one-cell", "change": _merged, "repaired": True, "says": ""},
    {"id": "cells-reversed", "change": _reversed, "repaired": True, "says": "had been moved"},
    {"id": "solution-retyped", "change": _retyped("squares", "markdown"), "repaired": True, "says": "is code again"},
    {"id": "test-retyped", "change": _retyped(SQUARES, "raw"), "repaired": True, "says": "is code again"},
    {"id": "solution-emptied", "change": _emptied("squares"), "lost": [SQUARES], "says": "NameError"},
    {"id": "test-emptied", "change": _emptied(MEAN), "repaired": True, "says": "the instructor's version counts"},
    {"id": "metadata-lost", "change": _without_metadata, "repaired": True, "says": "had lost its nbgrader metadata"},
    {"id": "saved-by-another-editor", "change": _colab, "repaired": True, "says": "had lost its nbgrader metadata"},
    {"id": "cell-ids-twice", "change": _ids_twice, "repaired": False, "says": ""},
    # who handed it in
    {"id": "o'brien; drop table grade; --", "repaired": False, "says": ""},
    {"id": "=cmd|'calc'!A1", "repaired": False, "says": ""},
    {"id": "<script>alert(1)<", "repaired": False, "says": ""},
    {"id": "學生 Ünïcode", "repaired": False, "says": ""},
    {"id": "-rf", "repaired": False, "says": ""},
    {"id": "x" * 120, "repaired": False, "says": ""},
]  # fmt: skip
