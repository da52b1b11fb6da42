import json
import re

import numpy as np
import pytest

from nlref import layers as numpy_layers
from nlref.keras import as_keras, trace
from nlref.keras.model_inputs import random_inputs

# What NumPy has no layer for, by model; everything else must be compared.
FROM_KERAS = {"attention": {"multi_head_attention": "nlref has no MultiHeadAttention"}}
NOTES = {
    "custom_activation": {"dense": "the activation snake is taken from Keras"},
    "translation": {"lstm_1": "Keras leaves out the mask of a layer that is given its initial states"},
}
# Keras keeps the slope of a leaky relu, and a constant of its gelu, in float32, in float64 too.
WRONG_IN_FLOAT64 = {"leaky_re_lu", "conv2d_1"}


def test_a_model_is_compared_layer_by_layer_and_within_tolerance(make_model, model_name):
    found = trace(make_model(model_name))
    assert len(found.layers) > 0
    taken = {layer.name for layer in found.layers if layer.own is None}
    assert taken == set(FROM_KERAS.get(model_name, ()))
    for layer in found.layers:
        note = FROM_KERAS.get(model_name, {}).get(layer.name) or NOTES.get(model_name, {}).get(layer.name)
        assert bool(layer.notes) == bool(note)
        assert note is None or note in layer.notes[0]
    above = {layer.name for layer in found.layers if not layer.passed}
    assert above == (WRONG_IN_FLOAT64 if model_name == "residual_float64" else set())
    assert found.passed == (not above)
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("name", ["labels", pytest.param("translation", marks=pytest.mark.slow)])
def test_what_is_said_of_keras_is_what_keras_predicts(make_model, name):
    model = make_model(name)
    arrays = random_inputs(model)
    last = trace(model, arrays).layers[-1].cumulative
    predicted = model.predict(arrays if len(arrays) > 1 else arrays[0], verbose=0)
    assert last.keras == pytest.approx(predicted[last.absolute_at], rel=1e-6)


def test_a_wrong_layer_is_named_with_the_place_and_others_are_not_blamed(dense, monkeypatch):
    forward = numpy_layers.Dense.forward

    def wrong(self, x, **keywords):
        y = forward(self, x, **keywords)
        if self.name == "hidden":
            y[1, 2] += 0.01
        return y

    monkeypatch.setattr(numpy_layers.Dense, "forward", wrong)
    found = trace(dense, np.ones((3, 4)))
    hidden, out = found["hidden"], found["out"]
    assert not found.passed
    assert not hidden.passed
    assert hidden.own.absolute == pytest.approx(0.01, rel=1e-4)
    assert hidden.own.absolute_at == (1, 2)
    assert out.passed
    assert out.own.absolute < 1e-6 < out.cumulative.absolute
    assert found.worst is hidden
    assert "hidden: above its tolerance of 1e-05: at [1, 2] Keras has" in str(found)
    assert "1 above tolerance" in found.summary()


def test_the_tolerance_decides(dense):
    x = np.random.default_rng(0).normal(size=(50, 4))
    worst = max(layer.own.relative for layer in trace(dense, x).layers)
    assert worst > 0
    assert trace(dense, x, tolerance=worst).passed
    assert not trace(dense, x, tolerance=0.99 * worst).passed


def test_batches_do_not_change_what_is_found(dense):
    x = np.random.default_rng(0).normal(size=(50, 4))
    whole, parts = trace(dense, x), trace(dense, x, batch_size=7)
    for a, b in zip(whole.layers, parts.layers, strict=True):
        assert a.own.absolute == pytest.approx(b.own.absolute, abs=3e-7)
        assert len(b.own.absolute_at) == 2
    assert max(layer.own.absolute_at[0] for layer in parts.layers) > 7


def test_progress_comes_to_its_end(dense):
    reports = []
    trace(dense, np.ones((10, 4)), batch_size=5, progress=lambda *report: reports.append(report))
    assert reports == [(0, 4, "hidden"), (1, 4, "out"), (2, 4, "hidden"), (3, 4, "out")]


def test_numpy_can_compute_in_float32(make_model):
    x = np.random.default_rng(0).normal(size=(50, 784))
    for dtype in ("float32", "float64"):
        worst = trace(make_model("mlp_tanh"), x, dtype=dtype)["dense"].own
        assert 0 < worst.absolute < 1e-5
        assert (worst.numpy == float(np.float32(worst.numpy))) == (dtype == "float32")


def test_not_a_number_in_the_data_is_no_difference(dense):
    x = np.array([[np.nan, 0, 0, 0], [np.inf, 0, 0, 0], [1, 2, 3, 4]])
    assert trace(dense, x)["out"].own.absolute < 1e-5


def test_masks_reach_the_layers_behind(keras):
    keras.utils.set_random_seed(1)
    layers = keras.layers
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 4, mask_zero=True)(words)
    y = layers.LSTM(5, return_sequences=True)(x)
    model = keras.Model(words, [layers.GlobalAveragePooling1D()(y), layers.GRU(3)(y)])
    x = np.array([[1, 2, 3, 0, 0, 0], [4, 0, 0, 0, 0, 0], [5, 6, 7, 8, 1, 2]])
    found = trace(model, x)
    assert found.passed
    # Without the masks the padded sentences would come out otherwise by far.
    ends = keras.Model(words, model.outputs[1]).predict(x, verbose=0)
    assert np.abs(ends[0] - ends[1]).max() > 1e-3
    assert all(layer.own is not None for layer in found.layers)


