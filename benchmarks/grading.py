"""What grading takes, beside nbgrader on the same notebooks in the same run.

    python benchmarks/grading.py [--students 24] [--rounds 2] [--jobs 1]
    python benchmarks/grading.py --workers 2 [--students 200]
    python benchmarks/grading.py --scale 100 1000 10000

A class hands in unit 01 (right and wrong answers in turn; nothing that stops nbgrader). Two course directories hold the
same files: one as nbgrader makes it, one as ``nlref init`` makes it. In turn, each is graded from nothing:
``nbgrader autograde`` and ``nbgrader generate_feedback`` in the one, ``nlref grade``, which writes the feedback pages
too, in the other. Processor seconds include every process that the command started. The start of each command, which a
larger class pays once, is in them; the row "each more" takes the difference to a class of one, so that it is what one
more notebook costs. Memory is the largest sum of what all its processes held for themselves (PSS), looked at every
half second.

``--workers`` grades one class with one worker process and with several, by the clock. ``--scale`` grades classes of
these sizes with a notebook of two small exercises, so that what grows with the class itself can be seen.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
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
    """What a command took: processor seconds of all its processes, seconds by the clock, bytes at its peak."""

    cpu: float
    wall: float
    memory: int = 0


class Memory(threading.Thread):
    """Looks at what this process's descendants hold, until it is told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.5):
            self.peak = max(self.peak, sum(map(held, descendants(os.getpid()))))

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self.peak


