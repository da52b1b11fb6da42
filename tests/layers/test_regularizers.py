"""Penalties on weights: value and gradient as Keras', and what is said of wrong input."""

import numpy as np
import pytest

from nlref.layers import regularizers
from nlref.layers.regularizers import L1, L1L2, L2

CASES = {
    "L1": (L1(), "L1", {}),
    "L1(0.3)": (L1(0.3), "L1", {"l1": 0.3}),
    "L2": (L2(), "L2", {}),
    "L2(0.1)": (L2(0.1), "L2", {"l2": 0.1}),
    "L1L2": (L1L2(0.02, 0.5), "L1L2", {"l1": 0.02, "l2": 0.5}),
    "nothing": (L1L2(), "L1L2", {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value_and_gradient_are_keras(keras, case, dtype):
    """In float64 Keras' factors are those of float32, 3e-8 off."""
    import tensorflow as tf

    tolerance = {"float32": 1e-6, "float64": 1e-7}[dtype]
    ours, name, options = CASES[case]
    w = np.random.default_rng(0).standard_normal((7, 5)).astype(dtype)
    w[0, :2] = 0.0, -0.0
    tensor = tf.constant(w)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        value = getattr(keras.regularizers, name)(**options)(tensor)
    slope = tape.gradient(value, tensor)
    assert ours(w) == pytest.approx(float(value), rel=tolerance)
    assert ours.gradient(w).dtype == dtype
    np.testing.assert_allclose(ours.gradient(w), np.zeros_like(w) if slope is None else slope, rtol=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_slope(case):
    penalty = CASES[case][0]
    w = np.array([[0.5, -1.5], [2.0, -0.25]])
    for index in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[index] = 1e-4
        slope = (penalty(w + step) - penalty(w - step)) / 2e-4
        assert penalty.gradient(w)[index] == pytest.approx(slope, rel=1e-8, abs=1e-9)


def test_get():
    assert regularizers.get(None) is None
    assert repr(regularizers.get("l1")) == "L1(l1=0.01)"
    assert repr(regularizers.get("L2")) == "L2(l2=0.01)"
    assert repr(regularizers.get(L2)) == "L2(l2=0.01)"
    penalty = L1L2(1, 2)
    assert regularizers.get(penalty) is penalty
    assert repr(penalty) == "L1L2(l1=1, l2=2)"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: regularizers.get("l1_l2"), ValueError, r"no penalty 'l1_l2'; give 'l1', 'l2', or L1L2"),
        (lambda: regularizers.get(0.01), TypeError, "not 0.01"),
        (lambda: regularizers.get(np.sum), TypeError, "has a gradient"),
        (lambda: L2(-1), ValueError, "L2: l2 must be finite and from 0 on, not -1"),
        (lambda: L1(float("nan")), ValueError, "L1: l1 must be finite"),
        (lambda: L1("strong"), TypeError, "L1: l1 must be a number, not 'strong'"),
    ],
)
def test_wrong_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
