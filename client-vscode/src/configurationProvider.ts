/** Completes launch configurations: F5 without a launch.json, and what one leaves out. */
import * as vscode from 'vscode';
import type { BackendFactory } from './backend/factory';
import type { BackendCommand } from './backend/lookup';
import { pythonInterpreter } from './backend/interpreter';
import { completeLaunch, joinedBackend, LaunchMistake, type LaunchConfiguration } from './launch';
import { askArguments } from './predictFromHere';
import { needsArguments } from './python/arguments';
import { syntaxOf } from './python/documents';

export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  constructor(private readonly backends: BackendFactory) {}

  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [
      {
        type: 'foreframe',
        request: 'launch',
        name: 'Foreframe: imagine this file',
        mode: 'imagine',
        program: '${file}',
      },
    ];
  }

  /** Gives the empty configuration of an F5 without launch.json its file. */
  resolveDebugConfiguration(
    _folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): vscode.DebugConfiguration | undefined {
    const launch: LaunchConfiguration = given;
    if (launch.request === 'attach') return given;
    const program = launch.program ?? activePythonFile();
    if (program === undefined) {
      void vscode.window.showErrorMessage(
        'Foreframe needs a Python file: open one that is saved on disk, or name one as "program" in launch.json.',
      );
      return undefined;
    }
    return { ...given, type: 'foreframe', request: 'launch', name: launch.name ?? '', program };
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const launch: LaunchConfiguration = given;
    const program = launch.program ?? '';
    const resource = folder?.uri ?? (program ? vscode.Uri.file(program) : undefined);
    const settings = vscode.workspace.getConfiguration('foreframe', resource);
    try {
      const complete = completeLaunch(launch, {
        engine: settings.get('engine', 'auto'),
        maxFrames: settings.get('maxFrames', 1000),
        lookAheadTokens: chosen(settings, 'lookAheadTokens'),
        port: settings.get('port', 0),
        hasBreakpoint,
      });
      if (complete.request === 'launch' && complete.function && complete.args === undefined && complete.start !== 'end') {
        const args = await missingArguments(program, complete.function);
        if (args === undefined) return undefined;
        complete.args = args;
      }
      // What is executed runs in the person's environment, not in the back end's.
      if (complete.request === 'launch' && complete.mode !== 'imagine' && complete.python === undefined) {
        const chosenPython = settings.get<string>('pythonPath', '');
        const python = chosenPython === '' ? await pythonInterpreter(resource) : chosenPython;
        if (python !== undefined) complete.python = python;
      }
      if (joinedBackend(complete) !== undefined) return { ...complete };
      const __backend: BackendCommand | undefined = await this.backends.find(resource);
      return __backend && { ...complete, __backend };
    } catch (error) {
      if (!(error instanceof LaunchMistake)) throw error;
      await vscode.window.showErrorMessage(error.message);
      return undefined;
    }
  }
}

/** A setting that the person has made; undefined while it has its default. */
function chosen(settings: vscode.WorkspaceConfiguration, name: string): number | undefined {
  const { globalValue, workspaceValue, workspaceFolderValue } = settings.inspect<number>(name) ?? {};
  return workspaceFolderValue ?? workspaceValue ?? globalValue;
}

function activePythonFile(): string | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === 'python' && document.uri.scheme === 'file' ? document.fileName : undefined;
}

function hasBreakpoint(program: string): boolean {
  return vscode.debug.breakpoints.some(
    (b) =>
      b.enabled &&
      (b instanceof vscode.FunctionBreakpoint ||
        (b instanceof vscode.SourceBreakpoint && b.location.uri.fsPath === vscode.Uri.file(program).fsPath)),
  );
}

/** The arguments of a function whose configuration has none; undefined when the person leaves. */
async function missingArguments(program: string, name: string): Promise<string | undefined> {
  const document = await vscode.workspace.openTextDocument(program);
  const syntax = syntaxOf(document);
  const target = syntax.functions().find((f) => f.path === name);
  // A name that is not there is the back end's to tell: it knows why.
  return target && needsArguments(target) ? askArguments(syntax, target) : '';
}
