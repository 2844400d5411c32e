/** The debugger itself: the code, the timeline, the panels, and the buttons that step. */
import { file, get } from './api.js';
import { CodePane } from './code.js';
import { announce, h, refill } from './dom.js';
import { OutputPanel, showChanges, showStack, signOf, valueOf } from './panels.js';
import { LiveSession } from './session.js';
import { begin, reopen, SessionLists, StartForm } from './start.js';
import { Strip } from './strip.js';
import { Tabs } from './tabs.js';
import { TimelinePane } from './timeline.js';
import { branchPicker, searchForm, zoomButtons } from './timeline-tools.js';
import { showConnection, Toolbar } from './toolbar.js';
import { aheadPanel, explainPanel, haltsPanel, holesPanel, inputsPanel } from './tools.js';
import { VariablesPanel } from './variables.js';

const DRAFT = 'foreframe.draft';
const STEPS = {
  continue: ['run_to', 'forward'],
  over: ['step_over', 'forward'],
  into: ['step_into', 'forward'],
  out: ['step_out', 'forward'],
  'back-continue': ['run_to', 'backward'],
  'back-over': ['step_over', 'backward'],
  'back-into': ['step_into', 'backward'],
  'back-out': ['step_out', 'backward'],
};

export class Workbench {
  #session = null;
  #told = '';

  /** `problem(error)` tells a person of trouble. */
  constructor({ problem }) {
    this.problem = problem;
    this.root = document.getElementById('workbench');
    this.code = new CodePane(h('div', { class: 'code-host' }), {
      onToggle: (line) => this.toggleBreakpoint(line),
      onEdit: () => this.#onEdit(),
    });
    document.getElementById('code').append(this.code.host);
    this.toolbar = new Toolbar(document.getElementById('toolbar'), {
      run: (id) => this.run(id),
      onExport: () => this.#export(),
    });
    this.#makeTimeline(document.getElementById('timeline'));
    this.strip = new Strip(document.getElementById('strip'));
    this.#makeSide(document.getElementById('side'));
    this.lists = new SessionLists(document.getElementById('lists'), {
      onOpen: (id) => this.go(id),
      onResume: (kept) => this.#resume(kept),
      onProblem: problem,
    });
  }

  get session() {
    return this.#session;
  }

  go(id) {
    location.hash = `#/sessions/${encodeURIComponent(id)}`;
  }

  /** The page without a session: a program is written and started. */
  showDraft() {
    this.#leave();
    this.root.dataset.mode = 'draft';
    const draft = readDraft();
    this.code.setText(draft.source, { isWritable: true });
    this.code.setBreakpoints(draft.breakpoints);
    this.code.show(null);
    this.start.program = draft;
    for (const id of ['output', 'ahead']) this.tabs.allow(id, false);
    this.tabs.allow('inputs', true);
    this.#title('');
    void this.lists.refresh();
    void get('/health').then(
      ({ allows_run: allowsRun }) => this.start.allowRun(allowsRun),
      () => {},
    );
  }

  /** A session of the server; false when it is not there. */
  async open(id) {
    if (this.#session?.id === id) return;
    this.#leave();
    let view;
    try {
      view = await get(`/sessions/${encodeURIComponent(id)}`);
    } catch (error) {
      this.problem(error);
      location.hash = '#/';
      return;
    }
    this.#enter(view);
  }

  #enter(view) {
    const session = new LiveSession(view);
    this.#session = session;
    this.root.dataset.mode = 'session';
    this.code.setText(view.source, { isWritable: false });
    for (const tab of ['output', 'ahead']) this.tabs.allow(tab, true);
    this.tabs.allow('inputs', false);
    this.tabs.select('output');
    session.addEventListener('change', () => this.#show());
    session.addEventListener('problem', ({ detail }) => this.problem(detail));
    session.addEventListener('reconnected', () => announce('Connected again.'));
    const name = view.function === null ? view.name : `${view.function}(${view.args})`;
    this.#title(name, [view.mode, view.engine, view.kept === null ? null : `kept as #${view.kept}`].filter(Boolean).join(' · '));
    this.#show();
    this.code.focus();
  }

  #leave() {
    this.#session?.close();
    this.#session = null;
    this.#told = '';
    showConnection(null);
  }

