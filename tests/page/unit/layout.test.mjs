/** Where things lie on the timeline. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as layout from '../../../server/foreframe/web/static/layout.js';

const value = (text) => ({ text, provenance: 'predicted', confidence: 0.9 });
const step = (number, fields = {}) => ({
  number,
  parent: number === 0 ? null : number - 1,
  branch: 0,
  function: 'f',
  depth: 0,
  line: 1,
  locals: {},
  verdicts: {},
  changed: [],
  real: null,
  right: null,
  ...fields,
});

test('a path is the steps from the first to a tip, through the branches that lead there', () => {
  const steps = [step(0), step(1), step(2), step(3, { parent: 1, branch: 1 }), step(4, { parent: 3, branch: 1 })];
  assert.deepEqual(layout.pathOf(steps, 4).map(({ number }) => number), [0, 1, 3, 4]);
  assert.deepEqual(layout.pathOf([], 0), []);
});

test('equal values in neighbouring columns are one run', () => {
  const path = [1, 1, 2].map((n, at) => step(at, { locals: { n: value(String(n)) } }));
  const [heading, row] = layout.rowsOf(path);
  assert.deepEqual([heading.scope, heading.name], ['f', null]);
  assert.deepEqual(row.runs.map(({ start, end, text }) => [start, end, text]), [[0, 1, '1'], [2, 2, '2']]);
});

test('a run ends where another activation or another verdict begins', () => {
  const locals = { n: value('1') };
  const path = [step(0, { locals }), step(1, { locals, depth: 1 }), step(2, { locals, depth: 1, verdicts: { n: 'differs' } })];
  const runs = layout.rowsOf(path)[1].runs;
  assert.deepEqual(runs.map(({ start, state }) => [start, state]), [[0, 'unknown'], [1, 'unknown'], [2, 'differs']]);
});

test('what is real and was not predicted has a row, too', () => {
  const path = [step(0, { real: { m: value('1') }, verdicts: { m: 'missing' } })];
  assert.deepEqual(layout.rowsOf(path).map(({ name }) => name), [null, 'm']);
});

test('only the runs that can be seen are found, however many there are', () => {
  const runs = Array.from({ length: 10_000 }, (_, at) => ({ start: at * 2, end: at * 2 + 1 }));
  assert.deepEqual(layout.runsWithin(runs, 9_999, 10_002).map(({ start }) => start), [9_998, 10_000, 10_002]);
  assert.deepEqual(layout.runsWithin([], 0, 5), []);
});

test('rows of ten thousand steps are made in one pass', () => {
  const path = Array.from({ length: 10_000 }, (_, at) => step(at, { locals: { i: value(String(at)), total: value(String(at >> 4)) } }));
  const rows = layout.rowsOf(path);
  assert.equal(rows[1].runs.length, 10_000);
  assert.equal(rows[2].runs.length, 625);
});

test('columns are found from places, and kept within those there are', () => {
  assert.deepEqual(layout.columnsWithin(100, 50, 10, 1000), { first: 10, last: 15 });
  assert.deepEqual(layout.columnsWithin(0, 50, 10, 2), { first: 0, last: 1 });
  assert.deepEqual([layout.columnAt(25, 10, 5), layout.columnAt(999, 10, 5), layout.columnAt(-3, 10, 5), layout.columnAt(5, 10, 0)], [2, 4, 0, -1]);
});

test('numbers are written as often as there is room for them', () => {
  assert.deepEqual([layout.strideOf(50, 40), layout.strideOf(10, 40), layout.strideOf(3, 50)], [1, 5, 20]);
});

test('zooming stays within what can be told apart', () => {
  assert.equal(layout.zoomed(50, 2), 100);
  assert.equal(layout.zoomed(50, 100), layout.WIDEST);
  assert.equal(layout.zoomed(4, 0.1), layout.NARROWEST);
});

test('a column is brought into sight with as little scrolling as can be', () => {
  assert.equal(layout.scrolledTo(5, 0, 400, 40), 0);
  assert.equal(layout.scrolledTo(20, 0, 400, 40), 520);
  assert.equal(layout.scrolledTo(2, 500, 400, 40), 0);
});

test('a lane begins at the depth of its first step', () => {
  const steps = [step(0), step(1), step(2, { parent: 0, branch: 1 }), step(3, { parent: 2, branch: 1 })];
  const branches = [
    { number: 0, parent: null, first: 0, tip: 1, change: null, is_current: false },
    { number: 1, parent: 0, first: 2, tip: 3, change: 'n = 5', is_current: true },
  ];
  assert.deepEqual(layout.lanesOf(steps, branches).map(({ start, end, from }) => [start, end, from]), [[0, 1, null], [1, 2, 0]]);
});

test('values are compared with those of the same activation', () => {
  const path = [step(0), step(1, { function: 'g', depth: 1 }), step(2), step(3, { function: 'g', depth: 1 })];
  assert.equal(layout.before(path, 2), path[0]);
  assert.equal(layout.before(path, 3), undefined);
  assert.equal(layout.before(path, 0), undefined);
});
