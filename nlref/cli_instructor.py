"""The instructor's verbs of ``nlref``, in the order of a term: from a course directory to grades and feedback."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

PANEL = "For instructors"

CourseDir = Annotated[Path, typer.Argument(metavar="COURSE", help="The nbgrader course directory.")]
AssignmentName = Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="The assignment's name.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
From = Annotated[
    Path | None,
    typer.Option("--from", help="A zip from Moodle, Canvas or Blackboard, or a folder of notebooks."),
]
Pattern = Annotated[
    str | None,
    typer.Option(
        help="With --from: a regular expression with the group (?P<student_id>...), for other names."
    ),
]


def confirmed(question: str, yes: bool) -> bool:
    """Whether the instructor wants it; without a terminal only ``--yes`` says so."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise ValueError(f"nothing was done: {question} Add --yes if so")
    return typer.confirm(question)


@app.command(rich_help_panel=PANEL, epilog="Example: nlref init ~/teaching/deep-learning")
def init(
    course_dir: Annotated[Path, typer.Argument(metavar="COURSE", help="The directory to make.")],
    unit: Annotated[str, typer.Option(help="The unit to put in.")] = "01_first_activations",
) -> None:
    """Make an nbgrader course directory with a unit in it, ready to release and to grade."""
    from nlref.grading import init as make_course

    make_course(course_dir, unit=unit)
    typer.echo(
        f"{course_dir} is ready. Hand the unit out with: nlref release {course_dir} {unit}\n"
        f"What comes back belongs in {course_dir}/submitted/<student>/{unit}/; then: nlref grade {course_dir} {unit}"
    )


