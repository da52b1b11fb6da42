"""nbgrader's own commands on our courses and our results: autograde, export, feedback, formgrader's pages."""

import csv
import json
import os
import shutil
import subprocess
import sys
import sysconfig

import pytest

from nlref.grading import grade
from nlref.grading.course import Course

pytestmark = pytest.mark.sandbox


def nbgrader(root, *arguments, check=True):
    """Run nbgrader as an instructor does; its messages."""
    path = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not check or run.returncode == 0, run.stderr
    return run.stderr


def scores(root, assignment):
    """Every grade in the gradebook: by student, notebook and cell, the score and whether a person is needed."""
    with Course(root).gradebook() as gradebook:
        return {
            (student.id, notebook.name, grade.name): (grade.auto_score, grade.needs_manual_grade)
            for student in gradebook.students
            for submission in gradebook.student_submissions(student.id)
            if submission.name == assignment
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


@pytest.mark.slow
def test_nbgrader_autograde_in_our_course_gives_our_scores(unit_course, sample_class):
    """The command (formgrader's button does the same) on the whole sample class, broken files and all."""
    sample_class.build(unit_course)
    said = nbgrader(unit_course, "autograde", sample_class.UNIT)
    fair = {
        (student, sample_class.UNIT, f"{exercise}-check"): (score, False)
        for student, recipe in sample_class.recipes().items()
        for exercise, score in recipe["fair"].items()
    }
    assert scores(unit_course, sample_class.UNIT) == fair
    assert "the test cell `relu-check` was missing and was put back" in said
    grade(unit_course, sample_class.UNIT)
    assert scores(unit_course, sample_class.UNIT) == fair


@pytest.mark.slow
# nbgrader's own add_submission draws this warning from SQLAlchemy.
@pytest.mark.filterwarnings("ignore:Object of type <:sqlalchemy.exc.SAWarning")
def test_formgraders_button_uses_the_engine(unit_course, sample_class):
    from nbgrader.apps.api import NbGraderAPI

    sample_class.build(unit_course, ["emeka", "malik"])
    course = Course(unit_course)
    api = NbGraderAPI(course.coursedir, config=course.nbgrader.config)
    for student in ("emeka", "malik"):
        answer = api.autograde(sample_class.UNIT, student)
        assert answer["success"], answer
    submissions = {one["student"]: one for one in api.get_submissions(sample_class.UNIT)}
    assert (submissions["emeka"]["score"], submissions["malik"]["score"]) == (23, 0)
    assert submissions["emeka"]["autograded"]


@pytest.mark.slow
def test_nbgraders_export_and_feedback_work_on_our_results(basics, writing):
    writing.hand_in(basics, "ada", "basics", writing.right)
    evil = "from IPython.display import HTML, display as d\n\ndef squares(n):\n    d(HTML('<script>alert(1)</script>'))"
    writing.hand_in(
        basics,
        "eve",
        "basics",
        writing.right
        | {
            "squares": evil + "\n    return 5\nsquares(1)",
            "why": "<img src=x onerror=alert(2)> because `a < b`",
        },
    )
    (basics / "submitted" / "eve" / "basics" / "extra.ipynb").write_text("no notebook")
    grade(basics, "basics")
    with Course(basics).gradebook() as gradebook:
        why = gradebook.find_grade("why", "basics", "basics", "ada")
        why.manual_score, why.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    nbgrader(basics, "export")
    with open(basics / "grades.csv", newline="", encoding="utf-8") as file:
        exported = {line["student_id"]: float(line["score"]) for line in csv.DictReader(file)}
    assert exported == {"ada": 9, "eve": 4}
    nbgrader(basics, "generate_feedback", "basics", "--force")
    page = (basics / "feedback" / "eve" / "basics" / "basics.html").read_text(encoding="utf-8")
    assert "(Score: 4.0 / 15.0)" in page or "4.0 / 14.0" in page
    assert "<script>alert(1)" not in page
    assert "onerror=alert(2)" not in page.replace("&lt;img src=x onerror=alert(2)", "")
    assert "it is not JSON" in (basics / "feedback" / "eve" / "basics" / "extra.html").read_text(
        encoding="utf-8"
    )


@pytest.mark.slow
def test_formgraders_pages_render_our_results(basics, writing):
    """The grading page is nbconvert with formgrader's template; it must not stumble over our notebooks."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    writing.hand_in(basics, "ada", "basics", writing.right)
    grade(basics, "basics")
    templates = os.path.join(os.path.dirname(handlers.__file__), "templates")
    exporter = HTMLExporter(template_name="formgrade", extra_template_basedirs=[templates])
    path = basics / "autograded" / "ada" / "basics" / "basics.ipynb"
    resources = {
        "assignment_id": "basics",
        "notebook_id": "basics",
        "submission_id": "0",
        "index": 0,
        "total": 1,
        "base_url": "/",
        "mathjax_url": "",
        "student": "ada",
        "last_name": None,
        "first_name": None,
        "notebook_path": "",
        "keep_names": True,
    }
    page, _ = exporter.from_filename(str(path), resources=resources)
    assert "squares-check" in page
    assert "Because I say so." in page


QUICKSTART = {
    "right": {
        "squares": "def squares(n):\n    if n < 1:\n        raise ValueError('n must be positive')\n"
        "    return [i ** 2 for i in range(1, n + 1)]",
        "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
        "sum_of_squares_equation": "$\\sum i^2$",
        "sum_of_squares_application": "def pyramid(n):\n    return sum_of_squares(n)",
        "part-a": "Fibonacci.",
        "part-b": "Negative numbers.",
    },
    "no_error": {
        "squares": "def squares(n):\n    return [i ** 2 for i in range(1, n + 1)]",
        "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    },
    "own_loop": {
        "squares": "def squares(n):\n    if n < 1: raise ValueError\n    return [i * i for i in range(1, n + 1)]",
        "sum_of_squares": "def sum_of_squares(n):\n    return n * (n + 1) * (2 * n + 1) // 6",
        "part-a": "No idea.",
    },
    "off_by_one": {
        "squares": "def squares(n):\n    if n < 1:\n        raise ValueError\n    return [i * i for i in range(n)]",
        "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    },
    "nothing": {},
    "broken": {"squares": "def squares(n)\n    pass", "sum_of_squares": "raise RuntimeError"},
}


@pytest.mark.slow
def test_nbgraders_own_quickstart_gets_the_scores_that_nbgrader_gives(tmp_path, writing):
    """Cell by cell, for answers in many states: the same class through ``nbgrader autograde`` and through ours."""
    roots = {}
    for name in ("theirs", "ours"):
        nbgrader(tmp_path, "quickstart", name)
        roots[name] = tmp_path / name
        nbgrader(roots[name], "generate_assignment", "ps1")
        for student, answers in QUICKSTART.items():
            writing.hand_in(roots[name], student, "ps1", answers)
        writing.hand_in(roots[name], "half", "ps1", QUICKSTART["right"], notebook="problem1")
    nbgrader(roots["theirs"], "autograde", "ps1")
    report = grade(roots["ours"], "ps1")
    theirs, ours = (scores(roots[name], "ps1") for name in ("theirs", "ours"))
    assert ours == theirs
    assert len(ours) == 9 * (len(QUICKSTART) + 1)
    assert report.notes == ()
    with Course(roots["theirs"]).gradebook() as one, Course(roots["ours"]).gradebook() as other:
        comments = [
            {
                (student, notebook, comment.name): comment.auto_comment
                for student in QUICKSTART
                for notebook in ("problem1", "problem2")
                for comment in book.find_submission_notebook(notebook, "ps1", student).comments
            }
            for book in (one, other)
        ]
    assert comments[0] == comments[1]


@pytest.mark.slow
def test_stock_nbgrader_agrees_with_us_on_plain_asserts_and_hidden_tests(
    basics_template, basics, tmp_path, writing
):
    theirs = shutil.copytree(basics_template, tmp_path / "theirs")
    answers = {
        "ada": writing.right,
        "ben": writing.right | {"squares": "def squares(n):\n    return [0, 1, 4]"},
        "cem": writing.right
        | {"mean": "def mean(values):\n    return 1.5", "total": "def total(path):\n    return 6"},
        "dua": {"why": "Just so."},
        "eli": writing.right | {"mean": "def mean(values):\n    raise ZeroDivisionError"},
    }
    for root in (basics, theirs):
        for student, own in answers.items():
            writing.hand_in(root, student, "basics", own)
    nbgrader(theirs, "autograde", "basics")
    grade(basics, "basics")
    assert scores(basics, "basics") == scores(theirs, "basics")


@pytest.mark.slow
def test_stock_nbgrader_reads_the_score_of_our_check(unit_template, tmp_path, sample_class):
    """Without our engine: a kernel runs ``check`` itself (NBGRADER_EXECUTION=autograde); right, wrong, in between."""
    root = shutil.copytree(unit_template, tmp_path / "course")
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")
    sample_class.build(root, ["ada", "emeka", "farah", "goran"])
    nbgrader(root, "autograde", sample_class.UNIT)
    recipes = sample_class.recipes()
    assert {key: score for key, (score, _) in scores(root, sample_class.UNIT).items()} == {
        (student, sample_class.UNIT, f"{exercise}-check"): score
        for student in ("ada", "emeka", "farah", "goran")
        for exercise, score in recipes[student]["fair"].items()
    }


def test_the_released_metadata_is_ours_after_grading(basics, writing):
    """nbgrader reads flags, points and checksums from the autograded notebook: they must be the instructor's."""
    from nbformat import read
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.utils import compute_checksum

    def forge(notebook):
        for cell in notebook["cells"]:
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"] |= {
                    "points": 1000,
                    "grade": True,
                    "locked": False,
                    "checksum": "0" * 32,
                }
            cell["metadata"]["tags"] = ["skip-execution"]

    writing.hand_in(basics, "eve", "basics", writing.right, change=forge)
    report = grade(basics, "basics")
    assert report.row("eve").total == 7
    notebook = read(basics / "autograded" / "eve" / "basics" / "basics.ipynb", as_version=4)
    MetadataValidator().validate_nb(notebook)
    assert "skip-execution" not in json.dumps(notebook)
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("locked"):
            assert compute_checksum(cell) == about["checksum"], about["grade_id"]
