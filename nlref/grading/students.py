"""Who is in the class: a CSV, as any learning platform exports it, into nbgrader's gradebook.

Columns, by their usual names and in any order:

    id            id, student_id, username, login, SIS Login ID, SIS User ID, ID number; else the e-mail address
    first_name    first_name, First name, given name
    last_name     last_name, Last name, surname, family name
    email         email, Email address, E-mail
    lms_user_id   lms_user_id; in Canvas' own export, ID

Canvas' ``Student`` column ("Lovelace, Ada") is taken apart. Other columns are left alone. The separator may be a comma,
a semicolon or a tab.
"""

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nlref.grading.course import Course, CourseError
from nlref.grading.downloads import Student, is_name, roster

FIELDS = ("first_name", "last_name", "email", "lms_user_id")
_COLUMNS = {
    "id": (
        "id",
        "studentid",
        "student",
        "username",
        "login",
        "sisloginid",
        "sisuserid",
        "idnumber",
        "userid",
    ),
    "first_name": ("firstname", "givenname", "givennames", "forename"),
    "last_name": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "mail"),
    "lms_user_id": ("lmsuserid",),
}
BYTES = 20_000_000


@dataclass(frozen=True)
class Roll:
    """What a CSV would change.

    Attributes
        new: students whom the gradebook does not know.
        changed: those whom it knows otherwise: before and after.
        unchanged: how many it knows just so.
        absent: students in the gradebook who are not in the file; they stay.
    """

    course: Course
    new: Sequence[Student]
    changed: Sequence[tuple[Student, Student]]
    unchanged: int
    absent: Sequence[str]

    def write(self) -> None:
        """Add and change, in one transaction; nobody is ever removed."""
        from nbgrader.api import Student as Registered
        from sqlalchemy.exc import SQLAlchemyError

        with self.course.gradebook() as gradebook:
            try:
                for student in self.new:
                    gradebook.db.add(Registered(id=student.id, **_fields(student)))
                for _, student in self.changed:
                    registered = gradebook.find_student(student.id)
                    for field, value in _fields(student).items():
                        setattr(registered, field, value)
                gradebook.db.commit()
            except SQLAlchemyError as error:
                gradebook.db.rollback()
                raise self.course.refusal(error) from error


def read_roll(course: Course, path: str | os.PathLike[str]) -> Roll:
    """Compare a CSV with the gradebook; writes nothing. An empty field of the file leaves what is known.

    Raises
        CourseError: no such file, no column that names the student, a line without a name or with that of another.
    """
    known = {student.id: student for student in roster(course)}
    wanted = _read(Path(path))
    new, changed, unchanged = [], [], 0
    for student in wanted:
        before = known.get(student.id)
        if before is None:
            new.append(student)
            continue
        after = replace(
            before, **{field: getattr(student, field) or getattr(before, field) for field in FIELDS}
        )
        if after == before:
            unchanged += 1
        else:
            changed.append((before, after))
    absent = sorted(known.keys() - {student.id for student in wanted})
    return Roll(course, new, changed, unchanged, absent)


def _read(path: Path) -> list[Student]:
    try:
        with open(path, "rb") as file:
            content = file.read(BYTES + 1)
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > BYTES or b"\0" in content[:4] or content.startswith(b"PK"):
        raise CourseError(f"{path} is not a CSV; export the class as CSV and name that file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    header = text.partition("\n")[0]
    separator = max(",;\t", key=header.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise CourseError(f"{path} is not a CSV: {error}") from None
    if not lines:
        raise CourseError(f"{path} is empty")
    columns = _columns(path, lines[0])
    students: dict[str, tuple[int, Student]] = {}
    for number, line in enumerate(lines[1:], 2):
        values = {field: line[at].strip() for field, at in columns.items() if at < len(line)}
        if not any(values.values()) or values.get("both", "").lower() in ("points possible", "student, test"):
            continue
        student = _student(path, number, values)
        if student.id in students:
            first, other = students[student.id]
            if other == student:
                continue
            raise CourseError(f"{path}, lines {first} and {number}: two students are called {student.id!r}")
        students[student.id] = (number, student)
    if not students:
        raise CourseError(f"{path} names no student")
    return [student for _, student in students.values()]


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    """Where each field stands."""
    names = [re.sub(r"[^a-z]", "", name.lower()) for name in header]
    columns: dict[str, int] = {}
    if "student" in names and {"sisloginid", "sisuserid"} & set(names):  # Canvas: ID is its own number
        columns["both"] = names.index("student")
        if "id" in names:
            columns["lms_user_id"] = names.index("id")
        names = ["" if name in ("student", "id") else name for name in names]
    for field, known in _COLUMNS.items():
        found = next((names.index(name) for name in known if name in names), None)
        if found is not None:
            columns.setdefault(field, found)
    if "id" not in columns and "email" not in columns:
        raise CourseError(
            f"{path}, line 1: no column names the student; call it id (there are: {', '.join(header) or 'none'})"
        )
    return columns


def _student(path: Path, number: int, values: Mapping[str, str]) -> Student:
    who = values.get("id") or values.get("email", "")
    if not who:
        raise CourseError(f"{path}, line {number}: there is no id")
    if not is_name(who):
        raise CourseError(
            f"{path}, line {number}: {who!r} is no id: a folder is called so, hence no slash, no dot at the start, "
            "at most 128 bytes"
        )
    last, comma, first = values.get("both", "").partition(",")
    fields = {field: values.get(field, "") for field in FIELDS}
    if comma:
        fields["first_name"], fields["last_name"] = first.strip(), last.strip()
    for field, value in fields.items():
        if len(value) > 128:
            raise CourseError(
                f"{path}, line {number}: {field} has {len(value)} characters, and 128 is the limit"
            )
    return Student(who, **fields)


def _fields(student: Student) -> dict[str, str | None]:
    return {field: getattr(student, field) or None for field in FIELDS}
