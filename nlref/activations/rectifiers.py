"""Piecewise linear activations: linear, relu, leaky_relu."""

import math

from nlref.facts import Case, Counterpart, Facts, Kink
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = ["FACTS", "leaky_relu", "leaky_relu_vjp", "linear", "linear_vjp", "relu", "relu_vjp"]


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


_FLOAT32_SLOPE = "the slope is rounded to float32 whatever the input"

FACTS = {
    "linear": Facts(
        exact=lambda mp, x: x,
        exact_slope=lambda mp, x: mp.mpf(1),
        cases=(Case(range=(-math.inf, math.inf), limits=(-math.inf, math.inf), slopes=(1.0, 1.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.linear"),
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
            Counterpart(system="keras", function="keras.activations.relu"),
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
            ),
            Counterpart(
                system="keras",
                function="keras.activations.relu",
                arguments={"threshold": 1.0},
                options={"threshold": 1.0},
            ),
            Counterpart(
                system="keras",
                function="keras.activations.relu",
                arguments={"negative_slope": 0.1, "max_value": 4.0, "threshold": 1.0},
                options={"negative_slope": 0.1, "max_value": 4.0, "threshold": 1.0},
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
            _leaky_case(0.01, pytorch=0.01),
            _leaky_case(0.25, mxnet=0.25),
            _leaky_case(0.0),
            _leaky_case(-0.5),
        ),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.leaky_relu",
                float64=2e-8,
                differs=_FLOAT32_SLOPE,
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
}
