"""Text of the learner's that a test runs: ``eval(answer)``, ``exec(program)``, the examples of a docstring.

Run in the grader's process it could do anything: read the expected value, or the gradebook. So while a test cell runs,
``eval``, ``exec`` and ``compile`` look at what they are given. Text that came from the notebook, or was put together
from such text, is evaluated in the learner's process, with the variables that the test hands over: those of an explicit
dict, or, where the test leaves it to the names around it, those that the instructor's own answer uses. Libraries that
would run such text here (``pickle`` of the learner's bytes, programs started with it) are stopped.
"""

import ast
import builtins
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

# This module must not import from __future__: code compiled here would inherit it.
_eval, _exec, _compile = builtins.eval, builtins.exec, builtins.compile
_HARMLESS = (
    "collections",
    "dataclasses",
    "typing",
    "enum",
    "inspect",
    "functools",
    "ast",
    "numpy",
    "importlib",
)
_TEXTS = 2_000
_CHARACTERS = 5_000_000


class ForeignCode(Exception):
    """A test would have run text or bytes of the notebook's in the grader's process; the text says how."""


class Texts:
    """The texts that came from one notebook, to recognise them in what a test runs.

    ``constants`` are the texts that stand in the tests themselves: those are the instructor's, whoever has them too.
    """

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._left = _CHARACTERS
        self.bytes_seen = False
        self.constants: set[str] = set()

    def note(self, value: Any, left: int = 1_000) -> int:
        """Remember the texts in a plain value."""
        kind = type(value)
        if kind is str:
            if value and value not in self._texts and self._left > 0 and len(self._texts) < _TEXTS:
                self._texts[value] = None
                self._left -= len(value)
        elif kind in (bytes, bytearray):
            self.bytes_seen = True
        elif kind in (list, tuple, set, frozenset, dict):
            for part in [*value, *value.values()] if kind is dict else value:
                left -= 1
                if left <= 0:
                    break
                left = self.note(part, left)
        return left

    def are_in(self, source: str, *, long: bool = False) -> bool:
        """Whether a program has some of the notebook's text in it, or is a part of such a text.

        ``long`` asks for more than a word: what a library puts together has words of its own.
        """
        if source in self.constants:
            return False
        if long:
            return any(len(text) > 6 and not text.isidentifier() and text in source for text in self._texts)
        if self._left <= 0 or len(self._texts) >= _TEXTS:
            return True
        lines = [line for line in map(str.strip, source.splitlines()) if len(line) > 2]
        return any(
            (text in source if len(text) > 1 else text == source.strip())
            or any(line in text for line in lines)
            for text in self._texts
        )


class _Foreign:
    """What ``compile`` gives in the place of a code object for text of the learner's."""

    def __init__(self, source: str, mode: str) -> None:
        self.source, self.mode = source, mode


