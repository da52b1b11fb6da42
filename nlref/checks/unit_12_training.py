"""Unit 12: the steps that train a network, what holds it back from learning by heart, and the search for settings."""

import numpy as np

from nlref import optimizers
from nlref.checks.exercise import (
    Attribute,
    Case,
    Criterion,
    Curve,
    Exercise,
    Method,
    Mistake,
    Option,
    Question,
)
from nlref.layers.regularizers import L1L2

UNIT = "12_training"

UNCHANGED = Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards.")


def numbers(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """Numbers of both signs, two decimals, none nearer to 0 than 0.1."""
    drawn = np.round(generator.uniform(0.1, 2, size=shape), 2)
    return np.where(generator.random(shape) < 0.5, -drawn, drawn)


# sgd_step


def sgd_step(w, gradient, learning_rate=0.01):
    moved = np.array(w, dtype=np.float64)
    optimizers.SGD(learning_rate).apply([gradient], [moved])
    return moved


def sgd_uphill(w, gradient, learning_rate=0.01):
    return w + learning_rate * gradient


def sgd_full_step(w, gradient, learning_rate=0.01):
    return w - gradient


def sgd_usual_rate(w, gradient, learning_rate=0.01):
    return w - 0.01 * gradient


def sgd_change_alone(w, gradient, learning_rate=0.01):
    return -learning_rate * gradient


def sgd_by_sign(w, gradient, learning_rate=0.01):
    return w - learning_rate * np.sign(gradient)


def sgd_normalised(w, gradient, learning_rate=0.01):
    return w - learning_rate * gradient / np.linalg.norm(gradient)


def sgd_relative(w, gradient, learning_rate=0.01):
    return w * (1 - learning_rate * gradient)


def sgd_divided(w, gradient, learning_rate=0.01):
    return w - gradient / learning_rate


def sgd_scaled_all(w, gradient, learning_rate=0.01):
    return learning_rate * (w - gradient)


def sgd_averaged(w, gradient, learning_rate=0.01):
    return w - learning_rate * np.mean(gradient)


def sgd_in_place(w, gradient, learning_rate=0.01):
    w -= learning_rate * gradient
    return w


def sgd_plainly(w, gradient, learning_rate=0.01):
    return w - learning_rate * gradient


def sgd_on_a_copy(w, gradient, learning_rate=0.01):
    moved = w.copy()
    moved -= np.multiply(gradient, learning_rate)
    return moved


def sgd_by_entry(w, gradient, learning_rate=0.01):
    moved = [a - learning_rate * b for a, b in zip(w.ravel(), gradient.ravel(), strict=True)]
    return np.reshape(moved, w.shape)


def sgd_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, *shape: int, **keywords: float) -> Case:
        return Case(criterion, (numbers(generator, *shape), numbers(generator, *shape)), keywords, scale=1.0)

    return (
        Case("values", (np.array([1.0, -2.0]), np.array([0.5, -0.25])), {"learning_rate": 0.1}),
        one("values", 3),
        one("values", 2, 3, learning_rate=0.5),
        one("values", 4, learning_rate=3.0),
        one("input unchanged", 3, learning_rate=0.2),
    )


SGD_STEP = Exercise(
    id="sgd_step",
    unit=UNIT,
    function="sgd_step",
    reference=sgd_step,
    arguments=("w", "gradient"),
    criteria=(
        Criterion("values", 0.9, "The weights after a step against the gradient, as long as the rate says."),
        UNCHANGED,
    ),
    public_inputs=lambda: sgd_cases(np.random.default_rng(121)),
    private_inputs=sgd_cases,
    mistakes=(
        Mistake("uphill", sgd_uphill, "values", "The gradient points uphill. The step is subtracted."),
        Mistake(
            "rate forgotten",
            sgd_full_step,
            "values",
            "The whole gradient is subtracted. The learning rate says which part of it.",
        ),
        Mistake(
            "the usual rate always",
            sgd_usual_rate,
            "values",
            "Whatever `learning_rate` is, the step is made with 0.01.",
        ),
        Mistake(
            "the change alone",
            sgd_change_alone,
            "values",
            "This is the change. Asked are the weights after it.",
        ),
        Mistake(
            "sign of the gradient",
            sgd_by_sign,
            "values",
            "Every entry moves by the same length. Where the slope is steep, the step is long.",
        ),
        Mistake(
            "gradient normalised",
            sgd_normalised,
            "values",
            "The gradient is divided by its length. Plain descent takes it as it is.",
        ),
        Mistake(
            "multiplied with the weights",
            sgd_relative,
            "values",
            "The step is multiplied by w. It depends on the gradient and on the rate alone.",
        ),
        Mistake(
            "divided by the rate",
            sgd_divided,
            "values",
            "The gradient is divided by the rate. A small rate makes a small step.",
        ),
        Mistake(
            "the rate times everything",
            sgd_scaled_all,
            "values",
            "The rate multiplies the weights, too. A bracket stands too early.",
        ),
        Mistake(
            "gradient averaged",
            sgd_averaged,
            "values",
            "All weights move by the mean of the gradient. Each has an entry of its own.",
        ),
        Mistake(
            "in place",
            sgd_in_place,
            "input unchanged",
            "`w -= ...` writes into the caller's array. Build a new one.",
        ),
    ),
    alternatives=(sgd_plainly, sgd_on_a_copy, sgd_by_entry),
    hints=(
        "The gradient says where the loss grows. Where should the weights go?",
        "The gradient has an entry for each weight: how fast the loss grows with it. To make the loss smaller, each "
        "weight goes the other way, by its entry times the learning rate. From w = [1, -2] with the gradient "
        "[0.5, -0.25] and the rate 0.1 that leads to [0.95, -1.975].",
        "`return w - ____ * ____`",
    ),
    points=5,
)

# Momentum


class Momentum:
    """The package's rule, with the interface of the exercise."""

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.rule = optimizers.SGD(learning_rate, momentum=momentum)

    def step(self, w, gradient):
        moved = np.array(w, dtype=np.float64)
        self.rule.apply([gradient], [moved])
        return moved


class PlainMomentum:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum, self.velocity = learning_rate, momentum, 0.0

    def step(self, w, gradient):
        self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
        return w + self.velocity


class MomentumForgets(PlainMomentum):
    def step(self, w, gradient):
        return w + self.momentum * self.velocity - self.learning_rate * gradient


class MomentumUphill(PlainMomentum):
    def step(self, w, gradient):
        self.velocity = self.momentum * self.velocity + self.learning_rate * gradient
        return w + self.velocity


class MomentumAveraged(PlainMomentum):
    def step(self, w, gradient):
        self.velocity = self.momentum * self.velocity + (1 - self.momentum) * gradient
        return w - self.learning_rate * self.velocity


class MomentumNesterov(PlainMomentum):
    def step(self, w, gradient):
        super().step(w, gradient)
        return w + self.momentum * self.velocity - self.learning_rate * gradient


class MomentumRateTwice(PlainMomentum):
    def step(self, w, gradient):
        super().step(w, gradient)
        return w + self.learning_rate * self.velocity


class MomentumTurned(PlainMomentum):
    def step(self, w, gradient):
        self.velocity = -self.momentum * self.velocity - self.learning_rate * gradient
        return w + self.velocity


class MomentumOneBefore(PlainMomentum):
    def step(self, w, gradient):
        moved = w + self.momentum * self.velocity - self.learning_rate * gradient
        self.velocity = -self.learning_rate * gradient
        return moved


class MomentumSummed(PlainMomentum):
    def step(self, w, gradient):
        self.velocity = self.velocity - self.learning_rate * gradient
        return w + self.velocity


class MomentumRateForAll(PlainMomentum):
    def step(self, w, gradient):
        self.velocity = self.learning_rate * (self.momentum * self.velocity - gradient)
        return w + self.velocity


class MomentumVelocityLate(PlainMomentum):
    def step(self, w, gradient):
        moved = w + self.velocity
        super().step(w, gradient)
        return moved


class MomentumOnTheWayOut(PlainMomentum):
    def step(self, w, gradient):
        self.velocity = self.velocity - self.learning_rate * gradient
        return w + self.momentum * self.velocity


class MomentumUsual(PlainMomentum):
    def __init__(self, learning_rate=0.01, momentum=0.9):
        super().__init__(learning_rate, 0.9)


class MomentumVelocityReturned(PlainMomentum):
    def step(self, w, gradient):
        super().step(w, gradient)
        return self.velocity


class MomentumInPlace(PlainMomentum):
    def step(self, w, gradient):
        w += super().step(0, gradient)
        return w


class MomentumOutsideRate(PlainMomentum):
    """PyTorch's form: the same steps as long as the rate stays."""

    def step(self, w, gradient):
        self.velocity = self.momentum * self.velocity + gradient
        return w - self.learning_rate * self.velocity


class MomentumByHistory:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum, self.seen = learning_rate, momentum, []

    def step(self, w, gradient):
        self.seen.insert(0, np.array(gradient))
        return w - self.learning_rate * sum(self.momentum**age * g for age, g in enumerate(self.seen))


class MomentumFromNone:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.rate, self.keep, self.v = learning_rate, momentum, None

    def step(self, w, gradient):
        if self.v is None:
            self.v = np.zeros(w.shape)
        self.v *= self.keep
        self.v -= self.rate * gradient
        return np.add(w, self.v)


