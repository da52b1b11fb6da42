"""What weights are before training: arrays of zeros or ones, or drawn so that signals keep their size.

An initializer is a function ``initializer(shape, rng, dtype)``; each stands here under Keras' name, and `get` finds it
by that name. The classes make others: ``RandomNormal(stddev=0.01)``.

>>> import numpy as np
>>> he_normal((784, 128), np.random.default_rng(0)).shape
(784, 128)
"""

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nlref.layers.arguments import number

__all__ = [
    "NAMES",
    "Constant",
    "Identity",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "fans",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "zeros",
]

Generator = np.random.Generator

TRUNCATED_DEVIATION = 0.87962566103423978
"""The standard deviation of a standard normal variable that is kept within two deviations."""


@dataclass(frozen=True)
class Constant:
    """Every entry is ``value``. Keras: ``Constant``, ``Zeros``, ``Ones``."""

    value: float = 0.0

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        return np.full(shape, self.value, dtype)


@dataclass(frozen=True)
class RandomUniform:
    """Uniform in [``minval``, ``maxval``). Keras: ``RandomUniform``."""

    minval: float = -0.05
    maxval: float = 0.05

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        return rng.uniform(self.minval, self.maxval, shape).astype(dtype)


@dataclass(frozen=True)
class RandomNormal:
    """Normal, of mean ``mean`` and standard deviation ``stddev``. Keras: ``RandomNormal``."""

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        return rng.normal(self.mean, self.stddev, shape).astype(dtype)


@dataclass(frozen=True)
class TruncatedNormal:
    """Normal, but drawn again where an entry is more than two ``stddev`` from ``mean``. Keras: ``TruncatedNormal``.

    What is left has the standard deviation 0.8796 ``stddev``.
    """

    mean: float = 0.0
    stddev: float = 0.05

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        z = rng.standard_normal(shape)
        while (outside := np.abs(z) > 2).any():
            z[outside] = rng.standard_normal(np.count_nonzero(outside))
        return (self.mean + self.stddev * z).astype(dtype)


