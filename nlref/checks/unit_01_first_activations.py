"""Unit 01: relu, leaky_relu, sigmoid and tanh, and the questions around them.

The text of the unit asks for arrays of any shape, finite results at any finite input, and an input left as it
was. Infinities, NaN, integers and a result in float64 are observed and reported, not graded: unit 02 is about them.
"""

import math

import numpy as np

from nlref.activations import leaky_relu, relu, sigmoid, tanh
from nlref.checks.exercise import Case, Criterion, Exercise, Mistake, Option, Property, Question
from nlref.checks.inputs import elementwise_cases

UNIT = "01_first_activations"

SHAPE = Criterion("shape", 0.2, "The result has the shape of x, whether x is a vector, a matrix or deeper.")
DTYPE = Criterion("dtype", 0.1, "The result is a NumPy array of floating-point numbers.")
UNCHANGED = Criterion("input unchanged", 0.1, "The array that was handed in is the same afterwards.")


def rectifier_criteria(extremes: str, values: str) -> tuple[Criterion, ...]:
    return (
        Criterion("values", 0.4, values),
        SHAPE,
        Criterion("extremes", 0.2, extremes),
        DTYPE,
        UNCHANGED,
    )


def squashing_criteria(properties: str, extremes: str, values: str) -> tuple[Criterion, ...]:
    return (
        Criterion("values", 0.4, values),
        Criterion("properties", 0.1, properties),
        SHAPE,
        Criterion("extremes", 0.2, extremes),
        DTYPE,
    )


# relu


def relu_with_python_max(x):
    return max(0, x)


def relu_reduced(x):
    return np.max(x, 0)


def relu_slope(x):
    return np.where(x > 0, 1.0, 0.0)


def relu_absolute(x):
    return np.abs(x)


def relu_minimum(x):
    return np.minimum(0, x)


def relu_leaking(x):
    return np.where(x > 0, x, 0.01 * x)


def relu_dropping(x):
    return x[x > 0]


def relu_truncating(x):
    return np.vectorize(lambda value: value if value > 0 else 0)(x)


def relu_of_first_axis(x):
    return np.array([value if value > 0 else 0.0 for value in x])


def relu_capped(x):
    return np.minimum(np.maximum(x, 0), 6)


def relu_in_place(x):
    x[x < 0] = 0
    return x


def relu_smooth(x):
    return np.log1p(np.exp(x))


def relu_list(x):
    return np.maximum(x, 0).tolist()


def relu_by_where(x):
    return np.where(x > 0, x, 0.0)


def relu_by_mask(x):
    result = x.copy()
    result[result < 0] = 0
    return result


def relu_by_product(x):
    return x * (x > 0)


def relu_by_absolute_value(x):
    return (x + np.abs(x)) / 2


def relu_by_loop(x):
    return np.array([max(0.0, value) for value in x.ravel()]).reshape(x.shape)


def relu_by_clip(x):
    return np.clip(x, 0, None)