@app.command(rich_help_panel=PANEL, epilog="Example: nlref students ~/teaching/deep-learning class.csv")
def students(
    course_dir: CourseDir,
    file: Annotated[
        Path | None, typer.Argument(metavar="[CSV]", help="The class; without it, lists it.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Bring the class in from a CSV with the columns id, first_name, last_name, email; nobody is removed."""
    from nlref.grading.course import Course
    from nlref.grading.downloads import roster
    from nlref.grading.students import FIELDS, read_roll

    course = Course(course_dir)
    if file is None:
        for student in roster(course):
            typer.echo("\t".join([student.id, *(getattr(student, field) for field in FIELDS)]).rstrip())
        return
    roll = read_roll(course, file)
    for student in roll.new:
        typer.echo(f"new: {student.id} {student.first_name} {student.last_name}".rstrip())
    for before, after in roll.changed:
        differences = [
            f"{field} {getattr(before, field) or 'nothing'} → {getattr(after, field)}"
            for field in FIELDS
            if getattr(before, field) != getattr(after, field)
        ]
        typer.echo(f"changed: {after.id}: {', '.join(differences)}")
    if roll.absent:
        typer.echo(f"not in the file, and kept: {', '.join(roll.absent)}")
    typer.echo(f"{len(roll.new)} new, {len(roll.changed)} changed, {roll.unchanged} as they are")
    if dry_run or not (roll.new or roll.changed):
        return
    if roll.changed and not confirmed("Change those that are there already?", yes):
        return
    roll.write()


@app.command(
    rich_help_panel=PANEL,
    epilog="Example: nlref release ~/teaching/deep-learning 01_first_activations --zip unit01.zip",
)
def release(
    course_dir: CourseDir,
    assignment: Annotated[
        str, typer.Argument(metavar="ASSIGNMENT", help="A unit of nlref, or an assignment in source/.")
    ],
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Hand it out through nbgrader's exchange.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--zip", help="The zip to write; handouts/<assignment>.zip if not given.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Make what learners get: without solutions and hidden tests, as a zip or in nbgrader's exchange."""
    from nlref.grading import handout
    from nlref.grading.course import Course
    from nlref.grading.run import alone

    course = Course(course_dir)
    with alone(course.root):
        if handout.add_unit(course, assignment):
            typer.echo(f"put {assignment} into source/")
        if not handout.is_released(course, assignment):
            made = any(course.path("release", ".", assignment).glob("*.ipynb"))
            question = "source/ is newer than release/: make it anew? Learners who have it keep the old one."
            if not made or confirmed(question, yes):
                handout.make_release(course, assignment)
                typer.echo(f"made release/{assignment}")
        if exchange:
            from nlref.grading.nbgrader_exchange import is_in_exchange, through_exchange

            if is_in_exchange(course, assignment) and not confirmed(
                f"{assignment} is in the exchange already: replace it?", yes
            ):
                return
            through_exchange(course, "ReleaseAssignment", assignment, force=True)
            typer.echo(f"{assignment} is in nbgrader's exchange; learners fetch it from the Assignments tab")
        if file is not None or not exchange:
            target = file or course.root / handout.HANDOUTS / f"{assignment}.zip"
            content = handout.handout_zip(course, assignment)
            other = file is not None and target.exists() and target.read_bytes() != content
            if other and not confirmed(f"{target} is there with something else in it: replace it?", yes):
                return
            handout.write_file(target, content)
            typer.echo(f"hand out {target}")


@app.command(
    rich_help_panel=PANEL,
    epilog="Example: nlref collect ~/teaching/deep-learning 01_first_activations --from downloads.zip",
)
def collect(
    course_dir: CourseDir,
    assignment: AssignmentName,
    source: From = None,
    pattern: Pattern = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Bring in what was handed in: from nbgrader's exchange, or from a learning platform's zip."""
    from nlref.grading.course import Course
    from nlref.grading.run import alone

    course = Course(course_dir)
    with alone(course.root):
        if source is not None:
            _collect_download(course, assignment, source, pattern, yes=yes, dry_run=dry_run)
            return
        if pattern is not None or dry_run:
            raise ValueError(
                "--pattern and --dry-run belong to --from; the exchange knows who handed in what"
            )
        from nlref.grading.nbgrader_exchange import through_exchange

        before = course.submissions(assignment)
        through_exchange(course, "Collect", assignment, update=True)
        after = course.submissions(assignment)
        typer.echo(f"{len(after.keys() - before.keys())} new, {len(after)} in submitted/")


def _collect_download(
    course: object, assignment: str, source: Path, pattern: str | None, *, yes: bool, dry_run: bool = False
) -> None:
    from nlref.grading.course import Course
    from nlref.grading.downloads import read_download

    assert isinstance(course, Course)
    with read_download(course, assignment, source, pattern=pattern) as download:
        for path, reason in download.unmatched:
            typer.echo(f"left out: {path}: {reason}", err=True)
        for student in download.of("changed"):
            typer.echo(f"would replace: {student}", err=True)
        if download.late:
            typer.echo(f"late, says the platform: {', '.join(download.late)}", err=True)
        new, changed, same = (len(download.of(state)) for state in ("new", "changed", "unchanged"))
        typer.echo(
            f"{new} new, {changed} changed, {same} as they are, {len(download.unmatched)} files left out",
            err=True,
        )
        if dry_run or not (new or changed):
            return
        if changed and not confirmed("Replace the submissions that have changed?", yes):
            raise typer.Exit(1)
        download.write()


@app.command(
    rich_help_panel=PANEL, epilog="Example: nlref grade ~/teaching/deep-learning 01_first_activations"
)
def grade(
    course_dir: CourseDir,
    assignment: AssignmentName,
    source: From = None,
    pattern: Pattern = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Grade this student only; may be repeated.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="Worker processes; one a processor if not given.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler whose workers grade: tcp://host:8786.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Grade again what has been graded and has not changed.")
    ] = False,
    rescore: Annotated[
        bool,
        typer.Option("--rescore", help="Try the tests that source/ has now; shows who gains or loses first."),
    ] = False,
    isolation: Annotated[
        str, typer.Option(help='"bubblewrap", or "none": learners\' code then runs with your rights.')
    ] = "bubblewrap",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    yes: Yes = False,
) -> None:
    """Grade every submission of an assignment in a sandbox, into nbgrader's gradebook and grades.csv."""
    from nlref.grading import grade as grade_class
    from nlref.grading.report import live_progress
    from nlref.grading.run import alone

    if pattern is not None and source is None:
        raise ValueError("--pattern belongs to --from")
    if rescore:
        if student or force or source is not None:
            raise ValueError(
                "--rescore takes the whole class as it was graded: leave out --student, --force, --from"
            )
        _rescore(course_dir, assignment, jobs, scheduler, isolation, as_json=as_json, yes=yes)
        return
    if source is not None:
        from nlref.grading.course import Course

        course = Course(course_dir)
        with alone(course.root):
            _collect_download(course, assignment, source, pattern, yes=yes)
    with live_progress() as progress:
        report = grade_class(
            course_dir,
            assignment,
            students=student or None,
            jobs=jobs,
            isolation=isolation,
            scheduler=scheduler,
            force=force,
            progress=progress,
        )
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=1))
    else:
        report.print()


