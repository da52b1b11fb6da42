"""Unseen answers to units 11 and 12."""

import math

import numpy as np

from tests.checks.unseen.answer import right, wrong

# signal_sizes


def _through(size, step=lambda x, kernel, activation: activation(x @ kernel), last=np.array):
    """``signal_sizes`` with another measure of a layer's output, another layer or another end."""

    def signal_sizes(x, kernels, activation):
        sizes = []
        for kernel in kernels:
            x = step(x, kernel, activation)
            sizes.append(size(x))
        return last(sizes)

    return signal_sizes


@wrong("signal_sizes", "standard deviation of the whole array")
def _(x, kernels, activation):
    sizes = []
    for w in kernels:
        x = activation(x @ w)
        sizes.append(x.std())
    return np.array(sizes)


@wrong("signal_sizes", "mean of the standard deviations")
def _(x, kernels, activation):
    stds = []
    for w in kernels:
        x = activation(np.dot(x, w))
        stds.append(np.mean(np.std(x, axis=0)))
    return np.asarray(stds)


wrong("signal_sizes", "variance over the units of each sample")(
    _through(lambda h: np.sqrt(np.mean(np.var(h, axis=1))))
)


@wrong("signal_sizes", "x never moves on")
def _(x, kernels, activation):
    return np.array([np.sqrt(np.mean(np.var(activation(x @ w), axis=0))) for w in kernels])


@wrong("signal_sizes", "before the activation")
def _(x, kernels, activation):
    out = []
    for w in kernels:
        z = x @ w
        out.append(np.sqrt(z.var(axis=0).mean()))
        x = activation(z)
    return np.array(out)


wrong("signal_sizes", "root mean square")(_through(lambda h: np.sqrt(np.mean(h**2))))
wrong("signal_sizes", "ddof 1")(_through(lambda h: np.sqrt(np.mean(np.var(h, axis=0, ddof=1)))))
wrong("signal_sizes", "root forgotten")(_through(lambda h: h.var(axis=0).mean()))
wrong("signal_sizes", "kernel first")(
    _through(
        lambda h: np.sqrt(np.mean(np.var(h, axis=0))), lambda x, kernel, activation: activation(x @ kernel.T)
    )
)
wrong("signal_sizes", "the input's size first")(
    lambda x, kernels, activation: np.concatenate(
        [
            [np.sqrt(np.mean(np.var(x, axis=0)))],
            _through(lambda h: np.sqrt(np.mean(np.var(h, axis=0))))(x, kernels, activation),
        ]
    )
)
right("signal_sizes")(_through(lambda h: math.sqrt(float(((h - h.mean(0)) ** 2).mean()))))
right("signal_sizes")(
    _through(lambda h: np.linalg.norm(h - h.mean(axis=0, keepdims=True)) / np.sqrt(h.size), last=list)
)


@right("signal_sizes")
def _(x, kernels, activation):
    sizes = np.empty(len(kernels))
    outputs = [np.array(x, dtype=float)]
    for i in range(kernels.shape[0]):
        outputs.append(activation(np.einsum("si,io->so", outputs[-1], kernels[i])))
        sizes[i] = (np.std(outputs[-1], axis=0) ** 2).sum() / outputs[-1].shape[1]
    return sizes**0.5


@right("signal_sizes")
def _(x, kernels, activation):
    def sizes(h, rest):
        if len(rest) == 0:
            return []
        h = activation(np.matmul(h, rest[0]))
        variances = np.mean(h * h, axis=0) - np.mean(h, axis=0) ** 2
        return [np.sqrt(np.mean(np.maximum(variances, 0))), *sizes(h, rest[1:])]

    return np.stack(sizes(x, kernels))


# gradient_sizes


@wrong("gradient_sizes", "kernel not transposed")
def _(g, kernels, slopes):
    sizes = []
    for i in range(len(kernels) - 1, -1, -1):
        g = (g * slopes[i]) @ kernels[i]
        sizes.insert(0, np.sqrt(np.mean(g**2)))
    return np.array(sizes)


@wrong("gradient_sizes", "slope after the kernel")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(reversed(kernels), reversed(slopes), strict=True):
        g = (g @ w.T) * s
        sizes.append(np.sqrt(np.mean(np.square(g))))
    return np.array(sizes[::-1])


@wrong("gradient_sizes", "the last layer first")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(reversed(kernels), reversed(slopes), strict=True):
        g = (g * s) @ w.T
        sizes.append(np.sqrt((g**2).mean()))
    return np.array(sizes)


@wrong("gradient_sizes", "of each layer's output")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(kernels[::-1], slopes[::-1], strict=True):
        sizes.append(np.sqrt(np.mean(g**2)))
        g = (g * s) @ w.T
    return np.array(sizes[::-1])


@wrong("gradient_sizes", "standard deviation")
def _(g, kernels, slopes):
    sizes = np.zeros(len(kernels))
    for i in range(len(kernels))[::-1]:
        g = (g * slopes[i]) @ kernels[i].T
        sizes[i] = np.std(g)
    return sizes


@wrong("gradient_sizes", "from the first layer on")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(kernels, slopes, strict=True):
        g = (g * s) @ w.T
        sizes.append(np.sqrt(np.mean(g**2)))
    return np.array(sizes)


@wrong("gradient_sizes", "norm")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g * s) @ w.T
        sizes.append(np.linalg.norm(g))
    return np.array(sizes[::-1])


@wrong("gradient_sizes", "mean of the absolute values")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(kernels[::-1], slopes[::-1], strict=True):
        g = (g * s) @ w.T
        sizes.append(np.abs(g).mean())
    return np.array(sizes[::-1])


@wrong("gradient_sizes", "slopes forgotten")
def _(g, kernels, slopes):
    sizes = []
    for w in kernels[::-1]:
        g = g @ w.T
        sizes.append(np.sqrt(np.mean(g**2)))
    return np.array(sizes[::-1])


@wrong("gradient_sizes", "g changed in place")
def _(g, kernels, slopes):
    sizes = []
    for w, s in zip(kernels[::-1], slopes[::-1], strict=True):
        g *= s
        g = g @ w.T
        sizes.append(np.sqrt(np.mean(g**2)))
    return np.array(sizes[::-1])


@right("gradient_sizes")
def _(g, kernels, slopes):
    if len(kernels) == 0:
        return []
    below = np.einsum("so,so,io->si", g, slopes[-1], kernels[-1])
    return [*_gradient_sizes_again(below, kernels[:-1], slopes[:-1]), math.sqrt((below * below).mean())]


def _gradient_sizes_again(g, kernels, slopes):
    sizes = np.empty(len(kernels))
    for i in reversed(range(len(kernels))):
        g = np.multiply(g, slopes[i]).dot(np.transpose(kernels[i]))
        sizes[i] = np.linalg.norm(g) / g.size**0.5
    return list(sizes)


right("gradient_sizes")(lambda g, kernels, slopes: np.array(_gradient_sizes_again(g, kernels, slopes)))


