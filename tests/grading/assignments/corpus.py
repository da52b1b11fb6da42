"""Assignments in the ways instructors write them, and honest submissions: right, partly right, wrong, raising.

``ASSIGNMENTS``: name to ``notebooks`` ({name: cells}), ``files`` beside them, and ``submissions`` ({student: {grade id:
source}}; what is not there is right). A cell is (grade id or None, kind, source); the kinds are

    text, code    cells that nbgrader does not know
    given         the instructor's read-only code
    solution      with the answer between the markers
    test, N       a test worth N points
    written, N    an answer in words, worth N points; ``program, N`` the same as code
    task, N       a task worth N points

``DIFFERENCES`` are the cells where nlref means to give something else than nbgrader, and why: docs/instructor.md lists
the same rules.
"""

from typing import Any

Cells = list[tuple[str | None, str, str]]


def _answer(source: str) -> str:
    """A solution cell's source: the body of the first line, or everything, is the solution."""
    lines = source.strip("\n").split("\n")
    if lines[0].startswith(("def ", "class ", "async def ")):
        return "\n".join([lines[0], "    ### BEGIN SOLUTION", *lines[1:], "    ### END SOLUTION"])
    return "\n".join(["### BEGIN SOLUTION", *lines, "### END SOLUTION"])


NUMERICS: Cells = [
    (None, "text", "# Numerics"),
    (
        "setup",
        "given",
        "import numpy as np\nfrom numpy.testing import assert_allclose\n\n\ndef relative_error(a, b):\n"
        "    return np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b)))",
    ),
    ("sigmoid", "solution", _answer("def sigmoid(x):\n    return 0.5 * (1 + np.tanh(0.5 * x))")),
    (
        "sigmoid-check",
        "test, 2",
        "x = np.linspace(-5, 5, 11)\nassert_allclose(sigmoid(x), 1 / (1 + np.exp(-x)))\n"
        "assert sigmoid(0.0) == 0.5\n### BEGIN HIDDEN TESTS\nassert np.isfinite(sigmoid(np.array([-1000.0, 1000.0]))).all()\n"
        "### END HIDDEN TESTS",
    ),
    (
        "normalize",
        "solution",
        _answer(
            "def normalize(x, axis=0):\n    return (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)"
        ),
    ),
    (
        "normalize-check",
        "test, 4",
        "rng = np.random.default_rng(0)\nx = rng.normal(3, 2, size=(20, 3))\nscore = 0\n"
        "try:\n    out = normalize(x)\n    score += 1 * (out.shape == x.shape)\n    score += 1 * bool(np.allclose(out.mean(axis=0), 0))\n"
        "    score += 1 * bool(np.allclose(out.std(axis=0), 1))\n    score += 1 * bool(np.allclose(normalize(x, axis=1).mean(axis=1), 0))\n"
        "except Exception as error:\n    print(error)\nscore",
    ),
    (
        "gradient",
        "solution",
        _answer(
            "def numerical_gradient(f, x, h=1e-5):\n    grad = np.zeros_like(x)\n    for i in np.ndindex(*x.shape):\n"
            "        old = x[i]\n        x[i] = old + h\n        plus = f(x)\n        x[i] = old - h\n        minus = f(x)\n        x[i] = old\n"
            "        grad[i] = (plus - minus) / (2 * h)\n    return grad"
        ),
    ),
    (
        "gradient-check",
        "test, 3",
        "x = np.array([[1.0, 2.0], [3.0, 4.0]])\nassert relative_error(numerical_gradient(lambda v: np.sum(v ** 2), x), 2 * x) < 1e-6\n"
        "assert (x == [[1, 2], [3, 4]]).all(), 'x was changed'",
    ),
    (
        "train",
        "solution",
        _answer(
            "def train(X, y, steps=200, rate=0.1):\n    np.random.seed(1)\n    w = np.random.randn(X.shape[1]) * 0.01\n    losses = []\n"
            "    for _ in range(steps):\n        error = X @ w - y\n        losses.append(float(np.mean(error ** 2)))\n        w -= rate * 2 * X.T @ error / len(y)\n"
            "    return {'w': w, 'losses': losses}"
        ),
    ),
    (
        "train-check",
        "test, 3",
        "np.random.seed(7)\nX = np.random.randn(50, 2)\ny = X @ np.array([1.5, -2.0])\nresult = train(X, y)\n"
        "assert isinstance(result, dict) and set(result) >= {'w', 'losses'}\nnp.testing.assert_array_almost_equal(result['w'], [1.5, -2.0], decimal=3)\n"
        "assert len(result['losses']) == 200 and result['losses'][-1] < result['losses'][0]",
    ),
    ("one_hot", "solution", _answer("def one_hot(labels, classes):\n    return np.eye(classes)[labels]")),
    (
        "one_hot-check",
        "test, 2",
        "out = one_hot(np.array([0, 2]), 3)\nassert out.shape == (2, 3), f'shape is {out.shape}'\n"
        "assert np.array_equal(out, [[1, 0, 0], [0, 0, 1]])\nassert one_hot(np.array([], dtype=int), 3).shape == (0, 3)\n"
        "assert (one_hot(np.array([], dtype=int), 3) == 0).all()",
    ),
    ("best_k", "solution", _answer("best_k = 7\naccuracies = {1: 0.9, 7: 0.95}")),
    ("best_k-check", "test, 1", "assert best_k == max(accuracies, key=accuracies.get)"),
    ("explain", "written, 3", "Explain."),
]

