"""A notebook's text that a test evaluates runs in the learner's process, with the variables that it may see."""

import shutil
import sys

import pytest

from nlref.grading.foreign import Texts, names_in
from nlref.grading.remote import RemoteNamespace, names_defined
from nlref.grading.sandbox import Sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        shutil.which("bwrap") is None, reason="bubblewrap is missing: sudo apt-get install bubblewrap"
    ),
]

LEARNER = '''
formula = "a * a + b"
program = "def g(x):\\n    return x + 1\\ny = g(3)"
escape = "__import__('pathlib').Path(TARGET).write_text('x') or wanted"
def f(x):
    """Squares.

    >>> f(2)
    4
    >>> for i in range(2):
    ...     print(f(i))
    0
    1
    """
    return x * x
def wrong(x):
    """
    >>> wrong(2)
    5
    """
    return x
def pickled(): return b"cposix\\nsystem\\n(S'true'\\ntR."
'''


@pytest.fixture(scope="module")
def box():
    with Sandbox() as made:
        yield made


@pytest.fixture
def nb(box):
    with box.session() as session:
        assert session.run_cell(LEARNER).error is None
        yield RemoteNamespace(session, expected=names_defined([LEARNER]))


PASS = [
    ("a, b, wanted = 3, 2, 11\nassert eval(formula) == wanted", ("a", "b")),
    ("assert eval(formula, {'a': 3, 'b': 1}) == 10", ()),
    ("ns = {}\nexec(program, ns)\nassert ns['y'] == 4 and ns['g'](5) == 6", ()),
    ("exec(program)\nassert y == 4 and g(1) == 2", ()),
    ("assert eval('f(3)') == 9 and eval('1 + 1') == 2", ()),
    ("exec('z = f(2)')\nassert z == 4", ()),
    ("def h():\n    q = 5\n    return eval('q + f(1)')\nassert h() == 6", ()),
    ("import doctest\nassert doctest.testmod() == (1, 3)\n1.0", ()),
    ("import doctest\nrunner = doctest.DocTestRunner(verbose=False)\n"
     "for t in doctest.DocTestFinder().find(f, 'f', globs=globals()): runner.run(t)\n"
     "assert runner.summarize() == (0, 2)", ()),
    ("import inspect\nns = {}\nexec(inspect.getsource(f), ns)\nassert ns['f'](4) == 16", ()),
    ("import ast, inspect\ntree = ast.parse(inspect.getsource(f))\nassert isinstance(tree.body[0], ast.FunctionDef)\n"
     "ns = {}\nexec(compile(tree, 'x', 'exec'), ns)\nassert ns['f'](3) == 9", ()),
    ("from collections import namedtuple\nfrom dataclasses import dataclass\nP = namedtuple('P', 'x y')\n@dataclass\n"
     "class D:\n    x: int\nassert D(1).x == 1 and D.__annotations__['x'] is int and P(1, 2).y == 2 and f(2) == 4", ()),
    ("import timeit\nassert timeit.timeit('f(3)', globals=globals(), number=2) > 0", ()),
    ("formula\nimport colorsys, json\nassert json.loads('[1]') == [1]", ()),
]  # fmt: skip


@pytest.mark.parametrize(("source", "names"), PASS, ids=[source[:30] for source, _ in PASS])
def test_honest_tests_evaluate_answers(nb, source, names):
    run = nb.run_test(source, names=names)
    assert run.error is None, (run.error, run.traceback)


def test_only_the_variables_that_were_handed_over_are_seen(nb):
    for names in ((), ("a",)):
        run = nb.run_test("a, b, wanted = 3, 2, 11\nassert eval(formula) == 11", names=names)
        assert "NameError" in run.error
    nb.session.run_cell("formula = 'wanted'")
    assert "NameError" in nb.run_test("wanted = 11\nassert eval(formula) == wanted").error
    assert (
        "NameError" in nb.run_test("def check(wanted): return eval(formula) == wanted\nassert check(3)").error
    )


@pytest.mark.parametrize(
    "call", ["eval(escape)", "exec(escape)", "exec(compile(escape, 'x', 'exec'))", "eval(f'({escape})')",
             "exec('x = ' + escape)", "eval(escape, globals())", "eval(escape, {'TARGET': TARGET})",
             "eval(compile(__import__('ast').parse(escape, mode='eval'), 'x', 'eval'))"],
)  # fmt: skip
def test_nothing_of_it_runs_here(nb, tmp_path, call):
    target = tmp_path / "escaped"
    nb.session.run_cell(f"TARGET = {str(target)!r}")
    assert nb.run_test(f"wanted = 11\nTARGET = {str(target)!r}\nassert ({call}) == wanted").error is not None
    assert not target.exists()


def test_bytes_are_not_unpickled(nb):
    assert "ForeignCode" in nb.run_test("import pickle\npickle.loads(pickled())").error
    run = nb.run_test("import io, numpy as np\nnp.load(io.BytesIO(pickled()), allow_pickle=True)")
    assert run.error is not None


def test_failing_examples_are_printed(nb):
    run = nb.run_test("import doctest\ndoctest.run_docstring_examples(wrong, globals())")
    assert run.error == "AssertionError: 1 of 1 examples of NoName failed"
    assert "Expected:\n    5\nGot:\n    2" in run.outputs[0]["text"]


def test_the_builtin_functions_are_back_afterwards(nb):
    main = sys.modules["__main__"]
    nb.run_test("raise KeyError")
    assert (eval.__module__, exec.__module__, compile.__module__) == ("builtins",) * 3
    assert sys.modules["__main__"] is main


def test_texts_are_recognised_in_programs():
    texts = Texts()
    texts.note(["abc + 1", ("x",), {"k": "long text\nof two lines"}])
    assert texts.are_in("(abc + 1) * 2")
    assert texts.are_in("x")
    assert not texts.are_in("xy + 2")
    assert texts.are_in("of two lines")
    assert not texts.are_in("something else")
    texts.constants.add("abc + 1")
    assert not texts.are_in("abc + 1")
    texts.note(b"x")
    assert texts.bytes_seen
    assert names_in("a + b.c(d)") == {"a", "b", "d"}
    assert names_in("a +") == set()
