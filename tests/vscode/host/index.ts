/** Runs inside the extension host of the real VS Code: what only the API can tell. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

/** Called by VS Code; a throw fails the run. */
export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension('foreframe.foreframe');
  assert.ok(extension, 'the extension is installed');

  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, 'orders.py'));
  await vscode.window.showTextDocument(document);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assert.equal(extension.isActive, false, 'opening a Python file activates nothing');

  const [began, before] = [performance.now(), process.cpuUsage()];
  await extension.activate();
  const [took, cpu] = [performance.now() - began, process.cpuUsage(before)];
  console.log(`activation took ${took.toFixed(0)} ms, ${((cpu.user + cpu.system) / 1000).toFixed(0)} ms of the CPU`);

  const commands = await vscode.commands.getCommands(true);
  const { contributes } = extension.packageJSON as { contributes: { commands: { command: string }[] } };
  for (const { command } of contributes.commands) assert.ok(commands.includes(command), `${command} does something`);

  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 9);
  assert.deepEqual(
    lenses.filter((lens) => lens.command?.command === 'foreframe.predictFromHere').map((lens) => lens.range.start.line + 1),
    [8, 15, 29, 32],
  );
  await vscode.workspace.getConfiguration('foreframe').update('codeLenses', false, vscode.ConfigurationTarget.Global);
  const none = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 9);
  assert.deepEqual(none, [], 'lenses can be switched off');
}
