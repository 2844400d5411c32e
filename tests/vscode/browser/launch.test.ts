import assert from 'node:assert/strict';
import { Backend, program, recording } from './backend';
import { scenario, until } from './vscode';
import { Workbench } from './workbench';

const SOURCE = program('orders.py');
const LAUNCH = '.vscode/launch.json';
const written = (...configurations: readonly string[]): string =>
  ['{', '  "version": "0.2.0",', '  "configurations": [', ...configurations, '  ]', '}', ''].join('\n');

scenario('launch.json offers configurations, which are begun with F5', async () => {
  const settings = { 'foreframe.command': new Backend().command, 'foreframe.engine': recording('orders.py', { entry: 'discount', args: '10, 5' }) };
  await Workbench.during({ settings, files: { 'orders.py': SOURCE, [LAUNCH]: written('    ') } }, async (code) => {
    await code.show(LAUNCH, 4, 'JSON');
    const offered = await code.suggestions('Foreframe: imagine a function');
    for (const name of ['imagine a file', 'imagine a function with arguments', 'check a file', 'live', 'attach to an address', 'attach to a process', 'backward from a result']) {
      assert.ok(offered.some((label) => label.startsWith(`Foreframe: ${name}`)), `${name} in ${offered.join('; ')}`);
    }
    await code.screenshot('24-launch-json');
    await code.suggestion('Foreframe: imagine a function').click();
    await until('the configuration', async () => /"function": "function"/.test((await code.text()).join('\n')));

    // The name stands in two places, which are filled in at once; then come the file and the arguments.
    await code.type('discount');
    await code.press('Tab');
    await code.press('Tab');
    await code.type('10, 5');
    await until('what was filled in', async () => {
      const text = (await code.text()).join('\n');
      return /"name": "Foreframe: imagine discount"/.test(text) && /"function": "discount"/.test(text) && /"args": "10, 5"/.test(text);
    });
    await code.press('Escape');
    await code.saveConfiguration('Foreframe: imagine discount');
    await code.open('orders.py', 10);
    await code.press('F5');
    await code.stoppedAt(10, 'discount');
    await code.lineShows(8, 'price ≈ 10', 'count ≈ 5');
  });
});

scenario('launch.json knows the attributes of a configuration and their values', async () => {
  const text = written(
    '    {',
    '      "type": "foreframe",',
    '      "request": "launch",',
    '      "name": "Shop",',
    '      "mode": ""',
    '    }',
  );
  await Workbench.during({ files: { 'orders.py': SOURCE, [LAUNCH]: text } }, async (code) => {
    await code.show(LAUNCH, 8, 'JSON');
    await code.press('End');
    await code.press('ArrowLeft');
    // Behind the modes come VS Code's own variables.
    const values = (await code.suggestions('"imagine"')).map((label) => label.split(',')[0]);
    assert.deepEqual(values.slice(0, 3), ['"check"', '"imagine"', '"live"']);
    await code.suggestion('"check"').click();
    await until('the value', async () => (await code.text()).some((line) => line.includes('"mode": "check"')));

    await code.press('End');
    await code.type(',\n"');
    const attributes = await code.suggestions('function');
    assert.ok(attributes.some((label) => label.startsWith('args')), attributes.join('; '));
    await code.screenshot('25-attributes');
  });
});
