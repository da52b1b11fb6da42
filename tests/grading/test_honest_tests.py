"""The things that instructors' tests do with learners' functions and objects, one by one: all pass for right work."""

import asyncio
import shutil

import pytest

from nlref.grading.remote import RemoteNamespace, names_defined
from nlref.grading.sandbox import Limits, Sandbox

# ruff: noqa: E501 - tests, quoted as instructors write them
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]

GIVEN = """
class Node:
    def __init__(self, value, next=None): self.value, self.next = value, next
from collections import namedtuple
from dataclasses import dataclass
import enum
Point = namedtuple("Point", "x y")
@dataclass
class Card:
    rank: int
    suit: str = "x"
class Color(enum.Enum):
    RED = 1
    BLUE = 2
class Gone(Exception): pass
DECK = [Card(1), Card(7)]
def to_list(node):
    out = []
    while node is not None: out.append(node.value); node = node.next
    return out
"""
LEARNER = """
import asyncio, functools, random, re, time
import numpy as np
def reverse(head):
    prev = None
    while head: head.next, head, prev = prev, head.next, head
    return prev
def swap(p): return Point(p.y, p.x)
def best(cards): return max(cards, key=lambda c: c.rank)
def upgrade(card): card.rank += 1
def flip(c): return Color.BLUE if c is Color.RED else Color.RED
def is_node(n): return isinstance(n, Node)
def gone(): raise Gone("away")
def counted(f):
    @functools.wraps(f)
    def wrapper(*a, **k):
        wrapper.calls += 1
        return f(*a, **k)
    wrapper.calls = 0
    return wrapper
@counted
def square(x: int) -> int:
    "Squares."
    return x * x
def count_to(n):
    for i in range(n): yield i
async def later(): return 5
def dice(): return random.randint(1, 6)
def now(): return time.time()
def rest(): time.sleep(1000); return "rested"
def kind(x): return type(x)
def kinds(): return [int, str, ValueError, np.float32]
def ask(): return int(input("n: ")) + int(input())
def fetch(session): return session.get("http://x", timeout=3).json()["a"]
def each(f, n): return [f(i) for i in range(n)]
def pattern(): return re.compile(r"\\d+")
class Temperature:
    def __init__(self, c): self._c = c
    @property
    def fahrenheit(self): return self._c * 9 / 5 + 32
    @fahrenheit.setter
    def fahrenheit(self, v): self._c = (v - 32) * 5 / 9
def show(): print("a", end=""); print("b")
def views(): return {"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items()
def lazy(): return zip([1], [2]), map(str, [1, 2]), enumerate("a")
def structured(): return np.array([(1, 2.0)], dtype=[("a", int), ("b", float)])
def plot():
    import matplotlib.pyplot as plt
    fig, ax = plt.subplots()
    ax.plot([1, 2, 3]); ax.set_xlabel("t")
    return fig, ax
"""
TESTS = {
    "linked list": "h = Node(1, Node(2, Node(3)))\nr = reverse(h)\nassert to_list(r) == [3, 2, 1]\n"
    "assert r.next.next is h and h.next is None and isinstance(r, Node)",
    "named tuple": "assert swap(Point(1, 2)) == Point(2, 1) == (2, 1) and isinstance(swap(Point(1, 2)), Point)",
    "data class": "cs = [Card(1), Card(5, 'y')]\nassert best(cs) is cs[1] and best(cs) == Card(5, 'y') and best(DECK).rank == 7\n"
    "upgrade(cs[0])\nassert cs == [Card(2), Card(5, 'y')] and cs[0] != Card(1)",
    "enumeration": "assert flip(Color.RED) is Color.BLUE and flip(flip(Color.RED)) == Color.RED",
    "isinstance there": "assert is_node(Node(1)) and not is_node(3)",
    "exception given": "try: gone()\nexcept Gone as e: assert str(e) == 'away'\nelse: raise AssertionError",
    "attributes of functions": "assert square(3) == 9 and square.calls == 1\nsquare(2)\nassert square.calls == 2\n"
    "square.calls = 0\nsquare(1)\nassert square.calls == 1 and square.__wrapped__(2) == 4 and square.__name__ == 'square'",
    "annotations": "import inspect\nassert square.__annotations__ == {'x': int, 'return': int}\n"
    "assert inspect.signature(square).return_annotation is int",
    "generator": "import inspect, types\ng = count_to(3)\nassert isinstance(g, types.GeneratorType) and inspect.isgenerator(g)\n"
    "assert next(g) == 0 and list(g) == [1, 2] and inspect.isgeneratorfunction(count_to)",
    "await": "import inspect\nassert await later() == 5 and inspect.iscoroutinefunction(later)",
    "patched randint": "from unittest.mock import patch\nwith patch('random.randint', return_value=4) as m:\n    assert dice() == 4\n"
    "m.assert_called_once_with(1, 6)\nassert 1 <= dice() <= 6",
    "replaced randint": "import random\nkept = random.randint\nrandom.randint = lambda a, b: 3\nassert dice() == 3\n"
    "random.randint = kept\nrandom.seed(1); a = dice(); random.seed(1); assert a == dice() == a or True",
    "patched sleep": "from unittest.mock import patch\nwith patch('time.sleep') as s: assert rest() == 'rested'\ns.assert_called_with(1000)",
    "patched time": "from unittest.mock import patch\nwith patch('time.time', return_value=12.5): assert now() == 12.5\nassert now() > 100",
    "types": "import numpy as np\nassert kind(3) is int and kind('') == str and kind(None) is type(None)\n"
    "assert kinds() == [int, str, ValueError, np.float32]",
    "stdin": "import io, sys\nkept, sys.stdin = sys.stdin, io.StringIO('3\\n4\\n')\ntry: assert ask() == 7\nfinally: sys.stdin = kept",
    "input": "from unittest.mock import patch\nwith patch('builtins.input', side_effect=['1', '2']): assert ask() == 3",
    "mock": "from unittest.mock import Mock\nf = Mock(side_effect=lambda i: i * 2)\nassert each(f, 3) == [0, 2, 4]\n"
    "assert f.call_count == 3\nf.assert_any_call(2)",
    "magic mock": "from unittest.mock import MagicMock\ns = MagicMock()\ns.get.return_value.json.return_value = {'a': 7}\n"
    "assert fetch(s) == 7\ns.get.assert_called_once_with('http://x', timeout=3)",
    "library class": "import re\nassert isinstance(pattern(), re.Pattern) and pattern().match('12')",
    "property": "t = Temperature(100)\nassert t.fahrenheit == 212 and isinstance(Temperature.fahrenheit, property)\n"
    "t.fahrenheit = 32\nassert t._c == 0",
    "captured by IPython": "from IPython.utils.capture import capture_output\nwith capture_output() as c: show()\nassert c.stdout == 'ab\\n'",
    "views of a dict": "k, v, i = views()\nassert k == {'a'} and list(v) == [1] and ('a', 1) in i and type(k) is type({}.keys())",
    "lazy built-ins": "z, m, e = lazy()\nassert isinstance(z, zip) and isinstance(m, map) and list(m) == ['1', '2'] and dict(e) == {0: 'a'}",
    "structured array": "assert structured()['a'][0] == 1 and structured().dtype.names == ('a', 'b')",
    "figure": "import matplotlib.pyplot as plt\nfig, ax = plot()\nassert isinstance(fig, plt.Figure) and isinstance(ax, plt.Axes)\n"
    "assert ax.get_xlabel() == 't' and len(ax.lines) == 1 and ax.lines[0].get_xydata().shape == (3, 2)",
    "unittest": "import io, unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(kind(1), int)\n"
    "        with self.assertRaises(Gone): gone()\n        self.assertIsInstance(swap(Point(1, 2)), Point)\n"
    "program = unittest.main(argv=[''], exit=False, testRunner=unittest.TextTestRunner(stream=io.StringIO()))\n"
    "assert program.result.testsRun == 1 and program.result.wasSuccessful(), program.result.errors",
    "module main": "import sys\nfrom unittest.mock import patch\nassert getattr(sys.modules['__main__'], 'square')(2) == 4\n"
    "with patch('__main__.show') as s: show()\ns.assert_called_once()",
    "threads": "import concurrent.futures as cf\nwith cf.ThreadPoolExecutor(4) as pool:\n"
    "    assert list(pool.map(square, range(20))) == [i * i for i in range(20)]",
    "higher order": "import functools\nassert sorted([3, -1], key=square) == [-1, 3] and list(map(square, [1, 2])) == [1, 4]\n"
    "assert functools.reduce(lambda a, b: a + square(b), [1, 2], 0) == 5",
}  # fmt: skip


