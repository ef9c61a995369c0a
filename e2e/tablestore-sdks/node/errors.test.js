// What the service refuses: wrong keys, names and sizes, and who may not ask at all.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { IGNORE, STS, TableStore, client, connect, dropTables, freshKey, int, makeTable, put, read, refused, remove, update } =
  require('./support');

const { ComparatorType, INF_MAX, INF_MIN, ReturnType, SingleColumnCondition } = TableStore;

describe('errors', () => {
  let table;
  let pair;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
    pair = await makeTable({ s: 'STRING', i: 'INTEGER' });
  });
  after(dropTables);

  const CALLS = {
    get: (tableName, primaryKey) => client.getRow({ tableName, primaryKey }),
    put: (tableName, primaryKey) => put(tableName, primaryKey, [{ a: 1 }]),
    update: (tableName, primaryKey) => update(tableName, primaryKey, [{ PUT: [{ a: 1 }] }]),
    delete: (tableName, primaryKey) => remove(tableName, primaryKey),
  };
  const WRONG = {
    'too few': [[{ s: 'x' }], 'Validate PK size fail. Input: 1, Meta: 2.'],
    'too many': [[{ s: 'x' }, { i: int(1) }, { j: int(1) }], 'Validate PK size fail. Input: 3, Meta: 2.'],
    name: [[{ s: 'x' }, { j: int(1) }], 'Validate PK name fail. Input: j, Meta: i.'],
    order: [[{ i: int(1) }, { s: 'x' }], 'Validate PK name fail. Input: i, Meta: s.'],
    type: [[{ s: 'x' }, { i: 'x' }], 'Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER.'],
    blob: [[{ s: Buffer.from('x') }, { i: int(1) }], 'Validate PK type fail. Input: VT_BLOB, Meta: VT_STRING.'],
  };
  for (const [name, call] of Object.entries(CALLS)) {
    for (const [wrong, [key, message]] of Object.entries(WRONG)) {
      test(`${name} with a key that does not fit: ${wrong}`, () => refused(call(pair, key), 400, 'OTSInvalidPK', message));
    }
    test(`${name} with a key that is a bound`, () =>
      refused(call(table, [{ pk: INF_MAX }]), 400, 'OTSParameterInvalid', 'VT_INF_MAX is an invalid type for the primary key.'));
    test(`${name} with a key that is too long`, () =>
      refused(call(table, [{ pk: 'x'.repeat(1025) }]), 400, 'OTSParameterInvalid',
        "The length of primary key column: 'pk' exceeds the MaxLength:1024 with CurrentLength:1025."));
  }

  test('a range with a bound that does not fit', () =>
    refused(client.getRange({
      tableName: pair, direction: 'FORWARD', inclusiveStartPrimaryKey: [{ s: INF_MIN }], exclusiveEndPrimaryKey: [{ s: INF_MAX }],
    }), 400, 'OTSInvalidPK', 'Validate PK size fail. Input: 1, Meta: 2.'));

  for (const name of ['#', '#abc', 'a'.repeat(256)]) {
    test(`a column's name that is none: ${name.slice(0, 5)}`, async () => {
      const message = `Invalid column name: '${name}'.`;
      await refused(put(table, freshKey(), [{ [name]: 1 }]), 400, 'OTSParameterInvalid', message);
      await refused(update(table, freshKey(), [{ DELETE_ALL: [name] }]), 400, 'OTSParameterInvalid', message);
      await refused(read(table, freshKey(), { columnsToGet: [name] }), 400, 'OTSParameterInvalid', message);
      const columnFilter = new SingleColumnCondition(name, 1, ComparatorType.EQUAL);
      await refused(read(table, freshKey(), { columnFilter }), 400, 'OTSParameterInvalid', message);
    });
  }

  test('too many columns', async () => {
    const many = Array.from({ length: 1025 }, (_, n) => ({ [`c${n}`]: n }));
    const message = 'The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025.';
    await refused(put(table, freshKey(), many), 400, 'OTSParameterInvalid', message);
    await refused(update(table, freshKey(), [{ PUT: many }]), 400, 'OTSParameterInvalid', message);
  });

  test('values beyond two megabytes', () =>
    refused(put(table, freshKey(), [{ c: Buffer.alloc(2 * 1024 * 1024 + 1) }]), 400, 'OTSParameterInvalid',
      "The length of attribute column: 'c' exceeds the MaxLength:2097152 with CurrentLength:2097153."));

  test('requests beyond five megabytes', () =>
    refused(put(table, freshKey(), [1, 2, 3].map((n) => ({ [`c${n}`]: Buffer.alloc(2 * 1024 * 1024) }))), 413, 'OTSRequestBodyTooLarge'));

  test('only integers are incremented', async () => {
    const key = freshKey();
    await put(table, key, [{ n: 1.5 }]);
    await refused(update(table, key, [{ INCREMENT: [{ n: int(1) }] }]), 400, 'OTSParameterInvalid');
    assert.deepEqual(await read(table, key), { n: 1.5 });
  });

  test('only incremented columns come back', async () => {
    const key = freshKey();
    const returnContent = { returnType: ReturnType.AfterModify, returnColumns: ['n', 'other'] };
    const change = [{ INCREMENT: [{ n: int(1) }] }, { PUT: [{ other: 1 }] }];
    await refused(update(table, key, change, { returnContent }), 400, 'OTSParameterInvalid');
    assert.equal(await read(table, key), null);
  });

  test('no number of versions below one', () => refused(read(table, freshKey(), { maxVersions: -1 }), 400, 'OTSParameterInvalid'));
});

describe('authentication', () => {
  let table;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
  });
  after(dropTables);

  const works = async (options) => {
    const primaryKey = freshKey();
    const as = connect(options);
    await as.putRow({ tableName: table, primaryKey, attributeColumns: [{ a: 1 }], condition: IGNORE });
    return (await as.getRow({ tableName: table, primaryKey })).row.attributes.length;
  };

  test('the right secret', async () => assert.equal(await works({}), 1));
  test('the wrong secret', () => refused(works({ secretAccessKey: 'wrong' }), 403, 'OTSAuthFailed', 'Signature mismatch.'));
  test('an unknown key id', () => refused(works({ accessKeyId: 'nobody' }), 403, 'OTSAuthFailed', 'does not exist'));
  test('an unknown instance', () => refused(works({ instancename: 'another' }), 403, 'OTSAuthFailed'));

  const [accessKeyId, secretAccessKey, stsToken] = STS;
  const skip = STS.every(Boolean) ? false : 'no identity with a security token is configured';
  test('a security token', { skip }, async () => assert.equal(await works({ accessKeyId, secretAccessKey, stsToken }), 1));
  test('without the security token', { skip }, () => refused(works({ accessKeyId, secretAccessKey }), 403, 'OTSAuthFailed'));
  test('another security token', { skip }, () =>
    refused(works({ accessKeyId, secretAccessKey, stsToken: `${stsToken}x` }), 403, 'OTSAuthFailed'));

  test('many at once', async () => {
    assert.deepEqual(await Promise.all(Array.from({ length: 100 }, () => works({}))), Array(100).fill(1));
  });
});
