"""Mistakes that people make in any exercise, so that no record has to list them."""

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nlref import activations, losses
from nlref.checks.exercise import Exercise, Mistake

# Criteria whose numbers a general mistake can explain.
LOOK_AT_NUMBERS = ("values", "shape", "axis", "gradient")

# What the values of another function of the package are called.
ANOTHER = "another function"

# Those that show themselves as an error.
ERRORS = ("one question for a whole array", "a function of single numbers")


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


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
    ("the largest", np.max, "One number comes back, the largest of all the values that were asked for."),
    ("the smallest", np.min, "One number comes back, the smallest of all the values that were asked for."),
    ("flattened", np.ravel, "The values are right and stand in one long row: the shape is lost."),
    (
        "an axis too many",
        lambda y: y[..., None],
        "The values are right, with an axis of length 1 too many at the end.",
    ),
    (
        "an axis too many in front",
        lambda y: y[None],
        "The values are right, with an axis of length 1 too many in front.",
    ),
    ("axes of length 1 lost", np.squeeze, "The values are right, and axes of length 1 are lost."),
    (
        "decimals cut off",
        np.trunc,
        "The decimals are cut off: somewhere an array of integers takes the numbers in.",
    ),
    ("sigmoid too many", _sigmoid, "Each value has gone through a sigmoid that is one too many."),
    ("softmax too many", _softmax, "The values have gone through a softmax that is one too many."),
    ("absolute values", np.abs, "All values are right but for the minus that some of them have lost."),
    ("summed along the last axis", lambda y: np.sum(y, axis=-1), "A sum over the last axis is one too many."),
    (
        "averaged along the last axis",
        lambda y: np.mean(y, axis=-1),
        "A mean over the last axis is one too many.",
    ),
    (
        "summed over the samples",
        lambda y: np.sum(y, axis=0),
        "A sum over the first axis, the samples, is one too many.",
    ),
    (
        "averaged over the samples",
        lambda y: np.mean(y, axis=0),
        "A mean over the first axis, the samples, is too many.",
    ),
)


def _nothing_to_call(*args: Any, **kwargs: Any) -> None:
    raise TypeError("this mistake is known by what it does to a right answer")


# What is seen in the numbers that come back, without a function that would give them; sentences without a number.
SAME_FACTOR = Mistake("constant factor", _nothing_to_call, "values", "All values are off by the same factor.")
SAME_DIFFERENCE = Mistake(
    "constant difference",
    _nothing_to_call,
    "values",
    "All values are too large or too small by the same amount.",
)
FEW_DIGITS = Mistake(
    "too few digits",
    _nothing_to_call,
    "values",
    "All values are nearly right: look for a constant with too few digits, for float32, or for a small number that was "
    "added.",
)
OBSERVED = (SAME_FACTOR, SAME_DIFFERENCE, FEW_DIGITS)
IN_PLACE = Mistake(
    "in place",
    _nothing_to_call,
    "input unchanged",
    "`*=`, `+=` and `x[...] = ...` write into the caller's array. Build a new one, or begin with a copy: `x.copy()`.",
)
OTHER_DEFAULT = Mistake(
    "another default",
    _nothing_to_call,
    "values",
    "All is right where every argument is given, and wrong where one is left out: look at the defaults.",
)
CHANGES = tuple((Mistake(name, _nothing_to_call, "values", text), change) for name, change, text in _CHANGES)


