"""Unit 07: cross-entropies from probabilities and from scores, their gradient, smoothed labels, the focal loss."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nlref import losses
from nlref.activations import sigmoid, softmax
from nlref.checks.batches import Entries, of_distributions, per_sample, reduction_mistakes
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Question

UNIT = "07_crossentropy"

GUARD = 1e-7
# A guard that is a little different at a perfect prediction is as good: 1e-7 against 0.
LENIENT = {"tolerance": 1e-6, "scale": 1.0}
# An epsilon of 1e-7 in a logarithm is a matter of the extremes alone.
NO_MATTER_OF_EPSILON = {"tolerance": 1e-4, "scale": 0.01}

SHAPE = Criterion(
    "shape", 0.2, "One number for each sample: the shape of the predictions without their last axis."
)
UNCHANGED = Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards.")


def criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (Criterion("values", 0.4, values), Criterion("extremes", 0.3, extremes), SHAPE, UNCHANGED)


def clipped(p):
    return np.clip(p, GUARD, 1 - GUARD)


def column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


# Labels and predictions


def labels_of_two(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Zeros and ones, both of them in every array of more than one entry."""
    labels = generator.integers(0, 2, shape).astype(float)
    flat = labels.reshape(-1)
    flat[:2] = (0.0, 1.0)[: flat.size]
    return labels


