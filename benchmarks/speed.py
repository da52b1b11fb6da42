"""How long every kernel and its gradient take, beside Keras eager and XLA-compiled TensorFlow on the same cores.

    python benchmarks/speed.py                                   every activation and loss, 1e3 to 1.6e7 elements
    python benchmarks/speed.py --kernels gelu huber --sizes 1000 1000000
    python benchmarks/speed.py --memory                          peak memory beyond input and result instead of times
    NPY_DISABLE_CPU_FEATURES="AVX512F AVX512_SKX" python benchmarks/speed.py    as on a plainer processor

Inputs are float32, normal, half of them negative. The three take turns, so that a busy machine slows all alike; a line
gives the median of our nanoseconds an element and the medians of the ratios to Keras within a turn: below 1 we are
faster. Keras gets tensors that lie ready. Its gradient is a forward pass and a backward pass over a `GradientTape`,
because that is what a gradient costs there; ours is the `_vjp`. Losses are without reduction.
The targets for the geometric means over the catalogue against Keras eager are 0.5, 0.9, 1.5 and 1.5 by size; for one
kernel 3, or 6 if it needs a special function.
"""

import argparse
import gc
import json
import math
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from accuracy import calling

from nlref import activations, losses
from nlref.facts import Counterpart
from nlref.loss_facts import LossCounterpart

ACTIVATIONS = {**activations.FACTS, **activations.ROW_FACTS}
SIZES = (1_000, 100_000, 1_000_000, 16_000_000)
TARGETS = dict(zip(SIZES, (0.5, 0.9, 1.5, 1.5), strict=True))
CLASSES = 10  # entries a row, for activations along an axis
MOST_PAIRED = 1_000
OF_TWO_ARRAYS = ("prelu", "rrelu")  # their slopes are weights of a layer in Keras
SECONDS = 0.4  # for one line, warm-up apart
MOST_TURNS, LEAST_TURNS = 200, 5


@dataclass(frozen=True)
class Candidate:
    """One line of the table: a kernel or its gradient, and the same in Keras, as functions without arguments."""

    name: str
    part: str
    ours: Callable[[], object]
    eager: Callable[[], object]
    compiled: Callable[[], object]


@dataclass(frozen=True)
class Line:
    """What was measured: nanoseconds an element of ours, and ours over theirs."""

    name: str
    part: str
    size: int
    nanoseconds: float
    eager: float
    compiled: float


def main() -> None:
    known = {**ACTIVATIONS, **losses.FACTS}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kernels", nargs="+", choices=list(known), default=list(known), metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), metavar="ELEMENTS")
    parser.add_argument("--memory", action="store_true", help="peak memory instead of times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the lines there as well")
    arguments = parser.parse_args()
    if min(arguments.sizes) < CLASSES:
        parser.error(f"--sizes must be at least {CLASSES}")
    if arguments.memory:
        print_memory(arguments.kernels, max(arguments.sizes))
        return
    lines, without = [], []
    for name in arguments.kernels:
        if name in OF_TWO_ARRAYS or counterpart(known[name]) is None:
            without.append(name)
            continue
        # What compares every sample with every other has no room for millions of them.
        pairs = getattr(known[name], "couples_samples", False)
        for size in [size for size in arguments.sizes if size <= MOST_PAIRED or not pairs]:
            lines += [measure(candidate, size) for candidate in candidates(name, size)]
        print_kernel(name, [line for line in lines if line.name == name], arguments.sizes)
    print_summary(lines, arguments.sizes)
    if without:
        print(f"without a counterpart in Keras, so not compared: {', '.join(without)}")
    if arguments.json:
        rows = [
            {**vars(line), "eager": round(line.eager, 3), "compiled": round(line.compiled, 3)}
            for line in lines
        ]
        partial = arguments.json.with_suffix(".partial")
        partial.write_text(json.dumps(rows, indent=1) + "\n")
        partial.replace(arguments.json)


def counterpart(facts: object) -> Counterpart | LossCounterpart | None:
    """Keras' spelling of the kernel, with our default options if there is one."""
    chosen = [other for other in facts.counterparts if other.system == "keras"]
    chosen = [other for other in chosen if not getattr(other, "reduction", None)]
    return min(chosen, key=lambda other: (len(other.options), -len(other.arguments)), default=None)


def candidates(name: str, size: int) -> list[Candidate]:
    inputs = loss_inputs(name, size) if name in losses.FACTS else activation_inputs(name, size)
    found = [candidate(name, part, *inputs) for part in ("value", "gradient")]
    # Where Keras returns its very input, as linear does, there is no work to compare with.
    return [each for each in found if each.eager() is not inputs[3]]


