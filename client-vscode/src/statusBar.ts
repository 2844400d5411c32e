/** The status bar's word on the running session: mode, engine, how long a step took, how sure it is, how often right. */
import * as vscode from 'vscode';
import type { ComparisonView } from './comparison/view';
import type { LaunchConfiguration } from './launch';
import { percent } from './shownValues';
import type { Sessions, SessionStop } from './sessions';
import type { StopReader, ShownScope } from './stopReader';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('foreframe.session', vscode.StatusBarAlignment.Left, 40);
  private readonly subscriptions: vscode.Disposable[];
  private latency: number | undefined;
  private thinking = false;
  private scope: ShownScope | undefined;

  constructor(
    private readonly sessions: Sessions,
    reader: StopReader,
    private readonly comparisons: ComparisonView,
  ) {
    this.item.name = 'Foreframe';
    this.item.command = 'foreframe.timeline.focus';
    this.subscriptions = [
      this.item,
      sessions.onDidGo(() => {
        this.thinking = true;
        this.show();
      }),
      sessions.onDidStop((stop: SessionStop) => {
        this.thinking = false;
        this.latency = stop.latency ?? this.latency;
        this.show();
      }),
      sessions.onDidStay(() => {
        this.thinking = false;
        this.show();
      }),
      sessions.onDidEnd(() => {
        this.thinking = false;
        this.latency = undefined;
        this.scope = undefined;
        this.item.hide();
      }),
      reader.onDidSelect((scope) => {
        this.scope = scope;
        this.show();
      }),
      comparisons.onDidChangeTreeData(() => {
        this.show();
      }),
      sessions.onDidTurn(() => {
        this.show();
      }),
      vscode.debug.onDidChangeActiveDebugSession(() => {
        this.show();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private show(): void {
    const session = vscode.debug.activeDebugSession;
    if (session?.type !== 'foreframe') {
      this.item.hide();
      return;
    }
    const launch: LaunchConfiguration = session.configuration;
    const { mode = 'imagine', engine = launch.port ? `port ${launch.port}` : 'auto' } = launch;
    const confidence = leastSure(this.scope);
    const took = this.latency === undefined ? '' : duration(this.latency);
    const right = this.comparisons.shareRight ?? '';
    const sure = confidence === undefined ? '' : `${confidence < 1 ? '≥ ' : ''}${percent(confidence)} sure`;
    const isBackward = this.sessions.directionOf(session) === 'backward';
    const parts = [isBackward ? `${mode} ◀ backward` : mode, engineName(engine), right, took, sure];
    const icon = this.thinking ? '$(loading~spin)' : '$(lightbulb-sparkle)';
    this.item.text = `${icon} ${parts.filter(Boolean).join(' · ')}`;
    this.item.accessibilityInformation = {
      label: `Foreframe: ${this.thinking ? 'predicting, ' : ''}${parts.filter(Boolean).join(', ')}`,
    };
    this.item.tooltip = tooltip(mode, engine, took, confidence, right);
    this.item.show();
  }
}

function tooltip(
  mode: string,
  engine: string,
  took: string,
  confidence: number | undefined,
  right: string,
): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  const executed = mode === 'imagine' ? 'nothing is executed' : 'the program is executed';
  text.appendMarkdown(`**Foreframe**: ${executed}.\n\n`);
  text.appendMarkdown(`- Mode: ${mode}\n- Engine: `).appendText(engine).appendMarkdown('\n');
  if (took) text.appendMarkdown(`- Last step: ${took}\n`);
  if (right) text.appendMarkdown(`- Predicted values: ${right}\n`);
  if (confidence !== undefined) text.appendMarkdown(`- Least sure value: ${percent(confidence)}\n`);
  return text.appendMarkdown('\nClick for the Foreframe Timeline.');
}

/** `auto`, `embedded`, or the host of a server. */
function engineName(engine: string): string {
  return /^https?:\/\/([^/]+)/.exec(engine)?.[1] ?? engine.replace(/:.*$/s, '');
}

function duration(milliseconds: number): string {
  return milliseconds < 995 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function leastSure(scope: ShownScope | undefined): number | undefined {
  const known = [...(scope?.values.values() ?? [])].flatMap((v) => v.confidence ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}
