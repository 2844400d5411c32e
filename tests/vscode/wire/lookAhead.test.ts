import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { linesAhead, type Ahead } from '../../../client-vscode/src/ahead/path';
import { readStack } from '../../../client-vscode/src/ahead/stack';
import { PYTHON, tape } from '../browser/backend';
import { Adapter } from './adapter';

const LINE = 11;
const PROGRAM = path.resolve('tests/vscode/programs/orders.py');

test('the stop of a real debugpy session is read by looking, and what follows is predicted from it', async () => {
  const real = new Adapter(PYTHON, '-m', 'debugpy.adapter');
  const ours = new Adapter(PYTHON, 'tests/vscode/tape_backend.py', 'dap');
  try {
    const stopped = await stopAt(real, PROGRAM, LINE);
    const before = real.asked.length;
    const read = await readStack((command, args) => real.ask(command, args), stopped.threadId);
    assert.deepEqual([...new Set(real.asked.slice(before))], ['stackTrace', 'scopes', 'variables']);
    assert.equal(read?.path, PROGRAM);
    assert.deepEqual(read.stack.map(({ name, line }) => [name, line]), [['discount', 11], ['total', 23], ['<module>', 36]]);
    assert.deepEqual(read.stack[0]?.variables, { count: '2', price: '10', share: '6' });

    await ours.ask('initialize', { adapterID: 'foreframe', linesStartAt1: true, columnsStartAt1: true });
    const engine = tape('orders.py');
    await ours.ask('launch', { program: read.path, start: 'state', stack: read.stack, engine, lookAheadTokens: 400 });
    await ours.event('initialized');
    await ours.ask('configurationDone');
    await ours.event('stopped');
    const ahead = (await ours.ask('foreframe/ahead', { wait: true })) as Ahead;
    assert.deepEqual(
      linesAhead(ahead, LINE).map(({ line, text }) => [line, text]),
      [
        [11, "→ note ≈ 'price 10: share'"],
        [12, '→ returns ≈ 4'],
      ],
    );
    assert.deepEqual(ahead.taken, [11, 12]);
    const { stackFrames } = (await real.ask('stackTrace', stopped)) as { stackFrames: { line: number }[] };
    assert.equal(stackFrames[0]?.line, LINE, 'the real program has not moved');
  } finally {
    real.close();
    ours.close();
  }
});

test('values that debugpy shows shortened are cut off where it leaves something out', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'foreframe-wire-'));
  const program = path.join(folder, 'long.py');
  fs.writeFileSync(program, 'many = list(range(2000))\nword = "a..." * 50\nodd = object()\nnested = {1: many}\nend = 1\n');
  const real = new Adapter(PYTHON, '-m', 'debugpy.adapter');
  try {
    const stopped = await stopAt(real, program, 5);
    const read = await readStack((command, args) => real.ask(command, args), stopped.threadId);
    const values = read?.stack[0]?.variables ?? {};
    const whole = `[${Array.from({ length: 2000 }, (_, n) => n).join(', ')}]`;
    assert.ok(values.many && values.many.length > 100 && whole.startsWith(values.many));
    assert.ok(values.nested && `{1: ${whole}}`.startsWith(values.nested));
    assert.equal(values.word, `'${'a...'.repeat(50)}'`);
    assert.match(values.odd ?? '', /^<object object at 0x/);
    assert.deepEqual(read?.stack[0]?.cut, ['many', 'nested']);
  } finally {
    real.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

/** Runs a program under debugpy until it stops at a line. */
async function stopAt(real: Adapter, program: string, line: number): Promise<{ threadId: number }> {
  await real.ask('initialize', { adapterID: 'debugpy', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path' });
  const launched = real.ask('launch', { program, python: PYTHON, console: 'internalConsole' });
  await real.event('initialized');
  await real.ask('setBreakpoints', { source: { path: program }, breakpoints: [{ line }] });
  await real.ask('configurationDone');
  await launched;
  return (await real.event('stopped')) as { threadId: number };
}
