"""Kernels along an axis: a formula for rows that works along any axis, or several together, of an array or a tensor.

The formula is decorated with `along_axis`, its gradient, below it, with `row_gradient_of`::

    @along_axis
    def softmin(x, axis=-1):
        xp = namespace(x)
        e = xp.exp(xp.min(x, axis=axis, keepdims=True) - x)
        return e / xp.sum(e, axis=axis, keepdims=True)


    @row_gradient_of(softmin)
    def softmin_vjp(x, g, axis=-1): ...

The body sees tensors with ``axis=-1``, and arrays of two dimensions with ``axis=-1`` or, where rows are short,
``axis=0``; in float32 or float64, with at least one entry along the axis. It need not care for warnings and must not
assign. What `nlref.kernel.elementwise` promises to users is promised here, too.
"""

import functools
import inspect
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nlref import blocks
from nlref.kernel import _apart, _array, _checked_out, _defaults, _dtypes, _is_tensor, _option

__all__ = ["along_axis", "row_gradient_of"]

_SHORT = 48
"""Entries of a row below which NumPy reduces faster along the first axis of an array than along the last."""


def along_axis(
    function: Callable | None = None, *, in_float64: bool = False, halves: bool = False
) -> Callable:
    """Make ``function(x, axis=-1, **options)``, a formula for rows, work along any axis of any array or tensor.

    ``axis`` may be an integer or a tuple of integers, whose axes then count as one row. An option named ``mask`` takes
    None or booleans that broadcast to the shape of ``x`` (True keeps an entry); the other options are plain numbers.
    With ``halves=True`` a row gives a result of half its length, which must be even, and ``axis`` is one integer. Rows
    are computed in groups that fit in the cache, over threads where that pays; a single row is never cut. All else is
    as `nlref.kernel.elementwise` says.

    Raises
    ------
    TypeError
        As `nlref.kernel.elementwise`; ``axis`` is not an integer or a tuple of integers; ``mask`` is not booleans.
    ValueError
        As `nlref.kernel.elementwise`; an axis is out of range or named twice; a row is of odd length where halves are
        meant; ``mask`` does not broadcast to the shape of ``x``.
    """
    if function is None:
        return functools.partial(along_axis, in_float64=in_float64, halves=halves)
    return _Kernel(function, in_float64, halves, is_gradient=False).public


def row_gradient_of(kernel: Callable) -> Callable[[Callable], Callable]:
    """Declare the decorated ``vjp(x, g, axis=-1, **options)`` the gradient of the `along_axis` kernel ``kernel``.

    See `nlref.kernel.gradient_of`. ``g`` has the shape of the kernel's result or broadcasts to it.

    Raises
    ------
    TypeError
        At definition, if the parameters are not ``x, g`` and those of the kernel; at the call, as `along_axis`.
    """

    def attach(function: Callable) -> Callable:
        _, *options = inspect.signature(kernel.__wrapped__).parameters.values()
        x, g, *rest = inspect.signature(function).parameters.values()
        if (x.name, g.name) != ("x", "g") or _defaults(rest) != _defaults(options):
            names = ", ".join(["x", "g", *(option.name for option in options)])
            raise TypeError(
                f"{function.__name__} must take ({names}), with the same defaults, "
                f"to be the gradient of {kernel.__name__}"
            )
        plan = kernel.plan
        plan.vjp = function
        kernel.vjp = _Kernel(function, plan.in_float64, plan.halves, is_gradient=True).public
        return kernel.vjp

    return attach


