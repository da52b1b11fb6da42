"""Layers of Keras that are a line of NumPy: merging, reshaping, padding, pooling, scaling.

``FUNCTIONS[kind](layer, weights)`` answers with ``(function, missing)``: ``function(inputs, masks)`` is the output of
the layer in inference, and ``missing`` is None, or says what the layer has and the function has not. ``weights()`` are
the layer's.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Arrays = Sequence[np.ndarray]
Masks = Sequence[np.ndarray | None]
Function = Callable[[Arrays, Masks], np.ndarray]
Weights = Callable[[], list[np.ndarray]]
Made = tuple[Function, str | None]


def _of_one(function: Callable[[np.ndarray], np.ndarray], missing: str | None = None) -> Made:
    return lambda inputs, masks: function(inputs[0]), missing


def _same(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: x)


def _merge(merge: Callable[[Arrays], np.ndarray]) -> Callable[[Any, Weights], Made]:
    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        axes = max(x.ndim for x in inputs)
        # As Keras: an input with fewer axes gets them behind the batch.
        return merge([x.reshape(len(x), *(1,) * (axes - x.ndim), *x.shape[1:]) for x in inputs])

    return lambda layer, weights: (function, None)


def _concatenate(layer: Any, weights: Weights) -> Made:
    return lambda inputs, masks: np.concatenate(inputs, axis=layer.axis), None


def _dot(layer: Any, weights: Weights) -> Made:
    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        a, b = inputs
        axes = (layer.axes,) * 2 if isinstance(layer.axes, int) else layer.axes
        along_a, along_b = axes[0] % a.ndim, axes[1] % b.ndim
        if layer.normalize:
            a, b = _unit(a, along_a), _unit(b, along_b)
        a, b = np.moveaxis(a, along_a, -1), np.moveaxis(b, along_b, 1)
        shape = (*a.shape[:-1], *b.shape[2:])
        product = a.reshape(len(a), -1, a.shape[-1]) @ b.reshape(len(b), b.shape[1], -1)
        return product.reshape(shape if len(shape) > 1 else (len(a), 1))

    return function, None


def _unit(x: np.ndarray, axis: int) -> np.ndarray:
    return x / np.sqrt(np.maximum(np.sum(x * x, axis=axis, keepdims=True), 1e-12))


def _reshape(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: x.reshape(len(x), *layer.target_shape))


def _permute(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: x.transpose(0, *layer.dims))


def _repeat_vector(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: np.repeat(x[:, None], layer.n, axis=1))


def _pairs(amounts: Any) -> list[tuple[int, int]]:
    """Of padding or cropping, before and behind each axis but batch and channels."""
    amounts = tuple(amounts)
    return [amounts] if isinstance(amounts[0], int) else [tuple(pair) for pair in amounts]


def _zero_padding(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: np.pad(x, [(0, 0), *_pairs(layer.padding), (0, 0)]))


def _cropping(layer: Any, weights: Weights) -> Made:
    def function(x: np.ndarray) -> np.ndarray:
        kept = [
            slice(before, length - behind)
            for (before, behind), length in zip(_pairs(layer.cropping), x.shape[1:-1], strict=True)
        ]
        return x[(slice(None), *kept)]

    return _of_one(function)


def _up_sampling(layer: Any, weights: Weights) -> Made:
    sizes = (layer.size,) if isinstance(layer.size, int) else tuple(layer.size)

    def function(x: np.ndarray) -> np.ndarray:
        for axis, size in enumerate(sizes, start=1):
            x = np.repeat(x, size, axis=axis)
        return x

    method = getattr(layer, "interpolation", "nearest")
    return _of_one(
        function, None if method == "nearest" else f"nlref has no interpolation={method!r} in UpSampling2D"
    )


def _global_pooling(layer: Any, weights: Weights) -> Made:
    largest = "Max" in type(layer).__name__

    def function(inputs: Arrays, masks: Masks) -> np.ndarray:
        x, mask = inputs[0], masks[0]
        axes = tuple(range(1, x.ndim - 1))
        if largest:
            return x.max(axis=axes, keepdims=layer.keepdims)
        if mask is None or x.ndim != 3:
            return x.mean(axis=axes, keepdims=layer.keepdims)
        kept = mask[..., None]
        with np.errstate(invalid="ignore"):
            total = np.where(kept, x, 0).sum(axis=1, keepdims=layer.keepdims)
            return total / kept.sum(axis=1, keepdims=layer.keepdims)

    return function, None


def _masking(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: np.where(np.any(x != layer.mask_value, axis=-1, keepdims=True), x, 0))


def _rescaling(layer: Any, weights: Weights) -> Made:
    return _of_one(lambda x: x * np.asarray(layer.scale, x.dtype) + np.asarray(layer.offset, x.dtype))


def _normalization(layer: Any, weights: Weights) -> Made:
    def function(x: np.ndarray) -> np.ndarray:
        mean, variance = (
            np.asarray(array.numpy() if hasattr(array, "numpy") else array, x.dtype)
            for array in (layer.mean, layer.variance)
        )
        return (x - mean) / np.maximum(np.sqrt(variance), 1e-7)

    return _of_one(function, "nlref has no Normalization with invert=True" if layer.invert else None)


def _layer_normalization(layer: Any, weights: Weights) -> Made:
    axis = (layer.axis,) if isinstance(layer.axis, int) else tuple(layer.axis)

    def function(x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=axis, keepdims=True)
        y = centred / np.sqrt((centred * centred).mean(axis=axis, keepdims=True) + layer.epsilon)
        shape = [length if i in {a % x.ndim for a in axis} else 1 for i, length in enumerate(x.shape)]
        given = [weight.reshape(shape) for weight in weights()]
        if layer.scale:
            y = y * given.pop(0)
        return y + given.pop(0) if layer.center else y

    other = getattr(layer, "rms_scaling", False)  # which Keras itself calls wrong
    return _of_one(function, "nlref has no LayerNormalization with rms_scaling=True" if other else None)


FUNCTIONS: dict[str, Callable[[Any, Weights], Made]] = {
    **dict.fromkeys(
        (
            "ActivityRegularization",
            "AlphaDropout",
            "GaussianDropout",
            "GaussianNoise",
            "Identity",
            "SpatialDropout1D",
            "SpatialDropout2D",
            "SpatialDropout3D",
        ),
        _same,  # in inference
    ),
    "Add": _merge(lambda inputs: functools.reduce(operator.add, inputs)),
    "Average": _merge(lambda inputs: functools.reduce(operator.add, inputs) / len(inputs)),
    "Maximum": _merge(lambda inputs: functools.reduce(np.maximum, inputs)),
    "Minimum": _merge(lambda inputs: functools.reduce(np.minimum, inputs)),
    "Multiply": _merge(lambda inputs: functools.reduce(operator.mul, inputs)),
    "Subtract": _merge(lambda inputs: inputs[0] - inputs[1]),
    "Concatenate": _concatenate,
    "Dot": _dot,
    "Permute": _permute,
    "RepeatVector": _repeat_vector,
    "Reshape": _reshape,
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), _zero_padding),
    **dict.fromkeys(("Cropping1D", "Cropping2D", "Cropping3D"), _cropping),
    **dict.fromkeys(("UpSampling1D", "UpSampling2D", "UpSampling3D"), _up_sampling),
    **{f"Global{way}Pooling{n}D": _global_pooling for way in ("Average", "Max") for n in (1, 2, 3)},
    "LayerNormalization": _layer_normalization,
    "Masking": _masking,
    "Normalization": _normalization,
    "Rescaling": _rescaling,
}
"""How to make the function, by the name of Keras' class."""