@right("gradient_sizes")
def _(g, kernels, slopes):
    gradients = [g]
    for w, s in zip(np.flip(kernels, 0), np.flip(slopes, 0), strict=True):
        gradients.append((w @ (gradients[-1] * s).T).T)
    return np.sqrt(np.mean(np.array(gradients[:0:-1]) ** 2, axis=(1, 2)))


@right("gradient_sizes")
def _(g, kernels, slopes):
    sizes, layer = [], len(kernels)
    while layer > 0:
        layer -= 1
        g = np.array([kernels[layer] @ row for row in g * slopes[layer]])
        sizes = [np.sqrt(np.vdot(g, g) / g.size), *sizes]
    return np.array(sizes)


# glorot_uniform

wrong("glorot_uniform", "normal's deviation as the limit")(
    lambda u: np.sqrt(2 / (u.shape[0] + u.shape[1])) * (2 * u - 1)
)
wrong("glorot_uniform", "from 0 to limit")(lambda u: u * np.sqrt(6 / sum(u.shape)))
wrong("glorot_uniform", "he_uniform")(lambda u: np.sqrt(6 / u.shape[0]) * (2 * u - 1))
wrong("glorot_uniform", "1 / sqrt(inputs), as in PyTorch")(lambda u: (2 * u - 1) / np.sqrt(u.shape[0]))
wrong("glorot_uniform", "u - 0.5")(lambda u: np.sqrt(6 / (u.shape[0] + u.shape[1])) * (u - 0.5))
wrong("glorot_uniform", "draws its own")(
    lambda u: np.random.default_rng(0).uniform(-1, 1, u.shape) * np.sqrt(6 / sum(u.shape))
)
wrong("glorot_uniform", "product of inputs and units")(
    lambda u: np.sqrt(6 / (u.shape[0] * u.shape[1])) * (2 * u - 1)
)
wrong("glorot_uniform", "root over the 6 only")(
    lambda u: np.sqrt(6) / (u.shape[0] + u.shape[1]) * (2 * u - 1)
)
wrong("glorot_uniform", "from limit to -limit")(lambda u: np.sqrt(6 / sum(u.shape)) * (1 - 2 * u))
wrong("glorot_uniform", "mean of inputs and units doubled away")(
    lambda u: np.sqrt(3 / (u.shape[0] + u.shape[1])) * (2 * u - 1)
)


@right("glorot_uniform")
def _(u):
    fan_in, fan_out = u.shape
    limit = math.sqrt(3 / ((fan_in + fan_out) / 2))
    return -limit + u * (limit - -limit)


right("glorot_uniform")(lambda u: np.interp(u, [0, 1], np.array([-1, 1]) * (6 / sum(u.shape)) ** 0.5))
right("glorot_uniform")(
    lambda u: [[(2 * value - 1) * (6 / (len(u) + len(u[0]))) ** 0.5 for value in row] for row in u.tolist()]
)
right("glorot_uniform")(lambda u: (u - 0.5) * np.sqrt(24 / np.add(*u.shape)))

# he_normal

wrong("he_normal", "1 / inputs")(lambda z: z * np.sqrt(1 / np.prod(z.shape[:-1])))
wrong("he_normal", "first axis only")(lambda z: z * np.sqrt(2 / z.shape[0]))
wrong("he_normal", "variance for the deviation")(lambda z: z * 2 / np.prod(z.shape[:-1]))
wrong("he_normal", "axis before the last")(lambda z: z * np.sqrt(2 / z.shape[-2]))
wrong("he_normal", "the units")(lambda z: z * np.sqrt(2 / z.shape[-1]))
wrong("he_normal", "2 outside the root")(lambda z: z * 2 / np.sqrt(np.prod(z.shape[:-1])))
wrong("he_normal", "sum of the other axes")(lambda z: z * np.sqrt(2 / np.sum(z.shape[:-1])))
wrong("he_normal", "all entries")(lambda z: z * np.sqrt(2 / z.size))
wrong("he_normal", "6 / inputs")(lambda z: z * np.sqrt(6 / np.prod(z.shape[:-1])))
wrong("he_normal", "glorot_normal")(lambda z: z * np.sqrt(2 / (np.prod(z.shape[:-1]) + z.shape[-1])))
right("he_normal")(lambda z: z / math.sqrt(z.size / z.shape[-1] / 2))
right("he_normal")(lambda z: math.sqrt(2) * z / math.prod(z.shape[:-1]) ** 0.5)


@right("he_normal")
def _(z):
    fan_in = 1
    for length in z.shape[:-1]:
        fan_in *= length
    return np.multiply(z, (2.0 / fan_in) ** 0.5)


right("he_normal")(
    lambda z: (z.reshape(-1, z.shape[-1]) * np.sqrt(2 / len(z.reshape(-1, z.shape[-1])))).reshape(z.shape)
)

# batch_normalization


def _moves(training, inference=None, made=None, after=None):
    """The class with other statistics: ``training(self, x)`` gives mean and variance, ``after`` moves the averages."""

    class BatchNormalization:
        def __init__(self, units, momentum=0.99, epsilon=1e-3):
            self.momentum, self.epsilon = momentum, epsilon
            self.gamma, self.beta = np.ones(units), np.zeros(units)
            self.moving_mean, self.moving_variance = np.zeros(units), np.ones(units)

        def forward(self, x, training):
            mean, variance = self.moving_mean, self.moving_variance
            if training:
                mean, variance = x.mean(axis=0), x.var(axis=0)
                (after or _keep)(self, mean, variance, x)
            elif inference:
                mean, variance = inference(self, x)
            return (made or _normalised)(self, x, mean, variance)

    if training:
        return training(BatchNormalization)
    return BatchNormalization


def _normalised(self, x, mean, variance):
    return self.gamma * (x - mean) / np.sqrt(variance + self.epsilon) + self.beta


def _keep(self, mean, variance, x):
    self.moving_mean = self.momentum * self.moving_mean + (1 - self.momentum) * mean
    self.moving_variance = self.momentum * self.moving_variance + (1 - self.momentum) * variance


def _torch(self, mean, variance, x):
    self.moving_mean = (1 - self.momentum) * self.moving_mean + self.momentum * mean
    self.moving_variance = (1 - self.momentum) * self.moving_variance + self.momentum * variance


def _unbiased(self, mean, variance, x):
    _keep(self, mean, x.var(axis=0, ddof=1) if len(x) > 1 else variance, x)


def _mean_only(self, mean, variance, x):
    self.moving_mean = self.momentum * self.moving_mean + (1 - self.momentum) * mean


def _deviations(self, mean, variance, x):
    _keep(self, mean, np.sqrt(variance), x)


