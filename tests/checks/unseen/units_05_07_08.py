"""Unseen answers to units 05, 07 and 08."""

import math

import numpy as np

from tests.checks.unseen.answer import right, wrong

# What the notebooks give.

erf, erfc = np.vectorize(math.erf, otypes=[float]), np.vectorize(math.erfc, otypes=[float])


def sigmoid(x):
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def hard_gate(x):
    return np.clip(x / 6 + 0.5, 0, 1)


# silu

wrong("silu", "gelu's 1.702 in the gate")(lambda x: x * sigmoid(1.702 * x))
wrong("silu", "exponent clipped at 30")(lambda x: x / (1 + np.exp(-np.clip(x, -30, 30))))
wrong("silu", "tanh form without the left tail")(lambda x: x * (1 + np.tanh(x / 2)) / 2)
wrong("silu", "tanh for the gate")(lambda x: x * np.tanh(x))
wrong("silu", "gate of the absolute value")(lambda x: x * sigmoid(np.abs(x)))
wrong("silu", "softplus for the gate")(lambda x: x * softplus(x))
wrong("silu", "its derivative")(lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))))


@wrong("silu", "multiplied in place")
def _(x):
    x *= sigmoid(x)
    return x


@right("silu")
def _(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, x, x * e) / (1 + e)


@right("silu")
def _(x):
    y = np.empty(x.shape, np.result_type(x, np.float32))
    for index, value in np.ndenumerate(x):
        v = float(value)
        y[index] = v / (1 + math.exp(-v)) if v >= 0 else v * math.exp(v) / (1 + math.exp(v))
    return y


@right("silu")
def _(x):
    down = np.exp(np.where(x > 0, 0, x))
    return np.multiply(np.divide(down, down + np.where(x > 0, np.exp(np.where(x > 0, -x, x)), 1)), x)


right("silu")(lambda x: x / (1 + np.exp(-np.clip(x, -500, 500))))
right("silu")(lambda x: (x.astype(np.float64) * sigmoid(x.astype(np.float64))).astype(np.result_type(x, 0.0)))

# gelu

wrong("gelu", "root of 2 forgotten")(lambda x: x * erfc(-x) / 2)
wrong("gelu", "density for the probability")(lambda x: x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi))
wrong("gelu", "half forgotten")(lambda x: x * erfc(-x / math.sqrt(2)))
wrong("gelu", "minus in erfc forgotten")(lambda x: x * erfc(x / math.sqrt(2)) / 2)
wrong("gelu", "1 + erf")(lambda x: 0.5 * x * (1.0 + erf(x / np.sqrt(2.0))))
wrong("gelu", "times root of 2")(lambda x: x * erfc(-x * math.sqrt(2)) / 2)
wrong("gelu", "erf for the gate")(lambda x: x * erf(x / math.sqrt(2)))
wrong("gelu", "1 forgotten")(lambda x: x / 2 * erf(x / math.sqrt(2)))
wrong("gelu", "root of 2 pi")(lambda x: x * erfc(-x / math.sqrt(2 * math.pi)) / 2)


@right("gelu")
def _(x):
    return np.where(x < 0, x * erfc(-x / math.sqrt(2)) / 2, x * (1 + erf(x / math.sqrt(2))) / 2)


right("gelu")(
    lambda x: np.array([v * 0.5 * math.erfc(-v * math.sqrt(0.5)) for v in x.ravel().tolist()]).reshape(
        x.shape
    )
)


@right("gelu")
def _(x):
    y = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        y[i] = float(x[i]) * math.erfc(-float(x[i]) / 2**0.5) / 2
    return y


right("gelu")(lambda x: (x * erfc(np.negative(x) / np.sqrt(2)) / 2).astype(np.result_type(x, np.float32)))

# gelu_tanh

