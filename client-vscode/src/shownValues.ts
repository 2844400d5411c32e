/** The values of a stop, ready to be shown beside their lines. Pure. */
import { PythonSyntax, type PythonFunction } from './python/syntax';
import { SPOKEN, type Passed, type ShownValue, type Verdict } from './values';

/** How sure a value is shown to be, and whether it was right where that is known. */
export type Certainty = 'given' | 'predicted' | 'uncertain' | 'right' | 'wrong';

/** Characters of a value that are shown beside a line. */
const SHOWN = 60;
/** Opacity of a value that the model does not believe in at all. */
const FAINTEST = 0.6;
/** Values that are shown beside one line. */
export const PER_LINE = 6;

/** One value beside one line (0-based). */
export interface InlineValue {
  readonly line: number;
  /** Which one it is of its line, from 0. */
  readonly place: number;
  readonly text: string;
  readonly certainty: Certainty;
  /** What the value really is, where that was predicted wrong. */
  readonly real?: string;
  readonly value: ShownValue;
}

const CHECKED: Record<Verdict, Certainty> = {
  match: 'right',
  differs: 'wrong',
  missing: 'wrong',
  extra: 'wrong',
  'not comparable': 'given',
};

export function certaintyOf(value: ShownValue, threshold: number): Certainty {
  if (value.check !== undefined) return CHECKED[value.check.verdict];
  if (value.provenance === 'unknown') return 'uncertain';
  if (value.provenance !== 'predicted') return 'given';
  return value.confidence !== undefined && value.confidence < threshold ? 'uncertain' : 'predicted';
}

/**
 * `n ≈ 3`, `n ≈ 3 ?` when the model is not sure, `n = 3` when the value is no guess. Checked: `n = 3 ✓`
 * when it was predicted right, `n ≈ 4 ✗` when not, with the real one in `inlineReal`.
 */
export function inlineText(value: ShownValue, certainty: Certainty): string {
  const { check, name } = value;
  if (check === undefined) {
    const sign = certainty === 'given' ? '=' : '≈';
    return `${name} ${sign} ${short(value.text)}${certainty === 'uncertain' ? ' ?' : ''}`;
  }
  const predicted = short(check.predicted ?? '');
  const real = short(check.real ?? '');
  switch (check.verdict) {
    case 'match':
      return `${name} = ${real} ✓`;
    case 'differs':
      return `${name} ≈ ${predicted} ✗`;
    case 'missing':
      return `${name} not predicted ✗`;
    case 'extra':
      return `${name} ≈ ${predicted} ✗ does not exist`;
    case 'not comparable':
      return `${name} = ${real} ~`;
  }
}

/** ` = 3`: the real value, where another one or none was predicted. */
export function inlineReal({ check }: ShownValue): string | undefined {
  if (check?.real == null || (check.verdict !== 'differs' && check.verdict !== 'missing')) return undefined;
  return ` = ${short(check.real)}`;
}

function short(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}

/** `predicted, 93 % sure`; checked: `real: 4, predicted: 5, predicted wrong` */
export function describe(value: ShownValue): string {
  const sure = value.confidence === undefined ? '' : `, ${percent(value.confidence)} sure`;
  const { check } = value;
  if (check === undefined) return value.provenance + sure;
  const predicted = check.predicted === null ? '' : `predicted: ${short(check.predicted)}${sure}, `;
  return `${check.real === null ? '' : `real: ${short(check.real)}, `}${predicted}${SPOKEN[check.verdict]}`;
}

/**
 * How opaque a value of this confidence is drawn, in 0..1: what is less sure fades, and stays
 * legible. Nothing fades in high contrast, where a sign alone says it.
 */
export function opacityOf(confidence: number | undefined, highContrast: boolean): number {
  if (confidence === undefined || highContrast) return 1;
  return Math.round((FAINTEST + (1 - FAINTEST) * Math.max(0, Math.min(1, confidence))) * 100) / 100;
}

export function percent(share: number): string {
  // Only certainty itself is called 100 %.
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

/**
 * The values beside the lines of one scope, from its first line to `line` (0-based), where it
 * stands, and of these beside those alone that it has come through, where that is known. Each name is
 * shown once a line, in order of the text; what was just returned or raised, whose names are in
 * parentheses, comes first beside the last.
 */
export function inlineValues(
  syntax: PythonSyntax,
  scope: PythonFunction | undefined,
  line: number,
  values: ReadonlyMap<string, ShownValue>,
  threshold: number,
  passed?: Passed,
): InlineValue[] {
  const starts = lineStarts(syntax.source);
  const shown: InlineValue[] = [];
  const seen = new Map<number, Set<string>>();
  const ran = (at: number): boolean => passed?.some(([first, last]) => first <= at + 1 && at < last) ?? true;
  const add = (at: number, name: string): void => {
    const value = values.get(name);
    if (value === undefined || at > line || !ran(at)) return;
    const names = seen.get(at) ?? new Set();
    seen.set(at, names);
    if (names.has(name) || names.size >= PER_LINE) return;
    const certainty = certaintyOf(value, threshold);
    const real = inlineReal(value);
    const text = inlineText(value, certainty);
    shown.push({ line: at, place: names.size, text, certainty, value, ...(real === undefined ? {} : { real }) });
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
