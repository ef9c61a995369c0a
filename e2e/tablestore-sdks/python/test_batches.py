"""Several rows in one request: what each of them came to."""

import uuid

import pytest
from conftest import columns, read, refused
from tablestore import (
    BatchGetRowRequest,
    BatchWriteRowRequest,
    ComparatorType,
    Condition,
    DeleteRowItem,
    PutRowItem,
    Row,
    SingleColumnCondition,
    TableInBatchGetRowItem,
    TableInBatchWriteRowItem,
    UpdateRowItem,
)

IGNORE = Condition("IGNORE")
MET, UNMET = Condition("EXPECT_NOT_EXIST"), Condition("EXPECT_EXIST")


def keys(count):
    common = uuid.uuid4().hex
    return [[("pk", f"{common}-{n:04}")] for n in range(count)]


def put(key, *values, condition=IGNORE, **options):
    return PutRowItem(Row(key, list(values)), condition, **options)


def update(key, condition=IGNORE, **kinds):
    return UpdateRowItem(Row(key, kinds), condition)


def delete(key, condition=IGNORE):
    return DeleteRowItem(Row(key), condition)


def write(client, **tables):
    request = BatchWriteRowRequest()
    for table, items in tables.items():
        request.add(TableInBatchWriteRowItem(table, items))
    return client.batch_write_row(request)


def get(client, table, wanted, **options):
    options.setdefault("max_version", 1)
    request = BatchGetRowRequest()
    request.add(TableInBatchGetRowItem(table, wanted, **options))
    return client.batch_get_row(request).get_result_by_table(table)


@pytest.fixture(scope="module")
def other(module_tables):
    return module_tables.make([("id", "INTEGER"), ("blob", "BINARY")])


def test_all_kinds_at_once(client, plain):
    a, b, c = keys(3)
    client.put_row(plain, Row(b, [("kept", 1), ("gone", 2), ("n", 3)]))
    client.put_row(plain, Row(c, [("x", 1)]))
    change = update(b, put=[("new", 4)], delete_all=["gone"], increment=[("n", 10)])
    response = write(client, **{plain: [put(a, ("x", 1)), change, delete(c)]})
    assert response.is_all_succeed()
    for items in (response.get_put(), response.get_update(), response.get_delete()):
        succeeded, failed = items
        assert len(succeeded) == 1 and not failed
        assert succeeded[0].consumed.write >= 1
        assert succeeded[0].error_code is None and succeeded[0].error_message is None
    assert read(client, plain, a) == {"x": 1}
    assert read(client, plain, b) == {"kept": 1, "new": 4, "n": 13}
    assert read(client, plain, c) is None


def test_several_tables(client, plain, other):
    (a,) = keys(1)
    b = [("id", 7), ("blob", bytearray(b"\x01"))]
    assert write(client, **{plain: [put(a, ("x", 1))], other: [put(b, ("y", 2))]}).is_all_succeed()
    request = BatchGetRowRequest()
    request.add(TableInBatchGetRowItem(plain, [a], max_version=1))
    request.add(TableInBatchGetRowItem(other, [b], max_version=1))
    response = client.batch_get_row(request)
    assert response.is_all_succeed()
    assert columns(response.get_result_by_table(plain)[0].row) == [("x", 1)]
    assert columns(response.get_result_by_table(other)[0].row) == [("y", 2)]


def test_each_row_has_its_own_outcome(client, plain):
    there, absent, fresh, gone = keys(4)
    client.put_row(plain, Row(there, [("x", 1)]))
    items = [
        put(there, ("x", 2), condition=MET),
        put(fresh, ("x", 3), condition=MET),
        update(absent, UNMET, put=[("x", 4)]),
        delete(gone, UNMET),
    ]
    response = write(client, **{plain: items})
    assert not response.is_all_succeed()
    outcomes = response.get_put_by_table(plain) + response.get_update_by_table(plain) + response.get_delete_by_table(plain)
    assert [item.is_ok for item in outcomes] == [False, True, False, False]
    for item in outcomes:
        if not item.is_ok:
            assert (item.error_code, item.error_message) == ("OTSConditionCheckFail", "Condition check failed.")
    assert read(client, plain, there) == {"x": 1}
    assert read(client, plain, fresh) == {"x": 3}
    assert read(client, plain, absent) is None


