/** The values of a stop, ready to be shown beside their lines. Pure. */
import { PythonSyntax, type PythonFunction } from './python/syntax';

export type Provenance = 'given' | 'predicted' | 'observed' | 'edited' | 'unknown';

export interface ShownValue {
  readonly name: string;
  readonly text: string;
  /** Whether it belongs to the scope itself, and not to the module around it. */
  readonly local: boolean;
  readonly provenance: Provenance;
  /** Probability in 0..1 that the text is right; undefined where that is not known. */
  readonly confidence: number | undefined;
}

/** How sure a value is shown to be. */
export type Certainty = 'given' | 'predicted' | 'uncertain';

/** Characters of a value that are shown beside a line. */
const SHOWN = 60;
/** Values that are shown beside one line. */
export const PER_LINE = 6;

/** One value beside one line (0-based). */
export interface InlineValue {
  readonly line: number;
  /** Which one it is of its line, from 0. */
  readonly place: number;
  readonly text: string;
  readonly certainty: Certainty;
  readonly value: ShownValue;
}

export function certaintyOf(value: ShownValue, threshold: number): Certainty {
  if (value.provenance === 'unknown') return 'uncertain';
  if (value.provenance !== 'predicted') return 'given';
  return value.confidence !== undefined && value.confidence < threshold ? 'uncertain' : 'predicted';
}

/** `n ≈ 3`, `n ≈ 3 ?` when the model is not sure, `n = 3` when the value is no guess. */
export function inlineText(value: ShownValue, certainty: Certainty): string {
  const text = value.text.length > SHOWN ? `${value.text.slice(0, SHOWN - 1)}…` : value.text;
  const sign = certainty === 'given' ? '=' : '≈';
  return `${value.name} ${sign} ${text.replace(/\s*\n\s*/g, ' ')}${certainty === 'uncertain' ? ' ?' : ''}`;
}

/** `predicted, 93 % sure` */
export function describe(value: ShownValue): string {
  const sure = value.confidence === undefined ? '' : `, ${percent(value.confidence)} sure`;
  return value.provenance + sure;
}

export function percent(share: number): string {
  // Only certainty itself is called 100 %.
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

/**
 * The values beside the lines of one scope, from its first line to `line` (0-based), where it
 * stands. Each name is shown once a line, in order of the text; what was just returned or raised,
 * whose names are in parentheses, comes first beside the last.
 */
export function inlineValues(
  syntax: PythonSyntax,
  scope: PythonFunction | undefined,
  line: number,
  values: ReadonlyMap<string, ShownValue>,
  threshold: number,
): InlineValue[] {
  const starts = lineStarts(syntax.source);
  const shown: InlineValue[] = [];
  const seen = new Map<number, Set<string>>();
  const add = (at: number, name: string): void => {
    const value = values.get(name);
    if (value === undefined || at > line) return;
    const names = seen.get(at) ?? new Set();
    seen.set(at, names);
    if (names.has(name) || names.size >= PER_LINE) return;
    const certainty = certaintyOf(value, threshold);
    shown.push({ line: at, place: names.size, text: inlineText(value, certainty), certainty, value });
    names.add(name);
  };
  for (const name of values.keys()) if (name.startsWith('(')) add(line, name);
  for (const { name, from } of syntax.names(scope)) add(lineAt(starts, from), name);
  return shown.sort((a, b) => a.line - b.line || a.place - b.place);
}

/**
 * The function that a stack's scope of this name runs, standing on `offset`: undefined for the
 * module, null when the scope is none that values are shown for (a lambda, a class's body).
 */
export function scopeNamed(syntax: PythonSyntax, name: string, offset: number): PythonFunction | undefined | null {
  const last = name.replace(/\(.*$/s, '').split('.').at(-1) ?? '';
  if (last === '<module>') return undefined;
  return syntax.functions().findLast((f) => f.name === last && f.from <= offset && offset <= f.to) ?? null;
}

function lineStarts(source: string): number[] {
  const starts = [0];
  for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) starts.push(i + 1);
  return starts;
}

/** The 0-based line of `offset`, by bisection. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}
