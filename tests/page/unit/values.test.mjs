/** Values as trees, and what differs between two. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesBetween, doubt, parsed, percent, shortened } from '../../../server/foreframe/web/static/values.js';

const shape = ({ kind, text, children }) =>
  kind === 'atom' ? text : { [kind]: children.map(({ label, key, value }) => [label, key, shape(value)]) };

test('a list is a tree of its elements, called by their indexes', () => {
  assert.deepEqual(shape(parsed("[1, 'a, b', [2]]")), {
    list: [['0', 0, '1'], ['1', 1, "'a, b'"], ['2', 2, { list: [['0', 0, '2']] }]],
  });
});

test('a dictionary is called by its keys as a path has them', () => {
  assert.deepEqual(shape(parsed("{'a': 1, 2: (3,), (4, 5): None}")), {
    dict: [["'a'", 'a', '1'], ['2', 2, { tuple: [['0', 0, '3']] }], ['(4, 5)', null, 'None']],
  });
});

test('an element of a set cannot be called', () => {
  assert.deepEqual(shape(parsed('{1, 2}')), { set: [['', null, '1'], ['', null, '2']] });
});

test('what only a program could read is an atom', () => {
  for (const text of ['Point(x=1, y=[2])', '<f at 0x7f>', '[1, 2', "{'a': }", '', '[1}', "['unclosed"]) {
    assert.equal(parsed(text).kind, 'atom', text);
    assert.equal(parsed(text).text, text);
  }
});

test('quotes and brackets within strings and calls do not end them', () => {
  const text = `[Box(a=[1, 2]), 'it\\'s [', "{", <g of [1]>]`;
  assert.deepEqual(parsed(text).children.map(({ value }) => value.text), ['Box(a=[1, 2])', "'it\\'s ['", '"{"', '<g of [1]>']);
});

test('nothing is read too deep or too long', () => {
  const deep = '['.repeat(5000) + ']'.repeat(5000);
  assert.doesNotThrow(() => parsed(deep));
  assert.equal(parsed(`[${'1, '.repeat(60_000)}]`).kind, 'atom');
});

test('of two lists the new, the gone and the other elements are told', () => {
  assert.deepEqual(changesBetween('[1, 2, 3]', '[1, 5]').changes, [
    { path: '[1]', before: '2', after: '5' },
    { path: '[2]', before: '3', after: undefined },
  ]);
});

test('changes are found in depth, and told by their path', () => {
  assert.deepEqual(changesBetween("{'a': [1], 'b': 2}", "{'a': [1, 4], 'b': 2}").changes, [
    { path: "['a'][1]", before: undefined, after: '4' },
  ]);
});

test('a value of another kind changed as a whole', () => {
  assert.deepEqual(changesBetween('[1]', 'None').changes, [{ path: '', before: '[1]', after: 'None' }]);
});

test('of many changes some are told and the rest counted', () => {
  const { changes, more } = changesBetween('[]', '[1, 2, 3, 4, 5]', 2);
  assert.equal(changes.length, 2);
  assert.equal(more, 3);
});

test('only certainty is called 100 %, and doubts have two degrees', () => {
  assert.deepEqual([percent(0.999), percent(1), percent(0)], ['99 %', '100 %', '0 %']);
  assert.deepEqual([doubt(null), doubt(0.95), doubt(0.7), doubt(0.2)], [null, 0, 1, 2]);
});

test('a shown text is one line of so many characters', () => {
  assert.equal(shortened('a\n   b', 10), 'a b');
  assert.equal(shortened('abcdef', 4), 'abc…');
});
