import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import nlref


def leaky_relu(x, negative_slope=0.2):
    return np.where(x > 0, x, negative_slope * x)


def still(content):
    """The picture that stands where no script runs."""
    return base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', content)[1]).decode()


def alive(content):
    """What the script draws from."""
    return json.loads(re.search(r"const chart = (.*)\n", content)[1])


def curves(content, position):
    chart = alive(content)
    return [chart["curves"][number] for number in chart["pictures"][position]]


def value_at(chart_svg, height):
    """The value drawn at a height, by the chart's own ticks."""
    ticks = re.findall(r'y="([\d.]+)" text-anchor="end">(−?[\d.]+)<', chart_svg)
    (a, low), (b, high) = [(float(y) - 4, float(t.replace("−", "-"))) for y, t in (ticks[0], ticks[-1])]
    return low + (height - a) / (b - a) * (high - low)


def test_slider_carries_all_its_positions():
    content = nlref.explore(leaky_relu, negative_slope=(0, 1))._repr_html_()
    chart = alive(content)
    assert chart["positions"][0] == "0"
    assert chart["positions"][-1] == "1"
    assert len(chart["pictures"]) == len(chart["positions"]) == 21
    for position in (0, 10, 20):
        [heights] = curves(content, position)
        slope = float(chart["positions"][position])
        assert value_at(chart["svg"], heights[0]) == pytest.approx(-4 * slope, abs=0.05)
        assert value_at(chart["svg"], heights[-1]) == pytest.approx(4, abs=0.05)


def test_middle_position_stands_where_no_script_runs():
    content = nlref.explore(leaky_relu, negative_slope=(0, 1))._repr_html_()
    [heights] = curves(content, 10)
    drawn = re.search(r'<path d="([^"]+)"', still(content))[1]
    assert [float(pair.split()[1]) for pair in re.findall(r"[ML]([\d. ]+)", drawn)] == heights
    assert "<figcaption>negative_slope = 0.5</figcaption>" in content


def test_page_fetches_nothing_and_its_script_ends_where_it_should():
    def evil(x, a=1.0):
        return a * x

    evil.__name__ = '</script><b>&"'
    content = nlref.explore(evil, a=(0, 1))._repr_html_()
    assert "http" not in content
    assert set(re.findall(r"https?:[^\"]+", still(content))) == {"http://www.w3.org/2000/svg"}
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)
    parser.feed(content)
    assert tags == ["figure", "img", "figcaption", "script"]
    assert "<b>" not in still(content)


def test_several_functions_and_their_derivatives_share_the_axis():
    page = nlref.explore(leaky_relu, np.tanh, derivative=True, negative_slope=(0, 1))
    chart = alive(page.html)
    assert re.findall(r'<text x="\d+" y="\d+">([^<]+)<', chart["svg"]) == [
        "leaky_relu", "leaky_relu′", "tanh", "tanh′"
    ]  # fmt: skip
    first, last = (curves(page.html, position) for position in (0, 20))
    assert first[0] != last[0]
    assert first[2:] == last[2:]  # a function without the argument stands still
    assert value_at(chart["svg"], first[1][30]) == pytest.approx(0, abs=0.05)
    assert value_at(chart["svg"], last[1][30]) == pytest.approx(1, abs=0.05)
    assert value_at(chart["svg"], first[3][60]) == pytest.approx(1, abs=0.05)
    assert first[1][60] is None  # the kink has no derivative
    assert first[1].count(None) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("function", "slope"), [(np.tanh, lambda x: 1 - np.tanh(x) ** 2), (np.exp, np.exp), (np.sin, np.cos)]
)
def test_derivative_is_right_in_the_functions_own_dtype(function, slope, dtype):
    from nlref.learn.curves import _derivative

    grid = np.linspace(-4, 4, 121)

    def rounded(x):
        return function(x.astype(dtype))

    got = _derivative(rounded, grid, rounded(grid))
    assert not np.isnan(got).any()
    np.testing.assert_allclose(got, slope(grid), rtol=0, atol=2e-3 * np.abs(slope(grid)).max())


def test_text_tells_values():
    page = nlref.explore(leaky_relu, negative_slope=(0, 1))
    title, low, middle, high = str(page.text).splitlines()
    assert title == "leaky_relu for x from -4 to 4, negative_slope from 0 to 1"
    assert low == "leaky_relu (negative_slope = 0): 0 at -4, 0 at -2, 0 at 0, 2 at 2, 4 at 4"
    assert high.startswith("leaky_relu (negative_slope = 1): -4 at -4")
    assert f'alt="{title}. {middle}"' in page.html
    assert f'aria-label="{title}. {middle}"' in alive(page.html)["svg"]


def test_gaps_where_there_is_no_value():
    content = nlref.explore(lambda x: np.where(np.abs(x) < 1, np.nan, x))._repr_html_()
    assert re.search(r'<path d="([^"]+)"', still(content))[1].count("M") == 2


def test_range_of_y_cuts_what_is_outside():
    content = nlref.explore(np.exp, y=(0, 2))._repr_html_()
    heights = [float(h) for h in re.findall(r"[ML][\d.]+ (-?[\d.]+)", still(content))]
    assert min(heights) >= -400
    assert '<text x="46"' in still(content)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda x: ..., "f: nothing to draw yet."),
        (lambda x: None, "f: nothing to draw yet."),
        (lambda x: 1 / 0, "f raised ZeroDivisionError: division by zero"),
        (lambda x: 3.0, "f should give an array of shape (121,) for 121 points, not float."),
        (lambda x: x[:3], "f should give an array of shape (121,) for 121 points, not of shape (3,)."),
        (lambda x: x * np.nan, "There is no finite value to draw."),
    ],
)
def test_what_cannot_be_drawn_is_said(function, sentence):
    function.__name__ = "f"
    page = nlref.explore(function)
    assert page.text == sentence
    if "no finite" not in sentence:
        both = nlref.explore(function, np.tanh)
        assert sentence in both.text
        assert f"</figure><p>{sentence}</p>" in both.html


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "words"),
    [
        ((), {}, TypeError, "needs a function"),
        ((3,), {}, TypeError, "explore draws functions"),
        ((leaky_relu,), {"a": (0, 1), "b": (0, 1)}, TypeError, "one argument at a time"),
        ((leaky_relu,), {"alpha": (0, 1)}, TypeError, "leaky_relu has no argument 'alpha'"),
        ((np.tanh,), {"negative_slope": (0, 1)}, TypeError, "tanh has no argument"),
        ((leaky_relu,), {"negative_slope": (1, 0)}, ValueError, "two increasing numbers"),
        ((leaky_relu,), {"negative_slope": 1}, ValueError, "two increasing numbers"),
        ((np.tanh,), {"x": (0, np.inf)}, ValueError, "two increasing numbers"),
        ((np.tanh,), {"y": (1, 1)}, ValueError, "two increasing numbers"),
    ],
)
def test_wrong_arguments_are_named(arguments, keywords, error, words):
    with pytest.raises(error, match=words):
        nlref.explore(*arguments, **keywords)
