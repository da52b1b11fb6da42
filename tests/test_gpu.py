"""The same bodies on a GPU: values, gradients, dtypes and devices, eager, in graphs and compiled.

They run wherever TensorFlow sees a GPU. ``NLREF_TEST_DEVICE=CPU:0`` runs them on another device, to test the tests.
"""

import os
import warnings

import numpy as np
import pytest

from nlref import activations

pytestmark = pytest.mark.gpu
KERNELS = [name for name in (*activations.FACTS, *activations.ROW_FACTS) if name not in ("prelu", "rrelu")]
MODES = ["eager", "graph", "compiled"]
# float16 and bfloat16 are computed in float32 and rounded once; float32 may be 32 units off after fast GPU functions.
TOLERANCES = {"float32": 32 * 2.0**-23, "float16": 2 * 2.0**-10, "bfloat16": 2 * 2.0**-7}


@pytest.fixture(scope="module")
def tf():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow and its dependencies deprecate is not ours to mend
        return pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra: keras or gpu)")


@pytest.fixture(scope="module")
def device(tf):
    chosen = os.environ.get("NLREF_TEST_DEVICE", "GPU:0")
    kind, _, number = chosen.partition(":")
    if len(tf.config.list_physical_devices(kind)) <= int(number):
        pytest.skip(f"TensorFlow sees no {chosen} here; these tests need one (extra: gpu)")
    return chosen


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", list(TOLERANCES))
@pytest.mark.parametrize("name", KERNELS)
def test_value_and_gradient_are_those_on_numpy(tf, device, name, dtype, mode):
    kernel, vjp = getattr(activations, name), getattr(activations, f"{name}_vjp")
    rng = np.random.default_rng(0)

    def both(x, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = kernel(x)
        return y, tape.gradient(y, x, output_gradients=g)

    run = both if mode == "eager" else tf.function(both, jit_compile=mode == "compiled", autograph=False)
    with tf.device(f"/{device}"):
        x = tf.cast(rng.normal(scale=3, size=(64, 10)), dtype)
        g = tf.cast(rng.normal(size=tuple(kernel(x.numpy()).shape)), dtype)
        y, gradient = run(x, g)
    assert device in y.device
    assert y.dtype == gradient.dtype == dtype
    wide = x.numpy().astype(np.float64), g.numpy().astype(np.float64)
    for computed, true in ((y, kernel(wide[0])), (gradient, vjp(*wide))):
        off = np.abs(computed.numpy().astype(np.float64) - true)
        assert np.all(off <= TOLERANCES[dtype] * np.maximum(np.abs(true), 1)), off.max()


def test_a_layer_trains_there(tf, device):
    """A step of Keras' own training, in mixed precision, with our kernel as the activation."""
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        with tf.device(f"/{device}"):
            model = keras.Sequential(
                [keras.Input((4,)), keras.layers.Dense(8, activation=activations.gelu), keras.layers.Dense(1)]
            )
            model.compile("sgd", "mse")
            x = np.random.default_rng(0).normal(size=(32, 4)).astype(np.float32)
            losses = model.fit(x, x[:, :1], epochs=5, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy(policy)
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
