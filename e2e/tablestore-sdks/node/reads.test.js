// Filters, versions and ranges.
'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { IGNORE, TableStore, cells, client, columns, dropTables, freshKey, get, int, isThere, keyOf, makeTable, put, read,
  refused, update } = require('./support');

const { ColumnPaginationFilter, ComparatorType, CompositeCondition, INF_MAX, INF_MIN, LogicalOperator, SingleColumnCondition } =
  TableStore;
const C = ComparatorType;

function composite(operator, ...parts) {
  const condition = new CompositeCondition(LogicalOperator[operator]);
  for (const part of parts) condition.addSubCondition(part);
  return condition;
}

describe('filters', () => {
  let table;
  before(async () => {
    table = await makeTable({ pk: 'STRING' });
  });
  after(dropTables);

  const FILTERS = {
    'equal': [new SingleColumnCondition('n', int(5), C.EQUAL), true],
    'not equal': [new SingleColumnCondition('n', int(5), C.NOT_EQUAL), false],
    'greater': [new SingleColumnCondition('n', int(4), C.GREATER_THAN), true],
    'less or equal': [new SingleColumnCondition('n', int(4), C.LESS_EQUAL), false],
    'string': [new SingleColumnCondition('s', 'some', C.GREATER_EQUAL), true],
    'boolean': [new SingleColumnCondition('t', true, C.EQUAL), true],
    'double': [new SingleColumnCondition('d', 2, C.GREATER_THAN), true],
    'blob': [new SingleColumnCondition('b', Buffer.from([1]), C.EQUAL), false],
    'missing, passes': [new SingleColumnCondition('none', int(1), C.EQUAL, true), true],
    'missing, does not': [new SingleColumnCondition('none', int(1), C.EQUAL, false), false],
    'and': [composite('AND', new SingleColumnCondition('n', int(5), C.EQUAL), new SingleColumnCondition('t', false, C.EQUAL)), false],
    'or': [composite('OR', new SingleColumnCondition('n', int(0), C.EQUAL), new SingleColumnCondition('t', true, C.EQUAL)), true],
    'not': [composite('NOT', new SingleColumnCondition('n', int(0), C.EQUAL)), true],
  };
  for (const [name, [columnFilter, passes]] of Object.entries(FILTERS)) {
    test(`filter: ${name}`, async () => {
      const key = freshKey();
      await put(table, key, [{ n: int(5) }, { s: 'some text' }, { t: true }, { d: 2.5 }, { b: Buffer.from([0]) }]);
      assert.equal((await read(table, key, { columnFilter })) !== null, passes);
    });
  }

  for (const [limit, offset, expected] of [[2, 0, 'ab'], [2, 1, 'bc'], [3, 3, 'de'], [1, 4, 'e'], [10, 0, 'abcde'], [2, 5, '']]) {
    test(`pages of columns: ${limit} from ${offset}`, async () => {
      const key = freshKey();
      await put(table, key, [...'abcde'].map((name) => ({ [name]: name })));
      const { row } = await get(table, key, { columnFilter: new ColumnPaginationFilter(limit, offset) });
      assert.equal(cells(row).map(([name]) => name).join(''), expected);
    });
  }

  test('pages of columns in a range', async () => {
    const tableName = await makeTable({ pk: 'STRING' });
    for (const pk of ['x', 'y']) await put(tableName, [{ pk }], [{ a: 1 }, { b: 2 }, { c: 3 }]);
    const { rows } = await client.getRange({
      tableName, direction: 'FORWARD', inclusiveStartPrimaryKey: [{ pk: INF_MIN }], exclusiveEndPrimaryKey: [{ pk: INF_MAX }],
      columnFilter: new ColumnPaginationFilter(1, 1),
    });
    assert.deepEqual(rows.map(columns), [{ b: 2 }, { b: 2 }]);
  });
});

