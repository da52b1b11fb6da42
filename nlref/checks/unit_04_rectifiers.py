"""Unit 04: relu with its options, elu, celu, selu, prelu and the gradient to its slope, and the questions "
"around them."""

import numpy as np

from nlref.activations import celu, elu, prelu, relu, selu
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Question
from nlref.checks.inputs import elementwise_cases

UNIT = "04_rectifiers"
TAIL = 1e-6  # relative, near 0 and far out

LAMBDA = 1.0507009873554805
ALPHA = 1.6732632423543772

SHAPE = Criterion("shape", 0.1, "The result has the shape of x, whether x is a vector, a matrix or deeper.")
DTYPE = Criterion("dtype", 0.1, "A float32 array comes back as float32, not as float64.")


def smooth_criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (Criterion("values", 0.4, values), Criterion("extremes", 0.4, extremes), SHAPE, DTYPE)


def digits_kept_near_zero(keywords: dict[str, float]) -> tuple[Case, ...]:
    """Both ends without a warning, and tiny numbers with all their digits."""
    return (
        *(
            Case("extremes", (np.array([end]),), keywords, tolerance=TAIL, quiet=True)
            for end in (-1e3, 1e3, -1e-9, 1e-9)
        ),
        Case("extremes", (np.array([-1e-6, -1e-12, -1e-20, 1e-20]),), keywords, tolerance=TAIL, quiet=True),
        *(
            Case("extremes", (np.array([special]),), keywords, graded=False, tolerance=1e-10)
            for special in (-np.inf, np.inf, np.nan)
        ),
    )


def exponential_cases(generator: np.random.Generator, *given: dict[str, float]) -> tuple[Case, ...]:
    usual = [case for case in elementwise_cases(generator, given or ({},)) if case.criterion != "extremes"]
    return (*usual, *digits_kept_near_zero(given[-1] if given else {}))


# general_relu


