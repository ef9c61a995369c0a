"""The same over HTTPS, to a server whose certificate is trusted, or is not."""

import asyncio
import os
import ssl

import certifi
import pytest
from conftest import INSTANCE, KEY_ID, KEY_SECRET, columns, read
from tablestore import AsyncOTSClient, Condition, NoRetryPolicy, OTSClient, Row

ENDPOINT = os.environ.get("TABLESTORE_HTTPS_ENDPOINT")
CA = os.environ.get("TABLESTORE_CA")
pytestmark = pytest.mark.skipif(not (ENDPOINT and CA), reason="no address of HTTPS is given")


def over_https(kind=OTSClient, **options):
    return kind(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, retry_policy=NoRetryPolicy(), **options)


@pytest.mark.parametrize("version", [None, ssl.PROTOCOL_TLSv1_2], ids=["default", "1.2"])
def test_who_trusts_the_certificate(monkeypatch, plain, key, client, version):
    # The SDK trusts what certifi names.
    monkeypatch.setattr(certifi, "where", lambda: CA)
    https = over_https(ssl_version=version)
    https.put_row(plain, Row(key, [("a", "x" * 100_000)]), Condition("IGNORE"))
    assert columns(https.get_row(plain, key)[1]) == [("a", "x" * 100_000)]
    assert read(client, plain, key) == {"a": "x" * 100_000}


def test_who_does_not(plain, key):
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        over_https().get_row(plain, key)


def test_the_asynchronous_client(monkeypatch, plain, key):
    monkeypatch.setenv("SSL_CERT_FILE", CA)

    async def exchange():
        async with over_https(AsyncOTSClient, ssl_version=ssl.TLSVersion.TLSv1_3) as https:
            await https.put_row(plain, Row(key, [("a", 1)]), Condition("IGNORE"))
            _, row, _ = await https.get_row(plain, key)
            assert columns(row) == [("a", 1)]

    asyncio.run(exchange())
