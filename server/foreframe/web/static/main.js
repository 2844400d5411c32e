/** The page: which part of it is shown, keys, colours, help, the token, and errors. */
import { onTokenNeeded } from './api.js';
import { h, refill } from './dom.js';
import { icon } from './icons.js';
import { COMMANDS, commandFor, keysOf } from './keys.js';
import { showModels } from './models.js';
import { SIGNS } from './values.js';
import { Workbench } from './workbench.js';

const THEME = 'foreframe.theme';
const LETTERS = 'foreframe.letters';
const THEMES = ['auto', 'light', 'dark'];
const MOST_PROBLEMS = 4;

const problems = document.getElementById('problems');
const help = document.getElementById('help');

/** Tells a person what is wrong: the number, the words of the server, and a way to dismiss it. */
function problem(error) {
  if (error.name === 'AbortError') return;
  const number = typeof error.code === 'number' ? h('span', { class: 'problem-number' }, `${error.code}`) : null;
  const item = h(
    'div',
    { class: 'problem' },
    h('p', {}, number, h('span', { class: 'problem-text' }, error.message)),
    h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', on: { click: () => item.remove() } }, '×'),
  );
  for (const old of problems.children) {
    if (old.textContent === item.textContent) old.remove();
  }
  problems.append(item);
  while (problems.children.length > MOST_PROBLEMS) problems.firstChild.remove();
  if (error.code === undefined) console.error(error);
}

const workbench = new Workbench({ problem });

function route() {
  const [, page, id] = /^#\/(\w*)\/?(.*)$/.exec(location.hash) ?? [null, '', ''];
  const isModels = page === 'models';
  document.getElementById('workbench').hidden = isModels;
  document.getElementById('models').hidden = !isModels;
  for (const link of document.querySelectorAll('nav a')) {
    const isHere = link.dataset.page === (isModels ? 'models' : 'debug');
    if (isHere) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (isModels) void showModels(document.getElementById('models'), problem);
  else if (page === 'sessions' && id !== '') void workbench.open(decodeURIComponent(id));
  else workbench.showDraft();
}

function theme() {
  const chosen = localStorage.getItem(THEME);
  return THEMES.includes(chosen) ? chosen : 'auto';
}

function showTheme() {
  document.documentElement.dataset.theme = theme();
  const button = document.getElementById('theme');
  button.title = `Colours: ${theme() === 'auto' ? 'as the system' : theme()} (t)`;
  button.setAttribute('aria-label', button.title);
  workbench.recolour();
}

function nextTheme() {
  localStorage.setItem(THEME, THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  showTheme();
}

function withLetters() {
  return localStorage.getItem(LETTERS) !== 'off';
}

function showHelp() {
  const letters = h('input', { type: 'checkbox', checked: withLetters() });
  letters.addEventListener('change', () => localStorage.setItem(LETTERS, letters.checked ? 'on' : 'off'));
  const mark = (name, text) => h('li', {}, h('span', { class: `shape ${name}` }), text);
  refill(
    help,
    h('h2', { id: 'help-title' }, 'Keys and signs'),
    h(
      'div',
      { class: 'help-columns' },
      h('table', { class: 'keys' }, h('tbody', {}, COMMANDS.map(({ id, label }) => h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, keysOf(id).split(' · ').map((key) => h('kbd', {}, key))))))),
      h(
        'div',
        {},
        h('h3', {}, 'Where a value comes from'),
        h('ul', { class: 'legend' }, Object.entries(SIGNS).map(([name, sign]) => h('li', {}, h('span', { class: `sign ${name}` }, sign), name))),
        h('p', { class: 'hint' }, 'A guess that the model is less sure of fades: ? below 90 %, ?? below 60 %.'),
        h('h3', {}, 'Against reality'),
        h('ul', { class: 'legend' }, mark('agrees', 'agrees'), mark('differs', 'differs'), mark('unknown', 'not known')),
        h('h3', {}, 'On the timeline'),
        h('p', { class: 'hint' }, '← → one step, Shift ten, Home and End; ↑ ↓ other branches; click or drag goes there; Ctrl and the wheel zoom.'),
        h('label', { class: 'check-line' }, letters, h('span', {}, 'Single letters are keys')),
      ),
    ),
    h('form', { method: 'dialog' }, h('button', { class: 'primary', autofocus: true }, 'Close')),
  );
  help.showModal();
}

function isTyping() {
  let focus = document.activeElement;
  while (focus?.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement;
  return focus !== null && (focus.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(focus.tagName));
}

/** In a session the code cannot be written in: letters are keys there too. */
function isWriting() {
  const inCode = workbench.session !== null && workbench.code.hasFocus;
  return isTyping() && !inCode;
}

window.addEventListener(
  'keydown',
  (event) => {
    if (document.querySelector('dialog[open]') !== null || event.isComposing) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && workbench.session === null) {
      workbench.start.submit();
      event.preventDefault();
      return;
    }
    const id = commandFor(event, isWriting(), withLetters());
    if (id === null) return;
    let isDone = true;
    if (id === 'help') showHelp();
    else if (id === 'theme') nextTheme();
    else isDone = workbench.run(id);
    if (!isDone) return;
    event.preventDefault();
    event.stopPropagation();
  },
  { capture: true },
);

onTokenNeeded((error, wasWrong) => {
  const dialog = document.getElementById('token');
  const input = h('input', { type: 'password', autocomplete: 'off', required: true, 'aria-label': 'Token' });
  return new Promise((resolve, reject) => {
    dialog.addEventListener('close', () => reject(error), { once: true });
    refill(
      dialog,
      h('h2', { id: 'token-title' }, 'This server wants a token'),
      h('p', { class: 'hint' }, wasWrong ? 'That was another one. ' : '', 'It is the one that the server was started with: in its ', h('code', {}, '--token-file'), ', or in ', h('code', {}, 'FOREFRAME_TOKEN'), '.'),
      h(
        'form',
        {
          class: 'token-form',
          on: {
            submit: (event) => {
              event.preventDefault();
              resolve(input.value);
              dialog.close();
            },
          },
        },
        input,
        h('button', { class: 'primary' }, 'Go on'),
      ),
    );
    if (!dialog.open) dialog.showModal();
  });
});

document.getElementById('theme').append(icon('theme'));
document.getElementById('theme').addEventListener('click', nextTheme);
document.getElementById('help-button').append(icon('help'));
document.getElementById('help-button').addEventListener('click', showHelp);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => workbench.recolour());
window.addEventListener('hashchange', route);
window.addEventListener('online', () => workbench.session?.reconnect());
showTheme();
route();
