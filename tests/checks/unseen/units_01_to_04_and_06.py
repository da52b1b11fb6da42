"""Unseen answers to units 01 to 04 and 06."""

import math

import numpy as np

from tests.checks.unseen.answer import right, wrong

# relu

wrong("relu", "boolean instead of number")(lambda x: x > 0)
wrong("relu", "strips zeros as well")(lambda x: np.where(x > 0, x, np.nan))
wrong("relu", "one where none belongs")(lambda x: np.where(x > 0, x, 1))
wrong("relu", "threshold 1")(lambda x: np.maximum(x - 1, 0))
wrong("relu", "condition asks the sum")(lambda x: x if x.sum() > 0 else np.zeros_like(x))
wrong("relu", "integers in an array of zeros_like(int)")(lambda x: np.maximum(x, 0).astype(int))
wrong("relu", "negated")(lambda x: -np.minimum(x, 0))
right("relu")(lambda x: (x + np.sqrt(x * x)) / 2)
right("relu")(lambda x: np.heaviside(x, 0) * x)
right("relu")(lambda x: np.fmax(x, x.dtype.type(0)))
right("relu")(lambda x: np.frompyfunc(lambda v: v if v > 0 else 0.0, 1, 1)(x).astype(np.result_type(x, 0.0)))

# leaky_relu

wrong("leaky_relu", "the leak on the right side too")(lambda x, negative_slope=0.2: negative_slope * x)
wrong("leaky_relu", "maximum of x and the slope")(lambda x, negative_slope=0.2: np.maximum(x, negative_slope))
wrong("leaky_relu", "absolute value on the left")(
    lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * np.abs(x))
)
wrong("leaky_relu", "elu's left piece")(
    lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * (np.exp(np.minimum(x, 0)) - 1))
)
wrong("leaky_relu", "slope squared")(lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope**2 * x))
wrong("leaky_relu", "returns the mask")(lambda x, negative_slope=0.2: np.where(x > 0, 1.0, 0.0))
right("leaky_relu")(lambda x, negative_slope=0.2: x - (1 - negative_slope) * np.minimum(x, 0))
right("leaky_relu")(
    lambda x, negative_slope=0.2: (1 + negative_slope) / 2 * x + (1 - negative_slope) / 2 * np.abs(x)
)
right("leaky_relu")(
    lambda x, negative_slope=0.2: np.where(np.signbit(x), negative_slope, 1.0).astype(x.dtype) * x
)
right("leaky_relu")(
    lambda x, negative_slope=0.2: np.piecewise(
        x.astype(np.result_type(x, np.float32)), [x > 0], [lambda v: v, lambda v: negative_slope * v]
    )
)

# sigmoid

wrong("sigmoid", "a plus in the exponent and a minus below")(lambda x: 1 / (1 - np.exp(x)))
wrong("sigmoid", "only the tanh half")(lambda x: np.tanh(x / 2) / 2)
wrong("sigmoid", "e typed by hand")(lambda x: 1 / (1 + 2.718**-x))
wrong("sigmoid", "softsign squeezed to [0, 1]")(lambda x: 0.5 * (x / (1 + np.abs(x)) + 1))
wrong("sigmoid", "gaussian")(lambda x: 1 / (1 + np.exp(-(x**2))))
wrong("sigmoid", "0.5 forgotten in the tanh form")(lambda x: 1 + np.tanh(x / 2))
wrong("sigmoid", "probit constant")(lambda x: 1 / (1 + np.exp(-1.702 * x)))
right("sigmoid")(lambda x: np.exp(x - np.logaddexp(0, x)))
right("sigmoid")(lambda x: (1 + np.tanh(np.divide(x, 2))) / 2)
right("sigmoid")(lambda x: np.reciprocal(1 + np.exp(np.negative(x))))
right("sigmoid")(lambda x: np.where(x > 0, 1, np.exp(-np.abs(x))) / (1 + np.exp(-np.abs(x))))

# tanh

wrong("tanh", "divided by e^2x - 1")(lambda x: (np.exp(2 * x) + 1) / (np.exp(2 * x) - 1))
wrong("tanh", "exp(x) once")(lambda x: (np.exp(x) - 1) / (np.exp(x) + 1))
wrong("tanh", "a sum for a difference")(lambda x: (np.exp(x) + np.exp(-x)) / (np.exp(x) + np.exp(-x)))
wrong("tanh", "half missing")(lambda x: (np.exp(x) - np.exp(-x)) / 2 / (np.exp(x) + np.exp(-x)))
wrong("tanh", "power series cut off")(lambda x: x - x**3 / 3 + 2 * x**5 / 15)
wrong("tanh", "softsign")(lambda x: x / (1 + np.abs(x)))
right("tanh")(lambda x: -np.expm1(-2 * np.abs(x)) / (1 + np.exp(-2 * np.abs(x))) * np.sign(x))
right("tanh")(lambda x: np.tanh(x.astype(np.float64)).astype(np.result_type(x, np.float32)))
right("tanh")(lambda x: np.imag(np.tan(1j * x.astype(np.result_type(x, np.float32)))))

# ulp_error

