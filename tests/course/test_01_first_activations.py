"""The sentences of unit 01 that state a number or a fact, each recomputed."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlref.activations import FACTS
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "01_first_activations" / LESSON).read_text(encoding="utf-8")
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


# 1. Exclusive or


def test_without_an_activation_every_start_ends_at_a_quarter(first):
    says("Close to 0.25, with an output near 0.5 at all four points.")
    train, forward, x = (first.names[name] for name in ("train", "forward", "x"))
    for seed in range(3):
        weights, losses = train(lambda z: z, np.ones_like, seed)
        assert losses[-1] == pytest.approx(0.25, abs=1e-3)
        np.testing.assert_allclose(forward(x, weights, lambda z: z)[2], 0.5, atol=0.05)
    plane = np.column_stack([x, np.ones(4)])
    residual = np.linalg.lstsq(plane, first.names["y_true"])[1]
    assert residual / 4 == pytest.approx(0.25)


def test_the_printed_losses_are_those_of_the_prose(first):
    printed = first.printed('print("loss at step')
    assert numbers(printed.splitlines()[1])[-2:] == [0.25, 0.25]
    assert numbers(printed.splitlines()[2])[-1] == 0.0


def test_the_slopes_given_to_train_are_the_functions_slopes(first):
    train, forward, x, y_true = (first.names[name] for name in ("train", "forward", "x", "y_true"))
    before, _ = train(np.tanh, lambda z: 1 - np.tanh(z) ** 2, steps=0)
    after, _ = train(np.tanh, lambda z: 1 - np.tanh(z) ** 2, steps=1, learning_rate=1e-3)

    def loss(weights):
        return np.mean((forward(x, weights, np.tanh)[2] - y_true) ** 2)

    for k, weight in enumerate(before):
        for index in np.ndindex(weight.shape):
            shifted = [[w.copy() for w in before] for _ in range(2)]
            shifted[0][k][index] += 1e-6
            shifted[1][k][index] -= 1e-6
            slope = (loss(shifted[0]) - loss(shifted[1])) / 2e-6
            assert (weight[index] - after[k][index]) / 1e-3 == pytest.approx(slope, abs=1e-7)


def test_two_linear_layers_are_one(first):
    assert numbers(first.printed("one_layer ="))[-1] < 1e-12
    assert np.ptp(first.names["two_layers"]) > 1  # or the comparison would say nothing


def test_the_surfaces_are_what_the_words_say(first):
    says("Left, without an activation, one flat colour, 0.5.")
    says("Right, with tanh, a dark band through the two points labelled 1, pale on both sides.")
    forward, points = first.names["forward"], first.names["points"]
    flat = forward(points, first.names["linear_weights"], lambda z: z)[2]
    assert np.abs(flat - 0.5).max() < 0.01
    bent = forward(first.names["x"], first.names["tanh_weights"], np.tanh)[2][:, 0]
    np.testing.assert_allclose(bent, [0, 1, 1, 0], atol=0.05)


# 2. and 3. relu and leaky_relu


def test_pythons_max_refuses_an_array(first):
    assert "ValueError: The truth value" in first.printed("def article_relu")


def test_two_relus_are_exclusive_or(first):
    assert numbers(first.printed("Two relus bend")) == [0, 1, 1, 0]


def test_a_network_of_n_relus_has_up_to_n_bends():
    s = np.linspace(-1, 1, 20001)
    bends = np.linspace(-0.8, 0.8, 5)
    y = np.maximum(s[:, None] - bends, 0) @ [-1, 3, -4, 4, -4]
    curvature = np.abs(np.diff(y, 2))
    assert np.count_nonzero(curvature > 1e-3 * curvature.max()) in range(5, 11)  # a bend touches two steps
    assert y.min() < 0 < y.max()


def test_a_dead_unit_does_not_move(first):
    says("3 stays 3 and -3 becomes -0.6")
    leaky_relu = first.names["leaky_relu"]
    np.testing.assert_allclose(leaky_relu(np.array([3.0, -3.0])), [3.0, -0.6])
    says("Nothing at all.")
    forward, train, x = (first.names[name] for name in ("forward", "train", "x"))
    moved = {}
    for name, left in (("relu", 0.0), ("leaky_relu", 0.2)):
        activation = first.names[name]
        start = train(activation, None, seed=8, steps=0)[0]
        dead = (forward(x, start, activation)[0] <= 0).all(axis=0)
        assert dead.any()
        end = train(activation, lambda z, left=left: np.where(z > 0, 1.0, left), seed=8)[0]
        moved[name] = np.abs(end[0] - start[0])[:, dead].max(), np.abs(end[1] - start[1])[dead].max()
    assert moved["relu"] == (0.0, 0.0)
    assert min(moved["leaky_relu"]) > 0.01


def test_leaky_learns_from_starts_where_relu_does_not(first):
    printed = first.printed("learned = {")
    relu_start, leaky_start, relu, leaky = printed.splitlines()
    assert numbers(relu_start.split("loss")[1])[:2] == [0.167, 3]
    assert numbers(leaky_start.split("loss")[1])[0] == 0.0
    assert 5 <= numbers(relu)[0] < numbers(leaky)[0] == 20


def test_the_ends_of_the_slider_are_relu_and_the_straight_line(first):
    z = np.linspace(-4, 4, 81)
    np.testing.assert_allclose(first.names["leaky_relu"](z, negative_slope=0), first.names["relu"](z))
    np.testing.assert_allclose(first.names["leaky_relu"](z, negative_slope=1), z)


# 4. and 5. sigmoid and tanh


def test_each_step_divides_the_distance_to_one_by_e_in_the_long_run(first):
    says("Half way is at 0")
    sigmoid = first.names["sigmoid"]
    assert sigmoid(np.array([0.0]))[0] == 0.5
    distance = 1 - sigmoid(np.array([10.0, 11.0]))
    assert distance[0] / distance[1] == pytest.approx(math.e, rel=1e-4)


def test_the_textbooks_formulas_overflow_where_the_lesson_says(first):
    assert "overflow encountered in exp" in first.printed("On the way to sigmoid(-1000)")
    assert "[nan nan]" in first.printed("by the ratio")
    with np.errstate(over="ignore"):
        assert 1 / (1 + np.exp(1000.0)) == 0
    assert np.isfinite(np.exp(709.0))


def test_a_tanh_network_is_a_sigmoid_network(first):
    forward, points = first.names["forward"], first.names["points"]
    w1, b1, w2, b2 = weights = first.names["tanh_weights"]
    same = [2 * w1, 2 * b1, 2 * w2, b2 - w2.sum(axis=0)]
    np.testing.assert_allclose(
        forward(points, same, first.names["sigmoid"])[2], forward(points, weights, np.tanh)[2], atol=1e-12
    )


# 6. Saturation


def test_ten_sigmoids_pass_on_a_millionth():
    says("The sigmoid's slope is at most 1/4.")
    z = np.linspace(-10, 10, 2001)
    slope = np.exp(-z) / (1 + np.exp(-z)) ** 2
    assert slope.max() == slope[1000] == 0.25
    question = find("q_chain")
    assert question.answer == round(math.log10(0.25**10)) == -6
    assert set(question.replies).isdisjoint({question.answer})
    assert "0.0066" in question.explanation
    assert math.floor(1e4 * slope[1500]) == 66


def test_the_words_about_the_slopes(first):
    says("The sigmoid's slope is a low hill of height 1/4 at 0, tanh's a steeper one of height 1;")
    says("both are close to 0 beyond 4.")
    far = np.array([-4.0, 4.0])
    y, t = first.names["sigmoid"](far), first.names["tanh"](far)
    assert max((y * (1 - y)).max(), (1 - t**2).max()) < 0.02


def test_the_slope_at_forty_comes_out_as_zero(first):
    says("about $4 \\cdot 10^{-18}$")
    assert math.exp(-40) == pytest.approx(4e-18, rel=0.1)
    last = first.printed("true_slope =").splitlines()[-1]
    assert last == "x = 40  value 1.00000000000000000  slope y * (1 - y) = 0, true 4.25e-18"


# 7. What articles say


def test_each_sentence_of_the_articles_fails(first):
    leaky, one, order, slope = first.printed("max(nan, 0)").splitlines()
    assert numbers(leaky) == [-1000, -200]
    assert FACTS["leaky_relu"].cases[0].range[0] == -math.inf
    assert one.endswith("= 0")
    assert isinstance(max(0, np.array([-1.0])), int)
    assert order == "max(0, nan) = 0  but max(nan, 0) = nan"
    assert numbers(slope)[-2:] == [-2.0, 0.105]


def test_weights_make_gradients_vanish_too(first):
    rows = first.printed("def gradient_left").splitlines()
    assert numbers(rows[0]) == [0.5, 1, 2]
    kept = {row.split()[0]: numbers(row) for row in rows[1:]}
    assert kept["linear"][0] == pytest.approx(1e-3, rel=0.5)
    assert kept["relu"][0] < 1e-4
    assert min(kept["linear"][2], kept["relu"][2]) > 10
    for column in range(3):
        assert min(kept, key=lambda name: kept[name][column]) == "sigmoid"


# 8. Keras, PyTorch, MXNet


def table() -> dict[str, list[str]]:
    rows = [line[2:].strip("|").split("|") for line in LESSON_TEXT.splitlines() if line.startswith("# |")]
    return {
        row[0].strip().replace("`", ""): [cell.strip().replace("`", "") for cell in row[1:]] for row in rows
    }


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "sigmoid", "tanh"])
def test_the_names_in_the_table_are_facts(name):
    for system, shown in zip(("keras", "pytorch", "mxnet"), table()[name], strict=True):
        assert shown in {c.function for c in FACTS[name].counterparts if c.system == system}


def test_the_default_slopes_in_the_table_are_facts():
    defaults = {}
    for counterpart in FACTS["leaky_relu"].counterparts:
        if not counterpart.arguments:
            ours = FACTS["leaky_relu"].cases[0].options | counterpart.options
            defaults.setdefault(
                counterpart.system, ours["negative_slope"]
            )  # the function stands before the layer
    shown = [numbers(cell)[0] for cell in table()["its default slope"]]
    assert shown == [defaults["keras"], defaults["pytorch"], defaults["mxnet"]]


def test_the_slopes_at_zero_in_the_table_are_facts():
    (kink,) = FACTS["relu"].cases[0].kinks
    assert [float(cell) for cell in table()["slope of relu at 0"]] == [kink.keras, kink.pytorch, kink.mxnet]
    (kink,) = FACTS["leaky_relu"].cases[0].kinks
    assert {kink.keras, kink.pytorch, kink.mxnet} == {kink.left}
    assert set(table()["slope of leaky_relu at 0"]) == {"the negative slope"}


@pytest.mark.slow
def test_the_optional_cell_compares_with_keras(tmp_path):
    switch = "compare_with_keras = False"
    says(switch)
    script = tmp_path / "lesson.py"
    asks = "\nprint('layer', keras.layers.LeakyReLU().negative_slope)\n"
    script.write_text(LESSON_TEXT.replace(switch, "compare_with_keras = True") + asks, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(rf"^(\w+) +largest difference ({NUMBER})$", done.stdout, flags=re.M))
    assert set(found) == {"relu", "leaky_relu", "sigmoid", "tanh"}
    # Keras keeps the slope 0.2 in float32, which float64 sees in the ninth digit.
    assert all(float(value) < (1e-7 if name == "leaky_relu" else 1e-14) for name, value in found.items())
    assert numbers(done.stdout.splitlines()[-1]) == [pytest.approx(0.3)]


# 9. Go on


def test_the_open_questions_have_the_answers_we_think():
    s = np.arange(4.0)
    three = np.maximum(s, 0) - 2 * np.maximum(s - 1, 0) + 2 * np.maximum(s - 2, 0)
    assert three.tolist() == [0, 1, 0, 1]
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert ((x @ [1, -1]) ** 2).tolist() == [0, 1, 1, 0]
