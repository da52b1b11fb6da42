"""Small faults in right answers lose points: every mutant that is wrong on some input is caught by the public ones."""

import textwrap
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.mutants import difference, kills, mutants, survives
from nlref.checks import EXERCISES, Exercise, find
from nlref.checks.faults import Mutant, mutants_of
from tests.checks import test_script as scripts

WRITTEN = [exercise for exercise in EXERCISES.values() if isinstance(exercise, Exercise)]


@pytest.mark.slow
@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda e: e.id)
def test_no_mutant_that_is_wrong_gets_all_points(exercise):
    found = kills(exercise)
    assert found.number >= 10 or exercise.kind == "value"
    assert not found.missed
    assert found.rate == 1


@pytest.mark.parametrize("exercise_id", ["softmax", "mean_squared_error"])
def test_mutants_of_a_few_exercises_are_caught(exercise_id):
    assert not kills(find(exercise_id)).missed


def test_mutants_of_a_class_are_caught():
    found = kills(replace(scripts.DENSE, alternatives=(scripts.LoopDense, scripts.Dense)))
    assert found.number > 30
    assert all("build" in text or "units" in text for text in found.missed), found.missed


def texts(source, name="f"):
    namespace = {"np": np}
    return [m.text.partition(": ")[2] for m in mutants_of(textwrap.dedent(source), name, namespace, "it")]


def test_faults_are_those_that_people_make():
    found = texts(
        '''
        def f(x, axis=-1):
            """No fault is put here."""
            y = np.where(x > 0, np.exp(-x), 2.0)
            return np.sum(y, axis=axis) / 3 + 1
        '''
    )
    for expected in (
        "np.sum(y, axis=axis) / 3 -> np.sum(y, axis=axis) * 3",  # operator
        "np.sum(y, axis=axis) / 3 + 1 -> np.sum(y, axis=axis) / 3",  # term dropped
        "-x -> x",  # sign
        "x > 0 -> x >= 0",  # comparison
        "x > 0 -> x < 0",
        "0 -> 1",  # constant
        "np.sum(y, axis=axis) -> np.mean(y, axis=axis)",  # function
        "np.sum(y, axis=axis) -> np.sum(y)",  # axis
        "-1 -> 0",
        "np.exp(-x) -> -x",  # call dropped
        "np.where(x > 0, np.exp(-x), 2.0) -> np.where(x > 0, 2.0, np.exp(-x))",  # arguments swapped
        "x -> axis",  # parameters confused
    ):
        assert expected in found, expected
    assert not any("No fault" in text for text in found)


def test_a_mutant_differs_from_its_answer_in_one_place_and_leaves_it_alone():
    (plus,) = (
        m for m in mutants_of("def f(x): return x + 1", "f", {}, "it") if m.text.endswith("x + 1 -> x - 1")
    )
    assert (plus.made(5), plus.right(5)) == (4, 6)


def test_a_survivor_that_is_wrong_elsewhere_is_missed_and_an_equivalent_one_is_not():
    exercise = find("softmax")
    gentle = replace(
        exercise,
        public_inputs=lambda: tuple(c for c in exercise.public_inputs() if c.criterion != "axis"),
    )

    def right(x, axis=-1):
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)

    blind = Mutant("the axis is not used", lambda x, axis=-1: right(x), right)
    assert survives(gentle, blind)
    assert not survives(exercise, blind)
    assert difference(gentle, blind) is not None
    same = Mutant("another spelling", lambda x, axis=-1: np.asarray(right(x, axis=axis)), right)
    assert survives(exercise, same)
    assert difference(exercise, same) is None


def test_a_mutant_that_does_not_end_is_caught():
    def endless(x):
        while True:
            pass

    assert not survives(find("relu"), Mutant("endless", endless, lambda x: np.maximum(x, 0)))


@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda e: e.id)
def test_every_exercise_has_mutants_of_its_solution(exercise):
    if exercise.kind != "value":  # how a value was come by is not checked
        assert next(mutants(exercise)).text.startswith("solution")
