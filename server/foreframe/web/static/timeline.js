/** The timeline: steps across, variables down, drawn as SVG; only what can be seen is drawn. */
import { s, h } from './dom.js';
import { columnAt, columnsWithin, lanesOf, pathOf, rowsOf, runsWithin, scrolledTo, zoomed } from './layout.js';
import { drawCells, drawHead, drawLabels, drawLanes, sizes } from './timeline-drawing.js';
import { shortened } from './values.js';

const DRAG = 4; // pixels before a press is a drag

export class TimelinePane {
  #session = null;
  #key = '';
  #rows = [];
  #lanes = [];
  #columnWidth = 0;
  #column = -1;
  #hover = -1;
  #press = null;
  #isDrawn = true;

  constructor(host) {
    this.host = host;
    this.svg = s('svg', { class: 'timeline-drawing', 'aria-hidden': 'true' });
    this.sizer = h('div', { class: 'timeline-sizer' }, this.svg);
    this.scroller = h('div', { class: 'timeline-scroller' }, this.sizer);
    this.slider = h(
      'div',
      {
        class: 'timeline',
        role: 'slider',
        tabindex: 0,
        'aria-label': 'Timeline: steps of the session',
        'aria-valuemin': 1,
        'aria-valuemax': 1,
        'aria-valuenow': 1,
        on: { keydown: (event) => this.#onKey(event) },
      },
      this.scroller,
    );
    this.empty = h('p', { class: 'empty' }, 'Steps appear here: one column for each, one row for each variable.');
    host.append(this.slider, this.empty);
    this.scroller.addEventListener('scroll', () => this.#draw(), { passive: true });
    this.scroller.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false });
    this.svg.addEventListener('pointerdown', (event) => this.#onPress(event));
    this.svg.addEventListener('pointermove', (event) => this.#onMove(event));
    this.svg.addEventListener('pointerup', (event) => this.#onRelease(event));
    this.svg.addEventListener('pointercancel', () => this.#onCancel());
    this.svg.addEventListener('pointerleave', () => this.#onLeave());
    new ResizeObserver(() => this.#draw()).observe(this.scroller);
  }

  /** Shows a session as it is now; null: none. */
  show(session) {
    this.#session = session;
    const path = session?.path ?? [];
    this.empty.hidden = path.length > 0;
    this.slider.hidden = path.length === 0;
    if (path.length === 0) return;
    const key = `${session.id}:${session.view.cursor.branch}:${path.length}:${path.at(-1).number}:${session.steps.length}`;
    const isOther = key !== this.#key;
    if (isOther) {
      this.#key = key;
      this.#rows = rowsOf(path);
      this.#lanes = session.branches.length > 1 ? lanesOf(session.steps, session.branches) : [];
    }
    const column = session.peek ?? session.column;
    // A column can be known before the path is long enough to scroll to it.
    if (column !== this.#column || isOther) {
      this.#column = column;
      if (this.#press === null) this.#reveal(column);
    }
    this.#describe(path[column]);
    this.#draw();
  }

  zoom(factor) {
    const size = this.#sizes();
    const middle = this.#column < 0 ? 0 : this.#column;
    const offset = middle * this.#width(size) - this.scroller.scrollLeft;
    this.#columnWidth = zoomed(this.#width(size), factor);
    this.scroller.scrollLeft = middle * this.#columnWidth - offset;
    this.#draw();
  }

  /** All steps at once, as far as they can be told apart. */
  fit() {
    const size = this.#sizes();
    const count = this.#session?.path.length ?? 0;
    if (count === 0) return;
    this.#columnWidth = zoomed((this.scroller.clientWidth - size.labels - 2) / count, 1);
    this.#reveal(Math.max(0, this.#column));
    this.#draw();
  }

  get columnWidth() {
    return this.#width(this.#sizes());
  }

  focus() {
    this.slider.focus();
  }

  #sizes() {
    return sizes(this.scroller.clientWidth, this.#lanes.length);
  }

  #width(size) {
    return this.#columnWidth || size.column;
  }

  #reveal(column) {
    const size = this.#sizes();
    const width = this.scroller.clientWidth - size.labels;
    if (width <= 0) return;
    this.#resize(size);
    this.scroller.scrollLeft = scrolledTo(column, this.scroller.scrollLeft, width, this.#width(size));
  }

  #describe(step) {
    const { slider } = this;
    const path = this.#session.path;
    slider.setAttribute('aria-valuemax', path.length);
    slider.setAttribute('aria-valuenow', this.#column + 1);
    if (step === undefined) return;
    const changed = step.changed.map((name) => `${name} = ${shortened(step.locals[name]?.text ?? '', 60)}`);
    const right = step.right === null ? '' : step.right ? ', as in reality' : ', differs from reality';
    const text = `Step ${this.#column + 1} of ${path.length}, ${step.function} line ${step.line}${right}`;
    slider.setAttribute('aria-valuetext', changed.length > 0 ? `${text}: ${changed.join(', ')}` : text);
  }

  #resize(size) {
    const count = this.#session.path.length;
    this.sizer.style.width = `${size.labels + count * this.#width(size)}px`;
    this.sizer.style.height = `${size.head + size.lanes + this.#rows.length * size.row + size.row / 2}px`;
  }

  /** Draws before the next frame of the screen. */
  #draw() {
    if (!this.#isDrawn || this.#session === null) return;
    this.#isDrawn = false;
    requestAnimationFrame(() => {
      this.#isDrawn = true;
      this.#drawNow();
    });
  }

  #drawNow() {
    const { scroller, svg } = this;
    const path = this.#session?.path ?? [];
    const [width, height] = [scroller.clientWidth, scroller.clientHeight];
    if (path.length === 0 || width === 0 || height === 0) return;
    const size = this.#sizes();
    this.#resize(size);
    svg.setAttribute('width', width);
    svg.setAttribute('height', height);
    const columnWidth = this.#width(size);
    const shown = {
      path,
      rows: this.#rows,
      lanes: this.#lanes,
      size,
      columnWidth,
      width,
      height,
      left: scroller.scrollLeft,
      top: scroller.scrollTop,
      ...columnsWithin(scroller.scrollLeft, width - size.labels, columnWidth, path.length),
      runsWithin,
      column: this.#column,
      home: this.#session.column,
      hover: this.#hover,
      branch: this.#session.view.cursor.branch,
    };
    svg.replaceChildren(drawCells(shown), drawHead(shown), ...drawLanes(shown), drawLabels(shown));
  }

  /** What lies at a place of the drawing: a column, and a lane where it is one. */
  #at({ offsetX, offsetY }) {
    const size = this.#sizes();
    if (offsetX < size.labels) return { column: -1, lane: -1 };
    const column = columnAt(offsetX - size.labels + this.scroller.scrollLeft, this.#width(size), Infinity);
    const lane = offsetY >= size.head && offsetY < size.head + size.lanes ? Math.floor((offsetY - size.head) / size.lane) : -1;
    const count = this.#session.path.length;
    return { column: lane >= 0 ? column : Math.min(column, count - 1), lane };
  }

  #onPress(event) {
    const { column, lane } = this.#at(event);
    if (event.button !== 0 || column < 0) return;
    this.slider.focus({ preventScroll: true });
    event.preventDefault();
    this.#press = { x: event.offsetX, column, lane, isDrag: false };
    if (event.pointerType !== 'touch') this.svg.setPointerCapture(event.pointerId);
  }

  #onMove(event) {
    const { column, lane } = this.#at(event);
    if (this.#press !== null && lane < 0 && column >= 0) {
      this.#press.isDrag ||= Math.abs(event.offsetX - this.#press.x) > DRAG;
      if (this.#press.isDrag) this.#session.look(column);
    }
    if (column !== this.#hover) {
      this.#hover = lane < 0 ? column : -1;
      this.#draw();
    }
  }

  #onRelease(event) {
    const press = this.#press;
    this.#press = null;
    if (press === null) return;
    const { column } = this.#at(event);
    if (press.lane >= 0) this.#followLane(press.lane, press.column);
    else void this.#session.travel(press.isDrag && column >= 0 ? column : press.column);
  }

  #onCancel() {
    if (this.#press?.isDrag) this.#session.look(this.#session.column);
    this.#press = null;
  }

  #onLeave() {
    if (this.#hover < 0) return;
    this.#hover = -1;
    this.#draw();
  }

  #followLane(index, column) {
    const lane = this.#lanes[index];
    if (lane === undefined) return;
    const path = pathOf(this.#session.steps, lane.tip);
    const step = path[Math.min(Math.max(column, lane.start), lane.end)];
    if (step !== undefined) void this.#session.follow(lane.branch, step.number);
  }

  /** The next branch in a direction, at its tip. */
  #otherBranch(by) {
    const at = this.#lanes.findIndex(({ branch }) => branch === this.#session.view.cursor.branch);
    const lane = this.#lanes[at + by];
    if (at >= 0 && lane !== undefined) void this.#session.follow(lane.branch, lane.tip);
  }

  #onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.#session === null) return;
    const page = Math.max(1, Math.floor((this.scroller.clientWidth - this.#sizes().labels) / this.columnWidth) - 1);
    const by = event.shiftKey ? 10 : 1;
    const moves = { ArrowLeft: -by, ArrowRight: by, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity };
    const branches = { ArrowUp: -1, ArrowDown: 1 };
    if (event.key in moves) {
      void this.#session.travel((this.#session.peek ?? this.#session.column) + moves[event.key]);
    } else if (event.key in branches && this.#lanes.length > 0) {
      this.#otherBranch(branches[event.key]);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
