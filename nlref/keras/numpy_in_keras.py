"""`as_keras`: a function written in NumPy as an activation or a loss of a real Keras model."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nlref.keras.installed import import_keras, import_tensorflow

_LIKELY = 3  # the length of an axis that is not known yet, in a trial call

_activation_class: Any = None
_loss_class: Any = None
_functions: dict[str, tuple[Callable, Callable | None]] = {}


def as_keras(function: Callable, vjp: Callable | None = None) -> Any:
    """A NumPy function as an activation or a loss that Keras takes, in eager mode, in graphs and in ``fit``.

    Parameters
    ----------
    function : ``function(x)``, an activation: an array of the shape of ``x``; or ``function(y_true, y_pred)``, a loss:
        one value a sample, or one for the batch
    vjp : its gradient, in NumPy: ``vjp(x, g)``, of the shape of ``x``, or ``vjp(y_true, y_pred, g)``, of the shape of
        ``y_pred``, for a ``g`` of the shape of what ``function`` returns; ``function.vjp`` if not given. Without one
        the model predicts but does not train.

    Returns
    -------
    A ``keras.Layer``, for ``Dense(16, activation=...)`` or to stand among layers, or a ``keras.losses.Loss``, for
    ``compile(loss=...)``. The function sees float32 arrays, float64 where the model computes in float64; its results
    are converted to the dtype of the model.

    Notes
    -----
    Python runs the function, so nothing of it goes to a GPU, and XLA cannot compile it: on a GPU a model with such a
    loss is compiled with ``jit_compile=False`` (an activation tells Keras itself). A saved model holds the function's
    name alone: weights are saved and loaded as always, and ``keras.saving.load_model`` works where ``as_keras`` has
    been called with a function of that name before.

    Raises
    ------
    TypeError
        ``function`` or ``vjp`` is not callable, or takes neither one nor two arrays.
    ValueError
        Keras does not run on TensorFlow. At the first call: the result has the wrong shape or is not numbers.

    >>> import numpy as np
    >>> from nlref.keras import as_keras
    >>> cube = as_keras(lambda x: x**3, lambda x, g: g * 3 * x**2)
    >>> np.asarray(cube(np.float32([1.0, 2.0]))).tolist()
    [1.0, 8.0]
    """
    if not callable(function):
        raise TypeError(f"as_keras: give a function, not a {type(function).__name__}")
    if vjp is None:
        vjp = getattr(function, "vjp", None)
    elif not callable(vjp):
        raise TypeError(f"as_keras: vjp must be a function, not a {type(vjp).__name__}")
    count = _arrays_of(function)
    if count not in (1, 2):
        number = "an unknown number of" if count is None else count
        raise TypeError(
            f"as_keras: {_name(function)} takes {number} arrays; an activation takes x, a loss y_true and y_pred"
        )
    if vjp is not None and _arrays_of(vjp) not in (count + 1, None):
        wanted = "(x, g)" if count == 1 else "(y_true, y_pred, g)"
        raise TypeError(f"as_keras: vjp must take {wanted}")
    import_tensorflow("as_keras")
    name = _name(function)
    if (
        not name.isidentifier()
    ):  # a lambda: two of them in a model must be told apart where the model is copied
        name = f"function_{len(_functions) + 1}"
    _functions[name] = function, vjp
    _make_classes()
    return (_activation_class if count == 1 else _loss_class)(name)


def _arrays_of(function: Callable) -> int | None:
    """How many arrays a function takes: 1 or 2, 3 for a gradient; None if it does not say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        if isinstance(function, np.ufunc):
            return function.nin
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [p for p in parameters if p.default is p.empty and p.kind in positional]
    return len(required)


def _name(function: Callable) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _found(name: str) -> tuple[Callable, Callable | None]:
    if name not in _functions:
        raise ValueError(
            f"the model uses the NumPy function {name!r}, which a saved model does not hold: call "
            f"nlref.keras.as_keras({name}, ...) before load_model"
        )
    return _functions[name]


