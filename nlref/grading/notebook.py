"""The autograded notebook: the learner's cells with what they showed, and the verdict in every test cell.

It is what formgrader displays and nbgrader makes feedback of, so two things hold for every graded cell: exactly one
output decides (an ``error``, or an ``execute_result`` whose text is the number of points), and nothing that came from
the learner is markup. A learner's outputs are kept as text and PNG; HTML in a learner's markdown is shown, not obeyed.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from nlref.checks import CheckResult
from nlref.grading.assignment import MasterCell, MasterNotebook
from nlref.grading.result import CellResult
from nlref.grading.submission import Cell
from nlref.grading.witness import Witness

TEXT_CHARACTERS = 20_000
PICTURE_BYTES = 1_000_000
NOTEBOOK_BYTES = 5_000_000
TRACEBACK_LINES = 40


@dataclass(frozen=True)
class Graded:
    """A cell after its turn.

    Attributes
        outputs: as the sandbox or the test gave them.
        error: the last line of its traceback, if it failed.
        result: its grade, if it has one.
        checked: what ``check`` found, if the cell called it.
        number: whether it ended in a number of points.
        ended: why it did not run at all.
        witness: what kinds of answers the test got.
    """

    cell: Cell
    outputs: list[Any] = field(default_factory=list)
    error: str | None = None
    result: CellResult | None = None
    checked: CheckResult | None = None
    number: bool = False
    ended: str = ""
    witness: Witness = field(default_factory=Witness)


def autograded_notebook(master: MasterNotebook, graded: Sequence[Graded], repairs: Sequence[str]) -> bytes:
    """The notebook as nbformat 4.5 writes it; valid whatever the learner handed in."""
    left = NOTEBOOK_BYTES
    cells = []
    if repairs:
        listed = "\n".join(f"- {_as_text(sentence)}" for sentence in repairs)
        cells.append(_cell("markdown", "before-grading", f"**Before grading**\n\n{listed}"))
    count = 0
    for place, item in enumerate(graded):
        own = item.cell
        made = _cell(own.cell_type, f"{place}", own.source)
        if own.master is not None:
            made["metadata"]["nbgrader"] = own.master.metadata()
            if own.master.locked:
                made["metadata"].update(deletable=False, editable=False)
        if own.cell_type == "markdown":
            instructors = own.master is not None and own.master.untouched(own.source)
            made["source"] = own.source if instructors else without_markup(own.source)
            if own.attachments:
                made["attachments"] = own.attachments
        if own.cell_type == "code":
            count += 1
            made["execution_count"] = None if item.ended else count
            outputs = bounded_outputs(item.outputs, left)
            if item.result is not None and own.master is not None and own.master.is_test:
                made["metadata"]["nlref"] = _for_the_learner(item, own.master, outputs)
                outputs = _verdict(item, outputs, count)
            elif item.ended:
                outputs = [_stream(f"Not run: {item.ended}.\n")]
            left -= sum(len(json.dumps(output)) for output in outputs)
            made["outputs"] = outputs
        cells.append(made)
    ended = {item.ended for item in graded}
    problem = ended.pop() if len(ended) == 1 else ""
    about = {"problem": problem} if problem else {"repairs": list(repairs)}
    return _written(master, cells, about)


def released_notebook(master: MasterNotebook) -> bytes:
    """The instructor's version as a file that could be handed in."""
    cells = []
    for place, own in enumerate(master.cells):
        made = _cell(own.cell_type, f"{place}", own.source)
        if own.grade_id is not None:
            made["metadata"]["nbgrader"] = own.metadata()
        cells.append(made)
    return _written(master, cells)


