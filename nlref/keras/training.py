"""`fit_both`: the same network trained in NumPy and in Keras, from the same weights, on the same batches."""

import html
import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlref import layers, losses, optimizers
from nlref.keras.conversion import NotConverted, as_numpy, numpy_layer
from nlref.keras.installed import import_keras
from nlref.keras.trace_report import save_figure
from nlref.network import Network


@dataclass(frozen=True, repr=False)
class TrainingComparison:
    """What `fit_both` found; prints as a table of the losses, in a notebook with a picture.

    Attributes
    ----------
    network : the `nlref.Network`, trained
    model : the Keras model, trained
    numpy, keras : their losses: "loss" and, with validation data, "val_loss", one number an epoch
    numpy_seconds, keras_seconds : how long the epochs took; Keras' first holds the building of its graph
    weights : the largest difference between two of their weights in the end
    weights_at : the layer, and the position of that weight among the layer's, counted from 0
    remarks : why the curves must part, a sentence each
    """

    network: Network
    model: Any
    numpy: dict[str, list[float]]
    keras: dict[str, list[float]]
    numpy_seconds: float
    keras_seconds: float
    weights: float
    weights_at: tuple[str, int] | None
    remarks: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """The largest difference of the losses, as a part of Keras'; infinity if one of them is not finite."""
        worst = 0.0
        for name, theirs in self.keras.items():
            for a, b in zip(self.numpy[name], theirs, strict=True):
                if not (np.isfinite(a) and np.isfinite(b)):
                    return float("inf")
                worst = max(worst, abs(a - b) / max(abs(b), 1e-12))
        return worst

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON; without the networks."""
        return {
            "schema": 1,
            "numpy": self.numpy,
            "keras": self.keras,
            "difference": self.difference,
            "numpy_seconds": self.numpy_seconds,
            "keras_seconds": self.keras_seconds,
            "weights": self.weights,
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        names = list(self.keras)
        lines = [
            "epoch" + "".join(f"{f'{side} {name}':>18}" for name in names for side in ("NumPy", "Keras"))
        ]
        for epoch in range(len(self.keras["loss"])):
            numbers = [side[name][epoch] for name in names for side in (self.numpy, self.keras)]
            lines.append(f"{epoch + 1:>5}" + "".join(f"{number:>18.8g}" for number in numbers))
        where = "" if self.weights_at is None else f", in {self.weights_at[0]}"
        lines += [
            *self.remarks,
            f"The losses differ by at most {self.difference:.2g} of their size, the weights by {self.weights:.2g}"
            f"{where}.",
            f"NumPy took {self.numpy_seconds:.2g} s, Keras {self.keras_seconds:.2g} s.",
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import io

        buffer = io.StringIO()
        self.picture().savefig(buffer, format="svg", metadata={"Date": None})
        text = buffer.getvalue()
        return f"<pre>{html.escape(str(self))}</pre>{text[text.index('<svg') :]}"

    def picture(self) -> Any:
        """A matplotlib figure: the two loss curves on top of each other, their relative difference below."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 4.4), layout="constrained")
        FigureCanvasAgg(figure)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        epochs = np.arange(1, len(self.keras["loss"]) + 1)
        for name, dashes in (("loss", "-"), ("val_loss", "--")):
            if name not in self.keras:
                continue
            numpy, keras = np.array(self.numpy[name]), np.array(self.keras[name])
            label = "" if name == "loss" else ", validation"
            above.plot(epochs, keras, dashes, color="#8a8a8a", linewidth=5, alpha=0.5, label=f"Keras{label}")
            above.plot(epochs, numpy, dashes, color="#3b7dd8", linewidth=1.5, label=f"NumPy{label}")
            with np.errstate(all="ignore"):
                apart = np.abs(numpy - keras) / np.maximum(np.abs(keras), 1e-12)
            below.plot(epochs, np.maximum(apart, 1e-17), dashes, marker=".", color="#3b7dd8")
        above.set_ylabel("loss")
        above.set_title("the same network, trained in NumPy and in Keras", fontsize=10, loc="left")
        above.legend(fontsize=8)
        below.set_yscale("log")
        below.set_ylabel("difference")
        below.set_xlabel("epoch")
        for axes in (above, below):
            axes.grid(alpha=0.25)
        return figure

    def save_picture(self, path: str | Path) -> None:
        """Write `picture` to a file, whose ending, png, svg or pdf, says what it becomes."""
        save_figure(self.picture(), Path(path))


