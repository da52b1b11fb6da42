"""What the tests of comparing with Keras share: Keras itself, and the named models."""

import importlib.util
import os
import warnings
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_spec = importlib.util.spec_from_file_location("named_keras_models", Path(__file__).with_name("models.py"))
_models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_models)

# Keras takes seconds to build and to call these the first time; the others stand for them in the quick tests.
SLOW = {"cnn", "cnn_mixed_float16", "lstm_mixed_bfloat16", "residual_float64", "bidirectional", "simple_rnn"}


@pytest.fixture(scope="session")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        return pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")


@pytest.fixture(scope="session")
def make_model(keras):
    """``make_model("lstm")``: a model of models.py, with the same weights every time."""
    return lambda name: _models.MODELS[name]()


def pytest_generate_tests(metafunc):
    if "model_name" in metafunc.fixturenames:
        marks = {name: [pytest.mark.slow] if name in SLOW else [] for name in _models.MODELS}
        metafunc.parametrize("model_name", [pytest.param(name, marks=marks[name]) for name in _models.MODELS])


@pytest.fixture
def dense(keras):
    """A small network with fixed weights: 4 inputs, a relu layer of 3 named hidden, 2 outputs named out."""
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, activation="relu", name="hidden"), layers.Dense(2, name="out")]
    )
