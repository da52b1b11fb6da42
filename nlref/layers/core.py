"""The layers that every network has: Dense, Activation, Flatten, Dropout."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nlref import activations
from nlref.layers import initializers
from nlref.layers.arguments import channels_last, fraction, positive_integer
from nlref.layers.layer import Layer, Shape

__all__ = ["Activation", "Dense", "Dropout", "Flatten"]


class Activation(Layer):
    r"""An activation function as a layer: :math:`y = f(x)`, of the shape of ``x``.

    Backward: :math:`g \odot f'(x)`, or for a function along an axis its vector-Jacobian product.

    Parameters
    ----------
    activation : a name of `nlref.activations`, or a function, with its gradient as ``activation.vjp(x, g)``

    Keras: ``keras.layers.Activation``.
    """

    def __init__(
        self, activation: str | Callable, *, name: str | None = None, dtype: str = "float32"
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.activation = activations.get(activation)
        self.options: dict[str, Any] = {}

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        self._x = self._input(x)
        return self.activation(self._x, **self.options)

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        return vjp(self, self.activation, self._x, g, **self.options)


def vjp(layer: Layer, activation: Callable, x: np.ndarray, g: np.ndarray, **options: Any) -> np.ndarray:
    """The gradient through an ``activation`` of ``layer``.

    Raises
    ------
    TypeError
        It has none: only a kernel of `nlref.activations`, or a function with a ``vjp``, can be gone back through.
    """
    gradient = getattr(activation, "vjp", None)
    if gradient is None:
        function = getattr(activation, "__name__", repr(activation))
        raise TypeError(
            f"{layer.name}: {function} has no gradient; give it one as {function}.vjp = a function of (x, g)"
        )
    return gradient(x, g, **options)


class Dense(Layer):
    r"""Every output sums every input: :math:`y = f(x W + b)`, with :math:`W` the kernel and :math:`f` the activation.

    ``x`` is (batch, features), with any axes in between, ``kernel`` (features, units), ``bias`` (units,); the output
    has ``units`` on the last axis.

    Backward, with :math:`z = x W + b` and :math:`\delta = g \odot f'(z)`:

    .. math:: \frac{\partial L}{\partial W} = x^\top \delta, \quad
              \frac{\partial L}{\partial b} = \sum \delta, \quad
              \frac{\partial L}{\partial x} = \delta W^\top

    Parameters
    ----------
    units : number of outputs
    activation : a name of `nlref.activations`, a kernel, or None for none
    use_bias : whether there is a ``bias``
    kernel_initializer, bias_initializer : names of `nlref.layers.initializers`, or functions ``(shape, rng, dtype)``
    kernel_regularizer, bias_regularizer : names of `nlref.layers.regularizers`, penalties, or None

    Raises
    ------
    TypeError, ValueError
        ``units`` is not a positive integer; a name is not known; the input has no features axis, or another number of
        features than the kernel.

    Keras: ``keras.layers.Dense``.
    """

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = None,
        use_bias: bool = True,
        kernel_initializer: str | Callable = "glorot_uniform",
        bias_initializer: str | Callable = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.units = positive_integer(self.name, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self._regularize(kernel=kernel_regularizer, bias=bias_regularizer if use_bias else None)

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        self.output_shape(input_shape)
        features = input_shape[-1]
        self.parameters["kernel"] = self.kernel_initializer((features, self.units), rng, self.dtype)
        if self.use_bias:
            self.parameters["bias"] = self.bias_initializer((self.units,), rng, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(f"{self.name}: the input must be (batch, ..., features), not {input_shape}")
        if self.built and input_shape[-1] != len(self.parameters["kernel"]):
            raise ValueError(
                f"{self.name}: the kernel {self.parameters['kernel'].shape} takes "
                f"{len(self.parameters['kernel'])} features, and the input {input_shape} has {input_shape[-1]}"
            )
        return (*input_shape[:-1], self.units)

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        self._x = self._input(x)
        self._z = self._x @ self.parameters["kernel"]
        if self.use_bias:
            self._z += self.parameters["bias"]
        return self.activation(self._z)

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        delta = vjp(self, self.activation, self._z, g)
        x, flat = (array.reshape(-1, array.shape[-1]) for array in (self._x, delta))
        self.gradients["kernel"] = x.T @ flat
        if self.use_bias:
            self.gradients["bias"] = flat.sum(axis=0)
        return delta @ self.parameters["kernel"].T


class Flatten(Layer):
    """All axes but the batch made one: (batch, rows, columns, channels) becomes (batch, rows * columns * channels).

    Backward: the gradient in the shape that the input had.

    Keras: ``keras.layers.Flatten``. A batch of numbers, (batch,), becomes (batch, 1).
    """

    def __init__(
        self, data_format: str | None = None, *, name: str | None = None, dtype: str = "float32"
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        channels_last(self.name, data_format)

    def output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ValueError(f"{self.name}: the input must have a batch axis, and it is a single number")
        entries = input_shape[1:]
        return (input_shape[0], None if None in entries else math.prod(entries))

    def output_mask(self, x: np.ndarray, mask: np.ndarray | None) -> None:
        return None

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        x = self._input(x)
        self._input_shape = x.shape
        return x.reshape(self._forward_shape)

    def backward(self, g: np.ndarray) -> np.ndarray:
        return self._upstream(g).reshape(self._input_shape)


class Dropout(Layer):
    r"""In training each entry is 0 with probability ``rate``, and the others are :math:`1/(1-\mathrm{rate})` larger.

    "Inverted" dropout: the expected output is the input, so that without training the layer does nothing. The factors
    of the latest `forward`, 0 or :math:`1/(1-\mathrm{rate})`, are ``layer.factors``, None without training; `backward`
    is their product with the gradient.

    Parameters
    ----------
    rate : probability of an entry to be dropped, from 0 to 1; 1 leaves nothing but zeros
    noise_shape : the shape of the factors where they are shared: (None, 1, features) drops a feature in every step;
        None stands for the length of the input
    seed : seed of the layer's own random numbers; None takes those that `build` was given

    Raises
    ------
    ValueError
        ``rate`` is not from 0 to 1; ``noise_shape`` does not broadcast to the input.

    Keras: ``keras.layers.Dropout``, with other random numbers. Source: Srivastava et al., "Dropout: a simple way to
    prevent neural networks from overfitting", 2014.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Shape | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.rate = fraction(self.name, "rate", rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self.factors: np.ndarray | None = None

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        self.rng = rng if self.seed is None else np.random.default_rng(self.seed)

    def output_shape(self, input_shape: Shape) -> Shape:
        noise = self.noise_shape
        if noise is not None and (
            len(noise) != len(input_shape)
            or any(n not in (None, 1, length) for n, length in zip(noise, input_shape, strict=True) if length)
        ):
            raise ValueError(
                f"{self.name}: noise_shape {noise} must have 1, None or the length for each axis of {input_shape}"
            )
        return input_shape

    def forward(self, x: np.ndarray, *, training: bool = False, mask: np.ndarray | None = None) -> np.ndarray:
        x = self._input(x)
        if not training or self.rate == 0:
            self.factors = None
            return x
        if self.rate == 1:
            self.factors = np.zeros_like(x)
        else:
            noise = self.noise_shape or (None,) * x.ndim
            shape = [length if n is None else n for n, length in zip(noise, x.shape, strict=True)]
            kept = (self.rng.random(shape) >= self.rate).astype(self.dtype)
            self.factors = np.broadcast_to(kept / (1 - self.rate), x.shape)
        return x * self.factors

    def backward(self, g: np.ndarray) -> np.ndarray:
        g = self._upstream(g)
        return g if self.factors is None else g * self.factors
