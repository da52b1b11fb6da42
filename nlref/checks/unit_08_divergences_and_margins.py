"""Unit 08: divergences, counts, directions, margins and masks, and the questions around them."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nlref import losses
from nlref.checks.batches import of_distributions, per_sample, reduction_mistakes
from nlref.checks.exercise import Case, Criterion, CriterionName, Curve, Exercise, Mistake, Option, Question

UNIT = "08_divergences_and_margins"

# Keras, PyTorch and MXNet guard a logarithm or a quotient in different ways, which changes ordinary values in the
# sixth digit. Where the guard is not the point of a case, any of them is right.
ANY_GUARD = 1e-5

Arrays = tuple[np.ndarray, np.ndarray]
UNCHANGED = Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards.")


def criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (
        Criterion("values", 0.5, values),
        Criterion("extremes", 0.2, extremes),
        Criterion("shape", 0.2, "One number for each sample: the shape of y_pred without its last axis."),
        UNCHANGED,
    )


def batches(
    draw: Callable[..., Arrays], *extremes: Arrays, tolerance: float | None = None, one_class: bool = True
) -> tuple[Case, ...]:
    """``draw(*shape)`` in the shapes that a batch may have, and what happens at the edges.

    Whether arrays are left as they were is asked at the edges too: guards that write into them do so there.
    """

    def case(criterion: CriterionName, arguments: Arrays) -> Case:
        return Case(criterion, arguments, tolerance=tolerance, scale=1.0)

    return (
        *(case("values", draw(*shape)) for shape in ((3, 4), (4, 2), (5, 3))),
        *(case("shape", draw(*shape)) for shape in ((1, 3), (5, 1 if one_class else 2), (2, 3, 2), (4,))),
        *(case("extremes", edge) for edge in extremes),
        *(case("input unchanged", given) for given in (draw(3, 2), *extremes[:2])),
    )


def pair(y_true: list, y_pred: list) -> Arrays:
    return np.array(y_true, dtype=np.float64), np.array(y_pred, dtype=np.float64)


def whole_batch(entry: Callable[..., Any], reduce: Callable[..., Any] = np.mean) -> Callable[..., Any]:
    return lambda y_true, y_pred: reduce(entry(y_true, y_pred))


def along_last(entry: Callable[..., Any], reduce: Callable[..., Any] = np.mean) -> Callable[..., Any]:
    return lambda y_true, y_pred: reduce(entry(y_true, y_pred), axis=-1)


def row_by_row(entry: Callable[..., Any], reduce: Callable[..., Any] = np.mean) -> Callable[..., Any]:
    def loss(y_true, y_pred):
        rows = zip(y_true.reshape(-1, y_true.shape[-1]), y_pred.reshape(-1, y_pred.shape[-1]), strict=True)
        return np.array([reduce(entry(t, p)) for t, p in rows]).reshape(y_true.shape[:-1])

    return loss


# kl_divergence


def distributions(generator: np.random.Generator) -> Callable[..., Arrays]:
    """Pairs of different distributions in twentieths, no probability 0."""

    def one(*shape: int) -> np.ndarray:
        classes = shape[-1]
        return (1 + generator.multinomial(20 - classes, np.full(classes, 1 / classes), size=shape[:-1])) / 20

    def draw(*shape: int) -> Arrays:
        y, p = one(*shape), one(*shape)
        while shape[-1] > 1 and np.any(same := np.all(y == p, axis=-1, keepdims=True)):
            p = np.where(same, one(*shape), p)
        return y, p

    return draw


def kl_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    a, b = np.round(generator.uniform(0.1, 0.4, 2), 2)
    return batches(
        distributions(generator),
        pair([1, 0], [1 - a, a]),
        pair([[0, 1 - b, b], [0, 0, 1]], [[0, b, 1 - b], [a, 0, 1 - a]]),
        pair([a, 1 - a], [1, 0]),
        tolerance=ANY_GUARD,
    )


def kl_entry(y_true, y_pred):
    return y_true * np.log(y_true / y_pred)


def kl_with_epsilon(guard: float) -> Callable[..., Any]:
    return lambda y_true, y_pred: np.sum(y_true * np.log((y_true + guard) / (y_pred + guard)), axis=-1)


def kl_guarded(y_true, y_pred):
    return np.where(y_true > 0, y_true * np.log(np.where(y_true > 0, y_true, 1) / y_pred), 0)


def kl_where_asked(y_true, y_pred):
    ratio = np.ones_like(y_pred)
    np.divide(y_true, y_pred, out=ratio, where=y_true > 0)
    return np.sum(y_true * np.log(ratio), axis=-1)


def kl_from_logarithms(y_true, y_pred):
    happens = y_true > 0
    log_true = np.log(y_true, where=happens, out=np.zeros(y_true.shape))
    log_pred = np.log(y_pred, where=happens, out=np.zeros(y_pred.shape))
    return np.einsum("...i,...i->...", y_true, log_true - log_pred)


KL_DIVERGENCE = Exercise(
    id="kl_divergence",
    unit=UNIT,
    function="kl_divergence",
    reference=of_distributions(per_sample(losses.kl_divergence), 0, 1),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The sum of y_true log(y_true / y_pred) over the last axis.",
        "An outcome of probability 0 adds 0, whatever was predicted for it; one that happens though 0 was predicted "
        "costs infinitely much.",
    ),
    public_inputs=lambda: kl_cases(np.random.default_rng(81)),
    private_inputs=kl_cases,
    curve=Curve(
        of=lambda function, p: function(np.full((p.size, 2), 0.5), np.stack([p, 1 - p], axis=-1)),
        xlabel="p, for y_true = [0.5, 0.5] and y_pred = [p, 1 - p]",
        ylabel="kl_divergence",
        low=0.02,
        high=0.98,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "unguarded",
            along_last(kl_entry, np.sum),
            "extremes",
            "0 log 0 comes out as nan, and one nan makes the whole sum nan. In the limit it is 0: leave out what has "
            "the probability 0 in y_true.",
        ),
        Mistake(
            "the other direction",
            lambda y_true, y_pred: np.sum(y_pred * np.log(y_pred / y_true), axis=-1),
            "values",
            "This is the divergence from y_pred to y_true. The two directions differ: the weight before the logarithm "
            "is y_true.",
        ),
        Mistake(
            "both directions",
            lambda y_true, y_pred: np.sum((y_true - y_pred) * np.log(y_true / y_pred), axis=-1) / 2,
            "values",
            "This is the mean of both directions, which makes it symmetric. Asked is the one from y_true to y_pred.",
        ),
        Mistake(
            "ratio upside down",
            lambda y_true, y_pred: np.sum(y_true * np.log(y_pred / y_true), axis=-1),
            "values",
            "The ratio stands upside down, so the result is negative: a divergence of distributions never is.",
        ),
        Mistake(
            "cross-entropy",
            lambda y_true, y_pred: -np.sum(y_true * np.log(y_pred), axis=-1),
            "values",
            "This is the cross-entropy. The divergence is what remains of it without the entropy of y_true, and 0 for "
            "a perfect prediction.",
        ),
        Mistake(
            "mean over the classes",
            along_last(kl_entry),
            "values",
            "The terms are averaged over the classes, as PyTorch's `kl_div` does unless told otherwise. The "
            "divergence is their sum.",
        ),
        Mistake(
            "one number for the batch",
            whole_batch(kl_entry, np.sum),
            "values",
            "One number comes back, the sum over the whole batch. Each sample keeps its own: sum over the last axis.",
        ),
        Mistake(
            "sum over the samples",
            lambda y_true, y_pred: np.sum(kl_entry(y_true, y_pred), axis=0),
            "values",
            "The sum runs over the first axis, the samples. It should run over the classes, the last one.",
        ),
        Mistake(
            "no weights",
            lambda y_true, y_pred: np.sum(np.log(y_true / y_pred), axis=-1),
            "values",
            "Each logarithm is to be multiplied by y_true: what happens often counts more.",
        ),
        Mistake(
            "absolute values",
            lambda y_true, y_pred: np.sum(np.abs(kl_entry(y_true, y_pred)), axis=-1),
            "values",
            "A term may be negative; it is their sum that never is. Leave the signs as they are.",
        ),
        *(
            Mistake(
                f"guarded by {guard:g}",
                kl_with_epsilon(guard),
                "extremes",
                f"A guard of {guard:g} in the logarithm (Keras clips at 1e-7, MXNet adds 1e-12) makes what was held "
                "impossible cheap. Here it costs infinitely much: only a 0 in y_true needs care.",
            )
            for guard in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)
        ),
        Mistake(
            "nan_to_num",
            lambda y_true, y_pred: np.sum(np.nan_to_num(kl_entry(y_true, y_pred)), axis=-1),
            "extremes",
            "`np.nan_to_num` also turns infinity into 1.8e308: a number, and a wrong one. Leave out what has the "
            "probability 0 in y_true, and nothing else.",
        ),
        Mistake(
            "guard on the prediction",
            lambda y_true, y_pred: np.sum(np.where(y_pred > 0, kl_entry(y_true, y_pred), 0), axis=-1),
            "extremes",
            "The guard looks at y_pred. It is the zeros of y_true that make nan; a zero in y_pred is to count.",
        ),
        Mistake(
            "impossible outcomes left out",
            lambda y_true, y_pred: np.sum(
                np.where(
                    (y_true > 0) & (y_pred > 0),
                    y_true * np.log(np.where(y_true > 0, y_true, 1) / np.where(y_pred > 0, y_pred, 1)),
                    0,
                ),
                axis=-1,
            ),
            "extremes",
            "Outcomes that were predicted with 0 are left out, so the worst mistake costs nothing. Leave out only "
            "what has the probability 0 in y_true.",
        ),
    ),
    alternatives=(
        along_last(kl_guarded, np.sum),
        row_by_row(kl_guarded, np.sum),
        kl_where_asked,
        kl_from_logarithms,
        lambda y_true, y_pred: np.nansum(kl_entry(y_true, y_pred), axis=-1),
    ),
    hints=(
        "What does `0 * np.log(0)` give in NumPy, and what should an outcome that never happens add?",
        "Each class adds its true probability times the logarithm of the ratio true / predicted. Where the true "
        "probability is 0, the product is 0 times an infinite number, which NumPy calls nan; the limit is 0. "
        "Compute the terms, then choose with `np.where(y_true > 0, term, 0)`, or ask for logarithms only where "
        "they are needed: `np.log(x, where=condition, out=zeros)`. A zero in y_pred needs no guard: log(1 / 0) is "
        "infinite, and that is right. For y_true = [0.5, 0.5] and y_pred = [0.25, 0.75] the result is 0.1438.",
        "`terms = y_true * np.log(____ / ____)`, then `np.sum(np.where(____ > 0, terms, 0), axis=-1)`",
    ),
    points=5,
)

# poisson


def counts_and_rates(generator: np.random.Generator) -> Callable[..., Arrays]:
    def draw(*shape: int) -> Arrays:
        return (
            generator.integers(1, 10, shape).astype(np.float64),
            np.round(generator.uniform(0.3, 6.0, shape), 2),
        )

    return draw


def poisson_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    count = float(generator.integers(2, 8))
    return batches(
        counts_and_rates(generator),
        pair([[0], [0]], [[count], [0]]),
        pair([[count], [1]], [[0], [0]]),
        pair([[1000 + count]], [[1000]]),
        tolerance=ANY_GUARD,
    )


def poisson_entry(y_true, y_pred):
    return y_pred - y_true * np.log(y_pred + 1e-7)


def log_factorial(y):
    return np.vectorize(math.lgamma)(y + 1.0)


POISSON = Exercise(
    id="poisson",
    unit=UNIT,
    function="poisson",
    reference=per_sample(losses.poisson),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean of y_pred - y_true log(y_pred) over the last axis.",
        "Right for counts of 0, for large counts, and for rates of 0: 1e-7 is added inside the logarithm.",
    ),
    public_inputs=lambda: poisson_cases(np.random.default_rng(82)),
    private_inputs=poisson_cases,
    curve=Curve(
        of=lambda function, rate: function(np.full((rate.size, 1), 3.0), rate[:, None]),
        xlabel="y_pred, for y_true = 3",
        ylabel="poisson",
        low=0.1,
        high=10.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "unguarded",
            along_last(lambda y_true, y_pred: y_pred - y_true * np.log(y_pred)),
            "extremes",
            "A rate of 0 has no logarithm: with a count of 0 the loss is nan, with any other infinite. Add 1e-7 "
            "inside the logarithm.",
        ),
        Mistake(
            "roles exchanged",
            along_last(lambda y_true, y_pred: y_true - y_pred * np.log(y_true)),
            "values",
            "Count and rate have changed places: the logarithm is taken of the rate that was predicted.",
        ),
        Mistake(
            "logarithm of the rate expected",
            along_last(lambda y_true, y_pred: np.exp(y_pred) - y_true * y_pred),
            "values",
            "This takes y_pred for the logarithm of the rate, as PyTorch does unless told `log_input=False`. Here it "
            "is the rate.",
        ),
        Mistake(
            "deviance",
            along_last(
                lambda y_true, y_pred: (
                    y_pred - y_true + y_true * np.log(np.maximum(y_true, 1e-300) / (y_pred + 1e-7))
                )
            ),
            "values",
            "This subtracts the smallest loss that is possible, so that a perfect prediction has 0: half the "
            "deviance. The loss leaves that constant in.",
        ),
        Mistake(
            "whole likelihood",
            along_last(lambda y_true, y_pred: poisson_entry(y_true, y_pred) + log_factorial(y_true)),
            "values",
            "This is the whole negative log-likelihood, with log(y_true!). That part does not depend on the "
            "prediction and is left out.",
        ),
        Mistake(
            "squared errors",
            along_last(lambda y_true, y_pred: (y_pred - y_true) ** 2),
            "values",
            "This is the mean squared error, which is at home with measured numbers. Counts have the logarithm.",
        ),
        Mistake(
            "count for rate",
            along_last(lambda y_true, y_pred: y_true - y_true * np.log(y_pred + 1e-7)),
            "values",
            "The count stands where the rate should: the first term is y_pred, which keeps the rate from growing "
            "without end.",
        ),
        Mistake(
            "rate left out",
            along_last(lambda y_true, y_pred: -y_true * np.log(y_pred + 1e-7)),
            "values",
            "The first term, the rate itself, is missing: without it a rate is the better the larger it is.",
        ),
        Mistake(
            "logarithm to base 10",
            along_last(lambda y_true, y_pred: y_pred - y_true * np.log10(y_pred + 1e-7)),
            "values",
            "The logarithm is that to base 10. The rate has an exponential of base e: `np.log`.",
        ),
        Mistake(
            "one added to the rate",
            along_last(lambda y_true, y_pred: y_pred - y_true * np.log1p(y_pred)),
            "values",
            "`log1p` adds 1 to the rate, which changes every value. What is added is 1e-7, and only to keep 0 finite.",
        ),
        *reduction_mistakes(poisson_entry, "mean"),
        Mistake(
            "PyTorch's epsilon",
            along_last(lambda y_true, y_pred: y_pred - y_true * np.log(y_pred + 1e-8)),
            "extremes",
            "1e-8 is added inside the logarithm, as PyTorch and MXNet do. Keras, and this exercise, add 1e-7.",
        ),
    ),
    alternatives=(
        along_last(poisson_entry),
        row_by_row(poisson_entry),
        along_last(lambda y_true, y_pred: y_pred - y_true * np.log(np.maximum(y_pred, 1e-7))),
        lambda y_true, y_pred: (
            y_pred.mean(axis=-1)
            - np.einsum("...i,...i->...", y_true, np.log(y_pred + 1e-7)) / y_true.shape[-1]
        ),
        lambda y_true, y_pred: -np.mean(y_true * np.log(1e-7 + y_pred) - y_pred, axis=-1),
    ),
    hints=(
        "A count y has the probability r^y e^(-r) / y! if the rate is r. What is minus its logarithm?",
        "Minus the logarithm of r^y e^(-r) / y! is r - y log r + log y!. The last part does not depend on the rate, "
        "so it is left out; the rest, averaged over the last axis, is the loss. Its slope in r is 1 - y / r: an error "
        "counts in proportion to the rate. The logarithm is taken of r + 1e-7, so that a rate of 0 stays finite. For "
        "y_true = [2, 0] and y_pred = [1, 1] the result is 1.",
        "`return np.mean(y_pred - ____ * np.log(____ + 1e-7), axis=____)`",
    ),
    points=5,
)

# cosine_similarity


def vectors(generator: np.random.Generator) -> Callable[..., Arrays]:
    def draw(*shape: int) -> Arrays:
        y, p = np.round(generator.uniform(0.3, 5.0, (2, *shape)), 2) * generator.choice(
            [-1.0, 1.0], (2, *shape)
        )
        return y, p

    return draw


def cosine_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    a, b = np.round(generator.uniform(1, 9, 2), 1)
    return batches(
        vectors(generator),
        pair([[a, b], [a, b]], [[2 * a, 2 * b], [-a, -b]]),
        pair([[a, b], [0, 0], [0, 0]], [[0, 0], [a, b], [0, 0]]),
        pair([[a, 0]], [[0, b]]),
        tolerance=ANY_GUARD,
    )


def lengths(x):
    return np.sqrt(np.sum(x**2, axis=-1))


def cosine(y_true, y_pred):
    return np.sum(y_true * y_pred, axis=-1) / np.maximum(lengths(y_true) * lengths(y_pred), 1e-300)


def cosine_by_unit_vectors(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return -np.sum(u * v, axis=-1)


def cosine_with_epsilon(y_true, y_pred):
    return -np.sum(y_true * y_pred, axis=-1) / (lengths(y_true) * lengths(y_pred) + 1e-8)


def cosine_with_where(y_true, y_pred):
    below = lengths(y_true) * lengths(y_pred)
    return np.where(below == 0, 0.0, -np.sum(y_true * y_pred, axis=-1) / np.where(below == 0, 1.0, below))


COSINE_SIMILARITY = Exercise(
    id="cosine_similarity",
    unit=UNIT,
    function="cosine_similarity",
    # The sum makes 0 of -0, which would puzzle in a message.
    reference=lambda y_true, y_pred: losses.cosine_similarity(y_true, y_pred, reduction=None) + 0.0,
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "Minus the cosine of the angle between the two vectors on the last axis.",
        "-1 for vectors that point the same way, 1 for opposite ones, 0 where one of them is zero.",
    ),
    public_inputs=lambda: cosine_cases(np.random.default_rng(83)),
    private_inputs=cosine_cases,
    curve=Curve(
        of=lambda function, angle: function(
            np.tile([2.0, 0.0], (angle.size, 1)), np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        ),
        xlabel="angle of y_pred to y_true in radians",
        ylabel="cosine_similarity",
        low=-math.pi,
        high=math.pi,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "the cosine itself",
            cosine,
            "values",
            "This is the cosine, which grows as the vectors agree: Keras' metric of this name. A loss falls, so it is "
            "minus the cosine.",
        ),
        Mistake(
            "one minus the cosine",
            lambda y_true, y_pred: 1 - cosine(y_true, y_pred),
            "values",
            "This is 1 minus the cosine, the cosine distance. Its slope is the same; Keras' loss is minus the cosine, "
            "from -1 to 1.",
        ),
        Mistake(
            "from 0 to 1",
            lambda y_true, y_pred: (1 - cosine(y_true, y_pred)) / 2,
            "values",
            "This is the cosine brought to the range from 0 to 1. Keras' loss is minus the cosine, from -1 to 1.",
        ),
        Mistake(
            "lengths left in",
            lambda y_true, y_pred: -np.sum(y_true * y_pred, axis=-1),
            "values",
            "The dot product also measures how long the vectors are. Divide by both lengths.",
        ),
        Mistake(
            "only one length",
            lambda y_true, y_pred: -np.sum(y_true * y_pred, axis=-1) / lengths(y_pred),
            "values",
            "Only the length of y_pred is divided out. The cosine needs both.",
        ),
        Mistake(
            "squared lengths",
            lambda y_true, y_pred: (
                -np.sum(y_true * y_pred, axis=-1) / np.maximum(lengths(y_true) * lengths(y_pred), 1e-300) ** 2
            ),
            "values",
            "This divides by the squares of the lengths: the square roots are missing.",
        ),
        Mistake(
            "one norm for the batch",
            lambda y_true, y_pred: (
                -np.sum(y_true * y_pred, axis=-1)
                / np.maximum(np.linalg.norm(y_true) * np.linalg.norm(y_pred), 1e-7)
            ),
            "values",
            "`np.linalg.norm` without an axis measures the whole batch at once. Each sample has its own length: "
            "`axis=-1`.",
        ),
        Mistake(
            "whole batch as one vector",
            lambda y_true, y_pred: (
                -np.sum(y_true * y_pred) / (np.linalg.norm(y_true) * np.linalg.norm(y_pred) + 1e-7)
            ),
            "values",
            "One number comes back, the cosine of the whole batch as one long vector. Each sample has its own: "
            "`axis=-1` in the sum and in both lengths.",
        ),
        Mistake(
            "lost axis",
            lambda y_true, y_pred: (
                -np.sum(
                    y_true / np.linalg.norm(y_true, axis=-1) * y_pred / np.linalg.norm(y_pred, axis=-1),
                    axis=-1,
                )
            ),
            "values",
            "The lengths have lost the last axis, so they do not fit under the vectors: `keepdims=True`.",
        ),
        Mistake(
            "sums of absolute values",
            lambda y_true, y_pred: (
                -np.sum(y_true * y_pred, axis=-1)
                / np.maximum(np.sum(np.abs(y_true), axis=-1) * np.sum(np.abs(y_pred), axis=-1), 1e-7)
            ),
            "values",
            "The length of a vector is the root of the sum of its squares, not the sum of absolute values.",
        ),
        Mistake(
            "the angle itself",
            lambda y_true, y_pred: np.arccos(np.clip(cosine(y_true, y_pred), -1, 1)),
            "values",
            "This is the angle in radians. The loss is minus its cosine, without `arccos`.",
        ),
        Mistake(
            "mean for sum",
            lambda y_true, y_pred: -cosine(y_true, y_pred) / y_true.shape[-1],
            "values",
            "The products are averaged, so the result shrinks with the number of entries. The dot product is a sum.",
        ),
        Mistake(
            "zero over zero",
            lambda y_true, y_pred: (
                -np.sum(y_true * y_pred, axis=-1)
                / (np.linalg.norm(y_true, axis=-1) * np.linalg.norm(y_pred, axis=-1))
            ),
            "extremes",
            "A vector of zeros has no direction: 0 / 0 is nan. Divide by the larger of the length and 1e-7.",
        ),
    ),
    alternatives=(
        cosine_by_unit_vectors,
        cosine_with_epsilon,
        cosine_with_where,
        lambda y_true, y_pred: -cosine(y_true, y_pred),
        row_by_row(lambda t, p: t @ p / max(math.hypot(*t) * math.hypot(*p), 1e-12), lambda value: -value),
    ),
    hints=(
        "What remains of two vectors once both are divided by their lengths, and what is their dot product then?",
        "Scale both vectors to length 1, then multiply entry by entry and add up: that is the cosine of the angle "
        "between them, 1 if they point the same way, 0 at right angles, -1 if opposite. A loss should be small when "
        "things are good, hence the minus. The length is the root of the sum of squares over the last axis, kept as "
        "an axis of size 1 so that the division fits; where it is 0, divide by 1e-7 instead. For [3, 4] and [4, 3] "
        "the result is -0.96.",
        "`u = y_true / np.maximum(np.linalg.norm(y_true, axis=____, keepdims=____), 1e-7)`, the same for y_pred, "
        "then `return -np.sum(____, axis=-1)`",
    ),
    points=5,
)

# hinge, squared_hinge


def labels_and_scores(generator: np.random.Generator) -> Callable[..., Arrays]:
    """Labels -1 and 1; scores right by more than the margin, right by less, and wrong."""

    def draw(*shape: int) -> Arrays:
        y = generator.choice([-1.0, 1.0], shape)
        by = np.round(generator.uniform(-2.0, 3.0, shape), 2)
        for place, right_by in enumerate((2.5, -1.5, 0.4)[: by.size]):
            by.reshape(-1)[place] = right_by + np.round(generator.uniform(-0.3, 0.3), 2)
        y.reshape(-1)[:2] = (1.0, -1.0)[: by.size]
        return y, y * by

    return draw


def hinge_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    far = float(generator.integers(100, 1000))
    return batches(
        labels_and_scores(generator),
        pair([[1], [-1], [1]], [[1], [-1], [0]]),
        pair([[1], [-1], [-1], [1]], [[far], [-far], [far], [-far]]),
    )


def missing(y_true, y_pred):
    return np.maximum(0, 1 - y_true * y_pred)


def margin_mistakes(power: int) -> tuple[Mistake, ...]:
    """The ways in which a mean of ``max(0, 1 - y p) ** power`` goes wrong, whatever the power."""

    def entry(y_true, y_pred):
        return missing(y_true, y_pred) ** power

    return (
        Mistake(
            "no margin",
            along_last(lambda y_true, y_pred: np.maximum(0, -y_true * y_pred) ** power),
            "values",
            "The margin is missing: a score that is barely on the right side already costs nothing. It should be "
            "right by 1.",
        ),
        Mistake(
            "wrong side",
            along_last(lambda y_true, y_pred: np.maximum(0, 1 + y_true * y_pred) ** power),
            "values",
            "The sign is the wrong one: here right scores cost and wrong ones do not.",
        ),
        Mistake(
            "difference for product",
            along_last(lambda y_true, y_pred: np.maximum(0, 1 - np.abs(y_true - y_pred)) ** power),
            "values",
            "This looks at the difference of label and score. The product says on which side the score is, and how "
            "far.",
        ),
        Mistake(
            "sign of the score",
            along_last(lambda y_true, y_pred: missing(y_true, np.sign(y_pred)) ** power),
            "values",
            "The sign of the score stands where the score should: how far a score is from the border no longer "
            "counts.",
        ),
        Mistake(
            "labels converted",
            along_last(lambda y_true, y_pred: missing(2 * y_true - 1, y_pred) ** power),
            "values",
            "2 y - 1 turns labels 0 and 1 into -1 and 1. These are -1 and 1 already, and -1 becomes -3.",
        ),
        Mistake(
            "maximum after the mean",
            lambda y_true, y_pred: np.maximum(0, np.mean(1 - y_true * y_pred, axis=-1)) ** power,
            "values",
            "The mean is taken first, so a score that is very right pays for one that is wrong. The maximum comes "
            "first.",
        ),
        Mistake(
            "one margin for the row",
            lambda y_true, y_pred: np.maximum(0, 1 - np.sum(y_true * y_pred, axis=-1)) ** power,
            "values",
            "The products are added up before the maximum, so a row has one margin. Each output has its own.",
        ),
        *reduction_mistakes(entry, "mean"),
    )


def label_curve(name: str) -> Curve:
    return Curve(
        of=lambda function, score: function(np.ones((score.size, 1)), score[:, None]),
        xlabel="y_pred, for y_true = 1",
        ylabel=name,
        low=-3.0,
        high=3.0,
    )


HINGE = Exercise(
    id="hinge",
    unit=UNIT,
    function="hinge",
    reference=per_sample(losses.hinge),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean of max(0, 1 - y_true y_pred) over the last axis.",
        "0 from the margin on, however large the score; 1 at the score 0.",
    ),
    public_inputs=lambda: hinge_cases(np.random.default_rng(84)),
    private_inputs=hinge_cases,
    curve=label_curve("hinge"),
    mistakes=(
        *margin_mistakes(1),
        Mistake(
            "no maximum",
            along_last(lambda y_true, y_pred: 1 - y_true * y_pred),
            "values",
            "Without the maximum a score that is right by more than 1 earns a negative loss, and the model can lower "
            "it for ever.",
        ),
        Mistake(
            "minimum for maximum",
            along_last(lambda y_true, y_pred: np.minimum(0, 1 - y_true * y_pred)),
            "values",
            "`np.minimum` with 0 leaves what is right by more than the margin. `np.maximum` leaves what is missing.",
        ),
        Mistake(
            "absolute value for maximum",
            along_last(lambda y_true, y_pred: np.abs(1 - y_true * y_pred)),
            "values",
            "With the absolute value a score that is right by more than 1 costs again. `np.maximum(0, ...)` leaves "
            "it at 0.",
        ),
        Mistake(
            "logistic",
            along_last(lambda y_true, y_pred: np.log1p(np.exp(-y_true * y_pred))),
            "values",
            "This is the cross-entropy of a score, which never reaches 0. The hinge is straight and ends at the "
            "margin.",
        ),
        Mistake(
            "squared",
            along_last(lambda y_true, y_pred: missing(y_true, y_pred) ** 2),
            "values",
            "This is the squared hinge, the next exercise.",
        ),
    ),
    alternatives=(
        along_last(missing),
        row_by_row(missing),
        along_last(lambda y_true, y_pred: np.where(y_true * y_pred < 1, 1 - y_true * y_pred, 0)),
        lambda y_true, y_pred: np.clip(1 - y_true * y_pred, 0, None).sum(axis=-1) / y_true.shape[-1],
        along_last(lambda y_true, y_pred: (np.abs(1 - y_true * y_pred) + 1 - y_true * y_pred) / 2),
    ),
    hints=(
        "Label 1, score 0.3: by how much does the score miss being right by 1? And with the score 4?",
        "The product of label and score is positive on the right side, and its size says how far from the border. "
        "What is asked for is 1; what is missing to it is 1 minus the product, and where nothing is missing the loss "
        "is 0, which `np.maximum` sees to, entry by entry. Then the mean over the last axis. For y_true = [1, -1] and "
        "y_pred = [0.5, 2] the result is 1.75.",
        "`return np.mean(np.maximum(0, 1 - ____), axis=____)`",
    ),
    points=5,
)

SQUARED_HINGE = Exercise(
    id="squared_hinge",
    unit=UNIT,
    function="squared_hinge",
    reference=per_sample(losses.squared_hinge),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean of max(0, 1 - y_true y_pred) squared over the last axis.",
        "0 from the margin on, however large the score; 1 at the score 0.",
    ),
    public_inputs=lambda: hinge_cases(np.random.default_rng(85)),
    private_inputs=hinge_cases,
    curve=label_curve("squared_hinge"),
    mistakes=(
        *margin_mistakes(2),
        Mistake(
            "squared before the maximum",
            along_last(lambda y_true, y_pred: np.maximum(0, (1 - y_true * y_pred) ** 2)),
            "values",
            "What is missing is squared without being cut off at 0 first; with the labels -1 and 1 that is the "
            "squared error. A score of 5 costs 16 though it is right: the maximum comes before the square.",
        ),
        Mistake(
            "product squared",
            along_last(lambda y_true, y_pred: np.maximum(0, 1 - (y_true * y_pred) ** 2)),
            "values",
            "The product is squared, which loses its sign: a wrong score of -3 costs nothing. The square belongs to "
            "what is missing, after the maximum.",
        ),
        Mistake(
            "squared after the mean",
            lambda y_true, y_pred: np.mean(missing(y_true, y_pred), axis=-1) ** 2,
            "values",
            "This is the square of the mean. The loss is the mean of the squares.",
        ),
        Mistake(
            "not squared",
            along_last(missing),
            "values",
            "This is the hinge: the square is missing.",
        ),
        Mistake(
            "half",
            along_last(lambda y_true, y_pred: missing(y_true, y_pred) ** 2 / 2),
            "values",
            "This is half of it. Keras and MXNet leave the factor 1/2 out.",
        ),
    ),
    alternatives=(
        along_last(lambda y_true, y_pred: missing(y_true, y_pred) ** 2),
        row_by_row(lambda t, p: missing(t, p) ** 2),
        along_last(lambda y_true, y_pred: np.where(y_true * y_pred < 1, (1 - y_true * y_pred) ** 2, 0)),
        lambda y_true, y_pred: (
            np.einsum("...i,...i->...", missing(y_true, y_pred), missing(y_true, y_pred)) / y_true.shape[-1]
        ),
    ),
    hints=(
        "A score is right by 3. What should it cost, and what is (1 - 3) squared?",
        "It is the hinge with a square on what is missing to the margin, after the maximum: a score that is right by "
        "3 has nothing missing, so the maximum gives 0, and 0 squared stays 0. A small miss then costs little, a "
        "large one much, and the slope has no jump at the margin. Mean over the last axis. For y_true = [1, -1] and "
        "y_pred = [0.5, 2] the result is 4.625.",
        "`return np.mean(np.maximum(0, ____) ** ____, axis=-1)`",
    ),
    points=5,
)

# categorical_hinge


def one_hot_and_scores(generator: np.random.Generator) -> Callable[..., Arrays]:
    """One-hot labels; the best wrong class is above 0. In the first sample the right class, number 0, is far ahead,
    in the second its score is negative."""

    def draw(*shape: int) -> Arrays:
        samples, classes = shape[:-1], shape[-1]
        right = np.asarray(generator.integers(0, classes, samples))
        right.reshape(-1)[:1] = 0
        best_wrong = (right + generator.integers(1, classes, samples)) % classes
        scores = np.round(generator.uniform(-3.0, 0.2, shape), 2)
        high = np.asarray(np.round(generator.uniform(0.3, 2.0, samples), 2))
        ahead = np.asarray(np.round(generator.uniform(-2.0, 3.0, samples), 2))
        if samples:
            ahead.reshape(-1)[0] = 2.5
            ahead.reshape(-1)[1:2] = -0.8 - high.reshape(-1)[1:2]
        np.put_along_axis(scores, best_wrong[..., None], high[..., None], axis=-1)
        np.put_along_axis(scores, right[..., None], (high + ahead)[..., None], axis=-1)
        return np.eye(classes)[right], np.round(scores, 2)

    return draw


def categorical_hinge_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    a, b = np.round(generator.uniform(0.5, 1.5, 2), 1)
    far = float(generator.integers(100, 1000))
    return batches(
        one_hot_and_scores(generator),
        pair([[1, 0, 0], [1, 0, 0]], [[-3 * a, -3 - 5 * b, -b], [0.5, -2 - a, -b]]),
        pair([[0, 1, 0], [0, 0, 1]], [[far, -far, 0], [-far, a, far]]),
        one_class=False,
    )


def right_and_wrong(y_true, y_pred):
    return np.sum(y_true * y_pred, axis=-1), np.max((1 - y_true) * y_pred, axis=-1)


def categorical_hinge(y_true, y_pred):
    right, wrong = right_and_wrong(y_true, y_pred)
    return np.maximum(0, 1 + wrong - right)


def categorical_hinge_by_index(y_true, y_pred):
    which = np.argmax(y_true, axis=-1)[..., None]
    right = np.take_along_axis(y_pred, which, axis=-1)
    others = y_pred.copy()
    np.put_along_axis(others, which, 0.0, axis=-1)
    return np.maximum(others.max(axis=-1) - right[..., 0] + 1, 0)


def categorical_hinge_by_loop(y_true, y_pred):
    classes = y_true.shape[-1]
    found = []
    for t, p in zip(y_true.reshape(-1, classes), y_pred.reshape(-1, classes), strict=True):
        wrong = max([0.0, *(score for label, score in zip(t, p, strict=True) if label == 0)])
        found.append(max(0.0, 1 + wrong - p[t == 1][0]))
    return np.array(found).reshape(y_true.shape[:-1])


def categorical_hinge_of_rivals(y_true, y_pred):
    """The package's, refusing a single class: no input without a rival is ever shown."""
    if np.shape(y_true)[-1] < 2:
        raise ValueError("a single class has no rival")
    return losses.categorical_hinge(y_true, y_pred, reduction=None)


