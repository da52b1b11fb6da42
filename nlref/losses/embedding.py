"""Losses of distances between embeddings: hinge_embedding, triplet_margin, circle.

What belongs together is drawn close, what does not is pushed apart, up to a margin.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from nlref.activations import sigmoid, softplus
from nlref.kernel import Array, namespace
from nlref.loss import Shape, equal_shapes, gradient_of_loss, loss, same_shape
from nlref.loss_facts import Defect, LossCounterpart, LossFacts, Point
from nlref.losses.domains import check_signs
from nlref.losses.log_sum_exp import finite, log_sum_exp
from nlref.losses.margin import missed

__all__ = [
    "FACTS",
    "circle",
    "circle_vjp",
    "hinge_embedding",
    "hinge_embedding_vjp",
    "triplet_margin",
    "triplet_margin_vjp",
]


@loss(axes=(), check=check_signs)
def hinge_embedding(y_true: Array, y_pred: Array, margin: float = 1.0) -> Array:
    r"""Hinge embedding loss of distances, one value an entry, in [0, inf) for distances:

    .. math:: \ell = \hat y \text{ for } y = 1, \qquad \max(0, m - \hat y) \text{ for } y = -1

    ``y_pred`` holds distances between two things, ``y_true`` of the same shape 1 where they are alike, -1 where they
    are not; every entry is a sample. Not the hinge of a support vector machine: that is `hinge`.

    Kinks
        At :math:`\hat y = m` the slope is that of a missed margin, -1, as in PyTorch.
    Raises
        ``ValueError`` for labels other than -1 and 1; PyTorch adds both pieces for those.
    PyTorch
        ``torch.nn.functional.hinge_embedding_loss(y_pred, y_true, margin)``; at NaN its gradient is 0 for y = -1,
        ours NaN.
    Keras, MXNet
        None.
    Source
        Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping", 2006, without the
        squares.
    """
    xp = namespace(y_true, y_pred)
    return xp.where(y_true == 1, y_pred, xp.maximum(margin - y_pred, 0.0))


@gradient_of_loss(hinge_embedding)
def hinge_embedding_vjp(y_true: Array, y_pred: Array, g: Array, margin: float = 1.0) -> Array:
    r"""``g`` for y = 1; for y = -1 ``-g`` up to the margin, 0 beyond it, NaN at NaN."""
    return g * namespace(y_true, y_pred).where(y_true == 1, 1.0, -missed(margin - y_pred))


def _triplet_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    if not 1 <= options["p"] < math.inf:
        return f"p must be at least 1 and finite, not {options['p']:g}"
    if options["epsilon"] < 0:
        return f"epsilon must not be negative, not {options['epsilon']:g}"
    return equal_shapes(shapes, options)


@loss(shapes=_triplet_shapes)
def triplet_margin(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2.0,
    epsilon: float = 1e-6,
    swap: bool = False,
    squared: bool = False,
) -> Array:
    r"""Triplet margin loss, :math:`\max(0, d(a, p) - d(a, n) + m)`, in [0, inf), over the last axis.

    The anchor a should be nearer to the positive than to the negative example, by the margin m. The three arrays have
    one shape; the distance is :math:`d(u, v) = \lVert u - v + \epsilon \rVert_p`, or with ``squared=True``
    :math:`\sum_j (u_j - v_j)^2`, whatever ``p`` and ``epsilon``. With ``swap=True`` the negative example counts from
    the anchor or from the positive example, whichever is nearer.

    Stability
        The norm is scaled by the largest entry, so that no square overflows or vanishes.
    Kinks
        Where the margin is just met the slope is that of a missed one, as in PyTorch; at distance 0, which
        ``epsilon=0`` allows, the gradient of the distance is 0; of two equal distances under ``swap`` each gets half.
    Raises
        ``ValueError`` for ``p`` below 1 or a negative ``epsilon``.
    PyTorch
        ``torch.nn.functional.triplet_margin_loss``, same arguments (``epsilon`` is ``eps``), same defaults. Its
        ``epsilon``, added to each difference, gives an anchor that equals its positive example a gradient of length
        1; ``epsilon=0`` is the distance of the textbook.
    MXNet
        ``mxnet.gluon.loss.TripletLoss(margin)`` is ``squared=True``, summed over all axes but the first.
    Keras
        None.
    Source
        Balntas, Riba, Ponsa and Mikolajczyk, "Learning local feature descriptors with triplets and shallow
        convolutional neural networks", 2016; squared, Schroff, Kalenichenko and Philbin, "FaceNet", 2015.
    """
    xp = namespace(anchor, positive, negative)
    options = p, epsilon, squared
    near, far = _distance(anchor, positive, *options), _distance(anchor, negative, *options)
    if swap:
        far = xp.minimum(far, _distance(positive, negative, *options))
    return xp.squeeze(xp.maximum(near - far + margin, 0.0), axis=-1)


@gradient_of_loss(triplet_margin)
def triplet_margin_vjp(
    anchor: Array,
    positive: Array,
    negative: Array,
    g: Array,
    margin: float = 1.0,
    p: float = 2.0,
    epsilon: float = 1e-6,
    swap: bool = False,
    squared: bool = False,
) -> tuple[Array, Array, Array]:
    r"""To anchor, positive, negative: :math:`g(\nabla d_{ap} - \nabla d_{an})`, :math:`-g\nabla d_{ap}`,
    :math:`g\nabla d_{an}`.

    All 0 where the margin is exceeded.
    """
    xp = namespace(anchor, positive, negative)
    options = p, epsilon, squared
    near, far = _distance(anchor, positive, *options), _distance(anchor, negative, *options)
    to_near = _distance_gradient(anchor, positive, near, *options)
    to_far = _distance_gradient(anchor, negative, far, *options)
    to_swapped = xp.zeros_like(to_far)
    if swap:
        other = _distance(positive, negative, *options)
        from_anchor = missed(other - far, at_zero=0.5)
        to_swapped = (1.0 - from_anchor) * _distance_gradient(positive, negative, other, *options)
        to_far, far = from_anchor * to_far, xp.minimum(far, other)
    g = xp.expand_dims(g, -1) * missed(near - far + margin)
    gradients = to_near - to_far, -to_near - to_swapped, to_far + to_swapped
    return tuple(xp.where(g == 0, 0.0, g * gradient) for gradient in gradients)


def _distance(u: Array, v: Array, p: float, epsilon: float, squared: bool) -> Array:
    """The distance over the last axis, which stays with length 1."""
    xp = namespace(u, v)
    if squared:
        return xp.sum((u - v) * (u - v), axis=-1, keepdims=True)
    size = xp.abs(u - v + epsilon)
    if p == 1:
        return xp.sum(size, axis=-1, keepdims=True)
    largest = xp.max(size, axis=-1, keepdims=True)
    size = size / xp.where((largest > 0) & (largest < math.inf), largest, 1.0)
    if p == 2:
        return largest * xp.sqrt(xp.sum(size * size, axis=-1, keepdims=True))
    return largest * xp.sum(size**p, axis=-1, keepdims=True) ** (1.0 / p)


def _distance_gradient(u: Array, v: Array, distance: Array, p: float, epsilon: float, squared: bool) -> Array:
    """The gradient of the distance to ``u``; that to ``v`` is its negative."""
    xp = namespace(u, v)
    if squared:
        return 2.0 * (u - v)
    difference = u - v + epsilon
    if p == 1:
        return xp.sign(difference)
    size = xp.abs(difference)
    # The entry that is the whole distance has the share 1, an infinite one too.
    ratio = xp.where(size == distance, 1.0, size / xp.where(distance > 0, distance, 1.0))
    return xp.sign(difference) * (ratio if p == 2 else ratio ** (p - 1.0))


def _circle_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    labels, embeddings = shapes["y_true"], shapes["y_pred"]
    if len(embeddings) != 2 or not same_shape(labels, embeddings[:1]):
        return (
            f"y_true has shape {labels} and y_pred has shape {embeddings}; "
            "they must be (samples,), one label each, and (samples, features)"
        )
    if options["gamma"] < 0 or options["margin"] < 0:
        return "gamma and margin must not be negative"
    given = options["ref_labels"], options["ref_embeddings"]
    if (given[0] is None) != (given[1] is None):
        return "ref_labels and ref_embeddings belong together: give both or neither"
    if given[0] is not None:
        labels, references = (tuple(getattr(array, "shape", ())) for array in given)
        if len(references) != 2 or not same_shape((*labels, embeddings[1]), references):
            return (
                f"ref_labels has shape {labels} and ref_embeddings has shape {references}; they must be "
                f"(references,), one label each, and (references, {embeddings[1]}), features as in y_pred"
            )
    return None


def _has_partners(arrays: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """Whether a sample has a positive and a negative partner."""
    y_true = arrays["y_true"]
    xp = namespace(y_true)
    same, is_positive = _pairs(y_true, options["ref_labels"], options["remove_diagonal"])
    return xp.any(is_positive, axis=1) & xp.any(~same, axis=1)


@loss(
    indices=("y_true", "ref_labels"),
    shapes=_circle_shapes,
    valid=_has_partners,
    couples_samples=True,
    in_float64=True,
)
def circle(
    y_true: Array,
    y_pred: Array,
    ref_labels: Array | None = None,
    ref_embeddings: Array | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Array:
    r"""Circle loss of embeddings, one value a sample, in [0, inf):

    .. math::
        \ell_i = \log\Bigl(1 + \sum_{j \in P_i} e^{\gamma (m + d_{ij})(d_{ij} - m)}
                               \sum_{j \in N_i} e^{\gamma \max(1 + m - d_{ij}, 0)(1 - m - d_{ij})}\Bigr),
        \qquad d_{ij} = \max(1 - \langle x_i, r_j \rangle, 0)

    ``y_true`` holds whole numbers, the labels, of shape (samples,); ``y_pred`` the embeddings x, (samples, features),
    which must have length 1 each to make d a cosine distance: this function does not normalize. They are compared
    with the references r, ``ref_embeddings`` with ``ref_labels``, by default with each other: :math:`P_i` are those
    of the same label (but not number i itself, unless ``remove_diagonal=False``), :math:`N_i` those of another.

    ``gamma`` sharpens, ``margin`` m is how much nearer than their goal, 0 and 1, distances may stay.

    Stability
        Sums of exponentials relative to their largest term. ``gamma`` multiplies rounding errors; float32 arrays are
        computed in float64.
    Edges
        A sample without a positive or without a negative partner has the loss 0 and gives no gradient; means leave it
        out, as ``keras.losses.Circle`` does.
    Kinks
        At d = 0 and at d = 1 + m the slope of the side where the maximum is active, as in Keras.
    Gradient
        To ``y_pred``, in both its roles where it is its own reference; given ``ref_embeddings`` are constants.
    Keras
        ``keras.losses.circle``, ``Circle``, same arguments. The class averages over the samples whose loss is above 0:
        those with partners, except that a loss which underflows does not count there.
    PyTorch, MXNet
        None.
    Source
        Sun, Cheng, Zhang, Zhang, Zheng, Wang and Wei, "Circle loss: a unified perspective of pair similarity
        optimization", CVPR 2020; there the factors :math:`m + d` and :math:`1 + m - d` have no gradient, here as in
        Keras they do.
    """
    positive, negative = _circle_terms(
        y_true, y_pred, ref_labels, ref_embeddings, remove_diagonal, gamma, margin
    )[1:]
    return softplus(log_sum_exp(positive, axis=1) + log_sum_exp(negative, axis=1))


@gradient_of_loss(circle)
def circle_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    ref_labels: Array | None = None,
    ref_embeddings: Array | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Array:
    r"""To ``y_pred``, through the distances d and the softmaxes a, b of the exponents over each sample's partners:

    .. math:: -g_i\,\sigma(\log P_i + \log N_i)\,2\gamma\,(a_{ij} d_{ij} - b_{ij} (1 - d_{ij}))\,r_j

    summed over the pairs in which a sample takes part.
    """
    xp = namespace(y_true, y_pred)
    similarity, positive, negative = _circle_terms(
        y_true, y_pred, ref_labels, ref_embeddings, remove_diagonal, gamma, margin
    )
    log_positive, log_negative = log_sum_exp(positive, axis=1), log_sum_exp(negative, axis=1)
    distance = xp.maximum(1.0 - similarity, 0.0)
    from_positive = _share(positive, log_positive) * distance
    from_negative = _share(negative, log_negative) * (distance - 1.0)
    from_negative = xp.where(distance <= 1.0 + margin, from_negative, 0.0)
    upstream = xp.expand_dims(g * sigmoid(log_positive + log_negative), -1)
    to_similarity = -2.0 * gamma * upstream * (from_positive + from_negative)
    to_similarity = xp.where(similarity > 1.0, 0.0, to_similarity)
    if ref_embeddings is not None:
        return xp.matmul(to_similarity, ref_embeddings)
    return xp.matmul(to_similarity + xp.transpose(to_similarity), y_pred)


def _circle_terms(y_true, y_pred, ref_labels, ref_embeddings, remove_diagonal, gamma, margin):
    """Similarities, and the exponents of the positive and of the negative pairs, -inf where a pair is not one."""
    xp = namespace(y_true, y_pred)
    same, is_positive = _pairs(y_true, ref_labels, remove_diagonal)
    ref_embeddings = y_pred if ref_embeddings is None else ref_embeddings
    similarity = xp.matmul(y_pred, xp.transpose(ref_embeddings))
    distance = xp.maximum(1.0 - similarity, 0.0)
    positive = gamma * (margin + distance) * (distance - margin)
    negative = gamma * xp.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    return (
        similarity,
        xp.where(is_positive, positive, -math.inf),
        xp.where(same, -math.inf, negative),
    )


def _pairs(y_true: Array, ref_labels: Array | None, remove_diagonal: bool) -> tuple[Array, Array]:
    """Which samples and references have the same label; which of these pairs count as positive."""
    xp = namespace(y_true)
    ref_labels = y_true if ref_labels is None else ref_labels
    same = y_true[:, None] == ref_labels
    if not remove_diagonal:
        return same, same
    return same, same & (xp.arange(xp.shape(y_true)[0])[:, None] != xp.arange(xp.shape(ref_labels)[0]))


def _share(x: Array, log_sum: Array) -> Array:
    """``exp(x - log_sum)``, the softmax of ``x``; 0 where all of it is -inf."""
    xp = namespace(x, log_sum)
    return xp.exp(x - xp.expand_dims(finite(log_sum), 1))


def _labels_and_distances(generator, shape, margin=1.0, **_):
    y = generator.choice([-1.0, 1.0], size=shape)
    distance = generator.uniform(0.05, 3, size=shape)
    return y, distance + np.where(np.abs(distance - margin) < 1 / 8, 1 / 4, 0)


def _triplets(generator, shape, margin=1.0, p=2.0, epsilon=1e-6, swap=False, squared=False, **_):
    """Triplets whose margin is missed, or exceeded, by something."""
    anchor = generator.normal(size=shape)
    positive = anchor + generator.normal(size=shape)
    negative = anchor + 2 * generator.normal(size=shape)

    def distance(u, v):
        size = np.abs(u - v + epsilon)
        return np.sum(size**2, axis=-1) if squared else np.sum(size**p, axis=-1) ** (1 / p)

    for _attempt in range(20):
        near, far = distance(anchor, positive), distance(anchor, negative)
        other = distance(positive, negative)
        unclear = np.abs(near - (np.minimum(far, other) if swap else far) + margin) < 0.5
        unclear |= swap & (np.abs(far - other) < 0.1)
        negative = np.where(unclear[..., None], anchor + 2 * generator.normal(size=shape), negative)
    return anchor, positive, negative


def _embeddings_far_from_home(generator, shape, **_):
    """Vectors, two of each label, each far from its own kind and near one of another: where the loss is large.

    There a single pair of each kind decides, and the rounding of its distance is not multiplied by gamma. They are a
    little shorter than 1, so that no one's distance to itself is at the kink.
    """
    samples, features = shape
    directions = np.linalg.qr(generator.normal(size=(features, features)))[0]
    index = np.arange(samples)
    x = directions[(index // 2 + index % 2) % max(1, samples // 2) % features]
    x = x + 0.1 * generator.normal(size=shape) / np.sqrt(features)
    return index // 2, 0.95 * x / np.linalg.norm(x, axis=1, keepdims=True)


def _exact_distance(mp, u, v, p, epsilon, squared):
    differences = [a - b for a, b in zip(u, v, strict=True)]
    if squared:
        return mp.fsum(d * d for d in differences)
    return mp.fsum(abs(d + mp.mpf(epsilon)) ** mp.mpf(p) for d in differences) ** (1 / mp.mpf(p))


def _exact_triplet(mp, a, b, c, margin=1.0, p=2.0, epsilon=1e-6, swap=False, squared=False):
    far = _exact_distance(mp, a, c, p, epsilon, squared)
    if swap:
        far = min(far, _exact_distance(mp, b, c, p, epsilon, squared))
    return max(mp.mpf(0), _exact_distance(mp, a, b, p, epsilon, squared) - far + mp.mpf(margin))


def _exact_circle(mp, labels, x, remove_diagonal=True, gamma=80.0, margin=0.4):
    gamma, margin = mp.mpf(gamma), mp.mpf(margin)
    values = np.empty(len(x), object)
    for i in range(len(x)):
        positive = negative = mp.mpf(0)
        for j in range(len(x)):
            d = max(1 - mp.fsum(a * b for a, b in zip(x[i], x[j], strict=True)), mp.mpf(0))
            if labels[i] != labels[j]:
                negative += mp.exp(gamma * max(1 + margin - d, mp.mpf(0)) * (1 - margin - d))
            elif i != j or not remove_diagonal:
                positive += mp.exp(gamma * (margin + d) * (d - margin))
        values[i] = mp.log1p(positive * negative)
    return values


def _embeddings(inputs):
    x = inputs["em_a"] + inputs["em_a"].dtype.type(0.1)
    return np.array([0, 0, 1, 1, 2, 2]), x / np.linalg.norm(x, axis=1, keepdims=True)


FACTS = {
    "hinge_embedding": LossFacts(
        draw=_labels_and_distances,
        exact=lambda mp, y, p, margin=1.0: p if y == 1 else max(mp.mpf(0), margin - p),
        cases=({}, {"margin": 0.25}),
        points=(
            Point(why="alike", arguments=(1.0, 3.0), value=3.0, gradient=1.0),
            Point(why="the margin just met", arguments=(-1.0, 1.0), value=0.0, gradient=-1.0),
            Point(why="beyond the margin", arguments=(-1.0, math.inf), value=0.0, gradient=0.0),
            Point(why="NaN", arguments=(-1.0, math.nan), value=math.nan, gradient=math.nan),
        ),
        counterparts=(
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.hinge_embedding_loss",
                arguments={"reduction": "none"},
                recorded=("loss/hinge_embedding_none",),
                defects=(Defect(reason="the gradient at NaN is 0", rows=(13,), parts="g"),),
            ),
        ),
    ),
    "triplet_margin": LossFacts(
        draw=_triplets,
        exact=_exact_triplet,
        cases=(
            {},
            {"margin": 0.25, "p": 1.5, "epsilon": 0.0},
            {"p": 3.0, "swap": True},
            {"swap": True, "epsilon": 0.0},
            {"squared": True},
        ),
        points=(
            Point(
                why="an anchor that is its own positive",
                arguments=([1.0, 2.0], [1.0, 2.0], [4.0, 6.0]),
                options={"epsilon": 0.0, "margin": 6.0},
                value=1.0,
                gradients=([0.6, 0.8], [0.0, 0.0], [-0.6, -0.8]),
            ),
            Point(
                why="the margin just met",
                arguments=([0.0, 0.0], [3.0, 4.0], [0.0, 6.0]),
                options={"epsilon": 0.0},
                value=0.0,
                gradients=([-0.6, -0.8 + 1.0], [0.6, 0.8], [0.0, -1.0]),
            ),
            Point(
                why="distances that overflow when squared",
                arguments=([0.0, 0.0], [3e25, 4e25], [0.0, 1e25]),
                options={"epsilon": 0.0},
                value=4e25,
                gradients=([-0.6, -0.8 + 1.0], [0.6, 0.8], [0.0, -1.0]),
            ),
            Point(
                why="swapped, two equal distances",
                arguments=([0.0, 0.0], [0.0, 2.0], [1.0, 1.0]),
                options={"epsilon": 0.0, "swap": True, "squared": True},
                value=3.0,
                gradients=([1.0, -3.0], [1.0, 3.0], [-2.0, 0.0]),
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.triplet_margin_loss",
                arguments={"reduction": "none"},
                inputs=lambda inputs: (inputs["em_a"], inputs["em_b"], inputs["em_c"]),
                recorded=("loss/triplet_none",),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.TripletLoss()",
                options={"squared": True},
                inputs=lambda inputs: (inputs["em_a"], inputs["em_b"], inputs["em_c"]),
                recorded=("loss/TripletLoss",),
            ),
        ),
    ),
    "circle": LossFacts(
        draw=_embeddings_far_from_home,
        exact=_exact_circle,
        cases=({}, {"gamma": 4.0, "margin": 0.25}, {"gamma": 4.0, "remove_diagonal": False}),
        couples_samples=True,
        shape=(8, 5),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.circle",
                inputs=_embeddings,
                parts="y",
                recorded=("loss/circle",),
                float32=1e-4,
                float64=1e-12,
                differs="gamma multiplies rounding errors",
            ),
        ),
    ),
}
