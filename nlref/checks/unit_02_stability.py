"""Unit 02: ulp_error, stable_sigmoid, softplus, log_sigmoid and logsumexp, and the questions around them.

The text of the unit asks for results without a floating-point warning, with a small relative error in the tails, and in
the dtype of x. So a warning on a right value costs points here, as it did not in unit 01.
"""

import numpy as np

from nlref.activations import log_sigmoid, sigmoid, softplus
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Property, Question
from nlref.checks.inputs import elementwise_cases
from nlref.ulp import ulp_error

UNIT = "02_stability"

TAIL = 1e-6  # relative

SHAPE = Criterion("shape", 0.1, "The result has the shape of x, whether x is a vector, a matrix or deeper.")
DTYPE = Criterion("dtype", 0.1, "A float32 array comes back as float32, not as float64.")


def stable_criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (Criterion("values", 0.3, values), Criterion("extremes", 0.5, extremes), SHAPE, DTYPE)


def stable_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    """Elementwise calls, with both tails relative to the truth, far ends without a warning, and infinities."""
    usual = [case for case in elementwise_cases(generator) if case.criterion != "extremes"]
    tail = np.round(generator.uniform(30, 600, 3), 1)
    return (
        *usual,
        Case("extremes", (np.array([-1e3]),), tolerance=TAIL, quiet=True),
        Case("extremes", (np.array([1e3]),), tolerance=TAIL, quiet=True),
        Case("extremes", (np.array([-700.0, -100.0, -40.0, -36.0, -35.0]),), tolerance=TAIL, quiet=True),
        Case("extremes", (np.array([40.0, 100.0, 700.0]),), tolerance=TAIL, quiet=True),
        Case("extremes", (np.array([-20.0, -12.0, -8.0, 5.5, 8.0, 12.0, 20.0]),), quiet=True),
        Case("extremes", (-tail,), tolerance=TAIL, quiet=True),
        Case("extremes", (tail,), tolerance=TAIL, quiet=True),
        Case("extremes", (np.array([-80.0, -30.0, 30.0], np.float32),), tolerance=1e-5, quiet=True),
        Case("extremes", (np.array([-1e3, 1e3], np.float32),), tolerance=1e-5, quiet=True),
        *(
            Case("extremes", (np.array([special]),), graded=False, tolerance=1e-10)
            for special in (-np.inf, np.inf, np.nan)
        ),
    )


# ulp_error


def ulp_in_float64(value, truth):
    return np.abs(value - truth) / np.spacing(np.abs(truth))


def ulp_relative(value, truth):
    return np.abs(value - truth) / np.abs(truth) / np.finfo(value.dtype).eps


def ulp_at_one(value, truth):
    return np.abs(value - truth) / np.finfo(value.dtype).eps


def ulp_signed(value, truth):
    return (value - truth) / np.spacing(np.abs(truth).astype(value.dtype))


def ulp_of_rounded_truth(value, truth):
    rounded = truth.astype(value.dtype)
    return np.abs(value - rounded) / np.spacing(np.abs(rounded))


def ulp_with_negative_spacing(value, truth):
    return np.abs(value - truth) / np.spacing(truth.astype(value.dtype))


def ulp_absolute(value, truth):
    return np.abs(value - truth)


def ulp_at_value(value, truth):
    return np.abs(value - truth) / np.spacing(np.abs(value))


def ulp_of_first_axis(value, truth):
    return np.array(
        [float(abs(v - t)) / np.spacing(abs(v.dtype.type(t))) for v, t in zip(value, truth, strict=True)]
    )


def ulp_by_exponent(value, truth):
    _, exponent = np.frexp(truth)
    return np.abs(value.astype(np.float64) - truth) / np.ldexp(
        1.0, exponent - 1 - np.finfo(value.dtype).nmant
    )


def ulp_by_next_number(value, truth):
    near = np.abs(truth).astype(value.dtype)
    step = np.nextafter(near, value.dtype.type(np.inf)).astype(np.float64) - near
    return np.abs(value.astype(np.float64) - truth) / step


def ulp_by_spacing(value, truth):
    return np.abs(value.astype(np.float64) - truth) / np.spacing(np.abs(truth).astype(value.dtype))


