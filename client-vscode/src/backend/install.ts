/** Installs the back end into an environment of its own, when the person asks for it. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { pythonInterpreter } from './interpreter';
import { LastWords } from './lastWords';
import { environmentCommand } from './lookup';

const WINDOWS = process.platform === 'win32';
const NEEDED = 'import sys; sys.exit(sys.version_info < (3, 11))';

/** The folder of the environment that Foreframe owns. */
export function ownEnvironment(context: vscode.ExtensionContext): string {
  return vscode.Uri.joinPath(context.globalStorageUri, 'environment').fsPath;
}

/** Installs with a progress notification. False when it was cancelled; failures are shown. */
export async function installBackend(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
): Promise<boolean> {
  const packageName = vscode.workspace.getConfiguration('foreframe').get('package', 'foreframe');
  const folder = ownEnvironment(context);
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: 'Foreframe',
    cancellable: true,
  };
  try {
    await vscode.window.withProgress(options, async (progress, token) => {
      progress.report({ message: 'Looking for Python 3.11 or newer…' });
      const python = await findPython(log, token);
      progress.report({ message: 'Creating an environment…' });
      await fs.rm(folder, { recursive: true, force: true });
      await run([python, '-m', 'venv', folder], log, token);
      progress.report({ message: `Installing ${packageName}…` });
      const pip = [environmentCommand(folder, 'python', WINDOWS), '-m', 'pip'];
      await run([...pip, 'install', '--disable-pip-version-check', packageName], log, token);
    });
  } catch (error) {
    await fs.rm(folder, { recursive: true, force: true });
    if (error instanceof vscode.CancellationError) return false;
    log.error(String(error));
    const message = error instanceof Error ? error.message : String(error);
    const choice = await vscode.window.showErrorMessage(
      `Foreframe's back end could not be installed: ${message}`,
      'Show the log',
    );
    if (choice !== undefined) log.show();
    return false;
  }
  void vscode.window.showInformationMessage("Foreframe's back end is installed.");
  return true;
}

async function findPython(
  log: vscode.LogOutputChannel,
  token: vscode.CancellationToken,
): Promise<string> {
  const configured = vscode.workspace.getConfiguration('foreframe').get('pythonPath', '');
  const names = [configured, await pythonInterpreter(), 'python3', 'python', 'python3.13', 'python3.12', 'python3.11'];
  for (const python of names) {
    if (!python) continue;
    try {
      await run([python, '-c', NEEDED], log, token);
      return python;
    } catch (error) {
      if (error instanceof vscode.CancellationError) throw error;
      log.info(`${python} is not a Python 3.11 or newer`);
    }
  }
  throw new Error('No Python 3.11 or newer was found. Name one in the setting foreframe.pythonPath.');
}

/** Runs a command to its end. Throws an error with its last line, or CancellationError. */
async function run(
  command: readonly string[],
  log: vscode.LogOutputChannel,
  token: vscode.CancellationToken,
): Promise<void> {
  const [file = '', ...args] = command;
  log.info(command.join(' '));
  await new Promise<void>((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const words = new LastWords((line) => {
      log.info(line);
    });
    child.stdout.on('data', (bytes: Buffer) => {
      words.feed(bytes);
    });
    child.stderr.on('data', (bytes: Buffer) => {
      words.feed(bytes);
    });
    const cancelled = token.onCancellationRequested(() => child.kill());
    child.on('error', reject);
    child.on('close', (code) => {
      cancelled.dispose();
      if (token.isCancellationRequested) reject(new vscode.CancellationError());
      else if (code === 0) resolve();
      else reject(new Error(LastWords.lastLine(words.text()) || `${file} ended with status ${code ?? '?'}`));
    });
  });
}
