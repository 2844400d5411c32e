/** The "Candidates" view: what could fill a hole, each with its examples and their ways. */
import * as path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import type { LanguageService } from '../language/service';
import {
  candidateDescription,
  exampleDescription,
  exampleStanding,
  labelOf,
  listMessage,
  nameOf,
  standingOf,
  STANDINGS,
  tellingExample,
  type CandidatesTold,
  type CandidateTold,
  type ExampleTold,
  type SentenceTold,
  type Standing,
  type WaysTold,
} from './model';
import { CandidatePreview, SCHEME } from './preview';
import { CandidateSessions } from './stepping';

const ICONS: Record<Standing, vscode.ThemeIcon> = {
  right: new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed')),
  partly: new vscode.ThemeIcon('warning', new vscode.ThemeColor('testing.iconQueued')),
  wrong: new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed')),
  open: new vscode.ThemeIcon('circle-outline', new vscode.ThemeColor('testing.iconSkipped')),
};

/** Seconds that the server may wait with its first answer, and with those after it. */
const FIRST = 0.3;
const NEXT = 1;

interface CandidateNode {
  readonly kind: 'candidate';
  readonly candidate: CandidateTold;
}
interface ExampleNode {
  readonly kind: 'example';
  readonly parent: CandidateNode;
  readonly index: number;
  readonly example: ExampleTold;
}
interface SentenceNode {
  readonly kind: 'sentence';
  readonly parent: ExampleNode;
  readonly index: number;
  /** One without a line is about the whole. */
  readonly sentence: Omit<SentenceTold, 'line'> & { readonly line?: number };
}
type Node = CandidateNode | ExampleNode | SentenceNode;

/** What the view is about: the holes of a document's version. */
interface Listing {
  readonly uri: vscode.Uri;
  readonly version: number;
  found: CandidatesTold;
  /** Candidates as they were looked at, by their texts. */
  readonly ways: Map<string, Promise<WaysTold>>;
}

