"""Runs an exercise's cases against a learner's function and says what is right and what is not."""

import builtins
import difflib
import dis
import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any, Literal

import numpy as np

from nlref.checks import observed, script
from nlref.checks.call import Call, CallEach, Outcome, Warned, call_locally
from nlref.checks.exercise import Attribute, Case, Criterion, Exercise, Method, Mistake, Question
from nlref.checks.faults import Mutant, mutants_of_alternatives
from nlref.checks.general_mistakes import (
    CHANGES,
    ERRORS,
    FEW_DIGITS,
    IN_PLACE,
    LOOK_AT_NUMBERS,
    OBSERVED,
    OTHER_DEFAULT,
    SAME_DIFFERENCE,
    SAME_FACTOR,
    general_mistakes,
)
from nlref.checks.result import CheckResult, CriterionResult
from nlref.checks.script import Transcript
from nlref.checks.values import (
    Mismatch,
    arrays_in,
    as_numbers,
    as_truth,
    close,
    copied,
    in_float64,
    parts,
    same_arrays,
)
from nlref.checks.wording import an, apart, nested, shown_arguments

_FAILS_FOR_OTHERS = "This holds for the inputs you can see, and fails for others."


@dataclass(frozen=True)
class Fault:
    """What is wrong with an outcome. Shrinking an input must keep the ``kind``, and in a script what is called."""

    kind: str  # "raised", "nothing", "type", "shape", "value", "law", "warned", "dtype" or "changed"
    text: str
    step: int = 0  # of a script; 0 is the constructor
    name: str = ""  # what that step calls or reads


@dataclass(frozen=True)
class Trial:
    """A case, what the learner's function did with it, and what is wrong with that (``None``: nothing)."""

    case: Case
    private: bool
    outcome: Outcome
    truth: Any
    fault: Fault | None
    note: str | None = None


def evaluate(
    exercise: Exercise | Question | str,
    obj: Any,
    *,
    call: Call = call_locally,
    call_each: CallEach | None = None,
    private_seed: int | None = None,
    points: float | None = None,
    public: bool = True,
) -> CheckResult:
    """Judge ``obj``, the learner's function or answer.

    Parameters
        exercise: a record or its id.
        obj: a function, class or value for an :class:`Exercise`, as its kind says, a plain value for a
            :class:`Question`.
        call: how to call ``obj``; the grader passes one that calls into the sandbox.
        call_each: how to call it many times, if there is a faster way than one by one.
        private_seed: the course's secret seed; with it the private cases count too.
        points: what the exercise is worth here, if not what its record says.
        public: without it, the private cases alone are asked; a criterion that has none holds.

    Raises
        ValueError: the exercise is unknown, or ``points`` is not a positive number.
    """
    if isinstance(exercise, str):
        from nlref.checks import find

        exercise = find(exercise)
    worth = exercise.points if points is None else points
    if not (isinstance(worth, int | float) and math.isfinite(worth) and worth > 0):
        raise ValueError(f"points must be a positive number, not {worth!r} (exercise {exercise.id!r})")
    if isinstance(exercise, Question):
        return _judge_answer(exercise, obj, float(worth))
    return _judge(exercise, obj, call, call_each, private_seed, float(worth), public)


# What keeps a cell that uses a function from running to its end, whatever the numbers are.
_STOPS = ("raised", "nothing", "type", "shape")


def readiness(exercise: Exercise, obj: Any) -> Literal["unwritten", "unusable", "usable"]:
    """Whether a cell that uses ``obj``, the learner's function or class, can run to its end.

    ``"unwritten"`` for the stub of the released notebook; ``"unusable"`` for what raises, or gives something of another
    type or shape, in the visible cases of the exercise's first criterion and of ``shape``; else ``"usable"``, whether
    the values are right or not: a wrong curve is worth looking at.
    """
    if _not_what_is_asked(exercise, obj) is not None:
        return "unwritten" if _is_unwritten(obj) else "unusable"
    asked = (exercise.criteria[0].name, "shape")
    trials = [
        _try(exercise, obj, case, False, call_locally)
        for case, _ in _cases(exercise, None)
        if case.criterion in asked and case.graded
    ]
    if _is_empty(exercise, obj) and all(map(_is_stub, trials)):
        return "unwritten"
    faults = (trial.fault for trial in trials if trial.fault is not None)
    return "unusable" if any(fault.kind in _STOPS for fault in faults) else "usable"


# A function, a class or a value


