"""The SDK's own handling of a service that is busy, slow, gone or wrong, which the control API brings about."""

import json
import os
import urllib.request

import pytest
from conftest import connect, read, refused
from tablestore import (
    BatchGetRowRequest,
    BatchWriteRowRequest,
    Condition,
    DefaultRetryPolicy,
    NoDelayRetryPolicy,
    OTSClientError,
    OTSServiceError,
    PutRowItem,
    Row,
    TableInBatchGetRowItem,
    TableInBatchWriteRowItem,
    WriteRetryPolicy,
)

CONTROL = os.environ.get("TABLESTORE_CONTROL")
pytestmark = pytest.mark.skipif(not CONTROL, reason="no control API is configured")


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


@pytest.fixture
def faults(plain):
    """Faults of the test's table, and the number of requests that there were since."""

    class Faults:
        def set(self, kind, operation, **rule):
            rule = {"kind": kind, "operations": [operation], "tables": [plain], **rule}
            control("PUT", "/faults", {"seed": 1, "rules": [rule]})
            control("DELETE", "/counters")

        def requests(self, operation):
            return json.loads(control("GET", "/counters")).get(operation, {}).get("requests", 0)

    yield Faults()
    control("DELETE", "/faults")


class Patient(NoDelayRetryPolicy):
    """The default policy without its pauses."""


class PatientWriter(WriteRetryPolicy):
    """The policy that repeats writes too, without its pauses."""

    def get_retry_delay(self, retry_times, exception, api_name):
        return 0


def put(client, table, key):
    client.put_row(table, Row(key, [("a", 1)]), Condition("IGNORE"))


THROTTLED = ["busy", "partitionUnavailable", "notReady", "quotaExhausted", "capacityExhausted"]


@pytest.mark.parametrize("kind", THROTTLED)
def test_writes_are_repeated_when_nothing_was_done(plain, key, faults, kind):
    client = connect(retry_policy=Patient())
    faults.set(kind, "PutRow", times=5)
    put(client, plain, key)
    assert faults.requests("PutRow") == 6
    assert read(client, plain, key) == {"a": 1}


@pytest.mark.parametrize("kind", [*THROTTLED, "unavailable", "timeoutBefore", "timeoutAfter"])
def test_reads_are_repeated(client, plain, key, faults, kind):
    put(client, plain, key)
    faults.set(kind, "GetRow", times=5)
    assert read(connect(retry_policy=Patient()), plain, key) == {"a": 1}
    assert faults.requests("GetRow") == 6


def test_the_default_pauses(plain, key, faults):
    faults.set("busy", "PutRow", times=2)
    put(connect(retry_policy=DefaultRetryPolicy()), plain, key)
    assert faults.requests("PutRow") == 3


@pytest.mark.parametrize("kind,code", [("timeoutBefore", "OTSTimeout"), ("unavailable", "OTSServerUnavailable")])
def test_writes_are_not_repeated_when_they_may_have_been_done(plain, key, faults, kind, code):
    client = connect(retry_policy=Patient())
    faults.set(kind, "PutRow", times=1)
    with refused(code, 503):
        put(client, plain, key)
    assert faults.requests("PutRow") == 1
    assert read(client, plain, key) is None


def test_a_write_may_have_been_done_in_spite_of_the_error(client, plain, key, faults):
    faults.set("timeoutAfter", "PutRow", times=1)
    with refused("OTSTimeout", 503):
        put(client, plain, key)
    assert read(client, plain, key) == {"a": 1}


def test_writes_are_repeated_where_that_is_wanted(plain, key, faults):
    client = connect(retry_policy=PatientWriter())
    faults.set("timeoutBefore", "PutRow", times=3)
    put(client, plain, key)
    assert faults.requests("PutRow") == 4


def test_it_gives_up_after_twenty_times(plain, key, faults):
    faults.set("busy", "PutRow")
    with refused("OTSServerBusy", 503):
        put(connect(retry_policy=Patient()), plain, key)
    assert faults.requests("PutRow") == 21


def test_other_operations_go_on(client, plain, key, faults):
    faults.set("busy", "GetRow")
    put(client, plain, key)
    with refused("OTSServerBusy", 503):
        read(client, plain, key)


@pytest.mark.parametrize("kind,done", [("cutBefore", False), ("cutAfter", True)])
def test_a_connection_that_is_cut(client, plain, key, faults, kind, done):
    faults.set(kind, "PutRow", times=1)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the SDK lets the error of its HTTP client through
        put(connect(), plain, key)
    assert not isinstance(caught.value, OTSServiceError)
    assert read(client, plain, key) == ({"a": 1} if done else None)


def test_an_answer_that_comes_too_late(client, plain, key, faults):
    faults.set("slow", "PutRow", times=1, delayMs=3_000)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - as above
        put(connect(socket_timeout=0.5), plain, key)
    assert not isinstance(caught.value, OTSServiceError)
    put(client, plain, key)


def test_an_answer_that_comes_late(plain, key, faults):
    faults.set("slow", "PutRow", times=1, delayMs=300)
    put(connect(socket_timeout=10), plain, key)


def test_the_sdk_finds_damaged_answers(client, plain, key, faults):
    """Its checks are on: a byte that changed on the way does not go unnoticed."""
    put(client, plain, key)
    faults.set("damagedAnswer", "GetRow", times=1)
    with pytest.raises(OTSClientError, match="MD5 mismatch in response"):
        read(connect(), plain, key)


def test_rows_of_a_batch_that_were_busy(client, plain, key, faults):
    keys = [[("pk", f"{key[0][1]}-{n}")] for n in range(20)]
    faults.set("rowBusy", "BatchWriteRow", rate=0.5)
    left = list(keys)
    for _ in range(30):
        request = BatchWriteRowRequest()
        items = [PutRowItem(Row(one, [("a", 1)]), Condition("IGNORE")) for one in left]
        request.add(TableInBatchWriteRowItem(plain, items))
        outcomes = client.batch_write_row(request).get_put_by_table(plain)
        for one, outcome in zip(left, outcomes):
            assert outcome.is_ok or outcome.error_code == "OTSServerBusy"
            assert (read(client, plain, one) is not None) == outcome.is_ok
        left = [one for one, outcome in zip(left, outcomes) if not outcome.is_ok]
        if not left:
            break
    assert not left
    assert faults.requests("BatchWriteRow") > 1


def test_rows_of_a_batch_that_were_written_all_the_same(client, plain, key, faults):
    faults.set("rowTimeout", "BatchWriteRow", rate=1.0)
    request = BatchWriteRowRequest()
    request.add(TableInBatchWriteRowItem(plain, [PutRowItem(Row(key, [("a", 1)]), Condition("IGNORE"))]))
    (outcome,) = client.batch_write_row(request).get_put_by_table(plain)
    assert (outcome.is_ok, outcome.error_code) == (False, "OTSTimeout")
    assert read(client, plain, key) == {"a": 1}


def test_rows_of_a_batch_that_could_not_be_read(client, plain, key, faults):
    put(client, plain, key)
    faults.set("rowBusy", "BatchGetRow", rate=1.0)
    request = BatchGetRowRequest()
    request.add(TableInBatchGetRowItem(plain, [key], max_version=1))
    (row,) = client.batch_get_row(request).get_result_by_table(plain)
    assert (row.is_ok, row.error_code) == (False, "OTSServerBusy")
