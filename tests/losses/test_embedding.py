"""What is particular to losses of embeddings: references, partners, norms, swaps."""

import numpy as np
import pytest

from nlref.losses import (
    circle,
    circle_vjp,
    hinge_embedding,
    hinge_embedding_vjp,
    triplet_margin,
    triplet_margin_vjp,
)


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def embeddings(samples: int, features: int = 5, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(samples, features)))


LABELS = np.array([0, 0, 1, 1, 2, 0, 2, 7])  # 7 is alone


def through_keras(tf, labels, x, g=None, **keywords):
    import keras

    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = keras.losses.circle(labels, x, **keywords)
        total = tf.reduce_sum(value if g is None else value * g)
    return value.numpy(), tape.gradient(total, x).numpy()


@pytest.mark.parametrize("keywords", [{}, {"gamma": 2.0, "margin": 0.1}, {"remove_diagonal": False}])
def test_circle_is_that_of_keras_with_lonely_samples(tf, keywords):
    x, g = embeddings(8), np.random.default_rng(1).normal(size=8)
    value, gradient = through_keras(tf, LABELS, x, g, **keywords)
    ours = circle(LABELS, x, reduction=None, **keywords)
    np.testing.assert_allclose(ours, value, rtol=1e-12)
    ours = circle_vjp(LABELS, x, g, reduction=None, **keywords)
    np.testing.assert_allclose(ours, gradient, rtol=1e-10, atol=1e-12 * np.abs(gradient).max())


def test_circle_beyond_the_kink_of_the_distance_is_that_of_keras(tf):
    """Vectors longer than 1 have inner products above 1, whose distance counts as 0."""
    x = 1.3 * embeddings(8, features=2, seed=4)
    assert (x @ x.T > 1).sum() > 10
    value, gradient = through_keras(tf, LABELS, x, gamma=3.0)
    np.testing.assert_allclose(circle(LABELS, x, gamma=3.0, reduction=None), value, rtol=1e-12)
    ours = circle_vjp(LABELS, x, gamma=3.0, reduction="sum")
    np.testing.assert_allclose(ours, gradient, rtol=1e-10, atol=1e-12 * np.abs(gradient).max())


def test_float32_is_computed_in_float64():
    x = embeddings(8).astype("float32")
    for function in (circle, circle_vjp):
        result = function(LABELS, x)
        assert result.dtype == "float32"
        np.testing.assert_array_equal(result, function(LABELS, x.astype("float64")).astype("float32"))


@pytest.mark.parametrize("remove_diagonal", [True, False])
def test_circle_with_references(tf, remove_diagonal):
    x, references, labels = embeddings(8), embeddings(6, seed=2), np.array([0, 1, 2, 2, 1, 0])
    keywords = {"ref_labels": labels, "ref_embeddings": references, "remove_diagonal": remove_diagonal}
    value, gradient = through_keras(tf, LABELS, x, **keywords)
    np.testing.assert_allclose(circle(LABELS, x, reduction=None, **keywords), value, rtol=1e-12)
    ours = circle_vjp(LABELS, x, reduction="sum", **keywords)
    np.testing.assert_allclose(ours, gradient, rtol=1e-10, atol=1e-12 * np.abs(gradient).max())

    @tf.function(autograph=False)
    def in_a_graph(labels, x, ref_labels, ref_embeddings):
        given = {"ref_labels": ref_labels, "ref_embeddings": ref_embeddings}
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = circle(labels, x, reduction="sum", remove_diagonal=remove_diagonal, **given)
        return tape.gradient(total, x)

    on_tensors = in_a_graph(*map(tf.constant, (LABELS, x, labels, references)))
    np.testing.assert_allclose(on_tensors, ours, rtol=1e-11, atol=1e-13 * np.abs(ours).max())