def probabilities(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Probabilities that are none of 0, 1/2 and 1."""
    p = np.round(generator.uniform(0.05, 0.95, shape), 2)
    return np.where(p == 0.5, 0.45, p)


def scores(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return np.round(generator.normal(scale=2.0, size=shape), 2)


def one_hot(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """One-hot rows, neighbours of different classes."""
    classes = shape[-1]
    count = int(np.prod(shape[:-1], dtype=int))
    first = int(generator.integers(classes))
    steps = np.cumsum(generator.integers(1, classes, count)) if classes > 1 else np.zeros(count, int)
    return np.eye(classes)[(first + steps) % classes].reshape(shape)


def distributions(generator: np.random.Generator, *shape: int, at_least: int = 1) -> np.ndarray:
    """Rows of twentieths that sum to 1."""
    classes = shape[-1]
    spare = 20 - at_least * classes
    rows = generator.multinomial(spare, np.full(classes, 1 / classes), size=shape[:-1]) + at_least
    return rows / 20


# Tables of surprises, one number an entry, reduced.


def averaged(entries: Entries) -> Callable[..., Any]:
    return lambda y_true, y_pred, **options: np.mean(entries(y_true, y_pred, **options), axis=-1)


def summed(entries: Entries) -> Callable[..., Any]:
    return lambda y_true, y_pred, **options: np.sum(entries(y_true, y_pred, **options), axis=-1)


def in_place(loss: Callable[..., Any]) -> Mistake:
    """``loss``, after the predictions were clipped where they stand."""

    def clip_and_lose(y_true, y_pred, **options):
        y_pred[y_pred < GUARD] = GUARD
        y_pred[y_pred > 1 - GUARD] = 1 - GUARD
        return loss(y_true, y_pred, **options)

    return Mistake(
        "in place",
        clip_and_lose,
        "input unchanged",
        "The clip writes into the caller's array of predictions. `np.clip` without `out` builds a new one.",
    )


# What a clip in place would change.
UNCLIPPED = column(1.0, 0.0, 1.0), column(0.0, 1.0, 0.25)

# binary_crossentropy


def binary_entries(y_true, y_pred):
    p = clipped(y_pred)
    return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def binary_unguarded(y_true, y_pred):
    return -(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))


def binary_epsilon(y_true, y_pred):
    return -(y_true * np.log(y_pred + GUARD) + (1 - y_true) * np.log(1 - y_pred + GUARD))


def binary_small_epsilon(y_true, y_pred):
    return -(y_true * np.log(y_pred + 1e-12) + (1 - y_true) * np.log(1 - y_pred + 1e-12))


def binary_clipped_tighter(y_true, y_pred):
    p = np.clip(y_pred, 1e-15, 1 - 1e-15)
    return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def binary_clipped_below(y_true, y_pred):
    p = np.maximum(y_pred, GUARD)
    return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))


def binary_one_minus_logarithm(y_true, y_pred):
    p = clipped(y_pred)
    return -(y_true * np.log(p) + (1 - y_true) * (1 - np.log(p)))


def binary_nan_to_num(y_true, y_pred):
    return np.nan_to_num(binary_unguarded(y_true, y_pred))


def binary_first_term(y_true, y_pred):
    return -y_true * np.log(clipped(y_pred))


def binary_exchanged(y_true, y_pred):
    p = clipped(y_pred)
    return -((1 - y_true) * np.log(p) + y_true * np.log(1 - p))


def binary_half_a_minus(y_true, y_pred):
    p = clipped(y_pred)
    return -y_true * np.log(p) + (1 - y_true) * np.log(1 - p)


def binary_roles_exchanged(y_true, y_pred):
    t = clipped(y_true)
    return -(y_pred * np.log(t) + (1 - y_pred) * np.log(1 - t))


def binary_of_sigmoid(y_true, y_pred):
    return binary_entries(y_true, 1 / (1 + np.exp(-y_pred)))


def binary_by_where(y_true, y_pred):
    p = clipped(y_pred)
    return -np.where(y_true == 1, np.log(p), np.log(1 - p))


def binary_by_one_distance(y_true, y_pred):
    return -np.log(np.clip(np.abs(y_true + y_pred - 1), GUARD, 1))


def binary_by_guarded_logarithms(y_true, y_pred):
    positive = np.log(np.maximum(y_pred, GUARD))
    negative = np.log(np.maximum(1 - y_pred, GUARD))
    return -(y_true * positive + (1 - y_true) * negative)


def binary_by_log1p(y_true, y_pred):
    p = np.minimum(np.maximum(y_pred, GUARD), 1 - GUARD)
    return -y_true * np.log(p) - (1 - y_true) * np.log1p(-p)


def binary_by_powers(y_true, y_pred):
    p = clipped(y_pred)
    return -np.log(p**y_true * (1 - p) ** (1 - y_true))


def binary_by_loop(y_true, y_pred):
    rows = zip(
        y_true.reshape(-1, y_true.shape[-1]).tolist(),
        y_pred.reshape(-1, y_pred.shape[-1]).tolist(),
        strict=True,
    )
    values = []
    for labels, predictions in rows:
        total = 0.0
        for y, p in zip(labels, predictions, strict=True):
            p = min(max(p, GUARD), 1 - GUARD)
            total -= y * np.log(p) + (1 - y) * np.log(1 - p)
        values.append(total / len(labels))
    return np.array(values).reshape(y_true.shape[:-1])


def binary_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return labels_of_two(generator, *shape), probabilities(generator, *shape)

    def soft(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return np.round(generator.uniform(0.1, 0.9, shape), 1), probabilities(generator, *shape)

    return (
        # Values to six digits: an epsilon of 1e-7 in the logarithm is a matter of the extremes.
        *(Case("values", arrays, tolerance=2e-6) for arrays in (pair(3, 4), pair(4, 2), soft(3, 2))),
        Case("values", (np.array([[1, 0]]), np.array([[0.75, 0.75]])), tolerance=2e-6),
        Case("extremes", (column(1.0, 0.0), column(1.0, 0.0)), quiet=True, **LENIENT),
        Case("extremes", (column(1.0, 0.0), column(0.0, 1.0)), quiet=True, **LENIENT),
        Case("extremes", (column(1.0, 0.0), column(GUARD, 1 - GUARD)), quiet=True, **LENIENT),
        Case("extremes", (column(1.0), column(1e-30)), quiet=True, **LENIENT),
        *(
            Case("shape", arrays, tolerance=2e-6)
            for arrays in (pair(4), pair(5, 1), pair(2, 3, 2), pair(1, 3))
        ),
        Case("input unchanged", UNCLIPPED),
        Case("input unchanged", pair(3, 2), tolerance=2e-6),
    )


BINARY_CROSSENTROPY = Exercise(
    id="binary_crossentropy",
    unit=UNIT,
    function="binary_crossentropy",
    reference=per_sample(losses.binary_crossentropy),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean over the last axis of -(y log p + (1 - y) log(1 - p)), for labels from 0 to 1.",
        "Probabilities are clipped to [1e-7, 1 - 1e-7] first: 16.1 for a certain mistake, about 0 for a certain hit, "
        "without a warning.",
    ),
    public_inputs=lambda: binary_cases(np.random.default_rng(71)),
    private_inputs=binary_cases,
    curve=Curve(
        of=lambda function, x: function(np.ones((x.size, 1)), x[:, None]),
        xlabel="y_pred, for y_true = 1",
        ylabel="loss of the sample",
        low=0.001,
        high=0.999,
    ),
    mistakes=(
        *reduction_mistakes(binary_entries, "mean"),
        Mistake(
            "only the ones",
            averaged(binary_first_term),
            "values",
            "Only samples with the label 1 cost anything. A model that always says 1 would be perfect: the second "
            "term, (1 - y) log(1 - p), is missing.",
        ),
        Mistake(
            "terms exchanged",
            averaged(binary_exchanged),
            "values",
            "log(1 - p) stands with the label 1 and log p with the label 0. The more right, the larger this is.",
        ),
        Mistake(
            "minus for one term alone",
            averaged(binary_half_a_minus),
            "values",
            "The minus belongs to both terms: a pair of brackets is missing, and the label 0 earns negative losses.",
        ),
        Mistake(
            "1 - log p for log(1 - p)",
            averaged(binary_one_minus_logarithm),
            "values",
            "The brackets have moved: 1 - log p stands where log(1 - p) should.",
        ),
        Mistake(
            "logarithm of the labels",
            averaged(binary_roles_exchanged),
            "values",
            "The logarithm is that of y_true. It belongs to the prediction; the labels weigh the terms.",
        ),
        Mistake(
            "sigmoid too many",
            averaged(binary_of_sigmoid),
            "values",
            "The predictions are probabilities already, and go through a sigmoid again: all of them land between 0.5 "
            "and 0.73.",
        ),
        Mistake(
            "squared error",
            averaged(lambda y_true, y_pred: (y_true - y_pred) ** 2),
            "values",
            "This is the squared error of the probabilities, known as Brier's score. Cross-entropy takes logarithms.",
        ),
        Mistake(
            "labels 0 and 1 alone",
            averaged(binary_by_where),
            "values",
            "Every label that is not 1 counts as 0. Labels may lie between: 0.3 means that 3 in 10 are 1, and both "
            "terms count.",
        ),
        Mistake(
            "one logarithm for both labels",
            averaged(binary_by_one_distance),
            "values",
            "|y + p - 1| is p for the label 1 and 1 - p for the label 0. For a label between, both terms count.",
        ),
        Mistake(
            "unguarded",
            averaged(binary_unguarded),
            "extremes",
            "log 0 is -inf, and 0 times -inf is nan: even a perfect prediction spoils the batch. Clip before the "
            "logarithm.",
        ),
        Mistake(
            "clipped on one side",
            averaged(binary_clipped_below),
            "extremes",
            "The probabilities are clipped at 1e-7 and not at 1 - 1e-7, so that log(1 - p) is still -inf at 1.",
        ),
        in_place(averaged(binary_entries)),
        Mistake(
            "epsilon inside the logarithm",
            averaged(binary_epsilon),
            "extremes",
            "1e-7 is added to the probability, which changes every small one: 1e-7 counts as 2e-7. Clip instead.",
        ),
        Mistake(
            "MXNet's epsilon",
            averaged(binary_small_epsilon),
            "extremes",
            "1e-12 is added, as MXNet does, so a certain mistake costs 27.6. Here it is Keras' clip: 16.1.",
        ),
        Mistake(
            "clipped too late",
            averaged(binary_clipped_tighter),
            "extremes",
            "The clip is at 1e-15. Here it is at 1e-7; in float32, 1 - 1e-15 is 1, and the guard on that side is none.",
        ),
        Mistake(
            "nan_to_num",
            averaged(binary_nan_to_num),
            "extremes",
            "The infinity is replaced by 1.8e308 after it has happened. One certain mistake then drowns the batch, and "
            "the warning is still there: clip before the logarithm.",
        ),
    ),
    alternatives=(
        averaged(binary_entries),
        averaged(binary_by_guarded_logarithms),
        averaged(binary_by_log1p),
        averaged(binary_by_powers),
        binary_by_loop,
    ),
    hints=(
        "A forecast said 0.8. How surprised is it by a 1, how surprised by a 0? Which of the two counts?",
        "Each entry is a weighted sum of two surprises: -log p, weighted with the label, and -log(1 - p), weighted "
        "with 1 minus the label. For a label of 1 only the first is left, for 0 only the second, and for 0.3 some of "
        "both. Before any logarithm, `np.clip` brings the probabilities into [1e-7, 1 - 1e-7], so that no logarithm "
        "is infinite. One minus stands before the whole sum. Then the mean over the last axis. For the labels [1, 0] "
        "and the predictions [0.8, 0.8] the two surprises are 0.2231 and 1.6094, and the result is 0.9163.",
        "`p = np.clip(y_pred, 1e-7, 1 - 1e-7)`, then `-np.mean(y_true * np.log(p) + ____ * np.log(____), axis=-1)`",
    ),
    points=5,
)

# binary_crossentropy_from_logits


def binary_from_logits(y_true, logits):
    return losses.binary_crossentropy(y_true, logits, from_logits=True, reduction=None)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def logit_entries(y_true, logits):
    return y_true * softplus(-logits) + (1 - y_true) * softplus(logits)


def textbook_sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logit_through_sigmoid(y_true, logits):
    return binary_unguarded(y_true, sigmoid(logits))


def logit_through_textbook_sigmoid(y_true, logits):
    return binary_unguarded(y_true, textbook_sigmoid(logits))


def logit_through_both_sigmoids(y_true, logits):
    return -(y_true * np.log(sigmoid(logits)) + (1 - y_true) * np.log(sigmoid(-logits)))


def logit_through_clip(y_true, logits):
    return binary_entries(y_true, sigmoid(logits))


def logit_through_textbook_clip(y_true, logits):
    return binary_entries(y_true, textbook_sigmoid(logits))


def logit_clipped_score(y_true, logits):
    return logit_entries(y_true, np.clip(logits, -30, 30))


def logit_first_term(y_true, logits):
    return y_true * softplus(-logits)


def logit_by_where(y_true, logits):
    return softplus(np.where(y_true == 1, -logits, logits))


def logit_product_added(y_true, logits):
    return np.maximum(logits, 0) + logits * y_true + np.log1p(np.exp(-np.abs(logits)))


def logit_of_the_label_alone(y_true, logits):
    return np.maximum(logits, 0) - y_true + np.log1p(np.exp(-np.abs(logits)))


def logit_without_absolute_value(y_true, logits):
    return np.maximum(logits, 0) - logits * y_true + np.log1p(np.exp(-logits))


def logit_through_epsilon(y_true, logits):
    return binary_small_epsilon(y_true, sigmoid(logits))


def logit_through_large_epsilon(y_true, logits):
    return binary_epsilon(y_true, sigmoid(logits))


def logit_naive(y_true, logits):
    return np.log(1 + np.exp(logits)) - y_true * logits


def logit_naive_softplus(y_true, logits):
    return y_true * np.log(1 + np.exp(-logits)) + (1 - y_true) * np.log(1 + np.exp(logits))


def logit_as_probability(y_true, logits):
    return binary_entries(y_true, logits)


def logit_two_sigmoids(y_true, logits):
    return binary_entries(y_true, sigmoid(sigmoid(logits)))


def logit_minus_exchanged(y_true, logits):
    return y_true * softplus(logits) + (1 - y_true) * softplus(-logits)


def logit_labels_of_signs(y_true, logits):
    return softplus(-y_true * logits)


def logit_without_minus(y_true, logits):
    return y_true * softplus(logits) + (1 - y_true) * softplus(logits)


def logit_one_formula(y_true, logits):
    return np.maximum(logits, 0) - logits * y_true + np.log1p(np.exp(-np.abs(logits)))


def logit_by_logaddexp(y_true, logits):
    return np.logaddexp(0, logits) - y_true * logits


def logit_by_signs(y_true, logits):
    return y_true * np.logaddexp(0, -logits) + (1 - y_true) * np.logaddexp(0, logits)


def logit_by_softmax(y_true, logits):
    two = np.stack([np.zeros_like(logits), logits], axis=-1)
    two = two - two.max(axis=-1, keepdims=True)
    logs = two - np.log(np.exp(two).sum(axis=-1, keepdims=True))
    return -((1 - y_true) * logs[..., 0] + y_true * logs[..., 1])


def logit_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return labels_of_two(generator, *shape), scores(generator, *shape)

    soft = np.round(generator.uniform(0.1, 0.9, (3, 2)), 1), scores(generator, 3, 2)
    far = float(np.round(generator.uniform(800, 1200)))
    return (
        *(Case("values", arrays, **NO_MATTER_OF_EPSILON) for arrays in (pair(3, 4), pair(4, 2), soft)),
        Case("values", (np.array([[1, 0]]), np.array([[1.5, 1.5]])), **NO_MATTER_OF_EPSILON),
        Case("extremes", (column(1.0, 0.0), column(-far, far)), quiet=True),
        Case("extremes", (column(0.0, 1.0), column(-far, far)), quiet=True, **LENIENT),
        Case("extremes", (column(1.0, 0.0), column(-20.0, 20.0)), quiet=True),
        Case("extremes", (column(1.0, 0.0), column(-50.0, 50.0)), quiet=True),
        Case("extremes", (column(1.0, 0.0), column(40.0, -40.0)), graded=False, tolerance=1e-6),
        *(
            Case("shape", arrays, **NO_MATTER_OF_EPSILON)
            for arrays in (pair(4), pair(5, 1), pair(2, 3, 2), pair(1, 3))
        ),
        Case("input unchanged", pair(3, 2)),
    )


THROUGH_THE_SIGMOID = (
    "The way leads over the probability, which is 0 or 1 for large scores, and its logarithm is infinite. The "
    "logarithm of a sigmoid has a formula of its own, without the probability."
)
THROUGH_THE_CLIP = (
    "The probability is clipped, so from a score of -16.1 on the loss stays at 16.118, and its slope is 0: the worst "
    "mistakes teach nothing."
)

BINARY_FROM_LOGITS = Exercise(
    id="binary_crossentropy_from_logits",
    unit=UNIT,
    function="binary_crossentropy_from_logits",
    reference=binary_from_logits,
    arguments=("y_true", "logits"),
    criteria=criteria(
        "The binary cross-entropy of the probabilities sigmoid(logits), averaged over the last axis.",
        "Right for scores of any size, without a warning: a score of -1000 with the label 1 costs 1000.",
    ),
    public_inputs=lambda: logit_cases(np.random.default_rng(72)),
    private_inputs=logit_cases,
    curve=Curve(
        of=lambda function, x: function(np.ones((x.size, 1)), x[:, None]),
        xlabel="score, for y_true = 1",
        ylabel="loss of the sample",
        low=-25.0,
        high=10.0,
    ),
    mistakes=(
        *reduction_mistakes(logit_entries, "mean"),
        Mistake(
            "through the sigmoid",
            averaged(logit_through_sigmoid),
            "extremes",
            THROUGH_THE_SIGMOID,
        ),
        Mistake(
            "through the textbook's sigmoid",
            averaged(logit_through_textbook_sigmoid),
            "extremes",
            THROUGH_THE_SIGMOID,
        ),
        Mistake(
            "through the sigmoids of both signs",
            averaged(logit_through_both_sigmoids),
            "extremes",
            THROUGH_THE_SIGMOID,
        ),
        Mistake("through a clipped sigmoid", averaged(logit_through_clip), "extremes", THROUGH_THE_CLIP),
        Mistake(
            "through the textbook's sigmoid, clipped",
            averaged(logit_through_textbook_clip),
            "extremes",
            THROUGH_THE_CLIP,
        ),
        Mistake(
            "scores clipped",
            averaged(logit_clipped_score),
            "extremes",
            "The scores are clipped at 30, so from there on the loss is constant and its slope 0: the worst mistakes "
            "teach nothing.",
        ),
        Mistake(
            "only the ones",
            averaged(logit_first_term),
            "values",
            "Only samples with the label 1 cost anything. The label 0 has its own term, the softplus of the score.",
        ),
        Mistake(
            "labels 0 and 1 alone",
            averaged(logit_by_where),
            "values",
            "Every label that is not 1 counts as 0. Labels may lie between, and then both terms count.",
        ),
        Mistake(
            "product added",
            averaged(logit_product_added),
            "values",
            "The product of score and label is added. It is subtracted: a high score is good for the label 1.",
        ),
        Mistake(
            "label without its score",
            averaged(logit_of_the_label_alone),
            "values",
            "The label itself is subtracted. It is the product of score and label.",
        ),
        Mistake(
            "absolute value missing",
            averaged(logit_without_absolute_value),
            "values",
            "The exponent lacks its absolute value: with max(z, 0) before it, it must be -|z|.",
        ),
        Mistake(
            "through a sigmoid and an epsilon",
            averaged(logit_through_epsilon),
            "extremes",
            "With 1e-12 inside the logarithm the loss ends at 27.6, and the slope with it.",
        ),
        Mistake(
            "through a sigmoid and a larger epsilon",
            averaged(logit_through_large_epsilon),
            "extremes",
            "With 1e-7 inside the logarithm the loss ends at 16.1, and the slope with it.",
        ),
        Mistake(
            "overflow",
            averaged(logit_naive),
            "extremes",
            "exp(1000) is infinite: this is log(1 + exp(z)) as written. Unit 02's softplus is the same, without it.",
        ),
        Mistake(
            "overflow on both sides",
            averaged(logit_naive_softplus),
            "extremes",
            "The right two terms, with log(1 + exp(z)) as written: exp overflows, and 0 times infinity is nan. Unit "
            "02's softplus is the same, without it.",
        ),
        Mistake(
            "scores taken for probabilities",
            averaged(logit_as_probability),
            "values",
            "The scores are used as if they were probabilities: no sigmoid anywhere. In Keras that is a forgotten "
            "`from_logits=True`, and no error tells you.",
        ),
        Mistake(
            "two sigmoids",
            averaged(logit_two_sigmoids),
            "values",
            "The sigmoid is applied twice: all probabilities land between 0.5 and 0.73.",
        ),
        Mistake(
            "signs exchanged",
            averaged(logit_minus_exchanged),
            "values",
            "-log p is the softplus of minus the score, and -log(1 - p) that of the score. Here it is the other way "
            "round.",
        ),
        Mistake(
            "label 0 taken for -1",
            averaged(logit_labels_of_signs),
            "values",
            "softplus(-y * z) is the logistic loss, for labels -1 and 1. With the label 0 it is log 2 whatever the "
            "score.",
        ),
        Mistake(
            "labels without effect",
            averaged(logit_without_minus),
            "values",
            "Both labels have the same term, so the labels do nothing.",
        ),
    ),
    alternatives=(
        averaged(logit_entries),
        averaged(logit_one_formula),
        averaged(logit_by_logaddexp),
        averaged(logit_by_signs),
        averaged(logit_by_softmax),
    ),
    hints=(
        "What is -log(1 / (1 + exp(-z))), simplified? Which function of unit 02 is that, and at which argument?",
        "Write both surprises in the score z. The sigmoid is 1 / (1 + exp(-z)), so -log p is log(1 + exp(-z)), and "
        "that is the softplus of -z. Because 1 - p is the sigmoid of -z, the other surprise, -log(1 - p), is the "
        "softplus of z. Now weigh them with the label and with 1 minus the label, as before, and take the mean over "
        "the last axis. No clip is needed, since softplus is finite for every finite score. For the labels [1, 0] and "
        "the scores [2, 2] the two surprises are 0.1269 and 2.1269, and the result is 1.1269.",
        "`np.mean(y_true * softplus(____) + (1 - y_true) * softplus(____), axis=-1)`",
    ),
    points=5,
)

# categorical_crossentropy


def categorical(y_true, y_pred):
    """As the text asks; Keras divides by the sum of the probabilities besides, which is 1 in all cases here."""
    return losses.categorical_crossentropy(
        y_true, np.maximum(y_pred, GUARD), convention="pytorch", reduction=None
    )


def class_entries(y_true, y_pred):
    return -y_true * np.log(np.maximum(y_pred, GUARD))


def class_unguarded(y_true, y_pred):
    return -y_true * np.log(y_pred)


def class_epsilon(y_true, y_pred):
    return -y_true * np.log(y_pred + GUARD)


def class_small_epsilon(y_true, y_pred):
    return -y_true * np.log(y_pred + 1e-12)


def class_clipped_too_late(y_true, y_pred):
    return -y_true * np.log(np.clip(y_pred, 1e-15, 1 - 1e-15))


def class_where_for_a_guard(y_true, y_pred):
    return np.where(y_true > 0, -y_true * np.log(y_pred), 0)


def class_binary(y_true, y_pred):
    return binary_entries(y_true, y_pred)


def class_logarithm_last(y_true, y_pred):
    return -np.log(np.maximum(np.sum(y_true * y_pred, axis=-1), GUARD))


def class_largest_label(y_true, y_pred):
    picked = np.take_along_axis(y_pred, np.argmax(y_true, axis=-1)[..., None], axis=-1)[..., 0]
    return -np.log(np.maximum(picked, GUARD))


def class_largest_prediction(y_true, y_pred):
    return -np.log(np.max(y_pred, axis=-1))


def class_roles_exchanged(y_true, y_pred):
    return -y_pred * np.log(np.maximum(y_true, GUARD))


def class_of_softmax(y_true, y_pred):
    return class_entries(y_true, softmax(y_pred))


def class_by_einsum(y_true, y_pred):
    return -np.einsum("...k,...k->...", y_true, np.log(np.clip(y_pred, GUARD, 1 - GUARD)))


def class_by_where(y_true, y_pred):
    logs = np.log(np.where(y_pred < GUARD, GUARD, y_pred))
    return np.sum(np.where(y_true > 0, -y_true * logs, 0.0), axis=-1)


def class_by_loop(y_true, y_pred):
    rows = zip(y_true.reshape(-1, y_true.shape[-1]), y_pred.reshape(-1, y_pred.shape[-1]), strict=True)
    return np.array([-t @ np.log(np.clip(p, GUARD, 1)) for t, p in rows]).reshape(y_true.shape[:-1])


def class_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return one_hot(generator, *shape), distributions(generator, *shape)

    soft = distributions(generator, 3, 4, at_least=0), distributions(generator, 3, 4)
    whole = np.array([[0, 1, 0], [1, 0, 0]])
    return (
        *(Case("values", arrays, tolerance=2e-5) for arrays in (pair(3, 4), pair(4, 3), soft)),
        Case("values", (whole, distributions(generator, 2, 3)), tolerance=2e-5),
        Case("extremes", (np.eye(3), np.eye(3)), quiet=True, **LENIENT),
        Case("extremes", (np.eye(3), np.eye(3)[[1, 2, 0]]), quiet=True, **LENIENT),
        Case("extremes", (np.array([[1.0, 0.0]]), np.array([[GUARD, 1 - GUARD]])), quiet=True, **LENIENT),
        *(
            Case("shape", arrays, tolerance=2e-5)
            for arrays in (pair(4), pair(1, 3), pair(2, 3, 4), pair(5, 2))
        ),
        Case("input unchanged", (np.eye(3), np.eye(3)[[0, 2, 1]])),
        Case("input unchanged", pair(3, 2), tolerance=2e-5),
    )


CATEGORICAL_CROSSENTROPY = Exercise(
    id="categorical_crossentropy",
    unit=UNIT,
    function="categorical_crossentropy",
    reference=of_distributions(categorical, 0, 1),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "Minus the sum over the classes of y log p, for labels that are one-hot or probabilities.",
        "Probabilities count as 1e-7 at least: 16.1 for a certain mistake, about 0 for a certain hit, without a "
        "warning.",
    ),
    public_inputs=lambda: class_cases(np.random.default_rng(73)),
    private_inputs=class_cases,
    curve=Curve(
        of=lambda function, x: function(np.array([1.0, 0.0]) + 0 * x[:, None], np.stack([x, 1 - x], axis=-1)),
        xlabel="probability of the right one of two classes",
        ylabel="loss of the sample",
        low=0.001,
        high=0.999,
    ),
    mistakes=(
        *reduction_mistakes(class_entries, "sum"),
        Mistake(
            "mean over the classes",
            averaged(class_entries),
            "values",
            "The mean over the classes is taken, not the sum: the loss is divided by the number of classes.",
        ),
        Mistake(
            "each divided by the samples",
            lambda y_true, y_pred: np.sum(class_entries(y_true, y_pred), axis=-1) / len(y_true),
            "values",
            "Each loss is divided by the number of samples. That division belongs to the mean of the batch, later.",
        ),
        Mistake(
            "binary",
            summed(class_binary),
            "values",
            "The term (1 - y) log(1 - p) is for yes-or-no questions. Of several classes one is true, and only its "
            "probability counts.",
        ),
        Mistake(
            "binary, averaged",
            averaged(class_binary),
            "values",
            "This is the binary cross-entropy: each class a yes-or-no question by itself, and a mean for a sum.",
        ),
        Mistake(
            "logarithm last",
            class_logarithm_last,
            "values",
            "The logarithm of the sum stands where the sum of the logarithms should. For one-hot labels they agree, "
            "for labels that are probabilities they do not.",
        ),
        Mistake(
            "likeliest label alone",
            class_largest_label,
            "values",
            "Only the class with the largest label counts. Labels may be probabilities: every class counts by its own.",
        ),
        Mistake(
            "likeliest prediction",
            class_largest_prediction,
            "values",
            "This is the surprise of the class that the model prefers. The labels say which class counts.",
        ),
        Mistake(
            "logarithm of the labels",
            summed(class_roles_exchanged),
            "values",
            "The logarithm is that of y_true. It belongs to the prediction; the labels weigh the terms.",
        ),
        Mistake(
            "softmax again",
            summed(class_of_softmax),
            "values",
            "The predictions are probabilities already, and go through softmax once more, which flattens them.",
        ),
        Mistake(
            "unguarded",
            summed(class_unguarded),
            "extremes",
            "log 0 is -inf, and 0 times -inf is nan: even a perfect prediction spoils the batch. Raise the "
            "probabilities to 1e-7 first.",
        ),
        Mistake(
            "epsilon inside the logarithm",
            summed(class_epsilon),
            "extremes",
            "1e-7 is added to the probability, which changes every small one: 1e-7 counts as 2e-7. Use a maximum.",
        ),
        Mistake(
            "clipped too late",
            summed(class_clipped_too_late),
            "extremes",
            "The clip is at 1e-15, so a certain mistake costs 34.5. Here it is at 1e-7: 16.1.",
        ),
        Mistake(
            "np.where for a guard",
            summed(class_where_for_a_guard),
            "extremes",
            "`np.where` computes both of its branches, with their warnings, and a certain mistake is still infinite. "
            "Raise the probabilities to 1e-7 first.",
        ),
        in_place(summed(class_entries)),
        Mistake(
            "MXNet's epsilon",
            summed(class_small_epsilon),
            "extremes",
            "1e-12 is added, so a certain mistake costs 27.6. Here the smallest probability is 1e-7: 16.1.",
        ),
    ),
    alternatives=(
        summed(class_entries),
        class_by_einsum,
        class_by_where,
        class_by_loop,
        lambda y_true, y_pred: -(y_true * np.log(clipped(y_pred))).sum(-1),
    ),
    hints=(
        "The truth is class 2, and the model gave it 0.25. Do its other probabilities matter for the loss?",
        "Every class has a surprise, -log of its probability, and the label says how much it counts: 1 for the true "
        "class and 0 for the others, or shares when nobody is sure. So multiply the labels with the logarithms, entry "
        "by entry, add up over the last axis, the classes, and put a minus before it. One number a sample remains. "
        "`np.maximum(y_pred, 1e-7)` keeps the logarithm finite, and with it a label of 0 makes 0. For the label "
        "[0, 1, 0] and the prediction [0.25, 0.5, 0.25] the result is 0.6931.",
        "`-np.sum(____ * np.log(np.maximum(____, 1e-7)), axis=-1)`",
    ),
    points=5,
)

# sparse_categorical_crossentropy


def sparse(y_true, logits):
    return losses.sparse_categorical_crossentropy(y_true, logits, from_logits=True, reduction=None)


def log_softmax(x):
    z = x - np.max(x, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def sparse_right(y_true, logits):
    return -np.take_along_axis(log_softmax(logits), y_true[..., None], axis=-1)[..., 0]


def sparse_table(y_true, logits):
    return -log_softmax(logits)[:, y_true]


def sparse_rows(y_true, logits):
    return -log_softmax(logits)[np.arange(len(y_true)), y_true]


def sparse_kept_axis(y_true, logits):
    return -np.take_along_axis(log_softmax(logits), y_true[..., None], axis=-1)


def sparse_scores(y_true, logits):
    return -np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0]


def sparse_as_probabilities(y_true, logits):
    return -np.log(np.clip(np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0], GUARD, 1 - GUARD))


def sparse_twice(y_true, logits):
    return sparse_right(y_true, softmax(logits))


def sparse_over_first_axis(y_true, logits):
    z = np.moveaxis(log_softmax(np.moveaxis(logits, 0, -1)), -1, 0)
    return -np.take_along_axis(z, y_true[..., None], axis=-1)[..., 0]


def sparse_from_one(y_true, logits):
    return sparse_right(y_true - 1, logits)


def sparse_mean(y_true, logits):
    return np.mean(sparse_right(y_true, logits))


def sparse_sum(y_true, logits):
    return np.sum(sparse_right(y_true, logits))


def sparse_not_picked(y_true, logits):
    return -np.sum(log_softmax(logits), axis=-1)


def sparse_of_probability(y_true, logits):
    return -np.log(np.take_along_axis(softmax(logits), y_true[..., None], axis=-1)[..., 0])


def sparse_classes_of_the_labels(y_true, logits):
    return -np.sum(np.eye(y_true.max() + 1)[y_true] * log_softmax(logits), axis=-1)


def sparse_probability(y_true, logits):
    return -np.take_along_axis(softmax(logits), y_true[..., None], axis=-1)[..., 0]


def sparse_one_maximum(y_true, logits):
    shifted = logits - np.max(logits)
    logs = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return -np.take_along_axis(logs, y_true[..., None], axis=-1)[..., 0]


def sparse_of_one_hot_probability(y_true, logits):
    return -np.sum(np.eye(logits.shape[-1])[y_true] * np.log(softmax(logits)), axis=-1)


def sparse_epsilon(y_true, logits):
    return -np.log(np.take_along_axis(softmax(logits), y_true[..., None], axis=-1)[..., 0] + 1e-12)


def sparse_by_loop(y_true, logits):
    return np.array([-log_softmax(logits)[i, y_true[i]] for i in range(len(y_true))])


def sparse_label_without_axis(y_true, logits):
    return -np.take_along_axis(log_softmax(logits), y_true, axis=-1)


def sparse_likeliest(y_true, logits):
    return -np.max(log_softmax(logits), axis=-1)


def sparse_logsumexp_alone(y_true, logits):
    top = np.max(logits, axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.sum(np.exp(logits - top), axis=-1))


def sparse_one_sum(y_true, logits):
    top = np.max(logits)
    picked = np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0]
    return top + np.log(np.sum(np.exp(logits - top))) - picked


def sparse_clipped(y_true, logits):
    p = np.take_along_axis(softmax(logits), y_true[..., None], axis=-1)[..., 0]
    return -np.log(np.maximum(p, GUARD))


def sparse_naive(y_true, logits):
    picked = np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0]
    return np.log(np.sum(np.exp(logits), axis=-1)) - picked


def sparse_by_one_hot(y_true, logits):
    return -np.sum(np.eye(logits.shape[-1])[y_true] * log_softmax(logits), axis=-1)


def sparse_by_logsumexp(y_true, logits):
    top = logits.max(axis=-1)
    total = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    return total - (logits * (y_true[..., None] == np.arange(logits.shape[-1]))).sum(axis=-1)


def sparse_by_rows(y_true, logits):
    rows = log_softmax(logits.reshape(-1, logits.shape[-1]))
    return -rows[np.arange(len(rows)), y_true.reshape(-1)].reshape(y_true.shape)


def sparse_by_logaddexp(y_true, logits):
    picked = np.take_along_axis(logits, np.expand_dims(y_true, -1), axis=-1).squeeze(-1)
    return np.logaddexp.reduce(logits, axis=-1) - picked


def rows_apart(far: float) -> np.ndarray:
    """Rows so far from each other that each needs a maximum of its own."""
    return np.array([[0.0, 1.0], [far, far + 1], [-far, 2 - far]])


def sparse_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return np.argmax(one_hot(generator, *shape), axis=-1), scores(generator, *shape)

    far = float(np.round(generator.uniform(800, 1200)))
    return (
        *(Case("values", pair(*shape), **NO_MATTER_OF_EPSILON) for shape in ((3, 4), (4, 3), (3, 3), (5, 2))),
        Case("values", (np.array([0, 1, 2, 2]), scores(generator, 4, 3)), **NO_MATTER_OF_EPSILON),
        # The last class does not occur among the labels.
        Case("values", (np.array([0, 1, 1]), scores(generator, 3, 4)), **NO_MATTER_OF_EPSILON),
        Case("extremes", (np.array([0, 1]), np.array([[-far, far], [0.0, far]])), quiet=True, **LENIENT),
        Case("extremes", (np.array([1, 0]), np.array([[far, 0.0], [far, far]])), quiet=True),
        Case("extremes", (np.array([0]), np.array([[0.0, 0.0, 30.0]])), quiet=True),
        Case("extremes", (np.array([0, 1, 0]), rows_apart(far)), quiet=True),
        *(Case("shape", pair(*shape), **NO_MATTER_OF_EPSILON) for shape in ((1, 3), (2, 3, 4), (2, 1, 3))),
        Case("input unchanged", pair(3, 3)),
    )


ONE_BATCH = (
    "This needs labels of one axis. A text has a label for each word: shape (samples, words). "
    "`np.take_along_axis(..., y_true[..., None], axis=-1)` works for both."
)

SPARSE_CATEGORICAL_CROSSENTROPY = Exercise(
    id="sparse_categorical_crossentropy",
    unit=UNIT,
    function="sparse_categorical_crossentropy",
    reference=sparse,
    arguments=("y_true", "logits"),
    criteria=(
        Criterion("values", 0.4, "Minus the logarithm of the softmax probability of each sample's class."),
        Criterion("extremes", 0.3, "Right for scores of any size, without a warning and without a clip."),
        Criterion("shape", 0.2, "One number for each label, whatever axes the labels have."),
        UNCHANGED,
    ),
    public_inputs=lambda: sparse_cases(np.random.default_rng(74)),
    private_inputs=sparse_cases,
    curve=Curve(
        of=lambda function, x: function(np.zeros(x.size, int), np.stack([x, 0 * x, 0 * x], axis=-1)),
        xlabel="score of the right class, of [x, 0, 0]",
        ylabel="loss of the sample",
        low=-20.0,
        high=10.0,
    ),
    mistakes=(
        Mistake(
            "a table",
            sparse_table,
            "values",
            "`logits[:, y_true]` picks for every sample the classes of all samples: a square table. Each row needs its "
            "own class alone.",
        ),
        Mistake(
            "rows of one batch alone",
            sparse_rows,
            "shape",
            ONE_BATCH,
        ),
        Mistake("rows of one batch, in a loop", sparse_by_loop, "shape", ONE_BATCH),
        Mistake(
            "labels without an axis",
            sparse_label_without_axis,
            "values",
            "`np.take_along_axis` wants as many axes in the labels as in the table: `y_true[..., None]`.",
        ),
        Mistake(
            "an axis too many",
            sparse_kept_axis,
            "values",
            "The picked numbers still have an axis of length 1 at the end: take it off with `[..., 0]`.",
        ),
        Mistake(
            "classes counted in the labels",
            sparse_classes_of_the_labels,
            "values",
            "The number of classes is taken from the labels. A batch need not contain the last class: it is the length "
            "of the scores' last axis.",
        ),
        Mistake(
            "logarithm missing",
            sparse_probability,
            "values",
            "This is minus the probability itself. The loss is minus its logarithm.",
        ),
        Mistake(
            "score for probability",
            sparse_scores,
            "values",
            "This is minus the score itself. The loss is minus the logarithm of its softmax.",
        ),
        Mistake(
            "scores taken for probabilities",
            sparse_as_probabilities,
            "values",
            "The scores are used as if they were probabilities. That is Keras with `from_logits=True` forgotten.",
        ),
        Mistake(
            "softmax twice",
            sparse_twice,
            "values",
            "Softmax is applied twice: once by hand, once inside the log_softmax.",
        ),
        Mistake(
            "softmax over the batch",
            sparse_over_first_axis,
            "values",
            "The softmax runs over the samples, so they compete with each other. It should run over the classes.",
        ),
        Mistake(
            "classes counted from 1",
            sparse_from_one,
            "values",
            "The class before the label is picked. Classes count from 0.",
        ),
        Mistake(
            "mean over everything",
            sparse_mean,
            "values",
            "One number comes back, the mean. Here each label keeps its own.",
        ),
        Mistake(
            "sum over everything",
            sparse_sum,
            "values",
            "One number comes back, the sum over the batch. Here each label keeps its own.",
        ),
        Mistake(
            "no class picked",
            sparse_not_picked,
            "values",
            "All classes are added up. Only the one that the label names counts.",
        ),
        Mistake(
            "logarithm of a lost probability",
            sparse_of_probability,
            "extremes",
            "The softmax of the right class is 0 when another score is 1000 larger, and its logarithm infinite. "
            "log_softmax never forms it.",
        ),
        Mistake(
            "logarithm of a lost one-hot probability",
            sparse_of_one_hot_probability,
            "extremes",
            "The logarithm of a softmax that is 0 is -inf, and 0 times that is nan. log_softmax never forms it.",
        ),
        Mistake(
            "through an epsilon",
            sparse_epsilon,
            "extremes",
            "With 1e-12 inside the logarithm no mistake costs more than 27.6. From scores nothing has to be guarded.",
        ),
        Mistake(
            "one maximum for all rows",
            sparse_one_maximum,
            "extremes",
            "The largest score of the whole array is subtracted. In a row of much smaller scores every exponential is "
            "then 0: each row needs its own.",
        ),
        Mistake(
            "likeliest class",
            sparse_likeliest,
            "values",
            "This is the surprise of the class with the highest score. The label says which class counts.",
        ),
        Mistake(
            "logsumexp alone",
            sparse_logsumexp_alone,
            "values",
            "This is the logarithm of the sum alone. The score of the right class has to be subtracted from it.",
        ),
        Mistake(
            "one sum for the batch",
            sparse_one_sum,
            "values",
            "The exponentials of the whole batch are added up. Each sample has a softmax of its own: `axis=-1` in the "
            "sum and in the maximum.",
        ),
        Mistake(
            "clipped",
            sparse_clipped,
            "extremes",
            "The probability is raised to 1e-7, so no mistake costs more than 16.1. From scores nothing has to be "
            "clipped.",
        ),
        Mistake(
            "overflow",
            sparse_naive,
            "extremes",
            "exp(1000) is infinite: subtract each row's largest score first, or use log_softmax.",
        ),
    ),
    alternatives=(
        sparse_right,
        sparse_by_one_hot,
        sparse_by_logsumexp,
        sparse_by_rows,
        sparse_by_logaddexp,
    ),
    hints=(
        "The label is 2. Which entry of the row of `log_softmax(logits)` is needed? And for a label in every row?",
        "First the logarithms of all probabilities, with `log_softmax` along the last axis. Then one number out of "
        "each row, the one at the label's place. NumPy has `np.take_along_axis(table, places, axis)` for that: "
        "`places` must have as many axes as the table, so the labels get one more at the end, `y_true[..., None]`, "
        "and that axis of length 1 is taken off the result with `[..., 0]`. It works for labels of any shape. On a "
        "table [[5, 6], [7, 8]] with the labels [1, 0] it picks [6, 7]. For the scores [1, 2, 3] and the label 2 the "
        "loss is 0.4076.",
        "`-np.take_along_axis(log_softmax(____), ____[..., None], axis=-1)[..., 0]`",
    ),
    points=5,
)

# categorical_crossentropy_gradient


def gradient(y_true, logits):
    """As the text asks; for labels that sum to 1, the package's gradient of the mean loss."""
    return (softmax(logits) - y_true) / len(logits)


def gradient_one_maximum(y_true, logits):
    e = np.exp(logits - np.max(logits))
    return (e / np.sum(e, axis=-1, keepdims=True) - y_true) / len(logits)


def gradient_one_hot_alone(y_true, logits):
    p = softmax(logits)
    p[np.arange(len(p)), np.argmax(y_true, axis=-1)] -= 1
    return p / len(p)


def gradient_in_place(y_true, logits):
    logits -= np.max(logits, axis=-1, keepdims=True)
    return gradient(y_true, logits)


def gradient_through_softmax_again(y_true, logits):
    p, g = softmax(logits), gradient(y_true, logits)
    return p * (g - np.sum(g * p, axis=-1, keepdims=True))


def gradient_unscaled(y_true, logits):
    return softmax(logits) - y_true


def gradient_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return one_hot(generator, *shape), scores(generator, *shape)

    soft = distributions(generator, 3, 4, at_least=0), scores(generator, 3, 4)
    far = float(np.round(generator.uniform(800, 1200)))
    tolerance = {"tolerance": 1e-6, "scale": 0.01}
    return (
        *(Case("gradient", arrays, **tolerance) for arrays in (pair(1, 3), pair(3, 4), pair(4, 3), soft)),
        Case("gradient", pair(3, 3), **tolerance),
        *(Case("values", arrays, tolerance=1e-6) for arrays in (pair(2, 3), pair(4, 2), pair(5, 4))),
        Case("extremes", (np.eye(2), np.array([[-far, far], [far, -far]])), quiet=True, **LENIENT),
        Case("extremes", (np.eye(2), np.array([[-30.0, 0.0], [30.0, 0.0]])), quiet=True, **LENIENT),
        Case("extremes", (np.eye(2)[[0, 1, 0]], rows_apart(far)), quiet=True, **LENIENT),
        Case("input unchanged", pair(3, 2), **tolerance),
    )


GRADIENT = Exercise(
    id="categorical_crossentropy_gradient",
    unit=UNIT,
    function="categorical_crossentropy_gradient",
    reference=of_distributions(gradient, 0),
    arguments=("y_true", "logits"),
    criteria=(
        Criterion("values", 0.4, "The probabilities minus the labels, divided by the number of samples."),
        Criterion("gradient", 0.3, "The gradient of the mean loss of the batch, for soft labels too."),
        Criterion("extremes", 0.2, "Right for scores of any size, without a warning."),
        UNCHANGED,
    ),
    public_inputs=lambda: gradient_cases(np.random.default_rng(75)),
    private_inputs=gradient_cases,
    curve=Curve(
        of=lambda function, x: np.array([function(np.eye(2)[:1], np.array([[v, 0.0]]))[0, 0] for v in x]),
        xlabel="score of the right class, of [x, 0]",
        ylabel="slope in that score",
    ),
    mistakes=(
        Mistake(
            "not divided",
            gradient_unscaled,
            "values",
            "This is the gradient of the sum over the batch. That of the mean is divided by the number of samples, "
            "or a batch twice as large takes steps twice as long.",
        ),
        Mistake(
            "only the labels divided",
            lambda y_true, logits: softmax(logits) - y_true / len(logits),
            "values",
            "Only the labels are divided by the number of samples: `/` binds before the minus. A pair of brackets "
            "is missing.",
        ),
        Mistake(
            "divided by every entry",
            lambda y_true, logits: gradient_unscaled(y_true, logits) / logits.size,
            "values",
            "The division is by samples times classes. The classes are summed in this loss: only the samples divide.",
        ),
        Mistake(
            "divided by the classes",
            lambda y_true, logits: gradient_unscaled(y_true, logits) / logits.shape[-1],
            "values",
            "The division is by the number of classes. It should be by the number of samples.",
        ),
        Mistake(
            "uphill",
            lambda y_true, logits: -gradient(y_true, logits),
            "values",
            "The sign is wrong: labels minus probabilities. Descent along this makes the loss grow.",
        ),
        Mistake(
            "one-hot labels alone",
            gradient_one_hot_alone,
            "gradient",
            "1 is subtracted at the likeliest label. A label may be a distribution: subtract the whole row.",
        ),
        Mistake(
            "labels without effect",
            lambda y_true, logits: softmax(logits) / len(logits),
            "values",
            "The labels are missing: these are the probabilities, divided by the number of samples.",
        ),
        Mistake(
            "uphill, not divided",
            lambda y_true, logits: y_true - softmax(logits),
            "values",
            "The sign is wrong, labels minus probabilities, and the division by the number of samples is missing.",
        ),
        Mistake(
            "mean over the batch",
            lambda y_true, logits: np.mean(softmax(logits) - y_true, axis=0),
            "values",
            "The mean of the samples' gradients comes back. Every score has a slope of its own: divide, and keep the "
            "shape.",
        ),
        Mistake(
            "softmax twice",
            lambda y_true, logits: (softmax(softmax(logits)) - y_true) / len(logits),
            "values",
            "Softmax is applied twice.",
        ),
        Mistake(
            "logarithm of the softmax",
            lambda y_true, logits: (log_softmax(logits) - y_true) / len(logits),
            "values",
            "The labels are subtracted from the logarithms of the probabilities. It is the probabilities themselves.",
        ),
        Mistake(
            "in place",
            gradient_in_place,
            "input unchanged",
            "`logits -= ...` writes into the caller's array. Build a new one.",
        ),
        Mistake(
            "gradient to the probabilities",
            lambda y_true, logits: -y_true / softmax(logits) / len(logits),
            "values",
            "This is the gradient to the probabilities, -y / p. One step is missing, through the softmax to the "
            "scores; it cancels the division.",
        ),
        Mistake(
            "the squared error's gradient",
            lambda y_true, logits: (
                gradient_unscaled(y_true, logits) * softmax(logits) * (1 - softmax(logits)) / len(logits)
            ),
            "values",
            "There is a factor p (1 - p) too many. That is what the squared error has and what cross-entropy "
            "cancels.",
        ),
        Mistake(
            "1 from every class",
            lambda y_true, logits: (softmax(logits) - 1) / len(logits),
            "values",
            "1 is subtracted from every probability. The label is: 1 for the right class, 0 for the others.",
        ),
        Mistake(
            "through the softmax once more",
            gradient_through_softmax_again,
            "values",
            "Probability minus label is the slope in the score already; here it goes back through the softmax once "
            "more.",
        ),
        Mistake(
            "only the right class",
            lambda y_true, logits: (softmax(logits) - 1) * y_true / len(logits),
            "values",
            "Only the right class has a gradient here. The others are pushed down: the gradient there is p, and each "
            "row sums to 0.",
        ),
        Mistake(
            "softmax over the batch",
            lambda y_true, logits: (softmax(logits, axis=0) - y_true) / len(logits),
            "values",
            "The softmax runs over the samples. It should run over the classes.",
        ),
        Mistake(
            "sigmoid for softmax",
            lambda y_true, logits: (sigmoid(logits) - y_true) / len(logits),
            "values",
            "A sigmoid of each score stands where the softmax of the row should.",
        ),
        Mistake(
            "scores minus labels",
            lambda y_true, logits: (logits - y_true) / len(logits),
            "values",
            "The labels are subtracted from the scores. It is the probabilities that they are subtracted from.",
        ),
        Mistake(
            "one maximum for all rows",
            gradient_one_maximum,
            "extremes",
            "The largest score of the whole array is subtracted. A row of much smaller scores then becomes 0 / 0: each "
            "row needs its own.",
        ),
        Mistake(
            "overflow",
            lambda y_true, logits: (
                (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True) - y_true) / len(logits)
            ),
            "extremes",
            "exp(1000) is infinite, and infinity over infinity is nan. Use the softmax of unit 03.",
        ),
    ),
    alternatives=(
        lambda y_true, logits: (softmax(logits) - y_true) / len(y_true),
        lambda y_true, logits: (np.exp(log_softmax(logits)) - y_true) / logits.shape[0],
        lambda y_true, logits: np.array(
            [(softmax(z) - t) / len(logits) for t, z in zip(y_true, logits, strict=True)]
        ),
        lambda y_true, logits: np.divide(softmax(logits, axis=1) - y_true, y_true.shape[0]),
    ),
    hints=(
        "The model gives the right class 0.7. By how much should its score's slope pull, and in which direction?",
        "The loss of a sample is logsumexp(z) minus the score of its class. The derivative of logsumexp in a score is "
        "that class's probability; the derivative of the score itself is 1 for the right class and 0 for the others, "
        "which is its label. So the slope is probability minus label, for every class: negative for the right one, "
        "which should rise, positive for the others. The mean over a batch divides by the number of samples, once. "
        "For the probabilities [0.7, 0.3], the label [1, 0] and a batch of two, that row is [-0.15, 0.15].",
        "`(softmax(____) - ____) / len(logits)`",
    ),
    points=5,
)

