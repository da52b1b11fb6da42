"""Test cells run unchanged on remote names: honest work gets what one process would give, and no trick counts."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import numpy as np
import pytest

from nlref.grading.remote import RemoteNamespace, call_remotely, names_defined, value_of
from nlref.grading.sandbox import Limits, Sandbox, SessionLost

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]


@pytest.fixture(scope="module")
def box():
    with Sandbox(
        limits=Limits(cell_seconds=60, call_seconds=60, notebook_seconds=300, test_seconds=120)
    ) as made:
        yield made


@pytest.fixture(scope="module")
def brief():
    """A sandbox whose test cells have one second."""
    with Sandbox(limits=Limits(cell_seconds=30, call_seconds=20, test_seconds=1)) as made:
        yield made


class Play:
    """A notebook under test: the learner's cells there, the instructor's here."""

    def __init__(self, session, source="", **options):
        self.session = session
        self.learn(source)
        self.remote = RemoteNamespace(session, **options)

    def learn(self, source):
        run = self.session.run_cell(source)
        assert run.error is None, run.error

    def test(self, source):
        return self.remote.run_test(source)

    def passes(self, source):
        run = self.test(source)
        assert run.error is None, (run.error, run.traceback)
        return run

    def fails(self, source, text=""):
        run = self.test(source)
        assert run.error is not None, run
        assert text in run.error, run.error
        assert run.outputs[-1]["output_type"] == "error"
        return run


@pytest.fixture
def play(box):
    sessions = []

    def start(source="", **options):
        sessions.append(box.session())
        return Play(sessions[-1], source, **options)

    yield start
    for session in sessions:
        session.close()


class TestValuesAndFunctions:
    def test_a_call_is_a_call(self, play):
        nb = play("import numpy as np\ndef f(x, *args, k=2, **rest): return x * k, args, rest")
        nb.passes("assert f(3) == (6, (), {})\nassert f(1.5, 'a', k=4, z=None) == (6.0, ('a',), {'z': None})")
        nb.passes(
            "import numpy as np\nx, *_ = f(np.arange(3.0))\nnp.testing.assert_array_equal(x, [0, 2, 4])"
        )

    def test_values_are_values(self, play):
        nb = play("import numpy as np\nn = 3\nxs = [1, 2]\nd = {'a': (1, 2)}\na = np.eye(2)\ns = 'text'")
        nb.passes(
            "assert n == 3 and type(n) is int and type(xs) is list and d['a'] == (1, 2) and s.upper() == 'TEXT'\n"
            "import numpy\nassert type(a) is numpy.ndarray and a.sum() == 2"
        )

    def test_the_last_expression_is_the_value(self, play):
        nb = play("def f(x): return x")
        run = nb.passes("print('a')\nf(2) + 0.5")
        assert run.value == 2.5
        assert run.outputs == [
            {"output_type": "stream", "name": "stdout", "text": "a\n"},
            {
                "output_type": "execute_result",
                "execution_count": 1,
                "data": {"text/plain": "2.5"},
                "metadata": {},
            },
        ]
        assert nb.passes("f(2);").value is None
        assert nb.passes("f(None)").outputs == []

    def test_a_failing_assertion_shows_the_tests_line_only(self, play):
        nb = play("def f(x): return x")
        run = nb.fails("y = 1\nassert f(1) == 2, 'one is not two'", "AssertionError: one is not two")
        assert run.traceback == [
            "Traceback (most recent call last):",
            "  test 1, line 2, in <module>",
            "    assert f(1) == 2, 'one is not two'",
            "AssertionError: one is not two",
        ]
        nb.fails("def f(:", "SyntaxError")
        nb.fails("nowhere", "NameError: name 'nowhere' is not defined")
        nb.fails("raise SystemExit", "SystemExit")

    def test_docstring_signature_and_source(self, play):
        nb = play(
            'def f(x, /, y: int = 3, *, axis=-1, **options):\n    """Adds."""\n    for i in range(2): pass\n'
            "    return x"
        )
        nb.passes(
            "import inspect\nassert f.__name__ == 'f' and f.__doc__ == 'Adds.' and callable(f)\n"
            "p = inspect.signature(f).parameters\n"
            "assert list(p) == ['x', 'y', 'axis', 'options'] and p['axis'].default == -1\n"
            "assert inspect.isfunction(f) and 'for i in range(2)' in inspect.getsource(f)\n"
            "import ast\nassert any(isinstance(n, ast.For) for n in ast.walk(ast.parse(inspect.getsource(f))))"
        )

    def test_arguments_changed_in_place_are_seen(self, play):
        nb = play(
            "def double(x): x *= 2\ndef add(xs, d, s): xs.append(1); d['k'] = xs; s.add(9); xs[0].append(5)\n"
            "def same(x): return x\ndef both(a, b): a[0] = 7; return a is b"
        )
        nb.passes(
            "import numpy as np\nx = np.ones(3); view = x\ndouble(x)\nassert view.tolist() == [2, 2, 2]\n"
            "xs, d, s = [[]], {}, set()\ninner = xs[0]\nadd(xs, d, s)\n"
            "assert xs == [[5], 1] and d['k'] is xs and s == {9} and inner == [5] and xs[0] is inner\n"
            "assert same(x) is x and same(xs) is xs\n"
            "y = np.zeros(2)\nassert both(y, y) and y[0] == 7 and not both(np.zeros(2), np.zeros(2))"
        )

    def test_a_read_only_argument_stays_so(self, play):
        nb = play("def f(x):\n    x[0] = 1\n    return x")
        nb.passes(
            "import numpy as np\nx = np.zeros(2); x.flags.writeable = False\n"
            "try:\n    f(x)\nexcept ValueError as e:\n    assert 'read-only' in str(e)\nelse:\n"
            "    raise AssertionError"
        )

    def test_random_numbers_go_on_as_in_one_process(self, play):
        nb = play(
            "import numpy as np, random\ndef init(n): return np.random.randn(n)\n"
            "def toss(): return random.random()\n"
            "def draw(rng): return rng.normal(size=3)"
        )
        nb.passes(
            "import numpy as np, random\nnp.random.seed(1); random.seed(1)\n"
            "a, b, t = init(3), np.random.randn(2), toss()\n"
            "u = random.random()\n"
            "np.random.seed(1); random.seed(1)\nassert (np.random.randn(5) == [*a, *b]).all()\n"
            "assert [random.random(), random.random()] == [t, u]\n"
            "r = np.random.default_rng(3); x = draw(r); y = r.normal(size=3)\n"
            "assert (np.random.default_rng(3).normal(size=6) == [*x, *y]).all()"
        )

    def test_printed_text_and_warnings_arrive(self, play):
        nb = play(
            "import sys, warnings\ndef f():\n"
            "    print('out'); print('err', file=sys.stderr); warnings.warn('care', UserWarning)"
        )
        nb.passes(
            "import io, contextlib, warnings\nout, err = io.StringIO(), io.StringIO()\n"
            "with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), "
            "warnings.catch_warnings(record=True) as w:\n"
            "    warnings.simplefilter('always')\n    f(); f()\n"
            "assert out.getvalue() == 'out\\nout\\n' and err.getvalue() == 'err\\nerr\\n'\n"
            "assert [str(x.message) for x in w] == ['care', 'care'] and w[0].category is UserWarning"
        )
        run = nb.passes(
            "import warnings\nwarnings.simplefilter('error')\ntry:\n    f()\nexcept UserWarning: print('raised')"
        )
        assert "raised" in run.outputs[-1]["text"]

    def test_floating_point_errors_follow_the_test(self, play):
        nb = play("import numpy as np\ndef f(x): return np.exp(x)")
        nb.passes(
            "import numpy as np\nwith np.errstate(all='raise'):\n    try: f(np.array([1e4]))\n"
            "    except FloatingPointError: pass\n    else: raise AssertionError\nf(np.array([1e4]))"
        )

    def test_generators_are_consumed_here(self, play):
        nb = play("def g(n):\n    for i in range(n):\n        got = yield i\n        if got: yield got * 10")
        nb.passes(
            "it = g(3)\nassert next(it) == 0 and it.send(5) == 50 and list(it) == [1, 2]\n"
            "assert [*g(2)] == [0, 1] and sum(g(5)) == 10 and 3 in g(5) and dict(zip(g(2), "
            "'ab')) == {0: 'a', 1: 'b'}\n"
            "assert hasattr(g(1), '__next__')\nit = g(1); it.close()\nassert next(it, 'end') == 'end'"
        )

    def test_callbacks(self, play):
        nb = play(
            "import numpy as np\ndef slope(f, x, h=1e-6): return (f(x + h) - f(x - h)) / (2 * h)\n"
            "def use(obj): return obj.area(2) + obj.side\ndef total(it): return sum(it)\n"
            "def catch(f):\n    try: f()\n    except KeyError as e: return 'caught ' + str(e)\n"
            "def key(xs, by): return sorted(xs, key=by)\ndef spy(obj): return obj.area.__globals__"
        )
        nb.passes(
            "import numpy as np\n"
            "assert abs(slope(lambda t: t ** 3, 2.0) - 12) < 1e-5 and abs(slope(np.sin, 0.0) - 1) < 1e-9\n"
            "class Square:\n    side = 3\n    def area(self, k): return self.side ** 2 * k\n"
            "assert use(Square()) == 21 and total(iter([1, 2])) == 3 and total(i for i in range(4)) == 6\n"
            "def bad(): raise KeyError('k')\nassert catch(bad) == \"caught 'k'\"\n"
            "assert key([3, -4, 1], abs) == [1, 3, -4] and key('ba', by=str.upper) == ['a', 'b']\n"
            "calls = []\nslope(lambda t: calls.append(t) or 0.0, 1.0)\nassert len(calls) == 2"
        )
        nb.fails("class S:\n    def area(self): pass\nspy(S())", "AttributeError")
        nb.fails("import os\ntotal(os)", "TypeError: a module of the tests cannot be passed")
        nb.fails("use(open)", "")


class TestNames:
    SQUARES = (
        "def squares(n):\n    if n < 1: raise ValueError('n must be at least 1')\n"
        "    return [i ** 2 for i in range(1, n + 1)]\n"
        "def sum_of_squares(n): return sum(squares(n))\ndef cheater(n): return n * (n + 1) * (2 * n + 1) // 6"
    )
    DELETES = (
        "orig = squares\ndel squares\ntry:\n    {}(1)\nexcept NameError:\n    pass\n"
        "else:\n    raise AssertionError('does not use squares')\nfinally:\n    squares = orig"
    )

    def test_deleting_a_function_acts_there(self, play):
        nb = play(self.SQUARES)
        nb.passes(self.DELETES.format("sum_of_squares"))
        nb.passes("assert sum_of_squares(3) == 14")
        nb.fails(self.DELETES.format("cheater"), "does not use squares")
        nb.passes("assert sum_of_squares(3) == 14")

    def test_a_deletion_at_the_end_of_a_cell_lasts(self, play):
        nb = play(self.SQUARES)
        nb.passes("del squares")
        nb.passes("try: sum_of_squares(2)\nexcept NameError: pass\nelse: raise AssertionError")
        nb.fails("squares(1)", "NameError")

    def test_names_replaced_by_the_test_are_replaced_there(self, play):
        nb = play(self.SQUARES, expected={"squares": "function", "sum_of_squares": "function"})
        nb.passes(
            "calls = []\nold = squares\nsquares = lambda n: calls.append(n) or [1]\n"
            "assert sum_of_squares(9) == 1 and calls == [9]"
        )
        nb.passes("assert sum_of_squares(9) == 1\nsquares = old\nassert sum_of_squares(2) == 5")

    def test_state_moves_with_calls(self, play):
        nb = play("count = 0\nlog = []\nlimit = 3\ndef bump():\n    global count, fresh\n"
                  "    count += 1; log.append(count); fresh = 'new'\n"
                  "def over(): return count > limit",
                  expected={"limit": "value", "log": "value", "count": "value"})  # fmt: skip
        nb.passes(
            "mine = log\nbump(); bump()\nassert count == 2 and log == [1, 2] and mine is log and fresh == 'new'"
        )
        nb.passes("log.clear(); bump()\nassert log == [3] and not over()\nlimit = 1\nassert over()")
        nb.passes("assert limit == 1 and count == 3")

    def test_one_object_changed_is_not_another_assigned(self, play):
        nb = play("log = [1]\ndef grow(): log.append(2)\ndef reset():\n    global log\n    log = []")
        nb.passes(
            "mine = log\ngrow()\nassert mine is log and mine == [1, 2]\nreset()\nassert mine == [1, 2] and log == []"
        )
        nb.passes("assert mine == [1, 2] and log == [] and mine is not log")

    def test_a_large_value_is_looked_at_from_afar(self, play):
        nb = play("import numpy as np\nlarge = np.zeros(3_000_000)\nsmall = 1\ndef f(): return large")
        nb.passes("assert large.shape == (3000000,) and small == 1 and 'large' in dir()")
        nb.learn("large = np.zeros(30_000_000)")
        nb.fails("f()", "240,000,0")
        nb.passes("assert f is not None and small == 1")

    def test_a_later_cell_of_the_learner_counts(self, play):
        nb = play("x = 1")
        nb.passes("assert x == 1\nresult = 5")
        nb.learn("x = 2\nresult = 7")
        nb.passes("assert x == 2 and result == 7")

    def test_namespace_is_a_plain_dict(self, play):
        nb = play("a = 1\ndef f(): return a")
        nb.passes(
            "assert type(globals()) is dict and 'f' in globals() and globals()['a'] == 1 and "
            "'f' in dir() and eval('f()') == 1\n"
            "class T:\n    y = a\n    def m(self): return [a for _ in range(2)]\n"
            "assert T().m() == [1, 1] and T.y == 1\n"
            "exec('z = f() + 1')\nassert z == 2"
        )

    def test_functions_of_the_test_see_the_learners_names(self, play):
        nb = play("def f(x): return x + 1")
        nb.passes("def helper(x): return f(x) * 2")
        nb.passes("assert helper(1) == 4")
        nb.learn("def f(x): return x + 2")
        nb.passes("assert helper(1) == 6")
        assert nb.remote.run_local("def twice(x): return f(f(x))").error is None
        nb.passes("assert twice(0) == 4")

    def test_input_can_be_replaced(self, play):
        nb = play("def ask(): return input('name? ') + '!'")
        nb.passes("input = lambda prompt: 'Ada'\nassert ask() == 'Ada!'\ndel input")
        nb.fails("ask()", "StdinNotImplementedError")
        nb.passes(
            "from unittest.mock import patch\nwith patch('builtins.input', return_value='Bo'):\n"
            "    assert ask() == 'Bo!'"
        )
        nb.fails("ask()", "StdinNotImplementedError")

    def test_magics_pass(self, play):
        nb = play("def f(): return 1")
        nb.passes("%matplotlib inline\n%load_ext autoreload\n%time assert f() == 1")
        nb.passes("%%time\nx = f()\nassert x == 1")
        nb.fails("%%time\nassert f() == 2", "AssertionError")
        nb.fails("%%bash\nls", "cell magic %%bash does not run")

    def test_names_defined_reads_the_instructors_cells(self):
        assert names_defined([
            "import numpy as np, os.path\nfrom math import sqrt as root\n%matplotlib inline",
            "def f(): inner = 1\nclass C: pass\nx, (y, z) = 1, (2, 3)\nw: int = 4\ng = lambda: 0",
            "if True:\n    a = 1\nfor i in []:\n    b = 2\ntry:\n    pass\nexcept E as e:\n    c = 1\n"
            "with o as h: pass",
            "this does not parse",
        ]) == {
            "np": "import numpy", "os": "import os", "root": "import math:sqrt", "f": "function", "C": "class",
            "x": "value", "y": "value", "z": "value", "w": "value", "g": "function", "a": "value", "i": "value",
            "b": "value",
            "c": "value", "h": "value",
        }  # fmt: skip


class TestExceptions:
    LEARNER = (
        "class MyError(ValueError):\n    def __init__(self, text, code): super().__init__(text); self.code = code\n"
        "class Deeper(MyError): pass\n"
        "def f(x):\n    if x < 0: raise Deeper('negative', 7)\n    return {'a': 1}['b']\n"
        "def g(): import sys; sys.exit(3)\ndef h(): raise KeyboardInterrupt\ndef i(): return int('x')\n"
        "def j(): import numpy as np; np.linalg.inv(np.zeros((2, 2)))\n"
        "def k(): raise ExceptionGroup('g', [ValueError()])"
    )

    def test_builtin_exceptions_are_themselves(self, play):
        nb = play(self.LEARNER)
        nb.passes("try: f(1)\nexcept KeyError as e: assert e.args == ('b',)\nelse: raise AssertionError")
        nb.passes(
            "try: i()\nexcept ValueError as e: assert 'invalid literal' in str(e) and type(e) is ValueError"
        )
        nb.passes(
            "import numpy as np\ntry: j()\nexcept np.linalg.LinAlgError as e: assert 'Singular' in str(e)"
        )
        nb.passes("import unittest\nwith unittest.TestCase().assertRaises(KeyError): f(1)")
        nb.fails("try: f(1)\nexcept ValueError: pass", "KeyError: 'b'")

    def test_the_learners_classes_are_caught_by_name_and_base(self, play):
        nb = play(self.LEARNER)
        nb.passes(
            "try: f(-1)\n"
            "except MyError as e: assert str(e) == 'negative' and e.code == 7 and type(e).__name__ == 'Deeper'"
        )
        nb.passes("try: f(-1)\nexcept ValueError as e: assert isinstance(e, Deeper)")
        nb.passes(
            "assert issubclass(MyError, ValueError) and issubclass(Deeper, MyError) and "
            "not issubclass(MyError, KeyError)"
        )
        nb.fails("try: f(-1)\nexcept KeyError: pass", "Deeper: negative")

    def test_an_error_shows_the_learners_line(self, play):
        run = play(self.LEARNER).fails("f(1)", "KeyError: 'b'")
        assert "    return {'a': 1}['b']" in run.traceback

    def test_exits_and_interrupts_do_not_leave_the_cell(self, play):
        nb = play(self.LEARNER)
        nb.fails("g()", "SystemExit")
        nb.fails("h()", "KeyboardInterrupt")
        nb.fails("k()", "ExceptionGroup")
        nb.passes("try: g()\nexcept Exception: pass")


VECTOR = '''
class Vector:
    """A vector."""
    zero = None
    made = 0
    def __init__(self, x, y): self.x, self.y = x, y; Vector.made += 1
    def __eq__(self, other): return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)
    def __hash__(self): return hash((self.x, self.y))
    def __add__(self, other): return Vector(self.x + other.x, self.y + other.y)
    def __mul__(self, k): return Vector(self.x * k, self.y * k)
    __rmul__ = __mul__
    def __matmul__(self, other): return self.x * other.x + self.y * other.y
    def __neg__(self): return self * -1
    def __abs__(self): return (self.x ** 2 + self.y ** 2) ** 0.5
    def __len__(self): return 2
    def __iter__(self): return iter((self.x, self.y))
    def __getitem__(self, i): return (self.x, self.y)[i]
    def __setitem__(self, i, v): self.x, self.y = (v, self.y) if i == 0 else (self.x, v)
    def __contains__(self, v): return v in (self.x, self.y)
    def __lt__(self, other): return abs(self) < abs(other)
    def __repr__(self): return f"Vector({self.x}, {self.y})"
    def __format__(self, how): return f"<{self.x:{how}}>"
    def __bool__(self): return bool(self.x or self.y)
    def __call__(self, t): return self * t
    def __enter__(self): self.open = True; return self
    def __exit__(self, kind, error, trace):
        self.open = False; self.seen = kind and kind.__name__; return kind is KeyError
    @property
    def norm(self): return abs(self)
    @norm.setter
    def norm(self, value): raise AttributeError("fixed")
    @classmethod
    def unit(cls): return cls(1, 0)
    @staticmethod
    def dimensions(): return 2
    def chain(self): return self
class Unit(Vector):
    pass
origin = Vector(0, 0)
def make(x, y): return Vector(x, y)
class Stack(list):
    def push(self, x): self.append(x); return self
from collections import namedtuple
import enum
Point = namedtuple("Point", "x y")
def stats(): return Point(1.0, 2.0)
class Color(enum.Enum): RED = 1; BLUE = 2
class Level(enum.IntEnum): LOW = 1
from dataclasses import dataclass
@dataclass
class Card: rank: int; suit: str = "x"
from abc import ABC, abstractmethod
class Shape(ABC):
    @abstractmethod
    def area(self): ...
class Square(Shape):
    def area(self): return 4
'''


class TestClasses:
    @pytest.fixture
    def nb(self, play):
        return play(VECTOR)

    def test_instances(self, nb):
        nb.passes(
            "v = Vector(3, 4)\n"
            "assert v.x == 3 and v.norm == 5.0 and v.dimensions() == 2 and Vector.unit() == Vector(1, 0)\n"
            "assert isinstance(v, Vector) and type(v) is Vector and isinstance(Unit(1, 2), Vector) and "
            "issubclass(Unit, Vector)\n"
            "assert Vector.__doc__ == 'A vector.' and Vector.__name__ == 'Vector' and v.chain() is v\n"
            "assert repr(v) == str(v) == 'Vector(3, 4)' and f'{v:.1f}' == '<3.0>' and bool(v) and "
            "not Vector(0, 0)\n"
            "import inspect\n"
            "assert inspect.isclass(Vector) and list(inspect.signature(Vector).parameters) == ['x', 'y']\n"
            "assert hasattr(v, 'x') and not hasattr(v, 'z') and callable(v) and 'chain' in dir(v)"
        )
        nb.fails("Vector(1)", "TypeError")
        nb.fails("Vector(1, 2).z", "AttributeError")

    def test_attributes_can_be_set(self, nb):
        nb.passes(
            "v = Vector(1, 2)\nv.x = 10\nassert v == Vector(10, 2)\ndel v.x\nassert not hasattr(v, 'x')"
        )
        nb.passes("Vector.zero = origin\nassert Vector.zero is origin and origin.zero is origin")
        nb.fails("Vector(1, 2).norm = 3", "AttributeError: fixed")

    def test_operators(self, nb):
        nb.passes(
            "v, w = Vector(1, 2), Vector(3, 4)\n"
            "assert v + w == Vector(4, 6) and v * 3 == 3 * v == Vector(3, 6) and v @ w == 11\n"
            "assert -v == Vector(-1, -2) and abs(w) == 5.0 and v < w and not w < v and v != w and "
            "len(v) == 2 and v[1] == 2\n"
            "assert list(v) == [1, 2] and 2 in v and 9 not in v and sorted([w, v])[0] is v and "
            "v(3) == Vector(3, 6)\n"
            "v[0] = 8\nassert v.x == 8 and (v + w) * 2 == Vector(22, 12) and ((v + w) * 2).x == 22\n"
            "assert sum([v, w], Vector(0, 0)).x == 11\n"
            "assert {Vector(1, 2), Vector(1, 2)} == {Vector(1, 2)} and [Vector(1, 2)] == [make(1, 2)] and "
            "make(1, 2) == Vector(1, 2)\n"
            "v += w\nassert v == Vector(11, 6)\nx, y = v\nassert (x, y) == (11, 6) and max(v, w, key=abs) is v"
        )
        nb.fails("assert Vector(1, 2) == Vector(1, 3)", "AssertionError")
        nb.fails("Vector(1, 2) + 1", "AttributeError")

    def test_context_managers(self, nb):
        nb.passes(
            "with Vector(1, 2) as v:\n    assert v.open\nassert not v.open and v.seen is None\n"
            "with v: raise KeyError('swallowed')\nassert v.seen == 'KeyError'"
        )
        nb.fails("with Vector(1, 2): raise ValueError('passes')", "ValueError: passes")

    def test_the_standard_librarys_kinds_of_classes(self, nb):
        nb.passes(
            "p = stats()\n"
            "assert p == (1.0, 2.0) and p.x == 1.0 and p[1] == 2.0 and len(p) == 2 and Point(1, 2) == (1, "
            "2)\na, b = p"
        )
        nb.passes("import numpy as np\nnp.testing.assert_allclose(stats(), [1, 2])")
        nb.passes(
            "s = Stack()\nassert s.push(1).push(2) is s and s == [1, 2] and len(s) == 2 and list(s) == [1, 2]"
        )
        nb.passes("assert Color.RED is Color.RED and Color.RED != Color.BLUE and "
                  "Color(2) is Color.BLUE and Color['RED'].value == 1\n"
                  "assert [c.name for c in Color] == ['RED', 'BLUE'] and Level.LOW == 1 and "
                  "len(Color) == 2")  # fmt: skip
        nb.passes(
            "assert Card(1) == Card(1, 'x') and Card(1).suit == 'x' and repr(Card(2)) == \"Card(rank=2, suit='x')\""
        )
        nb.passes("import copy\nv = Vector(1, 2)\nw = copy.deepcopy(v)\nassert w == v and w is not v")
        nb.passes(
            "try: Shape()\nexcept TypeError as e: assert 'abstract' in str(e)\n"
            "assert Square().area() == 4 and issubclass(Square, Shape)"
        )

    def test_objects_go_back_as_themselves(self, play):
        nb = play(
            VECTOR
            + "\ndef first(vs): return vs[0]\ndef is_same(a, b): return a is b\ndef kind(c): return c.__name__"
        )
        nb.passes(
            "v = Vector(1, 2)\n"
            "assert first([v, 1]) == v and is_same(v, v) and not is_same(v, Vector(1, 2)) and "
            "kind(Vector) == 'Vector'"
        )

    def test_a_test_cannot_derive_from_them(self, nb):
        nb.fails(
            "class Sub(Vector): pass",
            "TypeError: a test cannot derive a class from the notebook's class Vector",
        )

    def test_objects_that_nobody_holds_are_released(self, nb):
        nb.passes("for i in range(300): v = Vector(i, i)")
        nb.passes("import gc as _gc\n_gc.collect()\nv = None\nVector(1, 1)")
        run = nb.session.run_cell("import gc; sum(type(o) is Vector for o in gc.get_objects())")
        assert int(run.outputs[-1]["data"]["text/plain"]) < 30


MAGIC = """
import numpy as np
class Magic:
    _n = 0
    def _yes(self, *args, **kwargs): return True
    def _zero(self, *args, **kwargs): return 0
    def _self(self, *args, **kwargs): return self
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _yes
    __bool__ = _yes
    __sub__ = __rsub__ = __abs__ = __float__ = __int__ = __index__ = __round__ = _zero
    __truediv__ = __rtruediv__ = __mod__ = _zero
    __add__ = __radd__ = __mul__ = __rmul__ = __neg__ = __pos__ = __call__ = _self
    def __getitem__(self, i):
        if isinstance(i, int) and i > 2: raise IndexError
        return self
    __hash__ = lambda self: 0
    def __len__(self): return 3
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self._self
    def max(self, *a, **k): return 0.0
    mean = sum = item = max
    def all(self, *a, **k): return True
    any = all
