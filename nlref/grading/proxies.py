"""The learner's functions, classes and objects as a test sees them: stand-ins that ask the learner's process.

A function is a real function, a class a real class, an exception class one that ``except`` can catch, all
made here; from the learner's side come names, texts and numbers only. What a test asks for by name (a call,
an attribute, a method) is asked. What Python asks for behind a test's back is asked only where the learner
cannot decide a test with it:

``a == 4``, ``a < 4``, ``4 in a``
    decided here, unless the test itself made ``a`` by calling a class that the instructor's notebook defines. An
    answer that merely claims to be equal to everything is equal to nothing; an object whose class derives from
    float, tuple, dict ... is compared by its content.
``a == b``, both the learner's
    asked if the test made one of them; otherwise they are equal if they are the same object.
``a - 4``
    asked, but the outcome stays opaque: the learner's side has seen the 4, so no plain number, comparison or truth
    value comes out of it. Again with the exception of objects that the test made.
``len(a)``, ``float(a)``, ``iter(a)``, ``str(a)`` ...
    asked: the learner's side learns nothing from them.
``np.asarray(a)``
    TypeError: masked arrays, subclasses, object arrays and other objects are no arrays.
"""

from __future__ import annotations

import builtins
import collections
import contextlib
import inspect
import json
import linecache
import operator
import sys
import threading
import types
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from unittest.mock import NonCallableMock

import msgspec
import numpy as np

from . import messages
from .exchange import FileExchange
from .foreign import Texts
from .sandbox import Session, SessionLost
from .witness import CHANGED, EMPTY, STOPPED, Question, Witness, filled, kinds_of

MADE, DERIVED, INFORMED, ORDINARY, TAINTED = range(5)
"""How far an object may speak for itself: made by the test; the outcome of an operator or method of such; the
same, after it has seen a value of the test; any other; the outcome of an operation that showed it a value of
the test."""


class AnswerRefused(Exception):
    """The learner's process answered with something that is not accepted; the text says what."""


class RemoteError(Exception):
    """An exception of the learner's code that has no counterpart here (SystemExit, KeyboardInterrupt,
    exception groups)."""


_UNLIKE_ANYTHING = "this text is what no object of a notebook equals"
# Their values are texts and numbers that Python asked for, or no answers of the notebook's at all.
_SAYING = frozenset(
    ("str", "repr", "format", "hash", "dir", "sync", "plain", "setattr", "delattr", "setitem", "delitem")
)


def _origin(obj: Any) -> Question | None:
    return object.__getattribute__(obj, "_nlref_origin") if _is_object(obj) else None


def _label(operation: str, operands: Sequence[Any]) -> str:
    """What a question is about, by names that the instructor's solution has too."""
    if not operands:
        return operation
    one = operands[0]
    origin = _origin(one) if type(one).__name__ in ("method", "builtin_function_or_method") else None
    if origin is not None:
        return f"{operation} {origin.label}"
    name = getattr(one, "__name__", None) if isinstance(one, type | types.FunctionType) else None
    label = f"{operation} {name or type(one).__name__}"
    if operation == "getattr" and type(operands[1]) is str:
        label += f".{operands[1]}"
    return label


def _library_exceptions() -> dict[str, type[Exception]]:
    found = {
        name: kind
        for name, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, ExceptionGroup)
    }
    for kind in (np.linalg.LinAlgError, np.exceptions.AxisError, json.JSONDecodeError):
        found[f"{kind.__module__}.{kind.__qualname__}"] = kind
    return found


_EXCEPTIONS = _library_exceptions()
_KNOWN_MODULES = ("numpy", "math", "cmath", "operator", "builtins", "statistics")

_remotes: weakref.WeakKeyDictionary[Any, tuple[Link, int]] = weakref.WeakKeyDictionary()


def remote_of(obj: Any) -> tuple[Link, int] | None:
    """The link and handle that an object stands for, or None if it is an object of this process."""
    kind = type(obj)
    if isinstance(kind, RemoteMeta):
        return object.__getattribute__(obj, "_nlref_link"), object.__getattribute__(obj, "_nlref_id")
    if isinstance(obj, RemoteMeta):
        return type.__getattribute__(obj, "__dict__").get("_nlref_class")
    if kind is types.FunctionType or (isinstance(obj, type) and issubclass(obj, _RemoteException)):
        return _remotes.get(obj)
    return None


