import re

import numpy as np
import pytest

import nlref
from nlref.checks import EXERCISES
from nlref.learn import CheckFailed


def right(x):
    return np.maximum(x, 0)


def test_terminal_shows_the_report(capsys):
    result = nlref.check("relu", right)
    assert result.passed
    assert capsys.readouterr().out.startswith("relu: 5 of 5 points")


def test_show_false_is_silent(capsys):
    nlref.check("relu", right, show=False)
    assert capsys.readouterr() == ("", "")


def test_validate_raises_if_and_only_if_points_are_missing(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    assert nlref.check("relu", right).passed
    with pytest.raises(CheckFailed) as caught:
        nlref.check("relu", lambda x: max(0, x))
    lines = caught.value._render_traceback_()
    assert lines[0].startswith("relu: 0 of 5 points")
    assert all(len(line) <= 86 for line in lines)
    assert any("np.maximum" in line for line in lines)


def test_autograde_returns_and_prints_nothing(monkeypatch, capfd):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    result = nlref.check("relu", np.abs)
    assert result.score == 0
    assert result.picture is None
    assert capfd.readouterr() == ("", "")


def test_picture_in_a_notebook(monkeypatch):
    monkeypatch.setattr("nlref.learn.checking.in_notebook", lambda: True)
    result = nlref.check("sigmoid", lambda x: 1 / (1 + np.exp(-x)))
    assert result.picture is not None
    assert "error in ulp" in result.picture
    alt = re.search(r'<img alt="([^"]+)"', result._repr_html_())[1]
    assert re.fullmatch(r"Your sigmoid beside the reference; largest error: \d ulp, at -?[\d.]+\.", alt)
    assert "picture" not in result.to_dict()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda x: np.where(x == 3, np.nan, np.maximum(x, 0)), "largest error: nan where 3 is right, at 3"),
        (lambda x: np.where(x == 3, 4, np.maximum(x, 0)), "largest error: 2.3e+15 ulp, at 3"),
        (np.abs, "largest error: 6 where 0 is right, at -6"),
        (lambda x: np.maximum(x, 0), "no error: every value is the reference's"),
    ],
)
def test_picture_says_the_largest_error(monkeypatch, wrong, words):
    monkeypatch.setattr("nlref.learn.checking.in_notebook", lambda: True)
    assert f"<title>Your relu beside the reference; {words}.</title>" in nlref.check("relu", wrong).picture


def test_a_curve_through_0_is_measured_in_one_scale(monkeypatch):
    monkeypatch.setattr("nlref.learn.checking.in_notebook", lambda: True)

    def neuron_gradients(x, w, b, target):  # right, and rounded otherwise
        y = np.tanh(w @ x + b)
        slope = (2 * y - 2 * target) / np.cosh(w @ x + b) ** 2
        return slope * x, slope

    said = re.search(r"<title>(.*?)</title>", nlref.check("neuron_gradients", neuron_gradients).picture)[1]
    ulp = re.fullmatch(r"Your .*; largest error: ([\d.]+) ulp of the largest value, at .*\.", said)[1]
    assert float(ulp) < 8


def test_a_class_is_drawn(monkeypatch):
    monkeypatch.setattr("nlref.learn.checking.in_notebook", lambda: True)

    class Relu:
        def forward(self, x):
            self.x = x
            return np.maximum(x, 0)

        def backward(self, g):
            return g * (self.x >= 0)

    result = nlref.check("relu_layer", Relu)
    assert (
        "<title>Your Relu beside the reference; largest error: 1 where 0 is right, at 0.</title>"
        in result.picture
    )


NOT_DRAWN = {
    "numerical_vjp": "a sum of differences: its rounding, which is no fault, would look like an error",
    "gradient_error": "one number",
    "dense": "straight lines",
    "mean_squared_error_gradient": "a straight line",
    "sgd_step": "a straight line",
    "early_stopping": "yes or no, after each of a few numbers",
}


def test_what_has_no_picture_has_a_reason():
    from nlref.checks import Exercise
    from nlref.learn.picture import picture

    records = [exercise for exercise in EXERCISES.values() if isinstance(exercise, Exercise)]
    given = {e.id: e.reference() if e.kind == "value" else e.reference for e in records}
    assert {e.id for e in records if picture(e, given[e.id]) is None} == NOT_DRAWN.keys()


@pytest.mark.parametrize(
    "exercise", ["neuron_gradients", "dropout", "momentum", "adam", "batch_normalization"]
)
def test_a_right_answer_in_another_style_looks_right(exercise):
    from nlref.learn.picture import picture

    for alternative in EXERCISES[exercise].alternatives:
        svg = picture(EXERCISES[exercise], alternative)
        largest = re.search(r"largest error: ([\d.e+]+) ulp|no error", svg)[1]
        assert float(largest or 0) < 100


def test_no_title_is_wider_than_its_picture():
    from nlref.learn.picture import picture

    svg = picture(
        EXERCISES["categorical_crossentropy_vjp"], EXERCISES["categorical_crossentropy_vjp"].reference
    )
    assert "yours (blue) over the reference (grey)" in svg


def test_errors_too_large_to_count_are_drawn_at_the_top():
    from nlref.learn.picture import picture

    def markers_at_the_top_of_the_lower_axes(function):
        svg = picture(EXERCISES["relu"], function)
        heights = [float(y) for y in re.findall(r'<use xlink:href="#\w+" x="[\d.]+" y="([\d.]+)"', svg)]
        return sum(160 < height < 190 for height in heights)

    ticks = markers_at_the_top_of_the_lower_axes(lambda x: np.maximum(x, 0))
    assert ticks < 5
    assert markers_at_the_top_of_the_lower_axes(np.abs) >= 120


@pytest.mark.parametrize("answer", [None, "text", np.zeros(3), np.array(["a"] * 241), np.full(241, np.nan)])
def test_no_picture_of_what_cannot_be_drawn(monkeypatch, answer):
    monkeypatch.setattr("nlref.learn.checking.in_notebook", lambda: True)
    assert nlref.check("relu", lambda x: answer).picture is None


def test_score_is_all_that_repr_says():
    assert repr(nlref.check("relu", right, show=False)) == "5.0"
