import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PythonSyntax } from '../../../client-vscode/src/python/syntax';
import { describe, inlineValues, opacityOf, percent, scopeNamed } from '../../../client-vscode/src/shownValues';
import type { ShownValue, Verdict } from '../../../client-vscode/src/values';

const SOURCE = `def f(n, word):
    # n in a comment
    total = n + n
    text = "n and word"
    word = total
    return total

n = f(1, 2)
`;

const value = (name: string, text: string, more: Partial<ShownValue> = {}): [string, ShownValue] => [
  name,
  { name, text, local: true, provenance: 'predicted', confidence: 0.9, ...more },
];
const shown = (line: number, ...values: [string, ShownValue][]): [number, string][] => {
  const syntax = new PythonSyntax(SOURCE);
  return inlineValues(syntax, syntax.functions()[0], line, new Map(values), 0.5).map((v) => [v.line, v.text]);
};

test('values stand beside the lines of their scope, down to the line where it stands', () => {
  assert.deepEqual(shown(4, value('n', '1'), value('total', '2'), value('word', "'x'")), [
    [0, 'n ≈ 1'],
    [0, "word ≈ 'x'"],
    [2, 'total ≈ 2'],
    [2, 'n ≈ 1'],
    [4, "word ≈ 'x'"],
    [4, 'total ≈ 2'],
  ]);
});

test('values stand beside the lines alone that were come through, where that is known', () => {
  const syntax = new PythonSyntax(SOURCE);
  const values = new Map([value('n', '1'), value('total', '2'), value('word', "'x'")]);
  const beside = inlineValues(syntax, syntax.functions()[0], 5, values, 0.5, [[1, 1], [3, 4], [6, 6]]);
  assert.deepEqual([...new Set(beside.map(({ line }) => line))], [0, 2, 5]);
});

test('what was just returned stands beside the line where the scope stands', () => {
  const returned = { name: '(return) g', text: '7', local: true, provenance: 'predicted', confidence: 0.9 } as const;
  assert.deepEqual(shown(2, ['(return) g', returned], value('total', '2')), [
    [2, '(return) g ≈ 7'],
    [2, 'total ≈ 2'],
  ]);
});

test('a sign tells guesses, doubted guesses and certain values apart', () => {
  const doubted = value('word', "'x'", { confidence: 0.3 });
  const given = value('n', '1', { provenance: 'given', confidence: undefined });
  assert.deepEqual(shown(0, given, doubted), [
    [0, 'n = 1'],
    [0, "word ≈ 'x' ?"],
  ]);
});

test('a long value is cut and kept on one line', () => {
  const [[, text = ''] = []] = shown(0, value('n', `[${'1,\n '.repeat(100)}]`));
  assert.ok(text.endsWith('…') && text.length < 70 && !text.includes('\n'), text);
});

test('what a hover says is never more certain than the model', () => {
  assert.equal(describe(value('n', '1', { confidence: 0.999 })[1]), 'predicted, 99 % sure');
  assert.equal(describe(value('n', '1', { provenance: 'given', confidence: undefined })[1]), 'given');
  assert.equal(percent(1), '100 %');
});

test('a scope of the stack is found by its name and place', () => {
  const syntax = new PythonSyntax('def f():\n    def f():\n        x = 1\n    return 2\nf()\n');
  const at = (text: string): number => syntax.source.indexOf(text);
  assert.equal(scopeNamed(syntax, 'f.<locals>.f', at('x = 1'))?.path, 'f.f');
  assert.equal(scopeNamed(syntax, 'f', at('return 2'))?.path, 'f');
  assert.equal(scopeNamed(syntax, '<module>', at('f()')), undefined);
  assert.equal(scopeNamed(syntax, '<lambda>', at('x = 1')), null);
});

const checked = (verdict: Verdict, predicted: string | null, real: string | null): [string, ShownValue] =>
  value('n', real ?? predicted ?? '', { provenance: 'observed', check: { verdict, predicted, real } });

test('a checked value has its verdict as a sign, and both sides where they differ', () => {
  const syntax = new PythonSyntax(SOURCE);
  const told = (...one: Parameters<typeof checked>): (string | undefined)[] => {
    const [first] = inlineValues(syntax, syntax.functions()[0], 0, new Map([checked(...one)]), 0.5);
    return [first?.certainty, first?.text, first?.real];
  };
  assert.deepEqual(told('match', '4', '4'), ['right', 'n = 4 ✓', undefined]);
  assert.deepEqual(told('differs', '5', '4'), ['wrong', 'n ≈ 5 ✗', ' = 4']);
  assert.deepEqual(told('missing', null, '4'), ['wrong', 'n not predicted ✗', ' = 4']);
  assert.deepEqual(told('extra', '5', null), ['wrong', 'n ≈ 5 ✗ does not exist', undefined]);
  assert.deepEqual(told('not comparable', '<o>', '<o at 1>'), ['given', 'n = <o at 1> ~', undefined]);
  assert.equal(describe(checked('differs', '5', '4')[1]), 'real: 4, predicted: 5, 90 % sure, predicted wrong');
});

test('what is less sure fades and stays legible, and nothing fades in high contrast', () => {
  assert.equal(opacityOf(1, false), 1);
  assert.equal(opacityOf(0.5, false), 0.8);
  assert.equal(opacityOf(0, false), 0.6);
  assert.equal(opacityOf(undefined, false), 1);
  assert.equal(opacityOf(0, true), 1);
});