wrong("gelu_tanh", "square for the cube")(
    lambda x: x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x))
)
wrong("gelu_tanh", "a zero forgotten in the constant")(
    lambda x: x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.44715 * x * x * x))
)
wrong("gelu_tanh", "as written in the article")(
    lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * np.power(x, 3))))
)
wrong("gelu_tanh", "root around x alone")(
    lambda x: x * sigmoid(2 * (math.sqrt(2 / math.pi) * x + 0.044715 * x * x * x))
)
wrong("gelu_tanh", "2 forgotten before the sigmoid")(
    lambda x: x * sigmoid(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
)
wrong("gelu_tanh", "root of 2 pi")(
    lambda x: x * sigmoid(2 * math.sqrt(2 * math.pi) * (x + 0.044715 * x * x * x))
)
wrong("gelu_tanh", "half left over")(
    lambda x: x / 2 * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
)
wrong("gelu_tanh", "pi / 2")(lambda x: x * sigmoid(2 * math.sqrt(math.pi / 2) * (x + 0.044715 * x * x * x)))
wrong("gelu_tanh", "exponential of -2u")(
    lambda x: x / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
)
right("gelu_tanh")(lambda x: x * sigmoid(1.5957691216057308 * x + 0.07135481627260025 * x**3))
right("gelu_tanh")(lambda x: sigmoid((8 / math.pi) ** 0.5 * x * (1 + 0.044715 * x * x)) * x)


@right("gelu_tanh")
def _(x):
    u = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    e = np.exp(-2 * np.abs(u))
    return x * np.where(u < 0, e, 1) / (1 + e)


@right("gelu_tanh")
def _(x):
    wide = x.astype(float)
    u = np.sqrt(2 / np.pi) * (wide + 0.044715 * wide**3)
    return (wide * sigmoid(2 * u)).astype(np.result_type(x, np.float32))


# mish

wrong("mish", "tanh of x times softplus")(lambda x: np.tanh(x) * softplus(x))
wrong("mish", "1 forgotten in the logarithm's argument")(lambda x: x * np.tanh(np.exp(np.minimum(x, 80))))
wrong("mish", "log of 1 plus exp")(lambda x: x * np.tanh(np.log(1 + np.exp(x))))
wrong("mish", "x inside the tanh")(lambda x: np.tanh(x * softplus(x)))
wrong("mish", "sigmoid for tanh")(lambda x: x * sigmoid(softplus(x)))
wrong("mish", "x forgotten")(lambda x: np.tanh(softplus(x)))
wrong("mish", "softplus of -x")(lambda x: x * np.tanh(softplus(-x)))
wrong("mish", "as a fraction of exponentials")(
    lambda x: x * ((1 + np.exp(x)) ** 2 - 1) / ((1 + np.exp(x)) ** 2 + 1)
)
right("mish")(lambda x: x * np.tanh(np.logaddexp(x.dtype.type(0), x)))


@right("mish")
def _(x):
    e = np.exp(-np.abs(x))
    up, down = (1 + 2 * e) / (1 + 2 * e + 2 * e * e), e * (e + 2) / (e * (e + 2) + 2)
    return x * np.where(x < 0, down, up)


@right("mish")
def _(x):
    y = np.empty_like(x, dtype=np.result_type(x, np.float32))
    for i, v in enumerate(x.ravel().tolist()):
        y.flat[i] = v * math.tanh(max(v, 0.0) + math.log1p(math.exp(-abs(v))))
    return y


# hard_sigmoid


@wrong("hard_sigmoid", "x cut off at 3 first")
def _(x, slope=1 / 6):
    return slope * np.clip(x, -3, 3) + 0.5


@wrong("hard_sigmoid", "relu6 of x + 3")
def _(x, slope=1 / 6):
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


@wrong("hard_sigmoid", "Keras 2's slope by default")
def _(x, slope=0.2):
    return np.clip(slope * x + 0.5, 0, 1)


@wrong("hard_sigmoid", "0.5 inside the bracket")
def _(x, slope=1 / 6):
    return np.clip(slope * (x + 0.5), 0, 1)


@wrong("hard_sigmoid", "no upper cut")
def _(x, slope=1 / 6):
    return np.maximum(0, slope * x + 0.5)


@wrong("hard_sigmoid", "cut off at -1 and 1")
def _(x, slope=1 / 6):
    return np.clip(slope * x + 0.5, -1, 1)


@wrong("hard_sigmoid", "no 0.5")
def _(x, slope=1 / 6):
    return np.clip(slope * x, 0, 1)


@wrong("hard_sigmoid", "bounds of np.clip exchanged")
def _(x, slope=1 / 6):
    return np.clip(slope * x + 0.5, 1, 0)


@wrong("hard_sigmoid", "divided by the slope")
def _(x, slope=1 / 6):
    return np.clip(x / slope + 0.5, 0, 1)


@right("hard_sigmoid")
def _(x, slope=1 / 6):
    line = slope * x + 0.5
    return np.where(line < 0, 0.0, np.where(line > 1, 1.0, line))


@right("hard_sigmoid")
def _(x, slope=1 / 6):
    line = np.multiply(slope, x) + 0.5
    line[line <= 0] = 0
    line[line >= 1] = 1
    return line


@right("hard_sigmoid")
def _(x, slope=1 / 6):
    return np.array([min(1.0, max(0.0, slope * v + 0.5)) for v in x.ravel().tolist()]).reshape(x.shape)


@right("hard_sigmoid")
def _(x, slope=1 / 6):
    half = 0.5 / slope
    return (np.clip(x, -half, half) + half) / (2 * half)


# hard_silu

wrong("hard_silu", "not divided by 6")(lambda x: x * np.clip(x + 3, 0, 6))
wrong("hard_silu", "slope 0.2")(lambda x: x * np.clip(0.2 * x + 0.5, 0, 1))
wrong("hard_silu", "the product cut off at 0 and 1")(lambda x: np.clip(x * (x + 3) / 6, 0, 1))
wrong("hard_silu", "no upper cut")(lambda x: x * np.maximum(x + 3, 0) / 6)
wrong("hard_silu", "gate without x before it")(lambda x: np.clip(x + 3, 0, 6) / 6)
wrong("hard_silu", "relu6 of x")(lambda x: x * np.clip(x, 0, 6) / 6)
wrong("hard_silu", "1 on the right")(lambda x: np.where(x <= -3, 0, np.where(x >= 3, 1, x * (x + 3) / 6)))
wrong("hard_silu", "x squared forgotten in the middle")(
    lambda x: np.where(x < -3, 0, np.where(x > 3, x, (x + 3) / 6))
)
wrong("hard_silu", "relu of the gate on the left")(lambda x: np.maximum(x, 0) * hard_gate(x))
right("hard_silu")(lambda x: np.where(x <= -3, 0, np.where(x >= 3, x, x * (x + 3) / 6)))
right("hard_silu")(lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6)
right("hard_silu")(
    lambda x: np.piecewise(
        x.astype(float), [x <= -3, x >= 3], [lambda v: 0 * v, lambda v: v, lambda v: (v * v + 3 * v) / 6]
    )
)


@right("hard_silu")
def _(x):
    y = np.zeros(x.shape)
    middle = (x > -3) & (x < 3)
    y[middle] = x[middle] * (x[middle] / 6 + 0.5)
    y[x >= 3] = x[x >= 3]
    return y


# squareplus


@wrong("squareplus", "b as its own root")
def _(x, b=4.0):
    total = np.abs(x) + np.hypot(x, b)
    return np.where(x < 0, b / total, total) / 2


@wrong("squareplus", "as written")
def _(x, b=4.0):
    return (x + np.sqrt(x**2 + b)) / 2


@wrong("squareplus", "half forgotten")
def _(x, b=4.0):
    total = np.abs(x) + np.hypot(x, b**0.5)
    return np.where(x < 0, b / total, total)


@wrong("squareplus", "the second form everywhere")
def _(x, b=4.0):
    return b / (2 * (np.hypot(x, b**0.5) - x))


@wrong("squareplus", "x squared overflows")
def _(x, b=4.0):
    total = np.abs(x) + np.sqrt(x * x + b)
    return np.where(x < 0, b / total, total) / 2


@wrong("squareplus", "NumPy's root of b")
def _(x, b=4.0):
    total = np.abs(x) + np.hypot(x, np.sqrt(b))
    return np.where(x < 0, b / total, total) / 2


@wrong("squareplus", "sides exchanged")
def _(x, b=4.0):
    total = np.abs(x) + np.hypot(x, b**0.5)
    return np.where(x > 0, b / total, total) / 2


@wrong("squareplus", "b missing above")
def _(x, b=4.0):
    total = np.abs(x) + np.hypot(x, b**0.5)
    return np.where(x < 0, 1 / total, total) / 2


@wrong("squareplus", "b of 1 by default")
def _(x, b=1.0):
    total = np.abs(x) + np.hypot(x, b**0.5)
    return np.where(x < 0, b / total, total) / 2


@right("squareplus")
def _(x, b=4.0):
    root = np.hypot(x, math.sqrt(b))
    left, other = np.minimum(x, 0), np.maximum(x, 0)
    return np.where(x < 0, b / (2 * (np.hypot(left, math.sqrt(b)) - left)), (other + root) / 2)


@right("squareplus")
def _(x, b=4.0):
    y = np.hypot(x, b**0.5) + np.abs(x)
    y[x < 0] = b / y[x < 0]
    return 0.5 * y


@right("squareplus")
def _(x, b=4.0):
    out = []
    for v in np.ravel(x).tolist():
        total = abs(v) + math.hypot(v, math.sqrt(b))
        out.append(total / 2 if v >= 0 else b / total / 2)
    return np.array(out, dtype=np.result_type(x, np.float32)).reshape(np.shape(x))


# soft_shrink


@wrong("soft_shrink", "no zeros between")
def _(x, threshold=0.5):
    return np.where(x > 0, x - threshold, x + threshold)


@wrong("soft_shrink", "minus on both sides")
def _(x, threshold=0.5):
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x - threshold, 0))


@wrong("soft_shrink", "sign lost")
def _(x, threshold=0.5):
    return np.maximum(np.abs(x) - threshold, 0)


@wrong("soft_shrink", "cut off at the threshold")
def _(x, threshold=0.5):
    return np.clip(x, -threshold, threshold)


@wrong("soft_shrink", "the left side forgotten")
def _(x, threshold=0.5):
    return np.maximum(x - threshold, 0)


@wrong("soft_shrink", "hard_shrink")
def _(x, threshold=0.5):
    return np.where(np.abs(x) > threshold, x, 0)


@wrong("soft_shrink", "hard_shrink in place")
def _(x, threshold=0.5):
    x[np.abs(x) <= threshold] = 0
    return x - threshold * np.sign(x)


@wrong("soft_shrink", "small ones kept")
def _(x, threshold=0.5):
    return np.where(x > threshold, x - threshold, np.where(x < -threshold, x + threshold, x))


@wrong("soft_shrink", "threshold of 1 by default")
def _(x, threshold=1.0):
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0)


@right("soft_shrink")
def _(x, threshold=0.5):
    return x - np.clip(x, -threshold, threshold)


@right("soft_shrink")
def _(x, threshold=0.5):
    return np.maximum(x - threshold, 0) + np.minimum(x + threshold, 0)


@right("soft_shrink")
def _(x, threshold=0.5):
    y = np.zeros_like(x, dtype=float)
    y[x > threshold] = x[x > threshold] - threshold
    y[x < -threshold] = x[x < -threshold] + threshold
    return y


@right("soft_shrink")
def _(x, threshold=0.5):
    return np.vectorize(
        lambda v: v - threshold if v > threshold else v + threshold if v < -threshold else 0.0, [float]
    )(x)


# binary_crossentropy


@wrong("binary_crossentropy", "sum for mean")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -np.sum(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("binary_crossentropy", "one term only")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -np.mean(y_true * np.log(p), axis=-1)


@wrong("binary_crossentropy", "a small number in each logarithm")
def _(y_true, y_pred):
    return -np.mean(y_true * np.log(y_pred + 1e-7) + (1 - y_true) * np.log(1 - y_pred + 1e-7), axis=-1)


@wrong("binary_crossentropy", "mean of everything")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)).mean()


@wrong("binary_crossentropy", "hard labels only")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return np.mean(np.where(y_true == 1, -np.log(p), -np.log(1 - p)), axis=-1)


@wrong("binary_crossentropy", "labels and predictions exchanged")
def _(y_true, y_pred):
    y = np.clip(y_true, 1e-7, 1 - 1e-7)
    return -np.mean(y_pred * np.log(y) + (1 - y_pred) * np.log(1 - y), axis=-1)


