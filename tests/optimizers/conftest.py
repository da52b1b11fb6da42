"""Keras, imported once."""

import warnings

import pytest


@pytest.fixture(scope="session")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        return pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")


@pytest.fixture
def float64_keras(keras):
    """Keras with float64 for its own variables too, such as the learning rate."""
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield keras
    keras.config.set_floatx(before)
