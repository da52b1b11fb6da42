"""`nlref.Network`: it learns as Keras' Sequential does, from the same weights, and says what is wrong."""

import os
import subprocess
import sys

import numpy as np
import pytest

import nlref
from nlref.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten
from nlref.layers.regularizers import L2
from nlref.network import Network, accuracy
from nlref.optimizers import SGD, EarlyStopping

rng = np.random.default_rng(20)
X = rng.normal(size=(70, 8)).astype("float32")
CLASSES = rng.integers(0, 3, 70)
NUMBERS = (X[:, :1] - X[:, 1:2] ** 2).astype("float32")


def classifier(**options):
    network = Network([Dense(6, activation="tanh"), Dense(3, activation="softmax")], seed=1)
    network.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return network


# (our layers, Keras' layers by name and arguments, loss, its options, labels, metrics)
MODELS = {
    "classes": (
        lambda: [Dense(6, activation="tanh"), Dense(3, activation="softmax")],
        [("Dense", dict(units=6, activation="tanh")), ("Dense", dict(units=3, activation="softmax"))],
        ("sparse_categorical_crossentropy", {}),
        CLASSES,
        ["accuracy"],
    ),
    "logits": (
        lambda: [Dense(6), Activation("relu"), Dense(3)],
        [("Dense", dict(units=6)), ("Activation", dict(activation="relu")), ("Dense", dict(units=3))],
        ("sparse_categorical_crossentropy", {"from_logits": True}),
        CLASSES,
        ["accuracy"],
    ),
    "one-hot": (
        lambda: [Dense(3, activation="softmax")],
        [("Dense", dict(units=3, activation="softmax"))],
        ("categorical_crossentropy", {}),
        np.eye(3, dtype="float32")[CLASSES],
        ["accuracy"],
    ),
    "two classes": (
        lambda: [Dense(1, activation="sigmoid")],
        [("Dense", dict(units=1, activation="sigmoid"))],
        ("binary_crossentropy", {}),
        (CLASSES[:, None] > 0).astype("float32"),
        ["accuracy"],
    ),
    "numbers, penalised": (
        lambda: [Dense(5, activation="relu", kernel_regularizer=L2(0.01)), Dense(1)],
        [("Dense", dict(units=5, activation="relu", kernel_regularizer="l2")), ("Dense", dict(units=1))],
        ("mean_squared_error", {}),
        NUMBERS,
        ["mean_absolute_error"],
    ),
    "batch normalisation": (
        # no bias below: its gradient is 0 there, and Adam would make steps of the rounding errors
        lambda: [Dense(5, use_bias=False), BatchNormalization(), Activation("relu"), Dense(1)],
        [
            ("Dense", dict(units=5, use_bias=False)),
            ("BatchNormalization", {}),
            ("Activation", dict(activation="relu")),
            ("Dense", dict(units=1)),
        ],
        ("mean_squared_error", {}),
        NUMBERS,
        [],
    ),
}
KERAS_LOSSES = {
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "binary_crossentropy": "BinaryCrossentropy",
    "mean_squared_error": "MeanSquaredError",
}


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("name", MODELS)
def test_three_epochs_are_those_of_keras(name, optimizer, weighted):
    keras = pytest.importorskip("keras")
    layers, keras_layers, (loss, options), y, metrics = MODELS[name]
    model = keras.Sequential([keras.Input((8,))] + [getattr(keras.layers, n)(**o) for n, o in keras_layers])
    model.compile(
        optimizer, getattr(keras.losses, KERAS_LOSSES[loss])(**options), metrics=metrics, run_eagerly=True
    )
    network = Network(layers())
    network.build((None, 8))
    network.set_weights(model.get_weights())
    network.compile(optimizer, loss, metrics, **options)

    weight = np.linspace(0.5, 2, 70).astype("float32") if weighted else None
    common = dict(batch_size=16, epochs=3, shuffle=False, validation_split=0.2, sample_weight=weight)
    theirs = model.fit(X, y, verbose=0, **common).history
    ours = network.fit(X, y, verbose=False, **common).history
    for key, values in theirs.items():
        if not (weighted and key == "val_loss"):  # Keras splits the weights off too, see evaluate below
            np.testing.assert_allclose(ours[key], values, rtol=2e-5, atol=1e-6, err_msg=key)
    for our, their in zip(network.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=2e-4, atol=2e-6)
    np.testing.assert_allclose(network.predict(X), model.predict(X, verbose=0), rtol=2e-4, atol=2e-6)
    theirs = model.evaluate(X, y, verbose=0, return_dict=True, sample_weight=weight)
    ours = network.evaluate(X, y, sample_weight=weight)
    np.testing.assert_allclose([ours[key] for key in theirs], list(theirs.values()), rtol=2e-4)


