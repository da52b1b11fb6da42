"""nlref: activation and loss functions in NumPy, a reference to trust and a course that builds it.

``nlref.activations`` and ``nlref.losses`` hold the reference; ``nlref.layers``, ``nlref.optimizers`` and ``Network``
are small networks made of them; ``nlref.keras`` compares with Keras. ``check``, ``hint``, ``reveal``, ``predict``,
``choose``, ``explore``, ``progress`` and ``written`` are what a notebook calls. Everything is imported on first use,
so that ``import nlref`` costs next to nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "Network": "nlref.network",
    "activations": "nlref.activations",
    "check": "nlref.learn",
    "choose": "nlref.learn",
    "explore": "nlref.learn",
    "hint": "nlref.learn",
    "keras": "nlref.keras",
    "layers": "nlref.layers",
    "losses": "nlref.losses",
    "optimizers": "nlref.optimizers",
    "predict": "nlref.learn",
    "progress": "nlref.learn",
    "reveal": "nlref.learn",
    "written": "nlref.learn",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nlref' has no attribute {name!r}")
    home = importlib.import_module(_HOME[name])
    return home if home.__name__ == f"nlref.{name}" else getattr(home, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
