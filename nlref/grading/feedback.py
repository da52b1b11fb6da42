"""The page that a learner gets back for a notebook: what is right, what is not and why, the code, the figures.

One file that works offline and asks nobody for anything: no script, a policy that forbids one, pictures inside. It is
made from the autograded notebook, which :mod:`nlref.grading.notebook` writes with the verdicts in the metadata of its
test cells, and from the marks that count in the gradebook, so that it can be made again when a person has graded.

What is never on it: hidden tests and what they said, what the learner's code printed while a test was calling it, our
stack, a path.
"""

import base64
import json
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from markupsafe import Markup

from nlref.checks.result import CheckResult, number
from nlref.grading.assignment import Assignment, MasterCell, MasterNotebook
from nlref.grading.identical import solution_digest
from nlref.grading.markdown import code_to_html, markdown_to_html
from nlref.grading.page import environment
from nlref.grading.report import short_names
from nlref.grading.result import SubmissionResult

PAGE_CHARACTERS = (
    40_000  # without figures; a longer notebook is shown without the text that leads to no exercise
)
OUTPUT_CHARACTERS = 4_000
OUTPUTS_CHARACTERS = 12_000
MARKDOWN_CHARACTERS = 20_000
FIGURES_CHARACTERS = 4_000_000
FIGURE_PIXELS = 30_000_000
HANDED_OUT_BYTES = 200_000

_PICTURE_TYPES = {"png": "png", "jpg": "jpeg", "jpeg": "jpeg", "gif": "gif", "svg": "svg+xml"}


@dataclass(frozen=True)
class Mark:
    """What counts for a cell in the gradebook: ``score`` is ``None`` while a person has yet to grade it."""

    score: float | None
    points: float


def feedback_page(
    master: MasterNotebook,
    notebook: Mapping[str, Any],
    marks: Mapping[str, Mark],
    *,
    student: str,
    assignment: Assignment,
    comments: Mapping[str, str] | None = None,
    late_penalty: float = 0.0,
) -> str:
    """The page of one notebook.

    Parameters
        master: the instructor's version, which knows what is hidden.
        notebook: the autograded notebook, as JSON.
        marks: by grade id; a graded cell without one counts as graded 0.
        student: as the gradebook calls the learner.
        comments: what a person wrote about cells, by grade id.
        late_penalty: points that the notebook loses for being late.
    """
    names = short_names([(other.name, cell.grade_id or "") for other, cell in assignment.graded()])
    about = notebook.get("metadata", {}).get("nlref", {})
    graded = [
        _Exercise(
            anchor=f"exercise-{place}",
            name=names[master.name, cell.grade_id or ""],
            master=cell,
            mark=marks.get(cell.grade_id or "") or Mark(0.0, cell.points),
        )
        for place, cell in enumerate(master.graded, 1)
    ]
    by_id = {exercise.grade_id: exercise for exercise in graded}
    for cell in notebook["cells"]:
        if _grade_id(cell) in by_id:
            by_id[_grade_id(cell)].take(cell)
    maker = _Maker(master, by_id, comments or {}, assignment.files)
    problem = about.get("problem", "")
    earned = sum(exercise.mark.score or 0.0 for exercise in graded)
    penalty = min(late_penalty, earned)
    content = {
        "assignment": assignment.name,
        "notebook": master.name,
        "student": student,
        "exercises": graded,
        "score": earned - penalty,
        "points": sum(exercise.mark.points for exercise in graded),
        "waiting": [exercise for exercise in graded if exercise.state == "waiting"],
        "late_penalty": penalty,
        "repairs": about.get("repairs", []),
        "problem": problem,
    }
    template = environment().get_template("feedback.html")
    for everything in (True, False):
        broken = ""
        try:
            blocks = [] if problem else list(maker.blocks(notebook["cells"], everything=everything))
        except Exception as error:  # whatever a notebook holds, its points reach the learner
            traceback.print_exc()
            blocks, broken = [], type(error).__name__
        page = template.render(content, blocks=blocks, everything=everything, broken=broken)
        if len(page.encode(errors="replace")) - maker.figures <= PAGE_CHARACTERS:
            break
    return page