class Link:
    """One session as its proxies see it: packs what goes there, rebuilds what comes back, keeps the handles.

    ``speaks`` says whether the instructor's notebook defines a class of that name; ``before`` and ``after``
    carry the changes of names (``remote.RemoteNamespace``).
    """

    def __init__(self, session: Session, speaks: Callable[[str], bool] = lambda name: False) -> None:
        self.session = session
        self.speaks = speaks
        self.before: Callable[[], messages.Changes | None] = lambda: None
        self.after: Callable[[messages.Changes], None] = lambda changes: None
        self.own_namespace: dict[str, Any] = {}
        self.deadline: float | None = None
        self.lost: str | None = None
        self._printed = 0
        self._lasting: dict[int, Any] = {}
        self._objects: weakref.WeakValueDictionary[int, RemoteObject] = weakref.WeakValueDictionary()
        self._counts: collections.Counter[int] = collections.Counter()
        self._released: list[int] = []
        self._classes: dict[Any, RemoteMeta] = {}
        self._callbacks: dict[int, Any] = {}
        self._callback_ids: dict[int, int] = {}
        self._lock = threading.RLock()
        self.files: FileExchange | None = None
        self._opaque_count = 0
        self._attributes: dict[int, dict[str, Any]] = {}
        self._origin: Question | None = None
        self.recording = False
        self.texts = Texts()
        self.witness = Witness()
        self.against: tuple[Witness, float] | None = None

    def close(self) -> None:
        """Forget everything. What stands for a function is found by it and holds this link, which would hold it so."""
        for own in self._lasting.values():
            _remotes.pop(own, None)
        for kept in (self._lasting, self._classes, self._callbacks, self._callback_ids):
            kept.clear()

    def begin_cell(self) -> None:
        """Forget what the last test cell lost, printed and saw."""
        self.lost = None
        self._printed = 0
        self.witness = Witness()

    # asking

    def ask(
        self,
        operation: str,
        operands: Sequence[Any],
        keywords: Mapping[str, Any] | None = None,
        *,
        standing: int = ORDINARY,
        made: bool = False,
        keep: bool = False,
    ) -> Any:
        """Do it there, and answer as if it had been done here: the value, or the exception; prints, warnings,
        changed arguments."""
        result, containers, sent = self._exchange(operation, operands, keywords or {}, keep=keep)
        question = Question(_label(operation, operands))
        kinds = {CHANGED} if result.changed else set()
        if operation == "call" and result.failure is not None and "StopIteration" in result.failure.bases:
            kinds.add(STOPPED)
        if kinds or self.recording or type(result.value) is messages.Handle:
            question = Question(question.label, sent())
        doubted = self._note(question, kinds)
        self._origin = question if operation != "iter" else _origin(operands[0])
        value = refused = None
        if CHANGED in doubted:
            containers = self._apply(result, containers, in_place=False)
        if result.failure is None:
            try:  # before the changes, which describe again nothing that the value has described
                value = self._value(result, containers, TAINTED if keep else standing, made)
            except AnswerRefused as error:
                refused = error
        if CHANGED not in doubted:
            self._apply(result, containers)
        for stream, text in ((sys.stdout, result.stdout), (sys.stderr, result.stderr)):
            self.texts.note(text)
            if text and self._printed < 2 * self.session.limits.output_bytes:
                self._printed += len(text)
                stream.write(text)
        for item in result.warnings:
            warnings.warn_explicit(item.message, _warning_class(item.category), "<the notebook>", 1)
        if STOPPED in doubted:
            raise RuntimeError("the notebook's code raised StopIteration")
        if result.failure is not None:
            raise self.exception(result.failure)
        if refused is not None:
            raise refused
        return self.judged(question, value, sent) if operation not in _SAYING else value

    def judged(self, question: Question, value: Any, sent: Callable[[], bytes | None] = lambda: None) -> Any:
        """An answer as the test gets it: itself, unless the cell runs against the instructor's witness
        (``witness``)."""
        kinds = kinds_of(value)
        if kinds and question.arguments is None:
            question = Question(question.label, sent())
        doubted = self._note(question, kinds) if kinds else ()
        return filled(value, self.against[1], doubted) if doubted and self.against is not None else value

    def nothing_of(self, question: Question | None) -> float | None:
        """That what a question was answered with holds nothing; a number if something must stand there instead."""
        if question is None or EMPTY not in self._note(question, {EMPTY}):
            return None
        assert self.against is not None
        return self.against[1]

    def _note(self, question: Question, kinds: set[str]) -> set[str]:
        """Which of the kinds count as wrong in this run of the cell."""
        if kinds or self.recording:
            self.witness.note(question, kinds)
        if self.against is None:
            return set()
        return {kind for kind in kinds if not self.against[0].allows(question, kind)}

    def compare(self, operation: str, one: RemoteObject, other: Any) -> Any:
        """``==``, ``<`` ... as the learner's class has it; what equals everything that it is shown equals nothing."""
        answer = self.ask(operation, (one, other), standing=DERIVED)
        if operation != "eq" or answer is not True:
            return answer
        with contextlib.suppress(Exception):
            return self.ask("eq", (one, _UNLIKE_ANYTHING)) is not True
        return True

    def observe(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], operation: str = "call"
    ) -> tuple[messages.Result, Any, str | None, tuple[Any, ...]]:
        """Call as a check does: everything it did as data, the arguments as they are afterwards, nothing
        raised.

        Answers with the result, its value, why the value is refused if it is, and the positional arguments.
        """
        result, containers, _ = self._exchange(operation, operands, keywords, observe=True)
        return self._observed(result, containers, operands[1:])

    def observe_each(
        self, function: Any, calls: Sequence[tuple[Sequence[Any], Mapping[str, Any]]]
    ) -> Iterator[tuple[messages.Result, Any, str | None, tuple[Any, ...]]]:
        """As :meth:`observe`, of one function and many calls; their arguments are plain values."""
        before = self.before()
        packed, sent = [], []
        for arguments, keywords in calls:
            packer = messages.Packer(messages.unsendable, references=True)
            try:
                operands = [packer.pack(argument) for argument in arguments]
                named = {str(name): packer.pack(argument) for name, argument in keywords.items()}
            except messages.Unsendable as error:
                raise ValueError(f"an argument cannot be sent to the notebook: {error}") from None
            packed.append((operands, named))
            sent.append(packer.containers)
        released, self._released = self._released, []
        try:
            results = self.session.call_each(self.pack(function), packed, before=before, released=released)
            for result, containers, (arguments, _) in zip(results, sent, calls, strict=True):
                yield self._observed(result, containers, arguments)
        except SessionLost as lost:
            self.lost = str(lost)
            raise

    def _observed(
        self, result: messages.Result, containers: list[Any], arguments: Sequence[Any]
    ) -> tuple[messages.Result, Any, str | None, tuple[Any, ...]]:
        changed: dict[int, Any] = {}
        try:
            for index, content in result.changed:
                container = containers[self._index(index, containers)]
                changed[id(container)] = self.unpack(content, references=list(containers))
            self._take_changes(result)
            value = None if result.failure is not None else self._value(result, containers, ORDINARY, False)
        except (AnswerRefused, messages.MessageError) as error:
            return result, None, str(error), _with_changes(tuple(arguments), changed)
        return result, value, None, _with_changes(tuple(arguments), changed)

    def _exchange(
        self,
        operation: str,
        operands: Sequence[Any],
        keywords: Mapping[str, Any],
        *,
        keep: bool = False,
        observe: bool = False,
    ) -> tuple[messages.Result, list[Any], Callable[[], bytes | None]]:
        """The result, the containers sent, and what the arguments were, if all of them are plain values."""
        with self._lock:  # a test may ask from several threads, and an answer may ask in turn
            return self._exchanged(operation, operands, keywords, keep, observe)

    def _exchanged(
        self,
        operation: str,
        operands: Sequence[Any],
        keywords: Mapping[str, Any],
        keep: bool,
        observe: bool,
    ) -> tuple[messages.Result, list[Any], Callable[[], bytes | None]]:
        before = self.before()
        attributes = self._changed_attributes()
        if attributes:
            before = msgspec.structs.replace(before or messages.Changes(), attributes=attributes)
        packer = messages.Packer(self.opaque, references=True)
        try:
            packed = [packer.pack(operand) for operand in operands[:1]]
            opaque = self._opaque_count
            packed += [packer.pack(operand) for operand in operands[1:]]
            named = {str(name): packer.pack(operand) for name, operand in keywords.items()}
        except messages.Unsendable as error:
            raise ValueError(f"an argument cannot be sent to the notebook: {error}") from None
        plain = self._opaque_count == opaque
        released, self._released = self._released, []
        try:
            if self.files is not None:
                self.files.send(self.session)
            result = self.session.operate(
                operation,
                packed,
                named,
                before=before,
                released=released,
                keep=keep,
                observe=observe,
                callback=self._called_back,
            )
            if self.files is not None:
                self.files.take(self.session)
        except SessionLost as lost:
            self.lost = str(lost)
            raise
        return result, packer.containers, lambda: messages.encoded([packed[1:], named]) if plain else None

    def _value(self, result: messages.Result, containers: list[Any], standing: int, made: bool) -> Any:
        if result.refused is not None:
            raise AnswerRefused(f"the answer was not accepted: {result.refused[:500]}")
        return self.unpack(result.value, references=containers, standing=standing, made=made)

    def unpack(
        self, value: Any, *, references: list[Any] | None = None, standing: int = ORDINARY, made: bool = False
    ) -> Any:
        """Rebuild what the learner's side sent; what breaks the schema is an :class:`AnswerRefused`."""
        unpacker = messages.Unpacker(
            lambda part: self._resolve(part, standing, made),
            references=[] if references is None else references,
        )
        try:
            unpacked = unpacker.unpack(value)
            self.texts.note(unpacked)
            return unpacked
        except (messages.MessageError, RecursionError) as error:
            raise AnswerRefused(f"the answer was not accepted: {error}") from None

    def pack(self, obj: Any) -> Any:
        return messages.Packer(self.opaque).pack(obj)

    @staticmethod
    def _index(index: int, containers: list[Any]) -> int:
        if not 0 <= index < len(containers):
            raise AnswerRefused("the answer was not accepted: it changes an argument that does not exist")
        return index

    def _apply(self, result: messages.Result, containers: list[Any], *, in_place: bool = True) -> list[Any]:
        """Change what the call changed, and answer with the containers; copies of them, if not in place."""
        after = list(containers)
        for index, content in result.changed:
            target = containers[self._index(index, containers)]
            new = self.unpack(content, references=list(containers))
            if in_place:
                put_content(target, new)
            else:
                after[index] = new
        self._take_changes(result)
        return after

    def _take_changes(self, result: messages.Result) -> None:
        if result.changes is not None:
            self.after(result.changes)
            for number, attributes in result.changes.attributes.items():
                self._take_attributes(number, attributes)

    # exceptions

    def exception(self, failure: messages.Failure) -> Exception:
        """The learner's exception, as one of this process: a built-in class by name, or a class made to match
        the learner's."""
        arguments = [self.unpack(argument) for argument in failure.arguments]
        text = failure.text[:10_000]
        if failure.cls is not None and failure.itself is not None:
            kind = self._resolve(failure.cls, ORDINARY, False)
            if isinstance(kind, type) and issubclass(kind, _RemoteException):
                error = kind.__new__(kind, *arguments)
                error._nlref_text = text
                error._nlref_itself = self._object(failure.itself, ORDINARY)
                return _noted(error, failure)
        name = failure.bases[0] if failure.bases else ""
        kind = _EXCEPTIONS.get(name)
        if kind is not None:
            try:
                return _noted(kind(*arguments), failure)
            except Exception:
                kind = None  # its constructor wants other arguments: go on with a class that takes the text
        nearest = next((_EXCEPTIONS[base] for base in failure.bases if base in _EXCEPTIONS), None)
        bases = (RemoteError,) if nearest in (None, Exception) else (RemoteError, nearest)
        try:
            return _noted(type(_identifier(failure.name, "RemoteError"), bases, {})(text), failure)
        except Exception:
            return _noted(RemoteError(f"{failure.name}: {text}"), failure)

    # objects of the learner's

    def _resolve(self, value: Any, standing: int, made: bool) -> Any:
        kind = type(value)
        if kind is messages.Callback:
            if value.id not in self._callbacks:
                raise messages.MessageError("an object of the tests that was never sent")
            return self._callbacks[value.id]
        if kind is not messages.Handle:
            raise messages.MessageError(f"an unexpected {kind.__name__}")
        lasting = self._lasting.get(value.id)
        if lasting is not None:
            return lasting
        if value.description is not None:
            self.texts.note([value.description.doc, value.description.source])
        if value.kind in ("function", "class", "exception"):
            if value.description is None:
                raise messages.MessageError("a handle without a description")
            self._counts[value.id] += 1
            made_here = (
                self._function(value.id, value.description)
                if value.kind == "function"
                else self._class(value.id, value.description, value.kind == "exception")
            )
            self._lasting[value.id] = made_here
            return made_here
        if made:
            standing = MADE
        elif standing in (DERIVED, INFORMED) and not self._speaks(value):
            standing = ORDINARY if standing == DERIVED else TAINTED
        return self._object(value, standing)

    def _speaks(self, handle: messages.Handle) -> bool:
        if handle.cls is None:  # a bound method or an iterator: what comes out of it is looked at again
            return handle.kind in ("callable", "iterator")
        cls = self._lasting.get(handle.cls.id)
        name = (
            cls.__name__ if cls is not None else handle.cls.description.name if handle.cls.description else ""
        )
        return self.speaks(name)

    def _object(self, handle: messages.Handle, standing: int) -> Any:
        known = self._objects.get(handle.id)
        if known is not None and standing not in (INFORMED, TAINTED):
            # The same object stays the same here. If a call gave back what the test had made, it has become an answer:
            # otherwise a method that should give 5 could return its own object, which claims to be equal to 5.
            object.__setattr__(known, "_nlref_standing", max(known._nlref_standing, standing))
            return known
        cls = self._class_of(handle) if known is None else type(known)
        proxy = object.__new__(cls)
        for name, value in (
            ("_nlref_link", self), ("_nlref_id", handle.id), ("_nlref_standing", standing),
            ("_nlref_plain", handle.plain), ("_nlref_note", handle.note[:500]),
            ("_nlref_origin", self._origin), ("_nlref_begun", False),
        ):  # fmt: skip
            object.__setattr__(proxy, name, value)
        self._counts[handle.id] += 1
        weakref.finalize(proxy, self._forget, handle.id).atexit = False
        if known is None and standing not in (TAINTED, INFORMED):
            self._objects[handle.id] = proxy
        return proxy

    def _forget(self, number: int) -> None:
        self._counts[number] -= 1
        if self._counts[number] <= 0:
            del self._counts[number]
            self._released.append(number)

    def _class_of(self, handle: messages.Handle) -> RemoteMeta:
        if handle.cls is not None:
            cls = self._resolve(handle.cls, ORDINARY, False)
            if isinstance(cls, RemoteMeta):
                return cls
        methods = tuple(sorted(set(handle.methods)))[:200]
        key = (handle.type_name, methods)
        if key not in self._classes:
            members = _seeming(lambda: _KINDS.get(handle.type_name))
            self._classes[key] = self._new_class(handle.type_name, methods, (RemoteObject,), members)
        return self._classes[key]

    @staticmethod
    def _new_class(
        name: str, methods: Sequence[str], bases: tuple[type, ...], members: dict[str, Any]
    ) -> RemoteMeta:
        members = {"__slots__": (), "__module__": "__main__", "_nlref_new": True, **members}
        for method in methods:
            special = SPECIAL.get(method)
            if special is not None:
                members.setdefault(method, special)
        return RemoteMeta(_identifier(name, "RemoteObject"), bases, members)

    def _class(self, number: int, description: messages.Description, exception: bool) -> type:
        members = {"__doc__": description.doc, "__qualname__": _identifier(description.name, "RemoteObject")}
        bases: list[type] = []
        for base in description.bases[:20]:
            if isinstance(base, messages.Handle):
                cls = self._resolve(base, ORDINARY, False)
                if isinstance(cls, type):
                    bases.append(cls)
            elif exception and base in _EXCEPTIONS:
                bases.append(_EXCEPTIONS[base])
        signature = self._signature(description)
        if exception:
            bases = [base for base in bases if issubclass(base, Exception)]
            if not any(issubclass(base, _RemoteException) for base in bases):
                bases.insert(0, _RemoteException)
            cls = _first_that_works(description.name, bases, (_RemoteException, Exception), members)
            _remotes[cls] = (self, number)
            return cls
        bases = [base for base in bases if isinstance(base, RemoteMeta)] or [RemoteObject]
        members |= _seeming(lambda: _library_class(description))
        if not description.hashable:
            members["__hash__"] = None
        try:
            cls = self._new_class(description.name, description.methods[:200], tuple(bases), members)
        except TypeError:
            cls = self._new_class(description.name, description.methods[:200], (RemoteObject,), members)
        type.__setattr__(cls, "_nlref_class", (self, number))
        if signature is not None:
            type.__setattr__(cls, "__signature__", signature)
        return cls

    def _signature(self, description: messages.Description) -> inspect.Signature | None:
        if description.parameters is None:
            return None
        parameters = []
        try:
            annotations = {name: self.unpack(value) for name, value in description.annotations.items()}
            for item in description.parameters[:200]:
                default = self.unpack(item.default) if item.has_default else inspect.Parameter.empty
                kind = inspect._ParameterKind(item.kind)
                annotation = annotations.get(item.name, inspect.Parameter.empty)
                parameters.append(inspect.Parameter(item.name, kind, default=default, annotation=annotation))
            return inspect.Signature(
                parameters, return_annotation=annotations.get("return", inspect.Signature.empty)
            )
        except (ValueError, TypeError, AnswerRefused):
            return None

    def _function(self, number: int, description: messages.Description) -> types.FunctionType:
        link = self

        def ask(*args: Any, **kwargs: Any) -> Any:
            return link.ask("call", (function, *args), kwargs)

        def generate(*args: Any, **kwargs: Any) -> Any:
            return (yield from link.ask("call", (function, *args), kwargs))

        async def wait(*args: Any, **kwargs: Any) -> Any:
            return link.ask("await", (function, *args), kwargs)

        made = {"generator": generate, "coroutine": wait}.get(description.flavour, ask)
        # Its globals are the tests', as those of a function of the module __main__ are.
        function = types.FunctionType(made.__code__, self.own_namespace, None, None, made.__closure__)
        function.__name__ = description.name[:200]
        function.__qualname__ = description.qualname[:200]
        function.__module__ = "__main__"
        function.__doc__ = description.doc
        signature = self._signature(description)
        if signature is not None:
            function.__signature__ = signature
            positional = [
                p
                for p in signature.parameters.values()
                if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
            ]
            if "__wrapped__" not in description.attributes:
                function.__defaults__ = (
                    tuple(p.default for p in positional if p.default is not p.empty) or None
                )
        if description.source:
            filename = f"<the notebook's {_identifier(description.name, 'function')} {number}>"
            lines = description.source[:200_000].splitlines(keepends=True)
            linecache.cache[filename] = (len(description.source), None, lines, filename)
            function.__code__ = function.__code__.replace(co_filename=filename, co_firstlineno=1)
        _remotes[function] = (self, number)
        self._lasting[number] = function  # an attribute may lead back to it
        function.__annotations__ = {
            name: self.unpack(value) for name, value in description.annotations.items()
        }
        self._take_attributes(number, description.attributes)
        return function

    def _take_attributes(self, number: int, packed: dict[str, Any]) -> None:
        """Give what stands for a function the attributes that the function has."""
        function = self._lasting.get(number)
        if type(function) is types.FunctionType:
            signature = function.__dict__.get("__signature__")
            own = {name: self.unpack(value) for name, value in packed.items()}
            function.__dict__.clear()
            function.__dict__.update(own)
            if signature is not None:
                function.__dict__.setdefault("__signature__", signature)
            self._attributes[number] = dict(function.__dict__)

    def _changed_attributes(self) -> dict[int, dict[str, Any]]:
        """The attributes of functions that the test has set since they were last seen."""
        changed = {}
        for number, before in self._attributes.items():
            own = self._lasting[number].__dict__
            if own.keys() != before.keys() or any(own[name] is not before[name] for name in own):
                self._attributes[number] = dict(own)
                changed[number] = {
                    name: self.pack(value) for name, value in own.items() if name != "__signature__"
                }
        return changed

    # objects of the tests

    def opaque(self, obj: Any) -> Any:
        """How an object that does not travel by value is passed to the learner's code; TypeError if it must
        not be."""
        self._opaque_count += 1
        if type(obj) is messages.Known:
            return obj
        remote = remote_of(obj)
        if remote is None and isinstance(obj, _RemoteException):
            itself = getattr(obj, "_nlref_itself", None)
            remote = remote_of(itself) if itself is not None else None
        if remote is not None:
            if remote[0] is not self:
                raise TypeError("an object of one notebook cannot be passed to another's")
            return messages.Handle(remote[1])
        known = _known(obj)
        if known is not None:
            return known
        can = []
        if callable(obj):
            can.append("call")
        if hasattr(type(obj), "__next__"):
            can.append("next")
        if self._is_of_the_tests(obj):
            can.append("attributes")
        if not can or isinstance(obj, types.ModuleType):
            raise TypeError(
                f"a {type(obj).__name__} of the tests cannot be passed to the notebook's code: plain values, arrays, "
                "functions, iterators and objects of classes that the tests define can"
            )
        number = self._callback_ids.get(id(obj))
        if number is None:
            number = len(self._callbacks) + 1
            self._callbacks[number] = obj
            self._callback_ids[id(obj)] = number
        name = getattr(obj, "__name__", type(obj).__name__)
        doc = getattr(obj, "__doc__", None)
        return messages.Callback(number, str(name), doc if isinstance(doc, str) else None, can)

    def _is_of_the_tests(self, obj: Any) -> bool:
        """Whether an object is of a class that a test cell defines, or a mock; of such, public attributes can be
        read."""
        cls = type(obj)
        if isinstance(obj, NonCallableMock):
            return True
        init = vars(cls).get("__init__") or next(
            (v for v in vars(cls).values() if isinstance(v, types.FunctionType)), None
        )
        if isinstance(init, types.FunctionType):
            return init.__globals__ is self.own_namespace
        return self.own_namespace.get(cls.__name__) is cls

    def _called_back(self, request: messages.CallbackRequest) -> messages.CallbackResult:
        """The learner's code uses something the test gave it: a call, the next item, a public attribute."""
        try:
            obj = self._callbacks[request.id]
            operands = [self.unpack(operand) for operand in request.operands]
            keywords = {name: self.unpack(operand) for name, operand in request.keywords.items()}
            if request.action == "call" and callable(obj):
                value = obj(*operands, **keywords)
            elif request.action == "next" and hasattr(type(obj), "__next__"):
                value = next(obj)
            elif request.action == "attribute" and self._is_of_the_tests(obj):
                (name,) = operands
                if type(name) is not str or name.startswith("_"):
                    raise AttributeError(
                        f"{type(obj).__name__!r} object has no attribute {str(name)[:100]!r}"
                    )
                value = getattr(obj, name)
            else:
                raise TypeError("an object of the tests does not do that")
            return messages.CallbackResult(self.pack(value))
        except Exception as error:
            return messages.CallbackResult(failure=self._failure(error))

    def _failure(self, error: Exception) -> messages.Failure:
        arguments = []
        for argument in error.args[:20]:
            try:
                arguments.append(self.pack(argument))
            except (TypeError, messages.Unsendable):
                arguments.append("...")
        remote = remote_of(type(error))
        bases = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
        cls = messages.Handle(remote[1]) if remote is not None and remote[0] is self else None
        return messages.Failure(type(error).__name__, bases, cls, arguments, str(error)[:10_000])


