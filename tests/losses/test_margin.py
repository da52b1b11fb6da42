"""What is particular to losses of scores with a margin: how labels are read, and what is refused."""

import re

import numpy as np
import pytest

from nlref import losses

BINARY = ["hinge", "squared_hinge", "logistic"]


def both(name: str):
    return getattr(losses, name), getattr(losses, f"{name}_vjp")


@pytest.mark.parametrize("name", BINARY)
def test_labels_are_converted_if_the_whole_batch_is_0_or_1(name):
    scores = np.random.default_rng(0).normal(size=(5, 3))
    labels = np.random.default_rng(1).integers(0, 2, size=(5, 3))
    for function in both(name):
        expected = function(2 * labels - 1, scores)
        for given in (labels, labels.astype(bool), labels.astype("float32"), labels.tolist()):
            np.testing.assert_array_equal(function(given, scores), expected)
        # As it is: a 0 multiplies the score.
        assert np.any(function(labels, scores, convert_labels=False) != expected)
        ones = np.ones((5, 3))
        np.testing.assert_array_equal(function(ones, scores), function(ones, scores, convert_labels=False))


@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("name", BINARY)
def test_labels_are_converted_in_a_graph_too(tf, name, mode):
    scores = np.random.default_rng(2).normal(size=(4, 2))
    for labels in (np.array([[0, 1]] * 4), np.array([[-1, 1]] * 4)):
        for function in both(name):
            run = function if mode == "eager" else tf.function(function, autograph=False)
            result = run(tf.constant(labels), tf.constant(scores))
            np.testing.assert_allclose(result, function(labels, scores), rtol=1e-14)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    ("labels", "found"),
    [([-1, 0, 1], "-1 and 0"), ([1, 2, -1], "2"), ([1, 0.5, 0], "0.5"), ([np.nan] * 3, "nan")],
)
def test_labels_that_are_neither_are_refused(name, labels, found):
    sentence = (
        f"y_true must hold only -1 and 1, or only 0 and 1, but holds {found}; convert_labels=False takes"
    )
    for function in both(name):
        with pytest.raises(ValueError, match=f"^{name}: {re.escape(sentence)}"):
            function([labels], np.zeros((1, 3)))
        function([labels], np.zeros((1, 3)), convert_labels=False)


def test_logistic_is_binary_crossentropy_from_logits():
    generator = np.random.default_rng(3)
    labels, scores = generator.integers(0, 2, size=(6, 4)), generator.normal(scale=30, size=(6, 4))
    keywords = {"reduction": None}
    expected = losses.binary_crossentropy(labels, scores, from_logits=True, **keywords)
    np.testing.assert_allclose(losses.logistic(2 * labels - 1, scores, **keywords), expected, rtol=1e-13)
    expected = losses.binary_crossentropy_vjp(labels, scores, from_logits=True)
    np.testing.assert_allclose(losses.logistic_vjp(labels, scores), expected, rtol=1e-12)


def test_an_open_margin_costs_nothing_and_moves_nothing():
    for name in ("hinge", "squared_hinge"):
        value, vjp = both(name)
        assert value([[1.0, -1.0]], [[3.0, -3.0]]) == 0
        assert not vjp([[1.0, -1.0]], [[3.0, -3.0]]).any()
        assert value([[1.0, -1.0]], [[3.0, -3.0]], margin=4.0) == 1
        assert vjp([[1.0, -1.0]], [[3.0, -3.0]], margin=4.0).all()


def test_categorical_hinge_of_soft_labels_is_that_of_keras(tf):
    import keras

    generator = np.random.default_rng(4)
    labels = generator.dirichlet(np.ones(4), size=10)
    scores = tf.constant(generator.normal(scale=3, size=(10, 4)))
    with tf.GradientTape() as tape:
        tape.watch(scores)
        theirs = keras.losses.categorical_hinge(labels, scores)
    ours = losses.categorical_hinge(labels, scores.numpy(), reduction=None)
    np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    gradient = losses.categorical_hinge_vjp(labels, scores.numpy(), reduction="sum")
    np.testing.assert_allclose(gradient, tape.gradient(theirs, scores), rtol=1e-14)


def test_multi_margin_over_more_axes_is_that_of_each_row():
    generator = np.random.default_rng(5)
    labels, scores = generator.integers(0, 4, size=(2, 3)), generator.normal(size=(2, 3, 4))
    value = losses.multi_margin(labels, scores, p=2, reduction=None)
    assert value.shape == (2, 3)
    rows = losses.multi_margin(labels.ravel(), scores.reshape(6, 4), p=2, reduction=None)
    np.testing.assert_array_equal(value.ravel(), rows)
    assert losses.multi_margin(3, np.eye(4)[3], reduction=None) == 0


@pytest.mark.parametrize(
    ("arguments", "keywords", "sentence"),
    [
        (([0, 3], np.zeros((2, 3))), {}, "y_true must hold class indices from 0 to 2, but holds 3"),
        (([0, -1], np.zeros((2, 3))), {}, "y_true must hold class indices from 0 to 2, but holds -1"),
        (([0.5, 1], np.zeros((2, 3))), {}, "y_true must hold whole numbers, class indices, but holds 0.5"),
        (
            ([[0], [1]], np.zeros((2, 3))),
            {},
            r"y_true has shape \(2, 1\) and y_pred has shape \(2, 3\); y_true must",
        ),
        (([0, 1], np.zeros((2, 3))), {"p": 3}, "p must be 1 or 2, not 3"),
        (
            ([0, 1], np.zeros((2, 3))),
            {"weight": [1.0, 1.0]},
            r"weight has shape \(2,\); it must be \(3,\), one",
        ),
        (
            ([0, 1], np.zeros((2, 3))),
            {"weight": 2.0},
            r"weight has shape \(\); it must be \(3,\), one number a",
        ),
        (
            ([0, 1], np.zeros((2, 3))),
            {"weight": [1.0, -2.0, 1.0]},
            "weight must not be negative, but holds -2",
        ),
    ],
)
def test_multi_margin_answers_wrong_input_with_a_sentence(arguments, keywords, sentence):
    for function in both("multi_margin"):
        with pytest.raises(ValueError, match=f"^multi_margin: {sentence}"):
            function(*arguments, **keywords)


def test_margin_ranking_is_one_value_a_pair():
    generator = np.random.default_rng(6)
    y, first, second = generator.choice([-1, 1], size=(3, 4)), *generator.normal(size=(2, 3, 4))
    value = losses.margin_ranking(y, first, second, margin=0.3, reduction=None)
    np.testing.assert_allclose(value, np.maximum(0, 0.3 - y * (first - second)), rtol=1e-15)
    np.testing.assert_allclose(losses.margin_ranking(y, first, second, margin=0.3), value.mean(), rtol=1e-14)
    with pytest.raises(
        ValueError, match=r"^margin_ranking: y_true must hold only -1 and 1, but holds 0; use 2 "
    ):
        losses.margin_ranking(y * 0, first, second)
    with pytest.raises(
        ValueError, match=r"^margin_ranking: y_true must hold only -1 and 1, but holds -?0\.5$"
    ):
        losses.margin_ranking(y * 0.5, first, second)
    with pytest.raises(ValueError, match=r"^margin_ranking: .*input2 has shape \(3, 1\)"):
        losses.margin_ranking(y, first, second[:, :1])