def _judge(
    exercise: Exercise,
    obj: Any,
    call: Call,
    call_each: CallEach | None,
    private_seed: int | None,
    worth: float,
    public: bool,
) -> CheckResult:
    if (complaint := _not_what_is_asked(exercise, obj)) is not None:
        return _nothing_earned(exercise, worth, complaint, attempted=not _is_unwritten(obj))
    names = {criterion.name for criterion in exercise.criteria}
    cases = [(case, truth, False) for case, truth in _cases(exercise, None)] if public else []
    if private_seed is not None:
        cases += [(case, truth, True) for case, truth in _cases(exercise, private_seed)]
    cases = [case for case in cases if case[0].criterion in names]
    outcomes = _outcomes(exercise, obj, [case for case, _, _ in cases], call, call_each)
    trials = [
        Trial(case, private, outcome, truth, *_fault(exercise, case, outcome, truth))
        for (case, truth, private), outcome in zip(cases, outcomes, strict=True)
    ]
    graded = [trial for trial in trials if trial.case.graded]
    if _is_empty(exercise, obj) and all(_is_stub(trial) for trial in graded):
        message = (
            f"Replace the `...` in `{exercise.function}` with your own code, run the cell, and check again."
        )
        return _nothing_earned(exercise, worth, message, attempted=False)
    first = exercise.criteria[0].name  # "values", or "gradient" where the exercise is one
    some_values_right = not public or any(
        trial.fault is None for trial in graded if trial.case.criterion == first and not trial.private
    )
    values_fault = next(
        (trial.fault for trial in graded if trial.fault and trial.case.criterion == first), None
    )
    results, private_only = [], False
    mistakes = _recognised(exercise, graded)
    for criterion in exercise.criteria:
        own = [trial for trial in trials if trial.case.criterion == criterion.name]
        faults = [trial for trial in own if trial.fault is not None and trial.case.graded]
        private_only |= bool(faults) and all(trial.private for trial in faults)
        mistake = mistakes.get(criterion.name)
        results.append(
            CriterionResult(
                name=criterion.name,
                score=0.0 if faults or not some_values_right else round(worth * criterion.share, 6),
                points=round(worth * criterion.share, 6),
                passed=not faults,
                message=_message(exercise, criterion, own, values_fault, mistake, obj, call),
                mistake=mistake.name if mistake else None,
            )
        )
    note = ""
    if values_fault is not None and not some_values_right:
        note = f"First the {first}: the other criteria earn their points once part of that is right."
    elif any(not result.passed and not result.message for result in results):
        note = f"First the {first}: what else is marked ✗ fails with them."
    return CheckResult(
        exercise=exercise.id,
        score=_sum(results, worth),
        points=worth,
        criteria=tuple(results),
        private_only=private_only,
        note=note,
    )


def without_private(shown: CheckResult, full: CheckResult) -> CheckResult:
    """The verdict of ``full``, which asked private inputs too, in the words of ``shown``, which did not.

    What fails in ``full`` alone is said with the record's own sentences: the learner's function may have put what it
    was asked into anything that it returned or raised since.
    """
    from nlref.checks import find

    record = find(shown.exercise)
    if isinstance(record, Question):
        return shown
    sentences = {criterion.name: criterion.sentence for criterion in record.criteria}
    general = (
        *_general(record),
        *(mistake for mistake, _ in CHANGES),
        IN_PLACE,
        OTHER_DEFAULT,
        *_faults(record),
        *OBSERVED,
        *observed.OBSERVED,
    )
    known = {mistake.name: mistake.sentence for mistake in (*general, *record.mistakes)}
    results, private_only = [], False
    for one, other in zip(shown.criteria, full.criteria, strict=True):
        if other.score >= one.score and other.passed >= one.passed:
            results.append(one)
            continue
        lines = [sentences[one.name], _FAILS_FOR_OTHERS] if not other.passed else []
        if other.mistake is not None:
            lines.append(known[other.mistake])
        private_only |= one.passed and not other.passed
        results.append(
            CriterionResult(
                name=one.name,
                score=min(one.score, other.score),
                points=one.points,
                passed=one.passed and other.passed,
                message="\n".join(lines),
                mistake=other.mistake,
            )
        )
    return replace(
        shown, criteria=tuple(results), score=_sum(results, shown.points), private_only=private_only
    )


def _sum(results: Sequence[CriterionResult], worth: float) -> float:
    """Exactly all points when every criterion has all of its own, whatever the shares' rounding."""
    if all(result.score == result.points for result in results):
        return worth
    return round(sum(result.score for result in results), 6)


def _nothing_earned(exercise: Exercise, worth: float, message: str, *, attempted: bool) -> CheckResult:
    return CheckResult(
        exercise=exercise.id,
        score=0.0,
        points=worth,
        criteria=tuple(
            CriterionResult(criterion.name, 0.0, round(worth * criterion.share, 6), passed=False)
            for criterion in exercise.criteria
        ),
        attempted=attempted,
        note=message,
    )


def _is_unwritten(obj: Any) -> bool:
    return obj is ... or obj is None


def _not_what_is_asked(exercise: Exercise, obj: Any) -> str | None:
    """A sentence for an ``obj`` that cannot be judged: nothing yet, or a value for a function."""
    if _is_unwritten(obj):
        what = "assigned" if exercise.kind == "value" else "written"
        return f"`{exercise.function}` is not {what} yet."
    if exercise.kind == "value" or (callable(obj) and not _is_object_for_class(exercise, obj)):
        return None
    itself = f"check({exercise.id!r}, {exercise.function})"
    if exercise.kind == "class":
        return (
            f"`{exercise.function}` is {_kind(obj)}, not a class. Hand over the class itself: `{itself}`, "
            "without making an object of it."
        )
    return (
        f"`{exercise.function}` is {_kind(obj)}, not a function. Hand over the function "
        f"itself: `{itself}`, without calling it."
    )


def _kind(obj: Any) -> str:
    """What an object is, in words."""
    name = type(obj).__name__
    return (
        "an array" if name == "ndarray" else an(name) if name.islower() else f"an object of the class {name}"
    )


def _is_object_for_class(exercise: Exercise, obj: Any) -> bool:
    """Whether an object of the learner's class stands where the class should."""
    return exercise.kind == "class" and type(obj).__name__ == exercise.function


def _is_empty(exercise: Exercise, obj: Any) -> bool:
    """Whether a function, or the asked methods of a class, have no code yet; ``True`` for what cannot be seen."""
    if type(obj) is FunctionType:
        return _has_no_code(obj)
    if exercise.kind == "class" and isinstance(obj, type):
        if type(obj) is not type:
            return False  # it stands for a class of another process
        asked = {
            step.name for case, _ in _cases(exercise, None) for step in case.steps if isinstance(step, Method)
        }
        methods = [found for name in asked if type(found := vars(obj).get(name)) is FunctionType]
        return all(map(_has_no_code, methods))
    return True


def _has_no_code(function: FunctionType) -> bool:
    """Whether a Python function has no code; a docstring is none."""
    instructions = sum(1 for _ in dis.get_instructions(function))
    return instructions <= 3 or "NotImplementedError" in function.__code__.co_names


