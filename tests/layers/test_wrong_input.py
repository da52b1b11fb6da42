"""What a layer cannot work with is said in one sentence: whose fault, what it is, which shapes."""

import re
import warnings

import numpy as np
import pytest

from nlref import layers
from nlref.layers import initializers

X = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
IMAGES = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")


def ready(layer, x=X):
    """A layer that has gone forward."""
    layer(x)
    return layer


OPTIONS = [
    (lambda: layers.Dense(0), ValueError, "dense: units must be at least 1, not 0"),
    (lambda: layers.Dense(2.0), TypeError, "dense: units must be an integer, not 2.0"),
    (lambda: layers.Dense(True), TypeError, "dense: units must be an integer, not True"),
    (lambda: layers.Dense(2, "rellu"), ValueError, "there is no activation 'rellu'; did you mean 'relu'"),
    (lambda: layers.Dense(2, kernel_initializer="he"), ValueError, "there is no initializer 'he'"),
    (lambda: layers.Dense(2, kernel_initializer="henormal"), ValueError, "did you mean 'he_normal'"),
    (lambda: layers.Dense(2, kernel_initializer=3), TypeError, "give a name or a callable, not a int"),
    (lambda: layers.Dense(2, dtype="float16"), ValueError, "dense: a layer computes in float32 or float64"),
    (lambda: layers.Dense(2, name="scores", dtype="int8"), ValueError, "scores: a layer computes in"),
    (lambda: layers.Dropout(1.5), ValueError, "dropout: rate must be from 0 to 1, not 1.5"),
    (lambda: layers.Dropout("half"), TypeError, "dropout: rate must be a number, not 'half'"),
    (lambda: layers.Dropout(float("nan")), ValueError, "dropout: rate must be from 0 to 1, not nan"),
    (lambda: layers.BatchNormalization(axis=1.5), TypeError, "axis must be an integer, not 1.5"),
    (lambda: layers.BatchNormalization(momentum=2), ValueError, "momentum must be from 0 to 1, not 2"),
    (lambda: layers.BatchNormalization(epsilon=-1), ValueError, "epsilon must be at least 0, not -1"),
    (lambda: layers.Conv2D(0, 3), ValueError, "conv2d: filters must be at least 1, not 0"),
    (lambda: layers.Conv2D(2, (3, 3, 3)), ValueError, "kernel_size must be one integer, or two"),
    (lambda: layers.Conv2D(2, 3, strides=0), ValueError, "strides must be at least 1, not 0"),
    (lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2), ValueError, "cannot both be above 1"),
    (
        lambda: layers.Conv2D(2, 3, padding="full"),
        ValueError,
        "padding must be 'valid' or 'same', not 'full'",
    ),
    (
        lambda: layers.Conv2D(2, 3, data_format="channels_first"),
        ValueError,
        "move the channels to the last axis",
    ),
    (lambda: layers.Conv2D(3, 3, groups=2), ValueError, "3 filters cannot be cut into 2 groups"),
    (lambda: layers.MaxPooling2D("2"), TypeError, "pool_size must be an integer, not '2'"),
    (lambda: layers.Embedding(0, 3), ValueError, "embedding: input_dim must be at least 1"),
    (lambda: layers.ReLU(max_value=-1), ValueError, "re_lu: max_value must be at least 0, not -1"),
    (
        lambda: layers.LeakyReLU(negative_slope=-0.1),
        ValueError,
        "negative_slope must be at least 0, not -0.1",
    ),
    (lambda: layers.ELU(alpha="a"), TypeError, "elu: alpha must be a number, not 'a'"),
    (lambda: layers.PReLU(shared_axes=["a"]), TypeError, "shared_axes must be an integer, not 'a'"),
    (lambda: layers.Softmax(axis=None), TypeError, "softmax: axis must be an integer, not None"),
    (lambda: initializers.VarianceScaling(0), ValueError, "scale must be above 0, not 0"),
    (
        lambda: initializers.VarianceScaling(mode="in"),
        ValueError,
        "mode must be one of fan_in, fan_out, fan_avg",
    ),
    (lambda: initializers.orthogonal((3,), None), ValueError, "at least two axes, not the shape (3,)"),
    (lambda: initializers.identity((3,), None), ValueError, "two axes, not the shape (3,)"),
]

