/** Shows the values of the selected scope beside its lines, as decorations of the editor. */
import * as vscode from 'vscode';
import type { StopReader, ShownScope } from './stopReader';
import type { Sessions } from './sessions';
import { syntaxOf } from './python/documents';
import { describe, inlineValues, opacityOf, scopeNamed, type Certainty, type InlineValue } from './shownValues';

const COLORS: Record<Certainty, vscode.ThemeColor> = {
  given: new vscode.ThemeColor('foreframe.givenForeground'),
  predicted: new vscode.ThemeColor('foreframe.predictedForeground'),
  uncertain: new vscode.ThemeColor('foreframe.uncertainForeground'),
  right: new vscode.ThemeColor('foreframe.rightForeground'),
  wrong: new vscode.ThemeColor('foreframe.wrongForeground'),
};
const REAL = new vscode.ThemeColor('foreframe.realForeground');

/**
 * Types of decorations for so many places at the end of a line: at the same place VS Code puts
 * decorations in the order of their types' keys, whatever order they are given in.
 */
export function decorationSlots(places: number): vscode.TextEditorDecorationType[] {
  return Array.from({ length: places }, () =>
    vscode.window.createTextEditorDecorationType({
      rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
    }),
  ).sort((a, b) => (a.key < b.key ? -1 : 1));
}

export class InlineValues implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private scope: ShownScope | undefined;

  /** `slots`: one type of decoration for the first value of a line, one for the second... */
  constructor(
    reader: StopReader,
    sessions: Sessions,
    private readonly slots: readonly vscode.TextEditorDecorationType[],
  ) {
    const show = (): void => {
      this.show();
    };
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
      vscode.window.onDidChangeVisibleTextEditors(show),
      vscode.window.onDidChangeActiveColorTheme(show),
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
    return inlineValues(syntax, runs, line, scope.values, settings.get('confidenceThreshold', 0.5), scope.passed);
  }
}

function decoration(document: vscode.TextDocument, shown: InlineValue): vscode.DecorationOptions {
  const { end } = document.lineAt(shown.line).range;
  const { certainty, value } = shown;
  const own = {
    contentText: shown.text,
    color: COLORS[certainty],
    fontStyle: certainty === 'uncertain' ? 'italic' : 'normal',
    margin: shown.place === 0 ? '0 0 0 2.5em' : '0 0 0 1.2em',
    ...faded(certainty === 'right' || certainty === 'wrong' ? undefined : value.confidence),
  };
  const real = shown.real === undefined ? {} : { contentText: shown.real, color: REAL };
  return {
    range: new vscode.Range(end, end),
    hoverMessage: new vscode.MarkdownString()
      .appendMarkdown(`**${describe(value)}**\n`)
      .appendCodeblock(`${value.name} = ${value.check?.real ?? value.text}`, 'python'),
    renderOptions: shown.real === undefined ? { after: own } : { before: own, after: real },
  };
}

/** A decoration's opacity: the interface has none, and passes CSS on here. */
export function faded(confidence: number | undefined): { textDecoration?: string } {
  const { kind } = vscode.window.activeColorTheme;
  const { HighContrast, HighContrastLight } = vscode.ColorThemeKind;
  const opacity = opacityOf(confidence, kind === HighContrast || kind === HighContrastLight);
  return opacity === 1 ? {} : { textDecoration: `none; opacity: ${opacity}` };
}
