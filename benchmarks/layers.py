"""How far the layers of nlref are from Keras', with the same weights, and how long they take beside them.

    python benchmarks/layers.py                                          every layer, 100 random configurations each
    python benchmarks/layers.py --layers Conv2D Dense --configurations 1000 --seed 7
    python benchmarks/layers.py --worst                                  the configuration behind each number

The first table has, for each layer and dtype, the worst difference over the configurations: of the output, of the
gradient with respect to the input, and of that with respect to the weights, for a random upstream gradient; states
(moving averages) count as weights. A difference of two arrays is the largest difference of two entries over the
largest entry of Keras' array; for the gradients of a layer's weights over the largest entry of them all, because that
of a single bias is one sum, which may cancel to nearly 0.

The second table has milliseconds, float32, for a forward pass and for a forward and backward pass: medians of calls in
turns.

To add a layer: a function that draws a `Configuration`, entered in ``LAYERS``, and a line in `timed`.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nlref import layers

TARGETS = {"float32": 1e-5, "float64": 1e-11}
# Why a layer may be further from Keras in float64.
REASONS = {
    "LeakyReLU": ("float64", 1e-7, "TensorFlow holds the slope in float32"),
}
# Without gelu: Keras' has a square root of 2 in float32 where it computes in float64.
ACTIVATIONS = ("relu", "tanh", "sigmoid", "softmax", "elu", "selu", "softplus", "silu", "linear", None)


@dataclass(frozen=True)
class Configuration:
    """A layer of both, by its class name, with its options, and what it is called with."""

    layer: str
    options: dict[str, Any]
    x: np.ndarray
    training: bool = False
    mask: np.ndarray | None = None
    seed: int = 0  # of the weights and the upstream gradient
    deviation: float = (
        1.0  # of the weights; where sums are large tanh saturates, and TensorFlow's 1 - y**2 loses digits
    )

    def __str__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        more = (", training" if self.training else "") + ("" if self.mask is None else ", masked")
        return f"{self.layer}({options}) on {self.x.shape}{more}"


def differences(configuration: Configuration, dtype: str) -> dict[str, float]:
    """Keras beside nlref: the difference of ``output``, ``input`` (its gradient), and of each weight's gradient."""
    import tensorflow as tf

    ours, theirs = pair(configuration, dtype)
    indices = configuration.x.dtype.kind == "i"
    x = configuration.x if indices else configuration.x.astype(dtype)
    mask = configuration.mask
    y = ours.forward(x, training=configuration.training, mask=mask)
    g = upstream(ours, y, configuration.seed)
    found = {"input": ours.backward(g), **ours.gradients, **ours.state}

    keywords = {} if mask is None else {"mask": tf.constant(mask)}
    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        if not indices:
            tape.watch(tensor)
        output = theirs(tensor, training=configuration.training, **keywords)
    weights = [weight.value for weight in theirs.trainable_weights]
    sources = weights if indices else [tensor, *weights]
    gradients = tape.gradient(output, sources, output_gradients=tf.constant(g))
    names = [*([] if indices else ["input"]), *ours.parameters]
    expected = dict(zip(names, map(tf.convert_to_tensor, gradients), strict=True))
    states = [weight.value for weight in theirs.non_trainable_weights]
    expected |= dict(zip(ours.state, states, strict=False))  # Keras' Dropout counts its random seed
    largest = max((np.max(np.abs(expected[name])) for name in ours.parameters), default=0)
    return {"output": difference(y, output)} | {
        name: difference(found[name], array, largest if name in ours.parameters else 0)
        for name, array in expected.items()
    }


def difference(ours: np.ndarray, theirs: Any, scale: float = 0) -> float:
    """The largest difference of two entries over ``theirs``' largest entry, or ``scale`` if that is larger.

    Infinite if shapes or dtypes differ, or an entry is not finite.
    """
    theirs = np.asarray(theirs)
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return np.inf
    if np.array_equal(ours, theirs):
        return 0.0
    found = float(np.max(np.abs(ours - theirs)) / max(np.max(np.abs(theirs)), scale))
    return found if np.isfinite(found) else np.inf


