import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, FramingError, MessageDecoder } from '../../../client-vscode/src/backend/framing';
import { LastWords } from '../../../client-vscode/src/backend/lastWords';
import { findBackend, SettingMistake, type LookupPlaces } from '../../../client-vscode/src/backend/lookup';
import { completeLaunch, joinedBackend, LaunchMistake } from '../../../client-vscode/src/launch';
import { pythonProcesses } from '../../../client-vscode/src/processList';

const MESSAGES = [{ seq: 1, text: 'é ≈ 3' }, { seq: 2 }];

test('messages come out whole, however their bytes arrive', () => {
  const bytes = Buffer.concat(MESSAGES.map(encodeMessage));
  for (const size of [1, 3, 7, bytes.length]) {
    const decoder = new MessageDecoder();
    const found: object[] = [];
    for (let i = 0; i < bytes.length; i += size) found.push(...decoder.feed(bytes.subarray(i, i + size)));
    assert.deepEqual(found, MESSAGES);
  }
});

test('what is not DAP is refused with what came', () => {
  assert.throws(() => new MessageDecoder().feed(Buffer.from('Traceback\r\n\r\n')), /Traceback/);
  assert.throws(() => new MessageDecoder().feed(Buffer.from('Content-Length: 2\r\n\r\n12')), FramingError);
});

test('the last words are the last lines, and the error is the last of them', () => {
  const lines: string[] = [];
  const words = new LastWords((line) => lines.push(line));
  words.feed(Buffer.from('first\nsec'));
  words.feed(Buffer.from('ond\nMemoryError: é'.repeat(1)));
  assert.deepEqual(lines, ['first', 'second']);
  assert.equal(LastWords.lastLine(words.text()), 'MemoryError: é');
  for (let i = 0; i < 100; i++) words.feed(Buffer.from(`line ${i}\n`));
  assert.ok(!words.text().includes('second'));
  assert.equal(LastWords.lastLine(words.text()), 'line 99');
});

const PLACES: LookupPlaces = {
  command: '',
  pythonPath: '',
  interpreter: undefined,
  ownEnvironment: '/own',
  searchPath: '/usr/bin:/opt/bin',
  windows: false,
  home: '/home/me',
};
const find = (places: Partial<LookupPlaces>, ...files: string[]): string | undefined =>
  findBackend({ ...PLACES, ...places }, (file) => files.includes(file))?.path;

test('the back end is looked for in settings, the interpreter, its own environment, then PATH', () => {
  const all = ['/opt/bin/foreframe', '/own/bin/foreframe', '/venv/bin/foreframe', '/home/me/ff'];
  assert.equal(find({}, ...all), '/own/bin/foreframe');
  assert.equal(find({}, '/opt/bin/foreframe'), '/opt/bin/foreframe');
  assert.equal(find({ interpreter: '/venv/bin/python' }, ...all), '/venv/bin/foreframe');
  assert.equal(find({ interpreter: '/bare/bin/python' }, ...all), '/own/bin/foreframe');
  assert.equal(find({ pythonPath: '/venv/bin/python3' }, ...all), '/venv/bin/foreframe');
  assert.equal(find({ command: '~/ff', pythonPath: '/venv/bin/python3' }, ...all), '/home/me/ff');
  assert.equal(find({}), undefined);
});

test('on Windows the command lies in Scripts', () => {
  const windows = { windows: true, interpreter: 'C:\\Py\\python.exe', ownEnvironment: 'C:\\own', searchPath: 'C:\\a;C:\\b' };
  assert.equal(find(windows, 'C:\\Py\\Scripts\\foreframe.exe'), 'C:\\Py\\Scripts\\foreframe.exe');
  assert.equal(find(windows, 'C:\\own\\Scripts\\foreframe.exe'), 'C:\\own\\Scripts\\foreframe.exe');
  assert.equal(find(windows, 'C:\\b\\foreframe.exe'), 'C:\\b\\foreframe.exe');
});

test('a setting that names nothing is told, and nothing else is taken in its place', () => {
  assert.throws(() => find({ command: '/gone' }, '/opt/bin/foreframe'), SettingMistake);
  assert.throws(() => find({ pythonPath: '/gone/python' }, '/opt/bin/foreframe'), /pip install foreframe/);
});

const DEFAULTS = { engine: 'auto', maxFrames: 1000, port: 0, hasBreakpoint: () => false };

