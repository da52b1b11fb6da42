"""EarlyStopping and ReduceLROnPlateau decide as Keras' callbacks do, which run beside on the same series."""

from types import SimpleNamespace

import numpy as np
import pytest

from nlref.layers import Dense
from nlref.network import Network
from nlref.optimizers import SGD, EarlyStopping, ReduceLROnPlateau, callbacks

EPOCHS = 30
COUNTS = [
    20,
    pytest.param(200, marks=pytest.mark.slow),
]  # of series; Keras takes some ten milliseconds for each

# Keras makes an array of its learning rate in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")


class Weights:
    """A network or model as callbacks see it: its weights are the number of the epoch."""

    def __init__(self, optimizer):
        self.optimizer = optimizer
        self.stop_training = False
        self.epoch = -1.0

    def get_weights(self):
        return [np.array(self.epoch)]

    def set_weights(self, weights):
        self.epoch = float(weights[0])


def series(rng, kind):
    """Falling or rising metrics: smooth, in tenths (equal is common, and roundings decide), with NaN and infinity."""
    falling = np.exp(-np.arange(EPOCHS) / rng.uniform(2, 20)) + rng.uniform(0, 0.3) * rng.standard_normal(
        EPOCHS
    )
    if kind == "tenths":
        falling = np.round(falling, 1)
    if kind == "broken":
        falling[rng.random(EPOCHS) < 0.2] = rng.choice([np.nan, np.inf, -np.inf])
    return [float(value) for value in (falling if rng.integers(2) else -falling)]


def run(callback, network, values, name):
    """What a callback did: the epoch it stopped after, the learning rate after every epoch, the last weights."""
    (callback.set_network if isinstance(callback, callbacks.Callback) else callback.set_model)(network)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        network.epoch = float(epoch)
        logs = {name: value}
        callback.on_epoch_end(epoch, logs)
        rates.append(float(network.optimizer.learning_rate))
        if network.stop_training:
            break
    callback.on_train_end()
    return SimpleNamespace(
        epoch=epoch, stopped=network.stop_training, rates=rates, weights=network.epoch, logs=logs
    )


def beside_keras(keras, kind, options, values):
    """Both callbacks over the series, twice: a second training must not remember the first."""
    optimizers = SGD(0.1), keras.optimizers.SGD(0.1)
    ours, theirs = getattr(callbacks, kind)(**options), getattr(keras.callbacks, kind)(**options)
    for part in (values, values[::-1]):
        for optimizer in optimizers:
            optimizer.learning_rate = 0.1
        a, b = (
            run(callback, Weights(optimizer), part, options["monitor"])
            for callback, optimizer in zip((ours, theirs), optimizers, strict=True)
        )
        assert (a.epoch, a.stopped, a.weights) == (b.epoch, b.stopped, b.weights), (options, part)
        np.testing.assert_allclose(a.rates, b.rates, rtol=1e-6, err_msg=f"{options} {part}")
        assert a.logs.keys() == b.logs.keys()
        assert np.array_equal(np.float32(ours.best), np.float32(theirs.best), equal_nan=True)
        assert ours.wait == theirs.wait
        if kind == "EarlyStopping":
            assert (ours.stopped_epoch, ours.best_epoch) == (theirs.stopped_epoch, theirs.best_epoch)
        else:
            assert ours.cooldown_counter == theirs.cooldown_counter


@pytest.mark.parametrize("kind", ["smooth", "tenths", "broken"])
@pytest.mark.parametrize("count", COUNTS)
def test_early_stopping_decides_as_keras(keras, kind, count):
    rng = np.random.default_rng(count)
    for _ in range(count):
        options = {
            "monitor": "val_loss",
            "mode": str(rng.choice(["auto", "min", "max"])),
            "min_delta": float(rng.choice([0, 0.1, -0.1, 1e-3, 0.3])),
            "patience": int(rng.integers(0, 6)),
            "baseline": [None, 0.3, 0.0, -0.5][rng.integers(4)],
            "restore_best_weights": bool(rng.integers(2)),
            "start_from_epoch": int(rng.choice([0, 0, 3, 40])),
        }
        if options["start_from_epoch"] == 40:
            options["start_from_epoch"] = EPOCHS - 1
        beside_keras(keras, "EarlyStopping", options, series(rng, kind))


