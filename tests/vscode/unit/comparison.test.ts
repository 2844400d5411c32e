import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodesOf, shareText, type Comparison } from '../../../client-vscode/src/comparison/model';

const LINE = { event: 'line', function: 'f', line: 3 };
const COMPARISON: Comparison = {
  step: 2,
  right: false,
  place: 'match',
  predicted: LINE,
  real: LINE,
  value: null,
  scopes: [
    {
      verdict: 'match',
      predicted: { function: '<module>', line: 9 },
      real: { function: '<module>', line: 9 },
      values: [{ name: 'a', verdict: 'match', predicted: '1', confidence: 0.9, real: '1' }],
    },
    {
      verdict: 'match',
      predicted: { function: 'f', line: 3 },
      real: { function: 'f', line: 3 },
      values: [
        { name: 'x', verdict: 'match', predicted: '1', confidence: null, real: '1' },
        { name: 'y', verdict: 'missing', predicted: null, confidence: null, real: '7' },
        { name: 'n', verdict: 'differs', predicted: '2', confidence: 0.314, real: '3' },
      ],
    },
  ],
};

test('differences come first, scopes with one before those without', () => {
  const nodes = nodesOf(COMPARISON);
  assert.deepEqual(
    nodes.map(({ label, verdict }) => [label, verdict]),
    [
      ['f', 'differs'],
      ['place', 'match'],
      ['<module>', 'match'],
    ],
  );
  assert.deepEqual(
    nodes[0]?.children.map(({ label, description }) => `${label} ${description}`),
    ['n ≈ 2 (31 % sure)   = 3', 'y = 7', 'x = 1'],
  );
});

test('a stop elsewhere than predicted shows both places', () => {
  const [first] = nodesOf({ ...COMPARISON, place: 'differs', predicted: { ...LINE, line: 5 }, scopes: [] });
  assert.equal(first?.description, '≈ line 5 of f   = line 3 of f');
});

test('only a report without a mistake says that all is right', () => {
  assert.equal(shareText({ values: 0, valuesRight: 0 }), undefined);
  assert.equal(shareText({ values: 1000, valuesRight: 999 }), '99 % right');
  assert.equal(shareText({ values: 3, valuesRight: 3 }), '100 % right');
});