def descendants(process: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    except OSError:
        pass  # it has ended
    return found


def held(process: int) -> int:
    """A process's proportional set size: pages that several share count in parts."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measured(command: list[str], directory: Path) -> Cost:
    """Run a command to its end, all output thrown away; ``SystemExit`` with its last words if it fails."""
    environment = {
        **os.environ,
        "PATH": sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", ""),
    }
    memory = Memory()
    memory.start()
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    after, ended = os.times(), time.perf_counter()
    peak = memory.stop()
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip().splitlines()[-1:]}")
    children = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return Cost(children, ended - began, peak)


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
    options.add_argument("--workers", type=int, help="compare one worker with this many, nlref alone")
    options.add_argument(
        "--scale", type=int, nargs="+", help="classes of these sizes, small notebooks, nlref alone"
    )
    chosen = options.parse_args()
    if chosen.scale:
        return scale(chosen.scale, chosen.jobs)
    if chosen.workers:
        return workers(chosen.workers, chosen.students, chosen.rounds)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    commands = {
        "nbgrader autograde": [[*nbgrader, "autograde", UNIT]],
        "nbgrader generate_feedback": [[*nbgrader, "generate_feedback", UNIT]],
        "nlref grade": [grading(UNIT, chosen.jobs)],
    }
    with tempfile.TemporaryDirectory(prefix="nlref-") as folder:
        stock, ours = courses(Path(folder))
        fresh = {root: (root / "gradebook.db").read_bytes() for root in (stock, ours)}
        totals: dict[tuple[str, int], list[Cost]] = {}
        for number in range(chosen.rounds):
            for students in (1, chosen.students):
                for root in (stock, ours) if number % 2 == 0 else (ours, stock):
                    again(root, fresh[root])
                    hand_in(root, students)
                    for name in commands:
                        if name.startswith("nbgrader") == (root == stock):
                            for command in commands[name]:
                                totals.setdefault((name, students), []).append(measured(command, root))
        report(totals, chosen.students)


def grading(assignment: str, jobs: int) -> list[str]:
    """The command that grades the course in the working directory."""
    return [
        sys.executable,
        "-c",
        f"from nlref.grading import grade; grade('.', {assignment!r}, jobs={jobs})",
    ]


def again(root: Path, gradebook: bytes) -> None:
    """As if nothing had been graded."""
    for step in ("autograded", "feedback"):
        shutil.rmtree(root / step, ignore_errors=True)
    (root / "gradebook.db").write_bytes(gradebook)


def workers(most: int, students: int, rounds: int) -> None:
    """One class with one worker and with several; the start, which does not divide, is taken off by a class of one."""
    with tempfile.TemporaryDirectory(prefix="nlref-") as folder:
        root = init(Path(folder) / "ours", UNIT)
        fresh = (root / "gradebook.db").read_bytes()
        best: dict[tuple[int, int], Cost] = {}
        for _ in range(rounds):
            for size in (most, students):
                hand_in(root, size)
                for jobs in (1, most):
                    again(root, fresh)
                    cost = measured(grading(UNIT, jobs), root)
                    key = (jobs, size)
                    best[key] = min(best.get(key, cost), cost, key=lambda cost: cost.wall)
    columns = (f"class of {most}, s", f"class of {students}, s", "each more, s", "memory, MB")
    print(f"{'workers':>8}" + "".join(f"{column:>18}" for column in columns))
    each = {}
    for jobs in (1, most):
        few, many = best[jobs, most], best[jobs, students]
        each[jobs] = (many.wall - few.wall) / (students - most)
        print(f"{jobs:>8}{few.wall:>18.2f}{many.wall:>18.2f}{each[jobs]:>18.4f}{many.memory / 1e6:>18.0f}")
    print(f"{most} workers are {each[1] / each[most]:.2f} times as fast as one")


SMALL = [
    (
        "def squares(n):\n    ### BEGIN SOLUTION\n    return [i * i for i in range(n)]\n    ### END SOLUTION",
        "squares",
    ),
    ("assert squares(3) == [0, 1, 4]\nassert squares(0) == []", "squares-check"),
    ("def mean(x):\n    ### BEGIN SOLUTION\n    return sum(x) / len(x)\n    ### END SOLUTION", "mean"),
    ("assert mean([1, 2]) == 1.5", "mean-check"),
]
ANSWERS = (
    "def mean(x):\n    return sum(x) / len(x)",
    "def mean(x):\n    return x[0]",
    "def mean(x):\n    1 / 0",
)


def scale(sizes: list[int], jobs: int) -> None:
    """Classes of growing size, with a notebook that costs as little as one can."""
    print(
        f"{'submissions':>12}{'wall, s':>10}{'processor, s':>14}{'processor, ms each':>20}{'memory, MB':>12}"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="nlref-") as folder:
            root = Path(folder)
            (root / "nbgrader_config.py").write_text(STOCK)
            source = root / "source" / "small"
            source.mkdir(parents=True)
            cells = [cell(text, name) for text, name in SMALL]
            (source / "small.ipynb").write_text(json.dumps(notebook(cells)))
            release(Course(root), "small")
            released = json.loads((root / "release" / "small" / "small.ipynb").read_text())
            for number in range(size):
                content = json.loads(json.dumps(released))
                content["cells"][0]["source"] = (
                    f"def squares(n):\n    return [i * i for i in range(n)]  # {number}"
                )
                content["cells"][2]["source"] = ANSWERS[number % len(ANSWERS)]
                folder_of_one = root / "submitted" / f"s{number:05}" / "small"
                folder_of_one.mkdir(parents=True)
                (folder_of_one / "small.ipynb").write_text(json.dumps(content))
            cost = measured(grading("small", jobs), root)
        print(
            f"{size:>12}{cost.wall:>10.1f}{cost.cpu:>14.1f}{1e3 * cost.cpu / size:>20.1f}{cost.memory / 1e6:>12.0f}",
            flush=True,
        )


def cell(source: str, grade_id: str) -> dict[str, Any]:
    """A cell of an instructor's notebook: a test if it is called so."""
    test = grade_id.endswith("-check")
    flags = {
        "grade": test,
        "solution": not test,
        "locked": test,
        "task": False,
        **({"points": 1} if test else {}),
    }
    return {
        "cell_type": "code",
        "id": grade_id,
        "metadata": {"nbgrader": {"schema_version": 3, "grade_id": grade_id, **flags}},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook file's content."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def report(totals: dict[tuple[str, int], list[Cost]], students: int) -> None:
    """The table."""
    names = list(dict.fromkeys(name for name, _ in totals))
    best = {
        key: Cost(min(c.cpu for c in costs), min(c.wall for c in costs), max(c.memory for c in costs))
        for key, costs in totals.items()
    }
    columns = ("a class of 1", f"a class of {students}", "a notebook", "each more", "wall, s", "memory, MB")
    print(f"{'processor seconds':<28}" + "".join(f"{column:>16}" for column in columns))
    each, whole = {}, {}
    for name in names:
        one, all_of_them = best[name, 1], best[name, students]
        each[name] = (all_of_them.cpu - one.cpu) / max(1, students - 1)
        whole[name] = all_of_them.cpu / students
        print(
            f"{name:<28}{one.cpu:>16.2f}{all_of_them.cpu:>16.2f}{whole[name]:>16.3f}{each[name]:>16.3f}"
            f"{all_of_them.wall:>16.1f}{all_of_them.memory / 1e6:>16.0f}"
        )
    stock = [name for name in names if name.startswith("nbgrader")]
    for title, of in (("a notebook of this class", whole), ("each more notebook", each)):
        alone = of["nbgrader autograde"] / of["nlref grade"]
        both = sum(of[name] for name in stock) / of["nlref grade"]
        print(f"{title}: nbgrader autograde / nlref = {alone:.1f}, with feedback = {both:.1f}")


if __name__ == "__main__":
    main()
