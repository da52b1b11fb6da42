"""Activations along an axis: softmax and its kin, which give probabilities, and the gated linear unit."""

import math
from typing import Any

import numpy as np

from nlref.axis import along_axis, row_gradient_of
from nlref.compensated import difference, quotient
from nlref.facts import Counterpart, RowFacts
from nlref.kernel import Array, namespace

__all__ = [
    "FACTS",
    "glu",
    "glu_vjp",
    "log_softmax",
    "log_softmax_vjp",
    "softmax",
    "softmax_vjp",
    "softmin",
    "softmin_vjp",
    "sparsemax",
    "sparsemax_vjp",
]


@along_axis
def softmax(
    x: Array, axis: int | tuple[int, ...] = -1, temperature: float = 1.0, mask: Array | None = None
) -> Array:
    r"""Softmax, :math:`e^{x_i / T} / \sum_j e^{x_j / T}` along ``axis``: scores made probabilities.

    The shape and dtype of ``x``; entries in [0, 1] that sum to 1 along ``axis``, or over several axes together.
    ``temperature`` :math:`T > 0` flattens (above 1) or sharpens (below 1). ``mask``, booleans that broadcast to the
    shape of ``x``, says which entries take part; the others give 0, whatever they hold.

    Stability
        The largest entry is subtracted first, so nothing overflows. That difference, and its quotient with the
        temperature, carry their rounding errors along: without them an entry of :math:`e^{-80}` is 30 ulp off in
        float32, one of :math:`e^{-700}` 500 ulp in float64.
    Infinities
        -inf gives 0; a single +inf gives 1, and 0 elsewhere. Where there is no limit (several +inf, nothing but -inf)
        the row is NaN, as it is if one entry is NaN. A row that is masked altogether gives zeros.
    Raises
        ``ValueError`` unless ``temperature`` is positive and finite; if ``axis`` is out of range; if ``mask`` does not
        broadcast. ``TypeError`` for a mask that is not boolean.
    Keras
        ``keras.activations.softmax(x, axis=-1)``; ``keras.layers.Softmax`` takes several axes and a mask. In float32
        a NaN stays in its entry and the others of the row become 0.
    PyTorch
        ``torch.nn.functional.softmax(x, dim)``, all NaN for a row with +inf.
    MXNet
        ``mxnet.nd.softmax(x, axis=-1, temperature=None)``. ``mxnet.nd.Softmax`` is another function, an output layer.
    Source
        Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990; on rounding:
        Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
    """
    _check_temperature("softmax", temperature)
    e, total, _ = _exponentials(x, axis, temperature, mask)
    return e / total


@row_gradient_of(softmax)
def softmax_vjp(
    x: Array,
    g: Array,
    axis: int | tuple[int, ...] = -1,
    temperature: float = 1.0,
    mask: Array | None = None,
) -> Array:
    r""":math:`s_i (g_i - \sum_j s_j g_j) / T`, with :math:`s` the softmax.

    Stability
        Where one entry has nearly all the probability, the difference cancels, to 0 in other systems. The gradient of
        the largest entry is subtracted from all :math:`g` first, which changes nothing but that.
    """
    _check_temperature("softmax", temperature)
    xp = namespace(x, g)
    e, total, largest = _exponentials(x, axis, temperature, mask)
    s = e / total
    one = xp.where(largest, g, 0.0)
    count = xp.sum(xp.where(largest, xp.ones_like(g), 0.0), axis=axis, keepdims=True)
    g = g - xp.sum(one, axis=axis, keepdims=True) / count
    if mask is not None:
        g = xp.where(mask, g, 0.0)
    return s * (g - xp.sum(s * g, axis=axis, keepdims=True)) / temperature


@along_axis
def softmin(
    x: Array, axis: int | tuple[int, ...] = -1, temperature: float = 1.0, mask: Array | None = None
) -> Array:
    r"""Softmin, :math:`e^{-x_i / T} / \sum_j e^{-x_j / T}` along ``axis``: distances made probabilities.

    ``softmax(-x)`` in everything: shape, dtype, arguments, accuracy, infinities with the signs exchanged.

    Keras
        None; ``keras.activations.softmax(-x)``.
    PyTorch, MXNet
        ``torch.nn.functional.softmin(x, dim)``, ``mxnet.nd.softmin(x, axis=-1)``
    Source
        As `softmax`.
    """
    _check_temperature("softmin", temperature)
    e, total, _ = _exponentials(-x, axis, temperature, mask)
    return e / total