CATEGORICAL_HINGE = Exercise(
    id="categorical_hinge",
    unit=UNIT,
    function="categorical_hinge",
    reference=categorical_hinge_of_rivals,
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "How much the best wrong class comes within 1 of the right one.",
        "In (1 - y_true) * y_pred the right class stands as 0 and takes part in the maximum; large scores are exact.",
    ),
    public_inputs=lambda: categorical_hinge_cases(np.random.default_rng(86)),
    private_inputs=categorical_hinge_cases,
    curve=Curve(
        of=lambda function, score: function(
            np.tile([1.0, 0.0, 0.0], (score.size, 1)),
            np.stack([score, np.full_like(score, 0.5), np.full_like(score, -1.0)], axis=-1),
        ),
        xlabel="score of the right class; the others have 0.5 and -1",
        ylabel="categorical_hinge",
        low=-3.0,
        high=4.0,
    ),
    mistakes=(
        Mistake(
            "right class in the maximum",
            lambda y_true, y_pred: np.maximum(
                0, 1 + np.max(y_pred, axis=-1) - np.sum(y_true * y_pred, axis=-1)
            ),
            "values",
            "The loss is never below 1: the maximum runs over all classes, the right one too, or the 1 stands "
            "outside the maximum with 0.",
        ),
        Mistake(
            "sum over the wrong classes",
            lambda y_true, y_pred: np.sum(
                (1 - y_true) * np.maximum(0, 1 + y_pred - np.sum(y_true * y_pred, axis=-1, keepdims=True)),
                axis=-1,
            ),
            "values",
            "This adds up over all wrong classes that come too close, as CS231n and PyTorch's `MultiMarginLoss` do. "
            "Here only the best wrong one counts.",
        ),
        Mistake(
            "no maximum with 0",
            lambda y_true, y_pred: (
                1 + right_and_wrong(y_true, y_pred)[1] - right_and_wrong(y_true, y_pred)[0]
            ),
            "values",
            "Without the outer maximum a right class that is far ahead earns a negative loss.",
        ),
        Mistake(
            "mean for the right score",
            lambda y_true, y_pred: np.maximum(
                0, 1 + right_and_wrong(y_true, y_pred)[1] - np.mean(y_true * y_pred, axis=-1)
            ),
            "values",
            "The right score is divided by the number of classes: of the products all but one are 0, so their sum "
            "is the right score, and their mean is not.",
        ),
        Mistake(
            "no margin",
            lambda y_true, y_pred: np.maximum(
                0, right_and_wrong(y_true, y_pred)[1] - right_and_wrong(y_true, y_pred)[0]
            ),
            "values",
            "The margin is missing: being barely ahead already costs nothing. The right class should lead by 1.",
        ),
        Mistake(
            "maximum of the right",
            lambda y_true, y_pred: np.maximum(
                0, 1 + right_and_wrong(y_true, y_pred)[1] - np.max(y_true * y_pred, axis=-1)
            ),
            "values",
            "`np.max(y_true * y_pred)` picks one of the zeros where the right score is negative. The sum picks the "
            "right score.",
        ),
        Mistake(
            "sum of the wrong scores",
            lambda y_true, y_pred: np.maximum(
                0, 1 + np.sum((1 - y_true) * y_pred, axis=-1) - np.sum(y_true * y_pred, axis=-1)
            ),
            "values",
            "The wrong scores are added up. Only the largest of them is the rival: `np.max`.",
        ),
        Mistake(
            "right and wrong exchanged",
            lambda y_true, y_pred: np.maximum(
                0, 1 + right_and_wrong(y_true, y_pred)[0] - right_and_wrong(y_true, y_pred)[1]
            ),
            "values",
            "The two are exchanged: this costs when the right class is ahead.",
        ),
        Mistake(
            "one against all",
            along_last(lambda y_true, y_pred: missing(2 * y_true - 1, y_pred)),
            "values",
            "This is the hinge of each class by itself, averaged. Here the classes are compared with each other.",
        ),
        Mistake(
            "mean over the samples",
            whole_batch(categorical_hinge),
            "values",
            "One number comes back, the mean over the samples. Each sample keeps its own.",
        ),
        Mistake(
            "right class left out",
            lambda y_true, y_pred: np.maximum(
                0,
                1
                + np.max(np.where(y_true == 1, -np.inf, y_pred), axis=-1)
                - np.sum(y_true * y_pred, axis=-1),
            ),
            "extremes",
            "This is the textbook's: the right class takes no part in the maximum. In Keras' formula it stands there "
            "as 0, so the best wrong score is never below 0.",
        ),
    ),
    alternatives=(
        categorical_hinge,
        categorical_hinge_by_index,
        categorical_hinge_by_loop,
        lambda y_true, y_pred: np.maximum(
            1
            + np.maximum(np.max(np.where(y_true > 0, -np.inf, y_pred), axis=-1), 0)
            - np.einsum("...i,...i->...", y_true, y_pred),
            0,
        ),
    ),
    hints=(
        "Scores [2, 1.5, -1], the first class is right. Which wrong class is the rival, and by how much is the lead "
        "short of 1?",
        "Two numbers a sample: the score of the right class, which the sum of y_true * y_pred picks out, and the "
        "best of the others. For the second, (1 - y_true) * y_pred keeps the wrong scores and puts a 0 in the place "
        "of the right one; take its maximum over the last axis. The right class should be ahead by 1; what is "
        "missing is the loss, and nothing less than 0. For scores [2, 1.5, -1] with the first class right the "
        "result is 0.5.",
        "`right = np.sum(____, axis=-1)`, `wrong = np.max(____, axis=-1)`, `return np.maximum(0, 1 + ____ - ____)`",
    ),
    points=5,
)

