/** Shows the predicted path ahead of a stop: lines to be taken, lines that are not, what they do. */
import * as vscode from 'vscode';
import { faded } from '../inlineValues';
import type { Sessions } from '../sessions';
import type { ShownScope, StopReader } from '../stopReader';
import { linesAhead, type Ahead } from './path';

/** Frames that are looked at. */
const FRAMES = 200;

export class PathView implements vscode.Disposable {
  private readonly taken = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('foreframe.pathBackground'),
    borderColor: new vscode.ThemeColor('foreframe.pathBorder'),
    borderStyle: 'solid',
    // Two pixels leave the first character of a line alone.
    borderWidth: '0 0 0 2px',
    overviewRulerColor: new vscode.ThemeColor('foreframe.pathBorder'),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
  });
  /** The text alone is dimmed, so that the editor's own marks stay as they are. */
  private readonly skipped = vscode.window.createTextEditorDecorationType({ opacity: '0.5' });
  private readonly subscriptions: vscode.Disposable[];
  private scope: ShownScope | undefined;
  private ahead: Ahead | undefined;

  /** `slot`: the type of decoration for the end of a line, behind the values that are there. */
  constructor(
    reader: StopReader,
    sessions: Sessions,
    private readonly slot: vscode.TextEditorDecorationType,
  ) {
    const show = (): void => {
      this.show();
    };
    this.subscriptions = [
      this.taken,
      this.skipped,
      this.slot,
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
    const lines = (first: number, last: number): vscode.Range =>
      document.validateRange(new vscode.Range(first - 1, 0, last - 1, Infinity));
    // The line where the session stands has the debugger's own mark.
    const taken = isShown ? ahead.taken.filter((line) => line !== scope.line) : [];
    editor.setDecorations(this.taken, taken.map((line) => lines(line, line)));
    const skipped = isShown ? ahead.skipped : [];
    editor.setDecorations(this.skipped, skipped.map(([first, last]) => lines(first, last)));
    const shown = isShown ? linesAhead(ahead, scope.line) : [];
    editor.setDecorations(
      this.slot,
      shown
        .filter(({ line }) => line <= document.lineCount)
        .map(({ line, text, confidence }) => {
          const { end } = document.lineAt(line - 1).range;
          return {
            range: new vscode.Range(end, end),
            hoverMessage: 'Predicted for when the program comes here; nothing is executed.',
            renderOptions: {
              after: {
                contentText: text,
                color: new vscode.ThemeColor('foreframe.aheadForeground'),
                fontStyle: 'italic',
                margin: '0 0 0 2.5em',
                ...faded(confidence),
              },
            },
          };
        }),
    );
  }
}
