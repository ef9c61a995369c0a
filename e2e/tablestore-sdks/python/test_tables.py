"""Tables: made, described, changed, listed and deleted."""

import pytest
from conftest import columns, fresh_name, read, refused
from tablestore import (
    INF_MAX,
    INF_MIN,
    CapacityUnit,
    Condition,
    ReservedThroughput,
    Row,
    SecondaryIndexMeta,
    TableMeta,
    TableOptions,
)

SCHEMA = [("pk", "STRING"), ("seq", "INTEGER"), ("raw", "BINARY")]


def options(response):
    found = response.table_options
    return (found.time_to_live, found.max_version, found.max_time_deviation)


def throughput(response):
    unit = response.reserved_throughput_details.capacity_unit
    return (unit.read, unit.write)


def test_describe_tells_what_was_made(client, tables):
    table = tables.make(SCHEMA, throughput=(1, 2), time_to_live=1_200_000, max_version=2, max_time_deviation=86_401)
    response = client.describe_table(table)
    assert response.table_meta.table_name == table
    assert response.table_meta.schema_of_primary_key == SCHEMA
    assert options(response) == (1_200_000, 2, 86_401)
    assert throughput(response) == (1, 2)
    assert response.reserved_throughput_details.last_increase_time > 0
    assert response.secondary_indexes == []
    assert response.request_id


def test_the_defaults_of_the_sdk(client, tables):
    assert options(client.describe_table(tables.make(SCHEMA))) == (-1, 1, 86_400)


def test_defined_columns(client, tables):
    defined = [("i", "INTEGER"), ("d", "DOUBLE"), ("b", "BOOLEAN"), ("s", "STRING"), ("raw", "BINARY")]
    table = tables.make([("pk", "STRING")], defined=defined)
    assert client.describe_table(table).table_meta.defined_columns == defined


@pytest.mark.parametrize("allow", [True, False])
def test_whether_updates_are_allowed(client, tables, allow):
    table = tables.make([("pk", "STRING")], allow_update=allow)
    assert client.describe_table(table).table_options.allow_update == allow


def test_updates_where_they_are_not_allowed(client, tables, key):
    table = tables.make([("pk", "STRING")], allow_update=False)
    client.put_row(table, Row(key, [("a", 1)]))
    with refused("OTSParameterInvalid", 400):
        client.update_row(table, Row(key, {"put": [("b", 1)]}), Condition("IGNORE"))
    assert read(client, table, key) == {"a": 1}


def test_the_list_of_tables(client, tables):
    made = [tables.make([("pk", "STRING")]) for _ in range(3)]
    listed = client.list_table()
    assert all(listed.count(name) == 1 for name in made)
    assert fresh_name() not in listed


def test_a_table_there_already(client, tables):
    table = tables.make(SCHEMA)
    with refused("OTSObjectAlreadyExist", 409, "Requested table already exists."):
        tables.make([("other", "STRING")], name=table)
    assert client.describe_table(table).table_meta.schema_of_primary_key == SCHEMA
    assert client.list_table().count(table) == 1


def test_deleted_tables_are_gone(client, tables):
    table = tables.make(SCHEMA)
    client.delete_table(table)
    assert table not in client.list_table()
    with refused("OTSObjectNotExist", 404, "Requested table does not exist."):
        client.describe_table(table)


def test_a_new_table_of_an_old_name_is_empty(client, tables, key):
    table = tables.make([("pk", "STRING")])
    client.put_row(table, Row(key, [("a", 1)]))
    client.delete_table(table)
    assert tables.make([("pk", "STRING")], name=table) == table
    assert read(client, table, key) is None
    _, _, rows, _ = client.get_range(table, "FORWARD", [("pk", INF_MIN)], [("pk", INF_MAX)])
    assert rows == []


def test_a_new_table_of_an_old_name_has_its_own_keys(client, tables):
    table = tables.make([("a", "INTEGER"), ("b", "STRING")], throughput=(1, 1))
    client.delete_table(table)
    tables.make([("c", "INTEGER"), ("b", "STRING")], name=table, throughput=(2, 2))
    response = client.describe_table(table)
    assert response.table_meta.schema_of_primary_key == [("c", "INTEGER"), ("b", "STRING")]
    assert throughput(response) == (2, 2)


