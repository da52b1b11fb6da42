"""How long a check takes, beside nbgrader's Validate on the same notebook in the same run.

    python benchmarks/checks.py [--runs 21]

A row an exercise: the median of ``check`` without and with its picture, for the worked solution and for the known
mistake that takes longest. Below: nbgrader's Validate, which runs the whole worked notebook in a new kernel.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nlref.checks import EXERCISES, Exercise, evaluate
from nlref.course_files import course_files
from nlref.learn.picture import picture


def milliseconds(call: Callable[[], Any], runs: int) -> float:
    """Median time of ``call``, after one call that is not counted."""
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def validate_seconds(notebook: str) -> float:
    """How long nbgrader's Validate takes for a notebook, as its button in JupyterLab calls it."""
    from nbgrader.validator import Validator

    start = time.perf_counter()
    Validator().validate(notebook)
    return time.perf_counter() - start


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--runs", type=int, default=21, help="counted runs of each check")
    runs = arguments.parse_args().runs
    exercises = [exercise for exercise in EXERCISES.values() if isinstance(exercise, Exercise)]
    print(f"{'exercise':<16}{'right, ms':>12}{'with picture':>14}{'slowest mistake, ms':>22}")
    totals: dict[str, float] = {}
    for exercise in exercises:
        right = exercise.alternatives[0]

        def shown(exercise: Exercise = exercise, right: Callable[..., Any] = right) -> str:
            return replace(evaluate(exercise, right), picture=picture(exercise, right))._repr_html_()

        plain = milliseconds(lambda e=exercise, r=right: evaluate(e, r), runs)
        drawn = milliseconds(shown, runs)
        worst = max(
            milliseconds(lambda e=exercise, m=m: evaluate(e, m.function), 5) for m in exercise.mistakes
        )
        totals[exercise.unit] = totals.get(exercise.unit, 0.0) + drawn
        print(f"{exercise.id:<16}{plain:>12.1f}{drawn:>14.1f}{worst:>22.1f}")
    print()
    for unit, total in totals.items():
        notebook = course_files().solutions / unit / f"{unit}.ipynb"
        peer = statistics.median(validate_seconds(str(notebook)) for _ in range(3))
        print(
            f"{unit}: all checks with pictures {total / 1e3:.2f} s, nbgrader Validate {peer:.2f} s, "
            f"ratio 1/{peer / total * 1e3:.0f}"
        )


if __name__ == "__main__":
    main()
