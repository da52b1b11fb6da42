"""How far every activation and loss is from the truth, in ulp, beside Keras, PyTorch and MXNet.

    python benchmarks/accuracy.py                            everything, about ten minutes
    python benchmarks/accuracy.py --only sigmoid huber
    python benchmarks/accuracy.py --json benchmarks/accuracy.json

Truth is mpmath. Activations see the inputs of `nlref.truth.sample`, about 5000: both signs log-spaced over the whole
range, a normal cloud, the neighbourhood of each kink and root. Losses see 100 samples at which they are
well-conditioned, activations along an axis 300. Only results count whose exact value is 0 or a normal number. Gradients
leave out kinks, what is within 0.3 of a root (a line of its own, in ulp of 1/4), and subnormal inputs, which TensorFlow
takes for zeros; those of losses and along an axis are in ulp of the largest in the sample. Columns marked * are
recorded values, in tests/references, of the 117 recorded inputs; Keras is run, PyTorch too if it is installed. nlref on
TensorFlow is measured for a function's first case. At the end: where nlref on NumPy is worse than the best of the
others on the same inputs.
"""

import argparse
import functools
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nlref import activations, losses, truth
from nlref.ulp import ulp_error

REFERENCES = Path(__file__).parents[1] / "tests" / "references"
DUMPS = {"keras": "keras3151", "pytorch": "torch213", "mxnet": "mxnet191"}
SYSTEMS = {"keras": "Keras", "pytorch": "PyTorch", "mxnet": "MXNet"}
COLUMNS = ("nlref", "TF eager", "TF compiled", "Keras", "PyTorch", "MXNet")
OURS = COLUMNS[:3]
TORCH = importlib.util.find_spec("torch") is not None
DTYPES = ("float32", "float64")
SAMPLES = 100
LABEL = 32
# Rows of class indices ended by -1; lengths apart, time first.
TAKES_OTHER_TARGETS = ("torch.nn.functional.multilabel_margin_loss", "torch.nn.functional.ctc_loss")
MARGIN = 0.01  # two results that are both correctly rounded differ by less, in ulp


@dataclass
class Row:
    """One line: a function with its options, a dtype, and its value or gradient; the worst error of each system."""

    key: str  # the function's name for its first case, else the call
    call: str
    dtype: str
    part: str
    errors: dict[str, float] = field(default_factory=dict)
    where: dict[str, float] = field(default_factory=dict)
    on_theirs: dict[str, float] = field(default_factory=dict)  # ours, on the inputs recorded from that system

    def add(self, system: str, errors: np.ndarray, x: np.ndarray) -> None:
        at = int(np.argmax(errors))
        self.errors[system], self.where[system] = float(errors[at]), float(x[at])

    def worse(self) -> dict[str, tuple[float, float]]:
        """By system: our error and its own, where ours is larger on the same inputs."""
        found = {}
        for system in self.errors.keys() - set(OURS):
            ours = self.on_theirs.get(system, self.errors["nlref"])
            if ours > self.errors[system] + MARGIN:
                found[system] = (ours, self.errors[system])
        return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    everything = [*activations.FACTS, *activations.ROW_FACTS, *losses.FACTS]
    parser.add_argument("--only", nargs="+", choices=everything, default=everything, metavar="NAME")
    parser.add_argument("--json", type=Path, help="also write the numbers into this file")
    arguments = parser.parse_args()
    started = time.perf_counter()
    marked = [f"{c}*" if c == "MXNet" or (c == "PyTorch" and not TORCH) else c for c in COLUMNS]
    print("Worst error in ulp, and the input where it is; the first three columns are nlref.")
    rows: list[Row] = []
    for name in arguments.only:
        for row in rows_of(name):
            if not rows or rows[-1].call != row.call:
                print(f"\n{row.call}\n" + " " * LABEL + "".join(f"{c:<23}" for c in marked).rstrip())
            rows.append(row)
            cells = [cell(row, c) for c in COLUMNS]
            print(
                f"  {row.dtype} {row.part}".ljust(LABEL) + "".join(f"{c:<23}" for c in cells).rstrip(),
                flush=True,
            )
    summary(rows)
    if arguments.json:
        write(arguments.json, rows)
    print(f"\n{time.perf_counter() - started:.0f} s")


def rows_of(name: str) -> Iterator[Row]:
    if name in losses.FACTS:
        return loss_rows(name)
    return axis_rows(name) if name in activations.ROW_FACTS else activation_rows(name)


def cell(row: Row, column: str) -> str:
    if column not in row.errors:
        return "-"
    return f"{row.errors[column]:.3g} at {row.where[column]:.4g}" if row.errors[column] else "0"


