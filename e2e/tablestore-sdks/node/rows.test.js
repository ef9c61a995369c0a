// Put, update, delete and get of single rows, with their conditions.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { EXIST, IGNORE, NOT_EXIST, TableStore, cells, columns, dropTables, freshKey, get, int, isThere, keyOf, makeTable,
  put, read, remove, unmet, update } = require('./support');

const { ComparatorType, CompositeCondition, Condition, LogicalOperator, RowExistenceExpectation, SingleColumnCondition } =
  TableStore;
const when = (columnCondition, expectation = RowExistenceExpectation.IGNORE) =>
  new Condition(expectation, columnCondition);

describe('rows', () => {
  let table;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
  });
  after(dropTables);

  test('no row is no row', async () => {
    const { row, consumed, RequestId } = await get(table, freshKey());
    assert.ok(!isThere(row));
    assert.deepEqual([consumed.capacityUnit.read, consumed.capacityUnit.write], [1, 0]);
    assert.ok(RequestId);
  });

  test('put replaces the whole row', async () => {
    const key = freshKey();
    await put(table, key, [{ a: int(1) }, { b: int(2) }]);
    await put(table, key, [{ b: int(3) }, { c: int(4) }]);
    assert.deepEqual(await read(table, key), { b: 3n, c: 4n });
  });

  test('update of all kinds', async () => {
    const key = freshKey();
    await put(table, key, [{ gone: int(1) }, { kept: int(2) }, { n: int(10) }]);
    await update(table, key, [{ PUT: [{ fresh: 'x' }] }, { DELETE_ALL: ['gone', 'never there'] }, { INCREMENT: [{ n: int(-3) }] }]);
    assert.deepEqual(await read(table, key), { fresh: 'x', kept: 2n, n: 7n });
  });

  test('update makes the row', async () => {
    const key = freshKey();
    await update(table, key, [{ PUT: [{ a: true }] }]);
    assert.deepEqual(await read(table, key), { a: true });
  });

  test('deleting columns makes no row', async () => {
    const key = freshKey();
    await update(table, key, [{ DELETE_ALL: ['a'] }]);
    assert.equal(await read(table, key), null);
  });

  test('increment starts at zero and tells the new value', async () => {
    const key = freshKey();
    const returnContent = { returnType: TableStore.ReturnType.AfterModify, returnColumns: ['n'] };
    const change = [{ INCREMENT: [{ n: int(5) }, { other: int(1) }] }];
    assert.deepEqual(columns((await update(table, key, change, { returnContent })).row), { n: 5n });
    assert.deepEqual(columns((await update(table, key, change, { returnContent })).row), { n: 10n });
    assert.deepEqual(await read(table, key), { n: 10n, other: 2n });
  });

  test('increment up to the largest integer', async () => {
    const key = freshKey();
    await put(table, key, [{ n: int(2n ** 63n - 2n) }]);
    await update(table, key, [{ INCREMENT: [{ n: int(1) }] }]);
    assert.deepEqual(await read(table, key), { n: 2n ** 63n - 1n });
  });

  test('delete removes the row', async () => {
    const key = freshKey();
    await put(table, key, [{ a: 1 }]);
    await remove(table, key);
    assert.equal(await read(table, key), null);
    await remove(table, key);
  });

  for (const how of ['put', 'update', 'delete']) {
    test(`the key comes back when asked for: ${how}`, async () => {
      const key = freshKey();
      const more = { returnContent: { returnType: TableStore.ReturnType.Primarykey } };
      const { row } = await write(table, key, how, IGNORE, more);
      assert.deepEqual(keyOf(row), key);
    });
  }

  test('only the wanted columns', async () => {
    const key = freshKey();
    await put(table, key, [{ a: 1 }, { b: 2 }, { c: 3 }]);
    assert.deepEqual(await read(table, key, { columnsToGet: ['c', 'a', 'none'] }), { a: 1, c: 3 });
    assert.equal(await read(table, key, { columnsToGet: ['none'] }), null);
    assert.deepEqual(await read(table, key, { startColumn: 'b', endColumn: 'c' }), { b: 2 });
  });

  async function write(tableName, key, how, condition, more = {}) {
    if (how === 'put') return put(tableName, key, [{ written: true }], { condition, ...more });
    if (how === 'update') return update(tableName, key, [{ PUT: [{ written: true }] }], { condition, ...more });
    return remove(tableName, key, { condition, ...more });
  }

  async function expect(key, how, condition, met) {
    const earlier = await read(table, key);
    if (!met) {
      await unmet(write(table, key, how, condition));
      assert.deepEqual(await read(table, key), earlier);
      return;
    }
    await write(table, key, how, condition);
    const later = { put: { written: true }, update: { ...earlier, written: true }, delete: null }[how];
    assert.deepEqual(await read(table, key), later);
  }

  const EXPECTATIONS = { IGNORE, EXIST, NOT_EXIST };
  for (const how of ['put', 'update', 'delete']) {
    for (const [name, condition] of Object.entries(EXPECTATIONS)) {
      for (const there of [true, false]) {
        test(`${how} with ${name} ${there ? 'of a row' : 'of no row'}`, async () => {
          const key = freshKey();
          if (there) await put(table, key, [{ a: 1 }]);
          await expect(key, how, condition, name === 'IGNORE' || (name === 'EXIST') === there);
        });
      }
    }
    test(`${how} checks columns`, async () => {
      const key = freshKey();
      await put(table, key, [{ c: int(1) }]);
      await expect(key, how, when(new SingleColumnCondition('c', int(2), ComparatorType.EQUAL)), false);
      await expect(key, how, when(new SingleColumnCondition('c', int(1), ComparatorType.EQUAL)), true);
    });
    for (const pass of [true, false]) {
      test(`${how} where the column is missing: ${pass ? 'passes' : 'does not'}`, async () => {
        const key = freshKey();
        await put(table, key, [{ other: 1 }]);
        await expect(key, how, when(new SingleColumnCondition('c', int(1), ComparatorType.EQUAL, pass)), pass);
      });
    }
  }

  const ORDERED = {
    integer: [int(-5), int(3), int(2n ** 40n)],
    double: [-0.5, 2.25, 1e300],
    string: ['', 'b', 'bb'],
    'string beyond ASCII': ['z', 'ä', '表'],
    blob: [Buffer.alloc(0), Buffer.from([1]), Buffer.from([1, 0])],
    boolean: [false, true],
  };
  const HOLDS = {
    EQUAL: (order) => order === 0,
    NOT_EQUAL: (order) => order !== 0,
    GREATER_THAN: (order) => order > 0,
    GREATER_EQUAL: (order) => order >= 0,
    LESS_THAN: (order) => order < 0,
    LESS_EQUAL: (order) => order <= 0,
  };
  for (const [kind, values] of Object.entries(ORDERED)) {
    for (const [comparator, holds] of Object.entries(HOLDS)) {
      test(`${kind} ${comparator}`, async () => {
        for (const [n, operand] of values.entries()) {
          const key = freshKey();
          await put(table, key, [{ c: values[1] }]);
          const condition = when(new SingleColumnCondition('c', operand, ComparatorType[comparator]));
          await expect(key, 'update', condition, holds(1 - n));
        }
      });
    }
  }

  function composite(operator, ...parts) {
    const condition = new CompositeCondition(LogicalOperator[operator]);
    for (const part of parts) condition.addSubCondition(part);
    return condition;
  }
  const yes = new SingleColumnCondition('t', int(1), ComparatorType.EQUAL, false);
  const no = new SingleColumnCondition('t', int(0), ComparatorType.EQUAL, false);
  const COMPOSITES = [
    [composite('AND', yes, yes), true],
    [composite('AND', yes, no), false],
    [composite('OR', no, yes), true],
    [composite('OR', no, no), false],
    [composite('NOT', no), true],
    [composite('NOT', yes), false],
    [composite('NOT', composite('AND', yes, no)), true],
    [composite('AND', composite('OR', yes, no), composite('NOT', no)), true],
    [composite('OR', composite('AND', yes, no), composite('NOT', yes)), false],
  ];
  for (const [n, [condition, met]] of COMPOSITES.entries()) {
    test(`composite condition ${n}`, async () => {
      const key = freshKey();
      await put(table, key, [{ t: int(1) }]);
      await expect(key, 'update', when(condition), met);
    });
  }

  test('the existence and the columns must both hold', async () => {
    const key = freshKey();
    await put(table, key, [{ t: int(1) }]);
    await expect(key, 'update', when(yes, RowExistenceExpectation.EXPECT_NOT_EXIST), false);
    await expect(key, 'update', when(no, RowExistenceExpectation.EXPECT_EXIST), false);
    await expect(key, 'update', when(yes, RowExistenceExpectation.EXPECT_EXIST), true);
  });

  test('capacity units', async () => {
    for (const length of [10, 4096, 9000]) {
      const key = freshKey();
      const units = Math.ceil((2 + key[0].pk.length + 1 + length) / 4096);
      const written = (await put(table, key, [{ c: 'x'.repeat(length) }])).consumed.capacityUnit;
      assert.deepEqual([written.read, written.write], [0, units]);
      const found = (await get(table, key)).consumed.capacityUnit;
      assert.deepEqual([found.read, found.write], [units, 0]);
    }
  });

  test('a cell has a timestamp', async () => {
    const key = freshKey();
    await put(table, key, [{ c: 1 }]);
    const [[, , timestamp]] = cells((await get(table, key)).row);
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000);
  });
});
