"""The general mistakes are named in exercises that do not list them: along an axis, and of two arrays."""

import math
from dataclasses import replace

import numpy as np
import pytest

from nlref.checks import Case, Criterion, Exercise, evaluate, find
from nlref.checks.general_mistakes import _REDUCTIONS, ANOTHER, general_mistakes


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def mean_squared_error(y_true, y_pred):
    return np.mean((y_pred - y_true) ** 2, axis=-1)


def exercise(reference, arguments, cases):
    return Exercise(
        id=reference.__name__,
        unit="00_test",
        function=reference.__name__,
        reference=reference,
        criteria=(
            Criterion("values", 0.7, "The values are right."),
            Criterion("axis", 0.3, "It runs along axis."),
        ),
        public_inputs=lambda: cases(np.random.default_rng(0)),
        private_inputs=cases,
        mistakes=(),
        alternatives=(),
        hints=("?", "", "____"),
        points=10,
        arguments=arguments,
    )


SOFTMAX = exercise(
    softmax,
    ("x",),
    lambda rng: (
        *(Case("values", (rng.normal(size=shape).round(2),)) for shape in ((4, 3), (3, 4))),
        *(Case("axis", (rng.normal(size=(3, 4)).round(2),), {"axis": axis}) for axis in (0, 1)),
    ),
)
LOSS = exercise(
    mean_squared_error,
    ("y_true", "y_pred"),
    lambda rng: tuple(
        Case(name, tuple(rng.normal(size=(2, 5, 3)).round(2))) for name in ("values", "values", "axis")
    ),
)


# These change nothing here, do the same as another, or need another shape.
ALWAYS = {"axes of length 1 lost", "absolute values", "one question for a whole array"}
MEANINGLESS = {
    "mean_squared_error": ALWAYS
    | {
        "arguments swapped",  # symmetric
        "mirrored in x",
        "input returned",
        "the first row for all",
        "transposed",
        "first axis",
        "one power too many",
        "one power too few",
        "over the whole array",
        "flattened",  # one number a sample has one axis
        "summed along the last axis",
        "averaged along the last axis",
        "summed over the samples",
        "averaged over the samples",
    },
    "softmax": ALWAYS
    | {"axis ignored", "softmax for logits", "decimals cut off"}  # zeros are left of probabilities
    | {name for name, _, _ in _REDUCTIONS},
}


@pytest.mark.parametrize(
    ("record", "mistake"),
    [
        pytest.param(record, mistake, id=f"{record.id}-{mistake.name}")
        for record in (SOFTMAX, LOSS)
        for mistake in general_mistakes(record)
        if mistake.name not in MEANINGLESS[record.id] and not mistake.name.startswith(ANOTHER)
    ],
)
def test_a_general_mistake_is_named(record, mistake):
    result = evaluate(record, mistake.function)
    assert not result.criteria[0].passed
    named = result.criteria[0].mistake
    assert named == mistake.name
    assert mistake.sentence in str(result)


def test_an_ignored_axis_is_named_where_it_shows():
    result = evaluate(SOFTMAX, lambda x, axis=-1: softmax(x))
    assert result.score == 7
    assert result.mistake == "axis ignored"
    assert "axis = 0" in result.criteria[1].message


def test_the_smallest_row_is_shown_whole():
    result = evaluate(SOFTMAX, lambda x, axis=-1: np.exp(x) / np.exp(x).sum())
    first = result.criteria[0].message.splitlines()[0]
    assert first.startswith("For x = [[")
    assert first.count("[[") == 3, "input, answer and truth are small enough to be shown whole"


def test_two_arguments_are_named_and_cut_together():
    result = evaluate(LOSS, lambda y_true, y_pred: np.mean(np.abs(y_pred - y_true), axis=-1))
    first = result.criteria[0].message.splitlines()[0]
    assert first == "For y_true = [[0.13]], y_pred = [[-0.73]]: 0.86 comes back, and 0.7396 is right."


def test_swapped_arguments_are_named():
    def relative(y_true, y_pred):
        return np.mean(np.abs(y_pred - y_true) / np.abs(y_true), axis=-1)

    record = exercise(relative, ("y_true", "y_pred"), LOSS.private_inputs)
    result = evaluate(record, lambda y_pred, y_true: relative(y_true, y_pred))
    assert result.mistake == "arguments swapped"
    assert "their order is (y_true, y_pred)" in str(result)