def _rescore(
    course_dir: Path,
    assignment: str,
    jobs: int | None,
    scheduler: str | None,
    isolation: str,
    *,
    as_json: bool,
    yes: bool,
) -> None:
    from contextlib import ExitStack

    from nlref.grading.report import live_progress
    from nlref.grading.rescore import rescore

    with ExitStack() as stack:
        with live_progress() as progress:
            found = stack.enter_context(
                rescore(
                    course_dir,
                    assignment,
                    jobs=jobs,
                    isolation=isolation,
                    scheduler=scheduler,
                    progress=progress,
                )
            )
        if as_json:
            typer.echo(json.dumps({**found.to_dict(), "written": yes}, indent=1))
        else:
            found.print()
        if not (found.cells or found.changes):
            return
        if yes or (not as_json and confirmed("Write these grades?", yes)):
            found.write()


@app.command(
    rich_help_panel=PANEL, epilog="Example: nlref look ~/teaching/deep-learning 01_first_activations"
)
def look(
    course_dir: CourseDir,
    assignment: AssignmentName,
    browser: Annotated[bool, typer.Option(help="Open the class report in the browser.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Show the class as it stands, what people graded included, without grading anything."""
    from nlref.grading.run import look as look_at

    report = look_at(course_dir, assignment)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), indent=1))
        return
    report.print()
    if browser and sys.stdout.isatty():
        typer.launch(report.page)


@app.command(
    "return",
    rich_help_panel=PANEL,
    epilog="Example: nlref return ~/teaching/deep-learning 01_first_activations",
)
def return_(
    course_dir: CourseDir,
    assignment: AssignmentName,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Return it through nbgrader's exchange.")
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--zip", help="The folder for a zip a student; returned/<assignment>/ if not given."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Return the feedback pages, with the latest marks and comments: a zip a student, or by nbgrader's exchange."""
    from nlref.grading import handout
    from nlref.grading.course import Course
    from nlref.grading.run import alone

    course = Course(course_dir)
    with alone(course.root):
        feedback = handout.fresh_feedback(course, assignment)
        if feedback.waiting:
            typer.echo(f"a person has yet to grade something of: {', '.join(feedback.waiting)}", err=True)
            if not confirmed("Return the feedback as it stands?", yes):
                return
        if exchange:
            from nlref.grading.nbgrader_exchange import through_exchange

            for student in feedback.through_exchange:
                through_exchange(course, "ReleaseFeedback", assignment, student)
            typer.echo(
                f"{len(feedback.through_exchange)} of {len(feedback.pages)} returned through the exchange"
            )
            left = sorted(feedback.pages.keys() - set(feedback.through_exchange))
            if left:
                typer.echo(f"not handed in through it, give them a zip: {', '.join(left)}", err=True)
        if folder is not None or not exchange:
            target = folder or course.root / handout.RETURNED / assignment
            handout.feedback_zips(course, assignment, feedback, target)
            typer.echo(f"{len(feedback.pages)} zips in {target}")


@app.command(
    rich_help_panel=PANEL,
    epilog="Example: nlref export ~/teaching/deep-learning --format canvas --output grades-canvas.csv",
)
def export(
    course_dir: CourseDir,
    assignments: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSIGNMENT]...", help="All if none is named.")
    ] = None,
    format: Annotated[str, typer.Option(help="canvas or moodle.")] = "canvas",
    output: Annotated[Path | None, typer.Option(help="The file; standard output if not given.")] = None,
) -> None:
    """Print the final scores as CSV in the columns that Canvas or Moodle imports."""
    from nlref.grading.course import Course
    from nlref.grading.gradebook import export as exported
    from nlref.grading.handout import write_file

    text, waiting = exported(Course(course_dir), format, assignments or ())
    for assignment, students in waiting.items():
        typer.echo(f"{assignment}: left out until a person has graded them: {', '.join(students)}", err=True)
    if output is None:
        sys.stdout.buffer.write(text.encode())  # whose line ends are those of RFC 4180 everywhere
    else:
        write_file(output, text.encode())


@app.command(rich_help_panel=PANEL, epilog="Example: nlref doctor")
def doctor() -> None:
    """Try to break out of the sandbox, and print what held. Exit code 1 if something did not."""
    from nlref.grading.doctor import doctor as examine

    findings = examine()
    for finding in findings:
        typer.echo(str(finding))
    raise typer.Exit(0 if all(finding.held for finding in findings) else 1)