@row_gradient_of(softmin)
def softmin_vjp(
    x: Array,
    g: Array,
    axis: int | tuple[int, ...] = -1,
    temperature: float = 1.0,
    mask: Array | None = None,
) -> Array:
    r""":math:`-s_i (g_i - \sum_j s_j g_j) / T`, with :math:`s` the softmin."""
    _check_temperature("softmin", temperature)
    return -softmax_vjp.__wrapped__(-x, g, axis, temperature, mask)


@along_axis
def log_softmax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
    r"""The logarithm of softmax, :math:`x_i - \log \sum_j e^{x_j}` along ``axis``: scores made log-likelihoods.

    The shape and dtype of ``x``, in [-inf, 0].

    Stability
        ``log(softmax(x))`` is -inf below -745 (float64), -103 (float32). Subtracting a log-sum-exp cancels near 0:
        where one entry has nearly all the probability, this is 0 or even positive (MXNet, float32: 1.4e-6). Here the
        largest entry is left out of the sum and ``log1p`` puts it back.
    Infinities
        -inf gives -inf; a single +inf gives 0 there and -inf elsewhere. Where there is no limit (several +inf, nothing
        but -inf) the row is NaN, as it is if one entry is NaN.
    Raises
        ``ValueError`` if ``axis`` is out of range.
    Keras, PyTorch, MXNet
        ``keras.activations.log_softmax(x, axis=-1)``, ``torch.nn.functional.log_softmax(x, dim)``,
        ``mxnet.nd.log_softmax(x, axis=-1)``
    Source
        Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax functions", 2021.
    """
    xp = namespace(x)
    d, _, rest, _ = _beside_the_largest(x, axis)
    return d - xp.log1p(rest)


@row_gradient_of(log_softmax)
def log_softmax_vjp(x: Array, g: Array, axis: int | tuple[int, ...] = -1) -> Array:
    r""":math:`g_i - s_i \sum_j g_j`, with :math:`s` the softmax.

    Stability
        For the largest entry, :math:`s_i` near 1, as :math:`(g_i - \sum_j g_j) + (1 - s_i) \sum_j g_j`, where
        :math:`1 - s_i` is the probability of the others, computed from them.
    """
    xp = namespace(x, g)
    _, e, rest, largest = _beside_the_largest(x, axis)
    total = xp.sum(g, axis=axis, keepdims=True)
    return xp.where(largest, (g - total) + total * (rest / (1.0 + rest)), g - (e / (1.0 + rest)) * total)


@along_axis(in_float64=True)
def sparsemax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
    r"""Sparsemax, :math:`\max(x_i - \tau, 0)` along ``axis``: the probabilities nearest to the scores, many of them 0.

    :math:`\tau` is the number that makes them sum to 1. The shape and dtype of ``x``; entries in [0, 1].

    Stability
        Scores more than 1 below the largest give 0 whatever they are, so all are taken relative to it and cut there:
        nothing overflows (Keras: inf in every entry for 3e38). The sum over the support is exact to its last digits,
        which keeps entries near 0 right.
    Infinities
        As for `softmax`: -inf gives 0, a single +inf gives 1, no limit gives NaN, and so does one NaN.
    Raises
        ``ValueError`` if ``axis`` is out of range.
    Keras
        ``keras.activations.sparsemax(x, axis=-1)``; in version 3.15 it is another function as soon as two entries are
        kept: for (0.1, 0.2, 0.35, 0.5) it gives four zeros, where (0.0625, 0.1625, 0.3125, 0.4625) is right.
    PyTorch, MXNet
        None.
    Source
        Martins and Astudillo, "From softmax to sparsemax: a sparse model of attention and multi-label classification",
        ICML 2016.
    """
    xp = namespace(x)
    t, error, support = _support(x, axis)
    count = xp.sum(xp.where(support, xp.ones_like(t), 0.0), axis=axis, keepdims=True)
    # Adding this number rounds t to a multiple of 2**-20 (2**-8 in float32): such numbers add up without rounding.
    # It is an array because TensorFlow's graphs take (t + 1.0) - 1.0 for t.
    grid = xp.where(t <= 1.0, 1.5 * 2.0 ** (32 if t.dtype == np.float64 else 15), t)
    head = (t + grid) - grid
    tail = (t - head) + error
    sum_head = xp.sum(xp.where(support, head, 0.0), axis=axis, keepdims=True)
    sum_tail = xp.sum(xp.where(support, tail, 0.0), axis=axis, keepdims=True)
    p = ((1.0 + sum_head - count * head) + (sum_tail - count * tail)) / count
    return xp.where(support, xp.maximum(p, 0.0), 0.0)


