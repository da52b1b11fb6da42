"""An nbgrader course directory: reading one that exists, and making one with a unit of this course in it."""

import glob
import json
import logging
import os
import re
import secrets
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlref.grading.assignment import Assignment, MasterCell, MasterNotebook
from nlref.grading.submission import FILES_BYTES

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGrader
    from nbgrader.coursedir import CourseDirectory

SEED_FILE = "private_seed"
LOCK_SECONDS = 5  # how long another program's lock on the gradebook is waited for; SQLite's own default
SKIP_TAG = "skip-execution"
INSIDE = {"runs_in": "notebook"}  # a cell's metadata under "nlref", see `MasterCell.runs_inside`

CONFIG = '''\
"""nbgrader's configuration of this course, with nlref as the engine that grades.

`nbgrader autograde` and formgrader's Autograde button run the learners' code in nlref's sandbox and the tests outside
of it; `nlref grade` does the same for a whole class at once.
"""

c = get_config()

c.CourseDirectory.course_id = {course_id!r}

# What a learner finds in place of a solution.
c.ClearSolutions.code_stub = {{"python": "..."}}

c.Autograde.exporter_class = "nlref.grading.preprocessor.AnyNotebook"
c.Autograde.sanitize_preprocessors = []  # Grade repairs what was submitted, and restores locked cells
c.Autograde.autograde_preprocessors = [
    "nlref.grading.preprocessor.Grade",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# The page that `nlref grade` writes, made anew with the marks and comments of the people who graded.
c.GenerateFeedback.exporter_class = "nlref.grading.exporter.FeedbackPage"
c.GenerateFeedback.preprocessors = []
'''


class CourseError(ValueError):
    """Something about a course directory that its owner can mend; the message is one sentence."""


