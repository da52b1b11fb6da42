"""What the grader and the learner's process say to each other: typed, bounded msgpack, never pickle.

The two sides run this same file, the learner's inside the sandbox, so it imports the standard library, NumPy
and msgspec alone. The grader trusts nothing that comes through it: a message is parsed against a schema,
bounded in bytes, depth and count, and a value is rebuilt from a whitelist of types. No message names a path,
a callable or a class to look up.

A value travels in one of three ways:

by value
    None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, range, slice, Ellipsis,
    NumPy arrays and scalars of the dtypes in :func:`dtype_named`, and the standard library's plain containers
    and numbers (`Counter`, `deque`, `Fraction`, `Decimal`, `datetime` ...); exact types only, a subclass is
    not its base.
as a handle
    everything else stays where it is; the other side gets a number (:class:`Handle`, :class:`Callback`).
as a reference
    :class:`Reference` is "the n-th mutable container of your request", so that a function that is given one
    array twice, or that returns its argument, is seen doing so.
"""

from __future__ import annotations

import builtins
import collections
import ctypes
import datetime
import decimal
import fractions
import math
import random
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Literal

import ml_dtypes
import msgspec
import numpy as np

MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_INT_BYTES = 16_384
MAX_RANGE = 10_000_000
MAX_DECIMAL_EXPONENT = 10_000
MAX_BIG_KEYS = 1_000
MAX_ITEMSIZE = 65_536

_PLAIN_DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "longdouble", "complex64", "complex128", "clongdouble",
)  # fmt: skip
_DTYPES = {name: np.dtype(name) for name in _PLAIN_DTYPES} | {"bfloat16": np.dtype(ml_dtypes.bfloat16)}
_DTYPE_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_TIME_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "generic")
_FACTORIES = {
    "None": None,
    "int": int,
    "float": float,
    "list": list,
    "dict": dict,
    "set": set,
    "str": str,
    "tuple": tuple,
}


class MessageError(Exception):
    """A message that breaks the schema or its bounds. Whoever sent it is at fault."""


class Unsendable(Exception):
    """A value too deep, too large or too odd to send; the text says which."""


class Closed(Exception):
    """The other side closed the connection: its process has ended."""


class Deadline(Exception):
    """The other side did not answer in time."""


