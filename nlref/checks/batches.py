"""What exercises about losses share: one value for each sample, and the ways in which a reduction goes wrong."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from nlref.checks.exercise import Mistake

# A table of one number an entry, of labels and predictions of the same shape.
Entries = Callable[..., Any]


def per_sample(loss: Callable[..., Any]) -> Callable[..., Any]:
    """The package's loss as the learner writes it: one value a sample."""

    def reference(y_true, y_pred, **options):
        return loss(y_true, y_pred, **options, reduction=None)

    reference.__name__ = loss.__name__
    return reference


def of_distributions(function: Callable[..., Any], *which: int) -> Callable[..., Any]:
    """``function``, refusing rows that do not sum to 1 among the arguments ``which``: no such input is ever shown."""

    def reference(*arrays, **options):
        for i in which:
            if np.any(np.abs(np.sum(arrays[i], axis=-1) - 1) > 1e-9):
                raise ValueError(f"argument {i} must sum to 1 along the last axis")
        return function(*arrays, **options)

    reference.__name__ = function.__name__
    return reference


def reduction_mistakes(entries: Entries, right: Literal["mean", "sum"]) -> tuple[Mistake, ...]:
    """``right`` is what is done over the last axis."""
    mistakes = (
        Mistake(
            "mean over everything",
            lambda *args, **options: np.mean(entries(*args, **options)),
            "values",
            f"One number comes back, the mean over everything. Here each sample keeps its own: the {right} runs "
            "over the last axis.",
        ),
        Mistake(
            "sum over everything",
            lambda *args, **options: np.sum(entries(*args, **options)),
            "values",
            "One number comes back, the sum over everything, which grows with the size of the batch. Each sample "
            f"keeps its own: the {right} runs over the last axis.",
        ),
        Mistake(
            "sum divided by the samples",
            lambda *args, **options: np.sum(entries(*args, **options)) / len(args[0]),
            "values",
            "One number comes back, the sum over everything divided by the number of samples. Each sample keeps its "
            f"own: the {right} runs over the last axis; the mean of the batch comes later.",
        ),
        Mistake(
            "over the samples",
            lambda *args, **options: getattr(np, right)(entries(*args, **options), axis=0),
            "values",
            f"The {right} runs over the first axis, the samples. It should run over the last one.",
        ),
        Mistake(
            "second axis for the last",
            lambda *args, **options: getattr(np, right)(entries(*args, **options), axis=1),
            "shape",
            f"The {right} runs over the second axis. That is the last one in a table alone: `axis=-1` works for every "
            "shape.",
        ),
        Mistake(
            "not reduced",
            entries,
            "values",
            f"One value an entry comes back: the {right} over the last axis is missing.",
        ),
    )
    if right == "sum":
        return mistakes
    sum_for_mean = Mistake(
        "sum for mean",
        lambda *args, **options: np.sum(entries(*args, **options), axis=-1),
        "values",
        "A sum stands where a mean should: the loss of a sample grows with its number of outputs.",
    )
    return (*mistakes, sum_for_mean)