STRUCTURES: Cells = [
    ("given", "given", "from dataclasses import dataclass\nfrom collections import namedtuple\nimport enum\n\n\nclass Node:\n"
     "    def __init__(self, value, next=None):\n        self.value = value\n        self.next = next\n\n\n@dataclass\nclass Card:\n    rank: int\n    suit: str\n\n\n"
     "Point = namedtuple('Point', 'x y')\n\n\nclass Color(enum.Enum):\n    RED = 1\n    BLACK = 2\n\n\nclass EmptyError(Exception):\n    pass\n\n\n"
     "def values(node):\n    found = []\n    while node is not None:\n        found.append(node.value)\n        node = node.next\n    return found"),
    ("reverse", "solution", _answer("def reverse(node):\n    before = None\n    while node is not None:\n        node.next, before, node = before, node, node.next\n    return before")),
    ("reverse-check", "test, 3", "head = Node(1, Node(2, Node(3)))\nfound = reverse(head)\nassert values(found) == [3, 2, 1]\nassert found.next.next is head and head.next is None\n"
     "assert isinstance(found, Node) and reverse(None) is None"),
    ("insert", "solution", _answer("def insert(head, value):\n    node = Node(value, head)\n    return node")),
    ("insert-check", "test, 1", "assert values(insert(Node(2), 1)) == [1, 2] and values(insert(None, 4)) == [4]"),
    ("highest", "solution", _answer("def highest(cards):\n    return max(cards, key=lambda card: card.rank)")),
    ("highest-check", "test, 2", "cards = [Card(3, 'hearts'), Card(12, 'spades')]\nassert highest(cards) == Card(12, 'spades')\nassert highest(cards) is cards[1]\nassert cards == [Card(3, 'hearts'), Card(12, 'spades')]"),
    ("mirror", "solution", _answer("def mirror(point):\n    return Point(point.y, point.x)")),
    ("mirror-check", "test, 1", "assert mirror(Point(1, 2)) == Point(2, 1) and mirror(Point(3, 4)).x == 4 and isinstance(mirror(Point(0, 0)), Point)"),
    ("other", "solution", _answer("def other(color):\n    return Color.BLACK if color is Color.RED else Color.RED")),
    ("other-check", "test, 1", "assert other(Color.RED) is Color.BLACK and other(other(Color.RED)) == Color.RED"),
    ("Stack", "solution", _answer("class Stack:\n    def __init__(self):\n        self._items = []\n\n    def push(self, item):\n        self._items.append(item)\n        return self\n\n"
     "    def pop(self):\n        if not self._items:\n            raise EmptyError('the stack is empty')\n        return self._items.pop()\n\n    def __len__(self):\n        return len(self._items)\n\n"
     "    def __iter__(self):\n        return iter(self._items[::-1])\n\n    def __contains__(self, item):\n        return item in self._items\n\n    def __bool__(self):\n        return bool(self._items)")),
    ("Stack-check", "test, 3", "stack = Stack().push(1).push(2)\nassert len(stack) == 2 and list(stack) == [2, 1] and 1 in stack and 5 not in stack and stack\nassert stack.pop() == 2 and stack.pop() == 1 and not stack\n"
     "try:\n    stack.pop()\nexcept EmptyError as error:\n    assert 'empty' in str(error)\nelse:\n    assert False, 'EmptyError expected'"),
    ("Money", "solution", _answer("class Money:\n    def __init__(self, amount):\n        self.amount = amount\n\n    def __add__(self, other):\n        return Money(self.amount + other.amount)\n\n    __radd__ = __add__\n\n"
     "    def __mul__(self, factor):\n        return Money(self.amount * factor)\n\n    __rmul__ = __mul__\n\n    def __eq__(self, other):\n        return isinstance(other, Money) and self.amount == other.amount\n\n    def __lt__(self, other):\n        return self.amount < other.amount\n\n"
     "    def __hash__(self):\n        return hash(self.amount)\n\n    def __repr__(self):\n        return f'Money({self.amount})'\n\n    @property\n    def cents(self):\n        return round(100 * self.amount)\n\n    @cents.setter\n    def cents(self, value):\n        self.amount = value / 100\n\n    @classmethod\n    def parse(cls, text):\n        return cls(float(text.strip('$')))")),
    ("Money-check", "test, 4", "a, b = Money(2), Money(3.5)\nassert a + b == Money(5.5) and a * 2 == 2 * a == Money(4) and a != b and a < b\nassert sorted([b, a])[0] is a and max(a, b) == b and len({Money(1), Money(1)}) == 1\n"
     "assert repr(a) == 'Money(2)' and a.cents == 200\na.cents = 150\nassert a.amount == 1.5 and Money.parse('$2.5').cents == 250 and isinstance(Money.parse('1'), Money)\nassert isinstance(Money.cents, property)"),
    ("countdown", "solution", _answer("def countdown(n):\n    while n > 0:\n        yield n\n        n -= 1")),
    ("countdown-check", "test, 2", "import inspect, types\nassert list(countdown(3)) == [3, 2, 1] and list(countdown(0)) == []\ng = countdown(2)\nassert next(g) == 2 and next(g) == 1\ntry:\n    next(g)\nexcept StopIteration:\n    pass\nelse:\n    assert False\n"
     "assert isinstance(countdown(1), types.GeneratorType) and inspect.isgeneratorfunction(countdown)"),
    ("counted", "solution", _answer("import functools\n\ndef counted(function):\n    @functools.wraps(function)\n    def wrapper(*args, **kwargs):\n        wrapper.calls += 1\n        return function(*args, **kwargs)\n    wrapper.calls = 0\n    return wrapper\n\n\n@counted\ndef square(x: int) -> int:\n    'Squares a number.'\n    return x * x")),
    ("counted-check", "test, 3", "square.calls = 0\nassert square(3) == 9 and square(x=4) == 16 and square.calls == 2\nassert square.__name__ == 'square' and square.__doc__ == 'Squares a number.'\n"
     "@counted\ndef hello(name='x'):\n    return 'hello ' + name\nassert hello() == 'hello x' and hello('you') == 'hello you' and hello.calls == 2\nassert square.__annotations__ == {'x': int, 'return': int}"),
    ("adder", "solution", _answer("def adder(n):\n    return lambda x: x + n")),
    ("adder-check", "test, 1", "assert adder(2)(3) == 5 and [adder(i)(1) for i in range(3)] == [1, 2, 3] and callable(adder(0))"),
    ("timer", "solution", _answer("from contextlib import contextmanager\n\n@contextmanager\ndef noted(name):\n    print('in', name)\n    try:\n        yield name * 2\n    finally:\n        print('out')")),
    ("timer-check", "test, 2", "import contextlib, io\nlog = io.StringIO()\nwith contextlib.redirect_stdout(log):\n    with noted('a') as n:\n        assert n == 'aa' and log.getvalue() == 'in a\\n'\nassert log.getvalue() == 'in a\\nout\\n'\ntry:\n    with contextlib.redirect_stdout(log), noted('b'):\n        raise KeyError('x')\nexcept KeyError:\n    pass\nassert log.getvalue().endswith('in b\\nout\\n')"),
]  # fmt: skip

