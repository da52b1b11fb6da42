"""Losses of regression: how far a number, a rate or a distribution is from what was measured."""

import math
from collections.abc import Sequence

from nlref.kernel import Array, namespace
from nlref.loss import gradient_of_loss, kept, length, loss, mean_gradient
from nlref.loss_facts import Defect, LossCounterpart, LossFacts, Point, positive_numbers, real_numbers
from nlref.special import log_cosh as log_cosh_of

__all__ = [
    "FACTS",
    "gaussian_nll",
    "gaussian_nll_vjp",
    "huber",
    "huber_vjp",
    "log_cosh",
    "log_cosh_vjp",
    "mean_absolute_error",
    "mean_absolute_error_vjp",
    "mean_absolute_percentage_error",
    "mean_absolute_percentage_error_vjp",
    "mean_squared_error",
    "mean_squared_error_vjp",
    "mean_squared_logarithmic_error",
    "mean_squared_logarithmic_error_vjp",
    "poisson",
    "poisson_vjp",
    "root_mean_squared_error",
    "root_mean_squared_error_vjp",
    "smooth_l1",
    "smooth_l1_vjp",
]


@loss
def mean_squared_error(y_true: Array, y_pred: Array) -> Array:
    r"""Mean squared error, :math:`\frac1D\sum_j (\hat y_j - y_j)^2`, in [0, inf); D is the length of the last axis.

    Errors above 1.8e19 in float32, 1.3e154 in float64 overflow to inf; their gradient does not.

    Keras
        ``keras.losses.mean_squared_error``, ``"mse"``
    PyTorch
        ``torch.nn.functional.mse_loss``, whose mean is ours too; its ``reduction="none"`` is one value an entry: give
        both arrays a last axis of length 1, ``y_true[..., None]``.
    MXNet
        ``gluon.loss.L2Loss`` is half of it, one value a sample: ``0.5 * mean_squared_error(y, p, reduction=None)``.
        ``LinearRegressionOutput`` has the gradient of ``0.5 * mean_squared_error(y, p, reduction="sum")``.
    """
    xp = namespace(y_true, y_pred)
    e = y_pred - y_true
    return xp.mean(e * e, axis=-1)


@gradient_of_loss(mean_squared_error)
def mean_squared_error_vjp(y_true: Array, y_pred: Array, g: Array) -> Array:
    r""":math:`g\,2(\hat y - y)/D`."""
    return mean_gradient(2.0 * g, y_pred) * (y_pred - y_true)


@loss
def root_mean_squared_error(y_true: Array, y_pred: Array, axis: int | Sequence[int] | None = None) -> Array:
    r"""Root mean squared error, :math:`\sqrt{\operatorname{mean}(\hat y - y)^2}`, in [0, inf).

    The mean runs over ``axis``: None, the default, is everything, the batch too, as the metric of that name; -1 gives
    one value a sample, whose mean is another number. With ``sample_weight`` inside the root it is
    ``mean_squared_error(y, p, sample_weight=w, reduction="mean_with_sample_weight") ** 0.5``.

    Stability
        Errors are scaled by the largest before they are squared, so that nothing overflows or vanishes. At a perfect
        fit, where ``sqrt(mse)`` has the gradient NaN, the gradient taken is 0.
    Keras
        ``keras.metrics.RootMeanSquaredError``; there is no such loss.
    PyTorch
        ``mse_loss(...).sqrt()``
    MXNet
        ``mxnet.metric.RMSE`` is the mean over batches of the root in each.
    """
    xp = namespace(y_true, y_pred)
    e = y_pred - y_true
    scale = _largest(e, axis)
    ratio = e / kept(scale, e, axis)
    return scale * xp.sqrt(xp.mean(ratio * ratio, axis=axis))


@gradient_of_loss(root_mean_squared_error)
def root_mean_squared_error_vjp(
    y_true: Array, y_pred: Array, g: Array, axis: int | Sequence[int] | None = None
) -> Array:
    r""":math:`g\,(\hat y - y) / (n\,\mathrm{rmse})`, and 0 at a perfect fit; n errors share a root."""
    xp = namespace(y_true, y_pred)
    e = y_pred - y_true
    scale = _largest(e, axis)
    ratio = e / kept(scale, e, axis)
    total = xp.sum(ratio * ratio, axis=axis)
    return ratio * kept(g / xp.sqrt(length(e, axis) * xp.where(total == 0, 1.0, total)), e, axis)


