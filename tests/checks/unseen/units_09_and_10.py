"""Unseen answers to units 09 and 10."""

import math

import numpy as np

from tests.checks.unseen.answer import right, wrong


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _softmax(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


# central_difference

wrong("central_difference", "one side only")(lambda f, x, h=1e-5: (f(x + h) - f(x)) / h)
wrong("central_difference", "divided by h")(lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / h)
wrong("central_difference", "np.gradient of the values")(
    lambda f, x, h=1e-5: np.gradient(f(x), h, axis=-1) if np.size(x) > 1 else np.zeros_like(x)
)
wrong("central_difference", "brackets of 2 h forgotten")(lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / 2 * h)
wrong("central_difference", "minus plus exchanged")(lambda f, x, h=1e-5: (f(x - h) - f(x + h)) / (2 * h))
wrong("central_difference", "own step in place of h")(lambda f, x, h=1e-5: (f(x + 1e-5) - f(x - 1e-5)) / 2e-5)
wrong("central_difference", "half a step, divided by two")(
    lambda f, x, h=1e-5: (f(x + h / 2) - f(x - h / 2)) / (2 * h)
)
wrong("central_difference", "backward difference")(lambda f, x, h=1e-5: (f(x) - f(x - h)) / h)


@wrong("central_difference", "x moved in place and left there")
def _(f, x, h=1e-5):
    x += h
    above = f(x)
    x -= 2 * h
    return (above - f(x)) / (2 * h)


wrong("central_difference", "second derivative")(lambda f, x, h=1e-5: (f(x + h) - 2 * f(x) + f(x - h)) / h**2)


@right("central_difference")
def _(f, x, h=1e-5):
    slopes = [(f(v + h) - f(v - h)) / (2 * h) for v in np.ravel(x)]
    return np.array(slopes).reshape(np.shape(x))


@right("central_difference")
def _(f, x, h=1e-5):
    ahead = (f(x + h) - f(x)) / h
    behind = (f(x) - f(x - h)) / h
    return (ahead + behind) / 2


@right("central_difference")
def _(f, x, h=1e-5):
    above, below = f(np.stack([np.add(x, h), np.subtract(x, h)]))
    return 0.5 * (above - below) / h


@right("central_difference")
def _(f, x, h=1e-5):
    result = np.empty(np.shape(x))
    for index, value in np.ndenumerate(x):
        result[index] = (f(np.array([value + h]))[0] - f(np.array([value - h]))[0]) / (h + h)
    return result


# numerical_vjp


def _moved(x, index, h):
    z = x.copy()
    z[index] += h
    return z


@wrong("numerical_vjp", "upstream gradient not used")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = np.sum(f(_moved(x, i, h)) - f(_moved(x, i, -h))) / (2 * h)
    return result


wrong("numerical_vjp", "all entries moved at once")(
    lambda f, x, g, h=1e-5: np.sum(g * (f(x + h) - f(x - h))) / (2 * h) * np.ones(x.shape)
)


@wrong("numerical_vjp", "one side only")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = np.sum(g * (f(_moved(x, i, h)) - f(x))) / h
    return result


@wrong("numerical_vjp", "entries not put back")
def _(f, x, g, h=1e-5):
    result, z = np.zeros(x.shape), x.copy()
    for i in np.ndindex(x.shape):
        z[i] += h
        above = np.sum(g * f(z))
        z[i] -= 2 * h
        result[i] = (above - np.sum(g * f(z))) / (2 * h)
    return result


@wrong("numerical_vjp", "divided by h")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = np.sum(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / h
    return result


@wrong("numerical_vjp", "upstream gradient times the gradient of the sum")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = np.sum(f(_moved(x, i, h)) - f(_moved(x, i, -h))) / (2 * h)
    return g * result


@wrong("numerical_vjp", "mean of the outputs")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = np.mean(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / (2 * h)
    return result


@wrong("numerical_vjp", "whole rows moved")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in range(len(x)):
        result[i] = np.sum(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / (2 * h)
    return result


@wrong("numerical_vjp", "x itself moved, and the rest of it rounded")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = np.sum(g * f(x))
        x[i] -= 2 * h
        result[i] = (above - np.sum(g * f(x))) / (2 * h)
    return result


@wrong("numerical_vjp", "above and below the same array")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        above = below = x.copy()
        above[i] += h
        below[i] -= h
        result[i] = np.sum(g * (f(above) - f(below))) / (2 * h)
    return result


@wrong("numerical_vjp", "only the output at the same place")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = (g * (f(_moved(x, i, h)) - f(_moved(x, i, -h))))[i] / (2 * h)
    return result


@right("numerical_vjp")
def _(f, x, g, h=1e-5):
    flat = x.ravel()
    result = []
    for i in range(flat.size):
        step = np.zeros(flat.size)
        step[i] = h
        above, below = ((flat + s).reshape(x.shape) for s in (step, -step))
        result.append(np.vdot(g, f(above) - f(below)) / (2 * h))
    return np.array(result).reshape(x.shape)


@right("numerical_vjp")
def _(f, x, g, h=1e-5):
    z, result = np.array(x, dtype=float), np.empty(np.shape(x))
    walk = np.nditer(z, flags=["multi_index"])
    for _value in walk:
        i = walk.multi_index
        kept = z[i]
        z[i] = kept + h
        above = float((g * f(z)).sum())
        z[i] = kept - h
        below = float((g * f(z)).sum())
        z[i] = kept
        result[i] = (above - below) / (2 * h)
    return result


@right("numerical_vjp")
def _(f, x, g, h=1e-5):
    steps = (h * np.eye(x.size)).reshape(x.size, *x.shape)
    jacobian = np.stack([(f(x + s) - f(x - s)) / (2 * h) for s in steps])
    return np.tensordot(jacobian, g, axes=np.ndim(g)).reshape(x.shape)


# sigmoid_vjp

wrong("sigmoid_vjp", "x taken for the sigmoid's value")(lambda x, g: g * x * (1 - x))
wrong("sigmoid_vjp", "upstream gradient not used")(
    lambda x, g: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2
)
wrong("sigmoid_vjp", "y (1 - y)")(lambda x, g: g * _sigmoid(x) * (1 - _sigmoid(x)))
wrong("sigmoid_vjp", "the value, not the slope")(lambda x, g: g * _sigmoid(x))
wrong("sigmoid_vjp", "exponentials that overflow")(lambda x, g: g * np.exp(-x) / (1 + np.exp(-x)) ** 2)
wrong("sigmoid_vjp", "the slope of tanh")(lambda x, g: g * (1 - _sigmoid(x) ** 2))
wrong("sigmoid_vjp", "y times y")(lambda x, g: g * _sigmoid(x) ** 2)
wrong("sigmoid_vjp", "square in the denominator forgotten")(
    lambda x, g: g * np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x)))
)
wrong("sigmoid_vjp", "added up")(lambda x, g: np.sum(g * np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2))
wrong("sigmoid_vjp", "added to the upstream gradient")(
    lambda x, g: g + np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2
)
wrong("sigmoid_vjp", "clipped before the exponential")(
    lambda x, g: g * _sigmoid(np.clip(x, -20, 20)) * _sigmoid(-np.clip(x, -20, 20))
)


@right("sigmoid_vjp")
def _(x, g):
    return g * (0.5 / np.cosh(x / 2)) ** 2


@right("sigmoid_vjp")
def _(x, g):
    e = np.where(x >= 0, np.exp(-np.maximum(x, 0)), np.exp(np.minimum(x, 0)))
    return np.multiply(g, e) / np.square(e + 1)


@right("sigmoid_vjp")
def _(x, g):
    return g * np.exp(-np.logaddexp(0, x) - np.logaddexp(0, -x))


@right("sigmoid_vjp")
def _(x, g):
    def one(v, w):
        e = math.exp(-abs(v))
        return w * e / (1 + e) / (1 + e)

    return np.vectorize(one, otypes=[np.result_type(x, np.float32)])(x, g)


# tanh_vjp

wrong("tanh_vjp", "x taken for the value of tanh")(lambda x, g: g * (1 - x**2))
wrong("tanh_vjp", "square forgotten")(lambda x, g: g * (1 - np.tanh(x)))
wrong("tanh_vjp", "upstream gradient not used")(lambda x, g: 1 - np.tanh(x) ** 2)
wrong("tanh_vjp", "one plus the square")(lambda x, g: g * (1 + np.tanh(x) ** 2))
wrong("tanh_vjp", "upstream gradient inside the brackets")(lambda x, g: 1 - g * np.tanh(x) ** 2)
wrong("tanh_vjp", "the sigmoid's slope")(lambda x, g: g * np.tanh(x) * (1 - np.tanh(x)))
wrong("tanh_vjp", "the value, not the slope")(lambda x, g: g * np.tanh(x))
wrong("tanh_vjp", "x and g exchanged")(lambda x, g: x * (1 - np.tanh(g) ** 2))
wrong("tanh_vjp", "the square under tanh")(lambda x, g: g * (1 - np.tanh(x**2)))
wrong("tanh_vjp", "cosh not squared")(lambda x, g: g / np.cosh(x))
wrong("tanh_vjp", "upstream gradient under tanh")(lambda x, g: 1 - np.tanh(g * x) ** 2)
right("tanh_vjp")(lambda x, g: g / np.cosh(x) ** 2)
right("tanh_vjp")(lambda x, g: g * (1 - np.tanh(x)) * (1 + np.tanh(x)))
right("tanh_vjp")(lambda x, g: g - np.einsum("...,...,...->...", g, np.tanh(x), np.tanh(x)))
right("tanh_vjp")(lambda x, g: 4 * g * np.exp(-2 * np.abs(x)) / (1 + np.exp(-2 * np.abs(x))) ** 2)

# softmax_vjp


@wrong("softmax_vjp", "the diagonal alone")
def _(x, g):
    p = _softmax(x)
    return g * p * (1 - p)


@wrong("softmax_vjp", "keepdims forgotten")
def _(x, g):
    p = _softmax(x)
    return p * (g - np.sum(p * g, axis=-1))


@wrong("softmax_vjp", "sum over all rows")
def _(x, g):
    p = _softmax(x)
    return p * (g - np.sum(p * g))


@wrong("softmax_vjp", "sum over the samples")
def _(x, g):
    p = _softmax(x)
    return p * (g - np.sum(p * g, axis=0, keepdims=True))


@wrong("softmax_vjp", "p on the first term alone")
def _(x, g):
    p = _softmax(x)
    return p * g - np.sum(p * g, axis=-1, keepdims=True)


@wrong("softmax_vjp", "sum of g, not of p g")
def _(x, g):
    return _softmax(x) * (g - np.sum(g, axis=-1, keepdims=True))


wrong("softmax_vjp", "softmax minus g")(lambda x, g: _softmax(x) - g)


@wrong("softmax_vjp", "softmax of the whole array")
def _(x, g):
    p = np.exp(x - x.max()) / np.sum(np.exp(x - x.max()))
    return p * (g - np.sum(p * g, axis=-1, keepdims=True))


@wrong("softmax_vjp", "mean for the sum")
def _(x, g):
    p = _softmax(x)
    return p * (g - np.mean(p * g, axis=-1, keepdims=True))


@wrong("softmax_vjp", "plus for minus")
def _(x, g):
    p = _softmax(x)
    return p * (g + np.sum(p * g, axis=-1, keepdims=True))


@wrong("softmax_vjp", "p at the second term squared")
def _(x, g):
    p = _softmax(x)
    return p * (g - p * np.sum(p * g, axis=-1, keepdims=True))


@wrong("softmax_vjp", "softmax of g")
def _(x, g):
    p = _softmax(g)
    return p * (x - np.sum(p * x, axis=-1, keepdims=True))


@right("softmax_vjp")
def _(x, g):
    p = _softmax(x)
    jacobian = np.einsum("...i,ij->...ij", p, np.eye(p.shape[-1])) - np.einsum("...i,...j->...ij", p, p)
    return np.einsum("...ij,...i->...j", jacobian, g)


@right("softmax_vjp")
def _(x, g):
    rows, upstream = x.reshape(-1, x.shape[-1]), g.reshape(-1, x.shape[-1])
    result = []
    for row, one in zip(rows, upstream, strict=True):
        p = _softmax(row)
        result.append((np.diag(p) - np.outer(p, p)) @ one)
    return np.array(result).reshape(x.shape)


@right("softmax_vjp")
def _(x, g):
    p = _softmax(x)
    pg = p * g
    return pg - p * pg.sum(-1)[..., None]


@right("softmax_vjp")
def _(x, g):
    p = np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))
    return p * (g - (p[..., None, :] @ g[..., :, None])[..., 0])