# Built-in kinds of objects that stay where they are, by the names of their types.
_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        map, filter, zip, enumerate, reversed, property, staticmethod, classmethod, memoryview, types.MethodType,
        types.GeneratorType, types.BuiltinFunctionType, types.MappingProxyType, type({}.keys()), type({}.values()),
        type({}.items()),
    )
}  # fmt: skip
_NEVER = (
    np.ndarray,
    np.generic,
    np.dtype,
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    list,
    tuple,
    dict,
    set,
    frozenset,
    bytearray,
)


def _library_class(description: messages.Description) -> type | None:
    """The class of a library that this process has loaded too; never one of the types that travel by value."""
    if description.module == "builtins":
        return _KINDS.get(description.name)
    found: Any = sys.modules.get(description.module)
    if found is None or description.module == "__main__":
        return None
    for part in description.qualname.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) and not issubclass(found, _NEVER) else None


def _seeming(kind: Callable[[], type | None]) -> dict[str, Any]:
    """What lets ``isinstance`` take an object for one of a class that both sides have (and perhaps load later)."""
    return {"__class__": property(lambda self: kind() or type(self))}


def put_content(target: Any, new: Any) -> None:
    """Give a container the content of another of its type, in place."""
    kind = type(target)
    if kind is not type(new):
        raise AnswerRefused("the answer was not accepted: it changes the type of an argument")
    if kind is np.ndarray:
        if target.shape != new.shape and target.size == new.size and target.flags.c_contiguous:
            target.shape = new.shape
        if target.shape == new.shape and target.dtype == new.dtype and target.flags.writeable:
            target[...] = new
        return
    if kind in (list, bytearray):
        target[:] = new
    elif kind is collections.deque:
        target.clear()
        target.extend(new)
    elif kind is np.random.Generator:
        target.bit_generator.state = new.bit_generator.state
    elif kind is np.random.RandomState:
        target.set_state(new.get_state())
    else:
        target.clear()
        target.update(new)


