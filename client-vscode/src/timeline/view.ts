/** The "Foreframe Timeline" view: records every stop and shows them side by side in a webview. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Sessions, SessionStop } from '../sessions';
import { readTop } from '../stopReader';
import { Recording, type ShowMessage, type TimelineStop, type WebviewMessage } from './model';

export class TimelineView implements vscode.WebviewViewProvider, vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private view: vscode.WebviewView | undefined;
  private recording = new Recording();
  private session: vscode.DebugSession | undefined;
  /** Stops are recorded one after another, whatever the back end takes to answer. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly extension: vscode.Uri,
    private readonly sessions: Sessions,
  ) {
    this.subscriptions = [
      vscode.window.registerWebviewViewProvider('foreframe.timeline', this),
      sessions.onDidStop((stop) => {
        this.queue = this.queue.then(() => this.record(stop));
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    const assets = vscode.Uri.joinPath(this.extension, 'dist', 'webview');
    view.webview.options = { enableScripts: true, localResourceRoots: [assets] };
    view.webview.onDidReceiveMessage((message: WebviewMessage) => {
      if (message.type === 'ready') this.show();
      else void this.reveal(message.index);
    });
    view.onDidDispose(() => {
      this.view = undefined;
    });
    view.webview.html = page(view.webview, assets);
  }

  private async record(stop: SessionStop): Promise<void> {
    if (this.session !== stop.session) {
      this.session = stop.session;
      this.recording = new Recording();
      await vscode.commands.executeCommand('setContext', 'foreframe.hasTimeline', true);
    }
    const read = await readStop(stop).catch(() => undefined);
    // Read too late, it is what came after this stop.
    if (read === undefined || !this.sessions.stands(stop)) return;
    this.recording.record(read, stop.direction);
    this.show();
  }

  private show(): void {
    const message: ShowMessage = {
      type: 'show',
      title: this.session?.name ?? '',
      stops: this.recording.stops,
      cursor: this.recording.cursor,
      threshold: vscode.workspace.getConfiguration('foreframe').get('confidenceThreshold', 0.5),
    };
    void this.view?.webview.postMessage(message);
  }

  /** Shows the line of a stop in the editor; the session stays where it is. */
  private async reveal(index: number): Promise<void> {
    const stop = this.recording.stops[index];
    if (stop === undefined) return;
    const line = new vscode.Range(stop.line - 1, 0, stop.line - 1, 0);
    await vscode.window.showTextDocument(vscode.Uri.file(stop.path), { selection: line, preserveFocus: true });
  }
}

async function readStop(stop: SessionStop): Promise<TimelineStop | undefined> {
  const scope = await readTop(stop.session, stop.threadId);
  if (scope === undefined) return undefined;
  const document = await vscode.workspace.openTextDocument(scope.path);
  const { name, path, line, depth } = scope;
  const source = line <= document.lineCount ? document.lineAt(line - 1).text.trim() : '';
  const values = Object.fromEntries(
    [...scope.values].flatMap(([variable, { text, provenance, confidence, local }]) =>
      local ? [[variable, { text, provenance, confidence }]] : [],
    ),
  );
  return { path, scope: name, line, source, depth, values };
}

function page(webview: vscode.Webview, assets: vscode.Uri): string {
  const nonce = randomBytes(16).toString('hex');
  const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(assets, name)).toString();
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy"
    content="default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'">
  <link rel="stylesheet" href="${asset('timeline.css')}">
  <title>Foreframe Timeline</title>
</head>
<body>
  <main></main>
  <script nonce="${nonce}" src="${asset('timeline.js')}"></script>
</body>
</html>`;
}
