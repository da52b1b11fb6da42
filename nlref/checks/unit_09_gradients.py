"""Unit 09: slopes by differences, gradients by formula, and how to tell a right one from a wrong one."""

from collections.abc import Callable

import numpy as np

from nlref.activations import sigmoid, softmax, softmax_vjp, tanh
from nlref.checks.exercise import Case, Criterion, Curve, Exercise, Mistake, Option, Property, Question
from nlref.losses import categorical_crossentropy, huber

UNIT = "09_gradients"

UNCHANGED = Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards.")
SHAPE = Criterion("shape", 0.1, "The result has the shape of x, whatever axes it has.")
# A difference quotient with this step has an error near 1e-11, its one-sided cousin one near 1e-5.
STEP = 1e-5
DIFFERENCE = {"tolerance": 1e-8, "scale": 1.0}


def numbers(generator: np.random.Generator, *shape: int, scale: float = 1.5) -> np.ndarray:
    """Numbers of both signs, two decimals, none of them 0."""
    drawn = np.round(generator.normal(scale=scale, size=shape), 2)
    return np.where(drawn == 0, 0.37, drawn)


# central_difference


def central_difference(f, x, h=STEP):
    return (f(x + h) - f(x - h)) / (2 * h)


def central_forward(f, x, h=STEP):
    return (f(x + h) - f(x)) / h


def central_backward(f, x, h=STEP):
    return (f(x) - f(x - h)) / h


def central_parentheses(f, x, h=STEP):
    return f(x + h) - f(x - h) / (2 * h)


def central_undivided(f, x, h=STEP):
    return (f(x + h) - f(x - h)) / h


def central_backwards(f, x, h=STEP):
    return (f(x - h) - f(x + h)) / (2 * h)


def central_precedence(f, x, h=STEP):
    return (f(x + h) - f(x - h)) / 2 * h


def central_step_ignored(f, x, h=STEP):
    return central_difference(f, x)


def central_in_place(f, x, h=STEP):
    x += h
    above = f(x)
    x -= 2 * h
    return (above - f(x)) / (2 * h)


def central_by_neighbours(f, x, h=STEP):
    return np.gradient(f(x), h)


def central_of_midpoints(f, x, h=STEP):
    return 0.5 * (f(x + h) - f(x)) / h + 0.5 * (f(x) - f(x - h)) / h


def central_in_two_lines(f, x, h=STEP):
    above, below = f(np.add(x, h)), f(np.subtract(x, h))
    return np.true_divide(above - below, 2 * h)


def central_element_by_element(f, x, h=STEP):
    x = np.asarray(x, dtype=float)
    slopes = np.empty_like(x)
    for index in np.ndindex(x.shape):
        slopes[index] = (f(x[index] + h) - f(x[index] - h)) / (2 * h)
    return slopes


def difference_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    wide = float(np.round(generator.uniform(0.1, 0.4), 2))
    return (
        Case("values", (np.square, np.array([3.0])), **DIFFERENCE),
        Case("values", (np.sin, numbers(generator, 4)), **DIFFERENCE),
        Case("values", (np.exp, numbers(generator, 2, 3, scale=0.7)), **DIFFERENCE),
        Case("values", (np.exp, numbers(generator, 3, scale=0.7)), {"h": wide}, **DIFFERENCE),
        Case("values", (np.tanh, numbers(generator, 3)), {"h": 0.01}, **DIFFERENCE),
        Case("shape", (np.sin, numbers(generator, 3, 1)), **DIFFERENCE),
        Case("shape", (np.cos, numbers(generator, 2, 2, 2)), **DIFFERENCE),
        Case("input unchanged", (np.sin, numbers(generator, 3)), **DIFFERENCE),
    )


CENTRAL_DIFFERENCE = Exercise(
    id="central_difference",
    unit=UNIT,
    function="central_difference",
    reference=central_difference,
    arguments=("f", "x"),
    criteria=(
        Criterion("values", 0.7, "The rise of f from x - h to x + h, divided by their distance, 2h."),
        Criterion("shape", 0.2, "The result has the shape of x, whatever axes it has."),
        UNCHANGED,
    ),
    public_inputs=lambda: difference_cases(np.random.default_rng(91)),
    private_inputs=difference_cases,
    curve=Curve(of=lambda function, x: function(np.sin, x), xlabel="x", ylabel="slope of sin at x"),
    mistakes=(
        Mistake(
            "forward difference",
            central_forward,
            "values",
            "This looks to one side only, from x to x + h. Its error is about h; the central one's is about "
            "h squared.",
        ),
        Mistake(
            "backward difference",
            central_backward,
            "values",
            "This looks to one side only, from x - h to x. Its error is about h; the central one's is about "
            "h squared.",
        ),
        Mistake(
            "parentheses around the difference missing",
            central_parentheses,
            "values",
            "Only f(x - h) is divided by 2h. The whole difference belongs above the line, in parentheses.",
        ),
        Mistake(
            "divided by h",
            central_undivided,
            "values",
            "x - h and x + h are 2h apart, and here the rise is divided by h.",
        ),
        Mistake(
            "below minus above",
            central_backwards,
            "values",
            "The two values are subtracted in the wrong order: a rising function gets a negative slope.",
        ),
        Mistake(
            "parentheses around 2h missing",
            central_precedence,
            "values",
            "`/ 2 * h` divides by 2 and multiplies by h. The whole of 2h belongs below the line: `/ (2 * "
            "h)`.",
        ),
        Mistake(
            "neighbours compared",
            central_by_neighbours,
            "values",
            "`np.gradient` takes differences between neighbouring entries of an array. Here f is asked, at "
            "x + h and at x - h: each slope needs no neighbour.",
        ),
        Mistake("step ignored", central_step_ignored, "values", "The argument `h` is never used."),
        Mistake(
            "in place",
            central_in_place,
            "input unchanged",
            "`x += h` moves the caller's array. Write `x + h`, which makes a new one.",
        ),
    ),
    alternatives=(central_of_midpoints, central_in_two_lines, central_element_by_element),
    hints=(
        "How far does f rise from x - h to x + h, and how far apart are the two?",
        "A slope is a rise divided by a distance. Two points on the graph lie at x - h and x + h, so the "
        "rise is the difference of f there and their distance is twice h. For the square at 3 with h = 0.1 "
        "the points have the heights 8.41 and 9.61; the rise 1.2 over the distance 0.2 is 6. f takes whole "
        "arrays, so no loop is needed.",
        "`return (f(x + h) - f(____)) / (____)`",
    ),
    points=5,
)

# numerical_vjp


def numerical_vjp(f, x, g, h=STEP):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        gradient[index] = np.sum(g * (f(above) - f(below))) / (2 * h)
    return gradient


def numerical_all_at_once(f, x, g, h=STEP):
    return g * (f(x + h) - f(x - h)) / (2 * h)


def numerical_without_upstream(f, x, g, h=STEP):
    return numerical_vjp(f, x, np.ones_like(g), h)


def numerical_forward(f, x, g, h=STEP):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above = x.copy()
        above[index] += h
        gradient[index] = np.sum(g * (f(above) - f(x))) / h
    return gradient


def numerical_undivided(f, x, g, h=STEP):
    return 2 * numerical_vjp(f, x, g, h)


def numerical_first_row_only(f, x, g, h=STEP):
    gradient = np.zeros(x.shape)
    for i in range(x.shape[0]):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        gradient[i] = np.sum(g * (f(above) - f(below))) / (2 * h)
    return gradient


def numerical_mean(f, x, g, h=STEP):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        gradient[index] = np.mean(g * (f(above) - f(below))) / (2 * h)
    return gradient


def numerical_not_put_back(f, x, g, h=STEP):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = np.sum(g * (above - f(x))) / (2 * h)
    return gradient


def numerical_upstream_outside(f, x, g, h=STEP):
    return g * numerical_vjp(f, x, 1.0, h)


def numerical_put_back_by_adding(f, x, g, h=STEP):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        gradient[index] = np.sum(g * (above - f(x))) / (2 * h)
        x[index] += h
    return gradient