PROGRAMS: Cells = [
    (None, "code", "import random\nimport time"),
    ("greet", "solution", _answer("def greet():\n    name = input('Your name? ')\n    print(f'Hello, {name}!')")),
    ("greet-check", "test, 2", "import io\nfrom contextlib import redirect_stdout\nfrom unittest.mock import patch\nout = io.StringIO()\nwith patch('builtins.input', return_value='Ada') as asked, redirect_stdout(out):\n    greet()\n"
     "assert out.getvalue() == 'Hello, Ada!\\n'\nassert asked.call_count == 1"),
    ("total", "solution", _answer("def total():\n    return sum(int(input()) for _ in range(3))")),
    ("total-check", "test, 1", "import io, sys\nkept = sys.stdin\nsys.stdin = io.StringIO('1\\n2\\n3\\n')\ntry:\n    assert total() == 6\nfinally:\n    sys.stdin = kept"),
    ("guess", "solution", _answer("def roll():\n    return random.randint(1, 6) + random.randint(1, 6)")),
    ("guess-check", "test, 2", "from unittest.mock import patch\nwith patch('random.randint', side_effect=[3, 4]) as dice:\n    assert roll() == 7\ndice.assert_called_with(1, 6)\nrandom.seed(3)\nfirst = [roll() for _ in range(5)]\nrandom.seed(3)\nassert first == [roll() for _ in range(5)] and all(2 <= r <= 12 for r in first)"),
    ("wait", "solution", _answer("def wait(seconds):\n    time.sleep(seconds)\n    return 'done'")),
    ("wait-check", "test, 1", "import time\nfrom unittest import mock\nwith mock.patch('time.sleep') as sleep:\n    assert wait(3600) == 'done'\nsleep.assert_called_once_with(3600)"),
    ("save", "solution", _answer("def save(path, rows):\n    with open(path, 'w') as file:\n        for row in rows:\n            file.write(','.join(map(str, row)) + '\\n')")),
    ("save-check", "test, 2", "import csv, os\nsave('out.csv', [[1, 2], [3, 4]])\nassert os.path.exists('out.csv')\nwith open('out.csv') as file:\n    assert list(csv.reader(file)) == [['1', '2'], ['3', '4']]"),
    ("count", "solution", _answer("def count_words(path):\n    with open(path) as file:\n        return len(file.read().split())")),
    ("count-check", "test, 2", "import os, tempfile\nwith open('words.txt', 'w') as file:\n    file.write('to be or not')\nassert count_words('words.txt') == 4\nwith tempfile.TemporaryDirectory() as folder:\n    path = os.path.join(folder, 'a.txt')\n    with open(path, 'w') as file:\n        file.write('one two')\n    assert count_words(path) == 2\n"
     "try:\n    count_words('nowhere.txt')\nexcept FileNotFoundError:\n    pass\nelse:\n    assert False"),
    ("double", "solution", _answer("def double_all(numbers):\n    for i in range(len(numbers)):\n        numbers[i] *= 2")),
    ("double-check", "test, 1", "numbers = [1, 2, 3]\nassert double_all(numbers) is None\nassert numbers == [2, 4, 6]"),
    ("memo", "solution", _answer("cache = {}\n\ndef fibonacci(n):\n    if n not in cache:\n        cache[n] = n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)\n    return cache[n]")),
    ("memo-check", "test, 2", "cache.clear()\nassert fibonacci(50) == 12586269025\nassert len(cache) >= 49 and cache[10] == 55"),
    ("apply", "solution", _answer("def apply_all(functions, value):\n    return [function(value) for function in functions]")),
    ("apply-check", "test, 2", "from unittest.mock import Mock\nspy = Mock(return_value=5)\nassert apply_all([abs, str, lambda v: v + 1, spy], -3) == [3, '-3', -2, 5]\nspy.assert_called_once_with(-3)"),
    ("fetch", "solution", _answer("def fetch(session, name):\n    reply = session.get('/users/' + name, timeout=3)\n    if reply.status_code != 200:\n        raise LookupError(name)\n    return reply.json()['age']")),
    ("fetch-check", "test, 2", "from unittest.mock import MagicMock\nsession = MagicMock()\nsession.get.return_value.status_code = 200\nsession.get.return_value.json.return_value = {'age': 36}\nassert fetch(session, 'ada') == 36\nsession.get.assert_called_once_with('/users/ada', timeout=3)\n"
     "class Gone:\n    status_code = 404\nclass Offline:\n    def get(self, url, timeout=None):\n        return Gone()\ntry:\n    fetch(Offline(), 'x')\nexcept LookupError:\n    pass\nelse:\n    assert False"),
    ("table", "solution", _answer("def table(n):\n    for i in range(1, n + 1):\n        print(i, i * i, sep='\\t')")),
    ("table-run", "test, 0", "%%capture shown\ntable(3)"),
    ("table-check", "test, 1", "assert shown.stdout == '1\\t1\\n2\\t4\\n3\\t9\\n'"),
]  # fmt: skip

