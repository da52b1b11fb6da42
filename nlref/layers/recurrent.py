"""Recurrent layers, which read a sequence step by step and remember: SimpleRNN, LSTM, GRU."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nlref import activations
from nlref.layers import initializers
from nlref.layers.arguments import fraction, positive_integer
from nlref.layers.core import vjp
from nlref.layers.layer import Layer, Shape

__all__ = ["GRU", "LSTM", "Recurrent", "SimpleRNN"]

Arrays = tuple[np.ndarray, ...]


class Recurrent(Layer):
    r"""What `SimpleRNN`, `LSTM` and `GRU` have in common: the walk along a sequence, and back.

    ``x`` is (batch, steps, features). Step by step the layer turns its states, (batch, units) each, into new ones, with
    the same weights every time: ``kernel`` for what it reads, ``recurrent_kernel`` for the state :math:`h` before, and
    ``bias``. The new :math:`h` is also the output: (batch, units) after the last step, or with ``return_sequences``
    that of every step, (batch, steps, units).

    Backward, called backpropagation through time, walks the steps in reverse. What arrives at a state is the gradient
    of the output there plus that from the step after it; the gradients of the weights are sums over the steps.

    Parameters
    ----------
    units : size of a state and of the output
    activation : a name of `nlref.activations`, a kernel, or None for none
    use_bias : whether there is a ``bias``
    kernel_initializer, recurrent_initializer, bias_initializer : names of `nlref.layers.initializers`, or functions
        ``(shape, rng, dtype)``
    kernel_regularizer, recurrent_regularizer, bias_regularizer : names of `nlref.layers.regularizers`, penalties, None
    dropout : in training, the probability that a feature of a sequence is 0 in all its steps; the others are
        :math:`1/(1-p)` larger. Those of the latest `forward` are ``layer.factors``
    return_sequences : whether to give the output of every step, in the order in which they were read
    return_state : whether `forward` gives ``(output, *states)``, the states after the last step, and `backward` takes
        such a tuple of gradients
    go_backwards : whether to read the last step first
    seed : seed of the layer's own random numbers; None takes those that `build` was given

    Attributes
    ----------
    initial_state_gradients : after `backward`, the gradients with respect to the states before the first step

    Raises
    ------
    TypeError, ValueError
        An option is none of these; the input, the mask, a state or a gradient has another shape than it must have.

    Where ``mask`` (batch, steps) is False, nothing is read: the states and the output stay as they were, and the output
    is 0 as long as nothing was read. Keras' ``recurrent_dropout``, ``stateful``, ``unroll`` and constraints are left
    out; ``initial_state`` and ``return_state`` carry states from call to call.
    """

    blocks: int
    """How many gates and candidates stand side by side in the kernels."""

    states = 1
    """How many arrays a state consists of."""

    def __init__(
        self,
        units: int,
        activation: str | Callable | None,
        use_bias: bool,
        kernel_initializer: str | Callable,
        recurrent_initializer: str | Callable,
        bias_initializer: str | Callable,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        dropout: float,
        seed: int | None,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        name: str | None,
        dtype: str,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.units = positive_integer(self.name, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self._regularize(
            kernel=kernel_regularizer,
            recurrent_kernel=recurrent_regularizer,
            bias=bias_regularizer if use_bias else None,
        )
        self.dropout = fraction(self.name, "dropout", dropout)
        if self.dropout == 1:
            raise ValueError(f"{self.name}: dropout must be below 1; at 1 nothing of the input is left")
        self.seed = seed
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.factors: np.ndarray | None = None
        self.initial_state_gradients: Arrays | None = None

    def _build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        self.output_shape(input_shape)
        width = self.blocks * self.units
        self.parameters["kernel"] = self.kernel_initializer((input_shape[-1], width), rng, self.dtype)
        self.parameters["recurrent_kernel"] = self.recurrent_initializer((self.units, width), rng, self.dtype)
        if self.use_bias:
            self.parameters["bias"] = self._first_bias(rng)
        self.rng = rng if self.seed is None else np.random.default_rng(self.seed)

    def _first_bias(self, rng: np.random.Generator) -> np.ndarray:
        return self.bias_initializer((self.blocks * self.units,), rng, self.dtype)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of the output; ``return_state`` adds states of the shape (batch, units)."""
        if len(input_shape) != 3 or input_shape[-1] is None or input_shape[1] == 0:
            raise ValueError(
                f"{self.name}: the input must be (batch, steps, features) with at least one step, not {input_shape}"
            )
        if self.built and input_shape[-1] != len(self.parameters["kernel"]):
            raise ValueError(
                f"{self.name}: the kernel {self.parameters['kernel'].shape} takes "
                f"{len(self.parameters['kernel'])} features, and the input {input_shape} has {input_shape[-1]}"
            )
        batch, steps, _ = input_shape
        return (batch, steps, self.units) if self.return_sequences else (batch, self.units)

    def output_mask(self, x: np.ndarray, mask: np.ndarray | None) -> np.ndarray | None:
        """The mask, if there are steps after this layer; in its own order, as in Keras, also with ``go_backwards``."""
        return mask if self.return_sequences else None

    def __call__(
        self,
        x: Any,
        *,
        training: bool = False,
        mask: np.ndarray | None = None,
        initial_state: Any = None,
    ) -> Any:
        """`forward`, building the layer first if that was not done."""
        x = np.asarray(x)
        self.build((None, *x.shape[1:]))
        return self.forward(x, training=training, mask=mask, initial_state=initial_state)

    def forward(
        self,
        x: np.ndarray,
        *,
        training: bool = False,
        mask: np.ndarray | None = None,
        initial_state: Any = None,
    ) -> Any:
        """The output, or ``(output, *states)`` with ``return_state``.

        ``initial_state`` has the states before the first step, one array or a list of them; by default they are 0.
        """
        x = self._input(x)
        batch, steps, _ = x.shape
        states = self._first_states(initial_state, batch)
        read = self._mask(mask, batch, steps)
        x = np.where(read, x, 0)  # what is not read may be anything, NaN too
        if self.go_backwards:
            x, read = x[:, ::-1], read[:, ::-1]
        if training and self.dropout:
            kept = self.rng.random((batch, 1, x.shape[2])) >= self.dropout
            self.factors = (kept / (1 - self.dropout)).astype(self.dtype)
            x = x * self.factors
        else:
            self.factors = None

        projected = x @ self.parameters["kernel"]  # of all steps at once
        if self.use_bias:
            projected += self._input_bias(self.parameters["bias"])
        # What a state that was given holds is no output before the first step that is read.
        begun = np.logical_or.accumulate(read, axis=1)
        outputs = np.zeros((batch, steps, self.units), self.dtype)
        tape = []
        for t in range(steps):
            after, saved = self._step(projected[:, t], *states)
            states = tuple(np.where(read[:, t], new, old) for new, old in zip(after, states, strict=True))
            outputs[:, t] = np.where(begun[:, t], states[0], 0)
            tape.append(saved)

        self._x, self._read, self._begun, self._tape = x, read, begun, tape
        output = outputs if self.return_sequences else outputs[:, -1]
        return (output, *states) if self.return_state else output

    def backward(self, g: Any) -> np.ndarray:
        """The gradient with respect to the input; with ``return_state`` ``g`` is ``(g_output, *g_states)``."""
        g_output, g_states = self._upstreams(g)
        batch, steps, _ = self._x.shape
        g_outputs = np.zeros((batch, steps, self.units), self.dtype)
        g_outputs[:, slice(None) if self.return_sequences else -1] = g_output
        self.gradients.update({name: np.zeros_like(array) for name, array in self.parameters.items()})
        g_projected = np.empty((batch, steps, self.blocks * self.units), self.dtype)
        for t in reversed(range(steps)):
            read = self._read[:, t]
            g_h, *g_others = g_states
            g_states = (g_h + np.where(self._begun[:, t], g_outputs[:, t], 0), *g_others)
            through = (np.where(read, g_state, 0) for g_state in g_states)
            g_projected[:, t], g_before = self._step_back(self._tape[t], *through)
            # Where the step was not read, the state before it is the state after it.
            g_states = tuple(
                np.where(read, before, after) for before, after in zip(g_before, g_states, strict=True)
            )
        self.initial_state_gradients = g_states

        x, flat = (array.reshape(-1, array.shape[-1]) for array in (self._x, g_projected))
        self.gradients["kernel"] = x.T @ flat
        if self.use_bias:
            self._input_bias(self.gradients["bias"])[...] = flat.sum(axis=0)
        g_x = g_projected @ self.parameters["kernel"].T
        if self.factors is not None:
            g_x *= self.factors
        return g_x[:, ::-1] if self.go_backwards else g_x

    def _step(self, a: np.ndarray, *states: np.ndarray) -> tuple[Arrays, Arrays]:
        """The states after a step and what `_step_back` needs, for ``a``, what is read times the kernel, plus bias."""
        raise NotImplementedError

    def _step_back(self, saved: Arrays, *g_states: np.ndarray) -> tuple[np.ndarray, Arrays]:
        """From the gradients to the states after a step those to ``a`` and to the states before it.

        It adds to the gradients of the recurrent kernel.
        """
        raise NotImplementedError

    def _input_bias(self, bias: np.ndarray) -> np.ndarray:
        """The part of ``bias`` that goes to what is read."""
        return bias

    def _first_states(self, given: Any, batch: int) -> Arrays:
        shape = (batch, self.units)
        if given is None:
            return tuple(np.zeros(shape, self.dtype) for _ in range(self.states))
        given = given if isinstance(given, list | tuple) else [given]
        states = tuple(self._numbers("an initial state", state) for state in given)
        if [state.shape for state in states] != [shape] * self.states:
            raise ValueError(
                f"{self.name}: initial_state must be {self.states} of the shape {shape}, "
                f"not {', '.join(str(state.shape) for state in states) or 'nothing'}"
            )
        return states

    def _mask(self, mask: Any, batch: int, steps: int) -> np.ndarray:
        """Which steps are read, (batch, steps, 1)."""
        mask = np.ones((batch, steps), bool) if mask is None else np.asarray(mask)
        if mask.shape != (batch, steps):
            raise ValueError(
                f"{self.name}: the mask must be (batch, steps), {(batch, steps)}, not {mask.shape}"
            )
        return mask.astype(bool)[:, :, np.newaxis]

    def _upstreams(self, g: Any) -> tuple[np.ndarray, Arrays]:
        """The gradients to the output and to the last states."""
        if not self.return_state:
            g = self._upstream(g)
            shape = (len(g), self.units)
            return g, tuple(np.zeros(shape, self.dtype) for _ in range(self.states))
        if not isinstance(g, list | tuple) or len(g) != 1 + self.states:
            raise ValueError(
                f"{self.name}: with return_state backward takes {1 + self.states} gradients, (g_output, *g_states)"
            )
        output = self._upstream(g[0])
        states = tuple(self._numbers("the gradient of a state", state) for state in g[1:])
        for state in states:
            if state.shape != (len(output), self.units):
                raise ValueError(
                    f"{self.name}: a state has the shape {(len(output), self.units)}, its gradient {state.shape}"
                )
        return output, states


