"""What the contract tests run over: every kernel, case and counterpart of ``nlref.activations.FACTS``.

A test asks for a kernel, a case or a counterpart by naming the argument; a new row in a table of facts is then tested
without being listed here.
"""

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes  # noqa: F401  (its import teaches NumPy the name bfloat16)
import numpy as np
import pytest

from nlref import activations, truth
from nlref.facts import Case, Counterpart, Facts, RowFacts
from nlref.ulp import ulp_error

REFERENCES = Path(__file__).parents[1] / "references"

# The names that the recorded truth has for kernels with options.
TRUTH_NAMES = {
    "elu(alpha=1)": "elu",
    "elu(alpha=1.5)": "elu(1.5)",
    "celu(alpha=1.5)": "celu(1.5)",
    "hard_shrink(threshold=0.5)": "hard_shrink",
    "hard_sigmoid": "hard_sigmoid(x/6)",
    "hard_sigmoid(slope=0.2, offset=0.5)": "hard_sigmoid(.2x)",
    "hard_silu": "hard_swish",
    "prelu(negative_slope=0.25)": "leaky(0.25)",
    "soft_shrink(threshold=0.5)": "soft_shrink",
    "threshold(threshold=1, default_value=0)": "threshold(1,0)",
    "relu(max_value=6)": "relu6",
    "leaky_relu(negative_slope=0.01)": "leaky(0.01)",
    "leaky_relu(negative_slope=0.2)": "leaky(0.2)",
    "leaky_relu(negative_slope=0.25)": "leaky(0.25)",
}


@dataclass(frozen=True)
class Kernel:
    """A public kernel with its gradient and facts."""

    name: str

    @property
    def facts(self) -> Facts:
        return activations.FACTS[self.name]

    @property
    def value(self) -> Callable:
        return getattr(activations, self.name)

    @property
    def vjp(self) -> Callable:
        return getattr(activations, f"{self.name}_vjp")

    def options(self, some: Mapping[str, Any]) -> dict[str, Any]:
        """All options, the given ones and the defaults of the others; an array but ``x`` counts if it is given."""
        parameters = inspect.signature(self.value.__wrapped__).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty} | dict(some)


@dataclass(frozen=True)
class Shape:
    """A kernel with one set of its options, as a function of ``x`` alone."""

    kernel: Kernel
    facts: Case

    def value(self, x, **keywords):
        return self.kernel.value(x, **self.facts.options, **keywords)

    def vjp(self, x, g, **keywords):
        """The gradient to ``x``, the first where there are several."""
        result = self.kernel.vjp(x, g, **self.facts.options, **keywords)
        return result[0] if isinstance(result, tuple) else result

    @property
    def recorded_as(self) -> str:
        """The key of ``truth_act.npz`` that its truth would have."""
        options = ", ".join(f"{key}={value:g}" for key, value in self.facts.options.items())
        key = f"{self.kernel.name}({options})" if options else self.kernel.name
        return TRUTH_NAMES.get(key, key)

    def away_from_kinks(self, x: np.ndarray, distance: float) -> np.ndarray:
        points = [kink.x for kink in self.facts.kinks] + list(self.facts.jumps)
        return x[
            np.all([np.abs(x - point) > distance for point in points] or [np.full(x.shape, True)], axis=0)
        ]

    def sample(self, dtype: str) -> np.ndarray:
        return truth.sample(np.dtype(dtype).type, [*(kink.x for kink in self.facts.kinks), *self.facts.roots])

    def away_from_roots(self, x: np.ndarray, distance: float) -> np.ndarray:
        """Where ``x`` is further than ``distance`` from every root of the slope."""
        return np.all(
            [np.full(x.shape, True), *(np.abs(x - root) > distance for root in self.facts.roots)], axis=0
        )

    def __hash__(self):
        return hash((self.kernel.name, str(self.facts.options)))


@dataclass(frozen=True)
class Pair:
    """A kernel and its counterpart in another system."""

    kernel: Kernel
    other: Counterpart

    @property
    def shape(self) -> Shape:
        """The case of the facts with the options that make the two equal."""
        wanted = self.kernel.options(self.other.options)
        for case in self.kernel.facts.cases:
            if self.kernel.options(case.options) == wanted:
                return Shape(self.kernel, case)
        raise AssertionError(f"{self.kernel.name}: no case has the options of {self.other.call}")


@dataclass(frozen=True)
class Rows:
    """A kernel along an axis with one set of its options, as a function of ``x`` and ``axis``."""

    name: str
    options: Mapping[str, Any]

    @property
    def facts(self) -> RowFacts:
        return activations.ROW_FACTS[self.name]

    def value(self, x, **keywords):
        return getattr(activations, self.name)(x, **self.options, **keywords)

    def vjp(self, x, g, **keywords):
        return getattr(activations, f"{self.name}_vjp")(x, g, **self.options, **keywords)

    def exact(self, x: np.ndarray, g: np.ndarray | None = None) -> np.ndarray:
        """The true value, or with ``g`` the true gradient, of each row of the 2-d array ``x``, as ``np.longdouble``."""
        return truth.evaluate_rows(self.facts, x, g, self.options)

    def __hash__(self):
        return hash((self.name, str(self.options)))


