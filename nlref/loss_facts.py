"""Facts about a loss, as data: what tests, benchmarks and documents say about it is read from here.

Each family file of losses ends in a table ``FACTS``, one row a public loss; ``tests/losses/`` runs over its rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Point:
    """One sample where a loss is pinned: a kink, a saturated prediction, an infinite residual.

    ``arguments`` are the arrays of the sample, without the axis of samples; ``gradient`` is the one taken to the first
    prediction, ``gradients`` those to all of them where there are several.
    """

    why: str
    arguments: tuple
    options: Mapping[str, Any] = field(default_factory=dict)
    value: float
    gradient: Any = None
    gradients: tuple = ()


@dataclass(frozen=True, kw_only=True)
class Defect:
    """Where a counterpart returned something else than ours: a defect or an omission of that system, and its reason.

    ``rows`` are the samples of the recorded inputs; ``parts`` is "y" (values), "g" (gradients) or both; ``files`` are
    the recordings concerned, all if empty. ``refused`` rows are those that ours answers with a `ValueError`. Every row
    said to differ must do so, so that a repair is noticed.
    """

    reason: str
    rows: tuple[int, ...]
    parts: str = "yg"
    dtypes: tuple[str, ...] = ("float32", "float64")
    files: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class LossCounterpart:
    """The same loss in another system: their value is ``scale`` times ours with ``options`` and ``reduction``.

    ``function(y_true, y_pred, **arguments)`` is the call in Keras; other systems are compared by what was ``recorded``:
    the keys of the values that were written down, in ``tests/references/``. ``elementwise``: theirs is one value an
    entry, ours with a last axis of length 1. ``inputs`` makes our arrays from the recorded inputs where they are not
    the target and the prediction themselves. ``float32`` and ``float64`` bound ``|theirs - ours| / max(1, |ours|)``;
    a bound far above rounding has its reason in ``differs``.
    """

    system: str
    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    reduction: str | None = None
    scale: float = 1.0
    elementwise: bool = False
    recorded: tuple[str, ...] = ()
    inputs: Callable[..., tuple] | None = None
    sample_weight: Callable[..., np.ndarray] | None = None
    parts: str = "yg"
    defects: tuple[Defect, ...] = ()
    float32: float = 2e-6
    float64: float = 1e-14
    differs: str = ""

    @property
    def call(self) -> str:
        """The call as one writes it: ``keras.losses.huber(y_true, y_pred, delta=2.0)``."""
        arguments = ["y_true", "y_pred"] if self.system == "keras" else ["y_pred", "y_true"]
        return (
            f"{self.function}({', '.join([*arguments, *(f'{k}={v!r}' for k, v in self.arguments.items())])})"
        )

    def differing_rows(self, file: str, part: str, dtype: str) -> set[int]:
        """The rows of a recording in which theirs is known to differ from ours."""
        return {
            row
            for defect in self.defects
            if not defect.refused
            and part in defect.parts
            and dtype in defect.dtypes
            and (not defect.files or file in defect.files)
            for row in defect.rows
        }

    def refused_rows(self, dtype: str) -> set[int]:
        """The rows of the recorded inputs that ours refuses."""
        return {
            row for defect in self.defects if defect.refused and dtype in defect.dtypes for row in defect.rows
        }


@dataclass(frozen=True, kw_only=True)
class LossFacts:
    """One loss: how to draw inputs, its exact value, the options worth a test, and its counterparts.

    ``draw(generator, shape, **options)`` gives float64 arrays (or whole numbers), one for each of its array
    parameters, at which the loss is smooth and well-conditioned; ``shape`` is that of the first prediction.
    ``exact(mp, *arrays, **options)`` is the textbook formula for one sample in mpmath's arithmetic, each array without
    the axes of samples; where ``couples_samples`` it takes the whole arrays and gives an object array of the values.
    ``cases`` are sets of options, the first of them empty. ``shape`` is what suits tests best.
    """

    draw: Callable[..., tuple[np.ndarray, ...]]
    exact: Callable[..., Any]
    cases: tuple[Mapping[str, Any], ...] = ({},)
    points: tuple[Point, ...] = ()
    counterparts: tuple[LossCounterpart, ...] = ()
    couples_samples: bool = False
    shape: tuple[int, ...] = (20, 3)


def real_numbers(generator: "np.random.Generator", shape: tuple[int, ...], **_: Any) -> tuple:
    """Targets and predictions of any sign, from 1e-3 to 1e3 in size."""

    def draw() -> np.ndarray:
        return generator.normal(size=shape) * 10.0 ** generator.uniform(-3, 3, size=shape)

    return draw(), draw()


def positive_numbers(generator: "np.random.Generator", shape: tuple[int, ...], **_: Any) -> tuple:
    """Targets and predictions from 1e-3 to 1e3."""
    return tuple(10.0 ** generator.uniform(-3, 3, size=(2, *shape)))