def numerical_put_back(f, x, g, h=STEP):
    gradient = np.empty(np.shape(x))
    for index in np.ndindex(gradient.shape):
        kept = x[index]
        x[index] = kept + h
        above = np.copy(f(x))
        x[index] = kept - h
        below = np.copy(f(x))
        x[index] = kept
        gradient[index] = ((above - below) * g).sum() / (2 * h)
    return gradient


def numerical_by_unit_vectors(f, x, g, h=STEP):
    slopes = []
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(x.shape)
        slopes.append(np.vdot(g, (f(x + step) - f(x - step)) / (2 * h)))
    return np.array(slopes).reshape(x.shape)


def numerical_of_the_weighted_sum(f, x, g, h=STEP):
    def weighted(point):
        return float((g * f(point)).sum())

    gradient, point = np.zeros_like(x, dtype=float), np.array(x, dtype=float)
    for index, value in np.ndenumerate(x):
        point[index] = value + h
        above = weighted(point)
        point[index] = value - h
        gradient[index] = (above - weighted(point)) / (2 * h)
        point[index] = value
    return gradient


def vjp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (
        Case("values", (np.square, numbers(generator, 2), numbers(generator, 2)), **DIFFERENCE),
        Case("values", (np.diff, numbers(generator, 3), numbers(generator, 2)), **DIFFERENCE),
        Case("values", (np.exp, numbers(generator, 2, scale=0.7), numbers(generator, 2)), **DIFFERENCE),
        Case("values", (np.cumprod, numbers(generator, 3), numbers(generator, 3)), **DIFFERENCE),
        Case("values", (np.diff, numbers(generator, 2, 3), numbers(generator, 2, 2)), **DIFFERENCE),
        Case(
            "values", (np.exp, numbers(generator, 2, 2), numbers(generator, 2, 2)), {"h": 0.25}, **DIFFERENCE
        ),
        Case("shape", (np.transpose, numbers(generator, 2, 3), numbers(generator, 3, 2)), **DIFFERENCE),
        Case("shape", (np.ravel, numbers(generator, 2, 1, 2), numbers(generator, 4)), **DIFFERENCE),
        Case("input unchanged", (np.sin, numbers(generator, 2), numbers(generator, 2)), **DIFFERENCE),
    )


NUMERICAL_VJP = Exercise(
    id="numerical_vjp",
    unit=UNIT,
    function="numerical_vjp",
    reference=numerical_vjp,
    arguments=("f", "x", "g"),
    criteria=(
        Criterion(
            "values", 0.7, "For each entry of x: how sum(g * f(x)) changes when that entry alone moves."
        ),
        Criterion("shape", 0.2, "The result has the shape of x, even where f(x) has another."),
        UNCHANGED,
    ),
    public_inputs=lambda: vjp_cases(np.random.default_rng(92)),
    private_inputs=vjp_cases,
    mistakes=(
        Mistake(
            "all entries moved at once",
            numerical_all_at_once,
            "values",
            "All entries of x move together. That is right only where each output looks at one input; move "
            "one entry at a time.",
        ),
        Mistake(
            "upstream gradient ignored",
            numerical_without_upstream,
            "values",
            "The upstream gradient g is never used: every output counts 1 here.",
        ),
        Mistake(
            "forward difference",
            numerical_forward,
            "values",
            "This compares x + h with x itself. Step to both sides, and divide by 2h.",
        ),
        Mistake(
            "divided by h", numerical_undivided, "values", "Between x - h and x + h lies 2h, not h: halve it."
        ),
        Mistake(
            "a whole row moved",
            numerical_first_row_only,
            "values",
            "A whole row of x moves in each step. Every single entry needs its own; `np.ndindex(x.shape)` "
            "gives all indices, whatever the number of axes.",
        ),
        Mistake(
            "mean of the outputs",
            numerical_mean,
            "values",
            "The changes of the outputs are averaged. They add up: sum(g * f(x)) is what moves.",
        ),
        Mistake(
            "upstream gradient outside",
            numerical_upstream_outside,
            "values",
            "g is multiplied in at the end, entry by entry of x. It has an entry for each output: weight "
            "the outputs with it, inside the sum.",
        ),
        Mistake(
            "not put back",
            numerical_not_put_back,
            "values",
            "An entry of x is moved and never put back, so the next slopes are measured at another place. "
            "Put it back, or start from a new copy for each entry.",
        ),
        Mistake(
            "put back by adding",
            numerical_put_back_by_adding,
            "input unchanged",
            "x + h - 2h + h is x but for its last digit, so x has changed afterwards. Keep the old value and put that "
            "back, or move a copy.",
        ),
    ),
    alternatives=(numerical_put_back, numerical_by_unit_vectors, numerical_of_the_weighted_sum),
    hints=(
        "If one entry of x moves by h and all others stay, by how much does the number sum(g * f(x)) change?",
        "Go through all indices with `np.ndindex(x.shape)`. For each, make two copies of x, one with that "
        "entry larger by h, one with it smaller by h. Call f on both, weight the difference of the outputs "
        "by g, add it all up, and divide by 2h: one number, the entry of the gradient at that index. With f "
        "= square, x = [3] and g = [10] it is 60.",
        "`above = x.copy(); above[index] += h`, the same below, then `gradient[index] = np.sum(g * (____)) "
        "/ (____)`.",
    ),
    points=5,
)

# sigmoid_vjp


def sigmoid_vjp_right(x, g):
    e = np.exp(-np.abs(x))
    return g * e / (1 + e) ** 2


def sigmoid_vjp_from_the_value(x, g):
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1, e) / (1 + e)
    return g * y * (1 - y)


def sigmoid_vjp_overflowing(x, g):
    return g * np.exp(-x) / (1 + np.exp(-x)) ** 2


def sigmoid_vjp_textbook(x, g):
    y = 1 / (1 + np.exp(-x))
    return g * y * (1 - y)


def sigmoid_vjp_x_for_y(x, g):
    return g * x * (1 - x)


def sigmoid_vjp_without_upstream(x, g):
    return sigmoid_vjp_right(x, 1.0)


def sigmoid_vjp_of_tanh(x, g):
    return g * (1 - np.square(sigmoid(x)))


def sigmoid_vjp_value(x, g):
    return g * sigmoid(x)


def sigmoid_vjp_upstream_added(x, g):
    return g + sigmoid_vjp_right(x, 1.0)


def sigmoid_vjp_in_place(x, g):
    e = np.exp(-np.abs(x))
    g *= e / (1 + e) ** 2
    return g


def sigmoid_vjp_clipped(x, g):
    return sigmoid_vjp_textbook(np.clip(x, -500, 500), g)


def sigmoid_vjp_value_held(x, g):
    y = np.clip(1 / (1 + np.exp(-x)), 1e-7, 1 - 1e-7)
    return g * y * (1 - y)


def sigmoid_vjp_of_two_sigmoids(x, g):
    def stable(z):
        e = np.exp(-np.abs(z))
        return np.where(z >= 0, 1.0, e) / (1.0 + e)

    return g * stable(x) * stable(-x)


def sigmoid_vjp_by_tanh(x, g):
    with np.errstate(over="ignore"):
        return g / (4 * np.cosh(x / 2) ** 2)


def sigmoid_vjp_by_logarithms(x, g):
    return g * np.exp(-np.logaddexp(0, x) - np.logaddexp(0, -x))


def elementwise_vjp_cases(generator: np.random.Generator, tails: tuple[float, ...]) -> tuple[Case, ...]:
    return (
        Case("gradient", (np.array([1.0]), np.array([1.0]))),
        Case("gradient", (numbers(generator, 3), np.ones(3))),
        Case("gradient", (numbers(generator, 4), numbers(generator, 4))),
        Case("gradient", (numbers(generator, 2, 3, scale=3), numbers(generator, 2, 3))),
        Case("extremes", (np.array([-1000.0, 1000.0]), numbers(generator, 2)), quiet=True, scale=1e-300),
        *(
            Case("extremes", (np.array([tail]), numbers(generator, 1)), quiet=True, tolerance=1e-6)
            for tail in tails
        ),
        Case("shape", (numbers(generator, 2, 1), numbers(generator, 2, 1))),
        Case("shape", (numbers(generator, 2, 2, 2), numbers(generator, 2, 2, 2))),
        Case("input unchanged", (numbers(generator, 3), numbers(generator, 3))),
    )


