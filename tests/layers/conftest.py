"""Every layer that ``benchmarks/layers.py`` draws configurations of: a new one is tested without being listed here."""

import importlib.util
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "layers.py"


def load():
    spec = importlib.util.spec_from_file_location("layers_benchmark", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


BENCHMARK = load()


def pytest_generate_tests(metafunc):
    if "layer_name" in metafunc.fixturenames:
        metafunc.parametrize("layer_name", list(BENCHMARK.LAYERS))
        if "dtype" in metafunc.fixturenames:
            metafunc.parametrize("dtype", list(BENCHMARK.TARGETS))


@pytest.fixture(scope="session")
def benchmark():
    """The program that measures the layers beside Keras'."""
    return BENCHMARK


@pytest.fixture(scope="session")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra: keras)")
        import keras

        return keras


@pytest.fixture
def configurations():
    """``configurations(name, count, seed)``: random configurations of the layer of this name."""

    def configurations(name, count, seed):
        rng = np.random.default_rng(seed)
        return [replace(BENCHMARK.LAYERS[name](rng), seed=turn) for turn in range(count)]

    return configurations
