import logging
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

from nlref.checks import EXERCISES, CheckResult, Option, Outcome, Question, evaluate, find


def criterion(result, name):
    return next(c for c in result.criteria if c.name == name)


def test_textbook_sigmoid_gets_all_points_and_its_overflow_is_reported():
    result = evaluate("sigmoid", lambda x: 1 / (1 + np.exp(-x)))
    assert result.passed
    assert "overflow encountered in exp" in criterion(result, "extremes").message
    assert "the value is right" in criterion(result, "extremes").message


def test_a_value_that_nobody_compared_is_not_called_right():
    result = evaluate("kl_divergence", lambda y, p: np.sum(y * np.log(y / p), axis=-1))  # nan where y is 0
    assert not criterion(result, "extremes").passed
    assert criterion(result, "input unchanged").message == ""


def test_message_names_the_smallest_failing_input():
    result = evaluate("relu", np.abs)
    assert "For x = [-1]: 1 comes back, and 0 is right." in criterion(result, "values").message


def test_error_is_shown_with_the_learners_own_line():
    def relu(x):
        y = x + 1
        return max(0, y)  # the line to show

    result = evaluate("relu", relu)
    message = criterion(result, "values").message
    assert "ValueError" in message
    assert "return max(0, y)" in message


def test_shape_is_shrunk_to_the_same_kind_of_failure():
    result = evaluate("relu", lambda x: np.array([v if v > 0 else 0.0 for v in x]))
    assert "For x = [[-1, 2]]: it raised ValueError" in criterion(result, "shape").message


def test_other_criteria_wait_for_right_values():
    result = evaluate("sigmoid", lambda x: 1 / (1 + np.exp(x)))
    assert criterion(result, "shape").message == ""
    assert result.note.startswith("First the values")
    assert result.score == 0


def test_default_slope_of_pytorch_keeps_the_other_points():
    result = evaluate("leaky_relu", lambda x, negative_slope=0.01: np.where(x > 0, x, negative_slope * x))
    assert result.score == 3
    assert result.mistake == "PyTorch's slope"


@pytest.mark.parametrize("stub", [..., None])
def test_stub_value_is_not_attempted(stub):
    result = evaluate("relu", stub)
    assert (result.attempted, result.score) == (False, 0)


def test_stub_function_is_not_attempted():
    def unfinished(x):
        raise NotImplementedError

    def released(x):
        """The docstring of the released cell."""
        ...

    assert not evaluate("relu", released).attempted
    assert not evaluate("relu", lambda x: ...).attempted
    assert not evaluate("relu", lambda x: None).attempted
    assert not evaluate("relu", unfinished).attempted


def test_forgotten_return_is_an_attempt():
    def relu(x):
        np.maximum(x, 0)

    result = evaluate("relu", relu)
    assert result.attempted
    assert "is a `return` missing?" in criterion(result, "values").message


def test_condition_on_an_array_is_named_in_any_exercise():
    result = evaluate("sigmoid", lambda x: 1 / (1 + np.exp(-x)) if x > 0 else np.exp(x) / (1 + np.exp(x)))
    assert result.mistake == "one question for a whole array"


def test_printing_instead_of_returning_is_said():
    result = evaluate("relu", lambda x: print(np.maximum(x, 0)))
    assert result.attempted
    assert "end with `return`" in criterion(result, "values").message


def test_result_of_a_call_is_not_a_function():
    result = evaluate("relu", np.zeros(3))
    assert "not a function" in result.note
    assert result.score == 0


def test_infinite_and_wrong_points_are_refused():
    for points in (0, -1, np.nan, np.inf, "5"):
        with pytest.raises(ValueError, match="points must be a positive number"):
            evaluate("relu", np.abs, points=points)


def test_points_can_be_given():
    result = evaluate("relu", lambda x: np.maximum(x, 0), points=10)
    assert (result.score, result.points) == (10, 10)


def test_unknown_exercise_names_the_nearest():
    with pytest.raises(ValueError, match="there is no exercise 'sigmiod': did you mean 'sigmoid'"):
        find("sigmiod")


def test_failure_on_private_inputs_alone_shows_no_number():
    public = [case.arguments[0] for case in EXERCISES["relu"].public_inputs()]

    def memorised(x):
        known = any(np.array_equal(x, seen, equal_nan=True) for seen in public)
        return np.maximum(x, 0) if known else np.zeros_like(x)

    assert evaluate("relu", memorised).passed
    result = evaluate("relu", memorised, private_seed=11)
    assert result.private_only
    assert result.score < result.points
    message = criterion(result, "values").message
    assert "x =" not in message
    assert "fails for others" in message