wrong("ulp_error", "eps times the truth")(
    lambda value, truth: np.abs(value.astype(float) - truth) / (np.finfo(value.dtype).eps * np.abs(truth))
)
wrong("ulp_error", "spacing of the difference")(
    lambda value, truth: (
        np.abs(value.astype(float) - truth) / np.spacing(np.abs(value - truth).astype(value.dtype))
    )
)
wrong("ulp_error", "eps of float32 always")(
    lambda value, truth: np.abs(value.astype(float) - truth) / np.spacing(np.abs(truth).astype(np.float32))
)
wrong("ulp_error", "the largest alone")(
    lambda value, truth: np.max(
        np.abs(value.astype(float) - truth) / np.spacing(np.abs(truth).astype(value.dtype))
    )
)
wrong("ulp_error", "rounded to whole ulp")(
    lambda value, truth: np.round(
        np.abs(value.astype(float) - truth) / np.spacing(np.abs(truth).astype(value.dtype))
    )
)
right("ulp_error")(
    lambda value, truth: np.abs((value.astype(np.float64) - truth) / np.spacing(truth.astype(value.dtype)))
)
right("ulp_error")(
    lambda value, truth: (
        np.abs(value.astype(np.longdouble) - truth)
        / np.abs(np.spacing(truth.astype(value.dtype))).astype(np.longdouble)
    )
)
right("ulp_error")(
    lambda value, truth: np.array(
        [
            abs(float(v) - t) / float(np.spacing(abs(value.dtype.type(t))))
            for v, t in zip(value.ravel(), truth.ravel(), strict=True)
        ]
    ).reshape(truth.shape)
)

# stable_sigmoid

wrong("stable_sigmoid", "absolute value in place of the sign")(
    lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x)))
)
wrong("stable_sigmoid", "warnings switched off")(
    lambda x: np.nan_to_num(np.exp(x) / (1 + np.exp(x)), nan=1.0)
)
wrong("stable_sigmoid", "clipped at 30")(lambda x: 1 / (1 + np.exp(-np.clip(x, -30, 30))))
wrong("stable_sigmoid", "float128 for the rescue, returned as it is")(
    lambda x: 1 / (1 + np.exp(-x.astype(np.longdouble)))
)
wrong("stable_sigmoid", "branch by the first element")(
    lambda x: 1 / (1 + np.exp(-x)) if x.flat[0] >= 0 else np.exp(x) / (1 + np.exp(x))
)
right("stable_sigmoid")(lambda x: np.exp(-np.logaddexp(x.dtype.type(0), -x)))
right("stable_sigmoid")(lambda x: np.exp(np.where(x < 0, x, 0)) / (1 + np.exp(np.where(x < 0, x, -x))))


@right("stable_sigmoid")
def _(x):
    y = np.empty(x.shape, np.result_type(x, np.float32))
    for index, value in np.ndenumerate(x):
        small = math.exp(-abs(float(value)))
        y[index] = 1 / (1 + small) if value >= 0 else small / (1 + small)
    return y


# softplus

wrong("softplus", "minus in the exponent")(lambda x: np.log1p(np.exp(-np.abs(x))))
wrong("softplus", "x added on both sides")(lambda x: x + np.log1p(np.exp(-np.abs(x))))
wrong("softplus", "logarithm to base 2")(lambda x: np.maximum(x, 0) + np.log2(1 + np.exp(-np.abs(x))))
wrong("softplus", "sigmoid")(lambda x: np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))))
wrong("softplus", "switches to x at 5")(lambda x: np.where(x > 5, x, np.log1p(np.exp(np.minimum(x, 5)))))
wrong("softplus", "softplus of -x")(lambda x: np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x))))
right("softplus")(lambda x: np.logaddexp(x, x.dtype.type(0)))
right("softplus")(lambda x: (x + np.abs(x)) / 2 + np.log1p(np.exp(-np.abs(x))))
right("softplus")(lambda x: x - np.minimum(x, 0) + np.log1p(np.exp(np.where(x > 0, -x, x))))

# log_sigmoid

wrong("log_sigmoid", "log of 1 minus sigmoid")(lambda x: -np.logaddexp(x.dtype.type(0), x))
wrong("log_sigmoid", "absolute value forgotten")(lambda x: np.minimum(x, 0) - np.log1p(np.exp(-x)))
wrong("log_sigmoid", "log to base 10")(
    lambda x: -np.logaddexp(x.dtype.type(0), -x) / np.log(x.dtype.type(10))
)
wrong("log_sigmoid", "maximum for minimum")(lambda x: np.maximum(x, 0) - np.log1p(np.exp(-np.abs(x))))
wrong("log_sigmoid", "1e-12 added")(lambda x: np.log(1 / (1 + np.exp(-x)) + 1e-12))
right("log_sigmoid")(lambda x: -np.logaddexp(x.dtype.type(0), -x))
right("log_sigmoid")(lambda x: np.where(x < 0, x, 0) - np.log1p(np.exp(-np.abs(x))))
right("log_sigmoid")(lambda x: (x - np.abs(x)) / 2 - np.log1p(np.exp(-np.abs(x))))

# logsumexp


@wrong("logsumexp", "sum of log exp")
def _(x, axis=-1):
    return np.sum(np.log(np.exp(x)), axis=axis)


@wrong("logsumexp", "maximum added inside the logarithm")
def _(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return np.log(np.max(x, axis=axis) + np.sum(np.exp(x - top), axis=axis))


@wrong("logsumexp", "over the whole array")
def _(x, axis=-1):
    return np.max(x) + np.log(np.sum(np.exp(x - np.max(x))))


@wrong("logsumexp", "maximum subtracted again")
def _(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(x - top), axis=axis)) - np.squeeze(top, axis=axis)


