"""Losses of the angle or the divergence between two vectors: kl_divergence, cosine_similarity, cosine_embedding."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nlref.kernel import Array, namespace
from nlref.loss import Shape, equal_shapes, gradient_of_loss, loss, same_shape
from nlref.loss_facts import Defect, LossCounterpart, LossFacts, Point
from nlref.losses.domains import check_signs, not_in_unit_interval
from nlref.losses.margin import missed

__all__ = [
    "FACTS",
    "cosine_embedding",
    "cosine_embedding_vjp",
    "cosine_similarity",
    "cosine_similarity_vjp",
    "kl_divergence",
    "kl_divergence_vjp",
]


def _kl_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    if not 0 <= options["epsilon"] < 1:
        return f"epsilon must be at least 0 and below 1, not {options['epsilon']:g}"
    if options["epsilon"] and options["from_logits"]:
        return "epsilon clips probabilities; from_logits=True needs none"
    return equal_shapes(shapes, options)


def _check_probabilities(arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> str | None:
    wrong = not_in_unit_interval("y_true", arrays["y_true"])
    if wrong or options["from_logits"]:
        return wrong
    return not_in_unit_interval("y_pred", arrays["y_pred"], "; if these are scores, pass from_logits=True")


@loss(shapes=_kl_shapes, check=_check_probabilities)
def kl_divergence(
    y_true: Array, y_pred: Array, from_logits: bool = False, axis: int = -1, epsilon: float = 0.0
) -> Array:
    r"""Kullback-Leibler divergence, :math:`\sum_j y_j \log(y_j / \hat y_j)`, over ``axis``; at least 0 for
    distributions.

    ``y_true`` and ``y_pred`` have one shape and hold probabilities; they need not sum to 1. With ``from_logits=True``
    ``y_pred`` holds scores, of which the softmax is taken. :math:`0 \log 0 = 0`; an outcome that happens though its
    predicted probability is 0 costs infinitely much, with gradient -inf. ``epsilon`` above 0 clips both to [epsilon,
    1] first.

    Stability
        The logarithm is taken by log1p, from the difference to the smaller one, which is exact where the ratio is near
        1; a ratio beyond the range of the dtype does not overflow.
    Gradient
        :math:`-y / \hat y`, 0 where y is 0; from logits :math:`\operatorname{softmax}(z) \sum y - y`. With
        ``epsilon`` 0 outside the clip.
    Raises
        ``ValueError`` for a probability outside [0, 1].
    Keras
        ``keras.losses.kl_divergence``, ``KLDivergence``, ``"kld"``: ``epsilon=1e-7``. The clip makes impossible
        outcomes count a little, so that the divergence can be negative, and leaves an outcome predicted with 0
        without a gradient.
    PyTorch
        ``torch.nn.functional.kl_div(y_pred.log(), y_true)``: "none" is one value an entry, "batchmean" our mean, and
        its "mean", the default, is divided by the number of classes too. NaN where both are 0.
    MXNet
        ``mxnet.gluon.loss.KLDivLoss`` of log-probabilities; its ``from_logits=False`` is ``from_logits=True`` here.
        Adds 1e-12 inside the logarithm.
    Source
        Kullback and Leibler, "On information and sufficiency", 1951.
    """
    xp = namespace(y_true, y_pred)
    if from_logits:
        scores = y_pred - xp.max(y_pred, axis=axis, keepdims=True)
        log_ratio = xp.log(y_true) - (scores - xp.log(xp.sum(xp.exp(scores), axis=axis, keepdims=True)))
    else:
        y_true, y_pred = _clipped(y_true, epsilon), _clipped(y_pred, epsilon)
        log_ratio = _log_ratio(y_true, y_pred)
    return xp.sum(xp.where(_nothing(y_true, y_pred), 0.0, y_true * log_ratio), axis=axis)


@gradient_of_loss(kl_divergence)
def kl_divergence_vjp(
    y_true: Array, y_pred: Array, g: Array, from_logits: bool = False, axis: int = -1, epsilon: float = 0.0
) -> Array:
    r""":math:`-g\,y/\hat y`; from logits :math:`g\,(\operatorname{softmax}(z) \sum y - y)`."""
    xp = namespace(y_true, y_pred)
    g = xp.expand_dims(g, axis)
    if from_logits:
        odds = xp.exp(y_pred - xp.max(y_pred, axis=axis, keepdims=True))
        softmax = odds / xp.sum(odds, axis=axis, keepdims=True)
        return g * (softmax * xp.sum(y_true, axis=axis, keepdims=True) - y_true)
    y_true = _clipped(y_true, epsilon)
    slope = xp.where(_nothing(y_true, y_pred), 0.0, -y_true / y_pred)
    return g * (xp.where((y_pred < epsilon) | (y_pred > 1), 0.0, slope) if epsilon else slope)


def _nothing(y_true: Array, y_pred: Array) -> Array:
    """Where an outcome that does not happen is predicted somehow, if not by NaN."""
    return (y_true == 0) & (y_pred == y_pred)


def _clipped(probability: Array, epsilon: float) -> Array:
    xp = namespace(probability)
    return xp.minimum(xp.maximum(probability, epsilon), 1.0) if epsilon else probability


def _log_ratio(a: Array, b: Array) -> Array:
    """``log(a / b)`` for numbers in [0, 1], from their difference, which is exact where the ratio is near 1."""
    xp = namespace(a, b)
    difference, smaller = xp.abs(a - b), xp.minimum(a, b)
    excess = difference / smaller
    overflow = (excess == math.inf) & (smaller > 0)
    excess = xp.where(overflow, difference / (smaller * 2.0**64), excess)
    size = xp.log1p(excess) + xp.where(overflow, 64 * math.log(2) + 0.0 * smaller, 0.0)
    return xp.where(a < b, -size, size)


def _cosine_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    return _bad_epsilon(options) or equal_shapes(shapes, options)


def _bad_epsilon(options: Mapping[str, Any]) -> str | None:
    epsilon = options["epsilon"]
    return None if 0 <= epsilon < math.inf else f"epsilon must be at least 0 and finite, not {epsilon:g}"


@loss(shapes=_cosine_shapes)
def cosine_similarity(y_true: Array, y_pred: Array, axis: int = -1, epsilon: float = 1e-7) -> Array:
    r"""The negative cosine of the angle between two vectors along ``axis``, in [-1, 1]; -1 where they point the same
    way.

    .. math:: -\sum_j \frac{y_j}{\max(\lVert y \rVert, \epsilon)}\,\frac{\hat y_j}{\max(\lVert \hat y \rVert,
    \epsilon)}

    Stability
        Vectors are scaled by their largest entry before they are squared: no length overflows or vanishes.
    Edges
        A zero vector has the cosine 0 with everything. ``epsilon`` bounds the gradient, by 1 / epsilon: at a zero
        prediction it is :math:`-y / (\lVert y \rVert \epsilon)`, which is large, as in Keras and PyTorch. With
        ``epsilon=0`` the cosine does not depend on the length however short a vector is, and a zero prediction has
        the gradient 0.
    Gradient
        :math:`-(u_y - (u_y \cdot u) u) / \lVert \hat y \rVert` with the unit vectors :math:`u_y, u`.
    Raises
        ``ValueError`` for a negative ``epsilon``.
    Keras
        ``keras.losses.cosine_similarity``, ``CosineSimilarity``, ``"cosine_similarity"``.
        ``keras.metrics.CosineSimilarity`` is the cosine itself, without the minus.
    PyTorch
        ``torch.nn.functional.cosine_similarity`` is the cosine, ``dim=1`` and ``epsilon=1e-8`` by default.
    MXNet
        None; see `cosine_embedding`.
    Source
        Salton, Wong and Yang, "A vector space model for automatic indexing", 1975.
    """
    (u, _), (v, _) = _unit(y_true, axis, epsilon), _unit(y_pred, axis, epsilon)
    return -namespace(u, v).sum(u * v, axis=axis)


@gradient_of_loss(cosine_similarity)
def cosine_similarity_vjp(
    y_true: Array, y_pred: Array, g: Array, axis: int = -1, epsilon: float = 1e-7
) -> Array:
    r""":math:`-g\,(u_y - (u_y \cdot u) u) / \lVert \hat y \rVert`; :math:`-g\,u_y / \epsilon` below ``epsilon``."""
    xp = namespace(y_true, y_pred)
    (u, _), (v, length) = _unit(y_true, axis, epsilon), _unit(y_pred, axis, epsilon)
    return -xp.expand_dims(g, axis) * _cosine_gradient(u, v, length, axis, epsilon)


def _embedding_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    labels, first, second = shapes.values()
    if sentence := _bad_epsilon(options) or equal_shapes({"input1": first, "input2": second}, options):
        return sentence
    if not same_shape(labels, first[:-1]):
        return (
            f"y_true has shape {labels} and input1 has shape {first}; "
            "y_true must have the shape of the inputs without their last axis, one label a pair"
        )
    return None


@loss(shapes=_embedding_shapes, check=check_signs)
def cosine_embedding(
    y_true: Array, input1: Array, input2: Array, margin: float = 0.0, epsilon: float = 1e-6
) -> Array:
    r"""Cosine embedding loss of pairs of vectors, one value a pair:

    .. math:: \ell = 1 - \cos(x_1, x_2) \text{ for } y = 1, \qquad \max(0, \cos(x_1, x_2) - m) \text{ for } y = -1

    ``input1`` and ``input2`` hold vectors on the last axis, ``y_true``, of their shape without it, is 1 where two
    belong together and -1 where they do not; m is ``margin``. Lengths below ``epsilon`` count as ``epsilon``, as in
    `cosine_similarity`.

    Stability
        :math:`1 - \cos` is computed as half the squared distance of the unit vectors: of nearly parallel vectors it
        keeps half the digits where the subtraction keeps none.
    Kinks
        At :math:`\cos = m` the slope is that of a missed margin, as in PyTorch; MXNet takes 0.
    Raises
        ``ValueError`` for labels other than -1 and 1.
    PyTorch
        ``torch.nn.functional.cosine_embedding_loss(input1, input2, y_true, margin)``, which adds 1e-12 to each
        squared length.
    MXNet
        ``mxnet.gluon.loss.CosineEmbeddingLoss(margin)``, of shape (N, 1) in 1.9; its gradient at a zero vector is
        NaN.
    Keras
        None.
    Source
        Chopra, Hadsell and LeCun, "Learning a similarity metric discriminatively", 2005, for the idea; Torch7's
        CosineEmbeddingCriterion for the formula.
    """
    xp = namespace(y_true, input1, input2)
    (u, a), (v, b) = _unit(input1, -1, epsilon), _unit(input2, -1, epsilon)
    together = (_lacking(u, a, epsilon) + _lacking(v, b, epsilon) + xp.sum((u - v) * (u - v), axis=-1)) / 2.0
    return xp.where(y_true == 1, together, xp.maximum(xp.sum(u * v, axis=-1) - margin, 0.0))


@gradient_of_loss(cosine_embedding)
def cosine_embedding_vjp(
    y_true: Array, input1: Array, input2: Array, g: Array, margin: float = 0.0, epsilon: float = 1e-6
) -> tuple[Array, Array]:
    r"""To each input -g times the gradient of the cosine for y = 1; for y = -1 g times it from the margin up."""
    xp = namespace(y_true, input1, input2)
    (u, first), (v, second) = _unit(input1, -1, epsilon), _unit(input2, -1, epsilon)
    slope = xp.where(y_true == 1, -1.0, missed(xp.sum(u * v, axis=-1) - margin))
    g = xp.expand_dims(g * slope, -1)
    return (
        g * _cosine_gradient(v, u, first, -1, epsilon),
        g * _cosine_gradient(u, v, second, -1, epsilon),
    )


def _unit(x: Array, axis: int, epsilon: float) -> tuple[Array, Array]:
    """``x`` divided by its length or by ``epsilon``, whichever is larger; the length, its axis kept. 0 / 0 is 0."""
    xp = namespace(x)
    largest = xp.max(xp.abs(x), axis=axis, keepdims=True)
    largest = xp.where(largest > 0, largest, 1.0)
    scaled = x / largest
    length = xp.sqrt(xp.sum(scaled * scaled, axis=axis, keepdims=True))
    long = largest * length > epsilon
    unit = xp.where(long, scaled / xp.where(length > 0, length, 1.0), x / (epsilon or 1.0))
    return unit, largest * length


def _cosine_gradient(to: Array, unit: Array, length: Array, axis: int, epsilon: float) -> Array:
    """The gradient of ``to . unit`` to the vector whose direction is ``unit``."""
    xp = namespace(to, unit)
    across = to - xp.sum(to * unit, axis=axis, keepdims=True) * unit
    short = to / epsilon if epsilon else 0.0 * to
    return xp.where(length <= epsilon, short, across / xp.where(length > 0, length, 1.0))


def _lacking(unit: Array, length: Array, epsilon: float) -> Array:
    """What the squared length of a unit vector lacks to 1: nothing, unless ``epsilon`` made it shorter."""
    xp = namespace(unit, length)
    return xp.where(xp.squeeze(length, axis=-1) > epsilon, 0.0, 1.0 - xp.sum(unit * unit, axis=-1))


def _distributions(generator, shape, from_logits=False, axis=-1, **_):
    """Pairs of distributions whose divergence is not small beside its terms."""
    true, predicted = (np.moveaxis(scores, axis, -1) for scores in generator.normal(size=(2, *shape)))
    favourite = generator.integers(0, true.shape[-1], size=true.shape[:-1])[..., None]
    true = true + 3 * (np.arange(true.shape[-1]) == favourite)
    predicted = predicted - 2 * (np.arange(true.shape[-1]) == favourite)
    y, p = (np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True) for scores in (true, predicted))
    return tuple(np.moveaxis(array, -1, axis) for array in (y, predicted if from_logits else p))


def _vectors(generator, shape, axis=-1, **_):
    """Pairs of vectors of different lengths, neither parallel nor at right angles."""
    y, p = (np.moveaxis(x, axis, -1) for x in generator.normal(size=(2, *shape)))
    for _attempt in range(20):
        size = np.abs(_cosine(y, p))[..., None]
        p = np.where((size < 0.1) | (size > 0.9), generator.normal(size=p.shape), p)
    lengths = 10.0 ** generator.uniform(-1, 1, size=(2, *p.shape[:-1], 1))
    return tuple(np.moveaxis(x * length, -1, axis) for x, length in zip((y, p), lengths, strict=True))


def _pairs_of_vectors(generator, shape, margin=0.0, **_):
    """Pairs of vectors whose cosine is not near the margin, and whether they belong together."""
    y = generator.choice([-1.0, 1.0], size=shape[:-1])
    first, second = generator.normal(size=(2, *shape))
    for _attempt in range(20):
        cosine = _cosine(first, second)[..., None]
        unclear = (np.abs(cosine - margin) < 0.2) | (np.abs(cosine) > 0.9)
        second = np.where(unclear, generator.normal(size=shape), second)
    return y, first, second


def _cosine(u, v):
    return np.sum(u * v, axis=-1) / np.sqrt(np.sum(u * u, axis=-1) * np.sum(v * v, axis=-1))


def _exact_kl(mp, y, p, from_logits=False, axis=-1, epsilon=0.0):
    if from_logits:
        odds = [mp.exp(score) for score in p]
        p = [odd / mp.fsum(odds) for odd in odds]
    if epsilon:
        low = mp.mpf(epsilon)
        y, p = ([min(max(value, low), mp.mpf(1)) for value in values] for values in (y, p))
    return mp.fsum(a * mp.log(a / b) for a, b in zip(y, p, strict=True) if a)


def _exact_cosine(mp, u, v, epsilon):
    lengths = [max(mp.sqrt(mp.fsum(a * a for a in x)), mp.mpf(epsilon)) for x in (u, v)]
    return mp.fsum(a * b for a, b in zip(u, v, strict=True)) / (lengths[0] * lengths[1])


def _exact_cosine_embedding(mp, y, u, v, margin=0.0, epsilon=1e-6):
    cosine = _exact_cosine(mp, u, v, epsilon)
    return 1 - cosine if y == 1 else max(mp.mpf(0), cosine - mp.mpf(margin))


_ABOVE_1 = Defect(reason="a target of 2 is no probability", rows=(7,), refused=True)
FACTS = {
    "kl_divergence": LossFacts(
        draw=_distributions,
        exact=_exact_kl,
        cases=({}, {"epsilon": 1e-7}, {"axis": 0}, {"from_logits": True}, {"from_logits": True, "axis": 0}),
        points=(
            Point(
                why="0 log 0 is 0",
                arguments=([1.0, 0.0], [1.0, 0.0]),
                value=0.0,
                gradient=[-1.0, 0.0],
            ),
            Point(
                why="what was held impossible happens",
                arguments=([0.5, 0.5], [1.0, 0.0]),
                value=math.inf,
                gradient=[-0.5, -math.inf],
            ),
            Point(
                why="the same, clipped",
                arguments=([0.5, 0.5], [1.0, 0.0]),
                options={"epsilon": 1e-7},
                value=math.log(0.5) + 0.5 * math.log(1e7),
                gradient=[-0.5, 0.0],
            ),
            Point(
                why="a score that rules out what does not happen",
                arguments=([1.0, 0.0], [2.0, -math.inf]),
                options={"from_logits": True},
                value=0.0,
                gradient=[0.0, 0.0],
            ),
            Point(
                why="a score that rules out what happens",
                arguments=([0.0, 1.0], [2.0, -math.inf]),
                options={"from_logits": True},
                value=math.inf,
                gradient=[1.0, -1.0],
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.kl_divergence",
                options={"epsilon": 1e-7},
                recorded=("loss/kl_divergence",),
                defects=(_ABOVE_1,),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.kl_div",
                arguments={"reduction": "none"},
                elementwise=True,
                recorded=("loss/kl_div_none",),
                defects=(_ABOVE_1, Defect(reason="0 log 0 is NaN where both are 0", rows=(2,))),
            ),
            # Of the three reductions the gradients tell; the values are NaN, by the same row.
            *(
                LossCounterpart(
                    system="pytorch",
                    function="torch.nn.functional.kl_div",
                    arguments={"reduction": reduction},
                    scale=1 / divisor,
                    recorded=(f"loss/kl_div_{reduction}",),
                    parts="g",
                    defects=(
                        _ABOVE_1,
                        Defect(reason="0 log 0 is NaN where both are 0", rows=(2,), parts="g"),
                    ),
                )
                for reduction, divisor in (("sum", 1), ("batchmean", 8), ("mean", 8 * 3))
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.KLDivLoss()",
                recorded=("loss/KLDivLoss",),
                defects=(_ABOVE_1, Defect(reason="0 log 0 is NaN where both are 0", rows=(2,))),
                float64=4e-12,
                differs="adds 1e-12 inside the logarithm",
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.KLDivLoss(from_logits=False)",
                options={"from_logits": True},
                recorded=("loss/KLDivLoss_fromlogitsFalse",),
                defects=(_ABOVE_1,),
                float32=6e-6,
                float64=4e-12,
                differs="adds 1e-12 inside the logarithm; in float32 oneDNN's log_softmax is only right to 3e-6",
            ),
        ),
    ),
    "cosine_similarity": LossFacts(
        draw=_vectors,
        exact=lambda mp, y, p, axis=-1, epsilon=1e-7: -_exact_cosine(mp, y, p, epsilon),
        cases=({}, {"axis": 0}, {"epsilon": 0.0}, {"epsilon": 3.0}),
        points=(
            Point(
                why="a zero prediction",
                arguments=([3.0, 4.0], [0.0, 0.0]),
                value=0.0,
                gradient=[-0.6e7, -0.8e7],
            ),
            Point(
                why="a zero prediction, epsilon=0",
                arguments=([3.0, 4.0], [0.0, 0.0]),
                options={"epsilon": 0.0},
                value=0.0,
                gradient=[0.0, 0.0],
            ),
            Point(why="a zero target", arguments=([0.0, 0.0], [3.0, 4.0]), value=0.0, gradient=[0.0, 0.0]),
            Point(
                why="vectors whose squares vanish",
                arguments=([3e-30, 4e-30], [4e-30, 3e-30]),
                options={"epsilon": 0.0},
                value=-0.96,
                gradient=[3.36e28, -4.48e28],
            ),
            Point(
                why="vectors whose squares overflow",
                arguments=([3e30, 4e30], [4e30, 3e30]),
                value=-0.96,
                gradient=[3.36e-32, -4.48e-32],
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.cosine_similarity",
                recorded=("loss/cosine_similarity",),
            ),
            *(
                LossCounterpart(
                    system="keras",
                    function="keras.losses.CosineSimilarity",
                    arguments={"reduction": reduction},
                    reduction=reduction,
                    recorded=(f"loss/CosineSimilarity_{reduction}",),
                    float64=2e-6,
                    differs="the class casts to float32",
                )
                for reduction in ("sum_over_batch_size", "sum", None)
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.cosine_similarity",
                arguments={"dim": -1},
                options={"epsilon": 1e-8},
                scale=-1.0,
                recorded=("loss/cosine_similarity",),
            ),
        ),
    ),
    "cosine_embedding": LossFacts(
        draw=_pairs_of_vectors,
        exact=_exact_cosine_embedding,
        cases=({}, {"margin": 0.5}, {"epsilon": 0.0}),
        points=(
            Point(
                why="nearly parallel vectors",
                arguments=(1.0, [1.0, 0.0], [1.0, 2.0**-10]),
                value=4.7683681714288289e-7,
                gradient=[0.0, -0.00097656203433904576],
            ),
            Point(
                why="at the margin",
                arguments=(-1.0, [1.0, 0.0], [0.0, 1.0]),
                value=0.0,
                gradients=([0.0, 1.0], [1.0, 0.0]),
            ),
            Point(
                why="a zero vector",
                arguments=(1.0, [0.0, 0.0], [3.0, 4.0]),
                value=1.0,
                gradients=([-0.6e6, -0.8e6], [0.0, 0.0]),
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.cosine_embedding_loss",
                inputs=lambda inputs: (inputs["em_y"], inputs["em_a"], inputs["em_b"]),
                recorded=("loss/cosine_embedding_none",),
                float64=1e-8,
                differs="adds 1e-12 to the squared lengths",
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.CosineEmbeddingLoss()",
                inputs=lambda inputs: (inputs["em_y"], inputs["em_a"], inputs["em_b"]),
                recorded=("loss/CosineEmbeddingLoss",),
                defects=(
                    Defect(reason="the gradient at a zero vector is NaN", rows=(1,), parts="g"),
                    Defect(reason="takes the slope 0 at the margin", rows=(2,), parts="g"),
                    Defect(reason="bounds the product of the lengths, not each", rows=(4,), parts="g"),
                ),
            ),
        ),
    ),
}
