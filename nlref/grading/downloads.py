"""Submissions that a learning platform hands out: a zip from Moodle, Canvas or Blackboard, or a folder of notebooks.

Whose file it is says its name, by one of these patterns; the first that fits counts:

    Ada Lovelace_4711_assignsubmission_file_/unit.ipynb       Moodle, submissions in folders
    Ada Lovelace_4711_assignsubmission_file_unit.ipynb        Moodle, without folders
    lovelaceada_1234_56789_unit.ipynb                         Canvas (its user number, its file number)
    lovelaceada_LATE_1234_56789_unit.ipynb                    Canvas, late
    Unit 1_ada_attempt_2026-01-30-15-30-10_unit.ipynb         Blackboard
    ada+unit+2026-01-30 15:30:10.000000 UTC/unit.ipynb        nbgrader's exchange
    ada/unit.ipynb, ada/unit/unit.ipynb                       a folder a student
    unit_ada.ipynb, ada-unit.ipynb, ada.ipynb                 loose notebooks

A student is known by id, e-mail address, the address' part before the @, ``lms_user_id``, or by first and last name in
either order, without regard to case, accents and punctuation. Where the gradebook has no student at all, everybody in
the download becomes one, under the name that the file gives.

Names in a download are only ever looked at: what is written goes to ``submitted/<student>/<assignment>/``, below names
that were checked part by part.
"""

import io
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from nlref.grading.course import Course, CourseError
from nlref.grading.gradebook import replace_folder
from nlref.grading.submission import FILE_BYTES, FILES, FILES_BYTES, NOTEBOOK_BYTES

ENTRIES = 200_000
NAME_BYTES = 255
JUNK = re.compile(
    r"(?:^|/)(?:__MACOSX|\.DS_Store|Thumbs\.db|desktop\.ini|\.ipynb_checkpoints|__pycache__)(?:/|$)"
)
# nbgrader's exchange writes these, and they decide about lateness and feedback: a learner's own do not count.
NOT_THE_LEARNERS = ("timestamp.txt", "submission_secret.txt")

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assign(?:submission|feedback)_[a-z]+_?(?P<file>.*)")
_CANVAS = re.compile(r"(?P<name>[\w-]+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<order>\d+)_(?P<file>.+)")
_BLACKBOARD = re.compile(
    r"(?P<unit>.+)_(?P<name>[^_]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)"
)
_EXCHANGE = re.compile(
    r"(?P<name>.+)\+(?P<unit>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \w+)(?:\+.*)?"
)
_COPY = re.compile(r"(?P<stem>.+?)(?:-(?P<a>\d{1,3})|[ _]?\((?P<b>\d{1,3})\))")


@dataclass(frozen=True)
class Entry:
    """A file of a download: its path there, and how to read at most so many bytes of it."""

    path: str
    read: Callable[[int], bytes]
    time: float = 0.0


