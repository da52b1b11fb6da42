"""Answers that no record lists: right ones lose nothing, wrong ones lose something, and no name is a false one."""

import re
from collections import Counter

import pytest

from nlref.checks import evaluate, find
from nlref.checks.general_mistakes import OBSERVED
from tests.checks.unseen import ANSWERS

RIGHT = [answer for answer in ANSWERS if answer.slip is None]
WRONG = [answer for answer in ANSWERS if answer.slip is not None]


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize("answer", RIGHT, ids=lambda a: f"{a.exercise}-{ANSWERS.index(a)}")
def test_an_unusual_right_answer_has_all_points(answer, seed):
    result = evaluate(answer.exercise, answer.given, private_seed=seed)
    assert result.passed, str(result)


@pytest.mark.parametrize("answer", WRONG, ids=lambda a: f"{a.exercise}-{a.slip}")
def test_a_wrong_answer_loses_points_on_public_inputs_and_is_told_why(answer):
    result = evaluate(answer.exercise, answer.given)
    assert not result.passed
    said = "\n".join(criterion.message for criterion in result.criteria)
    told = r"comes? back|came back|returned None|has no|raised|shape|changed|does not hold|with a \w+Warning"
    assert re.search(told, said), said


def test_there_are_enough_of_each():
    right, wrong = Counter(a.exercise for a in RIGHT), Counter(a.exercise for a in WRONG)
    assert min(right.values()) >= 3
    assert min(wrong.values()) >= 5
    assert right.keys() == wrong.keys()


def test_held_out_answers_are_in_no_record():
    for answer in WRONG:
        if answer.held_out:
            assert all(mistake.function is not answer.function for mistake in find(answer.exercise).mistakes)


@pytest.mark.parametrize(
    ("exercise", "slip", "name"),
    [
        ("leaky_relu", "slope squared", "negative_slope squared"),
        ("mean_squared_error", "divided by n - 1", "divided by one less"),
        ("mean_absolute_error", "maximum", "the largest of a sample"),
        ("softmax", "small number in the denominator", "too few digits"),
        ("celu", "selu's scale", "constant factor"),
        ("mean_absolute_percentage_error", "median", "the median of a sample"),
    ],
)
def test_names_are_those_of_what_was_done(exercise, slip, name):
    (answer,) = (a for a in WRONG if (a.exercise, a.slip) == (exercise, slip))
    assert evaluate(exercise, answer.given).mistake == name


def test_what_is_only_seen_in_the_numbers_is_said_with_a_number():
    for answer in WRONG:
        result = evaluate(answer.exercise, answer.given)
        if result.mistake in {mistake.name for mistake in OBSERVED}:
            said = "\n".join(criterion.message for criterion in result.criteria)
            assert re.search(r"All values are .*\d", said), said


@pytest.mark.parametrize(
    ("exercise", "slip", "said"),
    [
        ("selu", "one missing", "`np.exp` stands where `np.expm1` belongs"),
        ("elu", "branches exchanged", "two arguments of `np.where` are exchanged"),
        ("logsumexp", "log1p for log", "`np.log1p` stands where `np.log` belongs"),
        ("prelu", "divided", "`/` stands where `*` belongs"),
        ("log_sigmoid", "absolute value forgotten", "`np.abs` is missing"),
    ],
)
def test_one_small_fault_in_a_right_solution_is_found(exercise, slip, said):
    (answer,) = (a for a in WRONG if (a.exercise, a.slip) == (exercise, slip))
    result = evaluate(exercise, answer.given, private_seed=7)
    assert result.mistake == f"one fault: {said}"
    assert f"A right solution in which {said} gives the same." in str(result)
