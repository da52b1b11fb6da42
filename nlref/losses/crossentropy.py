"""Cross-entropies: how surprising the labels are to the probabilities, or to the scores, that were predicted."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nlref.activations import sigmoid
from nlref.kernel import Array, namespace
from nlref.loss import equal_shapes, gradient_of_loss, kept, length, loss, same_shape
from nlref.loss_facts import Defect, LossCounterpart, LossFacts, Point

__all__ = [
    "FACTS",
    "binary_crossentropy",
    "binary_crossentropy_vjp",
    "binary_focal_crossentropy",
    "binary_focal_crossentropy_vjp",
    "categorical_crossentropy",
    "categorical_crossentropy_vjp",
    "categorical_focal_crossentropy",
    "categorical_focal_crossentropy_vjp",
    "categorical_generalized_cross_entropy",
    "categorical_generalized_cross_entropy_vjp",
    "sparse_categorical_crossentropy",
    "sparse_categorical_crossentropy_vjp",
]

CONVENTIONS = ("keras", "pytorch", "mxnet")


def _outside(name: str, array: np.ndarray, mend: str) -> str | None:
    """A sentence if ``array`` holds something outside [0, 1]; NaN passes, and propagates."""
    if not array.size or (array.min() >= 0 and array.max() <= 1):
        return None
    wrong = array[(array < 0) | (array > 1)]
    return f"{name} holds {wrong[0]}, which is no probability, in [0, 1]; {mend}" if wrong.size else None


def _check_binary(arrays, options):
    return _outside("y_true", arrays["y_true"], "labels -1 and 1 become 0 and 1 as (y_true + 1) / 2") or (
        None
        if options["from_logits"]
        else _outside("y_pred", arrays["y_pred"], "if these are scores, pass from_logits=True")
    )


@loss(check=_check_binary)
def binary_crossentropy(
    y_true: Array,
    y_pred: Array,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int | Sequence[int] | None = -1,
    pos_weight: float = 1.0,
    convention: str = "keras",
) -> Array:
    r"""Binary cross-entropy, the mean over ``axis`` of :math:`-y\log p - (1 - y)\log(1 - p)`, in [0, inf).

    ``y_true`` holds labels in [0, 1]. ``y_pred`` holds probabilities, or with ``from_logits=True`` their scores z, any
    number, with :math:`p = 1/(1 + e^{-z})`. ``label_smoothing`` a moves the labels to :math:`y(1 - a) + a/2`.
    ``pos_weight`` w multiplies the first term.

    Saturated probabilities
        At p = 0 and p = 1 the logarithm is infinite, and each system guards itself in its own way; ``convention`` is

        - "keras": p is clipped to [1e-7, 1 - 1e-7], so that the worst value is 16.1. Keras' gradient is 0 there, and a
          saturated wrong prediction never recovers; ours is the one at the clipped p, 1e7 at most.
        - "pytorch": logarithms are at least -100, the gradient is :math:`(p - y)/\max(p(1 - p), 10^{-12})`.
        - "mxnet": :math:`\log(p + 10^{-12})`.

        Scores need no guard: prefer them.
    Stability
        From scores, each term is a softplus, and terms are never negative: right to the last bits for confident and
        right predictions, where ``sigmoid(z) - y`` and ``log(1 - p)`` cancel. A finite value needs a finite score, or
        one of the right sign: z = inf with y = 1 is 0.
    Gradient
        :math:`(1 - y)\,p - w\,y\,(1 - p)` to a score, and :math:`(1 - y)/(1 - p) - w\,y/p` to a probability, over D.
    Keras
        ``keras.losses.binary_crossentropy``, ``"bce"``; it clips predictions outside [0, 1] without a word.
    PyTorch
        ``torch.nn.functional.binary_cross_entropy`` with ``convention="pytorch"``, and
        ``binary_cross_entropy_with_logits(pos_weight)``; their ``reduction="none"`` is one value an entry:
        ``y_true[..., None]``.
    MXNet
        ``gluon.loss.SigmoidBCELoss`` is ``from_logits=True``; with ``from_sigmoid=True`` it is ``convention="mxnet"``.
        Its gradient at the score 0 is wrong: -y instead of 1/2 - y. ``LogisticRegressionOutput`` has the gradient of
        ``reduction="sum"``.
    """
    xp = namespace(y_true, y_pred)
    _check_binary_options("binary_crossentropy", label_smoothing, pos_weight, convention)
    y, not_y = _binary_labels(y_true, label_smoothing)
    if from_logits:
        positive, negative = _softpluses(y_pred)
    else:
        p = xp.minimum(xp.maximum(y_pred, 1e-7), 1.0 - 1e-7) if convention == "keras" else y_pred
        positive, negative = _surprises(p, convention)
    return xp.mean(pos_weight * _weighted(y, positive) + _weighted(not_y, negative), axis=axis)


@gradient_of_loss(binary_crossentropy)
def binary_crossentropy_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int | Sequence[int] | None = -1,
    pos_weight: float = 1.0,
    convention: str = "keras",
) -> Array:
    r""":math:`g\,((1 - y)\,p - w\,y\,(1 - p))/D` to a score; :math:`g\,((1 - y)/(1 - p) - w\,y/p)/D` else."""
    _check_binary_options("binary_crossentropy", label_smoothing, pos_weight, convention)
    y, not_y = _binary_labels(y_true, label_smoothing)
    if from_logits:
        slope = not_y * sigmoid(y_pred) - pos_weight * y * sigmoid(-y_pred)
    else:
        slope = _slope_to_probability(pos_weight * y, not_y, y_pred, convention)
    return kept(g / length(y_pred, axis), y_pred, axis) * slope


def _check_binary_options(name: str, label_smoothing: float, pos_weight: float, convention: str) -> None:
    _check_smoothing(name, label_smoothing)
    _check_convention(name, convention)
    if not 0 <= pos_weight < math.inf:
        raise ValueError(f"{name}: pos_weight must not be negative or infinite, but is {pos_weight}")


def _check_smoothing(name: str, label_smoothing: float) -> None:
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"{name}: label_smoothing must be in [0, 1], not {label_smoothing}")


def _check_convention(name: str, convention: str) -> None:
    if convention not in CONVENTIONS:
        raise ValueError(
            f"{name}: convention must be {', '.join(map(repr, CONVENTIONS))}, not {convention!r}"
        )


def _smoothed(y: Array, label_smoothing: float, classes: Any) -> Array:
    return y * (1.0 - label_smoothing) + label_smoothing / classes if label_smoothing else y


def _binary_labels(y: Array, label_smoothing: float) -> tuple[Array, Array]:
    """The labels and their complements, each smoothed by itself so that the small ones keep their digits."""
    return _smoothed(y, label_smoothing, 2.0), _smoothed(1.0 - y, label_smoothing, 2.0)


def _weighted(y: Array, surprise: Array) -> Array:
    """``y * surprise``, and 0 where ``y`` is 0 and the surprise infinite."""
    if isinstance(surprise, np.ndarray) and surprise.max(initial=0.0) < math.inf:
        return y * surprise
    xp = namespace(y, surprise)
    return xp.where((y == 0) & (surprise == math.inf), 0.0 * y, y * surprise)


def _softpluses(z: Array) -> tuple[Array, Array]:
    r""":math:`-\log p` and :math:`-\log(1 - p)` for the score z: the softplus of -z and of z."""
    xp = namespace(z)
    tail = xp.log1p(xp.exp(-xp.abs(z)))
    return xp.maximum(-z, 0.0) + tail, xp.maximum(z, 0.0) + tail


def _surprises(p: Array, convention: str) -> tuple[Array, Array]:
    r""":math:`-\log p` and :math:`-\log(1 - p)`, guarded as ``convention`` says; Keras' where they are large alone."""
    xp = namespace(p)
    if convention == "pytorch":
        return -xp.maximum(xp.log(p), -100.0), -xp.maximum(xp.log1p(-p), -100.0)
    if convention == "mxnet":
        return -xp.log(p + 1e-12), -xp.where(p < 0.5, xp.log1p(1e-12 - p), xp.log((1.0 - p) + 1e-12))
    return -xp.log(xp.maximum(p, 1e-7)), -xp.log1p(-xp.minimum(p, 1.0 - 1e-7))


