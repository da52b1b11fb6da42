"""A cell that uses a learner's functions says a sentence where one of them is wrong in a way that would stop it."""

import contextlib
import io
from pathlib import Path

import pytest

from nlref.checks import EXERCISES
from nlref.checks.exercise import Exercise

USED = [one for one in EXERCISES.values() if isinstance(one, Exercise) and one.kind != "value"]
UNITS = sorted({exercise.unit for exercise in USED})


def asking(unit, function: str):
    """The cells that ask whether a function is written before they use it."""
    opening = "if written("
    found = []
    for cell in unit.cells:
        (line, *_) = [line for line in cell.source.splitlines() if line.startswith(opening)] or [""]
        if function in line.removeprefix(opening).removesuffix("):").split(", "):
            found.append(cell)
    return found


def wrong(exercise: Exercise):
    """A function or class of that name that raises."""

    def raises(*args, **kwargs):
        raise ZeroDivisionError

    made = type(exercise.function, (), {"__init__": raises}) if exercise.kind == "class" else raises
    made.__name__ = exercise.function
    return made


@pytest.mark.parametrize("name", UNITS)
def test_a_wrong_answer_stops_no_cell(worked, name, monkeypatch):
    unit = worked(name)
    monkeypatch.chdir(Path(__file__).parents[2] / "solutions" / name)  # where the data lie that cells load
    asked = 0
    for exercise in USED:
        if exercise.unit != name:
            continue
        for cell in asking(unit, exercise.function):
            asked += 1
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(cell.source, unit.names | {exercise.function: wrong(exercise)})
            said = [line for line in printed.getvalue().splitlines() if line.startswith("First ")]
            assert said, (cell.source, printed.getvalue())
            assert said[0].startswith(f"First mend {exercise.function} above")
    assert asked > 4
