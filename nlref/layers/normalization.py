"""Batch normalization: every feature brought to mean 0 and variance 1 over the batch."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nlref.layers import initializers
from nlref.layers.arguments import fraction, integer, not_negative
from nlref.layers.layer import Layer, Shape

__all__ = ["BatchNormalization"]


class BatchNormalization(Layer):
    r"""Brings every feature to mean 0 and variance 1, then to a learned size and place:

    .. math:: \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}, \qquad y = \gamma \hat x + \beta

    The features lie along ``axis``. In training :math:`\mu` and :math:`\sigma^2` are the mean and the variance (over n,
    not n - 1) of the batch, over all other axes, and the moving averages follow them:

    .. math:: m \leftarrow \mathrm{momentum} \cdot m + (1 - \mathrm{momentum}) \cdot \mu

    Otherwise they are the moving averages. ``gamma``, ``beta`` and the states ``moving_mean``, ``moving_variance``
    are (features,).

    Backward, with :math:`\bar g = \frac1n \sum g` and :math:`\overline{g \hat x} = \frac1n \sum g \hat x`: in training
    every entry moves the mean and the variance,

    .. math:: \frac{\partial L}{\partial \gamma} = \sum g \hat x, \quad
              \frac{\partial L}{\partial \beta} = \sum g, \quad
              \frac{\partial L}{\partial x} =
              \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}} \left(g - \bar g - \hat x \, \overline{g \hat x}\right);

    otherwise the last is :math:`\gamma g / \sqrt{\sigma^2 + \epsilon}`.

    Parameters
    ----------
    axis : the axis of the features
    momentum : how much of the moving averages stays at each step
    epsilon : added to the variance, so that a constant feature divides by more than 0
    center, scale : whether there is a ``beta``, a ``gamma``
    beta_initializer, ... : names of `nlref.layers.initializers`, or functions ``(shape, rng, dtype)``
    beta_regularizer, gamma_regularizer : names of `nlref.layers.regularizers`, penalties, or None

    Masked entries (``mask``, of the input's shape without its last axis) do not count in the mean and the variance, and
    are normalised all the same. The sums are then divided by their number plus 1e-7, as in Keras.

    Raises
    ------
    TypeError, ValueError
        ``axis`` is not an integer, not one of the input's, or the batch's; the input has another number of features
        than the weights; ``mask`` has another shape; a batch to train on has no entries.

    Numerical behaviour: means are gathered in float64, and the mean is subtracted before anything else, so that
    features of a large mean keep their digits; Keras multiplies first, and loses them.

    Keras: ``keras.layers.BatchNormalization``, without ``renorm`` and ``synchronized``. Source: Ioffe and Szegedy,
    "Batch normalization: accelerating deep network training by reducing internal covariate shift", 2015.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: str | Callable = "zeros",
        gamma_initializer: str | Callable = "ones",
        moving_mean_initializer: str | Callable = "zeros",
        moving_variance_initializer: str | Callable = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.axis = integer(self.name, "axis", axis)
        self.momentum = fraction(self.name, "momentum", momentum)
        self.epsilon = not_negative(self.name, "epsilon", epsilon)
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self._regularize(
            gamma=gamma_regularizer if scale else None, beta=beta_regularizer if center else None
        )

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        self.output_shape(input_shape)
        shape = (input_shape[self.axis],)
        if self.scale:
            self.parameters["gamma"] = self.gamma_initializer(shape, rng, self.dtype)
        if self.center:
            self.parameters["beta"] = self.beta_initializer(shape, rng, self.dtype)
        self.state["moving_mean"] = self.moving_mean_initializer(shape, rng, self.dtype)
        self.state["moving_variance"] = self.moving_variance_initializer(shape, rng, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        axes = len(input_shape)
        if not -axes <= self.axis < axes or self.axis % axes == 0 or input_shape[self.axis] is None:
            raise ValueError(
                f"{self.name}: the input {input_shape} must have its features along axis {self.axis}, "
                "and a batch axis before it"
            )
        if self.built and input_shape[self.axis] != len(self.state["moving_mean"]):
            raise ValueError(
                f"{self.name}: the weights are for {len(self.state['moving_mean'])} features, "
                f"and the input {input_shape} has {input_shape[self.axis]} along axis {self.axis}"
            )
        return input_shape

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        x = self._input(x)
        self._training = training
        self._other_axes = tuple(axis for axis in range(x.ndim) if axis != self.axis % x.ndim)
        if training:
            mean, variance = self._moments(x, mask)
            for name, value in (("moving_mean", mean), ("moving_variance", variance)):
                average = self.state[name]
                average[...] = self.momentum * average + (1 - self.momentum) * value.ravel()
        else:
            mean, variance = (
                self._along(self.state["moving_mean"]),
                self._along(self.state["moving_variance"]),
            )
        self._mean, self._deviation = mean, np.sqrt(variance + self.epsilon)
        self._normalized = (x - mean) / self._deviation
        y = self._normalized
        y = y * self._along(self.parameters["gamma"]) if self.scale else y.copy()
        return y + self._along(self.parameters["beta"]) if self.center else y

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        g_sum, g_normalized_sum = self._sum(g), self._sum(g * self._normalized)
        if self.scale:
            self.gradients["gamma"] = g_normalized_sum.ravel()
        if self.center:
            self.gradients["beta"] = g_sum.ravel()
        if self._training:
            off_centre = self._missing * self._mean / self._deviation  # 0 without a mask
            g = g - self._share * (g_sum + (self._normalized - off_centre) * g_normalized_sum)
        g = g / self._deviation
        return g * self._along(self.parameters["gamma"]) if self.scale else g

    def _moments(self, x: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each feature; keeps the share that each entry has in them, and what is missing to 1."""
        if not x.size:
            raise ValueError(f"{self.name}: a batch without entries has no mean, and the input is {x.shape}")
        if mask is None:
            count = x.size // x.shape[self.axis]
            self._share, self._missing = 1 / count, 0.0
            mean = self._sum(x) / count
            return mean, self._sum(np.square(x - mean)) / count
        if np.shape(mask) != x.shape[:-1]:
            raise ValueError(
                f"{self.name}: the mask must be of shape {x.shape[:-1]} for the input {x.shape}, not {np.shape(mask)}"
            )
        kept = np.broadcast_to(np.asarray(mask, bool)[..., np.newaxis], x.shape)
        count = (np.sum(kept, axis=self._other_axes, keepdims=True) + 1e-7).astype(self.dtype)
        self._share, self._missing = kept / count, 1e-7 / count
        mean = self._sum(np.where(kept, x, 0)) / count
        return mean, self._sum(np.where(kept, np.square(x - mean), 0)) / count

    def _sum(self, array: np.ndarray) -> np.ndarray:
        """The sum for each feature, along ``axis``."""
        return np.sum(array, axis=self._other_axes, dtype=np.float64, keepdims=True).astype(self.dtype)

    def _along(self, weights: np.ndarray) -> np.ndarray:
        """(features,) with axes of length 1, so that it lies along ``axis``."""
        shape = np.ones(len(self._forward_shape), int)
        shape[self.axis] = -1
        return weights.reshape(shape)
