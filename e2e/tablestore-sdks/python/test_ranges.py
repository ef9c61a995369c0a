"""Ranges of rows: bounds, directions, pages, and the limits of one answer."""

import uuid

import pytest
from conftest import columns, refused
from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchWriteRowRequest,
    CapacityUnit,
    Condition,
    PutRowItem,
    Row,
    TableInBatchWriteRowItem,
)

PARTS = ["a", "b", "c"]
SEQUENCE = [-(2**63), -1, 0, 1, 2**63 - 1]
FORWARD = "Begin key must less than end key in FORWARD"
BACKWARD = "Begin key must more than end key in BACKWARD"


def fill(client, table, rows):
    for start in range(0, len(rows), 200):
        request = BatchWriteRowRequest()
        items = [PutRowItem(row, Condition("IGNORE")) for row in rows[start : start + 200]]
        request.add(TableInBatchWriteRowItem(table, items))
        assert client.batch_write_row(request).is_all_succeed()


@pytest.fixture(scope="module")
def grid(client, module_tables):
    """Three parts of five rows each."""
    table = module_tables.make([("pk", "STRING"), ("seq", "INTEGER")])
    rows = [Row(at(part, seq), [("a", part), ("b", seq), ("c", 1)]) for part in PARTS for seq in SEQUENCE]
    fill(client, table, rows)
    return table


def at(part, seq):
    return [("pk", part), ("seq", seq)]


ALL = [(part, seq) for part in PARTS for seq in SEQUENCE]


def found(client, table, direction, start, end, **options):
    """The whole range's keys, page after page."""
    keys = []
    while start:
        _, start, rows, _ = client.get_range(table, direction, start, end, **options)
        keys += [tuple(value for _, value in row.primary_key) for row in rows]
    return keys


BOUNDS = [
    (at(INF_MIN, INF_MIN), at(INF_MAX, INF_MAX), ALL),
    (at("a", INF_MIN), at("a", INF_MAX), ALL[:5]),
    (at("a", INF_MAX), at("b", INF_MIN), []),
    (at("a", INF_MAX), at("c", INF_MIN), ALL[5:10]),
    (at("a", -1), at("c", 0), ALL[1:12]),
    (at("b", 0), at("b", 1), [("b", 0)]),
    (at("b", 0), at("b", INF_MAX), ALL[7:10]),
    (at("b", INF_MIN), at("b", 0), ALL[5:7]),
    (at("aa", 0), at("bb", 0), ALL[5:10]),
    (at("x", INF_MIN), at("z", INF_MAX), []),
    (at(INF_MIN, 5), at("b", INF_MIN), ALL[:5]),
    (at("b", -(2**63)), at("b", 2**63 - 1), ALL[5:9]),
]


@pytest.mark.parametrize("start,end,expected", BOUNDS)
@pytest.mark.parametrize("limit", [None, 1, 3])
def test_forward(client, grid, start, end, expected, limit):
    assert found(client, grid, "FORWARD", start, end, limit=limit) == expected


BACK = [
    (at(INF_MAX, INF_MAX), at(INF_MIN, INF_MIN), ALL[::-1]),
    (at("a", INF_MAX), at("a", INF_MIN), ALL[4::-1]),
    (at("b", INF_MIN), at("a", INF_MAX), []),
    (at("c", 0), at("a", -1), ALL[12:1:-1]),
    (at("b", 1), at("b", 0), [("b", 1)]),
    (at("b", 0), at(INF_MIN, INF_MIN), ALL[7::-1]),
]


@pytest.mark.parametrize("start,end,expected", BACK)
@pytest.mark.parametrize("limit", [None, 1, 4])
def test_backward(client, grid, start, end, expected, limit):
    assert found(client, grid, "BACKWARD", start, end, limit=limit) == expected


def test_the_limit_and_the_next_key(client, grid):
    _, following, rows, _ = client.get_range(grid, "FORWARD", at("a", INF_MIN), at("c", INF_MAX), limit=4)
    assert len(rows) == 4
    assert following == at("a", 2**63 - 1)
    _, following, rows, _ = client.get_range(grid, "BACKWARD", at("c", INF_MAX), at("a", INF_MIN), limit=4)
    assert [row.primary_key for row in rows] == [at("c", seq) for seq in SEQUENCE[:0:-1]]
    assert following == at("c", -(2**63))


def test_no_next_key_at_the_end(client, grid):
    _, following, rows, _ = client.get_range(grid, "FORWARD", at("c", INF_MIN), at("c", INF_MAX), limit=6)
    assert len(rows) == 5
    assert following is None


@pytest.mark.parametrize(
    "direction,start,end,message",
    [
        ("FORWARD", at("b", 0), at("a", 0), FORWARD),
        ("FORWARD", at("a", 0), at("a", 0), FORWARD),
        ("FORWARD", at("a", INF_MAX), at("a", INF_MIN), FORWARD),
        ("FORWARD", at(INF_MAX, INF_MAX), at(INF_MIN, INF_MIN), FORWARD),
        ("BACKWARD", at("a", 0), at("b", 0), BACKWARD),
        ("BACKWARD", at("a", 0), at("a", 0), BACKWARD),
        ("BACKWARD", at("a", INF_MIN), at("a", INF_MAX), BACKWARD),
    ],
)
def test_bounds_the_wrong_way_round(client, grid, direction, start, end, message):
    with refused("OTSParameterInvalid", 400, message):
        client.get_range(grid, direction, start, end)


@pytest.mark.parametrize("limit", [0, -1])
def test_limits_must_be_positive(client, grid, limit):
    with refused("OTSParameterInvalid", 400, "The limit must be greater than 0."):
        client.get_range(grid, "FORWARD", at("a", INF_MIN), at("a", INF_MAX), limit=limit)


