// The SDK's own handling of a service that is busy, gone or wrong, which the control API brings about.
'use strict';

const assert = require('node:assert/strict');
const { after, afterEach, before, describe, test } = require('node:test');
const { CONTROL, IGNORE, client, connect, dropTables, freshKey, makeTable, put, read, refused } = require('./support');

describe('retries', { skip: CONTROL ? false : 'no control API is configured' }, () => {
  let table;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
  });
  afterEach(() => control('DELETE', '/faults'));
  after(dropTables);

  async function control(method, path, body) {
    const answer = await fetch(CONTROL + path, {
      method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' },
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.text();
  }
  async function faults(kind, operation, rule = {}) {
    await control('PUT', '/faults', { seed: 1, rules: [{ kind, operations: [operation], tables: [table], ...rule }] });
    await control('DELETE', '/counters');
  }
  const requests = async (operation) => JSON.parse(await control('GET', '/counters'))[operation]?.requests ?? 0;

  // The SDK reads no error code, so it goes by the HTTP status.
  for (const kind of ['busy', 'unavailable', 'partitionUnavailable', 'timeoutBefore']) {
    test(`reads are repeated: ${kind}`, async () => {
      const key = freshKey();
      await put(table, key, [{ a: 1 }]);
      await faults(kind, 'GetRow', { times: 2 });
      assert.deepEqual(await read(table, key), { a: 1 });
      assert.equal(await requests('GetRow'), 3);
    });
    test(`writes are not repeated: ${kind}`, async () => {
      const key = freshKey();
      await faults(kind, 'PutRow', { times: 1 });
      await refused(put(table, key, [{ a: 1 }]), 503, 'OTS');
      assert.equal(await requests('PutRow'), 1);
      assert.equal(await read(table, key), null);
    });
  }

  test('a read whose connection is cut is repeated', async () => {
    const key = freshKey();
    await put(table, key, [{ a: 1 }]);
    await faults('cutBefore', 'GetRow', { times: 1 });
    assert.deepEqual(await read(table, key), { a: 1 });
    assert.equal(await requests('GetRow'), 2);
  });

  for (const [kind, done] of [['cutBefore', null], ['cutAfter', { a: 1 }]]) {
    test(`a write whose connection is cut: ${kind}`, async () => {
      const key = freshKey();
      await faults(kind, 'PutRow', { times: 1 });
      await assert.rejects(put(table, key, [{ a: 1 }]), { code: 'NetworkingError' });
      assert.deepEqual(await read(table, key), done);
    });
  }

  test('an answer that comes too late', async () => {
    const slow = connect({ httpOptions: { timeout: 300 } });
    await faults('slow', 'PutRow', { times: 1, delayMs: 2_000 });
    await assert.rejects(slow.putRow({ tableName: table, primaryKey: freshKey(), attributeColumns: [{ a: 1 }], condition: IGNORE }));
  });

  test('rows of a batch that were busy', async () => {
    const key = freshKey();
    await faults('rowBusy', 'BatchWriteRow');
    const rows = [{ type: 'PUT', condition: IGNORE, primaryKey: key, attributeColumns: [{ a: 1 }] }];
    const { tables } = await client.batchWriteRow({ tables: [{ tableName: table, rows }] });
    assert.deepEqual([tables[0].isOk, tables[0].errorCode], [false, 'OTSServerBusy']);
    assert.equal(await read(table, key), null);
  });
});