def test_all_rows_fail_and_the_call_succeeds(client, plain):
    a, b, c = keys(3)
    response = write(client, **{plain: [put(a, ("x", 1), condition=UNMET), update(b, UNMET, put=[("x", 1)]), delete(c, UNMET)]})
    failed = response.get_failed_of_put() + response.get_failed_of_update() + response.get_failed_of_delete()
    assert [item.error_code for item in failed] == ["OTSConditionCheckFail"] * 3


def test_column_conditions(client, plain):
    met, unmet = keys(2)
    for key in (met, unmet):
        client.put_row(plain, Row(key, [("v", 1)]))
    condition = Condition("EXPECT_EXIST", SingleColumnCondition("v", 1, ComparatorType.EQUAL))
    against = Condition("EXPECT_EXIST", SingleColumnCondition("v", 2, ComparatorType.EQUAL))
    response = write(client, **{plain: [update(met, condition, put=[("v", 2)]), update(unmet, against, put=[("v", 2)])]})
    assert [item.is_ok for item in response.get_update_by_table(plain)] == [True, False]
    assert (read(client, plain, met), read(client, plain, unmet)) == ({"v": 2}, {"v": 1})


def test_a_missing_table_is_its_rows_failure(client, plain):
    (a,) = keys(1)
    response = write(client, **{plain: [put(a, ("x", 1))], "never_made": [put(a, ("x", 1))]})
    assert response.get_put_by_table(plain)[0].is_ok
    lost = response.get_put_by_table("never_made")[0]
    assert (lost.error_code, lost.error_message) == ("OTSObjectNotExist", "Requested table does not exist.")
    rows = get(client, "never_made", [a])
    assert (rows[0].is_ok, rows[0].error_code) == (False, "OTSObjectNotExist")


def test_a_wrong_key_is_its_rows_failure(client, plain):
    (good,) = keys(1)
    wrong = [("other", "name")]
    response = write(client, **{plain: [put(wrong, ("x", 1)), put(good, ("x", 1))]})
    first, second = response.get_put_by_table(plain)
    assert (first.error_code, first.error_message) == ("OTSInvalidPK", "Validate PK name fail. Input: other, Meta: pk.")
    assert second.is_ok
    lost, found = get(client, plain, [wrong, good])
    assert (lost.error_code, lost.error_message) == ("OTSInvalidPK", "Validate PK name fail. Input: other, Meta: pk.")
    assert columns(found.row) == [("x", 1)]


@pytest.mark.parametrize(
    "changes,left",
    [
        (lambda key: [put(key, ("a", 1)), put(key, ("b", 2))], {"b": 2}),
        (lambda key: [put(key, ("a", 1)), update(key, put=[("b", 2)])], {"a": 1, "b": 2}),
        (lambda key: [put(key, ("a", 1)), delete(key)], None),
        (lambda key: [delete(key), put(key, ("a", 1))], {"a": 1}),
        (lambda key: [update(key, put=[("a", 1)]), update(key, delete_all=["a"], put=[("b", 2)])], {"b": 2}),
        (lambda key: [update(key, increment=[("n", 1)]), update(key, increment=[("n", 2)])], {"n": 3}),
    ],
)
def test_one_key_several_times(client, plain, changes, left):
    """Applied in their order."""
    (key,) = keys(1)
    assert write(client, **{plain: changes(key)}).is_all_succeed()
    assert read(client, plain, key) == left


