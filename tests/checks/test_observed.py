"""What outcomes show by themselves is said where it explains every failure, and nowhere else."""

import numpy as np
import pytest

from nlref.checks import evaluate, observed
from nlref.checks.call import Outcome, Warned


def results(*pairs):
    return [(Outcome(value=np.zeros(got)), np.zeros(right)) for got, right in pairs]


@pytest.mark.parametrize(
    ("pairs", "mistake"),
    [
        ([((), (2, 3)), ((), (4,))], observed.ONE_NUMBER),
        ([((), (1, 1))], observed.ONE_NUMBER),
        ([((3,), (2, 3)), ((2, 2), (4, 2, 2))], observed.SAMPLES_LOST),
        ([((2,), (2, 3))], observed.LAST_LOST),
        ([((3, 3), (3,)), ((2, 2), (2, 1))], observed.TABLE),
        ([((3,), (3, 3))], None),  # either axis
        ([((3,), (2, 3)), ((2, 3), (2, 3))], None),  # one is wrong in another way
        ([((5,), (2, 3))], None),
        ([((2, 3), (2, 3))], None),
    ],
)
def test_shapes(pairs, mistake):
    assert observed.in_shapes(results(*pairs)) is mistake


def test_no_shape_is_looked_for_in_what_is_no_array():
    assert observed.in_shapes([(Outcome(value=None), np.zeros(3))]) is None
    assert observed.in_shapes([(Outcome(value=np.zeros(3)), (np.zeros(3), np.zeros(3)))]) is None


def warned(message, value=np.nan):
    return Outcome(value=np.array([value]), warnings=(Warned("RuntimeWarning", message),)), np.array([0.5])


def test_warnings_tell_what_overflowed():
    overflow, log = warned("overflow encountered in exp"), warned("divide by zero encountered in log")
    assert observed.in_extremes([overflow, overflow]) is observed.OVERFLOW
    assert observed.in_extremes([log]) is observed.LOG_OF_ZERO
    assert observed.in_extremes([overflow, log]) is None
    unused = warned("divide by zero encountered in log", value=0.75)  # wrong for another reason
    assert observed.in_extremes([unused]) is None
    assert observed.in_extremes([warned("overflow encountered in square")]) is None


def test_a_small_number_that_became_0_is_lost():
    small, truth = np.array([0.0, 1.0]), np.array([4e-18, 1.0])
    assert observed.in_extremes([(Outcome(value=small), truth)]) is observed.DIGITS_LOST
    assert observed.in_extremes([(Outcome(value=small), truth + 0.25)]) is None
    assert observed.in_extremes([(Outcome(value=small + 1e-9), truth)]) is None


def test_it_is_said_where_nothing_else_failed_before():
    def loud(x, g):
        return g / (2 + np.exp(x) + np.exp(-x))

    result = evaluate("sigmoid_vjp", loud)
    assert result.mistake == "overflow of exp"
    assert observed.OVERFLOW.sentence in str(result)
    result = evaluate("sigmoid_vjp", lambda x, g: loud(x, g) * np.cbrt(g + x))
    assert result.mistake is None
