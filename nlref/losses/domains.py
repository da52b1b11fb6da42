"""The values that arrays of a loss may hold: each check answers with a sentence where one does not fit, else None."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["check_signs", "first_of", "not_in_unit_interval"]


def not_in_unit_interval(name: str, array: np.ndarray, mend: str = "") -> str | None:
    """A sentence if ``array`` holds something outside [0, 1]; NaN passes, and propagates."""
    wrong = array[(array < 0) | (array > 1)]
    return f"{name} must lie in [0, 1], but holds {first_of(wrong)}{mend}" if wrong.size else None


def check_signs(arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> str | None:
    """A sentence if ``y_true`` holds anything but -1 and 1."""
    y = arrays["y_true"]
    wrong = y[(y != 1) & (y != -1)]
    if not wrong.size:
        return None
    mend = "; use 2 * y_true - 1" if np.all(wrong == 0) else ""
    return f"y_true must hold only -1 and 1, but holds {first_of(wrong)}{mend}"


def first_of(values: np.ndarray) -> str:
    """The first of some offending numbers, as a user writes it."""
    return f"{values.ravel()[0].item():g}"
