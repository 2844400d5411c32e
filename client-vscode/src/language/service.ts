/** Runs `foreframe lsp` while a Python document is open, and starts it anew when its settings change. */
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { BackendFactory } from '../backend/factory';
import type { TextDocuments } from './answers';
import { STARTING_SETTINGS } from './settings';

/** Holes of a document's version whose candidates are to be shown; `texts`: the one to be looked at. */
export interface CandidatesAsked {
  readonly uri: string;
  readonly version: number;
  readonly holes: readonly number[];
  readonly texts?: readonly string[];
}

/** What a link or a quick fix of the server's asks for, if it is about candidates: a view shows them. */
export function candidatesAsked(command: string, args: readonly unknown[]): CandidatesAsked | undefined {
  if (command !== 'foreframe.candidates' && command !== 'foreframe.candidateTrace') return undefined;
  const [uri, version, holes, texts] = args as [string, number, number[], string[]?];
  return { uri, version, holes, ...(command === 'foreframe.candidateTrace' && texts !== undefined ? { texts } : {}) };
}

export class LanguageService implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly asked = new vscode.EventEmitter<CandidatesAsked>();
  private readonly subscriptions: vscode.Disposable[];
  private client: LanguageClient | undefined;
  /** Starts and stops follow one another, never at the same time. */
  private queue: Promise<void> = Promise.resolve();
  /** A failure is told once; a change of the settings gives another try. */
  private failed = false;
  private disposed = false;

  /** The server has begun or ceased to serve. */
  readonly onDidChange = this.changed.event;
  readonly onDidAskForCandidates = this.asked.event;

  constructor(
    private readonly backends: BackendFactory,
    private readonly texts: TextDocuments,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscriptions = [
      this.changed,
      this.asked,
      this.changed.event(() => {
        void vscode.commands.executeCommand('setContext', 'foreframe.isServing', this.isServing);
      }),
      vscode.workspace.onDidOpenTextDocument((document) => {
        if (isPython(document)) this.ensure();
      }),
      backends.onDidFind(() => {
        this.ensure();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (STARTING_SETTINGS.some((name) => event.affectsConfiguration(`foreframe.${name}`))) void this.restart();
      }),
    ];
    this.ensure();
  }

  /** Whether a server answers at the moment. */
  get isServing(): boolean {
    return this.client !== undefined;
  }

  /** What one of the server's commands answers. Rejects with what the server says is wrong. */
  async execute<Answer>(
    command: string,
    args: readonly unknown[],
    token: vscode.CancellationToken = new vscode.CancellationTokenSource().token,
  ): Promise<Answer> {
    if (this.client === undefined) throw new Error('the language server does not run');
    const asked = { command, arguments: [...args] };
    return this.client.sendRequest<Answer>('workspace/executeCommand', asked, token);
  }

  dispose(): void {
    this.disposed = true;
    vscode.Disposable.from(...this.subscriptions).dispose();
    void this.stop();
  }

  /** Stops the server if there is one, and starts it if it is wanted. */
  async restart(): Promise<void> {
    this.failed = false;
    await this.enqueue(() => this.stop());
    this.ensure();
    await this.queue;
  }

  private ensure(): void {
    void this.enqueue(() => this.start());
  }

  private enqueue(work: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(work).catch((error: unknown) => {
      this.report(error);
    });
    return this.queue;
  }

  private async start(): Promise<void> {
    const wanted = vscode.workspace.getConfiguration('foreframe').get<boolean>('languageServer', true);
    const document = vscode.workspace.textDocuments.find(isPython);
    if (this.client || this.failed || this.disposed || !wanted || document === undefined) return;
    const backend = await this.backends.lookUp(document.uri);
    // The debugger offers to install one: a person who only reads code is not asked.
    if (backend === undefined) return;
    this.log.info(`starting the language server of ${backend.path} (${backend.origin})`);
    // Loaded when it is needed: activation stays quick.
    const { startClient } = await import('./client');
    this.client = await startClient(
      backend.path,
      this.texts,
      this.log,
      () => {
        this.client = undefined;
        this.report(new Error('it has ended by itself'));
        this.changed.fire();
      },
      (what) => {
        this.asked.fire(what);
      },
    );
    this.changed.fire();
  }

  private async stop(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (client === undefined) return;
    if (!this.disposed) this.changed.fire();
    await client.dispose().catch((error: unknown) => {
      this.log.warn(`the language server did not stop as it should: ${String(error)}`);
    });
  }

  private report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.log.error(`language server: ${message}`);
    if (this.failed || this.disposed) return;
    this.failed = true;
    void vscode.window
      .showErrorMessage(`Foreframe's language server could not be kept running: ${message}`, 'Show the log')
      .then((choice) => {
        if (choice !== undefined) this.log.show();
      });
  }
}

function isPython(document: vscode.TextDocument): boolean {
  return document.languageId === 'python' && document.uri.scheme === 'file';
}
