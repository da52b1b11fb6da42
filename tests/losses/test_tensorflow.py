"""The same losses on TensorFlow: eager, in graphs, compiled, twice differentiated; and beside Keras 3."""

import importlib

import numpy as np
import pytest

# That graphs are right, too, the quick tests see with batches of unknown size.
MODES = [
    "eager",
    pytest.param("graph", marks=pytest.mark.slow),
    pytest.param("compiled", marks=pytest.mark.slow),
]


def in_mode(tf, mode, function):
    return (
        function
        if mode == "eager"
        else tf.function(function, jit_compile=mode == "compiled", autograph=False)
    )


def value_and_gradients(tf, case, reduction=None, **keywords):
    """A function of a case's arrays: the value, TensorFlow's gradients of its sum, and those of ``_vjp``."""

    def both(*arrays):
        predictions = [arrays[position] for position in case.positions()]
        with tf.GradientTape() as tape:
            tape.watch(predictions)
            value = case.value(*arrays, reduction=reduction, **keywords)
        slopes = tape.gradient(value, predictions)
        vjp = case.gradients(*arrays, reduction="sum" if reduction is None else reduction, **keywords)
        return value, tuple(slopes), vjp

    return both


def error(ours, true, scale=0.0):
    """In units in the last place of ``scale``, or of the truth where that is larger."""
    ours = np.asarray(ours)
    unit = np.spacing(np.maximum(np.abs(true), scale).astype(ours.dtype)).astype(np.longdouble)
    return (np.abs(ours.astype(np.longdouble) - true) / unit).max()


@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients(tf, case, dtype, mode, exact):
    """TensorFlow's gradient of the loss is the loss's own; TensorFlow's functions are less accurate than NumPy's."""
    arrays, true, slopes = exact(case, dtype)
    value, through, vjp = in_mode(tf, mode, value_and_gradients(tf, case))(*map(tf.constant, arrays))
    assert value.dtype == dtype
    assert value.shape == true.shape
    scale = np.abs(true).mean() / 4 if true.min() < 0 < true.max() else 0.0
    # XLA's own log1p is 128 ulp off in float64, at -0.414.
    coarse = 16 if mode == "compiled" and dtype == "float64" else 1
    assert error(value, true, scale) <= 16 * coarse
    for slope, own, expected in zip(through, vjp, slopes, strict=True):
        np.testing.assert_allclose(
            slope, own, rtol=32 * coarse * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny
        )
        used = case.loss.value.plan.used_axes(expected.ndim, case.options)
        assert error(slope, expected, np.abs(expected).max(axis=used, keepdims=True) / 4) <= 32 * coarse


def test_pinned_points(tf, point, dtype):
    loss, point = point
    arrays = tuple(np.asarray(argument)[None] for argument in point.arguments)
    arrays = tuple(tf.constant(a.astype(dtype) if a.dtype.kind == "f" else a) for a in arrays)
    limits = np.finfo(dtype)
    tolerance = {"rtol": 64 * limits.eps, "atol": float(limits.tiny)}
    np.testing.assert_allclose(
        loss.value(*arrays, **point.options, reduction=None)[0], point.value, **tolerance
    )
    gradients = loss.vjp(*arrays, **point.options, reduction="sum")
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for gradient, expected in zip(gradients, point.gradients or (point.gradient,), strict=False):
        np.testing.assert_allclose(gradient[0], expected, **tolerance)


def test_every_reduction_is_that_of_arrays(tf, case):
    arrays = case.draw("float64", seed=3)
    shape = case.value(*arrays, reduction=None).shape
    weight = np.random.default_rng(5).uniform(0.5, 2, size=shape)
    tensors = tuple(map(tf.constant, arrays))
    for reduction in ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", None):
        keywords = {"reduction": reduction, "sample_weight": weight}
        value, slopes, vjp = value_and_gradients(tf, case, **keywords)(*tensors)
        np.testing.assert_allclose(value, case.value(*arrays, **keywords), rtol=1e-12)
        for slope, own, expected in zip(slopes, vjp, case.gradients(*arrays, **keywords), strict=True):
            np.testing.assert_allclose(own, expected, rtol=1e-11, atol=1e-14)
            np.testing.assert_allclose(slope, expected, rtol=1e-11, atol=1e-14)


