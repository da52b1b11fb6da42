"""What holds for every test."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A name with an address in it differs from process to process, and parallel runs then refuse to start."""
    if unstable := next((item.nodeid for item in items if " at 0x" in item.nodeid), None):
        raise pytest.UsageError(f"{unstable}: give this case an id that is the same in every process")
