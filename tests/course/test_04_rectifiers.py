"""The sentences of unit 04 that state a number or a fact, each recomputed."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from nlref.activations import FACTS, elu, relu, selu
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "course" / "04_rectifiers"
LESSON_TEXT = (FOLDER / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("04_rectifiers")


def test_the_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed (extra: test)")
    says("holds 1,797 handwritten digits of eight by eight pixels")
    digits = datasets.load_digits()
    with np.load(FOLDER / "digits.npz") as data:
        np.testing.assert_array_equal(data["images"], digits.data)
        np.testing.assert_array_equal(data["labels"], digits.target)
        assert data["images"].shape == (1797, 64)


def test_not_one_silent_relu_comes_back(unit):
    says("Not one silent relu comes back")
    train, x = unit.names["train"], unit.names["x"]

    def silent(epochs):
        weights = train(lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0), epochs=epochs)
        return (x[:1500] @ weights[0] + weights[1] <= 0).all(axis=0)

    start, end = silent(0), silent(15)
    assert 90 <= start.sum() < 100
    assert np.all(end[start])


def test_the_slopes_of_the_last_report_are_the_slopes(unit):
    names = unit.names
    cell = next(c.source for c in unit.cells if 'report("selu"' in c.source)
    z = np.linspace(-3.2, 3.1, 50)
    for activation, slope in re.findall(
        r'report\("[^"]*", (.*?), (lambda z: (?:1\.0|np\.where|np\.exp|scale).*)\)', cell
    ):
        f, s = eval(activation, names), eval(slope, names)
        np.testing.assert_allclose(s(z), (f(z + 1e-6) - f(z - 1e-6)) / 2e-6, atol=1e-8)


def test_all_others_end_far_above_relu(unit):
    says("All of them end far above relu.")
    lines = unit.printed('report("selu"').splitlines()
    right = [float(line.split()[-1]) for line in lines]
    silent = [int(re.search(r"silent\s+(\d+)", line).group(1)) for line in lines]
    assert len(right) == 4
    assert min(right[1:]) > right[0] + 0.3
    assert max(silent[1:]) < silent[0]


def test_with_biases_of_zero_the_four_are_close(unit):
    says("With biases that start at 0 the four are within two hundredths of each other")
    source = next(c.source for c in unit.cells if "def train" in c.source)
    names = dict(unit.names)
    exec(source[source.index("def forward") :].replace("np.full(100, -2.0)", "np.zeros(100)"), names)
    kinds = {
        "relu": (relu, lambda z: 1.0 * (z > 0)),
        "leaky": (lambda z: relu(z, 0.2), lambda z: np.where(z > 0, 1.0, 0.2)),
        "elu": (elu, lambda z: np.exp(np.minimum(z, 0))),
        "selu": (selu, lambda z: 1.0507 * np.where(z > 0, 1.0, 1.6733 * np.exp(np.minimum(z, 0)))),
    }
    right = []
    for activation, slope in kinds.values():
        p = names["forward"](names["x"][1500:], names["train"](activation, slope), activation)[2]
        right.append((p.argmax(axis=1) == names["labels"][1500:]).mean())
    assert max(right) - min(right) < 0.02, right


def test_what_happens_in_fifty_layers():
    says(
        "selu's line stays at 1. elu's sinks to about 0.05. relu's is a straight line down to about 0.00000002."
    )
    ends = {}
    for activation in (relu, elu, selu):
        rng = np.random.default_rng(0)
        h = rng.normal(size=(200, 256))
        for _ in range(50):
            h = activation(h @ (rng.normal(size=(256, 256)) / 16))
        ends[activation.__name__] = h.std()
    assert ends["selu"] == pytest.approx(1, abs=0.05)
    assert ends["elu"] == pytest.approx(0.05, abs=0.01)
    assert ends["relu"] == pytest.approx(2e-8, rel=0.4)
    assert find("q_selu_depth").answer == "b"


def test_the_constants_of_selu_reproduce_mean_and_spread(unit):
    for power, expected in ((1, 0.0), (2, 1.0)):
        parts = [
            integrate.quad(
                lambda x, n=power: float(selu(x)) ** n * stats.norm.pdf(x), low, high, epsabs=1e-13
            )[0]
            for low, high in ((-40, 0), (0, 40))
        ]
        assert sum(parts) == pytest.approx(expected, abs=1e-10)
    assert (unit.names["scale"], unit.names["alpha"]) == (1.0507009873554805, 1.6732632423543772)


def test_a_wrong_slope_costs_what_the_cell_shows(unit):
    right = [float(line.split()[-1]) for line in unit.printed("trained with slope 0.3").splitlines()]
    assert right[0] > 0.8
    assert right[-1] < right[0] - 0.1


def test_the_measured_gradient_is_the_formulas(unit):
    for line in unit.printed("move = step").splitlines():
        _, measured, formula = numbers(line.replace("slope ", ""))
        assert measured == pytest.approx(formula, abs=1e-6)


def test_what_articles_say(unit):
    prelu, slopes, exp = unit.printed('print("max(1.5 * x, x)').splitlines()
    assert "at -2: -2.0 " in prelu
    assert prelu.endswith(": -3.0")
    assert numbers(slopes)[-2:] == [2, 1]
    assert exp.endswith(": 0.0  expm1: -1e-20")


def recorded(name, key):
    with np.load(REFERENCES / "inputs.npz") as inputs, np.load(REFERENCES / f"{name}.npz") as values:
        return inputs["x"], values[f"{key}/float64/g_x"]


def test_the_slopes_in_the_table_of_frameworks():
    says("| `celu` | `keras.activations.celu`; its slope at 0 is 2 |")
    says("| slope of `selu` at 0 | 1.0507 | 1.7581 | 1.7581 |")
    for name, key, slope in (
        ("keras3151", "act/celu", 2.0),
        ("keras3151", "act/selu", 1.0507),
        ("torch213", "act/selu", 1.7581),
        ("mxnet191", "act/selu", 1.7581),
    ):
        x, gradient = recorded(name, key)
        np.testing.assert_allclose(gradient[x == 0], slope, atol=1e-4)
    says("| `selu`, gradient for $x < 0$ | right | right | wrong: at $-10$ it has the wrong sign |")
    x, gradient = recorded("mxnet191", "act/selu")
    assert np.all(gradient[(x < -9) & (x > -11)] < 0)


CASES = {
    "elu, by default, PyTorch": ("torch213", "act/elu"),
    "elu, by default, MXNet": ("mxnet191", "act/elu_slope0.25default"),
    "celu, alpha 1.5, PyTorch": ("torch213", "act/celu_1.5"),
    "selu, PyTorch": ("torch213", "act/selu"),
    "selu, MXNet": ("mxnet191", "act/selu"),
    "leaky relu, by default, PyTorch": ("torch213", "act/leaky_relu"),
    "leaky relu, by default, MXNet": ("mxnet191", "act/leaky_0.25default"),
    "relu6, PyTorch": ("torch213", "act/relu6"),
    "relu6, MXNet": ("mxnet191", "act/relu6_clip"),
}


def test_the_recorded_values_are_those_of_the_references(unit):
    assert set(unit.names["recorded"]) == set(CASES)
    with np.load(REFERENCES / "inputs.npz") as inputs:
        at = [np.flatnonzero(inputs["x"] == number)[0] for number in unit.names["z"]]
    for case, (system, key) in CASES.items():
        with np.load(REFERENCES / f"{system}.npz") as values:
            expected = values[f"{key}/float32/y"].ravel()[at]
        np.testing.assert_array_equal(np.float32(unit.names["recorded"][case]), expected)


def test_three_of_the_recorded_have_another_default(unit):
    says("Three are not yours")
    lines = unit.printed('print(f"{name:32} apart by').splitlines()
    other = {line.split(" apart")[0].strip() for line in lines if float(line.split()[-1]) > 1e-5}
    defaults = {"leaky relu, by default, PyTorch", "leaky relu, by default, MXNet", "elu, by default, MXNet"}
    assert other == defaults


def test_the_slopes_of_prelu_in_keras():
    says("`PReLU`: 0, one for each entry of a sample")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    layer = keras.layers.PReLU()
    layer.build((None, 5, 4, 3))
    assert layer.alpha.shape == (5, 4, 3)
    assert np.all(np.asarray(layer.alpha) == 0)


def test_the_default_slopes_are_the_facts(unit):
    from nlref.activations import leaky_relu

    assert inspect.signature(leaky_relu).parameters["negative_slope"].default == 0.2
    pytorch = next(c for c in FACTS["leaky_relu"].counterparts if c.system == "pytorch" and not c.arguments)
    mxnet = next(c for c in FACTS["leaky_relu"].counterparts if c.system == "mxnet" and not c.arguments)
    assert pytorch.options == {"negative_slope": 0.01}
    assert mxnet.options == {"negative_slope": 0.25}
    says("function 0.2, layer 0.3 | 0.01 | 0.25 |")
