"""The sentences of unit 03 that state a number or a fact, each recomputed."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref.activations import sigmoid, softmax, sparsemax
from nlref.build import LESSON
from nlref.checks import find

ROOT = Path(__file__).parents[2]
LESSON_TEXT = (ROOT / "course" / "03_softmax" / LESSON).read_text(encoding="utf-8")
REFERENCES = ROOT / "tests" / "references"
NUMBER = r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def says(sentence: str) -> None:
    """The lesson says this; where it no longer does, the test below it no longer guards anything."""
    assert sentence in LESSON_TEXT


@pytest.fixture
def unit(worked):
    return worked("03_softmax")


def test_only_the_shift_leaves_softmax_as_it_was():
    right = softmax(np.array([1.0, 2.0, 3.0]))
    for key, option in find("q_softmax_same").options.items():
        listed = re.match(r"`\[(.*)\]`", option.text)
        if listed:
            other = softmax(np.array([float(number) for number in listed.group(1).split(",")]))
            assert np.allclose(other, right) == (key == find("q_softmax_same").answer)
    assert softmax(np.array([10.0, 20.0, 30.0]))[-1] == pytest.approx(0.99995, abs=1e-5)


def test_a_square_batch_runs_and_neither_sums_to_one(unit):
    assert "(4,3) (4,)" in unit.printed("article_softmax(np.zeros((4, 3)))")
    rows, columns = unit.printed("article_softmax(batch)").splitlines()
    for line in (rows, columns):
        assert np.all(np.abs(np.array(numbers(line)) - 1) > 0.1)
    e = np.exp(unit.names["batch"])
    wrong = e / e.sum(axis=-1)
    np.testing.assert_allclose(np.diag(wrong), np.diag(softmax(unit.names["batch"])))


def test_the_roads_are_straight():
    says("three straight lines lead, each through the dot from the opposite side to one corner")
    start = np.array([0.3, 0.8, 0.0])
    for i in range(3):
        scores = np.tile(start, (50, 1))
        scores[:, i] += np.linspace(-6, 6, 50)
        road = softmax(scores)
        others = [j for j in range(3) if j != i]
        ratio = road[:, others[0]] / road[:, others[1]]
        np.testing.assert_allclose(ratio, ratio[0])
        corner = np.eye(3)[i]
        towards = (road - corner) / np.linalg.norm(road - corner, axis=1, keepdims=True)
        np.testing.assert_allclose(towards, np.tile(towards[0], (50, 1)), atol=1e-9)


def test_one_output_is_always_one():
    assert softmax(np.array([[-3.0]]))[0, 0] == find("q_softmax_one").answer == 1
    assert float(sigmoid(-3.0)) == pytest.approx(0.047, abs=1e-3)


def test_the_smaller_probability_is_lost():
    says("the smaller probability is $e^{-1000}$, which is 0 in float64")
    assert softmax(np.array([0.0, -1000.0]))[1] == 0


def test_what_the_temperature_does():
    says(
        "At 0.03 they are 1, 0 and 0; from 0.3 on they approach each other; at 100 all three are close to a third."
    )
    scores = np.array([2.0, 1.0, 0.0])
    np.testing.assert_allclose(softmax(scores, temperature=0.03), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(softmax(scores, temperature=100), 1 / 3, atol=0.01)
    assert softmax(scores, temperature=0.3)[0] == pytest.approx(0.96, abs=0.02)


def test_words_look_back_only(unit):
    weights, vectors = unit.names["weights"], unit.names["vectors"]
    assert np.all(weights[np.triu_indices(4, 1)] == 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(unit.names["mixed"][0], vectors[0])


def test_sparsemax_is_the_closest_point_and_reaches_its_ends():
    says("sparsemax is a straight line from 0 at -1 to 1 at 1, flat on both sides")
    x = np.linspace(-3, 3, 61)
    first = sparsemax(np.stack([x, np.zeros_like(x)], axis=-1))[:, 0]
    np.testing.assert_allclose(first, np.clip((x + 1) / 2, 0, 1), atol=1e-12)
    assert sparsemax(np.array([3.0, 0.0]))[1] == find("q_sparsemax_flat").answer
    rng = np.random.default_rng(0)
    scores = rng.normal(size=4)
    points = rng.dirichlet(np.ones(4), size=20_000)
    nearest = np.linalg.norm(sparsemax(scores) - scores)
    assert nearest <= np.linalg.norm(points - scores, axis=1).min()


def test_what_articles_say(unit):
    batch, gap, half, classes = unit.printed("summed over the batch:").splitlines()
    assert numbers(batch) == [1, 1, 1]
    assert gap.endswith(": 1.0")
    assert half.endswith(": 0.0")
    assert numbers(classes)[2] == 0.731
    assert numbers(classes)[-1] == 0.214
    says("In float32 it is, from a gap of 17 on.")
    assert softmax(np.array([16.0, 0.0], np.float32))[0] < 1


def test_the_open_question_has_an_answer():
    says("Softmax of 10,000 equal scores is right in float16, of 100,000 it is 0.")
    with np.errstate(over="ignore"):
        for count, total in ((10_000, 1.0), (100_000, 0.0)):
            e = np.exp(np.zeros(count, np.float16))
            assert (e / e.sum()).sum() == pytest.approx(total, abs=0.01)


CASES = {
    ("softmax", "PyTorch"): ("torch213", "act/softmax"),
    ("softmax", "MXNet"): ("mxnet191", "act/softmax"),
    ("log_softmax", "PyTorch"): ("torch213", "act/log_softmax"),
    ("log_softmax", "MXNet"): ("mxnet191", "act/log_softmax"),
    ("temperature 2", "MXNet"): ("mxnet191", "act/softmax_T2"),
}


def test_the_recorded_values_are_those_of_the_references(unit):
    rows, values = unit.names["rows"], unit.names["recorded"]
    assert set(values) == set(CASES)
    with np.load(REFERENCES / "inputs.npz") as inputs:
        at = [np.flatnonzero((inputs["sm_x"] == row).all(axis=1))[0] for row in rows]
    for case, (system, key) in CASES.items():
        with np.load(REFERENCES / f"{system}.npz") as recorded:
            np.testing.assert_array_equal(np.float32(values[case]), recorded[f"{key}/float32/y"][at])


def test_one_recorded_logarithm_is_above_zero(unit):
    says("One of them has a logarithm above 0: a probability above 1.")
    above = [
        case for case, values in unit.names["recorded"].items() if "log" in case[0] and np.max(values) > 0
    ]
    assert above == [("log_softmax", "MXNet")]
    for line in unit.printed("its largest value").splitlines():
        assert float(re.search(r"apart by (\S+),", line).group(1)) < 1e-5


def test_a_row_of_infinities_is_nan_in_pytorch():
    says("`masked_fill` with $-\\infty$; an empty row is nan")
    with np.load(REFERENCES / "inputs.npz") as inputs:
        (at,) = np.flatnonzero((inputs["sm_x"] == -np.inf).all(axis=1))
    with np.load(REFERENCES / "torch213.npz") as recorded:
        assert np.all(np.isnan(recorded["act/softmax/float64/y"][at]))


def test_an_empty_row_elsewhere():
    says("an empty row is 0 |")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    masked = keras.layers.Softmax()(np.zeros((1, 2), np.float32), np.zeros((1, 2), bool))
    np.testing.assert_array_equal(np.asarray(masked), [[0, 0]])


def test_the_sparsemax_of_keras_is_still_wrong():
    says("`keras.activations.sparsemax`; in 3.15 wrong where two or more entries stay")
    keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    x = np.array([[0.1, 0.2, 0.35, 0.5]])
    assert np.asarray(keras.activations.sparsemax(x)).sum() < 0.5
    assert sparsemax(x).sum() == pytest.approx(1)
