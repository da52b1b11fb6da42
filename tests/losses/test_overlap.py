"""What is particular to losses of masks: axes, digits near a perfect mask, empty masks, which weight is whose."""

import numpy as np
import pytest

from nlref.losses import dice, dice_vjp, tversky, tversky_vjp


def masks(shape: tuple[int, ...], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 2, size=shape).astype(float), generator.uniform(size=shape)


@pytest.mark.parametrize("axis", [None, -1, 0, (1, 2), (-1, 1), (1, 2, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("name", ["dice", "tversky"])
def test_axes_are_those_of_keras(tf, name, axis):
    import keras

    ours, vjp = {"dice": (dice, dice_vjp), "tversky": (tversky, tversky_vjp)}[name]
    y, p = masks((2, 3, 4, 5))
    x = tf.constant(p)
    with tf.GradientTape() as tape:
        tape.watch(x)
        theirs = getattr(keras.losses, name)(y, x, axis=axis)
    value = ours(y, p, axis=axis, reduction=None)
    assert value.shape == theirs.shape
    np.testing.assert_allclose(value, theirs, rtol=1e-12)
    gradient = vjp(y, p, axis=axis, reduction="sum")
    np.testing.assert_allclose(gradient, tape.gradient(theirs, x), rtol=1e-11, atol=1e-15)
    on_tensors = vjp(tf.constant(y), x, axis=axis, reduction="sum")
    np.testing.assert_allclose(on_tensors, gradient, rtol=1e-12, atol=1e-16)


def test_a_nearly_perfect_mask_keeps_its_digits():
    y = np.ones((1, 1000))
    for miss in (1e-5, 1e-10, 1e-15):
        p = y - miss
        wrong = np.sum(1 - p)
        total = 2000 - wrong
        expected = (wrong + 1e-7) / (total + 1e-7)
        np.testing.assert_allclose(dice(y, p, axis=1), expected, rtol=1e-14)
        np.testing.assert_allclose(tversky(y, p, axis=1, epsilon=0.0), wrong / total, rtol=1e-14)


def test_two_empty_masks_have_the_loss_1():
    """As in Keras; one minus the coefficient would be 0 / 0."""
    empty = np.zeros((1, 6))
    for value, vjp in ((dice, dice_vjp), (tversky, tversky_vjp)):
        assert value(empty, empty, axis=1) == 1
        assert not vjp(empty, empty, axis=1).any()
        assert np.isnan(value(empty, empty, axis=1, epsilon=0.0))


def test_alpha_weighs_what_is_missed_and_beta_what_is_invented():
    y, p = np.array([[1.0, 1, 1, 1, 0, 0]]), np.array([[1.0, 1, 0, 0, 1, 0]])  # 2 right, 2 missed, 1 invented
    np.testing.assert_allclose(tversky(y, p, 0.25, 0.75, epsilon=0.0), 1 - 2 / (2 + 0.25 * 2 + 0.75 * 1))
    np.testing.assert_allclose(tversky(y, p, alpha=1.0, beta=0.0, epsilon=0.0), 1 - 2 / 4)
    np.testing.assert_allclose(tversky(y, p, alpha=0.0, beta=1.0, epsilon=0.0), 1 - 2 / 3)
    np.testing.assert_allclose(tversky(y, p, epsilon=0.0), dice(y, p, epsilon=0.0), rtol=1e-15)


def test_one_value_takes_weights_that_multiply_it():
    y, p = masks((4, 3))
    assert dice(y, p, sample_weight=2.0) == 2 * dice(y, p)
    weights = [0.0, 1.0, 0.0, 0.0]
    value = dice(y, p, axis=1, sample_weight=weights, reduction="mean_with_sample_weight")
    np.testing.assert_allclose(value, dice(y[1], p[1]), rtol=1e-15)


@pytest.mark.parametrize("function", [dice, dice_vjp, tversky, tversky_vjp])
def test_wrong_input_is_answered_with_a_sentence(function):
    y, p = masks((2, 3))
    name = function.__name__.removesuffix("_vjp")
    for bad, sentence in (
        (
            (y, p + 1),
            r"y_pred must lie in \[0, 1\], but holds 1\.[0-9]+; if these are scores, pass them through",
        ),
        ((-y, p), r"y_true must lie in \[0, 1\], but holds -1"),
        ((y[:, :1], p), r"y_true has shape \(2, 1\) and y_pred has shape \(2, 3\); they must be equal"),
    ):
        with pytest.raises(ValueError, match=f"^{name}: {sentence}"):
            function(*bad)
    with pytest.raises(ValueError, match=f"^{name}: epsilon must not be negative, not -1"):
        function(y, p, epsilon=-1.0)
    with pytest.raises(ValueError, match=f"^{name}: .*no axis 2"):
        function(y, p, axis=2)
    with pytest.raises(TypeError, match=f"^{name}: axis must be a whole number, not 'last'"):
        function(y, p, axis="last")
