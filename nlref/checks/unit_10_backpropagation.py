"""Unit 10: the chain rule on a graph, layers that go forward and backward, a network made of them."""

import numpy as np

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

UNIT = "10_backpropagation"

UNCHANGED = Criterion("input unchanged", 0.1, "The arrays that were handed in are the same afterwards.")


def numbers(generator: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    """Numbers of both signs, two decimals, none of them 0."""
    drawn = np.round(generator.normal(scale=scale, size=shape), 2)
    return np.where(drawn == 0, 0.37, drawn)


# neuron_gradients


def neuron_gradients(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (y - target) * (1 - y**2)
    return slope * x, slope


def neuron_without_two(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = (y - target) * (1 - y**2)
    return slope * x, slope


def neuron_without_slope(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    return 2 * (y - target) * x, 2 * (y - target)


def neuron_slope_of_the_sum(x, w, b, target):
    z = np.dot(w, x) + b
    slope = 2 * (np.tanh(z) - target) * (1 - z**2)
    return slope * x, slope


def neuron_backwards(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (target - y) * (1 - y**2)
    return slope * x, slope


def neuron_to_the_input(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (y - target) * (1 - y**2)
    return slope * w, slope


def neuron_bias_forgotten(x, w, b, target):
    y = np.tanh(np.dot(w, x))
    slope = 2 * (y - target) * (1 - y**2)
    return slope * x, slope


def neuron_bias_times_b(x, w, b, target):
    slope = neuron_gradients(x, w, b, target)[1]
    return slope * x, slope * b


def neuron_exchanged(x, w, b, target):
    return neuron_gradients(x, w, b, target)[::-1]


def neuron_of_sigmoid(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (y - target) * y * (1 - y)
    return slope * x, slope


def neuron_bias_without_slope(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    return 2 * (y - target) * (1 - y**2) * x, 2 * (y - target)


def neuron_bias_of_one(x, w, b, target):
    return neuron_gradients(x, w, b, target)[0], 1.0


def neuron_from_the_loss(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = (y - target) ** 2 * (1 - y**2)
    return slope * x, slope


def neuron_tanh_twice(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (y - target) * (1 - np.tanh(y) ** 2)
    return slope * x, slope


def neuron_squared_difference(x, w, b, target):
    y = np.tanh(np.dot(w, x) + b)
    slope = 2 * (y - target) * (1 - y) ** 2
    return slope * x, slope


def neuron_step_by_step(x, w, b, target):
    z = np.sum(w * x) + b
    y = np.tanh(z)
    loss_to_y = 2 * y - 2 * target
    loss_to_z = loss_to_y / np.cosh(z) ** 2
    return [loss_to_z * value for value in (x, 1.0)]


def neuron_by_factors(x, w, b, target):
    y = np.tanh(w @ x + b)
    return np.multiply(2 * (y - target) * (1 - y) * (1 + y), x), 2 * (y - target) * (1 - y) * (1 + y)


def neuron_by_dictionary(x, w, b, target):
    value, gradient = {}, {}
    value["y"] = np.tanh(b + sum(p * q for p, q in zip(w, x, strict=True)))
    gradient["y"] = 2 * (value["y"] - target)
    gradient["z"] = gradient["y"] * (1 - value["y"] * value["y"])
    return gradient["z"] * np.array(x), gradient["z"]


def neuron_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, inputs: int) -> Case:
        x, w = numbers(generator, inputs), numbers(generator, inputs, scale=0.5)
        b, target = (float(value) for value in numbers(generator, 2, scale=0.5))
        return Case(criterion, (x, w, b, target), tolerance=1e-9, scale=1e-3)

    return (
        Case("gradient", (np.array([2.0]), np.array([0.5]), -0.5, 1.0), tolerance=1e-9, scale=1e-3),
        one("gradient", 1),
        one("gradient", 2),
        one("gradient", 3),
        one("gradient", 3),
        one("gradient", 4),
        one("input unchanged", 3),
    )


NEURON_GRADIENTS = Exercise(
    id="neuron_gradients",
    unit=UNIT,
    function="neuron_gradients",
    reference=neuron_gradients,
    arguments=("x", "w", "b", "target"),
    criteria=(
        Criterion("gradient", 0.9, "The factors along the path from the loss back to w and to b."),
        UNCHANGED,
    ),
    public_inputs=lambda: neuron_cases(np.random.default_rng(101)),
    private_inputs=neuron_cases,
    curve=Curve(
        of=lambda function, x: np.array([function(np.ones(1), np.ones(1), b, 0.5)[1] for b in x.tolist()]),
        xlabel="b, of a neuron with w = x = 1 and target 0.5",
        ylabel="gradient of b",
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "factor 2 missing",
            neuron_without_two,
            "gradient",
            "The slope of the square is missing its factor 2.",
        ),
        Mistake(
            "loss in place of its slope",
            neuron_from_the_loss,
            "gradient",
            "The path starts with the loss itself, (y - target) squared. It starts with its slope, 2 (y - "
            "target).",
        ),
        Mistake(
            "slope of tanh missing",
            neuron_without_slope,
            "gradient",
            "The path from the loss to w leads through tanh, and its slope, 1 - y squared, is missing.",
        ),
        Mistake(
            "slope of tanh from its input",
            neuron_slope_of_the_sum,
            "gradient",
            "1 - y squared takes the value of tanh. Here it is given what goes into tanh.",
        ),
        Mistake(
            "brackets squared",
            neuron_squared_difference,
            "gradient",
            "`(1 - y) ** 2` squares the difference. Only y is squared: `1 - y ** 2`.",
        ),
        Mistake(
            "tanh twice",
            neuron_tanh_twice,
            "gradient",
            "y has gone through tanh already, and here goes through it once more. The slope is 1 - y "
            "squared.",
        ),
        Mistake(
            "slope of the sigmoid",
            neuron_of_sigmoid,
            "gradient",
            "y (1 - y) is the slope of the sigmoid. That of tanh is 1 - y squared.",
        ),
        Mistake(
            "target minus y",
            neuron_backwards,
            "gradient",
            "The sign is turned: with respect to y the slope of (y - target) squared has the sign of y - "
            "target.",
        ),
        Mistake(
            "gradient to the input",
            neuron_to_the_input,
            "gradient",
            "This is the gradient with respect to x. A product w x hands to each factor the other one: w "
            "gets x.",
        ),
        Mistake(
            "bias forgotten",
            neuron_bias_forgotten,
            "gradient",
            "The bias b is not added on the way forward.",
        ),
        Mistake(
            "gradient of the bias times b",
            neuron_bias_times_b,
            "gradient",
            "The bias is added, so its factor is 1, not b.",
        ),
        Mistake(
            "bias gradient of 1",
            neuron_bias_of_one,
            "gradient",
            "1 is only the last factor on the path to b. Those of the loss and of tanh come before it, as "
            "for w.",
        ),
        Mistake(
            "slope of tanh missing for the bias",
            neuron_bias_without_slope,
            "gradient",
            "The gradient of w is right. The path to b leads through tanh too: multiply by 1 - y squared.",
        ),
        Mistake(
            "results exchanged",
            neuron_exchanged,
            "gradient",
            "Both are right and in the wrong order: first the gradient of w, then that of b.",
        ),
    ),
    alternatives=(neuron_gradients, neuron_step_by_step, neuron_by_factors, neuron_by_dictionary),
    hints=(
        "Which three steps lead from w to the loss, and what is the slope of each?",
        "Forward: z = w . x + b, y = tanh(z), loss = (y - target) squared. Backward, from the end: the loss "
        "has the slope 2 (y - target) with respect to y, y has 1 - y squared with respect to z, and z has x "
        "with respect to w and 1 with respect to b. Multiply along the path. With x = [2], w = [0.5], b = "
        "-0.5 and target 1: z is 0.5, y is 0.4621, and the gradient of b is -0.8460.",
        "`slope = 2 * (y - target) * (____)`, then `return slope * ____, slope`",
    ),
    points=5,
)

# Dense


class Dense:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=0)
        return g @ self.kernel.T


class DenseWithoutBias(Dense):
    def forward(self, x):
        self.x = x
        return x @ self.kernel


class DenseMean(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.kernel_gradient, self.bias_gradient = self.kernel_gradient / len(g), self.bias_gradient / len(g)
        return returned


class DenseTransposed(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.kernel_gradient = g.T @ self.x
        return returned


class DenseAdded(Dense):
    def __init__(self, kernel, bias):
        super().__init__(kernel, bias)
        self.kernel_gradient, self.bias_gradient = 0, 0

    def backward(self, g):
        self.kernel_gradient = self.kernel_gradient + self.x.T @ g
        self.bias_gradient = self.bias_gradient + g.sum(axis=0)
        return g @ self.kernel.T


class DenseBiasOverUnits(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.bias_gradient = g.sum(axis=1)
        return returned


class DenseBiasNotSummed(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.bias_gradient = g
        return returned


class DenseBiasMean(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.bias_gradient = g.mean(axis=0)
        return returned


class DenseKernelUpright(Dense):
    def backward(self, g):
        super().backward(g)
        return g @ self.kernel


class DenseNothingBack(Dense):
    def backward(self, g):
        super().backward(g)


class DenseFirstInput(Dense):
    def forward(self, x):
        if not hasattr(self, "x"):
            self.x = x
        return x @ self.kernel + self.bias


class DenseKernelReturned(Dense):
    def backward(self, g):
        super().backward(g)
        return self.kernel_gradient


class DenseBiasOfOnes(Dense):
    def backward(self, g):
        returned = super().backward(g)
        self.bias_gradient = np.ones_like(self.bias)
        return returned


class DenseInPlace(Dense):
    def backward(self, g):
        returned = super().backward(g)
        g *= 0
        return returned


class DenseByEinsum(Dense):
    def forward(self, x):
        self.inputs = np.array(x)
        return np.einsum("ni,io->no", x, self.kernel) + self.bias[None, :]

    def backward(self, g):
        self.kernel_gradient = np.einsum("ni,no->io", self.inputs, g)
        self.bias_gradient = np.ones(len(g)) @ g
        return np.einsum("no,io->ni", g, self.kernel)


class DenseByLoops:
    def __init__(self, kernel, bias):
        self.kernel = kernel
        self.bias = bias

    def forward(self, x):
        self.x = x
        rows = [[sum(row * column) for column in self.kernel.T] for row in x]
        return np.array(rows) + self.bias

    def backward(self, g):
        self.kernel_gradient = np.zeros(self.kernel.shape)
        self.bias_gradient = np.zeros(self.bias.shape)
        for row, upstream in zip(self.x, g, strict=True):
            self.kernel_gradient += np.outer(row, upstream)
            self.bias_gradient += upstream
        return np.array([self.kernel @ upstream for upstream in g])


class DenseByDot(Dense):
    def forward(self, x):
        self.cache = (x, len(x))
        return np.add(np.dot(x, self.kernel), self.bias)

    def backward(self, g):
        x, _ = self.cache
        self.kernel_gradient, self.bias_gradient = np.dot(np.transpose(x), g), np.sum(g, 0)
        return np.dot(g, np.transpose(self.kernel))


def dense_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def weights(inputs: int, units: int) -> tuple[np.ndarray, np.ndarray]:
        return numbers(generator, inputs, units), numbers(generator, units)

    def there_and_back(samples: int, inputs: int, units: int) -> tuple:
        return (
            Method("forward", (numbers(generator, samples, inputs),), compare=False),
            Method("backward", (numbers(generator, samples, units),)),
            Attribute("kernel_gradient"),
            Attribute("bias_gradient"),
        )

    # Sums of products of two decimals can be 0: what rounding leaves of them is measured by the size of the others.
    return (
        Case("values", weights(2, 1), steps=(Method("forward", (numbers(generator, 1, 2),)),), scale=1.0),
        Case("values", weights(3, 2), steps=(Method("forward", (numbers(generator, 4, 3),)),), scale=1.0),
        Case("gradient", weights(3, 2), steps=there_and_back(4, 3, 2), scale=1.0),
        Case("gradient", weights(3, 3), steps=there_and_back(3, 3, 3), scale=1.0),
        Case(
            "gradient", weights(2, 2), steps=(*there_and_back(3, 2, 2), *there_and_back(3, 2, 2)), scale=1.0
        ),
        Case("gradient", weights(1, 4), steps=there_and_back(2, 1, 4), scale=1.0),
        Case("input unchanged", weights(2, 3), steps=there_and_back(2, 2, 3)),
    )


DENSE = Exercise(
    id="dense",
    unit=UNIT,
    function="Dense",
    kind="class",
    reference=Dense,
    arguments=("kernel", "bias"),
    criteria=(
        Criterion("values", 0.2, "`forward` gives x @ kernel + bias."),
        Criterion(
            "gradient",
            0.7,
            "`backward` gives the gradient of x, and leaves those of kernel and bias, of the latest batch.",
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: dense_cases(np.random.default_rng(102)),
    private_inputs=dense_cases,
    mistakes=(
        Mistake("bias forgotten", DenseWithoutBias, "values", "The bias is not added."),
        Mistake(
            "averaged over the batch",
            DenseMean,
            "gradient",
            "The gradients are divided by the number of samples. That is the loss's business: it is in g "
            "already.",
        ),
        Mistake(
            "kernel gradient transposed",
            DenseTransposed,
            "gradient",
            "`kernel_gradient` has its rows and columns exchanged. It has the kernel's shape: x.T @ g.",
        ),
        Mistake(
            "gradients of earlier batches kept",
            DenseAdded,
            "gradient",
            "The gradients of the batch before are still in there. Each `backward` starts anew.",
        ),
        Mistake(
            "bias gradient over the units",
            DenseBiasOverUnits,
            "gradient",
            "`bias_gradient` is summed over the units. Each unit has its own bias: sum over the samples.",
        ),
        Mistake(
            "bias gradient not summed",
            DenseBiasNotSummed,
            "gradient",
            "`bias_gradient` is g itself, with a row for each sample. One bias served them all: add the "
            "rows up.",
        ),
        Mistake(
            "bias gradient averaged",
            DenseBiasMean,
            "gradient",
            "`bias_gradient` is the mean over the samples. What one bias does to all samples adds up.",
        ),
        Mistake(
            "bias gradient of ones",
            DenseBiasOfOnes,
            "gradient",
            "1 is only the slope of the output with respect to the bias. It is multiplied by g, and added "
            "up over the samples.",
        ),
        Mistake(
            "kernel not transposed",
            DenseKernelUpright,
            "gradient",
            "On the way back the kernel is transposed: g @ kernel.T. With a square kernel `g @ kernel` "
            "runs, and is wrong.",
        ),
        Mistake(
            "nothing handed back",
            DenseNothingBack,
            "gradient",
            "`backward` returns nothing, so the layer below learns nothing. Return the gradient of x.",
        ),
        Mistake(
            "first input kept for ever",
            DenseFirstInput,
            "gradient",
            "The second batch is judged by the input of the first. `forward` stores each new x.",
        ),
        Mistake(
            "kernel gradient returned",
            DenseKernelReturned,
            "gradient",
            "`backward` returns the kernel's gradient. The layer below needs that of x, g @ kernel.T.",
        ),
        Mistake(
            "in place",
            DenseInPlace,
            "input unchanged",
            "`backward` writes into g, which belongs to the layer above.",
        ),
    ),
    alternatives=(Dense, DenseByEinsum, DenseByLoops, DenseByDot),
    hints=(
        "Which array has to be remembered on the way forward, because the way back needs it?",
        "Entry (i, u) of the kernel meets feature i of every sample and leads to unit u of the same sample. "
        "What it does to the loss adds up over the samples: x[s, i] times g[s, u], summed over s, which is "
        "x.T @ g. The bias of unit u meets a 1 in every sample: the sum of column u of g. And feature i of "
        "a sample leads to all its units: g @ kernel.T. Shapes help: a gradient always has the shape of "
        "what it belongs to.",
        "`self.kernel_gradient = ____.T @ g`, `self.bias_gradient = g.sum(axis=____)`, `return g @ "
        "self.kernel.____`",
    ),
    points=5,
)

# Relu


class Relu:
    def forward(self, x):
        self.positive = x > 0
        return np.where(self.positive, x, 0.0)

    def backward(self, g):
        return np.where(self.positive, g, 0.0)


class ReluOfUpstream(Relu):
    def backward(self, g):
        return np.maximum(g, 0)


class ReluPassing(Relu):
    def backward(self, g):
        return g


class ReluTimesInput(Relu):
    def forward(self, x):
        self.y = np.maximum(x, 0)
        return self.y

    def backward(self, g):
        return self.y * g


class ReluSlopeOnly(Relu):
    def backward(self, g):
        return 1.0 * self.positive


class ReluOneAtZero(Relu):
    def forward(self, x):
        self.positive = x >= 0
        return np.maximum(x, 0)


class ReluFirstInput(Relu):
    def forward(self, x):
        if not hasattr(self, "positive"):
            self.positive = x > 0
        return np.maximum(x, 0)


class ReluAbsolute(Relu):
    def forward(self, x):
        self.positive = x > 0
        return np.abs(x)


class ReluInPlace(Relu):
    def forward(self, x):
        self.positive = x > 0
        x[x < 0] = 0
        return x


class ReluUpstreamInPlace(Relu):
    def backward(self, g):
        g[~self.positive] = 0
        return g


class ReluComparedProduct(Relu):
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g):
        return g * self.x > 0


class ReluOtherHalf(Relu):
    def backward(self, g):
        return np.where(self.positive, 0.0, g)


class ReluHalfAtZero(Relu):
    def forward(self, x):
        self.slope = np.heaviside(x, 0.5)
        return np.maximum(x, 0)

    def backward(self, g):
        return self.slope * g


class ReluLeaking(Relu):
    def forward(self, x):
        self.slope = np.where(x > 0, 1.0, 0.01)
        return self.slope * x

    def backward(self, g):
        return self.slope * g


class ReluByMaximum:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g):
        return g * (self.x > 0)


class ReluBySign:
    def forward(self, x):
        self.y = (x + np.abs(x)) / 2
        return self.y

    def backward(self, g):
        return np.sign(self.y) * g


class ReluByCopy:
    def forward(self, x):
        y = x.copy()
        y[y < 0] = 0
        self.zeros = x <= 0
        return y

    def backward(self, g):
        returned = np.array(g)
        returned[self.zeros] = 0
        return returned


def relu_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def both_signs(samples: int, units: int) -> np.ndarray:
        x = numbers(generator, samples, units)
        x.flat[::2] = np.abs(x.flat[::2])
        x.flat[1::2] = -np.abs(x.flat[1::2])
        return x

    def there_and_back(samples: int, units: int, turned: int = 1) -> tuple:
        return (
            Method("forward", (turned * both_signs(samples, units),), compare=False),
            Method("backward", (numbers(generator, samples, units),)),
        )

    at_zero = np.array([[0.0, 1.5, -0.5]]), np.array([[2.0, -1.0, 3.0]])
    return (
        Case("values", (), steps=(Method("forward", (both_signs(1, 3),)),)),
        Case("values", (), steps=(Method("forward", (both_signs(3, 2),)),)),
        Case("gradient", (), steps=there_and_back(2, 3)),
        Case(
            "gradient",
            (),
            steps=(Method("forward", at_zero[:1], compare=False), Method("backward", at_zero[1:])),
        ),
        Case("gradient", (), steps=(*there_and_back(2, 2), *there_and_back(2, 2, turned=-1))),
        Case("input unchanged", (), steps=there_and_back(2, 3)),
    )


def relu_back(layer, x):
    """The gradient that comes back for an upstream gradient of ones."""
    made = layer()
    made.forward(x[:, None])
    return made.backward(np.ones((x.size, 1)))[:, 0]


RELU = Exercise(
    id="relu_layer",
    unit=UNIT,
    function="Relu",
    kind="class",
    reference=Relu,
    arguments=(),
    criteria=(
        Criterion("values", 0.3, "`forward` gives x where it is positive, and 0 elsewhere."),
        Criterion(
            "gradient", 0.6, "`backward` gives g where the latest x was positive, and 0 elsewhere, at 0 too."
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: relu_cases(np.random.default_rng(103)),
    private_inputs=relu_cases,
    curve=Curve(of=relu_back, xlabel="x", ylabel="backward of g = 1"),
    mistakes=(
        Mistake(
            "relu of the upstream gradient",
            ReluOfUpstream,
            "gradient",
            "The sign of g decides here, and that of x should: relu let some inputs through, and g follows "
            "the same paths.",
        ),
        Mistake(
            "product compared",
            ReluComparedProduct,
            "gradient",
            "Python multiplies before it compares: `g * x > 0` asks whether the product is positive. Put "
            "the comparison in parentheses: `g * (x > 0)`.",
        ),
        Mistake(
            "everything let through",
            ReluPassing,
            "gradient",
            "g comes back as it was. Where x was not positive, relu is flat and its slope 0.",
        ),
        Mistake(
            "the other half",
            ReluOtherHalf,
            "gradient",
            "g comes back where x was not positive, and 0 where it was: the two are exchanged.",
        ),
        Mistake(
            "multiplied by the value",
            ReluTimesInput,
            "gradient",
            "g is multiplied by the value of relu, not by its slope, which is 1 or 0.",
        ),
        Mistake(
            "upstream gradient ignored",
            ReluSlopeOnly,
            "gradient",
            "This is the slope alone; g is never used.",
        ),
        Mistake(
            "slope 1 at 0",
            ReluOneAtZero,
            "gradient",
            "At 0 the slope is 1 here. The text asks for 0, as Keras, PyTorch and MXNet have it.",
        ),
        Mistake(
            "slope 1/2 at 0",
            ReluHalfAtZero,
            "gradient",
            "At 0 the slope is 1/2 here, the mean of both sides. The text asks for 0, as Keras, PyTorch and "
            "MXNet have it.",
        ),
        Mistake(
            "first input kept for ever",
            ReluFirstInput,
            "gradient",
            "The second batch is judged by the signs of the first. `forward` stores them anew.",
        ),
        Mistake("absolute value", ReluAbsolute, "values", "This is the absolute value: -2 becomes 2, not 0."),
        Mistake(
            "leaky",
            ReluLeaking,
            "values",
            "Negative inputs leak through with the slope 0.01. That is leaky relu; relu gives 0.",
        ),
        Mistake(
            "input overwritten",
            ReluInPlace,
            "input unchanged",
            "`forward` writes zeros into x, which belongs to the layer below.",
        ),
        Mistake(
            "upstream gradient overwritten",
            ReluUpstreamInPlace,
            "input unchanged",
            "`backward` writes zeros into g, which belongs to the layer above.",
        ),
    ),
    alternatives=(Relu, ReluByMaximum, ReluBySign, ReluByCopy),
    hints=(
        "Of which array does the way back need the signs: of x, or of g?",
        "On the way forward some entries pass and the others become 0. An entry that passed has the slope "
        "1, so its part of g comes back whole; one that did not has the slope 0. So remember in `forward` "
        "where x was positive, and in `backward` keep g there and put 0 elsewhere. For x = [1.5, -0.5] and "
        "g = [-1, 3] that is [-1, 0].",
        "`self.positive = x ____ 0` in forward, `return np.where(____, g, 0.0)` in backward",
    ),
    points=5,
)

# mean_squared_error_gradient


def mse_gradient(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_pred.size


def mse_gradient_without_two(y_true, y_pred):
    return (y_pred - y_true) / y_pred.size


def mse_gradient_summed(y_true, y_pred):
    return 2 * (y_pred - y_true)


def mse_gradient_by_samples(y_true, y_pred):
    return 2 * (y_pred - y_true) / len(y_pred)


def mse_gradient_by_outputs(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_pred.shape[-1]


def mse_gradient_backwards(y_true, y_pred):
    return 2 * (y_true - y_pred) / y_pred.size


def mse_gradient_absolute(y_true, y_pred):
    return 2 * np.abs(y_pred - y_true) / y_pred.size


def mse_value(y_true, y_pred):
    return (y_pred - y_true) ** 2 / y_pred.size


def mse_gradient_averaged(y_true, y_pred):
    return np.mean(2 * (y_pred - y_true))


def mse_gradient_of_samples(y_true, y_pred):
    return np.mean(2 * (y_pred - y_true), axis=-1)


def mse_gradient_half_by_samples(y_true, y_pred):
    return (y_pred - y_true) / len(y_pred)


def mse_gradient_in_place(y_true, y_pred):
    y_pred -= y_true
    return 2 * y_pred / y_pred.size


def mse_gradient_by_product(y_true, y_pred):
    return np.subtract(y_pred, y_true) * (2 / np.prod(np.shape(y_pred)))


def mse_gradient_by_loop(y_true, y_pred):
    gradient = np.zeros_like(y_pred)
    for index in np.ndindex(y_pred.shape):
        gradient[index] = 2 * (y_pred[index] - y_true[index]) / y_pred.size
    return gradient


def mse_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def pair(*shape: int) -> tuple[np.ndarray, np.ndarray]:
        return numbers(generator, *shape), numbers(generator, *shape)

    return (
        Case("gradient", (np.array([[1.0]]), np.array([[3.0]]))),
        Case("gradient", pair(3, 1)),
        Case("gradient", pair(2, 3)),
        Case("gradient", pair(4, 2)),
        Case("shape", pair(1, 2)),
        Case("shape", pair(5, 1)),
        Case("input unchanged", pair(2, 2)),
    )


MSE_GRADIENT = Exercise(
    id="mean_squared_error_gradient",
    unit=UNIT,
    function="mean_squared_error_gradient",
    reference=mse_gradient,
    arguments=("y_true", "y_pred"),
    criteria=(
        Criterion("gradient", 0.7, "Twice the error, divided by the number of all entries."),
        Criterion("shape", 0.2, "The result has the shape of y_pred."),
        UNCHANGED,
    ),
    public_inputs=lambda: mse_cases(np.random.default_rng(104)),
    private_inputs=mse_cases,
    mistakes=(
        Mistake(
            "factor 2 missing",
            mse_gradient_without_two,
            "gradient",
            "The slope of the square is missing its factor 2. MXNet's L2Loss, which halves the square, has "
            "this one.",
        ),
        Mistake(
            "not divided",
            mse_gradient_summed,
            "gradient",
            "This is the gradient of the sum. The mean divides by the number of entries.",
        ),
        Mistake(
            "divided by the samples alone",
            mse_gradient_by_samples,
            "gradient",
            "This divides by the number of samples. The mean runs over all entries, samples times outputs: "
            "`y_pred.size`.",
        ),
        Mistake(
            "half the squares, averaged over the samples",
            mse_gradient_half_by_samples,
            "gradient",
            "This is the gradient of half the sum of squares, divided by the number of samples, as some "
            "courses define the loss. Here it is the mean of all squares: 2 over the number of entries.",
        ),
        Mistake(
            "divided by the outputs alone",
            mse_gradient_by_outputs,
            "gradient",
            "This divides by the number of outputs. The mean runs over all entries, samples times outputs: "
            "`y_pred.size`.",
        ),
        Mistake(
            "y_true minus y_pred",
            mse_gradient_backwards,
            "gradient",
            "The sign is turned. With respect to y_pred the slope has the sign of y_pred - y_true.",
        ),
        Mistake(
            "sign lost",
            mse_gradient_absolute,
            "gradient",
            "A prediction that is too small has a negative slope.",
        ),
        Mistake(
            "value instead of slope",
            mse_value,
            "gradient",
            "These are the parts of the loss itself. Its slope with respect to each prediction is asked.",
        ),
        Mistake(
            "one number for each sample",
            mse_gradient_of_samples,
            "gradient",
            "One number for each sample comes back. Each prediction has its own slope: the result has the "
            "shape of y_pred.",
        ),
        Mistake(
            "averaged",
            mse_gradient_averaged,
            "gradient",
            "One number comes back. Each prediction has its own slope: the result has the shape of y_pred.",
        ),
        Mistake(
            "in place",
            mse_gradient_in_place,
            "input unchanged",
            "`y_pred -= ...` writes into the caller's array. Build a new one.",
        ),
    ),
    alternatives=(mse_gradient, mse_gradient_by_product, mse_gradient_by_loop),
    hints=(
        "One prediction out of six moves. By how much does the mean of the six squares change?",
        "The loss is the sum of all squared errors divided by their number. One prediction occurs in one "
        "square, whose slope is twice its error, and the division stays. So the array of slopes is twice "
        "the errors, predicted minus true, over the number of entries: samples times outputs. For one "
        "entry, truth 1 and prediction 3, it is 4.",
        "`return 2 * (____ - ____) / y_pred.____`",
    ),
    points=5,
)

# network_gradients


def softmax_of(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    z = x @ kernel_1 + bias_1
    h = np.maximum(z, 0)
    g = (softmax_of(h @ kernel_2 + bias_2) - y_true) / len(x)
    back = g @ kernel_2.T * (z > 0)
    return x.T @ back, back.sum(axis=0), h.T @ g, g.sum(axis=0)


def network_summed(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    return tuple(len(x) * part for part in network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2))


def network_without_relu_slope(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    h = np.maximum(x @ kernel_1 + bias_1, 0)
    g = (softmax_of(h @ kernel_2 + bias_2) - y_true) / len(x)
    back = g @ kernel_2.T
    return x.T @ back, back.sum(axis=0), h.T @ g, g.sum(axis=0)


def network_signs_of_the_gradient(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    h = np.maximum(x @ kernel_1 + bias_1, 0)
    g = (softmax_of(h @ kernel_2 + bias_2) - y_true) / len(x)
    back = np.maximum(g @ kernel_2.T, 0)
    return x.T @ back, back.sum(axis=0), h.T @ g, g.sum(axis=0)


def network_before_relu(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    z = x @ kernel_1 + bias_1
    g = (softmax_of(np.maximum(z, 0) @ kernel_2 + bias_2) - y_true) / len(x)
    back = g @ kernel_2.T * (z > 0)
    return x.T @ back, back.sum(axis=0), z.T @ g, g.sum(axis=0)


def network_without_relu(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    h = x @ kernel_1 + bias_1
    g = (softmax_of(h @ kernel_2 + bias_2) - y_true) / len(x)
    back = g @ kernel_2.T
    return x.T @ back, back.sum(axis=0), h.T @ g, g.sum(axis=0)


def network_backwards(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    return tuple(-part for part in network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2))


def network_label_forgotten(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    return network_gradients(x, 0 * y_true, kernel_1, bias_1, kernel_2, bias_2)


def network_biases_averaged(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    a, b, c, d = network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2)
    return a, b / len(x), c, d / len(x)


def network_last_layer_first(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    a, b, c, d = network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2)
    return c, d, a, b


def network_without_softmax(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    z = x @ kernel_1 + bias_1
    h = np.maximum(z, 0)
    g = (h @ kernel_2 + bias_2 - y_true) / len(x)
    back = g @ kernel_2.T * (z > 0)
    return x.T @ back, back.sum(axis=0), h.T @ g, g.sum(axis=0)


def network_softmax_slope_again(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    z = x @ kernel_1 + bias_1
    h = np.maximum(z, 0)
    p = softmax_of(h @ kernel_2 + bias_2)
    g = (p - y_true) / len(x)
    g = p * (g - np.sum(p * g, axis=-1, keepdims=True))
    back = g @ kernel_2.T * (z > 0)
    return x.T @ back, back.sum(axis=0), h.T @ g, g.sum(axis=0)


def network_averaged_again(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    return tuple(part / len(x) for part in network_gradients(x, y_true, kernel_1, bias_1, kernel_2, bias_2))


def network_by_layers(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    first, relu, second = Dense(kernel_1, bias_1), ReluByMaximum(), DenseByEinsum(kernel_2, bias_2)
    logits = second.forward(relu.forward(first.forward(x)))
    first.backward(relu.backward(second.backward((softmax_of(logits) - y_true) / len(x))))
    return [first.kernel_gradient, first.bias_gradient, second.kernel_gradient, second.bias_gradient]


def network_sample_by_sample(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    total = None
    for row, label in zip(x, y_true, strict=True):
        z = row @ kernel_1 + bias_1
        h = z * (z > 0)
        g = softmax_of(h @ kernel_2 + bias_2) - label
        back = (kernel_2 @ g) * (z > 0)
        parts = np.outer(row, back), back, np.outer(h, g), g
        total = parts if total is None else [a + b for a, b in zip(total, parts, strict=True)]
    return tuple(part / len(x) for part in total)


def network_by_two_steps(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    z = np.dot(x, kernel_1) + bias_1
    h = np.where(z > 0, z, 0)
    logits = np.dot(h, kernel_2) + bias_2
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1)[:, None])
    upstream = -y_true / len(x)  # times 1 / p, which the softmax's factor p takes away
    g = upstream - p * upstream.sum(axis=1, keepdims=True)
    back = np.where(z > 0, np.dot(g, kernel_2.T), 0)
    return np.dot(x.T, back), np.sum(back, 0), np.dot(h.T, g), np.sum(g, 0)


def network_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, samples: int, inputs: int, hidden: int, classes: int) -> Case:
        y_true = np.eye(classes)[generator.integers(classes, size=samples)]
        kernel_1 = numbers(generator, inputs, hidden)
        kernel_1[:, 0], kernel_1[:, 1] = np.abs(kernel_1[:, 0]), -np.abs(kernel_1[:, 1])
        x = np.abs(numbers(generator, samples, inputs))  # so that one unit is on and one is off
        weights = kernel_1, numbers(generator, hidden, scale=0.1), numbers(generator, hidden, classes)
        arguments = (x, y_true, *weights, numbers(generator, classes))
        return Case(criterion, arguments, tolerance=1e-9, scale=1e-3)

    return (
        one("gradient", 1, 1, 2, 2),
        one("gradient", 2, 2, 3, 2),
        one("gradient", 3, 3, 3, 3),
        one("gradient", 4, 2, 3, 4),
        one("shape", 2, 1, 2, 3),
        one("shape", 1, 3, 4, 2),
        one("input unchanged", 2, 2, 2, 2),
    )


def kernel_gradient_of_one_input(function, x):
    """The gradient of the one entry of kernel_1, for batches of two samples that are alike."""
    weights = np.ones((1, 1)), np.ones(1), np.array([[1.0, -1.0]]), np.zeros(2)
    label = np.array([[0.0, 1.0], [0.0, 1.0]])
    return np.array([function(np.full((2, 1), value), label, *weights)[0].item() for value in x])


NETWORK_GRADIENTS = Exercise(
    id="network_gradients",
    unit=UNIT,
    function="network_gradients",
    reference=network_gradients,
    arguments=("x", "y_true", "kernel_1", "bias_1", "kernel_2", "bias_2"),
    criteria=(
        Criterion(
            "gradient", 0.8, "The gradients of the mean crossentropy: kernel_1, bias_1, kernel_2, bias_2."
        ),
        Criterion("shape", 0.1, "Four arrays, each of the shape of its weights."),
        UNCHANGED,
    ),
    public_inputs=lambda: network_cases(np.random.default_rng(105)),
    private_inputs=network_cases,
    curve=Curve(
        of=kernel_gradient_of_one_input,
        xlabel="x, of a network whose hidden unit is on from -1",
        ylabel="gradient of kernel_1",
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "summed over the batch",
            network_summed,
            "gradient",
            "All four are too large by the number of samples: this is the gradient of the summed loss, not "
            "of its mean.",
        ),
        Mistake(
            "slope of relu missing",
            network_without_relu_slope,
            "gradient",
            "On the way back nothing stops at the relu. Where its input was not positive, the gradient is 0.",
        ),
        Mistake(
            "relu of the gradient",
            network_signs_of_the_gradient,
            "gradient",
            "On the way back the sign of the gradient decides, and that of relu's input should.",
        ),
        Mistake(
            "kernel_2 fed from before the relu",
            network_before_relu,
            "gradient",
            "The gradient of kernel_2 uses what went into the relu. The second layer saw what came out of "
            "it.",
        ),
        Mistake(
            "no relu",
            network_without_relu,
            "gradient",
            "There is no relu between the two layers, so they are one linear layer.",
        ),
        Mistake(
            "label minus softmax",
            network_backwards,
            "gradient",
            "All signs are turned: the gradient starts with softmax minus label.",
        ),
        Mistake(
            "label forgotten",
            network_label_forgotten,
            "gradient",
            "The label is never subtracted from the softmax, so the network cannot know what is right.",
        ),
        Mistake(
            "slope of softmax once more",
            network_softmax_slope_again,
            "gradient",
            "Softmax minus label is already the gradient with respect to the logits. Here it goes back "
            "through the softmax a second time.",
        ),
        Mistake(
            "softmax forgotten",
            network_without_softmax,
            "gradient",
            "The label is subtracted from the logits. Turn them into probabilities first: softmax minus "
            "label.",
        ),
        Mistake(
            "biases averaged again",
            network_biases_averaged,
            "gradient",
            "The kernels are right, and the biases are divided by the number of samples twice.",
        ),
        Mistake(
            "averaged twice",
            network_averaged_again,
            "gradient",
            "All four are too small by the number of samples: the division by it is done twice. The first "
            "gradient has it, and the layers hand it on.",
        ),
        Mistake(
            "last layer first",
            network_last_layer_first,
            "gradient",
            "All four are right and in the order in which they were found. Asked is that of the arguments.",
        ),
    ),
    alternatives=(network_gradients, network_by_layers, network_sample_by_sample, network_by_two_steps),
    hints=(
        "What does each of your layers hand back to the one below it, and where does the first g come from?",
        "Make two Dense layers from the four arrays and a Relu. Forward through all three gives the logits. "
        "The first g is the gradient of the mean crossentropy with respect to them: softmax minus label, "
        "over the number of samples. Hand it to the second Dense, what that returns to the Relu, and what "
        "that returns to the first Dense. The four gradients now lie in the two layers.",
        "`logits = second.forward(relu.forward(____))`, then "
        "`first.backward(relu.backward(second.backward(____)))`",
    ),
    points=5,
)

# the questions

Q_FAN_OUT = Question(
    id="q_fan_out",
    unit=UNIT,
    prompt="y = a b + a, with a = 3 and b = 2. What is the slope of y with respect to a?",
    answer=3,
    explanation="a reaches y on two paths: through the product, with the slope b = 2, and directly, with the slope 1. "
    "What comes back along several paths is added.",
    replies={
        2: "That is one of the two paths from a to y, the one through the product. The other adds 1.",
        9: "That is y itself.",
        1: "That is the direct path. The one through the product adds b.",
    },
)

Q_SHAPE = Question(
    id="q_shape_back",
    unit=UNIT,
    prompt="A Dense layer of 10 units gets a batch `x` of shape (32, 64). What shape does its `backward` return?",
    options={
        "a": Option(
            "(64, 10), that of the kernel.",
            "That is what it stores. What it returns goes to the layer below.",
            "backward returns the gradient of the weights",
        ),
        "b": Option(
            "(32, 10), that of its output.",
            "That is the shape of what it is given, g.",
            "gradients keep the shape of the output",
        ),
        "c": Option(
            "(32, 64), that of its input.",
            "A gradient has the shape of what it is the gradient of, and this one is of x.",
        ),
        "d": Option(
            "(64,), one number for each feature.",
            "Each sample has its own gradient: nothing is summed over the batch here.",
            "the gradient of the input is averaged over the batch",
        ),
    },
    answer="c",
    explanation="x, kernel and bias go in, and each has a gradient of its own shape; that of x travels on.",
)

Q_ZERO = Question(
    id="q_all_zero",
    unit=UNIT,
    prompt="All four arrays of the network are 0 at the start. In how many of the four gradients is anything "
    "other than 0?",
    answer=1,
    explanation="h is 0, so kernel_2 gets nothing; kernel_2 is 0, so nothing comes back through it to the first "
    "layer. Only bias_2 learns, and it learns how frequent the classes are. Random kernels break the tie.",
    replies={
        4: "Follow g backwards: what comes through a kernel of zeros?",
        2: "The biases are added, not multiplied, but what reaches the first one comes through kernel_2.",
        0: "softmax minus label is not 0, and the last bias gets it undiminished.",
    },
)

Q_MXNET = Question(
    id="q_batch_factor",
    unit=UNIT,
    prompt="MXNet adds the losses of a batch up, and leaves the division to its trainer. For this batch of 32, "
    "by which factor are its gradients larger than those of Keras?",
    answer=32,
    explanation="A sum of 32 losses has 32 times the gradient of their mean. The directions agree, and the "
    "learning rates do not.",
    replies={1 / 32: "Turned round: a sum is larger than a mean."},
)

EXERCISES = (
    Q_FAN_OUT,
    NEURON_GRADIENTS,
    Q_SHAPE,
    DENSE,
    RELU,
    NETWORK_GRADIENTS,
    Q_ZERO,
    MSE_GRADIENT,
    Q_MXNET,
)
