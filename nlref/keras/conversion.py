"""What stands in NumPy for a layer of Keras: a layer of `nlref.layers` with the same weights, or a plain function."""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlref import activations, layers
from nlref.keras import plain_layers
from nlref.keras.installed import import_keras

Arrays = Sequence[np.ndarray]
Masks = Sequence[np.ndarray | None]

LAYERS = (
    "Activation",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv2D",
    "Dense",
    "Dropout",
    "ELU",
    "Embedding",
    "Flatten",
    "GRU",
    "LSTM",
    "LeakyReLU",
    "MaxPooling2D",
    "PReLU",
    "ReLU",
    "SimpleRNN",
    "Softmax",
)
"""Keras' layers with a counterpart of the same name in `nlref.layers`."""

# Of a layer's configuration, what tells nothing about its output once the weights are there, in inference.
_OF_TRAINING = {
    "activity_regularizer",
    "dropout",
    "dtype",
    "implementation",
    "lora_alpha",
    "lora_rank",
    "name",
    "quantization_config",
    "recurrent_dropout",
    "seed",
    "synchronized",
    "trainable",
    "unroll",
}
_ACTIVATIONS = ("activation", "recurrent_activation")
_OF_TRAINING_ALONE = ("_constraint", "_regularizer", "dropout", "lora_rank")
_ENDINGS_OF_TRAINING = ("_initializer", "_regularizer", "_constraint")


class NotConverted(Exception):
    """Why a layer of Keras has nothing that stands for it in NumPy."""


@dataclass(frozen=True)
class Converted:
    """A layer of Keras in NumPy: ``function(inputs, masks)`` is its output; ``notes`` say what is Keras' even so.

    Behind the input of a recurrent layer stand the states that it begins with, if they are given.
    """

    function: Callable[[Arrays, Masks], Any]
    notes: tuple[str, ...] = ()


def convert(layer: Any, dtype: str) -> Converted:
    """What stands for the Keras ``layer``, with its weights, computing in ``dtype``, in inference.

    Where Keras computes in 16 bits, the weights are those that Keras uses, rounded to 16 bits.

    Raises
    ------
    NotConverted
        There is nothing; the reason is a part of a sentence, to stand behind the layer's name.
    """
    keras = import_keras()
    kind = type(layer).__name__
    if type(layer) is not getattr(keras.layers, kind, None):
        if hasattr(layer, "numpy_function"):
            return Converted(lambda inputs, masks: layer.numpy_function(inputs[0]))
        raise NotConverted(f"{kind} is not one of Keras' own layers")
    if getattr(layer, "quantization_mode", None) is not None:
        raise NotConverted("its weights are quantized")
    if getattr(layer, "data_format", None) == "channels_first":
        raise NotConverted("its channels come first")
    if kind in LAYERS:
        return _counterpart(layer, dtype)
    if kind in plain_layers.FUNCTIONS:
        function, missing = plain_layers.FUNCTIONS[kind](layer, functools.partial(_weights, layer, dtype))
        if missing:
            raise NotConverted(missing)
        return Converted(function)
    if kind in _COMPOSED:
        return _COMPOSED[kind](layer, dtype)
    raise NotConverted(f"nlref has no {kind}")


def numpy_layer(layer: Any, dtype: str, *, training: bool = False) -> tuple[layers.Layer, tuple[str, ...]]:
    """A layer of `nlref.layers` with the options of the Keras ``layer``, not built yet, and notes.

    With ``training`` it takes over regularizers too, and may have no option that is of training and not in nlref.

    Raises
    ------
    NotConverted
        It is none of `LAYERS`, or has an option that the layer of nlref has not.
    """
    kind = type(layer).__name__
    if kind not in LAYERS:
        raise NotConverted(f"nlref has no {kind}")
    counterpart = getattr(layers, kind)
    accepted = inspect.signature(counterpart).parameters
    defaults = {
        name: parameter.default for name, parameter in inspect.signature(type(layer)).parameters.items()
    }
    notes: list[str] = []
    given: dict[str, Any] = {}
    if training and getattr(layer, "zero_output_for_mask", False):
        raise NotConverted(f"nlref's {kind} has no zero_output_for_mask")
    for name, value in layer.get_config().items():
        if name in _ACTIVATIONS:
            given[name] = _activation(getattr(layer, name), layer.compute_dtype, notes)
        elif training and name.endswith("_regularizer") and name in accepted:
            given[name] = _penalty(getattr(layer, name))
        elif training and value and (name.endswith(_OF_TRAINING_ALONE)) and name not in accepted:
            raise NotConverted(f"nlref's {kind} has no {name}")
        elif _tells_nothing(name, value) and not (training and name in accepted and name.endswith("dropout")):
            continue
        elif name in accepted:
            given[name] = tuple(value) if isinstance(value, list) else value
        elif name in defaults and _plain(value) != _plain(defaults[name]):
            raise NotConverted(f"nlref's {kind} has no {name}={value!r}")
    try:
        return counterpart(**given, name=layer.name, dtype=dtype), tuple(notes)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise NotConverted(f"{error}") from error