def _written(
    master: MasterNotebook, cells: list[dict[str, Any]], about: Mapping[str, Any] | None = None
) -> bytes:
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": dict(master.kernelspec) or python, "language_info": {"name": "python"}}
    notebook = {
        "cells": cells,
        "metadata": {**metadata, "nlref": dict(about)} if about else metadata,
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    text = json.dumps(notebook, ensure_ascii=False, sort_keys=True).encode("utf-8", errors="replace")
    return msgspec.json.format(text, indent=1) + b"\n"  # as json's own indent, which is slow, writes it


def _cell(cell_type: str, identifier: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": cell_type, "id": identifier, "metadata": {}, "source": source}
    if cell_type == "code":
        cell.update(execution_count=None, outputs=[])
    return cell


def _for_the_learner(
    item: Graded, master: MasterCell, outputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the feedback page says about a test: its reason, the check's criteria, the line that failed if it is known
    to learners."""
    assert item.result is not None
    content: dict[str, Any] = {"reason": item.result.reason}
    if item.checked is not None:
        content["check"] = item.checked.to_dict()
        return content
    failed = next((output for output in outputs if output["output_type"] == "error"), None)
    line = _failing_line(failed["traceback"]) if failed is not None else ""
    if line and line in {text.strip()[:300] for text in master.released.splitlines()}:
        content["line"] = line
    return content


def _failing_line(traceback: Sequence[str]) -> str:
    """The line of the test cell itself in a traceback."""
    for place, text in enumerate(traceback[:-1]):
        if re.fullmatch(r"  .+, line \d+, in <module>", text):
            return traceback[place + 1].strip()[:300]
    return ""


def _verdict(item: Graded, outputs: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The outputs of a test cell, so that nbgrader's own rules arrive at the same score."""
    assert item.result is not None
    shown = [
        {**output, "name": "stdout"} if output["output_type"] == "stream" else output
        for output in outputs
        if output["output_type"] == "stream"
        or (output["output_type"] == "display_data" and item.checked is None)
    ]
    if item.checked is not None:
        shown.append(
            {
                "output_type": "display_data",
                "data": {"text/plain": str(item.checked), "text/html": item.checked._repr_html_()},
                "metadata": {},
            }
        )
    score = item.result.score or 0.0
    if score == 0.0:
        failed = [output for output in outputs if output["output_type"] == "error"]
        if failed:
            return [*shown, failed[-1]]
        if item.checked is None and item.result.reason:
            name, _, text = (item.error or "NoPoints: " + item.result.reason).partition(": ")
            return [
                *shown,
                {"output_type": "error", "ename": name, "evalue": text, "traceback": [item.result.reason]},
            ]
    elif item.checked is None and item.result.reason:
        shown.append(_stream(item.result.reason + "\n"))
    decides = {
        "output_type": "execute_result",
        "data": {"text/plain": repr(float(score))},
        "execution_count": count,
        "metadata": {},
    }
    return [*shown, decides]


def _stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def bounded_outputs(outputs: Sequence[Any], left: int = NOTEBOOK_BYTES) -> list[dict[str, Any]]:
    """Outputs of valid form and bounded size: text and PNG pictures; everything else is left out.

    >>> bounded_outputs([{"output_type": "display_data", "data": {"text/html": "<script>"}}])
    []
    """
    kept: list[dict[str, Any]] = []
    for output in outputs:
        made = _bounded(output) if isinstance(output, Mapping) else None
        if made is None:
            continue
        size = len(json.dumps(made))
        if size > left:
            kept.append(_stream("[the rest of the output is left out]\n"))
            break
        left -= size
        kept.append(made)
    return kept


def _bounded(output: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _short(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        lines = [_short(line) for line in lines] if isinstance(lines, list) else []
        if len(lines) > TRACEBACK_LINES:
            half = TRACEBACK_LINES // 2
            lines = [*lines[:half], "...", *lines[-half:]]
        return {
            "output_type": "error",
            "ename": _short(output.get("ename"))[:200],
            "evalue": _short(output.get("evalue"))[:2000],
            "traceback": lines,
        }
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), Mapping):
        return None
    data = {}
    picture = output["data"].get("image/png")
    if isinstance(picture, str) and len(picture) <= PICTURE_BYTES and _is_png(picture):
        data["image/png"] = picture
    text = output["data"].get("text/plain")
    if isinstance(text, str | list):
        data["text/plain"] = _short(text)
    if not data:
        return None
    # A learner's cell decides nothing, so that what it showed need not be told from a display.
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _is_png(text: str) -> bool:
    try:
        return (
            base64.b64decode(text, validate=False).startswith(b"\x89PNG\r\n\x1a\n")
            and re.fullmatch(r"[A-Za-z0-9+/=\s]*", text) is not None
        )
    except ValueError:
        return False


def _short(text: Any) -> str:
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    if not isinstance(text, str):
        return ""
    clean = text.encode("utf-8", errors="replace").decode("utf-8")
    return clean if len(clean) <= TEXT_CHARACTERS else clean[:TEXT_CHARACTERS] + "\n[the rest is left out]\n"


_TAG = re.compile(
    r"<(?=[A-Za-z/!?])(?!/?(?:b|i|em|strong|sub|sup|br|code|kbd|p|u|s|ul|ol|li|table|thead|tbody|tr|td|th)\s*/?>)"
)


def without_markup(source: str) -> str:
    """A learner's markdown whose HTML, but for plain tags without attributes, is shown as the text it is.

    >>> without_markup("a < b, <em>c</em> <img src=x onerror=alert(1)>")
    'a < b, <em>c</em> &lt;img src=x onerror=alert(1)>'
    """
    return _TAG.sub("&lt;", source)


def _as_text(sentence: str) -> str:
    return without_markup(" ".join(sentence.split()))
