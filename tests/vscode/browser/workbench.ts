/** A window of a real VS Code in a real browser, driven as a person does. */
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { TRY, until, VsCode } from './vscode';

const SCREENSHOTS = path.resolve('.build/screenshots');

/** Written by the companion, as an editor is told at once of what it writes itself. */
const LAUNCH = '.vscode/launch.json';

/** Pixels of the editor, from its top, that pictures for the README have. */
const PICTURE_HEIGHT = 310;

type Theme = 'light' | 'dark' | 'contrast';

/** Names of the themes, and the classes that tell of them. */
const THEMES: Record<Theme, { readonly name: string; readonly window: string; readonly webview: string }> = {
  light: { name: 'Default Light Modern', window: 'vs', webview: 'vscode-light' },
  dark: { name: 'Default Dark Modern', window: 'vs-dark', webview: 'vscode-dark' },
  contrast: { name: 'Default High Contrast', window: 'hc-black', webview: 'vscode-high-contrast' },
};

const SETTINGS = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  // A stop gives the focus to the editor, whatever is open.
  'workbench.quickOpen.closeOnFocusLost': false,
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
  // What is typed is all that is written.
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.accessibilitySupport': 'off',
  'debug.toolBarLocation': 'docked',
  'debug.internalConsoleOptions': 'neverOpen',
  'debug.showInStatusBar': 'never',
  'debug.openDebug': 'openOnSessionStart',
};

interface WorkbenchOptions {
  readonly settings?: Record<string, unknown>;
  /** Files of the opened folder: name → text. */
  readonly files: Record<string, string>;
  /** For tests inside the extension host; hides notifications. */
  readonly inHost?: boolean;
}

export class Workbench {
  private constructor(
    private readonly vscode: VsCode,
    private readonly files: Record<string, string>,
    private readonly settings: Record<string, unknown>,
    private theme: Theme = 'dark',
  ) {}

  get page(): Page {
    return this.vscode.page;
  }

  private static async begin({ settings = {}, files, inHost = false }: WorkbenchOptions): Promise<Workbench> {
    const vscode = await VsCode.shared(SETTINGS, inHost);
    vscode.fill(Object.fromEntries(Object.entries(files).filter(([name]) => name !== LAUNCH)));
    return new Workbench(vscode, files, settings);
  }

  /** Has a window for the time of a test. A failure leaves a picture of where it happened. */
  static async during(options: WorkbenchOptions, body: (code: Workbench) => Promise<void>): Promise<void> {
    const code = await Workbench.begin(options);
    try {
      await body(code);
    } catch (error) {
      await code.photograph('failed').catch(() => undefined);
      // Whatever it was, the next test begins without it.
      await VsCode.end();
      throw error;
    }
  }

  /** Opens a file of the folder with the cursor on a line, and waits until it can be debugged. */
  async openFile(name: string, line = 1): Promise<void> {
    await this.show(name, line, 'Python');
    await this.debuggable();
  }

  /** Opens a file of the folder in a window that is as new, and waits for its language. */
  async show(name: string, line: number, language: string): Promise<void> {
    const settings = { ...this.settings, 'workbench.colorTheme': THEMES.dark.name };
    await this.vscode.ask({ settings, launch: this.files[LAUNCH] ?? null, name, line });
    await this.page.locator('#status\\.editor\\.mode', { hasText: language }).waitFor();
  }

