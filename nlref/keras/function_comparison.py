"""`compare`: a NumPy function beside the Keras function: values, gradients, errors in ulp, speed, a picture."""

import html
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlref import activations, losses
from nlref.keras.conversion import as_numpy
from nlref.keras.difference import Index, plain
from nlref.keras.installed import import_keras, import_tensorflow
from nlref.keras.trace_report import save_figure
from nlref.ulp import ulp_error

GRID = 4001
ROWS, ROW = 200, 10
SPEED = 1_000_000
"""Elements on which the speeds are compared."""


@dataclass(frozen=True)
class Side:
    """One of the two functions, measured against the reference.

    Attributes
    ----------
    ulp : the largest error in units in the last place at finite inputs, subnormal results apart; None if there is no
        reference
    ulp_at : the input, or for several the index of the entry, where it is
    """

    ulp: float | None
    ulp_at: float | Index | None


@dataclass(frozen=True)
class Part:
    """Values or gradients of both.

    Attributes
    ----------
    absolute : the largest difference between the two at finite inputs, divided by the size of Keras' result if above 1
    absolute_at : the input, or for several the index of the entry, where it is
    yours, keras : what the two have there
    your_error, keras_error : how far each is from the reference
    extremes : rows ``(input, yours, keras, reference)`` at zeros, infinities, NaN, the largest and smallest numbers
    """

    absolute: float
    absolute_at: float | Index
    yours: float
    keras: float
    your_error: Side
    keras_error: Side
    extremes: tuple[tuple[float, float, float, float | None], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "absolute": plain(self.absolute),
            "absolute_at": self.absolute_at,
            "yours": plain(self.yours),
            "keras": plain(self.keras),
            "your_ulp": None if self.your_error.ulp is None else plain(self.your_error.ulp),
            "keras_ulp": None if self.keras_error.ulp is None else plain(self.keras_error.ulp),
            "extremes": [
                [None if number is None else plain(number) for number in row] for row in self.extremes
            ],
        }


@dataclass(frozen=True, repr=False)
class Comparison:
    """What `compare` found; prints as text, in a notebook with a picture.

    Attributes
    ----------
    name : Keras' function
    dtype : of the inputs
    value, gradient : a `Part` each; no gradient without a vjp
    speed : how many times as long as Keras yours takes for a million numbers; below 1 it is faster
    curves : what the picture shows: inputs, your values, Keras' values, the errors of both in ulp
    """

    name: str
    dtype: str
    value: Part
    gradient: Part | None
    speed: float
    curves: tuple[np.ndarray, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "schema": 1,
            "name": self.name,
            "dtype": self.dtype,
            "value": self.value.to_dict(),
            "gradient": None if self.gradient is None else self.gradient.to_dict(),
            "speed": self.speed,
        }

    def __str__(self) -> str:
        lines = [f"yours beside {self.name}, {self.dtype}"]
        for title, part in (("value", self.value), ("gradient", self.gradient)):
            if part is None:
                continue
            lines.append(f"{title}: {_differ(part)}")
            if part.your_error.ulp is not None:
                lines.append(f"  error of yours: {_ulp(part.your_error)}; of Keras: {_ulp(part.keras_error)}")
            odd = [row for row in part.extremes if not _alike(row[1], row[2])]
            for x, yours, theirs, truth in odd:
                right = "" if truth is None else f", the reference {truth:.6g}"
                lines.append(f"  at {x:g}: yours {yours:.6g}, Keras {theirs:.6g}{right}")
        pace = (
            f"{self.speed:.2g} times as long as"
            if self.speed >= 1
            else f"{1 / self.speed:.2g} times as fast as"
        )
        lines.append(
            f"speed: yours takes {pace} Keras" if self.speed >= 1 else f"speed: yours is {pace} Keras"
        )
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        text = f"<pre>{html.escape(str(self))}</pre>"
        return text if self.curves is None else text + _svg(self.picture())

    def picture(self) -> Any:
        """A matplotlib figure: both curves, and the errors in ulp below; for functions of one number.

        Raises
        ------
        ValueError
            The function has more than one input, which there is no axis for.
        """
        if self.curves is None:
            raise ValueError(f"{self.name} is not a function of one number: there is no curve to draw")
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        x, yours, theirs, your_error, keras_error = self.curves
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        FigureCanvasAgg(figure)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        above.plot(x, theirs, color="#8a8a8a", linewidth=4, alpha=0.5, label=self.name)
        above.plot(x, yours, color="#3b7dd8", linewidth=1.5, label="yours")
        above.set_ylabel("value")
        above.set_title(f"yours beside {self.name}, {self.dtype}", fontsize=10, loc="left")
        for error, colour in ((keras_error, "#8a8a8a"), (your_error, "#3b7dd8")):
            below.plot(
                x,
                np.where(np.isfinite(error), np.maximum(error, 0.1), np.nan),
                ".",
                color=colour,
                markersize=2,
            )
        below.set_yscale("log")
        below.set_ylabel("error in ulp")
        below.set_xlabel("x")
        above.legend(fontsize=8)
        for axes in (above, below):
            axes.grid(alpha=0.25)
        return figure

    def save_picture(self, path: str | Path) -> None:
        """Write `picture` to a file, whose ending, png, svg or pdf, says what it becomes."""
        save_figure(self.picture(), Path(path))