def fit_both(
    model: Any,
    x: Any,
    y: Any,
    *,
    epochs: int = 5,
    batch_size: int = 32,
    validation_data: tuple[Any, Any] | None = None,
    shuffle: bool = True,
    seed: int = 0,
    verbose: bool | str = "auto",
) -> TrainingComparison:
    """Train a Keras model, and beside it a `nlref.Network` with the same layers, weights, optimizer, loss and batches.

    Parameters
    ----------
    model : a Sequential Keras model, built and compiled, whose optimizer has made no step yet; it is trained as by its
        own ``fit``
    x, y : samples and labels
    epochs, batch_size : as in ``fit``
    validation_data : ``(x, y)``, measured after each epoch
    shuffle : whether the samples are put into another order for each epoch, the same for both
    seed : of that order
    verbose : a progress bar: "auto" shows it in a terminal and in a notebook only

    Returns
    -------
    TrainingComparison

    Raises
    ------
    TypeError, ValueError
        The model is not Sequential, not built, not compiled or trained already; nlref has not its layers, optimizer or
        loss, which are named; x and y do not fit.
    """
    keras = import_keras()
    if not isinstance(model, keras.Sequential):
        raise TypeError(f"fit_both: give a keras.Sequential model, not a {type(model).__name__}")
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"fit_both: epochs is {epochs}, batch_size {batch_size}; both must be at least 1")
    network = _network(model, seed)
    sparse = "sparse" in getattr(network._loss, "__name__", "")
    x, y = np.asarray(x), _labels(model, y, sparse)
    if validation_data is not None:
        validation_data = np.asarray(validation_data[0]), _labels(model, validation_data[1], sparse)
    if not len(x) or len(x) != len(y):
        raise ValueError(
            f"fit_both: x has {len(x)} samples and y {len(y)}; they must have the same, at least one"
        )
    generator = np.random.default_rng(seed)
    numpy_losses: dict[str, list[float]] = {}
    keras_losses: dict[str, list[float]] = {}
    seconds = [0.0, 0.0]
    options = {"batch_size": batch_size, "shuffle": False, "validation_data": validation_data}
    with _progress(verbose, epochs) as advance:
        for _ in range(epochs):
            order = generator.permutation(len(x)) if shuffle else np.arange(len(x))
            for place, (fit, found) in enumerate(
                (
                    (lambda *data: network.fit(*data, **options, verbose=False), numpy_losses),
                    (lambda *data: model.fit(*data, **options, verbose=0), keras_losses),
                )
            ):
                start = time.perf_counter()
                history = fit(x[order], y[order]).history
                seconds[place] += time.perf_counter() - start
                for name in ("loss", "val_loss"):
                    if name in history:
                        found.setdefault(name, []).append(float(history[name][0]))
            advance(keras_losses["loss"][-1])
    worst, place = _weights_apart(network, model)
    return TrainingComparison(
        network, model, numpy_losses, keras_losses, *seconds, worst, place, tuple(_remarks(network))
    )


def _network(model: Any, seed: int) -> Network:
    """The network with the model's layers, weights, optimizer and loss."""
    keras = import_keras()
    if not model.built or model._functional is None:
        raise ValueError(f"fit_both: the model {model.name} is not built: begin it with keras.Input")
    if getattr(model, "optimizer", None) is None or not model.compiled:
        raise ValueError(
            f"fit_both: the model {model.name} is not compiled: call model.compile(optimizer=..., loss=...)"
        )
    steps = int(model.optimizer.iterations)
    if steps:
        raise ValueError(f"fit_both: the optimizer has made {steps} steps already: compile the model again")
    numpy = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if layer.compute_dtype != layer.variable_dtype or layer.compute_dtype not in ("float32", "float64"):
            raise ValueError(
                f"fit_both: {layer.name} computes in {layer.compute_dtype}; NumPy trains in float32 or float64"
            )
        if layer.weights and not layer.trainable:
            raise ValueError(f"fit_both: {layer.name} is frozen, and a nlref.Network trains every layer")
        try:
            converted, notes = numpy_layer(layer, layer.compute_dtype, training=True)
        except NotConverted as reason:
            raise ValueError(f"fit_both: {layer.name} cannot be trained in NumPy: {reason}") from reason
        if notes:
            raise ValueError(f"fit_both: {layer.name} cannot be trained in NumPy: {'; '.join(notes)}")
        numpy.append(converted)
    network = Network(numpy, seed=seed)
    network.build(model.input_shape)
    network.set_weights([as_numpy(variable) for variable in model.weights])
    loss, options = _loss(model.loss)
    network.compile(optimizer=_optimizer(model.optimizer), loss=loss, **options)
    return network


def _optimizer(optimizer: Any) -> Any:
    kind, config = type(optimizer).__name__, optimizer.get_config()
    if kind not in optimizers.__all__ or not issubclass(
        getattr(optimizers, kind, object), optimizers.Optimizer
    ):
        raise ValueError(f"fit_both: nlref has no optimizer {kind}")
    if not isinstance(config["learning_rate"], float | int):
        raise ValueError("fit_both: the learning rate follows a schedule, which nlref has not; give a number")
    own = {
        p for c in getattr(optimizers, kind).__mro__[:-1] for p in inspect.signature(c.__init__).parameters
    }
    for name in ("use_ema", "loss_scale_factor", "gradient_accumulation_steps"):
        if config.get(name):
            raise ValueError(f"fit_both: nlref's {kind} has no {name}")
    return getattr(optimizers, kind)(
        **{name: value for name, value in config.items() if name in own - {"name"}}
    )