def ulp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(dtype: type, *shape: int, size: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """A truth well inside its power of two, and a value a few units away."""
        truth = generator.uniform(1.1, 1.9, shape) * 2.0 ** generator.integers(-6, 7, shape) * size
        truth *= generator.choice([-1.0, 1.0], shape)
        truth.flat[0] = -np.abs(truth.flat[0])
        away = generator.uniform(1.2, 6.8, shape) * generator.choice([-1.0, 1.0], shape)
        away *= np.finfo(dtype).eps
        return (truth * (1 + away)).astype(dtype), truth

    def across() -> tuple[np.ndarray, np.ndarray]:
        """Truths on one side of a power of two and values on the other, where the spacing is another."""
        power = 2.0 ** generator.integers(-6, 7, 4)
        side = np.array([-1.0, 1.0, 1.0, -1.0])
        near, far = (side * generator.uniform(1.3, 2.3, 4) * np.finfo(np.float32).eps for _ in range(2))
        sign = np.array([-1.0, 1.0, -1.0, 1.0])
        return (sign * power * (1 - far)).astype(np.float32), sign * power * (1 + near)

    fixed = np.array([1.2, -3.3, -100.1, 1.1e-3])
    away = np.array([3e-7, 3e-7, -3e-7, -5e-7])
    return (
        Case("values", ((fixed * (1 + away)).astype(np.float32), fixed), tolerance=1e-9),
        Case("values", pair(np.float32, 8), tolerance=1e-9),
        Case("values", across(), tolerance=1e-9),
        Case("extremes", pair(np.float16, 6), tolerance=1e-9),
        Case("extremes", pair(np.float32, 6, size=2.0**100), tolerance=1e-9, quiet=True),
        Case("extremes", pair(np.float32, 6, size=2.0**-100), tolerance=1e-9, quiet=True),
        Case("shape", pair(np.float32, 3, 4), tolerance=1e-9),
        Case("shape", pair(np.float32, 2, 1, 3), tolerance=1e-9),
        Case("input unchanged", pair(np.float32, 5)),
    )


ULP_ERROR = Exercise(
    id="ulp_error",
    unit=UNIT,
    function="ulp_error",
    reference=ulp_error,
    arguments=("value", "truth"),
    widen=False,
    criteria=(
        Criterion("values", 0.5, "The distance from the truth, in spacings of value's dtype at the truth."),
        Criterion("extremes", 0.3, "It holds for float16 too, and for very large and very small numbers."),
        Criterion("shape", 0.1, "The result has the shape of value and truth."),
        Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards."),
    ),
    public_inputs=lambda: ulp_cases(np.random.default_rng(21)),
    private_inputs=ulp_cases,
    curve=Curve(
        of=lambda function, x: function((x * (1 + 1e-6)).astype(np.float32), x),
        xlabel="truth, beside a float32 that is larger by 1e-6 of it",
        ylabel="error in ulp",
        low=0.5,
        high=8.0,
    ),
    mistakes=(
        Mistake(
            "spacing of float64",
            ulp_in_float64,
            "values",
            "The spacing is that of float64, the dtype of `truth`. The unit is the spacing of `value`'s dtype.",
        ),
        Mistake(
            "relative error",
            ulp_relative,
            "values",
            "This is the relative error in multiples of eps. An ulp keeps its size from one power of two to the "
            "next, "
            "so the two differ by up to a factor 2.",
        ),
        Mistake(
            "spacing at 1",
            ulp_at_one,
            "values",
            "`eps` is the spacing at 1. At 100 the numbers lie further apart, at 0.01 closer.",
        ),
        Mistake(
            "signed",
            ulp_signed,
            "values",
            "The sizes are right, and some are negative: a distance has no sign.",
        ),
        Mistake(
            "truth rounded first",
            ulp_of_rounded_truth,
            "values",
            "The truth is rounded to `value`'s dtype before the difference is taken, so only whole numbers come out. "
            "Take the difference in float64.",
        ),
        Mistake(
            "negative spacing",
            ulp_with_negative_spacing,
            "values",
            "`np.spacing` of a negative number is negative. Take the absolute value of the truth first.",
        ),
        Mistake(
            "spacing at the value",
            ulp_at_value,
            "values",
            "The spacing is taken at `value`. Across a power of two it is another than at `truth`, which counts.",
        ),
        Mistake(
            "not in units", ulp_absolute, "values", "This is the difference itself: divide it by the spacing."
        ),
        Mistake(
            "loop over the first axis",
            ulp_of_first_axis,
            "shape",
            "The loop runs over the first axis, so in a matrix it meets whole rows instead of numbers.",
        ),
    ),
    alternatives=(ulp_by_spacing, ulp_by_exponent, ulp_by_next_number),
    hints=(
        "How far apart are two neighbouring float32 numbers near 100? And near 1?",
        "Two things are needed: a distance and a unit. The distance between 3.5 and 3.25 is 0.25; take it in "
        "float64, "
        "where both numbers are exact. The unit is what `np.spacing` answers for a number of the dtype in question: "
        "for the float32 number 3.25 it is 2.4e-07, for the float64 number 3.25 it is 4.4e-16. "
        "`array.astype(other.dtype)` turns one array into the dtype of another.",
        "`unit = np.spacing(np.abs(truth).astype(____.dtype))`, then `np.abs(value - truth) / unit` in float64.",
    ),
    points=5,
)

# stable_sigmoid


def sigmoid_textbook(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_where(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


def sigmoid_ratio(x):
    return np.exp(x) / (1 + np.exp(x))


def sigmoid_clipped(x):
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))


def sigmoid_clipped_for_float32(x):
    return 1 / (1 + np.exp(-np.clip(x, -88, 88)))


def sigmoid_of_tanh(x):
    return (1 + np.tanh(x / 2)) / 2


def sigmoid_of_absolute(x):
    return 1 / (1 + np.exp(-np.abs(x)))


def sigmoid_left_by_complement(x):
    right = 1 / (1 + np.exp(-np.abs(x)))
    return np.where(x >= 0, right, 1 - right)


def sigmoid_wide(x):
    wide = x.astype(np.float64)
    e = np.exp(-np.abs(wide))
    return np.where(wide >= 0, 1.0, e) / (1 + e)


def sigmoid_filled(x):
    result = np.zeros(x.shape)
    result[x >= 0] = 1 / (1 + np.exp(-x[x >= 0]))
    e = np.exp(x[x < 0])
    result[x < 0] = e / (1 + e)
    return result


def sigmoid_masked(x):
    result = np.empty_like(x, dtype=x.dtype if x.dtype.kind == "f" else float)
    right = x >= 0
    result[right] = 1 / (1 + np.exp(-x[right]))
    e = np.exp(x[~right])
    result[~right] = e / (1 + e)
    return result


def sigmoid_one_exponential(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e).astype(e.dtype) / (1 + e)


def sigmoid_two_exponentials(x):
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def sigmoid_of_logarithm(x):
    return np.exp(-np.logaddexp(np.zeros_like(x), -x))


def sigmoid_quiet(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


STABLE_SIGMOID = Exercise(
    id="stable_sigmoid",
    unit=UNIT,
    function="stable_sigmoid",
    reference=sigmoid,
    criteria=stable_criteria(
        "1 / (1 + exp(-x)), element by element.",
        "No warning for any x, and both tails are right in relative terms: at -100 it is 3.7e-44, not 0.",
    ),
    public_inputs=lambda: stable_cases(np.random.default_rng(22)),
    private_inputs=stable_cases,
    mistakes=(
        Mistake(
            "textbook",
            sigmoid_textbook,
            "extremes",
            "exp(-x) overflows far to the left. The result is right by luck, because 1 / inf is 0.",
        ),
        Mistake(
            "np.where computes both sides",
            sigmoid_where,
            "extremes",
            "`np.where` chooses between two arrays that have both been computed: the branch that is thrown away has "
            "overflowed before. Make the exponent harmless for every x.",
        ),
        Mistake(
            "infinity over infinity",
            sigmoid_ratio,
            "extremes",
            "exp(x) / (1 + exp(x)) is infinity over infinity for a large x, and that is nan.",
        ),
        Mistake(
            "clipped at 500",
            sigmoid_clipped,
            "extremes",
            "The input is clipped, so the left tail ends at 7e-218 instead of running on.",
        ),
        Mistake(
            "clipped at 88",
            sigmoid_clipped_for_float32,
            "extremes",
            "The input is clipped at 88, where float32 overflows, so the left tail ends at 6e-39.",
        ),
        Mistake(
            "tanh cancels",
            sigmoid_of_tanh,
            "extremes",
            "On the left 1 + tanh(x / 2) subtracts two numbers that are nearly equal: from -40 on all digits "
            "are lost.",
        ),
        Mistake(
            "right side mirrored",
            sigmoid_of_absolute,
            "values",
            "This is the sigmoid of |x|: the left side is a copy of the right one. There it should be 1 minus it.",
        ),
        Mistake(
            "one minus the right side",
            sigmoid_left_by_complement,
            "extremes",
            "On the left this is 1 minus a number close to 1. The subtraction leaves no digit of a result such "
            "as 1e-40; "
            "multiply through by exp(x) instead.",
        ),
        Mistake(
            "float64 whatever comes",
            sigmoid_wide,
            "dtype",
            "A float32 array comes back as float64, twice as large. Leave the dtype alone.",
        ),
    ),
    alternatives=(
        sigmoid_masked,
        sigmoid_one_exponential,
        sigmoid_two_exponentials,
        sigmoid_of_logarithm,
        sigmoid_quiet,
    ),
    hints=(
        "Which sign must the exponent have so that `np.exp` can never overflow?",
        "There are two formulas for the same number: 1 / (1 + a) with a = exp(-x), and b / (1 + b) with b = "
        "exp(x). The "
        "first is harmless on the right, the second on the left. In both, the harmless exponential is exp(-|x|), so "
        "compute that once for the whole array, and choose only between the two numerators. As a check: at -100 the "
        "result is 3.7e-44, and at 1000 it is 1.",
        "`e = np.exp(-np.abs(x))`, then `np.where(x >= 0, ____, ____) / (1 + e)`.",
    ),
    points=5,
)

# softplus


def softplus_textbook(x):
    return np.log(1 + np.exp(x))


def softplus_log1p_only(x):
    return np.log1p(np.exp(x))


def softplus_where(x):
    return np.where(x > 30, x, np.log1p(np.exp(x)))


def softplus_without_log1p(x):
    return np.maximum(x, 0) + np.log(1 + np.exp(-np.abs(x)))


def softplus_without_line(x):
    return np.log1p(np.exp(-np.abs(x)))


def softplus_relu(x):
    return np.maximum(x, 0)


def softplus_slope(x):
    return sigmoid_one_exponential(x)


def softplus_clipped(x):
    return np.log1p(np.exp(np.minimum(x, 500)))


def softplus_by_logaddexp(x):
    return np.logaddexp(np.zeros_like(x), x)


def softplus_by_line_and_bump(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softplus_by_mask(x):
    result = x.astype(x.dtype if x.dtype.kind == "f" else float)
    small = x < 30
    result[small] = np.log1p(np.exp(result[small]))
    return result


SOFTPLUS = Exercise(
    id="softplus",
    unit=UNIT,
    function="softplus",
    reference=softplus,
    criteria=stable_criteria(
        "log(1 + exp(x)), element by element.",
        "No warning for any x; it is x far to the right, and exp(x), not 0, far to the left.",
    ),
    public_inputs=lambda: stable_cases(np.random.default_rng(23)),
    private_inputs=stable_cases,
    properties=(Property("above relu", lambda x, y: y >= np.maximum(x, 0)),),
    mistakes=(
        Mistake(
            "textbook",
            softplus_textbook,
            "extremes",
            "exp(x) overflows on the right, and on the left 1 + exp(x) rounds to 1, whose logarithm is 0.",
        ),
        Mistake(
            "log1p alone",
            softplus_log1p_only,
            "extremes",
            "`np.log1p` mends the left tail. On the right exp(x) still overflows.",
        ),
        Mistake(
            "np.where computes both sides",
            softplus_where,
            "extremes",
            "`np.where` chooses between two arrays that have both been computed: exp(x) has overflowed before.",
        ),
        Mistake(
            "log for log1p",
            softplus_without_log1p,
            "extremes",
            "No overflow any more. But on the left 1 + exp(-|x|) still rounds to 1: `np.log1p(e)` is log(1 + e) "
            "without "
            "that sum.",
        ),
        Mistake(
            "line missing",
            softplus_without_line,
            "values",
            "log(1 + exp(-|x|)) is the bump on top of relu. The relu itself, max(x, 0), is missing.",
        ),
        Mistake("relu", softplus_relu, "values", "This is relu. Softplus is smooth, and above 0 everywhere."),
        Mistake(
            "slope of softplus", softplus_slope, "values", "This is the sigmoid, which is softplus' slope."
        ),
        Mistake(
            "clipped",
            softplus_clipped,
            "extremes",
            "x is clipped at 500, so the result never grows beyond 500.",
        ),
    ),
    alternatives=(softplus_by_line_and_bump, softplus_by_logaddexp, softplus_by_mask),
    hints=(
        "For a large x, which of the two terms in 1 + exp(x) still matters? And what is its logarithm?",
        "Take exp(x) out of the logarithm where it is large: log(1 + exp(x)) = x + log(1 + exp(-x)). Where x is "
        "negative "
        "leave it as it is. In both cases the exponential that remains is exp(-|x|), and what stands before it "
        "is x on "
        "the right and 0 on the left, which is a function from unit 01. And for a tiny e, `np.log1p(e)` keeps "
        "the digits "
        "that log(1 + e) loses: log1p(1e-20) is 1e-20.",
        "`return np.maximum(____, 0) + np.log1p(np.exp(____))`",
    ),
    points=5,
)

# log_sigmoid


def log_of_sigmoid(x):
    return np.log(sigmoid_one_exponential(x))


def log_of_guarded_sigmoid(x):
    return np.log(sigmoid_one_exponential(x) + 1e-7)


def log_of_clipped_sigmoid(x):
    return np.log(np.clip(sigmoid_one_exponential(x), 1e-7, 1 - 1e-7))


def log_sigmoid_mirrored(x):
    return -softplus_by_line_and_bump(x)


def log_sigmoid_positive(x):
    return softplus_by_line_and_bump(-x)


def log_sigmoid_textbook(x):
    return -np.log(1 + np.exp(-x))


def log_sigmoid_without_log1p(x):
    return np.minimum(x, 0) - np.log(1 + np.exp(-np.abs(x)))


def log_sigmoid_not_a_number(x):
    return np.nan_to_num(np.log(sigmoid_one_exponential(x)))


def log_sigmoid_by_softplus(x):
    return -softplus_by_line_and_bump(-x)


def log_sigmoid_by_line_and_bump(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


LOG_SIGMOID = Exercise(
    id="log_sigmoid",
    unit=UNIT,
    function="log_sigmoid",
    reference=log_sigmoid,
    criteria=stable_criteria(
        "The logarithm of the sigmoid, element by element.",
        "No warning for any x; it is x far to the left, and -exp(-x), not 0, far to the right.",
    ),
    public_inputs=lambda: stable_cases(np.random.default_rng(24)),
    private_inputs=stable_cases,
    mistakes=(
        Mistake(
            "logarithm of the sigmoid",
            log_of_sigmoid,
            "extremes",
            "The sigmoid is stable, and its logarithm is not: at -1000 it is log(0), at 40 it is log(1). "
            "Take the logarithm on paper first.",
        ),
        Mistake(
            "1e-7 added",
            log_of_guarded_sigmoid,
            "values",
            "1e-7 is added inside the logarithm, so every value is a little off, and none goes below -16.1.",
        ),
        Mistake(
            "sigmoid clipped",
            log_of_clipped_sigmoid,
            "extremes",
            "The sigmoid is clipped to [1e-7, 1 - 1e-7], so no value goes below -16.1 or above -1e-7.",
        ),
        Mistake(
            "softplus of x",
            log_sigmoid_mirrored,
            "values",
            "This is -softplus(x), the logarithm of sigmoid(-x). The argument's sign must change too.",
        ),
        Mistake(
            "minus missing",
            log_sigmoid_positive,
            "values",
            "This is softplus(-x). The logarithm of a number below 1 is negative.",
        ),
        Mistake(
            "textbook",
            log_sigmoid_textbook,
            "extremes",
            "exp(-x) overflows on the left, and on the right 1 + exp(-x) rounds to 1.",
        ),
        Mistake(
            "log for log1p",
            log_sigmoid_without_log1p,
            "extremes",
            "On the right 1 + exp(-|x|) rounds to 1 and its logarithm to 0: `np.log1p` keeps the tail.",
        ),
        Mistake(
            "infinities replaced",
            log_sigmoid_not_a_number,
            "extremes",
            "`np.nan_to_num` replaces -inf by -1.8e308. At -1000 the truth is -1000.",
        ),
        Mistake(
            "maximum for minimum",
            lambda x: np.maximum(x, 0) - np.log1p(np.exp(-np.abs(x))),
            "values",
            "The straight piece belongs to the negative side: the minimum of x and 0.",
        ),
    ),
    alternatives=(
        log_sigmoid_by_softplus,
        log_sigmoid_by_line_and_bump,
        lambda x: -np.logaddexp(np.zeros_like(x), -x),
    ),
    hints=(
        "What is log(1 / a)? So what is the logarithm of 1 / (1 + exp(-x))?",
        "The logarithm turns the division into a minus: log(1 / a) is -log(a), so no division is left at all. What "
        "remains is the logarithm of 1 plus an exponential, and you have just written a function that computes "
        "such a "
        "thing without overflow and without losing its tail. Compare its formula with yours, term by term: "
        "which number "
        "must be handed to it? At 2 the result is -0.1269, at -2 it is -2.1269.",
        "`return ____softplus(____)`: two signs belong into the gaps.",
    ),
    points=5,
)

# logsumexp


def logsumexp(x, axis=-1):
    """The truth, with -inf for a row of -inf alone."""
    top = np.max(x, axis=axis, keepdims=True)
    finite = np.where(np.isfinite(top), top, 0.0)
    return np.squeeze(finite, axis=axis) + np.log(np.sum(np.exp(x - finite), axis=axis))


def logsumexp_by_shift(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log(np.sum(np.exp(x - top), axis=axis))


def logsumexp_textbook(x, axis=-1):
    return np.log(np.sum(np.exp(x), axis=axis))


def logsumexp_one_maximum(x, axis=-1):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top), axis=axis))


def logsumexp_not_shifted_back(x, axis=-1):
    return np.log(np.sum(np.exp(x - np.max(x, axis=axis, keepdims=True)), axis=axis))


def logsumexp_keeping_axis(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))


def logsumexp_softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def logsumexp_maximum(x, axis=-1):
    return np.max(x, axis=axis)


def logsumexp_mean_shift(x, axis=-1):
    middle = np.mean(x, axis=axis, keepdims=True)
    return np.squeeze(middle, axis=axis) + np.log(np.sum(np.exp(x - middle), axis=axis))


def logsumexp_last_axis(x, axis=-1):
    return logsumexp(x)


def logsumexp_averaging(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log(np.mean(np.exp(x - top), axis=axis))


def logsumexp_by_pairs(x, axis=-1):
    return np.logaddexp.reduce(x, axis=axis)


def logsumexp_by_moving_the_axis(x, axis=-1):
    x = np.moveaxis(x, axis, -1)
    top = x.max(axis=-1)
    return np.log(np.exp(x - top[..., None]).sum(axis=-1)) + top


def logsumexp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def scores(*shape: int) -> np.ndarray:
        return np.round(generator.normal(scale=2.0, size=shape), 2)

    far = float(np.round(generator.uniform(800, 1200)))
    rows = np.array([[0.0, 1.0, 2.0], [far, far + 1, far + 3], [-far, -far - 1, -far - 2]])
    return (
        Case("values", (np.array([1.0, 2.0, 3.0]),)),
        Case("values", (scores(5),)),
        Case("values", (scores(4, 3),)),
        Case("axis", (scores(3, 4),), {"axis": 0}),
        Case("axis", (scores(2, 3, 4),), {"axis": 1}),
        Case("axis", (scores(2, 3, 4),), {"axis": -1}),
        Case("extremes", (np.array([far, far]),), quiet=True),
        Case("extremes", (np.array([-far, -far - 1]),), quiet=True),
        Case("extremes", (rows,), quiet=True),
        Case("extremes", (np.array([[-far, 0.0, far]]),), quiet=True),
        Case("extremes", (np.array([-np.inf, 0.0]),), graded=False),
        Case("extremes", (np.array([-np.inf, -np.inf]),), graded=False),
        Case("shape", (scores(1, 4),)),
        Case("shape", (scores(3, 1),)),
        Case("shape", (scores(2, 2, 3),)),
        Case("shape", (scores(3, 1, 4),)),
        Case("axis", (scores(2, 3, 4),), {"axis": 0}),
        Case("input unchanged", (scores(3, 3),)),
    )


LOGSUMEXP = Exercise(
    id="logsumexp",
    unit=UNIT,
    function="logsumexp",
    reference=logsumexp,
    criteria=(
        Criterion("values", 0.3, "The logarithm of the sum of the exponentials along the last axis."),
        Criterion("axis", 0.2, "It runs along the axis that is asked for."),
        Criterion(
            "extremes", 0.3, "No warning and no infinity for large numbers of either sign, in every row."
        ),
        Criterion("shape", 0.1, "The axis that is summed over is gone from the result's shape."),
        Criterion("input unchanged", 0.1, "The array that was handed in is the same afterwards."),
    ),
    public_inputs=lambda: logsumexp_cases(np.random.default_rng(25)),
    private_inputs=logsumexp_cases,
    curve=Curve(
        of=lambda function, x: function(np.stack([x, np.zeros_like(x)], axis=-1)),
        xlabel="x",
        ylabel="logsumexp([x, 0])",
    ),
    mistakes=(
        Mistake(
            "textbook",
            logsumexp_textbook,
            "extremes",
            "exp(1000) is infinite and exp(-1000) is 0. Take the largest number out of the sum first.",
        ),
        Mistake(
            "one maximum for all rows",
            logsumexp_one_maximum,
            "extremes",
            "The maximum of the whole array is subtracted, so a row of smaller numbers sinks to exp(-1000) = 0. "
            "Each row needs its own.",
        ),
        Mistake(
            "not shifted back",
            logsumexp_not_shifted_back,
            "values",
            "The maximum was subtracted and has to be added again: unlike softmax, logsumexp moves with a shift.",
        ),
        Mistake(
            "axis kept",
            logsumexp_keeping_axis,
            "values",
            "The values are right, and the axis is still there with length 1: drop `keepdims`, or squeeze it away.",
        ),
        Mistake(
            "softmax",
            logsumexp_softmax,
            "values",
            "This is softmax: one number for each entry, not for each row.",
        ),
        Mistake(
            "maximum",
            logsumexp_maximum,
            "values",
            "This is the maximum, which logsumexp approaches when one entry is much larger than all others.",
        ),
        Mistake(
            "mean in the sum's place",
            logsumexp_averaging,
            "values",
            "A mean of the exponentials stands where their sum should: too small by log(n).",
        ),
        Mistake(
            "shifted by the mean",
            logsumexp_mean_shift,
            "extremes",
            "The mean is subtracted. If one entry lies far above it, its exponential still overflows: subtract the "
            "largest.",
        ),
        Mistake("axis ignored", logsumexp_last_axis, "axis", "The argument `axis` is never used."),
        Mistake(
            "logarithm of each",
            lambda x, axis=-1: np.sum(x, axis=axis),
            "values",
            "This is the sum of x: the logarithm is taken of each exponential and undoes it. It is taken of their sum.",
        ),
        Mistake(
            "maximum subtracted again",
            lambda x, axis=-1: logsumexp(x, axis) - 2 * np.max(x, axis=axis),
            "values",
            "The maximum is subtracted a second time. It was taken out of the sum before the logarithm, and is added "
            "after it.",
        ),
    ),
    alternatives=(logsumexp_by_shift, logsumexp_by_pairs, logsumexp_by_moving_the_axis),
    hints=(
        "You may subtract the same number c from every entry before exp. How does the result change, and which "
        "c is safe?",
        "Take a common factor out of the sum: exp(a) + exp(b) = exp(c) (exp(a - c) + exp(b - c)), so the "
        "logarithm is c "
        "plus the logarithm of the new sum. With c the larger of the two, every exponent is at most 0 and one "
        "of them is "
        "exactly 0, so the sum lies between 1 and 2: nothing overflows and the logarithm sees no 0. In an array "
        "each row "
        "needs its own c, kept as a column (`keepdims=True`) while it is subtracted.",
        "`top = np.max(x, axis=axis, keepdims=____)`, then `np.squeeze(top, axis=axis) + np.log(np.sum(____, "
        "axis=axis))`.",
    ),
    points=5,
)

# The questions

Q_NEXT = Question(
    id="q_next",
    unit=UNIT,
    prompt="16777216 is $2^{24}$, and float32 has 24 significant bits. In float32, what is 16777216 + 1?",
    answer=16777216,
    replies={
        16777217: "That number needs 25 bits. The float32 numbers here lie 2 apart, and it falls between two of them.",
        16777218: "This is the next float32 number. The sum lies half way, and a tie goes to the even neighbour.",
    },
    explanation="From 2^24 on, float32 numbers are 2 apart. The sum 16777217 lies exactly half way between two "
    "of them "
    "and is rounded to the one whose last bit is 0: 16777216. A counter in float32 stops here.",
    hints=("How many different numbers are there between 2^24 and 2^25, if the leading bit is fixed?",),
)

Q_SILENT = Question(
    id="q_silent",
    unit=UNIT,
    prompt="One of these float64 computations leaves the range of its numbers and says nothing. Which one?",
    options={
        "a": Option(
            "`np.exp(1000.0)`",
            "This one warns: overflow encountered in exp.",
            belief="overflow is silent",
        ),
        "b": Option(
            "`np.log(0.0)`",
            "This one warns: divide by zero encountered in log.",
            belief="infinity from a logarithm is silent",
        ),
        "c": Option(
            "`np.exp(-1000.0)`",
            "It is 0, though the truth is 5e-435. NumPy does not warn of underflow unless it is told to.",
        ),
        "d": Option(
            "`np.inf - np.inf`, as arrays",
            "This one warns: invalid value encountered in subtract.",
            belief="nan is silent",
        ),
    },
    answer="c",
    explanation="Underflow to 0 is silent by default, because in a sum a missing 1e-435 does no harm. It does "
    "harm as "
    "soon as somebody divides by it or takes its logarithm.",
    hints=("Which of the four results is a perfectly ordinary number?",),
)

Q_WHERE = Question(
    id="q_where",
    unit=UNIT,
    prompt="`np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))` takes each formula where it is "
    "harmless. What happens at `x = np.array([-1000.0, 1000.0])`?",
    options={
        "a": Option(
            "The right values, and no warning.",
            "The values are right. But all four exponentials are computed for both numbers before `np.where` "
            "chooses.",
            belief="np.where evaluates only the chosen branch",
        ),
        "b": Option(
            "The right values, with warnings.",
            "Both branches are computed for every number. What is thrown away has overflowed before.",
        ),
        "c": Option(
            "nan in both places.",
            "inf / inf is nan in the right branch at 1000, and there `np.where` takes the other one.",
            belief="a discarded nan spoils the result",
        ),
        "d": Option(
            "A ValueError: the truth value of an array is ambiguous.",
            "That is what `if` says. `np.where` chooses element by element.",
            belief="np.where is an if",
        ),
    },
    answer="b",
    explanation="`np.where` is a function: Python computes all three arguments before it is called. The values "
    "are right "
    "here, but a gradient that runs through the discarded branch meets inf / inf, and 0 times nan is nan.",
    hints=("In which order does Python compute the arguments of a function and call it?",),
)

Q_DIGITS = Question(
    id="q_digits",
    unit=UNIT,
    prompt="The true softplus of -20 is about 2.061e-09. How many correct significant digits has "
    "`np.log(1 + np.exp(np.float32(-20)))`?",
    answer=0,
    replies={
        7: "float32 has about seven digits, if nothing has been lost on the way. Here 1 is added first.",
        6: "float32 has about seven digits, if nothing has been lost on the way. Here 1 is added first.",
        16: "That is float64. And also there the sum with 1 loses half of them.",
    },
    explanation="Near 1 the float32 numbers lie 1.2e-07 apart, so 1 + 2e-09 rounds to exactly 1, and log(1) is "
    "0. Not a "
    "digit is left. `np.log1p` takes the small number itself and never forms the sum.",
    hints=("What is 1 + 2e-09 in float32, whose numbers near 1 lie 1.2e-07 apart?",),
)

Q_SHIFT = Question(
    id="q_shift",
    unit=UNIT,
    prompt="Add 100 to every entry of a row. What happens to its logsumexp, $\\log \\sum_j e^{x_j}$?",
    options={
        "a": Option(
            "Nothing: it does not depend on a shift.",
            "That is softmax, whose numerator and denominator both grow by the factor exp(100).",
            belief="logsumexp is invariant under a shift",
        ),
        "b": Option(
            "It grows by 100.",
            "exp(x + 100) = exp(x) exp(100), and the common factor leaves the logarithm as + 100.",
        ),
        "c": Option(
            "It is multiplied by exp(100).",
            "The sum is. The logarithm turns the factor into a term.",
            belief="the logarithm of a product is the product",
        ),
        "d": Option(
            "It grows by 100 times the number of entries.",
            "Each term has the factor exp(100), but it is one common factor of the whole sum.",
            belief="each entry contributes its own shift",
        ),
    },
    answer="b",
    explanation="log(sum(exp(x + c))) = c + log(sum(exp(x))). Read from right to left it is the cure: subtract "
    "the largest "
    "entry, and add it again outside.",
    hints=("Write exp(x + 100) as a product.",),
)

# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_NEXT,
    ULP_ERROR,
    Q_SILENT,
    Q_WHERE,
    STABLE_SIGMOID,
    Q_DIGITS,
    SOFTPLUS,
    LOG_SIGMOID,
    Q_SHIFT,
    LOGSUMEXP,
)
