// The live connection (docs/realtime.md): sign in by one-time ticket, subscribe by topic, reconnect with growing waits
// and go on after the last event seen.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
const PING_EVERY = 20_000;
const SIGN_IN_ENDED = 4401;
const TOO_MANY = 4429;

export class Connection extends EventTarget {
  #topics = new Map();
  #socket = null;
  #ready = false;
  #lastId = "";
  #wait = FIRST_WAIT;
  #timer = 0;
  #ping = 0;
  #stopped = false;
  #refusals = 0;

  /** `csrf` gives the token for the ticket; `openSocket` and `ask` are replaced in tests. */
  constructor({ csrf, openSocket = (url) => new WebSocket(url), ask = (...given) => fetch(...given) }) {
    super();
    this.csrf = csrf;
    this.openSocket = openSocket;
    this.ask = ask;
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.#state("offline"));
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => event.persisted && this.resume());
  }

  /** Receive events of `topic`; returns a function that ends it. The connection opens with the first topic. */
  subscribe(topic, listener) {
    const listeners = this.#topics.get(topic) ?? new Set();
    const first = listeners.size === 0;
    listeners.add(listener);
    this.#topics.set(topic, listeners);
    if (this.#ready && first) this.#send({ type: "subscribe", topics: [topic] });
    else if (!this.#socket) this.connect();
    return () => {
      listeners.delete(listener);
      if (listeners.size) return;
      this.#topics.delete(topic);
      if (this.#ready) this.#send({ type: "unsubscribe", topics: [topic] });
    };
  }

  connect() {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#socket) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = this.openSocket(`${scheme}://${location.host}/ws`);
    this.#socket = socket;
    socket.addEventListener("message", (message) => this.#receive(message.data));
    socket.addEventListener("close", (event) => {
      clearInterval(this.#ping);
      this.#ready = false;
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (!this.#stopped) this.#closed(event.code);
    });
  }

  retryNow() {
    this.#wait = FIRST_WAIT;
    this.connect();
  }

  resume() {
    this.#stopped = false;
    this.connect();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ping);
    const socket = this.#socket;
    // Closing while it still connects would be written to the console as a failure.
    if (socket?.readyState === 0) socket.addEventListener("open", () => socket.close());
    else socket?.close();
    this.#socket = null;
    this.#ready = false;
  }

  #receive(text) {
    const message = JSON.parse(text);
    const answers = { welcome: () => this.#signIn(message), signed_in: () => this.#begin(), event: () => this.#event(message), resync: () => this.#resync(message) };
    answers[message.type]?.();
  }

  async #signIn(welcome) {
    this.#lastId ||= welcome.resume_from ?? "";
    this.#ping = setInterval(() => this.#send({ type: "ping" }), PING_EVERY);
    try {
      const headers = { "X-CSRF-Token": this.csrf(), Accept: "application/json" };
      const answer = await this.ask("/api/v1/realtime/ticket", { method: "POST", headers });
      if (answer.status === 401 || answer.status === 403) {
        this.#ended();
        return;
      }
      if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
      this.#send({ type: "sign_in", ticket: (await answer.json()).ticket });
    } catch {
      this.#socket?.close();
    }
  }

  #begin() {
    this.#wait = FIRST_WAIT;
    this.#refusals = 0;
    this.#ready = true;
    this.#state("open");
    const subscribe = { type: "subscribe", topics: [...this.#topics.keys()] };
    if (this.#lastId) subscribe.since = this.#lastId;
    if (subscribe.topics.length) this.#send(subscribe);
  }

  #event(message) {
    this.#lastId = message.id;
    for (const listener of this.#topics.get(message.topic) ?? []) listener(message);
    this.dispatchEvent(new CustomEvent("event", { detail: message }));
  }

  // Too much was missed: whoever listens loads its state again.
  #resync(message) {
    this.#lastId = message.resume_from;
    for (const topic of message.topics) {
      for (const listener of this.#topics.get(topic) ?? []) listener({ type: "resync", topic, data: null });
    }
  }

  #send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #closed(code) {
    if (code === SIGN_IN_ENDED && (this.#refusals += 1) > 1) {
      this.#ended();
      return;
    }
    this.#state(navigator.onLine ? "lost" : "offline");
    const wait = code === TOO_MANY ? 60_000 : this.#wait * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  #ended() {
    this.stop();
    this.#state("ended");
  }

  #state(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}