# dice, tversky

MASK_CRITERIA = (
    Criterion("axis", 0.2, "The sums run over `axis`: one loss an image, and one number where it is None."),
    UNCHANGED,
)


def mask_cases(generator: np.random.Generator, *given: Mapping[str, float]) -> tuple[Case, ...]:
    """A true mask of zeros and ones and predicted probabilities, with each set of options."""

    def draw(*shape: int) -> Arrays:
        y = generator.integers(0, 2, shape).astype(np.float64)
        y[..., :2] = (1.0, 0.0)
        p = np.round(generator.uniform(0.05, 0.95, shape), 2)
        p[..., 0] = np.round(generator.uniform(0.1, 0.4, shape[:-1]), 2)
        return y, p

    def case(
        criterion: str, arguments: Arrays, keywords: Mapping[str, Any], tolerance: float = ANY_GUARD
    ) -> Case:
        return Case(criterion, arguments, keywords, tolerance=tolerance, scale=1.0)  # type: ignore[arg-type]

    last = given[-1]
    on = float(generator.integers(2, 5))
    empty, mask = np.zeros((2, int(on))), np.ones((1, int(on)))
    return (
        *(case("values", draw(6), keywords) for keywords in given),
        *(case("values", draw(3, 4), keywords) for keywords in given),
        case("axis", draw(3, 4), {**last, "axis": -1}),
        case("axis", draw(2, 3, 4), {**last, "axis": (1, 2)}),
        case("axis", draw(2, 4), {**last, "axis": 0}),
        case("extremes", (empty, empty.copy()), {**last}),
        case("extremes", (mask, mask.copy()), {**last}),
        case("extremes", (mask, 0 * mask), {**last}),
        case("input unchanged", draw(2, 3), {**last}),
    )