def _largest(e: Array, axis: int | Sequence[int] | None) -> Array:
    """The largest error in size, or 1 where dividing by it would not help."""
    xp = namespace(e)
    scale = xp.max(xp.abs(e), axis=axis)
    return xp.where((scale == 0) | (scale == math.inf), xp.ones_like(scale), scale)


@loss
def mean_absolute_error(y_true: Array, y_pred: Array) -> Array:
    r"""Mean absolute error, :math:`\frac1D\sum_j |\hat y_j - y_j|`, in [0, inf).

    At the kink, a perfect prediction, the gradient taken is 0.

    Keras
        ``keras.losses.mean_absolute_error``, ``"mae"``
    PyTorch
        ``torch.nn.functional.l1_loss``; its ``reduction="none"`` is one value an entry: ``y_true[..., None]``.
    MXNet
        ``gluon.loss.L1Loss``, one value a sample. ``MAERegressionOutput`` has the gradient of
        ``reduction="sum"``, but -1 at the kink.
    """
    xp = namespace(y_true, y_pred)
    return xp.mean(xp.abs(y_pred - y_true), axis=-1)


@gradient_of_loss(mean_absolute_error)
def mean_absolute_error_vjp(y_true: Array, y_pred: Array, g: Array) -> Array:
    r""":math:`g \operatorname{sign}(\hat y - y)/D`."""
    xp = namespace(y_true, y_pred)
    return mean_gradient(g, y_pred) * xp.sign(y_pred - y_true)


@loss
def mean_absolute_percentage_error(y_true: Array, y_pred: Array, epsilon: float = 1e-7) -> Array:
    r"""Mean absolute percentage error, :math:`\frac{100}D\sum_j \frac{|\hat y_j - y_j|}{\max(|y_j|, \epsilon)}`.

    In percent, in [0, inf). A target of 0 counts as ``epsilon``, so that an error of 1 is 1e9 percent there: leave such
    targets out, or choose an ``epsilon`` of the size of what you measure.

    Keras
        ``keras.losses.mean_absolute_percentage_error``, ``"mape"``; its epsilon is ``keras.config.epsilon()``.
    PyTorch, MXNet
        None.
    """
    _check_epsilon("mean_absolute_percentage_error", epsilon)
    xp = namespace(y_true, y_pred)
    return 100.0 * xp.mean(xp.abs(y_pred - y_true) / xp.maximum(xp.abs(y_true), epsilon), axis=-1)


@gradient_of_loss(mean_absolute_percentage_error)
def mean_absolute_percentage_error_vjp(
    y_true: Array, y_pred: Array, g: Array, epsilon: float = 1e-7
) -> Array:
    r""":math:`g\,100 \operatorname{sign}(\hat y - y) / \max(|y|, \epsilon) / D`."""
    _check_epsilon("mean_absolute_percentage_error", epsilon)
    xp = namespace(y_true, y_pred)
    return mean_gradient(100.0 * g, y_pred) * xp.sign(y_pred - y_true) / xp.maximum(xp.abs(y_true), epsilon)


@loss
def mean_squared_logarithmic_error(y_true: Array, y_pred: Array, epsilon: float = 1e-7) -> Array:
    r"""Mean squared logarithmic error, :math:`\frac1D\sum_j \left(\log\frac{1+\hat y_j}{1+y_j}\right)^2`, in [0, inf).

    For targets and predictions that are not negative; what is below ``epsilon`` counts as ``epsilon``, and there the
    gradient is 0.

    Stability
        Two logarithms that are nearly equal cancel; the logarithm of the quotient does not.
    Keras
        ``keras.losses.mean_squared_logarithmic_error``, ``"msle"``; its epsilon is ``keras.config.epsilon()``.
    PyTorch, MXNet
        None.
    """
    _check_epsilon("mean_squared_logarithmic_error", epsilon)
    xp = namespace(y_true, y_pred)
    d = _log_quotient(xp.maximum(y_pred, epsilon), xp.maximum(y_true, epsilon))
    return xp.mean(d * d, axis=-1)


@gradient_of_loss(mean_squared_logarithmic_error)
def mean_squared_logarithmic_error_vjp(
    y_true: Array, y_pred: Array, g: Array, epsilon: float = 1e-7
) -> Array:
    r""":math:`g\,\frac{2}{D}\log\frac{1+\hat y}{1+y} / (1+\hat y)`, and 0 for :math:`\hat y < \epsilon`."""
    _check_epsilon("mean_squared_logarithmic_error", epsilon)
    xp = namespace(y_true, y_pred)
    d = _log_quotient(xp.maximum(y_pred, epsilon), xp.maximum(y_true, epsilon))
    slope = xp.where(y_pred < epsilon, 0.0, 1.0 / (1.0 + y_pred))
    return mean_gradient(2.0 * g, y_pred) * d * slope


