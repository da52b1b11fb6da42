"""Every layer that is converted, with options unlike the defaults, against Keras' own."""

import numpy as np
import pytest

from nlref.keras import trace
from nlref.keras.conversion import _COMPOSED, LAYERS
from nlref.keras.plain_layers import FUNCTIONS

IMAGE, SERIES, FLAT = (9, 8, 3), (11, 4), (6,)

# Keras' class, the shape of a sample, and arguments; a list of shapes for what merges.
CASES = [
    ("Activation", FLAT, {"activation": "softsign"}),
    ("Activation", SERIES, {"activation": "log_softmax"}),
    ("AveragePooling1D", SERIES, {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("AveragePooling2D", IMAGE, {"pool_size": (3, 2), "strides": (2, 1), "padding": "same"}),
    ("BatchNormalization", IMAGE, {"epsilon": 0.1, "scale": False}),
    ("BatchNormalization", SERIES, {"axis": 1}),
    ("Bidirectional", SERIES, {"layer": ("GRU", {"units": 3}), "merge_mode": "sum"}),
    (
        "Bidirectional",
        SERIES,
        {"layer": ("SimpleRNN", {"units": 3, "return_sequences": True}), "merge_mode": "mul"},
    ),
    ("Conv1D", SERIES, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "valid", "use_bias": False}),
    ("Conv1D", SERIES, {"filters": 3, "kernel_size": 2, "padding": "causal", "activation": "tanh"}),
    ("Conv2D", IMAGE, {"filters": 4, "kernel_size": (3, 2), "strides": (1, 3), "padding": "same"}),
    ("Conv2D", IMAGE, {"filters": 4, "kernel_size": 2, "activation": "hard_silu", "use_bias": False}),
    ("Conv1D", SERIES, {"filters": 4, "kernel_size": 2, "dilation_rate": 3, "groups": 2}),
    ("Conv2D", IMAGE, {"filters": 6, "kernel_size": 2, "dilation_rate": (2, 3), "groups": 3}),
    ("Conv2DTranspose", IMAGE, {"filters": 4, "kernel_size": (3, 2), "strides": (2, 3), "padding": "same"}),
    ("Conv2DTranspose", IMAGE, {"filters": 4, "kernel_size": (1, 3), "strides": 2, "activation": "relu"}),
    ("DepthwiseConv2D", IMAGE, {"kernel_size": (3, 2), "depth_multiplier": 2, "activation": "silu"}),
    ("DepthwiseConv2D", IMAGE, {"kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}),
    ("SeparableConv2D", IMAGE, {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
    ("Dense", IMAGE, {"units": 3, "activation": "squareplus"}),
    ("Dense", FLAT, {"units": 3, "use_bias": False, "kernel_regularizer": "l2"}),
    ("Dropout", FLAT, {"rate": 0.5}),
    ("ELU", FLAT, {"alpha": 0.5}),
    ("Embedding", (4,), {"input_dim": 7, "output_dim": 3}),
    ("Flatten", IMAGE, {}),
    ("GRU", SERIES, {"units": 3, "reset_after": False, "return_sequences": True}),
    ("GRU", SERIES, {"units": 3, "go_backwards": True, "activation": "relu"}),
    ("LSTM", SERIES, {"units": 3, "recurrent_activation": "hard_sigmoid", "go_backwards": True}),
    ("LSTM", SERIES, {"units": 3, "dropout": 0.5, "use_bias": False, "return_sequences": True}),
    ("LSTM", SERIES, {"units": 3, "return_state": True}),
    ("LeakyReLU", FLAT, {"negative_slope": 0.2}),
    ("MaxPooling1D", SERIES, {"pool_size": 2}),
    ("MaxPooling2D", IMAGE, {"pool_size": 2, "strides": 3, "padding": "same"}),
    ("PReLU", IMAGE, {"alpha_initializer": "random_normal", "shared_axes": [1, 2]}),
    ("ReLU", FLAT, {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}),
    ("SimpleRNN", SERIES, {"units": 3, "activation": "sigmoid"}),
    ("Softmax", IMAGE, {"axis": [1, 2]}),
    ("TimeDistributed", SERIES, {"layer": ("Dense", {"units": 2})}),
    ("ActivityRegularization", FLAT, {"l1": 0.1}),
    ("AlphaDropout", FLAT, {"rate": 0.5}),
    ("GaussianDropout", FLAT, {"rate": 0.5}),
    ("GaussianNoise", FLAT, {"stddev": 0.5}),
    ("Identity", FLAT, {}),
    ("SpatialDropout1D", SERIES, {"rate": 0.5}),
    ("SpatialDropout2D", IMAGE, {"rate": 0.5}),
    ("SpatialDropout3D", (2, *IMAGE), {"rate": 0.5}),
    ("Add", [SERIES, (4,), SERIES], {}),
    ("Average", [IMAGE, IMAGE, IMAGE], {}),
    ("Maximum", [FLAT, FLAT], {}),
    ("Minimum", [FLAT, FLAT, FLAT], {}),
    ("Multiply", [IMAGE, (3,)], {}),
    ("Subtract", [FLAT, FLAT], {}),
    ("Concatenate", [IMAGE, (9, 2, 3)], {"axis": 2}),
    ("Dot", [(5, 3), (4, 3)], {"axes": 2}),
    ("Dot", [(5,), (5,)], {"axes": 1, "normalize": True}),
    ("Dot", [(5, 3), (3, 4)], {"axes": (2, 1)}),
    ("Permute", IMAGE, {"dims": (3, 1, 2)}),
    ("RepeatVector", FLAT, {"n": 3}),
    ("Reshape", IMAGE, {"target_shape": (3, -1)}),
    ("ZeroPadding1D", SERIES, {"padding": (1, 2)}),
    ("ZeroPadding2D", IMAGE, {"padding": ((1, 2), (0, 3))}),
    ("ZeroPadding3D", (2, *IMAGE), {"padding": 1}),
    ("Cropping1D", SERIES, {"cropping": 2}),
    ("Cropping2D", IMAGE, {"cropping": ((1, 0), (2, 3))}),
    ("Cropping3D", (4, *IMAGE), {"cropping": 1}),
    ("UpSampling1D", SERIES, {"size": 2}),
    ("UpSampling2D", IMAGE, {"size": (2, 3)}),
    ("UpSampling3D", (2, *IMAGE), {"size": 2}),
    ("GlobalAveragePooling1D", SERIES, {"keepdims": True}),
    ("GlobalAveragePooling2D", IMAGE, {}),
    ("GlobalAveragePooling3D", (2, *IMAGE), {}),
    ("GlobalMaxPooling1D", SERIES, {}),
    ("GlobalMaxPooling2D", IMAGE, {"keepdims": True}),
    ("GlobalMaxPooling3D", (2, *IMAGE), {}),
    ("LayerNormalization", IMAGE, {"axis": [1, 2], "epsilon": 0.01}),
    ("LayerNormalization", SERIES, {"center": False}),
    ("Masking", SERIES, {"mask_value": 0.5}),
    ("Normalization", SERIES, {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 4.0, 0.0, 2.0]}),
    ("Rescaling", IMAGE, {"scale": 0.3, "offset": -1.0}),
]

UNKNOWN = [
    (
        "Conv2D",
        IMAGE,
        {"filters": 4, "kernel_size": 2, "groups": 2, "data_format": "channels_first"},
        "channels come",
    ),
    ("GroupNormalization", IMAGE, {"groups": 3}, "nlref has no GroupNormalization"),
    (
        "Conv2DTranspose",
        IMAGE,
        {"filters": 2, "kernel_size": 2, "strides": 2, "output_padding": 1},
        "output_padding",
    ),
    ("UpSampling2D", IMAGE, {"interpolation": "bilinear"}, "no interpolation='bilinear'"),
    ("Bidirectional", SERIES, {"layer": ("GRU", {"units": 3}), "merge_mode": None}, "merge_mode=None"),
]


def model_of(keras, kind, shape, arguments):
    def made(value):
        if isinstance(value, tuple) and isinstance(value[0], str):
            return getattr(keras.layers, value[0])(**value[1])
        return value

    keras.utils.set_random_seed(0)
    layer = getattr(keras.layers, kind)(**{name: made(value) for name, value in arguments.items()})
    inputs = [keras.Input(one) for one in shape] if isinstance(shape, list) else keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    generator = np.random.default_rng(1)
    for variable in layer.weights:  # gammas of 1 and betas of 0 would hide where they go
        variable.assign(np.abs(generator.normal(0.5, 0.3, variable.shape)) + 0.05)
    return model


@pytest.mark.parametrize(
    ("kind", "shape", "arguments"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_a_layer_with_options_is_keras_own(keras, kind, shape, arguments):
    found = trace(model_of(keras, kind, shape, arguments))
    [layer] = [layer for layer in found.layers if layer.kind == kind]
    assert layer.own is not None, layer.notes
    assert layer.own.relative < 1e-6
    assert not layer.notes


def test_every_layer_that_is_converted_has_a_case():
    assert {case[0] for case in CASES} == {*LAYERS, *FUNCTIONS, *_COMPOSED}


@pytest.mark.parametrize(("kind", "shape", "arguments", "reason"), UNKNOWN, ids=[c[0] for c in UNKNOWN])
def test_what_is_not_converted_says_what_it_has(keras, kind, shape, arguments, reason):
    if arguments.get("data_format") == "channels_first":
        arguments = {"filters": 3, "kernel_size": 1, "data_format": "channels_first"}
        model = keras.Sequential([keras.Input((3, 5, 5)), keras.layers.Conv2D(**arguments)])
        from nlref.keras.conversion import NotConverted, convert

        with pytest.raises(NotConverted, match=reason):  # TensorFlow itself has no such convolution on a CPU
            convert(model.layers[-1], "float64")
        return
    found = trace(model_of(keras, kind, shape, arguments))
    [layer] = [layer for layer in found.layers if layer.kind == kind]
    assert layer.own is None
    assert reason in layer.notes[0]


def test_arithmetic_in_the_graph(keras):
    x = keras.Input((3, 4))
    ops = keras.ops
    y = (2 * x - x / 3.0 + (-x)) ** 2.0
    y = y + ops.matmul(x, ops.exp(x[:, :1, :] * ops.ones((4, 1))))
    y = keras.activations.gelu(y, approximate=True) + ops.maximum(ops.sqrt(ops.square(x)), 0.5)
    y = ops.softmax(y, axis=1) * ops.log_softmax(ops.leaky_relu(x, negative_slope=0.3))
    y = y[:, 1:] + ops.abs(ops.negative(x))[:, :2]
    found = trace(keras.Model(x, ops.cumsum(y, axis=1)))
    taken = {layer.kind for layer in found.layers if layer.own is None}
    assert taken == {"Cumsum"}
    assert found.passed
    assert len(found.layers) > 15


def test_two_activations_with_options_in_a_dense_layer(keras):
    layers = keras.layers
    activation = layers.LeakyReLU(negative_slope=0.05)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(5, activation=activation), layers.Dense(5, "selu")]
    )
    found = trace(model)
    assert found.passed
    assert all(layer.own is not None and not layer.notes for layer in found.layers)


def test_a_function_that_borrows_a_name_of_keras_is_not_taken_for_keras(keras):
    def relu(x):
        return keras.ops.sin(x)

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, activation=relu)])
    [layer] = trace(model).layers
    assert layer.notes == ("the activation relu is taken from Keras",)
    assert layer.own.relative < 1e-6


def test_a_layer_that_inherits_from_one_of_keras_is_not_taken_for_it(keras):
    class Dense(keras.layers.Dense):
        def call(self, x):
            return super().call(x) + 1

    [layer] = trace(keras.Sequential([keras.Input((4,)), Dense(2)])).layers
    assert layer.own is None
    assert "Dense is not one of Keras' own layers" in layer.notes[0]