  /** Runs the exported `run` of a bundle in the extension host. */
  async runInHost(bundle: string): Promise<{ exit: number; log: string[] }> {
    const log: string[] = [];
    let exit: number | undefined;
    await this.page.exposeFunction('codeAutomationExit', (code: number) => {
      exit = code;
    });
    await this.page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      log.push(`${type} ${args.map(String).join(' ')}`);
    });
    const remote = (file: string): string => `vscode-remote://127.0.0.1:${this.vscode.port}${file}`;
    await this.vscode.open([
      ['extensionDevelopmentPath', remote(path.resolve('client-vscode'))],
      ['extensionTestsPath', remote(bundle)],
    ]);
    await until('the end of the tests in the extension host', async () => exit !== undefined);
    return { exit: exit ?? -1, log };
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
    const margin = this.page.locator('.editor-instance .monaco-editor .glyph-margin').first();
    const breakpoints = this.page.locator('.editor-instance .cgmr.codicon-debug-breakpoint');
    await until(`a breakpoint on line ${line}`, async () => {
      const [edge, number] = [await margin.boundingBox(), await this.lineNumber(line).boundingBox()];
      assert.ok(edge && number);
      const [set, ...others] = await breakpoints.all();
      const box = await set?.boundingBox({ timeout: TRY });
      const isThere = box !== undefined && box !== null && Math.abs(box.y - number.y) < 3;
      if (isThere && others.length === 0) return true;
      // A lens that came between may have led a click to another line: that one goes again.
      const y = set === undefined || isThere ? number.y : (box?.y ?? number.y);
      await this.page.mouse.click(edge.x + 8, y + number.height / 2);
      if (set === undefined) await breakpoints.first().waitFor({ timeout: TRY });
      else await breakpoints.first().waitFor({ state: 'detached', timeout: TRY });
      return false;
    });
  }

  private lineNumber(line: number): Locator {
    return this.page.locator('.editor-instance .line-numbers', { hasText: new RegExp(`^${line}$`) }).first();
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Writes at the cursor. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.insertText(text);
  }

  /** What the editor offers at the cursor, as a screen reader hears it, once this is among it. */
  async suggestions(wanted: string): Promise<string[]> {
    await until(`the suggestion ${wanted}`, async () => {
      // What was offered before a language was ready is less than all.
      await this.press('Escape');
      await this.press('Control+Space');
      await this.suggestion(wanted).waitFor({ timeout: TRY });
      return true;
    });
    return this.page.locator('.suggest-widget .monaco-list-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  suggestion(name: string): Locator {
    return this.page.locator(`.suggest-widget .monaco-list-row[aria-label^='${name}']`).first();
  }

  /** The lines of an editor that are in view, without what is shown beside them. */
  async text(editor = 0): Promise<string[]> {
    const lines = this.page.locator('.editor-instance').nth(editor).locator('.view-line');
    const rows = await lines.evaluateAll((all) => all.map((row) => [row.getBoundingClientRect().top, row.textContent ?? ''] as const));
    return rows.sort(([a], [b]) => a - b).map(([, row]) => row.replace(/\u00a0/g, ' '));
  }

  /** Runs a command by its title in the palette. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    const chosen = this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: title.replace(/^.*: /, '') });
    await until(`the command ${title}`, async () => {
      await this.press('F1');
      await input.fill(`>${title}`, { timeout: TRY });
      // Until the list follows what was typed, another command is the first.
      await chosen.waitFor({ timeout: TRY });
      await input.press('Enter', { timeout: TRY });
      return true;
    });
  }

  /** Saves launch.json, and waits until VS Code knows this configuration. */
  async saveConfiguration(name: string): Promise<void> {
    await this.press('Control+S');
    await this.page.locator(`[id$="companion.session"] [aria-label*="${name}"]`).waitFor();
  }

  /** Opens another file of the folder as a person does, with the cursor on a line. */
  async open(name: string, line: number): Promise<void> {
    const input = this.page.locator('.quick-input-widget input').first();
    await until(`the file ${name}`, async () => {
      await this.press('Control+P');
      await input.fill(`${name}:${line}`, { timeout: TRY });
      await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).waitFor({ timeout: TRY });
      await input.press('Enter', { timeout: TRY });
      return true;
    });
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.debuggable();
  }

  /** Clicks a button of the debug toolbar, by its codicon: `step-back`, `continue`... */
  async toolbar(name: string): Promise<void> {
    await this.page.locator(`a.codicon-debug-${name}:not(.disabled):visible`).first().click();
  }

  /** Waits until a session of this type has the focus: what keys and commands are about. */
  async inSession(type: string): Promise<void> {
    await this.page.locator('[id$="companion.session"]', { hasText: `${type} session` }).waitFor();
  }

  /** Waits until no session is running any more. */
  async ended(): Promise<void> {
    await until('the end of the session', async () => (await this.page.locator('a.codicon-debug-stop:visible').count()) === 0);
  }

  /** Waits until the innermost scope stands on `line` in `scope`. */
  async stoppedAt(line: number, scope?: string): Promise<void> {
    const first = this.page.locator('.debug-call-stack .stack-frame').first();
    await until(`a stop on line ${line}`, async () => {
      const [where = '', name = ''] = await first.evaluate(
        (row) => ['.line-number', '.label'].map((part) => row.querySelector(part)?.textContent?.trim() ?? ''),
        undefined,
        { timeout: TRY },
      );
      return new RegExp(`^${line}(?!\\d)`).test(where) && (scope === undefined || name.startsWith(scope));
    });
  }

  /** Waits until the Call Stack view says this of why the session stands. */
  async stopReason(words: string): Promise<void> {
    await this.page.locator('.pane-header[aria-label^="Call Stack"]', { hasText: words }).waitFor();
  }

  /** What the Variables view shows of the first scope. */
  async variables(): Promise<Record<string, string>> {
    const closed = this.page.locator('.debug-variables [aria-label^="Scope Locals"][aria-expanded="false"]');
    if ((await closed.count()) > 0) await closed.first().locator('.monaco-tl-twistie').click({ timeout: TRY });
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
    const rows = this.page.locator('.debug-variables .monaco-list-row[aria-level="2"]');
    const row = rows.filter({ has: this.page.locator('.name', { hasText: new RegExp(`^${name}[:=\\s]*$`) }) });
    const input = this.page.locator('.debug-variables .inputBoxWrapper input, .debug-variables .monaco-inputbox input').first();
    // A view that is brought up to date takes the box away.
    await until(`${name} to be set`, async () => {
      await this.variables();
      await row.first().dblclick({ timeout: TRY });
      await input.fill(value, { timeout: TRY });
      await input.press('Enter', { timeout: TRY });
      return true;
    });
  }

  /** The rows of the Call Stack view as it shows them, innermost first. */
  async stack(): Promise<string[]> {
    return (await this.page.locator('.debug-call-stack .stack-frame').allTextContents()).map((row) => row.trim());
  }

  /** The rows of a tree that the extension shows, as a screen reader hears them. */
  async treeRows(): Promise<string[]> {
    const rows = this.page.locator('.customview-tree .monaco-list-row');
    return rows.evaluateAll((all) => all.map((row) => row.getAttribute('aria-label') ?? ''));
  }

  /** The row of such a tree that begins with this. */
  treeRow(label: string): Locator {
    return this.page.locator(`.customview-tree .monaco-list-row[aria-label^='${label}']`).first();
  }

  /** Waits for a lens of this title in an editor. */
  async lens(title: string): Promise<void> {
    await this.page.locator('.codelens-decoration a', { hasText: title }).first().waitFor();
  }

  /** A picture for the extension's README: of the upper part of the editor, or of what is named. */
  async picture(name: string, part?: string): Promise<void> {
    const folder = path.join(SCREENSHOTS, 'pictures');
    fs.mkdirSync(folder, { recursive: true });
    await this.setTheme('dark');
    const box = await this.page.locator(part ?? '.part.editor').first().boundingBox();
    assert.ok(box);
    const clip = part === undefined ? { ...box, height: Math.min(box.height, PICTURE_HEIGHT) } : box;
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), clip });
  }

  /** The text of a line of the editor as it is seen, values beside it included; with plain spaces. */
  async lineText(line: number, editor = 0): Promise<string> {
    // All at once, as lenses that come between move lines.
    const parts = await this.page.locator('.editor-instance').nth(editor).evaluate((editor, wanted) => {
      const top = (element: Element): number => element.getBoundingClientRect().top;
      const number = [...editor.querySelectorAll('.line-numbers')].find((one) => one.textContent?.trim() === wanted);
      if (number === undefined) return undefined;
      const row = [...editor.querySelectorAll('.view-line')].find((one) => Math.abs(top(one) - top(number)) < 3);
      const found: string[] = [];
      for (const span of row?.querySelectorAll('span > span') ?? []) {
        const [before, after] = ['::before', '::after'].map((side) => getComputedStyle(span, side).content);
        const shown = [before, after].map((content) => (content && /^"/.test(content) ? content.slice(1, -1) : ''));
        found.push(shown[0] ?? '', span.textContent ?? '', shown[1] ?? '');
      }
      return found;
    }, String(line));
    assert.ok(parts, `line ${line} is not in view`);
    return parts.join('').replace(/\u00a0/g, ' ');
  }

  /** Waits until the line shows this text beside its code. */
  async lineShows(line: number, ...texts: string[]): Promise<void> {
    await until(`line ${line} to show ${texts.join(', ')}`, async () => {
      const shown = await this.lineText(line);
      return texts.every((t) => shown.includes(t));
    });
  }

  /** Waits until a journey over the timeline has ended at a step, as it is numbered there, and the focus is back. */
  async arrivedAt(step: number): Promise<void> {
    const cursor = `th.cursor[aria-selected="true"][aria-label^="Step ${step}, "]:focus`;
    await this.timeline().locator(`main[aria-busy="false"] ${cursor}`).waitFor();
  }

  /** The environment that the extension installs a back end into. */
  get environment(): string {
    return this.vscode.environment;
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

  /** Pictures of the window as it is now, in each of the themes. */
  async screenshot(name: string, themes: readonly Theme[] = ['dark', 'light']): Promise<void> {
    // VS Code asks for the innermost scope first, and for the others a little later.
    await this.page.locator('.debug-call-stack .load-all').first().waitFor({ state: 'hidden' });
    // The one that is there first.
    const order = [...themes].sort((a, b) => Number(b === this.theme) - Number(a === this.theme));
    for (const theme of order) {
      await this.setTheme(theme);
      await this.photograph(name);
    }
  }

  /** A picture in the theme that there is, where another one would take away what is open. */
  async photograph(name: string): Promise<void> {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${this.theme}.png`) });
  }

  private async setTheme(theme: Theme): Promise<void> {
    await this.restPointer();
    if (theme === this.theme) return;
    const { name, window, webview } = THEMES[theme];
    await this.vscode.ask({ theme: name });
    await this.page.locator(`.monaco-workbench.${window}`).waitFor();
    if ((await this.page.locator('iframe.webview.ready:visible').count()) > 0) {
      await this.timeline().locator(`body.${webview}`).waitFor();
    }
    this.theme = theme;
  }

  /** Where the pointer hovers over nothing that tells about itself. */
  private async restPointer(): Promise<void> {
    await this.page.mouse.move(200, 18);
    await this.page.locator('.workbench-hover-container').first().waitFor({ state: 'hidden' });
  }
}

async function text(locator: Locator): Promise<string> {
  return ((await locator.first().textContent({ timeout: TRY })) ?? '').trim();
}