def _log_quotient(a: Array, b: Array) -> Array:
    """``log((1 + a) / (1 + b))``."""
    xp = namespace(a, b)
    q = (a - b) / (1.0 + b)
    return xp.where(xp.abs(q) < 0.5, xp.log1p(xp.maximum(q, -0.5)), xp.log1p(a) - xp.log1p(b))


@loss
def log_cosh(y_true: Array, y_pred: Array) -> Array:
    r"""Log-cosh, :math:`\frac1D\sum_j \log\cosh(\hat y_j - y_j)`, in [0, inf).

    Half the squared error near 0, the absolute error less log 2 far away.

    Stability
        ``log(cosh(e))`` overflows at 710 (float64), 89 (float32); Keras' ``e + softplus(-2 e) - log(2)`` does not, but
        is 0 below 1e-4 in float32, where the loss is 5e-9, and NaN at -inf.
    Keras
        ``keras.losses.log_cosh``
    PyTorch, MXNet
        None.
    """
    xp = namespace(y_true, y_pred)
    return xp.mean(log_cosh_of(y_pred - y_true), axis=-1)


@gradient_of_loss(log_cosh)
def log_cosh_vjp(y_true: Array, y_pred: Array, g: Array) -> Array:
    r""":math:`g\tanh(\hat y - y)/D`."""
    xp = namespace(y_true, y_pred)
    return mean_gradient(g, y_pred) * xp.tanh(y_pred - y_true)


@loss
def huber(y_true: Array, y_pred: Array, delta: float = 1.0) -> Array:
    r"""Huber loss, the mean of :math:`e^2/2` where :math:`|e| \le \delta`, else :math:`\delta(|e| - \delta/2)`.

    :math:`e = \hat y - y`; in [0, inf). Value and slope are continuous at :math:`\delta`; the gradient of an outlier,
    an infinite one too, is :math:`\pm\delta`.

    Keras
        ``keras.losses.huber``, ``"huber"``, whose gradient is NaN at errors that overflow when they are squared.
    PyTorch
        ``torch.nn.functional.huber_loss``; its ``smooth_l1_loss`` is `smooth_l1`.
    MXNet
        ``gluon.loss.HuberLoss(rho)`` is ``smooth_l1(y, p, beta=rho, reduction=None)``, not this one.
    Source
        Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics, 1964.
    """
    _check_positive("huber", "delta", delta)
    xp = namespace(y_true, y_pred)
    e = xp.abs(y_pred - y_true)
    c = xp.minimum(e, delta)
    return xp.mean(c * (e - 0.5 * c), axis=-1)


@gradient_of_loss(huber)
def huber_vjp(y_true: Array, y_pred: Array, g: Array, delta: float = 1.0) -> Array:
    r""":math:`g\,\min(\max(\hat y - y, -\delta), \delta)/D`."""
    _check_positive("huber", "delta", delta)
    xp = namespace(y_true, y_pred)
    return mean_gradient(g, y_pred) * xp.minimum(xp.maximum(y_pred - y_true, -delta), delta)


@loss
def smooth_l1(y_true: Array, y_pred: Array, beta: float = 1.0) -> Array:
    r"""Smooth L1, the mean of :math:`e^2/(2\beta)` where :math:`|e| \le \beta`, else :math:`|e| - \beta/2`.

    In [0, inf). `huber` divided by its delta: the slope of an outlier is 1 whatever ``beta``, which may be 0 for the
    plain absolute error.

    Keras
        None; ``keras.losses.huber(y_true, y_pred, beta) / beta``.
    PyTorch
        ``torch.nn.functional.smooth_l1_loss``; its ``reduction="none"`` is one value an entry: ``y_true[..., None]``.
    MXNet
        ``gluon.loss.HuberLoss(rho)`` with ``beta=rho``; ``mxnet.nd.smooth_l1(x, scalar=s)`` with ``beta=1 / s**2``.
    Source
        Girshick, "Fast R-CNN", ICCV 2015.
    """
    _check_not_negative("smooth_l1", "beta", beta)
    xp = namespace(y_true, y_pred)
    e = xp.abs(y_pred - y_true)
    if beta == 0:
        return xp.mean(e, axis=-1)
    c = xp.minimum(e, beta)
    return xp.mean(c / beta * (e - 0.5 * c), axis=-1)


