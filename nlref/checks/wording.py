"""How values are written in a message."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def an(noun: str) -> str:
    """The noun with its article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def shown_arguments(names: Sequence[str], arguments: Sequence[Any], keywords: Mapping[str, Any]) -> str:
    """``x = [1, 2], axis = 0``."""
    parts = [f"{name} = {shown(value)}" for name, value in zip(names, arguments, strict=False)]
    parts += [f"{name} = {shown(value)}" for name, value in keywords.items()]
    return ", ".join(parts)


def shown(x: Any) -> str:
    """A value for a sentence: short arrays whole, long ones by their beginning and shape."""
    if not isinstance(x, np.ndarray):
        return _scalar(x)
    if x.size == 0:
        return f"an empty array of shape {x.shape}"
    if x.size > 12:
        first = ", ".join(_scalar(v) for v in x.ravel()[:6])
        return f"[{first}, ...] of shape {x.shape}"
    dtype = "" if x.dtype == np.float64 else f" ({x.dtype})"
    if x.ndim == 0:
        return f"{_scalar(x[()])} (an array without axes){dtype}"
    return nested(x) + dtype


def nested(x: np.ndarray) -> str:
    """An array as nested brackets."""
    if x.ndim == 0:
        return _scalar(x[()])
    if x.ndim == 1:
        return "[" + ", ".join(_scalar(v) for v in x) + "]"
    return "[" + ", ".join(nested(row) for row in x) + "]"


def _scalar(value: Any) -> str:
    if isinstance(value, str | bool) or value is None:
        return repr(value)
    if isinstance(value, np.bool_):
        return repr(bool(value))
    if type(value) in (list, tuple) and any(isinstance(item, np.ndarray) for item in value):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, np.ufunc):
        return f"np.{value.__name__}"
    if not isinstance(value, int | float | np.generic):
        return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)
    return f"{float(value):.6g}"


def apart(got: float, right: float) -> tuple[str, str]:
    """Both numbers with as many digits as tell them apart, six at least."""
    for digits in (6, 9, 12, 17):
        pair = f"{got:.{digits}g}", f"{right:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return pair


def typed(value: Any) -> str:
    """A value as one types it in Python, with NumPy as ``np``; long arrays by their beginning."""
    if isinstance(value, np.ndarray):
        if value.size > 12:
            first = ", ".join(typed(v) for v in value.ravel()[:4].tolist())
            return f"np.array([{first}, ...]).reshape{value.shape if value.ndim > 1 else f'({value.size})'}"
        dtype = "" if value.dtype in (np.float64, np.int64, np.bool_) else f", dtype=np.{value.dtype}"
        return f"np.array({typed(value.tolist())}{dtype})"
    if type(value) is tuple:
        return "(" + ", ".join(map(typed, value)) + ("," if len(value) == 1 else "") + ")"
    if type(value) is list:
        return "[" + ", ".join(map(typed, value)) + "]"
    if type(value) is dict:
        return "{" + ", ".join(f"{typed(key)}: {typed(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float):
        if not np.isfinite(value):
            return f"np.{value}" if value > 0 or np.isnan(value) else "-np.inf"
        text = f"{float(value):.6g}"
        return text if set(text) & set(".e") else f"{text}.0"
    if isinstance(value, np.generic):
        return typed(value.item())
    if isinstance(value, np.random.Generator):
        return "np.random.default_rng()"
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return repr(value)


def typed_call(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> str:
    """``name(1, axis=0)``."""
    given = [typed(value) for value in arguments] + [
        f"{key}={typed(value)}" for key, value in keywords.items()
    ]
    return f"{name}({', '.join(given)})"
