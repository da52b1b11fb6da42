"""What optimizers and callbacks check their numbers with."""

import math
import numbers
from typing import Any

import numpy as np


def number(owner: str, name: str, value: Any, *, above_zero: bool = False, most: float = math.inf) -> float:
    """``value`` as a float, if it is a finite number from 0, or above it, to ``most``.

    Raises
    ------
    TypeError, ValueError
        It is no number; it is not in this range. The sentence says whose argument it is, by ``owner`` and ``name``.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{owner}: {name} must be a number, not {value!r}")
    if not (math.isfinite(value) and (value > 0 if above_zero else value >= 0) and value <= most):
        limits = "above 0" if above_zero else "from 0 on" if most == math.inf else f"from 0 to {most:g}"
        raise ValueError(f"{owner}: {name} must be {limits}, not {value}")
    return float(value)