# smooth_labels


def smooth(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + label_smoothing / np.shape(y_true)[-1]


def smooth_wrong_classes_alone(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + (1 - y_true) * label_smoothing / (np.shape(y_true)[-1] - 1)


def smooth_in_place(y_true, label_smoothing=0.1):
    y_true *= 1 - label_smoothing
    y_true += label_smoothing / y_true.shape[-1]
    return y_true


def smooth_by_mixture(y_true, label_smoothing=0.1):
    even = np.full(y_true.shape, 1 / y_true.shape[-1])
    return (1 - label_smoothing) * y_true + label_smoothing * even


def smooth_by_mean(y_true, label_smoothing=0.1):
    return y_true + label_smoothing * (1 / y_true.shape[-1] - y_true)


def smooth_by_where(y_true, label_smoothing=0.1):
    k = y_true.shape[-1]
    hard = np.where(y_true == 1, 1 - label_smoothing + label_smoothing / k, label_smoothing / k)
    return np.where((y_true == 0) | (y_true == 1), hard, smooth(y_true, label_smoothing))


def smooth_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    some = float(np.round(generator.uniform(0.15, 0.4), 2))
    return (
        Case("values", (one_hot(generator, 4, 3),)),
        Case("values", (one_hot(generator, 3, 4),), {"label_smoothing": some}),
        Case("values", (one_hot(generator, 2, 5),), {"label_smoothing": 0.5}),
        Case("values", (distributions(generator, 3, 4, at_least=0),), {"label_smoothing": some}),
        Case("extremes", (one_hot(generator, 3, 4),), {"label_smoothing": 0.0}, scale=1.0),
        Case("extremes", (one_hot(generator, 3, 4),), {"label_smoothing": 1.0}, scale=1.0),
        Case("extremes", (one_hot(generator, 3, 4).astype(int),), {"label_smoothing": some}),
        Case("shape", (one_hot(generator, 3),)),
        Case("shape", (one_hot(generator, 1, 2),)),
        Case("shape", (one_hot(generator, 2, 3, 4),), {"label_smoothing": some}),
        Case("input unchanged", (one_hot(generator, 3, 3),)),
    )


SMOOTH_LABELS = Exercise(
    id="smooth_labels",
    unit=UNIT,
    function="smooth_labels",
    reference=of_distributions(smooth, 0),
    arguments=("y_true",),
    criteria=(
        Criterion(
            "values", 0.4, "The labels times 1 minus the smoothing, plus the smoothing shared by all classes."
        ),
        Criterion(
            "extremes",
            0.3,
            "0 leaves the labels as they are, 1 makes them all equal, and whole numbers work.",
        ),
        Criterion("shape", 0.2, "The result has the shape of y_true; the classes are its last axis."),
        UNCHANGED,
    ),
    public_inputs=lambda: smooth_cases(np.random.default_rng(76)),
    private_inputs=smooth_cases,
    curve=Curve(
        of=lambda function, x: np.array([function(np.eye(4)[:1], v)[0, 0] for v in x]),
        xlabel="label_smoothing, four classes",
        ylabel="label of the right class",
        low=0.0,
        high=1.0,
    ),
    mistakes=(
        Mistake(
            "shared by the wrong classes alone",
            smooth_wrong_classes_alone,
            "values",
            "The smoothing goes to the wrong classes alone, a / (K - 1) each, as in MXNet's SoftmaxOutput. Keras and "
            "PyTorch share it among all K, the right one too.",
        ),
        Mistake(
            "shared by the wrong classes, by hand",
            lambda y_true, label_smoothing=0.1: np.where(
                y_true == 1, 1 - label_smoothing, label_smoothing / max(np.shape(y_true)[-1] - 1, 1)
            ),
            "values",
            "The smoothing goes to the wrong classes alone, and labels between 0 and 1 are lost. Keras and PyTorch "
            "mix: y (1 - a) + a / K.",
        ),
        Mistake(
            "labels 0 and 1 alone",
            lambda y_true, label_smoothing=0.1: np.where(
                y_true == 1,
                1 - label_smoothing + label_smoothing / np.shape(y_true)[-1],
                label_smoothing / np.shape(y_true)[-1],
            ),
            "values",
            "Every label that is not 1 counts as 0. A row of labels may be a distribution: mix it, y (1 - a) + a / K.",
        ),
        Mistake(
            "divided by K - 1",
            lambda y_true, label_smoothing=0.1: (
                y_true * (1 - label_smoothing) + label_smoothing / max(np.shape(y_true)[-1] - 1, 1)
            ),
            "values",
            "The smoothing is divided by K - 1 and given to all K classes, so the labels sum to more than 1.",
        ),
        Mistake(
            "parts exchanged",
            lambda y_true, label_smoothing=0.1: (
                y_true * label_smoothing + (1 - label_smoothing) / np.shape(y_true)[-1]
            ),
            "values",
            "The smoothing weighs the label, and 1 minus it the equal shares. It is the other way round.",
        ),
        Mistake(
            "divided by every entry",
            lambda y_true, label_smoothing=0.1: (
                y_true * (1 - label_smoothing) + label_smoothing / np.size(y_true)
            ),
            "values",
            "The division is by samples times classes. Each row shares among its own classes.",
        ),
        Mistake(
            "second axis for the last",
            lambda y_true, label_smoothing=0.1: (
                y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[1]
            ),
            "shape",
            "The number of classes is the length of the last axis, `shape[-1]`. The second axis is the last only in a "
            "table.",
        ),
        Mistake(
            "not taken away",
            lambda y_true, label_smoothing=0.1: y_true + label_smoothing / np.shape(y_true)[-1],
            "values",
            "The share is added and nothing is taken away, so the labels sum to more than 1.",
        ),
        Mistake(
            "not given back",
            lambda y_true, label_smoothing=0.1: y_true * (1 - label_smoothing),
            "values",
            "The smoothing is taken away and given to nobody, so the labels sum to less than 1.",
        ),
        Mistake(
            "not shared",
            lambda y_true, label_smoothing=0.1: y_true * (1 - label_smoothing) + label_smoothing,
            "values",
            "Every class gets all of the smoothing. It is shared: divide by the number of classes.",
        ),
        Mistake(
            "all of it for each wrong class",
            lambda y_true, label_smoothing=0.1: (
                y_true * (1 - label_smoothing) + (1 - y_true) * label_smoothing
            ),
            "values",
            "Each wrong class gets all of the smoothing, so with three classes or more a row sums to more than 1. All "
            "K share it: a / K for each.",
        ),
        Mistake(
            "two classes assumed",
            lambda y_true, label_smoothing=0.1: y_true * (1 - label_smoothing) + label_smoothing / 2,
            "values",
            "The smoothing is divided by 2, as for yes-or-no labels. Here it is divided by the number of classes.",
        ),
        Mistake(
            "divided by the samples",
            lambda y_true, label_smoothing=0.1: (
                y_true * (1 - label_smoothing) + label_smoothing / np.shape(y_true)[0]
            ),
            "values",
            "The division is by the first axis, the samples. The classes are the last axis.",
        ),
        Mistake(
            "smoothing ignored",
            lambda y_true, label_smoothing=0.1: smooth(y_true),
            "values",
            "The argument `label_smoothing` is never used.",
        ),
        Mistake(
            "nothing for the right class",
            lambda y_true, label_smoothing=0.1: np.where(
                y_true == 1, 1 - label_smoothing, label_smoothing / np.shape(y_true)[-1]
            ),
            "values",
            "The right class gets no part of the share, so a row sums to less than 1. It is one of the K classes "
            "too: 1 - a + a / K.",
        ),
        Mistake(
            "clipped at the share",
            lambda y_true, label_smoothing=0.1: np.clip(y_true, label_smoothing, 1 - label_smoothing),
            "values",
            "The labels are clipped at a and 1 - a, so a row sums to more than 1 from three classes on. They are mixed "
            "with equal shares: y (1 - a) + a / K.",
        ),
        Mistake(
            "clipped",
            lambda y_true, label_smoothing=0.1: np.clip(
                y_true, label_smoothing / np.shape(y_true)[-1], 1 - label_smoothing
            ),
            "values",
            "The labels are clipped. They are mixed with equal shares: y (1 - a) + a / K.",
        ),
        Mistake(
            "in place",
            lambda y_true, label_smoothing=0.1: (
                smooth_in_place(y_true, label_smoothing)
                if y_true.dtype.kind == "f"
                else smooth(y_true, label_smoothing)
            ),
            "input unchanged",
            "`y_true *= ...` writes into the caller's array: a second epoch would smooth what is smooth already.",
        ),
        Mistake(
            "in the integers of the labels",
            lambda y_true, label_smoothing=0.1: smooth(y_true, label_smoothing).astype(y_true.dtype),
            "extremes",
            "The result takes the type of the labels, and whole numbers cut it off to 0.",
        ),
    ),
    alternatives=(smooth, smooth_by_mixture, smooth_by_mean, smooth_by_where),
    hints=(
        "Take a tenth from the right class and share it among all four, the right one too. What has each class then?",
        "Smoothing mixes two distributions: the label, and the one that gives every class the same. With a smoothing "
        "a, the label counts 1 - a and the even one a. The even one is 1 / K everywhere, K being the number of "
        "classes, the length of the last axis. The sum stays 1. Build a new array; labels of whole numbers become "
        "floats by themselves in the multiplication. With a = 0.3 and the label [1, 0, 0] the result is "
        "[0.8, 0.1, 0.1].",
        "`y_true * (1 - ____) + label_smoothing / y_true.shape[____]`",
    ),
    points=5,
)

# binary_focal_crossentropy


def focal_entries(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    right = y_true * p + (1 - y_true) * (1 - p)
    return (1 - right) ** gamma * binary_entries(y_true, y_pred)


def focal_wrong_power(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    right = y_true * p + (1 - y_true) * (1 - p)
    return right**gamma * binary_entries(y_true, y_pred)


def focal_one_sided(y_true, y_pred, gamma=2.0):
    return (1 - clipped(y_pred)) ** gamma * binary_entries(y_true, y_pred)


def focal_times_gamma(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    right = y_true * p + (1 - y_true) * (1 - p)
    return (1 - right) * gamma * binary_entries(y_true, y_pred)


def focal_gamma_ignored(y_true, y_pred, gamma=2.0):
    return focal_entries(y_true, y_pred)


def focal_only_ones(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    return -((1 - p) ** gamma) * y_true * np.log(p)


def focal_balanced(y_true, y_pred, gamma=2.0):
    return (0.25 * y_true + 0.75 * (1 - y_true)) * focal_entries(y_true, y_pred, gamma)


def focal_after_the_mean(y_true, y_pred, gamma=2.0):
    mean = np.mean(binary_entries(y_true, y_pred), axis=-1)
    return (1 - np.exp(-mean)) ** gamma * mean


def focal_plain(y_true, y_pred, gamma=2.0):
    return binary_entries(y_true, y_pred)


def focal_unguarded(y_true, y_pred, gamma=2.0):
    right = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    return -((1 - right) ** gamma) * (y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))


def focal_unguarded_choice(y_true, y_pred, gamma=2.0):
    right = np.where(y_true == 1, y_pred, 1 - y_pred)
    return -((1 - right) ** gamma) * np.log(right)


def focal_power_inside(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    right = y_true * p + (1 - y_true) * (1 - p)
    return (1 - right**gamma) * binary_entries(y_true, y_pred)


def focal_one_logarithm(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    right = y_true * p + (1 - y_true) * (1 - p)
    return -((1 - right) ** gamma) * np.log(p)


def focal_labels_exchanged(y_true, y_pred, gamma=2.0):
    return focal_entries(1 - y_true, y_pred, gamma)


def focal_quarter(y_true, y_pred, gamma=2.0):
    return focal_entries(y_true, y_pred, gamma) / 4


def focal_factor_alone(y_true, y_pred, gamma=2.0):
    return np.abs(y_true - clipped(y_pred)) ** gamma


def focal_epsilon(y_true, y_pred, gamma=2.0):
    right = np.where(y_true == 1, y_pred, 1 - y_pred)
    return -((1 - right) ** gamma) * np.log(right + 1e-12)


def focal_by_where(y_true, y_pred, gamma=2.0):
    right = np.clip(np.where(y_true == 1, y_pred, 1 - y_pred), GUARD, 1)
    return -((1 - right) ** gamma) * np.log(right)


def focal_by_surprise(y_true, y_pred, gamma=2.0):
    surprise = binary_entries(y_true, y_pred)
    return (1 - np.exp(-surprise)) ** gamma * surprise


def focal_by_two_terms(y_true, y_pred, gamma=2.0):
    p = clipped(y_pred)
    return -(y_true * (1 - p) ** gamma * np.log(p) + (1 - y_true) * p**gamma * np.log(1 - p))


def focal_by_distance(y_true, y_pred, gamma=2.0):
    return np.abs(y_true - clipped(y_pred)) ** gamma * binary_entries(y_true, y_pred)


def focal_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return labels_of_two(generator, *shape), probabilities(generator, *shape)

    other = float(np.round(generator.uniform(2.5, 4.0), 1))
    near = {"tolerance": 2e-5}
    return (
        *(
            Case("values", pair(*shape), given, **near)
            for shape in ((2, 3), (3, 4))
            for given in ({}, {"gamma": other})
        ),
        Case("values", pair(4, 2), {"gamma": 1.0}, **near),
        Case("values", (np.array([[1, 0]]), np.array([[0.75, 0.75]])), **near),
        Case("extremes", (column(1.0, 0.0), column(1.0, 0.0)), quiet=True, **LENIENT),
        Case("extremes", (column(1.0, 0.0), column(0.0, 1.0)), quiet=True, **LENIENT),
        Case("extremes", pair(3, 2), {"gamma": 0.0}, **near),
        Case("extremes", (column(1.0, 0.0), column(0.9, 0.1)), {"gamma": 0.5}, quiet=True, **near),
        *(
            Case("shape", pair(*shape), {"gamma": other}, **near)
            for shape in ((4,), (5, 1), (2, 3, 2), (1, 3))
        ),
        Case("input unchanged", UNCLIPPED),
        Case("input unchanged", pair(3, 2), **near),
    )


BINARY_FOCAL_CROSSENTROPY = Exercise(
    id="binary_focal_crossentropy",
    unit=UNIT,
    function="binary_focal_crossentropy",
    reference=per_sample(losses.binary_focal_crossentropy),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "Each entry's cross-entropy times (1 - the probability given to its label) ** gamma, then the mean.",
        "gamma may be 0, and certain predictions count as 1e-7 and 1 - 1e-7, without a warning.",
    ),
    public_inputs=lambda: focal_cases(np.random.default_rng(77)),
    private_inputs=focal_cases,
    curve=Curve(
        of=lambda function, x: function(np.ones((x.size, 1)), x[:, None]),
        xlabel="y_pred, for y_true = 1",
        ylabel="loss of the sample",
        low=0.001,
        high=0.999,
    ),
    mistakes=(
        *reduction_mistakes(focal_entries, "mean"),
        Mistake(
            "easy ones emphasised",
            averaged(focal_wrong_power),
            "values",
            "The factor is the probability of the label, not 1 minus it: what is right already counts most.",
        ),
        Mistake(
            "factor of the ones for all",
            averaged(focal_one_sided),
            "values",
            "The factor is (1 - p) ** gamma for both labels. For the label 0 the probability of being right is 1 - p, "
            "so there the factor is p ** gamma.",
        ),
        Mistake(
            "gamma as a factor",
            averaged(focal_times_gamma),
            "values",
            "gamma multiplies. It is an exponent: `** gamma`.",
        ),
        Mistake(
            "gamma ignored", averaged(focal_gamma_ignored), "values", "The argument `gamma` is never used."
        ),
        Mistake(
            "only the ones",
            averaged(focal_only_ones),
            "values",
            "Only samples with the label 1 cost anything. The label 0 has its own term, p ** gamma log(1 - p).",
        ),
        Mistake(
            "balanced by alpha",
            averaged(focal_balanced),
            "values",
            "There is a factor of 0.25 for the label 1 and 0.75 for 0. In Keras that is `apply_class_balancing=True`, "
            "and off by default.",
        ),
        Mistake(
            "alpha for all",
            averaged(focal_quarter),
            "values",
            "Everything is multiplied by 0.25. In Keras alpha is for class balancing, and off by default.",
        ),
        Mistake(
            "power inside",
            averaged(focal_power_inside),
            "values",
            "1 - p_t ** gamma stands where (1 - p_t) ** gamma should: `**` binds before the minus, and needs brackets.",
        ),
        Mistake(
            "log p for both labels",
            averaged(focal_one_logarithm),
            "values",
            "The logarithm is that of p for both labels. For the label 0 it is that of 1 - p.",
        ),
        Mistake(
            "labels exchanged",
            averaged(focal_labels_exchanged),
            "values",
            "p and 1 - p are exchanged: the label 1 goes with p.",
        ),
        Mistake(
            "factor after the mean",
            focal_after_the_mean,
            "values",
            "The factor is applied to the mean of a sample. Each entry has its own: it comes before the mean.",
        ),
        Mistake(
            "factor alone",
            averaged(focal_factor_alone),
            "values",
            "This is the factor alone. It multiplies the surprise, -log p_t, which is missing.",
        ),
        Mistake(
            "no factor",
            averaged(focal_plain),
            "values",
            "This is the binary cross-entropy: the factor is missing.",
        ),
        Mistake(
            "unguarded",
            averaged(focal_unguarded),
            "extremes",
            "log 0 is -inf, and 0 times -inf is nan: even a perfect prediction spoils the batch. Clip before the "
            "logarithm.",
        ),
        Mistake(
            "unguarded, one logarithm",
            averaged(focal_unguarded_choice),
            "extremes",
            "log 0 is -inf: a certain mistake is infinite, and a certain hit may warn. Clip before the logarithm.",
        ),
        in_place(averaged(focal_entries)),
        Mistake(
            "epsilon inside the logarithm",
            averaged(focal_epsilon),
            "extremes",
            "1e-12 is added inside the logarithm, so a certain mistake costs 27.6. Here probabilities are clipped at "
            "1e-7: 16.1.",
        ),
    ),
    alternatives=(
        averaged(focal_entries),
        averaged(focal_by_where),
        averaged(focal_by_surprise),
        averaged(focal_by_two_terms),
        averaged(focal_by_distance),
    ),
    hints=(
        "The label is 0 and the model says 0.1. Which probability did it give to what happened?",
        "Three steps. First the probability given to the label: p where the label is 1, and 1 - p where it is 0, "
        "clipped as before. Then the factor, 1 minus that, to the power gamma: near 0 for what is right and sure, "
        "near 1 for what is wrong. Then factor times cross-entropy, entry by entry, and the mean over the last axis "
        "at the very end. With gamma 0 the factor is 1, and the binary cross-entropy is left. For the label 1 and the "
        "prediction 0.9 with gamma 2 the result is 0.01 * 0.1054 = 0.001054.",
        "`p_t = np.where(y_true == 1, p, ____)`, then `np.mean(-(1 - p_t) ** ____ * np.log(p_t), axis=-1)`",
    ),
    points=5,
)

# The questions

Q_SLOPE = Question(
    id="q_square_stops",
    unit=UNIT,
    prompt="A network ends in a sigmoid and is trained with the squared error $(p - y)^2/2$. The label is 1. One "
    "sample has the score 0, so $p = 0.5$; another has the score -10 and is far more wrong. How does the slope of "
    "the loss in the score compare, at -10 against at 0?",
    options={
        "a": Option(
            "It is about twice as large: the error is twice as large.",
            "The error is, and the slope has a second factor: that of the sigmoid, 0.00005 out there.",
            belief="a larger error has a larger gradient",
        ),
        "b": Option(
            "It is the same: the loss is a parabola.",
            "A parabola in p, whose own slope grows with the error. In the score it is something else.",
            belief="a loss has the same shape in the score as in the probability",
        ),
        "c": Option(
            "It is less than a thousandth of it.",
            "-0.000045 against -0.125: the sigmoid is flat at -10, and the error is multiplied by its slope.",
        ),
        "d": Option(
            "It is infinite: the sample is certain and wrong.",
            "The logarithm is infinite at p = 0. The squared error never exceeds 1/2.",
            belief="every loss is infinite for a certain mistake",
        ),
    },
    answer="c",
    explanation="By the chain rule the slope is (p - y) p (1 - p). Its second factor vanishes wherever the model is "
    "sure, right or wrong. A sample that is badly wrong is then the one that teaches least.",
    hints=("The slope in the score is the slope in p times the sigmoid's slope, p (1 - p).",),
)

Q_BOLD = Question(
    id="q_bold",
    unit=UNIT,
    prompt="Two models are right nine times out of ten. The bold one gives the truth 0.99 nine times, and 0.001 once. "
    "The cautious one gives it 0.7 nine times, and 0.3 once. Which has the smaller mean of $-\\log p$?",
    options={
        "a": Option(
            "The bold one: nine times it is nearly free.",
            "Nine times it pays 0.01, and once 6.9, which is more than all that the cautious one pays.",
            belief="being nearly certain where one is right pays for one certain mistake",
        ),
        "b": Option(
            "The cautious one.",
            "0.441 against 0.700: one surprise of 6.9 outweighs nine small ones.",
        ),
        "c": Option(
            "They are equal: both are right as often.",
            "Accuracy counts who is right. The logarithm counts how much was bet on it.",
            belief="the same accuracy is the same loss",
        ),
        "d": Option(
            "It depends on the number of classes.",
            "Only the probability given to the truth counts, however many others there were.",
            belief="the loss looks at the probabilities of the wrong classes",
        ),
    },
    answer="b",
    explanation="A loss can fall while the accuracy falls, and the other way round. The logarithm punishes certainty "
    "that is wrong without limit, and that is its use: it asks for honest probabilities.",
    hints=("-log 0.001 is 6.9, and -log 0.7 is 0.36.",),
)

Q_STUCK = Question(
    id="q_clip_stuck",
    unit=UNIT,
    prompt="One weight is the score of one sample: it stands at -20, the label is 1, and $p$ is clipped to [1e-7, 1 - "
    "1e-7] before the logarithm. Gradient descent follows the slope of exactly this computation, with a learning rate "
    "of 1, for 30 steps. Where is the score then?",
    answer=-20,
    tolerance=1e-9,
    replies={
        10: "That would be a slope of -1 in each of the 30 steps. The clip has another.",
        2.2: "That is where the loss from scores gets to. Here a clip stands between score and loss.",
        0: "It would need a slope to get there. What is the slope of a clip beyond its ends?",
    },
    explanation="The sigmoid of -20 is 2e-9, below the clip. Whatever the score does there, the clipped probability is "
    "1e-7, the loss 16.118, the slope exactly 0: the sample stays wrong for ever, and no warning says so.",
    hints=("Is the sigmoid of -20 above or below 1e-7? How does clip(p) change there with p?",),
)

Q_UNTRAINED = Question(
    id="q_untrained",
    unit=UNIT,
    prompt="A classifier with ten classes starts with all weights 0. What is its categorical cross-entropy, to two "
    "decimals?",
    answer=2.30,
    tolerance=0.01,
    replies={
        1: "The probability is a tenth. The loss is minus its natural logarithm.",
        0.1: "That is the probability. The loss is minus its logarithm.",
        3.32: "That is in bits, the logarithm to base 2. Losses use the natural one.",
        0: "Zero would be certainty of the right class. Zero weights give ten equal scores.",
        0.69: "That is log 2, for two classes.",
    },
    explanation="Ten equal scores give each class a tenth, and -log 0.1 = log 10 = 2.30, whatever the labels. It is "
    "the first number to look at in a new training: far above it the initial weights are too large, and the model "
    "begins by being sure of nonsense.",
    hints=("Which probability does every class get if all scores are 0?",),
)

Q_TWICE = Question(
    id="q_softmax_twice",
    unit=UNIT,
    prompt="A classifier's last layer is a softmax over ten classes, and its loss takes another softmax of that. What "
    "is the smallest loss it can reach?",
    options={
        "a": Option(
            "0: the softmax of a softmax is the same softmax.",
            "Its inputs lie between 0 and 1, so the larger is at most e times as likely as another.",
            belief="softmax applied twice changes nothing",
        ),
        "b": Option(
            "2.30: it cannot learn anything.",
            "That is where it starts. It learns, slowly, and often with a good accuracy, which hides the mistake.",
            belief="two softmaxes keep a network from learning at all",
        ),
        "c": Option(
            "It can fall below 0.",
            "A probability is never above 1, so minus its logarithm is never below 0.",
            belief="a cross-entropy can be negative",
        ),
        "d": Option(
            "About 1.46.",
            "The best first softmax is 1 for the right class and 0 for nine others: e / (e + 9) = 0.232, and its "
            "surprise 1.461.",
        ),
    },
    answer="d",
    explanation="The floor is log(1 + (K - 1) / e) for K classes. A loss that stops there, with an accuracy that looks "
    'fine, is the mark of a softmax too many: a layer with `activation="softmax"` before a loss from scores.',
    hints=("What is the softmax of [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]?",),
)

Q_FLOOR = Question(
    id="q_smoothing_floor",
    unit=UNIT,
    prompt="Three classes, a label smoothing of 0.1. What is the smallest loss that a model can reach?",
    options={
        "a": Option(
            "About 0.29.",
            "The best prediction is the smoothed label itself, [0.933, 0.033, 0.033], and its loss is its entropy.",
        ),
        "b": Option(
            "0, when it is certain and right.",
            "Then it gives 0 to classes that have a share of the label, and pays for it without limit.",
            belief="a perfect model has the loss 0",
        ),
        "c": Option(
            "0.1: the smoothing is added to the loss.",
            "The labels change, and the loss with them, by more than that.",
            belief="label smoothing adds a constant",
        ),
        "d": Option(
            "There is none: it can fall without end.",
            "Each term is a share times a surprise, and neither is negative.",
            belief="a cross-entropy can be negative",
        ),
    },
    answer="a",
    explanation="No prediction beats the label's own distribution, and what is left is the entropy of the label: "
    "0.291 here. Two runs with different smoothing cannot be compared by their losses.",
    hints=("What should the model predict if the label is [0.933, 0.033, 0.033]?",),
)

# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_SLOPE,
    Q_BOLD,
    BINARY_CROSSENTROPY,
    Q_STUCK,
    BINARY_FROM_LOGITS,
    Q_UNTRAINED,
    CATEGORICAL_CROSSENTROPY,
    SPARSE_CATEGORICAL_CROSSENTROPY,
    GRADIENT,
    Q_TWICE,
    Q_FLOOR,
    SMOOTH_LABELS,
    BINARY_FOCAL_CROSSENTROPY,
)
