/** A value as the person sees it: where it comes from, and how it agrees with the real one. Pure. */

export type Verdict = 'match' | 'differs' | 'missing' | 'extra' | 'not comparable';

/** The verdict in words that need no colour. */
export const SPOKEN: Record<Verdict, string> = {
  match: 'predicted right',
  differs: 'predicted wrong',
  missing: 'not predicted',
  extra: 'predicted, but not there',
  'not comparable': 'not comparable',
};

export type Provenance = 'given' | 'predicted' | 'observed' | 'edited' | 'unknown';

/** First and last lines, 1-based, of what a scope has come through. */
export type Passed = readonly (readonly [number, number])[];

export interface ShownValue {
  readonly name: string;
  readonly text: string;
  /** Whether it belongs to the scope itself, and not to the module around it. */
  readonly local: boolean;
  readonly provenance: Provenance;
  /** Probability in 0..1 that the text is right; undefined where that is not known. */
  readonly confidence: number | undefined;
  /** In check mode: what was predicted, what is real, and how they agree. */
  readonly check?: Check;
}

/** A predicted value beside the real one; null where a side does not have it. */
export interface Check {
  readonly verdict: Verdict;
  readonly predicted: string | null;
  readonly real: string | null;
}
