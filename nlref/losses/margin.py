"""Losses of scores with a margin: hinges, ranking, and the logistic loss, their smooth relative.

A score costs nothing once it is right by more than the margin. Where a margin is met exactly the slope jumps; what is
taken there stands in each docstring.
"""

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nlref.activations import sigmoid, softplus
from nlref.kernel import Array, namespace
from nlref.loss import Shape, gradient_of_loss, loss, mean_gradient, same_shape
from nlref.loss_facts import Defect, LossCounterpart, LossFacts, Point
from nlref.losses.domains import check_signs, first_of

__all__ = [
    "FACTS",
    "categorical_hinge",
    "categorical_hinge_vjp",
    "hinge",
    "hinge_vjp",
    "logistic",
    "logistic_vjp",
    "margin_ranking",
    "margin_ranking_vjp",
    "multi_margin",
    "multi_margin_vjp",
    "squared_hinge",
    "squared_hinge_vjp",
]


def missed(missing: Array, at_zero: float = 1.0) -> Array:
    """The slope of ``max(missing, 0)``: 1 above 0, 0 below, ``at_zero`` at 0, NaN at NaN."""
    xp = namespace(missing)
    return xp.where(missing > 0, 1.0, xp.where(missing < 0, 0.0, xp.where(missing == 0, at_zero, missing)))


