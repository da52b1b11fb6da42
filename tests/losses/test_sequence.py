"""What is particular to ctc: every alignment counted, lengths, padding, and sequences that cannot be aligned."""

import itertools

import numpy as np
import pytest

from nlref.losses import ctc, ctc_vjp


def collapsed(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


def softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_it_is_the_sum_over_all_paths_that_collapse_to_the_labels(blank):
    scores = np.random.default_rng(0).normal(scale=2, size=(1, 5, 3))
    probabilities = softmax(scores[0])
    totals: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(3), repeat=5):
        labels = collapsed(path, blank)
        totals[labels] = totals.get(labels, 0.0) + np.prod(probabilities[np.arange(5), path])
    assert len(totals) > 20
    for labels, probability in totals.items():
        padded = [[*labels, *[blank] * (5 - len(labels))]]
        np.testing.assert_allclose(ctc(padded, scores, mask_index=blank), -np.log(probability), rtol=1e-12)
    missing = next(
        labels for labels in itertools.product({0, 1, 2} - {blank}, repeat=4) if labels not in totals
    )
    assert ctc([missing], scores, mask_index=blank) == np.inf


def test_the_gradient_is_softmax_minus_the_share_of_the_paths():
    scores = np.random.default_rng(1).normal(size=(1, 4, 3))
    probabilities = softmax(scores[0])
    share, total = np.zeros((4, 3)), 0.0
    for path in itertools.product(range(3), repeat=4):
        if collapsed(path, 0) == (1, 2):
            probability = np.prod(probabilities[np.arange(4), path])
            share[np.arange(4), path] += probability
            total += probability
    gradient = ctc_vjp([[1, 2]], scores, reduction="sum")
    np.testing.assert_allclose(gradient[0], probabilities - share / total, rtol=1e-12, atol=1e-15)


def test_a_long_sequence_neither_underflows_nor_loses_digits():
    """One label in 1000 even steps: a run of any length anywhere, 1000 * 1001 / 2 paths."""
    steps = 1000
    for dtype in ("float32", "float64"):
        value = ctc([[1]], np.zeros((1, steps, 4), dtype))
        assert value.dtype == dtype
        expected = steps * np.log(4) - np.log(steps * (steps + 1) / 2)
        np.testing.assert_allclose(value, expected, rtol=16 * np.finfo(dtype).eps)
        step = np.arange(1, steps + 1)
        share = (
            2 * step * (steps + 1 - step) / (steps * (steps + 1))
        )  # of the paths whose run covers the step
        gradient = ctc_vjp([[1]], np.zeros((1, steps, 4), dtype))[0]
        np.testing.assert_allclose(0.25 - gradient[:, 1], share, rtol=1e-4 if dtype == "float32" else 3e-13)


def lengths(seed: int = 2) -> tuple:
    generator = np.random.default_rng(seed)
    labels = np.array([[1, 2, 2], [3, 1, 1], [1, 1, 3], [2, 3, 1]])
    return labels, generator.normal(size=(4, 8, 4)), np.array([3, 1, 0, 2]), np.array([8, 5, 3, 2])


def test_lengths_cut_labels_and_steps():
    labels, scores, targets, steps = lengths()
    keywords = {"target_length": targets, "output_length": steps}
    together = ctc(labels, scores, reduction=None, **keywords)
    gradients = ctc_vjp(labels, scores, reduction="sum", **keywords)
    for i in range(4):
        alone = labels[i : i + 1, : targets[i]], scores[i : i + 1, : steps[i]]
        np.testing.assert_allclose(together[i], ctc(*alone), rtol=1e-14)
        np.testing.assert_allclose(gradients[i, : steps[i]], ctc_vjp(*alone)[0], rtol=1e-12, atol=1e-15)
        assert not gradients[i, steps[i] :].any()


@pytest.mark.parametrize("mode", ["eager", "graph", pytest.param("compiled", marks=pytest.mark.slow)])
def test_lengths_on_tensors(tf, mode):
    labels, scores, targets, steps = lengths()

    def both(labels, scores, targets, steps):
        keywords = {"target_length": targets, "output_length": steps}
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value = ctc(labels, scores, reduction=None, **keywords)
        return value, tape.gradient(value, scores)

    run = both if mode == "eager" else tf.function(both, jit_compile=mode == "compiled", autograph=False)
    value, gradient = run(*map(tf.constant, (labels, scores, targets, steps)))
    keywords = {"target_length": targets, "output_length": steps}
    np.testing.assert_allclose(value, ctc(labels, scores, reduction=None, **keywords), rtol=1e-13)
    expected = ctc_vjp(labels, scores, reduction="sum", **keywords)
    np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-14)


def test_padding_may_be_blank_or_negative():
    scores = np.random.default_rng(3).normal(size=(1, 6, 4))
    expected = ctc([[2, 1]], scores)
    for padded in ([[2, 1, 0, 0]], [[2, 1, -1, -1]], [[2, 1, -100, 0]]):
        assert ctc(padded, scores) == expected
    moved = np.roll(scores, -1, axis=2)  # the blank last, labels from 0
    np.testing.assert_allclose(ctc([[1, 0, -1]], moved, mask_index=-1), expected, rtol=1e-14)
    np.testing.assert_allclose(ctc([[1, 0, 3]], moved, mask_index=3), expected, rtol=1e-14)