class SimpleRNN(Recurrent):
    r"""The state is a `Dense` layer of what is read and of the state before.

    .. math:: h_t = f(x_t W + h_{t-1} U + b)

    with :math:`W` the ``kernel`` (features, units), :math:`U` the ``recurrent_kernel`` (units, units), :math:`b` the
    ``bias`` (units,) and :math:`f` the activation.

    Backward, with :math:`\gamma_t` the gradient to :math:`h_t` and :math:`\delta_t = \gamma_t \odot f'(z_t)`:

    .. math:: \frac{\partial L}{\partial W} = \sum_t x_t^\top \delta_t, \quad
              \frac{\partial L}{\partial U} = \sum_t h_{t-1}^\top \delta_t, \quad
              \frac{\partial L}{\partial b} = \sum_t \delta_t, \quad
              \frac{\partial L}{\partial x_t} = \delta_t W^\top

    and :math:`\delta_t U^\top` goes on to :math:`h_{t-1}`: through many steps a product of as many factors
    :math:`U^\top`, which vanishes or explodes.

    Parameters
    ----------
    All are those of `Recurrent`.

    Keras: ``keras.layers.SimpleRNN``. Source: Elman, "Finding structure in time", 1990.
    """

    blocks = 1

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = "tanh",
        use_bias: bool = True,
        kernel_initializer: str | Callable = "glorot_uniform",
        recurrent_initializer: str | Callable = "orthogonal",
        bias_initializer: str | Callable = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        *,
        dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        seed: int | None = None,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            dropout,
            seed,
            return_sequences,
            return_state,
            go_backwards,
            name,
            dtype,
        )

    def _step(self, a: np.ndarray, h: np.ndarray) -> tuple[Arrays, Arrays]:
        z = a + h @ self.parameters["recurrent_kernel"]
        return (self.activation(z),), (h, z)

    def _step_back(self, saved: Arrays, g_h: np.ndarray) -> tuple[np.ndarray, Arrays]:
        h, z = saved
        delta = vjp(self, self.activation, z, g_h)
        self.gradients["recurrent_kernel"] += h.T @ delta
        return delta, (delta @ self.parameters["recurrent_kernel"].T,)


