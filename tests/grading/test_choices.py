"""What an instructor chooses for an assignment: the packages that learners find, and tests that run inside."""

import json
from dataclasses import replace

import pytest

from nlref.grading.course import Course, CourseError
from nlref.grading.engine import Engine
from nlref.grading.submission import read_submission

pytestmark = pytest.mark.sandbox


def configured(root, *lines):
    path = root / "nbgrader_config.py"
    path.write_text(path.read_text() + "".join(f"{line}\n" for line in lines))
    return Course(root)


def graded(course, writing, answers):
    version = course.assignment("basics")
    folder = writing.hand_in(course.root, "ada", "basics", writing.right | answers)
    with Engine(version) as engine:
        result = engine.grade(read_submission(folder, "ada", "basics", version.notebooks))
    return {cell.grade_id: cell for _, cell in result.cells()}


USES_JINJA = {"squares": "from jinja2 import Template\ndef squares(n): return [i * i for i in range(n)]"}


def test_a_package_is_there_if_the_instructor_adds_it(basics, writing):
    without = graded(Course(basics), writing, USES_JINJA)["squares-check"]
    assert (without.score, "squares" in without.reason) == (0, True)
    course = configured(basics, 'c.Grade.packages = {"basics": ["jinja2"]}')
    assert course.assignment("basics").packages == ("jinja2",)
    assert graded(course, writing, USES_JINJA)["squares-check"].score == 2


def test_other_packages_make_another_assignment(basics):
    before = Course(basics).assignment("basics").digest
    assert configured(basics, 'c.Grade.packages = ["jinja2"]').assignment("basics").digest != before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('c.Grade.profile = "pytorch"', "is one of numpy, sklearn, tensorflow, not 'pytorch'"),
        ('c.Grade.packages = ["nosuchthing"]', "'nosuchthing' is not installed: pip install nosuchthing"),
        ('c.Grade.packages = "pandas"', "is a list of names"),
    ],
)
def test_a_choice_that_cannot_be_is_said_at_once(basics, line, says):
    with pytest.raises(CourseError, match=says):
        configured(basics, line).assignment("basics")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "uses"),
    [
        ("sklearn", "from sklearn.linear_model import LinearRegression as used"),
        (
            "tensorflow",
            "import keras\nused = keras.ops.convert_to_numpy(keras.activations.relu([-1.0, 2.0]))",
        ),
    ],
)
def test_a_profile_brings_its_library(basics, writing, profile, uses):
    course = configured(basics, f'c.Grade.profile = {{"basics": "{profile}"}}')
    answer = f"{uses}\ndef squares(n): return [i * i for i in range(n) if used is not None]"
    assert graded(course, writing, {"squares": answer})["squares-check"].score == 2


@pytest.mark.parametrize("step", ["source", "release"])
def test_the_instructors_notebook_names_its_profile_and_the_configuration_overrules_it(basics, step):
    assert Course(basics).assignment("basics").profile == "numpy"
    path = basics / step / "basics" / "basics.ipynb"
    content = json.loads(path.read_text())
    content["metadata"]["nlref"] = {"profile": "sklearn", "sha256": "0"}
    path.write_text(json.dumps(content))
    assert Course(basics).assignment("basics").profile == "sklearn"
    assert configured(basics, 'c.Grade.profile = {"basics": "numpy"}').assignment("basics").profile == "numpy"


# Tests that run inside


@pytest.fixture(scope="module")
def warm(basics_template):
    with Engine(Course(basics_template).assignment("basics")) as engine:
        yield engine


def marked(root, grade_id, step="source"):
    """Ask for a test to run inside, as an instructor does in the notebook's metadata."""
    path = root / step / "basics" / "basics.ipynb"
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell["metadata"]["nlref"] = {"runs_in": "notebook"}
    path.write_text(json.dumps(content))
    return Course(root)


@pytest.mark.parametrize("step", ["source", "release"])
def test_the_metadata_marks_a_test_of_the_instructors_alone(basics, step):
    cells = marked(basics, "mean-check", step).assignment("basics").notebooks["basics"].cells
    assert [cell.grade_id for cell in cells if cell.runs_inside] == ["mean-check"]


@pytest.mark.parametrize(
    ("test", "score", "reason"),
    [
        ("import builtins\nassert 'mean' in globals() and get_ipython().user_ns['mean'] is mean", 4, ""),
        ("assert mean([1, 2]) == 3", 0, "AssertionError"),
        ("2.5", 2.5, "the test gave 2.5 of 4 points"),
        ("import numpy as np\nnp.float64(3.0)", 3, "the test gave 3 of 4 points"),
        ("mean([1, 2]) == 1.5", 4, ""),
        ("float('nan')", 0, "the test ended in nan, which is no number of points"),
        ("4.5", 0, "the test ended in 4.5, which is not between 0 and 4 points"),
        ("'well'", 0, "the test ended in a str where a number of points belongs"),
        ("import os\nos._exit(0)", 0, "the notebook's process ended"),
    ],
)
def test_a_test_runs_inside_and_says_so(basics, writing, warm, test, score, reason):
    master = warm.assignment.notebooks["basics"]
    cells = [
        replace(c, source=test, released=test, runs_inside=True) if c.grade_id == "mean-check" else c
        for c in master.cells
    ]
    folder = writing.hand_in(basics, "ada", "basics", writing.right)
    submission = read_submission(folder, "ada", "basics", warm.assignment.notebooks)
    notebook = warm.grade_notebook(replace(master, cells=tuple(cells)), submission.notebooks["basics"], {})
    cell = {cell.grade_id: cell for cell in notebook.cells}["mean-check"]
    assert (cell.score, cell.note.startswith("it ran inside the learner's process")) == (score, True)
    assert cell.reason.startswith(reason)


def test_a_check_does_not_run_inside(unit_course, sample_class):
    """There is no reference in there: nothing would be checked."""
    name = sample_class.UNIT
    sample_class.build(unit_course, ["ada"])
    version = Course(unit_course).assignment(name)
    master = version.notebooks[name]
    cells = [replace(c, runs_inside=True) if c.grade_id == "relu-check" else c for c in master.cells]
    version = replace(version, notebooks={name: replace(master, cells=tuple(cells))}, answers_known=False)
    with Engine(version) as engine:
        folder = unit_course / "submitted" / "ada" / name
        result = engine.grade(read_submission(folder, "ada", name, version.notebooks))
    scores = {cell.grade_id: (cell.score, cell.reason) for _, cell in result.cells()}
    assert scores["relu-check"] == (
        0,
        "ValueError: check, predict, choose cannot run inside the learner's process",
    )
    assert scores["tanh-check"] == (5, "")
