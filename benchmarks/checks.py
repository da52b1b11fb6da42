"""What the checks catch, name and cost, exercise by exercise, beside nbgrader's Validate in the same run.

    python benchmarks/checks.py [--only softmax] [--unit 03_softmax] [--runs 21] [--no-mutants] [--no-validate]

Columns: the mistakes of the record, how many of them lose points by the criterion that they name and how many are
named; the mutants of the solution and of the alternatives (``mutants.py``), those that are equivalent, and how many of
the others lose points; the median processor time of ``check`` in milliseconds, which other programs on the machine do
not lengthen, for a right answer, for a right answer with its picture, and for the known mistake that takes longest,
each after a first check. Below: answers that no record lists
(``tests/checks/unseen/``), of which those held out are the ones that no check was improved by; and nbgrader's
Validate, which runs the whole worked notebook in a new kernel.
"""

import argparse
import functools
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.mutants import kills  # noqa: E402
from nlref.checks import EXERCISES, Exercise, evaluate  # noqa: E402
from nlref.course_files import course_files  # noqa: E402
from nlref.learn.picture import picture  # noqa: E402
from tests.checks.unseen import ANSWERS  # noqa: E402


def milliseconds(call: Callable[[], Any], runs: int, clock: Callable[[], float] = time.process_time) -> float:
    """Median time of ``call``, after one call that is not counted."""
    call()
    times = []
    for _ in range(runs):
        start = clock()
        call()
        times.append(clock() - start)
    return 1e3 * statistics.median(times)


def validate_seconds(notebook: str) -> float:
    """How long nbgrader's Validate takes for a notebook, as its button in JupyterLab calls it."""
    from nbgrader.validator import Validator

    start = time.perf_counter()
    Validator().validate(notebook)
    return time.perf_counter() - start


def answer(exercise: Exercise, function: Callable[..., Any]) -> Any:
    """What a learner hands over: the function or class, or the value that it gives."""
    return function() if exercise.kind == "value" else function


def caught_and_named(exercise: Exercise) -> tuple[int, int]:
    """How many mistakes of a record fail by the criterion that they name, and how many are named."""
    caught = named = 0
    for mistake in exercise.mistakes:
        result = evaluate(exercise, answer(exercise, mistake.function))
        criterion = next(c for c in result.criteria if c.name == mistake.criterion)
        caught += not criterion.passed and not result.passed
        named += result.mistake == mistake.name
    return caught, named


def times(exercise: Exercise, runs: int) -> tuple[float, float, float, float]:
    """Milliseconds of a right answer, of that with its picture, of the slowest mistake; the second by the clock too."""
    right = answer(exercise, exercise.alternatives[0])

    def shown() -> str:
        return replace(evaluate(exercise, right), picture=picture(exercise, right))._repr_html_()

    slowest = max(
        milliseconds(
            functools.partial(evaluate, exercise, answer(exercise, mistake.function)), max(3, runs // 4)
        )
        for mistake in exercise.mistakes
    )
    return (
        milliseconds(lambda: evaluate(exercise, right), runs),
        milliseconds(shown, runs),
        slowest,
        milliseconds(shown, 3, time.perf_counter),
    )


def say_unseen(exercises: list[Exercise]) -> None:
    """The rates for answers that no record lists."""
    asked = {exercise.id for exercise in exercises}
    answers = [answer for answer in ANSWERS if answer.exercise in asked]
    if not answers:
        return
    results = [(answer, evaluate(answer.exercise, answer.given, private_seed=7)) for answer in answers]
    right = [result for answer, result in results if answer.slip is None]
    print(f"\nunseen right answers: {len(right)}, of which {sum(not r.passed for r in right)} lose a point")
    for held, words in ((False, "wrong, used to improve"), (True, "wrong, held out")):
        some = [result for answer, result in results if answer.slip is not None and answer.held_out is held]
        named = sum(result.mistake is not None for result in some)
        caught = sum(not result.passed for result in some)
        print(
            f"unseen {words}: {len(some)}, caught {caught}, named {named} ({named / max(1, len(some)):.0%})"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--runs", type=int, default=21, help="counted runs of each check")
    arguments.add_argument("--only", help="the id of one exercise")
    arguments.add_argument("--unit", help="the exercises of one unit")
    arguments.add_argument("--no-mutants", action="store_true", help="leave out the mutants")
    arguments.add_argument("--no-validate", action="store_true", help="leave out nbgrader's Validate")
    given = arguments.parse_args()
    warnings.simplefilter("ignore")  # of the mistakes, which are wrong on purpose
    exercises = [
        exercise
        for exercise in EXERCISES.values()
        if isinstance(exercise, Exercise)
        and given.only in (None, exercise.id)
        and given.unit in (None, exercise.unit)
    ]
    if not exercises:
        raise SystemExit("there is no such exercise")
    print(
        f"{'exercise':<36}{'mistakes':>9}{'caught':>8}{'named':>7}{'mutants':>9}{'equal':>7}{'killed':>8}"
        f"{'right ms':>10}{'picture':>9}{'wrong ms':>10}"
    )
    mistakes = caught = named = mutants = equivalent = missed = 0
    shown: dict[str, float] = {}
    slow_right = slow_shown = slow_wrong = 0.0
    for exercise in exercises:
        found = caught_and_named(exercise)
        killed = None if given.no_mutants else kills(exercise)
        right, drawn, wrong, waited = times(exercise, given.runs)
        if killed is not None:
            counts = f"{killed.number:>9}{len(killed.equivalent):>7}{killed.rate:>8.1%}"
            mutants, equivalent = mutants + killed.number, equivalent + len(killed.equivalent)
            missed += len(killed.missed)
        else:
            counts = f"{'-':>9}{'-':>7}{'-':>8}"
        print(
            f"{exercise.id:<36}{len(exercise.mistakes):>9}{found[0]:>8}{found[1]:>7}{counts}"
            f"{right:>10.1f}{drawn:>9.1f}{wrong:>10.1f}",
            flush=True,
        )
        for text in () if killed is None else killed.missed:
            print(f"    missed: {text}")
        mistakes, caught, named = mistakes + len(exercise.mistakes), caught + found[0], named + found[1]
        shown[exercise.unit] = shown.get(exercise.unit, 0.0) + waited
        slow_right, slow_shown, slow_wrong = (
            max(slow_right, right),
            max(slow_shown, drawn),
            max(slow_wrong, wrong),
        )
    print(
        f"\n{len(exercises)} exercises, {mistakes} mistakes, caught {caught / mistakes:.1%}, "
        f"named {named / mistakes:.1%}; slowest check {slow_right:.1f} ms right, "
        f"{slow_shown:.1f} ms with picture, {slow_wrong:.1f} ms wrong"
    )
    if not given.no_mutants:
        wrong_mutants = mutants - equivalent
        print(
            f"{mutants} mutants, {equivalent} equivalent, of the others {1 - missed / max(1, wrong_mutants):.2%} killed"
        )
    say_unseen(exercises)
    print()
    for unit, total in shown.items() if not given.no_validate else ():
        notebook = course_files().solutions / unit / f"{unit}.ipynb"
        if not notebook.is_file():
            print(f"{unit}: not built yet")
            continue
        peer = statistics.median(validate_seconds(str(notebook)) for _ in range(3))
        print(
            f"{unit}: all checks with pictures {total / 1e3:.2f} s, nbgrader Validate {peer:.2f} s, "
            f"ratio 1/{peer / total * 1e3:.0f}"
        )


if __name__ == "__main__":
    main()