class Guard:
    """Stands in for ``eval``, ``exec`` and ``compile`` while a test cell runs.

    Parameters
        texts: what came from the notebook.
        there: runs a source in the learner's process: (source, mode, scope, names) to (value, names assigned).
        is_test: whether a code object is a test cell's own.
    """

    def __init__(
        self,
        texts: Texts,
        there: Callable[[str, str, int, Mapping[str, Any]], tuple[Any, dict[str, Any]]],
        is_test: Callable[[CodeType], bool],
    ) -> None:
        self._texts = texts
        self._there = there
        self._is_test = is_test
        self._parsed = False
        self.own_names: frozenset[str] = frozenset()
        self.recording = False
        self.used: set[str] = set()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """While it lasts, nothing of the learner's is run here."""
        global _active
        self._parsed = False
        self.used = set()
        before, _active = _active, self
        builtins.eval, builtins.exec, builtins.compile = self.eval, self.exec, self.compile
        try:
            yield
        finally:
            _active = before
            builtins.eval, builtins.exec, builtins.compile = _eval, _exec, _compile
            if before is not None:
                builtins.eval, builtins.exec, builtins.compile = before.eval, before.exec, before.compile

    def compile(
        self, source: Any, filename: Any, mode: str, flags: int = 0, *rest: Any, **options: Any
    ) -> Any:
        """``compile``; a :class:`_Foreign` for text of the learner's."""
        if flags & ast.PyCF_ONLY_AST:
            text = _text(source)
            self._parsed = self._parsed or (text is not None and self._texts.are_in(text))
            return _compile(source, filename, mode, flags, True)
        if self._is_foreign(source, sys._getframe(1)):
            return _Foreign(ast.unparse(source) if isinstance(source, ast.AST) else _text(source) or "", mode)
        return _compile(
            source, filename, mode, flags, True, rest[1] if rest[1:] else options.get("optimize", -1)
        )

    def eval(self, source: Any, globals: Any = None, locals: Any = None, /) -> Any:
        """``eval``."""
        frame = sys._getframe(1)
        if type(source) is _Foreign or self._is_foreign(source, frame):
            text = source.source if type(source) is _Foreign else _text(source)
            value, _ = self._there(text.strip(), "eval", 0, self._names(text, globals, locals, frame))
            return value
        return _eval(source, *_scopes(globals, locals, frame))

    def exec(self, source: Any, globals: Any = None, locals: Any = None, /, **options: Any) -> None:
        """``exec``."""
        frame = sys._getframe(1)
        if type(source) is _Foreign or self._is_foreign(source, frame):
            text = source.source if type(source) is _Foreign else _text(source)
            mode = source.mode if type(source) is _Foreign else "exec"
            target = locals if locals is not None else globals if globals is not None else frame.f_locals
            scope = 0 if globals is None or globals is frame.f_globals else id(globals) & 0x7FFFFFFFFFFFFFFF
            names = self._names(text, globals, locals, frame)
            _, assigned = self._there(text, mode, scope, names)
            target.update(assigned)
            return
        _exec(source, *_scopes(globals, locals, frame), **options)

    def _is_foreign(self, source: Any, frame: FrameType) -> bool:
        if isinstance(source, ast.AST):
            return self._parsed
        text = _text(source)
        if text is None or not self._texts.are_in(text):
            return False
        if self._is_test(frame.f_code) or frame.f_globals.get("__name__") == "doctest":
            return True
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if (
            module in _HARMLESS
            or module == __name__.partition(".")[0]
            or not self._texts.are_in(text, long=True)
        ):
            return False
        raise ForeignCode(
            f"{module} would run text of the notebook in the grader's process; the test must not ask for it"
        )

    def _names(self, source: str, globals: Any, locals: Any, frame: FrameType) -> dict[str, Any]:
        """The variables that the test hands over."""
        used = names_in(source)
        if self.recording:
            self.used |= used
        if globals is not None and globals is not frame.f_globals:
            if frame.f_globals.get("__name__") == "doctest":
                return {}
            given = {**globals, **(locals or {})}
            return {name: value for name, value in given.items() if name in used}
        around = {**frame.f_globals, **frame.f_locals, **(locals or {})}
        allowed = used if self.recording else used & self.own_names
        return {name: around[name] for name in allowed if name in around}


def names_in(source: str) -> set[str]:
    """The names that a program reads; none if it does not parse."""
    try:
        tree = ast.parse(source.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _text(source: Any) -> str | None:
    if isinstance(source, str):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source).decode("utf-8", "replace")
    return None


def _scopes(globals: Any, locals: Any, frame: FrameType) -> tuple[Any, ...]:
    """What the built-in function would have taken from the frame that calls it."""
    if globals is None and locals is None:
        return frame.f_globals, frame.f_locals
    if locals is None:
        return (globals,)
    return frame.f_globals if globals is None else globals, locals


_active: Guard | None = None
_STARTS = ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen")


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Stops what no stand-in for a built-in function sees."""
    if _active is None:
        return
    if event == "pickle.find_class" and _active._texts.bytes_seen:
        raise ForeignCode("the test would unpickle what the notebook may have made: it must not")
    if event in _STARTS and any(
        len(text) > 3 and _active._texts.are_in(text) for text in map(str, _flat(arguments))
    ):
        raise ForeignCode("the test would start a program with text of the notebook: it must not")


def _flat(arguments: Any) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list | tuple):
            yield from _flat(argument)
        else:
            yield argument


sys.addaudithook(_audit)