def steps(generator: np.random.Generator, count: int, *shape: int) -> tuple[Method, ...]:
    return tuple(
        Method("step", (numbers(generator, *shape), numbers(generator, *shape))) for _ in range(count)
    )


def momentum_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    return (
        Case("values", (0.1,), {"momentum": 0.5}, steps=steps(generator, 3, 1), scale=0.1),
        Case("values", (0.1, 0.9), steps=steps(generator, 4, 2), scale=0.1),
        Case("values", (), {}, steps=steps(generator, 3, 2, 2), scale=0.1),
        Case("values", (0.5,), {"momentum": 0.0}, steps=steps(generator, 2, 2), scale=0.1),
        # Of the shape of the case before: a velocity that belongs to the class would still be there.
        Case("values", (0.2, 0.75), steps=steps(generator, 2, 2), scale=0.1),
        Case("input unchanged", (0.1, 0.9), steps=steps(generator, 2, 3)),
    )


def path_in_a_bowl(rule, x):
    """Where w is after each step from 1, in a bowl whose gradient at w is w."""
    w, passed = np.ones(1), []
    for _ in x:
        passed.append(w.item())
        w = rule.step(w.copy(), w.copy())
    return np.array(passed)


MOMENTUM = Exercise(
    id="momentum",
    unit=UNIT,
    function="Momentum",
    kind="class",
    reference=Momentum,
    arguments=("learning_rate", "momentum"),
    criteria=(
        Criterion(
            "values", 0.9, "`step` gives the weights moved by the velocity, which remembers earlier steps."
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: momentum_cases(np.random.default_rng(122)),
    private_inputs=momentum_cases,
    curve=Curve(
        of=lambda rule, x: path_in_a_bowl(rule(0.01, 0.9), x),
        xlabel="steps from w = 1, with the gradient w",
        ylabel="w",
        low=0.0,
        high=240.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "velocity not stored",
            MomentumForgets,
            "values",
            "The velocity is never stored, so every step is the first one. Assign to `self.velocity`.",
        ),
        Mistake(
            "uphill", MomentumUphill, "values", "The velocity grows along the gradient, which leads uphill."
        ),
        Mistake(
            "averaged",
            MomentumAveraged,
            "values",
            "The gradient is weighed with 1 - momentum here, an average. Momentum adds it whole, so that steps which "
            "agree become up to 1 / (1 - momentum) times as long.",
        ),
        Mistake(
            "Nesterov's form",
            MomentumNesterov,
            "values",
            "This looks a step ahead: it is Nesterov's form. Asked is the plain one, w + v.",
        ),
        Mistake(
            "rate twice",
            MomentumRateTwice,
            "values",
            "The velocity contains the learning rate already, and is multiplied by it again.",
        ),
        Mistake(
            "velocity turned round",
            MomentumTurned,
            "values",
            "The old velocity is subtracted. It is what the new one keeps.",
        ),
        Mistake(
            "only one step remembered",
            MomentumOneBefore,
            "values",
            "Only the step before is remembered, without what it had kept itself. Store the whole velocity.",
        ),
        Mistake(
            "nothing forgotten",
            MomentumSummed,
            "values",
            "All earlier steps count whole. `momentum` says which part of the velocity is kept.",
        ),
        Mistake(
            "rate times the old velocity, too",
            MomentumRateForAll,
            "values",
            "The rate multiplies the old velocity, too, which contains it already. It belongs to the gradient alone.",
        ),
        Mistake(
            "velocity one step late",
            MomentumVelocityLate,
            "values",
            "The weights move by the velocity of the step before. Compute the new one first, then move by it.",
        ),
        Mistake(
            "momentum outside the velocity",
            MomentumOnTheWayOut,
            "values",
            "`momentum` shortens the step and not what is kept, so nothing is forgotten. It multiplies the old "
            "velocity.",
        ),
        Mistake(
            "momentum 0.9 always",
            MomentumUsual,
            "values",
            "Whatever `momentum` is, 0.9 of the velocity is kept.",
        ),
        Mistake(
            "velocity returned",
            MomentumVelocityReturned,
            "values",
            "The velocity comes back. Asked are the weights that it has moved.",
        ),
        Mistake(
            "in place",
            MomentumInPlace,
            "input unchanged",
            "`w += ...` writes into the caller's array. Return a new one.",
        ),
    ),
    alternatives=(PlainMomentum, MomentumOutsideRate, MomentumByHistory, MomentumFromNone),
    hints=(
        "What does the second step do with what the first one left in `self`?",
        "The velocity starts at 0. Each step keeps a part of it, `momentum`, and adds the new step, minus the rate "
        "times the gradient; the weights then move by the velocity. With the rate 0.1, momentum 0.5 and the gradient 2 "
        "twice: the velocity is -0.2 after the first step and 0.5 times -0.2 minus 0.2, which is -0.3, after the "
        "second.",
        "`self.velocity = self.momentum * ____ - ____ * gradient`, then `return w + ____`",
    ),
    points=5,
)

# Adam


class Adam:
    """The package's rule, with the interface of the exercise."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.rule = optimizers.Adam(learning_rate, beta_1, beta_2, epsilon)

    def step(self, w, gradient):
        moved = np.array(w, dtype=np.float64)
        self.rule.apply([gradient], [moved])
        return moved


class PlainAdam:
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
        self.epsilon = epsilon
        self.m, self.v, self.t = 0.0, 0.0, 0

    def averages(self, gradient):
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * gradient**2
        return self.m / (1 - self.beta_1**self.t), self.v / (1 - self.beta_2**self.t)

    def step(self, w, gradient):
        m, v = self.averages(gradient)
        return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


class AdamUncorrected(PlainAdam):
    def averages(self, gradient):
        super().averages(gradient)
        return self.m, self.v


class AdamHalfCorrected(PlainAdam):
    def averages(self, gradient):
        return super().averages(gradient)[0], self.v


class AdamSecondCorrected(PlainAdam):
    def step(self, w, gradient):
        _, v = self.averages(gradient)
        return w - self.learning_rate * self.m / (np.sqrt(v) + self.epsilon)


class AdamOneBeta(PlainAdam):
    def averages(self, gradient):
        super().averages(gradient)
        correction = 1 - self.beta_1**self.t
        return self.m / correction, self.v / correction


class AdamSummed(PlainAdam):
    def averages(self, gradient):
        self.t += 1
        self.m = self.beta_1 * self.m + gradient
        self.v = self.beta_2 * self.v + gradient**2
        return self.m / (1 - self.beta_1**self.t), self.v / (1 - self.beta_2**self.t)


class AdamWithoutPower(PlainAdam):
    def averages(self, gradient):
        super().averages(gradient)
        return self.m / (1 - self.beta_1), self.v / (1 - self.beta_2)


class AdamMultiplied(PlainAdam):
    def averages(self, gradient):
        super().averages(gradient)
        return self.m * (1 - self.beta_1**self.t), self.v * (1 - self.beta_2**self.t)


class AdamFromStepZero(PlainAdam):
    def averages(self, gradient):
        super().averages(gradient)
        power = self.t - 1
        return np.divide(self.m, 1 - self.beta_1**power), np.divide(self.v, 1 - self.beta_2**power)


class AdamFromStepTwo(PlainAdam):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.t = 1


class AdamWithoutRoot(PlainAdam):
    def step(self, w, gradient):
        m, v = self.averages(gradient)
        return w - self.learning_rate * m / (v + self.epsilon)


class AdamWithoutSquare(PlainAdam):
    def averages(self, gradient):
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * np.abs(gradient)
        return self.m / (1 - self.beta_1**self.t), self.v / (1 - self.beta_2**self.t)


class AdamExchanged(PlainAdam):
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate, beta_2, beta_1, epsilon)


class AdamUphill(PlainAdam):
    def step(self, w, gradient):
        return 2 * w - super().step(w, gradient)


class AdamCorrectionKept(PlainAdam):
    def averages(self, gradient):
        self.m, self.v = super().averages(gradient)
        return self.m, self.v


class AdamForgets(PlainAdam):
    def averages(self, gradient):
        self.m, self.v, self.t = 0.0, 0.0, 0
        return super().averages(gradient)


class AdamWeighsWrongly(PlainAdam):
    def averages(self, gradient):
        self.t += 1
        self.m = (1 - self.beta_1) * self.m + self.beta_1 * gradient
        self.v = (1 - self.beta_2) * self.v + self.beta_2 * gradient**2
        return self.m / (1 - self.beta_1**self.t), self.v / (1 - self.beta_2**self.t)


class AdamWithoutAverage(PlainAdam):
    def step(self, w, gradient):
        _, v = self.averages(gradient)
        return w - self.learning_rate * gradient / (np.sqrt(v) + self.epsilon)


class AdamSlowing(PlainAdam):
    def step(self, w, gradient):
        return w + (super().step(w, gradient) - w) / np.sqrt(self.t)


class AdamWithoutEpsilon(PlainAdam):
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate, beta_1, beta_2, 0.0)


class AdamEpsilonInRoot(PlainAdam):
    def step(self, w, gradient):
        m, v = self.averages(gradient)
        return w - self.learning_rate * m / np.sqrt(v + self.epsilon)


class AdamUsualEpsilon(PlainAdam):
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate, beta_1, beta_2)


class AdamEpsilonAfterwards(PlainAdam):
    def step(self, w, gradient):
        m, v = self.averages(gradient)
        return w - self.learning_rate * np.divide(m, np.sqrt(v)) + self.epsilon


class AdamInPlace(PlainAdam):
    def step(self, w, gradient):
        w += super().step(0, gradient)
        return w


class AdamGradientInPlace(PlainAdam):
    def step(self, w, gradient):
        moved = super().step(w, gradient)
        gradient *= 0
        return moved


class AdamAsInKeras(PlainAdam):
    def step(self, w, gradient):
        self.averages(gradient)
        alpha = self.learning_rate * np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        return w - alpha * self.m / (np.sqrt(self.v) + self.epsilon)


class AdamByDifferences:
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.settings = learning_rate, beta_1, beta_2, epsilon
        self.state = None

    def step(self, w, gradient):
        rate, b1, b2, epsilon = self.settings
        m, v, p1, p2 = self.state or (np.zeros_like(w), np.zeros_like(w), 1.0, 1.0)
        m = m + (1 - b1) * (gradient - m)
        v = v + (1 - b2) * (np.square(gradient) - v)
        p1, p2 = p1 * b1, p2 * b2
        self.state = m, v, p1, p2
        return w - rate * (m / (1 - p1)) / (np.sqrt(v / (1 - p2)) + epsilon)


class AdamByHistory:
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.rate, self.b1, self.b2, self.epsilon, self.seen = learning_rate, beta_1, beta_2, epsilon, []

    def step(self, w, gradient):
        self.seen.insert(0, np.array(gradient))
        ages = range(len(self.seen))
        m = np.average(self.seen, axis=0, weights=[self.b1**age for age in ages])
        v = np.average(np.square(self.seen), axis=0, weights=[self.b2**age for age in ages])
        return w - self.rate * m / (v**0.5 + self.epsilon)


def adam_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    # Where epsilon is added, to the corrected root or to the other, changes a step of 0.5 by 1.6e-6 over the size of
    # the gradients.
    def script(criterion: str, arguments: tuple, count: int, *shape: int, **keywords: float) -> Case:
        return Case(
            criterion, arguments, keywords, steps=steps(generator, count, *shape), tolerance=1e-4, scale=0.5
        )

    flat = numbers(generator, 3)
    still = np.array([0.5, 0.0, -1.5]) * generator.choice([-1.0, 1.0])
    return (
        script("values", (0.1,), 1, 2),
        script("values", (0.5,), 4, 1),
        script("values", (0.2,), 4, 2, 2, beta_1=0.8, beta_2=0.95),
        script("values", (0.5, 0.5, 0.9), 3, 2),
        Case(
            "extremes",
            (0.1,),
            steps=(Method("step", (flat, still)), Method("step", (flat, 2 * still))),
            tolerance=1e-4,
            scale=0.5,
        ),
        # Without memory of squares the corrected root is the other one, so a large epsilon has one place.
        script("extremes", (0.5, 0.9, 0.0, 0.5), 2, 3),
        script("input unchanged", (0.1,), 2, 3),
    )


ADAM = Exercise(
    id="adam",
    unit=UNIT,
    function="Adam",
    kind="class",
    reference=Adam,
    arguments=("learning_rate", "beta_1", "beta_2", "epsilon"),
    criteria=(
        Criterion(
            "values",
            0.8,
            "`step` gives the weights after Adam's step, both averages corrected for their start.",
        ),
        Criterion(
            "extremes",
            0.1,
            "A weight whose gradient is 0 stays where it is: epsilon, added to the root, keeps 0 / 0 away.",
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: adam_cases(np.random.default_rng(123)),
    private_inputs=adam_cases,
    curve=Curve(
        of=lambda rule, x: path_in_a_bowl(rule(0.02, epsilon=0.0), x),  # wherever it stands
        xlabel="steps from w = 1, with the gradient w",
        ylabel="w",
        low=0.0,
        high=240.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "not corrected",
            AdamUncorrected,
            "values",
            "The averages start at 0 and are used as they are. Divide them by 1 - beta ** t: without it the first "
            "step is about three times too long.",
        ),
        Mistake(
            "only the first average corrected",
            AdamHalfCorrected,
            "values",
            "The average of the squares starts at 0, too, and is not corrected.",
        ),
        Mistake(
            "only the second average corrected",
            AdamSecondCorrected,
            "values",
            "The average of the gradient starts at 0, too, and is not corrected.",
        ),
        Mistake(
            "beta_1 corrects both",
            AdamOneBeta,
            "values",
            "Both averages are corrected with beta_1. That of the squares has beta_2: 1 - beta_2 ** t.",
        ),
        Mistake(
            "new ones added whole",
            AdamSummed,
            "values",
            "The gradient and its square are added whole. In an average the new one weighs 1 - beta.",
        ),
        Mistake(
            "power forgotten",
            AdamWithoutPower,
            "values",
            "The correction is 1 - beta in every step. It is 1 - beta ** t, and goes to 1.",
        ),
        Mistake(
            "multiplied by the correction",
            AdamMultiplied,
            "values",
            "The averages are multiplied by the correction, which makes them smaller still. Divide.",
        ),
        Mistake(
            "steps counted from 0",
            AdamFromStepZero,
            "values",
            "In the first step t is 0, and 1 - beta ** 0 is 0. Count the first step as 1.",
        ),
        Mistake(
            "steps counted from 2",
            AdamFromStepTwo,
            "values",
            "The first step is counted as the second: t starts at 0 and grows once a step.",
        ),
        Mistake(
            "root forgotten",
            AdamWithoutRoot,
            "values",
            "The divisor is the average square itself. Its root has the size of a gradient.",
        ),
        Mistake(
            "square forgotten",
            AdamWithoutSquare,
            "values",
            "The second average is one of absolute values. Adam averages the squares.",
        ),
        Mistake(
            "betas exchanged",
            AdamExchanged,
            "values",
            "beta_1 is used for the squares and beta_2 for the gradient. They are exchanged.",
        ),
        Mistake("uphill", AdamUphill, "values", "The step goes uphill: it is subtracted."),
        Mistake(
            "corrected averages kept",
            AdamCorrectionKept,
            "values",
            "The corrected averages are stored, and corrected again in the next step. Keep the plain ones.",
        ),
        Mistake(
            "nothing kept",
            AdamForgets,
            "values",
            "Every step starts anew: both averages and t have to stay in `self`.",
        ),
        Mistake(
            "weights exchanged",
            AdamWeighsWrongly,
            "values",
            "beta is the part of the old average that is kept. Here it is the part that is new.",
        ),
        Mistake(
            "gradient not averaged",
            AdamWithoutAverage,
            "values",
            "The gradient itself stands on top. Its average belongs there; without it, this is RMSprop.",
        ),
        Mistake(
            "rate divided by the root of t",
            AdamSlowing,
            "values",
            "The rate shrinks with the root of t, as in the paper's proof. Adam itself keeps it.",
        ),
        Mistake(
            "epsilon forgotten",
            AdamWithoutEpsilon,
            "extremes",
            "Where the gradient has always been 0, this divides 0 by 0. epsilon is added to the root.",
        ),
        Mistake(
            "epsilon under the root",
            AdamEpsilonInRoot,
            "extremes",
            "epsilon stands under the root, as in RMSprop. In Adam it is added to the root.",
        ),
        Mistake(
            "epsilon 1e-7 always",
            AdamUsualEpsilon,
            "extremes",
            "Whatever `epsilon` is, 1e-7 is added to the root.",
        ),
        Mistake(
            "epsilon outside the quotient",
            AdamEpsilonAfterwards,
            "extremes",
            "epsilon is added to the quotient. It belongs to the divisor: a bracket is missing.",
        ),
        Mistake(
            "in place",
            AdamInPlace,
            "input unchanged",
            "`w -= ...` writes into the caller's array. Return a new one.",
        ),
        Mistake(
            "gradient overwritten",
            AdamGradientInPlace,
            "input unchanged",
            "The step writes into the gradient, which is the caller's.",
        ),
    ),
    alternatives=(PlainAdam, AdamAsInKeras, AdamByDifferences, AdamByHistory),
    hints=(
        "After the first step, both averages are far too small. By which factor, and what is it after t steps?",
        "Three things stay in `self`: m, v and t, all 0 at first. A step adds 1 to t, moves m towards the gradient and "
        "v towards its square, and divides copies of both by 1 - beta ** t. In the first step with the gradient 2, m "
        "is 0.2 and v is 0.004; the corrected ones are 2 and 4; and 2 over the root of 4 is 1. So the first step is as "
        "long as the rate, whatever the gradient.",
        "`self.m = self.beta_1 * self.m + (1 - ____) * gradient`, `m = self.m / (1 - self.beta_1 ** ____)`, the same "
        "for v, then `return w - self.learning_rate * m / (np.sqrt(____) + self.epsilon)`",
    ),
    points=5,
)

# penalty_gradient


def penalty_gradient(w, l1=0.0, l2=0.0):
    return L1L2(l1, l2).gradient(w)


def penalty_half(w, l1=0.0, l2=0.0):
    return l1 * np.sign(w) + l2 * w


def penalty_values(w, l1=0.0, l2=0.0):
    return l1 * np.abs(w) + l2 * w**2


def penalty_absolute(w, l1=0.0, l2=0.0):
    return l1 * np.abs(w) + 2 * l2 * w


def penalty_of_sizes(w, l1=0.0, l2=0.0):
    return l1 * np.sign(w) + 2 * l2 * np.abs(w)


def penalty_by_signs(w, l1=0.0, l2=0.0):
    return (l1 + 2 * l2) * np.sign(w)


def penalty_without_l1(w, l1=0.0, l2=0.0):
    return 2 * l2 * w


def penalty_without_l2(w, l1=0.0, l2=0.0):
    return l1 * np.sign(w)


def penalty_without_sign(w, l1=0.0, l2=0.0):
    return l1 + 2 * l2 * w


def penalty_l1_of_size(w, l1=0.0, l2=0.0):
    return l1 * w + 2 * l2 * w


def penalty_exchanged(w, l1=0.0, l2=0.0):
    return l2 * np.sign(w) + 2 * l1 * w


def penalty_factor_everywhere(w, l1=0.0, l2=0.0):
    return 2 * (l1 * np.sign(w) + l2 * w)


def penalty_averaged(w, l1=0.0, l2=0.0):
    return (l1 * np.sign(w) + 2 * l2 * w) / w.size


def penalty_away(w, l1=0.0, l2=0.0):
    return -l1 * np.sign(w) - 2 * l2 * w


def penalty_total(w, l1=0.0, l2=0.0):
    return np.sum(l1 * np.abs(w)) + np.sum(l2 * w**2)


def penalty_divided_by_size(w, l1=0.0, l2=0.0):
    with np.errstate(invalid="ignore"):
        return l1 * w / np.abs(w) + 2 * l2 * w


def penalty_one_at_zero(w, l1=0.0, l2=0.0):
    return l1 * np.where(w >= 0, 1.0, -1.0) + 2 * l2 * w


def penalty_minus_one_at_zero(w, l1=0.0, l2=0.0):
    return l1 * np.where(w > 0, 1.0, -1.0) + 2 * l2 * w


def penalty_in_place(w, l1=0.0, l2=0.0):
    signs = np.sign(w)
    w *= 2 * l2
    w += l1 * signs
    return w


def penalty_plainly(w, l1=0.0, l2=0.0):
    return l1 * np.sign(w) + 2 * l2 * w


def penalty_by_comparisons(w, l1=0.0, l2=0.0):
    return l1 * ((w > 0).astype(float) - (w < 0)) + (w + w) * l2


def penalty_by_where(w, l1=0.0, l2=0.0):
    slopes = np.where(w > 0, l1, np.where(w < 0, -l1, 0.0))
    return np.add(slopes, np.multiply(2 * l2, w))


def penalty_by_loop(w, l1=0.0, l2=0.0):
    gradient = np.zeros_like(w, dtype=float)
    for index, weight in np.ndenumerate(w):
        gradient[index] = 2 * l2 * weight
        if weight:
            gradient[index] += l1 * weight / abs(weight)
    return gradient


def penalty_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def weights(*shape: int) -> np.ndarray:
        w = np.abs(numbers(generator, *shape))
        w.flat[::2] *= -1
        return w

    small = np.array([0.0, 0.5, -0.25]) * generator.choice([-2.0, 2.0])
    return (
        Case("gradient", (np.array([-2.0, 0.5]),), {"l1": 0.1, "l2": 0.01}),
        Case("gradient", (weights(4),), {"l2": 0.3}),
        Case("gradient", (weights(2, 3),), {"l1": 0.2}),
        Case("gradient", (weights(3, 2),), {"l1": 0.05, "l2": 0.5}),
        Case("extremes", (small,), {"l1": 0.1, "l2": 0.5}),
        Case("extremes", (np.zeros(2),), {"l1": 1.0}),
        Case("input unchanged", (weights(4),), {"l1": 0.3, "l2": 0.4}),
    )


PENALTY_GRADIENT = Exercise(
    id="penalty_gradient",
    unit=UNIT,
    function="penalty_gradient",
    reference=penalty_gradient,
    arguments=("w",),
    criteria=(
        Criterion("gradient", 0.7, "The slope of l1 |w| + l2 w squared, for each weight."),
        Criterion("extremes", 0.2, "A weight that is 0 is not pulled: there the slope is 0."),
        UNCHANGED,
    ),
    curve=Curve(
        of=lambda function, w: function(w, l1=0.5, l2=0.1),
        xlabel="weight",
        ylabel="gradient of the penalty, l1 = 0.5, l2 = 0.1",
    ),
    public_inputs=lambda: penalty_cases(np.random.default_rng(124)),
    private_inputs=penalty_cases,
    mistakes=(
        Mistake(
            "factor 2 missing",
            penalty_half,
            "gradient",
            "The slope of w squared is 2 w. A text that writes half the square in front of it has no 2; Keras has no "
            "half.",
        ),
        Mistake(
            "value instead of slope",
            penalty_values,
            "gradient",
            "This is the penalty itself, weight by weight. Asked is its slope.",
        ),
        Mistake(
            "absolute value kept",
            penalty_absolute,
            "gradient",
            "The slope of |w| is 1 or -1, not |w|.",
        ),
        Mistake(
            "absolute value in the square's slope",
            penalty_of_sizes,
            "gradient",
            "l2 pushes negative weights away from 0 here: the slope of w squared is 2 w, with its sign.",
        ),
        Mistake(
            "l2 as strong for all",
            penalty_by_signs,
            "gradient",
            "l2 pulls all weights with the same force here, as l1 does. The slope of w squared is 2 w: large ones are "
            "pulled more.",
        ),
        Mistake("l1 forgotten", penalty_without_l1, "gradient", "Only l2 pulls. The part of l1 is missing."),
        Mistake("l2 forgotten", penalty_without_l2, "gradient", "Only l1 pulls. The part of l2 is missing."),
        Mistake(
            "sign forgotten",
            penalty_without_sign,
            "gradient",
            "l1 pulls negative weights away from 0 here. Its part has the sign of the weight.",
        ),
        Mistake(
            "l1 proportional to the weight",
            penalty_l1_of_size,
            "gradient",
            "l1 pulls large weights more here. It pulls all with the same force; l2 pulls large ones more.",
        ),
        Mistake("l1 and l2 exchanged", penalty_exchanged, "gradient", "l1 and l2 have changed places."),
        Mistake(
            "factor 2 on both", penalty_factor_everywhere, "gradient", "The 2 belongs to the square alone."
        ),
        Mistake(
            "averaged",
            penalty_averaged,
            "gradient",
            "This is divided by the number of weights. The penalty is a sum over them.",
        ),
        Mistake(
            "pushed away from 0",
            penalty_away,
            "gradient",
            "The signs are turned. This is the gradient, which the step will subtract.",
        ),
        Mistake(
            "the penalty in one number",
            penalty_total,
            "gradient",
            "One number comes back, the penalty. Each weight has a slope of its own.",
        ),
        Mistake(
            "0 divided by 0",
            penalty_divided_by_size,
            "extremes",
            "w / |w| is 0 / 0 for a weight that is 0. `np.sign` knows better.",
        ),
        Mistake(
            "1 at 0",
            penalty_one_at_zero,
            "extremes",
            "A weight that is 0 counts as positive here, and is pushed off.",
        ),
        Mistake(
            "-1 at 0",
            penalty_minus_one_at_zero,
            "extremes",
            "A weight that is 0 counts as negative here, and is pushed off.",
        ),
        Mistake(
            "in place",
            penalty_in_place,
            "input unchanged",
            "`w *= ...` writes into the weights. Build a new array.",
        ),
    ),
    alternatives=(penalty_plainly, penalty_by_comparisons, penalty_by_where, penalty_by_loop),
    hints=(
        "One weight changes a little. Which two terms of the penalty change with it, and how fast?",
        "The penalty is a sum, and each weight occurs in two of its terms, l1 |w| and l2 w squared. The first has the "
        "slope l1 for a positive weight and -l1 for a negative one; at 0 take 0, between the two. The second has the "
        "slope 2 l2 w. For w = -2, l1 = 0.1 and l2 = 0.01 that is -0.1 - 0.04.",
        "`return l1 * np.____(w) + ____ * l2 * w`",
    ),
    points=5,
)

# dropout


def dropout(x, uniform, rate, training=True):
    if not training:
        return x.copy()
    return np.where(uniform >= rate, x / (1 - rate), 0.0)


def dropout_unscaled(x, uniform, rate, training=True):
    return np.where(uniform >= rate, x, 0.0) if training else x


def dropout_keeps_the_rate(x, uniform, rate, training=True):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(uniform < rate, x / rate, 0.0) if training else x


def dropout_turned(x, uniform, rate, training=True):
    return np.where(uniform < rate, x / (1 - rate), 0.0) if training else x


def dropout_divided_by_rate(x, uniform, rate, training=True):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(uniform >= rate, x / rate, 0.0) if training else x


def dropout_multiplied(x, uniform, rate, training=True):
    return np.where(uniform >= rate, x * (1 - rate), 0.0) if training else x


def dropout_kept_as_they_were(x, uniform, rate, training=True):
    return np.where(uniform >= rate, x / (1 - rate), x) if training else x


def dropout_left_out(x, uniform, rate, training=True):
    return x[uniform >= rate] / (1 - rate) if training else x


def dropout_first_row(x, uniform, rate, training=True):
    return np.where(uniform[:1] >= rate, x / (1 - rate), 0.0) if training else x


def dropout_by_share(x, uniform, rate, training=True):
    kept = uniform >= rate
    return np.where(kept, x / np.maximum(kept.mean(), 0.01), 0.0) if training else x


def dropout_of_noise(x, uniform, rate, training=True):
    return x * uniform if training else x


def dropout_mask_alone(x, uniform, rate, training=True):
    return (uniform >= rate) / (1 - rate) if training else x


def dropout_always(x, uniform, rate, training=True):
    return np.where(uniform >= rate, x / (1 - rate), 0.0)


def dropout_scaled_afterwards(x, uniform, rate, training=True):
    return np.where(uniform >= rate, x / (1 - rate), 0.0) if training else x * (1 - rate)


def dropout_scaled_up_afterwards(x, uniform, rate, training=True):
    return np.where(uniform >= rate, x / (1 - rate), 0.0) if training else x / (1 - rate)


def dropout_in_place(x, uniform, rate, training=True):
    if training:
        x[uniform < rate] = 0
        x /= 1 - rate
    return x


def dropout_partly_in_place(x, uniform, rate, training=True):
    if training:
        x[uniform < rate] = 0
        return x / (1 - rate)
    return x


def dropout_by_factors(x, uniform, rate, training=True):
    factors = (uniform >= rate) / (1 - rate) if training else 1.0
    return x * factors


def dropout_on_a_copy(x, uniform, rate, training=True):
    y = np.array(x)
    if training:
        y[uniform < rate] = 0
        y /= 1 - rate
    return y


def dropout_strictly(x, uniform, rate, training=True):
    if training is False:
        return x
    return np.multiply(x, uniform > rate) * (1 / (1 - rate))


def dropout_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(rate: float, *shape: int) -> tuple[np.ndarray, np.ndarray]:
        """Random numbers of which some are below the rate and some not, in every row, and none is the rate."""
        below = np.round(generator.uniform(0.01, 0.95, shape) * rate, 3)
        above = np.round(rate + 0.005 + generator.uniform(0, 0.95, shape) * (0.99 - rate), 3)
        first = np.arange(below.size).reshape(shape) % shape[-1]
        turned = np.arange(below.size).reshape(shape) // shape[-1] % 2
        keep = np.where(first < 2, first == turned, generator.random(shape) < 0.6)
        return numbers(generator, *shape), np.where(keep, above, below)

    def drop(rate: float, *shape: int) -> Case:
        return Case("values", (*pair(rate, *shape), rate))

    return (
        Case("values", (np.array([[1.0, 2.0, -3.0]]), np.array([[0.9, 0.1, 0.6]]), 0.5)),
        drop(0.25, 3, 4),
        drop(0.1, 2, 3),
        drop(0.8, 4, 3),
        Case("extremes", (*pair(0.5, 2, 3), 0.5), {"training": False}),
        Case("extremes", (*pair(0.25, 3, 2), 0.25), {"training": False}),
        Case("extremes", (*pair(0.5, 2, 2), 0.0)),
        Case("input unchanged", (*pair(0.5, 2, 3), 0.5)),
    )


DROPOUT = Exercise(
    id="dropout",
    unit=UNIT,
    function="dropout",
    reference=dropout,
    arguments=("x", "uniform", "rate"),
    criteria=(
        Criterion(
            "values", 0.7, "In training: 0 where `uniform` is below the rate, elsewhere x / (1 - rate)."
        ),
        Criterion("extremes", 0.2, "With `training=False`, and with the rate 0, x comes back as it is."),
        UNCHANGED,
    ),
    public_inputs=lambda: dropout_cases(np.random.default_rng(125)),
    private_inputs=dropout_cases,
    curve=Curve(
        of=lambda function, x: function(np.ones_like(x), x, 0.32),
        xlabel="uniform, for a rate of 0.32",
        ylabel="what becomes of 1",
        low=0.0,
        high=1.0,
    ),
    mistakes=(
        Mistake(
            "not scaled",
            dropout_unscaled,
            "values",
            "What is kept is not made larger, so the next layer gets less in training than later. Divide by 1 - rate.",
        ),
        Mistake(
            "the rate is kept",
            dropout_keeps_the_rate,
            "values",
            "Here `rate` is the share that is kept, as in some courses. In Keras and PyTorch it is what is dropped.",
        ),
        Mistake(
            "the wrong ones dropped",
            dropout_turned,
            "values",
            "The scale is right and the wrong entries are kept: those with `uniform` below the rate are dropped.",
        ),
        Mistake(
            "divided by the rate",
            dropout_divided_by_rate,
            "values",
            "The right entries are kept, and divided by the rate. A share 1 - rate is kept: divide by that.",
        ),
        Mistake(
            "made smaller",
            dropout_multiplied,
            "values",
            "What is kept is multiplied by 1 - rate, which makes it smaller still. Divide.",
        ),
        Mistake(
            "nothing dropped",
            dropout_kept_as_they_were,
            "values",
            "What is dropped stays as it was. It becomes 0.",
        ),
        Mistake(
            "left out",
            dropout_left_out,
            "values",
            "`x[...]` leaves the dropped entries out, and the shape is lost. They become 0 and stay in their places: "
            "`np.where`.",
        ),
        Mistake(
            "one mask for the batch",
            dropout_first_row,
            "values",
            "Every sample loses the same entries. Each has its own row of `uniform`.",
        ),
        Mistake(
            "scaled by the kept share",
            dropout_by_share,
            "values",
            "This divides by the share that happened to be kept. The factor is 1 / (1 - rate), whatever happened.",
        ),
        Mistake(
            "multiplied by the random numbers",
            dropout_of_noise,
            "values",
            "x is multiplied by `uniform` itself. It only decides: kept or not.",
        ),
        Mistake(
            "factors alone",
            dropout_mask_alone,
            "values",
            "These are the factors, 0 or 1 / (1 - rate). Multiply x by them.",
        ),
        Mistake(
            "also after training",
            dropout_always,
            "extremes",
            "With `training=False` entries are dropped all the same. Then a network answers differently each time.",
        ),
        Mistake(
            "scaled after training",
            dropout_scaled_afterwards,
            "extremes",
            "With `training=False` x is made smaller, as in the first paper. Here training has already made up for it.",
        ),
        Mistake(
            "made larger after training",
            dropout_scaled_up_afterwards,
            "extremes",
            "With `training=False` nothing is dropped, so nothing must be made larger.",
        ),
        Mistake(
            "in place",
            dropout_in_place,
            "input unchanged",
            "`x[...] = 0` writes into the caller's array. Build a new one.",
        ),
        Mistake(
            "dropped in place",
            dropout_partly_in_place,
            "input unchanged",
            "`x[...] = 0` writes into the caller's array, though what comes back is a new one. Take `np.where`.",
        ),
    ),
    alternatives=(dropout, dropout_by_factors, dropout_on_a_copy, dropout_strictly),
    hints=(
        "If a quarter of all entries becomes 0, by which factor must the others grow so that the sum stays the same?",
        "Compare `uniform` with the rate: a number drawn evenly from 0 to 1 is below 0.25 in a quarter of all cases, "
        "so those entries become 0. Three quarters are left, so divide them by 0.75: on average the sum stays as it "
        "was. With the rate 0.5, x = [1, 2, -3] and uniform = [0.9, 0.1, 0.6] become [2, 0, -6]. Without training x "
        "goes through.",
        "`if not training: return ____`, then `return np.where(uniform >= ____, x / (1 - ____), 0.0)`",
    ),
    points=5,
)

# EarlyStopping


class Watched:
    """What the package's callback needs of a network."""

    stop_training = False


class EarlyStopping:
    """The package's callback, with the interface of the exercise."""

    def __init__(self, patience, min_delta=0.0):
        self.callback = optimizers.EarlyStopping("val_loss", patience=patience, min_delta=min_delta)
        self.callback.set_network(Watched())
        self.epoch = -1

    def update(self, loss):
        self.epoch += 1
        self.callback.on_epoch_end(self.epoch, {"val_loss": loss})
        return self.callback.network.stop_training

    @property
    def best(self):
        return self.callback.best

    @property
    def best_epoch(self):
        return self.callback.best_epoch


class PlainEarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_epoch, self.epoch = np.inf, 0, -1
        self.wait = 0

    def is_better(self, loss):
        return loss < self.best - self.min_delta

    def update(self, loss):
        self.epoch += 1
        if self.is_better(loss):
            self.best, self.best_epoch, self.wait = loss, self.epoch, 0
        else:
            self.wait += 1
        return self.wait >= self.patience


class StopsLate(PlainEarlyStopping):
    def update(self, loss):
        super().update(loss)
        return self.wait > self.patience


class StopsEarly(PlainEarlyStopping):
    def update(self, loss):
        super().update(loss)
        return self.wait >= self.patience - 1


class StopsAtFirst(PlainEarlyStopping):
    def update(self, loss):
        super().update(loss)
        return self.wait > 0


class StopsTurned(PlainEarlyStopping):
    def update(self, loss):
        return not super().update(loss)


class StopsSilently(PlainEarlyStopping):
    def update(self, loss):
        return super().update(loss) or None


class StopsCountingAll(PlainEarlyStopping):
    def update(self, loss):
        waited = self.wait
        super().update(loss)
        self.wait = waited + (self.wait > 0)
        return self.wait >= self.patience


class StopsByTheLast(PlainEarlyStopping):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.last = np.inf

    def update(self, loss):
        self.epoch += 1
        self.wait = 0 if loss < self.last - self.min_delta else self.wait + 1
        if loss < self.best:
            self.best, self.best_epoch = loss, self.epoch
        self.last = loss
        return self.wait >= self.patience


class StopsForGreat(PlainEarlyStopping):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.best = -np.inf

    def is_better(self, loss):
        return loss > self.best + self.min_delta


class StopsWithoutDelta(PlainEarlyStopping):
    def is_better(self, loss):
        return loss < self.best


class StopsByPart(PlainEarlyStopping):
    def is_better(self, loss):
        return loss < self.best * (1 - self.min_delta)


class StopsByDistance(PlainEarlyStopping):
    def is_better(self, loss):
        return abs(loss - self.best) > self.min_delta


class StopsWithDeltaTurned(PlainEarlyStopping):
    def is_better(self, loss):
        return loss < self.best + self.min_delta


class StopsLowestKept(PlainEarlyStopping):
    def update(self, loss):
        stop = super().update(loss)
        if loss < self.best:
            self.best, self.best_epoch = loss, self.epoch
        return stop


class StopsLowestCompared(PlainEarlyStopping):
    def update(self, loss):
        stop = super().update(loss)
        self.best = min(self.best, loss)
        return stop


class StopsFromOne(PlainEarlyStopping):
    def __init__(self, patience, min_delta=0.0):
        super().__init__(patience, min_delta)
        self.epoch = 0


class StopsCountingAfterwards(PlainEarlyStopping):
    def update(self, loss):
        self.epoch -= 1
        stop = super().update(loss)
        self.epoch += 1
        return stop


class StopsAtEquals(PlainEarlyStopping):
    def is_better(self, loss):
        return loss <= self.best - self.min_delta


class StopsLastEpochKept(PlainEarlyStopping):
    def update(self, loss):
        stop = super().update(loss)
        self.best_epoch = self.epoch
        return stop


class StopsNeverForNan(PlainEarlyStopping):
    def is_better(self, loss):
        return not loss >= self.best - self.min_delta


class StopsAtNan(PlainEarlyStopping):
    def update(self, loss):
        return super().update(loss) or bool(np.isnan(loss))


class StopsSkippingNan(PlainEarlyStopping):
    def update(self, loss):
        if np.isnan(loss):
            self.epoch += 1
            return False
        return super().update(loss)


class StoppingByHistory:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.losses = patience, min_delta, []

    def update(self, loss):
        self.losses.append(loss)
        self.best_epoch = 0
        for epoch, value in enumerate(self.losses):
            if value < self.losses[self.best_epoch] - self.min_delta:
                self.best_epoch = epoch
        self.best = self.losses[self.best_epoch]
        return len(self.losses) - 1 - self.best_epoch >= self.patience


class StoppingFromNone:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.best_epoch, self.seen = None, None, 0

    def update(self, loss):
        if self.best is None or self.best - loss > self.min_delta:
            self.best = loss
            self.best_epoch = self.seen
        self.seen = self.seen + 1
        return not self.seen - 1 - self.best_epoch < self.patience


class StoppingByCountdown:
    def __init__(self, patience, min_delta=0.0):
        self.left, self.patience, self.min_delta = patience, patience, min_delta
        self.best, self.best_epoch, self.epoch = float("inf"), -1, 0

    def update(self, loss):
        self.left -= 1
        if self.best - self.min_delta > loss:
            self.best, self.best_epoch, self.left = loss, self.epoch, self.patience
        self.epoch += 1
        return bool(self.left <= 0)


def stopping_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def watch(criterion: str, losses: list[float], patience: int, **keywords: float) -> Case:
        """All losses up to the one at which training stops."""
        found = tuple(Method("update", (loss,)) for loss in losses)
        return Case(
            criterion, (patience,), keywords, steps=(*found, Attribute("best"), Attribute("best_epoch"))
        )

    def times(factor: float, *values: float) -> list[float]:
        return [round(factor * value, 3) for value in values]

    factor = round(float(generator.uniform(0.5, 2.0)), 1)
    return (
        watch("values", times(factor, 1.0, 0.8, 0.9, 0.7, 0.75, 0.72), 2),
        watch("values", times(factor, 2.0, 1.5, 1.6, 1.7, 1.4, 1.6, 1.5, 1.45), 3),
        watch("values", times(factor, 0.9, 0.5, 0.7, 0.6, 0.55), 3),
        watch("values", times(factor, 0.9, 0.6, 0.6, 0.6), 2),
        watch("values", times(factor, 1.0, 0.4, 0.5), 1),
        watch("values", times(factor, 1.0, 0.95, 0.7, 0.68, 0.65, 0.62), 3, min_delta=round(0.1 * factor, 3)),
        watch("values", times(factor, 1.0, 0.7, 0.75, 0.78), 2, min_delta=round(0.1 * factor, 3)),
        watch("extremes", [*times(factor, 1.0, 0.8), np.nan, *times(factor, 0.7), np.nan, np.nan], 2),
        watch("extremes", [*times(factor, 0.8), np.nan, *times(factor, 0.9)], 2),
        # Here who passes over NaN is right, and who stops too late or too early is not.
        watch("extremes", [*times(factor, 1.0), np.nan, *times(factor, 0.7, 0.8, 0.9)], 2),
    )


EARLY_STOPPING = Exercise(
    id="early_stopping",
    unit=UNIT,
    function="EarlyStopping",
    kind="class",
    reference=EarlyStopping,
    arguments=("patience", "min_delta"),
    criteria=(
        Criterion(
            "values",
            0.8,
            "`update` says True once `patience` epochs in a row have brought nothing better; `best` and `best_epoch` "
            "say where the best was.",
        ),
        Criterion("extremes", 0.2, "A loss that is NaN is an epoch that has brought nothing better."),
    ),
    public_inputs=lambda: stopping_cases(np.random.default_rng(126)),
    private_inputs=stopping_cases,
    mistakes=(
        Mistake(
            "one epoch late",
            StopsLate,
            "values",
            "It stops one epoch late: with patience 2 the second epoch without anything better is the last.",
        ),
        Mistake(
            "one epoch early", StopsEarly, "values", "It stops one epoch before the patience is at an end."
        ),
        Mistake(
            "no patience",
            StopsAtFirst,
            "values",
            "It stops as soon as one epoch is no better. `patience` such epochs in a row are asked.",
        ),
        Mistake(
            "answers turned round", StopsTurned, "values", "True and False are exchanged: True means stop."
        ),
        Mistake(
            "nothing for False",
            StopsSilently,
            "values",
            "Where it does not stop, nothing comes back. Return False there.",
        ),
        Mistake(
            "not in a row",
            StopsCountingAll,
            "values",
            "All epochs without anything better are counted. A better one starts the count anew.",
        ),
        Mistake(
            "compared with the epoch before",
            StopsByTheLast,
            "values",
            "Each loss is compared with the one before. It has to be better than the best so far.",
        ),
        Mistake(
            "great is good", StopsForGreat, "values", "A greater loss counts as better here. Small is good."
        ),
        Mistake(
            "min_delta ignored",
            StopsWithoutDelta,
            "values",
            "Any improvement counts. It has to be larger than `min_delta`.",
        ),
        Mistake(
            "min_delta as a part of the best",
            StopsByPart,
            "values",
            "`min_delta` is taken as a part of the best, as PyTorch does on a plateau. Here it is subtracted.",
        ),
        Mistake(
            "any change is better",
            StopsByDistance,
            "values",
            "A loss that has changed by more than `min_delta` counts as better, a larger one too. It has to be less.",
        ),
        Mistake(
            "min_delta turned round",
            StopsWithDeltaTurned,
            "values",
            "With `min_delta` a loss that is slightly worse counts as better. It is subtracted from the best.",
        ),
        Mistake(
            "lowest kept",
            StopsLowestKept,
            "values",
            "`best` follows every lower loss. It changes with an improvement larger than `min_delta` alone, or many "
            "small ones would never count as one.",
        ),
        Mistake(
            "lowest kept without its epoch",
            StopsLowestCompared,
            "values",
            "`best` follows every lower loss, and `best_epoch` does not. Both change with an improvement larger than "
            "`min_delta` alone.",
        ),
        Mistake(
            "epochs from -1",
            StopsCountingAfterwards,
            "values",
            "The epoch is stored before it is counted, so the first one is -1. Count first: `self.epoch += 1`.",
        ),
        Mistake("epochs from 1", StopsFromOne, "values", "The first epoch is number 0."),
        Mistake(
            "equal counts as better",
            StopsAtEquals,
            "values",
            "A loss that equals the best starts the count anew. It has to be smaller.",
        ),
        Mistake(
            "latest epoch for best epoch",
            StopsLastEpochKept,
            "values",
            "`best_epoch` is the latest epoch. It changes together with `best`.",
        ),
        Mistake(
            "NaN counts as better",
            StopsNeverForNan,
            "extremes",
            "A loss that is NaN becomes the best, and nothing is ever better than that. Ask whether it is smaller; NaN "
            "never is.",
        ),
        Mistake(
            "stops at NaN",
            StopsAtNan,
            "extremes",
            "It stops at the first NaN. One bad epoch counts as one without anything better.",
        ),
        Mistake(
            "NaN passed over",
            StopsSkippingNan,
            "extremes",
            "Epochs with NaN are not counted, so a training that has broken down goes on for ever.",
        ),
    ),
    alternatives=(PlainEarlyStopping, StoppingByHistory, StoppingFromNone, StoppingByCountdown),
    hints=(
        "What has to be remembered from one epoch to the next, and what makes the waiting start anew?",
        "Remember the best loss, its epoch, the number of the present epoch, and how many epochs in a row were no "
        "better. A loss is better if it is smaller than the best minus min_delta: then store it and wait from 0 again. "
        "Otherwise wait one more. With patience 2 and the losses 1.0, 0.8, 0.9, 0.7, 0.75, 0.72 the last one ends it: "
        "the best is 0.7, in epoch 3.",
        "`if loss < self.best - ____: self.best, self.best_epoch, self.wait = loss, ____, 0`, `else: self.wait += 1`, "
        "`return self.wait >= ____`",
    ),
    points=5,
)

# search_penalty


def straight_line(x, y, l2):
    """The lesson's: the w that minimises the mean of (x @ w - y) squared plus l2 times the sum of w squared."""
    return np.linalg.solve(x.T @ x / len(x) + l2 * np.eye(x.shape[1]), x.T @ y / len(x))


def squared_error(x, y, w):
    return np.mean((x @ w - y) ** 2)


def fold_errors(x, y, penalties, folds, judge=squared_error):
    """The error of each penalty on each fold, shape (penalties, folds)."""
    fold = np.arange(len(x)) % folds
    return np.array(
        [
            [
                judge(x[fold == i], y[fold == i], straight_line(x[fold != i], y[fold != i], l2))
                for i in range(folds)
            ]
            for l2 in penalties
        ]
    )


def chosen(errors, penalties):
    return np.array(errors), penalties[np.argmin(errors)]


def search_penalty(x, y, penalties, folds):
    if x.ndim != 2 or y.shape != (len(x),) or len(x) < folds:
        raise ValueError("x is (samples, features), y (samples,), and each fold has a sample")
    return chosen(fold_errors(x, y, penalties, folds).mean(axis=1), penalties)


def search_on_what_it_learned(x, y, penalties, folds):
    fold, errors = np.arange(len(x)) % folds, np.zeros(len(penalties))
    for number, l2 in enumerate(penalties):
        for i in range(folds):
            others = fold != i
            w = straight_line(x[others], y[others], l2)
            errors[number] += squared_error(x[others], y[others], w) / folds
    return chosen(errors, penalties)


def search_without_folds(x, y, penalties, folds):
    return chosen([squared_error(x, y, straight_line(x, y, l2)) for l2 in penalties], penalties)


def search_nothing_held_out(x, y, penalties, folds):
    errors = [
        np.mean([squared_error(x[i::folds], y[i::folds], straight_line(x, y, l2)) for i in range(folds)])
        for l2 in penalties
    ]
    return chosen(errors, penalties)


def search_exchanged(x, y, penalties, folds):
    fold, errors = np.arange(len(x)) % folds, np.zeros(len(penalties))
    for number, l2 in enumerate(penalties):
        for i in range(folds):
            w = straight_line(x[fold == i], y[fold == i], l2)
            errors[number] += squared_error(x[fold != i], y[fold != i], w) / folds
    return chosen(errors, penalties)


def search_last_fold(x, y, penalties, folds):
    return chosen(fold_errors(x, y, penalties, folds)[:, -1], penalties)


def search_first_fold(x, y, penalties, folds):
    return chosen(fold_errors(x, y, penalties, folds)[:, 0], penalties)


def search_folds_added(x, y, penalties, folds):
    return chosen(fold_errors(x, y, penalties, folds).sum(axis=1), penalties)


def search_luckiest_fold(x, y, penalties, folds):
    return chosen(fold_errors(x, y, penalties, folds).min(axis=1), penalties)


def search_by_sums(x, y, penalties, folds):
    squares = fold_errors(x, y, penalties, folds, lambda x, y, w: np.sum((x @ w - y) ** 2))
    return chosen(squares.mean(axis=1), penalties)


def search_one_mean(x, y, penalties, folds):
    squares = fold_errors(x, y, penalties, folds, lambda x, y, w: np.sum((x @ w - y) ** 2))
    return chosen(squares.sum(axis=1) / len(x), penalties)


def search_by_roots(x, y, penalties, folds):
    roots = fold_errors(x, y, penalties, folds, lambda x, y, w: np.sqrt(squared_error(x, y, w)))
    return chosen(roots.mean(axis=1), penalties)


def search_pieces(x, y, penalties, folds):
    fold = np.concatenate(
        [np.full(len(rows), i) for i, rows in enumerate(np.array_split(np.arange(len(x)), folds))]
    )
    errors = [
        np.mean(
            [
                squared_error(x[fold == i], y[fold == i], straight_line(x[fold != i], y[fold != i], l2))
                for i in range(folds)
            ]
        )
        for l2 in penalties
    ]
    return chosen(errors, penalties)


def search_over_penalties(x, y, penalties, folds):
    return chosen(fold_errors(x, y, penalties, folds).mean(axis=0), penalties)


def search_greatest(x, y, penalties, folds):
    errors, _ = search_penalty(x, y, penalties, folds)
    return errors, penalties[np.argmax(errors)]


def search_place(x, y, penalties, folds):
    errors, _ = search_penalty(x, y, penalties, folds)
    return errors, np.argmin(errors)


def search_smallest_error(x, y, penalties, folds):
    errors, _ = search_penalty(x, y, penalties, folds)
    return errors, errors.min()


def search_errors_alone(x, y, penalties, folds):
    return search_penalty(x, y, penalties, folds)[0]


def search_best_alone(x, y, penalties, folds):
    return search_penalty(x, y, penalties, folds)[1]


def search_best_first(x, y, penalties, folds):
    return search_penalty(x, y, penalties, folds)[::-1]


def search_sorting(x, y, penalties, folds):
    answer = search_penalty(x, y, penalties, folds)
    penalties.sort()
    return answer


def search_by_loops(x, y, penalties, folds):
    errors = []
    for l2 in penalties:
        total = 0.0
        for i in range(folds):
            judged = list(range(i, len(x), folds))
            w = straight_line(np.delete(x, judged, axis=0), np.delete(y, judged), l2)
            total += sum((float(x[row] @ w) - y[row]) ** 2 for row in judged) / len(judged)
        errors.append(total / folds)
    return errors, penalties[errors.index(min(errors))]


def search_by_masks(x, y, penalties, folds):
    means = np.zeros(len(penalties))
    for i in range(folds):
        learned = np.ones(len(x), dtype=bool)
        learned[i::folds] = False
        lines = np.array([straight_line(x[learned], y[learned], l2) for l2 in penalties])
        means += np.mean((x[~learned] @ lines.T - y[~learned][:, None]) ** 2, axis=0)
    return means / folds, float(penalties[np.argsort(means)[0]])


def search_by_dict(x, y, penalties, folds):
    found = {}
    for l2 in penalties:
        parts = [
            (x[i::folds], y[i::folds], *(np.delete(a, np.s_[i::folds], 0) for a in (x, y)))
            for i in range(folds)
        ]
        found[l2] = np.average(
            [np.var(a @ straight_line(c, d, l2) - b) for a, b, c, d in parts]
        ) + np.average([np.mean(a @ straight_line(c, d, l2) - b) ** 2 for a, b, c, d in parts])
    return np.array(list(found.values())), min(found, key=lambda l2: found[l2])


def search_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, samples: int, features: int, folds: int, *penalties: float) -> Case:
        x = numbers(generator, samples, features)
        y = np.round(x @ numbers(generator, features) + numbers(generator, samples), 2)
        return Case(criterion, (x, y, np.array(penalties), folds), tolerance=1e-8, scale=1e-3)

    return (
        Case(
            "values",
            (np.array([[1.0], [1.0], [2.0]]), np.array([1.0, 3.0, 4.0]), np.array([0.0, 1.0]), 3),
            tolerance=1e-8,
            scale=1e-3,
        ),
        one("values", 6, 1, 2, 0.01, 0.1, 1.0),
        one("values", 7, 2, 3, 3.0, 0.3, 0.03, 0.003),
        one("values", 8, 2, 4, 0.02, 0.2, 2.0),
        one("values", 10, 3, 4, 1.5, 0.05, 0.5),
        one("input unchanged", 6, 2, 3, 1.0, 0.1, 0.01),
    )


