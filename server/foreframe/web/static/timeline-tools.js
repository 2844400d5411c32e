/** What stands above the timeline: branches, search, zoom. */
import { h, refill } from './dom.js';
import { icon } from './icons.js';

const SEARCHES = {
  breakpoint: null,
  change: 'variable',
  condition: 'condition',
  exception: null,
  line: 'line number',
};

/** Chooses among the branches; hidden while there is one. `onChoose(branch, tip)`. */
export function branchPicker(onChoose) {
  let known = '';
  const element = h('select', { class: 'branches', 'aria-label': 'Branch', hidden: true });
  element.addEventListener('change', () => {
    const [branch, tip] = element.value.split(':').map(Number);
    onChoose(branch, tip);
  });
  return {
    element,
    show({ branches, view }) {
      const key = JSON.stringify([branches, view.cursor.branch]);
      if (key === known) return;
      known = key;
      element.hidden = branches.length < 2;
      refill(
        element,
        branches.map(({ number, change, frames, tip }) =>
          h('option', { value: `${number}:${tip}`, selected: number === view.cursor.branch }, `${number + 1}: ${change ?? 'from the beginning'} (${frames === 1 ? '1 frame' : `${frames} frames`})`),
        ),
      );
    },
  };
}

/** Searches what is known, both ways; `onSearch(action)` gives what came of it, in words. */
export function searchForm(onSearch) {
  const kind = h('select', { 'aria-label': 'Search for' }, Object.keys(SEARCHES).map((name) => h('option', { value: name }, name)));
  const input = h('input', { type: 'text', size: 12, spellcheck: 'false', class: 'mono' });
  const told = h('output', { class: 'quiet', role: 'status' });
  const adapt = () => {
    const wanted = SEARCHES[kind.value];
    input.hidden = wanted === null;
    input.placeholder = wanted ?? '';
    input.setAttribute('aria-label', `The ${wanted ?? 'text'} to search for`);
    told.textContent = '';
  };
  const search = async (direction) => {
    const text = input.value.trim();
    const wanted = SEARCHES[kind.value];
    if (wanted !== null && text === '') {
      told.textContent = `type a ${wanted}`;
      input.focus();
      return;
    }
    if (kind.value === 'line' && !/^[1-9]\d*$/.test(text)) {
      told.textContent = `${text} is not the number of a line`;
      return;
    }
    const own = { line: { line: Number(text) }, change: { name: text }, condition: { condition: text } };
    told.textContent = await onSearch({ wanted: kind.value, direction, ...own[kind.value] });
  };
  const button = (name, direction) =>
    h('button', { type: 'button', class: 'icon-button', title: `Search ${direction}`, 'aria-label': `Search ${direction}`, on: { click: () => search(direction) } }, icon(name));
  kind.addEventListener('change', adapt);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') void search(event.shiftKey ? 'forward' : 'backward');
  });
  adapt();
  return {
    element: h('span', { role: 'search', class: 'search' }, icon('search'), kind, input, button('previous', 'backward'), button('next', 'forward'), told),
    focus: () => kind.focus(),
  };
}

/** `onZoom(factor)`; 0 fits all. */
export function zoomButtons(onZoom) {
  const button = (name, label, factor) =>
    h('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label, on: { click: () => onZoom(factor) } }, icon(name));
  return h('span', { class: 'zoom' }, button('minus', 'Zoom out (-)', 1 / 1.4), button('fit', 'All steps (0)', 0), button('plus', 'Zoom in (+)', 1.4));
}
