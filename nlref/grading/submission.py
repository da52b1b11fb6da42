"""What a learner handed in: read without trusting it, and repaired against the instructor's version.

A submission is a folder of files that anyone could have written by hand. Reading refuses links, devices and files
beyond a size, and takes a notebook for what it should be, whatever JSON it holds. Repairing brings its cells back to
the instructor's: every cell that nbgrader knows is found by its ``grade_id``, else by its released text, else by the
functions it defines; locked cells get the instructor's text; missing ones are put back; whatever was done is said in
one sentence.

Which copy counts
    A learner who copies a cell copies its ``grade_id``. All copies run, in their order, as they would in Jupyter; the
    one that counts is the last that was worked on, and copies that are still the released text are left out, because
    they would undo the work. Of a test cell the last copy keeps its place. (nbgrader keeps the last, worked on or not.)
"""

import ast
import hashlib
import json
import os
import re
import stat
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nlref.grading.assignment import Assignment, MasterCell, MasterNotebook, defined_names, same_text

NOTEBOOK_BYTES = 50_000_000
FILES_BYTES = 50_000_000
FILE_BYTES = 15_000_000
FILES = 500
CELLS = 2_000
SOURCE_CHARACTERS = 1_000_000
ATTACHMENT_CHARACTERS = 2_000_000
# What a notebook of the allowed size may unfold to in memory: its lists and objects, and what stands in them.
CONTAINERS = 300_000
ITEMS = 5_000_000


class UnreadableNotebook(ValueError):
    """A file that cannot be taken for a notebook; the message says why in one sentence."""