wrong("batch_normalization", "momentum the other way round")(_moves(None, after=_torch))
wrong("batch_normalization", "epsilon outside the root")(
    _moves(
        None,
        made=lambda self, x, mean, variance: (
            self.gamma * (x - mean) / (np.sqrt(variance) + self.epsilon) + self.beta
        ),
    )
)
wrong("batch_normalization", "batch statistics without training")(
    _moves(None, inference=lambda self, x: (x.mean(axis=0), x.var(axis=0)))
)
wrong("batch_normalization", "unbiased variance in the average")(_moves(None, after=_unbiased))
wrong("batch_normalization", "moving variance left as it was")(_moves(None, after=_mean_only))
wrong("batch_normalization", "averages never move")(_moves(None, after=lambda *all: None))
wrong("batch_normalization", "root forgotten")(
    _moves(
        None,
        made=lambda self, x, mean, variance: self.gamma * (x - mean) / (variance + self.epsilon) + self.beta,
    )
)
wrong("batch_normalization", "beta before gamma")(
    _moves(
        None,
        made=lambda self, x, mean, variance: (
            self.gamma * ((x - mean) / np.sqrt(variance + self.epsilon) + self.beta)
        ),
    )
)


@wrong("batch_normalization", "over the units of each sample")
class _LayerNormalization(_moves(None)):
    def forward(self, x, training):
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean, variance = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
            _keep(self, x.mean(axis=0), x.var(axis=0), x)
        return _normalised(self, x, mean, variance)


@wrong("batch_normalization", "moving averages used in training as well")
class _AlwaysMoving(_moves(None)):
    def forward(self, x, training):
        if training:
            _keep(self, x.mean(axis=0), x.var(axis=0), x)
        return _normalised(self, x, self.moving_mean, self.moving_variance)


wrong("batch_normalization", "moving deviation for variance")(_moves(None, after=_deviations))


@wrong("batch_normalization", "gamma and beta forgotten")
class _WithoutGamma(_moves(None)):
    def forward(self, x, training):
        return (super().forward(x, training) - self.beta) / self.gamma


@right("batch_normalization")
class _InPlace:
    def __init__(self, units, momentum=0.99, epsilon=1e-3):
        self.momentum, self.epsilon = momentum, epsilon
        self.gamma, self.beta = np.ones(units), np.zeros(units)
        self.moving_mean, self.moving_variance = np.zeros(units), np.ones(units)

    def forward(self, x, training):
        if not training:
            return (x - self.moving_mean) * self.gamma * (
                self.moving_variance + self.epsilon
            ) ** -0.5 + self.beta
        n = x.shape[0]
        mu = x.sum(0) / n
        centred = x - mu
        var = np.einsum("su,su->u", centred, centred) / n
        self.moving_mean *= self.momentum
        self.moving_mean += (1 - self.momentum) * mu
        self.moving_variance += (1 - self.momentum) * (var - self.moving_variance)
        x_hat = centred / np.sqrt(var + self.epsilon)
        return x_hat * self.gamma + self.beta


@right("batch_normalization")
class _ByUnit:
    def __init__(self, units, momentum=0.99, epsilon=1e-3):
        self.units, self.momentum, self.epsilon = units, momentum, epsilon
        self.gamma, self.beta = np.ones(units), np.zeros(units)
        self.moving_mean, self.moving_variance = np.zeros(units), np.ones(units)

    def forward(self, x, training):
        out = np.zeros_like(x)
        for unit in range(self.units):
            column = x[:, unit]
            if training:
                mean = sum(column) / len(column)
                variance = sum((column - mean) ** 2) / len(column)
                self.moving_mean[unit] = self.moving_mean[unit] * self.momentum + (1 - self.momentum) * mean
                self.moving_variance[unit] = (
                    self.moving_variance[unit] * self.momentum + (1 - self.momentum) * variance
                )
            else:
                mean, variance = self.moving_mean[unit], self.moving_variance[unit]
            scale = self.gamma[unit] / math.sqrt(variance + self.epsilon)
            out[:, unit] = column * scale + (self.beta[unit] - mean * scale)
        return out


@right("batch_normalization")
class _WithKeepdims(_moves(None)):
    def forward(self, x, training):
        if training is True:
            mean, variance = np.mean(x, 0, keepdims=True), np.var(x, 0, keepdims=True)
            self.moving_mean = self.moving_mean - (self.moving_mean - mean[0]) * (1 - self.momentum)
            self.moving_variance = np.average(
                [self.moving_variance, variance[0]], axis=0, weights=[self.momentum, 1 - self.momentum]
            )
        else:
            mean, variance = self.moving_mean[None], self.moving_variance[None]
        self.x_hat = (x - mean) / np.sqrt(variance + self.epsilon)
        return np.add(np.multiply(self.gamma, self.x_hat), self.beta)


# batch_normalization_vjp


def _parts(x, epsilon):
    deviation = np.sqrt(x.var(axis=0) + epsilon)
    return (x - x.mean(axis=0)) / deviation, deviation


@wrong("batch_normalization_vjp", "variance taken for a constant")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    return gamma / deviation * (g - g.mean(axis=0)), np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "gamma forgotten")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / deviation
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "means of the gradients of gamma and beta")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return dx, np.mean(g * y, axis=0), np.mean(g, axis=0)


@wrong("batch_normalization_vjp", "sums for means")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.sum(axis=0) - y * (g * y).sum(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "gamma's gradient with x for its normalised form")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return dx, np.sum(g * x, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "mean and variance taken for constants")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    return g * gamma / deviation, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "root forgotten")
def _(x, g, gamma, epsilon=1e-3):
    deviation = x.var(axis=0) + epsilon
    y = (x - x.mean(axis=0)) / deviation
    dx = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "beta's and gamma's exchanged")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return dx, np.sum(g, axis=0), np.sum(g * y, axis=0)


@wrong("batch_normalization_vjp", "product of means")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - y * g.mean(axis=0) * y.mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "plus for minus before the last term")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) + y * (g * y).mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@right("batch_normalization_vjp")
def _(x, g, gamma, epsilon=1e-3):
    n, _units = x.shape
    mu = 1 / n * np.sum(x, axis=0)
    xmu = x - mu
    sqrtvar = np.sqrt(1 / n * np.sum(xmu**2, axis=0) + epsilon)
    ivar = 1.0 / sqrtvar
    dbeta = np.sum(g, axis=0)
    dgamma = np.sum(g * xmu * ivar, axis=0)
    dxhat = g * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dsqrtvar = -1 / sqrtvar**2 * divar
    dvar = 0.5 * ivar * dsqrtvar
    dsq = 1 / n * np.ones_like(x) * dvar
    dx1 = dxhat * ivar + 2 * xmu * dsq
    dmu = -np.sum(dx1, axis=0)
    return dx1 + 1 / n * np.ones_like(x) * dmu, dgamma, dbeta


@right("batch_normalization_vjp")
def _(x, g, gamma, epsilon=1e-3):
    n = len(x)
    inverse = (x.var(axis=0) + epsilon) ** -0.5
    x_hat = (x - x.mean(axis=0)) * inverse
    dbeta, dgamma = g.sum(0), np.einsum("su,su->u", g, x_hat)
    return [gamma * inverse / n * (n * g - dbeta - x_hat * dgamma), dgamma, dbeta]


