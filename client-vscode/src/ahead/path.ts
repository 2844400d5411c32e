/** What is predicted ahead of a stop, beside the lines it will come to. Pure. */
import type { Provenance } from '../values';

/** A value, as `foreframe/ahead` tells it. */
interface ToldValue {
  readonly value: string;
  readonly provenance: Provenance;
  readonly confidence?: number;
}

/** A frame that is predicted after the stop. */
export interface FrameAhead {
  readonly event: 'call' | 'line' | 'return' | 'exception';
  readonly function: string;
  /** 1-based */
  readonly line: number;
  /** Scopes above the one that is shown, which has 0. */
  readonly depth: number;
  readonly changed: readonly (ToldValue & { readonly name: string })[];
  readonly confidence?: number;
  readonly value?: ToldValue;
}

/** What `foreframe/ahead` answers. */
export interface Ahead {
  readonly frames: readonly FrameAhead[];
  /** Lines that the scope comes to, the one where it stands first; 1-based. */
  readonly taken: readonly number[];
  /** First and last lines of statements between them that it does not come to. */
  readonly skipped: readonly (readonly [number, number])[];
  readonly isSettled: boolean;
}

/** What a line is predicted to do, for the end of that line. */
export interface LineAhead {
  /** 1-based */
  readonly line: number;
  readonly text: string;
  /** Probability that all of it is right; undefined where that is not known. */
  readonly confidence: number | undefined;
}

/** Values that are shown of a line, and characters of each. */
const VALUES = 3;
const SHOWN = 40;

/**
 * What each line ahead does when the scope comes to it first, from the one where it stands
 * (`line`, 1-based) until the scope is left.
 */
export function linesAhead({ frames }: Ahead, line: number): LineAhead[] {
  const found = new Map<number, LineAhead>();
  const passed = new Set<number>();
  let at = line;
  const add = (where: number, texts: readonly string[], confidences: readonly (number | undefined)[]): void => {
    if (texts.length === 0) return;
    const more = texts.length > VALUES ? ', …' : '';
    const known = confidences.filter((one) => one !== undefined);
    const confidence = known.length === 0 ? undefined : Math.min(...known);
    found.set(where, { line: where, text: `→ ${texts.slice(0, VALUES).join(', ')}${more}`, confidence });
  };
  for (const frame of frames) {
    if (frame.depth < 0) break;
    if (frame.depth > 0) continue;
    const { event, value, changed } = frame;
    if (event === 'line') {
      const texts = changed.map((one) => `${one.name} ≈ ${short(one.value)}`);
      if (!passed.has(at)) add(at, texts, changed.map(({ confidence }) => confidence));
      passed.add(at);
      at = frame.line;
    } else if (value !== undefined && event !== 'call') {
      const what = event === 'return' ? 'returns' : 'raises';
      if (!passed.has(frame.line)) add(frame.line, [`${what} ≈ ${short(value.value)}`], [value.confidence]);
      if (event === 'return') break;
      passed.add(frame.line);
    }
  }
  return [...found.values()];
}

function short(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}
