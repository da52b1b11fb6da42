"""Activation functions on NumPy arrays and TensorFlow tensors; ``<name>_vjp(x, g)`` is the gradient.

Names and arguments are Keras'. ``FACTS`` has one row a function: its range, kinks and counterparts elsewhere.
"""

# ruff: noqa: F403 (what is public, each family says in its __all__)

from nlref.activations import hard, rectifiers, shrinkage, sigmoids, smooth
from nlref.activations.hard import *
from nlref.activations.rectifiers import *
from nlref.activations.shrinkage import *
from nlref.activations.sigmoids import *
from nlref.activations.smooth import *

_FAMILIES = (rectifiers, sigmoids, smooth, hard, shrinkage)

FACTS = {name: facts for family in _FAMILIES for name, facts in family.FACTS.items()}

__all__ = ["FACTS", *(name for family in _FAMILIES for name in family.__all__ if name != "FACTS")]
