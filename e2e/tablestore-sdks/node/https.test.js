// The same over HTTPS. Node.js trusts what ../run names in NODE_EXTRA_CA_CERTS.
'use strict';

const assert = require('node:assert/strict');
const { after, describe, test } = require('node:test');
const { IGNORE, columns, connect, dropTables, freshKey, makeTable, read } = require('./support');

const endpoint = process.env.TABLESTORE_HTTPS_ENDPOINT;

describe('HTTPS', { skip: endpoint === undefined }, () => {
  after(dropTables);

  test('rows are written and read', async () => {
    const tableName = await makeTable({ pk: 'STRING' });
    const https = connect({ endpoint });
    const primaryKey = freshKey();
    const value = 'x'.repeat(100_000);
    await https.putRow({ tableName, primaryKey, attributeColumns: [{ value }], condition: IGNORE });
    const { row } = await https.getRow({ tableName, primaryKey });
    assert.deepEqual(columns(row), { value });
    assert.deepEqual(await read(tableName, primaryKey), { value });
  });
});
