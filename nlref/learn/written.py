"""``written``: what a cell asks before it goes on with functions of the learner's."""

from collections.abc import Callable
from typing import Any

from nlref.checks import EXERCISES, Exercise
from nlref.checks.engine import readiness


def written(*parts: Callable[..., Any]) -> bool:
    """Whether all of these functions and classes can be used; otherwise a line says what to do first.

    A stub is to be written; what raises, or gives results of another shape than asked, is to be mended. Values may be
    wrong. What goes by a name that no exercise has is taken as it is.

        if written(relu, sigmoid):
            plt.plot(x, relu(x))
    """
    exercises = {one.function: one for one in EXERCISES.values() if isinstance(one, Exercise)}
    to_do: dict[str, list[str]] = {"unwritten": [], "unusable": []}
    for part in parts:
        name = getattr(part, "__name__", None)
        if name is None:
            to_do["unwritten"].append("what this cell uses")
        elif name in exercises and (found := readiness(exercises[name], part)) != "usable":
            to_do[found].append(name)
    if to_do["unwritten"]:
        print(f"First write {_listed(to_do['unwritten'])} above, then run this cell again.")
    if to_do["unusable"]:
        print(f"First mend {_listed(to_do['unusable'])} above, as the check says, then run this cell again.")
    return not any(to_do.values())


def _listed(names: list[str]) -> str:
    return " and ".join(dict.fromkeys(names))
