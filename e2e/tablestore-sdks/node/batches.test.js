// Several rows in one request.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { EXIST, IGNORE, NOT_EXIST, TableStore, client, columns, dropTables, freshKey, int, keyOf, makeTable, put, read, refused } =
  require('./support');

describe('batches', () => {
  let table;
  let other;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
    other = await makeTable({ id: 'INTEGER' });
  });
  after(dropTables);

  const change = (type, primaryKey, attributeColumns, condition = IGNORE, more = {}) =>
    ({ type, primaryKey, condition, ...(attributeColumns && { attributeColumns }), ...more });
  const write = async (...rows) => (await client.batchWriteRow({ tables: [{ tableName: table, rows }] })).tables;
  const fetch = async (primaryKey, more = {}) =>
    (await client.batchGetRow({ tables: [{ tableName: table, primaryKey, ...more }] })).tables[0];

  test('all kinds at once', async () => {
    const [a, b, c] = [freshKey(), freshKey(), freshKey()];
    await put(table, b, [{ kept: 1 }, { gone: 2 }, { n: int(3) }]);
    await put(table, c, [{ x: 1 }]);
    const outcomes = await write(
      change('PUT', a, [{ x: 1 }]),
      change('UPDATE', b, [{ PUT: [{ fresh: 4 }] }, { DELETE_ALL: ['gone'] }, { INCREMENT: [{ n: int(10) }] }]),
      change('DELETE', c),
    );
    assert.deepEqual(outcomes.map(({ isOk }) => isOk), [true, true, true]);
    assert.ok(outcomes.every(({ capacityUnit }) => capacityUnit.write >= 1));
    assert.deepEqual(await read(table, a), { x: 1 });
    assert.deepEqual(await read(table, b), { fresh: 4, kept: 1, n: 13n });
    assert.equal(await read(table, c), null);
  });

  test('each row has its own outcome', async () => {
    const [there, absent, fresh] = [freshKey(), freshKey(), freshKey()];
    await put(table, there, [{ x: 1 }]);
    const outcomes = await write(
      change('PUT', there, [{ x: 2 }], NOT_EXIST),
      change('PUT', fresh, [{ x: 3 }], NOT_EXIST),
      change('UPDATE', absent, [{ PUT: [{ x: 4 }] }], EXIST),
    );
    assert.deepEqual(outcomes.map(({ isOk }) => isOk), [false, true, false]);
    assert.deepEqual([outcomes[0].errorCode, outcomes[0].errorMessage], ['OTSConditionCheckFail', 'Condition check failed.']);
    assert.deepEqual(await read(table, there), { x: 1 });
    assert.deepEqual(await read(table, fresh), { x: 3 });
    assert.equal(await read(table, absent), null);
  });

  test('several tables, one of them missing', async () => {
    const key = freshKey();
    const rows = [change('PUT', key, [{ x: 1 }])];
    const outcomes = (await client.batchWriteRow({
      tables: [
        { tableName: table, rows },
        { tableName: other, rows: [change('PUT', [{ id: int(1) }], [{ y: 2 }])] },
        { tableName: 'never_made', rows },
      ],
    })).tables;
    assert.deepEqual(outcomes.map(({ tableName, isOk }) => [tableName, isOk]), [[table, true], [other, true], ['never_made', false]]);
    assert.equal(outcomes[2].errorCode, 'OTSObjectNotExist');
    const { tables } = await client.batchGetRow({
      tables: [
        { tableName: table, primaryKey: [key] },
        { tableName: other, primaryKey: [[{ id: int(1) }], [{ id: int(2) }]] },
        { tableName: 'never_made', primaryKey: [key] },
      ],
    });
    assert.deepEqual(tables.map((found) => found.map(({ isOk }) => isOk)), [[true], [true, true], [false]]);
    assert.deepEqual(columns(tables[0][0]), { x: 1 });
    assert.deepEqual(columns(tables[1][0]), { y: 2 });
    assert.equal(tables[1][1].primaryKey, null);
  });

  test('a wrong key is its row\'s failure', async () => {
    const key = freshKey();
    const outcomes = await write(change('PUT', [{ other: 'x' }], [{ x: 1 }]), change('PUT', key, [{ x: 1 }]));
    assert.deepEqual(outcomes.map(({ isOk }) => isOk), [false, true]);
    assert.deepEqual([outcomes[0].errorCode, outcomes[0].errorMessage], ['OTSInvalidPK', 'Validate PK name fail. Input: other, Meta: pk.']);
  });

  test('one key several times is applied in order', async () => {
    const key = freshKey();
    await write(change('PUT', key, [{ a: 1 }]), change('UPDATE', key, [{ PUT: [{ b: 2 }] }]));
    assert.deepEqual(await read(table, key), { a: 1, b: 2 });
    await write(change('UPDATE', key, [{ PUT: [{ c: 3 }] }]), change('DELETE', key));
    assert.equal(await read(table, key), null);
  });

  test('incremented values come back', async () => {
    const key = freshKey();
    const returnContent = { returnType: TableStore.ReturnType.AfterModify, returnColumns: ['n'] };
    const [outcome] = await write(change('UPDATE', key, [{ INCREMENT: [{ n: int(7) }] }], IGNORE, { returnContent }));
    assert.deepEqual(columns(outcome), { n: 7n });
  });

  test('keys come back', async () => {
    const key = freshKey();
    const returnContent = { returnType: TableStore.ReturnType.Primarykey };
    const [outcome] = await write(change('PUT', key, [{ n: 1 }], IGNORE, { returnContent }));
    assert.deepEqual(keyOf(outcome), key);
  });

  test('two hundred writes and a hundred reads, and no more', async () => {
    const keys = Array.from({ length: 201 }, freshKey);
    const changes = keys.map((key, n) => change('PUT', key, [{ n: int(n) }]));
    await refused(write(...changes), 400, 'OTSParameterInvalid');
    assert.ok((await write(...changes.slice(0, 200))).every(({ isOk }) => isOk));
    const found = await fetch(keys.slice(0, 100));
    assert.deepEqual(found.map((row) => Number(columns(row).n)), Array.from({ length: 100 }, (_, n) => n));
    await refused(fetch(keys.slice(0, 101)), 400, 'OTSParameterInvalid');
  });

  test('what is read may be narrowed', async () => {
    const keys = [freshKey(), freshKey()];
    await put(table, keys[0], [{ a: 1 }, { b: 2 }]);
    await put(table, keys[1], [{ b: 3 }]);
    const wanted = await fetch(keys, { columnsToGet: ['a'] });
    assert.deepEqual(wanted.map((row) => row.primaryKey && columns(row)), [{ a: 1 }, null]);
    const columnFilter = new TableStore.SingleColumnCondition('b', 2, TableStore.ComparatorType.GREATER_THAN, false);
    const passed = await fetch(keys, { columnFilter });
    assert.deepEqual(passed.map((row) => row.primaryKey && columns(row)), [null, { b: 3 }]);
  });

  test('a table without rows', async () => {
    await refused(write(), 400, 'OTSParameterInvalid', `No operation is specified for table: '${table}'.`);
  });
});