export class CandidatesView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly tree: vscode.TreeView<Node>;
  private readonly preview = new CandidatePreview();
  private readonly sessions: CandidateSessions;
  private readonly subscriptions: vscode.Disposable[];
  private listing: Listing | undefined;
  private nodes: readonly CandidateNode[] = [];
  private asking: vscode.CancellationTokenSource | undefined;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly language: LanguageService,
    storage: vscode.Uri,
  ) {
    this.sessions = new CandidateSessions(storage);
    this.tree = vscode.window.createTreeView('foreframe.candidates', { treeDataProvider: this, showCollapseAll: true });
    const command = (name: string, run: (...args: never[]) => Promise<void>): vscode.Disposable =>
      vscode.commands.registerCommand(name, (...args: never[]) => run(...args).catch(report));
    this.subscriptions = [
      this.changed,
      this.tree,
      this.preview,
      this.sessions,
      language.onDidAskForCandidates(({ uri, version, holes, texts }) => {
        this.show(vscode.Uri.parse(uri), version, holes, texts).catch(report);
      }),
      language.onDidChange(() => {
        if (!language.isServing) this.forget('The language server has ended.');
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length === 0 || document.uri.toString() !== this.listing?.uri.toString()) return;
        this.forget(`${path.basename(document.uri.path)} has changed: ask again at the hole.`);
      }),
      command('foreframe.showCandidates', () => this.showAtCursor()),
      command('foreframe.stopTrying', () => Promise.resolve(this.asking?.cancel())),
      command('foreframe.lookAtCandidate', (node: Node) => this.look(node)),
      command('foreframe.lookAtExample', (uri: vscode.Uri, index: number) => this.lookAt(uri, index)),
      command('foreframe.takeCandidate', (of?: Node | vscode.Uri) => this.take(of)),
      command('foreframe.stepThroughCandidate', (of?: Node | vscode.Uri) => this.stepThrough(of)),
    ];
  }

  dispose(): void {
    this.asking?.cancel();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  getParent(node: Node): Node | undefined {
    return node.kind === 'candidate' ? undefined : node.parent;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) return [...this.nodes];
    if (node.kind === 'sentence') return [];
    if (node.kind === 'candidate') {
      return node.candidate.examples.map((example, index) => ({ kind: 'example', parent: node, index, example }));
    }
    const way = (await this.ways(node.parent.candidate)).examples[node.index];
    if (way === undefined) return [];
    // What has no steps says why.
    const told = way.sentences.length > 0 ? way.sentences : [{ text: way.story, depth: 0 }];
    return told.map((sentence, index) => ({ kind: 'sentence', parent: node, index, sentence }));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const item = itemOf(node);
    item.id = idOf(node);
    item.contextValue = node.kind === 'sentence' ? 'sentence' : canStep(node) ? `${node.kind} steps` : node.kind;
    if (node.kind !== 'sentence' || node.sentence.line !== undefined) {
      item.command = { title: 'Show its path', command: 'foreframe.lookAtCandidate', arguments: [node] };
    }
    return item;
  }

  /** Asks for the candidates of the hole at the cursor. */
  private async showAtCursor(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== 'python') return;
    const { line, character } = editor.selection.active;
    await this.show(editor.document.uri, editor.document.version, { line, character });
  }

  /** Fills the view while candidates are tried; looks at the one with these `texts` when it is there. */
  private async show(uri: vscode.Uri, version: number, holes: unknown, texts?: readonly string[]): Promise<void> {
    this.asking?.cancel();
    const asking = (this.asking = new vscode.CancellationTokenSource());
    const { token } = asking;
    let listing: Listing | undefined;
    let looked = texts === undefined;
    try {
      await vscode.window.withProgress({ location: { viewId: 'foreframe.candidates' } }, async () => {
        await setContext('tryingCandidates', true);
        do {
          const seconds = listing === undefined ? FIRST : NEXT;
          const asked = [uri.toString(), version, listing?.found.holes ?? holes, seconds];
          const found = await this.language.execute<CandidatesTold>('foreframe.candidates', asked, token);
          if (token.isCancellationRequested) return;
          const isFirst = listing === undefined;
          if (listing === undefined) listing = { uri, version, found, ways: new Map() };
          else listing.found = found;
          this.list(listing, false);
          if (isFirst) await this.reveal();
          const wanted = looked ? undefined : this.nodes.find(({ candidate }) => isDeepStrictEqual(candidate.texts, texts));
          if (wanted !== undefined) {
            looked = true;
            await this.tree.reveal(wanted, { select: true, expand: true });
            await this.look(wanted);
          }
        } while (!listing.found.isAll);
      });
    } catch (error) {
      if (!token.isCancellationRequested) throw error;
    } finally {
      if (this.asking === asking) {
        this.asking = undefined;
        await setContext('tryingCandidates', false);
        if (token.isCancellationRequested && listing !== undefined && this.listing === listing) this.list(listing, true);
      }
      asking.dispose();
    }
  }

  private list(listing: Listing, wasStopped: boolean): void {
    const { found } = listing;
    this.listing = listing;
    this.nodes = found.candidates.map((candidate) => ({ kind: 'candidate', candidate }));
    this.tree.message = listMessage(found, wasStopped);
    this.changed.fire();
  }

  private async reveal(): Promise<void> {
    await setContext('hasCandidates', true);
    await vscode.commands.executeCommand('foreframe.candidates.focus', { preserveFocus: true });
  }

  /** What was found fits the text no more. */
  private forget(message: string): void {
    if (this.listing === undefined) return;
    this.asking?.cancel();
    this.listing = undefined;
    this.nodes = [];
    this.tree.message = message;
    this.changed.fire();
    void this.preview.close();
  }

  /** The ways of a candidate's examples; asked once. */
  private ways(candidate: CandidateTold): Promise<WaysTold> {
    const { listing } = this;
    if (listing === undefined) return Promise.reject(new Error('the text has changed: ask again'));
    const key = JSON.stringify(candidate.texts);
    const known = listing.ways.get(key);
    if (known !== undefined) return known;
    const asked = [listing.uri.toString(), listing.version, listing.found.holes, candidate.texts];
    const ways = this.language.execute<WaysTold>('foreframe.candidateTrace', asked);
    ways.catch(() => listing.ways.delete(key));
    listing.ways.set(key, ways);
    return ways;
  }

  /** Shows the path of a candidate, of one of its examples, or a step on it. */
  private async look(node: Node): Promise<void> {
    const [candidate, example] = partsOf(node);
    const file = this.listing?.uri;
    const ways = await this.ways(candidate);
    if (file === undefined) return;
    const line = node.kind === 'sentence' ? node.sentence.line : undefined;
    await this.preview.show(file, ways, example ?? tellingExample(ways.examples), line);
  }

  /** Shows the path of another example of what is looked at. */
  private async lookAt(uri: vscode.Uri, index: number): Promise<void> {
    const look = this.preview.lookOf(uri);
    if (look !== undefined && this.listing !== undefined) await this.preview.show(this.listing.uri, look.ways, index);
  }

  /** Writes a candidate in the place of its hole. */
  private async take(of: Node | vscode.Uri | undefined): Promise<void> {
    const chosen = this.chosen(of);
    const { listing } = this;
    if (chosen === undefined || listing === undefined) return;
    const asked = [listing.uri.toString(), listing.version, listing.found.holes, chosen[0].texts];
    const { applied } = await this.language.execute<{ applied: boolean }>('foreframe.insertCandidate', asked);
    if (!applied) throw new Error('the text has changed meanwhile: nothing was inserted');
    await setContext('hasCandidates', false);
    const shown = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === listing.uri.toString());
    const document = shown?.document ?? (await vscode.workspace.openTextDocument(listing.uri));
    await vscode.window.showTextDocument(document, shown?.viewColumn === undefined ? {} : { viewColumn: shown.viewColumn });
  }

  /** Begins a predicted session with a candidate in the hole. */
  private async stepThrough(of: Node | vscode.Uri | undefined): Promise<void> {
    const chosen = this.chosen(of);
    const file = this.listing?.uri;
    if (chosen === undefined || file === undefined) return;
    const [candidate, at] = chosen;
    const ways = await this.ways(candidate);
    const example = ways.examples[at ?? tellingExample(ways.examples)];
    if (example?.function === undefined || example.args === undefined) {
      throw new Error('there is no example to start with: add one, such as a doctest');
    }
    const name = `${example.call} with ${nameOf(candidate.texts)}`;
    await this.sessions.begin(file, ways.source, name, example.function, example.args);
  }

  /** What a menu, a lens or the palette is about: a candidate, and one of its examples. */
  private chosen(of: Node | vscode.Uri | undefined): [CandidateTold, number | undefined] | undefined {
    const uri = of instanceof vscode.Uri ? of : undefined;
    if (of !== undefined && !(of instanceof vscode.Uri)) return partsOf(of);
    const shown = uri ?? vscode.window.activeTextEditor?.document.uri;
    const look = shown?.scheme === SCHEME ? this.preview.lookOf(shown) : undefined;
    if (look !== undefined) return [look.ways, look.example];
    const [selected] = this.tree.selection;
    return selected && partsOf(selected);
  }
}

