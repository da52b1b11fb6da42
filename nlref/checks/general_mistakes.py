"""Mistakes that people make in any exercise, so that no record has to list them."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from nlref.checks.exercise import Exercise, Mistake

# Criteria whose numbers a general mistake can explain.
LOOK_AT_NUMBERS = ("values", "shape", "axis", "gradient")

# The right answer, changed: a name, what is done to it, and a sentence.
_CHANGES: tuple[tuple[str, Callable[[np.ndarray], Any], str], ...] = (
    ("sign flipped", np.negative, "All values are right but for their sign."),
    ("factor 2", lambda y: 2 * y, "All values are exactly twice as large as they should be."),
    ("factor 1/2", lambda y: y / 2, "All values are exactly half as large as they should be."),
    ("one too large", lambda y: 1 + y, "All values are too large by exactly 1."),
    ("one too small", lambda y: y - 1, "All values are too small by exactly 1."),
    ("one minus", lambda y: 1 - y, "Each value is 1 minus the right one."),
    ("squared", np.square, "Each value is the square of the right one."),
    ("square root", np.sqrt, "Each value is the square root of the right one."),
    ("reciprocal", lambda y: 1 / y, "Each value is 1 divided by the right one."),
    ("logarithm too many", np.log, "Each value is the logarithm of the right one."),
    ("exponential too many", np.exp, "Each value is the exponential of the right one."),
    (
        "logarithm to base 2",
        lambda y: y / np.log(2),
        "All values are right but for a factor 1/log(2): that is the logarithm to base 2. Here it is `np.log`.",
    ),
    (
        "logarithm to base 10",
        lambda y: y / np.log(10),
        "All values are right but for a factor 1/log(10): that is the logarithm to base 10. Here it is `np.log`.",
    ),
    ("transposed", np.transpose, "The values are right, and rows and columns have changed places."),
    ("summed up", np.sum, "One number comes back, the sum of all the values that were asked for."),
    ("averaged", np.mean, "One number comes back, the mean of all the values that were asked for."),
)


def _nothing_to_call(*args: Any, **kwargs: Any) -> None:
    raise TypeError("this mistake is known by what it does to a right answer")


CHANGES = tuple((Mistake(name, _nothing_to_call, "values", text), change) for name, change, text in _CHANGES)


def general_mistakes(exercise: Exercise) -> tuple[Mistake, ...]:
    """Mistakes that can be made in any exercise: the right answer transformed, or asked with other arguments.

    They can be named in every criterion that looks at numbers.
    """
    if exercise.kind != "function":
        return ()
    right = exercise.reference

    def mistake(name: str, function: Callable[..., Any], sentence: str) -> Mistake:
        return Mistake(name, function, "values", sentence)

    def then(change: Callable[[np.ndarray], Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: change(np.asarray(right(*args, **kwargs)))

    found = [
        *(mistake(made.name, then(change), made.sentence) for made, change in CHANGES),
        mistake(
            "mirrored in x",
            lambda x, *args, **kwargs: right(-x, *args, **kwargs),
            f"This is the function of -{exercise.arguments[0]}: somewhere a minus is missing or doubled.",
        ),
        mistake(
            "input returned",
            lambda x, *args, **kwargs: x,
            f"{exercise.arguments[0]} comes back as it was.",
        ),
        mistake(
            "one question for a whole array",
            _ask_whole_array,
            "Python's `if`, `and`, `or` and `max` want one yes or no, and an array gives one for each element. "
            "`np.where` and `np.maximum` choose element by element.",
        ),
        mistake(
            "summed over the last axis, not averaged",
            lambda x, *args, **kwargs: np.asarray(right(x, *args, **kwargs)) * np.shape(x)[-1],
            "All values are too large by the length of the last axis: a sum stands where a mean should.",
        ),
        mistake(
            "summed over the samples, not averaged",
            lambda x, *args, **kwargs: np.asarray(right(x, *args, **kwargs)) * np.shape(x)[0],
            "All values are too large by the number of samples: a sum stands where a mean should.",
        ),
        mistake(
            "averaged over the last axis, not summed",
            lambda x, *args, **kwargs: np.asarray(right(x, *args, **kwargs)) / np.shape(x)[-1],
            "All values are too small by the length of the last axis: a mean stands where a sum should.",
        ),
        mistake(
            "the first row for all",
            lambda x, *args, **kwargs: np.broadcast_to(right(x, *args, **kwargs)[:1], np.shape(x)),
            "Every row has the values of the first one.",
        ),
    ]
    if len(exercise.arguments) > 1:
        first, second = exercise.arguments[:2]
        found.append(
            mistake(
                "arguments swapped",
                lambda x, y, *args, **kwargs: right(y, x, *args, **kwargs),
                f"This is right with {first} and {second} exchanged: their order is ({first}, {second}).",
            )
        )
    if "axis" in inspect.signature(right).parameters:
        found += [
            mistake(
                "axis ignored",
                lambda *args, axis=None, **kwargs: right(*args, **kwargs),
                "Whatever `axis` is, the default axis is used.",
            ),
            mistake(
                "first axis",
                lambda *args, axis=None, **kwargs: right(*args, axis=0, **kwargs),
                "This runs along the first axis, over the samples. It should run along `axis`, by default the last.",
            ),
            mistake(
                "all axes at once",
                lambda x, *args, axis=None, **kwargs: np.reshape(
                    right(np.reshape(x, -1), *args, **kwargs), np.shape(x)
                ),
                "This treats the whole array as one row. It should run along `axis` alone.",
            ),
        ]
    return tuple(found)


def _ask_whole_array(x: np.ndarray, *args: Any, **kwargs: Any) -> None:
    if x > 0:
        pass
