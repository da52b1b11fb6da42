"""A plain list of layers that learns: `Network`, with Keras' `fit`, `evaluate` and `predict`."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from nlref import losses, optimizers
from nlref.layers import Layer

Metric = str | Callable[[np.ndarray, np.ndarray], Any]


class Network:
    """Layers, one after the other, as ``keras.Sequential``.

    >>> from nlref.layers import Dense
    >>> network = Network([Dense(16, activation="relu"), Dense(1)], seed=0)
    >>> network.compile(optimizer="adam", loss="mean_squared_error")

    Parameters
    ----------
    layers : `nlref.layers.Layer` objects, in order; two of one name are told apart by a number behind it, as in Keras
    seed : makes the initial weights, the order of the samples and dropout the same every time

    Attributes
    ----------
    optimizer : the optimizer that `compile` was given
    stop_training : a callback sets it to end `fit` after the epoch
    """

    def __init__(self, layers: Sequence[Layer], *, seed: int | None = None) -> None:
        self.layers = list(layers)
        if not self.layers:
            raise ValueError("Network: give at least one layer")
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"Network: {layer!r} is a {type(layer).__name__}, not a layer of nlref.layers"
                )
        if len({id(layer) for layer in self.layers}) < len(self.layers):
            raise ValueError("Network: the same layer stands in the list twice; make a second one")
        names: dict[str, int] = {}
        for layer in self.layers:
            count = names[layer.name] = names.get(layer.name, -1) + 1
            layer.name += f"_{count}" if count else ""
        self.rng = np.random.default_rng(seed)
        self.optimizer: Any = None
        self.stop_training = False
        self._input_shape: tuple | None = None

    # one pass forward, one pass back

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Make all weights for inputs of ``input_shape``, the batch, which may be None, first."""
        shape = tuple(input_shape)
        for layer in self.layers:
            layer.build(shape, self.rng)
            shape = layer.output_shape(shape)
        self._input_shape = tuple(input_shape)

    def forward(self, x: Any, *, training: bool = False) -> np.ndarray:
        """The output of the last layer for a batch ``x``; the weights are made at the first call."""
        x = np.asarray(x)
        if self._input_shape is None:
            self.build((None, *x.shape[1:]))
        mask = None
        for layer in self.layers:
            y = layer.forward(x, training=training, mask=mask)
            mask = layer.output_mask(x, mask)
            x = y
        return x

    def backward(self, g: np.ndarray) -> np.ndarray:
        """The gradient with respect to the latest input; each layer keeps those of its weights in ``gradients``."""
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g

    def gradients(self) -> list[np.ndarray]:
        """The gradients of the loss, penalties included, in the order of `parameters`, after `backward`."""
        found = []
        for layer in self.layers:
            for name, parameter in layer.parameters.items():
                penalty = layer.regularizers.get(name)
                gradient = layer.gradients[name]
                found.append(gradient if penalty is None else gradient + penalty.gradient(parameter))
        return found

    def parameters(self) -> list[np.ndarray]:
        """The trained arrays themselves, layer by layer."""
        return [parameter for layer in self.layers for parameter in layer.parameters.values()]

    # training

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Sequence[Metric] = (), **options
    ) -> None:
        """Choose how to learn.

        Parameters
        ----------
        optimizer : an optimizer of `nlref.optimizers`, or its name
        loss : a loss of `nlref.losses`, or its name
        metrics : "accuracy", names of losses, or functions of ``y_true, y_pred`` with one number a sample
        options : arguments of the loss, such as ``from_logits=True``
        """
        self.optimizer = optimizers.get(optimizer)
        self._loss = losses.get(loss)
        if self._loss is None or not hasattr(self._loss, "vjp"):
            raise ValueError(f"Network.compile: loss is {loss!r}; give a loss of nlref.losses, or its name")
        self._loss_options = options
        self._metrics = {_name(metric): _metric(metric) for metric in metrics}

    def fit(
        self,
        x: Any,
        y: Any,
        *,
        batch_size: int = 32,
        epochs: int = 1,
        validation_data: tuple | None = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        sample_weight: Any = None,
        callbacks: Sequence[Any] = (),
        verbose: bool | str = "auto",
    ) -> "History":
        """Learn from samples ``x`` and labels ``y``, in ``epochs`` passes of batches of ``batch_size``.

        Parameters
        ----------
        validation_data : ``(x, y)``, measured after each epoch, never learned from
        validation_split : take this last part of the samples instead, before they are shuffled
        sample_weight : numbers that multiply the loss of the samples
        callbacks : such as `nlref.optimizers.EarlyStopping`
        verbose : a progress bar: "auto" shows it in a terminal and in a notebook only

        Returns
        -------
        History
            ``history["loss"]`` and the metrics, one number an epoch, those of the validation behind ``val_``. As in
            Keras, the loss is the mean over the epoch's batches, each measured before its step.
        """
        x, y, weight = self._samples(x, y, sample_weight)
        if not 0 <= validation_split < 1:
            raise ValueError(f"Network.fit: validation_split is {validation_split}; it must lie in [0, 1)")
        if batch_size < 1 or epochs < 1:
            raise ValueError(
                f"Network.fit: batch_size is {batch_size}, epochs {epochs}; both must be at least 1"
            )
        if validation_split and validation_data is None:
            kept = int(len(x) * (1 - validation_split))
            validation_data = x[kept:], y[kept:]
            x, y, weight = x[:kept], y[:kept], None if weight is None else weight[:kept]
        history = History()
        self.stop_training = False
        for callback in callbacks:
            callback.set_network(self)
            callback.on_train_begin()
        with _progress(verbose) as report:
            for epoch in range(epochs):
                order = self.rng.permutation(len(x)) if shuffle else np.arange(len(x))
                measured = _Means()
                for batch in _batches(order, batch_size):
                    part = None if weight is None else weight[batch]
                    measured.add(self._step(x[batch], y[batch], part), len(batch))
                    report(epoch, epochs, measured.count / len(x), measured.values())
                logs = measured.values()
                if validation_data is not None:
                    held_out = self.evaluate(*validation_data, batch_size=batch_size)
                    logs |= {f"val_{name}": value for name, value in held_out.items()}
                logs["learning_rate"] = float(self.optimizer.learning_rate)
                history.append(epoch, logs)
                for callback in callbacks:
                    callback.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        for callback in callbacks:
            callback.on_train_end()
        return history

    def evaluate(
        self, x: Any, y: Any, *, batch_size: int = 32, sample_weight: Any = None
    ) -> dict[str, float]:
        """The loss, penalties included, and the metrics on ``x, y``: Keras' ``evaluate(..., return_dict=True)``."""
        x, y, weight = self._samples(x, y, sample_weight)
        measured = _Means()
        for batch in _batches(np.arange(len(x)), batch_size):
            y_pred = self.forward(x[batch])
            part = None if weight is None else weight[batch]
            measured.add(self._measure(y[batch], y_pred, part), len(batch))
        return measured.values()

    def predict(self, x: Any, *, batch_size: int = 32) -> np.ndarray:
        """The outputs for all samples ``x``."""
        x = np.asarray(x)
        return np.concatenate([self.forward(x[batch]) for batch in _batches(np.arange(len(x)), batch_size)])

    def _step(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> dict[str, float]:
        """One step of the optimizer; what the loss and the metrics were before it."""
        y_pred = self.forward(x, training=True)
        measured = self._measure(y, y_pred, weight)
        one = np.ones((), y_pred.dtype)
        self.backward(self._loss.vjp(y, y_pred, one, sample_weight=weight, **self._loss_options))
        self.optimizer.apply(self.gradients(), self.parameters())
        return measured

    def _measure(self, y: np.ndarray, y_pred: np.ndarray, weight: np.ndarray | None) -> dict[str, float]:
        penalties = sum(layer.penalty() for layer in self.layers)
        value = self._loss(y, y_pred, sample_weight=weight, **self._loss_options) + penalties
        return {"loss": float(value)} | {
            name: float(np.mean(metric(y, y_pred))) for name, metric in self._metrics.items()
        }

    def _samples(self, x: Any, y: Any, weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        if self.optimizer is None:
            raise ValueError("Network: call compile(optimizer=..., loss=...) before fit and evaluate")
        x, y = np.asarray(x), np.asarray(y)
        weight = None if weight is None else np.asarray(weight)
        if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or not len(x):
            raise ValueError(
                f"Network: x of shape {x.shape} and y of shape {y.shape} must have the same samples, at least one"
            )
        if weight is not None and (weight.ndim == 0 or len(weight) != len(x)):
            raise ValueError(
                f"Network: sample_weight of shape {weight.shape} must have one entry for each of {len(x)} samples"
            )
        return x, y, weight

    # weights, and what it looks like

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, layer by layer, as ``keras.Sequential.get_weights()``."""
        return [array for layer in self.layers for array in layer.get_weights()]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take over weights in the order of `get_weights`, of a network that is built."""
        weights = list(weights)
        counts = [len(layer.parameters) + len(layer.state) for layer in self.layers]
        if self._input_shape is None:
            raise ValueError("Network.set_weights: call build(input_shape) first; there are no weights yet")
        if len(weights) != sum(counts):
            raise ValueError(
                f"Network.set_weights: {sum(counts)} arrays are needed, and {len(weights)} were given"
            )
        for layer, count in zip(self.layers, counts, strict=True):
            layer.set_weights(weights[:count])
            del weights[:count]

    def summary(self) -> str:
        """A line for each layer: its name, the shape of its output, how many numbers it learns."""
        if self._input_shape is None:
            raise ValueError("Network.summary: call build(input_shape) first; the shapes are not known yet")
        shape, lines = self._input_shape, []
        for layer in self.layers:
            shape = layer.output_shape(shape)
            lines.append((layer.name, str(shape), sum(array.size for array in layer.parameters.values())))
        lines.append(("in all", "", sum(line[2] for line in lines)))
        widths = [
            max(len(f"{line[column]:,}" if column == 2 else line[column]) for line in lines)
            for column in range(3)
        ]
        return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]},}" for a, b, c in lines)


