/** Where things lie on the timeline: columns are steps, rows variables. Pure. */

export const NARROWEST = 3;
export const WIDEST = 220;

/** The steps of a branch, first to tip. */
export function pathOf(steps, tip) {
  const path = [];
  for (let step = steps[tip]; step !== undefined; step = step.parent === null ? undefined : steps[step.parent]) {
    path.push(step);
  }
  return path.reverse();
}

/** How a step stands to reality: `agrees`, `differs` or `unknown`. */
export function standing(right) {
  return right === true ? 'agrees' : right === false ? 'differs' : 'unknown';
}

/** The same of one variable at a step, from its verdict. */
export function standingOf(verdict) {
  if (verdict === undefined || verdict === 'not comparable') return 'unknown';
  return verdict === 'match' ? 'agrees' : 'differs';
}

/**
 * The rows of a path: a heading for each function, and a row for each variable in order of
 * appearance, with its runs of equal values: `{start, end, text, ...}`, columns start..end inclusive.
 */
export function rowsOf(path) {
  const scopes = new Map();
  path.forEach((step, column) => {
    let rows = scopes.get(step.function);
    if (rows === undefined) scopes.set(step.function, (rows = new Map()));
    for (const name of namesOf(step)) {
      let runs = rows.get(name);
      if (runs === undefined) rows.set(name, (runs = []));
      extend(runs, column, step, name);
    }
  });
  return [...scopes].flatMap(([scope, rows]) => [
    { scope, name: null, runs: [] },
    ...[...rows].map(([name, runs]) => ({ scope, name, runs })),
  ]);
}

function namesOf(step) {
  if (step.real === null || step.real === undefined) return Object.keys(step.locals);
  return new Set([...Object.keys(step.locals), ...Object.keys(step.real)]);
}

function extend(runs, column, step, name) {
  const value = step.locals[name] ?? step.real?.[name];
  const state = standingOf(step.verdicts[name]);
  const last = runs.at(-1);
  const goesOn =
    last !== undefined &&
    last.end === column - 1 &&
    last.text === value.text &&
    last.depth === step.depth &&
    last.state === state;
  if (goesOn) last.end = column;
  else {
    const { text, provenance, confidence } = value;
    runs.push({ start: column, end: column, text, provenance, confidence, state, depth: step.depth });
  }
}

/** Those of sorted runs that touch the columns first..last. */
export function runsWithin(runs, first, last) {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle].end < first) low = middle + 1;
    else high = middle;
  }
  const found = [];
  for (let at = low; at < runs.length && runs[at].start <= last; at++) found.push(runs[at]);
  return found;
}

/** The columns that can be seen: first and last, inclusive; last is -1 where there is none. */
export function columnsWithin(scrolled, width, columnWidth, count) {
  return {
    first: Math.max(0, Math.floor(scrolled / columnWidth)),
    last: Math.min(count - 1, Math.ceil((scrolled + width) / columnWidth)),
  };
}

/** The column at a place, kept within those there are; -1 where there is none. */
export function columnAt(x, columnWidth, count) {
  return count === 0 ? -1 : Math.min(count - 1, Math.max(0, Math.floor(x / columnWidth)));
}

/** Every how many columns a number is written, so that they do not touch. */
export function strideOf(columnWidth, labelWidth) {
  for (const unit of [1, 10, 100, 1000, 10_000, 100_000]) {
    for (const times of [1, 2, 5]) if (unit * times * columnWidth >= labelWidth) return unit * times;
  }
  return 1_000_000;
}

/** A column's width after zooming by a factor. */
export function zoomed(columnWidth, factor) {
  return Math.min(WIDEST, Math.max(NARROWEST, columnWidth * factor));
}

/** Where to scroll so that a column can be seen, from where it is scrolled now. */
export function scrolledTo(column, scrolled, width, columnWidth) {
  const [left, right] = [column * columnWidth, (column + 1) * columnWidth];
  const margin = Math.min(width / 4, columnWidth * 2);
  if (left - margin < scrolled) return Math.max(0, left - margin);
  return right + margin > scrolled + width ? right + margin - width : scrolled;
}

/**
 * A lane for each branch: `{branch, start, end, from, isCurrent}` in columns, counted from the
 * beginning of its own path; `from` is the branch that it leaves, null for the first.
 */
export function lanesOf(steps, branches) {
  const depths = [];
  for (const step of steps) depths.push(step.parent === null ? 0 : depths[step.parent] + 1);
  return branches.map(({ number, parent, first, tip, change, is_current: isCurrent }) => ({
    branch: number,
    from: parent,
    start: depths[first] ?? 0,
    end: depths[tip] ?? 0,
    tip,
    change,
    isCurrent,
  }));
}

/** The step before this one in the same activation: what its values are compared with. */
export function before(path, column) {
  const step = path[column];
  for (let at = column - 1; at >= 0; at--) {
    if (path[at].function === step.function && path[at].depth === step.depth) return path[at];
    if (path[at].depth < step.depth) return undefined;
  }
  return undefined;
}
