/** What the language server tells of the candidates for a hole, in words for a tree. Knows no editor. */

/** An example with a hole filled, as `foreframe.candidates` tells it. */
export interface ExampleTold {
  readonly call: string;
  /** What to start to step through it; missing for what is no call. */
  readonly function?: string;
  readonly args?: string;
  readonly wanted: string;
  /** null: cut off. */
  readonly predicted?: string | null;
  /** null where it was not tried. */
  readonly right: boolean | null;
  readonly basis: 'worked out' | 'predicted' | 'not walked' | 'not tried';
  /** That it comes out as wanted. */
  readonly probability?: number;
  /** What really came out, where a person allowed to run it. */
  readonly ran?: string;
  readonly text: string;
}

export interface CandidateTold {
  /** In the order of the holes. */
  readonly texts: readonly string[];
  /** What stood in the function's other holes when it was tried. */
  readonly along: readonly string[];
  readonly origin: string;
  readonly summary: string;
  /** Examples that come out as wanted. */
  readonly right: number;
  readonly examples: readonly ExampleTold[];
}

/** What `foreframe.candidates` answers; the best comes first. */
export interface CandidatesTold {
  readonly uri: string;
  readonly version: number;
  readonly holes: readonly number[];
  /** 1-based, of the first hole. */
  readonly line: number;
  readonly function: string | null;
  /** Whether no others are to come. */
  readonly isAll: boolean;
  readonly candidates: readonly CandidateTold[];
}

/** A sentence of a way; the line is 1-based. */
export interface SentenceTold {
  readonly text: string;
  readonly line: number;
  readonly depth: number;
  readonly confidence?: number;
}

/** The lines of a way, 1-based, in the filled text. */
export interface PathTold {
  readonly taken: readonly number[];
  readonly skipped: readonly (readonly [number, number])[];
  readonly lines: readonly { readonly line: number; readonly text: string; readonly confidence?: number }[];
}

export interface WayTold extends ExampleTold {
  readonly story: string;
  readonly sentences: readonly SentenceTold[];
  readonly path: PathTold | null;
}

interface Place {
  readonly line: number;
  readonly character: number;
}

/** What `foreframe.candidateTrace` answers. */
export interface WaysTold extends CandidateTold {
  /** The whole text, filled. */
  readonly source: string;
  /** Where the texts stand in it. */
  readonly fills: readonly { readonly start: Place; readonly end: Place }[];
  readonly function: string | null;
  readonly examples: readonly WayTold[];
}

/** How a candidate or an example stands. */
export type Standing = 'right' | 'partly' | 'wrong' | 'open';

/** The standing in words that need no colour. */
export const STANDINGS: Record<Standing, string> = {
  right: 'comes out as wanted',
  partly: 'comes out as wanted in part',
  wrong: 'does not come out as wanted',
  open: 'not tried',
};

const SHOWN = 60;

export function standingOf({ examples, right }: CandidateTold): Standing {
  if (examples.every((one) => one.right === null)) return 'open';
  if (right === 0) return 'wrong';
  return right === examples.length ? 'right' : 'partly';
}

export function exampleStanding({ right }: ExampleTold): Standing {
  if (right === null) return 'open';
  return right ? 'right' : 'wrong';
}

/** The texts of a candidate on one line. */
export function labelOf(texts: readonly string[]): string {
  return texts.map((text) => text.replace(/\s*\n\s*/g, ' ⏎ ')).join('   |   ');
}

/** What stands behind a candidate's text. */
export function candidateDescription({ summary, along }: CandidateTold): string {
  if (along.length === 0) return summary;
  return `${summary}, with ${labelOf(along)} in the other ${along.length === 1 ? 'hole' : 'holes'}`;
}

/** A short name of a candidate, as for a tab: no slash, which would be a folder. */
export function nameOf(texts: readonly string[]): string {
  const label = labelOf(texts).replace(/\//g, '∕').replace(/\\/g, '⧵');
  return label.length > SHOWN / 2 ? `${label.slice(0, SHOWN / 2 - 1)}…` : label;
}

/** `→ 4, 3 wanted, predicted (62 %)` */
export function exampleDescription({ predicted, wanted, basis, probability, ran }: ExampleTold): string {
  const sure = probability === undefined || basis === 'worked out' ? '' : ` (${Math.round(probability * 100)} %)`;
  if (basis === 'not tried' || basis === 'not walked') return `${short(wanted)} wanted, ${basis}${sure}`;
  const got = predicted == null ? 'cut off' : `→ ${short(predicted)}`;
  return `${got}, ${short(wanted)} wanted, ${basis}${sure}${ran === undefined ? '' : `; really ${short(ran)}`}`;
}

/** The example whose way says the most: the first that does not come out, or else the first. */
export function tellingExample(examples: readonly WayTold[]): number {
  const wrong = examples.findIndex(({ right, path }) => right === false && path !== null);
  const first = wrong >= 0 ? wrong : examples.findIndex(({ path }) => path !== null);
  return Math.max(0, first);
}

/** What a view says above the candidates. */
export function listMessage(told: CandidatesTold, wasStopped: boolean): string {
  const { holes, line, function: name } = told;
  const where = name === null ? '' : ` of ${name}`;
  const what = holes.length === 1 ? `the ?? on line ${line}${where}` : `the ${holes.length} ??${where}`;
  return `For ${what}${progressOf(told, wasStopped)}`;
}

function progressOf({ isAll, candidates }: CandidatesTold, wasStopped: boolean): string {
  if (wasStopped) return '. Stopped: there may be others.';
  if (!isAll) return candidates.length === 0 ? ': trying candidates…' : ': trying others…';
  if (candidates.length === 0) return ', nothing was found that could stand there.';
  const hasExamples = candidates.some(({ examples }) => examples.length > 0);
  return hasExamples ? '' : '. There is no example to try them with: add one, such as a doctest.';
}

function short(text: string): string {
  const line = text.replace(/\s*\n\s*/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 1)}…` : line;
}
