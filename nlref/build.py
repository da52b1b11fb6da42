"""Make the notebooks of the course from its py:percent sources.

``course/<unit>/lesson.py`` becomes ``solutions/<unit>/<unit>.ipynb``, worked, the source that nbgrader expects, and
``exercises/<unit>/<unit>.ipynb``, what a learner gets. Other files of a unit's folder travel with both. The same
sources give the same bytes: no outputs, no timestamps, cell ids that follow from grade ids.
"""

import ast
import hashlib
import io
import os
import re
import tempfile
import tokenize
import tomllib
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

LESSON = "lesson.py"
CHECKS = {"check", "predict", "choose"}
STUB = "..."


class BuildError(ValueError):
    """A source that cannot be built, or a file that must not be overwritten: what, where and how to mend it."""


@dataclass(frozen=True)
class Unit:
    """A unit of the course as ``course/course.toml`` describes it.

    ``needs`` are ids of earlier units. ``profile`` says what its notebook may import, in the words of the grader
    (:data:`nlref.grading.runtime.PROFILES`): ``"numpy"``, or ``"sklearn"`` for scikit-learn besides.
    """

    id: str
    title: str
    minutes: int
    needs: tuple[str, ...] = ()
    profile: str = "numpy"


def read_units(root: str | Path) -> tuple[Unit, ...]:
    """The units of ``root/course/course.toml``, in the order in which they are taught.

    Raises
        BuildError: the file is missing or malformed, a unit has no lesson, needs a unit that does not come before
            it, or a folder with a lesson is not listed.
    """
    course = Path(root) / "course"
    path = course / "course.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["unit"]
        units = tuple(Unit(**{**table, "needs": tuple(table.get("needs", ()))}) for table in tables)
    except FileNotFoundError:
        raise BuildError(f"{path} does not exist; call build with the root of a checkout.") from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BuildError(
            f"{path} is not a list of [[unit]] tables with id, title, minutes, needs and profile: {error}."
        ) from None
    earlier: set[str] = set()
    for unit in units:
        if unit.id in earlier:
            raise BuildError(f"{path}: the unit {unit.id!r} is listed twice; ids are unique.")
        if missing := set(unit.needs) - earlier:
            raise BuildError(f"{path}: {unit.id!r} needs {sorted(missing)}, which do not come before it.")
        if not (course / unit.id / LESSON).is_file():
            raise BuildError(f"{path} lists {unit.id!r}, but {course / unit.id / LESSON} does not exist.")
        earlier.add(unit.id)
    if unlisted := {lesson.parent.name for lesson in course.glob(f"*/{LESSON}")} - earlier:
        raise BuildError(f"{path} does not list {sorted(unlisted)}; add a [[unit]] table for each.")
    return units


def build(
    root: str | Path, units: Iterable[str] | None = None, *, check: bool = False, force: bool = False
) -> list[Path]:
    """Make ``solutions/`` and ``exercises/`` of some units (all by default); return the files that differed.

    Everything is made in memory first and each file is renamed into place, so an error leaves nothing half done.

    Parameters
        root: the root of a checkout, which holds ``course/``.
        units: ids from ``course.toml``.
        check: write nothing; raise if a file is missing, differs or is made by no unit. For continuous integration.
        force: overwrite notebooks even where someone has changed them since they were built.

    Raises
        BuildError: a source breaks a rule, a notebook was changed by hand, or ``check`` found a difference.
    """
    root = Path(root)
    known = {unit.id: unit for unit in read_units(root)}
    chosen = list(known) if units is None else list(units)
    for unit in chosen:
        if unit not in known:
            raise BuildError(f"There is no unit {unit!r}; the units are {', '.join(known)}.")

    made: dict[Path, bytes] = {}
    for unit in chosen:
        made |= _files_of(root, known[unit])
    differing = [path for path, content in made.items() if not path.is_file() or path.read_bytes() != content]

    if check:
        folders = [root / kind / unit for kind in ("solutions", "exercises") for unit in chosen]
        strays = [path for folder in folders for path in _visible_files(folder) if path not in made]
        if units is None:
            strays += [
                folder
                for kind in ("solutions", "exercises")
                for folder in sorted((root / kind).glob("*/"))
                if folder.name not in known and _visible_files(folder)
            ]
        if differing or strays:
            names = ", ".join(str(path.relative_to(root)) for path in [*differing, *strays])
            raise BuildError(f"These differ from what course/ makes: {names}; run `make build` and commit.")
        return []

    if not force and (changed := [path for path in differing if path.suffix == ".ipynb" and _changed(path)]):
        names = ", ".join(str(path.relative_to(root)) for path in changed)
        raise BuildError(
            f"Changed by hand since they were built: {names}; edit {LESSON} instead, or overwrite with --force."
        )
    for path in differing:
        _write(path, made[path])
    return differing


