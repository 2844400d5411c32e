import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsProblem, signature, suggestArguments } from '../../../client-vscode/src/python/arguments';
import { PythonSyntax, type PythonFunction } from '../../../client-vscode/src/python/syntax';

const parsed = (source: string, path: string): [PythonSyntax, PythonFunction] => {
  const syntax = new PythonSyntax(source);
  const target = syntax.functions().find((f) => f.path === path);
  assert.ok(target, path);
  return [syntax, target];
};
const suggested = (source: string, path: string): string[] => suggestArguments(...parsed(source, path)).map((s) => s.args);
const problem = (args: string, header: string): string | undefined =>
  argumentsProblem(args, parsed(`def f(${header}): pass\n`, 'f')[1]);

test('arguments come from doctests first, then comments, calls and types', () => {
  const source = `
def f(text: str, n: int = 2):
    """Doc.

    >>> f('doctest', 1)
    'x'
    """
# such as f("comment") in a sentence
print(f('call', n=3) + "f('string')")
f(unknown, 1)
`;
  assert.deepEqual(suggestArguments(...parsed(source, 'f')), [
    { args: "'doctest', 1", origin: 'from its doctest' },
    { args: '"comment"', origin: 'from the comment on line 8' },
    { args: "'call', n=3", origin: 'from the call on line 9' },
    { args: "'abc'", origin: 'from its parameters' },
  ]);
});

test('only literals that the function can take are suggested', () => {
  assert.deepEqual(suggested('def f(a): pass\nf(x)\nf(g(1))\nf(f"{x}")\nf(1, 2)\nf()\nf(b=1)\n', 'f'), []);
  assert.deepEqual(suggested('def f(a): pass\nf([1, {"k": (-2.5, None)}, {3}])\n', 'f'), ['[1, {"k": (-2.5, None)}, {3}]']);
});

test('a call over several lines becomes one', () => {
  assert.deepEqual(suggested('def f(a, b): pass\nf(\n    1,\n    2\n)\n', 'f'), ['1, 2']);
});

test('a method is called without its self', () => {
  assert.deepEqual(suggested('class A:\n    def f(self, n: int): pass\nA().f(7)\n', 'A.f'), ['7', '3']);
});

test('types give small values', () => {
  const types = 'a: list[int], b: dict[str, float], c: "Optional[bool]", d: tuple[int, str], e: set[str] | None, *, k: bytes';
  assert.deepEqual(suggested(`def f(${types}): pass\n`, 'f'), [
    "[3, 1, 2], {'abc': 1.5}, True, (3, 'abc'), {'abc'}, k=b'abc'",
  ]);
});

test('a parameter of an unknown type gets no made-up value', () => {
  assert.deepEqual(suggested('def f(a: Shop): pass\n', 'f'), []);
});

test('arguments that a call would refuse are refused with a reason', () => {
  assert.equal(problem("1, key='x'", 'a, *, key'), undefined);
  assert.match(problem('1, 2', 'a') ?? '', /f\(a\) cannot be called so/);
  assert.match(problem('name', 'a') ?? '', /Only literals/);
  assert.match(problem("f'{1}'", 'a') ?? '', /Only literals/);
  assert.match(problem('1 +', 'a') ?? '', /no arguments of a call/);
  assert.match(problem('1), (2', 'a') ?? '', /no arguments of a call|cannot be called so/);
  assert.match(problem('', 'a') ?? '', /cannot be called so/);
  assert.equal(problem('', 'a=1, *rest, **more'), undefined);
  assert.equal(problem('1, 2, 3, z=4', 'a=1, *rest, **more'), undefined);
});

test('a signature is written as Python writes it', () => {
  const [, target] = parsed('def f(a, /, b: int = 2, *, c, d=3, **e): pass\n', 'f');
  assert.equal(signature(target.parameters), 'a, /, b: int = 2, *, c, d=3, **e');
});