class _Struct(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    pass


class Parameter(_Struct):
    """One parameter of a signature; ``kind`` is the number of `inspect.Parameter.kind`."""

    name: str
    kind: int
    has_default: bool = False
    default: Value = None


class Description(_Struct):
    """What the grader is told about a function or class, once, when it first sees its handle."""

    name: str
    qualname: str = ""
    module: str = ""
    doc: str | None = None
    parameters: list[Parameter] | None = None
    source: str | None = None
    line: int = 1
    bases: list[Handle | str] = []
    methods: list[str] = []
    hashable: bool = True
    flavour: Literal["", "generator", "coroutine"] = ""
    annotations: dict[str, Value] = {}
    attributes: dict[str, Value] = {}


class Handle(_Struct, tag="h"):
    """An object that stays in the learner's process.

    ``kind`` is what it can do there; ``cls`` is its class, when the learner's code defined that class;
    ``note`` says why an array or a container came as a handle ("masked array", "object array" ...); ``plain``
    that it derives from a type that travels by value, so that its content can be asked for.
    """

    id: int
    kind: Literal["function", "callable", "class", "exception", "object", "iterator", "module", "array"] = (
        "object"
    )
    cls: Handle | None = None
    type_name: str = ""
    note: str = ""
    plain: bool = False
    methods: list[str] = []
    description: Description | None = None


class Callback(_Struct, tag="c"):
    """An object that stays in the grader's process and that the learner's code may use in the ways that
    ``can`` lists."""

    id: int
    name: str = ""
    doc: str | None = None
    can: list[Literal["call", "next", "attributes"]] = []


class Reference(_Struct, tag="&"):
    index: int


class Known(_Struct, tag="k"):
    """A function or class of a library that both sides have. The learner's side looks it up; the grader never
    does."""

    module: str
    name: str


class BigInt(_Struct, tag="i"):
    data: bytes


class Bytes(_Struct, tag="b"):
    data: bytes


class Complex(_Struct, tag="j"):
    real: float
    imag: float


class List(_Struct, tag="l"):
    items: list[Value]


class Tuple(_Struct, tag="t"):
    items: list[Value]


class Set(_Struct, tag="s"):
    items: list[Value]


class FrozenSet(_Struct, tag="fs"):
    items: list[Value]


class Dict(_Struct, tag="d"):
    keys: list[Value]
    values: list[Value]


class Range(_Struct, tag="r"):
    start: Value
    stop: Value
    step: Value


class Slice(_Struct, tag="sl"):
    start: Value
    stop: Value
    step: Value


class Constant(_Struct, tag="k0"):
    name: Literal["Ellipsis", "NotImplemented"]


class Type(_Struct, tag="ty"):
    """A built-in type or a scalar type of NumPy, by a name of :data:`_TYPES`."""

    name: str


class Array(_Struct, tag="a"):
    """An array: dtype name, shape, raw bytes in C order. ``fortran`` and ``readonly`` are restored."""

    dtype: str
    shape: list[int]
    data: bytes
    fortran: bool = False
    readonly: bool = False


class Scalar(_Struct, tag="n"):
    dtype: str
    data: bytes


class DType(_Struct, tag="dt"):
    name: str


class Standard(_Struct, tag="o"):
    kind: Literal[
        "str", "bytearray", "Counter", "OrderedDict", "defaultdict", "deque", "Fraction", "Decimal",
        "date", "datetime", "time", "timedelta", "Generator", "RandomState", "dict_keys", "dict_values", "dict_items",
    ]  # fmt: skip
    fields: list[Value]


Value = (
    None | bool | int | float | str | Bytes | BigInt | Complex | List | Tuple | Set | FrozenSet | Dict | Range
    | Slice | Constant | Type | Array | Scalar | DType | Standard | Handle | Callback | Reference | Known
)  # fmt: skip


class RunCell(_Struct, tag="run"):
    source: str
    number: int
    output_bytes: int


class Look(_Struct, tag="look"):
    """Ask for names of the learner's notebook; the answer has those that exist. Afterwards these names are
    watched."""

    names: list[str]
    everything: bool = False


class Changes(_Struct):
    """Names that were assigned or deleted, and the state of random number generators, if it moved.

    ``mutated`` are those among the assigned names whose object is the same, with another content; ``attributes``
    those of functions, by handle, that have changed.
    """

    assigned: dict[str, Value] = {}
    deleted: list[str] = []
    mutated: list[str] = []
    random: Value = None
    numpy_random: Value = None
    errstate: dict[str, str] | None = None
    attributes: dict[int, dict[str, Value]] = {}


class Operate(_Struct, tag="do"):
    """Do one thing in the learner's process: ``operation`` is one of :data:`OPERATIONS`, applied to
    ``operands``.

    ``keep`` asks for a handle even where the result could travel by value; ``observe`` for every warning,
    whatever the notebook's filters say, as a check wants them.
    """

    operation: str
    operands: list[Value]
    keywords: dict[str, Value] = {}
    before: Changes | None = None
    released: list[int] = []
    keep: bool = False
    observe: bool = False
    output_bytes: int = 1_000_000


class Calls(_Struct, tag="calls"):
    """Ask one function many times, as a check does: a :class:`Result` for each, until one has to be stopped.

    ``calls`` are pairs of arguments and keywords.
    """

    function: Value
    calls: list[tuple[list[Value], dict[str, Value]]]
    before: Changes | None = None
    released: list[int] = []
    output_bytes: int = 1_000_000


class CallbackResult(_Struct, tag="cbr"):
    value: Value = None
    failure: Failure | None = None


class End(_Struct, tag="end"):
    pass


Request = RunCell | Look | Operate | Calls | CallbackResult | End


class Failure(_Struct):
    """An exception. ``bases`` are the built-in classes it derives from, nearest first; ``cls`` and ``itself``
    are handles of its class and of itself, if the learner's code defined that class."""

    name: str
    bases: list[str]
    cls: Handle | None
    arguments: list[Value]
    text: str
    line: str | None = None
    traceback: list[str] = []
    itself: Handle | None = None


class Warned(_Struct):
    category: str
    message: str
    line: str | None = None


class Hello(_Struct, tag="hello"):
    error: str | None = None
    seconds: float = 0.0


class Output(_Struct, tag="out"):
    """One output of a cell as JSON text of an nbformat output; the grader validates it again."""

    json: str


class CellEnd(_Struct, tag="cell"):
    error: str | None = None
    rebound: list[str] = []


class Found(_Struct, tag="found"):
    values: dict[str, Value]


class Result(_Struct, tag="ok"):
    """``changed`` holds the arguments that the call changed in place: their index as mutable containers, and
    new content."""

    value: Value = None
    failure: Failure | None = None
    refused: str | None = None
    stdout: str = ""
    stderr: str = ""
    warnings: list[Warned] = []
    changed: list[tuple[int, Value]] = []
    changes: Changes | None = None


class CallbackRequest(_Struct, tag="cb"):
    id: int
    action: Literal["call", "next", "attribute"]
    operands: list[Value]
    keywords: dict[str, Value] = {}


Reply = Hello | Output | CellEnd | Found | Result | CallbackRequest

ARITHMETIC = (
    "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift", "rshift", "and", "or",
    "xor",
)  # fmt: skip
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def dtype_named(name: str) -> np.dtype:
    """The dtype of a whitelisted name: bool, integers, floats, complex, bfloat16, ``U<n>``, ``S<n>``,
    ``M8[unit]``, ``m8[unit]``."""
    dtype = _DTYPES.get(name)
    if dtype is not None:
        return dtype
    if name[:1] in "US" and name[1:].isascii() and name[1:].isdecimal() and len(name) <= 6:
        dtype = np.dtype(name)
        if dtype.itemsize <= MAX_ITEMSIZE:
            return dtype
    if name[:3] in ("M8[", "m8[") and name[-1:] == "]" and name[3:-1] in _TIME_UNITS:
        return np.dtype(name)
    raise MessageError(f"dtype {name[:40]!r} cannot be sent")


def name_of(dtype: np.dtype) -> str | None:
    """The whitelisted name of a dtype, or None if it cannot be sent."""
    name = _DTYPE_NAMES.get(dtype)
    if name is not None:
        return name
    if not dtype.isnative or dtype.metadata:
        return None
    if dtype.kind == "U" and dtype.itemsize <= MAX_ITEMSIZE:
        return f"U{dtype.itemsize // 4}"
    if dtype.kind == "S" and dtype.itemsize <= MAX_ITEMSIZE:
        return f"S{dtype.itemsize}"
    if dtype.kind in "Mm":
        unit, count = np.datetime_data(dtype)
        if count == 1:
            return f"{dtype.kind}8[{unit}]"
    return None


class Packer:
    """Turns Python objects into values. What cannot travel by value is given to ``opaque``, which answers
    with a handle.

    ``containers`` lists the mutable containers met, in order; with ``references`` a container met twice is
    sent once.
    """

    def __init__(
        self,
        opaque: Callable[[Any], Any],
        *,
        references: bool = False,
        known: dict[int, int] | None = None,
    ) -> None:
        self._opaque = opaque
        self._references = references
        self._known = known or {}
        self._indices: dict[int, int] = {}
        self._open: set[int] = set()
        self._nodes = 0
        self.containers: list[Any] = []

    def pack(self, obj: Any, depth: int = 0) -> Any:
        kind = type(obj)
        if obj is None or kind is bool or kind is float:
            return obj
        if kind is int:
            return self._int(obj)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Unsendable(f"a value of more than {MAX_NODES:,} parts")
        if kind is str:
            return _text(obj)
        if kind is bytes:
            return Bytes(obj)
        if kind is tuple:
            if depth >= MAX_DEPTH or id(obj) in self._open:
                return self._opaque(obj)
            self._open.add(id(obj))
            try:
                return Tuple([self.pack(item, depth + 1) for item in obj])
            finally:
                self._open.discard(id(obj))
        method = _MUTABLE.get(kind)
        if method is not None:
            known = self._known.get(id(obj))
            if known is not None:
                return Reference(known)
            if self._references:
                index = self._indices.get(id(obj))
                if index is not None:
                    return Reference(index)
            if depth >= MAX_DEPTH or id(obj) in self._open:
                return self._opaque(obj)
            self._indices[id(obj)] = len(self.containers)
            self.containers.append(obj)
            self._open.add(id(obj))
            try:
                return method(self, obj, depth + 1)
            finally:
                self._open.discard(id(obj))
        method = _IMMUTABLE.get(kind)
        if method is not None:
            return method(self, obj, depth + 1)
        if obj is Ellipsis or obj is NotImplemented:
            return Constant(repr(obj))
        if kind is type and obj in _TYPE_NAMES:
            return Type(_TYPE_NAMES[obj])
        if issubclass(kind, np.generic):  # by its type: what stands for an object may claim another class
            name = name_of(obj.dtype)
            if name is not None and kind is obj.dtype.type:
                return Scalar(name, bytes_of(np.asarray(obj), name))
        elif issubclass(kind, np.dtype):
            name = name_of(obj)
            if name is not None:
                return DType(name)
        return self._opaque(obj)

    def content(self, container: Any) -> Any:
        """What a mutable container holds now; the other known containers inside it are references."""
        return _MUTABLE[type(container)](self, container, 1)

    def _int(self, obj: int) -> Any:
        bits = obj.bit_length()
        if bits < 64:
            return obj
        if bits > 8 * MAX_INT_BYTES - 1:
            raise Unsendable(f"an integer of more than {8 * MAX_INT_BYTES:,} bits")
        return BigInt(obj.to_bytes(bits // 8 + 1, "little", signed=True))

    def _list(self, obj: list, depth: int) -> Any:
        return List([self.pack(item, depth) for item in obj])

    def _set(self, obj: set, depth: int) -> Any:
        return Set([self.pack(item, depth) for item in obj])

    def _frozenset(self, obj: frozenset, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            return self._opaque(obj)
        return FrozenSet([self.pack(item, depth) for item in obj])

    def _dict(self, obj: dict, depth: int) -> Any:
        return Dict(
            [self.pack(key, depth) for key in obj], [self.pack(value, depth) for value in obj.values()]
        )

    def _array(self, obj: np.ndarray, depth: int) -> Any:
        name = name_of(obj.dtype)
        if name is None:
            return self._opaque(obj)
        fortran = obj.flags.f_contiguous and not obj.flags.c_contiguous
        return Array(name, list(obj.shape), bytes_of(obj, name), fortran, not obj.flags.writeable)

    def _standard(self, kind: str, *fields: Any, depth: int) -> Any:
        return Standard(kind, [self.pack(field, depth) for field in fields])

    def _items(self, items: Any, depth: int) -> Any:
        """A list inside a container: not a container of its own, so not counted as one."""
        return List([self.pack(item, depth) for item in items])

    def _pairs(self, obj: dict, depth: int) -> list[Any]:
        return [self._items(obj, depth), self._items(obj.values(), depth)]

    def _defaultdict(self, obj: collections.defaultdict, depth: int) -> Any:
        for name, factory in _FACTORIES.items():
            if obj.default_factory is factory:
                return Standard("defaultdict", [name, *self._pairs(obj, depth)])
        return self._opaque(obj)

    def _decimal(self, obj: decimal.Decimal, depth: int) -> Any:
        if obj.is_finite() and abs(obj.adjusted()) > MAX_DECIMAL_EXPONENT:
            raise Unsendable(f"a Decimal beyond 10**{MAX_DECIMAL_EXPONENT}")
        return self._standard("Decimal", str(obj), depth=depth)

    def _datetime(self, obj: datetime.datetime, depth: int) -> Any:
        if obj.tzinfo is not None:
            return self._opaque(obj)
        fields = (obj.year, obj.month, obj.day, obj.hour, obj.minute, obj.second, obj.microsecond, obj.fold)
        return self._standard("datetime", *fields, depth=depth)

    def _time(self, obj: datetime.time, depth: int) -> Any:
        if obj.tzinfo is not None:
            return self._opaque(obj)
        return self._standard(
            "time", obj.hour, obj.minute, obj.second, obj.microsecond, obj.fold, depth=depth
        )

    def _generator(self, obj: np.random.Generator, depth: int) -> Any:
        bits = obj.bit_generator
        if type(bits).__name__ not in _BIT_GENERATORS:
            return self._opaque(obj)
        return Standard("Generator", [Packer(unsendable).pack(bits.state)])

    def _random_state(self, obj: np.random.RandomState, depth: int) -> Any:
        state = obj.get_state(legacy=False)
        if state["bit_generator"] != "MT19937":
            return self._opaque(obj)
        return Standard("RandomState", [Packer(unsendable).pack(state)])


def bytes_of(array: np.ndarray, name: str) -> bytes:
    """The elements in C order. The 80 bits of an x86 long double are padded with whatever memory held: that
    is not sent."""
    if name not in ("longdouble", "clongdouble") or np.finfo(np.longdouble).nmant != 63:
        return array.tobytes()
    data = np.frombuffer(array.tobytes(), np.uint8).reshape(-1, np.dtype("longdouble").itemsize).copy()
    data[:, 10:] = 0
    return data.tobytes()


def _text(obj: str) -> Any:
    if obj.isascii():
        return obj
    try:
        obj.encode()
    except UnicodeEncodeError:
        return Standard("str", [Bytes(obj.encode("utf-8", "surrogatepass"))])
    return obj


_BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")

_MUTABLE = {
    list: Packer._list,
    set: Packer._set,
    dict: Packer._dict,
    np.ndarray: Packer._array,
    bytearray: lambda self, obj, depth: self._standard("bytearray", bytes(obj), depth=depth),
    collections.Counter: lambda self, obj, depth: Standard("Counter", self._pairs(obj, depth)),
    collections.OrderedDict: lambda self, obj, depth: Standard("OrderedDict", self._pairs(obj, depth)),
    collections.defaultdict: Packer._defaultdict,
    collections.deque: lambda self, obj, depth: Standard("deque", [self._items(obj, depth), obj.maxlen]),
    np.random.Generator: Packer._generator,
    np.random.RandomState: Packer._random_state,
}
_IMMUTABLE = {
    type({}.keys()): lambda self, obj, depth: Standard("dict_keys", [self._items(obj, depth)]),
    type({}.values()): lambda self, obj, depth: Standard("dict_values", [self._items(obj, depth)]),
    type({}.items()): lambda self, obj, depth: Standard("dict_items", self._pairs(dict(obj), depth)),
    complex: lambda self, obj, depth: Complex(obj.real, obj.imag),
    frozenset: Packer._frozenset,
    range: lambda self, obj, depth: Range(self._int(obj.start), self._int(obj.stop), self._int(obj.step)),
    slice: lambda self, obj, depth: Slice(
        *(self.pack(part, depth) for part in (obj.start, obj.stop, obj.step))
    ),
    fractions.Fraction: lambda self, obj, depth: self._standard(
        "Fraction", obj.numerator, obj.denominator, depth=depth
    ),
    decimal.Decimal: Packer._decimal,
    datetime.date: lambda self, obj, depth: self._standard("date", obj.year, obj.month, obj.day, depth=depth),
    datetime.datetime: Packer._datetime,
    datetime.time: Packer._time,
    datetime.timedelta: lambda self, obj, depth: self._standard(
        "timedelta", obj.days, obj.seconds, obj.microseconds, depth=depth
    ),
}


_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        bool, int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, range, slice, object,
        type(None), *(e for e in vars(builtins).values() if isinstance(e, type) and issubclass(e, Exception)),
    )
} | {f"numpy.{name}": dtype.type for name, dtype in _DTYPES.items() if name != "bfloat16"}  # fmt: skip
_TYPE_NAMES = {kind: name for name, kind in _TYPES.items()}


def _type_named(value: Type) -> type:
    if value.name not in _TYPES:
        raise MessageError("a type that cannot be sent")
    return _TYPES[value.name]


class Unpacker:
    """Rebuilds Python objects from values, and nothing else than the types listed above.

    Handles are given to ``resolve``. ``references`` are the containers that a :class:`Reference` may name:
    those of this message on the learner's side, the caller's own arguments on the grader's.
    """

    def __init__(self, resolve: Callable[[Any], Any], *, references: list[Any] | None = None) -> None:
        self._resolve = resolve
        self._own = references is None
        self.containers: list[Any] = [] if references is None else references
        self.sources: list[Any] = []
        self._nodes = 0

    def unpack(self, value: Any, depth: int = 0) -> Any:
        kind = type(value)
        if value is None or kind in _AS_THEY_ARE:
            return value
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise MessageError(f"a value of more than {MAX_NODES:,} parts")
        if depth > 2 * MAX_DEPTH:
            raise MessageError(f"a value nested deeper than {MAX_DEPTH} levels")
        method = _UNPACK.get(kind)
        if method is None:
            return self._resolve(value)
        try:
            return method(self, value, depth + 1)
        except MessageError:
            raise
        except (
            ValueError,
            TypeError,
            OverflowError,
            ArithmeticError,
            KeyError,
            IndexError,
            MemoryError,
        ) as error:
            raise MessageError(f"a {kind.__name__} that cannot be rebuilt: {error}") from None

    def _remember(self, container: Any, source: Any = None) -> Any:
        if self._own:
            self.containers.append(container)
            self.sources.append(source)
        return container

    def _reference(self, value: Reference, depth: int) -> Any:
        if not 0 <= value.index < len(self.containers):
            raise MessageError("a reference to an argument that does not exist")
        return self.containers[value.index]

    def _int(self, value: BigInt, depth: int) -> int:
        if len(value.data) > MAX_INT_BYTES + 1:
            raise MessageError("an integer that is too long")
        return int.from_bytes(value.data, "little", signed=True)

    def _list(self, value: List, depth: int) -> list:
        result = self._remember([])
        result.extend(self.unpack(item, depth) for item in value.items)
        return result

    def _keys(self, values: list[Any], depth: int) -> list[Any]:
        keys = [self.unpack(key, depth) for key in values]
        big = sum(type(key) is int and key.bit_length() > 60 for key in keys)
        if big > MAX_BIG_KEYS:  # made to collide, they would keep the grader busy for hours
            raise MessageError(f"more than {MAX_BIG_KEYS:,} keys above 2**60")
        return keys

    def _set(self, value: Set, depth: int) -> set:
        result = self._remember(set())
        result.update(self._keys(value.items, depth))
        return result

    def _frozenset(self, value: FrozenSet, depth: int) -> frozenset:
        return frozenset(self._keys(value.items, depth))

    def _pairs(self, keys: list[Any], values: list[Any], depth: int) -> zip:
        if len(keys) != len(values):
            raise MessageError("a dict whose keys and values differ in number")
        return zip(self._keys(keys, depth), [self.unpack(item, depth) for item in values], strict=True)

    def _dict(self, value: Dict, depth: int) -> dict:
        result = self._remember({})
        result.update(self._pairs(value.keys, value.values, depth))
        return result

    def _range(self, value: Range, depth: int) -> range:
        result = range(*(self._integer(part) for part in (value.start, value.stop, value.step)))
        length = (result.stop - result.start) // result.step
        if length > MAX_RANGE:
            raise MessageError(f"a range of more than {MAX_RANGE:,} numbers")
        return result

    def _integer(self, value: Any) -> int:
        result = self.unpack(value)
        if type(result) is not int:
            raise MessageError("a field that is not an integer")
        return result

    def _array(self, value: Array, depth: int) -> np.ndarray:
        return self._remember(array_from(value), value)

    def _scalar(self, value: Scalar, depth: int) -> np.generic:
        array = array_from(Array(value.dtype, [], value.data))
        return array[()]

    def _standard(self, value: Standard, depth: int) -> Any:
        fields = value.fields
        kind = value.kind
        if kind == "str":
            return _only(fields[0], Bytes).data.decode("utf-8", "surrogatepass")
        if kind == "bytearray":
            return self._remember(bytearray(_only(fields[0], Bytes).data))
        if kind in ("Counter", "OrderedDict"):
            result = self._remember(getattr(collections, kind)())
            keys, values = fields
            pairs = self._pairs(_only(keys, List).items, _only(values, List).items, depth)
            for key, item in pairs:
                result[key] = item
            return result
        if kind == "defaultdict":
            factory, keys, values = fields
            result = self._remember(collections.defaultdict(_FACTORIES[_only(factory, str)]))
            result.update(self._pairs(_only(keys, List).items, _only(values, List).items, depth))
            return result
        if kind == "dict_keys":
            return dict.fromkeys(self._keys(_only(fields[0], List).items, depth)).keys()
        if kind == "dict_values":
            return dict(enumerate(self.unpack(item, depth) for item in _only(fields[0], List).items)).values()
        if kind == "dict_items":
            keys, values = fields
            return dict(self._pairs(_only(keys, List).items, _only(values, List).items, depth)).items()
        if kind == "deque":
            items, maxlen = fields
            if maxlen is not None and (type(maxlen) is not int or maxlen < 0):
                raise MessageError("a deque of impossible length")
            result = self._remember(collections.deque(maxlen=maxlen))
            result.extend(self.unpack(item, depth) for item in _only(items, List).items)
            return result
        if kind == "Decimal":
            text = _only(fields[0], str)
            if len(text) > MAX_INT_BYTES:
                raise MessageError("a Decimal that is too long")
            number = decimal.Decimal(text)
            if number.is_finite() and abs(number.adjusted()) > MAX_DECIMAL_EXPONENT:
                raise MessageError(f"a Decimal beyond 10**{MAX_DECIMAL_EXPONENT}")
            return number
        if kind == "Generator":
            return self._remember(_generator(Unpacker(_no_handles).unpack(fields[0])))
        if kind == "RandomState":
            result = np.random.RandomState(0)
            result.set_state(checked_state(Unpacker(_no_handles).unpack(fields[0]), ("MT19937",)))
            return self._remember(result)
        numbers = [self._integer(field) for field in fields]
        if kind == "Fraction":
            return fractions.Fraction(*numbers)
        if kind == "timedelta":
            return datetime.timedelta(*numbers)
        if kind == "date":
            return datetime.date(*numbers)
        return getattr(datetime, kind)(*numbers[:-1], fold=numbers[-1])


def _only(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise MessageError(f"a field that is not a {kind.__name__}")
    return value


def array_from(value: Array) -> np.ndarray:
    """A fresh array of a whitelisted dtype, or :class:`MessageError`."""
    dtype = dtype_named(value.dtype)
    shape = value.shape
    if len(shape) > 32 or any(side < 0 for side in shape):
        raise MessageError("an array of impossible shape")
    if math.prod(shape) * dtype.itemsize != len(value.data):
        raise MessageError("an array whose shape and bytes disagree")
    if math.prod(max(side, 1) for side in shape) > 2**28:
        raise MessageError("an array of too many elements")
    array = np.frombuffer(value.data, dtype=dtype) if dtype.itemsize else np.zeros(math.prod(shape), dtype)
    array = array.reshape(shape).copy(order="F" if value.fortran else "C")
    if dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise MessageError("a truth value that is neither 0 nor 1")
    if dtype.kind == "U" and array.size and np.frombuffer(value.data, np.uint32).max() > 0x10FFFF:
        raise MessageError("a string that is not Unicode")
    if value.readonly:
        array.flags.writeable = False
    return array


_STATE_WORDS = {"PCG64": None, "PCG64DXSM": None, "MT19937": 624, "Philox": None, "SFC64": 4}


def checked_state(state: Any, allowed: tuple[str, ...] = _BIT_GENERATORS) -> dict:
    """The state of a bit generator, if its form is NumPy's own."""
    if type(state) is not dict or state.get("bit_generator") not in allowed:
        raise MessageError("the state of an unknown random number generator")
    name = state["bit_generator"]
    inner = state.get("state")
    template = getattr(np.random, name)(0).state
    if name == "MT19937" and (type(inner) is not dict or not 0 <= int(inner.get("pos", -1)) <= 624):
        raise MessageError("a random state of the wrong form")
    if type(inner) is not dict or inner.keys() != template["state"].keys():
        raise MessageError("a random state of the wrong form")
    for key, model in template["state"].items():
        given = inner[key]
        if isinstance(model, np.ndarray):
            if type(given) is not np.ndarray or given.shape != model.shape or given.dtype != model.dtype:
                raise MessageError("a random state of the wrong form")
        elif type(given) is not int or not 0 <= given < 2**128:
            raise MessageError("a random state of the wrong form")
    for key, model in template.items():
        if key in ("bit_generator", "state"):
            continue
        given = state.get(key)
        if isinstance(model, np.ndarray):
            if type(given) is not np.ndarray or given.shape != model.shape or given.dtype != model.dtype:
                raise MessageError("a random state of the wrong form")
        elif type(given) is not int or not 0 <= given < 2**32:
            raise MessageError("a random state of the wrong form")
    if name == "Philox" and not 0 <= state["buffer_pos"] <= 4:
        raise MessageError("a random state of the wrong form")
    if "has_gauss" in state and (state["has_gauss"] not in (0, 1) or type(state.get("gauss")) is not float):
        raise MessageError("a random state of the wrong form")
    return state


class RandomWatch:
    """Sees whether the global generators of `random` and `numpy.random` have moved: before and after every
    question, so it is fast.

    NumPy's Mersenne Twister is compared where it lies in memory; its one hidden field, the second of a pair
    of normal numbers, is asked for only when there is one.
    """

    def __init__(self) -> None:
        self._bits = np.random.get_bit_generator()
        self._address = getattr(self._bits.ctypes, "state_address", None)
        if type(self._bits).__name__ != "MT19937":
            self._address = None
        self._python: Any = None
        self._numpy: Any = None
        self.moved()

    def _numpy_mark(self) -> Any:
        if self._address is None or np.random.get_bit_generator() is not self._bits:
            return repr(np.random.get_state(legacy=False))
        mark = ctypes.string_at(self._address, 625 * 4)
        if type(self._numpy) is tuple and self._numpy[0] == mark and not self._numpy[1]:
            return self._numpy
        return mark, np.random.get_state(legacy=False)["has_gauss"]

    def moved(self) -> tuple[Any, Any]:
        """The states of Python's and NumPy's generator, packed, each None if it has not moved since the last
        look."""
        python, numpy = random.getstate(), self._numpy_mark()
        moved = (
            None if python == self._python else Packer(unsendable).pack(python),
            None if numpy == self._numpy else Packer(unsendable).pack(np.random.get_state(legacy=False)),
        )
        self._python, self._numpy = python, numpy
        return moved


def has_only_advanced(before: Any, after: Any, blocks: int = 256) -> bool:
    """Whether one packed Mersenne Twister state comes from another by drawing at most ``624 * blocks``
    numbers.

    The grader takes over the learner's state only then: a forged one could make every random input of a test
    zero.
    """
    try:
        (old, _), (new, position) = _twister(before), _twister(after)
    except (MessageError, ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError):
        return False
    if not 0 <= position <= 624:
        return False
    bits = np.random.MT19937(0)
    for _ in range(blocks + 1):
        if np.array_equal(old, new):
            return True
        bits.state = {"bit_generator": "MT19937", "state": {"key": old, "pos": 624}}
        bits.random_raw(624)
        old = bits.state["state"]["key"]
    return False


def _twister(packed: Any) -> tuple[np.ndarray, int]:
    """The words and the position of a packed state of `random` or `numpy.random`."""
    state = Unpacker(_no_handles).unpack(packed)
    if type(state) is dict:
        state = checked_state(state, ("MT19937",))["state"]
        return state["key"], int(state["pos"])
    words = np.array(state[1][:624], dtype=np.uint32)
    if words.shape != (624,) or len(state[1]) != 625 or type(state[1][624]) is not int:
        raise MessageError("a random state of the wrong form")
    return words, state[1][624]


def set_random_states(python: Any, numpy: Any) -> None:
    """Put the generators into states that the other side sent; :class:`MessageError` if they are none."""
    unpacker = Unpacker(_no_handles)
    if python is not None:
        try:
            random.setstate(unpacker.unpack(python))
        except (TypeError, ValueError, OverflowError):
            raise MessageError("a random state of the wrong form") from None
    if numpy is not None:
        np.random.set_state(checked_state(unpacker.unpack(numpy), ("MT19937",)))


def unsendable(obj: Any) -> Any:
    """What a :class:`Packer` is given where nothing may stay behind as a handle."""
    raise Unsendable(f"a {type(obj).__name__}")


def _no_handles(value: Any) -> Any:
    raise MessageError(f"an unexpected {type(value).__name__}")


def _generator(state: Any) -> np.random.Generator:
    state = checked_state(state)
    bits = getattr(np.random, state["bit_generator"])(0)
    bits.state = state
    return np.random.Generator(bits)


_AS_THEY_ARE = frozenset((bool, int, float, str))
_UNPACK = {
    BigInt: Unpacker._int,
    Bytes: lambda self, value, depth: value.data,
    Complex: lambda self, value, depth: complex(value.real, value.imag),
    List: Unpacker._list,
    Tuple: lambda self, value, depth: tuple([self.unpack(item, depth) for item in value.items]),
    Set: Unpacker._set,
    FrozenSet: Unpacker._frozenset,
    Dict: Unpacker._dict,
    Range: Unpacker._range,
    Slice: lambda self, value, depth: slice(
        *(self.unpack(part, depth) for part in (value.start, value.stop, value.step))
    ),
    Constant: lambda self, value, depth: Ellipsis if value.name == "Ellipsis" else NotImplemented,
    Type: lambda self, value, depth: _type_named(value),
    Array: Unpacker._array,
    Scalar: Unpacker._scalar,
    DType: lambda self, value, depth: dtype_named(value.name),
    Standard: Unpacker._standard,
    Reference: Unpacker._reference,
}


_LENGTH = struct.Struct("<I")
_encoder = msgspec.msgpack.Encoder()
_decoders = {"request": msgspec.msgpack.Decoder(Request), "reply": msgspec.msgpack.Decoder(Reply)}
_value_encoder = msgspec.msgpack.Encoder()


def encoded(value: Any) -> bytes:
    """A packed value as bytes, to compare two states of one container."""
    return _value_encoder.encode(value)


class Channel:
    """Frames over a stream socket: a 4-byte length, then one msgpack message.

    ``receives`` is "request" on the learner's side and "reply" on the grader's. A frame above ``max_bytes``
    is refused before it is read.
    """

    def __init__(self, sock: socket.socket, receives: Literal["request", "reply"], max_bytes: int) -> None:
        self._sock = sock
        self._decode = _decoders[receives].decode
        self._max_bytes = max_bytes

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()

    def send(self, message: Any, deadline: float | None = None) -> None:
        body = _encoder.encode(message)
        if len(body) >= 2**31:
            raise Unsendable("a message of more than 2 GiB")
        self.send_encoded(body, deadline)

    def send_encoded(self, body: bytes, deadline: float | None = None) -> None:
        views = [memoryview(_LENGTH.pack(len(body))), memoryview(body)]
        try:
            while views:
                self._sock.settimeout(_remaining(deadline))
                sent = self._sock.sendmsg(views)
                while views and sent >= len(views[0]):
                    sent -= len(views.pop(0))
                if views and sent:
                    views[0] = views[0][sent:]
        except TimeoutError:
            raise Deadline from None
        except (BrokenPipeError, ConnectionError):
            raise Closed from None

    def receive(self, deadline: float | None = None) -> Any:
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
        if length > self._max_bytes:
            raise MessageError(f"an answer of {length:,} bytes; at most {self._max_bytes:,} are allowed")
        body = self._exactly(length, deadline)
        try:
            return self._decode(body)
        except (msgspec.DecodeError, RecursionError, ValueError, TypeError, MemoryError) as error:
            raise MessageError(f"an answer that does not follow the protocol: {error}") from None

    def _exactly(self, count: int, deadline: float | None) -> bytes:
        parts = []
        while count:
            try:
                self._sock.settimeout(_remaining(deadline))
                part = self._sock.recv(min(count, 1 << 20))
            except TimeoutError:
                raise Deadline from None
            except ConnectionError:
                raise Closed from None
            if not part:
                raise Closed
            parts.append(part)
            count -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