@gradient_of_loss(smooth_l1)
def smooth_l1_vjp(y_true: Array, y_pred: Array, g: Array, beta: float = 1.0) -> Array:
    r""":math:`g\,\min(\max((\hat y - y)/\beta, -1), 1)/D`; with :math:`\beta = 0` the sign."""
    _check_not_negative("smooth_l1", "beta", beta)
    xp = namespace(y_true, y_pred)
    e = y_pred - y_true
    slope = xp.minimum(xp.maximum(e / beta, -1.0), 1.0) if beta else xp.sign(e)
    return mean_gradient(g, y_pred) * slope


def _check_rates(arrays, options):
    wrong = arrays["y_pred"][arrays["y_pred"] < 0]
    if wrong.size and not options["log_input"]:
        return (
            f"y_pred holds {wrong[0]}, but a rate is not negative; "
            "pass log_input=True if y_pred is the logarithm of a rate"
        )
    return None


@loss(check=_check_rates)
def poisson(
    y_true: Array, y_pred: Array, log_input: bool = False, full: bool = False, epsilon: float = 1e-7
) -> Array:
    r"""Poisson loss, the mean of :math:`\hat y - y\log(\hat y + \epsilon)`: the negative log-likelihood of the rate.

    ``y_true`` are counts, ``y_pred`` rates, not negative. With ``log_input=True``, ``y_pred`` is the logarithm z of the
    rate, any number, and the loss is the mean of :math:`e^z - y z`. The part that does not depend on the prediction,
    :math:`\log y!`, is left out; ``full=True`` adds Stirling's approximation of it where y > 1. In (-inf, inf).

    Keras
        ``keras.losses.poisson``; it takes negative rates, with the value NaN and a finite gradient.
    PyTorch
        ``torch.nn.functional.poisson_nll_loss``: ``log_input`` is True by default, ``eps`` is 1e-8; ``full`` is
        ours. Its ``reduction="none"`` is one value an entry: ``y_true[..., None]``.
    MXNet
        ``gluon.loss.PoissonNLLLoss``: ``from_logits`` is our ``log_input``, ``compute_full`` our ``full``,
        ``epsilon`` is 1e-8; it returns the mean over the batch, our default reduction.
    """
    _check_epsilon("poisson", epsilon, zero=True)
    xp = namespace(y_true, y_pred)
    if log_input:
        value = xp.exp(y_pred) - _product(y_true, y_pred)
    else:
        value = y_pred - _product(y_true, xp.log(y_pred + epsilon))
    if full:
        y = xp.maximum(y_true, 1.0)
        value = value + xp.where(y_true > 1, y * xp.log(y) - y + 0.5 * xp.log(2 * math.pi * y), 0.0 * y)
    return xp.mean(value, axis=-1)


@gradient_of_loss(poisson)
def poisson_vjp(
    y_true: Array,
    y_pred: Array,
    g: Array,
    log_input: bool = False,
    full: bool = False,
    epsilon: float = 1e-7,
) -> Array:
    r""":math:`g\,(1 - y/(\hat y + \epsilon))/D`; with ``log_input`` :math:`g\,(e^z - y)/D`."""
    _check_epsilon("poisson", epsilon, zero=True)
    xp = namespace(y_true, y_pred)
    if log_input:
        slope = xp.exp(y_pred) - y_true
    else:
        rate = y_pred + epsilon
        # Where epsilon, count and rate are 0, the slope is that of the rate alone.
        slope = 1.0 - xp.where((y_true == 0) & (rate == 0), 0.0, y_true / rate)
    return mean_gradient(g, y_pred) * slope


def _product(y: Array, x: Array) -> Array:
    """``y * x``, and 0 where ``y`` is 0 and ``x`` infinite."""
    xp = namespace(y, x)
    return xp.where((y == 0) & (xp.abs(x) == math.inf), 0.0 * y, y * x)


def _check_variance(arrays, options):
    wrong = arrays["variance"][arrays["variance"] < 0]
    return f"variance holds {wrong[0]}, but a variance is not negative" if wrong.size else None