# categorical_crossentropy_vjp

wrong("categorical_crossentropy_vjp", "divided by the number of samples")(
    lambda y_true, logits, g: (_softmax(logits) - y_true) * g[:, None] / len(logits)
)
wrong("categorical_crossentropy_vjp", "label minus softmax")(
    lambda y_true, logits, g: (y_true - _softmax(logits)) * g[:, None]
)
wrong("categorical_crossentropy_vjp", "upstream gradient not used")(
    lambda y_true, logits, g: _softmax(logits) - y_true
)
wrong("categorical_crossentropy_vjp", "g as a row")(lambda y_true, logits, g: (_softmax(logits) - y_true) * g)
wrong("categorical_crossentropy_vjp", "g on the label alone")(
    lambda y_true, logits, g: _softmax(logits) - y_true * g[:, None]
)


@wrong("categorical_crossentropy_vjp", "in two steps")
def _(y_true, logits, g):
    p = _softmax(logits)
    up = -y_true / p
    return p * (up - np.sum(p * up, axis=-1, keepdims=True)) * g[:, None]


wrong("categorical_crossentropy_vjp", "no softmax")(lambda y_true, logits, g: (logits - y_true) * g[:, None])
wrong("categorical_crossentropy_vjp", "with respect to the probabilities")(
    lambda y_true, logits, g: -y_true / _softmax(logits) * g[:, None]
)
wrong("categorical_crossentropy_vjp", "softmax that overflows")(
    lambda y_true, logits, g: (
        (np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True) - y_true) * g[:, None]
    )
)
wrong("categorical_crossentropy_vjp", "softmax over the samples")(
    lambda y_true, logits, g: (_softmax(logits, 0) - y_true) * g[:, None]
)
wrong("categorical_crossentropy_vjp", "sigmoid for softmax")(
    lambda y_true, logits, g: (_sigmoid(logits) - y_true) * g[:, None]
)
wrong("categorical_crossentropy_vjp", "only at the label")(
    lambda y_true, logits, g: (_softmax(logits) - 1) * y_true * g[:, None]
)
right("categorical_crossentropy_vjp")(
    lambda y_true, logits, g: np.einsum("sc,s->sc", _softmax(logits) - y_true, g)
)
right("categorical_crossentropy_vjp")(lambda y_true, logits, g: (g * (_softmax(logits) - y_true).T).T)


