"""Comparing with Keras: functions, models layer by layer, training runs.

`compare` sets a NumPy function beside the Keras function, `as_keras` puts one into a Keras model, `trace` computes a
Keras model's layers in NumPy, and `fit_both` trains the same network in both. Keras and TensorFlow, the extra
``keras``, are imported when one of them is called, not before.
"""

import importlib
from typing import Any

_HOME = {
    "as_keras": "nlref.keras.numpy_in_keras",
    "compare": "nlref.keras.function_comparison",
    "fit_both": "nlref.keras.training",
    "trace": "nlref.keras.model_trace",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nlref.keras' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