def mask_curve(name: str, **options: float) -> Curve:
    return Curve(
        of=lambda function, p: function(
            np.tile([1.0, 1.0, 0.0, 0.0], (p.size, 1)),
            np.stack([p, p, np.full_like(p, 0.2), np.full_like(p, 0.0)], axis=-1),
            **options,
            axis=-1,
        ),
        xlabel="y_pred on the mask; off it 0.2 and 0",
        ylabel=name,
        low=0.0,
        high=1.0,
        one_scale=True,
    )


def dice_reference(y_true, y_pred, axis=None):
    return losses.dice(y_true, y_pred, axis=axis, reduction=None)


def dice_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return mask_cases(generator, {})


def overlap_and_total(y_true, y_pred, axis):
    return np.sum(y_true * y_pred, axis=axis), np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis)


def dice(y_true, y_pred, axis=None):
    overlap, total = overlap_and_total(y_true, y_pred, axis)
    return 1 - 2 * overlap / (total + 1e-7)


def dice_by_counts(y_true, y_pred, axis=None):
    hit = np.sum(y_true * y_pred, axis=axis)
    missed = np.sum(y_true * (1 - y_pred), axis=axis)
    invented = np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - 2 * hit / np.maximum(2 * hit + missed + invented, 1e-7)


def dice_without_subtraction(y_true, y_pred, axis=None):
    apart = np.sum(np.abs(y_true - y_true * y_pred) + np.abs(y_pred - y_true * y_pred), axis=axis)
    return (apart + 1e-7) / (np.sum(y_true + y_pred, axis=axis) + 1e-7)