def pair(configuration: Configuration, dtype: str) -> tuple[layers.Layer, Any]:
    """The layer of nlref and that of Keras, with the same random weights."""
    import keras

    ours = with_random_weights(configuration, dtype)
    theirs = getattr(keras.layers, configuration.layer)(**configuration.options, dtype=dtype)
    theirs.build(configuration.x.shape)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def with_random_weights(configuration: Configuration, dtype: str) -> layers.Layer:
    """The layer of nlref."""
    rng = np.random.default_rng(configuration.seed + 1)
    layer = getattr(layers, configuration.layer)(**configuration.options, dtype=dtype)
    layer.build(configuration.x.shape, rng)
    weights = [configuration.deviation * rng.normal(size=array.shape) for array in layer.get_weights()]
    if "moving_variance" in layer.state:
        weights[-1] = np.square(weights[-1]) + 0.1
    layer.set_weights(weights)
    return layer


def upstream(layer: layers.Layer, y: np.ndarray, seed: int) -> np.ndarray:
    """A random gradient of the layer's latest output."""
    g = np.random.default_rng(seed).normal(size=y.shape).astype(y.dtype)
    if hasattr(layer, "_z"):
        g[np.abs(layer._z) < 1e-4] = 0  # at a kink the slope is decided by the last bit
    return g


def some(rng: np.random.Generator, *values: Any) -> Any:
    """One of ``values``."""
    return values[rng.integers(len(values))]


def drawn_activation(rng: np.random.Generator, outputs: int) -> str | None:
    """An activation; Keras warns of softmax over a single output."""
    return some(rng, *(name for name in ACTIVATIONS if outputs > 1 or name != "softmax"))


def dense(rng: np.random.Generator) -> Configuration:
    shape = (*rng.integers(1, 9, rng.integers(1, 4)), rng.integers(1, 40))
    units = some(rng, 1, int(rng.integers(2, 40)))
    options = {
        "units": units,
        "activation": drawn_activation(rng, units),
        "use_bias": some(rng, True, True, False),
    }
    return Configuration("Dense", options, rng.normal(size=shape), deviation=float(shape[-1]) ** -0.5)


def activation(rng: np.random.Generator) -> Configuration:
    shape = (*rng.integers(1, 9, rng.integers(1, 4)), rng.integers(2, 12))
    return Configuration(
        "Activation", {"activation": some(rng, *ACTIVATIONS[:-1])}, 3 * rng.normal(size=shape)
    )


def relu(rng: np.random.Generator) -> Configuration:
    options = {
        "max_value": some(rng, None, 6.0),
        "negative_slope": some(rng, 0.0, 0.25),
        "threshold": some(rng, 0.0, 0.5),
    }
    return Configuration("ReLU", options, 4 * rng.normal(size=rng.integers(1, 9, 3)))


def leaky_relu(rng: np.random.Generator) -> Configuration:
    return Configuration("LeakyReLU", {"negative_slope": some(rng, 0.3, 0.01, 0.0)}, rng.normal(size=(8, 20)))


def elu(rng: np.random.Generator) -> Configuration:
    return Configuration("ELU", {"alpha": some(rng, 1.0, 1.5, 0.3)}, 3 * rng.normal(size=(8, 20)))


def prelu(rng: np.random.Generator) -> Configuration:
    x = rng.normal(size=rng.integers(1, 9, 4))
    return Configuration("PReLU", {"shared_axes": some(rng, None, [1], [1, 2], [3])}, x)