def compare(
    function: Callable,
    keras_function: str | Callable,
    vjp: Callable | None = None,
    *,
    dtype: str = "float32",
    **arguments: Any,
) -> Comparison:
    """Set a NumPy function beside Keras' activation or loss: values, gradients, errors, speed.

    Both get the same plain arrays: activations a grid from -20 to 20, magnitudes from the smallest to the largest
    number, and the extremes; activations along an axis rows of ten; losses labels and predictions that suit them. The
    errors are those against `nlref.activations` or `nlref.losses` in float64, where these have the function.

    Parameters
    ----------
    function : ``function(x)`` or ``function(y_true, y_pred)``, of NumPy arrays; a loss may return one value a sample or
        their mean
    keras_function : a name, "gelu" or "huber", or a function of ``keras.activations``, ``keras.losses``, ``keras.ops``
    vjp : the gradient, ``vjp(x, g)`` or ``vjp(y_true, y_pred, g)``; ``function.vjp`` if not given; needs TensorFlow
    dtype : "float32" or "float64"
    arguments : for Keras' function and the reference: ``negative_slope=0.1``

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError, ValueError
        There is no such function in Keras; an argument is not callable; the results have not the shape of Keras'.

    >>> import numpy as np
    >>> from nlref.keras import compare
    >>> naive = compare(lambda x: 1 / (1 + np.exp(-x)), "sigmoid")
    >>> naive.value.absolute < 1e-6
    True
    """
    keras = import_keras()
    if not callable(function):
        raise TypeError(f"compare: give a function, not a {type(function).__name__}")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"compare: dtype must be 'float32' or 'float64', not {dtype!r}")
    theirs, name, is_loss = _keras_function(keras, keras_function)
    if vjp is None:
        vjp = getattr(function, "vjp", None)
    reference, facts = _reference(name, is_loss)
    if is_loss:
        return _compare_losses(function, theirs, name, vjp, reference, facts, dtype, arguments)
    return _compare_activations(function, theirs, name, vjp, reference, dtype, arguments)


