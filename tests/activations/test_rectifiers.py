"""What the options of the rectifiers may be."""

import numpy as np
import pytest

from nlref.activations import leaky_relu, leaky_relu_vjp, relu, relu_vjp


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