class _Kernel:
    """A formula for rows, how it was declared, and what it does with a call."""

    def __init__(self, function: Callable, in_float64: bool, halves: bool, is_gradient: bool) -> None:
        self.function, self.name = function, function.__name__
        self.in_float64, self.halves, self.is_gradient = in_float64, halves, is_gradient
        self.vjp: Callable | None = None
        self.signature = inspect.signature(function)
        self.defaults = {
            p.name: p.default
            for p in self.signature.parameters.values()
            if p.name not in ("x", "g", "axis", "mask")
        }

        @functools.wraps(function)
        def public(*args, out=None, **keywords):
            return self.call(args, out, keywords)

        public.plan, public.vjp = self, None
        out = inspect.Parameter("out", inspect.Parameter.KEYWORD_ONLY, default=None)
        public.__signature__ = self.signature.replace(parameters=[*self.signature.parameters.values(), out])
        self.public = public

    def call(self, args: tuple, out: Any, keywords: Mapping[str, Any]) -> Any:
        try:
            given = self.signature.bind(*args, **keywords).arguments
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from None
        arrays = {name: given[name] for name in ("x", "g") if name in given}
        axis, mask = given.get("axis", -1), given.get("mask")
        options = {
            name: _option(self.name, name, given[name], default) if name in given else default
            for name, default in self.defaults.items()
        }
        if any(map(_is_tensor, (*arrays.values(), mask))):
            if out is not None:
                raise TypeError(f"{self.name}: out= is for NumPy arrays; a tensor cannot be written to")
            from nlref import tensors

            return tensors.run_rows(self, arrays, axis, mask, options)
        return self.on_numpy(arrays, axis, mask, options, out)

    def on_numpy(self, arrays: Mapping[str, Any], axis: Any, mask: Any, options: dict, out: Any) -> Any:
        x, *others = (_array(self.name, name, value) for name, value in arrays.items())
        axes = self.axes(axis, x.shape)
        dtype, computed_in = _dtypes(x.dtype)
        rounded_to = computed_in
        if self.in_float64:
            computed_in = np.dtype(np.float64)
        half = self.halved(x.shape, axes) if self.halves else x.shape
        shape = x.shape if self.is_gradient else half
        others = [_fitted(self.name, "g", other, half) for other in others]
        if mask is not None:
            others.append(_fitted(self.name, "mask", self.checked_mask(mask), x.shape))
        if out is None:
            result = (
                np.empty_like(x, dtype=dtype, subok=False) if shape == x.shape else np.empty(shape, dtype)
            )
        else:
            result = _checked_out(self.name, out, shape, dtype)
            others = [_apart(other, result) for other in others]
            x = _apart(x, result)

        # The rows last, the other axes before them in the order of memory.
        outer = sorted(set(range(x.ndim)) - set(axes), key=lambda i: -abs(x.strides[i]))
        target, *operands = (array.transpose([*outer, *axes]) for array in (result, x, *others))
        length = math.prod(x.shape[i] for i in axes)
        short = length < _SHORT
        kept = operands[-1] if mask is not None else None

        def compute(piece: tuple) -> None:
            rows = []
            for array in operands:
                part = array[piece]
                part = part.reshape(-1, math.prod(part.shape[part.ndim - len(axes) :]))
                part = np.ascontiguousarray(part.T if short else part)
                rows.append(part if array is kept else part.astype(computed_in, copy=False))
            y = self.rows(rows, 0 if short else -1, mask is not None, options)
            y = y.astype(rounded_to, copy=False) if dtype.itemsize == 2 else y
            into = target[piece]
            into[...] = (y.T if short else y).reshape(into.shape)

        if x.size == 0:
            # Nothing to compute, but the options are still looked at.
            self.rows([np.ones((0, 2), computed_in) for _ in arrays], -1, False, options)
        elif x.size <= blocks.BLOCK:
            with np.errstate(all="ignore"):
                compute(())
        else:
            blocks.walk(compute, tuple(x.shape[i] for i in outer), most=max(blocks.BLOCK // length, 1))
        return result

    def rows(
        self,
        arrays: Sequence[Any],
        axis: int,
        masked: bool,
        options: Mapping[str, Any],
        function: Callable | None = None,
    ) -> Any:
        """The formula, or another with its parameters, on rows; the last of ``arrays`` is the mask, if ``masked``."""
        function = function or self.function
        if not masked:
            return function(*arrays, axis=axis, **options)
        *arrays, mask = arrays
        return function(*arrays, axis=axis, mask=mask, **options)

    def axes(self, axis: Any, shape: tuple) -> tuple[int, ...]:
        """The axes meant, counted from 0 and sorted."""
        several = isinstance(axis, tuple | list) and not self.halves
        try:
            if isinstance(axis, bool):
                raise TypeError
            numbers = [operator.index(i) for i in axis] if several else [operator.index(axis)]
        except TypeError:
            kinds = "an integer" if self.halves else "an integer or a tuple of integers"
            raise TypeError(f"{self.name}: axis must be {kinds}, not {axis!r}") from None
        if not numbers:
            raise ValueError(f"{self.name}: axis must name at least one axis, not ()")
        for i in numbers:
            if not -len(shape) <= i < len(shape):
                raise ValueError(f"{self.name}: axis {i} is out of range for x of shape {shape}")
        axes = sorted({i % len(shape) for i in numbers})
        if len(axes) < len(numbers):
            raise ValueError(f"{self.name}: axis {axis} names an axis of x of shape {shape} twice")
        return tuple(axes)

    def halved(self, shape: tuple, axes: tuple[int, ...]) -> tuple:
        (axis,) = axes
        if shape[axis] is not None and shape[axis] % 2:
            raise ValueError(
                f"{self.name}: x of shape {shape} has an odd length along axis {axis}, so it has no halves"
            )
        half = None if shape[axis] is None else shape[axis] // 2
        return (*shape[:axis], half, *shape[axis + 1 :])

    def checked_mask(self, mask: Any) -> np.ndarray:
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise TypeError(
                f"{self.name}: mask must be booleans, True where an entry is kept, not {mask.dtype.name}; "
                "for numbers give mask != 0"
            )
        return mask


def _fitted(kernel: str, name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        whose = "x" if name == "mask" else "the result"
        raise ValueError(
            f"{kernel}: {name} of shape {array.shape} does not fit {whose} of shape {shape}"
        ) from None
