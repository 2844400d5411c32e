/** Whether the engine of the session in focus can retell a run in its own words, for menus. */
import * as vscode from 'vscode';
import { foreframeSession } from './direction';
import type { Sessions } from './sessions';

export class Retelling implements vscode.Disposable {
  /** What each session has answered; it is asked once, at its first stop. */
  private readonly known = new WeakMap<vscode.DebugSession, boolean>();
  private readonly subscriptions: vscode.Disposable[];

  constructor(sessions: Sessions) {
    this.subscriptions = [
      sessions.onDidStop(({ session }) => {
        if (!this.known.has(session)) void this.ask(session);
      }),
      vscode.debug.onDidChangeActiveDebugSession(() => {
        this.tell();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private async ask(session: vscode.DebugSession): Promise<void> {
    this.known.set(session, false);
    try {
      const { can } = (await session.customRequest('foreframe/canRetell', {})) as { can: boolean };
      this.known.set(session, can);
    } catch {
      // A live session, whose past is real, or an older back end.
    }
    this.tell();
  }

  private tell(): void {
    const session = foreframeSession();
    const can = session !== undefined && this.known.get(session) === true;
    void vscode.commands.executeCommand('setContext', 'foreframe.canRetell', can);
  }
}
