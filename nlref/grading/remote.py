"""Test cells, run unchanged in the grader's process, on names that live in the learner's.

The namespace of the cells is a plain dict. Before a cell runs, the names that it mentions are looked up in
the learner's
notebook: plain values arrive as values, everything else as a proxy (``proxies``). Before every question to
the learner's side, and at the cell's end, the dict is compared with what it was: names that the cell deleted
or gave back are deleted and given back there; so a test that removes a function to see that another one uses
it works.

What a test defines for itself stays here. A name goes to the learner's side only if the instructor's own
notebook defines it (``expected``), or if its value came from there, or if it is a function put in place of a
built-in one such as
``input``: a learner who guesses that a test will say ``expected = ...`` gains nothing by defining
``expected`` first.

Nor does a learner decide what ``np``, ``assert_allclose`` or ``len`` mean in a test: built-in names, the
usual names of modules and the assertions of `numpy.testing` are always the real ones.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import ctypes
import doctest
import functools
import importlib
import inspect
import io
import itertools
import numbers
import os
import re
import signal
import sys
import threading
import time
import traceback
import types
import unittest
import warnings
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from IPython.core.inputtransformer2 import TransformerManager
from IPython.utils.capture import capture_output

from ..checks.call import Outcome, Warned
from . import messages
from .exchange import FileExchange
from .foreign import Guard
from .proxies import AnswerRefused, Link, RemoteError, plain_content, put_content, remote_of
from .sandbox import Session, SessionLost
from .vacuous import no_vacuous_comparisons
from .witness import Question, Witness

__all__ = [
    "AnswerRefused",
    "RemoteError",
    "RemoteNamespace",
    "TestRun",
    "call_each_remotely",
    "call_remotely",
    "names_defined",
    "value_of",
]

_MISSING: Any = object()

USUAL_MODULES = {
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "mpl": "matplotlib",
    "pd": "pandas",
    "sp": "scipy",
    "tf": "tensorflow",
    "sns": "seaborn",
    "npt": "numpy.testing",
    "nt": "numpy.testing",
} | {
    name: name
    for name in (
        "numpy", "scipy", "matplotlib", "pandas", "sklearn", "tensorflow", "keras", "torch", "nlref", "pytest",
        "unittest", "math", "cmath", "random", "statistics", "itertools", "functools", "operator", "collections",
        "inspect", "ast", "re", "os", "sys", "io", "json", "time", "datetime", "copy", "types", "typing", "string",
        "textwrap", "warnings", "contextlib", "builtins", "hashlib", "fractions", "decimal", "traceback", "numbers",
        "abc", "doctest",
    )
}  # fmt: skip
USUAL_ASSERTIONS = frozenset(name for name in np.testing.__all__ if name.startswith("assert_"))
_ALL_NAMES = frozenset(("globals", "locals", "vars", "dir", "eval", "exec", "doctest", "__main__"))
_BUILTINS = frozenset(dir(builtins))
_REPLACEABLE = ("input", "print", "open")
_REAL = {name: getattr(builtins, name) for name in _REPLACEABLE}
# Modules whose functions tests replace (`patch("random.randint")`): replaced in the learner's process too.
_PATCHABLE = ("random", "time", "math", "os", "numpy.random", "datetime", "secrets", "getpass", "webbrowser")
_compile, _eval, _exec = compile, eval, exec  # a test cell sees others: see `foreign`
_WORD = re.compile(r"[^\W\d]\w*")
_transform = functools.lru_cache(maxsize=1000)(
    TransformerManager().transform_cell
)  # the same for every learner


class _TooLong(BaseException):
    """Raised in the thread that runs a test cell when its time is over."""


@dataclass
class TestRun:
    """What a test cell did: nbformat outputs, the last line of its error, its traceback, the value of its
    last expression, and the kinds of answers that it got."""

    __test__ = False

    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    traceback: list[str] = field(default_factory=list)
    value: Any = None
    timed_out: bool = False
    died: bool = False
    seconds: float = 0.0
    witness: Witness = field(default_factory=Witness)


def names_defined(sources: Iterable[str]) -> dict[str, str]:
    """What the instructor's own cells define at the top level: ``"function"``, ``"class"``, ``"value"`` or
    ``"import a.b:c"``.

    Give it the solution and read-only cells of the source notebook, not its tests; cells that do not parse
    are passed over.
    """
    found: dict[str, str] = {}
    for source in sources:
        try:
            tree = ast.parse(_transform(source))
        except (SyntaxError, ValueError):
            continue
        for node in _top_level(tree.body):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[node.name] = "function"
            elif isinstance(node, ast.ClassDef):
                found[node.name] = "class"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    found[name] = f"import {alias.name if alias.asname else name}"
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"import {node.module}:{alias.name}"
            else:
                for part in ast.walk(node):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        kind = _kind_of_value(node)
                        found[part.id] = kind
    return found


def _defined_anew(source: str) -> set[str]:
    """The names that a cell defines at its top level without reading them before; none if it does not parse."""
    try:
        tree = ast.parse(_transform(source))
    except (SyntaxError, ValueError):
        return set()
    defined: set[str] = set()
    read: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            # A function's body runs when it is called, by then with everything defined.
            parts = [node] if isinstance(node, ast.ClassDef) else [*node.decorator_list, node.args]
        else:
            parts = [node]
        for part in parts:
            names = [name for name in ast.walk(part) if isinstance(name, ast.Name)]
            read |= {name.id for name in names if not isinstance(name.ctx, ast.Store)} - defined
        defined |= names_defined([ast.unparse(node)]).keys() - read
    return defined


def _kind_of_value(node: ast.AST) -> str:
    value = getattr(node, "value", None)
    if isinstance(value, ast.Lambda):
        return "function"
    if (
        isinstance(value, ast.Call)
        and getattr(value.func, "id", getattr(value.func, "attr", "")) == "namedtuple"
    ):
        return "class"
    return "value"


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that bind names of the module: those inside ``if``, ``for``, ``with`` and ``try`` too."""
    for node in body:
        if isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try):
            for name in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, name, ()))
            for handler in getattr(node, "handlers", ()):
                yield from _top_level(handler.body)
            for part in (
                getattr(node, "target", None),
                *(i.optional_vars for i in getattr(node, "items", ())),
            ):
                if part is not None:
                    yield ast.copy_location(ast.Expr(part), node)
        else:
            yield node