def _slope_to_probability(y: Array, not_y: Array, p: Array, convention: str) -> Array:
    xp = namespace(y, p)
    q = 1.0 - p
    if convention == "pytorch":
        return (not_y * p - y * q) / xp.maximum(p * q, 1e-12)
    if convention == "mxnet":
        return not_y / (q + 1e-12) - y / (p + 1e-12)
    return not_y / (1.0 - xp.minimum(p, 1.0 - 1e-7)) - y / xp.maximum(p, 1e-7)


@loss(check=_check_binary)
def binary_focal_crossentropy(
    y_true: Array,
    y_pred: Array,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int | Sequence[int] | None = -1,
) -> Array:
    r"""Binary focal cross-entropy, the mean over ``axis`` of :math:`(1 - p_t)^\gamma` times the cross-entropy.

    In [0, inf). :math:`p_t = y p + (1 - y)(1 - p)` is the probability given to the label, so that what is easy and
    right counts less, the less the larger ``gamma``. ``apply_class_balancing`` multiplies by ``alpha`` where y is 1
    and ``1 - alpha`` where it is 0. ``y_true``, ``y_pred``, ``from_logits`` and ``label_smoothing`` as in
    `binary_crossentropy`, without its upper clip: a perfect prediction has the loss 0.

    Stability
        From scores nothing is clipped and nothing saturates; Keras goes through clipped probabilities, whose gradient
        is 0 beyond a score of 16. A ``gamma`` below 1 is safe: Keras' gradient is NaN at a perfect prediction.
    Keras
        ``keras.losses.binary_focal_crossentropy``
    PyTorch, MXNet
        None in the core libraries.
    Source
        Lin, Goyal, Girshick, He and Dollár, "Focal loss for dense object detection", ICCV 2017.
    """
    _check_binary_focal(alpha, gamma, label_smoothing)
    xp = namespace(y_true, y_pred)
    y, not_y = _binary_labels(y_true, label_smoothing)
    p, q, positive, negative = _binary(y_pred, from_logits)
    surprise = _weighted(y, positive) + _weighted(not_y, negative)
    value = _weighted(_power(y * q + not_y * p, gamma), surprise)
    if apply_class_balancing:
        value = (y * alpha + not_y * (1.0 - alpha)) * value
    return xp.mean(value, axis=axis)


@gradient_of_loss(binary_focal_crossentropy)
def binary_focal_crossentropy_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int | Sequence[int] | None = -1,
) -> Array:
    r""":math:`g\,(r^\gamma B' + \gamma r^{\gamma - 1} (1 - 2y) B)/D` with :math:`r = 1 - p_t`, B the cross-entropy."""
    _check_binary_focal(alpha, gamma, label_smoothing)
    xp = namespace(y_true, y_pred)
    y, not_y = _binary_labels(y_true, label_smoothing)
    p, q, positive, negative = _binary(y_pred, from_logits)
    surprise = _weighted(y, positive) + _weighted(not_y, negative)
    miss = y * q + not_y * p
    factor = gamma * (not_y - y) * _per_miss(surprise, miss)
    if from_logits:
        slope = not_y * p - y * q + xp.where(p * q == 0, 0.0 * miss, factor * (p * q))
    else:
        slope = factor + _slope_to_probability(y, not_y, p, "keras")
    slope = _power(miss, gamma) * slope
    if apply_class_balancing:
        slope = (y * alpha + not_y * (1.0 - alpha)) * slope
    return kept(g / length(y_pred, axis), y_pred, axis) * slope


def _binary(y_pred: Array, from_logits: bool) -> tuple[Array, Array, Array, Array]:
    """p, 1 - p, and the negative logarithms of both."""
    if from_logits:
        return sigmoid(y_pred), sigmoid(-y_pred), *_softpluses(y_pred)
    return y_pred, 1.0 - y_pred, *_surprises(y_pred, "keras")


def _per_miss(surprise: Array, miss: Array) -> Array:
    """:math:`-\\log(1 - r) / r`, which goes to 1 with r."""
    xp = namespace(surprise, miss)
    return xp.where(miss == 0, 1.0, surprise / miss)


def _power(base: Array, exponent: float) -> Array:
    return base * base if exponent == 2 else base**exponent


def _check_binary_focal(alpha: float, gamma: float, label_smoothing: float) -> None:
    _check_focal("binary_focal_crossentropy", gamma, label_smoothing)
    if not 0 <= alpha <= 1:
        raise ValueError(f"binary_focal_crossentropy: alpha must be in [0, 1], not {alpha}")


def _check_focal(name: str, gamma: float, label_smoothing: float) -> None:
    _check_smoothing(name, label_smoothing)
    if not 0 <= gamma < math.inf:
        raise ValueError(f"{name}: gamma must be 0 or a positive number, not {gamma}")


def _categorical_shapes(shapes, options):
    return equal_shapes(shapes, options) or _class_numbers(shapes, options, "class_weight", "alpha")


def _sparse_shapes(shapes, options):
    labels, scores = shapes["y_true"], shapes["y_pred"]
    axis = options.get("axis", -1)
    if scores and -len(scores) <= axis < len(scores):
        axis %= len(scores)
        without = scores[:axis] + scores[axis + 1 :]
        as_one = (*scores[:axis], 1, *scores[axis + 1 :])
        if not same_shape(labels, without) and not same_shape(labels, as_one):
            return (
                f"y_true has shape {labels} and y_pred has shape {scores}; y_true must have shape {without}, a class "
                "index for each sample"
                + (": one-hot labels go with categorical_crossentropy" * (labels == scores))
            )
    return _class_numbers(shapes, options, "class_weight")


def _class_numbers(shapes, options, *names):
    scores, axis = shapes["y_pred"], options.get("axis", -1)
    if not scores or not -len(scores) <= axis < len(scores):
        return None  # refused with a better sentence
    for name in names:
        value = options.get(name)
        if hasattr(value, "shape") and scores[axis] is not None and tuple(value.shape) != (scores[axis],):
            return f"{name} has shape {tuple(value.shape)}, but there are {scores[axis]} classes"
    return None


def _check_class_numbers(options, *names):
    for name in names:
        value = np.asarray(0.0 if options.get(name) is None else options[name])
        if not ((value >= 0) & (value < math.inf)).all():
            wrong = value[~((value >= 0) & (value < math.inf))].flat[0]
            return f"{name} holds {wrong}; it must not be negative or infinite"
    return None


def _check_distributions(arrays, options):
    if options.get("from_logits"):
        return None
    y_pred = arrays["y_pred"]
    if sentence := _outside("y_pred", y_pred, "if these are scores, pass from_logits=True"):
        return sentence
    if y_pred.size and (y_pred.max(axis=options.get("axis", -1)) == 0).any():
        return "y_pred holds a sample whose probabilities are all 0; they must add up to 1"
    return None


def _check_categorical(arrays, options):
    return (
        _outside("y_true", arrays["y_true"], "labels are one-hot or probabilities")
        or _check_class_numbers(options, "class_weight", "alpha")
        or _check_distributions(arrays, options)
    )