def _files_of(root: Path, described: Unit) -> dict[Path, bytes]:
    unit = described.id
    folder = root / "course" / unit
    source = source_notebook((folder / LESSON).read_text(encoding="utf-8"), unit, described.profile)
    notebooks = {"solutions": source, "exercises": released_notebook(source)}
    files = {}
    for kind, notebook in notebooks.items():
        files[root / kind / unit / f"{unit}.ipynb"] = _to_bytes(notebook)
        for extra in _visible_files(folder):
            if extra.name != LESSON:
                files[root / kind / unit / extra.relative_to(folder)] = extra.read_bytes()
    return files


def source_notebook(lesson: str, unit: str, profile: str = "numpy") -> NotebookNode:
    """The worked notebook of a lesson: nbgrader's source, with the markers of its solution regions.

    A ``profile`` other than the usual one stands in its metadata, where the grader finds it.

    Raises
        BuildError: a cell breaks one of the rules of a lesson; the sentence names the cell.
    """
    import jupytext

    cells = jupytext.reads(lesson, fmt="py:percent").cells
    notebook = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    if profile != "numpy":
        notebook.metadata["nlref"] = {"profile": profile}
    named, anchor, since = set(), "start", 0
    for number, cell in enumerate(cells, start=1):
        marks = cell.metadata.get("nbgrader")
        if marks is None:
            since += 1
            cell_id, metadata = f"{anchor}-{since}", {}
        else:
            where = f"{unit}, cell {number}"
            metadata = {"nbgrader": _complete(marks, cell, where)}
            cell_id = anchor = marks["grade_id"]
            since = 0
            if cell_id in named:
                raise BuildError(f"{where}: the grade_id {cell_id!r} is used twice; ids are unique.")
            named.add(cell_id)
        if tags := cell.metadata.get("tags"):
            metadata["tags"] = list(tags)
        new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
        notebook.cells.append(new(cell.source, id=cell_id, metadata=metadata))
    _pair_exercises(notebook, unit)
    return _seal(notebook)


def released_notebook(source: NotebookNode) -> NotebookNode:
    """What a learner gets: nbgrader's release of a source notebook, made by nbgrader's own preprocessors.

    They are those of ``nbgrader generate_assignment`` without the three that need a header file, a kernel or a
    gradebook, and their stub is a bare ``...``, so that an untouched function returns None and nothing stops.
    """
    from nbgrader import preprocessors
    from traitlets.config import Config

    config = Config({"ClearSolutions": {"code_stub": {"python": STUB}}})
    notebook, resources = deepcopy(source), {}
    for name in (
        "LockCells",
        "ClearSolutions",
        "ClearOutput",
        "CheckCellMetadata",
        "ComputeChecksums",
        "ClearHiddenTests",
        "ClearMarkScheme",
        "ComputeChecksums",
        "CheckCellMetadata",
    ):
        notebook, resources = getattr(preprocessors, name)(config=config).preprocess(notebook, resources)
    return _seal(notebook)


def _complete(marks: dict, cell: NotebookNode, where: str) -> dict:
    """nbgrader's metadata of a cell, complete, from the short form that stands in a lesson."""
    kinds = [kind for kind in ("solution", "grade", "locked") if marks.get(kind)]
    if set(marks) != {"grade_id", *kinds} or len(kinds) != 1:
        raise BuildError(
            f"{where}: nbgrader={dict(marks)} is not understood; give grade_id and one of solution, grade, locked."
        )
    grade_id, (kind,) = marks["grade_id"], kinds
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,48}", grade_id):
        raise BuildError(f"{where}: the grade_id {grade_id!r} must be 1 to 48 letters, digits, _ or -.")
    if cell.cell_type != "code" and kind != "locked":
        raise BuildError(f"{where}: {grade_id!r} is a {kind} cell, so it must be code, not {cell.cell_type}.")
    completed = {
        "cell_type": cell.cell_type,
        "grade": kind == "grade",
        "grade_id": grade_id,
        "locked": kind != "solution",
        "schema_version": 3,
        "solution": kind == "solution",
        "task": False,
    }
    if kind == "grade":
        completed["points"] = _points(cell.source, grade_id, where)
    return completed


