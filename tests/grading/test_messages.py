"""Values cross the wire as they are, or not at all; whatever else arrives is refused with a reason."""

import collections
import datetime
import decimal
import fractions
import math
import random
import socket
import struct
import threading
import time

import ml_dtypes
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlref.grading import messages as m

_decoder = msgspec.msgpack.Decoder(m.Value)


def no_handles(value):
    raise AssertionError(f"{value!r} should travel by value")


def there_and_back(value, references=False):
    packed = m.Packer(no_handles, references=references).pack(value)
    return m.Unpacker(no_handles).unpack(_decoder.decode(m.encoded(packed)))


def unpacked(value):
    """A value as a hostile sender could make it: through the wire's schema, then rebuilt."""
    return m.Unpacker(no_handles).unpack(_decoder.decode(m.encoded(value)))


PLAIN = [
    None, True, 0, -1, 2**63 - 1, -(2**63), 2**64, -(2**200), 1.5, -0.0, math.inf, 2 - 3j, "", "é", "\ud800",
    b"\x00\xff",
    [], [1, [2, [3]]], (), (1,), (1, (2, 3)), set(), {1, "a"}, frozenset({2.5}), {}, {"a": 1, (1, 2): [3]},
    range(5), range(10, -3, -2), slice(None), slice(1, 2**70, -1), ..., NotImplemented, bytearray(b"xy"),
    collections.Counter("abca"), collections.OrderedDict([("b", 1), ("a", 2)]), collections.deque([1, 2], maxlen=3),
    collections.defaultdict(list, {"a": [1]}), fractions.Fraction(-3, 7), decimal.Decimal("1.10"),
    decimal.Decimal("NaN"),
    datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 30, 1, 5), datetime.time(1, 2, 3),
    datetime.timedelta(-1, 5),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=[f"{type(value).__name__}-{i}" for i, value in enumerate(PLAIN)])
def test_plain_values_arrive_as_they_were(value):
    result = there_and_back(value)
    assert type(result) is type(value)
    assert repr(result) == repr(value)


def test_a_defaultdict_keeps_its_factory_and_a_deque_its_length():
    assert there_and_back(collections.defaultdict(list))["new"] == []
    assert there_and_back(collections.deque([1, 2], maxlen=2)).maxlen == 2


DTYPES = [*m._PLAIN_DTYPES, "bfloat16", "U3", "S4", "M8[s]", "m8[us]"]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3), (0, 4), (1, 1, 2)])
def test_arrays_keep_dtype_shape_and_bytes(name, shape):
    dtype = m.dtype_named(name)
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    result = there_and_back(array)
    assert type(result) is np.ndarray
    assert result.dtype == dtype
    assert result.shape == shape
    assert m.bytes_of(result, name) == m.bytes_of(array, name)
    assert result.flags.writeable
    assert result.flags.owndata or result.base.flags.owndata


@pytest.mark.parametrize("name", DTYPES)
def test_scalars_keep_their_type(name):
    array = (
        np.ones((), m.dtype_named(name))
        if name[0] not in "USMm"
        else np.array("1").astype(m.dtype_named(name))
    )
    scalar = array[()]
    result = there_and_back(scalar)
    assert type(result) is type(scalar)
    assert result == scalar or (result != result and scalar != scalar)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant != 63, reason="long doubles have no padding here")
def test_the_padding_of_long_doubles_is_not_sent():
    memory = np.frombuffer(bytes(range(16)) * 2, np.longdouble)
    data = m.Packer(no_handles).pack(memory).data
    assert data[:10] == bytes(range(10))
    assert data[10:16] == data[26:] == bytes(6)


def test_arrays_keep_order_and_protection():
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    array.flags.writeable = False
    result = there_and_back(array)
    assert result.flags.f_contiguous
    assert not result.flags.c_contiguous
    assert not result.flags.writeable
    assert np.array_equal(result, array)
    strided = np.arange(10.0)[::3]
    assert np.array_equal(there_and_back(strided), strided)


def test_a_generator_goes_on_where_it_was():
    for make in (np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64, np.random.PCG64DXSM):
        generator = np.random.Generator(make(3))
        generator.random(7)
        twin = there_and_back(generator)
        assert np.array_equal(twin.random(5), generator.random(5))
    state = np.random.RandomState(5)
    state.randn()
    assert there_and_back(state).randn() == state.randn()


def test_one_array_twice_is_one_array():
    array = np.zeros(2)
    one, other = there_and_back([array, array], references=True)
    assert one is other
    one, other = there_and_back([array, array])
    assert one is not other