def softmax(rng: np.random.Generator) -> Configuration:
    x = 3 * rng.normal(size=(rng.integers(1, 6), *rng.integers(2, 12, 2)))
    mask = some(rng, None, rng.random(x.shape) < 0.7)
    return Configuration("Softmax", {"axis": some(rng, -1, 1, 2, (1, 2))}, x, mask=mask)


def flatten(rng: np.random.Generator) -> Configuration:
    return Configuration("Flatten", {}, rng.normal(size=rng.integers(1, 6, rng.integers(1, 5))))


def dropout(rng: np.random.Generator) -> Configuration:
    """Without training: in training the two draw other random numbers."""
    return Configuration("Dropout", {"rate": float(rng.random())}, rng.normal(size=rng.integers(1, 9, 3)))


def batch_normalization(rng: np.random.Generator) -> Configuration:
    # Eight entries at least for each feature: with two the gradient is 0 but for epsilon, a difference of equals.
    x = rng.normal(1, 2, size=(rng.integers(8, 20), *rng.integers(2, 8, rng.integers(1, 4))))
    options = {
        "axis": some(rng, -1, -1, int(rng.integers(1, x.ndim))),
        "momentum": some(rng, 0.99, 0.5),
        "epsilon": some(rng, 1e-3, 1e-5),
        "center": some(rng, True, True, False),
        "scale": some(rng, True, True, False),
    }
    mask = None
    if rng.random() < 0.3 and x.ndim == 3:
        options["axis"] = -1
        mask = rng.random(x.shape[:-1]) < 0.8
    return Configuration("BatchNormalization", options, x, training=some(rng, True, True, False), mask=mask)


def image(rng: np.random.Generator, window: tuple[int, int], channels: int) -> np.ndarray:
    rows, columns = (rng.integers(extent, extent + 12) for extent in window)
    return rng.normal(size=(rng.integers(1, 5), rows, columns, channels))


