/** The order of events, keys, the strip's lines, and the names beside lines. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { functionsOf, namesByLine } from '../../../server/foreframe/web/static/inline.js';
import { COMMANDS, commandFor, keysOf } from '../../../server/foreframe/web/static/keys.js';
import { latencies, quantile, shareRight, sureness } from '../../../server/foreframe/web/static/rates.js';
import { EventText, Sequence, waitBefore } from '../../../server/foreframe/web/static/sequence.js';
import { python } from '../../../server/foreframe/web/static/vendor/editor.js';

test('an event that comes twice is known, and a gap is noticed once', () => {
  const sequence = new Sequence(3);
  assert.deepEqual([4, 4, 3, 6, 7].map((number) => sequence.take(number)), ['next', 'seen', 'seen', 'gap', 'next']);
  assert.equal(sequence.last, 7);
});

test('each attempt waits longer, to a limit, and never for all at the same time', () => {
  assert.equal(waitBefore(0, 1), 400);
  assert.equal(waitBefore(2, 1), 1600);
  assert.equal(waitBefore(50, 1), 8000);
  assert.equal(waitBefore(0, 0), 200);
});

test('events are read from pieces of any size', () => {
  const text = 'event: candidate\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: a comment\n\nid: 7\ndata: x\n\nevent: answer\ndata: y';
  const wanted = [
    { name: 'candidate', data: '{"a":\n1}' },
    { name: 'message', data: 'x' },
  ];
  assert.deepEqual(new EventText().push(text), wanted);
  const slow = new EventText();
  assert.deepEqual([...text.replaceAll('\r', '')].flatMap((letter) => slow.push(letter)), wanted);
});

test('a key of other debuggers works everywhere, a letter alone only where nothing is written', () => {
  assert.equal(commandFor({ key: 'F10' }, true), 'over');
  assert.equal(commandFor({ key: 'F11', shiftKey: true }, false), 'out');
  assert.equal(commandFor({ key: 'n' }, false), 'over');
  assert.equal(commandFor({ key: 'n' }, true), null);
  assert.equal(commandFor({ key: 'n' }, false, false), null);
  assert.equal(commandFor({ key: 'n', ctrlKey: true }, false), null);
});

test('with Alt a letter counts by its place, and Shift goes backward', () => {
  assert.equal(commandFor({ key: '˜', code: 'KeyN', altKey: true }, true), 'over');
  assert.equal(commandFor({ key: 'N', code: 'KeyN', altKey: true, shiftKey: true }, true), 'back-over');
  assert.equal(commandFor({ key: 'N', shiftKey: true }, false), 'back-over');
});

test('no two commands have the same key, and every one is told in the help', () => {
  const keys = COMMANDS.flatMap(({ keys: some, letter }) => [...some, letter]);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(keysOf('back-over'), 'Shift+N · Alt+Shift+N');
  for (const { id } of COMMANDS) assert.notEqual(keysOf(id), '');
});

const told = (fields) => ({ right: null, changed: [], locals: {}, confidence: null, usage: { requests: 0, seconds: 0 }, ...fields });

test('the share of right steps is that of the last ones', () => {
  const path = [told({}), told({ right: true }), told({ right: false }), told({ right: false })];
  assert.deepEqual(shareRight(path, 2), [null, 1, 0.5, 0]);
});

test('a step is as sure as the least sure of its changes', () => {
  const path = [told({ confidence: 0.7 }), told({ changed: ['a', 'b'], locals: { a: { confidence: 0.9 }, b: { confidence: 0.4 } } }), told({})];
  assert.deepEqual(sureness(path), [0.7, 0.4, null]);
});

test('a step that asked no engine took no time of it', () => {
  const times = latencies([told({}), told({ usage: { requests: 1, seconds: 0.25 } })]);
  assert.deepEqual(times, [null, 250]);
  assert.deepEqual([quantile([3, null, 1, 2], 0.5), quantile([null], 0.5)], [2, null]);
});

const SOURCE = `def outer(a):
    def inner(b):
        return b + a
    c = inner(a) + sum(x for x in a)
    return c


class Box:
    def put(self, c):
        self.c = c
`;
const tree = python().language.parser.parse(SOURCE);

test('names stand on the lines of the function that is shown, up to where it stands', () => {
  const known = new Set(['a', 'b', 'c', 'inner']);
  assert.deepEqual([...namesByLine(tree, SOURCE, 'outer', 4, known)], [[1, ['a']], [4, ['c', 'inner', 'a']]]);
  assert.deepEqual([...namesByLine(tree, SOURCE, 'outer.<locals>.inner', 3, known)], [[2, ['inner', 'b']], [3, ['b', 'a']]]);
  assert.deepEqual([...namesByLine(tree, SOURCE, 'Box.put', 10, new Set(['self', 'c']))], [[9, ['self', 'c']], [10, ['self', 'c']]]);
});

test('a scope that has no text of its own shows no names', () => {
  assert.equal(namesByLine(tree, SOURCE, 'outer.<locals>.<lambda>', 3, new Set(['a'])).size, 0);
});

test('the functions that one can begin with are those of the module', () => {
  assert.deepEqual(functionsOf(tree, SOURCE), [{ name: 'outer', parameters: 'a', line: 1 }]);
});

test('every module is asked for at once, and none that is not there', () => {
  const folder = new URL('../../../server/foreframe/web/static/', import.meta.url);
  const asked = [...readFileSync(new URL('index.html', folder), 'utf8').matchAll(/(?:modulepreload" href|script type="module" src)="([^"]+)"/g)];
  const there = [...readdirSync(folder), ...readdirSync(new URL('vendor/', folder)).map((name) => `vendor/${name}`)];
  assert.deepEqual(asked.map(([, name]) => name).sort(), there.filter((name) => name.endsWith('.js')).sort());
});
