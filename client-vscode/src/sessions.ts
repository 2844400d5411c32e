/** Follows the Foreframe sessions of the window: when they stop, go on and end. */
import * as vscode from 'vscode';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Direction } from './timeline/model';

/** Requests after which the next `stopped` is the answer of the model. */
const ACTIONS = new Set([
  'configurationDone',
  'next',
  'stepIn',
  'stepOut',
  'stepBack',
  'continue',
  'reverseContinue',
  'restart',
  'foreframe/backToReal',
  'foreframe/goTo',
  'foreframe/lookAhead',
  'foreframe/reverseStepIn',
  'foreframe/reverseStepOut',
]);

const BACKWARD = new Set(['stepBack', 'reverseContinue', 'foreframe/reverseStepIn', 'foreframe/reverseStepOut']);
/** Requests that go backward where the session's direction is. */
const TURNED = new Set(['next', 'stepIn', 'stepOut', 'continue']);

/** A response, as far as it tells of a direction. */
interface DirectionResponse extends DebugProtocol.Response {
  body?: { readonly direction?: Direction };
}

export interface SessionStop {
  readonly session: vscode.DebugSession;
  readonly threadId: number;
  /** Milliseconds from the action to the stop; undefined if no action led to it. */
  readonly latency: number | undefined;
  /** The way through time of that action. */
  readonly direction: Direction;
}

export class Sessions implements vscode.DebugAdapterTrackerFactory {
  private readonly stopped = new vscode.EventEmitter<SessionStop>();
  private readonly went = new vscode.EventEmitter<vscode.DebugSession>();
  private readonly stayed = new vscode.EventEmitter<vscode.DebugSession>();
  private readonly ended = new vscode.EventEmitter<vscode.DebugSession>();
  private readonly turned = new vscode.EventEmitter<vscode.DebugSession>();
  private readonly told = new vscode.EventEmitter<{ session: vscode.DebugSession; event: DebugProtocol.Event }>();

  readonly onDidStop = this.stopped.event;
  /** An action was asked for: what was shown of the last stop is old. */
  readonly onDidGo = this.went.event;
  /** An action was refused: the session stands where it stood. */
  readonly onDidStay = this.stayed.event;
  readonly onDidEnd = this.ended.event;
  /** The session has another direction. */
  readonly onDidTurn = this.turned.event;
  /** Every other event of a back end. */
  readonly onDidTell = this.told.event;

  /** The last stop of each session that stands. */
  private readonly standing = new WeakMap<vscode.DebugSession, SessionStop>();

  private readonly directions = new WeakMap<vscode.DebugSession, Direction>();

  /** Which way steps go that do not say it. */
  directionOf(session: vscode.DebugSession): Direction {
    return this.directions.get(session) ?? 'forward';
  }

  /** Where the session stands, if it does. */
  stopOf(session: vscode.DebugSession): SessionStop | undefined {
    return this.standing.get(session);
  }

  /** Whether the session has not gone on since this stop. */
  stands(stop: SessionStop): boolean {
    return this.standing.get(stop.session) === stop;
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    let asked: number | undefined;
    let direction: Direction = 'forward';
    return {
      onWillReceiveMessage: (message: DebugProtocol.Request) => {
        if (message.type !== 'request' || !ACTIONS.has(message.command)) return;
        asked = performance.now();
        const turns = TURNED.has(message.command) && this.directionOf(session) === 'backward';
        direction = turns || BACKWARD.has(message.command) ? 'backward' : 'forward';
        this.standing.delete(session);
        this.went.fire(session);
      },
      onDidSendMessage: (message: DebugProtocol.ProtocolMessage) => {
        if (message.type === 'response') {
          const { command, success, body } = message as DirectionResponse;
          if (!success && ACTIONS.has(command)) this.stayed.fire(session);
          if (success && (command === 'foreframe/setDirection' || command === 'restart')) {
            this.directions.set(session, body?.direction ?? 'forward');
            this.turned.fire(session);
          }
        }
        if (message.type !== 'event') return;
        const event = message as DebugProtocol.Event;
        if (event.event !== 'stopped') {
          this.told.fire({ session, event });
          return;
        }
        const { threadId = 1 } = (event as DebugProtocol.StoppedEvent).body;
        const latency = asked === undefined ? undefined : performance.now() - asked;
        asked = undefined;
        const stop = { session, threadId, latency, direction };
        this.standing.set(session, stop);
        this.stopped.fire(stop);
      },
      onWillStopSession: () => {
        this.standing.delete(session);
        this.ended.fire(session);
      },
    };
  }
}
