"""A class graded: submissions to the workers, results to the one writer, the table at the end."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlref.grading.assignment import Assignment
from nlref.grading.class_numbers import ClassNumbers
from nlref.grading.course import Course, CourseError, is_one_of
from nlref.grading.pool import LocalPool, Pool
from nlref.grading.report import ClassReport, Row, exercise_names
from nlref.grading.result import SubmissionResult
from nlref.grading.submission import Submission, model_submission, read_submission

if TYPE_CHECKING:
    from nlref.grading.cluster import ClusterPool
    from nlref.grading.gradebook import GradeWriter

ISOLATIONS = ("bubblewrap", "none")
ID_CHARACTERS = 128


def grade(
    course_dir: str | os.PathLike[str],
    assignment: str,
    *,
    students: Sequence[str] | None = None,
    jobs: int | None = None,
    isolation: str = "bubblewrap",
    scheduler: str | None = None,
    force: bool = False,
    limits: Any = None,
    progress: Callable[[int, int, SubmissionResult], None] | None = None,
) -> ClassReport:
    """Grade what a class submitted for an assignment, into nbgrader's gradebook and ``grades.csv``.

    Parameters
        course_dir: a course directory, made by ``nlref init`` or by nbgrader.
        assignment: its name; ``submitted/<student>/<assignment>/`` holds the notebooks.
        students: names or patterns; everyone if ``None``.
        jobs: worker processes; as many as there are processors if ``None``.
        isolation: ``"bubblewrap"``, or ``"none"`` to run learners' code unconfined, which the report says.
        scheduler: the address of a Dask scheduler, ``tcp://host:8786``, whose workers grade instead of processes here.
        force: grade also what has not changed since it was graded.
        limits: a :class:`nlref.grading.sandbox.Limits`, if not the usual one.
        progress: called with (done, total, result) as submissions are graded.

    Returns
        The class as a table. What was graded before and has not changed is in it too.

    Raises
        CourseError: something about the course directory; a sentence that says what to do.
        SandboxUnavailable: bubblewrap or user namespaces are missing; nothing was graded.

    Each submission is one transaction. After Ctrl-C, or a crash, what was graded is in the gradebook, and the next
    call grades the rest.
    """
    began = time.perf_counter()
    check_options(isolation, jobs, scheduler)
    course = Course(course_dir)
    with alone(course.root):
        from nlref.grading.gradebook import GradeWriter

        version = course.assignment(assignment)
        folders = course.submissions(assignment, students)
        if students is not None:
            _complain_about_unmatched(students, folders)
        with (
            GradeWriter(course, version) as writer,
            make_pool(version, len(folders), jobs, isolation, scheduler, limits) as pool,
        ):
            registered = set(writer.students())
            known = {} if force else writer.digests()
            refused = {s: why for s in folders if (why := _why_refused(s, s in registered, course))}
            trial: list[Future[SubmissionResult]] = []
            graded: set[str] = set()
            done = 0

            def due() -> Iterator[Submission]:
                nonlocal done
                for student, folder in folders.items():
                    read = read_submission(
                        folder, student, assignment, version.notebooks, course.coursedir.ignore
                    )
                    digest = digest_of(version.digest, read.digest, isolation)
                    if student in refused or (
                        known.get(student) == digest and writer.is_done(student, read.notebooks)
                    ):
                        done += 1
                        continue
                    if not trial and version.answers_known:
                        trial.append(pool.submit(model_submission(version)))
                    yield replace(read, digest=digest)

            try:
                for submission, result in completed(pool, due()):
                    writer.write(submission, result)
                    graded.add(submission.student)
                    done += 1
                    if progress is not None:
                        progress(done, len(folders), result)
            finally:
                writer.write_csv()
            notes = _shortcomings(version, trial[0].result()) if trial else []
            report = _class_report(course, writer, students, graded, refused, notes)
    return replace(
        report,
        graded=len(graded),
        seconds=time.perf_counter() - began,
        jobs=pool.jobs,
        isolation=isolation,
    )


def look(course_dir: str | os.PathLike[str], assignment: str) -> ClassReport:
    """The class as the gradebook has it now, with what people graded; nothing is graded.

    ``grades.csv`` and the class report are brought up to date.

    Raises
        CourseError: nothing was graded yet, or something about the course directory.
    """
    course = Course(course_dir)
    with alone(course.root):
        from nlref.grading.gradebook import GradeWriter

        with GradeWriter(course, course.assignment(assignment)) as writer:
            waiting = course.submissions(assignment).keys() - writer.digests().keys()
            notes = [f"Handed in and not graded yet: {', '.join(sorted(waiting))}."] if waiting else []
            report = _class_report(course, writer, None, frozenset(), {}, notes)
            writer.write_csv()
    if not report.numbers.isolation:
        raise CourseError(
            f"nothing of {assignment} has been graded: `nlref grade {course_dir} {assignment}` does it"
        )
    return replace(report, isolation="none" if report.numbers.isolation.get("none") else "bubblewrap")


def _class_report(
    course: Course,
    writer: "GradeWriter",
    students: Sequence[str] | None,
    graded: Set[str],
    refused: Mapping[str, str],
    notes: Sequence[str],
) -> ClassReport:
    """The rows of the students who were asked for, and the page of them all."""
    version = writer.assignment
    numbers, everyone = ClassNumbers(version.points), []
    for row, result in writer.results():
        numbers.add(row, result)
        everyone.append(row if row.student in graded else replace(row, status="unchanged"))
    folders = course.submissions(version.name, students)
    handed_in = folders if students is None else course.submissions(version.name)
    known = {*handed_in, *(row.student for row in everyone)}
    others = _others(version, known, writer.students(), refused)
    page = writer.write_class_page(sorted([*everyone, *others], key=_by_name), numbers, notes)
    rows = [*everyone, *others]
    if students is not None:
        rows = [row for row in rows if row.student in folders]
    return ClassReport(
        course=str(course.root),
        assignment=version.name,
        rows=tuple(sorted(rows, key=_by_name)),
        notes=tuple(notes),
        numbers=numbers,
        page=str(page),
    )


def _by_name(row: Row) -> str:
    return row.student


def check_options(isolation: str, jobs: int | None, scheduler: str | None) -> None:
    """``CourseError`` if an option of the command is not what it can be."""
    if isolation not in ISOLATIONS:
        raise CourseError(f"isolation is one of {', '.join(ISOLATIONS)}, not {isolation!r}")
    if jobs is not None and jobs < 1:
        raise CourseError(f"jobs is a number of worker processes, at least 1, not {jobs}")
    if jobs is not None and scheduler is not None:
        raise CourseError(f"the cluster at {scheduler} has as many workers as it has; leave jobs out")


def make_pool(
    version: Assignment,
    submissions: int,
    jobs: int | None,
    isolation: str,
    scheduler: str | None,
    limits: Any = None,
) -> "LocalPool | ClusterPool":
    """The workers that grade: processes here, or a Dask cluster."""
    if scheduler is not None:
        from nlref.grading.cluster import ClusterPool

        return ClusterPool(version, scheduler, isolation=isolation, limits=limits)
    count = min(jobs or len(os.sched_getaffinity(0)), max(1, submissions))
    return LocalPool(version, jobs=count, isolation=isolation, limits=limits)


def digest_of(assignment: str, submission: str, isolation: str) -> str:
    """Of everything that a submission's scores depend on."""
    import nlref

    return sha256(repr((nlref.__version__, assignment, submission, isolation)).encode()).hexdigest()


