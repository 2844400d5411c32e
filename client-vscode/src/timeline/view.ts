/** The "Foreframe Timeline" view: the back end's steps side by side in a webview, and ways to go to them. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Sessions, SessionStop } from '../sessions';
import { readTop } from '../stopReader';
import { JourneyFocus } from './focus';
import {
  foundText,
  Recording,
  searchArguments,
  StepTimeline,
  type Branch,
  type Columns,
  type ShowMessage,
  type StatusMessage,
  type Step,
  type TimelineCursor,
  type TimelineStop,
  type WebviewMessage,
} from './model';

/** What `foreframe/timeline` answers. */
interface TimelineBody {
  readonly steps: readonly Step[];
  readonly totalSteps: number;
  readonly cursor: TimelineCursor;
}

/** Milliseconds after a journey in which the editor may still take the focus, for a stop on the way. */
const LATE = 500;

export class TimelineView implements vscode.WebviewViewProvider, vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private view: vscode.WebviewView | undefined;
  private session: vscode.DebugSession | undefined;
  private timeline = new StepTimeline();
  /** Steps as they were told; they only become more. */
  private steps: readonly Step[] = [];
  /** Stands in where a back end has no timeline of its own, as in live sessions. */
  private recording: Recording | undefined;
  private shown: Columns = { stops: [], cursor: -1 };
  /** Where the person wants to go next; only the last wish counts. */
  private wish: { readonly step: number; readonly branch?: number } | undefined;
  private travelling = false;
  private readonly focus = new JourneyFocus();
  /** Stops are recorded one after another, whatever the back end takes to answer. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly extension: vscode.Uri,
    private readonly sessions: Sessions,
  ) {
    this.subscriptions = [
      vscode.window.registerWebviewViewProvider('foreframe.timeline', this),
      sessions.onDidStop((stop) => {
        if (stop.session === this.session) this.focus.stop();
        this.queue = this.queue.then(() => this.record(stop));
      }),
      sessions.onDidGo((session) => {
        if (session === this.session && !this.travelling) this.stay();
      }),
      sessions.onDidEnd((session) => {
        if (session === this.session) this.stay();
      }),
      vscode.debug.onDidChangeActiveStackItem((item) => {
        if (!(item instanceof vscode.DebugStackFrame) || item.session !== this.session) return;
        this.focus.take();
        this.takeFocus();
      }),
      sessions.onDidTell(({ session, event }) => {
        if (event.event === 'invalidated') {
          // A value was set: a branch begins where the session stands.
          const stop = sessions.stopOf(session);
          if (stop !== undefined) this.queue = this.queue.then(() => this.record(stop));
        }
        if (event.event !== 'foreframe/comparison' || session !== this.session) return;
        const { step, right } = event.body as { step: number | null; right: boolean };
        if (step !== null) this.timeline.check(step, right);
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
      else if (message.type === 'select') void this.select(message.index);
      else if (message.type === 'branch') void this.follow(message.id);
      else void this.search(message);
    });
    view.onDidDispose(() => {
      this.view = undefined;
    });
    view.webview.html = page(view.webview, assets);
  }

  private async record(stop: SessionStop): Promise<void> {
    if (this.session !== stop.session) {
      this.session = stop.session;
      this.timeline = new StepTimeline();
      this.steps = [];
      this.recording = undefined;
      this.wish = undefined;
      await vscode.commands.executeCommand('setContext', 'foreframe.hasTimeline', true);
    }
    const read = await readStop(stop).catch(() => undefined);
    // Read too late, it is what came after this stop.
    if (read === undefined || !this.sessions.stands(stop)) return;
    try {
      if (this.recording === undefined) await this.ask(stop, read);
    } catch {
      this.recording ??= new Recording();
    }
    if (this.recording !== undefined) {
      this.recording.record(read, stop.direction);
      this.shown = { stops: this.recording.stops, cursor: this.recording.cursor };
    }
    this.focus.show();
    this.show();
    this.takeFocus();
  }

  /** Takes the focus back, if a journey took it away. */
  private takeFocus(): void {
    if (!this.focus.isReturning || this.travelling) return;
    if (this.view?.visible) void vscode.commands.executeCommand('foreframe.timeline.focus');
    if (this.focus.isPending) return;
    this.show();
    setTimeout(() => {
      if (!this.focus.isPending) this.focus.stay();
    }, LATE);
  }

  /** The focus is left where it is, whatever the last journey came to. */
  private stay(): void {
    if (!this.focus.isReturning) return;
    this.focus.stay();
    this.show();
  }

  /** Takes over the back end's timeline. Throws if it has none. */
  private async ask(stop: SessionStop, read: TimelineStop): Promise<void> {
    const { session } = stop;
    const from = Math.max(0, this.steps.length - 1);
    let body = (await session.customRequest('foreframe/timeline', { start: from })) as TimelineBody;
    let steps = [...this.steps.slice(0, from), ...body.steps];
    if (JSON.stringify(body.steps[0]) !== JSON.stringify(this.steps.at(-1) ?? body.steps[0])) {
      // The session was begun anew.
      body = (await session.customRequest('foreframe/timeline', {})) as TimelineBody;
      steps = [...body.steps];
    }
    while (steps.length < body.totalSteps) {
      body = (await session.customRequest('foreframe/timeline', { start: steps.length })) as TimelineBody;
      if (body.steps.length === 0) break;
      steps.push(...body.steps);
    }
    const { branches } = (await session.customRequest('foreframe/branches', {})) as { branches: readonly Branch[] };
    this.steps = steps;
    this.timeline.update(steps, branches, body.cursor, this.sessions.stands(stop) ? read : undefined);
    const { lines } = await textOf(read.path);
    this.shown = this.timeline.columns(read.path, (line) => lines[line - 1]?.trim() ?? '');
  }

  private show(): void {
    const message: ShowMessage = {
      type: 'show',
      title: this.session?.name ?? '',
      ...this.shown,
      branches: this.recording === undefined ? this.timeline.knownBranches : [],
      travelling: this.travelling || this.wish !== undefined || this.focus.isPending,
      searchable: this.recording === undefined,
      threshold: vscode.workspace.getConfiguration('foreframe').get('confidenceThreshold', 0.5),
    };
    void this.view?.webview.postMessage(message);
  }

  private tell(text: string): void {
    const message: StatusMessage = { type: 'status', text };
    void this.view?.webview.postMessage(message);
  }

  /** Goes to a column's step, or shows its line where the session cannot go. */
  private async select(index: number): Promise<void> {
    const stop = this.shown.stops[index];
    if (stop === undefined) return;
    if (stop.step !== undefined && this.session !== undefined && this.session === vscode.debug.activeDebugSession) {
      const branch = this.timeline.knownBranches.find(({ isCurrent }) => isCurrent)?.id;
      await this.travel({ step: stop.step, ...(branch === undefined ? {} : { branch }) });
      return;
    }
    const line = new vscode.Range(stop.line - 1, 0, stop.line - 1, 0);
    await vscode.window.showTextDocument(vscode.Uri.file(stop.path), { selection: line, preserveFocus: true });
  }

  /** Goes to the tip of a branch. */
  private async follow(id: number): Promise<void> {
    const branch = this.timeline.knownBranches.find((known) => known.id === id);
    if (branch !== undefined) await this.travel({ step: branch.tip, branch: id });
  }

  /** One journey at a time: of the wishes that come meanwhile the last one is the next. */
  private async travel(wish: { readonly step: number; readonly branch?: number }): Promise<void> {
    this.wish = wish;
    this.focus.leave();
    if (this.travelling) return;
    this.travelling = true;
    try {
      for (let next = this.takeWish(); next !== undefined; next = this.takeWish()) {
        await this.session?.customRequest('foreframe/goTo', next);
      }
      this.tell('');
    } catch (error) {
      this.wish = undefined;
      this.focus.stay();
      this.tell(error instanceof Error ? error.message : String(error));
    }
    // The stop that follows is shown when it has been read.
    this.travelling = false;
    this.show();
    this.takeFocus();
  }

  private takeWish(): { readonly step: number; readonly branch?: number } | undefined {
    const { wish } = this;
    this.wish = undefined;
    return wish;
  }

  private async search({ kind, text, direction }: WebviewMessage & { readonly type: 'search' }): Promise<void> {
    const wanted = searchArguments(kind, text, direction);
    if (typeof wanted === 'string') {
      this.tell(wanted);
      return;
    }
    try {
      const found = (await this.session?.customRequest('foreframe/search', wanted)) as
        | { readonly found: boolean; readonly text: string; readonly line?: number }
        | undefined;
      this.tell(found?.line === undefined ? (found?.text ?? '') : foundText(found.line, found.text));
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }
}

async function textOf(path: string): Promise<{ lines: string[] }> {
  const document = await vscode.workspace.openTextDocument(path);
  return { lines: document.getText().split(/\r?\n/) };
}

async function readStop(stop: SessionStop): Promise<TimelineStop | undefined> {
  const scope = await readTop(stop.session, stop.threadId);
  if (scope === undefined) return undefined;
  const document = await vscode.workspace.openTextDocument(scope.path);
  const { name, path, line, depth } = scope;
  const source = line <= document.lineCount ? document.lineAt(line - 1).text.trim() : '';
  const values = Object.fromEntries(
    [...scope.values].flatMap(([variable, { text, provenance, confidence, local, check }]) =>
      local ? [[variable, { text, provenance, confidence, ...(check === undefined ? {} : { check }) }]] : [],
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
