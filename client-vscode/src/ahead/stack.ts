/** The stack of a real stop, as `"start": "state"` takes it. Knows the protocol, and no editor. */
import type { DebugProtocol } from '@vscode/debugprotocol';

/** A scope of the stack of a launch, with its variables as `repr` gives them. */
export interface StackScope {
  readonly name: string;
  /** 1-based */
  readonly line: number;
  readonly variables: Readonly<Record<string, string>>;
  /** Variables whose text is only a beginning. */
  readonly cut: readonly string[];
}

/** Requests that only look; nothing else is ever asked of a session that is another debugger's. */
export type Look = (command: 'stackTrace' | 'scopes' | 'variables', args: object) => Thenable<unknown>;

/** Characters of a value that are sent. */
const MOST = 20_000;

/**
 * The innermost frames that are of one file, which is all that can be gone on from; innermost
 * first. Empty when the innermost has no file.
 */
export function sameFile(frames: readonly DebugProtocol.StackFrame[]): DebugProtocol.StackFrame[] {
  const path = frames[0]?.source?.path;
  if (path === undefined) return [];
  const other = frames.findIndex((frame) => frame.source?.path !== path);
  return frames.slice(0, other < 0 ? frames.length : other);
}

/** Whether a variable is one of the program's, not a group or a pseudo variable of its debugger. */
export function isVariable({ name, presentationHint }: DebugProtocol.Variable): boolean {
  return /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}]*$/u.test(name) && !/^__.*__$/.test(name) && presentationHint?.kind !== 'virtual';
}

/**
 * The text of a value as far as it is told: debuggers write `...` for what they leave out, of
 * collections at their end. What stands before it is the beginning of the value.
 */
export function toldText({ value, type }: DebugProtocol.Variable): { text: string; isCut: boolean } {
  const told = type === 'str' || type === 'bytes' ? -1 : value.indexOf('...');
  const length = Math.min(told < 0 ? value.length : told, MOST);
  return { text: value.slice(0, length), isCut: length < value.length };
}

/** Reads the frames of a stop with their variables. Runs nothing of the program. */
export async function readStack(look: Look, threadId: number): Promise<{ path: string; stack: StackScope[] } | undefined> {
  const trace = (await look('stackTrace', { threadId })) as DebugProtocol.StackTraceResponse['body'];
  const frames = sameFile(trace.stackFrames);
  const path = frames[0]?.source?.path;
  if (path === undefined) return undefined;
  const stack: StackScope[] = [];
  for (const frame of frames) stack.push(await readFrame(look, frame));
  return { path, stack };
}

async function readFrame(look: Look, frame: DebugProtocol.StackFrame): Promise<StackScope> {
  const { scopes } = (await look('scopes', { frameId: frame.id })) as DebugProtocol.ScopesResponse['body'];
  const locals = scopes.find(({ presentationHint }) => presentationHint === 'locals') ?? scopes[0];
  const variables: Record<string, string> = {};
  const cut: string[] = [];
  if (locals !== undefined) {
    const { variablesReference } = locals;
    const page = (await look('variables', { variablesReference })) as DebugProtocol.VariablesResponse['body'];
    for (const variable of page.variables.filter(isVariable)) {
      const { text, isCut } = toldText(variable);
      variables[variable.name] = text;
      if (isCut) cut.push(variable.name);
    }
  }
  return { name: frame.name, line: frame.line, variables, cut };
}