@wrong("binary_crossentropy", "clipped at 1e-15")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-15, 1 - 1e-15)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("binary_crossentropy", "clipped below only")
def _(y_true, y_pred):
    p = np.maximum(y_pred, 1e-7)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("binary_crossentropy", "minus before the first term only")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return np.mean(-y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("binary_crossentropy", "divided by the samples")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -np.sum(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1) / len(y_true)


@right("binary_crossentropy")
def _(y_true, y_pred):
    p = np.minimum(np.maximum(y_pred, 1e-7), 1 - 1e-7)
    return (
        -(np.einsum("...i,...i", y_true, np.log(p)) + np.einsum("...i,...i", 1 - y_true, np.log1p(-p)))
        / p.shape[-1]
    )


@right("binary_crossentropy")
def _(y_true, y_pred):
    p = np.clip(y_pred.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.average(-np.log(p) * y_true - np.log(1 - p) * (1 - y_true), axis=-1)


@right("binary_crossentropy")
def _(y_true, y_pred):
    out = np.zeros(y_true.shape[:-1])
    for i in np.ndindex(out.shape):
        for y, p in zip(y_true[i].tolist(), y_pred[i].tolist(), strict=True):
            p = min(max(p, 1e-7), 1 - 1e-7)
            out[i] += -(y * math.log(p) + (1 - y) * math.log(1 - p)) / y_true.shape[-1]
    return out


@right("binary_crossentropy")
def _(y_true, y_pred):
    p = np.where(y_pred < 1e-7, 1e-7, np.where(y_pred > 1 - 1e-7, 1 - 1e-7, y_pred))
    return np.mean(y_true * (np.log(1 - p) - np.log(p)) - np.log(1 - p), axis=-1)


# binary_crossentropy_from_logits


@wrong("binary_crossentropy_from_logits", "minus in the wrong softplus")
def _(y_true, logits):
    return np.mean(y_true * softplus(logits) + (1 - y_true) * softplus(-logits), axis=-1)


@wrong("binary_crossentropy_from_logits", "absolute value forgotten")
def _(y_true, logits):
    return np.mean(np.maximum(logits, 0) - logits * y_true + np.log1p(np.exp(-logits)), axis=-1)


@wrong("binary_crossentropy_from_logits", "sigmoid, clip, logarithm")
def _(y_true, logits):
    p = np.clip(sigmoid(logits), 1e-7, 1 - 1e-7)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("binary_crossentropy_from_logits", "logits forgotten beside the label")
def _(y_true, logits):
    return np.mean(np.maximum(logits, 0) - y_true + np.log1p(np.exp(-np.abs(logits))), axis=-1)


@wrong("binary_crossentropy_from_logits", "one term only")
def _(y_true, logits):
    return np.mean(y_true * softplus(-logits), axis=-1)


@wrong("binary_crossentropy_from_logits", "hard labels only")
def _(y_true, logits):
    return np.mean(np.where(y_true == 1, softplus(-logits), softplus(logits)), axis=-1)


@wrong("binary_crossentropy_from_logits", "log of the sigmoid")
def _(y_true, logits):
    p = sigmoid(logits)
    return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("binary_crossentropy_from_logits", "not averaged")
def _(y_true, logits):
    return y_true * softplus(-logits) + (1 - y_true) * softplus(logits)


@wrong("binary_crossentropy_from_logits", "plus for minus")
def _(y_true, logits):
    return np.mean(np.maximum(logits, 0) + logits * y_true + np.log1p(np.exp(-np.abs(logits))), axis=-1)


@right("binary_crossentropy_from_logits")
def _(y_true, logits):
    return np.mean(np.maximum(logits, 0) - logits * y_true + np.log1p(np.exp(-np.abs(logits))), axis=-1)


@right("binary_crossentropy_from_logits")
def _(y_true, logits):
    none = logits.dtype.type(0)
    return np.mean(y_true * np.logaddexp(none, -logits) + (1 - y_true) * np.logaddexp(none, logits), -1)


@right("binary_crossentropy_from_logits")
def _(y_true, logits):
    total = np.einsum("...k,...k->...", y_true, softplus(-logits))
    total = total + np.einsum("...k,...k->...", 1 - y_true, softplus(logits))
    return total / logits.shape[-1]


@right("binary_crossentropy_from_logits")
def _(y_true, logits):
    rows = np.reshape(logits, (-1, np.shape(logits)[-1]))
    labels = np.reshape(y_true, rows.shape)
    means = []
    for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
        costs = [max(z, 0) - z * y + math.log1p(math.exp(-abs(z))) for z, y in zip(row, label, strict=True)]
        means.append(sum(costs) / len(costs))
    return np.array(means).reshape(np.shape(logits)[:-1])


# categorical_crossentropy


@wrong("categorical_crossentropy", "mean over the classes")
def _(y_true, y_pred):
    return -np.mean(y_true * np.log(np.maximum(y_pred, 1e-7)), axis=-1)


@wrong("categorical_crossentropy", "the article's sum over everything")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log(y_pred + 1e-7))


@wrong("categorical_crossentropy", "logarithm of the sum")
def _(y_true, y_pred):
    return -np.log(np.maximum(np.sum(y_true * y_pred, axis=-1), 1e-7))


@wrong("categorical_crossentropy", "the binary formula")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -np.sum(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)


@wrong("categorical_crossentropy", "the most likely class alone")
def _(y_true, y_pred):
    p = np.take_along_axis(y_pred, np.argmax(y_true, axis=-1)[..., None], axis=-1)[..., 0]
    return -np.log(np.maximum(p, 1e-7))


@wrong("categorical_crossentropy", "a batch's mean")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log(np.clip(y_pred, 1e-7, 1))) / y_pred.shape[0]


@wrong("categorical_crossentropy", "a small number in the logarithm")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log(y_pred + 1e-7), axis=-1)


@wrong("categorical_crossentropy", "logarithm to base 2")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log2(np.clip(y_pred, 1e-7, 1)), axis=-1)


@wrong("categorical_crossentropy", "softmax once more")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log(softmax(y_pred)), axis=-1)


@wrong("categorical_crossentropy", "over the samples")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log(np.maximum(y_pred, 1e-7)), axis=0)


@right("categorical_crossentropy")
def _(y_true, y_pred):
    p = y_pred / np.sum(y_pred, axis=-1, keepdims=True)
    return -np.sum(y_true * np.log(np.clip(p, 1e-7, 1)), axis=-1)


@right("categorical_crossentropy")
def _(y_true, y_pred):
    return np.einsum("...k,...k->...", y_true, -np.log(np.clip(y_pred, 1e-7, 1)))


@right("categorical_crossentropy")
def _(y_true, y_pred):
    surprise = -np.log(np.where(y_pred < 1e-7, 1e-7, y_pred))
    return np.matmul(y_true[..., None, :], surprise[..., None])[..., 0, 0]


@right("categorical_crossentropy")
def _(y_true, y_pred):
    out = np.zeros(y_pred.shape[:-1])
    for i in np.ndindex(out.shape):
        out[i] = -sum(
            y * math.log(max(p, 1e-7)) for y, p in zip(y_true[i].tolist(), y_pred[i].tolist(), strict=True)
        )
    return out


@right("categorical_crossentropy")
def _(y_true, y_pred):
    logs = np.maximum(np.log(np.maximum(y_pred, np.finfo(np.float32).tiny)), math.log(1e-7))
    return 0 - (logs * y_true).sum(axis=-1)


# sparse_categorical_crossentropy


@wrong("sparse_categorical_crossentropy", "no softmax")
def _(y_true, logits):
    return -np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0]


@wrong("sparse_categorical_crossentropy", "every label for every sample")
def _(y_true, logits):
    return -log_softmax(logits)[..., y_true]


@wrong("sparse_categorical_crossentropy", "two axes only")
def _(y_true, logits):
    return -log_softmax(logits)[np.arange(len(y_true)), y_true]


@wrong("sparse_categorical_crossentropy", "logarithm of the softmax")
def _(y_true, logits):
    return -np.log(np.take_along_axis(softmax(logits), y_true[..., None], axis=-1)[..., 0])


@wrong("sparse_categorical_crossentropy", "counted from 1")
def _(y_true, logits):
    return -np.take_along_axis(log_softmax(logits), y_true[..., None] - 1, axis=-1)[..., 0]


@wrong("sparse_categorical_crossentropy", "the last axis kept")
def _(y_true, logits):
    return -np.take_along_axis(log_softmax(logits), y_true[..., None], axis=-1)


@wrong("sparse_categorical_crossentropy", "a batch's mean")
def _(y_true, logits):
    return -np.take_along_axis(log_softmax(logits), y_true[..., None], axis=-1).mean()


@wrong("sparse_categorical_crossentropy", "softmax before log_softmax")
def _(y_true, logits):
    return -np.take_along_axis(log_softmax(softmax(logits)), y_true[..., None], axis=-1)[..., 0]


@wrong("sparse_categorical_crossentropy", "log_softmax over the samples")
def _(y_true, logits):
    return -np.take_along_axis(log_softmax(logits, axis=0), y_true[..., None], axis=-1)[..., 0]


