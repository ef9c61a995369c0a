"""Put, update, delete and get of single rows, and what they cost."""

import pytest
from conftest import columns, read
from tablestore import Condition, Row


def put(client, table, key, *values):
    return client.put_row(table, Row(key, list(values)), Condition("IGNORE"))


def update(client, table, key, **kinds):
    return client.update_row(table, Row(key, kinds), Condition("IGNORE"))


def test_no_row_is_no_row(client, plain, key):
    consumed, row, token = client.get_row(plain, key)
    assert row is None
    assert not token
    assert (consumed.read, consumed.write) == (1, 0)


def test_put_replaces_the_whole_row(client, plain, key):
    put(client, plain, key, ("a", 1), ("b", 2))
    put(client, plain, key, ("b", 3), ("c", 4))
    assert read(client, plain, key) == {"b": 3, "c": 4}


def test_update_touches_what_it_names(client, plain, key):
    put(client, plain, key, ("a", 1), ("b", 2))
    update(client, plain, key, put=[("b", 3), ("c", 4)])
    assert read(client, plain, key) == {"a": 1, "b": 3, "c": 4}


def test_update_makes_the_row(client, plain, key):
    update(client, plain, key, put=[("a", 1)])
    assert read(client, plain, key) == {"a": 1}


def test_update_deletes_columns(client, plain, key):
    put(client, plain, key, ("a", 1), ("b", 2), ("c", 3))
    update(client, plain, key, delete_all=["a", "c", "never there"])
    assert read(client, plain, key) == {"b": 2}


def test_update_of_all_kinds(client, plain, key):
    put(client, plain, key, ("gone", 1), ("kept", 2), ("counter", 10))
    update(client, plain, key, put=[("new", "x")], delete_all=["gone"], increment=[("counter", -3)])
    assert read(client, plain, key) == {"kept": 2, "counter": 7, "new": "x"}


def test_update_with_kinds_in_capitals(client, plain, key):
    update(client, plain, key, PUT=[("a", 1)])
    assert read(client, plain, key) == {"a": 1}


def test_a_row_without_columns_is_still_there(client, plain, key):
    """The documentation: to delete all columns of a row is not to delete the row."""
    put(client, plain, key, ("a", 1))
    update(client, plain, key, delete_all=["a"])
    assert read(client, plain, key) == {}


def test_deleting_columns_makes_no_row(client, plain, key):
    update(client, plain, key, delete_all=["a", "b"])
    assert read(client, plain, key) is None


def test_increment_starts_at_zero(client, plain, key):
    update(client, plain, key, increment=[("n", 5)])
    update(client, plain, key, increment=[("n", 7)])
    update(client, plain, key, increment=[("n", -20)])
    assert read(client, plain, key) == {"n": -8}


def test_increment_of_several_columns(client, plain, key):
    update(client, plain, key, increment=[("a", 1), ("b", 10)])
    update(client, plain, key, increment=[("a", 1), ("b", 10)])
    assert read(client, plain, key) == {"a": 2, "b": 20}


def test_delete_removes_the_row(client, plain, key):
    put(client, plain, key, ("a", 1))
    consumed, row = client.delete_row(plain, Row(key), Condition("IGNORE"))
    assert row is None
    assert consumed.write >= 1
    assert read(client, plain, key) is None


def test_delete_takes_a_bare_key(client, plain, key):
    put(client, plain, key, ("a", 1))
    client.delete_row(plain, primary_key=key)
    assert read(client, plain, key) is None


def test_delete_of_nothing_is_no_error(client, plain, key):
    client.delete_row(plain, Row(key), Condition("IGNORE"))


def test_columns_do_not_come_back_after_a_delete(client, plain, key):
    put(client, plain, key, ("a", 1))
    client.delete_row(plain, Row(key), Condition("IGNORE"))
    put(client, plain, key, ("b", 2))
    assert read(client, plain, key) == {"b": 2}


@pytest.mark.parametrize("write", ["put", "update", "delete"])
def test_the_key_comes_back_when_asked_for(client, plain, key, write):
    if write == "put":
        _, row = client.put_row(plain, Row(key, [("a", 1)]), Condition("IGNORE"), "RT_PK")
    elif write == "update":
        _, row = client.update_row(plain, Row(key, {"put": [("a", 1)]}), Condition("IGNORE"), "RT_PK")
    else:
        _, row = client.delete_row(plain, Row(key), Condition("IGNORE"), "RT_PK")
    assert row.primary_key == key
    assert not row.attribute_columns


def test_nothing_comes_back_unasked(client, plain, key):
    assert put(client, plain, key, ("a", 1))[1] is None
    assert update(client, plain, key, put=[("a", 2)])[1] is None


@pytest.mark.parametrize("wanted,found", [(["b"], {"b": 2}), (["b", "none"], {"b": 2}), (["c", "a"], {"a": 1, "c": 3})])
def test_only_the_wanted_columns(client, plain, key, wanted, found):
    put(client, plain, key, ("a", 1), ("b", 2), ("c", 3))
    assert read(client, plain, key, columns_to_get=wanted) == found


def test_no_wanted_columns_are_all(client, plain, key):
    put(client, plain, key, ("a", 1), ("b", 2))
    assert read(client, plain, key, columns_to_get=[]) == {"a": 1, "b": 2}


def test_none_of_the_wanted_columns_is_no_row(client, plain, key):
    put(client, plain, key, ("a", 1))
    assert read(client, plain, key, columns_to_get=["none"]) is None


def test_a_column_named_twice_comes_once(client, plain, key):
    put(client, plain, key, ("a", 1), ("b", 2))
    _, row, _ = client.get_row(plain, key, columns_to_get=["a", "a"])
    assert columns(row) == [("a", 1)]


@pytest.mark.parametrize(
    "start,end,found",
    [
        ("b", "d", ["b", "c"]),
        ("b", None, ["b", "c", "d"]),
        (None, "c", ["a", "b"]),
        ("aa", "cc", ["b", "c"]),
        ("x", "z", None),
    ],
)
def test_columns_between_two_names(client, plain, key, start, end, found):
    put(client, plain, key, *[(name, name) for name in "abcd"])
    _, row, _ = client.get_row(plain, key, start_column=start, end_column=end)
    assert (row and [name for name, _ in columns(row)]) == found


def size(key, values):
    """The documented size: names and values, without timestamps."""
    return sum(len(name) + (8 if isinstance(value, (int, float)) else len(value)) for name, value in [*key, *values])


@pytest.mark.parametrize("length", [10, 4000, 4096, 9000, 40_000])
def test_capacity_units(client, plain, key, length):
    values = [("c", "x" * length)]
    units = -(-size(key, values) // 4096)
    written, _ = client.put_row(plain, Row(key, values), Condition("IGNORE"))
    updated, _ = client.update_row(plain, Row(key, {"put": values}), Condition("IGNORE"))
    found, _, _ = client.get_row(plain, key)
    assert (written.read, written.write) == (0, units)
    assert (updated.read, updated.write) == (0, units)
    assert (found.read, found.write) == (units, 0)
