import json
import re

import numpy as np
import pytest

from nlref.keras import as_keras, fit_both

X = np.random.default_rng(0).normal(size=(96, 6)).astype(np.float32)
Y = (X[:, :1] * 2 + X[:, 1:2] ** 2).astype(np.float32)
CLASSES = np.random.default_rng(1).integers(0, 3, 96)


def model_of(keras, layers, optimizer="sgd", loss="mse", shape=(6,)):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(shape), *layers])
    model.compile(optimizer, loss)
    return model


def test_both_learn_the_same_from_the_same_batches(keras, tmp_path):
    layers = [keras.layers.Dense(8, "tanh", kernel_regularizer="l2"), keras.layers.Dense(1)]
    model = model_of(keras, layers, keras.optimizers.Adam(0.01))
    start = model.get_weights()
    found = fit_both(model, X, Y[:, 0], epochs=3, validation_data=(X[:32], Y[:32]))
    assert found.keras["loss"][2] < found.keras["loss"][0]
    assert found.difference < 1e-5
    assert found.weights < 1e-5
    assert len(found.numpy["val_loss"]) == 3
    assert found.model is model
    assert any(np.abs(a - b).max() > 1e-3 for a, b in zip(start, model.get_weights(), strict=True))
    np.testing.assert_allclose(found.network.predict(X), model.predict(X, verbose=0), atol=1e-5)
    text = str(found)
    assert text.startswith(
        "epoch        NumPy loss        Keras loss    NumPy val_loss    Keras val_loss\n    1"
    )
    assert "The losses differ by at most" in text
    assert "<svg" in found._repr_html_()
    found.save_picture(tmp_path / "losses.png")
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classes", "logits", "recurrent", "images", "words", "own functions"])
def test_other_networks(keras, kind):
    layers, losses = keras.layers, keras.losses
    x, y, loss, optimizer = X, Y, "mse", "adam"
    if kind == "classes":
        parts = [layers.Dense(8, layers.LeakyReLU()), layers.BatchNormalization(), layers.Dense(3, "softmax")]
        y, loss, optimizer = CLASSES, "sparse_categorical_crossentropy", keras.optimizers.AdamW(0.01)
    elif kind == "logits":
        parts, y = [layers.Dense(3)], np.eye(3)[CLASSES]
        loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=1.0)
    elif kind == "recurrent":
        parts, x = [layers.LSTM(5, return_sequences=True), layers.GRU(4), layers.Dense(1)], X[:, :, None]
        loss, optimizer = losses.Huber(delta=0.5), keras.optimizers.RMSprop(0.01, centered=True)
    elif kind == "images":
        parts = [
            layers.Conv2D(3, 3, activation="gelu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(1),
        ]
        x = np.random.default_rng(2).normal(size=(96, 8, 8, 2)).astype(np.float32)
    elif kind == "words":
        parts = [layers.Embedding(9, 4, mask_zero=True), layers.SimpleRNN(5), layers.Dense(1, "sigmoid")]
        x, y, loss = np.random.default_rng(2).integers(0, 9, (96, 7)), CLASSES % 2, "binary_crossentropy"
        optimizer = keras.optimizers.SGD(0.5, momentum=0.9)
    else:
        tanh = as_keras(np.tanh, lambda x, g: g * (1 - np.tanh(x) ** 2))
        parts = [layers.Dense(5, activation=tanh), layers.Dense(1)]
        loss = as_keras(
            lambda t, p: np.mean((t - p) ** 2, axis=-1),
            lambda t, p, g: g[:, None] * 2 * (p - t) / p.shape[-1],
        )
    found = fit_both(model_of(keras, parts, optimizer, loss, x.shape[1:]), x, y, epochs=3)
    assert found.difference < 1e-4
    assert found.weights < 1e-4


@pytest.mark.slow
def test_dropout_parts_the_curves_and_says_so(keras):
    layers = [keras.layers.Dense(8), keras.layers.Dropout(0.5, name="drop"), keras.layers.Dense(1)]
    found = fit_both(model_of(keras, layers), X, Y, epochs=1)
    assert found.remarks == ("drop: dropout draws other random numbers in NumPy, so the curves part.",)


@pytest.mark.slow
def test_keras_squares_the_gradients_of_a_words_occurrences_one_by_one_and_it_is_said(keras):
    x = np.random.default_rng(2).integers(0, 9, (96, 7))
    parts = [
        keras.layers.Embedding(9, 4, name="words"),
        keras.layers.Flatten(),
        keras.layers.Dense(1, name="out"),
    ]
    found = fit_both(model_of(keras, parts, "adam", shape=(7,)), x, Y, epochs=1)
    assert found.weights > 1e-4
    assert found.weights_at[0] == "words"
    assert found.remarks[0].startswith(
        "words: where a word occurs several times in a batch, Adam in Keras squares"
    )


def test_a_difference_is_found(keras, monkeypatch):
    from nlref.optimizers import SGD

    update = SGD.update
    monkeypatch.setattr(SGD, "update", lambda self, w, g, slots: update(self, w, 1.1 * g, slots))
    model = model_of(keras, [keras.layers.Dense(1)])
    model.run_eagerly = True
    found = fit_both(model, X, Y, epochs=1)
    assert found.difference > 1e-3
    assert found.weights > 1e-3
    assert found.weights_at[0] == model.layers[-1].name


@pytest.mark.parametrize(
    "problem",
    [
        "functional",
        "not built",
        "not compiled",
        "layer",
        "activation",
        "optimizer",
        "schedule",
        "loss",
        "half precision",
        "frozen",
        "constraint",
        "samples",
        "gradient",
    ],
)
def test_what_cannot_be_trained_in_both_is_one_sentence(keras, problem):
    layers, dense = keras.layers, keras.layers.Dense
    x = keras.Input((6,))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    frozen = dense(1, name="out")
    frozen.trainable = False
    made, sentence = {
        "functional": (
            lambda: keras.Model(x, dense(1)(x)),
            "give a keras.Sequential model, not a Functional",
        ),
        "not built": (lambda: keras.Sequential([dense(1)]), "is not built: begin it with keras.Input"),
        "not compiled": (lambda: keras.Sequential([x, dense(1)]), "is not compiled: call model.compile"),
        "layer": (
            lambda: model_of(keras, [layers.GaussianNoise(1.0, name="noise"), dense(1)]),
            "noise cannot be",
        ),
        "activation": (
            lambda: model_of(keras, [dense(1, keras.ops.sin, name="out")]),
            "the activation sin is",
        ),
        "optimizer": (lambda: model_of(keras, [dense(1)], "adagrad"), "nlref has no optimizer Adagrad"),
        "schedule": (
            lambda: model_of(keras, [dense(1)], keras.optimizers.SGD(schedule)),
            "follows a schedule",
        ),
        "loss": (lambda: model_of(keras, [dense(1)], loss=lambda t, p: p), "nlref has no loss '<lambda>'"),
        "half precision": (
            lambda: model_of(keras, [dense(1, dtype="mixed_float16", name="out")]),
            "out computes in float16",
        ),
        "frozen": (lambda: model_of(keras, [frozen]), "out is frozen"),
        "constraint": (
            lambda: model_of(keras, [dense(1, kernel_constraint="non_neg")]),
            "no kernel_constraint",
        ),
        "samples": (lambda: model_of(keras, [dense(1)]), "x has 96 samples and y 95"),
        "gradient": (
            lambda: model_of(keras, [dense(1)], loss=as_keras(lambda t, p: p)),
            "the loss has no gradient",
        ),
    }[problem]
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)):
        fit_both(made(), X, Y[:95] if problem == "samples" else Y)


def test_a_model_that_has_been_trained_is_refused(keras):
    model = model_of(keras, [keras.layers.Dense(1)])
    model.optimizer.iterations.assign(3)
    with pytest.raises(ValueError, match="the optimizer has made 3 steps already: compile the model again"):
        fit_both(model, X, Y)
