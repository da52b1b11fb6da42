"""Unit 05: silu, gelu exact and by tanh, mish, hard_sigmoid, hard_silu, squareplus, soft_shrink, and the questions
around them."""

import math
from dataclasses import replace

import numpy as np

from nlref.activations import gelu, hard_sigmoid, hard_silu, mish, silu, soft_shrink, squareplus
from nlref.checks.exercise import Case, Criterion, Exercise, Mistake, Option, Question
from nlref.checks.inputs import elementwise_cases

UNIT = "05_smooth_and_hard"
TAIL = 1e-6  # relative, far out on the left
NOTHING = 1e-100  # who clips the argument of exp at 500 leaves something like 1e-215 where the truth is 0

SHAPE = Criterion("shape", 0.1, "The result has the shape of x, whether x is a vector, a matrix or deeper.")
DTYPE = Criterion("dtype", 0.1, "A float32 array comes back as float32, not as float64.")
UNCHANGED = Criterion("input unchanged", 0.1, "The array that was handed in is the same afterwards.")


def smooth_criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (Criterion("values", 0.4, values), Criterion("extremes", 0.3, extremes), SHAPE, DTYPE, UNCHANGED)


def hard_criteria(values: str, extremes: str) -> tuple[Criterion, ...]:
    return (Criterion("values", 0.6, values), Criterion("extremes", 0.2, extremes), SHAPE, UNCHANGED)


def usual_cases(generator: np.random.Generator, *given: dict[str, float]) -> tuple[Case, ...]:
    """The calls that every elementwise function must survive, but for the extremes.

    float32 is held to the size of x, not to that of a small result: what cancels is the business of the extremes. What
    comes back as float64 is compared as coarsely, so that it is recognised however much of it was computed in float32.
    """
    cases = elementwise_cases(generator, given or ({},))
    return tuple(
        replace(case, scale=1.0, tolerance=1e-5) if case.criterion == "dtype" else case
        for case in cases
        if case.criterion != "extremes"
    )


def quiet_ends(*points: float, **keywords: float) -> tuple[Case, ...]:
    """Right to six digits at each of the points and at all of them in one array, without a warning.

    What is smaller than 1e-106 is as good as 0. What comes of inf and nan is seen, not graded.
    """
    arrays = [np.array([point]) for point in points] + [np.array(points)]
    return (
        *(Case("extremes", (x,), keywords, tolerance=TAIL, scale=NOTHING, quiet=True) for x in arrays),
        *(
            Case("extremes", (np.array([special]),), keywords, graded=False, tolerance=1e-10)
            for special in (-np.inf, np.inf, np.nan)
        ),
    )


def sigmoid(x):
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def gelu_by_1702(x):
    return x * sigmoid(1.702 * x)


# silu


def silu_by_sigmoid(x):
    return x * sigmoid(x)


def silu_textbook(x):
    return x / (1 + np.exp(-x))


def silu_by_both_sides(x):
    return np.where(x >= 0, x / (1 + np.exp(-x)), x * np.exp(x) / (1 + np.exp(x)))


def silu_by_one_plus_tanh(x):
    return x * (1 + np.tanh(x / 2)) / 2


def silu_by_ratio(x):
    return x * np.exp(x) / (1 + np.exp(x))


def silu_gate_alone(x):
    return sigmoid(x)


def silu_sum(x):
    return x + sigmoid(x)


def silu_mirrored_gate(x):
    return x * sigmoid(-x)


def silu_by_tanh_gate(x):
    return x * np.tanh(x)


def silu_by_softplus_gate(x):
    return x * softplus(x)


def silu_rectified(x):
    return np.maximum(x, 0) * sigmoid(x)


def silu_by_cases(x):
    return np.where(x < 0, x * np.exp(np.minimum(x, 0)), x) / (1 + np.exp(-np.abs(x)))


def silu_by_mask(x):
    y = np.empty_like(x)
    low = x < 0
    e = np.exp(x[low])
    y[low] = x[low] * e / (1 + e)
    y[~low] = x[~low] / (1 + np.exp(-x[~low]))
    return y


def silu_by_errstate(x):
    with np.errstate(over="ignore"):
        return x / (1 + np.exp(-x))


def silu_clipped(x):
    return x / (1 + np.exp(-np.maximum(x, -500 if x.dtype == np.float64 else -80)))


def silu_by_logaddexp(x):
    return x * np.exp(-np.logaddexp(0, -x))


def silu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (*usual_cases(generator), *quiet_ends(-1e3, -100.0, -40.0, -3.0, 40.0, 1e3))


SILU = Exercise(
    id="silu",
    unit=UNIT,
    function="silu",
    reference=silu,
    criteria=smooth_criteria(
        "x times the sigmoid of x.",
        "No warning far to the left, and the tail is kept: at -40 it is -1.7e-16.",
    ),
    public_inputs=lambda: silu_cases(np.random.default_rng(51)),
    private_inputs=silu_cases,
    mistakes=(
        Mistake(
            "exp overflows on the left",
            silu_textbook,
            "extremes",
            "exp(-x) overflows for large negative x. The `sigmoid` in the cell above takes care of that.",
        ),
        Mistake(
            "exp overflows on the right",
            silu_by_ratio,
            "extremes",
            "exp(x) / (1 + exp(x)) is inf / inf for large x. The `sigmoid` in the cell above takes care of "
            "that.",
        ),
        Mistake(
            "np.where computes both sides",
            silu_by_both_sides,
            "extremes",
            "`np.where` computes both formulas for every x, also where they overflow. The `sigmoid` in the "
            "cell above gives exp nothing above 0.",
        ),
        Mistake(
            "1 + tanh",
            silu_by_one_plus_tanh,
            "extremes",
            "(1 + tanh(x / 2)) / 2 is the sigmoid on paper. On the left tanh is nearly -1, and the sum "
            "loses all digits.",
        ),
        Mistake("gate alone", silu_gate_alone, "values", "This is the gate. It has to be multiplied by x."),
        Mistake(
            "gate added",
            silu_sum,
            "values",
            "The gate is added to x. A gate multiplies: at 0 it lets nothing through.",
        ),
        Mistake(
            "gate turned round",
            silu_mirrored_gate,
            "values",
            "The gate opens to the left: it is the sigmoid of -x. Where x is large, all of it should pass.",
        ),
        Mistake(
            "tanh as the gate",
            silu_by_tanh_gate,
            "values",
            "The gate is tanh, which is negative for negative x and turns their sign. silu's gate is the "
            "sigmoid.",
        ),
        Mistake(
            "softplus as the gate",
            silu_by_softplus_gate,
            "values",
            "The gate is softplus, which opens without end: the result grows like x squared. silu's gate is "
            "the sigmoid, and stays below 1.",
        ),
        Mistake(
            "negative numbers cut off",
            silu_rectified,
            "values",
            "Negative x give 0, as in relu. silu lets a little of them pass.",
        ),
        Mistake(
            "1.702 inside",
            gelu_by_1702,
            "values",
            "The sigmoid sees 1.702 x. That is an approximation of gelu; silu's gate sees x itself.",
        ),
        Mistake(
            "softplus", softplus, "values", "This is softplus, log(1 + exp(x)), which never falls below 0."
        ),
    ),
    alternatives=(
        silu_by_sigmoid,
        silu_by_cases,
        silu_by_mask,
        silu_by_errstate,
        silu_clipped,
        silu_by_logaddexp,
    ),
    hints=(
        "relu is x times a gate that is 0 or 1. Which function goes from 0 to 1 gradually?",
        "Think of a door between x and the next layer. How far it is open is a number from 0 to 1, and "
        "what passes is x times that number. For relu the door is shut for negative x and wide open "
        "otherwise. Here it opens gradually: at -2 it is open by 0.119, so -0.238 passes; at 0 it is half "
        "open, and half of 0 passes; at 2 it is open by 0.881, so 1.762 passes. The function that says how "
        "far stands in the cell above.",
        "`return x * ____(x)`",
    ),
    points=5,
)

