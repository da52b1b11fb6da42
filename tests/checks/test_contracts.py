"""What every exercise of every unit promises. A new record is picked up by itself."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from nlref.checks import EXERCISES, Exercise, Question, evaluate
from nlref.checks.engine import _outcome_of, _same
from nlref.checks.script import given
from nlref.checks.values import arrays_in
from nlref.learn.picture import picture

FUNCTIONS = [exercise for exercise in EXERCISES.values() if isinstance(exercise, Exercise)]
QUESTIONS = [exercise for exercise in EXERCISES.values() if isinstance(exercise, Question)]
SEEDS = [None, 1, pytest.param(20261121, marks=pytest.mark.slow)]

each_function = pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.id)
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
each_seed = pytest.mark.parametrize("seed", SEEDS)
each_mistake = pytest.mark.parametrize(
    ("exercise", "mistake"),
    [pytest.param(e, m, id=f"{e.id}-{m.name}") for e in FUNCTIONS for m in e.mistakes],
)
each_alternative = pytest.mark.parametrize(
    ("exercise", "alternative"),
    [
        pytest.param(e, a, id=f"{e.id}-{i}-{a.__name__}")
        for e in FUNCTIONS
        for i, a in enumerate(e.alternatives)
    ],
)


def answer(exercise, function):
    """What a learner hands over: the function or class, or the value that it gives."""
    return function() if exercise.kind == "value" else function


@each_mistake
@each_seed
def test_known_mistake_loses_points_by_its_criterion_and_is_named(exercise, mistake, seed):
    result = evaluate(exercise, answer(exercise, mistake.function), private_seed=seed)
    caught = next(c for c in result.criteria if c.name == mistake.criterion)
    assert result.score < exercise.points
    assert not caught.passed
    assert caught.mistake == mistake.name
    assert result.mistake == mistake.name
    assert mistake.sentence in caught.message


@each_alternative
@each_seed
def test_alternative_gets_all_points(exercise, alternative, seed):
    result = evaluate(exercise, answer(exercise, alternative), private_seed=seed)
    assert result.passed, str(result)


@each_function
@each_seed
def test_reference_gets_all_points(exercise, seed):
    result = evaluate(exercise, answer(exercise, exercise.reference), private_seed=seed)
    assert result.score == exercise.points, str(result)


@each_function
@pytest.mark.parametrize(
    "worthless",
    [
        pytest.param(lambda x, *a, **k: None, id="returns None"),
        pytest.param(lambda x, *a, **k: x, id="returns x"),
        pytest.param(lambda x, *a, **k: np.zeros_like(x), id="zeros"),
        pytest.param(lambda x, *a, **k: np.ones_like(x), id="ones"),
        pytest.param(lambda x, *a, **k: np.full_like(x, np.nan), id="nan"),
        pytest.param(lambda x, *a, **k: np.ma.masked_all_like(x), id="masked"),
        pytest.param(lambda x, *a, **k: np.array([None] * x.size).reshape(x.shape), id="objects"),
        pytest.param(lambda x, *a, **k: x.astype(str), id="strings"),
        pytest.param(lambda x, *a, **k: x.astype(complex) * 1j, id="complex"),
        pytest.param(lambda x, *a, **k: x[:0], id="empty"),
        pytest.param(lambda x, *a, **k: 1 / 0, id="raises"),
        pytest.param(lambda: 0, id="takes no argument"),
    ],
)
def test_worthless_function_gets_nothing(exercise, worthless):
    assert evaluate(exercise, worthless, private_seed=3).score == 0


@each_function
def test_private_inputs_agree_with_public_ones(exercise):
    for function in [*exercise.alternatives, *(m.function for m in exercise.mistakes)]:
        public = evaluate(exercise, answer(exercise, function))
        for seed in range(5):
            private = evaluate(exercise, answer(exercise, function), private_seed=seed)
            assert private.score == public.score
            assert not private.private_only


@each_function
def test_private_inputs_differ_from_public_ones_and_repeat_with_their_seed(exercise):
    def numbers(cases):
        return [
            str(np.asarray(argument, dtype=object).tolist())
            for case in cases
            for argument in (*case.arguments, *itertools.chain.from_iterable(map(given, case.steps)))
        ]

    if exercise.kind == "value":
        assert not exercise.private_inputs(np.random.default_rng(5))
        return
    public = numbers(exercise.public_inputs())
    assert numbers(exercise.public_inputs()) == public
    drawn = numbers(exercise.private_inputs(np.random.default_rng(5)))
    assert numbers(exercise.private_inputs(np.random.default_rng(5))) == drawn
    assert numbers(exercise.private_inputs(np.random.default_rng(6))) != drawn
    assert drawn != public


@each_function
def test_record_is_complete(exercise):
    assert sum(criterion.share for criterion in exercise.criteria) == pytest.approx(1)
    assert len({criterion.name for criterion in exercise.criteria}) == len(exercise.criteria)
    assert len(exercise.mistakes) >= 5
    assert len({mistake.name for mistake in exercise.mistakes}) == len(exercise.mistakes)
    assert len(exercise.alternatives) >= 2
    assert len(exercise.hints) == 3
    assert exercise.points > 0
    graded = {case.criterion for case in exercise.public_inputs() if case.graded}
    assert {criterion.name for criterion in exercise.criteria} <= graded


@each_function
def test_hints_have_the_length_of_their_rung(exercise):
    question, idea, skeleton = exercise.hints
    assert len(question.split()) <= 30
    assert "?" in question
    assert 30 <= len(idea.split()) <= 160
    assert "____" in skeleton


@each_function
def test_every_argument_has_a_name(exercise):
    for case in exercise.public_inputs() if exercise.kind == "function" else ():
        assert len(case.arguments) == len(exercise.arguments)


@each_function
def test_cases_are_of_the_kind_of_their_exercise(exercise):
    for case in exercise.public_inputs():
        assert bool(case.steps) == (exercise.kind == "class")


@each_function
def test_the_reference_can_be_drawn_or_there_is_nothing_to_draw(exercise):
    drawn = picture(exercise, exercise.reference)
    assert drawn is None if exercise.curve is None and exercise.arguments != ("x",) else drawn
    if exercise.curve is not None:
        assert exercise.curve.xlabel in drawn
        assert exercise.curve.ylabel in drawn


@each_function
def test_mistakes_differ_from_each_other_on_the_inputs_of_their_criterion(exercise):
    """Two mistakes with the same outcomes could not both be named."""
    for one in exercise.mistakes:
        for other in exercise.mistakes:
            if one is not other and one.criterion == other.criterion:
                cases = [c for c in exercise.public_inputs() if c.criterion == one.criterion and c.graded]
                assert not all(
                    _same(_outcome_of(exercise, one, case), _outcome_of(exercise, other, case), case)
                    for case in cases
                ), (one.name, other.name)


# A criterion that is switched off is missed.


def unnoticed(exercise, criterion):
    """What a criterion is there for and does not catch: its known mistakes, and one that only its cases can show."""
    wrong = [
        (mistake.name, mistake.function) for mistake in exercise.mistakes if mistake.criterion == criterion
    ]
    if exercise.kind == "function":
        wrong.append(("wrong on its inputs", wrong_for(exercise, criterion)))
    missed = []
    for name, function in wrong:
        result = evaluate(exercise, answer(exercise, function))
        caught = next((c for c in result.criteria if c.name == criterion), None)
        if caught is None or caught.passed:
            missed.append(name)
    return missed


def wrong_for(exercise, criterion):
    """The first alternative, made wrong on the inputs of one criterion and no other's."""
    right = exercise.alternatives[0]
    cases = [case for case in exercise.public_inputs() if case.graded and case.criterion == criterion]

    def wrong(*arguments, **keywords):
        result = right(*arguments, **keywords)
        asked = any(
            len(case.arguments) == len(arguments)
            and all(
                np.array_equal(a, b, equal_nan=True) for a, b in zip(case.arguments, arguments, strict=True)
            )
            for case in cases
        )
        if asked and criterion == "input unchanged":
            for array in arrays_in(arguments):
                array[...] = 1 - array
        elif asked:
            result = [np.nan * np.asarray(result), None]
        return result

    return wrong


