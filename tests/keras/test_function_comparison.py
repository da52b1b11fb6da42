import json
import re

import numpy as np
import pytest

from nlref import activations, losses
from nlref.keras import compare


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_function_its_errors_and_its_gradient(keras):
    found = compare(sigmoid, "sigmoid", lambda x, g: g * sigmoid(x) * (1 - sigmoid(x)))
    assert found.name == "keras.activations.sigmoid"
    assert found.value.absolute < 5e-7
    assert 0.5 < found.value.your_error.ulp < 10
    assert 0.5 < found.value.keras_error.ulp < 10
    # s (1 - s) is 0 long before the slope is, in both.
    assert found.gradient.your_error.ulp > 1e6
    assert found.gradient.absolute < 1e-6
    assert found.speed > 0
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_reference_is_closer_to_the_truth_than_keras(keras):
    found = compare(activations.gelu, "gelu")
    assert found.value.your_error.ulp < 1
    assert found.value.keras_error.ulp > 1000
    rows = {repr(row[0]): row for row in found.value.extremes}
    assert rows["-inf"][1] == 0
    assert np.isnan(rows["-inf"][2])
    assert rows["-inf"][3] == 0
    assert re.search(r"at -inf: yours -?0, Keras nan, the reference -?0", str(found))


def test_a_mistake_is_found_where_it_is(keras):
    def wrong(x):
        return np.where((x > 2) & (x < 3), 0.5, np.maximum(x, 0))

    found = compare(wrong, "relu")
    assert found.value.absolute > 0.5
    assert 2 < found.value.absolute_at < 3
    assert found.value.yours == 0.5
    assert found.value.keras == pytest.approx(found.value.absolute_at)


def test_arguments_go_to_keras_and_to_the_reference(keras):
    found = compare(lambda x: np.where(x > 0, x, 0.1 * x), keras.activations.leaky_relu, negative_slope=0.1)
    assert found.name == "keras.activations.leaky_relu(negative_slope=0.1)"
    assert found.value.absolute < 1e-6
    assert compare(lambda x: np.where(x > 0, x, 0.1 * x), "leaky_relu").value.absolute > 0.01


def test_a_function_along_an_axis(keras):
    found = compare(activations.softmax, "softmax")
    assert found.value.absolute < 1e-6
    assert found.gradient.absolute < 1e-6
    assert len(found.value.absolute_at) == 2
    wrong = compare(lambda x: np.exp(x) / np.exp(x).sum(axis=0), "softmax")
    assert wrong.value.absolute > 0.1
    with pytest.raises(ValueError, match="not a function of one number"):
        found.picture()


@pytest.mark.parametrize("reduced", [False, True])
def test_a_loss_with_values_a_sample_or_their_mean(keras, reduced):
    def mse(y_true, y_pred):
        return np.mean((y_true - y_pred) ** 2, axis=None if reduced else -1)

    def mse_vjp(y_true, y_pred, g):
        count = y_pred.size if reduced else y_pred.shape[-1]
        return (g if reduced else g[..., None]) * 2 * (y_pred - y_true) / count

    found = compare(mse, "mse", mse_vjp)
    assert found.name == "keras.losses.mean_squared_error"
    assert found.value.absolute < 1e-6
    assert found.gradient.absolute < 1e-6


def test_a_loss_of_class_indices(keras):
    def loss(y_true, y_pred):
        return losses.sparse_categorical_crossentropy(y_true, y_pred, reduction=None)

    assert compare(loss, "sparse_categorical_crossentropy").value.absolute < 1e-5


def test_float64(keras):
    found = compare(lambda x: np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0), "softplus", dtype="float64")
    assert found.value.absolute < 1e-14
    assert found.dtype == "float64"


def test_it_reads_as_text_a_page_and_a_picture(keras, tmp_path):
    found = compare(sigmoid, "sigmoid")
    assert str(found).startswith("yours beside keras.activations.sigmoid, float32\nvalue: at most")
    assert "speed: yours " in repr(found)
    assert "<svg" in found._repr_html_()
    found.save_picture(tmp_path / "sigmoid.svg")
    assert "<svg" in (tmp_path / "sigmoid.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (("sigmoid", "sigmoid"), TypeError, "compare: give a function, not a str"),
        ((sigmoid, "sigmiod"), ValueError, "compare: Keras has no activation or loss 'sigmiod'"),
        ((sigmoid, 3), TypeError, "compare: give a name or a function of Keras, not a int"),
        ((np.sum, "sigmoid"), ValueError, "compare: the function returned the shape (), and Keras (4801,)"),
        ((lambda x: None, "sigmoid"), ValueError, "compare: the function returned object, not numbers"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(keras, arguments, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)):
        compare(*arguments)


def test_float16_is_not_measured(keras):
    with pytest.raises(ValueError, match="dtype must be 'float32' or 'float64', not 'float16'"):
        compare(sigmoid, "sigmoid", dtype="float16")


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({**activations.FACTS, **activations.ROW_FACTS}))
def test_every_function_that_keras_has_can_be_compared(keras, name):
    if not hasattr(keras.activations, name):
        pytest.skip(f"Keras has no {name}")
    arguments = {"threshold": 0.25, "default_value": 0.125} if name == "threshold" else {}
    kernel = getattr(activations, name)
    found = compare(
        lambda x: kernel(x, **arguments), name, lambda x, g: kernel.vjp(x, g, **arguments), **arguments
    )
    assert found.value.your_error.ulp < (8 if name in activations.ROW_FACTS else 4)
    assert found.gradient is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(losses.FACTS))
def test_every_loss_that_keras_has_can_be_compared(keras, name):
    if not hasattr(keras.losses, name):
        pytest.skip(f"Keras has no function {name}")
    loss = getattr(losses, name)
    given = {"q": 0.5} if name == "categorical_generalized_cross_entropy" else {}
    found = compare(
        lambda *y: loss(*y, reduction=None, **given),
        name,
        lambda *y: loss.vjp(*y[:-1], y[-1], reduction=None, **given),
        **given,
    )
    assert found.value.absolute < 1e-5