def summary(rows: list[Row]) -> None:
    print("\nWhere nlref on NumPy is worse than the best of the others, on the same inputs")
    worse = [(row, row.worse()) for row in rows if row.worse()]
    for row, systems in sorted(worse, key=lambda pair: -max(o - t for o, t in pair[1].values())):
        said = ", ".join(
            f"{system} {theirs:.3g} (nlref {ours:.3g})" for system, (ours, theirs) in systems.items()
        )
        print(f"  {row.call} {row.dtype} {row.part}: {said}")
    compared = sum(bool(row.errors.keys() - set(OURS)) for row in rows)
    print(f"  {len(worse)} of {compared} lines that have another system beside them")
    print("\nThe worst three of nlref on NumPy")
    for part in sorted({row.part for row in rows}):
        for dtype in DTYPES:
            chosen = [row for row in rows if (row.part, row.dtype) == (part, dtype)]
            chosen.sort(key=lambda row: -row.errors["nlref"])
            worst = "; ".join(f"{row.call} {row.errors['nlref']:.2f}" for row in chosen[:3])
            print(f"  {dtype} {part}: {worst}")


def write(path: Path, rows: list[Row]) -> None:
    """``{call: {dtype: {part: {system: ulp, "at": {system: input}}}}}``; the call of a first case is the name.

    What the file already says of functions that were not measured stays.
    """
    versions = {
        name: importlib.metadata.version(name)
        for name in ("numpy", "tensorflow_cpu", "tensorflow", "keras", "torch")
        if importlib.util.find_spec(name.split("_")[0])
        and any(d.metadata["Name"].replace("-", "_") == name for d in importlib.metadata.distributions())
    }
    recorded = {"MXNet": "1.9.1"} if TORCH else {"MXNet": "1.9.1", "PyTorch": "2.13.0"}
    result: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    result["about"] = {"versions": versions, "recorded": recorded}
    measured = {row.call.partition("(")[0] for row in rows}
    result = {key: entry for key, entry in result.items() if key.partition("(")[0] not in measured}
    for row in rows:
        entry = {system: float(f"{error:.3g}") for system, error in row.errors.items()}
        entry["at"] = {system: float(f"{x:.5g}") for system, x in row.where.items()}
        result.setdefault(row.key, {}).setdefault(row.dtype, {})[row.part] = entry
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(result, indent=1) + "\n")
    partial.replace(path)


def call_of(name: str, options: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in options.items())})"


# Activations


def activation_rows(name: str) -> Iterator[Row]:
    facts = activations.FACTS[name]
    kernel, vjp = getattr(activations, name), getattr(activations, f"{name}_vjp")
    for case in facts.cases:
        options = dict(case.options)
        others = matching(name, facts, options)
        call = call_of(name, {} if options == defaults(kernel, options) else options)
        key = name if case is facts.cases[0] else call
        for dtype in DTYPES:
            x = truth.sample(np.dtype(dtype).type, [*(kink.x for kink in case.kinks), *case.roots])
            ours = {
                "value": lambda x, options=options: kernel(x, **options),
                "gradient": lambda x, options=options: first(vjp(x, np.ones_like(x), **options)),
            }
            for part, exact in (("value", facts.exact), ("gradient", facts.exact_slope)):
                true = truth.evaluate(exact, x, options)
                results = {"nlref": (x, ours[part](x), true)}
                if case is facts.cases[0]:
                    for column, y in ours_on_tensorflow(ours["value"], part, x).items():
                        results[column] = x, y, true
                for other in others:
                    column = SYSTEMS[other.system]
                    if column in results:
                        continue
                    if other.system == "keras" and not other.function.startswith("keras.layers"):
                        results[column] = x, on_tensorflow(calling(other), part, x), true
                    elif other.system == "pytorch" and TORCH:
                        results[column] = x, on_torch(calling(other), part, x), true
                    elif other.recorded:
                        points, y = recorded(DUMPS[other.system], other.recorded, dtype, part)
                        results[column] = points, y, truth.evaluate(exact, points, options)
                row, near = (Row(key, call, dtype, p) for p in (part, "gradient near roots"))
                for column, (points, y, exactly) in results.items():
                    counted = functools.partial(errors, case=case, part=part, x=points, true=exactly)
                    row.add(column, counted(y), points)
                    if points is not x:
                        row.on_theirs[column] = float(counted(ours[part](points)).max())
                    elif part == "gradient" and case.roots:
                        near.add(column, near_roots(y, exactly, case, points), points)
                yield row
                if near.errors:
                    yield near


