"""How far ten steps of nlref's optimizers are from Keras' ten, and whether its callbacks decide as Keras' do.

    python benchmarks/optimizers.py                         20 random runs for each line, 300 series for each callback
    python benchmarks/optimizers.py --runs 200 --series 3000 --seed 7

A run draws parameters, and gradients with entries from 1e-8 to 10 and zeros, and makes ten steps with both optimizers.
The first column is the largest difference of an entry after them, over the path that the parameters have gone (the
largest change of an entry since the start); the second is how many of the entries are the same to the last bit. The
table of float64 has hyperparameters that float32 has exactly. The last one has Keras' own, which Keras rounds to
float32 before it uses them in float64. Its floatx is float64 there: otherwise its learning rate is rounded, too.

A series is a metric over 30 epochs, falling or rising, smooth or in tenths, some with NaN; the callbacks have random
options. They agree if they stop after the same epoch, leave the same weights, and set the same rate in every epoch.
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from nlref import optimizers

SHAPES = [(16, 8), (8,), (3, 3, 2, 4)]
STEPS, EPOCHS = 10, 30
RATES = (None, 0.1)
EXACT: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {}),
    "SGD, momentum": ("SGD", {"momentum": 0.875}),
    "SGD, Nesterov": ("SGD", {"momentum": 0.875, "nesterov": True}),
    "SGD, weight_decay": ("SGD", {"weight_decay": 0.125}),
    "SGD, clipvalue": ("SGD", {"clipvalue": 0.5}),
    "SGD, clipnorm": ("SGD", {"clipnorm": 0.5}),
    "SGD, global_clipnorm": ("SGD", {"global_clipnorm": 0.5}),
    "RMSprop": ("RMSprop", {}),
    "RMSprop, momentum": ("RMSprop", {"momentum": 0.75}),
    "RMSprop, centered": ("RMSprop", {"centered": True}),
    "Adam": ("Adam", {"beta_1": 0.875, "beta_2": 0.9990234375}),
    "Adam, amsgrad": ("Adam", {"beta_1": 0.875, "beta_2": 0.9990234375, "amsgrad": True}),
    "Adam, clipnorm": ("Adam", {"beta_1": 0.875, "beta_2": 0.9990234375, "clipnorm": 0.5}),
    "AdamW": ("AdamW", {"beta_1": 0.875, "beta_2": 0.9990234375, "weight_decay": 0.00390625}),
}
DEFAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "SGD": ("SGD", {}),
    "SGD, momentum 0.9": ("SGD", {"momentum": 0.9}),
    "RMSprop": ("RMSprop", {}),
    "Adam": ("Adam", {}),
    "AdamW": ("AdamW", {}),
}


def ten_steps(case: tuple[str, dict[str, Any]], dtype: str, seed: int) -> tuple[float, int, int]:
    """The largest difference over the largest change; how many entries are the same; how many there are."""
    import keras

    name, options = case
    rng = np.random.default_rng(seed)
    rate = RATES[seed % len(RATES)]
    options = options if rate is None else {**options, "learning_rate": rate}
    ours, theirs = getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**options)
    starts = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
    parameters = [w.copy() for w in starts]
    variables = [keras.Variable(w, dtype=dtype) for w in starts]
    for _ in range(STEPS):
        sizes = [10 ** rng.uniform(-8, 1, shape) * (rng.random(shape) < 0.9) for shape in SHAPES]
        gradients = [(rng.standard_normal(size.shape) * size).astype(dtype) for size in sizes]
        ours.apply(gradients, parameters)
        theirs.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
    found = [variable.numpy() for variable in variables]
    difference = max(float(np.max(np.abs(a - b))) for a, b in zip(parameters, found, strict=True))
    path = max(float(np.max(np.abs(a - b))) for a, b in zip(found, starts, strict=True))
    same = sum(int(np.sum(a == b)) for a, b in zip(parameters, found, strict=True))
    return difference / path, same, sum(a.size for a in parameters)


def series(rng: np.random.Generator) -> list[float]:
    """A metric over the epochs."""
    values = np.exp(-np.arange(EPOCHS) / rng.uniform(2, 20)) + rng.uniform(0, 0.3) * rng.normal(size=EPOCHS)
    kind = rng.integers(3)
    if kind == 0:
        values = np.round(values, 1)
    elif kind == 1:
        values[rng.random(EPOCHS) < 0.1] = np.nan
    return [float(value) for value in rng.choice([-1, 1]) * values]


def drawn_options(callback: str, rng: np.random.Generator) -> dict[str, Any]:
    options = {
        "mode": str(rng.choice(["auto", "min", "max"])),
        "min_delta": float(rng.choice([0, 1e-4, 0.1, rng.random()])),
        "patience": int(rng.integers(0, 6)),
    }
    if callback == "EarlyStopping":
        return options | {
            "baseline": (None, 0.3, float(rng.normal()))[rng.integers(3)],
            "restore_best_weights": bool(rng.integers(2)),
            "start_from_epoch": int(rng.choice([0, 0, 5])),
        }
    return options | {
        "factor": float(rng.choice([0.1, 0.5, rng.random()])),
        "cooldown": int(rng.integers(0, 4)),
        "min_lr": float(rng.choice([0.0, 1e-3, 0.05 * rng.random()])),
    }


def decisions(callback: Any, network: Any, values: list[float]) -> tuple[int, float, np.ndarray]:
    """The last epoch, the epoch whose weights are left, and the learning rates."""
    getattr(callback, "set_network" if hasattr(callback, "set_network") else "set_model")(network)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        network.weights = epoch
        callback.on_epoch_end(epoch, {"val_loss": value})
        rates.append(float(network.optimizer.learning_rate))
        if network.stop_training:
            break
    callback.on_train_end()
    return epoch, network.weights, np.array(rates)


def stand_in(optimizer: Any) -> Any:
    """What a callback sees of a network: its weights are the number of the epoch."""
    network = SimpleNamespace(optimizer=optimizer, stop_training=False, weights=-1)
    network.get_weights = lambda: network.weights
    network.set_weights = lambda weights: setattr(network, "weights", weights)
    return network


def agreement(callback: str, count: int, seed: int) -> Iterator[bool]:
    """Whether both decide the same, for one series after the other."""
    import keras

    rng = np.random.default_rng(seed)
    rates = optimizers.SGD(), keras.optimizers.SGD()
    for _ in range(count):
        options, values = drawn_options(callback, rng), series(rng)
        found = []
        for home, optimizer in zip((optimizers, keras.callbacks), rates, strict=True):
            optimizer.learning_rate = 0.1
            found.append(decisions(getattr(home, callback)(**options), stand_in(optimizer), values))
        (epoch, weights, ours), (their_epoch, their_weights, theirs) = found
        yield (epoch, weights) == (their_epoch, their_weights) and np.allclose(
            ours, theirs, rtol=1e-6, atol=0
        )


def print_steps(
    title: str, cases: dict[str, tuple[str, dict[str, Any]]], dtype: str, runs: int, seed: int
) -> None:
    print(f"\n{title}\n{'':<30}{'difference':>12}{'same bits':>12}")
    for name, case in cases.items():
        found = [ten_steps(case, dtype, seed + run) for run in range(runs)]
        same = sum(run[1] for run in found) / sum(run[2] for run in found)
        print(f"{name:<30}{max(run[0] for run in found):>12.1e}{same:>12.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20, help="random runs for each line")
    parser.add_argument("--series", type=int, default=300, help="series for each callback")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
    import keras

    print(f"ten steps of nlref and of Keras {keras.__version__}, {arguments.runs} runs")
    print_steps("float32", EXACT | {f"{name}, defaults": case for name, case in DEFAULTS.items()}, "float32",
                arguments.runs, arguments.seed)  # fmt: skip
    keras.config.set_floatx("float64")
    print_steps("float64", EXACT, "float64", arguments.runs, arguments.seed)
    print_steps("float64, defaults", DEFAULTS, "float64", arguments.runs, arguments.seed)
    keras.config.set_floatx("float32")
    print("\ncallbacks: series on which both decide the same")
    for callback in ("EarlyStopping", "ReduceLROnPlateau"):
        same = sum(agreement(callback, arguments.series, arguments.seed))
        print(f"{callback:<30}{same:>5} of {arguments.series}")


if __name__ == "__main__":
    main()
