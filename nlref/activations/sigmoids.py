"""Activations that saturate on both sides: sigmoid, tanh."""

import math

from nlref.facts import Case, Counterpart, Facts
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = ["FACTS", "sigmoid", "sigmoid_vjp", "tanh", "tanh_vjp"]


@elementwise
def sigmoid(x: Array) -> Array:
    r"""Logistic sigmoid, :math:`1 / (1 + e^{-x})`, elementwise, in [0, 1]: a score made a probability.

    Stability
        ``exp(-x)`` overflows below -709 (float64), -88 (float32), where the true value is still a number. Here ``exp``
        only ever sees numbers up to 0: :math:`1 / (1 + e^{-x})` on the right, :math:`e^x / (1 + e^x)` on the left,
        whose tail keeps its accuracy down to the smallest number of the dtype. Above 37 (float64), 17 (float32) the
        value rounds to 1.
    Keras, PyTorch, MXNet
        ``keras.activations.sigmoid``, ``torch.nn.functional.sigmoid``, ``mxnet.nd.sigmoid``
    Source
        Verhulst, "Notice sur la loi que la population poursuit dans son accroissement", 1838.
    """
    xp = namespace(x)
    return xp.exp(xp.minimum(x, 0.0)) / (1.0 + xp.exp(-xp.abs(x)))


@gradient_of(sigmoid)
def sigmoid_vjp(x: Array, g: Array) -> Array:
    r"""``g * sigmoid(x) * sigmoid(-x)``, the slope being in [0, 1/4].

    Stability
        From the value, ``y * (1 - y)``, the slope is 0 as soon as ``y`` rounds to 1: beyond 37 (float64), 17 (float32)
        in Keras, PyTorch and MXNet. As :math:`e^{-|x|} / (1 + e^{-|x|})^2` it is right to the last normal number.
    """
    xp = namespace(x, g)
    e = xp.exp(-xp.abs(x))
    d = 1.0 + e
    return g * (e / (d * d))


@elementwise
def tanh(x: Array) -> Array:
    r"""Hyperbolic tangent, :math:`(e^x - e^{-x}) / (e^x + e^{-x})`, elementwise, in [-1, 1]; odd.

    Stability
        The quotient of exponentials is NaN from 710 on (float64) and loses all digits near 0, where tanh x is x;
        NumPy's and TensorFlow's own ``tanh`` do not.
    Keras, PyTorch, MXNet
        ``keras.activations.tanh``, ``torch.nn.functional.tanh``, ``mxnet.nd.tanh``
    Source
        LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, on why a symmetric sigmoid trains faster.
    """
    return namespace(x).tanh(x)


@gradient_of(tanh)
def tanh_vjp(x: Array, g: Array) -> Array:
    r"""``g / cosh(x)**2``, the slope being in [0, 1].

    Stability
        From the value, ``1 - y**2``, the slope loses its digits as ``y`` nears 1, and is 0 beyond 19 (float64), 9
        (float32). Here it is :math:`4 e / (1 + e)^2` with :math:`e = e^{-2|x|}`. That :math:`e` would fall below the
        normal numbers before the slope does, so beyond 32 the factor :math:`e^{-64}` is taken out of it; ``|x| - 32``
        is exact, and the square in the denominator is 1.
    """
    xp = namespace(x, g)
    a = xp.abs(x)
    far = a > 32.0
    e = xp.exp(-2.0 * xp.where(far, a - 32.0, a))
    d = 1.0 + e
    return g * xp.where(far, (4.0 * math.exp(-64.0)) * e, 4.0 * e / (d * d))


FACTS = {
    "sigmoid": Facts(
        exact=lambda mp, x: 1 / (1 + mp.exp(-x)),
        exact_slope=lambda mp, x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
        cases=(Case(range=(0.0, 1.0), limits=(0.0, 1.0), slopes=(0.0, 0.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.sigmoid"),
            Counterpart(system="pytorch", function="torch.nn.functional.sigmoid", recorded="act/sigmoid"),
            Counterpart(system="mxnet", function="mxnet.nd.sigmoid", recorded="act/sigmoid"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.Activation",
                arguments={"act_type": "sigmoid"},
                recorded="act/Activation_sigmoid",
            ),
        ),
    ),
    "tanh": Facts(
        exact=lambda mp, x: mp.tanh(x),
        exact_slope=lambda mp, x: mp.sech(x) ** 2,
        cases=(Case(range=(-1.0, 1.0), limits=(-1.0, 1.0), slopes=(0.0, 0.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.tanh"),
            Counterpart(system="pytorch", function="torch.nn.functional.tanh", recorded="act/tanh"),
            Counterpart(system="mxnet", function="mxnet.nd.tanh", recorded="act/tanh"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.Activation",
                arguments={"act_type": "tanh"},
                recorded="act/Activation_tanh",
            ),
        ),
    ),
}