@loss(check=_check_variance)
def gaussian_nll(
    y_true: Array, y_pred: Array, variance: Array, full: bool = False, epsilon: float = 1e-6
) -> Array:
    r"""Gaussian negative log-likelihood, the mean of :math:`\tfrac12\left(\log v + (\hat y - y)^2/v\right)`.

    ``y_pred`` is the mean and ``variance`` v the variance that was predicted, of the same shape; a variance below
    ``epsilon`` counts as ``epsilon``. ``full=True`` adds :math:`\tfrac12\log 2\pi`. In (-inf, inf).

    The gradient is a pair, to ``y_pred`` and to ``variance``; the second is taken at the variance that counts, so that
    one that fell below ``epsilon`` can still rise.

    Keras, MXNet
        None.
    PyTorch
        ``torch.nn.functional.gaussian_nll_loss``, which also takes a variance that broadcasts. Its
        ``reduction="none"`` is one value an entry: ``y_true[..., None]``.
    Source
        Nix and Weigend, "Estimating the mean and variance of the target probability distribution", ICNN 1994.
    """
    _check_epsilon("gaussian_nll", epsilon)
    xp = namespace(y_true, y_pred, variance)
    v = xp.maximum(variance, epsilon)
    e = y_pred - y_true
    value = 0.5 * (xp.log(v) + e / v * e)
    return xp.mean(value + 0.5 * math.log(2 * math.pi) if full else value, axis=-1)


@gradient_of_loss(gaussian_nll)
def gaussian_nll_vjp(
    y_true: Array,
    y_pred: Array,
    variance: Array,
    g: Array,
    full: bool = False,
    epsilon: float = 1e-6,
) -> tuple[Array, Array]:
    r""":math:`g\,(\hat y - y)/v/D` and :math:`g\,\tfrac12\left(1 - (\hat y - y)^2/v\right)/v/D`."""
    _check_epsilon("gaussian_nll", epsilon)
    xp = namespace(y_true, y_pred, variance)
    v = xp.maximum(variance, epsilon)
    e = y_pred - y_true
    share = mean_gradient(g, y_pred)
    return share * e / v, share * 0.5 * (1.0 - e / v * e) / v


def _check_positive(name: str, option: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}: {option} must be a positive number, not {value}")


def _check_not_negative(name: str, option: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}: {option} must be 0 or a positive number, not {value}")


def _check_epsilon(name: str, epsilon: float, zero: bool = False) -> None:
    (_check_not_negative if zero else _check_positive)(name, "epsilon", epsilon)


def _log_rates(generator, shape, log_input=False, **_):
    counts = generator.poisson(4, size=shape).astype(float)
    rates = 10.0 ** generator.uniform(-2, 2, size=shape)
    return counts, generator.uniform(-6, 6, size=shape) if log_input else rates


def _measurements_with_variance(generator, shape, **_):
    y, p = generator.normal(scale=3, size=(2, *shape))
    return y, p, 10.0 ** generator.uniform(-2, 2, size=shape)


def _mean(mp, terms):
    terms = list(terms)
    return mp.fsum(terms) / len(terms)


def _exact_huber(mp, y, p, delta=1.0):
    def term(e):
        return e * e / 2 if e <= delta else delta * (e - mp.mpf(delta) / 2)

    return _mean(mp, (term(abs(b - a)) for a, b in zip(y, p, strict=True)))


def _exact_smooth_l1(mp, y, p, beta=1.0):
    if beta == 0:
        return _mean(mp, (abs(b - a) for a, b in zip(y, p, strict=True)))
    return _exact_huber(mp, y, p, beta) / mp.mpf(beta)


def _exact_msle(mp, y, p, epsilon=1e-7):
    def log(x):
        return mp.log1p(max(x, mp.mpf(epsilon)))

    return _mean(mp, ((log(b) - log(a)) ** 2 for a, b in zip(y, p, strict=True)))


def _exact_poisson(mp, y, p, log_input=False, full=False, epsilon=1e-7):
    def term(a, b):
        value = mp.exp(b) - a * b if log_input else b - a * mp.log(b + epsilon)
        return value + (a * mp.log(a) - a + mp.log(2 * mp.pi * a) / 2 if full and a > 1 else 0)

    return _mean(mp, (term(a, b) for a, b in zip(y, p, strict=True)))


def _exact_gaussian_nll(mp, y, p, v, full=False, epsilon=1e-6):
    def term(a, b, c):
        return (mp.log(c) + (b - a) ** 2 / c + (mp.log(2 * mp.pi) if full else 0)) / 2

    return _mean(mp, (term(a, b, max(c, mp.mpf(epsilon))) for a, b, c in zip(y, p, v, strict=True)))


def _keras(name: str, *recorded: str, **others) -> LossCounterpart:
    return LossCounterpart(system="keras", function=f"keras.losses.{name}", recorded=recorded, **others)


