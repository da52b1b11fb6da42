import json

import numpy as np
import pytest

from nlref.keras.difference import difference


def test_worst_entries_and_where_they_are():
    numpy = np.array([[1.0, 2.0], [4.0, 1024.0]])
    keras = numpy.astype(np.float32)
    keras[0, 1] = np.nextafter(np.float32(2.0), np.float32(3.0))
    keras[1, 1] = 1024.5
    found = difference(keras, numpy)
    assert found.absolute == 0.5
    assert found.absolute_at == (1, 1)
    assert (found.keras, found.numpy) == (1024.5, 1024.0)
    assert found.ulp == 0.5 / 2.0**-13
    assert found.ulp_at == (1, 1)
    assert found.largest == 1024.0
    assert found.relative == 0.5 / 1024


def test_one_number_off_is_one_ulp():
    found = difference(np.nextafter(np.float32([1.0]), np.float32(2.0)), np.array([1.0]))
    assert found.ulp == 1.0


def test_an_entry_below_the_rounding_of_the_largest_counts_in_the_ulp_of_that():
    # A relu that is just above 0 in one and at 0 in the other: in the ulp of 0 this would be 1e36.
    found = difference(np.float32([1.0, 1e-9]), np.array([1.0, 0.0]))
    assert found.ulp == pytest.approx(1e-9 / 2.0**-46)


def test_what_is_not_finite():
    same = np.array([np.inf, -np.inf, np.nan, 1.0])
    assert difference(same.astype(np.float32), same).absolute == 0
    for theirs, ours in [(np.inf, 1.0), (1.0, np.nan), (np.nan, 1.0), (np.inf, -np.inf)]:
        found = difference(np.float32([1.0, theirs]), np.array([1.0, ours]))
        assert found.absolute == np.inf
        assert found.absolute_at == (1,)
        assert found.relative == np.inf
        json.dumps(found.to_dict(), allow_nan=False)


def test_overflow_in_16_bits_is_no_difference_from_what_rounds_to_infinity():
    assert difference(np.float16([np.inf]), np.array([1e5])).absolute == 0
    assert difference(np.float16([np.inf]), np.array([6e4])).absolute == np.inf


def test_tolerances_are_absolute_below_1():
    assert difference(np.float32([1e-3 + 1e-6]), np.array([1e-3])).relative == pytest.approx(1e-6, rel=1e-3)


def test_batches_are_merged_with_the_index_in_the_whole():
    one = difference(np.float32([[1.0], [1.5]]), np.array([[1.0], [1.0]]))
    two = difference(np.float32([[1.0], [3.0]]), np.array([[1.0], [1.0]]), first_sample=2)
    both = one.merged(two)
    assert both.absolute == 2.0
    assert both.absolute_at == (3, 0)
    assert two.merged(one) == both


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r"\(2,\), and NumPy \(3,\)"):
        difference(np.zeros(2, np.float32), np.zeros(3))


def test_nothing_differs_by_nothing():
    assert difference(np.zeros((0, 3), np.float32), np.zeros((0, 3))).absolute == 0