@each_function
def test_each_criterion_catches_what_it_is_there_for(exercise):
    for criterion in exercise.criteria:
        assert not unnoticed(exercise, criterion.name)


@each_function
def test_a_criterion_that_is_switched_off_is_missed(exercise):
    for criterion in exercise.criteria:
        others = tuple(one for one in exercise.criteria if one is not criterion)
        if not others:
            continue
        share = sum(one.share for one in others)
        without = replace(exercise, criteria=tuple(replace(one, share=one.share / share) for one in others))
        assert unnoticed(without, criterion.name)
        passing = [case for case in exercise.public_inputs() if case.criterion != criterion.name]
        without_cases = replace(exercise, public_inputs=lambda kept=tuple(passing): kept)
        assert unnoticed(without_cases, criterion.name), "the criterion without its cases is as good as none"


@each_question
def test_question_is_answered_by_its_answer_alone(question):
    assert evaluate(question, question.answer).score == question.points
    for key in question.options:
        assert evaluate(question, key).passed == (key == question.answer)
    for tempting in question.replies:
        result = evaluate(question, tempting)
        assert not result.passed
        assert question.replies[tempting] in result.criteria[0].message


@each_question
def test_question_is_complete(question):
    assert question.explanation
    assert question.prompt.rstrip().endswith(("?", "."))
    if question.options:
        assert question.answer in question.options
        for key, option in question.options.items():
            assert (option.belief is None) == (key == question.answer)
            assert option.reply
    else:
        assert isinstance(question.answer, int | float)


def test_ids_are_those_of_the_records():
    assert all(key == exercise.id for key, exercise in EXERCISES.items())
