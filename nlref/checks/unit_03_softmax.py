"""Unit 03: softmax, with a temperature, its logarithm, with a mask, and sparsemax, and the questions around them."""

import numpy as np

from nlref.activations import log_softmax, softmax, sparsemax
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Property, Question

UNIT = "03_softmax"

AXIS = Criterion("axis", 0.2, "It runs along the axis that is asked for, the last one if none is.")
SHAPE = Criterion("shape", 0.1, "The result has the shape of x, whatever axes it has.")
UNCHANGED = Criterion("input unchanged", 0.1, "The array that was handed in is the same afterwards.")
FIRST = Curve(
    of=lambda function, x: function(np.stack([x, 0 * x, 0 * x], axis=-1))[..., 0],
    xlabel="x, of the scores [x, 0, 0]",
    ylabel="the first of the three results",
)


def scores(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Scores of both signs, two decimals."""
    return np.round(generator.normal(scale=1.5, size=shape), 2)


def far_apart(generator: np.random.Generator) -> np.ndarray:
    """Two rows of scores, one so far below the other that its exponentials are 0 unless it has a maximum of its own."""
    return scores(generator, 2, 3) + np.array([[0.0], [-9000.0]])


def row_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    """The calls that a function along an axis must survive."""
    far = float(np.round(generator.uniform(800, 1200)))
    rows = np.array([[0.0, 1.0], [far, far + 1], [-far, -far - 1]])
    return (
        Case("values", (np.array([1.0, 2.0, 3.0]),)),
        Case("values", (scores(generator, 5),)),
        Case("values", (scores(generator, 2, 3),)),
        Case("values", (scores(generator, 3, 3),)),
        Case("properties", (scores(generator, 4, 3),)),
        Case("axis", (scores(generator, 3, 4),), {"axis": 0}),
        Case("axis", (scores(generator, 2, 3, 4),), {"axis": 1}),
        Case("axis", (scores(generator, 2, 3, 4),), {"axis": -1}),
        Case("extremes", (np.array([far, far + 1.0]),), quiet=True, tolerance=1e-9),
        Case("extremes", (rows,), quiet=True, tolerance=1e-9),
        Case("extremes", (np.array([[-far, 0.0, far]]),), quiet=True, tolerance=1e-9, scale=1e-300),
        Case("extremes", (np.array([-np.inf, 0.0, 1.0]),), graded=False, tolerance=1e-9, scale=1e-300),
        Case("shape", (scores(generator, 1, 4),)),
        Case("shape", (scores(generator, 2, 2, 3),)),
        Case("shape", (scores(generator, 3, 1),)),
        Case("input unchanged", (scores(generator, 3, 3),)),
    )


# softmax


def softmax_right(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_textbook(x, axis=-1):
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def softmax_one_maximum(x, axis=-1):
    e = np.exp(x - np.max(x))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_whole(x, axis=-1):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


def softmax_lost_keepdims(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis)


def softmax_first_axis(x, axis=-1):
    e = np.exp(x - np.max(x, axis=0))
    return e / np.sum(e, axis=0)


def softmax_last_axis(x, axis=-1):
    return softmax_right(x)


def softmax_without_exp(x, axis=-1):
    return x / np.sum(x, axis=axis, keepdims=True)


def softmax_squares(x, axis=-1):
    return x**2 / np.sum(x**2, axis=axis, keepdims=True)


def softmax_sigmoid(x, axis=-1):
    return 1 / (1 + np.exp(-x))


def softmax_unnormalised(x, axis=-1):
    return np.exp(x - np.max(x, axis=axis, keepdims=True))


def softmax_hard(x, axis=-1):
    return 1.0 * (x == np.max(x, axis=axis, keepdims=True))


def softmax_base_two(x, axis=-1):
    e = 2.0 ** (x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_minimum(x, axis=-1):
    e = np.exp(x - np.min(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_in_place(x, axis=-1):
    x -= np.max(x, axis=axis, keepdims=True)
    e = np.exp(x)
    return e / np.sum(e, axis=axis, keepdims=True)


def softmax_by_logarithm(x, axis=-1):
    return np.exp(x - np.logaddexp.reduce(x, axis=axis, keepdims=True))


def softmax_by_moving_the_axis(x, axis=-1):
    rows = np.moveaxis(np.asarray(x), axis, 0)
    e = np.exp(rows - rows.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, axis)


def softmax_by_apply(x, axis=-1):
    return np.apply_along_axis(lambda row: softmax_right(row), axis, x)


SOFTMAX = Exercise(
    id="softmax",
    unit=UNIT,
    function="softmax",
    reference=softmax,
    criteria=(
        Criterion("values", 0.3, "exp of each score, divided by the sum of all exp along the axis."),
        AXIS,
        Criterion("extremes", 0.2, "No warning and no nan for large scores of either sign, in every row."),
        Criterion("properties", 0.1, "Every row sums to 1."),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: row_cases(np.random.default_rng(31)),
    private_inputs=row_cases,
    properties=(
        Property("every row sums to 1", lambda x, y: np.abs(y.sum(axis=-1) - 1) < 1e-9),
        Property("larger scores have larger probabilities", lambda x, y: np.argsort(x) == np.argsort(y)),
    ),
    curve=FIRST,
    mistakes=(
        Mistake(
            "textbook",
            softmax_textbook,
            "extremes",
            "exp(1000) is infinite, and infinity over infinity is nan. Subtract each row's largest score first.",
        ),
        Mistake(
            "one maximum for all rows",
            softmax_one_maximum,
            "extremes",
            "The largest score of the whole array is subtracted. A row of much smaller scores then becomes 0 / 0: "
            "each row needs its own.",
        ),
        Mistake(
            "one sum for all rows",
            softmax_whole,
            "values",
            "The whole array sums to 1. Each row should: the sum runs along the axis.",
        ),
        Mistake(
            "keepdims lost",
            softmax_lost_keepdims,
            "values",
            "The sum has lost its axis, so NumPy lines it up with the columns: a square batch runs and is wrong. "
            "Keep the axis with `keepdims=True`.",
        ),
        Mistake(
            "over the batch",
            softmax_first_axis,
            "values",
            "The columns sum to 1: this runs over the samples of the batch. It should run over the classes.",
        ),
        Mistake("axis ignored", softmax_last_axis, "axis", "The argument `axis` is never used."),
        Mistake(
            "without exp",
            softmax_without_exp,
            "values",
            "The scores are divided by their sum. They may be negative, and so may the sum: exp makes them "
            "positive first.",
        ),
        Mistake(
            "squares for exp",
            softmax_squares,
            "values",
            "Squares are positive as well, and they make a score of -3 as good as one of 3.",
        ),
        Mistake(
            "sigmoid",
            softmax_sigmoid,
            "values",
            "This is a sigmoid of each score by itself. Softmax compares the scores of a row: they share one sum.",
        ),
        Mistake(
            "not divided",
            softmax_unnormalised,
            "values",
            "The division by the sum is missing: the largest is 1.",
        ),
        Mistake(
            "argmax",
            softmax_hard,
            "values",
            "The largest score gets everything. That is the maximum as a vector; softmax is its soft version.",
        ),
        Mistake("base 2", softmax_base_two, "values", "The base is 2 here. Softmax uses e: `np.exp`."),
        Mistake(
            "smallest score subtracted",
            softmax_minimum,
            "extremes",
            "The smallest score is subtracted, which leaves the largest as large as it was. Subtract the largest.",
        ),
        Mistake(
            "in place",
            softmax_in_place,
            "input unchanged",
            "`x -= ...` writes into the caller's array. Build a new one.",
        ),
    ),
    alternatives=(softmax_right, softmax_by_logarithm, softmax_by_moving_the_axis, softmax_by_apply),
    hints=(
        "Which two steps turn any numbers into positive ones that sum to 1?",
        "First exp, then a division by the sum along the axis. The sum of a (4, 3) array along its last axis "
        "has the shape "
        "(4,), and NumPy would line that up with the columns; with `keepdims=True` it is (4, 1) and stays "
        "beside its row. "
        "Before exp, subtract from each row its largest score, kept in the same way: a factor exp(-c) above and "
        "below the "
        "fraction bar cancels, and no exponent is above 0 any more. For [1, 2, 3] the result is [0.0900, "
        "0.2447, 0.6652].",
        "`e = np.exp(x - np.max(x, axis=axis, keepdims=____))`, then `e / np.sum(____, axis=axis, keepdims=True)`.",
    ),
    points=5,
)

# softmax_with_temperature


def with_temperature(x, temperature, axis=-1):
    return softmax(x, axis=axis, temperature=temperature)


def temperature_multiplied(x, temperature, axis=-1):
    return softmax_right(x * temperature, axis)


def temperature_of_result(x, temperature, axis=-1):
    return softmax_right(x, axis) / temperature


def temperature_ignored(x, temperature, axis=-1):
    return softmax_right(x, axis)


def temperature_of_exponentials(x, temperature, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True)) / temperature
    return e / np.sum(e, axis=axis, keepdims=True)


def temperature_root_unnormalised(x, temperature, axis=-1):
    return softmax_right(x, axis) ** (1 / temperature)


def temperature_naive(x, temperature, axis=-1):
    e = np.exp(x / temperature)
    return e / np.sum(e, axis=axis, keepdims=True)


def temperature_shift_unscaled(x, temperature, axis=-1):
    e = np.exp(x / temperature - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def temperature_one_maximum(x, temperature, axis=-1):
    e = np.exp((x - np.max(x)) / temperature)
    return e / np.sum(e, axis=axis, keepdims=True)


def temperature_right(x, temperature, axis=-1):
    return softmax_right(x / temperature, axis)


def temperature_by_root(x, temperature, axis=-1):
    p = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return p / p.sum(axis=axis, keepdims=True)


def temperature_by_logarithm(x, temperature, axis=-1):
    z = np.true_divide(x, temperature)
    return np.exp(z - np.logaddexp.reduce(z, axis=axis, keepdims=True))


def temperature_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    low, high = (float(np.round(generator.uniform(*ends), 2)) for ends in ((0.2, 0.6), (1.5, 4.0)))
    return (
        Case("values", (np.array([1.0, 2.0, 4.0]), 2.0)),
        Case("values", (scores(generator, 2, 3), high)),
        Case("values", (scores(generator, 3, 3), low)),
        Case("axis", (scores(generator, 3, 4), low), {"axis": 0}),
        Case("axis", (scores(generator, 2, 3, 2), high), {"axis": 1}),
        Case("extremes", (np.array([1.0, 3.0]), 0.001), quiet=True, tolerance=1e-9, scale=1e-300),
        Case("extremes", (np.array([-1.0, -3.0]), 0.001), quiet=True, tolerance=1e-9, scale=1e-300),
        Case("extremes", (np.array([1000.0, 2000.0]), 1e3), quiet=True, tolerance=1e-9),
        Case("extremes", (np.array([1000.0, 1001.0]), 0.5), quiet=True, tolerance=1e-9),
        Case("extremes", (far_apart(generator), high), quiet=True, tolerance=1e-9),
        Case("input unchanged", (scores(generator, 3, 3), high)),
    )


TEMPERATURE = Exercise(
    id="softmax_with_temperature",
    unit=UNIT,
    function="softmax_with_temperature",
    reference=with_temperature,
    arguments=("x", "temperature"),
    criteria=(
        Criterion("values", 0.5, "The softmax of the scores divided by the temperature."),
        AXIS,
        Criterion("extremes", 0.2, "No warning for a temperature near 0, or for large scores."),
        UNCHANGED,
    ),
    public_inputs=lambda: temperature_cases(np.random.default_rng(32)),
    private_inputs=temperature_cases,
    curve=Curve(
        of=lambda function, t: np.array(
            [function(np.array([1.0, 0.0]), temperature)[0] for temperature in t]
        ),
        xlabel="temperature, for the scores [1, 0]",
        ylabel="probability of the first",
        low=0.05,
        high=6.0,
    ),
    mistakes=(
        Mistake(
            "multiplied by the temperature",
            temperature_multiplied,
            "values",
            "The scores are multiplied by the temperature, so a higher one makes the model more certain. Divide.",
        ),
        Mistake(
            "result divided",
            temperature_of_result,
            "values",
            "The probabilities are divided by the temperature, and no longer sum to 1. It belongs to the scores.",
        ),
        Mistake(
            "temperature ignored",
            temperature_ignored,
            "values",
            "The result is the same at every temperature.",
        ),
        Mistake(
            "root without normalising",
            temperature_root_unnormalised,
            "values",
            "The right powers of the probabilities, and they no longer sum to 1: divide by their sum.",
        ),
        Mistake(
            "no shift",
            temperature_naive,
            "extremes",
            "x / temperature is large when the temperature is small: subtract the largest score first.",
        ),
        Mistake(
            "shift before the division",
            temperature_shift_unscaled,
            "extremes",
            "The scores are divided by the temperature and their maximum is not, so it no longer is the maximum.",
        ),
        Mistake(
            "one maximum for all rows",
            temperature_one_maximum,
            "extremes",
            "The largest score of the whole array is subtracted. A row of much smaller scores then becomes 0 / 0: "
            "each row needs its own.",
        ),
    ),
    alternatives=(temperature_right, temperature_by_root, temperature_by_logarithm),
    hints=(
        "At a high temperature all classes should look alike. Should the scores move closer together or apart?",
        "You have a softmax that holds for any scores. A temperature does nothing but bring the scores closer "
        "together or "
        "further apart before it: at 2 a gap of 4 becomes one of 2, at 0.5 it becomes 8. Let your softmax see "
        "the changed "
        "scores, and it will subtract the maximum of what it sees. For [1, 2, 4] at temperature 2 the result is "
        "[0.1402, 0.2312, 0.6285].",
        "`return softmax(x ____ temperature, axis=axis)`",
    ),
    points=5,
)

# log_softmax


def log_of_softmax(x, axis=-1):
    return np.log(softmax_right(x, axis))


def log_of_softmax_guarded(x, axis=-1):
    return np.log(softmax_right(x, axis) + 1e-9)


def log_softmax_not_summed_back(x, axis=-1):
    return x - np.max(x, axis=axis, keepdims=True)


def log_softmax_of_sum(x, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.sum(np.exp(z), axis=axis, keepdims=True)


def log_softmax_textbook(x, axis=-1):
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def log_softmax_shifted_once(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))


def log_softmax_positive(x, axis=-1):
    return np.logaddexp.reduce(x, axis=axis, keepdims=True) - x


def log_softmax_base_two(x, axis=-1):
    return log_softmax_right(x, axis) / np.log(2)


def log_softmax_one_sum(x, axis=-1):
    z = x - np.max(x)
    return z - np.log(np.sum(np.exp(z)))


def log_softmax_last_axis(x, axis=-1):
    return log_softmax_right(x)


def log_softmax_first_axis(x, axis=-1):
    return log_softmax_right(x, 0)


def log_softmax_right(x, axis=-1):
    z = x - np.max(x, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def log_softmax_by_pairs(x, axis=-1):
    return x - np.logaddexp.reduce(x, axis=axis, keepdims=True)


def log_softmax_by_moving_the_axis(x, axis=-1):
    rows = np.moveaxis(np.asarray(x), axis, 0)
    rows = rows - rows.max(axis=0)
    return np.moveaxis(rows - np.log(np.exp(rows).sum(axis=0)), 0, axis)


LOG_SOFTMAX = Exercise(
    id="log_softmax",
    unit=UNIT,
    function="log_softmax",
    reference=log_softmax,
    criteria=(
        Criterion("values", 0.3, "The logarithm of softmax: each score minus the logsumexp of its row."),
        AXIS,
        Criterion("extremes", 0.3, "No warning and no infinity, however far the scores of a row lie apart."),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: row_cases(np.random.default_rng(33)),
    private_inputs=row_cases,
    curve=FIRST,
    mistakes=(
        Mistake(
            "logarithm of softmax",
            log_of_softmax,
            "extremes",
            "The softmax is stable and its logarithm is not: a probability of 1e-869 is 0, and log(0) is -inf. "
            "Take the logarithm on paper first.",
        ),
        Mistake(
            "1e-9 added",
            log_of_softmax_guarded,
            "values",
            "1e-9 is added inside the logarithm, so every value is a little off and none goes below -20.7.",
        ),
        Mistake(
            "sum left out",
            log_softmax_not_summed_back,
            "values",
            "The largest score is subtracted and the logarithm of the sum is missing: the largest result is 0.",
        ),
        Mistake(
            "textbook",
            log_softmax_textbook,
            "extremes",
            "exp(1000) overflows inside the sum. Subtract the largest score of the row first.",
        ),
        Mistake(
            "shifted in one place",
            log_softmax_shifted_once,
            "values",
            "The maximum is subtracted inside the sum, and not from the score in front of it.",
        ),
        Mistake(
            "sign",
            log_softmax_positive,
            "values",
            "The sign is turned: the logarithm of a probability is never above 0.",
        ),
        Mistake(
            "base 2", log_softmax_base_two, "values", "This is the logarithm to base 2. Here it is `np.log`."
        ),
        Mistake(
            "one sum for all rows",
            log_softmax_one_sum,
            "values",
            "One sum for the whole array. Each row has its own.",
        ),
        Mistake(
            "over the batch",
            log_softmax_first_axis,
            "values",
            "This runs over the samples of the batch. It should run over the classes.",
        ),
        Mistake("axis ignored", log_softmax_last_axis, "axis", "The argument `axis` is never used."),
        Mistake(
            "logarithm of the sum missing",
            log_softmax_of_sum,
            "values",
            "The sum of the exponentials is subtracted. It should be its logarithm.",
        ),
        Mistake(
            "log1p for log",
            lambda x, axis=-1: np.log1p(softmax_right(x, axis)),
            "values",
            "`np.log1p` adds 1 to the probability before the logarithm.",
        ),
    ),
    alternatives=(log_softmax_right, log_softmax_by_pairs, log_softmax_by_moving_the_axis),
    hints=(
        "What is the logarithm of a fraction? And which function of unit 02 is the logarithm of softmax's "
        "denominator?",
        "The logarithm of exp(x) divided by a sum is x minus the logarithm of the sum, and nothing has to be "
        "divided. The "
        "logarithm of a sum of exponentials is what you wrote in unit 02, with the largest score taken out. "
        "Subtract that "
        "score from the whole row first and call the result z; then z minus the logarithm of the sum of exp(z). For "
        "[1, 2, 3] the result is [-2.4076, -1.4076, -0.4076].",
        "`z = x - np.max(x, axis=axis, keepdims=True)`, then `z - np.log(np.sum(____, axis=axis, keepdims=True))`.",
    ),
    points=5,
)

# masked_softmax


def masked_reference(x, mask, axis=-1):
    return softmax(x, axis=axis, mask=np.asarray(mask, bool))


def masked_after(x, mask, axis=-1):
    return softmax_right(x, axis) * mask


def masked_score_zero(x, mask, axis=-1):
    return softmax_right(x * mask, axis)


def masked_inverted(x, mask, axis=-1):
    return masked_right(x, ~mask, axis)


def masked_small_number(x, mask, axis=-1):
    return softmax_right(np.where(mask, x, -10.0), axis)


def masked_ignored(x, mask, axis=-1):
    return softmax_right(x, axis)


def masked_infinite(x, mask, axis=-1):
    return softmax_right(np.where(mask, x, -np.inf), axis)


def masked_large_number(x, mask, axis=-1):
    return softmax_right(np.where(mask, x, -1e9), axis)


def masked_top_of_all(x, mask, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True)) * mask
    total = np.sum(e, axis=axis, keepdims=True)
    return np.where(total > 0, e / np.where(total > 0, total, 1), 0)


def masked_one_maximum(x, mask, axis=-1):
    e = np.exp(np.where(mask, x - np.max(x[mask]), -np.inf))
    total = np.sum(e, axis=axis, keepdims=True)
    return e / np.where(total == 0, 1, total)


def masked_right(x, mask, axis=-1):
    z = np.where(mask, x, -np.inf)
    top = np.max(z, axis=axis, keepdims=True)
    e = np.exp(z - np.where(np.isfinite(top), top, 0))
    total = np.sum(e, axis=axis, keepdims=True)
    return e / np.where(total == 0, 1, total)


def masked_by_finite_number(x, mask, axis=-1):
    p = softmax_right(np.where(mask, x, -1e30), axis) * mask
    return p


def masked_by_errstate(x, mask, axis=-1):
    with np.errstate(invalid="ignore"):
        p = softmax_right(np.where(mask, x, -np.inf), axis)
    return np.where(np.any(mask, axis=axis, keepdims=True), p, 0.0)


def masked_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def some(*shape: int) -> np.ndarray:
        mask = generator.uniform(size=shape) < 0.6
        mask[..., 0], mask[..., -1] = True, False
        return mask

    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return scores(generator, *shape), some(*shape)

    far = float(np.round(generator.uniform(800, 1200)))
    empty = np.array([[True, True, False], [False, False, False]])
    return (
        Case("values", (np.array([1.0, 2.0, 3.0]), np.array([True, True, False])), scale=1e-12),
        Case("values", pair(5), scale=1e-12),
        Case("values", pair(3, 4), scale=1e-12),
        Case("values", pair(3, 3), scale=1e-12),
        Case("axis", (scores(generator, 4, 3), np.ascontiguousarray(some(3, 4).T)), {"axis": 0}, scale=1e-12),
        Case("axis", pair(2, 3, 3), {"axis": -1}, scale=1e-12),
        Case("extremes", (scores(generator, 2, 3), empty), quiet=True, scale=1e-12),
        Case(
            "extremes",
            (np.array([far, far - 1, 3 * far]), np.array([True, True, False])),
            quiet=True,
            scale=1e-12,
        ),
        Case(
            "extremes",
            (np.array([-far, -far - 1, 0.0]), np.array([True, True, False])),
            quiet=True,
            scale=1e-12,
        ),
        Case(
            "extremes",
            (far_apart(generator), np.array([[True, False, True], [True, True, False]])),
            quiet=True,
            scale=1e-12,
        ),
        Case("input unchanged", pair(3, 3), scale=1e-12),
    )


MASKED_SOFTMAX = Exercise(
    id="masked_softmax",
    unit=UNIT,
    function="masked_softmax",
    reference=masked_reference,
    arguments=("x", "mask"),
    criteria=(
        Criterion("values", 0.4, "Softmax among the entries whose mask is True; exactly 0 for all others."),
        AXIS,
        Criterion(
            "extremes",
            0.3,
            "Rows without any entry are 0, without a warning; masked scores may be of any size.",
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: masked_cases(np.random.default_rng(34)),
    private_inputs=masked_cases,
    curve=Curve(
        of=lambda function, x: function(
            np.stack([x, 0 * x, 0 * x], axis=-1), np.broadcast_to([True, True, False], (x.size, 3))
        )[..., 0],
        xlabel="x, of the scores [x, 0, 0], the last one masked",
        ylabel="the first of the three results",
    ),
    mistakes=(
        Mistake(
            "masked afterwards",
            masked_after,
            "values",
            "The masked entries are set to 0 after softmax, so what is left no longer sums to 1.",
        ),
        Mistake(
            "score set to 0",
            masked_score_zero,
            "values",
            "The masked scores are set to 0, and exp(0) is 1: 0 is a score like any other. -inf is the one that "
            "counts "
            "for nothing.",
        ),
        Mistake(
            "mask turned around",
            masked_inverted,
            "values",
            "The entries whose mask is True are the ones left out. They are the ones to keep.",
        ),
        Mistake(
            "-10 is not far enough",
            masked_small_number,
            "values",
            "The masked scores are -10, and exp(-10) is 0.00005: something leaks through. They should be exactly 0.",
        ),
        Mistake("mask ignored", masked_ignored, "values", "The argument `mask` is never used."),
        Mistake(
            "one maximum for all rows",
            masked_one_maximum,
            "extremes",
            "The largest score of the whole array is subtracted, and all exponentials of a row of much smaller scores "
            "become 0: each row needs its own.",
        ),
        Mistake(
            "a row without entries",
            masked_infinite,
            "extremes",
            "In a row where everything is masked this computes -inf minus -inf, which is nan. The result there is 0.",
        ),
        Mistake(
            "a row without entries, evenly",
            masked_large_number,
            "extremes",
            "In a row where everything is masked all scores are equally low, so softmax spreads evenly over "
            "entries that "
            "do not exist. The result there is 0.",
        ),
        Mistake(
            "maximum among all",
            masked_top_of_all,
            "extremes",
            "The largest score is looked for among the masked ones too. If it is masked, everything else sinks "
            "to exp(-2000).",
        ),
        Mistake(
            "nan where masked",
            lambda x, mask, axis=-1: np.where(mask, masked_right(x, mask, axis), np.nan),
            "values",
            "The entries whose mask is False are nan. They have the probability 0.",
        ),
        Mistake(
            "-1 for masked scores",
            lambda x, mask, axis=-1: softmax_right(np.where(mask, x, -1.0), axis),
            "values",
            "A masked score of -1 still has a probability. It takes a score of minus infinity to have none.",
        ),
    ),
    alternatives=(masked_right, masked_by_finite_number, masked_by_errstate),
    hints=(
        "Which score has the exponential 0? And what becomes of a row that holds nothing else?",
        "Replace the masked scores before softmax by one whose exponential is exactly 0, and everything else "
        "follows: the "
        "maximum, the sum and the division see only what counts. One case remains, the row in which nothing "
        "counts: there "
        "the maximum is -inf, and -inf minus -inf is nan. Take 0 in place of such a maximum, and 1 in place of "
        "a sum that "
        "is 0. For [1, 2, 3] with the last one masked the result is [0.2689, 0.7311, 0].",
        "`z = np.where(mask, x, ____)`; the maximum where it is finite, else 0; `e / np.where(total == 0, ____, "
        "total)`.",
    ),
    points=5,
)

# sparsemax


def sparsemax_right(x):
    z = np.sort(x, axis=-1)[..., ::-1]
    k = np.arange(1, x.shape[-1] + 1)
    total = np.cumsum(z, axis=-1)
    count = np.sum(1 + k * z > total, axis=-1, keepdims=True)
    threshold = (np.take_along_axis(total, count - 1, axis=-1) - 1) / count
    return np.maximum(x - threshold, 0)


def sparsemax_softmax(x):
    return softmax_right(x)


def sparsemax_unclipped(x):
    z = np.sort(x, axis=-1)[..., ::-1]
    total = np.cumsum(z, axis=-1)
    count = np.sum(1 + np.arange(1, x.shape[-1] + 1) * z > total, axis=-1, keepdims=True)
    return x - (np.take_along_axis(total, count - 1, axis=-1) - 1) / count


def sparsemax_of_all(x):
    return np.maximum(x - (np.sum(x, axis=-1, keepdims=True) - 1) / x.shape[-1], 0)


def sparsemax_without_one(x):
    z = np.sort(x, axis=-1)[..., ::-1]
    total = np.cumsum(z, axis=-1)
    count = np.sum(1 + np.arange(1, x.shape[-1] + 1) * z > total, axis=-1, keepdims=True)
    return np.maximum(x - np.take_along_axis(total, count - 1, axis=-1) / count, 0)


def sparsemax_normalised_relu(x):
    y = np.maximum(x, 0)
    return y / np.sum(y, axis=-1, keepdims=True)


def sparsemax_first_row(x):
    z = np.sort(x, axis=-1)[..., ::-1]
    total = np.cumsum(z, axis=-1)
    count = int(np.sum(1 + np.arange(1, x.shape[-1] + 1) * z > total, axis=-1).ravel()[0])
    return np.maximum(x - (total[..., count - 1 : count] - 1) / count, 0)


def sparsemax_by_bisection(x):
    low, high = np.max(x, axis=-1, keepdims=True) - 1, np.max(x, axis=-1, keepdims=True)
    for _ in range(200):
        middle = (low + high) / 2
        much = np.sum(np.maximum(x - middle, 0), axis=-1, keepdims=True) > 1
        low, high = np.where(much, middle, low), np.where(much, high, middle)
    return np.maximum(x - (low + high) / 2, 0)


def sparsemax_by_rows(x):
    def one(row):
        z, total = sorted(row, reverse=True), 0.0
        threshold = 0.0
        for k, value in enumerate(z, start=1):
            total += value
            if 1 + k * value > total:
                threshold = (total - 1) / k
        return np.maximum(row - threshold, 0)

    return np.apply_along_axis(one, -1, x)


def sparsemax_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    below = scores(generator, 5, 4)
    below[0] = -np.abs(below[0]) - 0.1
    return (
        Case("values", (np.array([0.5, 0.9, -1.0]),), scale=1e-3),
        Case("values", (scores(generator, 4, 3),), scale=1e-3),
        Case("values", (scores(generator, 3, 5) / 2,), scale=1e-3),
        Case("values", (np.array([[0.1, 0.2, 0.3], [3.0, 0.0, 0.1], [-5.0, -5.1, -5.2]]),), scale=1e-3),
        Case("properties", (below,)),
        Case("shape", (scores(generator, 2, 3, 4),), scale=1e-3),
        Case("shape", (scores(generator, 1, 3),), scale=1e-3),
        Case("shape", (scores(generator, 3, 1),), scale=1e-3),
        Case("extremes", (np.array([2.0, 2.0, 2.0, 2.0]),), tolerance=1e-9, quiet=True),
        Case("extremes", (np.array([1000.0, 999.5, -1000.0]),), tolerance=1e-9, scale=1e-3, quiet=True),
        Case("input unchanged", (scores(generator, 3, 3),), scale=1e-3),
    )


SPARSEMAX = Exercise(
    id="sparsemax",
    unit=UNIT,
    function="sparsemax",
    reference=sparsemax,
    criteria=(
        Criterion("values", 0.5, "The scores minus one threshold for each row, cut off at 0."),
        Criterion("properties", 0.1, "Every row sums to 1, and nothing is negative."),
        Criterion("extremes", 0.2, "Equal scores share evenly; large scores are as good as small ones."),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: sparsemax_cases(np.random.default_rng(35)),
    private_inputs=sparsemax_cases,
    properties=(
        Property("every row sums to 1", lambda x, y: np.abs(y.sum(axis=-1) - 1) < 1e-9),
        Property("nothing is negative", lambda x, y: y >= 0),
    ),
    curve=Curve(
        of=lambda function, x: function(np.stack([x, 0 * x, 0 * x], axis=-1))[..., 0],
        xlabel="x, of the scores [x, 0, 0]",
        ylabel="the first of the three results",
        low=-2.0,
        high=2.0,
    ),
    mistakes=(
        Mistake("softmax", sparsemax_softmax, "values", "This is softmax, which is never exactly 0."),
        Mistake(
            "not cut off",
            sparsemax_unclipped,
            "values",
            "The threshold is right, and what falls below it is negative. It should be 0.",
        ),
        Mistake(
            "all entries kept",
            sparsemax_of_all,
            "values",
            "The threshold is that of all entries, so after the cut the rows sum to more than 1. First find how many "
            "stay; that search starts with the largest score, and `np.sort` puts the smallest first.",
        ),
        Mistake(
            "one missing in the threshold",
            sparsemax_without_one,
            "values",
            "The threshold lacks the -1, so what is left sums to 0 before the cut, not to 1.",
        ),
        Mistake(
            "relu, normalised",
            sparsemax_normalised_relu,
            "values",
            "This is relu divided by its sum: it changes when all scores are shifted, and has nothing to divide "
            "by when all "
            "are negative.",
        ),
        Mistake(
            "the first row's count",
            sparsemax_first_row,
            "values",
            "The number of entries that stay is taken from the first row. Each row has its own.",
        ),
        Mistake(
            "argmax",
            lambda x: 1.0 * (x == np.max(x, axis=-1, keepdims=True)),
            "values",
            "The largest score gets everything. Scores close to it should get a part.",
        ),
        Mistake(
            "clipped",
            lambda x: np.clip(x, 0, 1),
            "values",
            "Every score is cut to [0, 1] by itself, and rows no longer sum to 1: the threshold is missing.",
        ),
    ),
    alternatives=(sparsemax_right, sparsemax_by_bisection, sparsemax_by_rows),
    hints=(
        "If you knew which entries stay above 0, which number would you subtract from them so that they sum to 1?",
        "Suppose the k largest stay. Their sum minus k times the threshold must be 1, so the threshold is (sum "
        "- 1) / k. The "
        "right k is the largest one for which the k-th score still lies above its own threshold, that is, "
        "1 + k * z_k > z_1 + ... + z_k with the scores sorted downwards. `np.cumsum` has all these sums at "
        "once, and the "
        "number of places where the condition holds is k. For [0.5, 0.9, -1] it is 2, the threshold 0.2, the result "
        "[0.3, 0.7, 0].",
        "`z = np.sort(x, axis=-1)[..., ::-1]`, `total = np.cumsum(z, axis=-1)`, "
        "`count = np.sum(1 + k * z > ____, axis=-1, keepdims=True)`, then the threshold (total at count - ____) "
        "/ count.",
    ),
    points=5,
)

# The questions

Q_SAME = Question(
    id="q_softmax_same",
    unit=UNIT,
    prompt="Softmax turns the scores `[1, 2, 3]` into probabilities. Which other scores give the same ones?",
    options={
        "a": Option(
            "`[10, 20, 30]`: the proportions are the same.",
            "The gaps are ten times as large, and softmax looks at gaps: the last one gets 0.99995 here.",
            belief="softmax depends on ratios",
        ),
        "b": Option(
            "`[101, 102, 103]`: all are larger by 100.",
            "exp(100) is a factor of the numerator and of the denominator, and cancels.",
        ),
        "c": Option(
            "`[-1, -2, -3]`: only the signs have changed.",
            "The order is turned around: now the first one has the largest probability.",
            belief="softmax ignores signs",
        ),
        "d": Option(
            "None: different scores have different probabilities.",
            "A whole line of scores has the same probabilities: those that differ by a shift of all entries.",
            belief="softmax can be inverted",
        ),
    },
    answer="b",
    explanation="Only the differences between the scores of a row count. That is why the largest may be "
    "subtracted first, "
    "and why softmax of three scores has two degrees of freedom.",
    hints=("Write exp(x + 100) as a product.",),
)

Q_ONE = Question(
    id="q_softmax_one",
    unit=UNIT,
    prompt="A network for a yes-or-no question has one output unit, and softmax as its activation. Which "
    "probability does "
    "it answer when the score is -3?",
    answer=1,
    tolerance=0.0005,
    replies={
        0.05: "That is about the sigmoid of -3. Softmax divides by the sum of its row, which has one entry.",
        0.047: "That is the sigmoid of -3. Softmax divides by the sum of its row, which has one entry.",
        0: "A single entry divided by itself is never 0.",
        0.5: "That would need a second entry with the same score.",
    },
    explanation="exp(-3) / exp(-3) = 1, whatever the score. The network answers yes to everything, and its "
    "gradient is 0. "
    "One output takes a sigmoid, which is the softmax of the pair [x, 0].",
    hints=("What is the sum of a row with one entry?",),
)

Q_BATCH = Question(
    id="q_softmax_batch",
    unit=UNIT,
    prompt="Somebody's softmax divides by `np.sum(e, axis=-1)` without `keepdims`. On a batch of shape (4, 3) "
    "it raises. "
    "What happens with shape (3, 3)?",
    options={
        "a": Option(
            "It raises as well.",
            "The shapes (3, 3) and (3,) do fit: NumPy lines the sums up with the columns.",
            belief="a wrong shape is always noticed",
        ),
        "b": Option(
            "It runs, and every row sums to 1.",
            "Each entry is divided by the sum of the row whose number is its column's.",
            belief="what runs is right",
        ),
        "c": Option(
            "It runs, and the columns sum to 1.",
            "For that the columns would have to be summed. The rows were.",
            belief="a lost axis means the other axis",
        ),
        "d": Option(
            "It runs, and neither rows nor columns sum to 1.",
            "Entry (i, j) is divided by the sum of row j. Only the diagonal is right.",
        ),
    },
    answer="d",
    explanation="NumPy aligns shapes from the right, so the sums stand above the columns. In a square batch nothing "
    "complains. Test with a shape that is not square.",
    hints=("Which sum does NumPy put beside the entry in row 0, column 2?",),
)

Q_COLD = Question(
    id="q_softmax_cold",
    unit=UNIT,
    prompt="The scores are `[2, 1, 0]`. What does softmax tend to when the temperature goes to 0?",
    options={
        "a": Option(
            "`[1/3, 1/3, 1/3]`: without warmth nothing stands out.",
            "That is the other end: at a high temperature the scores move together.",
            belief="cold means even",
        ),
        "b": Option(
            "`[1, 0, 0]`: the largest score takes all.",
            "The gaps grow without end, and the largest exponential outgrows all others.",
        ),
        "c": Option(
            "`[2/3, 1/3, 0]`: the scores divided by their sum.",
            "Softmax never is the scores divided by their sum.",
            belief="some temperature makes softmax linear",
        ),
        "d": Option(
            "nan: one cannot divide by 0.",
            "At 0 itself. On the way there the largest score wins more and more clearly.",
            belief="a limit is the value at the end",
        ),
    },
    answer="b",
    explanation="Dividing by a small temperature makes every gap large. In the limit softmax is the argmax, "
    "written as a "
    "vector, which is where its name comes from.",
    hints=("What happens to the gap between 2 and 1 when both are divided by 0.01?",),
)

Q_LINEAR = Question(
    id="q_sparsemax_flat",
    unit=UNIT,
    prompt="The scores are `[3, 0]`. How much probability does sparsemax leave to the second class?",
    answer=0,
    tolerance=1e-6,
    replies={
        0.047: "That is softmax. Sparsemax leaves nothing to a class that is more than 1 behind.",
        0.05: "That is about what softmax leaves. Sparsemax leaves nothing to a class that is more than 1 behind.",
        0.5: "Only equal scores share evenly.",
    },
    explanation="With two classes sparsemax is a straight line cut off at 0 and 1: a gap of 1 or more gives "
    "everything to "
    "the first. Exact zeros make attention readable, and they have no gradient.",
    hints=("The threshold is (3 - 1) / 1 if one entry stays. Is 0 above it?",),
)

# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_SAME,
    Q_BATCH,
    SOFTMAX,
    Q_ONE,
    LOG_SOFTMAX,
    Q_COLD,
    TEMPERATURE,
    MASKED_SOFTMAX,
    Q_LINEAR,
    SPARSEMAX,
)