def sigmoid_vjp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    far = float(np.round(generator.uniform(38, 60), 1))
    return elementwise_vjp_cases(generator, (far, -far))


SIGMOID_VJP = Exercise(
    id="sigmoid_vjp",
    unit=UNIT,
    function="sigmoid_vjp",
    reference=sigmoid.vjp,
    arguments=("x", "g"),
    criteria=(
        Criterion("gradient", 0.5, "g times the slope of the sigmoid at x."),
        Criterion(
            "extremes", 0.3, "The slope is right at -1000 and 1000 without a warning, and not 0 at 40."
        ),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: sigmoid_vjp_cases(np.random.default_rng(93)),
    private_inputs=sigmoid_vjp_cases,
    curve=Curve(
        of=lambda function, x: function(x, np.ones_like(x)), xlabel="x", ylabel="slope of the sigmoid at x"
    ),
    mistakes=(
        Mistake(
            "x taken for the value",
            sigmoid_vjp_x_for_y,
            "gradient",
            "`x * (1 - x)` is the slope if x is already the value of the sigmoid. Here x is what goes into "
            "it.",
        ),
        Mistake(
            "upstream gradient ignored",
            sigmoid_vjp_without_upstream,
            "gradient",
            "The upstream gradient g is never used: this is the slope alone.",
        ),
        Mistake(
            "upstream gradient added",
            sigmoid_vjp_upstream_added,
            "gradient",
            "The upstream gradient is added. The chain rule multiplies.",
        ),
        Mistake(
            "slope of tanh",
            sigmoid_vjp_of_tanh,
            "gradient",
            "One minus the square of the value is the slope of tanh. The sigmoid's is y (1 - y).",
        ),
        Mistake(
            "value instead of slope",
            sigmoid_vjp_value,
            "gradient",
            "g is multiplied by the value of the sigmoid, not by its slope.",
        ),
        Mistake(
            "digits lost in 1 - y",
            sigmoid_vjp_from_the_value,
            "extremes",
            "Above 37 the value y rounds to 1 and `1 - y` is 0, though the slope is not. 1 - sigmoid(x) is "
            "sigmoid(-x), which keeps its digits.",
        ),
        Mistake(
            "textbook",
            sigmoid_vjp_textbook,
            "extremes",
            "Two things fail far out: exp(1000) is infinite, and where y rounds to 1, `1 - y` is 0 though "
            "the slope is not. 1 - sigmoid(x) is sigmoid(-x), and exp should see -|x| only.",
        ),
        Mistake(
            "overflow",
            sigmoid_vjp_overflowing,
            "extremes",
            "exp(1000) is infinite. The slope is the same at x and -x: let exp see -|x| only.",
        ),
        Mistake(
            "value held off 0 and 1",
            sigmoid_vjp_value_held,
            "extremes",
            "The value is held between 1e-7 and 1 - 1e-7, so far out the slope stays at 1e-7, which is not "
            "right either, and exp(1000) is infinite. 1 - sigmoid(x) is sigmoid(-x), and exp should see "
            "-|x| only.",
        ),
        Mistake(
            "clipped",
            sigmoid_vjp_clipped,
            "extremes",
            "Holding x between -500 and 500 stops the warning alone: from 37 on `1 - y` is still 0, and at "
            "-1000 the answer is that of -500. 1 - sigmoid(x) is sigmoid(-x), and exp should see -|x| only.",
        ),
        Mistake(
            "in place",
            sigmoid_vjp_in_place,
            "input unchanged",
            "`g *= ...` writes into the caller's array. Build a new one.",
        ),
    ),
    alternatives=(
        sigmoid_vjp_right,
        sigmoid_vjp_of_two_sigmoids,
        sigmoid_vjp_by_tanh,
        sigmoid_vjp_by_logarithms,
    ),
    hints=(
        "The slope is y (1 - y). Which sigmoid is 1 - y, written without a subtraction?",
        "With y = 1 / (1 + exp(-x)) the slope is y times 1 - y, and 1 - y is the sigmoid of -x. Both "
        "factors keep their digits. Or multiply out: with e = exp(-|x|) the slope is e / (1 + e) squared, "
        "on both sides of 0, because it is a bell that is the same at x and -x. At 0 this is 1 / 4. The "
        "upstream gradient multiplies the slope, entry by entry.",
        "`e = np.exp(-np.abs(x))`, then `return g * ____ / (1 + e) ** ____`",
    ),
    points=5,
)

# tanh_vjp


def tanh_vjp_right(x, g):
    return g * (1 - np.tanh(x) ** 2)


def tanh_vjp_x_for_y(x, g):
    return g * (1 - x**2)


def tanh_vjp_not_squared(x, g):
    return g * (1 - np.tanh(x))


def tanh_vjp_of_sigmoid(x, g):
    y = np.tanh(x)
    return g * y * (1 - y)


def tanh_vjp_without_upstream(x, g):
    return 1 - np.tanh(x) ** 2


def tanh_vjp_upstream_inside(x, g):
    return 1 - (g * np.tanh(x)) ** 2


def tanh_vjp_parentheses(x, g):
    return 1 - np.tanh(x) ** 2 * g


def tanh_vjp_of_exponentials(x, g):
    a, b = np.exp(x), np.exp(-x)
    return g * (1 - ((a - b) / (a + b)) ** 2)


def tanh_vjp_in_place(x, g):
    np.tanh(x, out=x)
    return g * (1 - x * x)


def tanh_vjp_of_the_square(x, g):
    return g * (1 - np.tanh(x**2))


def tanh_vjp_factored(x, g):
    y = np.tanh(x)
    return g * (1 - y) * (1 + y)


def tanh_vjp_by_exp(x, g):
    e = np.exp(-2 * np.abs(x))
    return 4 * g * e / (1 + e) ** 2


def tanh_vjp_by_sigmoid(x, g):
    e = np.exp(-np.abs(2 * x))
    return np.multiply(4 * (e / (1 + e)) * (1 / (1 + e)), g)


def tanh_vjp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return tuple(
        Case(c.criterion, c.arguments, tolerance=1e-10, scale=1e-5 if c.criterion == "gradient" else 1.0)
        for c in elementwise_vjp_cases(generator, ())
    )


TANH_VJP = Exercise(
    id="tanh_vjp",
    unit=UNIT,
    function="tanh_vjp",
    reference=tanh.vjp,
    arguments=("x", "g"),
    criteria=(
        Criterion("gradient", 0.6, "g times the slope of tanh at x."),
        Criterion("extremes", 0.2, "At -1000 and 1000 the result is 0."),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: tanh_vjp_cases(np.random.default_rng(94)),
    private_inputs=tanh_vjp_cases,
    curve=Curve(of=lambda function, x: function(x, np.ones_like(x)), xlabel="x", ylabel="slope of tanh at x"),
    mistakes=(
        Mistake(
            "x taken for the value",
            tanh_vjp_x_for_y,
            "gradient",
            "`1 - x ** 2` is the slope if x is already the value of tanh. Here x is what goes into it.",
        ),
        Mistake(
            "not squared",
            tanh_vjp_not_squared,
            "gradient",
            "The value is not squared: the slope is 1 - y squared.",
        ),
        Mistake(
            "square inside tanh",
            tanh_vjp_of_the_square,
            "gradient",
            "x is squared before tanh. The value of tanh is squared: `np.tanh(x) ** 2`.",
        ),
        Mistake(
            "slope of the sigmoid",
            tanh_vjp_of_sigmoid,
            "gradient",
            "y (1 - y) is the slope of the sigmoid. That of tanh is 1 - y squared.",
        ),
        Mistake(
            "upstream gradient ignored",
            tanh_vjp_without_upstream,
            "gradient",
            "The upstream gradient g is never used: this is the slope alone.",
        ),
        Mistake(
            "parentheses missing",
            tanh_vjp_parentheses,
            "gradient",
            "g multiplies the square alone. The whole slope, `1 - y ** 2`, belongs in parentheses.",
        ),
        Mistake(
            "upstream gradient squared",
            tanh_vjp_upstream_inside,
            "gradient",
            "g stands inside the square. It multiplies the whole slope.",
        ),
        Mistake(
            "overflow",
            tanh_vjp_of_exponentials,
            "extremes",
            "exp(1000) is infinite, and infinity over infinity is nan. `np.tanh` does not overflow.",
        ),
        Mistake(
            "in place",
            tanh_vjp_in_place,
            "input unchanged",
            "The values are written into x, which belongs to the caller. Leave out `out=x`.",
        ),
    ),
    alternatives=(tanh_vjp_right, tanh_vjp_factored, tanh_vjp_by_exp, tanh_vjp_by_sigmoid),
    hints=(
        "At 0 tanh has the slope 1, far out the slope 0, and its value there is -1 or 1. Which formula of "
        "the value does that?",
        "With y = tanh(x) the slope is one minus the square of y: 1 at 0, where y is 0, and 0 far out, "
        "where y is 1 or -1. Compute y from x first, then the slope from y. The upstream gradient "
        "multiplies the slope entry by entry. At x = 1 with g = 1 the result is 0.41997.",
        "`y = np.tanh(x)`, then `return g * (1 - ____)`",
    ),
    points=5,
)

# softmax_vjp


def softmax_of(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def softmax_vjp_right(x, g):
    p = softmax_of(x)
    return p * (g - np.sum(p * g, axis=-1, keepdims=True))


def softmax_vjp_diagonal(x, g):
    p = softmax_of(x)
    return g * p * (1 - p)


def softmax_vjp_mean(x, g):
    p = softmax_of(x)
    return p * (g - np.mean(g, axis=-1, keepdims=True))


def softmax_vjp_plain_sum(x, g):
    p = softmax_of(x)
    return p * (g - np.sum(g, axis=-1, keepdims=True))


def softmax_vjp_whole_sum(x, g):
    p = softmax_of(x)
    return p * (g - np.sum(p * g))


def softmax_vjp_lost_keepdims(x, g):
    p = softmax_of(x)
    return p * (g - np.sum(p * g, axis=-1))


def softmax_vjp_first_axis(x, g):
    p = softmax_of(x)
    return p * (g - np.sum(p * g, axis=0))


def softmax_vjp_without_upstream(x, g):
    p = softmax_of(x)
    return p * (1 - p)


def softmax_vjp_factor_missing(x, g):
    p = softmax_of(x)
    return g - np.sum(p * g, axis=-1, keepdims=True)


def softmax_vjp_off_diagonal_lost(x, g):
    p = softmax_of(x)
    return p * g


def softmax_vjp_overflowing(x, g):
    e = np.exp(x)
    p = e / np.sum(e, axis=-1, keepdims=True)
    return p * (g - np.sum(p * g, axis=-1, keepdims=True))


def softmax_vjp_in_place(x, g):
    p = softmax_of(x)
    g -= np.sum(p * g, axis=-1, keepdims=True)
    return p * g


def softmax_vjp_of_one_row(x, g):
    p = softmax_of(x)
    return (np.diag(p) - np.outer(p, p)) @ g


def softmax_vjp_jacobian_alone(x, g):
    p = softmax_of(x).reshape(-1, 1)
    return np.diagflat(p) - p @ p.T


def softmax_vjp_matrix_product(x, g):
    p = softmax_of(x)
    return p * (g - np.dot(p, g))


def softmax_vjp_by_jacobian(x, g):
    p = softmax_of(x)
    jacobian = p[..., :, None] * np.eye(p.shape[-1]) - p[..., :, None] * p[..., None, :]
    return np.einsum("...ij,...i->...j", jacobian, g)


def softmax_vjp_row_by_row(x, g):
    rows = [
        (np.diag(p) - np.outer(p, p)) @ u
        for p, u in zip(softmax_of(x).reshape(-1, x.shape[-1]), g.reshape(-1, x.shape[-1]), strict=True)
    ]
    return np.array(rows).reshape(x.shape)


def softmax_vjp_multiplied_out(x, g):
    p = softmax_of(x)
    weighted = p * g
    return weighted - p * weighted.sum(-1)[..., None]


def softmax_vjp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    far = float(np.round(generator.uniform(800, 1200)))
    return (
        Case("gradient", (np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 0.0]))),
        Case("gradient", (numbers(generator, 3), numbers(generator, 3))),
        Case("gradient", (numbers(generator, 2, 3), numbers(generator, 2, 3))),
        Case("gradient", (numbers(generator, 3, 3), numbers(generator, 3, 3))),
        Case("properties", (numbers(generator, 3, 4), numbers(generator, 3, 4))),
        Case(
            "extremes",
            (np.array([[far, far + 1.0], [-far, 1.0 - far]]), numbers(generator, 2, 2)),
            quiet=True,
            tolerance=1e-9,
            scale=1e-3,
        ),
        Case("shape", (numbers(generator, 1, 3), numbers(generator, 1, 3))),
        Case("shape", (numbers(generator, 2, 2, 3), numbers(generator, 2, 2, 3))),
        Case("input unchanged", (numbers(generator, 2, 3), numbers(generator, 2, 3))),
    )


SOFTMAX_VJP = Exercise(
    id="softmax_vjp",
    unit=UNIT,
    function="softmax_vjp",
    reference=softmax.vjp,
    arguments=("x", "g"),
    criteria=(
        Criterion(
            "gradient",
            0.5,
            "Each score moves all probabilities of its row: p times (g minus the row's sum of p g).",
        ),
        Criterion("properties", 0.1, "Every row of the result sums to 0."),
        Criterion("extremes", 0.2, "No warning and no nan for large scores of either sign."),
        SHAPE,
        UNCHANGED,
    ),
    public_inputs=lambda: softmax_vjp_cases(np.random.default_rng(95)),
    private_inputs=softmax_vjp_cases,
    properties=(Property("every row sums to 0", lambda x, g, y: np.abs(y.sum(axis=-1)) < 1e-9),),
    curve=Curve(
        of=lambda function, x: function(
            np.stack([x, 0 * x, 0 * x], axis=-1), np.stack([1 + 0 * x, 0 * x, 0 * x], axis=-1)
        )[..., 0],
        xlabel="x, of the scores [x, 0, 0]",
        ylabel="slope of the first probability",
    ),
    mistakes=(
        Mistake(
            "diagonal only",
            softmax_vjp_diagonal,
            "gradient",
            "p (1 - p) is how a score moves its own probability. It moves the others of its row too, by "
            "minus the product of the two: that is the row's sum of p g.",
        ),
        Mistake(
            "Jacobian alone",
            softmax_vjp_jacobian_alone,
            "gradient",
            "This is the Jacobian, a table. Multiplied by g it becomes the gradient, which has the shape of "
            "x.",
        ),
        Mistake(
            "matrix product for the sum",
            softmax_vjp_matrix_product,
            "gradient",
            "`np.dot` of two batches is a matrix product. Each row needs its own sum of p g: `np.sum(p * g, "
            "axis=-1, keepdims=True)`.",
        ),
        Mistake(
            "Jacobian of one row",
            softmax_vjp_of_one_row,
            "gradient",
            "diag(p) - outer(p, p) is the Jacobian of a single row. In a batch every row has its own; p (g "
            "- the row's sum of p g) does without.",
        ),
        Mistake(
            "mean instead of weighted sum",
            softmax_vjp_mean,
            "gradient",
            "The plain mean of g is subtracted. The probabilities are the weights: subtract the row's sum "
            "of p g.",
        ),
        Mistake(
            "sum without weights",
            softmax_vjp_plain_sum,
            "gradient",
            "The plain sum of g is subtracted. The probabilities are the weights: subtract the row's sum of "
            "p g.",
        ),
        Mistake(
            "one sum for all rows",
            softmax_vjp_whole_sum,
            "gradient",
            "The sum runs over the whole array, so one sample's gradient depends on another's. Each row has "
            "its own.",
        ),
        Mistake(
            "keepdims lost",
            softmax_vjp_lost_keepdims,
            "gradient",
            "The sum has lost its axis, so NumPy lines it up with the columns: a square batch runs and is "
            "wrong. Keep the axis with `keepdims=True`.",
        ),
        Mistake(
            "summed over the batch",
            softmax_vjp_first_axis,
            "gradient",
            "The sum of p g runs over the samples of the batch. It should run along each row, the last axis.",
        ),
        Mistake(
            "upstream gradient ignored",
            softmax_vjp_without_upstream,
            "gradient",
            "The upstream gradient g is never used, and what is left is the diagonal of the Jacobian.",
        ),
        Mistake(
            "factor p missing",
            softmax_vjp_factor_missing,
            "gradient",
            "The difference is right, and the factor p in front of it is missing.",
        ),
        Mistake(
            "sum not subtracted",
            softmax_vjp_off_diagonal_lost,
            "gradient",
            "This is p g alone. What the others lose when one score rises has to be subtracted.",
        ),
        Mistake(
            "overflow",
            softmax_vjp_overflowing,
            "extremes",
            "exp(1000) is infinite, and infinity over infinity is nan. Subtract each row's largest score "
            "first.",
        ),
        Mistake(
            "in place",
            softmax_vjp_in_place,
            "input unchanged",
            "`g -= ...` writes into the caller's array. Build a new one.",
        ),
    ),
    alternatives=(
        softmax_vjp_right,
        softmax_vjp_by_jacobian,
        softmax_vjp_row_by_row,
        softmax_vjp_multiplied_out,
    ),
    hints=(
        "If one score rises, what happens to the other probabilities of its row, and who has to pay for it?",
        "The Jacobian of a row is diag(p) minus the outer product of p with itself. Multiplied by g, its "
        "first part gives p g, its second p times one number: the row's sum of p g. So the result is p "
        "times the difference of g and that sum, which needs `keepdims=True` to stay beside its row. With "
        "two equal scores and g = [1, 0] the sum is 0.5 and the result [0.25, -0.25]: what one gains, the "
        "other loses.",
        "`p = softmax(x)`, then `return p * (g - np.sum(____, axis=-1, keepdims=____))`",
    ),
    points=5,
)

# categorical_crossentropy_vjp


def two_axes(*arrays: np.ndarray) -> None:
    """The text says (samples, classes) and (samples, outputs); what more axes would mean is not asked."""
    if any(array.ndim != 2 for array in arrays):
        raise ValueError("the exercise is about arrays of two axes")


def crossentropy_vjp(y_true, logits, g):
    two_axes(y_true, logits)
    return categorical_crossentropy.vjp(y_true, logits, g, from_logits=True, reduction=None)


def crossentropy_vjp_right(y_true, logits, g):
    return (softmax_of(logits) - y_true) * g[:, None]


def crossentropy_vjp_backwards(y_true, logits, g):
    return (y_true - softmax_of(logits)) * g[:, None]


def crossentropy_vjp_without_upstream(y_true, logits, g):
    return softmax_of(logits) - y_true


def crossentropy_vjp_mean_without_upstream(y_true, logits, g):
    return (softmax_of(logits) - y_true) / len(y_true)


def crossentropy_vjp_lost_axis(y_true, logits, g):
    return (softmax_of(logits) - y_true) * g


def crossentropy_vjp_of_probabilities(y_true, logits, g):
    return -y_true / softmax_of(logits) * g[:, None]


def crossentropy_vjp_true_class_only(y_true, logits, g):
    return y_true * (softmax_of(logits) - 1) * g[:, None]


def crossentropy_vjp_mean(y_true, logits, g):
    return crossentropy_vjp_right(y_true, logits, g) / len(y_true)


def crossentropy_vjp_logits(y_true, logits, g):
    return (logits - y_true) * g[:, None]


def crossentropy_vjp_softmax_twice(y_true, logits, g):
    return (softmax_of(softmax_of(logits)) - y_true) * g[:, None]


def crossentropy_vjp_over_the_batch(y_true, logits, g):
    return (softmax_of(logits.T).T - y_true) * g[:, None]


def crossentropy_vjp_overflowing(y_true, logits, g):
    e = np.exp(logits)
    return (e / e.sum(axis=-1, keepdims=True) - y_true) * g[:, None]


def crossentropy_vjp_of_sigmoid(y_true, logits, g):
    return (1 / (1 + np.exp(-logits)) - y_true) * g[:, None]


def crossentropy_vjp_in_two_steps(y_true, logits, g):
    p = softmax_of(logits)
    upstream = -y_true / p * g[:, None]
    return p * (upstream - np.sum(p * upstream, axis=-1, keepdims=True))


def crossentropy_vjp_chained(y_true, logits, g):
    p = softmax_of(logits)
    upstream = -g[:, None] * y_true  # times 1 / p, which cancels with the factor p of the softmax
    return upstream - p * upstream.sum(axis=-1, keepdims=True)


def crossentropy_vjp_by_logarithm(y_true, logits, g):
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))
    return np.einsum("n,nk->nk", g, p - y_true)


