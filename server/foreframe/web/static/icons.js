/** The page's icons, drawn on a grid of 16. */
import { s } from './dom.js';

const PATHS = {
  continue: ['M4 2.5v11', 'M7 3l6.5 5L7 13z'],
  over: ['M2.5 8.5a5.5 5.5 0 0 1 10.6-2', 'M13.5 2.5v4h-4', 'M8 11.8a1.2 1.2 0 1 0 .01 0z'],
  into: ['M2.5 2.5H5a3 3 0 0 1 3 3v3', 'M5.2 6L8 8.8 10.8 6', 'M8 11.8a1.2 1.2 0 1 0 .01 0z'],
  out: ['M8 9V6.5a3 3 0 0 1 3-3h2', 'M10.8 .9l2.6 2.6-2.6 2.6', 'M8 11.8a1.2 1.2 0 1 0 .01 0z'],
  pause: ['M5 3v10', 'M11 3v10'],
  stop: ['M3.5 3.5h9v9h-9z'],
  restart: ['M13 8a5 5 0 1 1-1.6-3.7', 'M13 2v3h-3'],
  edit: ['M3 13l.6-2.8L10.8 3 13 5.2 5.8 12.4z'],
  theme: ['M8 2a6 6 0 1 0 0 12z', 'M8 2a6 6 0 0 1 0 12'],
  help: ['M5.8 6a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6', 'M8 12.2v.01'],
  plus: ['M8 3v10', 'M3 8h10'],
  minus: ['M3 8h10'],
  fit: ['M2 8h12', 'M4.5 5.5L2 8l2.5 2.5', 'M11.5 5.5L14 8l-2.5 2.5'],
  previous: ['M10 3L5 8l5 5'],
  search: ['M7 2.5a4.5 4.5 0 1 0 .01 0z', 'M10.3 10.3L14 14'],
  next: ['M6 3l5 5-5 5'],
};
const MIRRORED = new Set(['back-over', 'back-into', 'back-out', 'back-continue']);

/** An icon by name; those that begin with `back-` are the same the other way. */
export function icon(name) {
  const lines = PATHS[name.replace(/^back-/, '')].map((d) => s('path', { d }));
  const mirror = MIRRORED.has(name) ? 'translate(16 0) scale(-1 1)' : null;
  return s('svg', { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' }, s('g', { transform: mirror }, lines));
}