def test_a_warning_on_a_right_value_is_a_fault_where_the_text_asks_for_none():
    quiet = exercise(
        lambda x: 1 / (1 + np.exp(np.minimum(-x, 700))),
        ("x",),
        lambda rng: (
            Case("values", (np.array([-1.0, 2.0]),)),
            Case("axis", (np.array([-1000.0]),), quiet=True, scale=1.0),
        ),
    )
    loud = evaluate(quiet, lambda x: 1 / (1 + np.exp(-x)))
    assert loud.score == 7
    assert "the value is right, with a RuntimeWarning: overflow" in loud.criteria[1].message
    assert evaluate(quiet, lambda x: 1 / (1 + np.exp(np.minimum(-x, 700)))).passed


def test_a_keyword_that_is_not_used_is_named():
    def scaled(x, gain=1.0, shift=0.0):
        return gain * np.sin(x) + shift

    record = exercise(
        scaled,
        ("x",),
        lambda rng: (
            Case("values", (rng.normal(size=5).round(2),), {"gain": 3.0, "shift": 0.75}),
            Case("axis", (rng.normal(size=5).round(2),)),
        ),
    )
    result = evaluate(record, lambda x, gain=1.0, shift=0.0: gain * np.sin(x))
    assert result.mistake == "shift ignored"
    assert evaluate(record, lambda x, gain=1.0, shift=0.0: np.sin(x) + shift).mistake == "gain ignored"
    twice = evaluate(record, lambda x, gain=1.0, shift=0.0: gain * (gain * np.sin(x) + shift))
    assert twice.mistake == "multiplied by gain"


def test_what_all_wrong_numbers_share_is_said_with_its_number():
    def cube(x):
        return x**3 + 2

    record = exercise(
        cube,
        ("x",),
        lambda rng: tuple(Case(name, (rng.normal(size=6).round(2),)) for name in ("values", "axis")),
    )
    factor = evaluate(record, lambda x: 1.7 * cube(x))
    assert factor.mistake == "constant factor"
    assert "All values are 1.7 times what is right." in str(factor)
    difference = evaluate(record, lambda x: cube(x) - 0.25)
    assert difference.mistake == "constant difference"
    assert "All values are too small by the same 0.25." in str(difference)
    digits = evaluate(record, lambda x: cube(x).astype(np.float16).astype(np.float64))
    assert digits.mistake == "too few digits"
    assert "right to about 3 digits" in str(digits)
    assert evaluate(record, lambda x: np.where(x > 0, 1.7, 1.8) * cube(x)).mistake is None


def test_a_mistake_that_fails_explains_no_failure():
    def raises(x, axis=-1):
        raise ValueError("operands could not be broadcast together")

    assert evaluate(SOFTMAX, raises).mistake is None
    assert evaluate(LOSS, lambda y_true, y_pred: np.zeros((2, 3)) + np.zeros((4, 5))).mistake is None


def test_numbers_that_differ_by_rounding_alone_are_too_few_to_see_a_difference():
    def half(x):
        return 0.5 + 1e-12 * x

    record = exercise(
        half,
        ("x",),
        lambda rng: tuple(Case(name, (rng.normal(size=6),)) for name in ("values", "axis")),
    )
    assert evaluate(record, lambda x: half(x) + 0.2).mistake is None


def test_zeros_alone_are_called_so():
    result = evaluate(SOFTMAX, lambda x, axis=-1: 0 * x)
    assert "All values are 0: a result is never filled in" in str(result)


def test_a_change_that_makes_all_numbers_alike_explains_no_constant():
    def sum_of_squares(x):
        return np.sum(x**2)

    record = exercise(
        sum_of_squares,
        ("x",),
        lambda rng: tuple(Case(name, (rng.normal(size=4),)) for name in ("values", "values", "axis")),
    )
    assert evaluate(record, lambda x: 1.0).mistake is None  # the softmax of one number


def sigmoid_slope(x):
    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    return sigmoid(x) * sigmoid(-x)


def test_a_fault_is_told_without_names_that_only_the_solution_has():
    record = exercise(
        sigmoid_slope,
        ("x",),
        lambda rng: tuple(Case(name, (rng.normal(size=4).round(2),)) for name in ("values", "axis")),
    )
    record = replace(record, alternatives=(sigmoid_slope,))
    result = evaluate(record, lambda x: 1 / (1 + np.exp(-x)) / (1 + np.exp(-x)))
    assert result.mistake is not None
    assert "`z`" not in str(result)


def shifted(x, by=1.0):
    return x + by * x**3