def general_relu_by_where(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


def general_relu_slope_from_zero(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x > threshold, x, negative_slope * x)
    return y if max_value is None else np.minimum(y, max_value)


def general_relu_shifted(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x > threshold, x - threshold, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


def general_relu_upper_point(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


def general_relu_falsy_cap(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x > threshold, x, negative_slope * (x - threshold))
    return np.minimum(y, max_value) if max_value else y


def general_relu_uncapped(x, negative_slope=0.0, max_value=None, threshold=0.0):
    return np.where(x > threshold, x, negative_slope * (x - threshold))


def general_relu_always_six(x, negative_slope=0.0, max_value=None, threshold=0.0):
    return np.minimum(np.where(x > threshold, x, negative_slope * (x - threshold)), 6.0)


def general_relu_cap_as_threshold(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.where(y > max_value, 0.0, y)


def general_relu_floor(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.maximum(x, threshold) + negative_slope * np.minimum(x - threshold, 0)
    return y if max_value is None else np.minimum(y, max_value)


def general_relu_by_mask(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.array(x, dtype=np.result_type(x, np.float32))
    low = x <= threshold
    y[low] = negative_slope * (x[low] - threshold)
    if max_value is not None:
        y[y > max_value] = max_value
    return y


def general_relu_by_product(x, negative_slope=0.0, max_value=None, threshold=0.0):
    above = x > threshold
    y = above * x + ~above * negative_slope * (x - threshold)
    return np.clip(y, None, np.inf if max_value is None else max_value)


def general_relu_by_select(x, negative_slope=0.0, max_value=None, threshold=0.0):
    cap = np.inf if max_value is None else max_value
    return np.select(
        [x <= threshold, x >= cap],
        [np.minimum(negative_slope * (x - threshold), cap), np.full(x.shape, cap)],
        default=x,
    )


def general_relu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    slope = float(np.round(generator.uniform(0.05, 0.4), 2))
    cap = float(np.round(generator.uniform(2.0, 4.0), 1))
    start = float(np.round(generator.uniform(0.6, 0.9), 2))
    options = {"negative_slope": slope, "max_value": cap, "threshold": start}
    usual = elementwise_cases(
        generator, ({}, {"max_value": cap}, {"threshold": start}, {"negative_slope": slope}, options)
    )
    at = np.array([start - 0.25, start, start + 0.25])
    return (
        *(case for case in usual if case.criterion != "extremes"),
        Case("values", (np.array([-8.0, 5.5, 9.0]),), {"max_value": 7.0}, scale=0.01),
        Case("extremes", (at,), {"threshold": start}, scale=1.0),
        Case("extremes", (np.array([-2.0, 0.0, 2.0]),), {"max_value": 0.0}, scale=1.0),
        Case("extremes", (np.array([-1e3, 1e3]),), {}, scale=1.0),
        Case("extremes", (np.array([-1e3, 1e3]),), options, scale=1.0),
        Case("extremes", (np.array([np.nan]),), {}, graded=False),
    )


GENERAL_RELU = Exercise(
    id="general_relu",
    unit=UNIT,
    function="general_relu",
    reference=relu,
    criteria=(
        Criterion("values", 0.5, "Three pieces: the slope up to threshold, x between, max_value above."),
        Criterion("extremes", 0.3, "It holds at the threshold itself, for a cap of 0, and far out."),
        SHAPE,
        Criterion("input unchanged", 0.1, "The array that was handed in is the same afterwards."),
    ),
    public_inputs=lambda: general_relu_cases(np.random.default_rng(41)),
    private_inputs=general_relu_cases,
    mistakes=(
        Mistake(
            "slope measured from 0",
            general_relu_slope_from_zero,
            "values",
            "The lower piece is negative_slope * x. It should start at the threshold: negative_slope * (x - "
            "threshold).",
        ),
        Mistake(
            "shifted by the threshold",
            general_relu_shifted,
            "values",
            "Above the threshold x - threshold comes back. The value there is x itself: it jumps.",
        ),
        Mistake(
            "floor at the threshold",
            general_relu_floor,
            "values",
            "The result never falls below the threshold. Up to the threshold it should be 0, or the sloped piece.",
        ),
        Mistake("no cap", general_relu_uncapped, "values", "The argument `max_value` is never used."),
        Mistake(
            "capped at 6",
            general_relu_always_six,
            "values",
            "The result stops at 6, whatever `max_value` is.",
        ),
        Mistake(
            "cap resets to 0",
            general_relu_cap_as_threshold,
            "values",
            "What is larger than `max_value` becomes 0. It should become `max_value`.",
        ),
        Mistake(
            "the threshold itself",
            general_relu_upper_point,
            "extremes",
            "At x = threshold the lower piece counts: x has to be larger than the threshold to pass.",
        ),
        Mistake(
            "a cap of 0 ignored",
            general_relu_falsy_cap,
            "extremes",
            "`if max_value` is false for 0 as well as for None. Ask `max_value is not None`.",
        ),
    ),
    alternatives=(
        general_relu_by_where,
        general_relu_by_mask,
        general_relu_by_product,
        general_relu_by_select,
    ),
    hints=(
        "In which of the three pieces does x = threshold lie? And where does the sloped piece reach 0?",
        "Build it in two steps. First the lower two pieces: one comparison with the threshold chooses between x "
        "and a "
        "line that is 0 at the threshold and falls to its left. With threshold 1 and slope 0.5 that line is -1 "
        "at x = -1. "
        "Then the cap: the smaller of what you have and the largest value allowed, but only where one was "
        "given; None "
        "means that there is none, and 0 is a cap like any other.",
        "`y = np.where(x > threshold, ____, negative_slope * (____))`, then a minimum if `max_value is not None`.",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# elu


def elu_by_exp(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def elu_both_sides(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(x))


def elu_without_alpha(x, alpha=1.0):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_alpha_inside(x, alpha=1.0):
    return np.where(x > 0, x, np.expm1(alpha * np.minimum(x, 0)))


def elu_without_one(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0)))


def elu_scaled(x, alpha=1.0):
    return alpha * np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_celu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def elu_default_of_selu(x, alpha=ALPHA):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_by_minimum(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_by_sum(x, alpha=1.0):
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def elu_by_mask(x, alpha=1.0):
    y = x.copy()
    y[x < 0] = alpha * np.expm1(x[x < 0])
    return y


ELU = Exercise(
    id="elu",
    unit=UNIT,
    function="elu",
    reference=elu,
    criteria=smooth_criteria(
        "x on the right, alpha * (exp(x) - 1) on the left.",
        "No warning far to the right, and no digit lost near 0: at -1e-12 it is -1e-12.",
    ),
    public_inputs=lambda: exponential_cases(np.random.default_rng(42), {}, {"alpha": 0.5}, {"alpha": 1.5}),
    private_inputs=lambda generator: exponential_cases(
        generator, {}, {"alpha": 0.5}, {"alpha": float(np.round(generator.uniform(1.2, 2.0), 2))}
    ),
    mistakes=(
        Mistake(
            "exp(x) - 1",
            elu_by_exp,
            "extremes",
            "Near 0 exp(x) - 1 subtracts two numbers that are nearly equal, as Keras does: `np.expm1` keeps the "
            "digits.",
        ),
        Mistake(
            "np.where computes both sides",
            elu_both_sides,
            "extremes",
            "expm1 is computed for the large x too, and overflows before `np.where` throws it away. "
            "Give it np.minimum(x, 0).",
        ),
        Mistake("alpha ignored", elu_without_alpha, "values", "The argument `alpha` is never used."),
        Mistake(
            "alpha in the exponent",
            elu_alpha_inside,
            "values",
            "alpha multiplies x inside the exponential. It belongs in front.",
        ),
        Mistake(
            "one missing",
            elu_without_one,
            "values",
            "The left piece is alpha * exp(x), which is alpha at 0: the -1 that lets the pieces meet is missing.",
        ),
        Mistake(
            "alpha on both pieces",
            elu_scaled,
            "values",
            "alpha multiplies the right piece too. There x comes back as it is.",
        ),
        Mistake("celu", elu_celu, "values", "This is celu, which divides x by alpha inside the exponential."),
        Mistake(
            "selu's alpha by default",
            elu_default_of_selu,
            "values",
            "Without an alpha this takes selu's 1.67. The default of elu is 1.",
        ),
        Mistake(
            "alpha at the exponential alone",
            lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0)) - 1),
            "values",
            "Alpha multiplies the exponential and not the 1 that is subtracted, so the pieces do not meet at 0.",
        ),
        Mistake(
            "leaky",
            lambda x, alpha=1.0: np.where(x > 0, x, alpha * x),
            "values",
            "The left piece is a straight line. It should bend towards -alpha.",
        ),
    ),
    alternatives=(elu_by_minimum, elu_by_sum, elu_by_mask),
    hints=(
        "What is exp(x) - 1 at 0? And how do you compute it so that its digits near 0 survive?",
        "On the right nothing happens to x. On the left a curve comes down to -alpha: it starts at 0 with "
        "exp(0) - 1 = 0 "
        "and ends at 0 - 1, all times alpha. Unit 02 had a function for exp(x) - 1 without the subtraction. "
        "Feed it with "
        "numbers that cannot overflow: the positive ones are not needed there, so replace them by 0 first. With "
        "alpha = 2 "
        "the result at -1 is -1.2642.",
        "`return np.where(x > 0, x, alpha * np.____(np.minimum(x, ____)))`",
    ),
    points=5,
)

# celu


def celu_elu(x, alpha=1.0):
    return elu_by_minimum(x, alpha)


def celu_multiplied(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(alpha * np.minimum(x, 0)))


def celu_without_factor(x, alpha=1.0):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0) / alpha))


def celu_by_exp(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0) / alpha) - 1))