def _keras_function(keras: Any, wanted: str | Callable) -> tuple[Callable, str, bool]:
    """Keras' function, its full name, and whether it is a loss."""
    if isinstance(wanted, str):
        for module, is_loss in ((keras.activations, False), (keras.losses, True)):
            try:
                found = module.get(wanted)
            except ValueError:
                continue
            if inspect.isfunction(found) or not is_loss:
                return found, f"keras.{'losses' if is_loss else 'activations'}.{found.__name__}", is_loss
            call = getattr(found, "fn", None)
            if call is not None:
                return call, f"keras.losses.{call.__name__}", True
        if inspect.isfunction(call := getattr(keras.losses, wanted, None)):
            return call, f"keras.losses.{wanted}", True
        raise ValueError(f"compare: Keras has no activation or loss {wanted!r}")
    if not callable(wanted):
        raise TypeError(f"compare: give a name or a function of Keras, not a {type(wanted).__name__}")
    if isinstance(wanted, keras.losses.Loss):
        raise TypeError(
            "compare: give the loss as a function, keras.losses.huber, not as an object of its class"
        )
    name = getattr(wanted, "__name__", type(wanted).__name__)
    is_loss = getattr(keras.losses, name, None) is wanted
    for part in ("activations", "losses", "ops"):
        if getattr(getattr(keras, part), name, None) is wanted:
            return wanted, f"keras.{part}.{name}", is_loss
    return wanted, name, False


def _reference(full_name: str, is_loss: bool) -> tuple[Callable | None, Any]:
    name = full_name.rsplit(".", 1)[-1]
    if not full_name.startswith("keras."):
        return None, None
    if is_loss:
        facts = losses.FACTS.get(losses.ALIASES.get(name, name))
        return (None, None) if facts is None else (losses.get(name), facts)
    found = {**activations.FACTS, **activations.ROW_FACTS}.get(activations.ALIASES.get(name, name))
    return (None, None) if found is None else (activations.get(name), found)