class LoudFloat(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class LoudArray(np.ndarray):
    pass


Point = collections.namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [
        LoudFloat(1), type("S", (str,), {})("a"), type("L", (list,), {})(), type("D", (dict,), {})(), Point(1, 2),
        np.zeros(2).view(LoudArray), np.ma.masked_array([1.0], mask=[True]),
        np.array([object()], dtype=object), np.zeros(2, dtype="i4,f4"), np.dtype("i4,f4"), np.zeros(2, dtype=">f8"),
        object(), len, LoudFloat, iter([]), (i for i in ()), ValueError("x"), datetime.datetime.now(datetime.UTC),
        np.array(["x" * 20_000]),
    ],
    ids=lambda value: f"{type(value).__name__}",
)  # fmt: skip
def test_what_is_no_plain_value_stays_where_it_is(value):
    kept = []
    packed = m.Packer(lambda obj: kept.append(obj) or m.Handle(1)).pack(value)
    assert type(packed) is m.Handle
    assert kept[0] is value


def test_a_list_inside_itself_becomes_a_handle():
    knot = [1]
    knot.append(knot)
    kept = []
    packed = m.Packer(lambda obj: kept.append(obj) or m.Handle(7)).pack(knot)
    assert packed == m.List([1, m.Handle(7)])
    assert kept[0] is knot


def test_too_large_values_are_not_sent():
    for value, text in (
        ([[0]] * 600_000, "parts"),
        (1 << (8 * m.MAX_INT_BYTES), "bits"),
        (decimal.Decimal("1e999999"), "Decimal"),
    ):
        with pytest.raises(m.Unsendable, match=text):
            m.Packer(no_handles).pack(value)


def big(number):
    return m.Packer(no_handles).pack(number)


HOSTILE = {
    "unknown dtype": m.Array("object", [1], b"12345678"),
    "structured dtype": m.Array("i4,f4", [1], b"12345678"),
    "pickled dtype": m.Array("O", [1], b"12345678"),
    "other byte order": m.Array(">f8", [1], b"12345678"),
    "too few bytes": m.Array("float64", [2], b"12345678"),
    "too many bytes": m.Array("float64", [1], b"1" * 16),
    "negative side": m.Array("float64", [-1, -1], b"12345678"),
    "overflowing shape": m.Array("float64", [2**32, 2**32, 0], b""),
    "huge empty": m.Array("float64", [2**40, 0], b""),
    "many dimensions": m.Array("float64", [1] * 70, b"12345678"),
    "truth of 2": m.Array("bool", [1], b"\x02"),
    "no Unicode": m.Array("U1", [1], b"\xff\xff\xff\x7f"),
    "wide string": m.Array("U99999", [0], b""),
    "scalar of an array's size": m.Scalar("float64", b"1" * 16),
    "reference to nothing": m.Reference(0),
    "negative reference": m.Reference(-1),
    "unhashable key": m.Dict([m.List([])], [1]),
    "unequal dict": m.Dict([1, 2], [1]),
    "unhashable item": m.Set([m.Dict([], [])]),
    "range of strings": m.Range("a", 1, 1),
    "endless range": m.Range(0, big(2**80), 1),
    "range without step": m.Range(0, 1, 0),
    "fraction by zero": m.Standard("Fraction", [1, 0]),
    "fraction of strings": m.Standard("Fraction", ["1", "2"]),
    "huge decimal": m.Standard("Decimal", ["1e999999999"]),
    "no decimal": m.Standard("Decimal", ["x"]),
    "no date": m.Standard("date", [2024, 2, 31]),
    "few fields": m.Standard("datetime", [1]),
    "no fields": m.Standard("deque", []),
    "long integer": m.BigInt(b"1" * (m.MAX_INT_BYTES + 10)),
    "foreign factory": m.Standard("defaultdict", ["eval", m.List([]), m.List([])]),
    "generator without state": m.Standard("Generator", [m.Dict([], [])]),
    "generator of a path": m.Standard("Generator", [m.Dict(["bit_generator"], ["os.system"])]),
    "colliding keys": m.Dict([big(i * (2**61 - 1)) for i in range(3, 2_000)], list(range(3, 2_000))),
}  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_values_are_refused(value):
    with pytest.raises(m.MessageError):
        unpacked(value)


def test_deep_values_are_refused():
    value = m.List([])
    for _ in range(500):
        value = m.List([value])
    with pytest.raises(m.MessageError, match="deeper"):
        m.Unpacker(no_handles).unpack(value)


