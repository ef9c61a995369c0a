"""Conditions of writes: whether the row exists, and what its columns hold."""

import pytest
from conftest import read, unmet
from tablestore import (
    ComparatorType,
    CompositeColumnCondition,
    Condition,
    LogicalOperator,
    Row,
    SingleColumnCondition,
)

WRITES = ["put", "update", "delete"]


def write(client, table, key, how, condition):
    if how == "put":
        client.put_row(table, Row(key, [("written", True)]), condition)
    elif how == "update":
        client.update_row(table, Row(key, {"put": [("written", True)]}), condition)
    else:
        client.delete_row(table, Row(key), condition)


def expect(client, table, key, how, condition, met):
    """The write happens when the condition is met, and else is refused and changes nothing."""
    before = read(client, table, key)
    if met:
        write(client, table, key, how, condition)
        after = {"put": {"written": True}, "update": {**(before or {}), "written": True}, "delete": None}[how]
        assert read(client, table, key) == after
    else:
        with unmet():
            write(client, table, key, how, condition)
        assert read(client, table, key) == before


@pytest.mark.parametrize("how", WRITES)
@pytest.mark.parametrize("there", [True, False], ids=["row", "no-row"])
@pytest.mark.parametrize("expectation", ["IGNORE", "EXPECT_EXIST", "EXPECT_NOT_EXIST"])
def test_existence_of_the_row(client, plain, key, how, there, expectation):
    if there:
        client.put_row(plain, Row(key, [("a", 1)]))
    met = expectation == "IGNORE" or (expectation == "EXPECT_EXIST") == there
    expect(client, plain, key, how, Condition(expectation), met)


def test_a_deleted_row_does_not_exist(client, plain, key):
    client.put_row(plain, Row(key, [("a", 1)]))
    client.delete_row(plain, Row(key), Condition("EXPECT_EXIST"))
    with unmet():
        client.delete_row(plain, Row(key), Condition("EXPECT_EXIST"))
    client.put_row(plain, Row(key, [("a", 2)]), Condition("EXPECT_NOT_EXIST"))


def test_a_row_of_its_key_only_exists(client, plain, key):
    client.put_row(plain, Row(key, []), Condition("EXPECT_NOT_EXIST"))
    with unmet():
        client.put_row(plain, Row(key, []), Condition("EXPECT_NOT_EXIST"))


COMPARE = {
    "EQUAL": lambda a, b: a == b,
    "NOT_EQUAL": lambda a, b: a != b,
    "GREATER_THAN": lambda a, b: a > b,
    "GREATER_EQUAL": lambda a, b: a >= b,
    "LESS_THAN": lambda a, b: a < b,
    "LESS_EQUAL": lambda a, b: a <= b,
}
ORDERED = {
    "integer": (-5, 3, 2**40),
    "double": (-0.5, 2.25, 1e300),
    "string": ("", "b", "bb"),
    "string beyond ASCII": ("z", "ä", "表"),
    "blob": (bytearray(), bytearray(b"\x01"), bytearray(b"\x01\x00")),
    "boolean": (False, True, True),
}