def test_the_mean_leaves_out_samples_without_partners_as_the_class_of_keras_does(tf):
    import keras

    x = embeddings(8, seed=3)
    values = circle(LABELS, x, reduction=None)
    assert values[-1] == 0
    assert (values[:-1] > 0).all()
    np.testing.assert_allclose(circle(LABELS, x), values.sum() / 7, rtol=1e-14)
    np.testing.assert_allclose(circle(LABELS, x), keras.losses.Circle(dtype="float64")(LABELS, x), rtol=1e-12)
    assert circle([1, 2, 3], embeddings(3)) == 0
    assert circle([1, 1, 1], embeddings(3)) == 0
    assert not circle_vjp([1, 2, 3], embeddings(3)).any()
    np.testing.assert_allclose(circle(LABELS, tf.constant(x)), values.sum() / 7, rtol=1e-13)


def test_the_recorded_gradient_of_circle_through_the_normalization(recorded):
    """Recorded with respect to the vectors before they were normalized."""
    file = recorded("keras3151")
    shifted = file.inputs("float64")["em_a"] + 0.1
    length = np.linalg.norm(shifted, axis=1, keepdims=True)
    x = shifted / length
    g = circle_vjp([0, 0, 1, 1, 2, 2], x, reduction="sum")
    through = (g - x * np.sum(g * x, axis=1, keepdims=True)) / length
    np.testing.assert_allclose(through, file.values["loss/circle/float64/g_em_a"], rtol=1e-10)


def test_large_labels_keep_apart_in_float32():
    x = embeddings(4).astype("float32")
    labels = np.array([2**24, 2**24 + 1, 2**24, 2**24 + 1])
    np.testing.assert_array_equal(circle(labels, x), circle([0, 1, 0, 1], x))
    given = {"ref_labels": labels, "ref_embeddings": x}
    np.testing.assert_array_equal(circle(labels, x, **given), circle([0, 1, 0, 1], x))


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        (
            {"y_true": [[0], [1], [0]]},
            r"y_true has shape \(3, 1\) and y_pred has shape \(3, 5\); they must be",
        ),
        ({"y_true": [0, 1]}, r"y_true has shape \(2,\) and y_pred has shape \(3, 5\)"),
        ({"y_true": [0, 1, 0.5]}, "y_true must hold whole numbers, class indices, but holds 0.5"),
        ({"ref_labels": [0, 1]}, "ref_labels and ref_embeddings belong together: give both or neither"),
        (
            {"ref_labels": [0, 1], "ref_embeddings": np.zeros((3, 5))},
            r"ref_labels has shape \(2,\) and ref_embeddings has shape \(3, 5\); they must be",
        ),
        (
            {"ref_labels": [0, 1], "ref_embeddings": np.zeros((2, 4))},
            r"ref_embeddings has shape \(2, 4\); they must be \(references,\), one label each, and \(references, 5\)",
        ),
        ({"gamma": -1.0}, "gamma and margin must not be negative"),
    ],
)
def test_circle_answers_wrong_input_with_a_sentence(keywords, sentence):
    for function in (circle, circle_vjp):
        with pytest.raises(ValueError, match=f"^circle: .*{sentence}"):
            function(**{"y_true": [0, 1, 0], "y_pred": embeddings(3), **keywords})


def triplets(seed: int = 0) -> tuple[np.ndarray, ...]:
    return tuple(np.random.default_rng(seed).normal(size=(3, 6, 4)))


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, 20.0])
def test_a_triplet_with_any_norm(p):
    a, b, c = triplets()
    near = np.linalg.norm(a - b, ord=p, axis=1)
    far = np.linalg.norm(a - c, ord=p, axis=1)
    value = triplet_margin(a, b, c, p=p, epsilon=0.0, reduction=None)
    np.testing.assert_allclose(value, np.maximum(0, near - far + 1), rtol=1e-13, atol=1e-14)


def test_the_gradient_of_the_sum_of_differences_is_their_signs():
    a, b, c = triplets(5)
    keywords = {"p": 1.0, "epsilon": 0.0, "margin": 100.0, "reduction": "sum"}
    near, far = np.sign(a - b), np.sign(a - c)
    for gradient, expected in zip(
        triplet_margin_vjp(a, b, c, **keywords), (near - far, -near, far), strict=True
    ):
        np.testing.assert_array_equal(gradient, expected)


