"""What goes to the learners: an assignment, and later the feedback; as zips, or ready for nbgrader's exchange."""

import io
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlref.grading.course import Course, CourseError, release
from nlref.grading.feedback import feedback_page
from nlref.grading.gradebook import SECRET_FILE, counted_marks, replace_folder

HANDOUTS = "handouts"
RETURNED = "returned"
TIMESTAMP_FILE = "timestamp.txt"
# The same files make the same zip, byte for byte.
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


# The assignment


def add_unit(course: Course, unit: str) -> bool:
    """Put a unit of this course into ``source``, unless it, or an assignment of that name, is there."""
    from nlref.course_files import course_files

    target = course.path("source", ".", unit)
    solutions = course_files().solutions
    if target.exists():
        return False
    if not (solutions / unit / f"{unit}.ipynb").is_file():
        own = sorted(path.name for path in target.parent.glob("*") if path.is_dir())
        units = sorted(path.name for path in solutions.iterdir() if path.is_dir())
        known = ", ".join(dict.fromkeys([*own, *units])) or "none"
        raise CourseError(
            f"there is no assignment {unit!r} in {target.parent}, and no such unit; there are: {known}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
        shutil.copytree(solutions / unit, draft, ignore=ignored)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return True


def is_released(course: Course, assignment: str) -> bool:
    """Whether ``release`` holds what ``source`` would make: nothing there is older than what it was made of."""
    source, made = (course.path(step, ".", assignment) for step in ("source", "release"))
    if not any(made.glob("*.ipynb")):
        return False
    newest = max((path.stat().st_mtime for path in source.rglob("*") if path.is_file()), default=0.0)
    return newest <= max(path.stat().st_mtime for path in made.glob("*.ipynb"))


def make_release(course: Course, assignment: str) -> None:
    """``nbgrader generate_assignment``, over an older release if there is one.

    Raises
        CourseError: nbgrader refuses; once somebody has submitted, cells can be changed but not added or removed.
    """
    release(course, assignment, force=True)


def handout_zip(course: Course, assignment: str) -> bytes:
    """The released assignment as a zip with one folder in it; the same bytes for the same files."""
    folder = course.path("release", ".", assignment)
    files = {
        f"{assignment}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    return zip_of(files)


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_file(path: Path, content: bytes) -> None:
    """Write beside and rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content)
    os.replace(draft, path)


# The feedback


@dataclass(frozen=True)
class Feedback:
    """The feedback pages of an assignment, as they stand in ``feedback``.

    Attributes
        pages: for each student the names of the pages, in the student's folder.
        through_exchange: students whose submission came through the exchange, where a page can go back.
        waiting: students with something that a person has yet to grade.
    """

    pages: Mapping[str, Sequence[str]]
    through_exchange: Sequence[str]
    waiting: Sequence[str]


def fresh_feedback(course: Course, assignment: str) -> Feedback:
    """Bring every page up to date with the marks and comments that people have given since.

    Raises
        CourseError: nothing of this assignment has been graded.
    """
    version = course.assignment(assignment)
    pages: dict[str, Sequence[str]] = {}
    came_by_exchange, waiting = [], []
    with course.gradebook() as book:
        students = {
            submission.student_id: submission.needs_manual_grade
            for submission in book.find_assignment(assignment).submissions
        }
        for student, needs_a_person in sorted(students.items()):
            folder = course.path("autograded", student, assignment)
            counted = counted_marks(book, assignment, student)
            made: dict[str, bytes] = {}
            for name, master in version.notebooks.items():
                path = folder / f"{name}.ipynb"
                if name not in counted or not path.is_file():
                    continue
                made[f"{name}.html"] = feedback_page(
                    master,
                    json.loads(path.read_text(encoding="utf-8")),
                    counted[name].marks,
                    student=student,
                    assignment=version,
                    comments=counted[name].comments,
                    late_penalty=counted[name].late_penalty,
                ).encode(errors="replace")
            if not made:
                continue
            pages[student] = list(made)
            if needs_a_person:
                waiting.append(student)
            kept = {
                file: (folder / file).read_bytes()
                for file in (TIMESTAMP_FILE, SECRET_FILE)
                if (folder / file).is_file()
            }
            if len(kept) == 2:
                came_by_exchange.append(student)
            _update(course, student, assignment, {**made, **kept})
    if not pages:
        raise CourseError(
            f"nothing of {assignment} has been graded: `nlref grade {course.root} {assignment}` first"
        )
    return Feedback(pages, came_by_exchange, waiting)


def _update(course: Course, student: str, assignment: str, contents: Mapping[str, bytes]) -> None:
    target = course.path("feedback", student, assignment)
    there = {path.name: path for path in target.glob("*")}
    if there.keys() == contents.keys() and all(
        there[name].read_bytes() == contents[name] for name in contents
    ):
        return
    replace_folder(target, contents, shared=course.coursedir.groupshared, mode=0o644)


def feedback_zips(course: Course, assignment: str, feedback: Feedback, folder: Path) -> None:
    """A zip for each student, called as the student is."""
    for student, names in feedback.pages.items():
        own = course.path("feedback", student, assignment)
        write_file(
            folder / f"{student}.zip", zip_of({f"{assignment}/{n}": (own / n).read_bytes() for n in names})
        )
