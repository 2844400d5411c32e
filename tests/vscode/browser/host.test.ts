import assert from 'node:assert/strict';
import * as path from 'node:path';
import { program } from './backend';
import { scenario } from './vscode';
import { Workbench } from './workbench';

scenario('in the extension host: nothing is active before it is used, and all that is announced works', async () => {
  await Workbench.during({ inHost: true, files: { 'orders.py': program('orders.py') } }, async (code) => {
    const { exit, log } = await code.runInHost(path.resolve('.build/vscode/tests/host/index.js'));
    const told = log.filter((line) => /activation took|Error|assert/i.test(line)).join('\n');
    console.log(/activation took .*CPU/.exec(told)?.[0] ?? told);
    assert.equal(exit, 0, log.join('\n'));
  });
});
