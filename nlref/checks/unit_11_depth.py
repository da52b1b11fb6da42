"""Unit 11: what is left of signals and gradients after many layers, how weights start, batch normalisation."""

import math

import numpy as np

from nlref.checks.exercise import (
    Assign,
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
from nlref.checks.unit_10_backpropagation import UNCHANGED, numbers

UNIT = "11_depth"

NEAR = {"tolerance": 1e-9, "scale": 1e-3}


def signal_of(h):
    return np.sqrt(np.mean(np.var(h, axis=0)))


def size_of(g):
    return np.sqrt(np.mean(g**2))


# signal_sizes


def signal_sizes(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(signal_of(x))
    return np.array(sizes)


def signal_without_activation(x, kernels, activation):
    return signal_sizes(x, kernels, lambda z: z)


def signal_before_activation(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        z = x @ kernel
        sizes.append(signal_of(z))
        x = activation(z)
    return np.array(sizes)


def signal_with_the_mean(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(size_of(x))
    return np.array(sizes)


def signal_over_all(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(np.std(x))
    return np.array(sizes)


def signal_between_units(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(np.sqrt(np.mean(np.var(x, axis=1))))
    return np.array(sizes)


def signal_mean_of_deviations(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(np.mean(np.std(x, axis=0)))
    return np.array(sizes)


def signal_of_each_unit(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x = activation(x @ kernel)
        sizes.append(np.std(x, axis=0))
    return np.array(sizes)


def signal_squared(x, kernels, activation):
    return signal_sizes(x, kernels, activation) ** 2


def signal_each_from_x(x, kernels, activation):
    return np.array([signal_of(activation(x @ kernel)) for kernel in kernels])


def signal_without_the_last(x, kernels, activation):
    return np.array([signal_of(x), *signal_sizes(x, kernels, activation)[:-1]])


def signal_with_the_input(x, kernels, activation):
    return np.array([signal_of(x), *signal_sizes(x, kernels, activation)])


def signal_of_the_last(x, kernels, activation):
    return signal_sizes(x, kernels, activation)[-1]


def signal_over_one_less(x, kernels, activation):
    return signal_sizes(x, kernels, activation) * np.sqrt(len(x) / (len(x) - 1))


def signal_transposed(x, kernels, activation):
    return signal_sizes(x, np.swapaxes(kernels, 1, 2), activation)


def signal_in_place(x, kernels, activation):
    sizes = []
    for kernel in kernels:
        x[...] = activation(x @ kernel)
        sizes.append(signal_of(x))
    return np.array(sizes)


def signal_by_distances(x, kernels, activation):
    h, sizes = x, np.zeros(len(kernels))
    for i in range(len(kernels)):
        h = activation(np.dot(h, kernels[i]))
        centred = h - h.mean(axis=0)
        sizes[i] = np.sqrt((centred**2).sum() / centred.size)
    return sizes


def signal_of_later_layers(x, kernels, activation):
    h = activation(np.einsum("ni,io->no", x, kernels[0]))
    own = [float(np.linalg.norm(h - np.mean(h, axis=0)) / np.sqrt(h.size))]
    return own + (signal_of_later_layers(h, kernels[1:], activation) if len(kernels) > 1 else [])


def signal_by_covariance(x, kernels, activation):
    layers = [x]
    for kernel in kernels:
        layers += [activation(layers[-1] @ kernel)]
    return [math.sqrt(np.mean(np.std(h, axis=0) ** 2)) for h in layers[1:]]


def signal_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, samples: int, units: int, layers: int, activation: np.ufunc) -> Case:
        kernels = numbers(generator, layers, units, units)
        return Case(criterion, (numbers(generator, samples, units), kernels, activation), **NEAR)

    return (
        Case("values", (np.array([[1.0], [3.0]]), np.array([[[0.5]]]), np.tanh), **NEAR),
        one("values", 2, 2, 2, np.tanh),
        one("values", 4, 2, 3, np.sin),
        one("values", 3, 3, 3, np.tanh),
        one("values", 5, 2, 2, np.arctan),
        one("input unchanged", 3, 2, 2, np.tanh),
    )


def ten_kernels():
    """Ten kernels of 8 by 8 that keep a signal's size where nothing bends it."""
    return np.random.default_rng(7).normal(scale=np.sqrt(1 / 8), size=(10, 8, 8))


def signal_after_ten(function, x):
    """The signal behind the last of ten layers, for kernels of each size."""
    samples = np.random.default_rng(8).normal(size=(16, 8))
    return np.array([function(samples, size * ten_kernels(), np.tanh)[-1] for size in x])


SIGNAL_SIZES = Exercise(
    id="signal_sizes",
    unit=UNIT,
    function="signal_sizes",
    reference=signal_sizes,
    arguments=("x", "kernels", "activation"),
    criteria=(
        Criterion("values", 0.9, "How far the samples are apart after each layer's activation."),
        UNCHANGED,
    ),
    public_inputs=lambda: signal_cases(np.random.default_rng(111)),
    private_inputs=signal_cases,
    curve=Curve(
        of=signal_after_ten,
        xlabel="size of the kernels, as a multiple of 1 / root of the inputs",
        ylabel="signal after 10 tanh",
        low=0.0,
        high=3.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "no activation",
            signal_without_activation,
            "values",
            "The activation is left out, so all layers are one linear one.",
        ),
        Mistake(
            "measured before the activation",
            signal_before_activation,
            "values",
            "This measures what goes into each activation. Asked is what comes out.",
        ),
        Mistake(
            "the mean counted as signal",
            signal_with_the_mean,
            "values",
            "This is the root of the mean square, which counts what all samples share. The variance over the samples "
            "leaves that out.",
        ),
        Mistake(
            "one variance for the whole array",
            signal_over_all,
            "values",
            "This takes one mean for the whole array, so that differences between the units count. Each unit has its "
            "own variance: `axis=0`.",
        ),
        Mistake(
            "variance over the units",
            signal_between_units,
            "values",
            "This compares the units of one sample. Asked is how one unit differs between samples: `axis=0`.",
        ),
        Mistake(
            "mean of the standard deviations",
            signal_mean_of_deviations,
            "values",
            "This takes the root first and the mean after. Take the mean of the variances, then the root.",
        ),
        Mistake(
            "one for each unit",
            signal_of_each_unit,
            "values",
            "Each unit has a number of its own here. Take the mean of a layer's variances, then the root: one number "
            "for each layer.",
        ),
        Mistake(
            "root missing",
            signal_squared,
            "values",
            "This is the mean variance, the square of what is asked.",
        ),
        Mistake(
            "each layer fed with x",
            signal_each_from_x,
            "values",
            "Each layer is given x itself. A layer works on what the one before it returned.",
        ),
        Mistake(
            "measured before the layer",
            signal_without_the_last,
            "values",
            "The first entry belongs to x, and the last layer has none. Measure after each layer.",
        ),
        Mistake(
            "input counted as a layer",
            signal_with_the_input,
            "values",
            "There is one entry too many: x is no layer.",
        ),
        Mistake(
            "last layer alone",
            signal_of_the_last,
            "values",
            "One number comes back, that of the last layer. Collect one after each layer.",
        ),
        Mistake(
            "variance over n - 1",
            signal_over_one_less,
            "values",
            "The variance divides by n - 1. Here it is over n, as np.var gives it.",
        ),
        Mistake(
            "kernel transposed",
            signal_transposed,
            "values",
            "On the way forward the kernel stands as it is: x @ kernel. The transposed one belongs to the way back.",
        ),
        Mistake(
            "in place",
            signal_in_place,
            "input unchanged",
            "Each layer writes into the array that was handed in. `x = ...` gives the name to a new one.",
        ),
    ),
    alternatives=(signal_sizes, signal_by_distances, signal_of_later_layers, signal_by_covariance),
    hints=(
        "Which line computes one layer, and what must the next layer be given?",
        "Go through the kernels. A layer multiplies what it is given by its kernel and applies the activation; the "
        "result is what the next layer is given. After each layer take the variance of every unit over the samples, "
        "`np.var(x, axis=0)`, the mean of these variances over the units, and its root. For the samples [1] and [3], "
        "the kernel [0.5] and tanh, the outputs are 0.4621 and 0.9051, and half their distance is 0.2215.",
        "`x = activation(x @ ____)`, then `sizes.append(np.sqrt(np.mean(np.var(x, axis=____))))`",
    ),
    points=5,
)

# gradient_sizes


def gradient_sizes(g, kernels, slopes):
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g * slope) @ kernel.T
        sizes.append(size_of(g))
    return np.array(sizes[::-1])


def gradient_sizes_of_fitting(g, kernels, slopes):
    """The same, of arrays that belong together: an example must not be cut to others."""
    if np.shape(slopes) != (len(kernels), *np.shape(g)):
        raise ValueError("slopes has the shape of g for each layer")
    return gradient_sizes(g, kernels, slopes)


def gradient_upright(g, kernels, slopes):
    return gradient_sizes(g, np.swapaxes(kernels, 1, 2), slopes)


def gradient_slope_after(g, kernels, slopes):
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g @ kernel.T) * slope
        sizes.append(size_of(g))
    return np.array(sizes[::-1])


def gradient_without_slopes(g, kernels, slopes):
    return gradient_sizes(g, kernels, np.ones_like(slopes))


def gradient_slopes_forward(g, kernels, slopes):
    return gradient_sizes(g, kernels, slopes[::-1])


def gradient_forward(g, kernels, slopes):
    return gradient_sizes(g, kernels[::-1], slopes[::-1])[::-1]


def gradient_last_first(g, kernels, slopes):
    return gradient_sizes(g, kernels, slopes)[::-1]


def gradient_forward_in_order(g, kernels, slopes):
    return gradient_sizes(g, kernels[::-1], slopes[::-1])


def gradient_mean_of_magnitudes(g, kernels, slopes):
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g * slope) @ kernel.T
        sizes.append(np.mean(np.abs(g)))
    return np.array(sizes[::-1])


def gradient_mean_removed(g, kernels, slopes):
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g * slope) @ kernel.T
        sizes.append(signal_of(g))
    return np.array(sizes[::-1])


def gradient_squared(g, kernels, slopes):
    return gradient_sizes(g, kernels, slopes) ** 2


def gradient_norms(g, kernels, slopes):
    return gradient_sizes(g, kernels, slopes) * np.sqrt(np.size(g))


def gradient_before_the_layer(g, kernels, slopes):
    return np.array([*gradient_sizes(g, kernels, slopes)[1:], size_of(g)])


def gradient_before_the_kernel(g, kernels, slopes):
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        sizes.append(size_of(g * slope))
        g = (g * slope) @ kernel.T
    return np.array(sizes[::-1])


def gradient_in_place(g, kernels, slopes):
    sizes = []
    for kernel, slope in zip(kernels[::-1], slopes[::-1], strict=True):
        g *= slope
        g = g @ kernel.T
        sizes.append(size_of(g))
    return np.array(sizes[::-1])


def gradient_by_index(g, kernels, slopes):
    sizes = np.empty(len(kernels))
    for i in range(len(kernels) - 1, -1, -1):
        g = np.dot(g * slopes[i], kernels[i].T)
        sizes[i] = np.linalg.norm(g) / np.sqrt(g.size)
    return sizes


def gradient_by_einsum(g, kernels, slopes):
    sizes = []
    for i in reversed(range(len(kernels))):
        g = np.einsum("no,no,io->ni", g, slopes[i], kernels[i])
        sizes.insert(0, float(np.mean(np.square(g)) ** 0.5))
    return sizes


def gradient_of_later_layers(g, kernels, slopes):
    if not len(kernels):
        return ()
    g = (kernels[-1] @ (g * slopes[-1]).T).T
    return (*gradient_of_later_layers(g, kernels[:-1], slopes[:-1]), math.sqrt(np.vdot(g, g) / g.size))


def gradient_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, samples: int, units: int, layers: int) -> Case:
        kernels = numbers(generator, layers, units, units)
        slopes = np.round(generator.uniform(0.1, 1.0, (layers, samples, units)), 2)
        return Case(criterion, (numbers(generator, samples, units), kernels, slopes), **NEAR)

    return (
        Case(
            "gradient", (np.array([[1.0], [3.0]]), np.array([[[2.0]]]), np.array([[[0.5], [0.25]]])), **NEAR
        ),
        one("gradient", 1, 2, 2),
        one("gradient", 3, 2, 2),
        one("gradient", 2, 2, 3),
        one("gradient", 4, 3, 3),
        one("input unchanged", 2, 2, 2),
    )


def gradient_before_ten(function, x):
    """The gradient that reaches the first of ten layers of slope 1/2, for kernels of each size."""
    g, slopes = np.random.default_rng(8).normal(size=(16, 8)), np.full((10, 16, 8), 0.5)
    return np.array([function(g, size * ten_kernels(), slopes)[0] for size in x])


GRADIENT_SIZES = Exercise(
    id="gradient_sizes",
    unit=UNIT,
    function="gradient_sizes",
    reference=gradient_sizes_of_fitting,
    arguments=("g", "kernels", "slopes"),
    criteria=(
        Criterion(
            "gradient", 0.9, "The size of the gradient of each layer's input, in the order of the layers."
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: gradient_cases(np.random.default_rng(112)),
    private_inputs=gradient_cases,
    curve=Curve(
        of=gradient_before_ten,
        xlabel="size of the kernels, as a multiple of 1 / root of the inputs",
        ylabel="gradient before 10 layers",
        low=0.0,
        high=3.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "kernel not transposed",
            gradient_upright,
            "gradient",
            "On the way back the kernel is transposed. A square kernel hides it: `g @ kernel` runs, and is wrong.",
        ),
        Mistake(
            "slope after the kernel",
            gradient_slope_after,
            "gradient",
            "Forward the activation came last, so on the way back its slope comes first, before the kernel.",
        ),
        Mistake(
            "no slopes", gradient_without_slopes, "gradient", "The slopes of the activations are left out."
        ),
        Mistake(
            "slopes from the front",
            gradient_slopes_forward,
            "gradient",
            "The kernels are taken from the last to the first, and the slopes from the first to the last.",
        ),
        Mistake(
            "from the front",
            gradient_forward_in_order,
            "gradient",
            "This begins with the first layer, and with its result as the last entry. g arrives at the last layer.",
        ),
        Mistake(
            "from the front, in that order",
            gradient_forward,
            "gradient",
            "This begins with the first layer. g arrives at the last one: go through the layers from back to front.",
        ),
        Mistake(
            "last layer first",
            gradient_last_first,
            "gradient",
            "All sizes are right and in the order in which they were found. Asked is that of the layers.",
        ),
        Mistake(
            "mean magnitude",
            gradient_mean_of_magnitudes,
            "gradient",
            "This is the mean of the magnitudes. Asked is the root of the mean square.",
        ),
        Mistake(
            "mean removed",
            gradient_mean_removed,
            "gradient",
            "This takes the variance. What all samples' gradients share moves the weights too: the root of the mean "
            "square, with nothing removed.",
        ),
        Mistake("root missing", gradient_squared, "gradient", "This is the mean square. Take its root."),
        Mistake(
            "sum of squares",
            gradient_norms,
            "gradient",
            "This is the norm, which grows with the number of samples and units. Take the mean of the squares, "
            "not their sum.",
        ),
        Mistake(
            "measured too early",
            gradient_before_the_layer,
            "gradient",
            "Entry i should have passed through layer i. The last entry here is the size of g itself.",
        ),
        Mistake(
            "measured before the kernel",
            gradient_before_the_kernel,
            "gradient",
            "This measures after the slopes and before the kernel: the gradient of what went into the activation. "
            "Asked is that of the layer's input.",
        ),
        Mistake(
            "in place",
            gradient_in_place,
            "input unchanged",
            "`g *= ...` writes into the array that was handed in.",
        ),
    ),
    alternatives=(gradient_sizes, gradient_by_index, gradient_by_einsum, gradient_of_later_layers),
    hints=(
        "Which layer does g meet first, and what happened last in that layer on the way forward?",
        "Forward, a layer multiplied by its kernel and then applied the activation. So backward it first multiplies "
        "by the slopes, entry by entry, and then by the transposed kernel, as your Dense and Relu of unit 10 did. "
        "Begin with the last layer. After each layer take the root of the mean square of what comes out, and at the "
        "end turn the list round, so that the first layer stands first. For g = [1] and [3], slopes 0.5 and 0.25 "
        "and the kernel [2], 1 and 1.5 come out, and the size is 1.2748.",
        "`for kernel, slope in zip(kernels[::-1], slopes[::-1]): g = (g * ____) @ ____`, and `return sizes[::____]`",
    ),
    points=5,
)

# glorot_uniform


def glorot_uniform(u):
    inputs, units = u.shape
    return (2 * u - 1) * np.sqrt(6 / (inputs + units))


def glorot_normal_limit(u):
    inputs, units = u.shape
    return (2 * u - 1) * np.sqrt(2 / (inputs + units))


def glorot_inputs_alone(u):
    return (2 * u - 1) * np.sqrt(3 / u.shape[0])


def glorot_units_alone(u):
    return (2 * u - 1) * np.sqrt(3 / u.shape[1])


def glorot_he(u):
    return (2 * u - 1) * np.sqrt(6 / u.shape[0])


def glorot_as_in_torch(u):
    return (2 * u - 1) / np.sqrt(u.shape[0])


def glorot_mean_of_fans(u):
    inputs, units = u.shape
    return (2 * u - 1) * np.sqrt(6 / ((inputs + units) / 2))


def glorot_product(u):
    return (2 * u - 1) * np.sqrt(6 / u.size)


def glorot_without_root(u):
    inputs, units = u.shape
    return (2 * u - 1) * 6 / (inputs + units)


def glorot_root_of_six_alone(u):
    return (2 * u - 1) * np.sqrt(6) / sum(u.shape)


def glorot_positive(u):
    return u * np.sqrt(6 / sum(u.shape))


def glorot_half_as_wide(u):
    return (u - 0.5) * np.sqrt(6 / sum(u.shape))


def glorot_limits_for_all(u):
    limit = np.sqrt(6 / sum(u.shape))
    return np.random.default_rng(0).uniform(-limit, limit, u.shape)


def glorot_in_place(u):
    u *= 2
    u -= 1
    return u * np.sqrt(6 / sum(u.shape))


def glorot_by_limits(u):
    limit = np.sqrt(6) / np.sqrt(u.shape[0] + u.shape[1])
    return -limit + u * (limit - -limit)


def glorot_by_deviation(u):
    variance = 1 / np.mean(u.shape)
    return math.sqrt(variance) * math.sqrt(12) * (u - 0.5)


def glorot_by_interpolation(u):
    limit = (6 / sum(u.shape)) ** 0.5
    return limit * np.interp(u, np.arange(2), 2 * np.arange(2) - 1)


def glorot_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, inputs: int, units: int) -> Case:
        return Case(criterion, (np.round(generator.uniform(0, 1, (inputs, units)), 2),), **NEAR)

    return (
        Case("values", (np.array([[0.0, 0.25, 0.75, 1.0]]),), **NEAR),
        one("values", 1, 1),
        one("values", 3, 2),
        one("values", 2, 4),
        one("values", 5, 1),
        one("input unchanged", 2, 3),
    )


GLOROT_UNIFORM = Exercise(
    id="glorot_uniform",
    unit=UNIT,
    function="glorot_uniform",
    reference=glorot_uniform,
    arguments=("u",),
    criteria=(
        Criterion("values", 0.9, "u, stretched from [0, 1) to the interval from -limit to limit."),
        UNCHANGED,
    ),
    public_inputs=lambda: glorot_cases(np.random.default_rng(113)),
    private_inputs=glorot_cases,
    mistakes=(
        Mistake(
            "limit of the deviation",
            glorot_normal_limit,
            "values",
            "The limit is the standard deviation here. Uniform numbers up to a limit have a deviation of limit / "
            "root 3, so the limit is root 3 times as large: 6 in place of 2.",
        ),
        Mistake(
            "inputs alone",
            glorot_inputs_alone,
            "values",
            "This keeps the signal and lets the gradient go: it knows the inputs alone. Glorot takes both numbers.",
        ),
        Mistake(
            "units alone",
            glorot_units_alone,
            "values",
            "This keeps the gradient and lets the signal go: it knows the units alone. Glorot takes both numbers.",
        ),
        Mistake(
            "He's limit",
            glorot_he,
            "values",
            "6 over the inputs is He's limit, for relu. Glorot divides by inputs + units.",
        ),
        Mistake(
            "PyTorch's limit",
            glorot_as_in_torch,
            "values",
            "1 over the root of the inputs is PyTorch's limit, which gives a third of the variance 1 / inputs. "
            "Glorot's is the root of 6 / (inputs + units).",
        ),
        Mistake(
            "mean of inputs and units",
            glorot_mean_of_fans,
            "values",
            "With the mean of inputs and units belongs a 3, with their sum a 6.",
        ),
        Mistake(
            "product of inputs and units",
            glorot_product,
            "values",
            "This divides by the number of weights, inputs times units. It is inputs plus units.",
        ),
        Mistake(
            "root missing",
            glorot_without_root,
            "values",
            "6 / (inputs + units) belongs under a root: it is a variance's size, and weights are not squared.",
        ),
        Mistake(
            "root of the 6 alone",
            glorot_root_of_six_alone,
            "values",
            "The root belongs over the whole fraction, inputs + units with it.",
        ),
        Mistake(
            "positive weights",
            glorot_positive,
            "values",
            "All weights are positive. u has to become a number from -1 to 1 first: 2 u - 1.",
        ),
        Mistake(
            "half as wide",
            glorot_half_as_wide,
            "values",
            "u - 1/2 runs from -1/2 to 1/2, so the weights reach half the limit.",
        ),
        Mistake(
            "random numbers of its own",
            glorot_limits_for_all,
            "values",
            "The interval may be right, and the numbers are drawn anew. Use those of u.",
        ),
        Mistake(
            "in place",
            glorot_in_place,
            "input unchanged",
            "`u *= ...` and `u -= ...` write into the array that was handed in.",
        ),
    ),
    alternatives=(glorot_uniform, glorot_by_limits, glorot_by_deviation, glorot_by_interpolation),
    hints=(
        "What do the smallest u, 0, the middle, 1/2, and the largest become?",
        "0 becomes -limit, 1/2 becomes 0, and 1 would become limit: stretch u to the interval from -1 to 1, and then "
        "by the limit. The limit is the root of 6 / (inputs + units), and both are in the shape of u, which is "
        "(inputs, units). For the shape (1, 4) the limit is 1.0954, and u = 0.75 becomes 0.5477.",
        "`return (2 * u - ____) * np.sqrt(____ / (inputs + units))`",
    ),
    points=5,
    curve=Curve(
        of=lambda function, u: np.array([function(np.full((8, 4), one))[0, 0] for one in u]),
        xlabel="u",
        ylabel="weight, for 8 inputs and 4 units",
        low=0.0,
        high=1.0,
    ),
)

# he_normal


def he_normal(z):
    return z * np.sqrt(2 / np.prod(z.shape[:-1]))


def he_lecun(z):
    return z * np.sqrt(1 / np.prod(z.shape[:-1]))


def he_glorot(z):
    return z * np.sqrt(2 / (np.prod(z.shape[:-1]) + z.shape[-1]))


def he_units(z):
    return z * np.sqrt(2 / z.shape[-1])


def he_without_root(z):
    return z * 2 / np.prod(z.shape[:-1])


def he_two_outside(z):
    return z * 2 / np.sqrt(np.prod(z.shape[:-1]))


def he_root_of_two_alone(z):
    return z * np.sqrt(2) / np.prod(z.shape[:-1])


def he_cut_off(z):
    return np.clip(z, -2, 2) * np.sqrt(2 / np.prod(z.shape[:-1]))


def he_uniform_limit(z):
    return z * np.sqrt(6 / np.prod(z.shape[:-1]))


def he_all_weights(z):
    return z * np.sqrt(2 / z.size)


def he_first_axis(z):
    return z * np.sqrt(2 / z.shape[0])


def he_channels(z):
    return z * np.sqrt(2 / z.shape[-2])


def he_pixels(z):
    return z * np.sqrt(2 / (np.prod(z.shape[:-2]) if z.ndim > 2 else z.shape[0]))


def he_both_ways(z):
    return z * np.sqrt(2 / sum(z.shape[:-1]))


def he_in_place(z):
    z *= np.sqrt(2 / np.prod(z.shape[:-1]))
    return z


def he_by_size(z):
    return np.sqrt(2 * z.shape[-1] / z.size) * z


def he_by_loop(z):
    inputs = 1
    for length in z.shape[:-1]:
        inputs *= length
    return np.array(z) / math.sqrt(inputs / 2)


def he_by_rows(z):
    rows = z.reshape(-1, z.shape[-1])
    return (rows * (2 / len(rows)) ** 0.5).reshape(z.shape)


def he_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, *shape: int) -> Case:
        return Case(criterion, (numbers(generator, *shape),), **NEAR)

    return (
        Case("values", (np.array([[1.0, -2.5], [0.5, 1.5], [-1.0, 0.25]]),), **NEAR),
        one("values", 1, 1),
        one("values", 4, 2),
        one("values", 5, 3),
        one("axis", 2, 1, 3, 2),
        one("axis", 3, 2, 2, 1),
        one("axis", 2, 3, 1),
        one("input unchanged", 3, 2),
    )