def missing_table_calls():
    key = [("pk", "k")]
    span = [("pk", INF_MIN)], [("pk", INF_MAX)]
    return {
        "describe": lambda c, t: c.describe_table(t),
        "delete": lambda c, t: c.delete_table(t),
        "update": lambda c, t: c.update_table(t, TableOptions(max_version=2)),
        "get_row": lambda c, t: c.get_row(t, key),
        "put_row": lambda c, t: c.put_row(t, Row(key, [("a", 1)])),
        "update_row": lambda c, t: c.update_row(t, Row(key, {"put": [("a", 1)]}), Condition("IGNORE")),
        "delete_row": lambda c, t: c.delete_row(t, Row(key), Condition("IGNORE")),
        "get_range": lambda c, t: c.get_range(t, "FORWARD", *span),
    }


@pytest.mark.parametrize("call", missing_table_calls())
def test_a_table_that_is_not_there(client, call):
    with refused("OTSObjectNotExist", 404, "Requested table does not exist."):
        missing_table_calls()[call](client, fresh_name())


@pytest.mark.parametrize("name", ["0", "#", "中文", "T#", "T中文", "3t", "-", "a-b", "a b", "", "x" * 256])
@pytest.mark.parametrize("call", missing_table_calls())
def test_names_that_are_none(client, name, call):
    with refused("OTSParameterInvalid", 400, f"Invalid table name: '{name}'."):
        missing_table_calls()[call](client, name)


@pytest.mark.parametrize("name", ["0", "中文", "-", ""])
def test_tables_are_not_made_under_such_names(client, name):
    meta = TableMeta(name, [("pk", "STRING")])
    with refused("OTSParameterInvalid", 400, f"Invalid table name: '{name}'."):
        client.create_table(meta, TableOptions(), ReservedThroughput(CapacityUnit(0, 0)))


@pytest.mark.parametrize("name", ["_0", "_T", "A0", "x" * 255])
def test_names_that_are_good(client, tables, key, name):
    table = tables.make([("pk", "STRING")], name=name)
    client.put_row(table, Row(key, [("a", 1)]))
    assert read(client, table, key) == {"a": 1}


@pytest.mark.parametrize(
    "changed,expected",
    [
        ({"max_version": 3}, (-1, 3, 86_400)),
        ({"time_to_live": 100_000}, (100_000, 1, 86_400)),
        ({"max_time_deviation": 86_402}, (-1, 1, 86_402)),
        ({"time_to_live": 200_000, "max_version": 5, "max_time_deviation": 99_999}, (200_000, 5, 99_999)),
    ],
)
def test_update_changes_options(client, tables, changed, expected):
    table = tables.make([("pk", "STRING")])
    new = TableOptions(None, None, None)
    for name, value in changed.items():
        setattr(new, name, value)
    assert options(client.update_table(table, new)) == expected
    assert options(client.describe_table(table)) == expected


def test_update_changes_the_throughput(client, tables):
    table = tables.make([("pk", "STRING")])
    response = client.update_table(table, reserved_throughput=ReservedThroughput(CapacityUnit(3, 4)))
    assert throughput(response) == (3, 4)
    assert throughput(client.describe_table(table)) == (3, 4)
    assert options(response) == (-1, 1, 86_400)


def test_fewer_versions_from_now_on(client, tables, key):
    table = tables.make([("pk", "STRING")], max_version=5, max_time_deviation=2**40)
    client.put_row(table, Row(key, [("c", n, n) for n in range(1, 6)]))
    client.update_table(table, TableOptions(None, 2, None))
    _, row, _ = client.get_row(table, key, max_version=10)
    assert columns(row) == [("c", 5), ("c", 4)]


