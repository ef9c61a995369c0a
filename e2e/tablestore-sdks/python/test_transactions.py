"""Local transactions on the table that the server was started with (the SDK cannot make one)."""

import itertools
import random

import pytest
from conftest import TXN_TABLE, connect, read, refused, unmet
from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchWriteRowRequest,
    Condition,
    DeleteRowItem,
    PutRowItem,
    Row,
    TableInBatchWriteRowItem,
    UpdateRowItem,
)

IGNORE = Condition("IGNORE")
ENDED = ("OTSSessionNotExist", None, "Session not exist or may be timeout.")
NONE = ("OTSParameterInvalid", 400, "TransactionID is invalid.")
# Other runs may have left rows in the table.
numbers = itertools.count(random.randrange(2**40))


@pytest.fixture
def part():
    return next(numbers)


@pytest.fixture(autouse=True)
def ended(client):
    """Transactions that a failed test left do not hold up the next one."""
    started.clear()
    yield
    for transaction in started:
        try:
            client.abort_transaction(transaction)
        except Exception:  # noqa: BLE001 - it has ended already
            pass


started = []


def start(client, part):
    transaction = client.start_local_transaction(TXN_TABLE, [("PK0", part)])
    assert transaction
    started.append(transaction)
    return transaction


def at(part, name="row"):
    return [("PK0", part), ("PK1", name)]


def put(client, key, value, transaction=None, condition=IGNORE):
    client.put_row(TXN_TABLE, Row(key, [("v", value)]), condition, None, transaction)


def get(client, key, transaction=None):
    found = read(client, TXN_TABLE, key, transaction_id=transaction)
    return found and found["v"]


def scan(client, part, transaction=None):
    _, _, rows, _ = client.get_range(
        TXN_TABLE, "FORWARD", at(part, INF_MIN), at(part, INF_MAX), transaction_id=transaction
    )
    return [(row.primary_key[1][1], row.attribute_columns[0][1]) for row in rows]


def batch(client, items, transaction=None):
    request = BatchWriteRowRequest()
    request.add(TableInBatchWriteRowItem(TXN_TABLE, items))
    if transaction:
        request.set_transaction_id(transaction)
    return client.batch_write_row(request)


ENDS = ["commit", "abort"]


def end(client, transaction, how):
    if how == "commit":
        client.commit_transaction(transaction)
    else:
        client.abort_transaction(transaction)


@pytest.mark.parametrize("how", ENDS)
def test_put(client, part, how):
    put(client, at(part), "old")
    transaction = start(client, part)
    put(client, at(part), "new", transaction)
    assert get(client, at(part), transaction) == "new"
    assert get(client, at(part)) == "old"
    end(client, transaction, how)
    assert get(client, at(part)) == ("new" if how == "commit" else "old")


@pytest.mark.parametrize("how", ENDS)
def test_update(client, part, how):
    put(client, at(part), "old")
    transaction = start(client, part)
    client.update_row(TXN_TABLE, Row(at(part), {"put": [("v", "new"), ("w", 1)]}), IGNORE, None, transaction)
    assert read(client, TXN_TABLE, at(part), transaction_id=transaction) == {"v": "new", "w": 1}
    assert read(client, TXN_TABLE, at(part)) == {"v": "old"}
    end(client, transaction, how)
    assert read(client, TXN_TABLE, at(part)) == ({"v": "new", "w": 1} if how == "commit" else {"v": "old"})


@pytest.mark.parametrize("how", ENDS)
def test_delete(client, part, how):
    put(client, at(part), "old")
    transaction = start(client, part)
    client.delete_row(TXN_TABLE, Row(at(part)), IGNORE, transaction_id=transaction)
    assert scan(client, part, transaction) == []
    assert scan(client, part) == [("row", "old")]
    end(client, transaction, how)
    assert scan(client, part) == ([] if how == "commit" else [("row", "old")])


@pytest.mark.parametrize("how", ENDS)
def test_batch(client, part, how):
    for name in "abc":
        put(client, at(part, name), "old")
    transaction = start(client, part)
    items = [
        PutRowItem(Row(at(part, "d"), [("v", "new")]), IGNORE),
        UpdateRowItem(Row(at(part, "a"), {"put": [("v", "new")]}), IGNORE),
        DeleteRowItem(Row(at(part, "b")), IGNORE),
    ]
    assert batch(client, items, transaction).is_all_succeed()
    after, before = [("a", "new"), ("c", "old"), ("d", "new")], [(name, "old") for name in "abc"]
    assert scan(client, part, transaction) == after
    assert scan(client, part) == before
    end(client, transaction, how)
    assert scan(client, part) == (after if how == "commit" else before)


def test_increments_add_up(client, part):
    transaction = start(client, part)
    for _ in range(3):
        client.update_row(TXN_TABLE, Row(at(part), {"increment": [("v", 2)]}), IGNORE, None, transaction)
    assert get(client, at(part), transaction) == 6
    client.commit_transaction(transaction)
    assert get(client, at(part)) == 6


def test_conditions_see_the_transactions_own_writes(client, part):
    transaction = start(client, part)
    put(client, at(part), 1, transaction, Condition("EXPECT_NOT_EXIST"))
    with unmet():
        put(client, at(part), 2, transaction, Condition("EXPECT_NOT_EXIST"))
    put(client, at(part), 3, transaction, Condition("EXPECT_EXIST"))
    client.commit_transaction(transaction)
    assert get(client, at(part)) == 3


