"""What holds for every test."""

import importlib.util
import sys

import pytest


def pytest_configure() -> None:
    """absl, which TensorFlow imports, keeps the stderr that it finds and closes it once logging is set up anew, as
    nbgrader's applications do. In a test that is pytest's, for all tests of the process; the real one it leaves open.
    """
    if importlib.util.find_spec("absl") is not None:
        from absl import logging

        logging.get_absl_handler().python_handler.stream = sys.__stderr__


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A name with an address in it differs from process to process, and parallel runs then refuse to start."""
    if unstable := next((item.nodeid for item in items if " at 0x" in item.nodeid), None):
        raise pytest.UsageError(f"{unstable}: give this case an id that is the same in every process")
