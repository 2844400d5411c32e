/** One debug session's way to its back end: a process or a socket that speaks DAP. */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import * as vscode from 'vscode';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encodeMessage, MessageDecoder } from './framing';
import type { BackendCommand } from './lookup';
import { LastWords } from './lastWords';

/** How a connection ended, when nobody had asked for it. */
export interface Death {
  /** What happened, as a sentence for a person. */
  readonly what: string;
  /** What the back end wrote on stderr at the end; empty if nothing. */
  readonly lastWords: string;
}

/** Milliseconds that a back end has for leaving by itself after a disconnect. */
const GRACE = 3000;

/** Carries messages between VS Code and the back end, and tells once if the back end dies. */
export class BackendConnection implements vscode.DebugAdapter {
  private readonly received = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  private readonly decoder = new MessageDecoder();
  private readonly unanswered = new Map<number, DebugProtocol.Request>();
  private ending = false;
  private over = false;
  private seq = 1_000_000;

  readonly onDidSendMessage = this.received.event;

  private constructor(
    private readonly input: Writable,
    output: Readable,
    private readonly died: (death: Death) => void,
    private readonly kill: () => void,
    private readonly words: LastWords,
  ) {
    output.on('data', (bytes: Buffer) => {
      this.take(bytes);
    });
    // A pipe that breaks is told by the end of the process or the socket.
    input.on('error', () => undefined);
  }

  /** Starts a back end of this session's own on stdio. */
  static start(
    command: BackendCommand,
    cwd: string | undefined,
    log: vscode.LogOutputChannel,
    died: (death: Death) => void,
  ): BackendConnection {
    log.info(`starting ${[command.path, ...command.args].join(' ')} (${command.origin})`);
    const process = spawn(command.path, command.args, { cwd, stdio: 'pipe' });
    const words = new LastWords((line) => {
      log.warn(line);
    });
    process.stderr.on('data', (bytes: Buffer) => {
      words.feed(bytes);
    });
    const connection = new BackendConnection(
      process.stdin,
      process.stdout,
      died,
      () => process.kill(),
      words,
    );
    process.on('error', (error) => {
      connection.end(`The Foreframe back end could not be started: ${error.message}.`);
    });
    process.on('close', (code, signal) => {
      const how = signal ?? `exit status ${code ?? 'unknown'}`;
      log.info(`the back end has ended (${how})`);
      connection.end(`The Foreframe back end died (${how}).`);
    });
    return connection;
  }

  /** Joins a back end that listens on a port. */
  static join(
    host: string,
    port: number,
    log: vscode.LogOutputChannel,
    died: (death: Death) => void,
  ): BackendConnection {
    log.info(`joining the back end at ${host}:${port}`);
    const socket = connect({ host, port, noDelay: true });
    const connection = new BackendConnection(
      socket,
      socket,
      died,
      () => {
        socket.destroy();
      },
      new LastWords(() => undefined),
    );
    socket.on('error', (error) => {
      connection.end(`No Foreframe back end could be joined at ${host}:${port}: ${error.message}.`);
    });
    socket.on('close', () => {
      connection.end(`The Foreframe back end at ${host}:${port} closed the connection.`);
    });
    return connection;
  }

  handleMessage(message: vscode.DebugProtocolMessage): void {
    const request = message as DebugProtocol.Request;
    if (request.type === 'request') {
      if (this.over) {
        this.refuse(request);
        return;
      }
      this.unanswered.set(request.seq, request);
      if (request.command === 'disconnect' || request.command === 'terminate') this.ending = true;
    }
    this.input.write(encodeMessage(message));
  }

  dispose(): void {
    this.ending = true;
    this.input.end();
    setTimeout(this.kill, GRACE).unref();
  }

  private take(bytes: Buffer): void {
    try {
      for (const message of this.decoder.feed(bytes)) {
        const known = message as DebugProtocol.ProtocolMessage;
        if (known.type === 'response') {
          this.unanswered.delete((known as DebugProtocol.Response).request_seq);
        }
        this.received.fire(known);
      }
    } catch (error) {
      this.kill();
      this.end(`The Foreframe back end said something else than DAP: ${String(error)}`);
    }
  }

  /** Ends the session in VS Code: nothing stays unanswered, and the person hears why. */
  private end(what: string): void {
    if (this.over) return;
    this.over = true;
    for (const request of this.unanswered.values()) this.refuse(request);
    this.unanswered.clear();
    if (this.ending) return;
    const lastWords = this.words.text();
    const output = lastWords ? `${what} Its last words:\n${lastWords}\n` : `${what}\n`;
    this.event({ event: 'output', body: { category: 'stderr', output } });
    this.event({ event: 'terminated', body: {} });
    this.died({ what, lastWords });
  }

  private refuse(request: DebugProtocol.Request): void {
    const response: DebugProtocol.Response = {
      seq: this.seq++,
      type: 'response',
      request_seq: request.seq,
      command: request.command,
      success: request.command === 'disconnect' || request.command === 'terminate',
      message: 'The Foreframe back end has ended.',
    };
    this.received.fire(response);
  }

  private event(event: { event: string; body: object }): void {
    this.received.fire({ seq: this.seq++, type: 'event', ...event });
  }
}