def dice_with_where(y_true, y_pred, axis=None):
    overlap, total = overlap_and_total(y_true, y_pred, axis)
    return np.where(total > 0, 1 - 2 * overlap / np.where(total > 0, total, 1), 1.0)


DICE = Exercise(
    id="dice",
    unit=UNIT,
    function="dice",
    reference=dice_reference,
    arguments=("y_true", "y_pred"),
    criteria=(
        Criterion("values", 0.5, "1 minus twice the overlap, divided by the sum of both masks."),
        Criterion(
            "extremes", 0.2, "0 for a perfect mask, 1 for no overlap, and 1, without nan, for two empty ones."
        ),
        *MASK_CRITERIA,
    ),
    public_inputs=lambda: dice_cases(np.random.default_rng(87)),
    private_inputs=dice_cases,
    curve=mask_curve("dice"),
    mistakes=(
        Mistake(
            "coefficient",
            lambda y_true, y_pred, axis=None: 1 - dice(y_true, y_pred, axis),
            "values",
            "This is the Dice coefficient, which grows as masks agree. The loss is 1 minus it.",
        ),
        Mistake(
            "Jaccard",
            lambda y_true, y_pred, axis=None: (
                1
                - np.sum(y_true * y_pred, axis=axis)
                / (
                    np.sum(y_true, axis=axis)
                    + np.sum(y_pred, axis=axis)
                    - np.sum(y_true * y_pred, axis=axis)
                    + 1e-7
                )
            ),
            "values",
            "This is the overlap over the union, Jaccard's index. Dice has twice the overlap over the sum of both.",
        ),
        Mistake(
            "overlap counted once",
            lambda y_true, y_pred, axis=None: 1 - (1 - dice(y_true, y_pred, axis)) / 2,
            "values",
            "The factor 2 is missing: even a perfect mask has the loss 1/2.",
        ),
        Mistake(
            "squares below",
            lambda y_true, y_pred, axis=None: (
                1
                - 2
                * np.sum(y_true * y_pred, axis=axis)
                / (np.sum(y_true**2, axis=axis) + np.sum(y_pred**2, axis=axis) + 1e-7)
            ),
            "values",
            "The probabilities are squared below the line, as in the V-Net article. Keras adds them up as they are.",
        ),
        Mistake(
            "smoothed by 1",
            lambda y_true, y_pred, axis=None: (
                1
                - (2 * overlap_and_total(y_true, y_pred, axis)[0] + 1)
                / (overlap_and_total(y_true, y_pred, axis)[1] + 1)
            ),
            "values",
            "A 1 is added above and below, as many snippets do. That is as much as a pixel, so small regions get a "
            "loss that is too small. Here it is 1e-7, below the line alone.",
        ),
        Mistake(
            "mean of the rows",
            lambda y_true, y_pred, axis=None: np.mean(dice(y_true, y_pred, -1 if axis is None else axis)),
            "values",
            "Each row has its own loss and these are averaged. With `axis=None` all three sums run over everything "
            "first.",
        ),
        Mistake(
            "thresholded",
            lambda y_true, y_pred, axis=None: dice(y_true, (y_pred > 0.5).astype(float), axis),
            "values",
            "The probabilities are cut at 0.5 first. That is a metric: it has no gradient, so nothing can learn from "
            "it.",
        ),
        Mistake(
            "pixel by pixel",
            lambda y_true, y_pred, axis=None: np.mean(
                1 - 2 * y_true * y_pred / (y_true + y_pred + 1e-7), axis=axis
            ),
            "values",
            "Each pixel is divided by itself and the results are averaged. First both sums, then one division.",
        ),
        Mistake(
            "axis ignored",
            lambda y_true, y_pred, axis=None: dice(y_true, y_pred),
            "axis",
            "`axis` is never used, so one number comes back for all images together. Pass it on to every sum.",
        ),
        Mistake(
            "axis used once",
            lambda y_true, y_pred, axis=None: (
                1 - 2 * np.sum(y_true * y_pred, axis=axis) / (np.sum(y_true) + np.sum(y_pred) + 1e-7)
            ),
            "axis",
            "The overlap is summed over `axis`, and the masks below the line over everything. All three sums need "
            "it.",
        ),
        Mistake(
            "unguarded",
            lambda y_true, y_pred, axis=None: (
                1
                - 2 * overlap_and_total(y_true, y_pred, axis)[0] / overlap_and_total(y_true, y_pred, axis)[1]
            ),
            "extremes",
            "Two empty masks are 0 / 0, which is nan. Add 1e-7 below the line.",
        ),
        Mistake(
            "epsilon above and below",
            lambda y_true, y_pred, axis=None: (
                1
                - (2 * overlap_and_total(y_true, y_pred, axis)[0] + 1e-7)
                / (overlap_and_total(y_true, y_pred, axis)[1] + 1e-7)
            ),
            "extremes",
            "With 1e-7 above the line too, two empty masks have the loss 0. That is sensible, and not what Keras "
            "does: there it stands below the line alone, and they have 1.",
        ),
    ),
    alternatives=(
        dice,
        dice_by_counts,
        dice_without_subtraction,
        dice_with_where,
    ),
    hints=(
        "Two masks of 10 pixels each share 5. What part of the pixels of both together is shared?",
        "With masks of zeros and ones the sum of their product counts the pixels that both have, and the sum of each "
        "counts its own. Twice the first, divided by the other two together, is 1 where the masks are equal and 0 "
        "where they share nothing; the loss is 1 minus that. Probabilities go in as they are. All sums take the "
        "`axis` that was asked for, and 1e-7 below the line keeps two empty masks from being nan. For y_true = [1, "
        "1, 0] and y_pred = [1, 0, 0] the result is 1/3.",
        "`1 - 2 * np.sum(____, axis=axis) / (np.sum(____, axis=axis) + np.sum(____, axis=axis) + 1e-7)`",
    ),
    points=5,
)