@dataclass(frozen=True)
class Submission:
    """One learner's files, as they lie in the folder.

    Attributes
        notebooks: by name (without ``.ipynb``): the bytes, or a sentence saying why they could not be read.
        files: the other files, by relative path.
        timestamp: what ``timestamp.txt`` says, or ``None``.
        digest: of everything above.
        remarks: what was left out or taken under another name.
    """

    student: str
    assignment: str
    notebooks: Mapping[str, bytes | str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    timestamp: str | None = None
    digest: str = ""
    remarks: tuple[str, ...] = ()


def read_submission(
    folder: Path, student: str, assignment: str, expected: Iterable[str], ignore: Sequence[str] = ()
) -> Submission:
    """Read a learner's folder; nothing in it can make this fail.

    Parameters
        expected: the names of the assignment's notebooks. One that is missing may be replaced by the only other
            notebook in the folder (``unit (1).ipynb``, ``Untitled.ipynb``).
        ignore: file patterns to leave out, such as nbgrader's ``CourseDirectory.ignore``.
    """
    expected = list(expected)
    contents: dict[str, bytes | str] = {}
    remarks: list[str] = []
    left = FILES_BYTES
    for path in _walk(folder, ignore, remarks):
        relative = path.relative_to(folder).as_posix()
        notebook = path.suffix == ".ipynb" and path.parent == folder
        wanted = notebook and path.stem in expected
        limit = NOTEBOOK_BYTES if wanted else min(left, NOTEBOOK_BYTES if notebook else FILE_BYTES)
        content = _read_file(path, limit)
        if isinstance(content, str) and not notebook:
            remarks.append(f"the file `{_printable(relative)}` was left out: {content}")
            continue
        if not wanted:
            left -= len(content)
        contents[relative] = content
    state = hashlib.sha256()
    for relative, content in sorted(contents.items()):
        data = content.encode() if isinstance(content, str) else content
        state.update(repr(relative).encode() + hashlib.sha256(data).digest())
    timestamp = contents.pop("timestamp.txt", None)
    found = {
        name[: -len(".ipynb")]: contents.pop(name)
        for name in list(contents)
        if name.endswith(".ipynb") and "/" not in name
    }
    notebooks = {name: found.pop(name) for name in expected if name in found}
    missing = [name for name in expected if name not in notebooks]
    if len(missing) == 1 and len(found) == 1:
        [(other, content)] = found.items()
        notebooks[missing[0]] = content
        remarks.append(f"`{_printable(other)}.ipynb` was taken for `{missing[0]}.ipynb`, which is missing")
    elif found:
        remarks.append(
            "not a notebook of this assignment: "
            + ", ".join(f"`{_printable(name)}.ipynb`" for name in sorted(found)[:5])
        )
    return Submission(
        student=student,
        assignment=assignment,
        notebooks=notebooks,
        files={name: content for name, content in contents.items() if isinstance(content, bytes)},
        timestamp=timestamp[:100].decode(errors="replace").strip() or None
        if isinstance(timestamp, bytes)
        else None,
        digest=state.hexdigest(),
        remarks=tuple(remarks),
    )


def _walk(folder: Path, ignore: Sequence[str], remarks: list[str]) -> list[Path]:
    """The regular files and whatever else stands in their place, without following a link."""
    found: list[Path] = []
    folders = [folder]
    looked_into = 0
    while folders and looked_into < FILES:
        looked_into += 1
        try:
            with os.scandir(folders.pop(0)) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            remarks.append(f"a folder could not be read: {error.strerror}")
            continue
        for entry in listed:
            if any(fnmatch(entry.name, pattern) for pattern in ignore):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
            else:
                found.append(Path(entry.path))
        if len(found) > FILES:
            remarks.append(f"only the first {FILES} files were looked at")
            return found[:FILES]
    return found


def _read_file(path: Path, limit: int) -> bytes | str:
    """The content, or a sentence that says why not. Links, pipes and devices are never opened for good."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return (
            "it is a link, and links are not followed" if path.is_symlink() else f"{error.strerror}".lower()
        )
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return "it is not an ordinary file"
        if status.st_size > limit:
            return f"it has {status.st_size / 1e6:.0f} MB, and {limit / 1e6:.0f} MB is the limit"
        try:
            content = file.read(limit + 1)
        except OSError as error:
            return f"{error.strerror}".lower()
    return content if len(content) <= limit else f"it is larger than {limit / 1e6:.0f} MB"


def model_submission(assignment: Assignment) -> Submission:
    """What the instructor would hand in: the assignment with its own answers."""
    from nlref.grading.notebook import released_notebook

    notebooks = {
        name: released_notebook(master) for name, master in assignment.with_answers().notebooks.items()
    }
    return Submission(student="", assignment=assignment.name, notebooks=notebooks)


# A notebook's bytes


@dataclass
class Cell:
    """A cell of a submitted notebook, outputs and foreign metadata left behind.

    Attributes
        claimed: the ``grade_id`` that it came with.
        master: the instructor's cell that it was recognised as.
        restored: whether it was put back by the repair.
    """

    cell_type: str
    source: str
    claimed: str | None = None
    master: MasterCell | None = None
    restored: bool = False
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)


def parse_notebook(content: bytes | str) -> tuple[list[Cell], list[str]]:
    """The cells of a notebook file and what had to be mended to read them.

    Raises
        UnreadableNotebook: there is nothing to read; the message is the sentence for the learner.
    """
    if isinstance(content, str):
        raise UnreadableNotebook(content)
    repairs: list[str] = []
    if content.count(b"[") + content.count(b"{") > CONTAINERS or content.count(b",") > ITEMS:
        raise UnreadableNotebook("it is not a notebook that a person made: it has too many parts")
    text = _decode(content, repairs)
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise UnreadableNotebook("it is not a notebook: it is nested too deeply") from None
    except ValueError as error:
        what = "it is empty" if not text.strip() else f"it is not JSON ({_one_line(str(error))})"
        raise UnreadableNotebook(f"it is not a notebook: {what}") from None
    if not isinstance(notebook, dict):
        raise UnreadableNotebook("it is not a notebook: its JSON is not an object")
    if not isinstance(notebook.get("cells"), list) and isinstance(notebook.get("worksheets"), list):
        notebook = {"cells": _cells_of_old_format(notebook)}
        repairs.append("the notebook is in an old format (before 4) and was converted")
    raw = notebook.get("cells")
    if not isinstance(raw, list):
        raise UnreadableNotebook("it is not a notebook: it has no list of cells")
    if len(raw) > CELLS:
        raise UnreadableNotebook(f"it has {len(raw)} cells, and {CELLS} is the limit")
    cells = [cell for cell in map(_cell, raw) if cell is not None]
    if len(cells) < len(raw):
        repairs.append(f"{len(raw) - len(cells)} damaged cell(s) were left out")
    return cells, repairs


def _decode(content: bytes, repairs: list[str]) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        repairs.append("the file is UTF-16 and was read as such")
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
            repairs.append("the file is not UTF-8 and was read as Latin-1")
    if text.startswith("\ufeff"):
        text = text.lstrip("\ufeff")
        repairs.append("a byte-order mark was removed")
    return text


def _cells_of_old_format(notebook: Mapping[str, Any]) -> list[Any]:
    """The cells of a notebook of format 3 or older, whose code is called ``input`` and stands in worksheets."""
    cells: list[Any] = []
    for sheet in notebook["worksheets"]:
        if not isinstance(sheet, dict) or not isinstance(sheet.get("cells"), list):
            continue
        for cell in sheet["cells"]:
            if not isinstance(cell, dict):
                cells.append(cell)
            elif cell.get("cell_type") == "code":
                cells.append({**cell, "source": cell.get("input", cell.get("source", ""))})
            elif cell.get("cell_type") == "heading":
                level = cell.get("level") if isinstance(cell.get("level"), int) else 1
                cells.append(
                    {
                        **cell,
                        "cell_type": "markdown",
                        "source": "#" * min(max(level, 1), 6) + " " + (_text(cell.get("source")) or ""),
                    }
                )
            else:
                cells.append(cell)
    return cells


def _cell(raw: Any) -> Cell | None:
    if not isinstance(raw, dict):
        return None
    source = _text(raw.get("source", ""))
    if source is None or len(source) > SOURCE_CHARACTERS:
        return None
    cell_type = raw.get("cell_type")
    if cell_type not in ("code", "markdown", "raw"):
        cell_type = "code" if "outputs" in raw else "raw"
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return Cell(
        cell_type=cell_type,
        source=source,
        claimed=grade_id if isinstance(grade_id, str) and grade_id else None,
        attachments=_attachments(raw.get("attachments")),
    )


def _text(value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if value is None:
        return ""
    if not isinstance(value, str):
        return None
    # A lone surrogate is legal in JSON and cannot be written to a file.
    clean = value.encode("utf-8", errors="replace").decode("utf-8")
    return clean.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _attachments(value: Any) -> dict[str, dict[str, str]]:
    """Pasted pictures of a markdown cell; anything else is dropped."""
    kept: dict[str, dict[str, str]] = {}
    left = ATTACHMENT_CHARACTERS
    if isinstance(value, dict):
        for name, bundle in value.items():
            pictures = bundle.items() if isinstance(bundle, dict) else ()
            safe = {
                mime: data
                for mime, data in pictures
                if mime in ("image/png", "image/jpeg", "image/gif")
                and isinstance(data, str)
                and re.fullmatch(r"[A-Za-z0-9+/=\s]*", data)
            }
            left -= sum(map(len, safe.values()))
            if safe and isinstance(name, str) and left >= 0:
                kept[name] = safe
    return kept


# Repair


@dataclass(frozen=True)
class Repaired:
    """A learner's notebook in the instructor's frame, and a sentence for everything that was mended."""

    cells: tuple[Cell, ...]
    repairs: tuple[str, ...]


def repair(master: MasterNotebook, cells: Sequence[Cell]) -> Repaired:
    """Bring a learner's cells back into the instructor's frame.

    Afterwards every graded cell and every helper cell of ``master`` is there exactly once, has the instructor's
    type and flags, and, if locked, the instructor's text; tests stand after the solution that they test.
    """
    work = _Repair(master, [Cell(c.cell_type, c.source, c.claimed, attachments=c.attachments) for c in cells])
    work.recognise_by_id()
    work.join_split_cells()
    work.settle_copies()
    work.recognise_by_text()
    work.recognise_by_names()
    work.recognise_by_place()
    work.restore_contents()
    work.put_back_missing()
    work.put_in_order()
    return Repaired(tuple(work.cells), tuple(dict.fromkeys(work.repairs)))


class _Repair:
    def __init__(self, master: MasterNotebook, cells: list[Cell]) -> None:
        self.master = master
        self.cells = cells
        self.repairs: list[str] = []
        self.rank = {grade_id: place for place, grade_id in enumerate(master.by_id)}

    def say(self, sentence: str) -> None:
        self.repairs.append(sentence)

    # Which cell is which

    def recognise_by_id(self) -> None:
        for cell in self.cells:
            cell.master = self.master.by_id.get(cell.claimed) if cell.claimed else None

    def join_split_cells(self) -> None:
        """Cells with one id, side by side, that only together are Python: a cell that was split in the middle."""
        place = 0
        while place + 1 < len(self.cells):
            one, other = self.cells[place], self.cells[place + 1]
            joined = f"{one.source.rstrip()}\n{other.source}"
            if (
                one.master is not None
                and one.master is other.master
                and one.master.solution
                and one.cell_type == other.cell_type == "code"
                and (not _is_python(one.source) or not _is_python(other.source))
                and _is_python(joined)
            ):
                one.source = joined
                del self.cells[place + 1]
                self.say(f"the two halves of the split cell `{one.claimed}` were joined")
            else:
                place += 1

    def settle_copies(self) -> None:
        for grade_id, master in self.master.by_id.items():
            copies = [cell for cell in self.cells if cell.master is master]
            if len(copies) < 2:
                continue
            worked_on = [cell for cell in copies if not master.untouched(cell.source)]
            winner = (worked_on if master.solution and worked_on else copies)[-1]
            for cell in copies:
                if cell is winner:
                    continue
                cell.master = None
                if master.solution and worked_on and cell not in worked_on:
                    self.drop(cell)
            which = "the last one that was worked on" if master.solution else "the last one"
            self.say(f"the cell `{grade_id}` was there {_times(len(copies))}; {which} counts")

    def drop(self, cell: Cell) -> None:
        self.cells = [other for other in self.cells if other is not cell]

    def missing(self) -> list[MasterCell]:
        present = {cell.master.grade_id for cell in self.cells if cell.master is not None}
        return [
            master
            for grade_id, master in self.master.by_id.items()
            if grade_id not in present and (master.counts or master.solution or master.is_helper)
        ]

    def unknown(self, cell_type: str | None = None) -> list[Cell]:
        return [c for c in self.cells if c.master is None and (cell_type is None or c.cell_type == cell_type)]

    def recognise_by_text(self) -> None:
        for master in self.missing():
            if master.solution and not master.counts and not master.released.strip():
                continue
            same = [cell for cell in self.unknown() if cell.source.strip() and master.untouched(cell.source)]
            if same:
                same[-1].master = master
                self.say(
                    f"the cell `{master.grade_id}` had lost its nbgrader metadata and was recognised by its text"
                )

    def recognise_by_names(self) -> None:
        for master in self.missing():
            names = master.names() if master.solution and master.cell_type == "code" else frozenset()
            found = [
                cell
                for cell in self.unknown()
                if cell.cell_type != "markdown" and names & defined_names(cell.source)
            ]
            if found:
                found[-1].master = master
                name = sorted(names & defined_names(found[-1].source))[0]
                self.say(
                    f"the cell `{master.grade_id}` had lost its nbgrader metadata and was recognised by `{name}`, "
                    "which it defines"
                )

    def recognise_by_place(self) -> None:
        """A written answer without metadata: the only unknown cell of its kind where the answer should be."""
        for master in self.missing():
            if not master.is_manual:
                continue
            low, high = self.bounds(master)
            between = [
                cell
                for cell in self.cells[low:high]
                if cell.master is None
                and cell.claimed is None
                and cell.cell_type == master.cell_type
                and cell.source.strip()
            ]
            handed_out = [
                cell.released
                for cell in self.master.cells
                if cell.grade_id is None and cell.cell_type == master.cell_type
            ]
            own = [cell for cell in between if not any(same_text(cell.source, text) for text in handed_out)]
            if len(own) == 1:
                own[0].master = master
                self.say(
                    f"the cell `{master.grade_id}` had lost its nbgrader metadata and was recognised by its place"
                )

    # What stands in it

    def restore_contents(self) -> None:
        for cell in self.cells:
            master = cell.master
            if master is None:
                continue
            if cell.cell_type != master.cell_type:
                self.say(
                    f"the cell `{master.grade_id}` had become a {cell.cell_type} cell and is {master.cell_type} again"
                )
                cell.cell_type = master.cell_type
            if master.locked or master.is_test or master.task:
                if not master.untouched(cell.source):
                    self.say(
                        f"the cell `{master.grade_id}` had been changed; the instructor's version counts"
                    )
                cell.source = master.source

    def put_back_missing(self) -> None:
        for master in self.missing():
            if master.solution and not master.counts:
                self.say(f"the solution cell `{master.grade_id}` is missing")
                continue
            low, high = self.bounds(master)
            if master.is_helper:
                place = low
                while place < high and self.cells[place].cell_type != "code":
                    place += 1
            else:
                place = high
                while (
                    place > low
                    and self.cells[place - 1].cell_type != "code"
                    and self.cells[place - 1].master is None
                ):
                    place -= 1
            self.cells.insert(
                place, Cell(master.cell_type, master.source, master.grade_id, master, restored=True)
            )
            kind = "test cell" if master.is_test else "cell"
            self.say(f"the {kind} `{master.grade_id}` was missing and was put back")

    def bounds(self, master: MasterCell) -> tuple[int, int]:
        """Between which places a cell of the instructor belongs in the learner's notebook."""
        assert master.grade_id is not None
        rank = self.rank[master.grade_id]
        placed = [
            (place, self.rank[cell.master.grade_id])
            for place, cell in enumerate(self.cells)
            if cell.master is not None and cell.master.grade_id is not None
        ]
        low = max([0, *(place + 1 for place in self.tested_by(master))])
        before = [(other, place) for place, other in placed if other < rank]
        if before:
            low = max(low, max(before)[1] + 1)
        high = next((place for place, other in placed if place >= low and other > rank), len(self.cells))
        return low, high

    def tested_by(self, master: MasterCell) -> list[int]:
        """Where the solution stands that a test cell tests: the nearest one above it in the instructor's version."""
        if not master.is_test:
            return []
        assert master.grade_id is not None
        above = list(self.master.by_id.values())[: self.rank[master.grade_id]]
        solution = next(
            (cell for cell in reversed(above) if cell.solution and cell.cell_type == "code"), None
        )
        if solution is None:
            return []
        places = [place for place, cell in enumerate(self.cells) if cell.master is solution]
        if places:
            return places
        names = solution.names()
        return [
            place
            for place, cell in enumerate(self.cells)
            if cell.cell_type == "code"
            and not (cell.master and cell.master.is_test)
            and names & defined_names(cell.source)
        ]

    def put_in_order(self) -> None:
        for cell in [cell for cell in self.cells if cell.master is not None]:
            master = cell.master
            place = self.place_of(cell)
            if master.is_test:
                after = max([-1, *self.tested_by(master)])
                if place < after:
                    self.move(cell, after)
            elif master.is_helper:
                rank = self.rank[master.grade_id]
                later = [
                    at
                    for at, other in enumerate(self.cells)
                    if other.master is not None
                    and self.rank[other.master.grade_id] > rank
                    and (other.master.solution or other.master.is_test)
                ]
                if later and place > later[0]:
                    self.move(cell, later[0])

    def place_of(self, cell: Cell) -> int:
        return next(place for place, other in enumerate(self.cells) if other is cell)

    def move(self, cell: Cell, place: int) -> None:
        del self.cells[self.place_of(cell)]
        self.cells.insert(place, cell)
        assert cell.master is not None
        where = "behind the solution it tests" if cell.master.is_test else "before the cells that need it"
        self.say(f"the cell `{cell.master.grade_id}` had been moved and stands {where} again")


def _is_python(source: str) -> bool:
    """Whether a cell parses; it is never compiled, let alone run, on this side."""
    plain = re.sub(r"^[ \t]*[%!].*$", "pass", source, flags=re.MULTILINE)
    only_parse = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # "\d" in the learner's string is not our matter
            warnings.simplefilter("ignore", DeprecationWarning)  # the same, before Python 3.12
            compile(plain, "<cell>", "exec", flags=only_parse, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _times(number: int) -> str:
    return {2: "twice", 3: "three times"}.get(number, f"{number} times")


def _one_line(text: str, limit: int = 120) -> str:
    line = " ".join(_printable(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _printable(text: str) -> str:
    """Without control characters, bidirectional overrides and lone surrogates."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