RELU = Exercise(
    id="relu",
    unit=UNIT,
    function="relu",
    reference=relu,
    criteria=rectifier_criteria(
        "A large x comes back as it is, a large negative x as 0.",
        "Negative numbers become 0, all others stay what they are.",
    ),
    public_inputs=lambda: elementwise_cases(np.random.default_rng(1)),
    private_inputs=lambda generator: elementwise_cases(generator),
    mistakes=(
        Mistake(
            "Python's max",
            relu_with_python_max,
            "values",
            "Python's `max`, like `if`, wants one answer to `x > 0`, and an array gives one for each element. "
            "`np.maximum` compares element by element.",
        ),
        Mistake(
            "largest element",
            relu_reduced,
            "values",
            "`np.max` finds the largest element along an axis; its second argument is that axis. "
            "`np.maximum` takes two arrays and keeps the larger of each pair.",
        ),
        Mistake(
            "slope of relu",
            relu_slope,
            "values",
            "This is the slope of relu: 1 where x is positive. The function itself returns x there.",
        ),
        Mistake(
            "absolute value",
            relu_absolute,
            "values",
            "This is the absolute value: negative numbers change their sign here, and should become 0.",
        ),
        Mistake(
            "minimum for maximum",
            relu_minimum,
            "values",
            "The wrong half is kept: this is the smaller of 0 and x, and relu is the larger.",
        ),
        Mistake(
            "leaky",
            relu_leaking,
            "values",
            "This is a leaky relu with slope 0.01: negative numbers are scaled here, and should become 0.",
        ),
        Mistake(
            "negatives dropped",
            relu_dropping,
            "values",
            "The negative numbers are left out, so the result is shorter than x. Every element needs its place.",
        ),
        Mistake(
            "np.vectorize truncates",
            relu_truncating,
            "values",
            "`np.vectorize` takes the type of its result from the first element: the integer 0 there cuts off all "
            "the fractions that follow.",
        ),
        Mistake(
            "softplus",
            relu_smooth,
            "values",
            "This is softplus, a smooth relative: it never is 0. relu has a corner, and is exactly 0 to its left.",
        ),
        Mistake(
            "loop over the first axis",
            relu_of_first_axis,
            "shape",
            "The loop runs over the first axis, so in a matrix it meets whole rows instead of numbers.",
        ),
        Mistake(
            "capped at 6",
            relu_capped,
            "extremes",
            "This is relu6, which stops at 6. Plain relu has no upper end.",
        ),
        Mistake(
            "in place",
            relu_in_place,
            "input unchanged",
            "The assignment writes into the caller's array. Work on `x.copy()`, or build a new array.",
        ),
        Mistake(
            "a list",
            relu_list,
            "dtype",
            "A list comes back: the next line of a network, such as `h @ W`, needs an array.",
        ),
    ),
    alternatives=(
        lambda x: np.maximum(0, x),
        relu_by_where,
        relu_by_mask,
        relu_by_product,
        relu_by_absolute_value,
        relu_by_loop,
        relu_by_clip,
        lambda x: np.piecewise(x, [x > 0], [lambda positive: positive, 0.0]),
        lambda x: np.maximum(x.astype(np.float32), 0),
    ),
    hints=(
        "What should happen to -3? And to 3? Which of two numbers is kept each time?",
        "Put 0 beside every element and keep the larger of the two. For the pair of arrays [1, 5] and [4, 2] that "
        "would give [4, 5]: one answer for each position, not one for all. Python's `max` cannot do it, because it "
        "asks the whole array at once. NumPy has a function that compares two arrays element by element, and it "
        "stretches a single number, such as 0, to the shape of the other array.",
        "`return np.maximum(____, x)`: which number belongs into the gap?",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# leaky_relu


def leaky_relu_of_pytorch(x, negative_slope=0.01):
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_of_keras_layer(x, negative_slope=0.3):
    return np.where(x > 0, x, negative_slope * x)


def leaky_relu_fixed_slope(x, negative_slope=0.2):
    return np.where(x > 0, x, 0.2 * x)


def leaky_relu_fixed_small_slope(x, negative_slope=0.2):
    return np.where(x > 0, x, 0.01 * x)


def leaky_relu_not_leaking(x, negative_slope=0.2):
    return np.maximum(x, 0)


def leaky_relu_branches_swapped(x, negative_slope=0.2):
    return np.where(x > 0, negative_slope * x, x)


def leaky_relu_sign(x, negative_slope=0.2):
    return np.where(x > 0, x, -negative_slope * x)


def leaky_relu_slope(x, negative_slope=0.2):
    return np.where(x > 0, 1.0, negative_slope)


def leaky_relu_constant(x, negative_slope=0.2):
    return np.where(x > 0, x, negative_slope)


def leaky_relu_floor(x, negative_slope=0.2):
    return np.maximum(x, -negative_slope)


def leaky_relu_with_python_max(x, negative_slope=0.2):
    return max(negative_slope * x, x)


def leaky_relu_without_argument(x):
    return np.where(x > 0, x, 0.2 * x)


def leaky_relu_divided(x, negative_slope=0.2):
    return np.where(x > 0, x, x / negative_slope)


def leaky_relu_lowered(x, negative_slope=0.2):
    return np.where(x > 0, x, x - negative_slope)


def leaky_relu_exponential(x, negative_slope=0.2):
    return np.where(x > 0, x, negative_slope * (np.exp(np.minimum(x, 0)) - 1))


def leaky_relu_by_maximum(x, negative_slope=0.2):
    return np.maximum(negative_slope * x, x)


def leaky_relu_of_first_axis(x, negative_slope=0.2):
    return np.array([value if value > 0 else negative_slope * value for value in x])


def leaky_relu_in_place(x, negative_slope=0.2):
    x[x < 0] *= negative_slope
    return x


def leaky_relu_by_two_ramps(x, negative_slope=0.2):
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def leaky_relu_by_mask(x, negative_slope=0.2):
    result = x.copy()
    result[x < 0] *= negative_slope
    return result


def leaky_relu_by_factor(x, negative_slope=0.2):
    return x * np.where(x > 0, 1.0, negative_slope)


def leaky_relu_by_relu(x, negative_slope=0.2):
    return np.maximum(0, x) - negative_slope * np.maximum(0, -x)


def leaky_relu_by_loop(x, negative_slope=0.2):
    values = [value if value >= 0 else negative_slope * value for value in x.ravel()]
    return np.array(values).reshape(x.shape)


def leaky_relu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    slope = float(np.round(generator.uniform(0.02, 0.15), 3))
    return (
        *elementwise_cases(generator, ({}, {"negative_slope": slope}, {"negative_slope": 0.5})),
        Case("extremes", (np.array([-2.0, -1.0, 1.0, 2.0]),), {"negative_slope": 2.0}, scale=1.0),
        Case("extremes", (np.array([-2.0, -1.0, 1.0, 2.0]),), {"negative_slope": 0.0}, scale=1.0),
    )


LEAKY_RELU = Exercise(
    id="leaky_relu",
    unit=UNIT,
    function="leaky_relu",
    reference=leaky_relu,
    criteria=rectifier_criteria(
        "It holds for large x, and for any slope: 0, and above 1 too.",
        "Negative numbers are multiplied by negative_slope, which is 0.2 if it is not given.",
    ),
    public_inputs=lambda: leaky_relu_cases(np.random.default_rng(2)),
    private_inputs=leaky_relu_cases,
    mistakes=(
        Mistake(
            "PyTorch's slope",
            leaky_relu_of_pytorch,
            "values",
            "With a given slope this is right; without one it uses 0.01, PyTorch's default. "
            "`keras.activations.leaky_relu`, and this exercise, take 0.2.",
        ),
        Mistake(
            "the Keras layer's slope",
            leaky_relu_of_keras_layer,
            "values",
            "With a given slope this is right; without one it uses 0.3, the default of the layer "
            "`keras.layers.LeakyReLU`. The function, and this exercise, take 0.2.",
        ),
        Mistake(
            "slope fixed at 0.2",
            leaky_relu_fixed_slope,
            "values",
            "The slope is always 0.2: the argument `negative_slope` is never used.",
        ),
        Mistake(
            "slope fixed at 0.01",
            leaky_relu_fixed_small_slope,
            "values",
            "The slope is always 0.01: the argument `negative_slope` is never used.",
        ),
        Mistake(
            "no argument for the slope",
            leaky_relu_without_argument,
            "values",
            "The function cannot be told a slope: it needs a second argument of the name `negative_slope`.",
        ),
        Mistake(
            "divided by the slope",
            leaky_relu_divided,
            "values",
            "Negative numbers are divided by the slope. They should be multiplied by it.",
        ),
        Mistake(
            "slope subtracted",
            leaky_relu_lowered,
            "values",
            "The slope is subtracted from negative numbers. They should be multiplied by it.",
        ),
        Mistake(
            "no leak",
            leaky_relu_not_leaking,
            "values",
            "This is plain relu: negative numbers become 0, and should be multiplied by the slope.",
        ),
        Mistake(
            "branches swapped",
            leaky_relu_branches_swapped,
            "values",
            "The positive numbers are scaled and the negative ones kept. It should be the other way round.",
        ),
        Mistake(
            "sign",
            leaky_relu_sign,
            "values",
            "Negative numbers come out positive: the leak keeps the sign of x, so it is `slope * x`, without a minus.",
        ),
        Mistake(
            "slope of leaky_relu",
            leaky_relu_slope,
            "values",
            "This is the slope of the function (1 or negative_slope), not the function.",
        ),
        Mistake(
            "constant on the left",
            leaky_relu_constant,
            "values",
            "All negative numbers become the slope itself. They should be multiplied by it.",
        ),
        Mistake(
            "floor",
            leaky_relu_floor,
            "values",
            "The function stops at -negative_slope here. A leaky relu has no lower end: it goes on falling.",
        ),
        Mistake(
            "Python's max",
            leaky_relu_with_python_max,
            "values",
            "Python's `max`, like `if`, wants one answer to `x > 0`, and an array gives one for each element. "
            "`np.where` chooses element by element.",
        ),
        Mistake(
            "exponential",
            leaky_relu_exponential,
            "values",
            "This is elu, which bends towards -slope. A leaky relu is a straight line on the left.",
        ),
        Mistake(
            "maximum of two lines",
            leaky_relu_by_maximum,
            "extremes",
            "`np.maximum(negative_slope * x, x)` is a leaky relu only while the slope is at most 1: above, "
            "the steeper line wins on the wrong side.",
        ),
        Mistake(
            "loop over the first axis",
            leaky_relu_of_first_axis,
            "shape",
            "The loop runs over the first axis, so in a matrix it meets whole rows instead of numbers.",
        ),
        Mistake(
            "in place",
            leaky_relu_in_place,
            "input unchanged",
            "The assignment writes into the caller's array. Work on `x.copy()`, or build a new array.",
        ),
        Mistake(
            "slope on both sides",
            lambda x, negative_slope=0.2: negative_slope * x,
            "values",
            "Everything is multiplied by the slope. Above 0, x comes back as it is.",
        ),
    ),
    alternatives=(
        lambda x, negative_slope=0.2: np.where(x >= 0, x, negative_slope * x),
        leaky_relu_by_two_ramps,
        leaky_relu_by_mask,
        leaky_relu_by_factor,
        leaky_relu_by_relu,
        leaky_relu_by_loop,
    ),
    hints=(
        "Which numbers should change, and which should stay? What is -10 to become with a slope of 0.2?",
        "You need one rule where x is positive and another where it is not. `np.where(condition, a, b)` takes a where "
        "the condition is true and b elsewhere: with t = [-5, 30] degrees, `np.where(t > 0, t, 0)` is [0, 30]. "
        "Both a and b may be arrays computed from x. A maximum of two lines looks shorter, and is wrong as soon as the "
        "slope exceeds 1.",
        "`return np.where(x > 0, ____, ____ * x)`: the first gap is what a positive number becomes.",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# sigmoid


def sigmoid_mirrored(x):
    return 1 / (1 + np.exp(x))


def sigmoid_slope(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 - s)


def sigmoid_without_brackets(x):
    return 1 / 1 + np.exp(-x)


def sigmoid_by_ratio(x):
    return np.exp(x) / (1 + np.exp(x))


def sigmoid_with_math(x):
    return 1 / (1 + math.exp(-x))


def sigmoid_hard(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def sigmoid_hard_keras(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def sigmoid_clipped(x):
    return 1 / (1 + np.exp(-np.clip(x, -10, 10)))


def sigmoid_clipped_on_one_side(x):
    return 1 / (1 + np.exp(-np.minimum(x, 10)))


def sigmoid_minus(x):
    return 1 / (1 - np.exp(-x))


def sigmoid_without_one(x):
    return 1 / np.exp(-x)


def sigmoid_shared(x):
    return np.exp(x) / np.sum(np.exp(x))


def sigmoid_slope_of_output(x):
    return x * (1 - x)


def sigmoid_base_two(x):
    return 1 / (1 + 2.0**-x)


def sigmoid_of_tanh_unscaled(x):
    return (1 + np.tanh(x)) / 2


def sigmoid_rounded(x):
    return np.round(1 / (1 + np.exp(-x)))


def sigmoid_of_first_axis(x):
    return np.array([1 / (1 + math.exp(-value)) if abs(value) < 700 else float(value > 0) for value in x])


def sigmoid_list(x):
    return (1 / (1 + np.exp(-x))).tolist()


def sigmoid_by_branches(x):
    result = np.empty_like(x)
    positive = x >= 0
    result[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    result[~positive] = e / (1 + e)
    return result


def sigmoid_by_absolute_value(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def sigmoid_by_loop(x):
    def one(value):
        if value >= 0:
            return 1 / (1 + math.exp(-value))
        return math.exp(value) / (1 + math.exp(value))

    return np.array([one(value) for value in x.ravel()]).reshape(x.shape)


SIGMOID = Exercise(
    id="sigmoid",
    unit=UNIT,
    function="sigmoid",
    reference=sigmoid,
    criteria=squashing_criteria(
        "All results lie between 0 and 1, and sigmoid(-x) is 1 - sigmoid(x).",
        "Far out the result is 0 on the left and 1 on the right, at x = -1000 and x = 1000 too.",
        "1 / (1 + exp(-x)), element by element.",
    ),
    public_inputs=lambda: elementwise_cases(np.random.default_rng(3)),
    private_inputs=lambda generator: elementwise_cases(generator),
    properties=(
        Property("between 0 and 1", lambda x, y: (y >= 0) & (y <= 1)),
        Property("sigmoid(-x) = 1 - sigmoid(x)", lambda x, y: np.abs(y + y[::-1] - 1) < 1e-5),
    ),
    mistakes=(
        Mistake(
            "mirrored",
            sigmoid_mirrored,
            "values",
            "The curve is mirrored: it falls where it should rise. The exponent is -x, not x.",
        ),
        Mistake(
            "slope of sigmoid",
            sigmoid_slope,
            "values",
            "This is the slope of the sigmoid, s (1 - s), not the sigmoid s.",
        ),
        Mistake(
            "brackets missing",
            sigmoid_without_brackets,
            "values",
            "Without brackets `1 / 1 + np.exp(-x)` is 1 + exp(-x): the division comes before the sum.",
        ),
        Mistake(
            "math.exp",
            sigmoid_with_math,
            "values",
            "The functions of `math` take one number. Those of NumPy, such as `np.exp`, take a whole array.",
        ),
        Mistake(
            "hard sigmoid",
            sigmoid_hard,
            "values",
            "This is the hard sigmoid 0.2 x + 0.5, three straight lines. The sigmoid itself is asked for.",
        ),
        Mistake(
            "hard sigmoid of Keras",
            sigmoid_hard_keras,
            "values",
            "This is the hard sigmoid x/6 + 0.5, three straight lines. The sigmoid itself is asked for.",
        ),
        Mistake(
            "minus for plus",
            sigmoid_minus,
            "values",
            "The denominator is 1 - exp(-x) here, which is 0 at 0. It should be 1 + exp(-x).",
        ),
        Mistake(
            "exponential alone",
            sigmoid_without_one,
            "values",
            "This is exp(x): the 1 in the denominator 1 + exp(-x) is missing.",
        ),
        Mistake(
            "softmax",
            sigmoid_shared,
            "values",
            "This divides by a sum over the array, which is softmax: every result depends on all elements. "
            "A sigmoid looks at one element at a time.",
        ),
        Mistake(
            "slope of an output",
            sigmoid_slope_of_output,
            "values",
            "x (1 - x) is the slope of a sigmoid whose output is x. The sigmoid itself is asked for.",
        ),
        Mistake(
            "base 2",
            sigmoid_base_two,
            "values",
            "The base is 2 here. The sigmoid uses e: `np.exp`.",
        ),
        Mistake(
            "tanh not scaled",
            sigmoid_of_tanh_unscaled,
            "values",
            "(1 + tanh(x)) / 2 is sigmoid(2 x): tanh needs x / 2.",
        ),
        Mistake(
            "tanh",
            np.tanh,
            "values",
            "This is tanh, which runs from -1 to 1. The sigmoid runs from 0 to 1.",
        ),
        Mistake(
            "rounded",
            sigmoid_rounded,
            "values",
            "The results are rounded to 0 or 1. A decision can be made later; the sigmoid itself is smooth.",
        ),
        Mistake(
            "ratio of large numbers",
            sigmoid_by_ratio,
            "extremes",
            "exp(x) / (1 + exp(x)) is infinity over infinity for a large x, and that is nan. "
            "Divide both by exp(x) first.",
        ),
        Mistake(
            "clipped at 10",
            sigmoid_clipped,
            "extremes",
            "The input is clipped at 10, so the result stops at 0.99995 and its slope beyond is exactly 0.",
        ),
        Mistake(
            "loop over the first axis",
            sigmoid_of_first_axis,
            "shape",
            "The loop runs over the first axis, so in a matrix it meets whole rows instead of numbers.",
        ),
        Mistake(
            "a list",
            sigmoid_list,
            "dtype",
            "A list comes back: the next line of a network, such as `h @ W`, needs an array.",
        ),
        Mistake(
            "softsign",
            lambda x: (x / (1 + np.abs(x)) + 1) / 2,
            "values",
            "This is the softsign, moved to [0, 1]. It has the same outline, and it approaches 0 and 1 far more "
            "slowly.",
        ),
    ),
    alternatives=(
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: np.reciprocal(1 + np.exp(-x)),
        lambda x: (1 + np.tanh(x / 2)) / 2,
        lambda x: np.exp(-np.logaddexp(0, -x)),
        sigmoid_by_branches,
        sigmoid_by_absolute_value,
        sigmoid_by_loop,
        lambda x: 1 / (1 + np.exp(-np.clip(x, -500, 500))),
        lambda x: 1 / (1 + np.exp(-x.astype(np.float32))),
    ),
    hints=(
        "What is exp(-x) for a large x? And for a very negative one? What does that make of 1 / (1 + exp(-x))?",
        "Build it from the inside out, one step a line, and look at each step on [-2, 0, 2]: first the negated x, "
        "then its exponential, then 1 plus that, then 1 divided by the sum. Python divides before it adds, so the sum "
        "needs brackets: 1 / 2 + 2 is 2.5, and 1 / (2 + 2) is 0.25. `np.exp` takes whole arrays; `math.exp` does not.",
        "`return 1 / (1 + np.exp(____))`: what belongs into the gap, so that a large x gives 1?",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# tanh


def tanh_by_exponentials(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def tanh_by_growing_exponential(x):
    return (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)


def tanh_by_shrinking_exponential(x):
    return (1 - np.exp(-2 * x)) / (1 + np.exp(-2 * x))


def tanh_sigmoid(x):
    return 1 / (1 + np.exp(-x))


def tanh_not_shifted(x):
    return 1 / (1 + np.exp(-2 * x))


def tanh_not_scaled(x):
    return 2 / (1 + np.exp(-x)) - 1


def tanh_slope(x):
    return 1 - np.tanh(x) ** 2


def tanh_flipped(x):
    return -np.tanh(x)


def tanh_without_brackets(x):
    return np.exp(x) - np.exp(-x) / np.exp(x) + np.exp(-x)


def tanh_clipped_line(x):
    return np.clip(x, -1, 1)


def tanh_with_math(x):
    return math.tanh(x)


def tanh_of_first_axis(x):
    return np.array([math.tanh(value) for value in x])


def tanh_upside_down(x):
    return (np.exp(x) + np.exp(-x)) / (np.exp(x) - np.exp(-x))


def tanh_list(x):
    return np.tanh(x).tolist()


def tanh_by_loop(x):
    return np.array([math.tanh(value) for value in x.ravel()]).reshape(x.shape)


def tanh_by_absolute_value(x):
    e = np.exp(-2 * np.abs(x))
    return np.sign(x) * (1 - e) / (1 + e)


def tanh_by_expm1(x):
    e = np.expm1(-2 * np.abs(x))
    return np.copysign(-e / (2 + e), x)


TANH = Exercise(
    id="tanh",
    unit=UNIT,
    function="tanh",
    reference=tanh,
    criteria=squashing_criteria(
        "All results lie between -1 and 1, and tanh(-x) is -tanh(x).",
        "Far out the result is -1 on the left and 1 on the right, at x = -1000 and x = 1000 too.",
        "(exp(x) - exp(-x)) / (exp(x) + exp(-x)), element by element.",
    ),
    public_inputs=lambda: elementwise_cases(np.random.default_rng(4)),
    private_inputs=lambda generator: elementwise_cases(generator),
    properties=(
        Property("between -1 and 1", lambda x, y: np.abs(y) <= 1),
        Property("tanh(-x) = -tanh(x)", lambda x, y: np.abs(y + y[::-1]) < 1e-5),
    ),
    mistakes=(
        Mistake(
            "infinity over infinity",
            tanh_by_exponentials,
            "extremes",
            "exp(1000) is inf, and so are sinh and cosh; inf / inf is nan. With a = exp(-2 |x|), which is at most 1, "
            "tanh(x) = sign(x) (1 - a) / (1 + a); or use your sigmoid: 2 sigmoid(2 x) - 1.",
        ),
        Mistake(
            "infinity on the right",
            tanh_by_growing_exponential,
            "extremes",
            "exp(2 x) is inf for a large x, and inf / inf is nan. An exponential of -2 |x| never overflows.",
        ),
        Mistake(
            "infinity on the left",
            tanh_by_shrinking_exponential,
            "extremes",
            "exp(-2 x) is inf for a very negative x, and inf / inf is nan. An exponential of -2 |x| never overflows.",
        ),
        Mistake(
            "sigmoid", tanh_sigmoid, "values", "This is the sigmoid, from 0 to 1. tanh runs from -1 to 1."
        ),
        Mistake(
            "not shifted",
            tanh_not_shifted,
            "values",
            "This is sigmoid(2 x), from 0 to 1. To run from -1 to 1 it must be doubled and moved down by 1.",
        ),
        Mistake(
            "not scaled",
            tanh_not_scaled,
            "values",
            "This is 2 sigmoid(x) - 1, which is tanh(x / 2): the sigmoid needs 2 x inside.",
        ),
        Mistake("slope of tanh", tanh_slope, "values", "This is the slope of tanh, 1 - tanh(x)^2, not tanh."),
        Mistake("sign", tanh_flipped, "values", "The sign is flipped: tanh rises, and has the sign of x."),
        Mistake(
            "brackets missing",
            tanh_without_brackets,
            "values",
            "Numerator and denominator need brackets: Python divides before it adds.",
        ),
        Mistake(
            "upside down",
            tanh_upside_down,
            "values",
            "This is 1 / tanh(x): numerator and denominator have changed places.",
        ),
        Mistake("arctan", np.arctan, "values", "This is arctan, which runs to 1.57. tanh runs to 1."),
        Mistake("sinh", np.sinh, "values", "This is sinh: the division by exp(x) + exp(-x) is missing."),
        Mistake(
            "tan", np.tan, "values", "This is the tangent of an angle. The h in tanh stands for hyperbolic."
        ),
        Mistake(
            "hard tanh",
            tanh_clipped_line,
            "values",
            "This is the hard tanh, a line cut off at -1 and 1. tanh itself is smooth.",
        ),
        Mistake(
            "math.tanh",
            tanh_with_math,
            "values",
            "The functions of `math` take one number. NumPy's take arrays.",
        ),
        Mistake(
            "loop over the first axis",
            tanh_of_first_axis,
            "shape",
            "The loop runs over the first axis, so in a matrix it meets whole rows instead of numbers.",
        ),
        Mistake(
            "a list",
            tanh_list,
            "dtype",
            "A list comes back: the next line of a network, such as `h @ W`, needs an array.",
        ),
        Mistake(
            "softsign",
            lambda x: x / (1 + np.abs(x)),
            "values",
            "This is the softsign. It has the same outline as tanh and approaches its ends far more slowly.",
        ),
    ),
    alternatives=(
        np.tanh,
        lambda x: 2 / (1 + np.exp(-2 * x)) - 1,
        lambda x: 1 - 2 / (np.exp(2 * x) + 1),
        tanh_by_absolute_value,
        tanh_by_expm1,
        tanh_by_loop,
        lambda x: np.tanh(x.astype(np.float32)),
    ),
    hints=(
        "tanh looks like a sigmoid. What would you do to a curve from 0 to 1 to make it run from -1 to 1?",
        "There are two ways. Either from the definition, with a and b for the two exponentials: (a - b) / (a + b); "
        "look at a and b for x = 1000 before you trust it. Or from a function you have: stretching a curve that runs "
        "from 0 to 1 by the factor 2 and lowering it by 1 makes it run from -1 to 1; and because tanh is steeper, "
        "its input must be stretched too. As a check: tanh(1) is 0.7616.",
        "`return 2 * sigmoid(____ * x) - ____`: tanh(1) = 0.7616 tells you which numbers are right.",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# The questions

Q_COLLAPSE = Question(
    id="q_collapse",
    unit=UNIT,
    prompt="We leave the activation out: `h = z`. What will the loss be after 1,000 steps?",
    options={
        "a": Option(
            "Close to 0: two layers say more than one.",
            "There are two layers of weights, but a weighted sum of weighted sums is one weighted sum. Compare it "
            "with the single layer further down.",
            belief="two linear layers say more than one",
        ),
        "b": Option(
            "Still falling slowly: it needs more hidden units.",
            "More units make a wider sum, and it is still one sum. The best one has been found long before.",
            belief="width replaces the nonlinearity",
        ),
        "c": Option(
            "Close to 0.25, with an output near 0.5 at all four points.",
            "No plane does better: every tilt that helps one of the four points harms its neighbour as much.",
        ),
        "d": Option(
            "It depends on the start: some weights find the answer.",
            "Every start ends in the same place, since no weights at all describe exclusive or.",
            belief="failure to learn is a matter of the start",
        ),
    },
    answer="c",
    explanation="Without an activation the network is one plane, y_pred = a x1 + b x2 + c. Exclusive or needs the "
    "outputs of (0,0) and (1,1) to add up to 0 and those of (0,1) and (1,0) to 2, but on a plane both pairs add up "
    "to the same number. The least squared error is reached in the middle, at 0.5 everywhere: an error of 0.5 at "
    "each point, a loss of 0.25.",
    hints=("Can a tilted plane be low at two opposite corners of a square and high at the other two?",),
)

Q_PLACE = Question(
    id="q_place",
    unit=UNIT,
    prompt="Training is over; the network now answers questions about new points. What does it still compute?",
    options={
        "a": Option(
            "Activation and loss: both are parts of the network.",
            "The loss needs y_true, and for a new point nobody knows it.",
            belief="the loss is a layer of the network",
        ),
        "b": Option(
            "Only the activation.",
            "It is part of the function that the network is. The loss was the teacher, and has gone home.",
        ),
        "c": Option(
            "Only the loss: it turns scores into answers.",
            "The loss turns a batch into one number that says how wrong it is. An answer comes out of the last "
            "layer, which may have an activation of its own.",
            belief="the loss produces the output",
        ),
        "d": Option(
            "Neither: both serve training, and the weights hold all that was learned.",
            "Leave the activation out of the trained network and it is one plane again, with the same weights.",
            belief="activations matter in training alone",
        ),
    },
    answer="b",
    explanation="`forward` contains the activation and not the loss. Every prediction runs through the "
    "activation; the loss stands in `train` alone, where y_true is known.",
    hints=("Which of the two needs y_true?",),
)

Q_BEND = Question(
    id="q_bend",
    unit=UNIT,
    prompt="relu is two straight lines that meet at 0. What can a network with one input and a hidden layer of "
    "*n* relus represent?",
    options={
        "a": Option(
            "Only straight lines: relu is almost linear, so the layers collapse again.",
            "Each half of relu is linear; relu is not: relu(-1) + relu(1) is 1, and relu(-1 + 1) is 0. "
            "Where the halves meet there is a bend, and sums of bends do not cancel by themselves.",
            belief="piecewise linear is as good as linear",
        ),
        "b": Option(
            "Nothing that can be trained: relu is discontinuous at 0.",
            "relu itself is continuous: both lines reach 0 at 0. It is the slope that jumps, at one single point.",
            belief="relu is discontinuous",
        ),
        "c": Option(
            "Only functions that are never negative, as relu never is.",
            "The hidden values are never negative, but the weights of the last sum may be.",
            belief="the range of the activation is the range of the network",
        ),
        "d": Option(
            "Lines with up to *n* bends, going up or down.",
            "Each unit adds one bend, where its pre-activation is 0; the last weights say how sharp and which way.",
        ),
    },
    answer="d",
    explanation="A hidden unit relu(w s + b) is straight except for one bend at s = -b/w. A weighted sum of n such "
    "units is straight except for n bends at most. With enough bends such a line follows any continuous function "
    "on an interval as closely as you like.",
    hints=("Draw relu(s), then relu(s) - 2 relu(s - 1). How many bends has each?",),
)

Q_DEAD = Question(
    id="q_dead",
    unit=UNIT,
    prompt="A hidden relu has a negative pre-activation at all four points. The network's outputs are wrong. What "
    "does one training step do to this unit's own weights and bias?",
    options={
        "a": Option(
            "Nothing at all.",
            "Its slope is exactly 0 at every point, and the gradient is multiplied by that slope.",
        ),
        "b": Option(
            "It moves them a little: the slope is small there.",
            "relu's slope is not small on the left, it is 0. A small slope is what leaky_relu has.",
            belief="relu's slope is small, not 0, on the left",
        ),
        "c": Option(
            "It moves the bias alone, which needs no input.",
            "The bias needs no input, but its gradient runs through the activation like that of the weights.",
            belief="a bias learns past the activation",
        ),
        "d": Option(
            "It moves them far: the error is large.",
            "The error is multiplied by the slope on its way down, and a large number times 0 is 0.",
            belief="a large error always moves the weights",
        ),
    },
    answer="a",
    explanation="In `train` the gradient reaches w1 and b1 only through g_z, which is multiplied by slope(z). For "
    "this unit slope(z) is 0 at all four points, so its column of g_z is 0 and the step is 0. Nothing that follows "
    "can change that, because its inputs, the four points, never move.",
    hints=("Find the line of `train` in which the slope appears. What does it multiply?",),
)

Q_SAME = Question(
    id="q_same",
    unit=UNIT,
    prompt="Someone replaces every hidden tanh of a network by a sigmoid. Can other weights and biases give back "
    "exactly the same outputs?",
    options={
        "a": Option(
            "No: a sigmoid is never negative, so half of the functions are lost.",
            "The next layer's weights and bias can stretch the range 0 to 1 and move it to -1 to 1.",
            belief="tanh networks represent what sigmoid networks cannot",
        ),
        "b": Option(
            "Only roughly, with many more units.",
            "One sigmoid for each tanh is enough, and the equality is exact: doubled weights below, doubled "
            "weights and a shifted bias above.",
            belief="another activation means approximation",
        ),
        "c": Option(
            "Yes, since $\\tanh(x) = 2\\,\\sigma(2x) - 1$.",
            "Double the weights and biases below the unit, double the weights above it, and correct the next bias.",
        ),
        "d": Option(
            "Yes, and training reaches them in the same number of steps.",
            "The functions are the same. The path is not: the sigmoid's slope is at most 1/4, tanh's at most 1.",
            belief="what a network can represent is what it learns equally fast",
        ),
    },
    answer="c",
    explanation="The 2 inside goes into the weights and biases below the unit, the 2 outside into the weights "
    "above it, and the -1 into the next bias. So both networks represent the same functions. They train "
    "differently, as the next section measures.",
    hints=("Which linear map takes the range 0 to 1 to the range -1 to 1, and who could carry it out?",),
)

Q_CHAIN = Question(
    id="q_chain",
    unit=UNIT,
    prompt="The sigmoid's slope is at most 1/4. So ten sigmoids in a row multiply a gradient by at most about "
    "$10^k$, weights aside. Which whole number is $k$?",
    answer=-6,
    tolerance=0.25,
    replies={
        0: "Only a slope of 1 leaves a gradient as it is. This one is at most a quarter, ten times over.",
        1: "The slopes are multiplied, not added, and each is below 1: the product shrinks.",
        -1: "One factor of 1/4 is close to 10^-1 already, and there are ten of them.",
        6: "The size is right, the direction is not: factors below 1 make a gradient smaller.",
        -10: "That would be ten factors of 1/10. A factor of 1/4 is larger.",
        -2: "1/4 divided by 10 is about 10^-2, but the slopes are multiplied: 1/4 to the power of ten.",
    },
    explanation="(1/4)^10 = 2^-20, and 2^10 is about 10^3, so it is about 10^-6: one part in a million, and "
    "that is the best case, all ten units at 0. A unit at 5 passes on 0.0066 instead of 0.25.",
    hints=("What is 2^10, roughly, as a power of ten?",),
)

# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_COLLAPSE,
    Q_PLACE,
    RELU,
    Q_BEND,
    Q_DEAD,
    LEAKY_RELU,
    SIGMOID,
    TANH,
    Q_SAME,
    Q_CHAIN,
)