@right("categorical_crossentropy_vjp")
def _(y_true, logits, g):
    result = _softmax(logits)
    result[np.arange(len(logits)), np.argmax(y_true, axis=1)] -= 1
    result *= g.reshape(-1, 1)
    return result


@right("categorical_crossentropy_vjp")
def _(y_true, logits, g):
    rows = []
    for label, row, weight in zip(y_true, logits, g, strict=True):
        rows.append(weight * (np.exp(row - np.logaddexp.reduce(row)) - label))
    return np.array(rows)


# huber_vjp


wrong("huber_vjp", "not divided by the outputs")(
    lambda y_true, y_pred, g, delta=1.0: np.clip(y_pred - y_true, -delta, delta) * g[:, None]
)
wrong("huber_vjp", "true minus predicted")(
    lambda y_true, y_pred, g, delta=1.0: (
        np.clip(y_true - y_pred, -delta, delta) / y_pred.shape[-1] * g[:, None]
    )
)
wrong("huber_vjp", "seam at 1")(
    lambda y_true, y_pred, g, delta=1.0: np.clip(y_pred - y_true, -1, 1) / y_pred.shape[-1] * g[:, None]
)


@wrong("huber_vjp", "sign without delta")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return np.where(np.abs(e) <= delta, e, np.sign(e)) / e.shape[-1] * g[:, None]


@wrong("huber_vjp", "delta on both pieces")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return delta * np.clip(e, -delta, delta) / e.shape[-1] * g[:, None]


wrong("huber_vjp", "divided by the samples")(
    lambda y_true, y_pred, g, delta=1.0: np.clip(y_pred - y_true, -delta, delta) / len(y_pred) * g[:, None]
)
wrong("huber_vjp", "divided by all entries")(
    lambda y_true, y_pred, g, delta=1.0: np.clip(y_pred - y_true, -delta, delta) / y_pred.size * g[:, None]
)
wrong("huber_vjp", "upstream gradient not used")(
    lambda y_true, y_pred, g, delta=1.0: np.clip(y_pred - y_true, -delta, delta) / y_pred.shape[-1]
)


@wrong("huber_vjp", "square not halved")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return np.where(np.abs(e) <= delta, 2 * e, delta * np.sign(e)) / e.shape[-1] * g[:, None]


@wrong("huber_vjp", "no sign beyond")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return np.where(np.abs(e) <= delta, e, delta) / e.shape[-1] * g[:, None]


@wrong("huber_vjp", "absolute value forgotten in the condition")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return np.where(e <= delta, e, delta * np.sign(e)) / e.shape[-1] * g[:, None]


@wrong("huber_vjp", "the loss, not its slope")
def _(y_true, y_pred, g, delta=1.0):
    e = np.abs(y_pred - y_true)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)) / e.shape[-1] * g[:, None]


@wrong("huber_vjp", "beyond the seam zero")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return np.where(np.abs(e) <= delta, e, 0.0) / e.shape[-1] * g[:, None]


@right("huber_vjp")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return (e / np.maximum(np.abs(e) / delta, 1)) * (g / y_pred.shape[1]).reshape(-1, 1)


@right("huber_vjp")
def _(y_true, y_pred, g, delta=1.0):
    result = np.zeros(y_pred.shape)
    samples, outputs = y_pred.shape
    for s in range(samples):
        for o in range(outputs):
            e = y_pred[s, o] - y_true[s, o]
            if e > delta:
                slope = delta
            elif e < -delta:
                slope = -delta
            else:
                slope = e
            result[s, o] = g[s] * slope / outputs
    return result


@right("huber_vjp")
def _(y_true, y_pred, g, delta=1.0):
    e = y_true - y_pred
    small = np.abs(e) < delta
    slope = small * -e - (~small) * delta * np.sign(e)
    return np.einsum("so,s->so", slope, g) / e.shape[1]


@right("huber_vjp")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    slopes = np.piecewise(
        e, [e < -delta, e > delta], [lambda v: np.full_like(v, -delta), lambda v: 0 * v + delta, lambda v: v]
    )
    return np.outer(g, np.full(e.shape[1], 1 / e.shape[1])) * slopes


# gradient_error