@wrong("logsumexp", "log1p for log")
def _(x, axis=-1):
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log1p(np.sum(np.exp(x - top), axis=axis))


@wrong("logsumexp", "axis 0")
def _(x, axis=0):
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log(np.sum(np.exp(x - top), axis=axis))


right("logsumexp")(lambda x, axis=-1: np.logaddexp.reduce(x, axis=axis))


@right("logsumexp")
def _(x, axis=-1):
    ordered = np.sort(x, axis=axis)
    top = np.take(ordered, -1, axis=axis)
    return top + np.log(np.exp(ordered - np.expand_dims(top, axis)).sum(axis))


@right("logsumexp")
def _(x, axis=-1):
    def one(row):
        top = max(row)
        return top + math.log(math.fsum(math.exp(v - top) for v in row))

    return np.apply_along_axis(one, axis, x)


# softmax


@wrong("softmax", "exp of the quotient")
def _(x, axis=-1):
    return np.exp(x / np.sum(x, axis=axis, keepdims=True))


@wrong("softmax", "the article's sum over axis 0")
def _(x, axis=-1):
    e_x = np.exp(x - np.max(x))
    return e_x / e_x.sum(axis=0)


@wrong("softmax", "mean for sum")
def _(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / np.mean(e, axis=axis, keepdims=True)


@wrong("softmax", "log-softmax")
def _(x, axis=-1):
    z = x - x.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


@wrong("softmax", "small number in the denominator")
def _(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / (e.sum(axis=axis, keepdims=True) + 1e-6)


@wrong("softmax", "minus the scores")
def _(x, axis=-1):
    e = np.exp(x.min(axis=axis, keepdims=True) - x)
    return e / e.sum(axis=axis, keepdims=True)


@right("softmax")
def _(x, axis=-1):
    z = x - np.amax(x, axis, keepdims=True)
    return np.exp(z - np.log(np.exp(z).sum(axis, keepdims=True)))


@right("softmax")
def _(x, axis=-1):
    rows = np.swapaxes(x, axis, -1)
    e = np.exp(rows - rows.max(-1)[..., None])
    return np.swapaxes(e / np.einsum("...i->...", e)[..., None], axis, -1)


@right("softmax")
def _(x, axis=-1):
    e = np.exp(np.subtract(x, np.max(x, axis=axis, keepdims=True)))
    return np.divide(e, np.add.reduce(e, axis=axis, keepdims=True))


# softmax_with_temperature


def plain(x, axis=-1):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


wrong("softmax_with_temperature", "the square root of the temperature")(
    lambda x, temperature, axis=-1: plain(x / np.sqrt(temperature), axis)
)
wrong("softmax_with_temperature", "axis forgotten")(lambda x, temperature, axis=-1: plain(x / temperature))
wrong("softmax_with_temperature", "1 + temperature")(
    lambda x, temperature, axis=-1: plain(x / (1 + temperature), axis)
)
wrong("softmax_with_temperature", "subtracted")(lambda x, temperature, axis=-1: plain(x - temperature, axis))
wrong("softmax_with_temperature", "power of the probability, over the maximum")(
    lambda x, temperature, axis=-1: (lambda p: p / p.max(axis=axis, keepdims=True))(
        plain(x / temperature, axis)
    )
)
wrong("softmax_with_temperature", "in place")(
    lambda x, temperature, axis=-1: plain(np.divide(x, temperature, out=x), axis)
)
right("softmax_with_temperature")(
    lambda x, temperature, axis=-1: (lambda p: p / p.sum(axis=axis, keepdims=True))(
        np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    )
)
right("softmax_with_temperature")(lambda x, temperature, axis=-1: plain(x * (1 / temperature), axis))


@right("softmax_with_temperature")
def _(x, temperature, axis=-1):
    return np.apply_along_axis(lambda row: plain(row / temperature), axis, x)


# log_softmax

wrong("log_softmax", "log of the sum forgotten the log")(
    lambda x, axis=-1: (
        x
        - np.max(x, axis=axis, keepdims=True)
        - np.sum(np.exp(x - np.max(x, axis=axis, keepdims=True)), axis=axis, keepdims=True)
    )
)
wrong("log_softmax", "clipped probabilities")(lambda x, axis=-1: np.log(np.clip(plain(x, axis), 1e-7, 1)))
wrong("log_softmax", "log1p of the probabilities")(lambda x, axis=-1: np.log1p(plain(x, axis)))
wrong("log_softmax", "mean of exp")(
    lambda x, axis=-1: (
        x
        - np.max(x, axis=axis, keepdims=True)
        - np.log(np.mean(np.exp(x - np.max(x, axis=axis, keepdims=True)), axis=axis, keepdims=True))
    )
)
wrong("log_softmax", "softmax")(plain)
wrong("log_softmax", "log base 10")(
    lambda x, axis=-1: (x - np.logaddexp.reduce(x, axis=axis, keepdims=True)) / np.log(10)
)
right("log_softmax")(lambda x, axis=-1: x - np.expand_dims(np.logaddexp.reduce(x, axis=axis), axis))
right("log_softmax")(
    lambda x, axis=-1: (
        -np.log(1 / np.where(plain(x, axis) > 1e-5, plain(x, axis), 1)) * (plain(x, axis) > 1e-5)
        + (plain(x, axis) <= 1e-5) * (x - np.logaddexp.reduce(x, axis=axis, keepdims=True))
    )
)
right("log_softmax")(
    lambda x, axis=-1: np.moveaxis(
        np.moveaxis(x, axis, 0) - np.logaddexp.reduce(np.moveaxis(x, axis, 0), axis=0), 0, axis
    )
)

# masked_softmax


def masked(x, mask, axis=-1):
    e = np.where(
        mask, np.exp(np.where(mask, x - np.max(np.where(mask, x, -np.inf), axis=axis, keepdims=True), 0)), 0
    )
    total = e.sum(axis=axis, keepdims=True)
    return e / np.where(total > 0, total, 1)


wrong("masked_softmax", "nan where the mask is False")(
    lambda x, mask, axis=-1: np.where(mask, masked(x, mask, axis), np.nan)
)
wrong("masked_softmax", "only the remaining scores, flattened")(lambda x, mask, axis=-1: plain(x[mask]))
wrong("masked_softmax", "-1 for masked scores")(lambda x, mask, axis=-1: plain(np.where(mask, x, -1.0), axis))
wrong("masked_softmax", "last axis always")(lambda x, mask, axis=-1: masked(x, mask))
wrong("masked_softmax", "one sum for all rows")(
    lambda x, mask, axis=-1: (
        np.where(mask, np.exp(x - np.max(x)), 0) / np.where(mask, np.exp(x - np.max(x)), 0).sum()
    )
)
wrong("masked_softmax", "writes into x")(
    lambda x, mask, axis=-1: (np.copyto(x, -1e300, where=~mask), masked(x, mask, axis))[1]
)
right("masked_softmax")(masked)
right("masked_softmax")(
    lambda x, mask, axis=-1: np.nan_to_num(
        np.exp(
            np.where(mask, x, -np.inf)
            - np.where(
                mask.any(axis=axis, keepdims=True),
                np.logaddexp.reduce(np.where(mask, x, -np.inf), axis=axis, keepdims=True),
                0,
            )
        )
    )
)


@right("masked_softmax")
def _(x, mask, axis=-1):
    rows, open_ = np.moveaxis(x, axis, -1), np.moveaxis(mask, axis, -1)
    result = np.zeros(rows.shape)
    for index in np.ndindex(rows.shape[:-1]):
        if open_[index].any():
            result[index][open_[index]] = plain(rows[index][open_[index]])
    return np.moveaxis(result, -1, axis)


# sparsemax


def threshold_of(x):
    z = -np.sort(-x, axis=-1)
    k = np.arange(1, x.shape[-1] + 1)
    total = np.cumsum(z, axis=-1)
    count = np.sum(1 + k * z > total, axis=-1, keepdims=True)
    return (np.take_along_axis(total, count - 1, axis=-1) - 1) / count


wrong("sparsemax", "ascending order")(
    lambda x: np.maximum(
        x - (np.cumsum(np.sort(x, axis=-1), axis=-1)[..., -1:] - 1) / np.arange(1, x.shape[-1] + 1)[-1], 0
    )
)
wrong("sparsemax", "not clipped above the threshold but where")(lambda x: np.where(x > threshold_of(x), x, 0))
wrong("sparsemax", "hardmax")(lambda x: (x == x.max(axis=-1, keepdims=True)).astype(float))
wrong("sparsemax", "clipped linear function")(lambda x: np.clip(x, 0, 1))
wrong("sparsemax", "threshold of the largest two")(
    lambda x: np.maximum(x - (np.sort(x, axis=-1)[..., -2:].sum(axis=-1, keepdims=True) - 1) / 2, 0)
)
wrong("sparsemax", "threshold added")(lambda x: np.maximum(x + threshold_of(x), 0))
right("sparsemax")(lambda x: np.clip(x - threshold_of(x), 0, None))


@right("sparsemax")
def _(x):
    def one(row):
        kept = np.ones(row.size, bool)
        while True:
            threshold = (row[kept].sum() - 1) / kept.sum()
            smaller = kept & (row > threshold)
            if smaller.sum() == kept.sum():
                return np.maximum(row - threshold, 0)
            kept = smaller

    return np.apply_along_axis(one, -1, x)


@right("sparsemax")
def _(x):
    z = np.sort(x, axis=-1)[..., ::-1]
    levels = (np.cumsum(z, axis=-1) - 1) / np.arange(1, x.shape[-1] + 1)
    return np.maximum(x - levels.max(axis=-1, keepdims=True), 0)


# general_relu


def ramp(x, negative_slope=0.0, max_value=None, threshold=0.0):
    y = np.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


wrong("general_relu", "cap ignored below the threshold too")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: np.minimum(
        np.maximum(x, negative_slope * x), np.inf if max_value is None else max_value
    )
)
wrong("general_relu", "slope ignored")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: ramp(x, 0.0, max_value, threshold)
)
wrong("general_relu", "threshold ignored")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: ramp(x, negative_slope, max_value)
)
wrong("general_relu", "cap counted from the threshold")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: ramp(
        x, negative_slope, None if max_value is None else max_value + threshold, threshold
    )
)
wrong("general_relu", "sign of the threshold")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: ramp(
        x, negative_slope, max_value, -threshold
    )
)
wrong("general_relu", "cap multiplied by the slope")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: (
        np.maximum(negative_slope * (x - threshold), ramp(x, 0, max_value, threshold))
        * (1 if max_value is None else 1.0)
        + 0 * x
        if max_value is None
        else np.minimum(ramp(x, 1.0, None, threshold), max_value)
    )
)
right("general_relu")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: np.clip(
        np.piecewise(
            np.asarray(x, float),
            [x > threshold],
            [lambda v: v, lambda v: negative_slope * (v - threshold)],
        ),
        None,
        max_value,
    )
)
right("general_relu")(
    lambda x, negative_slope=0.0, max_value=None, threshold=0.0: (
        np.fmin(
            x * (x > threshold) + negative_slope * np.minimum(x - threshold, 0),
            math.inf if max_value is None else max_value,
        )
        if not np.isnan(x).any()
        else ramp(x, negative_slope, max_value, threshold)
    )
)


