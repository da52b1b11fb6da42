"""Importing the package is cheap: what it does not need is not imported."""

import subprocess
import sys

import pytest

HEAVY = [
    "tensorflow",
    "keras",
    "IPython",
    "jupyter",
    "jupyter_core",
    "jupyterlab",
    "nbgrader",
    "nbformat",
    "matplotlib",
]
HEAVY += [
    "scipy",
    "mpmath",
    "ml_dtypes",
    "concurrent.futures",
    "threading",
    "asyncio",
    "typer",
    "rich",
    "sqlalchemy",
]


def loaded_by(statement: str) -> set[str]:
    """The modules that ``statement`` loads in a fresh process beyond those that NumPy loads."""
    program = (
        f"import sys, numpy\nbefore = set(sys.modules)\n{statement}\nprint(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import nlref",
        "import nlref.activations",
        "import nlref.ulp",
        "import nlref; nlref.activations.sigmoid(numpy.ones(1000))",
        "import nlref; nlref.losses.huber(numpy.ones((1000, 3)), numpy.zeros((1000, 3)))",
    ],
)
def test_importing_and_using_the_kernels_loads_nothing_heavy(statement):
    loaded = loaded_by(statement)
    assert any(name.startswith("nlref") for name in loaded)
    assert not loaded & set(HEAVY)


def test_importing_the_root_imports_no_part_of_it():
    assert {name for name in loaded_by("import nlref") if name.startswith("nlref")} == {"nlref"}


def test_the_test_can_fail():
    assert "asyncio" in loaded_by("import nlref, asyncio") & set(HEAVY)


def test_a_tensor_and_nothing_else_loads_the_tensor_operations():
    assert "nlref.tensors" not in loaded_by("import nlref.activations as a; a.relu([1.0])")