HE_NORMAL = Exercise(
    id="he_normal",
    unit=UNIT,
    function="he_normal",
    reference=he_normal,
    arguments=("z",),
    criteria=(
        Criterion("values", 0.6, "z, with the variance 2 / inputs."),
        Criterion("axis", 0.3, "The inputs of a convolution: all axes of its kernel but the last."),
        UNCHANGED,
    ),
    public_inputs=lambda: he_cases(np.random.default_rng(114)),
    private_inputs=he_cases,
    mistakes=(
        Mistake(
            "without relu's 2",
            he_lecun,
            "values",
            "The variance is 1 / inputs here. Relu drops half of the mean square, and the 2 makes up for it.",
        ),
        Mistake(
            "Glorot's deviation",
            he_glorot,
            "values",
            "This is Glorot's, with inputs + units. He takes the inputs alone.",
        ),
        Mistake(
            "units for inputs",
            he_units,
            "values",
            "This divides by the units. Each sum runs over the inputs.",
        ),
        Mistake(
            "variance for deviation",
            he_without_root,
            "values",
            "z has the deviation 1, so it is multiplied by a deviation: the root of 2 / inputs.",
        ),
        Mistake(
            "2 outside the root", he_two_outside, "values", "The 2 belongs under the root, with the inputs."
        ),
        Mistake(
            "root of the 2 alone",
            he_root_of_two_alone,
            "values",
            "The root belongs over the whole fraction, the inputs with it.",
        ),
        Mistake(
            "cut off at two",
            he_cut_off,
            "values",
            "What is beyond two deviations is cut off. Keras draws it again; here z is used as it is.",
        ),
        Mistake(
            "limit of the uniform one",
            he_uniform_limit,
            "values",
            "The root of 6 / inputs is the limit of uniform weights. Normal ones take the deviation: 2 in place of 6.",
        ),
        Mistake(
            "all weights counted",
            he_all_weights,
            "values",
            "This divides by the number of all weights. A unit sums over its own inputs only.",
        ),
        Mistake(
            "first axis",
            he_first_axis,
            "axis",
            "For a convolution the first axis is the rows of its kernel. An output sums over rows, columns and "
            "input channels.",
        ),
        Mistake(
            "input channels alone",
            he_channels,
            "axis",
            "An output of a convolution sums over the input channels at every place of the kernel, not at one.",
        ),
        Mistake(
            "places alone",
            he_pixels,
            "axis",
            "An output of a convolution sums over every place of the kernel, and at each over the input channels.",
        ),
        Mistake(
            "lengths added",
            he_both_ways,
            "axis",
            "The lengths of the axes are added up. Rows, columns and channels make a block: multiply them.",
        ),
        Mistake(
            "in place",
            he_in_place,
            "input unchanged",
            "`z *= ...` writes into the array that was handed in.",
        ),
    ),
    alternatives=(he_normal, he_by_size, he_by_loop, he_by_rows),
    hints=(
        "How many products does one output add up, in a Dense layer and in a convolution of 3 by 3?",
        "z has the variance 1; multiplied by s it has the variance s squared, which is to be 2 / inputs. One output "
        "of a Dense layer adds up as many products as the kernel has rows. In a convolution whose kernel has the "
        "shape (3, 3, 16, 32), each of 32 outputs adds up 3 times 3 times 16 = 144. Both times it is the product of "
        "all lengths but the last. For the shape (3, 2) the factor is 0.8165.",
        "`return z * np.sqrt(____ / np.prod(z.shape[____]))`",
    ),
    points=5,
    curve=Curve(
        of=lambda function, z: function(np.tile(z, (8, 1)))[0],
        xlabel="z",
        ylabel="weight, for 8 inputs",
        low=-3.0,
        high=3.0,
    ),
)