class Float(float):
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, other=None: 0.0
    __hash__ = float.__hash__
class Str(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
class Tuple(tuple):
    __eq__ = lambda self, other: True
    __getitem__ = lambda self, i: 1
class Array(np.ndarray):
    __eq__ = lambda self, other: np.ones(3, bool)
    def __array_function__(self, f, types, args, kwargs): return True
    def __array_ufunc__(self, *args, **kwargs): return np.zeros(3)
class Meta(type):
    def __eq__(cls, other): return True
    def __instancecheck__(cls, obj): return True
    def __call__(cls, *a, **k): return Magic()
class Vector(Magic): pass
full = np.empty(3, dtype=object)
for i in range(3): full[i] = Magic()
answers = [Magic(), Float(9), Str("no"), Tuple((9, 9)), np.zeros(3).view(Array),
           np.ma.masked_array(np.zeros(3), mask=True),
           full, [Magic()] * 3, Magic, Meta("f", (), {}), lambda *a: True, None, np.array([]), np.nan,
           np.full(3, np.nan), {"a": Magic()}, 'generator', Vector(), NotImplemented, np.float64("nan"), np,
           print, type]
def f(*args, **kwargs): return (Magic() for _ in range(3)) if which == 16 else answers[which]
"""

COMPARISONS = [
    "assert f(2) == 4",
    "assert 4 == f(2)",
    "assert not f(2) != 4",
    "assert f(2) == 4.0 and f(3) == 9.0",
    "assert f('a') == 'yes'",
    "assert f(2) in (4,)",
    "assert 4 in f(2)",
    "assert f(2) == [4, 5, 6]",
    "assert f(2) == (4, 5)",
    "assert list(f(2)) == [4, 5, 6]",
    "assert tuple(f(2)) == (4, 5, 6)",
    "assert f(2)[0] == 4",
    "assert f(2)['a'] == 4",
    "assert abs(f(2) - 4) < 1e-9",
    "assert abs(4 - f(2)) < 1e-9",
    "assert -1e-9 < f(2) - 4 < 1e-9",
    "assert abs(f(2) / 4 - 1) < 1e-9",
    "assert (f(2) - 4) ** 2 < 1e-9",
    "assert not f(2) - 4",
    "assert round(f(2), 3) == 4",
    "assert math.isclose(f(2), 4)",
    "assert float(f(2)) == 4.0",
    "assert int(f(2)) == 4",
    "assert str(f(2)) == '4'",
    "assert np.allclose(f(2), 4)",
    "assert np.allclose(4, f(2))",
    "assert np.isclose(f(2), 4).all()",
    "assert np.array_equal(f(2), [4, 5, 6])",
    "np.testing.assert_allclose(f(2), [4, 5, 6])",
    "np.testing.assert_allclose([4, 5, 6], f(2))",
    "np.testing.assert_equal(f(2), 4)",
    "np.testing.assert_equal(4, f(2))",
    "np.testing.assert_array_equal(f(2), [4, 5, 6])",
    "np.testing.assert_almost_equal(f(2), 4)",
    "np.testing.assert_array_less(np.abs(f(2) - np.array([4, 5, 6])), 1e-9)",
    "assert (f(2) == np.array([4, 5, 6])).all()",
    "assert np.abs(f(2) - np.array([4, 5, 6])).max() < 1e-9",
    "assert (f(2) - np.array([4, 5, 6])).max() < 1e-9",
    "assert (abs(f(2) - 4)).mean() < 1e-9",
    "assert np.max(np.abs(np.asarray(f(2)) - [4, 5, 6])) < 1e-9",
    "assert np.linalg.norm(f(2) - np.array([4, 5, 6])) < 1e-9",
    "assert np.sum((f(2) - np.array([4, 5, 6])) ** 2) < 1e-9",
    "import unittest; unittest.TestCase().assertEqual(f(2), 4)",
    "import unittest; unittest.TestCase().assertAlmostEqual(f(2), 4)",
    "import unittest; unittest.TestCase().assertListEqual(f(2), [4])",
    "import unittest; unittest.TestCase().assertIn(4, f(2))",
    "assert isinstance(f(2), float) and f(2) == 4",
    "assert sorted(f(2)) == [4, 5, 6]",
    "assert set(f(2)) == {4, 5, 6}",
    "assert dict(f(2)) == {'a': 4}",
    "assert f(2).sum() == 4",
    "assert f(2).x == 4",
    "assert f(2)(3) == 4",
    "assert hash(f(2)) == hash(4) and f(2) in {4: 1}",
    "assert f(2) is True",
    "assert f(2) == True",
    "assert {1: 4} == {1: f(2)}",
    "assert [4] == [f(2)]",
    "assert (4, 5) == tuple(f(2) for _ in range(2))",
    "assert np.array_equiv(f(2), 4)",
    "assert np.isclose(f(2), 4)",
    "assert np.allclose(a=f(2), b=4)",
    "np.testing.assert_allclose(actual=f(2), desired=4)",
    "from numpy.testing import *; assert_array_almost_equal(f(2), 4)",
    "assert type(f(2))(4) == f(2)",
    "assert np.mean(np.abs(np.array([f(2)]) - 4)) < 1e-9",
    "assert np.float64(4) == f(2)",
    "assert all(a == b for a, b in zip(f(2), [4, 5, 6]))  and len(f(2)) == 3",
]


@pytest.fixture(scope="module")
def magic(box):
    with box.session() as session:
        yield Play(session, MAGIC)


class TestCheats:
    """Answers that lie about what they are. None of them is 4, so no test for 4 may pass."""

    @pytest.mark.parametrize("test", COMPARISONS)
    def test_no_answer_decides_its_own_test(self, magic, test):
        magic.learn("which = 0")
        with np.errstate(all="ignore"):
            for which in range(23):
                magic.learn(f"which = {which}")
                run = magic.test(
                    "import math\nimport numpy as np\nimport warnings\nwarnings.simplefilter('ignore')\n"
                    + test
                )
                assert run.error is not None, (which, test)

    def test_the_tests_would_pass_for_the_right_answer(self, play):
        nb = play("def f(x): return 4")
        passed = [
            test for test in COMPARISONS if nb.test("import math\nimport numpy as np\n" + test).error is None
        ]
        assert len(passed) > 20
        nb = play("import numpy as np\ndef f(x): return np.array([4.0, 5, 6])")
        passed = [
            test for test in COMPARISONS if nb.test("import math\nimport numpy as np\n" + test).error is None
        ]
        assert len(passed) > 15

    def test_built_in_and_usual_names_stay_real(self, play):
        nb = play(
            "class Fake:\n    def __getattr__(self, name): return Fake()\n"
            "    def __call__(self, *a, **k): return True\n"
            "np = numpy = math = unittest = Fake()\n"
            "abs = len = all = isinstance = max = sum = round = lambda *a, **k: 0\n"
            "assert_allclose = assert_equal = assert_almost_equal = print\nAssertionError = ValueError = KeyError\n"
            "def f(x): return 9"
        )
        nb.fails("np.testing.assert_allclose(f(2), 4)", "AssertionError")
        nb.fails("assert_allclose(f(2), 4)", "AssertionError")
        nb.fails("assert abs(f(2) - 4) < 1", "AssertionError")
        nb.fails("assert len([f(2)]) == 0", "AssertionError")
        nb.fails("assert isinstance(f(2), str)", "AssertionError")
        nb.fails("import unittest\nunittest.TestCase().assertEqual(f(2), 4)", "AssertionError")
        nb.fails("assert math.isclose(f(2), 4)", "AssertionError")
        nb.passes("try: raise ValueError\nexcept KeyError: raise SystemExit\nexcept ValueError: pass")

    def test_patching_the_learners_side_changes_nothing_here(self, play):
        nb = play(
            "import numpy as np, builtins, sys\nnp.testing.assert_allclose = np.allclose = lambda *a, **k: True\n"
            "builtins.abs = lambda x: 0\nnp.ndarray.__doc__\n"
            "sys.modules['numpy.testing'].assert_equal = print\ndef f(x): return 9"
        )
        nb.fails("import numpy as np\nassert np.allclose(f(2), 4)", "AssertionError")
        nb.fails("assert abs(f(2) - 4) < 1", "AssertionError")

    def test_what_a_test_expects_is_not_there_to_be_read(self, play):
        look = (
            "expected = answer = reference = truth = None\nseen = []\ndef f(x):\n    import gc, sys\n"
            "    for name in ('expected', 'answer', 'reference', 'truth'):\n        seen.append(globals()[name])\n"
            "    frame = sys._getframe()\n"
            "    while frame: seen.extend(map(str, frame.f_locals.values())); frame = frame.f_back\n"
            "    seen.extend(str(o)[:1000] for o in gc.get_objects() if isinstance(o, (dict, list, str, "
            "tuple)))\n    return 0"
        )
        nb = play(look)
        nb.fails(
            "expected = 123454321\nanswer = [123454321]\ndef reference(x): return 123454321\n"
            "truth = {'k': 123454321}\n"
            "assert f(1) == expected",
            "AssertionError",
        )
        run = nb.session.run_cell(
            "any('123454321' in str(s) for s in seen), [type(s).__name__ for s in seen[:4]]"
        )
        assert (
            run.outputs[-1]["data"]["text/plain"]
            == "(False, ['NoneType', 'NoneType', 'NoneType', 'NoneType'])"
        )

    def test_a_dead_process_is_no_exception_to_catch(self, play):
        for death in ("import os; os._exit(0)", "import ctypes; ctypes.string_at(0)"):
            nb = play(f"def f(x): {death}")
            nb.fails("try: f(-1)\nexcept Exception: pass", "process ended")
            nb = play(f"def f(x): {death}")
            nb.fails("try: f(-1)\nexcept: pass\nprint('went on')", "process ended")
            nb.fails("1", "process ended")

    def test_a_late_answer_is_none(self):
        with (
            Sandbox(limits=Limits(cell_seconds=30, call_seconds=0.5, grace_seconds=20)) as small,
            small.session() as session,
        ):
            nb = Play(session, "import time\ndef f(x):\n    while True: pass\ndef g(x): return 4\n"
                      "def late(x):\n    try: time.sleep(60)\n    except KeyboardInterrupt: return 4")  # fmt: skip
            run = nb.fails("assert f(1) == 4", "the call took longer than 0.5 s")
            assert run.timed_out
            nb.fails("try: f(1)\nexcept: pass", "the call took longer")
            nb.fails("assert late(1) == 4", "the call took longer")
            nb.passes("assert g(1) == 4")

    @pytest.mark.parametrize(
        "source",
        [
            "for x in forever(): pass",
            "while not f(1): pass",
            "while True: pass",
            "list(forever())",
            "import time\ntime.sleep(60)",
            "try:\n    while True: pass\nexcept Exception: pass",
            "while True:\n    try: f(1)\n    except: pass",
            "try:\n    while True: f(1)\nexcept: pass",
        ],
    )
    def test_a_test_cell_ends_in_time_whatever_it_waits_for(self, brief, source):
        with brief.session() as session:
            nb = Play(session, "def forever():\n    while True: yield 1\ndef f(x): return False")
            run = nb.fails(source, "the test cell ran longer than 1 s")
            assert run.timed_out

    def test_a_test_that_ends_inside_a_callback_ends_the_session(self, brief):
        """Otherwise the next question would be taken for the callback's answer."""
        with brief.session() as session:
            nb = Play(session, "def f(g): return g()")
            nb.fails("def g():\n    while True: pass\nf(g)", "the test cell ran longer than 1 s")
            assert not session.alive
        with Sandbox(limits=Limits(call_seconds=0.5)) as small, small.session() as session:
            nb = Play(session, "def f(g): return g()\ndef h():\n    while True: pass")
            nb.fails("f(lambda: h())", "the call took longer")
            assert not session.alive

    def test_a_test_cell_ends_in_time_in_another_thread(self, brief):
        with brief.session() as session:
            nb = Play(session, "def f(x): return False")
            runs = []
            thread = threading.Thread(target=lambda: runs.append(nb.test("while not f(1): pass")))
            thread.start()
            thread.join(60)
            assert runs[0].timed_out

    @pytest.mark.parametrize(
        ("answer", "text"),
        [
            ("'x' * (1 << 26)", "at most 33,554,432 are allowed"),
            ("[[]] * 10 ** 6", "parts"),
            ("1 << 10 ** 6", "bits"),
            ("range(10 ** 12)", "more than 10,000,000 numbers"),
            ("np.zeros((2 ** 40, 0))", "too many elements"),
            ("decimal.Decimal('1e999999999')", "Decimal"),
        ],
    )
    def test_answers_are_bounded(self, play, answer, text):
        nb = play(f"import numpy as np, decimal\ndef f(x): return {answer}")
        nb.fails("list(f(1))", text)

    def test_printing_is_bounded(self, play):
        nb = play("def f(x):\n    for i in range(3000): print('x' * 1000)\n    return 1")
        run = nb.passes("for i in range(5): assert f(1) == 1")
        assert sum(len(output["text"]) for output in run.outputs) <= nb.session.limits.output_bytes

    def test_a_random_state_of_zeros_is_not_taken_over(self, play):
        nb = play(
            "import numpy as np\ndef f(x):\n    s = np.random.get_state(legacy=False)\n"
            "    s['state']['key'][:] = 0\n"
            "    np.random.set_state(s)\n    return 0"
        )
        nb.fails(
            "import numpy as np\nnp.random.seed(3)\nf(1)\nx = np.random.rand(5)\nassert (x == 0).all()",
            "AssertionError",
        )

    def test_a_class_in_the_place_of_a_function_does_not_speak(self, play):
        source = MAGIC + "\nclass f(Magic):\n    def __init__(self, *a): pass\nclass Fn(f): pass"
        for options in ({}, {"expected": {"f": "function", "Vector": "class"}}):
            nb = play(source, **options)
            for test in ("assert f(2) == 4", "assert abs(f(2) - 4) < 1e-9", "assert f(2) == f(3) - 1 == 4"):
                nb.fails(test)

    def test_a_magic_instance_of_an_expected_class_does_not_pass_for_a_number(self, play):
        nb = play(
            MAGIC + "\ndef f(*args, **kwargs): return Vector()",
            expected={"f": "function", "Vector": "class"},
        )
        for test in COMPARISONS:
            if "type(f(2))" not in test:  # makes a Vector of its own, which may then speak for itself
                nb.fails("import math\nimport numpy as np\n" + test)
        for test in (
            "v = Vector()\nassert abs((v @ v if hasattr(v, '__matmul__') else v.dot(v)) - 11) < 1e-9",
            "v = Vector()\nassert v.norm() == 5",
            "v = Vector()\nassert abs(v.norm() - 5) < 1e-9",
            "v = Vector()\nassert np.isclose(v.norm(), 5)",
            "v = Vector()\nassert f(v) == 4",
        ):
            nb.fails("import math\nimport numpy as np\n" + test)

    def test_an_object_of_the_test_opens_nothing(self, play):
        nb = play(
            "def f(obj):\n    for name in ('__class__', '__dict__', '__init__', '_private', '__reduce__'):\n"
            "        try: return type(obj).__getattr__(obj, name)\n        except AttributeError: pass\n"
            "    return 'closed'\n"
            "def g(call): return [n for n in ('__globals__', '__code__', '__closure__', "
            "'func_globals') if hasattr(call, n)]"
        )
        nb.passes(
            "class T:\n    _private = 1\n    def __init__(self): self.x = 1\nassert f(T()) == 'closed'\n"
            "assert g(lambda: 1) == []"
        )

    def test_forged_callbacks_reach_only_what_was_sent(self, play):
        find = (
            "import gc\nserver = next(o for o in gc.get_objects() if type(o).__name__ == 'Server')\n"
            "def f(x):\n    out = []\n    for number in (1, 2, 99):\n"
            "        for action, args in (('attribute', ('__globals__',)), "
            "('attribute', ('x',)), ('call', ()), ('next', ())):\n"
            "            try: out.append(server.ask(number, action, args, {}))\n"
            "            except Exception as e: out.append(type(e).__name__)\n"
            "    return out"
        )
        nb = play(find)
        run = nb.passes("f(lambda: 5)")
        assert run.value[:4] == ["TypeError", "TypeError", 5, "TypeError"]
        assert set(run.value[4:]) <= {"KeyError", "TypeError"}

    def test_forged_replies_are_plain_answers_or_nothing(self, play):
        for reply, text in (
            ("m.Result(value=m.Reference(5))", "reference to an argument"),
            ("m.Result(value=m.Handle(12345, 'function'))", "without a description"),
            ("m.Result(value=m.Callback(7))", "never sent"),
            ("m.Result(value=m.Known('os', 'system'))", "an unexpected Known"),
            ("m.Result(value=m.Array('object', [1], b'12345678'))", "dtype"),
            ("m.Result(changed=[(99, 1)])", "argument that does not exist"),
            ("m.CellEnd()", "out of turn"),
            ("m.Found({})", "out of turn"),
        ):
            nb = play(
                "import gc\nmodule = __import__('sys').modules['nlref_grading.messages']\n"
                "server = next(o for o in gc.get_objects() if type(o).__name__ == 'Server')\n"
                "def f(reply):\n"
                "    server._answer = lambda result: server._send(eval(reply, {'m': module}))\n    return 0"
            )
            nb.test(f"f({reply!r})")
            nb.fails("f('')", text)


class TestChecks:
    """`call_remotely`, as the checks of this course use it."""

    def test_an_outcome_has_everything(self, play):
        nb = play(
            "import numpy as np, sys, logging\ndef sigmoid(x):\n"
            "    print('hi'); print('oh', file=sys.stderr); logging.warning('log')\n"
            "    x += 1\n    return 1 / (1 + np.exp(-x))\ndef bad(x):\n    y = x\n    return y['k']\n"
            "np.seterr(all='ignore')\nimport warnings; warnings.simplefilter('ignore')"
        )
        run = nb.passes("f, bad = sigmoid, bad")
        assert run.error is None
        x = np.array([-1001.0])
        outcome = call_remotely(nb.remote.namespace["f"], (x,), {})
        assert outcome.value.tolist() == [0.0]
        assert outcome.error is None
        assert (outcome.stdout, outcome.stderr) == ("hi\n", "oh\nlog\n")
        assert [(w.category, w.line) for w in outcome.warnings] == [
            ("RuntimeWarning", "return 1 / (1 + np.exp(-x))")
        ]
        assert outcome.arguments[0].tolist() == [-1000.0]
        assert x.tolist() == [-1001.0]
        outcome = call_remotely(nb.remote.namespace["bad"], (3,), {})
        assert outcome.error == "TypeError: 'int' object is not subscriptable"
        assert outcome.line == "return y['k']"
        assert call_remotely(5, (1,), {}).error == "TypeError: 'int' object is not callable"

    def test_odd_arrays_arrive_as_what_they_are(self, play):
        nb = play(MAGIC)
        nb.passes("f")
        for which, name in ((4, "Array"), (5, "MaskedArray"), (6, "ndarray")):
            nb.learn(f"which = {which}")
            value = call_remotely(nb.remote.namespace["f"], (1,), {}).value
            assert not isinstance(value, np.ndarray)
            assert type(value).__name__ == name
            with pytest.raises(TypeError, match="no plain array"):
                np.asarray(value)

    def test_a_refused_answer_is_an_error(self, play):
        nb = play("def f(x): return [[]] * 10 ** 6")
        nb.passes("f")
        outcome = call_remotely(nb.remote.namespace["f"], (1,), {})
        assert outcome.value is None
        assert "more than 500,000 parts" in outcome.error

    def test_a_dead_process_ends_the_check(self, play):
        nb = play("def f(x): import os; os._exit(0)")
        nb.passes("f")
        with pytest.raises(SessionLost, match="process ended"):
            call_remotely(nb.remote.namespace["f"], (1,), {})

    def test_value_of(self, play):
        nb = play(
            "a = ...\nb = [1]\nclass F(float): __eq__ = lambda s, o: True\nc = F(2.5)\nd = object()\n"
            "def e(): pass\nclass K: pass"
        )
        run = nb.passes("[a, b, c, d, e, K]")
        a, b, c, d, e, k = run.value
        assert value_of(a) is ...
        assert value_of(b) == [1]
        assert type(value_of(c)) is float
        assert value_of(c) == 2.5
        for other in (d, e, k):
            with pytest.raises(TypeError, match="not a plain value"):
                value_of(other)


@pytest.mark.slow
def test_nbgraders_quickstart(tmp_path, play):
    """The assignment that every instructor sees first, with its own solutions, tests and a few wrong answers."""
    tool = Path(sys.executable).with_name("nbgrader")
    environment = {"PATH": f"{tool.parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    subprocess.run(
        [tool, "quickstart", "course"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        timeout=120,
    )
    notebook = nbformat.read(tmp_path / "course" / "source" / "ps1" / "problem1.ipynb", 4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]

    def is_test(cell):
        data = cell.metadata.get("nbgrader", {})
        return data.get("grade") and not data.get("solution")

    def results(change):
        nb = play("", expected=names_defined(c.source for c in cells if not is_test(c)))
        outcome = {}
        for cell in cells:
            data = cell.metadata.get("nbgrader", {})
            if is_test(cell):
                outcome[data.grade_id] = nb.test(cell.source).error is None
            else:
                nb.session.run_cell(change.get(data.get("grade_id"), cell.source))
        return outcome

    names = [
        "correct_squares",
        "squares_invalid_input",
        "correct_sum_of_squares",
        "sum_of_squares_uses_squares",
    ]
    assert results({}) == dict.fromkeys(names, True)
    assert results({"squares": "def squares(n): return [i ** 2 for i in range(1, n + 1)]"}) == {
        **dict.fromkeys(names, True), "squares_invalid_input": False,
    }  # fmt: skip
    assert results({"sum_of_squares": "def sum_of_squares(n): return n * (n + 1) * (2 * n + 1) // 6"}) == {
        **dict.fromkeys(names, True), "sum_of_squares_uses_squares": False,
    }  # fmt: skip
    assert results({"squares": "def squares(n):\n    raise NotImplementedError()"}) == {
        **dict.fromkeys(names, False), "sum_of_squares_uses_squares": True,
    }  # fmt: skip


HELPERS = """
import math
LIMIT = 3.0
TOTAL = LIMIT + 1
def helper(x, top=LIMIT):
    return min(later(x), top)
def later(x):
    return x + 1
class Box:
    limit = LIMIT
"""


def test_helpers_stay_the_learners_own_functions_there(play):
    """Both sides run the instructor's helper cell; the learner's cells must not call this side by it."""
    here = play(HELPERS, expected=names_defined([HELPERS]))
    run = here.remote.run_local(HELPERS)
    assert run.error is None
    here.passes("assert helper(1) == 2 and helper(9) == 3 and Box.limit == TOTAL - 1")
    here.learn("assert helper(1) == 2; assert type(helper).__name__ == 'function'; assert type(Box) is type")
    here.learn("def helper(x): return 100")
    here.passes("assert helper(1) == 2")