def _measured(f, x, g, h=1e-5):
    result = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        result[i] = np.sum(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / (2 * h)
    return result


wrong("gradient_error", "absolute")(
    lambda f, f_vjp, x, g, h=1e-5: np.max(np.abs(f_vjp(x, g) - _measured(f, x, g, h)))
)


@wrong("gradient_error", "mean for the largest")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.mean(np.abs(f_vjp(x, g) - n) / np.maximum(1, np.abs(n)))


@wrong("gradient_error", "relative to the formula's entry")
def _(f, f_vjp, x, g, h=1e-5):
    a = f_vjp(x, g)
    return np.max(np.abs(a - _measured(f, x, g, h)) / np.maximum(1, np.abs(a)))


@wrong("gradient_error", "relative everywhere")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - n) / np.abs(n))


@wrong("gradient_error", "no absolute value above")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max((f_vjp(x, g) - n) / np.maximum(1, np.abs(n)))


@wrong("gradient_error", "ones for g in the measurement")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, np.ones_like(g), h)
    return np.max(np.abs(f_vjp(x, g) - n) / np.maximum(1, np.abs(n)))


@wrong("gradient_error", "largest difference over the largest entry")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - n)) / max(1, np.max(np.abs(n)))


@wrong("gradient_error", "one error for each entry")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.abs(f_vjp(x, g) - n) / np.maximum(1, np.abs(n))


@wrong("gradient_error", "a lecture's relative error")
def _(f, f_vjp, x, g, h=1e-5):
    a, n = f_vjp(x, g), _measured(f, x, g, h)
    return np.max(np.abs(a - n) / np.maximum(1e-8, np.abs(a) + np.abs(n)))


@wrong("gradient_error", "minimum for maximum")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - n) / np.minimum(1, np.abs(n)))


@wrong("gradient_error", "norms")
def _(f, f_vjp, x, g, h=1e-5):
    a, n = f_vjp(x, g), _measured(f, x, g, h)
    return np.linalg.norm(a - n) / (np.linalg.norm(a) + np.linalg.norm(n))


@wrong("gradient_error", "no absolute value below")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - n) / np.maximum(1, n))


@wrong("gradient_error", "one added below")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max(np.abs(f_vjp(x, g) - n) / (1 + np.abs(n)))


@right("gradient_error")
def _(f, f_vjp, x, g, h=1e-5):
    worst = 0.0
    for a, n in zip(np.ravel(f_vjp(x, g)), np.ravel(_measured(f, x, g, h)), strict=True):
        worst = max(worst, abs(float(a) - float(n)) / max(1.0, abs(float(n))))
    return worst


@right("gradient_error")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    size = np.where(np.abs(n) > 1, np.abs(n), 1)
    return np.linalg.norm(((f_vjp(x, g) - n) / size).ravel(), np.inf)


@right("gradient_error")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h=h)
    gap = np.abs(n - f_vjp(x, g))
    return np.minimum(gap, gap / np.maximum(np.abs(n), 1e-300)).max()


# neuron_gradients


def _neuron(x, w, b):
    return np.tanh(w @ x + b)


@wrong("neuron_gradients", "factor 2 forgotten")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = (y - target) * (1 - y**2)
    return d * x, d


@wrong("neuron_gradients", "slope of tanh forgotten")
def _(x, w, b, target):
    d = 2 * (_neuron(x, w, b) - target)
    return d * x, d


@wrong("neuron_gradients", "slope at z in place of y")
def _(x, w, b, target):
    z = w @ x + b
    d = 2 * (np.tanh(z) - target) * (1 - z**2)
    return d * x, d


@wrong("neuron_gradients", "sigmoid's slope")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * y * (1 - y)
    return d * x, d


@wrong("neuron_gradients", "target minus y")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (target - y) * (1 - y**2)
    return d * x, d


@wrong("neuron_gradients", "bias gets the error alone")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    return 2 * (y - target) * (1 - y**2) * x, 2 * (y - target)


@wrong("neuron_gradients", "b first")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * (1 - y**2)
    return d, d * x


@wrong("neuron_gradients", "w in place of x")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * (1 - y**2)
    return d * w, d


@wrong("neuron_gradients", "loss in place of its slope")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = (y - target) ** 2 * (1 - y**2)
    return d * x, d


@wrong("neuron_gradients", "bias left out of z")
def _(x, w, b, target):
    y = np.tanh(w @ x)
    d = 2 * (y - target) * (1 - y**2)
    return d * x, d


@wrong("neuron_gradients", "bias gradient is 1")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    return 2 * (y - target) * (1 - y**2) * x, 1.0


@wrong("neuron_gradients", "bias gradient times b")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * (1 - y**2)
    return d * x, d * b


@wrong("neuron_gradients", "weights gradient added up")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * (1 - y**2)
    return np.dot(d, x).sum(), d


@right("neuron_gradients")
def _(x, w, b, target):
    z = b
    for one, weight in zip(x, w, strict=True):
        z = z + one * weight
    y = math.tanh(z)
    back = 2 * (y - target) / math.cosh(z) ** 2
    return [np.array([back * one for one in x]), back]


@right("neuron_gradients")
def _(x, w, b, target):
    y = np.tanh(np.einsum("i,i->", x, w) + b)
    both = 2 * (y - target) * (1 + y) * (1 - y) * np.append(x, 1)
    return both[:-1], both[-1]


@right("neuron_gradients")
def _(x, w, b, target):
    z = np.sum(np.multiply(x, w)) + b
    dloss, dtanh = -2 * (target - np.tanh(z)), 1 - np.square(np.tanh(z))
    return tuple(dloss * dtanh * part for part in (x, 1))


# dense


class _Dense:
    """The given part of the exercise."""

    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.x = x
        return x @ self.kernel + self.bias

    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=0)
        return g @ self.kernel.T


@wrong("dense", "the gradient of the bias is g")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g
        return g @ self.kernel.T


@wrong("dense", "means over the batch")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = self.x.T @ g / len(g)
        self.bias_gradient = g.mean(axis=0)
        return g @ self.kernel.T


@wrong("dense", "kernel not transposed on the way back")
class _(_Dense):
    def backward(self, g):
        super().backward(g)
        return g @ self.kernel


@wrong("dense", "gradients pile up")
class _(_Dense):
    def __init__(self, kernel, bias):
        super().__init__(kernel, bias)
        self.kernel_gradient, self.bias_gradient = np.zeros_like(kernel), np.zeros_like(bias)

    def backward(self, g):
        self.kernel_gradient = self.kernel_gradient + self.x.T @ g
        self.bias_gradient = self.bias_gradient + g.sum(axis=0)
        return g @ self.kernel.T


@wrong("dense", "kernel gradient transposed")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = g.T @ self.x
        self.bias_gradient = g.sum(axis=0)
        return g @ self.kernel.T