# BatchNormalization


class BatchNormalization:
    def __init__(self, units, momentum=0.99, epsilon=1e-3):
        self.momentum, self.epsilon = momentum, epsilon
        self.gamma, self.beta = np.ones(units), np.zeros(units)
        self.moving_mean, self.moving_variance = np.zeros(units), np.ones(units)

    def moments(self, x):
        return x.mean(axis=0), x.var(axis=0)

    def follow(self, mean, variance, samples):
        keep = self.momentum
        self.moving_mean = keep * self.moving_mean + (1 - keep) * mean
        self.moving_variance = keep * self.moving_variance + (1 - keep) * variance

    def normalise(self, x, mean, variance):
        return (x - mean) / np.sqrt(variance + self.epsilon)

    def forward(self, x, training):
        if training:
            mean, variance = self.moments(x)
            self.follow(mean, variance, len(x))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        return self.gamma * self.normalise(x, mean, variance) + self.beta


class NormUnbiased(BatchNormalization):
    def moments(self, x):
        return x.mean(axis=0), x.var(axis=0, ddof=1)


class NormUnbiasedAverage(BatchNormalization):
    def follow(self, mean, variance, samples):
        super().follow(mean, variance * samples / (samples - 1), samples)


class NormEpsilonOutside(BatchNormalization):
    def normalise(self, x, mean, variance):
        return (x - mean) / (np.sqrt(variance) + self.epsilon)


