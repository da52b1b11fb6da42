"""``predict`` and ``choose``: commit to an answer, then see what is true."""

from typing import Any

from nlref.checks import CheckResult, Exercise, evaluate, find
from nlref.learn.checking import present


def predict(question: str, answer: Any, *, points: float | None = None, show: bool = True) -> CheckResult:
    """Compare a number that you predicted with what is true.

    Parameters
        question: the question's name.
        answer: a number. ``...`` counts as not answered.
        points, show: as in :func:`nlref.check`.

    Returns
        The result: right or not, and why. In self-study the first answer is the one that ``progress()`` counts.

    Raises
        ValueError: there is no question of that name, or it asks for a choice.
    """
    return _answer(question, answer, points=points, show=show, chosen=False)


def choose(question: str, answer: Any, *, points: float | None = None, show: bool = True) -> CheckResult:
    """Compare the option that you chose with the right one.

    Parameters
        question: the question's name.
        answer: the letter of an option, such as ``"b"``. ``...`` counts as not answered.
        points, show: as in :func:`nlref.check`.

    Returns
        The result: right or not, and why. In self-study the first answer is the one that ``progress()`` counts.

    Raises
        ValueError: there is no question of that name, or it asks for a number.
    """
    return _answer(question, answer, points=points, show=show, chosen=True)


def _answer(question: str, answer: Any, *, points: float | None, show: bool, chosen: bool) -> CheckResult:
    record = find(question)
    if isinstance(record, Exercise):
        raise ValueError(f"{question!r} is an exercise: use check({question!r}, {record.function})")
    if bool(record.options) is not chosen:
        verb, form = ("choose", "one of several options") if record.options else ("predict", "a number")
        raise ValueError(f"{question!r} asks for {form}: use {verb}({question!r}, ...)")
    return present(evaluate(record, answer, points=points), answer, show=show)