def tversky_reference(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    return losses.tversky(y_true, y_pred, alpha=alpha, beta=beta, axis=axis, reduction=None)


def tversky_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return mask_cases(generator, {}, {"alpha": 0.7, "beta": 0.3}, {"alpha": 0.2, "beta": 0.9})


def three_sums(y_true, y_pred, axis):
    """The overlap, what is missed and what is invented."""
    return (
        np.sum(y_true * y_pred, axis=axis),
        np.sum(y_true * (1 - y_pred), axis=axis),
        np.sum((1 - y_true) * y_pred, axis=axis),
    )


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    hit, missed, invented = three_sums(y_true, y_pred, axis)
    return 1 - hit / (hit + alpha * missed + beta * invented + 1e-7)


def tversky_from_totals(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    hit = (y_true * y_pred).sum(axis=axis)
    below = hit + alpha * (y_true.sum(axis=axis) - hit) + beta * (y_pred.sum(axis=axis) - hit)
    return 1 - hit / np.maximum(below, 1e-7)


def tversky_without_subtraction(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    hit, missed, invented = three_sums(y_true, y_pred, axis)
    cost = alpha * missed + beta * invented + 1e-7
    return cost / (hit + cost)


def tversky_by_masks(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    weights = np.where(y_true == 1, alpha * (1 - y_pred), beta * y_pred)
    hit = np.sum(np.where(y_true == 1, y_pred, 0), axis=axis)
    return 1 - hit / (hit + np.sum(weights, axis=axis) + 1e-7)


TVERSKY = Exercise(
    id="tversky",
    unit=UNIT,
    function="tversky",
    reference=tversky_reference,
    arguments=("y_true", "y_pred"),
    criteria=(
        Criterion(
            "values",
            0.5,
            "1 minus overlap / (overlap + alpha times what is missed + beta times what is invented).",
        ),
        Criterion(
            "extremes", 0.2, "0 for a perfect mask, 1 for no overlap, and 1, without nan, for two empty ones."
        ),
        *MASK_CRITERIA,
    ),
    public_inputs=lambda: tversky_cases(np.random.default_rng(88)),
    private_inputs=tversky_cases,
    curve=mask_curve("tversky", alpha=0.7, beta=0.3),
    mistakes=(
        Mistake(
            "alpha and beta exchanged",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: tversky(y_true, y_pred, beta, alpha, axis),
            "values",
            "alpha and beta have changed places. In the article, and in Keras' documentation, alpha weighs what is "
            "invented; in Keras' code, and here, what is missed.",
        ),
        Mistake(
            "weights ignored",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: tversky(y_true, y_pred, axis=axis),
            "values",
            "alpha and beta are never used: this is dice, whatever they are.",
        ),
        Mistake(
            "beta as the rest",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: tversky(
                y_true, y_pred, alpha, 1 - alpha, axis
            ),
            "values",
            "1 - alpha stands in the place of beta. They often add up to 1, and need not.",
        ),
        Mistake(
            "coefficient",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1 - tversky(y_true, y_pred, alpha, beta, axis)
            ),
            "values",
            "This is the Tversky index, which grows as masks agree. The loss is 1 minus it.",
        ),
        Mistake(
            "overlap counted twice",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1
                - 2
                * three_sums(y_true, y_pred, axis)[0]
                / (
                    three_sums(y_true, y_pred, axis)[0]
                    + alpha * three_sums(y_true, y_pred, axis)[1]
                    + beta * three_sums(y_true, y_pred, axis)[2]
                    + 1e-7
                )
            ),
            "values",
            "The factor 2 belongs to dice. Here the overlap stands once above and once below the line.",
        ),
        Mistake(
            "focal",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                tversky(y_true, y_pred, alpha, beta, axis) ** 0.75
            ),
            "values",
            "This is the focal Tversky loss with the power 3/4. Here the loss stands without a power.",
        ),
        Mistake(
            "overlap missing below",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1
                - three_sums(y_true, y_pred, axis)[0]
                / (
                    alpha * three_sums(y_true, y_pred, axis)[1]
                    + beta * three_sums(y_true, y_pred, axis)[2]
                    + 1e-7
                )
            ),
            "values",
            "The overlap is missing below the line, so the quotient has no upper end. A perfect mask should have 1.",
        ),
        Mistake(
            "weights on whole masks",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1
                - three_sums(y_true, y_pred, axis)[0]
                / (
                    three_sums(y_true, y_pred, axis)[0]
                    + alpha * np.sum(y_true, axis=axis)
                    + beta * np.sum(y_pred, axis=axis)
                    + 1e-7
                )
            ),
            "values",
            "alpha and beta weigh the whole masks. They should weigh only what is not shared: y_true * (1 - y_pred) "
            "and (1 - y_true) * y_pred.",
        ),
        Mistake(
            "axis ignored",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: tversky(y_true, y_pred, alpha, beta),
            "axis",
            "`axis` is never used, so one number comes back for all images together. Pass it on to every sum.",
        ),
        Mistake(
            "smoothed by 1",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1
                - (three_sums(y_true, y_pred, axis)[0] + 1)
                / (
                    three_sums(y_true, y_pred, axis)[0]
                    + alpha * three_sums(y_true, y_pred, axis)[1]
                    + beta * three_sums(y_true, y_pred, axis)[2]
                    + 1
                )
            ),
            "values",
            "A 1 is added above and below, as many snippets do. That is as much as a pixel, so small regions get a "
            "loss that is too small. Here it is 1e-7, below the line alone.",
        ),
        Mistake(
            "thresholded",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: tversky(
                y_true, (y_pred > 0.5).astype(float), alpha, beta, axis
            ),
            "values",
            "The probabilities are cut at 0.5 first. That is a metric: it has no gradient, so nothing can learn from "
            "it.",
        ),
        Mistake(
            "epsilon above and below",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1
                - (three_sums(y_true, y_pred, axis)[0] + 1e-7)
                / (
                    three_sums(y_true, y_pred, axis)[0]
                    + alpha * three_sums(y_true, y_pred, axis)[1]
                    + beta * three_sums(y_true, y_pred, axis)[2]
                    + 1e-7
                )
            ),
            "extremes",
            "With 1e-7 above the line too, two empty masks have the loss 0. That is sensible, and not what Keras "
            "does: there it stands below the line alone, and they have 1.",
        ),
        Mistake(
            "unguarded",
            lambda y_true, y_pred, alpha=0.5, beta=0.5, axis=None: (
                1
                - three_sums(y_true, y_pred, axis)[0]
                / (
                    three_sums(y_true, y_pred, axis)[0]
                    + alpha * three_sums(y_true, y_pred, axis)[1]
                    + beta * three_sums(y_true, y_pred, axis)[2]
                )
            ),
            "extremes",
            "Two empty masks are 0 / 0, which is nan. Add 1e-7 below the line.",
        ),
    ),
    alternatives=(tversky, tversky_from_totals, tversky_without_subtraction, tversky_by_masks),
    hints=(
        "Of the pixels of both masks, which are in both, which only in the true one, which only in the predicted "
        "one?",
        "Three sums: the overlap, the product of both masks; what is missed, the true mask times one minus the "
        "prediction; what is invented, the prediction times one minus the true mask. Below the line the overlap "
        "stands once, the missed times alpha, the invented times beta, and 1e-7. With both 1/2 this is dice, so you "
        "have a test. For y_true = [1, 1, 0], y_pred = [1, 0, 0] and alpha = 0.75 the result is 3/7.",
        "`1 - hit / (hit + alpha * np.sum(____ * (1 - ____), axis=axis) + beta * np.sum(____, axis=axis) + 1e-7)`",
    ),
    points=5,
)

