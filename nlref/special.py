"""Special functions under the activations and losses, to about an ulp, on NumPy's arrays and TensorFlow's tensors.

Each takes and returns a float32 or float64 array and may be used in a kernel's body: nothing branches or assigns. The
coefficients come from ``tools/fit_special.py``, which fits them again and prints the errors stated here.
"""

import math

from nlref.kernel import Array, namespace

__all__ = [
    "gelu_exponent",
    "inverse_mills_ratio",
    "log_cosh",
    "minus_tanh",
    "normal_cdf",
    "times_exp",
    "times_normal_density",
]

_GRID = 64.0
_SHIFT = 62.125
_UNSHIFT = math.exp(-_SHIFT)  # within 0.014 ulp of a float32 and of a float64
_NORMAL_SHIFT = 63.40625
_NORMAL_UNSHIFT = math.exp(-_NORMAL_SHIFT) / math.sqrt(2.0 * math.pi)  # within 0.004 ulp


def times_exp(y: Array, head: Array, rest: Array, shift: float = _SHIFT, unshift: float = _UNSHIFT) -> Array:
    r""":math:`y\, e^{-(h + r)}` with the error of two exponentials, right wherever the product is a normal number.

    The exponential magnifies an absolute error of its argument into a relative one, 300 ulp at 600, so the argument
    comes as a sum: ``head`` at least 0, a multiple of 2**-42 (float32: 2**-13), exact where it is below 800 (110); and
    ``rest``, below about 1. And the exponential may fall below the normal numbers, where digits are lost, before the
    product does: so ``head`` is shifted, and a factor, :math:`e^{-62.125}`, brings it back. ``abs(y)`` must be below
    1e10.
    """
    xp = namespace(y)
    # This order also keeps XLA from making one exponential of the two, whose argument would be rounded.
    return ((y * xp.exp(shift - head)) * xp.exp(-rest)) * unshift


def times_normal_density(y: Array, a: Array) -> Array:
    r""":math:`y\, e^{-a^2 / 2} / \sqrt{2 \pi}` for ``a`` in [0, 40].

    ``a`` is rounded to a multiple of 1/64, whose square is exact; the rest of the square is small.
    """
    xp = namespace(a)
    head = xp.rint(a * _GRID) / _GRID
    rest = 0.5 * ((a - head) * (a + head))
    return times_exp(y, 0.5 * (head * head), rest, _NORMAL_SHIFT, _NORMAL_UNSHIFT)


_MILLS_ABOVE = (
    5.794376601339656e-07,
    1.735605589296502e-05,
    0.0002555971050330306,
    0.0024001324826497194,
    0.015750469130313607,
    0.07481457071175089,
    0.2579132185469653,
    0.6268751607636176,
    0.98908659868259,
    0.7978845608028654,
)
_MILLS_BELOW = (
    5.79437660176544e-07,
    1.7356055884765953e-05,
    0.0002567559810647238,
    0.0024348445572487964,
    0.01625818803649236,
    0.07951066510894143,
    0.2879055853676148,
    0.762822021984146,
    1.421034825521977,
    1.6950657936708267,
    1.0,
)


def inverse_mills_ratio(a: Array) -> Array:
    r""":math:`\varphi(a) / \Phi(-a)`, the normal density over its tail, for ``a`` in [0, 40].

    Rises from 0.798 and nears ``a + 1/a``. Computed as ``a`` and a quotient of polynomials that falls from 0.798 to
    1/a, with a relative error of 4e-18; all coefficients are positive, so that nothing cancels, and far out only the
    rounding of the sum is left.
    """
    return a + _polynomial(_MILLS_ABOVE, a) / _polynomial(_MILLS_BELOW, a)


