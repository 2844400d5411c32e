/** The server's API: requests, the token, and errors as the server numbers them. */
import { EventText } from './sequence.js';

const PREFIX = '/api/v1';
const TOKEN = 'foreframe.token';

/** An error as a person reads it: a number, what is wrong, and what to do. */
export class ProblemError extends Error {
  constructor({ title, status, detail, code }) {
    super(detail || title);
    this.title = title;
    this.status = status;
    this.code = code;
  }
}

/** What is told when no server answers. */
export function unreachable() {
  return new ProblemError({
    title: 'No answer',
    status: 0,
    code: null,
    detail: 'The server does not answer. See that `foreframe serve` is running, then try again.',
  });
}

let askForToken = null;
let asking = null; // one question, however many requests wait for its answer

/** Says who asks a person for the token, when the server wants one: a function that gives a promise. */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

/** What the WebSocket offers: the token travels in a header, never in an address. */
export function subprotocols() {
  const token = sessionStorage.getItem(TOKEN);
  if (token === null) return ['foreframe.v1'];
  const bytes = String.fromCodePoint(...new TextEncoder().encode(token));
  const text = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return ['foreframe.v1', `foreframe.token.${text}`];
}

async function send(method, path, { body, accept = 'application/json', headers = {}, signal } = {}) {
  const token = sessionStorage.getItem(TOKEN);
  let response;
  try {
    response = await fetch(PREFIX + path, {
      method,
      signal,
      headers: {
        accept,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401 && askForToken !== null) {
    // Another request may have been given the token in the meantime.
    if (sessionStorage.getItem(TOKEN) === token) {
      asking ??= askForToken(problem, token !== null).finally(() => {
        asking = null;
      });
      sessionStorage.setItem(TOKEN, await asking);
    }
    return send(method, path, { body, accept, headers, signal });
  }
  throw problem;
}

async function problemOf(response) {
  try {
    return new ProblemError(await response.json());
  } catch {
    const { status, statusText } = response;
    return new ProblemError({ title: statusText, status, code: null, detail: `The server answered ${status} ${statusText}.` });
  }
}

/** What is at a path, as JSON. */
export async function get(path) {
  return (await send('GET', path)).json();
}

/** The answer to a body. */
export async function post(path, body, { once = false } = {}) {
  const headers = once ? { 'idempotency-key': crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` } : {};
  return (await send('POST', path, { body, headers })).json();
}

export async function remove(path) {
  await send('DELETE', path);
}

/** An image as a data URL: an `img` could not send the token. */
export async function image(path) {
  const blob = await (await send('GET', path, { accept: 'image/*' })).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(reader.result));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}

/** Something to save. */
export async function file(path) {
  return (await send('GET', path, { accept: '*/*' })).blob();
}

/** The answer to a body that takes time; `onEvent` is told of each event on the way. */
export async function streamed(path, body, onEvent, signal) {
  const response = await send('POST', path, { body, accept: 'text/event-stream', signal });
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.json();
  const events = new EventText();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw unreachable();
    for (const { name, data } of events.push(value)) {
      const told = JSON.parse(data);
      if (name === 'answer') return told;
      if (name === 'problem' || name === 'error') throw new ProblemError(told);
      onEvent(name, told);
    }
  }
}