@right("batch_normalization_vjp")
def _(x, g, gamma, epsilon=1e-3):
    n, units = x.shape
    dx, dgamma, dbeta = np.zeros((n, units)), np.zeros(units), np.zeros(units)
    for u in range(units):
        deviation = math.sqrt(np.var(x[:, u]) + epsilon)
        y = (x[:, u] - np.mean(x[:, u])) / deviation
        jacobian = (np.eye(n) - 1 / n - np.outer(y, y) / n) * gamma[u] / deviation
        dx[:, u], dgamma[u], dbeta[u] = jacobian.T @ g[:, u], y @ g[:, u], g[:, u].sum()
    return dx, dgamma, dbeta


# sgd_step

wrong("sgd_step", "added")(lambda w, gradient, learning_rate=0.01: w + learning_rate * gradient)
wrong("sgd_step", "rate divides")(lambda w, gradient, learning_rate=0.01: w - gradient / learning_rate)
wrong("sgd_step", "rate scales all")(lambda w, gradient, learning_rate=0.01: learning_rate * (w - gradient))
wrong("sgd_step", "only the step")(lambda w, gradient, learning_rate=0.01: -learning_rate * gradient)
wrong("sgd_step", "sign of the gradient")(
    lambda w, gradient, learning_rate=0.01: w - learning_rate * np.sign(gradient)
)
wrong("sgd_step", "the other default")(lambda w, gradient, learning_rate=0.1: w - learning_rate * gradient)


@wrong("sgd_step", "in place")
def _(w, gradient, learning_rate=0.01):
    w -= learning_rate * gradient
    return w


wrong("sgd_step", "mean gradient")(
    lambda w, gradient, learning_rate=0.01: w - learning_rate * np.mean(gradient)
)
wrong("sgd_step", "gradient subtracted from")(
    lambda w, gradient, learning_rate=0.01: gradient - learning_rate * w
)
wrong("sgd_step", "rate fixed")(lambda w, gradient, learning_rate=0.01: w - 0.01 * gradient)
right("sgd_step")(
    lambda w, gradient, learning_rate=0.01: np.subtract(w, np.multiply(learning_rate, gradient))
)
right("sgd_step")(lambda w, gradient, learning_rate=0.01: w + (-learning_rate) * gradient)


@right("sgd_step")
def _(w, gradient, learning_rate=0.01):
    new = np.copy(w)
    new -= learning_rate * gradient
    return new


@right("sgd_step")
def _(w, gradient, learning_rate=0.01):
    new = np.empty_like(w)
    for i in np.ndindex(w.shape):
        new[i] = w[i] - learning_rate * gradient[i]
    return new


# momentum


def _momentum(step, initial=lambda: 0.0, momentum=0.9):
    class Momentum:
        def __init__(self, learning_rate=0.01, momentum=momentum):
            self.learning_rate, self.momentum = learning_rate, momentum
            self.velocity = initial()

    Momentum.step = step
    return Momentum


@wrong("momentum", "rate outside the velocity, as in PyTorch, added")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity + gradient
    return w + self.learning_rate * self.velocity


@wrong("momentum", "an average: one minus momentum times the gradient")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity + (1 - self.momentum) * gradient
    return w - self.learning_rate * self.velocity


@wrong("momentum", "velocity not kept")
@_momentum
def _(self, w, gradient):
    velocity = self.momentum * self.velocity - self.learning_rate * gradient
    return w + velocity


@wrong("momentum", "Nesterov")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
    return w + self.momentum * self.velocity - self.learning_rate * gradient


@wrong("momentum", "subtracted")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
    return w - self.velocity


@wrong("momentum", "velocity after the step")
@_momentum
def _(self, w, gradient):
    new = w + self.velocity
    self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
    return new


@wrong("momentum", "rate applied twice")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
    return w + self.learning_rate * self.velocity


@wrong("momentum", "momentum without velocity")
@_momentum
def _(self, w, gradient):
    self.velocity = self.velocity - self.learning_rate * gradient
    return w + self.momentum * self.velocity


@wrong("momentum", "weights in place")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
    w += self.velocity
    return w


@wrong("momentum", "momentum times the whole")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * (self.velocity - self.learning_rate * gradient)
    return w + self.velocity


@right("momentum")
@_momentum
def _(self, w, gradient):
    self.velocity = self.velocity * self.momentum + gradient * -self.learning_rate
    return np.add(w, self.velocity)


@right("momentum")
class _MomentumWithArrays:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity = None

    def step(self, w, gradient):
        if self.velocity is None:
            self.velocity = np.zeros(w.shape)
        self.velocity *= self.momentum
        self.velocity -= self.learning_rate * gradient
        return w + self.velocity.copy()


@right("momentum")
class _MomentumFromGradients:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum = learning_rate, momentum
        self.gradients = []

    @property
    def velocity(self):
        size = len(self.gradients)
        return sum(
            -self.learning_rate * self.momentum ** (size - 1 - i) * g for i, g in enumerate(self.gradients)
        )

    def step(self, w, gradient):
        self.gradients.append(np.array(gradient))
        return w + self.velocity


# adam


def _adam(step, beta_2=0.999, epsilon=1e-7, t=0):
    class Adam:
        def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=beta_2, epsilon=epsilon):
            self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
            self.epsilon = epsilon
            self.m, self.v, self.t = 0.0, 0.0, t

    Adam.step = step
    return Adam


def _averages(self, gradient):
    self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
    self.v = self.beta_2 * self.v + (1 - self.beta_2) * gradient**2


def _corrected(self):
    return self.m / (1 - self.beta_1**self.t), self.v / (1 - self.beta_2**self.t)


@wrong("adam", "no correction")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    return w - self.learning_rate * self.m / (np.sqrt(self.v) + self.epsilon)


@wrong("adam", "corrected averages kept")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    self.m, self.v = _corrected(self)
    return w - self.learning_rate * self.m / (np.sqrt(self.v) + self.epsilon)


@wrong("adam", "epsilon inside the root")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    m, v = _corrected(self)
    return w - self.learning_rate * m / np.sqrt(v + self.epsilon)


@wrong("adam", "t never grows")
@_adam
def _(self, w, gradient):
    _averages(self, gradient)
    m, v = self.m / (1 - self.beta_1), self.v / (1 - self.beta_2)
    return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "square of the average, not average of the square")
@_adam
def _(self, w, gradient):
    self.t += 1
    self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
    self.v = self.beta_2 * self.v + (1 - self.beta_2) * self.m**2
    m, v = _corrected(self)
    return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "root forgotten")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    m, v = _corrected(self)
    return w - self.learning_rate * m / (v + self.epsilon)


@wrong("adam", "gradient for the average")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    _, v = _corrected(self)
    return w - self.learning_rate * gradient / (np.sqrt(v) + self.epsilon)


