/** Plots of what was measured of a model: drawn in SVG, told in words, and there as tables. */
import { h, s } from './dom.js';
import { barCharts, curveLines, million, offWords, reliabilityPoints, reliabilityWords, share } from './measures.js';

const SIDE = 220; // units of a reliability diagram's square
const LEFT = 56; // of the square: the axis's name and numbers
const TOP = 8;
const COUNTS = 44; // height of the counts below the square
const FOOT = 34;
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** All plots of a model, or a word that nothing was measured. */
export function measuredPlots(measured, name) {
  if (measured === null || measured === undefined) {
    return h('p', { class: 'empty not-measured' }, 'Calibration and accuracy: not measured.');
  }
  const { reliability, accuracy, curve } = measured;
  return h(
    'div',
    { class: 'measured' },
    reliability.length > 0 && section('Is its sureness right?', 'A dot on the line: of what it calls 80 % sure, 80 % are right. Above the line it is right more often than it says. Larger dots and taller bars are more predictions.', h('div', { class: 'plots diagrams' }, reliability.map((one) => reliabilityFigure(one, name)))),
    accuracy.length > 0 && section('What does it get right?', 'Shares of whole frames that are right; the thin line is where the true share lies with 95 % certainty.', h('div', { class: 'bar-charts' }, barCharts(accuracy).map(bars))),
    curve.length > 1 && section('How did it learn?', 'On programs that it was never trained on, while it trained; what is held out changed with the generator on the way.', h('div', { class: 'plots diagrams' }, curveLines(curve).map((one) => curveFigure(one, name)))),
  );
}

function section(title, words, content) {
  return h('section', { class: 'measured-part' }, h('h3', {}, title), h('p', { class: 'quiet' }, words), content);
}

// Reliability

