/** "Look ahead": from a stop of a real session into its predicted future. Nothing is executed. */
import * as vscode from 'vscode';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ask, foreframeSession } from '../direction';
import type { BackendCommand } from '../backend/lookup';
import { localPath } from '../stopReader';
import { readStack } from './stack';

/** Debuggers of the Python extension whose sessions are followed. */
export const REAL_DEBUGGERS: readonly string[] = ['debugpy', 'python'];

/** Requests after which a real program stands elsewhere, and those that change what it holds. */
const MOVES = new Set(['continue', 'goto', 'next', 'restart', 'stepIn', 'stepOut']);
const CHANGES = new Set(['setExpression', 'setVariable']);

/** Where a real program stands. */
interface RealStop {
  readonly threadId: number;
  /** What was raised, if that is why it stopped. */
  readonly raised: string | undefined;
}

export class LookAhead implements vscode.DebugAdapterTrackerFactory, vscode.Disposable {
  private readonly stops = new WeakMap<vscode.DebugSession, RealStop>();
  /** The look ahead that was begun from a real session, by that session's id. */
  private readonly looks = new Map<string, vscode.DebugSession>();
  private readonly subscriptions: vscode.Disposable[];

  constructor() {
    this.subscriptions = [
      ...REAL_DEBUGGERS.map((type) => vscode.debug.registerDebugAdapterTrackerFactory(type, this)),
      vscode.debug.onDidStartDebugSession((session) => {
        const from = lookedFrom(session);
        if (from !== undefined) this.looks.set(from, session);
      }),
      vscode.debug.onDidTerminateDebugSession((session) => {
        const from = lookedFrom(session);
        if (from !== undefined && this.looks.get(from) === session) this.looks.delete(from);
      }),
      vscode.debug.onDidChangeActiveDebugSession((session) => {
        const looking = session !== undefined && lookedFrom(session) !== undefined;
        void vscode.commands.executeCommand('setContext', 'foreframe.lookingAhead', looking);
      }),
      vscode.commands.registerCommand('foreframe.lookAhead', () => this.look()),
      vscode.commands.registerCommand('foreframe.backToReal', () => this.backToReal()),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** Follows a real session: where it stands, and when what was seen ahead of it is old. */
  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const moved = (): void => {
      this.stops.delete(session);
      void this.end(session);
    };
    return {
      onWillReceiveMessage: (message: DebugProtocol.Request) => {
        if (message.type !== 'request') return;
        if (MOVES.has(message.command)) moved();
        else if (CHANGES.has(message.command)) void this.end(session);
      },
      onDidSendMessage: (message: DebugProtocol.Event) => {
        if (message.type !== 'event') return;
        if (message.event === 'stopped') {
          const { threadId = 1, reason, description, text } = (message as DebugProtocol.StoppedEvent).body;
          const raised = reason === 'exception' ? raisedText(description, text) : undefined;
          this.stops.set(session, { threadId, raised });
        } else if (message.event === 'continued' || message.event === 'terminated') {
          moved();
        }
      },
      onWillStopSession: moved,
    };
  }

  /** One stop further in a live session; a session of its own beside another debugger's. */
  private async look(): Promise<void> {
    const session = vscode.debug.activeDebugSession;
    if (session === undefined) return;
    if (foreframeSession() !== undefined) {
      await ask(session, 'foreframe/lookAhead', { frames: 1 });
      return;
    }
    const stop = this.stops.get(session) ?? focusedStop(session);
    if (stop === undefined) {
      void vscode.window.showInformationMessage('The program runs: pause it, or set a breakpoint, to look ahead from there.');
      return;
    }
    const read = await readStack((command, args) => session.customRequest(command, args), stop.threadId).then(
      (found) => found,
      () => undefined,
    );
    if (read === undefined) {
      void vscode.window.showErrorMessage('Foreframe could not read where the program stands: nothing can be predicted from it.');
      return;
    }
    await this.end(session);
    await vscode.debug.startDebugging(
      session.workspaceFolder,
      {
        type: 'foreframe',
        request: 'launch',
        name: `Ahead of ${session.name}`,
        program: localPath(read.path),
        mode: 'imagine',
        start: 'state',
        stack: read.stack,
        ...(stop.raised === undefined ? {} : { raised: stop.raised }),
        __lookedFrom: session.id,
      },
      // `compact`, or else the editor leaves the focus on the real session.
      { parentSession: session, compact: true, suppressSaveBeforeStart: true, suppressDebugView: true },
    );
  }

  private async backToReal(): Promise<void> {
    const session = foreframeSession();
    if (session === undefined) return;
    if (lookedFrom(session) === undefined) await ask(session, 'foreframe/backToReal', {});
    else await vscode.debug.stopDebugging(session);
  }

  /** What was seen ahead of a session is of no use any more. */
  private async end(real: vscode.DebugSession): Promise<void> {
    const look = this.looks.get(real.id);
    this.looks.delete(real.id);
    if (look !== undefined) await vscode.debug.stopDebugging(look);
  }
}

function lookedFrom(session: vscode.DebugSession): string | undefined {
  const { __lookedFrom: from } = session.configuration as { __lookedFrom?: string; __backend?: BackendCommand };
  return session.type === 'foreframe' ? from : undefined;
}

/** Where the person looks, of a session that stopped before it was followed. */
function focusedStop(session: vscode.DebugSession): RealStop | undefined {
  const item = vscode.debug.activeStackItem;
  if (!(item instanceof vscode.DebugStackFrame) || item.session !== session) return undefined;
  return { threadId: item.threadId, raised: undefined };
}

/** `KeyError: 'a'`, from what debugpy tells of an exception. */
function raisedText(description: string | undefined, text: string | undefined): string | undefined {
  if (!text) return description;
  return description && description !== text ? `${text}: ${description}` : text;
}
