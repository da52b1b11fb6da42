"""How much processor time grading takes, beside nbgrader on the same notebooks in the same run.

    python benchmarks/grading.py [--students 24] [--rounds 2] [--jobs 1]

A class hands in unit 01 (right and wrong answers in turn; nothing that stops nbgrader). Two course directories hold the
same files: one as nbgrader makes it, one as ``nlref init`` makes it. In turn, each is graded from nothing:
``nbgrader autograde`` and ``nbgrader generate_feedback`` in the one, ``nlref grade`` in the other. Processor seconds
include every process that the command started. The start of each command, which a larger class pays once, is in them;
the row "each more" takes the difference to a class of one, so that it is what one more notebook costs.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from nlref.grading.course import Course, init, release

UNIT = "01_first_activations"
SAMPLE = Path(__file__).parents[1] / "tests" / "grading" / "sample_class" / "build.py"
HONEST = ("ada", "bashir", "chiara", "dmitri", "emeka", "farah", "goran", "ines")
STOCK = """\
c = get_config()
c.CourseDirectory.course_id = "stock"
c.ClearSolutions.code_stub = {"python": "..."}
"""


@dataclass
class Cost:
    """What a command took: processor seconds of all its processes, and seconds by the clock."""

    cpu: float
    wall: float


def measured(command: list[str], directory: Path) -> Cost:
    """Run a command to its end, all output thrown away; ``SystemExit`` with its last words if it fails."""
    environment = {
        **os.environ,
        "PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", ""),
    }
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    after, ended = os.times(), time.perf_counter()
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1:]}")
    children = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return Cost(children, ended - began)


def sample_class() -> Any:
    """The module that builds the sample class."""
    spec = spec_from_file_location("sample_class", SAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hand_in(root: Path, students: int) -> None:
    """The honest part of the sample class, over and over, under different names."""
    shutil.rmtree(root / "submitted", ignore_errors=True)
    sample_class().build(root, list(HONEST))
    for number in range(students):
        source = root / "submitted" / HONEST[number % len(HONEST)] / UNIT
        shutil.copytree(source, root / "submitted" / f"s{number:05}" / UNIT)
    for name in HONEST:
        shutil.rmtree(root / "submitted" / name)


def courses(directory: Path) -> tuple[Path, Path]:
    """A course as nbgrader makes it and one as nlref makes it, with the same unit."""
    ours = init(directory / "ours", UNIT)
    stock = directory / "stock"
    stock.mkdir()
    (stock / "nbgrader_config.py").write_text(STOCK)
    shutil.copytree(ours / "source", stock / "source")
    release(Course(stock), UNIT)
    return stock, ours


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--students", type=int, default=24, help="notebooks in the class")
    options.add_argument("--rounds", type=int, default=2, help="how often each grades the class, in turn")
    options.add_argument("--jobs", type=int, default=1, help="worker processes of nlref grade")
    chosen = options.parse_args()
    python, nbgrader = sys.executable, [sys.executable, "-m", "nbgrader"]
    commands = {
        "nbgrader autograde": [[*nbgrader, "autograde", UNIT]],
        "nbgrader generate_feedback": [[*nbgrader, "generate_feedback", UNIT]],
        "nlref grade": [
            [
                python,
                "-c",
                f"from nlref.grading import grade; grade('.', {UNIT!r}, jobs={chosen.jobs})",
            ]
        ],
    }
    with tempfile.TemporaryDirectory(prefix="nlref-") as folder:
        stock, ours = courses(Path(folder))
        fresh = {root: (root / "gradebook.db").read_bytes() for root in (stock, ours)}
        totals: dict[tuple[str, int], list[Cost]] = {}
        for number in range(chosen.rounds):
            for students in (1, chosen.students):
                for root in (stock, ours) if number % 2 == 0 else (ours, stock):
                    for step in ("autograded", "feedback"):
                        shutil.rmtree(root / step, ignore_errors=True)
                    (root / "gradebook.db").write_bytes(fresh[root])
                    hand_in(root, students)
                    for name in commands:
                        if name.startswith("nbgrader") == (root == stock):
                            for command in commands[name]:
                                totals.setdefault((name, students), []).append(measured(command, root))
        report(totals, chosen.students)


def report(totals: dict[tuple[str, int], list[Cost]], students: int) -> None:
    """The table."""
    names = list(dict.fromkeys(name for name, _ in totals))
    best = {key: Cost(min(c.cpu for c in costs), min(c.wall for c in costs)) for key, costs in totals.items()}
    columns = ("a class of 1", f"a class of {students}", "a notebook", "each more", "wall")
    print(f"{'processor seconds':<28}" + "".join(f"{column:>16}" for column in columns))
    each, whole = {}, {}
    for name in names:
        one, all_of_them = best[name, 1], best[name, students]
        each[name] = (all_of_them.cpu - one.cpu) / max(1, students - 1)
        whole[name] = all_of_them.cpu / students
        print(
            f"{name:<28}{one.cpu:>16.2f}{all_of_them.cpu:>16.2f}{whole[name]:>16.3f}{each[name]:>16.3f}"
            f"{all_of_them.wall:>16.1f}"
        )
    stock = [name for name in names if name.startswith("nbgrader")]
    for title, of in (("a notebook of this class", whole), ("each more notebook", each)):
        alone = of["nbgrader autograde"] / of["nlref grade"]
        both = sum(of[name] for name in stock) / of["nlref grade"]
        print(f"{title}: nbgrader autograde / nlref = {alone:.1f}, with feedback = {both:.1f}")


if __name__ == "__main__":
    main()
