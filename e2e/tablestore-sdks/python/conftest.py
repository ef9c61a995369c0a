"""What the tests of the official Python SDK share: clients, tables that go away again, and short names.

The addresses and identities come from the environment (see ../run); every test talks to the server through
the SDK's public calls only, with its checks of responses on.
"""

import os
import time
import uuid

import pytest
from tablestore import (
    CapacityUnit,
    Condition,
    NoRetryPolicy,
    OTSClient,
    OTSServiceError,
    ReservedThroughput,
    Row,
    TableMeta,
    TableOptions,
)

ENDPOINT = os.environ["TABLESTORE_ENDPOINT"]
INSTANCE = os.environ["TABLESTORE_INSTANCE"]
KEY_ID = os.environ["TABLESTORE_KEY_ID"]
KEY_SECRET = os.environ["TABLESTORE_KEY_SECRET"]
REGION = os.environ.get("TABLESTORE_REGION", "cn-hangzhou")
TXN_TABLE = os.environ.get("TABLESTORE_TXN_TABLE", "TransactionTable")
# The largest number of milliseconds that the documentation allows as a cell's timestamp.
WIDE_DEVIATION = (2**63 - 1) // 1_000_000


def connect(key_id=KEY_ID, secret=KEY_SECRET, instance=INSTANCE, **options):
    """A client that does not hide an error by trying again, unless the test asks for that."""
    options.setdefault("retry_policy", NoRetryPolicy())
    return OTSClient(ENDPOINT, key_id, secret, instance, **options)


@pytest.fixture(scope="session")
def client():
    return connect()


@pytest.fixture(scope="session", autouse=True)
def early_transaction(client):
    """A transaction from the beginning of all tests, for the one about its end."""
    key = [("PK0", 1), ("PK1", uuid.uuid4().hex)]
    transaction = client.start_local_transaction(TXN_TABLE, key[:1])
    began = time.monotonic()
    client.put_row(TXN_TABLE, Row(key, [("v", "never committed")]), Condition("IGNORE"), None, transaction)
    return TXN_TABLE, key, transaction, began


# Where ../run reads what each test came to: "ok NAME", "FAILED NAME" or "skipped NAME".
CASES = os.environ.get("TABLESTORE_CASES")


def pytest_runtest_logreport(report):
    if CASES is None or not (report.when == "call" or (report.when == "setup" and not report.passed)):
        return
    outcome = {"passed": "ok", "failed": "FAILED"}.get(report.outcome, report.outcome)
    with open(CASES, "a", encoding="utf-8") as cases:
        cases.write(f"{outcome} Python {ascii(report.nodeid)[1:-1]}\n")


class Tables:
    """Makes tables under names of their own and deletes them."""

    def __init__(self, client):
        self.client = client
        self.made = []

    def make(self, schema, name=None, defined=None, throughput=(0, 0), **options):
        name = name or fresh_name()
        meta = TableMeta(name, schema, defined)
        throughput = ReservedThroughput(CapacityUnit(*throughput))
        self.client.create_table(meta, TableOptions(**options), throughput)
        self.made.append(name)
        return name

    def drop(self):
        for name in self.made:
            try:
                self.client.delete_table(name)
            except OTSServiceError as error:
                if error.code != "OTSObjectNotExist":
                    raise
        self.made.clear()


def fresh_name():
    return "py_" + uuid.uuid4().hex[:16]


def _tables(client):
    tables = Tables(client)
    yield tables
    tables.drop()


@pytest.fixture
def tables(client):
    yield from _tables(client)


@pytest.fixture(scope="module")
def module_tables(client):
    yield from _tables(client)


@pytest.fixture(scope="module")
def plain(module_tables):
    """A table with one string key and one version, which the tests of a module share."""
    return module_tables.make([("pk", "STRING")])


@pytest.fixture(scope="module")
def pair(module_tables):
    """The same with a string and an integer as key."""
    return module_tables.make([("pk", "STRING"), ("seq", "INTEGER")])


@pytest.fixture(scope="module")
def versions(module_tables):
    """Ten versions of a column are kept, with whatever timestamps."""
    return module_tables.make([("pk", "STRING")], max_version=10, max_time_deviation=WIDE_DEVIATION)


@pytest.fixture
def key():
    """A key that no other test uses."""
    return [("pk", uuid.uuid4().hex)]


class Caught:
    """`with refused(...)`: the service's error, once the block has ended."""

    error = None


class refused:  # noqa: N801 - reads as a statement
    """The block ends with this error of the service: its code, and its HTTP status and message if they are known."""

    def __init__(self, code, status=None, message=None):
        self.expected = (status, code, message)

    def __enter__(self):
        self.caught = Caught()
        return self.caught

    def __exit__(self, kind, error, trace):
        assert error is not None, f"was not refused; expected {self.expected}"
        if not isinstance(error, OTSServiceError):
            return False
        status, code, message = self.expected
        assert error.code == code, str(error)
        assert status in (None, error.http_status), error.http_status
        if message is not None:
            assert error.message == message
        assert error.request_id, "an error without x-ots-requestid"
        self.caught.error = error
        return True


def unmet():
    return refused("OTSConditionCheckFail", 403, "Condition check failed.")


def columns(row):
    """The columns of a row without their timestamps."""
    return [(column[0], column[1]) for column in row.attribute_columns or []]


def read(client, table, key, **options):
    """The row's columns by name, or None when there is no such row."""
    _, row, _ = client.get_row(table, key, **options)
    if row is None:
        return None
    assert row.primary_key == key
    return dict(columns(row))