class RemoteNamespace:
    """The namespace of a notebook's test cells.

    Parameters
        session: the learner's process.
        source_name: what tracebacks call the cells.
        expected: what the instructor's notebook defines (:func:`names_defined`). With it, a test may replace
        such a name on
            the learner's side by a value of its own, and objects of such classes may speak for themselves in
            ``==`` and arithmetic. Without it, no plain value of a test is ever sent by name, and classes are
            those that a test mentions with a capital letter.
        files: where what either side writes is written for the other too.
    """

    def __init__(
        self,
        session: Session,
        *,
        source_name: str = "test",
        expected: Mapping[str, str] | None = None,
        files: FileExchange | None = None,
    ) -> None:
        self.session = session
        # Tests that ask for __main__ (unittest.main, doctest.testmod, patch("__main__.f")) find their own cells.
        self._main = types.ModuleType("__main__")
        self.namespace: dict[str, Any] = self._main.__dict__
        self.namespace.clear()
        self.namespace.update(
            __name__="__main__",
            __builtins__=builtins,
            __doc__=None,
            get_ipython=_shell,
            display=lambda *objects, **_: print(*objects, sep="\n"),
        )
        self._source_name = source_name
        self._expected = expected
        self._mentioned: set[str] = set()
        self._link = Link(session, self._speaks)
        self._link.before = self._changes
        self._link.after = self._changed
        self._link.own_namespace = self.namespace
        self._link.files = files
        if files is not None:
            files.begin(session)
        self._guard = Guard(self._link.texts, self._run_there, self._is_own_code)
        self._originals = {name: dict(vars(sys.modules[name])) for name in _PATCHABLE if name in sys.modules}
        self._modules = dict(self._originals)
        self._stdin = sys.stdin
        self._own: set[str] = set(self.namespace)
        self._classes: set[type] = set()
        self._tests: dict[str, int] = {}
        self._seen: dict[str, tuple[Any, bytes | None]] = {}
        self._replaced: dict[str, Any] = {}
        self._words: dict[types.CodeType, frozenset[str]] = {}
        self._random = messages.RandomWatch()
        self._sent: tuple[Any, Any] = (None, None)
        self._filters: list[Any] | None = None
        self._cell = 0

    def close(self) -> None:
        """Let go of the learner's names; the session is not ended."""
        self._link.close()
        self.namespace.clear()

    # running

    def run_local(self, source: str) -> TestRun:
        """Run a cell of the instructor's here: imports and helpers. What it defines is the instructor's for
        good."""
        # Known beforehand, or the learner's copies, made by the same cell, would be fetched and replaced by ours.
        self._own |= _defined_anew(source)
        before = dict(self.namespace)
        run = self._run(source)
        new = {
            name: value
            for name, value in self.namespace.items()
            if before.get(name, _MISSING) is not value and name not in self._seen
        }
        self._own.update(new)
        self._take_classes(new)
        return run

    def _take_classes(self, new: Mapping[str, Any]) -> None:
        """Use the notebook's own copies of the classes that a helper cell defines on both sides, as they are now.

        Otherwise a ``Node`` that a test makes would be no ``Node`` to the learner's code, nor theirs one to the test.
        """
        self._classes.update(value for value in new.values() if self._is_of_the_assignment(value))
        names = [name for name, value in new.items() if self._is_made_of(value, self._classes)]
        if not names or not self.session.alive:
            return
        try:
            found = self.session.look(names)
        except SessionLost as lost:
            self._link.lost = str(lost)
            return
        for name, value in found.items():
            with contextlib.suppress(AnswerRefused):
                obj = self._link.unpack(value)
                if isinstance(self.namespace[name], type) is isinstance(obj, type):
                    self.namespace[name] = obj

    @staticmethod
    def _is_of_the_assignment(value: Any) -> bool:
        """Whether this is a class that a helper cell, or a file beside the notebook, defines."""
        if not isinstance(value, type) or remote_of(value) is not None:
            return False
        if value.__module__ == "__main__":
            return True
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
        return file is not None and os.path.dirname(os.path.abspath(file)) == os.getcwd()

    @staticmethod
    def _is_made_of(value: Any, classes: set[type]) -> bool:
        if type(value) in (list, tuple, set, dict):
            parts = value.values() if type(value) is dict else value
            return any(type(part) in classes for part in itertools.islice(parts, 1_000))
        return type(value) in classes or (isinstance(value, type) and value in classes)

    def run_test(
        self,
        source: str,
        *,
        names: Iterable[str] = (),
        recording: bool = False,
        against: tuple[Witness, float] | None = None,
    ) -> TestRun:
        """Run a test cell. Never raises for what the cell or the learner's code does; ``KeyboardInterrupt``
        passes through.

        ``names`` are the variables of the test that the notebook's text may read where the test evaluates it;
        ``recording`` notes the kinds of all answers, as it is wanted of the instructor's solution; ``against``
        such notes, a cell gets the number in the place of answers that hold nothing (``witness``).
        """
        before = dict(self.namespace)
        self._link.recording, self._link.against = recording, against
        self._guard.recording, self._guard.own_names = recording, frozenset(names)
        run = self._run(source)
        run.witness, self._link.against = self._link.witness, None
        run.witness.names |= self._guard.used
        for name, value in self.namespace.items():
            if before.get(name, _MISSING) is not value and name not in self._seen and name not in self._own:
                self._tests[name] = self.session.cells
        return run

    def _run(self, source: str) -> TestRun:
        run = TestRun()
        started = time.monotonic()
        self._cell += 1
        filename = f"<{self._source_name} {self._cell}>"
        printed = _Printed(self.session.limits.output_bytes)
        clock = _Clock()
        self._link.begin_cell()
        try:
            with (
                _suites_that_ran() as failures,
                contextlib.redirect_stdout(printed.stdout),
                contextlib.redirect_stderr(printed.stderr),
                self._warning_filters(),
                no_vacuous_comparisons(),
                self._as_main(),
                self._guard(),
                _time_limit(self.session.limits.test_seconds) as clock,
            ):
                self._remember_source(filename, source)
                try:
                    run.value = self._execute(source, filename)
                    if failures and not isinstance(run.value, numbers.Real):
                        raise AssertionError(failures[0])
                finally:
                    self._sync()
        except KeyboardInterrupt:
            raise
        except _TooLong:
            pass
        except SessionLost as lost:
            run.error = str(lost)
        except BaseException as error:
            run.traceback = _traceback(error, filename)
            run.error = run.traceback[-1]
        if clock.late:
            self._link.lost = f"the test cell ran longer than {self.session.limits.test_seconds:g} s"
            self.session.close()  # it may be in the middle of a question
        if self._link.lost is not None:
            run.traceback = []
            run.error = self._link.lost
            run.value = None
            run.timed_out = run.timed_out or "longer than" in run.error
        run.died = not self.session.alive
        run.seconds = time.monotonic() - started
        run.outputs = printed.outputs()
        if run.error is not None:
            run.value = None
            name, _, text = run.error.partition(": ")
            if not name.isidentifier():
                name, text = "Stopped", run.error
            lines = run.traceback or [f"{name}: {text}"]
            run.outputs.append({"output_type": "error", "ename": name, "evalue": text, "traceback": lines})
        elif run.value is not None:
            run.outputs.append(_result(run.value, self._cell))
        return run

    def _execute(self, source: str, filename: str) -> Any:
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree = _compile(_transform(source), filename, "exec", flags, True)
        self._link.texts.constants.update(
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and type(node.value) is str
        )
        self._fill(tree)
        last = tree.body[-1] if tree.body else None
        value = None
        if isinstance(last, ast.Expr) and not _ends_in_semicolon(source):
            self._run_code(ast.Module(tree.body[:-1], []), filename, "exec")
            value = self._run_code(ast.Expression(last.value), filename, "eval")
        else:
            self._run_code(tree, filename, "exec")
        return value

    def _run_code(self, tree: ast.AST, filename: str, mode: str) -> Any:
        code = _compile(tree, filename, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
        value = _eval(code, self.namespace)
        return _awaited(value) if code.co_flags & inspect.CO_COROUTINE else value

    @contextlib.contextmanager
    def _as_main(self) -> Iterator[None]:
        before, sys.modules["__main__"] = sys.modules["__main__"], self._main
        try:
            yield
        finally:
            sys.modules["__main__"] = before

    def _is_own_code(self, code: types.CodeType) -> bool:
        return code.co_filename.startswith((f"<{self._source_name} ", "<magic>"))

    def _run_there(
        self, source: str, mode: str, scope: int, names: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """Run text of the notebook's where it belongs, with some of the test's variables."""
        value, assigned = self._link.ask("run", (source, mode, scope, dict(names)))
        return value, {str(name): item for name, item in assigned.items()}

    @contextlib.contextmanager
    def _warning_filters(self) -> Iterator[None]:
        """Python's own filters for the first cell, and those that a cell leaves for the next; the grader's never."""
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            if self._filters is None:
                warnings.simplefilter("default")
                for category in (
                    DeprecationWarning,
                    PendingDeprecationWarning,
                    ImportWarning,
                    ResourceWarning,
                ):
                    warnings.simplefilter("ignore", category)
            else:
                warnings.filters[:] = self._filters
                warnings.simplefilter("default", append=True)
            try:
                yield
            finally:
                self._filters = list(warnings.filters)

    @staticmethod
    def _remember_source(filename: str, source: str) -> None:
        import linecache

        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)

    # names

    def _speaks(self, name: str) -> bool:
        if self._expected is not None:
            return self._expected.get(name) == "class"
        return name[:1].isupper() and name in self._mentioned

    def _fill(self, tree: ast.AST) -> None:
        """Put the learner's names, as they are now, into the namespace."""
        words = _words(tree)
        self._mentioned |= words
        words |= self._words_of_own_functions()
        everything = not words.isdisjoint(_ALL_NAMES)
        for name in words:
            self._fill_usual(name)
        words |= {name for name, (value, _) in self._seen.items() if remote_of(value) is not None}
        wanted = [name for name in words if self._is_the_learners(name)]
        if not self.session.alive:
            raise SessionLost(self.session.reason)
        try:
            if self._link.files is not None:
                self._link.files.take(self.session)
            found = self.session.look(wanted, everything)
        except SessionLost as lost:
            self._link.lost = str(lost)
            raise
        for name in list(self._seen):
            if name not in found and self.namespace.get(name, self) is self._seen[name][0]:
                del self.namespace[name]
        before, self._seen = self._seen, {name: (_MISSING, None) for name in wanted}
        self._seen.update((name, before[name]) for name in wanted if name in before and name in found)
        for name, value in found.items():
            if self._is_the_learners(name):
                if isinstance(value, messages.Handle) and value.kind == "module":
                    continue
                self._set(name, value)

    def _set(self, name: str, value: Any, *, in_place: bool = False) -> None:
        try:
            obj = self._link.unpack(value)
        except AnswerRefused as error:
            self.namespace.pop(name, None)
            self._seen.pop(name, None)
            sys.stderr.write(f"the notebook's {name} cannot be used: {error}\n")
            return
        obj = self._link.judged(Question(f"name {name}"), obj)
        old = self._seen.get(name, (_MISSING, None))[0]
        mark = self._mark(obj)
        if self.namespace.get(name) is old and type(old) is type(obj) and _is_mutable(obj):
            if in_place:
                put_content(old, obj)
            if in_place or mark == self._mark(old):
                obj = old  # other names of the test may stand for the same object
        self.namespace[name] = obj
        self._seen[name] = (obj, mark)

    def _mark(self, obj: Any) -> bytes | None:
        if not _is_mutable(obj):
            return None
        with contextlib.suppress(TypeError, messages.Unsendable):
            return messages.encoded(self._link.pack(obj))
        return None

    def _is_the_learners(self, name: str) -> bool:
        """Whether a name may come from the learner's notebook: not if the instructor or a test defined it, or
        if it is fixed."""
        if name in self._own or (name.startswith("__") and name.endswith("__")):
            return False
        expected = None if self._expected is None else self._expected.get(name)
        if name in self._tests and name in self.namespace:
            rebound = self.session.rebound.get(name, 0) > self._tests[name]
            replaceable = (
                expected is not None if self._expected is not None else not callable(self.namespace[name])
            )
            if not (rebound and replaceable):
                return False
        if expected is not None:
            return not expected.startswith("import ")
        return name not in _BUILTINS and name not in USUAL_MODULES and name not in USUAL_ASSERTIONS

    def _fill_usual(self, name: str) -> None:
        """Names that mean the same in every notebook, and those that the instructor's notebook imports."""
        if name in self.namespace:
            return
        expected = (self._expected or {}).get(name)
        if expected is not None and not expected.startswith("import "):
            return
        target = expected.removeprefix("import ") if expected else None
        if target is None and name in USUAL_MODULES:
            target = USUAL_MODULES[name]
        if target is None and name in USUAL_ASSERTIONS:
            target = f"numpy.testing:{name}"
        if target is None:
            return
        module, _, attribute = target.partition(":")
        with contextlib.suppress(ImportError, AttributeError):
            obj = importlib.import_module(module)
            self.namespace[name] = getattr(obj, attribute) if attribute else obj
            self._own.add(name)

    def _words_of_own_functions(self) -> set[str]:
        """Global names that functions defined here will look up when a test calls them."""
        words: set[str] = set()
        for obj in list(self.namespace.values()):
            functions = [obj, *vars(obj).values()] if isinstance(obj, type) and type(obj) is type else [obj]
            for function in functions:
                own = isinstance(function, types.FunctionType) and function.__globals__ is self.namespace
                if own and remote_of(function) is None:
                    words |= self._words_of_code(function.__code__)
        return words

    def _words_of_code(self, code: types.CodeType) -> frozenset[str]:
        found = self._words.get(code)
        if found is None:
            inner = [self._words_of_code(part) for part in code.co_consts if isinstance(part, types.CodeType)]
            found = self._words[code] = frozenset(code.co_names).union(*inner)
        return found

    # both ways

    def _changes(self) -> messages.Changes | None:
        """What the cell did, since the last question, to names that are the learner's, and to the random
        number generators."""
        assigned: dict[str, Any] = {}
        deleted: list[str] = []
        for name, (old, mark) in list(self._seen.items()):
            now = self.namespace.get(name, _MISSING)
            if now is old:
                if mark is not None and (new := self._mark(now)) != mark:
                    assigned[name] = self._link.pack(now)
                    self._seen[name] = (now, new)
                continue
            if now is _MISSING:
                deleted.append(name)
                self._seen[name] = (_MISSING, None)
            elif self._may_be_sent(name, now):
                assigned[name] = self._link.pack(now)
                self._seen[name] = (now, self._mark(now))
            else:
                del self._seen[name]
                self._tests[name] = self.session.cells
        for name in _REPLACEABLE:
            now = self.namespace.get(name, getattr(builtins, name))
            if name == "input" and now is _REAL[name] and sys.stdin is not self._stdin:
                now = _read_line
            if now is not self._replaced.get(name, _REAL[name]) and name not in self._seen:
                if now is _REAL[name]:
                    deleted.append(name)
                    del self._replaced[name]
                elif callable(now):
                    assigned[name] = self._link.pack(now)
                    self._replaced[name] = now
        for module, before in self._modules.items():
            after = vars(sys.modules[module])
            if after != before:
                for name in after.keys() | before.keys():
                    old, now = before.get(name, _MISSING), after.get(name, _MISSING)
                    if old is now or not (callable(now) and callable(self._original(module, name))):
                        continue
                    target = f"{module}:{name}"
                    if now is self._original(module, name):
                        deleted.append(target)
                    else:
                        assigned[target] = self._link.pack(now)
                self._modules[module] = dict(after)
        python, numpy = self._random.moved()
        if python is not None or numpy is not None:
            self._sent = (python or self._sent[0], numpy or self._sent[1])
        errstate = np.geterr()
        if errstate == _DEFAULT_ERRSTATE:
            errstate = None
        if assigned or deleted or python is not None or numpy is not None or errstate is not None:
            return messages.Changes(assigned, deleted, [], python, numpy, errstate)
        return None

    def _original(self, module: str, name: str) -> Any:
        return self._originals[module].get(name, _MISSING)

    def _may_be_sent(self, name: str, value: Any) -> bool:
        remote = remote_of(value)
        if remote is not None:
            return remote[0] is self._link
        return (
            not isinstance(value, types.ModuleType)
            and self._expected is not None
            and self._expected.get(name, "import ").partition(" ")[0] != "import"
        )

    def _changed(self, changes: messages.Changes) -> None:
        """What the learner's code did, while it was asked, to names that the cell mentions and to the
        generators."""
        for name in changes.deleted:
            if name in self._seen and self.namespace.get(name, _MISSING) is self._seen[name][0]:
                self.namespace.pop(name, None)
                self._seen[name] = (_MISSING, None)
        for name, value in changes.assigned.items():
            if name in self._seen and self._is_the_learners(name):
                self._set(name, value, in_place=name in changes.mutated)
        self._adopt(changes.random, changes.numpy_random)

    def _adopt(self, python: Any, numpy: Any) -> None:
        """Go on with the learner's random numbers, as one process would: only from states that the test had
        sent there."""
        sent_python, sent_numpy = self._sent
        if python is not None and (
            sent_python is None or not messages.has_only_advanced(sent_python, python)
        ):
            python = None
        if numpy is not None and (sent_numpy is None or not messages.has_only_advanced(sent_numpy, numpy)):
            numpy = None
        if python is not None or numpy is not None:
            try:
                messages.set_random_states(python, numpy)
            except messages.MessageError as error:
                raise AnswerRefused(str(error)) from None
            self._random.moved()
            self._sent = (python or sent_python, numpy or sent_numpy)

    def _sync(self) -> None:
        """At the cell's end: what it changed is changed there, even if it asks nothing more."""
        if not self.session.alive:
            return
        changes = self._changes()
        if changes is not None and (changes.assigned or changes.deleted):
            self._link.before, hook = (lambda: changes), self._link.before
            try:
                self._link.ask("sync", ())
            finally:
                self._link.before = hook


def call_remotely(obj: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Outcome:
    """Call a learner's function, as :func:`nlref.checks.call.call_locally` does in one process.

    ``obj`` is what stands for it in a :class:`RemoteNamespace`. The arguments are not touched;
    ``Outcome.arguments`` says how the learner's code left them. Answers that are not accepted are errors of
    the outcome; a process that dies or is too late raises :class:`~nlref.grading.sandbox.SessionLost`, which
    ends the test cell. With ``getattr`` or ``setattr`` for ``obj`` an attribute of one of their objects, the first
    argument, is read or set.
    """
    if obj is getattr or obj is setattr:
        remote = remote_of(args[0])
        if remote is not None:
            return _outcome(*remote[0].observe(args, kwargs, obj.__name__))
        return Outcome(
            None, error=f"TypeError: {type(args[0]).__name__!r} object is not one of the notebook's"
        )
    remote = remote_of(obj)
    if remote is None:
        return Outcome(
            None, error=f"TypeError: {type(obj).__name__!r} object is not callable", arguments=tuple(args)
        )
    return _outcome(*remote[0].observe((obj, *args), kwargs))


def call_each_remotely(obj: Any, calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]) -> list[Outcome]:
    """As :func:`call_remotely`, many times, in one question if all arguments are plain values."""
    remote = remote_of(obj)
    handed = [value for args, kwargs in calls for value in (*args, *kwargs.values())]
    if remote is None or not calls or any(callable(v) or remote_of(v) is not None for v in handed):
        return [call_remotely(obj, args, kwargs) for args, kwargs in calls]
    return [_outcome(*observed) for observed in remote[0].observe_each(obj, calls)]


def _outcome(result: messages.Result, value: Any, refused: str | None, arguments: tuple[Any, ...]) -> Outcome:
    error, line = None, None
    if result.failure is not None:
        text = result.failure.text[:10_000]
        error = f"{result.failure.name}: {text}" if text else result.failure.name
        line = result.failure.line
    elif refused is not None:
        error = refused
    return Outcome(
        value=value,
        error=error,
        line=line,
        warnings=tuple(Warned(item.category, item.message, item.line) for item in result.warnings),
        stdout=result.stdout,
        stderr=result.stderr,
        arguments=arguments,
    )


def value_of(obj: Any) -> Any:
    """A learner's answer as a plain value; TypeError if it is none (a function, an object of a class of
    theirs)."""
    return plain_content(obj)


def _awaited(coroutine: Coroutine) -> Any:
    """What a test's coroutine returns, also when a notebook or a browser's driver has a loop running around us."""
    import asyncio  # takes longer to load than most tests to run

    around = asyncio._get_running_loop()
    asyncio._set_running_loop(None)  # in this thread still, where the time limit's signal arrives
    try:
        return asyncio.run(coroutine)
    finally:
        asyncio._set_running_loop(around)


def _show_warning(
    message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    """A warning as a notebook shows it: on the cell's standard error."""
    (file or sys.stderr).write(f"{filename}:{lineno}: {category.__name__}: {message}\n")


_DEFAULT_ERRSTATE = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


def _read_line(prompt: Any = "") -> str:
    """``input`` where a test has put something in the place of ``sys.stdin``."""
    if prompt:
        sys.stdout.write(str(prompt))
    line = sys.stdin.readline()
    if not line:
        raise EOFError("EOF when reading a line")
    return line.removesuffix("\n")


def _is_mutable(obj: Any) -> bool:
    return type(obj) in (list, dict, set, bytearray, np.ndarray)


def _words(tree: ast.AST) -> set[str]:
    """Every name that a cell could look up: names, and words inside strings, which may be evaluated."""
    words: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            words.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            words.update(node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 20_000:
            words.update(_WORD.findall(node.value))
    return words


def _ends_in_semicolon(source: str) -> bool:
    lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and lines[-1].partition("#")[0].rstrip().endswith(";")


def _traceback(error: BaseException, filename: str) -> list[str]:
    """The traceback through the instructor's cells, without the grader's own frames."""
    lines = []
    own = filename.rpartition(" ")[0]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(own)]
    if frames:
        lines.append("Traceback (most recent call last):")
        for frame in frames[-20:]:
            lines.append(f"  {frame.filename[1:-1]}, line {frame.lineno}, in {frame.name}")
            if frame.line:
                lines.append(f"    {frame.line[:300]}")
    for note in getattr(error, "__notes__", ())[:5]:
        lines.extend(str(note)[:5_000].splitlines())
    text = f"{error.msg} (line {error.lineno})" if isinstance(error, SyntaxError) else _text(error)
    name = type(error).__name__
    lines.append(f"{name}: {text}" if text else name)
    return lines


def _text(error: BaseException) -> str:
    try:
        return str(error)[:10_000]
    except BaseException as other:
        return f"<{type(other).__name__} while printing the exception>"


def _result(value: Any, count: int) -> dict[str, Any]:
    data = {"text/plain": _representation(value)}
    page = getattr(value, "_repr_html_", None) if remote_of(value) is None else None
    if callable(page):
        with contextlib.suppress(Exception):
            text = page()
            if isinstance(text, str):
                data["text/html"] = text
    return {"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}}


def _representation(value: Any) -> str:
    try:
        return repr(value)[:20_000]
    except Exception as error:
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


@contextlib.contextmanager
def _suites_that_ran() -> Iterator[list[str]]:
    """Sentences about the suites of unittest and doctest that failed, for a cell that runs them and asks no further."""
    failures: list[str] = []
    run_suite, run_examples = unittest.TextTestRunner.run, doctest.DocTestRunner.run

    def suite(runner: Any, test: Any) -> Any:
        result = run_suite(runner, test)
        failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
        if failed:
            first = (result.failures + result.errors or [("a test that was expected to fail", "")])[0][0]
            failures.append(f"{failed} of {result.testsRun} unit tests failed, the first is {first}")
        return result

    def examples(runner: Any, test: Any, *args: Any, **options: Any) -> Any:
        result = run_examples(runner, test, *args, **options)
        if result.failed:
            failures.append(f"{result.failed} of {result.attempted} examples of {test.name} failed")
        return result

    unittest.TextTestRunner.run, doctest.DocTestRunner.run = suite, examples
    try:
        yield failures
    finally:
        unittest.TextTestRunner.run, doctest.DocTestRunner.run = run_suite, run_examples


class _Printed:
    """What a test cell prints, in order, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._parts: list[tuple[str, str]] = []
        self._left = limit
        self.stdout = _PrintedStream(self, "stdout")
        self.stderr = _PrintedStream(self, "stderr")

    def add(self, name: str, text: str) -> None:
        text = text[: max(self._left, 0)]
        self._left -= len(text)
        if not text:
            return
        if self._parts and self._parts[-1][0] == name:
            self._parts[-1] = (name, self._parts[-1][1] + text)
        else:
            self._parts.append((name, text))

    def outputs(self) -> list[dict[str, Any]]:
        return [{"output_type": "stream", "name": name, "text": text} for name, text in self._parts]


class _PrintedStream(io.TextIOBase):
    def __init__(self, printed: _Printed, name: str) -> None:
        self._printed = printed
        self.name = name

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._printed.add(self.name, text)
        return len(text)


_OPTIONS = re.compile(r"\s*(-\w+(?:\s*\d+)?\s+)*")


class _Shell:
    """``get_ipython()`` in a test cell: magics that time or capture run their cell, the others do nothing."""

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> None:
        if name in ("time", "timeit", "prun"):
            self._execute(_OPTIONS.sub("", line, count=1), sys._getframe(1).f_globals)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        namespace = sys._getframe(1).f_globals
        if name == "capture":
            options = line.split()
            with capture_output("--no-stdout" not in options, "--no-stderr" not in options) as captured:
                self._execute(cell, namespace)
            for variable in options:
                if variable.isidentifier():
                    namespace[variable] = captured
        elif name in ("time", "timeit", "prun"):
            self._execute(f"{_OPTIONS.sub('', line, count=1)}\n{cell}", namespace)
        else:
            raise SyntaxError(f"the cell magic %%{name} does not run in a test cell")

    @staticmethod
    def _execute(source: str, namespace: dict[str, Any]) -> None:
        _exec(_compile(_transform(source), "<magic>", "exec", 0, True), namespace)

    def system(self, command: str) -> None:
        raise SyntaxError(f"!{command}: a test cell does not run programs")

    getoutput = system

    @property
    def user_ns(self) -> dict[str, Any]:
        return sys._getframe(1).f_globals

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def _shell() -> _Shell:
    return _Shell()


class _Clock:
    """Whether a test cell's time is over, and whether the cell is."""

    late = False
    done = False


def _raise_at_every_line(frame: types.FrameType, event: str, _: Any) -> Any:
    if event == "line" and frame.f_code.co_filename.startswith("<"):
        raise _TooLong
    return _raise_at_every_line


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[_Clock]:
    """Raise :class:`_TooLong` in this thread after so many seconds, and again and again if the cell catches it;
    by a signal in the main thread, elsewhere between two bytecodes."""
    clock = _Clock()
    if threading.current_thread() is threading.main_thread():

        def late(_: int, frame: types.FrameType | None) -> None:
            if clock.done:
                return
            if clock.late:  # caught by a bare except: raise at every line, so also in what catches it
                sys.settrace(_raise_at_every_line)
                while frame is not None:
                    frame.f_trace = _raise_at_every_line
                    frame = frame.f_back if frame.f_code.co_name != "_execute" else None
            clock.late = True
            raise _TooLong

        handler, trace = signal.signal(signal.SIGALRM, late), sys.gettrace()
        timer = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
        try:
            try:
                yield clock
            finally:
                clock.done = True
        finally:
            clock.done = True
            sys.settrace(trace)
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(signal.SIGALRM, handler)
        return
    identifier = ctypes.c_ulong(threading.get_ident())
    over = threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait) and not clock.done:
            clock.late = True
            ctypes.pythonapi.PyThreadState_SetAsyncExc(identifier, ctypes.py_object(_TooLong))
            wait = 0.5

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        try:
            yield clock
        finally:
            clock.done = True
    finally:
        over.set()
        watcher.join()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identifier, None)
