"""Operations that stand in a functional graph beside layers: ``x + y``, ``2 * x``, ``keras.activations.gelu(x)``."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from nlref import activations

_OF_NUMPY = {
    "Absolute": np.abs,
    "Add": np.add,
    "Cos": np.cos,
    "Divide": np.divide,
    "Exp": np.exp,
    "Log": np.log,
    "Log1p": np.log1p,
    "Matmul": np.matmul,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Multiply": np.multiply,
    "Negative": np.negative,
    "Power": np.power,
    "Reciprocal": np.reciprocal,
    "Sin": np.sin,
    "Sqrt": np.sqrt,
    "Square": np.square,
    "Subtract": np.subtract,
    "TrueDivide": np.divide,
}


def numpy_operation(operation: Any) -> Callable[..., np.ndarray] | None:
    """What NumPy has for an operation of ``keras.ops``, of its positional arguments; None if there is nothing here."""
    kind = type(operation)
    if not kind.__module__.startswith("keras.src.ops."):
        return None
    if kind.__name__ == "GetItem":
        return lambda x, key: x[key]
    if kind.__name__ in _OF_NUMPY:
        return _OF_NUMPY[kind.__name__]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
    if name not in activations.FACTS and name not in activations.ROW_FACTS:
        return None
    kernel = getattr(activations, name)
    options = {
        parameter.name: getattr(operation, parameter.name)
        for parameter in inspect.signature(kernel).parameters.values()
        if parameter.default is not parameter.empty and hasattr(operation, parameter.name)
    }
    return lambda x: kernel(x, **options)
