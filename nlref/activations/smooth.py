"""Smooth activations, most of them relatives of the rectifier: exponential, softplus, squareplus, sparse_plus, silu,
mish, gelu, tanh_shrink.
"""

import math

from nlref import special
from nlref.activations.sigmoids import sigmoid
from nlref.facts import Case, Counterpart, Facts
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = [
    "FACTS",
    "exponential",
    "exponential_vjp",
    "gelu",
    "gelu_vjp",
    "mish",
    "mish_vjp",
    "silu",
    "silu_vjp",
    "softplus",
    "softplus_vjp",
    "sparse_plus",
    "sparse_plus_vjp",
    "squareplus",
    "squareplus_vjp",
    "tanh_shrink",
    "tanh_shrink_vjp",
]

_FAR = 1500.0
"""Beyond this every exponential here is 0 or infinite; a product of 0 with this is 0, with infinity it would be NaN."""


@elementwise(in_float64=True)
def exponential(x: Array) -> Array:
    r"""Exponential, :math:`e^x`, elementwise, in [0, inf]: a positive rate from any score.

    Stability
        Infinite above 709.78 (float64), 88.72 (float32): there is no larger number. Where the exponential is only a
        step, as in softmax or a Poisson loss, a function that takes its argument instead stays finite.
    Keras, PyTorch, MXNet
        ``keras.activations.exponential``, ``torch.exp``, ``mxnet.nd.exp``
    Source
        Nelder and Wedderburn, "Generalized linear models", 1972, where it is the inverse of the logarithmic link.
    """
    return namespace(x).exp(x)


@gradient_of(exponential)
def exponential_vjp(x: Array, g: Array) -> Array:
    r"""``g * exp(x)``."""
    return g * namespace(x, g).exp(x)


@elementwise(in_float64=True)
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


@elementwise(in_float64=True)
def squareplus(x: Array, b: float = 4.0) -> Array:
    r"""Squareplus, :math:`(x + \sqrt{x^2 + b}) / 2`, elementwise, in (0, inf): softplus without an exponential.

    ``b`` above 0 is the width of the bend: the value at 0 is :math:`\sqrt b / 2`, and b = 4 gives softplus' curvature
    there.

    Stability
        On the left the sum cancels, and :math:`x^2` overflows beyond 1e154 (float64), 1.8e19 (float32). As the value at
        ``x`` less that at ``-x`` is ``x``, this is :math:`\max(x, 0) + \tfrac b2 / (|x| + \sqrt{x^2 + b})`, the root
        taken with the larger of :math:`|x|` and :math:`\sqrt b` in front of it.
    Raises
        ``ValueError`` for a ``b`` that is not above 0, or infinite.
    Keras
        ``keras.activations.squareplus``, which gives 0 below -1e8 (float64), -8e3 (float32), inf from 1e154 (1.8e19) up
        and NaN at -inf. PyTorch and MXNet have none.
    Source
        Barron, "Squareplus: a softplus-like algebraic rectifier", 2021.
    """
    _check_squareplus(b)
    xp = namespace(x)
    a = xp.abs(x)
    half_sum = 0.5 * a + 0.5 * _hypotenuse(xp, a, b)
    return xp.maximum(x, 0.0) + (0.25 * b) / half_sum


@gradient_of(squareplus)
def squareplus_vjp(x: Array, g: Array, b: float = 4.0) -> Array:
    r"""``g * (1 + x / sqrt(x**2 + b)) / 2``, the slope being in [0, 1]; what cancels is ``b/2 / (r * (|x| + r))``."""
    _check_squareplus(b)
    xp = namespace(x, g)
    a = xp.abs(x)
    r = _hypotenuse(xp, a, b)
    half = 0.5 * math.sqrt(b)
    # Two quotients: of (c / r) / s XLA makes c / (r * s), which overflows.
    return g * _reflected(xp, x, (half / r) * (half / (0.5 * a + 0.5 * r)))


def _check_squareplus(b: float) -> None:
    if not 0 < b < math.inf:
        raise ValueError(f"squareplus: b must be above 0 and finite, not {b}")


def _hypotenuse(xp, a: Array, b: float) -> Array:
    larger, smaller = xp.maximum(a, math.sqrt(b)), xp.minimum(a, math.sqrt(b))
    ratio = smaller / larger
    return larger * xp.sqrt(1.0 + ratio * ratio)


