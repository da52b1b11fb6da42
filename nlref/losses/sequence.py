"""Losses of sequences whose alignment with the labels is not known: ctc."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from nlref.kernel import Array, namespace
from nlref.loss import Shape, gradient_of_loss, loss, same_shape
from nlref.loss_facts import LossCounterpart, LossFacts, Point
from nlref.losses.log_sum_exp import finite, log_sum_exp

__all__ = ["FACTS", "ctc", "ctc_vjp"]


def _sequence_shapes(shapes: Mapping[str, Shape], options: Mapping[str, Any]) -> str | None:
    labels, logits = shapes["y_true"], shapes["y_pred"]
    if len(labels) != 2 or len(logits) != 3 or not same_shape(labels[:1], logits[:1]):
        return (
            f"y_true has shape {labels} and y_pred has shape {logits}; they must be "
            "(samples, labels) and (samples, steps, classes)"
        )
    for name in ("target_length", "output_length"):
        given = options[name]
        shape = None if given is None else tuple(getattr(given, "shape", ()))
        if shape is not None and not same_shape(shape, logits[:1]):
            return f"{name} has shape {shape}; it must be {logits[:1]}, one length a sample"
    classes, blank = logits[2], options["mask_index"]
    if classes is None:
        return "y_pred must know its number of classes before the call"
    if not -classes <= blank < classes:
        return f"mask_index must be the index of one of the {classes} classes, not {blank}"
    return None


def _check_sequences(arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> str | None:
    labels, (_, steps, classes) = arrays["y_true"], arrays["y_pred"].shape
    blank = options["mask_index"] % classes
    for name, longest in (("target_length", labels.shape[1]), ("output_length", steps)):
        if options[name] is not None:
            lengths = np.asarray(options[name])
            odd = lengths[(lengths < 0) | (lengths > longest)]
            if odd.size:
                return f"{name} must hold lengths from 0 to {longest}, but holds {odd[0].item():g}"
    if options["target_length"] is None:
        padding = (labels == blank) | (labels < 0)
        if np.any(padding[:, :-1] & ~padding[:, 1:]):
            sample = int(np.argmax(np.any(padding[:, :-1] & ~padding[:, 1:], axis=1)))
            return (
                f"y_true has padding before a label in sample {sample}, {labels[sample].tolist()}: "
                f"labels come first, then padding with {blank} (mask_index) or a negative number"
            )
        counts = ~padding
    else:
        counts = np.arange(labels.shape[1]) < np.asarray(options["target_length"])[:, None]
    odd = labels[counts & ((labels < 0) | (labels >= classes) | (labels == blank))]
    if odd.size:
        return (
            f"y_true must hold class indices from 0 to {classes - 1} other than {blank} (mask_index), "
            f"but holds {odd[0].item()}"
        )
    return None


@loss(
    indices=("y_true", "target_length", "output_length"),
    axes=(1, 2),
    shapes=_sequence_shapes,
    check=_check_sequences,
    in_float64=True,
)
def ctc(
    y_true: Array,
    y_pred: Array,
    target_length: Array | None = None,
    output_length: Array | None = None,
    mask_index: int = 0,
    zero_infinity: bool = False,
) -> Array:
    r"""Connectionist temporal classification: the negative log-probability of the labels, summed over all alignments.

    .. math:: \ell = -\log \sum_{\pi \in B^{-1}(y)} \prod_t \operatorname{softmax}(z_t)_{\pi_t}

    where B takes from a path :math:`\pi`, one class a step, first repetitions and then blanks. One value a sample, in
    [0, inf].

    ``y_true`` holds class indices of shape (samples, labels), labels first and then padding with ``mask_index`` or
    any negative number; ``y_pred`` scores (logits) of shape (samples, steps, classes). Log-probabilities may be given
    instead: their softmax is themselves. ``mask_index`` is the class that means blank; -1 is the last.
    ``target_length`` and ``output_length``, whole numbers of shape (samples,), say how many labels and how many steps
    count; by default all labels before the padding, and all steps.

    Stability
        The forward and the backward recursion run on logarithms, each step relative to its likeliest position: no
        underflow however long the sequence. float32 arrays are computed in float64. The recursion is a loop over the
        steps, for all samples at once.
    Edges
        Labels that need more steps than there are (one each, one more between equal neighbours) cannot be aligned:
        the loss is inf, or 0 with ``zero_infinity=True``; the gradient is 0 either way. No labels: every step must be
        blank.
    Gradient
        To the scores, :math:`g\,(\operatorname{softmax}(z_t)_k - \gamma_t(k))`, where :math:`\gamma` is the
        probability, given the labels, that step t stands for class k; 0 at steps beyond ``output_length``.
    Raises
        ``ValueError`` for labels out of range, blanks among the labels, lengths that do not fit.
    Keras
        ``keras.losses.ctc``, ``CTC``, ``"ctc"``, whose blank and padding is 0; the other arguments are those of
        ``keras.ops.ctc_loss``. It computes in float32 even for float64, and counts labels wherever they stand among
        padding.
    PyTorch
        ``torch.nn.functional.ctc_loss(log_probs, y_true, output_length, target_length, blank, zero_infinity=...)``
        with steps first; its "mean", the default, divides each sample's loss by its number of labels:
        ``np.mean(ctc(..., reduction=None) / np.maximum(target_length, 1))``.
    MXNet
        ``mxnet.gluon.loss.CTCLoss``: blank last, ``mask_index=-1``, and padding -1; ``mxnet.nd.CTCLoss``: blank 0.
        float32 only.
    Source
        Graves, Fernández, Gomez and Schmidhuber, "Connectionist temporal classification: labelling unsegmented
        sequence data with recurrent neural networks", ICML 2006.
    """
    lattice = _lattice(y_true, y_pred, target_length, output_length, mask_index)
    _, log_probability = _forward(lattice)
    value = -log_probability
    return namespace(value).where(value == math.inf, 0.0, value) if zero_infinity else value


@gradient_of_loss(ctc)
def ctc_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    target_length: Array | None = None,
    output_length: Array | None = None,
    mask_index: int = 0,
    zero_infinity: bool = False,
) -> Array:
    r""":math:`g\,(\operatorname{softmax}(z_t)_k - \gamma_t(k))`; 0 where the labels cannot be aligned."""
    xp = namespace(y_true, y_pred)
    lattice = _lattice(y_true, y_pred, target_length, output_length, mask_index)
    forward, log_probability = _forward(lattice)
    slope = xp.exp(lattice.log_softmax) - _occupancy(lattice, forward, _backward(lattice))
    counts = xp.transpose(lattice.live, (1, 0, 2)) & (log_probability != -math.inf)[:, None, None]
    return g[:, None, None] * xp.where(counts, slope, 0.0)


class _Lattice(NamedTuple):
    """The positions that a path goes through, blank, label, blank, ..., label, blank, and what each step costs there.

    ``emitted`` is the log-probability of each position's class, (steps, samples, positions); ``live`` whether the step
    counts, (steps, samples, 1); ``skip`` is 0 where a position may follow the last but one, and ``end`` 0 where a path
    may end, else -inf, both (samples, positions).
    """

    labels: Any
    blank: int
    log_softmax: Any
    emitted: Any
    live: Any
    skip: Any
    end: Any


def _lattice(y_true, y_pred, target_length, output_length, mask_index) -> _Lattice:
    xp = namespace(y_true, y_pred)
    blank = mask_index % y_pred.shape[-1]
    if target_length is None:
        is_label = (y_true >= 0) & (y_true != blank)
    else:
        is_label = xp.arange(xp.shape(y_true)[1]) < target_length[:, None]
    labels = xp.where(is_label, y_true, blank)
    count = xp.sum(xp.where(is_label, xp.ones_like(y_true), 0), axis=1)

    pairs = xp.stack([blank + 0 * labels, labels], axis=-1)
    classes = xp.reshape(pairs, (xp.shape(labels)[0], 2 * xp.shape(labels)[1]))
    classes = xp.pad(classes, ((0, 0), (0, 1)), constant_values=blank)
    position = xp.arange(xp.shape(classes)[1])

    scores = y_pred - xp.max(y_pred, axis=-1, keepdims=True)
    log_softmax = scores - xp.log(xp.sum(xp.exp(scores), axis=-1, keepdims=True))
    emitted = xp.transpose(xp.take_along_axis(log_softmax, classes[:, None, :], axis=2), (1, 0, 2))
    zero = xp.zeros_like(emitted[0])
    if output_length is None:
        live = xp.zeros_like(emitted[:, :, :1]) == 0
    else:
        live = (xp.arange(xp.shape(y_pred)[1])[:, None] < output_length)[:, :, None]
    skips = classes != _moved(classes, 2, blank)  # to another label, past the blank between
    ends = (position == 2 * count[:, None]) | (position == 2 * count[:, None] - 1)
    return _Lattice(
        labels,
        blank,
        log_softmax,
        emitted,
        live,
        xp.where(skips, zero, -math.inf),
        xp.where(ends, zero, -math.inf),
    )


def _forward(lattice: _Lattice) -> tuple[Any, Any]:
    """At each step the log-probability to have come to each position, up to a constant a step; that of the labels."""
    xp = namespace(lattice.emitted)

    def step(state, item):
        reached, offset = state
        emitted, live = item
        ways = [reached, _moved(reached, 1, -math.inf), _moved(reached, 2, -math.inf) + lattice.skip]
        after = emitted + log_sum_exp(xp.stack(ways), axis=0)
        likeliest = finite(xp.max(after, axis=1, keepdims=True))
        return xp.where(live, after - likeliest, reached), xp.where(live, offset + likeliest, offset)

    zero = xp.zeros_like(lattice.emitted[0])
    start = xp.where(xp.arange(xp.shape(zero)[1]) == 0, zero, -math.inf)
    reached, offset = xp.scan(step, (start, zero[:, :1]), (lattice.emitted, lattice.live))
    return reached, xp.squeeze(offset[-1], axis=1) + log_sum_exp(reached[-1] + lattice.end, axis=1)


def _backward(lattice: _Lattice) -> Any:
    """At each step the log-probability of what remains after it, from each position, up to a constant a step."""
    xp = namespace(lattice.emitted)

    def step(state, item):
        (remaining,) = state
        emitted, live = item
        ahead = remaining + emitted
        ways = [ahead, _moved(ahead, -1, -math.inf), _moved(ahead + lattice.skip, -2, -math.inf)]
        before = log_sum_exp(xp.stack(ways), axis=0)
        before = before - finite(xp.max(before, axis=1, keepdims=True))
        return (xp.where(live, before, remaining),)

    (remaining,) = xp.scan(step, (lattice.end,), (lattice.emitted, lattice.live), reverse=True)
    return xp.concatenate([remaining[1:], lattice.end[None]], axis=0)


def _occupancy(lattice: _Lattice, forward: Any, backward: Any) -> Any:
    """The probability, given the labels, that a step stands for a class: (samples, steps, classes)."""
    xp = namespace(forward, backward)
    joint = forward + backward
    weight = xp.exp(joint - finite(xp.max(joint, axis=2, keepdims=True)))
    weight = xp.transpose(weight / xp.sum(weight, axis=2, keepdims=True), (1, 0, 2))
    classes = xp.arange(xp.shape(lattice.log_softmax)[2])
    one = xp.ones_like(weight[:1, :1, :1])
    of_labels = xp.where(lattice.labels[:, :, None] == classes, one, 0.0)
    of_blank = xp.where(classes == lattice.blank, one, 0.0)
    blanks = xp.sum(weight[:, :, 0::2], axis=2, keepdims=True)
    return xp.matmul(weight[:, :, 1::2], of_labels) + blanks * of_blank


def _moved(x: Any, by: int, fill: float) -> Any:
    """``x`` of shape (samples, positions) moved ``by`` positions to the right, to the left if negative."""
    xp = namespace(x)
    if by > 0:
        return xp.pad(x, ((0, 0), (by, 0)), constant_values=fill)[:, :-by]
    return xp.pad(x, ((0, 0), (0, -by)), constant_values=fill)[:, -by:]


def _sequences(generator, shape, mask_index=0, **_):
    """Labels of different lengths, some repeated, padded with blanks, and scores."""
    samples, steps, classes = shape
    longest = max(1, steps // 2)
    blank = mask_index % classes
    labels = (blank + 1 + generator.integers(0, classes - 1, size=(samples, longest))) % classes
    counts = generator.integers(1, longest + 1, size=(samples, 1))
    return np.where(np.arange(longest) < counts, labels, blank), generator.normal(scale=2, size=shape)


def _exact_ctc(mp, labels, scores, mask_index=0, zero_infinity=False):
    steps, classes = scores.shape
    blank = mask_index % classes
    positions = [blank]
    for label in labels:
        if label != blank:
            positions += [label, blank]
    reached = [mp.mpf(1)] + [mp.mpf(0)] * (len(positions) - 1)
    for t in range(steps):
        odds = [mp.exp(score) for score in scores[t]]
        total = mp.fsum(odds)
        after = []
        for s, label in enumerate(positions):
            ways = reached[s] + (reached[s - 1] if s > 0 else 0)
            if s > 1 and label not in (blank, positions[s - 2]):
                ways += reached[s - 2]
            after.append(ways * odds[label] / total)
        reached = after
    return -mp.log(mp.fsum(reached[-2:]))


FACTS = {
    "ctc": LossFacts(
        draw=_sequences,
        exact=_exact_ctc,
        cases=({}, {"mask_index": -1}, {"mask_index": 1, "zero_infinity": True}),
        shape=(4, 7, 5),
        points=(
            Point(
                why="one step, one label",
                arguments=([1], [[0.0, math.log(3.0)]]),
                value=math.log(4 / 3),
                gradient=[[0.25, -0.25]],
            ),
            Point(
                why="no label: every step is blank",
                arguments=([0], [[math.log(3.0), 0.0]]),
                value=math.log(4 / 3),
                gradient=[[-0.25, 0.25]],
            ),
            Point(
                why="equal neighbours need a blank between",
                arguments=([1, 1], [[0.0, 0.0], [0.0, 0.0]]),
                value=math.inf,
                gradient=[[0.0, 0.0], [0.0, 0.0]],
            ),
            Point(
                why="no alignment, zero_infinity",
                arguments=([1, 1], [[0.0, 0.0], [0.0, 0.0]]),
                options={"zero_infinity": True},
                value=0.0,
                gradient=[[0.0, 0.0], [0.0, 0.0]],
            ),
            Point(
                why="a path of probability e^-2000",
                arguments=([1], [[1000.0, 0.0, -1000.0], [1000.0, -1000.0, 0.0]]),
                value=1000.0,
                gradient=[[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]],
            ),
            Point(
                why="a class ruled out that is not needed",
                arguments=([1], [[0.0, 0.0, -math.inf]]),
                value=math.log(2),
                gradient=[[0.5, -0.5, 0.0]],
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.losses.ctc",
                recorded=("loss/ctc",),
                float64=4e-7,
                differs="computes in float32",
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.ctc_loss",
                arguments={"reduction": "none"},
                recorded=("loss/ctc_none",),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.ctc_loss",
                arguments={"reduction": "sum"},
                reduction="sum",
                recorded=("loss/ctc_sum",),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.ctc_loss",
                reduction="mean",
                sample_weight=lambda inputs: 1 / inputs["ctc_ll"],
                recorded=("loss/ctc_mean",),
            ),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.ctc_loss",
                arguments={"blank": 3, "reduction": "none"},
                options={"mask_index": 3},
                inputs=lambda inputs: (inputs["ctc_l"] - 1, inputs["ctc_x"]),
                recorded=("loss/ctc_blank3_none",),
            ),
            LossCounterpart(
                system="mxnet",
                function="mxnet.gluon.loss.CTCLoss()",
                options={"mask_index": -1},
                inputs=lambda inputs: (inputs["ctc_l"] - 1, inputs["ctc_x"]),
                recorded=("loss/CTCLoss_blank_last",),
            ),
        ),
    ),
}
