import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesAhead, type Ahead, type FrameAhead } from '../../../client-vscode/src/ahead/path';
import { isVariable, readStack, sameFile, type Look } from '../../../client-vscode/src/ahead/stack';

const frame = (line: number, more: Partial<FrameAhead> = {}): FrameAhead => ({
  event: 'line',
  function: 'f',
  line,
  depth: 0,
  changed: [],
  ...more,
});
const changed = (name: string, value: string, confidence?: number): FrameAhead['changed'] => [
  { name, value, provenance: 'predicted', ...(confidence === undefined ? {} : { confidence }) },
];
const ahead = (...frames: FrameAhead[]): Ahead => ({ frames, taken: [], skipped: [], isSettled: true });

test('each line ahead tells what it does when the scope comes there first', () => {
  const found = linesAhead(
    ahead(
      frame(3, { changed: changed('total', '2', 0.9) }),
      frame(2),
      frame(3, { changed: changed('i', '1') }),
      frame(4, { changed: changed('total', '4', 0.5) }),
      frame(4, { event: 'return', value: { value: '4', provenance: 'predicted', confidence: 0.4 } }),
      frame(9, { depth: -1, changed: changed('x', '4') }),
    ),
    2,
  );
  assert.deepEqual(found, [
    { line: 2, text: '→ total ≈ 2', confidence: 0.9 },
    { line: 4, text: '→ returns ≈ 4', confidence: 0.4 },
  ]);
});

test('what happens inside calls belongs to none of the lines of the scope', () => {
  const inside = frame(10, { depth: 1, event: 'call', changed: changed('x', '1') });
  const found = linesAhead(ahead(inside, frame(11, { depth: 1 }), frame(3, { changed: changed('n', '7') })), 2);
  assert.deepEqual(found, [{ line: 2, text: '→ n ≈ 7', confidence: undefined }]);
});

test('an exception is told where it is raised, and a long value is cut', () => {
  const raised = frame(2, { event: 'exception', value: { value: 'KeyError: 1', provenance: 'predicted' } });
  assert.deepEqual(linesAhead(ahead(raised, frame(5)), 2), [{ line: 2, text: '→ raises ≈ KeyError: 1', confidence: undefined }]);
  const [long] = linesAhead(ahead(frame(3, { changed: changed('text', 'x'.repeat(99)) })), 2);
  assert.ok(long?.text.endsWith('…') && long.text.length < 60);
});

const source = (path: string): { source: { path: string } } => ({ source: { path } });
const variable = (name: string, value: string, type = 'int'): object => ({ name, value, type, variablesReference: 0 });

test('the frames of the innermost file are what can be gone on from', () => {
  const frames = ['/a.py', '/a.py', '/b.py', '/a.py'].map((path, id) => ({ id, name: 'f', line: 1, column: 1, ...source(path) }));
  assert.deepEqual(sameFile(frames).map(({ id }) => id), [0, 1]);
  assert.deepEqual(sameFile([{ id: 1, name: 'f', line: 1, column: 1 }]), []);
});

test('groups and pseudo variables of a debugger are no variables of the program', () => {
  const named = (name: string): boolean => isVariable({ name, value: '1', variablesReference: 0 });
  assert.deepEqual(['n', '_x', 'größe', 'special variables', '(return) f', '__name__', 'a.b'].filter(named), ['n', '_x', 'größe']);
});

test('a stop is read by looking alone, and what a debugger leaves out of a value is known to be cut off', async () => {
  const asked: string[] = [];
  const answers: Record<string, object> = {
    stackTrace: { stackFrames: [{ id: 7, name: 'f', line: 3, column: 1, ...source('/a.py') }] },
    scopes: { scopes: [{ name: 'Locals', presentationHint: 'locals', variablesReference: 5, expensive: false }] },
    variables: {
      variables: [
        variable('n', '1'),
        variable('many', '[0, 1, ..., 99]', 'list'),
        variable('odd', '<Odd ...>', 'Odd'),
        variable('word', "'and so on...'", 'str'),
        variable('special variables', ''),
      ],
    },
  };
  const look: Look = (command, args) => {
    asked.push(`${command} ${JSON.stringify(args)}`);
    return Promise.resolve(answers[command]);
  };
  assert.deepEqual(await readStack(look, 1), {
    path: '/a.py',
    stack: [
      {
        name: 'f',
        line: 3,
        variables: { n: '1', many: '[0, 1, ', odd: '<Odd ', word: "'and so on...'" },
        cut: ['many', 'odd'],
      },
    ],
  });
  assert.deepEqual(asked, ['stackTrace {"threadId":1}', 'scopes {"frameId":7}', 'variables {"variablesReference":5}']);
});
