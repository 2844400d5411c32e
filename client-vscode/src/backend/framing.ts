/** DAP's framing: a Content-Length header, a blank line, JSON. Knows no streams. */
import { Buffer } from 'node:buffer';

const SEPARATOR = Buffer.from('\r\n\r\n');

/** A header or body that is not DAP; what came is in the message. */
export class FramingError extends Error {}

export function encodeMessage(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`, 'ascii'), body]);
}

/** Takes bytes as they arrive and gives whole messages. */
export class MessageDecoder {
  private pending = Buffer.alloc(0);

  /** The messages that `bytes` completes. Throws FramingError. */
  feed(bytes: Uint8Array): object[] {
    this.pending = Buffer.concat([this.pending, bytes]);
    const messages: object[] = [];
    for (;;) {
      const end = this.pending.indexOf(SEPARATOR);
      if (end < 0) return messages;
      const header = this.pending.toString('latin1', 0, end);
      const length = /^content-length:\s*(\d+)\s*$/im.exec(header)?.[1];
      if (length === undefined) throw new FramingError(`not a header of DAP: ${header.slice(0, 200)}`);
      const from = end + SEPARATOR.length;
      const to = from + Number(length);
      if (this.pending.length < to) return messages;
      messages.push(parse(this.pending.toString('utf8', from, to)));
      this.pending = this.pending.subarray(to);
    }
  }
}

function parse(body: string): object {
  try {
    const message: unknown = JSON.parse(body);
    if (typeof message === 'object' && message !== null) return message;
  } catch {
    // falls through to the one error below
  }
  throw new FramingError(`not a message of DAP: ${body.slice(0, 200)}`);
}