@wrong("adam", "betas exchanged")
@_adam
def _(self, w, gradient):
    self.t += 1
    self.m = self.beta_2 * self.m + (1 - self.beta_2) * gradient
    self.v = self.beta_1 * self.v + (1 - self.beta_1) * gradient**2
    m, v = self.m / (1 - self.beta_2**self.t), self.v / (1 - self.beta_1**self.t)
    return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "t one too large")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    m, v = self.m / (1 - self.beta_1 ** (self.t + 1)), self.v / (1 - self.beta_2 ** (self.t + 1))
    return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "one corrected")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    m, _ = _corrected(self)
    return w - self.learning_rate * m / (np.sqrt(self.v) + self.epsilon)


@wrong("adam", "divided by t")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    m, v = _corrected(self)
    return w - self.learning_rate / np.sqrt(self.t) * m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "times t for power of t")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    m, v = self.m / (1 - self.beta_1 * self.t / 10), self.v / (1 - self.beta_2 * self.t / 10)
    return w - self.learning_rate * m / (np.sqrt(np.abs(v)) + self.epsilon)


@right("adam")
@_adam
def _(self, w, gradient):
    self.t = self.t + 1
    self.m = self.m + (1 - self.beta_1) * (gradient - self.m)
    self.v = self.v + (1 - self.beta_2) * (np.square(gradient) - self.v)
    correction1, correction2 = 1 - np.power(self.beta_1, self.t), 1 - np.power(self.beta_2, self.t)
    denominator = np.sqrt(self.v) / math.sqrt(correction2) + self.epsilon
    return w - self.learning_rate / correction1 * self.m / denominator


@right("adam")
@_adam
def _(self, w, gradient):
    # as Keras: epsilon beside the root of the uncorrected average
    self.t += 1
    _averages(self, gradient)
    rate = self.learning_rate * np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
    return w - rate * self.m / (np.sqrt(self.v) + self.epsilon)


@right("adam")
class _AdamWithArrays:
    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.betas, self.epsilon = learning_rate, (beta_1, beta_2), epsilon
        self.m = self.v = None
        self.t = 0

    def step(self, w, gradient):
        if self.m is None:
            self.m, self.v = np.zeros_like(w), np.zeros_like(w)
        self.t += 1
        beta_1, beta_2 = self.betas
        self.m *= beta_1
        self.m += (1 - beta_1) * gradient
        self.v *= beta_2
        self.v += (1 - beta_2) * gradient * gradient
        m_hat, v_hat = self.m / (1 - beta_1**self.t), self.v / (1 - beta_2**self.t)
        return w - self.learning_rate * m_hat / (v_hat**0.5 + self.epsilon)


# penalty_gradient

wrong("penalty_gradient", "2 forgotten")(lambda w, l1=0.0, l2=0.0: l1 * np.sign(w) + l2 * w)
wrong("penalty_gradient", "l1 without sign")(lambda w, l1=0.0, l2=0.0: l1 + 2 * l2 * w)
wrong("penalty_gradient", "absolute value for sign")(lambda w, l1=0.0, l2=0.0: l1 * np.abs(w) + 2 * l2 * w)
wrong("penalty_gradient", "slope 1 at 0")(lambda w, l1=0.0, l2=0.0: l1 * np.where(w >= 0, 1, -1) + 2 * l2 * w)
wrong("penalty_gradient", "the penalty itself")(
    lambda w, l1=0.0, l2=0.0: l1 * np.sum(np.abs(w)) + l2 * np.sum(w**2)
)
wrong("penalty_gradient", "w over its absolute value")(
    lambda w, l1=0.0, l2=0.0: l1 * w / np.abs(w) + 2 * l2 * w
)
wrong("penalty_gradient", "mean")(lambda w, l1=0.0, l2=0.0: (l1 * np.sign(w) + 2 * l2 * w) / w.size)
wrong("penalty_gradient", "summed")(lambda w, l1=0.0, l2=0.0: np.sum(l1 * np.sign(w) + 2 * l2 * w))
wrong("penalty_gradient", "l1 and l2 exchanged")(lambda w, l1=0.0, l2=0.0: l2 * np.sign(w) + 2 * l1 * w)
wrong("penalty_gradient", "elastic net's half")(lambda w, l1=0.0, l2=0.0: l1 * np.sign(w) + 0.5 * l2 * w)
right("penalty_gradient")(lambda w, l1=0.0, l2=0.0: l2 * w + l2 * w + l1 * ((w > 0) * 1.0 - (w < 0)))
right("penalty_gradient")(
    lambda w, l1=0.0, l2=0.0: np.where(w > 0, l1, np.where(w < 0, -l1, 0.0)) + np.multiply(2 * l2, w)
)


@right("penalty_gradient")
def _(w, l1=0.0, l2=0.0):
    gradient = np.zeros_like(w)
    for place, value in np.ndenumerate(w):
        if value != 0:
            gradient[place] = math.copysign(l1, value) + 2 * l2 * value
    return gradient


@right("penalty_gradient")
def _(w, l1=0.0, l2=0.0):
    slope = np.divide(w, np.abs(w), out=np.zeros_like(w), where=w != 0)
    return l1 * slope + 2.0 * l2 * w


# dropout

wrong("dropout", "not scaled")(
    lambda x, uniform, rate, training=True: np.where(uniform >= rate, x, 0.0) if training else x
)
wrong("dropout", "divided by rate")(
    lambda x, uniform, rate, training=True: np.where(uniform >= rate, x / rate, 0.0) if training else x
)
wrong("dropout", "kept below the rate")(
    lambda x, uniform, rate, training=True: np.where(uniform < rate, x / (1 - rate), 0.0) if training else x
)
wrong("dropout", "rate is the share kept")(
    lambda x, uniform, rate, training=True: np.where(uniform < rate, x / rate, 0.0) if training else x
)
wrong("dropout", "scaled down when predicting")(
    lambda x, uniform, rate, training=True: np.where(uniform >= rate, x, 0.0) if training else x * (1 - rate)
)
wrong("dropout", "training ignored")(
    lambda x, uniform, rate, training=True: np.where(uniform >= rate, x / (1 - rate), 0.0)
)
wrong("dropout", "multiplied by one minus rate")(
    lambda x, uniform, rate, training=True: x * (uniform >= rate) * (1 - rate) if training else x
)


@wrong("dropout", "in place")
def _(x, uniform, rate, training=True):
    if training:
        x[uniform < rate] = 0
        return x / (1 - rate)
    return x


wrong("dropout", "its own random numbers")(
    lambda x, uniform, rate, training=True: (
        x * (np.random.default_rng(1).random(x.shape) >= rate) / (1 - rate) if training else x
    )
)
wrong("dropout", "scaled by the share that was really kept")(
    lambda x, uniform, rate, training=True: (
        x * (uniform >= rate) / max(np.mean(uniform >= rate), 1e-9) if training else x
    )
)


@right("dropout")
def _(x, uniform, rate, training=True):
    keep = 1 - rate
    return x * np.logical_not(uniform < rate).astype(float) / keep if training else x


@right("dropout")
def _(x, uniform, rate, training=True):
    if not training:
        rate = 0.0
    out = np.array(x, copy=True)
    out[uniform < rate] = 0
    out /= 1 - rate
    return out