def crossentropy_vjp_row_by_row(y_true, logits, g):
    rows = np.empty(np.shape(logits))
    for n, (target, scores) in enumerate(zip(y_true, logits, strict=True)):
        e = np.exp(scores - scores.max())
        rows[n] = g[n] * (e / e.sum() - target)
    return rows


def one_hot(generator: np.random.Generator, samples: int, classes: int) -> np.ndarray:
    return np.eye(classes)[generator.integers(classes, size=samples)]


def crossentropy_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def case(criterion: str, samples: int, classes: int, **options) -> Case:
        y_true = one_hot(generator, samples, classes)
        return Case(
            criterion, (y_true, numbers(generator, samples, classes), numbers(generator, samples)), **options
        )

    far = float(np.round(generator.uniform(800, 1200)))
    wrong = np.array([[far, 0.0, 0.0], [-far, 0.0, -1.0]])
    return (
        Case("gradient", (np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([1.0]))),
        case("gradient", 1, 3),
        case("gradient", 2, 3),
        case("gradient", 3, 3),
        case("properties", 2, 4),
        Case(
            "extremes",
            (np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), wrong, numbers(generator, 2)),
            quiet=True,
            tolerance=1e-9,
            scale=1e-3,
        ),
        case("input unchanged", 2, 3),
    )