describe('versions', () => {
  let table;
  before(async () => {
    table = await makeTable({ pk: 'STRING' }, { maxVersions: 10, maxTimeDeviation: 9_000_000_000 });
  });
  after(dropTables);

  const five = () => Array.from({ length: 5 }, (_, n) => ({ c: int(n + 1), timestamp: n + 1 }));
  const versions = async (key, more) => cells((await get(table, key, more)).row).map(([, value]) => Number(value));

  test('the newest first, as many as asked for', async () => {
    const key = freshKey();
    await put(table, key, five());
    assert.deepEqual(await versions(key, {}), [5]);
    assert.deepEqual(await versions(key, { maxVersions: 3 }), [5, 4, 3]);
    assert.deepEqual(cells((await get(table, key, { maxVersions: 10 })).row).map((cell) => cell[2]), [5, 4, 3, 2, 1]);
  });

  test('ranges of time', async () => {
    const key = freshKey();
    await put(table, key, five());
    assert.deepEqual(await versions(key, { maxVersions: 10, timeRange: { startTime: 2, endTime: 4 } }), [3, 2]);
    assert.deepEqual(await versions(key, { maxVersions: 1, timeRange: { startTime: 1, endTime: 5 } }), [4]);
    assert.deepEqual(await versions(key, { maxVersions: 10, timeRange: { startTime: 6, endTime: 9 } }), []);
  });

  test('one version and all versions are deleted', async () => {
    const key = freshKey();
    await put(table, key, [...five(), { d: 1, timestamp: 1 }]);
    await update(table, key, [{ DELETE: [{ c: 2 }] }]);
    assert.deepEqual(await versions(key, { maxVersions: 10, columnsToGet: ['c'] }), [5, 4, 3, 1]);
    await update(table, key, [{ DELETE_ALL: ['c'] }]);
    assert.deepEqual(await read(table, key, { maxVersions: 10 }), { d: 1 });
  });

  test('updates with timestamps', async () => {
    const key = freshKey();
    await update(table, key, [{ PUT: [{ c: 'old', timestamp: 10 }, { d: 'now' }] }]);
    await update(table, key, [{ PUT: [{ c: 'new', timestamp: 20 }] }]);
    await update(table, key, [{ PUT: [{ c: 'again', timestamp: 10 }] }]);
    const found = cells((await get(table, key, { maxVersions: 10, columnsToGet: ['c'] })).row);
    assert.deepEqual(found, [['c', 'new', 20], ['c', 'again', 10]]);
  });

  test('only the newest version passes a filter, unless all are looked at', async () => {
    const key = freshKey();
    await put(table, key, [{ c: 'old', timestamp: 1 }, { c: 'new', timestamp: 2 }]);
    const newest = new SingleColumnCondition('c', 'old', C.EQUAL, false, true);
    const all = new SingleColumnCondition('c', 'old', C.EQUAL, false, false);
    assert.ok(!isThere((await get(table, key, { maxVersions: 5, columnFilter: newest })).row));
    assert.equal((await get(table, key, { maxVersions: 5, columnFilter: all })).row.attributes.length, 2);
  });

  test('the table keeps no more than its number', async () => {
    const key = freshKey();
    for (let n = 1; n <= 13; n += 1) await update(table, key, [{ PUT: [{ c: int(n), timestamp: n }] }]);
    assert.deepEqual(await versions(key, { maxVersions: 100 }), [13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
  });
});

describe('ranges', () => {
  let table;
  const PARTS = ['a', 'b', 'c'];
  const ALL = PARTS.flatMap((part) => [0, 1, 2, 3].map((n) => `${part}${n}`));
  before(async () => {
    table = await makeTable({ pk: 'STRING', n: 'INTEGER' });
    for (const part of PARTS) {
      for (let n = 0; n < 4; n += 1) await put(table, at(part, n), [{ name: `${part}${n}` }, { even: n % 2 === 0 }]);
    }
  });
  after(dropTables);

  const at = (pk, n) => [{ pk }, { n: typeof n === 'number' ? int(n) : n }];
  const range = (direction, start, end, more = {}) =>
    client.getRange({ tableName: table, direction, inclusiveStartPrimaryKey: start, exclusiveEndPrimaryKey: end, ...more });

  // The next key as the SDK takes it.
  const asKey = (key) => key.map(({ name, value }) => ({ [name]: value }));

  async function found(direction, start, end, more) {
    const names = [];
    for (let next = start; next; ) {
      const { rows, nextStartPrimaryKey } = await range(direction, next, end, more);
      if (more?.limit) assert.ok(rows.length <= more.limit);
      names.push(...rows.map((row) => columns(row).name));
      next = nextStartPrimaryKey && asKey(nextStartPrimaryKey);
    }
    return names;
  }

  const BOUNDS = [
    ['FORWARD', at(INF_MIN, INF_MIN), at(INF_MAX, INF_MAX), ALL],
    ['BACKWARD', at(INF_MAX, INF_MAX), at(INF_MIN, INF_MIN), ALL.toReversed?.() ?? [...ALL].reverse()],
    ['FORWARD', at('b', INF_MIN), at('b', INF_MAX), ALL.slice(4, 8)],
    ['BACKWARD', at('b', INF_MAX), at('b', INF_MIN), ALL.slice(4, 8).reverse()],
    ['FORWARD', at('a', 2), at('c', 1), ALL.slice(2, 9)],
    ['BACKWARD', at('c', 1), at('a', 2), ALL.slice(3, 10).reverse()],
    ['FORWARD', at('a', INF_MAX), at('b', INF_MIN), []],
    ['FORWARD', at('x', 0), at('z', 0), []],
  ];
  for (const [n, [direction, start, end, expected]] of BOUNDS.entries()) {
    for (const limit of [undefined, 1, 3]) {
      test(`range ${n} ${direction}${limit ? ` by ${limit}` : ''}`, async () => {
        assert.deepEqual(await found(direction, start, end, { limit }), expected);
      });
    }
  }

  test('the next key is the first that was not given out', async () => {
    const { nextStartPrimaryKey } = await range('FORWARD', at('a', INF_MIN), at('c', INF_MAX), { limit: 4 });
    assert.deepEqual(keyOf({ primaryKey: nextStartPrimaryKey }), [{ pk: 'b' }, { n: 0n }]);
  });

  test('filters and pages together find all', async () => {
    const columnFilter = new SingleColumnCondition('even', true, C.EQUAL, false);
    const expected = ALL.filter((_, n) => n % 2 === 0);
    assert.deepEqual(await found('FORWARD', at(INF_MIN, INF_MIN), at(INF_MAX, INF_MAX), { columnFilter, limit: 2 }), expected);
  });

  test('only the wanted columns', async () => {
    const { rows } = await range('FORWARD', at('a', 0), at('a', 2), { columnsToGet: ['even'] });
    assert.deepEqual(rows.map(columns), [{ even: true }, { even: false }]);
    assert.deepEqual((await range('FORWARD', at('a', 0), at('a', 2), { columnsToGet: ['none'] })).rows, []);
    const part = await range('FORWARD', at('a', 0), at('a', 1), { startColumn: 'f', endColumn: 'z' });
    assert.deepEqual(part.rows.map(columns), [{ name: 'a0' }]);
  });

  test('bounds the wrong way round', async () => {
    await refused(range('FORWARD', at('b', 0), at('a', 0)), 400, 'OTSParameterInvalid', 'Begin key must less than end key in FORWARD');
    await refused(range('BACKWARD', at('a', 0), at('b', 0)), 400, 'OTSParameterInvalid', 'Begin key must more than end key in BACKWARD');
    await refused(range('FORWARD', at('a', 0), at('a', 0)), 400, 'OTSParameterInvalid', 'Begin key must less than end key in FORWARD');
    await refused(range('FORWARD', at('a', 0), at('b', 0), { limit: -1 }), 400, 'OTSParameterInvalid', 'The limit must be greater than 0.');
  });

  test('more than one answer holds', async () => {
    const tableName = await makeTable({ pk: 'INTEGER' });
    const count = 5_200;
    for (let start = 0; start < count; start += 200) {
      const rows = Array.from({ length: 200 }, (_, n) => ({
        type: 'PUT', condition: IGNORE, primaryKey: [{ pk: int(start + n) }], attributeColumns: [{ n: int(start + n) }],
      }));
      await client.batchWriteRow({ tables: [{ tableName, rows }] });
    }
    const sizes = [];
    const numbers = [];
    for (let next = [{ pk: INF_MIN }]; next; ) {
      const page = await client.getRange({
        tableName, direction: 'FORWARD', inclusiveStartPrimaryKey: next, exclusiveEndPrimaryKey: [{ pk: INF_MAX }],
      });
      sizes.push(page.rows.length);
      numbers.push(...page.rows.map((row) => Number(columns(row).n)));
      next = page.nextStartPrimaryKey && asKey(page.nextStartPrimaryKey);
    }
    assert.deepEqual(sizes, [5_000, 200]);
    assert.deepEqual(numbers, Array.from({ length: count }, (_, n) => n));
  });
});