class NormWithoutEpsilon(BatchNormalization):
    def normalise(self, x, mean, variance):
        return (x - mean) / np.sqrt(variance)


class NormByVariance(BatchNormalization):
    def normalise(self, x, mean, variance):
        return (x - mean) / (variance + self.epsilon)


class NormAlwaysBatch(BatchNormalization):
    def forward(self, x, training):
        mean, variance = self.moments(x)
        if training:
            self.follow(mean, variance, len(x))
        return self.gamma * self.normalise(x, mean, variance) + self.beta


class NormAlwaysMoving(BatchNormalization):
    def forward(self, x, training):
        if training:
            self.follow(*self.moments(x), len(x))
        return self.gamma * self.normalise(x, self.moving_mean, self.moving_variance) + self.beta


class NormBatchVarianceAlways(BatchNormalization):
    def forward(self, x, training):
        if training:
            return super().forward(x, training)
        return self.gamma * self.normalise(x, self.moving_mean, x.var(axis=0)) + self.beta


class NormMovesAlways(BatchNormalization):
    def forward(self, x, training):
        if not training:
            y = super().forward(x, training)
            self.follow(*self.moments(x), len(x))
            return y
        return super().forward(x, training)


class NormNeverMoves(BatchNormalization):
    def follow(self, mean, variance, samples):
        pass


