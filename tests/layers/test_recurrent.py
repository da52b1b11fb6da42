"""SimpleRNN, LSTM, GRU: beside Keras with the same weights, by their own slopes, and by what they must do."""

import numpy as np
import pytest

from nlref import layers
from nlref.layers import GRU, LSTM, Dense, Embedding, SimpleRNN
from nlref.network import Network

TOLERANCE = {"float32": 1e-5, "float64": 1e-11}
KINDS = {
    "SimpleRNN": (SimpleRNN, {}),
    "LSTM": (LSTM, {}),
    "GRU": (GRU, {}),
    "GRU, reset before": (GRU, {"reset_after": False}),
}
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 0, 1], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0]], bool)
EVERYTHING = {"return_sequences": True, "return_state": True, "go_backwards": True}


@pytest.fixture
def tf(keras):
    import tensorflow

    return tensorflow


def beside_keras(tf, kind, options, x, mask=None, state=None, training=False, seed=0):
    """The largest difference of outputs and of gradients, over the largest entry of Keras' array."""
    import keras

    rng = np.random.default_rng(seed)
    dtype = str(x.dtype)
    ours = kind(**options, dtype=dtype)
    theirs = getattr(keras.layers, kind.__name__)(**options, dtype=dtype)
    ours.build((None, *x.shape[1:]), rng)
    theirs.build((None, *x.shape[1:]))
    assert [w.shape for w in theirs.get_weights()] == [w.shape for w in ours.get_weights()]
    weights = [(rng.normal(size=w.shape) / np.sqrt(ours.units)).astype(dtype) for w in ours.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)

    outputs = as_list(ours.forward(x, mask=mask, initial_state=state, training=training))
    if ours.factors is not None:
        theirs.cell.get_dropout_mask = lambda step: tf.constant(ours.factors[:, 0])
    tensor, states = tf.constant(x), [tf.constant(array) for array in state or []]
    with tf.GradientTape() as tape:
        tape.watch([tensor, *states])
        expected = as_list(
            theirs(
                tensor,
                mask=None if mask is None else tf.constant(mask),
                initial_state=states or None,
                training=training,
            )
        )
    g = [rng.normal(size=array.shape).astype(dtype) for array in outputs]
    sources = [tensor, *(weight.value for weight in theirs.trainable_weights), *states]
    slopes = tape.gradient(expected, sources, output_gradients=[tf.constant(array) for array in g])
    g_x = ours.backward(g if ours.return_state else g[0])
    found = [g_x, *ours.gradients.values(), *(ours.initial_state_gradients if states else ())]
    assert list(ours.gradients) == list(ours.parameters)
    return worst(outputs, expected), worst(found, slopes)


def as_list(output):
    return list(output) if isinstance(output, tuple | list) else [output]


def worst(ours, theirs):
    found = 0.0
    for a, b in zip(ours, theirs, strict=True):
        b = np.asarray(b)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        if not np.array_equal(a, b):
            found = max(found, float(np.max(np.abs(a - b)) / np.max(np.abs(b))))
    return found


def states_for(kind, rng, batch, units, dtype):
    return [rng.normal(size=(batch, units)).astype(dtype) for _ in range(kind.states)]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
def test_is_keras_layer(tf, name, masked, dtype):
    """The plain layer without, and all options with a mask, which leaves out first, last, and all steps."""
    kind, options = KINDS[name]
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 5, 3)).astype(dtype)
    state = states_for(kind, rng, 4, 6, dtype) if masked else None
    options = {"units": 6, **options, **(EVERYTHING if masked else {})}
    for difference in beside_keras(tf, kind, options, x, MASK if masked else None, state):
        assert difference <= TOLERANCE[dtype]


