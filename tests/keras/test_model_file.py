import json
import re
import warnings
import zipfile

import numpy as np
import pytest

from nlref.keras.model_file import check_model_file, load_model


@pytest.fixture
def saved(keras, tmp_path):
    """``saved(layers, "name.keras")``: a model with these layers on four inputs, saved; its path."""

    def save(layers, name):
        model = keras.Sequential([keras.Input((4,)), *layers])
        path = tmp_path / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # .h5 is a format of the past, says Keras
            model.save(path)
        return path

    return save


def changed(path, name, change):
    """A copy of a .keras file whose configuration is changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    copy = path.with_name(name)
    with zipfile.ZipFile(copy, "w") as archive:
        for part, content in {**parts, "config.json": json.dumps(config)}.items():
            archive.writestr(part, content)
    return copy


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_saved_model_is_the_model(keras, saved, name):
    path = saved([keras.layers.Dense(3, "gelu", kernel_regularizer="l2"), keras.layers.LeakyReLU()], name)
    model = load_model(path)
    assert [layer.name for layer in model.layers][-1].startswith("leaky")
    assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 3)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_every_named_model_without_code_of_its_own_can_be_saved_and_loaded(make_model, tmp_path, ending):
    for name in ("residual", "gru_of_words", "attention"):
        path = tmp_path / f"{name}.{ending}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make_model(name).save(path)
        check_model_file(path)


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_code_and_what_is_not_keras_is_refused_and_named(keras, saved, ending):
    class Mine(keras.layers.Layer):
        def call(self, x):
            return x

    def bend(x):
        return x

    layers = keras.layers
    for part, sentence in [
        (layers.Lambda(lambda x: x + 1, name="plus"), "the layer plus is a Lambda, which holds code"),
        (Mine(name="own"), "the layer own is a custom Mine"),
        (layers.Dense(2, activation=bend, name="bent"), "the layer bent has the custom function bend"),
        (
            keras.Sequential([layers.Lambda(lambda x: x, name="deep")], name="inner"),
            "the layer deep is a Lambda",
        ),
        (layers.TimeDistributed(layers.Lambda(lambda x: x, name="each")), "the layer each is a Lambda"),
    ]:
        if isinstance(part, layers.TimeDistributed):
            path = saved([layers.Reshape((2, 2)), part], f"model.{ending}")
        else:
            path = saved([part], f"model.{ending}")
        with pytest.raises(ValueError, match=re.escape(f"is not loaded: {sentence}")) as caught:
            load_model(path)
        assert "\n" not in str(caught.value)


def test_nothing_that_the_file_names_is_imported_or_called(keras, saved, tmp_path, monkeypatch):
    path = saved([keras.layers.Dense(3, name="out")], "model.keras")
    (tmp_path / "trap.py").write_text("raise SystemExit('the trap was sprung')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        keras.saving, "load_model", lambda *_, **__: pytest.fail("Keras was asked to load it")
    )
    get_file = {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
        "registered_name": "get_file",
    }
    layer = ["config", "layers", 1]
    for place, key, value in [
        (layer, "module", "trap"),
        (layer, "module", "os"),
        (layer, "module", "keras.utils"),
        (layer, "module", "keras.src.saving.saving_lib"),
        (layer, "module", "keras_trap"),
        (layer, "class_name", "TFSMLayer"),
        (layer, "class_name", "TorchModuleWrapper"),
        ([*layer, "config"], "activation", get_file),
        ([*layer, "config"], "kernel_initializer", {"class_name": "__lambda__", "config": {"value": "x"}}),
        (
            [*layer, "config"],
            "kernel_constraint",
            {"module": "subprocess", "class_name": "Popen", "config": {}},
        ),
        ([], "module", "trap"),
    ]:

        def change(config, place=place, key=key, value=value):
            node = config
            for step in place:
                node = node[step]
            node[key] = value

        with pytest.raises(ValueError, match="is not loaded: the "):
            load_model(changed(path, "changed.keras", change))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras, when it saves
def test_what_compile_was_given_stays_in_the_file(keras, tmp_path):
    def own_loss(y_true, y_pred):
        return keras.ops.sum(y_pred)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("adam", own_loss)
    model.save(tmp_path / "model.keras")
    assert not load_model(tmp_path / "model.keras").compiled


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras, when it saves
def test_broken_files_are_one_sentence(keras, saved, tmp_path):
    good = saved([keras.layers.Dense(300, name="out")], "good.keras").read_bytes()
    files = {
        "GOOD.KERAS": good,
        "text.keras": b"hello",
        "empty.keras": b"",
        "cut.keras": good[: len(good) // 2],
        "text.h5": b"hello",
        "text.txt": b"hello",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name, parts in {
        "other.keras": {"a": "b"},
        "list.keras": {"config.json": "[1, 2]"},
        "nojson.keras": {"config.json": "{"},
        "deep.keras": {"config.json": "[" * 100_000},
        "noweights.keras": {"config.json": zipfile.ZipFile(tmp_path / "good.keras").read("config.json")},
    }.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
    start = good.index(b"model.weights.h5") + 4000
    (tmp_path / "flipped.keras").write_bytes(good[:start] + b"?" * 100 + good[start + 100 :])
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.save_weights(tmp_path / "some.weights.h5")
    for name, sentence in [
        ("nothing.keras", "there is no file"),
        (".", "is a folder"),
        ("text.txt", "a Keras model is a file whose name ends in .keras or .h5"),
        ("text.keras", "a .keras file is a zip archive, and this is none"),
        ("empty.keras", "a .keras file is a zip archive, and this is none"),
        ("cut.keras", "a .keras file is a zip archive, and this is none"),
        ("text.h5", "it is no HDF5 file, or a broken one"),
        ("other.keras", "there is no config.json in it"),
        ("list.keras", "its config.json describes none"),
        ("nojson.keras", "its config.json is no JSON"),
        ("deep.keras", "its config.json is no JSON"),
        ("noweights.keras", "Keras cannot load it: "),
        ("flipped.keras", "is a broken archive: model.weights.h5 is not what was saved; copy the file again"),
        ("GOOD.KERAS", "Keras cannot load it: "),  # Keras knows the ending in small letters only
        ("some.weights.h5", "it holds weights alone; model.save writes the whole model"),
    ]:
        with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
            load_model(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_file_that_says_nonsense_never_ends_in_another_error(keras, saved):
    """Every string and number of a configuration replaced, one at a time: loaded, or one sentence."""
    path = saved([keras.layers.Dense(2, name="out")], "good.keras")
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    places = list(_leaves(config))
    assert len(places) > 30
    for place in places[::4]:
        for nonsense in (None, -1, "nonsense", ["nonsense"], {"class_name": 3}):

            def change(node, place=place, nonsense=nonsense):
                for step in place[:-1]:
                    node = node[step]
                node[place[-1]] = nonsense

            said = sentence_of(changed(path, "changed.keras", change))
            assert "\n" not in said


def sentence_of(path):
    """What is wrong with a file, nothing if it loads; any other error than ours is the test's."""
    try:
        load_model(path)
    except ValueError as error:
        return str(error) if type(error) is ValueError else f"not ours:\n{error!r}"
    return ""


def _leaves(node, path=()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if items is None:
        yield path
        return
    for key, value in items:
        yield from _leaves(value, (*path, key))