def _reflected(xp, x: Array, left: Array) -> Array:
    """A slope with f(x) + f(-x) = 1 from its values at ``-abs(x)``: ``left`` for x < 0, ``1 - left`` for x >= 0."""
    right = xp.astype(x >= 0, x.dtype)
    return right + (1.0 - 2.0 * right) * left


@elementwise
def sparse_plus(x: Array) -> Array:
    r"""Sparseplus: 0 up to -1, :math:`(x + 1)^2 / 4` from -1 to 1, :math:`x` from 1 up, elementwise, in [0, inf).

    The integral of ``sparse_sigmoid``, as softplus is that of the sigmoid; the slope has no jump.

    Stability
        Three roundings. With ``x`` clipped to [-1, 1] in the square, its pieces never compete: the larger of the square
        and ``x`` is the value everywhere.
    Keras
        ``keras.activations.sparse_plus``, whose slope at ±inf is NaN. PyTorch and MXNet have none.
    Source
        Martins and Astudillo, "From softmax to sparsemax: a sparse model of attention and multi-label classification",
        ICML 2016.
    """
    xp = namespace(x)
    inside = xp.maximum(xp.minimum(x, 1.0), -1.0) + 1.0
    return xp.maximum(x, 0.25 * (inside * inside))


@gradient_of(sparse_plus)
def sparse_plus_vjp(x: Array, g: Array) -> Array:
    r"""``g * (x + 1) / 2`` between -1 and 1, 0 below, ``g`` above."""
    xp = namespace(x, g)
    return g * (0.5 * (xp.maximum(xp.minimum(x, 1.0), -1.0) + 1.0))


@elementwise(in_float64=True)
def silu(x: Array) -> Array:
    r"""Sigmoid linear unit or swish, :math:`x / (1 + e^{-x})`, elementwise, in [-0.2785, inf).

    Its minimum is at -1.2785.

    Stability
        ``x * sigmoid(x)`` is NaN at -inf, where the limit is 0, and loses its tail when the sigmoid falls below the
        normal numbers, which the product does not yet. Here ``x`` meets the factor :math:`e^{-|x|}` as two equal ones.
    Keras
        ``keras.activations.silu``, also called ``swish``
    PyTorch, MXNet
        ``torch.nn.functional.silu``; ``mxnet.gluon.nn.Swish``, whose ``beta`` scales ``x`` inside the sigmoid: that is
        ``silu(beta * x) / beta``
    Source
        Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in
        reinforcement learning", 2018; Ramachandran, Zoph and Le, "Searching for activation functions", 2017.
    """
    xp = namespace(x)
    x = xp.maximum(x, -_FAR)
    root = xp.exp(-0.5 * xp.abs(x))
    return (xp.maximum(x, 0.0) + (xp.minimum(x, 0.0) * root) * root) / (1.0 + root * root)


@gradient_of(silu)
def silu_vjp(x: Array, g: Array) -> Array:
    r"""``g * sigmoid(x) * (1 + x * sigmoid(-x))``, the slope being in [-0.0998, 1.0998] with a root at -1.2785.

    Stability
        Written as :math:`s + y (1 - s)` from the value it cancels in both tails and is NaN at ±inf. With
        :math:`e = e^{-|x|}` and :math:`m = 1` for :math:`x \ge 0`, else :math:`e`, it is
        :math:`((1 + x)\, e + m^2) / (1 + e)^2`: next to the root ``1 + x`` is exact, and one rounding is left.
    """
    xp = namespace(x, g)
    x = xp.maximum(xp.minimum(x, _FAR), -_FAR)
    root = xp.exp(-0.5 * xp.abs(x))
    e = root * root
    m = xp.maximum(xp.astype(x >= 0, x.dtype), e)
    d = 1.0 + e
    return g * ((((1.0 + x) * root) * root + m * m) / (d * d))


@elementwise(in_float64=True)
def mish(x: Array) -> Array:
    r"""Mish, :math:`x \tanh(\log(1 + e^x))`, elementwise, in [-0.3089, inf).

    Its minimum is at -1.1924.

    Stability
        The composition rounds three times, is NaN at -inf and loses the tail of its factor before its own. As
        :math:`\tanh \log z = (z^2 - 1) / (z^2 + 1)`, it is a quotient in :math:`e^x` on the left,
        :math:`x (e^{2x} + 2 e^x) / (e^{2x} + 2 e^x + 2)`, and the same in :math:`e^{-x}` on the right.
    Keras, PyTorch
        ``keras.activations.mish``, ``torch.nn.functional.mish``
    MXNet
        1.9 has none; ``x * mxnet.nd.tanh(mxnet.nd.Activation(x, act_type="softrelu"))`` has the wrong sign at -20 in
        float32.
    Source
        Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
    """
    xp = namespace(x)
    x = xp.maximum(x, -_FAR)
    root, e, m, n = _halves(xp, x)
    # The numerator of the tanh is m**2 + 2 e, the denominator 2 n**2 more; x meets the factors of e one by one.
    return (x * m * m + 2.0 * ((xp.minimum(x, _FAR) * root) * root)) / (m * m + 2.0 * e + 2.0 * (n * n))


