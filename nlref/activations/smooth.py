"""Smooth relatives of the rectifier: softplus."""

import math

from nlref.activations.sigmoids import sigmoid
from nlref.facts import Case, Counterpart, Facts
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = ["FACTS", "softplus", "softplus_vjp"]


@elementwise
def softplus(x: Array) -> Array:
    r"""Softplus, :math:`\log(1 + e^x)`, elementwise, in [0, inf): a relu without the kink.

    Stability
        ``log(1 + exp(x))`` overflows above 709 (float64), 88 (float32) and rounds to 0 below -37 (-17); here ``exp``
        only ever sees ``-|x|`` and ``log1p`` keeps the small tail.
    Keras
        ``keras.activations.softplus``
    PyTorch
        ``torch.nn.functional.softplus`` returns ``x`` above its ``threshold`` of 20, 2e-9 too little there; with a
        ``threshold`` above 88 it overflows in float32, above 709 in float64.
    MXNet
        ``mxnet.nd.Activation(x, act_type="softrelu")``, ``x`` above 20 as well; in float32 it is only right to 2e-6,
        and negative at -20.
    Source
        Dugas, Bengio, Bélisle, Nadeau and Garcia, "Incorporating second-order functional knowledge for better option
        pricing", NIPS 2000.
    """
    xp = namespace(x)
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


@gradient_of(softplus)
def softplus_vjp(x: Array, g: Array) -> Array:
    r"""``g * sigmoid(x)``."""
    return g * sigmoid(x)


FACTS = {
    "softplus": Facts(
        exact=lambda mp, x: mp.log1p(mp.exp(x)),
        exact_slope=lambda mp, x: 1 / (1 + mp.exp(-x)),
        cases=(Case(range=(0.0, math.inf), limits=(0.0, math.inf), slopes=(0.0, 1.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.softplus"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.softplus",
                float64=3e-9,
                differs="returns x above threshold=20",
                recorded="act/softplus",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.Activation",
                arguments={"act_type": "softrelu"},
                float32=4e-6,
                float64=3e-9,
                differs="returns x above 20; in float32, oneDNN's logarithm cancels in the left tail",
                recorded="act/Activation_softrelu",
            ),
        ),
    ),
}
