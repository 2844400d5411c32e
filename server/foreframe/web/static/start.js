/** Where a session begins: a program, a function of it, arguments; and the sessions there are. */
import { get, post, ProblemError, remove } from './api.js';
import { h, refill } from './dom.js';
import { EXAMPLES } from './examples.js';
import { functionsOf } from './inline.js';

const KEPT_SHOWN = 50;

export class StartForm {
  #functions = [];
  #busy = false;

  /** `code`: the CodePane; `onStart(body)` begins a session and gives a promise. */
  constructor(host, { code, onStart, onProblem, onExample }) {
    this.code = code;
    this.onStart = onStart;
    this.onProblem = onProblem;
    const field = (label, input, hint = null) => {
      (input.querySelector?.('select') ?? input).setAttribute('aria-label', label);
      return labelled(label, input, hint);
    };
    const labelled = (label, input, hint) => h('label', { class: 'field' }, h('span', { class: 'field-label' }, label), input, hint);
    this.function = h('select', { on: { change: () => this.#describe() } });
    this.args = h('input', { type: 'text', spellcheck: 'false', autocomplete: 'off', placeholder: 'none', class: 'mono' });
    this.signature = h('span', { class: 'hint' });
    this.check = h('input', { type: 'checkbox', on: { change: () => this.#adapt() } });
    this.checkLine = h('label', { class: 'check-line', hidden: true }, this.check, h('span', {}, 'Check against a real run ', h('span', { class: 'quiet' }, '(executes the program)')));
    this.entry = h('input', { type: 'checkbox', checked: true });
    this.outcome = h('select', { on: { change: () => this.#adapt() } }, option('', 'the first line'), option('returned', 'a returned value'), option('raised', 'an exception'));
    this.outcomeText = h('input', { type: 'text', class: 'mono', spellcheck: 'false', hidden: true, 'aria-label': 'The outcome' });
    this.promise = h('span', { class: 'hint' });
    this.button = h('button', { type: 'submit', class: 'primary' }, 'Start');
    this.form = h(
      'form',
      { class: 'start-form', 'aria-label': 'Start a session', on: { submit: (event) => this.#submit(event) } },
      h('h2', {}, 'Start'),
      field('Function', this.function, this.signature),
      field('Arguments', this.args, h('span', { class: 'hint' }, 'Python literals, as in a call')),
      field('Begin at', h('span', { class: 'pair' }, this.outcome, this.outcomeText)),
      h('label', { class: 'check-line' }, this.entry, h('span', {}, 'Stop on the first line')),
      this.checkLine,
      h('div', { class: 'form-foot' }, this.button, this.promise),
    );
    const examples = EXAMPLES.map((example) =>
      h('button', { type: 'button', class: 'example', on: { click: () => onExample(example) } }, example.title),
    );
    this.#adapt();
    host.append(this.form, h('section', { class: 'examples', 'aria-label': 'Examples' }, h('h2', {}, 'Examples'), h('div', { class: 'example-list' }, examples)));
  }

  /** What the form says. */
  get program() {
    return { source: this.code.text, function: this.function.value || null, args: this.args.value };
  }

  set program({ function: name, args }) {
    this.refresh();
    this.function.value = name ?? '';
    this.args.value = args ?? '';
    this.#describe();
  }

  allowRun(isAllowed) {
    this.checkLine.hidden = !isAllowed;
    if (!isAllowed) this.check.checked = false;
    this.#adapt();
  }

  /** Reads the functions from the code anew. */
  refresh() {
    this.#functions = functionsOf(this.code.tree, this.code.text);
    const chosen = this.function.value;
    const wasEmpty = this.function.options.length <= 1;
    refill(this.function, this.#functions.map(({ name }) => option(name, `${name}()`)), option('', 'the module, from its first line'));
    const isThere = this.#functions.some(({ name }) => name === chosen);
    this.function.value = isThere ? chosen : !wasEmpty && chosen === '' ? '' : (this.#functions[0]?.name ?? '');
    this.#describe();
  }

  submit() {
    this.form.requestSubmit();
  }

  #describe() {
    const found = this.#functions.find(({ name }) => name === this.function.value);
    this.signature.textContent = found === undefined ? '' : `(${found.parameters})`;
    this.args.disabled = found === undefined;
  }

  #adapt() {
    this.promise.textContent = `Ctrl+Enter. ${this.check.checked ? 'The program is executed, to be compared with.' : 'Nothing is executed.'}`;
    this.outcomeText.hidden = this.outcome.value === '';
    this.outcomeText.placeholder = this.outcome.value === 'raised' ? "KeyError: 'a'" : '[1, 2]';
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#busy) return;
    const { source, function: name, args } = this.program;
    if (source.trim() === '') {
      this.onProblem(new ProblemError({ title: '', status: 0, code: null, detail: 'There is no program yet: paste one, or take an example.' }));
      return;
    }
    const outcome = this.outcome.value === '' ? {} : { [this.outcome.value]: this.outcomeText.value };
    const breakpoints = this.code.breakpoints.map(({ line, condition }) => ({ line, ...(condition ? { condition } : {}) }));
    this.#wait(true);
    try {
      await this.onStart({
        source,
        ...(name === null ? {} : { function: name, args }),
        mode: this.check.checked ? 'check' : 'imagine',
        stop_on_entry: this.entry.checked,
        breakpoints,
        ...outcome,
      });
    } finally {
      this.#wait(false);
    }
  }

  #wait(isWaiting) {
    this.#busy = isWaiting;
    this.button.disabled = isWaiting;
    this.button.textContent = isWaiting ? 'Starting…' : 'Start';
  }
}

function option(value, text) {
  return h('option', { value }, text);
}

/** Sessions that run on this server, and those on disk. */
export class SessionLists {
  constructor(host, { onOpen, onResume, onProblem }) {
    this.onOpen = onOpen;
    this.onResume = onResume;
    this.onProblem = onProblem;
    this.live = h('div', { class: 'session-list' });
    this.kept = h('div', { class: 'session-list' });
    host.append(
      h('section', { 'aria-label': 'Open sessions' }, h('h2', {}, 'Open sessions'), this.live),
      h('section', { 'aria-label': 'Past sessions' }, h('h2', {}, 'Past sessions'), this.kept),
    );
  }

  async refresh() {
    try {
      const [{ sessions }, { sessions: kept }] = await Promise.all([get('/sessions'), get('/kept')]);
      refill(this.live, sessions.length === 0 ? nothing('None.') : [...sessions].reverse().map((one) => this.#live(one)));
      const past = kept.filter(({ session }) => !sessions.some(({ id }) => id === session));
      const shown = past.slice(0, KEPT_SHOWN);
      refill(
        this.kept,
        shown.length === 0 ? nothing('None yet. Sessions are kept on this machine’s disk as they go.') : shown.map((one) => this.#kept(one)),
        past.length > shown.length ? nothing(`and ${past.length - shown.length} older ones (foreframe sessions)`) : null,
      );
    } catch (error) {
      this.onProblem(error);
    }
  }

  #live({ id, name, function: scope, args, mode, status, created, steps }) {
    const title = scope === null ? name : `${scope}(${args})`;
    return h(
      'div',
      { class: 'session-row' },
      h('button', { type: 'button', class: 'session-open', on: { click: () => this.onOpen(id) } }, h('span', { class: 'session-title' }, title)),
      h('span', { class: `badge ${status}` }, status),
      h('span', { class: 'quiet' }, `${mode} · ${counted(steps)} · ${when(created)}`),
      h(
        'button',
        { type: 'button', class: 'link', 'aria-label': `Forget ${title}`, on: { click: ({ target }) => this.#forget(id, target) } },
        'forget',
      ),
    );
  }

  /** Asks once more: what was kept of the session goes, too. */
  async #forget(id, button) {
    if (button.dataset.asked === undefined) {
      button.dataset.asked = 'yes';
      button.textContent = 'really?';
      return;
    }
    try {
      await remove(`/sessions/${encodeURIComponent(id)}`);
    } catch (error) {
      this.onProblem(error);
    }
    await this.refresh();
  }

  #kept(kept) {
    const { program, function: scope, args, engine, steps, begun } = kept;
    const title = scope === null ? program : `${scope}(${args})`;
    return h(
      'div',
      { class: 'session-row' },
      h('button', { type: 'button', class: 'session-open', on: { click: () => this.onResume(kept) } }, h('span', { class: 'session-title' }, title)),
      h('span', { class: 'badge' }, `#${kept.id}`),
      h('span', { class: 'quiet' }, `${engine} · ${counted(steps)} · ${when(begun)}`),
    );
  }
}

function nothing(text) {
  return h('p', { class: 'empty' }, text);
}

function counted(steps) {
  return steps === 1 ? '1 step' : `${steps} steps`;
}

function when(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  const isToday = time.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(undefined, isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' }).format(time);
}

/** Begins a session on the server. */
export function begin(body) {
  return post('/sessions', body, { once: true });
}

/** Opens a session from the disk: it keeps its name if it was one of this server. */
export function reopen(number) {
  return post(`/kept/${number}`, undefined, { once: true });
}
