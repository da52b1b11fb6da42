"""Which cells of a notebook can be run once for the whole class, before any of its sessions begins.

Lessons begin with the instructor's own cells, often the dearest of all: imports, a training run whose outcome has to be
predicted. They are the same in every submission, so the sandbox runs them once and forks sessions from there
(:meth:`nlref.grading.sandbox.Sandbox.session`). A cell belongs to the opening if nothing that stands before it could
have made a difference: all before it are the instructor's cells, unchanged and in their order; answers of the kind
``answer = "c"``, whose names it does not mention; or tests that mention none of its names.
"""

import ast
import builtins
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from nlref.grading.assignment import MasterNotebook
from nlref.grading.submission import Cell

_WORD = re.compile(r"[^\W\d]\w*")
# With these a cell looks at files that may be the learner's, or at names and variables that it does not mention.
_LOOKS_AROUND = frozenset(
    (
        "os", "pathlib", "Path", "glob", "shutil", "open", "exists", "input", "tempfile", "subprocess", "globals",
        "locals", "vars", "dir", "eval", "exec", "get_ipython", "__main__", "time", "datetime",
    )
)  # fmt: skip
_ANSWER_CHARACTERS = 10_000


def opening_of(
    master: MasterNotebook, cells: Sequence[Cell], passed_over: Callable[[int], bool]
) -> tuple[int, ...]:
    """The places of the cells that can be run beforehand; none if the notebook does not begin as it was handed out.

    Parameters
        cells: the learner's notebook, repaired.
        passed_over: whether the cell at a place does not run at all.
    """
    given = _given(master)
    found: list[int] = []
    answers: set[str] = set()
    tested: set[str] = set()
    said: set[str] = set()  # by the opening so far
    for place, cell in enumerate(cells):
        if cell.cell_type != "code" or passed_over(place):
            continue
        if cell.master is not None and cell.master.is_test:
            tested |= _words(cell.master.source)
            if not tested.isdisjoint(_LOOKS_AROUND - {"open"}):
                break
            continue
        if len(found) < len(given) and cell.source == given[len(found)] and not _is_solution(cell):
            words = _words(cell.source)
            said |= words
            if (
                not words.isdisjoint(_LOOKS_AROUND)
                or not answers.isdisjoint(said)
                or not tested.isdisjoint(words - _usual())
            ):
                break
            found.append(place)
            continue
        names = _answered(cell.source)
        if names is None or not names.isdisjoint(said):
            break
        answers |= names
    return tuple(found)


def _is_solution(cell: Cell) -> bool:
    return cell.master is not None and cell.master.solution


def _given(master: MasterNotebook) -> list[str]:
    """The instructor's own cells that run, in order, as they were handed out."""
    return [
        cell.source
        for cell in master.cells
        if cell.cell_type == "code" and not (cell.solution or cell.grade or cell.shows_only)
    ]


@lru_cache(maxsize=1000)
def _words(source: str) -> frozenset[str]:
    return frozenset(_WORD.findall(source))


@lru_cache(maxsize=1)
def _usual() -> frozenset[str]:
    """Words that name nothing of a notebook's own: built-in names, and the letters of format strings."""
    return frozenset(dir(builtins)) | {"f", "np", "numpy"}


@lru_cache(maxsize=1000)
def _answered(source: str) -> frozenset[str] | None:
    """The names that a cell gives plain values to; ``None`` if it does anything else."""
    if len(source) > _ANSWER_CHARACTERS:
        return None
    try:
        body = ast.parse(source).body
        for node in body:
            if not isinstance(node, ast.Assign):
                return None
            ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    targets = [target for node in body for target in node.targets]
    names = frozenset(target.id for target in targets if isinstance(target, ast.Name))
    return names if len(names) == len(targets) and not any(name.startswith("_") for name in names) else None