def test_log_probabilities_may_be_given_for_scores():
    labels, scores, *_ = lengths()
    shift = np.random.default_rng(4).normal(size=(4, 8, 1))
    np.testing.assert_allclose(
        ctc(labels, np.log(softmax(scores))), ctc(labels, scores + 100 * shift), rtol=1e-12
    )


def test_what_cannot_be_aligned_is_infinite_and_without_a_gradient():
    labels, scores = [[1, 1, 2], [1, 2, 1]], np.random.default_rng(5).normal(size=(2, 3, 3))
    value = ctc(labels, scores, reduction=None)
    assert value[0] == np.inf
    assert np.isfinite(value[1])
    np.testing.assert_array_equal(ctc(labels, scores, reduction=None, zero_infinity=True), [0, value[1]])
    assert ctc(labels, scores, zero_infinity=True) == value[1] / 2
    for zero_infinity in (False, True):
        gradient = ctc_vjp(labels, scores, reduction="sum", zero_infinity=zero_infinity)
        assert not gradient[0].any()
        np.testing.assert_array_equal(gradient[1], ctc_vjp(labels[1:], scores[1:])[0])


def test_nan_stays_in_its_sample():
    labels, scores, *_ = lengths()
    scores[1, 3, 2] = np.nan
    value, gradient = ctc(labels, scores, reduction=None), ctc_vjp(labels, scores)
    np.testing.assert_array_equal(np.isnan(value), [False, True, False, False])
    np.testing.assert_array_equal(np.isnan(gradient).any(axis=(1, 2)), [False, True, False, False])


def test_no_labels_at_all():
    scores = np.random.default_rng(6).normal(size=(2, 3, 4))
    expected = -np.log(softmax(scores))[:, :, 0].sum(axis=1)
    np.testing.assert_allclose(ctc(np.zeros((2, 0), int), scores, reduction=None), expected, rtol=1e-13)
    np.testing.assert_allclose(ctc([[0, 0], [-1, 0]], scores, reduction=None), expected, rtol=1e-13)


def test_the_mean_of_pytorch_divides_by_the_number_of_labels(recorded):
    file = recorded("torch213")
    inputs = file.inputs("float64")
    labels, scores, counts = inputs["ctc_l"], inputs["ctc_x"], inputs["ctc_ll"]
    value = np.mean(ctc(labels, scores, reduction=None) / counts)
    np.testing.assert_allclose(value, file.values["loss/ctc_mean/float64/y"], rtol=1e-14)
    gradient = ctc_vjp(labels, scores, sample_weight=1 / counts)
    np.testing.assert_allclose(gradient, file.values["loss/ctc_mean/float64/g_ctc_x"], atol=1e-15)


def test_agrees_with_keras_on_sequences_of_different_lengths(tf):
    import keras

    labels, scores, targets, steps = lengths()
    scores, steps = scores.astype("float32"), np.array([8, 5, 3, 4])
    theirs = keras.ops.ctc_loss(labels, scores, targets, steps)
    ours = ctc(labels, scores, target_length=targets, output_length=steps, reduction=None)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


GOOD = ([[1, 2]], np.zeros((1, 4, 3)))


@pytest.mark.parametrize(
    ("arguments", "keywords", "sentence"),
    [
        (
            (GOOD[0][0], GOOD[1]),
            {},
            r"y_true has shape \(2,\) and y_pred has shape \(1, 4, 3\); they must be",
        ),
        ((GOOD[0], GOOD[1][0]), {}, r"y_pred has shape \(4, 3\); they must be \(samples, labels\) and"),
        (([[1, 2], [1, 2]], GOOD[1]), {}, r"y_true has shape \(2, 2\) and y_pred has shape \(1, 4, 3\)"),
        (([[1, 3]], GOOD[1]), {}, r"class indices from 0 to 2 other than 0 \(mask_index\), but holds 3"),
        (([[1.5, 2]], GOOD[1]), {}, r"y_true must hold whole numbers"),
        (([[0, 1]], GOOD[1]), {}, r"padding before a label in sample 0, \[0, 1\]: labels come first"),
        (([[1, 0]], GOOD[1]), {"target_length": [2]}, r"other than 0 \(mask_index\), but holds 0"),
        (GOOD, {"target_length": [3]}, r"target_length must hold lengths from 0 to 2, but holds 3"),
        (GOOD, {"output_length": [5]}, r"output_length must hold lengths from 0 to 4, but holds 5"),
        (GOOD, {"output_length": [-1]}, r"output_length must hold lengths from 0 to 4, but holds -1"),
        (GOOD, {"target_length": [2, 2]}, r"target_length has shape \(2,\); it must be \(1,\), one length a"),
        (GOOD, {"target_length": 2}, r"target_length has shape \(\); it must be \(1,\)"),
        (GOOD, {"mask_index": 3}, r"mask_index must be the index of one of the 3 classes, not 3"),
        (GOOD, {"mask_index": -4}, r"mask_index must be the index of one of the 3 classes, not -4"),
    ],
)
def test_wrong_input_is_answered_with_a_sentence(arguments, keywords, sentence):
    for function in (ctc, ctc_vjp):
        with pytest.raises(ValueError, match=f"^ctc: .*{sentence}"):
            function(*arguments, **keywords)
