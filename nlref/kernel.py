"""What a kernel is: a formula, written once with NumPy's names, that runs on arrays and on TensorFlow's tensors.

A kernel is a plain function decorated with `elementwise`; its gradient stands below it, decorated with `gradient_of`::

    @elementwise
    def softplus(x):
        xp = namespace(x)
        return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


    @gradient_of(softplus)
    def softplus_vjp(x, g):
        return g * sigmoid(x)

The body may use arithmetic, comparisons, ``xp.where`` (at least one branch an array) and the functions that
`nlref.tensors` lists; it must not assign into an array. It sees float32 or float64 only, in at least one dimension, and
need not care for warnings. Everything else that a user expects of a NumPy ufunc is the decorator's business.
"""

import functools
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, TypeVar, get_origin

import numpy as np

from nlref import arrays as numpy_arrays
from nlref import blocks
from nlref.blocks import set_threads, threads

__all__ = ["Array", "elementwise", "gradient_of", "namespace", "set_threads", "threads"]

Array = TypeVar("Array")
"""What kernels take and give: a NumPy array for an array, a number or nested lists; a tensor for a tensor."""

Function = TypeVar("Function", bound=Callable)


def namespace(*arrays: Any) -> ModuleType:
    """The module whose functions work on ``arrays``: `nlref.tensors` if one is a tensor, else `nlref.arrays` (NumPy).

    TensorFlow is never imported for the question: who hands in a tensor has imported it.
    """
    if any(map(_is_tensor, arrays)):
        from nlref import tensors

        return tensors
    return numpy_arrays


def _is_tensor(value: Any) -> bool:
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and not isinstance(value, np.ndarray) and tensorflow.is_tensor(value)


def elementwise(function: Function | None = None, *, in_float64: bool = False) -> Function:
    """Make ``function(x, **options)``, a formula for float32 and float64 arrays, behave like a NumPy ufunc.

    Parameters without a default are arrays, those with a default are *options*: plain Python numbers (or booleans, or
    None where None is the default). With ``in_float64=True`` float32 arrays, too, are computed in float64, piece by
    piece: NumPy's float32 ``exp`` and the roundings after it are 2 to 4 ulp off the truth, this is 0.5. It takes up to
    twice the time, and up to six times on processors without AVX-512, for which NumPy's float64 ``exp`` and ``tanh``
    have no vector code of this width. Tensors are not: a GPU's float64 can be 64 times slower.

    On NumPy
        ``x`` may be an array of any shape and strides, a number, or nested lists; it is never changed. float16,
        bfloat16, float32 and float64 are kept, the two 16-bit types being computed in float32; integers and booleans
        of any width become float64, as in ``np.mean`` and true division. Like a ufunc, a 0-d input gives a NumPy
        scalar. ``out=`` takes an array of the result's shape and dtype, which may be ``x`` itself, and is returned.
        No input raises a floating-point warning or error, whatever ``np.errstate`` says. Big arrays are walked in
        cache-sized blocks, over threads where that pays (`set_threads`).
    On TensorFlow
        A tensor or variable in, a tensor out: same dtype rule, but integers and booleans become float32, as in Keras.
        Works eagerly, in ``tf.function`` and with ``jit_compile=True``; the gradient is the function that
        `gradient_of` attached, itself differentiable. ``out=`` is refused. TensorFlow itself takes subnormal numbers
        for zeros.

    Raises
    ------
    TypeError
        ``x`` is complex, text, objects, dates, a masked array or of another float format; an option is not a number;
        ``out`` is not an array.
    ValueError
        ``out`` has another shape or dtype, or cannot be written; an option is out of its range.

    The body stays reachable as ``__wrapped__``, so that go-to-definition and ``inspect.getsource`` show the arithmetic.
    """
    if function is None:
        return functools.partial(elementwise, in_float64=in_float64)
    signature = inspect.signature(function)
    several = get_origin(signature.return_annotation) is tuple
    names = [p.name for p in signature.parameters.values() if p.default is p.empty]
    defaults = {p.name: p.default for p in signature.parameters.values() if p.default is not p.empty}

    @functools.wraps(function)
    def kernel(*args, out=None, **keywords):
        if len(args) == len(names) and not keywords:
            arrays, options = dict(zip(names, args, strict=True)), defaults
        else:
            try:
                bound = signature.bind(*args, **keywords).arguments
            except TypeError as error:
                raise TypeError(f"{function.__name__}: {error}") from None
            arrays = {name: bound[name] for name in names}
            options = {
                name: _option(function.__name__, name, bound[name], default) if name in bound else default
                for name, default in defaults.items()
            }
        if any(map(_is_tensor, arrays.values())):
            if out is not None:
                raise TypeError(
                    f"{function.__name__}: out= is for NumPy arrays; a tensor cannot be written to"
                )
            from nlref import tensors

            return tensors.run(function.__name__, function, kernel.vjp, arrays, options)
        return _on_numpy(function, arrays, options, out, in_float64, several)

    kernel.vjp = None
    kernel.in_float64 = in_float64
    # Honest help(): what can be passed is what is shown.
    out = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)
    kernel.__signature__ = signature.replace(parameters=[*signature.parameters.values(), out])
    return kernel


