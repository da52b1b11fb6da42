"""docs/networks.md: what it types runs, and what it lists is there."""

import re
from pathlib import Path

import numpy as np
import pytest

from nlref import layers, optimizers

GUIDE = (Path(__file__).parents[1] / "docs" / "networks.md").read_text(encoding="utf-8")


def test_what_is_typed_runs(capsys):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    names: dict = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, flags=re.S):
        exec(compile(block, "docs/networks.md", "exec"), names)
    printed = capsys.readouterr().out
    assert names["network"].evaluate(names["x"][1350:], names["y"][1350:])["accuracy"] > 0.95
    assert "(5, 4) (4, 3) (3,)" in printed
    assert names["history"].epoch[-1] < 49, "early stopping has something to do"


def test_every_layer_and_optimizer_is_listed():
    for module in (layers, optimizers):
        classes = {name for name in module.__all__ if name[0].isupper()}
        for name in classes - {"Layer", "Optimizer", "Callback"}:
            assert f"`{name}`" in GUIDE, name


def test_every_initializer_that_is_listed_exists():
    row = next(line for line in GUIDE.splitlines() if line.startswith("| initializers"))
    for name in re.findall(r"`(\w+)`", row):
        assert layers.initializers.get(name)((2, 3), np.random.default_rng(0), "float32").shape == (2, 3)