KERNELS = [Kernel(name) for name in activations.FACTS]
PLAIN = [Shape(kernel, kernel.facts.cases[0]) for kernel in KERNELS]
COMPILES = "test_a_kernel_is_an_activation_of_a_keras_layer"
QUICKLY_COMPILED = [shape for shape in PLAIN if shape.kernel.name in ("gelu", "celu")]
SHAPES = [Shape(kernel, case) for kernel in KERNELS for case in kernel.facts.cases]
with np.load(REFERENCES / "truth_act.npz", allow_pickle=False) as recorded_truth:
    RECORDED_SHAPES = [shape for shape in SHAPES if f"{shape.recorded_as}/float64/y" in recorded_truth]
ROWS = [Rows(name, options) for name, facts in activations.ROW_FACTS.items() for options in facts.options]
PAIRS = [Pair(kernel, counterpart) for kernel in KERNELS for counterpart in kernel.facts.counterparts]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    def over(argument: str, values: list, ids: list[str]) -> None:
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, values, ids=ids)

    over("kernel", KERNELS, [kernel.name for kernel in KERNELS])
    over("plain", PLAIN, [kernel.name for kernel in KERNELS])
    over("shape", SHAPES, [_call(shape.kernel.name, shape.facts.options) for shape in SHAPES])
    over("rows", ROWS, [_call(rows.name, rows.options) for rows in ROWS])
    plain_rows = [rows for rows in ROWS if not rows.options]
    over("plain_rows", plain_rows, [rows.name for rows in plain_rows])
    over("recorded_shape", RECORDED_SHAPES, [shape.recorded_as for shape in RECORDED_SHAPES])
    for argument, chosen in (
        ("keras_pair", [pair for pair in PAIRS if pair.other.system == "keras"]),
        ("recorded_pair", [pair for pair in PAIRS if pair.other.recorded]),
        ("wrong_slope_pair", [pair for pair in PAIRS if pair.other.wrong_slope]),
        ("overflowing_pair", [pair for pair in PAIRS if pair.other.overflows < np.inf]),
    ):
        over(argument, chosen, [f"{pair.kernel.name}={pair.other.call}" for pair in chosen])
    over("dtype", ["float32", "float64"], ["float32", "float64"])
    over("any_dtype", ["float16", "bfloat16", "float32", "float64"], None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """TensorFlow compiles for a second what takes a millisecond: in the quick tests only for two of the kernels."""
    for item in items:
        if item.path.parent == Path(__file__).parent and hasattr(item, "callspec"):
            parameters = item.callspec.params
            case = parameters.get("shape") or parameters.get("plain")
            mode = parameters.get("mode", "")
            compiles = mode == "compiled" or item.originalname == COMPILES
            if case and (
                (compiles and case not in QUICKLY_COMPILED) or (mode == "graph" and case not in PLAIN)
            ):
                item.add_marker(pytest.mark.slow)


def _call(name: str, options: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in options.items())})"


@pytest.fixture(scope="session")
def plains() -> list[Shape]:
    """Every kernel with its default options, for a test that tries them all at once."""
    return PLAIN


@functools.cache
def _truth(shape: Shape, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x = shape.sample(dtype)
    if shape not in PLAIN:
        x = x[::3]  # the truth takes most of the time of these tests
    facts, options = shape.kernel.facts, shape.facts.options
    return x, truth.evaluate(facts.exact, x, options), truth.evaluate(facts.exact_slope, x, options)


@pytest.fixture(scope="session")
def exact() -> Callable:
    """``exact(shape, dtype)``: thousands of inputs, the true values and the true slopes, kept for the session."""
    return _truth


@pytest.fixture(scope="session")
def worst_ulp() -> Callable:
    """``worst_ulp(value, true, x)``: the largest error among the results that do not overflow, and its input.

    With ``subnormal=False`` among those whose truth is 0 or so far above the subnormal numbers that no factor is one.
    """

    def worst(
        value: np.ndarray, true: np.ndarray, x: np.ndarray, subnormal: bool = True
    ) -> tuple[float, float]:
        limits = np.finfo(value.dtype)
        size = np.abs(true)
        counts = size <= float(limits.max)
        if not subnormal:
            counts &= (size == 0) | (size >= 4 * float(limits.tiny))
        assert counts.mean() > 0.8, "the sample hardly touches the results that count"
        error = np.where(counts, ulp_error(value, true), 0.0)
        at = int(np.argmax(error))
        return float(error[at]), float(x[at])

    return worst


@pytest.fixture(scope="session")
def recorded() -> Callable:
    """``recorded("torch213.npz")``: the arrays of one file of ``tests/references``."""

    @functools.cache
    def load(name: str) -> dict[str, np.ndarray]:
        with np.load(REFERENCES / name, allow_pickle=False) as arrays:
            return dict(arrays)

    return load


@pytest.fixture(scope="session")
def tf():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra: keras)")
        import keras  # noqa: F401  (its import warns too)
    return tensorflow