def _loss(loss: Any) -> tuple[Any, dict[str, Any]]:
    """The loss of nlref that a model was compiled with, and its options."""
    keras = import_keras()
    if hasattr(loss, "numpy_function"):
        return _NumpyLoss(loss.numpy_function, loss.vjp), {}
    config: dict[str, Any] = {}
    if isinstance(loss, keras.losses.Loss):
        # The configuration of Keras' Huber, and of others, lacks their arguments.
        config = {"reduction": loss.reduction, **getattr(loss, "_fn_kwargs", {})}
        name = type(loss).__name__
    else:
        name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    try:
        found = losses.get(name)
    except (TypeError, ValueError):
        raise ValueError(f"fit_both: nlref has no loss {name!r}") from None
    accepted = inspect.signature(found).parameters
    unknown = [key for key in config if key not in accepted]
    if unknown:
        raise ValueError(f"fit_both: nlref's {found.__name__} has no {', '.join(unknown)}")
    return found, {key: value for key, value in config.items() if value != accepted[key].default}


class _NumpyLoss:
    """A learner's loss, one value a sample or one in all, as `nlref.Network` takes it."""

    def __init__(self, function: Callable, vjp: Callable | None) -> None:
        if vjp is None:
            raise ValueError("fit_both: the loss has no gradient; as_keras(function, vjp) takes one")
        self.function, self.gradient = function, vjp
        self.__name__ = getattr(function, "__name__", "loss")

    def __call__(self, y_true: np.ndarray, y_pred: np.ndarray, sample_weight: Any = None) -> float:
        return float(np.mean(self.function(y_true.copy(), y_pred.copy())))

    def vjp(
        self, y_true: np.ndarray, y_pred: np.ndarray, g: Any = 1.0, sample_weight: Any = None
    ) -> np.ndarray:
        values = np.asarray(self.function(y_true.copy(), y_pred.copy()))
        upstream = np.full(values.shape, np.asarray(g) / max(values.size, 1), y_pred.dtype)
        return np.asarray(self.gradient(y_true.copy(), y_pred.copy(), upstream), y_pred.dtype)


def _labels(model: Any, y: Any, sparse: bool) -> np.ndarray:
    """The labels in the shape that the loss takes, as Keras' compiled loss makes it."""
    y = np.asarray(y)
    axes = len(model.output_shape)
    if sparse:
        return y[..., 0] if y.ndim == axes and y.shape[-1] == 1 else y
    if y.ndim == axes - 1 and model.output_shape[-1] == 1:
        y = y[..., None]
    return y.astype(model.layers[-1].compute_dtype)


def _weights_apart(network: Network, model: Any) -> tuple[float, tuple[str, int] | None]:
    worst, place = 0.0, None
    keras = [layer for layer in model.layers if layer.weights]
    numpy = [layer for layer in network.layers if layer.get_weights()]
    for theirs, ours in zip(keras, numpy, strict=True):
        for position, (a, b) in enumerate(zip(theirs.weights, ours.get_weights(), strict=True)):
            apart = float(np.max(np.abs(as_numpy(a) - b), initial=0.0))
            if not apart <= worst:
                worst, place = apart, (theirs.name, position)
    return worst, place


def _remarks(network: Network) -> Iterator[str]:
    random = [layer.name for layer in network.layers if getattr(layer, "rate", 0)]
    if random:
        yield f"{', '.join(random)}: dropout draws other random numbers in NumPy, so the curves part."
    words = [layer.name for layer in network.layers if isinstance(layer, layers.Embedding)]
    if words and not isinstance(network.optimizer, optimizers.SGD):
        kind = type(network.optimizer).__name__
        yield (
            f"{', '.join(words)}: where a word occurs several times in a batch, {kind} in Keras squares the parts of "
            "its gradient one by one and adds them, NumPy squares their sum, so the curves part."
        )


class _progress:
    """A progress bar over the epochs."""

    def __init__(self, verbose: bool | str, epochs: int) -> None:
        self.verbose, self.epochs = verbose, epochs

    def __enter__(self) -> Callable[[float], None]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console()
        shown = self.verbose if isinstance(self.verbose, bool) else console.is_terminal or console.is_jupyter
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            disable=not shown,
        )
        self.bar.start()
        task = self.bar.add_task("NumPy and Keras", total=self.epochs)
        return lambda loss: self.bar.update(task, advance=1, description=f"loss {loss:.4g}")

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()
