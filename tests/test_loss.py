"""What the decorators of losses add to a formula: reductions and weights as Keras', dtypes, errors that help."""

import math
import tracemalloc
import warnings

import numpy as np
import pytest

from nlref import blocks, losses
from nlref.kernel import namespace
from nlref.loss import equal_shapes, gradient_of_loss, loss, mean_gradient

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", None]


@loss
def error(y_true, y_pred, scale: float = 1.0):
    """The mean error, to see what is done with it."""
    return namespace(y_true, y_pred).mean(scale * (y_pred - y_true), axis=-1)


@gradient_of_loss(error)
def error_vjp(y_true, y_pred, g, scale: float = 1.0):
    return mean_gradient(g, y_pred) * scale * namespace(y_pred).ones_like(y_pred)


@pytest.fixture(scope="module")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")


def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(1).normal(size=(2, *shape)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("shape", "weight_shape"),
    [
        ((5, 3), None),
        ((5, 3), ()),
        ((5, 3), (5,)),
        ((5, 3), (5, 1)),
        ((5, 2, 3), (5, 2)),
        ((5, 2, 3), (1, 2)),
    ],
)
def test_reductions_and_weights_are_those_of_keras(keras, reduction, shape, weight_shape):
    y_true, y_pred = pair(*shape)
    weight = None if weight_shape is None else np.random.default_rng(2).uniform(0.5, 2, size=weight_shape)
    if reduction == "mean_with_sample_weight" and weight_shape in ((), (1, 2)):
        return  # Keras divides by the sum of the weights before they are spread: the next test
    theirs = keras.losses.MeanSquaredError(reduction=reduction, dtype="float64")(y_true, y_pred, weight)
    ours = losses.mean_squared_error(y_true, y_pred, reduction=reduction, sample_weight=weight)
    # A column of weights makes a column of Keras' values; ours keep their shape.
    np.testing.assert_allclose(ours, np.reshape(theirs, np.shape(ours)), rtol=1e-14)


@pytest.mark.parametrize("weight_shape", [(), (1,), (5,), (5, 1), (1, 2), (5, 2)])
def test_a_weighted_mean_of_equal_values_is_that_value(weight_shape):
    """Keras divides by the weights as they were given, so that a scalar weight of 2 gives N times the mean."""
    y_true = np.zeros((5, 2, 3))
    weight = np.random.default_rng(3).uniform(0.5, 2, size=weight_shape)
    mean = losses.mean_squared_error(
        y_true, y_true + 3, sample_weight=weight, reduction="mean_with_sample_weight"
    )
    assert mean == pytest.approx(9, rel=1e-14)


def test_weights_of_samples_are_of_samples_even_where_lengths_agree():
    """Keras lets weights of shape (2,) meet values of shape (2, 2) along the last axis."""
    y_true, y_pred = pair(2, 2, 3)
    values = losses.mean_squared_error(y_true, y_pred, reduction=None)
    weighted = losses.mean_squared_error(y_true, y_pred, reduction=None, sample_weight=[1.0, 10.0])
    np.testing.assert_array_equal(weighted, values * [[1.0], [10.0]])


def test_what_weighs_nothing_is_0_and_nan_is_never_hidden():
    y_true, y_pred = pair(4, 3)
    for reduction in REDUCTIONS:
        value = losses.mean_squared_error(y_true, y_pred, sample_weight=np.zeros(4), reduction=reduction)
        assert (value == 0).all()
        gradient = losses.mean_squared_error_vjp(
            y_true, y_pred, sample_weight=np.zeros(4), reduction=reduction
        )
        assert (gradient == 0).all()
    y_pred[2, 1] = math.nan
    for reduction in REDUCTIONS:
        for weight in (np.zeros(4), np.ones(4)):
            value = losses.mean_squared_error(y_true, y_pred, sample_weight=weight, reduction=reduction)
            assert np.isnan(value).any()


def test_negative_weights_are_weights():
    y_true, y_pred = pair(4, 3)
    value = losses.mean_squared_error(y_true, y_pred, sample_weight=-np.ones(4))
    assert value == -losses.mean_squared_error(y_true, y_pred)


def test_the_mean_of_many_float32_values_keeps_its_digits():
    y_pred = np.random.default_rng(4).uniform(0, 2, size=(300_000, 3)).astype(np.float32)
    y_true = np.zeros_like(y_pred)
    exact = np.mean((y_pred.astype(np.float64)) ** 2)
    for values in (y_pred, np.asfortranarray(y_pred)):
        assert abs(losses.mean_squared_error(y_true, values) - exact) <= 2 * np.spacing(np.float32(exact))