def _points(source: str, grade_id: str, where: str) -> int | float:
    """The points of a check cell, after making sure that it is one bare call of the right check."""
    from nlref.checks import find
    from nlref.checks.exercise import Question

    where = f"{where} ({grade_id})"
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise BuildError(f"{where}: not plain Python: {error.msg} in line {error.lineno}.") from None
    calls = [
        node
        for statement in body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CHECKS
    ]
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    # A trailing semicolon hides the score from the notebook, and nbgrader then gives full points.
    if len(calls) != 1 or last is not calls[0] or _last_token(source) == ";":
        raise BuildError(
            f'{where}: a graded cell ends in one bare call, such as check("relu", relu), whose value is the score.'
        )
    call = calls[0]
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if len(call.args) != 2 or not isinstance(call.args[0], ast.Constant) or set(keywords) - {"points"}:
        raise BuildError(f"{where}: {call.func.id} takes an exercise id, an object and at most points=.")
    try:
        exercise = find(call.args[0].value)
    except ValueError as error:
        raise BuildError(f"{where}: {error}") from None
    if grade_id != f"{exercise.id}-check":
        raise BuildError(
            f"{where}: the cell that checks {exercise.id!r} has the grade_id '{exercise.id}-check'."
        )
    question = isinstance(exercise, Question)
    right = "check" if not question else "choose" if exercise.options else "predict"
    if call.func.id != right:
        kind = {"check": "a function", "choose": "a choice", "predict": "a number"}[right]
        raise BuildError(
            f"{where}: {exercise.id!r} asks for {kind}, so the call is {right}, not {call.func.id}."
        )
    handed = call.args[1].id if isinstance(call.args[1], ast.Name) else ast.unparse(call.args[1])
    expected = f"answer_{exercise.id}" if question else exercise.function
    if handed != expected:
        raise BuildError(f"{where}: it checks {handed!r}, but the learner writes {expected!r}.")
    given = keywords.get("points")
    if given is not None and not (isinstance(given, ast.Constant) and given.value == exercise.points):
        raise BuildError(
            f"{where}: points={ast.unparse(given)}, but nlref.checks gives {exercise.id!r} {exercise.points:g}; "
            "leave points= out."
        )
    return int(exercise.points) if float(exercise.points).is_integer() else exercise.points


def _last_token(source: str) -> str:
    """The last token of a cell that is neither a comment nor white space."""
    passed_over = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type not in passed_over][-1]


def _pair_exercises(notebook: NotebookNode, unit: str) -> None:
    """Every exercise of the unit has a solution cell and, below it, a check cell, and no other has."""
    from nlref.checks import EXERCISES

    expected = {exercise.id for exercise in EXERCISES.values() if exercise.unit == unit}
    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    order = [cell.metadata.nbgrader.grade_id for cell in marked]
    solutions = {cell.metadata.nbgrader.grade_id: cell for cell in marked if cell.metadata.nbgrader.solution}
    checks = {
        cell.metadata.nbgrader.grade_id.removesuffix("-check")
        for cell in marked
        if cell.metadata.nbgrader.grade
    }
    if unknown := sorted((set(solutions) | checks) - expected):
        raise BuildError(f"{unit}: nlref.checks has no exercises {unknown} for this unit.")
    for exercise in sorted(expected):
        if exercise not in solutions:
            raise BuildError(f"{unit}: the exercise {exercise!r} has no solution cell with that grade_id.")
        if exercise not in checks:
            raise BuildError(f"{unit}: the exercise {exercise!r} has no check cell '{exercise}-check'.")
        if order.index(f"{exercise}-check") < order.index(exercise):
            raise BuildError(
                f"{unit}: the check of {exercise!r} stands above its solution cell; move it below."
            )
        if "### BEGIN SOLUTION" not in solutions[exercise].source:
            raise BuildError(
                f"{unit}: the solution of {exercise!r} is not between ### BEGIN and END SOLUTION."
            )


def _digest(notebook: NotebookNode) -> str:
    bare = deepcopy(notebook)
    about = bare.metadata.pop("nlref", {})
    if profile := about.get("profile"):
        bare.metadata["nlref"] = {"profile": profile}
    return hashlib.sha256(nbformat.writes(bare).encode()).hexdigest()


def _seal(notebook: NotebookNode) -> NotebookNode:
    """Record the notebook's own digest in it, so that a later build sees whether anybody has changed it."""
    nbformat.validate(notebook)
    notebook.metadata["nlref"] = {**notebook.metadata.get("nlref", {}), "sha256": _digest(notebook)}
    return notebook


def _changed(path: Path) -> bool:
    """Whether a notebook is anything but an untouched result of some earlier build."""
    if not path.is_file():
        return False
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
        return notebook.metadata.nlref.sha256 != _digest(notebook)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError):
        return True


def _to_bytes(notebook: NotebookNode) -> bytes:
    return (nbformat.writes(notebook) + "\n").encode()


def _visible_files(folder: Path) -> list[Path]:
    """The files below a folder, sorted, without hidden ones and caches."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
    )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as beside:
        try:
            beside.write(content)
            beside.close()
            os.chmod(beside.name, 0o644)
            os.replace(beside.name, path)
        except BaseException:
            os.unlink(beside.name)
            raise
