/** The two lines of the strip, from a path's steps. Pure. */

/** Shares of the last `window` checked steps that were right; null before the first. */
export function shareRight(path, window = 20) {
  const found = [];
  return path.map(({ right }) => {
    if (right === true || right === false) found.push(right);
    const recent = found.slice(-window);
    return recent.length === 0 ? null : recent.filter(Boolean).length / recent.length;
  });
}

/** How sure the model was of each step; null where nothing was predicted. */
export function sureness(path) {
  return path.map((step) => {
    const known = step.changed.map((name) => step.locals[name]?.confidence).filter((one) => typeof one === 'number');
    if (known.length > 0) return Math.min(...known);
    return typeof step.confidence === 'number' ? step.confidence : null;
  });
}

/** Milliseconds that each step took the engine; null where it was not asked. */
export function latencies(path) {
  return path.map(({ usage }) => (usage.requests > 0 ? usage.seconds * 1000 : null));
}

/** The value that so large a share of all is at or below; null of none. */
export function quantile(values, share) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known.length === 0 ? null : known[Math.min(known.length - 1, Math.floor(share * known.length))];
}