def test_the_whole_network_s_gradient_is_the_slope_of_its_loss():
    layers = [
        Conv2D(3, 2, activation="tanh", dtype="float64"),
        Flatten(),
        BatchNormalization(dtype="float64"),
        Dense(4, activation="softmax", kernel_regularizer=L2(0.1), dtype="float64"),
    ]
    layers[1].dtype = np.dtype("float64")
    network = Network(layers, seed=2)
    x, y = rng.normal(size=(5, 4, 4, 2)), np.array([0, 3, 1, 1, 2])
    network.compile(loss="sparse_categorical_crossentropy")

    def loss() -> float:
        value = network._loss(y, network.forward(x, training=True))
        return float(value) + sum(layer.penalty() for layer in layers)

    y_pred = network.forward(x, training=True)
    network.backward(network._loss.vjp(y, y_pred, 1.0))
    for parameter, gradient in zip(network.parameters(), network.gradients(), strict=True):
        for index in np.ndindex(parameter.shape):
            kept, slopes = parameter[index], []
            for step in (1e-5, -1e-5):
                parameter[index] = kept + step
                slopes.append(loss() / (2 * step))
            parameter[index] = kept
            assert sum(slopes) == pytest.approx(gradient[index], rel=1e-6, abs=1e-9)


def test_it_learns_the_digits():
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed (extra: test)")
    x, y = datasets.load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order]
    network = Network([Dense(128, activation="relu"), Dense(10, activation="softmax")], seed=0)
    network.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    network.fit(x[:1350], y[:1350], epochs=30, verbose=False)
    assert network.evaluate(x[1350:], y[1350:])["accuracy"] > 0.97


def test_a_seed_makes_everything_the_same():
    def weights(seed):
        network = Network([Dense(4, activation="relu"), Dropout(0.5), Dense(1)], seed=seed)
        network.compile("adam", "mean_squared_error")
        network.fit(X, NUMBERS, epochs=2, verbose=False)
        return np.concatenate([array.ravel() for array in network.get_weights()])

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_the_history_has_a_number_an_epoch():
    network = classifier(optimizer="adam")
    history = network.fit(X, CLASSES, epochs=3, validation_data=(X, CLASSES), verbose=False)
    assert history.epoch == [0, 1, 2]
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    assert all(len(values) == 3 for values in history.history.values())
    # measured after the epoch, so the last one is what evaluate says now
    assert history.history["val_loss"][-1] == network.evaluate(X, CLASSES)["loss"]


def test_the_history_is_drawn():
    import matplotlib.pyplot as plt

    history = classifier(optimizer="adam").fit(X, CLASSES, epochs=3, validation_split=0.3, verbose=False)
    figure = history.plot()
    assert [ax.get_title() for ax in figure.axes] == ["loss", "accuracy"]
    assert [len(ax.lines) for ax in figure.axes] == [2, 2]
    plt.close(figure)


def test_validation_split_is_the_last_part_and_never_learned_from():
    y = NUMBERS.copy()
    y[56:] = np.nan  # one of these in a step would make every weight NaN
    network = Network([Dense(1)], seed=3)
    network.compile("sgd", "mean_squared_error")
    history = network.fit(X, y, epochs=2, validation_split=0.2, verbose=False).history
    assert np.isfinite(network.get_weights()[0]).all()
    assert np.isnan(history["val_loss"]).all()


