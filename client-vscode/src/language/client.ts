/** The client of `foreframe lsp`: how it is started, and what it leaves to a debug session. */
import * as vscode from 'vscode';
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  InlayHintRequest,
  LanguageClient,
  RevealOutputChannelOn,
  type Middleware,
} from 'vscode-languageclient/node';
import { showAnswer, type TextDocuments } from './answers';
import { candidatesAsked, type CandidatesAsked } from './service';
import { serverSettings } from './settings';

/**
 * A client whose server has answered. Rejects when it could not be started; `ended` is called when
 * it ends by itself later, `asked` when a link or a quick fix leads to candidates.
 */
export async function startClient(
  command: string,
  texts: TextDocuments,
  log: vscode.LogOutputChannel,
  ended: () => void,
  asked: (what: CandidatesAsked) => void,
): Promise<LanguageClient> {
  const cwd = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  let running = false;
  const client = new LanguageClient(
    'foreframe.languageServer',
    'Foreframe language server',
    { command, args: ['lsp'], ...(cwd === undefined ? {} : { options: { cwd } }) },
    {
      documentSelector: [
        { language: 'python', scheme: 'file' },
        { language: 'python', scheme: 'vscode-notebook-cell' },
      ],
      markdown: { isTrusted: { enabledCommands: ['foreframe.explain', 'foreframe.candidateTrace'] } },
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          if (running) ended();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: middleware(texts, asked),
    },
  );
  const configure = (): void => {
    const settings = vscode.workspace.getConfiguration('foreframe');
    const section = serverSettings((name, otherwise) => settings.get(name, otherwise));
    void client.sendNotification(DidChangeConfigurationNotification.type, {
      settings: { foreframe: { ...section, commandLinks: true } },
    });
  };
  await client.start();
  running = true;
  configure();
  const subscriptions = vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration('foreframe')) return;
      configure();
      refreshHints(client);
    }),
    // Hints of an example would stand beside the values of a stop.
    vscode.debug.onDidChangeActiveDebugSession(() => {
      refreshHints(client);
    }),
  );
  const dispose = client.dispose.bind(client);
  client.dispose = (timeout?: number): Promise<void> => {
    running = false;
    subscriptions.dispose();
    return dispose(timeout);
  };
  return client;
}

function middleware(texts: TextDocuments, asked: (what: CandidatesAsked) => void): Middleware {
  return {
    provideInlayHints: (document, range, token, next) => (inSession() ? [] : next(document, range, token)),
    provideInlineValues: (document, range, context, token, next) =>
      inSession() ? [] : next(document, range, context, token),
    executeCommand: async (command, args: unknown[], next): Promise<unknown> => {
      const candidates = candidatesAsked(command, args);
      if (candidates !== undefined) {
        asked(candidates);
        return undefined;
      }
      try {
        const answer: unknown = await next(command, args);
        await showAnswer(texts, command, args, answer);
        return answer;
      } catch (error) {
        void vscode.window.showErrorMessage(`Foreframe: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }
    },
  };
}

/** Whether a session of Foreframe's shows its own values beside the lines. */
function inSession(): boolean {
  return vscode.debug.activeDebugSession?.type === 'foreframe';
}

function refreshHints(client: LanguageClient): void {
  for (const document of vscode.workspace.textDocuments) {
    client.getFeature(InlayHintRequest.method).getProvider(document)?.onDidChangeInlayHints.fire();
  }
}
