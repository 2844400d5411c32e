/** Shows the predicted path ahead of a stop: lines to be taken, lines that are not, what they do. */
import * as vscode from 'vscode';
import type { Sessions } from '../sessions';
import type { ShownScope, StopReader } from '../stopReader';
import { PathDecorations } from './decorations';
import { linesAhead, type Ahead } from './path';

/** Frames that are looked at. */
const FRAMES = 200;

export class PathView implements vscode.Disposable {
  private readonly decorations: PathDecorations;
  private readonly subscriptions: vscode.Disposable[];
  private scope: ShownScope | undefined;
  private ahead: Ahead | undefined;

  /** `slot`: the type of decoration for the end of a line, behind the values that are there. */
  constructor(
    reader: StopReader,
    sessions: Sessions,
    slot: vscode.TextEditorDecorationType,
  ) {
    this.decorations = new PathDecorations(slot);
    const show = (): void => {
      this.show();
    };
    this.subscriptions = [
      this.decorations,
      reader.onDidSelect((scope) => {
        this.clear();
        if (scope?.isTop) void this.follow(scope);
      }),
      sessions.onDidGo(() => {
        this.clear();
      }),
      vscode.window.onDidChangeVisibleTextEditors(show),
      vscode.window.onDidChangeActiveColorTheme(show),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (this.scope?.path === document.fileName && document.isDirty) this.show();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('foreframe.pathAhead')) this.show();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** Shows what is ready, then all that comes until the model has done enough. */
  private async follow(scope: ShownScope): Promise<void> {
    this.scope = scope;
    try {
      for (const wait of [false, true]) {
        const ahead = (await scope.session.customRequest('foreframe/ahead', { frames: FRAMES, wait })) as Ahead;
        if (this.scope !== scope) return;
        this.ahead = ahead;
        this.show();
        if (ahead.isSettled) return;
      }
    } catch {
      // The session has gone on meanwhile, or is a live one, which predicts nothing by itself.
    }
  }

  private clear(): void {
    this.scope = this.ahead = undefined;
    this.show();
  }

  private show(): void {
    for (const editor of vscode.window.visibleTextEditors) this.decorate(editor);
  }

  private decorate(editor: vscode.TextEditor): void {
    const { document } = editor;
    const { scope, ahead } = this;
    const isShown =
      scope?.path === document.fileName &&
      ahead !== undefined &&
      !document.isDirty &&
      vscode.workspace.getConfiguration('foreframe', document).get<boolean>('pathAhead', true);
    if (!isShown) {
      this.decorations.show(editor, undefined);
      return;
    }
    this.decorations.show(editor, {
      // The line where the session stands has the debugger's own mark.
      taken: ahead.taken.filter((line) => line !== scope.line),
      skipped: ahead.skipped,
      lines: linesAhead(ahead, scope.line),
      hover: 'Predicted for when the program comes here; nothing is executed.',
    });
  }
}
