"""What is particular to divergences and angles: ratios, clips, lengths that vanish or overflow."""

import numpy as np
import pytest

from nlref.losses import (
    cosine_embedding,
    cosine_embedding_vjp,
    cosine_similarity,
    cosine_similarity_vjp,
    kl_divergence,
    kl_divergence_vjp,
)


def distributions(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), size=shape[:-1])


def test_the_divergence_of_a_distribution_from_itself_is_0():
    y = distributions((50, 7))
    for dtype in ("float32", "float64"):
        same = y.astype(dtype)
        assert not kl_divergence(same, same, reduction=None).any()
        assert (kl_divergence_vjp(same, same, reduction="sum") == -1).all()


def test_ratios_near_1_keep_their_digits():
    """log(a / b) from a rounded quotient has an error of half an ulp of 1, whatever the logarithm."""
    b = np.random.default_rng(1).uniform(0.3, 0.9, size=(200, 1))
    a = b * (1 + 1e-9 * np.random.default_rng(2).uniform(-1, 1, size=(200, 1)))
    exact = a.astype(np.longdouble) * np.log1p((a.astype(np.longdouble) - b) / b)
    np.testing.assert_allclose(kl_divergence(a, b, reduction=None), exact[:, 0].astype(float), rtol=1e-15)


def test_ratios_beyond_the_range_of_the_dtype():
    value = kl_divergence(np.float32([[1, 0]]), np.float32([[1e-42, 1]]))
    np.testing.assert_allclose(value, -np.log(float(np.float32(1e-42))), rtol=1e-6)
    np.testing.assert_allclose(
        kl_divergence([[0.5]], [[1e-310]]), 0.5 * (np.log(0.5) - np.log(1e-310)), rtol=1e-14
    )


def test_the_clip_of_keras_kills_the_gradient_where_it_is_needed_most():
    y, p = [[0.5, 0.5]], [[1.0, 0.0]]
    np.testing.assert_array_equal(kl_divergence_vjp(y, p, epsilon=1e-7), [[-0.5, 0]])
    np.testing.assert_array_equal(kl_divergence_vjp(y, p), [[-0.5, -np.inf]])


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_from_logits_is_the_divergence_from_the_softmax(axis):
    scores = np.random.default_rng(3).normal(scale=3, size=(4, 5, 3))
    y = np.moveaxis(distributions(np.moveaxis(scores, axis, -1).shape), -1, axis)
    odds = np.exp(scores)
    p = odds / odds.sum(axis=axis, keepdims=True)
    keywords = {"axis": axis, "reduction": None}
    expected = kl_divergence(y, p, **keywords)
    np.testing.assert_allclose(kl_divergence(y, scores, from_logits=True, **keywords), expected, rtol=1e-11)
    # Whatever is added to all scores.
    far = kl_divergence(y, scores + 1000, from_logits=True, **keywords)
    np.testing.assert_allclose(far, expected, rtol=1e-10)
    g = np.random.default_rng(4).normal(size=expected.shape)
    through = kl_divergence_vjp(y, p, g, **keywords)
    through = p * (through - np.sum(through * p, axis=axis, keepdims=True))
    np.testing.assert_allclose(
        kl_divergence_vjp(y, scores, g, from_logits=True, **keywords), through, atol=1e-14
    )


@pytest.mark.parametrize(
    ("y_true", "y_pred", "keywords", "sentence"),
    [
        ([[2.0, 0.0]], [[0.5, 0.5]], {}, r"y_true must lie in \[0, 1\], but holds 2$"),
        (
            [[1.0, 0.0]],
            [[1.5, -0.5]],
            {},
            r"y_pred must lie in \[0, 1\], but holds 1.5; if these are scores",
        ),
        (
            [[1.0, -0.1]],
            [[3.0, -4.0]],
            {"from_logits": True},
            r"y_true must lie in \[0, 1\], but holds -0.1$",
        ),
        ([[1.0, 0.0]], [[0.5, 0.5]], {"epsilon": 1.0}, "epsilon must be at least 0 and below 1, not 1"),
        (
            [[1.0]],
            [[0.5]],
            {"epsilon": 1e-7, "from_logits": True},
            "epsilon clips probabilities; from_logits=True",
        ),
        (
            [1.0, 0.0],
            [[0.5, 0.5]],
            {},
            r"y_true has shape \(2,\) and y_pred has shape \(1, 2\); they must be equal",
        ),
    ],
)
def test_kl_divergence_answers_wrong_input_with_a_sentence(y_true, y_pred, keywords, sentence):
    for function in (kl_divergence, kl_divergence_vjp):
        with pytest.raises(ValueError, match=f"^kl_divergence: {sentence}"):
            function(y_true, y_pred, **keywords)


