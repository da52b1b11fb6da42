"""Answers that hold nothing: found at any depth, filled, and judged by what the instructor's solution answers."""

import collections

import numpy as np
import pytest

from nlref.grading.witness import CHANGED, EMPTY, NAN, Question, Witness, filled, kinds_of


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (0, set()),
        (None, set()),
        (1.5, set()),
        (float("nan"), {NAN}),
        (complex("nan"), {NAN}),
        (np.float32("nan"), {NAN}),
        (np.float64(2), set()),
        (np.array([]), {EMPTY}),
        (np.zeros((0, 3), int), {EMPTY}),
        (np.array([1.0, np.nan]), {NAN}),
        (np.array(["a"]), set()),
        (np.array(["NaT"], dtype="M8[D]"), {NAN}),
        ([], {EMPTY}),
        ("", {EMPTY}),
        ({}, {EMPTY}),
        (range(0), {EMPTY}),
        (collections.Counter(), {EMPTY}),
        ([1, (2, [])], {EMPTY}),
        ({"a": np.array([np.nan]), "b": ""}, {EMPTY, NAN}),
        (object(), set()),
    ],
)
def test_what_holds_nothing_is_found(value, kinds):
    assert kinds_of(value) == kinds


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), complex("nan"), np.float32("nan"), np.array([]), np.zeros((0, 3), int), np.array([1.0, np.nan]),
        [], (), set(), frozenset(), {}, "", b"", bytearray(), range(0), collections.deque(), collections.Counter(),
        collections.OrderedDict(), collections.defaultdict(list), [[], (float("nan"),)], {"a": [1, ""]},
    ],
    ids=repr,
)  # fmt: skip
def test_afterwards_something_of_the_same_type_stands_there(value):
    made = filled(value, -12345.678, {EMPTY, NAN})
    assert type(made) is type(value)
    assert kinds_of(made) == set()
    if isinstance(value, np.ndarray):
        assert made.dtype == value.dtype


def test_what_is_allowed_stays():
    value = {"a": [], "b": float("nan"), "c": np.ones(2)}
    assert filled(value, 1.0, set()) == value | {"b": pytest.approx(float("nan"), nan_ok=True)}
    assert filled([[], float("nan")], 5.0, {NAN}) == [[], 5.0]


def test_the_instructors_solution_is_the_witness():
    instructor, learner = Witness(), Witness()
    instructor.note(Question("call f", b"no numbers"), {EMPTY})
    instructor.note(Question("call f", b"numbers"), ())
    for arguments in (b"no numbers", b"numbers"):
        learner.note(Question("call f", arguments), {EMPTY})
    assert learner.not_allowed_by(instructor) == [EMPTY]
    assert instructor.allows(Question("call f", b"no numbers"), EMPTY)
    assert not instructor.allows(Question("call f", b"numbers"), EMPTY)
    assert not instructor.allows(Question("call f", b"no numbers"), CHANGED)
    # Random inputs are never the same twice: then what is ever given to such a question is allowed.
    assert instructor.allows(Question("call f", b"others"), EMPTY)
    assert not instructor.allows(Question("call f", b"others"), NAN)
    # What the instructor's solution was never asked says nothing.
    assert instructor.allows(Question("call g", b"numbers"), EMPTY)
