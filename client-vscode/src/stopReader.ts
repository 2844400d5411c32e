/** Reads what is shown at a stop from the back end: the selected scope and its values. */
import * as vscode from 'vscode';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { checkedValues, type Comparison } from './comparison/model';
import type { Sessions } from './sessions';
import type { Passed, ShownValue } from './values';

/** A scope of the stack, as the person selected it. */
export interface ShownScope {
  readonly session: vscode.DebugSession;
  /** As the call stack shows it. */
  readonly name: string;
  readonly path: string;
  /** 1-based */
  readonly line: number;
  /** Scopes on the stack up to this one. */
  readonly depth: number;
  /** Whether it is the innermost, where the session stands. */
  readonly isTop: boolean;
  readonly values: ReadonlyMap<string, ShownValue>;
  /** First and last lines (1-based) of what it has come through; undefined where nobody knows. */
  readonly passed: Passed | undefined;
}

export class StopReader implements vscode.Disposable {
  private readonly selected = new vscode.EventEmitter<ShownScope | undefined>();
  private readonly subscriptions: vscode.Disposable[];
  /** Rises with each reading, so that one that was overtaken is dropped. */
  private reading = 0;

  /** A scope was selected and read; undefined when none of Foreframe's is selected. */
  readonly onDidSelect = this.selected.event;

  constructor(sessions: Sessions) {
    const read = (): void => {
      void this.read();
    };
    this.subscriptions = [
      this.selected,
      vscode.debug.onDidChangeActiveStackItem(read),
      sessions.onDidStay(read),
      sessions.onDidTell(({ event }) => {
        if (event.event === 'invalidated') read();
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private async read(): Promise<void> {
    const reading = ++this.reading;
    const item = vscode.debug.activeStackItem;
    if (!(item instanceof vscode.DebugStackFrame) || item.session.type !== 'foreframe') {
      this.selected.fire(undefined);
      return;
    }
    try {
      const scope = await readScope(item);
      if (reading === this.reading) this.selected.fire(scope);
    } catch {
      // The session went on or ended in between: another selection follows.
      if (reading === this.reading) this.selected.fire(undefined);
    }
  }
}

async function readScope(item: vscode.DebugStackFrame): Promise<ShownScope | undefined> {
  const stack = await readStack(item.session, item.threadId);
  const frame = stack.find((f) => f.id === item.frameId);
  return frame && readFrame(item.session, frame, stack.length - stack.indexOf(frame), isTop(stack, frame));
}

/** The innermost scope of a stop, whatever is selected. */
export async function readTop(
  session: vscode.DebugSession,
  threadId: number,
): Promise<ShownScope | undefined> {
  const stack = await readStack(session, threadId);
  const [top] = stack;
  return top && readFrame(session, top, stack.length, true);
}

/** Whether a frame is the first of the stack; labels, as of what is imagined, are none. */
function isTop(stack: readonly DebugProtocol.StackFrame[], frame: DebugProtocol.StackFrame): boolean {
  return stack.find(({ presentationHint }) => presentationHint !== 'label') === frame;
}

async function readStack(
  session: vscode.DebugSession,
  threadId: number,
): Promise<DebugProtocol.StackFrame[]> {
  const body: unknown = await session.customRequest('stackTrace', { threadId });
  return (body as DebugProtocol.StackTraceResponse['body']).stackFrames;
}

async function readFrame(
  session: vscode.DebugSession,
  frame: DebugProtocol.StackFrame,
  depth: number,
  isTop: boolean,
): Promise<ShownScope | undefined> {
  if (frame.source?.path === undefined) return undefined;
  const body: unknown = await session.customRequest('scopes', { frameId: frame.id });
  const { scopes } = body as DebugProtocol.ScopesResponse['body'];
  const values = await readChecked(session, frame, scopes);
  for (const scope of scopes) {
    // Expressions are no variables, and what the two sides of a check say is read already.
    if (scope.expensive || scope.presentationHint === 'expression') continue;
    if (values.size > 0 && SIDES.includes(scope.presentationHint ?? '')) continue;
    const page: unknown = await session.customRequest('variables', {
      variablesReference: scope.variablesReference,
    });
    // An inner scope's names come first and hide those further out.
    for (const variable of (page as DebugProtocol.VariablesResponse['body']).variables) {
      if (values.has(variable.name)) continue;
      values.set(variable.name, shown(variable, scope.presentationHint !== 'globals'));
    }
  }
  const { name, line } = frame;
  const passed = await readPassed(session, frame);
  return { session, name, path: localPath(frame.source.path), line, depth, isTop, values, passed };
}

/** The lines that a frame has come through; of a live session, whose program ran, nobody knows. */
async function readPassed(session: vscode.DebugSession, { id }: DebugProtocol.StackFrame): Promise<Passed | undefined> {
  try {
    const { lines } = (await session.customRequest('foreframe/passed', { frameId: id })) as { lines: Passed };
    return lines;
  } catch {
    return undefined;
  }
}

/** The scopes of a checked session. */
const SIDES = ['predicted', 'real'];

/** The values of a frame beside what was predicted; none where nothing is compared. */
async function readChecked(
  session: vscode.DebugSession,
  frame: DebugProtocol.StackFrame,
  scopes: readonly DebugProtocol.Scope[],
): Promise<Map<string, ShownValue>> {
  if (!SIDES.every((side) => scopes.some(({ presentationHint }) => presentationHint === side))) return new Map();
  try {
    const comparison: unknown = await session.customRequest('foreframe/comparison', {});
    return checkedValues(comparison as Comparison, frame);
  } catch {
    return new Map();
  }
}

/** In a remote window VS Code turns a back end's paths into addresses of that window. */
export function localPath(path: string): string {
  return /^[\w.+-]{2,}:\/\//.test(path) ? vscode.Uri.file(vscode.Uri.parse(path).path).fsPath : path;
}

/** What Foreframe's back end says of a value besides what the protocol knows. */
interface ForeframeVariable extends DebugProtocol.Variable {
  readonly foreframe?: { readonly provenance: ShownValue['provenance']; readonly confidence?: number };
}

function shown(variable: ForeframeVariable, local: boolean): ShownValue {
  return {
    name: variable.name,
    text: variable.value,
    local,
    provenance: variable.foreframe?.provenance ?? 'unknown',
    confidence: variable.foreframe?.confidence,
  };
}
