/** The end of what a process writes on stderr. */
import { StringDecoder } from 'node:string_decoder';

/** Lines that are worth showing in a notification. */
const KEPT = 40;

/** Keeps the last lines of a stream of bytes, and hands every whole line on. */
export class LastWords {
  private readonly decoder = new StringDecoder('utf8');
  private readonly lines: string[] = [];
  private partial = '';

  constructor(private readonly onLine: (line: string) => void) {}

  feed(bytes: Buffer): void {
    const lines = (this.partial + this.decoder.write(bytes)).split(/\r?\n/);
    this.partial = lines.pop() ?? '';
    for (const line of lines) {
      this.onLine(line);
      this.lines.push(line);
    }
    this.lines.splice(0, Math.max(0, this.lines.length - KEPT));
  }

  /** All that is kept, without blank lines at its ends. */
  text(): string {
    return [...this.lines, this.partial].join('\n').trim();
  }

  /** The last line that says something: of a Python traceback, the error itself. */
  static lastLine(text: string): string {
    return text.split('\n').findLast((line) => line.trim() !== '')?.trim() ?? '';
  }
}
