/** Whether the cursor is at a hole, for menus: by the hints that the language server gives of holes. */
import * as vscode from 'vscode';

export class HoleAtCursor implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private told = false;

  constructor() {
    const tell = (): void => {
      this.tell();
    };
    this.subscriptions = [
      vscode.window.onDidChangeTextEditorSelection(tell),
      vscode.window.onDidChangeActiveTextEditor(tell),
      vscode.languages.onDidChangeDiagnostics(tell),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private tell(): void {
    const editor = vscode.window.activeTextEditor;
    const line = editor?.selection.active.line;
    const hints = editor === undefined ? [] : vscode.languages.getDiagnostics(editor.document.uri);
    const isAtHole = hints.some(({ source, code, range }) => source === 'Foreframe' && code === 'hole' && range.start.line === line);
    if (isAtHole === this.told) return;
    this.told = isAtHole;
    void vscode.commands.executeCommand('setContext', 'foreframe.atHole', isAtHole);
  }
}