ARRAYS = [
    (lambda: layers.Dense(2).forward(X), ValueError, "dense: build the layer before forward, or call it"),
    (lambda: layers.Dense(2)(X[0]), ValueError, "(batch, ..., features), not (None,)"),
    (lambda: layers.Dense(2).build((None, None)), ValueError, "(batch, ..., features), not (None, None)"),
    (lambda: ready(layers.Dense(2))(X[:, :3]), ValueError, "takes 5 features, and the input (4, 3) has 3"),
    (lambda: layers.Dense(2)(np.array([["a"]])), TypeError, "dense: the input must be real numbers, not str"),
    (lambda: layers.Dense(2)(X + 1j), TypeError, "the input must be real numbers, not complex64"),
    (lambda: layers.Dense(2).backward(X), ValueError, "backward belongs to a forward, and there was none"),
    (lambda: ready(layers.Dense(2)).backward(X), ValueError, "has the shape (4, 2), its gradient (4, 5)"),
    (lambda: ready(layers.Dense(2, np.tanh)).backward(X[:, :2]), TypeError, "dense: tanh has no gradient"),
    (lambda: layers.Dense(2).set_weights([]), ValueError, "dense: build the layer"),
    (lambda: ready(layers.Dense(2)).set_weights([X]), ValueError, "needs 2 arrays (kernel, bias), not 1"),
    (lambda: ready(layers.Dense(2)).set_weights([X, X]), ValueError, "kernel has the shape (5, 2)"),
    (lambda: layers.Flatten()(np.float32(3)), ValueError, "flatten: the input must have a batch axis"),
    (
        lambda: layers.Dropout(0.5, noise_shape=(None, 3))(X),
        ValueError,
        "noise_shape (None, 3) must have 1, None",
    ),
    (
        lambda: layers.BatchNormalization(axis=0)(X),
        ValueError,
        "features along axis 0, and a batch axis before it",
    ),
    (lambda: layers.BatchNormalization(axis=2)(X), ValueError, "features along axis 2"),
    (
        lambda: ready(layers.BatchNormalization())(X[:, :3]),
        ValueError,
        "for 5 features, and the input (4, 3) has 3",
    ),
    (
        lambda: layers.BatchNormalization()(X, training=True, mask=np.ones((4, 5), bool)),
        ValueError,
        "the mask must be of shape (4,) for the input (4, 5), not (4, 5)",
    ),
    (lambda: layers.Conv2D(2, 3)(X), ValueError, "(batch, rows, columns, channels), not (None, 5)"),
    (
        lambda: layers.Conv2D(2, 7)(IMAGES),
        ValueError,
        "no window of 7 x 7 pixels fits into the input (None, 6, 6, 3)",
    ),
    (lambda: layers.Conv2D(2, 3, dilation_rate=3)(IMAGES), ValueError, "no window of 7 x 7 pixels"),
    (lambda: layers.Conv2D(2, 3, groups=2)(IMAGES), ValueError, "cannot be cut into 2 groups"),
    (
        lambda: ready(layers.Conv2D(2, 3), IMAGES)(IMAGES[..., :1]),
        ValueError,
        "takes 3 channels, and the input",
    ),
    (lambda: layers.MaxPooling2D(8)(IMAGES), ValueError, "max_pooling2d: no window of 8 x 8 pixels fits"),
    (lambda: layers.AveragePooling2D(2)(X), ValueError, "(batch, rows, columns, channels), not (4, 5)"),
    (
        lambda: layers.Embedding(5, 2)([[0, 5]]),
        ValueError,
        "from 0 to 4 (input_dim is 5), and the input has 5",
    ),
    (lambda: layers.Embedding(5, 2)([[-1]]), ValueError, "and the input has -1"),
    (lambda: layers.Embedding(5, 2)([[np.nan]]), ValueError, "and the input has nan"),
    (lambda: layers.Embedding(5, 2)([[1.5]]), ValueError, "indices are whole numbers, and the input has 1.5"),
    (lambda: layers.PReLU(shared_axes=2)(X), ValueError, "shared_axes of (None, 5) are from 1 to 1, not 2"),
    (
        lambda: layers.PReLU().build((None, None, 3)),
        ValueError,
        "needs the lengths of all axes, not (None, None, 3)",
    ),
    (
        lambda: ready(layers.PReLU())(X[:, :3]),
        ValueError,
        "the slopes (5,) are not for a sample of the input (4, 3)",
    ),
    (lambda: layers.Softmax(axis=3)(X), ValueError, "softmax: axis 3 is out of range for x of shape (4, 5)"),
    (
        lambda: layers.Softmax()(X, mask=np.ones(3, bool)),
        ValueError,
        "softmax: mask of shape (3,) does not fit x",
    ),
]


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    OPTIONS + ARRAYS,
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_the_sentence(call, error, sentence):
    with pytest.raises(error, match=re.escape(sentence)) as raised:
        call()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e30])
def test_odd_numbers_raise_no_warning_in_layers_that_only_look(value):
    x = X.copy()
    x[0, 0] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for layer in (layers.ReLU(), layers.Flatten(), layers.Dropout(0.5, seed=0), layers.PReLU()):
            assert layer(x, training=True).shape[0] == 4