  #title(text, more = '') {
    refill(document.getElementById('title'), h('span', { class: 'title-name' }, text), more && h('span', { class: 'quiet' }, more));
    document.title = text === '' ? 'Foreframe' : `${text} – Foreframe`;
  }

  #show() {
    const session = this.#session;
    if (session === null) return;
    const { shown, view } = session;
    this.code.setBreakpoints(marked(session));
    this.code.show(shown);
    this.timeline.show(session);
    this.branches.show(session);
    this.strip.show(session, (column) => session.travel(column));
    showChanges(this.changes, session, shown);
    showStack(this.stack, session, shown);
    this.variables.show(session, shown);
    this.output.show(session);
    this.toolbar.show(session);
    this.root.toggleAttribute('data-busy', view.status === 'running' || session.busy > 0);
    showConnection(session, () => this.#editAnew());
    const told = `${view.status} ${view.sequence} ${view.cursor.frame}`;
    if (told !== this.#told && view.status === 'stopped' && shown !== null && !shown.isPeek) {
      this.#told = told;
      const changed = shown.changed.map((name) => `${name} = ${shown.locals[name]?.text.slice(0, 80)}`).join(', ');
      announce(`${view.stop.reason}: ${shown.function} line ${shown.line}. ${changed}`);
    }
  }

  #makeTimeline(host) {
    this.timeline = new TimelinePane(h('div', { class: 'timeline-host' }));
    this.branches = branchPicker((branch, tip) => this.#session?.follow(branch, tip));
    this.search = searchForm(async (action) => {
      const answer = await this.#session?.act({ kind: 'search', ...action });
      return answer === undefined || answer === null ? '' : answer.found ? 'found' : answer.text || 'not found';
    });
    const tools = zoomButtons((factor) => (factor === 0 ? this.timeline.fit() : this.timeline.zoom(factor)));
    host.append(h('header', { class: 'section-head' }, h('h2', {}, 'Timeline'), this.branches.element, this.search.element, tools), this.timeline.host);
  }

  #makeSide(host) {
    this.startHost = h('div', { class: 'draft-only start' });
    this.start = new StartForm(this.startHost, {
      code: this.code,
      onStart: (body) => this.#begin(body),
      onProblem: this.problem,
      onExample: (example) => this.#take(example),
    });
    this.changes = h('div', { class: 'section-body' });
    this.stack = h('div', { class: 'section-body' });
    const variables = h('div', { class: 'section-body' });
    this.variables = new VariablesPanel(variables);
    const section = (name, title, body, more = null) =>
      h('section', { class: `session-only panel ${name}`, 'aria-label': title }, h('header', { class: 'section-head' }, h('h2', {}, title)), body, more);
    const bottom = h('div', { class: 'panel tabs' });
    host.append(
      this.startHost,
      section('changes-panel', 'What changed', this.changes),
      section('variables-panel', 'Variables', variables, this.#evaluator()),
      section('stack-panel', 'Stack', this.stack),
      bottom,
    );
    this.tabs = new Tabs(bottom, 'More');
    this.output = new OutputPanel(this.tabs.add('output', 'Output'));
    const bench = this;
    const context = {
      get session() {
        return bench.session;
      },
      program: () => (this.#session === null ? this.start.program : this.#session.view),
      problem: this.problem,
      use: (source) => this.#take({ ...this.#programNow(), source }),
      useArgs: (args) => {
        this.start.args.value = args;
        this.start.args.focus();
      },
      goToFrame: (frame) => {
        const column = this.#session?.path.findIndex((step) => step.frame >= frame) ?? -1;
        if (column >= 0) void this.#session.travel(column);
      },
    };
    explainPanel(this.tabs.add('explain', 'Explain'), context);
    haltsPanel(this.tabs.add('halts', 'Does it end?'), context);
    holesPanel(this.tabs.add('holes', 'Fill holes'), context);
    aheadPanel(this.tabs.add('ahead', 'Ahead'), context);
    inputsPanel(this.tabs.add('inputs', 'Find arguments'), context);
  }

  /** A field that tells what an expression is at the stop, without running anything. */
  #evaluator() {
    const input = h('input', { type: 'text', class: 'mono', spellcheck: 'false', autocomplete: 'off', placeholder: 'Evaluate: word[0], count + 1', 'aria-label': 'An expression to evaluate at this stop' });
    const answer = h('output', { class: 'evaluated' });
    this.expression = input;
    return h(
      'form',
      {
        class: 'evaluator',
        on: {
          submit: async (event) => {
            event.preventDefault();
            const session = this.#session;
            if (session === null || input.value.trim() === '') return;
            const query = new URLSearchParams({ expression: input.value });
            if (session.chosen !== null) query.set('scope', session.chosen);
            try {
              const value = await get(`/sessions/${encodeURIComponent(session.id)}/evaluate?${query}`);
              refill(answer, signOf(value), ' ', valueOf(value));
            } catch (error) {
              refill(answer);
              this.problem(error);
            }
          },
        },
      },
      input,
      answer,
    );
  }

  /** Does what a key or a button asks; true when there was something to do. */
  run(id) {
    const session = this.#session;
    if (id === 'breakpoint') return this.toggleBreakpoint(this.code.caretLine);
    if (session === null) {
      if (id === 'continue') this.start.submit();
      return id === 'continue';
    }
    const step = STEPS[id];
    if (step !== undefined) {
      session.step(...step);
    } else if (id === 'pause') void session.act({ kind: 'pause' });
    else if (id === 'restart') void session.act({ kind: 'restart_frame', ...(session.chosen === null ? {} : { scope: session.chosen }) });
    else if (id === 'stop') this.#editAnew();
    else if (id === 'previous') void session.travel((session.peek ?? session.column) - 1);
    else if (id === 'next') void session.travel((session.peek ?? session.column) + 1);
    else if (id === 'zoom-in') this.timeline.zoom(1.3);
    else if (id === 'zoom-out') this.timeline.zoom(1 / 1.3);
    else if (id === 'fit') this.timeline.fit();
    else if (id === 'search') this.search.focus();
    else if (id === 'evaluate') this.expression.focus();
    else return false;
    return true;
  }

  toggleBreakpoint(line) {
    if (this.#session !== null) {
      void this.#session.toggleBreakpoint(line);
    } else {
      const known = this.code.breakpoints;
      const without = known.filter((one) => one.line !== line);
      this.code.setBreakpoints(without.length < known.length ? without : [...known, { line }]);
      this.#keepDraft();
    }
    return true;
  }

  /** Draws what a canvas has in the colours that are now. */
  recolour() {
    this.strip.recolour(this.#session, (column) => this.#session.travel(column));
  }

  async #begin(body) {
    try {
      const view = await begin(body);
      this.#leave();
      this.#enter(view);
      this.go(view.id);
    } catch (error) {
      this.problem(error);
    }
  }

  /** Goes on with a session on disk, of this server or of an editor. */
  async #resume({ id }) {
    try {
      this.go((await reopen(id)).id);
    } catch (error) {
      this.problem(error);
    }
  }

  /** Saves the timeline for Perfetto. */
  async #export() {
    try {
      const data = await file(`/sessions/${encodeURIComponent(this.#session.id)}/export?form=perfetto`);
      const address = URL.createObjectURL(data);
      h('a', { href: address, download: 'foreframe-timeline.json' }).click();
      URL.revokeObjectURL(address);
    } catch (error) {
      this.problem(error);
    }
  }

  #programNow() {
    return this.#session === null ? this.start.program : programOf(this.#session.view);
  }

  /** Leaves the session, with its program to be changed. */
  #editAnew() {
    const { breakpoints } = this.#session ?? this.code;
    this.#take({ ...this.#programNow(), breakpoints });
  }

  #take({ source, function: name, args, breakpoints = [] }) {
    writeDraft({ source, function: name ?? null, args: args ?? '', breakpoints });
    if (location.hash === '#/' || location.hash === '') this.showDraft();
    else location.hash = '#/';
  }

  #onEdit() {
    if (this.#session !== null || this.root.dataset.mode !== 'draft' || this.start === undefined) return;
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      if (this.#session !== null) return;
      this.start.refresh();
      this.#keepDraft();
    }, 150);
  }

  #keepDraft() {
    writeDraft({ ...this.start.program, breakpoints: this.code.breakpoints });
  }
}

/** The session's breakpoints as the gutter shows them. */
function marked({ breakpoints, view }) {
  const placed = new Map(view.breakpoints.map((one) => [one.line, one]));
  return breakpoints.map((one) => ({ ...one, verified: placed.get(one.line)?.verified ?? true }));
}

function programOf({ source, function: name, args }) {
  return { source, ...(name === null ? {} : { function: name, args }) };
}

function readDraft() {
  const nothing = { source: '', function: null, args: '', breakpoints: [] };
  try {
    return { ...nothing, ...JSON.parse(localStorage.getItem(DRAFT)) };
  } catch {
    return nothing;
  }
}

function writeDraft(draft) {
  try {
    localStorage.setItem(DRAFT, JSON.stringify(draft));
  } catch {
    // A full or forbidden storage costs the draft, nothing else.
  }
}
