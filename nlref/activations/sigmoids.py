"""Activations that saturate on both sides, and the logarithm of one: sigmoid, log_sigmoid, tanh, softsign."""

import math

from nlref.facts import Case, Counterpart, Facts
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = [
    "FACTS",
    "log_sigmoid",
    "log_sigmoid_vjp",
    "sigmoid",
    "sigmoid_vjp",
    "softsign",
    "softsign_vjp",
    "tanh",
    "tanh_vjp",
]


@elementwise(in_float64=True)
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
    e = xp.exp(-xp.abs(x))
    return xp.maximum(e, xp.astype(x >= 0, x.dtype)) / (
        1.0 + e
    )  # above the line 1 on the right, e on the left


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


@elementwise(in_float64=True)
def log_sigmoid(x: Array) -> Array:
    r"""Logarithm of the sigmoid, :math:`-\log(1 + e^{-x})`, elementwise, in (-inf, 0]: the log-likelihood of a yes.

    Stability
        ``log(sigmoid(x))`` is -inf below -745 (float64), -103 (float32), where the answer is ``x``, and 0 from 37 (17)
        up, where it is :math:`-e^{-x}`. As :math:`\min(x, 0) - \log(1 + e^{-|x|})` with ``log1p`` both ends are right.
    Keras, PyTorch
        ``keras.activations.log_sigmoid``, ``torch.nn.functional.logsigmoid``
    MXNet
        1.9 has none; ``-mxnet.nd.Activation(-x, act_type="softrelu")`` is cut off at 20, and in float32 positive there.
    Source
        Cox, "The regression analysis of binary sequences", 1958, whose likelihood it is.
    """
    xp = namespace(x)
    return xp.minimum(x, 0.0) - xp.log1p(xp.exp(-xp.abs(x)))


@gradient_of(log_sigmoid)
def log_sigmoid_vjp(x: Array, g: Array) -> Array:
    r"""``g * sigmoid(-x)``, the slope being in [0, 1]."""
    xp = namespace(x, g)
    e = xp.exp(-xp.abs(x))
    return g * (xp.maximum(xp.astype(x < 0, x.dtype), e) / (1.0 + e))


@elementwise(in_float64=True)
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
        (float32). Here it is the square of :math:`2 e / (1 + e^2)`, :math:`e = e^{-|x|}`, taken factor by factor, so
        that nothing falls below the normal numbers before the slope does.
    """
    xp = namespace(x, g)
    e = xp.exp(-xp.abs(x))
    inverse_cosh = 2.0 * e / (1.0 + e * e)
    return (g * inverse_cosh) * inverse_cosh


@elementwise
def softsign(x: Array) -> Array:
    r"""Softsign, :math:`x / (1 + |x|)`, elementwise, in [-1, 1]: a tanh that takes its time, without an exponential.

    Stability
        Two roundings. At ±inf the formula is NaN, as it is in Keras, PyTorch and MXNet; here it is the limit, ±1.
    Keras, PyTorch, MXNet
        ``keras.activations.softsign``, ``torch.nn.functional.softsign``, ``mxnet.nd.softsign``
    Source
        Turian, Bergstra and Bengio, "Quadratic features and deep architectures for chunking", NAACL 2009.
    """
    xp = namespace(x)
    x = xp.maximum(xp.minimum(x, 1e30), -1e30)  # far beyond where the value rounds to 1
    return x / (1.0 + xp.abs(x))


@gradient_of(softsign)
def softsign_vjp(x: Array, g: Array) -> Array:
    r"""``g / (1 + abs(x))**2``, the slope being in [0, 1]; the square itself would overflow."""
    xp = namespace(x, g)
    d = 1.0 + xp.abs(x)
    return g / d / d


FACTS = {
    "sigmoid": Facts(
        exact=lambda mp, x: 1 / (1 + mp.exp(-x)),
        exact_slope=lambda mp, x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
        cases=(Case(range=(0.0, 1.0), limits=(0.0, 1.0), slopes=(0.0, 0.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.sigmoid", recorded="act/sigmoid"),
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
    "log_sigmoid": Facts(
        exact=lambda mp, x: -mp.log1p(mp.exp(-x)),
        exact_slope=lambda mp, x: 1 / (1 + mp.exp(x)),
        cases=(Case(range=(-math.inf, 0.0), limits=(-math.inf, 0.0), slopes=(1.0, 0.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.log_sigmoid", recorded="act/log_sigmoid"),
            Counterpart(
                system="pytorch", function="torch.nn.functional.logsigmoid", recorded="act/logsigmoid"
            ),
        ),
    ),
    "tanh": Facts(
        exact=lambda mp, x: mp.tanh(x),
        exact_slope=lambda mp, x: mp.sech(x) ** 2,
        cases=(Case(range=(-1.0, 1.0), limits=(-1.0, 1.0), slopes=(0.0, 0.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.tanh", recorded="act/tanh"),
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
    "softsign": Facts(
        exact=lambda mp, x: x / (1 + abs(x)),
        exact_slope=lambda mp, x: 1 / (1 + abs(x)) ** 2,
        cases=(Case(range=(-1.0, 1.0), limits=(-1.0, 1.0), slopes=(0.0, 0.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.softsign", recorded="act/softsign"),
            Counterpart(system="pytorch", function="torch.nn.functional.softsign", recorded="act/softsign"),
            Counterpart(system="mxnet", function="mxnet.nd.softsign", recorded="act/softsign"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.Activation",
                arguments={"act_type": "softsign"},
                recorded="act/Activation_softsign",
            ),
        ),
    ),
}
