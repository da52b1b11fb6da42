import nbformat
import pytest

from nlref.checks import EXERCISES
from nlref.course_files import course_files
from nlref.learn.notebooks import check_notebook

SETUP = "import numpy as np\nfrom nlref import check"


@pytest.fixture
def write(tmp_path):
    def written(*cells):
        path = tmp_path / "unit.ipynb"
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbformat.write(notebook, path)
        return path

    return written


def test_results_come_in_order_and_a_failing_cell_stops_nothing(write):
    path = write(
        SETUP,
        "def relu(x):\n    return np.maximum(x, 0)",
        'check("relu", relu)',
        "print('noise'); 1 / 0",
        "def tanh(x):\n    return np.tan(x)",
        'check("tanh", tanh)',
    )
    before = path.read_bytes()
    relu, tanh = check_notebook(path)
    assert (relu.exercise, relu.score) == ("relu", 5)
    assert (tanh.exercise, tanh.mistake) == ("tanh", "tan")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('check("relu", relu)', "The check did not run: NameError: name 'relu' is not defined"),
        ('check = print\ncheck("relu", np.abs)', "does not end in the value of a check"),
        ('%time\n1 / 0\ncheck("relu", np.abs)', "The check did not run: ZeroDivisionError: division by zero"),
        ('import nlref\nnlref.check("relu", relu)', "The check did not run: NameError"),
    ],
)
def test_check_that_came_to_nothing_counts_as_nothing_and_says_why(write, cell, reason):
    again = f"{SETUP}\ncheck('tanh', np.tanh)"
    relu, tanh = check_notebook(write(SETUP, "def relu(x) return x", cell, again))
    assert (relu.exercise, relu.score, relu.points, relu.passed) == ("relu", 0, 5, False)
    assert reason in str(relu)
    assert tanh.passed


def test_check_of_no_exercise_is_named(write):
    with pytest.raises(ValueError, match=r"unit\.ipynb: there is no exercise 'rleu': did you mean 'relu'"):
        check_notebook(write(SETUP, 'check("rleu", np.abs)'))


@pytest.mark.slow
@pytest.mark.parametrize("unit", course_files().units())
def test_released_unit_has_every_exercise_and_no_point_and_the_worked_one_all(unit):
    expected = [record.id for record in EXERCISES.values() if record.unit == unit]
    released = check_notebook(course_files().exercises / unit / f"{unit}.ipynb")
    assert sorted(result.exercise for result in released) == sorted(expected)
    assert {result.score for result in released} == {0}
    worked = check_notebook(course_files().solutions / unit / f"{unit}.ipynb")
    assert sorted(result.exercise for result in worked) == sorted(expected)
    assert all(result.passed for result in worked)


def test_unit_without_one_of_its_checks_is_not_complete(tmp_path):
    unit = course_files().units()[0]
    notebook = nbformat.read(course_files().solutions / unit / f"{unit}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if 'check("tanh"' not in cell.source]
    path = tmp_path / f"{unit}.ipynb"
    nbformat.write(notebook, path)
    [missing] = [result for result in check_notebook(path) if not result.passed]
    assert missing.exercise == "tanh"
    assert 'no cell that ends in `check("tanh", tanh)`' in str(missing)


def test_cell_that_asks_to_be_left_out_is(write):
    path = write(SETUP, "1 + 1", 'check("tanh", np.tanh)')
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = "import os; os._exit(3)"
    notebook.cells[1].metadata.tags = ["skip-execution"]
    nbformat.write(notebook, path)
    [tanh] = check_notebook(path)
    assert tanh.passed


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "there is no file"), ("not json", "not a Jupyter notebook"), ("{}", "not a Jupyter notebook")],
)
def test_file_that_is_no_notebook(tmp_path, content, words):
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=words):
        check_notebook(path)


def test_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        check_notebook(tmp_path)


def test_endless_loop_is_stopped(write):
    with pytest.raises(ValueError, match="did not finish within 3 s"):
        check_notebook(write(SETUP, "while True: pass"), seconds=3)


def test_process_that_ends_itself_is_said(write):
    with pytest.raises(ValueError, match="ended early"):
        check_notebook(write(SETUP, "import os; os._exit(7)"))
