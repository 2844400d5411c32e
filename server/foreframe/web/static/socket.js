/** The one WebSocket of a session: events in, actions out; connects again until it is closed. */
import { get, ProblemError, subprotocols, unreachable } from './api.js';
import { waitBefore } from './sequence.js';

/**
 * Tells its listener: `opened()`, `event(event)`, `lost(seconds until the next attempt)`,
 * `gone(problem)` when the server says that there is no such session.
 */
export class SessionSocket {
  #id;
  #listener;
  #after;
  #socket = null;
  #attempt = 0;
  #timer = 0;
  #requests = new Map();
  #number = 0;
  #isClosed = false;

  /** `after`: gives the number of the last event that was seen. */
  constructor(id, after, listener) {
    this.#id = id;
    this.#after = after;
    this.#listener = listener;
    this.connect();
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Connects now, without waiting any longer. */
  connect() {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.isOpen) return;
    this.#drop();
    const address = new URL(`/api/v1/sessions/${encodeURIComponent(this.#id)}/socket`, location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    address.search = `after=${this.#after()}`;
    const socket = new WebSocket(address, subprotocols());
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#attempt = 0;
      this.#listener.opened();
    });
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(data)));
    socket.addEventListener('close', () => {
      if (this.#socket === socket) void this.#lost();
    });
  }

  /** Asks for an action; its answer, or a ProblemError. */
  act(action) {
    if (!this.isOpen) return Promise.reject(unreachable());
    const request = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#requests.set(request, { resolve, reject });
      this.#socket.send(JSON.stringify({ request, action }));
    });
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #take(message) {
    if (message.kind !== 'answer') {
      this.#listener.event(message);
      return;
    }
    const waiting = this.#requests.get(message.request);
    this.#requests.delete(message.request);
    if (message.problem) waiting?.reject(new ProblemError(message.problem));
    else waiting?.resolve(message.answer);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    for (const { reject } of this.#requests.values()) reject(unreachable());
    this.#requests.clear();
  }

  async #lost() {
    this.#drop();
    const wait = waitBefore(this.#attempt++, Math.random());
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#listener.lost(wait / 1000);
    // A refused handshake tells a page nothing: a plain request tells why.
    try {
      await get(`/sessions/${encodeURIComponent(this.#id)}`);
    } catch (error) {
      if (error.status !== 404 || this.#isClosed) return;
      this.close();
      this.#listener.gone(error);
    }
  }
}
