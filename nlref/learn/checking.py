"""``check``: judge a function in the notebook where it was written."""

import os
from dataclasses import replace
from textwrap import wrap
from typing import Any

from nlref.checks import CheckResult, Exercise, evaluate, find
from nlref.learn.attempts import record
from nlref.learn.show import in_notebook


class CheckFailed(AssertionError):
    """Raised in nbgrader's Validate only, which takes anything but an error for a success.

    IPython shows the lines of ``_render_traceback_`` in place of a traceback, so that the dialog names the mistake.
    """

    width = 86  # what the dialog shows without cutting

    def __init__(self, result: CheckResult) -> None:
        super().__init__(str(result))
        self.result = result

    def _render_traceback_(self) -> list[str]:
        lines = []
        for line in str(self.result).splitlines():
            indent = " " * (len(line) - len(line.lstrip()))
            lines.extend(
                wrap(line, self.width, subsequent_indent=indent, break_long_words=True, drop_whitespace=True)
                or [""]
            )
        return lines


def check(exercise: str, obj: Any, *, points: float | None = None, show: bool = True) -> CheckResult:
    """Judge ``obj``, your function, by the criteria of an exercise.

    Parameters
        exercise: the exercise's name, such as ``"sigmoid"``.
        obj: the function itself, not a call of it.
        points: what the exercise is worth, if not what its record says.
        show: draw the picture too (yours beside the reference, the error below) and, in a terminal, print the
            report. With ``False`` nothing is printed or drawn.

    Returns
        The result. As the last line of a cell it is shown as a page; as a number it is the score.

    Raises
        ValueError: there is no exercise of that name.
        CheckFailed: points are missing and nbgrader's Validate is running.

    Your function's prints, warnings and logging are caught and reported, so that they cost nothing by themselves.
    """
    result = evaluate(exercise, obj, points=points)
    return present(result, obj, show=show)


def present(result: CheckResult, obj: Any, *, show: bool) -> CheckResult:
    """Hand a result on in the way that the place asks for: a notebook, a terminal, nbgrader's Validate or autograde."""
    place = os.environ.get("NBGRADER_EXECUTION")
    if place == "validate" and not result.passed:
        raise CheckFailed(result)
    if place is not None:
        return result
    record(result, obj)
    if show and in_notebook():
        exercise = find(result.exercise)
        if isinstance(exercise, Exercise) and result.attempted:
            from nlref.learn.picture import picture

            result = replace(result, picture=picture(exercise, obj))
    elif show:
        print(result)
    return result
