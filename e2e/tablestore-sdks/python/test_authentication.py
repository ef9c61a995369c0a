"""Who may ask: signatures of both versions, security tokens, and what is refused."""

import datetime
import os

import pytest
from conftest import INSTANCE, KEY_ID, KEY_SECRET, REGION, connect, refused
from tablestore import Condition, CredentialsProvider, Row
from tablestore.credentials import StaticCredentialsProvider

STS = [os.environ.get(f"TABLESTORE_STS_{name}") for name in ("KEY_ID", "KEY_SECRET", "TOKEN")]
sts = pytest.mark.skipif(not all(STS), reason="no identity with a security token is configured")

READER = [os.environ.get(f"TABLESTORE_READER_{name}") for name in ("KEY_ID", "KEY_SECRET")]

SIGNATURES = pytest.mark.parametrize("options", [{}, {"region": REGION}], ids=["v2", "v4"])


def works(client, table, key):
    client.put_row(table, Row(key, [("a", 1)]))
    return client.get_row(table, key)[1].primary_key == key


@SIGNATURES
def test_the_right_secret(plain, key, options):
    assert works(connect(**options), plain, key)


@SIGNATURES
def test_the_wrong_secret(plain, key, options):
    with refused("OTSAuthFailed", 403, "Signature mismatch."):
        works(connect(secret=KEY_SECRET + "x", **options), plain, key)


@SIGNATURES
def test_an_unknown_key_id(plain, key, options):
    with refused("OTSAuthFailed", 403) as caught:
        works(connect(key_id="nobody", **options), plain, key)
    assert "does not exist" in caught.error.message


def test_an_unknown_instance(plain, key):
    with refused("OTSAuthFailed", 403):
        works(connect(instance=INSTANCE + "x"), plain, key)


@pytest.mark.parametrize("region", ["cn-shanghai", "eu-central-1"])
def test_any_region_signs(plain, key, region):
    """The region is part of what is signed, whichever it is."""
    assert works(connect(region=region), plain, key)


def test_a_date_of_ones_own(plain, key):
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
    assert works(connect(region=REGION, sign_date=today), plain, key)


def test_credentials_that_change(plain, key):
    class Changing(CredentialsProvider):
        secret = KEY_SECRET

        def get_credentials(self):
            return StaticCredentialsProvider(KEY_ID, self.secret).get_credentials()

    provider = Changing()
    client = connect(None, None, credentials_provider=provider)
    assert works(client, plain, key)
    provider.secret = "another"
    with refused("OTSAuthFailed", 403, "Signature mismatch."):
        works(client, plain, key)


@sts
@SIGNATURES
def test_a_security_token(plain, key, options):
    key_id, secret, token = STS
    assert works(connect(key_id, secret, sts_token=token, **options), plain, key)


@sts
@SIGNATURES
def test_without_the_security_token(plain, key, options):
    key_id, secret, _ = STS
    with refused("OTSAuthFailed", 403):
        works(connect(key_id, secret, **options), plain, key)


@sts
@SIGNATURES
def test_another_security_token(plain, key, options):
    key_id, secret, token = STS
    with refused("OTSAuthFailed", 403):
        works(connect(key_id, secret, sts_token=token + "x", **options), plain, key)


@pytest.mark.skipif(not all(READER), reason="no identity that may only read is configured")
@SIGNATURES
def test_who_may_only_read(client, plain, key, options):
    reader = connect(*READER, **options)
    client.put_row(plain, Row(key, [("a", 1)]))
    assert reader.get_row(plain, key)[1].primary_key == key
    assert plain in reader.list_table()
    for call in (
        lambda: reader.put_row(plain, Row(key, [("a", 2)])),
        lambda: reader.delete_row(plain, Row(key), Condition("IGNORE")),
        lambda: reader.delete_table(plain),
    ):
        with refused("OTSNoPermissionAccess", 403):
            call()
    assert client.get_row(plain, key)[1].attribute_columns[0][1] == 1


@pytest.mark.parametrize("minutes", [-20, 20])
def test_clocks_that_differ(plain, key, minutes):
    date = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    client = connect(extra_headers={"x-ots-date": date.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    with refused("OTSAuthFailed", 403) as caught:
        works(client, plain, key)
    assert caught.error.message.startswith("Mismatch between system time and x-ots-date: ")


def test_clocks_that_differ_a_little(plain, key):
    date = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    client = connect(extra_headers={"x-ots-date": date.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    assert works(client, plain, key)


def test_a_body_that_is_not_what_was_signed(plain, key):
    client = connect(extra_headers={"x-ots-contentmd5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
    with refused("OTSAuthFailed", 403, "Mismatch between MD5 value of request body and x-ots-contentmd5 in header."):
        works(client, plain, key)


@pytest.mark.parametrize("date", ["yesterday", "2026-01-02 03:04:05"])
def test_a_date_that_is_none(plain, key, date):
    with refused("OTSParameterInvalid", 400, f"Invalid date format: {date}."):
        works(connect(extra_headers={"x-ots-date": date}), plain, key)


def test_headers_of_ones_own_are_signed(plain, key):
    assert works(connect(extra_headers={"x-ots-sdk-traceid": "0123456789"}), plain, key)
