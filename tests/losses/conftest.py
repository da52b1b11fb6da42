"""What the contract tests run over: every loss, case, point and counterpart of ``nlref.losses.FACTS``.

A test asks for one of them by naming the argument; a new row in a table of facts is then tested without being listed.
"""

import functools
import itertools
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlref import losses, truth
from nlref.loss_facts import LossCounterpart, LossFacts

REFERENCES = Path(__file__).parents[1] / "references"
RECORDINGS = {"keras": ("keras3151",), "pytorch": ("torch213",), "mxnet": ("mxnet191", "mxnet191_nomkldnn")}


@dataclass(frozen=True)
class Loss:
    """A public loss with its gradient and facts."""

    name: str

    @property
    def facts(self) -> LossFacts:
        return losses.FACTS[self.name]

    @property
    def value(self) -> Callable:
        return getattr(losses, self.name)

    @property
    def vjp(self) -> Callable:
        return getattr(losses, f"{self.name}_vjp")

    @property
    def arrays(self) -> list[str]:
        """The names of the array parameters."""
        return self.value.plan.names

    @property
    def predictions(self) -> list[str]:
        return self.value.plan.predictions


@dataclass(frozen=True)
class LossCase:
    """A loss with one set of its options, as a function of its arrays alone."""

    loss: Loss
    number: int

    @property
    def options(self) -> Mapping[str, Any]:
        return self.loss.facts.cases[self.number]

    def value(self, *arrays, **keywords):
        return self.loss.value(*arrays, **self.options, **keywords)

    def vjp(self, *arrays, **keywords):
        return self.loss.vjp(*arrays, **self.options, **keywords)

    def gradients(self, *arrays, **keywords) -> tuple:
        """The gradients to all predictions, always as a tuple."""
        gradients = self.vjp(*arrays, **keywords)
        return gradients if isinstance(gradients, tuple) else (gradients,)

    def draw(self, dtype: str, shape: tuple[int, ...] | None = None, seed: int = 0) -> tuple:
        """Arrays at which the loss is smooth: floats of ``dtype``, whole numbers left alone."""
        generator = np.random.default_rng(seed)
        drawn = self.loss.facts.draw(generator, shape or self.loss.facts.shape, **self.options)
        return tuple(cast(array, dtype) for array in drawn)

    def positions(self) -> list[int]:
        """Which of the arrays are predictions."""
        return [self.loss.arrays.index(name) for name in self.loss.predictions]


def cast(array: np.ndarray, dtype: str) -> np.ndarray:
    return array.astype(np.dtype(dtype)) if array.dtype.kind == "f" else array


@dataclass(frozen=True)
class LossPair:
    """A loss and its counterpart in another system."""

    loss: Loss
    number: int

    @property
    def other(self) -> LossCounterpart:
        return self.loss.facts.counterparts[self.number]


@dataclass(frozen=True)
class Recording:
    """What one system returned for one call, and the pair it belongs to."""

    pair: LossPair
    file: str
    key: str

    def __str__(self) -> str:
        return f"{self.file}/{self.key.removeprefix('loss/')}"


LOSSES = [Loss(name) for name in losses.FACTS]
CASES = [LossCase(loss, number) for loss in LOSSES for number in range(len(loss.facts.cases))]
POINTS = [(loss, point) for loss in LOSSES for point in loss.facts.points]
PAIRS = [LossPair(loss, number) for loss in LOSSES for number in range(len(loss.facts.counterparts))]
RECORDED = [
    Recording(pair, file, key)
    for pair in PAIRS
    for key in pair.other.recorded
    for file in RECORDINGS[pair.other.system]
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    def over(argument: str, values: list, ids: list[str] | None = None) -> None:
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, values, ids=ids)

    def call(name: str, options: Mapping[str, Any]) -> str:
        return f"{name}({', '.join(f'{key}={value}' for key, value in options.items())})"

    over("loss", LOSSES, [loss.name for loss in LOSSES])
    over("case", CASES, [call(case.loss.name, case.options) for case in CASES])
    over("point", POINTS, [f"{loss.name}: {point.why}" for loss, point in POINTS])
    # The others are compared with what was recorded.
    keras_pairs = [
        pair for pair in PAIRS if pair.other.function.startswith("keras.losses.") and not pair.other.inputs
    ]
    over("keras_pair", keras_pairs, [f"{pair.loss.name}={pair.other.call}" for pair in keras_pairs])
    over("recording", RECORDED, list(map(str, RECORDED)))
    over("dtype", ["float32", "float64"])
    over("any_dtype", ["float16", "bfloat16", "float32", "float64"])


@functools.cache
def _truth(case: LossCase, dtype: str) -> tuple[tuple, np.ndarray, tuple[np.ndarray, ...]]:
    """Inputs, the true values, and the true gradients of the sum of the values to each prediction."""
    arrays = case.draw(dtype)
    return arrays, *truth.evaluate_loss(case.loss.value, case.loss.facts, arrays, case.options)


@pytest.fixture(scope="session")
def exact() -> Callable:
    """``exact(case, dtype)``: inputs, the true values, the true gradients, kept for the session."""
    return _truth


@dataclass(frozen=True)
class Recorded:
    """One file of recorded values with its description and the inputs that all files share."""

    values: Mapping[str, np.ndarray]
    cases: Mapping[str, Mapping[str, Any]]

    def inputs(self, dtype: str) -> dict[str, np.ndarray]:
        with np.errstate(over="ignore", under="ignore"):
            return {name: cast(array, dtype) for name, array in _inputs().items()}


@functools.cache
def _inputs() -> dict[str, np.ndarray]:
    with np.load(REFERENCES / "inputs.npz", allow_pickle=False) as arrays:
        return dict(arrays)


@functools.cache
def _recorded(file: str) -> Recorded:
    with np.load(REFERENCES / f"{file}.npz", allow_pickle=False) as arrays:
        cases = json.loads((REFERENCES / f"{file}.json").read_text(encoding="utf-8"))["cases"]
        return Recorded(dict(arrays), cases)


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Recorded]:
    """``recorded("torch213")``: what that system returned."""
    return _recorded


@pytest.fixture(scope="session")
def tf():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra: keras)")
        import keras  # noqa: F401  (its import warns too)
    return tensorflow


@pytest.fixture(scope="session")
def all_recordings() -> set[tuple[str, str]]:
    """Every file and key that a counterpart claims."""
    return {(recording.file, recording.key) for recording in RECORDED}


@pytest.fixture(scope="session")
def recorded_losses() -> list[tuple[str, str]]:
    """Every file and key that records a loss."""
    return [
        (file, key)
        for file in itertools.chain(*RECORDINGS.values())
        for key in _recorded(file).cases
        if key.split("/")[0] in ("loss", "out", "metric")
    ]