def gradient_of(kernel: Callable) -> Callable[[Function], Function]:
    """Declare the decorated ``vjp(x, g, **options)`` the gradient of ``kernel(x, **options)``.

    A vector-Jacobian product: the gradient with respect to ``x`` of ``sum(g * kernel(x))``, for an upstream gradient
    ``g`` that has ``x``'s shape or broadcasts to it. The result has ``x``'s shape and dtype; otherwise the rules of
    `elementwise` hold, with the kernel's own ``in_float64``. TensorFlow differentiates ``kernel`` with it, and
    differentiates it by its own rules. It is also ``kernel.vjp``.

    Raises
    ------
    TypeError
        At definition, if the parameters are not ``x, g`` and the kernel's options with the same defaults; at the call,
        as `elementwise`.
    ValueError
        ``g`` does not broadcast to the shape of ``x``.
    """

    def attach(function: Function) -> Function:
        x, *others = inspect.signature(kernel.__wrapped__).parameters.values()
        first, second, *rest = inspect.signature(function).parameters.values()
        if (first.name, second.name) != (x.name, "g") or _defaults(rest) != _defaults(others):
            raise TypeError(
                f"{function.__name__} must take ({', '.join(['x', 'g', *map(_bare, others)])}) "
                f"to be the gradient of {kernel.__name__}"
            )
        kernel.vjp = elementwise(function, in_float64=kernel.in_float64)
        return kernel.vjp

    return attach


def _defaults(parameters: list[inspect.Parameter]) -> list[tuple[str, Any]]:
    return [(parameter.name, parameter.default) for parameter in parameters]


def _bare(parameter: inspect.Parameter) -> str:
    return str(parameter.replace(annotation=parameter.empty))


def _option(kernel: str, name: str, value: Any, default: Any) -> Any:
    """``value`` as a plain Python number: a NumPy scalar would lift float32 arrays to float64."""
    if isinstance(default, bool):
        if isinstance(value, bool | np.bool_):
            return bool(value)
        raise TypeError(f"{kernel}: {name} must be True or False, not {value!r}")
    if value is None and default is None:
        return None
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{kernel}: {name} must be a number, not a {type(value).__name__}")
    value = float(value)
    if math.isnan(value):
        raise ValueError(f"{kernel}: {name} must be a number, not NaN")
    return value


def _on_numpy(
    function: Callable,
    arrays: Mapping[str, Any],
    options: Mapping[str, Any],
    out: Any,
    in_float64: bool,
    several: bool,
) -> Any:
    kernel = function.__name__
    x, *given = (_array(kernel, name, value) for name, value in arrays.items())
    dtype, computed_in = _dtypes(x.dtype)
    rounded_to = computed_in  # what 16-bit results are rounded to first, so that they are those of float32
    if in_float64:
        computed_in = np.dtype(np.float64)
    others = [_spread(kernel, name, other, x) for name, other in zip(list(arrays)[1:], given, strict=True)]
    if out is None:
        result = np.empty_like(x, dtype=dtype, subok=False)
    else:
        result = _checked_out(kernel, out, x.shape, dtype)
        others = [_apart(other, result) for other in others]
        x = _apart(x, result)

    operands = [x, *others]
    # In a gradient of several arrays the second operand is g, which has no gradient of its own.
    sums = [_Sum(array, x.shape) for array in given[1:]] if several else []
    target = result
    if x.ndim == 0:
        target, *operands = (array.reshape(1) for array in (target, *operands))

    def compute(piece: tuple) -> None:
        y = function(*(a[piece].astype(computed_in, copy=False) for a in operands), **options)
        if several:
            y, *parts = y
            for total, part in zip(sums, parts, strict=True):
                total.add(piece, part)
        target[piece] = y.astype(rounded_to, copy=False) if dtype.itemsize == 2 else y

    if x.size <= blocks.BLOCK:
        with np.errstate(all="ignore"):
            compute(())
    else:
        # Walk along x's memory: a transposed array in its own order, not across it.
        axes = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
        target, *operands = (array.transpose(axes) for array in (target, *operands))
        for total in sums:
            total.transpose(axes)
        blocks.walk(compute, target.shape, ordered=several)
    if not (result.ndim or out is not None):
        result = result[()]
    return (result, *(total.result() for total in sums)) if several else result


