"""Forged notebooks: outputs, flags, points, ids and tests that the learner wrote."""

from copy import deepcopy


def _graded(notebook):
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def _claimed_outputs(notebook):
    for cell in _graded(notebook):
        cell["outputs"] = [
            {
                "output_type": "execute_result",
                "data": {"text/plain": "5"},
                "execution_count": 1,
                "metadata": {},
            }
        ]
        cell["execution_count"] = 1


def _skipped(notebook):
    _claimed_outputs(notebook)
    for cell in _graded(notebook):
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]


def _emptied(notebook):
    for cell in _graded(notebook):
        cell["source"] = ""


def _weakened(notebook):
    for cell in _graded(notebook):
        cell["source"] = "5"


def _markdown(notebook):
    for cell in _graded(notebook):
        cell["cell_type"] = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _raw(notebook):
    for cell in _graded(notebook):
        cell["cell_type"] = "raw"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _flags(notebook):
    for cell in _graded(notebook):
        data = cell["metadata"]["nbgrader"]
        data.update(grade=False, solution=True, locked=False, points=0, checksum="0" * 32)


def _points(notebook):
    for cell in _graded(notebook):
        cell["metadata"]["nbgrader"]["points"] = 1_000_000


def _swapped(notebook):
    """Every hard test gets the id of an easy one."""
    ids = [cell["metadata"]["nbgrader"]["grade_id"] for cell in _graded(notebook)]
    for cell, other in zip(_graded(notebook), ids[1:] + ids[:1], strict=True):
        cell["metadata"]["nbgrader"]["grade_id"] = other


def _new_ids(notebook):
    for number, cell in enumerate(_graded(notebook)):
        cell["metadata"]["nbgrader"]["grade_id"] = f"easy-{number}"


def _deleted(notebook):
    graded = _graded(notebook)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in graded]


def _tests_first(notebook):
    """Tests before the answers, and copies of them that pass behind."""
    graded = _graded(notebook)
    copies = deepcopy(graded)
    for cell in copies:
        cell["source"] = "5"
        cell["id"] = cell.get("id", "x")[:50] + "-copy"
    notebook["cells"] = graded + [cell for cell in notebook["cells"] if cell not in graded] + copies


def _helper_changed(notebook):
    for cell in notebook["cells"]:
        data = cell["metadata"].get("nbgrader", {})
        if data.get("locked") and not data.get("grade") and cell["cell_type"] == "code":
            cell["source"] += "\nnpt = np = None\nTOLERANCE = float('inf')\ndef check(*a, **k): return 5.0"


def _kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "bash", "language": "bash", "display_name": "../../evil"}
    notebook["metadata"]["celltoolbar"] = "Create Assignment"


def _attached_grades(notebook):
    notebook["metadata"]["nbgrader"] = {"score": 99, "points": 99, "auto_score": 99}
    for cell in notebook["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["score"] = 99
            cell["metadata"]["nlref"] = {"inside": True, "run": "inside", "score": 5}


CHEATS = [
    {"id": "claimed-outputs", "why": "outputs that say `all points`; outputs handed in are never read", "change": _claimed_outputs},
    {"id": "skipped-tests", "why": "a learner's tag is not heeded on a test", "change": _skipped},
    {"id": "emptied-tests", "why": "locked cells get the instructor's text", "change": _emptied},
    {"id": "weakened-tests", "why": "the same for tests that only end in a number", "change": _weakened},
    {"id": "tests-as-markdown", "why": "nbgrader would ask a person to grade them", "change": _markdown},
    {"id": "tests-as-raw", "why": "the same with a raw cell", "change": _raw},
    {"id": "flags-flipped", "why": "flags and points come from the gradebook", "change": _flags},
    {"id": "points-raised", "why": "the same for a million points", "change": _points},
    {"id": "ids-swapped", "why": "an id chooses the instructor's text, so that swapping ids swaps nothing", "change": _swapped},
    {"id": "ids-invented", "why": "unknown ids are no tests; the real ones are put back", "change": _new_ids},
    {"id": "tests-deleted", "why": "the tests are put back, and count", "change": _deleted},
    {"id": "tests-first-and-copied", "why": "a copied test gets the instructor's text, wherever it stands", "change": _tests_first},
    {"id": "helper-changed", "why": "read-only helper cells get the instructor's text", "change": _helper_changed},
    {"id": "kernel-forged", "why": "the kernel's name is the gradebook's", "change": _kernel},
    {"id": "grades-in-metadata", "why": "metadata that a reader might take for grades, or for permission", "change": _attached_grades},
]  # fmt: skip