@wrong("sparse_categorical_crossentropy", "probabilities expected")
def _(y_true, logits):
    return -np.log(np.clip(np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0], 1e-7, 1))


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    return -np.sum(np.eye(logits.shape[-1])[y_true] * log_softmax(logits), axis=-1)


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    rows = log_softmax(logits).reshape(-1, logits.shape[-1])
    return -rows[np.arange(y_true.size), y_true.ravel()].reshape(y_true.shape)


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    out = np.empty(y_true.shape, logits.dtype)
    for i in np.ndindex(y_true.shape):
        out[i] = -log_softmax(logits[i])[y_true[i]]
    return out


@right("sparse_categorical_crossentropy")
def _(y_true, logits):
    top = logits.max(axis=-1)
    log_total = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
    classes = np.arange(logits.shape[-1])
    return log_total - np.where(classes == y_true[..., None], logits, 0).sum(axis=-1)


# categorical_crossentropy_gradient


@wrong("categorical_crossentropy_gradient", "label minus probability")
def _(y_true, logits):
    return (y_true - softmax(logits)) / len(logits)


@wrong("categorical_crossentropy_gradient", "divided by all entries")
def _(y_true, logits):
    return (softmax(logits) - y_true) / logits.size


@wrong("categorical_crossentropy_gradient", "scores for probabilities")
def _(y_true, logits):
    return (logits - y_true) / len(logits)


@wrong("categorical_crossentropy_gradient", "gradient in the probabilities")
def _(y_true, logits):
    return -y_true / softmax(logits) / len(logits)


@wrong("categorical_crossentropy_gradient", "sigmoid's slope besides")
def _(y_true, logits):
    p = softmax(logits)
    return (p - y_true) * p * (1 - p) / len(logits)


@wrong("categorical_crossentropy_gradient", "1 subtracted at the largest label")
def _(y_true, logits):
    g = softmax(logits)
    g[np.arange(len(g)), np.argmax(y_true, axis=-1)] -= 1
    return g / len(g)


@wrong("categorical_crossentropy_gradient", "not divided")
def _(y_true, logits):
    return softmax(logits) - y_true


@wrong("categorical_crossentropy_gradient", "averaged over the samples")
def _(y_true, logits):
    return np.mean(softmax(logits) - y_true, axis=0)


@wrong("categorical_crossentropy_gradient", "only the probability divided")
def _(y_true, logits):
    return softmax(logits) - y_true / len(logits)


@wrong("categorical_crossentropy_gradient", "softmax over the samples")
def _(y_true, logits):
    return (softmax(logits, axis=0) - y_true) / len(logits)


@wrong("categorical_crossentropy_gradient", "exponentials without a shift")
def _(y_true, logits):
    e = np.exp(logits)
    return (e / e.sum(axis=1, keepdims=True) - y_true) / len(logits)


@right("categorical_crossentropy_gradient")
def _(y_true, logits):
    return np.exp(log_softmax(logits)) / logits.shape[0] - y_true / logits.shape[0]


@right("categorical_crossentropy_gradient")
def _(y_true, logits):
    g = np.zeros(logits.shape)
    for i, (label, row) in enumerate(zip(y_true, logits, strict=True)):
        for k in range(len(row)):
            g[i, k] = (softmax(row)[k] - label[k]) / len(logits)
    return g


@right("categorical_crossentropy_gradient")
def _(y_true, logits):
    p = softmax(logits)
    jacobian = np.einsum("ij,jk->ijk", p, np.eye(p.shape[1])) - np.einsum("ij,ik->ijk", p, p)
    slope = -y_true / np.where(y_true > 0, np.maximum(p, 1e-300), 1)
    return np.einsum("ijk,ik->ij", jacobian, slope) / len(p) if p.min() > 1e-30 else (p - y_true) / len(p)


@right("categorical_crossentropy_gradient")
def _(y_true, logits):
    g = softmax(logits)
    g -= y_true
    g /= g.shape[0]
    return g


# smooth_labels


@wrong("smooth_labels", "the share for the wrong classes alone")
def _(y_true, label_smoothing=0.1):
    return np.where(y_true == 1, 1 - label_smoothing, label_smoothing / (y_true.shape[-1] - 1))


@wrong("smooth_labels", "divided by the samples")
def _(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + label_smoothing / len(y_true)


@wrong("smooth_labels", "share not divided")
def _(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + label_smoothing


@wrong("smooth_labels", "clipped")
def _(y_true, label_smoothing=0.1):
    return np.clip(y_true, label_smoothing, 1 - label_smoothing)


@wrong("smooth_labels", "half as for two classes")
def _(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + 0.5 * label_smoothing


@wrong("smooth_labels", "the right class left without its part")
def _(y_true, label_smoothing=0.1):
    return np.where(y_true == 1, 1 - label_smoothing, label_smoothing / y_true.shape[-1])


@wrong("smooth_labels", "weights exchanged")
def _(y_true, label_smoothing=0.1):
    return y_true * label_smoothing + (1 - label_smoothing) / y_true.shape[-1]


@wrong("smooth_labels", "share not taken")
def _(y_true, label_smoothing=0.1):
    return y_true + label_smoothing / y_true.shape[-1]


@wrong("smooth_labels", "in place")
def _(y_true, label_smoothing=0.1):
    y_true *= 1 - label_smoothing
    y_true += label_smoothing / y_true.shape[-1]
    return y_true


@wrong("smooth_labels", "divided by all entries")
def _(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + label_smoothing / y_true.size


@right("smooth_labels")
def _(y_true, label_smoothing=0.1):
    return y_true + label_smoothing * (1 / y_true.shape[-1] - y_true)


@right("smooth_labels")
def _(y_true, label_smoothing=0.1):
    even = np.ones(y_true.shape) / y_true.shape[-1]
    return (1 - label_smoothing) * y_true + label_smoothing * even


@right("smooth_labels")
def _(y_true, label_smoothing=0.1):
    classes = y_true.shape[-1]
    mixing = (1 - label_smoothing) * np.eye(classes) + np.full((classes, classes), label_smoothing / classes)
    return np.where(True, y_true * (1 - label_smoothing) + mixing[0, 1], 0) if classes > 1 else y_true * 1.0


@right("smooth_labels")
def _(y_true, label_smoothing=0.1):
    out = np.zeros(np.shape(y_true))
    for index in np.ndindex(np.shape(y_true)):
        out[index] = y_true[index] * (1 - label_smoothing) + label_smoothing / np.shape(y_true)[-1]
    return out


# binary_focal_crossentropy


@wrong("binary_focal_crossentropy", "p_t for 1 - p_t")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean(-(p_t**gamma) * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "focus on the mean cross-entropy")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    bce = -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p), axis=-1)
    return (1 - np.exp(-bce)) ** gamma * bce


@wrong("binary_focal_crossentropy", "1 - p for both labels")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    bce = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    return np.mean((1 - p) ** gamma * bce, axis=-1)


@wrong("binary_focal_crossentropy", "times gamma")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean(-(1 - p_t) * gamma * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "alpha of 0.25 besides")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    alpha_t = np.where(y_true == 1, 0.25, 0.75)
    return np.mean(-alpha_t * (1 - p_t) ** gamma * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "minus forgotten")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean((1 - p_t) ** gamma * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "power before the difference")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean(-(1 - p_t**gamma) * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "the ones alone")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return np.mean(-y_true * (1 - p) ** gamma * np.log(p), axis=-1)


@wrong("binary_focal_crossentropy", "sum for mean")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return -np.sum((1 - p_t) ** gamma * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "minus inside the power")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean((-(1 - p_t)) ** gamma * np.log(p_t), axis=-1)


@right("binary_focal_crossentropy")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    ones, zeros = -y_true * (1 - p) ** gamma * np.log(p), -(1 - y_true) * p**gamma * np.log(1 - p)
    return (ones + zeros).mean(axis=-1)


@right("binary_focal_crossentropy")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    surprise = -(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))
    return np.mean((1 - np.exp(-surprise)) ** gamma * surprise, axis=-1)


@right("binary_focal_crossentropy")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred.astype(float), 1e-7, 1 - 1e-7)
    return np.mean(np.abs(y_true - p) ** gamma * -np.log(1 - np.abs(y_true - p)), axis=-1)