class LSTM(Recurrent):
    r"""Long short-term memory: a second state :math:`c` that is added to, and gates that say what is kept and shown.

    .. math::
        i_t &= \sigma(x_t W_i + h_{t-1} U_i + b_i) \\
        f_t &= \sigma(x_t W_f + h_{t-1} U_f + b_f) \\
        \tilde c_t &= \tanh(x_t W_c + h_{t-1} U_c + b_c) \\
        o_t &= \sigma(x_t W_o + h_{t-1} U_o + b_o) \\
        c_t &= f_t \odot c_{t-1} + i_t \odot \tilde c_t \\
        h_t &= o_t \odot \tanh(c_t)

    with the ``recurrent_activation`` :math:`\sigma` and the ``activation`` tanh. The four stand side by side, in the
    order i, f, c, o: ``kernel`` is (features, 4 units), ``recurrent_kernel`` (units, 4 units), ``bias`` (4 units,).
    The states are :math:`h` and :math:`c`.

    Backward: :math:`c_t` gets what comes through :math:`h_t` and what comes from :math:`c_{t+1}`, and hands it on times
    :math:`f_t`, with no matrix in between: where the gate is open, the gradient does not vanish.

    Parameters
    ----------
    recurrent_activation : the function of the gates
    unit_forget_bias : whether the bias of the forget gate starts at 1, so that a new layer remembers
    others : as in `Recurrent`

    Keras: ``keras.layers.LSTM``. Sources: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers,
    Schmidhuber and Cummins, "Learning to forget", 2000; Jozefowicz, Zaremba and Sutskever, "An empirical exploration
    of recurrent network architectures", 2015 (the bias of 1).
    """

    blocks = 4
    states = 2

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = "tanh",
        recurrent_activation: str | Callable | None = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: str | Callable = "glorot_uniform",
        recurrent_initializer: str | Callable = "orthogonal",
        bias_initializer: str | Callable = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        *,
        dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            dropout,
            seed,
            return_sequences,
            return_state,
            go_backwards,
            name,
            dtype,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def _first_bias(self, rng: np.random.Generator) -> np.ndarray:
        bias = super()._first_bias(rng)
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def _step(self, a: np.ndarray, h: np.ndarray, c: np.ndarray) -> tuple[Arrays, Arrays]:
        z_i, z_f, z_c, z_o = np.split(a + h @ self.parameters["recurrent_kernel"], 4, axis=1)
        i, f, o = (self.recurrent_activation(z) for z in (z_i, z_f, z_o))
        candidate = self.activation(z_c)
        c_next = f * c + i * candidate
        shown = self.activation(c_next)
        return (o * shown, c_next), (h, c, z_i, z_f, z_c, z_o, i, f, candidate, o, c_next, shown)

    def _step_back(self, saved: Arrays, g_h: np.ndarray, g_c: np.ndarray) -> tuple[np.ndarray, Arrays]:
        h, c, z_i, z_f, z_c, z_o, i, f, candidate, o, c_next, shown = saved
        g_c = g_c + vjp(self, self.activation, c_next, g_h * o)
        delta = np.concatenate(
            [
                vjp(self, self.recurrent_activation, z_i, g_c * candidate),
                vjp(self, self.recurrent_activation, z_f, g_c * c),
                vjp(self, self.activation, z_c, g_c * i),
                vjp(self, self.recurrent_activation, z_o, g_h * shown),
            ],
            axis=1,
        )
        self.gradients["recurrent_kernel"] += h.T @ delta
        return delta, (delta @ self.parameters["recurrent_kernel"].T, g_c * f)