def general_mistakes(exercise: Exercise) -> tuple[Mistake, ...]:
    """Mistakes that can be made in any exercise: the right answer transformed, or asked with other arguments.

    They can be named in every criterion that looks at numbers.
    """
    if exercise.kind == "class":
        return _of_constructor(exercise)
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
            ERRORS[0],
            _ask_whole_array,
            "Python's `if`, `and`, `or` and `max` want one yes or no, and an array gives one for each element. "
            "`np.where` and `np.maximum` choose element by element.",
        ),
        mistake(
            ERRORS[1],
            lambda *args, **kwargs: math.exp(np.zeros(2)),
            "The functions of `math`, and `float`, take one number. Those of `np`, such as `np.exp`, take an array.",
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
    first_name, last_name = exercise.arguments[0], exercise.arguments[-1]
    found += [
        mistake(
            "one power too many",
            lambda x, *args, **kwargs: np.asarray(right(x, *args, **kwargs)) * x,
            f"Each value is multiplied by {first_name} once too often: the degree is too high by 1.",
        ),
        mistake(
            "one power too few",
            lambda x, *args, **kwargs: np.asarray(right(x, *args, **kwargs)) / x,
            f"A factor {first_name} is missing: the degree is too low by 1.",
        ),
        mistake(
            "probabilities for logits",
            lambda *args, **kwargs: right(*args[:-1], _sigmoid(args[-1]), **kwargs),
            f"This is right for sigmoid({last_name}): a sigmoid is one too many.",
        ),
        mistake(
            "softmax for logits",
            lambda *args, **kwargs: right(*args[:-1], _softmax(args[-1]), **kwargs),
            f"This is right for softmax({last_name}): a softmax is one too many.",
        ),
        mistake(
            "one row for all rows",
            lambda x, *args, **kwargs: right(
                x[:1], *(a[:1] if _is_like(a, x) else a for a in args), **kwargs
            ),
            "Only the first row is answered.",
        ),
    ]
    found += [
        mistake(name, _of_length(right, change), sentence)
        for name, change, sentence in (
            (
                "root of the length too large",
                lambda y, n: y * np.sqrt(n),
                "All values are too large by the square root of the length of the last axis.",
            ),
            (
                "logarithm of the length too large",
                lambda y, n: y + np.log(n),
                "All values are too large by the logarithm of the length of the last axis: a mean and a sum are "
                "exchanged.",
            ),
            (
                "logarithm of the length too small",
                lambda y, n: y - np.log(n),
                "All values are too small by the logarithm of the length of the last axis: a mean and a sum are "
                "exchanged.",
            ),
        )
    ]
    found += [
        mistake(
            "function of the absolute value",
            lambda x, *args, **kwargs: right(np.abs(x), *args, **kwargs),
            f"This is the function of |{first_name}|: the sign of {first_name} is lost.",
        ),
        mistake(
            "function of minus the absolute value",
            lambda x, *args, **kwargs: right(-np.abs(x), *args, **kwargs),
            f"This is the function of -|{first_name}|: the sign of {first_name} is lost.",
        ),
        mistake(
            "over the whole array",
            lambda x, *args, **kwargs: right(np.reshape(x, -1), *args, **kwargs),
            "This treats the whole array as one row.",
        ),
    ]
    found += [mistake(name, _reduced(right, reduce), sentence) for name, reduce, sentence in _REDUCTIONS]
    found += [
        mistake(f"{name} {kind}", _of_parameter(right, place, name, change), sentence.format(name=name))
        for place, name in _parameters(exercise)
        for kind, change, sentence in _PARAMETERS
    ]
    found += [
        mistake(f"{kind} {name}", _with_parameter(right, place, name, change), sentence.format(name=name))
        for place, name in _parameters(exercise)
        for kind, change, sentence in (
            ("multiplied by", np.multiply, "Each value is multiplied by {name} once too often."),
            ("divided by", np.divide, "Each value is the right one divided by {name}."),
        )
    ]
    for name in _optional(exercise):
        found.append(
            mistake(
                f"{name} ignored",
                lambda *args, name=name, **kwargs: right(
                    *args, **{key: value for key, value in kwargs.items() if key != name}
                ),
                _IGNORED.format(name=name),
            )
        )
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
    found += [
        mistake(f"{ANOTHER}: {name}", function, f"These are the values of `{name}`.")
        for name, function in _others(exercise)
    ]
    return tuple(found)


def _others(exercise: Exercise) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The package's functions of the same arguments, with their defaults: something else that has a name."""
    if len(exercise.arguments) == 1:
        for name in (*activations.FACTS, *activations.ROW_FACTS):
            function = getattr(activations, name)
            if name != exercise.function and _needed(function) == 1:
                yield name, lambda x, *args, _function=function, **kwargs: _function(x)
    elif exercise.arguments == ("y_true", "y_pred"):
        for name in losses.FACTS:
            function = getattr(losses, name)
            if name != exercise.function and _needed(function) == 2:
                yield (
                    name,
                    lambda y, p, *args, _function=function, **kwargs: _function(y, p, reduction=None),
                )


def _needed(function: Callable[..., Any]) -> int:
    """How many arguments a function cannot do without."""
    parameters = inspect.signature(function).parameters.values()
    return sum(parameter.default is inspect.Parameter.empty for parameter in parameters)


# What becomes of the values of the single entries, where a mean over the last axis is asked.
_REDUCTIONS: tuple[tuple[str, Callable[[np.ndarray], Any], str], ...] = (
    (
        "not reduced",
        lambda e: e,
        "One value for each entry comes back: the mean over the last axis is missing.",
    ),
    ("the largest of a sample", lambda e: np.max(e, axis=-1), "The largest stands where a mean should."),
    ("the median of a sample", lambda e: np.median(e, axis=-1), "The median stands where a mean should."),
    (
        "over the samples",
        lambda e: np.mean(e, axis=0),
        "The mean runs over the first axis. It should run over the last.",
    ),
    ("sum of everything", np.sum, "One number comes back, the sum of all entries of all samples."),
    (
        "sum over the samples",
        lambda e: np.sum(e, axis=0),
        "A sum over the first axis stands where a mean over the last should.",
    ),
    (
        "divided by the number of samples",
        lambda e: np.sum(e, axis=-1) / len(e),
        "The sum of a sample is divided by the number of samples. It should be divided by the number of its entries.",
    ),
    (
        "divided by one less",
        lambda e: np.sum(e, axis=-1) / (np.shape(e)[-1] - 1),
        "The sum is divided by one less than the number of entries, as for an unbiased variance.",
    ),
    (
        "square of the mean root",
        lambda e: np.mean(np.sqrt(e), axis=-1) ** 2,
        "The mean is taken first and then the square: the square comes first.",
    ),
)

_IGNORED = "Whatever `{name}` is, the result is that of its default."

# What becomes of a parameter, such as a slope, before it is used.
_PARAMETERS: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
    (
        "upside down",
        lambda a: 1 / a,
        "This is right for 1/{name}: a product with {name} and a quotient are exchanged.",
    ),
    ("squared", lambda a: a * a, "This is right for the square of {name}."),
    ("square root", np.sqrt, "This is right for the square root of {name}."),
    ("with the other sign", lambda a: -a, "This is right for -{name}: its sign is turned."),
    ("plus 1", lambda a: 1 + a, "This is right for 1 + {name}."),
    ("one minus", lambda a: 1 - a, "This is right for 1 - {name}."),
    ("twice", lambda a: 2 * a, "This is right for twice {name}."),
    ("half", lambda a: a / 2, "This is right for half of {name}."),
)