def test_the_cosine_does_not_depend_on_the_length():
    y, p = np.random.default_rng(5).normal(size=(2, 20, 4)).astype("float32")
    keywords = {"epsilon": 0.0, "reduction": None}
    expected = cosine_similarity(y, p, **keywords)
    slopes = cosine_similarity_vjp(y, p, epsilon=0.0)
    for scale in (np.float32(1e-37), np.float32(1e37)):
        np.testing.assert_allclose(
            cosine_similarity(y, scale * p, **keywords), expected, rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(
            cosine_similarity(scale * y, p, **keywords), expected, rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(
            cosine_similarity_vjp(scale * y, p, epsilon=0.0), slopes, rtol=1e-3, atol=1e-8
        )


def test_a_zero_vector_has_a_finite_value_and_gradient():
    y, zero = np.array([[3.0, 4.0]]), np.zeros((1, 2))
    for epsilon, slope in ((1e-7, [-6e6, -8e6]), (0.0, [0, 0]), (1.0, [-0.6, -0.8])):
        assert cosine_similarity(y, zero, epsilon=epsilon) == 0
        np.testing.assert_allclose(cosine_similarity_vjp(y, zero, epsilon=epsilon), [slope], rtol=1e-12)
        assert cosine_similarity(zero, zero, epsilon=epsilon) == 0
        assert not cosine_similarity_vjp(zero, zero, epsilon=epsilon).any()


def test_the_gradient_is_at_right_angles_to_the_prediction():
    y, p = np.random.default_rng(6).normal(size=(2, 30, 5))
    gradient = cosine_similarity_vjp(y, p, reduction="sum")
    np.testing.assert_allclose(np.sum(gradient * p, axis=1), 0, atol=1e-15 * 30)


def test_nearly_parallel_vectors_keep_half_the_digits():
    """1 - cos is angle^2 / 2: beside it the subtraction of a cosine has an error of 1e-16."""
    angle = np.array([1e-3, 1e-5, 1e-7])
    first = np.ones((3, 1)) * [1.0, 0.0]
    second = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    value = cosine_embedding(np.ones(3), first, second, reduction=None)
    assert (np.abs(value / (angle**2 / 2) - 1) < 1e-15 / angle + angle**2).all()


def test_short_vectors_under_epsilon():
    """Where epsilon stands for the length, the unit vector is shorter, and 1 - cos is not the distance alone."""
    short = np.array([[3e-7, 4e-7]])
    np.testing.assert_allclose(cosine_embedding([1], short, [[3.0, 4.0]]), 0.5, rtol=1e-13)
    np.testing.assert_allclose(cosine_embedding([-1], short, [[3.0, 4.0]]), 0.5, rtol=1e-13)
    np.testing.assert_allclose(cosine_embedding([1], short, short), 0.75, rtol=1e-13)
    assert cosine_embedding([1], short, [[3.0, 4.0]], epsilon=0.0) < 1e-15


def test_both_inputs_of_cosine_embedding_are_alike():
    y = np.array([1, -1, 1, -1])
    first, second = np.random.default_rng(7).normal(size=(2, 4, 3))
    there, back = cosine_embedding_vjp(y, first, second), cosine_embedding_vjp(y, second, first)
    np.testing.assert_array_equal(there[0], back[1])
    np.testing.assert_array_equal(there[1], back[0])


@pytest.mark.parametrize(
    ("arguments", "keywords", "sentence"),
    [
        (
            ([0, 1], np.ones((2, 3)), np.ones((2, 3))),
            {},
            "y_true must hold only -1 and 1, but holds 0; use 2 ",
        ),
        (
            ([[1], [1]], np.ones((2, 3)), np.ones((2, 3))),
            {},
            r"y_true has shape \(2, 1\) and input1 has shape",
        ),
        (
            ([1, 1], np.ones((2, 3)), np.ones((2, 4))),
            {},
            r"input1 has shape \(2, 3\) and input2 has shape \(2, 4\)",
        ),
        (
            ([1, 1], np.ones((2, 3)), np.ones((2, 3))),
            {"epsilon": -1.0},
            "epsilon must be at least 0 and finite",
        ),
    ],
)
def test_cosine_embedding_answers_wrong_input_with_a_sentence(arguments, keywords, sentence):
    for function in (cosine_embedding, cosine_embedding_vjp):
        with pytest.raises(ValueError, match=f"^cosine_embedding: {sentence}"):
            function(*arguments, **keywords)