class History:
    """What `Network.fit` measured: ``epoch``, and in ``history`` a list of one number an epoch for each name."""

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def append(self, epoch: int, logs: Mapping[str, float]) -> None:
        self.epoch.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def plot(self) -> Any:
        """A matplotlib figure: a panel for the loss and each metric; the validation is dashed."""
        import matplotlib.pyplot as plt

        names = [name for name in self.history if not name.startswith("val_") and name != "learning_rate"]
        figure, axes = plt.subplots(
            1, len(names), figsize=(4.5 * len(names), 3.2), squeeze=False, layout="constrained"
        )
        epochs = np.array(self.epoch) + 1
        for ax, name in zip(axes[0], names, strict=True):
            ax.plot(epochs, self.history[name], label="training")
            if f"val_{name}" in self.history:
                ax.plot(epochs, self.history[f"val_{name}"], "--", label="validation")
            ax.set(xlabel="epoch", ylabel=name.replace("_", " "), title=name.replace("_", " "))
            ax.legend()
        return figure


class _Means:
    """Running means of what batches measured, each weighted by its number of samples."""

    def __init__(self) -> None:
        self.count = 0
        self._sums: dict[str, float] = {}

    def add(self, measured: Mapping[str, float], count: int) -> None:
        self.count += count
        for name, value in measured.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * count

    def values(self) -> dict[str, float]:
        return {name: total / self.count for name, total in self._sums.items()}


