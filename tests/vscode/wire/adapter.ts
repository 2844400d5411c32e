/** A debug adapter on stdio, asked as an editor asks it. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { encodeMessage, MessageDecoder } from '../../../client-vscode/src/backend/framing';

export class Adapter {
  private readonly process: ChildProcess;
  private readonly decoder = new MessageDecoder();
  private readonly waiting = new Map<number, (response: DebugProtocol.Response) => void>();
  private readonly ended: Promise<never>;
  private readonly events: DebugProtocol.Event[] = [];
  private woken: () => void = () => undefined;
  private seq = 0;
  /** Every request that was sent. */
  readonly asked: string[] = [];

  constructor(command: string, ...args: string[]) {
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdout?.on('data', (bytes: Buffer) => {
      for (const message of this.decoder.feed(bytes)) this.take(message as DebugProtocol.ProtocolMessage);
    });
    this.ended = new Promise((_, reject) => {
      this.process.on('error', reject);
      this.process.on('close', () => {
        reject(new Error(`${command} has ended`));
      });
    });
    this.ended.catch(() => undefined);
  }

  /** The body of the response. Throws what the adapter refuses with. */
  async ask(command: string, args: object = {}): Promise<unknown> {
    const answer = new Promise<DebugProtocol.Response>((resolve) => {
      this.waiting.set(++this.seq, resolve);
      this.asked.push(command);
      this.process.stdin?.write(encodeMessage({ seq: this.seq, type: 'request', command, arguments: args }));
    });
    const response = await Promise.race([answer, this.ended]);
    if (!response.success) throw new Error(response.message);
    return response.body;
  }

  /** The body of the next event of this name. */
  async event(name: string): Promise<unknown> {
    for (;;) {
      const at = this.events.findIndex(({ event }) => event === name);
      if (at >= 0) return this.events.splice(at, 1)[0]?.body;
      await Promise.race([new Promise<void>((resolve) => (this.woken = resolve)), this.ended]);
    }
  }

  close(): void {
    this.process.kill();
  }

  private take(message: DebugProtocol.ProtocolMessage): void {
    if (message.type === 'response') {
      const response = message as DebugProtocol.Response;
      this.waiting.get(response.request_seq)?.(response);
    } else if (message.type === 'event') {
      this.events.push(message as DebugProtocol.Event);
      this.woken();
    }
  }
}
