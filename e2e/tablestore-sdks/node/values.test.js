// Every type of value, in columns and in keys.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { cells, columns, dropTables, freshKey, get, int, isThere, keyOf, makeTable, plainValue, put, read, refused, update } =
  require('./support');

const COLUMNS = {
  'zero': int(0),
  'one': int(1),
  'minus one': int(-1),
  'largest integer': int(2n ** 63n - 1n),
  'smallest integer': int(-(2n ** 63n)),
  'beyond 53 bits': int(2n ** 53n + 1n),
  'double': 3.141592653589793,
  'whole double': 2,
  'negative double': -0.32,
  'smallest double': 5e-324,
  'largest double': Number.MAX_VALUE,
  'true': true,
  'false': false,
  'string': 'value',
  'empty string': '',
  'several scripts': '表格存储 Größe Δx 🦊 end',
  'long string': 'x'.repeat(100_000),
  'blob': Buffer.from(Array.from({ length: 256 }, (_, n) => n)),
  'empty blob': Buffer.alloc(0),
  'long blob': Buffer.alloc(100_000, 0xff),
};

describe('values', () => {
  let table;
  let triple;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
    triple = await makeTable({ s: 'STRING', i: 'INTEGER', b: 'BINARY' });
  });
  after(dropTables);

  for (const [name, value] of Object.entries(COLUMNS)) {
    test(`a column comes back as it was put: ${name}`, async () => {
      const key = freshKey();
      await put(table, key, [{ c: value }]);
      assert.deepEqual(columns((await get(table, key)).row), { c: plainValue(value) });
    });
    test(`a column comes back as it was updated: ${name}`, async () => {
      const key = freshKey();
      await update(table, key, [{ PUT: [{ c: value }] }]);
      assert.deepEqual(await read(table, key), { c: plainValue(value) });
    });
  }

  test('a number is a double, whatever its value', async () => {
    const key = freshKey();
    await put(table, key, [{ c: 7 }]);
    assert.equal(typeof (await read(table, key)).c, 'number');
    await put(table, key, [{ c: int(7) }]);
    assert.equal(typeof (await read(table, key)).c, 'bigint');
  });

  test('all types in one row, by name', async () => {
    const key = freshKey();
    const written = Object.values(COLUMNS).map((value, n) => ({ [`c${String(n).padStart(2, '0')}`]: value }));
    await put(table, key, written);
    const found = cells((await get(table, key)).row);
    assert.deepEqual(found.map(([name, value]) => [name, value]), written.map((column) => {
      const [[name, value]] = Object.entries(column);
      return [name, plainValue(value)];
    }));
  });

  test('doubles that are no numbers', async () => {
    await refused(put(table, freshKey(), [{ c: NaN }]), 400, 'OTSParameterInvalid', "NaN can't be set to double value.");
    for (const value of [Infinity, -Infinity]) {
      await refused(put(table, freshKey(), [{ c: value }]), 400, 'OTSParameterInvalid', "Infinity can't be set to double value.");
    }
  });

  const STRINGS = ['', 'a', '表格存储', '🦊', 'x'.repeat(1024)];
  const INTEGERS = [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)];
  const BLOBS = [Buffer.alloc(0), Buffer.from([0]), Buffer.alloc(1024, 0xff), Buffer.from('text'), Buffer.from('表')];
  for (const [n, integer] of INTEGERS.entries()) {
    test(`a key of every type ${n}`, async () => {
      await put(triple, [{ s: STRINGS[n] }, { i: int(integer) }, { b: BLOBS[n] }], [{ c: int(n) }]);
      const { row } = await get(triple, [{ s: STRINGS[n] }, { i: int(integer) }, { b: BLOBS[n] }]);
      assert.deepEqual(keyOf(row), [{ s: STRINGS[n] }, { i: integer }, { b: BLOBS[n] }]);
      assert.deepEqual(columns(row), { c: BigInt(n) });
    });
  }

  test('a row of its key only', async () => {
    const key = freshKey();
    await put(table, key, []);
    const { row } = await get(table, key);
    assert.ok(isThere(row));
    assert.deepEqual(columns(row), {});
  });

  test('two megabytes in a column', async () => {
    const key = freshKey();
    for (const value of [Buffer.alloc(2 * 1024 * 1024, 7), 't'.repeat(2 * 1024 * 1024)]) {
      await put(table, key, [{ c: value }]);
      assert.deepEqual(await read(table, key), { c: value });
    }
  });

  test('as many columns as allowed', async () => {
    const key = freshKey();
    await put(table, key, Array.from({ length: 1024 }, (_, n) => ({ [`c${n}`]: int(n) })));
    assert.equal(Object.keys(await read(table, key)).length, 1024);
  });

  test('a name that the SDK encodes wrongly is refused, and the server goes on', async () => {
    // It counts characters where the format wants bytes.
    const key = freshKey();
    await refused(put(table, key, [{ 列: 1 }]), 400, 'OTSParameterInvalid');
    await put(table, key, [{ c: 1 }]);
    assert.deepEqual(await read(table, key), { c: 1 });
  });
});
