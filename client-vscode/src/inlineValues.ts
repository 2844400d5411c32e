/** Shows the values of the selected scope beside its lines, as decorations of the editor. */
import * as vscode from 'vscode';
import type { StopReader, ShownScope } from './stopReader';
import type { Sessions } from './sessions';
import { syntaxOf } from './python/documents';
import { describe, inlineValues, PER_LINE, scopeNamed, type Certainty, type InlineValue } from './shownValues';

const COLORS: Record<Certainty, vscode.ThemeColor> = {
  given: new vscode.ThemeColor('foreframe.givenForeground'),
  predicted: new vscode.ThemeColor('foreframe.predictedForeground'),
  uncertain: new vscode.ThemeColor('foreframe.uncertainForeground'),
};

export class InlineValues implements vscode.Disposable {
  /**
   * One type of decoration for the first value of a line, one for the second...: at the same place
   * VS Code puts decorations in the order of their types' keys, whatever order they are given in.
   */
  private readonly slots = Array.from({ length: PER_LINE }, () =>
    vscode.window.createTextEditorDecorationType({
      rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    }),
  ).sort((a, b) => (a.key < b.key ? -1 : 1));
  private readonly subscriptions: vscode.Disposable[];
  private scope: ShownScope | undefined;

  constructor(reader: StopReader, sessions: Sessions) {
    this.subscriptions = [
      ...this.slots,
      reader.onDidSelect((scope) => {
        this.scope = scope;
        this.show();
      }),
      sessions.onDidGo(() => {
        this.scope = undefined;
        this.show();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.show();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        // Values of lines that were edited since the stop would stand beside the wrong text.
        if (this.scope?.path === document.fileName && document.isDirty) this.show();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('foreframe')) this.show();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private show(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const values = this.values(editor.document);
      this.slots.forEach((slot, place) => {
        const here = values.filter((value) => value.place === place);
        editor.setDecorations(
          slot,
          here.map((value) => decoration(editor.document, value)),
        );
      });
    }
  }

  /** What is shown in a document now. */
  private values(document: vscode.TextDocument): InlineValue[] {
    const { scope } = this;
    const settings = vscode.workspace.getConfiguration('foreframe', document);
    if (scope?.path !== document.fileName || document.isDirty || !settings.get<boolean>('inlineValues', true)) return [];
    const syntax = syntaxOf(document);
    const line = scope.line - 1;
    const runs = scopeNamed(syntax, scope.name, document.offsetAt(new vscode.Position(line, Infinity)));
    if (runs === null) return [];
    return inlineValues(syntax, runs, line, scope.values, settings.get('confidenceThreshold', 0.5));
  }
}

function decoration(document: vscode.TextDocument, shown: InlineValue): vscode.DecorationOptions {
  const { end } = document.lineAt(shown.line).range;
  return {
    range: new vscode.Range(end, end),
    hoverMessage: new vscode.MarkdownString()
      .appendMarkdown(`**${describe(shown.value)}**\n`)
      .appendCodeblock(`${shown.value.name} = ${shown.value.text}`, 'python'),
    renderOptions: {
      after: {
        contentText: shown.text,
        color: COLORS[shown.certainty],
        fontStyle: shown.certainty === 'uncertain' ? 'italic' : 'normal',
        margin: shown.place === 0 ? '0 0 0 2.5em' : '0 0 0 1.2em',
      },
    },
  };
}
