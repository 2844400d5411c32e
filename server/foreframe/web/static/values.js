/** Values as text: read as trees, compared, and called by their signs. Pure. */

const MOST_CHARACTERS = 100_000;
const MOST_DEPTH = 60;
const CLOSING = { '[': ']', '(': ')', '{': '}' };
const KINDS = { '[': 'list', '(': 'tuple' };

/** What a value's provenance is called by. */
export const SIGNS = { given: '=', predicted: '≈', observed: '≡', edited: ':=', unknown: '?' };

/** What a verdict is called by, and whether it is good. */
export const VERDICTS = {
  match: { sign: '✓', kind: 'right', words: 'as in reality' },
  differs: { sign: '≠', kind: 'wrong', words: 'differs from reality' },
  missing: { sign: '✗', kind: 'wrong', words: 'really exists, not predicted' },
  extra: { sign: '+', kind: 'wrong', words: 'predicted, does not exist' },
  'not comparable': { sign: '~', kind: 'quiet', words: 'cannot be compared' },
};

/** `94 %`; only certainty itself is called 100 %. */
export function percent(share) {
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

/** How a confidence is shown: 0 sure, 1 below 90 %, 2 below 60 %; null where there is none. */
export function doubt(confidence) {
  if (confidence === null || confidence === undefined) return null;
  return confidence < 0.6 ? 2 : confidence < 0.9 ? 1 : 0;
}

/** `predicted, 94 % sure` */
export function describe({ provenance, confidence, cut }) {
  const sure = confidence === null || confidence === undefined ? '' : `, ${percent(confidence)} sure`;
  return `${provenance}${sure}${cut ? ', cut' : ''}`;
}

/** A text on one line, of at most so many characters. */
export function shortened(text, most) {
  const flat = text.replace(/\s*\n\s*/g, ' ');
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}

/**
 * A repr as a tree: `{kind, text, children}`, kind `list`, `tuple`, `dict`, `set` or `atom`; a child
 * is `{label, key, value}`, with `key` what a path calls it by: an index, a string, or null where it
 * cannot be called. What is no such text is an atom.
 */
export function parsed(text) {
  if (text.length <= MOST_CHARACTERS && /^[[({]/.test(text)) {
    const reader = new Reader(text);
    const found = reader.value(0);
    if (found !== undefined && reader.at === text.length) return found;
  }
  return atom(text);
}

function atom(text) {
  return { kind: 'atom', text, children: [] };
}

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  spaces() {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\n') this.at += 1;
  }

  /** The value at this place; undefined where the text is broken. */
  value(depth) {
    const start = this.at;
    const closing = CLOSING[this.text[start]];
    if (closing === undefined || depth >= MOST_DEPTH) return this.plain();
    this.at += 1;
    const items = [];
    let isDict = false;
    for (;;) {
      this.spaces();
      if (this.text[this.at] === closing) break;
      const item = this.value(depth + 1);
      if (item === undefined) return undefined;
      this.spaces();
      if (closing === '}' && this.text[this.at] === ':') {
        this.at += 1;
        this.spaces();
        const value = this.value(depth + 1);
        if (value === undefined) return undefined;
        isDict = true;
        items.push({ label: item.text, key: keyOf(item.text), value });
        this.spaces();
      } else {
        const isSet = closing === '}';
        items.push({ label: isSet ? '' : String(items.length), key: isSet ? null : items.length, value: item });
      }
      if (this.text[this.at] === ',') this.at += 1;
      else if (this.text[this.at] !== closing) return undefined;
    }
    this.at += 1;
    const opening = this.text[start];
    const kind = KINDS[opening] ?? (isDict || items.length === 0 ? 'dict' : 'set');
    return { kind, text: this.text.slice(start, this.at), children: items };
  }

  /** A number, a string, a name, a call: up to what ends it at its own level. */
  plain() {
    const start = this.at;
    const open = [];
    while (this.at < this.text.length) {
      const character = this.text[this.at];
      if (character === "'" || character === '"') {
        if (!this.string(character)) return undefined;
        continue;
      }
      if (character in CLOSING) open.push(CLOSING[character]);
      else if (character === '<') open.push('>');
      else if (open.length > 0 && character === open.at(-1)) open.pop();
      else if (open.length === 0 && ',:])}'.includes(character)) break;
      this.at += 1;
    }
    return this.at === start || open.length > 0 ? undefined : atom(this.text.slice(start, this.at).trimEnd());
  }

  string(quote) {
    this.at += 1;
    while (this.at < this.text.length) {
      if (this.text[this.at] === '\\') this.at += 1;
      else if (this.text[this.at] === quote) {
        this.at += 1;
        return true;
      }
      this.at += 1;
    }
    return false;
  }
}

/** A dictionary's key as a path has it: whole numbers and plain strings. */
function keyOf(text) {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  const string = /^(['"])((?:(?!\1)[^\\])*)\1$/s.exec(text);
  return string === null ? null : string[2];
}

/**
 * What changed between two texts of one variable: `{path, before, after}`, `before` undefined for
 * what is new, `after` for what is gone; at most `most`, the rest counted in `more`.
 */
export function changesBetween(before, after, most = 6) {
  const found = [];
  compare(parsed(before), parsed(after), '', found);
  return { changes: found.slice(0, most), more: Math.max(0, found.length - most) };
}

function compare(before, after, path, found) {
  if (before.text === after.text) return;
  const isSame = before.kind === after.kind && before.children.length + after.children.length > 0;
  if (!isSame || after.kind === 'atom') {
    found.push({ path, before: before.text, after: after.text });
    return;
  }
  if (after.kind === 'set') {
    const had = new Set(before.children.map(({ value }) => value.text));
    const has = new Set(after.children.map(({ value }) => value.text));
    for (const text of had) if (!has.has(text)) found.push({ path, before: text, after: undefined });
    for (const text of has) if (!had.has(text)) found.push({ path, before: undefined, after: text });
    return;
  }
  const was = new Map(before.children.map(({ label, value }) => [label, value]));
  for (const { label, value } of after.children) {
    const old = was.get(label);
    was.delete(label);
    if (old === undefined) found.push({ path: `${path}[${label}]`, before: undefined, after: value.text });
    else compare(old, value, `${path}[${label}]`, found);
  }
  for (const [label, value] of was) found.push({ path: `${path}[${label}]`, before: value.text, after: undefined });
}