def _of_length(right: Callable[..., Any], change: Callable[[np.ndarray, int], Any]) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: change(np.asarray(right(x, *args, **kwargs)), np.shape(x)[-1])


def _reduced(right: Callable[..., Any], reduce: Callable[[np.ndarray], Any]) -> Callable[..., Any]:
    """A function of several arrays of one shape, with another reduction than its mean over the last axis.

    The reference on entries with an axis of their own gives the value of each entry. ``ValueError`` if the mean of
    those is not what it gives for whole samples.
    """

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2 or len({np.shape(a) for a in args}) != 1 or not np.ndim(args[0]):
            raise ValueError("this is no mean over entries")
        entries = np.asarray(right(*(np.asarray(a)[..., None] for a in args), **kwargs))
        whole = np.asarray(right(*args, **kwargs))
        if entries.shape != np.shape(args[0]) or not np.allclose(
            entries.mean(axis=-1), whole, rtol=1e-9, atol=0
        ):
            raise ValueError("this is no mean over entries")
        return reduce(entries)

    return function


def _parameters(exercise: Exercise) -> list[tuple[int | None, str]]:
    """The parameters of a function that are numbers: by their place, or ``None`` for keywords."""
    cases = exercise.public_inputs()
    placed = [
        (place, name)
        for place, name in enumerate(exercise.arguments)
        if place and any(isinstance(case.arguments[place], int | float) for case in cases)
    ]
    named = dict.fromkeys(
        key
        for case in cases
        for key, value in case.keywords.items()
        if type(value) is float and key != "axis"
    )
    return placed + [(None, name) for name in named]


def _of_parameter(
    right: Callable[..., Any], place: int | None, name: str, change: Callable[[Any], Any]
) -> Callable[..., Any]:
    """The function with a parameter that is changed first."""

    def function(*args: Any, **kwargs: Any) -> Any:
        changed = change(_given(right, place, name, args, kwargs))
        if place is not None:
            return right(*args[:place], changed, *args[place + 1 :], **kwargs)
        return right(*args, **{**kwargs, name: changed})

    return function


def _of_constructor(exercise: Exercise) -> tuple[Mistake, ...]:
    """The class, made with a setting that is changed first: each that has a number with decimals by default."""
    signature = inspect.signature(exercise.reference)

    def changed(name: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            given.arguments[name] = change(given.arguments[name])
            return exercise.reference(*given.args, **given.kwargs)

        return make

    defaults = {name: one.default for name, one in signature.parameters.items()}
    found = []
    for name, default in defaults.items():
        if isinstance(default, float):
            ignored = ("ignored", lambda _, default=default: default, _IGNORED)
            found += [
                Mistake(f"{name} {kind}", changed(name, change), "values", sentence.format(name=name))
                for kind, change, sentence in (ignored, *_PARAMETERS)
            ]
    return tuple(found)


def _with_parameter(
    right: Callable[..., Any], place: int | None, name: str, change: Callable[[Any, Any], Any]
) -> Callable[..., Any]:
    """The function, whose results are changed by a parameter."""
    return lambda *args, **kwargs: change(
        np.asarray(right(*args, **kwargs)), _given(right, place, name, args, kwargs)
    )


def _given(right: Callable[..., Any], place: int | None, name: str, args: Any, kwargs: Any) -> Any:
    """What a parameter is in a call, by its place, its name or its default."""
    if place is not None:
        return args[place]
    return kwargs[name] if name in kwargs else inspect.signature(right).parameters[name].default


def _optional(exercise: Exercise) -> list[str]:
    """The keywords that the cases of an exercise use and that its reference can do without."""
    parameters = inspect.signature(exercise.reference).parameters
    return [
        name
        for name in dict.fromkeys(key for case in exercise.public_inputs() for key in case.keywords)
        if name not in parameters or parameters[name].default is not inspect.Parameter.empty
    ]


def _is_like(argument: Any, x: np.ndarray) -> bool:
    return isinstance(argument, np.ndarray) and argument.shape[:1] == x.shape[:1]


def _ask_whole_array(x: np.ndarray, *args: Any, **kwargs: Any) -> None:
    if x > 0:
        pass