CROSSENTROPY_VJP = Exercise(
    id="categorical_crossentropy_vjp",
    unit=UNIT,
    function="categorical_crossentropy_vjp",
    reference=crossentropy_vjp,
    arguments=("y_true", "logits", "g"),
    criteria=(
        Criterion("gradient", 0.5, "Softmax minus label, each row times its number of g."),
        Criterion("properties", 0.1, "Every row of the result sums to 0."),
        Criterion("extremes", 0.3, "A certain mistake has a gradient of full size, without a warning."),
        UNCHANGED,
    ),
    public_inputs=lambda: crossentropy_cases(np.random.default_rng(96)),
    private_inputs=crossentropy_cases,
    properties=(Property("every row sums to 0", lambda y_true, logits, g, y: np.abs(y.sum(axis=-1)) < 1e-9),),
    curve=Curve(
        of=lambda function, x: function(
            np.tile([1.0, 0.0, 0.0], (x.size, 1)), np.stack([x, 0 * x, 0 * x], axis=-1), np.ones(x.size)
        )[:, 0],
        xlabel="logit of the true class, the two others are 0",
        ylabel="gradient with respect to it",
    ),
    mistakes=(
        Mistake(
            "label minus softmax",
            crossentropy_vjp_backwards,
            "gradient",
            "The sign is turned: this is the direction in which the loss falls. The gradient points to "
            "where it grows, softmax minus label.",
        ),
        Mistake(
            "upstream gradient ignored",
            crossentropy_vjp_without_upstream,
            "gradient",
            "The upstream gradient g is never used: every sample counts 1 here.",
        ),
        Mistake(
            "mean, upstream gradient ignored",
            crossentropy_vjp_mean_without_upstream,
            "gradient",
            "This is the gradient of the mean over the batch, and g is never used. The weights of the "
            "samples are in g.",
        ),
        Mistake(
            "g without a second axis",
            crossentropy_vjp_lost_axis,
            "gradient",
            "g has one number for each sample, and NumPy lines it up with the classes: a square batch runs "
            "and is wrong. Write `g[:, None]`.",
        ),
        Mistake(
            "gradient to the probabilities",
            crossentropy_vjp_of_probabilities,
            "gradient",
            "-y / p is the gradient with respect to the probabilities. One step is missing: through the "
            "softmax to the logits.",
        ),
        Mistake(
            "true class only",
            crossentropy_vjp_true_class_only,
            "gradient",
            "Only the logit of the true class gets a gradient. The others have to fall: theirs is their "
            "probability.",
        ),
        Mistake(
            "divided by the batch",
            crossentropy_vjp_mean,
            "gradient",
            "This divides by the number of samples. Whoever averages the losses has that factor in g "
            "already.",
        ),
        Mistake(
            "logits for probabilities",
            crossentropy_vjp_logits,
            "gradient",
            "The label is subtracted from the logits. Turn them into probabilities first.",
        ),
        Mistake(
            "softmax twice",
            crossentropy_vjp_softmax_twice,
            "gradient",
            "A softmax of a softmax: the probabilities are all alike, and the gradient is far too even.",
        ),
        Mistake(
            "softmax over the batch",
            crossentropy_vjp_over_the_batch,
            "gradient",
            "The softmax runs over the samples of the batch. It should run over the classes, the last axis.",
        ),
        Mistake(
            "sigmoid for softmax",
            crossentropy_vjp_of_sigmoid,
            "gradient",
            "Each logit goes through a sigmoid of its own. The classes share one softmax; sigmoids belong "
            "to the binary crossentropy.",
        ),
        Mistake(
            "overflow",
            crossentropy_vjp_overflowing,
            "extremes",
            "exp(1000) is infinite, and infinity over infinity is nan. Subtract each row's largest logit "
            "first.",
        ),
        Mistake(
            "in two steps",
            crossentropy_vjp_in_two_steps,
            "extremes",
            "For a certain mistake the probability of the true class is 0: -y / p is infinite, and infinity "
            "times 0 is nan. Cancel by hand first: softmax minus label.",
        ),
    ),
    alternatives=(
        crossentropy_vjp_right,
        crossentropy_vjp_chained,
        crossentropy_vjp_by_logarithm,
        crossentropy_vjp_row_by_row,
    ),
    hints=(
        "The loss is logsumexp(logits) minus the true logit. What is the slope of each of the two parts?",
        "The slope of logsumexp with respect to a logit is that logit's softmax, and the slope of the true "
        "logit is 1 for itself and 0 for the others, which is the one-hot label. So a row's gradient is "
        "softmax minus label: negative for the true class, positive for all others, 0 in sum. Each row is "
        "multiplied by its own number of g, whose shape (n,) needs a second axis for it. With logits [0, "
        "0], label [1, 0] and g = 1: [-0.5, 0.5].",
        "`p = softmax(logits)`, then `return (____ - ____) * g[:, None]`",
    ),
    points=5,
)