class GRU(Recurrent):
    r"""Gated recurrent unit: the state moves towards a candidate as far as the update gate :math:`z` lets it.

    .. math::
        z_t &= \sigma(x_t W_z + b_z + h_{t-1} U_z + b'_z) \\
        r_t &= \sigma(x_t W_r + b_r + h_{t-1} U_r + b'_r) \\
        \tilde h_t &= \tanh(x_t W_h + b_h + r_t \odot (h_{t-1} U_h + b'_h)) \\
        h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t

    with the ``recurrent_activation`` :math:`\sigma` and the ``activation`` tanh. The reset gate :math:`r` says how much
    of the state the candidate sees. The three stand side by side, in the order z, r, h: ``kernel`` is
    (features, 3 units), ``recurrent_kernel`` (units, 3 units), ``bias`` (2, 3 units): :math:`b`, and :math:`b'` below.

    With ``reset_after=False`` the reset gate acts before the product, as it was first published,
    :math:`\tilde h_t = \tanh(x_t W_h + b_h + (r_t \odot h_{t-1}) U_h)`; there is no :math:`b'`, and ``bias`` is
    (3 units,).

    Parameters
    ----------
    recurrent_activation : the function of the gates
    reset_after : which of the two forms; True, as in Keras and cuDNN
    others : as in `Recurrent`

    Keras: ``keras.layers.GRU``. PyTorch has the form of ``reset_after=True``, in the order r, z, h. Source: Cho et al.,
    "Learning phrase representations using RNN encoder-decoder for statistical machine translation", 2014, where
    :math:`z` and :math:`1 - z` are swapped in the first version.
    """

    blocks = 3

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = "tanh",
        recurrent_activation: str | Callable | None = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: str | Callable = "glorot_uniform",
        recurrent_initializer: str | Callable = "orthogonal",
        bias_initializer: str | Callable = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        *,
        dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        reset_after: bool = True,
        name: str | None = None,
        dtype: str = "float32",
    ) -> None:
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            dropout,
            seed,
            return_sequences,
            return_state,
            go_backwards,
            name,
            dtype,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _first_bias(self, rng: np.random.Generator) -> np.ndarray:
        width = self.blocks * self.units
        return self.bias_initializer((2, width) if self.reset_after else (width,), rng, self.dtype)

    def _input_bias(self, bias: np.ndarray) -> np.ndarray:
        return bias[0] if self.reset_after else bias

    def _step(self, a: np.ndarray, h: np.ndarray) -> tuple[Arrays, Arrays]:
        gates = 2 * self.units
        U = self.parameters["recurrent_kernel"]
        recurrent = h @ U if self.reset_after else h @ U[:, :gates]
        if self.reset_after and self.use_bias:
            recurrent += self.parameters["bias"][1]
        z_z, z_r = np.split(a[:, :gates] + recurrent[:, :gates], 2, axis=1)
        z, r = self.recurrent_activation(z_z), self.recurrent_activation(z_r)
        recurrent_h = recurrent[:, gates:]
        z_h = a[:, gates:] + (r * recurrent_h if self.reset_after else (r * h) @ U[:, gates:])
        candidate = self.activation(z_h)
        return (z * h + (1 - z) * candidate,), (h, z_z, z_r, z_h, z, r, candidate, recurrent_h)

    def _step_back(self, saved: Arrays, g_h: np.ndarray) -> tuple[np.ndarray, Arrays]:
        h, z_z, z_r, z_h, z, r, candidate, recurrent_h = saved
        gates = 2 * self.units
        U, g_U = self.parameters["recurrent_kernel"], self.gradients["recurrent_kernel"]
        delta_z = vjp(self, self.recurrent_activation, z_z, g_h * (h - candidate))
        delta_h = vjp(self, self.activation, z_h, g_h * (1 - z))
        g_reset = None if self.reset_after else delta_h @ U[:, gates:].T  # the gradient to r * h
        g_r = delta_h * recurrent_h if self.reset_after else g_reset * h
        delta_r = vjp(self, self.recurrent_activation, z_r, g_r)
        delta = np.concatenate([delta_z, delta_r, delta_h], axis=1)
        if self.reset_after:
            g_recurrent = np.concatenate([delta_z, delta_r, delta_h * r], axis=1)
            g_U += h.T @ g_recurrent
            if self.use_bias:
                self.gradients["bias"][1] += g_recurrent.sum(axis=0)
            return delta, (g_h * z + g_recurrent @ U.T,)
        g_U[:, :gates] += h.T @ delta[:, :gates]
        g_U[:, gates:] += (r * h).T @ delta_h
        return delta, (g_h * z + delta[:, :gates] @ U[:, :gates].T + g_reset * r,)
