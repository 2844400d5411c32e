/** Which running process to attach to, for `"processId": "${command:foreframe.pickProcess}"`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { pythonProcesses } from './processList';

/** The number of the process that the person chose; undefined when it was left. */
export async function pickProcess(): Promise<string | undefined> {
  if (process.platform === 'win32') return typedProcess();
  try {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,args='], { maxBuffer: 1 << 24 });
    const items = pythonProcesses(stdout).map(({ id, command }) => ({ label: command, description: id }));
    if (items.length === 0) return await typedProcess();
    const chosen = await vscode.window.showQuickPick(items, {
      title: 'Foreframe: attach to which Python process?',
      matchOnDescription: true,
    });
    return chosen?.description;
  } catch {
    return typedProcess();
  }
}

async function typedProcess(): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: 'Foreframe: attach to which process?',
    prompt: 'The number of a Python process on this machine',
    validateInput: (text) => (/^[1-9]\d*$/.test(text.trim()) ? undefined : 'A number is needed.'),
  });
}
