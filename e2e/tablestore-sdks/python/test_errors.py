"""What the service refuses: wrong keys, names and sizes. Codes and messages are those of the real service."""

import pytest
from conftest import columns, read, refused
from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchGetRowRequest,
    BatchWriteRowRequest,
    ComparatorType,
    CompositeColumnCondition,
    Condition,
    LogicalOperator,
    PutRowItem,
    Row,
    SingleColumnCondition,
    TableInBatchGetRowItem,
    TableInBatchWriteRowItem,
)

IGNORE = Condition("IGNORE")


def upper(key):
    return [(name, INF_MAX) for name, _ in key]


CALLS = {
    "get_row": lambda c, t, key: c.get_row(t, key),
    "put_row": lambda c, t, key: c.put_row(t, Row(key, [("a", 1)])),
    "update_row": lambda c, t, key: c.update_row(t, Row(key, {"put": [("a", 1)]}), IGNORE),
    "delete_row": lambda c, t, key: c.delete_row(t, Row(key), IGNORE),
    "get_range": lambda c, t, key: c.get_range(t, "FORWARD", key, upper(key)),
}


def batch_get(client, table, key, **options):
    request = BatchGetRowRequest()
    request.add(TableInBatchGetRowItem(table, [key], max_version=1, **options))
    return client.batch_get_row(request)


def batch_put(client, table, key, *values):
    request = BatchWriteRowRequest()
    request.add(TableInBatchWriteRowItem(table, [PutRowItem(Row(key, list(values) or [("a", 1)]), IGNORE)]))
    return client.batch_write_row(request)


@pytest.fixture(scope="module")
def three(module_tables):
    return module_tables.make([("s", "STRING"), ("i", "INTEGER"), ("b", "BINARY")])


BLOB = bytearray(b"b")
WRONG_KEYS = {
    "too few": ([("s", "x")], "Validate PK size fail. Input: 1, Meta: 3."),
    "too many": ([("s", "x"), ("i", 1), ("b", BLOB), ("t", 1)], "Validate PK size fail. Input: 4, Meta: 3."),
    "name": ([("s", "x"), ("j", 1), ("b", BLOB)], "Validate PK name fail. Input: j, Meta: i."),
    "order": ([("i", 1), ("s", "x"), ("b", BLOB)], "Validate PK name fail. Input: i, Meta: s."),
    "integer for string": ([("s", 1), ("i", 1), ("b", BLOB)], "Validate PK type fail. Input: VT_INTEGER, Meta: VT_STRING."),
    "string for integer": ([("s", "x"), ("i", "1"), ("b", BLOB)], "Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER."),
    "integer for blob": ([("s", "x"), ("i", 1), ("b", 1)], "Validate PK type fail. Input: VT_INTEGER, Meta: VT_BLOB."),
    "blob for integer": ([("s", "x"), ("i", BLOB), ("b", BLOB)], "Validate PK type fail. Input: VT_BLOB, Meta: VT_INTEGER."),
    "blob for string": ([("s", BLOB), ("i", 1), ("b", BLOB)], "Validate PK type fail. Input: VT_BLOB, Meta: VT_STRING."),
}