def _penalty(regularizer: Any) -> Any:
    if regularizer is None:
        return None
    config = regularizer.get_config()
    if type(regularizer).__name__ not in ("L1", "L2", "L1L2") or not set(config) <= {"l1", "l2"}:
        raise NotConverted(f"nlref has no regularizer {type(regularizer).__name__}")
    return layers.regularizers.L1L2(**{name: float(factor) for name, factor in config.items()})


def _tells_nothing(name: str, value: Any) -> bool:
    return (
        name in _OF_TRAINING
        or name.endswith(_ENDINGS_OF_TRAINING)
        or (name == "data_format" and value == "channels_last")
    )


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _counterpart(layer: Any, dtype: str) -> Converted:
    numpy, notes = numpy_layer(layer, dtype)
    weights = _weights(layer, dtype)

    def function(inputs: Arrays, masks: Masks) -> Any:
        x, *states = inputs
        if not numpy.built:
            numpy.build((None, *x.shape[1:]))
            numpy.set_weights(weights)
        y = numpy(x, mask=masks[0], **({"initial_state": states} if states else {}))
        if masks[0] is None or not getattr(layer, "zero_output_for_mask", False):
            return y
        # What Bidirectional asks of its layers: steps that are left out give zeros instead of the output before.
        output, *after = y if isinstance(y, tuple) else (y,)
        kept = masks[0][:, ::-1] if layer.go_backwards else masks[0]
        output = np.where((kept if layer.return_sequences else kept[:, -1])[..., None], output, 0)
        return (output, *after) if after else output

    return Converted(function, notes)


def _weights(layer: Any, dtype: str) -> list[np.ndarray]:
    """The weights as Keras computes with them, in its order, without those of an activation that is a layer."""
    inner = [getattr(layer, name, None) for name in _ACTIVATIONS]
    others = {id(variable) for part in inner for variable in getattr(part, "weights", ())}
    weights = []
    for variable in (variable for variable in layer.weights if id(variable) not in others):
        weight = as_numpy(variable)
        if weight.dtype.kind not in "iub" and getattr(variable, "_autocast", True):
            weight = weight.astype(numpy_dtype(layer.compute_dtype))
        weights.append(weight.astype(dtype) if weight.dtype.kind not in "iub" else weight)
    return weights


def _activation(function: Any, compute_dtype: str, notes: list[str]) -> Callable:
    """The activation in NumPy that stands for Keras' ``function``: a kernel, a layer's, or Keras' own."""
    keras = import_keras()
    if function is None:
        return activations.linear
    if isinstance(function, keras.Layer):
        try:
            numpy, _ = numpy_layer(function, "float64")
        except NotConverted:
            pass
        else:
            if isinstance(numpy, layers.Activation):
                return _with_gradient(
                    lambda x: numpy.activation(x, **numpy.options),
                    lambda x, g: numpy.activation.vjp(x, g, **numpy.options),
                )
            if not numpy.parameters:
                converted = convert(function, "float64")
                return lambda x: converted.function([x], [None])
    if hasattr(function, "numpy_function"):
        return _with_gradient(lambda x: function.numpy_function(x), function.vjp)
    name = getattr(function, "__name__", type(function).__name__)
    if getattr(keras.activations, name, None) is function and hasattr(activations, name):
        return activations.get(name)
    notes.append(f"the activation {name} is taken from Keras")

    def from_keras(x: np.ndarray) -> np.ndarray:
        tensor = keras.ops.convert_to_tensor(x.astype(numpy_dtype(compute_dtype)))
        return as_numpy(function(tensor)).astype(x.dtype)

    return from_keras


def _with_gradient(function: Callable, vjp: Callable | None) -> Callable:
    function.vjp = vjp
    return function


