"""Penalties on weights: numbers that grow with them and are added to the loss, so that training keeps them small.

A penalty is called with the weights, ``penalty(w)``, and gives a number; ``penalty.gradient(w)`` is its gradient.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nlref.layers.arguments import number

__all__ = ["L1", "L1L2", "L2", "get"]


class L1L2:
    r"""Both penalties: :math:`l_1 \sum |w| + l_2 \sum w^2`.

    The gradient is :math:`l_1 \operatorname{sign}(w) + 2 l_2 w`, of the shape and dtype of ``w``; a weight that is 0
    has the slope 0, between the -1 and 1 to its sides. The first part pulls every weight to 0 with the same force and
    holds the small ones there, the second with a force that grows with the weight.

    Parameters
    ----------
    l1, l2 : the factors, from 0 on; both are 0 by default

    Raises
    ------
    TypeError, ValueError
        A factor is not a number, or not finite and from 0 on.

    Keras: ``keras.regularizers.L1L2``, with no factor 1/2 in front of the squares either.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = (self._factor(name, value) for name, value in (("l1", l1), ("l2", l2)))

    def __call__(self, w: np.ndarray) -> float:
        """The penalty, summed in float64."""
        absolute = np.abs(w, dtype=np.float64)
        return float(self.l1 * absolute.sum() + self.l2 * np.square(absolute).sum())

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """The gradient with respect to ``w``."""
        return self.l1 * np.sign(w) + 2 * self.l2 * w

    def __repr__(self) -> str:
        factors = [f"{name}={value:g}" for name, value in (("l1", self.l1), ("l2", self.l2)) if value]
        return f"{type(self).__name__}({', '.join(factors)})"

    def _factor(self, name: str, value: Any) -> float:
        factor = number(type(self).__name__, name, value)
        if not 0 <= factor < math.inf:
            raise ValueError(f"{type(self).__name__}: {name} must be finite and from 0 on, not {value}")
        return factor


class L1(L1L2):
    r"""The sum of the magnitudes, :math:`l_1 \sum |w|`, with which many weights end at 0; ``keras.regularizers.L1``."""

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    r"""The sum of the squares, :math:`l_2 \sum w^2`, with the gradient :math:`2 l_2 w`; ``keras.regularizers.L2``."""

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


_BY_NAME = {"l1": L1, "L1": L1, "l2": L2, "L2": L2}


def get(identifier: str | Callable | None) -> Callable | None:
    """The penalty with Keras' name "l1" or "l2", of factor 0.01; a penalty is returned as it is, and None for None.

    >>> get("l2")
    L2(l2=0.01)

    Raises
    ------
    ValueError
        No penalty has this name. Keras also takes "l1_l2", which there is a penalty of nothing: both factors are 0.
    TypeError
        ``identifier`` is not a name, and not a function of the weights with a ``gradient``.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        if identifier in _BY_NAME:
            return _BY_NAME[identifier]()
        raise ValueError(
            f"regularizers.get: there is no penalty {identifier!r}; give 'l1', 'l2', or L1L2(l1=..., l2=...)"
        )
    if isinstance(identifier, type) and issubclass(identifier, L1L2):
        return identifier()
    if callable(identifier) and hasattr(identifier, "gradient"):
        return identifier
    raise TypeError(
        f"regularizers.get: give a name or a function of the weights that has a gradient, not {identifier!r}"
    )