@wrong("dense", "a step taken on the way back")
class _(_Dense):
    def backward(self, g):
        back = super().backward(g)
        self.kernel = self.kernel - 0.01 * self.kernel_gradient
        self.bias = self.bias - 0.01 * self.bias_gradient
        return back


@wrong("dense", "bias gradient as a row of a matrix")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=0, keepdims=True)
        return g @ self.kernel.T


@wrong("dense", "remembers the first batch for ever")
class _(_Dense):
    def forward(self, x):
        if not hasattr(self, "x"):
            self.x = x
        return x @ self.kernel + self.bias


@wrong("dense", "bias left out")
class _(_Dense):
    def forward(self, x):
        self.x = x
        return x @ self.kernel


@wrong("dense", "bias gradient over the units")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=1)
        return g @ self.kernel.T


@wrong("dense", "nothing handed back")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = g.sum(axis=0)


@wrong("dense", "first sample alone")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = np.outer(self.x[0], g[0])
        self.bias_gradient = g[0]
        return g @ self.kernel.T


@wrong("dense", "weights' gradients named as in articles")
class _(_Dense):
    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.kernel.T


@wrong("dense", "bias gradient one number")
class _(_Dense):
    def backward(self, g):
        self.kernel_gradient = self.x.T @ g
        self.bias_gradient = np.sum(g)
        return g @ self.kernel.T


@wrong("dense", "gradients handed back with that of the input")
class _(_Dense):
    def backward(self, g):
        back = super().backward(g)
        return back, self.kernel_gradient, self.bias_gradient


@right("dense")
class _:
    def __init__(self, kernel, bias):
        self.kernel = kernel
        self.bias = bias
        self.cache = None
        self.kernel_gradient = np.zeros(np.shape(kernel))
        self.bias_gradient = np.zeros(np.shape(bias))

    def forward(self, x):
        self.cache = (np.array(x),)
        return np.einsum("si,iu->su", x, self.kernel) + self.bias[None, :]

    def backward(self, g):
        (x,) = self.cache
        self.kernel_gradient[...] = np.einsum("si,su->iu", x, g)
        self.bias_gradient[...] = np.ones(len(g)) @ g
        return np.einsum("su,iu->si", g, self.kernel)


@right("dense")
class _:
    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.rows = [row for row in x]
        return np.stack([np.dot(row, self.kernel) + self.bias for row in x])

    def backward(self, g):
        self.kernel_gradient = sum(np.outer(row, one) for row, one in zip(self.rows, g, strict=True))
        self.bias_gradient = sum(one for one in g)
        return np.stack([np.dot(self.kernel, one) for one in g])


@right("dense")
class _:
    __slots__ = ("bias", "bias_gradient", "kernel", "kernel_gradient", "seen")

    def __init__(self, kernel, bias):
        self.kernel, self.bias = kernel, bias

    def forward(self, x):
        self.seen = np.hstack([x, np.ones((x.shape[0], 1))])
        return np.matmul(self.seen, np.vstack([self.kernel, self.bias]))

    def backward(self, g):
        both = np.matmul(self.seen.transpose(), g)
        self.kernel_gradient, self.bias_gradient = both[:-1], both[-1]
        return np.transpose(np.matmul(self.kernel, np.transpose(g)))


# relu_layer


class _Relu:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g):
        return g * (self.x > 0)


@wrong("relu_layer", "brackets of the comparison forgotten")
class _(_Relu):
    def backward(self, g):
        return (g * self.x > 0).astype(float)


@wrong("relu_layer", "positive g pass")
class _(_Relu):
    def backward(self, g):
        return np.maximum(g, 0)


@wrong("relu_layer", "slope 1 at 0")
class _(_Relu):
    def backward(self, g):
        return g * (self.x >= 0)


@wrong("relu_layer", "x cut in place")
class _(_Relu):
    def forward(self, x):
        x[x < 0] = 0
        self.x = x
        return x


@wrong("relu_layer", "g not used")
class _(_Relu):
    def backward(self, g):
        return (self.x > 0).astype(float)


@wrong("relu_layer", "leaks")
class _(_Relu):
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0.01 * x)

    def backward(self, g):
        return np.where(self.x > 0, g, 0.01 * g)


@wrong("relu_layer", "remembers the first batch for ever")
class _(_Relu):
    def forward(self, x):
        if not hasattr(self, "x"):
            self.x = x
        return np.maximum(x, 0)


@wrong("relu_layer", "multiplied by the value")
class _(_Relu):
    def backward(self, g):
        return g * np.maximum(self.x, 0)


@wrong("relu_layer", "absolute value")
class _(_Relu):
    def forward(self, x):
        self.x = x
        return np.abs(x)

    def backward(self, g):
        return g * np.sign(self.x)


@wrong("relu_layer", "mask goes forward")
class _(_Relu):
    def forward(self, x):
        self.x = x
        return (x > 0).astype(float)


@wrong("relu_layer", "half at 0")
class _(_Relu):
    def backward(self, g):
        return g * np.heaviside(self.x, 0.5)


@wrong("relu_layer", "everything passes on the way back")
class _(_Relu):
    def backward(self, g):
        return g


@wrong("relu_layer", "the wrong half")
class _(_Relu):
    def backward(self, g):
        return np.where(self.x > 0, 0.0, g)


@right("relu_layer")
class _:
    def forward(self, x):
        self.out = np.clip(x, 0, None)
        return self.out

    def backward(self, g):
        result = np.array(g)
        result[self.out <= 0] = 0
        return result


@right("relu_layer")
class _:
    def forward(self, x):
        self.slope = np.heaviside(x, 0.0)
        return self.slope * x

    def backward(self, g):
        return np.multiply(self.slope, g)


@right("relu_layer")
class _:
    def __init__(self):
        self.mask = None

    def forward(self, inputs):
        self.mask = inputs <= 0
        outputs = inputs.copy()
        outputs[self.mask] = 0
        return outputs

    def backward(self, upstream):
        return np.where(self.mask, np.zeros_like(upstream), upstream)


@right("relu_layer")
class _:
    def __call__(self, x):
        return (np.abs(x) + x) / 2

    def forward(self, x):
        self.sign = np.sign(x)
        return self(x)

    def backward(self, g):
        return g * np.maximum(self.sign, 0)


# network_gradients