def _shortcomings(version: Assignment, result: SubmissionResult) -> list[str]:
    """What the instructor's own solution does not get: nobody will, so that it had better be said."""
    names = exercise_names(result)
    return [
        f"The instructor's own solution gets {cell.score:g} of {cell.points:g} in "
        f"{names[notebook.name, cell.grade_id]}: {cell.reason}."
        for notebook, cell in result.cells()
        if cell.score is not None
        and cell.score < cell.points
        and version.notebooks[notebook.name].by_id[cell.grade_id].is_test
    ]


def completed(pool: Pool, submissions: Iterable[Submission]) -> Iterator[tuple[Submission, SubmissionResult]]:
    """Results as they come, with never more than two submissions a worker in memory."""
    running: dict[Future[SubmissionResult], Submission] = {}
    for submission in submissions:
        running[pool.submit(submission)] = submission
        if len(running) >= 2 * pool.jobs:
            yield from _finished(running)
    while running:
        yield from _finished(running)


def _finished(
    running: dict[Future[SubmissionResult], Submission],
) -> Iterator[tuple[Submission, SubmissionResult]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), future.result()


def _why_refused(student: str, registered: bool, course: Course) -> str:
    """Why a folder in ``submitted`` is nobody's whom the gradebook can hold; empty if it is somebody's."""
    if not registered and not course.may_add_students:
        return "not in the gradebook, and c.Autograde.create_student is False"
    if len(student) > ID_CHARACTERS:
        return f"nbgrader's gradebook holds ids of at most {ID_CHARACTERS} characters: rename the folder"
    if not student.isascii() and student != student.encode(errors="replace").decode():
        return "the folder's name is not UTF-8: rename it"
    return ""


def _others(
    version: Assignment, handed_in: Collection[str], registered: Iterable[str], refused: Mapping[str, str]
) -> list[Row]:
    """Rows of those who were not graded."""
    return [
        Row(s, version.name, {}, 0.0, version.points, status="refused", reasons=(why,))
        for s, why in refused.items()
    ] + [
        Row(s, version.name, {}, 0.0, version.points, status="missing")
        for s in registered
        if s not in handed_in
    ]


def _complain_about_unmatched(students: Sequence[str], folders: Mapping[str, Path]) -> None:
    unmatched = [
        wanted for wanted in students if not any(is_one_of(student, [wanted]) for student in folders)
    ]
    if unmatched:
        raise CourseError(f"nobody who submitted is called {', '.join(repr(wanted) for wanted in unmatched)}")


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One run at a time in a course directory; the lock goes with the process, however it ends."""
    import fcntl  # Unix alone has it, and grades

    handle = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(f"another `nlref grade` is running in {root}; wait for it to end") from None
        yield
    finally:
        os.close(handle)
