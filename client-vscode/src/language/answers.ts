/** Shows what the back end answers in words: in a message, at a line, as a text beside. */
import * as path from 'node:path';
import * as vscode from 'vscode';

const SCHEME = 'foreframe-text';

/** Stands before what a model says of a run. */
const OWN_WORDS = "In the model's own words, which may be wrong and predict nothing:";

/** Read-only texts that stand beside the editor. */
export class TextDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChange = this.changed.event;

  constructor() {
    this.subscriptions = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) this.texts.delete(uri.toString());
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** Opens a text beside the active editor; one of the same title takes its place. */
  async show(title: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${title.replace(/[/\\]/g, '∕')}` });
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    // Sentences with code in them, whatever the title ends with; long ones are wrapped.
    await vscode.languages.setTextDocumentLanguage(document, 'markdown');
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
  }
}

/** Whether a run ends, as both servers answer. */
export interface Halting {
  readonly text: string;
  /** 1-based */
  readonly line?: number | null;
}

/** Shows whether a run ends, and the line that this is about. */
export async function showHalting(file: vscode.Uri, { text, line }: Halting): Promise<void> {
  if (typeof line === 'number') await revealLine(file, line);
  void vscode.window.showInformationMessage(`Foreframe: ${text}`);
}

/** Selects the start of a 1-based line in its file. */
export async function revealLine(file: vscode.Uri, line: number): Promise<void> {
  const place = new vscode.Position(Math.max(0, line - 1), 0);
  const shown = vscode.window.visibleTextEditors.find(({ document }) => document.uri.fsPath === file.fsPath);
  await vscode.window.showTextDocument(shown?.document ?? (await vscode.workspace.openTextDocument(file)), {
    selection: new vscode.Range(place, place),
    ...(shown?.viewColumn === undefined ? {} : { viewColumn: shown.viewColumn }),
  });
}

/** Shows the answer to one of the language server's commands. */
export async function showAnswer(
  texts: TextDocuments,
  command: string,
  args: readonly unknown[],
  answer: unknown,
): Promise<void> {
  const [uri, name] = args;
  if (typeof uri !== 'string' || typeof answer !== 'object' || answer === null) return;
  const call = `${String(name)}(${typeof args[2] === 'string' ? args[2] : ''})`;
  if (command === 'foreframe.halts') {
    await showHalting(vscode.Uri.parse(uri), answer as Halting);
  } else if (command === 'foreframe.explain') {
    await texts.show(`Foreframe: ${call}`, `${call}\n\n${(answer as { text: string }).text}\n`);
  } else if (command === 'foreframe.fillHoles') {
    const { filled } = answer as { filled: number };
    void vscode.window.showInformationMessage(`Foreframe: ${filledText(filled, String(name))}`);
  }
}

function filledText(filled: number, name: string): string {
  if (filled === 0) return `no hole of ${name} was filled.`;
  return filled === 1 ? `1 hole of ${name} was filled.` : `${filled} holes of ${name} were filled.`;
}

/** Commands on the running session: what was predicted, in words, and whether it ends. */
export function registerSessionCommands(texts: TextDocuments): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand('foreframe.explainRun', () =>
      ofSession('foreframe/explain', {}, async (session, body) => {
        const { text } = body as { text: string };
        await texts.show(`Foreframe: ${session.name}`, `${session.name}\n\n${text}\n`);
      }),
    ),
    vscode.commands.registerCommand('foreframe.retellRun', () =>
      ofSession('foreframe/explain', { retell: true }, async (session, body) => {
        const { text, retold } = body as { text: string; retold: string };
        const words = `${OWN_WORDS}\n${retold || 'nothing.'}`;
        await texts.show(`Foreframe: ${session.name}`, `${session.name}\n\n${text}\n\n${words}\n`);
      }),
    ),
    vscode.commands.registerCommand('foreframe.doesItEnd', () =>
      ofSession('foreframe/halts', {}, async (session, body) => {
        const { program } = session.configuration as { program?: string };
        await showHalting(vscode.Uri.file(path.resolve(program ?? '')), body as Halting);
      }),
    ),
  );
}

async function ofSession(
  request: string,
  args: object,
  show: (session: vscode.DebugSession, body: unknown) => Promise<void>,
): Promise<void> {
  const session = vscode.debug.activeDebugSession;
  if (session?.type !== 'foreframe') {
    void vscode.window.showInformationMessage('There is no Foreframe session: start one with F5 first.');
    return;
  }
  try {
    await show(session, await session.customRequest(request, args));
  } catch (error) {
    void vscode.window.showErrorMessage(`Foreframe: ${error instanceof Error ? error.message : String(error)}`);
  }
}