def _is_stub(trial: Trial) -> bool:
    """Whether a call did what the released stub does."""
    if not isinstance(trial.outcome.value, Transcript):
        return _did_nothing(trial.outcome)
    made, *done = trial.outcome.value.outcomes
    if made.error is not None or script.no_object(trial.outcome.value) is not None:
        return _did_nothing(made)
    return all(
        _did_nothing(one) or (one.error or "").startswith("AttributeError")
        for step, one in zip(trial.case.steps, done, strict=False)  # an error ends a script early
        if isinstance(step, Method)  # attributes may have been given with the stub
    )


def _did_nothing(outcome: Outcome) -> bool:
    if outcome.error is not None:
        return outcome.error.startswith("NotImplementedError")
    return outcome.value is ... or (outcome.value is None and not outcome.stdout)


# The cases of an exercise and what is right for them: the same for every learner of a class.
_known_cases: dict[tuple[int, int | None], tuple[Exercise, list[tuple[Case, Any]]]] = {}


def _cases(exercise: Exercise, private_seed: int | None) -> list[tuple[Case, Any]]:
    """The public cases, or those of a private seed, each with the reference's answer."""
    key = (id(exercise), private_seed)
    if key not in _known_cases:
        cases = (
            exercise.public_inputs()
            if private_seed is None
            else exercise.private_inputs(np.random.default_rng(private_seed))
        )
        # The exercise is kept beside its cases, so that no other can come to have its id.
        _known_cases[key] = exercise, [(case, _truth(exercise, case)) for case in cases]
    return _known_cases[key][1]


def _truth(exercise: Exercise, case: Case) -> Any:
    """What is right for a case: numbers, several of them, or the transcript of a script."""
    if exercise.kind == "class":
        return script.truth_of(exercise, case)
    made = in_float64 if exercise.widen else copied
    with np.errstate(all="ignore"):
        return as_truth(exercise.reference(*made(case.arguments), **made(dict(case.keywords))))


def _outcomes(
    exercise: Exercise, obj: Any, cases: Sequence[Case], call: Call, call_each: CallEach | None
) -> list[Outcome]:
    """What the learner's function, class or value does in each case."""
    if exercise.kind == "value":
        return [Outcome(value=copied(obj)) for _ in cases]
    if exercise.kind == "class":
        return [script.run(obj, case, call) for case in cases]
    calls = [(copied(case.arguments), copied(dict(case.keywords))) for case in cases]
    if call_each is None:
        return [call(obj, arguments, keywords) for arguments, keywords in calls]
    return call_each(obj, calls)


def _try(exercise: Exercise, obj: Any, case: Case, private: bool, call: Call) -> Trial:
    (outcome,) = _outcomes(exercise, obj, [case], call, None)
    truth = _truth(exercise, case)
    fault, note = _fault(exercise, case, outcome, truth)
    return Trial(case, private, outcome, truth, fault, note)


def _fault(exercise: Exercise, case: Case, outcome: Outcome, truth: Any) -> tuple[Fault | None, str | None]:
    """What is wrong with an outcome, and what is worth a remark though it is not wrong."""
    if isinstance(truth, Transcript):
        return _fault_in_script(exercise, case, outcome, truth)
    if outcome.error is not None:
        return Fault("raised", _raised(outcome)), None
    pairs = _pairs(outcome.value, truth, outcome.stdout)
    if isinstance(pairs, Fault):
        return pairs, None
    for words, value, right in pairs:
        if (wrong := _wrong_form(exercise, case, value, right, outcome.stdout)) is not None:
            return replace(wrong, text=words + wrong.text), None
    if case.criterion == "input unchanged":
        changed = not same_arrays(case.arguments, outcome.arguments)
        return (Fault("changed", "the array that was handed in was changed") if changed else None), None
    if case.criterion == "properties":
        return _broken_law(exercise, case.arguments, outcome.value), None
    for words, value, right in pairs:
        if (wrong := _wrong_values(case, value, right)) is not None:
            return replace(wrong, text=words + wrong.text), None
    return _fault_beside_values(exercise, case, outcome, pairs)


def _fault_in_script(
    exercise: Exercise, case: Case, outcome: Outcome, truth: Transcript
) -> tuple[Fault | None, str | None]:
    played = outcome.value
    assert isinstance(played, Transcript)
    if (complaint := script.no_object(played)) is not None:
        return Fault("type", complaint), None
    compared: list[tuple[str, Any, Any]] = []
    last: script.Looked | None = None
    for looked in script.looked_at(case, played, truth):
        done = played.outcomes[looked.step]
        if done.error is not None:
            break
        fault = None
        pairs = _pairs(looked.value, looked.truth, done.stdout)
        for words, value, right in [] if isinstance(pairs, Fault) else pairs:
            fault = fault or _wrong_form(exercise, case, value, right, done.stdout)
            if fault is None and case.criterion not in ("input unchanged", "properties"):
                fault = _wrong_values(case, value, right)
            if fault is not None:
                fault = replace(fault, text=words + fault.text)
                break
            compared.append((words, value, right))
        if isinstance(pairs, Fault):
            fault = pairs
        if fault is not None:
            return replace(fault, text=looked.words + fault.text, step=looked.step, name=looked.name), None
        if isinstance(case.steps[looked.step - 1], Method) and looked.truth is not None:
            last = looked
    if outcome.error is not None:
        step = len(played.outcomes) - 1
        name = case.steps[step - 1].name if step else ""
        text = _raised(outcome)
        if (
            step
            and isinstance(case.steps[step - 1], Attribute)
            and text.startswith("it raised AttributeError")
        ):
            text = f"the object has no `{name}`: store it as `self.{name}`"
        return Fault("raised", text, step, name), None
    if case.criterion == "input unchanged":
        return _changed_in_script(case, played, truth), None
    if case.criterion == "properties":
        if last is None:
            return None, None
        law = _broken_law(exercise, script.given(case.steps[last.step - 1]), last.value)
        return (None if law is None else replace(law, step=last.step, name=last.name)), None
    return _fault_beside_values(exercise, case, outcome, compared)