def errors_of_penalties(function, x):
    """The error of each penalty on twelve samples of four inputs, of which one counts."""
    rng = np.random.default_rng(5)
    samples = rng.normal(size=(12, 4))
    return np.asarray(function(samples, samples[:, 0] + rng.normal(size=12), 10**x, 4)[0])


SEARCH_PENALTY = Exercise(
    id="search_penalty",
    unit=UNIT,
    function="search_penalty",
    reference=search_penalty,
    arguments=("x", "y", "penalties", "folds"),
    criteria=(
        Criterion(
            "values",
            0.9,
            "For each penalty the mean error over the folds, each judged by a line that has not learned from it; and "
            "the penalty whose error is smallest.",
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: search_cases(np.random.default_rng(127)),
    private_inputs=search_cases,
    curve=Curve(
        of=errors_of_penalties,
        xlabel="logarithm of the penalty",
        ylabel="mean error over the folds",
        low=-3.0,
        high=2.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "judged by what it learned",
            search_on_what_it_learned,
            "values",
            "Each line is judged on the folds that it learned from, so the smallest penalty always wins. Judge it on "
            "the fold that was left out.",
        ),
        Mistake(
            "nothing held out",
            search_nothing_held_out,
            "values",
            "The line has learned from all samples, the fold that judges it too. Train it on the other folds.",
        ),
        Mistake(
            "no folds",
            search_without_folds,
            "values",
            "There are no folds here: each line is judged on what it learned. Leave one fold out, in turn.",
        ),
        Mistake(
            "fold and rest exchanged",
            search_exchanged,
            "values",
            "This trains on one fold and judges on the others. Train on all folds but one, and judge on that one.",
        ),
        Mistake(
            "last fold alone",
            search_last_fold,
            "values",
            "Only the last fold counts: its error overwrites those before it. Take the mean over the folds.",
        ),
        Mistake(
            "first fold alone",
            search_first_fold,
            "values",
            "Only the first fold judges. Each does once, in turn: take the mean over them.",
        ),
        Mistake(
            "folds added up",
            search_folds_added,
            "values",
            "The errors of the folds are added up. Take their mean.",
        ),
        Mistake(
            "luckiest fold",
            search_luckiest_fold,
            "values",
            "Each penalty is judged by the fold on which it did best, which is luck. Take the mean over the folds.",
        ),
        Mistake(
            "squares of a fold added up",
            search_by_sums,
            "values",
            "Within a fold the squares are added up. Take their mean, then the mean over the folds.",
        ),
        Mistake(
            "one mean over all samples",
            search_one_mean,
            "values",
            "This is one mean over all samples, in which a larger fold counts more. Asked is the mean of the folds' "
            "means.",
        ),
        Mistake(
            "root of a fold's error",
            search_by_roots,
            "values",
            "The root of each fold's error is taken. Asked is the mean squared error itself.",
        ),
        Mistake(
            "folds in one piece",
            search_pieces,
            "values",
            "The folds are pieces, the first samples in the first one. Here sample j is in fold j % folds: "
            "`x[i::folds]`.",
        ),
        Mistake(
            "mean over the penalties",
            search_over_penalties,
            "values",
            "The mean runs over the penalties and leaves one error for each fold. Asked is one for each penalty.",
        ),
        Mistake(
            "largest error chosen",
            search_greatest,
            "values",
            "The errors are right, and the penalty is that with the largest. Small is good: `np.argmin`.",
        ),
        Mistake(
            "place of the best",
            search_place,
            "values",
            "The errors are right, and the second result is the place of the best penalty. Asked is the penalty.",
        ),
        Mistake(
            "smallest error for its penalty",
            search_smallest_error,
            "values",
            "The second result is the smallest error. Asked is the penalty that has it.",
        ),
        Mistake(
            "errors alone",
            search_errors_alone,
            "values",
            "Only the errors come back. Return two results, in a tuple: all errors, and the best penalty.",
        ),
        Mistake(
            "best alone",
            search_best_alone,
            "values",
            "Only the best penalty comes back. Return two results: all errors, and the best penalty.",
        ),
        Mistake(
            "best first",
            search_best_first,
            "values",
            "The two results have changed places: the errors come first.",
        ),
        Mistake(
            "in place",
            search_sorting,
            "input unchanged",
            "`penalties.sort()` writes into the array that was handed in. `np.argmin` finds the best without it.",
        ),
    ),
    alternatives=(search_penalty, search_by_loops, search_by_masks, search_by_dict),
    hints=(
        "Which samples may a line learn from, if fold i is to judge it?",
        "Two loops: over the penalties, and for each over the folds. Fold i is every `folds`-th sample from the i-th "
        "on. Train on the samples that are not in it, and take the mean of the squared errors on those that are. For "
        "x = [1], [1], [2], y = [1, 3, 4], three folds and no penalty, the three lines are 2.2, 1.8 and 2, their "
        "squared errors on the sample left out 1.44, 1.44 and 0, and the mean is 0.96. At the end choose the penalty "
        "with the smallest mean.",
        "`fold = np.arange(len(x)) % folds`, `w = straight_line(x[fold != i], ____, l2)`, "
        "`np.mean((x[fold == ____] @ w - ____) ** 2)`, and `return errors, penalties[np.____(errors)]`",
    ),
    points=5,
)

# the questions

Q_RATE = Question(
    id="q_largest_rate",
    unit=UNIT,
    prompt="f(w) = 2 w², and a step is w - rate · f'(w). Above which rate does w move away from 0, not towards it?",
    answer=0.5,
    tolerance=1e-9,
    explanation="f'(w) = 4 w, so a step multiplies w by 1 - 4 rate. From 0.5 on that is -1 or beyond: each step lands "
    "farther off on the other side.",
    replies={
        0.25: "With 0.25 one step lands in the minimum. A longer one lands beyond it, and may still be nearer.",
        1.0: "With 1 a step multiplies w by -3.",
        2.0: "With 2 a step multiplies w by -7.",
        4.0: "4 is how fast the slope grows. A step multiplies w by 1 - 4 rate.",
    },
)

Q_ADAM = Question(
    id="q_adam_first_step",
    unit=UNIT,
    prompt="Adam with the rate 0.001 meets its first gradient, 1000. By how much does the weight change, as a positive "
    "number?",
    answer=0.001,
    tolerance=1e-6,
    explanation="Corrected, the averages are g and g squared, and g over the root of g squared is its sign. The first "
    "step is as long as the rate, whatever the gradient.",
    replies={
        1.0: "That is the step of plain descent. Adam divides by the root of the average square, which is 1000, too.",
        0.0001: "That is 0.1 times the rate: without the correction of both averages' start.",
        1000.0: "The gradient is divided by its own size here.",
    },
)

Q_ABOVE = Question(
    id="q_loss_above_validation",
    unit=UNIT,
    prompt="Trained with dropout, a network shows 0.40 as the loss of an epoch on what it learns from, and 0.35 on "
    "validation data. What is likely?",
    options={
        "a": Option(
            "Training and validation data were exchanged by mistake.",
            "They could be, and it is not needed: dropout works in training alone.",
            "the training loss is always the lower one",
        ),
        "b": Option(
            "The first is measured while units are dropped and while the weights still move, the second is not.",
            "Both make the first number larger. Penalties that are added to it do so, too.",
        ),
        "c": Option(
            "The network generalises so well that it knows new data better.",
            "The two numbers are not measured in the same way, so they cannot be compared like this.",
            "a loss below the training loss shows generalisation",
        ),
        "d": Option(
            "The rate of dropout is too low.",
            "More dropout makes the first number larger still.",
            "dropout brings the two losses together",
        ),
    },
    answer="b",
    explanation="To compare, evaluate the finished network on both, without dropout and without penalties.",
)

Q_FITS = Question(
    id="q_fits",
    unit=UNIT,
    prompt="`GridSearchCV` tries 2 activations, 2 solvers and 2 rates with three folds, `cv=3`. How many networks does "
    "`fit` train, with the one that it keeps?",
    answer=25,
    explanation="2 · 2 · 2 settings, three times each, is 24, and the best setting once more on all the data. A third "
    "value for each would make 82 of it.",
    replies={
        24: "And the best setting once more, on all the data: that is the one it keeps.",
        8: "Each setting is trained once for each fold.",
        9: "Each setting is trained once for each fold.",
        18: "The numbers of values multiply: 2 times 2 times 2 settings.",
        19: "The numbers of values multiply: 2 times 2 times 2 settings.",
    },
)

Q_WHICH = Question(
    id="q_whose_score",
    unit=UNIT,
    prompt="You try 200 settings, take the one that is best on the validation data, and report its accuracy there. "
    "What is that number?",
    options={
        "a": Option(
            "Honest, for the network has not learned from those data.",
            "The network has not, and you have: 200 times you looked, and kept the luckiest.",
            "validation data stay fresh however often they are used",
        ),
        "b": Option(
            "Too low, for a network trained on all data would be better.",
            "That is true and small. The choice among 200 pulls the other way.",
            "only the amount of data biases a score",
        ),
        "c": Option(
            "Honest, if cross-validation was used.",
            "Its mean is steadier, and the best of 200 means is still the luckiest of them.",
            "cross-validation removes the bias of choosing",
        ),
        "d": Option(
            "Too high: part of it is luck. Other data, used once, give an honest number.",
            "The best of many noisy numbers is above its own true value.",
        ),
    },
    answer="d",
    explanation="What chose cannot judge. Keep data apart for the end, and look at them once.",
)

EXERCISES = (
    Q_RATE,
    SGD_STEP,
    MOMENTUM,
    Q_ADAM,
    ADAM,
    PENALTY_GRADIENT,
    DROPOUT,
    Q_ABOVE,
    EARLY_STOPPING,
    SEARCH_PENALTY,
    Q_FITS,
    Q_WHICH,
)