def _network(x, y_true, k1, b1, k2, b2, *, top=None, back=None, hidden=None):
    """The four gradients; a part may be exchanged."""
    z = x @ k1 + b1
    h = np.maximum(z, 0) if hidden is None else hidden(z)
    logits = h @ k2 + b2
    d2 = (_softmax(logits) - y_true) / len(x) if top is None else top(logits, y_true)
    d1 = (d2 @ k2.T) * (z > 0) if back is None else back(d2 @ k2.T, z)
    return x.T @ d1, d1.sum(axis=0), h.T @ d2, d2.sum(axis=0)


wrong("network_gradients", "sum of the losses")(lambda *a: _network(*a, top=lambda u, y: _softmax(u) - y))
wrong("network_gradients", "label minus softmax")(
    lambda *a: _network(*a, top=lambda u, y: (y - _softmax(u)) / len(y))
)
wrong("network_gradients", "relu forgotten on the way back")(lambda *a: _network(*a, back=lambda g, z: g))
wrong("network_gradients", "relu of the gradient")(
    lambda *a: _network(*a, back=lambda g, z: np.maximum(g, 0))
)


@wrong("network_gradients", "last layer first")
def _(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    a, b, c, d = _network(x, y_true, kernel_1, bias_1, kernel_2, bias_2)
    return c, d, a, b


wrong("network_gradients", "softmax forgotten")(lambda *a: _network(*a, top=lambda u, y: (u - y) / len(y)))
wrong("network_gradients", "divided by all entries")(
    lambda *a: _network(*a, top=lambda u, y: (_softmax(u) - y) / y.size)
)
wrong("network_gradients", "gradient of the squared error")(
    lambda *a: _network(*a, top=lambda u, y: 2 * (_softmax(u) - y) / len(y))
)


@wrong("network_gradients", "relu on the logits too")
def _(x, y_true, k1, b1, k2, b2):
    return _network(
        x,
        y_true,
        k1,
        b1,
        k2,
        b2,
        top=lambda u, y: (_softmax(np.maximum(u, 0)) - y) / len(y) * (u > 0),
    )


wrong("network_gradients", "softmax over the samples")(
    lambda *a: _network(*a, top=lambda u, y: (_softmax(u, 0) - y) / len(y))
)
wrong("network_gradients", "no relu at all")(lambda *a: _network(*a, hidden=lambda z: z, back=lambda g, z: g))


@wrong("network_gradients", "bias gradients as means")
def _(x, y_true, k1, b1, k2, b2):
    a, b, c, d = _network(x, y_true, k1, b1, k2, b2)
    return a, b / len(x), c, d / len(x)


@wrong("network_gradients", "divided once more in each layer")
def _(x, y_true, k1, b1, k2, b2):
    return tuple(g / len(x) for g in _network(x, y_true, k1, b1, k2, b2))


@wrong("network_gradients", "sigmoid in the hidden layer")
def _(*a):
    return _network(*a, hidden=_sigmoid, back=lambda g, z: g * _sigmoid(z) * (1 - _sigmoid(z)))


@wrong("network_gradients", "kernels alone")
def _(*a):
    return _network(*a)[::2]


@wrong("network_gradients", "softmax's slope once more")
def _(*a):
    def top(u, y):
        p = _softmax(u)
        g = (p - y) / len(y)
        return p * (g - np.sum(p * g, axis=-1, keepdims=True))

    return _network(*a, top=top)


@right("network_gradients")
def _(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    total = [np.zeros(np.shape(a)) for a in (kernel_1, bias_1, kernel_2, bias_2)]
    for row, label in zip(x, y_true, strict=True):
        z = row @ kernel_1 + bias_1
        h = np.where(z > 0, z, 0)
        top = _softmax(h @ kernel_2 + bias_2) - label
        down = (kernel_2 @ top) * (z > 0)
        for sum_, part in zip(total, (np.outer(row, down), down, np.outer(h, top), top), strict=True):
            sum_ += part
    return [sum_ / len(x) for sum_ in total]


@right("network_gradients")
def _(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    z = np.einsum("si,ih->sh", x, kernel_1) + bias_1
    h = z.clip(min=0)
    u = np.einsum("sh,hc->sc", h, kernel_2) + bias_2
    p = np.exp(u - np.logaddexp.reduce(u, axis=1)[:, None])
    d = (p - y_true) * (1 / x.shape[0])
    e = np.einsum("sc,hc,sh->sh", d, kernel_2, np.sign(h))
    return (
        np.einsum("si,sh->ih", x, e),
        np.einsum("sh->h", e),
        np.einsum("sh,sc->hc", h, d),
        np.einsum("sc->c", d),
    )


@right("network_gradients")
def _(x, y_true, kernel_1, bias_1, kernel_2, bias_2):
    layer_1, relu, layer_2 = _Dense(kernel_1, bias_1), _Relu(), _Dense(kernel_2, bias_2)
    out = x
    for layer in (layer_1, relu, layer_2):
        out = layer.forward(out)
    out = _softmax(out)
    out[np.arange(len(x)), y_true.argmax(1)] -= 1
    for layer in (layer_2, relu, layer_1):
        out = layer.backward(out)
    return tuple(
        g / len(x) for layer in (layer_1, layer_2) for g in (layer.kernel_gradient, layer.bias_gradient)
    )


# mean_squared_error_gradient

wrong("mean_squared_error_gradient", "divided by the samples")(
    lambda y_true, y_pred: 2 * (y_pred - y_true) / len(y_pred)
)
wrong("mean_squared_error_gradient", "factor 2 forgotten")(
    lambda y_true, y_pred: (y_pred - y_true) / y_pred.size
)
wrong("mean_squared_error_gradient", "true minus predicted")(
    lambda y_true, y_pred: 2 * (y_true - y_pred) / y_pred.size
)
wrong("mean_squared_error_gradient", "not divided")(lambda y_true, y_pred: 2 * (y_pred - y_true))
wrong("mean_squared_error_gradient", "divided by the outputs")(
    lambda y_true, y_pred: 2 * (y_pred - y_true) / y_pred.shape[-1]
)
wrong("mean_squared_error_gradient", "mean of the slopes")(
    lambda y_true, y_pred: np.mean(2 * (y_pred - y_true))
)
wrong("mean_squared_error_gradient", "absolute errors")(
    lambda y_true, y_pred: 2 * np.abs(y_pred - y_true) / y_pred.size
)
wrong("mean_squared_error_gradient", "mean over the outputs of each sample")(
    lambda y_true, y_pred: 2 * np.mean(y_pred - y_true, axis=-1)
)
wrong("mean_squared_error_gradient", "minus and 2 of the definition with y_true first")(
    lambda y_true, y_pred: -2 * (y_pred - y_true) / y_pred.size
)
wrong("mean_squared_error_gradient", "squares left in place")(
    lambda y_true, y_pred: (y_pred - y_true) ** 2 / y_pred.size
)
wrong("mean_squared_error_gradient", "error alone")(lambda y_true, y_pred: y_pred - y_true)
wrong("mean_squared_error_gradient", "brackets forgotten")(
    lambda y_true, y_pred: 2 * y_pred - y_true / y_pred.size
)
right("mean_squared_error_gradient")(
    lambda y_true, y_pred: np.subtract(y_pred, y_true) / np.prod(y_pred.shape) * 2
)
right("mean_squared_error_gradient")(
    lambda y_true, y_pred: -2.0 / (y_true.shape[0] * y_true.shape[1]) * (y_true - y_pred)
)


@right("mean_squared_error_gradient")
def _(y_true, y_pred):
    samples, outputs = y_pred.shape
    return np.array(
        [
            [2 * (y_pred[s, o] - y_true[s, o]) / (samples * outputs) for o in range(outputs)]
            for s in range(samples)
        ]
    )


@right("mean_squared_error_gradient")
def _(y_true, y_pred):
    return np.mean(2 * (y_pred - y_true), keepdims=True) * 0 + (y_pred - y_true) / (y_pred.size / 2)


# Written after the first improvement: what it is worth for answers that it has not seen

wrong("central_difference", "f of the difference")(lambda f, x, h=1e-5: f((x + h) - (x - h)) / (2 * h))
wrong("central_difference", "np.diff of two rows")(
    lambda f, x, h=1e-5: np.diff(f(np.stack([x - h, x + h])), axis=0) / (2 * h)
)
wrong("central_difference", "divided by 2 x")(lambda f, x, h=1e-5: (f(x + h) - f(x - h)) / (2 * x))
wrong("central_difference", "rounded to four decimals")(
    lambda f, x, h=1e-5: np.round((f(x + h) - f(x - h)) / (2 * h), 4)
)


@wrong("numerical_vjp", "integers for the slopes")
def _(f, x, g, h=1e-5):
    result = np.zeros(x.shape, dtype=int)
    for i in np.ndindex(x.shape):
        result[i] = np.sum(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / (2 * h)
    return result


@wrong("numerical_vjp", "a list in one row")
def _(f, x, g, h=1e-5):
    return np.array(
        [np.sum(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / (2 * h) for i in np.ndindex(x.shape)]
    )


@wrong("numerical_vjp", "added up over all entries")
def _(f, x, g, h=1e-5):
    return sum(np.sum(g * (f(_moved(x, i, h)) - f(_moved(x, i, -h)))) / (2 * h) for i in np.ndindex(x.shape))


wrong("sigmoid_vjp", "exponentials that overflow on the right")(
    lambda x, g: g * np.exp(x) / (1 + np.exp(x)) ** 2
)
wrong("sigmoid_vjp", "the value held off 0 and 1")(
    lambda x, g: g * np.clip(_sigmoid(x), 1e-7, 1 - 1e-7) * (1 - np.clip(_sigmoid(x), 1e-7, 1 - 1e-7))
)
wrong("sigmoid_vjp", "both exponentials below")(lambda x, g: g / (2 + np.exp(x) + np.exp(-x)))
wrong("sigmoid_vjp", "divided by g")(lambda x, g: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2 / g)

wrong("tanh_vjp", "brackets squared")(lambda x, g: g * (1 - np.tanh(x)) ** 2)
wrong("tanh_vjp", "twice the value")(lambda x, g: g * 2 * np.tanh(x))
wrong("tanh_vjp", "square of the slope")(lambda x, g: g * (1 - np.tanh(x) ** 2) ** 2)
wrong("tanh_vjp", "slope at g x")(lambda x, g: g * (1 - np.tanh(g * x) ** 2))


@wrong("softmax_vjp", "Jacobian of one row")
def _(x, g):
    p = _softmax(x)
    return (np.diag(p) - np.outer(p, p)) @ g


@wrong("softmax_vjp", "np.dot for the sum")
def _(x, g):
    p = _softmax(x)
    return p * (g - np.dot(p, g))


@wrong("softmax_vjp", "sum of g times the diagonal")
def _(x, g):
    p = _softmax(x)
    return p * (1 - p) * np.sum(g, axis=-1, keepdims=True)


@wrong("softmax_vjp", "softmax times g alone, sigmoid's slope")
def _(x, g):
    p = _softmax(x)
    return p * g * (1 - p * g)


@wrong("categorical_crossentropy_vjp", "most likely class for softmax")
def _(y_true, logits, g):
    return (np.eye(logits.shape[1])[logits.argmax(axis=1)] - y_true) * g[:, None]


wrong("categorical_crossentropy_vjp", "divided by g")(
    lambda y_true, logits, g: (_softmax(logits) - y_true) / g[:, None]
)
wrong("categorical_crossentropy_vjp", "the loss")(
    lambda y_true, logits, g: -y_true * np.log(_softmax(logits)) * g[:, None]
)
wrong("categorical_crossentropy_vjp", "mean over the samples")(
    lambda y_true, logits, g: ((_softmax(logits) - y_true) * g[:, None]).mean(axis=0)
)
wrong("categorical_crossentropy_vjp", "divided by the classes")(
    lambda y_true, logits, g: (_softmax(logits) - y_true) * g[:, None] / logits.shape[1]
)

wrong("huber_vjp", "held from above alone")(
    lambda y_true, y_pred, g, delta=1.0: np.minimum(y_pred - y_true, delta) / y_pred.shape[-1] * g[:, None]
)
wrong("huber_vjp", "pseudo-huber")(
    lambda y_true, y_pred, g, delta=1.0: (
        (y_pred - y_true) / np.sqrt(1 + ((y_pred - y_true) / delta) ** 2) / y_pred.shape[-1] * g[:, None]
    )
)
wrong("huber_vjp", "condition turned")(
    lambda y_true, y_pred, g, delta=1.0: (
        np.where(np.abs(y_pred - y_true) > delta, y_pred - y_true, delta * np.sign(y_pred - y_true))
        / y_pred.shape[-1]
        * g[:, None]
    )
)
wrong("huber_vjp", "g as a row")(
    lambda y_true, y_pred, g, delta=1.0: np.clip(y_pred - y_true, -delta, delta) / y_pred.shape[-1] * g
)


@wrong("gradient_error", "smallest for the largest")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.min(np.abs(f_vjp(x, g) - n) / np.maximum(1, np.abs(n)))


@wrong("gradient_error", "yes or no")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return bool(np.max(np.abs(f_vjp(x, g) - n) / np.maximum(1, np.abs(n))) < 1e-6)


@wrong("gradient_error", "added up")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.sum(np.abs(f_vjp(x, g) - n) / np.maximum(1, np.abs(n)))


@wrong("gradient_error", "squares")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    return np.max((f_vjp(x, g) - n) ** 2 / np.maximum(1, np.abs(n)))


@wrong("neuron_gradients", "square around the wrong thing")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * (1 - y) ** 2
    return d * x, d


@wrong("neuron_gradients", "slope of tanh alone")
def _(x, w, b, target):
    d = 1 - _neuron(x, w, b) ** 2
    return d * x, d


@wrong("neuron_gradients", "slope from tanh of y")
def _(x, w, b, target):
    y = _neuron(x, w, b)
    d = 2 * (y - target) * (1 - np.tanh(y) ** 2)
    return d * x, d


@wrong("neuron_gradients", "no tanh on the way forward")
def _(x, w, b, target):
    y = w @ x + b
    d = 2 * (y - target)
    return d * x, d


@wrong("dense", "output remembered for the input")
class _(_Dense):
    def forward(self, x):
        self.x = x @ self.kernel + self.bias
        return self.x


@wrong("dense", "way back as columns")
class _(_Dense):
    def backward(self, g):
        super().backward(g)
        return self.kernel @ g.T


@wrong("dense", "bias gradient of ones")
class _(_Dense):
    def backward(self, g):
        back = super().backward(g)
        self.bias_gradient = np.ones_like(self.bias)
        return back


@wrong("dense", "bias added on the way back")
class _(_Dense):
    def backward(self, g):
        super().backward(g)
        return (g + self.bias) @ self.kernel.T


@wrong("relu_layer", "mask of the output, from 0 on")
class _(_Relu):
    def forward(self, x):
        self.out = np.maximum(x, 0)
        return self.out

    def backward(self, g):
        return g * (self.out >= 0)


@wrong("relu_layer", "sign of x")
class _(_Relu):
    def backward(self, g):
        return g * np.sign(self.x)


@wrong("relu_layer", "maximum of g and the value")
class _(_Relu):
    def backward(self, g):
        return np.maximum(g, self.x)


@wrong("relu_layer", "from 1 on")
class _(_Relu):
    def backward(self, g):
        return g * (self.x > 1)


@wrong("network_gradients", "first bias forgotten")
def _(x, y_true, k1, b1, k2, b2):
    return _network(x, y_true, k1, 0 * b1, k2, b2)


@wrong("network_gradients", "weights after a step")
def _(x, y_true, k1, b1, k2, b2):
    found = _network(x, y_true, k1, b1, k2, b2)
    return tuple(w - 0.1 * g for w, g in zip((k1, b1, k2, b2), found, strict=True))


wrong("network_gradients", "tanh for relu")(
    lambda *a: _network(*a, hidden=np.tanh, back=lambda g, z: g * (1 - np.tanh(z) ** 2))
)
wrong("network_gradients", "g of the probabilities")(
    lambda *a: _network(*a, top=lambda u, y: -y / _softmax(u) / len(y))
)

wrong("mean_squared_error_gradient", "the loss")(lambda y_true, y_pred: np.mean((y_pred - y_true) ** 2))
wrong("mean_squared_error_gradient", "mean over the samples")(
    lambda y_true, y_pred: np.mean(2 * (y_pred - y_true), axis=0)
)
wrong("mean_squared_error_gradient", "of the root")(
    lambda y_true, y_pred: (y_pred - y_true) / y_pred.size / np.sqrt(np.mean((y_pred - y_true) ** 2))
)
wrong("mean_squared_error_gradient", "half of the sum over the outputs, mean over samples")(
    lambda y_true, y_pred: (y_pred - y_true) / len(y_pred)
)

# Right ones of the second time


@right("sigmoid_vjp")
def _(x, g):
    e = np.exp(-abs(x))
    return g * (e / (1 + e)) * (1 - e / (1 + e))


@right("softmax_vjp")
def _(x, g):
    def one(both):
        row, up = np.split(both, 2)
        p = np.exp(row - row.max())
        p /= p.sum()
        return p * (up - p.dot(up))

    return np.apply_along_axis(one, -1, np.concatenate([x, g], axis=-1))


@right("categorical_crossentropy_vjp")
def _(y_true, logits, g):
    return np.diag(g) @ (_softmax(logits) - y_true)


@right("huber_vjp")
def _(y_true, y_pred, g, delta=1.0):
    e = y_pred - y_true
    return np.copysign(np.minimum(abs(e), delta), e) * np.expand_dims(g, 1) / len(e[0])


@right("gradient_error")
def _(f, f_vjp, x, g, h=1e-5):
    n = _measured(f, x, g, h)
    errors = abs(f_vjp(x, g) - n)
    errors[abs(n) > 1] /= abs(n)[abs(n) > 1]
    return sorted(errors.flat)[-1]


@right("numerical_vjp")
def _(f, x, g, h=1e-5):
    def total(z):
        return np.einsum("i,i->", np.ravel(g), np.ravel(f(z)))

    result = np.full(x.shape, np.nan)
    for i in range(x.size):
        up, down = np.array(x), np.array(x)
        up.flat[i] += h
        down.flat[i] -= h
        result.flat[i] = (total(up) - total(down)) / (2 * h)
    return result


@right("dense")
class _(_Dense):
    def forward(self, x):
        out = np.empty((len(x), len(self.bias)))
        np.dot(x, self.kernel, out=out)
        out += self.bias
        self.saved = {"x": x.copy()}
        return out

    def backward(self, g):
        x = self.saved["x"]
        self.kernel_gradient = np.tensordot(x, g, axes=(0, 0))
        self.bias_gradient = np.add.reduce(g)
        return np.tensordot(g, self.kernel, axes=(1, 1))


@right("relu_layer")
class _:
    def forward(self, x):
        self.kept = np.nonzero(x > 0)
        out = np.zeros(x.shape)
        out[self.kept] = x[self.kept]
        return out

    def backward(self, g):
        out = np.zeros(g.shape)
        out[self.kept] = g[self.kept]
        return out


@right("mean_squared_error_gradient")
def _(y_true, y_pred):
    return np.vectorize(lambda t, p: (p - t) / (y_pred.size * 0.5))(y_true, y_pred)
