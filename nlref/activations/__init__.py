"""Activation functions on NumPy arrays and TensorFlow tensors; ``<name>_vjp(x, g)`` is the gradient.

Names and arguments are Keras', and `get` finds a function by such a name. ``FACTS`` has one row for each elementwise
function: its range, kinks and counterparts elsewhere; ``ROW_FACTS`` has one for each function along an axis.
"""

# ruff: noqa: F403, F405 (what is public, each family says in its __all__)

import difflib
from collections.abc import Callable

from nlref.activations import hard, rectifiers, shrinkage, sigmoids, simplex, smooth
from nlref.activations.hard import *
from nlref.activations.rectifiers import *
from nlref.activations.shrinkage import *
from nlref.activations.sigmoids import *
from nlref.activations.simplex import *
from nlref.activations.smooth import *

_ELEMENTWISE = (rectifiers, sigmoids, smooth, hard, shrinkage)

FACTS = {name: facts for family in _ELEMENTWISE for name, facts in family.FACTS.items()}
ROW_FACTS = simplex.FACTS

hard_swish = hard_silu
swish = silu

ALIASES = {"hard_swish": "hard_silu", "swish": "silu"}
"""Keras' second names."""

__all__ = [
    "ALIASES",
    "FACTS",
    "ROW_FACTS",
    "get",
    *ALIASES,
    *(name for family in (*_ELEMENTWISE, simplex) for name in family.__all__ if name != "FACTS"),
]


def get(identifier: str | Callable | None) -> Callable:
    """The activation that Keras knows by the name ``identifier``, as in ``keras.activations.get``.

    A callable is returned as it is, and None gives `linear`. Names are those of the functions here, `ALIASES` included.
    Keras' dictionaries of a serialised layer are not taken.

    >>> get("swish") is silu
    True

    Raises
    ------
    ValueError
        No activation has this name; the sentence has those that are spelled nearly so.
    TypeError
        ``identifier`` is neither a string, nor callable, nor None.
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(
            f"activations.get: give a name, a callable or None, not a {type(identifier).__name__}"
        )
    names = {**dict.fromkeys((*FACTS, *ROW_FACTS)), **ALIASES}
    if identifier not in names:
        near = difflib.get_close_matches(identifier.lower(), names, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"activations.get: there is no activation {identifier!r}{hint}")
    return globals()[names[identifier] or identifier]
