/** The interpreter that the person chose in the Python extension. */
import * as vscode from 'vscode';

/** The part of the Python extension's interface that is used here. */
interface PythonExtension {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

/** Path of the interpreter for `resource`; undefined without the Python extension. */
export async function pythonInterpreter(resource?: vscode.Uri): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
  if (extension === undefined) return undefined;
  const { environments } = await extension.activate();
  if (environments === undefined) return undefined;
  const active = environments.getActiveEnvironmentPath(resource);
  const environment = await environments.resolveEnvironment(active);
  return environment?.executable.uri?.fsPath ?? active.path;
}
