"""Exercises about a class: an object is made, methods are called, attributes read, and each step is compared."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nlref.checks.call import Call, Outcome, call_locally
from nlref.checks.exercise import Assign, Attribute, Case, Exercise, Method, Step
from nlref.checks.values import as_truth, copied, in_float64, same_arrays
from nlref.checks.wording import an, typed, typed_call

# An answer of one of these types is no object with methods of the learner's own.
_PLAIN = (
    type(None),
    type(...),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    dict,
    set,
    np.ndarray,
    np.generic,
)


@dataclass(frozen=True)
class Transcript:
    """What a script did: an outcome for the constructor and each step, as far as it came.

    ``Outcome.arguments`` of a step are its arguments afterwards.
    """

    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class Looked:
    """A result that a script asks for: after which step, what it is called, what came back, what is right."""

    step: int
    name: str
    words: str
    value: Any
    truth: Any


def run(obj: Any, case: Case, call: Call = call_locally, *, widened: bool = False) -> Outcome:
    """Play a script with the class ``obj``. The value is a :class:`Transcript`; an error ends the script.

    ``widened`` gives every float array as float64, as a reference wants them.
    """
    made_of = in_float64 if widened else copied
    outcomes: list[Outcome] = []

    def ask(function: Any, arguments: Sequence[Any], keywords: Any) -> Outcome:
        outcome = call(function, arguments, keywords)
        # A later step may write into an array that this one gave, such as a moving average that is updated in place.
        kept = replace(outcome, value=copied(outcome.value), arguments=copied(outcome.arguments))
        outcomes.append(kept)
        return kept

    made = ask(obj, made_of(case.arguments), made_of(dict(case.keywords)))
    for step in case.steps:
        if outcomes[-1].error is not None or isinstance(made.value, _PLAIN):
            break
        if isinstance(step, Attribute):
            ask(getattr, (made.value, step.name), {})
        elif isinstance(step, Assign):
            ask(setattr, (made.value, step.name, made_of(step.value)), {})
        else:
            found = call(getattr, (made.value, step.name), {})
            if found.error is not None:
                outcomes.append(found)
            else:
                ask(found.value, made_of(step.arguments), made_of(dict(step.keywords)))
    last = outcomes[-1]
    return Outcome(
        value=Transcript(tuple(outcomes)),
        error=last.error,
        line=last.line,
        warnings=tuple(warned for outcome in outcomes for warned in outcome.warnings),
        stdout="".join(outcome.stdout for outcome in outcomes),
        stderr="".join(outcome.stderr for outcome in outcomes),
    )


def no_object(played: Transcript) -> str | None:
    """A complaint if what was made is no object with methods of its own."""
    made = played.outcomes[0]
    if made.error is not None or not isinstance(made.value, _PLAIN):
        return None
    kind = "array" if isinstance(made.value, np.ndarray) else type(made.value).__name__
    return f"it makes {'nothing' if made.value is None else an(kind)}, and an object is needed"


def truth_of(exercise: Exercise, case: Case) -> Transcript:
    """What the reference does in a script; what it raises is raised."""
    with np.errstate(all="ignore"):
        played = run(exercise.reference, case, _call_and_raise, widened=exercise.widen)
    assert isinstance(played.value, Transcript)
    return played.value


def _call_and_raise(obj: Callable[..., Any], arguments: Sequence[Any], keywords: Any) -> Outcome:
    return Outcome(value=obj(*arguments, **keywords), arguments=tuple(arguments))


def given(step: Step) -> tuple[Any, ...]:
    """What a step hands to the object."""
    return step.arguments if isinstance(step, Method) else ()


def looked_at(case: Case, played: Transcript, truth: Transcript) -> Iterator[Looked]:
    """What the script compares, in order: results, attributes, and arguments that the reference writes into."""
    for number, step in enumerate(case.steps, start=1):
        if number >= len(played.outcomes):
            return
        if isinstance(step, Assign) or (isinstance(step, Method) and not step.compare):
            continue
        got, right = played.outcomes[number], truth.outcomes[number]
        yield Looked(number, step.name, "", got.value, as_truth(right.value))
        if isinstance(step, Method):
            for place in written_into(step, right):
                name = f"argument {place + 1} of `{step.name}`, afterwards: "
                after = got.arguments[place] if place < len(got.arguments) else None
                yield Looked(number, step.name, name, after, as_truth(right.arguments[place]))


def written_into(step: Method, right: Outcome) -> list[int]:
    """Which of its arguments the reference changes."""
    return [
        place
        for place, (before, after) in enumerate(zip(step.arguments, right.arguments, strict=True))
        if not same_arrays([in_float64(before)], [in_float64(after)])
    ]


# As the learner would type it


def instance_name(exercise: Exercise) -> str:
    """``batch_normalization`` for the class ``BatchNormalization``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", exercise.function).lower()
    return name if name != exercise.function else "made"


def shown_script(exercise: Exercise, case: Case) -> str:
    """``dense = Dense(2); dense.forward(np.array([[1.0]]))``, in backquotes."""
    name = instance_name(exercise)
    lines = [f"{name} = {typed_call(exercise.function, case.arguments, case.keywords)}"]
    for step in case.steps:
        if isinstance(step, Assign):
            lines.append(f"{name}.{step.name} = {typed(step.value)}")
        elif isinstance(step, Attribute):
            lines.append(f"{name}.{step.name}")
        else:
            lines.append(f"{name}.{typed_call(step.name, step.arguments, step.keywords)}")
    return f"`{'; '.join(lines)}`"


# Smaller scripts


def shrunk(case: Case, step: int, fails: Callable[[Case], bool]) -> Case:
    """The smallest script found that still ``fails``: cut after ``step``, needless steps left out, arrays cut."""
    cut = replace(case, steps=case.steps[:step])
    case = cut if fails(cut) else case
    for number in range(len(case.steps) - 2, -1, -1):
        fewer = replace(case, steps=case.steps[:number] + case.steps[number + 1 :])
        if fails(fewer):
            case = fewer
    for smaller in _with_less(case):
        if fails(smaller):
            return smaller
    return case


def _with_less(case: Case) -> Iterator[Case]:
    """The script on one or two samples, the first of those that it has."""
    arrays = [
        argument
        for step in case.steps
        for argument in given(step)
        if isinstance(argument, np.ndarray) and argument.ndim
    ]
    if not arrays:
        return
    length = len(arrays[0])
    for most in (1, 2):
        if length > most:
            yield replace(case, steps=tuple(_cut(step, length, most) for step in case.steps))


def _cut(step: Step, length: int, most: int) -> Step:
    if not isinstance(step, Method):
        return step
    return replace(step, arguments=tuple(_head(argument, length, most) for argument in step.arguments))


def _head(argument: Any, length: int, most: int) -> Any:
    if isinstance(argument, np.ndarray) and argument.ndim and len(argument) == length:
        return argument[:most]
    return argument
