"""The cross-entropies: recipes for other conventions, tails, ignored samples, and what is refused."""

import math

import numpy as np
import pytest

from nlref import losses

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
Z = np.array([[2.0, 1.0, 0.1], [0.5, -1.0, 2.0]])
Y = np.array([0, 2])
ONE_HOT = np.eye(3)[Y]


def test_sure_and_right_scores_keep_their_digits(dtype):
    """Where log(softmax(z)) rounds to 0, and softmax(z) - y too."""
    gap = np.array([20.0, 40.0, 80.0])
    z = np.stack([gap, 0 * gap], axis=1).astype(dtype)
    tail = np.exp(-gap)
    value = losses.sparse_categorical_crossentropy([0, 0, 0], z, from_logits=True, reduction=None)
    np.testing.assert_allclose(value, tail, rtol=1e-6 if dtype == "float32" else 1e-8)
    slope = losses.sparse_categorical_crossentropy_vjp([0, 0, 0], z, from_logits=True, reduction="sum")
    np.testing.assert_allclose(
        slope, np.stack([-tail, tail], axis=1), rtol=1e-6 if dtype == "float32" else 1e-8
    )
    assert value.dtype == slope.dtype == dtype


def test_scores_may_be_shifted():
    for shift in (1e3, -1e3, 1e6):
        np.testing.assert_allclose(
            losses.categorical_crossentropy(ONE_HOT, Z + shift, from_logits=True),
            losses.categorical_crossentropy(ONE_HOT, Z, from_logits=True),
            rtol=1e-9,
        )


def test_sparse_is_dense_with_one_hot_labels():
    for options in ({}, {"from_logits": True}, {"label_smoothing": 0.1}, {"convention": "pytorch"}):
        x = Z if options.get("from_logits") else P
        assert losses.sparse_categorical_crossentropy(Y, x, **options) == losses.categorical_crossentropy(
            ONE_HOT, x, **options
        )
        np.testing.assert_array_equal(
            losses.sparse_categorical_crossentropy_vjp(Y, x, **options),
            losses.categorical_crossentropy_vjp(ONE_HOT, x, **options),
        )


def test_classes_along_another_axis():
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 3))
    y = np.random.default_rng(2).integers(0, 4, size=(2, 5, 3))
    last = losses.sparse_categorical_crossentropy(y, np.moveaxis(x, 1, -1), from_logits=True, reduction=None)
    np.testing.assert_allclose(
        losses.sparse_categorical_crossentropy(y, x, from_logits=True, axis=1, reduction=None),
        last,
        rtol=1e-14,
    )
    kept = losses.sparse_categorical_crossentropy(y[:, None], x, from_logits=True, axis=1, reduction=None)
    np.testing.assert_allclose(kept, last, rtol=1e-14)
    slope = losses.sparse_categorical_crossentropy_vjp(y, x, from_logits=True, axis=1)
    moved = losses.sparse_categorical_crossentropy_vjp(y, np.moveaxis(x, 1, -1), from_logits=True)
    np.testing.assert_allclose(slope, np.moveaxis(moved, -1, 1), rtol=1e-13, atol=1e-17)


def test_class_weights_and_pytorchs_weighted_mean():
    weight = np.array([1.0, 2.0, 4.0])
    values = losses.sparse_categorical_crossentropy(Y, Z, from_logits=True, reduction=None)
    weighted = losses.sparse_categorical_crossentropy(
        Y, Z, from_logits=True, class_weight=weight, reduction=None
    )
    np.testing.assert_allclose(weighted, weight[Y] * values, rtol=1e-15)
    mean = losses.sparse_categorical_crossentropy(
        Y, Z, from_logits=True, sample_weight=weight[Y], reduction="mean_with_sample_weight"
    )
    assert mean == pytest.approx((weight[Y] * values).sum() / weight[Y].sum(), rel=1e-15)


def test_mxnets_label_smoothing_is_a_larger_one():
    a, k = 0.1, 3
    theirs = np.where(ONE_HOT == 1, 1 - a, a / (k - 1))
    np.testing.assert_allclose(
        losses.categorical_crossentropy(ONE_HOT, Z, from_logits=True, label_smoothing=a * k / (k - 1)),
        losses.categorical_crossentropy(theirs, Z, from_logits=True),
        rtol=1e-14,
    )


