import assert from 'node:assert/strict';
import { Backend, program, tape } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('loop.py');
const settings = {
  'foreframe.command': new Backend('tapes').command,
  'foreframe.engine': tape('loop.py'),
  'foreframe.lookAheadTokens': 400,
  'foreframe.languageServer': false,
};

scenario('the path ahead, branches, search, zoom and the other direction', async () => {
  await Workbench.during({ settings, files: { 'loop.py': SOURCE } }, async (code) => {
    await code.openFile('loop.py', 1);
    await code.setBreakpoint(5);
    await code.press('F5');
    await code.stoppedAt(5, 'classify');

    // Lines to be taken say what they will do; a line that is passed by is dimmed.
    await code.lineShows(10, '→ kind ≈');
    await code.lineShows(11, '→ returns ≈');
    await until('a dimmed line', async () => {
      const shown = code.page.locator('.view-line span[class*="ced-"]');
      const faint = await shown.evaluateAll((all) => all.filter((one) => getComputedStyle(one).opacity === '0.5').map((one) => one.textContent));
      return faint.join(' ').includes('negative');
    });
    await code.screenshot('19-path', ['dark', 'light', 'contrast']);

    // Another value begins a branch, and the first one can be returned to.
    await code.setVariable('number', '8');
    await code.lineShows(4, 'number = 8');
    await code.command('Foreframe: Focus on Foreframe Timeline View');
    const branches = code.timeline().locator('select[aria-label="Branch"]');
    await branches.waitFor();
    assert.deepEqual(await branches.locator('option').count(), 2);
    await code.timeline().locator('th[aria-label*="a branch begins: number = 8"]').waitFor();
    await code.press('F10');
    await code.stoppedAt(7, 'classify');
    const number = code.timeline().locator('td.cursor[aria-label^="number:"]');
    await until('the new value on the next step', async () => /^number: 8, [^,]*(, \d+ % sure)?$/.test((await number.getAttribute('aria-label')) ?? ''));
    await code.screenshot('20-branch');
    await branches.selectOption({ index: 0 });
    await code.stoppedAt(5, 'classify');
    await until('the first value again', async () => (await code.variables()).number !== '8');

    // Search goes to a line on known ground.
    await code.timeline().locator('select[aria-label="Search for"]').selectOption('line');
    await code.timeline().locator('input[aria-label="The line number to search for"]').fill('1');
    await code.timeline().locator('button[aria-label="Search backward"]').click();
    await code.stoppedAt(1, '<module>');
    await until('what was found', async () => /^found on line 1$/.test((await code.timeline().locator('output').textContent()) ?? ''));
    const size = async (): Promise<number> => (await code.timeline().locator('table').boundingBox())?.width ?? 0;
    const usual = await size();
    await code.timeline().locator('button[aria-label^="Zoom in"]').click();
    await until('a larger timeline', async () => (await size()) > usual);
    await code.screenshot('21-search-and-zoom');

    // The other direction: the same keys go back, until they go forward again.
    await code.press('F5');
    await code.stoppedAt(5, 'classify');
    await code.command('Foreframe: Step backward from now on');
    await until('the direction', async () => /◀ backward/.test((await code.statusBar().textContent()) ?? ''));
    await code.press('F10');
    await code.stoppedAt(17, '<module>');
    await code.press('F10');
    await code.stoppedAt(16, '<module>');
    await code.lineShows(14, 'kinds ≈ []');
    const cursor = code.timeline().locator('thead th.cursor');
    await until('the timeline to follow', async () => /line 16,/.test((await cursor.getAttribute('aria-label')) ?? ''));
    await code.screenshot('22-backward');
    await code.command('Foreframe: Step forward again');
    await until('the direction', async () => !/◀/.test((await code.statusBar().textContent()) ?? ''));
  });
});

scenario('steps into and out of calls go backward while the session does, or once', async () => {
  await Workbench.during({ settings, files: { 'loop.py': SOURCE } }, async (code) => {
    await code.openFile('loop.py', 1);
    await code.setBreakpoint(15);
    await code.press('F5');
    await code.stoppedAt(15, '<module>');
    await code.press('F5');
    await code.lineShows(14, "kinds ≈ ['positive']");

    // A button turns the session around, and back.
    await code.page.locator('a.codicon-arrow-circle-right:visible').click();
    await until('the direction', async () => /◀ backward/.test((await code.statusBar().textContent()) ?? ''));
    await code.press('F11');
    await code.stoppedAt(16, '<module>');
    await code.press('F11');
    await code.stoppedAt(11, 'classify');
    await code.lineShows(4, 'number ≈ 3');
    await code.screenshot('28-reverse-into');
    await code.press('Shift+F11');
    await code.stoppedAt(17, '<module>');
    await code.page.locator('a.codicon-arrow-circle-left:visible').click();
    await until('the direction', async () => !/◀/.test((await code.statusBar().textContent()) ?? ''));
    await code.press('F11');
    await code.stoppedAt(5, 'classify');

    // The same once, by keys of their own.
    await code.press('Shift+Alt+F11');
    await code.stoppedAt(17, '<module>');
    await code.press('F10');
    await code.stoppedAt(16, '<module>');
    await code.press('Alt+F11');
    await code.stoppedAt(11, 'classify');
  });
});

scenario('a value chosen for a hole proposes expressions, and the chosen one is written', async () => {
  const launch = { type: 'foreframe', request: 'launch', name: 'Hole', program: '${file}', function: 'area', args: '3, 4', stopOnEntry: true };
  const files = {
    'hole.py': program('hole.py'),
    '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch] }),
  };
  await Workbench.during({ settings: { 'foreframe.command': new Backend().command }, files }, async (code) => {
    await code.openFile('hole.py', 1);
    await code.press('F5');
    await code.stoppedAt(2, 'area');
    for (const line of [3, 4]) {
      await code.press('F10');
      await code.stoppedAt(line, 'area');
    }
    await code.setVariable('size', '12');
    const rows = code.page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    assert.match((await code.page.locator('.quick-input-title').textContent()) ?? '', /the \?\? for size on line 3 gives 12/);
    await code.lineShows(3, 'size = 12');
    await code.screenshot('23-hole');
    await code.page.locator('.quick-input-list .monaco-list-row', { hasText: /width \* height|height \* width/ }).first().click();
    await until('the expression in the text', async () => /size = (width \* height|height \* width)/.test(await code.lineText(3)));
  });
});
