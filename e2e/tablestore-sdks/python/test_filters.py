"""Filters of reads: a row that does not pass is not given out."""

import uuid

import pytest
from conftest import columns, read
from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchGetRowRequest,
    CastType,
    ComparatorType,
    CompositeColumnCondition,
    LogicalOperator,
    RegexRule,
    Row,
    SingleColumnCondition,
    SingleColumnRegexCondition,
    TableInBatchGetRowItem,
)

C = ComparatorType


def single(name, value, comparator=C.EQUAL, **options):
    return SingleColumnCondition(name, value, comparator, **options)


def composite(operator, *parts):
    condition = CompositeColumnCondition(operator)
    for part in parts:
        condition.add_sub_condition(part)
    return condition


FILTERS = [
    (single("n", 5), True),
    (single("n", 6), False),
    (single("n", 5, C.NOT_EQUAL), False),
    (single("n", 4, C.GREATER_THAN), True),
    (single("n", 5, C.GREATER_EQUAL), True),
    (single("n", 5, C.LESS_THAN), False),
    (single("n", 5, C.LESS_EQUAL), True),
    (single("s", "some", C.GREATER_THAN), True),
    (single("b", bytearray(b"\x00")), True),
    (single("t", True), True),
    (single("d", 2.0, C.GREATER_THAN), True),
    (single("none", 1), True),
    (single("none", 1, pass_if_missing=False), False),
    (composite(LogicalOperator.AND, single("n", 5), single("t", False)), False),
    (composite(LogicalOperator.OR, single("n", 0), single("t", True)), True),
    (composite(LogicalOperator.NOT, single("n", 0)), True),
]


@pytest.mark.parametrize("n", range(len(FILTERS)))
def test_get_row(client, plain, key, n):
    condition, passes = FILTERS[n]
    stored = {"n": 5, "s": "some text", "b": bytearray(b"\x00"), "t": True, "d": 2.5}
    client.put_row(plain, Row(key, list(stored.items())))
    assert read(client, plain, key, column_filter=condition) == (stored if passes else None)


def test_the_column_of_the_filter_is_among_the_wanted(client, plain, key):
    """The documentation: a filter applies to the columns that are read, so it must be among those wanted."""
    client.put_row(plain, Row(key, [("a", 1), ("b", 2)]))
    wanted = {"columns_to_get": ["a", "b"]}
    assert read(client, plain, key, column_filter=single("b", 2, pass_if_missing=False), **wanted) == {"a": 1, "b": 2}
    assert read(client, plain, key, column_filter=single("b", 3, pass_if_missing=False), **wanted) is None


@pytest.fixture(scope="module")
def numbers(client, module_tables):
    table = module_tables.make([("pk", "STRING"), ("seq", "INTEGER")])
    for n in range(20):
        client.put_row(table, Row([("pk", "k"), ("seq", n)], [("n", n), ("even", n % 2 == 0)]))
    return table


def span(start=INF_MIN, end=INF_MAX):
    return [("pk", "k"), ("seq", start)], [("pk", "k"), ("seq", end)]


def test_get_range(client, numbers):
    _, following, rows, _ = client.get_range(numbers, "FORWARD", *span(), column_filter=single("even", True))
    assert following is None
    assert [row.primary_key[1][1] for row in rows] == list(range(0, 20, 2))


def test_get_range_backward(client, numbers):
    condition = composite(LogicalOperator.AND, single("n", 3, C.GREATER_THAN), single("n", 8, C.LESS_THAN))
    _, _, rows, _ = client.get_range(numbers, "BACKWARD", *span(INF_MAX, INF_MIN), column_filter=condition)
    assert [row.primary_key[1][1] for row in rows] == [7, 6, 5, 4]


def test_get_range_where_nothing_passes(client, numbers):
    _, following, rows, _ = client.get_range(numbers, "FORWARD", *span(), column_filter=single("n", 100))
    assert rows == []
    assert following is None


def test_a_limit_and_a_filter_together_find_all(client, numbers):
    """A page may come back with fewer rows than its limit; only a missing next key ends the range."""
    found, start = [], span()[0]
    while start:
        _, start, rows, _ = client.get_range(
            numbers, "FORWARD", start, span()[1], limit=3, column_filter=single("even", False)
        )
        assert len(rows) <= 3
        found += [row.primary_key[1][1] for row in rows]
    assert found == list(range(1, 20, 2))


def test_batch_get_row(client, numbers):
    request = BatchGetRowRequest()
    keys = [[("pk", "k"), ("seq", n)] for n in range(4)]
    request.add(TableInBatchGetRowItem(numbers, keys, column_filter=single("even", True), max_version=1))
    rows = client.batch_get_row(request).get_result_by_table(numbers)
    assert all(row.is_ok for row in rows)
    assert [row.row and columns(row.row)[1] for row in rows] == [("n", 0), None, ("n", 2), None]


def test_versions_and_filters(client, versions):
    key = [("pk", uuid.uuid4().hex)]
    client.put_row(versions, Row(key, [("c", "old", 1000), ("c", "new", 2000)]))
    newest = single("c", "old", pass_if_missing=False)
    any_of_them = single("c", "old", pass_if_missing=False, latest_version_only=False)
    assert client.get_row(versions, key, column_filter=newest, max_version=5)[1] is None
    assert len(client.get_row(versions, key, column_filter=any_of_them, max_version=5)[1].attribute_columns) == 2


@pytest.mark.parametrize(
    "comparator,value,rule,passes",
    [
        (C.EXIST, None, None, True),
        (C.NOT_EXIST, None, None, False),
        (C.EQUAL, "t1=42;t2=x", None, True),
        (C.EQUAL, 42, RegexRule("t1=([0-9]+);", CastType.VT_INTEGER), True),
        (C.GREATER_THAN, 41, RegexRule("t1=([0-9]+);", CastType.VT_INTEGER), True),
        (C.LESS_THAN, 42, RegexRule("t1=([0-9]+);", CastType.VT_INTEGER), False),
        (C.EQUAL, 42.0, RegexRule("t1=([0-9]+);", CastType.VT_DOUBLE), True),
        (C.EQUAL, "x", RegexRule("t2=([a-z]+)", CastType.VT_STRING), True),
        (C.EQUAL, "y", RegexRule("t2=([a-z]+)", CastType.VT_STRING), False),
        (C.EQUAL, 1, RegexRule("t3=([0-9]+)", CastType.VT_INTEGER), False),
    ],
)
def test_parts_of_a_string(client, plain, key, comparator, value, rule, passes):
    """A rule cuts a part out of the string by a regular expression and reads it as a type."""
    client.put_row(plain, Row(key, [("c", "t1=42;t2=x")]))
    condition = SingleColumnRegexCondition("c", comparator, value, rule)
    assert (read(client, plain, key, column_filter=condition) is not None) == passes


@pytest.mark.parametrize("comparator,passes", [(C.EXIST, False), (C.NOT_EXIST, True)])
def test_a_column_that_is_not_there(client, plain, key, comparator, passes):
    client.put_row(plain, Row(key, [("other", 1)]))
    condition = SingleColumnRegexCondition("c", comparator)
    assert (read(client, plain, key, column_filter=condition) is not None) == passes
