/** What plots of a model show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barCharts, barRows, curveLines, niceTop, range, reliabilityPoints, reliabilityWords } from '../../../server/foreframe/web/static/measures.js';

const BINS = [
  { low: 0, high: 0.1, count: 4, confidence: 0.05, right: 0 },
  { low: 0.5, high: 0.6, count: 0, confidence: 0, right: 0 },
  { low: 0.9, high: 1, count: 16, confidence: 0.95, right: 0.875 },
];

test('an empty bin is not drawn, and a dot has the area of what it holds', () => {
  const points = reliabilityPoints({ bins: BINS });
  assert.deepEqual(points.map(({ low }) => low), [0, 0.9]);
  assert.equal(points[1].radius - 3, 2 * (points[0].radius - 3));
});

test('a diagram is told in a sentence', () => {
  assert.equal(
    reliabilityWords({ bins: BINS, count: 20, error: 0.07, by_chance: 0.05 }),
    '20 predictions, off by 7.0 % on average, where chance makes 5.0 %. told 0 % to 10 %, right 0 % of 4; told 90 % to 100 %, right 88 % of 16.',
  );
  assert.equal(reliabilityWords({ bins: [], count: 0, error: null }), '0 predictions, nothing to be off by.');
});

test('the range of a share is wide for few, narrow for many, and never beyond nothing and all', () => {
  for (const [right, count] of [[0, 1], [1, 1], [0.5, 4], [0.9, 1000], [0, 500]]) {
    const [low, high] = range(right, count);
    assert.ok(0 <= low && low <= right && right <= high && high <= 1, `${right} of ${count}`);
  }
  const width = (count) => range(0.5, count)[1] - range(0.5, count)[0];
  assert.ok(width(4) > 3 * width(100));
  assert.ok(Math.abs(width(10_000) - 0.0196) < 0.0002);
  assert.deepEqual(range(0, 0), [0, 1]);
});

test('what was seen often comes first, and what was seldom seen stands behind a fold', () => {
  const rows = [{ name: 'call', count: 3, right: 1 }, { name: 'line', count: 500, right: 0.8 }, { name: 'return', count: 10, right: 0.7 }];
  const { shown, rare } = barRows(rows);
  assert.deepEqual([shown.map(({ name }) => name), rare.map(({ name }) => name)], [['line', 'return'], ['call']]);
  assert.deepEqual(barRows(rows.slice(0, 1)).shown.map(({ name }) => name), ['call']);
});

test('a curve without given programs has one line, and none without a loss', () => {
  const curve = [{ tokens: 1e6, generated_exact: 0.2 }, { tokens: 4e6, generated_exact: 0.6, programs_exact: null }];
  const [only, ...others] = curveLines(curve);
  assert.equal(others.length, 0);
  assert.deepEqual(only.lines.map(({ points }) => points), [[[1e6, 0.2], [4e6, 0.6]]]);
  assert.equal(only.last, 4e6);
});

test('an axis ends at or above the most', () => {
  for (const [most, top] of [[0.3, 0.4], [0.4, 0.4], [1.1, 2], [7, 10], [0, 1]]) assert.ok(Math.abs(niceTop(most) - top) < 1e-9, `${most}`);
});

test('the charts of bars have words for readers, and one of an unknown name comes last as it is', () => {
  const rows = [{ name: 'step_over', count: 20, right: 0.5 }];
  const charts = barCharts([{ name: 'odd', rows }, { name: 'frames by operation', rows }, { name: 'actions, jump', rows }]);
  assert.deepEqual(charts.map(({ name }) => name), ['Actions, in one jump', 'Frames, by operation of their line', 'odd']);
  assert.equal(charts[0].shown[0].name, 'step over');
});