def test_dtypes(tf, loss):
    drawn = loss.facts.draw(np.random.default_rng(2), loss.facts.shape)
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        arrays = [tf.cast(a, dtype) if a.dtype.kind == "f" else tf.constant(a) for a in drawn]
        predictions = [a for a, name in zip(arrays, loss.arrays, strict=True) if name in loss.predictions]
        with tf.GradientTape() as tape:
            tape.watch(predictions)
            value = loss.value(*arrays)
        assert value.dtype == dtype
        assert all(slope.dtype == dtype for slope in tape.gradient(value, predictions))
        assert all(slope.dtype == dtype for slope in tf.nest.flatten(loss.vjp(*arrays)))


def test_twice_differentiated(tf, case):
    arrays = case.draw("float64", seed=6)
    position = case.positions()[0]
    direction = np.random.default_rng(7).normal(size=arrays[position].shape) * np.abs(arrays[position]) / 2

    def slope(x):
        moved = [tf.constant(a) for a in arrays]
        moved[position] = x
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = case.value(*moved)
        return tf.reduce_sum(tape.gradient(value, x) * direction)

    x = tf.constant(arrays[position])
    with tf.GradientTape() as tape:
        tape.watch(x)
        first = slope(x)
    second = tape.gradient(first, x, unconnected_gradients="zero")
    h = 1e-5
    quotient = (slope(x + h * direction) - slope(x - h * direction)) / (2 * h)
    size = tf.reduce_sum(tf.abs(second * direction)) + 1e-3 * tf.abs(first)
    assert abs(tf.reduce_sum(second * direction) - quotient) <= 1e-4 * size


def test_a_batch_of_unknown_size(tf, case):
    arrays = case.draw("float32")
    expected = case.value(*arrays), case.gradients(*arrays)

    @tf.function(
        input_signature=[tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arrays], autograph=False
    )
    def both(*arrays):
        return case.value(*arrays), case.gradients(*arrays)

    value, gradients = both(*map(tf.constant, arrays))
    np.testing.assert_allclose(value, expected[0], rtol=1e-5)
    for gradient, own in zip(gradients, expected[1], strict=True):
        np.testing.assert_allclose(gradient, own, rtol=1e-4, atol=1e-6 * np.abs(own).max())


def test_arrays_beside_a_tensor_become_tensors(tf, loss):
    arrays = [
        a.astype("float32") if a.dtype.kind == "f" else a
        for a in loss.facts.draw(np.random.default_rng(8), loss.facts.shape)
    ]
    expected = loss.value(*arrays)
    for position in range(len(arrays)):
        mixed = [tf.constant(a) if i == position else a for i, a in enumerate(arrays)]
        value = loss.value(*mixed)
        assert tf.is_tensor(value)
        np.testing.assert_allclose(value, expected, rtol=1e-5)


def resolve(dotted: str):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_agrees_with_keras(tf, keras_pair, dtype):
    """Values and gradients of Keras, fed plain arrays: a tensor from a Keras activation carries hidden logits."""
    loss, other = keras_pair.loss, keras_pair.other
    theirs = resolve(other.function)
    arguments = dict(other.arguments)
    if isinstance(theirs, type):
        theirs, arguments = theirs(**arguments), {}
    drawn = loss.facts.draw(np.random.default_rng(9), loss.facts.shape, **other.options)
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in drawn]
    position = loss.arrays.index(loss.predictions[0])
    x = tf.constant(arrays[position])
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = theirs(arrays[0], x, **arguments)
    slope = tape.gradient(value, x)
    ours = loss.value(*arrays, **other.options, reduction=other.reduction)
    gradient = loss.vjp(*arrays, **other.options, reduction=other.reduction or "sum")
    for mine, yours in ((ours, value), (gradient, slope)):
        mine, yours = other.scale * np.asarray(mine), np.asarray(yours)
        assert mine.shape == yours.shape
        # Keras adds up in another order; its gradient is TensorFlow's.
        bound = 10 * getattr(other, dtype) * np.maximum(1, np.abs(mine)).max()
        assert np.abs(mine - yours).max() <= bound
