"""A cell that uses a learner's functions says a sentence where one of them is wrong in a way that would stop it."""

import contextlib
import io

import numpy as np
import pytest

from nlref.checks import EXERCISES
from nlref.checks.exercise import Exercise

UNITS = ("05_smooth_and_hard", "07_crossentropy", "08_divergences_and_margins")


def one_number_for_all(*args, **kwargs):
    return np.float64(0.5)


def raises(*args, **kwargs):
    raise ZeroDivisionError


def an_axis_too_many(*args, **kwargs):
    return np.full((3, 2, 1), 0.5)


def nothing(*args, **kwargs):
    return None


def asking(unit, function: str):
    """The cells that ask whether a function is written before they use it."""
    opening = "if written("
    found = []
    for cell in unit.cells:
        (line, *_) = [line for line in cell.source.splitlines() if line.startswith(opening)] or [""]
        if function in line.removeprefix(opening).removesuffix("):").split(", "):
            found.append(cell)
    return found


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize(
    ("answer", "to_do"),
    [(nothing, "write"), (raises, "mend"), (one_number_for_all, "mend"), (an_axis_too_many, "mend")],
)
def test_a_wrong_answer_stops_no_cell(worked, name, answer, to_do):
    unit = worked(name)
    asked = 0
    for exercise in EXERCISES.values():
        if not isinstance(exercise, Exercise) or exercise.unit != name:
            continue
        if answer is one_number_for_all and exercise.id in ("dice", "tversky"):
            continue  # which give one

        def wrong(*args, **kwargs):
            return answer(*args, **kwargs)

        wrong.__name__ = exercise.function
        for cell in asking(unit, exercise.function):
            asked += 1
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(cell.source, unit.names | {exercise.function: wrong})
            said = [line for line in printed.getvalue().splitlines() if line.startswith("First ")]
            assert said, (cell.source, printed.getvalue())
            assert said[0].startswith(f"First {to_do} {exercise.function} above")
    assert asked > 8


@pytest.mark.parametrize("name", UNITS)
def test_every_right_answer_may_be_used(worked, name):
    written = worked(name).names["written"]
    for exercise in EXERCISES.values():
        if isinstance(exercise, Exercise) and exercise.unit == name:
            for alternative in exercise.alternatives:

                def right(*args, function=alternative, **kwargs):
                    return function(*args, **kwargs)

                right.__name__ = exercise.function
                assert written(right), (exercise.id, alternative)