def _changed_in_script(case: Case, played: Transcript, truth: Transcript) -> Fault | None:
    for number, (step, done, right) in enumerate(
        zip(case.steps, played.outcomes[1:], truth.outcomes[1:], strict=True), start=1
    ):
        if isinstance(step, Method):
            meant = script.written_into(step, right)
            for place, (before, after) in enumerate(zip(step.arguments, done.arguments, strict=True)):
                if place not in meant and not same_arrays([before], [after]):
                    return Fault("changed", "the array that was handed in was changed", number, step.name)
    return None


def _pairs(value: Any, truth: Any, printed: str) -> list[tuple[str, Any, Any]] | Fault:
    """Each single result with its truth, or what is wrong with their number."""
    if (value is None or value is ...) and truth is not None:
        return _nothing(printed)
    try:
        return list(parts(value, truth))
    except Mismatch as mismatch:
        return Fault("type", str(mismatch))


def _raised(outcome: Outcome) -> str:
    where = f" in the line `{outcome.line}`" if outcome.line else ""
    return f"it raised {(outcome.error or '').rstrip('.')}{where}"


def _nothing(printed: str) -> Fault:
    text = "it printed a result and returned None: end with `return`, not `print`"
    return Fault("nothing", text if printed.strip() else "it returned None: is a `return` missing?")


def _wrong_form(exercise: Exercise, case: Case, value: Any, truth: np.ndarray, printed: str) -> Fault | None:
    """What keeps a result from being compared with its truth number by number."""
    if value is None or value is ...:
        return _nothing(printed)
    array, complaint = as_numbers(value)
    if array is None:
        return Fault("type", complaint or "")
    if array.shape != truth.shape and not (
        "scalars" in exercise.allow and array.size == truth.size == 1 and case.criterion != "shape"
    ):
        return Fault(
            "shape", f"the result has shape {array.shape}, and {_right_shape(exercise, case, truth)}"
        )
    return None


def _wrong_values(case: Case, value: Any, truth: np.ndarray) -> Fault | None:
    array, _ = as_numbers(value)
    assert array is not None
    array = array.reshape(truth.shape)  # another shape has been found, or is allowed
    wrong = ~close(array, truth, case)
    return Fault("value", _shown_difference(case, array, truth, wrong)) if np.any(wrong) else None


def _broken_law(exercise: Exercise, arguments: Sequence[Any], value: Any) -> Fault | None:
    array, _ = as_numbers(value)
    result = value if array is None else array
    broken = [law.sentence for law in exercise.properties if not np.all(law.holds(*arguments, result))]
    return Fault("law", f"this does not hold: {'; '.join(broken)}") if broken else None


def _fault_beside_values(
    exercise: Exercise, case: Case, outcome: Outcome, pairs: Sequence[tuple[str, Any, Any]]
) -> tuple[Fault | None, str | None]:
    """What can be wrong where the values are right: a warning, a dtype."""
    if case.quiet and (warned := _floating_point_warning(outcome)) is not None:
        where = f" in `{warned.line}`" if warned.line else ""
        return Fault("warned", f"the value is right, with a {warned.category}: {warned.message}{where}"), None
    if case.criterion == "dtype":
        for _, value, _ in pairs:
            fault, note = _dtype_fault(exercise, case, value)
            if fault is not None or note is not None:
                return fault, note
    return None, None


def _right_shape(exercise: Exercise, case: Case, truth: np.ndarray) -> str:
    """The end of a sentence about a shape: it is that of an argument, or another."""
    for name, argument in zip(exercise.arguments, case.arguments, strict=False):
        if isinstance(argument, np.ndarray) and argument.shape == truth.shape:
            return f"{name} has shape {truth.shape}"
    return f"shape {truth.shape} is right" if truth.ndim else "one number is right"


def _floating_point_warning(outcome: Outcome) -> Warned | None:
    return next((warned for warned in outcome.warnings if warned.category == "RuntimeWarning"), None)


def _dtype_fault(exercise: Exercise, case: Case, value: Any) -> tuple[Fault | None, str | None]:
    handed = [case.arguments, case.keywords, *map(script.given, case.steps)]
    given = [a.dtype for a in arrays_in(handed) if a.dtype.kind == "f"]
    asked = np.result_type(*given) if given else np.dtype(int)
    if type(value) in (list, tuple) and "lists" in exercise.allow:
        return None, None
    if not isinstance(value, np.ndarray | np.generic):
        return Fault("dtype", f"{an(type(value).__name__)} comes back, and an array is right"), None
    if value.dtype == asked or asked.kind != "f":
        return None, None
    text = f"an array of {asked} came back as {value.dtype}"
    if value.dtype == np.float64 and "float64 result" in exercise.allow:
        return None, text
    return Fault("dtype", text), None


# What to say


def _message(
    exercise: Exercise,
    criterion: Criterion,
    trials: Sequence[Trial],
    values_fault: Fault | None,
    mistake: Mistake | None,
    obj: Any,
    call: Call,
) -> str:
    """What failed, shown on the smallest public input; else what was seen.

    ``values_fault`` is that of the exercise's first criterion.
    """
    faults = [trial for trial in trials if trial.fault is not None and trial.case.graded]
    if not faults:
        return "\n".join(_observations(exercise, trials)) if values_fault is None else ""
    public = [trial for trial in faults if not trial.private]
    first = (public or faults)[0].fault
    if (
        criterion is not exercise.criteria[0]
        and values_fault
        and first
        and first.kind in ("law", values_fault.kind)
    ):
        return ""  # nothing new: the note of the result says that the values come first
    lines = []
    if public:
        case, fault = _smallest(exercise, public[0], obj, call)
        lines.append(f"{_at(exercise, case)}{fault.text}.")
    else:
        lines += [criterion.sentence, _FAILS_FOR_OTHERS]
    if mistake is not None:
        lines.append(mistake.sentence)
    return "\n".join(lines)


