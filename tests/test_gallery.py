"""docs/gallery and the README's table are what the facts and the measured errors say, and every function is there."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from nlref import activations, losses

ROOT = Path(__file__).parents[1]
GALLERY = ROOT / "docs" / "gallery"
NAMES = [*activations.FACTS, *activations.ROW_FACTS, *losses.FACTS]


def test_the_page_and_the_table_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "tools/gallery.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_function_is_drawn_and_described(name):
    page = (GALLERY / "README.md").read_text()
    assert f"\n### {name}\n" in page
    assert f"({name}.svg)" in page
    drawing = (GALLERY / f"{name}.svg").read_text()
    assert len(drawing) < 50_000
    text = "".join(ElementTree.fromstring(drawing).itertext())
    assert f"{name}_vjp" in text
    assert "worst error in ulp" in text


# The truth of ctc is a sum over all paths: tests/losses/test_sequence.py measures it.
@pytest.mark.parametrize("name", [name for name in NAMES if name != "ctc"])
def test_the_errors_of_every_function_were_measured(name):
    accuracy = json.loads((ROOT / "benchmarks" / "accuracy.json").read_text())
    for dtype in ("float32", "float64"):
        for part in ("value", "gradient"):
            assert accuracy[name][dtype][part]["nlref"] >= 0


def test_nothing_stale_is_left():
    assert {path.stem for path in GALLERY.glob("*.svg")} == set(NAMES)