# huber_vjp


def huber_gradient(y_true, y_pred, g, delta=1.0):
    two_axes(y_true, y_pred)
    return huber.vjp(y_true, y_pred, g, delta=delta, reduction=None)


def huber_vjp_right(y_true, y_pred, g, delta=1.0):
    return np.clip(y_pred - y_true, -delta, delta) / y_pred.shape[-1] * g[:, None]


def huber_vjp_backwards(y_true, y_pred, g, delta=1.0):
    return huber_vjp_right(y_pred, y_true, g, delta)


def huber_vjp_unclipped(y_true, y_pred, g, delta=1.0):
    return (y_pred - y_true) / y_pred.shape[-1] * g[:, None]


def huber_vjp_zero_outside(y_true, y_pred, g, delta=1.0):
    error = y_pred - y_true
    return np.where(np.abs(error) <= delta, error, 0.0) / y_pred.shape[-1] * g[:, None]


def huber_vjp_sign_only(y_true, y_pred, g, delta=1.0):
    error = y_pred - y_true
    return np.where(np.abs(error) <= delta, error, np.sign(error)) / y_pred.shape[-1] * g[:, None]


def huber_vjp_delta_without_sign(y_true, y_pred, g, delta=1.0):
    error = y_pred - y_true
    return np.where(np.abs(error) <= delta, error, delta) / y_pred.shape[-1] * g[:, None]


def huber_vjp_summed(y_true, y_pred, g, delta=1.0):
    return np.clip(y_pred - y_true, -delta, delta) * g[:, None]


def huber_vjp_delta_ignored(y_true, y_pred, g, delta=1.0):
    return huber_vjp_right(y_true, y_pred, g)


def huber_vjp_without_upstream(y_true, y_pred, g, delta=1.0):
    return np.clip(y_pred - y_true, -delta, delta) / y_pred.shape[-1]


def huber_vjp_product_clipped(y_true, y_pred, g, delta=1.0):
    return np.clip((y_pred - y_true) * g[:, None], -delta, delta) / y_pred.shape[-1]


def huber_vjp_twice(y_true, y_pred, g, delta=1.0):
    error = y_pred - y_true
    slope = np.where(np.abs(error) <= delta, 2 * error, delta * np.sign(error))
    return slope / y_pred.shape[-1] * g[:, None]


def huber_vjp_over_everything(y_true, y_pred, g, delta=1.0):
    return np.clip(y_pred - y_true, -delta, delta) / y_pred.size * g[:, None]


def huber_vjp_by_samples(y_true, y_pred, g, delta=1.0):
    return np.clip(y_pred - y_true, -delta, delta) / len(y_pred) * g[:, None]


def huber_vjp_by_where(y_true, y_pred, g, delta=1.0):
    error = y_pred - y_true
    slope = np.where(np.abs(error) <= delta, error, delta * np.sign(error))
    return g.reshape(-1, 1) * slope / error.shape[1]


def huber_vjp_by_minimum(y_true, y_pred, g, delta=1.0):
    error = np.subtract(y_pred, y_true)
    return np.einsum("nk,n->nk", np.minimum(np.maximum(error, -delta), delta), g) / np.shape(y_pred)[1]


def huber_vjp_by_masks(y_true, y_pred, g, delta=1.0):
    error = y_pred - y_true
    error[error > delta] = delta
    error[error < -delta] = -delta
    return (error.T * g).T / error.shape[-1]


def huber_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(samples: int, outputs: int) -> tuple[np.ndarray, ...]:
        return (
            numbers(generator, samples, outputs),
            numbers(generator, samples, outputs, scale=3),
            numbers(generator, samples),
        )

    narrow, wide = (float(np.round(generator.uniform(*ends), 2)) for ends in ((0.2, 0.6), (1.5, 2.5)))
    # on both sides of both kinks, so that every branch is met
    around = np.array([[-3.0, -0.4, 0.3, 2.5]])
    return (
        Case("gradient", (np.zeros((1, 4)), around, np.array([1.0]))),
        Case("gradient", (np.zeros((1, 4)), around, numbers(generator, 1)), {"delta": narrow}),
        Case("gradient", (np.zeros((1, 4)), around, numbers(generator, 1)), {"delta": wide}),
        Case("gradient", pair(3, 2)),
        Case("gradient", pair(2, 3), {"delta": wide}),
        Case("extremes", (np.zeros((1, 2)), np.array([[-1e200, 1e200]]), numbers(generator, 1)), quiet=True),
        Case("shape", pair(3, 1)),
        Case("shape", pair(1, 4)),
        Case("input unchanged", pair(2, 2)),
    )


