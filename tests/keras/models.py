"""The Keras models that people build, by name: each is made with fresh weights from a fixed seed.

``MODELS[name]()`` is the model. Tests and ``benchmarks/compare.py`` run over them; a new one is picked up by both.
"""

from collections.abc import Callable
from typing import Any


def _mlp(activation: str) -> Callable[[], Any]:
    def make() -> Any:
        """784-128-64-10 for digits."""
        import keras
        from keras import layers

        return keras.Sequential(
            [
                keras.Input((784,)),
                layers.Dense(128, activation=activation),
                layers.Dropout(0.2),
                layers.Dense(64, activation=activation),
                layers.Dense(10, activation="softmax"),
            ]
        )

    return make


def regression() -> Any:
    """10-64-64-1 with the mean squared error."""
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer="adam", loss="mean_squared_error")
    return model


def labels() -> Any:
    """Ten labels from eight inputs, each with a sigmoid of its own."""
    import keras

    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(10, activation="sigmoid")])


def cnn() -> Any:
    """One convolution on small colour images."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((64, 64, 3)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def deep_cnn() -> Any:
    """Convolutions with strides and padding, batch normalization, both kinds of pooling."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 5, strides=2, padding="same", activation="elu"),
            layers.AveragePooling2D(3, strides=1, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
            layers.Softmax(),
        ]
    )


def autoencoder() -> Any:
    """Images made small by separable convolutions, and large again."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.SeparableConv2D(8, 3, strides=2, padding="same", activation="relu6"),
            layers.DepthwiseConv2D(3, padding="same", activation="hard_silu"),
            layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="softplus"),
            layers.ZeroPadding2D(1),
            layers.Conv2D(3, 3, activation="sigmoid"),
        ]
    )


def lstm() -> Any:
    """A series of 100 numbers and one answer."""
    import keras
    from keras import layers

    return keras.Sequential([keras.Input((100, 1)), layers.LSTM(50), layers.Dense(1)])


def simple_rnn() -> Any:
    """Two recurrent layers, the first of which hands on its steps."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((20, 4)),
            layers.SimpleRNN(16, return_sequences=True),
            layers.SimpleRNN(8),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def gru_of_words() -> Any:
    """Words of sentences of several lengths, padded with zeros that are masked."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(1000, 16, mask_zero=True),
            layers.GRU(12),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def bidirectional() -> Any:
    """A tag for every word, from both sides of the sentence."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((30,)),
            layers.Embedding(500, 8),
            layers.Bidirectional(layers.LSTM(10, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(5, activation="softmax")),
        ]
    )


def translation() -> Any:
    """An encoder hands its states to a decoder, word by word."""
    import keras
    from keras import layers

    source, target = keras.Input((12,), name="source"), keras.Input((9,), name="target")
    _, *states = layers.LSTM(16, return_state=True)(layers.Embedding(80, 8, mask_zero=True)(source))
    x = layers.Embedding(70, 8, mask_zero=True)(target)
    x, _, _ = layers.LSTM(16, return_sequences=True, return_state=True)(x, initial_state=states)
    return keras.Model([source, target], layers.Dense(70, activation="softmax")(x))


def convolution_in_time() -> Any:
    """Causal convolutions along a signal, pooled."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((50, 3)),
            layers.Conv1D(16, 5, padding="causal", activation="silu"),
            layers.MaxPooling1D(2),
            layers.Conv1D(8, 3, strides=2, padding="same"),
            layers.LayerNormalization(),
            layers.GlobalMaxPooling1D(),
            layers.Dense(2),
        ]
    )


def residual() -> Any:
    """Branches that meet again: a sum, a product, a concatenation; arithmetic without a layer; a model in the model."""
    import keras
    from keras import layers

    image, speed = keras.Input((16, 16, 3), name="image"), keras.Input((4,), name="speed")
    x = layers.Conv2D(8, 3, padding="same")(image)
    y = layers.Conv2D(8, 3, padding="same", activation="gelu")(layers.LeakyReLU(negative_slope=0.1)(x))
    x = layers.Add()([x, y])
    gate = layers.Conv2D(8, 1, activation="sigmoid")(x)
    x = layers.Flatten()(layers.Multiply()([x, gate]))
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(6, activation="selu")], name="of_speed")
    x = layers.Concatenate()([x, inner(speed)])
    shared = layers.Dense(6, activation="tanh", name="shared")
    x = shared(layers.Dense(6)(x)) + 2.0 * shared(inner(speed))
    return keras.Model({"image": image, "speed": speed}, [layers.Dense(1)(x), keras.activations.softplus(x)])


def custom_activation() -> Any:
    """An activation of one's own, beside Keras' own ones."""
    import keras
    from keras import layers

    def snake(x: Any) -> Any:
        return x + keras.ops.sin(x) ** 2

    return keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(20, activation=snake),
            layers.Dense(20, activation=layers.PReLU()),
            layers.Activation("mish"),
            layers.Dense(1),
        ]
    )


def attention() -> Any:
    """What nlref does not know: attention between the steps, in a block with a normalization around it."""
    import keras
    from keras import layers

    x = keras.Input((10, 8))
    y = layers.MultiHeadAttention(2, 4)(x, x)
    y = layers.LayerNormalization()(layers.Add()([x, y]))
    y = layers.Dense(16, activation="gelu")(y)
    return keras.Model(x, layers.Dense(1)(layers.GlobalAveragePooling1D()(y)))


def _in_policy(make: Callable[[], Any], policy: str) -> Callable[[], Any]:
    def made() -> Any:
        import keras

        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            return make()
        finally:
            keras.config.set_dtype_policy(before)

    made.__doc__ = make.__doc__
    return made


def _seeded(make: Callable[[], Any]) -> Callable[[], Any]:
    def made() -> Any:
        import keras

        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        return make()

    made.__doc__ = make.__doc__
    return made


MODELS = {
    name: _seeded(make)
    for name, make in {
        "mlp_relu": _mlp("relu"),
        "mlp_tanh": _mlp("tanh"),
        "regression": regression,
        "labels": labels,
        "cnn": cnn,
        "deep_cnn": deep_cnn,
        "autoencoder": autoencoder,
        "lstm": lstm,
        "simple_rnn": simple_rnn,
        "gru_of_words": gru_of_words,
        "bidirectional": bidirectional,
        "translation": translation,
        "convolution_in_time": convolution_in_time,
        "residual": residual,
        "custom_activation": custom_activation,
        "attention": attention,
        "mlp_mixed_float16": _in_policy(_mlp("relu"), "mixed_float16"),
        "cnn_mixed_float16": _in_policy(deep_cnn, "mixed_float16"),
        "lstm_mixed_bfloat16": _in_policy(lstm, "mixed_bfloat16"),
        "residual_float64": _in_policy(residual, "float64"),
    }.items()
}