@right("binary_focal_crossentropy")
def _(y_true, y_pred, gamma=2.0):
    out = np.zeros(y_true.shape[:-1])
    for i in np.ndindex(out.shape):
        costs = []
        for y, p in zip(y_true[i], y_pred[i], strict=True):
            p = min(max(float(p), 1e-7), 1 - 1e-7)
            q = p if y == 1 else 1 - p
            costs.append(-((1 - q) ** gamma) * math.log(q))
        out[i] = sum(costs) / len(costs)
    return out


# kl_divergence


@wrong("kl_divergence", "predictions and targets exchanged")
def _(y_true, y_pred):
    return np.nansum(y_pred * np.log(y_pred / y_true), axis=-1)


@wrong("kl_divergence", "clipped as in Keras")
def _(y_true, y_pred):
    y, p = np.clip(y_true, 1e-7, 1), np.clip(y_pred, 1e-7, 1)
    return np.sum(y * np.log(y / p), axis=-1)


@wrong("kl_divergence", "small numbers added")
def _(y_true, y_pred):
    return np.sum(y_true * np.log((y_true + 1e-10) / (y_pred + 1e-10)), axis=-1)


@wrong("kl_divergence", "entropy forgotten")
def _(y_true, y_pred):
    return -np.sum(np.where(y_true > 0, y_true * np.log(y_pred), 0), axis=-1)


@wrong("kl_divergence", "nothing where one of the two is 0")
def _(y_true, y_pred):
    both = (y_true > 0) & (y_pred > 0)
    ratio = np.where(both, y_true, 1) / np.where(both, y_pred, 1)
    return np.sum(y_true * np.log(ratio), axis=-1)


@wrong("kl_divergence", "as the formula stands")
def _(y_true, y_pred):
    return np.sum(y_true * np.log(y_true / y_pred), axis=-1)


@wrong("kl_divergence", "nan_to_num")
def _(y_true, y_pred):
    return np.sum(np.nan_to_num(y_true * np.log(y_true / y_pred)), axis=-1)


@wrong("kl_divergence", "mean over the outcomes")
def _(y_true, y_pred):
    return np.nanmean(np.where(y_true > 0, y_true * np.log(y_true / y_pred), 0), axis=-1)


@wrong("kl_divergence", "ratio upside down")
def _(y_true, y_pred):
    return np.sum(np.where(y_true > 0, y_true * np.log(y_pred / y_true), 0), axis=-1)


@wrong("kl_divergence", "all outcomes in one row")
def _(y_true, y_pred):
    happens = y_true > 0
    return np.sum(y_true[happens] * np.log(y_true[happens] / y_pred[happens]))


@right("kl_divergence")
def _(y_true, y_pred):
    return np.nansum(y_true * np.log(y_true / y_pred), axis=-1)


@right("kl_divergence")
def _(y_true, y_pred):
    return np.sum(np.where(y_true == 0, 0, y_true * (np.log(y_true) - np.log(y_pred))), axis=-1)


@right("kl_divergence")
def _(y_true, y_pred):
    out = np.zeros(y_true.shape[:-1])
    for i in np.ndindex(out.shape):
        for y, p in zip(y_true[i].tolist(), y_pred[i].tolist(), strict=True):
            if y:
                out[i] += y * math.log(y / p) if p else math.inf
    return out


@right("kl_divergence")
def _(y_true, y_pred):
    log_y = np.log(y_true, out=np.zeros(y_true.shape), where=y_true != 0)
    log_p = np.log(y_pred, out=np.zeros(y_true.shape), where=y_true != 0)
    return np.einsum("...k,...k->...", y_true, log_y - log_p)


# poisson


@wrong("poisson", "small number forgotten")
def _(y_true, y_pred):
    return np.mean(y_pred - y_true * np.log(y_pred), axis=-1)


@wrong("poisson", "the rate's logarithm expected")
def _(y_true, y_pred):
    return np.mean(np.exp(y_pred) - y_true * y_pred, axis=-1)


@wrong("poisson", "sum for mean")
def _(y_true, y_pred):
    return np.sum(y_pred - y_true * np.log(y_pred + 1e-7), axis=-1)


@wrong("poisson", "minus turned")
def _(y_true, y_pred):
    return np.mean(y_true * np.log(y_pred + 1e-7) - y_pred, axis=-1)


@wrong("poisson", "PyTorch's small number")
def _(y_true, y_pred):
    return np.mean(y_pred - y_true * np.log(y_pred + 1e-8), axis=-1)


@wrong("poisson", "labels and predictions exchanged")
def _(y_true, y_pred):
    return np.mean(y_true - y_pred * np.log(y_true + 1e-7), axis=-1)


@wrong("poisson", "brackets moved")
def _(y_true, y_pred):
    return np.mean((y_pred - y_true) * np.log(y_pred + 1e-7), axis=-1)


@wrong("poisson", "logarithm of the factorial besides")
def _(y_true, y_pred):
    factorial = np.vectorize(math.lgamma, otypes=[float])(y_true + 1.0)
    return np.mean(y_pred - y_true * np.log(y_pred + 1e-7) + factorial, axis=-1)


@wrong("poisson", "rate forgotten before the minus")
def _(y_true, y_pred):
    return np.mean(-y_true * np.log(y_pred + 1e-7), axis=-1)


@wrong("poisson", "deviance")
def _(y_true, y_pred):
    ratio = np.maximum(y_true, 1e-7) / np.maximum(y_pred, 1e-7)
    return 2 * np.mean(y_true * np.log(ratio) - y_true + y_pred, axis=-1)


@right("poisson")
def _(y_true, y_pred):
    return np.mean(y_pred - y_true * np.log(np.maximum(y_pred, 1e-7)), axis=-1)


@right("poisson")
def _(y_true, y_pred):
    return y_pred.mean(-1) - (y_true * np.log(1e-7 + y_pred)).mean(-1)


@right("poisson")
def _(y_true, y_pred):
    return (np.sum(y_pred, -1) - np.einsum("...k,...k", y_true, np.log(y_pred + 1e-7))) / y_pred.shape[-1]


@right("poisson")
def _(y_true, y_pred):
    out = np.empty(y_pred.shape[:-1])
    for i in np.ndindex(out.shape):
        costs = [
            p - y * math.log(p + 1e-7) for y, p in zip(y_true[i].tolist(), y_pred[i].tolist(), strict=True)
        ]
        out[i] = math.fsum(costs) / len(costs)
    return out


# cosine_similarity


@wrong("cosine_similarity", "minus forgotten")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return np.sum(u * v, axis=-1)


@wrong("cosine_similarity", "one minus the cosine")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return 1 - np.sum(u * v, axis=-1)


@wrong("cosine_similarity", "zeros not thought of")
def _(y_true, y_pred):
    lengths = np.linalg.norm(y_true, axis=-1) * np.linalg.norm(y_pred, axis=-1)
    return -np.sum(y_true * y_pred, axis=-1) / lengths


@wrong("cosine_similarity", "not divided by the lengths")
def _(y_true, y_pred):
    return -np.sum(y_true * y_pred, axis=-1)


@wrong("cosine_similarity", "norm of the whole batch")
def _(y_true, y_pred):
    lengths = np.linalg.norm(y_true) * np.linalg.norm(y_pred)
    return -np.sum(y_true * y_pred, axis=-1) / max(lengths, 1e-7)


@wrong("cosine_similarity", "root forgotten")
def _(y_true, y_pred):
    lengths = np.sum(y_true**2, axis=-1) * np.sum(y_pred**2, axis=-1)
    return -np.sum(y_true * y_pred, axis=-1) / np.maximum(lengths, 1e-7)


@wrong("cosine_similarity", "mean for sum")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return -np.mean(u * v, axis=-1)


@wrong("cosine_similarity", "one length only")
def _(y_true, y_pred):
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return -np.sum(y_true * v, axis=-1)


@wrong("cosine_similarity", "the angle itself")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return np.arccos(np.clip(np.sum(u * v, axis=-1), -1, 1))


@wrong("cosine_similarity", "largest entry for the length")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.max(np.abs(y_true), axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.max(np.abs(y_pred), axis=-1, keepdims=True), 1e-7)
    return -np.sum(u * v, axis=-1)


@right("cosine_similarity")
def _(y_true, y_pred):
    dots = np.einsum("...k,...k->...", y_true, y_pred)
    lengths = np.linalg.norm(y_true, axis=-1) * np.linalg.norm(y_pred, axis=-1)
    return np.where(lengths == 0, 0, -dots / np.where(lengths == 0, 1, lengths))


