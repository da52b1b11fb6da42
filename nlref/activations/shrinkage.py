"""Shrinkage, which takes what is near 0 for 0, as in denoising and sparse coding: hard_shrink, soft_shrink."""

import math

from nlref.facts import Case, Counterpart, Facts, Kink
from nlref.kernel import Array, elementwise, gradient_of, namespace

__all__ = ["FACTS", "hard_shrink", "hard_shrink_vjp", "soft_shrink", "soft_shrink_vjp"]


@elementwise
def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    r"""``x`` where :math:`|x| > \mathrm{threshold}`, else 0, elementwise; odd, with two jumps.

    Stability
        Exact. NaN gives NaN; in Keras it gives 0.
    Kinks
        At ``threshold`` and ``-threshold`` value and slope are 0, in all systems.
    Raises
        ``ValueError`` unless ``threshold`` is at least 0 and finite.
    Keras, PyTorch
        ``keras.activations.hard_shrink``, ``torch.nn.functional.hardshrink(x, lambd=0.5)``
    MXNet
        No counterpart.
    Source
        Donoho and Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika, 1994.
    """
    _check("hard_shrink", threshold)
    xp = namespace(x)
    return xp.where(xp.abs(x) <= threshold, 0.0, x)


@gradient_of(hard_shrink)
def hard_shrink_vjp(x: Array, g: Array, threshold: float = 0.5) -> Array:
    r"""``g`` where ``|x| > threshold``, else 0; NaN where ``x`` is NaN."""
    _check("hard_shrink", threshold)
    return g * _outside(x, threshold)


@elementwise
def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    r"""``x`` moved towards 0, :math:`\mathrm{sign}(x) \max(|x| - \mathrm{threshold}, 0)`, elementwise; odd.

    Stability
        One subtraction, correctly rounded. NaN gives NaN; in Keras it gives 0.
    Kinks
        The slope at ``threshold`` and ``-threshold`` is 0, in all systems.
    Raises
        ``ValueError`` unless ``threshold`` is at least 0 and finite.
    Keras, PyTorch
        ``keras.activations.soft_shrink``, ``torch.nn.functional.softshrink(x, lambd=0.5)``
    MXNet
        No counterpart.
    Source
        Donoho, "De-noising by soft-thresholding", IEEE Transactions on Information Theory, 1995; the step of ISTA.
    """
    _check("soft_shrink", threshold)
    xp = namespace(x)
    return xp.maximum(x - threshold, 0.0) + xp.minimum(x + threshold, 0.0)


@gradient_of(soft_shrink)
def soft_shrink_vjp(x: Array, g: Array, threshold: float = 0.5) -> Array:
    r"""``g`` where ``|x| > threshold``, else 0; NaN where ``x`` is NaN."""
    _check("soft_shrink", threshold)
    return g * _outside(x, threshold)


def _outside(x: Array, threshold: float) -> Array:
    """1 where ``|x| > threshold``, else 0; NaN at NaN."""
    xp = namespace(x)
    size = xp.abs(x)
    return xp.where(size <= threshold, 0.0, xp.sign(size))


def _check(kernel: str, threshold: float) -> None:
    if not 0 <= threshold < math.inf:
        raise ValueError(f"{kernel}: threshold must be at least 0 and finite, not {threshold}")


def _shrinking_case(threshold: float, jumps: bool, **others: float) -> Case:
    return Case(
        options={"threshold": threshold},
        range=(-math.inf, math.inf),
        limits=(-math.inf, math.inf),
        slopes=(1.0, 1.0),
        kinks=(
            Kink(x=-threshold, slope=0.0, left=1.0, right=0.0, **others),
            Kink(x=threshold, slope=0.0, left=0.0, right=1.0, **others),
        ),
        jumps=(-threshold, threshold) if jumps else (),
    )


def _exact_slope(mp, x, threshold=0.5):
    return mp.mpf(1 if abs(x) > threshold else 0)


FACTS = {
    "hard_shrink": Facts(
        exact=lambda mp, x, threshold=0.5: x if abs(x) > threshold else mp.mpf(0),
        exact_slope=_exact_slope,
        cases=(_shrinking_case(0.5, jumps=True, keras=0.0, pytorch=0.0), _shrinking_case(2.0, jumps=True)),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.hard_shrink", recorded="act/hard_shrink"),
            Counterpart(
                system="pytorch", function="torch.nn.functional.hardshrink", recorded="act/hardshrink"
            ),
        ),
    ),
    "soft_shrink": Facts(
        exact=lambda mp, x, threshold=0.5: mp.sign(x) * max(abs(x) - threshold, mp.mpf(0)),
        exact_slope=_exact_slope,
        cases=(_shrinking_case(0.5, jumps=False, keras=0.0, pytorch=0.0), _shrinking_case(2.0, jumps=False)),
        counterparts=(
            Counterpart(system="keras", function="keras.activations.soft_shrink", recorded="act/soft_shrink"),
            Counterpart(
                system="pytorch", function="torch.nn.functional.softshrink", recorded="act/softshrink"
            ),
        ),
    ),
}
