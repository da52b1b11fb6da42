"""`nlref.losses.get` takes the names that Keras takes, and says what is nearest to those that it does not."""

import warnings

import pytest

from nlref import losses


@pytest.fixture(scope="module")
def keras_losses():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras = pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    return keras.losses


def test_takes_every_name_that_keras_takes_for_the_same_loss(keras_losses):
    offered = {*losses.FACTS, *losses.ALIASES, *dir(keras_losses)} - {"Loss"}  # Keras' base class
    offered |= {name.upper() for name in losses.ALIASES} | {"huber_loss", "logcosh", "rmse", "crossentropy"}
    taken = 0
    for name in offered:
        try:
            theirs = keras_losses.get(name)
        except ValueError:
            continue
        ours = losses.get(name)
        # A class is that of the function with its name.
        called = getattr(theirs, "__name__", None) or theirs.fn.__name__
        assert ours is getattr(losses, called), name
        taken += 1
    assert taken > 45


def test_takes_the_names_of_the_losses_that_keras_lacks():
    for name in losses.FACTS:
        assert losses.get(name) is getattr(losses, name)
    assert losses.get("SmoothL1") is losses.smooth_l1


def test_a_callable_and_none_pass_through():
    assert losses.get(len) is len
    assert losses.get(losses.huber) is losses.huber
    assert losses.get(None) is None


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("mean_square_error", "mean_squared_error"),
        ("Hubert", "huber"),
        ("crossentropy", "categorical_crossentropy"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name, nearest):
    with pytest.raises(
        ValueError, match=f"^losses.get: there is no loss '{name}'; did you mean .*'{nearest}'"
    ):
        losses.get(name)


def test_an_unknown_name_with_nothing_near():
    with pytest.raises(ValueError, match=r"^losses\.get: there is no loss 'zzz'$"):
        losses.get("zzz")


@pytest.mark.parametrize("identifier", [3, ["mse"], {"class_name": "MeanSquaredError", "config": {}}])
def test_what_is_no_name_is_refused(identifier):
    with pytest.raises(TypeError, match=f"^losses.get: give a name, .*not a {type(identifier).__name__}$"):
        losses.get(identifier)
