"""The corpus of cheats: what a record is, the assignment they are aimed at besides unit 01, and who hands in what.

Every other file in this folder is one class of cheats, a list ``CHEATS`` of records:

    id      names the cheat, and is the student who hands it in
    why     what it tries, and so why its fair score is what it is
    code    runs before the first answer, in both assignments
    lie     an expression: every function, method and answer of both assignments gives it (it may use ``code``)
    cells   {assignment: {grade id: source}}, in the place of what stands there otherwise
    change  a function of the notebook as a dict, for what is not code: metadata, outputs, cells
    files   {name: text} handed in beside the notebook
    fair    {assignment: {grade id: points}}: what it deserves; nothing where it is silent

What stands in a cell otherwise is an answer that gives nothing (``NOTHING``), so that every point is a stolen one.
"""

import json
import runpy
from copy import deepcopy
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LAB = "lab"
UNIT = "01_first_activations"
SECRETS = {
    "test": "CANARY-hidden-test-5f1d",
    "gradebook": "CANARY-gradebook-91c2",
    "sibling": "CANARY-sibling-e07b",
    "file": "CANARY-source-file-3a44",
}
SIBLING = "zoe"

# The assignment, written as instructors write them: (grade id, flags, source). Its tests are weak on purpose in the
# usual ways: comparisons that hold of nothing at all, sums of errors, partial credit by arithmetic.
CELLS: list[tuple[str, dict[str, Any], str]] = [
    ("setup", {"locked": True}, "import numpy as np\nimport numpy.testing as npt\n\nTOLERANCE = 1e-9"),
    (
        "softmax",
        {"solution": True},
        "def softmax(x):\n    ### BEGIN SOLUTION\n    e = np.exp(x - np.max(x, axis=-1, keepdims=True))\n"
        "    return e / e.sum(axis=-1, keepdims=True)\n    ### END SOLUTION",
    ),
    (
        "softmax-check",
        {"grade": True, "locked": True, "points": 3},
        "x = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])\n"
        "truth = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)\n"
        "npt.assert_allclose(softmax(x), truth)\n"
        "### BEGIN HIDDEN TESTS\n"
        f"token = '{SECRETS['test']}'\n"
        "npt.assert_allclose(softmax(np.array([0.0, np.log(3.0)])), [0.25, 0.75])\n"
        "assert np.isfinite(softmax(np.array([1000.0, 0.0]))).all()\n"
        "### END HIDDEN TESTS",
    ),
    (
        "relu",
        {"solution": True},
        "def relu(x):\n    ### BEGIN SOLUTION\n    return np.maximum(x, 0)\n    ### END SOLUTION",
    ),
    (
        "relu-check",
        {"grade": True, "locked": True, "points": 2},
        "assert (relu(np.array([4.0])) == 4).all()\n"
        "assert np.all(np.abs(relu(np.array([-1.0, -2.0])) - 0) < TOLERANCE)\n"
        "assert not (relu(np.array([-3.0, 5.0])) < 0).any()",
    ),
    (
        "error",
        {"solution": True},
        "def error(y_true, y_pred):\n    ### BEGIN SOLUTION\n    return np.mean((y_true - y_pred) ** 2)\n"
        "    ### END SOLUTION",
    ),
    (
        "error-check",
        {"grade": True, "locked": True, "points": 4},
        "found = error(np.array([1.0, 2.0]), np.array([2.0, 4.0]))\n"
        "points = 4 * (1 - min(1, abs(found - 2.5)))\npoints",
    ),
    (
        "centre",
        {"solution": True},
        "def centre(x):\n    ### BEGIN SOLUTION\n    return x - x.mean()\n    ### END SOLUTION",
    ),
    (
        "centre-check",
        {"grade": True, "locked": True, "points": 2},
        "x = np.array([1.0, 2.0, 6.0])\n"
        "assert np.sum((centre(x) - (x - x.mean())) ** 2) < TOLERANCE\n"
        "assert not abs(np.sum(centre(x))) > TOLERANCE",
    ),
    (
        "evens",
        {"solution": True},
        "def evens(numbers):\n    ### BEGIN SOLUTION\n    return [n for n in numbers if n % 2 == 0]\n"
        "    ### END SOLUTION",
    ),
    (
        "evens-check",
        {"grade": True, "locked": True, "points": 2},
        "numbers = [3, 4, 8, 9]\n"
        "for got, wanted in zip(evens(numbers), [4, 8]):\n    assert got == wanted\n"
        "assert all(n % 2 == 0 for n in evens(range(50)))\n"
        "assert set(evens(numbers)) <= {4, 8} and evens([2, 2])[:1] in ([2], []) and not evens([1, 3])",
    ),
    (
        "ordered",
        {"solution": True},
        "def ordered(items):\n    ### BEGIN SOLUTION\n    return sorted(items)\n    ### END SOLUTION",
    ),
    (
        "ordered-check",
        {"grade": True, "locked": True, "points": 2},
        "items = [3, 1, 2]\nassert ordered(items) == sorted(items)\n"
        "assert all(map(lambda case: ordered(case) == sorted(case), [[2, 1], [5, 4, 3], ['b', 'a']]))",
    ),
    (
        "counts",
        {"solution": True},
        "def counts(text):\n    ### BEGIN SOLUTION\n    return {word: text.split().count(word) for word in text.split()}\n"
        "    ### END SOLUTION",
    ),
    (
        "counts-check",
        {"grade": True, "locked": True, "points": 2},
        "assert counts('a b a') == {'a': 2, 'b': 1}\nassert counts('to be or not to be')['to'] == 2",
    ),
    (
        "Stack",
        {"solution": True},
        "class Stack:\n    ### BEGIN SOLUTION\n    def __init__(self):\n        self.items = []\n\n"
        "    def push(self, item):\n        self.items.append(item)\n\n    def pop(self):\n"
        "        if not self.items:\n            raise IndexError('pop from an empty stack')\n"
        "        return self.items.pop()\n\n    def __len__(self):\n        return len(self.items)\n    ### END SOLUTION",
    ),
    (
        "Stack-check",
        {"grade": True, "locked": True, "points": 3},
        "stack = Stack()\nfor item in 'abc':\n    stack.push(item)\n"
        "assert len(stack) == 3 and stack.pop() == 'c' and stack.pop() == 'b'\n"
        "empty = Stack()\ntry:\n    empty.pop()\nexcept IndexError:\n    pass\nelse:\n    raise AssertionError('IndexError is missing')",
    ),
    (
        "answer",
        {"solution": True},
        "### BEGIN SOLUTION\nanswer = 1729\n### END SOLUTION",
    ),
    (
        "answer-check",
        {"grade": True, "locked": True, "points": 1},
        "import hashlib\nassert hashlib.md5(str(answer).encode()).hexdigest() == hashlib.md5(b'1729').hexdigest()",
    ),
    (
        "formula",
        {"solution": True},
        "### BEGIN SOLUTION\nformula = 'a * a + b'\n### END SOLUTION",
    ),
    (
        "formula-check",
        {"grade": True, "locked": True, "points": 1},
        "wanted = 11\na, b = 3, 2\nassert eval(formula) == wanted",
    ),
]