@gradient_of(mish)
def mish_vjp(x: Array, g: Array) -> Array:
    r"""``g * (t + x * sigmoid(x) * (1 - t**2))``, ``t = tanh(log(1 + exp(x)))``: a slope in [-0.1126, 1.0885].

    Its root is at -1.1924.

    Stability
        As a quotient, like the value. With :math:`w = e^x` it is
        :math:`w\,(4 (1 + x) + (6 + 4x)\, w + 4 w^2 + w^3) / (w^2 + 2w + 2)^2`; on the right both polynomials are
        divided by :math:`w^4`.
    """
    xp = namespace(x, g)
    x = xp.maximum(xp.minimum(x, _FAR), -_FAR)
    root, e, m, n = _halves(xp, x)
    inner = (4.0 * (1.0 + x)) * (n * n) + (6.0 + 4.0 * x) * e + 4.0 * (m * m)
    d = m * m + 2.0 * e + 2.0 * (n * n)
    return g * (((inner * root) * root + (m * m) * (m * m)) / (d * d))


def _halves(xp, x: Array) -> tuple[Array, Array, Array, Array]:
    """exp(-|x| / 2); its square e; e on the left of 0 and 1 on the right; 1 on the left and e on the right."""
    root = xp.exp(-0.5 * xp.abs(x))
    e = root * root
    return root, e, xp.maximum(xp.astype(x >= 0, x.dtype), e), xp.maximum(xp.astype(x < 0, x.dtype), e)


@elementwise(in_float64=True)
def gelu(x: Array, approximate: bool = False) -> Array:
    r"""Gaussian error linear unit, :math:`x\,\Phi(x)` with the normal distribution function :math:`\Phi`, elementwise.

    In [-0.17, inf), the minimum at -0.7518. ``approximate=True`` is
    :math:`\tfrac x2 (1 + \tanh(\sqrt{2 / \pi}\,(x + 0.044715\, x^3)))`, which differs by up to 4.7e-4.

    Stability
        ``x / 2 * (1 + erf(x / sqrt(2)))`` cancels on the left: all digits are gone at -8.3 (float64), -5.5 (float32);
        so does the tanh. Here the left tail is computed, from the parts of `nlref.special.normal_cdf` or as a sigmoid,
        and the value is :math:`\max(x, 0) - |x|\,\Phi(-|x|)`. -inf gives 0, not NaN.
    Keras
        ``keras.activations.gelu``, exact by default as here; ``keras.ops.gelu`` approximates by default. In float64
        Keras is only right to 5e-9 (TensorFlow rounds a constant to float32).
    PyTorch
        ``torch.nn.functional.gelu``, with ``approximate="tanh"``
    MXNet
        ``mxnet.nd.LeakyReLU(x, act_type="gelu")``, exact; in float64 no better than float32.
    Source
        Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """
    xp = namespace(x)
    a = xp.abs(x)
    if approximate:
        a = xp.minimum(a, 30.0)
        head, rest = special.gelu_exponent(a)
        return xp.maximum(x, 0.0) - special.times_exp(a / (1.0 + xp.exp(-(head + rest))), head, rest)
    a = xp.minimum(a, 40.0)
    return xp.maximum(x, 0.0) - special.times_normal_density(a / special.inverse_mills_ratio(a), a)


@gradient_of(gelu)
def gelu_vjp(x: Array, g: Array, approximate: bool = False) -> Array:
    r"""``g * (Phi(x) + x * phi(x))``, the slope being in [-0.1289, 1.1289] with a root at -0.7518.

    With ``approximate=True``, where ``u`` is twice the argument of the tanh,
    ``g * (sigmoid(u) + x * sigmoid(u) * sigmoid(-u) * u')``.

    Stability
        The slopes at ``x`` and ``-x`` add up to 1, and the left one is the tail's exponential times what cancels only
        at the root.
    """
    xp = namespace(x, g)
    a = xp.abs(x)
    if approximate:
        a = xp.minimum(a, 30.0)
        head, rest = special.gelu_exponent(a)
        d = 1.0 + xp.exp(-(head + rest))
        slope = _GELU_U * (1.0 + (3.0 * 0.044715) * (a * a))
        left = special.times_exp((d - a * slope) / (d * d), head, rest)
    else:
        a = xp.minimum(a, 40.0)
        left = special.times_normal_density(1.0 / special.inverse_mills_ratio(a) - a, a)
    return g * _reflected(xp, x, left)