class Course:
    """An nbgrader course directory, configured as nbgrader itself would configure it.

    Parameters
        directory: the course directory: the folder with ``nbgrader_config.py``, ``source`` or ``gradebook.db``.
        app: nbgrader's application or API, where one is running already; its configuration is used then.

    Attributes
        root: the absolute path.
        nbgrader: nbgrader's application, with the configuration of the user and of the course loaded.
        coursedir: nbgrader's own view of the directory structure.
    """

    def __init__(self, directory: str | os.PathLike[str], *, app: Any = None) -> None:
        self.root = Path(directory).absolute()
        if not self.root.is_dir():
            raise CourseError(
                f"{self.root} is not a directory; `nlref init {directory}` makes a course there"
            )
        if (self.root / "nlref" / "grading").is_dir():
            raise CourseError(
                f"{self.root} is the repository of nlref, not a course; `nlref init` makes one elsewhere"
            )
        if not any(
            (self.root / name).exists()
            for name in ("nbgrader_config.py", "gradebook.db", "source", "release")
        ):
            raise CourseError(
                f"{self.root} is not a course directory: it has no nbgrader_config.py, gradebook.db, source or release"
            )
        put_own_bin_on_path()
        self.nbgrader: NbGrader = _configured(self.root) if app is None else app
        self.coursedir: CourseDirectory = self.nbgrader.coursedir

    @property
    def db_url(self) -> str:
        """The gradebook's address; a relative SQLite path is taken from the course directory."""
        found = re.fullmatch(r"sqlite:///(?!/)(?!:memory:)(.+)", self.coursedir.db_url)
        if found and not Path(found[1]).is_absolute():
            return f"sqlite:///{self.root / found[1]}"
        return self.coursedir.db_url

    @property
    def may_add_students(self) -> bool:
        """Whether a student whom the gradebook does not know is added (``Autograde.create_student``)."""
        return bool(self.nbgrader.config.Autograde.get("create_student", True))

    def gradebook(self) -> "Gradebook":
        """nbgrader's gradebook; made if there is none. Use it as a context manager."""
        from nbgrader.api import Gradebook
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import SQLAlchemyError

        try:
            url = make_url(self.db_url)
            if url.get_backend_name() == "postgresql" and "options" not in url.query:
                url = url.update_query_dict({"options": f"-c lock_timeout={LOCK_SECONDS}s"})
            return Gradebook(
                url.render_as_string(hide_password=False), self.coursedir.course_id or "default_course"
            )
        except (SQLAlchemyError, ImportError) as error:
            raise self.refusal(error) from error

    def refusal(self, error: Exception) -> CourseError:
        """What the database's error means for an instructor, in a sentence."""
        from sqlalchemy.exc import ArgumentError

        lines = str(getattr(error, "orig", None) or error).splitlines()
        said = lines[0] if lines else type(error).__name__
        sqlite = re.fullmatch(r"sqlite:///(.+)", self.db_url)
        where = sqlite[1] if sqlite else "the gradebook"
        if isinstance(error, ImportError):
            mend = (
                "write c.CourseDirectory.db_url as postgresql+psycopg://user@host/database, and install the driver "
                "with: python -m pip install 'nlref[postgresql]'"
            )
        elif isinstance(error, ArgumentError):
            mend = "c.CourseDirectory.db_url in nbgrader_config.py should be like postgresql+psycopg://user@host/database"
        elif "connect" in said or "terminating" in said:
            mend = "see that the server runs and lets you in, then run this again; what was graded before is safe"
        elif "locked" in said or "lock timeout" in said:
            mend = "close the other program that writes to it (formgrader, nbgrader), then run this again"
        elif "full" in said or "disk I/O" in said:
            mend = "make room on the disk, then run this again"
        elif "no such column" in said or "no such table" in said:
            mend = "it was made by another version of nbgrader: copy it, then run `nbgrader db upgrade`"
        elif "not a database" in said or "malformed" in said:
            mend = "put it back from a copy, or move it away and run `nbgrader generate_assignment` again"
        else:
            mend = "what was graded before is safe"
        return CourseError(f"{where} refused: {said}; {mend}")

    def path(self, step: str, student: str, assignment: str) -> Path:
        """Where a step (``"submitted"``, ``"autograded"``...) of a student's assignment lies."""
        name = getattr(self.coursedir, f"{step}_directory")
        return Path(os.path.normpath(self.coursedir.format_path(name, student, assignment)))

    def submissions(self, assignment: str, students: Sequence[str] | None = None) -> dict[str, Path]:
        """The folders of all who submitted an assignment, by student, in order.

        ``students`` are names or patterns such as ``"a*"``; nbgrader's ``student_id_exclude`` is heeded.
        """
        step = self.coursedir.submitted_directory
        everyone = self.coursedir.format_path(step, "*", glob.escape(assignment))
        pattern = re.compile(
            self.coursedir.format_path(step, "(?P<student>[^/]+)", re.escape(assignment), escape=True)
        )
        excluded = {name.strip() for name in self.coursedir.student_id_exclude.split(",")}
        found = {}
        for path in sorted(glob.glob(everyone)):
            match = pattern.fullmatch(path)
            if match is None or not os.path.isdir(path) or match["student"] in excluded:
                continue
            if students is None or is_one_of(match["student"], students):
                found[match["student"]] = Path(path)
        return found

    def private_seed(self) -> int:
        """The seed of the inputs that learners do not see: drawn once a course, in a file that only its owner reads."""
        path = self.root / SEED_FILE
        if not path.exists():
            draft = path.with_name(f".{SEED_FILE}.{secrets.token_hex(4)}")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{secrets.randbits(63)}\n")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # somebody else was faster, and one seed is as good as another
            finally:
                draft.unlink()
        try:
            return int(path.read_text())
        except ValueError:
            raise CourseError(
                f"{path} holds no number; put back the seed from a copy, or delete the file to draw a new one"
            ) from None

    def assignment(self, name: str) -> Assignment:
        """The instructor's version of an assignment, from the gradebook, ``release`` and ``source``."""
        from nbgrader.api import MissingEntry

        with self.gradebook() as gradebook:
            try:
                registered = gradebook.find_assignment(name)
            except MissingEntry:
                known = ", ".join(sorted(a.name for a in gradebook.assignments)) or "none"
                raise CourseError(
                    f"the gradebook of {self.root} has no assignment {name!r} (it has: {known}); "
                    f"`nbgrader generate_assignment {name}` registers one"
                ) from None
            released = self._notebooks("release", name)
            sources = self._notebooks("source", name)
            notebooks = {
                notebook.name: _master(notebook, released.get(notebook.name), sources.get(notebook.name))
                for notebook in sorted(registered.notebooks, key=lambda notebook: notebook.name)
            }
        if not notebooks:
            raise CourseError(
                f"the gradebook knows no notebook of {name!r}: run `nbgrader generate_assignment {name}` first"
            )
        for notebook in notebooks.values():
            if not re.match(r"i?python", notebook.language):
                raise CourseError(
                    f"{notebook.name}.ipynb is written in {notebook.language}; nlref grades Python only"
                )
        return Assignment(
            name=name,
            notebooks=notebooks,
            files=self._source_files(name),
            private_seed=self.private_seed(),
            answers_known=set(sources) >= set(notebooks),
            **self._runtime(name, (*sources.values(), *released.values())),
        )

    def _runtime(self, assignment: str, notebooks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """What ``c.Grade.profile`` and ``c.Grade.packages`` say about an assignment: one value, or one for each.

        Where nothing is said of the profile, it is the one that the instructor's notebooks name in their metadata.
        """
        from nlref.grading.runtime import PROFILES, packages_of

        chosen = {}
        for setting, usual in (("profile", _profile_of(notebooks)), ("packages", ())):
            value = self.nbgrader.config.Grade.get(setting, usual)
            chosen[setting] = value.get(assignment, usual) if isinstance(value, Mapping) else value
        profile, packages = chosen["profile"], chosen["packages"]
        where = self.root / "nbgrader_config.py"
        if profile not in PROFILES:
            raise CourseError(f"c.Grade.profile in {where} is one of {', '.join(PROFILES)}, not {profile!r}")
        if isinstance(packages, str) or not all(isinstance(name, str) for name in packages):
            raise CourseError(f'c.Grade.packages in {where} is a list of names such as ["pandas"]')
        if profile != "numpy" or packages:  # what the usual profile needs, this package needs itself
            try:
                packages_of((*PROFILES[profile], *packages))
            except ValueError as error:
                raise CourseError(
                    f"{assignment} is graded with the profile {profile!r}, and {error} "
                    f"(see c.Grade.profile and c.Grade.packages in {where})"
                ) from None
        return {"profile": profile, "packages": tuple(packages)}

    def _notebooks(self, step: str, assignment: str) -> dict[str, dict[str, Any]]:
        folder = self.path(step, ".", assignment)
        found = {}
        for path in sorted(folder.glob("*.ipynb")):
            try:
                found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise CourseError(f"{path} is not a notebook: {error}") from None
        return found

    def _source_files(self, assignment: str) -> dict[str, bytes]:
        """The instructor's files beside the notebooks, but for those that learners are meant to change."""
        from nbgrader.utils import find_all_files

        folder = self.path("source", ".", assignment)
        excluded = self.nbgrader.config.Autograde.get("exclude_overwriting", {})
        own = set(excluded.get(assignment, []) if isinstance(excluded, Mapping) else [])
        files: dict[str, bytes] = {}
        for name in find_all_files(str(folder), [*self.coursedir.ignore, "*.ipynb"]):
            relative = os.path.relpath(name, folder)
            if relative not in own:
                files[relative] = Path(name).read_bytes()
        size = sum(map(len, files.values()))
        if size > FILES_BYTES:
            raise CourseError(
                f"the files in {folder} have {size / 1e6:.0f} MB; {FILES_BYTES / 1e6:.0f} MB is the limit"
            )
        return files


def _profile_of(notebooks: Iterable[Mapping[str, Any]]) -> str:
    """The profile that the metadata of the instructor's notebooks ask for, ``{"nlref": {"profile": "sklearn"}}``."""
    for notebook in notebooks:
        about = notebook.get("metadata", {}).get("nlref", {})
        if isinstance(about, Mapping) and "profile" in about:
            return str(about["profile"])
    return "numpy"


def _master(
    registered: Any, released: Mapping[str, Any] | None, source: Mapping[str, Any] | None
) -> MasterNotebook:
    """Join what the gradebook, the released and the source notebook say about one notebook.

    The gradebook says what each cell is and holds the tests; the released notebook gives the order and the texts that
    learners were handed; the source notebook gives the answers.
    """
    sources = {cell.name: cell for cell in registered.source_cells}
    points = {cell.name: cell.max_score for cell in (*registered.grade_cells, *registered.task_cells)}
    graded = {cell.name for cell in registered.grade_cells}
    solutions = {cell.name for cell in registered.solution_cells}
    tasks = {cell.name for cell in registered.task_cells}
    answers = {grade_id: text for grade_id, _, text, _ in _cells(source) if grade_id in solutions}
    inside = {
        grade_id
        for notebook in (released, source)
        for grade_id, _, _, metadata in _cells(notebook)
        if metadata.get("nlref") == INSIDE
    }
    cells: list[MasterCell] = []
    seen: set[str] = set()
    for grade_id, cell_type, text, metadata in _cells(released if released is not None else source):
        known = sources.get(grade_id) if grade_id else None
        if known is None or grade_id in seen:
            cells.append(
                MasterCell(cell_type, text, released=text, shows_only=SKIP_TAG in metadata.get("tags", []))
            )
            continue
        seen.add(known.name)
        cells.append(
            MasterCell(
                cell_type=known.cell_type,
                source=known.source,
                grade_id=known.name,
                grade=known.name in graded,
                solution=known.name in solutions,
                locked=bool(known.locked),
                task=known.name in tasks,
                points=float(points.get(known.name, 0.0)),
                checksum=known.checksum,
                released=text if released is not None else known.source,
                answer=answers.get(known.name),
                runs_inside=known.name in inside,
            )
        )
    lost = [name for name in sources if name not in seen]
    if lost:
        where = "release" if released is not None else "source"
        raise CourseError(
            f"{registered.name}.ipynb in {where} lacks the cell {lost[0]!r} that the gradebook knows: "
            "run `nbgrader generate_assignment` again, so that the two agree"
        )
    return MasterNotebook(registered.name, tuple(cells), json.loads(registered.kernelspec or "{}"))


def _cells(notebook: Mapping[str, Any] | None) -> Iterator[tuple[str | None, str, str, Mapping[str, Any]]]:
    for cell in (notebook or {}).get("cells", []):
        text, metadata = cell.get("source", ""), cell.get("metadata", {})
        grade_id = metadata.get("nbgrader", {}).get("grade_id")
        yield (
            grade_id,
            cell["cell_type"],
            text if isinstance(text, str) else "".join(text),
            metadata,
        )


def is_one_of(student: str, wanted: Iterable[str]) -> bool:
    """Whether a student is named, or meant by a pattern such as ``"a*"``."""
    return any(student == name or fnmatchcase(student, name) for name in wanted)


def put_own_bin_on_path() -> None:
    """nbgrader runs ``alembic`` as a program; it stands beside this interpreter, which need not be on PATH."""
    own = sysconfig.get_path("scripts")
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if own not in parts:
        os.environ["PATH"] = os.pathsep.join([own, *parts])


def _configured(root: Path) -> "NbGrader":
    """nbgrader's application for one course: the user's configuration, then the course's."""
    with _without_grammars():
        from nbgrader.apps import NbGrader
    from traitlets import TraitError

    class CourseApp(NbGrader):
        name = "nbgrader"
        load_cwd_config = False  # the working directory is nobody's course

    app = CourseApp(raise_config_file_errors=True, log_level=logging.CRITICAL)
    path = list(sys.path)
    try:
        with collecting_errors(app.log) as said:
            app.initialize([], root=str(root))
    except SystemExit:
        why = said[-1].partition("initialization: ")[2] if said else "it does not say why"
        raise CourseError(f"nbgrader refuses {root / 'nbgrader_config.py'}: {why}") from None
    except (Exception, TraitError) as error:
        raise CourseError(
            f"{root / 'nbgrader_config.py'} could not be read: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path[:] = path
    return app


@contextmanager
def _without_grammars() -> Iterator[None]:
    """Keep jsonschema, which nbgrader imports, from building a parser of addresses in all the languages of the world.

    It takes a third of nbgrader's start, and jsonschema does without where it is not installed: only the format ``iri``
    of a schema, which no notebook's schema has, is then not looked at.
    """
    name = "rfc3987_syntax"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # so that importing it is an ImportError
    try:
        yield
    finally:
        del sys.modules[name]


def init(course_dir: str | os.PathLike[str], unit: str = "01_first_activations") -> Path:
    """Make an nbgrader course directory with one unit in it, ready to release, and answer with its path.

    It holds ``nbgrader_config.py`` (nlref as the engine), ``source/<unit>``, ``release/<unit>``, an empty
    ``submitted``, ``gradebook.db`` with the unit's cells, and the private seed, readable by its owner alone. Everything
    is made beside and renamed at the end: where this fails, nothing is left.

    Raises
        CourseError: the directory exists and is not empty, or there is no such unit.
    """
    from nlref.course_files import course_files

    target = Path(course_dir).absolute()
    if target.is_symlink() or target.is_file():
        raise CourseError(f"{target} is not a directory; name one that does not exist yet")
    if target.is_dir() and any(target.iterdir()):
        raise CourseError(f"{target} exists and is not empty; name a directory that does not exist yet")
    solutions = course_files().solutions
    if not (solutions / unit / f"{unit}.ipynb").is_file():
        units = ", ".join(sorted(path.name for path in solutions.iterdir() if path.is_dir())) or "none"
        raise CourseError(f"there is no unit {unit!r}; there are: {units}")
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft.chmod(0o755)
        (draft / "nbgrader_config.py").write_text(CONFIG.format(course_id=target.name), encoding="utf-8")
        shutil.copytree(
            solutions / unit,
            draft / "source" / unit,
            ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"),
        )
        (draft / "submitted").mkdir()
        course = Course(draft)
        course.private_seed()
        release(course, unit)
        if target.is_dir():
            target.rmdir()
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def release(course: Course, assignment: str, *, force: bool = False) -> None:
    """``nbgrader generate_assignment`` in this process: ``source`` to ``release``, cells into the gradebook.

    With ``force`` an earlier release is replaced.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException

    course.coursedir.assignment_id = assignment
    converter = GenerateAssignment(coursedir=course.coursedir, parent=course.nbgrader)
    converter.force = force
    with collecting_errors(course.nbgrader.log) as messages:
        try:
            converter.start()
        except NbGraderException as error:
            said = " ".join(message.splitlines()[-1] for message in messages if message.strip())
            raise CourseError(f"nbgrader could not release {assignment!r}: {said or error}") from error


@contextmanager
def collecting_errors(log: Any) -> Iterator[list[str]]:
    """What a logger says at level ERROR, as a list."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler = Keep(logging.ERROR)
    logger = getattr(log, "logger", log)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.ERROR)
    propagate, logger.propagate = logger.propagate, False
    others = [other for other in logger.handlers if other is not handler]
    for other in others:
        logger.removeHandler(other)
    try:
        yield messages
    finally:
        for other in others:
            logger.addHandler(other)
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