def _keras_class(name: str) -> tuple[LossCounterpart, ...]:
    return tuple(
        LossCounterpart(
            system="keras",
            function=f"keras.losses.{name}",
            arguments={"reduction": reduction},
            reduction=reduction,
            recorded=(f"loss/{name}_{reduction}",),
            float64=2e-6,
            differs="the class casts to float32",
        )
        for reduction in ("sum_over_batch_size", "sum", None)
    )


def _pytorch(name: str, *recorded: str, **others) -> LossCounterpart:
    """One value an entry."""
    return LossCounterpart(
        system="pytorch",
        function=f"torch.nn.functional.{name}",
        arguments={"reduction": "none", **others.pop("arguments", {})},
        elementwise=True,
        recorded=recorded,
        **others,
    )


def _mxnet(name: str, *recorded: str, **others) -> LossCounterpart:
    return LossCounterpart(system="mxnet", function=f"mxnet.{name}", recorded=recorded, **others)


# In the recorded residuals row 24 is 3e38, rows 25 and 26 are infinite, row 27 is NaN.
_SWALLOWS_NAN = Defect(reason="the gradient at NaN is 0", rows=(27,), parts="g")
_DEAD_BRANCH = (
    Defect(
        reason="the gradient is NaN where the branch not taken, the square, overflows",
        rows=(25, 26),
        parts="g",
    ),
    Defect(reason="so it is at 3e38 in float32", rows=(24,), parts="g", dtypes=("float32",)),
)

_NEGATIVE_RATES = Defect(reason="takes negative rates, and returns NaN", rows=(8, 9), refused=True)
_FLOAT32_LOG_2 = {"float64": 2e-9, "differs": "log 2 is rounded to float32 whatever the input"}