@row_gradient_of(sparsemax)
def sparsemax_vjp(x: Array, g: Array, axis: int | tuple[int, ...] = -1) -> Array:
    r""":math:`g_i` less its mean over the support, the entries that are not 0; 0 outside the support."""
    xp = namespace(x, g)
    t, _, support = _support(x, axis)
    count = xp.sum(xp.where(support, xp.ones_like(t), 0.0), axis=axis, keepdims=True)
    mean = xp.sum(xp.where(support, g, 0.0), axis=axis, keepdims=True) / count
    return xp.where(support, g - mean, 0.0) + 0.0 * t  # NaN in NaN rows


@along_axis(halves=True)
def glu(x: Array, axis: int = -1) -> Array:
    r"""Gated linear unit, :math:`a\,\sigma(b)`, where ``x`` is :math:`a` followed by :math:`b` along ``axis``.

    The result is half as long as ``x`` along ``axis``; all its other lengths and its dtype are those of ``x``.

    Stability
        :math:`\sigma(b)` falls below the normal numbers before the product does; here :math:`a` meets
        :math:`e^{-|b|}` as two equal factors.
    Raises
        ``ValueError`` if ``axis`` is out of range or the length along it odd. ``TypeError`` if it is not one integer.
    Keras, PyTorch
        ``keras.activations.glu(x, axis=-1)``, ``torch.nn.functional.glu(x, dim=-1)``
    MXNet
        None; ``a * mxnet.nd.sigmoid(b)`` of ``mxnet.nd.split`` composes it.
    Source
        Dauphin, Fan, Auli and Grangier, "Language modeling with gated convolutional networks", ICML 2017.
    """
    xp = namespace(x)
    a, b = xp.split(x, 2, axis=axis)
    h = xp.exp(0.5 * xp.minimum(b, 0.0))
    return (a * h) * (h / (1.0 + xp.exp(-xp.abs(b))))


@row_gradient_of(glu)
def glu_vjp(x: Array, g: Array, axis: int = -1) -> Array:
    r""":math:`g\,\sigma(b)` followed by :math:`g\,a\,\sigma(b)\,\sigma(-b)` along ``axis``: the shape of ``x``."""
    xp = namespace(x, g)
    a, b = xp.split(x, 2, axis=axis)
    h, d = xp.exp(-0.5 * xp.abs(b)), 1.0 + xp.exp(-xp.abs(b))
    gate = xp.exp(xp.minimum(b, 0.0)) / d
    return xp.concatenate([g * gate, g * ((a * h) * (h / (d * d)))], axis=axis)


def _check_temperature(kernel: str, temperature: float) -> None:
    if not 0 < temperature < math.inf:
        raise ValueError(f"{kernel}: temperature must be positive and finite, not {temperature}")


def _below_the_largest(x: Array, axis: Any) -> tuple[Array, Array, Array]:
    """``(d, error, infinite)``: ``d + error`` is exactly a quarter of ``x`` less the largest of its row.

    A quarter, because the difference of finite numbers may not be finite; infinities are taken for numbers twice as
    large as any quarter. ``infinite`` says of each row whether its largest entry is one.
    """
    xp = namespace(x)
    beyond = (
        (1 - 2**-24) * 2.0**127 if x.dtype == np.float32 else (1 - 2**-53) * 2.0**1023
    )  # half of the largest
    x = xp.minimum(xp.maximum(x * 0.25, -beyond), beyond)
    largest = xp.max(x, axis=axis, keepdims=True)
    return *difference(x, largest), xp.abs(largest) == beyond


def _exponentials(x: Array, axis: Any, temperature: float, mask: Any) -> tuple[Array, Array, Array]:
    """``(e, total, largest)``: exp(x / temperature) relative to the row's largest, their sum, where the largest are."""
    xp = namespace(x)
    if mask is not None:
        x = xp.where(mask, x, -math.inf)
    d, error, infinite = _below_the_largest(x, axis)
    largest = d == 0
    if temperature == 1:
        d, error = 4.0 * d, 4.0 * error
    else:
        d, error = quotient(d, temperature / 4, error)
    e = xp.exp(d) * (1.0 + error)
    if mask is not None:
        e = xp.where(mask, e, 0.0)
    total = xp.sum(e, axis=axis, keepdims=True)
    total = xp.where(infinite & (total > 1), math.nan, total)
    if mask is not None:
        total = xp.where(total == 0, 1.0, total)
    return e, total, largest


