"""`nlref.activations.get` knows every name that Keras knows."""

import warnings

import pytest

from nlref import activations
from nlref.activations import get


def test_a_name_gives_the_function_of_that_name():
    for name in (*activations.FACTS, *activations.ROW_FACTS):
        assert get(name) is getattr(activations, name)
    for alias, name in activations.ALIASES.items():
        assert get(alias) is getattr(activations, alias) is getattr(activations, name)


def test_every_name_that_keras_knows_is_known():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
        from keras.src.activations import ALL_OBJECTS_DICT
    accepted = [name for name in ALL_OBJECTS_DICT if callable(keras.activations.get(name))]
    assert len(accepted) > 25
    assert "swish" in accepted
    for name in accepted:
        ours = get(name)
        assert ours.__name__ == keras.activations.get(name).__name__, name


def test_a_callable_is_returned_and_none_is_linear():
    def mine(x):
        return x

    assert get(mine) is mine
    assert get(None) is activations.linear


@pytest.mark.parametrize(
    ("identifier", "error", "sentence"),
    [
        ("sofmax", ValueError, "there is no activation 'sofmax'; did you mean 'softmax' or "),
        ("ReLU", ValueError, "there is no activation 'ReLU'; did you mean 'relu' or "),
        ("zzzz", ValueError, "there is no activation 'zzzz'$"),
        ("softmax_vjp", ValueError, "there is no activation 'softmax_vjp'; did you mean 'softmax'"),
        (3, TypeError, "give a name, a callable or None, not a int$"),
        ({"class_name": "relu"}, TypeError, "give a name, a callable or None, not a dict$"),
    ],
    ids=str,
)
def test_what_is_no_activation_is_refused(identifier, error, sentence):
    with pytest.raises(error, match=f"^activations.get: {sentence}"):
        get(identifier)
