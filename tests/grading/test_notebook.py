"""The autograded notebook: valid, bounded, with one verdict a test and nothing of the learner's that is obeyed."""

import base64
import json

import nbformat
import pytest

from nlref.grading.assignment import MasterCell, MasterNotebook
from nlref.grading.notebook import (
    TEXT_CHARACTERS,
    Graded,
    autograded_notebook,
    bounded_outputs,
    without_markup,
)
from nlref.grading.result import CellResult
from nlref.grading.submission import Cell

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 40).decode()
TEST = MasterCell(
    "code", "assert f(1)", "f-check", grade=True, locked=True, points=2.0, released="assert f(1)"
)
WHY = MasterCell("markdown", "Why?", "why", grade=True, solution=True, points=1.0, released="Why?")
MASTER = MasterNotebook(
    "n", (TEST, WHY), {"name": "python3", "display_name": "Python 3", "language": "python"}
)


def graded_test(score, reason="", **more):
    return Graded(
        Cell("code", TEST.source, "f-check", TEST), result=CellResult("f-check", score, 2.0, reason), **more
    )


def written(*graded, repairs=()):
    notebook = nbformat.reads(autograded_notebook(MASTER, graded, repairs).decode(), as_version=4)
    nbformat.validate(notebook)
    return notebook.cells


ERROR = {"output_type": "error", "ename": "AssertionError", "evalue": "", "traceback": ["AssertionError"]}


@pytest.mark.parametrize(
    ("item", "decides"),
    [
        (graded_test(2.0), "2.0"),
        (graded_test(1.5, "half"), "1.5"),
        (graded_test(0.0, "AssertionError", outputs=[ERROR], error="AssertionError"), None),
        (graded_test(0.0, "the test ended in nan, which is no number of points"), None),
        (graded_test(0.0, "never run", ended="the notebook's 60 seconds were used up"), None),
        (graded_test(2.0, outputs=[{"output_type": "execute_result", "data": {"text/plain": "99"}}]), "2.0"),
        (graded_test(2.0, outputs=[{"output_type": "stream", "name": "stderr", "text": "careful"}]), "2.0"),
    ],
)
def test_nbgraders_rules_arrive_at_our_score(item, decides):
    from nbgrader.utils import determine_grade

    [cell] = written(item)
    assert determine_grade(cell) == (item.result.score, 2.0)
    last = cell.outputs[-1]
    assert (last.output_type == "error") if decides is None else (last.data["text/plain"] == decides)
    assert len([o for o in cell.outputs if o.output_type in ("error", "execute_result")]) == 1


def test_what_a_test_prints_is_kept():
    [cell] = written(
        graded_test(
            2.0, outputs=[{"output_type": "stream", "name": n, "text": n} for n in ("stdout", "stderr")]
        )
    )
    assert [output.get("text") for output in cell.outputs] == ["stdout", "stderr", None]


def test_why_there_are_no_points_is_shown():
    [cell] = written(graded_test(0.0, "the test ended in nan, which is no number of points"))
    assert "the test ended in nan" in json.dumps(cell.outputs)


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>"}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload='alert(1)'/>"}},
        {"output_type": "display_data", "data": {"image/png": "<script>"}},
        {"output_type": "display_data", "data": {"image/png": PNG + "\" onerror='x"}},
        {"output_type": "display_data", "data": []},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}},
        {"output_type": "unknown"},
        {},
        None,
        7,
    ],
)
def test_markup_and_what_is_no_output_is_left_out(output):
    assert bounded_outputs([output]) == []


def test_text_and_pictures_are_kept_and_decide_nothing():
    shown = {"text/plain": "5.0", "image/png": PNG, "text/html": "<b>5</b>"}
    [kept] = bounded_outputs([{"output_type": "execute_result", "data": shown, "metadata": {"evil": 1}}])
    assert kept == {
        "output_type": "display_data",
        "data": {"text/plain": "5.0", "image/png": PNG},
        "metadata": {},
    }


def test_floods_are_cut():
    flood = [{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}] * 1000
    kept = bounded_outputs(flood, left=100_000)
    assert len(json.dumps(kept)) < 100_000
    assert len(kept[0]["text"]) < TEXT_CHARACTERS + 100
    assert "left out" in kept[-1]["text"]
    deep = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"] * 10_000}
    assert len(bounded_outputs([deep])[0]["traceback"]) < 50


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a < b and b > c", "a < b and b > c"),
        ("<b>bold</b> and <br/>", "<b>bold</b> and <br/>"),
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("<b onclick=alert(1)>x</b>", "&lt;b onclick=alert(1)>x</b>"),
        ("<!-- hidden --> <?php", "&lt;!-- hidden --> &lt;?php"),
        ("$a<b$", "$a&lt;b$"),
        ("<IMG SRC=x>", "&lt;IMG SRC=x>"),
    ],
)
def test_markup_in_markdown_is_shown_and_not_obeyed(source, shown):
    assert without_markup(source) == shown
    [cell] = written(Graded(Cell("markdown", source, "why", WHY), result=CellResult("why", None, 1.0)))
    assert cell.source == shown


def test_the_instructors_markdown_is_left_alone():
    own = MasterCell(
        "markdown", "<img src='jupyter.png'>", "own", locked=True, released="<img src='jupyter.png'>"
    )
    [cell] = written(Graded(Cell("markdown", own.source, "own", own)))
    assert cell.source == own.source


def test_repairs_are_said_at_the_top():
    cells = written(graded_test(2.0), repairs=("the cell `f` was there twice", "<script>"))
    assert cells[0].cell_type == "markdown"
    assert "- the cell `f` was there twice" in cells[0].source
    assert "<script>" not in cells[0].source
