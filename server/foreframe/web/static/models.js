/** The page about models: what is served, what is known of it, and its plots. */
import { get, image } from './api.js';
import { h, refill } from './dom.js';

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
  const { name, dialect, context_tokens: context, parameters, served, about, figures, plots } = model;
  const facts = [
    ['dialect', dialect],
    ['parameters', parameters === null ? null : grouped(parameters)],
    ['context', context === null ? null : `${grouped(context)} tokens`],
  ].filter(([, value]) => value !== null);
  const figure = Object.entries(figures);
  const pictures = h('div', { class: 'plots' });
  for (const plot of plots) pictures.append(picture(name, plot));
  return h(
    'article',
    { class: 'model-card', 'aria-label': name },
    h('header', {}, h('h2', {}, name), served ? h('span', { class: 'badge served' }, 'served') : h('span', { class: 'badge' }, 'known')),
    about && h('p', { class: 'about' }, about),
    h('dl', { class: 'facts' }, facts.map(([key, value]) => h('div', {}, h('dt', {}, key), h('dd', {}, value)))),
    figure.length > 0 && h('div', { class: 'figures' }, groupsOf(figure).map(([title, rows]) => figureTable(title, rows))),
    plots.length > 0 && pictures,
  );
}

/** Figures by the first word of their names; those that are alone with it come first, together. */
function groupsOf(figures) {
  const groups = new Map();
  for (const [name, value] of figures) {
    const at = name.search(/[_.]/);
    const title = at < 0 ? 'other' : name.slice(0, at);
    const rows = groups.get(title) ?? [];
    rows.push([at < 0 ? name : name.slice(at + 1), value]);
    groups.set(title, rows);
  }
  const alone = [...groups].filter(([, rows]) => rows.length === 1);
  const general = alone.map(([title, [[name, value]]]) => [title === 'other' ? name : `${title} ${name}`, value]);
  const rest = [...groups].filter(([, rows]) => rows.length > 1);
  return general.length === 0 ? rest : [['general', general], ...rest];
}

function figureTable(title, rows) {
  return h(
    'table',
    { class: 'figure-table' },
    h('caption', {}, title),
    h(
      'tbody',
      {},
      rows.map(([name, value]) => {
        const isShare = value >= 0 && value <= 1 && !/loss|ece|temperature|bias/.test(name);
        const fill = h('span', { class: 'sure-fill' });
        fill.style.setProperty('--share', isShare ? value : 0);
        return h(
          'tr',
          {},
          h('th', { scope: 'row' }, name.replaceAll(/[_.]/g, ' ')),
          h('td', {}, isShare ? h('span', { class: 'sure-bar', 'aria-hidden': 'true' }, fill) : null),
          h('td', { class: 'number' }, isShare ? `${(value * 100).toFixed(1)} %` : grouped(value)),
        );
      }),
    ),
  );
}

function picture(name, plot) {
  const title = plot.replace(/\.\w+$/, '').replaceAll('_', ' ');
  const img = h('img', { alt: `${title} of ${name}` });
  image(`/models/${encodeURIComponent(name)}/${encodeURIComponent(plot)}`).then(
    (data) => img.setAttribute('src', data),
    () => refill(figure, h('figcaption', {}, `${title} could not be read`)),
  );
  const figure = h('figure', { class: 'plot' }, img, h('figcaption', {}, title));
  return figure;
}

function grouped(value) {
  return new Intl.NumberFormat('en', { maximumFractionDigits: 4 }).format(value);
}
