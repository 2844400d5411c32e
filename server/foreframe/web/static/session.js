/** A session as the page knows it: what the server has told, in order, and where one looks. */
import { get, ProblemError } from './api.js';
import { before, pathOf } from './layout.js';
import { Sequence } from './sequence.js';
import { SessionSocket } from './socket.js';

const PAGE = 500; // steps of one request
const MOST_QUEUED = 8; // steps asked for ahead of the session
const MOST_OUTPUT = 2000; // pieces kept

/** Tells `change` when something is to be drawn anew, `problem` (detail: an error) on trouble. */
export class LiveSession extends EventTarget {
  /** `view`: the SessionView that the server gave. */
  constructor(view) {
    super();
    this.view = view;
    this.steps = [];
    this.branches = [];
    this.output = [];
    this.breakpoints = view.breakpoints.map(({ line }) => ({ line }));
    this.connection = { isOpen: false, since: Date.now(), retry: null, gone: null };
    /** The column that is looked at while dragging, without going there; null: where it stands. */
    this.peek = null;
    /** The scope of the stack that is looked at; null: the one that the stop shows. */
    this.chosen = null;
    this.note = '';
    this.busy = 0;
    this.path = [];
    this.column = -1;
    this.#sequence = new Sequence(0);
    this.#socket = new SessionSocket(view.id, () => this.#sequence.last, {
      opened: () => this.#opened(),
      lost: (seconds) => this.#connected({ isOpen: false, retry: seconds, gone: null }),
      gone: (problem) => this.#connected({ isOpen: false, retry: null, gone: problem }),
      event: (event) => this.#event(event),
    });
    void this.#readTimeline();
  }

  #sequence;
  #socket;
  #reading = null;
  #readAgain = false;
  #isTold = false;
  #target = null;
  #queue = [];
  #isStepping = false;
  #isTravelling = false;

  get id() {
    return this.view.id;
  }

  get isStopped() {
    return this.view.status === 'stopped';
  }

  close() {
    this.#socket.close();
  }

  reconnect() {
    this.#socket.connect();
  }

  /** Has the session do something; true when it was done. What went wrong is told as a problem. */
  async act(action) {
    this.busy += 1;
    this.#changed();
    try {
      const answer = await this.#socket.act(action);
      this.note = answer.text;
      this.#take(answer.session);
      return answer;
    } catch (error) {
      this.#trouble(error);
      return null;
    } finally {
      this.busy -= 1;
      this.#changed();
    }
  }

  /** Steps; what is asked for while another step is on its way comes after it, up to a few. */
  step(action, direction = 'forward') {
    if (this.#queue.length < MOST_QUEUED) this.#queue.push({ kind: 'step', action, direction });
    if (!this.#isStepping) void this.#stepOn();
  }

  async #stepOn() {
    this.#isStepping = true;
    try {
      while (this.#queue.length > 0) {
        await this.#settled();
        const answer = this.isStopped ? await this.act(this.#queue.shift()) : null;
        if (answer === null) this.#queue = [];
        await this.#settled();
      }
    } finally {
      this.#isStepping = false;
    }
  }

  /** To the end of the step of a column of the path. */
  goTo(column) {
    const step = this.path[column];
    if (step === undefined || (column === this.column && this.peek === null)) return Promise.resolve(null);
    return this.act({ kind: 'go_to', step: step.number, branch: this.view.cursor.branch });
  }

  /** Shows a column at once and goes there; of several that are asked for quickly, to the last. */
  async travel(column) {
    const target = Math.min(Math.max(column, 0), this.path.length - 1);
    if (target < 0 || this.path[target] === undefined) return;
    this.look(target);
    this.#target = target;
    if (this.#isTravelling) return;
    this.#isTravelling = true;
    try {
      while (this.#target !== null) {
        const next = this.#target;
        this.#target = null;
        const answer = await this.goTo(next);
        await this.#settled();
        this.look(this.#target ?? this.column);
        if (answer === null) this.#target = null;
      }
    } finally {
      this.#isTravelling = false;
    }
  }

  /** When nothing is on its way any more, or the connection is lost. */
  async #settled() {
    while (this.view.status === 'running' && this.connection.isOpen) {
      await new Promise((resolve) => {
        this.addEventListener('change', resolve, { once: true });
      });
    }
  }

  /** To a step of another branch, which is followed from then on. */
  follow(branch, step) {
    return this.act({ kind: 'go_to', step, branch });
  }

  toggleBreakpoint(line) {
    const without = this.breakpoints.filter((one) => one.line !== line);
    const wanted = without.length < this.breakpoints.length ? without : [...without, { line }];
    return this.setBreakpoints(wanted);
  }

  async setBreakpoints(wanted) {
    const answer = await this.act({ kind: 'set_breakpoints', breakpoints: wanted });
    if (answer === null) return;
    const placed = answer.session.breakpoints;
    // A breakpoint between lines of code goes to the next one with code.
    this.breakpoints = wanted.map((spec, at) => ({ ...spec, line: placed[at]?.line ?? spec.line }));
    this.#changed();
  }

  look(column) {
    this.peek = column === this.column ? null : column;
    this.#changed();
  }

  choose(scope) {
    this.chosen = scope;
    this.#changed();
  }

  /** The scopes of the stop, outermost first: the real ones where they are known. */
  get stack() {
    const { stop } = this.view;
    return (stop?.real ?? stop?.state)?.stack ?? [];
  }

  /**
   * What the page shows: a scope with its line, its variables, and how they stand to reality; null
   * before the first stop.
   */
  get shown() {
    if (this.peek !== null && this.path[this.peek] !== undefined) return this.#atColumn(this.peek);
    const { stop } = this.view;
    const stack = stop === null ? [] : this.stack;
    if (stack.length === 0) return null;
    const index = Math.min(this.chosen ?? stop.shown, stack.length - 1);
    const scope = stack[index];
    const isTop = index === stop.shown;
    const step = this.path[this.column];
    return {
      ...scope,
      locals: stop.state.stack[index]?.locals ?? {},
      index,
      isPeek: false,
      event: stop.state.event,
      value: isTop || stop.state.event === 'return' ? stop.state.value : null,
      changed: isTop ? stop.changed : [],
      real: stop.real?.stack[index]?.locals ?? null,
      verdicts: isTop ? stop.verdicts : {},
      right: stop.right,
      before: isTop ? before(this.path, this.column)?.locals : undefined,
      step: step?.number ?? null,
    };
  }

  #atColumn(column) {
    const step = this.path[column];
    return {
      function: step.function,
      line: step.line,
      locals: step.locals,
      index: null,
      isPeek: true,
      event: step.event,
      value: step.value,
      changed: step.changed,
      real: step.real,
      verdicts: step.verdicts,
      right: step.right,
      before: before(this.path, column)?.locals,
      step: step.number,
    };
  }

  async #opened() {
    const wasLost = this.connection.retry !== null;
    this.#connected({ isOpen: true, retry: null, gone: null });
    if (!wasLost) return;
    await this.#refresh();
    this.dispatchEvent(new Event('reconnected'));
  }

  async #refresh() {
    try {
      this.#take(await get(`/sessions/${encodeURIComponent(this.id)}`));
    } catch (error) {
      if (error.status !== 0) this.#trouble(error);
    }
  }

  #connected(connection) {
    this.connection = { ...connection, since: Date.now() };
    this.#changed();
  }

  #event(event) {
    const order = this.#sequence.take(event.sequence);
    if (order === 'seen') return;
    if (order === 'gap' && event.sequence > this.view.sequence) void this.#refresh();
    if (event.kind === 'output') {
      this.output.push(event);
      if (this.output.length > MOST_OUTPUT) this.output.splice(0, this.output.length - MOST_OUTPUT);
    } else if (event.sequence > this.view.sequence) {
      this.#move(event);
    }
    this.#changed();
  }

  #move(event) {
    const { sequence } = event;
    if (event.kind === 'running') {
      this.view = { ...this.view, sequence, status: 'running', frames_done: event.frames_done };
    } else if (event.kind === 'stopped') {
      const { stop, cursor, steps, branches } = event;
      this.#take({ ...this.view, sequence, status: 'stopped', stop, cursor, steps, branches });
    } else if (event.kind === 'ended') {
      this.view = { ...this.view, sequence, status: 'ended', exit_code: event.exit_code };
    }
  }

  #take(view) {
    if (view.sequence < this.view.sequence) return;
    const moved =
      view.cursor.branch !== this.view.cursor.branch || view.cursor.frame !== this.view.cursor.frame;
    if (moved) this.chosen = null;
    if (moved && !this.#isTravelling) this.peek = null;
    this.view = view;
    this.#place();
    void this.#readTimeline();
    this.#changed();
  }

  /** Reads the steps that are not known yet. One reading at a time. */
  async #readTimeline() {
    if (this.#reading !== null) {
      this.#readAgain = true;
      return this.#reading;
    }
    this.#reading = this.#readPages();
    try {
      await this.#reading;
    } catch (error) {
      if (error.status !== 0 && error.status !== 404) this.#trouble(error);
    } finally {
      this.#reading = null;
    }
    if (this.#readAgain) {
      this.#readAgain = false;
      await this.#readTimeline();
    }
  }

  async #readPages() {
    for (;;) {
      const start = this.steps.length;
      const path = `/sessions/${encodeURIComponent(this.id)}/timeline?start=${start}&count=${PAGE}`;
      const { steps, total, branches } = await get(path);
      this.branches = branches;
      if (total < start) this.steps = [];
      else this.steps.push(...steps.filter(({ number }) => number >= start));
      this.#place();
      this.#changed();
      if (this.steps.length >= total || (steps.length === 0 && total >= start)) return;
    }
  }

  #place() {
    const { cursor } = this.view;
    const branch = this.branches.find(({ number }) => number === cursor.branch);
    const tip = branch === undefined ? this.steps.length - 1 : Math.min(branch.tip, this.steps.length - 1);
    this.path = pathOf(this.steps, tip);
    this.column =
      cursor.step === null ? 0 : this.path.findLastIndex(({ number }) => number === cursor.step);
    if (this.column === -1) this.column = this.path.findLastIndex(({ frame }) => frame <= cursor.frame);
  }

  #trouble(error) {
    if (!(error instanceof ProblemError)) throw error;
    this.dispatchEvent(new CustomEvent('problem', { detail: error }));
  }

  /** Tells of changes, once a frame of the screen. */
  #changed() {
    if (this.#isTold) return;
    this.#isTold = true;
    const tell = () => {
      this.#isTold = false;
      this.dispatchEvent(new Event('change'));
    };
    if (document.hidden) setTimeout(tell, 100);
    else requestAnimationFrame(tell);
  }
}