@right("general_relu")
def _(x, negative_slope=0.0, max_value=None, threshold=0.0):
    def one(v):
        y = v if v > threshold else negative_slope * (v - threshold)
        return y if max_value is None or y < max_value else max_value

    return np.array([one(float(v)) for v in x.ravel()]).reshape(x.shape)


# elu

wrong("elu", "alpha subtracted once")(
    lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0)) - 1)
)
wrong("elu", "exp of minus x")(lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(-np.abs(x)) * -1))
wrong("elu", "expm1 on both sides")(lambda x, alpha=1.0: alpha * np.expm1(np.minimum(x, 1)))
wrong("elu", "leaky")(lambda x, alpha=1.0: np.where(x > 0, x, alpha * x))
wrong("elu", "branches exchanged")(
    lambda x, alpha=1.0: np.where(x < 0, x, alpha * np.expm1(np.minimum(x, 0)))
)
wrong("elu", "alpha divides")(lambda x, alpha=1.0: np.where(x > 0, x, np.expm1(np.minimum(x, 0)) / alpha))
right("elu")(lambda x, alpha=1.0: np.maximum(x, 0) + alpha * np.expm1(-np.maximum(-x, 0)))
right("elu")(lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0, x))).astype(x.dtype))


@right("elu")
def _(x, alpha=1.0):
    y = np.array(x, dtype=np.result_type(x, np.float32))
    left = y < 0
    y[left] = alpha * np.expm1(y[left])
    return y