def celu_both_sides(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(x / alpha))


def celu_right_scaled(x, alpha=1.0):
    return np.where(x > 0, x / alpha, alpha * np.expm1(np.minimum(x, 0) / alpha))


def celu_by_sum(x, alpha=1.0):
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


def celu_by_elu(x, alpha=1.0):
    return alpha * elu_by_minimum(x / alpha)


def celu_by_mask(x, alpha=1.0):
    y = x.copy()
    y[x < 0] = alpha * np.expm1(x[x < 0] / alpha)
    return y


CELU = Exercise(
    id="celu",
    unit=UNIT,
    function="celu",
    reference=celu,
    criteria=smooth_criteria(
        "x on the right, alpha * (exp(x / alpha) - 1) on the left.",
        "No warning far to the right, and no digit lost near 0.",
    ),
    public_inputs=lambda: exponential_cases(np.random.default_rng(43), {}, {"alpha": 2.0}, {"alpha": 0.5}),
    private_inputs=lambda generator: exponential_cases(
        generator, {}, {"alpha": float(np.round(generator.uniform(1.5, 2.5), 2))}, {"alpha": 0.5}
    ),
    mistakes=(
        Mistake(
            "elu",
            celu_elu,
            "values",
            "This is elu. celu divides x by alpha inside the exponential, so that the slope at 0 is 1 for every "
            "alpha.",
        ),
        Mistake(
            "multiplied by alpha inside",
            celu_multiplied,
            "values",
            "Inside the exponential x is multiplied by alpha. It should be divided, so that the slope at 0 is 1.",
        ),
        Mistake(
            "factor missing",
            celu_without_factor,
            "values",
            "The alpha in front of the exponential is missing.",
        ),
        Mistake(
            "exp(x / alpha) - 1",
            celu_by_exp,
            "extremes",
            "Near 0 this subtracts two numbers that are nearly equal: `np.expm1` keeps the digits.",
        ),
        Mistake(
            "np.where computes both sides",
            celu_both_sides,
            "extremes",
            "expm1 is computed for the large x too, and overflows before `np.where` throws it away.",
        ),
        Mistake(
            "right piece divided",
            celu_right_scaled,
            "values",
            "On the right x is divided by alpha. There it should come back as it is.",
        ),
        Mistake(
            "one missing",
            lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0) / alpha)),
            "values",
            "The 1 is not subtracted: the left piece ends at alpha where it should end at 0.",
        ),
    ),
    alternatives=(celu_by_sum, celu_by_elu, celu_by_mask),
    hints=(
        "The slope of alpha * exp(c * x) at 0 is alpha * c. For which c is it 1?",
        "It is elu with one change. elu's left piece has the slope alpha at 0, so for alpha = 2 the curve has a "
        "corner "
        "there: slope 2 on the left, 1 on the right. Squeeze x inside the exponential by the factor that undoes "
        "the alpha "
        "in front, and the corner is gone. With alpha = 2 the result at -1 is -0.7869, and the lower end is -2, "
        "as for "
        "elu.",
        "`return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / ____))`",
    ),
    points=5,
)