NOTHING = {
    LAB: {
        "softmax": "def softmax(x): return None",
        "relu": "def relu(x): return None",
        "error": "def error(y_true, y_pred): return None",
        "centre": "def centre(x): return None",
        "evens": "def evens(numbers): return None",
        "ordered": "def ordered(items): return None",
        "counts": "def counts(text): return None",
        "Stack": "class Stack: pass",
        "answer": "answer = None",
        "formula": "formula = None",
    },
    UNIT: {
        **{
            name: f"def {name}(x, *rest, **options): return None"
            for name in ("relu", "leaky_relu", "sigmoid", "tanh")
        },
        **{
            f"q_{name}": f"answer_q_{name} = None"
            for name in ("collapse", "place", "bend", "dead", "same", "chain")
        },
    },
}


def lying(assignment: str, lie: str) -> dict[str, str]:
    """Answers of which every function, method and value gives ``lie``."""
    made = {}
    for grade_id, source in NOTHING[assignment].items():
        if source.startswith("def"):
            made[grade_id] = f"def {grade_id}(*arguments, **options): return {lie}"
        elif source.startswith("class"):
            made[grade_id] = (
                f"class {grade_id}:\n    def push(self, item): return {lie}\n    def pop(self): return {lie}\n"
                "    def __len__(self): return 3"
            )
        else:
            made[grade_id] = source.replace("None", lie)
    return made


def records() -> list[dict[str, Any]]:
    """Every cheat, with its class under ``kind``."""
    found = []
    for path in sorted(HERE.glob("*.py")):
        if path.name != Path(__file__).name:
            found += [{"kind": path.stem, **record} for record in runpy.run_path(str(path))["CHEATS"]]
    return found


def aims_at(record: dict[str, Any]) -> list[str]:
    """The assignments that a cheat is aimed at."""
    if "code" in record or "lie" in record or "change" in record or "files" in record:
        return [LAB, UNIT] if "cells" not in record else list(record["cells"])
    return list(record["cells"])


def notebook(released: dict[str, Any], assignment: str, record: dict[str, Any]) -> dict[str, Any]:
    """The released notebook as the cheat hands it in."""
    made = deepcopy(released)
    answers = {**NOTHING[assignment]}
    if "lie" in record:
        answers.update(lying(assignment, record["lie"]))
    answers.update(record.get("cells", {}).get(assignment, {}))
    first = True
    for cell in made["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id not in answers or cell["cell_type"] != "code":
            continue
        cell["source"] = answers[grade_id]
        if first and "code" in record:
            cell["source"] = record["code"].strip("\n") + "\n" + cell["source"]
        first = False
    if "change" in record:
        record["change"](made)
    return made


def hand_in(course_dir: Path, assignment: str, record: dict[str, Any]) -> Path:
    """Write one cheat's submission."""
    path = course_dir / "release" / assignment
    folder = course_dir / "submitted" / record["id"] / assignment
    folder.mkdir(parents=True)
    for name, text in record.get("files", {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    for file in path.glob("*.ipynb"):
        released = json.loads(file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(json.dumps(notebook(released, assignment, record)), encoding="utf-8")
    return folder
