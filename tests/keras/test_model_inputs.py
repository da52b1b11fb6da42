import re

import numpy as np
import pytest

from nlref.keras.model_inputs import arrays_for, input_names, random_inputs, read_data


@pytest.fixture
def two(keras):
    image, speed = keras.Input((4, 4, 1), name="image"), keras.Input((3,), name="speed")
    y = keras.layers.Concatenate()([keras.layers.Flatten()(image), speed])
    return keras.Model([image, speed], y, name="two")


@pytest.fixture
def one(keras):
    return keras.Sequential([keras.Input((3,), name="numbers"), keras.layers.Dense(1)], name="one")


def test_one_array_a_list_or_a_dict(one, two):
    x = np.ones((2, 3), int)
    for given in (x, x.tolist(), [x], {"numbers": x}):
        [array] = arrays_for(one, given)
        assert array.shape == (2, 3)
        assert array.dtype == np.float32
    image, speed = np.ones((2, 4, 4, 1)), np.zeros((2, 3))
    for given in ([image, speed], (image, speed), {"speed": speed, "image": image}):
        a, b = arrays_for(two, given)
        assert a.shape == (2, 4, 4, 1)
        assert b.shape == (2, 3)


def test_a_last_axis_of_one_may_be_missing_or_too_many(two):
    a, b = arrays_for(two, [np.ones((2, 4, 4)), np.zeros((2, 3, 1))])
    assert a.shape == (2, 4, 4, 1)
    assert b.shape == (2, 3)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (np.ones((2, 5)), "the data for numbers have the shape (2, 5), and the model takes (any, 3)"),
        (np.ones(3), "have the shape (3,), and the model takes (any, 3)"),
        (np.ones((0, 3)), "the data for numbers hold no sample"),
        ({"x": np.ones((2, 3))}, "the model one has the inputs numbers, and the data hold x"),
        ([[1, 2, 3], [4, 5]], "the data for numbers are no array"),
        (np.array([["a", "b", "c"]]), "the data for numbers must be real numbers, not <U1"),
        (np.ones((2, 3), complex), "the data for numbers must be real numbers, not complex128"),
    ],
)
def test_what_does_not_fit_one_input(one, given, sentence):
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)):
        arrays_for(one, given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (np.ones((2, 3)), "has 2 inputs, image, speed: give a list of 2 arrays, not one ndarray"),
        ([np.ones((2, 3))], "not 1 arrays"),
        ([np.ones((2, 4, 4)), np.ones((5, 3))], "the inputs have 2 and 5 samples, not equally many"),
        ({"image": np.ones((2, 4, 4))}, "has the inputs image, speed, and the data hold image"),
    ],
)
def test_what_does_not_fit_two_inputs(two, given, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        arrays_for(two, given)


def test_random_words_are_in_the_table_and_end_in_padding(keras):
    layers = keras.layers
    words, numbers = keras.Input((None,), name="words"), keras.Input((2,), name="numbers")
    inner = keras.Sequential([keras.Input((None,)), layers.Embedding(5, 2, mask_zero=True)])
    x = layers.GlobalAveragePooling1D()(inner(words))
    model = keras.Model([words, numbers], layers.Add()([x, numbers]))
    a, b = random_inputs(model)
    assert a.shape == (8, 16)
    assert set(np.unique(a)) == {0, 1, 2, 3, 4}
    assert (a[:, 0] > 0).all()
    assert (np.diff((a == 0).astype(int), axis=1) >= 0).all()
    assert b.std() > 0.5
    np.testing.assert_array_equal(a, random_inputs(model)[0])


def test_random_whole_numbers_that_nobody_looks_up_cannot_be_guessed(keras):
    x = keras.Input((2,), dtype="int32", name="codes")
    model = keras.Model(x, keras.layers.CategoryEncoding(5, output_mode="multi_hot")(x))
    with pytest.raises(
        ValueError, match="the input codes takes int32, and what these mean cannot be guessed"
    ):
        random_inputs(model)


def test_text_is_for_models_of_text(keras):
    from nlref.keras import trace

    words = keras.layers.TextVectorization(vocabulary=["red", "green"], output_sequence_length=3)
    layers = [keras.Input((1,), dtype="string", name="phrase"), words, keras.layers.Embedding(4, 2)]
    model = keras.Sequential(layers)
    found = trace(model, np.array([["green red"], ["blue"]]))
    assert [layer.own is not None for layer in found.layers] == [False, True]
    with pytest.raises(TypeError, match="the data for phrase must be text, not float64"):
        trace(model, np.ones((2, 1)))
    with pytest.raises(
        ValueError, match="the input phrase takes string, and what these mean cannot be guessed"
    ):
        trace(model)


def test_names_of_a_model_that_takes_a_dict(make_model):
    assert input_names(make_model("residual")) == ["image", "speed"]


def test_arrays_of_a_file(tmp_path, one, two):
    x, image = np.ones((2, 3)), np.ones((2, 4, 4, 1))
    for index, content in enumerate(({"numbers": x}, {"x": x, "y": image}, {"anything": x})):
        path = tmp_path / f"{index}.npz"
        np.savez(path, **content)
        np.testing.assert_array_equal(arrays_for(one, read_data(path, one))[0], x)
    np.save(tmp_path / "x.npy", x)
    np.testing.assert_array_equal(read_data(tmp_path / "x.npy", one), x)
    np.savez(tmp_path / "both.npz", speed=x, image=image, other=x)
    assert set(read_data(tmp_path / "both.npz", two)) == {"image", "speed"}
    np.savez(tmp_path / "order.npz", image, x)
    assert [array.shape for array in read_data(tmp_path / "order.npz", two)] == [image.shape, x.shape]


def test_broken_files_are_one_sentence(tmp_path, one, two):
    np.savez(tmp_path / "objects.npz", x=np.array([object()]))
    np.savez(tmp_path / "odd.npz", a=np.ones(3), b=np.ones(3), c=np.ones(3))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "odd.npz").read_bytes()[:100])
    for name, sentence in [
        ("nothing.npz", "there is no file"),
        ("objects.npz", "cannot be read as arrays of NumPy: Object arrays cannot be loaded"),
        ("text.npz", "cannot be read as arrays of NumPy"),
        ("cut.npz", "cannot be read as arrays of NumPy"),
        (
            "odd.npz",
            "odd.npz holds a, b, c, and the model two has the inputs image, speed: name the arrays so",
        ),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
            read_data(tmp_path / name, two)
        assert "\n" not in str(caught.value)
