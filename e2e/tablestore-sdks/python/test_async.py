"""The SDK's asynchronous client: the same calls, many at once."""

import asyncio
import uuid

import pytest
from conftest import ENDPOINT, INSTANCE, KEY_ID, KEY_SECRET, REGION, columns
from tablestore import AsyncOTSClient, Condition, NoRetryPolicy, OTSServiceError, Row


@pytest.mark.parametrize("options", [{}, {"region": REGION}], ids=["v2", "v4"])
def test_many_at_once(plain, options):
    async def run():
        async with AsyncOTSClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, **options) as client:
            keys = [[("pk", uuid.uuid4().hex)] for _ in range(100)]
            await asyncio.gather(*[client.put_row(plain, Row(key, [("n", n)])) for n, key in enumerate(keys)])
            found = await asyncio.gather(*[client.get_row(plain, key) for key in keys])
            assert [columns(row) for _, row, _ in found] == [[("n", n)] for n in range(100)]
            assert plain in await client.list_table()

    asyncio.run(run())


def test_increments_at_once_all_count(plain, key):
    async def run():
        async with AsyncOTSClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE) as client:
            change = Row(key, {"increment": [("n", 1)]})
            await asyncio.gather(*[client.update_row(plain, change, Condition("IGNORE")) for _ in range(200)])
            _, row, _ = await client.get_row(plain, key)
            assert columns(row) == [("n", 200)]

    asyncio.run(run())


def test_one_of_many_makes_the_row(plain, key):
    async def run():
        async with AsyncOTSClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE, retry_policy=NoRetryPolicy()) as client:
            async def attempt(n):
                try:
                    await client.put_row(plain, Row(key, [("n", n)]), Condition("EXPECT_NOT_EXIST"))
                except OTSServiceError as error:
                    assert error.code in ("OTSConditionCheckFail", "OTSRowOperationConflict")
                    return False
                return True

            assert (await asyncio.gather(*[attempt(n) for n in range(50)])).count(True) == 1

    asyncio.run(run())