WRITTEN_1: Cells = [
    (None, "text", "# Reading data"),
    ("tools", "given", "from tools import close, Sample"),
    (
        "read",
        "solution",
        _answer(
            "import csv\n\ndef read(path):\n    with open(path, newline='') as file:\n        return [float(row['height']) for row in csv.DictReader(file)]"
        ),
    ),
    (
        "read-check",
        "test, 2",
        "heights = read('people.csv')\nassert len(heights) == 3 and close(sum(heights), 5.1)",
    ),
    ("summary", "solution", _answer("def summary(numbers):\n    return Sample(min(numbers), max(numbers))")),
    (
        "summary-check",
        "test, 2",
        "found = summary([3, 1, 2])\nassert isinstance(found, Sample) and found.low == 1 and found.high == 3 and found.width() == 2",
    ),
    ("why", "written, 3", "Your answer."),
    ("plot", "program, 2", "### BEGIN SOLUTION\nprint(sorted(read('people.csv')))\n### END SOLUTION"),
    ("project", "task, 5", "Plan a study of your own."),
]

WRITTEN_2: Cells = [
    (None, "text", "# Short answers, as in courses on statistics"),
    ("mode", "solution", _answer("mode_of_data = 4")),
    (
        "mode-check",
        "test, 1",
        "assert isinstance(mode_of_data, int)\n### BEGIN HIDDEN TESTS\nassert mode_of_data == 4\n### END HIDDEN TESTS",
    ),
    ("choice", "solution", _answer("choice = 'b'")),
    (
        "choice-check",
        "test, 1",
        "import hashlib\nassert hashlib.sha256(choice.lower().strip().encode()).hexdigest().startswith('3e23e8160039')",
    ),
    ("several", "solution", _answer("several = {'a', 'c'}")),
    (
        "several-check",
        "test, 3",
        "points = 0\nfor letter in 'abcd':\n    points += 0.75 * ((letter in several) == (letter in {'a', 'c'}))\npoints",
    ),
    ("interpret", "written, 2", "Interpretation:"),
    ("interpret-2", "written, 2", "Interpretation of the second:"),
]