@pytest.mark.parametrize("entries", [1, 10, 100])
def test_a_big_batch_is_the_same_as_its_parts(entries):
    """It is walked in pieces, over threads; short rows lie side by side meanwhile."""
    samples = 5 * blocks.BLOCK // entries + 7
    y_true, y_pred, variance = np.random.default_rng(6).uniform(0.1, 0.9, size=(3, samples, entries))
    indices = np.random.default_rng(7).integers(0, entries, size=samples)
    g = np.random.default_rng(8).normal(size=samples)
    for name, arrays in (
        ("huber", (y_true, y_pred)),
        ("gaussian_nll", (y_true, y_pred, variance)),
        ("categorical_crossentropy", (y_true, y_pred)),
        ("sparse_categorical_crossentropy", (indices, y_pred)),
    ):
        value, vjp = getattr(losses, name), getattr(losses, f"{name}_vjp")
        parts = [slice(start, start + 100) for start in range(0, samples, 100)]
        values = [value(*(a[part] for a in arrays), reduction=None) for part in parts]
        np.testing.assert_allclose(value(*arrays, reduction=None), np.concatenate(values), rtol=1e-13)
        gradients = [vjp(*(a[part] for a in arrays), g=g[part], reduction=None) for part in parts]
        whole = vjp(*arrays, g=g, reduction=None)
        if isinstance(whole, tuple):
            gradients, whole = [pair[1] for pair in gradients], whole[1]
        np.testing.assert_allclose(whole, np.concatenate(gradients), rtol=1e-12, atol=1e-15)


def test_a_big_batch_takes_little_memory():
    y_true, y_pred = np.ones((2, 400_000, 10), np.float32)
    for function, result in ((losses.huber, 0), (losses.huber_vjp, y_pred.nbytes)):
        function(y_true, y_pred)
        tracemalloc.start()
        try:
            function(y_true, y_pred)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak - result < 16e6


@pytest.mark.parametrize(
    ("y_pred", "dtype"),
    [
        (np.float32([[1.0]]), np.float32),
        (np.float16([[1.0]]), np.float16),
        ([[1]], np.float64),
        ([[True]], np.float64),
        (np.array([[1]], np.uint8), np.float64),
    ],
)
def test_the_result_has_the_dtype_of_the_prediction(y_pred, dtype):
    for y_true in ([[0.0]], np.float32([[0]]), [[0]], [[False]]):
        assert error(y_true, y_pred).dtype == dtype
        assert error_vjp(y_true, y_pred).dtype == dtype


def test_unsigned_integers_do_not_wrap():
    assert losses.mean_squared_error(np.uint8([[10]]), np.uint8([[250]])) == 57600


def test_two_predictions_are_promoted_together():
    for a, b, together in (("float16", "float32", "float32"), ("float16", "bfloat16", "float32")):
        import ml_dtypes  # noqa: F401  (makes the name bfloat16 known)

        arrays = [np.ones((2, 3)), np.ones((2, 3)).astype(a), np.ones((2, 3)).astype(b)]
        assert losses.gaussian_nll(*arrays).dtype == together


def test_the_upstream_gradient_scales():
    y_true, y_pred = pair(4, 3)
    once = error_vjp(y_true, y_pred)
    np.testing.assert_array_equal(error_vjp(y_true, y_pred, 3.0), 3 * once)
    per_sample = error_vjp(y_true, y_pred, g=np.arange(4.0), reduction=None)
    np.testing.assert_array_equal(per_sample, np.arange(4.0)[:, None] / 3 * np.ones(3))
    np.testing.assert_array_equal(error_vjp(y_true, y_pred, g=2.0, reduction=None), np.full((4, 3), 2.0 / 3))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: error([1.0, 2.0], [[1.0], [2.0]]),
            r"y_true has shape \(2,\) and y_pred has shape \(2, 1\); they must be equal: "
            r"reshape y_true with y_true.reshape\(y_pred.shape\)",
        ),
        (
            lambda: error([1.0, 2.0], [1.0]),
            r"y_true has shape \(2,\) and y_pred has shape \(1,\); they must be equal",
        ),
        (
            lambda: error(1.0, 2.0),
            "y_pred has 0 axes, so it has none to average over: wrap a single sample in a list",
        ),
        (
            lambda: error(np.ones((2, 0)), np.ones((2, 0))),
            r"y_pred has shape \(2, 0\): there is nothing in a sample",
        ),
        (
            lambda: error([[1.0]], [[1.0]], reduction="max"),
            "reduction must be 'sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight' or None, not 'max'",
        ),
        (lambda: error([[1.0]], [[1.0]], scale=math.nan), "scale must be a number, not NaN"),
        (
            lambda: error(np.ones((4, 3)), np.ones((4, 3)), sample_weight=np.ones(3)),
            r"sample_weight has shape \(3,\), but there are values of shape \(4,\) to weight; it must have that shape, "
            "its leading axes, or axes of length 1",
        ),
        (
            lambda: error(np.ones(3), np.ones(3), sample_weight=np.ones(3)),
            r"sample_weight has shape \(3,\), but there are values of shape \(\) to weight; where each "
            r"entry is a sample, give the arrays a last axis, y_true\[:, None\]",
        ),
        (
            lambda: losses.root_mean_squared_error([[1.0]], [[1.0]], axis=2),
            "y_pred has 2 axes, so there is no axis 2",
        ),
    ],
)
def test_wrong_values_get_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=f"^(error|root_mean_squared_error): {sentence}$"):
        call()


