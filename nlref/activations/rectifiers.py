"""Rectifiers: relu, those with another straight piece on the left, given, learned or random, and the elus."""

import math

from nlref.compensated import quotient
from nlref.facts import Case, Counterpart, Facts, Kink
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = [
    "FACTS",
    "celu",
    "celu_vjp",
    "elu",
    "elu_vjp",
    "leaky_relu",
    "leaky_relu_vjp",
    "linear",
    "linear_vjp",
    "prelu",
    "prelu_vjp",
    "relu",
    "relu6",
    "relu6_vjp",
    "relu_vjp",
    "rrelu",
    "rrelu_vjp",
    "selu",
    "selu_vjp",
    "threshold",
    "threshold_vjp",
]

SELU_ALPHA = 1.6732632423543772848
"""With `SELU_SCALE`, the factors that keep activations at mean 0 and variance 1 (Klambauer et al., 2017)."""

SELU_SCALE = 1.0507009873554804934
"""The factor of the whole of selu, and its slope on the right."""


@elementwise
def linear(x: Array) -> Array:
    r"""The identity, :math:`x`, elementwise, in (-inf, inf): an output layer's way to have no activation.

    Gradient
        1 everywhere, at NaN too.
    Keras, PyTorch, MXNet
        ``keras.activations.linear``, ``torch.nn.Identity``, ``mxnet.nd.identity``
    """
    return x


@gradient_of(linear)
def linear_vjp(x: Array, g: Array) -> Array:
    r"""``g``."""
    return g