# selu


def selu_right_unscaled(x):
    return np.where(x > 0, x, LAMBDA * ALPHA * np.expm1(np.minimum(x, 0)))


def selu_without_scale(x):
    return np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0)))


def selu_without_alpha(x):
    return LAMBDA * np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def selu_exchanged(x):
    return ALPHA * np.where(x > 0, x, LAMBDA * np.expm1(np.minimum(x, 0)))


def selu_rounded(x):
    return 1.0507 * np.where(x > 0, x, 1.6733 * np.expm1(np.minimum(x, 0)))


def selu_by_exp(x):
    return LAMBDA * np.where(x > 0, x, ALPHA * (np.exp(np.minimum(x, 0)) - 1))


def selu_both_sides(x):
    return LAMBDA * np.where(x > 0, x, ALPHA * np.expm1(x))


def selu_by_where(x):
    return LAMBDA * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0)))


def selu_by_sum(x):
    return LAMBDA * np.maximum(x, 0) + LAMBDA * ALPHA * np.expm1(np.minimum(x, 0))


def selu_by_elu(x):
    return LAMBDA * elu_by_mask(x, ALPHA)


SELU = Exercise(
    id="selu",
    unit=UNIT,
    function="selu",
    reference=selu,
    criteria=smooth_criteria(
        "scale * elu(x, alpha), with the two constants of the text.",
        "No warning far to the right, and no digit lost near 0.",
    ),
    public_inputs=lambda: exponential_cases(np.random.default_rng(44)),
    private_inputs=exponential_cases,
    mistakes=(
        Mistake(
            "right piece not scaled",
            selu_right_unscaled,
            "values",
            "The scale is missing on the right: both pieces are multiplied by it.",
        ),
        Mistake(
            "scale missing",
            selu_without_scale,
            "values",
            "This is elu with selu's alpha: the scale is missing.",
        ),
        Mistake(
            "alpha missing",
            selu_without_alpha,
            "values",
            "The left piece lacks alpha: it ends at -1.05, not -1.76.",
        ),
        Mistake("constants exchanged", selu_exchanged, "values", "scale and alpha have changed places."),
        Mistake(
            "constants rounded",
            selu_rounded,
            "values",
            "The constants have been rounded to four digits, and the errors show. Take the given ones.",
        ),
        Mistake(
            "exp(x) - 1",
            selu_by_exp,
            "extremes",
            "Near 0 exp(x) - 1 subtracts two numbers that are nearly equal: `np.expm1` keeps the digits.",
        ),
        Mistake(
            "np.where computes both sides",
            selu_both_sides,
            "extremes",
            "expm1 is computed for the large x too, and overflows before `np.where` throws it away.",
        ),
        Mistake(
            "alpha on both pieces",
            lambda x: LAMBDA * ALPHA * np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
            "values",
            "Alpha multiplies the right piece too. It belongs to the left one.",
        ),
    ),
    alternatives=(selu_by_where, selu_by_sum, selu_by_elu),
    hints=(
        "You have an elu that takes an alpha. What is left to do?",
        "selu is not a new shape. It is an elu whose alpha has been chosen once and for all, stretched by one "
        "factor for "
        "both of its pieces. So on the right it is a line with a slope a little above 1, and on the left it "
        "ends at minus "
        "the product of the two constants. As a check: the result at 1 is 1.0507, at -1 it is -1.1113, and far "
        "to the "
        "left it is -1.7581.",
        "`return ____ * elu(x, alpha=____)`",
    ),
    points=5,
)