def defaults(kernel: Callable, options: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(kernel.__wrapped__).parameters
    return {key: parameters[key].default for key in options}


def matching(name: str, facts: Any, options: Mapping[str, Any]) -> list:
    """The counterparts that equal the kernel with these options."""
    kernel = getattr(activations, name)
    wanted = {**all_defaults(kernel), **options}
    return [o for o in facts.counterparts if {**all_defaults(kernel), **o.options} == wanted]


def all_defaults(kernel: Callable) -> dict[str, Any]:
    parameters = inspect.signature(kernel.__wrapped__).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def errors(y: np.ndarray, case: Any, part: str, x: np.ndarray, true: np.ndarray) -> np.ndarray:
    limits = np.finfo(y.dtype)
    size = np.abs(true)
    counts = (true == 0) | ((size >= float(limits.tiny)) & (size <= float(limits.max)))
    if part == "gradient":
        counts &= ~np.isin(x, np.array([kink.x for kink in case.kinks], y.dtype))
        counts &= (x == 0) | (np.abs(x) >= limits.tiny)
        for root in case.roots:
            counts &= np.abs(x - root) > 0.3
    return np.where(counts, ulp_error(y, true), 0.0)


def near_roots(y: np.ndarray, true: np.ndarray, case: Any, x: np.ndarray) -> np.ndarray:
    near = np.any([np.abs(x - root) <= 0.3 for root in case.roots], axis=0)
    return np.where(near, np.abs(y - true) / np.spacing(np.array(0.25, y.dtype)), 0.0)


def recorded(file: str, key: str, dtype: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(REFERENCES / "inputs.npz") as inputs, np.load(REFERENCES / f"{file}.npz") as values:
        with np.errstate(over="ignore", under="ignore"):
            x = inputs["x"].astype(dtype)
        y = values[f"{key}/{dtype}/{'y' if part == 'value' else 'g_x'}"].ravel()
    finite = np.isfinite(x)
    return x[finite], y[finite]


# Activations along an axis


def axis_rows(name: str) -> Iterator[Row]:
    facts = activations.ROW_FACTS[name]
    kernel, vjp = getattr(activations, name), getattr(activations, f"{name}_vjp")
    generator = np.random.default_rng(0)
    drawn = np.concatenate([generator.normal(size=(60, 6)) * scale for scale in (0.3, 1, 5, 30, 200)])
    for options in map(dict, facts.options):
        others = [o for o in facts.counterparts if dict(o.options) == options]
        for dtype in DTYPES:
            x = drawn.astype(dtype)
            g = generator.normal(size=kernel(x).shape).astype(dtype)
            for part in ("value", "gradient"):
                true = truth.evaluate_rows(facts, x, g if part == "gradient" else None, options)
                ours = functools.partial(kernel, **options)
                results = {"nlref": ours(x) if part == "value" else vjp(x, g, **options)}
                if not options:
                    results |= ours_on_tensorflow(ours, part, x, g)
                for other in others:
                    column = SYSTEMS[other.system]
                    if other.system == "keras" and not other.function.startswith("keras.layers"):
                        results.setdefault(column, on_tensorflow(calling(other), part, x, g=g))
                    elif other.system == "pytorch" and TORCH:
                        results.setdefault(column, on_torch(calling(other), part, x, g))
                row = Row(call_of(name, options) if options else name, call_of(name, options), dtype, part)
                largest = np.abs(true).max(axis=1, keepdims=True) if part == "gradient" else 0.0
                normal = (np.maximum(np.abs(true), largest) >= np.finfo(dtype).tiny) | (true == 0)
                unit = np.spacing(np.maximum(np.abs(true), largest).astype(dtype))
                for column, y in results.items():
                    error = np.abs(y.astype(np.longdouble) - true) / unit
                    error = np.where(np.isnan(error), np.inf, error) * normal
                    row.add(column, error.astype(float).max(axis=1), np.abs(x).max(axis=1))
                yield row


# Losses


def loss_rows(name: str) -> Iterator[Row]:
    facts, loss, vjp = losses.FACTS[name], getattr(losses, name), getattr(losses, f"{name}_vjp")
    positions = [loss.plan.names.index(p) for p in loss.plan.predictions]
    at = positions[0]
    for options in map(dict, facts.cases):
        shape = facts.shape if facts.couples_samples else (SAMPLES, *facts.shape[1:])
        drawn = facts.draw(np.random.default_rng(0), shape, **options)
        others = [
            o
            for o in facts.counterparts
            if dict(o.options) == options and not o.reduction and not o.inputs and not o.sample_weight
        ]
        for dtype in DTYPES:
            arrays = tuple(a.astype(dtype) if a.dtype.kind == "f" else a for a in drawn)
            values, gradients = truth.evaluate_loss(loss, facts, arrays, options)
            true = {"value": values.ravel(), "gradient": gradients[0].ravel()}
            # A gradient that is a difference is as accurate as the largest of its sample.
            used = loss.plan.used_axes(arrays[at].ndim, options)
            largest = np.abs(gradients[0]).max(axis=used, keepdims=True)
            largest = np.maximum(
                largest, 1e-20 * largest.max()
            )  # the truth is a quotient of differences: 0 is 1e-24
            # Where terms of both signs cancel, nothing is accurate relative to what is left of them.
            signed = values.min() < 0 < values.max()
            scale = {
                "value": np.abs(values).mean() / 4 if signed else 0.0,
                "gradient": np.broadcast_to(largest, gradients[0].shape).ravel(),
            }

            def ours(y, arrays=arrays, options=options):
                return loss(*arrays[:at], y, *arrays[at + 1 :], **options, reduction=None)

            for part in ("value", "gradient"):
                numpy = (
                    ours(arrays[at]) if part == "value" else first(vjp(*arrays, **options, reduction="sum"))
                )
                results = {"nlref": numpy}
                if not options:
                    results |= ours_on_tensorflow(ours, part, arrays[at])
                for other in others:
                    theirs = loss_elsewhere(other, arrays, at, part, len(true["value"]))
                    if theirs is not None:
                        results.setdefault(SYSTEMS[other.system], theirs)
                row = Row(call_of(name, options) if options else name, call_of(name, options), dtype, part)
                for column, y in results.items():
                    y = np.asarray(y, dtype).ravel()
                    unit = np.spacing(np.maximum(np.abs(true[part]), scale[part]).astype(dtype))
                    error = np.abs(y.astype(np.longdouble) - true[part]) / unit
                    error = np.where(np.isnan(error), np.inf, error).astype(float)
                    row.add(column, error, true[part])
                yield row


def loss_elsewhere(other: Any, arrays: tuple, at: int, part: str, samples: int) -> np.ndarray | None:
    """What Keras or PyTorch gives for the same arrays, in our scale; None for what cannot be compared."""
    if len(arrays) != 2 or other.function in TAKES_OTHER_TARGETS:
        return None
    if other.system == "keras":
        function = calling(other)
        return on_tensorflow(lambda y: function(arrays[0], y) / other.scale, part, arrays[at])
    if other.system != "pytorch" or not TORCH or not (other.elementwise or arrays[0].ndim < arrays[1].ndim):
        return None
    import torch

    function, target = calling(other), torch.tensor(arrays[0])
    keywords = {} if "reduction" in other.arguments else {"reduction": "none"}

    def per_sample(y):
        entries = function(y, target, **keywords)
        return (entries.mean(-1) if entries.ndim == y.ndim else entries) / other.scale

    if per_sample(torch.tensor(arrays[at])).shape != (samples,):
        return None
    return on_torch(per_sample, part, arrays[at])


# Running a function elsewhere


def first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def calling(other: Any) -> Callable:
    """The counterpart as a function of its arrays."""
    module, _, name = other.function.removesuffix("()").rpartition(".")
    found = getattr(importlib.import_module(module), name)
    if inspect.isclass(found):
        return found(**other.arguments)
    if other.system != "pytorch":
        return functools.partial(found, **other.arguments)

    def call(x, *others, **keywords):
        import torch

        arguments = {
            key: torch.tensor(value, dtype=x.dtype) if key in ("weight", "pos_weight") else value
            for key, value in other.arguments.items()
        }
        return found(x, *others, **arguments, **keywords)

    return call


def on_tensorflow(
    function: Callable, part: str, x: np.ndarray, compiled: bool = False, g: np.ndarray | None = None
) -> np.ndarray:
    """The value at ``x``, or the gradient to it for the upstream gradient ``g``, ones if it is None."""
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # that a function is traced anew for each kernel is meant

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x, output_gradients=None if g is None else tf.constant(g))

    wanted = function if part == "value" else gradient
    wanted = tf.function(wanted, jit_compile=True, autograph=False) if compiled else wanted
    return np.asarray(wanted(tf.constant(x)))


def ours_on_tensorflow(
    function: Callable, part: str, x: np.ndarray, g: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    return {
        "TF eager": on_tensorflow(function, part, x, g=g),
        "TF compiled": on_tensorflow(function, part, x, g=g, compiled=True),
    }


def on_torch(function: Callable, part: str, x: np.ndarray, g: np.ndarray | None = None) -> np.ndarray:
    import torch

    tensor = torch.tensor(x, requires_grad=True)
    y = function(tensor)
    if part == "value":
        return y.detach().numpy()
    y.backward(torch.ones_like(y) if g is None else torch.tensor(g))
    return tensor.grad.numpy()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