@pytest.mark.parametrize(
    "schema,message",
    [
        ([("pk", "STRING"), ("pk", "INTEGER")], "Duplicated primary key name: 'pk'."),
        ([], None),
        ([(f"k{n}", "STRING") for n in range(5)], None),
        ([("#", "STRING")], "Invalid column name: '#'."),
        ([("x" * 256, "STRING")], f"Invalid column name: '{'x' * 256}'."),
        ([("", "STRING")], None),
    ],
    ids=["twice", "none", "five", "sign", "long", "empty"],
)
def test_keys_that_are_none(client, tables, schema, message):
    name = fresh_name()
    with refused("OTSParameterInvalid", 400, message):
        tables.make(schema, name=name)
    assert name not in client.list_table()


@pytest.mark.parametrize("changed", [{"max_version": 0}, {"max_version": -1}, {"time_to_live": 0}, {"time_to_live": -2}])
def test_options_that_are_none(client, tables, changed):
    name = fresh_name()
    with refused("OTSParameterInvalid", 400):
        tables.make([("pk", "STRING")], name=name, **changed)
    assert name not in client.list_table()


def test_the_largest_options(client, tables, key):
    table = tables.make([("pk", "STRING")], max_version=2**31 - 1, max_time_deviation=(2**63 - 1) // 1_000_000)
    client.put_row(table, Row(key, [("c", n, n) for n in range(300)]))
    _, row, _ = client.get_row(table, key, max_version=2**31 - 1)
    assert len(row.attribute_columns) == 300


def test_tables_do_not_see_each_other(client, tables, key):
    first, second = tables.make([("pk", "STRING")]), tables.make([("pk", "STRING")])
    client.put_row(first, Row(key, [("a", 1)]))
    client.put_row(second, Row(key, [("b", 2)]))
    client.delete_row(first, Row(key), Condition("IGNORE"))
    assert (read(client, first, key), read(client, second, key)) == (None, {"b": 2})


def test_lists_of_search_indexes_are_empty(client, tables):
    """What the makers' own tests ask before they clean up."""
    table = tables.make([("pk", "STRING")])
    assert list(client.list_search_index(table)) == []
    assert list(client.list_search_index()) == []


DEFINED = [("i", "INTEGER"), ("s", "STRING"), ("b", "BINARY"), ("d", "DOUBLE")]


def shape(index):
    return (index.index_name, index.primary_key_names, index.defined_column_names, index.index_type)


def test_secondary_indexes_at_the_start(client, tables):
    name = fresh_name()
    index = SecondaryIndexMeta("index_1", ["i", "s"], ["b", "d"])
    meta = TableMeta(name, [("gid", "INTEGER"), ("uid", "STRING")], DEFINED)
    client.create_table(meta, TableOptions(-1, 1), ReservedThroughput(CapacityUnit(0, 0)), [index])
    tables.made.append(name)
    assert [shape(found) for found in client.describe_table(name).secondary_indexes] == [shape(index)]


def test_secondary_indexes_come_and_go(client, tables):
    table = tables.make([("gid", "INTEGER"), ("uid", "STRING")], defined=DEFINED)
    index = SecondaryIndexMeta("index_1", ["s", "b"], ["i"])
    client.create_secondary_index(table, index, False)
    assert [shape(found) for found in client.describe_table(table).secondary_indexes] == [shape(index)]
    client.delete_secondary_index(table, "index_1")
    assert client.describe_table(table).secondary_indexes == []


def test_a_table_made_in_parts(client, tables):
    """Split points only say where the service would cut; every row is there all the same."""
    name = fresh_name()
    meta = TableMeta(name, [("pk", "INTEGER")])
    client._create_table_ex(meta, TableOptions(), ReservedThroughput(CapacityUnit(0, 0)), split_points=[100, 200])
    tables.made.append(name)
    for n in (50, 150, 250):
        client.put_row(name, Row([("pk", n)], [("n", n)]))
    _, _, rows, _ = client.get_range(name, "FORWARD", [("pk", INF_MIN)], [("pk", INF_MAX)])
    assert [columns(row) for row in rows] == [[("n", 50)], [("n", 150)], [("n", 250)]]