HUBER_VJP = Exercise(
    id="huber_vjp",
    unit=UNIT,
    function="huber_vjp",
    reference=huber_gradient,
    arguments=("y_true", "y_pred", "g"),
    criteria=(
        Criterion(
            "gradient", 0.7, "The error, held between -delta and delta, over the number of outputs, times g."
        ),
        Criterion("extremes", 0.1, "Errors of 1e200 have the slope delta, without a warning."),
        Criterion("shape", 0.1, "The result has the shape of y_pred."),
        UNCHANGED,
    ),
    public_inputs=lambda: huber_cases(np.random.default_rng(97)),
    private_inputs=huber_cases,
    curve=Curve(
        of=lambda function, x: function(np.zeros((x.size, 1)), x[:, None], np.ones(x.size))[:, 0],
        xlabel="error y_pred - y_true",
        ylabel="slope of the huber loss",
    ),
    mistakes=(
        Mistake(
            "y_true minus y_pred",
            huber_vjp_backwards,
            "gradient",
            "The error is turned round. With respect to y_pred the slope has the sign of y_pred - y_true.",
        ),
        Mistake(
            "no limit",
            huber_vjp_unclipped,
            "gradient",
            "This is the slope of the squared error. Beyond delta the loss is a straight line of slope "
            "delta.",
        ),
        Mistake(
            "0 beyond delta",
            huber_vjp_zero_outside,
            "gradient",
            "Beyond delta the slope is 0 here, and the worst errors teach nothing. Hold the slope at delta; "
            "do not cut it off.",
        ),
        Mistake(
            "slope 1 beyond delta",
            huber_vjp_sign_only,
            "gradient",
            "Beyond delta the slope is 1 here. It goes on as it was at the seam: delta.",
        ),
        Mistake(
            "sign lost beyond delta",
            huber_vjp_delta_without_sign,
            "gradient",
            "Below -delta the slope is -delta: the sign of the error is lost.",
        ),
        Mistake(
            "sum for mean",
            huber_vjp_summed,
            "gradient",
            "The loss is a mean over the outputs, so each of them has only its part: divide by their number.",
        ),
        Mistake(
            "divided by all entries",
            huber_vjp_over_everything,
            "gradient",
            "This divides by the samples too. Each sample has its own mean, over its outputs alone.",
        ),
        Mistake(
            "divided by the samples",
            huber_vjp_by_samples,
            "gradient",
            "This divides by the number of samples. Each sample has its own mean, over its outputs: "
            "`y_pred.shape[-1]`.",
        ),
        Mistake("delta ignored", huber_vjp_delta_ignored, "gradient", "The argument `delta` is never used."),
        Mistake(
            "upstream gradient ignored",
            huber_vjp_without_upstream,
            "gradient",
            "The upstream gradient g is never used: every sample counts 1 here.",
        ),
        Mistake(
            "product limited",
            huber_vjp_product_clipped,
            "gradient",
            "The product with g is held between -delta and delta. Only the error is; g comes afterwards.",
        ),
        Mistake(
            "slope of the square without the half",
            huber_vjp_twice,
            "gradient",
            "Near 0 the loss is half a square, whose slope is the error itself, not twice the error.",
        ),
    ),
    alternatives=(huber_vjp_right, huber_vjp_by_where, huber_vjp_by_minimum, huber_vjp_by_masks),
    hints=(
        "What is the slope of half a square, and what is it where the curve goes over into a straight line?",
        "Near 0 the loss is half the squared error, whose slope is the error itself. Beyond delta it is a "
        "line, whose slope stays what it was at the seam: delta on the right, -delta on the left. Both "
        "together are the error held between -delta and delta. The loss of a sample is the mean over its "
        "outputs, so each slope is divided by their number, and each row is multiplied by its entry of g.",
        "`slope = np.clip(y_pred - y_true, ____, ____)`, then `return slope / ____ * g[:, None]`",
    ),
    points=5,
)

# gradient_error


def gradient_error(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected)))


def error_signed(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.max((f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected)))


def error_averaged(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.mean(np.abs(f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected)))


def error_with_ones(f, f_vjp, x, g, h=STEP):
    return gradient_error(f, f_vjp, x, np.ones_like(g), h)


def error_of_the_sum(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.abs(np.sum(f_vjp(x, g)) - np.sum(expected)) / np.maximum(1, np.abs(np.sum(expected)))


def error_relative_to_ours(f, f_vjp, x, g, h=STEP):
    ours = f_vjp(x, g)
    return np.max(np.abs(ours - numerical_vjp(f, x, g, h)) / np.maximum(1, np.abs(ours)))


def error_relative_to_the_largest(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - expected)) / np.maximum(1, np.max(np.abs(expected)))


def error_absolute(f, f_vjp, x, g, h=STEP):
    return np.max(np.abs(f_vjp(x, g) - numerical_vjp(f, x, g, h)))


def error_first_entry(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    errors = np.abs(f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected))
    return errors.reshape(-1)[0]


def error_each_entry(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.abs(f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected))


def error_relative_everywhere(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - expected) / np.abs(expected))


def error_of_the_norms(f, f_vjp, x, g, h=STEP):
    ours, expected = f_vjp(x, g), numerical_vjp(f, x, g, h)
    return np.linalg.norm(ours - expected) / (np.linalg.norm(ours) + np.linalg.norm(expected))


def error_relative_to_both(f, f_vjp, x, g, h=STEP):
    ours, expected = f_vjp(x, g), numerical_vjp(f, x, g, h)
    return np.max(np.abs(ours - expected) / np.maximum(1e-8, np.abs(ours) + np.abs(expected)))


def error_one_added(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - expected) / (1 + np.abs(expected)))


def error_measured_with_ones(f, f_vjp, x, g, h=STEP):
    expected = numerical_vjp(f, x, np.ones_like(g), h)
    return np.max(np.abs(f_vjp(x, g) - expected) / np.maximum(1, np.abs(expected)))


def error_added_up(f, f_vjp, x, g, h=STEP):
    return np.sum(error_each_entry(f, f_vjp, x, g, h))


def error_by_loop(f, f_vjp, x, g, h=STEP):
    worst = 0.0
    for ours, theirs in zip(f_vjp(x, g).ravel(), numerical_vjp(f, x, g, h).ravel(), strict=True):
        worst = max(worst, abs(ours - theirs) / max(1.0, abs(theirs)))
    return worst


def error_by_where(f, f_vjp, x, g, h=STEP):
    expected = numerical_by_unit_vectors(f, x, g, h)
    size = np.where(np.abs(expected) > 1, np.abs(expected), 1.0)
    return float((np.abs(expected - f_vjp(x, g)) / size).max())


def square_vjp(x, g):
    return 2 * x * g


def half_square_vjp(x, g):
    return x * g


def square_vjp_of_ones(x, g):
    return 2 * x


def last_forgotten_vjp(x, g):
    return np.where(np.arange(x.size).reshape(x.shape) < x.size - 1, 2 * x * g, 0.0)


def diagonal_vjp(x, g):
    return softmax_vjp_diagonal(x, g)


def error_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def case(criterion: str, f: Callable, f_vjp: Callable, *shape: int) -> Case:
        # far enough from 0 that no wrong gradient is right by accident
        x = np.sign(numbers(generator, *shape)) * np.round(generator.uniform(0.5, 3, shape), 2)
        g = np.sign(numbers(generator, *shape)) * np.round(generator.uniform(1.2, 2, shape), 2)
        return Case(criterion, (f, f_vjp, x, g), tolerance=1e-7, scale=1.0)

    def number_comes_back(*shape: int) -> Case:
        x, g = np.round(generator.uniform(0.5, 3, shape), 2), -np.round(generator.uniform(1.2, 2, shape), 2)
        return Case("shape", (np.square, half_square_vjp, x, g), tolerance=1e-7, scale=1.0)

    down = np.array([1.5, -2.0]), np.array([1.25, -1.5])
    return (
        case("values", np.square, square_vjp, 3),
        case("values", np.square, half_square_vjp, 3),
        Case("values", (np.square, half_square_vjp, *down), tolerance=1e-7, scale=1.0),
        case("values", np.square, square_vjp_of_ones, 2, 2),
        case("values", np.square, last_forgotten_vjp, 4),
        case("values", softmax, softmax_vjp, 2, 3),
        case("values", softmax, diagonal_vjp, 2, 3),
        number_comes_back(2, 2, 2),
        number_comes_back(1),
    )