def _check_sparse(arrays, options):
    classes = arrays["y_pred"].shape[options.get("axis", -1)]
    labels, ignored = arrays["y_true"], options.get("ignore_class")
    wrong = labels[((labels < 0) | (labels >= classes)) & (labels != ignored)]
    if wrong.size:
        return f"y_true holds {wrong.flat[0]}, but there are {classes} classes, 0 to {classes - 1}" + (
            "; pass ignore_class to leave samples out" if ignored is None else ""
        )
    valid = _valid(arrays, options)
    if valid is not None:
        axis = options.get("axis", -1)
        arrays = {**arrays, "y_pred": np.where(np.expand_dims(valid, axis), arrays["y_pred"], 1.0)}
    return _check_class_numbers(options, "class_weight") or _check_distributions(arrays, options)


def _valid(arrays, options):
    """Which samples count; None if all do."""
    if options.get("ignore_class") is None:
        return None
    y_true, axis = arrays["y_true"], options["axis"]
    if len(y_true.shape) == len(arrays["y_pred"].shape):
        y_true = namespace(y_true).squeeze(y_true, axis)
    return y_true != options["ignore_class"]


@loss(shapes=_categorical_shapes, check=_check_categorical)
def categorical_crossentropy(
    y_true: Array,
    y_pred: Array,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    class_weight: Array | None = None,
    convention: str = "keras",
) -> Array:
    r"""Categorical cross-entropy, :math:`-\sum_k y_k \log p_k` over the classes along ``axis``, in [0, inf).

    ``y_true`` is one-hot, or probabilities; ``y_pred`` has its shape and holds probabilities, or with
    ``from_logits=True`` scores, any numbers, whose softmax is p. ``label_smoothing`` a makes the labels
    :math:`y(1 - a) + a/K` for K classes. ``class_weight`` w, one number a class, multiplies the terms.

    Probabilities
        ``convention="keras"`` divides them by their sum, and clips to [1e-7, 1 - 1e-7], so that the worst value is
        16.1. Keras' gradient is 0 where it clips, and a saturated wrong prediction never recovers; ours is the one at
        the clipped p. "pytorch" and "mxnet" take :math:`-\sum y\log p` as it is, infinite at p = 0. Scores need no
        guard: prefer them.
    Stability
        From scores, no term is negative, and what the sure class is not sure of is summed from the other classes: right
        to the last bits for confident predictions, where ``logsumexp(z) - z`` and ``softmax(z) - y`` cancel. A score of
        -inf is a class that cannot be; a single +inf is certain.
    Gradient
        To scores :math:`p \sum y - y`; Keras leaves out the sum of the labels, which is 1 as a rule. To probabilities
        :math:`(\sum y - y/p)/\sum p`.
    Keras
        ``keras.losses.categorical_crossentropy``
    PyTorch
        ``torch.nn.functional.cross_entropy(z, y_true, weight, label_smoothing=a)`` with ``from_logits=True``.
    MXNet
        ``gluon.loss.SoftmaxCELoss(sparse_label=False)`` with ``from_logits=True``; its own ``from_logits=True`` wants
        log-probabilities. ``SoftmaxOutput(smooth_alpha=a)`` gives each wrong class a/(K - 1), which is
        ``label_smoothing=a * K / (K - 1)``; its gradient is that of ``reduction="sum"``.
    """
    _check_crossentropy("categorical_crossentropy", label_smoothing, convention)
    xp = namespace(y_true, y_pred)
    y = _class_labels(y_true, y_pred, label_smoothing, axis, class_weight)
    return xp.sum(_weighted(y, _class_surprise(y_pred, from_logits, axis, convention)), axis=axis)


@gradient_of_loss(categorical_crossentropy)
def categorical_crossentropy_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
    class_weight: Array | None = None,
    convention: str = "keras",
) -> Array:
    r"""To scores :math:`g\,(p \sum y - y)`, to probabilities :math:`g\,(\sum y - y/p)/\sum p`."""
    _check_crossentropy("categorical_crossentropy", label_smoothing, convention)
    xp = namespace(y_true, y_pred)
    y = _class_labels(y_true, y_pred, label_smoothing, axis, class_weight)
    if not from_logits and convention != "keras":
        return kept(g, y_pred, axis) * xp.where(y == 0, 0.0 * y_pred, -y / y_pred)
    return kept(g, y_pred, axis) * _class_slope(-y, y_pred, from_logits, axis)


@loss(indices=["y_true"], shapes=_sparse_shapes, check=_check_sparse, valid=_valid)
def sparse_categorical_crossentropy(
    y_true: Array,
    y_pred: Array,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    label_smoothing: float = 0.0,
    class_weight: Array | None = None,
    convention: str = "keras",
) -> Array:
    r"""Sparse categorical cross-entropy, :math:`-\log p_y` for the class index y, in [0, inf).

    `categorical_crossentropy` with class indices for labels, and its ``from_logits``, ``label_smoothing``,
    ``class_weight`` and ``convention``: ``y_true`` has the shape of ``y_pred`` without ``axis``,
    or with 1 there, and holds whole numbers from 0 to K - 1. Samples with the label ``ignore_class``, any whole number,
    have the loss 0, and means leave them out; the mean of nothing is 0.

    An index out of range is an error; MXNet silently takes the nearest class.

    Keras
        ``keras.losses.sparse_categorical_crossentropy``, whose ``axis`` is -1 on TensorFlow. From probabilities it
        clips before it divides by the sum, unlike its dense form and ours: 1e-7 apart at p = 0 and p = 1.
    PyTorch
        ``torch.nn.functional.cross_entropy(z, y_true, weight=w, ignore_index=i)`` with ``from_logits=True``;
        ``nll_loss`` of the logarithms of probabilities is ``convention="pytorch"``. Its mean divides by the sum of the
        weights: ``reduction="mean_with_sample_weight", sample_weight=w[y_true]``, without ``class_weight``. The mean of
        nothing is NaN.
    MXNet
        ``gluon.loss.SoftmaxCELoss()``; ``nd.softmax_cross_entropy`` is ``reduction="sum"``, as is the gradient of
        ``SoftmaxOutput``.
    """
    _check_crossentropy("sparse_categorical_crossentropy", label_smoothing, convention)
    xp = namespace(y_true, y_pred)
    y_pred = _counted(y_true, y_pred, axis, ignore_class)
    y = _class_labels(_one_hot(y_true, y_pred, axis), y_pred, label_smoothing, axis, class_weight)
    return xp.sum(_weighted(y, _class_surprise(y_pred, from_logits, axis, convention)), axis=axis)


@gradient_of_loss(sparse_categorical_crossentropy)
def sparse_categorical_crossentropy_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    label_smoothing: float = 0.0,
    class_weight: Array | None = None,
    convention: str = "keras",
) -> Array:
    r"""As `categorical_crossentropy_vjp`, with the one-hot labels; 0 for samples of ``ignore_class``."""
    y_pred = _counted(y_true, y_pred, axis, ignore_class)
    y = _one_hot(y_true, y_pred, axis)
    body = categorical_crossentropy.plan.vjp
    return body(y, y_pred, g, from_logits, label_smoothing, axis, class_weight, convention)