@pytest.mark.parametrize("ignored", [-1, 255, 1])
def test_ignored_samples_are_left_out_of_every_mean(ignored):
    y = np.array([0, ignored, 2, ignored])
    z = np.array([[2.0, 1.0, 0.1], [math.nan, 0, 0], [0.5, -1.0, 2.0], [math.inf, math.inf, 0]])
    options = {"from_logits": True, "ignore_class": ignored}
    values = losses.sparse_categorical_crossentropy(y, z, **options, reduction=None)
    np.testing.assert_array_equal(values[[1, 3]], 0)
    counted = losses.sparse_categorical_crossentropy(y[[0, 2]], z[[0, 2]], from_logits=True)
    assert losses.sparse_categorical_crossentropy(y, z, **options) == pytest.approx(counted, rel=1e-15)
    weight = [1.0, 5.0, 3.0, 7.0]
    assert losses.sparse_categorical_crossentropy(
        y, z, **options, sample_weight=weight, reduction="mean_with_sample_weight"
    ) == pytest.approx((values * weight).sum() / 4, rel=1e-15)
    slope = losses.sparse_categorical_crossentropy_vjp(y, z, **options)
    np.testing.assert_array_equal(slope[[1, 3]], 0)
    np.testing.assert_allclose(
        slope[[0, 2]], losses.sparse_categorical_crossentropy_vjp(y[[0, 2]], z[[0, 2]], from_logits=True)
    )


def test_the_mean_of_nothing_is_0():
    options = {"from_logits": True, "ignore_class": 0}
    assert losses.sparse_categorical_crossentropy([0, 0], Z, **options) == 0
    np.testing.assert_array_equal(losses.sparse_categorical_crossentropy_vjp([0, 0], Z, **options), 0)


def test_a_saturated_wrong_prediction_still_learns():
    """Keras' gradient is 0 here."""
    assert losses.binary_crossentropy_vjp([[1.0]], [[0.0]]) == -1e7
    assert losses.categorical_crossentropy_vjp([[1.0, 0]], [[0.0, 1]])[0, 0] < -1e6


def test_focal_without_gamma_is_the_crossentropy():
    y, z = np.array([[1.0, 0.0, 1.0]]), np.array([[3.0, -2.0, -30.0]])
    for from_logits in (True, False):
        x = z if from_logits else 1 / (1 + np.exp(-z / 10))
        np.testing.assert_allclose(
            losses.binary_focal_crossentropy(y, x, gamma=0.0, from_logits=from_logits),
            losses.binary_crossentropy(y, x, from_logits=from_logits),
            rtol=1e-14,
        )
    np.testing.assert_allclose(
        losses.categorical_focal_crossentropy(ONE_HOT, Z, alpha=1.0, gamma=0.0, from_logits=True),
        losses.categorical_crossentropy(ONE_HOT, Z, from_logits=True),
        rtol=1e-14,
    )


