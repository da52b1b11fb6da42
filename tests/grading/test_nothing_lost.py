"""Runs that are killed, disks that are full, files that may not grow: the next run finishes, and nothing is lost."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nlref.grading import grade
from nlref.grading.course import Course

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

PROGRAM = "import sys; from nlref.grading import grade; grade(sys.argv[1], 'basics', jobs=2)"
STUDENTS = 24
KILLS = 10


def everything(root):
    """The whole gradebook without ids and times, the files of the course, and grades.csv."""
    with sqlite3.connect(f"file:{root / 'gradebook.db'}?mode=ro", uri=True) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        rows = [
            database.execute(
                "select student_id, notebook.name, base_cell.name, auto_score, manual_score, needs_manual_grade "
                "from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id "
                "join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id "
                "join notebook on submitted_notebook.notebook_id = notebook.id join base_cell on cell_id = base_cell.id"
            ).fetchall(),
            database.execute(
                "select student_id, base_cell.name, auto_comment from comment join submitted_notebook on "
                "comment.notebook_id = submitted_notebook.id join submitted_assignment on "
                "submitted_notebook.assignment_id = submitted_assignment.id join base_cell on cell_id = base_cell.id"
            ).fetchall(),
            database.execute("select student, digest from nlref_result").fetchall(),
            database.execute("select id from student").fetchall(),
            [database.execute(f"select count(*) from {table}").fetchone() for table in ("grade", "comment")],
        ]
    files = {
        path.relative_to(root).as_posix()
        for step in ("autograded", "feedback")
        for path in (root / step).rglob("*")
    }
    return [sorted(part, key=repr) for part in rows], files, (root / "grades.csv").read_text()


@pytest.fixture(scope="module")
def template(basics_template, tmp_path_factory, writing):
    """A class with right and wrong answers and a broken file, and what one run from end to end makes of it."""
    folder = tmp_path_factory.mktemp("class")
    root = Path(shutil.copytree(basics_template, folder / "course"))
    for number in range(STUDENTS):
        wrong = {"squares": "def squares(n): return n"} if number % 5 == 0 else {}
        writing.hand_in(root, f"s{number:02}", "basics", writing.right | wrong)
    (root / "submitted" / "s07" / "basics" / "extra.ipynb").write_text("no notebook")
    Course(root).private_seed()
    undisturbed = Path(shutil.copytree(root, folder / "undisturbed"))
    assert grade(undisturbed, "basics", jobs=2).graded == STUDENTS
    return root, everything(undisturbed)


@pytest.fixture
def course(template, tmp_path):
    return Path(shutil.copytree(template[0], tmp_path / "course"))


@pytest.fixture
def expected(template):
    return template[1]


def graded_so_far(course):
    """How many submissions are done, as another program sees it; what was half written is rolled back by that."""
    with contextlib.closing(sqlite3.connect(course / "gradebook.db", timeout=60)) as database:
        tables = database.execute(
            "select count(*) from sqlite_master where name = 'nlref_result'"
        ).fetchone()[0]
        return database.execute("select count(*) from nlref_result").fetchone()[0] if tables else 0


def test_killed_at_random_moments_again_and_again(course, expected):
    """At a random moment after a random number of further submissions: in every phase, from start to last write."""
    chance = random.Random(20)
    graded = [0]
    for _ in range(KILLS):
        run = subprocess.Popen([sys.executable, "-c", PROGRAM, course], stdout=subprocess.DEVNULL)
        target, deadline = graded[-1] + chance.choice([0, 1, 1, 2, 3]), time.monotonic() + 120
        while graded_so_far(course) < target and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 5.0 if target == graded[-1] else 0.2))
        run.send_signal(signal.SIGKILL)
        if run.wait() == 0:
            break
        graded.append(graded_so_far(course))
    assert graded == sorted(graded)
    assert len({done for done in graded if 0 < done < STUDENTS}) > 2, graded  # cut short where it mattered
    grade(course, "basics", jobs=2)
    assert everything(course) == expected
    assert grade(course, "basics").graded == 0
    assert [path for path in course.rglob("*") if path.name.endswith((".new", ".old"))] == []


def one_sentence(run):
    assert run.returncode == 2, (run.returncode, run.stdout, run.stderr)
    lines = run.stderr.splitlines()
    assert len(lines) == 1, run.stderr
    assert "Traceback" not in run.stderr
    return lines[0]


def test_a_disk_that_is_full_is_a_sentence_and_the_next_run_goes_on(course, expected, tmp_path):
    """The course lies on a file system of a few megabytes, in namespaces of this test's own."""
    mount = tmp_path / "small"
    mount.mkdir()
    space = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    probe = subprocess.run(
        [*space, "mount", "-t", "tmpfs", "none", str(mount)], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("this machine lets nobody mount a file system of his own")
    size = sum(path.stat().st_size for path in course.rglob("*") if path.is_file())
    grader = f"{sys.executable} -c 'from nlref.cli import main; main()' grade {mount}/course basics --jobs 2"
    script = (
        f"mount -t tmpfs -o size={int(size * 1.5) + 600_000} none {mount} && cp -a {course} {mount}/course && "
        f"{{ {grader}; echo code $?; }} ; df {mount} | tail -1; "
        f"mount -o remount,size=400M {mount} && {grader} > {tmp_path}/second.txt; "
        f"cp -a {mount}/course {tmp_path}/after"
    )
    run = subprocess.run([*space, "sh", "-c", script], capture_output=True, text=True, check=False)
    assert "code 2" in run.stdout, (run.stdout, run.stderr)
    [said] = run.stderr.splitlines()
    assert said.startswith("nlref: ")
    assert "No space left on device" in said or "disk is full" in said or "disk I/O" in said
    assert "safe" in said or "make room on the disk, then run this again" in said
    assert everything(tmp_path / "after") == expected


def test_a_file_that_may_not_grow_is_a_sentence(course, expected):
    """As a quota does it: here for the gradebook, the one file that grows."""
    size = (course / "gradebook.db").stat().st_size
    program = (
        "import resource, signal, sys\n"
        "from nlref.cli import main\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 20_000}, {size + 20_000}))\n"
        f"sys.argv = ['nlref', 'grade', {str(course)!r}, 'basics', '--isolation', 'none']\nmain()"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    said = one_sentence(run)
    assert "make room on the disk" in said or "could not be written" in said
    grade(course, "basics", jobs=2)
    assert everything(course)[0] == expected[0]


def test_a_locked_gradebook_is_waited_for_and_then_a_sentence(course, expected):
    other = sqlite3.connect(course / "gradebook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        program = "import sys; from nlref.cli import main; main()"
        run = subprocess.run(
            [sys.executable, "-c", program, "grade", str(course), "basics"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "database is locked; close the other program that writes to it" in one_sentence(run)
    finally:
        other.execute("ROLLBACK")
        other.close()
    grade(course, "basics", jobs=2)
    assert everything(course) == expected