@pytest.mark.parametrize("kind", ORDERED, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.parametrize("comparator", COMPARE)
def test_comparison_of_a_column(client, plain, key, kind, comparator):
    stored = ORDERED[kind][1]
    for operand in ORDERED[kind]:
        client.put_row(plain, Row(key, [("c", stored)]))
        condition = SingleColumnCondition("c", operand, getattr(ComparatorType, comparator))
        expect(client, plain, key, "update", Condition("IGNORE", condition), COMPARE[comparator](stored, operand))


@pytest.mark.parametrize("how", WRITES)
@pytest.mark.parametrize("met", [True, False])
def test_every_write_checks_columns(client, plain, key, how, met):
    client.put_row(plain, Row(key, [("c", 1)]))
    condition = SingleColumnCondition("c", 1 if met else 2, ComparatorType.EQUAL)
    expect(client, plain, key, how, Condition("IGNORE", condition), met)


@pytest.mark.parametrize("how", WRITES)
@pytest.mark.parametrize("pass_if_missing", [True, False])
@pytest.mark.parametrize("comparator", ["EQUAL", "NOT_EQUAL", "LESS_THAN"])
def test_a_column_that_is_missing(client, plain, key, how, pass_if_missing, comparator):
    client.put_row(plain, Row(key, [("other", 1)]))
    condition = SingleColumnCondition("c", 1, getattr(ComparatorType, comparator), pass_if_missing)
    expect(client, plain, key, how, Condition("IGNORE", condition), pass_if_missing)


@pytest.mark.parametrize("pass_if_missing", [True, False])
def test_a_row_that_is_missing_has_no_columns(client, plain, key, pass_if_missing):
    condition = SingleColumnCondition("c", 1, ComparatorType.EQUAL, pass_if_missing)
    expect(client, plain, key, "update", Condition("IGNORE", condition), pass_if_missing)


def test_both_conditions_must_hold(client, plain, key):
    client.put_row(plain, Row(key, [("c", 1)]))
    equal = SingleColumnCondition("c", 1, ComparatorType.EQUAL)
    unequal = SingleColumnCondition("c", 2, ComparatorType.EQUAL)
    expect(client, plain, key, "update", Condition("EXPECT_NOT_EXIST", equal), False)
    expect(client, plain, key, "update", Condition("EXPECT_EXIST", unequal), False)
    expect(client, plain, key, "update", Condition("EXPECT_EXIST", equal), True)


def test_a_value_of_another_type_is_not_equal(client, plain, key):
    client.put_row(plain, Row(key, [("c", 1)]))
    condition = SingleColumnCondition("c", "1", ComparatorType.EQUAL, False)
    expect(client, plain, key, "update", Condition("IGNORE", condition), False)


def composite(operator, *parts):
    condition = CompositeColumnCondition(getattr(LogicalOperator, operator))
    for part in parts:
        condition.add_sub_condition(part)
    return condition


def is_(name, value):
    return SingleColumnCondition(name, value, ComparatorType.EQUAL, False)


TRUE, FALSE = is_("t", 1), is_("t", 0)


@pytest.mark.parametrize(
    "condition,met",
    [
        (composite("AND", TRUE, TRUE), True),
        (composite("AND", TRUE, FALSE), False),
        (composite("AND", FALSE, FALSE), False),
        (composite("AND", TRUE, TRUE, FALSE), False),
        (composite("OR", FALSE, FALSE), False),
        (composite("OR", FALSE, TRUE), True),
        (composite("OR", FALSE, FALSE, FALSE, TRUE), True),
        (composite("NOT", FALSE), True),
        (composite("NOT", TRUE), False),
        (composite("NOT", composite("AND", TRUE, FALSE)), True),
        (composite("NOT", composite("OR", TRUE, FALSE)), False),
        (composite("AND", composite("OR", TRUE, FALSE), composite("NOT", FALSE)), True),
        (composite("OR", composite("AND", TRUE, FALSE), composite("AND", FALSE, TRUE)), False),
        (composite("NOT", composite("NOT", composite("NOT", FALSE))), True),
    ],
    ids=lambda value: None if isinstance(value, bool) else "",
)
def test_composite_conditions(client, plain, key, condition, met):
    client.put_row(plain, Row(key, [("t", 1)]))
    expect(client, plain, key, "update", Condition("IGNORE", condition), met)


def test_ten_conditions_are_allowed(client, plain, key):
    client.put_row(plain, Row(key, [("t", 1)]))
    condition = composite("AND", *[TRUE] * 9)
    expect(client, plain, key, "update", Condition("IGNORE", condition), True)


def test_the_newest_version_counts(client, versions, key):
    client.put_row(versions, Row(key, [("c", "old", 1000), ("c", "new", 2000)]))
    with unmet():
        client.update_row(versions, Row(key, {"put": [("d", 1)]}), Condition("IGNORE", is_("c", "old")))
    client.update_row(versions, Row(key, {"put": [("d", 1)]}), Condition("IGNORE", is_("c", "new")))


def test_any_version_counts_if_wanted(client, versions, key):
    client.put_row(versions, Row(key, [("c", "old", 1000), ("c", "new", 2000)]))
    for value, met in (("old", True), ("new", True), ("none", False)):
        condition = SingleColumnCondition("c", value, ComparatorType.EQUAL, False, latest_version_only=False)
        before = read(client, versions, key)
        if met:
            client.update_row(versions, Row(key, {"put": [("d", value)]}), Condition("IGNORE", condition))
        else:
            with unmet():
                client.update_row(versions, Row(key, {"put": [("d", value)]}), Condition("IGNORE", condition))
            assert read(client, versions, key) == before


def test_compare_and_set(client, plain, key):
    """What a lock is built of: only the holder of the known value may write."""
    client.put_row(plain, Row(key, [("holder", "a")]), Condition("EXPECT_NOT_EXIST"))
    for held, wanted, met in (("a", "b", True), ("a", "c", False), ("b", "a", True)):
        condition = Condition("EXPECT_EXIST", is_("holder", held))
        change = Row(key, {"put": [("holder", wanted)]})
        if met:
            client.update_row(plain, change, condition)
        else:
            with unmet():
                client.update_row(plain, change, condition)
    assert read(client, plain, key) == {"holder": "a"}
