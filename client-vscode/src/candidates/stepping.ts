/** Steps through a file with a candidate in it: a predicted session on a copy, which goes with it. */
import * as path from 'node:path';
import * as vscode from 'vscode';

export class CandidateSessions implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;
  private count = 0;

  /** `folder`: of this extension, for the copies. */
  constructor(private readonly folder: vscode.Uri) {
    this.subscription = vscode.debug.onDidTerminateDebugSession(({ configuration }) => {
      const { __copy: copy } = configuration as { __copy?: string };
      if (copy !== undefined) void this.remove(vscode.Uri.parse(copy));
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  /** Begins a session in a function of `source`, which takes the place of `file`'s text. Nothing is executed. */
  async begin(file: vscode.Uri, source: string, name: string, called: string, args: string): Promise<void> {
    this.count += 1;
    const folder = vscode.Uri.joinPath(this.folder, 'candidates', `${process.pid}-${this.count}`);
    const copy = vscode.Uri.joinPath(folder, path.basename(file.path) || 'candidate.py');
    await vscode.workspace.fs.writeFile(copy, new TextEncoder().encode(source));
    const began = await vscode.debug.startDebugging(
      vscode.workspace.getWorkspaceFolder(file),
      {
        type: 'foreframe',
        request: 'launch',
        name,
        mode: 'imagine',
        program: copy.fsPath,
        function: called,
        args,
        stopOnEntry: true,
        __copy: folder.toString(),
      },
      // There is nothing of the person's to be saved for a copy.
      { suppressSaveBeforeStart: true },
    );
    if (!began) await this.remove(folder);
  }

  /** The copy and its editor go. */
  private async remove(folder: vscode.Uri): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap(({ tabs: all }) =>
      all.filter(({ input }) => input instanceof vscode.TabInputText && input.uri.fsPath.startsWith(folder.fsPath + path.sep)),
    );
    if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
    await vscode.workspace.fs.delete(folder, { recursive: true }).then(undefined, () => undefined);
  }
}