def test_a_callback_ends_the_training():
    network = classifier(optimizer=SGD(0.0))
    stop = EarlyStopping(monitor="loss", patience=2)
    assert network.fit(X, CLASSES, epochs=9, shuffle=False, callbacks=[stop], verbose=False).epoch == [
        0,
        1,
        2,
    ]
    assert network.fit(X, CLASSES, epochs=1, verbose=False).epoch == [0]


def test_weights_go_out_and_in():
    one, other = classifier(), Network([Dense(6, activation="tanh"), Dense(3, activation="softmax")], seed=9)
    one.build((None, 8))
    other.build((None, 8))
    other.set_weights(one.get_weights())
    assert np.array_equal(one.predict(X), other.predict(X))
    before = one.get_weights()
    one.get_weights()[0][...] = 0  # a copy
    assert np.array_equal(one.get_weights()[0], before[0])


def test_layers_of_one_name_are_told_apart_and_summed_up():
    network = Network([Dense(4), Dense(2), Activation("softmax")])
    network.build((None, 3))
    assert network.summary().splitlines() == [
        "dense       (None, 4)  16",
        "dense_1     (None, 2)  10",
        "activation  (None, 2)   0",
        "in all                 26",
    ]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        ([[1], [0]], [[0.6], [0.6]], [1, 0]),
        ([1, 0], [[0.6], [0.5]], [1, 1]),
        ([2, 0], [[0.1, 0.2, 0.7], [0.1, 0.8, 0.1]], [1, 0]),
        ([[2], [0]], [[0.1, 0.2, 0.7], [0.1, 0.8, 0.1]], [1, 0]),
        ([[0, 0, 1], [0, 1, 0]], [[0.1, 0.2, 0.7], [0.1, 0.8, 0.1]], [1, 1]),
    ],
)
def test_accuracy_by_the_shape_of_the_labels(y_true, y_pred, expected):
    assert accuracy(np.array(y_true), np.array(y_pred)).ravel().tolist() == expected


def trained(**options):
    return classifier(optimizer="adam").fit(**{"x": X, "y": CLASSES, "verbose": False} | options)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: Network([]), ValueError, "at least one layer"),
        (lambda: Network([Dense]), TypeError, "not a layer"),
        (lambda: Network([Dense(1)] * 2), ValueError, "twice"),
        (lambda: Network([Dense(1)]).fit(X, CLASSES), ValueError, "compile"),
        (lambda: Network([Dense(1)]).compile(loss=None), ValueError, "give a loss"),
        (lambda: Network([Dense(1)]).compile(loss=len), ValueError, "give a loss"),
        (lambda: Network([Dense(1)]).compile(loss="mean_squared_eror"), ValueError, "mean_squared_error"),
        (lambda: Network([Dense(1)]).summary(), ValueError, "build"),
        (lambda: Network([Dense(1)]).set_weights([]), ValueError, "build"),
        (lambda: trained(y=CLASSES[:9]), ValueError, r"\(70, 8\).*\(9,\)"),
        (lambda: trained(x=X[:0], y=CLASSES[:0]), ValueError, "at least one"),
        (lambda: trained(sample_weight=[1.0]), ValueError, "70 samples"),
        (lambda: trained(validation_split=1.5), ValueError, "validation_split"),
        (lambda: trained(batch_size=0), ValueError, "batch_size"),
    ],
)
def test_a_wrong_input_gets_a_sentence(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_set_weights_counts():
    network = classifier()
    network.build((None, 8))
    with pytest.raises(ValueError, match="4 arrays"):
        network.set_weights(network.get_weights()[:3])


PROGRESS = """
import numpy as np
from nlref import Network
from nlref.layers import Dense
network = Network([Dense(1)], seed=1)
network.compile("sgd", "mean_squared_error")
network.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=2)
"""


@pytest.mark.parametrize("terminal", [False, True])
def test_the_progress_bar_is_for_terminals(terminal):
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")
    }
    if terminal:
        environment["FORCE_COLOR"] = "1"  # how Rich is told of one
    run = subprocess.run(
        [sys.executable, "-c", PROGRESS], capture_output=True, text=True, env=environment, check=True
    )
    assert ("epoch 2/2" in run.stdout and "loss" in run.stdout) == terminal
    assert run.stderr == ""


def test_it_stands_in_the_root():
    assert nlref.Network is Network
