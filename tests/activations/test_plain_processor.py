"""The accuracy that is promised holds on a processor without the vector units for which NumPy has code of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core import _multiarray_umath as build

DISPATCHED = " ".join(build.__cpu_dispatch__)


@pytest.mark.slow
@pytest.mark.skipif(not DISPATCHED, reason="this NumPy was built for one kind of processor only")
def test_accuracy_without_vector_units():
    here = Path(__file__).parent
    tests = [here / "test_values.py", *sorted((here.parent / "losses").glob("test_values.py"))]
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": DISPATCHED}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *map(str, tests)],
        env=environment,
        cwd=here.parents[1],
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert run.returncode == 0, run.stdout[-3000:]
    assert "passed" in run.stdout
