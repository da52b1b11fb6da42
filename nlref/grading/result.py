"""What grading one submission gave: plain data that travels between processes and is kept in the gradebook."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec


@dataclass(frozen=True)
class CellResult:
    """One graded cell.

    Attributes
        score: in [0, points], or ``None`` if a person has to grade it.
        reason: why points are missing, in one sentence; empty if none are.
        private_only: it fails on private inputs alone, which an instructor should look at.
        note: what the instructor should know about this cell although it cost nothing.
        criteria: of a ``check``, by name: points earned, of how much.
        mistake: the known mistake that it was recognised as; empty if none was.
    """

    grade_id: str
    score: float | None
    points: float
    reason: str = ""
    private_only: bool = False
    note: str = ""
    criteria: tuple[tuple[str, float, float], ...] = ()
    mistake: str = ""


@dataclass(frozen=True)
class NotebookResult:
    """One notebook of a submission.

    Attributes
        cells: its graded cells and tasks, in the instructor's order.
        unanswered: ids of the solution cells that are as they were released.
        repairs: what was mended before grading, a sentence each.
        problem: why it could not be graded as a whole; empty if it could.
        solutions: digests of solution cells in normal form, by grade id, but for the stub and the instructor's own.
        content: the autograded notebook as it is written to disk; not kept in the gradebook.
        page: the feedback page as it is written to disk; not kept in the gradebook.
    """

    name: str
    cells: tuple[CellResult, ...]
    unanswered: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    problem: str = ""
    solutions: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    page: bytes = b""


@dataclass(frozen=True)
class SubmissionResult:
    """One learner's submission of one assignment.

    Attributes
        digest: of everything that the scores depend on; the same digest need not be graded again.
        isolation: ``"bubblewrap"`` or ``"none"``.
        seconds: wall time that grading took.
        remarks: about the folder as a whole.
    """

    student: str
    assignment: str
    notebooks: tuple[NotebookResult, ...]
    digest: str = ""
    isolation: str = "bubblewrap"
    seconds: float = 0.0
    remarks: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The points that were given automatically."""
        return sum(cell.score or 0.0 for _, cell in self.cells())

    def cells(self) -> Iterator[tuple[NotebookResult, CellResult]]:
        """Every graded cell with its notebook."""
        for notebook in self.notebooks:
            for cell in notebook.cells:
                yield notebook, cell

    def to_json(self) -> str:
        """As text, without the notebooks' content and pages."""
        bare = replace(
            self, notebooks=tuple(replace(notebook, content=b"", page=b"") for notebook in self.notebooks)
        )
        return msgspec.json.encode(bare).decode()

    @classmethod
    def from_json(cls, text: str) -> "SubmissionResult":
        """What :meth:`to_json` wrote; ``ValueError`` if it is something else."""
        return msgspec.json.decode(text, type=cls)

    def to_dict(self) -> dict[str, Any]:
        """Plain Python types, without the notebooks' content and pages."""
        content = msgspec.to_builtins(self)
        for notebook in content["notebooks"]:
            del notebook["content"], notebook["page"]
        return content