def _observations(exercise: Exercise, trials: Sequence[Trial]) -> list[str]:
    """Warnings on right values, and what ungraded cases showed. One line each, the same thing once."""
    lines = []
    for trial in trials:
        if trial.private or (trial.case.graded and trial.fault is not None):
            continue
        at = _at(exercise, trial.case)
        at = at[:1].lower() + at[1:]
        if trial.fault is not None:
            lines.append(f"Seen, not graded: {at}{trial.fault.text}.")
        elif trial.note is not None:
            lines.append(f"Seen, not graded: {trial.note}.")
        for warned in trial.outcome.warnings[:1]:
            # Nobody looked at the value where only the arguments were compared.
            if trial.fault is None and trial.case.criterion != "input unchanged":
                where = f" in `{warned.line}`" if warned.line else ""
                lines.append(
                    f"Seen, not graded: {at}the value is right, with a {warned.category}: "
                    f"{warned.message}{where}."
                )
    return list(dict.fromkeys(lines))


def _smallest(exercise: Exercise, trial: Trial, obj: Any, call: Call) -> tuple[Case, Fault]:
    """The smallest input that fails in the same way: one element, a row, or the first few of each."""
    assert trial.fault is not None
    case = trial.case
    if exercise.kind == "value" or (exercise.kind == "function" and case.criterion == "properties"):
        return case, trial.fault
    if exercise.kind == "class":
        return _smallest_script(exercise, trial, obj, call)
    for smaller in _shrunk(trial):
        candidate = replace(case, arguments=smaller)
        try:
            again = _try(exercise, obj, candidate, trial.private, call)
        except (ValueError, TypeError):
            continue  # the reference refuses what is left of the input
        if again.fault is not None and again.fault.kind == trial.fault.kind:
            return candidate, again.fault
    return case, trial.fault


def _smallest_script(exercise: Exercise, trial: Trial, obj: Any, call: Call) -> tuple[Case, Fault]:
    assert trial.fault is not None
    found = {id(trial.case): trial.fault}
    kind, name = trial.fault.kind, trial.fault.name

    def fails(candidate: Case) -> bool:
        try:
            again = _try(exercise, obj, candidate, trial.private, call)
        except (ValueError, TypeError, AttributeError, LookupError):
            return False  # the reference refuses what is left of the script
        if again.fault is None or (again.fault.kind, again.fault.name) != (kind, name):
            return False
        kept.append(candidate)
        found[id(candidate)] = again.fault
        return True

    kept: list[Case] = []  # so that no other case comes to have the id of one
    case = script.shrunk(trial.case, trial.fault.step, fails)
    return case, found[id(case)]


def _shrunk(trial: Trial) -> Iterator[tuple[Any, ...]]:
    """Smaller arguments to try in place of a trial's, the smallest first."""
    arguments = trial.case.arguments
    arrays = [a for a in arguments if isinstance(a, np.ndarray) and a.size > 1]
    if not arrays:
        return
    shape = arrays[0].shape

    def cut(piece: Any, belongs: Callable[[np.ndarray], bool]) -> tuple[Any, ...]:
        return tuple(a[piece] if isinstance(a, np.ndarray) and belongs(a) else a for a in arguments)

    if all(a.shape == shape for a in arrays):
        for place in _worst_places(trial, shape):
            yield cut(tuple(slice(i, i + 1) for i in place), lambda a: a.shape == shape)
        if len(arguments) == 1 and trial.fault and trial.fault.kind != "value":
            pair = np.array([-1.0, 2.0]).astype(arrays[0].dtype).reshape(*(1,) * (len(shape) - 1), 2)
            yield from ((pair[..., :1],), (pair[..., 1:],), (pair,))
    if len(shape) > 1:
        rows = dict.fromkeys([*(place[0] for place in _worst_places(trial, shape)), *range(min(shape[0], 3))])
        pieces = [(slice(row, row + 1), most) for most in (2, 3, None) for row in rows]
        for piece, most in (*pieces, (slice(2), 2)):
            some = cut(piece, lambda a: a.ndim > 0 and a.shape[0] == shape[0])
            yield tuple(
                a[..., :most] if isinstance(a, np.ndarray) and a.shape[-1:] == shape[-1:] else a for a in some
            )
    for most in (2, 3):
        if shape[0] > most:
            yield cut(slice(most), lambda a: a.ndim > 0 and a.shape[0] == shape[0])