def test_ranges_see_both_sides_in_order(client, part):
    for name in ("a", "c", "e"):
        put(client, at(part, name), "old")
    transaction = start(client, part)
    put(client, at(part, "b"), "new", transaction)
    put(client, at(part, "c"), "new", transaction)
    client.delete_row(TXN_TABLE, Row(at(part, "e")), IGNORE, transaction_id=transaction)
    assert scan(client, part, transaction) == [("a", "old"), ("b", "new"), ("c", "new")]
    _, following, rows, _ = client.get_range(
        TXN_TABLE, "BACKWARD", at(part, INF_MAX), at(part, INF_MIN), limit=2, transaction_id=transaction
    )
    assert [row.primary_key[1][1] for row in rows] == ["c", "b"]
    assert following == at(part, "a")


def test_others_may_read_but_not_write(client, part):
    put(client, at(part), "old")
    transaction = start(client, part)
    put(client, at(part), "new", transaction)
    other = connect()
    assert get(other, at(part)) == "old"
    with refused("OTSRowOperationConflict", 409):
        put(other, at(part), "other")
    with refused("OTSRowOperationConflict", 409):
        put(other, at(part, "another row of the part"), "other")
    with refused("OTSRowOperationConflict", 409):
        other.update_row(TXN_TABLE, Row(at(part), {"put": [("v", "other")]}), IGNORE)
    with refused("OTSRowOperationConflict", 409):
        other.delete_row(TXN_TABLE, Row(at(part)), IGNORE)
    response = batch(other, [PutRowItem(Row(at(part), [("v", "other")]), IGNORE)])
    assert response.get_put_by_table(TXN_TABLE)[0].error_code == "OTSRowOperationConflict"
    put(other, at(next(numbers)), "another part is free")
    client.commit_transaction(transaction)
    assert get(client, at(part)) == "new"
    put(other, at(part), "other")


def test_the_lock_is_taken_at_the_start(client, part):
    start(client, part)
    with refused("OTSRowOperationConflict", 409):
        put(client, at(part), "other")


def test_one_transaction_at_a_time(client, part):
    transaction = start(client, part)
    with refused("OTSRowOperationConflict", 409):
        start(client, part)
    client.abort_transaction(transaction)
    client.abort_transaction(start(client, part))


def test_different_parts_are_independent(client, part):
    first, second = start(client, part), start(client, next(numbers))
    put(client, at(part), 1, first)
    client.abort_transaction(second)
    client.commit_transaction(first)
    assert get(client, at(part)) == 1


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("then", ENDS)
def test_it_ends_once(client, part, how, then):
    transaction = start(client, part)
    end(client, transaction, how)
    with refused(*ENDED):
        end(client, transaction, then)


@pytest.mark.parametrize("how", ENDS)
def test_nothing_goes_on_after_its_end(client, part, how):
    transaction = start(client, part)
    put(client, at(part), "in time", transaction)
    end(client, transaction, how)
    with refused(*ENDED):
        put(client, at(part), "late", transaction)
    with refused(*ENDED):
        get(client, at(part), transaction)
    assert get(client, at(part)) == ("in time" if how == "commit" else None)


@pytest.mark.parametrize("name", ["", "nonsense"])
def test_names_that_are_no_transaction(client, part, name):
    with refused(*NONE):
        client.commit_transaction(name)
    with refused(*NONE):
        client.abort_transaction(name)
    if name:
        with refused(*NONE):
            put(client, at(part), "x", name)
        with refused(*NONE):
            get(client, at(part), name)


def test_the_key_is_the_first_column_only(client, part):
    with refused("OTSParameterInvalid", 400, "StartLocalTransaction support only one primary key."):
        client.start_local_transaction(TXN_TABLE, at(part))


def test_the_keys_column_is_the_tables(client):
    with refused("OTSInvalidPK", 400):
        client.start_local_transaction(TXN_TABLE, [("other", 1)])
    with refused("OTSInvalidPK", 400):
        client.start_local_transaction(TXN_TABLE, [("PK0", "text")])


def test_tables_without_transactions(client, tables):
    table = tables.make([("PK0", "INTEGER"), ("PK1", "STRING")])
    message = "Try to call method using explicit transaction on explicit-transaction-disabled table."
    with refused("OTSParameterInvalid", 400, message):
        client.start_local_transaction(table, [("PK0", 1)])


def test_tables_that_are_not_there(client):
    with refused("OTSObjectNotExist", 404):
        client.start_local_transaction("never_made", [("PK0", 1)])
    with refused("OTSParameterInvalid", 400, "Invalid table name: ''."):
        client.start_local_transaction("", [("PK0", 1)])


def test_other_parts_are_out_of_its_range(client, part):
    transaction = start(client, part)
    other = next(numbers)
    outside = f"Data out of scope of transaction. Transaction PartKey:{part}. Data PartKey:{other}"
    with refused("OTSDataOutOfRange", message=outside):
        put(client, at(other), 1, transaction)
    with refused("OTSDataOutOfRange", message=outside):
        get(client, at(other), transaction)
    with refused("OTSDataOutOfRange", message=outside):
        client.get_range(
            TXN_TABLE, "FORWARD", at(part, INF_MIN), at(other, INF_MAX), transaction_id=transaction
        )


def test_four_megabytes_are_the_limit(client, part):
    transaction = start(client, part)
    with refused("OTSOutOfTransactionDataSizeLimit"):
        for n in range(6):
            key = at(part, f"row {n}")
            client.put_row(TXN_TABLE, Row(key, [("v", bytearray(1_000_000))]), IGNORE, None, transaction)
    client.abort_transaction(transaction)
    assert scan(client, part) == []