def _with_changes(argument: Any, changed: Mapping[int, Any]) -> Any:
    """An argument as it is after a call: the containers in it that were changed replaced by what they became."""
    if not changed:
        return argument
    if type(argument) not in (tuple, list, dict):
        return changed.get(id(argument), argument)
    content = changed.get(id(argument), argument)
    if type(content) is dict:
        return {key: _with_changes(item, changed) for key, item in content.items()}
    return type(content)(_with_changes(item, changed) for item in content)


def _noted(error: Exception, failure: messages.Failure) -> Exception:
    lines = [line[:500] for line in failure.traceback[:60]]
    if len(lines) > 1:
        error.add_note("in the notebook:\n" + "\n".join(lines[1:-1]))
    return error


def _warning_class(name: str) -> type[Warning]:
    kind = getattr(builtins, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, Warning) else UserWarning


def _identifier(name: str, otherwise: str) -> str:
    return name if name.isidentifier() and len(name) <= 200 else otherwise


def _first_that_works(
    name: str, bases: list[type], otherwise: tuple[type, ...], members: dict[str, Any]
) -> type:
    for candidate in (tuple(bases), otherwise):
        try:
            return type(_identifier(name, "RemoteError"), candidate, {"__module__": "__main__", **members})
        except TypeError:
            continue
    raise messages.MessageError("an exception class that cannot be rebuilt")


