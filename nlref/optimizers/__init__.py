"""Optimizers and callbacks in NumPy, with Keras' names, arguments, defaults and arithmetic."""

import difflib

from nlref.optimizers.adam import Adam, AdamW
from nlref.optimizers.callbacks import Callback, EarlyStopping, ReduceLROnPlateau
from nlref.optimizers.optimizer import Optimizer
from nlref.optimizers.rmsprop import RMSprop
from nlref.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Callback",
    "EarlyStopping",
    "Optimizer",
    "RMSprop",
    "ReduceLROnPlateau",
    "get",
]

_BY_NAME = {rule.__name__.lower(): rule for rule in (SGD, RMSprop, Adam, AdamW)}


def get(identifier: str | Optimizer) -> Optimizer:
    """A new optimizer by its name in small or capital letters, with Keras' defaults; an optimizer is returned as it is.

    >>> get("adam").learning_rate
    0.001

    Raises
    ------
    ValueError
        No optimizer here has this name.
    TypeError
        ``identifier`` is neither a string nor an `Optimizer`; a class must be called first.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if not isinstance(identifier, str):
        got = (
            f"the class {identifier.__name__}; call it" if isinstance(identifier, type) else repr(identifier)
        )
        raise TypeError(f"optimizers.get: give a name or an optimizer, not {got}")
    if identifier.lower() not in _BY_NAME:
        near = difflib.get_close_matches(identifier.lower(), _BY_NAME, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(_BY_NAME)}"
        raise ValueError(f"optimizers.get: there is no optimizer {identifier!r}{hint}")
    return _BY_NAME[identifier.lower()]()
