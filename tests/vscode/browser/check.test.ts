import assert from 'node:assert/strict';
import { Backend, program, tape } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('orders.py');
const backend = new Backend('tapes');
const WRONG = tape('orders.py', [[11, 'share', '7']]);
const launch = {
  type: 'foreframe',
  request: 'launch',
  name: 'Check the orders',
  mode: 'check',
  program: '${file}',
  engine: WRONG,
};
const files = {
  'orders.py': SOURCE,
  '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch] }),
};

scenario('a wrong prediction stands beside the real value', async () => {
  await Workbench.during({ settings: { 'foreframe.command': backend.command }, files }, async (code) => {
    await code.openFile('orders.py', 10);
    await code.setBreakpoint(23);
    await code.press('F5');
    await code.stoppedAt(23, 'total');
    await code.lineShows(21, 'result = 0 ✓');
    await code.press('F11');
    await code.stoppedAt(10, 'discount');
    await code.press('F10');
    await code.stoppedAt(11, 'discount');
    // Both values, told apart by their signs; what was right says so.
    await code.lineShows(10, 'share ≈ 7 ✗ = 6', 'count = 2 ✓');
    await code.command('Foreframe: Focus on Predicted vs Real View');
    await until('the differences first', async () => {
      const rows = await code.treeRows();
      const share = rows.findIndex((row) => /^share: predicted wrong, ≈ 7 .*= 6/.test(row));
      return share > 0 && share < rows.findIndex((row) => row.startsWith('count: predicted right'));
    });
    await until('the share of right values', async () => /% right/.test((await code.statusBar().textContent()) ?? ''));
    await code.timeline().locator('thead th.cursor').waitFor();
    await code.screenshot('13-check', ['dark', 'light', 'contrast']);
    await code.picture('check');

    await code.command('Foreframe: Focus on Foreframe Timeline View');
    const wrong = code.timeline().locator('td', { hasText: '≈ 7 ✗ = 6' });
    await wrong.waitFor();
    assert.match((await wrong.getAttribute('aria-label')) ?? '', /^share: 6, predicted 7, predicted wrong/);
    assert.match((await code.timeline().locator('thead th.cursor').getAttribute('aria-label')) ?? '', /predicted wrong/);
    await code.screenshot('14-check-timeline');

    // The next prediction begins with what is real.
    await code.press('F10');
    await code.stoppedAt(12, 'discount');
    await code.lineShows(10, 'share = 6 ✓');
  });
});
