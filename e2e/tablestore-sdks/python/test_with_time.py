"""What takes a minute: transactions end by themselves. The last file, so that most of the minute is over."""

import time

from conftest import read, refused
from tablestore import Condition, Row

# Seconds that a transaction lives.
LIFE = 60


def test_a_transaction_ends_by_itself(client, early_transaction):
    table, key, transaction, began = early_transaction
    assert read(client, table, key) is None
    # The service's clock only; nothing tells when it is over but asking, and asking takes part in it.
    time.sleep(max(0, began + LIFE + 1 - time.monotonic()))
    with refused("OTSSessionNotExist", message="Session not exist or may be timeout."):
        client.commit_transaction(transaction)
    assert read(client, table, key) is None
    client.put_row(table, Row(key, [("v", "free again")]), Condition("IGNORE"))
    assert read(client, table, key) == {"v": "free again"}
