"""Facts about a kernel, as data: what tests, documents and lessons say about it is read from here.

Each family file of kernels ends in a table ``FACTS``, one row a public kernel. A row without which a kernel would be
untested is what makes the tests find it: see ``tests/activations/``.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Kink:
    """A point where the slope jumps, and the slope that is taken there.

    ``keras``, ``pytorch`` and ``mxnet`` are the slopes that those systems return at the point, where known.
    """

    x: float
    slope: float
    left: float
    right: float
    keras: float | None = None
    pytorch: float | None = None
    mxnet: float | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """The shape of a kernel for one choice of its options.

    ``range`` is the infimum and the supremum of the values, ``limits`` the values at -inf and +inf, ``slopes`` the
    slopes there; ``jumps`` lists the points where the value itself is discontinuous, ``roots`` those where the slope
    passes through 0, around which no formula keeps its relative error.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    range: tuple[float, float]
    limits: tuple[float, float]
    slopes: tuple[float, float]
    increasing: bool = True
    kinks: tuple[Kink, ...] = ()
    jumps: tuple[float, ...] = ()
    roots: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Counterpart:
    """The same function in another system: their ``function(x, **arguments)`` is ours with ``options``.

    ``float32`` and ``float64`` bound ``|theirs - ours| / max(1, |ours|)`` for values and slopes at finite inputs, kinks
    apart; a bound far above rounding has its reason in ``differs``. ``recorded`` is the key of the values that were
    written down from that system and stand in ``tests/references/``. What is a defect there is not compared, but a test
    that finds it repaired fails: ``wrong_slope`` says that all slopes are unusable, and why, ``overflows`` above which
    ``|x|`` their value or slope is lost, at least in float32.
    """

    system: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    float32: float = 2e-6
    float64: float = 1e-14
    differs: str = ""
    recorded: str = ""
    wrong_slope: str = ""
    overflows: float = math.inf

    @property
    def call(self) -> str:
        """The call as one writes it: ``keras.activations.relu(x, max_value=6.0)``."""
        return f"{self.function}({', '.join(['x', *(f'{k}={v!r}' for k, v in self.arguments.items())])})"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One kernel: its exact value and slope, its shape for each set of options worth a test, and its counterparts.

    ``exact(mp, x, **options)`` and ``exact_slope`` are the textbook formulas in mpmath's arithmetic (``mp`` is a
    context such as ``mpmath.mp``; this package does not import it), the truth that accuracy is measured against. The
    first case is the one of the default options. ``slope_at_nan`` is NaN unless the slope does not depend on ``x``.
    """

    exact: Callable[..., Any]
    exact_slope: Callable[..., Any]
    cases: tuple[Case, ...]
    counterparts: tuple[Counterpart, ...] = ()
    slope_at_nan: float = math.nan


@dataclass(frozen=True, kw_only=True)
class RowFacts:
    """One kernel along an axis: its exact rows and their gradient, options worth a test, and its counterparts.

    ``exact(mp, row, **options)`` takes and gives a list of mpmath's numbers, as does
    ``exact_vjp(mp, row, g, **options)``. The first of ``options`` is that of the defaults. ``probabilities`` says that
    a row's values sum to 1.
    """

    exact: Callable[..., Any]
    exact_vjp: Callable[..., Any]
    options: tuple[Mapping[str, Any], ...] = (MappingProxyType({}),)
    probabilities: bool = False
    counterparts: tuple[Counterpart, ...] = ()
