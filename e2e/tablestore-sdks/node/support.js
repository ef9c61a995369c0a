// What the tests of the official Node.js SDK share. They talk to the server through the SDK's public calls only.
'use strict';

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const TableStore = require('tablestore');

const { Long } = TableStore;
const environment = (name, otherwise) => process.env[`TABLESTORE_${name}`] ?? otherwise;
const REGION = environment('REGION', 'cn-hangzhou');
const TXN_TABLE = environment('TXN_TABLE', 'TransactionTable');
const STS = ['STS_KEY_ID', 'STS_KEY_SECRET', 'STS_TOKEN'].map((name) => environment(name));
const CONTROL = environment('CONTROL');

// connect(OPTIONS): a client; the SDK has no switch for its retries, which are of reads only.
function connect(options = {}) {
  return new TableStore.Client({
    accessKeyId: environment('KEY_ID'),
    secretAccessKey: environment('KEY_SECRET'),
    endpoint: environment('ENDPOINT'),
    instancename: environment('INSTANCE'),
    httpOptions: { maxSockets: 50 },
    ...options,
  });
}

const client = connect();
const IGNORE = new TableStore.Condition(TableStore.RowExistenceExpectation.IGNORE, null);
const EXIST = new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_EXIST, null);
const NOT_EXIST = new TableStore.Condition(TableStore.RowExistenceExpectation.EXPECT_NOT_EXIST, null);

const made = [];
const freshName = () => `js_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
const freshKey = () => [{ pk: randomUUID() }];

// makeTable(KEY COLUMNS, OPTIONS): the columns as name: type, e.g. {pk: 'STRING'}; deleted again by dropTables.
async function makeTable(schema, options = {}, more = {}) {
  const tableName = more.tableName ?? freshName();
  await client.createTable({
    tableMeta: {
      tableName,
      primaryKey: Object.entries(schema).map(([name, type]) =>
        typeof type === 'string' ? { name, type } : { name, ...type },
      ),
      definedColumn: more.definedColumn,
    },
    reservedThroughput: { capacityUnit: more.capacityUnit ?? { read: 0, write: 0 } },
    tableOptions: { timeToLive: -1, maxVersions: 1, ...options },
  });
  made.push(tableName);
  return tableName;
}

async function dropTables() {
  for (const tableName of made.splice(0)) {
    await client.deleteTable({ tableName }).catch((error) => {
      if (!error.message.includes('OTSObjectNotExist')) throw error;
    });
  }
}

// plainValue(VALUE): an integer of the SDK as bigint, everything else as it is.
function plainValue(value) {
  const isInteger = value !== null && typeof value === 'object' && typeof value.toNumber === 'function';
  return isInteger ? BigInt(value.toString()) : value;
}

// cells(ROW): [name, value, timestamp] of each cell.
const cells = (row) =>
  (row.attributes ?? []).map(({ columnName, columnValue, timestamp }) => [
    columnName,
    plainValue(columnValue),
    timestamp.toNumber(),
  ]);
const columns = (row) => Object.fromEntries(cells(row).map(([name, value]) => [name, value]));
const keyOf = (row) => (row.primaryKey ?? []).map(({ name, value }) => ({ [name]: plainValue(value) }));
const isThere = (row) => (row.primaryKey ?? []).length > 0;

const put = (tableName, primaryKey, attributeColumns, more = {}) =>
  client.putRow({ tableName, primaryKey, attributeColumns, condition: IGNORE, ...more });
const update = (tableName, primaryKey, updateOfAttributeColumns, more = {}) =>
  client.updateRow({ tableName, primaryKey, updateOfAttributeColumns, condition: IGNORE, ...more });
const remove = (tableName, primaryKey, more = {}) =>
  client.deleteRow({ tableName, primaryKey, condition: IGNORE, ...more });
const get = (tableName, primaryKey, more = {}) => client.getRow({ tableName, primaryKey, ...more });

// read(...): the row's columns by name, or null when there is no such row.
async function read(tableName, primaryKey, more = {}) {
  const { row } = await get(tableName, primaryKey, more);
  return isThere(row) ? columns(row) : null;
}

// refused(PROMISE, STATUS, TEXT...): the SDK reports the HTTP status as the code, and the error's protobuf as text.
async function refused(promise, status, ...texts) {
  await assert.rejects(promise, (error) => {
    if (status !== null) assert.equal(error.code, status, error.message);
    for (const text of texts) assert.ok(error.message.includes(text), `${error.message}\nlacks: ${text}`);
    assert.match(error.message, / requestId:.+/);
    return true;
  });
}

const unmet = (promise) => refused(promise, 403, 'OTSConditionCheckFail', 'Condition check failed.');
const int = (value) => Long.fromString(String(value));

module.exports = {
  CONTROL, EXIST, IGNORE, NOT_EXIST, REGION, STS, TXN_TABLE, TableStore,
  cells, client, columns, connect, dropTables, freshKey, freshName, get, int, isThere, keyOf, made, makeTable,
  plainValue, put, read, refused, remove, unmet, update,
};