@right("dropout")
def _(x, uniform, rate, training=True):
    if training is False:
        return x.copy()
    mask = np.floor(uniform + (1 - rate) + 1e-12)
    return x * np.where(np.less(uniform, rate), 0, np.maximum(mask, 1)) * (1 / (1 - rate))


@right("dropout")
def _(x, uniform, rate, training=True):
    flat = [
        float(v) / (1 - rate) if u >= rate else 0.0 for v, u in zip(x.ravel(), uniform.ravel(), strict=True)
    ]
    return np.reshape(flat, x.shape) if training else +x


# a random number that equals the rate exactly is as rare as it is harmless
right("dropout")(lambda x, uniform, rate, training=True: x * (uniform > rate) / (1 - rate) if training else x)

# early_stopping


def _stopping(update, wait=0, epoch=-1, best=np.inf):
    class EarlyStopping:
        def __init__(self, patience, min_delta=0.0):
            self.patience, self.min_delta = patience, min_delta
            self.best, self.best_epoch = best, 0
            self.epoch, self.wait = epoch, wait

    EarlyStopping.update = update
    return EarlyStopping


@wrong("early_stopping", "wait never reset")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch = loss, self.epoch
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "stops one later")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait > self.patience


@wrong("early_stopping", "min_delta added")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best + self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "equal counts as better")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss <= self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "compared with the epoch before")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best_epoch, self.wait = self.epoch, 0
    else:
        self.wait += 1
    self.best = loss
    return self.wait >= self.patience


@wrong("early_stopping", "larger is better")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss > self.best + self.min_delta or self.epoch == 0:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "epochs from 1")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch + 1, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "NaN counts as better")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss >= self.best - self.min_delta:
        self.wait += 1
    else:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    return self.wait >= self.patience


@wrong("early_stopping", "best follows without min_delta")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.wait, self.best_epoch = 0, self.epoch
    else:
        self.wait += 1
    self.best = min(self.best, loss)
    return self.wait >= self.patience


@wrong("early_stopping", "epoch stays")
@_stopping
def _(self, loss):
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "True for go on")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait < self.patience


@wrong("early_stopping", "min_delta ignored")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@right("early_stopping")
@_stopping
def _(self, loss):
    self.epoch += 1
    if self.best - loss > self.min_delta:
        self.best, self.best_epoch = loss, self.epoch
        self.wait = 0
        return self.patience <= 0
    self.wait += 1
    return not self.wait < self.patience


@right("early_stopping")
class _StoppingByList:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = patience, min_delta
        self.losses, self.best, self.best_epoch = [], float("inf"), 0

    def update(self, loss):
        self.losses.append(loss)
        if not math.isnan(loss) and loss < self.best - self.min_delta:
            self.best, self.best_epoch, self.last = loss, len(self.losses) - 1, len(self.losses) - 1
        return bool(len(self.losses) - 1 - getattr(self, "last", -1) >= self.patience)


@right("early_stopping")
@_stopping
def _(self, loss):
    self.epoch += 1
    better = np.less(loss, np.subtract(self.best, self.min_delta))
    self.best = np.where(better, loss, self.best)
    self.best_epoch = np.where(better, self.epoch, self.best_epoch)
    self.wait = np.where(better, 0, self.wait + 1)
    return np.greater_equal(self.wait, self.patience)


# search_penalty


def _line(x, y, l2):
    return np.linalg.solve(x.T @ x / len(x) + l2 * np.eye(x.shape[1]), x.T @ y / len(x))


def _searched(error, mean=np.mean, best=lambda errors, penalties: penalties[np.argmin(errors)]):
    """``search_penalty`` whose ``error`` sees what a fold learns from, what it judges, and the penalty."""

    def search_penalty(x, y, penalties, folds):
        fold, errors = np.arange(len(x)) % folds, []
        for l2 in penalties:
            found = [error(x[fold != i], y[fold != i], x[fold == i], y[fold == i], l2) for i in range(folds)]
            errors.append(mean(found))
        return np.array(errors), best(errors, penalties)

    return search_penalty


def _squares(x, y, w):
    return np.mean((x @ w - y) ** 2)


wrong("search_penalty", "judged on what it learned")(
    _searched(lambda x, y, x_fold, y_fold, l2: _squares(x, y, _line(x, y, l2)))
)
wrong("search_penalty", "median over the folds")(
    _searched(lambda x, y, x_fold, y_fold, l2: _squares(x_fold, y_fold, _line(x, y, l2)), mean=np.median)
)


@wrong("search_penalty", "the last fold alone")
def _(x, y, penalties, folds):
    fold, errors = np.arange(len(x)) % folds, np.zeros(len(penalties))
    for p, l2 in enumerate(penalties):
        for i in range(folds):
            w = _line(x[fold != i], y[fold != i], l2)
            errors[p] = np.mean((x[fold == i] @ w - y[fold == i]) ** 2)
    return errors, penalties[errors.argmin()]


wrong("search_penalty", "the penalty with the largest error")(
    _searched(
        lambda x, y, x_fold, y_fold, l2: _squares(x_fold, y_fold, _line(x, y, l2)),
        best=lambda errors, penalties: penalties[np.argmax(errors)],
    )
)
wrong("search_penalty", "the worst fold")(
    _searched(lambda x, y, x_fold, y_fold, l2: _squares(x_fold, y_fold, _line(x, y, l2)), mean=max)
)


@wrong("search_penalty", "nothing held out")
def _(x, y, penalties, folds):
    errors = []
    for l2 in penalties:
        w = _line(x, y, l2)
        errors.append(np.mean([_squares(x[i::folds], y[i::folds], w) for i in range(folds)]))
    return np.array(errors), penalties[np.argmin(errors)]


wrong("search_penalty", "absolute errors")(
    _searched(lambda x, y, x_fold, y_fold, l2: np.mean(np.abs(x_fold @ _line(x, y, l2) - y_fold)))
)


@wrong("search_penalty", "folds in one piece")
def _(x, y, penalties, folds):
    errors = []
    for l2 in penalties:
        found = []
        for rows in np.array_split(np.arange(len(x)), folds):
            w = _line(np.delete(x, rows, axis=0), np.delete(y, rows), l2)
            found.append(np.mean((x[rows] @ w - y[rows]) ** 2))
        errors.append(np.mean(found))
    return np.array(errors), penalties[np.argmin(errors)]


wrong("search_penalty", "trained on the fold, judged on the rest")(
    _searched(lambda x, y, x_fold, y_fold, l2: _squares(x, y, _line(x_fold, y_fold, l2)))
)


@wrong("search_penalty", "the penalty in the error too")
def _(x, y, penalties, folds):
    def error(x, y, x_fold, y_fold, l2):
        w = _line(x, y, l2)
        return _squares(x_fold, y_fold, w) + l2 * np.sum(w**2)

    return _searched(error)(x, y, penalties, folds)