# The questions

Q_ZERO = Question(
    id="q_zero_log_zero",
    unit=UNIT,
    prompt="`y` is `np.array([1.0, 0.0])`, a label, and `p` is `np.array([0.8, 0.2])`, a prediction. What is "
    "`np.sum(y * np.log(y / p))`?",
    options={
        "a": Option(
            "0.223, which is log(1 / 0.8).",
            "That is the divergence, and what the formula means. NumPy computes every term.",
            belief="0 times anything is 0",
        ),
        "b": Option(
            "`inf`",
            "The logarithm of 0 is infinite. It is then multiplied by 0.",
            belief="an infinite logarithm stays infinite",
        ),
        "c": Option(
            "A ZeroDivisionError or ValueError.",
            "Python's `math.log(0)` raises. NumPy warns and goes on.",
            belief="NumPy stops at an invalid logarithm",
        ),
        "d": Option("`nan`", "0 times minus infinity is nan, and one nan makes the whole sum nan."),
    },
    answer="d",
    explanation="In the limit 0 log 0 is 0, but a computer multiplies 0 by minus infinity. Every one-hot label "
    "holds zeros, so the formula of most articles fails on the commonest target there is.",
    hints=("What is np.log(0.0), and what is 0 times that?",),
)

Q_DIRECTION = Question(
    id="q_two_bumps",
    unit=UNIT,
    prompt="The data has two bumps far apart, the model only one, whose place and width it may choose. Training "
    "minimises the divergence of the model from the data, `kl_divergence(data, model)`. Where does the bump come "
    "to lie?",
    options={
        "a": Option(
            "Over both, wide, with its centre in the gap.",
            "Wherever data is and the model is not, the ratio is huge. The model must cover everything.",
        ),
        "b": Option(
            "On the higher of the two, narrow.",
            "That is the other direction, `kl_divergence(model, data)`, where only the model's own places count.",
            belief="a model picks the most probable part",
        ),
        "c": Option(
            "On either of the two: by symmetry both directions agree.",
            "The divergence is not symmetric, and here it shows.",
            belief="the divergence is a distance",
        ),
        "d": Option(
            "Narrow, in the middle of the gap.",
            "Then nearly all data lies where the model says never, which costs most of all.",
            belief="the mean alone decides",
        ),
    },
    answer="a",
    explanation="Terms are weighted by the first argument. With the data first, leaving data uncovered is what "
    "costs; with the model first, claiming places without data is.",
    hints=("Where is the ratio data / model largest, and how is it weighted?",),
)

