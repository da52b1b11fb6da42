"""What the options of the piecewise activations may be, and the slopes that are arrays."""

import numpy as np
import pytest

from nlref import truth
from nlref.activations import (
    celu,
    celu_vjp,
    elu,
    hard_shrink,
    hard_sigmoid,
    leaky_relu,
    leaky_relu_vjp,
    prelu,
    prelu_vjp,
    relu,
    relu_vjp,
    rrelu,
    rrelu_vjp,
    soft_shrink,
)
from nlref.kernel import set_threads
from nlref.ulp import ulp_error


@pytest.mark.parametrize("x", [np.ones(3), np.ones(0), 1.0], ids=["array", "empty", "number"])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"negative_slope": -0.1}, "negative_slope must be at least 0 and finite, not -0.1"),
        ({"negative_slope": np.inf}, "negative_slope must be at least 0 and finite, not inf"),
        ({"threshold": -1}, "threshold must be at least 0 and finite, not -1.0"),
        ({"threshold": np.inf}, "threshold must be at least 0 and finite, not inf"),
        ({"max_value": -1e-9}, "max_value must be at least 0, not -1e-09"),
        ({"max_value": np.nan}, "max_value must be a number, not NaN"),
    ],
)
def test_relu_refuses_options_out_of_range(x, options, sentence):
    for call in (lambda: relu(x, **options), lambda: relu_vjp(x, 1.0, **options)):
        with pytest.raises(ValueError, match=rf"^relu(_vjp)?: {sentence}$"):
            call()


def test_leaky_relu_refuses_an_infinite_slope():
    for slope in (np.inf, -np.inf):
        for call in (lambda s=slope: leaky_relu(1.0, s), lambda s=slope: leaky_relu_vjp(1.0, 1.0, s)):
            with pytest.raises(ValueError, match=f"^leaky_relu: negative_slope must be finite, not {slope}$"):
                call()


def test_options_that_do_nothing_are_taken():
    x = np.array([-np.inf, -2.0, 0.0, 3.0, np.inf])
    np.testing.assert_array_equal(relu(x, 0, None, 0), relu(x))
    np.testing.assert_array_equal(relu(x, max_value=np.inf), relu(x))
    np.testing.assert_array_equal(relu(x, max_value=0), np.zeros(5))


def test_a_maximum_below_the_threshold():
    """Above the threshold the value is the maximum; from the threshold down the sloped piece goes on."""
    x = np.array([-1.0, 0.5, 1.0, 2.0, 3.0])
    options = {"negative_slope": 0.5, "max_value": 1.0, "threshold": 2.0}
    np.testing.assert_array_equal(relu(x, **options), [-1.5, -0.75, -0.5, 0.0, 1.0])
    np.testing.assert_array_equal(relu_vjp(x, 1.0, **options), [0.5, 0.5, 0.5, 0.5, 0.0])


SLOPES = [(), (5,), (1, 5), (4, 1), (3, 1, 1), (3, 4, 5), (1, 4, 1)]


