/** Gives every session its back end: found, joined, or offered to be installed. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { joinedBackend, type LaunchConfiguration } from '../launch';
import { BackendConnection, type Death } from './connection';
import { installBackend, ownEnvironment } from './install';
import { pythonInterpreter } from './interpreter';
import { LastWords } from './lastWords';
import { findBackend, SettingMistake, type BackendCommand } from './lookup';

const INSTALL = 'Install';
const CHOOSE = 'Choose the command…';
const SETTINGS = 'Open the settings';

export class BackendFactory implements vscode.DebugAdapterDescriptorFactory {
  private readonly found = new vscode.EventEmitter<BackendCommand>();
  /** A session has found its command. */
  readonly onDidFind = this.found.event;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const { __backend: backend, ...launch } = session.configuration as LaunchConfiguration & { __backend?: BackendCommand };
    const { program } = launch;
    const joined = joinedBackend(launch);
    const died = (death: Death): void => {
      void this.report(death);
    };
    if (joined !== undefined) {
      return new vscode.DebugAdapterInlineImplementation(
        BackendConnection.join(joined.host, joined.port, this.log, died),
      );
    }
    if (backend === undefined) throw new Error('No Foreframe back end was found.');
    const folder = session.workspaceFolder?.uri.fsPath ?? (program ? path.dirname(program) : undefined);
    return new vscode.DebugAdapterInlineImplementation(
      BackendConnection.start(backend, folder, this.log, died),
    );
  }

  /** The command for a session; undefined when there is none and the person wants none. */
  async find(resource: vscode.Uri | undefined): Promise<BackendCommand | undefined> {
    for (;;) {
      try {
        const backend = await this.lookUp(resource);
        void vscode.commands.executeCommand('setContext', 'foreframe.hasBackend', backend !== undefined);
        if (backend !== undefined) {
          this.found.fire(backend);
          return backend;
        }
      } catch (error) {
        if (!(error instanceof SettingMistake)) throw error;
        const choice = await vscode.window.showErrorMessage(error.message, SETTINGS);
        if (choice !== undefined) await openSettings();
        return undefined;
      }
      if (!(await this.offer())) return undefined;
    }
  }

  /** The command for a session, if there is one; asks nobody. Throws SettingMistake. */
  async lookUp(resource: vscode.Uri | undefined): Promise<BackendCommand | undefined> {
    const settings = vscode.workspace.getConfiguration('foreframe', resource);
    return findBackend(
      {
        command: settings.get('command', ''),
        pythonPath: settings.get('pythonPath', ''),
        interpreter: await pythonInterpreter(resource),
        ownEnvironment: ownEnvironment(this.context),
        searchPath: process.env.PATH ?? '',
        windows: process.platform === 'win32',
        home: os.homedir(),
      },
      isExecutable,
    );
  }

  /** Asks what to do without a back end. True when it is worth looking again. */
  private async offer(): Promise<boolean> {
    const choice = await vscode.window.showErrorMessage(
      "Foreframe's back end was not found. It can be installed into an environment of its own, which nothing else sees.",
      INSTALL,
      CHOOSE,
    );
    if (choice === INSTALL) return installBackend(this.context, this.log);
    if (choice !== CHOOSE) return false;
    const [file] = (await vscode.window.showOpenDialog({ title: 'The foreframe command' })) ?? [];
    if (file === undefined) return false;
    await vscode.workspace
      .getConfiguration('foreframe')
      .update('command', file.fsPath, vscode.ConfigurationTarget.Global);
    return true;
  }

  private async report(death: Death): Promise<void> {
    this.log.error(death.what);
    const last = LastWords.lastLine(death.lastWords);
    const choice = await vscode.window.showErrorMessage(
      last ? `${death.what} Its last words: ${last}` : death.what,
      'Show the log',
    );
    if (choice !== undefined) this.log.show();
  }
}

async function openSettings(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:foreframe.foreframe');
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
