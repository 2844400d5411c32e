/** Companion of the tests: debugpy's own adapter for sessions of its type, and a clean window for each test. */
const fs = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const { setTimeout: sleep } = require('node:timers/promises');
const vscode = require('vscode');

exports.activate = (context) => {
  const factory = {
    createDebugAdapterDescriptor: ({ configuration }) =>
      new vscode.DebugAdapterExecutable(configuration.python, ['-m', 'debugpy.adapter']),
  };
  context.subscriptions.push(vscode.debug.registerDebugAdapterDescriptorFactory('debugpy', factory));
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder !== undefined) void serve(folder.uri.fsPath, context);
};

/**
 * Does what `asked.json` beside the folder asks for, each `number` once, and says so in the status
 * bar. There it also says which session is in focus, and to screen readers what launch.json has.
 */
async function serve(folder, context) {
  const said = vscode.window.createStatusBarItem('companion.done', vscode.StatusBarAlignment.Right);
  context.subscriptions.push(said);
  said.show();
  const say = (text) => {
    said.text = text;
  };
  const told = vscode.window.createStatusBarItem('companion.session', vscode.StatusBarAlignment.Right);
  const tell = () => {
    told.text = `${vscode.debug.activeDebugSession?.type ?? 'no'} session`;
    told.accessibilityInformation = { label: configurations().map(({ name }) => name).join(', ') };
  };
  context.subscriptions.push(told, vscode.debug.onDidChangeActiveDebugSession(tell), vscode.workspace.onDidChangeConfiguration(tell));
  tell();
  told.show();
  let asked = { number: 0 };
  for (;;) {
    const next = read(path.join(folder, '..', 'asked.json'));
    if (next === undefined || next.number === asked.number) {
      await sleep(50);
      continue;
    }
    try {
      if (next.theme !== undefined) await set('workbench.colorTheme', next.theme);
      else await beginAnew(folder, next, Object.keys(asked.settings ?? {}), say);
      say(`done ${next.number}`);
    } catch (error) {
      say(`failed ${next.number}: it ${said.text}: ${error}`);
    }
    asked = { settings: asked.settings, ...next };
  }
}

function read(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Leaves nothing of what was before, `old` settings too, and opens a file at a line. */
async function beginAnew(folder, { settings, launch, name, line }, old, say) {
  say('ends the sessions');
  await vscode.debug.stopDebugging();
  while (vscode.debug.activeDebugSession !== undefined) await sleep(50);
  vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
  say('clears the window');
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty) continue;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  }
  for (const command of [
    'workbench.action.closeQuickOpen',
    'workbench.action.closeAllEditors',
    'notifications.clearAll',
    'workbench.debug.panel.action.clearReplAction',
    'workbench.action.closePanel',
    'workbench.view.explorer',
  ]) {
    await vscode.commands.executeCommand(command);
  }
  say('sets the settings');
  for (const key of old) if (!(key in settings)) await set(key, undefined);
  for (const [key, value] of Object.entries(settings)) await set(key, value);
  say('writes launch.json');
  const file = vscode.Uri.file(path.join(folder, '.vscode', 'launch.json'));
  if (launch !== null) await vscode.workspace.fs.writeFile(file, Buffer.from(launch));
  else if (fs.existsSync(file.fsPath)) await vscode.workspace.fs.delete(file);
  say('waits for launch.json');
  const wanted = JSON.parse(launch ?? '{}').configurations ?? [];
  while (!isDeepStrictEqual(plain(configurations()), wanted)) await sleep(50);
  say('opens the file');
  const document = await vscode.workspace.openTextDocument(path.join(folder, name));
  const at = new vscode.Position(line - 1, 0);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at), preview: false });
}

/** Those of launch.json, as VS Code knows them. */
function configurations() {
  return vscode.workspace.getConfiguration('launch').get('configurations') ?? [];
}

async function set(key, value) {
  const configuration = vscode.workspace.getConfiguration();
  if (configuration.get(key) === value) return;
  await configuration.update(key, value, vscode.ConfigurationTarget.Global);
}

function plain(value) {
  return JSON.parse(JSON.stringify(value));
}