def normal_cdf(x: Array) -> Array:
    r"""The normal distribution function :math:`\Phi(x) = \tfrac12 \operatorname{erfc}(-x / \sqrt 2)`, in [0, 1].

    NumPy has no erf. Within 4 ulp wherever the result is a normal number; ``(1 + erf(x / sqrt(2))) / 2`` loses its
    digits from -3 down and is 0 below -8.3 (float64), -5.5 (float32).
    """
    xp = namespace(x)
    a = xp.minimum(xp.abs(x), 40.0)
    tail = times_normal_density(1.0 / inverse_mills_ratio(a), a)
    right = xp.astype(x >= 0, x.dtype)
    return right + (1.0 - 2.0 * right) * tail


_GELU_LINEAR = (
    1.5957691216026433,
    3.0874305383944692e-12,
)  # head and rest of 2 sqrt(2 / pi); the head is a multiple of 2**-34
_GELU_CUBIC = (
    0.07135391235351562,
    9.039190846237764e-07,
)  # of that times 0.044715; the head is a multiple of 2**-18


def gelu_exponent(a: Array) -> tuple[Array, Array]:
    r""":math:`u = 2 \sqrt{2 / \pi}\,(a + 0.044715\, a^3)` for ``a`` in [0, 30], for `times_exp`.

    In float64 ``a`` is rounded to a multiple of 1/256, at which the heads of the coefficients give an exact polynomial;
    the rest is what the tails give there, and the difference of the polynomial's values. float32 goes through float64.
    """
    xp = namespace(a)
    linear, cubic = sum(_GELU_LINEAR), sum(_GELU_CUBIC)
    if a.dtype == "float32":
        a = xp.astype(a, "float64")
        u = a * (linear + cubic * (a * a))
        head = xp.rint(u * _GRID) / _GRID
        return xp.astype(head, "float32"), xp.astype(u - head, "float32")
    point = xp.rint(a * 256.0) / 256.0
    square = point * point
    head = point * _GELU_LINEAR[0] + (square * point) * _GELU_CUBIC[0]
    at_point = point * (_GELU_LINEAR[1] + _GELU_CUBIC[1] * square)
    return head, at_point + (a - point) * (linear + cubic * (square + a * (point + a)))


_TANH_REMAINDER_ABOVE = (
    1.255818732145847e-06,
    0.0003713061253285339,
    0.023493968615248138,
    0.3333333333333333,
)
_TANH_REMAINDER_BELOW = (
    1.2840656042685097e-06,
    0.00039973964201283187,
    0.02740191880952248,
    0.47048190584574434,
    1.0,
)


def minus_tanh(x: Array) -> Array:
    r""":math:`x - \tanh x`, odd, in (-inf, inf).

    The difference cancels: near 0 it is :math:`x^3 / 3`. Up to 1.5 in size a quotient of polynomials in
    :math:`x^2`, with a relative error of 2e-18, beyond it the difference: 3 ulp with NumPy's ``tanh``, 9 with
    TensorFlow's.
    """
    xp = namespace(x)
    a = xp.abs(x)
    z = xp.minimum(a, 1.5)
    z = z * z
    near = x * (z * (_polynomial(_TANH_REMAINDER_ABOVE, z) / _polynomial(_TANH_REMAINDER_BELOW, z)))
    return xp.where(a > 1.5, x - xp.tanh(x), near)


def log_cosh(x: Array) -> Array:
    r""":math:`\log\cosh x`, even, in [0, inf): :math:`x^2 / 2` near 0, :math:`|x| - \log 2` far out.

    ``log(cosh(x))`` overflows at 710 (float64), 89 (float32); :math:`|x| + \log(1 + e^{-2|x|}) - \log 2` cancels near
    0.
    Up to 1 in size this is :math:`\log(1 + t^2 / (2 (1 + t)))` with :math:`t = e^{-|x|} - 1`; 4 ulp.
    """
    xp = namespace(x)
    a = xp.abs(x)
    t = xp.expm1(-xp.minimum(a, 1.0))
    near = xp.log1p(0.5 * (t * t) / (1.0 + t))
    far = a - (math.log(2.0) - xp.log1p(xp.exp(-2.0 * a)))
    return xp.where(a > 1.0, far, near)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    first, second, *others = coefficients
    y = first * x + second
    for coefficient in others:
        y *= x  # in place on NumPy
        y += coefficient
    return y
