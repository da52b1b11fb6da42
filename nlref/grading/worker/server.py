"""Serves one session: runs its cells, and does one thing at a time with what they defined.

This is the learner's process. Whatever it answers may be forged by the code that runs beside it; the grader
knows.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib
import inspect
import linecache
import logging
import math
import operator
import signal
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import messages
from .shell import Notebook, is_cell, last_line, own_traceback, safe_text

_MISSING = object()
_MAX_DOC = 20_000
_MAX_SOURCE = 100_000
_MAX_WARNINGS = 100
_REPLACEABLE = ("input", "print", "open")

_SPECIAL = (
    "__call__", "__len__", "__iter__", "__next__", "__reversed__", "__contains__", "__getitem__", "__setitem__",
    "__delitem__", "__enter__", "__exit__", "__bool__", "__int__", "__float__", "__complex__", "__index__",
    "__round__", "__trunc__", "__floor__", "__ceil__", "__abs__", "__neg__", "__pos__", "__invert__", "__bytes__",
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__str__", "__repr__", "__format__",
    "__dir__",
    *(f"__{prefix}{name}__" for prefix in ("", "r", "i") for name in messages.ARITHMETIC),
)  # fmt: skip
_PLAIN_BASES = (bool, int, float, complex, str, bytes, tuple, list, set, frozenset, dict, bytearray)

_BINARY: dict[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in messages.COMPARISONS},
    **{name: getattr(operator, f"{name}_" if name in ("and", "or") else name)
       for name in messages.ARITHMETIC if name != "divmod"},
    **{f"i{name}": getattr(operator, f"i{name}") for name in messages.ARITHMETIC if name != "divmod"},
    "divmod": divmod,
}  # fmt: skip
_OTHERS: dict[str, Callable[..., Any]] = {
    "neg": operator.neg,
    "pos": operator.pos,
    "invert": operator.invert,
    "abs": abs,
    "len": len,
    "iter": iter,
    "next": next,
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "index": operator.index,
    "round": round,
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "str": str,
    "repr": repr,
    "hash": hash,
    "dir": dir,
    "reversed": reversed,
    "bytes": bytes,
    "format": format,
    "getitem": operator.getitem,
    "setitem": operator.setitem,
    "delitem": operator.delitem,
    "contains": operator.contains,
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "enter": lambda obj: type(obj).__enter__(obj),
    "exit": lambda obj, *details: type(obj).__exit__(obj, *details),
    "sync": lambda: None,
}


class Server:
    def __init__(self, channel: messages.Channel, max_bytes: int) -> None:
        self._channel = channel
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._sending = self._interrupted = self._interruptible = self._stopped = False
        self._notebook = Notebook(lambda text: self._send(messages.Output(text)))
        self._names = self._notebook.names
        self._objects: dict[int, Any] = {}
        self._ids: dict[int, int] = {}
        self._described: set[int] = set()
        self._scopes: dict[int, dict[str, Any]] = {}
        self._originals: dict[str, Any] = {}
        self._attributes: dict[int, bytes | None] = {}
        self._next_id = 1
        self._watched: dict[str, tuple[Any, bytes | None]] = {}
        self._random = messages.RandomWatch()
        sys.path.insert(0, "")  # modules beside the notebook, as in a kernel
        signal.signal(signal.SIGINT, self._interrupt)

    def run(self) -> None:
        """Answer requests until the grader closes the connection."""
        while True:
            try:
                request = self._channel.receive()
            except (messages.Closed, OSError):
                return
            kind = type(request)
            if kind is messages.RunCell:
                self._send(self._run_cell(request))
            elif kind is messages.Look:
                self._send(self._look(request))
            elif kind is messages.Operate:
                self._answer(self._operate(request))
            elif kind is messages.Calls:
                self._call_each(request)
            elif kind is messages.End:
                return

    def _answer(self, result: messages.Result) -> None:
        try:
            body = messages.encoded(result)
            if len(body) > self._max_bytes:
                text = f"an answer of {len(body):,} bytes; at most {self._max_bytes:,} are allowed"
                body = messages.encoded(messages.Result(refused=text))
        except (UnicodeEncodeError, ValueError, TypeError, OverflowError) as error:
            body = messages.encoded(messages.Result(refused=f"a value that cannot be sent: {error}"))
        self._send(body)

    def _send(self, message: Any) -> None:
        """Send whole messages only: not two threads' at once, and none that an interrupt cuts short."""
        body = message if type(message) is bytes else messages.encoded(message)
        with self._lock:
            main = threading.current_thread() is threading.main_thread()
            self._sending = main
            try:
                self._channel.send_encoded(body)
            finally:
                if main:
                    self._sending = False
        if main and self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def _interrupt(self, *_: Any) -> None:
        self._stopped = True
        if self._interruptible:
            self._interruptible = False
            if self._sending:
                self._interrupted = True
            else:
                raise KeyboardInterrupt

    # cells

    def _run_cell(self, request: messages.RunCell) -> messages.CellEnd:
        try:
            self._interruptible = True
            error, rebound = self._notebook.run(request.source, request.output_bytes)
            self._interruptible = False
        except KeyboardInterrupt:
            error, rebound = "KeyboardInterrupt", []
        return messages.CellEnd(error, rebound)

    # names

    def _visible(self) -> Iterator[str]:
        return (
            name for name in list(self._names) if type(name) is str and not self._notebook.is_hidden(name)
        )

    def _look(self, request: messages.Look) -> messages.Found:
        wanted = [name for name in request.names if not self._notebook.is_hidden(name)]
        if request.everything:
            wanted += self._visible()
        values: dict[str, Any] = {}
        left = self._max_bytes // 2
        self._watched = {}
        for name in dict.fromkeys(wanted):
            value = self._names.get(name, _MISSING)
            if value is _MISSING:
                self._watched[name] = (_MISSING, None)
                continue
            packed = self._pack_or_handle(value)
            size = len(messages.encoded(packed))
            if size > left:
                packed = self._handle(value, note=f"value of {size:,} bytes, too large to be sent")
                size = 0
            left -= size
            values[name] = packed
            self._watched[name] = (value, _fingerprint(value, packed))
        return messages.Found(values)

    def _moved(self) -> messages.Changes | None:
        """What the last operation did to the watched names and to the random number generators."""
        assigned, deleted, mutated = {}, [], []
        for name, (old, mark) in self._watched.items():
            value = self._names.get(name, _MISSING)
            if value is old and mark is None:
                continue
            if value is _MISSING:
                deleted.append(name)
                self._watched[name] = (_MISSING, None)
                continue
            packed = self._pack_or_handle(value)
            new = _fingerprint(value, packed)
            if value is not old or new != mark:
                assigned[name] = packed
                self._watched[name] = (value, new)
                if value is old:
                    mutated.append(name)
        python, numpy = self._random.moved()
        attributes = self._moved_attributes()
        if assigned or deleted or attributes or python is not None or numpy is not None:
            return messages.Changes(assigned, deleted, mutated, python, numpy, attributes=attributes)
        return None

    def _moved_attributes(self) -> dict[int, dict[str, Any]]:
        """The attributes of functions that are known to the grader and have changed."""
        moved = {}
        for number, mark in self._attributes.items():
            own = vars(self._objects[number])
            if own or mark:
                packed = self._packed_attributes(own)
                new = messages.encoded(packed)
                if new != mark:
                    moved[number], self._attributes[number] = packed, new
        return moved

    def _packed_attributes(self, own: dict[str, Any]) -> dict[str, Any]:
        return {
            name: self._pack_or_handle(value)
            for name, value in list(own.items())[:100]
            if type(name) is str and len(name) < 200
        }

    def _apply(self, changes: messages.Changes) -> None:
        unpacker = messages.Unpacker(self._resolve)
        for name in changes.deleted:
            if ":" in name:
                self._replace(name, _MISSING)
                continue
            self._names.pop(name, None)
            self._watched[name] = (_MISSING, None)
            if name in _REPLACEABLE:
                self._replace(f"builtins:{name}", _MISSING)
        for name, value in changes.assigned.items():
            obj = unpacker.unpack(value)
            if ":" in name:
                self._replace(name, obj)
                continue
            if name in _REPLACEABLE:
                self._replace(f"builtins:{name}", obj)
            self._names[name] = obj
            self._watched[name] = (obj, _fingerprint(obj, self._pack_or_handle(obj)))
        for number, attributes in changes.attributes.items():
            own = vars(self._objects[number])
            own.clear()
            own.update((name, unpacker.unpack(value)) for name, value in attributes.items())
            self._attributes[number] = messages.encoded(self._packed_attributes(own))
        if changes.random is not None or changes.numpy_random is not None:
            messages.set_random_states(changes.random, changes.numpy_random)
            self._random.moved()

    def _replace(self, target: str, obj: Any) -> None:
        """Put something of a test's in the place of a library's function, ``module:name``, or put that back."""
        module, _, name = target.partition(":")
        owner = importlib.import_module(module)
        if obj is _MISSING:
            setattr(owner, name, self._originals.pop(target, getattr(owner, name)))
        else:
            self._originals.setdefault(target, getattr(owner, name))
            setattr(owner, name, obj)

    # operations

    def _operate(self, request: messages.Operate, last: bool = True) -> messages.Result:
        for number in request.released:
            obj = self._objects.pop(number, _MISSING)
            if obj is not _MISSING:
                self._ids.pop(id(obj), None)
        unpacker = messages.Unpacker(self._resolve)
        collector = self._notebook.collector
        errstate = np.geterr()
        failure = refused = value = None
        packed: Any = None
        caught: list[warnings.WarningMessage] = []
        if request.before is not None:
            self._apply(request.before)
            if request.before.errstate is not None:
                np.seterr(**request.before.errstate)
        operands = [unpacker.unpack(operand) for operand in request.operands]
        keywords = {name: unpacker.unpack(operand) for name, operand in request.keywords.items()}
        containers = unpacker.containers
        known = {id(container): index for index, container in enumerate(containers)}
        marks = [
            source or self._content(container, known)
            for container, source in zip(containers, unpacker.sources, strict=True)
        ]
        collector.begin_call(request.output_bytes)
        handlers = logging.root.handlers
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", append=not request.observe)
                if request.observe:
                    np.seterr(all="warn", under="ignore")
                    logging.root.handlers = [logging.StreamHandler()]
                self._interruptible = True
                value = self._perform(request.operation, operands, keywords)
                self._interruptible = False
        except BaseException as error:
            self._interruptible = False
            failure = self._failure(error)
        finally:
            np.seterr(**errstate)
            logging.root.handlers = handlers
        stdout, stderr = collector.end_call()
        if failure is None:
            try:
                packed = (
                    self._handle(value)
                    if request.keep
                    else messages.Packer(self._handle, known=known).pack(value)
                )
            except messages.Unsendable as error:
                refused = str(error)
        changed = []
        for index, (container, mark) in enumerate(zip(containers, marks, strict=True)):
            if type(mark) is messages.Array and _is_unchanged(container, mark):
                continue
            content = self._content(container, known)
            if content is not None and (type(mark) is not tuple or content[1] != mark[1]):
                changed.append((index, content[0]))
        return messages.Result(
            value=packed,
            failure=failure,
            refused=refused,
            stdout=_sendable(stdout),
            stderr=_sendable(stderr),
            warnings=[_warned(item) for item in caught[:_MAX_WARNINGS]],
            changed=changed,
            changes=self._moved() if last else None,
        )

    def _call_each(self, request: messages.Calls) -> None:
        """Answer one call after another; whoever asked stops asking when one was interrupted."""
        before, released = request.before, request.released
        for number, (operands, keywords) in enumerate(request.calls, 1):
            one = messages.Operate(
                operation="call",
                operands=[request.function, *operands],
                keywords=keywords,
                before=before,
                released=released,
                observe=True,
                output_bytes=request.output_bytes,
            )
            before, released = None, []
            self._stopped = False
            self._answer(self._operate(one, last=number == len(request.calls)))
            if self._stopped:
                return

    def _content(self, container: Any, known: dict[int, int]) -> tuple[Any, bytes] | None:
        try:
            packed = messages.Packer(self._handle, known=known).content(container)
        except messages.Unsendable:
            return None
        return packed, messages.encoded(packed)

    def _perform(self, operation: str, operands: list[Any], keywords: dict[str, Any]) -> Any:
        if operation == "call":
            return operands[0](*operands[1:], **keywords)
        if operation in _BINARY:
            return _BINARY[operation](*operands)
        if operation == "plain":
            return _plain(operands[0])
        if operation == "run":
            return self._run_text(*operands)
        if operation == "await":
            return asyncio.run(_awaited(operands[0](*operands[1:], **keywords)))
        return _OTHERS[operation](*operands)

    def _run_text(self, source: str, mode: str, scope: int, names: dict[str, Any]) -> tuple[Any, dict]:
        """Run text that a test evaluates: its value, and the names that it assigned.

        ``scope`` 0 is the notebook's own namespace; any other is a copy of it that lasts for the session.
        """
        if mode == "eval":
            return eval(compile(source, "<cell text>", "eval", 0, True), {**self._names, **names}), {}
        if scope and scope not in self._scopes:
            self._scopes[scope] = dict(self._names)
        namespace = self._scopes[scope] if scope else self._names
        namespace.update(names)
        before = dict(namespace)
        show, sys.displayhook = sys.displayhook, sys.__displayhook__
        try:
            exec(compile(source, "<cell text>", mode, 0, True), namespace)
        finally:
            sys.displayhook = show
        return None, {
            name: value
            for name, value in namespace.items()
            if before.get(name, _MISSING) is not value and not self._notebook.is_hidden(name)
        }

    # objects

    def _pack_or_handle(self, value: Any) -> Any:
        try:
            return messages.Packer(self._handle).pack(value)
        except messages.Unsendable as error:
            return self._handle(value, note=str(error))

    def _resolve(self, value: Any) -> Any:
        kind = type(value)
        if kind is messages.Handle:
            return self._objects[value.id]
        if kind is messages.Callback:
            return _callback(self, value)
        if kind is messages.Known:
            obj = importlib.import_module(value.module)
            for part in value.name.split("."):
                obj = getattr(obj, part)
            return obj
        raise messages.MessageError(f"an unexpected {kind.__name__}")

    def _handle(self, obj: Any, note: str = "") -> Any:
        if isinstance(obj, _Callback):
            return messages.Callback(_callback_id(obj))
        number = self._ids.get(id(obj))
        if number is None:
            number, self._next_id = self._next_id, self._next_id + 1
            self._objects[number] = obj
            self._ids[id(obj)] = number
        if number in self._described:
            return messages.Handle(number, self._kind(obj)[0])
        kind, note = self._kind(obj, note)
        if kind in ("function", "class", "exception"):
            self._described.add(number)
            description = self._describe(obj, kind)
            if kind == "function":
                self._attributes[number] = messages.encoded(description.attributes) if vars(obj) else None
            return messages.Handle(number, kind, description=description)
        cls = type(obj)
        described = None
        if kind in ("object", "callable", "iterator") and not (
            cls.__module__ == "builtins" and kind != "object"
        ):
            described = self._handle(cls)
        return messages.Handle(
            number,
            kind,
            cls=described if isinstance(described, messages.Handle) else None,
            type_name=str(cls.__name__)[:200],
            note=note,
            plain=isinstance(obj, _PLAIN_BASES),
            methods=_methods(cls),
        )

    @staticmethod
    def _kind(obj: Any, note: str = "") -> tuple[str, str]:
        if isinstance(obj, type):
            return ("exception" if issubclass(obj, BaseException) else "class"), ""
        if isinstance(obj, types.FunctionType):
            return "function", ""
        if isinstance(obj, types.ModuleType):
            return "module", str(obj.__name__)[:200]
        if isinstance(obj, np.ndarray):
            if isinstance(obj, np.ma.MaskedArray):
                return "array", "masked array"
            if type(obj) is not np.ndarray:
                return "array", f"array of the class {type(obj).__name__[:200]}"
            return "array", f"array of dtype {str(obj.dtype)[:200]}"
        if hasattr(type(obj), "__next__"):
            return "iterator", note
        if callable(obj):
            return "callable", note
        return "object", note

    def _describe(self, obj: Any, kind: str) -> messages.Description:
        bases: list[Any] = []
        methods: list[str] = []
        hashable = True
        source, line = None, 1
        if kind != "function":
            for base in obj.__bases__:
                if base is object:
                    continue
                bases.append(f"{base.__name__}" if base.__module__ == "builtins" else self._handle(base))
            methods = _methods(obj)
            hashable = getattr(obj, "__hash__", None) is not None
        code = getattr(obj, "__code__", None)
        if kind != "function" or (code is not None and is_cell(code.co_filename)):
            try:
                source = _sendable(inspect.getsource(obj))[:_MAX_SOURCE]
            except (OSError, TypeError, ValueError, SyntaxError, IndexError):
                source = None
        doc = getattr(obj, "__doc__", None)
        annotations = getattr(obj, "__annotations__", None) if kind == "function" else None
        flavour = ""
        if code is not None and kind == "function":
            flags = code.co_flags
            flavour = "generator" if flags & inspect.CO_GENERATOR else ""
            flavour = "coroutine" if flags & inspect.CO_COROUTINE else flavour
        return messages.Description(
            name=_sendable(str(getattr(obj, "__name__", "")))[:200],
            qualname=_sendable(str(getattr(obj, "__qualname__", "")))[:200],
            module=_sendable(str(getattr(obj, "__module__", "")))[:200],
            doc=_sendable(doc)[:_MAX_DOC] if isinstance(doc, str) else None,
            parameters=self._parameters(obj),
            source=source,
            line=line,
            bases=bases,
            methods=methods,
            hashable=hashable,
            flavour=flavour,
            annotations=self._packed_attributes(annotations) if type(annotations) is dict else {},
            attributes=self._packed_attributes(vars(obj)) if kind == "function" else {},
        )

    def _parameters(self, obj: Any) -> list[messages.Parameter] | None:
        try:
            signature = inspect.signature(obj)
        except (ValueError, TypeError):
            return None
        result = []
        for item in list(signature.parameters.values())[:200]:
            has_default = item.default is not item.empty
            default = self._pack_or_handle(item.default) if has_default else None
            result.append(messages.Parameter(item.name, int(item.kind), has_default, default))
        return result

    def _failure(self, error: BaseException) -> messages.Failure:
        kind = type(error)
        arguments = []
        for argument in error.args[:20]:
            try:
                arguments.append(messages.Packer(self._handle).pack(argument))
            except messages.Unsendable:
                arguments.append("...")
        bases = [_library_name(base) for base in kind.__mro__]
        own = _library_name(kind) is None
        lines = own_traceback(kind, error, error.__traceback__)
        return messages.Failure(
            name=_sendable(kind.__name__)[:200],
            bases=[name for name in bases if name],
            cls=self._handle(kind) if own else None,
            arguments=arguments,
            text=_sendable(safe_text(error)),
            line=_optional(last_line(error)),
            traceback=[_sendable(line) for line in lines],
            itself=self._handle(error) if own else None,
        )

    # callbacks

    def ask(self, number: int, action: str, operands: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Have the grader use one of its own objects, for the learner's code that was given it."""
        packer = messages.Packer(self._handle)
        request = messages.CallbackRequest(
            number,
            action,
            [packer.pack(operand) for operand in operands],
            {name: packer.pack(operand) for name, operand in keywords.items()},
        )
        self._send(request)
        collector = self._notebook.collector
        while True:
            reply = self._channel.receive()
            if type(reply) is messages.Operate:  # the grader's function uses the learner's objects in turn
                held = collector.end_call()
                self._answer(self._operate(reply))
                collector.begin_call(reply.output_bytes)
                for name, text in zip(("stdout", "stderr"), held, strict=True):
                    collector.write(name, text)
                self._interruptible = True
                continue
            if type(reply) is messages.Look:
                self._send(self._look(reply))
                continue
            break
        if reply.failure is not None:
            raise self._rebuilt(reply.failure)
        return messages.Unpacker(self._resolve).unpack(reply.value)

    def _rebuilt(self, failure: messages.Failure) -> BaseException:
        unpacker = messages.Unpacker(self._resolve)
        arguments = [unpacker.unpack(argument) for argument in failure.arguments]
        if failure.cls is not None:
            kind = self._objects[failure.cls.id]
        else:
            kind = next(
                (getattr(builtins, name) for name in failure.bases if hasattr(builtins, name)), Exception
            )
        try:
            return kind(*arguments)
        except Exception:
            return RuntimeError(failure.text)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


class _Callback:
    """Something of the grader's: it can be used in the ways the grader allows, and in no other."""

    def __init__(self, value: messages.Callback) -> None:
        self._nlref_id = value.id
        self.__name__ = value.name
        self.__doc__ = value.doc


def _callback_id(callback: _Callback) -> int:
    return callback._nlref_id


def _callback(server: Server, value: messages.Callback) -> Any:
    def ask(callback: _Callback, action: str, *operands: Any, **keywords: Any) -> Any:
        return server.ask(_callback_id(callback), action, operands, keywords)

    members: dict[str, Any] = {}
    if "call" in value.can:
        members["__call__"] = lambda self, *args, **kwargs: ask(self, "call", *args, **kwargs)
    if "next" in value.can:
        members["__iter__"] = lambda self: self
        members["__next__"] = lambda self: ask(self, "next")
    if "attributes" in value.can:
        members["__getattr__"] = lambda self, name: ask(self, "attribute", name)
    return type(value.name if value.name.isidentifier() else "Callback", (_Callback,), members)(value)


def _plain(obj: Any) -> Any:
    """The content of an object whose class derives from a plain type, read with that type's own methods."""
    for base in _PLAIN_BASES:
        if isinstance(obj, base):
            if base in (int, float, complex, bool):
                return base.__add__(obj, base(0))
            if base is str:
                return str.__str__(obj) if type(obj) is str else str.__add__(obj, "")
            if base in (bytes, bytearray):
                return base.__add__(obj, b"")
            if base is dict:
                return dict(dict.items(obj))
            return base(base.__iter__(obj))
    raise TypeError(f"a {type(obj).__name__} is not a plain value")


def _methods(cls: type) -> list[str]:
    names = []
    for name in _SPECIAL:
        method = getattr(cls, name, None)
        if method is not None and method is not getattr(object, name, None):
            names.append(name)
    return names


def _library_name(kind: type) -> str | None:
    if kind.__module__ == "builtins":
        return kind.__name__
    if kind.__module__.partition(".")[0] in ("numpy", "json", "decimal", "statistics", "struct", "queue"):
        return f"{kind.__module__}.{kind.__qualname__}"
    return None


def _warned(item: warnings.WarningMessage) -> messages.Warned:
    line = item.line
    if line is None and is_cell(item.filename):
        line = linecache.getline(item.filename, item.lineno)
    text = _sendable(str(item.message))[:2_000]
    name = next((n for n in map(_library_name, item.category.__mro__) if n), "Warning")
    return messages.Warned(name, text, _optional(line.strip()[:300] if line else None))


def _fingerprint(value: Any, packed: Any) -> bytes | None:
    """The content of a value that can change in place, to see whether it did."""
    if (
        type(value) in (bool, int, float, complex, str, bytes)
        or value is None
        or isinstance(packed, messages.Handle)
    ):
        return None
    return messages.encoded(packed)


def _is_unchanged(array: np.ndarray, sent: messages.Array) -> bool:
    """Whether an argument still holds the bytes that arrived."""
    return (
        list(array.shape) == sent.shape
        and messages.name_of(array.dtype) == sent.dtype
        and messages.bytes_of(array, sent.dtype) == sent.data
    )


def _sendable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _optional(text: str | None) -> str | None:
    return None if text is None else _sendable(text)
