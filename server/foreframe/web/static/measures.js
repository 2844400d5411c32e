/** What plots of a model show, as numbers and words. Pure. */

const OFTEN = 10; // predictions: rarer kinds stand behind a fold
const SURENESS = 1.96; // standard deviations of 95 %

const CHARTS = {
  'frames by event': 'Frames, by event',
  'steps back by event': 'Steps back, by event',
  'actions, walk': 'Actions, frame by frame',
  'actions, jump': 'Actions, in one jump',
  'actions, back': 'Actions, going back',
  'frames by operation': 'Frames, by operation of their line',
};
const ROWS = { step_over: 'step over', step_out: 'step out', step_into: 'step into', run_to: 'run to a line' };

/** Charts of bars, the short ones first, with words for readers. */
export function barCharts(accuracy) {
  const order = Object.keys(CHARTS);
  const place = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...accuracy].sort((a, b) => place(a) - place(b)).map(({ name, rows }) => ({ name: CHARTS[name] ?? name, ...barRows(rows) }));
}

/** A share as a percentage. */
export function share(value, digits = 1) {
  return `${(value * 100).toFixed(digits)} %`;
}

export function million(tokens, digits = 0) {
  return (tokens / 1e6).toFixed(digits);
}

/** The bins of a reliability diagram with how large their dots are: by area, as many as they hold. */
export function reliabilityPoints({ bins }) {
  const filled = bins.filter(({ count }) => count > 0);
  const most = Math.max(...filled.map(({ count }) => count));
  return filled.map((bin) => ({ ...bin, radius: 3 + 6 * Math.sqrt(bin.count / most) }));
}

/** The diagram in a sentence, for who does not see it. */
export function reliabilityWords(diagram) {
  const { bins, count } = diagram;
  const parts = bins.filter((bin) => bin.count > 0).map((bin) => `told ${share(bin.low, 0)} to ${share(bin.high, 0)}, right ${share(bin.right, 0)} of ${bin.count}`);
  return `${count} predictions, ${offWords(diagram)}.${parts.length === 0 ? '' : ` ${parts.join('; ')}.`}`;
}

/** How far it is off on average, and how far chance alone would have it be. */
export function offWords({ error, by_chance: chance }) {
  if (typeof error !== 'number') return 'nothing to be off by';
  return `off by ${share(error)} on average${typeof chance === 'number' ? `, where chance makes ${share(chance)}` : ''}`;
}

/** Where the true share lies with 95 % certainty, when `right` of `count` were right (Wilson). */
export function range(right, count) {
  if (count === 0) return [0, 1];
  const square = SURENESS ** 2;
  const middle = (right + square / (2 * count)) / (1 + square / count);
  const half = (SURENESS / (1 + square / count)) * Math.sqrt((right * (1 - right)) / count + square / (4 * count ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Rows of bars, those of many predictions first; `rare`: of few, unless all are. */
export function barRows(rows) {
  const known = [...rows]
    .sort((a, b) => b.count - a.count)
    .map(({ name, count, right }) => {
      const [low, high] = range(right, count);
      return { name: ROWS[name] ?? name, count, right, low, high };
    });
  const shown = known.filter(({ count }) => count >= OFTEN);
  return shown.length === 0 ? { shown: known, rare: [] } : { shown, rare: known.slice(shown.length) };
}

/** The two plots of a learning curve: shares of right frames, and loss; lines without points are left out. */
export function curveLines(curve) {
  const last = Math.max(...curve.map(({ tokens }) => tokens));
  const drawn = (kind) =>
    [
      { name: 'generated programs', kind: 'first', points: pointsOf(curve, `generated_${kind}`) },
      { name: 'given programs', kind: 'second', points: pointsOf(curve, `programs_${kind}`) },
    ].filter(({ points }) => points.length > 1);
  const losses = drawn('loss');
  const most = Math.max(0, ...losses.flatMap(({ points }) => points.map(([, value]) => value)));
  const top = niceTop(most);
  return [
    { title: 'Whole frames right', top: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: (value) => share(value, 0), lines: drawn('exact'), last },
    { title: 'Loss, nats a token', top, ticks: [0, 0.25, 0.5, 0.75, 1].map((part) => part * top), format: (value) => value.toFixed(2), lines: losses, last },
  ].filter(({ lines }) => lines.length > 0);
}

function pointsOf(curve, name) {
  return curve.filter((one) => typeof one[name] === 'number').map((one) => [one.tokens, one[name]]);
}

/** The end of an axis: 1, 2 or 4 times a power of ten, at or above the most. */
export function niceTop(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 10].map((times) => times * power).find((top) => top >= most * 0.999999) ?? 10 * power;
}
