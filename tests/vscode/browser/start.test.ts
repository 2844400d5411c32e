import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Backend, listening, program, recording, wheel } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('orders.py');
const backend = new Backend();

scenario('Predict from here asks for arguments, suggests some, and starts there', async () => {
  const engine = recording('orders.py', { entry: 'total', args: '[10, 20]' });
  const settings = { 'foreframe.command': backend.command, 'foreframe.engine': engine };
  await Workbench.during({ settings, files: { 'orders.py': SOURCE } }, async (code) => {
    await code.openFile('orders.py', 21);
    await code.command('Foreframe: Predict from here');
    const rows = code.page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    await until('the suggestions', async () => /\[10, 20\].*doctest/.test((await rows.first().textContent()) ?? ''));
    assert.match((await code.page.locator('.quick-input-title').textContent()) ?? '', /total\(prices: list\[int\], count: int = 2\)/);
    await code.screenshot('7-arguments');
    await code.picture('arguments', '.quick-input-widget');

    // What is no literal is refused where it is typed.
    const input = code.page.locator('.quick-input-widget input').first();
    await input.fill('prices');
    await until('the refusal', async () => /Only literals/.test((await rows.first().textContent()) ?? ''));
    await code.press('Enter');
    await code.screenshot('8-refused');
    await input.fill('');
    await until('the suggestions again', async () => /\[10, 20\]/.test((await rows.first().textContent()) ?? ''));
    await code.press('Enter');

    await code.stoppedAt(21, 'total');
    await code.lineShows(15, 'prices ≈ [10, 20]', 'count ≈ 2');
    await code.screenshot('9-function');
  });
});

scenario('without a back end one is offered, installed into an environment of its own, and used', async () => {
  const settings = { 'foreframe.engine': recording('orders.py'), 'foreframe.package': wheel() };
  await Workbench.during({ settings, files: { 'orders.py': SOURCE } }, async (code) => {
    await code.openFile('orders.py');
    await code.press('F5');
    const offer = code.notification("Foreframe's back end was not found");
    await offer.waitFor();
    await code.screenshot('10-offer');
    await offer.getByRole('button', { name: 'Install' }).click();
    await code.stoppedAt(1, '<module>');
    assert.ok(fs.existsSync(path.join(code.environment, 'bin', 'foreframe')));
  });
});

scenario('a launch.json can join a back end at a port, and one that is gone is told', async () => {
  const server = await listening(recording('orders.py'));
  const launch = { type: 'foreframe', request: 'launch', name: 'Join', program: '${file}', port: server.port };
  const files = {
    'orders.py': SOURCE,
    '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch] }),
  };
  try {
    await Workbench.during({ files }, async (code) => {
      await code.openFile('orders.py', 10);
      await code.setBreakpoint(12);
      await code.press('F5');
      await code.stoppedAt(12, 'discount');
      await code.lineShows(10, 'share ≈ 6 ?');
      await code.screenshot('11-joined', ['contrast']);
      server.stop();
      await code.notification('closed the connection').waitFor();
      await code.ended();
    });
  } finally {
    server.stop();
  }
});
