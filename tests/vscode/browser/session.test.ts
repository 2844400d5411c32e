import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { Backend, LAST_WORDS, program, recording } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('orders.py');
const backend = new Backend();
const settings = {
  'foreframe.command': backend.command,
  'foreframe.engine': recording('orders.py'),
};

scenario('a session steps forward and back over predicted states', async () => {
  await Workbench.during({ settings, files: { 'orders.py': SOURCE } }, async (code) => {
    await code.openFile('orders.py', 10);
    await code.setBreakpoint(23);

    // F5 without a launch.json stops at the breakpoint.
    await code.press('F5');
    await code.stoppedAt(23, 'total');
    await until('the variables', async () => {
      const shown = await code.variables();
      return shown.price === '10' && shown.result === '0' && shown.prices === '[10, 20]';
    });
    await code.lineShows(21, 'result ≈ 0');
    await code.lineShows(22, 'price ≈ 10prices ≈ [10, 20]');
    assert.doesNotMatch(await code.lineText(24), /≈/, 'a line that is still to come shows no value');
    await until('the status bar', async () => /imagine · recorded/.test((await code.statusBar().textContent()) ?? ''));
    await code.screenshot('1-breakpoint');

    // Into, over: a doubted value is marked.
    await code.press('F11');
    await code.stoppedAt(10, 'discount');
    await code.lineShows(8, 'price ≈ 10');
    await code.press('F10');
    await code.stoppedAt(11, 'discount');
    await code.lineShows(10, 'share ≈ 6 ?', 'count ≈ 2');
    assert.doesNotMatch(await code.lineText(9), /≈/, 'a comment shows no value');
    await code.lineShows(11, 'price ≈ 10');
    assert.doesNotMatch(await code.lineText(11), /share ≈/, "a string's words show no value");
    await code.screenshot('2-uncertain', ['dark', 'light', 'contrast']);

    // Out, back, back over the call, reverse.
    await code.press('Shift+F11');
    await code.stoppedAt(23, 'total');
    await code.lineShows(23, '(return) discount ≈ 4', 'result ≈ 0');
    await code.press('F10');
    await code.stoppedAt(22, 'total');
    await code.lineShows(21, 'result ≈ 4');
    await code.press('Alt+F10');
    await code.stoppedAt(23, 'total');
    await code.lineShows(21, 'result ≈ 0');
    await code.screenshot('3-stepped-back');
    await code.toolbar('reverse-continue');
    await code.stoppedAt(1, '<module>');

    // The timeline has every stop once, and keys travel over it.
    await code.command('Foreframe: Focus on Foreframe Timeline View');
    const steps = code.timeline().locator('thead th[aria-label^="Step "]');
    const cursor = code.timeline().locator('thead th.cursor');
    await until('the cursor on step 1', async () => /^Step 1, line 1,/.test((await cursor.getAttribute('aria-label')) ?? ''));
    await code.press('F5');
    await code.stoppedAt(23, 'total');
    await until('the cursor on step 2', async () => /^Step 2, line 23,/.test((await cursor.getAttribute('aria-label')) ?? ''));
    const places = await steps.locator('.line').allTextContents();
    assert.deepEqual(places, [':1', ':23', ':10', ':11', ':23', ':22']);
    // Each time the focus comes back to where the keys are.
    await steps.nth(0).click();
    await code.arrivedAt(1);
    await code.stoppedAt(1, '<module>');
    for (const [step, line] of [[2, 23], [3, 10], [4, 11]] as const) {
      await code.press('ArrowRight');
      await code.arrivedAt(step);
      await code.stoppedAt(line);
    }
    await code.stopReason('On the timeline');
    await until('the variables of that step', async () => (await code.variables()).share === '6');
    await code.timeline().locator('td.uncertain[aria-label^="share: 6, predicted, 31 % sure, changed"]').first().waitFor();
    await code.screenshot('4-timeline', ['dark', 'light', 'contrast']);
    await code.picture('timeline', '.part.panel');

    // To the end: what was printed is told as predicted.
    await code.toolbar('stop');
    await code.ended();
    await until('values to go with their session', async () => !/≈/.test(await code.lineText(21)));
  });
});

scenario('a back end that dies in mid-session is reported with its last words', async () => {
  await Workbench.during({ settings, files: { 'orders.py': SOURCE } }, async (code) => {
    await code.openFile('orders.py', 1);
    await code.press('F5');
    await code.stoppedAt(1, '<module>');
    // The console is there from the beginning: it shows the session that is in focus.
    await code.command('View: Debug Console');
    backend.crash();
    const told = code.notification(`died (exit status 134). Its last words: ${LAST_WORDS}`);
    await told.waitFor();
    await code.ended();
    await code.page.locator('.repl .monaco-list-row', { hasText: LAST_WORDS }).waitFor();
    await code.screenshot('5-died');
    await told.getByRole('button', { name: 'Show the log' }).click();
    // Its lines need a native logger, which this VS Code was installed without.
    await code.page.locator('.part.panel .action-item.checked', { hasText: 'Output' }).waitFor();
  });
});

scenario('a function of launch.json is stepped through with the small model that ships', async () => {
  const configuration = {
    type: 'foreframe',
    request: 'launch',
    name: 'Count the letters',
    program: '${file}',
    function: 'count_letter',
    args: "'strawberry', 'r'",
  };
  const files = {
    'strawberry.py': fs.readFileSync('examples/strawberry.py', 'utf8'),
    '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [configuration] }),
  };
  await Workbench.during({ settings: { 'foreframe.command': backend.command }, files }, async (code) => {
    await code.openFile('strawberry.py', 1);
    await code.press('F5');
    await code.stoppedAt(5, 'count_letter');
    await code.lineShows(4, "'strawberry'", 'letter');
    // Whatever the model makes of the values, the program fixes the lines and the names.
    await code.press('F10');
    await code.stoppedAt(6, 'count_letter');
    await code.lineShows(5, 'count ');
    await code.lineShows(6, '→ character ≈');
    await until('the status bar', async () => /imagine · auto/.test((await code.statusBar().textContent()) ?? ''));
    await code.screenshot('12-small-model');
    await code.picture('step');
  });
});