function reliabilityFigure(one, model) {
  const points = reliabilityPoints(one);
  const x = (value) => LEFT + value * SIDE;
  const y = (value) => TOP + (1 - value) * SIDE;
  const base = TOP + SIDE + 10 + COUNTS;
  const most = Math.max(...points.map(({ count }) => count));
  const drawing = s(
    'svg',
    { viewBox: `0 0 ${LEFT + SIDE + 12} ${base + FOOT}`, class: 'diagram', role: 'img', 'aria-label': `${model}, ${one.name}: ${reliabilityWords(one)}` },
    GRID.map((value) => [
      s('line', { class: 'grid', x1: x(0), x2: x(1), y1: y(value), y2: y(value) }),
      s('text', { class: 'tick end', x: LEFT - 6, y: y(value) + 4 }, share(value, 0)),
      s('text', { class: 'tick middle', x: x(value), y: base + 14 }, share(value, 0)),
    ]),
    s('line', { class: 'ideal', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    s('path', { class: 'line between', d: path(points.map(({ confidence, right }) => [x(confidence), y(right)])) }),
    points.map((point) => {
      const { low, high, count, confidence, right, radius } = point;
      const words = `told ${share(low, 0)} to ${share(high, 0)}: ${share(right)} of ${count} right`;
      const height = Math.max(1, (COUNTS * count) / most);
      return [
        s('rect', { class: 'count', x: x(low) + 1, y: base - height, width: (high - low) * SIDE - 2, height }, s('title', {}, words)),
        s('circle', { class: 'dot', cx: x(confidence), cy: y(right), r: radius }, s('title', {}, words)),
      ];
    }),
    s('line', { class: 'axis', x1: x(0), x2: x(1), y1: base, y2: base }),
    s('text', { class: 'tick end', x: LEFT - 6, y: base - COUNTS + 8 }, most),
    s('text', { class: 'axis-name middle', x: x(0.5), y: base + 30 }, 'how sure it says it is'),
    s('text', { class: 'axis-name middle', transform: `translate(9 ${y(0.5)}) rotate(-90)` }, 'share right'),
  );
  return h(
    'figure',
    { class: 'plot' },
    h('figcaption', {}, h('strong', {}, one.name), ` · ${offWords(one)}, of ${one.count}`),
    drawing,
    asTable(['told', 'said', 'right', 'of'], points.map(({ low, high, count, confidence, right }) => [`${share(low, 0)} to ${share(high, 0)}`, share(confidence), share(right), count])),
  );
}

// Bars

function bars({ name, shown, rare }) {
  return h(
    'div',
    { class: 'bar-chart' },
    barTable(name, shown),
    rare.length > 0 && h('details', { class: 'more-figures' }, h('summary', {}, `${rare.length} that were seen less than ten times`), barTable(`${name}, seldom seen`, rare)),
  );
}

function barTable(name, rows) {
  return h(
    'table',
    { class: 'figure-table bar-table' },
    h('caption', {}, name),
    h(
      'tbody',
      {},
      rows.map(({ name: of, count, right, low, high }) => {
        const bar = h('span', { class: 'bar', 'aria-hidden': 'true' }, h('span', { class: 'bar-fill' }), h('span', { class: 'bar-range' }));
        for (const [variable, value] of [['--share', right], ['--low', low], ['--high', high]]) bar.style.setProperty(variable, value);
        return h('tr', { title: `${share(right)} of ${count}; the true share is between ${share(low)} and ${share(high)}` }, h('th', { scope: 'row' }, of), h('td', {}, bar), h('td', { class: 'number' }, share(right)), h('td', { class: 'number quiet' }, `of ${count}`));
      }),
    ),
  );
}

// Learning

function curveFigure({ title, top, ticks, format, lines, last }, model) {
  const width = 300;
  const height = 180;
  const x = (tokens) => LEFT + (tokens / last) * width;
  const y = (value) => TOP + (1 - value / top) * height;
  const steps = [0, 0.25, 0.5, 0.75, 1].map((part) => part * last);
  const ends = lines.map(({ name, points }) => `${name}: ${format(points[0][1])} at first, ${format(points.at(-1)[1])} at last`);
  const drawing = s(
    'svg',
    { viewBox: `0 0 ${LEFT + width + 18} ${TOP + height + FOOT}`, class: 'diagram wide', role: 'img', 'aria-label': `${model}, ${title}. ${ends.join('; ')}` },
    ticks.map((value) => [
      s('line', { class: 'grid', x1: x(0), x2: x(last), y1: y(value), y2: y(value) }),
      s('text', { class: 'tick end', x: LEFT - 6, y: y(value) + 4 }, format(value)),
    ]),
    steps.map((tokens) => s('text', { class: 'tick middle', x: x(tokens), y: TOP + height + 14 }, million(tokens))),
    s('line', { class: 'axis', x1: x(0), x2: x(last), y1: y(0), y2: y(0) }),
    lines.map(({ name, kind, points }) => [
      s('path', { class: `line ${kind}`, d: path(points.map(([tokens, value]) => [x(tokens), y(value)])) }),
      points.map(([tokens, value]) => mark(kind, x(tokens), y(value), `${name}: ${format(value)} after ${million(tokens)} million tokens`)),
    ]),
    s('text', { class: 'axis-name middle', x: x(last / 2), y: TOP + height + 30 }, 'million tokens seen'),
  );
  const columns = ['million tokens', ...lines.map(({ name }) => name)];
  const rows = lines[0].points.map(([tokens]) => [million(tokens, 1), ...lines.map(({ points }) => told(points, tokens, format))]);
  return h(
    'figure',
    { class: 'plot' },
    h('figcaption', {}, h('strong', {}, title), h('span', { class: 'legend' }, lines.map(({ name, kind }) => h('span', { class: 'legend-line' }, s('svg', { viewBox: '0 0 22 10', class: 'legend-mark', 'aria-hidden': 'true' }, s('path', { class: `line ${kind}`, d: 'M0 5H22' }), mark(kind, 11, 5)), name)))),
    drawing,
    asTable(columns, rows),
  );
}

/** A point of a line: lines differ by shape, not by colour alone. */
function mark(kind, x, y, words = null) {
  const title = words === null ? null : s('title', {}, words);
  return kind === 'second' ? s('rect', { class: 'dot second', x: x - 2.5, y: y - 2.5, width: 5, height: 5 }, title) : s('circle', { class: 'dot', cx: x, cy: y, r: 2.6 }, title);
}

function told(points, tokens, format) {
  const found = points.find(([at]) => at === tokens);
  return found === undefined ? '–' : format(found[1]);
}

function path(points) {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}

/** The numbers of a plot, behind a fold. */
function asTable(columns, rows) {
  return h(
    'details',
    { class: 'more-figures' },
    h('summary', {}, 'as a table'),
    h('table', { class: 'plain-table' }, h('thead', {}, h('tr', {}, columns.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell) => h('td', {}, cell)))))),
  );
}