@pytest.mark.parametrize("wrong", WRONG_KEYS, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.parametrize("call", CALLS)
def test_keys_that_do_not_fit_the_table(client, three, call, wrong):
    key, message = WRONG_KEYS[wrong]
    with refused("OTSInvalidPK", 400, message):
        CALLS[call](client, three, key)


@pytest.mark.parametrize("wrong", WRONG_KEYS, ids=lambda name: name.replace(" ", "-"))
def test_such_keys_in_batches(client, three, wrong):
    key, message = WRONG_KEYS[wrong]
    for row in (*batch_get(client, three, key).get_failed_rows(), *batch_put(client, three, key).get_failed_of_put()):
        assert (row.error_code, row.error_message) == ("OTSInvalidPK", message)
    assert batch_get(client, three, key).get_succeed_rows() == []


@pytest.mark.parametrize("bound,name", [(INF_MIN, "VT_INF_MIN"), (INF_MAX, "VT_INF_MAX")])
@pytest.mark.parametrize("call", [name for name in CALLS if name != "get_range"])
def test_bounds_are_no_keys(client, plain, call, bound, name):
    with refused("OTSParameterInvalid", 400, f"{name} is an invalid type for the primary key."):
        CALLS[call](client, plain, [("pk", bound)])


@pytest.mark.parametrize("batch", [batch_get, batch_put])
def test_bounds_are_no_keys_in_batches(client, plain, batch):
    with refused("OTSParameterInvalid", 400, "VT_INF_MIN is an invalid type for the primary key."):
        batch(client, plain, [("pk", INF_MIN)])


@pytest.mark.parametrize("long", ["x" * 1025, "表" * 342], ids=["ascii", "utf8"])
@pytest.mark.parametrize("call", [*CALLS, "batch_get", "batch_put"])
def test_long_strings_as_keys(client, plain, call, long):
    message = f"The length of primary key column: 'pk' exceeds the MaxLength:1024 with CurrentLength:{len(long.encode())}."
    calls = {**CALLS, "batch_get": batch_get, "batch_put": batch_put}
    with refused("OTSParameterInvalid", 400, message):
        calls[call](client, plain, [("pk", long)])


def test_long_blobs_as_keys(client, three):
    message = "The length of primary key column: 'b' exceeds the MaxLength:1024 with CurrentLength:1025."
    with refused("OTSParameterInvalid", 400, message):
        client.put_row(three, Row([("s", "x"), ("i", 1), ("b", bytearray(1025))], [("a", 1)]))


BAD_NAMES = ["#", "#abc", "# ", "a" * 256]


@pytest.mark.parametrize("name", BAD_NAMES, ids=["sign", "first", "space", "long"])
def test_names_of_columns_that_are_none(client, plain, key, name):
    message = f"Invalid column name: '{name}'."
    for call in (
        lambda: client.put_row(plain, Row(key, [(name, 1)])),
        lambda: client.update_row(plain, Row(key, {"put": [(name, 1)]}), IGNORE),
        lambda: client.update_row(plain, Row(key, {"delete": [(name, None, 1)]}), IGNORE),
        lambda: client.get_row(plain, key, columns_to_get=[name]),
        lambda: client.get_range(plain, "FORWARD", key, upper(key), columns_to_get=[name]),
        lambda: batch_get(client, plain, key, columns_to_get=[name]),
        lambda: batch_put(client, plain, key, (name, 1)),
        lambda: client.get_row(plain, key, column_filter=SingleColumnCondition(name, 1, ComparatorType.EQUAL)),
    ):
        with refused("OTSParameterInvalid", 400, message):
            call()
    assert read(client, plain, key) is None


def test_an_empty_name(client, plain, key):
    with refused("OTSParameterInvalid", 400):
        client.put_row(plain, Row(key, [("", 1)]))


TOO_MANY = "The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025."


@pytest.mark.parametrize("call", ["put", "update", "delete", "batch"])
def test_too_many_columns(client, plain, key, call):
    values = [(f"c{n}", n) for n in range(1025)]
    with refused("OTSParameterInvalid", 400, TOO_MANY):
        if call == "put":
            client.put_row(plain, Row(key, values))
        elif call == "update":
            client.update_row(plain, Row(key, {"put": values}), IGNORE)
        elif call == "delete":
            client.update_row(plain, Row(key, {"delete_all": [name for name, _ in values]}), IGNORE)
        else:
            batch_put(client, plain, key, *values)
    assert read(client, plain, key) is None


def test_too_many_wanted_columns(client, plain, key):
    wanted = [f"c{n}" for n in range(1025)]
    message = "The number of columns from the request exceeds the limit, limit count: 1024, column count: 1025."
    for call in (
        lambda: client.get_row(plain, key, columns_to_get=wanted),
        lambda: client.get_range(plain, "FORWARD", key, upper(key), columns_to_get=wanted),
        lambda: batch_get(client, plain, key, columns_to_get=wanted),
    ):
        with refused("OTSParameterInvalid", 400, message):
            call()


@pytest.mark.parametrize("value", ["x" * (2 * 1024 * 1024 + 1), bytearray(2 * 1024 * 1024 + 1)], ids=["string", "blob"])
def test_values_beyond_two_megabytes(client, plain, key, value):
    with refused("OTSParameterInvalid", 400) as caught:
        client.put_row(plain, Row(key, [("c", value)]))
    assert caught.error.message == (
        "The length of attribute column: 'c' exceeds the MaxLength:2097152 with CurrentLength:2097153."
    )


def test_requests_beyond_five_megabytes(client, plain, key):
    values = [(f"c{n}", bytearray(2 * 1024 * 1024)) for n in range(3)]
    with refused("OTSRequestBodyTooLarge", 413):
        client.put_row(plain, Row(key, values))
    assert read(client, plain, key) is None


@pytest.mark.parametrize("value", [1.5, "1", True, bytearray(b"1")])
def test_only_integers_are_incremented(client, plain, key, value):
    client.put_row(plain, Row(key, [("n", value)]))
    with refused("OTSParameterInvalid", 400):
        client.update_row(plain, Row(key, {"increment": [("n", 1)]}), IGNORE)
    assert read(client, plain, key) == {"n": value}


def test_only_integers_increment(client, plain, key):
    with refused("OTSParameterInvalid", 400):
        client.update_row(plain, Row(key, {"increment": [("n", "1")]}), IGNORE)


def test_a_column_named_like_the_key(client, plain, key):
    message = "Duplicated attribute column name with primary key column: 'pk'."
    with refused("OTSParameterInvalid", 400, message):
        client.put_row(plain, Row(key, [("pk", 1)]))
    with refused("OTSParameterInvalid", 400, message):
        client.update_row(plain, Row(key, {"put": [("pk", 1)]}), IGNORE)


def test_an_update_of_nothing(client, plain, key):
    with refused("OTSParameterInvalid", 400, "Attribute column is missing."):
        client.update_row(plain, Row(key, {}), IGNORE)


def test_more_comparisons_than_allowed(client, plain, key):
    client.put_row(plain, Row(key, [("c", 1)]))
    condition = CompositeColumnCondition(LogicalOperator.AND)
    for _ in range(33):
        condition.add_sub_condition(SingleColumnCondition("c", 1, ComparatorType.EQUAL))
    with refused("OTSParameterInvalid", 400):
        client.update_row(plain, Row(key, {"put": [("d", 1)]}), Condition("IGNORE", condition))


@pytest.mark.parametrize("count", [0, 2])
def test_not_has_one_part(client, plain, key, count):
    condition = CompositeColumnCondition(LogicalOperator.NOT)
    for _ in range(count):
        condition.add_sub_condition(SingleColumnCondition("c", 1, ComparatorType.EQUAL))
    with refused("OTSParameterInvalid", 400, "Invalid NOT operator: the number of sub-filters must be 1."):
        client.put_row(plain, Row(key, [("d", 1)]), Condition("IGNORE", condition))


@pytest.mark.parametrize("time_range", [(5, 5), (6, 5), (-1, 5), -1])
def test_ranges_of_time_that_are_none(client, plain, key, time_range):
    with refused("OTSParameterInvalid", 400):
        client.get_row(plain, key, max_version=None, time_range=time_range)


@pytest.mark.parametrize("number", [0, -1])
def test_numbers_of_versions_that_are_none(client, plain, key, number):
    with refused("OTSParameterInvalid", 400):
        client.get_row(plain, key, max_version=number)


def test_a_timestamp_below_zero(client, versions, key):
    with refused("OTSParameterInvalid", 400):
        client.put_row(versions, Row(key, [("c", 1, -1)]))


def test_the_server_goes_on_after_errors(client, plain, key):
    for _ in range(50):
        with refused("OTSInvalidPK", 400):
            client.get_row(plain, [("no", "key")])
    client.put_row(plain, Row(key, [("a", 1)]))
    assert columns(client.get_row(plain, key)[1]) == [("a", 1)]
