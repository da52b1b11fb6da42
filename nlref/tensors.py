"""TensorFlow's operations under NumPy's names, and how a kernel runs on tensors.

`nlref.kernel.namespace` answers with this module for a tensor; a kernel's body then reads the same as for an array.
Importing this module imports TensorFlow, so nothing imports it before a tensor has been handed in.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

all = tf.reduce_all
any = tf.reduce_any
astype = tf.cast
concatenate = tf.concat
cumsum = tf.cumsum
exp = tf.exp
expand_dims = tf.expand_dims
expm1 = tf.math.expm1
isfinite = tf.math.is_finite
isnan = tf.math.is_nan
log = tf.math.log
log1p = tf.math.log1p
matmul = tf.matmul
max = tf.reduce_max
maximum = tf.maximum
mean = tf.reduce_mean
min = tf.reduce_min
minimum = tf.minimum
ones_like = tf.ones_like
pad = tf.pad
reshape = tf.reshape
rint = tf.math.rint
shape = tf.shape
sign = tf.sign
sort = tf.sort
split = tf.split
sqrt = tf.sqrt
square = tf.square
squeeze = tf.squeeze
stack = tf.stack
sum = tf.reduce_sum
tanh = tf.tanh
transpose = tf.transpose
zeros_like = tf.zeros_like

_SIXTEEN_BITS = (tf.float16, tf.bfloat16)
_FLOATS = (*_SIXTEEN_BITS, tf.float32, tf.float64)


@tf.custom_gradient
def abs(x: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """``np.abs``, with the slope 1 at 0.

    A formula in ``abs(x)`` that is written out for ``x >= 0`` then has its derivative at 0 too; TensorFlow's slope
    there, 0, is that of neither side.
    """
    return tf.abs(x), lambda g: g * (2 * tf.cast(x >= 0, x.dtype) - 1)


def where(condition: tf.Tensor, x: Any, y: Any) -> tf.Tensor:
    """``np.where``: a Python number takes the dtype of the other branch, which must be a tensor."""
    dtype = x.dtype if tf.is_tensor(x) else y.dtype
    return tf.where(condition, tf.convert_to_tensor(x, dtype), tf.convert_to_tensor(y, dtype))


def arange(count: Any) -> tf.Tensor:
    """``np.arange``."""
    return tf.range(tf.cast(count, tf.int64))


def take_along_axis(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    """``np.take_along_axis``, broadcasting as it does."""
    return tf.experimental.numpy.take_along_axis(x, indices, axis)


def scan(
    step: Callable, initial: tuple[tf.Tensor, ...], items: tuple[tf.Tensor, ...], reverse: bool = False
) -> tuple[tf.Tensor, ...]:
    """`nlref.arrays.scan`, as one loop of the graph."""
    return tf.scan(step, items, initial, reverse=reverse)


def run(
    name: str, function: Callable, vjp: Callable | None, arrays: Mapping[str, Any], options: Mapping[str, Any]
) -> tf.Tensor | tuple[tf.Tensor, ...]:
    """Evaluate the kernel ``function(*arrays, **options)`` on tensors; its gradient is ``vjp``, or TensorFlow's own.

    The first array gives shape and dtype; 16-bit floats are computed in float32, integers and booleans become float32.
    """
    x, *given = (_tensor(name, argument, value) for argument, value in arrays.items())
    dtype = _kept(x)
    computed_in = tf.float32 if dtype in _SIXTEEN_BITS else dtype
    x = tf.cast(x, computed_in)
    others = [
        _broadcast(name, argument, tf.cast(other, computed_in), x)
        for argument, other in zip(list(arrays)[1:], given, strict=True)
    ]
    y = _differentiable(function, vjp, options)(x, *others)
    if not isinstance(y, tuple):
        return tf.cast(y, dtype)
    # The gradients of several arrays: after x's, those of the arrays behind g, which had been broadcast.
    y, *parts = y
    return tf.cast(y, dtype), *map(_summed, parts, given[1:])


def run_rows(
    kernel: Any, arrays: Mapping[str, Any], axis: Any, mask: Any, options: Mapping[str, Any]
) -> tf.Tensor:
    """Evaluate a kernel of `nlref.axis` on tensors: bring the axes last, as one, apply its formula, and back.

    The number of dimensions must be known; lengths need not be.
    """
    name = kernel.name
    x, *others = (_tensor(name, argument, value) for argument, value in arrays.items())
    if x.shape.rank is None:
        raise ValueError(f"{name}: x must have a known number of dimensions")
    shape = tuple(x.shape)
    axes = kernel.axes(axis, shape)
    dtype = _kept(x)
    computed_in = tf.float32 if dtype in _SIXTEEN_BITS else dtype
    x = tf.cast(x, computed_in)
    if others:
        like = tf.split(x, 2, axes[0])[0] if kernel.halves and kernel.halved(shape, axes) else x
        others = [_broadcast(name, "g", tf.cast(g, computed_in), like, "the result") for g in others]
    elif kernel.halves:
        kernel.halved(shape, axes)
    if mask is not None:
        mask = tf.convert_to_tensor(mask) if tf.is_tensor(mask) else tf.constant(kernel.checked_mask(mask))
        if not mask.dtype.is_bool:
            raise TypeError(
                f"{name}: mask must be booleans, True where an entry is kept, not {mask.dtype.name}; "
                "for numbers give mask != 0"
            )
        others.append(_broadcast(name, "mask", mask, x))

    rank = len(shape)
    outer = [i for i in range(rank) if i not in axes]
    order = [*outer, *axes]
    moved = order != list(range(rank))

    def rows(array: tf.Tensor) -> tf.Tensor:
        array = tf.transpose(array, order) if moved else array
        if len(axes) == 1:
            return array
        lengths = tf.shape(array)
        row = tf.reduce_prod(lengths[len(outer) :], keepdims=True)
        return tf.reshape(array, tf.concat([lengths[: len(outer)], row], axis=0))

    def function(*arrays: tf.Tensor) -> tf.Tensor:
        return kernel.rows(arrays, -1, mask is not None, options)

    def vjp(x: tf.Tensor, g: tf.Tensor, *mask: tf.Tensor) -> tf.Tensor:
        return kernel.rows((x, g, *mask), -1, bool(mask), options, kernel.vjp)

    y = _differentiable(function, kernel.vjp and vjp, {})(*map(rows, (x, *others)))
    if len(axes) > 1:
        y = tf.reshape(y, tf.gather(tf.shape(x), order))
    if moved:
        y = tf.transpose(y, [order.index(i) for i in range(rank)])
    if not kernel.halves or kernel.is_gradient:
        y = tf.ensure_shape(y, shape)
    return tf.cast(y, dtype)


def _differentiable(function: Callable, vjp: Callable | None, options: Mapping[str, Any]) -> Callable:
    if vjp is None:
        return functools.partial(function, **options)

    # The options are in the closure, and all tensors are arguments: inside tf.function, tf.custom_gradient refuses
    # keyword arguments and does not see the tensors that a closure holds.
    def with_gradient(x: tf.Tensor, *others: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        def gradients(g: tf.Tensor) -> Any:
            to = vjp(x, g, *others, **options)
            return to if isinstance(to, tuple) or not others else (to, *[None] * len(others))

        return function(x, *others, **options), gradients

    return tf.custom_gradient(with_gradient)


def _kept(tensor: tf.Tensor) -> tf.DType:
    return tensor.dtype if tensor.dtype in _FLOATS else tf.float32


def _summed(part: tf.Tensor, array: tf.Tensor) -> tf.Tensor:
    """``part``, of the shape to which ``array`` was broadcast, summed to the shape of ``array`` and in its dtype."""
    shape = tf.concat([tf.ones([tf.rank(part) - tf.rank(array)], tf.int32), tf.shape(array)], axis=0)
    _, axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(part), s1=shape)
    return tf.cast(tf.reshape(tf.reduce_sum(part, axes), tf.shape(array)), _kept(array))


def _tensor(name: str, argument: str, value: Any) -> tf.Tensor:
    if tf.is_tensor(value):
        # Keras' variables are not TensorFlow's, but they convert.
        if not (isinstance(value, tf.Tensor | tf.Variable) or hasattr(value, "__tf_tensor__")):
            raise TypeError(f"{name}: {argument} must be a dense tensor, not a {type(value).__name__}")
        tensor = tf.convert_to_tensor(value)
    else:
        tensor = tf.convert_to_tensor(np.asarray(value))
    if not (tensor.dtype in _FLOATS or tensor.dtype.is_integer or tensor.dtype.is_bool):
        raise TypeError(
            f"{name}: {argument} must be real numbers (float16, bfloat16, float32, float64, integer or bool), "
            f"not {tensor.dtype.name}"
        )
    return tensor


def _broadcast(name: str, argument: str, tensor: tf.Tensor, x: tf.Tensor, whose: str = "x") -> tf.Tensor:
    if tensor.shape.is_fully_defined() and x.shape.is_fully_defined():
        if tensor.shape == x.shape:
            return tensor
        try:
            fits = tf.broadcast_static_shape(tensor.shape, x.shape) == x.shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(
                f"{name}: {argument} of shape {tuple(tensor.shape)} does not fit {whose} of shape {tuple(x.shape)}"
            )
    return tf.broadcast_to(tensor, tf.shape(x))
