"""Stochastic gradient descent: plain, with momentum, and with Nesterov's momentum."""

from typing import Any

import numpy as np

from nlref.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    r"""Gradient descent, with or without momentum; ``keras.optimizers.SGD``.

    .. math::
        w \leftarrow w - \eta g

    With ``momentum`` :math:`\mu` above 0 a velocity gathers the gradients of the past, and moves the parameter:

    .. math::
        v \leftarrow \mu v - \eta g, \qquad w \leftarrow w + v

    With ``nesterov=True`` it moves by where the velocity will carry it, :math:`w \leftarrow w + \mu v - \eta g`. The
    learning rate is inside the velocity, as in Keras; PyTorch keeps it outside, and the two part when it changes.

    Parameters
    ----------
    learning_rate : :math:`\eta`, 0.01 by default
    momentum : :math:`\mu`, from 0 to 1
    nesterov : whether to use Nesterov's form; without momentum it changes nothing
    others : as in `Optimizer`
    """

    def __init__(
        self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False, **others: Any
    ) -> None:
        super().__init__(learning_rate, **others)
        self.momentum = self._number("momentum", momentum, most=1)
        self.nesterov = nesterov
        self.slot_names = ("momentum",) if self.momentum else ()

    def update(self, w: np.ndarray, g: np.ndarray, slots: dict[str, np.ndarray]) -> None:
        if not self.momentum:
            w -= self.learning_rate * g
            return
        v = slots["momentum"]
        v[...] = self.momentum * v - self.learning_rate * g
        if self.nesterov:
            w += self.momentum * v - self.learning_rate * g
        else:
            w += v