def random_configuration(rng, dtype):
    name = str(rng.choice(list(KINDS)))
    kind, options = KINDS[name]
    batch, steps, features = rng.integers(1, 7), rng.integers(1, 26), rng.integers(1, 9)
    options = dict(
        options,
        units=int(rng.integers(1, 17)),
        activation=[None, "tanh", "tanh", "relu", "sigmoid", "softsign", "softmax"][rng.integers(7)],
        use_bias=bool(rng.random() < 0.8),
        return_sequences=bool(rng.integers(2)),
        return_state=bool(rng.integers(2)),
        go_backwards=bool(rng.integers(2)),
        dropout=float(rng.choice([0.0, 0.0, 0.5])),
    )
    if kind is not SimpleRNN:
        # Gates from 0 to 1: with others a state can grow a thousandfold on its way, and every rounding with it.
        options["recurrent_activation"] = str(rng.choice(["sigmoid", "hard_sigmoid"]))
    if kind is LSTM:
        options["unit_forget_bias"] = bool(rng.integers(2))
    mask = rng.random((batch, steps)) < rng.random() if rng.integers(2) else None
    state = states_for(kind, rng, batch, options["units"], dtype) if rng.integers(2) else None
    x = rng.normal(size=(batch, steps, features)).astype(dtype)
    return kind, options, x, mask, state, bool(rng.integers(2))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_random_configurations_are_keras(tf, seed, dtype):
    kind, options, x, mask, state, training = random_configuration(np.random.default_rng(seed), dtype)
    for difference in beside_keras(tf, kind, options, x, mask, state, training, seed):
        assert difference <= TOLERANCE[dtype], (kind, options, x.shape)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    "options", [{}, EVERYTHING, {"use_bias": False, "dropout": 0.5}], ids=["plain", "all", "dropout"]
)
def test_gradients_are_the_slopes(name, options):
    """Central differences in float64, for the input, every weight and the states, at every entry."""
    kind, own = KINDS[name]
    rng = np.random.default_rng(2)
    layer = kind(3, **own, **options, dtype="float64")
    layer.build((4, 5, 2), rng)
    for array in layer.parameters.values():
        array[...] = rng.normal(size=array.shape)
    x, state = rng.normal(size=(4, 5, 2)), states_for(kind, rng, 4, 3, "float64")

    def outputs():
        layer.rng = np.random.default_rng(5)  # the same dropout every time
        return as_list(layer.forward(x, mask=MASK, initial_state=state, training=True))

    g = [rng.normal(size=array.shape) for array in outputs()]
    g_x = layer.backward(g if layer.return_state else g[0])
    pairs = [(x, g_x), *zip(state, layer.initial_state_gradients, strict=True)]
    pairs += [(array, layer.gradients[name].copy()) for name, array in layer.parameters.items()]
    step = 1e-5
    for array, gradient in pairs:
        for index in np.ndindex(array.shape):
            value = array[index]
            ends = []
            for moved in (value + step, value - step):
                array[index] = moved
                ends.append(sum(float(np.sum(a * b)) for a, b in zip(outputs(), g, strict=True)))
            array[index] = value
            assert gradient[index] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-7)


def built(kind, units, shape, seed=3, **options):
    layer = kind(units, **options, dtype="float64")
    layer.build(shape, np.random.default_rng(seed))
    for array in layer.parameters.values():
        array[...] = np.random.default_rng(seed).normal(size=array.shape)
    return layer


def test_a_simple_rnn_that_adds_is_a_sum():
    layer = SimpleRNN(2, activation=None, return_sequences=True, kernel_initializer="identity",
                      recurrent_initializer="identity")  # fmt: skip
    x = np.random.default_rng(0).normal(size=(3, 6, 2)).astype("float32")
    np.testing.assert_allclose(layer(x), np.cumsum(x, axis=1), rtol=1e-5, atol=1e-6)


def test_an_lstm_with_open_gates_counts_and_with_closed_ones_forgets():
    layer = LSTM(1, return_state=True, dtype="float64")
    x = np.ones((1, 7, 1))
    layer.build(x.shape)
    for forget, count in ((50, 7.0), (-50, 1.0)):
        layer.set_weights([np.zeros((1, 4)), np.zeros((1, 4)), np.array([50.0, forget, 50.0, 50.0])])
        h, last, c = layer.forward(x)
        assert c == pytest.approx(count)
        assert h == pytest.approx(np.tanh(count))
        np.testing.assert_array_equal(h, last)


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_gru_with_a_closed_update_gate_keeps_its_state(reset_after):
    layer = built(GRU, 2, (3, 4, 5), reset_after=reset_after)
    layer.parameters["bias"][..., :2] = 1e3
    state = np.random.default_rng(1).normal(size=(3, 2))
    x = np.random.default_rng(2).normal(size=(3, 4, 5))
    np.testing.assert_array_equal(layer.forward(x, initial_state=state), state)