@elementwise
def relu(
    x: Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    r"""Rectified linear unit, :math:`\max(x, 0)`, elementwise, in [0, inf); with options

    .. math:: f(x) = \begin{cases} \mathrm{max\_value} & x \ge \mathrm{max\_value} \\
                                   x & \mathrm{threshold} < x < \mathrm{max\_value} \\
                                   \mathrm{negative\_slope}\,(x - \mathrm{threshold}) & x \le \mathrm{threshold}
              \end{cases}

    where the last line wins if ``max_value`` is below ``threshold``. A ``threshold`` above 0 makes the value jump
    there, from 0 to ``threshold``. The options are rounded to the dtype computed in, so that in float32 a threshold of
    0.1 is float32's 0.1.

    Stability
        Exact but for the sloped piece, which rounds twice. -inf gives 0 where ``negative_slope`` is 0 (a product
        ``0 * x`` gives NaN), NaN gives NaN (a comparison ``x > 0`` would give 0), and the sign of a zero is not
        promised.
    Kinks
        The slope at a kink is that of the piece which the point belongs to: ``negative_slope`` at ``threshold``, so 0
        for plain relu, and 0 at ``max_value``.
    Raises
        ``ValueError`` for a negative option, like ``keras.layers.ReLU``, or an infinite slope or threshold.
    Keras
        ``keras.activations.relu`` with the same arguments; ``keras.activations.relu6`` is ``max_value=6``. At
        ``max_value`` Keras' slope is 0 for 6 and 1 for every other number; at a ``threshold`` other than 0 it is 0
        whatever ``negative_slope`` is. Its documentation puts ``x == threshold`` on the upper piece, its code and this
        function on the lower.
    PyTorch, MXNet
        ``torch.nn.functional.relu``, ``relu6``, ``threshold``; ``mxnet.nd.relu``, ``mxnet.nd.clip(x, 0, max_value)``
        (slope 1 at both ends). Slopes at NaN: Keras 0, PyTorch 1, MXNet and this function NaN.
    Source
        Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """
    _check_relu(negative_slope, max_value, threshold)
    xp = namespace(x)
    if negative_slope or threshold:
        below = negative_slope * (x - threshold) if negative_slope else 0.0
        y = xp.where(x <= threshold, below, x)
    else:
        y = xp.maximum(x, 0.0)
    return y if max_value is None else xp.minimum(y, max_value)


@gradient_of(relu)
def relu_vjp(
    x: Array, g: Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    r"""``g`` between ``threshold`` and ``max_value``, ``g * negative_slope`` from ``threshold`` down, 0 above.

    NaN where ``x`` is NaN.
    """
    _check_relu(negative_slope, max_value, threshold)
    xp = namespace(x, g)
    slope = xp.maximum(xp.sign(x - threshold), 0.0)  # 1 above the threshold, 0 from it down, NaN at NaN
    if negative_slope:
        slope = xp.where(x <= threshold, negative_slope, slope)
    if max_value is not None:
        slope = xp.where((x >= max_value) & (x > threshold), 0.0, slope)
    return g * slope


def _check_relu(negative_slope: float, max_value: float | None, threshold: float) -> None:
    for name, value in (("negative_slope", negative_slope), ("threshold", threshold)):
        if not 0 <= value < math.inf:
            raise ValueError(f"relu: {name} must be at least 0 and finite, not {value}")
    if max_value is not None and max_value < 0:
        raise ValueError(f"relu: max_value must be at least 0, not {max_value}")


@elementwise
def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    r"""Leaky rectifier, :math:`x` for :math:`x > 0`, else :math:`\mathrm{negative\_slope}\cdot x`, elementwise.

    In (-inf, inf) for a positive slope: it does not end at 0. ``negative_slope`` may be any finite number.

    Stability
        One rounding of the slope and one of the product. With slope 0, -inf gives 0.
    Kinks
        The slope at 0 is ``negative_slope``, in all systems.
    Raises
        ``ValueError`` for an infinite or NaN ``negative_slope``.
    Keras
        ``keras.activations.leaky_relu``, whose default is 0.2 as here; ``keras.layers.LeakyReLU`` has 0.3. Both hold
        the slope in float32, so in float64 they are 1.5e-8 off, relatively.
    PyTorch, MXNet
        ``torch.nn.functional.leaky_relu``, default 0.01; ``mxnet.nd.LeakyReLU``, argument ``slope``, default 0.25, the
        negative piece in float32 even for float64.
    Source
        Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML 2013.
    """
    _check_leaky_relu(negative_slope)
    xp = namespace(x)
    y = xp.maximum(x, 0.0)
    return y + negative_slope * xp.minimum(x, 0.0) if negative_slope else y


@gradient_of(leaky_relu)
def leaky_relu_vjp(x: Array, g: Array, negative_slope: float = 0.2) -> Array:
    r"""``g`` for ``x > 0``, else ``g * negative_slope``; NaN where ``x`` is NaN."""
    _check_leaky_relu(negative_slope)
    xp = namespace(x, g)
    return g * xp.where(x <= 0, negative_slope, xp.sign(x))  # the sign is 1, or NaN at NaN


def _check_leaky_relu(negative_slope: float) -> None:
    if math.isinf(negative_slope):
        raise ValueError(f"leaky_relu: negative_slope must be finite, not {negative_slope}")


@elementwise
def relu6(x: Array) -> Array:
    r"""Relu that ends at 6, :math:`\min(\max(x, 0), 6)`, elementwise, in [0, 6]: it survives 8-bit arithmetic.

    Stability
        Exact. NaN gives NaN.
    Kinks
        The slope is 0 at 0 and at 6, as in Keras and PyTorch; ``mxnet.nd.clip`` has 1 at both.
    Keras, PyTorch, MXNet
        ``keras.activations.relu6``, ``torch.nn.functional.relu6``, ``mxnet.nd.clip(x, 0, 6)``; here it is also
        ``relu(x, max_value=6)``.
    Source
        Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """
    xp = namespace(x)
    return xp.minimum(xp.maximum(x, 0.0), 6.0)


@gradient_of(relu6)
def relu6_vjp(x: Array, g: Array) -> Array:
    r"""``g`` between 0 and 6, else 0; NaN where ``x`` is NaN."""
    xp = namespace(x, g)
    return g * xp.where((x <= 0) | (x >= 6), 0.0, xp.sign(x))


@elementwise
def threshold(x: Array, threshold: float = 0.0, default_value: float = 0.0) -> Array:
    r"""``x`` above ``threshold``, else ``default_value``, elementwise: in general with a jump.

    Stability
        Exact. NaN gives NaN; in Keras it gives ``default_value``.
    Kinks
        At ``threshold`` itself the value is ``default_value`` and the slope 0, in all systems.
    Raises
        ``ValueError`` for a NaN option.
    Keras, PyTorch
        ``keras.activations.threshold``, ``torch.nn.functional.threshold``, neither of which has defaults; here
        ``threshold(x)`` is relu.
    MXNet
        No counterpart; ``mxnet.nd.where(x > threshold, x, default_value)`` composes it.
    Source
        Konda, Memisevic and Krueger, "Zero-bias autoencoders and the benefits of co-adapting features", ICLR 2015.
    """
    return namespace(x).where(x <= threshold, default_value, x)


@gradient_of(threshold)
def threshold_vjp(x: Array, g: Array, threshold: float = 0.0, default_value: float = 0.0) -> Array:
    r"""``g`` above ``threshold``, else 0; NaN where ``x`` is NaN."""
    xp = namespace(x, g)
    return g * xp.where(x <= threshold, 0.0, 1.0 + 0.0 * xp.sign(x))


@elementwise
def prelu(x: Array, negative_slope: Array) -> Array:
    r"""Parametric rectifier, :math:`x` for :math:`x > 0`, else :math:`\mathrm{negative\_slope}\cdot x`, elementwise.

    ``negative_slope`` is learned: a number, or an array that broadcasts to the shape of ``x`` by NumPy's rules, so of
    shape ``(features,)`` for one slope a feature of the last axis, ``(channels, 1, 1)`` for one a channel of images
    with the channels first. The result has the shape and dtype of ``x``.

    Stability
        One rounding. With slope 0, -inf gives 0. NaN in either gives NaN.
    Kinks
        The slope at 0 is ``negative_slope``, as in PyTorch and MXNet. ``keras.layers.PReLU`` has 0.
    Raises
        ``ValueError`` if ``negative_slope`` does not broadcast to the shape of ``x``.
    Keras
        ``keras.layers.PReLU``, one slope for each entry of a sample and 0 to begin with; pass its ``alpha`` as it is.
    PyTorch, MXNet
        ``torch.nn.functional.prelu(x, weight)``, 0.25 to begin with, and ``mxnet.nd.LeakyReLU(x, gamma,
        act_type="prelu")``: a slope a channel of axis 1, so give theirs as ``weight.reshape(-1, *[1] * (x.ndim - 2))``.
    Source
        He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.
    """
    return _leaky(x, negative_slope)


@gradient_of(prelu)
def prelu_vjp(x: Array, g: Array, negative_slope: Array) -> tuple[Array, Array]:
    r"""``(gradient to x, gradient to negative_slope)``: ``g`` or ``g * negative_slope``, and ``g * min(x, 0)``.

    The second is summed to the shape of ``negative_slope``, in float64, and has its dtype.
    """
    xp = namespace(x, g, negative_slope)
    return g * xp.where(x <= 0, negative_slope, xp.sign(x)), g * xp.minimum(x, 0.0)


@elementwise
def rrelu(x: Array, negative_slope: Array) -> Array:
    r"""Randomised rectifier, :math:`x` for :math:`x > 0`, else :math:`\mathrm{negative\_slope}\cdot x`, elementwise.

    The slopes are given, so that a result can be repeated and checked: in training one drawn for each entry,
    ``generator.uniform(1/8, 1/3, x.shape)``, in evaluation their mean, ``(1/8 + 1/3) / 2``. A number, or an array that
    broadcasts to the shape of ``x``; the result has the shape and dtype of ``x``.

    Stability
        One rounding. With slope 0, -inf gives 0. NaN in either gives NaN.
    Kinks
        The slope at 0 is ``negative_slope``.
    Raises
        ``ValueError`` if ``negative_slope`` does not broadcast to the shape of ``x``.
    Keras
        No counterpart.
    PyTorch
        ``torch.nn.functional.rrelu(x, lower=1/8, upper=1/3, training=False)`` draws the slopes itself.
    MXNet
        ``mxnet.nd.LeakyReLU(x, act_type="rrelu")``, bounds 0.125 and 0.334, the negative piece in float32; in
        evaluation its gradient is 0 for x below 0.
    Source
        Xu, Wang, Chen and Li, "Empirical evaluation of rectified activations in convolutional network", 2015.
    """
    return _leaky(x, negative_slope)


def _leaky(x: Array, negative_slope: Array) -> Array:
    xp = namespace(x, negative_slope)
    below = xp.where(negative_slope == 0, 0.0, negative_slope * xp.minimum(x, 0.0))  # 0 * -inf is NaN
    return xp.maximum(x, 0.0) + below


@gradient_of(rrelu)
def rrelu_vjp(x: Array, g: Array, negative_slope: Array) -> Array:
    r"""``g`` for ``x > 0``, else ``g * negative_slope``; NaN where ``x`` is NaN. The slopes are not differentiated."""
    xp = namespace(x, g, negative_slope)
    return g * xp.where(x <= 0, negative_slope, xp.sign(x))


@elementwise(in_float64=True)
def elu(x: Array, alpha: float = 1.0) -> Array:
    r"""Exponential linear unit, :math:`x` for :math:`x > 0`, else :math:`\alpha (e^x - 1)`, elementwise.

    In (-alpha, inf); smooth at 0 for ``alpha`` 1, the default.

    Stability
        ``exp(x) - 1`` is 0 for every x nearer to 0 than the rounding of 1 (Keras: ``elu(-1e-16)`` is 0, 17 million ulp
        in float32); ``expm1`` keeps x, and sees negative numbers only, so that nothing overflows.
    Kinks
        With another ``alpha`` than 1 the slope jumps at 0, where it is ``alpha`` in all systems.
    Raises
        ``ValueError`` for an infinite ``alpha``.
    Keras, PyTorch
        ``keras.activations.elu`` and ``keras.layers.ELU``, ``torch.nn.functional.elu``, the same default.
    MXNet
        ``mxnet.nd.LeakyReLU(x, act_type="elu")``, whose argument is ``slope``, 0.25 by default; in float32 it is
        ``exp(x) - 1``.
    Source
        Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units
        (ELUs)", ICLR 2016.
    """
    _check_elu(alpha)
    xp = namespace(x)
    return xp.maximum(x, 0.0) + alpha * xp.expm1(xp.minimum(x, 0.0))


@gradient_of(elu)
def elu_vjp(x: Array, g: Array, alpha: float = 1.0) -> Array:
    r"""``g`` for ``x > 0``, else ``g * alpha * exp(x)``; NaN where ``x`` is NaN."""
    _check_elu(alpha)
    xp = namespace(x, g)
    return g * xp.where(x <= 0, alpha * xp.exp(xp.minimum(x, 0.0)), xp.sign(x))


def _check_elu(alpha: float) -> None:
    if math.isinf(alpha):
        raise ValueError(f"elu: alpha must be finite, not {alpha}")


@elementwise(in_float64=True)
def celu(x: Array, alpha: float = 1.0) -> Array:
    r"""Continuous elu, :math:`x` for :math:`x > 0`, else :math:`\alpha (e^{x/\alpha} - 1)`, elementwise.

    In (-alpha, inf), with slope 1 on both sides of 0 whatever ``alpha`` is.

    Stability
        As `elu`: ``expm1``, of negative numbers only.
    Gradient
        :math:`e^{x/\alpha}` on the left. Rounding the quotient would cost up to 64 ulp (float32), 1000 (float64) in the
        far tail; its rounding error is carried along. At 0 it is 1, and in Keras 2, from both branches of a maximum.
    Raises
        ``ValueError`` unless ``alpha`` is positive and finite.
    Keras, PyTorch
        ``keras.activations.celu``, ``torch.nn.functional.celu``, the same default.
    MXNet
        No counterpart; with ``alpha`` 1 it is `elu`.
    Source
        Barron, "Continuously differentiable exponential linear units", 2017.
    """
    _check_celu(alpha)
    xp = namespace(x)
    return xp.maximum(x, 0.0) + alpha * xp.expm1(xp.minimum(x, 0.0) / alpha)


@gradient_of(celu)
def celu_vjp(x: Array, g: Array, alpha: float = 1.0) -> Array:
    r"""``g`` for ``x > 0``, else ``g * exp(x / alpha)``; NaN where ``x`` is NaN."""
    _check_celu(alpha)
    xp = namespace(x, g)
    q, error = quotient(xp.minimum(x, 0.0), alpha)
    return g * (xp.exp(q) * (1.0 + error))


def _check_celu(alpha: float) -> None:
    if not 0 < alpha < math.inf:
        raise ValueError(f"celu: alpha must be positive and finite, not {alpha}")


@elementwise(in_float64=True)
def selu(x: Array) -> Array:
    r"""Scaled elu, :math:`\lambda x` for :math:`x > 0`, else :math:`\lambda \alpha (e^x - 1)`, elementwise.

    With :math:`\lambda = 1.0507009873554805` and :math:`\alpha = 1.6732632423543772`, in (-1.7581, inf).

    Stability
        As `elu`: ``expm1``, of negative numbers only.
    Kinks
        At 0 the slope jumps from 1.7581 to 1.0507; it is taken to be the left one, as in PyTorch and MXNet. Keras takes
        the right one.
    Keras, PyTorch, MXNet
        ``keras.activations.selu``, ``torch.nn.functional.selu``, ``mxnet.nd.LeakyReLU(x, act_type="selu")``. MXNet's
        gradient is wrong below 0: :math:`\lambda (\alpha + y)` instead of :math:`\lambda \alpha + y`, even of the wrong
        sign from -2.86 down.
    Source
        Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017.
    """
    xp = namespace(x)
    return SELU_SCALE * xp.maximum(x, 0.0) + (SELU_SCALE * SELU_ALPHA) * xp.expm1(xp.minimum(x, 0.0))


@gradient_of(selu)
def selu_vjp(x: Array, g: Array) -> Array:
    r"""``1.0507 g`` for ``x > 0``, else ``1.7581 g * exp(x)``; NaN where ``x`` is NaN."""
    xp = namespace(x, g)
    left = (SELU_SCALE * SELU_ALPHA) * xp.exp(xp.minimum(x, 0.0))
    return g * xp.where(x <= 0, left, SELU_SCALE * xp.sign(x))


def _exact_relu(mp, x, negative_slope=0.0, max_value=None, threshold=0.0):
    if x <= threshold:
        return negative_slope * (x - threshold)
    return x if max_value is None or x < max_value else mp.mpf(max_value)


def _exact_relu_slope(mp, x, negative_slope=0.0, max_value=None, threshold=0.0):
    if x <= threshold:
        return mp.mpf(negative_slope)
    return mp.mpf(1 if max_value is None or x < max_value else 0)


def _leaky_case(negative_slope: float, **slopes_of_others: float) -> Case:
    return Case(
        options={"negative_slope": negative_slope},
        range=(-math.inf if negative_slope > 0 else 0.0, math.inf),
        limits=(negative_slope * -math.inf if negative_slope else 0.0, math.inf),
        slopes=(negative_slope, 1.0),
        increasing=negative_slope >= 0,
        kinks=(Kink(x=0.0, slope=negative_slope, left=negative_slope, right=1.0, **slopes_of_others),),
    )


def _exact_elu(mp, x, alpha=1.0):
    return x if x > 0 else alpha * mp.expm1(x)


def _exact_elu_slope(mp, x, alpha=1.0):
    return mp.mpf(1) if x > 0 else alpha * mp.exp(x)


def _elu_case(alpha: float, **slopes_of_others: float) -> Case:
    return Case(
        options={"alpha": alpha},
        range=(-alpha, math.inf),
        limits=(-alpha, math.inf),
        slopes=(0.0, 1.0),
        kinks=(Kink(x=0.0, slope=alpha, left=alpha, right=1.0, **slopes_of_others),),
    )


def _celu_case(alpha: float) -> Case:
    return Case(
        options={"alpha": alpha},
        range=(-alpha, math.inf),
        limits=(-alpha, math.inf),
        slopes=(0.0, 1.0),
        kinks=(Kink(x=0.0, slope=1.0, left=1.0, right=1.0, keras=2.0, pytorch=1.0),),
    )


def _exact_selu(mp, x):
    scale, alpha = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")
    return scale * (x if x > 0 else alpha * mp.expm1(x))


def _exact_selu_slope(mp, x):
    scale, alpha = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")
    return scale * (1 if x > 0 else alpha * mp.exp(x))


_FLOAT32_SLOPE = "the slope is rounded to float32 whatever the input"

FACTS = {
    "linear": Facts(
        exact=lambda mp, x: x,
        exact_slope=lambda mp, x: mp.mpf(1),
        cases=(Case(range=(-math.inf, math.inf), limits=(-math.inf, math.inf), slopes=(1.0, 1.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.linear", recorded="act/linear"),
            Counterpart(system="pytorch", function="torch.nn.Identity()"),
            Counterpart(system="mxnet", function="mxnet.nd.identity"),
        ),
        slope_at_nan=1.0,
    ),
    "relu": Facts(
        exact=_exact_relu,
        exact_slope=_exact_relu_slope,
        cases=(
            Case(
                range=(0.0, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                kinks=(Kink(x=0.0, slope=0.0, left=0.0, right=1.0, keras=0.0, pytorch=0.0, mxnet=0.0),),
            ),
            Case(
                options={"max_value": 6.0},
                range=(0.0, 6.0),
                limits=(0.0, 6.0),
                slopes=(0.0, 0.0),
                kinks=(
                    Kink(x=0.0, slope=0.0, left=0.0, right=1.0, keras=0.0, pytorch=0.0, mxnet=1.0),
                    Kink(x=6.0, slope=0.0, left=1.0, right=0.0, keras=0.0, pytorch=0.0, mxnet=1.0),
                ),
            ),
            Case(
                options={"max_value": 4.0},
                range=(0.0, 4.0),
                limits=(0.0, 4.0),
                slopes=(0.0, 0.0),
                kinks=(
                    Kink(x=0.0, slope=0.0, left=0.0, right=1.0, keras=0.0),
                    Kink(x=4.0, slope=0.0, left=1.0, right=0.0, keras=1.0),
                ),
            ),
            Case(
                options={"threshold": 1.0},
                range=(0.0, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                kinks=(Kink(x=1.0, slope=0.0, left=0.0, right=1.0, keras=0.0),),
                jumps=(1.0,),
            ),
            Case(
                options={"negative_slope": 0.1, "max_value": 4.0, "threshold": 1.0},
                range=(-math.inf, 4.0),
                limits=(-math.inf, 4.0),
                slopes=(0.1, 0.0),
                kinks=(
                    Kink(x=1.0, slope=0.1, left=0.1, right=1.0, keras=0.0),
                    Kink(x=4.0, slope=0.0, left=1.0, right=0.0, keras=1.0),
                ),
                jumps=(1.0,),
            ),
        ),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.relu", recorded="act/relu"),
            Counterpart(system="keras", function="keras.layers.ReLU", recorded="layer/ReLU"),
            Counterpart(
                system="keras",
                function="keras.activations.relu6",
                options={"max_value": 6.0},
            ),
            Counterpart(
                system="keras",
                function="keras.activations.relu",
                arguments={"max_value": 4.0},
                options={"max_value": 4.0},
                recorded="act/relu_max4",
            ),
            Counterpart(
                system="keras",
                function="keras.activations.relu",
                arguments={"threshold": 1.0},
                options={"threshold": 1.0},
                recorded="act/relu_thr1",
            ),
            Counterpart(
                system="keras",
                function="keras.activations.relu",
                arguments={"negative_slope": 0.1, "max_value": 4.0, "threshold": 1.0},
                options={"negative_slope": 0.1, "max_value": 4.0, "threshold": 1.0},
                recorded="act/relu_slope.1_thr1_max4",
            ),
            Counterpart(system="pytorch", function="torch.nn.functional.relu", recorded="act/relu"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.relu6",
                options={"max_value": 6.0},
                recorded="act/relu6",
            ),
            Counterpart(system="mxnet", function="mxnet.nd.relu", recorded="act/relu"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.Activation",
                arguments={"act_type": "relu"},
                recorded="act/Activation_relu",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.clip",
                arguments={"a_min": 0, "a_max": 6},
                options={"max_value": 6.0},
                recorded="act/relu6_clip",
            ),
        ),
    ),
    "leaky_relu": Facts(
        exact=lambda mp, x, negative_slope=0.2: x if x > 0 else negative_slope * x,
        exact_slope=lambda mp, x, negative_slope=0.2: mp.mpf(1 if x > 0 else negative_slope),
        cases=(
            _leaky_case(0.2, keras=0.2, pytorch=0.2, mxnet=0.2),
            _leaky_case(0.01, keras=0.01, pytorch=0.01, mxnet=0.01),
            _leaky_case(0.25, keras=0.25, pytorch=0.25, mxnet=0.25),
            _leaky_case(0.3, keras=0.3, pytorch=0.3, mxnet=0.3),
            _leaky_case(0.0),
            _leaky_case(-0.5),
        ),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.leaky_relu",
                float64=2e-8,
                differs=_FLOAT32_SLOPE,
                recorded="act/leaky_relu",
            ),
            Counterpart(
                system="keras",
                function="keras.layers.LeakyReLU",
                options={"negative_slope": 0.3},
                float64=5e-8,
                differs=_FLOAT32_SLOPE,
                recorded="layer/LeakyReLU",
            ),
            *(
                Counterpart(
                    system="keras",
                    function="keras.activations.leaky_relu",
                    arguments={"negative_slope": slope},
                    options={"negative_slope": slope},
                    float64=5e-8,
                    differs=_FLOAT32_SLOPE,
                    recorded=f"act/leaky_relu_{slope}",
                )
                for slope in (0.01, 0.25, 0.3)
            ),
            *(
                Counterpart(
                    system="pytorch",
                    function="torch.nn.functional.leaky_relu",
                    arguments={"negative_slope": slope},
                    options={"negative_slope": slope},
                    recorded=f"act/leaky_relu_{slope}",
                )
                for slope in (0.25, 0.3)
            ),
            *(
                Counterpart(
                    system="mxnet",
                    function="mxnet.nd.LeakyReLU",
                    arguments={"act_type": "leaky", "slope": slope},
                    options={"negative_slope": slope},
                    float64=1e-7,
                    differs="the negative piece is computed in float32",
                    recorded=f"act/leaky_{slope}",
                )
                for slope in (0.01, 0.3)
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.leaky_relu",
                options={"negative_slope": 0.01},
                recorded="act/leaky_relu",
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.leaky_relu",
                arguments={"negative_slope": 0.2},
                recorded="act/leaky_relu_0.2",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                options={"negative_slope": 0.25},
                float64=1e-7,
                differs="the negative piece is computed in float32",
                recorded="act/leaky_0.25default",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "leaky", "slope": 0.2},
                float64=1e-7,
                differs="the negative piece is computed in float32",
                recorded="act/leaky_0.2",
            ),
        ),
    ),
    "relu6": Facts(
        exact=lambda mp, x: min(max(x, mp.mpf(0)), mp.mpf(6)),
        exact_slope=lambda mp, x: mp.mpf(1 if 0 < x < 6 else 0),
        cases=(
            Case(
                range=(0.0, 6.0),
                limits=(0.0, 6.0),
                slopes=(0.0, 0.0),
                kinks=(
                    Kink(x=0.0, slope=0.0, left=0.0, right=1.0, keras=0.0, pytorch=0.0, mxnet=1.0),
                    Kink(x=6.0, slope=0.0, left=1.0, right=0.0, keras=0.0, pytorch=0.0, mxnet=1.0),
                ),
            ),
        ),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.relu6", recorded="act/relu6"),
            Counterpart(system="pytorch", function="torch.nn.functional.relu6", recorded="act/relu6"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.clip",
                arguments={"a_min": 0, "a_max": 6},
                recorded="act/relu6_clip",
            ),
        ),
    ),
    "threshold": Facts(
        exact=lambda mp, x, threshold=0.0, default_value=0.0: x if x > threshold else mp.mpf(default_value),
        exact_slope=lambda mp, x, threshold=0.0, default_value=0.0: mp.mpf(1 if x > threshold else 0),
        cases=(
            Case(
                range=(0.0, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                kinks=(Kink(x=0.0, slope=0.0, left=0.0, right=1.0, keras=0.0),),
            ),
            Case(
                options={"threshold": 1.0, "default_value": 0.0},
                range=(0.0, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                kinks=(Kink(x=1.0, slope=0.0, left=0.0, right=1.0, keras=0.0, pytorch=0.0),),
                jumps=(1.0,),
            ),
            Case(
                options={"threshold": -2.0, "default_value": 20.0},
                range=(-2.0, math.inf),
                limits=(20.0, math.inf),
                slopes=(0.0, 1.0),
                increasing=False,
                kinks=(Kink(x=-2.0, slope=0.0, left=0.0, right=1.0, keras=0.0),),
                jumps=(-2.0,),
            ),
        ),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.threshold",
                arguments={"threshold": 0.0, "default_value": 0.0},
            ),
            Counterpart(
                system="keras",
                function="keras.activations.threshold",
                arguments={"threshold": 1.0, "default_value": 0.0},
                options={"threshold": 1.0},
                recorded="act/threshold",
            ),
            Counterpart(
                system="keras",
                function="keras.activations.threshold",
                arguments={"threshold": -2.0, "default_value": 20.0},
                options={"threshold": -2.0, "default_value": 20.0},
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.threshold",
                arguments={"threshold": 1.0, "value": 0.0},
                options={"threshold": 1.0},
                recorded="act/threshold",
            ),
        ),
    ),
    "prelu": Facts(
        exact=lambda mp, x, negative_slope: x if x > 0 else negative_slope * x,
        exact_slope=lambda mp, x, negative_slope: mp.mpf(1 if x > 0 else negative_slope),
        cases=(_leaky_case(0.25, keras=0.0, pytorch=0.25, mxnet=0.25), _leaky_case(0.0, keras=0.0)),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.layers.PReLU",
                arguments={"alpha_initializer": "Constant(0.25)"},
                options={"negative_slope": 0.25},
                recorded="layer/PReLU_0.25",
            ),
            Counterpart(
                system="keras",
                function="keras.layers.PReLU",
                options={"negative_slope": 0.0},
                recorded="layer/PReLU_zeros",
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.prelu",
                arguments={"weight": [0.25]},
                options={"negative_slope": 0.25},
                recorded="act/prelu_0.25",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"gamma": [0.25], "act_type": "prelu"},
                options={"negative_slope": 0.25},
                float64=1e-7,
                differs="the negative piece is computed in float32",
                recorded="act/prelu_0.25",
            ),
        ),
    ),
    "rrelu": Facts(
        exact=lambda mp, x, negative_slope: x if x > 0 else negative_slope * x,
        exact_slope=lambda mp, x, negative_slope: mp.mpf(1 if x > 0 else negative_slope),
        cases=(
            _leaky_case((1 / 8 + 1 / 3) / 2, pytorch=(1 / 8 + 1 / 3) / 2),
            _leaky_case((0.125 + 0.334) / 2, mxnet=0.0),
        ),
        counterparts=(
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.rrelu",
                options={"negative_slope": (1 / 8 + 1 / 3) / 2},
                recorded="act/rrelu_eval",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "rrelu"},
                options={"negative_slope": (0.125 + 0.334) / 2},
                float64=1e-7,
                differs="the negative piece is computed in float32",
                wrong_slope="0 below 0 in evaluation, though the value there has a slope",
                recorded="act/rrelu_eval",
            ),
        ),
    ),
    "elu": Facts(
        exact=_exact_elu,
        exact_slope=_exact_elu_slope,
        cases=(
            _elu_case(1.0, keras=1.0, pytorch=1.0, mxnet=1.0),
            _elu_case(1.5, keras=1.5, pytorch=1.5, mxnet=1.5),
            _elu_case(0.25, mxnet=0.25),
        ),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.elu", recorded="act/elu"),
            Counterpart(system="keras", function="keras.layers.ELU", recorded="layer/ELU"),
            Counterpart(
                system="keras",
                function="keras.activations.elu",
                arguments={"alpha": 1.5},
                options={"alpha": 1.5},
                recorded="act/elu_1.5",
            ),
            Counterpart(system="pytorch", function="torch.nn.functional.elu", recorded="act/elu"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.elu",
                arguments={"alpha": 1.5},
                options={"alpha": 1.5},
                recorded="act/elu_1.5",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "elu", "slope": 1.0},
                recorded="act/elu_1",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "elu", "slope": 1.5},
                options={"alpha": 1.5},
                recorded="act/elu_1.5",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "elu"},
                options={"alpha": 0.25},
                recorded="act/elu_slope0.25default",
            ),
        ),
    ),
    "celu": Facts(
        exact=lambda mp, x, alpha=1.0: x if x > 0 else alpha * mp.expm1(x / alpha),
        exact_slope=lambda mp, x, alpha=1.0: mp.mpf(1) if x > 0 else mp.exp(x / alpha),
        cases=(_celu_case(1.0), _celu_case(1.5)),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.celu", recorded="act/celu"),
            Counterpart(
                system="keras",
                function="keras.activations.celu",
                arguments={"alpha": 1.5},
                options={"alpha": 1.5},
                recorded="act/celu_1.5",
            ),
            Counterpart(system="pytorch", function="torch.nn.functional.celu", recorded="act/celu"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.celu",
                arguments={"alpha": 1.5},
                options={"alpha": 1.5},
                recorded="act/celu_1.5",
            ),
        ),
    ),
    "selu": Facts(
        exact=_exact_selu,
        exact_slope=_exact_selu_slope,
        cases=(
            Case(
                range=(-SELU_SCALE * SELU_ALPHA, math.inf),
                limits=(-SELU_SCALE * SELU_ALPHA, math.inf),
                slopes=(0.0, SELU_SCALE),
                kinks=(
                    Kink(
                        x=0.0,
                        slope=SELU_SCALE * SELU_ALPHA,
                        left=SELU_SCALE * SELU_ALPHA,
                        right=SELU_SCALE,
                        keras=SELU_SCALE,
                        pytorch=SELU_SCALE * SELU_ALPHA,
                        mxnet=SELU_SCALE * SELU_ALPHA,
                    ),
                ),
            ),
        ),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.selu", recorded="act/selu"),
            Counterpart(system="pytorch", function="torch.nn.functional.selu", recorded="act/selu"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "selu"},
                float64=1e-7,
                differs="both factors are float32's",
                wrong_slope="scale * (alpha + y) below 0, which should be scale * alpha + y",
                recorded="act/selu",
            ),
        ),
    ),
}
