"""Runs an exercise's cases against a learner's function and says what is right and what is not."""

import difflib
import dis
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

import numpy as np

from nlref.checks.call import Call, CallEach, Outcome, Warned, call_locally
from nlref.checks.exercise import Case, Criterion, Exercise, Mistake, Question
from nlref.checks.general_mistakes import LOOK_AT_NUMBERS, general_mistakes
from nlref.checks.result import CheckResult, CriterionResult

_FAILS_FOR_OTHERS = "This holds for the inputs you can see, and fails for others."

# Relative tolerance by the dtype that the learner returns.
TOLERANCES = {np.dtype(np.float16): 2e-3, np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


@dataclass(frozen=True)
class Fault:
    """What is wrong with an outcome. Shrinking an input must keep the ``kind``."""

    kind: str  # "raised", "nothing", "type", "shape", "value", "law", "warned", "dtype" or "changed"
    text: str


@dataclass(frozen=True)
class Trial:
    """A case, what the learner's function did with it, and what is wrong with that (``None``: nothing)."""

    case: Case
    private: bool
    outcome: Outcome
    truth: np.ndarray
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
        obj: a callable for an :class:`Exercise`, a plain value for a :class:`Question`.
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
    if call_each is None:

        def call_each(obj: Any, calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> list[Outcome]:
            return [call(obj, args, kwargs) for args, kwargs in calls]

    return _judge_function(exercise, obj, call, call_each, private_seed, float(worth), public)


# A function


def _judge_function(
    exercise: Exercise,
    obj: Any,
    call: Call,
    call_each: CallEach,
    private_seed: int | None,
    worth: float,
    public: bool,
) -> CheckResult:
    if not callable(obj):
        unwritten = obj is ... or obj is None
        message = (
            f"`{exercise.function}` is not written yet."
            if unwritten
            else f"`{exercise.function}` is {_an(type(obj).__name__)}, not a function. Hand over the function "
            f"itself: `check({exercise.id!r}, {exercise.function})`, without calling it."
        )
        return _nothing_earned(exercise, worth, message, attempted=not unwritten)
    names = {criterion.name for criterion in exercise.criteria}
    cases = [(case, truth, False) for case, truth in _cases(exercise, None)] if public else []
    if private_seed is not None:
        cases += [(case, truth, True) for case, truth in _cases(exercise, private_seed)]
    cases = [case for case in cases if case[0].criterion in names]
    outcomes = call_each(obj, [(_copies(case), dict(case.keywords)) for case, _, _ in cases])
    trials = [
        Trial(case, private, outcome, truth, *_fault(exercise, case, outcome, truth))
        for (case, truth, private), outcome in zip(cases, outcomes, strict=True)
    ]
    graded = [trial for trial in trials if trial.case.graded]
    if _is_empty(obj) and all(_is_stub(trial.outcome) for trial in graded):
        message = (
            f"Replace the `...` in `{exercise.function}` with your own code, run the cell, and check again."
        )
        return _nothing_earned(exercise, worth, message, attempted=False)
    some_values_right = not public or any(
        trial.fault is None for trial in graded if trial.case.criterion == "values" and not trial.private
    )
    values_fault = next(
        (trial.fault for trial in graded if trial.fault and trial.case.criterion == "values"), None
    )
    results, private_only = [], False
    for criterion in exercise.criteria:
        own = [trial for trial in trials if trial.case.criterion == criterion.name]
        faults = [trial for trial in own if trial.fault is not None and trial.case.graded]
        private_only |= bool(faults) and all(trial.private for trial in faults)
        mistake = _recognise(exercise, criterion, own) if faults else None
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
        note = "First the values: the other criteria earn their points once some values are right."
    elif any(not result.passed and not result.message for result in results):
        note = "First the values: what else is marked ✗ fails with them."
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
    known = {mistake.name: mistake.sentence for mistake in (*record.mistakes, *general_mistakes(record))}
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


def _is_empty(obj: Any) -> bool:
    """Whether a Python function has no code yet; ``True`` for other callables, whose code cannot be seen."""
    if type(obj) is not FunctionType:
        return True
    return sum(1 for _ in dis.get_instructions(obj)) <= 3 or "NotImplementedError" in obj.__code__.co_names


def _is_stub(outcome: Outcome) -> bool:
    if outcome.error is not None:
        return outcome.error.startswith("NotImplementedError")
    return outcome.value is ... or (outcome.value is None and not outcome.stdout)


# The cases of an exercise and what is right for them: the same for every learner of a class.
_known_cases: dict[tuple[int, int | None], tuple[Exercise, list[tuple[Case, np.ndarray]]]] = {}


def _cases(exercise: Exercise, private_seed: int | None) -> list[tuple[Case, np.ndarray]]:
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


def _truth(exercise: Exercise, case: Case) -> np.ndarray:
    exact = tuple(
        a.astype(np.float64) if isinstance(a, np.ndarray) and a.dtype.kind == "f" and exercise.widen else a
        for a in _copies(case)
    )
    with np.errstate(all="ignore"):
        return np.array(exercise.reference(*exact, **case.keywords), dtype=np.float64)


def _copies(case: Case) -> tuple[Any, ...]:
    return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in case.arguments)


def _try(exercise: Exercise, obj: Any, case: Case, private: bool, call: Call) -> Trial:
    outcome = call(obj, _copies(case), dict(case.keywords))
    truth = _truth(exercise, case)
    fault, note = _fault(exercise, case, outcome, truth)
    return Trial(case, private, outcome, truth, fault, note)


def _fault(
    exercise: Exercise, case: Case, outcome: Outcome, truth: np.ndarray
) -> tuple[Fault | None, str | None]:
    """What is wrong with an outcome, and what is worth a remark though it is not wrong."""
    if outcome.error is not None:
        where = f" in the line `{outcome.line}`" if outcome.line else ""
        return Fault("raised", f"it raised {outcome.error.rstrip('.')}{where}"), None
    value = outcome.value
    if value is None or value is ...:
        printed = bool(outcome.stdout.strip())
        text = "it printed a result and returned None: end with `return`, not `print`"
        return Fault("nothing", text if printed else "it returned None: is a `return` missing?"), None
    array, complaint = _as_numbers(value)
    if array is None:
        return Fault("type", complaint or ""), None
    if array.shape != truth.shape:
        return Fault(
            "shape", f"the result has shape {array.shape}, and {_right_shape(exercise, case, truth)}"
        ), None
    if case.criterion == "input unchanged":
        changed = not _same_arrays(case.arguments, outcome.arguments)
        return (Fault("changed", "the array that was handed in was changed") if changed else None), None
    if case.criterion == "properties":
        broken = [
            law.sentence for law in exercise.properties if not np.all(law.holds(*case.arguments, array))
        ]
        return (Fault("law", f"this does not hold: {'; '.join(broken)}") if broken else None), None
    wrong = ~_close(array, truth, case)
    if np.any(wrong):
        return Fault("value", _shown_difference(case, array, truth, wrong)), None
    if case.quiet and (warned := _floating_point_warning(outcome)) is not None:
        where = f" in `{warned.line}`" if warned.line else ""
        return Fault("warned", f"the value is right, with a {warned.category}: {warned.message}{where}"), None
    if case.criterion == "dtype":
        return _dtype_fault(exercise, case, value, array)
    return None, None


def _right_shape(exercise: Exercise, case: Case, truth: np.ndarray) -> str:
    """The end of a sentence about a shape: it is that of an argument, or another."""
    for name, argument in zip(exercise.arguments, case.arguments, strict=False):
        if isinstance(argument, np.ndarray) and argument.shape == truth.shape:
            return f"{name} has shape {truth.shape}"
    return f"shape {truth.shape} is right" if truth.ndim else "one number is right"


def _floating_point_warning(outcome: Outcome) -> Warned | None:
    return next((warned for warned in outcome.warnings if warned.category == "RuntimeWarning"), None)


def _same_arrays(before: Sequence[Any], after: Sequence[Any]) -> bool:
    return all(
        np.array_equal(x, y, equal_nan=True)
        for x, y in zip(before, after, strict=True)
        if isinstance(x, np.ndarray)
    )


def _dtype_fault(
    exercise: Exercise, case: Case, value: Any, array: np.ndarray
) -> tuple[Fault | None, str | None]:
    given = [a.dtype for a in case.arguments if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    asked = np.result_type(*given) if given else np.dtype(int)
    if not isinstance(value, np.ndarray | np.generic):
        return Fault("dtype", f"{_an(type(value).__name__)} comes back, and an array is right"), None
    if array.dtype == asked or asked.kind != "f":
        return None, None
    text = f"an array of {asked} came back as {array.dtype}"
    if array.dtype == np.float64 and "float64 result" in exercise.allow:
        return None, text
    return Fault("dtype", text), None


def _as_numbers(value: Any) -> tuple[np.ndarray | None, str | None]:
    """The value as an array of numbers, or ``None`` and a complaint. Only plain types are looked into."""
    kind = type(value)
    if isinstance(value, np.ndarray) and kind is not np.ndarray:
        return None, f"{_an(kind.__name__)} comes back, and a plain array is right"
    if not isinstance(value, np.ndarray | np.generic | int | float | list | tuple):
        return None, f"{_an(kind.__name__)} comes back, and an array of numbers is right"
    try:
        array = np.asarray(value)
    except ValueError:
        return None, f"{_an(kind.__name__)} of uneven lengths comes back, and an array of numbers is right"
    # Floating-point types that NumPy does not know by itself, such as bfloat16, have kind "V" or "f".
    if array.dtype.kind not in "bifu" and array.dtype.name != "bfloat16":
        return None, f"an array of {array.dtype} comes back, and an array of real numbers is right"
    return array, None


def _close(array: np.ndarray, truth: np.ndarray, case: Case) -> np.ndarray:
    tolerance = TOLERANCES.get(array.dtype, TOLERANCES[np.dtype(np.float64)])
    if case.tolerance is not None:
        coarse = array.dtype.kind == "f" and array.dtype != np.float64
        tolerance = max(tolerance, case.tolerance) if coarse else case.tolerance
    got = array.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(got - truth) <= tolerance * np.maximum(np.abs(truth), case.scale)
        near &= np.isfinite(truth)  # to an infinite truth every finite number is infinitely near
    return near | (got == truth) | (np.isnan(got) & np.isnan(truth))


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
    """What failed, shown on the smallest public input; else what was seen. ``values_fault`` is that of ``values``."""
    faults = [trial for trial in trials if trial.fault is not None and trial.case.graded]
    if not faults:
        return "\n".join(_observations(exercise, trials)) if values_fault is None else ""
    public = [trial for trial in faults if not trial.private]
    first = (public or faults)[0].fault
    if criterion.name != "values" and values_fault and first and first.kind in ("law", values_fault.kind):
        return ""  # nothing new: the note of the result says that the values come first
    lines = []
    if public:
        case, fault = _smallest(exercise, public[0], obj, call)
        lines.append(f"For {_shown_case(exercise, case)}: {fault.text}.")
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
        at = _shown_case(exercise, trial.case)
        if trial.fault is not None:
            lines.append(f"Seen, not graded: for {at}, {trial.fault.text}.")
        elif trial.note is not None:
            lines.append(f"Seen, not graded: {trial.note}.")
        for warned in trial.outcome.warnings[:1]:
            if trial.fault is None:
                where = f" in `{warned.line}`" if warned.line else ""
                lines.append(
                    f"Seen, not graded: for {at} the value is right, with a {warned.category}: "
                    f"{warned.message}{where}."
                )
    return list(dict.fromkeys(lines))


def _smallest(exercise: Exercise, trial: Trial, obj: Any, call: Call) -> tuple[Case, Fault]:
    """The smallest input that fails in the same way: one element, a row, or the first few of each."""
    assert trial.fault is not None
    case = trial.case
    if case.criterion == "properties":
        return case, trial.fault
    for smaller in _shrunk(trial):
        candidate = replace(case, arguments=smaller)
        try:
            again = _try(exercise, obj, candidate, trial.private, call)
        except (ValueError, TypeError):
            continue  # the reference refuses what is left of the input
        if again.fault is not None and again.fault.kind == trial.fault.kind:
            return candidate, again.fault
    return case, trial.fault


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
    array = _as_numbers(trial.outcome.value)[0] if trial.outcome.error is None else None
    if array is not None and array.shape == trial.truth.shape == shape:
        wrong = ~_close(array, trial.truth, trial.case)
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


def _shown_case(exercise: Exercise, case: Case) -> str:
    named = zip(exercise.arguments, case.arguments, strict=False)
    parts = [f"{name} = {_shown_array(value)}" for name, value in named]
    parts += [f"{name} = {_shown_value(value)}" for name, value in case.keywords.items()]
    return ", ".join(parts)


def _shown_difference(case: Case, array: np.ndarray, truth: np.ndarray, wrong: np.ndarray) -> str:
    """What came back and what is right: whole if it is short, else the simplest wrong element."""
    if 1 < truth.size <= 6 and array.dtype.kind != "V":
        return f"{_nested(array)} comes back, and {_nested(truth)} is right"
    first = _simplest(case, wrong)
    at = f" at {list(first)}" if truth.size > 1 else ""
    got, right = _apart(float(array[first]), float(truth[first]))
    return f"{got} comes back{at}, and {right} is right"


def _apart(got: float, right: float) -> tuple[str, str]:
    """Both numbers with as many digits as tell them apart, six at least."""
    for digits in (6, 9, 12, 17):
        pair = f"{got:.{digits}g}", f"{right:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return pair


def _shown_array(x: Any) -> str:
    if not isinstance(x, np.ndarray):
        return _shown_value(x)
    if x.size == 0:
        return f"an empty array of shape {x.shape}"
    if x.size > 12:
        first = ", ".join(_shown_value(v) for v in x.ravel()[:6])
        return f"[{first}, ...] of shape {x.shape}"
    dtype = "" if x.dtype == np.float64 else f" ({x.dtype})"
    if x.ndim == 0:
        return f"{_shown_value(x[()])} (an array without axes){dtype}"
    return _nested(x) + dtype


def _nested(x: np.ndarray) -> str:
    if x.ndim == 0:
        return _shown_value(x[()])
    if x.ndim == 1:
        return "[" + ", ".join(_shown_value(v) for v in x) + "]"
    return "[" + ", ".join(_nested(row) for row in x) + "]"


def _shown_value(value: Any) -> str:
    if isinstance(value, str | bool | tuple | list) or value is None:
        return repr(value)
    return f"{float(value):.6g}"


def _an(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


# Known mistakes


def _recognise(exercise: Exercise, criterion: Criterion, trials: Sequence[Trial]) -> Mistake | None:
    """The known mistake whose outcomes are the learner's on every graded input of the criterion, if any."""
    graded = [trial for trial in trials if trial.case.graded]
    candidates = [mistake for mistake in exercise.mistakes if mistake.criterion == criterion.name]
    if criterion.name in LOOK_AT_NUMBERS:
        candidates += general_mistakes(exercise)
    for mistake in candidates:
        if all(
            _same(trial.outcome, _outcome_of(mistake.function, trial.case), trial.case) for trial in graded
        ):
            return mistake
    return None


def _outcome_of(function: Callable[..., Any], case: Case) -> Outcome:
    return call_locally(function, _copies(case), dict(case.keywords))


def _same(one: Outcome, other: Outcome, case: Case) -> bool:
    if one.error is not None or other.error is not None:
        return _without_names(one.error) == _without_names(other.error)
    a, b = (_as_numbers(outcome.value)[0] for outcome in (one, other))
    if a is None or b is None:
        return False
    if a.shape != b.shape or not np.all(_close(a, b.astype(np.float64), case)):
        return False
    if case.quiet and _warnings_of(one) != _warnings_of(other):
        return False
    if case.criterion == "dtype":
        arrays = isinstance(one.value, np.ndarray)
        return type(one.value) is type(other.value) and (not arrays or a.dtype == b.dtype)
    if case.criterion == "input unchanged":
        return _same_arrays(one.arguments, other.arguments)
    return True


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
    return f"The answer is a number; this is {_an(type(answer).__name__)}."


def nearest(name: str, names: Sequence[str]) -> str:
    """The end of an error sentence: the names closest to ``name``, or all there are."""
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    listed = close or sorted(names)
    return f"{'did you mean' if close else 'there are'} {', '.join(repr(n) for n in listed)}{'?' if close else ''}"