function partsOf(node: Node): [CandidateTold, number | undefined] {
  if (node.kind === 'candidate') return [node.candidate, undefined];
  const example = node.kind === 'example' ? node : node.parent;
  return [example.parent.candidate, example.index];
}

function idOf(node: Node): string {
  if (node.kind === 'candidate') return JSON.stringify(node.candidate.texts);
  return `${idOf(node.parent)} ${node.index}`;
}

function canStep(node: Node): boolean {
  if (node.kind === 'example') return node.example.function !== undefined;
  return node.kind === 'candidate' && node.candidate.examples.some((example) => example.function !== undefined);
}

function itemOf(node: Node): vscode.TreeItem {
  const { None, Collapsed } = vscode.TreeItemCollapsibleState;
  if (node.kind === 'sentence') {
    const { text, depth, line } = node.sentence;
    const item = new vscode.TreeItem('\u2003'.repeat(depth) + text, None);
    item.tooltip = line === undefined ? text : `${text}\nShow line ${line}`;
    return item;
  }
  if (node.kind === 'example') {
    const { example } = node;
    const standing = exampleStanding(example);
    const item = new vscode.TreeItem(example.call, Collapsed);
    item.description = exampleDescription(example);
    item.iconPath = ICONS[standing];
    item.tooltip = example.text;
    item.accessibilityInformation = { label: `${example.call}, ${STANDINGS[standing]}: ${exampleDescription(example)}` };
    return item;
  }
  const { candidate } = node;
  const standing = standingOf(candidate);
  const item = new vscode.TreeItem(labelOf(candidate.texts), candidate.examples.length > 0 ? Collapsed : None);
  item.description = candidateDescription(candidate);
  item.iconPath = ICONS[standing];
  item.tooltip = new vscode.MarkdownString().appendCodeblock(candidate.texts.join('\n'), 'python').appendText(`${candidate.origin}; ${candidate.summary}`);
  item.accessibilityInformation = { label: `${labelOf(candidate.texts)}: ${candidate.summary}, ${candidate.origin}` };
  return item;
}

function setContext(name: string, value: boolean): Thenable<unknown> {
  return vscode.commands.executeCommand('setContext', `foreframe.${name}`, value);
}

function report(error: unknown): void {
  void vscode.window.showErrorMessage(`Foreframe: ${error instanceof Error ? error.message : String(error)}`);
}
