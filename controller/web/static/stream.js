// The one connection to the server: it resumes where it was, comes back by itself, and notices silence.

const SILENT_MS = 10000; // two beats of four seconds missed: the connection only looks alive
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10000;
const HIDDEN_MS = 60000; // a browser has six connections per server: a tab nobody looks at gives its own back

export class Stream {
  #source = null;
  #last = null; // the id of the last message: where to go on
  #heard = 0;
  #tries = 0;
  #timer = null;
  #hidden = null;

  constructor({ onMessage, onBeat, onState }) {
    this.onMessage = onMessage;
    this.onBeat = onBeat;
    this.onState = onState;
  }

  start() {
    this.connect();
    setInterval(() => {
      if (this.#source && performance.now() - this.#heard > SILENT_MS) this.#lost();
    }, 1000);
    addEventListener("online", () => this.connect());
    // Leaving ends the stream at once, also into the back-forward cache, from which it starts again.
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", (event) => event.persisted && this.connect());
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.hidden) this.#hidden = setTimeout(() => this.#close(), HIDDEN_MS);
      else if (!this.#source) this.connect();
    });
  }

  connect() {
    this.#close();
    this.#heard = performance.now();
    const source = new EventSource(this.#last ? `/api/stream?after=${encodeURIComponent(this.#last)}` : "/api/stream");
    this.#source = source;
    source.addEventListener("beat", (event) => {
      this.#alive();
      this.onBeat(JSON.parse(event.data));
    });
    for (const name of ["snapshot", "delta", "resync"]) {
      source.addEventListener(name, (event) => {
        this.#alive();
        this.#last = event.lastEventId;
        this.onMessage(name, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => source === this.#source && this.#lost());
  }

  #alive() {
    this.#heard = performance.now();
    this.#tries = 0;
    this.onState("live");
  }

  #lost() {
    this.#close();
    this.onState("lost");
    const longest = Math.min(FIRST_RETRY_MS * 2 ** this.#tries, LAST_RETRY_MS);
    this.#tries += 1;
    // Between half and the whole, so that fifty screens do not come back in the same instant.
    this.#timer = setTimeout(() => this.connect(), longest * (0.5 + Math.random() / 2));
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