@loss(shapes=_categorical_shapes, check=_check_categorical)
def categorical_focal_crossentropy(
    y_true: Array,
    y_pred: Array,
    alpha: float | Array = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    r"""Categorical focal cross-entropy, :math:`-\sum_k \alpha_k (1 - p_k)^\gamma y_k \log p_k` along ``axis``.

    In [0, inf). What is easy and right counts less, the less the larger ``gamma``. ``alpha`` is a number, or one a
    class. ``y_true``, ``y_pred``, ``from_logits`` and ``label_smoothing`` as in `categorical_crossentropy`, with
    Keras' convention for probabilities.

    Stability
        From scores nothing is clipped and nothing saturates; Keras goes through clipped probabilities, so that its
        value ends at 16.1 alpha, its gradient with it. A ``gamma`` below 1 is safe.
    Keras
        ``keras.losses.categorical_focal_crossentropy``
    PyTorch, MXNet
        None in the core libraries.
    Source
        Lin, Goyal, Girshick, He and Dollár, "Focal loss for dense object detection", ICCV 2017.
    """
    _check_focal("categorical_focal_crossentropy", gamma, label_smoothing)
    xp = namespace(y_true, y_pred)
    y = _class_labels(y_true, y_pred, label_smoothing, axis, alpha)
    surprise = _class_surprise(y_pred, from_logits, axis, "keras")
    _, miss, _ = _classes(y_pred, from_logits, axis)
    return xp.sum(_weighted(y * _power(miss, gamma), surprise), axis=axis)


@gradient_of_loss(categorical_focal_crossentropy)
def categorical_focal_crossentropy_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    alpha: float | Array = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    r""":math:`g(u_k - p_k \sum u)` to scores, :math:`u = -\alpha y (1 - p)^\gamma (1 - \gamma p \log p / (1 - p))`."""
    _check_focal("categorical_focal_crossentropy", gamma, label_smoothing)
    xp = namespace(y_true, y_pred)
    y = _class_labels(y_true, y_pred, label_smoothing, axis, alpha)
    surprise = _class_surprise(y_pred, from_logits, axis, "keras")
    p, miss, _ = _classes(y_pred, from_logits, axis)
    inner = 1.0 + gamma * xp.where(p == 0, 0.0 * p, p * _per_miss(surprise, miss))
    u = -y * _power(miss, gamma) * inner
    return kept(g, y_pred, axis) * _class_slope(u, y_pred, from_logits, axis)


def _check_generalized(arrays, options):
    classes = arrays["y_pred"].shape[-1]
    labels = arrays["y_true"]
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        return f"y_true holds {wrong.flat[0]}, but there are {classes} classes, 0 to {classes - 1}"
    return _outside("y_pred", arrays["y_pred"], "turn scores into probabilities with softmax first")


@loss(indices=["y_true"], shapes=_sparse_shapes, check=_check_generalized)
def categorical_generalized_cross_entropy(y_true: Array, y_pred: Array, q: float = 0.5) -> Array:
    r"""Generalized cross-entropy, :math:`(1 - p_y^q)/q` for the class index y, in [0, 1/q].

    For labels that are sometimes wrong: between the cross-entropy, to which it tends for q = 0, and the absolute error,
    q = 1. ``y_true`` holds class indices, ``y_pred`` probabilities along the last axis; ``q`` is in (0, 1].

    Gradient
        :math:`-p_y^{q-1}` to the probability of the label, infinite at 0: taken at 1.2e-38 there. Keras returns
        -inf, and NaN for the other classes.
    Stability
        ``1 - p**q`` cancels for sure predictions; ``expm1`` of :math:`q\log p` does not.
    Keras
        ``keras.losses.categorical_generalized_cross_entropy``
    PyTorch, MXNet
        None.
    Source
        Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels",
        NeurIPS 2018.
    """
    _check_q(q)
    xp = namespace(y_true, y_pred)
    p = xp.sum(_one_hot(y_true, y_pred, -1) * y_pred, axis=-1)
    return -xp.expm1(q * xp.log(p)) / q


@gradient_of_loss(categorical_generalized_cross_entropy)
def categorical_generalized_cross_entropy_vjp(
    y_true: Array, y_pred: Array, g: Array, q: float = 0.5
) -> Array:
    r""":math:`-g\,p_y^{q-1}` at the label's class, 0 elsewhere."""
    _check_q(q)
    xp = namespace(y_true, y_pred)
    label = _one_hot(y_true, y_pred, -1)
    p = xp.maximum(xp.sum(label * y_pred, axis=-1), 1.2e-38)  # float32's smallest normal number
    return kept(-g * p ** (q - 1.0), y_pred) * label


def _check_q(q: float) -> None:
    if not 0 < q <= 1:
        raise ValueError(f"categorical_generalized_cross_entropy: q must be in (0, 1], not {q}")


def _check_crossentropy(name: str, label_smoothing: float, convention: str) -> None:
    _check_smoothing(name, label_smoothing)
    _check_convention(name, convention)


def _class_labels(y: Array, like: Array, label_smoothing: float, axis: int, weight: Any) -> Array:
    """The labels, smoothed and weighted."""
    y = _smoothed(y, label_smoothing, length(like, axis))
    if weight is None:
        return y
    return y * (weight if isinstance(weight, float) else _along(weight, like, axis))


def _along(numbers: Array, like: Array, axis: int) -> Array:
    """One number a class, to multiply ``like``, which has the classes along ``axis``."""
    rank = len(like.shape)
    for _ in range(rank - 1 - axis % rank):
        numbers = namespace(numbers).expand_dims(numbers, -1)
    return numbers


def _is_label(y_true: Array, y_pred: Array, axis: int) -> Array:
    """Where a class, along ``axis`` of ``y_pred``, is the sample's label."""
    xp = namespace(y_true, y_pred)
    labels = y_true if len(y_true.shape) == len(y_pred.shape) else xp.expand_dims(y_true, axis)
    return labels == _along(xp.arange(xp.shape(y_pred)[axis]), y_pred, axis)


def _one_hot(y_true: Array, y_pred: Array, axis: int) -> Array:
    xp = namespace(y_true, y_pred)
    return xp.where(_is_label(y_true, y_pred, axis), xp.ones_like(y_pred), xp.zeros_like(y_pred))


def _counted(y_true: Array, y_pred: Array, axis: int, ignore_class: int | None) -> Array:
    """The predictions, 1 in samples that do not count: what stands there, even NaN, must not reach the gradient."""
    if ignore_class is None:
        return y_pred
    xp = namespace(y_true, y_pred)
    labels = y_true if len(y_true.shape) == len(y_pred.shape) else xp.expand_dims(y_true, axis)
    return xp.where(labels != ignore_class, y_pred, 1.0)


def _classes(x: Array, from_logits: bool, axis: int) -> tuple[Array, Array, Array]:
    r"""p, 1 - p and the sum that p was divided by, from scores or from probabilities.

    What the likeliest class leaves is summed from the other classes, so that it keeps its digits when it is small.
    """
    xp = namespace(x)
    weights, top, largest = _against_the_largest(x, from_logits, axis)
    rest = _rest(weights, top, largest, axis)
    total = largest + rest
    p = weights / total
    miss = xp.where(top, rest / total, 1.0 - p)
    return (p, miss, total) if from_logits else (p, xp.minimum(xp.maximum(miss, 1e-7), 1.0 - 1e-7), total)


def _class_surprise(x: Array, from_logits: bool, axis: int, convention: str) -> Array:
    r""":math:`-\log p`, never negative."""
    xp = namespace(x)
    if not from_logits and convention != "keras":
        return -xp.log(x)
    weights, top, largest = _against_the_largest(x, from_logits, axis)
    rest = _rest(weights, top, largest, axis)
    if from_logits:
        return xp.log1p(rest) - _shifted(x, axis)
    surprise = xp.where(top, xp.log1p(rest / largest), xp.log((largest + rest) / weights))
    return xp.minimum(xp.maximum(surprise, -math.log1p(-1e-7)), -math.log(1e-7))


def _class_slope(u: Array, x: Array, from_logits: bool, axis: int) -> Array:
    r""":math:`u_k - p_k \sum u`, the gradient to scores of a loss whose :math:`p_k\,\partial L/\partial p_k` is u.

    To probabilities it is that divided by :math:`p_k \sum p`. A class's own share is taken out of the sum first.
    """
    xp = namespace(u, x)
    p, miss, total = _classes(x, from_logits, axis)
    others = _all_but_own(u, axis)
    if from_logits:
        return u * miss - p * others
    return (u * miss / xp.maximum(p, 1e-7) - others) / total


def _all_but_own(u: Array, axis: int) -> Array:
    """For each class the sum of ``u``, none of it positive, over the other classes, with no digit lost."""
    xp = namespace(u)
    weights = -u
    largest = kept(xp.max(weights, axis=axis), u, axis)
    top = weights == largest
    rest = _rest(weights, top, largest, axis)
    return -xp.where(top, rest, largest + rest - weights)


def _shifted(z: Array, axis: int) -> Array:
    """Scores less the largest; a score of +inf is the largest."""
    xp = namespace(z)
    return xp.where(z == math.inf, 0.0, z - kept(xp.max(z, axis=axis), z, axis))


def _against_the_largest(x: Array, from_logits: bool, axis: int) -> tuple[Array, Array, Array]:
    """The weights of the classes, where they are largest, and the largest, with ``axis`` kept."""
    xp = namespace(x)
    weights = xp.exp(_shifted(x, axis)) if from_logits else x
    largest = kept(xp.max(weights, axis=axis), x, axis)
    return weights, weights == largest, largest


def _rest(weights: Array, top: Array, largest: Array, axis: int) -> Array:
    """The sum of all weights but one of the largest, with ``axis`` kept."""
    xp = namespace(weights)
    others = xp.sum(xp.where(top, 0.0, weights), axis=axis)
    ties = xp.sum(xp.where(top, xp.ones_like(weights), 0.0), axis=axis) - 1.0
    return kept(others, weights, axis) + kept(ties, weights, axis) * largest


def _draw_binary(generator, shape, from_logits=False, **_):
    y = np.where(
        generator.random(shape) < 0.7, generator.integers(0, 2, size=shape), generator.random(shape)
    ).astype(float)
    z = generator.normal(scale=4 if from_logits else 1.5, size=shape)
    return y, z if from_logits else 1 / (1 + np.exp(-z))


def _draw_categorical(generator, shape, from_logits=False, axis=-1, **_):
    z = generator.normal(scale=3, size=shape)
    y = (z + generator.gumbel(scale=4, size=shape)).argmax(axis, keepdims=True)
    labels = np.zeros(shape)
    np.put_along_axis(labels, y, 1.0, axis)
    soft = generator.dirichlet(np.ones(labels.shape[axis]), size=labels.size // labels.shape[axis])
    soft = np.moveaxis(soft.reshape(*np.moveaxis(labels, axis, -1).shape), -1, axis)
    labels = np.where(generator.random(y.shape) < 0.6, labels, soft)
    return labels, z if from_logits else np.exp(z) / np.exp(z).sum(axis, keepdims=True)


def _draw_sparse(generator, shape, axis=-1, **options):
    _, x = _draw_categorical(generator, shape, axis=axis, **options)
    return generator.integers(0, shape[axis], size=np.delete(shape, axis)), x


def _exact_binary_surprises(mp, p, from_logits, convention="keras"):
    if from_logits:
        return mp.log1p(mp.exp(-p)), mp.log1p(mp.exp(p))
    guard = mp.mpf(1e-12) if convention == "mxnet" else 0
    return -mp.log(p + guard), -mp.log(1 - p + guard)


def _exact_smoothed(mp, y, label_smoothing, classes):
    return y * (1 - mp.mpf(label_smoothing)) + mp.mpf(label_smoothing) / classes


def _exact_binary(
    mp, y, p, from_logits=False, label_smoothing=0.0, axis=-1, pos_weight=1.0, convention="keras"
):
    def term(a, b):
        a = _exact_smoothed(mp, a, label_smoothing, 2)
        positive, negative = _exact_binary_surprises(mp, b, from_logits, convention)
        return pos_weight * a * positive + (1 - a) * negative

    return mp.fsum(term(a, b) for a, b in zip(y, p, strict=True)) / len(y)


def _exact_binary_focal(
    mp,
    y,
    x,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    def term(a, b):
        a = _exact_smoothed(mp, a, label_smoothing, 2)
        positive, negative = _exact_binary_surprises(mp, b, from_logits)
        p = mp.exp(-positive)
        weight = a * alpha + (1 - a) * (1 - mp.mpf(alpha)) if apply_class_balancing else 1
        return weight * (1 - a * p - (1 - a) * (1 - p)) ** gamma * (a * positive + (1 - a) * negative)

    return mp.fsum(term(a, b) for a, b in zip(y, x, strict=True)) / len(y)


def _exact_probabilities(mp, x, from_logits, convention="keras"):
    weights = [mp.exp(z) for z in x] if from_logits else list(x)
    total = mp.fsum(weights) if from_logits or convention == "keras" else 1
    return [weight / total for weight in weights]


def _exact_categorical(
    mp, y, x, from_logits=False, label_smoothing=0.0, axis=-1, class_weight=None, convention="keras"
):
    weights = class_weight or [1] * len(x)
    return -mp.fsum(
        w * _exact_smoothed(mp, a, label_smoothing, len(x)) * mp.log(p)
        for w, a, p in zip(weights, y, _exact_probabilities(mp, x, from_logits, convention), strict=True)
    )


def _exact_sparse(mp, y, x, ignore_class=None, **options):
    if y == ignore_class:
        return mp.mpf(0)
    return _exact_categorical(mp, [mp.mpf(k == y) for k in range(len(x))], x, **options)


def _exact_categorical_focal(
    mp, y, x, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    weights = alpha if isinstance(alpha, tuple) else [alpha] * len(x)
    return -mp.fsum(
        w * (1 - p) ** gamma * _exact_smoothed(mp, a, label_smoothing, len(x)) * mp.log(p)
        for w, a, p in zip(weights, y, _exact_probabilities(mp, x, from_logits), strict=True)
    )


def _keras(name: str, *recorded: str, **others) -> LossCounterpart:
    """A function of Keras, which takes our options by our names."""
    others.setdefault("options", others.get("arguments", {}))
    return LossCounterpart(system="keras", function=f"keras.losses.{name}", recorded=recorded, **others)


def _pytorch(name: str, *recorded: str, **others) -> LossCounterpart:
    return LossCounterpart(
        system="pytorch", function=f"torch.nn.functional.{name}", recorded=recorded, **others
    )


def _mxnet(name: str, *recorded: str, **others) -> LossCounterpart:
    return LossCounterpart(system="mxnet", function=f"mxnet.{name}", recorded=recorded, **others)


def _indices_of_labels(inputs):
    return inputs["cp_t"].argmax(-1), inputs["cp_p"]


def _infinite_scores(*rows: int, parts: str = "y") -> Defect:
    return Defect(reason="an infinite score gives NaN: inf - inf, or 0 times inf", rows=rows, parts=parts)


_LOGITS = {"from_logits": True}
_NO_SLOPE = "the gradient is 0 where the probability is clipped, and at NaN"
_NO_PROBABILITIES = Defect(reason="takes what is not in [0, 1]", rows=(13, 14, 29, 30, 45, 46), refused=True)
_NO_DISTRIBUTION = Defect(reason="takes probabilities that are all 0, or above 1", rows=(6, 7), refused=True)
_CLIPPED_BINARY = (
    _NO_PROBABILITIES,
    Defect(
        reason=_NO_SLOPE,
        rows=(0, 1, 2, 3, 11, 12, 15, 16, 17, 18, 19, 27, 28, 31, 32, 33, 34, 35, 43, 44, 47),
        parts="g",
    ),
)

FACTS = {
    "binary_crossentropy": LossFacts(
        draw=_draw_binary,
        exact=_exact_binary,
        cases=(
            {},
            _LOGITS,
            {"label_smoothing": 0.1},
            {"from_logits": True, "label_smoothing": 0.1},
            {"from_logits": True, "pos_weight": 3.0},
            {"axis": 0},
            {"convention": "pytorch"},
            {"convention": "mxnet"},
        ),
        points=(
            Point(why="sure and wrong", arguments=([1.0], [0.0]), value=-math.log(1e-7), gradient=[-1e7]),
            Point(why="sure and right", arguments=([0.0], [0.0]), value=-math.log1p(-1e-7), gradient=[1.0]),
            Point(
                why="sure and wrong as PyTorch",
                arguments=([1.0], [0.0]),
                options={"convention": "pytorch"},
                value=100.0,
                gradient=[-1e12],
            ),
            Point(
                why="sure and wrong as MXNet",
                arguments=([1.0], [0.0]),
                options={"convention": "mxnet"},
                value=-math.log(1e-12),
                gradient=[-1e12],
            ),
            Point(
                why="score 0", arguments=([1.0], [0.0]), options=_LOGITS, value=math.log(2), gradient=[-0.5]
            ),
            Point(
                why="a score that is sure and right",
                arguments=([1.0], [80.0]),
                options=_LOGITS,
                value=math.exp(-80),
                gradient=[-math.exp(-80)],
            ),
            Point(
                why="a score that is sure and wrong",
                arguments=([0.0], [1e4]),
                options=_LOGITS,
                value=1e4,
                gradient=[1.0],
            ),
            Point(
                why="certain and right",
                arguments=([1.0], [math.inf]),
                options=_LOGITS,
                value=0.0,
                gradient=[0.0],
            ),
            Point(
                why="certain and wrong",
                arguments=([0.0], [math.inf]),
                options=_LOGITS,
                value=math.inf,
                gradient=[1.0],
            ),
        ),
        counterparts=(
            _keras(
                "binary_crossentropy",
                "loss/binary_crossentropy_ls0",
                defects=(*_CLIPPED_BINARY,),
            ),
            _keras(
                "binary_crossentropy",
                "loss/binary_crossentropy_ls0.1",
                arguments={"label_smoothing": 0.1},
                defects=(*_CLIPPED_BINARY,),
            ),
            _keras(
                "binary_crossentropy",
                "loss/binary_crossentropy_logits_ls0",
                arguments=_LOGITS,
                defects=(_infinite_scores(21, 22, 45, 69),),
            ),
            _keras(
                "binary_crossentropy",
                "loss/binary_crossentropy_logits_ls0.1",
                arguments={"from_logits": True, "label_smoothing": 0.1},
                defects=(_infinite_scores(21, 45, 69),),
            ),
            _keras(
                "binary_crossentropy",
                "loss/bce_sigmoid_provenance",
                inputs=lambda inputs: (inputs["bl_t"], inputs["bl_x"]),
                options=_LOGITS,
                defects=(_infinite_scores(21, 22, 45, 69),),
            ),
            _keras(
                "binary_crossentropy",
                "loss/bce_sigmoid_plain",
                inputs=lambda inputs: (inputs["bl_t"], sigmoid(inputs["bl_x"])),
                parts="y",
            ),
            _pytorch(
                "binary_cross_entropy",
                "loss/bce_none",
                elementwise=True,
                options={"convention": "pytorch"},
                defects=(
                    _NO_PROBABILITIES,
                    Defect(
                        reason="NaN is refused; NaN stands here for it, the gradient was left 0",
                        rows=(15, 31, 47),
                        parts="g",
                    ),
                ),
                float64=1e-8,
                differs="1e-12 is rounded to float32",
            ),
            _pytorch(
                "binary_cross_entropy_with_logits",
                "loss/bce_logits_none",
                elementwise=True,
                options=_LOGITS,
                defects=(_infinite_scores(22, 45, 46, 70),),
            ),
            _pytorch(
                "binary_cross_entropy_with_logits",
                "loss/bce_logits_pos_weight3",
                elementwise=True,
                arguments={"pos_weight": 3.0},
                options={"from_logits": True, "pos_weight": 3.0},
                defects=(_infinite_scores(22, 45, 46, 70),),
            ),
            _pytorch(
                "multilabel_soft_margin_loss",
                "loss/multilabel_soft_margin_none",
                options=_LOGITS,
                defects=(_infinite_scores(6, 8, 10),),
            ),
            _mxnet(
                "gluon.loss.SigmoidBCELoss()",
                "loss/SigmoidBCELoss",
                options=_LOGITS,
                defects=(
                    _infinite_scores(21, 22, 45, 69),
                    Defect(
                        reason="the gradient at the score 0 is -y instead of 1/2 - y",
                        rows=(0, 1, 24, 25, 48, 49),
                        parts="g",
                    ),
                ),
            ),
            _mxnet(
                "gluon.loss.SigmoidBCELoss(from_sigmoid=True)",
                "loss/SigmoidBCELoss_from_sigmoid",
                options={"convention": "mxnet"},
                defects=(_NO_PROBABILITIES,),
            ),
            _mxnet(
                "nd.LogisticRegressionOutput",
                "out/LogisticRegressionOutput",
                options=_LOGITS,
                parts="g",
            ),
        ),
    ),
    "binary_focal_crossentropy": LossFacts(
        draw=_draw_binary,
        exact=_exact_binary_focal,
        cases=(
            {},
            _LOGITS,
            {"apply_class_balancing": True},
            {"gamma": 0.5},
            {"gamma": 0.0, "from_logits": True},
            {"from_logits": True, "label_smoothing": 0.1, "apply_class_balancing": True, "alpha": 0.6},
        ),
        points=(
            Point(
                why="sure and wrong",
                arguments=([1.0], [0.0]),
                value=-math.log(1e-7),
                gradient=[-1e7 + 2 * math.log(1e-7)],
            ),
            Point(why="sure and right", arguments=([1.0], [1.0]), value=0.0, gradient=[0.0]),
            Point(
                why="sure and right with gamma below 1",
                arguments=([1.0], [1.0]),
                options={"gamma": 0.5},
                value=0.0,
                gradient=[0.0],
            ),
            Point(
                why="a score that is sure and wrong",
                arguments=([0.0], [1e4]),
                options=_LOGITS,
                value=1e4,
                gradient=[1.0],
            ),
            Point(
                why="certain and right",
                arguments=([1.0], [math.inf]),
                options=_LOGITS,
                value=0.0,
                gradient=[0.0],
            ),
        ),
        counterparts=(
            _keras(
                "binary_focal_crossentropy",
                "loss/binary_focal_cb0",
                defects=(
                    _NO_PROBABILITIES,
                    Defect(reason=_NO_SLOPE, rows=(16, 17, 18, 19, 32, 33, 34, 35), parts="g"),
                    Defect(reason=_NO_SLOPE, rows=(11, 12, 43, 44), parts="g"),
                ),
                float64=2e-8,
                differs="clips from above as well, at 1 - 1e-7, which is rounded",
            ),
            _keras(
                "binary_focal_crossentropy",
                "loss/binary_focal_cb1",
                arguments={"apply_class_balancing": True},
                defects=(
                    _NO_PROBABILITIES,
                    Defect(reason=_NO_SLOPE, rows=(16, 17, 18, 19, 32, 33, 34, 35), parts="g"),
                    Defect(reason=_NO_SLOPE, rows=(11, 12, 43, 44), parts="g"),
                ),
                float64=2e-8,
                differs="clips from above as well, at 1 - 1e-7, which is rounded",
            ),
            _keras(
                "binary_focal_crossentropy",
                "loss/binary_focal_logits",
                arguments=_LOGITS,
                defects=(
                    _infinite_scores(21, 22, 45, 69),
                    _infinite_scores(21, 22, 45, 46, 69, 70, parts="g"),
                ),
            ),
            _keras(
                "binary_focal_crossentropy",
                "loss/binary_focal_gamma.5",
                arguments={"gamma": 0.5},
                defects=(
                    _NO_PROBABILITIES,
                    Defect(reason=_NO_SLOPE, rows=(16, 17, 18, 19, 32, 33, 34, 35), parts="g"),
                    Defect(reason=_NO_SLOPE, rows=(11, 12, 43, 44), parts="g"),
                    Defect(
                        reason="the gradient grows without bound at a perfect prediction",
                        rows=(0, 1, 2, 3, 27, 28),
                        parts="g",
                    ),
                    Defect(reason="it already does at 1e-7", rows=(4,), parts="g", dtypes=("float32",)),
                ),
                float64=2e-8,
                differs="clips from above as well, at 1 - 1e-7, which is rounded",
            ),
        ),
    ),
    "categorical_crossentropy": LossFacts(
        draw=_draw_categorical,
        exact=_exact_categorical,
        cases=(
            {},
            _LOGITS,
            {"label_smoothing": 0.1},
            {"from_logits": True, "label_smoothing": 0.1},
            {"from_logits": True, "axis": 0},
            {"class_weight": (1.0, 2.0, 4.0)},
            {"from_logits": True, "class_weight": (1.0, 2.0, 4.0)},
            {"convention": "pytorch"},
        ),
        points=(
            Point(
                why="sure and wrong",
                arguments=([1.0, 0.0], [0.0, 1.0]),
                value=-math.log(1e-7),
                gradient=[1.0 - 1e7, 1.0],
            ),
            Point(
                why="scores that are sure and wrong",
                arguments=([1.0, 0.0], [-500.0, 500.0]),
                options=_LOGITS,
                value=1000.0,
                gradient=[-1.0, 1.0],
            ),
            Point(
                why="scores that are sure and right",
                arguments=([1.0, 0.0], [40.0, -40.0]),
                options=_LOGITS,
                value=math.exp(-80),
                gradient=[-math.exp(-80), math.exp(-80)],
            ),
            Point(
                why="an impossible class",
                arguments=([1.0, 0.0], [0.0, -math.inf]),
                options=_LOGITS,
                value=0.0,
                gradient=[0.0, 0.0],
            ),
            Point(
                why="a certain class",
                arguments=([0.0, 1.0], [math.inf, 0.0]),
                options=_LOGITS,
                value=math.inf,
                gradient=[1.0, -1.0],
            ),
        ),
        counterparts=(
            _keras(
                "categorical_crossentropy",
                "loss/categorical_crossentropy_ls0",
                defects=(_NO_DISTRIBUTION, Defect(reason=_NO_SLOPE, rows=(2, 3, 5), parts="g")),
            ),
            _keras(
                "categorical_crossentropy",
                "loss/categorical_crossentropy_ls0.1",
                arguments={"label_smoothing": 0.1},
                defects=(_NO_DISTRIBUTION, Defect(reason=_NO_SLOPE, rows=(2, 3, 5), parts="g")),
            ),
            _keras(
                "categorical_crossentropy",
                "loss/categorical_crossentropy_logits_ls0",
                arguments=_LOGITS,
                defects=(
                    Defect(reason="3e38 less -3e38 overflows", rows=(5,), parts="y", dtypes=("float32",)),
                    _infinite_scores(6, 8),
                    _infinite_scores(6, parts="g"),
                    Defect(reason="the gradient lacks the factor sum(y_true), 0 here", rows=(12,), parts="g"),
                ),
            ),
            _keras(
                "categorical_crossentropy",
                "loss/categorical_crossentropy_logits_ls0.1",
                arguments={"from_logits": True, "label_smoothing": 0.1},
                defects=(
                    _infinite_scores(6, parts="yg"),
                    Defect(reason="the gradient lacks the factor sum(y_true), 0 here", rows=(12,), parts="g"),
                ),
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_dense_none",
                options=_LOGITS,
                defects=(
                    Defect(reason="3e38 less -3e38 overflows", rows=(5,), parts="y", dtypes=("float32",)),
                    _infinite_scores(6, 8),
                    _infinite_scores(6, parts="g"),
                ),
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_dense_ls0.1",
                arguments={"label_smoothing": 0.1},
                options={"from_logits": True, "label_smoothing": 0.1},
                defects=(_infinite_scores(6, parts="yg"),),
            ),
            _mxnet(
                "gluon.loss.SoftmaxCELoss(sparse_label=False)",
                "loss/SoftmaxCELoss_dense",
                options=_LOGITS,
                defects=(
                    Defect(reason="3e38 less -3e38 overflows", rows=(5,), parts="y", dtypes=("float32",)),
                    _infinite_scores(6, 8),
                    _infinite_scores(6, parts="g"),
                    Defect(
                        reason="oneDNN takes NaN for the smallest number",
                        rows=(9, 10),
                        parts="g",
                        dtypes=("float32",),
                        files=("mxnet191",),
                    ),
                ),
                float32=4e-6,
                differs="oneDNN's log_softmax, positive where a class is certain",
            ),
            _mxnet(
                "gluon.loss.SoftmaxCELoss(sparse_label=False, from_logits=True)",
                "loss/SoftmaxCELoss_dense_logp",
                options={"convention": "mxnet"},
                defects=(_NO_DISTRIBUTION, Defect(reason="0 times an infinite logarithm", rows=(2, 3))),
            ),
            _mxnet(
                "nd.SoftmaxOutput",
                "out/SoftmaxOutput_dense",
                options=_LOGITS,
                parts="g",
                defects=(
                    _infinite_scores(6, parts="g"),
                    Defect(reason="the gradient lacks the factor sum(y_true), 0 here", rows=(12,), parts="g"),
                ),
            ),
        ),
    ),
    "sparse_categorical_crossentropy": LossFacts(
        draw=_draw_sparse,
        exact=_exact_sparse,
        cases=(
            {},
            _LOGITS,
            {"from_logits": True, "ignore_class": 1},
            {"from_logits": True, "axis": 0},
            {"from_logits": True, "label_smoothing": 0.1},
            {"from_logits": True, "class_weight": (1.0, 2.0, 4.0)},
            {"convention": "pytorch"},
        ),
        points=(
            Point(
                why="an ignored sample whose prediction is NaN",
                arguments=(-1, [math.nan, 0.0]),
                options={"from_logits": True, "ignore_class": -1},
                value=0.0,
                gradient=[0.0, 0.0],
            ),
            Point(
                why="scores that are sure and right",
                arguments=(0, [40.0, -40.0]),
                options=_LOGITS,
                value=math.exp(-80),
                gradient=[-math.exp(-80), math.exp(-80)],
            ),
        ),
        counterparts=(
            _keras("sparse_categorical_crossentropy"),
            _keras(
                "sparse_categorical_crossentropy",
                "loss/sparse_cce",
                inputs=_indices_of_labels,
                defects=(_NO_DISTRIBUTION, Defect(reason=_NO_SLOPE, rows=(2, 3, 4, 5, 8), parts="g")),
                float64=3e-7,
                differs="clips before it divides by the sum, unlike its dense form",
            ),
            _keras(
                "sparse_categorical_crossentropy",
                "loss/sparse_cce_logits",
                arguments=_LOGITS,
                defects=(_infinite_scores(6, parts="yg"),),
            ),
            _keras(
                "sparse_categorical_crossentropy",
                "loss/sparse_cce_logits_ignore0",
                arguments={"from_logits": True, "ignore_class": 0},
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_sparse_none",
                options=_LOGITS,
                defects=(_infinite_scores(6, parts="yg"),),
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_sparse_ls0.1",
                arguments={"label_smoothing": 0.1},
                options={"from_logits": True, "label_smoothing": 0.1},
                defects=(_infinite_scores(6, parts="yg"),),
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_sparse_w124_none",
                arguments={"weight": (1.0, 2.0, 4.0)},
                inputs=lambda inputs: (inputs["cl_s"], inputs["cl_x"]),
                options={"from_logits": True, "class_weight": (1.0, 2.0, 4.0)},
                defects=(_infinite_scores(6, parts="yg"),),
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_sparse_w124_mean_finite",
                arguments={"weight": (1.0, 2.0, 4.0), "reduction": "mean"},
                options=_LOGITS,
                inputs=lambda inputs: (inputs["cl_s"][-3:], inputs["cl_x"][-3:]),
                sample_weight=lambda inputs: np.array([1.0, 2.0, 4.0])[inputs["cl_s"][-3:]],
                reduction="mean_with_sample_weight",
            ),
            _pytorch(
                "cross_entropy",
                "loss/ce_sparse_ignore0_none",
                arguments={"ignore_index": 0},
                options={"from_logits": True, "ignore_class": 0},
                defects=(
                    Defect(reason="NaN in an ignored sample reaches the gradient", rows=(6, 10), parts="g"),
                ),
            ),
            _pytorch(
                "nll_loss",
                "loss/nll_none",
                options={"convention": "pytorch"},
                inputs=_indices_of_labels,
                defects=(
                    _NO_DISTRIBUTION,
                    Defect(reason="NaN in another class is not looked at", rows=(8,), parts="y"),
                    Defect(reason="0 times the infinite slope of a logarithm", rows=(2, 3), parts="g"),
                ),
            ),
            _mxnet(
                "gluon.loss.SoftmaxCELoss()",
                "loss/SoftmaxCELoss_sparse",
                options=_LOGITS,
                defects=(
                    _infinite_scores(6, parts="yg"),
                    Defect(
                        reason="NaN becomes 88.7",
                        rows=(9,),
                        parts="y",
                        dtypes=("float32",),
                        files=("mxnet191",),
                    ),
                    Defect(
                        reason="oneDNN takes NaN for the smallest number",
                        rows=(9, 10),
                        parts="g",
                        dtypes=("float32",),
                        files=("mxnet191",),
                    ),
                ),
                float32=4e-6,
                differs="oneDNN's log_softmax, positive where a class is certain",
            ),
            _mxnet(
                "nd.softmax_cross_entropy",
                "loss/softmax_cross_entropy_op",
                options=_LOGITS,
                reduction="sum",
                defects=(_infinite_scores(6, parts="g"),),
            ),
            _mxnet(
                "nd.SoftmaxOutput",
                "out/SoftmaxOutput",
                options=_LOGITS,
                parts="g",
                defects=(_infinite_scores(6, parts="g"),),
            ),
            _mxnet(
                "nd.SoftmaxOutput",
                "out/SoftmaxOutput_smooth0.1",
                arguments={"smooth_alpha": 0.1},
                options={"from_logits": True, "label_smoothing": 0.1 * 3 / 2},
                parts="g",
                defects=(_infinite_scores(6, parts="g"),),
                float64=2e-9,
                differs="smooth_alpha is a float32",
            ),
            _mxnet(
                "nd.SoftmaxOutput",
                "out/SoftmaxOutput_ignore0",
                arguments={"use_ignore": True, "ignore_label": 0},
                options={"from_logits": True, "ignore_class": 0},
                parts="g",
            ),
            _mxnet(
                "nd.SoftmaxOutput",
                "out/SoftmaxOutput_batch",
                arguments={"normalization": "batch"},
                options=_LOGITS,
                reduction="mean",
                parts="g",
                defects=(_infinite_scores(6, parts="g"),),
                float64=4e-9,
                differs="the scale of the gradient is a float32",
            ),
        ),
    ),
    "categorical_focal_crossentropy": LossFacts(
        draw=_draw_categorical,
        exact=_exact_categorical_focal,
        cases=(
            {},
            _LOGITS,
            {"alpha": (0.1, 0.2, 0.7)},
            {"gamma": 0.5},
            {"from_logits": True, "label_smoothing": 0.1, "gamma": 1.5, "axis": 0},
        ),
        points=(
            Point(
                why="scores that are sure and wrong",
                arguments=([1.0, 0.0], [-500.0, 500.0]),
                options=_LOGITS,
                value=250.0,
                gradient=[-0.25, 0.25],
            ),
            Point(
                why="certain and right",
                arguments=([1.0, 0.0], [math.inf, 0.0]),
                options={"from_logits": True, "gamma": 0.5},
                value=0.0,
                gradient=[0.0, 0.0],
            ),
        ),
        counterparts=(
            _keras(
                "categorical_focal_crossentropy",
                "loss/categorical_focal",
                defects=(_NO_DISTRIBUTION, Defect(reason=_NO_SLOPE, rows=(3, 5), parts="g")),
            ),
            _keras(
                "categorical_focal_crossentropy",
                "loss/categorical_focal_alpha_list",
                arguments={"alpha": (0.1, 0.2, 0.7)},
                float64=2e-8,
                differs="alpha is rounded to float32",
                defects=(_NO_DISTRIBUTION, Defect(reason=_NO_SLOPE, rows=(3, 5), parts="g")),
            ),
            _keras(
                "categorical_focal_crossentropy",
                "loss/categorical_focal_logits",
                arguments=_LOGITS,
                defects=(
                    _infinite_scores(6, parts="yg"),
                    Defect(reason="scores beyond 16 saturate in clipped probabilities", rows=(3, 4, 7, 13)),
                ),
            ),
        ),
    ),
    "categorical_generalized_cross_entropy": LossFacts(
        draw=_draw_sparse,
        exact=lambda mp, y, p, q=0.5: (1 - p[y] ** q) / q,
        cases=({}, {"q": 0.7}, {"q": 1.0}),
        points=(
            Point(
                why="sure and wrong", arguments=(0, [0.0, 1.0]), value=2.0, gradient=[-(1.2e-38**-0.5), 0.0]
            ),
            Point(why="sure and right", arguments=(1, [0.0, 1.0]), value=0.0, gradient=[0.0, -1.0]),
        ),
        counterparts=(
            _keras("categorical_generalized_cross_entropy", arguments={"q": 0.5}),
            _keras(
                "categorical_generalized_cross_entropy",
                "loss/gce_q.5",
                arguments={"q": 0.5},
                inputs=_indices_of_labels,
                defects=(
                    Defect(reason="takes 2 for a probability", rows=(7,), refused=True),
                    Defect(
                        reason="the gradient at 0 is infinite, NaN for the other classes",
                        rows=(3, 6),
                        parts="g",
                    ),
                ),
            ),
        ),
    ),
}