def test_a_masking_layer_and_a_mask_given_by_hand(keras):
    layers = keras.layers
    steps, mask = keras.Input((5, 2)), keras.Input((5,), dtype="bool")
    y = layers.SimpleRNN(3)(layers.Masking(0.0)(steps))
    z = layers.LSTM(3)(steps, mask=mask)
    x = np.random.default_rng(0).normal(size=(4, 5, 2))
    x[:, 3:] = 0
    given = np.array([[1, 1, 0, 0, 0], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], bool)
    found = trace(keras.Model([steps, mask], [y, z]), [x, given])
    assert found.passed
    assert sorted(layer.kind for layer in found.layers if layer.own is not None) == [
        "LSTM",
        "Masking",
        "SimpleRNN",
    ]


def test_a_layer_that_is_called_twice_has_two_rows(keras):
    shared = keras.layers.Dense(3, name="shared")
    a, b = keras.Input((3,)), keras.Input((3,))
    found = trace(keras.Model([a, b], keras.layers.Subtract()([shared(a), shared(b)])))
    assert [layer.name for layer in found.layers][:2] == ["shared", "shared (2)"]


def test_a_function_of_as_keras_is_computed_in_numpy(keras):
    activation = as_keras(lambda x: np.sin(3 * x))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation=activation), activation])
    found = trace(model)
    assert found.passed
    assert all(layer.own is not None and not layer.notes for layer in found.layers)


def test_a_layer_of_ones_own_is_taken_from_keras_and_the_rest_goes_on(keras):
    class Doubled(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    model = keras.Sequential([keras.Input((3,)), Doubled(name="mine"), keras.layers.Dense(2, name="out")])
    found = trace(model, np.ones((2, 3)))
    assert found["mine"].own is None
    assert found["mine"].notes == ("taken from Keras: Doubled is not one of Keras' own layers",)
    assert found["mine"].passed
    assert found["out"].own is not None
    assert "1 of 2 layers" in found.summary()


def test_a_model_without_a_layer_that_is_known_is_not_called_right(keras):
    model = keras.Sequential(
        [keras.Input((6, 3)), keras.layers.EinsumDense("abc,cd->abd", (None, 4))], name="odd"
    )
    assert trace(model).summary() == "nothing compared: NumPy has none of the 1 layers of odd"


@pytest.mark.filterwarnings("ignore:.*does not support masking:UserWarning")
def test_masks_in_both_directions_and_where_they_end(keras):
    keras.utils.set_random_seed(2)
    layers = keras.layers
    words = keras.Input((7,))
    x = layers.Embedding(10, 4, mask_zero=True)(words)
    both = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    ends = layers.Bidirectional(layers.LSTM(2), merge_mode="ave")(both)
    pooled = layers.GlobalMaxPooling1D()(layers.Conv1D(2, 2)(x))
    found = trace(keras.Model(words, layers.Add()([ends, pooled])))
    assert found.passed
    assert all(layer.own is not None for layer in found.layers)


@pytest.mark.parametrize(
    "options", [{}, {"return_sequences": True, "go_backwards": True}, {"return_state": True}]
)
def test_steps_that_are_left_out_may_give_zeros(keras, options):
    words = keras.Input((5,))
    x = keras.layers.Embedding(6, 4, mask_zero=True)(words)
    y = keras.layers.GRU(3, zero_output_for_mask=True, **options)(x)
    found = trace(keras.Model(words, y), np.array([[1, 2, 0, 3, 0], [0, 1, 2, 3, 4]]))
    assert found.passed
    assert all(layer.own is not None for layer in found.layers)


def test_dropout_that_is_always_on_in_training_is_off_here(keras):
    x = keras.Input((50,))
    model = keras.Model(x, keras.layers.Dropout(0.5)(x, training=True))
    assert trace(model).layers[0].own.absolute == 0


@pytest.mark.parametrize("problem", ["not a model", "a layer", "not built", "own class"])
def test_what_cannot_be_followed_is_one_sentence(keras, problem):
    class Own(keras.Model):
        def call(self, x):
            return x

    given, error, sentence = {
        "not a model": (3, TypeError, "trace: give a Keras model, not a int"),
        "a layer": (keras.layers.Dense(2), TypeError, "put the layer into keras.Sequential"),
        "not built": (
            keras.Sequential([keras.layers.Dense(2)]),
            ValueError,
            "is not built: begin it with keras.Input",
        ),
        "own class": (Own(), ValueError, "Own is a model class of its own, whose layers cannot be followed"),
    }[problem]
    with pytest.raises(error, match=re.escape(sentence)):
        trace(given, np.ones((1, 2)))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dtype": "float16"}, "dtype must be 'float64' or 'float32'"),
        ({"tolerance": -1}, "tolerance must be a number from 0 on, not -1"),
        ({"tolerance": float("nan")}, "tolerance must be a number from 0 on, not nan"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
    ],
)
def test_wrong_options_are_one_sentence(dense, options, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        trace(dense, np.ones((1, 4)), **options)


def test_what_keras_cannot_compute_is_one_sentence(keras):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Embedding(5, 2, name="words")])
    with pytest.raises(ValueError, match="words: Keras cannot compute it: "):
        trace(model, np.array([[1, 7]]))


def test_it_reads_as_a_table_a_page_and_a_picture(dense, tmp_path):
    found = trace(dense, np.ones((2, 4)))
    assert re.search(r"hidden +Dense +\(None, 3\)", str(found))
    assert "2 of 2 layers of" in repr(found)
    assert found._repr_html_().count("<tr>") == 3
    found.save_picture(tmp_path / "differences.png")
    assert (tmp_path / "differences.png").read_bytes()[:4] == b"\x89PNG"
    assert [path.name for path in tmp_path.iterdir()] == ["differences.png"]
    with pytest.raises(ValueError, match=r"must end in \.png"):
        found.save_picture(tmp_path / "differences.txt")
    with pytest.raises(KeyError, match="no layer 'nothing', but hidden, out"):
        found["nothing"]