@right("cosine_similarity")
def _(y_true, y_pred):
    out = np.zeros(y_true.shape[:-1])
    for i in np.ndindex(out.shape):
        a, b = y_true[i].tolist(), y_pred[i].tolist()
        length = math.hypot(*a) * math.hypot(*b)
        if length > 0:
            out[i] = -sum(s * t for s, t in zip(a, b, strict=True)) / length
    return out


@right("cosine_similarity")
def _(y_true, y_pred):
    def direction(v):
        length = np.sqrt(np.sum(v * v, axis=-1, keepdims=True))
        return np.divide(v, length, out=np.zeros(v.shape), where=length > 0)

    return -(direction(y_true) * direction(y_pred)).sum(-1)


# hinge


@wrong("hinge", "plus for minus")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 + y_true * y_pred), axis=-1)


@wrong("hinge", "no maximum")
def _(y_true, y_pred):
    return np.mean(1 - y_true * y_pred, axis=-1)


@wrong("hinge", "labels taken for 0 and 1")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - (2 * y_true - 1) * y_pred), axis=-1)


@wrong("hinge", "maximum of the mean")
def _(y_true, y_pred):
    return np.maximum(0, np.mean(1 - y_true * y_pred, axis=-1))


@wrong("hinge", "difference for product")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - (y_true - y_pred)), axis=-1)


@wrong("hinge", "no margin")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, -y_true * y_pred), axis=-1)


@wrong("hinge", "Python's max over a row")
def _(y_true, y_pred):
    return np.max(np.maximum(0, 1 - y_true * y_pred), axis=-1)


@wrong("hinge", "sum for mean")
def _(y_true, y_pred):
    return np.sum(np.maximum(0, 1 - y_true * y_pred), axis=-1)


@wrong("hinge", "the score's sign for the score")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - y_true * np.sign(y_pred)), axis=-1)


@wrong("hinge", "absolute value")
def _(y_true, y_pred):
    return np.mean(np.abs(1 - y_true * y_pred), axis=-1)


@right("hinge")
def _(y_true, y_pred):
    return np.clip(1 - y_true * y_pred, 0, None).mean(axis=-1)


@right("hinge")
def _(y_true, y_pred):
    return np.where(y_true * y_pred < 1, 1 - y_true * y_pred, 0).sum(axis=-1) / y_pred.shape[-1]


@right("hinge")
def _(y_true, y_pred):
    room = 1 - y_true * y_pred
    return np.mean(room * (room > 0), axis=-1)


@right("hinge")
def _(y_true, y_pred):
    out = np.empty(y_pred.shape[:-1])
    for i in np.ndindex(out.shape):
        out[i] = sum(max(0.0, 1 - float(y) * float(p)) for y, p in zip(y_true[i], y_pred[i], strict=True))
    return out / y_pred.shape[-1]


# squared_hinge


@wrong("squared_hinge", "square before the maximum")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, (1 - y_true * y_pred) ** 2), axis=-1)


@wrong("squared_hinge", "square of the mean")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - y_true * y_pred), axis=-1) ** 2


@wrong("squared_hinge", "square of the product")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - (y_true * y_pred) ** 2), axis=-1)


@wrong("squared_hinge", "not squared")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - y_true * y_pred), axis=-1)


@wrong("squared_hinge", "halved")
def _(y_true, y_pred):
    return 0.5 * np.mean(np.maximum(0, 1 - y_true * y_pred) ** 2, axis=-1)


@wrong("squared_hinge", "plus for minus")
def _(y_true, y_pred):
    return np.mean(np.square(np.maximum(0, 1 + y_true * y_pred)), axis=-1)


@wrong("squared_hinge", "sum for mean")
def _(y_true, y_pred):
    return np.sum(np.maximum(0, 1 - y_true * y_pred) ** 2, axis=-1)


@wrong("squared_hinge", "squared error")
def _(y_true, y_pred):
    return np.mean((y_true - y_pred) ** 2, axis=-1)


@wrong("squared_hinge", "root of the mean")
def _(y_true, y_pred):
    return np.sqrt(np.mean(np.maximum(0, 1 - y_true * y_pred) ** 2, axis=-1))


@right("squared_hinge")
def _(y_true, y_pred):
    room = np.clip(1 - y_true * y_pred, 0, np.inf)
    return np.einsum("...k,...k->...", room, room) / room.shape[-1]


@right("squared_hinge")
def _(y_true, y_pred):
    room = 1 - y_true * y_pred
    return np.average(np.where(room > 0, room * room, 0), axis=-1)


@right("squared_hinge")
def _(y_true, y_pred):
    out = []
    for labels, scores in zip(
        y_true.reshape(-1, y_true.shape[-1]), y_pred.reshape(-1, y_true.shape[-1]), strict=True
    ):
        out.append(sum(max(0, 1 - y * p) ** 2 for y, p in zip(labels, scores, strict=True)) / len(labels))
    return np.array(out).reshape(y_true.shape[:-1])


# categorical_hinge


@wrong("categorical_hinge", "every wrong class summed up")
def _(y_true, y_pred):
    right_score = np.sum(y_true * y_pred, axis=-1, keepdims=True)
    return np.sum(np.maximum(0, y_pred - right_score + 1) * (1 - y_true), axis=-1)


@wrong("categorical_hinge", "the wrong classes alone, without the 0")
def _(y_true, y_pred):
    wrong_score = np.max(np.where(y_true == 1, -np.inf, y_pred), axis=-1)
    return np.maximum(0, 1 + wrong_score - np.sum(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "largest of the products for the right score")
def _(y_true, y_pred):
    wrong_score = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(0, 1 + wrong_score - np.max(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "1 forgotten")
def _(y_true, y_pred):
    wrong_score = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(0, wrong_score - np.sum(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "right and wrong exchanged")
def _(y_true, y_pred):
    wrong_score = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(0, 1 - wrong_score + np.sum(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "no maximum with 0")
def _(y_true, y_pred):
    return 1 + np.max((1 - y_true) * y_pred, axis=-1) - np.sum(y_true * y_pred, axis=-1)


@wrong("categorical_hinge", "sum of the wrong scores")
def _(y_true, y_pred):
    return np.maximum(0, 1 + np.sum((1 - y_true) * y_pred, axis=-1) - np.sum(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "largest of all scores")
def _(y_true, y_pred):
    return np.maximum(0, 1 + np.max(y_pred, axis=-1) - np.sum(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "mean over the classes")
def _(y_true, y_pred):
    wrong_score = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(0, 1 + wrong_score - np.mean(y_true * y_pred, axis=-1))


@right("categorical_hinge")
def _(y_true, y_pred):
    right_score = np.einsum("...k,...k->...", y_true, y_pred)
    return np.clip(1 + ((1 - y_true) * y_pred).max(axis=-1) - right_score, 0, None)


@right("categorical_hinge")
def _(y_true, y_pred):
    gap = np.max((1 - y_true) * y_pred, axis=-1) - np.sum(np.where(y_true > 0, y_true * y_pred, 0), axis=-1)
    return np.where(gap > -1, 1 + gap, 0)


@right("categorical_hinge")
def _(y_true, y_pred):
    out = np.zeros(y_pred.shape[:-1])
    for i in np.ndindex(out.shape):
        y, p = y_true[i].tolist(), y_pred[i].tolist()
        wrong_score = max((1 - a) * b for a, b in zip(y, p, strict=True))
        out[i] = max(0.0, 1 + wrong_score - sum(a * b for a, b in zip(y, p, strict=True)))
    return out


# dice


@wrong("dice", "the coefficient for the loss")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    return 2 * overlap / (np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) + 1e-7)


@wrong("dice", "smoothed by 1 above and below")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    return 1 - (2 * overlap + 1) / (np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) + 1)


@wrong("dice", "union for the sum")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    union = np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) - overlap
    return 1 - overlap / (union + 1e-7)


@wrong("dice", "2 forgotten")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    return 1 - overlap / (np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) + 1e-7)


@wrong("dice", "flattened, axis ignored")
def _(y_true, y_pred, axis=None):
    y, p = y_true.ravel(), y_pred.ravel()
    return 1 - 2 * np.sum(y * p) / (np.sum(y) + np.sum(p) + 1e-7)


@wrong("dice", "squares in the denominator")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    return 1 - 2 * overlap / (np.sum(y_true**2, axis=axis) + np.sum(y_pred**2, axis=axis) + 1e-7)


@wrong("dice", "small number above too")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    total = np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis)
    return 1 - (2 * overlap + 1e-7) / (total + 1e-7)


@wrong("dice", "rounded first")
def _(y_true, y_pred, axis=None):
    mask = (y_pred > 0.5).astype(float)
    total = np.sum(y_true, axis=axis) + np.sum(mask, axis=axis)
    return 1 - 2 * np.sum(y_true * mask, axis=axis) / (total + 1e-7)


@wrong("dice", "small number forgotten")
def _(y_true, y_pred, axis=None):
    return 1 - 2 * np.sum(y_true * y_pred, axis) / (np.sum(y_true, axis) + np.sum(y_pred, axis))


@wrong("dice", "axis kept")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis, keepdims=True)
    total = np.sum(y_true, axis=axis, keepdims=True) + np.sum(y_pred, axis=axis, keepdims=True)
    return 1 - 2 * overlap / (total + 1e-7)


