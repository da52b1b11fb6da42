"""The sentences of unit 11 that state a number or a fact, each recomputed."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from nlref import layers
from nlref.build import LESSON
from nlref.checks import EXERCISES, Exercise, find
from nlref.checks.unit_11_depth import BatchNormalization, glorot_uniform, he_normal, norm_vjp
from nlref.layers import initializers

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "course" / "11_depth"
LESSON_TEXT = (FOLDER / LESSON).read_text(encoding="utf-8")
MINE = [one for one in EXERCISES.values() if isinstance(one, Exercise) and one.unit == "11_depth"]
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("11_depth")


@pytest.fixture
def sizes(unit):
    """The last layer's signal and the first layer's gradient, for each activation and start."""
    return {key: (signal[-1], gradient[0]) for key, (signal, gradient) in unit.names["sizes"].items()}


def test_the_digits_are_those_of_unit_10():
    assert (FOLDER / "digits.npz").read_bytes() == (
        FOLDER.parent / "10_backpropagation/digits.npz"
    ).read_bytes()


def test_thirty_slopes_of_a_quarter():
    says("the slope of the sigmoid is at most 1/4")
    x = np.linspace(-1, 1, 201)
    assert np.gradient(1 / (1 + np.exp(-x)), x).max() == pytest.approx(1 / 4, rel=1e-4)
    assert np.log10(0.25**30) == pytest.approx(-18.06, abs=0.005)
    assert round(np.log10(0.25**30)) == find("q_thirty_slopes").answer
    assert 0.25**30 == 2.0**-60


def test_small_weights_vanish_and_large_ones_explode(unit):
    says("Small weights let both **vanish**. With large ones, tanh's gradient **explodes**.")
    for line in unit.printed("weights of {deviation:4}").splitlines():
        deviation, signal, gradient = numbers(line)
        if deviation == 0.01:
            assert signal < 1e-14
            assert gradient < 1e-30
        elif line.startswith("tanh"):
            assert gradient > 1e9


def test_the_variance_of_a_sum_of_products():
    says("$n$ times that of the weights times the mean square of the inputs")
    rng = np.random.default_rng(0)
    x = rng.normal(1, 2, size=(1, 400))  # not centred: the mean square counts
    sums = x @ rng.normal(scale=0.3, size=(400, 20000))
    assert sums.var() == pytest.approx(400 * 0.3**2 * np.mean(x**2), rel=0.05)


def test_the_default_spread():
    rng = np.random.default_rng(0)
    spread = initializers.get(layers.Dense(512).kernel_initializer)((512, 512), rng).std()
    assert spread == pytest.approx(0.0442, abs=1e-4)
    assert spread == pytest.approx(find("q_default_spread").answer, abs=find("q_default_spread").tolerance)
    says("| its deviation, 512 to 512 | 0.0442 | 0.0255 | 0.0404 |")
    assert round(1 / np.sqrt(3 * 512), 4) == 0.0255
    assert round(0.07 / np.sqrt(3), 4) == 0.0404


def test_what_relu_keeps():
    x = np.linspace(-12, 12, 200001)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    mean, square = (np.trapezoid(np.maximum(x, 0) ** power * density, x) for power in (1, 2))
    assert square == pytest.approx(find("q_relu_keeps").answer)
    assert square - mean**2 == pytest.approx(0.3408, abs=1e-4)
    assert mean**2 == pytest.approx(0.16, abs=0.005)


def test_the_initialisers_have_the_limits_and_deviations_of_the_layers():
    rng = np.random.default_rng(0)
    for shape in ((300, 200), (200, 400)):
        limit = glorot_uniform(np.ones(shape)).max()
        drawn = initializers.glorot_uniform(shape, rng, "float64")
        assert 0.999 * limit < np.abs(drawn).max() <= limit
        assert (
            initializers.lecun_normal.scale == 1
        )  # with as many inputs as units, Glorot's variance is LeCun's
    for shape in ((300, 200), (3, 3, 40, 60)):
        deviation = he_normal(np.ones(shape)).max()
        assert initializers.he_normal(shape, rng, "float64").std() == pytest.approx(deviation, rel=0.02)
    widened = (
        np.abs(initializers.he_normal((300, 200), rng, "float64")).max()
        / he_normal(np.ones((300, 200))).max()
    )
    says("draws again what is beyond two deviations, and widens the rest to make up for it")
    assert 2.2 < widened < 2 / initializers.TRUNCATED_DEVIATION + 1e-6


def test_what_is_flat_in_the_figure(sizes):
    says("Nearly flat are tanh with Glorot's, relu with He's, selu with Glorot's.")
    for flat in (("tanh", "Glorot"), ("relu", "He"), ("selu", "Glorot")):
        assert all(0.05 < size < 10 for size in sizes[flat])
    says("Weights of 0.01 lose both in every activation")
    assert all(
        signal < 1e-14 and gradient < 1e-25
        for (_, start), (signal, gradient) in sizes.items()
        if start == "0.01"
    )
    says("with weights of 1 relu and selu explode, and tanh's gradient")
    assert min(*sizes["relu", "1"], *sizes["selu", "1"], sizes["tanh", "1"][1]) > 1e9
    says("Sigmoid keeps both with weights of 1 alone; where its signal lies flat at 1e-15, it is rounding.")
    assert min(sizes["sigmoid", "1"]) > 1e-3
    assert max(sizes["sigmoid", "Glorot"] + sizes["sigmoid", "He"]) < 1e-14


def test_all_digits_come_to_point_the_same_way(unit):
    says("all digits come to point in nearly the same direction. At the end a third of the units are dead.")
    first, _, last = (numbers(line) for line in unit.printed("cosine of two digits").splitlines())
    assert first[1] == 0
    assert first[2] < 0.7
    assert 28 <= last[1] <= 40
    assert last[2] > 0.95


def test_a_large_rate_kills(unit):
    says("Training kills too.")
    small, larger, largest = (numbers(line)[1] for line in unit.printed("rate {rate:3}").splitlines())
    assert small == 0
    assert 50 < larger < largest
    says("in the first layer for good, since the digits do not change.")
    images, gradient = unit.names["images"], unit.names["scores_gradient"]
    first, bias, last, before = (unit.names[name].copy() for name in ("first", "bias", "last", "dead"))
    assert not before.all()
    for rows in np.split(np.random.default_rng(9).permutation(1400), 14):
        h = np.maximum(images[rows] @ first + bias, 0)
        g = gradient(h @ last, rows)
        back = np.where(h > 0, g @ last.T, 0)
        last, first, bias = (
            last - 0.1 * h.T @ g,
            first - 0.1 * images[rows].T @ back,
            bias - 0.1 * back.sum(axis=0),
        )
    assert ((images[:1400] @ first + bias).max(axis=0) <= 0)[before].all()
    says("A deeper one may wake when layers below it move.")
    for below, awake in ((1.0, False), (3.0, True)):
        assert (max(max(2.0 * below, 0) * 1.0 - 4.0, 0) > 0) is awake


def test_a_batch_of_one_becomes_zero():
    sample = np.random.default_rng(0).normal(size=(1, 5))
    assert not BatchNormalization(5).forward(sample, True).any()
    question = find("q_batch_of_one")
    assert question.options[question.answer].text == "0 in every unit"
    assert "divided by 0.03" in question.options["c"].reply
    assert round(np.sqrt(1e-3), 2) == 0.03


def test_batch_normalisation_is_that_of_the_layer():
    rng = np.random.default_rng(1)
    ours, layer = BatchNormalization(3), layers.BatchNormalization(dtype="float64")
    layer.build((None, 3), rng)
    assert (ours.momentum, ours.epsilon) == (layer.momentum, layer.epsilon)
    for training in (True, True, False):
        x = rng.normal(2, 3, size=(6, 3))
        np.testing.assert_allclose(ours.forward(x, training), layer.forward(x, training=training), rtol=1e-12)
    np.testing.assert_allclose(ours.moving_mean, layer.state["moving_mean"], rtol=1e-12)
    np.testing.assert_allclose(ours.moving_variance, layer.state["moving_variance"], rtol=1e-12)
    x, g, gamma = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)), rng.normal(size=3)
    layer.parameters["gamma"][...] = gamma
    layer.forward(x, training=True)
    to_x = layer.backward(g)
    parts = to_x, layer.gradients["gamma"], layer.gradients["beta"]
    for one, other in zip(norm_vjp(x, g, gamma), parts, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_the_gradients_of_batch_normalisation_are_its_slopes():
    rng = np.random.default_rng(2)
    x, g, gamma = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=2)

    def loss():
        norm = BatchNormalization(2)
        norm.gamma = gamma
        return (g * norm.forward(x, True)).sum()

    for array, gradient in zip((x, gamma), norm_vjp(x, g, gamma), strict=False):
        for index in np.ndindex(array.shape):
            kept, slope = array[index], 0
            for step in (1e-5, -1e-5):
                array[index] = kept + step
                slope += loss() / (2 * step)
            array[index] = kept
            assert slope == pytest.approx(gradient[index], abs=1e-8)


def test_two_tests_of_the_hint():
    """A constant g gives 0, and so does g = y without epsilon."""
    x = np.random.default_rng(3).normal(size=(5, 2))
    normalised = (x - x.mean(axis=0)) / x.std(axis=0)
    for g in (np.ones((5, 2)), normalised):
        np.testing.assert_allclose(norm_vjp(x, g, np.ones(2), epsilon=0)[0], 0, atol=1e-14)


def test_the_bias_before_it_gets_nothing():
    rng = np.random.default_rng(4)
    to_x, _, _ = norm_vjp(rng.normal(size=(8, 3)), rng.normal(size=(8, 3)), rng.normal(size=3))
    np.testing.assert_allclose(to_x.sum(axis=0), 0, atol=1e-14)
    question = find("q_bias_before")
    assert question.options[question.answer].text == "exactly 0"


def test_thirty_sigmoids_read_once_they_are_normalised(unit):
    right = unit.names["right"]
    says("As they are, the layers stay at one digit in ten, which is guessing.")
    assert max(right["as they are"]) < 0.12
    says("Normalised, they stay there for two epochs and then read more and more.")
    assert max(right["normalised"][:2]) < 0.12
    assert right["normalised"][2:] == sorted(right["normalised"][2:])
    assert right["normalised"][-1] > 0.7


def test_what_batch_normalisation_changes(unit):
    says(
        "it no longer matters how large a kernel is, and in training a digit's output depends on the digits around it"
    )
    size, neighbours = unit.printed("other digits around").splitlines()
    assert numbers(size)[-1] < 1e-3
    assert numbers(neighbours)[-1] > 0.1


def test_what_articles_say(unit):
    sigmoid, relu, zeros, grown = unit.printed("gradient left, relu").splitlines()
    says("Slope times weight decides.")
    assert numbers(sigmoid)[-1] > 100 * numbers(relu)[-1]
    says("Not with a single layer")
    assert numbers(zeros)[-1] > 0.1
    says("In 30 layers of relu, at the start, it makes them.")
    assert numbers(grown)[-1] > 100


def test_one_layer_learns_from_zeros(unit):
    images, labels = unit.names["images"][:100], unit.names["labels"][:100]
    kernel = np.zeros((64, 10))
    for _ in range(50):
        e = np.exp(images @ kernel)
        kernel -= 0.1 * images.T @ (e / e.sum(axis=1, keepdims=True) - np.eye(10)[labels]) / 100
    assert np.mean((images @ kernel).argmax(axis=1) == labels) > 0.9


def test_normalising_makes_the_gradient_grow_as_finite_differences_say(unit):
    """The way back in the lesson is that of relu after batch normalisation."""
    names = unit.names
    h, kernels = names["images"][:100], names["STARTS"]["He"][:3]
    g = np.random.default_rng(1).normal(size=h.shape)

    def loss(x):
        for kernel in kernels:
            x = np.maximum(BatchNormalization(64).forward(x @ kernel, True), 0)
        return (g * x).sum()

    before, x = [], h
    for kernel in kernels:
        before.append(x @ kernel)
        x = np.maximum(BatchNormalization(64).forward(before[-1], True), 0)
    back = g
    for z, kernel in zip(before[::-1], kernels[::-1], strict=True):
        back = norm_vjp(z, np.where(z > z.mean(axis=0), back, 0), np.ones(64))[0] @ kernel.T
    for index in ((0, 20), (7, 36), (99, 45)):
        step = np.zeros_like(h)
        step[index] = 1e-6
        assert (loss(h + step) - loss(h - step)) / 2e-6 == pytest.approx(back[index], rel=1e-4, abs=1e-6)


def test_no_default_suits_thirty_layers_of_relu(unit):
    says("No default suits 30 layers of relu.")
    lines = unit.printed("30 layers of relu: signal").splitlines()
    assert [line.split()[0] for line in lines] == ["Keras", "PyTorch", "MXNet"]
    for line in lines:
        assert max(numbers(line)[-2:]) < 1e-3


def test_pytorch_has_these_defaults():
    """As PyTorch gave them; ``tests/references/README.md`` says how."""
    asked = json.loads((ROOT / "tests/references/torch213_training.json").read_text(encoding="utf-8"))
    assert asked["torch"].startswith("2.13")
    says("Keras 3.15 and PyTorch 2.13 were asked")
    largest, deviation = asked["linear_512_512"]["largest"], asked["linear_512_512"]["deviation"]
    assert 0.999 / np.sqrt(512) < largest <= 1 / np.sqrt(512) * (1 + 1e-6)
    assert deviation == pytest.approx(0.0255, abs=1e-4)
    norm = asked["batch_norm"]
    assert (norm["momentum"], norm["epsilon"]) == (0.1, 1e-5)
    assert norm["moving_mean"] == pytest.approx(0.1 * np.mean(norm["batch"]))  # 0.1 is new
    says("PyTorch's moving variance is over n - 1.")
    assert "PyTorch refuses such a batch" in find("q_batch_of_one").explanation
    assert norm["batch_of_one"].startswith("ValueError")
    assert norm["moving_variance"] == pytest.approx(0.9 + 0.1 * np.var(norm["batch"], ddof=1))


@pytest.mark.slow
def test_keras_has_these_defaults():
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    dense, norm = keras.layers.Dense(512), keras.layers.BatchNormalization()
    assert dense.kernel_initializer.__class__.__name__ == "GlorotUniform"
    assert (norm.momentum, norm.epsilon) == (0.99, 1e-3)
    says("| momentum of batch normalisation | 0.99 stays | 0.1 is new | 0.9 stays |")
    says("| epsilon | 1e-3 | 1e-5 | 1e-5 |")
    kernel = np.asarray(keras.initializers.GlorotUniform(seed=0)((512, 512)))
    assert kernel.std() == pytest.approx(0.0442, abs=1e-4)
    he = np.asarray(keras.initializers.HeNormal(seed=0)((512, 512)))
    assert he.std() == pytest.approx(np.sqrt(2 / 512), rel=0.01)
    assert np.abs(he).max() <= 2 * np.sqrt(2 / 512) / initializers.TRUNCATED_DEVIATION * (1 + 1e-6)
    rng, ours = np.random.default_rng(5), BatchNormalization(4)
    for training in (True, True, False):
        x = rng.normal(1, 2, size=(16, 4)).astype("float32")
        np.testing.assert_allclose(
            ours.forward(x, training), norm(x, training=training), rtol=1e-4, atol=1e-5
        )
