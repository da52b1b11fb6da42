"""What every optimizer does: check and clip the gradients, decay the weights, step, and count the steps."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nlref.optimizers.arguments import number


class Optimizer:
    r"""A rule that moves parameters against their gradients; `apply` makes one step of it.

    A step is, in Keras' order: the gradients are clipped; every parameter decays as
    :math:`w \leftarrow w - \eta \lambda w` where ``weight_decay`` :math:`\lambda` is given, apart from the gradient,
    unlike an L2 penalty on the loss; and `update` moves it. A subclass lists in ``slot_names`` what it remembers of
    each parameter from step to step; these arrays start at zero.

    Keras rounds ``weight_decay``, momentum and betas to float32 even where the parameters are float64; here they are
    what was given, and in float64 steps differ from Keras' by that rounding, 1e-5 of their length with Adam's defaults.

    Parameters
    ----------
    learning_rate : :math:`\eta`, a number from 0 on; it can be set between steps
    weight_decay : :math:`\lambda`, a number from 0 on, or None
    clipnorm : longest Euclidean norm of the gradient of each parameter; longer ones are shortened to it
    clipvalue : greatest magnitude of an entry of a gradient
    global_clipnorm : longest norm of all gradients together, which are then shortened by one common factor

    Attributes
    ----------
    iterations : the number of steps made
    slots : one list for each of ``slot_names``, of an array for each parameter, by its position in `apply`

    Raises
    ------
    TypeError, ValueError
        An argument is not a number or out of its range, or more than one kind of clipping is asked for.
    """

    slot_names: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = None if weight_decay is None else self._number("weight_decay", weight_decay)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        for name, value in clips.items():
            setattr(self, name, None if value is None else self._number(name, value, above_zero=True))
        given = [name for name, value in clips.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"{type(self).__name__}: give only one of {' and '.join(given)}")
        self.iterations = 0
        self.slots: dict[str, list[np.ndarray]] = {}

    @property
    def learning_rate(self) -> float:
        """The length of the steps, which may be set at any time: ``optimizer.learning_rate = 1e-4``."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = self._number("learning_rate", value)

    def apply(self, gradients: Sequence[np.ndarray], parameters: Sequence[np.ndarray]) -> None:
        """Make one step: change ``parameters``, float arrays, in place by their ``gradients``, which stay as they are.

        What is remembered of a parameter goes by its position, so every call takes the same parameters in the same
        order. The arithmetic is done in each parameter's own dtype. No step warns: NaN and infinities pass through.

        Raises
        ------
        TypeError
            A parameter is not a NumPy array of floating-point numbers.
        ValueError
            The numbers of gradients and parameters differ, a gradient is missing or has another shape than its
            parameter, or the parameters are not those of the steps before. Nothing is changed then.
        """
        gradients = self._checked(list(gradients), parameters)
        if not gradients:
            return
        if not self.slots:
            self.slots = {name: [np.zeros_like(w) for w in parameters] for name in self.slot_names}
            self._shapes = [w.shape for w in parameters]
        with np.errstate(all="ignore"):
            for position, (w, g) in enumerate(zip(parameters, self._clipped(gradients), strict=True)):
                if self.weight_decay is not None:
                    w -= w * self.weight_decay * self.learning_rate
                self.update(w, g, {name: arrays[position] for name, arrays in self.slots.items()})
        self.iterations += 1

    def update(self, w: np.ndarray, g: np.ndarray, slots: dict[str, np.ndarray]) -> None:
        """Move the parameter ``w`` and its ``slots`` in place, for the gradient ``g`` of the same dtype."""
        raise NotImplementedError

    def _clipped(self, gradients: list[np.ndarray]) -> list[np.ndarray]:
        if self.clipvalue is not None:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        if self.clipnorm is not None:
            return [g * self.clipnorm / max(_norm([g]), self.clipnorm) for g in gradients]
        if self.global_clipnorm is not None:
            norm = _norm(gradients)
            # A gradient that is not finite has no length to shorten; as in Keras it shows in every parameter.
            scale = (
                self.global_clipnorm / max(norm, self.global_clipnorm) if math.isfinite(norm) else math.nan
            )
            return [g * scale for g in gradients]
        return gradients

    def _checked(self, gradients: list[Any], parameters: Sequence[np.ndarray]) -> list[np.ndarray]:
        rule = type(self).__name__
        if len(gradients) != len(parameters):
            raise ValueError(f"{rule}: {len(gradients)} gradients for {len(parameters)} parameters")
        for position, (g, w) in enumerate(zip(gradients, parameters, strict=True)):
            if not isinstance(w, np.ndarray) or w.dtype.kind != "f":
                kind = w.dtype if isinstance(w, np.ndarray) else type(w).__name__
                raise TypeError(f"{rule}: parameter {position} must be an array of float numbers, not {kind}")
            if g is None:
                raise ValueError(f"{rule}: parameter {position} has no gradient; call backward before apply")
            if np.shape(g) != w.shape:
                raise ValueError(
                    f"{rule}: gradient {position} has the shape {np.shape(g)}, its parameter the shape {w.shape}"
                )
        if self.slots and [w.shape for w in parameters] != self._shapes:
            raise ValueError(
                f"{rule}: these are not the parameters of the steps before; make a new optimizer for them"
            )
        return [np.asarray(g, dtype=w.dtype) for g, w in zip(gradients, parameters, strict=True)]

    def _number(self, name: str, value: Any, **limits: Any) -> float:
        return number(type(self).__name__, name, value, **limits)


def _norm(arrays: Sequence[np.ndarray]) -> float:
    return math.sqrt(sum(float(np.sum(np.square(array, dtype=np.float64))) for array in arrays))