def _beside_the_largest(x: Array, axis: Any) -> tuple[Array, Array, Array, Array]:
    """``(d, e, rest, largest)``: x less the row's largest, its exponential, the sum of those but for one largest."""
    xp = namespace(x)
    d, error, infinite = _below_the_largest(x, axis)
    largest = d == 0
    d, error = 4.0 * d, 4.0 * error
    e = xp.exp(d) * (1.0 + error)
    ties = xp.sum(xp.where(largest, xp.ones_like(e), 0.0), axis=axis, keepdims=True) - 1.0
    rest = xp.sum(xp.where(largest, 0.0, e), axis=axis, keepdims=True) + ties
    return d, e, xp.where(infinite & (ties > 0), math.nan, rest), largest


def _support(x: Array, axis: Any) -> tuple[Array, Array, Array]:
    """``(t, error, support)``: how far x is below the row's largest, at most 1, and which entries sparsemax keeps."""
    xp = namespace(x)
    d, error, infinite = _below_the_largest(x, axis)
    t = xp.minimum(-4.0 * d, 1.0)
    ties = xp.sum(xp.where(t == 0, xp.ones_like(t), 0.0), axis=axis, keepdims=True)
    # One NaN, or a row without a limit, makes the whole row NaN.
    t = t + xp.where(infinite & (ties > 1), math.nan, 0.0 * xp.sum(t, axis=axis, keepdims=True))
    ascending = xp.sort(t, axis=axis)
    number = xp.cumsum(xp.ones_like(t), axis=axis)
    kept = number * ascending < 1.0 + xp.cumsum(ascending, axis=axis)
    farthest = xp.max(xp.where(kept, ascending, 0.0), axis=axis, keepdims=True)
    return t, xp.where(t < 1.0, -4.0 * error, 0.0), (t <= farthest) | (t != t)


def _exact_exponentials(mp, row, temperature=1.0, sign=1):
    """exp(row / temperature) relative to its largest entry: with any finite precision, no entry can then be lost."""
    largest = max(sign * x for x in row)
    return [mp.exp((sign * x - largest) / temperature) for x in row]


def _exact_softmax(mp, row, temperature=1.0, sign=1):
    e = _exact_exponentials(mp, row, temperature, sign)
    return [part / mp.fsum(e) for part in e]


def _exact_softmax_vjp(mp, row, g, temperature=1.0, sign=1):
    s = _exact_softmax(mp, row, temperature, sign)
    return [
        sign / temperature * s_i * mp.fsum(s_j * (g_i - g_j) for s_j, g_j in zip(s, g, strict=True))
        for s_i, g_i in zip(s, g, strict=True)
    ]


def _exact_log_softmax(mp, row):
    largest = row.index(max(row))
    rest = mp.fsum(e for i, e in enumerate(_exact_exponentials(mp, row)) if i != largest)
    return [x - row[largest] - mp.log1p(rest) for x in row]


def _exact_log_softmax_vjp(mp, row, g):
    s = _exact_softmax(mp, row)
    terms = list(enumerate(zip(s, g, strict=True)))
    return [mp.fsum(s_j * g_i - s_i * g_j for j, (s_j, g_j) in terms if i != j) for i, (s_i, g_i) in terms]


def _exact_support(mp, row):
    """Scores relative to the largest, which of them sparsemax keeps, and tau."""
    row = [x - max(row) for x in row]
    above = sorted(row, reverse=True)
    count = max(k for k in range(1, len(row) + 1) if 1 + k * above[k - 1] > mp.fsum(above[:k]))
    tau = (mp.fsum(above[:count]) - 1) / count
    return row, [x > tau for x in row], tau


def _exact_sparsemax(mp, row):
    row, support, tau = _exact_support(mp, row)
    return [x - tau if kept else mp.mpf(0) for x, kept in zip(row, support, strict=True)]


def _exact_sparsemax_vjp(mp, row, g):
    _, support, _ = _exact_support(mp, row)
    mean = mp.fsum(g_i for g_i, kept in zip(g, support, strict=True) if kept) / sum(support)
    return [g_i - mean if kept else mp.mpf(0) for g_i, kept in zip(g, support, strict=True)]


def _exact_glu(mp, row):
    half = len(row) // 2
    return [a / (1 + mp.exp(-b)) for a, b in zip(row[:half], row[half:], strict=True)]


