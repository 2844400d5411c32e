/** The buttons that step, and what the connection is like. */
import { h, refill } from './dom.js';
import { icon } from './icons.js';
import { COMMANDS, keysOf } from './keys.js';

const BUTTONS = [
  ['back-continue', 'Back to'],
  ['back-over', 'Back'],
  ['back-into', 'Back into'],
  null,
  ['continue', 'Continue'],
  ['over', 'Over'],
  ['into', 'Into'],
  ['out', 'Out'],
  null,
  ['pause', 'Pause'],
  ['restart', 'Restart scope'],
];

export class Toolbar {
  #buttons = new Map();

  /** `run(id)` does what a button says; `onExport()` saves the timeline. */
  constructor(host, { run, onExport }) {
    for (const one of BUTTONS) {
      if (one === null) {
        host.append(h('span', { class: 'separator', role: 'separator' }));
        continue;
      }
      const [id, label] = one;
      const full = COMMANDS.find((command) => command.id === id).label;
      const title = `${full} (${keysOf(id)})`;
      const button = made(title, { 'aria-label': full, 'data-command': id }, () => run(id), icon(id), h('span', { class: 'tool-label' }, label));
      this.#buttons.set(id, button);
      host.append(button);
    }
    this.status = h('output', { class: 'status' });
    const leave = `Leave the session, which is kept, and change the program (${keysOf('stop')})`;
    host.append(
      this.status,
      made(leave, {}, () => run('stop'), icon('edit'), h('span', { class: 'tool-label always' }, 'Edit program')),
      made('Save the timeline for Perfetto', {}, onExport, 'Export'),
    );
  }

  show(session) {
    const { view } = session;
    const isRunning = view.status === 'running';
    const canStep = view.status === 'stopped' && session.connection.isOpen;
    for (const [id, button] of this.#buttons) button.disabled = id === 'pause' ? !isRunning : !canStep;
    const words = [isRunning ? `predicting… ${view.frames_done || ''}` : view.status === 'ended' ? 'ended' : ''];
    if (session.path.length > 0) words.push(`step ${(session.peek ?? session.column) + 1} of ${session.path.length}`);
    if (session.branches.length > 1) words.push(`branch ${view.cursor.branch + 1} of ${session.branches.length}`);
    this.status.textContent = words.filter(Boolean).join(' · ');
  }
}

function made(title, attributes, act, ...content) {
  return h('button', { type: 'button', class: 'tool-button', title, ...attributes, on: { click: act } }, content);
}

/** Says whether the page is connected, and what can be done when it is not; null: no session. */
export function showConnection(session, onAnew) {
  const place = document.getElementById('connection');
  const lost = document.getElementById('lost');
  if (session === null) {
    place.textContent = '';
    lost.hidden = true;
    return;
  }
  const { isOpen, retry, gone } = session.connection;
  place.textContent = isOpen ? 'connected' : gone === null ? 'connecting…' : 'gone';
  place.title = place.textContent;
  place.dataset.state = isOpen ? 'open' : 'lost';
  lost.hidden = isOpen || (retry === null && gone === null);
  const kind = lost.hidden ? '' : gone === null ? 'lost' : 'gone';
  if (lost.dataset.kind === kind) return;
  lost.dataset.kind = kind;
  const button = (text, act) => h('button', { type: 'button', class: 'secondary', on: { click: act } }, text);
  if (kind === 'lost') {
    refill(
      lost,
      h('span', {}, 'Disconnected from the server. What is shown may be old; trying again.'),
      button('Try now', () => session.reconnect()),
    );
  } else if (kind === 'gone') {
    refill(lost, h('span', {}, 'This session is no longer on the server: it was forgotten, or never kept.'), button('Start anew', onAnew));
  }
}
