"""docs/learner.md is a map of the units that exist."""

import re
from pathlib import Path

from nlref.build import read_units
from nlref.checks import EXERCISES, Exercise

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "learner.md").read_text(encoding="utf-8")


def test_the_map_has_every_unit_with_its_minutes_needs_and_functions():
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ([\d, ]*)\| (.*) \|$", GUIDE, flags=re.M)
    units = read_units(ROOT)
    assert [row[0] for row in rows] == [unit.id for unit in units]
    for (_, minutes, needs, written), unit in zip(rows, units, strict=True):
        assert int(minutes) == unit.minutes
        assert re.findall(r"\d+", needs) == [need[:2] for need in unit.needs]
        functions = [e.function for e in EXERCISES.values() if isinstance(e, Exercise) and e.unit == unit.id]
        assert written.split(", ") == functions