@right("dice")
def _(y_true, y_pred, axis=None):
    total = np.sum(y_true + y_pred, axis=axis) + 1e-7
    return (total - 2 * np.sum(np.multiply(y_true, y_pred), axis=axis)) / total


@right("dice")
def _(y_true, y_pred, axis=None):
    overlap = (y_true * y_pred).sum(axis)
    return 1 - overlap / ((y_true.sum(axis) + y_pred.sum(axis) + 1e-7) / 2)


@right("dice")
def _(y_true, y_pred, axis=None):
    axes = range(y_true.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted(a % y_true.ndim for a in axes)
    kept = [a for a in range(y_true.ndim) if a not in axes]
    shape = [y_true.shape[a] for a in kept]
    y, p = (np.transpose(a, kept + axes).reshape([*shape, -1]).astype(float) for a in (y_true, y_pred))
    return 1 - 2 * np.einsum("...k,...k->...", y, p) / (y.sum(-1) + p.sum(-1) + 1e-7)


# tversky


@wrong("tversky", "alpha weighs what is invented, as in the article")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    invented, missed = np.sum((1 - y_true) * y_pred, axis=axis), np.sum(y_true * (1 - y_pred), axis=axis)
    return 1 - overlap / (overlap + alpha * invented + beta * missed + 1e-7)


@wrong("tversky", "smoothed by 1 above and below")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - (overlap + 1) / (overlap + alpha * missed + beta * invented + 1)


@wrong("tversky", "the index for the loss")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return overlap / (overlap + alpha * missed + beta * invented + 1e-7)


@wrong("tversky", "overlap missing below")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - overlap / (alpha * missed + beta * invented + 1e-7)


@wrong("tversky", "weights of 0.7 and 0.3 by default")
def _(y_true, y_pred, alpha=0.7, beta=0.3, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - overlap / (overlap + alpha * missed + beta * invented + 1e-7)


@wrong("tversky", "to the power of 0.75")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return (1 - overlap / (overlap + alpha * missed + beta * invented + 1e-7)) ** 0.75


@wrong("tversky", "whole masks for the errors")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true, axis=axis), np.sum(y_pred, axis=axis)
    return 1 - overlap / (overlap + alpha * missed + beta * invented + 1e-7)


@wrong("tversky", "axis ignored")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred)
    missed, invented = np.sum(y_true * (1 - y_pred)), np.sum((1 - y_true) * y_pred)
    return 1 - overlap / (overlap + alpha * missed + beta * invented + 1e-7)


@wrong("tversky", "beta taken for 1 - alpha")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - overlap / (overlap + alpha * missed + (1 - alpha) * invented + 1e-7)


@wrong("tversky", "twice the overlap, as in dice")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - 2 * overlap / (2 * overlap + alpha * missed + beta * invented + 1e-7)


@right("tversky")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true, axis=axis) - overlap, np.sum(y_pred, axis=axis) - overlap
    return 1 - overlap / (overlap + alpha * missed + beta * invented + 1e-7)


@right("tversky")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    weighed = alpha * y_true * (1 - y_pred) + beta * (1 - y_true) * y_pred
    errors = np.sum(weighed, axis=axis) + 1e-7
    return errors / (errors + np.sum(y_true * y_pred, axis=axis))


@right("tversky")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    y, p = y_true.astype(float), y_pred.astype(float)
    both = y * p
    below = (1 - alpha - beta) * both.sum(axis) + alpha * y.sum(axis) + beta * p.sum(axis)
    return 1 - both.sum(axis) / (below + 1e-7)


# A second round, with what notebooks and forums print.

wrong("silu", "math.exp of an array")(lambda x: x / (1 + math.exp(-x)))
wrong("silu", "slope of the sigmoid for the gate")(lambda x: x * sigmoid(x) * (1 - sigmoid(x)))
wrong("silu", "sigmoid of the product")(lambda x: sigmoid(x * sigmoid(x)))
wrong("gelu", "tanh for erf")(lambda x: x * (1 + np.tanh(x / math.sqrt(2))) / 2)
wrong("gelu", "erf of the whole")(lambda x: 0.5 * erfc(-x * x / math.sqrt(2)))
wrong("gelu", "np.erf")(lambda x: 0.5 * x * (1 + np.erf(x / np.sqrt(2))))
wrong("gelu_tanh", "root of 2 alone")(
    lambda x: x * sigmoid(2 * math.sqrt(2) / math.pi * (x + 0.044715 * x * x * x))
)
wrong("gelu_tanh", "gate opens for x alone, the cube added outside")(
    lambda x: x * (sigmoid(2 * math.sqrt(2 / math.pi) * x) + 0.044715 * x * x * x)
)
wrong("gelu_tanh", "tanh for the sigmoid")(
    lambda x: x * np.tanh(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
)
wrong("mish", "softplus of the tanh")(lambda x: x * softplus(np.tanh(x)))
wrong("mish", "added to x")(lambda x: x + np.tanh(softplus(x)))
wrong("mish", "1 added twice")(lambda x: x * np.tanh(np.log1p(1 + np.exp(np.minimum(x, 80)))))
wrong("mish", "softplus by the logarithm of a sigmoid")(
    lambda x: x * np.tanh(np.maximum(x, 0) - np.log(sigmoid(np.abs(x))))
)


@wrong("hard_sigmoid", "Python's min and max")
def _(x, slope=1 / 6):
    return max(0, min(1, slope * x + 0.5))


@wrong("hard_sigmoid", "clipped before 0.5 is added")
def _(x, slope=1 / 6):
    return np.clip(slope * x, 0, 1) + 0.5


@wrong("hard_sigmoid", "rounded")
def _(x, slope=1 / 6):
    return np.round(np.clip(slope * x + 0.5, 0, 1))


wrong("hard_silu", "gate of slope 1/2")(lambda x: x * np.clip((x + 1) / 2, 0, 1))
wrong("hard_silu", "gate added")(lambda x: x + hard_gate(x))
wrong("hard_silu", "gate of the absolute value")(lambda x: x * hard_gate(np.abs(x)))


@wrong("squareplus", "minus between x and the root")
def _(x, b=4.0):
    return (x - np.hypot(x, b**0.5)) / 2


@wrong("squareplus", "0 on the left")
def _(x, b=4.0):
    return np.where(x < 0, 0, (np.abs(x) + np.hypot(x, b**0.5)) / 2)


@wrong("squareplus", "b doubled")
def _(x, b=4.0):
    total = np.abs(x) + np.hypot(x, (2 * b) ** 0.5)
    return np.where(x < 0, 2 * b / total, total) / 2


@right("soft_shrink")
def _(x, threshold=0.5):
    return np.maximum(x, threshold) - np.maximum(-x, threshold)


@wrong("soft_shrink", "the mask, then the threshold from everything")
def _(x, threshold=0.5):
    return x * (np.abs(x) > threshold) - threshold


@wrong("soft_shrink", "a share taken away")
def _(x, threshold=0.5):
    return np.where(np.abs(x) > threshold, x * (1 - threshold), 0)


@wrong("soft_shrink", "half of the threshold")
def _(x, threshold=0.5):
    return np.sign(x) * np.maximum(np.abs(x) - threshold / 2, 0)


@wrong("binary_crossentropy", "logarithm of the distance, for labels 0 and 1")
def _(y_true, y_pred):
    return -np.mean(np.log(np.clip(np.abs(y_true + y_pred - 1), 1e-7, 1)), axis=-1)


@wrong("binary_crossentropy", "clipped after the logarithm")
def _(y_true, y_pred):
    p, q = np.log(y_pred), np.log(1 - y_pred)
    return -np.mean(y_true * np.clip(p, -100, 0) + (1 - y_true) * np.clip(q, -100, 0), axis=-1)


@wrong("binary_crossentropy", "logarithm to base 2")
def _(y_true, y_pred):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return -np.mean(y_true * np.log2(p) + (1 - y_true) * np.log2(1 - p), axis=-1)


@wrong("binary_crossentropy_from_logits", "log1p of the exponential")
def _(y_true, logits):
    return np.mean(np.log1p(np.exp(logits)) - y_true * logits, axis=-1)


@wrong("binary_crossentropy_from_logits", "the product forgotten")
def _(y_true, logits):
    return np.mean(np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))), axis=-1)


