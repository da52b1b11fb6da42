"""Adam, which averages the gradient and its square, and AdamW, which decays the weights beside it."""

from typing import Any

import numpy as np

from nlref.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    r"""Adaptive moments (Kingma and Ba, 2014); ``keras.optimizers.Adam``.

    In step :math:`t = 1, 2, \dots` the averages of the gradient and of its square move, and the parameter after them:

    .. math::
        m \leftarrow m + (1 - \beta_1)(g - m), \qquad v \leftarrow v + (1 - \beta_2)(g^2 - v)

        w \leftarrow w - \alpha_t \frac{m}{\sqrt{v} + \epsilon}, \qquad
        \alpha_t = \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}

    :math:`\alpha_t` corrects for the averages having started at zero: the first step is :math:`-\eta` times the sign of
    the gradient. ``epsilon`` is added to the uncorrected root, the paper's "epsilon hat", as in Keras; PyTorch adds it
    to the corrected one, which makes it smaller in the first steps. With ``amsgrad=True`` the greatest ``v`` so far
    takes its place under the root, entry by entry (Reddi, Kale and Kumar, 2018).

    In float32 :math:`1 - \beta_2^t` loses digits, and the first steps are off by some 2e-5 of their length; Keras'
    are, too, and these are made as it makes them.

    Parameters
    ----------
    learning_rate : :math:`\eta`, 0.001 by default
    beta_1, beta_2 : how much of the two averages is kept in a step, from 0 on and below 1
    epsilon : :math:`\epsilon`, from 0 on
    amsgrad : whether the second average may only grow
    others : as in `Optimizer`
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **others: Any,
    ) -> None:
        super().__init__(learning_rate, **others)
        self.beta_1 = self._number("beta_1", beta_1, most=1)
        self.beta_2 = self._number("beta_2", beta_2, most=1)
        for name, beta in (("beta_1", beta_1), ("beta_2", beta_2)):
            if beta == 1:
                raise ValueError(
                    f"{type(self).__name__}: {name} must be below 1: an average that keeps all of itself"
                )
        self.epsilon = self._number("epsilon", epsilon)
        self.amsgrad = amsgrad
        self.slot_names = ("momentum", "velocity", "velocity_hat") if amsgrad else ("momentum", "velocity")

    def update(self, w: np.ndarray, g: np.ndarray, slots: dict[str, np.ndarray]) -> None:
        m, v = slots["momentum"], slots["velocity"]
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (np.square(g) - v)
        if self.amsgrad:
            np.maximum(slots["velocity_hat"], v, out=slots["velocity_hat"])
            v = slots["velocity_hat"]
        real = w.dtype.type
        t = real(self.iterations + 1)
        alpha = self.learning_rate * np.sqrt(1 - real(self.beta_2) ** t) / (1 - real(self.beta_1) ** t)
        w -= m * alpha / (np.sqrt(v) + self.epsilon)


class AdamW(Adam):
    r"""`Adam` with decoupled weight decay (Loshchilov and Hutter, 2019); ``keras.optimizers.AdamW``.

    Each step first takes :math:`\eta \lambda w` off the parameter, :math:`\lambda` being ``weight_decay``, 0.004 by
    default. An L2 penalty in the loss would go through Adam's quotient, and there hardly depend on its strength.
    Biases decay, too.
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **others: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay must be a number; without one it is Adam")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **others)
