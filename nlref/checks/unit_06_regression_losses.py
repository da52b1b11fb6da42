"""Unit 06: the losses of regression, the reduction with weights, and the questions around them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nlref import losses
from nlref.checks.batches import per_sample, reduction_mistakes
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Question

UNIT = "06_regression_losses"

SHAPE = Criterion("shape", 0.2, "One number for each sample: the shape of y_pred without its last axis.")
UNCHANGED = Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards.")


def criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (Criterion("values", 0.5, values), Criterion("extremes", 0.2, extremes), SHAPE, UNCHANGED)


def residual_curve(name: str, *, y_true: float = 0.0, low: float = -4.0, high: float = 4.0) -> Curve:
    return Curve(
        of=lambda function, x: function(np.full((x.size, 1), y_true), x[:, None]),
        xlabel=f"y_pred, for y_true = {y_true:g}",
        ylabel=name,
        low=low,
        high=high,
    )


def numbers(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return np.round(generator.normal(scale=2.0, size=shape), 2)


def positive(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return np.round(generator.uniform(0.3, 6.0, size=shape), 2)


def loss_cases(
    generator: np.random.Generator,
    *extremes: Case,
    keywords: tuple[dict[str, float], ...] = ({},),
    draw: Callable[..., np.ndarray] = numbers,
) -> tuple[Case, ...]:
    """Pairs of targets and predictions in the shapes that a batch may have."""

    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return draw(generator, *shape), draw(generator, *shape)

    return (
        *(Case("values", pair(4), given) for given in keywords),
        *(Case("values", pair(3, 4), given) for given in keywords),
        *(Case("values", pair(4, 2), given) for given in keywords),
        Case("shape", pair(5, 1), keywords[-1]),
        Case("shape", pair(2, 3, 2), keywords[-1]),
        Case("shape", pair(1, 3), keywords[-1]),
        *extremes,
        Case("input unchanged", pair(3, 2), keywords[-1]),
    )


def pair_of(*values: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = zip(*values, strict=True)
    return np.array(true)[:, None], np.array(predicted)[:, None]


# Losses of a function of the error alone.


def entries(error: Callable[..., Any]) -> Callable[..., Any]:
    return lambda y_true, y_pred, **options: error(y_pred - y_true, **options)


def averaged(error: Callable[..., Any]) -> Callable[..., Any]:
    return lambda y_true, y_pred, **options: np.mean(error(y_pred - y_true, **options), axis=-1)


def by_loop(error: Callable[..., Any]) -> Callable[..., Any]:
    def loss(y_true, y_pred, **options):
        rows = zip(y_true.reshape(-1, y_true.shape[-1]), y_pred.reshape(-1, y_pred.shape[-1]), strict=True)
        return np.array([np.mean(error(p - t, **options)) for t, p in rows]).reshape(y_true.shape[:-1])

    return loss


def by_sum(error: Callable[..., Any]) -> Callable[..., Any]:
    return lambda y_true, y_pred, **options: error(y_true - y_pred, **options).sum(axis=-1) / y_true.shape[-1]


# mean_squared_error

MEAN_SQUARED_ERROR = Exercise(
    id="mean_squared_error",
    unit=UNIT,
    function="mean_squared_error",
    reference=per_sample(losses.mean_squared_error),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean of the squared errors over the last axis.", "Exact for a perfect fit and for large errors."
    ),
    public_inputs=lambda: mse_cases(np.random.default_rng(61)),
    private_inputs=lambda generator: mse_cases(generator),
    curve=residual_curve("mean_squared_error"),
    mistakes=(
        *reduction_mistakes(entries(np.square), "mean"),
        Mistake(
            "half",
            lambda y_true, y_pred: np.mean((y_pred - y_true) ** 2, axis=-1) / 2,
            "values",
            "This is half of it, MXNet's `L2Loss`. Its gradient is the error itself; Keras' and PyTorch's is "
            "twice that.",
        ),
        Mistake(
            "absolute errors",
            averaged(np.abs),
            "values",
            "The errors are not squared: this is the mean absolute error.",
        ),
        Mistake(
            "square of the mean",
            lambda y_true, y_pred: np.mean(y_pred - y_true, axis=-1) ** 2,
            "values",
            "The mean is taken before the square, so errors of opposite sign cancel.",
        ),
        Mistake(
            "root",
            lambda y_true, y_pred: np.sqrt(np.mean((y_pred - y_true) ** 2, axis=-1)),
            "values",
            "The square root is one too many: that is the root mean squared error.",
        ),
        Mistake(
            "sum of the two",
            lambda y_true, y_pred: np.mean((y_pred + y_true) ** 2, axis=-1),
            "values",
            "The two are added. The error is their difference.",
        ),
        Mistake(
            "difference of squares",
            lambda y_true, y_pred: np.mean(y_pred**2 - y_true**2, axis=-1),
            "values",
            "Each number is squared and then subtracted. The difference comes first, then the square.",
        ),
    ),
    alternatives=(
        averaged(np.square),
        by_loop(np.square),
        by_sum(np.square),
        lambda y_true, y_pred: (
            np.einsum("...i,...i->...", y_pred - y_true, y_pred - y_true) / y_true.shape[-1]
        ),
    ),
    hints=(
        "For y_true = [1, 2] and y_pred = [1, 5], what are the two errors, their squares, and the mean of those?",
        "Three steps: the difference, its square, the mean. Only the mean needs care: a batch of 10 samples "
        "with 3 outputs "
        "each should give 10 numbers, one a sample, so that they can be weighted later. An array of shape (10, "
        "3) loses its "
        "last axis when the mean runs over `axis=-1`. For the errors [0, 3] the result is 4.5.",
        "`return np.mean((y_pred - y_true) ** ____, axis=____)`",
    ),
    points=5,
)


def mse_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return loss_cases(
        generator,
        Case("extremes", pair_of((1.5, 1.5), (-2.0, -2.0)), scale=1.0),
        Case("extremes", pair_of((0.0, 1e6), (1e-6, 0.0))),
    )


# mean_absolute_error

MEAN_ABSOLUTE_ERROR = Exercise(
    id="mean_absolute_error",
    unit=UNIT,
    function="mean_absolute_error",
    reference=per_sample(losses.mean_absolute_error),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean of the absolute errors over the last axis.", "Exact for a perfect fit and for large errors."
    ),
    public_inputs=lambda: mse_cases(np.random.default_rng(62)),
    private_inputs=mse_cases,
    curve=residual_curve("mean_absolute_error"),
    mistakes=(
        *reduction_mistakes(entries(np.abs), "mean"),
        Mistake(
            "no absolute value",
            averaged(lambda e: e),
            "values",
            "The errors keep their signs, so they cancel: a model that is 3 too high and 3 too low looks perfect.",
        ),
        Mistake(
            "squared errors",
            averaged(np.square),
            "values",
            "The errors are squared: this is the mean squared error.",
        ),
        Mistake(
            "absolute value of the mean",
            lambda y_true, y_pred: np.abs(np.mean(y_pred - y_true, axis=-1)),
            "values",
            "The mean is taken first, so errors of opposite sign cancel. The absolute value comes first.",
        ),
        Mistake(
            "median",
            lambda y_true, y_pred: np.median(np.abs(y_pred - y_true), axis=-1),
            "values",
            "This is the median of the absolute errors. The loss is their mean.",
        ),
        Mistake(
            "root mean square",
            lambda y_true, y_pred: np.sqrt(np.mean((y_pred - y_true) ** 2, axis=-1)),
            "values",
            "This is the root of the mean square, which large errors dominate.",
        ),
        Mistake(
            "difference of sizes",
            lambda y_true, y_pred: np.mean(np.abs(y_pred) - np.abs(y_true), axis=-1),
            "values",
            "The absolute values are taken first and then subtracted. The difference comes first.",
        ),
    ),
    alternatives=(
        averaged(np.abs),
        by_loop(np.abs),
        by_sum(np.abs),
        lambda y_true, y_pred: (
            np.linalg.norm(y_pred - y_true, ord=1, axis=-1) / y_true.shape[-1]
            if y_true.ndim < 3
            else np.abs(y_true - y_pred).mean(axis=-1)
        ),
    ),
    hints=(
        "What happens to errors of +3 and -3 when you take their mean? What must come before it?",
        "It is the mean squared error with one change: in place of the square, which also removes the sign, "
        "stands the "
        "absolute value, which does nothing else. So an error of 10 counts ten times as much as one of 1, not a "
        "hundred "
        "times. The mean runs over the last axis again, and one number a sample remains. For the errors [0, -3] "
        "the result "
        "is 1.5.",
        "`return np.mean(np.____(y_pred - y_true), axis=____)`",
    ),
    points=5,
)

# root_mean_squared_error


def rmse(y_true, y_pred):
    return losses.root_mean_squared_error(y_true, y_pred)


def rmse_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return numbers(generator, *shape), numbers(generator, *shape)

    return (
        Case("values", pair(5)),
        Case("values", pair(4, 3)),
        Case("values", pair(6, 1)),
        Case("shape", pair(2, 3, 2)),
        Case("shape", pair(1, 4)),
        Case("extremes", pair_of((2.0, 2.0), (-1.0, -1.0)), scale=1.0),
        Case("extremes", pair_of((0.0, 1e6), (0.0, -1e6))),
        Case("input unchanged", pair(3, 2)),
    )


ROOT_MEAN_SQUARED_ERROR = Exercise(
    id="root_mean_squared_error",
    unit=UNIT,
    function="root_mean_squared_error",
    reference=rmse,
    arguments=("y_true", "y_pred"),
    criteria=(
        Criterion("values", 0.5, "The root of the mean of all squared errors."),
        Criterion("extremes", 0.2, "0 for a perfect fit, and right for large errors."),
        Criterion("shape", 0.2, "One number for the whole batch."),
        UNCHANGED,
    ),
    public_inputs=lambda: rmse_cases(np.random.default_rng(63)),
    private_inputs=rmse_cases,
    curve=Curve(
        of=lambda function, x: np.array([function(np.zeros(2), np.array([v, 1.0])) for v in x]),
        xlabel="first of two errors, the second is 1",
        ylabel="root_mean_squared_error",
        low=-4.0,
        high=4.0,
    ),
    mistakes=(
        Mistake(
            "one a sample",
            lambda y_true, y_pred: np.sqrt(np.mean((y_pred - y_true) ** 2, axis=-1)),
            "values",
            "A root for each sample. The mean of roots is not the root of the mean: one root is taken, of "
            "everything.",
        ),
        Mistake(
            "mean of the roots",
            lambda y_true, y_pred: np.mean(np.sqrt((y_pred - y_true) ** 2)),
            "values",
            "The root comes before the mean, which gives the mean absolute error.",
        ),
        Mistake(
            "root missing",
            lambda y_true, y_pred: np.mean((y_pred - y_true) ** 2),
            "values",
            "The root is missing: this is in the square of the data's unit.",
        ),
        Mistake(
            "sum for mean",
            lambda y_true, y_pred: np.sqrt(np.sum((y_pred - y_true) ** 2)),
            "values",
            "This is the length of the error vector: a sum stands where a mean should.",
        ),
        Mistake(
            "root divided by n",
            lambda y_true, y_pred: np.sqrt(np.sum((y_pred - y_true) ** 2)) / y_true.size,
            "values",
            "The division by the number of entries belongs under the root.",
        ),
        Mistake(
            "spread of the errors",
            lambda y_true, y_pred: np.std(y_pred - y_true),
            "values",
            "This is the standard deviation of the errors, which forgives a model that is always too high by "
            "the same.",
        ),
        Mistake(
            "absolute value of the mean",
            lambda y_true, y_pred: np.abs(np.mean(y_pred - y_true)),
            "values",
            "The mean is taken before the square, so errors of opposite sign cancel.",
        ),
    ),
    alternatives=(
        lambda y_true, y_pred: np.sqrt(np.mean((y_pred - y_true) ** 2)),
        lambda y_true, y_pred: np.linalg.norm(y_pred - y_true) / np.sqrt(y_true.size),
        lambda y_true, y_pred: np.mean(np.square(y_true - y_pred)) ** 0.5,
    ),
    hints=(
        "If the data are in metres, in which unit is the mean squared error? What brings it back?",
        "The order says it in reverse: root, mean, squared, error. First the errors, then their squares, then "
        "one mean over "
        "everything, samples and outputs alike, and last the root of that single number. Taking a root for each "
        "sample and "
        "then a mean gives something smaller. For the errors [0, 3] and [4, 0] in two rows the result is 2.5.",
        "`return np.sqrt(np.mean((____) ** 2))`: no axis this time.",
    ),
    points=5,
)

# huber


def huber_error(e, delta=1.0):
    a = np.abs(e)
    return np.where(a <= delta, e**2 / 2, delta * (a - delta / 2))


def huber_signed(e, delta=1.0):
    return np.where(e <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2))


def huber_gap(e, delta=1.0):
    a = np.abs(e)
    return np.where(a <= delta, e**2 / 2, delta * a)


def huber_fixed(e, delta=1.0):
    return huber_error(e)


def huber_unhalved(e, delta=1.0):
    a = np.abs(e)
    return np.where(a <= delta, e**2, 2 * delta * a - delta**2)


def smooth_l1_error(e, delta=1.0):
    return huber_error(e, delta) / delta


def huber_only_threshold(e, delta=1.0):
    a = np.abs(e)
    return np.where(a <= delta, e**2 / 2, a - 0.5)


def huber_swapped(e, delta=1.0):
    a = np.abs(e)
    return np.where(a > delta, e**2 / 2, delta * (a - delta / 2))


def huber_clipped(e, delta=1.0):
    return np.clip(e, -delta, delta) ** 2 / 2


def huber_by_minimum(e, delta=1.0):
    a = np.abs(e)
    inside = np.minimum(a, delta)
    return inside**2 / 2 + delta * (a - inside)


def huber_by_mask(e, delta=1.0):
    a = np.abs(e)
    y = e**2 / 2
    y[a > delta] = delta * a[a > delta] - delta**2 / 2
    return y


def huber_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    delta = float(np.round(generator.uniform(1.5, 2.5), 1))
    return loss_cases(
        generator,
        Case("extremes", pair_of((0.0, 0.5), (0.0, -0.5), (0.0, delta), (0.0, -delta)), {"delta": delta}),
        Case("extremes", pair_of((0.0, 1e6), (1e6, 0.0)), {"delta": delta}),
        Case("extremes", pair_of((2.0, 2.0)), scale=1.0),
        keywords=({}, {"delta": 0.5}, {"delta": delta}),
    )


HUBER = Exercise(
    id="huber",
    unit=UNIT,
    function="huber",
    reference=per_sample(losses.huber),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "Half the square up to delta, a straight line beyond it, averaged over the last axis.",
        "It holds on both sides, at delta itself, and far out.",
    ),
    public_inputs=lambda: huber_cases(np.random.default_rng(64)),
    private_inputs=huber_cases,
    curve=residual_curve("huber"),
    mistakes=(
        *reduction_mistakes(entries(huber_error), "mean"),
        Mistake(
            "signed error",
            averaged(huber_signed),
            "values",
            "The error is compared with delta without its absolute value, so large negative errors stay squared.",
        ),
        Mistake(
            "the pieces do not meet",
            averaged(huber_gap),
            "values",
            "At delta the value jumps from delta**2 / 2 to delta**2: the line needs its - delta / 2.",
        ),
        Mistake("delta ignored", averaged(huber_fixed), "values", "The argument `delta` is never used."),
        Mistake(
            "smooth L1",
            averaged(smooth_l1_error),
            "values",
            "This is PyTorch's SmoothL1Loss, huber divided by delta. For delta = 1 they are the same.",
        ),
        Mistake(
            "only the threshold",
            averaged(huber_only_threshold),
            "values",
            "delta decides between the pieces and is missing in the line, whose slope is always 1.",
        ),
        Mistake(
            "half missing",
            averaged(huber_unhalved),
            "values",
            "Both pieces are twice as large as they should be.",
        ),
        Mistake(
            "pieces exchanged",
            averaged(huber_swapped),
            "values",
            "The square stands outside and the line inside.",
        ),
        Mistake(
            "error clipped",
            averaged(huber_clipped),
            "values",
            "The error is clipped at delta, so the loss is flat beyond it: what is far off has no gradient and "
            "is given up.",
        ),
        Mistake(
            "square everywhere",
            lambda y_true, y_pred, delta=1.0: np.mean((y_pred - y_true) ** 2, axis=-1) / 2,
            "values",
            "Half the square everywhere: beyond delta the loss goes on as a straight line.",
        ),
    ),
    alternatives=(
        averaged(huber_error),
        averaged(huber_by_minimum),
        averaged(huber_by_mask),
        by_loop(huber_error),
        lambda y_true, y_pred, delta=1.0: np.mean(huber_by_minimum(y_true - y_pred, delta), axis=-1),
    ),
    hints=(
        "Which line has the same height and the same slope as e**2 / 2 at e = delta?",
        "Work with the size of the error, a = |e|, so that both sides are alike. Up to delta the loss is half "
        "the square. "
        "Beyond it goes on straight, with the slope it has reached, which is delta, and from the height it has "
        "reached, "
        "which is delta squared over 2; together that is delta * (a - delta / 2). Then the mean over the last "
        "axis. With "
        "delta = 1 the errors 0.5 and 3 cost 0.125 and 2.5.",
        "`np.where(a <= delta, a**2 / 2, delta * (a - ____))`, then the mean over the last axis.",
    ),
    points=5,
)

# log_cosh


def log_cosh_error(e):
    a = np.abs(e)
    return a + np.log1p(np.exp(-2 * a)) - np.log(2)


def one_exponent(error):
    return np.abs(error) + np.log1p(np.exp(-np.abs(error))) - np.log(2)


def log_cosh_stable(y_true, y_pred):
    return np.mean(log_cosh_error(y_pred - y_true), axis=-1)


def log_cosh_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return loss_cases(
        generator,
        Case("extremes", pair_of((0.0, 1e3)), quiet=True),
        Case("extremes", pair_of((0.0, -1e3)), quiet=True),
        Case("extremes", pair_of((5.0, 5.0)), scale=1.0, quiet=True),
        Case("extremes", pair_of((0.0, 1e-4)), graded=False, tolerance=1e-6),
    )


LOG_COSH = Exercise(
    id="log_cosh",
    unit=UNIT,
    function="log_cosh",
    reference=per_sample(losses.log_cosh),
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The logarithm of the hyperbolic cosine of the error, averaged over the last axis.",
        "No warning and no infinity for an error of 1000 of either sign.",
    ),
    public_inputs=lambda: log_cosh_cases(np.random.default_rng(65)),
    private_inputs=log_cosh_cases,
    curve=residual_curve("log_cosh"),
    mistakes=(
        *reduction_mistakes(entries(log_cosh_error), "mean"),
        Mistake(
            "textbook",
            averaged(lambda e: np.log(np.cosh(e))),
            "extremes",
            "cosh(1000) overflows. For a large error log cosh(e) is |e| - log 2.",
        ),
        Mistake(
            "one side only",
            averaged(lambda e: e + np.log1p(np.exp(-2 * e)) - np.log(2)),
            "extremes",
            "exp(-2 e) overflows for a large negative error: work with |e|.",
        ),
        Mistake(
            "log 2 missing",
            averaged(lambda e: np.abs(e) + np.log1p(np.exp(-2 * np.abs(e)))),
            "values",
            "The - log 2 is missing: a perfect fit costs 0.69 here.",
        ),
        Mistake(
            "logarithm missing",
            averaged(np.cosh),
            "values",
            "This is cosh itself: the logarithm is missing.",
        ),
        Mistake("tanh", averaged(np.tanh), "values", "This is the slope of log cosh."),
        Mistake(
            "exponent not doubled",
            lambda y_true, y_pred: np.mean(one_exponent(y_pred - y_true), axis=-1),
            "values",
            "The exponent is -|error|. Taking exp(|error|) out of cosh leaves exp(-2 |error|).",
        ),
    ),
    alternatives=(
        log_cosh_stable,
        by_loop(log_cosh_error),
        averaged(lambda e: np.logaddexp(e, -e) - np.log(2)),
    ),
    hints=(
        "cosh(e) is (exp(e) + exp(-e)) / 2. Which of the two exponentials matters for a large e?",
        "It is a logarithm of a sum of exponentials, and you know the cure from unit 02: take the larger one "
        "out. With "
        "a = |e| that is exp(a), so log cosh(e) = a + log(1 + exp(-2 a)) - log 2, and `np.log1p` has the middle "
        "term. Then "
        "the mean over the last axis, as always in this unit. At e = 1 the result is 0.4338, at 1000 it is 999.3069.",
        "`a + np.log1p(np.exp(____)) - np.log(2)`, then the mean over the last axis.",
    ),
    points=5,
)

# mean_squared_logarithmic_error


def msle_error(y_true, y_pred):
    return (np.log1p(np.maximum(y_pred, 0)) - np.log1p(np.maximum(y_true, 0))) ** 2


def msle(y_true, y_pred):
    """The package's loss, with 0 in the place of Keras' 1e-7 as the smallest number that counts."""
    return np.mean(msle_error(y_true, y_pred), axis=-1)


def msle_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return loss_cases(
        generator,
        Case("extremes", pair_of((0.0, 0.0), (0.0, 3.0)), scale=1.0, quiet=True),
        Case("extremes", pair_of((1e6, 1e3)), quiet=True),
        Case("extremes", pair_of((2.0, -0.5)), quiet=True),
        Case("extremes", pair_of((2.0, -3.0)), quiet=True),
        draw=positive,
    )


MEAN_SQUARED_LOGARITHMIC_ERROR = Exercise(
    id="mean_squared_logarithmic_error",
    unit=UNIT,
    function="mean_squared_logarithmic_error",
    reference=msle,
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "The mean over the last axis of the squared differences of log(1 + y).",
        "Zeros are allowed, and negative predictions count as 0, without a warning.",
    ),
    public_inputs=lambda: msle_cases(np.random.default_rng(66)),
    private_inputs=msle_cases,
    curve=residual_curve("mean_squared_logarithmic_error", y_true=2.0, low=-1.0, high=12.0),
    mistakes=(
        Mistake(
            "log without the 1",
            lambda y_true, y_pred: np.mean(
                (np.log(np.maximum(y_pred, 0)) - np.log(np.maximum(y_true, 0))) ** 2, axis=-1
            ),
            "values",
            "log(y) in place of log(1 + y): a target of 0 would cost infinitely much.",
        ),
        Mistake(
            "not squared",
            lambda y_true, y_pred: np.mean(
                np.abs(np.log1p(np.maximum(y_pred, 0)) - np.log1p(y_true)), axis=-1
            ),
            "values",
            "The differences of the logarithms are not squared.",
        ),
        Mistake(
            "logarithm of the error",
            lambda y_true, y_pred: np.mean(np.log1p(np.abs(y_pred - y_true)) ** 2, axis=-1),
            "values",
            "This is the logarithm of the error. The loss is the error of the logarithms, one for each side.",
        ),
        Mistake(
            "logarithm of the squared error",
            lambda y_true, y_pred: np.log1p(np.mean((y_pred - y_true) ** 2, axis=-1)),
            "values",
            "This is the logarithm of the mean squared error. The logarithms come first, the difference after them.",
        ),
        Mistake(
            "negative predictions",
            lambda y_true, y_pred: np.mean((np.log1p(y_pred) - np.log1p(y_true)) ** 2, axis=-1),
            "extremes",
            "A prediction below -1 has no logarithm of 1 + y. Negative predictions count as 0: np.maximum.",
        ),
        Mistake(
            "base 10",
            lambda y_true, y_pred: np.mean(msle_error(y_true, y_pred), axis=-1) / np.log(10) ** 2,
            "values",
            "This is the logarithm to base 10. Here it is the natural one.",
        ),
        Mistake(
            "mean over everything",
            lambda y_true, y_pred: np.mean(msle_error(y_true, y_pred)),
            "values",
            "One number comes back. Here each sample keeps its own: the mean runs over the last axis.",
        ),
        Mistake(
            "square of the mean",
            lambda y_true, y_pred: np.mean(np.log1p(np.maximum(y_pred, 0)) - np.log1p(y_true), axis=-1) ** 2,
            "values",
            "The mean is taken before the square, so differences of opposite sign cancel.",
        ),
        Mistake(
            "negative predictions mirrored",
            lambda y_true, y_pred: np.mean((np.log1p(np.abs(y_pred)) - np.log1p(y_true)) ** 2, axis=-1),
            "extremes",
            "A negative prediction counts as its absolute value. It should count as 0.",
        ),
    ),
    alternatives=(
        lambda y_true, y_pred: np.mean(msle_error(y_true, y_pred), axis=-1),
        lambda y_true, y_pred: np.mean(
            np.log((1 + np.maximum(y_pred, 0)) / (1 + np.maximum(y_true, 0))) ** 2, axis=-1
        ),
        lambda y_true, y_pred: msle_error(y_true, y_pred).sum(axis=-1) / y_true.shape[-1],
    ),
    hints=(
        "Which is worse: 110 for 100, or 11 for 10? What do you compare if both should cost the same?",
        "Take log(1 + y) of the target and of the prediction, each by itself, and then do what the mean squared "
        "error does "
        "with the two. The 1 is there so that 0 is allowed: log(1 + 0) is 0. `np.log1p(y)` computes it. Before that, "
        "replace negative predictions by 0 with np.maximum. For y_true = [0, 3] and y_pred = [1, 3] the result "
        "is 0.2402.",
        "`np.mean((np.log1p(np.maximum(y_pred, ____)) - np.log1p(____)) ** 2, axis=-1)`",
    ),
    points=5,
)

# mean_absolute_percentage_error


def mape(y_true, y_pred):
    return losses.mean_absolute_percentage_error(y_true, y_pred, reduction=None)


def mape_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def away_from_zero(generator: np.random.Generator, *shape: int) -> np.ndarray:
        return np.round(generator.uniform(0.3, 5.0, shape) * generator.choice([-1.0, 1.0], shape), 2)

    return loss_cases(
        generator,
        Case("extremes", pair_of((100.0, 150.0), (100.0, 0.0), (-100.0, 100.0))),
        Case("extremes", pair_of((2.0, 2.0)), scale=1.0),
        Case("extremes", pair_of((0.0, 1e-7)), tolerance=1e-6, quiet=True),
        draw=away_from_zero,
    )


MEAN_ABSOLUTE_PERCENTAGE_ERROR = Exercise(
    id="mean_absolute_percentage_error",
    unit=UNIT,
    function="mean_absolute_percentage_error",
    reference=mape,
    arguments=("y_true", "y_pred"),
    criteria=criteria(
        "100 times the mean over the last axis of |error| / |y_true|.",
        "A target of 0 counts as 1e-7, without a warning; negative targets count by their size.",
    ),
    public_inputs=lambda: mape_cases(np.random.default_rng(67)),
    private_inputs=mape_cases,
    curve=residual_curve("mean_absolute_percentage_error", y_true=2.0),
    mistakes=(
        Mistake(
            "divided by the prediction",
            lambda y_true, y_pred: (
                100 * np.mean(np.abs(y_pred - y_true) / np.maximum(np.abs(y_pred), 1e-7), axis=-1)
            ),
            "values",
            "The error is divided by the prediction. It is measured against the truth.",
        ),
        Mistake(
            "not in percent",
            lambda y_true, y_pred: np.mean(
                np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7), axis=-1
            ),
            "values",
            "The factor 100 is missing: this is a fraction, not a percentage.",
        ),
        Mistake(
            "signed target",
            lambda y_true, y_pred: 100 * np.mean(np.abs(y_pred - y_true) / np.maximum(y_true, 1e-7), axis=-1),
            "values",
            "A negative target is cut off at 1e-7 and gives an enormous loss: take its absolute value first.",
        ),
        Mistake(
            "ratio of the means",
            lambda y_true, y_pred: (
                100 * np.mean(np.abs(y_pred - y_true), axis=-1) / np.mean(np.abs(y_true), axis=-1)
            ),
            "values",
            "The mean error is divided by the mean target. Each error is divided by its own.",
        ),
        Mistake(
            "unguarded",
            lambda y_true, y_pred: 100 * np.mean(np.abs((y_pred - y_true) / y_true), axis=-1),
            "extremes",
            "A target of 0 is a division by 0. Divide by the larger of |y_true| and 1e-7.",
        ),
        Mistake(
            "mean over everything",
            lambda y_true, y_pred: 100 * np.mean(np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7)),
            "values",
            "One number comes back. Here each sample keeps its own: the mean runs over the last axis.",
        ),
        Mistake(
            "symmetric",
            lambda y_true, y_pred: np.mean(
                200 * np.abs(y_pred - y_true) / (np.abs(y_true) + np.abs(y_pred)), axis=-1
            ),
            "values",
            "This is the symmetric version, which divides by the mean of both sizes. Divide by the target alone.",
        ),
        Mistake(
            "squared",
            lambda y_true, y_pred: (
                100 * np.mean(((y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7)) ** 2, axis=-1)
            ),
            "values",
            "The relative errors are squared. Their absolute values are asked.",
        ),
    ),
    alternatives=(
        lambda y_true, y_pred: (
            100 * np.mean(np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7), axis=-1)
        ),
        lambda y_true, y_pred: np.mean(
            100 * np.abs(y_true - y_pred) / np.where(np.abs(y_true) < 1e-7, 1e-7, np.abs(y_true)), axis=-1
        ),
        lambda y_true, y_pred: (
            100
            / y_true.shape[-1]
            * np.sum(np.abs(y_true - y_pred) / np.clip(np.abs(y_true), 1e-7, None), axis=-1)
        ),
    ),
    hints=(
        "By how many percent is 150 wrong if 100 is right? What did you divide by?",
        "Each absolute error is divided by the size of its own target, and the mean of these fractions, times "
        "100, is the "
        "result. Two guards: a negative target counts by its absolute value, and a target of 0 cannot divide, "
        "so the smallest "
        "divisor allowed is 1e-7. For y_true = [100, -10] and y_pred = [150, -10] the result is 25.",
        "`100 * np.mean(np.abs(y_pred - y_true) / np.maximum(____, 1e-7), axis=-1)`",
    ),
    points=5,
)

# weighted_mean


def weighted_mean(values, sample_weight):
    return np.sum(values * sample_weight) / values.size


def weight_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(n: int) -> tuple[np.ndarray, np.ndarray]:
        return positive(generator, n), np.round(generator.uniform(0.0, 3.0, n), 1)

    return (
        Case("values", (np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 2.0]))),
        Case("values", pair(5)),
        Case("values", pair(8)),
        Case("extremes", (np.array([1.0, 5.0]), np.array([0.0, 0.0])), scale=1.0, quiet=True),
        Case("extremes", (np.array([1.0, 5.0]), np.array([0.0, 4.0]))),
        Case("input unchanged", pair(4)),
    )


WEIGHTED_MEAN = Exercise(
    id="weighted_mean",
    unit=UNIT,
    function="weighted_mean",
    reference=weighted_mean,
    arguments=("values", "sample_weight"),
    criteria=(
        Criterion("values", 0.6, "The sum of value times weight, divided by the number of samples."),
        Criterion("extremes", 0.3, "Weights may be 0, all of them too."),
        UNCHANGED,
    ),
    public_inputs=lambda: weight_cases(np.random.default_rng(68)),
    private_inputs=weight_cases,
    curve=Curve(
        of=lambda function, x: np.array([function(np.array([1.0, 3.0]), np.array([w, 1.0])) for w in x]),
        xlabel="weight of the first sample",
        ylabel="weighted mean of 1 and 3",
        low=0.0,
        high=4.0,
    ),
    mistakes=(
        Mistake(
            "divided by the weights",
            lambda values, sample_weight: np.sum(values * sample_weight) / np.sum(sample_weight),
            "values",
            "This divides by the sum of the weights, as PyTorch's class weights and Keras' "
            "`mean_with_sample_weight` do. "
            "Keras' `sum_over_batch_size` divides by the number of samples.",
        ),
        Mistake(
            "weights ignored",
            lambda values, sample_weight: np.mean(values),
            "values",
            "The weights are never used.",
        ),
        Mistake(
            "not divided",
            lambda values, sample_weight: np.sum(values * sample_weight),
            "values",
            "This is the weighted sum: the division by the number of samples is missing.",
        ),
        Mistake(
            "weights as a mask",
            lambda values, sample_weight: np.mean(values * (sample_weight > 0)),
            "values",
            "Each weight counts as 0 or 1. It is a factor.",
        ),
        Mistake(
            "divided each by its weight",
            lambda values, sample_weight: np.mean(values / np.maximum(sample_weight, 1e-12)),
            "values",
            "The values are divided by their weights. A larger weight should count more.",
        ),
        Mistake(
            "not summed",
            lambda values, sample_weight: values * sample_weight / values.size,
            "values",
            "One value a sample comes back: the sum is missing.",
        ),
        Mistake(
            "divided twice",
            lambda values, sample_weight: weighted_mean(values, sample_weight) / np.sum(sample_weight),
            "values",
            "It is divided by the sum of the weights and by the number of samples. Only the latter is right.",
        ),
    ),
    alternatives=(
        weighted_mean,
        lambda values, sample_weight: np.mean(values * sample_weight),
        lambda values, sample_weight: values @ sample_weight / len(values),
        lambda values, sample_weight: (
            sum(v * w for v, w in zip(values, sample_weight, strict=True)) / len(values)
        ),
    ),
    hints=(
        "With all weights 2 instead of 1, should the loss be twice as large, or the same? Keras says twice.",
        "Multiply each value by its weight, add up, and divide. By what, is the question: if you divide by the "
        "sum of the "
        "weights, a batch in which every weight is 2 has the same loss as before, and a weight only says how "
        "samples compare "
        "within a batch. Keras' default divides by the number of samples, so weights also set how much a batch "
        "moves the "
        "model. For the values [1, 2, 3] with weights [1, 0, 2] the result is 2.3333.",
        "`return np.sum(values * ____) / ____.size`",
    ),
    points=5,
)

# The questions

Q_CONSTANT = Question(
    id="q_best_constant",
    unit=UNIT,
    prompt="Which single number has the smallest mean squared error for the five values 1, 2, 3, 4 and 90?",
    answer=20,
    replies={
        3: "That is the median, which has the smallest mean absolute error.",
        90: "It would be right once, and wrong by 86 or more four times.",
        2.5: "That is the mean of the first four. The fifth counts too, and far too much.",
        45.5: "That is the middle between the smallest and the largest, which minimises the largest error.",
    },
    explanation="The slope of sum((c - y)**2) is 0 where c is the mean: 100 / 5 = 20, a number that is near "
    "none of the "
    "five. The mean absolute error is smallest at the median, 3.",
    hints=("Set the derivative of the sum of (c - y)^2 in c to 0.",),
)

Q_COLUMN = Question(
    id="q_column",
    unit=UNIT,
    prompt="`y_true` is `[0, 1, 2, 3]` with shape (4,), `y_pred` holds the same numbers with shape (4, 1). What is "
    "`np.mean((y_pred - y_true) ** 2)`?",
    options={
        "a": Option(
            "0: the fit is perfect.",
            "It is, and NumPy subtracts every number from every other.",
            belief="shapes (n,) and (n, 1) are the same",
        ),
        "b": Option(
            "2.5", "The difference has the shape (4, 4): sixteen errors, and only the diagonal is 0."
        ),
        "c": Option(
            "A ValueError: the shapes differ.",
            "They do, and they fit: NumPy repeats both to (4, 4).",
            belief="NumPy refuses shapes that differ",
        ),
        "d": Option(
            "1.25",
            "That is the variance of the numbers. All pairs have twice that.",
            belief="broadcasting compares with the mean",
        ),
    },
    answer="b",
    explanation="A row minus a column is a table of all differences. A network's output has the shape (n, 1), "
    "labels from a "
    "file often (n,), and nothing warns: the model then learns the mean. Print both shapes once.",
    hints=("What is the shape of a (4, 1) array minus a (4,) array?",),
)

Q_UNIT = Question(
    id="q_unit",
    unit=UNIT,
    prompt="A model predicts prices in euros. Its loss is 250,000. It was trained with the mean squared error. "
    "How far off, "
    "in euros, is it typically?",
    answer=500,
    replies={
        250000: "That is in euros squared. Take the root.",
        125000: "Half of the loss is still in euros squared.",
    },
    explanation="The root of the mean squared error has the unit of the data: 500 euros. Nobody can judge a "
    "loss of 250,000 "
    "square euros.",
    hints=("In which unit is a squared error?",),
)

Q_FACTOR = Question(
    id="q_half",
    unit=UNIT,
    prompt="A program moves from MXNet's `L2Loss` to Keras' mean squared error, and keeps its learning rate. "
    "What happens to "
    "each step of plain gradient descent?",
    options={
        "a": Option(
            "Nothing: both have the same minimum.",
            "They do. The way there has other steps.",
            belief="the same minimum means the same training",
        ),
        "b": Option(
            "It is half as long.",
            "The other way round: MXNet's loss is half of Keras'.",
            belief="dividing by more means larger",
        ),
        "c": Option(
            "It is twice as long.",
            "MXNet's loss is half the square, Keras' the whole: gradients, and steps, are doubled.",
        ),
        "d": Option(
            "It is four times as long.",
            "The loss is doubled, and its gradient with it, not squared.",
            belief="a squared loss has a squared factor",
        ),
    },
    answer="c",
    explanation="A factor in the loss is a factor in the learning rate. What converged with 0.1 may diverge "
    "with 0.2, with "
    "the same formula in the paper.",
    hints=("Write the derivatives of e**2 / 2 and of e**2.",),
)

# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_COLUMN,
    MEAN_SQUARED_ERROR,
    Q_FACTOR,
    MEAN_ABSOLUTE_ERROR,
    Q_CONSTANT,
    HUBER,
    LOG_COSH,
    Q_UNIT,
    ROOT_MEAN_SQUARED_ERROR,
    MEAN_SQUARED_LOGARITHMIC_ERROR,
    MEAN_ABSOLUTE_PERCENTAGE_ERROR,
    WEIGHTED_MEAN,
)