@dataclass(frozen=True, order=True)
class Student:
    """Someone in the gradebook, by all the names that a platform may use."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""

    def names(self) -> Iterator[str]:
        """What this student may be called, folded."""
        yield from (self.id, self.email, self.email.partition("@")[0], self.lms_user_id)
        if self.first_name or self.last_name:
            yield f"{self.first_name} {self.last_name}"
            yield f"{self.last_name} {self.first_name}"


@dataclass
class Handed:
    """What one student handed in.

    Attributes
        files: what goes into the folder, by relative path.
        when: the time in the file's name, as nbgrader's ``timestamp.txt``; empty if there is none.
        late: whether the platform says so.
        state: ``"new"``, ``"changed"`` (another submission is there) or ``"unchanged"``.
    """

    files: dict[str, Entry] = field(default_factory=dict)
    when: str = ""
    late: bool = False
    state: str = "new"


@dataclass(frozen=True)
class Download:
    """A download, read and matched, nothing written yet.

    Attributes
        handed: by student.
        unmatched: files that belong to nobody, or were left out, each with the reason.
    """

    course: Course
    assignment: str
    handed: Mapping[str, Handed]
    unmatched: Sequence[tuple[str, str]]

    def of(self, state: str) -> list[str]:
        """The students whose submission is ``"new"``, ``"changed"`` or ``"unchanged"``."""
        return [student for student, handed in self.handed.items() if handed.state == state]

    @property
    def late(self) -> list[str]:
        """The students whom the platform calls late."""
        return [student for student, handed in self.handed.items() if handed.late]

    def write(self) -> None:
        """Put new and changed submissions into ``submitted``, each whole or not at all."""
        for student, handed in self.handed.items():
            if handed.state == "unchanged":
                continue
            target = self.course.path("submitted", student, self.assignment)
            shared = self.course.coursedir.groupshared
            try:
                replace_folder(target, dict(_contents(handed)), shared=shared, mode=0o644)
            except OSError as error:
                raise CourseError(
                    f"the submission of {student} could not be written: {error.strerror} ({error.filename}); "
                    "those before it are in place, and the same command goes on from here"
                ) from error


@contextmanager
def read_download(
    course: Course, assignment: str, path: str | os.PathLike[str], *, pattern: str | None = None
) -> Iterator[Download]:
    """Find out whose files a download holds; writes nothing. A context manager: the download is open inside it.

    Parameters
        path: a zip, or a folder.
        pattern: a regular expression for the paths in it, with the groups ``student_id`` or ``first_name`` and
            ``last_name``, and if need be ``file_id`` and ``timestamp``, as for ``nbgrader zip_collect``; it takes the
            place of the patterns above.

    Raises
        CourseError: it is no zip or folder, or holds nothing of this assignment; the pattern is no such expression.
    """
    source = Path(path).absolute()
    with ExitStack() as stack:
        yield _matched(course, assignment, source, pattern, stack)


def _matched(
    course: Course, assignment: str, source: Path, pattern: str | None, stack: ExitStack
) -> Download:
    left_out: list[tuple[str, str]] = []
    entries = list(_entries(source, left_out, stack))
    notebooks = list(course.assignment(assignment).notebooks)
    owners = _Owners(course, assignment, notebooks, pattern)
    if owners.anybody:
        owners.folders = _folders_of_notebooks(entries, assignment, notebooks)
    handed: dict[str, Handed] = {}
    rank: dict[tuple[str, str], tuple[Any, ...]] = {}
    for entry in entries:
        owner = owners.of(entry)
        if isinstance(owner, str):
            left_out.append((entry.path, owner))
            continue
        mine = handed.setdefault(owner.student, Handed())
        for one, name, copy in _unpacked(owner, notebooks, left_out):
            key = (owner.student, name)
            newness = (owner.when, copy, owner.order, entry.time)
            if key in rank:
                older = one if newness <= rank[key] else mine.files[name]
                left_out.append((older.path, f"{owner.student} handed in a newer `{name}`"))
                if older is one:
                    continue
            rank[key] = newness
            mine.files[name] = one
            mine.when = max(mine.when, owner.when)
            mine.late = mine.late or owner.late
    for student, mine in list(handed.items()):
        if not mine.files:
            del handed[student]
            continue
        mine.state = _state(course.path("submitted", student, assignment), mine)
    if not handed:
        why = f"; for example {left_out[0][0]!r}: {left_out[0][1]}" if left_out else ""
        raise CourseError(f"{source} holds no submission of {assignment}{why}")
    return Download(course, assignment, dict(sorted(handed.items())), left_out)


# The files of a download


def _entries(source: Path, left_out: list[tuple[str, str]], stack: ExitStack) -> Iterator[Entry]:
    if source.is_dir():
        yield from _folder_entries(source, left_out)
        return
    try:
        file = stack.enter_context(open(source, "rb"))  # noqa: SIM115 - the stack closes it
    except OSError as error:
        raise CourseError(f"{source} cannot be read: {error.strerror}") from None
    if not zipfile.is_zipfile(file):
        raise CourseError(
            f"{source} is neither a zip nor a folder; unpack what it is and name the folder instead"
        )
    yield from _zip_entries(file, str(source), left_out)


def _folder_entries(source: Path, left_out: list[tuple[str, str]]) -> Iterator[Entry]:
    count = 0
    for folder, folders, names in os.walk(source):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(source).as_posix()
            if JUNK.search(relative):
                continue
            count += 1
            if count > ENTRIES:
                raise CourseError(f"{source} holds more than {ENTRIES} files; name a smaller folder")
            try:
                status = path.lstat()
            except OSError as error:
                left_out.append((relative, f"it cannot be read: {error.strerror}"))
                continue
            if not stat.S_ISREG(status.st_mode):
                left_out.append((relative, "it is a link or no ordinary file"))
                continue
            yield Entry(relative, lambda limit, path=path: _read_file(path, limit), status.st_mtime)


def _read_file(path: Path, limit: int) -> bytes:
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read(limit)


def _zip_entries(file: Any, what: str, left_out: list[tuple[str, str]]) -> Iterator[Entry]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise CourseError(f"{what} is a damaged zip: {error}") from None
    infos = archive.infolist()
    if len(infos) > ENTRIES:
        raise CourseError(f"{what} holds {len(infos)} files, and {ENTRIES} is the limit")
    for info in infos:
        name = info.filename.replace("\\", "/")
        if name.endswith("/") or JUNK.search(name):
            continue
        parts = name.split("/")
        if name.startswith("/") or ".." in parts or "\0" in name:
            left_out.append((name, "its path leads out of the zip"))
        elif any(part in ("", ".") or len(part.encode(errors="replace")) > NAME_BYTES for part in parts):
            left_out.append((name, "its path is not one that a file can have"))
        elif stat.S_ISLNK(info.external_attr >> 16):
            left_out.append((name, "it is a link"))
        elif info.flag_bits & 1:
            left_out.append((name, "it is encrypted"))
        else:
            try:
                time = datetime(*info.date_time).timestamp()
            except (ValueError, OverflowError):
                time = 0.0
            yield Entry(name, lambda limit, info=info: _read_member(archive, info, limit), time)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    try:
        with archive.open(info) as member:
            return member.read(limit)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise OSError(0, f"damaged in the zip ({error})", info.filename) from None


# Whose they are


@dataclass(frozen=True)
class _Owner:
    """Whose an entry is, and what is known besides."""

    student: str
    entry: Entry
    file: str
    when: str = ""
    late: bool = False
    order: int = 0


class _Owners:
    """Finds a student by what a path says."""

    def __init__(
        self, course: Course, assignment: str, notebooks: Sequence[str], pattern: str | None
    ) -> None:
        self.assignment = assignment
        self.notebooks = notebooks
        self.by_name: dict[str, set[str]] = {}
        self.by_number: dict[str, str] = {}
        students = roster(course)
        self.anybody = not students and course.may_add_students
        self.invented: dict[str, dict[str, str]] = {}
        self.folders: set[str] = set()
        for student in students:
            for name in student.names():
                if fold(name):
                    self.by_name.setdefault(fold(name), set()).add(student.id)
            if student.lms_user_id:
                self.by_number[student.lms_user_id] = student.id
        self.ids = {student.id for student in students}
        self.pattern = None
        if pattern is not None:
            try:
                self.pattern = re.compile(pattern)
            except re.error as error:
                raise CourseError(f"the pattern {pattern!r} is no regular expression: {error}") from None
            groups = self.pattern.groupindex.keys()
            if not ("student_id" in groups or {"first_name", "last_name"} <= groups):
                raise CourseError(
                    f"the pattern {pattern!r} has no group that names the student: write (?P<student_id>...), or "
                    "(?P<first_name>...) and (?P<last_name>...)"
                )

    def of(self, entry: Entry) -> "_Owner | str":
        """The owner, or a sentence that says why there is none."""
        if self.pattern is not None:
            return self._by_pattern(entry)
        parts = entry.path.split("/")
        for place, part in enumerate(parts):
            inner = "/".join(parts[place + 1 :])
            if found := _MOODLE.fullmatch(part):
                file = inner or found["file"]
                if not file or file == "onlinetext.html":
                    return "it is the text typed into Moodle, not a file"
                return self._named(entry, found["name"], file, number=found["number"])
            if found := _EXCHANGE.fullmatch(part):
                if found["unit"] != self.assignment:
                    return f"it belongs to the assignment {found['unit']!r}"
                if inner in NOT_THE_LEARNERS:
                    return "the exchange's own record"
                return self._named(entry, found["name"], inner, when=found["when"])
            if inner:
                continue
            if found := _BLACKBOARD.fullmatch(part):
                if not found["file"]:
                    return "it is Blackboard's receipt"
                date, time = found["when"][:10], found["when"][11:].replace("-", ":")
                return self._named(entry, found["name"], found["file"], when=f"{date} {time} UTC")
            if found := _CANVAS.fullmatch(part):
                return self._named(
                    entry,
                    found["name"],
                    found["file"],
                    number=found["user"],
                    canvas=True,
                    late=bool(found["late"]),
                    order=int(found["order"]),
                )
        return self._by_folder(entry, parts)

    def _by_pattern(self, entry: Entry) -> "_Owner | str":
        found = self.pattern.search(entry.path) if self.pattern is not None else None
        if found is None:
            return "the pattern does not fit"
        groups = {key: value for key, value in found.groupdict().items() if value}
        name = groups.get("student_id") or f"{groups.get('first_name', '')} {groups.get('last_name', '')}"
        file = groups.get("file_id") or entry.path.rpartition("/")[2]
        if not file.endswith(".ipynb") and entry.path.endswith(".ipynb"):
            file += ".ipynb"
        return self._named(entry, name, file, when=groups.get("timestamp", ""))

    def _by_folder(self, entry: Entry, parts: list[str]) -> "_Owner | str":
        for place, part in enumerate(parts[:-1]):
            students = self.by_name.get(fold(part), set())
            if len(students) == 1 or "/".join(parts[: place + 1]) in self.folders:
                inner = parts[place + 1 :]
                if len(inner) > 1 and inner[0] == self.assignment:
                    inner = inner[1:]
                return self._named(entry, part, "/".join(inner))
        stem, dot, suffix = parts[-1].rpartition(".")
        if not dot or suffix != "ipynb":
            return "its path names no student"
        for notebook in sorted(self.notebooks, key=len, reverse=True):
            name = re.escape(notebook)
            if found := re.fullmatch(rf"{name}[-_ ]+(?P<a>.+)|(?P<b>.+?)[-_ ]+{name}", stem):
                who = found["a"] or found["b"]
                if not re.fullmatch(r"\(?\d{1,3}\)?|[Cc]opy\d*", who):
                    return self._named(entry, who, f"{notebook}.ipynb")
        if len(self.notebooks) == 1 and fold(stem) in self.by_name:
            return self._named(entry, stem, f"{self.notebooks[0]}.ipynb")
        return "its path names no student"

    def _named(
        self,
        entry: Entry,
        name: str,
        file: str,
        *,
        number: str = "",
        canvas: bool = False,
        when: str = "",
        late: bool = False,
        order: int = 0,
    ) -> "_Owner | str":
        if canvas and number in self.by_number:
            student = self.by_number[number]
        elif name in self.ids:
            student = name
        elif self.anybody:
            student = self._invent(name, number)
        else:
            found = self.by_name.get(fold(name), set())
            if len(found) > 1:
                return f"{name!r} fits {' and '.join(sorted(found))}: give one of them another name or number"
            if not found:
                return f"the gradebook has no student {name!r}; `nlref students` adds some"
            [student] = found
        if any(part in ("", ".", "..") for part in file.split("/")):
            return f"{file!r} is not a path that a file can have"
        if not is_name(student):
            return f"{student!r} is not a name that a folder can have"
        return _Owner(student, entry, file, when, late, order)

    def _invent(self, name: str, number: str) -> str:
        """An id for somebody whom nobody registered; the platform's number tells two of one name apart."""
        known = self.invented.setdefault(name, {})
        if number not in known:
            known[number] = name if not known else f"{name} {number}"
        return known[number]


