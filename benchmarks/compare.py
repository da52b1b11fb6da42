"""The Keras models that people build, computed in NumPy layer by layer: the worst differences, and the times.

    python benchmarks/compare.py [--models mlp_relu lstm ...] [--json FILE]

A row a model of tests/keras/models.py, on eight random samples: how many of its layers NumPy computed; the layer that
is furthest from NumPy on the same input; the worst difference of all layers in ulp of Keras' dtype, and that layer's
absolute one; how far the outputs are apart in the end; the seconds of `nlref.keras.trace`, which computes everything
once in Keras and twice in NumPy, beside those of Keras' `predict` on the same samples, each the second of two calls.
"""

import argparse
import importlib.util
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

MODELS = Path(__file__).parents[1] / "tests" / "keras" / "models.py"


def named_models() -> dict[str, Callable[[], Any]]:
    """What makes each model, by its name."""
    spec = importlib.util.spec_from_file_location("named_keras_models", MODELS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.MODELS


def seconds(call: Callable[[], Any]) -> float:
    """The time of the second call."""
    call()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(model: Any) -> dict[str, Any]:
    from nlref.keras import trace
    from nlref.keras.model_inputs import input_names, random_inputs

    arrays = dict(zip(input_names(model), random_inputs(model), strict=True))
    found = trace(model, arrays)
    known = [layer for layer in found.layers if layer.own is not None]
    furthest = max(known, key=lambda layer: layer.own.relative)
    given = next(iter(arrays.values())) if len(arrays) == 1 else arrays
    return {
        "layers": len(found.layers),
        "compared": len(known),
        "worst_layer": furthest.name,
        "worst_ulp": max(layer.own.ulp for layer in known),
        "worst_absolute": furthest.own.absolute,
        "output": found.layers[-1].cumulative.absolute,
        "passed": found.passed,
        "trace": seconds(lambda: trace(model, arrays)),
        "predict": seconds(lambda: model.predict(given, verbose=0)),
    }


def main() -> None:
    models = named_models()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=list(models), default=list(models), metavar="NAME")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    arguments = parser.parse_args()
    titles = ("model", "layers", "furthest layer", "ulp", "absolute", "output", "trace, s", "predict, s")
    widths = (20, 8, 24, 10, 10, 10, 10, 11)
    print(
        "".join(
            f"{title:<{w}}" if w >= 20 else f"{title:>{w}}" for title, w in zip(titles, widths, strict=True)
        )
    )
    rows = {}
    for name in arguments.models:
        row = rows[name] = measure(models[name]())
        layers = f"{row['compared']}/{row['layers']}"
        print(
            f"{name:<20}{layers:>8}  {row['worst_layer']:<22}{row['worst_ulp']:>10.2g}{row['worst_absolute']:>10.1e}"
            f"{row['output']:>10.1e}{row['trace']:>10.3f}{row['predict']:>11.3f}"
            + ("" if row["passed"] else "  above tolerance"),
            flush=True,
        )
    if arguments.json:
        partial = arguments.json.with_suffix(".partial")
        partial.write_text(json.dumps(rows, indent=1) + "\n")
        partial.replace(arguments.json)


if __name__ == "__main__":
    main()
