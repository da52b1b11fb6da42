"""docs/compare.md, typed in: its commands and programs in its order, in one folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```(sh|python)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_guide_can_be_typed_in(tmp_path):
    pytest.importorskip("keras", reason="Keras is not installed (extra: keras)")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "120",
        "NO_COLOR": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    said = []
    for language, text in STEPS:
        command = ["bash", "-euo", "pipefail", "-c"] if language == "sh" else [sys.executable, "-c"]
        run = subprocess.run(
            [*command, text], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, f"{text}\n{run.stdout}\n{run.stderr}"
        said.append(run.stdout)
    everything = "".join(said)
    assert "4 of 4 layers of sequential compared on 8 random samples: all within tolerance" in everything
    assert "4 of 4 layers of sequential compared on 100 samples: all within tolerance" in everything
    assert "bent: the activation snake is taken from Keras" in everything
    assert "yours beside keras.activations.sigmoid, float32" in everything
    assert "The losses differ by at most" in everything
    assert json.loads((tmp_path / "differences.json").read_text())["samples"] == 100
    for picture in ("differences.png", "model.png", "losses.png"):
        assert (tmp_path / picture).stat().st_size > 5000


def test_the_tolerances_in_the_guide_are_those_of_the_program():
    from nlref.keras.model_trace import TOLERANCES

    rows = re.findall(r"^\| (\w+) \| (\S+) \|$", GUIDE, re.MULTILINE)
    assert {dtype: float(tolerance) for dtype, tolerance in rows} == TOLERANCES


def test_every_option_that_the_guide_names_exists():
    from typer.main import get_command

    from nlref.cli import app

    options = {
        option for parameter in get_command(app).commands["compare"].params for option in parameter.opts
    }
    named = set(re.findall(r"--[a-z]+", GUIDE))
    assert named <= options
    assert named == {option for option in options if option.startswith("--")} - {"--help"}
