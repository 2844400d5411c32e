/** The code: an editor with breakpoints in its gutter, the current line, and values beside lines. */
import { namesByLine } from './inline.js';
import { describe, doubt, percent, shortened, SIGNS, VERDICTS } from './values.js';
import { h } from './dom.js';
import {
  bracketMatching,
  Compartment,
  Decoration,
  defaultKeymap,
  drawSelection,
  EditorState,
  EditorView,
  gutter,
  GutterMarker,
  highlightSelectionMatches,
  history,
  historyKeymap,
  indentOnInput,
  indentUnit,
  indentWithTab,
  keymap,
  lineNumbers,
  placeholder,
  python,
  search,
  searchKeymap,
  StateEffect,
  StateField,
  syntaxHighlighting,
  WidgetType,
} from './vendor/editor.js';
import { highlighting, look } from './code-look.js';

const SHOWN = 48; // characters of a value beside a line

const setMarks = StateEffect.define();
const setValues = StateEffect.define();

/** Breakpoints and the current line: `{breakpoints: Map(line -> spec), line, isPeek}`. */
const marks = StateField.define({
  create: () => ({ breakpoints: new Map(), line: null, isPeek: false }),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return { ...value, ...effect.value };
    if (!transaction.docChanged || value.breakpoints.size === 0) return value;
    return { ...value, breakpoints: movedLines(value.breakpoints, transaction) };
  },
});

function movedLines(breakpoints, transaction) {
  const moved = new Map();
  for (const [line, spec] of breakpoints) {
    if (line > transaction.startState.doc.lines) continue;
    const offset = transaction.changes.mapPos(transaction.startState.doc.line(line).from, 1);
    const now = transaction.newDoc.lineAt(offset).number;
    moved.set(now, { ...spec, line: now });
  }
  return moved;
}

class LineMark extends GutterMarker {
  constructor(breakpoint, current) {
    super();
    this.breakpoint = breakpoint;
    this.current = current;
  }

  eq(other) {
    return other.breakpoint === this.breakpoint && other.current === this.current;
  }

  toDOM() {
    return h(
      'span',
      { class: 'ff-mark' },
      this.breakpoint && h('span', { class: `ff-breakpoint ${this.breakpoint}` }),
      this.current && h('span', { class: `ff-arrow ${this.current}` }),
    );
  }
}

const currentLine = EditorView.decorations.compute([marks], (state) => {
  const { line, isPeek } = state.field(marks);
  if (line === null || line < 1 || line > state.doc.lines) return Decoration.none;
  const name = isPeek ? 'ff-line ff-peek' : 'ff-line';
  return Decoration.set(Decoration.line({ class: name }).range(state.doc.line(line).from));
});

class LineValues extends WidgetType {
  constructor(values, isPast) {
    super();
    this.values = values;
    this.isPast = isPast;
    this.key = JSON.stringify(values);
  }

  eq(other) {
    return other.key === this.key && other.isPast === this.isPast;
  }

  toDOM() {
    return h('span', { class: this.isPast ? 'ff-values ff-past' : 'ff-values' }, this.values.map(chip));
  }

  ignoreEvent() {
    return false;
  }
}

/** `n ≈ 3 ?` with `≠ 4` behind it when reality is known and another. */
function chip({ name, value, verdict, real, isChanged }) {
  const unsure = value && value.provenance === 'predicted' ? doubt(value.confidence) : null;
  const told = value ?? { text: '', provenance: 'unknown' };
  const known = verdict === undefined ? undefined : VERDICTS[verdict];
  const differs = known?.kind === 'wrong';
  const title = `${name} = ${shortened(told.text, 2000)}\n${describe(told)}${known ? `\n${known.words}` : ''}${
    differs && real ? `\nreally ${shortened(real.text, 2000)}` : ''
  }`;
  return h(
    'span',
    { class: `ff-chip ${told.provenance}${unsure ? ` doubt${unsure}` : ''}${isChanged ? ' changed' : ''}`, title },
    h('span', { class: 'ff-name' }, name),
    h('span', { class: 'ff-sign' }, ` ${SIGNS[told.provenance] ?? '='} `),
    h('span', { class: 'ff-text' }, value ? shortened(value.text, SHOWN) : '–'),
    unsure ? h('span', { class: 'ff-doubt' }, ` ${'?'.repeat(unsure)}${percent(value.confidence)}`) : null,
    known && (differs || known.kind === 'right') && h('span', { class: `ff-verdict ${known.kind}` }, ` ${known.sign}`),
    differs && real && h('span', { class: 'ff-real' }, ` ${shortened(real.text, SHOWN)}`),
  );
}