LIBRARY: Cells = [
    ("roman", "solution", _answer("def roman(number):\n    '''Write a number as the Romans did.\n\n    >>> roman(4)\n    'IV'\n    >>> roman(2024)\n    'MMXXIV'\n    '''\n    if not 0 < number < 4000:\n        raise ValueError(f'{number} is not between 1 and 3999')\n    text = ''\n"
     "    for value, sign in zip((1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), 'M CM D CD C XC L XL X IX V IV I'.split()):\n        while number >= value:\n            text += sign\n            number -= value\n    return text")),
    ("roman-check", "test, 3", "import io, unittest\n\n\nclass RomanTest(unittest.TestCase):\n    def test_values(self):\n        for number, text in ((1, 'I'), (9, 'IX'), (1994, 'MCMXCIV')):\n            with self.subTest(number=number):\n                self.assertEqual(roman(number), text)\n\n"
     "    def test_errors(self):\n        self.assertRaises(ValueError, roman, 0)\n        with self.assertRaisesRegex(ValueError, 'between'):\n            roman(4000)\n\n\n"
     "result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(RomanTest))\nassert result.wasSuccessful(), result.failures + result.errors"),
    ("roman-doctest", "test, 1", "import doctest\nfinder, runner = doctest.DocTestFinder(), doctest.DocTestRunner(verbose=False)\nfor example in finder.find(roman, 'roman', globs={'roman': roman}):\n    runner.run(example)\nassert runner.failures == 0 and runner.tries >= 2"),
    ("fractions", "solution", _answer("from fractions import Fraction\nfrom decimal import Decimal\nimport datetime\n\ndef harmonic(n):\n    return sum((Fraction(1, i) for i in range(1, n + 1)), Fraction(0))\n\ndef price():\n    return Decimal('19.99') * 3\n\ndef due(day):\n    return day + datetime.timedelta(days=14)\n\ndef roots(a, b, c):\n    d = (b * b - 4 * a * c) ** 0.5 if b * b >= 4 * a * c else complex(0, (4 * a * c - b * b) ** 0.5)\n    return {(-b + d) / (2 * a), (-b - d) / (2 * a)}")),
    ("fractions-check", "test, 3", "from fractions import Fraction\nfrom decimal import Decimal\nfrom datetime import date\nassert harmonic(4) == Fraction(25, 12) and isinstance(harmonic(2), Fraction) and harmonic(1).denominator == 1\nassert price() == Decimal('59.97') and str(price()) == '59.97'\nassert due(date(2024, 2, 20)) == date(2024, 3, 5)\nassert roots(1, 0, -4) == {2, -2} and roots(1, 0, 1) == {1j, -1j}"),
    ("words", "solution", _answer("from collections import Counter, defaultdict\n\ndef index(words):\n    found = defaultdict(list)\n    for word in words:\n        found[word[0]].append(word)\n    return found\n\ndef common(text):\n    return Counter(text.split())")),
    ("words-check", "test, 2", "assert index(['ant', 'bee', 'ape']) == {'a': ['ant', 'ape'], 'b': ['bee']}\nassert index([])['x'] == []\nassert common('a b a').most_common(1) == [('a', 2)] and common('')['q'] == 0"),
    ("loop", "solution", _answer("def product(numbers):\n    result = 1\n    for number in numbers:\n        result *= number\n    return result")),
    ("loop-check", "test, 2", "import ast, inspect, textwrap\ntree = ast.parse(textwrap.dedent(inspect.getsource(product)))\nassert any(isinstance(node, ast.For) for node in ast.walk(tree)), 'use a for loop'\nassert 'prod(' not in inspect.getsource(product)\nassert product([2, 3, 4]) == 24 and product([]) == 1\nassert list(inspect.signature(product).parameters) == ['numbers']"),
    ("recursive", "solution", _answer("def factorial(n):\n    return 1 if n == 0 else n * factorial(n - 1)\n\ndef binomial(n, k):\n    return factorial(n) // factorial(k) // factorial(n - k)")),
    ("recursive-check", "test, 2", "assert binomial(5, 2) == 10\nkept = factorial\ndel factorial\ntry:\n    binomial(5, 2)\nexcept NameError:\n    pass\nelse:\n    raise AssertionError('binomial does not use factorial')\nfinally:\n    factorial = kept"),
    ("formula", "solution", _answer("formula = '(a + b) ** 2'")),
    ("formula-check", "test, 1", "for a, b in ((1, 2), (3, -1), (0.5, 0.5)):\n    wanted = a * a + 2 * a * b + b * b\n    assert abs(eval(formula) - wanted) < 1e-9"),
    ("kinds", "solution", _answer("def kinds(values):\n    return [type(value) for value in values]\n\ndef nothing():\n    return None\n\ndef truth(x):\n    return x > 3")),
    ("kinds-check", "test, 2", "assert kinds([1, 'a', 2.0, None]) == [int, str, float, type(None)]\nassert nothing() is None and truth(4) is True and truth(2) is False and not nothing()"),
    ("speed", "solution", _answer("def fast(n):\n    return n * (n + 1) // 2")),
    ("speed-check", "test, 1", "import timeit\n%time fast(10)\nassert timeit.timeit(lambda: fast(10 ** 6), number=3) < 9 and fast(100) == 5050"),
    ("primes", "solution", _answer("class Primes:\n    def __init__(self, top):\n        self.top = top\n\n    def __iter__(self):\n        for n in range(2, self.top):\n            if all(n % d for d in range(2, int(n ** 0.5) + 1)):\n                yield n\n\n    def __getitem__(self, i):\n        return list(self)[i]\n\n    def __len__(self):\n        return sum(1 for _ in self)")),
    ("primes-check", "test, 2", "primes = Primes(20)\nassert list(primes) == [2, 3, 5, 7, 11, 13, 17, 19] and primes[2] == 5 and primes[-1] == 19 and primes[1:3] == [3, 5] and len(primes) == 8\nassert 7 in primes and 8 not in primes and sum(primes) == 77 and list(zip(primes, 'ab')) == [(2, 'a'), (3, 'b')]\ntry:\n    primes[100]\nexcept IndexError:\n    pass\nelse:\n    assert False"),
]  # fmt: skip

