/** What happened, the stack, and the output of a session. */
import { h, refill } from './dom.js';
import { changesBetween, describe, doubt, percent, shortened, SIGNS, VERDICTS } from './values.js';

const SHOWN = 400; // characters of a value
const EVENTS = { return: 'returned', exception: 'raised', call: 'called' };

/** A value with its sign, how sure it is, and what is really there. */
export function valueOf(value, { verdict, real, most = SHOWN } = {}) {
  const unsure = value.provenance === 'predicted' ? doubt(value.confidence) : null;
  const known = VERDICTS[verdict];
  const differs = known?.kind === 'wrong';
  return h(
    'span',
    { class: `value ${value.provenance}${unsure ? ` doubt${unsure}` : ''}`, title: `${shortened(value.text, 2000)}\n${describe(value)}` },
    h('span', { class: 'value-text' }, shortened(value.text, most), value.cut ? '…' : null),
    unsure ? h('span', { class: 'doubt', 'aria-label': describe(value) }, ` ${'?'.repeat(unsure)}${percent(value.confidence)}`) : null,
    known && h('span', { class: `verdict ${known.kind}`, title: known.words, 'aria-label': known.words }, ` ${known.sign}`),
    differs && real && h('span', { class: 'really' }, ' really ', h('span', { class: 'value-text' }, shortened(real.text, most))),
  );
}

export function signOf({ provenance }) {
  return h('span', { class: `sign ${provenance}`, title: provenance }, SIGNS[provenance] ?? '=');
}

/** What changed at the stop that is looked at. */
export function showChanges(host, session, shown) {
  if (shown === null) {
    refill(host, h('p', { class: 'empty' }, 'Nothing has happened yet.'));
    return;
  }
  const { stop, status } = session.view;
  const place = h('span', { class: 'place' }, `${shown.function}:${shown.line}`);
  const why = shown.isPeek
    ? `step ${session.peek + 1}, looked at in passing`
    : status === 'running'
      ? `predicting… ${session.view.frames_done || ''}`
      : status === 'ended'
        ? 'ended'
        : stop.reason === 'goto'
          ? `step ${session.column + 1}`
          : [stop.reason, stop.description].filter(Boolean).join(': ');
  const parts = [h('p', { class: 'stop-line' }, place, h('span', { class: 'quiet' }, why))];
  const isTold = shown.value && stop.text.includes(shown.value.text); // in a row of its own
  if (!shown.isPeek && stop.text && !isTold) parts.push(h('p', { class: 'stop-text' }, stop.text));
  if (session.note) parts.push(h('p', { class: 'stop-text' }, session.note));
  if (shown.right === false) parts.push(h('p', { class: 'stop-text wrong' }, '◆ predicted otherwise than it really is'));
  const rows = [];
  if (shown.value !== null && shown.value !== undefined) {
    const word = EVENTS[shown.event] ?? 'value';
    rows.push(row(h('span', { class: 'event' }, word), signOf(shown.value), valueOf(shown.value)));
  }
  for (const name of shown.changed) {
    const value = shown.locals[name];
    if (value !== undefined) rows.push(...changeRows(name, value, shown));
  }
  for (const [name, verdict] of Object.entries(shown.verdicts)) {
    if (shown.changed.includes(name) || VERDICTS[verdict]?.kind !== 'wrong') continue;
    const value = shown.locals[name] ?? { text: '–', provenance: 'unknown', confidence: null };
    rows.push(row(name, signOf(value), valueOf(value, { verdict, real: shown.real?.[name] })));
  }
  if (rows.length === 0) parts.push(h('p', { class: 'empty' }, 'No variable changed.'));
  else parts.push(h('dl', { class: 'grid changes' }, rows));
  refill(host, ...parts);
}

function row(name, sign, ...content) {
  return [h('dt', {}, name), h('dd', { class: 'sign-cell' }, sign), h('dd', {}, ...content)];
}

/** A changed variable: the parts that differ where it is a container that was there before. */
function changeRows(name, value, { before, verdicts, real }) {
  const told = { verdict: verdicts[name], real: real?.[name] };
  const old = before?.[name];
  if (old === undefined) return row(name, signOf(value), valueOf(value, told), h('span', { class: 'quiet' }, ' new'));
  if (old.text === value.text) return row(name, signOf(value), valueOf(value, told));
  const { changes, more } = changesBetween(old.text, value.text);
  const isPart = changes.length > 0 && changes.every((change) => change.path !== '' || change.before === undefined || change.after === undefined);
  if (!isPart) {
    return row(name, signOf(value), h('span', { class: 'was' }, shortened(old.text, 120)), ' → ', valueOf(value, told));
  }
  const rows = changes.map((change) => {
    const was = change.before === undefined ? null : h('span', { class: 'was' }, shortened(change.before, 120));
    const is = change.after === undefined ? h('span', { class: 'quiet' }, 'gone') : valueOf({ ...value, text: change.after }, told);
    const note = change.before === undefined ? h('span', { class: 'quiet' }, ' new') : null;
    return row(`${name}${change.path}`, signOf(value), was, was ? ' → ' : null, is, note);
  });
  if (more > 0) rows.push(row('', '', h('span', { class: 'quiet' }, `and ${more} more`)));
  return rows.flat();
}

/** The stack, innermost first; a scope can be chosen. */
export function showStack(host, session, shown) {
  const stop = session.view.stop;
  if (stop === null || shown === null) {
    refill(host, h('p', { class: 'empty' }, 'Empty.'));
    return;
  }
  if (shown.isPeek) {
    refill(host, h('p', { class: 'empty' }, 'The stack is told at stops, not in passing.'));
    return;
  }
  const items = session.stack.map((scope, index) =>
    h(
      'li',
      {},
      h(
        'button',
        {
          type: 'button',
          class: 'scope-button',
          'aria-current': index === shown.index ? 'true' : null,
          on: { click: () => session.choose(index) },
        },
        h('span', { class: 'scope-name' }, scope.function),
        h('span', { class: 'scope-line' }, `:${scope.line}`),
      ),
    ),
  );
  refill(host, h('ol', { class: 'stack', 'aria-label': 'Stack, innermost scope first' }, items.reverse()));
}

/** What the program prints, and notes. Only what is new is added. */
export class OutputPanel {
  #session = null;
  #shown = 0;

  constructor(host) {
    this.list = h('pre', { class: 'output', tabindex: 0, 'aria-label': 'Output, as predicted' });
    this.empty = h('p', { class: 'empty' }, 'Nothing was printed.');
    host.append(this.list, this.empty);
  }

  show(session) {
    if (session !== this.#session || session.output.length < this.#shown) {
      this.#session = session;
      this.#shown = 0;
      this.list.replaceChildren();
    }
    const { output } = session;
    this.list.hidden = output.length === 0;
    this.empty.hidden = output.length > 0;
    if (this.#shown === output.length) return;
    const isAtEnd = this.list.scrollTop + this.list.clientHeight >= this.list.scrollHeight - 4;
    for (const { stream, text, line } of output.slice(this.#shown)) {
      const ended = stream === 'stdout' || stream === 'stderr' || text.endsWith('\n') ? text : `${text}\n`;
      this.list.append(h('span', { class: `output-${stream}`, title: line === null ? stream : `${stream}, line ${line}` }, ended));
    }
    this.#shown = output.length;
    if (isAtEnd) this.list.scrollTop = this.list.scrollHeight;
  }
}
