"""Every kernel on a GPU through TensorFlow: compiled, beside Keras compiled and beside copying the same bytes.

    python benchmarks/gpu.py                                the first GPU that TensorFlow sees
    python benchmarks/gpu.py --device CPU:0 --size 1000000  the same program where there is none
    python benchmarks/gpu.py --json results.json

The same kernel bodies as on NumPy, in float32, float16 and bfloat16. A line gives the time a call of the value and of
the gradient, its ratio to Keras compiled (below 1 we are faster; target 1.0), and the share of copy bandwidth that it
reaches (target 0.8): a value reads and writes as many bytes as a copy does, a gradient three halves. The systems take
turns, and a turn launches a kernel `REPEATS` times before it waits for the device, so that launches overlap with work.
Exit code 2 where there is no such device.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from accuracy import calling

from nlref import activations

REPEATS, TURNS = 20, 7


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="GPU:0", help="as TensorFlow names it: GPU:0, CPU:0")
    parser.add_argument("--size", type=int, default=1 << 26, metavar="ELEMENTS")
    parser.add_argument(
        "--kernels", nargs="+", choices=list(activations.FACTS), default=list(activations.FACTS)
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the lines and the device's name there"
    )
    arguments = parser.parse_args()
    import tensorflow as tf

    kind, _, number = arguments.device.partition(":")
    found = tf.config.list_physical_devices(kind)
    if not number.isdecimal() or int(number) >= len(found):
        parser.exit(
            2,
            f"gpu.py: TensorFlow sees no {arguments.device} here, only "
            f"{', '.join(d.name.split(':', 1)[1] for d in tf.config.list_physical_devices())}\n",
        )
    name = tf.config.experimental.get_device_details(found[int(number)]).get("device_name", arguments.device)
    print(f"{name}, TensorFlow {tf.__version__}, {arguments.size} elements")
    lines = []
    with tf.device(f"/{arguments.device}"):
        for dtype in ("float32", "float16", "bfloat16"):
            x = tf.cast(np.random.default_rng(0).normal(size=(arguments.size // 10, 10)), dtype)
            copy = time_of([repeated(lambda x: -x)], x)[0]
            gigabytes = 2 * x.dtype.size * arguments.size / copy / 1e9
            print(f"\n{dtype}: copying {gigabytes:.0f} GB/s")
            for kernel in arguments.kernels:
                for part in ("value", "gradient"):
                    line = measure(kernel, part, x, copy)
                    lines.append({"kernel": kernel, "part": part, "dtype": dtype, **line})
                    theirs = f"{line['keras']:.2f}" if line["keras"] else "-"
                    print(
                        f"{kernel:<18}{part:<9}{line['microseconds']:9.1f} us  of Keras {theirs:>5}"
                        f"  of copy bandwidth {line['bandwidth']:.2f}",
                        flush=True,
                    )
    for part in ("value", "gradient"):
        ratios = [line["keras"] for line in lines if line["part"] == part and line["keras"]]
        if ratios:
            print(f"geometric mean against Keras compiled, {part}: {statistics.geometric_mean(ratios):.2f}")
    if arguments.json:
        partial = arguments.json.with_suffix(".partial")
        report = {"device": name, "tensorflow": tf.__version__, "elements": arguments.size, "lines": lines}
        partial.write_text(json.dumps(report, indent=1) + "\n")
        partial.replace(arguments.json)


def measure(kernel: str, part: str, x, copy: float) -> dict[str, float | None]:
    """Microseconds a call, the ratio to Keras compiled (None without a counterpart), the share of copy bandwidth."""
    value = getattr(activations, kernel)
    others = [
        other
        for other in activations.FACTS[kernel].counterparts
        if other.system == "keras" and not other.options
    ]
    functions = [value]
    if others:
        functions.append(calling(others[0]))
    wanted = [function if part == "value" else gradient_of(function) for function in functions]
    ours, *keras = time_of([repeated(function) for function in wanted], x)
    traffic = 1.0 if part == "value" else 1.5
    return {
        "microseconds": round(ours * 1e6, 2),
        "keras": round(ours / keras[0], 3) if keras else None,
        "bandwidth": round(copy * traffic / ours, 3),
    }


def gradient_of(function: Callable) -> Callable:
    import tensorflow as tf

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x, output_gradients=y.dtype.as_numpy_dtype(1) * tf.ones_like(y))

    return gradient


def repeated(function: Callable) -> Callable:
    """``function`` compiled and launched `REPEATS` times; the last result."""
    import tensorflow as tf

    step = tf.function(function, jit_compile=True, autograph=False)

    def run(x):
        for _ in range(REPEATS):
            y = step(x)
        return y

    return run


def time_of(functions: list[Callable], x) -> list[float]:
    """Median seconds of one step of each, taken in turns."""
    for function in functions:
        wait(function(x))
    turns = []
    for _ in range(TURNS):
        turns.append([])
        for function in functions:
            started = time.perf_counter()
            wait(function(x))
            turns[-1].append((time.perf_counter() - started) / REPEATS)
    return [statistics.median(column) for column in zip(*turns, strict=True)]


def wait(y) -> None:
    """Until the device has computed ``y``: one element of it has to arrive here."""
    (y[0] if isinstance(y, tuple) else y)[0, 0].numpy()


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
