"""The sentences of unit 10 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref.build import LESSON
from nlref.checks import find
from nlref.checks.unit_10_backpropagation import network_gradients

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "course" / "10_backpropagation"
LESSON_TEXT = (FOLDER / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"
NAMES = ("kernel_1", "bias_1", "kernel_2", "bias_2")


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("10_backpropagation")


def test_the_data_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed (extra: test)")
    digits, diabetes = datasets.load_digits(), datasets.load_diabetes(scaled=False)
    says("`digits.npz` holds 1,797 handwritten digits")
    with np.load(FOLDER / "digits.npz") as data:
        np.testing.assert_array_equal(data["images"], digits.data)
        np.testing.assert_array_equal(data["labels"], digits.target)
    says("ten measurements of 442 patients")
    says("a number from 25 to 346")
    with np.load(FOLDER / "diabetes.npz") as data:
        np.testing.assert_array_equal(data["features"], diabetes.data.astype("float32"))
        np.testing.assert_array_equal(data["progression"], diabetes.target)
        assert data["features"].shape == (442, 10)
        assert (data["progression"].min(), data["progression"].max()) == (25, 346)


def test_slopes_along_two_paths_are_added():
    def y(a, b):
        return a * b + a

    assert (y(3 + 1e-6, 2) - y(3 - 1e-6, 2)) / 2e-6 == pytest.approx(find("q_fan_out").answer)


def test_the_gradients_of_the_neuron_are_its_slopes(unit):
    x, w, b, target = np.array([0.5, -1.0]), np.array([0.3, 0.2]), 0.1, 0.7

    def loss(w, b):
        return (np.tanh(w @ x + b) - target) ** 2

    to_w, to_b = unit.names["neuron_gradients"](x, w, b, target)
    for i, step in enumerate(1e-6 * np.eye(2)):
        assert (loss(w + step, b) - loss(w - step, b)) / 2e-6 == pytest.approx(to_w[i], rel=1e-6)
    assert (loss(w, b + 1e-6) - loss(w, b - 1e-6)) / 2e-6 == pytest.approx(to_b, rel=1e-6)


def test_backward_returns_the_shape_of_the_input(unit):
    layer = unit.names["Dense"](np.ones((64, 10)), np.ones(10))
    layer.forward(np.ones((32, 64)))
    shape = str(layer.backward(np.ones((32, 10))).shape)
    question = find("q_shape_back")
    assert shape in question.options[question.answer].text


def test_the_gradients_of_the_network_are_the_slopes_of_its_loss():
    rng = np.random.default_rng(4)
    x, y_true = rng.normal(size=(5, 3)), np.eye(4)[[0, 3, 1, 1, 2]]
    weights = [rng.normal(size=shape) for shape in ((3, 6), 6, (6, 4), 4)]

    def loss():
        logits = np.maximum(x @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
        return np.mean(np.logaddexp.reduce(logits, axis=1) - (y_true * logits).sum(axis=1))

    for array, gradient in zip(weights, network_gradients(x, y_true, *weights), strict=True):
        for index in np.ndindex(array.shape):
            kept, slopes = array[index], []
            for step in (1e-6, -1e-6):
                array[index] = kept + step
                slopes.append(loss() / (2 * step))
            array[index] = kept
            assert sum(slopes) == pytest.approx(gradient[index], abs=1e-8)


def test_it_reads_digits(unit):
    learned, new = numbers(unit.printed("right after 20 epochs"))[1:3]
    assert learned > 0.99
    says("the one for digits that were learned to 1, the one for new digits to a little above 0.9")
    assert 0.9 < new < 0.95
    says("The first 1,400 are for learning.")
    right = unit.names["right"]
    assert right["test"][4] - right["test"][0] > right["test"][-1] - right["test"][4]  # steep, then slow


def test_the_line_wins(unit):
    says("The line wins.")
    constant, line, network = (numbers(text)[-1] for text in unit.printed("root mean squared").splitlines())
    assert line < network < constant


def test_from_zeros_one_array_of_four_learns(unit):
    says("Then one array of four learns.")
    shapes, found = unit.printed("after a step with g itself").splitlines()
    assert "before (10,)" in shapes
    assert shapes.endswith("(32, 10)")
    gradients = numbers(found)
    assert sum(value > 0 for value in gradients) == find("q_all_zero").answer == 1
    assert gradients[-1] > 0


def test_what_the_frameworks_recorded(unit):
    factors = {}
    for line in unit.printed("np.vdot(theirs, gradient)").splitlines():
        system, _, factor, apart = line.split()[0], *line.split()[1:3], numbers(line)[-1]
        factors.setdefault(system, set()).add(round(float(factor), 4))
        assert apart < 1e-6  # the rounding of float32
    assert factors == {"keras": {1.0}, "pytorch": {1.0}, "mxnet": {float(find("q_batch_factor").answer)}}


def test_the_recorded_squares_are_those_of_the_references(unit):
    names = unit.names
    cases = {
        "PyTorch, reduction='sum'": ("torch213", "loss/mse_none"),  # the gradient of the sum of its values
        "MXNet, L2Loss": ("mxnet191", "loss/L2Loss"),
    }
    assert set(names["recorded_squares"]) == set(cases)
    at = [0, 4]
    with np.load(REFERENCES / "inputs.npz") as inputs:
        np.testing.assert_allclose(names["y_true"], inputs["reg_t"][at], atol=1e-8)
        np.testing.assert_allclose(names["y_pred"], inputs["reg_p"][at], atol=1e-8)
    for case, (system, key) in cases.items():
        with np.load(REFERENCES / f"{system}.npz") as values:
            gradient = values[f"{key}/float64/g_reg_p"][at]
        np.testing.assert_allclose(names["recorded_squares"][case], gradient, atol=6e-7)


def test_by_which_factors_the_squares_differ(unit):
    says("The sum has the factor of 6 errors.")
    says("6/2/3 is 1, for this batch of two.")
    pytorch, mxnet = (numbers(line)[-2:] for line in unit.printed("recorded_squares = {").splitlines())
    assert pytorch == [6, 6]
    assert mxnet == pytest.approx([1, 1], abs=2e-4)


def test_the_values_on_the_graph():
    a, b = 3, 2
    says(f"b = {b} -----> (times) --- {a * b} ---> (plus) --- {a * b + a} ---> y")
    says(f"a = {a} ----------+")


@pytest.mark.slow
def test_keras_still_returns_what_was_recorded():
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    import tensorflow as tf

    with np.load(FOLDER / "recorded.npz") as data:
        recorded = dict(data)
    layers = [keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((20,)), *layers])
    model.set_weights([recorded[name] for name in NAMES])
    with tf.GradientTape() as tape:
        values = keras.losses.sparse_categorical_crossentropy(recorded["labels"], model(recorded["x"]))
        loss = tf.reduce_mean(values)
    for name, gradient in zip(NAMES, tape.gradient(loss, model.trainable_weights), strict=True):
        np.testing.assert_allclose(gradient, recorded[f"keras_{name}"], rtol=1e-4, atol=1e-6)