def test_a_swapped_triplet_takes_the_nearer_of_two_distances():
    a, b, c = triplets(1)
    plain = triplet_margin(a, b, c, reduction=None)
    swapped = triplet_margin(a, b, c, swap=True, reduction=None)
    from_b = np.linalg.norm(b - c + 1e-6, axis=1) < np.linalg.norm(a - c + 1e-6, axis=1)
    assert 0 < from_b.sum() < 6
    assert (swapped[from_b] > plain[from_b]).all()
    np.testing.assert_array_equal(swapped[~from_b], plain[~from_b])


def test_an_anchor_that_is_its_own_positive():
    """PyTorch's epsilon gives its distance a gradient of length 1, in no direction that means anything."""
    a, _, c = triplets(2)
    with_epsilon = triplet_margin_vjp(a, a, c, margin=10.0, reduction="sum")[1]
    np.testing.assert_allclose(with_epsilon, np.full((6, 4), -0.5), rtol=1e-9)
    assert not triplet_margin_vjp(a, a, c, margin=10.0, epsilon=0.0, reduction="sum")[1].any()


def test_distances_of_tiny_and_huge_vectors():
    a, b, c = (x.astype("float32") for x in triplets(3))
    for scale in (1e-30, 1e30):
        scale = np.float32(scale)
        keywords = {"epsilon": 0.0, "margin": 0.0, "reduction": None}
        value = triplet_margin(scale * a, scale * b, scale * c, **keywords)
        np.testing.assert_allclose(value, scale * triplet_margin(a, b, c, **keywords), rtol=1e-5)


def test_an_infinite_distance():
    assert triplet_margin([[0.0]], [[np.inf]], [[1.0]]) == np.inf
    assert triplet_margin([[0.0]], [[1.0]], [[np.inf]]) == 0
    assert np.isnan(triplet_margin([[0.0]], [[np.nan]], [[1.0]]))
    near, far = ([[0.0, 1.0]], [[np.inf, 2.0]], [[1.0, 1.0]]), ([[0.0, 1.0]], [[1.0, 1.0]], [[np.inf, 2.0]])
    np.testing.assert_allclose(triplet_margin_vjp(*near), [[[0, 0]], [[1, 0]], [[-1, 0]]], atol=1e-5)
    for squared in (False, True):
        for gradient in triplet_margin_vjp(*far, squared=squared):
            np.testing.assert_array_equal(gradient, [[0, 0]])
    for gradient in triplet_margin_vjp([[0.0]], [[np.nan]], [[1.0]]):
        assert np.isnan(gradient).all()


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"p": 0.5}, "p must be at least 1 and finite, not 0.5"),
        ({"p": np.inf}, "p must be at least 1 and finite, not inf"),
        ({"epsilon": -1e-6}, "epsilon must not be negative, not -1e-06"),
        (
            {"negative": np.zeros((6, 1))},
            r"anchor has shape \(6, 4\) and negative has shape \(6, 1\); they must be",
        ),
    ],
)
def test_triplet_margin_answers_wrong_input_with_a_sentence(keywords, sentence):
    a, b, c = triplets()
    for function in (triplet_margin, triplet_margin_vjp):
        with pytest.raises(ValueError, match=f"^triplet_margin: {sentence}"):
            function(**{"anchor": a, "positive": b, "negative": c, **keywords})


def test_hinge_embedding_is_one_value_an_entry_and_refuses_other_labels():
    y, d = np.array([[1, -1], [-1, 1]]), np.array([[0.5, 0.25], [3.0, 2.0]])
    np.testing.assert_array_equal(hinge_embedding(y, d, reduction=None), [[0.5, 0.75], [0.0, 2.0]])
    np.testing.assert_array_equal(hinge_embedding_vjp(y, d, reduction="sum"), [[1, -1], [0, 1]])
    with pytest.raises(ValueError, match=r"^hinge_embedding: y_true must hold only -1 and 1, but holds 0"):
        hinge_embedding([0, 1], [1.0, 2.0])