@pytest.mark.parametrize("name", KINDS)
def test_a_masked_sequence_is_the_sequence_without_the_masked_steps(name):
    """Whatever stands in them."""
    kind, own = KINDS[name]
    layer = built(kind, 3, (4, 5, 2), **own)
    x = np.random.default_rng(4).normal(size=(4, 5, 2))
    x[~MASK] = np.nan
    whole = layer.forward(x, mask=MASK)
    g_x = layer.backward(np.ones((4, 3)))
    assert (g_x[~MASK] == 0).all()
    assert all(np.isfinite(array).all() for array in layer.gradients.values())
    assert (whole[3] == 0).all()  # nothing was read
    for sample in range(3):
        short = layer.forward(x[sample : sample + 1, MASK[sample]])
        np.testing.assert_allclose(whole[sample], short[0], rtol=1e-13)
        np.testing.assert_allclose(g_x[sample, MASK[sample]], layer.backward(np.ones((1, 3)))[0], rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_outputs_stay_where_steps_are_masked_and_are_0_before_the_first(name):
    kind, own = KINDS[name]
    layer = built(kind, 3, (4, 5, 2), **own, return_sequences=True)
    x, state = (
        np.random.default_rng(4).normal(size=(4, 5, 2)),
        states_for(kind, np.random.default_rng(5), 4, 3, float),
    )
    y = layer.forward(x, mask=MASK, initial_state=state)
    assert (y[1, :2] == 0).all()
    assert (y[1, 2] == y[1, 3]).all()
    assert (y[2, 1] == y[2, 4]).all()
    assert layer.output_mask(x, MASK) is MASK
    layer.return_sequences = False
    np.testing.assert_array_equal(layer.forward(x, mask=MASK, initial_state=state), y[:, -1])
    assert layer.output_mask(x, MASK) is None


@pytest.mark.parametrize("name", KINDS)
def test_states_carry_a_sequence_from_call_to_call(name):
    kind, own = KINDS[name]
    layer = built(kind, 3, (4, 5, 2), **own, return_state=True)
    x = np.random.default_rng(4).normal(size=(4, 5, 2))
    whole = layer(x)
    _, *state = layer(x[:, :2])
    for a, b in zip(whole, layer(x[:, 2:], initial_state=state), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


@pytest.mark.parametrize("name", KINDS)
def test_go_backwards_reads_the_last_step_first(name):
    kind, own = KINDS[name]
    layer = built(kind, 3, (4, 5, 2), **own, return_sequences=True)
    x, g = np.random.default_rng(4).normal(size=(4, 5, 2)), np.random.default_rng(5).normal(size=(4, 5, 3))
    y, g_x = layer.forward(x[:, ::-1], mask=MASK[:, ::-1]), layer.backward(g)
    layer.go_backwards = True
    np.testing.assert_array_equal(layer.forward(x, mask=MASK), y)
    np.testing.assert_array_equal(layer.backward(g), g_x[:, ::-1])


@pytest.mark.parametrize("name", KINDS)
def test_backward_twice_gives_the_same(name):
    kind, own = KINDS[name]
    layer = built(kind, 3, (4, 5, 2), **own)
    layer.forward(np.random.default_rng(4).normal(size=(4, 5, 2)))
    g = np.ones((4, 3))
    first = [layer.backward(g), *(array.copy() for array in layer.gradients.values())]
    for a, b in zip(first, [layer.backward(g), *layer.gradients.values()], strict=True):
        np.testing.assert_array_equal(a, b)


def test_new_weights_are_those_of_keras():
    rng = np.random.default_rng(0)
    for kind, options, blocks in (
        (SimpleRNN, {}, 1),
        (LSTM, {}, 4),
        (GRU, {}, 3),
        (GRU, {"reset_after": False}, 3),
    ):
        layer = kind(8, **options)
        layer.build((None, None, 5), rng)
        kernel, recurrent, bias = layer.parameters.values()
        assert np.abs(kernel).max() <= np.sqrt(6 / (5 + 8 * blocks))
        np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(8), atol=1e-6)
        assert {array.dtype for array in layer.parameters.values()} == {np.dtype("float32")}
        expected = np.zeros(bias.shape)
        if kind is LSTM:
            expected[8:16] = 1
        np.testing.assert_array_equal(bias, expected)
    layer = LSTM(8, unit_forget_bias=False)
    layer.build((None, None, 5))
    assert not layer.parameters["bias"].any()
    layer = LSTM(2, bias_initializer="ones", use_bias=False)
    layer.build((None, None, 5))
    assert list(layer.parameters) == ["kernel", "recurrent_kernel"]


def test_dropout_drops_a_feature_in_all_steps_and_only_in_training():
    layer = SimpleRNN(3, dropout=0.25, seed=0)
    x = np.ones((200, 4, 5), "float32")
    assert layer(x) is not None
    assert layer.factors is None
    layer(x, training=True)
    assert layer.factors.shape == (200, 1, 5)
    assert set(np.unique(layer.factors)) == {0, np.float32(1 / 0.75)}
    assert np.mean(layer.factors == 0) == pytest.approx(0.25, abs=0.05)


def test_regularizers_reach_their_weights():
    layer = LSTM(
        3, kernel_regularizer="l1", recurrent_regularizer="l2", bias_regularizer=layers.regularizers.L2(1)
    )
    layer.build((None, 4, 2))
    weights = {name: np.abs(array) for name, array in layer.parameters.items()}
    expected = 0.01 * weights["kernel"].sum() + 0.01 * (weights["recurrent_kernel"] ** 2).sum() + 3
    assert layer.penalty() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_a_network_of_words_learns_as_keras(tf, name):
    """Embedding with a mask, two recurrent layers: prediction and three steps of SGD, float32."""
    import keras

    kind, own = KINDS[name]
    rng = np.random.default_rng(6)
    x, y = rng.integers(0, 9, (8, 6)), rng.normal(size=(8, 1)).astype("float32")
    network = Network(
        [Embedding(9, 4, mask_zero=True), kind(5, **own, return_sequences=True), kind(3, **own), Dense(1)],
        seed=0,
    )
    network.build((None, 6))
    theirs = keras.Sequential(
        [
            keras.layers.Input((6,)),
            keras.layers.Embedding(9, 4, mask_zero=True),
            getattr(keras.layers, kind.__name__)(5, **own, return_sequences=True),
            getattr(keras.layers, kind.__name__)(3, **own),
            keras.layers.Dense(1),
        ]
    )
    theirs.set_weights(network.get_weights())
    np.testing.assert_allclose(network.predict(x), theirs(x), rtol=1e-5, atol=1e-6)
    network.compile(optimizer="sgd", loss="mean_squared_error")
    theirs.compile(optimizer="sgd", loss="mean_squared_error", jit_compile=False, run_eagerly=True)
    for _ in range(3):
        network.fit(x, y, batch_size=8, shuffle=False, verbose=False)
        theirs.train_on_batch(x, y)
    for a, b in zip(network.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_batch_of_none_and_a_sequence_of_one():
    for kind in (SimpleRNN, LSTM, GRU):
        layer = kind(3)
        assert layer(np.zeros((0, 4, 2))).shape == (0, 3)
        assert layer.backward(np.zeros((0, 3))).shape == (0, 4, 2)
        assert layer(np.zeros((2, 1, 2))).shape == (2, 3)


X = np.zeros((2, 4, 3))


def ready(kind=LSTM, **options):
    layer = kind(5, name="reader", **options)
    layer(X)
    return layer


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: LSTM(0), ValueError, "units must be at least 1, not 0"),
        (lambda: LSTM("many"), TypeError, "units must be an integer"),
        (lambda: GRU(3, activation="tanhh"), ValueError, "no activation 'tanhh'; did you mean"),
        (lambda: GRU(3, recurrent_initializer="orth"), ValueError, "no initializer 'orth'"),
        (lambda: GRU(3, dropout=1.5), ValueError, "dropout must be from 0 to 1"),
        (lambda: GRU(3, dropout=1), ValueError, "dropout must be below 1"),
        (lambda: SimpleRNN(3, reset_after=True), TypeError, "reset_after"),
        (lambda: LSTM(3)(np.zeros((4, 3))), ValueError, r"must be \(batch, steps, features\).*\(None, 3\)"),
        (lambda: LSTM(3)(np.zeros((4, 0, 3))), ValueError, "at least one step"),
        (lambda: LSTM(3, name="reader").forward(X), ValueError, "reader: build the layer"),
        (lambda: ready()(np.zeros((2, 4, 7))), ValueError, r"reader: the kernel \(3, 20\) takes 3 features"),
        (lambda: ready()(X, mask=np.ones((2, 3))), ValueError, r"reader: the mask must be .* \(2, 4\), not \(2, 3\)"),
        (lambda: ready()(X, initial_state=[np.zeros((2, 5))]), ValueError, r"must be 2 of the shape \(2, 5\)"),
        (lambda: ready()(X, initial_state=0), ValueError, r"must be 2 of the shape \(2, 5\), not \(\)"),
        (lambda: ready(GRU)(X, initial_state=np.zeros((2, 4))), ValueError, r"\(2, 5\), not \(2, 4\)"),
        (lambda: ready().backward(np.zeros((2, 4, 5))), ValueError, r"reader: the output has the shape \(2, 5\)"),
        (lambda: ready(return_state=True).backward(np.zeros((2, 5))), ValueError, "takes 3 gradients"),
        (
            lambda: ready(GRU, return_state=True).backward([np.zeros((2, 5)), np.zeros((2, 4))]),
            ValueError,
            r"a state has the shape \(2, 5\), its gradient \(2, 4\)",
        ),
        (lambda: ready(GRU, recurrent_activation=np.tanh).backward(np.zeros((2, 5))), TypeError, "no gradient"),
    ],
)  # fmt: skip
def test_wrong_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