def _exact_glu_vjp(mp, row, g):
    half = len(row) // 2
    gates = [1 / (1 + mp.exp(-b)) for b in row[half:]]
    slopes = [mp.exp(-abs(b)) / (1 + mp.exp(-abs(b))) ** 2 for b in row[half:]]
    return [
        *(g_i * gate for g_i, gate in zip(g, gates, strict=True)),
        *(g_i * a * slope for g_i, a, slope in zip(g, row[:half], slopes, strict=True)),
    ]


def _along_each_axis(system: str, function: str, argument: str, recorded: str, **bounds: Any) -> tuple:
    return tuple(
        Counterpart(
            system=system,
            function=function,
            arguments={argument: axis},
            options={"axis": axis},
            recorded=f"{recorded}{axis}",
            **bounds,
        )
        for axis in (0, 1, 2)
    )


_ONEDNN = {"float32": 4e-6, "differs": "in float32, oneDNN's exponential and logarithm"}

FACTS = {
    "softmax": RowFacts(
        exact=_exact_softmax,
        exact_vjp=_exact_softmax_vjp,
        options=({}, {"temperature": 0.3}, {"temperature": 7.0}),
        probabilities=True,
        counterparts=(
            Counterpart(system="keras", function="keras.activations.softmax", recorded="act/softmax"),
            *_along_each_axis("keras", "keras.activations.softmax", "axis", "act/softmax_axis"),
            Counterpart(
                system="keras",
                function="keras.layers.Softmax",
                options={"mask": (True, True, False, False)},
                recorded="layer/Softmax_mask",
            ),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.softmax",
                arguments={"dim": -1},
                recorded="act/softmax",
            ),
            *_along_each_axis("pytorch", "torch.nn.functional.softmax", "dim", "act/softmax_axis"),
            Counterpart(system="mxnet", function="mxnet.nd.softmax", recorded="act/softmax"),
            *_along_each_axis("mxnet", "mxnet.nd.softmax", "axis", "act/softmax_axis"),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.softmax",
                arguments={"temperature": 2},
                options={"temperature": 2.0},
                recorded="act/softmax_T2",
            ),
            Counterpart(
                system="mxnet", function="mxnet.nd.SoftmaxActivation", recorded="act/SoftmaxActivation"
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.SoftmaxActivation",
                arguments={"mode": "channel"},
                options={"axis": 1},
                recorded="act/SoftmaxActivation_channel",
            ),
            Counterpart(
                system="mxnet",
                function="mxnet.nd.SoftmaxActivation",
                options={"axis": 2},
                wrong_slope="the gradient of a row's sum, which is 1, is not 0 in three dimensions",
                recorded="act/SoftmaxActivation_instance3d",
            ),
        ),
    ),
    "softmin": RowFacts(
        exact=lambda mp, row, temperature=1.0: _exact_softmax(mp, row, temperature, -1),
        exact_vjp=lambda mp, row, g, temperature=1.0: _exact_softmax_vjp(mp, row, g, temperature, -1),
        options=({}, {"temperature": 0.3}),
        probabilities=True,
        counterparts=(
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.softmin",
                arguments={"dim": -1},
                recorded="act/softmin",
            ),
            Counterpart(system="mxnet", function="mxnet.nd.softmin", recorded="act/softmin"),
        ),
    ),
    "log_softmax": RowFacts(
        exact=_exact_log_softmax,
        exact_vjp=_exact_log_softmax_vjp,
        counterparts=(
            Counterpart(system="keras", function="keras.activations.log_softmax", recorded="act/log_softmax"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.log_softmax",
                arguments={"dim": -1},
                recorded="act/log_softmax",
            ),
            Counterpart(
                system="mxnet", function="mxnet.nd.log_softmax", recorded="act/log_softmax", **_ONEDNN
            ),
        ),
    ),
    "sparsemax": RowFacts(
        exact=_exact_sparsemax,
        exact_vjp=_exact_sparsemax_vjp,
        probabilities=True,
        counterparts=(
            Counterpart(
                system="keras",
                function="keras.activations.sparsemax",
                float64=1e-8,
                differs="tau comes from the sum of all cumulative sums, so it is right for one entry only",
                wrong_slope="the gradient of the wrong tau",
                overflows=1e30,
                recorded="act/sparsemax",
            ),
        ),
    ),
    "glu": RowFacts(
        exact=_exact_glu,
        exact_vjp=_exact_glu_vjp,
        counterparts=(
            Counterpart(system="keras", function="keras.activations.glu", recorded="act/glu"),
            Counterpart(
                system="pytorch",
                function="torch.nn.functional.glu",
                arguments={"dim": -1},
                recorded="act/glu",
            ),
        ),
    ),
}