def test_only_the_wanted_columns(client, grid):
    _, _, rows, _ = client.get_range(grid, "FORWARD", at("b", INF_MIN), at("b", INF_MAX), columns_to_get=["c", "a"])
    assert [columns(row) for row in rows] == [[("a", "b"), ("c", 1)]] * 5


def test_rows_without_any_wanted_column_are_left_out(client, module_tables):
    table = module_tables.make([("pk", "STRING")])
    fill(client, table, [Row([("pk", str(n))], [("even" if n % 2 == 0 else "odd", n)]) for n in range(6)])
    everything = [("pk", INF_MIN)], [("pk", INF_MAX)]
    _, _, rows, _ = client.get_range(table, "FORWARD", *everything, columns_to_get=["even"])
    assert [columns(row) for row in rows] == [[("even", n)] for n in (0, 2, 4)]
    _, following, rows, _ = client.get_range(table, "FORWARD", *everything, columns_to_get=["none"])
    assert rows == [] and following is None


def test_columns_between_two_names(client, grid):
    _, _, rows, _ = client.get_range(
        grid, "FORWARD", at("a", 0), at("a", 1), start_column="b", end_column="c"
    )
    assert [columns(row) for row in rows] == [[("b", 0)]]


def test_versions(client, versions):
    (key,) = ([("pk", uuid.uuid4().hex)],)
    client.put_row(versions, Row(key, [("c", n, 1000 + n) for n in range(5)]))
    end = [("pk", key[0][1] + "x")]
    _, _, rows, _ = client.get_range(versions, "FORWARD", key, end, max_version=3)
    assert rows[0].attribute_columns == [("c", 4, 1004), ("c", 3, 1003), ("c", 2, 1002)]
    _, _, rows, _ = client.get_range(versions, "FORWARD", key, end, max_version=None, time_range=1001)
    assert rows[0].attribute_columns == [("c", 1, 1001)]
    _, _, rows, _ = client.get_range(versions, "FORWARD", key, end, max_version=None, time_range=(0, 1000))
    assert rows == []


def test_an_empty_table(client, module_tables):
    table = module_tables.make([(f"k{n}", "STRING") for n in range(4)])
    consumed, following, rows, _ = client.get_range(
        table, "FORWARD", [(f"k{n}", INF_MIN) for n in range(4)], [(f"k{n}", INF_MAX) for n in range(4)]
    )
    assert (rows, following) == ([], None)
    assert (consumed.read, consumed.write) == (1, 0)


def test_four_key_columns_of_all_types(client, module_tables):
    table = module_tables.make([("s", "STRING"), ("i", "INTEGER"), ("b", "BINARY"), ("t", "STRING")])
    rows = [
        [("s", s), ("i", i), ("b", b), ("t", t)]
        for s in ("", "s", "表")
        for i in (-7, 0, 7)
        for b in (bytearray(), bytearray(b"\x00"), bytearray(b"\xff"))
        for t in ("", "t")
    ]
    fill(client, table, [Row(key, [("n", n)]) for n, key in reversed(list(enumerate(rows)))])
    lowest, highest = [(name, INF_MIN) for name, _ in rows[0]], [(name, INF_MAX) for name, _ in rows[0]]
    _, _, back, _ = client.get_range(table, "FORWARD", lowest, highest)
    assert [row.primary_key for row in back] == rows
    _, _, back, _ = client.get_range(table, "BACKWARD", highest, lowest)
    assert [row.primary_key for row in back] == rows[::-1]


def test_iteration_over_more_than_one_answer_holds(client, module_tables):
    """One answer has 5,000 rows at most, also without a limit."""
    count = 5_600
    table = module_tables.make([("pk", "INTEGER")])
    fill(client, table, [Row([("pk", n)], [("n", n)]) for n in range(count)])
    lowest, highest = [("pk", INF_MIN)], [("pk", INF_MAX)]
    _, following, rows, _ = client.get_range(table, "FORWARD", lowest, highest)
    assert len(rows) == 5_000
    assert following == [("pk", 5_000)]
    _, following, rows, _ = client.get_range(table, "FORWARD", following, highest)
    assert len(rows) == 600
    assert following is None
    consumed = CapacityUnit(0, 0)
    numbers = [columns(row)[0][1] for row in client.xget_range(table, "FORWARD", lowest, highest, consumed)]
    assert numbers == list(range(count))
    assert consumed.read > 1
    numbers = [columns(row)[0][1] for row in client.xget_range(table, "BACKWARD", highest, lowest, consumed, count=5_100)]
    assert numbers == list(range(count - 1, count - 5_101, -1))


def test_one_answer_has_four_megabytes_at_most(client, module_tables):
    table = module_tables.make([("pk", "INTEGER")])
    for n in range(7):
        client.put_row(table, Row([("pk", n)], [("c", bytearray(900_000))]))
    pages, start = [], [("pk", INF_MIN)]
    while start:
        _, start, rows, _ = client.get_range(table, "FORWARD", start, [("pk", INF_MAX)])
        pages.append(sum(len(value) for row in rows for _, value in columns(row)))
    assert len(pages) > 1
    assert max(pages) <= 4 * 1024 * 1024
    assert sum(pages) == 7 * 900_000


def test_consumption_is_that_of_all_rows_together(client, module_tables):
    table = module_tables.make([("pk", "STRING")])
    fill(client, table, [Row([("pk", str(n))], [("c", "v" * 800)]) for n in range(9)])
    consumed, _, rows, _ = client.get_range(table, "FORWARD", [("pk", INF_MIN)], [("pk", INF_MAX)])
    assert len(rows) == 9
    # Nine rows of 804 bytes, rounded up once.
    assert (consumed.read, consumed.write) == (2, 0)
