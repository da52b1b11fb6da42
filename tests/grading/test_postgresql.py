"""A gradebook on a PostgreSQL server, which the tests start on the loopback address as an ordinary user."""

import contextlib
import csv
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import sqlalchemy as sql

from nlref.grading import CourseError, grade
from nlref.grading.course import Course, release

pytest.importorskip("psycopg", reason="the extra `postgresql` is not installed")

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]


def programs():
    """Where initdb and postgres are: on PATH, or where Debian puts them."""
    for folder in [*os.environ["PATH"].split(os.pathsep), *sorted(glob.glob("/usr/lib/postgresql/*/bin"))]:
        if all(os.access(os.path.join(folder, name), os.X_OK) for name in ("initdb", "postgres")):
            return Path(folder)
    pytest.skip("there is no PostgreSQL server on this machine (Debian's package is `postgresql`)")


class Server:
    """A PostgreSQL server of one's own."""

    def __init__(self, folder, bin_folder):
        self.folder, self.bin = folder, bin_folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # The server refuses to run as root.
        self.user = {"user": "nobody"} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "nobody")
            assert pwd.getpwnam("nobody").pw_uid
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        command = [self.bin / "initdb", "-D", folder / "data", "-U", "nlref", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, env=self._environment, cwd="/", **self.user)
        self.start()
        self.made = 0

    def start(self):
        command = [self.bin / "postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self.port)]
        options = ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        self.process = subprocess.Popen(
            command + options, env=self._environment, cwd="/", stderr=subprocess.DEVNULL, **self.user
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                self.execute("select 1")
                return
            except sql.exc.OperationalError:
                assert self.process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGINT)  # PostgreSQL's "fast": no waiting for those who are connected
        self.process.wait(30)

    def url(self, database):
        return f"postgresql+psycopg://nlref@127.0.0.1:{self.port}/{database}"

    def execute(self, statement, database="postgres"):
        engine = sql.create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(sql.text(statement))
        finally:
            engine.dispose()

    def database(self):
        self.made += 1
        self.execute(f"create database gradebook{self.made}")
        return self.url(f"gradebook{self.made}")


@pytest.fixture(scope="module")
def server():
    bin_folder = programs()
    with tempfile.TemporaryDirectory(prefix="nlref-postgresql-") as folder:
        made = Server(Path(folder), bin_folder)
        yield made
        made.stop()


@pytest.fixture
def course(server, basics):
    """``basics`` with its gradebook on the server."""
    if server.process.poll() is not None:
        server.start()
    url = server.database()
    config = basics / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.CourseDirectory.db_url = {url!r}\n")
    (basics / "gradebook.db").unlink()
    shutil.rmtree(basics / "release")
    release(Course(basics), "basics")
    assert not (basics / "gradebook.db").exists()
    return basics


def grades(root):
    with Course(root).gradebook() as gradebook:
        return sorted(
            (s.student.id, n.name, g.name, g.auto_score, g.manual_score, g.needs_manual_grade)
            for s in gradebook.assignment_submissions("basics")
            for n in s.notebooks
            for g in n.grades
        )


def test_the_same_grades_as_with_sqlite(course, basics_template, tmp_path, writing):
    local = Path(shutil.copytree(basics_template, tmp_path / "local"))
    for root in (course, local):
        for student in ("ada", "ben", "ünï", "o'neil"):
            wrong = {"squares": "def squares(n): return n"} if student == "ben" else {}
            writing.hand_in(root, student, "basics", writing.right | wrong)
        report = grade(root, "basics")
        assert report.graded == 4
    assert grades(course) == grades(local)
    assert (course / "grades.csv").read_text() == (local / "grades.csv").read_text()
    assert grade(course, "basics").graded == 0
    writing.hand_in(course, "ben", "basics", writing.right)
    assert grade(course, "basics").row("ben").total == 7


def test_nbgrader_itself_works_on_it(course, writing):
    writing.hand_in(course, "ada", "basics", writing.right)
    grade(course, "basics")
    for arguments in (["export"], ["generate_feedback", "basics"], ["db", "student", "list"]):
        run = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=course,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
    with open(course / "grades.csv", newline="", encoding="utf-8") as file:
        assert {line["student_id"]: float(line["score"]) for line in csv.DictReader(file)} == {"ada": 7}


def test_a_server_that_stops_loses_nothing(course, server, writing):
    for student in ("ada", "ben", "cem", "dua"):
        writing.hand_in(course, student, "basics", writing.right)
    with pytest.raises(CourseError, match="the gradebook refused: ") as stopped:
        grade(course, "basics", jobs=1, progress=lambda done, *_: done == 2 and server.stop())
    assert "\n" not in str(stopped.value)
    with pytest.raises(CourseError, match=r"refused: .*; see that the server runs"):
        grade(course, "basics")
    server.start()
    report = grade(course, "basics")
    assert report.graded == 2
    assert [row.total for row in report.rows] == [7, 7, 7, 7]


def test_what_somebody_else_holds_is_waited_for_and_then_a_sentence(course, writing, monkeypatch):
    monkeypatch.setattr("nlref.grading.course.LOCK_SECONDS", 1)
    writing.hand_in(course, "ada", "basics", writing.right)
    grade(course, "basics")
    engine = sql.create_engine(Course(course).db_url)
    with contextlib.closing(engine.connect()) as other:
        other.execute(sql.text("lock table submitted_notebook in access exclusive mode"))
        with pytest.raises(CourseError, match=r"refused: .*lock timeout; close the other program"):
            grade(course, "basics", force=True)
    engine.dispose()
    assert grade(course, "basics", force=True).graded == 1


def test_a_wrong_url_is_a_sentence(course):
    config = course / "nbgrader_config.py"
    text = config.read_text()
    for url, says in (
        ("postgresql+psycopg://nlref@127.0.0.1:9/none", "see that the server runs"),
        ("postgresql+psycopg://nlref:geheim@127.0.0.1:9/none", "see that the server runs"),
        ("postgresql+psycopg2://u@h/d", "psycopg2.*nlref.postgresql"),
        ("nonsense", "db_url"),
    ):
        config.write_text(text + f"c.CourseDirectory.db_url = {url!r}\n")
        with pytest.raises(CourseError, match=says) as refused:
            grade(course, "basics")
        assert "geheim" not in str(refused.value)