def _make_classes() -> None:
    """Define the two classes, which cannot be before Keras is imported."""
    global _activation_class, _loss_class
    if _activation_class is not None:
        return
    keras = import_keras()

    @keras.saving.register_keras_serializable(package="nlref")
    class NumpyActivation(keras.layers.Layer):
        """A NumPy function of one array as a layer."""

        def __init__(self, function: str, **keywords: Any) -> None:
            # As an activation of another layer it gets what that computes, in that layer's dtype, and keeps it.
            super().__init__(**{**keywords, "autocast": False})
            self.numpy_function, self.vjp = _found(function)
            self.function = function
            self.supports_jit = False
            self.supports_masking = True

        def call(self, x: Any) -> Any:
            return _call(self.function, self.numpy_function, self.vjp, (x,), like=x)

        def compute_output_spec(self, x: Any) -> Any:
            return keras.KerasTensor(x.shape, dtype=x.dtype)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "function": self.function}

    @keras.saving.register_keras_serializable(package="nlref")
    class NumpyLoss(keras.losses.Loss):
        """A NumPy function of labels and predictions as a loss."""

        def __init__(self, function: str, **keywords: Any) -> None:
            super().__init__(**{"name": function, **keywords})
            self.numpy_function, self.vjp = _found(function)
            self.function = function

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return _call(self.function, self.numpy_function, self.vjp, (y_true, y_pred), like=None)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "function": self.function}

    _activation_class, _loss_class = NumpyActivation, NumpyLoss


def _call(name: str, function: Callable, vjp: Callable | None, tensors: tuple, like: Any) -> Any:
    """The function on tensors, differentiable in the last of them."""
    tf = import_tensorflow("as_keras")
    tensors = tuple(tf.convert_to_tensor(tensor) for tensor in tensors)
    dtype = tensors[-1].dtype
    seen = dtype if dtype == tf.float64 else tf.float32
    cast = [tf.cast(tensor, seen) if tensor.dtype.is_floating else tensor for tensor in tensors]
    axes = _result_axes(name, function, cast)

    def run(results_like: Any, of: Callable, what: str, *arrays: Any) -> Any:
        def in_numpy(*values: Any) -> np.ndarray:
            given = [
                np.array(value) for value in values
            ]  # a function that writes into x must not write into Keras
            expected = given[results_like].shape if isinstance(results_like, int) else None
            return _checked(what, of(*given), expected).astype(seen.as_numpy_dtype)

        return tf.numpy_function(in_numpy, arrays, seen, stateful=False)

    # Tensors are arguments of the differentiable function, not of its closure, which TensorFlow's graphs do not see.
    @tf.custom_gradient
    def differentiable(*arrays: Any) -> Any:
        y = run(0 if like is not None else None, function, name, *arrays)
        y.set_shape(arrays[-1].shape[:axes])

        def gradients(g: Any) -> Any:
            if vjp is None:
                raise ValueError(
                    f"{name} has no gradient, so a model with it cannot be trained: as_keras({name}, vjp) takes one"
                )
            back = run(len(arrays) - 1, vjp, f"the vjp of {name}", *arrays, tf.cast(g, seen))
            back.set_shape(arrays[-1].shape)
            return (*[None] * (len(arrays) - 1), back) if len(arrays) > 1 else back

        return y, gradients

    return tf.cast(differentiable(*cast), dtype)


def _checked(name: str, result: Any, shape: tuple[int, ...] | None) -> np.ndarray:
    """The result of a function as an array.

    Raises
    ------
    ValueError
        It is not numbers, or has not the ``shape``, if one is given.
    """
    result = np.asarray(result)
    if result.dtype.kind not in "biuf":
        raise ValueError(f"{name} returned {result.dtype.name}, not numbers; does it end in a return?")
    if shape is not None and result.shape != shape:
        raise ValueError(f"{name} returned the shape {result.shape}; it must be {shape}")
    return result


def _result_axes(name: str, function: Callable, tensors: Sequence[Any]) -> int:
    """How many axes the result has: a graph must know it before there are numbers, so the function is tried on some."""
    if len(tensors) == 1:
        return tensors[0].shape.rank
    shapes = [[_LIKELY if length is None else length for length in tensor.shape] for tensor in tensors]
    trial = [
        np.ones(shape, tensor.dtype.as_numpy_dtype) / 2 for shape, tensor in zip(shapes, tensors, strict=True)
    ]
    trial = [array.astype(tensor.dtype.as_numpy_dtype) for array, tensor in zip(trial, tensors, strict=True)]
    with np.errstate(all="ignore"):
        result = _checked(name, function(*trial), None)
    predictions = trial[-1].shape
    if result.shape != predictions[: result.ndim] or result.ndim > len(predictions):
        raise ValueError(
            f"{name} returned the shape {result.shape} for predictions of shape {predictions}; a loss gives one value "
            f"a sample, {' or '.join(dict.fromkeys(map(str, (predictions[:1], predictions[:-1]))))}, or a single number"
        )
    return result.ndim
