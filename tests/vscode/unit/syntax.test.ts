import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PythonSyntax } from '../../../client-vscode/src/python/syntax';

const SOURCE = `import total
from shop import price as count

class Shop:
    @property
    def name(self): return self._name
    @staticmethod
    def open(hour: int, /, *, loud=False): pass
    async def sell(self, item, *rest, at: float = 1.0, **more): pass

@cache
def total(price, count=len("x / y")):
    """price in a docstring"""
    share = count  # price in a comment
    text = f"price is {price!r:>{count}} price"
    bag.price = sell(share, price=count)
    seen = [price for price in count if share]
    least = min(x for x in seen)
    key = lambda count, *price: count + share
    def inner(price):
        return price
    return share
`;

const names = (source: string, path?: string): string[] => {
  const syntax = new PythonSyntax(source);
  return syntax.names(syntax.functions().find((f) => f.path === path)).map((n) => n.name);
};

test('functions are found with their dotted names, and nested ones cannot be reached', () => {
  const found = new PythonSyntax(SOURCE).functions().map((f) => [f.path, f.reachable, f.method]);
  assert.deepEqual(found, [
    ['Shop.name', true, true],
    ['Shop.open', true, false],
    ['Shop.sell', true, true],
    ['total', true, false],
    ['total.inner', false, false],
  ]);
});

test('parameters keep their kind, annotation and default', () => {
  const [, open, sell, total] = new PythonSyntax(SOURCE).functions();
  assert.deepEqual(
    open?.parameters.map((p) => [p.name, p.kind, p.annotation, p.defaultText]),
    [
      ['hour', 'positional only', 'int', undefined],
      ['loud', 'keyword only', undefined, 'False'],
    ],
  );
  assert.deepEqual(
    sell?.parameters.map((p) => [p.name, p.kind, p.annotation, p.defaultText]),
    [
      ['self', 'positional', undefined, undefined],
      ['item', 'positional', undefined, undefined],
      ['rest', 'rest', undefined, undefined],
      ['at', 'keyword only', 'float', '1.0'],
      ['more', 'keywords', undefined, undefined],
    ],
  );
  assert.deepEqual(total?.parameters.at(-1)?.kind, 'positional');
});

test('a function reaches from its decorator to the end of its text', () => {
  const syntax = new PythonSyntax(`${SOURCE}\n\n\n`);
  const total = syntax.functions()[3];
  assert.ok(total);
  assert.equal(syntax.source.slice(total.from, total.from + 6), '@cache');
  assert.ok(syntax.source.slice(0, total.to).endsWith('return share'));
  assert.equal(syntax.functionAt(syntax.source.indexOf('return price'))?.path, 'total.inner');
});

test('names of a scope leave out strings, comments, attributes, keywords and inner scopes', () => {
  assert.deepEqual(names(SOURCE, 'total'), [
    ...['price', 'count'], // parameters
    ...['share', 'count'],
    ...['text', 'price', 'count'], // only what stands in the braces
    ...['bag', 'sell', 'share', 'count'],
    ...['seen', 'count', 'share'], // the comprehension's own price is another one
    ...['least', 'min', 'seen'],
    ...['key', 'share'],
    ...['inner'],
    ...['share'],
  ]);
});

test("names of a module leave out its imports and its functions' bodies", () => {
  assert.deepEqual(names('import a\nfrom a import b as c\nd = a\ndef f(x=d):\n    e = d\n'), ['d', 'a', 'f', 'd']);
});

test('broken code still has functions and names', () => {
  assert.deepEqual(names('def f(a):\n    b = a +\n    return ??\n\ndef g(:\n', 'f').slice(0, 3), ['a', 'b', 'a']);
});
