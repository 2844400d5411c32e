/** Panels that take turns. */
import { h } from './dom.js';

export class Tabs {
  #tabs = [];

  constructor(host, label) {
    this.list = h('div', { class: 'tab-list', role: 'tablist', 'aria-label': label, on: { keydown: (event) => this.#onKey(event) } });
    this.body = h('div', { class: 'tab-body' });
    host.append(this.list, this.body);
  }

  /** A tab; gives the element of its panel. `onShow` is called whenever it comes to the front. */
  add(id, label, onShow = () => {}) {
    const panel = h('div', { class: 'tab-panel', role: 'tabpanel', id: `panel-${id}`, 'aria-labelledby': `tab-${id}`, hidden: true });
    const tab = h(
      'button',
      { type: 'button', class: 'tab', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}`, 'aria-selected': 'false', tabindex: -1, on: { click: () => this.select(id) } },
      label,
    );
    this.#tabs.push({ id, tab, panel, onShow });
    this.list.append(tab);
    this.body.append(panel);
    if (this.#tabs.length === 1) this.select(id);
    return panel;
  }

  select(id) {
    for (const one of this.#tabs) {
      const isChosen = one.id === id;
      one.tab.setAttribute('aria-selected', String(isChosen));
      one.tab.tabIndex = isChosen ? 0 : -1;
      one.panel.hidden = !isChosen;
      if (isChosen) one.onShow();
    }
  }

  /** Shows or hides a tab itself; a hidden one gives way to the first. */
  allow(id, isAllowed) {
    const one = this.#tabs.find((tab) => tab.id === id);
    one.tab.hidden = !isAllowed;
    if (!isAllowed && !one.panel.hidden) this.select(this.#tabs.find(({ tab }) => !tab.hidden).id);
  }

  #onKey(event) {
    const shown = this.#tabs.filter(({ tab }) => !tab.hidden);
    const at = shown.findIndex(({ tab }) => tab === document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: shown.length - 1 }[event.key];
    if (at < 0 || shown[to] === undefined) return;
    this.select(shown[to].id);
    shown[to].tab.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
