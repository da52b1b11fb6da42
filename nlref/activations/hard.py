"""Straight pieces instead of exponentials: hard_tanh, hard_sigmoid, hard_silu, sparse_sigmoid."""

import math
from fractions import Fraction

from nlref.facts import Case, Counterpart, Facts, Kink
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = [
    "FACTS",
    "hard_sigmoid",
    "hard_sigmoid_vjp",
    "hard_silu",
    "hard_silu_vjp",
    "hard_tanh",
    "hard_tanh_vjp",
    "sparse_sigmoid",
    "sparse_sigmoid_vjp",
]


@elementwise
def hard_tanh(x: Array) -> Array:
    r"""``x`` clipped, :math:`\min(\max(x, -1), 1)`, elementwise, in [-1, 1].

    Stability
        Exact. NaN gives NaN.
    Kinks
        The slope at -1 and 1 is 0, as in PyTorch; in Keras and ``mxnet.nd.clip`` it is 1.
    Keras, PyTorch, MXNet
        ``keras.activations.hard_tanh``, ``torch.nn.functional.hardtanh``, ``mxnet.nd.clip(x, -1, 1)``
    Source
        Collobert, "Large scale machine learning", PhD thesis, 2004.
    """
    xp = namespace(x)
    return xp.minimum(xp.maximum(x, -1.0), 1.0)


@gradient_of(hard_tanh)
def hard_tanh_vjp(x: Array, g: Array) -> Array:
    r"""``g`` between -1 and 1, else 0; NaN where ``x`` is NaN."""
    return g * _between(x, -1.0, 1.0)


@elementwise
def hard_sigmoid(x: Array, slope: float = 1 / 6, offset: float = 0.5) -> Array:
    r"""A sigmoid of straight pieces, :math:`\mathrm{slope}\cdot x + \mathrm{offset}` clipped to [0, 1], elementwise.

    By default :math:`\mathrm{relu6}(x + 3) / 6`.

    Stability
        Computed as :math:`(x + \mathrm{offset}/\mathrm{slope}) / (1/\mathrm{slope})`, whose sum is exact near the point
        where it becomes 0; the sum in the definition loses all digits there.
    Kinks
        At both ends, -3 and 3 by default, the slope is 0, as in all systems.
    Raises
        ``ValueError`` unless ``slope`` is positive and finite, and ``offset`` finite.
    Keras, PyTorch
        ``keras.activations.hard_sigmoid``, ``torch.nn.functional.hardsigmoid``; PyTorch's slope in float64 is float32's
        1/6. Keras 2 had slope 0.2.
    MXNet
        ``mxnet.nd.hard_sigmoid``, whose arguments are ``alpha`` and ``beta``, has slope 0.2: here
        ``hard_sigmoid(x, slope=0.2)``.
    Source
        Courbariaux, Bengio and David, "BinaryConnect", NIPS 2015 (slope 1/2); Howard et al., "Searching for
        MobileNetV3", ICCV 2019 (slope 1/6).
    """
    _check_hard_sigmoid(slope, offset)
    xp = namespace(x)
    return xp.minimum(xp.maximum((x + offset / slope) / (1.0 / slope), 0.0), 1.0)


@gradient_of(hard_sigmoid)
def hard_sigmoid_vjp(x: Array, g: Array, slope: float = 1 / 6, offset: float = 0.5) -> Array:
    r"""``g * slope`` between the ends, else 0; NaN where ``x`` is NaN."""
    _check_hard_sigmoid(slope, offset)
    return g * (slope * _between(x, -offset / slope, (1.0 - offset) / slope))


def _check_hard_sigmoid(slope: float, offset: float) -> None:
    if not 0 < slope < math.inf:
        raise ValueError(f"hard_sigmoid: slope must be positive and finite, not {slope}")
    if math.isinf(offset):
        raise ValueError(f"hard_sigmoid: offset must be finite, not {offset}")


@elementwise
def hard_silu(x: Array) -> Array:
    r"""A silu of three pieces, :math:`x\,\mathrm{relu6}(x + 3) / 6`, elementwise, in [-3/8, inf); also ``hard_swish``.

    Stability
        ``x * relu6(x + 3)`` overflows at 3e38 (PyTorch, float32), and is ``-inf * 0``, so NaN, at -inf (Keras and
        PyTorch); here the factors are multiplied after the division and ``x`` is taken for -3 below -3.
    Kinks
        The slope is 0 at -3 and 1 at 3, in all systems.
    Keras, PyTorch
        ``keras.activations.hard_silu`` and ``hard_swish``, ``torch.nn.functional.hardswish``
    MXNet
        No counterpart; ``x * mxnet.nd.clip(x + 3, 0, 6) / 6`` composes it.
    Source
        Howard et al., "Searching for MobileNetV3", ICCV 2019.
    """
    xp = namespace(x)
    return xp.maximum(x, -3.0) * xp.minimum(xp.maximum((x + 3.0) / 6.0, 0.0), 1.0)


@gradient_of(hard_silu)
def hard_silu_vjp(x: Array, g: Array) -> Array:
    r"""``g * (2 x + 3) / 6`` between -3 and 3, 0 below, ``g`` above; NaN where ``x`` is NaN."""
    xp = namespace(x, g)
    middle = (2.0 * xp.minimum(xp.maximum(x, -3.0), 3.0) + 3.0) / 6.0
    return g * xp.where(x <= -3, 0.0, xp.where(x >= 3, 1.0, middle))