FACTS = {
    "mean_squared_error": LossFacts(
        draw=real_numbers,
        exact=lambda mp, y, p: _mean(mp, ((b - a) ** 2 for a, b in zip(y, p, strict=True))),
        points=(
            Point(why="a perfect fit", arguments=([1.0, 2.0], [1.0, 2.0]), value=0.0, gradient=[0.0, 0.0]),
            Point(
                why="an infinite error", arguments=([0.0], [-math.inf]), value=math.inf, gradient=[-math.inf]
            ),
        ),
        counterparts=(
            _keras("mean_squared_error", "loss/mean_squared_error", "loss/mean_squared_error_edge"),
            *_keras_class("MeanSquaredError"),
            LossCounterpart(
                system="keras",
                function="keras.losses.MeanSquaredError",
                arguments={"dtype": "float64"},
                reduction="sum_over_batch_size",
                recorded=("loss/MeanSquaredError_dtype64",),
            ),
            _pytorch("mse_loss", "loss/mse_none", "loss/mse_none_edge"),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.mse_loss",
                reduction="mean",
                recorded=("loss/mse_mean",),
            ),
            _mxnet("gluon.loss.L2Loss()", "loss/L2Loss", "loss/L2Loss_edge", scale=0.5),
            _mxnet(
                "nd.LinearRegressionOutput",
                "out/LinearRegressionOutput",
                scale=0.5,
                parts="g",
                float64=1e-7,
                differs="the scale of the gradient is a float32",
            ),
        ),
    ),
    "root_mean_squared_error": LossFacts(
        draw=real_numbers,
        exact=lambda mp, y, p, axis=None: mp.sqrt(
            _mean(mp, ((b - a) ** 2 for a, b in zip(y.flat, p.flat, strict=True)))
        ),
        cases=({}, {"axis": -1}, {"axis": (0, 1)}),
        points=(
            Point(
                why="a perfect fit",
                arguments=([1.0, 2.0], [1.0, 2.0]),
                options={"axis": -1},
                value=0.0,
                gradient=[0.0, 0.0],
            ),
            Point(
                why="errors that overflow when squared",
                arguments=([0.0, 0.0], [3e30, 4e30]),
                options={"axis": -1},
                value=12.5**0.5 * 1e30,
                gradient=[1.5 / 12.5**0.5, 2.0 / 12.5**0.5],
            ),
        ),
        counterparts=(
            LossCounterpart(
                system="keras",
                function="keras.metrics.RootMeanSquaredError()",
                recorded=("metric/rmse",),
                inputs=lambda inputs: (inputs["reg_t"], inputs["reg_p"]),
                parts="y",
                float64=2e-6,
                differs="the metric is computed in float32",
            ),
        ),
    ),
    "mean_absolute_error": LossFacts(
        draw=real_numbers,
        exact=lambda mp, y, p: _mean(mp, (abs(b - a) for a, b in zip(y, p, strict=True))),
        points=(
            Point(why="the kink", arguments=([1.0, 2.0], [1.0, 3.0]), value=0.5, gradient=[0.0, 0.5]),
            Point(why="an infinite error", arguments=([0.0], [-math.inf]), value=math.inf, gradient=[-1.0]),
        ),
        counterparts=(
            _keras("mean_absolute_error", "loss/mean_absolute_error", "loss/mean_absolute_error_edge"),
            *_keras_class("MeanAbsoluteError"),
            _pytorch("l1_loss", "loss/l1_none"),
            _pytorch("l1_loss", "loss/l1_none_edge", defects=(_SWALLOWS_NAN,)),
            LossCounterpart(
                system="pytorch",
                function="torch.nn.functional.l1_loss",
                reduction="mean",
                recorded=("loss/l1_mean",),
            ),
            _mxnet("gluon.loss.L1Loss()", "loss/L1Loss"),
            _mxnet("gluon.loss.L1Loss()", "loss/L1Loss_edge", defects=(_SWALLOWS_NAN,)),
            _mxnet(
                "nd.MAERegressionOutput",
                "out/MAERegressionOutput",
                parts="g",
                float64=1e-7,
                differs="the scale of the gradient is a float32",
            ),
            _mxnet(
                "nd.MAERegressionOutput",
                "out/MAERegressionOutput_edge",
                parts="g",
                defects=(Defect(reason="-1 at the kink, and at NaN", rows=(0, 1, 27), parts="g"),),
            ),
        ),
    ),
    "mean_absolute_percentage_error": LossFacts(
        draw=real_numbers,
        exact=lambda mp, y, p, epsilon=1e-7: (
            100 * _mean(mp, (abs(b - a) / max(abs(a), mp.mpf(epsilon)) for a, b in zip(y, p, strict=True)))
        ),
        cases=({}, {"epsilon": 1.0}),
        points=(
            Point(why="the kink", arguments=([2.0], [2.0]), value=0.0, gradient=[0.0]),
            Point(why="a target of 0", arguments=([0.0], [1.0]), value=1e9, gradient=[1e9]),
        ),
        counterparts=(
            _keras(
                "mean_absolute_percentage_error",
                "loss/mean_absolute_percentage_error",
                defects=(
                    Defect(reason="the gradient at an infinite target is NaN, not 0", rows=(12,), parts="g"),
                ),
            ),
        ),
    ),
    "mean_squared_logarithmic_error": LossFacts(
        draw=positive_numbers,
        exact=_exact_msle,
        points=(
            Point(why="a negative prediction", arguments=([0.0], [-2.0]), value=0.0, gradient=[0.0]),
            Point(why="a perfect fit", arguments=([3.0], [3.0]), value=0.0, gradient=[0.0]),
        ),
        counterparts=(
            _keras(
                "mean_squared_logarithmic_error",
                "loss/mean_squared_logarithmic_error",
                defects=(
                    Defect(reason="the gradient at NaN is 0", rows=(13,), parts="g"),
                    Defect(
                        reason="epsilon is rounded to float32, so that a prediction of 1e-7 lies below it",
                        rows=(6,),
                        parts="g",
                        dtypes=("float64",),
                    ),
                ),
            ),
        ),
    ),
    "log_cosh": LossFacts(
        draw=real_numbers,
        exact=lambda mp, y, p: _mean(mp, (mp.log(mp.cosh(b - a)) for a, b in zip(y, p, strict=True))),
        points=(
            Point(why="a small error", arguments=([0.0], [1e-10]), value=5e-21, gradient=[1e-10]),
            Point(why="an infinite error", arguments=([0.0], [-math.inf]), value=math.inf, gradient=[-1.0]),
        ),
        counterparts=(
            _keras("log_cosh", "loss/log_cosh", **_FLOAT32_LOG_2),
            _keras(
                "log_cosh",
                "loss/log_cosh_edge",
                **_FLOAT32_LOG_2,
                defects=(Defect(reason="NaN at -inf", rows=(26,), parts="y"),),
            ),
            *_keras_class("LogCosh"),
        ),
    ),
    "huber": LossFacts(
        draw=real_numbers,
        exact=_exact_huber,
        cases=({}, {"delta": 0.5}, {"delta": 2.0}),
        points=(
            Point(why="at delta", arguments=([0.0], [1.0]), value=0.5, gradient=[1.0]),
            Point(why="an infinite error", arguments=([0.0], [-math.inf]), value=math.inf, gradient=[-1.0]),
            Point(
                why="an error that overflows when squared",
                arguments=([0.0], [1e38]),
                options={"delta": 2.0},
                value=2e38,
                gradient=[2.0],
            ),
        ),
        counterparts=(
            *(
                _keras(
                    "huber",
                    f"loss/huber_{delta:g}{edge}",
                    arguments={"delta": delta},
                    options={"delta": delta},
                    defects=_DEAD_BRANCH if edge else (),
                )
                for delta in (0.5, 1.0, 2.0)
                for edge in ("", "_edge")
            ),
            *_keras_class("Huber"),
            *(
                _pytorch(
                    "huber_loss",
                    f"loss/huber_{delta:g}",
                    f"loss/huber_{delta:g}_edge",
                    arguments={"delta": delta},
                    options={"delta": delta},
                )
                for delta in (0.5, 1.0, 2.0)
            ),
        ),
    ),
    "smooth_l1": LossFacts(
        draw=real_numbers,
        exact=_exact_smooth_l1,
        cases=({}, {"beta": 0.5}, {"beta": 2.0}, {"beta": 0.0}),
        points=(
            Point(why="at beta", arguments=([0.0], [1.0]), value=0.5, gradient=[1.0]),
            Point(
                why="beta=0 at a perfect fit",
                arguments=([1.0], [1.0]),
                options={"beta": 0.0},
                value=0.0,
                gradient=[0.0],
            ),
        ),
        counterparts=(
            *(
                _pytorch(
                    "smooth_l1_loss",
                    f"loss/smooth_l1_{beta:g}",
                    f"loss/smooth_l1_{beta:g}_edge",
                    arguments={"beta": beta},
                    options={"beta": beta},
                )
                for beta in (0.5, 1.0, 2.0)
            ),
            *(
                _mxnet(
                    f"gluon.loss.HuberLoss(rho={rho:g})",
                    f"loss/HuberLoss_rho{rho:g}{edge}",
                    options={"beta": rho},
                    defects=_DEAD_BRANCH if edge else (),
                )
                for rho in (0.5, 1.0, 2.0)
                for edge in ("", "_edge")
            ),
        ),
    ),
    "poisson": LossFacts(
        draw=_log_rates,
        exact=_exact_poisson,
        cases=({}, {"full": True}, {"log_input": True}, {"log_input": True, "full": True}, {"epsilon": 1e-8}),
        points=(
            Point(
                why="no counts at the rate 0",
                arguments=([0.0], [0.0]),
                options={"epsilon": 0.0},
                value=0.0,
                gradient=[1.0],
            ),
            Point(
                why="no counts at the log-rate -inf",
                arguments=([0.0], [-math.inf]),
                options={"log_input": True},
                value=0.0,
                gradient=[0.0],
            ),
        ),
        counterparts=(
            _keras("poisson", "loss/poisson", defects=(_NEGATIVE_RATES,)),
            _pytorch("poisson_nll_loss", "loss/poisson_nll_log_none", options={"log_input": True}),
            _pytorch(
                "poisson_nll_loss",
                "loss/poisson_nll_nolog_none",
                arguments={"log_input": False},
                options={"epsilon": 1e-8},
                defects=(_NEGATIVE_RATES,),
            ),
            _pytorch(
                "poisson_nll_loss",
                "loss/poisson_nll_nolog_full",
                arguments={"log_input": False, "full": True},
                options={"epsilon": 1e-8, "full": True},
                defects=(_NEGATIVE_RATES,),
            ),
            _mxnet(
                "gluon.loss.PoissonNLLLoss()",
                "loss/PoissonNLLLoss_log",
                options={"log_input": True},
                reduction="mean",
            ),
        ),
    ),
    "gaussian_nll": LossFacts(
        draw=_measurements_with_variance,
        exact=_exact_gaussian_nll,
        cases=({}, {"full": True}),
        points=(
            Point(
                why="a variance below epsilon",
                arguments=([1.0], [1.0], [0.0]),
                value=0.5 * math.log(1e-6),
                gradients=([0.0], [5e5]),
            ),
        ),
        counterparts=(
            _pytorch(
                "gaussian_nll_loss",
                "loss/gaussian_nll_none",
                inputs=lambda inputs: (inputs["reg_t"], inputs["reg_p"], 0.0 * inputs["reg_p"] + 0.5),
            ),
        ),
    ),
}
