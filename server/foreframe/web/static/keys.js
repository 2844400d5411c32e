/** The keyboard: which key does what. Pure. */

/**
 * `keys`: those of other debuggers, some of which browsers take; `letter`: pdb's, alone when nothing
 * is being written, with Alt everywhere; capital letters (Shift) go backward.
 */
export const COMMANDS = [
  { id: 'continue', label: 'Continue', keys: ['F5'], letter: 'c' },
  { id: 'over', label: 'Step over', keys: ['F10'], letter: 'n' },
  { id: 'into', label: 'Step into', keys: ['F11'], letter: 's' },
  { id: 'out', label: 'Step out', keys: ['Shift+F11'], letter: 'r' },
  { id: 'back-continue', label: 'Back to the last breakpoint', keys: [], letter: 'C' },
  { id: 'back-over', label: 'Step back', keys: [], letter: 'N' },
  { id: 'back-into', label: 'Step back into', keys: [], letter: 'S' },
  { id: 'back-out', label: 'Step back out', keys: [], letter: 'R' },
  { id: 'pause', label: 'Pause', keys: ['F6'], letter: 'p' },
  { id: 'restart', label: 'Restart the scope', keys: [], letter: 'a' },
  { id: 'stop', label: 'Leave the session, change the program', keys: ['Shift+F5'], letter: 'q' },
  { id: 'breakpoint', label: 'Breakpoint on the caret’s line', keys: ['F9'], letter: 'b' },
  { id: 'previous', label: 'Previous step on the timeline', keys: [], letter: '[' },
  { id: 'next', label: 'Next step on the timeline', keys: [], letter: ']' },
  { id: 'zoom-in', label: 'Zoom in', keys: [], letter: '+' },
  { id: 'zoom-out', label: 'Zoom out', keys: [], letter: '-' },
  { id: 'fit', label: 'All steps', keys: [], letter: '0' },
  { id: 'search', label: 'Search the timeline', keys: [], letter: '/' },
  { id: 'evaluate', label: 'Evaluate an expression', keys: [], letter: '=' },
  { id: 'theme', label: 'Light, dark, as the system', keys: [], letter: 't' },
  { id: 'help', label: 'This help', keys: [], letter: '?' },
];

/** The command of a key; null where there is none. `isTyping`: the focus is where text is written. */
export function commandFor({ key, code, altKey, shiftKey, ctrlKey, metaKey }, isTyping, withLetters = true) {
  if (ctrlKey || metaKey) return null;
  if (/^F\d+$/.test(key)) {
    const name = `${shiftKey ? 'Shift+' : ''}${key}`;
    return altKey ? null : (COMMANDS.find(({ keys }) => keys.includes(name))?.id ?? null);
  }
  if (altKey) {
    // With Alt a letter can come as another character: its place on the keyboard counts.
    const place = /^Key([A-Z])$/.exec(code ?? '')?.[1];
    const letter = place === undefined ? key : shiftKey ? place : place.toLowerCase();
    return byLetter(letter);
  }
  return isTyping || !withLetters ? null : byLetter(key);
}

function byLetter(letter) {
  return COMMANDS.find((command) => command.letter === letter)?.id ?? null;
}

/** `F10 · n · Alt+n` */
export function keysOf(id) {
  const command = COMMANDS.find((one) => one.id === id);
  if (command === undefined) return '';
  const letter = command.letter;
  const isCapital = /^[A-Z]$/.test(letter);
  const name = isCapital ? `Shift+${letter}` : letter;
  const alt = /^[a-zA-Z]$/.test(letter) ? [`Alt+${name}`] : [];
  return [...command.keys, name, ...alt].join(' · ');
}