def as_numpy(tensor: Any) -> np.ndarray:
    """A tensor or variable of Keras as an array."""
    keras = import_keras()
    tensor = keras.ops.convert_to_tensor(tensor)
    if keras.backend.backend() == "tensorflow":
        return tensor.numpy()  # Keras asks for the array in a way that makes NumPy warn of TensorFlow
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def numpy_dtype(name: str) -> np.dtype:
    """The dtype of this name, bfloat16 included."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def _bidirectional(layer: Any, dtype: str) -> Converted:
    forward, backward = (convert(part, dtype) for part in (layer.forward_layer, layer.backward_layer))
    merge = {
        "concat": lambda a, b: np.concatenate([a, b], axis=-1),
        "sum": np.add,
        "ave": lambda a, b: (a + b) / 2,
        "mul": np.multiply,
    }.get(layer.merge_mode)
    if merge is None:
        raise NotConverted(f"nlref's Bidirectional has no merge_mode={layer.merge_mode!r}")

    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        there, back = forward.function(inputs, masks), backward.function(inputs, masks)
        return merge(there, back[:, ::-1] if layer.return_sequences else back)

    return Converted(function, forward.notes + backward.notes)


def _time_distributed(layer: Any, dtype: str) -> Converted:
    inner = convert(layer.layer, dtype)

    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        x = inputs[0]
        y = inner.function([x.reshape(-1, *x.shape[2:])], [None])
        return y.reshape(*x.shape[:2], *y.shape[1:])

    return Converted(function, inner.notes)


def _one_dimension(layer: Any, dtype: str) -> Converted:
    """Conv1D, MaxPooling1D, AveragePooling1D: those of two dimensions, on images one column wide."""
    kind = type(layer).__name__.replace("1D", "2D")
    notes: list[str] = []
    causal = layer.padding == "causal"
    options = {"strides": (*layer.strides, 1), "padding": "valid" if causal else layer.padding}
    if kind == "Conv2D":
        options |= {"dilation_rate": (*layer.dilation_rate, 1), "groups": layer.groups}
        numpy = layers.Conv2D(
            layer.filters,
            (*layer.kernel_size, 1),
            **options,
            activation=_activation(layer.activation, layer.compute_dtype, notes),
            use_bias=layer.use_bias,
            name=layer.name,
            dtype=dtype,
        )
    else:
        numpy = getattr(layers, kind)((*layer.pool_size, 1), **options, name=layer.name, dtype=dtype)
    weights = [w[:, None] if w.ndim == 3 else w for w in _weights(layer, dtype)]

    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        x = inputs[0]
        if causal:
            x = np.pad(x, ((0, 0), (layer.dilation_rate[0] * (layer.kernel_size[0] - 1), 0), (0, 0)))
        if not numpy.built:
            numpy.build((None, None, 1, x.shape[2]))
            numpy.set_weights(weights)
        return numpy.forward(x[:, :, None])[:, :, 0]

    return Converted(function, tuple(notes))


def _depthwise(layer: Any, dtype: str) -> Converted:
    """DepthwiseConv2D, SeparableConv2D: a convolution with a group a channel; then a matrix for each pixel."""
    separable = type(layer).__name__ == "SeparableConv2D"
    notes: list[str] = []
    activation = _activation(layer.activation, layer.compute_dtype, notes)
    depthwise, *others = _weights(layer, dtype)
    rows, columns, channels, each = depthwise.shape
    apart = layers.Conv2D(
        channels * each,
        (rows, columns),
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
        groups=channels,
        use_bias=False,
        name=layer.name,
        dtype=dtype,
    )
    apart.build((None, None, None, channels))
    apart.set_weights([depthwise.reshape(rows, columns, 1, channels * each)])
    pointwise = others.pop(0)[0, 0] if separable else None

    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        y = apart.forward(inputs[0])
        y = y if pointwise is None else y @ pointwise
        return activation(y + others[0] if layer.use_bias else y)

    return Converted(function, tuple(notes))


def _transposed(layer: Any, dtype: str) -> Converted:
    """Conv2DTranspose: the way back through a convolution that would make its input of its output."""
    if layer.output_padding is not None or layer.dilation_rate not in (1, (1, 1)):
        raise NotConverted("nlref's Conv2DTranspose has no output_padding and no dilation_rate")
    notes: list[str] = []
    activation = _activation(layer.activation, layer.compute_dtype, notes)
    kernel, *bias = _weights(layer, dtype)
    convolution = layers.Conv2D(
        kernel.shape[3],
        layer.kernel_size,
        strides=layer.strides,
        padding=layer.padding,
        use_bias=False,
        name=layer.name,
        dtype=dtype,
    )
    convolution.build((None, None, None, kernel.shape[2]))
    convolution.set_weights([kernel])

    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        x = inputs[0]
        lengths = [
            length * stride + (max(size - stride, 0) if layer.padding == "valid" else 0)
            for length, stride, size in zip(x.shape[1:3], layer.strides, layer.kernel_size, strict=True)
        ]
        convolution.forward(np.zeros((len(x), *lengths, kernel.shape[2]), dtype))
        y = convolution.backward(np.asarray(x, dtype))
        return activation(y + bias[0] if bias else y)

    return Converted(function, tuple(notes))


_COMPOSED = {
    "AveragePooling1D": _one_dimension,
    "Bidirectional": _bidirectional,
    "Conv1D": _one_dimension,
    "Conv2DTranspose": _transposed,
    "DepthwiseConv2D": _depthwise,
    "MaxPooling1D": _one_dimension,
    "SeparableConv2D": _depthwise,
    "TimeDistributed": _time_distributed,
}
