"""Losses that measure how far a predicted mask is from overlapping the true one: dice, tversky."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nlref.kernel import Array, namespace
from nlref.loss import Shape, equal_shapes, gradient_of_loss, kept, loss
from nlref.loss_facts import LossCounterpart, LossFacts, Point
from nlref.losses.domains import not_in_unit_interval

__all__ = ["FACTS", "dice", "dice_vjp", "tversky", "tversky_vjp"]

Axis = int | tuple[int, ...] | None


def _mask_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    for name in options.keys() & {"alpha", "beta", "epsilon"}:
        if options[name] < 0:
            return f"{name} must not be negative, not {options[name]:g}"
    return equal_shapes(shapes, options)


def _check_masks(arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> str | None:
    return not_in_unit_interval("y_true", arrays["y_true"]) or not_in_unit_interval(
        "y_pred", arrays["y_pred"], "; if these are scores, pass them through sigmoid first"
    )


@loss(shapes=_mask_shapes, check=_check_masks)
def dice(y_true: Array, y_pred: Array, axis: Axis = None, epsilon: float = 1e-7) -> Array:
    r"""Dice loss, one minus the Sørensen-Dice coefficient of a mask and its prediction, in [0, 1]:

    .. math:: 1 - \frac{2 \sum y \hat y}{\sum y + \sum \hat y + \epsilon}

    ``y_true`` and ``y_pred`` have one shape and lie in [0, 1]. The sums run over ``axis``: an integer, a tuple of
    integers, or None for all axes, the batch too, which gives one number however many samples there are.
    ``axis=(1, 2, 3)`` gives each image of a batch its own.

    Stability
        Computed as :math:`(\sum [y (1 - \hat y) + \hat y (1 - y)] + \epsilon) / (\sum y + \sum \hat y + \epsilon)`:
        the terms are not negative, so the loss of a nearly perfect mask keeps its digits. The formula above subtracts
        two numbers near 1.
    Edges
        Two empty masks have the loss 1, as in Keras, not 0, and no gradient worth having: :math:`\epsilon` stands
        below the line alone. With ``epsilon=0`` they have NaN.
    Raises
        ``ValueError`` for entries outside [0, 1] or a negative ``epsilon``.
    Keras
        ``keras.losses.dice``, ``Dice``, ``"dice"``; ``epsilon`` is ``keras.config.epsilon()`` there.
    PyTorch, MXNet
        None.
    Source
        Milletari, Navab and Ahmadi, "V-Net: fully convolutional neural networks for volumetric medical image
        segmentation", 2016, with squares in the denominator.
    """
    xp = namespace(y_true, y_pred)
    apart = y_true * (1.0 - y_pred) + y_pred * (1.0 - y_true)
    return (xp.sum(apart, axis=axis) + epsilon) / (xp.sum(y_true + y_pred, axis=axis) + epsilon)


@gradient_of_loss(dice)
def dice_vjp(y_true: Array, y_pred: Array, g: Array, axis: Axis = None, epsilon: float = 1e-7) -> Array:
    r""":math:`-2 g\,(y - I/S)/S` with :math:`I = \sum y \hat y,\ S = \sum y + \sum \hat y + \epsilon`."""
    xp = namespace(y_true, y_pred)
    total = xp.sum(y_true + y_pred, axis=axis, keepdims=True) + epsilon
    overlap = xp.sum(y_true * y_pred, axis=axis, keepdims=True)
    return kept(g, y_pred, axis) * (-2.0 * (y_true - overlap / total) / total)


@loss(shapes=_mask_shapes, check=_check_masks)
def tversky(
    y_true: Array,
    y_pred: Array,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: Axis = None,
    epsilon: float = 1e-7,
) -> Array:
    r"""Tversky loss, a `dice` that weighs what is missed and what is invented apart, in [0, 1]:

    .. math:: 1 - \frac{I}{I + \alpha \sum y (1 - \hat y) + \beta \sum \hat y (1 - y) + \epsilon},
              \qquad I = \sum y \hat y

    ``alpha`` weighs the false negatives, ``beta`` the false positives, as Keras computes; the documentation of Keras,
    and the article, have them the other way round. With both 1/2 it is dice. Masks, ``axis`` and what is said of two
    empty masks as in `dice`.

    Stability
        Computed as the quotient of what is not overlap and the denominator, without subtracting from 1.
    Raises
        ``ValueError`` for entries outside [0, 1] or a negative option.
    Keras
        ``keras.losses.tversky``, ``Tversky``, ``"tversky"``; ``epsilon`` is ``keras.config.epsilon()`` there.
    PyTorch, MXNet
        None.
    Source
        Salehi, Erdogmus and Gholipour, "Tversky loss function for image segmentation using 3D fully convolutional
        deep networks", 2017, where alpha belongs to the false positives.
    """
    overlap, apart = _tversky_sums(y_true, y_pred, alpha, beta, axis, epsilon, keepdims=False)
    return apart / (overlap + apart)


@gradient_of_loss(tversky)
def tversky_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: Axis = None,
    epsilon: float = 1e-7,
) -> Array:
    r""":math:`-g\,[y\,(\ell + \alpha T) - (1 - y)\,\beta T] / d` with the denominator d, :math:`T = I/d = 1 - \ell`."""
    overlap, apart = _tversky_sums(y_true, y_pred, alpha, beta, axis, epsilon, keepdims=True)
    total = overlap + apart
    index, loss = overlap / total, apart / total
    slope = y_true * (loss + alpha * index) - (1.0 - y_true) * (beta * index)
    return -kept(g, y_pred, axis) * slope / total


def _tversky_sums(y_true, y_pred, alpha, beta, axis, epsilon, keepdims):
    """The overlap, and the weighted sum of what is not, ``epsilon`` included."""
    xp = namespace(y_true, y_pred)
    apart = alpha * (y_true * (1.0 - y_pred)) + beta * (y_pred * (1.0 - y_true))
    return (
        xp.sum(y_true * y_pred, axis=axis, keepdims=keepdims),
        xp.sum(apart, axis=axis, keepdims=keepdims) + epsilon,
    )


def _masks(generator, shape, **_):
    """A true mask of zeros, ones and some borders in between, and probabilities."""
    y = np.where(
        generator.uniform(size=shape) < 0.2,
        generator.uniform(size=shape),
        generator.integers(0, 2, size=shape),
    )
    return y, generator.uniform(0.02, 0.98, size=shape)


def _exact_dice(mp, y, p, axis=None, epsilon=1e-7):
    overlap = mp.fsum(a * b for a, b in zip(y.flat, p.flat, strict=True))
    return 1 - 2 * overlap / (mp.fsum(y.flat) + mp.fsum(p.flat) + mp.mpf(epsilon))


def _exact_tversky(mp, y, p, alpha=0.5, beta=0.5, axis=None, epsilon=1e-7):
    pairs = list(zip(y.flat, p.flat, strict=True))
    overlap = mp.fsum(a * b for a, b in pairs)
    missed = mp.fsum(a * (1 - b) for a, b in pairs)
    invented = mp.fsum(b * (1 - a) for a, b in pairs)
    return 1 - overlap / (overlap + mp.mpf(alpha) * missed + mp.mpf(beta) * invented + mp.mpf(epsilon))


_AXES = ({}, {"axis": -1}, {"axis": (0, 1)}, {"axis": 0, "epsilon": 1.0})

FACTS = {
    "dice": LossFacts(
        draw=_masks,
        exact=_exact_dice,
        cases=_AXES,
        points=(
            Point(
                why="a perfect mask",
                arguments=([1.0, 0.0, 1.0], [1.0, 0.0, 1.0]),
                options={"axis": -1, "epsilon": 0.0},
                value=0.0,
                gradient=[-0.25, 0.25, -0.25],
            ),
            Point(
                why="nothing right",
                arguments=([1.0, 0.0], [0.0, 1.0]),
                options={"axis": -1},
                value=1.0,
                gradient=[-2 / (2 + 1e-7), 0.0],
            ),
            Point(
                why="two empty masks",
                arguments=([0.0, 0.0], [0.0, 0.0]),
                options={"axis": -1},
                value=1.0,
                gradient=[0.0, 0.0],
            ),
        ),
        counterparts=(
            LossCounterpart(system="keras", function="keras.losses.dice", recorded=("loss/dice",)),
            LossCounterpart(
                system="keras",
                function="keras.losses.dice",
                arguments={"axis": 1},
                options={"axis": 1},
                recorded=("loss/dice_axis1",),
            ),
        ),
    ),
    "tversky": LossFacts(
        draw=_masks,
        exact=_exact_tversky,
        cases=(*_AXES, {"alpha": 0.3, "beta": 0.7, "axis": -1}, {"alpha": 0.0, "beta": 1.0, "axis": -1}),
        points=(
            Point(
                why="alpha weighs what is missed",
                arguments=([1.0, 1.0], [1.0, 0.0]),
                options={"axis": -1, "alpha": 0.25, "beta": 0.75, "epsilon": 0.0},
                value=0.2,
                gradient=[-0.32, -0.32],
            ),
            Point(
                why="beta weighs what is invented",
                arguments=([1.0, 0.0], [1.0, 1.0]),
                options={"axis": -1, "alpha": 0.25, "beta": 0.75, "epsilon": 0.0},
                value=3 / 7,
                gradient=[-(3 / 7 + 1 / 7) * 4 / 7, 12 / 49],
            ),
            Point(
                why="two empty masks",
                arguments=([0.0, 0.0], [0.0, 0.0]),
                options={"axis": -1},
                value=1.0,
                gradient=[0.0, 0.0],
            ),
        ),
        counterparts=(
            LossCounterpart(system="keras", function="keras.losses.tversky", recorded=("loss/tversky",)),
            LossCounterpart(
                system="keras",
                function="keras.losses.tversky",
                arguments={"alpha": 0.3, "beta": 0.7, "axis": 1},
                options={"alpha": 0.3, "beta": 0.7, "axis": 1},
                recorded=("loss/tversky_.3_.7_axis1",),
            ),
        ),
    ),
}
