/** The "Predicted vs Real" view: the comparison at the last stop of a checked session. */
import * as vscode from 'vscode';
import type { Sessions } from '../sessions';
import { SPOKEN, type Verdict } from '../values';
import { nodesOf, shareText, type Comparison, type Node, type Report } from './model';

const ICONS: Record<Verdict, vscode.ThemeIcon> = {
  match: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
  differs: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')),
  missing: new vscode.ThemeIcon('diff-removed', new vscode.ThemeColor('testing.iconFailed')),
  extra: new vscode.ThemeIcon('diff-added', new vscode.ThemeColor('testing.iconFailed')),
  'not comparable': new vscode.ThemeIcon('question', new vscode.ThemeColor('testing.iconSkipped')),
};

export class ComparisonView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  private nodes: readonly Node[] = [];
  private share: string | undefined;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(sessions: Sessions) {
    this.subscriptions = [
      this.changed,
      vscode.window.createTreeView('foreframe.comparison', { treeDataProvider: this, showCollapseAll: true }),
      sessions.onDidTell(({ session, event }) => {
        if (event.event === 'foreframe/comparison') void this.compared(session, event.body as Comparison);
        if (event.event === 'foreframe/report') this.reported(event.body as Report);
      }),
      vscode.debug.onDidStartDebugSession(({ type }) => {
        if (type === 'foreframe') void this.clear();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** `93 % right`, of all that the session has compared. */
  get shareRight(): string | undefined {
    return this.share;
  }

  getChildren(node?: Node): Node[] {
    return [...(node?.children ?? this.nodes)];
  }

  getTreeItem({ label, description, verdict, children }: Node): vscode.TreeItem {
    const item = new vscode.TreeItem(
      label,
      children.length === 0 ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded,
    );
    item.description = description;
    item.iconPath = ICONS[verdict];
    item.tooltip = `${label} ${description}\n${SPOKEN[verdict]}`;
    item.accessibilityInformation = { label: `${label}: ${SPOKEN[verdict]}, ${description}` };
    return item;
  }

  private async compared(session: vscode.DebugSession, comparison: Comparison): Promise<void> {
    this.nodes = nodesOf(comparison);
    this.changed.fire();
    await vscode.commands.executeCommand('setContext', 'foreframe.hasComparison', true);
    try {
      this.reported((await session.customRequest('foreframe/report', {})) as Report);
    } catch {
      // The session has ended in between: its report comes as an event.
    }
  }

  private reported(report: Report): void {
    this.share = shareText(report);
    this.changed.fire();
  }

  /** Another session begins, which may compare nothing. */
  private async clear(): Promise<void> {
    this.nodes = [];
    this.share = undefined;
    this.changed.fire();
    await vscode.commands.executeCommand('setContext', 'foreframe.hasComparison', false);
  }
}
