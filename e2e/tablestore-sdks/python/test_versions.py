"""Versions of columns: their timestamps, how many are kept and given out, and for how long."""

import time

import pytest
from conftest import read, refused
from tablestore import Condition, Row, TableOptions

HOUR = 3_600_000


def now():
    return int(time.time() * 1000)


def update(client, table, key, **kinds):
    client.update_row(table, Row(key, kinds), Condition("IGNORE"))


def cells(client, table, key, **options):
    options.setdefault("max_version", 100)
    _, row, _ = client.get_row(table, key, **options)
    return row and row.attribute_columns


def test_the_servers_time_is_the_timestamp(client, plain, key):
    before = now()
    client.put_row(plain, Row(key, [("c", 1)]))
    (cell,) = cells(client, plain, key)
    # The server may have to go ahead of its clock so that two writes do not fall on one version.
    assert before - 1000 <= cell[2] <= now() + 1000


def test_explicit_timestamps(client, versions, key):
    client.put_row(versions, Row(key, [("c", "a", 1), ("c", "b", 3), ("c", "c", 2), ("d", "e", 5)]))
    assert cells(client, versions, key) == [("c", "b", 3), ("c", "c", 2), ("c", "a", 1), ("d", "e", 5)]


@pytest.mark.parametrize("timestamp", [0, 1, 2**53, (2**63 - 1) // 1000 - 1])
def test_extreme_timestamps(client, versions, key, timestamp):
    client.put_row(versions, Row(key, [("c", 1, timestamp)]))
    assert cells(client, versions, key) == [("c", 1, timestamp)]


def test_only_the_newest_unless_asked(client, versions, key):
    client.put_row(versions, Row(key, [("c", "old", 1), ("c", "new", 2)]))
    _, row, _ = client.get_row(versions, key)
    assert row.attribute_columns == [("c", "new", 2)]


def test_the_number_of_versions_asked_for(client, versions, key):
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 6)] + [("d", 1, 1)]))
    found = cells(client, versions, key, max_version=2)
    assert found == [("c", 5, 5), ("c", 4, 4), ("d", 1, 1)]


def test_the_table_keeps_no_more_than_its_number(client, versions, key):
    for n in range(1, 15):
        update(client, versions, key, put=[("c", n, n)])
    assert cells(client, versions, key) == [("c", n, n) for n in range(14, 4, -1)]


def test_one_version_is_the_newest_by_time_not_by_arrival(client, tables, key):
    table = tables.make([("pk", "STRING")], max_version=1, max_time_deviation=2**40)
    update(client, table, key, put=[("c", "newer", 2000)])
    update(client, table, key, put=[("c", "older", 1000)])
    assert cells(client, table, key) == [("c", "newer", 2000)]


def test_the_same_timestamp_overwrites(client, versions, key):
    update(client, versions, key, put=[("c", "first", 7)])
    update(client, versions, key, put=[("c", "second", 7)])
    assert cells(client, versions, key) == [("c", "second", 7)]


def test_writes_one_after_the_other_are_versions_of_their_own(client, versions, key):
    for n in range(5):
        update(client, versions, key, put=[("c", n)])
    found = cells(client, versions, key)
    assert [cell[1] for cell in found] == [4, 3, 2, 1, 0]
    stamps = [cell[2] for cell in found]
    assert stamps == sorted(set(stamps), reverse=True)


def test_put_removes_all_versions(client, versions, key):
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 4)] + [("d", 1, 9)]))
    client.put_row(versions, Row(key, [("c", "only", 2)]))
    assert cells(client, versions, key) == [("c", "only", 2)]


def test_one_version_is_deleted(client, versions, key):
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 4)]))
    update(client, versions, key, delete=[("c", None, 2)])
    assert cells(client, versions, key) == [("c", 3, 3), ("c", 1, 1)]


def test_a_version_that_is_not_there_is_deleted(client, versions, key):
    client.put_row(versions, Row(key, [("c", 1, 1)]))
    update(client, versions, key, delete=[("c", None, 2), ("none", None, 1)])
    assert cells(client, versions, key) == [("c", 1, 1)]


def test_all_versions_are_deleted(client, versions, key):
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 4)] + [("d", 1, 1)]))
    update(client, versions, key, delete_all=["c"])
    assert cells(client, versions, key) == [("d", 1, 1)]


def test_a_deleted_version_can_be_written_again(client, versions, key):
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 4)]))
    update(client, versions, key, delete=[("c", None, 2)])
    update(client, versions, key, put=[("c", "again", 2)])
    assert cells(client, versions, key) == [("c", 3, 3), ("c", "again", 2), ("c", 1, 1)]


@pytest.mark.parametrize(
    "time_range,found",
    [((2, 4), [3, 2]), ((0, 100), [5, 4, 3, 2, 1]), (3, [3]), ((5, 6), [5]), ((6, 9), None), (9, None)],
)
def test_ranges_of_time(client, versions, key, time_range, found):
    """From the first to before the second."""
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 6)]))
    back = cells(client, versions, key, max_version=None, time_range=time_range)
    assert (back and [cell[1] for cell in back]) == found


def test_a_range_of_time_and_a_number(client, versions, key):
    client.put_row(versions, Row(key, [("c", n, n) for n in range(1, 6)]))
    back = cells(client, versions, key, max_version=2, time_range=(1, 5))
    assert [cell[1] for cell in back] == [4, 3]


def test_neither_range_nor_number(client, versions, key):
    with refused("OTSParameterInvalid", 400, "No version condition is specified."):
        client.get_row(versions, key, max_version=None)


def test_increments_make_versions(client, versions, key):
    for _ in range(3):
        update(client, versions, key, increment=[("n", 2)])
    assert [cell[1] for cell in cells(client, versions, key)][0] == 6


def test_a_timestamp_far_off_is_refused(client, tables, key):
    """The table's option: at most so many seconds away from now."""
    table = tables.make([("pk", "STRING")], max_time_deviation=3600)
    client.put_row(table, Row(key, [("c", 1, now() - HOUR // 2)]))
    client.put_row(table, Row(key, [("c", 1, now() + HOUR // 2)]))
    for timestamp in (now() - 2 * HOUR, now() + 2 * HOUR, 1):
        with refused("OTSParameterInvalid", 400):
            client.put_row(table, Row(key, [("c", 1, timestamp)]))


def test_old_cells_end(client, tables, key):
    """A life is a day at least, so the cells are given their age before the table is given its life."""
    day = 24 * HOUR
    table = tables.make([("pk", "STRING")], max_version=5, max_time_deviation=10 * 86_400)
    client.put_row(table, Row(key, [("old", 1, now() - 2 * day), ("both", 1, now() - 2 * day), ("both", 2, now())]))
    ended = [("pk", key[0][1] + " ended")]
    client.put_row(table, Row(ended, [("old", 1, now() - 2 * day)]))
    client.update_table(table, TableOptions(86_400, None, None))
    assert cells(client, table, key) == [("both", 2, cells(client, table, key)[0][2])]
    assert read(client, table, ended) in (None, {})
    with refused("OTSParameterInvalid", 400):
        client.put_row(table, Row(ended, [("old", 1, now() - 2 * day)]))


def test_cells_live_on_without_an_end(client, tables, key):
    table = tables.make([("pk", "STRING")], time_to_live=-1, max_time_deviation=2**40)
    client.put_row(table, Row(key, [("c", 1, 1000)]))
    assert read(client, table, key) == {"c": 1}
