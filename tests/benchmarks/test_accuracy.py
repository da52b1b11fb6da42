"""The benchmark of accuracy runs, and says where another system is better."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "accuracy.py"


@pytest.fixture(scope="module")
def accuracy():
    spec = importlib.util.spec_from_file_location("accuracy", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_worse_is_said_of_the_same_inputs_only(accuracy):
    row = accuracy.Row("f", "f()", "float32", "value")
    x = np.array([1.0, 2.0])
    row.add("nlref", np.array([0.5, 3.0]), x)
    row.add("Keras", np.array([2.0, 0.0]), x)
    row.add("PyTorch", np.array([3.0, 3.0]), x)
    row.add("MXNet", np.array([1.0]), x[:1])
    row.on_theirs["MXNet"] = 0.5
    assert row.where["nlref"] == 2.0
    assert row.worse() == {"Keras": (3.0, 2.0)}


@pytest.mark.slow
def test_a_run_prints_every_column_and_writes_what_it_printed(tmp_path):
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed (extra: keras)")
    out = tmp_path / "accuracy.json"
    run = subprocess.run(
        [sys.executable, str(PROGRAM), "--only", "silu", "softmax", "huber", "--json", str(out)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "Where nlref on NumPy is worse than the best of the others" in run.stdout
    assert "The worst three of nlref on NumPy" in run.stdout
    written = json.loads(out.read_text())
    assert written["about"]["versions"]["keras"]
    assert {"silu", "softmax", "huber"} < set(written)
    for dtype in ("float32", "float64"):
        silu = written["silu"][dtype]["value"]
        assert silu["nlref"] <= 4
        assert silu["Keras"] > 1e6  # its tail is lost
        assert -800 < silu["at"]["Keras"] < -80
        assert written["silu"][dtype]["gradient near roots"]["nlref"] <= 8
        assert set(written["softmax"][dtype]["gradient"]) >= {"nlref", "TF eager", "TF compiled", "Keras"}
        assert written["huber"][dtype]["gradient"]["nlref"] <= 16
