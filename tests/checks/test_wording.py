"""How values are written in a message."""

import numpy as np

from nlref.checks.wording import shown_arguments


def test_a_function_among_the_arguments_is_shown_by_its_name():
    def cube(x):
        return x**3

    assert shown_arguments(("f", "x"), (np.sin, 2.0), {}) == "f = np.sin, x = 2"
    assert shown_arguments(("f",), (cube,), {"axis": 0}) == "f = cube, axis = 0"
