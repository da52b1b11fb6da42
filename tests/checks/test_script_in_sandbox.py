"""Scripts played with classes that live in the sandbox say what they say in one process."""

import inspect
import shutil
import textwrap

import numpy as np
import pytest

from nlref.checks import Case, evaluate
from nlref.checks.exercise import Method
from nlref.grading.engine import _call, _call_each
from nlref.grading.remote import RemoteNamespace
from nlref.grading.sandbox import Limits, Sandbox
from tests.checks import test_script as scripts

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]


@pytest.fixture(scope="module")
def box():
    with Sandbox(
        limits=Limits(cell_seconds=20, call_seconds=20, notebook_seconds=120, test_seconds=60)
    ) as made:
        yield made


@pytest.fixture
def judged(box):
    """Judge a class or value that a learner's cell defines, as the grader does."""
    sessions = []

    def judge(exercise, source, name, seed=None):
        session = box.session()
        sessions.append(session)
        run = session.run_cell("import numpy as np\n" + textwrap.dedent(source))
        assert run.error is None, run.error
        remote = RemoteNamespace(session)
        results = []

        def check(obj):
            results.append(evaluate(exercise, obj, call=_call, call_each=_call_each, private_seed=seed))

        remote.namespace["check"] = check
        ran = remote.run_test(f"check({name})")
        assert ran.error is None, (ran.error, ran.traceback)
        return results[0]

    yield judge
    for session in sessions:
        session.close()


def source(*classes):
    return "\n".join(textwrap.dedent(inspect.getsource(one)) for one in classes)


@pytest.mark.parametrize(
    ("exercise", "classes"),
    [
        (scripts.DENSE, (scripts.Dense,)),
        (scripts.DENSE, (scripts.Dense, scripts.LoopDense)),
        (scripts.MOMENTUM, (scripts.Momentum,)),
        (scripts.STOPPING, (scripts.EarlyStopping,)),
        (scripts.IN_PLACE, (scripts.InPlace,)),
    ],
    ids=lambda value: value.id if hasattr(value, "id") else value[-1].__name__,
)
def test_right_classes_have_all_points(judged, exercise, classes):
    result = judged(exercise, source(*classes), classes[-1].__name__, seed=5)
    assert result.passed, str(result)


@pytest.mark.parametrize(
    ("exercise", "classes"),
    [
        (scripts.DENSE, (scripts.Dense, scripts.BiasForgotten)),
        (scripts.DENSE, (scripts.Dense, scripts.GradientTransposed)),
        (scripts.DENSE, (scripts.Dense, scripts.GradientAccumulated)),
        (scripts.DENSE, (scripts.Dense, scripts.InputOverwritten)),
        (scripts.MOMENTUM, (scripts.Momentum, scripts.MomentumForgets)),
        (scripts.STOPPING, (scripts.EarlyStopping, scripts.StopsOneLate)),
    ],
    ids=lambda value: value.id if hasattr(value, "id") else value[-1].__name__,
)
@pytest.mark.parametrize("seed", [None, 5])
def test_wrong_classes_are_told_the_same(judged, exercise, classes, seed):
    theirs = judged(exercise, source(*classes), classes[-1].__name__, seed)
    here = evaluate(exercise, classes[-1], private_seed=seed)
    assert theirs == here
    assert not theirs.passed


def test_arrays_inside_a_list_that_are_written_into_are_seen(judged):
    wrong = """
    class InPlace:
        def __init__(self, rate):
            self.rate = rate

        def apply(self, gradients, weights):
            for g, w in zip(gradients, weights, strict=True):
                g *= self.rate
                w -= g
    """
    result = judged(scripts.IN_PLACE, wrong, "InPlace")
    assert [c.name for c in result.criteria if not c.passed] == ["input unchanged"]


def test_objects_that_are_none_and_hostile_ones_earn_nothing(judged):
    for source, name in (
        ("def Dense(units): return np.zeros(units)", "Dense"),
        ("def Dense(units): return {'forward': 1}", "Dense"),
        ("Dense = 5", "Dense"),
        (
            "class Dense:\n    def __init__(self, units): pass\n    def __getattr__(self, name): return self",
            "Dense",
        ),
        (
            "class Dense:\n    def __init__(self, units): pass\n    def __eq__(self, other): return True\n"
            "    def forward(self, x): return self\n    def backward(self, g): return self\n"
            "    def __array__(self, *a, **k): return np.zeros((4, 2))",
            "Dense",
        ),
        ("class Dense:\n    def __init__(self, units): raise SystemExit", "Dense"),
    ):
        result = judged(scripts.DENSE, source, name, seed=2)
        assert result.score == 0, source


def test_an_error_is_shown_with_the_learners_line(judged):
    wrong = source(scripts.Dense) + textwrap.dedent(
        """
        class Raises(Dense):
            def backward(self, g):
                return g @ self.kernel  # the line to show
        """
    )
    result = judged(scripts.DENSE, wrong, "Raises")
    message = scripts.criterion(result, "gradient").message
    assert "it raised ValueError" in message
    assert "in the line `return g @ self.kernel  # the line to show`" in message


def test_a_value_is_judged(judged):
    assert judged(scripts.VALUE, "weights = np.array([0.5, 0.25])", "weights").passed
    result = judged(scripts.VALUE, "weights = np.array([2.0, 1.0])", "weights")
    assert result.mistake == "not normalised"
    hostile = "class Any:\n    def __eq__(self, other): return True\nweights = Any()"
    assert judged(scripts.VALUE, hostile, "weights").score == 0


def test_a_script_of_many_steps_works_with_one_object(judged):
    exercise = scripts.record(
        Counter,
        lambda generator: (
            Case(
                "values",
                (),
                steps=tuple(Method("count", (float(n),)) for n in generator.integers(9, size=50)),
            ),
        ),
        (("values", 1.0),),
    )
    assert judged(exercise, source(Counter), "Counter", seed=1).passed


class Counter:
    def __init__(self):
        self.total = np.float64(0)

    def count(self, n):
        self.total += n
        return self.total