const values = StateField.define({
  create: () => Decoration.none,
  update(decorations, transaction) {
    for (const effect of transaction.effects) if (effect.is(setValues)) return effect.value;
    return decorations.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class CodePane {
  #view;
  #writable = new Compartment();
  #wholeTree = null;

  /** `onToggle(line)`: a breakpoint is asked for; `onEdit()`: the text is another. */
  constructor(host, { onToggle, onEdit }) {
    // In a shadow root CodeMirror's styles are constructed sheets, which the page's policy allows.
    this.host = host;
    const root = host.attachShadow({ mode: 'open' });
    const breakpoints = gutter({
      class: 'ff-gutter',
      lineMarker: (view, block) => {
        const { breakpoints: known, line, isPeek } = view.state.field(marks);
        const number = view.state.doc.lineAt(block.from).number;
        const spec = known.get(number);
        const kind = spec === undefined ? '' : spec.verified === false ? 'unplaced' : spec.condition ? 'conditional' : 'placed';
        const current = number === line ? (isPeek ? 'peek' : 'here') : '';
        return kind === '' && current === '' ? null : new LineMark(kind, current);
      },
      lineMarkerChange: (update) => update.startState.field(marks) !== update.state.field(marks),
      initialSpacer: () => new LineMark('', ''),
      domEventHandlers: {
        mousedown: (view, block) => {
          onToggle(view.state.doc.lineAt(block.from).number);
          return true;
        },
      },
    });
    const state = EditorState.create({
      extensions: [
        breakpoints,
        lineNumbers({
          domEventHandlers: {
            mousedown: (view, block) => {
              onToggle(view.state.doc.lineAt(block.from).number);
              return true;
            },
          },
        }),
        marks,
        currentLine,
        values,
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('    '),
        bracketMatching(),
        highlightSelectionMatches(),
        search({ top: true }),
        python(),
        syntaxHighlighting(highlighting),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'Program', spellcheck: 'false' }),
        placeholder('Paste a Python function here, or take an example.'),
        this.#writable.of([]),
        keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) {
            this.#wholeTree = null;
            onEdit();
          }
        }),
      ],
    });
    this.#view = new EditorView({ state, parent: root, root });
  }

  get text() {
    return this.#view.state.doc.toString();
  }

  get hasFocus() {
    return this.#view.hasFocus;
  }

  /** The line that the caret is on. */
  get caretLine() {
    const { state } = this.#view;
    return state.doc.lineAt(state.selection.main.head).number;
  }

  get breakpoints() {
    return [...this.#view.state.field(marks).breakpoints.values()].sort((a, b) => a.line - b.line);
  }

  /** The whole program's syntax, also of what is not on the screen. */
  get tree() {
    this.#wholeTree ??= python().language.parser.parse(this.text);
    return this.#wholeTree;
  }

  focus() {
    this.#view.focus();
  }

  setText(text, { isWritable }) {
    const { state } = this.#view;
    const effects = [
      this.#writable.reconfigure(isWritable ? [keymap.of([indentWithTab])] : [EditorState.readOnly.of(true)]),
    ];
    const changes = text === this.text ? undefined : { from: 0, to: state.doc.length, insert: text };
    this.#view.dispatch({ changes, effects });
  }

  setBreakpoints(list) {
    const breakpoints = new Map(list.map((one) => [one.line, one]));
    this.#view.dispatch({ effects: setMarks.of({ breakpoints }) });
  }

  /** Shows a stop (LiveSession.shown), or none. */
  show(shown) {
    const line = shown?.line || null;
    const { line: previous, isPeek } = this.#view.state.field(marks);
    const effects = [setValues.of(this.#valuesOf(shown))];
    if (line !== previous || isPeek !== (shown?.isPeek ?? false)) {
      effects.push(setMarks.of({ line, isPeek: shown?.isPeek ?? false }));
      if (line !== null && line <= this.#view.state.doc.lines) {
        const { from } = this.#view.state.doc.line(line);
        effects.push(EditorView.scrollIntoView(from, { y: 'nearest', yMargin: 60 }));
      }
    }
    this.#view.dispatch({ effects });
  }

  #valuesOf(shown) {
    if (shown === null || shown.line < 1) return Decoration.none;
    const { doc } = this.#view.state;
    const known = new Set([...Object.keys(shown.locals), ...Object.keys(shown.real ?? {})]);
    const names = namesByLine(this.tree, this.text, shown.function, shown.line, known);
    const found = [];
    for (const [line, here] of [...names].sort(([a], [b]) => a - b)) {
      if (line > doc.lines) continue;
      const told = here.map((name) => ({
        name,
        value: shown.locals[name] ?? null,
        real: shown.real?.[name] ?? null,
        verdict: shown.verdicts[name],
        isChanged: shown.changed.includes(name),
      }));
      const widget = new LineValues(told, line < shown.line);
      found.push(Decoration.widget({ widget, side: 1 }).range(doc.line(line).to));
    }
    return Decoration.set(found);
  }
}