def test_a_random_state_of_zeros_is_not_an_advanced_one():
    watch = m.RandomWatch()
    np.random.seed(3)
    before = watch.moved()[1]
    np.random.rand(5_000)
    after = watch.moved()[1]
    assert m.has_only_advanced(before, after)
    forged = np.random.get_state(legacy=False)
    forged["state"]["key"] = np.zeros(624, np.uint32)
    assert not m.has_only_advanced(before, m.Packer(no_handles).pack(forged))
    np.random.seed(4)
    assert not m.has_only_advanced(before, watch.moved()[1])
    random.seed(1)
    before = watch.moved()[0]
    random.random()
    assert m.has_only_advanced(before, watch.moved()[0])
    assert not m.has_only_advanced(before, m.Tuple([3, m.Tuple([0] * 625), None]))
    assert not m.has_only_advanced(before, 5)


def test_a_second_normal_number_counts_as_movement():
    watch = m.RandomWatch()
    np.random.seed(0)
    watch.moved()
    assert watch.moved() == (None, None)
    np.random.randn()
    assert watch.moved()[1] is not None
    np.random.randn()  # takes the second of the pair: the twister itself does not move
    assert watch.moved()[1] is not None
    assert watch.moved()[1] is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.integers() | st.text(), inner)
    ),
    max_leaves=20,
)


@given(values)
def test_any_nest_of_plain_values_arrives(value):
    assert repr(there_and_back(value)) == repr(value)


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_noise_is_refused_or_harmless(data):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("<I", len(data)) + data)
        try:
            message = m.Channel(ours, "reply", 1000).receive(time.monotonic() + 5)
        except m.MessageError:
            return
        assert isinstance(message, m.Reply)


class TestChannel:
    @pytest.fixture
    def pair(self):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            yield m.Channel(ours, "reply", 100_000), theirs

    def test_a_message_arrives(self, pair):
        channel, theirs = pair
        m.Channel(theirs, "request", 1).send(m.Result(value=m.List([1])))
        assert channel.receive(time.monotonic() + 5) == m.Result(value=m.List([1]))

    def test_a_large_announcement_is_refused_before_it_is_read(self, pair):
        channel, theirs = pair
        theirs.sendall(struct.pack("<I", 2**31))
        with pytest.raises(m.MessageError, match=r"2,147,483,648 bytes; at most 100,000"):
            channel.receive(time.monotonic() + 5)

    def test_a_closed_connection_says_so(self, pair):
        channel, theirs = pair
        theirs.sendall(b"\x05\x00")
        theirs.close()
        with pytest.raises(m.Closed):
            channel.receive(time.monotonic() + 5)

    def test_an_answer_in_drips_is_too_late(self, pair):
        channel, theirs = pair
        stop = threading.Event()

        def drip():
            theirs.sendall(struct.pack("<I", 50_000))
            while not stop.wait(0.02):
                theirs.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(m.Deadline):
                channel.receive(time.monotonic() + 0.3)
        finally:
            stop.set()
            thread.join()

    def test_a_listener_who_does_not_listen_is_too_late(self, pair):
        channel, _ = pair
        with pytest.raises(m.Deadline):
            channel.send(m.RunCell("x" * 50_000_000, 1, 1), time.monotonic() + 0.3)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\xc1",
            msgspec.msgpack.encode(["ok"] + [1] * 20),
            msgspec.msgpack.encode(["run", "1", 1, 1]),
            msgspec.msgpack.encode({"ok": 1}),
            msgspec.msgpack.encode(["ok", ["a", "float64", "x", b""]]),
            b"\x91" * 90_000,
            msgspec.msgpack.encode(m.Hello()) + b"more",
        ],
    )
    def test_what_is_no_message_is_refused(self, pair, body):
        channel, theirs = pair
        theirs.sendall(struct.pack("<I", len(body)) + body)
        with pytest.raises(m.MessageError, match="protocol"):
            channel.receive(time.monotonic() + 5)


def test_bfloat16_is_spelled_by_its_name():
    array = np.array([1.5, -2.0], dtype=ml_dtypes.bfloat16)
    packed = m.Packer(no_handles).pack(array)
    assert packed.dtype == "bfloat16"
    assert there_and_back(array).dtype == array.dtype


def test_the_caller_gets_its_own_array_back():
    mine = np.zeros(3)
    unpacker = m.Unpacker(no_handles, references=[mine])
    assert unpacker.unpack(m.Reference(0)) is mine
    assert unpacker.unpack(m.Tuple([1, m.Reference(0)]))[1] is mine
    with pytest.raises(m.MessageError):
        unpacker.unpack(m.Reference(1))