def _spread(kernel: str, name: str, array: np.ndarray, x: np.ndarray) -> np.ndarray:
    try:
        return np.broadcast_to(array, x.shape)
    except ValueError:
        raise ValueError(
            f"{kernel}: {name} of shape {array.shape} does not fit x of shape {x.shape}"
        ) from None


class _Sum:
    """The gradient to an array that was broadcast: pieces of the full gradient, summed back to the array's shape."""

    def __init__(self, array: np.ndarray, full: tuple[int, ...]) -> None:
        self.shape, self.dtype = array.shape, _dtypes(array.dtype)[0]
        self.total = np.zeros(
            (1,) * (max(len(full), 1) - array.ndim) + array.shape,
            # Sums are gathered in float64; where nothing is summed, that would only take memory.
            self.dtype if array.shape == full else np.float64,
        )
        self._view = self.total

    def transpose(self, axes: list[int]) -> None:
        self._view = self.total.transpose(axes)

    def add(self, piece: tuple, part: np.ndarray) -> None:
        index = tuple(slice(i, i + 1) if isinstance(i, int) else i for i in piece)
        index += (slice(None),) * (self._view.ndim - len(index))
        part = part.reshape((1,) * (self._view.ndim - part.ndim) + part.shape)
        summed = tuple(axis for axis, length in enumerate(self._view.shape) if length == 1)
        here = tuple(slice(None) if axis in summed else i for axis, i in enumerate(index))
        self._view[here] += part.sum(axis=summed, keepdims=True, dtype=np.float64)

    def result(self) -> Any:
        with np.errstate(all="ignore"):
            return self.total.reshape(self.shape).astype(self.dtype)[()]


def _array(kernel: str, name: str, value: Any) -> np.ndarray:
    if type(value) is not np.ndarray:
        if isinstance(value, np.ndarray) and isinstance(value, np.ma.MaskedArray):
            raise TypeError(
                f"{kernel}: {name} is a masked array, whose mask would be lost; use {name}.filled(...)"
            )
        try:
            value = np.asarray(value)
        except ValueError as error:
            raise ValueError(f"{kernel}: {name} cannot be made an array: {error}") from None
    if _dtypes(value.dtype) is None:
        raise TypeError(
            f"{kernel}: {name} must be real numbers (float16, bfloat16, float32, float64, integer or bool), "
            f"not {value.dtype.name}"
        )
    return value


@functools.cache
def _dtypes(dtype: np.dtype) -> tuple[np.dtype, np.dtype] | None:
    """The dtype of the result and the one to compute in, for an input of ``dtype``; None if it is not served."""
    float32, float64 = np.dtype(np.float32), np.dtype(np.float64)
    if dtype.kind in "biu":
        return float64, float64
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        native = dtype.newbyteorder("=")
        return native, native
    if dtype.name in ("float16", "bfloat16"):
        return dtype.newbyteorder("="), float32
    return None


def _checked_out(kernel: str, out: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if type(out) is not np.ndarray:
        raise TypeError(f"{kernel}: out must be a NumPy array, not a {type(out).__name__}")
    if out.shape != shape:
        raise ValueError(f"{kernel}: out has shape {out.shape}, the result has shape {shape}")
    if out.dtype != dtype:
        raise ValueError(f"{kernel}: out has dtype {out.dtype.name}, the result has dtype {dtype.name}")
    if not out.flags.writeable:
        raise ValueError(f"{kernel}: out is read-only")
    return out


def _apart(array: np.ndarray, out: np.ndarray) -> np.ndarray:
    """``array``, copied if writing one piece of ``out`` could change another piece of it."""
    same = (
        array.__array_interface__["data"] == out.__array_interface__["data"] and array.strides == out.strides
    )
    return array.copy() if not same and np.may_share_memory(array, out) else array
