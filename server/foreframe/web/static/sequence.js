/** The order of a session's events over connections that break. Pure. */

/** Which of the numbered events were seen. */
export class Sequence {
  constructor(last = 0) {
    this.last = last;
  }

  /** `next`: take it; `seen`: it came twice; `gap`: events before it are missing, look anew. */
  take(number) {
    if (number <= this.last) return 'seen';
    const isNext = number === this.last + 1;
    this.last = number;
    return isNext ? 'next' : 'gap';
  }
}

const FIRST_MS = 400;
const MOST_MS = 8000;

/** Milliseconds to wait before the attempt of this number (from 0); `random` is in 0..1. */
export function waitBefore(attempt, random) {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 20));
  return Math.round(most * (0.5 + 0.5 * random));
}

/** Reads server-sent events from text that comes in pieces: `push` gives the events now complete. */
export class EventText {
  #rest = '';

  push(text) {
    const blocks = (this.#rest + text.replaceAll('\r\n', '\n')).split('\n\n');
    this.#rest = blocks.pop();
    return blocks.map(eventOf).filter((event) => event !== undefined);
  }
}

function eventOf(block) {
  let name = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { name, data: data.join('\n') };
}
