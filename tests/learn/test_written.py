"""``written``: for every exercise, what may be used, what is to be written and what is to be mended."""

import pytest

from nlref import written
from nlref.checks import EXERCISES
from nlref.checks.exercise import Exercise, Method

USED = [one for one in EXERCISES.values() if isinstance(one, Exercise) and one.kind != "value"]
each = pytest.mark.parametrize("exercise", USED, ids=lambda exercise: exercise.id)


def named(exercise, function):
    function.__name__ = exercise.function
    return function


def with_methods(exercise, answer):
    """A function of the exercise's name that does what ``answer`` does, or a class whose methods do."""
    if exercise.kind != "class":
        return named(exercise, answer)
    steps = [step for case in exercise.public_inputs() for step in case.steps if isinstance(step, Method)]
    methods = {step.name: answer for step in steps}
    return type(exercise.function, (), {"__init__": lambda self, *args, **kwargs: None} | methods)


@each
def test_every_right_answer_may_be_used(exercise):
    for alternative in exercise.alternatives:
        if exercise.kind == "class":
            right = type(exercise.function, (alternative,), {})
        else:
            right = named(exercise, lambda *args, function=alternative, **kwargs: function(*args, **kwargs))
        assert written(right), alternative


@each
def test_a_stub_is_to_be_written(exercise, capsys):
    def stub(*args, **kwargs): ...

    assert not written(with_methods(exercise, stub))
    assert capsys.readouterr().out == f"First write {exercise.function} above, then run this cell again.\n"


@each
@pytest.mark.parametrize("does", ["raises", "of another shape", "text", "nothing"])
def test_what_would_stop_a_cell_is_to_be_mended(exercise, does, capsys):
    def answer(*args, **kwargs):
        if does == "raises":
            raise ZeroDivisionError
        given = {"of another shape": [[[[0.5] * 5] * 7]], "text": "0.5", "nothing": None}
        return given[does]

    assert not written(with_methods(exercise, answer))
    said = f"First mend {exercise.function} above, as the check says, then run this cell again.\n"
    assert capsys.readouterr().out == said


def test_wrong_values_may_be_looked_at():
    def relu(x):
        return 0.5 * x

    assert written(relu)


def test_two_lines_where_there_are_two_things_to_do(capsys):
    def relu(x): ...

    def tanh(x):
        return x[0]

    assert not written(relu, tanh)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("First write relu above")
    assert second.startswith("First mend tanh above")


def test_what_has_no_name_or_another_is_taken_as_it_is_or_missed(capsys):
    assert written(lambda x: x)
    assert not written(...)
    assert capsys.readouterr().out.startswith("First write what this cell uses above")
