"""The same kernels on TensorFlow: eager, in graphs, compiled, twice differentiated; and beside Keras 3."""

import importlib

import numpy as np
import pytest

MODES = ["eager", "graph", "compiled"]


@pytest.fixture(scope="module")
def run(tf):
    """``run(mode, function, *arrays)``: the result on tensors as an array, computed in one of the three ways."""

    def run(mode, function, *arrays):
        tensors = [tf.constant(array) for array in arrays]
        if mode != "eager":
            function = tf.function(function, jit_compile=mode == "compiled", autograph=False)
        return tf.nest.map_structure(lambda tensor: tensor.numpy(), function(*tensors))

    return run


def gradient(tf, function, x, g):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x, output_gradients=g)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_value_is_within_16_ulp(shape, dtype, mode, run, exact, worst_ulp):
    x, value, _ = exact(shape, dtype)
    y = run(mode, shape.value, x)
    assert y.dtype == dtype
    counts = (x == 0) | (np.abs(x) >= np.finfo(dtype).tiny)  # TensorFlow takes subnormal numbers for zeros
    worst, at = worst_ulp(y[counts], value[counts], x[counts], subnormal=False)
    assert worst <= 16, f"{worst:.2f} ulp at {at!r}"


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_gradient_is_within_32_ulp(tf, shape, dtype, mode, run, exact, worst_ulp):
    """TensorFlow's gradient of the kernel is the kernel's own, and right where the systems' own gradients are 0."""
    x, _, slope = exact(shape, dtype)
    g = run(mode, lambda x, g: gradient(tf, shape.value, x, g), x, np.ones_like(x))
    assert g.dtype == dtype
    # A subnormal number is a zero here too, and a relu's slope there the one at the kink.
    counts = (x == 0) | (np.abs(x) >= np.finfo(dtype).tiny)
    counts &= shape.away_from_roots(x, 0.3) & ~np.isin(x, [kink.x for kink in shape.facts.kinks])
    worst, at = worst_ulp(g[counts], slope[counts], x[counts], subnormal=False)
    assert worst <= 32, f"{worst:.2f} ulp at {at!r}"


@pytest.mark.parametrize("mode", MODES)
def test_a_tensor_gives_a_tensor_of_its_dtype_and_shape(tf, plain, any_dtype, mode):
    def check(x):
        y, slope = plain.value(x), plain.vjp(x, tf.ones_like(x))
        assert tf.is_tensor(y)
        assert y.dtype == x.dtype == slope.dtype
        assert y.shape == x.shape == slope.shape
        return y, slope

    for size in ((), (0,), (3,), (2, 0, 3), (2, 3)):
        x = tf.cast(tf.fill(size, 0.5), any_dtype)
        f = check if mode == "eager" else tf.function(check, jit_compile=mode == "compiled", autograph=False)
        y, slope = f(x)
        same = x.numpy()
        tolerance = (
            16 * float(tf.experimental.numpy.finfo(any_dtype).eps) if any_dtype != "bfloat16" else 1e-2
        )
        np.testing.assert_allclose(y.numpy().astype(float), plain.value(same).astype(float), rtol=tolerance)
        np.testing.assert_allclose(
            slope.numpy().astype(float), plain.vjp(same, 1.0).astype(float), rtol=tolerance
        )


def test_sixteen_bits_are_computed_in_float32(tf, shape):
    for dtype in (tf.float16, tf.bfloat16):
        x = tf.cast(np.linspace(-8, 8, 1001), dtype)
        wide = tf.cast(x, tf.float32)
        np.testing.assert_array_equal(shape.value(x), tf.cast(shape.value(wide), dtype))
        g = tf.cast(np.linspace(-2, 2, 1001), dtype)
        through = gradient(tf, shape.value, x, g)
        assert through.dtype == dtype
        np.testing.assert_array_equal(through, tf.cast(shape.vjp(wide, tf.cast(g, tf.float32)), dtype))


def test_integers_and_booleans_become_float32(tf, shape):
    for dtype in (tf.int8, tf.uint8, tf.int32, tf.int64, tf.bool):
        x = tf.cast([0, 1, 1], dtype)
        for y in (shape.value(x), shape.vjp(x, 1.0)):
            assert y.dtype == tf.float32
        np.testing.assert_array_equal(shape.value(x), shape.value(tf.cast(x, tf.float32)))


