"""The instructor's version of an assignment: what every submission is repaired by and graded with.

Plain data, read once (by :mod:`nlref.grading.course`) and handed to every worker.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property


@dataclass(frozen=True)
class MasterCell:
    """One cell of the instructor's notebook.

    Attributes
        cell_type: ``"code"``, ``"markdown"`` or ``"raw"``.
        source: what counts: a test cell with its hidden tests, a solution cell as it was released.
        grade_id: nbgrader's id, or ``None`` for a cell that nbgrader does not know.
        grade, solution, locked, task: nbgrader's flags.
        points: what a graded cell or task is worth.
        checksum: nbgrader's checksum of ``source``.
        released: the text that learners were handed, without hidden tests.
        answer: the instructor's own solution, if there is a source notebook.
        shows_only: the instructor tagged it ``skip-execution``: it shows something that nothing later needs. Learners
            run it like any other cell; nbgrader's kernel and this grader pass it over.
        runs_inside: the instructor's metadata ``{"nlref": {"runs_in": "notebook"}}`` asks for this test to run in the
            learner's process, because it looks at figures there, or at what only lives there. What it finds is then the
            word of that process, and the class report says so.
    """

    cell_type: str
    source: str
    grade_id: str | None = None
    grade: bool = False
    solution: bool = False
    locked: bool = False
    task: bool = False
    points: float = 0.0
    checksum: str | None = None
    released: str = ""
    answer: str | None = None
    shows_only: bool = False
    runs_inside: bool = False

    @property
    def is_test(self) -> bool:
        """Whether this cell is a test, graded automatically."""
        return self.grade and not self.solution and self.cell_type == "code"

    @property
    def hides(self) -> bool:
        """Whether this is a test of which learners were handed only a part."""
        return self.is_test and not same_text(self.source, self.released)

    @property
    def is_manual(self) -> bool:
        """Whether a person grades this cell: a written answer or a solution that carries points itself."""
        return (self.grade and self.solution) or (self.grade and self.cell_type != "code")

    @property
    def is_helper(self) -> bool:
        """Whether this is the instructor's own code, read-only and ungraded, such as the set-up cell."""
        return self.locked and not self.grade and not self.task and self.cell_type == "code"

    @property
    def counts(self) -> bool:
        """Whether the gradebook has a grade for it."""
        return self.grade or self.task

    def untouched(self, source: str) -> bool:
        """Whether a learner's text is still the released one."""
        return same_text(source, self.source) or same_text(source, self.released)

    def names(self) -> frozenset[str]:
        """The functions, classes and variables that this cell defines at its top level."""
        return defined_names(self.answer or "") | defined_names(self.source)

    def metadata(self) -> dict[str, object]:
        """nbgrader's cell metadata, as the gradebook has it."""
        content: dict[str, object] = {
            "cell_type": self.cell_type,
            "grade": self.grade,
            "grade_id": self.grade_id,
            "locked": self.locked,
            "schema_version": 3,
            "solution": self.solution,
            "task": self.task,
        }
        if self.checksum:
            content["checksum"] = self.checksum
        if self.counts:
            content["points"] = int(self.points) if float(self.points).is_integer() else self.points
        return content


@dataclass(frozen=True)
class MasterNotebook:
    """The instructor's version of one notebook, its cells in the order in which they were released."""

    name: str
    cells: tuple[MasterCell, ...]
    kernelspec: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, MasterCell]:
        """The cells that nbgrader knows, by their id."""
        return {cell.grade_id: cell for cell in self.cells if cell.grade_id is not None}

    @property
    def graded(self) -> list[MasterCell]:
        """The cells that have a grade, in order."""
        return [cell for cell in self.cells if cell.counts]

    @property
    def language(self) -> str:
        """The language of the notebook's kernel, ``"python"`` where it does not say."""
        return str(self.kernelspec.get("language") or "python").lower()


@dataclass(frozen=True)
class Assignment:
    """One assignment: its notebooks, and the instructor's other files that belong beside them.

    Attributes
        files: relative path to content; copied over what a learner submitted, as nbgrader does.
        private_seed: draws the inputs that learners do not see; the same for every learner of a course.
        answers_known: whether the instructor's solutions are at hand, so that the tests can be tried on them.
        profile: which packages learners' code finds in the sandbox (:data:`nlref.grading.runtime.PROFILES`).
        packages: further installed packages that it finds there, by name.
    """

    name: str
    notebooks: Mapping[str, MasterNotebook]
    files: Mapping[str, bytes] = field(default_factory=dict)
    private_seed: int | None = None
    answers_known: bool = False
    profile: str = "numpy"
    packages: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Changes whenever a submission would have to be graded anew."""
        state = hashlib.sha256()
        for notebook in self.notebooks.values():
            state.update(repr((notebook.name, notebook.cells, sorted(notebook.kernelspec.items()))).encode())
        for path, content in sorted(self.files.items()):
            state.update(repr(path).encode() + hashlib.sha256(content).digest())
        state.update(repr((self.private_seed, self.profile, self.packages)).encode())
        return state.hexdigest()

    def graded(self) -> Iterator[tuple[MasterNotebook, MasterCell]]:
        """Every graded cell with its notebook."""
        for notebook in self.notebooks.values():
            for cell in notebook.graded:
                yield notebook, cell

    @property
    def points(self) -> float:
        """What the whole assignment is worth."""
        return sum(cell.points for _, cell in self.graded())

    def with_answers(self) -> "Assignment":
        """The assignment as its own instructor would hand it in: every solution cell holds the answer."""
        return replace(
            self,
            notebooks={
                name: replace(
                    notebook,
                    cells=tuple(
                        replace(cell, source=cell.answer) if cell.answer is not None else cell
                        for cell in notebook.cells
                    ),
                )
                for name, notebook in self.notebooks.items()
            },
        )


_DEFINITION = re.compile(
    r"^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^([^\W\d]\w*)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE
)


def defined_names(source: str) -> frozenset[str]:
    """The names that a cell defines at its top level, found without parsing, so that a syntax error does not hide them.

    >>> sorted(defined_names("def f(x):\\n    y = 1\\nz = f(2"))
    ['f', 'z']
    """
    return frozenset(function or variable for function, variable in _DEFINITION.findall(source))


def same_text(one: str, other: str) -> bool:
    """Whether two sources differ at most in white space at the ends of lines and of the text."""
    return one == other or _stripped(one) == _stripped(other)


def _stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