@pytest.fixture(scope="module")
def nb():
    with Sandbox(limits=Limits(call_seconds=30, notebook_seconds=600)) as box, box.session() as session:
        made = RemoteNamespace(session, expected=names_defined([GIVEN, LEARNER]))
        assert session.run_cell(GIVEN).error is None
        assert made.run_local(GIVEN).error is None
        assert session.run_cell(LEARNER).error is None
        yield made


@pytest.mark.parametrize("name", list(TESTS))
def test_it_works_as_in_one_process(nb, name):
    run = nb.run_test(TESTS[name])
    assert run.error is None, (run.error, run.traceback)


def test_it_awaits_where_a_loop_is_running_already(nb):
    """As in a notebook; or after a test that drove a browser, so the loop is put in place by hand."""
    around, loop = asyncio._get_running_loop(), asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    try:
        runs = [nb.run_test(TESTS["await"]) for _ in range(2)]
        assert asyncio._get_running_loop() is loop
    finally:
        asyncio._set_running_loop(around)
        loop.close()
    assert [run.error for run in runs] == [None, None]


def test_a_captured_cell_can_be_looked_at_in_the_next(nb):
    assert nb.run_test("%%capture shown\nshow()").error is None
    assert nb.run_test("assert shown.stdout == 'ab\\n'").error is None
    assert nb.run_test("%%capture\nassert False").error is not None


def test_an_equality_that_says_yes_to_everything_says_nothing(nb):
    nb.session.run_cell(
        "kept = Card.__eq__\nCard.__eq__ = lambda self, other: True\ndef best(cards): return Card(0)"
    )
    assert nb.run_test("assert best([Card(1), Card(5)]) == Card(5)").error == "AssertionError"
    nb.session.run_cell("Card.__eq__ = kept")


SUITE = (
    "import io, unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertEqual(square(2), 5)\n"
    "    def test_other(self): self.assertEqual(square(2), 4)\n"
    "program = unittest.main(argv=[''], exit=False, testRunner=unittest.TextTestRunner(stream=io.StringIO()))"
)


def test_a_suite_that_fails_is_a_failed_test_although_it_raises_nothing(nb):
    assert nb.run_test(SUITE).error.startswith(
        "AssertionError: 1 of 2 unit tests failed, the first is test_it"
    )
    assert (
        nb.run_test(f"{SUITE}\n2 * (1 - len(program.result.failures) / program.result.testsRun)").value == 1.0
    )
    assert nb.run_test(SUITE.replace("5", "4")).error is None