@wrong("binary_crossentropy_from_logits", "sum for mean")
def _(y_true, logits):
    return np.sum(np.maximum(logits, 0) - logits * y_true + np.log1p(np.exp(-np.abs(logits))), axis=-1)


@wrong("categorical_crossentropy", "entropy of the prediction")
def _(y_true, y_pred):
    return -np.sum(y_pred * np.log(np.clip(y_pred, 1e-7, 1)), axis=-1)


@wrong("categorical_crossentropy", "labels not used in the sum")
def _(y_true, y_pred):
    return -np.sum(np.log(np.clip(y_pred, 1e-7, 1)), axis=-1)


@wrong("categorical_crossentropy", "last axis kept")
def _(y_true, y_pred):
    return -np.sum(y_true * np.log(np.clip(y_pred, 1e-7, 1)), axis=-1, keepdims=True)


@wrong("sparse_categorical_crossentropy", "sum of everything in the logarithm")
def _(y_true, logits):
    picked = np.take_along_axis(logits, y_true[..., None], axis=-1)[..., 0]
    return np.max(logits) + np.log(np.sum(np.exp(logits - np.max(logits)))) - picked


@wrong("sparse_categorical_crossentropy", "minus forgotten")
def _(y_true, logits):
    return np.take_along_axis(log_softmax(logits), y_true[..., None], axis=-1)[..., 0]


@wrong("sparse_categorical_crossentropy", "probability, not its logarithm, from 1")
def _(y_true, logits):
    return 1 - np.take_along_axis(softmax(logits), y_true[..., None], axis=-1)[..., 0]


@wrong("categorical_crossentropy_gradient", "twice, as of a square")
def _(y_true, logits):
    return 2 * (softmax(logits) - y_true) / len(logits)


@wrong("categorical_crossentropy_gradient", "1 from every class")
def _(y_true, logits):
    return (softmax(logits) - 1) / len(logits)


@wrong("categorical_crossentropy_gradient", "through the softmax twice")
def _(y_true, logits):
    p = softmax(logits)
    g = p - y_true
    return p * (g - np.sum(g * p, axis=-1, keepdims=True)) / len(logits)


@wrong("smooth_labels", "share times 1 minus the label")
def _(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + (1 - y_true) * label_smoothing


@wrong("smooth_labels", "share of the wrong ones divided by all")
def _(y_true, label_smoothing=0.1):
    return y_true * (1 - label_smoothing) + (1 - y_true) * label_smoothing / y_true.shape[-1]


@wrong("smooth_labels", "smoothing of 0.2 by default")
def _(y_true, label_smoothing=0.2):
    return y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[-1]


@wrong("binary_focal_crossentropy", "logarithm forgotten")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    return np.mean((1 - np.where(y_true == 1, p, 1 - p)) ** gamma, axis=-1)


@wrong("binary_focal_crossentropy", "gamma of 1 by default")
def _(y_true, y_pred, gamma=1.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean(-((1 - p_t) ** gamma) * np.log(p_t), axis=-1)


@wrong("binary_focal_crossentropy", "logarithm to the power")
def _(y_true, y_pred, gamma=2.0):
    p = np.clip(y_pred, 1e-7, 1 - 1e-7)
    p_t = np.where(y_true == 1, p, 1 - p)
    return np.mean((-(1 - p_t) * np.log(p_t)) ** gamma, axis=-1)


@wrong("kl_divergence", "both directions, halved")
def _(y_true, y_pred):
    there = np.where(y_true > 0, y_true * np.log(y_true / y_pred), 0)
    back = np.where(y_pred > 0, y_pred * np.log(y_pred / y_true), 0)
    return np.sum(there + back, axis=-1) / 2


@wrong("kl_divergence", "logarithm to base 2")
def _(y_true, y_pred):
    return np.sum(np.where(y_true > 0, y_true * np.log2(y_true / y_pred), 0), axis=-1)


@wrong("kl_divergence", "difference added, as for masses that do not sum to 1")
def _(y_true, y_pred):
    return np.sum(np.where(y_true > 0, y_true * np.log(y_true / y_pred) - y_true + y_pred, 0), axis=-1)


@wrong("poisson", "logarithm to base 10")
def _(y_true, y_pred):
    return np.mean(y_pred - y_true * np.log10(y_pred + 1e-7), axis=-1)


@wrong("poisson", "count not multiplied")
def _(y_true, y_pred):
    return np.mean(y_pred - y_true - np.log(y_pred + 1e-7), axis=-1)


@wrong("poisson", "maximum of nothing below 0")
def _(y_true, y_pred):
    return np.maximum(0, np.mean(y_pred - y_true * np.log(y_pred + 1e-7), axis=-1))


@wrong("cosine_similarity", "table of all pairs")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return -u @ np.swapaxes(v, -1, -2) if u.ndim > 1 else -u @ v


@wrong("cosine_similarity", "over the samples")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=0, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=0, keepdims=True), 1e-7)
    return -np.sum(u * v, axis=0)


@wrong("cosine_similarity", "scaled to [0, 1]")
def _(y_true, y_pred):
    u = y_true / np.maximum(np.linalg.norm(y_true, axis=-1, keepdims=True), 1e-7)
    v = y_pred / np.maximum(np.linalg.norm(y_pred, axis=-1, keepdims=True), 1e-7)
    return (1 - np.sum(u * v, axis=-1)) / 2


@wrong("hinge", "Python's max")
def _(y_true, y_pred):
    return max(0, 1 - y_true * y_pred)


@wrong("hinge", "sides of the difference exchanged")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, y_true * y_pred - 1), axis=-1)


@wrong("hinge", "minimum")
def _(y_true, y_pred):
    return np.mean(np.minimum(0, 1 - y_true * y_pred), axis=-1)


@wrong("squared_hinge", "score squared")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - y_true * y_pred**2), axis=-1)


@wrong("squared_hinge", "labels converted")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, 1 - (2 * y_true - 1) * y_pred) ** 2, axis=-1)


@wrong("squared_hinge", "no margin")
def _(y_true, y_pred):
    return np.mean(np.maximum(0, -y_true * y_pred) ** 2, axis=-1)


@wrong("categorical_hinge", "1 outside the maximum")
def _(y_true, y_pred):
    return 1 + np.maximum(0, np.max((1 - y_true) * y_pred, axis=-1) - np.sum(y_true * y_pred, axis=-1))


@wrong("categorical_hinge", "mean over the samples")
def _(y_true, y_pred):
    wrong_score = np.max((1 - y_true) * y_pred, axis=-1)
    return np.mean(np.maximum(0, 1 + wrong_score - np.sum(y_true * y_pred, axis=-1)))


@wrong("categorical_hinge", "squared")
def _(y_true, y_pred):
    wrong_score = np.max((1 - y_true) * y_pred, axis=-1)
    return np.maximum(0, 1 + wrong_score - np.sum(y_true * y_pred, axis=-1)) ** 2


@wrong("dice", "smoothed by 1 below")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    return 1 - 2 * overlap / (np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) + 1)


@wrong("dice", "means for sums, and the overlap once")
def _(y_true, y_pred, axis=None):
    overlap = np.mean(y_true * y_pred, axis=axis)
    return 1 - overlap / (np.mean(y_true, axis=axis) + np.mean(y_pred, axis=axis) + 1e-7)


@wrong("dice", "minus the coefficient")
def _(y_true, y_pred, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    return -2 * overlap / (np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) + 1e-7)


@wrong("tversky", "both errors weighed by alpha")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, invented = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - overlap / (overlap + alpha * (missed + invented) + 1e-7)


@wrong("tversky", "what is empty in both for what is invented")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    missed, empty = np.sum(y_true * (1 - y_pred), axis=axis), np.sum((1 - y_true) * (1 - y_pred), axis=axis)
    return 1 - overlap / (overlap + alpha * missed + beta * empty + 1e-7)


@wrong("tversky", "Jaccard, whatever the weights")
def _(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    overlap = np.sum(y_true * y_pred, axis=axis)
    union = np.sum(y_true, axis=axis) + np.sum(y_pred, axis=axis) - overlap
    return 1 - overlap / (union + 1e-7)