def _worst_places(trial: Trial, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Where in the input to look first: the simplest element whose output is wrong, or else the first element."""
    array = as_numbers(trial.outcome.value)[0] if trial.outcome.error is None else None
    if (
        array is not None
        and isinstance(trial.truth, np.ndarray)
        and array.shape == trial.truth.shape == shape
    ):
        wrong = ~close(array, trial.truth, trial.case)
        if np.any(wrong):
            return [_simplest(trial.case, wrong)]
    return [(0,) * len(shape)]


def _simplest(case: Case, wrong: np.ndarray) -> tuple[int, ...]:
    """The wrong element whose input is shortest to write, and smallest: -1 rather than 0.731."""
    places = [tuple(int(i) for i in place) for place in np.argwhere(wrong)]
    x = case.arguments[0] if case.arguments else None
    if not isinstance(x, np.ndarray) or x.shape != wrong.shape:
        return places[0]
    return min(places, key=lambda place: (len(f"{abs(x[place]):g}"), abs(x[place])))


def _at(exercise: Exercise, case: Case) -> str:
    """The beginning of a sentence: on what input."""
    if exercise.kind == "class":
        return f"{script.shown_script(exercise, case)}: "
    at = shown_arguments(exercise.arguments, case.arguments, case.keywords)
    return f"For {at}: " if at else ""


def _shown_difference(case: Case, array: np.ndarray, truth: np.ndarray, wrong: np.ndarray) -> str:
    """What came back and what is right: whole if it is short, else the simplest wrong element."""
    if truth.dtype.kind == "b" and array.dtype.kind == "b" and truth.ndim == 0:
        return f"{bool(array)} comes back, and {bool(truth)} is right"
    if 1 < truth.size <= 6 and array.dtype.kind != "V":
        return f"{nested(array)} comes back, and {nested(truth)} is right"
    first = _simplest(case, wrong)
    at = f" at {list(first)}" if truth.size > 1 else ""
    got, right = apart(float(array[first]), float(truth[first]))
    return f"{got} comes back{at}, and {right} is right"


# Known mistakes


def _recognised(exercise: Exercise, graded: Sequence[Trial]) -> dict[str, Mistake]:
    """The mistake by which each criterion fails, where it is known.

    What is merely seen in the numbers is not said beside a mistake of the record, which says why, nor what is seen in
    outcomes after another failure that has no name.
    """
    found: dict[str, Mistake] = {}
    failing: set[str] = set()
    for criterion in exercise.criteria:
        own = [trial for trial in graded if trial.case.criterion == criterion.name]
        if any(trial.fault is not None for trial in own):
            mistake = _recognise(exercise, criterion, own)
            if mistake is not None and not (mistake in observed.OBSERVED and found.keys() != failing):
                found[criterion.name] = mistake
            failing.add(criterion.name)
    if any(mistake in exercise.mistakes for mistake in found.values()):
        seen = {mistake.name for mistake in (*OBSERVED, *observed.OBSERVED, *_faults(exercise))}
        return {name: mistake for name, mistake in found.items() if mistake.name not in seen}
    return found


def _recognise(exercise: Exercise, criterion: Criterion, graded: Sequence[Trial]) -> Mistake | None:
    """The known mistake whose outcomes are the learner's on every graded input of the criterion, if any."""
    for mistake in exercise.mistakes:
        if mistake.criterion == criterion.name and all(
            _same(trial.outcome, _known_outcome(exercise, mistake, trial.case), trial.case)
            for trial in graded
        ):
            return mistake
    if criterion.name == "input unchanged" and {t.fault.kind for t in graded if t.fault} == {"changed"}:
        return IN_PLACE
    failed = [(trial.outcome, trial.truth) for trial in graded if trial.fault is not None]
    if criterion.name == "extremes":
        return observed.in_extremes(failed)
    if criterion.name not in LOOK_AT_NUMBERS:
        return None
    if (change := _change_of_results(exercise, graded)) is not None:
        return change
    for mistake in _general(exercise):
        if all(_is_general(exercise, mistake, trial) for trial in graded):
            return mistake
    if criterion.name not in ("shape", "axis") and (default := _other_default(graded)) is not None:
        return default
    for fault in () if _says_little(failed) else _faults(exercise):
        if all(_is_general(exercise, fault, trial) for trial in graded):
            return fault
    return _seen_in_numbers(graded) or observed.in_shapes(failed)


def _says_little(failed: Sequence[tuple[Outcome, Any]]) -> bool:
    """Whether two numbers are all that comes back where many are right: too few to tell one small fault by."""
    got, right = [], []
    for outcome, truth in failed:
        array, _ = as_numbers(outcome.value)
        if array is None or not isinstance(truth, np.ndarray):
            return False
        got.append(array)
        right.append(truth)
    return len(_distinct(got)) == 2 and len(_distinct(right)) > 4


def _is_general(exercise: Exercise, mistake: Mistake, trial: Trial) -> bool:
    """Whether a general mistake explains an outcome. That it fails too says nothing, but of one that is an error."""
    if trial.outcome.error is not None and mistake.name not in ERRORS:
        return False
    return _same(trial.outcome, _known_outcome(exercise, mistake, trial.case), trial.case)


# What mistakes do is the same for every learner. Kept beside what has the ids, so that nothing else comes to have them.
_known_outcomes: dict[tuple[int, int], tuple[Mistake, Case, Outcome]] = {}
_known_general: dict[int, tuple[Exercise, tuple[Mistake, ...]]] = {}
_known_faults: dict[int, tuple[Exercise, tuple[Mistake, ...]]] = {}
_MOST_KEPT = 50_000


def _general(exercise: Exercise) -> tuple[Mistake, ...]:
    if id(exercise) not in _known_general:
        changes = {
            mistake.name for mistake, _ in CHANGES
        }  # which are seen without asking the reference again
        others = tuple(mistake for mistake in general_mistakes(exercise) if mistake.name not in changes)
        _known_general[id(exercise)] = exercise, others
    return _known_general[id(exercise)][1]


def _faults(exercise: Exercise) -> tuple[Mistake, ...]:
    """Small faults of right answers, as mistakes; none of values, nor of what loops freely.

    Of classes only those of the first alternative, which is written as most are: a class has so many places that in
    an unusual one some fault does by chance what another does with a reason.
    """
    if id(exercise) not in _known_faults:
        usual = exercise.alternatives[: 1 if exercise.kind == "class" else None]
        found = (
            mutants_of_alternatives(replace(exercise, alternatives=usual), loops=False)
            if exercise.kind != "value"
            else ()
        )
        _known_faults[id(exercise)] = (
            exercise,
            tuple(
                Mistake(
                    f"one fault: {said}",
                    made,
                    "values",
                    f"A right solution in which {said} gives the same.",
                )
                for made, said in ((mutant.made, _told(exercise, mutant)) for mutant in found)
                if said
            ),
        )
    return _known_faults[id(exercise)][1]


def _told(exercise: Exercise, mutant: Mutant) -> str:
    """A fault in words that use no variable of the right solution's own; nothing if there are none."""
    known = {*exercise.arguments, *inspect.signature(exercise.reference).parameters, *dir(builtins)}
    if mutant.exactly and mutant.names <= {*known, "np", "math"}:
        return mutant.exactly
    exchanged = re.fullmatch(r"`(\w+)` stands where `(\w+)` belongs", mutant.said)
    return mutant.said if exchanged is None or known.issuperset(exchanged.groups()) else ""


def _known_outcome(exercise: Exercise, mistake: Mistake, case: Case) -> Outcome:
    key = id(mistake), id(case)
    if key not in _known_outcomes:
        if len(_known_outcomes) >= _MOST_KEPT:
            _known_outcomes.clear()
        _known_outcomes[key] = mistake, case, _outcome_of(exercise, mistake, case)
    return _known_outcomes[key][2]


def _outcome_of(exercise: Exercise, mistake: Mistake, case: Case) -> Outcome:
    if exercise.kind == "value":
        return call_locally(mistake.function, (), {})
    return _outcomes(exercise, mistake.function, [case], call_locally, None)[0]


def _same(one: Outcome, other: Outcome, case: Case) -> bool:
    """Whether two functions, or two classes, did the same in a case, as far as its criterion looks."""
    if isinstance(one.value, Transcript) and isinstance(other.value, Transcript):
        steps = zip((None, *case.steps), one.value.outcomes, other.value.outcomes, strict=False)
        return (
            len(one.value.outcomes) == len(other.value.outcomes)
            and _without_names(one.error) == _without_names(other.error)
            and all(
                _same_results(a.value, b.value, case) and _same_afterwards(a, b, case)
                for step, a, b in steps
                if isinstance(step, Attribute) or (isinstance(step, Method) and step.compare)
                if a.error is None
            )
            and not (case.quiet and _warnings_of(one) != _warnings_of(other))
        )
    if one.error is not None or other.error is not None:
        return _without_names(one.error) == _without_names(other.error)
    if not _same_results(one.value, other.value, case):
        return False
    if case.quiet and _warnings_of(one) != _warnings_of(other):
        return False
    return case.criterion != "input unchanged" or same_arrays(one.arguments, other.arguments)


def _same_afterwards(one: Outcome, other: Outcome, case: Case) -> bool:
    """Whether two calls left their arguments alike."""
    return all(
        a.shape == b.shape and np.all(close(a, b, case))
        for a, b in zip(arrays_in(one.arguments), arrays_in(other.arguments), strict=False)
        if a.dtype.kind in "biuf" and b.dtype.kind in "biuf"
    )


def _same_results(one: Any, other: Any, case: Case) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, dict) or isinstance(other, dict):
        return (
            type(one) is type(other) is dict
            and one.keys() == other.keys()
            and all(_same_results(one[key], other[key], case) for key in one)
        )
    a, b = (as_numbers(value)[0] for value in (one, other))
    if a is None or b is None:
        several = type(one) in (tuple, list) and type(other) in (tuple, list) and len(one) == len(other)
        return several and all(_same_results(x, y, case) for x, y in zip(one, other, strict=True))
    if a.shape != b.shape or not np.all(close(a, b.astype(np.float64), case)):
        return False
    if case.criterion == "dtype":
        return type(one) is type(other) and (not isinstance(one, np.ndarray) or a.dtype == b.dtype)
    return True


