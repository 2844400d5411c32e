import assert from 'node:assert/strict';
import { Backend, program } from './backend';
import { scenario, TRY, until } from './vscode';
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
    await code.lineShows(9, 'n = 5', 'high = 3');
    await code.screenshot('31-stepped');
    await code.toolbar('stop');
    await code.ended();

    await code.treeRow('high').hover();
    await code.page.locator('.customview-tree a.codicon-check:visible').first().click();
    await until('the expression in the text', async () => /n = high/.test(await code.lineText(10)));
    assert.equal(await code.page.locator('.customview-tree .monaco-list-row').count(), 0);
  });
});

scenario('at a hole the completion leads to its path, and the light bulb to the comparison', async () => {
  const settings = { 'foreframe.command': new Backend().command };
  await Workbench.during({ settings, files: { 'bounds.py': SOURCE } }, async (code) => {
    await code.openFile('bounds.py', 10);
    await code.command('Foreframe: Restart the language server');
    await code.lens('Fill holes');
    await code.press('End');
    const details = code.page.locator('.suggest-details');
    await until('the details', async () => {
      await code.suggestions('high');
      if (!(await details.isVisible())) await code.press('Control+Space'); // it turns them on and off
      await details.getByText('clamp(5, 0, 3)').first().waitFor({ timeout: TRY });
      return true;
    });
    await code.screenshot('32-completion');
    await details.locator('a', { hasText: 'Look at its path' }).click();
    await until('the filled text', async () => (await code.text(1)).some((line) => /n = high/.test(line)));
    await until('the examples', async () => (await code.treeRows()).some((row) => /^clamp\(5, 0, 3\), comes out/.test(row)));

    // An edit of the text takes away what does not fit it any more.
    await code.command('View: Focus First Editor Group');
    await code.press('Control+End');
    await code.type('# more');
    await until('the list to be empty', async () => (await code.treeRows()).length === 0);
    await until('one editor', async () => (await code.page.locator('.editor-instance').count()) === 1);

    await code.press('Control+Z');
    await code.open('bounds.py', 10);
    const action = code.page.locator('.action-widget .monaco-list-row', { hasText: 'Compare the candidates for this hole' });
    await until('the quick fixes', async () => {
      await code.press('Control+.');
      await action.waitFor({ timeout: TRY });
      return true;
    });
    await code.photograph('33-light-bulb');
    await action.click();
    await until('the candidates', async () => (await code.treeRows()).some((row) => /^high: 2 of 2/.test(row)));
  });
});