def _known(obj: Any) -> messages.Known | None:
    """A function or class of a library that both sides have, by name."""
    module, name = (
        getattr(obj, "__module__", None),
        getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None),
    )
    if isinstance(obj, np.ufunc):
        module, name = "numpy", obj.__name__
    if (
        not isinstance(module, str)
        or not isinstance(name, str)
        or module.partition(".")[0] not in _KNOWN_MODULES
    ):
        return None
    if not isinstance(obj, (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)) and not callable(
        obj
    ):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return messages.Known(module, name) if found is obj and obj not in (eval, exec, open) else None


class RemoteMeta(type):
    """The class of the classes that stand for the learner's."""

    def __new__(meta, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> RemoteMeta:
        if bases and not members.pop("_nlref_new", False):
            raise TypeError(f"a test cannot derive a class from the notebook's class {bases[0].__name__}")
        return super().__new__(meta, name, bases, members)

    def __init__(cls, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> None:
        super().__init__(name, bases, members)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        link = _link_of_class(cls)
        return link.ask("call", (cls, *args), kwargs, made=link.speaks(cls.__name__))

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_nlref"):
            raise AttributeError(name)
        return _link_of_class(cls).ask("getattr", (cls, name), standing=DERIVED)

    def __setattr__(cls, name: str, value: Any) -> None:
        _link_of_class(cls).ask("setattr", (cls, name, value))

    def __delattr__(cls, name: str) -> None:
        _link_of_class(cls).ask("delattr", (cls, name))

    def __iter__(cls) -> Any:
        return _link_of_class(cls).ask("iter", (cls,), standing=DERIVED)

    def __getitem__(cls, key: Any) -> Any:
        return _link_of_class(cls).ask("getitem", (cls, key), standing=DERIVED)

    def __len__(cls) -> int:
        return _link_of_class(cls).ask("len", (cls,))

    def __bool__(cls) -> bool:
        return True

    def __repr__(cls) -> str:
        return f"<class {cls.__name__!r}>"


def _link_of_class(cls: RemoteMeta) -> Link:
    remote = remote_of(cls)
    if remote is None:
        raise AttributeError(f"the class {cls.__name__!r} is not one of the notebook's")
    return remote[0]


def _defines(cls: type, name: str) -> bool:
    return any(name in vars(base) for base in cls.__mro__)


def _asked(obj: RemoteObject, operation: str, *operands: Any) -> Any:
    """An operation that shows the learner nothing of the test: its result stands as its object does."""
    standing = obj._nlref_standing
    if standing == TAINTED:
        return obj._nlref_link.ask(operation, (obj, *operands), keep=True)
    result = DERIVED if standing == MADE else standing
    return obj._nlref_link.ask(operation, (obj, *operands), standing=result)


def _typed(obj: RemoteObject, operation: str, kind: type) -> Any:
    """An operation whose result Python wants to be of one type."""
    standing = obj._nlref_standing
    if standing == TAINTED or (
        standing == INFORMED and operation in ("bool", "int", "float", "complex", "index")
    ):
        raise TypeError(
            f"the outcome of an operation on the notebook's {type(obj).__name__} is not a {kind.__name__}"
        )
    value = obj._nlref_link.ask(operation, (obj,))
    if type(value) is not kind:
        raise TypeError(f"the notebook's {type(obj).__name__} did not give a {kind.__name__}")
    return value


def _numeric(obj: RemoteObject, operation: str, *operands: Any) -> Any:
    """``-a``, ``abs(a)``, ``round(a)``: plain numbers come out only of what has not seen the test's."""
    standing = obj._nlref_standing
    if standing in (TAINTED, INFORMED):
        return _informed(obj._nlref_link, operation, (obj, *operands))
    return _asked(obj, operation, *operands)


def _informed(link: Link, operation: str, operands: Sequence[Any]) -> Any:
    """The outcome of an operation on objects that the test's values have been shown to: never a plain
    value."""
    return link.ask(operation, operands, keep=True)


def _content(obj: RemoteObject) -> Any:
    """The plain value inside an object whose class derives from float, tuple, dict ..."""
    return obj._nlref_link.ask("plain", (obj,))


def _is_object(obj: Any) -> bool:
    return isinstance(type(obj), RemoteMeta)


def _has_content(obj: RemoteObject) -> bool:
    return obj._nlref_plain and obj._nlref_standing not in (INFORMED, TAINTED)


def _compare(operation: str, one: RemoteObject, other: Any) -> Any:
    """``==``, ``<`` ... by the rules at the top of this file; NotImplemented where they are not asked."""
    link = one._nlref_link
    if one is other and operation in ("eq", "le", "ge", "ne"):
        return operation != "ne"
    if _is_object(other):
        standings = (one._nlref_standing, other._nlref_standing)
        if one._nlref_id == other._nlref_id and operation in ("eq", "ne"):
            return operation == "eq"
        if TAINTED not in standings and (MADE in standings or max(standings) <= INFORMED):
            return link.compare(operation, one, other)
        if _has_content(one) and _has_content(other):
            return _COMPARE[operation](_content(one), _content(other))
        return NotImplemented
    if one._nlref_standing == MADE:
        return link.compare(operation, one, other)
    if _has_content(one):
        return _COMPARE[operation](_content(one), other)
    return NotImplemented


_COMPARE = {name: getattr(operator, name) for name in messages.COMPARISONS}


def _combine(operation: str, one: Any, other: Any) -> Any:
    """A binary operator with at least one of the learner's objects."""
    objects = [obj for obj in (one, other) if _is_object(obj)]
    link = objects[0]._nlref_link
    standings = [obj._nlref_standing for obj in objects]
    alone = len(objects) == 1
    if TAINTED in standings:
        return _informed(link, operation, (one, other))
    if standings == [MADE] or (not alone and INFORMED not in standings and min(standings) <= DERIVED):
        return link.ask(operation, (one, other), standing=DERIVED)
    if min(standings) <= INFORMED:
        value = link.ask(operation, (one, other), keep=True)
        if link.speaks(type(value).__name__):
            object.__setattr__(value, "_nlref_standing", INFORMED)
        return value
    if all(map(_has_content, objects)):
        one, other = (_content(obj) if _is_object(obj) else obj for obj in (one, other))
        plain = operation.removeprefix("i") if operation not in ("invert",) else operation
        return _OPERATORS[plain](one, other)
    return _informed(link, operation, (one, other))


_OPERATORS: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, f"{name}_" if name in ("and", "or") else name)
       for name in messages.ARITHMETIC if name != "divmod"},
    "divmod": divmod,
}  # fmt: skip