GRADIENT_ERROR = Exercise(
    id="gradient_error",
    unit=UNIT,
    function="gradient_error",
    reference=gradient_error,
    arguments=("f", "f_vjp", "x", "g"),
    criteria=(
        Criterion(
            "values",
            0.8,
            "The largest, over all entries, of |yours - numerical|, divided by the larger of 1 and "
            "|numerical|.",
        ),
        Criterion("shape", 0.2, "One number comes back, whatever the shape of x."),
    ),
    public_inputs=lambda: error_cases(np.random.default_rng(98)),
    private_inputs=error_cases,
    mistakes=(
        Mistake(
            "sign kept",
            error_signed,
            "values",
            "Without the absolute value a gradient that is too small looks like no error at all.",
        ),
        Mistake(
            "averaged",
            error_averaged,
            "values",
            "The mean hides one wrong entry among many right ones. Take the largest.",
        ),
        Mistake(
            "added up",
            error_added_up,
            "values",
            "The errors of all entries are added up, so many small ones look like a large one. Take the "
            "largest.",
        ),
        Mistake(
            "upstream gradient of ones",
            error_with_ones,
            "values",
            "With ones for g a gradient that ignores g looks right, and for softmax every gradient does. "
            "Use the g that was handed in.",
        ),
        Mistake(
            "measured with ones",
            error_measured_with_ones,
            "values",
            "The measured gradient has ones for its upstream gradient, the other one g. Hand the same g to "
            "both.",
        ),
        Mistake(
            "sums compared",
            error_of_the_sum,
            "values",
            "The sums of the two gradients are compared. Errors of opposite sign cancel in them: compare "
            "entry by entry.",
        ),
        Mistake(
            "relative to the gradient that is tested",
            error_relative_to_ours,
            "values",
            "The difference is divided by the size of the gradient under test, which may be wrong. Divide "
            "by the numerical one.",
        ),
        Mistake(
            "relative everywhere",
            error_relative_everywhere,
            "values",
            "Where the slope is near 0 this divides rounding by nearly nothing, and a right gradient looks "
            "wrong. Divide by the larger of 1 and |numerical|.",
        ),
        Mistake(
            "norms compared",
            error_of_the_norms,
            "values",
            "The norms of whole gradients are compared, in which one wrong entry among many right ones is "
            "lost. Divide entry by entry, and take the largest.",
        ),
        Mistake(
            "relative to both gradients",
            error_relative_to_both,
            "values",
            "The sum of both sizes stands below the line, as in the assignments of CS231n, so the error is "
            "never above 1, and where the slope is near 0 rounding alone looks large. Divide by the larger "
            "of 1 and |numerical|.",
        ),
        Mistake(
            "relative to the largest entry",
            error_relative_to_the_largest,
            "values",
            "All entries are measured by the largest one, which hides errors in the small ones. Divide each "
            "by its own.",
        ),
        Mistake(
            "one added below",
            error_one_added,
            "values",
            "1 is added to the size of the entry. Asked is the larger of the two: `np.maximum(1, "
            "np.abs(expected))`.",
        ),
        Mistake(
            "absolute",
            error_absolute,
            "values",
            "The error is not divided by the size of the gradient, so large gradients look wrong through "
            "rounding alone.",
        ),
        Mistake(
            "first entry only",
            error_first_entry,
            "values",
            "Only the first entry is compared. A gradient may be wrong in the last one alone.",
        ),
        Mistake(
            "one error for each entry",
            error_each_entry,
            "values",
            "One error for each entry comes back. The largest of them is the answer: `np.max`.",
        ),
    ),
    alternatives=(gradient_error, error_by_loop, error_by_where),
    hints=(
        "At which entry are the two gradients furthest apart, measured by its size?",
        "Compute both gradients with the same x and g: one by f_vjp, one by your numerical_vjp. Their "
        "difference, without its sign, is divided by the size of the numerical one where that is above 1, "
        "and by 1 elsewhere, so that a slope of 0 does no harm. The largest of these is the answer. For [3, "
        "0] against the measured [2, 0.5] they are 0.5 and 0.5.",
        "`expected = numerical_vjp(f, x, g, h)`, then `return np.max(np.abs(____ - expected) / "
        "np.maximum(1, ____))`",
    ),
    points=5,
)

# the questions

Q_STEP = Question(
    id="q_best_step",
    unit=UNIT,
    prompt="Which step `h` gives the central difference of exp at 1 the most right digits, in float64?",
    options={
        "a": Option(
            "$10^{-15}$, the smallest that still changes x",
            "With this step x moves by a handful of roundings, and the two values of exp differ in their "
            "last bits only.",
            "smaller steps are always better",
        ),
        "b": Option(
            "$10^{-8}$, the root of the precision",
            "That is the best step of the one-sided difference. The central one can afford a larger step, "
            "because its own error is of second order.",
            "the rule for the forward difference holds for the central one",
        ),
        "c": Option(
            "$10^{-5}$, near its third root",
            "The rounding error falls as 1/h, the error of the formula grows as h squared, and the two meet "
            "near the third root of the precision.",
        ),
        "d": Option(
            "$10^{-2}$",
            "Here the error of the formula, which grows with h squared, leaves four digits.",
            "rounding errors are worse than the error of the formula",
        ),
    },
    answer="c",
    explanation="Two errors pull in opposite directions: rounding, about 1e-16 / h, and the formula's own, "
    "about h squared.",
)

Q_ONES = Question(
    id="q_vacuous",
    unit=UNIT,
    prompt="A test computes the gradient of `softmax(x).sum()` with respect to x, as `sum().backward()` does. "
    "What is the largest absolute entry of the right answer?",
    answer=0,
    explanation="The probabilities of a row sum to 1 whatever x is. The gradient is 0, and so is that of a "
    "softmax with a wrong temperature, so the test cannot tell them apart.",
    replies={
        1: "1 would be the gradient if each probability moved by itself. They share one sum, which never changes.",
        0.25: "That is the steepest p (1 - p), of one probability. Here all of a row are added up first.",
    },
    tolerance=1e-12,
)

Q_KINK = Question(
    id="q_kink",
    unit=UNIT,
    prompt="What does the central difference say about the slope of relu at 0?",
    answer=0.5,
    explanation="(h - 0) / 2h is one half, for every h: the mean of the two slopes, 0 and 1. Frameworks answer 0. "
    "Neither is wrong, so a gradient check keeps away from kinks, or asks on both sides of them.",
    replies={
        0: "That is what the frameworks return at 0. The difference looks at both sides: relu(h) is h, relu(-h) is 0.",
        1: "That is the slope on the right. The difference looks at both sides.",
    },
)

Q_SHIPPED = Question(
    id="q_shipped",
    unit=UNIT,
    prompt="Which of the four recorded gradients are wrong?",
    options={
        "a": Option(
            "Only A: the others differ in rounding.",
            "B is 2 at 0, where the slopes on both sides are 1; C is 0 where the truth is one half.",
            "a difference at a single point is rounding",
        ),
        "b": Option(
            "B and C: A is a matter of the constants.",
            "At -1 A says 0.590 where 0.647 is measured, though at 1 it is right to all six digits: the "
            "constants are not to blame.",
            "a difference in the digits is a difference of constants",
        ),
        "c": Option(
            "None: they were shipped in releases that thousands used.",
            "They were, and their tests passed, because the tests looked elsewhere.",
            "what is widely used is right",
        ),
        "d": Option(
            "A, B and C. D is right.",
            "A is wrong for every negative x, B and C at 0 alone.",
        ),
    },
    answer="d",
    explanation="MXNet 1.9 computed selu's slope from l (a + y) where l a + y is right. Keras 3.15 lets both "
    "branches of celu count at 0. MXNet's logistic loss is a sum of three terms whose slopes at 0 are all "
    "taken as 0.",
)

Q_DEAD = Question(
    id="q_certain_mistake",
    unit=UNIT,
    prompt="Keras clips probabilities to [1e-7, 1 - 1e-7] before the logarithm. The model says 0, the label is 1. "
    "What is the gradient of the loss with respect to the probability?",
    answer=0,
    explanation="Between the clip and the edge nothing changes, so the slope is 0: the worst possible answer teaches "
    "nothing. From logits the gradient is -1, and training goes on.",
    replies={
        -1e7: "That is -1 / p at the clipped probability. The clip itself has the slope 0 out there, and multiplies.",
    },
)

EXERCISES = (
    Q_STEP,
    CENTRAL_DIFFERENCE,
    NUMERICAL_VJP,
    SIGMOID_VJP,
    TANH_VJP,
    Q_ONES,
    SOFTMAX_VJP,
    CROSSENTROPY_VJP,
    Q_KINK,
    HUBER_VJP,
    GRADIENT_ERROR,
    Q_SHIPPED,
    Q_DEAD,
)