def test_generalized_crossentropy_lies_between_the_crossentropy_and_the_absolute_error():
    np.testing.assert_allclose(
        losses.categorical_generalized_cross_entropy(Y, P, q=1e-9, reduction=None),
        losses.sparse_categorical_crossentropy(Y, P, reduction=None),
        rtol=1e-7,
    )
    np.testing.assert_allclose(
        losses.categorical_generalized_cross_entropy(Y, P, q=1.0, reduction=None),
        1 - P[[0, 1], Y],
        rtol=1e-15,
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: losses.binary_crossentropy([[1.0]], [[1.2]]),
            r"y_pred holds 1.2, which is no probability, in \[0, 1\]; if these are scores, pass from_logits=True",
        ),
        (
            lambda: losses.binary_crossentropy([[-1.0]], [[0.2]]),
            r"y_true holds -1.0, which is no probability, in \[0, 1\]; "
            r"labels -1 and 1 become 0 and 1 as \(y_true \+ 1\) / 2",
        ),
        (
            lambda: losses.binary_crossentropy([[1.0, 0.0]], [[math.nan, -3.0]]),
            r"y_pred holds -3.0, which is no probability, .*",
        ),
        (
            lambda: losses.binary_crossentropy([[1.0]], [[0.5]], label_smoothing=1.5),
            r"label_smoothing must be in \[0, 1\], not 1.5",
        ),
        (
            lambda: losses.binary_crossentropy([[1.0]], [[0.5]], convention="jax"),
            "convention must be 'keras', 'pytorch', 'mxnet', not 'jax'",
        ),
        (
            lambda: losses.binary_crossentropy([[1.0]], [[0.5]], pos_weight=-1),
            "pos_weight must not be negative or infinite, but is -1.0",
        ),
        (
            lambda: losses.categorical_crossentropy([[1.0, 0]], [[3.0, -1]]),
            r"y_pred holds 3.0, which is no probability, in \[0, 1\]; if these are scores, pass from_logits=True",
        ),
        (
            lambda: losses.categorical_crossentropy([[1.0, 0]], [[0.0, 0]]),
            "y_pred holds a sample whose probabilities are all 0; they must add up to 1",
        ),
        (
            lambda: losses.categorical_crossentropy(Y, Z, from_logits=True),
            r"y_true has shape \(2,\) and y_pred has shape \(2, 3\); they must be equal",
        ),
        (
            lambda: losses.categorical_crossentropy(ONE_HOT, Z, from_logits=True, class_weight=[1, 2]),
            r"class_weight has shape \(2,\), but there are 3 classes",
        ),
        (
            lambda: losses.categorical_crossentropy(ONE_HOT, Z, from_logits=True, class_weight=[1, 2, -3]),
            "class_weight holds -3.0; it must not be negative or infinite",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0, 3], Z, from_logits=True),
            "y_true holds 3, but there are 3 classes, 0 to 2; pass ignore_class to leave samples out",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0, -1], Z, from_logits=True),
            "y_true holds -1, but there are 3 classes, .*",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0, 1.5], Z, from_logits=True),
            "y_true must hold whole numbers, class indices, but holds 1.5",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy(ONE_HOT, Z, from_logits=True),
            r"y_true has shape \(2, 3\) and y_pred has shape \(2, 3\); y_true must have shape \(2,\), "
            "a class index for each sample: one-hot labels go with categorical_crossentropy",
        ),
        (
            lambda: losses.sparse_categorical_crossentropy([0, 1, 2], Z, from_logits=True),
            r"y_true has shape \(3,\) and y_pred has shape \(2, 3\); y_true must have shape \(2,\), a class index for "
            "each sample",
        ),
        (
            lambda: losses.binary_focal_crossentropy([[1.0]], [[0.5]], alpha=2),
            r"alpha must be in \[0, 1\], not 2.0",
        ),
        (
            lambda: losses.categorical_focal_crossentropy(ONE_HOT, P, gamma=-1),
            "gamma must be 0 or a positive number, not -1.0",
        ),
        (
            lambda: losses.categorical_focal_crossentropy(ONE_HOT, P, alpha=[0.1, 0.2]),
            r"alpha has shape \(2,\), but there are 3 classes",
        ),
        (
            lambda: losses.categorical_generalized_cross_entropy(Y, P, q=0),
            r"q must be in \(0, 1\], not 0.0",
        ),
        (
            lambda: losses.categorical_generalized_cross_entropy([0, 7], P),
            "y_true holds 7, but there are 3 classes, 0 to 2",
        ),
    ],
)
def test_what_is_wrong_gets_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=f"^[a-z_]+: {sentence}$"):
        call()


def test_an_eager_tensor_is_checked_and_a_graph_is_not(tf):
    bad = tf.constant([[1.5]])
    with pytest.raises(ValueError, match=r"^binary_crossentropy: y_pred holds 1\.5"):
        losses.binary_crossentropy(tf.constant([[1.0]]), bad)
    graph = tf.function(losses.binary_crossentropy, autograph=False)
    assert np.isfinite(graph(tf.constant([[1.0]]), bad))