@pytest.mark.parametrize("mode", MODES)
def test_limits_and_nan(tf, shape, dtype, mode, run):
    x = np.array([-np.inf, np.inf, np.nan], dtype)
    y, g = run(mode, lambda x, g: (shape.value(x), gradient(tf, shape.value, x, g)), x, np.ones_like(x))
    np.testing.assert_array_equal(y, np.array([*shape.facts.limits, np.nan], dtype))
    slopes = [*shape.facts.slopes, shape.kernel.facts.slope_at_nan]
    np.testing.assert_array_equal(g, np.array(slopes, dtype))


@pytest.mark.parametrize("mode", MODES)
def test_the_gradient_is_the_vjp_at_kinks_too(tf, shape, dtype, mode, run):
    points = [kink.x for kink in shape.facts.kinks]
    x = np.array([*points, *np.linspace(-7.3, 7.1, 40)], dtype)
    g = np.random.default_rng(7).normal(size=x.shape).astype(dtype)
    through = run(mode, lambda x, g: gradient(tf, shape.value, x, g), x, g)
    np.testing.assert_allclose(through, shape.vjp(x, g), rtol=32 * np.finfo(dtype).eps)
    expected = [kink.slope for kink in shape.facts.kinks] * g[: len(points)]
    np.testing.assert_allclose(through[: len(points)], expected, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("mode", MODES)
def test_twice_and_three_times_differentiated(tf, shape, mode, run):
    x = shape.away_from_kinks(np.linspace(-5.2, 5.1, 60), 0.05)
    g = np.random.default_rng(8).normal(size=x.shape)

    def second_and_third(x, g):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as middle:
                middle.watch(x)
                first = gradient(tf, shape.value, x, g)
            second = middle.gradient(first, x, unconnected_gradients="zero")
        return second, outer.gradient(second, x, unconnected_gradients="zero")

    second, third = run(mode, second_and_third, x, g)
    h = 1e-4
    slopes = [shape.vjp(x + step, g) for step in (-h, 0.0, h)]
    np.testing.assert_allclose(second, (slopes[2] - slopes[0]) / (2 * h), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(third, (slopes[2] - 2 * slopes[1] + slopes[0]) / h**2, rtol=1e-4, atol=1e-5)


def test_the_second_derivative_at_zero(tf, shape):
    """Where zeros come from: biases at the start, padding. A formula in abs(x) has no derivative there by itself."""
    if any(kink.x == 0 for kink in shape.facts.kinks):
        return  # there is none
    x = tf.zeros(1, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        slope = gradient(tf, shape.value, x, tf.ones_like(x))
    second = float(tape.gradient(slope, x, unconnected_gradients="zero")[0])
    h = 1e-6
    left, middle, right = (float(shape.vjp(np.array(point), 1.0)) for point in (-h, 0.0, h))
    # Of softsign the two sides differ.
    assert min(abs(second - (middle - left) / h), abs(second - (right - middle) / h)) < 1e-4


def test_the_vjp_is_differentiable_in_the_upstream_gradient(tf, shape):
    x = tf.constant(np.linspace(-5.2, 5.1, 30))
    slope = shape.vjp(x, tf.ones_like(x))
    through = gradient(
        tf, lambda g: shape.vjp(x, g), tf.ones_like(x), tf.fill(x.shape, tf.constant(3.0, x.dtype))
    )
    np.testing.assert_allclose(through, 3 * slope, rtol=1e-12)


def test_a_shape_that_is_not_known_before_the_call(tf, plain):
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32)])
    def both(x):
        return plain.value(x), plain.vjp(x, 2.0)

    x = np.linspace(-3, 3, 12, dtype=np.float32).reshape(3, 4)
    y, g = both(x)
    np.testing.assert_allclose(y, plain.value(x), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(g, plain.vjp(x, 2.0), rtol=1e-5, atol=1e-7)


def test_variables_are_differentiated(tf, plain):
    import keras

    start = np.array([0.5, -1.5], np.float32)
    for x in (tf.Variable(start), keras.Variable(start)):
        variable = x if isinstance(x, tf.Variable) else x.value
        with tf.GradientTape() as tape:
            y = plain.value(x)
        assert isinstance(y, tf.Tensor)
        np.testing.assert_allclose(tape.gradient(y, variable), plain.vjp(start, 1.0), rtol=1e-5)


def test_an_array_beside_a_tensor_becomes_one(tf, plain):
    x, g = np.array([0.25, -0.75]), np.array([0.1, 0.3])
    expected = plain.vjp(x, g)
    for arrays in ((tf.constant(x), g), (x, tf.constant(g)), (tf.constant(x), g.tolist())):
        result = plain.vjp(*arrays)
        assert isinstance(result, tf.Tensor)
        np.testing.assert_allclose(result, expected, rtol=1e-13)


def test_the_upstream_gradient_is_spread_over_x(tf, shape):
    x = tf.reshape(tf.linspace(-4.0, 4.0, 6), (2, 3))
    for g in (2.0, tf.constant(2.0), tf.constant([2.0, 2.0, 2.0]), tf.constant([[2.0], [2.0]])):
        np.testing.assert_array_equal(shape.vjp(x, g), shape.vjp(x, tf.fill((2, 3), 2.0)))


def test_bad_tensors_are_refused_by_name(tf, plain):
    x = tf.constant([1.0, 2.0])
    name = plain.kernel.name
    with pytest.raises(TypeError, match=f"^{name}: out= is for NumPy arrays"):
        plain.value(x, out=np.zeros(2, np.float32))
    for bad in (tf.constant([1j]), tf.constant(["a"])):
        with pytest.raises(TypeError, match=f"^{name}: x must be real numbers .*, not (complex128|string)$"):
            plain.value(bad)
    for bad in (tf.ragged.constant([[1.0], [2.0, 3.0]]), tf.sparse.from_dense([1.0, 0.0])):
        with pytest.raises(
            TypeError, match=f"^{name}: x must be a dense tensor, not a {type(bad).__name__}$"
        ):
            plain.value(bad)
    for g in (tf.ones(3), tf.ones((2, 2)), tf.ones((1, 2))):
        with pytest.raises(ValueError, match=rf"^{name}_vjp: g of shape .* does not fit x of shape \(2,\)$"):
            plain.vjp(x, g)
    for option in plain.kernel.options({}):
        with pytest.raises(
            TypeError, match=f"^{name}: {option} must be (a number, not a |True or False, not )"
        ):
            plain.kernel.value(x, **{option: tf.constant(0.1)})


def theirs_of(counterpart, dtype):
    """The counterpart in Keras as a function of ``x`` alone, which a layer gets as a batch of single features."""
    module, _, name = counterpart.function.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    if module != "keras.layers":
        return lambda x: function(x, **counterpart.arguments)
    arguments = dict(counterpart.arguments)
    if "alpha_initializer" in arguments:  # in the facts as one writes it: Constant(0.25)
        initializers = importlib.import_module("keras.initializers")
        name, number = arguments["alpha_initializer"].removesuffix(")").split("(")
        arguments["alpha_initializer"] = getattr(initializers, name)(float(number))
    layer = function(dtype=dtype, **arguments)
    return lambda x: layer(x[:, None])[:, 0]


def test_agrees_with_keras(tf, keras_pair, dtype):
    """Values and gradients of Keras, fed plain arrays: a tensor from a Keras activation carries hidden logits."""
    other, shape = keras_pair.other, keras_pair.shape
    theirs = theirs_of(other, dtype)
    x = np.concatenate(
        [np.linspace(-30, 30, 301), np.random.default_rng(9).normal(scale=200, size=300), [1e10, -1e10]]
    )
    x = np.concatenate([x, [kink.x for kink in shape.facts.kinks]]).astype(dtype)
    kinks = np.isin(x, np.array([kink.x for kink in shape.facts.kinks], dtype))
    slopes = gradient(tf, theirs, tf.constant(x), tf.ones_like(x))
    bound = getattr(other, dtype)
    for ours, value, counts in (
        (shape.value(x), theirs(x), np.full(x.shape, True)),
        (shape.vjp(x, 1.0), slopes, ~kinks),
    ):
        with np.errstate(invalid="ignore"):
            difference = np.abs(np.asarray(value) - ours) / np.maximum(1, np.abs(ours))
        difference[~counts | (np.asarray(value) == ours)] = 0  # infinities too
        at = np.argmax(difference)
        assert difference[at] <= bound, f"{difference[at]:.2g} at {x[at]!r}"


def test_what_the_facts_say_of_keras_slopes_at_kinks_is_what_keras_returns(tf, keras_pair, dtype):
    theirs = theirs_of(keras_pair.other, dtype)
    kinks = keras_pair.shape.facts.kinks
    x = tf.constant([kink.x for kink in kinks], dtype)
    slopes = gradient(tf, theirs, x, tf.ones_like(x))
    np.testing.assert_allclose(slopes, [kink.keras for kink in kinks], rtol=1e-7)


def test_a_kernel_is_an_activation_of_a_keras_layer(tf, plain):
    import keras

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation=plain.value), keras.layers.Dense(1)]
    )
    model.compile(optimizer="sgd", loss="mse", jit_compile=True)
    x = np.random.default_rng(10).normal(size=(64, 3)).astype(np.float32)
    y = x.sum(axis=1, keepdims=True)
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