_GELU_U = 2.0 * math.sqrt(2.0 / math.pi)


@elementwise(in_float64=True)
def tanh_shrink(x: Array) -> Array:
    r"""Tanh shrinkage, :math:`x - \tanh x`, elementwise, in (-inf, inf), odd: what is small becomes much smaller.

    Stability
        The difference cancels: near 0 the value is :math:`x^3 / 3`, and the formula gives 0 below 1e-8 (float64), 2e-4
        (float32). See `nlref.special.minus_tanh`.
    Keras, PyTorch
        ``keras.activations.tanh_shrink``, ``torch.nn.functional.tanhshrink``. MXNet has none.
    Source
        PyTorch's ``Tanhshrink``; on shrinkage, Donoho, "De-noising by soft-thresholding", 1995.
    """
    return special.minus_tanh(x)


@gradient_of(tanh_shrink)
def tanh_shrink_vjp(x: Array, g: Array) -> Array:
    r"""``g * tanh(x)**2``, the slope being in [0, 1]."""
    t = namespace(x, g).tanh(x)
    return (g * t) * t


def _exact_silu_slope(mp, x):
    e = mp.exp(-abs(x))
    return ((1 + x) * e + (1 if x >= 0 else e * e)) / (1 + e) ** 2


def _exact_mish(mp, x):
    w = mp.exp(x)
    return x * (w * (w + 2)) / (w * (w + 2) + 2)


def _exact_mish_slope(mp, x):
    w = mp.exp(x)
    return w * (4 * (1 + x) + (6 + 4 * x) * w + 4 * w**2 + w**3) / (w * (w + 2) + 2) ** 2


def _exact_normal(mp, x):
    # mpmath's erfc is at a loss with 1e300.
    return mp.erfc(-x / mp.sqrt(2)) / 2 if abs(x) < 100 else mp.mpf(1 if x > 0 else 0)


def _exact_gelu(mp, x, approximate=False):
    if not approximate:
        return x * _exact_normal(mp, x)
    return x / (1 + mp.exp(-_exact_gelu_u(mp, x)))


def _exact_gelu_slope(mp, x, approximate=False):
    if not approximate:
        return _exact_normal(mp, x) + x * mp.npdf(x)
    e, d = mp.exp(-_exact_gelu_u(mp, x)), 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * mp.mpf("0.044715") * x * x)
    return (1 + e + x * d * e) / (1 + e) ** 2


def _exact_gelu_u(mp, x):
    x = max(min(x, 100), -100)  # e to the 1e100 is beyond mpmath too
    return 2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)


def _exact_squareplus(mp, x, b=4.0):
    tail = b / 2 / (mp.sqrt(x * x + b) + abs(x))
    return max(x, 0) + tail


def _exact_squareplus_slope(mp, x, b=4.0):
    r = mp.sqrt(x * x + b)
    left = b / (2 * r * (r + abs(x)))
    return left if x < 0 else 1 - left


def _exact_sparse_plus(mp, x):
    return x if x > 1 else (max(x, -1) + 1) ** 2 / 4


def _exact_tanh_shrink(mp, x):
    if abs(x) > 1e-6:
        return x - mp.tanh(x)
    return x**3 / 3 - 2 * x**5 / 15 + 17 * x**7 / 315 - 62 * x**9 / 2835


def _squareplus_case(b: float) -> Case:
    return Case(options={"b": b}, range=(0.0, math.inf), limits=(0.0, math.inf), slopes=(0.0, 1.0))


_SUBTRACTS = "left of 0 it subtracts numbers that are nearly equal"

