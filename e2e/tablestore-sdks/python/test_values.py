"""Every type of value, in columns and in keys, through both codecs and both signatures of the SDK."""

import math
import struct

import pytest
from conftest import KEY_ID, REGION, columns, connect, refused
from tablestore import Condition, OTSClientError, Row

COLUMNS = {
    "zero": 0,
    "one": 1,
    "minus one": -1,
    "largest integer": 2**63 - 1,
    "smallest integer": -(2**63),
    "double": 3.141592653589793,
    "smallest double": 5e-324,
    "largest double": 1.7976931348623157e308,
    "whole double": 2.0,
    "true": True,
    "false": False,
    "string": "value",
    "empty string": "",
    "several scripts": "表格存储 Größe Δx 🦊 \u0000 end",
    "string with line ends": "a\r\nb\tc\\",
    "long string": "x" * 100_000,
    "blob": bytearray(range(256)),
    "empty blob": bytearray(),
    "blob that looks like text": bytearray(b"value"),
    "long blob": bytearray(b"\x00\xff" * 50_000),
}

CLIENTS = {
    "v2": {},
    "v2 without native code": {"enable_native": False},
    "v4": {"region": REGION},
    "v4 without native code": {"region": REGION, "enable_native": False},
    # The native code must do it alone: no second attempt in Python.
    "v2 without fallback": {"native_fallback": False},
}


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda name: name.replace(" ", "-"))
def speaker(request):
    return connect(**CLIENTS[request.param])


@pytest.mark.parametrize("name", COLUMNS, ids=lambda name: name.replace(" ", "-"))
def test_column_comes_back_as_it_was_put(speaker, plain, key, name):
    value = COLUMNS[name]
    speaker.put_row(plain, Row(key, [("c", value)]), Condition("IGNORE"))
    _, row, _ = speaker.get_row(plain, key)
    assert columns(row) == [("c", value)]
    assert type(row.attribute_columns[0][1]) is type(value)


@pytest.mark.parametrize("name", COLUMNS, ids=lambda name: name.replace(" ", "-"))
def test_column_comes_back_as_it_was_updated(client, plain, key, name):
    value = COLUMNS[name]
    client.update_row(plain, Row(key, {"put": [("c", value)]}), Condition("IGNORE"))
    _, row, _ = client.get_row(plain, key)
    assert columns(row) == [("c", value)]


@pytest.mark.parametrize(
    "value,message",
    [
        (math.nan, "NaN can't be set to double value."),
        (math.inf, "Infinity can't be set to double value."),
        (-math.inf, "Infinity can't be set to double value."),
    ],
)
def test_doubles_that_are_no_numbers(client, plain, key, value, message):
    with refused("OTSParameterInvalid", 400, message):
        client.put_row(plain, Row(key, [("c", value)]))
    with refused("OTSParameterInvalid", 400, message):
        client.update_row(plain, Row(key, {"put": [("c", value)]}), Condition("IGNORE"))
    assert client.get_row(plain, key)[1] is None


def test_a_negative_zero_keeps_its_sign(client, plain, key):
    client.put_row(plain, Row(key, [("c", -0.0)]))
    assert math.copysign(1, columns(client.get_row(plain, key)[1])[0][1]) == -1


def test_all_types_in_one_row(speaker, plain, key):
    written = [(f"c{n:03}", value) for n, value in enumerate(COLUMNS.values())]
    speaker.put_row(plain, Row(key, written))
    _, row, _ = speaker.get_row(plain, key)
    assert columns(row) == written


def test_columns_come_back_by_name(client, plain, key):
    names = ["b", "a", "C", "_", "a b", "10", "9"]
    client.put_row(plain, Row(key, [(name, name) for name in names]))
    _, row, _ = client.get_row(plain, key)
    assert [name for name, _ in columns(row)] == sorted(names)


@pytest.mark.parametrize("name", ["a", "a" * 255, ".", ":", "'", '"', "$", "&", "*", "(", ")", "/", "\\", "\n", " ", "a b", "x.y"])
def test_names_of_columns(client, plain, key, name):
    client.put_row(plain, Row(key, [(name, 1)]))
    _, row, _ = client.get_row(plain, key, columns_to_get=[name])
    assert columns(row) == [(name, 1)]


def test_a_column_changes_its_type(client, plain, key):
    for value in (1, 1.5, "1", True, bytearray(b"1"), 1):
        client.update_row(plain, Row(key, {"put": [("c", value)]}), Condition("IGNORE"))
        _, row, _ = client.get_row(plain, key)
        assert columns(row) == [("c", value)]


STRINGS = ["", "a", "表格存储", "🦊", "a\u0000b", "x" * 1024]
INTEGERS = [0, 1, -1, 2**63 - 1, -(2**63)]
BLOBS = [bytearray(), bytearray(b"\x00"), bytearray(b"\xff" * 1024), bytearray(b"text")]


@pytest.fixture(scope="module")
def triple(module_tables):
    return module_tables.make([("s", "STRING"), ("i", "INTEGER"), ("b", "BINARY")])


@pytest.mark.parametrize("n", range(6))
def test_keys_of_every_type(speaker, triple, n):
    key = [("s", STRINGS[n]), ("i", INTEGERS[n % 5]), ("b", BLOBS[n % 4])]
    speaker.put_row(triple, Row(key, [("c", n)]))
    _, row, _ = speaker.get_row(triple, key)
    assert row.primary_key == key
    assert columns(row) == [("c", n)]
    speaker.delete_row(triple, Row(key), Condition("EXPECT_EXIST"))
    assert speaker.get_row(triple, key)[1] is None


@pytest.mark.parametrize("kind,value", [("STRING", "k"), ("INTEGER", 7), ("BINARY", bytearray(b"k"))])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_one_to_four_key_columns(client, tables, kind, value, count):
    key = [(f"k{n}", value) for n in range(count)]
    table = tables.make([(name, kind) for name, _ in key])
    client.put_row(table, Row(key, [("c", 1)]))
    assert client.get_row(table, key)[1].primary_key == key


def test_a_row_of_its_key_only(client, plain, key):
    client.put_row(plain, Row(key, []))
    _, row, _ = client.get_row(plain, key)
    assert row.primary_key == key
    assert columns(row) == []


def test_sizes_up_to_the_limit(client, plain, key):
    largest = 2 * 1024 * 1024
    for value in (bytearray(largest), "t" * largest):
        client.put_row(plain, Row(key, [("c", value)]))
        _, row, _ = client.get_row(plain, key)
        assert columns(row) == [("c", value)]


def test_as_many_columns_as_allowed(client, plain, key):
    written = [(f"c{n:04}", n) for n in range(1024)]
    client.put_row(plain, Row(key, written))
    _, row, _ = client.get_row(plain, key)
    assert columns(row) == written


def test_the_sdk_refuses_integers_beyond_64_bits(client, plain, key):
    with pytest.raises((OTSClientError, OverflowError, struct.error)):
        client.put_row(plain, Row(key, [("c", 2**63)]))
    assert client.get_row(plain, key)[1] is None


def test_requests_carry_who_asks(client):
    assert client.credentials_provider.get_credentials().get_access_key_id() == KEY_ID