# celu

wrong("celu", "alpha only inside")(
    lambda x, alpha=1.0: np.where(x > 0, x, np.expm1(np.minimum(x, 0) / alpha))
)
wrong("celu", "alpha ignored")(lambda x, alpha=1.0: np.where(x > 0, x, np.expm1(np.minimum(x, 0))))
wrong("celu", "sign inside")(
    lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.expm1(np.maximum(-x, 0) / -alpha) * -1)
)
wrong("celu", "one missing")(
    lambda x, alpha=1.0: np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0) / alpha))
)
wrong("celu", "selu's scale")(
    lambda x, alpha=1.0: 1.0507 * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))
)
right("celu")(
    lambda x, alpha=1.0: np.maximum(0, x) + np.minimum(0, alpha * np.expm1(np.minimum(x, 0) / alpha))
)
right("celu")(lambda x, alpha=1.0: (x + np.abs(x)) / 2 + alpha * np.expm1((x - np.abs(x)) / (2 * alpha)))


@right("celu")
def _(x, alpha=1.0):
    y = np.array(x, dtype=np.result_type(x, np.float32))
    np.expm1(y / alpha, out=y, where=y < 0)
    return np.where(x < 0, y * alpha, y).astype(y.dtype)


# selu

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
wrong("selu", "constants of four digits")(
    lambda x: 1.0507 * np.where(x > 0, x, 1.6733 * np.expm1(np.minimum(x, 0)))
)
wrong("selu", "scale on the left only")(
    lambda x: np.where(x > 0, x, SCALE * ALPHA * np.expm1(np.minimum(x, 0)))
)
wrong("selu", "scale twice")(lambda x: SCALE**2 * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))))
wrong("selu", "alpha on the right")(
    lambda x: SCALE * np.where(x > 0, ALPHA * x, ALPHA * np.expm1(np.minimum(x, 0)))
)
wrong("selu", "one missing")(lambda x: SCALE * np.where(x > 0, x, ALPHA * np.exp(np.minimum(x, 0))))
right("selu")(
    lambda x: (
        np.where(x > 0, SCALE, 0).astype(x.dtype) * x
        + (SCALE * ALPHA * np.expm1(np.minimum(x, 0))).astype(x.dtype)
    )
)
right("selu")(lambda x: SCALE * (np.maximum(x, 0) + ALPHA * np.expm1(np.minimum(x, 0))))


@right("selu")
def _(x):
    y = np.array(x, dtype=np.result_type(x, np.float32))
    y[y < 0] = ALPHA * np.expm1(y[y < 0])
    y *= SCALE
    return y


# prelu

