import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  branchLabel,
  foundText,
  isChanged,
  Recording,
  rowsOf,
  searchArguments,
  StepTimeline,
  zoomed,
  type Branch,
  type Step,
  type TimelineStop,
} from '../../../client-vscode/src/timeline/model';

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

const step = (id: number, line: number, frame: number, parent?: number, branch = 0): Step => ({
  id,
  branch,
  line,
  function: 'f',
  reason: 'step_over',
  frame,
  changed: [{ name: 'n', value: String(id), provenance: 'predicted' }],
  ...(parent === undefined ? {} : { parent }),
});
const STEPS = [step(0, 1, 1), step(1, 2, 4, 0), step(2, 3, 6, 1), step(3, 2, 4, 1, 1), step(4, 4, 7, 3, 1)];
const trunk = (isCurrent: boolean): Branch => ({ id: 0, first: 0, tip: 2, frames: 6, isCurrent });
const FORK: Branch = { id: 1, parent: 0, first: 3, tip: 4, change: 'n = 5', frames: 7, isCurrent: true };
const places = ({ stops }: { stops: readonly TimelineStop[] }): unknown[] => stops.map((s) => s.step ?? `:${s.line}`);
const noSource = (): string => '';

test('the columns are the steps of the current branch, from the first', () => {
  const timeline = new StepTimeline();
  timeline.update(STEPS, [trunk(false), FORK], { branch: 1, frame: 7 });
  const columns = timeline.columns('/w/a.py', noSource);
  assert.deepEqual([places(columns), columns.cursor], [[0, 1, 3, 4], 3]);
  assert.equal(columns.stops[2]?.change, 'n = 5');
  assert.equal(branchLabel(FORK), '2: n = 5 (7 frames)');
});

test('a stop between two steps is a column without a step, on its branch alone', () => {
  const timeline = new StepTimeline();
  const steps = STEPS.slice(0, 3);
  timeline.update(steps, [trunk(true)], { branch: 0, frame: 6 }, D);
  timeline.update(steps, [trunk(true)], { branch: 0, frame: 5 }, C);
  const columns = timeline.columns('/w/a.py', noSource);
  assert.deepEqual([places(columns), columns.cursor], [[0, 1, ':3', 2], 2]);
  assert.equal(columns.stops[3]?.values.m?.text, '2', 'what was read there is whole');
  timeline.update(STEPS, [trunk(false), FORK], { branch: 1, frame: 5 });
  assert.deepEqual(places(timeline.columns('/w/a.py', noSource)), [0, 1, 3, 4]);
});

test('the first line is the column of the launch', () => {
  const timeline = new StepTimeline();
  timeline.update(STEPS.slice(0, 2), [{ ...trunk(true), tip: 1 }], { branch: 0, frame: 2 }, A);
  const columns = timeline.columns('/w/a.py', noSource);
  assert.deepEqual([places(columns), columns.cursor], [[0, 1], 0]);
});

test('what was read and checked is forgotten when the session begins anew', () => {
  const timeline = new StepTimeline();
  timeline.update(STEPS.slice(0, 2), [trunk(true)], { branch: 0, frame: 1 }, D);
  timeline.check(0, false);
  timeline.update([step(0, 9, 1)], [{ ...trunk(true), tip: 0 }], { branch: 0, frame: 1 });
  const [first] = timeline.columns('/w/a.py', noSource).stops;
  assert.deepEqual([first?.line, first?.right], [9, undefined]);
});

test('a step that was not read shows its changes as changed', () => {
  const unread = { ...B, depth: undefined };
  assert.deepEqual([isChanged([B, unread], 1, 'n'), isChanged([B, unread, C], 2, 'n')], [true, false]);
});

test('a value that an edit gave has not changed again at the next stop', () => {
  const edit = { ...stop(2, { n: '5' }), depth: undefined };
  const stops = [B, edit, D];
  assert.deepEqual([isChanged(stops, 1, 'n'), isChanged(stops, 2, 'n'), isChanged(stops, 2, 'm')], [true, false, true]);
});

test('what is read after an edit is of the edit, and not of the step that ends at the same frame', () => {
  const timeline = new StepTimeline();
  const edited = [...STEPS.slice(0, 2), step(2, 2, 4, 1, 1)];
  const fork = { ...FORK, first: 2, tip: 2 };
  timeline.update(edited, [trunk(false), fork], { branch: 1, frame: 4, step: 2 }, D);
  const { stops, cursor } = timeline.columns('/w/a.py', noSource);
  assert.deepEqual([stops[1]?.values.n?.text, stops[2]?.values.n?.text, cursor], ['1', '5', 2]);
});

test('a search that has found a line says it once', () => {
  assert.equal(foundText(12, 'line 12'), 'found on line 12');
  assert.equal(foundText(12, 'n = 5'), 'line 12: n = 5');
});

test('a search asks for what its kind needs', () => {
  assert.deepEqual(searchArguments('line', ' 12 ', 'backward'), { kind: 'line', direction: 'backward', line: 12 });
  assert.deepEqual(searchArguments('change', 'n', 'forward'), { kind: 'change', direction: 'forward', name: 'n' });
  assert.deepEqual(searchArguments('exception', 'n', 'forward'), { kind: 'exception', direction: 'forward' });
  assert.match(String(searchArguments('condition', ' ', 'forward')), /Type a condition/);
  assert.match(String(searchArguments('line', 'x', 'forward')), /not the number/);
});

test('the timeline is made larger and smaller in steps, and has an end both ways', () => {
  assert.equal(zoomed(1, 1), 1.25);
  assert.equal(zoomed(1, -1), 0.8);
  assert.equal(zoomed(2, 1), 2);
  assert.equal(zoomed(0.5, -1), 0.5);
  assert.equal(zoomed(2, 0), 1);
  assert.equal(zoomed(0.77, 1), 1);
});
