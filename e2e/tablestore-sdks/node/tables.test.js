// Tables, and key columns that the server fills in.
'use strict';

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');
const { EXIST, IGNORE, TableStore, client, columns, dropTables, freshKey, freshName, int, keyOf, makeTable, put, read, refused,
  remove, update } = require('./support');

const { INF_MAX, INF_MIN, PK_AUTO_INCR, PrimaryKeyOption, PrimaryKeyType, ReturnType } = TableStore;

describe('tables', () => {
  after(dropTables);

  test('describe tells what was made', async () => {
    const tableName = await makeTable(
      { pk: 'STRING', n: 'INTEGER', raw: 'BINARY' },
      { timeToLive: 1_200_000, maxVersions: 2, maxTimeDeviation: 86_401 },
      { capacityUnit: { read: 1, write: 2 }, definedColumn: [{ name: 'd', type: TableStore.DefinedColumnType.DCT_DOUBLE }] },
    );
    const { tableMeta, tableOptions, reservedThroughputDetails, RequestId } = await client.describeTable({ tableName });
    assert.ok(RequestId);
    assert.equal(tableMeta.tableName, tableName);
    assert.deepEqual(tableMeta.primaryKey.map(({ name, type }) => [name, type]), [
      ['pk', PrimaryKeyType.STRING], ['n', PrimaryKeyType.INTEGER], ['raw', PrimaryKeyType.BINARY],
    ]);
    assert.deepEqual(tableMeta.definedColumn.map(({ name, type }) => [name, type]), [['d', TableStore.DefinedColumnType.DCT_DOUBLE]]);
    assert.equal(tableOptions.timeToLive, 1_200_000);
    assert.equal(tableOptions.maxVersions, 2);
    assert.equal(Number(tableOptions.deviationCellVersionInSec), 86_401);
    assert.equal(reservedThroughputDetails.capacityUnit.read, 1);
    assert.equal(reservedThroughputDetails.capacityUnit.write, 2);
  });

  test('the list of tables', async () => {
    const tableName = await makeTable({ pk: 'STRING' });
    assert.equal((await client.listTable({})).tableNames.filter((name) => name === tableName).length, 1);
    await client.deleteTable({ tableName });
    assert.ok(!(await client.listTable({})).tableNames.includes(tableName));
  });

  test('a table there already', async () => {
    const tableName = await makeTable({ pk: 'STRING' });
    await refused(makeTable({ other: 'STRING' }, {}, { tableName }), 409, 'OTSObjectAlreadyExist', 'Requested table already exists.');
  });

  for (const [name, call] of Object.entries({
    describe: (tableName) => client.describeTable({ tableName }),
    delete: (tableName) => client.deleteTable({ tableName }),
    update: (tableName) => client.updateTable({ tableName, tableOptions: { maxVersions: 2 } }),
    put: (tableName) => put(tableName, freshKey(), [{ a: 1 }]),
    get: (tableName) => client.getRow({ tableName, primaryKey: freshKey() }),
    updateRow: (tableName) => update(tableName, freshKey(), [{ PUT: [{ a: 1 }] }]),
    deleteRow: (tableName) => remove(tableName, freshKey()),
    range: (tableName) => client.getRange({
      tableName, direction: 'FORWARD', inclusiveStartPrimaryKey: [{ pk: INF_MIN }], exclusiveEndPrimaryKey: [{ pk: INF_MAX }],
    }),
  })) {
    test(`a table that is not there: ${name}`, () =>
      refused(call(freshName()), 404, 'OTSObjectNotExist', 'Requested table does not exist.'));
    test(`a name that is none: ${name}`, () =>
      refused(call('3t'), 400, 'OTSParameterInvalid', "Invalid table name: '3t'."));
  }

  test('update changes options', async () => {
    const tableName = await makeTable({ pk: 'STRING' });
    const { tableOptions } = await client.updateTable({ tableName, tableOptions: { maxVersions: 3, timeToLive: 100_000 } });
    assert.equal(tableOptions.maxVersions, 3);
    assert.equal(tableOptions.timeToLive, 100_000);
    const described = (await client.describeTable({ tableName })).tableOptions;
    assert.deepEqual([described.maxVersions, described.timeToLive], [3, 100_000]);
  });

  test('whether updates are allowed', async () => {
    const tableName = await makeTable({ pk: 'STRING' }, { allowUpdate: false });
    assert.equal((await client.describeTable({ tableName })).tableOptions.allowUpdate, false);
    await refused(update(tableName, freshKey(), [{ PUT: [{ a: 1 }] }]), 400, 'OTSParameterInvalid');
    await client.updateTable({ tableName, tableOptions: { allowUpdate: true } });
    assert.equal((await client.describeTable({ tableName })).tableOptions.allowUpdate, true);
    await update(tableName, freshKey(), [{ PUT: [{ a: 1 }] }]);
  });

  test('keys that are none', async () => {
    await refused(makeTable({}), 400, 'OTSParameterInvalid');
    await refused(makeTable({ a: 'STRING', b: 'STRING', c: 'STRING', d: 'STRING', e: 'STRING' }), 400, 'OTSParameterInvalid');
  });

  test('a table that is made again is empty', async () => {
    const key = freshKey();
    const tableName = await makeTable({ pk: 'STRING' });
    await put(tableName, key, [{ a: 1 }]);
    await client.deleteTable({ tableName });
    await makeTable({ pk: 'STRING' }, {}, { tableName });
    assert.equal(await read(tableName, key), null);
  });

  test('no search indexes', async () => {
    const tableName = await makeTable({ pk: 'STRING' });
    assert.equal((await client.listSearchIndex({ tableName })).indices.length, 0);
  });
});