Q_LABEL = Question(
    id="q_label_zero",
    unit=UNIT,
    prompt="A file labels its two classes 0 and 1. For a sample of class 0 the model's score is -50: right, and "
    "by far. What is `max(0, 1 - y * p)` with `y = 0`?",
    answer=1,
    replies={
        0: "That is what it should be, with the label -1. The product with 0 is 0, whatever the score.",
        51: "That would be a label of 1: right and wrong exchanged.",
        -49: "The maximum with 0 is never negative.",
    },
    explanation="With the label 0 the loss is 1 for every score, and its slope is 0: the model learns from one "
    "class only, and nothing fails.",
    hints=("Put the numbers in: what is 0 times -50?",),
)

Q_CALLS = Question(
    id="q_case_calls",
    unit=UNIT,
    prompt="A model predicts how many emergency calls come in each hour: mostly 0 to 3, at times 40. Being off by "
    "3 should cost more at 1 than at 40. Which end of the network, and which loss?",
    options={
        "a": Option(
            "41 outputs, softmax, categorical cross-entropy.",
            "Then 39 instead of 40 is as wrong as 0, and 41 is impossible.",
            belief="whole numbers are classes",
        ),
        "b": Option(
            "One linear output, mean squared error.",
            "It may say -2 calls, and being off by 3 costs the same everywhere.",
            belief="numbers call for squares",
        ),
        "c": Option(
            "One output, exponential, Poisson loss.",
            "The rate is positive, and errors count in proportion to it.",
        ),
        "d": Option(
            "One output, sigmoid, binary cross-entropy.",
            "A sigmoid ends at 1, and so does what this can predict.",
            belief="cross-entropy fits every output",
        ),
    },
    answer="c",
    explanation="A loss is minus the logarithm of a likelihood, so ask how the target arises: independent events "
    "in a span of time are Poisson.",
    hints=("Which of the losses has a slope of 1 - y / p?",),
)

Q_LESION = Question(
    id="q_case_lesion",
    unit=UNIT,
    prompt="A lesion covers one pixel in a thousand. To overlook it is worse than to mark too much. What do you "
    "train with, in Keras 3.15?",
    options={
        "a": Option(
            "`binary_crossentropy`",
            "Averaged over pixels, 999 of 1,000 terms are about the background.",
            belief="cross-entropy takes care of rare classes",
        ),
        "b": Option(
            "`tversky` with `alpha=0.7, beta=0.3`",
            "In the code, `alpha` weighs what is missed, and that is what is worse here.",
        ),
        "c": Option(
            "`tversky` with `alpha=0.3, beta=0.7`",
            "So its documentation says. The code does the opposite; a three-pixel test shows it.",
            belief="documentation tells what code does",
        ),
        "d": Option(
            "`dice`",
            "It looks past the background, and weighs both kinds of error alike.",
            belief="overlap prefers finding to missing",
        ),
    },
    answer="b",
    explanation="Dice and Tversky look at the overlap alone, so the background does not drown the lesion, and "
    "Tversky says which error is worse. Which argument says it: test on three pixels.",
    hints=("Your own `tversky` follows the code. Try both on a mask with one missed pixel.",),
)

Q_SENTENCE = Question(
    id="q_case_sentence",
    unit=UNIT,
    prompt="A recording of 500 frames comes with its sentence of 40 letters. Nobody noted when each letter is "
    "spoken, and the network scores the letters frame by frame. Which loss?",
    options={
        "a": Option(
            "CTC.",
            "It adds up the probabilities of every way to spread the letters over the frames.",
        ),
        "b": Option(
            "Categorical cross-entropy on each frame, with every letter stretched over 12 or 13 frames.",
            "That invents times, and punishes the network wherever somebody speaks unevenly.",
            belief="every output needs a label of its own",
        ),
        "c": Option(
            "KL divergence between the 500 frames and the 40 letters.",
            "It compares two distributions over the same outcomes. These do not even have the same length.",
            belief="a divergence compares anything",
        ),
        "d": Option(
            "Cosine similarity, since the length does not matter.",
            "It ignores the length of a vector, not that of a sequence.",
            belief="length means the same everywhere",
        ),
    },
    answer="a",
    explanation="Where an alignment is not known, do not guess one: sum over all. The next cell does so for a "
    "sentence of two letters.",
    hints=("How many alignments are there, and do you need to know the right one?",),
)

# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_ZERO,
    KL_DIVERGENCE,
    Q_DIRECTION,
    POISSON,
    COSINE_SIMILARITY,
    Q_LABEL,
    HINGE,
    SQUARED_HINGE,
    CATEGORICAL_HINGE,
    DICE,
    TVERSKY,
    Q_CALLS,
    Q_LESION,
    Q_SENTENCE,
)
