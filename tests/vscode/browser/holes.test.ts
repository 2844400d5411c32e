import assert from 'node:assert/strict';
import { Backend, program } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('clamp.py');

scenario('the candidates for a hole are compared, looked at, stepped through and inserted', async () => {
  const settings = { 'foreframe.command': new Backend().command };
  await Workbench.during({ settings, files: { 'clamp.py': SOURCE } }, async (code) => {
    await code.openFile('clamp.py', 10);
    await code.command('Foreframe: Restart the language server');
    await code.lens('Fill holes');
    await code.screenshot('28-hole');
    await code.command('Foreframe: Show candidates for this hole');
    await until('the candidates', async () => (await code.treeRows()).some((row) => /^high: 2 of 2 examples right/.test(row)));
    await code.screenshot('29-candidates');

    await code.treeRow('high').click();
    await until('the filled text', async () => (await code.text(1)).some((line) => /n = high/.test(line)));
    await code.press('ArrowRight');
    await until('the examples', async () => (await code.treeRows()).some((row) => /^clamp\(5, 0, 3\), comes out as wanted/.test(row)));
    await code.treeRow('clamp(5, 0, 3)').click();
    await until('the values on the way', async () => (await code.lineText(10, 1)).includes('n = high') && (await code.lineText(10, 1)).includes('n = 3'));
    await code.press('ArrowRight');
    await until('the way in sentences', async () => (await code.treeRows()).some((row) => /Line 10: `n` goes from 5 to 3/.test(row)));
    await code.screenshot('30-candidate', ['dark', 'light', 'contrast']);
    await code.picture('candidates', '.monaco-workbench');

    await code.treeRow('clamp(5, 0, 3)').hover();
    await code.page.locator('.customview-tree .monaco-list-row.focused a.codicon-debug-alt, .customview-tree a.codicon-debug-alt:visible').first().click();
    await code.stoppedAt(9, 'clamp');
    await code.press('F10');
    await code.stoppedAt(10, 'clamp');
    await code.screenshot('31-stepped');
    await code.toolbar('stop');
    await code.ended();

    await code.treeRow('high').hover();
    await code.page.locator('.customview-tree a.codicon-check:visible').first().click();
    await until('the expression in the text', async () => /n = high/.test(await code.lineText(10)));
    assert.equal(await code.page.locator('.customview-tree .monaco-list-row').count(), 0);
  });
});
