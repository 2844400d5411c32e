/** The order and the words of a model's figures. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { figureGroups } from '../../../server/foreframe/web/static/figures.js';

/** The card's numbers by dotted name, as the server tells them. */
function flat(card, prefix = '') {
  return Object.entries(card).flatMap(([name, value]) => {
    const whole = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof value === 'number') return [[whole, value]];
    return typeof value === 'object' && value !== null ? flat(value, whole) : [];
  });
}

const file = new URL('../../../models/foreframe_models/weights/small/card.json', import.meta.url);
const CARD = Object.fromEntries(flat(JSON.parse(readFileSync(file, 'utf8'))));

test('what a model gets right comes first, and how it was made after that', () => {
  const titles = figureGroups(CARD).map(({ title }) => title);
  assert.equal(titles[0], 'Whole answers about programs it never saw');
  assert.ok(titles.indexOf('How it was made') > titles.indexOf('One step, after a true past'));
});

test('every figure is told once, and what has no place of its own is told last', () => {
  const groups = figureGroups({ ...CARD, odd_one: 3, 'odd.two': 0.5 });
  const names = groups.flatMap(({ rows }) => rows.map(({ name }) => name));
  assert.equal(new Set(names).size, names.length);
  const last = groups.at(-1);
  assert.equal(last.isFirst, false);
  assert.deepEqual(last.rows.slice(-2).map(({ label, text }) => [label, text]), [['odd one', '3'], ['odd, two', '50.0 %']]);
});

test('a share stands beside how many it is of, a time has its unit, and a loss is no share', () => {
  const groups = figureGroups({ 'by_event.for.frames': 222, 'by_event.for.exact': 0.5856, step_ms_p50: 0.9, odd_loss: 0.4, legal_frames: 1 });
  const rows = groups.flatMap((group) => group.rows.map(({ label, text, isShare }) => [label, text, isShare]));
  assert.deepEqual(rows, [
    ['frames that can be', '100.0 %', true],
    ['a step, median', '0.9 ms', false],
    ['a loop, of 222', '58.6 %', true],
    ['odd loss', '0.4', false],
  ]);
});