def test_every_call_gets_its_own_copy():
    seen = []

    def greedy(x):
        seen.append(x)
        x[...] = 0
        return x

    before = [case.arguments[0].copy() for case in EXERCISES["relu"].public_inputs()]
    evaluate("relu", greedy)
    after = [case.arguments[0] for case in EXERCISES["relu"].public_inputs()]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))


def test_call_is_replaceable():
    calls = []

    def call(obj, args, kwargs):
        calls.append((obj, args, kwargs))
        return Outcome(value=np.maximum(args[0], 0), arguments=tuple(args))

    class Proxy:
        def __call__(self):
            raise AssertionError("the engine must not call the object itself")

    proxy = Proxy()
    assert evaluate("relu", proxy, call=call).passed
    assert all(obj is proxy for obj, _, _ in calls)


def test_prints_warnings_and_logging_are_caught(capfd):
    def chatty(x):
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("a warning", stacklevel=1)
        logging.getLogger("learner").warning("a log line")
        return np.maximum(x, 0)

    result = evaluate("relu", chatty)
    assert result.passed
    assert capfd.readouterr() == ("", "")
    assert "UserWarning: a warning" in criterion(result, "values").message


def test_exit_of_the_learner_is_an_error_like_others():
    result = evaluate("relu", lambda x: sys.exit(3))
    assert result.score == 0
    assert "SystemExit" in criterion(result, "values").message


def test_interrupt_passes_through():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate("relu", interrupted)


def test_choice_question():
    options = {"a": Option("one", "No: one is too few.", "fewer is better"), "b": Option("two", "Yes, two.")}
    question = Question("q", "u", "How many?", "b", "It takes two.", options=options)
    assert evaluate(question, " B ").passed
    wrong = evaluate(question, "a")
    assert (wrong.score, wrong.criteria[0].message, wrong.note) == (0, "No: one is too few.", "It takes two.")
    malformed = evaluate(question, 2)
    assert 'one of "a", "b"' in malformed.criteria[0].message
    assert malformed.note == ""


def test_number_question():
    question = Question(
        "q", "u", "How much?", 0.25, "A quarter.", tolerance=0.01, replies={0.5: "That is s."}
    )
    assert evaluate(question, 0.25).passed
    assert evaluate(question, np.float64(0.255)).passed
    assert evaluate(question, np.array([0.25])).passed
    assert "That is s." in evaluate(question, 0.5).criteria[0].message
    assert not evaluate(question, True).passed
    assert not evaluate(question, "0.25").passed
    assert not evaluate(question, float("nan")).passed
    assert evaluate(question, ...).attempted is False


def test_repr_is_the_score_and_dict_comes_back():
    result = evaluate("relu", np.abs)
    assert repr(result) == "0.0"
    assert repr(evaluate("relu", lambda x: np.maximum(x, 0))) == "5.0"
    back = CheckResult.from_dict(result.to_dict())
    assert back == result
    with pytest.raises(ValueError, match="schema 2"):
        CheckResult.from_dict({**result.to_dict(), "schema": 2})


def test_page_escapes_what_the_learner_wrote():
    def evil(x):
        raise ValueError("<script>alert(1)</script>")

    page = evaluate("relu", evil)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_lists_and_scalars_count_where_they_are_allowed():
    relu = EXERCISES["relu"]

    def as_list(x):
        return np.maximum(x, 0).tolist()

    assert not criterion(evaluate(relu, as_list), "dtype").passed
    assert evaluate(replace(relu, allow=relu.allow | {"lists"}), as_list).passed

    rmse = EXERCISES["root_mean_squared_error"]

    def as_array(y_true, y_pred):
        return np.sqrt(np.mean((y_true - y_pred) ** 2, keepdims=True)).reshape(-1)

    assert not criterion(evaluate(rmse, as_array), "values").passed
    allowed = evaluate(replace(rmse, allow=frozenset({"scalars"})), as_array)
    assert criterion(allowed, "values").passed
    assert not criterion(allowed, "shape").passed
    wrong = evaluate(replace(rmse, allow=frozenset({"scalars"})), lambda *a: 2 * as_array(*a))
    assert not criterion(wrong, "values").passed


def test_an_axis_too_many_is_named():
    result = evaluate("mean_squared_error", lambda t, p: np.mean((t - p) ** 2, axis=-1, keepdims=True))
    assert result.mistake == "an axis too many"