wrong("prelu", "minimum")(lambda x, negative_slope: np.minimum(x, negative_slope * x))
wrong("prelu", "slopes summed")(lambda x, negative_slope: np.where(x > 0, x, negative_slope.sum() * x))
wrong("prelu", "slope on both sides")(lambda x, negative_slope: negative_slope * x)
wrong("prelu", "last slope for all")(lambda x, negative_slope: np.where(x > 0, x, negative_slope[-1] * x))
wrong("prelu", "constant on the left")(lambda x, negative_slope: np.where(x > 0, x, negative_slope + 0 * x))
wrong("prelu", "divided")(lambda x, negative_slope: np.where(x > 0, x, x / negative_slope))
right("prelu")(lambda x, negative_slope: x - (1 - negative_slope) * np.minimum(x, 0))
right("prelu")(
    lambda x, negative_slope: np.einsum("...i,i->...i", np.minimum(x, 0), negative_slope) + np.maximum(x, 0)
)


@right("prelu")
def _(x, negative_slope):
    y = x.astype(float)
    for row in y.reshape(-1, x.shape[-1]):
        for i, v in enumerate(row):
            if v < 0:
                row[i] = v * negative_slope[i]
    return y


# prelu_slope_gradient

wrong("prelu_slope_gradient", "the gradient to x")(lambda x, g: g * (x > 0))
wrong("prelu_slope_gradient", "g summed where x is negative")(
    lambda x, g: np.sum(np.where(x < 0, g, 0).reshape(-1, x.shape[-1]), axis=0)
)
wrong("prelu_slope_gradient", "absolute value of x")(
    lambda x, g: np.sum((g * np.abs(np.minimum(x, 0))).reshape(-1, x.shape[-1]), axis=0)
)
wrong("prelu_slope_gradient", "last row only")(
    lambda x, g: (g * np.minimum(x, 0)).reshape(-1, x.shape[-1])[-1]
)
wrong("prelu_slope_gradient", "half of it")(
    lambda x, g: 0.5 * np.sum((g * np.minimum(x, 0)).reshape(-1, x.shape[-1]), axis=0)
)
right("prelu_slope_gradient")(
    lambda x, g: np.tensordot(
        (g * (x < 0)).reshape(-1, x.shape[-1]).T, x.reshape(-1, x.shape[-1]), 1
    ).diagonal()
)
right("prelu_slope_gradient")(lambda x, g: np.add.reduce((g * np.minimum(x, 0)).reshape(-1, x.shape[-1])))
right("prelu_slope_gradient")(lambda x, g: np.sum(np.minimum(x, 0) * g, axis=tuple(range(x.ndim - 1))))

# mean_squared_error

wrong("mean_squared_error", "squares subtracted")(
    lambda y_true, y_pred: np.mean(y_pred**2 - y_true**2, axis=-1)
)
wrong("mean_squared_error", "divided by n - 1")(
    lambda y_true, y_pred: np.sum((y_pred - y_true) ** 2, axis=-1) / (y_true.shape[-1] - 1 or 1)
)
wrong("mean_squared_error", "cubed")(lambda y_true, y_pred: np.mean((y_pred - y_true) ** 3, axis=-1))
wrong("mean_squared_error", "divided by the number of samples")(
    lambda y_true, y_pred: np.sum((y_pred - y_true) ** 2, axis=-1) / len(y_true)
)
wrong("mean_squared_error", "np.square of the mean absolute error")(
    lambda y_true, y_pred: np.mean(np.abs(y_pred - y_true), axis=-1) ** 2
)
wrong("mean_squared_error", "in place")(
    lambda y_true, y_pred: np.mean(np.square(np.subtract(y_pred, y_true, out=y_pred)), axis=-1)
)
right("mean_squared_error")(
    lambda y_true, y_pred: np.var(y_pred - y_true, axis=-1) + np.mean(y_pred - y_true, axis=-1) ** 2
)
right("mean_squared_error")(
    lambda y_true, y_pred: np.linalg.norm(y_pred - y_true, axis=-1) ** 2 / y_true.shape[-1]
)
right("mean_squared_error")(
    lambda y_true, y_pred: np.average((y_pred - y_true) * (y_pred - y_true), axis=y_true.ndim - 1)
)

# mean_absolute_error

wrong("mean_absolute_error", "root of the mean square")(
    lambda y_true, y_pred: np.sqrt(np.mean((y_pred - y_true) ** 2, axis=-1))
)
wrong("mean_absolute_error", "maximum")(lambda y_true, y_pred: np.max(np.abs(y_pred - y_true), axis=-1))
wrong("mean_absolute_error", "difference of the absolute values")(
    lambda y_true, y_pred: np.mean(np.abs(y_pred) - np.abs(y_true), axis=-1)
)
wrong("mean_absolute_error", "half")(lambda y_true, y_pred: np.mean(np.abs(y_pred - y_true), axis=-1) / 2)
wrong("mean_absolute_error", "relative to the target")(
    lambda y_true, y_pred: np.mean(np.abs(y_pred - y_true) / np.abs(y_true), axis=-1)
)
wrong("mean_absolute_error", "sum of the two")(
    lambda y_true, y_pred: np.mean(np.abs(y_pred + y_true), axis=-1)
)
right("mean_absolute_error")(
    lambda y_true, y_pred: (
        np.linalg.norm(y_pred - y_true, ord=1, axis=-1) / y_true.shape[-1]
        if y_true.ndim > 1
        else np.linalg.norm(y_pred - y_true, ord=1) / y_true.size
    )
)
right("mean_absolute_error")(
    lambda y_true, y_pred: np.mean(np.maximum(y_pred, y_true) - np.minimum(y_pred, y_true), axis=-1)
)
right("mean_absolute_error")(lambda y_true, y_pred: np.mean(np.sqrt((y_pred - y_true) ** 2), axis=-1))