def with_pages(assignment: Assignment, result: SubmissionResult) -> SubmissionResult:
    """The result with what people look at: a page for each notebook, and what the class report counts."""
    notebooks = []
    for done in result.notebooks:
        if not done.content:
            notebooks.append(done)
            continue
        master, notebook = assignment.notebooks[done.name], json.loads(done.content)
        checks = {
            _grade_id(cell): cell["metadata"]["nlref"]["check"]
            for cell in notebook["cells"]
            if "check" in cell["metadata"].get("nlref", {})
        }
        cells = tuple(
            replace(
                cell,
                criteria=tuple(
                    (c["name"], c["score"], c["points"]) for c in checks[cell.grade_id]["criteria"]
                ),
                mistake=checks[cell.grade_id]["mistake"] or "",
            )
            if cell.grade_id in checks
            else cell
            for cell in done.cells
        )
        page = feedback_page(
            master,
            notebook,
            {cell.grade_id: Mark(cell.score, cell.points) for cell in done.cells},
            student=result.student,
            assignment=assignment,
        )
        solutions = {} if done.problem else _solutions(master, notebook)
        notebooks.append(replace(done, cells=cells, solutions=solutions, page=page.encode(errors="replace")))
    return replace(result, notebooks=tuple(notebooks))


def _solutions(master: MasterNotebook, notebook: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for cell in notebook["cells"]:
        own = master.by_id.get(_grade_id(cell))
        if own is None or not own.solution or own.cell_type != "code":
            continue
        digest = solution_digest(cell["source"])
        if digest and digest not in _known_solutions(own):
            found[own.grade_id or ""] = digest
    return found


@lru_cache(maxsize=1024)
def _known_solutions(cell: MasterCell) -> frozenset[str]:
    """The stub and the instructor's answer: many may hand those in."""
    return frozenset(solution_digest(text) for text in (cell.source, cell.released, cell.answer or ""))


@dataclass
class _Exercise:
    """A graded cell on the page: its mark, and what the test said."""

    _SYMBOLS: ClassVar = {"right": "✓", "wrong": "✗", "partial": "◐", "waiting": "…"}
    _SPOKEN: ClassVar = {
        "right": "right",
        "wrong": "not right",
        "partial": "partly right",
        "waiting": "not graded yet",
    }

    anchor: str
    name: str
    master: MasterCell
    mark: Mark
    reason: str = ""
    line: str = ""
    check: CheckResult | None = None

    @property
    def grade_id(self) -> str:
        return self.master.grade_id or ""

    def take(self, cell: Mapping[str, Any]) -> None:
        said = cell.get("metadata", {}).get("nlref", {})
        self.reason, self.line = said.get("reason", ""), said.get("line", "")
        if said.get("check"):
            self.check = CheckResult.from_dict(said["check"])

    @property
    def state(self) -> str:
        if self.mark.score is None:
            return "waiting"
        if self.mark.score >= self.mark.points:
            return "right"
        return "partial" if self.mark.score > 0 else "wrong"

    @property
    def symbol(self) -> str:
        return self._SYMBOLS[self.state]

    @property
    def spoken(self) -> str:
        return self._SPOKEN[self.state]

    @property
    def earned(self) -> str:
        if self.mark.score is None:
            return f"{number(self.mark.points)} points, not graded yet"
        return f"{number(self.mark.score)} of {number(self.mark.points)} points"

    @property
    def why(self) -> str:
        """A sentence for the table."""
        if self.state == "waiting":
            return "a person will grade this"
        return "" if self.state == "right" else self.reason

    @property
    def public_test(self) -> str:
        """What may be shown of the test; a bare ``check("relu", relu)`` says nothing."""
        return "" if self.check is not None or not self.master.is_test else self.master.released.strip()

    @property
    def by_person(self) -> bool:
        return self.master.is_manual or self.master.task


@dataclass
class _Maker:
    """Turns the cells of a notebook into blocks of the page."""

    master: MasterNotebook
    exercises: Mapping[str, _Exercise]
    comments: Mapping[str, str]
    files: Mapping[str, bytes]
    figures: int = 0

    def blocks(self, cells: Sequence[Mapping[str, Any]], *, everything: bool) -> Iterator[dict[str, Any]]:
        """The page from top to bottom; ``everything`` or only what belongs to exercises."""
        self.figures = 0
        self._left = OUTPUTS_CHARACTERS
        handed_out = {cell.released.strip() for cell in self.master.cells if not cell.solution}
        texts: list[dict[str, Any]] = []
        for place, cell in enumerate(cells, 1):
            exercise = self.exercises.get(_grade_id(cell))
            source = cell["source"]
            untouched = source.strip() in handed_out
            if cell["cell_type"] == "markdown":
                text = {"kind": "text", "html": Markup(self._text(cell, own=not untouched))}
                own = exercise is not None or not untouched
                if own and not everything:
                    yield from texts[-1:]
                    texts.clear()
                if own or everything:
                    yield text
                else:
                    texts.append(text)
            elif cell["cell_type"] == "code" and not (exercise is not None and exercise.master.is_test):
                outputs = list(self._outputs(cell["outputs"], place))
                if untouched and not (outputs and everything):
                    continue
                if not everything:
                    yield from texts[-1:]
                    texts.clear()
                code = "" if untouched else Markup(code_to_html(source.strip("\n")))
                yield {"kind": "code", "code": code, "outputs": outputs, "untouched": untouched}
            elif cell["cell_type"] == "raw" and not untouched:
                yield {"kind": "code", "code": source[:OUTPUT_CHARACTERS], "outputs": [], "untouched": False}
            if exercise is not None:
                if not everything:
                    yield from texts[-1:]
                    texts.clear()
                yield {"kind": "verdict", "exercise": exercise}
            if comment := self.comments.get(_grade_id(cell), "").strip():
                yield {"kind": "comment", "text": comment}

    def _text(self, cell: Mapping[str, Any], *, own: bool) -> str:
        source = cell["source"]
        if own:
            source = _SHOWN_TAG.sub(
                "<", source
            )  # the notebook shows a learner's HTML as text; here nh3 sees to it
        if own and len(source) > MARKDOWN_CHARACTERS:
            source = source[:MARKDOWN_CHARACTERS] + "\n\n*The rest is left out.*"
        pictures = {}
        for name, bundle in cell.get("attachments", {}).items():
            for mime, data in bundle.items():
                pictures[f"attachment:{name}"] = f"data:{mime};base64,{''.join(data.split())}"
        if not own:
            pictures |= self._handed_out_pictures
        used = {address: data for address, data in pictures.items() if address in source}
        for address, data in list(used.items()):
            if self.figures + len(data) > FIGURES_CHARACTERS:
                del used[address]
            else:
                self.figures += len(data)
        return markdown_to_html(source, used)

    @cached_property
    def _handed_out_pictures(self) -> dict[str, str]:
        found = {}
        for name, content in self.files.items():
            kind = _PICTURE_TYPES.get(name.rpartition(".")[2].lower())
            if kind and len(content) <= HANDED_OUT_BYTES:
                found[name] = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        return found

    def _outputs(self, outputs: Sequence[Mapping[str, Any]], place: int) -> Iterator[dict[str, Any]]:
        for output in outputs:
            kind = output["output_type"]
            data = output.get("data", {})
            if "image/png" in data:
                yield self._figure(data["image/png"], place)
            elif kind == "error":
                yield {"kind": "error", "text": self._short("\n".join(output["traceback"]))}
            else:
                text = self._short(output["text"] if kind == "stream" else data.get("text/plain", ""))
                if text:
                    yield {"kind": "stderr" if output.get("name") == "stderr" else "text", "text": text}

    def _figure(self, data: str, place: int) -> dict[str, Any]:
        data = "".join(data.split())
        width, height = _size(data)
        if width * height > FIGURE_PIXELS or self.figures + len(data) > FIGURES_CHARACTERS:
            return {"kind": "text", "text": f"[a figure of {width} x {height} pixels is left out]"}
        self.figures += len(data)
        return {
            "kind": "figure",
            "data": data,
            "width": width,
            "height": height,
            "alt": f"The figure that cell {place} drew.",
        }

    def _short(self, text: str) -> str:
        text = _plain(text).rstrip()
        room = min(OUTPUT_CHARACTERS, max(self._left, 200))
        if len(text) > room:
            text = text[:room] + "\n[the rest is left out]"
        self._left -= len(text)
        return text


def _grade_id(cell: Mapping[str, Any]) -> str:
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") or ""


def _size(png: str) -> tuple[int, int]:
    """Width and height of a base64 PNG, from its header."""
    header = base64.b64decode(png[:32])
    return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")


_SHOWN_TAG = re.compile(r"&lt;(?=[A-Za-z/!?])")
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)?")


def _plain(text: str) -> str:
    """What a terminal would show: no colours, a line that was overwritten only as it last was."""
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


__all__ = ["Mark", "feedback_page", "with_pages"]
