"""Course directories: made whole or not at all, and read as nbgrader reads them."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

import nlref
from nlref.grading import course as course_module
from nlref.grading.course import Course, CourseError, init

UNIT = "01_first_activations"


def test_init_makes_a_course_that_nbgrader_knows(unit_course):
    names = {path.name for path in unit_course.iterdir()}
    assert names == {"nbgrader_config.py", "source", "release", "submitted", "gradebook.db", "private_seed"}
    assignment = Course(unit_course).assignment(UNIT)
    assert assignment.answers_known
    cells = assignment.notebooks[UNIT].by_id
    assert cells["sigmoid"].solution
    assert cells["sigmoid-check"].is_test
    assert cells["setup"].is_helper
    from nlref.checks import EXERCISES

    of_unit = {e.id: e.points for e in EXERCISES.values() if e.unit == UNIT}
    graded = {c.grade_id.removesuffix("-check"): c.points for c in assignment.notebooks[UNIT].graded}
    assert graded == of_unit


def test_init_releases_what_learners_get(unit_course):
    from nlref.course_files import course_files

    handed_out = course_files().exercises / UNIT / f"{UNIT}.ipynb"
    released = unit_course / "release" / UNIT / f"{UNIT}.ipynb"
    one, other = (json.loads(path.read_text(encoding="utf-8"))["cells"] for path in (handed_out, released))
    assert one == other


def test_the_seed_is_the_owners_alone_and_stays(unit_course):
    path = unit_course / "private_seed"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    seed = Course(unit_course).private_seed()
    assert seed == Course(unit_course).private_seed() == int(path.read_text())
    path.unlink()
    assert Course(unit_course).private_seed() != seed
    path.write_text("nothing")
    with pytest.raises(CourseError, match="holds no number"):
        Course(unit_course).private_seed()


def test_init_leaves_alone_what_is_there(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(CourseError, match="is not empty"):
        init(tmp_path / "mine")
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="is not a directory"):
        init(tmp_path / "file")
    with pytest.raises(
        CourseError, match=r"there is no unit '99_nothing'; there are: .*01_first_activations"
    ):
        init(tmp_path / "new", "99_nothing")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "mine"]
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"


def test_init_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(course_module, "release", fail)
    with pytest.raises(KeyboardInterrupt):
        init(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_init_fills_an_empty_directory(unit_template, tmp_path, monkeypatch):
    # The empty directory that an instructor made first is as good as none.
    monkeypatch.setattr(course_module, "release", lambda *_: None)
    (tmp_path / "new").mkdir()
    assert init(tmp_path / "new") == tmp_path / "new"
    assert (tmp_path / "new" / "nbgrader_config.py").is_file()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "is not a directory"),
        (lambda path: path.mkdir(), "is not a course directory"),
        (lambda path: (path / "nlref" / "grading").mkdir(parents=True), "is the repository of nlref"),
    ],
)
def test_what_is_no_course_is_said(tmp_path, make, says):
    make(tmp_path / "x")
    with pytest.raises(CourseError, match=says):
        Course(tmp_path / "x")


def test_a_checkout_is_never_a_course():
    root = Path(nlref.__file__).parents[1]
    if not (root / "pyproject.toml").exists():
        pytest.skip("nlref is not installed from a checkout")
    with pytest.raises(CourseError, match="is the repository of nlref"):
        Course(root)


def test_a_broken_configuration_is_named(basics):
    (basics / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.root = undefined\n")
    with pytest.raises(
        CourseError, match=r"nbgrader_config.py could not be read: NameError: name 'undefined'"
    ):
        Course(basics)


def test_a_setting_of_the_wrong_type_is_named(basics, capsys):
    (basics / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.ignore = 5\n")
    with pytest.raises(CourseError, match=r"nbgrader refuses .*nbgrader_config.py: The 'ignore' trait"):
        Course(basics)


def test_a_gradebook_that_is_none_is_named(basics):
    (basics / "gradebook.db").write_text("not a database at all" * 100)
    with pytest.raises(
        CourseError, match=r"gradebook.db refused: file is not a database; put it back from a copy"
    ):
        Course(basics).assignment("basics")


def test_another_directory_structure_and_database_are_found(basics, tmp_path):
    (basics / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.directory_structure = '{nbgrader_step}/{assignment_id}/{student_id}'\n"
        "c.CourseDirectory.submitted_directory = 'inbox'\n"
        "c.CourseDirectory.db_url = 'sqlite:///marks.db'\n"
        "c.CourseDirectory.student_id_exclude = 'teacher,tester'\n"
    )
    for student in ("ada", "ben", "teacher"):
        (basics / "inbox" / "basics" / student).mkdir(parents=True)
    course = Course(basics)
    assert list(course.submissions("basics")) == ["ada", "ben"]
    assert course.submissions("basics", ["b*"]) == {"ben": basics / "inbox" / "basics" / "ben"}
    assert course.path("autograded", "ada", "basics") == basics / "autograded" / "basics" / "ada"
    assert course.db_url == f"sqlite:///{basics / 'marks.db'}"


def test_the_working_directory_configures_nothing(basics, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.submitted_directory = 'theirs'\n"
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert Course(basics).coursedir.submitted_directory == "submitted"


def test_an_assignment_is_read_with_hidden_tests_answers_and_files(basics):
    assignment = Course(basics).assignment("basics")
    cells = assignment.notebooks["basics"].by_id
    assert "squares(0) == []" in cells["squares-check"].source
    assert "squares(0) == []" not in cells["squares-check"].released
    assert "range(n)" in cells["squares"].answer
    assert "range(n)" not in cells["squares"].source
    assert cells["why"].is_manual
    assert cells["use"].is_manual
    assert cells["plan"].task
    assert [c.source for c in assignment.notebooks["basics"].cells if c.shows_only] == ["looked = 'at'"]
    assert assignment.files == {"data.csv": b"1\n2\n3\n"}
    assert assignment.points == 15


def test_an_assignment_without_source_can_still_be_graded(basics):
    shutil.rmtree(basics / "source")
    assignment = Course(basics).assignment("basics")
    assert not assignment.answers_known
    assert "squares(0) == []" in assignment.notebooks["basics"].by_id["squares-check"].source


def test_the_digest_follows_tests_points_files_and_seed(basics):
    def digest():
        return Course(basics).assignment("basics").digest

    first = digest()
    assert digest() == first
    (basics / "source" / "basics" / "data.csv").write_text("6\n")
    second = digest()
    (basics / "private_seed").write_text("1")
    third = digest()
    with Course(basics).gradebook() as gradebook:
        gradebook.find_source_cell("squares-check", "basics", "basics").source += "\nassert True"
        gradebook.db.commit()
    assert len({first, second, third, digest()}) == 4


def test_unknown_assignments_and_languages_are_named(basics):
    with pytest.raises(CourseError, match=r"has no assignment 'basic' \(it has: basics\)"):
        Course(basics).assignment("basic")
    with Course(basics).gradebook() as gradebook:
        gradebook.find_notebook("basics", "basics").kernelspec = json.dumps({"language": "R"})
        gradebook.db.commit()
    with pytest.raises(CourseError, match="is written in r; nlref grades Python only"):
        Course(basics).assignment("basics")


def test_a_release_that_does_not_fit_the_gradebook_is_named(basics):
    path = basics / "release" / "basics" / "basics.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"] = [
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") != "mean"
    ]
    path.write_text(json.dumps(notebook))
    with pytest.raises(CourseError, match="lacks the cell 'mean'"):
        Course(basics).assignment("basics")


def test_alembic_is_found_beside_the_interpreter(tmp_path, monkeypatch, basics):
    # nbgrader runs it as a program when it makes a gradebook, whatever PATH says.
    monkeypatch.setenv("PATH", "/usr/bin")
    (basics / "gradebook.db").unlink()
    with Course(basics).gradebook() as gradebook:
        assert gradebook.assignments == []
    assert os.environ["PATH"].endswith("/usr/bin")