def conv2d(rng: np.random.Generator) -> Configuration:
    window = tuple(int(n) for n in rng.integers(1, 6, 2))
    dilation = some(rng, 1, 1, (2, 1), 2, (1, 3))
    strides = some(rng, 1, 1, 2, (1, 2), (3, 2)) if dilation == 1 else 1
    groups = some(rng, 1, 1, 2, 3)
    filters = groups * int(rng.integers(1, 12 // groups))
    options = {
        "filters": filters,
        "groups": groups,
        "kernel_size": window,
        "strides": strides,
        "padding": some(rng, "valid", "same"),
        "dilation_rate": dilation,
        "activation": drawn_activation(rng, filters),
        "use_bias": some(rng, True, True, False),
    }
    extent = tuple((n - 1) * d + 1 for n, d in zip(window, np.broadcast_to(dilation, 2), strict=True))
    channels = groups * int(rng.integers(1, 6 // groups + 1))
    entries = window[0] * window[1] * channels // groups
    return Configuration("Conv2D", options, image(rng, extent, channels), deviation=entries**-0.5)


def pooling(name: str, rng: np.random.Generator) -> Configuration:
    window = tuple(int(n) for n in rng.integers(1, 5, 2))
    options = {
        "pool_size": window,
        "strides": some(rng, None, 1, 2, (3, 1)),
        "padding": some(rng, "valid", "same"),
    }
    x = image(rng, window, int(rng.integers(1, 7)))
    return Configuration(
        name, options, some(rng, x, np.round(x))
    )  # rounded, windows have several largest entries


def max_pooling(rng: np.random.Generator) -> Configuration:
    return pooling("MaxPooling2D", rng)


def average_pooling(rng: np.random.Generator) -> Configuration:
    return pooling("AveragePooling2D", rng)


def embedding(rng: np.random.Generator) -> Configuration:
    options = {
        "input_dim": int(rng.integers(2, 50)),
        "output_dim": int(rng.integers(1, 20)),
        "mask_zero": True,
    }
    x = rng.integers(0, options["input_dim"], rng.integers(1, 12, rng.integers(1, 4)))
    return Configuration("Embedding", options, x.astype(np.int32))


def recurrent(name: str, rng: np.random.Generator) -> Configuration:
    """Gates from 0 to 1 and weights that keep sums near 1.

    Larger, a state may grow, and every rounding with it; or tanh saturates, where TensorFlow's 1 - y**2 loses digits.
    """
    batch, steps, features = (int(n) for n in rng.integers(1, (7, 26, 9)))
    units = int(rng.integers(1, 17))
    options = {
        "units": units,
        "activation": some(
            rng, "tanh", "tanh", "relu", "softsign", "softmax" if units > 1 else "sigmoid", None
        ),
        "use_bias": some(rng, True, True, False),
        "return_sequences": some(rng, True, False),
        "go_backwards": some(rng, True, False, False),
    }
    if name != "SimpleRNN":
        options["recurrent_activation"] = some(rng, "sigmoid", "sigmoid", "hard_sigmoid")
    if name == "GRU":
        options["reset_after"] = some(rng, True, False)
    mask = some(rng, None, rng.random((batch, steps)) < rng.random())
    x = rng.normal(size=(batch, steps, features))
    return Configuration(name, options, x, mask=mask, deviation=(units + features) ** -0.5)


def simple_rnn(rng: np.random.Generator) -> Configuration:
    return recurrent("SimpleRNN", rng)


def lstm(rng: np.random.Generator) -> Configuration:
    return recurrent("LSTM", rng)


def gru(rng: np.random.Generator) -> Configuration:
    return recurrent("GRU", rng)


LAYERS: dict[str, Callable[[np.random.Generator], Configuration]] = {
    "Dense": dense,
    "Activation": activation,
    "ReLU": relu,
    "LeakyReLU": leaky_relu,
    "ELU": elu,
    "PReLU": prelu,
    "Softmax": softmax,
    "Flatten": flatten,
    "Dropout": dropout,
    "BatchNormalization": batch_normalization,
    "Conv2D": conv2d,
    "MaxPooling2D": max_pooling,
    "AveragePooling2D": average_pooling,
    "Embedding": embedding,
    "SimpleRNN": simple_rnn,
    "LSTM": lstm,
    "GRU": gru,
}


def timed(rng: np.random.Generator) -> list[Configuration]:
    """What is timed: layers of the sizes that small networks have."""
    image, small = rng.normal(size=(32, 64, 64, 3)), rng.normal(size=(32, 28, 28, 32))
    return [
        Configuration("Dense", {"units": 128, "activation": "relu"}, rng.normal(size=(32, 784))),
        Configuration("Dense", {"units": 10, "activation": "softmax"}, rng.normal(size=(32, 64))),
        Configuration("Conv2D", {"filters": 32, "kernel_size": 3, "activation": "relu"}, image),
        Configuration("Conv2D", {"filters": 64, "kernel_size": 3, "padding": "same"}, small),
        Configuration("MaxPooling2D", {}, small),
        Configuration("AveragePooling2D", {"pool_size": 2}, small),
        Configuration("BatchNormalization", {}, small, training=True),
        Configuration("BatchNormalization", {}, rng.normal(size=(32, 128)), training=True),
        Configuration("PReLU", {"shared_axes": [1, 2]}, small),
        Configuration("Dropout", {"rate": 0.5}, rng.normal(size=(32, 784)), training=True),
        Configuration(
            "Embedding", {"input_dim": 10_000, "output_dim": 64}, rng.integers(0, 10_000, (32, 100))
        ),
        *(
            Configuration(name, {"units": 50}, rng.normal(size=(32, 100, 1)), deviation=0.1)
            for name in ("SimpleRNN", "LSTM", "GRU")
        ),
    ]


def milliseconds(configuration: Configuration, seconds: float) -> dict[str, tuple[float, float]]:
    """Medians of nlref and of Keras eager, for "forward" and "both"."""
    import tensorflow as tf

    ours, theirs = pair(configuration, "float32")
    x = configuration.x if configuration.x.dtype.kind == "i" else configuration.x.astype("float32")
    training = configuration.training
    g = upstream(ours, ours.forward(x, training=training), seed=0)
    tensor, their_g = tf.constant(x), tf.constant(g)

    def our_both() -> None:
        ours.forward(x, training=training)
        ours.backward(g)

    def their_both() -> None:
        with tf.GradientTape() as tape:
            if tensor.dtype.is_floating:
                tape.watch(tensor)
            output = theirs(tensor, training=training)
        sources = [tensor, *(weight.value for weight in theirs.trainable_weights)]
        tape.gradient(output, sources, output_gradients=their_g)

    return {
        "forward": medians(
            lambda: ours.forward(x, training=training), lambda: theirs(tensor, training=training), seconds
        ),
        "both": medians(our_both, their_both, seconds),
    }


def medians(ours: Callable[[], object], theirs: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Median milliseconds of two functions that take turns.

    After a turn the threads of one go on spinning for a while, which slows the other: its first call is not counted.
    """
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 9:
        for function, into in zip((ours, theirs), times, strict=True):
            function()
            for _ in range(3):
                start = time.perf_counter()
                function()
                into.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])


def print_parity(names: list[str], count: int, seed: int, show: bool) -> bool:
    """The table of differences; False if one is larger than it may be."""
    print(f"worst relative difference to Keras, over {count} configurations each")
    print(f"{'layer':<20}{'dtype':<9}{'output':>10}{'input':>10}{'weights':>10}")
    fine = True
    for name in names:
        for dtype, target in TARGETS.items():
            rng = np.random.default_rng(seed)
            worst = {"output": (0.0, None), "input": (0.0, None), "weights": (0.0, None)}
            for turn in range(count):
                configuration = replace(LAYERS[name](rng), seed=turn)
                for part, value in differences(configuration, dtype).items():
                    column = part if part in worst else "weights"
                    worst[column] = max(worst[column], (value, configuration), key=lambda pair: pair[0])
            reason = ""
            if max(value for value, _ in worst.values()) > target:
                at, most, why = REASONS.get(name, ("", 0.0, "above the target"))
                known = at == dtype and max(value for value, _ in worst.values()) <= most
                fine, reason = fine and known, f"  {why if known else 'above the target'}"
            print(
                f"{name:<20}{dtype:<9}" + "".join(f"{value:>10.1e}" for value, _ in worst.values()) + reason
            )
            for column, (value, configuration) in worst.items() if show else ():
                if value:
                    print(f"    {column}: {configuration}")
    return fine


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", nargs="+", choices=list(LAYERS), default=list(LAYERS), metavar="NAME")
    parser.add_argument("--configurations", type=int, default=100, help="random configurations of each layer")
    parser.add_argument("--seed", type=int, default=0, help="of the configurations")
    parser.add_argument("--seconds", type=float, default=0.5, help="for each timed line")
    parser.add_argument("--worst", action="store_true", help="print the configuration behind each number")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    fine = print_parity(arguments.layers, arguments.configurations, arguments.seed, arguments.worst)
    print("\nmilliseconds of nlref and of Keras eager, float32")
    print(f"{'forward':>18}{'':>8}{'forward and backward':>28}")
    print(f"{'nlref':>9}{'Keras':>9}{'ratio':>8}{'nlref':>12}{'Keras':>9}{'ratio':>8}")
    for configuration in timed(np.random.default_rng(0)):
        if configuration.layer in arguments.layers:
            (a, b), (c, d) = milliseconds(configuration, arguments.seconds).values()
            print(f"{a:>9.2f}{b:>9.2f}{a / b:>8.2f}{c:>12.2f}{d:>9.2f}{c / d:>8.2f}  {configuration}")
    raise SystemExit(not fine)


if __name__ == "__main__":
    main()
