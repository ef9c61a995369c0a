"""Key columns that the server fills in."""

import pytest
from conftest import columns, read, refused
from tablestore import (
    INF_MAX,
    INF_MIN,
    PK_AUTO_INCR,
    BatchWriteRowRequest,
    Condition,
    OTSServiceError,
    PutRowItem,
    Row,
    TableInBatchWriteRowItem,
)


@pytest.fixture(scope="module")
def numbered(module_tables):
    return module_tables.make([("pk", "STRING"), ("id", "INTEGER", PK_AUTO_INCR)])


def put(client, table, part, n=0, return_type="RT_PK"):
    row = Row([("pk", part), ("id", PK_AUTO_INCR)], [("n", n)])
    return client.put_row(table, row, Condition("IGNORE"), return_type)[1]


def test_the_key_comes_back_and_reads_the_row(client, numbered):
    row = put(client, numbered, "a", 5)
    assert [name for name, _ in row.primary_key] == ["pk", "id"]
    assert isinstance(row.primary_key[1][1], int)
    assert read(client, numbered, row.primary_key) == {"n": 5}


def test_numbers_grow_within_a_part(client, numbered):
    numbers = [put(client, numbered, "grow").primary_key[1][1] for _ in range(20)]
    assert numbers == sorted(set(numbers))


def test_without_asking_the_row_is_there_all_the_same(client, numbered):
    assert put(client, numbered, "quiet", 1, None) is None
    _, _, rows, _ = client.get_range(
        numbered, "FORWARD", [("pk", "quiet"), ("id", INF_MIN)], [("pk", "quiet"), ("id", INF_MAX)]
    )
    assert [columns(row) for row in rows] == [[("n", 1)]]


def test_several_of_a_batch(client, numbered):
    request = BatchWriteRowRequest()
    items = [
        PutRowItem(Row([("pk", "batch"), ("id", PK_AUTO_INCR)], [("n", n)]), Condition("IGNORE"), "RT_PK")
        for n in range(5)
    ]
    request.add(TableInBatchWriteRowItem(numbered, items))
    response = client.batch_write_row(request)
    assert response.is_all_succeed()
    keys = [item.row.primary_key for item in response.get_put_by_table(numbered)]
    assert [read(client, numbered, key)["n"] for key in keys] == list(range(5))


def test_rows_are_updated_and_deleted_by_their_numbers(client, numbered):
    key = put(client, numbered, "later").primary_key
    client.update_row(numbered, Row(key, {"put": [("n", 1)]}), Condition("EXPECT_EXIST"))
    assert read(client, numbered, key) == {"n": 1}
    client.delete_row(numbered, Row(key), Condition("EXPECT_EXIST"))
    assert read(client, numbered, key) is None


def test_reads_and_deletes_must_know_the_number(client, numbered):
    key = [("pk", "u"), ("id", PK_AUTO_INCR)]
    with refused("OTSParameterInvalid", 400, "Invalid row to delete which with pk auto increment."):
        client.delete_row(numbered, Row(key), Condition("IGNORE"))
    with refused("OTSParameterInvalid", 400, "PKAutoIncr can't be used for read operations."):
        client.get_row(numbered, key)


def test_other_tables_generate_nothing(client, tables):
    table = tables.make([("pk", "STRING"), ("id", "INTEGER")])
    with pytest.raises(OTSServiceError) as caught:
        put(client, table, "a")
    assert caught.value.code in ("OTSParameterInvalid", "OTSInvalidPK")


def test_describe_shows_the_option(client, numbered):
    schema = client.describe_table(numbered).table_meta.schema_of_primary_key
    assert schema == [("pk", "STRING"), ("id", "INTEGER", PK_AUTO_INCR)]


@pytest.mark.parametrize(
    "schema",
    [
        [("id", "INTEGER", PK_AUTO_INCR)],
        [("pk", "STRING"), ("id", "STRING", PK_AUTO_INCR)],
        [("pk", "STRING"), ("a", "INTEGER", PK_AUTO_INCR), ("b", "INTEGER", PK_AUTO_INCR)],
    ],
    ids=["first", "string", "two"],
)
def test_which_columns_cannot_be_generated(tables, schema):
    """The documentation: one column, of integers, and not the first."""
    with refused("OTSParameterInvalid", 400):
        tables.make(schema)