def _folders_of_notebooks(entries: Iterable[Entry], assignment: str, notebooks: Sequence[str]) -> set[str]:
    """The folders that hold a notebook of the assignment: a student's each, where nobody is known by name."""
    found = set()
    for entry in entries:
        *folders, file = entry.path.split("/")
        if _file_name(file, notebooks)[0].removesuffix(".ipynb") in notebooks:
            if len(folders) > 1 and folders[-1] == assignment:
                folders = folders[:-1]
            if folders:
                found.add("/".join(folders))
    return found


def fold(name: str) -> str:
    """A name without case, accents and punctuation.

    >>> fold("O'Neil, José-María") == fold("ONEIL jose maria")
    True
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in plain if c.isalnum())


def is_name(student: str) -> bool:
    """Whether a folder can be called so."""
    return (
        bool(student)
        and not student.startswith(".")
        and not re.search(r"[/\\\x00-\x1f]", student)
        and len(student.encode(errors="replace")) <= 128
    )


def roster(course: Course) -> list[Student]:
    """Everyone in the gradebook, by id."""
    with course.gradebook() as gradebook:
        return sorted(
            Student(s.id, s.first_name or "", s.last_name or "", s.email or "", s.lms_user_id or "")
            for s in gradebook.students
        )


# What goes into a folder


def _unpacked(
    owner: _Owner, notebooks: Sequence[str], left_out: list[tuple[str, str]]
) -> Iterator[tuple[Entry, str, int]]:
    """The files of an entry: itself, or what is in it if it is a zip; with the number of a ``(2)`` in its name."""
    if not owner.file.lower().endswith(".zip"):
        name, copy = _file_name(owner.file, notebooks)
        if name in NOT_THE_LEARNERS:
            left_out.append(
                (owner.entry.path, "this file is nbgrader's to write, and a learner's does not count")
            )
        else:
            yield owner.entry, name, copy
        return
    inner: list[Entry] = []
    try:
        content = owner.entry.read(NOTEBOOK_BYTES + 1)
        if len(content) > NOTEBOOK_BYTES:
            raise CourseError(f"it has more than {NOTEBOOK_BYTES / 1e6:.0f} MB")
        inner = list(_zip_entries(io.BytesIO(content), "it", left_out))
    except (CourseError, OSError) as error:
        left_out.append((owner.entry.path, str(error)))
    top = os.path.commonpath([os.path.dirname(e.path) for e in inner]) if inner else ""
    for one in inner[:FILES]:
        name, copy = _file_name(os.path.relpath(one.path, top or "."), notebooks)
        shown = Entry(f"{owner.entry.path}/{one.path}", one.read, one.time)
        if name in NOT_THE_LEARNERS:
            left_out.append((shown.path, "this file is nbgrader's to write, and a learner's does not count"))
        else:
            yield shown, name, copy


def _file_name(file: str, notebooks: Sequence[str]) -> tuple[str, int]:
    """``unit-1.ipynb`` and ``unit (1).ipynb``, as platforms and browsers call a second copy, are ``unit.ipynb``."""
    path = PurePosixPath(file)
    if path.suffix == ".ipynb" and path.stem not in notebooks:
        found = _COPY.fullmatch(path.stem)
        if found and found["stem"] in notebooks:
            return str(path.with_name(f"{found['stem']}.ipynb")), int(found["a"] or found["b"])
    return file, 0


def _contents(handed: Handed) -> Iterable[tuple[str, bytes]]:
    """What is written; what is too large is written as far as its bound, which the grader then refuses by its size."""
    left = FILES_BYTES
    for name, entry in sorted(handed.files.items())[:FILES]:
        limit = NOTEBOOK_BYTES + 1 if name.endswith(".ipynb") else min(FILE_BYTES, left) + 1
        try:
            content = entry.read(limit)
        except OSError as error:
            content = f"This file could not be read: {error.strerror}.\n".encode()
        left = max(0, left - len(content))
        yield name, content
    if handed.when:
        yield "timestamp.txt", handed.when.encode()


def _state(target: Path, handed: Handed) -> str:
    if not target.is_dir():
        return "new"
    there = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()}
    contents = _contents(handed)
    seen = set()
    for name, content in contents:
        seen.add(name)
        if name not in there or _read_file(there[name], len(content) + 1) != content:
            return "changed"
    return "unchanged" if seen == there.keys() else "changed"
