/** The page about models: what is served, what is known of it, and its plots. */
import { get, image } from './api.js';
import { h, refill } from './dom.js';
import { figureGroups, grouped } from './figures.js';
import { measuredPlots } from './plots.js';

const PLOTS = { curve: 'How it learned: loss and exact frames, by tokens seen' };
const DRAWN = 'curve.png'; // of which the page has the numbers, once it was measured

export async function showModels(host, onProblem) {
  refill(host, h('p', { class: 'empty' }, 'Reading the cards…'));
  try {
    const [{ models }, health] = await Promise.all([get('/models'), get('/health')]);
    refill(host, h('h1', {}, 'Models'), healthLine(health), models.map((model) => card(model)));
  } catch (error) {
    refill(host, h('p', { class: 'empty' }, 'The cards could not be read.'));
    onProblem(error);
  }
}

function healthLine({ ok, engine, detail, version, python, sessions, most_sessions: most, allows_run: allowsRun }) {
  const facts = [
    `Foreframe ${version}`,
    `Python ${python}`,
    `${sessions} of ${most} sessions`,
    allowsRun ? 'programs may be run to check' : 'no program is run',
  ];
  return h(
    'p',
    { class: 'health' },
    h('span', { class: ok ? 'right' : 'wrong' }, ok ? '● ' : '◆ '),
    h('strong', {}, engine),
    h('span', { class: 'quiet' }, ` ${ok ? 'answers' : 'does not answer'}${detail ? `: ${detail}` : ''} · ${facts.join(' · ')}`),
  );
}

function card(model) {
  const { name, dialect, context_tokens: context, parameters, served, about, figures, plots, measured } = model;
  const facts = [
    ['dialect', dialect],
    ['parameters', parameters === null ? null : grouped(parameters)],
    ['context', context === null ? null : `${grouped(context)} tokens`],
  ].filter(([, value]) => value !== null);
  const groups = figureGroups(figures);
  const pictures = h('div', { class: 'plots' });
  const shown = measured?.curve.length > 1 ? plots.filter((plot) => plot !== DRAWN) : plots;
  for (const plot of shown) pictures.append(picture(name, plot));
  return h(
    'article',
    { class: 'model-card', 'aria-label': name },
    h('header', {}, h('h2', {}, name), served ? h('span', { class: 'badge served' }, 'served') : h('span', { class: 'badge' }, 'known')),
    about && h('p', { class: 'about' }, about),
    h('dl', { class: 'facts' }, facts.map(([key, value]) => h('div', {}, h('dt', {}, key), h('dd', {}, value)))),
    figureTables(groups.filter(({ isFirst }) => isFirst)),
    measuredPlots(measured, name),
    shown.length > 0 && pictures,
    moreFigures(groups.filter(({ isFirst }) => !isFirst)),
  );
}

/** Figures in the order of readers: what a model gets right, and the rest behind a fold. */
function figureTables(groups) {
  return groups.length > 0 && h('div', { class: 'figures' }, groups.map(figureTable));
}

function moreFigures(groups) {
  const count = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  return count > 0 && h('details', { class: 'more-figures' }, h('summary', {}, `${count} more figures`), figureTables(groups));
}

function figureTable({ title, rows }) {
  return h(
    'table',
    { class: 'figure-table' },
    h('caption', {}, title),
    h(
      'tbody',
      {},
      rows.map(({ label, value, text, isShare }) => {
        const fill = h('span', { class: 'sure-fill' });
        fill.style.setProperty('--share', isShare ? value : 0);
        return h(
          'tr',
          {},
          h('th', { scope: 'row' }, label),
          h('td', {}, isShare ? h('span', { class: 'sure-bar', 'aria-hidden': 'true' }, fill) : null),
          h('td', { class: 'number' }, text),
        );
      }),
    ),
  );
}

function picture(name, plot) {
  const stem = plot.replace(/\.\w+$/, '');
  const title = PLOTS[stem] ?? stem.replaceAll('_', ' ');
  const img = h('img', { alt: `${title} of ${name}` });
  image(`/models/${encodeURIComponent(name)}/${encodeURIComponent(plot)}`).then(
    (data) => img.setAttribute('src', data),
    () => refill(figure, h('figcaption', {}, `${title} could not be read`)),
  );
  const figure = h('figure', { class: 'plot' }, img, h('figcaption', {}, title));
  return figure;
}
