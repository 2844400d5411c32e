import { Backend, program, recording, tape } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('orders.py');
const WORDS = 'A discount of 6 leaves 4 of the first price.';

scenario('a run is explained by rules, and retold by a model that chats, marked as its own words', async () => {
  const settings = { 'foreframe.command': new Backend().command, 'foreframe.engine': recording('orders.py', { words: WORDS }) };
  await Workbench.during({ settings, files: { 'orders.py': SOURCE } }, async (code) => {
    await code.openFile('orders.py', 10);
    await code.setBreakpoint(12);
    await code.press('F5');
    await code.stoppedAt(12, 'discount');
    await code.command('Foreframe: Explain this run');
    // Long lines are wrapped.
    const told = async (): Promise<string> => (await code.text(1)).join(' ').replace(/\s+/g, ' ');
    await until('the explanation', async () => /calls discount\(price=10, count=2\)/.test(await told()));
    await code.command("Foreframe: Retell in the model's own words");
    await until('the words, and what they are', async () => {
      const [, words = ''] = (await told()).split("In the model's own words, which may be wrong and predict nothing:");
      return words.includes(WORDS);
    });
    await code.screenshot('26-retold', ['dark', 'light', 'contrast']);
  });
});

scenario('where the engine cannot retell, the button stands there and cannot be pressed', async () => {
  const settings = { 'foreframe.command': new Backend('tapes').command, 'foreframe.engine': tape('orders.py'), 'foreframe.languageServer': false };
  await Workbench.during({ settings, files: { 'orders.py': SOURCE } }, async (code) => {
    await code.openFile('orders.py', 10);
    await code.setBreakpoint(12);
    await code.press('F5');
    await code.stoppedAt(12, 'discount');
    await code.command('Foreframe: Focus on Foreframe Timeline View');
    await code.timeline().locator('thead th.cursor').waitFor();
    await code.page.locator('.part.panel a.codicon-list-flat:not(.disabled)').first().waitFor();
    await code.page.locator('.part.panel a.codicon-comment.disabled').first().waitFor();
    await code.screenshot('27-no-words');
  });
});
