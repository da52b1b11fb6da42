"""RMSprop: steps measured in the recent size of each entry's gradient."""

from typing import Any

import numpy as np

from nlref.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    r"""Divide the gradient by the root of a moving average of its square (Hinton, 2012); ``keras.optimizers.RMSprop``.

    .. math::
        v \leftarrow \rho v + (1 - \rho) g^2, \qquad w \leftarrow w - \eta \frac{g}{\sqrt{v + \epsilon}}

    With ``centered=True`` the average :math:`a \leftarrow \rho a + (1 - \rho) g` is taken off: the root is that of
    :math:`v - a^2 + \epsilon`, the variance. With ``momentum`` :math:`\mu` the quotient :math:`\eta g / \sqrt{\cdot}`
    is gathered, :math:`m \leftarrow \mu m + \eta g / \sqrt{\cdot}`, and the step is :math:`-m`.

    ``epsilon`` stands under the root, as in Keras; PyTorch has it outside. The averages start at zero and are not
    corrected for it, so that the first steps are up to :math:`1 / \sqrt{1 - \rho}` times as long, 3.2 by default.

    Parameters
    ----------
    learning_rate : :math:`\eta`, 0.001 by default
    rho : how much of the average is kept in a step, from 0 to 1
    momentum : :math:`\mu`, from 0 to 1
    epsilon : :math:`\epsilon`, from 0 on
    centered : whether to divide by the deviation instead of the root mean square
    others : as in `Optimizer`
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **others: Any,
    ) -> None:
        super().__init__(learning_rate, **others)
        self.rho = self._number("rho", rho, most=1)
        self.momentum = self._number("momentum", momentum, most=1)
        self.epsilon = self._number("epsilon", epsilon)
        self.centered = centered
        self.slot_names = ("velocity",)
        if self.momentum:
            self.slot_names += ("momentum",)
        if self.centered:
            self.slot_names += ("average_gradient",)

    def update(self, w: np.ndarray, g: np.ndarray, slots: dict[str, np.ndarray]) -> None:
        v = slots["velocity"]
        v[...] = self.rho * v + (1 - self.rho) * np.square(g)
        variance = v + self.epsilon
        if self.centered:
            a = slots["average_gradient"]
            a[...] = self.rho * a + (1 - self.rho) * g
            variance = v - np.square(a) + self.epsilon
        step = self.learning_rate * g / np.sqrt(variance)
        if self.momentum:
            m = slots["momentum"]
            m[...] = self.momentum * m + step
            step = m
        w -= step