def test_a_default_that_is_another_is_told_from_other_faults():
    record = exercise(
        shifted,
        ("x",),
        lambda rng: tuple(
            Case(name, (rng.normal(size=4).round(2),), given)
            for name in ("values", "axis")
            for given in ({}, {"by": 3.0})
        ),
    )
    result = evaluate(record, lambda x, by=2.5: x + by * x**3, private_seed=1)
    assert result.mistake == "another default"
    assert "All is right where `by` is given, and wrong where not: look at its default." in str(result)
    assert evaluate(record, lambda x, by=1.0: x + by * x**2).mistake != "another default"
    assert evaluate(record, lambda x, by=1.0: x + x**3).mistake != "another default"


def test_writing_into_the_callers_array_is_told_with_the_way_out():
    record = exercise(
        shifted,
        ("x",),
        lambda rng: tuple(
            Case(name, (rng.normal(size=4).round(2),)) for name in ("values", "input unchanged", "axis")
        ),
    )
    record = replace(
        record,
        criteria=(*record.criteria[:1], Criterion("input unchanged", 0.3, "x is the same afterwards.")),
    )

    def in_place(x, by=1.0):
        x += by * x**3
        return x

    result = evaluate(record, in_place)
    assert result.mistake == "in place"
    assert "begin with a copy" in str(result)
    assert evaluate(record, lambda x, by=1.0: x).mistake != "in place"


@pytest.mark.parametrize(
    ("change", "named", "said"),
    [
        (lambda momentum: 1 - momentum, "momentum one minus", "This is right for 1 - momentum."),
        (lambda momentum: momentum**2, "momentum squared", "This is right for the square of momentum."),
        (
            lambda momentum: 0.9,
            "momentum ignored",
            "Whatever `momentum` is, the result is that of its default.",
        ),
        (lambda momentum: momentum, None, ""),
    ],
)
def test_a_setting_of_a_class_that_is_changed_is_told(change, named, said):
    class Momentum:
        def __init__(self, learning_rate=0.01, momentum=0.9):
            self.learning_rate, self.momentum, self.velocity = learning_rate, change(momentum), 0.0

        def step(self, w, gradient):
            self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
            return w + self.velocity

    result = evaluate(replace(find("momentum"), mistakes=()), Momentum)
    assert result.mistake == named
    assert said in str(result)
    assert result.passed is (named is None)


def test_a_function_of_single_numbers_is_told_by_its_error():
    result = evaluate(SOFTMAX, lambda x, axis=-1: math.exp(x))
    assert result.mistake == "a function of single numbers"
    assert "such as `np.exp`" in str(result)


def test_another_function_of_the_course_is_called_by_its_name():
    def softplus_by_hand(x):
        return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)

    assert evaluate("mish", softplus_by_hand).mistake == "another function: softplus"
    result = evaluate(LOSS, lambda y_true, y_pred: np.mean(np.abs(y_pred - y_true), axis=-1))
    assert "These are the values of `mean_absolute_error`." in str(result)


def slope_between_limits(x):
    end = 0.5
    return np.where(x <= -end, 0.0, np.where(x >= end, 1.0, 0.5 + x))


def test_two_numbers_are_too_few_to_tell_a_fault_by():
    record = exercise(
        slope_between_limits,
        ("x",),
        lambda rng: tuple(Case(name, (rng.normal(size=20).round(2),)) for name in ("values", "axis")),
    )
    record = replace(record, alternatives=(slope_between_limits,))
    assert evaluate(record, lambda x: np.round(slope_between_limits(x))).mistake is None
    turned = evaluate(record, lambda x: np.where(x <= -0.5, 0.0, np.where(x >= 0.5, 1.0, 0.5 - x)))
    assert turned.mistake == "one fault: `-` stands where `+` belongs"


def quotient(x, gain=3.0):
    shifted = x + gain
    return np.sin(shifted) * gain / (1 + shifted**2)


def test_what_is_missing_is_told_if_the_learner_has_it():
    record = exercise(
        quotient,
        ("x",),
        lambda rng: tuple(Case(name, (rng.normal(size=20).round(2),)) for name in ("values", "axis")),
    )
    record = replace(record, alternatives=(quotient,))

    def named(function):
        return evaluate(record, lambda x, gain=3.0: function(x, x + gain, gain)).mistake

    assert named(lambda x, z, gain: np.sin(z) * gain / (1 + z)) == "one fault: `** 2` is missing"
    assert named(lambda x, z, gain: np.sin(z) * gain / z**2) == "one fault: a term `1` is missing"
    # a factor that only the solution calls by this name
    assert named(lambda x, z, gain: gain / (1 + z**2)) == "one fault: a factor is missing"
    assert named(lambda x, z, gain: np.sin(x) * gain / (1 + x**2)) == "one fault: a term `gain` is missing"