def _compare_activations(
    function: Callable,
    theirs: Callable,
    name: str,
    vjp: Callable | None,
    reference: Callable | None,
    dtype: str,
    arguments: Mapping[str, Any],
) -> Comparison:
    short = name.rsplit(".", 1)[-1]
    rows = short in activations.ROW_FACTS
    generator = np.random.default_rng(0)
    if rows:
        x = (generator.normal(size=(ROWS, ROW)) * 10.0 ** generator.uniform(-2, 1.5, size=(ROWS, 1))).astype(
            dtype
        )
        grid, extremes = None, np.empty(0, dtype)
    else:
        grid = np.linspace(-20, 20, GRID).astype(dtype)
        limits = np.finfo(dtype)
        sizes = np.geomspace(float(limits.tiny), float(limits.max) / 8, 400).astype(dtype)
        x = np.concatenate([grid, sizes, -sizes])
        tiny, most = limits.smallest_subnormal, limits.max
        extremes = np.array([0.0, -0.0, tiny, -tiny, most, -most, np.inf, -np.inf, np.nan], dtype)

    def of_keras(x: np.ndarray) -> np.ndarray:
        return as_numpy(theirs(import_keras().ops.convert_to_tensor(x), **arguments))

    def of_reference(x: np.ndarray) -> np.ndarray:
        return reference(x.astype(np.float64), **arguments)

    keras_values = of_keras(x)
    your_values = _result(function, (x,), keras_values)
    g = generator.normal(size=keras_values.shape).astype(dtype) if rows else np.ones_like(x)
    truth = None if reference is None else of_reference(x)
    value = _part(
        your_values,
        keras_values,
        truth,
        None if rows else x,
        _extremes(extremes, lambda x: _result(function, (x,), x), of_keras, reference and of_reference),
    )
    gradient = None
    if vjp is not None:
        tf = import_tensorflow("compare: the gradient")

        def slope_of_keras(x: np.ndarray, g: np.ndarray) -> np.ndarray:
            tensor = tf.constant(x)
            with tf.GradientTape() as tape:
                tape.watch(tensor)
                y = theirs(tensor, **arguments)
            return tape.gradient(y, tensor, output_gradients=tf.constant(g)).numpy()

        def slope_of_reference(x: np.ndarray, g: np.ndarray) -> np.ndarray:
            return reference.vjp(x.astype(np.float64), g.astype(np.float64), **arguments)

        theirs_back = slope_of_keras(x, g)
        ones = np.ones_like(extremes)
        gradient = _part(
            _result(vjp, (x, g), theirs_back, "vjp"),
            theirs_back,
            None if reference is None else slope_of_reference(x, g),
            None if rows else x,
            _extremes(
                extremes,
                lambda x: _result(vjp, (x, ones), x, "vjp"),
                lambda x: slope_of_keras(x, ones),
                reference and (lambda x: slope_of_reference(x, ones)),
            ),
        )
    curves = None
    if grid is not None:
        base = keras_values if truth is None else truth
        curves = tuple(
            array[:GRID]
            for array in (
                x,
                your_values,
                keras_values,
                ulp_error(your_values, base),
                ulp_error(keras_values, base),
            )
        )
    shape = (SPEED // ROW, ROW) if rows else (SPEED,)
    many = generator.normal(size=shape).astype(dtype)
    tensor = import_keras().ops.convert_to_tensor(many)
    speed = _ratio(lambda: function(many), lambda: as_numpy(theirs(tensor, **arguments)))
    return Comparison(_called(name, arguments), dtype, value, gradient, speed, curves)


def _compare_losses(
    function: Callable,
    theirs: Callable,
    name: str,
    vjp: Callable | None,
    reference: Callable | None,
    facts: Any,
    dtype: str,
    arguments: Mapping[str, Any],
) -> Comparison:
    keras = import_keras()
    if facts is None:
        raise ValueError(
            f"compare: nlref knows no inputs that suit {name}; compare it with the losses of nlref.losses"
        )

    def drawn(samples: int) -> tuple[np.ndarray, np.ndarray]:
        shape = (samples, *facts.shape[1:])
        y_true, y_pred = facts.draw(np.random.default_rng(0), shape, **arguments)
        keep = np.asarray(y_true).dtype.kind in "iu"
        return (y_true if keep else y_true.astype(dtype)), y_pred.astype(dtype)

    y_true, y_pred = drawn(ROWS)
    tensors = [keras.ops.convert_to_tensor(array) for array in (y_true, y_pred)]
    keras_values = as_numpy(theirs(*tensors, **arguments))
    wide = [y_true if y_true.dtype.kind in "iu" else y_true.astype(np.float64), y_pred.astype(np.float64)]
    reduction = None
    result = np.asarray(function(y_true.copy(), y_pred.copy()))
    if result.ndim == 0 and keras_values.ndim:
        keras_values, reduction = keras_values.mean(), "mean"
    truth = None if reference is None else np.asarray(reference(*wide, reduction=reduction, **arguments))
    value = _part(_result(function, (y_true, y_pred), keras_values), keras_values, truth, None, ())
    gradient = None
    if vjp is not None:
        tf = import_tensorflow("compare: the gradient")
        g = np.random.default_rng(1).normal(size=np.shape(keras_values)).astype(dtype)
        prediction = tf.constant(y_pred)
        with tf.GradientTape() as tape:
            tape.watch(prediction)
            y = theirs(tf.constant(y_true), prediction, **arguments)
            y = tf.reduce_mean(y) if reduction else y
        theirs_back = tape.gradient(y, prediction, output_gradients=tf.constant(g)).numpy()
        right = (
            None
            if reference is None
            else reference.vjp(*wide, g.astype(np.float64), reduction=reduction, **arguments)
        )
        gradient = _part(_result(vjp, (y_true, y_pred, g), theirs_back, "vjp"), theirs_back, right, None, ())
    coupled = facts.couples_samples
    many = (y_true, y_pred) if coupled else drawn(SPEED // int(np.prod(facts.shape[1:], initial=1)))
    of_keras = [keras.ops.convert_to_tensor(array) for array in many]
    speed = _ratio(lambda: function(*many), lambda: as_numpy(theirs(*of_keras, **arguments)))
    return Comparison(_called(name, arguments), dtype, value, gradient, speed, None)


def _result(
    function: Callable, arrays: tuple[np.ndarray, ...], like: np.ndarray, what: str = "function"
) -> np.ndarray:
    """What the caller's function gives, as an array of Keras' dtype and shape."""
    with np.errstate(all="ignore"):
        result = np.asarray(function(*(np.array(array) for array in arrays)))
    if result.dtype.kind not in "biuf":
        raise ValueError(f"compare: the {what} returned {result.dtype.name}, not numbers")
    if result.shape != like.shape:
        raise ValueError(f"compare: the {what} returned the shape {result.shape}, and Keras {like.shape}")
    with np.errstate(all="ignore"):
        return result.astype(like.dtype)


def _part(
    yours: np.ndarray,
    theirs: np.ndarray,
    truth: np.ndarray | None,
    x: np.ndarray | None,
    extremes: tuple,
) -> Part:
    def at(flat: Any) -> float | Index:
        if x is not None:
            return float(x.flat[flat])
        return tuple(int(i) for i in np.unravel_index(int(flat), yours.shape))

    with np.errstate(all="ignore"):
        a, b = yours.astype(np.float64), theirs.astype(np.float64)
        off = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    off = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.where(np.isnan(off), np.inf, off))
    worst = int(np.argmax(off))

    def side(values: np.ndarray) -> Side:
        if truth is None:
            return Side(None, None)
        limits = np.finfo(values.dtype)
        counts = (np.abs(truth) >= 4 * float(limits.tiny)) & (np.abs(truth) <= float(limits.max)) | (
            truth == 0
        )
        error = np.where(counts, ulp_error(values, truth), 0.0)
        place = int(np.argmax(error))
        return Side(float(error.flat[place]), at(place))

    return Part(
        float(off.flat[worst]),
        at(worst),
        float(a.flat[worst]),
        float(b.flat[worst]),
        side(yours),
        side(theirs),
        extremes,
    )


def _extremes(x: np.ndarray, yours: Callable, theirs: Callable, truth: Callable | None) -> tuple:
    if not x.size:
        return ()
    columns = [x, yours(x), theirs(x)]
    numbers = [[float(number) for number in column] for column in columns]
    with np.errstate(over="ignore"):
        right = [None] * len(x) if truth is None else [float(number) for number in truth(x).astype(x.dtype)]
    return tuple(zip(*numbers, right, strict=True))


def _alike(yours: float, theirs: float) -> bool:
    if np.isnan(yours) or np.isnan(theirs):
        return np.isnan(yours) and np.isnan(theirs)
    # TensorFlow takes subnormal numbers for zeros.
    return bool(np.isclose(yours, theirs, rtol=1e-5, atol=1e-37))


def _ratio(yours: Callable[[], Any], theirs: Callable[[], Any]) -> float:
    """The median time of yours over that of theirs, in turns."""
    with np.errstate(all="ignore"):
        for call in (yours, theirs):
            call()
        times = np.array([[_seconds(call) for call in (yours, theirs)] for _ in range(7)])
    mine, other = np.median(times, axis=0)
    return float(mine / max(other, 1e-9))


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _called(name: str, arguments: Mapping[str, Any]) -> str:
    given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return f"{name}({given})" if given else name


def _differ(part: Part) -> str:
    if part.absolute == 0:
        return "equal to Keras"
    return (
        f"at most {part.absolute:.2g} from Keras, at {_place(part.absolute_at)}: yours {part.yours:.6g}, Keras "
        f"{part.keras:.6g}"
    )


def _ulp(side: Side) -> str:
    return f"{side.ulp:.3g} ulp at {_place(side.ulp_at)}"


def _place(place: Any) -> str:
    return f"{place:g}" if isinstance(place, float) else str(list(place))


def _svg(figure: Any) -> str:
    import io

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