describe('generated keys', () => {
  after(dropTables);
  const numbered = () => makeTable({ pk: 'STRING', id: { type: 'INTEGER', option: 'AUTO_INCREMENT' } });
  const returnContent = { returnType: ReturnType.Primarykey };
  const add = (tableName, pk, n) => put(tableName, [{ pk }, { id: PK_AUTO_INCR }], [{ n: int(n) }], { returnContent });
  const asKey = (row) => row.primaryKey.map(({ name, value }) => ({ [name]: value }));

  test('the option is described', async () => {
    const { tableMeta } = await client.describeTable({ tableName: await numbered() });
    assert.equal(tableMeta.primaryKey[1].option, PrimaryKeyOption.AUTO_INCREMENT);
  });

  test('keys come back, grow, and read the row', async () => {
    const tableName = await numbered();
    const ids = [];
    for (let n = 0; n < 10; n += 1) {
      const { row } = await add(tableName, 'a', n);
      ids.push(keyOf(row)[1].id);
      assert.deepEqual(await read(tableName, asKey(row)), { n: BigInt(n) });
    }
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => (a < b ? -1 : 1)));
  });

  test('rows are updated and deleted by their numbers', async () => {
    const tableName = await numbered();
    const key = asKey((await add(tableName, 'a', 1)).row);
    await update(tableName, key, [{ PUT: [{ m: 1 }] }], { condition: EXIST });
    assert.deepEqual(await read(tableName, key), { m: 1, n: 1n });
    await remove(tableName, key, { condition: EXIST });
    assert.equal(await read(tableName, key), null);
  });

  test('several of a batch', async () => {
    const tableName = await numbered();
    const rows = [1, 2, 3].map((n) => ({
      type: 'PUT', condition: IGNORE, primaryKey: [{ pk: 'b' }, { id: PK_AUTO_INCR }], attributeColumns: [{ n: int(n) }], returnContent,
    }));
    const outcomes = (await client.batchWriteRow({ tables: [{ tableName, rows }] })).tables;
    assert.equal(new Set(outcomes.map((row) => keyOf(row)[1].id)).size, 3);
    const { rows: found } = await client.getRange({
      tableName, direction: 'FORWARD', inclusiveStartPrimaryKey: [{ pk: 'b' }, { id: INF_MIN }],
      exclusiveEndPrimaryKey: [{ pk: 'b' }, { id: INF_MAX }],
    });
    assert.deepEqual(found.map((row) => columns(row).n), [1n, 2n, 3n]);
  });
});