def _change_of_results(exercise: Exercise, trials: Sequence[Trial]) -> Mistake | None:
    """The change that explains every wrong result of a criterion.

    Results of one name (a method, an attribute, one of several that come back) must all be right or all be changed.
    """
    results: dict[str, list[tuple[np.ndarray, np.ndarray, Case]]] = {}
    for trial in trials:
        if trial.outcome.error is not None:
            return None
        looked: Iterable[tuple[str, Any, Any]] = [(exercise.function, trial.outcome.value, trial.truth)]
        if isinstance(trial.truth, Transcript):
            looked = [
                (one.name + one.words, one.value, one.truth)
                for one in script.looked_at(trial.case, trial.outcome.value, trial.truth)
            ]
        for name, value, truth in looked:
            pairs = _pairs(value, truth, "")
            if isinstance(pairs, Fault):
                return None
            for words, got, right in pairs:
                array, _ = as_numbers(got)
                if array is None:
                    return None
                results.setdefault(name + words, []).append((array, right, trial.case))
    wrong = [
        pairs
        for pairs in results.values()
        if any(a.shape != t.shape or not np.all(close(a, t, case)) for a, t, case in pairs)
    ]
    for mistake, change in CHANGES:
        if wrong and all(_is_changed(pairs, change) for pairs in wrong):
            return mistake
    return None


def _other_default(trials: Sequence[Trial]) -> Mistake | None:
    """What is said if results are right where some keywords are given, and wrong in every case without them."""
    given = [set(trial.case.keywords) for trial in trials if trial.fault is None]
    lacking = [set(trial.case.keywords) for trial in trials if trial.fault is not None]
    if not given or not lacking or any(trial.outcome.error is not None for trial in trials):
        return None
    names = sorted(set.intersection(*given) - set.union(*lacking))
    if not names:
        return None
    shown = " and ".join(f"`{name}`" for name in names)
    be, default = ("are", "their defaults") if len(names) > 1 else ("is", "its default")
    return replace(
        OTHER_DEFAULT,
        sentence=f"All is right where {shown} {be} given, and wrong where not: look at {default}.",
    )


