/** Steps backward: the direction of a session, in and out of calls, and what menus may know of it. */
import * as vscode from 'vscode';
import type { LaunchConfiguration } from './launch';
import type { Sessions } from './sessions';
import type { Direction } from './timeline/model';

export class DirectionCommands implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly sessions: Sessions) {
    const tell = (): void => {
      this.tell();
    };
    this.subscriptions = [
      vscode.debug.onDidChangeActiveDebugSession(tell),
      sessions.onDidTurn(tell),
      vscode.commands.registerCommand('foreframe.goBackward', () => this.turn('backward')),
      vscode.commands.registerCommand('foreframe.goForward', () => this.turn('forward')),
      vscode.commands.registerCommand('foreframe.reverseStepInto', () => this.step('foreframe/reverseStepIn')),
      vscode.commands.registerCommand('foreframe.reverseStepOut', () => this.step('foreframe/reverseStepOut')),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private async turn(direction: Direction): Promise<void> {
    await ask(foreframeSession(), 'foreframe/setDirection', { direction });
  }

  private async step(command: string): Promise<void> {
    const session = foreframeSession();
    const stop = session && this.sessions.stopOf(session);
    if (stop !== undefined) await ask(session, command, { threadId: stop.threadId });
  }

  /** For the conditions of menus and keys. */
  private tell(): void {
    const session = foreframeSession();
    const { mode = '' } = (session?.configuration ?? {}) as LaunchConfiguration;
    const isBackward = session !== undefined && this.sessions.directionOf(session) === 'backward';
    void vscode.commands.executeCommand('setContext', 'foreframe.backward', isBackward);
    void vscode.commands.executeCommand('setContext', 'foreframe.mode', mode);
  }
}

/** The session that commands are about. */
export function foreframeSession(): vscode.DebugSession | undefined {
  const session = vscode.debug.activeDebugSession;
  return session?.type === 'foreframe' ? session : undefined;
}

/** Asks a back end for something; a refusal is told. */
export async function ask(session: vscode.DebugSession | undefined, command: string, args: object): Promise<void> {
  try {
    await session?.customRequest(command, args);
  } catch (error) {
    void vscode.window.showErrorMessage(`Foreframe: ${error instanceof Error ? error.message : String(error)}`);
  }
}
