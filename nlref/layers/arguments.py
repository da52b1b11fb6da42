"""What layers check their options with: each answers with the option as it is used, or says what it should be.

They raise TypeError for a value of another kind, ValueError for one out of its range; ``layer`` and ``name`` say whose.
"""

import operator
from typing import Any


def integer(layer: str, name: str, value: Any) -> int:
    """``value`` as an int."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{layer}: {name} must be an integer, not {value!r}") from None


def positive_integer(layer: str, name: str, value: Any) -> int:
    """``value`` as an int of at least 1."""
    value = integer(layer, name, value)
    if value < 1:
        raise ValueError(f"{layer}: {name} must be at least 1, not {value}")
    return value


def pair(layer: str, name: str, value: Any) -> tuple[int, int]:
    """``value``, one integer for rows and columns alike or two, as two ints of at least 1."""
    if not isinstance(value, tuple | list):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(
            f"{layer}: {name} must be one integer, or two for rows and columns, not {tuple(value)}"
        )
    rows, columns = (positive_integer(layer, name, entry) for entry in value)
    return rows, columns


def padding_name(layer: str, padding: str) -> str:
    """``padding``, "valid" or "same", in small letters."""
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ValueError(f"{layer}: padding must be 'valid' or 'same', not {padding!r}")
    return padding.lower()


def fraction(layer: str, name: str, value: Any) -> float:
    """``value`` as a float from 0 to 1."""
    if not 0 <= number(layer, name, value) <= 1:
        raise ValueError(f"{layer}: {name} must be from 0 to 1, not {value}")
    return float(value)


def number(layer: str, name: str, value: Any) -> float:
    """``value`` as a float."""
    try:
        if isinstance(value, str | bool):
            raise TypeError
        return float(value)
    except TypeError:
        raise TypeError(f"{layer}: {name} must be a number, not {value!r}") from None


def not_negative(layer: str, name: str, value: Any) -> float:
    """``value`` as a float of at least 0."""
    if not number(layer, name, value) >= 0:
        raise ValueError(f"{layer}: {name} must be at least 0, not {value}")
    return float(value)


def channels_last(layer: str, data_format: str | None) -> None:
    """Refuse Keras' other order of axes, "channels_first"."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"{layer}: data_format must be 'channels_last', not {data_format!r}; "
            "move the channels to the last axis with np.moveaxis(x, 1, -1)"
        )