@pytest.mark.parametrize("kind", ["smooth", "tenths", "broken"])
@pytest.mark.parametrize("count", COUNTS)
def test_reduce_on_plateau_decides_as_keras(keras, kind, count):
    rng = np.random.default_rng(count)
    for _ in range(count):
        options = {
            "monitor": "val_loss",
            "mode": str(rng.choice(["auto", "min", "max"])),
            "min_delta": float(rng.choice([0, 1e-4, 0.1, 0.3])),
            "patience": int(rng.integers(0, 5)),
            "factor": float(rng.choice([0.0, 0.1, 0.2, 0.5, 0.9])),
            "cooldown": int(rng.integers(0, 4)),
            "min_lr": float(rng.choice([0.0, 1e-3, 0.01, 0.05, 0.2])),
        }
        beside_keras(keras, "ReduceLROnPlateau", options, series(rng, kind))


def test_the_direction_of_a_metric_is_keras(keras):
    """For every metric of Keras that says its direction, by its class and by the name an instance has."""
    checked = 0
    for name, kind in vars(keras.metrics).items():
        try:
            metric = kind()
        except (TypeError, ValueError):
            continue  # not a metric, or one with arguments that must be given
        if not isinstance(metric, keras.metrics.Metric) or getattr(metric, "_direction", None) is None:
            continue
        try:
            mode = EarlyStopping(f"val_{metric.name}").mode
        except ValueError:
            continue
        checked += 1
        assert mode == {"up": "max", "down": "min"}[metric._direction], name
    assert checked >= 20


def fitted(callback, **options):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((60, 5)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    network = Network([Dense(1)], seed=0)
    network.compile(optimizer=SGD(0.5), loss="mean_squared_error")
    seen = []

    class Watch(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((logs["val_loss"], self.network.get_weights()))

    history = network.fit(
        x, y, epochs=40, validation_split=0.5, callbacks=[Watch(), callback], verbose=False, **options
    )
    return network, history, seen


def test_a_network_stops_and_keeps_its_best_weights():
    network, history, seen = fitted(EarlyStopping(patience=3, restore_best_weights=True))
    best = int(np.argmin([value for value, _ in seen]))
    assert len(history.history["loss"]) == best + 4 < 40
    for ours, kept in zip(network.get_weights(), seen[best][1], strict=True):
        np.testing.assert_array_equal(ours, kept)


def test_a_network_takes_shorter_steps():
    network, _, _ = fitted(ReduceLROnPlateau(patience=2, factor=0.5, min_lr=0.01))
    assert 0.01 <= network.optimizer.learning_rate < 0.5


def test_verbose_says_what_was_done(capsys):
    fitted(EarlyStopping(patience=1, restore_best_weights=True, verbose=1))
    out = capsys.readouterr().out
    assert "early stopping" in out
    assert "best epoch" in out
    fitted(ReduceLROnPlateau(patience=1, verbose=1))
    assert "learning rate reduced to 0.05" in capsys.readouterr().out


@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_a_missing_metric_is_a_warning_as_in_keras(kind):
    callback = kind("val_accuracy")
    callback.set_network(Weights(SGD()))
    with pytest.warns(UserWarning, match="there is no 'val_accuracy' to watch among loss"):
        callback.on_epoch_end(0, {"loss": 1.0})
    assert callback.best is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: EarlyStopping("val_quality"), "'val_quality'; give mode='max' or mode='min'"),
        (lambda: EarlyStopping(mode="down"), "mode must be 'auto', 'min' or 'max', not 'down'"),
        (lambda: EarlyStopping(patience=-1), "patience must be from 0 on, not -1"),
        (lambda: EarlyStopping(min_delta=float("nan")), "min_delta must be from 0 on, not nan"),
        (lambda: ReduceLROnPlateau(factor=1.0), "factor must be below 1"),
        (lambda: ReduceLROnPlateau(factor=-0.5), "factor must be from 0 to 1, not -0.5"),
        (lambda: ReduceLROnPlateau(cooldown=-1), "cooldown must be from 0 on"),
        (lambda: ReduceLROnPlateau(min_lr=-1), "min_lr must be from 0 on"),
    ],
)
def test_wrong_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("option", ["patience", "min_delta"])
@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_an_option_that_is_no_number_is_named(kind, option):
    with pytest.raises(TypeError, match=f"{kind.__name__}: {option} must be a number, not 'few'"):
        kind(**{option: "few"})
