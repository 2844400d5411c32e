import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  candidateDescription,
  exampleDescription,
  labelOf,
  listMessage,
  nameOf,
  standingOf,
  tellingExample,
  type CandidateTold,
  type ExampleTold,
  type WayTold,
} from '../../../client-vscode/src/candidates/model';

const example = (more: Partial<ExampleTold> = {}): ExampleTold => ({
  call: 'f(1)',
  wanted: '2',
  predicted: '2',
  right: true,
  basis: 'predicted',
  text: '',
  ...more,
});
const candidate = (examples: ExampleTold[], texts = ['n + 1']): CandidateTold => ({
  texts,
  along: [],
  origin: 'from the model',
  summary: '',
  right: examples.filter(({ right }) => right).length,
  examples,
});
const wrong = example({ right: false, predicted: '7' });
const untried = example({ right: null, predicted: null, basis: 'not tried' });

test('a candidate stands as its examples come out', () => {
  assert.equal(standingOf(candidate([example(), example()])), 'right');
  assert.equal(standingOf(candidate([example(), wrong])), 'partly');
  assert.equal(standingOf(candidate([wrong, untried])), 'wrong');
  assert.equal(standingOf(candidate([untried])), 'open');
  assert.equal(standingOf(candidate([])), 'open');
});

test('an example says what it gives, what is wanted, and how that is known', () => {
  assert.equal(exampleDescription(example({ probability: 0.62 })), '→ 2, 2 wanted, predicted (62 %)');
  assert.equal(exampleDescription(example({ basis: 'worked out', probability: 1 })), '→ 2, 2 wanted, worked out');
  assert.equal(exampleDescription(example({ predicted: null, right: false })), 'cut off, 2 wanted, predicted');
  assert.equal(exampleDescription(untried), '2 wanted, not tried');
  assert.equal(exampleDescription(example({ ran: '3' })), '→ 2, 2 wanted, predicted; really 3');
});

test('a candidate says what stood in the other holes', () => {
  const told = { ...candidate([example()]), summary: '1 of 1 examples right' };
  assert.equal(candidateDescription(told), '1 of 1 examples right');
  assert.equal(candidateDescription({ ...told, along: ['n'] }), '1 of 1 examples right, with n in the other hole');
});

test('a text of several lines is one line in the list, and no folder in the name of a tab', () => {
  assert.equal(labelOf(['if n:\n    n = 1']), 'if n: ⏎ n = 1');
  assert.equal(labelOf(['0', 'n // 2']), '0   |   n // 2');
  assert.equal(nameOf(['n // 2']), 'n ∕∕ 2');
  assert.equal(nameOf(['x'.repeat(99)]).length, 30);
});

test('the way that is shown first is of what does not come out, if there is one', () => {
  const path = { taken: [1], skipped: [], lines: [] };
  const way = (told: ExampleTold, walked = true): WayTold => ({ ...told, story: '', sentences: [], path: walked ? path : null });
  assert.equal(tellingExample([way(example()), way(wrong)]), 1);
  assert.equal(tellingExample([way(wrong, false), way(example())]), 1);
  assert.equal(tellingExample([way(untried, false)]), 0);
});

test('the list says whether others are still tried, and what to do without an example', () => {
  const list = { uri: 'file:///f.py', version: 1, holes: [0], line: 3, function: 'f' };
  assert.match(listMessage({ ...list, isAll: false, candidates: [] }, false), /^For the \?\? on line 3 of f: trying candidates/);
  assert.equal(listMessage({ ...list, holes: [0, 1], isAll: true, candidates: [candidate([wrong])] }, false), 'For the 2 ?? of f');
  assert.match(listMessage({ ...list, isAll: true, candidates: [] }, false), /nothing was found/);
  assert.match(listMessage({ ...list, isAll: true, candidates: [candidate([])] }, false), /no example/);
  assert.match(listMessage({ ...list, isAll: false, candidates: [candidate([wrong])] }, true), /Stopped/);
});