wrong("search_penalty", "root of the mean square")(
    _searched(lambda x, y, x_fold, y_fold, l2: np.sqrt(_squares(x_fold, y_fold, _line(x, y, l2))))
)
wrong("search_penalty", "the smallest error for all")(
    lambda x, y, penalties, folds: (lambda errors, best: (errors.min(), best))(
        *_searched(lambda a, b, c, d, l2: _squares(c, d, _line(a, b, l2)))(x, y, penalties, folds)
    )
)
wrong("search_penalty", "index for the penalty")(
    _searched(
        lambda x, y, x_fold, y_fold, l2: _squares(x_fold, y_fold, _line(x, y, l2)),
        best=lambda errors, penalties: np.argmin(errors),
    )
)
wrong("search_penalty", "one mean over all samples")(
    _searched(
        lambda x, y, x_fold, y_fold, l2: (x_fold @ _line(x, y, l2) - y_fold) ** 2,
        mean=lambda found: np.concatenate(found).mean(),
    )
)
wrong("search_penalty", "divided by one fold less")(
    _searched(
        lambda x, y, x_fold, y_fold, l2: _squares(x_fold, y_fold, _line(x, y, l2)),
        mean=lambda found: sum(found) / max(1, len(found) - 1),
    )
)


@right("search_penalty")
def _(x, y, penalties, folds):
    table = np.empty((len(penalties), folds))
    for i in range(folds):
        kept = np.ones(len(x), dtype=bool)
        kept[i::folds] = False
        for p, l2 in enumerate(penalties):
            apart = x[~kept].dot(_line(x[kept], y[kept], l2)) - y[~kept]
            table[p, i] = apart @ apart / len(apart)
    return table.mean(axis=1), penalties[table.mean(axis=1).argmin()]


@right("search_penalty")
def _(x, y, penalties, folds):
    def error(l2, i):
        rows = range(i, len(y), folds)
        w = _line(np.delete(x, rows, 0), np.delete(y, rows), l2)
        return sum((float(x[j] @ w) - y[j]) ** 2 for j in rows) / len(rows)

    errors = [sum(error(l2, i) for i in range(folds)) / folds for l2 in penalties]
    return errors, min(zip(errors, penalties, strict=True))[1]


@right("search_penalty")
def _(x, y, penalties, folds):
    best, lowest, errors = None, float("inf"), []
    for l2 in penalties:
        total = 0.0
        for i in range(folds):
            learned = [j for j in range(len(x)) if j % folds != i]
            w = np.linalg.inv(x[learned].T @ x[learned] + len(learned) * l2 * np.eye(x.shape[1])) @ (
                x[learned].T @ y[learned]
            )
            total += np.square(y[i::folds] - x[i::folds] @ w).mean()
        errors.append(total / folds)
        if errors[-1] < lowest:
            best, lowest = l2, errors[-1]
    return np.array(errors), best


# Once more, each beside the section of its exercise above


wrong("signal_sizes", "activation of the kernel")(
    _through(
        lambda h: np.sqrt(np.mean(np.var(h, axis=0))), lambda x, kernel, activation: x @ activation(kernel)
    )
)
wrong("signal_sizes", "activation before the kernel")(
    _through(
        lambda h: np.sqrt(np.mean(np.var(h, axis=0))), lambda x, kernel, activation: activation(x) @ kernel
    )
)
wrong("signal_sizes", "one for each unit")(_through(lambda h: np.std(h, axis=0)))
wrong("signal_sizes", "the largest unit")(_through(lambda h: np.max(np.std(h, axis=0))))
wrong("signal_sizes", "root of the sum")(_through(lambda h: np.sqrt(np.sum(np.var(h, axis=0)))))


def _backward(size, step=lambda g, kernel, slope: (g * slope) @ kernel.T):
    """``gradient_sizes`` with another measure or another way through a layer."""

    def gradient_sizes(g, kernels, slopes):
        sizes = []
        for i in range(len(kernels) - 1, -1, -1):
            g = step(g, kernels[i], slopes[i])
            sizes.append(size(g))
        return np.array(sizes[::-1])

    return gradient_sizes


wrong("gradient_sizes", "slope twice")(
    _backward(lambda g: np.sqrt(np.mean(g**2)), lambda g, kernel, slope: ((g * slope) @ kernel.T) * slope)
)
wrong("gradient_sizes", "one for each unit")(_backward(lambda g: np.sqrt(np.mean(g**2, axis=0))))
wrong("gradient_sizes", "divided by the slopes")(
    _backward(lambda g: np.sqrt(np.mean(g**2)), lambda g, kernel, slope: (g / slope) @ kernel.T)
)
wrong("gradient_sizes", "the last size for all")(
    lambda g, kernels, slopes: np.full(
        len(kernels), _backward(lambda g: np.sqrt(np.mean(g**2)))(g, kernels, slopes)[0]
    )
)
wrong("gradient_sizes", "mean of the roots of the samples")(
    _backward(lambda g: np.mean(np.sqrt(np.mean(g**2, axis=1))))
)

wrong("glorot_uniform", "from -limit to 0")(lambda u: (u - 1) * np.sqrt(6 / sum(u.shape)))
wrong("glorot_uniform", "a bracket too few")(lambda u: np.sqrt(6 / sum(u.shape)) * 2 * u - 1)
wrong("glorot_uniform", "the units twice")(lambda u: np.sqrt(6 / (2 * u.shape[1])) * (2 * u - 1))
wrong("glorot_uniform", "twice the limit")(lambda u: np.sqrt(6 / sum(u.shape)) * (4 * u - 2))
wrong("glorot_uniform", "the limit alone")(lambda u: np.full(u.shape, np.sqrt(6 / sum(u.shape))))

wrong("he_normal", "all axes but the first, as in PyTorch")(lambda z: z * np.sqrt(2 / np.prod(z.shape[1:])))
wrong("he_normal", "the first two axes")(lambda z: z * np.sqrt(2 / np.prod(z.shape[:2])))
wrong("he_normal", "half the inputs")(lambda z: z * np.sqrt(np.prod(z.shape[:-1]) / 2))
wrong("he_normal", "rows and columns alone")(
    lambda z: z * np.sqrt(2 / np.prod(z.shape[:-2])) if z.ndim > 2 else z * np.sqrt(2 / z.shape[0])
)
wrong("he_normal", "two roots")(lambda z: z * np.sqrt(np.sqrt(2 / np.prod(z.shape[:-1]))))


@wrong("batch_normalization", "gamma and beta in training alone")
class _GammaInTraining(_moves(None)):
    def forward(self, x, training):
        y = super().forward(x, training)
        return y if training else (y - self.beta) / self.gamma


@wrong("batch_normalization", "no epsilon at inference")
class _NoEpsilonLater(_moves(None)):
    def forward(self, x, training):
        if training:
            return super().forward(x, training)
        return self.gamma * (x - self.moving_mean) / np.sqrt(self.moving_variance) + self.beta


@wrong("batch_normalization", "moved before the batch is used, and used moved")
class _MovedMean(_moves(None)):
    def forward(self, x, training):
        if not training:
            return super().forward(x, training)
        _keep(self, x.mean(axis=0), x.var(axis=0), x)
        return self.gamma * (x - self.moving_mean) / np.sqrt(x.var(axis=0) + self.epsilon) + self.beta


