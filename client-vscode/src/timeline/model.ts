/** The steps of a session as columns, with a cursor. Pure; shared with the webview. */
import type { Check } from '../values';

export interface TimelineValue {
  readonly text: string;
  readonly provenance: string;
  readonly confidence: number | undefined;
  /** Beside the real value, where it was held against one. */
  readonly check?: Check;
}

/** A step of the back end's timeline, as `foreframe/timeline` tells it. */
export interface Step {
  readonly id: number;
  /** Absent for the first. */
  readonly parent?: number;
  readonly branch: number;
  /** 1-based, at its end */
  readonly line: number;
  readonly function: string;
  /** What led to it: launch, edit, goto, step_over... */
  readonly reason: string;
  /** Frames from the beginning to its end. */
  readonly frame: number;
  readonly changed: readonly {
    readonly name: string;
    readonly value: string;
    readonly provenance: string;
    readonly confidence?: number;
  }[];
}

/** A branch, as `foreframe/branches` tells it. */
export interface Branch {
  readonly id: number;
  /** The branch that it leaves. */
  readonly parent?: number;
  /** Steps */
  readonly first: number;
  readonly tip: number;
  /** What a person changed. */
  readonly change?: string;
  readonly frames: number;
  readonly isCurrent: boolean;
}

/** Where the session stands on its timeline. */
export interface TimelineCursor {
  readonly branch: number;
  readonly frame: number;
  /** The last step at or before it. */
  readonly step?: number;
}

/** One stop: where the program stood and what it held there. */
export interface TimelineStop {
  readonly path: string;
  readonly scope: string;
  /** 1-based */
  readonly line: number;
  /** The text of that line. */
  readonly source: string;
  /** Scopes on the stack; undefined for a step whose stop was not read: it knows its changes alone. */
  readonly depth: number | undefined;
  readonly values: Readonly<Record<string, TimelineValue>>;
  /** The step that ends here, where one can go; undefined between two steps. */
  readonly step?: number;
  /** What begins a branch here: `n = 5`. */
  readonly change?: string;
  /** Whether the prediction of this step was right; undefined where nothing was checked. */
  readonly right?: boolean;
}

export type Direction = 'forward' | 'backward';

/** A variable of one scope; one row. */
export interface Row {
  readonly scope: string;
  readonly name: string;
}

/**
 * The stops of one session in the order of the program. Going back finds the column that is
 * there already; a stop in between two known ones is put between them.
 */
export class Recording {
  private readonly list: TimelineStop[] = [];
  private at = -1;

  get stops(): readonly TimelineStop[] {
    return this.list;
  }

  /** Index of the stop where the session stands; -1 before the first. */
  get cursor(): number {
    return this.at;
  }

  record(stop: TimelineStop, direction: Direction): void {
    const key = keyOf(stop);
    if (direction === 'backward') {
      for (let i = this.at - 1; i >= 0; i--) {
        if (this.keyAt(i) === key) {
          this.at = i;
          return;
        }
      }
      this.at = Math.max(this.at, 0);
      this.list.splice(this.at, 0, stop);
      return;
    }
    for (let i = this.at + 1; i < this.list.length; i++) {
      if (this.keyAt(i) === key) {
        this.at = i;
        return;
      }
    }
    this.at += 1;
    this.list.splice(this.at, 0, stop);
  }

  private keyAt(index: number): string {
    const stop = this.list[index];
    return stop === undefined ? '' : keyOf(stop);
  }
}

function keyOf(stop: TimelineStop): string {
  const values = Object.entries(stop.values).map(([name, { text }]) => [name, text]);
  return JSON.stringify([stop.path, stop.scope, stop.line, stop.depth, values]);
}

/** The columns of a branch, and where the session stands among them. */
export interface Columns {
  readonly stops: readonly TimelineStop[];
  readonly cursor: number;
}

/**
 * The back end's timeline as far as it is known here: its steps and branches, and the stops that
 * were read on it, whole.
 */
export class StepTimeline {
  private steps: readonly Step[] = [];
  private branches: readonly Branch[] = [];
  private at: TimelineCursor = { branch: 0, frame: 0 };
  private readonly ends = new Map<number, TimelineStop>();
  private readonly between = new Map<string, TimelineStop>();
  private readonly verdicts = new Map<number, boolean>();

  get knownBranches(): readonly Branch[] {
    return this.branches;
  }

  /** What is told now, and the stop that was read where the session stands. */
  update(steps: readonly Step[], branches: readonly Branch[], cursor: TimelineCursor, read?: TimelineStop): void {
    const same = this.steps.every((step, index) => JSON.stringify(step) === JSON.stringify(steps[index]));
    if (!same) {
      // Begun anew: the numbers stand for other steps now.
      for (const known of [this.ends, this.between, this.verdicts]) known.clear();
    }
    this.steps = steps;
    this.branches = branches;
    this.at = cursor;
    if (read === undefined) return;
    const path = this.path();
    const [launch] = path;
    // The launch ends with the call: the line that runs first is the same place to a person.
    const first = launch && launch.frame + 1 === cursor.frame && launch.line === read.line ? launch : undefined;
    // After an edit two steps end at one frame.
    const here = path.filter(({ frame }) => frame === cursor.frame);
    const step = here.find(({ id }) => id === cursor.step) ?? here.at(-1) ?? first;
    if (step === undefined) this.between.set(`${cursor.branch}:${cursor.frame}`, read);
    else this.ends.set(step.id, read);
  }

  /** A step was held against reality. */
  check(step: number, right: boolean): void {
    this.verdicts.set(step, right);
  }

