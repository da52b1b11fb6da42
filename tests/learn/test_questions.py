import pytest

import nlref
from nlref.checks import EXERCISES, Question

QUESTIONS = [q for q in EXERCISES.values() if isinstance(q, Question)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_right_verb_takes_the_answer_and_the_other_says_so(question):
    verb, other = (nlref.choose, nlref.predict) if question.options else (nlref.predict, nlref.choose)
    assert verb(question.id, question.answer, show=False).passed
    assert not verb(question.id, ..., show=False).attempted
    with pytest.raises(ValueError, match=f"use {verb.__name__}"):
        other(question.id, question.answer)


def test_exercise_is_not_a_question():
    with pytest.raises(ValueError, match=r"use check\('relu', relu\)"):
        nlref.predict("relu", 1)