class NormMomentumExchanged(BatchNormalization):
    def follow(self, mean, variance, samples):
        new = self.momentum
        self.moving_mean = (1 - new) * self.moving_mean + new * mean
        self.moving_variance = (1 - new) * self.moving_variance + new * variance


class NormLastBatch(BatchNormalization):
    def follow(self, mean, variance, samples):
        self.moving_mean, self.moving_variance = mean, variance


class NormAdded(BatchNormalization):
    def follow(self, mean, variance, samples):
        self.moving_mean = self.momentum * self.moving_mean + mean
        self.moving_variance = self.momentum * self.moving_variance + variance


class NormMeanMovesAlone(BatchNormalization):
    def follow(self, mean, variance, samples):
        self.moving_mean = self.momentum * self.moving_mean + (1 - self.momentum) * mean


class NormMomentumFixed(BatchNormalization):
    def follow(self, mean, variance, samples):
        self.moving_mean = 0.99 * self.moving_mean + 0.01 * mean
        self.moving_variance = 0.99 * self.moving_variance + 0.01 * variance


class NormMovingDeviation(BatchNormalization):
    def follow(self, mean, variance, samples):
        super().follow(mean, np.sqrt(variance), samples)


class NormEachSample(BatchNormalization):
    def forward(self, x, training):
        mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
        if training:
            self.follow(*self.moments(x), len(x))
        return self.gamma * self.normalise(x, mean, variance) + self.beta


class NormEachSampleInTraining(BatchNormalization):
    def forward(self, x, training):
        if not training:
            return super().forward(x, training)
        self.follow(*self.moments(x), len(x))
        mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
        return self.gamma * self.normalise(x, mean, variance) + self.beta


class NormEachSampleFollowed(BatchNormalization):
    def moments(self, x):
        return x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)


class NormWholeArray(BatchNormalization):
    def moments(self, x):
        return x.mean() * np.ones(x.shape[1]), x.var() * np.ones(x.shape[1])


class NormWithoutGammaAndBeta(BatchNormalization):
    def forward(self, x, training):
        y = super().forward(x, training)
        return (y - self.beta) / self.gamma


class NormBetaFirst(BatchNormalization):
    def forward(self, x, training):
        y = super().forward(x, training)
        return y - self.beta + self.gamma * self.beta


class NormScaledInTraining(BatchNormalization):
    def forward(self, x, training):
        if training:
            return super().forward(x, training)
        return self.normalise(x, self.moving_mean, self.moving_variance)


class NormWithoutEpsilonLater(BatchNormalization):
    def forward(self, x, training):
        if training:
            return super().forward(x, training)
        return self.gamma * (x - self.moving_mean) / np.sqrt(self.moving_variance) + self.beta


class NormDifferenceOfSquares(BatchNormalization):
    def moments(self, x):
        return x.mean(axis=0), np.maximum((x**2).mean(axis=0) - x.mean(axis=0) ** 2, 0)


class NormInPlace(BatchNormalization):
    def forward(self, x, training):
        y = super().forward(x, training)
        if training:
            x -= x.mean(axis=0)
        return y


class NormWrittenOut:
    def __init__(self, units, momentum=0.99, epsilon=1e-3):
        self.gamma = np.ones(units)
        self.beta = np.zeros(units)
        self.moving_mean = np.zeros(units)
        self.moving_variance = np.ones(units)
        self.momentum = momentum
        self.epsilon = epsilon

    def forward(self, x, training):
        if training:
            self.mu = np.sum(x, axis=0, keepdims=True) / x.shape[0]
            self.sigma2 = np.sum((x - self.mu) ** 2, axis=0, keepdims=True) / x.shape[0]
            self.moving_mean += (1 - self.momentum) * (self.mu[0] - self.moving_mean)
            self.moving_variance += (1 - self.momentum) * (self.sigma2[0] - self.moving_variance)
            return self.gamma * (x - self.mu) * (self.sigma2 + self.epsilon) ** -0.5 + self.beta
        scale = self.gamma / np.sqrt(self.moving_variance + self.epsilon)
        return x * scale + (self.beta - self.moving_mean * scale)


class NormByUnits(BatchNormalization):
    def forward(self, x, training):
        columns = []
        self.moving_mean, self.moving_variance = np.array(self.moving_mean), np.array(self.moving_variance)
        for i, column in enumerate(np.transpose(x)):
            mean, variance = self.moving_mean[i], self.moving_variance[i]
            if training:
                mean, variance = np.mean(column), np.std(column) ** 2
                for average, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
                    average[i] = np.average([average[i], new], weights=[self.momentum, 1 - self.momentum])
            columns.append(
                self.gamma[i] * (column - mean) / math.sqrt(variance + self.epsilon) + self.beta[i]
            )
        return np.stack(columns, axis=1)


class NormByCentring(BatchNormalization):
    def forward(self, x, training):
        if not training:
            deviation = np.sqrt(np.add(self.moving_variance, self.epsilon))
            return np.multiply(np.divide(np.subtract(x, self.moving_mean), deviation), self.gamma) + self.beta
        centred = x - x.mean(0)
        variance = np.einsum("nu,nu->u", centred, centred) / len(x)
        self.follow(x.mean(0), variance, len(x))
        return centred / np.hypot(np.sqrt(variance), np.sqrt(self.epsilon)) * self.gamma + self.beta


def norm_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def weights(units: int) -> tuple[Assign, Assign]:
        return Assign("gamma", numbers(generator, units)), Assign("beta", numbers(generator, units))

    def batch(samples: int, units: int) -> np.ndarray:
        return numbers(generator, samples, units, scale=2.0) + np.round(generator.uniform(1, 3, units), 1)

    moving = Attribute("moving_mean"), Attribute("moving_variance")
    constant, far = batch(4, 2), batch(5, 2)
    constant[:, 1] = 1.25
    far[:, 0] += 1e6
    return (
        Case("values", (2,), steps=(Method("forward", (batch(3, 2), True)),), **NEAR),
        Case("values", (2,), steps=(*weights(2), Method("forward", (batch(4, 2), True))), **NEAR),
        Case(
            "values",
            (3,),
            {"momentum": 0.75},
            steps=(
                Method("forward", (batch(4, 3), True), compare=False),
                *moving,
                Method("forward", (batch(2, 3), True), compare=False),
                *moving,
            ),
            **NEAR,
        ),
        Case(
            "values",
            (2,),
            {"momentum": 0.5, "epsilon": 0.25},
            steps=(
                *weights(2),
                Method("forward", (batch(3, 2), True)),
                Method("forward", (batch(4, 2), True)),
                Method("forward", (batch(3, 2), False)),
                *moving,
            ),
            **NEAR,
        ),
        Case("values", (2,), steps=(*weights(2), Method("forward", (batch(1, 2), False))), **NEAR),
        Case("values", (2,), steps=(Method("forward", (batch(3, 2), True), compare=False), *moving), **NEAR),
        Case("extremes", (2,), steps=(Method("forward", (constant, True)),), tolerance=1e-6, scale=1.0),
        Case("extremes", (2,), steps=(Method("forward", (far, True)),), tolerance=1e-6, scale=1.0),
        Case("input unchanged", (2,), steps=(Method("forward", (batch(3, 2), True)),)),
    )


