"""What ``conftest.py`` promises to every test."""

import sys


def test_absl_does_not_hold_the_stderr_that_pytest_captures():
    from absl import logging

    assert logging.get_absl_handler().python_handler.stream is sys.__stderr__
