"""The instructor's verbs, as they are typed: what they do, what they ask before, what they say when they cannot."""

import csv
import io
import json
import os
import pwd
import re
import shutil
import sys
import zipfile
from types import SimpleNamespace

import pytest

from nlref.grading.course import Course, _configured


class Terminal(io.StringIO):
    """Somebody who answers."""

    def isatty(self):
        return True


@pytest.fixture
def nlref(monkeypatch, capsys):
    """The command, in this process: its exit code and what it said. ``answer`` is typed by a person."""
    from nlref.cli import main

    def run(*arguments, answer=None):
        monkeypatch.setattr(sys, "argv", ["nlref", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO() if answer is None else Terminal(f"{answer}\n"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return SimpleNamespace(code=ended.value.code or 0, out=said.out, err=said.err)

    return run


def done(run):
    assert run.code == 0, run.err
    return run.out


def refused(run):
    assert run.code == 2
    assert run.err.startswith("nlref: ")
    assert run.err.count("\n") == 1
    return run.err


# students

ROLLS = {
    "nbgrader": "id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,al@x.org,71\nben,Ben,Bitdiddle,,\n",
    "moodle": '"First name","Last name","Username","Email address"\nAda,Lovelace,ada,al@x.org\nBen,Bitdiddle,ben,\n',
    "canvas": "Student,ID,SIS User ID,SIS Login ID,Section,HW 1\n    Points Possible,,,,,10\n"
    '"Lovelace, Ada",71,4711,ada,A,\n"Bitdiddle, Ben",72,4712,ben,A,7\n',
    "excel in Germany": "\ufeffid;first_name;last_name\r\nada;Ada;Lovelace\r\nben;Ben;Bitdiddle\r\n",
    "tabs": "username\tsurname\tgiven name\nada\tLovelace\tAda\n\nben\tBitdiddle\tBen\n",
}


@pytest.mark.parametrize("platform", ROLLS)
def test_a_class_comes_from_any_platforms_csv(nlref, basics, tmp_path, platform):
    (tmp_path / "class.csv").write_text(ROLLS[platform], encoding="utf-8", newline="")
    out = done(nlref("students", basics, tmp_path / "class.csv"))
    assert out.endswith("2 new, 0 changed, 0 as they are\n")
    with Course(basics).gradebook() as gradebook:
        found = {student.id: (student.first_name, student.last_name) for student in gradebook.students}
        assert found == {"ada": ("Ada", "Lovelace"), "ben": ("Ben", "Bitdiddle")}
        assert gradebook.find_student("ada").lms_user_id == (
            "71" if platform in ("nbgrader", "canvas") else None
        )
    assert done(nlref("students", basics, tmp_path / "class.csv")) == "0 new, 0 changed, 2 as they are\n"
    assert done(nlref("students", basics)).startswith("ada\tAda\tLovelace")


def test_students_are_changed_only_after_asking_and_never_removed(nlref, basics, tmp_path):
    file = tmp_path / "class.csv"
    file.write_text("id,last_name,email\nada,Byron,al@x.org\nben,,\n")
    done(nlref("students", basics, file))
    file.write_text("id,last_name,email\nada,Lovelace,\ncem,,\n")

    def names():
        with Course(basics).gradebook() as gradebook:
            return {s.id: (s.last_name, s.email) for s in gradebook.students}

    before = names()
    assert "ada: last_name Byron → Lovelace" in done(nlref("students", basics, file, "--dry-run"))
    assert "nothing was done: Change those" in refused(nlref("students", basics, file))
    done(nlref("students", basics, file, answer="n"))
    assert names() == before
    out = done(nlref("students", basics, file, answer="y"))
    assert "not in the file, and kept: ben" in out
    assert names() == {"ada": ("Lovelace", "al@x.org"), "ben": (None, None), "cem": (None, None)}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name\nada\n", "line 1: no column names the student; call it id (there are: name)"),
        ("id\nada\n../x\n", "line 3: '../x' is no id"),
        ("id,email\nada,1\nada,2\n", "lines 2 and 3: two students are called 'ada'"),
        ("id,last_name\nada,1\n,\n x,\n,y\n", "line 5: there is no id"),
        ("id\n", "names no student"),
        ("", "is empty"),
        ("PK\3\4", "is not a CSV"),
        (f"id,email\nada,{'x' * 200}\n", "line 2: email has 200 characters"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_class_that_cannot_be_read_is_a_sentence_and_changes_nobody(nlref, basics, tmp_path, content, says):
    if content is not None:
        (tmp_path / "class.csv").write_text(content)
    assert says in refused(nlref("students", basics, tmp_path / "class.csv"))
    assert done(nlref("students", basics)) == ""


# release


def test_a_unit_is_handed_out_as_a_zip_without_solutions(nlref, unit_course, tmp_path, writing):
    out = done(nlref("release", unit_course, writing.unit))
    path = unit_course / "handouts" / f"{writing.unit}.zip"
    assert out == f"hand out {path}\n"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        notebook = archive.read(f"{writing.unit}/{writing.unit}.ipynb").decode()
    assert f"{writing.unit}/network.svg" in names
    assert "SOLUTION" not in notebook
    first = path.read_bytes()
    done(nlref("release", unit_course, writing.unit))
    assert path.read_bytes() == first
    mine = tmp_path / "x" / "u.zip"
    done(nlref("release", unit_course, writing.unit, "--zip", mine))
    assert mine.read_bytes() == first
    mine.write_bytes(b"mine")
    assert "replace it?" in refused(nlref("release", unit_course, writing.unit, "--zip", mine))
    assert mine.read_bytes() == b"mine"
    done(nlref("release", unit_course, writing.unit, "--yes", "--zip", mine))
    assert mine.read_bytes() == first


def test_a_changed_source_is_released_again_only_after_asking(nlref, basics, writing):
    source = basics / "source" / "basics" / "basics.ipynb"
    text = source.read_text()
    source.write_text(text.replace("# Basics", "# Basics, mended"))
    released = basics / "release" / "basics" / "basics.ipynb"
    assert "make it anew?" in refused(nlref("release", basics, "basics"))
    done(nlref("release", basics, "basics", answer="n"))
    assert "mended" not in released.read_text()
    assert "made release/basics" in done(nlref("release", basics, "basics", answer="y"))
    assert "mended" in released.read_text()


def test_a_further_unit_is_put_into_the_course(nlref, basics, writing):
    out = done(nlref("release", basics, writing.unit))
    assert out.startswith(f"put {writing.unit} into source/\nmade release/{writing.unit}\n")
    assert Course(basics).assignment(writing.unit).points == 26
    said = refused(nlref("release", basics, "99_none"))
    assert "there is no assignment '99_none'" in said
    assert writing.unit in said


# collect


def test_a_download_is_collected_after_asking_for_what_it_would_replace(nlref, basics, tmp_path, writing):
    download = tmp_path / "downloads"
    shutil.copytree(writing.hand_in(basics, "ada", "basics", writing.right), download / "ada")
    shutil.rmtree(basics / "submitted")
    assert "1 new" in nlref("collect", basics, "basics", "--from", download, "--dry-run").err
    assert not (basics / "submitted").exists()
    done(nlref("collect", basics, "basics", "--from", download))
    (download / "ada" / "extra.ipynb").write_text("new")
    (download / "note.txt").write_text("?")
    run = nlref("collect", basics, "basics", "--from", download)
    assert run.code == 2
    assert "left out: note.txt: its path names no student" in run.err
    assert "would replace: ada" in run.err
    assert nlref("collect", basics, "basics", "--from", download, answer="n").code == 1
    mine = basics / "submitted" / "ada" / "basics" / "extra.ipynb"
    assert mine.read_text() != "new"
    done(nlref("collect", basics, "basics", "--from", download, answer="y"))
    assert mine.read_text() == "new"
    assert "belong to --from" in refused(nlref("collect", basics, "basics", "--dry-run"))


@pytest.fixture
def exchange(basics, tmp_path):
    """A course whose exchange is a folder here, and a learner who uses nbgrader's own commands on it."""
    root = tmp_path / "exchange"
    root.mkdir(mode=0o777)
    root.chmod(0o777)
    config = basics / "nbgrader_config.py"
    line = f"c.Exchange.root = {str(root)!r}\n"
    config.write_text(config.read_text() + line)

    def learner(verb):
        from nbgrader.auth import Authenticator
        from nbgrader.exchange import ExchangeFactory

        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        (home / "nbgrader_config.py").write_text(
            f"c = get_config()\n{line}c.CourseDirectory.course_id = 'basics101'\n"
            f"c.Exchange.cache = {str(tmp_path / 'cache')!r}\n"
        )
        app = _configured(home)
        app.coursedir.assignment_id = "basics"
        action = getattr(ExchangeFactory(parent=app), verb)(
            coursedir=app.coursedir, authenticator=Authenticator(parent=app), parent=app
        )
        before = os.getcwd()
        os.chdir(home)
        try:
            action.start()
        finally:
            os.chdir(before)
        return home

    return learner


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbgrader leaves files open
def test_a_whole_round_through_nbgraders_exchange(nlref, basics, exchange, writing):
    me = pwd.getpwuid(os.getuid()).pw_name  # who hands in is who owns the files
    assert "is in nbgrader's exchange" in done(nlref("release", basics, "basics", "--exchange"))
    assert "is in the exchange already" in refused(nlref("release", basics, "basics", "--exchange"))
    done(nlref("release", basics, "basics", "--exchange", "--yes"))
    home = exchange("FetchAssignment")
    path = home / "basics" / "basics.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = writing.right.get(grade_id, cell["source"])
    path.write_text(json.dumps(notebook))
    exchange("Submit")
    assert done(nlref("collect", basics, "basics")) == "1 new, 1 in submitted/\n"
    assert done(nlref("collect", basics, "basics")) == "0 new, 1 in submitted/\n"
    writing.hand_in(basics, "cem", "basics", writing.right)
    out = done(nlref("grade", basics, "basics", "--json"))
    assert {row["student"]: row["total"] for row in json.loads(out)["rows"]} == {me: 6, "cem": 7}
    run = nlref("return", basics, "basics", "--exchange")
    assert run.code == 2
    assert f"a person has yet to grade something of: {', '.join(sorted(['cem', me]))}" in run.err
    run = nlref("return", basics, "basics", "--exchange", "--yes")
    assert done(run) == "1 of 2 returned through the exchange\n"
    assert "give them a zip: cem" in run.err
    home = exchange("FetchFeedback")
    [page] = home.rglob("basics.html")
    assert "squares" in page.read_text()


def test_no_exchange_is_a_sentence(nlref, basics, tmp_path):
    config = basics / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = {str(tmp_path / 'none')!r}\n")
    assert "nbgrader's exchange says: " in refused(nlref("collect", basics, "basics"))


# grade, look, return


@pytest.mark.sandbox
def test_from_a_download_to_returned_feedback(nlref, basics, tmp_path, writing):
    folders = {
        "Ada Lovelace_1_assignsubmission_file_": writing.right,
        "Ben Bitdiddle_2_assignsubmission_file_": writing.right | {"squares": "def squares(n): return n"},
    }
    with zipfile.ZipFile(tmp_path / "downloads.zip", "w") as archive:
        for name, answers in folders.items():
            folder = writing.hand_in(basics, "x", "basics", answers)
            for path in folder.iterdir():
                archive.write(path, f"{name}/{path.name}")
        archive.writestr("Zoe Zero_3_assignsubmission_file_/basics.ipynb", "")
    shutil.rmtree(basics / "submitted")
    (tmp_path / "class.csv").write_text(
        "id,first_name,last_name\nada,Ada,Lovelace\nben,Ben,Bitdiddle\ncem,Cem,C\n"
    )
    done(nlref("students", basics, tmp_path / "class.csv"))
    run = nlref("grade", basics, "basics", "--from", tmp_path / "downloads.zip", "--json")
    rows = json.loads(done(run))["rows"]
    totals = {row["student"]: row["total"] for row in rows}
    assert totals == {"ada": 7, "ben": 5, "cem": 0}, rows
    assert "the gradebook has no student 'Zoe Zero'" in run.err

    with Course(basics).gradebook() as gradebook:
        why = gradebook.find_grade("why", "basics", "basics", "ada")
        why.manual_score, why.needs_manual_grade = 2.0, False
        gradebook.find_comment("why", "basics", "basics", "ada").manual_comment = "Well argued."
        gradebook.db.commit()
    look = json.loads(done(nlref("look", basics, "basics", "--json")))
    assert {row["student"]: row["total"] for row in look["rows"]} == {"ada": 9, "ben": 5, "cem": 0}
    assert {row["student"]: row["status"] for row in look["rows"]}["cem"] == "missing"

    target = tmp_path / "back"
    assert done(nlref("return", basics, "basics", "--zip", target, "--yes")) == f"2 zips in {target}\n"
    with zipfile.ZipFile(target / "ada.zip") as archive:
        assert sorted(archive.namelist()) == ["basics/basics.html", "basics/extra.html"]
        assert "Well argued." in archive.read("basics/basics.html").decode()
    with open(basics / "grades.csv", newline="", encoding="utf-8") as file:
        assert {line["student"]: line["total"] for line in csv.DictReader(file)} == {"ada": "9", "ben": "5"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["look", "{}", "basics"], "nothing of basics has been graded"),
        (["return", "{}", "basics"], "nothing of basics has been graded"),
        (["grade", "{}", "basics", "--rescore"], "nothing of basics has been graded"),
        (["grade", "{}", "basics", "--rescore", "--force"], "leave out --student, --force, --from"),
        (["grade", "{}", "basics", "--pattern", "x"], "--pattern belongs to --from"),
        (["grade", "{}", "nothing"], "the gradebook of .* has no assignment 'nothing'"),
        (["students", "{}/none"], "is not a directory"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(nlref, basics, arguments, says):
    said = refused(nlref(*(argument.format(basics) for argument in arguments)))
    assert re.search(says, said)
