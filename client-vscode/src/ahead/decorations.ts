/** A path through a file, as an editor shows it: lines that are taken, lines that are not, what they do. */
import * as vscode from 'vscode';
import { faded } from '../inlineValues';
import type { LineAhead } from './path';

/** What is shown of a path. Lines are 1-based. */
export interface ShownPath {
  readonly taken: readonly number[];
  /** First and last lines. */
  readonly skipped: readonly (readonly [number, number])[];
  readonly lines: readonly LineAhead[];
  /** What hovering over a line's text says. */
  readonly hover: string;
}

export class PathDecorations implements vscode.Disposable {
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

  /** `slot`: the type of decoration for the end of a line, behind the values that are there. */
  constructor(private readonly slot: vscode.TextEditorDecorationType) {}

  dispose(): void {
    vscode.Disposable.from(this.taken, this.skipped, this.slot).dispose();
  }

  /** Shows a path in an editor, or none. */
  show(editor: vscode.TextEditor, path: ShownPath | undefined): void {
    const { document } = editor;
    const lines = (first: number, last: number): vscode.Range =>
      document.validateRange(new vscode.Range(first - 1, 0, last - 1, Infinity));
    editor.setDecorations(this.taken, (path?.taken ?? []).map((line) => lines(line, line)));
    editor.setDecorations(this.skipped, (path?.skipped ?? []).map(([first, last]) => lines(first, last)));
    if (path === undefined) {
      editor.setDecorations(this.slot, []);
      return;
    }
    const hoverMessage = new vscode.MarkdownString().appendText(path.hover);
    editor.setDecorations(
      this.slot,
      path.lines
        .filter(({ line }) => line <= document.lineCount)
        .map(({ line, text, confidence }) => {
          const { end } = document.lineAt(line - 1).range;
          return {
            range: new vscode.Range(end, end),
            hoverMessage,
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
