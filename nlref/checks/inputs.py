"""Inputs that many exercises share."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nlref.checks.exercise import Case


def elementwise_cases(
    generator: np.random.Generator, keywords: tuple[Mapping[str, Any], ...] = ({},)
) -> tuple[Case, ...]:
    """The calls that an elementwise function from arrays to arrays must survive.

    ``keywords`` holds the keyword arguments to try; the values are tested with each of them, everything else with the
    last. Every array has numbers of both signs, so that neither the identity nor a constant passes by accident, and
    begins with a negative number, where results that take their type from the first element go wrong.
    """

    def mixed(*shape: int) -> np.ndarray:
        """Numbers of both signs in [0.1, 5], three decimals, so that messages stay readable."""
        size = int(np.prod(shape))
        magnitude = generator.uniform(0.1, 5.0, size)
        sign = np.where(generator.uniform(size=size) < 0.5, -1.0, 1.0)
        sign[0] = -1.0
        if size > 1:
            sign[1] = 1.0
        return np.round(sign * magnitude, 3).reshape(shape)

    symmetric = np.sort(np.round(generator.uniform(0.1, 4.0, 5), 2))
    last = keywords[-1]
    values = [
        Case("values", (array,), given, scale=0.01)
        for given in keywords
        for array in (np.array([-1.5, -1.0, 0.0, 0.5, 2.0]), mixed(12))
    ]
    return (
        *values,
        Case("properties", (np.concatenate([-symmetric[::-1], [0.0], symmetric]),), last),
        *(Case("shape", (mixed(*shape),), last, scale=0.01) for shape in ((2,), (3, 4), (4, 1), (2, 3, 2))),
        Case("shape", (mixed(1).reshape(()),), last, graded=False, scale=0.01),
        Case("shape", (np.empty((0,)),), last, graded=False),
        *(Case("extremes", (np.array([end]),), last, tolerance=1e-10, scale=1.0) for end in (-1e3, 1e3)),
        Case("extremes", (np.array([-40.0, -12.0, 12.0, 40.0]),), last, tolerance=1e-10, scale=1.0),
        *(
            Case("extremes", (np.array([special]),), last, graded=False, tolerance=1e-10, scale=1.0)
            for special in (-np.inf, np.inf, np.nan)
        ),
        Case("dtype", (mixed(6).astype(np.float32),), last, scale=0.01),
        Case("dtype", (np.array([-2, -1, 0, 1, 3]),), last, graded=False, scale=0.01),
        Case("input unchanged", (mixed(6),), last),
    )