def test_one_key_several_times_with_a_condition(client, plain):
    (key,) = keys(1)
    with refused("OTSParameterInvalid", 400):
        write(client, **{plain: [put(key, ("a", 1), condition=MET), put(key, ("b", 1))]})
    assert read(client, plain, key) is None


def test_the_key_comes_back(client, plain):
    (key,) = keys(1)
    response = write(client, **{plain: [put(key, ("a", 1), return_type="RT_PK")]})
    assert response.get_put_by_table(plain)[0].row.primary_key == key


def test_two_hundred_writes(client, plain):
    wanted = keys(200)
    response = write(client, **{plain: [put(key, ("n", n)) for n, key in enumerate(wanted)]})
    assert response.is_all_succeed()
    assert [item.index for item in response.get_put_by_table(plain)] == list(range(200))
    found = get(client, plain, wanted[:100]) + get(client, plain, wanted[100:])
    assert [columns(row.row)[0][1] for row in found] == list(range(200))


def test_one_write_too_many(client, plain):
    with refused("OTSParameterInvalid", 400):
        write(client, **{plain: [put(key, ("n", 1)) for key in keys(201)]})


def test_one_read_too_many(client, plain):
    with refused("OTSParameterInvalid", 400):
        get(client, plain, keys(101))


def test_rows_keep_the_order_of_the_request(client, plain):
    wanted = keys(7)
    for n, key in enumerate(wanted):
        client.put_row(plain, Row(key, [("n", n)]))
    order = [5, 0, 6, 3, 3, 1]
    rows = get(client, plain, [wanted[n] for n in order])
    assert [columns(row.row)[0][1] for row in rows] == order


def test_absent_rows_are_no_failures(client, plain):
    there, absent = keys(2)
    client.put_row(plain, Row(there, [("x", 1)]))
    found, missing = get(client, plain, [there, absent])
    assert columns(found.row) == [("x", 1)]
    assert missing.is_ok and missing.row is None
    assert (missing.consumed.read, missing.consumed.write) == (1, 0)


def test_the_wanted_columns(client, plain):
    a, b = keys(2)
    client.put_row(plain, Row(a, [("x", 1), ("y", 2), ("z", 3)]))
    client.put_row(plain, Row(b, [("z", 3)]))
    first, second = get(client, plain, [a, b], columns_to_get=["y", "x"])
    assert columns(first.row) == [("x", 1), ("y", 2)]
    assert second.is_ok and second.row is None
    first, second = get(client, plain, [a, b], start_column="y", end_column="zz")
    assert columns(first.row) == [("y", 2), ("z", 3)]


def test_versions(client, versions):
    (key,) = keys(1)
    client.put_row(versions, Row(key, [("c", n, 1000 + n) for n in range(5)]))
    (row,) = get(client, versions, [key], max_version=2)
    assert row.row.attribute_columns == [("c", 4, 1004), ("c", 3, 1003)]
    (row,) = get(client, versions, [key], max_version=None, time_range=(1001, 1003))
    assert row.row.attribute_columns == [("c", 2, 1002), ("c", 1, 1001)]


def test_a_table_without_rows(client, plain):
    with refused("OTSParameterInvalid", 400, f"No operation is specified for table: '{plain}'."):
        write(client, **{plain: []})
    assert not get(client, plain, [])


def test_no_table(client):
    with refused("OTSParameterInvalid", 400, "No row is specified in BatchWriteRow."):
        client.batch_write_row(BatchWriteRowRequest())
    with refused("OTSParameterInvalid", 400, "No row specified in the request of BatchGetRow."):
        client.batch_get_row(BatchGetRowRequest())


def test_four_megabytes_are_the_limit(client, plain):
    wanted = keys(5)
    large = [put(key, ("c", bytearray(900_000))) for key in wanted]
    with refused("OTSParameterInvalid", 400):
        write(client, **{plain: large})
    assert write(client, **{plain: large[:4]}).is_all_succeed()