def _check_labels(arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> str | None:
    y = arrays["y_true"]
    if not options["convert_labels"]:
        return None
    if np.all((y == 1) | (y == -1)) or np.all((y == 1) | (y == 0)):
        return None
    odd = y[(y != 1) & (y != -1) & (y != 0)]
    return (
        "y_true must hold only -1 and 1, or only 0 and 1, but holds "
        + (first_of(odd) if odd.size else "-1 and 0")
        + "; convert_labels=False takes labels as they are"
    )


def _signed(y_true: Array, convert_labels: bool) -> Array:
    """Labels as -1 and 1: converted where all of them are 0 or 1."""
    if not convert_labels:
        return y_true
    xp = namespace(y_true)
    binary = xp.all((y_true == 0) | (y_true == 1))
    return xp.where(binary, 2.0 * y_true - 1.0, y_true)


@loss(check=_check_labels)
def hinge(y_true: Array, y_pred: Array, margin: float = 1.0, convert_labels: bool = True) -> Array:
    r"""Hinge loss, :math:`\frac1D\sum_j \max(0, m - y_j \hat y_j)`, in [0, inf); D is the length of the last axis.

    ``y_true`` holds labels -1 and 1, ``y_pred`` scores of the same shape, m is ``margin``. If every label of the call
    is 0 or 1, 0 counts as -1, as in Keras; ``convert_labels=False`` takes labels as they are, whatever numbers they
    may be.

    Kinks
        At :math:`y \hat y = m` the slope is that of a missed margin, -y, as in Keras; MXNet takes 0.
    Raises
        ``ValueError`` for labels that are neither all in {-1, 1} nor all in {0, 1}. Keras takes them as they are.
    Keras
        ``keras.losses.hinge``, ``Hinge``, ``"hinge"``; its gradient at NaN is 0, ours NaN.
    PyTorch
        None: ``torch.nn.HingeEmbeddingLoss`` is `hinge_embedding`, ``MultiMarginLoss`` is `multi_margin`.
    MXNet
        ``mxnet.gluon.loss.HingeLoss(margin)``, labels -1 and 1; with labels 0 and 1 it is ``convert_labels=False``,
        for which a sample of class 0 costs the whole margin whatever its score.
    Source
        Cortes and Vapnik, "Support-vector networks", 1995.
    """
    xp = namespace(y_true, y_pred)
    return xp.mean(xp.maximum(margin - _signed(y_true, convert_labels) * y_pred, 0.0), axis=-1)


@gradient_of_loss(hinge)
def hinge_vjp(
    y_true: Array, y_pred: Array, g: Array, margin: float = 1.0, convert_labels: bool = True
) -> Array:
    r""":math:`-g\,y_j/D` where the margin is missed or just met, 0 where it is exceeded; NaN at NaN."""
    y = _signed(y_true, convert_labels)
    return mean_gradient(g, y_pred) * -y * missed(margin - y * y_pred)


@loss(check=_check_labels)
def squared_hinge(y_true: Array, y_pred: Array, margin: float = 1.0, convert_labels: bool = True) -> Array:
    r"""Squared hinge loss, :math:`\frac1D\sum_j \max(0, m - y_j \hat y_j)^2`, in [0, inf): a hinge without the kink.

    ``margin`` m, ``convert_labels`` and labels as in `hinge`.

    Keras
        ``keras.losses.squared_hinge``, ``SquaredHinge``, ``"squared_hinge"``
    PyTorch
        None.
    MXNet
        ``mxnet.gluon.loss.SquaredHingeLoss(margin)``, labels -1 and 1
    Source
        Chang, Hsieh and Lin, "Coordinate descent method for large-scale L2-loss linear support vector machines",
        2008.
    """
    xp = namespace(y_true, y_pred)
    missing = xp.maximum(margin - _signed(y_true, convert_labels) * y_pred, 0.0)
    return xp.mean(missing * missing, axis=-1)


@gradient_of_loss(squared_hinge)
def squared_hinge_vjp(
    y_true: Array, y_pred: Array, g: Array, margin: float = 1.0, convert_labels: bool = True
) -> Array:
    r""":math:`-2 g\,y_j \max(0, m - y_j \hat y_j)/D`."""
    xp = namespace(y_true, y_pred)
    y = _signed(y_true, convert_labels)
    return mean_gradient(g, y_pred) * (-2.0 * y * xp.maximum(margin - y * y_pred, 0.0))


@loss(check=_check_labels)
def logistic(y_true: Array, y_pred: Array, convert_labels: bool = True) -> Array:
    r"""Logistic loss, :math:`\frac1D\sum_j \log(1 + e^{-y_j z_j})`, in [0, inf), of scores and labels -1 and 1.

    The soft margin: `binary_crossentropy` from logits, with labels -1 and 1 in place of 0 and 1. Labels that are all
    0 or 1 are converted as in `hinge`, unless ``convert_labels=False``.

    Stability
        The softplus of :math:`-yz`: no overflow, and the tail of a confident right score keeps its digits.
    Keras
        None of that name; `binary_crossentropy`.
    PyTorch
        ``torch.nn.functional.soft_margin_loss``, "none" being one value an entry. It takes the logarithm of an
        exponential: inf, with gradient NaN, from :math:`-yz = 89` on in float32, 710 in float64, and 0 on the other
        side beyond 17 (37).
    MXNet
        ``mxnet.gluon.loss.LogisticLoss``, ``label_format`` "signed" or "binary". At z = 0 its gradient is 0 or -1
        instead of 1/2 or -1/2; in float32 its softrelu is only right to 2e-6.
    Source
        Cox, "The regression analysis of binary sequences", 1958.
    """
    xp = namespace(y_true, y_pred)
    return xp.mean(softplus(-_signed(y_true, convert_labels) * y_pred), axis=-1)


@gradient_of_loss(logistic)
def logistic_vjp(y_true: Array, y_pred: Array, g: Array, convert_labels: bool = True) -> Array:
    r""":math:`-g\,y_j\,\sigma(-y_j z_j)/D` with the logistic sigmoid :math:`\sigma`."""
    y = _signed(y_true, convert_labels)
    return mean_gradient(g, y_pred) * -y * sigmoid(-y * y_pred)


@loss
def categorical_hinge(y_true: Array, y_pred: Array) -> Array:
    r"""Categorical hinge, :math:`\max(0, 1 + \max_j (1 - y_j) \hat y_j - \sum_j y_j \hat y_j)`, over the last axis.

    ``y_true`` is one-hot, ``y_pred`` holds scores of the same shape; the result in [0, inf) is how much the best
    wrong class, or 0 if that is more, comes within 1 of the right one: the right class takes part in the maximum with
    0. A class whose factor is 0 adds nothing, even at an infinite score, where a product 0 * inf is NaN.

    Kinks
        Where the margin is just met the slope is that of a missed one, as in Keras; classes that tie for the maximum
        share its slope evenly.
    Keras
        ``keras.losses.categorical_hinge``, ``CategoricalHinge``
    PyTorch, MXNet
        None; `multi_margin` sums over the wrong classes where this takes the largest.
    Source
        Crammer and Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", 2001.
    """
    xp = namespace(y_true, y_pred)
    right, wrong = _right_and_wrong(y_true, y_pred)
    return xp.maximum(xp.max(wrong, axis=-1) - xp.sum(right, axis=-1) + 1.0, 0.0)


@gradient_of_loss(categorical_hinge)
def categorical_hinge_vjp(y_true: Array, y_pred: Array, g: Array) -> Array:
    r""":math:`g\,([j\ \mathrm{wins}](1 - y_j) - y_j)` where the margin is not exceeded, else 0."""
    xp = namespace(y_true, y_pred)
    right, wrong = _right_and_wrong(y_true, y_pred)
    largest = xp.max(wrong, axis=-1, keepdims=True)
    wins = xp.where(wrong == largest, xp.ones_like(wrong), 0.0)
    wins = wins / xp.sum(wins, axis=-1, keepdims=True)
    active = missed(largest - xp.sum(right, axis=-1, keepdims=True) + 1.0)
    return xp.expand_dims(g, -1) * active * (wins * (1.0 - y_true) - y_true)


def _right_and_wrong(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    xp = namespace(y_true, y_pred)
    right = xp.where(y_true == 0, 0.0, y_true * y_pred)
    return right, xp.where(y_true == 1, 0.0, (1.0 - y_true) * y_pred)


def _class_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    labels, scores = shapes["y_true"], shapes["y_pred"]
    if not same_shape(labels, scores[:-1]):
        return (
            f"y_true has shape {labels} and y_pred has shape {scores}; "
            "y_true must have the shape of y_pred without its last axis, one class index a sample"
        )
    if options["p"] not in (1, 2):
        return f"p must be 1 or 2, not {options['p']}"
    if options["weight"] is None:
        return None
    weight = tuple(getattr(options["weight"], "shape", ()))
    if not same_shape(weight, scores[-1:]):
        return f"weight has shape {weight}; it must be {scores[-1:]}, one number a class"
    return None


def _check_classes(arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> str | None:
    y, classes = arrays["y_true"], arrays["y_pred"].shape[-1]
    odd = y[(y < 0) | (y >= classes)]
    if odd.size:
        return f"y_true must hold class indices from 0 to {classes - 1}, but holds {first_of(odd)}"
    if options["weight"] is None:
        return None
    weight = np.asarray(options["weight"])
    negative = weight[weight < 0]
    return f"weight must not be negative, but holds {first_of(negative)}" if negative.size else None


@loss(indices=("y_true",), shapes=_class_shapes, check=_check_classes)
def multi_margin(
    y_true: Array, y_pred: Array, p: int = 1, margin: float = 1.0, weight: Array | None = None
) -> Array:
    r"""Multi-class margin loss, :math:`\frac{w_y}{C} \sum_{j \ne y} \max(0, m - z_y + z_j)^p`, in [0, inf).

    ``y_true`` holds class indices y, ``y_pred`` scores z with the C classes on the last axis, so that
    ``y_true.shape == y_pred.shape[:-1]``; ``p`` is 1 or 2, m is ``margin``, ``weight`` one number w for each class.

    Kinks
        Where a margin is just met (``p=1``) its slope is 0, as in PyTorch.
    Raises
        ``ValueError`` for a class index that does not exist or a negative weight.
    Keras, MXNet
        None; ``keras.losses.categorical_hinge`` takes the largest term where this sums and divides by C.
    PyTorch
        ``torch.nn.functional.multi_margin_loss``, same arguments; the mean of weighted losses is divided by the
        number of samples there as here. It passes over NaN, and over a difference of two equal infinities; here they
        are NaN.
    Source
        Weston and Watkins, "Support vector machines for multi-class pattern recognition", 1999.
    """
    xp = namespace(y_true, y_pred)
    own, missing = _missing_margins(y_true, y_pred, margin)
    missing = xp.maximum(missing, 0.0)
    cost = xp.mean(missing if p == 1 else missing * missing, axis=-1)
    return cost if weight is None else cost * _of_class(own, weight)


@gradient_of_loss(multi_margin)
def multi_margin_vjp(
    y_true: Array, y_pred: Array, g: Array, p: int = 1, margin: float = 1.0, weight: Array | None = None
) -> Array:
    r""":math:`\frac{g w_y}{C} [z_j\ \mathrm{misses}]`, times twice the miss for ``p=2``; for y minus their sum."""
    xp = namespace(y_true, y_pred)
    own, missing = _missing_margins(y_true, y_pred, margin)
    slope = missed(missing, at_zero=0.0) if p == 1 else 2.0 * xp.maximum(missing, 0.0)
    if weight is not None:
        g = g * _of_class(own, weight)
    to_own = -xp.sum(slope, axis=-1, keepdims=True)
    return mean_gradient(g, y_pred) * xp.where(own, to_own, slope)


def _missing_margins(y_true: Array, y_pred: Array, margin: float) -> tuple[Array, Array]:
    """Which class is the sample's own, and how much each other one misses the margin to it; 0 for its own."""
    xp = namespace(y_true, y_pred)
    own = xp.expand_dims(y_true, -1) == xp.arange(y_pred.shape[-1])
    right = xp.sum(xp.where(own, y_pred, 0.0), axis=-1, keepdims=True)
    return own, xp.where(own, 0.0, y_pred - right + margin)


def _of_class(own: Array, weight: Array) -> Array:
    xp = namespace(own, weight)
    return xp.sum(xp.where(own, weight, xp.zeros_like(weight)), axis=-1)


@loss(axes=(), check=check_signs)
def margin_ranking(y_true: Array, input1: Array, input2: Array, margin: float = 0.0) -> Array:
    r"""Margin ranking loss of two scores, :math:`\max(0, m - y (x_1 - x_2))`, one value a pair, in [0, inf).

    ``y_true`` is 1 where ``input1`` should rank higher, -1 where ``input2`` should; all three have one shape, and
    every entry is a sample.

    Kinks
        Where the margin is just met the slope is that of a missed one, as in PyTorch: with ``margin=0`` a tie costs
        nothing but is pushed apart.
    Raises
        ``ValueError`` for labels other than -1 and 1.
    PyTorch
        ``torch.nn.functional.margin_ranking_loss(input1, input2, y_true, margin)``
    Keras, MXNet
        None.
    Source
        Herbrich, Graepel and Obermayer, "Large margin rank boundaries for ordinal regression", 2000.
    """
    return namespace(y_true, input1, input2).maximum(margin - y_true * (input1 - input2), 0.0)


@gradient_of_loss(margin_ranking)
def margin_ranking_vjp(
    y_true: Array, input1: Array, input2: Array, g: Array, margin: float = 0.0
) -> tuple[Array, Array]:
    r"""To ``input1`` :math:`-g y` where the margin is missed or just met, else 0; to ``input2`` its negative."""
    to_first = -g * y_true * missed(margin - y_true * (input1 - input2))
    return to_first, -to_first


def _labels_and_scores(generator, shape, **_):
    y = generator.choice([-1.0, 1.0], size=shape)
    return y, _clear_of(y, generator.normal(scale=2, size=shape))


def _clear_of(points: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``x``, moved by 1/4 where it is nearer than 1/8 to one of the ``points``."""
    return x + np.where(np.abs(x - points) < 1 / 8, 1 / 4, 0)


def _one_hot_and_scores(generator, shape, **_):
    """Scores whose margin is either missed or exceeded by something."""
    y = np.eye(shape[-1])[generator.integers(0, shape[-1], size=shape[:-1])]
    p = generator.normal(scale=2, size=shape)
    missing = np.max((1 - y) * p, axis=-1) - np.sum(y * p, axis=-1) + 1
    return y, p - y * np.where(np.abs(missing) < 0.5, 1, 0)[..., None]


def _classes_and_scores(generator, shape, margin=1.0, **_):
    y = generator.integers(0, shape[-1], size=shape[:-1])
    p = generator.normal(scale=2, size=shape)
    right = np.take_along_axis(p, y[..., None], axis=-1)
    others = np.arange(shape[-1]) != y[..., None]
    return y, np.where(others, _clear_of(right - margin, p), p)


def _ranked_scores(generator, shape, margin=0.0, **_):
    y = generator.choice([-1.0, 1.0], size=shape)
    first, second = generator.normal(scale=2, size=(2, *shape))
    return y, _clear_of(second + y * margin, first), second


def _mean(mp, terms):
    terms = list(terms)
    return mp.fsum(terms) / len(terms)


def _exact_hinge(mp, y, p, margin=1.0, convert_labels=True, power=1):
    return _mean(mp, (max(mp.mpf(0), margin - a * b) ** power for a, b in zip(y, p, strict=True)))


def _exact_categorical_hinge(mp, y, p):
    wrong = max((1 - a) * b for a, b in zip(y, p, strict=True))
    return max(mp.mpf(0), 1 + wrong - mp.fsum(a * b for a, b in zip(y, p, strict=True)))


def _exact_multi_margin(mp, y, z, p=1, margin=1.0, weight=None):
    terms = [max(mp.mpf(0), margin - z[y] + z[j]) ** p for j in range(len(z)) if j != y]
    return (1 if weight is None else mp.mpf(weight[y])) * mp.fsum(terms) / len(z)


def _one_against_rest(inputs):
    classes = np.arange(inputs["cl_x"].shape[-1]) == inputs["cl_s"][..., None]
    return np.where(classes, 1.0, -1.0), inputs["cl_x"]


_KERAS_NAN = Defect(reason="the gradient at NaN is 0", rows=(13, 27), parts="g")

FACTS = {
    "hinge": LossFacts(
        draw=_labels_and_scores,
        exact=_exact_hinge,
        cases=({}, {"margin": 0.25}, {"convert_labels": False}),
        points=(
            Point(why="the margin just met", arguments=([1.0], [1.0]), value=0.0, gradient=[-1.0]),
            Point(why="labels 0 and 1", arguments=([0.0, 1.0], [2.0, 2.0]), value=1.5, gradient=[0.5, 0.0]),
            Point(
                why="labels 0 and 1 as they are",
                arguments=([0.0, 1.0], [2.0, 2.0]),
                options={"convert_labels": False},
                value=0.5,
                gradient=[0.0, 0.0],
            ),
            Point(why="an infinite score, right", arguments=([1.0], [math.inf]), value=0.0, gradient=[0.0]),
            Point(
                why="an infinite score, wrong", arguments=([-1.0], [math.inf]), value=math.inf, gradient=[1.0]
            ),
            Point(why="NaN", arguments=([1.0], [math.nan]), value=math.nan, gradient=[math.nan]),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.hinge",
                recorded=("loss/hinge", "loss/hinge_label01"),
                defects=(_KERAS_NAN,),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.HingeLoss()",
                recorded=("loss/HingeLoss_m1",),
                defects=(Defect(reason="takes the slope 0 at the margin", rows=(5, 17), parts="g"),),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.HingeLoss(margin=2)",
                options={"margin": 2.0},
                recorded=("loss/HingeLoss_m2",),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.HingeLoss()",
                options={"convert_labels": False},
                recorded=("loss/HingeLoss_label01",),
                defects=(Defect(reason="takes the slope 0 at the margin", rows=(17,), parts="g"),),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.nd.SVMOutput(use_linear=True)",
                inputs=_one_against_rest,
                scale=3.0,
                parts="g",
                recorded=("out/SVMOutput_L1",),
                defects=(
                    Defect(reason="the gradient at NaN is 0", rows=(9,), parts="g"),
                    Defect(reason="takes the slope 0 at the margin", rows=(11, 12), parts="g"),
                ),
            ),
        ),
    ),
    "squared_hinge": LossFacts(
        draw=_labels_and_scores,
        exact=functools.partial(_exact_hinge, power=2),
        cases=({}, {"margin": 0.25}),
        points=(
            Point(why="the margin just met", arguments=([1.0], [1.0]), value=0.0, gradient=[0.0]),
            Point(why="labels 0 and 1", arguments=([0.0, 1.0], [2.0, 0.0]), value=5.0, gradient=[3.0, -1.0]),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.squared_hinge",
                recorded=("loss/squared_hinge", "loss/squared_hinge_label01"),
                defects=(_KERAS_NAN,),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.SquaredHingeLoss()",
                recorded=("loss/SquaredHingeLoss",),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.nd.SVMOutput()",
                inputs=_one_against_rest,
                scale=3.0,
                parts="g",
                recorded=("out/SVMOutput_L2",),
                defects=(Defect(reason="the gradient at NaN is 0", rows=(9,), parts="g"),),
            ),
        ),
    ),
    "logistic": LossFacts(
        draw=_labels_and_scores,
        exact=lambda mp, y, z, convert_labels=True: _mean(
            mp, (mp.log1p(mp.exp(-a * b)) for a, b in zip(y, z, strict=True))
        ),
        points=(
            Point(why="no idea", arguments=([1.0], [0.0]), value=math.log(2), gradient=[-0.5]),
            Point(why="labels 0 and 1", arguments=([0.0], [50.0]), value=50.0, gradient=[1.0]),
            Point(
                why="confident and right",
                arguments=([1.0], [60.0]),
                value=8.75651076269652e-27,
                gradient=[-8.75651076269652e-27],
            ),
            Point(why="confident and wrong", arguments=([-1.0], [1e30]), value=1e30, gradient=[1.0]),
            Point(
                why="an infinite score, wrong", arguments=([-1.0], [math.inf]), value=math.inf, gradient=[1.0]
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.soft_margin_loss",
                arguments={"reduction": "none"},
                recorded=("loss/soft_margin_none",),
                defects=(
                    Defect(reason="exp overflows", rows=(9, 24)),
                    Defect(reason="inf / inf in the gradient", rows=(11, 26), parts="g"),
                ),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.LogisticLoss()",
                recorded=("loss/LogisticLoss_signed",),
                defects=(
                    Defect(reason="the gradient at 0 is that of relu there", rows=(0, 14), parts="g"),
                    Defect(reason="inf - inf", rows=(11, 12, 25), parts="y"),
                ),
                float32=4e-6,
                differs="in float32 oneDNN's softrelu is only right to 2e-6",
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.LogisticLoss(label_format='binary')",
                recorded=("loss/LogisticLoss_binary",),
                defects=(
                    Defect(reason="a label of 0.3 is none", rows=tuple(range(48, 72)), refused=True),
                    Defect(reason="the gradient at 0 is that of relu there", rows=(0, 1, 24, 25), parts="g"),
                    Defect(reason="inf - inf", rows=(21, 22, 45), parts="y"),
                ),
                float32=4e-6,
                differs="in float32 oneDNN's softrelu is only right to 2e-6",
            ),
        ),
    ),
    "categorical_hinge": LossFacts(
        draw=_one_hot_and_scores,
        exact=_exact_categorical_hinge,
        points=(
            Point(
                why="the margin just met",
                arguments=([1.0, 0.0, 0.0], [2.0, 1.0, 0.0]),
                value=0.0,
                gradient=[-1.0, 1.0, 0.0],
            ),
            Point(
                why="wrong classes that tie",
                arguments=([1.0, 0.0, 0.0], [0.0, 1.0, 1.0]),
                value=2.0,
                gradient=[-1.0, 0.5, 0.5],
            ),
            Point(
                why="the 0 of the right class is the largest",
                arguments=([1.0, 0.0, 0.0], [0.5, -1.0, -2.0]),
                value=0.5,
                gradient=[-1.0, 0.0, 0.0],
            ),
            Point(
                why="an infinite score, right",
                arguments=([1.0, 0.0, 0.0], [math.inf, 0.0, 0.0]),
                value=0.0,
                gradient=[0.0, 0.0, 0.0],
            ),
            Point(
                why="an infinite score, wrong",
                arguments=([1.0, 0.0, 0.0], [0.0, math.inf, 0.0]),
                value=math.inf,
                gradient=[-1.0, 1.0, 0.0],
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.categorical_hinge",
                recorded=("loss/categorical_hinge",),
                defects=(Defect(reason="0 * inf is NaN", rows=(6, 7, 8, 10)),),
            ),
        ),
    ),
    "multi_margin": LossFacts(
        draw=_classes_and_scores,
        exact=_exact_multi_margin,
        cases=({}, {"p": 2}, {"margin": 0.25, "weight": (0.5, 2.0, 0.0)}),
        points=(
            Point(
                why="a margin just met",
                arguments=(0, [2.0, 1.0, 0.0]),
                value=0.0,
                gradient=[0.0, 0.0, 0.0],
            ),
            Point(
                why="weighted, squared",
                arguments=(1, [0.5, 0.0, 1.0]),
                options={"p": 2, "weight": (1.0, 3.0, 1.0)},
                value=6.25,
                gradient=[3.0, -7.0, 4.0],
            ),
            Point(
                why="an infinite score, right",
                arguments=(0, [math.inf, 0.0, 0.0]),
                value=0.0,
                gradient=[0.0, 0.0, 0.0],
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.multi_margin_loss",
                arguments={"reduction": "none"},
                recorded=("loss/multi_margin_none",),
                defects=(Defect(reason="passes over NaN and inf - inf", rows=(9, 10)),),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.multi_margin_loss",
                arguments={"p": 2, "reduction": "none"},
                options={"p": 2},
                recorded=("loss/multi_margin_p2_none",),
                defects=(Defect(reason="passes over NaN and inf - inf", rows=(9, 10)),),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.multilabel_margin_loss",
                arguments={"reduction": "none"},
                recorded=("loss/multilabel_margin_none",),
                defects=(Defect(reason="passes over NaN and inf - inf", rows=(9, 10)),),
                differs="the same where a sample has one label",
            ),
        ),
    ),
    "margin_ranking": LossFacts(
        draw=_ranked_scores,
        exact=lambda mp, y, a, b, margin=0.0: max(mp.mpf(0), margin - y * (a - b)),
        cases=({}, {"margin": 0.25}),
        points=(
            Point(
                why="a tie, just met",
                arguments=(1.0, 2.0, 2.0),
                value=0.0,
                gradients=(-1.0, 1.0),
            ),
            Point(
                why="the second should be higher, and is not",
                arguments=(-1.0, 2.0, 1.0),
                options={"margin": 0.5},
                value=1.5,
                gradients=(1.0, -1.0),
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.margin_ranking_loss",
                arguments={"reduction": "none"},
                inputs=lambda inputs: (inputs["em_y"], inputs["em_a"][:, 0], inputs["em_b"][:, 0]),
                recorded=("loss/margin_ranking_none",),
            ),
        ),
    ),
}