FACTS = {
    "exponential": Facts(
        exact=lambda mp, x: mp.exp(x),
        exact_slope=lambda mp, x: mp.exp(x),
        cases=(Case(range=(0.0, math.inf), limits=(0.0, math.inf), slopes=(0.0, math.inf)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.exponential", recorded="act/exponential"),
            Counterpart(system="pytorch", function="torch.exp"),
            Counterpart(system="mxnet", function="mxnet.nd.exp", recorded="act/exp"),
        ),
    ),
    "softplus": Facts(
        exact=lambda mp, x: mp.log1p(mp.exp(x)),
        exact_slope=lambda mp, x: 1 / (1 + mp.exp(-x)),
        cases=(Case(range=(0.0, math.inf), limits=(0.0, math.inf), slopes=(0.0, 1.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.softplus", recorded="act/softplus"),
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
    "squareplus": Facts(
        exact=_exact_squareplus,
        exact_slope=_exact_squareplus_slope,
        cases=(_squareplus_case(4.0), _squareplus_case(0.25), _squareplus_case(100.0)),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.squareplus",
                float32=2e-4,
                float64=2e-10,
                differs=_SUBTRACTS,
                overflows=1e19,
                recorded="act/squareplus",
            ),
            Counterpart(
                system="keras",
                function="keras.activations.squareplus",
                arguments={"b": 0.25},
                options={"b": 0.25},
                float32=4e-5,
                float64=2e-10,
                differs=_SUBTRACTS,
            ),
        ),
    ),
    "sparse_plus": Facts(
        exact=_exact_sparse_plus,
        exact_slope=lambda mp, x: (max(min(x, 1), -1) + 1) / mp.mpf(2),
        cases=(Case(range=(0.0, math.inf), limits=(0.0, math.inf), slopes=(0.0, 1.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.sparse_plus", recorded="act/sparse_plus"),
        ),
    ),
    "silu": Facts(
        exact=lambda mp, x: x / (1 + mp.exp(-x)),
        exact_slope=_exact_silu_slope,
        cases=(
            Case(
                range=(-0.27846454276107380, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                increasing=False,
                roots=(-1.2784645427610738,),
            ),
        ),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.silu", recorded="act/silu"),
            Counterpart(system="pytorch", function="torch.nn.functional.silu", recorded="act/silu"),
            Counterpart(system="mxnet", function="mxnet.gluon.nn.Swish()", recorded="act/swish_gluon"),
        ),
    ),
    "mish": Facts(
        exact=_exact_mish,
        exact_slope=_exact_mish_slope,
        cases=(
            Case(
                range=(-0.30884341301725041, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                increasing=False,
                roots=(-1.1924312145154952,),
            ),
        ),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.mish",
                float32=5e-6,
                float64=5e-14,
                differs="TensorFlow's tanh is up to 7 ulp off",
                recorded="act/mish",
            ),
            Counterpart(system="pytorch", function="torch.nn.functional.mish", recorded="act/mish"),
        ),
    ),
    "gelu": Facts(
        exact=_exact_gelu,
        exact_slope=_exact_gelu_slope,
        cases=(
            Case(
                range=(-0.16997120747990366, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                increasing=False,
                roots=(-0.75179152469356446,),
            ),
            Case(
                options={"approximate": True},
                range=(-0.17004075057125405, math.inf),
                limits=(0.0, math.inf),
                slopes=(0.0, 1.0),
                increasing=False,
                roots=(-0.75246142207101626,),
            ),
        ),
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.gelu",
                float64=1e-8,
                differs="TensorFlow rounds 1 / sqrt(2) to float32",
                recorded="act/gelu",
            ),
            Counterpart(
                system="keras",
                function="keras.activations.gelu",
                arguments={"approximate": True},
                options={"approximate": True},
                float64=2e-9,
                differs="TensorFlow rounds 0.044715 to float32",
                overflows=1e12,
                recorded="act/gelu_tanh",
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.gelu",
                overflows=1e38,
                recorded="act/gelu",
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.gelu",
                arguments={"approximate": "tanh"},
                options={"approximate": True},
                overflows=1e12,
                recorded="act/gelu_tanh",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.LeakyReLU",
                arguments={"act_type": "gelu"},
                float64=1e-6,
                differs="float64 is computed with float32's accuracy",
                recorded="act/gelu_erf",
            ),
        ),
    ),
    "tanh_shrink": Facts(
        exact=_exact_tanh_shrink,
        exact_slope=lambda mp, x: mp.tanh(x) ** 2,
        cases=(Case(range=(-math.inf, math.inf), limits=(-math.inf, math.inf), slopes=(1.0, 1.0)),),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.tanh_shrink", recorded="act/tanh_shrink"),
            Counterpart(
                system="pytorch", function="torch.nn.functional.tanhshrink", recorded="act/tanhshrink"
            ),
        ),
    ),
}
