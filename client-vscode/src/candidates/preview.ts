/** A file with a candidate in it, read-only, with the way that one of its examples takes beside the code. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { PathDecorations } from '../ahead/decorations';
import { decorationSlots } from '../inlineValues';
import { nameOf, type WaysTold } from './model';

export const SCHEME = 'foreframe-candidate';
/** Examples that have a lens. */
const LENSES = 5;

/** A candidate's way as it is looked at; `example` is the index of the one that is shown. */
interface Look {
  readonly ways: WaysTold;
  readonly example: number;
}

export class CandidatePreview
  implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable
{
  private readonly looks = new Map<string, Look>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly lensesChanged = new vscode.EventEmitter<void>();
  private readonly decorations: PathDecorations;
  private readonly fill = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('diffEditor.insertedTextBackground'),
    borderColor: new vscode.ThemeColor('foreframe.pathBorder'),
    borderStyle: 'solid',
    borderWidth: '0 0 1px 0',
  });
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChange = this.changed.event;
  readonly onDidChangeCodeLenses = this.lensesChanged.event;

  constructor() {
    const [slot] = decorationSlots(1);
    if (slot === undefined) throw new Error('no slot');
    this.decorations = new PathDecorations(slot);
    const show = (): void => {
      for (const editor of vscode.window.visibleTextEditors) this.decorate(editor);
    };
    this.subscriptions = [
      this.changed,
      this.lensesChanged,
      this.decorations,
      this.fill,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this),
      vscode.window.onDidChangeVisibleTextEditors(show),
      vscode.window.onDidChangeActiveColorTheme(show),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) this.looks.delete(uri.toString());
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.looks.get(uri.toString())?.ways.source ?? '';
  }

  /** The candidate of a document of this scheme. */
  lookOf(uri: vscode.Uri): Look | undefined {
    return this.looks.get(uri.toString());
  }

  /** Opens the text of a candidate beside the editor, in place of another one; shows an example's way. */
  async show(file: vscode.Uri, ways: WaysTold, example: number, line?: number): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${path.basename(file.path)} ← ${nameOf(ways.texts)}`, query: ways.texts.join('\n') });
    const known = this.looks.has(uri.toString());
    this.looks.set(uri.toString(), { ways, example });
    if (known) this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    if (document.languageId !== 'python') await vscode.languages.setTextDocumentLanguage(document, 'python');
    const [first] = ways.fills;
    const place = new vscode.Position(line === undefined ? (first?.start.line ?? 0) : line - 1, 0);
    const editor = await vscode.window.showTextDocument(document, { viewColumn: this.column(), preview: true, preserveFocus: true });
    editor.revealRange(new vscode.Range(place, place), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    if (line !== undefined) editor.selection = new vscode.Selection(place, place);
    this.decorate(editor);
    this.lensesChanged.fire();
  }

  /** Closes what is shown of candidates: the text has changed, or one was taken. */
  async close(): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.filter(isOurs));
    if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const look = this.looks.get(uri.toString());
    if (look === undefined) return [];
    const { ways, example: shown } = look;
    const taken = ways.examples[shown]?.path?.taken[0];
    const line = taken === undefined ? (ways.fills[0]?.start.line ?? 0) : taken - 1;
    const lens = (title: string, command: string, args: unknown[], tooltip: string): vscode.CodeLens =>
      new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command, arguments: args, tooltip });
    return [
      lens('$(check)\u00a0Insert', 'foreframe.takeCandidate', [uri], 'Write this in the place of the hole.'),
      lens('$(debug-alt)\u00a0Step through it', 'foreframe.stepThroughCandidate', [uri], 'Begin a predicted session with the hole filled; nothing is executed.'),
      ...ways.examples.slice(0, LENSES).map((example, index) => {
        const sign = example.right === null ? '·' : example.right ? '✓' : '✗';
        const title = `${index === shown ? '$(eye)\u00a0' : ''}${sign} ${example.call}`;
        return lens(title.replace(/\$\((?!eye\))/g, '\\$('), 'foreframe.lookAtExample', [uri, index], example.text);
      }),
    ];
  }

  /** The editor column of what is looked at now, or the one beside. */
  private column(): vscode.ViewColumn {
    return vscode.window.tabGroups.all.find((group) => group.tabs.some(isOurs))?.viewColumn ?? vscode.ViewColumn.Beside;
  }

  private decorate(editor: vscode.TextEditor): void {
    if (editor.document.uri.scheme !== SCHEME) return;
    const look = this.looks.get(editor.document.uri.toString());
    const fills = look?.ways.fills ?? [];
    editor.setDecorations(
      this.fill,
      fills.map(({ start, end }) => new vscode.Range(start.line, start.character, end.line, end.character)),
    );
    const example = look?.ways.examples[look.example];
    const path = example?.path ?? undefined;
    this.decorations.show(
      editor,
      path && {
        taken: path.taken,
        skipped: path.skipped,
        lines: path.lines.map(({ line, text, confidence }) => ({ line, text, confidence })),
        hover: `With ${example?.call ?? 'this example'}, as ${example?.basis ?? 'predicted'}; nothing is executed.`,
      },
    );
  }
}

function isOurs({ input }: vscode.Tab): boolean {
  return input instanceof vscode.TabInputText && input.uri.scheme === SCHEME;
}