@pytest.mark.parametrize("size", SLOPES, ids=str)
def test_prelu_gives_the_gradient_to_the_slope_in_its_shape(size):
    generator = np.random.default_rng(0)
    x, g = generator.normal(size=(2, 3, 4, 5))
    slope = generator.normal(size=size)
    to_x, to_slope = prelu_vjp(x, g, slope)
    np.testing.assert_array_equal(to_x, g * np.where(x > 0, 1.0, np.broadcast_to(slope, x.shape)))
    assert np.shape(to_slope) == size
    h = 1e-6
    for index in np.ndindex(size):
        step = np.zeros(size)
        step[index] = h
        difference = (g * (prelu(x, slope + step) - prelu(x, slope - step))).sum() / (2 * h)
        np.testing.assert_allclose(np.asarray(to_slope)[index], difference, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("size", [(), (60,), (1000, 1), (1000, 60)], ids=str)
def test_the_gradient_to_the_slope_is_gathered_over_blocks(size, order):
    generator = np.random.default_rng(1)
    x, g = generator.normal(size=(2, 3, 1000, 60)).astype(np.float32)
    x = np.asarray(x, order=order)
    slope = generator.normal(size=size).astype(np.float32)
    results = []
    for count in (1, 3):
        set_threads(count)
        results.append(prelu_vjp(x, g, slope))
    set_threads(None)
    for one, three in zip(*results, strict=True):
        np.testing.assert_array_equal(one, three)
    to_x, to_slope = results[0]
    assert (to_x.dtype, to_slope.dtype, to_slope.shape) == (np.float32, np.float32, size)
    full = (g * np.minimum(x, 0)).astype(np.float64)
    axes = tuple(i for i, length in enumerate((1,) * (3 - len(size)) + size) if length == 1)
    np.testing.assert_allclose(to_slope, full.sum(axis=axes).reshape(size), rtol=2e-6, atol=1e-5)


def test_prelu_keeps_the_dtypes_of_both():
    x = np.linspace(-2, 2, 5, dtype=np.float32)
    to_x, to_slope = prelu_vjp(x, 1.0, np.full(5, 0.5, np.float16))
    assert (prelu(x, np.float64(0.5)).dtype, to_x.dtype, to_slope.dtype) == (
        np.float32,
        np.float32,
        np.float16,
    )
    assert prelu_vjp(x, 1.0, 1)[1].dtype == np.float64
    out = np.empty_like(x)
    assert prelu_vjp(x, 1.0, 0.5, out=out)[0] is out


def test_a_slope_that_does_not_fit_is_refused_by_name():
    for f, name in ((prelu, "prelu"), (rrelu, "rrelu")):
        with pytest.raises(
            ValueError, match=rf"^{name}: negative_slope of shape \(2,\) does not fit x of shape \(2, 3\)$"
        ):
            f(np.zeros((2, 3)), np.zeros(2))
        with pytest.raises(TypeError, match=f"^{name}: missing a required argument: 'negative_slope'$"):
            f(np.zeros(3))
        with pytest.raises(TypeError, match=f"^{name}: negative_slope must be real numbers"):
            f(np.zeros(3), "0.1")


def test_rrelu_takes_a_slope_for_each_entry_and_does_not_differentiate_it():
    generator = np.random.default_rng(2)
    x, g = generator.normal(size=(2, 4, 5))
    slopes = generator.uniform(1 / 8, 1 / 3, x.shape)
    np.testing.assert_array_equal(rrelu(x, slopes), np.where(x > 0, x, slopes * x))
    np.testing.assert_array_equal(rrelu_vjp(x, g, slopes), g * np.where(x > 0, 1, slopes))


@pytest.mark.parametrize("mode", ["eager", "graph", pytest.param("compiled", marks=pytest.mark.slow)])
def test_prelu_learns_its_slope_on_tensors(tf, mode):
    def gradients(x, slope, g):
        with tf.GradientTape() as tape:
            tape.watch([x, slope])
            y = prelu(x, slope)
        return tape.gradient(y, [x, slope], output_gradients=g), prelu_vjp(x, g, slope)

    f = (
        gradients
        if mode == "eager"
        else tf.function(gradients, jit_compile=mode == "compiled", autograph=False)
    )
    generator = np.random.default_rng(3)
    for shape in SLOPES:
        x, g = generator.normal(size=(2, 3, 4, 5)).astype(np.float32)
        slope = generator.normal(size=shape).astype(np.float32)
        expected = prelu_vjp(x, g, slope)
        for pair in f(*map(tf.constant, (x, slope, g))):
            for result, right in zip(pair, expected, strict=True):
                assert result.shape == np.shape(right)
                np.testing.assert_allclose(result, right, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("f", "options", "sentence"),
    [
        (elu, {"alpha": np.inf}, "elu: alpha must be finite, not inf"),
        (celu, {"alpha": 0}, "celu: alpha must be positive and finite, not 0.0"),
        (celu, {"alpha": -1.0}, "celu: alpha must be positive and finite, not -1.0"),
        (celu, {"alpha": np.inf}, "celu: alpha must be positive and finite, not inf"),
        (hard_sigmoid, {"slope": 0.0}, "hard_sigmoid: slope must be positive and finite, not 0.0"),
        (hard_sigmoid, {"offset": np.inf}, "hard_sigmoid: offset must be finite, not inf"),
        (hard_shrink, {"threshold": -0.1}, "hard_shrink: threshold must be at least 0 and finite, not -0.1"),
        (soft_shrink, {"threshold": np.inf}, "soft_shrink: threshold must be at least 0 and finite, not inf"),
    ],
)
def test_options_out_of_range_are_refused_by_name(f, options, sentence):
    for call in (lambda: f(1.0, **options), lambda: f.vjp(1.0, 1.0, **options), lambda: f([], **options)):
        with pytest.raises(ValueError, match=f"^{sentence}$"):
            call()


def test_celu_of_any_alpha():
    """The tail of the gradient, where the rounding of x / alpha would show, for alphas that are not exact in binary."""
    for dtype in ("float32", "float64"):
        for alpha in (0.1, 0.3, 7.0):
            x = np.linspace(-80 * alpha, 0, 200).astype(dtype)
            true = truth.evaluate(lambda mp, x, alpha=alpha: mp.exp(x / mp.mpf(alpha)), x)
            assert ulp_error(celu_vjp(x, 1.0, alpha), true)[:-1].max() <= 4