def learned_from_batches(layer, x):
    """What inference makes of the batch's mean, before the first batch of training and after each."""
    made, outputs = layer(1, momentum=0.98), []
    for _ in x:
        outputs.append(made.forward(np.array([[2.0]]), False).item())
        made.forward(np.array([[1.0], [3.0]]), True)
    return np.array(outputs)


BATCH_NORMALIZATION = Exercise(
    id="batch_normalization",
    unit=UNIT,
    function="BatchNormalization",
    kind="class",
    reference=BatchNormalization,
    arguments=("units",),
    criteria=(
        Criterion(
            "values",
            0.7,
            "In training by the batch, which the moving averages follow; otherwise by the moving averages.",
        ),
        Criterion("extremes", 0.2, "A unit with the same value in all samples, and one far from 0."),
        UNCHANGED,
    ),
    public_inputs=lambda: norm_cases(np.random.default_rng(115)),
    private_inputs=norm_cases,
    curve=Curve(
        of=learned_from_batches,
        xlabel="batches of [1, 3] in training",
        ylabel="what becomes of 2 afterwards",
        low=0.0,
        high=240.0,
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "variance over n - 1",
            NormUnbiased,
            "values",
            "The variance divides by n - 1. Here it is the batch's own, over n, as np.var gives it.",
        ),
        Mistake(
            "moving variance over n - 1",
            NormUnbiasedAverage,
            "values",
            "The outputs are right, and the moving variance gets that over n - 1, as in PyTorch. Here both are over n.",
        ),
        Mistake(
            "epsilon outside the root",
            NormEpsilonOutside,
            "values",
            "epsilon is added to the standard deviation. It belongs to the variance, under the root.",
        ),
        Mistake("no epsilon", NormWithoutEpsilon, "values", "epsilon is not added to the variance."),
        Mistake(
            "divided by the variance",
            NormByVariance,
            "values",
            "This divides by the variance. Its root brings the deviation to 1.",
        ),
        Mistake(
            "batch at inference",
            NormAlwaysBatch,
            "values",
            "With training=False the batch decides still. Then a sample's result hangs on its neighbours: use the "
            "moving averages.",
        ),
        Mistake(
            "the batch's variance at inference",
            NormBatchVarianceAlways,
            "values",
            "With training=False the mean is the moving one, and the variance the batch's. Both are moving averages.",
        ),
        Mistake(
            "moving averages in training",
            NormAlwaysMoving,
            "values",
            "With training=True the moving averages normalise. There it is the batch's own mean and variance.",
        ),
        Mistake(
            "moving averages follow at inference",
            NormMovesAlways,
            "values",
            "With training=False the moving averages change still. What is predicted must not change the network.",
        ),
        Mistake(
            "moving averages stand still",
            NormNeverMoves,
            "values",
            "`moving_mean` and `moving_variance` keep their first values. In training each batch moves them.",
        ),
        Mistake(
            "momentum exchanged",
            NormMomentumExchanged,
            "values",
            "momentum weighs the new batch, as in PyTorch. Here, as in Keras, it is what stays of the old average.",
        ),
        Mistake(
            "new value at full weight",
            NormAdded,
            "values",
            "The new value is added whole, so the averages grow far too large. Its weight is 1 - momentum.",
        ),
        Mistake(
            "moving variance stands still",
            NormMeanMovesAlone,
            "values",
            "`moving_mean` moves, and `moving_variance` does not.",
        ),
        Mistake(
            "momentum always 0.99",
            NormMomentumFixed,
            "values",
            "The moving averages use 0.99 whatever `momentum` is. Use `self.momentum`.",
        ),
        Mistake(
            "last batch kept",
            NormLastBatch,
            "values",
            "The moving averages are those of the last batch alone. Keep momentum of the old ones.",
        ),
        Mistake(
            "moving average of the deviation",
            NormMovingDeviation,
            "values",
            "`moving_variance` follows the standard deviation. It is the variance that is averaged.",
        ),
        Mistake(
            "each sample by itself",
            NormEachSample,
            "values",
            "Each sample is normalised over its own units: that is layer normalisation. Here it is each unit, "
            "over the samples.",
        ),
        Mistake(
            "each sample by itself, in training",
            NormEachSampleInTraining,
            "values",
            "In training each sample is normalised over its own units: that is layer normalisation. Here it is each "
            "unit, over the samples: `axis=0`.",
        ),
        Mistake(
            "each sample by itself, and followed",
            NormEachSampleFollowed,
            "values",
            "Mean and variance are taken over the units of each sample, `axis=1`. Each unit has its own, over the "
            "samples: `axis=0`.",
        ),
        Mistake(
            "one mean for all units",
            NormWholeArray,
            "values",
            "All units share one mean and one variance. Each has its own: `axis=0`.",
        ),
        Mistake(
            "no gamma and beta",
            NormWithoutGammaAndBeta,
            "values",
            "gamma and beta are not used: multiply by gamma, then add beta.",
        ),
        Mistake(
            "beta before gamma",
            NormBetaFirst,
            "values",
            "beta is added before gamma multiplies. It is gamma times the normalised x, plus beta.",
        ),
        Mistake(
            "gamma and beta in training alone",
            NormScaledInTraining,
            "values",
            "With training=False gamma and beta are left out. They are learned, and belong to both.",
        ),
        Mistake(
            "no epsilon at inference",
            NormWithoutEpsilonLater,
            "values",
            "With training=False epsilon is not added to the variance. The formula is the same in both.",
        ),
        Mistake(
            "difference of squares",
            NormDifferenceOfSquares,
            "extremes",
            "The mean of the squares minus the square of the mean loses its digits for a unit far from 0. "
            "Subtract the mean first, then square; np.var does.",
        ),
        Mistake(
            "in place",
            NormInPlace,
            "input unchanged",
            "`x -= ...` writes into the batch that was handed in.",
        ),
    ),
    alternatives=(BatchNormalization, NormWrittenOut, NormByUnits, NormByCentring),
    hints=(
        "Which two arrays normalise in training, which two otherwise, and when do the second two change?",
        "In training take the mean and the variance of each unit over the batch, axis 0. Let the moving averages "
        "follow: momentum times the old one plus (1 - momentum) times the new. Otherwise take the moving averages as "
        "they are. Then the same line for both: subtract the mean, divide by the root of variance + epsilon, multiply "
        "by gamma, add beta. A unit with the values 1 and 3 has mean 2 and variance 1 and becomes about -1 and 1; "
        "with momentum 0.9 its moving mean goes from 0 to 0.2.",
        "`self.moving_mean = ____ * self.moving_mean + (1 - ____) * mean`, and at the end "
        "`return self.gamma * (x - mean) / np.sqrt(____) + self.beta`",
    ),
    points=5,
)

# batch_normalization_vjp


def normalised(x, epsilon):
    deviation = np.sqrt(x.var(axis=0) + epsilon)
    return (x - x.mean(axis=0)) / deviation, deviation