# gelu


def erf(x):
    return np.vectorize(math.erf, otypes=[float])(x)


def erfc(x):
    return np.vectorize(math.erfc, otypes=[float])(x)


def gelu_by_erfc(x):
    return x * erfc(-x / math.sqrt(2)) / 2


def gelu_by_erf(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def gelu_without_root(x):
    return x * erfc(-x) / 2


def gelu_gate_alone(x):
    return erfc(-x / math.sqrt(2)) / 2


def gelu_by_density(x):
    return x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def gelu_other_tail(x):
    return x * erfc(x / math.sqrt(2)) / 2


def gelu_erf_as_gate(x):
    return x * erf(x / math.sqrt(2))


def gelu_without_one(x):
    return x * erf(x / math.sqrt(2)) / 2


def gelu_root_of_two_pi(x):
    return x * erfc(-x / math.sqrt(2 * math.pi)) / 2


def gelu_root_multiplied(x):
    return x * erfc(-x * math.sqrt(2)) / 2


def gelu_rectified(x):
    return np.maximum(x, 0) * erfc(-x / math.sqrt(2)) / 2


def gelu_of_one_number(x):
    return x * math.erfc(-x / math.sqrt(2)) / 2


def gelu_flattened(x):
    return np.array([v * math.erfc(-v / math.sqrt(2)) / 2 for v in x.ravel()])


def gelu_by_tanh(x):
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def gelu_by_numbers(x):
    return np.array([v * math.erfc(-v / 2**0.5) / 2 for v in x.ravel()], dtype=x.dtype).reshape(x.shape)


def gelu_by_frompyfunc(x):
    gate = np.frompyfunc(lambda v: 0.5 * math.erfc(-float(v) / math.sqrt(2)), 1, 1)(x)
    return x * np.asarray(gate).astype(x.dtype)


def gelu_from_relu(x):
    size = np.abs(x)
    return np.maximum(x, 0) - size * erfc(size * math.sqrt(0.5)) / 2


def gelu_by_sides(x):
    t = x * 0.5**0.5
    return x * np.where(x < 0, erfc(np.abs(t)), 1 + erf(t)) / 2


def gelu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (*usual_cases(generator), *quiet_ends(-30.0, -10.0, -9.0, -3.0, 10.0, 1e3, -1e3))


GELU = Exercise(
    id="gelu",
    unit=UNIT,
    function="gelu",
    reference=gelu,
    criteria=(
        Criterion("values", 0.5, "x times the probability that a normal number is less than x."),
        Criterion("extremes", 0.3, "The left tail is kept: at -10 the value is -7.6e-23."),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: gelu_cases(np.random.default_rng(52)),
    private_inputs=gelu_cases,
    mistakes=(
        Mistake(
            "1 + erf",
            gelu_by_erf,
            "extremes",
            "On the left erf is nearly -1 and erfc(t) nearly 2: 1 + erf(t) and 1 - erfc(t) / 2 subtract "
            "numbers that are nearly equal, and below -8.4 nothing is left. erfc(-t) / 2 is the gate "
            "without the subtraction.",
        ),
        Mistake(
            "no square root of 2",
            gelu_without_root,
            "values",
            "erf and erfc belong to a normal distribution of spread 1 / sqrt(2). For spread 1 divide x by "
            "sqrt(2).",
        ),
        Mistake("gate alone", gelu_gate_alone, "values", "This is the gate. It has to be multiplied by x."),
        Mistake(
            "multiplied by the square root of 2",
            gelu_root_multiplied,
            "values",
            "x is multiplied by sqrt(2), which makes the bell half as wide as without it. It should be "
            "divided.",
        ),
        Mistake(
            "negative numbers cut off",
            gelu_rectified,
            "values",
            "Negative x give 0, as in relu. gelu lets a little of them pass.",
        ),
        Mistake(
            "math.erfc of an array",
            gelu_of_one_number,
            "values",
            "`math.erfc` takes a single number. The `erfc` in the cell above takes an array.",
        ),
        Mistake("silu", silu_by_sigmoid, "values", "This is silu, whose gate is the sigmoid."),
        Mistake(
            "shape lost",
            gelu_flattened,
            "shape",
            "All numbers come back in one row. `np.reshape` to the shape of x brings the rows back.",
        ),
        Mistake(
            "density as the gate",
            gelu_by_density,
            "values",
            "The gate is the bell curve itself. It should be the area under the bell to the left of x.",
        ),
        Mistake(
            "gate turned round",
            gelu_other_tail,
            "values",
            "The gate is the probability of a number greater than x: erfc needs the other sign.",
        ),
        Mistake(
            "erf as the gate",
            gelu_erf_as_gate,
            "values",
            "erf runs from -1 to 1. A gate runs from 0 to 1: erfc(-t) / 2.",
        ),
        Mistake(
            "1 missing",
            gelu_without_one,
            "values",
            "The 1 beside erf is missing, so the gate runs from -1/2 to 1/2. It should run from 0 to 1.",
        ),
        Mistake(
            "root of 2 pi",
            gelu_root_of_two_pi,
            "values",
            "x is divided by sqrt(2 pi), which belongs before the bell curve. erf and erfc want sqrt(2).",
        ),
        Mistake(
            "tanh formula",
            gelu_by_tanh,
            "values",
            "This is the approximation by tanh, off by up to 0.0005. Here the exact function is asked.",
        ),
        Mistake(
            "1.702 formula",
            gelu_by_1702,
            "values",
            "This is x times sigmoid(1.702 x), off by up to 0.02. Here the exact function is asked.",
        ),
    ),
    alternatives=(gelu_by_erfc, gelu_by_numbers, gelu_by_frompyfunc, gelu_from_relu, gelu_by_sides),
    hints=(
        "What are erfc(0) and erfc far to the left? And what should the gate be there?",
        "The gate at x is the share of all normal numbers that lie to the left of x: 0.5 at 0, 0.841 at 1, "
        "0.023 at -2. erfc counts from the other side and on another scale: erfc(0) is 1, it falls to the "
        "right towards 0 and rises to the left towards 2. So turn the sign, divide by the square root of "
        "2, and halve. As a test, erfc(-1 / 1.41421) / 2 is 0.841. In the tail nothing cancels: erfc(7.07) "
        "is 1.5e-23.",
        "`return x * erfc(____ / math.sqrt(2)) / ____`",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# gelu_tanh


ROOT = math.sqrt(2 / math.pi)


def gelu_tanh_as_written(x):
    return 0.5 * x * (1 + np.tanh(ROOT * (x + 0.044715 * x**3)))


def gelu_tanh_by_sigmoid(x):
    return x * sigmoid(2 * ROOT * (x + 0.044715 * x**3))


def gelu_tanh_without_two(x):
    return x * sigmoid(ROOT * (x + 0.044715 * x**3))


def gelu_tanh_without_cube(x):
    return x * sigmoid(2 * ROOT * x)


def gelu_tanh_cube_of_all(x):
    return x * sigmoid(2 * ROOT * 0.044715 * (x + x**3))


def gelu_tanh_square(x):
    return x * sigmoid(2 * ROOT * (x + 0.044715 * x**2))


def gelu_tanh_without_root(x):
    return x * sigmoid(2 * (2 / math.pi) * (x + 0.044715 * x**3))


def gelu_tanh_root_upside_down(x):
    return x * sigmoid(2 / ROOT * (x + 0.044715 * x**3))


def gelu_tanh_by_textbook_sigmoid(x):
    return x / (1 + np.exp(-2 * ROOT * (x + 0.044715 * x**3)))


def gelu_tanh_without_one(x):
    return 0.5 * x * np.tanh(ROOT * (x + 0.044715 * x**3))


def gelu_tanh_cube_of_product(x):
    return x * sigmoid(2 * ROOT * (x + (0.044715 * x) ** 3))


def gelu_tanh_cube_outside(x):
    return x * sigmoid(2 * (ROOT * x + 0.044715 * x**3))


def gelu_tanh_turned_round(x):
    return x * sigmoid(-2 * ROOT * (x + 0.044715 * x**3))


def gelu_tanh_gate_alone(x):
    return sigmoid(2 * ROOT * (x + 0.044715 * x**3))


def gelu_tanh_in_float64(x):
    return gelu_tanh_by_sigmoid(x).astype(np.float64)


def gelu_tanh_by_exp(x):
    u = 2 * ROOT * x * (1 + 0.044715 * x * x)
    e = np.exp(-np.abs(u))
    return np.where(u < 0, x * e, x) / (1 + e)


def gelu_tanh_from_relu(x):
    a = np.abs(x)
    u = 2 * ROOT * (a + 0.044715 * a**3)
    return np.maximum(x, 0) - a * sigmoid(-u)


def gelu_tanh_by_float(x):
    c = float(np.sqrt(2 / np.pi))
    return x * np.exp(-np.logaddexp(0, -2 * c * (x + 0.044715 * np.power(x, 3))))


def gelu_tanh_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (*usual_cases(generator), *quiet_ends(-8.0, -6.0, -5.5, -2.0, 8.0, 1e3, -1e3))


GELU_TANH = Exercise(
    id="gelu_tanh",
    unit=UNIT,
    function="gelu_tanh",
    reference=lambda x: gelu(x, approximate=True),
    criteria=smooth_criteria(
        "x / 2 times 1 + tanh(u), with u = sqrt(2 / pi) (x + 0.044715 x^3).",
        "The left tail is kept: at -6 the value is -8.4e-11.",
    ),
    public_inputs=lambda: gelu_tanh_cases(np.random.default_rng(53)),
    private_inputs=gelu_tanh_cases,
    mistakes=(
        Mistake(
            "1 + tanh",
            gelu_tanh_as_written,
            "extremes",
            "On the left tanh is nearly -1, and 1 + tanh loses its digits. (1 + tanh(u)) / 2 is the "
            "sigmoid of 2u.",
        ),
        Mistake(
            "u instead of 2u",
            gelu_tanh_without_two,
            "values",
            "The sigmoid sees u. (1 + tanh(u)) / 2 is the sigmoid of 2u.",
        ),
        Mistake(
            "no cube", gelu_tanh_without_cube, "values", "The term 0.044715 x^3 is missing inside the tanh."
        ),
        Mistake(
            "0.044715 before everything",
            gelu_tanh_cube_of_all,
            "values",
            "0.044715 multiplies x as well. It belongs to the cube alone.",
        ),
        Mistake(
            "cube of the product",
            gelu_tanh_cube_of_product,
            "values",
            "0.044715 is cubed together with x. Only x is cubed.",
        ),
        Mistake(
            "cube outside the bracket",
            gelu_tanh_cube_outside,
            "values",
            "sqrt(2 / pi) multiplies x alone. It stands before the bracket, and multiplies the cube too.",
        ),
        Mistake(
            "gate turned round",
            gelu_tanh_turned_round,
            "values",
            "The gate opens to the left: inside the sigmoid stands -2u. It should be 2u.",
        ),
        Mistake("square", gelu_tanh_square, "values", "x is squared inside the tanh. It should be cubed."),
        Mistake(
            "no square root",
            gelu_tanh_without_root,
            "values",
            "The factor inside is 2 / pi, 0.637. It should be its square root, 0.798.",
        ),
        Mistake(
            "fraction upside down",
            gelu_tanh_root_upside_down,
            "values",
            "The factor inside is sqrt(pi / 2), 1.253. It should be sqrt(2 / pi), 0.798.",
        ),
        Mistake(
            "exp overflows on the left",
            gelu_tanh_by_textbook_sigmoid,
            "extremes",
            "The gate is right, and exp(-2u) overflows far to the left. The `sigmoid` in the cell above takes "
            "care of that.",
        ),
        Mistake("1 missing", gelu_tanh_without_one, "values", "The 1 beside the tanh is missing."),
        Mistake(
            "gate alone", gelu_tanh_gate_alone, "values", "This is the gate. It has to be multiplied by x."
        ),
        Mistake(
            "exact gelu",
            gelu_by_erfc,
            "values",
            "This is the exact gelu. Here its approximation by tanh is asked, which differs by up to 0.0005.",
        ),
        Mistake(
            "1.702 formula",
            gelu_by_1702,
            "values",
            "1.702 belongs to the approximation by one sigmoid. Here the factor is sqrt(2 / pi), and there "
            "is a cube.",
        ),
        Mistake(
            "a float64 number inside",
            gelu_tanh_in_float64,
            "dtype",
            "Something inside is a float64 number of NumPy, such as `np.sqrt(2)`, and makes everything "
            "float64. `math.sqrt` gives a plain Python number, which does not.",
        ),
    ),
    alternatives=(gelu_tanh_by_sigmoid, gelu_tanh_by_exp, gelu_tanh_from_relu, gelu_tanh_by_float),
    hints=(
        "tanh(u) is 2 sigmoid(2u) - 1. What is (1 + tanh(u)) / 2, then?",
        "Put tanh(u) = 2 sigmoid(2u) - 1 into the formula: the ones cancel on paper, so that they need not "
        "cancel in the machine, and a gate of a kind you know remains. It has the left tail that the "
        "difference loses: at u = -20 the computed 1 + tanh(u) is 0, and sigmoid(2u) is 4.2e-18. What goes "
        "inside is x plus a small part of its cube, times 0.798.",
        "`return x * sigmoid(____ * math.sqrt(2 / math.pi) * (x + 0.044715 * ____))`",
    ),
    points=5,
)

# mish


def mish_by_softplus(x):
    return x * np.tanh(softplus(x))


def mish_textbook(x):
    return x * np.tanh(np.log(1 + np.exp(x)))


def mish_log1p(x):
    return x * np.tanh(np.log1p(np.exp(x)))


def mish_by_algebra(x):
    n = np.exp(x) * (np.exp(x) + 2)
    return x * n / (n + 2)


def mish_by_squares(x):
    w = (1 + np.exp(x)) ** 2
    return x * (w - 1) / (w + 1)


def mish_of_the_product(x):
    return np.tanh(x * softplus(x))


def mish_without_softplus(x):
    return x * np.tanh(x)


def mish_without_tanh(x):
    return x * softplus(x)


def mish_gate_alone(x):
    return np.tanh(softplus(x))


def mish_by_sigmoid(x):
    return x * np.tanh(sigmoid(x))


def mish_outside_in(x):
    return x * softplus(np.tanh(x))


def mish_factors(x):
    return np.tanh(x) * softplus(x)


def mish_by_quotients(x):
    e = np.exp(-np.abs(x))
    left, right = e * (e + 2), 1 + 2 * e
    return x * np.where(x < 0, left / (left + 2), right / (right + 2 * e * e))


def mish_by_logaddexp(x):
    return x * np.tanh(np.logaddexp(x, 0))


def mish_by_clipped_algebra(x):
    w = np.exp(np.minimum(x, 20))
    n = w * (w + 2)
    return np.where(x > 20, x, x * n / (n + 2))


def mish_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (*usual_cases(generator), *quiet_ends(-1e3, -100.0, -40.0, -3.0, 40.0, 1e3))


MISH = Exercise(
    id="mish",
    unit=UNIT,
    function="mish",
    reference=mish,
    criteria=smooth_criteria(
        "x times the tanh of its softplus.",
        "No warning at either end, and the tail is kept: at -40 it is -1.7e-16.",
    ),
    public_inputs=lambda: mish_cases(np.random.default_rng(54)),
    private_inputs=mish_cases,
    mistakes=(
        Mistake(
            "softplus as written",
            mish_textbook,
            "extremes",
            "log(1 + exp(x)) overflows on the right, and on the left it loses all digits. The `softplus` "
            "in the cell above does neither.",
        ),
        Mistake(
            "softplus with log1p alone",
            mish_log1p,
            "extremes",
            "log1p keeps the left tail, and exp(x) still overflows on the right. The `softplus` in the "
            "cell above does not.",
        ),
        Mistake(
            "quotient of exponentials",
            mish_by_algebra,
            "extremes",
            "The algebra is right, and exp(x) overflows on the right, where inf / inf is nan.",
        ),
        Mistake(
            "quotient of squares",
            mish_by_squares,
            "extremes",
            "The algebra is right. On the right exp(x) overflows, and inf / inf is nan; on the left (1 + exp(x))^2 "
            "- 1 subtracts what is nearly equal.",
        ),
        Mistake(
            "x inside the tanh",
            mish_of_the_product,
            "values",
            "The tanh sees x times the softplus, so nothing gets above 1. Only the softplus stands inside: x is "
            "multiplied by what comes out.",
        ),
        Mistake(
            "softplus missing",
            mish_without_softplus,
            "values",
            "This is x * tanh(x), which turns the sign of negative x. The tanh sees the softplus of x.",
        ),
        Mistake(
            "tanh missing",
            mish_without_tanh,
            "values",
            "softplus itself is the gate here, and it grows without end. Its tanh stays below 1.",
        ),
        Mistake("gate alone", mish_gate_alone, "values", "This is the gate. It has to be multiplied by x."),
        Mistake(
            "sigmoid inside",
            mish_by_sigmoid,
            "values",
            "The tanh sees the sigmoid of x, so the gate never opens further than 0.76. It should see the "
            "softplus.",
        ),
        Mistake(
            "outside in",
            mish_outside_in,
            "values",
            "The softplus sees the tanh. It is the other way round: the softplus stands inside the tanh.",
        ),
        Mistake(
            "factors exchanged",
            mish_factors,
            "values",
            "This is tanh(x) * softplus(x). It is x that is multiplied, and the softplus stands inside the "
            "tanh.",
        ),
        Mistake("silu", silu_by_sigmoid, "values", "This is silu, whose gate is the sigmoid."),
    ),
    alternatives=(mish_by_softplus, mish_by_quotients, mish_by_logaddexp, mish_by_clipped_algebra),
    hints=(
        "Which values does softplus take? And what does tanh make of them?",
        "Again x is multiplied by a gate. Read it from the inside: softplus makes a positive number of any "
        "x, close to 0 on the left and close to x on the right. tanh then presses these positive numbers "
        "below 1. At 0 the softplus is 0.693, and its tanh 0.6: unlike the other gates, this one is more "
        "than half open there. At -2 the softplus is 0.127, the gate 0.126, and -0.253 passes.",
        "`return x * np.tanh(____(x))`",
    ),
    points=5,
)

# hard_sigmoid


def hard_sigmoid_by_clip(x, slope=1 / 6):
    return np.clip(slope * x + 0.5, 0, 1)


def hard_sigmoid_of_keras_2(x, slope=0.2):
    return np.clip(slope * x + 0.5, 0, 1)


def hard_sigmoid_fixed_slope(x, slope=1 / 6):
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_sigmoid_fixed_ends(x, slope=1 / 6):
    return slope * np.clip(x, -3, 3) + 0.5


def hard_sigmoid_pieces_at_3(x, slope=1 / 6):
    return np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, slope * x + 0.5))


def hard_sigmoid_exchanged(x, slope=1 / 6):
    return np.maximum(np.minimum(slope * x + 0.5, 0), 1)


def hard_sigmoid_without_top(x, slope=1 / 6):
    return np.maximum(slope * x + 0.5, 0)


def hard_sigmoid_without_bottom(x, slope=1 / 6):
    return np.minimum(slope * x + 0.5, 1)


def hard_sigmoid_without_half(x, slope=1 / 6):
    return np.clip(slope * x, 0, 1)


def hard_sigmoid_half_too_late(x, slope=1 / 6):
    return np.clip(slope * x, 0, 1) + 0.5


def hard_sigmoid_half_inside(x, slope=1 / 6):
    return np.clip(slope * (x + 0.5), 0, 1)


def hard_sigmoid_to_minus_one(x, slope=1 / 6):
    return np.clip(slope * x + 0.5, -1, 1)


def hard_sigmoid_relu6(x, slope=1 / 6):
    return np.clip(x + 0.5 / slope, 0, 1 / slope)


def hard_sigmoid_hard_tanh(x, slope=1 / 6):
    return np.clip(x, -1, 1)


def hard_sigmoid_smooth(x, slope=1 / 6):
    return sigmoid(x)


def hard_sigmoid_divided(x, slope=1 / 6):
    return np.clip(x / slope + 0.5, 0, 1)


def hard_sigmoid_by_relu6(x, slope=1 / 6):
    return np.minimum(np.maximum(x + 0.5 / slope, 0), 1 / slope) * slope


def hard_sigmoid_by_where(x, slope=1 / 6):
    end = 0.5 / slope
    return np.where(x <= -end, 0.0, np.where(x >= end, 1.0, 0.5 + slope * x))


def hard_sigmoid_by_select(x, slope=1 / 6):
    y = slope * x + 0.5
    return np.select([y < 0, y > 1], [np.zeros_like(y), np.ones_like(y)], y)


def hard_sigmoid_by_mask(x, slope=1 / 6):
    y = 0.5 + slope * np.array(x, dtype=np.result_type(x, np.float32))
    y[y < 0] = 0
    y[y > 1] = 1
    return y


def hard_sigmoid_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    slope = float(np.round(generator.uniform(0.25, 0.45), 2))
    ends = ((-1e3, 0.0), (1e3, 0.0), (-3.0, 1.0), (3.0, 1.0), (-2.75, 1.0), (2.75, 1.0))
    return (
        *usual_cases(generator, {}, {"slope": 0.2}, {"slope": slope}),
        *(
            Case("values", (np.array([-4.0, -2.0, 2.0, 4.0]),), given, scale=1.0)
            for given in ({}, {"slope": 0.2})
        ),
        *(Case("extremes", (np.array([x]),), {}, tolerance=1e-10, scale=scale) for x, scale in ends),
        Case("extremes", (np.array([-2.5, 2.5]),), {"slope": 0.2}, tolerance=1e-10, scale=1.0),
        *(
            Case("extremes", (np.array([special]),), {}, graded=False)
            for special in (-np.inf, np.inf, np.nan)
        ),
    )


HARD_SIGMOID = Exercise(
    id="hard_sigmoid",
    unit=UNIT,
    function="hard_sigmoid",
    reference=lambda x, slope=1 / 6: hard_sigmoid(x, slope),
    criteria=hard_criteria(
        "The line slope * x + 0.5, cut off at 0 and at 1.",
        "It is exactly 0 and exactly 1 far out, and right where the pieces meet.",
    ),
    public_inputs=lambda: hard_sigmoid_cases(np.random.default_rng(55)),
    private_inputs=hard_sigmoid_cases,
    mistakes=(
        Mistake(
            "slope 0.2 by default",
            hard_sigmoid_of_keras_2,
            "values",
            "Without a slope this takes 0.2, as Keras 2 and MXNet do. Here the default is 1/6.",
        ),
        Mistake("slope ignored", hard_sigmoid_fixed_slope, "values", "The argument `slope` is never used."),
        Mistake(
            "ends fixed at 3",
            hard_sigmoid_fixed_ends,
            "values",
            "x is cut off at -3 and 3 whatever the slope is. Cut off the result, at 0 and at 1.",
        ),
        Mistake(
            "pieces fixed at 3",
            hard_sigmoid_pieces_at_3,
            "values",
            "The pieces change at -3 and 3 whatever the slope is. The line reaches 0 and 1 at -0.5 / slope "
            "and 0.5 / slope.",
        ),
        Mistake(
            "minimum and maximum exchanged",
            hard_sigmoid_exchanged,
            "values",
            "Everything becomes 1: the minimum with 0 leaves nothing above 0. Take the maximum with 0, the "
            "minimum with 1.",
        ),
        Mistake(
            "no upper end", hard_sigmoid_without_top, "values", "The line goes on above 1: cut it off there."
        ),
        Mistake(
            "no lower end",
            hard_sigmoid_without_bottom,
            "values",
            "The line goes on below 0: cut it off there.",
        ),
        Mistake(
            "0.5 missing",
            hard_sigmoid_without_half,
            "values",
            "At 0 the result is 0. A sigmoid is 0.5 there.",
        ),
        Mistake(
            "0.5 added last",
            hard_sigmoid_half_too_late,
            "values",
            "0.5 is added after the line was cut off, so the result runs from 0.5 to 1.5. First the whole line, then "
            "the cut.",
        ),
        Mistake(
            "0.5 inside the bracket",
            hard_sigmoid_half_inside,
            "values",
            "The slope multiplies the 0.5 as well. Only x is multiplied; then 0.5 is added.",
        ),
        Mistake(
            "cut off at -1",
            hard_sigmoid_to_minus_one,
            "values",
            "The line is cut off at -1, as for a hard tanh. A sigmoid ends at 0.",
        ),
        Mistake(
            "not scaled to 1",
            hard_sigmoid_relu6,
            "values",
            "The result ends at 1 / slope, at 6 by default. It should end at 1.",
        ),
        Mistake(
            "divided by the slope",
            hard_sigmoid_divided,
            "values",
            "x is divided by the slope. It should be multiplied.",
        ),
        Mistake(
            "hard tanh", hard_sigmoid_hard_tanh, "values", "This is hard_tanh, x cut off at -1 and at 1."
        ),
        Mistake(
            "sigmoid",
            hard_sigmoid_smooth,
            "values",
            "This is the sigmoid itself. The hard one has straight pieces.",
        ),
    ),
    alternatives=(
        hard_sigmoid_by_clip,
        hard_sigmoid_by_relu6,
        hard_sigmoid_by_where,
        hard_sigmoid_by_select,
        hard_sigmoid_by_mask,
    ),
    hints=(
        "Where does the line slope * x + 0.5 leave the range from 0 to 1?",
        "Two steps. First the straight line: it goes through 0.5 at x = 0 and rises by the slope for each "
        "step to the right, so with slope 0.25 it is 0.75 at 1, 1 at 2 and 1.25 at 3. Then the cutting: "
        "what has come out above 1 becomes 1, what has come out below 0 becomes 0. Cut the result and not "
        "x, then the ends are right for every slope. `np.clip(values, low, high)` does that for a whole "
        "array.",
        "`return np.clip(____ * x + ____, 0, 1)`",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# hard_silu


def hard_silu_by_clip(x):
    return x * np.clip(x / 6 + 0.5, 0, 1)


def hard_silu_gate_alone(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def hard_silu_sum(x):
    return x + np.clip(x / 6 + 0.5, 0, 1)


def hard_silu_of_slope_02(x):
    return x * np.clip(0.2 * x + 0.5, 0, 1)


def hard_silu_not_divided(x):
    return x * np.clip(x + 3, 0, 6)


def hard_silu_without_cap(x):
    return x * np.maximum(x / 6 + 0.5, 0)


def hard_silu_without_floor(x):
    return x * np.minimum(x / 6 + 0.5, 1)


def hard_silu_rectified(x):
    return np.maximum(x, 0) * np.clip(x / 6 + 0.5, 0, 1)


def hard_silu_relu(x):
    return np.maximum(x, 0)


def hard_silu_cut_outside(x):
    return np.clip(x * (x / 6 + 0.5), 0, 1)


def hard_silu_parabola(x):
    return x * (x + 3) / 6


def hard_silu_without_3(x):
    return x * np.clip(x, 0, 6) / 6


def hard_silu_by_where(x):
    return np.where(x <= -3, 0.0, np.where(x >= 3, x, x * (x + 3) / 6))


def hard_silu_by_relu6(x):
    return x * np.minimum(np.maximum(x + 3, 0), 6) / 6


def hard_silu_by_hinges(x):
    # Inside, x (x + 3) / 6; its parabola is taken back where the pieces end.
    inside = np.clip(x, -3, 3)
    return inside * (inside + 3) / 6 + np.maximum(x - 3, 0)


def hard_silu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (
        *usual_cases(generator),
        Case("values", (np.array([-4.0, -2.0, 2.0, 4.0]),), scale=1.0),
        *(
            Case("extremes", (np.array([x]),), tolerance=1e-10, scale=1.0)
            for x in (-1e3, 1e3, -3.0, 3.0, -2.75, 2.75, -3.25, 3.25)
        ),
        *(Case("extremes", (np.array([special]),), graded=False) for special in (-np.inf, np.inf, np.nan)),
    )


HARD_SILU = Exercise(
    id="hard_silu",
    unit=UNIT,
    function="hard_silu",
    reference=hard_silu,
    criteria=hard_criteria(
        "x times the hard sigmoid of x, with the slope 1/6.",
        "It is 0 from -3 down and x from 3 up.",
    ),
    public_inputs=lambda: hard_silu_cases(np.random.default_rng(56)),
    private_inputs=hard_silu_cases,
    mistakes=(
        Mistake(
            "gate alone", hard_silu_gate_alone, "values", "This is the gate. It has to be multiplied by x."
        ),
        Mistake(
            "gate added",
            hard_silu_sum,
            "values",
            "The gate is added to x. A gate multiplies: where it is shut, nothing passes.",
        ),
        Mistake(
            "slope 0.2",
            hard_silu_of_slope_02,
            "values",
            "The gate has the slope 0.2. In hard_silu it is 1/6, so that it opens between -3 and 3.",
        ),
        Mistake(
            "not divided by 6",
            hard_silu_not_divided,
            "values",
            "relu6(x + 3) runs from 0 to 6. Divided by 6 it is a gate.",
        ),
        Mistake(
            "gate opens too far",
            hard_silu_without_cap,
            "values",
            "Above 3 the gate goes on opening, and the result grows like a parabola. Stop the gate at 1.",
        ),
        Mistake(
            "gate below 0",
            hard_silu_without_floor,
            "values",
            "Below -3 the gate is negative, and the result rises again to the left. Stop the gate at 0.",
        ),
        Mistake(
            "negative numbers cut off",
            hard_silu_rectified,
            "values",
            "Negative x give 0, as in relu. Between -3 and 0 a little of them should pass.",
        ),
        Mistake(
            "gate not cut off",
            hard_silu_parabola,
            "values",
            "This is a parabola: the gate x / 6 + 0.5 is a line without ends. Cut it off at 0 and at 1.",
        ),
        Mistake(
            "3 missing",
            hard_silu_without_3,
            "values",
            "The gate opens between 0 and 6. With x + 3 in the place of x it opens between -3 and 3.",
        ),
        Mistake(
            "product cut off",
            hard_silu_cut_outside,
            "values",
            "The product is cut off at 0 and 1. Only the gate is cut off.",
        ),
        Mistake(
            "relu",
            hard_silu_relu,
            "values",
            "This is relu, whose gate is 0 or 1. Here it opens between -3 and 3.",
        ),
        Mistake("silu", silu_by_sigmoid, "values", "This is silu itself. The hard one has a straight gate."),
    ),
    alternatives=(hard_silu_by_clip, hard_silu_by_where, hard_silu_by_relu6, hard_silu_by_hinges),
    hints=(
        "silu is x times the sigmoid. What do you put in the place of the sigmoid?",
        "Nothing new is needed: the gate that you wrote a moment ago, with its usual slope, times x. It is "
        "shut from -3 down, so nothing passes there; it is wide open from 3 up, so all of x passes; in the "
        "middle it opens along a line, and x times a line is a piece of a parabola. At -1.5 the gate is "
        "open by 0.25, and -0.375 passes, the lowest value.",
        "`return x * ____(x)`",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# squareplus


def squareplus_as_written(x, b=4.0):
    return (x + np.sqrt(x**2 + b)) / 2


def squareplus_as_written_by_product(x, b=4.0):
    return (x + np.sqrt(x * x + b)) / 2


def squareplus_hypot_as_written(x, b=4.0):
    return (x + np.hypot(x, b**0.5)) / 2


def squareplus_square_overflows(x, b=4.0):
    return np.maximum(x, 0) + b / 2 / (np.abs(x) + np.sqrt(x**2 + b))


def squareplus_product_overflows(x, b=4.0):
    return np.maximum(x, 0) + b / 2 / (np.abs(x) + np.sqrt(x * x + b))


def squareplus_both_sides(x, b=4.0):
    root = np.hypot(x, b**0.5)
    return np.where(x < 0, b / (root - x), root + x) / 2


def squareplus_both_sides_by_sqrt(x, b=4.0):
    root = np.sqrt(x**2 + b)
    return np.where(x < 0, b / (root - x), root + x) / 2


def squareplus_half_of_b(x, b=4.0):
    return np.maximum(x, 0) + (b / 2) ** 2 / 2 / (np.abs(x) + np.hypot(x, b / 2))


def squareplus_one_above(x, b=4.0):
    total = np.abs(x) + np.hypot(x, b**0.5)
    return np.where(x < 0, 1 / total, total) / 2


def squareplus_b_squared(x, b=4.0):
    return np.maximum(x, 0) + b * b / 2 / (np.abs(x) + np.hypot(x, b))


def squareplus_b_ignored(x, b=4.0):
    return np.maximum(x, 0) + 2 / (np.abs(x) + np.hypot(x, 2.0))


def squareplus_b_outside(x, b=4.0):
    return (x + np.abs(x) + b) / 2


def squareplus_root_alone(x, b=4.0):
    return np.hypot(x, b**0.5) / 2


def squareplus_left_form_everywhere(x, b=4.0):
    return b / 2 / (np.hypot(x, b**0.5) - x)


def squareplus_x_twice(x, b=4.0):
    return x + np.hypot(x, b**0.5) / 2


def squareplus_in_float64(x, b=4.0):
    return (np.maximum(x, 0) + b / 2 / (np.abs(x) + np.hypot(x, b**0.5))).astype(np.float64)


def squareplus_by_tail(x, b=4.0):
    return np.maximum(x, 0) + b / 2 / (np.abs(x) + np.hypot(x, b**0.5))


def squareplus_by_where(x, b=4.0):
    root = np.hypot(x, b**0.5)
    sum_ = root + np.abs(x)
    return np.where(x < 0, b / sum_, sum_) / 2


def squareplus_by_arcsinh(x, b=4.0):
    half_width = b**0.5
    return half_width / 2 * np.exp(np.arcsinh(x / half_width))


def squareplus_by_mask(x, b=4.0):
    root = np.hypot(x, b**0.5)
    y = (x + root) / 2
    low = x < 0
    y[low] = b / (2 * (root[low] - x[low]))
    return y


def squareplus_by_scaling(x, b=4.0):
    larger = np.maximum(np.abs(x), b**0.5)
    small, size = b**0.5 / larger, np.abs(x) / larger
    root = larger * np.sqrt(size * size + small * small)
    return np.where(x < 0, b / 2 / (root + np.abs(x)), (root + np.abs(x)) / 2)


def squareplus_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    b = float(np.round(generator.uniform(0.2, 2.0), 2))
    return (
        *usual_cases(generator, {}, {"b": 9.0}, {"b": b}),
        *quiet_ends(-1e9, -1e6, -3.0, 1e9),
        *quiet_ends(-1e9, b=b),
        *(Case("extremes", (np.array([end]),), tolerance=TAIL, quiet=True) for end in (-1e200, 1e200)),
    )


SQUAREPLUS = Exercise(
    id="squareplus",
    unit=UNIT,
    function="squareplus",
    reference=squareplus,
    criteria=smooth_criteria(
        "The mean of x and sqrt(x^2 + b).",
        "No digit is lost on the left, where it is 1e-9 at -1e9, and nothing overflows at 1e200.",
    ),
    public_inputs=lambda: squareplus_cases(np.random.default_rng(57)),
    private_inputs=squareplus_cases,
    mistakes=(
        Mistake(
            "as written",
            squareplus_as_written,
            "extremes",
            "On the left x and the root nearly cancel: their sum loses all digits, as in Keras. And the "
            "square overflows at 1e200. Use the quotient on the left, and `np.hypot` for the root.",
        ),
        Mistake(
            "as written, by a product",
            squareplus_as_written_by_product,
            "extremes",
            "On the left x and the root nearly cancel: their sum loses all digits, as in Keras. And x * x "
            "overflows at 1e200. Use the quotient on the left, and `np.hypot` for the root.",
        ),
        Mistake(
            "as written, with hypot",
            squareplus_hypot_as_written,
            "extremes",
            "The root no longer overflows. On the left its sum with x still loses all digits: take the "
            "quotient there.",
        ),
        Mistake(
            "square overflows",
            squareplus_square_overflows,
            "extremes",
            "The left is right now, and the square still overflows at 1e200. `np.hypot(x, b**0.5)` is the "
            "same root.",
        ),
        Mistake(
            "product overflows",
            squareplus_product_overflows,
            "extremes",
            "The left is right now, and x * x still overflows at 1e200. `np.hypot(x, b**0.5)` is the same "
            "root.",
        ),
        Mistake(
            "quotient on both sides",
            squareplus_left_form_everywhere,
            "extremes",
            "On the right the quotient divides by root - x, which loses all digits there, and is 0 far "
            "out. Each side needs its own form.",
        ),
        Mistake(
            "np.where computes both sides",
            squareplus_both_sides,
            "extremes",
            "`np.where` computes both forms for every x, and far to the right root - x is 0, by which the "
            "unused one divides. With |x| in the place of -x the denominator is never 0.",
        ),
        Mistake(
            "np.where computes both sides, and the square overflows",
            squareplus_both_sides_by_sqrt,
            "extremes",
            "`np.where` computes both forms for every x, and far to the right root - x is 0, by which the "
            "unused one divides: take |x| in the place of -x. And the square overflows at 1e200: take "
            "`np.hypot`.",
        ),
        Mistake(
            "b squared",
            squareplus_b_squared,
            "values",
            "Under the root stands b squared. `np.hypot(x, c)` squares both, so c is the square root of b.",
        ),
        Mistake(
            "1 for b in the quotient",
            squareplus_one_above,
            "values",
            "On the left 1 is divided by the sum. Above the line stands b.",
        ),
        Mistake(
            "half of b",
            squareplus_half_of_b,
            "values",
            "`np.hypot(x, c)` needs the square root of b. Half of b is the same number for b = 4 alone.",
        ),
        Mistake("b ignored", squareplus_b_ignored, "values", "The argument `b` is never used."),
        Mistake(
            "b outside the root",
            squareplus_b_outside,
            "values",
            "b is added outside the root. Without it under the root the corner at 0 comes back.",
        ),
        Mistake(
            "x missing", squareplus_root_alone, "values", "This is half the root alone: x has to be added."
        ),
        Mistake(
            "only the root halved",
            squareplus_x_twice,
            "values",
            "Only the root is halved. The sum of x and the root is.",
        ),
        Mistake(
            "softplus",
            lambda x, b=4.0: softplus(x),
            "values",
            "This is softplus. squareplus has a square root in place of the exponential.",
        ),
        Mistake(
            "a float64 number inside",
            squareplus_in_float64,
            "dtype",
            "Something inside is a float64 number of NumPy, such as `np.sqrt(b)`, and makes everything "
            "float64. `b**0.5` is a plain Python number, which does not.",
        ),
    ),
    alternatives=(
        squareplus_by_tail,
        squareplus_by_where,
        squareplus_by_arcsinh,
        squareplus_by_mask,
        squareplus_by_scaling,
    ),
    hints=(
        "For which x do x and the root nearly cancel? And for which x does the other form divide by nearly 0?",
        "For x of at least 0 the formula as written is harmless: two positive numbers are added. For "
        "negative x use the quotient, b divided by twice (root - x), where root and -x are both positive: "
        "nothing cancels. `np.where` computes both forms for every x, and the unused one may divide by 0, "
        "so give both a denominator that is always safe: with |x| it is root + |x| on either side. For x = "
        "-3 and b = 16 the root is 5, and 16 / 16 = 1 comes out.",
        "`root = np.hypot(x, ____)`, then `np.where(x < 0, b / (root + np.abs(x)), ____ + np.abs(x)) / 2`",
    ),
    points=5,
)

# soft_shrink


def soft_shrink_by_sign(x, threshold=0.5):
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0)


def soft_shrink_hard(x, threshold=0.5):
    return np.where(np.abs(x) > threshold, x, 0.0)


def soft_shrink_one_sided(x, threshold=0.5):
    return np.where(np.abs(x) > threshold, x - threshold, 0.0)


def soft_shrink_outwards(x, threshold=0.5):
    return np.where(np.abs(x) > threshold, x + np.sign(x) * threshold, 0.0)


def soft_shrink_without_sign(x, threshold=0.5):
    return np.maximum(np.abs(x) - threshold, 0)


def soft_shrink_positive_only(x, threshold=0.5):
    return np.maximum(x - threshold, 0)


def soft_shrink_threshold_ignored(x, threshold=0.5):
    return soft_shrink_by_sign(x)


def soft_shrink_clipped(x, threshold=0.5):
    return np.clip(x, -threshold, threshold)


def soft_shrink_without_floor(x, threshold=0.5):
    return np.sign(x) * (np.abs(x) - threshold)


def soft_shrink_two_sides(x, threshold=0.5):
    return np.where(x > 0, x - threshold, x + threshold)


def soft_shrink_small_kept(x, threshold=0.5):
    return np.where(np.abs(x) > threshold, x - np.sign(x) * threshold, x)


def soft_shrink_divided(x, threshold=0.5):
    return x * np.maximum(1 - threshold / np.abs(x), 0)


def soft_shrink_by_sides(x, threshold=0.5):
    return np.maximum(x - threshold, 0) + np.minimum(x + threshold, 0)


def soft_shrink_by_clip(x, threshold=0.5):
    return x - np.clip(x, -threshold, threshold)


def soft_shrink_by_where(x, threshold=0.5):
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, 0.0))


def soft_shrink_by_factor(x, threshold=0.5):
    return x * np.maximum(1 - threshold / np.maximum(np.abs(x), 1e-300), 0)


def soft_shrink_by_mask(x, threshold=0.5):
    y = np.zeros_like(x, dtype=np.result_type(x, np.float32))
    y[x > threshold] = x[x > threshold] - threshold
    y[x < -threshold] = x[x < -threshold] + threshold
    return y


def soft_shrink_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    threshold = float(np.round(generator.uniform(0.9, 1.6), 2))
    edges = np.array([-threshold, threshold])
    return (
        *usual_cases(generator, {}, {"threshold": threshold}),
        Case("values", (np.array([-2.0, -0.25, 0.25, 2.0]),), scale=1.0),
        Case("extremes", (edges,), {"threshold": threshold}, scale=1.0),
        Case("extremes", (1.5 * edges,), {"threshold": threshold}, scale=1.0),
        *(Case("extremes", (np.array([x]),), scale=1.0, quiet=True) for x in (-1e3, 1e3, -0.5, 0.5, 0.0)),
        Case("extremes", (np.array([-2.0, 0.0, 2.0]),), {"threshold": 0.0}, scale=1.0),
        *(Case("extremes", (np.array([special]),), graded=False) for special in (-np.inf, np.inf, np.nan)),
    )


SOFT_SHRINK = Exercise(
    id="soft_shrink",
    unit=UNIT,
    function="soft_shrink",
    reference=soft_shrink,
    criteria=hard_criteria(
        "0 up to the threshold on both sides, and beyond it x moved towards 0 by the threshold.",
        "It is 0 at the threshold itself and at 0, without a warning, and holds far out.",
    ),
    public_inputs=lambda: soft_shrink_cases(np.random.default_rng(58)),
    private_inputs=soft_shrink_cases,
    mistakes=(
        Mistake(
            "hard_shrink",
            soft_shrink_hard,
            "values",
            "This is hard_shrink: what is kept comes back as it was. Here it moves towards 0 by the threshold.",
        ),
        Mistake(
            "both sides moved to the left",
            soft_shrink_one_sided,
            "values",
            "The threshold is subtracted on the left too, which moves negative x away from 0.",
        ),
        Mistake(
            "moved away from 0",
            soft_shrink_outwards,
            "values",
            "x moves away from 0 by the threshold. It should move towards 0.",
        ),
        Mistake(
            "sign lost", soft_shrink_without_sign, "values", "The sizes are right, and the signs are lost."
        ),
        Mistake(
            "left side missing",
            soft_shrink_positive_only,
            "values",
            "Negative x give 0, as in relu. The left side mirrors the right one.",
        ),
        Mistake(
            "threshold ignored",
            soft_shrink_threshold_ignored,
            "values",
            "The argument `threshold` is never used.",
        ),
        Mistake(
            "clipped",
            soft_shrink_clipped,
            "values",
            "This is what shrinking takes away: x cut off at the threshold. What is asked is the rest.",
        ),
        Mistake(
            "small numbers turned round",
            soft_shrink_without_floor,
            "values",
            "Small x come back with the other sign: |x| - threshold is negative there. It should become 0.",
        ),
        Mistake(
            "two sides, nothing between",
            soft_shrink_two_sides,
            "values",
            "Small x are moved beyond 0, to the other side, and 0 itself is moved too. Up to the threshold the "
            "result is 0: there are three pieces.",
        ),
        Mistake(
            "small numbers kept",
            soft_shrink_small_kept,
            "values",
            "Up to the threshold x comes back as it was. It should become 0.",
        ),
        Mistake(
            "divided by the size",
            soft_shrink_divided,
            "extremes",
            "threshold / |x| divides by 0 at x = 0. A subtraction does what is wanted, and needs no division.",
        ),
    ),
    alternatives=(
        soft_shrink_by_sign,
        soft_shrink_by_sides,
        soft_shrink_by_clip,
        soft_shrink_by_where,
        soft_shrink_by_factor,
        soft_shrink_by_mask,
    ),
    hints=(
        "With threshold 0.5: what becomes of 2, of -2 and of 0.3?",
        "Treat size and sign apart. The size loses the threshold, and where nothing would be left it is 0: "
        "with threshold 1, sizes 3, 1 and 0.2 become 2, 0 and 0. Then each number gets back the sign it "
        "had. `np.abs` takes the sizes, `np.maximum` with 0 keeps them from becoming negative, and "
        "`np.sign` is -1, 0 or 1.",
        "`return np.sign(x) * np.maximum(____ - threshold, ____)`",
    ),
    points=5,
    allow=frozenset({"float64 result"}),
)

# The questions

Q_SILU = Question(
    id="q_silu_falls",
    unit=UNIT,
    prompt="**silu** is $x \\cdot \\sigma(x)$, with the sigmoid as the gate. What does it do on the way "
    "from far left to far right?",
    options={
        "a": Option(
            "It rises all the way, as the sigmoid does.",
            "The gate rises all the way. The product does not: on the left x is negative, and more of it "
            "passes.",
            belief="activations are monotone",
        ),
        "b": Option(
            "It is 0 up to 0, then it rises.",
            "That is relu. A sigmoid is never 0, so a little of every negative x passes.",
            belief="a smooth gate shuts completely",
        ),
        "c": Option(
            "It stays between 0 and 1.",
            "The gate does. x times the gate grows like x on the right.",
            belief="the range of the gate is the range of the product",
        ),
        "d": Option(
            "It falls to about -0.28, then it rises.",
            "The lowest value is -0.278, at -1.278.",
        ),
    },
    answer="d",
    explanation="Coming from the left, x shrinks and the gate opens. At first the opening wins, and more "
    "of the negative x passes; from -1.278 on the shrinking wins. gelu and mish have the same dip.",
    hints=("Compute x times its gate at -10, -1 and 0.",),
)

Q_GELU = Question(
    id="q_gelu_gap",
    unit=UNIT,
    prompt="A network was trained with the tanh formula, and now runs with the exact gelu. By how much can "
    "a single activation differ?",
    options={
        "a": Option(
            "Not at all: the formulas are equal.",
            "They are not: 0.044715 was fitted. The figure below draws the difference.",
            belief="an approximation with exact-looking constants is an identity",
        ),
        "b": Option(
            "By less than 0.0005.",
            "The largest difference is 0.00047, near -2.7 and 2.7.",
        ),
        "c": Option(
            "By about 0.02.",
            "That is the other approximation, with one sigmoid of 1.702 x.",
            belief="the two approximations are the same one",
        ),
        "d": Option(
            "By the more, the larger x is.",
            "Far out both gates are 0 or 1 to the last digit, and so the functions agree.",
            belief="errors of approximations grow with x",
        ),
    },
    answer="b",
    explanation="0.0005 in an activation is about what float16 rounds away near 1. It is far more than "
    "float32 does, so two implementations that should agree to six digits agree to three.",
    hints=("At 0 and far out both are exact. In between, look at the three numbers printed first.",),
)

Q_HARD = Question(
    id="q_hard_silent",
    unit=UNIT,
    prompt="A gate's pre-activation is -4 for every example. Behind which gate does it still hear from the "
    "loss?",
    options={
        "a": Option(
            "Behind the sigmoid alone.",
            "The sigmoid has the slope 0.018 at -4. The hard one has exactly 0 there.",
        ),
        "b": Option(
            "Behind the hard sigmoid alone: straight pieces have no vanishing slope.",
            "The middle piece has a constant slope. The outer pieces are flat, and -4 is on one of them.",
            belief="straight pieces never lose the gradient",
        ),
        "c": Option(
            "Behind both: a network can always learn.",
            "The gradient is multiplied by the slope of the gate, and the hard one's is 0 there.",
            belief="a small gradient and none are the same",
        ),
        "d": Option(
            "Behind neither: both are saturated.",
            "Saturated means a small slope for the sigmoid, 0.018 here, and no slope at all for the hard one.",
            belief="a small gradient and none are the same",
        ),
    },
    answer="a",
    explanation="What hard gates save in time they may cost in training: outside of (-3, 3) nothing comes "
    "back. As with a silent relu, only other weights can bring such a unit back.",
    hints=("Draw both functions around -4. Where is each of them flat?",),
)

Q_SOFTSIGN = Question(
    id="q_softsign_gap",
    unit=UNIT,
    prompt="**softsign** is $x / (1 + |x|)$, a tanh without an exponential. At 9 tanh is 1 but for "
    "0.00000003. How far from 1 is softsign at 9?",
    answer=0.1,
    tolerance=1e-9,
    replies={
        0.9: "That is softsign(9) itself. The question asks how far it is from 1.",
        0: "It comes near 1 only slowly: compute 9 / (1 + 9).",
        -0.1: "The distance has the right size. A distance has no sign.",
    },
    explanation="The distance is 1 / (1 + x): at 99 still 0.01. So the slope of softsign dies slowly too, "
    "like 1 / x^2, where that of tanh dies like exp(-2x).",
    hints=("9 / (1 + 9) is a short decimal number.",),
)


# In the order in which the notebook asks for them.
EXERCISES: tuple[Exercise | Question, ...] = (
    Q_SILU,
    SILU,
    GELU,
    Q_GELU,
    GELU_TANH,
    MISH,
    HARD_SIGMOID,
    Q_HARD,
    HARD_SILU,
    Q_SOFTSIGN,
    SQUAREPLUS,
    SOFT_SHRINK,
)
