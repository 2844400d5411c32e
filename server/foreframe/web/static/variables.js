/** The variables of the shown scope as a tree: expanded, edited, walked through with the keyboard. */
import { h, refill } from './dom.js';
import { icon } from './icons.js';
import { signOf, valueOf } from './panels.js';
import { parsed, percent } from './values.js';

const MOST_CHILDREN = 200;

export class VariablesPanel {
  #session = null;
  #shown = null;
  #open = new Set();
  #focused = '';
  #isEditing = false;
  #key = '';

  constructor(host) {
    this.tree = h('div', { class: 'variables', role: 'tree', 'aria-label': 'Variables', on: { keydown: (event) => this.#onKey(event) } });
    host.append(this.tree);
  }

  show(session, shown) {
    const isOther = session !== this.#session;
    this.#session = session;
    this.#shown = shown;
    if (isOther) this.#open.clear();
    const key = shown === null ? '' : JSON.stringify([session.id, shown.function, shown.index, shown.isPeek, shown.locals, shown.verdicts, shown.real, shown.changed, session.isStopped]);
    // What a person is writing must not go away under the cursor, unless the stop is another.
    if (key === this.#key && !isOther) return;
    this.#key = key;
    this.#isEditing = false;
    this.#render();
  }

  #render() {
    const shown = this.#shown;
    const hadFocus = this.tree.contains(document.activeElement);
    if (shown === null) {
      refill(this.tree, h('p', { class: 'empty' }, 'None yet.'));
      return;
    }
    const names = [...new Set([...Object.keys(shown.locals), ...Object.keys(shown.real ?? {})])];
    if (names.length === 0) {
      refill(this.tree, h('p', { class: 'empty' }, 'No variables here.'));
      return;
    }
    const rows = names.flatMap((name) => this.#variable(name));
    refill(this.tree, rows);
    const wanted = rows.find((row) => row.dataset.place === this.#focused) ?? rows[0];
    wanted.tabIndex = 0;
    if (hadFocus) wanted.focus();
  }

  #variable(name) {
    const { locals, real, verdicts, changed } = this.#shown;
    const value = locals[name] ?? { text: '–', provenance: 'unknown', confidence: null, cut: false };
    const told = { verdict: verdicts[name], real: real?.[name], most: 200 };
    return this.#node({ name, label: name, path: [], value, told, level: 1, isChanged: changed.includes(name) });
  }

  #node({ name, label, path, value, told, level, isChanged, canEdit = true }) {
    const place = JSON.stringify([name, ...path]);
    const node = parsed(value.text);
    const canOpen = node.children.length > 0;
    const isOpen = canOpen && this.#open.has(place);
    const editable = canEdit && this.#session.isStopped && !this.#shown.isPeek;
    const edit = () => this.#edit(row, { name, path, value });
    const row = h(
      'div',
      {
        class: isChanged ? 'variable changed' : 'variable',
        role: 'treeitem',
        'aria-level': level,
        'aria-expanded': canOpen ? String(isOpen) : null,
        'aria-label': `${label}: ${value.text.slice(0, 200)}`,
        tabindex: -1,
        'data-place': place,
        'data-editable': editable ? 'true' : null,
        on: {
          focus: () => {
            this.#focused = place;
          },
          dblclick: () => editable && edit(),
          'foreframe-edit': () => editable && edit(),
        },
      },
      h(
        'span',
        { class: 'variable-name', on: { click: () => canOpen && this.#toggle(place) } },
        h('span', { class: `twistie${canOpen ? (isOpen ? ' open' : '') : ' none'}`, 'aria-hidden': 'true' }),
        h('span', { class: 'variable-label' }, label),
      ),
      signOf(value),
      h('span', { class: 'variable-value' }, valueOf(value, told)),
      level === 1 ? sureness(value) : h('span'),
      editable
        ? h(
            'button',
            { type: 'button', class: 'edit-button', tabindex: -1, title: `Set ${label}`, 'aria-label': `Set ${label}`, on: { click: edit } },
            icon('edit'),
          )
        : h('span'),
    );
    row.style.setProperty('--level', level - 1);
    if (!isOpen) return [row];
    const children = node.children.slice(0, MOST_CHILDREN).flatMap((child, index) =>
      this.#node({
        name,
        label: child.label === '' ? `${index}` : `[${child.label}]`,
        path: [...path, child.key],
        value: { ...value, text: child.value.text, cut: false },
        told: { most: 200 },
        level: level + 1,
        isChanged: false,
        canEdit: canEdit && child.key !== null && (node.kind === 'list' || node.kind === 'dict' || node.kind === 'tuple'),
      }),
    );
    const rest = node.children.length - MOST_CHILDREN;
    if (rest > 0) children.push(h('p', { class: 'empty' }, `and ${rest} more`));
    return [row, ...children];
  }

  #toggle(place) {
    if (!this.#open.delete(place)) this.#open.add(place);
    this.#focused = place;
    this.#render();
  }

  #edit(row, { name, path, value }) {
    if (this.#isEditing) return;
    this.#isEditing = true;
    const cell = row.querySelector('.variable-value');
    const input = h('input', {
      type: 'text',
      class: 'variable-input',
      value: value.provenance === 'unknown' ? '' : value.text,
      spellcheck: 'false',
      autocomplete: 'off',
      'aria-label': `New value of ${name}, a Python literal`,
    });
    const stop = (focus) => {
      if (!this.#isEditing) return;
      this.#isEditing = false;
      this.#render();
      if (focus) this.tree.querySelector('[tabindex="0"]')?.focus();
    };
    input.addEventListener('keydown', async (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') stop(true);
      if (event.key !== 'Enter') return;
      input.disabled = true;
      const scope = this.#shown.index;
      const done = await this.#session.act({ kind: 'set_variable', name, value: input.value, scope, path });
      if (done === null) {
        input.disabled = false;
        input.focus();
      } else stop(true);
    });
    input.addEventListener('blur', () => {
      if (!input.disabled) stop(false);
    });
    refill(cell, input);
    input.focus();
    input.select();
  }

  #onKey(event) {
    const row = event.target.closest('[role="treeitem"]');
    if (row === null || event.target !== row || event.altKey || event.ctrlKey || event.metaKey) return;
    const rows = [...this.tree.querySelectorAll('[role="treeitem"]')];
    const at = rows.indexOf(row);
    const { place } = row.dataset;
    const isOpen = row.getAttribute('aria-expanded');
    const go = (to) => {
      if (rows[to] === undefined) return;
      row.tabIndex = -1;
      rows[to].tabIndex = 0;
      rows[to].focus();
    };
    if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(rows.length - 1);
    else if (event.key === 'ArrowRight' && isOpen === 'false') this.#toggle(place);
    else if (event.key === 'ArrowLeft' && isOpen === 'true') this.#toggle(place);
    else if (event.key === 'Enter' && row.dataset.editable) row.dispatchEvent(new Event('foreframe-edit'));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** How sure the model is, as a bar and a number. */
function sureness({ provenance, confidence }) {
  if (provenance !== 'predicted' || typeof confidence !== 'number') {
    return h('span', { class: 'sure origin' }, provenance);
  }
  const fill = h('span', { class: 'sure-fill' });
  fill.style.setProperty('--share', confidence);
  return h(
    'span',
    { class: 'sure', title: `predicted, ${percent(confidence)} sure` },
    h('span', { class: 'sure-bar', 'aria-hidden': 'true' }, fill),
    h('span', { class: 'sure-number' }, percent(confidence)),
  );
}