  /** The steps of the current branch from the first to its tip, with the stops between them. */
  columns(path: string, sourceOf: (line: number) => string): Columns {
    const found = this.path().map((step) => ({ frame: step.frame, stop: this.column(step, path, sourceOf) }));
    for (const [key, stop] of this.between) {
      const [branch, frame] = key.split(':').map(Number);
      if (branch === this.at.branch && frame !== undefined) found.push({ frame, stop });
    }
    found.sort((a, b) => a.frame - b.frame);
    return {
      stops: found.map(({ stop }) => stop),
      cursor: found.findLastIndex(({ frame }) => frame <= this.at.frame),
    };
  }

  private column(step: Step, path: string, sourceOf: (line: number) => string): TimelineStop {
    const right = this.verdicts.get(step.id);
    const change = this.branches.find(({ first }) => first === step.id)?.change;
    const told: TimelineStop = this.ends.get(step.id) ?? {
      path,
      scope: step.function,
      line: step.line,
      source: sourceOf(step.line),
      depth: undefined,
      values: Object.fromEntries(
        step.changed.map(({ name, value, provenance, confidence }) => [name, { text: value, provenance, confidence }]),
      ),
    };
    return {
      ...told,
      step: step.id,
      ...(right === undefined ? {} : { right }),
      ...(change === undefined ? {} : { change }),
    };
  }

  private path(): Step[] {
    const branch = this.branches.find(({ id }) => id === this.at.branch);
    const path: Step[] = [];
    let step = branch && this.steps[branch.tip];
    while (step !== undefined) {
      path.unshift(step);
      step = step.parent === undefined ? undefined : this.steps[step.parent];
    }
    return path;
  }
}

/** `1: from the beginning`, `2: n = 5 (12 frames)` */
export function branchLabel({ id, change, frames }: Branch): string {
  return `${id + 1}: ${change ?? 'from the beginning'} (${frames === 1 ? '1 frame' : `${frames} frames`})`;
}

/** What `foreframe/search` looks for, and what its text is called; undefined for none. */
export const SEARCHES = {
  breakpoint: undefined,
  change: 'variable',
  condition: 'condition',
  exception: undefined,
  line: 'line number',
} as const;

export type SearchKind = keyof typeof SEARCHES;

/** The arguments of `foreframe/search`; a string says what is missing. */
export function searchArguments(kind: SearchKind, text: string, direction: Direction): Record<string, unknown> | string {
  const wanted = SEARCHES[kind];
  const typed = text.trim();
  if (wanted !== undefined && typed === '') return `Type a ${wanted} to search for.`;
  if (kind === 'line' && !/^[1-9]\d*$/.test(typed)) return `${typed} is not the number of a line.`;
  const own = { line: { line: Number(typed) }, change: { name: typed }, condition: { condition: typed } };
  return { kind, direction, ...(kind in own ? own[kind as keyof typeof own] : {}) };
}

/** What a search has found, in words. */
export function foundText(line: number, text: string): string {
  return text === `line ${line}` ? `found on ${text}` : `line ${line}: ${text}`;
}

/** Sizes of the timeline, 1 being that of the editor's text. */
const ZOOMS: readonly number[] = [0.5, 0.65, 0.8, 1, 1.25, 1.5, 2];

/** The next size up (1) or down (-1), or the usual one (0). */
export function zoomed(zoom: number, way: -1 | 0 | 1): number {
  const at = ZOOMS.indexOf(zoom);
  return (way === 0 || at < 0 ? undefined : ZOOMS[Math.min(Math.max(at + way, 0), ZOOMS.length - 1)]) ?? 1;
}

/** The variables of all stops, in order of appearance, those of one scope together. */
export function rowsOf(stops: readonly TimelineStop[]): Row[] {
  const scopes = new Map<string, Set<string>>();
  for (const stop of stops) {
    const names = scopes.get(stop.scope) ?? new Set();
    scopes.set(stop.scope, names);
    for (const name of Object.keys(stop.values)) names.add(name);
  }
  return [...scopes].flatMap(([scope, names]) => [...names].map((name) => ({ scope, name })));
}

/** Whether a value is new or another than at the last stop before in the same scope. */
export function isChanged(stops: readonly TimelineStop[], index: number, name: string): boolean {
  const stop = stops[index];
  const value = stop?.values[name];
  if (stop === undefined || value === undefined) return false;
  for (let i = index - 1; i >= 0; i--) {
    const before = stops[i];
    if (before?.scope !== stop.scope) {
      // Further out or deeper: see below.
    } else if (before.depth === undefined) {
      // Of a stop that was not read the changes alone are known.
      const known = before.values[name];
      if (known !== undefined) return known.text !== value.text;
    } else if (before.depth === stop.depth) {
      return before.values[name]?.text !== value.text;
    }
    // The scope was entered anew in between.
    if (before?.depth !== undefined && stop.depth !== undefined && before.depth < stop.depth) return true;
  }
  return true;
}

/** What the extension tells the webview. */
export interface ShowMessage {
  readonly type: 'show';
  readonly title: string;
  readonly stops: readonly TimelineStop[];
  readonly cursor: number;
  readonly branches: readonly Branch[];
  /** On the way to another step: what was selected last stays so. */
  readonly travelling: boolean;
  /** Whether the back end can search. */
  readonly searchable: boolean;
  /** Confidence below which a value is marked as uncertain. */
  readonly threshold: number;
}

/** What came of a search or a journey, for the person. */
export interface StatusMessage {
  readonly type: 'status';
  readonly text: string;
}

/** What the webview tells the extension. */
export type WebviewMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'select'; readonly index: number }
  | { readonly type: 'branch'; readonly id: number }
  | { readonly type: 'search'; readonly kind: SearchKind; readonly text: string; readonly direction: Direction };