@elementwise
def sparse_sigmoid(x: Array) -> Array:
    r"""A sigmoid that reaches its ends, :math:`(x + 1) / 2` clipped to [0, 1], elementwise.

    The derivative of `sparse_plus`, and the two-class `sparsemax`.

    Stability
        The sum is exact near -1, the product always.
    Kinks
        The slope at -1 and 1 is 0, as in Keras. At NaN it is NaN (Keras: 1/2).
    Keras
        ``keras.activations.sparse_sigmoid``
    PyTorch, MXNet
        No counterpart; ``hardtanh(x) / 2 + 0.5``, ``mxnet.nd.hard_sigmoid(x, alpha=0.5, beta=0.5)``.
    Source
        Martins and Astudillo, "From softmax to sparsemax", ICML 2016.
    """
    xp = namespace(x)
    return xp.minimum(xp.maximum((x + 1.0) * 0.5, 0.0), 1.0)


@gradient_of(sparse_sigmoid)
def sparse_sigmoid_vjp(x: Array, g: Array) -> Array:
    r"""``g / 2`` between -1 and 1, else 0; NaN where ``x`` is NaN."""
    return g * (0.5 * _between(x, -1.0, 1.0))


def _between(x: Array, low: float, high: float) -> Array:
    """1 between ``low`` and ``high``, else 0; NaN at NaN."""
    xp = namespace(x)
    return xp.where((x <= low) | (x >= high), 0.0, 1.0 + 0.0 * xp.sign(x))


def _exact_hard_sigmoid(mp, x, slope=1 / 6, offset=0.5):
    y = _fraction(mp, slope) * x + _fraction(mp, offset)
    return min(max(y, mp.mpf(0)), mp.mpf(1))


def _exact_hard_sigmoid_slope(mp, x, slope=1 / 6, offset=0.5):
    return _fraction(mp, slope) if 0 < _fraction(mp, slope) * x + _fraction(mp, offset) < 1 else mp.mpf(0)


def _fraction(mp, number: float):
    """What is meant by 0.2 or 0.16666666666666666: 1/5, 1/6."""
    fraction = Fraction(number).limit_denominator(1000)
    return mp.mpf(fraction.numerator) / fraction.denominator


def _exact_hard_silu_slope(mp, x):
    return mp.mpf(0) if x <= -3 else mp.mpf(1) if x >= 3 else (2 * x + 3) / 6


def _saturating_case(low: float, high: float, bottom: float, slope: float, **facts) -> Case:
    """Two flat pieces, at ``bottom`` and 1, and one of ``slope`` between ``low`` and ``high``."""
    others = {system: facts.pop(system) for system in ("keras", "pytorch", "mxnet") if system in facts}
    return Case(
        range=(bottom, 1.0),
        limits=(bottom, 1.0),
        slopes=(0.0, 0.0),
        kinks=(
            Kink(x=low, slope=0.0, left=0.0, right=slope, **others),
            Kink(x=high, slope=0.0, left=slope, right=0.0, **others),
        ),
        **facts,
    )


FACTS = {
    "hard_tanh": Facts(
        exact=lambda mp, x: min(max(x, mp.mpf(-1)), mp.mpf(1)),
        exact_slope=lambda mp, x: mp.mpf(1 if abs(x) < 1 else 0),
        cases=(_saturating_case(-1.0, 1.0, -1.0, 1.0, keras=1.0, pytorch=0.0),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.hard_tanh", recorded="act/hard_tanh"),
            Counterpart(system="pytorch", function="torch.nn.functional.hardtanh", recorded="act/hardtanh"),
        ),
    ),
    "hard_sigmoid": Facts(
        exact=_exact_hard_sigmoid,
        exact_slope=_exact_hard_sigmoid_slope,
        cases=(
            _saturating_case(-3.0, 3.0, 0.0, 1 / 6, keras=0.0, pytorch=0.0),
            _saturating_case(-2.5, 2.5, 0.0, 0.2, mxnet=0.0, options={"slope": 0.2, "offset": 0.5}),
            _saturating_case(-1.0, 3.0, 0.0, 0.25, options={"slope": 0.25, "offset": 0.25}),
        ),
        counterparts=(
            Counterpart(
                system="keras", function="keras.activations.hard_sigmoid", recorded="act/hard_sigmoid"
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.hardsigmoid",
                float64=1e-8,
                differs="the slope in float64 is float32's 1/6",
                recorded="act/hardsigmoid",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.hard_sigmoid",
                options={"slope": 0.2},
                float64=1e-8,
                differs="the slope is rounded to float32 whatever the input",
                recorded="act/hard_sigmoid",
            ),
        ),
    ),
    "hard_silu": Facts(
        exact=lambda mp, x: x * min(max(x + 3, mp.mpf(0)), mp.mpf(6)) / 6,
        exact_slope=_exact_hard_silu_slope,
        cases=(
            Case(
                range=(-0.375, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                increasing=False,
                kinks=(
                    Kink(x=-3.0, slope=0.0, left=0.0, right=-0.5, keras=0.0, pytorch=0.0),
                    Kink(x=3.0, slope=1.0, left=1.5, right=1.0, keras=1.0, pytorch=1.0),
                ),
            ),
        ),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.hard_silu", recorded="act/hard_silu"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.hardswish",
                recorded="act/hardswish",
                overflows=1e38,
            ),
        ),
    ),
    "sparse_sigmoid": Facts(
        exact=lambda mp, x: min(max((x + 1) / 2, mp.mpf(0)), mp.mpf(1)),
        exact_slope=lambda mp, x: mp.mpf(1 if abs(x) < 1 else 0) / 2,
        cases=(_saturating_case(-1.0, 1.0, 0.0, 0.5, keras=0.0),),
        counterparts=(
            Counterpart(
                system="keras", function="keras.activations.sparse_sigmoid", recorded="act/sparse_sigmoid"
            ),
        ),
    ),
}
