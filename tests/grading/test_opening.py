"""The cells with which every notebook begins: run once, with the same outcome as if each session ran them."""

import json

import pytest

from nlref.grading.assignment import MasterCell, MasterNotebook
from nlref.grading.course import Course
from nlref.grading.engine import Engine
from nlref.grading.opening import opening_of
from nlref.grading.sandbox import Sandbox
from nlref.grading.submission import Cell, read_submission

SETUP = MasterCell("code", "import numpy as np", "setup", locked=True, released="import numpy as np")
TRAIN = MasterCell("code", "weights = train(np.ones(3))", released="weights = train(np.ones(3))")
ASK = MasterCell("code", "answer = ...", "q", solution=True, released="answer = ...")
TEST = MasterCell("code", "choose('q', answer)", "q-check", grade=True, locked=True, points=1)
MASTER = MasterNotebook("unit", (SETUP, ASK, TEST, TRAIN))


def places(*cells, passed_over=()):
    made = [cell if isinstance(cell, Cell) else handed_in(cell) for cell in cells]
    return opening_of(MASTER, made, lambda place: place in passed_over)


def handed_in(master, source=None):
    return Cell(
        "code",
        master.source if source is None else source,
        master=master if master.grade_id else None,
    )


def test_the_instructors_cells_are_run_beforehand_past_plain_answers_and_their_tests():
    assert places(SETUP, ASK, TEST, TRAIN) == (0, 3)
    assert places(SETUP, handed_in(ASK, "answer = 'c'  # surely"), TEST, TRAIN) == (0, 3)
    assert places(Cell("markdown", "# text"), SETUP, TRAIN) == (1, 2)


@pytest.mark.parametrize(
    "answer",
    [
        "answer = f()",
        "answer = 'c'\nprint(answer)",
        "answer[0] = 'c'",
        "np = 3",
        "weights = 'c'",
        "train = None",
        "_ = 1",
        "answer = 'c'\nimport numpy",
        "%time answer = 1",
        "answer = " + "1" * 20_000,
        "answer = " + "[" * 3_000 + "]" * 3_000,
    ],
)
def test_an_answer_that_could_make_a_difference_ends_it(answer):
    assert places(SETUP, handed_in(ASK, answer), TEST, TRAIN) == (0,)


def test_a_test_that_mentions_what_comes_later_ends_it():
    watching = MasterCell("code", "assert 'weights' not in globals()", "t", grade=True, locked=True)
    assert places(SETUP, handed_in(watching), TRAIN) == (0,)
    using = MasterCell("code", "assert train is None", "t", grade=True, locked=True)
    assert places(SETUP, handed_in(using), TRAIN) == (0,)


def test_cells_that_are_not_the_instructors_own_in_their_order_end_it():
    assert places(TRAIN, SETUP) == ()
    assert places(handed_in(SETUP, "import numpy as np, os"), TRAIN) == ()
    assert places(SETUP, handed_in(TRAIN, "weights = 3"), TRAIN) == (0,)
    assert places(SETUP, handed_in(TRAIN, "1"), TRAIN) == (0,)
    assert places(SETUP, TRAIN, TRAIN) == (0, 1)
    assert places(SETUP, TRAIN, passed_over=(0,)) == ()


def test_cells_that_look_around_end_it():
    reads = "import os\nfound = os.path.exists('data.csv')"
    reading = MasterNotebook("unit", (MasterCell("code", reads, released=reads), TRAIN))
    assert opening_of(reading, [Cell("code", reads), handed_in(TRAIN)], lambda place: False) == ()


@pytest.fixture(scope="module")
def box():
    with Sandbox() as box:
        yield box


@pytest.mark.sandbox
class TestSessions:
    def test_what_it_ran_is_there_and_is_nobodys_but_the_sessions(self, box):
        opening = ["import numpy as np\nprint('once')", "shared = [1]\nnp.arange(3)"]
        for _ in range(2):
            with box.session(opening=opening) as session:
                assert [run.outputs[0].get("text") for run in session.opened] == ["once\n", None]
                assert session.opened[1].outputs[0]["data"]["text/plain"] == "array([0, 1, 2])"
                assert session.rebound == {"np": 1, "shared": 2}
                run = session.run_cell("shared.append(2)\nprint(shared, In[-1] == 'x', np.pi > 3)")
                assert run.outputs[0]["text"] == "[1, 2] False True\n"

    def test_it_is_as_confined_as_any_other(self, box):
        with box.session(opening=["x = 1"]) as session:
            run = session.run_cell(
                "import os, socket\nopen('own', 'w').write('x')\nfound = []\n"
                "for attempt in (os.fork, socket.socket, lambda: open('/runtime/x', 'w')):\n"
                "    try:\n        attempt(); found.append(attempt)\n    except OSError: pass\n"
                "print(found, os.getpid(), os.listdir())"
            )
            assert run.outputs[0]["text"] == "[] 1 ['own']\n"

    def test_random_numbers_differ_from_session_to_session(self, box):
        seen = set()
        for _ in range(3):
            with box.session(opening=["import random"]) as session:
                seen.add(session.run_cell("random.random()").outputs[0]["data"]["text/plain"])
        assert len(seen) == 3

    @pytest.mark.parametrize(
        ("cells", "ran"),
        [
            (["x = 1", "1 / 0", "y = 2"], 1),
            (["x = 1", "import threading, time\nthreading.Timer(60, print).start()"], 1),
            (["open('left.txt', 'w').close()"], 0),
            (["x = 1", "file = open('/dev/null')"], 1),
            (["x = 1", "import os\nos._exit(0)"], 1),
            ([], 0),
        ],
    )  # fmt: skip
    def test_cells_that_a_fork_would_change_are_left_to_the_session(self, box, cells, ran):
        for _ in range(2):
            with box.session(opening=cells) as session:
                assert len(session.opened) == ran
                assert session.run_cell("'x' in globals()").outputs[0]["data"]["text/plain"] == str(ran > 0)
                assert session.run_cell("import os; os.listdir()").outputs[0]["data"]["text/plain"] == "[]"

    def test_many_different_openings_are_not_all_kept(self, box):
        for number in range(6):
            with box.session(opening=[f"x = {number}"]) as session:
                assert session.run_cell("x").outputs[0]["data"]["text/plain"] == str(number)
        assert len(box._openings) <= 3


@pytest.mark.sandbox
def test_a_notebook_is_graded_the_same_whether_its_beginning_was_run_before(
    unit_course, sample_class, monkeypatch
):
    name = sample_class.UNIT
    sample_class.build(unit_course, ["ada"])
    version = Course(unit_course).assignment(name)
    submission = read_submission(unit_course / "submitted" / "ada" / name, "ada", name, version.notebooks)
    with Engine(version) as engine:
        began = engine.grade(submission)
        assert engine.sandbox._openings
        monkeypatch.setattr("nlref.grading.engine.opening_of", lambda *_: ())
        whole = engine.grade(submission)
    assert began.notebooks[0].cells == whole.notebooks[0].cells
    one, other = (json.loads(result.notebooks[0].content) for result in (began, whole))
    assert one == other
