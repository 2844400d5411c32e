/** Two small charts below the timeline: how often it was right (or how sure), and how long it took. */
import { h } from './dom.js';
import { latencies, quantile, shareRight, sureness } from './rates.js';
import { percent } from './values.js';
import { Plot } from './vendor/charts.js';

export class Strip {
  #plots = new Map();
  #shown = '';

  constructor(host) {
    this.right = chart('How often right');
    this.latency = chart('Time a step');
    host.append(this.right.figure, this.latency.figure);
    new ResizeObserver(() => this.#resize()).observe(host);
  }

  /** `onGo(column)` goes to a step that is clicked. */
  show(session, onGo) {
    const { path } = session;
    const key = `${session.id}:${session.view.cursor.branch}:${path.length}:${path.at(-1)?.number}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const isChecked = path.some(({ right }) => right !== null);
    const shares = isChecked ? shareRight(path) : sureness(path);
    const times = latencies(path);
    const [middle, worst] = [quantile(times, 0.5), quantile(times, 0.99)];
    const known = path.filter(({ right }) => right !== null);
    this.right.title.textContent = isChecked ? 'Right, of the last 20 steps' : 'How sure the model was';
    this.right.note.textContent = isChecked
      ? `${known.filter(({ right }) => right).length} of ${known.length} right`
      : lowest(shares);
    this.latency.note.textContent = middle === null ? 'the engine was not asked' : `p50 ${ms(middle)} · p99 ${ms(worst)}`;
    this.#draw('right', this.right, shares, { range: [0, 1], onGo, format: (value) => percent(value) });
    this.#draw('latency', this.latency, times, { range: null, onGo, format: ms });
  }

  /** Draws again, in other colours. */
  recolour(session, onGo) {
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    this.#shown = '';
    if (session !== null) this.show(session, onGo);
  }

  #draw(name, { box }, values, { range, onGo, format }) {
    const columns = values.map((_, index) => index + 1);
    const old = this.#plots.get(name);
    if (old !== undefined) {
      old.onGo = onGo;
      old.setData([columns, values]);
      return;
    }
    const [line, quiet, rule] = ['--accent', '--quiet', '--line'].map((variable) => colour(box, variable));
    const em = Number.parseFloat(getComputedStyle(box).fontSize);
    const font = `${Math.round(em * 0.75)}px system-ui, sans-serif`;
    const plot = new Plot(
      {
        ...measured(box),
        legend: { show: false },
        padding: [em * 0.6, em * 1.5, 0, 0],
        cursor: { y: false, points: { size: 6 } },
        scales: { x: { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] }, y: { range: range ?? ((_, __, high) => [0, (high || 1) * 1.1]) } },
        axes: [
          { stroke: quiet, font, size: em * 1.4, gap: 1, ticks: { show: false }, grid: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000] },
          { stroke: quiet, font, size: em * 3.2, gap: 2, ticks: { show: false }, grid: { stroke: rule, width: 1 }, splits: range ? () => [0, 0.5, 1] : undefined, space: em * 1.6, values: (_, ticks) => ticks.map(format) },
        ],
        series: [{}, { stroke: line, width: 1.5, spanGaps: true, points: { show: (shown) => shown.data[0].length < 60, size: 4, fill: line } }],
      },
      [columns, values],
      box,
    );
    plot.onGo = onGo;
    plot.over.addEventListener('click', () => {
      if (plot.cursor.idx !== null) plot.onGo(plot.cursor.idx);
    });
    this.#plots.set(name, plot);
  }

  #resize() {
    this.#plots.get('right')?.setSize(measured(this.right.box));
    this.#plots.get('latency')?.setSize(measured(this.latency.box));
  }
}

function chart(text) {
  const title = h('span', {}, text);
  const note = h('span', { class: 'quiet' });
  const box = h('div', { class: 'chart' });
  return { title, note, box, figure: h('figure', { class: 'strip-figure' }, h('figcaption', {}, title, note), box) };
}

function measured(box) {
  return { width: Math.max(80, box.clientWidth), height: Math.max(40, box.clientHeight) };
}

function ms(value) {
  if (value >= 1000) return `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} s`;
  return `${value < 10 && value > 0 ? value.toFixed(1) : Math.round(value)} ms`;
}

function lowest(shares) {
  const known = shares.filter((share) => share !== null);
  return known.length === 0 ? 'nothing was predicted yet' : `least ${percent(Math.min(...known))}`;
}

/** A colour of the page as the canvas wants it. */
function colour(box, variable) {
  const probe = h('span');
  probe.style.color = `var(${variable})`;
  box.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