# prelu and its slope


def prelu_by_where(x, negative_slope):
    return np.where(x > 0, x, negative_slope * x)


def prelu_by_maximum(x, negative_slope):
    return np.maximum(x, negative_slope * x)


def prelu_first_slope(x, negative_slope):
    return np.where(x > 0, x, negative_slope[0] * x)


def prelu_mean_slope(x, negative_slope):
    return np.where(x > 0, x, np.mean(negative_slope) * x)


def prelu_per_row(x, negative_slope):
    return np.where(x > 0, x, negative_slope[: len(x), None] * x)


def prelu_swapped(x, negative_slope):
    return np.where(x > 0, negative_slope * x, x)


def prelu_relu(x, negative_slope):
    return np.maximum(x, 0) * np.ones_like(negative_slope)


def prelu_negated(x, negative_slope):
    return np.where(x > 0, x, -negative_slope * x)


def prelu_by_ramps(x, negative_slope):
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def prelu_by_factor(x, negative_slope):
    return x * np.where(x > 0, 1.0, negative_slope)


def prelu_by_columns(x, negative_slope):
    columns = [np.where(x[..., i] > 0, x[..., i], negative_slope[i] * x[..., i]) for i in range(x.shape[-1])]
    return np.stack(columns, axis=-1)


def mixed(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers of both signs away from 0, negative first in every column that is looked at first."""
    values = np.round(generator.uniform(0.2, 3.0, shape) * generator.choice([-1.0, 1.0], shape), 2)
    values[..., 0] = -np.abs(values[..., 0])
    return values


def prelu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def slopes(count: int) -> np.ndarray:
        return np.round(generator.uniform(-0.5, 1.6, count), 2)

    return (
        Case("values", (np.array([[-2.0, -2.0, -2.0], [1.0, -1.0, 3.0]]), np.array([0.1, 0.25, 1.5]))),
        Case("values", (mixed(generator, 3, 4), slopes(4))),
        Case("values", (mixed(generator, 4, 4), slopes(4))),
        Case("shape", (mixed(generator, 5), slopes(5))),
        Case("shape", (mixed(generator, 2, 3, 4), slopes(4))),
        Case("shape", (mixed(generator, 1, 4), slopes(4))),
        Case("input unchanged", (mixed(generator, 3, 2), slopes(2))),
    )


PRELU = Exercise(
    id="prelu",
    unit=UNIT,
    function="prelu",
    reference=prelu,
    arguments=("x", "negative_slope"),
    criteria=(
        Criterion("values", 0.6, "Each feature, along the last axis, has a slope of its own."),
        Criterion("shape", 0.3, "The result has the shape of x, whether x is a vector, a matrix or deeper."),
        Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards."),
    ),
    public_inputs=lambda: prelu_cases(np.random.default_rng(45)),
    private_inputs=prelu_cases,
    curve=Curve(
        of=lambda function, x: function(np.stack([x, x], axis=-1), np.array([0.1, 0.5]))[..., 1],
        xlabel="x",
        ylabel="second feature, slope 0.5",
    ),
    mistakes=(
        Mistake(
            "larger of the two",
            prelu_by_maximum,
            "values",
            "The maximum of x and slope * x is prelu only for slopes up to 1. A learned slope may exceed it.",
        ),
        Mistake(
            "first slope for all",
            prelu_first_slope,
            "values",
            "The first slope is used for every feature. Let the whole array of slopes broadcast.",
        ),
        Mistake(
            "mean slope", prelu_mean_slope, "values", "The mean of the slopes is used for every feature."
        ),
        Mistake(
            "a slope per row",
            prelu_per_row,
            "values",
            "The slopes run over the rows, the samples. They belong to the features, the last axis.",
        ),
        Mistake(
            "branches swapped",
            prelu_swapped,
            "values",
            "The positive numbers are scaled, and the negative ones kept.",
        ),
        Mistake("no slope", prelu_relu, "values", "This is plain relu: negative numbers become 0."),
        Mistake(
            "sign",
            prelu_negated,
            "values",
            "The left piece has the wrong sign: slope * x is negative for a slope above 0.",
        ),
        Mistake(
            "slope on both sides",
            lambda x, negative_slope: negative_slope * x,
            "values",
            "Everything is multiplied by the slope. Above 0, x comes back as it is.",
        ),
        Mistake(
            "smaller of the two",
            lambda x, negative_slope: np.minimum(x, negative_slope * x),
            "values",
            "For slopes below 1 the smaller of x and slope * x is the wrong piece on both sides.",
        ),
        Mistake(
            "last slope for all",
            lambda x, negative_slope: np.where(x > 0, x, negative_slope[-1] * x),
            "values",
            "The last slope is used for every feature.",
        ),
    ),
    alternatives=(prelu_by_where, prelu_by_ramps, prelu_by_factor, prelu_by_columns),
    hints=(
        "A batch has the shape (samples, features), the slopes (features,). What does NumPy do with their product?",
        "It is the leaky relu of unit 01, with an array where a number stood. NumPy aligns shapes from the "
        "right: an array "
        "of shape (3,) beside one of shape (2, 3) is repeated for each row, so each column meets its own number. For "
        "example [[1, 2], [3, 4]] * [10, 100] is [[10, 200], [30, 400]]. The choice between the pieces stays as "
        "it was.",
        "`return np.where(x > 0, x, ____ * x)`: the whole array belongs into the gap.",
    ),
    points=5,
)


def slope_gradient(x, g):
    return np.sum(g * np.minimum(x, 0), axis=tuple(range(x.ndim - 1)))


def slope_gradient_unsummed(x, g):
    return g * np.minimum(x, 0)


def slope_gradient_one_number(x, g):
    return np.sum(g * np.minimum(x, 0))


def slope_gradient_over_features(x, g):
    return np.sum(g * np.minimum(x, 0), axis=-1)


def slope_gradient_averaged(x, g):
    return np.mean(g * np.minimum(x, 0), axis=tuple(range(x.ndim - 1)))


def slope_gradient_counting(x, g):
    return np.sum(g * (x < 0), axis=tuple(range(x.ndim - 1)))


def slope_gradient_of_all(x, g):
    return np.sum(g * x, axis=tuple(range(x.ndim - 1)))


def slope_gradient_of_right(x, g):
    return np.sum(g * np.maximum(x, 0), axis=tuple(range(x.ndim - 1)))


def slope_gradient_without_upstream(x, g):
    return np.sum(np.minimum(x, 0), axis=tuple(range(x.ndim - 1)))


def slope_gradient_first_axis(x, g):
    return np.sum(g * np.minimum(x, 0), axis=0)


def slope_gradient_by_reshape(x, g):
    return (g * np.where(x < 0, x, 0)).reshape(-1, x.shape[-1]).sum(axis=0)


def slope_gradient_by_einsum(x, g):
    flat = (-1, x.shape[-1])
    return np.einsum("ni,ni->i", g.reshape(flat), np.where(x < 0, x, 0.0).reshape(flat))


def slope_gradient_by_loop(x, g):
    total = np.zeros(x.shape[-1])
    for row, upstream in zip(x.reshape(-1, x.shape[-1]), g.reshape(-1, x.shape[-1]), strict=True):
        total += np.where(row < 0, upstream * row, 0)
    return total


def slope_gradient_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return mixed(generator, *shape), np.round(generator.normal(size=shape), 2)

    return (
        Case(
            "gradient",
            (np.array([[-2.0, 1.0], [-1.0, -3.0]]), np.array([[1.0, 1.0], [10.0, 0.5]])),
            scale=1.0,
        ),
        Case("gradient", pair(3, 4), scale=1.0),
        Case("gradient", pair(4, 4), scale=1.0),
        Case("values", pair(5, 3), scale=1.0),
        Case("values", pair(3, 3), scale=1.0),
        Case("shape", pair(2, 3, 4), scale=1.0),
        Case("shape", pair(3, 2, 2), scale=1.0),
        Case("shape", pair(1, 4), scale=1.0),
        Case("input unchanged", pair(3, 2), scale=1.0),
    )


PRELU_SLOPE = Exercise(
    id="prelu_slope_gradient",
    unit=UNIT,
    function="prelu_slope_gradient",
    reference=slope_gradient,
    arguments=("x", "g"),
    criteria=(
        Criterion("values", 0.3, "The upstream gradient times min(x, 0), summed for each feature."),
        Criterion(
            "gradient", 0.3, "It is the slope of sum(g * prelu(x, negative_slope)) in each negative_slope."
        ),
        Criterion("shape", 0.3, "One number for each feature, whatever axes stand before the last one."),
        Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards."),
    ),
    public_inputs=lambda: slope_gradient_cases(np.random.default_rng(46)),
    private_inputs=slope_gradient_cases,
    curve=Curve(
        of=lambda function, x: np.stack([function(np.array([[v, 1.0]]), np.ones((1, 2)))[0] for v in x]),
        xlabel="x of one sample, with g = 1",
        ylabel="gradient to its slope",
    ),
    mistakes=(
        Mistake(
            "not summed",
            slope_gradient_unsummed,
            "values",
            "These are the contributions of single entries. One slope serves many samples, so they have to be "
            "added up.",
        ),
        Mistake(
            "one number",
            slope_gradient_one_number,
            "values",
            "Everything is added up to one number. Each feature has a slope, and a gradient, of its own.",
        ),
        Mistake(
            "summed over the features",
            slope_gradient_over_features,
            "values",
            "The sum runs over the features and leaves one number a sample. It should run over the samples.",
        ),
        Mistake(
            "averaged",
            slope_gradient_averaged,
            "values",
            "A mean stands where a sum should: the division by the batch is the loss's business, and g has it "
            "already.",
        ),
        Mistake(
            "counted",
            slope_gradient_counting,
            "values",
            "The slope of slope * x in the slope is x, not 1: x itself is missing.",
        ),
        Mistake(
            "positive numbers too",
            slope_gradient_of_all,
            "values",
            "Positive x take part as well. There prelu is x, whatever the slope is.",
        ),
        Mistake(
            "positive numbers only",
            slope_gradient_of_right,
            "values",
            "The positive x are summed. The slope acts on the negative ones.",
        ),
        Mistake(
            "upstream gradient missing",
            slope_gradient_without_upstream,
            "values",
            "`g` is never used: the chain rule multiplies by what comes from above.",
        ),
        Mistake(
            "only the first axis",
            slope_gradient_first_axis,
            "shape",
            "The sum runs over the first axis alone. All axes but the last have to go.",
        ),
    ),
    alternatives=(
        slope_gradient,
        slope_gradient_by_reshape,
        slope_gradient_by_einsum,
        slope_gradient_by_loop,
    ),
    hints=(
        "How much does prelu(-3, slope) change when the slope grows by 0.1? And prelu(3, slope)?",
        "Take one entry first. Where x is positive the slope does nothing, so it contributes 0; where x is "
        "negative the "
        "value is slope times x, so its derivative in the slope is x. Multiply by the g of that entry. The same "
        "slope is "
        "used by every sample, and every use counts, so the contributions of a column are added. For x = [[-2], "
        "[-1], [5]] "
        "and g of ones the result is [-3].",
        "`return np.sum(g * np.minimum(x, ____), axis=tuple(range(x.ndim - ____)))`",
    ),
    points=5,
)

# The questions

Q_FLOOR = Question(
    id="q_elu_floor",
    unit=UNIT,
    prompt="elu is $x$ on the right and $\\alpha\\,(e^x - 1)$ on the left. With $\\alpha = 2$, which number "
    "does it never "
    "go below?",
    answer=-2,
    replies={
        0: "That is relu's lower end. elu goes on below 0.",
        -1: "That is the end for alpha = 1. Here the left piece is twice as deep.",
        2: "The left piece lies below 0: exp(x) is less than 1 there.",
    },
    explanation="Far to the left exp(x) is 0, so elu tends to alpha * (0 - 1) = -alpha. A unit that can answer "
    "a little "
    "below 0 lets a layer's mean come out near 0.",
    hints=("What is exp(x) far to the left?",),
)

Q_CORNER = Question(
    id="q_elu_corner",
    unit=UNIT,
    prompt="For which $\\alpha$ has elu no corner at 0?",
    options={
        "a": Option(
            "For none: two pieces always meet in a corner.",
            "Two pieces meet without a corner if their slopes agree. Compare 1 with alpha * exp(0).",
            belief="a piecewise function has corners",
        ),
        "b": Option(
            "For all: the exponential is smooth.",
            "The exponential is. What matters is its slope at 0, alpha, beside the slope 1 on the right.",
            belief="smooth pieces make a smooth function",
        ),
        "c": Option(
            "For $\\alpha = 1$ alone.",
            "The slope is 1 on the right and alpha * exp(0) = alpha on the left.",
        ),
        "d": Option(
            "For $\\alpha = 0$ alone.",
            "That is relu, whose slope jumps from 0 to 1.",
            belief="no left piece means no corner",
        ),
    },
    answer="c",
    explanation="The left slope at 0 is alpha, the right one is 1. celu removes the corner for every alpha by "
    "squeezing x "
    "inside the exponential.",
    hints=("Take the derivative of both pieces at 0.",),
)

Q_DEPTH = Question(
    id="q_selu_depth",
    unit=UNIT,
    prompt="We send a normal signal of spread 1 through 50 layers of 256 units, weights normal with spread "
    "$1/\\sqrt{256}$, once with relu and once with selu. What is the spread at the end?",
    options={
        "a": Option(
            "About 1 for both: the weights are scaled for it.",
            "The weights keep the spread of a sum. A relu then throws away half of it, in every layer.",
            belief="scaled weights suffice for every activation",
        ),
        "b": Option(
            "About 1 for selu, about $10^{-8}$ for relu.",
            "relu keeps half of the mean square in each layer, and half to the power of 50 is 10^-15; its root "
            "is the spread.",
        ),
        "c": Option(
            "Both vanish, selu a little later.",
            "selu's constants are chosen so that 1 is where the spread comes to rest.",
            belief="every deep signal vanishes without normalisation",
        ),
        "d": Option(
            "selu explodes, since it multiplies by 1.05 each time.",
            "The right side grows by 5 % and the left is bounded. The constants balance the two.",
            belief="a slope above 1 explodes",
        ),
    },
    answer="b",
    explanation="A relu halves the mean square: after 50 layers (1/2)^50 of it is left, about 10^-15, so the "
    "spread is some "
    "10^-8. selu's two constants are solved for so that mean 0 and spread 1 reproduce themselves.",
    hints=("A relu replaces half of the numbers by 0. What does that do to the mean of the squares?",),
)

Q_DEFAULT = Question(
    id="q_default_slope",
    unit=UNIT,
    prompt="A trained Keras model has the layer `LeakyReLU()`. Its weights are copied into PyTorch, behind "
    "`nn.LeakyReLU()`. What happens?",
    options={
        "a": Option(
            "The same outputs: it is the same function.",
            "It is the same function of two arguments. The second one has another default.",
            belief="the same name means the same defaults",
        ),
        "b": Option(
            "An error: the weights do not fit.",
            "A fixed slope is no weight, so nothing is there that could fail to fit.",
            belief="a wrong slope is noticed",
        ),
        "c": Option(
            "Other outputs, silently.",
            "Keras' layer has the slope 0.3, PyTorch's 0.01. What was -0.3 becomes -0.01.",
        ),
        "d": Option(
            "Other outputs until the model is trained for a moment.",
            "Training may adapt the weights. It cannot change a fixed slope, and nobody asked for training.",
            belief="training removes every difference",
        ),
    },
    answer="c",
    explanation="Keras' function has 0.2, its layer 0.3, PyTorch 0.01, MXNet's operator 0.25. The cell below "
    "measures what "
    "a wrong slope does to a trained network. Write the slope out when you move a model.",
    hints=("Look up the default slope in the table of unit 01.",),
)


# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    GENERAL_RELU,
    Q_FLOOR,
    ELU,
    Q_CORNER,
    CELU,
    Q_DEPTH,
    SELU,
    Q_DEFAULT,
    PRELU,
    PRELU_SLOPE,
)