def _seen_in_numbers(trials: Sequence[Trial]) -> Mistake | None:
    """What all wrong numbers have in common: a factor, a difference, or that they are nearly right."""
    got, right = [], []
    for trial in trials:
        array, _ = as_numbers(trial.outcome.value)
        truth = trial.truth
        if array is None or not isinstance(truth, np.ndarray) or array.shape != truth.shape:
            return None
        got.append(array.ravel().astype(np.float64))
        right.append(truth.ravel().astype(np.float64))
    one, other = np.concatenate(got), np.concatenate(right)
    if not (np.all(np.isfinite(one)) and np.all(np.isfinite(other))) or len(_distinct([other])) < 4:
        return None
    scale = np.abs(other).max()
    if np.all(np.abs(one - other) <= 1e-3 * np.abs(other) + 1e-6 * scale):
        digits = int(-np.log10(np.max(np.abs(one - other) / (np.abs(other) + 1e-3 * scale))))
        return replace(FEW_DIGITS, sentence=_with_digits(digits))
    difference = np.median(one - other)
    if np.all(np.abs(one - other - difference) <= 1e-9 * scale):
        word = "large" if difference > 0 else "small"
        return replace(
            SAME_DIFFERENCE, sentence=f"All values are too {word} by the same {abs(difference):.6g}."
        )
    factor = float(one @ other / (other @ other))
    if not np.any(one):
        text = (
            "All values are 0: a result is never filled in, an array of integers cuts its decimals off, or two "
            "things that should differ are the same."
        )
        return replace(SAME_FACTOR, sentence=text)
    if np.all(np.abs(one - factor * other) <= 1e-9 * abs(factor) * np.abs(other)):
        return replace(SAME_FACTOR, sentence=f"All values are {factor:.6g} times what is right.")
    return None


def _with_digits(digits: int) -> str:
    return (
        f"All values are right to about {digits} digits and no more: look for a constant with too few digits, for "
        "float32, or for a small number that was added."
    )


def _is_changed(
    pairs: Sequence[tuple[np.ndarray, np.ndarray, Case]], change: Callable[[np.ndarray], Any]
) -> bool:
    """Whether each result is the right one, changed; a single number proves nothing."""
    if sum(truth.size for _, truth, _ in pairs) < 2:
        return False
    made: set[float] = set()
    for array, truth, case in pairs:
        if "b" in (truth.dtype.kind, array.dtype.kind):
            return False
        try:
            with np.errstate(all="ignore"):
                expected = np.asarray(change(truth))
        except (ValueError, IndexError):
            return False  # it wants an axis more
        if array.shape != expected.shape or not np.all(close(array, expected, case)):
            return False
        made.update(expected.ravel().tolist())
    # A change that makes all of them alike, as a softmax of single numbers does, explains any constant.
    return len(made) > 1 or len(pairs) == 1 or len(_distinct([truth for _, truth, _ in pairs])) == 1


def _distinct(arrays: Sequence[np.ndarray]) -> set[float]:
    """The numbers in some arrays that are not the same but for rounding."""
    values = np.concatenate([array.ravel() for array in arrays]).astype(np.float64)
    scale = np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0
    return set(np.round(values / scale, 9).tolist())


def _warnings_of(outcome: Outcome) -> set[str]:
    return {warned.message for warned in outcome.warnings if warned.category == "RuntimeWarning"}


def _without_names(error: str | None) -> str | None:
    """An error's text without the function's own name: the learner's and the mistake's are called differently."""
    return re.sub(r"\S+\(\)", "()", error) if error is not None else None


# A question


def _judge_answer(question: Question, answer: Any, worth: float) -> CheckResult:
    if answer is None or answer is ...:
        return _answered(question, worth, attempted=False, note="Replace the `...` with your answer first.")
    right, reply = _reply(question, answer)
    explanation = question.explanation if reply is not None else ""
    return _answered(question, worth, right=right, message=reply or _form(question, answer), note=explanation)


def _answered(
    question: Question,
    worth: float,
    *,
    right: bool = False,
    message: str = "",
    note: str = "",
    attempted: bool = True,
) -> CheckResult:
    score = worth if right else 0.0
    return CheckResult(
        exercise=question.id,
        score=score,
        points=worth,
        criteria=(CriterionResult("answer", score, worth, right, message),),
        attempted=attempted,
        note=note,
    )


def _reply(question: Question, answer: Any) -> tuple[bool, str | None]:
    """Whether an answer is right and what is said about it; no reply if it is not of the asked form."""
    if question.options:
        key = answer.strip().lower() if isinstance(answer, str) else answer
        option = question.options.get(key) if isinstance(key, str) else None
        return key == question.answer, option.reply if option else None
    plain = answer.item() if isinstance(answer, np.generic) or _is_single(answer) else answer
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        return False, None
    assert not isinstance(question.answer, str)
    if plain == question.answer or abs(plain - question.answer) <= question.tolerance:
        return True, f"{plain:.12g} is right."
    said = next((said for tempting, said in question.replies.items() if plain == tempting), "")
    return False, f"{plain:.12g} is not right. {said}".strip()


def _is_single(answer: Any) -> bool:
    return type(answer) is np.ndarray and answer.size == 1


def _form(question: Question, answer: Any) -> str:
    if question.options:
        keys = ", ".join(f'"{key}"' for key in question.options)
        return f"The answer is one of {keys}; this is {str(answer)[:40]!r}."
    return f"The answer is a number; this is {an(type(answer).__name__)}."


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of an error sentence: the names closest to ``name``, or all there are."""
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    listed = close or sorted(names)
    return f"{'did you mean' if close else 'there are'} {', '.join(repr(n) for n in listed)}{'?' if close else ''}"
