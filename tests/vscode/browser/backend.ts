/** The back end that the tests debug with: the real one, on recorded answers. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';

const PYTHON = path.resolve('.venv/bin/python');
const FOREFRAME = path.resolve('.venv/bin/foreframe');
const PROGRAMS = path.resolve('tests/vscode/programs');

export function program(name: string): string {
  return fs.readFileSync(path.join(PROGRAMS, name), 'utf8');
}

/** A recording of a run of a program; the values of `unsure` are doubted in it. */
export function recording(name: string, { entry = '', args = '', unsure = 'share' } = {}): string {
  const file = path.resolve('.build/vscode/recordings', `${name}-${entry || 'module'}.jsonl`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  execFileSync(PYTHON, ['tests/vscode/record.py', path.join(PROGRAMS, name), entry, args, unsure, file]);
  return `recorded:${file}`;
}

/** The real command, wrapped so that its process can be found. */
export class Backend {
  readonly command: string;

  constructor(private readonly folder: string) {
    fs.mkdirSync(folder, { recursive: true });
    this.command = path.join(folder, 'foreframe');
    const script = `#!/bin/sh\necho $$ > '${this.pidFile}'\nexec '${FOREFRAME}' "$@"\n`;
    fs.writeFileSync(this.command, script, { mode: 0o755 });
  }

  /** Ends the running back end as a crash would, with a traceback on stderr. */
  crash(): void {
    process.kill(Number(fs.readFileSync(this.pidFile, 'utf8')), 'SIGABRT');
  }

  private get pidFile(): string {
    return path.join(this.folder, 'pid');
  }
}