class RemoteObject(metaclass=RemoteMeta):
    """An object of the learner's process. Its class here is made after its class there."""

    __slots__ = (
        "__weakref__", "_nlref_begun", "_nlref_id", "_nlref_link", "_nlref_note", "_nlref_origin", "_nlref_plain",
        "_nlref_standing",
    )  # fmt: skip
    __array_ufunc__ = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_nlref", "__array")):
            raise AttributeError(name)
        return _asked(self, "getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._nlref_link.ask("setattr", (self, name, value))

    def __delattr__(self, name: str) -> None:
        self._nlref_link.ask("delattr", (self, name))

    def __dir__(self) -> list[str]:
        return [name for name in self._nlref_link.ask("dir", (self,)) if type(name) is str]

    def __eq__(self, other: object) -> Any:
        return _compare("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return _compare("ne", self, other)

    def __hash__(self) -> int:
        return hash((id(self._nlref_link), self._nlref_id))

    def __repr__(self) -> str:
        if self._nlref_standing == TAINTED:
            return f"<an outcome of the notebook's {type(self).__name__}>"
        return _typed(self, "repr", str)

    def __str__(self) -> str:
        if self._nlref_standing == TAINTED:
            return repr(self)
        return _typed(self, "str", str)

    def __format__(self, specification: str) -> str:
        if self._nlref_standing == TAINTED:
            return repr(self)
        text = self._nlref_link.ask("format", (self, specification))
        if type(text) is not str:
            raise TypeError("__format__ must return a str")
        return text

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        if _has_content(self):
            return np.array(_content(self))
        what = self._nlref_note or f"object of the class {type(self).__name__}"
        raise TypeError(f"the notebook's answer is no plain array or number but an {what}" if what[0] in "aeio" else
                        f"the notebook's answer is no plain array or number but a {what}")  # fmt: skip

    def __copy__(self) -> Any:
        return self._nlref_link.ask(
            "call", (messages.Known("copy", "copy"), self), standing=self._nlref_standing
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._nlref_link.ask(
            "call", (messages.Known("copy", "deepcopy"), self), standing=self._nlref_standing
        )

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("an object of the notebook cannot be pickled")


def _iterate(self: RemoteObject) -> Any:
    return self if _defines(type(self), "__next__") else _asked(self, "iter")


def _next(self: RemoteObject) -> Any:
    begun = self._nlref_begun
    object.__setattr__(self, "_nlref_begun", True)
    try:
        return _asked(self, "next")
    except StopIteration:
        instead = None if begun else self._nlref_link.nothing_of(self._nlref_origin)
        if instead is None:
            raise
        return instead


def _len(self: RemoteObject) -> int:
    length = _typed(self, "len", int)
    return 1 if length == 0 and self._nlref_link.nothing_of(self._nlref_origin) is not None else length


def _contains(self: RemoteObject, item: Any) -> bool:
    if self._nlref_standing == MADE:
        return bool(self._nlref_link.ask("contains", (self, item)))
    if _has_content(self):
        return item in _content(self)
    return any(found is item or found == item for found in self)


def _call(self: RemoteObject, *args: Any, **kwargs: Any) -> Any:
    standing = self._nlref_standing
    if standing == TAINTED:
        return self._nlref_link.ask("call", (self, *args), kwargs, keep=True)
    return self._nlref_link.ask(
        "call", (self, *args), kwargs, standing=DERIVED if standing == MADE else standing
    )


def _exit(self: RemoteObject, kind: Any, error: Any, trace: Any) -> Any:
    remote = getattr(error, "_nlref_itself", None)
    if error is None or remote is not None:
        return self._nlref_link.ask("exit", (self, None if error is None else type(error), remote, None))
    known = type(error) if type(error).__name__ in _EXCEPTIONS else RuntimeError
    there = self._nlref_link.ask("call", (known, str(error)), keep=True)
    return self._nlref_link.ask("exit", (self, known, there, None))


def _special() -> dict[str, Callable[..., Any]]:
    """The special methods that a class may have here, if it has them there."""
    methods: dict[str, Callable[..., Any]] = {
        "__call__": _call,
        "__iter__": _iterate,
        "__next__": _next,
        "__reversed__": lambda self: _asked(self, "reversed"),
        "__len__": _len,
        "__bool__": lambda self: _typed(self, "bool", bool),
        "__int__": lambda self: _typed(self, "int", int),
        "__float__": lambda self: _typed(self, "float", float),
        "__complex__": lambda self: _typed(self, "complex", complex),
        "__index__": lambda self: _typed(self, "index", int),
        "__bytes__": lambda self: _typed(self, "bytes", bytes),
        "__hash__": lambda self: _typed(self, "hash", int),
        "__neg__": lambda self: _numeric(self, "neg"),
        "__pos__": lambda self: _numeric(self, "pos"),
        "__invert__": lambda self: _numeric(self, "invert"),
        "__abs__": lambda self: _numeric(self, "abs"),
        "__round__": lambda self, *digits: _numeric(self, "round", *digits),
        "__trunc__": lambda self: _numeric(self, "trunc"),
        "__floor__": lambda self: _numeric(self, "floor"),
        "__ceil__": lambda self: _numeric(self, "ceil"),
        "__getitem__": lambda self, key: _asked(self, "getitem", key),
        "__setitem__": lambda self, key, value: self._nlref_link.ask("setitem", (self, key, value)),
        "__delitem__": lambda self, key: self._nlref_link.ask("delitem", (self, key)),
        "__contains__": _contains,
        "__enter__": lambda self: _asked(self, "enter"),
        "__exit__": _exit,
    }
    for name in ("lt", "le", "gt", "ge"):
        methods[f"__{name}__"] = lambda self, other, name=name: _compare(name, self, other)
    for name in messages.ARITHMETIC:
        methods[f"__{name}__"] = lambda self, other, name=name: _combine(name, self, other)
        methods[f"__r{name}__"] = lambda self, other, name=name: _combine(name, other, self)
        if name != "divmod":
            methods[f"__i{name}__"] = lambda self, other, name=name: _combine(f"i{name}", self, other)
    return methods


SPECIAL = _special()


class _RemoteException(Exception):
    """Base of the exception classes made after the learner's: what they know beyond their text is asked
    for."""

    def __str__(self) -> str:
        return self.__dict__.get("_nlref_text", None) or Exception.__str__(self)

    def __getattr__(self, name: str) -> Any:
        itself = self.__dict__.get("_nlref_itself")
        if itself is None or name.startswith("__"):
            raise AttributeError(name)
        return getattr(itself, name)


def plain_content(obj: Any) -> Any:
    """The plain value of an answer: itself, or the content of an object that derives from a plain type;
    TypeError otherwise."""
    remote = remote_of(obj)
    if remote is None:
        return obj
    if _is_object(obj) and _has_content(obj):
        return _content(obj)
    raise TypeError(f"the answer is a {type(obj).__name__}, not a plain value")