test('an empty launch imagines the module and stops on its first line', () => {
  assert.deepEqual(completeLaunch({ name: '', program: '/w/a.py' }, DEFAULTS), {
    type: 'foreframe',
    request: 'launch',
    name: 'Imagine a.py',
    mode: 'imagine',
    program: '/w/a.py',
    engine: 'auto',
    maxFrames: 1000,
    stopOnEntry: true,
  });
});

test('a breakpoint makes the entry stop needless, and a launch says more than the settings', () => {
  const launch = completeLaunch(
    { program: '/w/a.py', engine: 'embedded', port: 4711, function: 'f', args: '1' },
    { ...DEFAULTS, port: 1, hasBreakpoint: () => true },
  );
  assert.equal(launch.stopOnEntry, false);
  assert.equal(launch.engine, 'embedded');
  assert.equal(launch.port, 4711);
  assert.equal(completeLaunch({ program: 'a', stopOnEntry: true }, { ...DEFAULTS, hasBreakpoint: () => true }).stopOnEntry, true);
  assert.equal(completeLaunch({ program: 'a' }, { ...DEFAULTS, port: 5 }).port, 5);
  assert.equal(completeLaunch({ program: 'a' }, { ...DEFAULTS, port: 5 }).engine, undefined);
});

test('a launch that cannot work is refused with what to do', () => {
  assert.throws(() => completeLaunch({}, DEFAULTS), LaunchMistake);
  assert.throws(() => completeLaunch({ program: 'a', args: '1' }, DEFAULTS), /name it/);
  assert.throws(() => completeLaunch({ program: 'a', mode: 'dream' }, DEFAULTS), /imagine, check, live/);
  assert.deepEqual(completeLaunch({ program: 'a', mode: 'live', args: ['x'] }, DEFAULTS).args, ['x']);
});

test('attaching needs an address or a process, and takes no program', () => {
  const attach = (more: object): ReturnType<typeof completeLaunch> => completeLaunch({ request: 'attach', ...more }, DEFAULTS);
  assert.deepEqual(attach({ connect: { port: 5678 } }), {
    type: 'foreframe',
    request: 'attach',
    name: 'Attach to localhost:5678',
    mode: 'live',
    connect: { port: 5678 },
    engine: 'auto',
    maxFrames: 1000,
  });
  assert.equal(attach({ processId: '42' }).name, 'Attach to process 42');
  assert.equal(attach({ port: 1, host: 'far' }).name, 'Attach to far:1');
  assert.throws(() => attach({}), /what to attach to/);
  assert.throws(() => attach({ processId: 1, mode: 'check' }), LaunchMistake);
});

test('the port of an attach is the program\'s, and a joined back end has another', () => {
  const attached = completeLaunch({ request: 'attach', port: 5678 }, { ...DEFAULTS, port: 4711 });
  assert.deepEqual([attached.port, joinedBackend(attached)], [5678, { host: '127.0.0.1', port: 4711 }]);
  assert.equal(joinedBackend(completeLaunch({ request: 'attach', port: 5678 }, DEFAULTS)), undefined);
  assert.deepEqual(joinedBackend(completeLaunch({ program: 'a', port: 5, host: 'h' }, DEFAULTS)), { host: 'h', port: 5 });
  assert.equal(joinedBackend(completeLaunch({ program: 'a' }, DEFAULTS)), undefined);
});

test('what may be predicted ahead is the back end\'s own choice unless the person has one', () => {
  assert.equal('lookAheadTokens' in completeLaunch({ program: 'a' }, DEFAULTS), false);
  assert.equal(completeLaunch({ program: 'a' }, { ...DEFAULTS, lookAheadTokens: 50 }).lookAheadTokens, 50);
  assert.equal(completeLaunch({ program: 'a', lookAheadTokens: 7 }, { ...DEFAULTS, lookAheadTokens: 50 }).lookAheadTokens, 7);
});

test('Python processes are told from others, the newest first', () => {
  const listing = '    1 /sbin/init\n   42 /usr/bin/python3.12 -m http.server\n  7 vim python.py\n  99 python app.py\n';
  assert.deepEqual(pythonProcesses(listing), [
    { id: '99', command: 'python app.py' },
    { id: '42', command: '/usr/bin/python3.12 -m http.server' },
  ]);
});
