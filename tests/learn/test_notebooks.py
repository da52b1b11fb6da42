import nbformat
import pytest

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