@dataclass(frozen=True)
class VarianceScaling:
    r"""Entries of mean 0 and variance :math:`\mathrm{scale} / n`, so that a sum of n of them keeps a signal's size.

    With n the number of entries that are summed in the forward pass (``mode="fan_in"``), in the backward pass
    (``"fan_out"``), or the mean of the two (``"fan_avg"``); see `fans`. ``distribution`` is "uniform", in
    :math:`\pm\sqrt{3\,\mathrm{scale}/n}`; "truncated_normal", cut off at two deviations and scaled to the full
    variance; or "untruncated_normal".

    ===================  =========  =========
    name                 ``scale``  ``mode``
    ===================  =========  =========
    glorot, for tanh     1          fan_avg
    he, for relu         2          fan_in
    lecun, for selu      1          fan_in
    ===================  =========  =========

    Raises
    ------
    ValueError
        ``scale`` is not positive; ``mode`` or ``distribution`` is none of these.

    Keras: ``VarianceScaling``. Sources: LeCun et al., "Efficient backprop", 1998; Glorot and Bengio, "Understanding
    the difficulty of training deep feedforward neural networks", 2010; He et al., "Delving deep into rectifiers", 2015.
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"

    def __post_init__(self) -> None:
        if not number("VarianceScaling", "scale", self.scale) > 0:
            raise ValueError(f"VarianceScaling: scale must be above 0, not {self.scale}")
        for name, value, allowed in (
            ("mode", self.mode, ("fan_in", "fan_out", "fan_avg")),
            ("distribution", self.distribution, ("uniform", "truncated_normal", "untruncated_normal")),
        ):
            if value not in allowed:
                raise ValueError(
                    f"VarianceScaling: {name} must be one of {', '.join(allowed)}, not {value!r}"
                )

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(n, 1.0))
        if self.distribution == "uniform":
            limit = math.sqrt(3) * deviation
            draw = RandomUniform(-limit, limit)
        elif self.distribution == "truncated_normal":
            draw = TruncatedNormal(0.0, deviation / TRUNCATED_DEVIATION)
        else:
            draw = RandomNormal(0.0, deviation)
        return draw(shape, rng, dtype)


@dataclass(frozen=True)
class Orthogonal:
    r"""A random matrix with orthonormal columns, or rows if it has more columns, times ``gain``. Keras: ``Orthogonal``.

    The factor Q of a normal matrix, its columns signed like the diagonal of R, so that every rotation is as likely.
    All axes of ``shape`` but the last are the rows.

    Raises
    ------
    ValueError
        ``shape`` has fewer than two axes.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2014.
    """

    gain: float = 1.0

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: a weight needs at least two axes, not the shape {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.sign(np.diag(r))
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype, order="C")


@dataclass(frozen=True)
class Identity:
    """``gain`` on the diagonal of a matrix, 0 elsewhere. Keras: ``Identity``.

    Raises
    ------
    ValueError
        ``shape`` has not two axes.
    """

    gain: float = 1.0

    def __call__(self, shape: Sequence[int], rng: Generator, dtype: str = "float32") -> np.ndarray:
        if len(shape) != 2:
            raise ValueError(f"Identity: a weight needs two axes, not the shape {tuple(shape)}")
        return (self.gain * np.eye(*shape)).astype(dtype)


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """How many inputs an output is summed from, and how many outputs an input goes to, for a weight of ``shape``.

    The last two axes of a weight are inputs and outputs; those before them, the rows and columns of a convolution,
    count with both. An array of one axis has its length twice, as in Keras.
    """
    if len(shape) < 2:
        return (math.prod(shape),) * 2
    positions = math.prod(shape[:-2])
    return positions * shape[-2], positions * shape[-1]


zeros, ones = Constant(0.0), Constant(1.0)
glorot_uniform = VarianceScaling(1.0, "fan_avg", "uniform")
glorot_normal = VarianceScaling(1.0, "fan_avg", "truncated_normal")
he_uniform = VarianceScaling(2.0, "fan_in", "uniform")
he_normal = VarianceScaling(2.0, "fan_in", "truncated_normal")
lecun_uniform = VarianceScaling(1.0, "fan_in", "uniform")
lecun_normal = VarianceScaling(1.0, "fan_in", "truncated_normal")
random_uniform, random_normal, truncated_normal = RandomUniform(), RandomNormal(), TruncatedNormal()
orthogonal, identity = Orthogonal(), Identity()

NAMES: dict[str, Callable] = {
    "glorot_normal": glorot_normal,
    "glorot_uniform": glorot_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "identity": identity,
    "lecun_normal": lecun_normal,
    "lecun_uniform": lecun_uniform,
    "normal": random_normal,
    "ones": ones,
    "orthogonal": orthogonal,
    "random_normal": random_normal,
    "random_uniform": random_uniform,
    "truncated_normal": truncated_normal,
    "uniform": random_uniform,
    "zeros": zeros,
}
"""What `get` finds: Keras' names, its second names among them."""


def get(identifier: str | Callable) -> Callable:
    """The initializer that Keras knows by the name ``identifier``; a callable is returned as it is.

    >>> get("he_normal")
    VarianceScaling(scale=2.0, mode='fan_in', distribution='truncated_normal')

    Raises
    ------
    ValueError
        No initializer has this name; the sentence has those that are spelled nearly so.
    TypeError
        ``identifier`` is neither a string nor callable.
    """
    if callable(identifier):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(f"initializers.get: give a name or a callable, not a {type(identifier).__name__}")
    if identifier not in NAMES:
        near = difflib.get_close_matches(identifier.lower(), NAMES, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(f"initializers.get: there is no initializer {identifier!r}{hint}")
    return NAMES[identifier]