def accuracy(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """1 for each sample whose predicted class is right, else 0, by the rules of Keras' metric "accuracy".

    One output a sample is class 1 above 0.5. Of several, the largest is the class; labels are then one-hot rows of the
    predictions' shape, or class indices.
    """
    y_true = np.asarray(y_true)
    if y_pred.shape[-1] == 1:
        return (y_pred > 0.5) == (y_true.reshape(y_pred.shape) > 0.5)
    if y_true.shape == y_pred.shape:
        y_true = np.argmax(y_true, axis=-1)
    return np.argmax(y_pred, axis=-1) == y_true.reshape(y_pred.shape[:-1])


def _metric(metric: Metric) -> Callable:
    if metric in ("accuracy", "acc"):
        return accuracy
    found = losses.get(metric)
    if hasattr(found, "vjp"):
        return lambda y_true, y_pred: found(y_true, y_pred, reduction=None)
    return found


def _name(metric: Metric) -> str:
    return metric if isinstance(metric, str) else metric.__name__


def _batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), size):
        yield order[start : start + size]


@contextlib.contextmanager
def _progress(verbose: bool | str) -> Iterator[Callable[[int, int, float, Mapping[str, float]], None]]:
    """A progress bar around `fit`; it is told the epoch, how many there are, the part of it that is done, the logs."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console()
    shown = verbose if isinstance(verbose, bool) else console.is_terminal or console.is_jupyter
    text = TextColumn("{task.description}"), TextColumn("{task.fields[logs]}")
    with Progress(
        text[0], BarColumn(), text[1], TimeRemainingColumn(), console=console, disable=not shown
    ) as bar:
        task = bar.add_task("", total=None, logs="")

        def report(epoch: int, epochs: int, part: float, logs: Mapping[str, float]) -> None:
            if not shown:
                return
            named = "  ".join(f"{name} {value:.4g}" for name, value in logs.items())
            title = f"epoch {epoch + 1}/{epochs}"
            bar.update(task, description=title, total=epochs, completed=epoch + part, logs=named)

        yield report
