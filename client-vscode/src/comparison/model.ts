/** A predicted stop beside the real one, as a tree with the differences first. Pure. */
import type { ShownValue, Verdict } from '../values';

interface CheckedValue {
  readonly name: string;
  readonly verdict: Verdict;
  /** null where the prediction does not have it */
  readonly predicted: string | null;
  readonly confidence: number | null;
  /** null where the real program does not have it */
  readonly real: string | null;
}

interface Place {
  readonly function: string;
  /** 1-based */
  readonly line: number;
}

/** What `foreframe/comparison` tells at a stop. */
export interface Comparison {
  /** Of the timeline */
  readonly step: number | null;
  readonly right: boolean;
  readonly place: Verdict;
  readonly predicted: Place & { readonly event: string };
  readonly real: Place & { readonly event: string };
  /** What was returned or raised. */
  readonly value: CheckedValue | null;
  readonly scopes: readonly {
    readonly verdict: Verdict;
    readonly predicted: Place | null;
    readonly real: Place | null;
    readonly values: readonly CheckedValue[];
  }[];
}

/** What `foreframe/report` tells of a session, as far as it is shown. */
export interface Report {
  readonly values: number;
  readonly valuesRight: number;
}

/** One line of the tree. */
export interface Node {
  readonly label: string;
  readonly description: string;
  readonly verdict: Verdict;
  readonly children: readonly Node[];
}

const ORDER: readonly Verdict[] = ['differs', 'missing', 'extra', 'not comparable', 'match'];

/** The tree of a comparison: the place, what was returned or raised, the scopes. Differences first. */
export function nodesOf({ place, predicted, real, value, scopes }: Comparison): Node[] {
  const where: Node = {
    label: 'place',
    description: place === 'match' ? placeText(real) : `≈ ${placeText(predicted)}   = ${placeText(real)}`,
    verdict: place,
    children: [],
  };
  const event = real.event === 'exception' ? 'raised' : 'returned';
  const found = [where, ...(value ? [valueNode({ ...value, name: event })] : [])];
  for (const scope of scopes) {
    const at = scope.real ?? scope.predicted;
    if (at === null) continue;
    const children = sorted(scope.values.map(valueNode));
    found.push({
      label: at.function,
      description: `line ${at.line}`,
      verdict: sorted([{ ...where, verdict: scope.verdict }, ...children])[0]?.verdict ?? 'match',
      children,
    });
  }
  return sorted(found);
}

/** The values of one real frame of the stack, each with what was predicted for it. */
export function checkedValues(comparison: Comparison, frame: { name: string; line: number }): Map<string, ShownValue> {
  const { scopes, value, real } = comparison;
  const scope = scopes.findLast((s) => s.real?.function === frame.name && s.real.line === frame.line);
  const found = new Map<string, ShownValue>();
  const add = ({ verdict, predicted, confidence, real: text }: CheckedValue, name: string): void => {
    found.set(name, {
      name,
      text: text ?? predicted ?? '',
      local: true,
      provenance: text === null ? 'predicted' : 'observed',
      confidence: confidence ?? undefined,
      check: { verdict, predicted, real: text },
    });
  };
  if (scope === undefined) return found;
  if (value !== null && scope === scopes.findLast((s) => s.real !== null)) {
    add(value, real.event === 'exception' ? '(exception)' : `(return) ${real.function}`);
  }
  for (const one of scope.values) add(one, one.name);
  return found;
}

function valueNode({ name, verdict, predicted, confidence, real }: CheckedValue): Node {
  const sure = confidence === null ? '' : ` (${Math.min(99, Math.round(confidence * 100))} % sure)`;
  const sides = [predicted === null ? '' : `≈ ${predicted}${sure}`, real === null ? '' : `= ${real}`];
  const shown = verdict === 'match' && real !== null ? sides.slice(1) : sides;
  return { label: name, description: shown.filter(Boolean).join('   '), verdict, children: [] };
}

function placeText({ function: name, line }: Place): string {
  return `line ${line} of ${name}`;
}

function sorted(nodes: readonly Node[]): Node[] {
  return [...nodes].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
}

/** `93 % right`; undefined while nothing was compared. Only a report without a mistake says 100 %. */
export function shareText({ values, valuesRight }: Report): string | undefined {
  if (values === 0) return undefined;
  const share = Math.round((100 * valuesRight) / values);
  return `${valuesRight < values ? Math.min(99, share) : 100} % right`;
}
