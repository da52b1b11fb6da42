"""What a loss is: a formula for one value a sample, written once with NumPy's names, for arrays and for tensors.

A loss is a plain function decorated with `loss`; its gradient stands below it, decorated with `gradient_of_loss`::

    @loss
    def mean_squared_error(y_true, y_pred):
        xp = namespace(y_true, y_pred)
        return xp.mean((y_pred - y_true) ** 2, axis=-1)


    @gradient_of_loss(mean_squared_error)
    def mean_squared_error_vjp(y_true, y_pred, g):
        return mean_gradient(g, y_pred) * 2.0 * (y_pred - y_true)

The bodies see arrays of one float dtype, float32 or float64, whose shapes agree and whose values are in their domain;
``g`` has the shape of the values. Reductions, weights, dtypes, warnings and wrong inputs are the decorator's business.
"""

import functools
import inspect
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nlref import blocks
from nlref.kernel import Array, _array, _dtypes, _is_tensor, namespace

__all__ = [
    "Array",
    "equal_shapes",
    "gradient_of_loss",
    "kept",
    "length",
    "loss",
    "mean_gradient",
    "namespace",
]

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")

_SHORT = 32

Shape = tuple[int | None, ...]  # None: not known before the call, in a graph


def equal_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    """The rule of shapes of most losses: all arrays have the same one. A sentence where they do not."""
    (first, shape), *others = shapes.items()
    for name, other in others:
        if not same_shape(shape, other):
            return f"{first} has shape {shape} and {name} has shape {other}; they must be equal" + (
                f": reshape {first} with {first}.reshape({name}.shape)"
                if None not in shape + other and math.prod(shape) == math.prod(other)
                else ""
            )
    return None


def same_shape(a: Shape, b: Shape) -> bool:
    """Whether two shapes are equal as far as they are known."""
    return len(a) == len(b) and all(m == n or m is None or n is None for m, n in zip(a, b, strict=True))


def loss(
    function: Callable | None = None,
    *,
    indices: Sequence[str] = (),
    axes: Sequence[int] | None = None,
    shapes: Callable[[Mapping[str, Shape], Mapping[str, Any]], str | None] = equal_shapes,
    check: Callable[[Mapping[str, np.ndarray], Mapping[str, Any]], str | None] | None = None,
    valid: Callable[[Mapping[str, Any], Mapping[str, Any]], Any] | None = None,
    couples_samples: bool = False,
    in_float64: bool = False,
) -> Callable:
    """Make ``function(y_true, y_pred, **options)``, a formula for one value a sample, a loss with reductions.

    Parameters without a default are arrays: ``y_true`` holds the labels, all others are predictions. Those with a
    default are options, of the type that their annotation or default has: a number, a whole number, True or False,
    ``axis`` (a whole number, a tuple of them, or None), or anything array-like, which the body receives in the dtype
    it computes in.

    Parameters of the decorator
        ``indices`` names the arrays, and array-like options, of class indices or counts, which stay whole numbers.
        ``axes`` are the axes of the first prediction that the formula uses up; without it they are the option ``axis``,
        or the last axis. ``shapes(shapes, options)`` and ``check(arrays, options)`` answer with a sentence if the
        shapes do not agree or a value is out of its domain. ``valid(arrays, options)`` is None or says which values
        count: the others are 0, and means leave them out. ``couples_samples`` says that a sample's value depends on
        other samples. With ``in_float64=True`` float32 arrays, too, are computed in float64; tensors are not: a GPU's
        float64 can be 64 times slower.
    Added to the function
        ``reduction``: "sum_over_batch_size" or "mean", the mean of all values (the default); "sum";
        "mean_with_sample_weight", the weighted sum divided by the sum of the weights; None or "none", the values.
        ``sample_weight``: numbers that multiply the values; a scalar, or of the values' shape, or of its leading axes,
        or with axes of length 1. Keras' meaning, except that the divisor of "mean_with_sample_weight" counts a weight
        once for each value that it multiplies, and that weights of shape (N,) belong to the N samples of values of
        shape (N, T) even where N equals T.
    On NumPy
        Arrays of any strides, numbers in lists; never changed. The result has the promoted float dtype of the
        predictions: float16, bfloat16, float32 and float64 are kept (16 bits computed in float32), integers and
        booleans become float64. Sums over samples are accumulated in float64. No input raises a floating-point
        warning; NaN propagates. A batch without samples has the loss 0, and so has one whose weights sum to 0 where
        that sum divides.
    On TensorFlow
        A tensor or variable among the predictions or labels, a tensor out; arrays beside it are converted. Works
        eagerly, in ``tf.function`` and with ``jit_compile=True``; the gradient to the predictions is the one that
        `gradient_of_loss` attached; labels have none. Integers become float32. Values are checked eagerly only: a graph
        does not look at its data.

    Raises
    ------
    TypeError
        An array is complex, text, objects, dates, masked, ragged or sparse; an option is of another type.
    ValueError
        Shapes disagree (nothing is ever broadcast); ``reduction`` is unknown; ``sample_weight`` does not fit; a value
        or an option is out of its domain; an axis that the formula uses up is empty or does not exist.
    """
    if function is None:
        return functools.partial(
            loss,
            indices=indices,
            axes=axes,
            shapes=shapes,
            check=check,
            valid=valid,
            couples_samples=couples_samples,
            in_float64=in_float64,
        )
    plan = _Plan(function, tuple(indices), axes, shapes, check, valid, couples_samples, in_float64)

    @functools.wraps(function)
    def value(
        *args: Any, reduction: str | None = "sum_over_batch_size", sample_weight: Any = None, **keywords: Any
    ) -> Any:
        call = plan.call(plan.signature, args, keywords, reduction, sample_weight)
        with np.errstate(all="ignore"):
            return call.reduce(call.values())

    value.__signature__ = _with_reduction(plan.signature)
    value.__doc__ = _documented(function, _OF_EVERY_LOSS)
    value.plan = plan
    value.vjp = None
    return value