@wrong("batch_normalization", "averages kept in the class")
class _Shared(_moves(None)):
    kept = None

    def forward(self, x, training):
        y = super().forward(x, training)
        self.moving_mean = np.mean(x) * np.ones_like(self.moving_mean) if training else self.moving_mean
        return y


@wrong("batch_normalization", "gamma added, beta multiplied")
class _GammaForBeta(_moves(None)):
    def forward(self, x, training):
        y = (super().forward(x, training) - self.beta) / self.gamma
        return self.beta * y + self.gamma


@wrong("batch_normalization_vjp", "gamma squared")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    g_hat = g * gamma
    dx = gamma / deviation * (g_hat - g_hat.mean(axis=0) - y * (g_hat * y).mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "summed over the units")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - y * (g * y).mean(axis=0))
    return dx, np.sum(g * y, axis=1), np.sum(g, axis=1)


@wrong("batch_normalization_vjp", "y not in front of its mean")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - (g * y).mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "mean of g twice")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - y * g.mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


@wrong("batch_normalization_vjp", "x for y in the last term")
def _(x, g, gamma, epsilon=1e-3):
    y, deviation = _parts(x, epsilon)
    dx = gamma / deviation * (g - g.mean(axis=0) - x * (g * x).mean(axis=0))
    return dx, np.sum(g * y, axis=0), np.sum(g, axis=0)


wrong("sgd_step", "weights decay, too")(
    lambda w, gradient, learning_rate=0.01: w - learning_rate * (gradient + w)
)
wrong("sgd_step", "clipped")(
    lambda w, gradient, learning_rate=0.01: w - learning_rate * np.clip(gradient, -1, 1)
)
wrong("sgd_step", "gradient squared")(lambda w, gradient, learning_rate=0.01: w - learning_rate * gradient**2)
wrong("sgd_step", "rate subtracted")(lambda w, gradient, learning_rate=0.01: w - learning_rate - gradient)
wrong("sgd_step", "summed gradient")(
    lambda w, gradient, learning_rate=0.01: w - learning_rate * np.sum(gradient)
)


@wrong("momentum", "rate times the whole")
@_momentum
def _(self, w, gradient):
    self.velocity = self.learning_rate * (self.momentum * self.velocity - gradient)
    return w + self.velocity


@wrong("momentum", "one minus momentum kept")
@_momentum
def _(self, w, gradient):
    self.velocity = (1 - self.momentum) * self.velocity - self.learning_rate * gradient
    return w + self.velocity


@wrong("momentum", "velocity added twice")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity - self.learning_rate * gradient
    return w + self.velocity - self.learning_rate * gradient


@wrong("momentum", "average of both")
@_momentum
def _(self, w, gradient):
    self.velocity = self.momentum * self.velocity - (1 - self.momentum) * self.learning_rate * gradient
    return w + self.velocity


@wrong("momentum", "velocity in the class")
class _SharedVelocity:
    velocity = 0.0

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum = learning_rate, momentum

    def step(self, w, gradient):
        old = _SharedVelocity.velocity if np.shape(_SharedVelocity.velocity) == np.shape(w) else 0.0
        _SharedVelocity.velocity = self.momentum * old - self.learning_rate * gradient
        return w + _SharedVelocity.velocity


@wrong("adam", "only the second average corrected")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    _, v = _corrected(self)
    return w - self.learning_rate * self.m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "beta_1 corrects both")
@_adam
def _(self, w, gradient):
    self.t += 1
    _averages(self, gradient)
    correction = 1 - self.beta_1**self.t
    return w - self.learning_rate * (self.m / correction) / (np.sqrt(self.v / correction) + self.epsilon)


@wrong("adam", "squared distance from the average, as in AdaBelief")
@_adam
def _(self, w, gradient):
    self.t += 1
    self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
    self.v = self.beta_2 * self.v + (1 - self.beta_2) * (gradient - self.m) ** 2
    m, v = _corrected(self)
    return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


@wrong("adam", "gradient added whole")
@_adam
def _(self, w, gradient):
    self.t += 1
    self.m = self.beta_1 * self.m + gradient
    self.v = self.beta_2 * self.v + gradient**2
    m, v = _corrected(self)
    return w - self.learning_rate * m / (np.sqrt(v) + self.epsilon)


wrong("penalty_gradient", "sign of both")(lambda w, l1=0.0, l2=0.0: np.sign(w) * (l1 + 2 * l2))
wrong("penalty_gradient", "square kept")(lambda w, l1=0.0, l2=0.0: l1 * np.sign(w) + 2 * l2 * w**2)
wrong("penalty_gradient", "absolute value in the square's slope")(
    lambda w, l1=0.0, l2=0.0: l1 * np.sign(w) + 2 * l2 * np.abs(w)
)
wrong("penalty_gradient", "slope of the root of the sum of squares")(
    lambda w, l1=0.0, l2=0.0: l1 * np.sign(w) + l2 * w / np.sqrt(np.sum(w**2) + 1e-12)
)
wrong("penalty_gradient", "weights added")(lambda w, l1=0.0, l2=0.0: w + l1 * np.sign(w) + 2 * l2 * w)

wrong("dropout", "dropped ones stay as they were")(
    lambda x, uniform, rate, training=True: np.where(uniform >= rate, x / (1 - rate), x) if training else x
)
wrong("dropout", "zeros without training")(
    lambda x, uniform, rate, training=True: (
        np.where(uniform >= rate, x / (1 - rate), 0.0) if training else np.zeros_like(x)
    )
)
wrong("dropout", "values compared with the rate")(
    lambda x, uniform, rate, training=True: np.where(x >= rate, x / (1 - rate), 0.0) if training else x
)
wrong("dropout", "dropped ones left out")(
    lambda x, uniform, rate, training=True: x[uniform >= rate] / (1 - rate) if training else x
)
wrong("dropout", "multiplied by one plus rate")(
    lambda x, uniform, rate, training=True: x * (uniform >= rate) * (1 + rate) if training else x
)


@wrong("early_stopping", "min_delta as a part of the best, as in PyTorch")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best * (1 - self.min_delta):
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "the change may go either way")
@_stopping
def _(self, loss):
    self.epoch += 1
    if abs(loss - self.best) > self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "best not stored")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best_epoch, self.wait = self.epoch, 0
    else:
        self.wait += 1
    return self.wait >= self.patience


@wrong("early_stopping", "waits from 1 after a better one")
@_stopping
def _(self, loss):
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 1
    else:
        self.wait += 1
    return self.wait >= self.patience


@right("early_stopping")
@_stopping
def _(self, loss):
    # says True once: who asks has stopped by then
    self.epoch += 1
    if loss < self.best - self.min_delta:
        self.best, self.best_epoch, self.wait = loss, self.epoch, 0
    else:
        self.wait += 1
    return self.wait == self.patience
