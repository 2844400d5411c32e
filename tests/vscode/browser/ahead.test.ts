import { Backend, program, PYTHON, tape } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('orders.py');
const backend = new Backend('tapes');
const settings = {
  'foreframe.command': backend.command,
  'foreframe.engine': tape('orders.py'),
  'foreframe.lookAheadTokens': 400,
  'foreframe.languageServer': false,
};
const configured = (configuration: object): Record<string, string> => ({
  'orders.py': SOURCE,
  '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [configuration] }),
});

scenario('in a debugpy session of another extension one can look ahead, and nothing runs', async () => {
  const debugpy = { type: 'debugpy', request: 'launch', name: 'Real', program: '${file}', python: PYTHON, console: 'internalConsole' };
  await Workbench.during({ settings, files: configured(debugpy) }, async (code) => {
    await code.openFile('orders.py', 10);
    await code.setBreakpoint(10);
    await code.press('F5');
    await code.stoppedAt(10, 'discount');
    await code.command('Foreframe: Look ahead');

    // Real values are given, and what the lines ahead do is predicted.
    await code.lineShows(8, 'price = 10', 'count = 2');
    await code.lineShows(10, '→ share ≈ 6');
    await code.lineShows(12, '→ returns ≈ 4');
    await code.screenshot('15-look-ahead', ['dark', 'light', 'contrast']);
    await code.picture('ahead');

    await code.press('F10');
    await code.lineShows(10, 'RATEshare ≈ 6');
    await code.press('F10');
    await code.lineShows(12, 'share ≈ 6');
    await code.press('F10');
    await until('the caller, as predicted', async () => (await code.stack()).some((row) => /^total.*23/.test(row)));
    await code.lineShows(23, '(return) discount ≈ 4');
    await code.screenshot('16-looked-further');

    // The real program has not moved, and is stepped through as before.
    await code.command('Foreframe: Back to the real stop');
    await code.inSession('debugpy');
    await until('the look ahead to end', async () => !/[≈→]/.test(await code.lineText(10)));
    await code.stoppedAt(10, 'discount');
    await code.press('F10');
    await code.stoppedAt(11, 'discount');
    await until('share to be real', async () => (await code.variables()).share === '6');
  });
});

scenario('a live session looks ahead and back, and returns to the real stop', async () => {
  const live = { type: 'foreframe', request: 'launch', name: 'Live', mode: 'live', program: '${file}', python: PYTHON };
  await Workbench.during({ settings, files: configured(live) }, async (code) => {
    await code.openFile('orders.py', 10);
    await code.setBreakpoint(10);
    await code.press('F5');
    await code.stoppedAt(10, 'discount');
    await until('the status bar', async () => /live/.test((await code.statusBar().textContent()) ?? ''));
    await code.command('Foreframe: Look ahead');
    const label = /IMAGINED, 1 ahead: nothing runs/;
    await until('the imagined stop', async () => label.test((await code.stack())[0] ?? ''));
    await code.lineShows(10, 'share ≈ 6');
    await code.screenshot('17-live-ahead');
    await code.command('Foreframe: Back to the real stop');
    await code.stoppedAt(10, 'discount');
    await code.toolbar('step-back');
    await until('the predicted past', async () => {
      const [label, ...scopes] = await code.stack();
      return /IMAGINED, \d+ back/.test(label ?? '') && scopes.length > 0;
    });
    await code.lineShows(21, 'result ≈ 0');
    await code.stopReason('Imagined');
    await code.screenshot('18-live-back');
    await code.press('F10');
    await code.stoppedAt(10, 'discount');
    await until('the real stack', async () => !/IMAGINED/.test((await code.stack()).join()));
  });
});
