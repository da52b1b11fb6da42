import html.parser
import re

import numpy as np
import pytest

import nlref


def leaky_relu(x, negative_slope=0.2):
    return np.where(x > 0, x, negative_slope * x)


def test_slider_carries_all_its_positions():
    page = nlref.explore(leaky_relu, negative_slope=(0, 1))
    content = page._repr_html_()
    assert content.count("<polyline") == 21
    assert content.count("display: none") == 20  # without scripts the middle one stands
    assert 'type="range" min="0" max="20" value="10"' in content
    assert "<output>0.5</output>" in content
    assert "http" not in content
    assert 'aria-label="leaky_relu for x from -4 to 4, negative_slope from 0 to 1"' in content
    html.parser.HTMLParser().feed(content)


def test_curve_is_where_the_function_says():
    content = nlref.explore(np.tanh, x=(-1, 1), y=(-1, 1))._repr_html_()
    points = re.search(r'points="([^"]+)"', content)[1].split()
    across, down = zip(*(map(float, point.split(",")) for point in points), strict=True)
    assert (across[0], across[-1]) == (36, 444)
    assert down[60] == 150  # tanh(0) in the middle
    assert down[-1] == pytest.approx(264 - (np.tanh(1) + 1) / 2 * 228, abs=0.1)


def test_gaps_where_there_is_no_value():
    content = nlref.explore(lambda x: np.where(np.abs(x) < 1, np.nan, x))._repr_html_()
    assert content.count("<polyline") == 2


def test_stub_has_nothing_to_draw():
    assert "nothing to draw yet" in nlref.explore(lambda x: ...).text


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "words"),
    [
        ((), {}, TypeError, "needs a function"),
        ((3,), {}, TypeError, "explore draws functions"),
        ((np.tanh,), {"a": (0, 1), "b": (0, 1)}, TypeError, "one argument at a time"),
        ((np.tanh,), {"a": (1, 0)}, ValueError, "two increasing numbers"),
        ((np.tanh,), {"x": (0, np.inf)}, ValueError, "two increasing numbers"),
    ],
)
def test_wrong_arguments_are_named(arguments, keywords, error, words):
    with pytest.raises(error, match=words):
        nlref.explore(*arguments, **keywords)