ASSIGNMENTS: dict[str, dict[str, Any]] = {
    "numerics": {
        "notebooks": {"numerics": NUMERICS},
        "submissions": {
            "right": {"explain": "Because the mean is subtracted."},
            "naive": {
                "sigmoid": "def sigmoid(x):\n    return 1 / (1 + np.exp(-x))",
                "normalize": "def normalize(x, axis=0):\n    return (x - x.mean(0)) / x.std(0)",
                "one_hot": "def one_hot(labels, classes):\n    out = np.zeros((len(labels), classes))\n    for i, k in enumerate(labels):\n        out[i, k] = 1\n    return out",
            },
            "wrong": {
                "sigmoid": "def sigmoid(x):\n    return np.tanh(x)",
                "normalize": "def normalize(x, axis=0):\n    return x - 1",
                "gradient": "def numerical_gradient(f, x, h=1e-5):\n    x += h\n    return f(x)",
                "train": "def train(X, y):\n    return {'w': np.zeros(2), 'losses': []}",
                "one_hot": "def one_hot(labels, classes):\n    return np.zeros((classes, len(labels)))",
                "best_k": "best_k = 1\naccuracies = {1: 0.9, 7: 0.95}",
            },
            "raising": {
                "sigmoid": "def sigmoid(x):\n    raise NotImplementedError()",
                "normalize": "def normalize(x, axis=0):\n    return x.no_such_method()",
                "train": "def train(X, y):\n    return X @ y",
                "best_k": "best_k = undefined_name",
            },
            "nan": {"normalize": "def normalize(x, axis=0):\n    return x * np.nan", "sigmoid": "def sigmoid(x):\n    return x / 0.0 * 0"},
            "other": {
                "gradient": "def numerical_gradient(f, x, h=1e-5):\n    out = []\n    for i in range(x.size):\n        e = np.zeros(x.size); e[i] = h; e = e.reshape(x.shape)\n        out.append((f(x + e) - f(x - e)) / (2 * h))\n    return np.array(out).reshape(x.shape)",
                "train": "import math\ndef train(X, y):\n    w, *_ = np.linalg.lstsq(X, y, rcond=None)\n    return dict(w=list(w), losses=[1.0 / (i + 1) for i in range(200)])",
                "one_hot": "one_hot = lambda labels, classes: (np.asarray(labels)[:, None] == np.arange(classes)).astype(int)",
            },
        },
    },
    "structures": {
        "notebooks": {"structures": STRUCTURES},
        "submissions": {
            "right": {},
            "other": {
                "reverse": "def reverse(head):\n    if head is None or head.next is None:\n        return head\n    rest = reverse(head.next)\n    head.next.next = head\n    head.next = None\n    return rest",
                "highest": "def highest(cards):\n    best = cards[0]\n    for card in cards:\n        if card.rank > best.rank: best = card\n    return best",
                "mirror": "def mirror(point):\n    x, y = point\n    return point._replace(x=y, y=x)",
                "countdown": "def countdown(n):\n    yield from range(n, 0, -1)",
                "adder": "def adder(n):\n    def add(x): return n + x\n    return add",
            },
            "partly": {
                "reverse": "def reverse(node):\n    out = None\n    while node:\n        out = Node(node.value, out)\n        node = node.next\n    return out",
                "highest": "def highest(cards):\n    return sorted(cards, key=lambda c: c.rank)[-1].rank",
                "mirror": "def mirror(point):\n    return (point.y, point.x)",
                "Stack": "class Stack(list):\n    def push(self, x):\n        self.append(x)\n        return self",
                "countdown": "def countdown(n):\n    return list(range(n, 0, -1))",
                "counted": "def counted(f):\n    return f\n@counted\ndef square(x): return x * x",
                "timer": "class noted:\n    def __init__(self, name): self.name = name\n    def __enter__(self):\n        print('in', self.name)\n        return 2 * self.name\n    def __exit__(self, *a): print('out')",
            },
            "wrong": {
                "insert": "def insert(head, value):\n    return head",
                "other": "def other(color):\n    return color",
                "Stack": "class Stack:\n    def push(self, x): return self\n    def pop(self): return None\n    def __len__(self): return 2",
                "Money": "class Money:\n    def __init__(self, amount): self.amount = amount\n    def __add__(self, other): return self.amount + other.amount",
                "adder": "def adder(n):\n    return n",
                "timer": "def noted(name):\n    print('in', name)",
            },
            "raising": {
                "reverse": "def reverse(node):\n    raise RecursionError",
                "Stack": "class Stack:\n    def __init__(self): raise RuntimeError('no')",
                "Money": "class Money(:\n    pass",
                "countdown": "def countdown(n):\n    yield 3\n    raise KeyError(n)",
            },
        },
    },
    "programs": {
        "notebooks": {"programs": PROGRAMS},
        "submissions": {
            "right": {},
            "other": {
                "greet": "import builtins\ndef greet():\n    builtins.print('Hello, ' + builtins.input() + '!')",
                "guess": "from random import randint\ndef roll():\n    return sum(random.randint(1, 6) for _ in 'ab')",
                "save": "import csv\ndef save(path, rows):\n    with open(path, 'w', newline='') as f:\n        csv.writer(f, lineterminator='\\n').writerows(rows)",
                "count": "from pathlib import Path\ndef count_words(path):\n    return len(Path(path).read_text().split())",
                "double": "def double_all(numbers):\n    numbers[:] = [2 * n for n in numbers]",
                "table": "def table(n):\n    print('\\n'.join(f'{i}\\t{i ** 2}' for i in range(1, n + 1)))",
            },
            "wrong": {
                "greet": "def greet():\n    print('Hello, ' + input())",
                "total": "def total():\n    return int(input())",
                "guess": "def roll():\n    return random.randint(2, 12)",
                "wait": "def wait(seconds):\n    return 'done'",
                "save": "def save(path, rows):\n    print(rows)",
                "count": "def count_words(path):\n    return len(open(path).read())",
                "double": "def double_all(numbers):\n    return [2 * n for n in numbers]",
                "memo": "cache = {}\ndef fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n): a, b = b, a + b\n    return a",
                "apply": "def apply_all(functions, value):\n    return [f(value) for f in functions[:2]]",
                "fetch": "def fetch(session, name):\n    return session.get('/users/' + name).json()['age']",
                "table": "def table(n):\n    return '1\\t1\\n'",
            },
            "raising": {
                "greet": "def greet():\n    return undefined",
                "save": "def save(path, rows):\n    open('no/such/folder/x', 'w')",
                "count": "def count_words(path):\n    try:\n        return len(open(path).read().split())\n    except OSError:\n        return 0",
                "double": "def double_all(numbers):\n    numbers += 1",
                "fetch": "def fetch(session, name):\n    raise LookupError(name)",
                "table": "def table(n):\n    print(1 / 0)",
            },
        },
    },
    "written": {
        "notebooks": {"first": WRITTEN_1, "second": WRITTEN_2},
        "files": {
            "people.csv": "name,height\nAda,1.6\nBen,1.7\nCem,1.8\n",
            "tools.py": "class Sample:\n    def __init__(self, low, high):\n        self.low, self.high = low, high\n\n    def width(self):\n        return self.high - self.low\n\n\ndef close(a, b):\n    return abs(a - b) < 1e-9\n",
        },
        "submissions": {
            "right": {"why": "Because.", "interpret": "It says so.", "project": "Plan a study of your own.\n\nI will."},
            "partly": {"several": "several = ['a', 'b', 'c']", "choice": "choice = ' B '", "summary": "def summary(numbers):\n    return min(numbers), max(numbers)"},
            "wrong": {
                "mode": "mode_of_data = 4.0",
                "choice": "choice = 2",
                "several": "several = 'bd'",
                "read": "def read(path):\n    return open(path).readlines()",
            },
            "untouched": None,
        },
    },
    "library": {
        "notebooks": {"library": LIBRARY},
        "submissions": {
            "right": {},
            "other": {
                "fractions": "import fractions as f, decimal as d, datetime as t, cmath\ndef harmonic(n):\n    total = f.Fraction(0)\n    for i in range(n): total += f.Fraction(1, i + 1)\n    return total\ndef price(): return d.Decimal('59.97')\ndef due(day): return t.date.fromordinal(day.toordinal() + 14)\ndef roots(a, b, c):\n    s = cmath.sqrt(b * b - 4 * a * c)\n    return {(-b + s) / 2 / a, (-b - s) / 2 / a}",
                "words": "def index(words):\n    from collections import defaultdict\n    out = defaultdict(list)\n    [out[w[0]].append(w) for w in words]\n    return out\nfrom collections import Counter\ncommon = lambda text: Counter(text.split())",
                "formula": "formula = 'a**2 + 2*a*b + b**2'",
                "kinds": "def kinds(values):\n    return list(map(type, values))\ndef nothing(): pass\ndef truth(x): return bool(x > 3)",
                "primes": "class Primes(list):\n    def __init__(self, top):\n        super().__init__(n for n in range(2, top) if all(n % d for d in range(2, n)))",
            },
            "wrong": {
                "roman": "def roman(number):\n    '''\n    >>> roman(1)\n    'II'\n    >>> roman(2)\n    'II'\n    '''\n    return 'I' * number",
                "fractions": "def harmonic(n): return sum(1 / i for i in range(1, n + 1))\ndef price(): return 59.97\ndef due(day): return day\ndef roots(a, b, c): return [2, -2]",
                "words": "def index(words): return {w[0]: w for w in words}\ndef common(text): return text.split()",
                "loop": "import math\ndef product(numbers):\n    return math.prod(numbers)",
                "recursive": "import math\ndef factorial(n): return math.factorial(n)\ndef binomial(n, k): return math.comb(n, k)",
                "formula": "formula = 'a * b'",
                "kinds": "def kinds(values): return [str(type(v)) for v in values]\ndef nothing(): return 0\ndef truth(x): return 'True'",
                "speed": "def fast(n):\n    return sum(range(n))",
                "primes": "class Primes:\n    def __init__(self, top): self.top = top\n    def __getitem__(self, i):\n        if i >= self.top: raise IndexError(i)\n        return i",
            },
            "raising": {
                "roman": "def roman(number):\n    raise TypeError('never')",
                "formula": "formula = 'a +'",
                "recursive": "def factorial(n): return n * factorial(n - 1)\ndef binomial(n, k): return factorial(n)",
                "words": "def index(words):\n    return words.no\ndef common(text): raise SystemExit",
            },
        },
    },
}  # fmt: skip

DIFFERENCES: dict[tuple[str, str, str], tuple[float, float, str]] = {
    ("numerics", "naive", "sigmoid-check"): (0, 2, "a warning on the way to right values costs nothing"),
    **{
        ("programs", student, "total-check"): (
            0,
            1,
            "input() reads the sys.stdin of a test; a kernel's refuses",
        )
        for student in ("right", "other", "raising")
    },
}