def gradient_of_loss(value: Callable) -> Callable[[Callable], Callable]:
    """Declare ``vjp(y_true, y_pred, g, **options)`` the gradient of the loss ``value`` to its predictions.

    The body's ``g`` has the shape of the values, and it returns the gradient of ``sum(g * values)`` to ``y_pred``, or a
    tuple with one gradient for each prediction. The public function takes ``g``, 1 by default, in the shape of the
    loss as reduced, and ``reduction`` and ``sample_weight`` as the loss does; the result has the prediction's shape
    and the dtype of the loss. TensorFlow differentiates the loss with it. It is also ``value.vjp``.
    """
    plan: _Plan = value.plan

    def attach(function: Callable) -> Callable:
        parameters = list(inspect.signature(function).parameters.values())
        expected = [*plan.names, "g", *plan.defaults]
        given = [parameter.name for parameter in parameters]
        defaults = [p.default for p in parameters if p.default is not p.empty]
        if given != expected or defaults != list(plan.defaults.values()):
            raise TypeError(
                f"{function.__name__} must take ({', '.join(expected)}) and the loss's defaults "
                f"to be the gradient of {plan.name}"
            )
        plan.vjp = function
        signature = inspect.Signature(
            [p.replace(default=1.0) if p.name == "g" else p for p in parameters],
            return_annotation=inspect.signature(function).return_annotation,
        )

        @functools.wraps(function)
        def vjp(
            *args: Any,
            reduction: str | None = "sum_over_batch_size",
            sample_weight: Any = None,
            **keywords: Any,
        ) -> Any:
            call = plan.call(signature, args, keywords, reduction, sample_weight)
            with np.errstate(all="ignore"):
                return call.gradients()

        vjp.__signature__ = _with_reduction(signature)
        vjp.__doc__ = _documented(function, _OF_EVERY_GRADIENT.format(name=plan.name))
        value.vjp = vjp
        return vjp

    return attach