# huber


def huber(e, delta):
    return np.where(np.abs(e) <= delta, e**2 / 2, delta * np.abs(e) - delta**2 / 2)


wrong("huber", "delta missing in the linear piece")(
    lambda y_true, y_pred, delta=1.0: np.mean(
        np.where(np.abs(y_pred - y_true) <= delta, (y_pred - y_true) ** 2 / 2, np.abs(y_pred - y_true) - 0.5),
        axis=-1,
    )
)
wrong("huber", "half delta, not squared")(
    lambda y_true, y_pred, delta=1.0: np.mean(
        np.where(
            np.abs(y_pred - y_true) <= delta,
            (y_pred - y_true) ** 2 / 2,
            delta * np.abs(y_pred - y_true) - delta / 2,
        ),
        axis=-1,
    )
)
wrong("huber", "squared everywhere")(
    lambda y_true, y_pred, delta=1.0: np.mean((y_pred - y_true) ** 2 / 2, axis=-1)
)
wrong("huber", "sum for mean")(
    lambda y_true, y_pred, delta=1.0: np.sum(huber(y_pred - y_true, delta), axis=-1)
)
wrong("huber", "twice")(lambda y_true, y_pred, delta=1.0: 2 * np.mean(huber(y_pred - y_true, delta), axis=-1))
wrong("huber", "log cosh")(
    lambda y_true, y_pred, delta=1.0: np.mean(np.log(np.cosh(y_pred - y_true)), axis=-1)
)
right("huber")(
    lambda y_true, y_pred, delta=1.0: np.mean(
        np.minimum(np.abs(y_pred - y_true), delta)
        * (np.abs(y_pred - y_true) - np.minimum(np.abs(y_pred - y_true), delta) / 2),
        axis=-1,
    )
)
right("huber")(
    lambda y_true, y_pred, delta=1.0: np.mean(
        np.clip(y_pred - y_true, -delta, delta) * (y_pred - y_true)
        - np.clip(y_pred - y_true, -delta, delta) ** 2 / 2,
        axis=-1,
    )
)
right("huber")(
    lambda y_true, y_pred, delta=1.0: np.apply_along_axis(
        lambda row: (
            sum(v * v / 2 if abs(v) < delta else delta * (abs(v) - delta / 2) for v in row) / len(row)
        ),
        -1,
        y_pred - y_true,
    )
)

# log_cosh


def stable(e):
    return np.abs(e) + np.log1p(np.exp(-2 * np.abs(e))) - np.log(2)


wrong("log_cosh", "base 10")(lambda y_true, y_pred: np.mean(stable(y_pred - y_true), axis=-1) / np.log(10))
wrong("log_cosh", "half the squares")(lambda y_true, y_pred: np.mean((y_pred - y_true) ** 2, axis=-1) / 2)
wrong("log_cosh", "exponent not doubled")(
    lambda y_true, y_pred: np.mean(
        np.abs(y_pred - y_true) + np.log1p(np.exp(-np.abs(y_pred - y_true))) - np.log(2), axis=-1
    )
)
wrong("log_cosh", "sum")(lambda y_true, y_pred: np.sum(stable(y_pred - y_true), axis=-1))
wrong("log_cosh", "log sinh")(
    lambda y_true, y_pred: np.mean(np.log(np.sinh(np.abs(y_pred - y_true) + 1e-9)), axis=-1)
)
wrong("log_cosh", "log 2 added")(
    lambda y_true, y_pred: np.mean(stable(y_pred - y_true), axis=-1) + 2 * np.log(2)
)
right("log_cosh")(
    lambda y_true, y_pred: np.mean(np.logaddexp(y_pred - y_true, y_true - y_pred) - math.log(2), axis=-1)
)
right("log_cosh")(
    lambda y_true, y_pred: np.mean(
        np.where(
            np.abs(y_pred - y_true) < 1,
            np.log1p(2 * np.sinh(np.clip(y_pred - y_true, -1, 1) / 2) ** 2),
            stable(y_pred - y_true),
        ),
        axis=-1,
    )
)
right("log_cosh")(lambda y_true, y_pred: stable(y_true - y_pred).sum(axis=-1) / y_true.shape[-1])

# root_mean_squared_error

wrong("root_mean_squared_error", "mean absolute error")(
    lambda y_true, y_pred: np.mean(np.abs(y_pred - y_true))
)
wrong("root_mean_squared_error", "divided by n - 1")(
    lambda y_true, y_pred: np.sqrt(np.sum((y_pred - y_true) ** 2) / (y_true.size - 1))
)
wrong("root_mean_squared_error", "divided by the samples only")(
    lambda y_true, y_pred: np.sqrt(np.sum((y_pred - y_true) ** 2) / len(y_true))
)
wrong("root_mean_squared_error", "norm")(lambda y_true, y_pred: np.linalg.norm(y_pred - y_true))
wrong("root_mean_squared_error", "half inside")(
    lambda y_true, y_pred: np.sqrt(np.mean((y_pred - y_true) ** 2) / 2)
)
wrong("root_mean_squared_error", "absolute value of the mean error")(
    lambda y_true, y_pred: np.sqrt(np.mean(y_pred - y_true) ** 2)
)
right("root_mean_squared_error")(
    lambda y_true, y_pred: np.linalg.norm(y_pred - y_true) / np.sqrt(y_true.size)
)
right("root_mean_squared_error")(lambda y_true, y_pred: float(np.mean(np.square(y_true - y_pred)) ** 0.5))
right("root_mean_squared_error")(
    lambda y_true, y_pred: math.sqrt(
        math.fsum(float(e) ** 2 for e in (y_pred - y_true).ravel()) / y_true.size
    )
)