def activation_inputs(name: str, size: int) -> tuple:
    import tensorflow as tf

    x = np.random.default_rng(0).normal(size=(size // CLASSES, CLASSES)).astype(np.float32)
    kernel, vjp = getattr(activations, name), getattr(activations, f"{name}_vjp")
    other = counterpart(ACTIVATIONS[name])
    options, theirs = dict(other.options), calling(other)
    g = np.ones_like(kernel(x, **options))
    return (
        lambda: kernel(x, **options),
        lambda: vjp(x, g, **options),
        theirs,
        tf.constant(x),
        tf.constant(g),
    )


def loss_inputs(name: str, size: int) -> tuple:
    import tensorflow as tf

    facts = losses.FACTS[name]
    shape = (size // math.prod(facts.shape[1:]), *facts.shape[1:])
    other = counterpart(facts)
    options, theirs = dict(other.options), calling(other)
    drawn = facts.draw(np.random.default_rng(0), shape, **options)
    y_true, y_pred = (array.astype(np.float32) if array.dtype.kind == "f" else array for array in drawn)
    kernel, vjp = getattr(losses, name), getattr(losses, f"{name}_vjp")
    g = np.ones_like(kernel(y_true, y_pred, **options, reduction=None))
    labels = tf.constant(y_true)
    return (
        lambda: kernel(y_true, y_pred, **options, reduction=None),
        lambda: vjp(y_true, y_pred, g, **options, reduction=None),
        lambda y_pred: theirs(labels, y_pred),
        tf.constant(y_pred),
        tf.constant(g),
    )


def candidate(name: str, part: str, value: Callable, vjp: Callable, theirs: Callable, tensor, g) -> Candidate:
    import tensorflow as tf

    def gradient(tensor, g):
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            y = theirs(tensor)
        return tape.gradient(y, tensor, output_gradients=g)

    def compiled(function: Callable) -> Callable:
        return tf.function(function, jit_compile=True, autograph=False)

    if part == "value":
        fast = compiled(theirs)
        return Candidate(name, part, value, lambda: theirs(tensor), lambda: fast(tensor))
    fast = compiled(gradient)
    return Candidate(name, part, vjp, lambda: gradient(tensor, g), lambda: fast(tensor, g))


def measure(candidate: Candidate, size: int) -> Line:
    systems = (candidate.ours, candidate.eager, candidate.compiled)
    for function in systems:  # the first call compiles, allocates, wakes threads
        function()
        function()
    turns: list[list[float]] = []
    gc.disable()
    try:
        stop = time.perf_counter() + SECONDS
        while len(turns) < LEAST_TURNS or (len(turns) < MOST_TURNS and time.perf_counter() < stop):
            turns.append([seconds(function) for function in systems])
    finally:
        gc.enable()
    return Line(
        candidate.name,
        candidate.part,
        size,
        statistics.median(ours for ours, _, _ in turns) / size * 1e9,
        statistics.median(ours / eager for ours, eager, _ in turns),
        statistics.median(ours / compiled for ours, _, compiled in turns),
    )


def seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def print_kernel(name: str, lines: list[Line], sizes: list[int]) -> None:
    for part in ("value", "gradient"):
        cells = [
            f"{line.nanoseconds:8.2f} ns {line.eager:6.2f} {line.compiled:6.2f}"
            for size in sizes
            for line in lines
            if (line.part, line.size) == (part, size)
        ]
        print(f"{name:<38}{part:<9}" + "  ".join(cells), flush=True)


def print_summary(lines: list[Line], sizes: list[int]) -> None:
    print("\nratios to Keras eager; geometric mean over the catalogue, target, the worst three")
    for size in sizes:
        for part in ("value", "gradient"):
            chosen = [line for line in lines if (line.size, line.part) == (size, part)]
            if not chosen:
                continue
            worst = sorted(chosen, key=lambda line: -line.eager)[:3]
            names = ", ".join(f"{line.name} {line.eager:.2f}" for line in worst)
            print(
                f"{size:>10} {part:<9} {statistics.geometric_mean(line.eager for line in chosen):6.2f}"
                f"  target {TARGETS.get(size, '-')}  (compiled "
                f"{statistics.geometric_mean(line.compiled for line in chosen):.2f})  {names}"
            )


def print_memory(names: list[str], size: int) -> None:
    print(f"MB beyond input and result at {size} float32 elements; the target is 16")
    x = np.random.default_rng(0).normal(size=(size // CLASSES, CLASSES)).astype(np.float32)
    for name in names:
        if name not in ACTIVATIONS or name in OF_TWO_ARRAYS:
            continue
        value = peak(lambda name=name: getattr(activations, name)(x))
        g = getattr(activations, name)(x)
        gradient = peak(lambda name=name, g=g: getattr(activations, f"{name}_vjp")(x, g))
        print(f"{name:<38} value {value:7.2f}  gradient {gradient:7.2f}", flush=True)


def peak(function: Callable[[], object]) -> float:
    """Megabytes that ``function`` had allocated at most, beyond its result."""
    gc.collect()
    tracemalloc.start()
    try:
        result = function()
        results = result if isinstance(result, tuple) else (result,)
        return (tracemalloc.get_traced_memory()[1] - sum(array.nbytes for array in results)) / 1e6
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
