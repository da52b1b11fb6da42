import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NLREF = Path(sys.executable).with_name("nlref")


def nlref(*arguments, **options):
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(
        [NLREF, *map(str, arguments)], capture_output=True, text=True, check=False, env=environment, **options
    )


@pytest.fixture
def notebook(tmp_path):
    def written(source):
        cells = ["import numpy as np\nfrom nlref import check", source, 'check("relu", relu)']
        path = tmp_path / "unit.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells]), path)
        return path

    return written


def test_check_exits_0_when_all_is_right(notebook):
    run = nlref("check", notebook("def relu(x):\n    return np.maximum(x, 0)"))
    assert run.returncode == 0
    assert run.stdout.endswith("5 of 5 points\n")


def test_check_exits_1_when_something_is_not(notebook):
    run = nlref("check", notebook("def relu(x):\n    return np.abs(x)"), "--json")
    assert run.returncode == 1
    assert json.loads(run.stdout)[0]["mistake"] == "absolute value"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "missing.ipynb"], "nlref: there is no file missing.ipynb\n"),
        (
            ["progress", "nowhere"],
            "nlref: nowhere is not a workspace: `nlref lab --directory nowhere` makes one\n",
        ),
    ],
)
def test_mistake_of_the_user_is_one_sentence_and_exit_code_2(tmp_path, arguments, sentence):
    run = nlref(*arguments, cwd=tmp_path)
    assert (run.returncode, run.stdout, run.stderr) == (2, "", sentence)


def test_version():
    import nlref as package

    assert nlref("--version").stdout == f"nlref {package.__version__}\n"


def test_unknown_verb_is_exit_code_2():
    assert nlref("grdae").returncode == 2


VERBS = ["lab", "check", "progress", "build", "compare"]
INSTRUCTORS_VERBS = ["init", "students", "release", "collect", "grade", "look", "return", "export", "doctor"]


@pytest.mark.parametrize("verb", VERBS + INSTRUCTORS_VERBS)
def test_help_has_an_example(verb):
    run = nlref(verb, "-h")
    assert run.returncode == 0
    assert f"Example: nlref {verb}" in run.stdout


def test_every_verb_is_in_the_help():
    from typer.main import get_command

    from nlref.cli import app

    assert sorted(get_command(app).commands) == sorted(VERBS + INSTRUCTORS_VERBS)