def norm_vjp(x, g, gamma, epsilon=1e-3):
    y, deviation = normalised(x, epsilon)
    to_x = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return to_x, (g * y).sum(axis=0), g.sum(axis=0)


def norm_vjp_with(change):
    """A wrong gradient of x, beside right ones of gamma and beta."""

    def wrong(x, g, gamma, epsilon=1e-3):
        y, deviation = normalised(x, epsilon)
        return change(y, g, gamma, deviation), (g * y).sum(axis=0), g.sum(axis=0)

    return wrong


norm_vjp_constants = norm_vjp_with(lambda y, g, gamma, deviation: gamma / deviation * g)
norm_vjp_mean_alone = norm_vjp_with(lambda y, g, gamma, deviation: gamma / deviation * (g - g.mean(axis=0)))
norm_vjp_variance_alone = norm_vjp_with(
    lambda y, g, gamma, deviation: gamma / deviation * (g - y * (g * y).mean(axis=0))
)
norm_vjp_without_gamma = norm_vjp_with(
    lambda y, g, gamma, deviation: (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / deviation
)
norm_vjp_sums = norm_vjp_with(
    lambda y, g, gamma, deviation: gamma / deviation * (g - g.sum(axis=0) - y * (g * y).sum(axis=0))
)
norm_vjp_undivided = norm_vjp_with(
    lambda y, g, gamma, deviation: gamma * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
)
norm_vjp_plus = norm_vjp_with(
    lambda y, g, gamma, deviation: gamma / deviation * (g - g.mean(axis=0) + y * (g * y).mean(axis=0))
)


def norm_vjp_gamma_in_y(x, g, gamma, epsilon=1e-3):
    y, deviation = normalised(x, epsilon)
    to_x = gamma / deviation * (g - g.mean(axis=0) - gamma * y * (g * gamma * y).mean(axis=0))
    return to_x, (g * y).sum(axis=0), g.sum(axis=0)


def norm_vjp_gamma_twice(x, g, gamma, epsilon=1e-3):
    to_x, to_gamma, to_beta = norm_vjp(x, g, gamma, epsilon)
    return to_x * gamma, to_gamma, to_beta


def norm_vjp_gamma_times_gamma(x, g, gamma, epsilon=1e-3):
    to_x, to_gamma, to_beta = norm_vjp(x, g, gamma, epsilon)
    return to_x, to_gamma * gamma, to_beta


def norm_vjp_without_epsilon(x, g, gamma, epsilon=1e-3):
    return norm_vjp(x, g, gamma, 0.0)


def norm_vjp_unbiased(x, g, gamma, epsilon=1e-3):
    deviation = np.sqrt(x.var(axis=0, ddof=1) + epsilon)
    y = (x - x.mean(axis=0)) / deviation
    to_x = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return to_x, (g * y).sum(axis=0), g.sum(axis=0)


def norm_vjp_of_x_alone(x, g, gamma, epsilon=1e-3):
    return norm_vjp(x, g, gamma, epsilon)[0]


def norm_vjp_gamma_from_x(x, g, gamma, epsilon=1e-3):
    to_x, _, to_beta = norm_vjp(x, g, gamma, epsilon)
    return to_x, (g * x).sum(axis=0), to_beta


def norm_vjp_averaged(x, g, gamma, epsilon=1e-3):
    to_x, to_gamma, to_beta = norm_vjp(x, g, gamma, epsilon)
    return to_x, to_gamma / len(x), to_beta / len(x)


def norm_vjp_beta_first(x, g, gamma, epsilon=1e-3):
    to_x, to_gamma, to_beta = norm_vjp(x, g, gamma, epsilon)
    return to_x, to_beta, to_gamma


def norm_vjp_in_place(x, g, gamma, epsilon=1e-3):
    parts = norm_vjp(x, g, gamma, epsilon)
    g -= g.mean(axis=0)
    return parts


def norm_vjp_step_by_step(x, g, gamma, epsilon=1e-3):
    n = len(x)
    centred = x - x.mean(axis=0)
    variance = np.sum(centred**2, axis=0) / n
    to_normalised = g * gamma
    to_variance = np.sum(to_normalised * centred, axis=0) * -0.5 * (variance + epsilon) ** -1.5
    to_mean = -np.sum(to_normalised, axis=0) / np.sqrt(variance + epsilon)
    to_x = to_normalised / np.sqrt(variance + epsilon) + to_variance * 2 * centred / n + to_mean / n
    y = centred / np.sqrt(variance + epsilon)
    return [to_x, np.einsum("nu,nu->u", g, y), np.ones(n) @ g]


def norm_vjp_by_matrix(x, g, gamma, epsilon=1e-3):
    y, deviation = normalised(x, epsilon)
    n, units = x.shape
    to_x = np.empty_like(g)
    for unit in range(units):
        slopes = np.eye(n) - 1 / n - np.outer(y[:, unit], y[:, unit]) / n
        to_x[:, unit] = slopes.T @ g[:, unit] * gamma[unit] / deviation[unit]
    return to_x, np.diag(g.T @ y), np.sum(g, 0)


def norm_vjp_by_projection(x, g, gamma, epsilon=1e-3):
    y, deviation = normalised(x, epsilon)
    to_gamma, to_beta = (g * y).sum(0), g.sum(0)
    return gamma * (len(g) * g - to_beta - y * to_gamma) / (len(g) * deviation), to_gamma, to_beta


def norm_vjp_cases(generator: np.random.Generator) -> tuple[Case, ...]:
    def one(criterion: str, samples: int, units: int, **keywords: float) -> Case:
        x = numbers(generator, samples, units, scale=2.0)
        return Case(
            criterion, (x, numbers(generator, samples, units), numbers(generator, units)), keywords, **NEAR
        )

    return (
        one("gradient", 2, 1, epsilon=0.5),
        one("gradient", 3, 1),
        one("gradient", 3, 2),
        one("gradient", 4, 3, epsilon=0.25),
        one("gradient", 5, 2),
        one("input unchanged", 3, 2),
    )


BATCH_NORMALIZATION_VJP = Exercise(
    id="batch_normalization_vjp",
    unit=UNIT,
    function="batch_normalization_vjp",
    reference=norm_vjp,
    arguments=("x", "g", "gamma"),
    criteria=(
        Criterion(
            "gradient", 0.9, "The gradients of x, gamma and beta; each sample moves mean and variance too."
        ),
        UNCHANGED,
    ),
    public_inputs=lambda: norm_vjp_cases(np.random.default_rng(116)),
    private_inputs=norm_vjp_cases,
    curve=Curve(
        of=lambda function, x: function(x[:, None], np.maximum(x, 0)[:, None], np.ones(1))[0][:, 0],
        xlabel="x, a batch of 241 samples whose g is relu(x)",
        ylabel="gradient of x",
        one_scale=True,
    ),
    mistakes=(
        Mistake(
            "mean and variance as constants",
            norm_vjp_constants,
            "gradient",
            "The gradient of x takes mean and variance as constants. That is right at inference; in training every "
            "sample moves both.",
        ),
        Mistake(
            "variance as a constant",
            norm_vjp_mean_alone,
            "gradient",
            "The way through the variance is missing: y times the mean of g y.",
        ),
        Mistake(
            "mean as a constant",
            norm_vjp_variance_alone,
            "gradient",
            "The way through the mean is missing: the mean of g.",
        ),
        Mistake(
            "gamma missing",
            norm_vjp_without_gamma,
            "gradient",
            "The gradient of x is missing its factor gamma.",
        ),
        Mistake(
            "sums for means",
            norm_vjp_sums,
            "gradient",
            "In the gradient of x, g and g y are summed over the batch. Each sample is one n-th of a mean: take means.",
        ),
        Mistake(
            "not divided by the deviation",
            norm_vjp_undivided,
            "gradient",
            "The gradient of x is not divided by the root of variance + epsilon.",
        ),
        Mistake(
            "a plus for a minus",
            norm_vjp_plus,
            "gradient",
            "The way through the variance has a minus: a larger variance makes y smaller.",
        ),
        Mistake(
            "gamma within y",
            norm_vjp_gamma_in_y,
            "gradient",
            "In the gradient of x, y holds gamma already, which then counts three times. y is without gamma.",
        ),
        Mistake(
            "gamma twice",
            norm_vjp_gamma_twice,
            "gradient",
            "The gradient of x has the factor gamma twice: within the brackets stands g itself, without gamma.",
        ),
        Mistake(
            "gamma's gradient times gamma",
            norm_vjp_gamma_times_gamma,
            "gradient",
            "The gradient of gamma is multiplied by gamma. gamma multiplies y, so its slope is y.",
        ),
        Mistake("no epsilon", norm_vjp_without_epsilon, "gradient", "epsilon is not added to the variance."),
        Mistake(
            "variance over n - 1",
            norm_vjp_unbiased,
            "gradient",
            "The variance divides by n - 1. Forward it was that over n, so it is here.",
        ),
        Mistake(
            "gradient of x alone",
            norm_vjp_of_x_alone,
            "gradient",
            "Only the gradient of x comes back. Return three: those of x, gamma and beta.",
        ),
        Mistake(
            "gamma's gradient from x",
            norm_vjp_gamma_from_x,
            "gradient",
            "gamma multiplies the normalised x, and its gradient here is made with x itself.",
        ),
        Mistake(
            "gradients of gamma and beta averaged",
            norm_vjp_averaged,
            "gradient",
            "The gradients of gamma and beta are means over the batch. What one gamma does to all samples adds up.",
        ),
        Mistake(
            "beta before gamma",
            norm_vjp_beta_first,
            "gradient",
            "The gradients of gamma and beta have changed places: the order is x, gamma, beta.",
        ),
        Mistake(
            "in place",
            norm_vjp_in_place,
            "input unchanged",
            "`g -= ...` writes into the layer above's array.",
        ),
    ),
    alternatives=(norm_vjp, norm_vjp_step_by_step, norm_vjp_by_matrix, norm_vjp_by_projection),
    hints=(
        "On how many ways does one sample of x reach the output: directly, and through which two numbers?",
        "Write y for the normalised x, without gamma and beta. gamma meets y in every sample, so its gradient is the "
        "sum of g y over the batch; beta meets a 1: the sum of g. x reaches y directly, through the mean and through "
        "the variance. The three together are g minus the mean of g minus y times the mean of g y, all times gamma "
        "over the root of variance + epsilon. Two tests: a constant g gives 0, and so, if epsilon is 0, does g = y, "
        "because the output feels neither a shift of x nor a stretch.",
        "`return gamma / deviation * (g - ____ - y * ____), (g * y).sum(axis=0), ____`",
    ),
    points=5,
)

# the questions

Q_THIRTY = Question(
    id="q_thirty_slopes",
    unit=UNIT,
    prompt="A gradient passes through 30 sigmoids, and each multiplies it by 1/4, the most it can. About 10 to the "
    "power k is left. Which whole number is k?",
    answer=-18,
    tolerance=0.1,
    explanation="30 times log10(1/4) is -18.06. The layer at the bottom hears one part in 10 to the 18 of what is "
    "wrong. This is called a vanishing gradient.",
    replies={
        18: "The number is right, and the sign is not: something is lost.",
        -30: "That would be 30 factors of 1/10. A factor of 1/4 is 0.6 of a power of ten.",
        -60: "2 to the power -60 is right. In powers of ten that is less.",
        -7.5: "30 times 1/4 is a sum of slopes. Along a way slopes multiply.",
    },
)

Q_SPREAD = Question(
    id="q_default_spread",
    unit=UNIT,
    prompt="Keras' `Dense(512)` on 512 inputs, with default settings. What is the standard deviation of its weights, "
    "to three decimals?",
    answer=0.044,
    tolerance=0.0006,
    explanation="The default is Glorot's: the root of 2 / (512 + 512) is 0.0442. It is the same whatever the "
    "activation; Keras does not look at it.",
    replies={
        0.0625: "That is He's, the root of 2 / 512. Keras does not choose it for relu by itself.",
        0.077: "That is the limit, the root of 6 / 1024. The deviation of uniform numbers is the limit over root 3.",
        1.0: "Then a sum of 512 products would be some 23 times as large as its inputs.",
        0.05: "That is the deviation of `RandomNormal`, which Dense does not use by default.",
    },
)

Q_RELU_HALF = Question(
    id="q_relu_keeps",
    unit=UNIT,
    prompt="What goes into a relu is normal with mean 0 and mean square 1. What is the mean square of what comes out?",
    answer=0.5,
    tolerance=0.001,
    explanation="The negative half becomes 0, and it held half of the squares. He's 2 gives it back. The variance is "
    "less, 0.34, for relu's mean is not 0; the next layer's sum sees the mean square, mean and all.",
    replies={
        1.0: "relu never makes anything larger, and half of the inputs become 0.",
        0.25: "Half of the inputs stay as they are. Their squares do too.",
        0.34: "That is the variance. The mean square has the square of the mean, 0.16, as well.",
        0.3408: "That is the variance. The mean square has the square of the mean, 0.16, as well.",
        0.707: "That is the root of the mean square.",
    },
)

Q_ONE_SAMPLE = Question(
    id="q_batch_of_one",
    unit=UNIT,
    prompt="In training, with gamma 1 and beta 0, batch normalisation gets a batch of one sample. What comes out?",
    options={
        "a": Option(
            "the sample, unchanged", "Its mean is subtracted all the same.", "one sample needs no normalising"
        ),
        "b": Option(
            "0 in every unit",
            "Each unit minus its own mean, and the mean of one number is that number.",
        ),
        "c": Option(
            "NaN, for the variance is 0",
            "epsilon stands under the root, so 0 is divided by 0.03.",
            "a variance of 0 breaks the division",
        ),
        "d": Option(
            "mean 0 and variance 1 over its units",
            "That is layer normalisation. Here each unit is compared with itself in other samples.",
            "batch normalisation compares the units of a sample",
        ),
    },
    answer="b",
    explanation="Every sample becomes 0, and the network sees nothing; PyTorch refuses such a batch. Small batches are "
    "noisy for the same reason.",
)

Q_BIAS = Question(
    id="q_bias_before",
    unit=UNIT,
    prompt="A Dense layer with a bias is followed by batch normalisation, in training. What is the gradient of the "
    "bias?",
    options={
        "a": Option(
            "the sum of the gradient that reaches beta",
            "That is beta's own. The bias lies below the subtraction of the mean.",
            "the bias and beta get the same gradient",
        ),
        "b": Option(
            "gamma times that of beta",
            "gamma lies on the way, and so does the subtraction of the mean.",
            "only gamma lies between the bias and the output",
        ),
        "c": Option(
            "it depends on the batch",
            "It is the same for every batch: what is the sum of g minus its mean?",
            "batch statistics make every gradient random",
        ),
        "d": Option("exactly 0", "The mean is subtracted, and with it whatever was added to all samples."),
    },
    answer="d",
    explanation="The bias moves the mean and nothing else. So one writes `Dense(units, use_bias=False)` there; beta is "
    "the bias.",
)

EXERCISES = (
    Q_THIRTY,
    SIGNAL_SIZES,
    GRADIENT_SIZES,
    Q_SPREAD,
    GLOROT_UNIFORM,
    Q_RELU_HALF,
    HE_NORMAL,
    Q_ONE_SAMPLE,
    BATCH_NORMALIZATION,
    BATCH_NORMALIZATION_VJP,
    Q_BIAS,
)
