"""Kernels along an axis on TensorFlow: eager, in graphs, compiled; and beside Keras 3."""

import importlib

import numpy as np
import pytest

from nlref import activations
from nlref.activations import glu, softmax, softmin, sparsemax
from nlref.ulp import ulp_error

QUICK = ["eager", "graph"]
MODES = [*QUICK, pytest.param("compiled", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def run(tf):
    """``run(mode, function, *arrays)``: the results on tensors as arrays, computed in one of the three ways."""

    def run(mode, function, *arrays):
        if mode != "eager":
            function = tf.function(function, jit_compile=mode == "compiled", autograph=False)
        return tf.nest.map_structure(lambda t: t.numpy(), function(*map(tf.constant, arrays)))

    return run


def value_and_gradient(tf, rows, x, g, **keywords):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = rows.value(x, **keywords)
    return y, tape.gradient(y, x, output_gradients=g)


def scores(dtype: str) -> np.ndarray:
    generator = np.random.default_rng(0)
    rows = [generator.normal(size=(25, 6)) * scale for scale in (1e-3, 1.0, 10.0, 30.0, 100.0)]
    rows.append([[80.0, 0.0, 0.0, -5.0, -50.0, -70.0], [3.0, 3.0, 1.0, 3.0, 0.0, -0.0]])
    return np.concatenate(rows).astype(dtype)


@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients_are_right_to_16_ulp(tf, rows, dtype, mode, run):
    x = scores(dtype)
    g = np.random.default_rng(1).normal(size=rows.value(x).shape).astype(dtype)
    y, through = run(mode, lambda x, g: value_and_gradient(tf, rows, x, g), x, g)
    assert y.dtype == through.dtype == dtype
    true = rows.exact(x)
    counts = (true == 0) | (np.abs(true) > 4 * float(np.finfo(dtype).tiny))  # subnormal numbers become 0
    assert ulp_error(y, true)[counts].max() <= 16
    # A gradient is a sum: it is as right as its largest term.
    scale = np.maximum(np.abs(rows.vjp(x, g)).max(axis=1, keepdims=True), 1e-30)
    assert (np.abs(through - rows.vjp(x, g)) / scale).max() <= 32 * np.finfo(dtype).eps


@pytest.mark.parametrize("mode", MODES)
def test_infinities_and_nan_are_those_of_numpy(tf, plain_rows, dtype, mode, run):
    inf, nan = np.inf, np.nan
    x = np.array([[inf, 0, 1, 2], [-inf, 0, 1, 2], [inf, inf, 0, 1], [-inf] * 4, [nan, 0, 1, 2]], dtype)
    g = np.ones_like(plain_rows.value(x))
    y, through = run(mode, lambda x, g: value_and_gradient(tf, plain_rows, x, g), x, g)
    np.testing.assert_allclose(y, plain_rows.value(x), rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(through), np.isnan(plain_rows.vjp(x, g)))


@pytest.mark.parametrize("axis", [0, 1, -1, (0, 1), (2, 0), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("f", [softmax, softmin])
@pytest.mark.parametrize("mode", MODES)
def test_axes_masks_and_temperatures(tf, mode, f, axis, run):
    x = np.random.default_rng(2).normal(size=(3, 4, 5))
    mask = np.random.default_rng(3).random((3, 4, 5)) < 0.6
    mask[0] = False

    def both(x, mask):
        y = f(x, mask=mask, axis=axis, temperature=1.7)
        return y, f.vjp(x, 2.0 * x, mask=mask, axis=axis, temperature=1.7)

    for result, expected in zip(run(mode, both, x, mask), both(x, mask), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-10, atol=1e-14)


def test_halves_along_any_axis(tf):
    x = np.random.default_rng(4).normal(size=(4, 2, 6))
    for axis in (0, 1, 2, -1):
        y = glu(tf.constant(x), axis=axis)
        np.testing.assert_allclose(y, glu(x, axis=axis), rtol=1e-14)
        through = glu.vjp(tf.constant(x), y, axis=axis)
        np.testing.assert_allclose(through, glu.vjp(x, y.numpy(), axis=axis), rtol=1e-13, atol=1e-16)


def test_dtypes_and_shapes_are_kept(tf, plain_rows, any_dtype):
    for shape in ((2,), (3, 4), (2, 0, 4), (0, 2)):
        x = tf.cast(tf.fill(shape, 0.5), any_dtype)
        y = plain_rows.value(x)
        assert y.dtype == x.dtype
        half = [*shape[:-1], shape[-1] // 2] if plain_rows.name == "glu" else list(shape)
        assert y.shape == half
        through = plain_rows.vjp(x, y)
        assert (through.dtype, through.shape) == (x.dtype, x.shape)
    y = plain_rows.value(tf.constant([0, 1, 1, 0]))
    assert y.dtype == tf.float32


def test_lengths_that_are_not_known_before_the_call(tf, plain_rows):
    signature = [tf.TensorSpec([None, None, 4], tf.float32)]
    axes = (-1,) if plain_rows.name == "glu" else (-1, 1, (0, 2))
    x = np.random.default_rng(5).normal(size=(2, 3, 4)).astype(np.float32)
    for axis in axes:
        f = tf.function(
            lambda x, axis=axis: value_and_gradient(tf, plain_rows, x, None, axis=axis),
            input_signature=signature,
            autograph=False,
        )
        y, through = f(x)
        np.testing.assert_allclose(y, plain_rows.value(x, axis=axis), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(through, plain_rows.vjp(x, 1.0, axis=axis), rtol=1e-4, atol=1e-6)


def test_the_gradient_can_be_differentiated(tf, rows):
    x = tf.constant(np.random.default_rng(6).normal(size=(2, 4)))
    g = np.random.default_rng(7).normal(size=rows.value(x).shape)
    with tf.GradientTape() as outer:
        outer.watch(x)
        through = value_and_gradient(tf, rows, x, g)[1] ** 2
    second = outer.gradient(through, x)
    if second is None:  # sparsemax is piecewise linear
        second = np.zeros(x.shape)
    h = 1e-5
    for index in np.ndindex(2, 4):
        step = np.zeros((2, 4))
        step[index] = h
        ends = [(rows.vjp(x.numpy() + sign * step, g) ** 2).sum() for sign in (1, -1)]
        np.testing.assert_allclose(second[index], (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-7)


def test_bad_calls_are_refused_by_name(tf, plain_rows):
    name, x = plain_rows.name, tf.zeros((2, 4))
    with pytest.raises(TypeError, match=f"^{name}: out= is for NumPy arrays"):
        plain_rows.value(x, out=np.zeros((2, 4), np.float32))
    with pytest.raises(ValueError, match=rf"^{name}: axis 2 is out of range for x of shape \(2, 4\)$"):
        plain_rows.value(x, axis=2)
    with pytest.raises(TypeError, match=f"^{name}: x must be a dense tensor"):
        plain_rows.value(tf.ragged.constant([[1.0], [2.0, 3.0]]))
    with pytest.raises(ValueError, match=rf"^{name}_vjp: g of shape \(3,\) does not fit the result of shape"):
        plain_rows.vjp(x, tf.zeros(3))
    if name in ("softmax", "softmin"):
        with pytest.raises(
            TypeError, match=f"^{name}: mask must be booleans, True where an entry is kept, not float32"
        ):
            plain_rows.value(x, mask=tf.ones((2, 4)))
        with pytest.raises(
            ValueError, match=rf"^{name}: mask of shape \(3,\) does not fit x of shape \(2, 4\)$"
        ):
            plain_rows.value(x, mask=tf.ones(3, tf.bool))
    if name == "glu":
        with pytest.raises(ValueError, match=r"^glu: x of shape \(2, 3\) has an odd length along axis 1"):
            glu(tf.zeros((2, 3)))


KERAS = [
    (name, other)
    for name, facts in activations.ROW_FACTS.items()
    for other in facts.counterparts
    if other.system == "keras" and "layers" not in other.function and name != "sparsemax"
]


@pytest.mark.parametrize(("name", "other"), KERAS, ids=[f"{name}={other.call}" for name, other in KERAS])
def test_agrees_with_keras(tf, name, other, dtype):
    """Fed plain arrays: a tensor from a Keras activation carries hidden logits."""
    module, _, function = other.function.rpartition(".")
    theirs = getattr(importlib.import_module(module), function)
    ours = getattr(activations, name)
    x = (np.random.default_rng(8).normal(size=(4, 2, 6)) * 5).astype(dtype)
    y = ours(x, **other.options)
    g = np.random.default_rng(9).normal(size=y.shape).astype(dtype)
    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = theirs(tensor, **other.arguments)
    slopes = tape.gradient(value, tensor, output_gradients=g)
    bound = getattr(other, dtype)
    for one, another in ((value, y), (slopes, ours.vjp(x, g, **other.options))):
        assert (np.abs(one - another) / np.maximum(1, np.abs(another))).max() <= 10 * bound


def test_the_layer_of_keras_masks_alike(tf):
    import keras

    x = np.random.default_rng(10).normal(size=(3, 4)).astype(np.float32)
    mask = np.array([[True, True, False, False], [True] * 4, [False] * 4])
    layer = keras.layers.Softmax(axis=(0, 1))
    np.testing.assert_allclose(softmax(x, mask=mask), keras.layers.Softmax()(x, mask=mask), rtol=1e-6)
    np.testing.assert_allclose(softmax(x, axis=(0, 1), mask=mask), layer(x, mask=mask), rtol=1e-6)


def test_the_sparsemax_of_keras_has_not_been_repaired(tf):
    """Its threshold is taken from the sum of all cumulative sums; if this fails, make it a counterpart."""
    import keras

    x = np.array([[0.1, 0.2, 0.35, 0.5]])
    np.testing.assert_allclose(sparsemax(x), [[0.0625, 0.1625, 0.3125, 0.4625]], rtol=1e-14)
    np.testing.assert_array_equal(keras.activations.sparsemax(x), np.zeros((1, 4)))


def test_a_classifier_trains_on_it(tf):
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation=softmax)])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="sparse_categorical_crossentropy")
    x = np.random.default_rng(11).normal(size=(128, 3)).astype(np.float32)
    losses = model.fit(x, x.argmax(axis=1), epochs=6, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