def mean_gradient(g: Array, x: Array) -> Array:
    """The gradient of ``mean(x, axis=-1)``, which multiplies what follows: ``g / n`` with a last axis of length 1."""
    return namespace(g, x).expand_dims(g / length(x), -1)


def kept(g: Array, x: Array, axis: int | Sequence[int] | None = -1) -> Array:
    """``g``, which has the shape of ``sum(x, axis)``, as ``keepdims=True`` would have left it, to multiply ``x``."""
    xp = namespace(g, x)
    rank = len(x.shape)
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    for one in sorted(one % rank for one in axes):
        g = xp.expand_dims(g, one)
    return g


def length(x: Array, axis: int | Sequence[int] | None = -1) -> Any:
    """How many entries a sum of ``x`` over ``axis`` adds: a number, or a tensor in a graph that does not know it."""
    axes = range(len(x.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    lengths = [x.shape[one] for one in axes]
    if None not in lengths:
        return float(math.prod(lengths))
    from nlref import tensors

    return tensors.tf.cast(
        tensors.tf.reduce_prod(tensors.tf.gather(tensors.tf.shape(x), list(axes))), x.dtype
    )


_OF_EVERY_LOSS = """
Of every loss
    ``reduction``: "sum_over_batch_size" or "mean", the mean of the samples' values, by default; "sum";
    "mean_with_sample_weight", their weighted mean; None, the values. ``sample_weight`` multiplies the values: a number,
    or an array of their shape or of its leading axes. float16, bfloat16, float32 and float64 predictions keep their
    dtype, integers become float64; tensors give tensors. Nothing is broadcast: shapes that do not agree are a
    ``ValueError``, as are values out of their domain; what is no number is a ``TypeError``. See `nlref.loss.loss`.
"""

_OF_EVERY_GRADIENT = """
Of every gradient
    ``g`` is the upstream gradient, 1 by default, of the shape of the loss as it is reduced; all other arguments are
    those of `{name}`. The result has the shape of the prediction and the dtype of the loss.
"""


def _documented(function: Callable, shared: str) -> str:
    return inspect.cleandoc(function.__doc__ or "") + "\n" + shared


def _with_reduction(signature: inspect.Signature) -> inspect.Signature:
    def keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

    return signature.replace(
        parameters=[
            *signature.parameters.values(),
            keyword("reduction", str | None, "sum_over_batch_size"),
            keyword("sample_weight", Array | None, None),
        ]
    )


class _Plan:
    """What is known of a loss before it is called."""

    def __init__(self, function, indices, axes, shapes, check, valid, couples_samples, in_float64) -> None:
        self.function, self.vjp = function, None
        self.name = function.__name__
        self.signature = inspect.signature(function)
        parameters = self.signature.parameters.values()
        self.names = [p.name for p in parameters if p.default is p.empty]
        self.predictions = [name for name in self.names if name != "y_true"]
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        self.annotations = {p.name: str(p.annotation) for p in parameters if p.annotation is not p.empty}
        self.indices, self.axes, self.shapes, self.check, self.valid = indices, axes, shapes, check, valid
        self.couples_samples, self.in_float64 = couples_samples, in_float64

    def call(
        self, signature: inspect.Signature, args: tuple, keywords: dict, reduction: Any, sample_weight: Any
    ):
        try:
            bound = signature.bind(*args, **keywords)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        bound.apply_defaults()
        given = bound.arguments
        options = {name: self._option(name, given[name], default) for name, default in self.defaults.items()}
        arrays = {name: given[name] for name in self.names}
        upstream = given.get("g")
        on_tensors = any(map(_is_tensor, (*arrays.values(), sample_weight, upstream)))
        kind = _TensorCall if on_tensors else _ArrayCall
        return kind(self, arrays, options, upstream, self._reduction(reduction), sample_weight)

    def _reduction(self, reduction: Any) -> str:
        if reduction is None:
            return "none"
        if isinstance(reduction, str) and reduction in REDUCTIONS:
            return reduction
        raise ValueError(
            f"{self.name}: reduction must be {', '.join(map(repr, REDUCTIONS[:-1]))} or None, not {reduction!r}"
        )

    def _option(self, name: str, value: Any, default: Any) -> Any:
        annotation = self.annotations.get(name, "")
        if isinstance(default, bool):
            if isinstance(value, bool | np.bool_):
                return bool(value)
            raise TypeError(f"{self.name}: {name} must be True or False, not {value!r}")
        if isinstance(default, str):
            if isinstance(value, str):
                return value
            raise TypeError(f"{self.name}: {name} must be a string, not a {type(value).__name__}")
        if name == "axis" and annotation not in ("int", "<class 'int'>"):
            return self._axes(value)
        if value is None and default is None:
            return None
        if (isinstance(default, int) or annotation.startswith("int")) and not _is_tensor(value):
            return self._whole_number(name, value)
        if default is None or "Array" in annotation or isinstance(default, list | tuple):
            return value if _is_tensor(value) else self._numbers(name, value)
        if isinstance(value, bool | np.bool_) or not isinstance(
            value, int | float | np.integer | np.floating
        ):
            raise TypeError(f"{self.name}: {name} must be a number, not a {type(value).__name__}")
        if math.isnan(value):
            raise ValueError(f"{self.name}: {name} must be a number, not NaN")
        return float(value)

    def _axes(self, value: Any) -> int | tuple[int, ...] | None:
        if value is None:
            return None
        if isinstance(value, tuple | list):
            return tuple(self._whole_number("axis", axis) for axis in value)
        return self._whole_number("axis", value)

    def _whole_number(self, name: str, value: Any) -> int:
        try:
            if isinstance(value, bool | np.bool_):
                raise TypeError
            return operator.index(value)
        except TypeError:
            raise TypeError(f"{self.name}: {name} must be a whole number, not {value!r}") from None

    def _numbers(self, name: str, value: Any) -> Any:
        array = _array(self.name, name, value)
        if np.isnan(array.astype(np.float64)).any():
            raise ValueError(f"{self.name}: {name} must be numbers, but holds NaN")
        return float(array) if array.ndim == 0 else array

    def used_axes(self, rank: int, options: Mapping[str, Any]) -> tuple[int, ...]:
        """The axes of the first prediction that the formula uses up, counted from 0."""
        axes = self.axes if self.axes is not None else options.get("axis", self.defaults.get("axis", -1))
        if axes is None:
            return tuple(range(rank))
        axes = (axes,) if isinstance(axes, int) else tuple(axes)
        if not all(-rank <= axis < rank for axis in axes):
            raise ValueError(
                f"{self.name}: {self.predictions[0]} has {rank} axes, so "
                + (
                    f"there is no axis {options['axis']}"
                    if "axis" in options
                    else "it has none to average over: wrap a single sample in a list"
                )
            )
        return tuple(sorted(axis % rank for axis in axes))


class _ArrayCall:
    """One call of a loss on NumPy arrays."""

    xp = np

    def __init__(self, plan, arrays, options, upstream, reduction, sample_weight) -> None:
        self.plan, self.reduction = plan, reduction
        arrays = {name: _array(plan.name, name, value) for name, value in arrays.items()}
        kept, computed_in = zip(*(_dtypes(arrays[name].dtype) for name in plan.predictions), strict=True)
        self.dtype, self.computed_in = _promoted(kept), _promoted(computed_in)
        if plan.in_float64:
            self.computed_in = np.dtype(np.float64)
        self.options = {name: self._option(name, value) for name, value in options.items()}
        _check_shapes(plan, {name: array.shape for name, array in arrays.items()}, options)
        for name in arrays.keys() & plan.indices:
            arrays[name] = _whole(plan.name, name, arrays[name])
        _check_values(plan, arrays, self.options)
        x = arrays[plan.predictions[0]]
        self.used = plan.used_axes(x.ndim, options)
        self.shape = tuple(n for axis, n in enumerate(x.shape) if axis not in self.used)
        self.weight = None if sample_weight is None else self._weight(sample_weight)
        self.upstream = None if upstream is None else self._upstream(upstream)
        self.operands = arrays
        self.valid = None if plan.valid is None else plan.valid(arrays, self.options)

    def _option(self, name: str, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        if name in self.plan.indices:
            return _whole(self.plan.name, name, value)
        return value.astype(self.computed_in)

    def _weight(self, sample_weight: Any) -> np.ndarray:
        weight = _array(self.plan.name, "sample_weight", sample_weight)
        shape = _weight_shape(self.plan.name, weight.shape, self.shape)
        return weight.reshape(shape).astype(np.float64)

    def _upstream(self, g: Any) -> np.ndarray:
        g = _array(f"{self.plan.name}_vjp", "g", g).astype(np.float64)
        shape = self.shape if self.reduction == "none" else ()
        try:
            return np.broadcast_to(g, shape)
        except ValueError:
            raise ValueError(
                f"{self.plan.name}_vjp: g has shape {g.shape}; the loss has shape {shape} "
                f"with reduction={None if self.reduction == 'none' else self.reduction!r}"
            ) from None

    def values(self) -> np.ndarray:
        values = np.empty(self.shape, self.computed_in)
        self._compute(self.plan.function, self.operands, [values])
        return values

    def _compute(self, body: Callable, operands: Mapping[str, np.ndarray], results: list) -> None:
        """Write what ``body`` gives into ``results``: at once, or some samples at a time."""
        samples = self.operands[self.plan.predictions[0]]
        row = math.prod(samples.shape[1:])
        # Along a short last axis NumPy adds up 100 times faster if the samples, not the entries, are side by side; each
        # sum then has few terms, so that their order does not tell.
        order = "F" if samples.ndim == 2 and samples.shape[1] <= _SHORT < len(samples) else "C"

        def work(piece: tuple) -> None:
            given = [
                array[piece]
                if name in self.plan.indices
                else np.asarray(array[piece], self.computed_in, order=order)
                for name, array in operands.items()
            ]
            computed = body(*given, **self.options)
            for result, part in zip(
                results, computed if isinstance(computed, tuple) else [computed], strict=True
            ):
                result[piece] = part

        if samples.size <= blocks.BLOCK or not self._apart():
            work(())
        else:
            blocks.walk(work, (len(samples),), most=max(1, blocks.BLOCK // row))

    def _apart(self) -> bool:
        """Whether the samples, along the first axis, can be computed some at a time."""
        of_samples = any(isinstance(self.options.get(name), np.ndarray) for name in self.plan.indices)
        return 0 not in self.used and not self.plan.couples_samples and not of_samples

    def reduce(self, values: np.ndarray) -> Any:
        if self.valid is not None:
            values = np.where(self.valid, values, 0.0)
        if self.weight is not None:
            values = values * self.weight
        if self.reduction != "none":
            values = np.sum(values, dtype=np.float64)
            divisor = self._divisor()
            values = values / divisor if divisor else values * 0.0
        return np.asarray(values, self.dtype)[()]

    def _divisor(self) -> float:
        if self.reduction == "sum":
            return 1.0
        if self.reduction == "mean_with_sample_weight" and self.weight is not None:
            counted = True if self.valid is None else self.valid
            return np.broadcast_to(self.weight, self.shape).sum(where=counted)
        return float(math.prod(self.shape)) if self.valid is None else float(np.count_nonzero(self.valid))

    def gradients(self) -> Any:
        g = self.upstream
        if self.weight is not None:
            g = g * self.weight
        if self.reduction != "none":
            divisor = self._divisor()
            g = g / divisor if divisor else g * 0.0
        if self.valid is not None:
            g = np.where(self.valid, g, 0.0)
        gradients = [np.empty(self.operands[name].shape, self.dtype) for name in self.plan.predictions]
        self._compute(self.plan.vjp, {**self.operands, "g": np.broadcast_to(g, self.shape)}, gradients)
        return gradients[0] if len(gradients) == 1 else tuple(gradients)


class _TensorCall:
    """One call of a loss on TensorFlow's tensors."""

    def __init__(self, plan, arrays, options, upstream, reduction, sample_weight) -> None:
        from nlref import tensors

        self.xp, self.tf = tensors, tensors.tf
        tf = self.tf
        self.plan, self.reduction = plan, reduction
        arrays = {name: tensors._tensor(plan.name, name, value) for name, value in arrays.items()}
        kept = [tensors._kept(arrays[name]) for name in plan.predictions]
        self.dtype = tf.as_dtype(_promoted([np.dtype(dtype.as_numpy_dtype) for dtype in kept]))
        self.computed_in = tf.float64 if self.dtype == tf.float64 else tf.float32
        self.options = {
            name: tf.cast(value, tf.int64 if name in plan.indices else self.computed_in)
            if isinstance(value, np.ndarray | tf.Tensor)
            else value
            for name, value in options.items()
        }
        _check_shapes(plan, {name: _static(array) for name, array in arrays.items()}, options)
        if tf.executing_eagerly():
            seen = {name: array.numpy() for name, array in arrays.items()}
            seen |= {name: _whole(plan.name, name, seen[name]) for name in arrays.keys() & plan.indices}
            _check_values(plan, seen, options)
        x = arrays[plan.predictions[0]]
        self.used = plan.used_axes(x.shape.rank, options)
        kept_axes = [axis for axis in range(x.shape.rank) if axis not in self.used]
        self.static = tuple(_static(x)[axis] for axis in kept_axes)
        self.shape = self.static if None not in self.static else tf.gather(tf.shape(x), kept_axes)
        self.operands = [
            tf.cast(array, tf.int64 if name in plan.indices else self.computed_in)
            for name, array in arrays.items()
        ]
        self.valid = (
            None
            if plan.valid is None
            else plan.valid(dict(zip(arrays, self.operands, strict=True)), self.options)
        )
        self.weight = None if sample_weight is None else self._weight(sample_weight)
        self.upstream = None if upstream is None else self._upstream(upstream)

    def _weight(self, sample_weight: Any) -> Any:
        weight = self.xp._tensor(self.plan.name, "sample_weight", sample_weight)
        weight = self.tf.cast(weight, self.computed_in)
        shape = _weight_shape(self.plan.name, _static(weight), self.static)
        ones = len(shape) - weight.shape.rank
        for _ in range(ones):
            weight = weight[..., None]
        for _ in range(-ones):
            weight = self.tf.squeeze(weight, -1)
        return weight

    def _upstream(self, g: Any) -> Any:
        g = self.tf.cast(self.xp._tensor(f"{self.plan.name}_vjp", "g", g), self.computed_in)
        shape = self.static if self.reduction == "none" else ()
        if g.shape.rank and (self.reduction != "none" or not _broadcasts(_static(g), shape)):
            raise ValueError(
                f"{self.plan.name}_vjp: g has shape {_static(g)}; the loss has shape {shape} "
                f"with reduction={None if self.reduction == 'none' else self.reduction!r}"
            )
        return g

    def values(self) -> Any:
        plan, options = self.plan, self.options
        if plan.vjp is None:
            return plan.function(*self.operands, **options)

        # All tensors are arguments: inside tf.function, tf.custom_gradient does not see those that a closure holds.
        def with_gradient(*operands: Any) -> tuple[Any, Callable]:
            def gradients(g: Any) -> list:
                to = plan.vjp(*operands, g, **options)
                to = dict(zip(plan.predictions, to if isinstance(to, tuple) else (to,), strict=True))
                return [to.get(name) for name in plan.names]

            return plan.function(*operands, **options), gradients

        return self.tf.custom_gradient(with_gradient)(*self.operands)

    def reduce(self, values: Any) -> Any:
        if self.valid is not None:
            values = self.tf.where(self.valid, values, self.tf.zeros_like(values))
        if self.weight is not None:
            values = values * self.weight
        if self.reduction != "none":
            values = self.tf.math.divide_no_nan(self.tf.reduce_sum(values), self._divisor())
        return self.tf.cast(values, self.dtype)

    def _divisor(self) -> Any:
        tf = self.tf
        if self.reduction == "sum":
            return tf.ones((), self.computed_in)
        if self.reduction == "mean_with_sample_weight" and self.weight is not None:
            weight = tf.broadcast_to(self.weight, self.shape)
            return tf.reduce_sum(weight if self.valid is None else tf.where(self.valid, weight, 0.0 * weight))
        if self.valid is not None:
            return tf.reduce_sum(tf.cast(self.valid, self.computed_in))
        return tf.cast(tf.reduce_prod(self.shape), self.computed_in)

    def gradients(self) -> Any:
        tf, g = self.tf, self.upstream
        if self.weight is not None:
            g = g * self.weight
        if self.reduction != "none":
            g = tf.math.divide_no_nan(g, self._divisor())
        g = tf.broadcast_to(g, self.shape)
        if self.valid is not None:
            g = tf.where(self.valid, g, tf.zeros_like(g))
        gradients = self.plan.vjp(*self.operands, g, **self.options)
        if isinstance(gradients, tuple):
            return tuple(tf.cast(gradient, self.dtype) for gradient in gradients)
        return tf.cast(gradients, self.dtype)


def _static(tensor: Any) -> Shape:
    if tensor.shape.rank is None:
        raise ValueError(
            "a loss must know how many axes a tensor has; give the tf.function an input_signature"
        )
    return tuple(tensor.shape.as_list())


def _promoted(dtypes: Sequence[np.dtype]) -> np.dtype:
    if all(dtype == dtypes[0] for dtype in dtypes):
        return dtypes[0]
    # float16 and bfloat16 hold neither each other's numbers: their common dtype is float32.
    return np.result_type(*(np.float32 if dtype.itemsize == 2 else dtype for dtype in dtypes))


def _check_shapes(plan: _Plan, shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> None:
    if sentence := plan.shapes(shapes, options):
        raise ValueError(f"{plan.name}: {sentence}")
    first = plan.predictions[0]
    shape = shapes[first]
    if any(shape[axis] == 0 for axis in plan.used_axes(len(shape), options)):
        raise ValueError(f"{plan.name}: {first} has shape {shape}: there is nothing in a sample")
    if plan.couples_samples and shape[0] == 0:
        raise ValueError(f"{plan.name}: {first} has shape {shape}: there is no sample")


def _check_values(plan: _Plan, arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> None:
    if plan.check is not None:
        with np.errstate(all="ignore"):
            sentence = plan.check(arrays, options)
        if sentence:
            raise ValueError(f"{plan.name}: {sentence}")


def _whole(loss: str, name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False)
    if array.dtype.kind != "b":
        array = array.astype(np.float64)
        whole = np.isfinite(array) & (array == np.floor(array))
        if not whole.all():
            raise ValueError(
                f"{loss}: {name} must hold whole numbers, class indices, but holds {array[~whole][0]}"
            )
    return array.astype(np.int64)


def _weight_shape(loss: str, shape: Shape, values: Shape) -> Shape:
    """The shape, of the rank of the values, that ``sample_weight`` of ``shape`` stands for."""
    full = shape
    if len(shape) == len(values) + 1 and shape[-1] == 1:
        full = shape[:-1]  # a column of weights for a vector of values
    elif len(shape) < len(values):
        full = shape + (1,) * (len(values) - len(shape))
    if len(full) != len(values) or not _broadcasts(full, values):
        raise ValueError(
            f"{loss}: sample_weight has shape {shape}, but there are values of shape {values} to weight; "
            + (
                "it must have that shape, its leading axes, or axes of length 1"
                if values
                else "where each entry is a sample, give the arrays a last axis, y_true[:, None]"
            )
        )
    return full


def _broadcasts(shape: Shape, to: Shape) -> bool:
    """Whether ``shape`` broadcasts to ``to``, as far as they are known."""
    if len(shape) > len(to):
        return False
    pairs = zip(shape[::-1], to[::-1], strict=False)
    return all(m in (1, n, None) or n is None for m, n in pairs)
