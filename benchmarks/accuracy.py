"""How far every kernel is from the truth, in ulp, beside Keras, PyTorch and MXNet.

    python benchmarks/accuracy.py                       all kernels
    python benchmarks/accuracy.py --kernels sigmoid tanh

Truth is mpmath. Only inputs whose exact result is 0 or a normal number count; gradients leave out kinks, and subnormal
inputs, which TensorFlow takes for zeros. Columns marked * are the recorded values of tests/references, on their 117
inputs; the others share the inputs of `nlref.truth.sample`, about 5000.
"""

import argparse
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from nlref import activations, truth
from nlref.facts import Case, Counterpart, Facts
from nlref.ulp import ulp_error

REFERENCES = Path(__file__).parents[1] / "tests" / "references"
Columns = dict[str, tuple[np.ndarray, np.ndarray]]  # by column: the inputs, and the results computed there


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--kernels", nargs="+", choices=list(activations.FACTS), default=list(activations.FACTS)
    )
    arguments = parser.parse_args()
    started = time.perf_counter()
    torch = importlib.util.find_spec("torch") is not None
    names = ["NumPy", "TF eager", "TF compiled", "Keras", "PyTorch" if torch else "PyTorch*", "MXNet*"]
    print("Worst error in ulp, and the input where it is; the first three columns are nlref.")
    for name in arguments.kernels:
        facts = activations.FACTS[name]
        for case in facts.cases:
            call = f"{name}({', '.join(['x', *(f'{k}={v:g}' for k, v in case.options.items())])})"
            print(f"\n{call}\n" + "".join(f"{c:<22}" for c in ["", *names]).rstrip())
            for dtype in ("float32", "float64"):
                for part in ("value", "gradient"):
                    columns = measure(name, facts, case, dtype, part, torch)
                    cells = [worst(facts, case, part, *columns[c]) if c in columns else "-" for c in names]
                    print("".join(f"{cell:<22}" for cell in [f"  {dtype} {part}", *cells]).rstrip())
    print(f"\n{time.perf_counter() - started:.0f} s")


def measure(name: str, facts: Facts, case: Case, dtype: str, part: str, torch: bool) -> Columns:
    """Every column's inputs and results for one line of the table."""
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # that a function is traced anew for each kernel is meant
    x = truth.sample(np.dtype(dtype).type, [kink.x for kink in case.kinks])

    def on_tensorflow(function: Callable, compiled: bool = False) -> np.ndarray:
        def gradient(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            return tape.gradient(y, x)

        wanted = function if part == "value" else gradient
        return (tf.function(wanted, jit_compile=True) if compiled else wanted)(tf.constant(x)).numpy()

    def ours(x):
        return getattr(activations, name)(x, **case.options)

    numpy = ours(x) if part == "value" else getattr(activations, f"{name}_vjp")(x, 1.0, **case.options)
    columns = {
        "NumPy": (x, numpy),
        "TF eager": (x, on_tensorflow(ours)),
        "TF compiled": (x, on_tensorflow(ours, compiled=True)),
    }
    for other in facts.counterparts:
        if not same_options(name, case, other):
            continue
        if other.system == "keras":
            columns.setdefault("Keras", (x, on_tensorflow(lambda x, o=other: resolve(o)(x, **o.arguments))))
        elif other.system == "pytorch" and torch:
            columns.setdefault("PyTorch", (x, on_torch(other, part, x)))
        elif other.recorded:
            column, file = ("PyTorch*", "torch213") if other.system == "pytorch" else ("MXNet*", "mxnet191")
            columns.setdefault(column, recorded(file, other.recorded, dtype, part))
    return columns


def same_options(name: str, case: Case, other: Counterpart) -> bool:
    default = activations.FACTS[name].cases[0].options
    return {**default, **other.options} == {**default, **case.options}


def resolve(other: Counterpart) -> Callable:
    module, _, name = other.function.removesuffix("()").rpartition(".")
    found = getattr(importlib.import_module(module), name)
    return found() if other.function.endswith("()") else found


def on_torch(other: Counterpart, part: str, x: np.ndarray) -> np.ndarray:
    import torch

    tensor = torch.tensor(x, requires_grad=True)
    y = resolve(other)(tensor, **other.arguments)
    if part == "value":
        return y.detach().numpy()
    y.sum().backward()
    return tensor.grad.numpy()


def recorded(file: str, key: str, dtype: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    with np.load(REFERENCES / "inputs.npz") as inputs, np.load(REFERENCES / f"{file}.npz") as values:
        with np.errstate(over="ignore", under="ignore"):
            x = inputs["x"].astype(dtype)
        y = values[f"{key}/{dtype}/{'y' if part == 'value' else 'g_x'}"]
    finite = np.isfinite(x)
    return x[finite], y[finite]


def worst(facts: Facts, case: Case, part: str, x: np.ndarray, y: np.ndarray) -> str:
    true = truth.evaluate(facts.exact if part == "value" else facts.exact_slope, x, case.options)
    limits = np.finfo(y.dtype)
    size = np.abs(true)
    counts = (true == 0) | ((size >= float(limits.tiny)) & (size <= float(limits.max)))
    if part == "gradient":
        kinks = np.array([kink.x for kink in case.kinks], y.dtype)
        counts &= ~np.isin(x, kinks) & ((x == 0) | (np.abs(x) >= limits.tiny))
    error = np.where(counts, ulp_error(y, true), 0.0)
    at = int(np.argmax(error))
    return f"{error[at]:.3g} at {x[at]:.3g}" if error[at] else "0"


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
