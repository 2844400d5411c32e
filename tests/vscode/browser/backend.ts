/** The back end that the tests debug with: the real one, on recorded answers. */
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

/** Interpreter whose environment has the back end. */
export const PYTHON = path.resolve('.venv/bin/python');
const TAPE_BACKEND = path.resolve('tests/vscode/tape_backend.py');
const FOREFRAME = path.resolve('.venv/bin/foreframe');
const PROGRAMS = path.resolve('tests/vscode/programs');
const FOLDER = path.resolve('.build/vscode/backend');

export function program(name: string): string {
  return fs.readFileSync(path.join(PROGRAMS, name), 'utf8');
}

/** A recording of a run of a program; the values of `unsure` are doubted in it, and it is retold in `words`. */
export function recording(name: string, { entry = '', args = '', unsure = 'share', words = '' } = {}): string {
  fs.mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `${name}-${entry || 'module'}${words && '-retold'}.jsonl`);
  execFileSync(PYTHON, ['tests/vscode/record.py', path.join(PROGRAMS, name), entry, args, unsure, words, file]);
  return `recorded:${file}`;
}

/** What a back end that crashes writes last. */
export const LAST_WORDS = 'MemoryError: no room for the model';

/** A value that is predicted wrong: the line that shows it, the variable, the text. */
export type Lie = readonly [line: number, name: string, text: string];

/** A tape of a run of a program, for a `Backend` that plays tapes. It answers from any state of it. */
export function tape(name: string, lies: readonly Lie[] = []): string {
  fs.mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, `${name}-${lies.length}.tape`);
  execFileSync(PYTHON, [TAPE_BACKEND, 'record', path.join(PROGRAMS, name), file, JSON.stringify(lies)]);
  return `tape:${file}`;
}

/** The real command, wrapped so that its process can be found, and dies with words. */
export class Backend {
  readonly command: string;
  private readonly pidFile: string;

  /** `plays` tapes: the same adapter with a tape for a model. */
  constructor(plays: 'models' | 'tapes' = 'models') {
    fs.mkdirSync(FOLDER, { recursive: true });
    this.command = path.join(FOLDER, `foreframe-${plays}`);
    this.pidFile = path.join(FOLDER, `pid-${plays}`);
    const dap = plays === 'tapes' ? `'${PYTHON}' '${TAPE_BACKEND}'` : `'${FOREFRAME}'`;
    const script = [
      '#!/bin/sh',
      'exec 3<&0',
      // Its number is there before it says its first word.
      `told='echo $$ > "${this.pidFile}"; exec "$@"'`,
      `if [ "$1" = dap ]; then sh -c "$told" sh ${dap} "$@" <&3 & else '${FOREFRAME}' "$@" <&3 & fi`,
      'wait $!',
      'status=$?',
      `[ $status -lt 128 ] || echo '${LAST_WORDS}' >&2`,
      'exit $status',
    ];
    fs.writeFileSync(this.command, script.join('\n'), { mode: 0o755 });
  }

  /** Ends the running back end as a crash would. */
  crash(): void {
    process.kill(Number(fs.readFileSync(this.pidFile, 'utf8')), 'SIGABRT');
  }
}

/** A wheel that pip can install without a network, with the real command behind it. */
export function wheel(): string {
  fs.mkdirSync(FOLDER, { recursive: true });
  return execFileSync(PYTHON, ['tests/vscode/stub_wheel.py', FOLDER, FOREFRAME], { encoding: 'utf8' }).trim();
}

/** Starts a back end that listens on a port, and gives the port. */
export async function listening(engine: string): Promise<{ port: number; stop: () => void }> {
  const server = spawn(FOREFRAME, ['dap', '--port', '0', '--engine', engine], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await new Promise<number>((resolve, reject) => {
    let told = '';
    server.stderr.on('data', (bytes: Buffer) => {
      told += bytes.toString();
      const found = /listening on [\d.]+:(\d+)/.exec(told)?.[1];
      if (found) resolve(Number(found));
    });
    server.on('close', () => {
      reject(new Error(`the back end ended: ${told}`));
    });
  });
  return { port, stop: () => server.kill() };
}
