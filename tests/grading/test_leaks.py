"""What learners must not see: private inputs and hidden tests, whatever their code remembers of them."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from nlref.checks import EXERCISES
from nlref.grading.course import Course
from nlref.grading.engine import Engine
from nlref.grading.sandbox import Limits
from nlref.grading.submission import read_submission

pytestmark = pytest.mark.sandbox

CANARY = 7919
TELLING = f"""
assert squares(3) == [0, 1, 4]
### BEGIN HIDDEN TESTS
assert squares({CANARY})[-1] == {CANARY - 1} ** 2
### END HIDDEN TESTS
"""


@pytest.fixture(scope="module")
def warm(basics_template):
    assignment = Course(basics_template).assignment("basics")
    with Engine(assignment, limits=Limits(cell_seconds=2.0, call_seconds=2.0)) as engine:
        yield engine


@pytest.fixture
def grade(basics, writing, warm):
    """Grade answers to ``basics`` whose first test hides a number."""

    def graded(answers, hidden=TELLING):
        folder = writing.hand_in(basics, "eve", "basics", writing.right | answers)
        submission = read_submission(folder, "eve", "basics", warm.assignment.notebooks)
        master = warm.assignment.notebooks["basics"]
        cells = [replace(c, source=hidden) if c.grade_id == "squares-check" else c for c in master.cells]
        notebook = warm.grade_notebook(
            replace(master, cells=tuple(cells)), submission.notebooks["basics"], submission.files
        )
        return notebook, {cell.grade_id: cell for cell in notebook.cells}

    return graded


def own_words(notebook):
    """All that a learner could put words into: outputs of every cell, and the reasons."""
    cells = json.loads(notebook.content)["cells"]
    return json.dumps([cell.get("outputs") for cell in cells]) + repr(notebook.cells)


REMEMBERS = "seen = []\ndef squares(n):\n    seen.append(n)\n    {}\n    return [i * i for i in range(n)]"


@pytest.mark.parametrize(
    "telling",
    [
        "print('asked for', n)",
        "open('seen.txt', 'a').write(str(n))",
        "import warnings; warnings.warn(str(seen))",
        f"if n == {CANARY}: raise ValueError('asked for ' + str(n))",
        f"if n == {CANARY}: raise type('Asked' + str(n), (Exception,), {{}})",
        f"if n == {CANARY}: raise AssertionError('asked for ' + str(n))",
        f"if n == {CANARY}: import os; os._exit(0)",
        f"if n == {CANARY}: return [str(seen)]",
    ],
)
def test_a_hidden_test_is_not_told(grade, telling):
    tells = "print(seen, open('seen.txt').read() if __import__('os').path.exists('seen.txt') else '')"
    later = "def mean(values):\n    if seen[-1] != 3: raise ValueError(str(seen))\n    return sum(values) / len(values)"
    notebook, cells = grade(
        {"squares": REMEMBERS.format(telling), "use": tells, "mean": f"{tells}\n{later}\n{tells}"}
    )
    said = own_words(notebook)
    assert "[3]" in said  # what is public may be told
    assert str(CANARY) not in said
    assert cells["squares-check"].score == (0 if "n ==" in telling else 2)


def test_what_fails_hidden_alone_says_so_in_the_instructors_words_or_none(grade):
    wrong = {"squares": "def squares(n): return [0, 1, 4]"}
    _, cells = grade(wrong)
    assert (cells["squares-check"].score, cells["squares-check"].reason) == (
        0,
        "AssertionError: a hidden test failed",
    )
    _, cells = grade(wrong, TELLING.replace(" ** 2", " ** 2, 'try a large n'"))
    assert cells["squares-check"].reason == "AssertionError: try a large n"
    _, cells = grade(wrong, TELLING.replace(" ** 2", " ** 2, f'for {squares(1)}'"))
    assert cells["squares-check"].reason == "AssertionError: a hidden test failed"


def test_a_function_that_later_cells_spoil_passes_its_hidden_test(grade):
    spoils = "def mean(values): return sum(values) / len(values)\n"
    _, cells = grade({"mean": spoils + "del squares"})
    assert cells["squares-check"].score == 2
    helped = "def squared(i): return i * i\ndef squares(n): return [squared(i) for i in range(n)]"
    _, cells = grade({"squares": helped, "mean": spoils + "squared = None"})
    assert cells["squares-check"].score == 2


def test_a_function_that_later_cells_mend_fails_its_hidden_test(grade):
    wrong = "def squares(n): return [0, 1, 4][:n]"
    mends = (
        "def squares(n): return [i * i for i in range(n)]\ndef mean(values): return sum(values) / len(values)"
    )
    _, cells = grade({"squares": wrong, "mean": mends})
    assert cells["squares-check"].score == 0


def test_a_function_that_counts_its_calls_is_judged_at_its_first(grade):
    counts = REMEMBERS.format("if len(seen) > 2: return None")
    _, cells = grade({"squares": counts})
    assert cells["squares-check"].score == 2


def test_private_inputs_are_not_told(unit_course, sample_class):
    name = sample_class.UNIT
    # A seed of its own: with another one, a number may come out that stands in the notebook anyway.
    version = replace(Course(unit_course).assignment(name), private_seed=20_260_101)
    released = json.loads((unit_course / "release" / name / f"{name}.ipynb").read_text("utf-8"))
    recipe = sample_class.recipes()["ada"]
    remembers = "seen = []\ndef relu(x):\n    seen.extend(np.ravel(x).tolist())\n    return np.maximum(x, 0)"
    tells = "def sigmoid(x):\n    raise ValueError(' '.join(map(repr, seen[-400:])))"
    prints = "print(' '.join(map(repr, seen)))\ndef tanh(x): return np.tanh(x)"
    recipe = recipe | {"cells": recipe["cells"] | {"relu": remembers, "sigmoid": tells, "tanh": prints}}
    folder = unit_course / "submitted" / "eve" / name
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(sample_class.notebook(released, recipe)))
    with Engine(version) as engine:
        result = engine.grade(read_submission(folder, "eve", name, version.notebooks))
    [notebook] = result.notebooks
    said = set(re.findall(r"-?\d+\.\d+", own_words(notebook)))

    def numbers(cases):
        arguments = (np.ravel(case.arguments[0]) for case in cases)
        return {text for text in (repr(float(v)) for x in arguments for v in x) if len(text) > 4}

    relu = EXERCISES["relu"]
    public = numbers(relu.public_inputs())
    private = numbers(relu.private_inputs(np.random.default_rng(version.private_seed))) - public
    assert len(private) > 20
    assert sum(number in said for number in public) > 20
    assert [number for number in private if number in said] == []
    assert {cell.grade_id: cell.score for cell in notebook.cells}["relu-check"] == 5
