"""A unit's worked notebook, run cell by cell once, with what each cell printed, returned and drew."""

import ast
import contextlib
import functools
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nlref.build import LESSON, released_notebook, source_notebook

ROOT = Path(__file__).parents[2]


@dataclass
class Panel:
    """One pair of axes of a figure, as its labels say."""

    title: str
    xlabel: str
    ylabel: str


@dataclass
class Ran:
    """A cell of a notebook after it ran. ``figures`` has the panels of each figure; colour bars are left out."""

    kind: str
    id: str
    source: str
    graded: bool = False
    answer: bool = False
    printed: str = ""
    value: Any = None
    figures: list[list[Panel]] = field(default_factory=list)


@dataclass
class Unit:
    id: str
    cells: list[Ran]
    names: dict[str, Any]

    def printed(self, part: str) -> str:
        """What was printed by the one code cell that contains ``part``."""
        (cell,) = (cell for cell in self.cells if cell.kind == "code" and part in cell.source)
        return cell.printed


def notebooks(unit: str):
    """The worked and the released notebook of a unit, made from its lesson."""
    source = source_notebook((ROOT / "course" / unit / LESSON).read_text(encoding="utf-8"), unit)
    return source, released_notebook(source)


def _run(source: str, names: dict[str, Any], where: str) -> tuple[str, Any]:
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), where, "exec"), names)
        value = eval(compile(ast.Expression(last.value), where, "eval"), names) if last else None
    return printed.getvalue(), value


def _figures() -> list[list[Panel]]:
    import matplotlib.pyplot as plt

    drawn = []
    for number in plt.get_fignums():
        axes = [ax for ax in plt.figure(number).axes if ax.get_label() != "<colorbar>"]
        panels = []
        for ax in axes:
            shared = ax.get_shared_x_axes().get_siblings(ax)
            xlabel = next((other.get_xlabel() for other in shared if other.get_xlabel()), "")
            panels.append(Panel(ax.get_title(), xlabel, ax.get_ylabel()))
        drawn.append(panels)
    plt.close("all")
    return drawn


def _marks(cell) -> dict[str, bool]:
    marks = cell.metadata.get("nbgrader", {})
    return {"graded": marks.get("grade", False), "answer": marks.get("solution", False)}


@functools.cache
def _worked(unit: str) -> Unit:
    """The unit, run in the current directory, beside copies of the other files of its folder."""
    import matplotlib

    matplotlib.use("agg")
    for path in (ROOT / "course" / unit).iterdir():
        if path.is_file() and path.name != LESSON:
            Path(path.name).write_bytes(path.read_bytes())
    cells, names = [], {"__name__": "__main__"}
    for cell in notebooks(unit)[0].cells:
        ran = Ran(cell.cell_type, cell.id, cell.source, **_marks(cell))
        if ran.kind == "code":
            ran.printed, ran.value = _run(ran.source, names, f"<{unit} {ran.id}>")
            ran.figures = _figures()
        cells.append(ran)
    return Unit(unit, cells, names)


@pytest.fixture
def worked(tmp_path, monkeypatch):
    """``worked(unit)``: the worked notebook after a run; run once however many tests ask."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    assert "MPLBACKEND" not in os.environ or os.environ["MPLBACKEND"].lower() == "agg"
    return _worked


@pytest.fixture
def first(worked) -> Unit:
    return worked("01_first_activations")