# mean_squared_logarithmic_error


def logs(y):
    return np.log1p(np.maximum(y, 0))


wrong("mean_squared_logarithmic_error", "absolute, not squared")(
    lambda y_true, y_pred: np.mean(np.abs(logs(y_pred) - logs(y_true)), axis=-1)
)
wrong("mean_squared_logarithmic_error", "root")(
    lambda y_true, y_pred: np.sqrt(np.mean((logs(y_pred) - logs(y_true)) ** 2, axis=-1))
)
wrong("mean_squared_logarithmic_error", "square of the mean")(
    lambda y_true, y_pred: np.mean(logs(y_pred) - logs(y_true), axis=-1) ** 2
)
wrong("mean_squared_logarithmic_error", "base 2")(
    lambda y_true, y_pred: np.mean((logs(y_pred) - logs(y_true)) ** 2, axis=-1) / np.log(2) ** 2
)
wrong("mean_squared_logarithmic_error", "a sum")(
    lambda y_true, y_pred: np.sum((logs(y_pred) - logs(y_true)) ** 2, axis=-1)
)
wrong("mean_squared_logarithmic_error", "absolute value of negative predictions")(
    lambda y_true, y_pred: np.mean((np.log1p(np.abs(y_pred)) - np.log1p(y_true)) ** 2, axis=-1)
)
right("mean_squared_logarithmic_error")(
    lambda y_true, y_pred: np.mean(
        np.log((1 + np.maximum(y_pred, 0)) / (1 + np.maximum(y_true, 0))) ** 2, axis=-1
    )
)
right("mean_squared_logarithmic_error")(
    lambda y_true, y_pred: np.mean(
        np.square(np.log(1 + np.clip(y_pred, 0, None)) - np.log(1 + y_true.clip(0))), axis=-1
    )
)
right("mean_squared_logarithmic_error")(
    lambda y_true, y_pred: (
        np.einsum("...i,...i", logs(y_pred) - logs(y_true), logs(y_pred) - logs(y_true)) / y_true.shape[-1]
    )
)

# mean_absolute_percentage_error

wrong("mean_absolute_percentage_error", "symmetric version")(
    lambda y_true, y_pred: (
        200 * np.mean(np.abs(y_pred - y_true) / (np.abs(y_true) + np.abs(y_pred) + 1e-7), axis=-1)
    )
)
wrong("mean_absolute_percentage_error", "guard added, not a floor")(
    lambda y_true, y_pred: 100 * np.mean(np.abs(y_pred - y_true) / (np.abs(y_true) + 1e-3), axis=-1)
)
wrong("mean_absolute_percentage_error", "squared")(
    lambda y_true, y_pred: 100 * np.mean(((y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7)) ** 2, axis=-1)
)
wrong("mean_absolute_percentage_error", "sum for mean")(
    lambda y_true, y_pred: 100 * np.sum(np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7), axis=-1)
)
wrong("mean_absolute_percentage_error", "median")(
    lambda y_true, y_pred: (
        100 * np.median(np.abs(y_pred - y_true) / np.maximum(np.abs(y_true), 1e-7), axis=-1)
    )
)
right("mean_absolute_percentage_error")(
    lambda y_true, y_pred: (
        np.mean(np.abs((y_true - y_pred) / np.clip(np.abs(y_true), 1e-7, None)), axis=-1) * 100
    )
)
right("mean_absolute_percentage_error")(
    lambda y_true, y_pred: (
        np.abs(100 * (y_pred - y_true) / np.fmax(np.abs(y_true), 1e-7)).sum(-1) / y_true.shape[-1]
    )
)
right("mean_absolute_percentage_error")(
    lambda y_true, y_pred: (
        100.0
        * np.average(np.abs(y_true - y_pred) / np.where(np.abs(y_true) < 1e-7, 1e-7, np.abs(y_true)), axis=-1)
    )
)

# weighted_mean

wrong("weighted_mean", "the weights' mean missing its values")(
    lambda values, sample_weight: np.mean(sample_weight)
)
wrong("weighted_mean", "weights squared")(
    lambda values, sample_weight: np.sum(values * sample_weight**2) / values.size
)
wrong("weighted_mean", "one value a sample")(
    lambda values, sample_weight: values * sample_weight / values.size
)
wrong("weighted_mean", "weights normalised to 1")(
    lambda values, sample_weight: np.sum(values * sample_weight / sample_weight.sum()) / values.size
)
wrong("weighted_mean", "weights added")(lambda values, sample_weight: np.mean(values + sample_weight))
right("weighted_mean")(lambda values, sample_weight: np.dot(values, sample_weight) / len(values))
right("weighted_mean")(lambda values, sample_weight: np.mean(sample_weight * values))
right("weighted_mean")(lambda values, sample_weight: (values @ sample_weight[:, None])[0] / values.shape[0])
