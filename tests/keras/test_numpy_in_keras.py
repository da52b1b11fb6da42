import re

import numpy as np
import pytest

import nlref
from nlref.keras import as_keras


def bent(x):
    return np.sqrt(x * x + 1) - 1 + x


def bent_vjp(x, g):
    return g * (x / np.sqrt(x * x + 1) + 1)


def squares(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2, axis=-1)


def squares_vjp(y_true, y_pred, g):
    return g[..., None] * 2 * (y_pred - y_true) / y_pred.shape[-1]


X = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(32, 2)).astype(np.float32)


def trained(keras, activation, loss, **options):
    """The losses of two epochs, from the same weights every time."""
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(5, activation=activation), keras.layers.Dense(2)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.SGD(0.05), loss, **options)
    return model.fit(X, Y, epochs=2, batch_size=16, shuffle=False, verbose=0).history["loss"]


@pytest.mark.parametrize("eager", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["eager", "graph"])
def test_a_model_trains_as_with_keras_own_functions(keras, eager):
    tanh = as_keras(np.tanh, lambda x, g: g * (1 - np.tanh(x) ** 2))
    theirs = trained(keras, "tanh", "mse", run_eagerly=eager)
    ours = trained(keras, tanh, as_keras(squares, squares_vjp), run_eagerly=eager)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert ours[1] < ours[0]


def test_in_a_graph_the_shape_is_kept_and_the_gradient_is_the_given_one(keras):
    import tensorflow as tf

    f = as_keras(bent, lambda x, g: g * 7)
    shapes = []

    @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32)])
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
            shapes.append(tuple(y.shape))
        return y, tape.gradient(y, x)

    y, gradient = slope(X)
    assert shapes == [(None, 4)]
    np.testing.assert_allclose(y, bent(X), rtol=1e-6)
    np.testing.assert_array_equal(gradient, np.full_like(X, 7))


def test_a_loss_may_be_one_number_for_the_batch(keras):
    def mean(y_true, y_pred):
        return np.mean((y_true - y_pred) ** 2)

    loss = as_keras(mean, lambda y_true, y_pred, g: g * 2 * (y_pred - y_true) / y_pred.size)
    assert float(loss(Y, Y + 1)) == pytest.approx(1.0)
    theirs = trained(keras, "tanh", "mse", run_eagerly=True)
    np.testing.assert_allclose(trained(keras, "tanh", loss, run_eagerly=True), theirs, rtol=1e-6)


def test_a_loss_of_one_value_a_sample_takes_weights_as_keras_own(keras):
    weight = np.arange(32.0, dtype=np.float32)
    ours = as_keras(squares, squares_vjp)(Y, 2 * Y, sample_weight=weight)
    theirs = keras.losses.MeanSquaredError()(Y, 2 * Y, sample_weight=weight)
    assert float(ours) == pytest.approx(float(theirs), rel=1e-6)


def test_a_kernel_of_nlref_brings_its_gradient(keras):
    import tensorflow as tf

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = as_keras(nlref.activations.gelu)(x)
    np.testing.assert_allclose(tape.gradient(y, x), nlref.activations.gelu_vjp(X, np.ones_like(X)), rtol=1e-6)


def test_it_keeps_the_dtype_of_the_model(keras):
    seen = []

    def noted(x):
        seen.append(x.dtype)
        return x.astype(np.float64)

    for policy in ("float32", "float64", "mixed_float16", "mixed_bfloat16"):
        layer = as_keras(noted)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=layer, dtype=policy)])
        assert model(X).dtype.name == policy.removeprefix("mixed_")
    assert {dtype.name for dtype in seen} == {"float32", "float64"}


def test_a_function_that_writes_into_its_argument_does_not_write_into_keras(keras):
    def spoil(x):
        x[...] = 0
        return x

    given = keras.ops.convert_to_tensor(X)
    assert float(np.abs(as_keras(spoil)(given)).max()) == 0
    np.testing.assert_array_equal(given, X)


def test_xla_leaves_a_model_with_such_an_activation_alone(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=as_keras(bent, bent_vjp))])
    with pytest.warns(UserWarning, match="doesn't support `jit_compile=True`"):
        model.compile("sgd", "mse", jit_compile=True)
    assert not model.jit_compile


def test_without_a_gradient_it_predicts_and_says_why_it_does_not_train(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=as_keras(np.sin))])
    assert model(X).shape == (32, 2)
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(
        ValueError, match=re.escape("sin has no gradient, so a model with it cannot be trained")
    ):
        model.fit(X, Y, verbose=0)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras, when it saves
def test_a_model_is_saved_and_loaded_where_its_function_is_known(keras, tmp_path):
    from nlref.keras import numpy_in_keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=as_keras(bent, bent_vjp))])
    model.compile("sgd", as_keras(squares, squares_vjp))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    known = dict(numpy_in_keras._functions)
    numpy_in_keras._functions.clear()
    try:
        with pytest.raises(TypeError, match=r"call nlref\.keras\.as_keras\(bent, \.\.\.\) before load_model"):
            keras.saving.load_model(tmp_path / "model.keras", compile=False)
        other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=as_keras(bent))])
        model.save_weights(tmp_path / "model.weights.h5")
        other.load_weights(tmp_path / "model.weights.h5")
        np.testing.assert_array_equal(other(X), model(X))
    finally:
        numpy_in_keras._functions.update(known)


def test_two_lambdas_in_a_model_stay_apart_in_its_copy(keras):
    layers = [as_keras(lambda x: x + 1), as_keras(lambda x: 3 * x)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    np.testing.assert_allclose(keras.models.clone_model(model)(X), 3 * (X + 1), rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((3,), "as_keras: give a function, not a int"),
        ((bent, 3), "as_keras: vjp must be a function, not a int"),
        ((bent, squares_vjp), "as_keras: vjp must take (x, g)"),
        ((squares, bent_vjp), "as_keras: vjp must take (y_true, y_pred, g)"),
        ((lambda: 1,), "takes 0 arrays; an activation takes x, a loss y_true and y_pred"),
        ((lambda a, b, c: a,), "takes 3 arrays; an activation takes x, a loss y_true and y_pred"),
    ],
)
def test_what_is_not_such_a_function(keras, arguments, sentence):
    with pytest.raises(TypeError, match=re.escape(sentence)):
        as_keras(*arguments)


def wrong_shape(x):
    return x.sum()


def no_return(x):
    np.tanh(x)


def wrong_loss(y_true, y_pred):
    return (y_true - y_pred).sum(axis=0)


def test_a_wrong_result_is_said_with_the_functions_name(keras):
    with pytest.raises(ValueError, match=re.escape("wrong_shape returned the shape (); it must be (32, 4)")):
        as_keras(wrong_shape)(X)
    with pytest.raises(ValueError, match="no_return returned object, not numbers; does it end in a return"):
        as_keras(no_return)(X)
    sentence = (
        "wrong_loss returned the shape (2,) for predictions of shape (32, 2); a loss gives one value a sample"
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        as_keras(wrong_loss)(Y, Y)
