// Local transactions on the table that the server was started with (the SDK cannot make one).
'use strict';

const assert = require('node:assert/strict');
const { randomInt } = require('node:crypto');
const { describe, test } = require('node:test');
const { IGNORE, NOT_EXIST, TXN_TABLE, TableStore, client, columns, connect, int, makeTable, dropTables, put, read, refused,
  remove, unmet, update } = require('./support');

const { INF_MAX, INF_MIN } = TableStore;

// Other runs may have left rows in the table.
let numbers = randomInt(2 ** 40);
const freshPart = () => (numbers += 1);
const at = (part, name = 'row') => [{ PK0: int(part) }, { PK1: name }];
const start = async (part) =>
  (await client.startLocalTransaction({ tableName: TXN_TABLE, primaryKey: [{ PK0: int(part) }] })).transactionId;
// The SDK reads the answer to an abort as if it were the request, and so misses the transaction's name in it.
const abort = (named) =>
  client.abortTransaction(named).catch((error) => {
    if (error.message !== "missing required 'transactionId'") throw error;
  });
const end = (transactionId, how) =>
  how === 'commit' ? client.commitTransaction({ transactionId }) : abort({ transactionId });
const value = async (key, transactionId) => (await read(TXN_TABLE, key, { transactionId }))?.v;
const names = async (part, transactionId) =>
  (await client.getRange({
    tableName: TXN_TABLE, direction: 'FORWARD', inclusiveStartPrimaryKey: at(part, INF_MIN),
    exclusiveEndPrimaryKey: at(part, INF_MAX), transactionId,
  })).rows.map((row) => [row.primaryKey[1].value, columns(row).v]);
// Nothing is written anew by the SDK after a conflict: its errors carry the HTTP status only.
const conflict = (promise) => refused(promise, 409, 'OTSRowOperationConflict');

describe('transactions', () => {
  for (const how of ['commit', 'abort']) {
    const committed = how === 'commit';
    test(`put and ${how}`, async () => {
      const part = freshPart();
      await put(TXN_TABLE, at(part), [{ v: 'old' }]);
      const transactionId = await start(part);
      await put(TXN_TABLE, at(part), [{ v: 'new' }], { transactionId });
      assert.equal(await value(at(part), transactionId), 'new');
      assert.equal(await value(at(part)), 'old');
      await end(transactionId, how);
      assert.equal(await value(at(part)), committed ? 'new' : 'old');
    });

    test(`update, delete and ${how}`, async () => {
      const part = freshPart();
      await put(TXN_TABLE, at(part, 'a'), [{ v: 'old' }]);
      await put(TXN_TABLE, at(part, 'b'), [{ v: 'old' }]);
      const transactionId = await start(part);
      await update(TXN_TABLE, at(part, 'a'), [{ PUT: [{ v: 'new' }] }], { transactionId });
      await remove(TXN_TABLE, at(part, 'b'), { transactionId });
      assert.deepEqual(await names(part, transactionId), [['a', 'new']]);
      assert.deepEqual(await names(part), [['a', 'old'], ['b', 'old']]);
      await end(transactionId, how);
      assert.deepEqual(await names(part), committed ? [['a', 'new']] : [['a', 'old'], ['b', 'old']]);
    });

    test(`a batch and ${how}`, async () => {
      const part = freshPart();
      const transactionId = await start(part);
      const rows = ['a', 'b'].map((name) => ({
        type: 'PUT', condition: IGNORE, primaryKey: at(part, name), attributeColumns: [{ v: name }],
      }));
      const { tables } = await client.batchWriteRow({ tables: [{ tableName: TXN_TABLE, rows }], transactionId });
      assert.deepEqual(tables.map(({ isOk }) => isOk), [true, true]);
      assert.deepEqual(await names(part), []);
      await end(transactionId, how);
      assert.deepEqual(await names(part), committed ? [['a', 'a'], ['b', 'b']] : []);
    });

    test(`nothing goes on after ${how}`, async () => {
      const part = freshPart();
      const transactionId = await start(part);
      await end(transactionId, how);
      const ended = (promise) => refused(promise, null, 'OTSSessionNotExist', 'Session not exist or may be timeout.');
      await ended(end(transactionId, how));
      await ended(put(TXN_TABLE, at(part), [{ v: 'late' }], { transactionId }));
      assert.equal(await value(at(part)), undefined);
    });
  }

  test('the transaction\'s name may be given bare', async () => {
    await abort(await start(freshPart()));
    await client.commitTransaction(await start(freshPart()));
  });

  test('conditions see the transaction\'s own writes', async () => {
    const part = freshPart();
    const transactionId = await start(part);
    const more = { transactionId, condition: NOT_EXIST };
    await put(TXN_TABLE, at(part), [{ v: 1 }], more);
    await unmet(put(TXN_TABLE, at(part), [{ v: 2 }], more));
    await end(transactionId, 'commit');
    assert.equal(await value(at(part)), 1);
  });

  test('others may read but not write', async () => {
    const part = freshPart();
    await put(TXN_TABLE, at(part), [{ v: 'old' }]);
    const transactionId = await start(part);
    const other = connect();
    const tableName = TXN_TABLE;
    assert.deepEqual(columns((await other.getRow({ tableName, primaryKey: at(part) })).row), { v: 'old' });
    await conflict(other.putRow({ tableName, primaryKey: at(part), attributeColumns: [{ v: 1 }], condition: IGNORE }));
    await conflict(other.deleteRow({ tableName, primaryKey: at(part, 'another'), condition: IGNORE }));
    const rows = [{ type: 'PUT', condition: IGNORE, primaryKey: at(part), attributeColumns: [{ v: 1 }] }];
    const { tables } = await other.batchWriteRow({ tables: [{ tableName, rows }] });
    assert.equal(tables[0].errorCode, 'OTSRowOperationConflict');
    await conflict(start(part));
    await put(TXN_TABLE, at(freshPart()), [{ v: 'another part is free' }]);
    await end(transactionId, 'abort');
    await put(TXN_TABLE, at(part), [{ v: 'free again' }]);
  });

  test('other parts are out of its range', async () => {
    const [part, other] = [freshPart(), freshPart()];
    const transactionId = await start(part);
    const message = `Data out of scope of transaction. Transaction PartKey:${part}. Data PartKey:${other}`;
    await refused(put(TXN_TABLE, at(other), [{ v: 1 }], { transactionId }), null, 'OTSDataOutOfRange', message);
    await end(transactionId, 'abort');
  });

  test('names that are no transaction', async () => {
    for (const call of [
      () => client.commitTransaction({ transactionId: 'nonsense' }),
      () => client.abortTransaction({ transactionId: '' }),
      () => put(TXN_TABLE, at(freshPart()), [{ v: 1 }], { transactionId: 'nonsense' }),
    ]) {
      await refused(call(), 400, 'OTSParameterInvalid', 'TransactionID is invalid.');
    }
  });

  test('tables without transactions', async () => {
    const tableName = await makeTable({ PK0: 'INTEGER' });
    await refused(client.startLocalTransaction({ tableName, primaryKey: [{ PK0: int(1) }] }), 400, 'OTSParameterInvalid',
      'Try to call method using explicit transaction on explicit-transaction-disabled table.');
    await dropTables();
  });

  test('the key is the first column only', () =>
    refused(client.startLocalTransaction({ tableName: TXN_TABLE, primaryKey: at(1) }), 400, 'OTSParameterInvalid',
      'StartLocalTransaction support only one primary key.'));
});