def test_a_wrong_upstream_gradient_gets_a_sentence():
    y_true, y_pred = pair(4, 3)
    with pytest.raises(
        ValueError, match=r"^error_vjp: g has shape \(4,\); the loss has shape \(\) with reduction='sum'$"
    ):
        error_vjp(y_true, y_pred, g=np.ones(4), reduction="sum")
    with pytest.raises(
        ValueError, match=r"^error_vjp: g has shape \(3,\); the loss has shape \(4,\) with reduction=None$"
    ):
        error_vjp(y_true, y_pred, g=np.ones(3), reduction=None)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: error([[1.0]]), "missing a required argument: 'y_pred'"),
        (lambda: error([[1.0]], [[1.0]], delta=3), "got an unexpected keyword argument 'delta'"),
        (lambda: error([[1.0]], [[1.0]], scale="big"), "scale must be a number, not a str"),
        (lambda: error([[1.0]], [[1.0]], scale=True), "scale must be a number, not a bool"),
        (lambda: error([["a"]], [[1.0]]), "y_true must be real numbers .*, not str.*"),
        (
            lambda: losses.binary_crossentropy([[1.0]], [[1.0]], from_logits=1),
            "from_logits must be True or False, not 1",
        ),
        (
            lambda: losses.categorical_crossentropy([[1.0]], [[1.0]], axis=1.0),
            "axis must be a whole number, not 1.0",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0], [[1.0]], axis=None),
            "axis must be a whole number, not None",
        ),
        (
            lambda: losses.binary_crossentropy([[1.0]], [[1.0]], axis=(0, "a")),
            "axis must be a whole number, not 'a'",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0], [[1.0]], ignore_class=0.5),
            "ignore_class must be a whole number, not 0.5",
        ),
    ],
)
def test_wrong_types_get_a_sentence(call, sentence):
    with pytest.raises(TypeError, match=f"^[a-z_]+: {sentence}$"):
        call()


def test_a_gradient_must_take_what_its_loss_takes():
    with pytest.raises(TypeError, match=r"^wrong must take \(y_true, y_pred, g, scale\)"):

        @gradient_of_loss(error)
        def wrong(y_true, y_pred, g):
            return g

    with pytest.raises(TypeError, match=r"^also_wrong must take"):

        @gradient_of_loss(error)
        def also_wrong(y_true, y_pred, g, scale=2.0):
            return g


def test_shapes_that_a_graph_does_not_know_are_taken_to_agree():
    assert equal_shapes({"y_true": (None, 3), "y_pred": (4, 3)}, {}) is None
    assert "reshape" not in equal_shapes({"y_true": (None, 3), "y_pred": (4,)}, {})
    assert equal_shapes({"y_true": (None, 3), "y_pred": (4, 2)}, {})


def test_a_loss_trains_a_keras_model_with_sample_weights(keras):
    """As Keras' functions do: one value a sample, which Keras reduces with its weights."""
    import functools

    x = np.random.default_rng(5).normal(size=(64, 3)).astype(np.float32)
    y = x.sum(axis=1, keepdims=True)
    weight = np.linspace(0.1, 2, 64).astype(np.float32)

    def history(chosen):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(optimizer="sgd", loss=chosen)
        return model.fit(x, y, sample_weight=weight, epochs=3, verbose=0, shuffle=False).history["loss"]

    for name in ("huber", "mean_squared_error"):
        ours = functools.partial(getattr(losses, name), reduction=None)
        np.testing.assert_allclose(history(ours), history(getattr(keras.losses, name)), rtol=1e-5)
