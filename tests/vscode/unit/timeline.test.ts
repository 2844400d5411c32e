import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isChanged, Recording, rowsOf, type TimelineStop } from '../../../client-vscode/src/timeline/model';

const stop = (line: number, values: Record<string, string>, scope = 'f', depth = 1): TimelineStop => ({
  path: '/w/a.py',
  scope,
  line,
  source: '',
  depth,
  values: Object.fromEntries(
    Object.entries(values).map(([name, text]) => [name, { text, provenance: 'predicted', confidence: 0.9 }]),
  ),
});
const A = stop(1, {});
const B = stop(2, { n: '1' });
const C = stop(3, { n: '1', m: '2' });
const D = stop(4, { n: '5', m: '2' });
const lines = (recording: Recording): number[] => recording.stops.map((s) => s.line);

test('going back and forward over known steps moves the cursor and adds nothing', () => {
  const recording = new Recording();
  for (const step of [A, B, C]) recording.record(step, 'forward');
  recording.record(B, 'backward');
  recording.record(A, 'backward');
  assert.equal(recording.cursor, 0);
  recording.record(B, 'forward');
  recording.record(C, 'forward');
  recording.record(D, 'forward');
  assert.deepEqual(lines(recording), [1, 2, 3, 4]);
  assert.equal(recording.cursor, 3);
});

test('a step between two known ones is put between them', () => {
  const recording = new Recording();
  for (const step of [A, D]) recording.record(step, 'forward');
  recording.record(C, 'backward');
  assert.deepEqual([lines(recording), recording.cursor], [[1, 3, 4], 1]);
  recording.record(A, 'backward');
  recording.record(B, 'forward');
  assert.deepEqual([lines(recording), recording.cursor], [[1, 2, 3, 4], 1]);
});

test('a backward step before the first known one becomes the first', () => {
  const recording = new Recording();
  recording.record(C, 'forward');
  recording.record(B, 'backward');
  assert.deepEqual([lines(recording), recording.cursor], [[2, 3], 0]);
});

test('rows keep the variables of one scope together', () => {
  assert.deepEqual(rowsOf([B, stop(9, { x: '1' }, 'g', 2), C]), [
    { scope: 'f', name: 'n' },
    { scope: 'f', name: 'm' },
    { scope: 'g', name: 'x' },
  ]);
});

test('a cell has changed against the last stop of the same activation', () => {
  const call = stop(9, { n: '7' }, 'g', 2);
  const stops = [B, call, C, D, call];
  assert.deepEqual(
    stops.map((_, index) => isChanged(stops, index, 'n')),
    [true, true, false, true, true],
  );
});
