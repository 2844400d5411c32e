/** The steps of a session as columns, with a cursor. Pure; shared with the webview. */

export interface TimelineValue {
  readonly text: string;
  readonly provenance: string;
  readonly confidence: number | undefined;
}

/** One stop: where the program stood and what it held there. */
export interface TimelineStop {
  readonly path: string;
  readonly scope: string;
  /** 1-based */
  readonly line: number;
  /** The text of that line. */
  readonly source: string;
  /** Scopes on the stack. */
  readonly depth: number;
  readonly values: Readonly<Record<string, TimelineValue>>;
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
    if (before?.scope === stop.scope && before.depth === stop.depth) {
      return before.values[name]?.text !== value.text;
    }
    // The scope was entered anew in between.
    if (before !== undefined && before.depth < stop.depth) return true;
  }
  return true;
}

/** What the extension tells the webview. */
export interface ShowMessage {
  readonly type: 'show';
  readonly title: string;
  readonly stops: readonly TimelineStop[];
  readonly cursor: number;
  /** Confidence below which a value is marked as uncertain. */
  readonly threshold: number;
}

/** What the webview tells the extension. */
export type WebviewMessage = { readonly type: 'ready' } | { readonly type: 'reveal'; readonly index: number };
