"""What a network calls between epochs: stop when nothing improves, or make the steps shorter."""

import warnings
from typing import Any

import numpy as np

from nlref.optimizers.arguments import number

# How the names of metrics end for which great is good, and for which small is. A cosine similarity is in neither:
# Keras' metric is the cosine, its loss the negative of it.
_UPWARD = ("acc", "accuracy", "auc", "precision", "recall", "score")
_DOWNWARD = (
    *("loss", "error", "crossentropy", "hinge", "huber", "poisson", "divergence", "log_cosh", "logcosh"),
    *("mse", "mae", "mape", "msle", "bce", "kld"),
)


class Callback:
    """What `fit` calls: `set_network` once, `on_train_begin`, `on_epoch_end` after every epoch, `on_train_end`.

    ``network`` is then the network being trained, whose ``stop_training = True`` ends the training after the epoch.
    """

    network: Any = None

    def set_network(self, network: Any) -> None:
        """Take the network that is being trained."""
        self.network = network

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Called before the first epoch; whatever was counted in an earlier training is forgotten."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called after each epoch, numbered from 0, with its loss and metrics, those of the validation data as val_."""

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Called after the last epoch."""


class _Monitor(Callback):
    """A callback that watches one number, and knows whether small or great is good."""

    def __init__(self, monitor: str, mode: str, min_delta: float, patience: int, verbose: int) -> None:
        kind = type(self).__name__
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{kind}: mode must be 'auto', 'min' or 'max', not {mode!r}")
        if mode == "auto":
            mode = _direction(kind, monitor)
        self.monitor = monitor
        self.mode = mode
        size = abs(min_delta) if isinstance(min_delta, int | float) else min_delta
        self.min_delta = number(kind, "min_delta", size)
        self.patience = number(kind, "patience", patience)
        self.verbose = verbose
        self.best: float | None = None
        self.wait = 0

    def _current(self, logs: dict[str, float]) -> float | None:
        """The watched number, or None, with a warning, where there is none."""
        if self.monitor not in logs:
            among = ", ".join(logs) or "no metrics"
            warnings.warn(
                f"{type(self).__name__}: there is no {self.monitor!r} to watch among {among}; "
                "give validation data, or another monitor",
                stacklevel=3,
            )
        return logs.get(self.monitor)

    def _is_better(self, value: float, reference: float | None) -> bool:
        """Whether ``value`` betters ``reference`` by more than ``min_delta``; a first value always does.

        Both are compared in float32, as Keras does: 0.2 + 0.1 is not more than 0.3. NaN is never better, and nothing is
        better than NaN.
        """
        if reference is None:
            return True
        sign = 1 if self.mode == "min" else -1
        with np.errstate(over="ignore"):
            return bool(np.float32(sign * value + self.min_delta) < np.float32(sign * reference))


class EarlyStopping(_Monitor):
    """Stop the training when ``monitor`` has not improved for ``patience`` epochs; ``keras.callbacks.EarlyStopping``.

    Parameters
    ----------
    monitor : the entry of the logs to watch
    min_delta : how much better than the best a value has to be
    patience : how many epochs without improvement end the training; 0, like 1, ends it after the first, though never
        after epoch 0
    verbose : 1 prints when training is stopped or weights are restored
    mode : "min" if small is good, "max" if great is; "auto" goes by the name of the loss or metric
    baseline : a value to beat: epochs that are not better than this count as without improvement
    restore_best_weights : whether the network ends with the weights of its best epoch, also if it was not stopped
    start_from_epoch : the first epoch, from 0, that is looked at

    Attributes
    ----------
    best, best_epoch : the best value and its epoch, counted from 0
    stopped_epoch : the epoch after which training was stopped, or 0
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta, patience, verbose)
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.wait = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[np.ndarray] | None = None
        self.stopped_epoch = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        current = self._current(logs or {})
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._is_better(current, self.best):
            self.best, self.best_epoch = current, epoch
            if self.restore_best_weights:
                self.best_weights = self.network.get_weights()
            if self.baseline is None or self._is_better(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.network.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                print(f"Restoring the weights of the best epoch, {self.best_epoch + 1}")
            self.network.set_weights(self.best_weights)


class ReduceLROnPlateau(_Monitor):
    """Shorten the steps when ``monitor`` has not improved for ``patience`` epochs, as Keras' callback of this name.

    The learning rate becomes ``max(learning_rate * factor, min_lr)``. The logs get it as "learning_rate".

    Parameters
    ----------
    monitor : the entry of the logs to watch
    factor : what the learning rate is multiplied with, from 0 on and below 1
    patience : how many epochs without improvement reduce it
    verbose : 1 prints when it is reduced
    mode : "min" if small is good, "max" if great is; "auto" goes by the name of the loss or metric
    min_delta : how much better than the best a value has to be
    cooldown : how many epochs after a reduction are not counted
    min_lr : the least learning rate
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta, patience, verbose)
        self.factor = number("ReduceLROnPlateau", "factor", factor, most=1)
        if self.factor == 1:
            raise ValueError("ReduceLROnPlateau: factor must be below 1, or nothing is reduced")
        self.cooldown = number("ReduceLROnPlateau", "cooldown", cooldown)
        self.min_lr = number("ReduceLROnPlateau", "min_lr", min_lr)
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.wait = 0
        self.best = None
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = {} if logs is None else logs
        optimizer = self.network.optimizer
        logs["learning_rate"] = optimizer.learning_rate
        current = self._current(logs)
        if current is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_better(current, self.best):
            self.best = current
            self.wait = 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            # In float32, in which Keras keeps both: a rate that is min_lr but for roundings is not reduced again.
            if self.wait >= self.patience and np.float32(optimizer.learning_rate) > np.float32(self.min_lr):
                optimizer.learning_rate = max(optimizer.learning_rate * self.factor, self.min_lr)
                self.cooldown_counter = self.cooldown
                self.wait = 0
                if self.verbose:
                    print(f"Epoch {epoch + 1}: learning rate reduced to {optimizer.learning_rate:g}")


def _direction(kind: str, monitor: str) -> str:
    if monitor.endswith(_UPWARD):
        return "max"
    if monitor.endswith(_DOWNWARD):
        return "min"
    raise ValueError(
        f"{kind}: nothing says whether great or small is good for {monitor!r}; give mode='max' or mode='min'"
    )
