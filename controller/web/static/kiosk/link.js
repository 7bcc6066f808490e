// The token a page lives by, and questions to /api/v1 with it.
// The token comes once, behind the # of the address, which no browser sends anywhere; it stays in this browser.

const TIMEOUT_MS = 5000;
const TRUST_CLOCK_MS = 2000; // the Date of an answer has whole seconds: closer than this says nothing

let ahead = 0; // milliseconds the server is ahead of this device

export const now = () => Date.now() + ahead;

export class NoAnswer extends Error {}

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.kind = String(problem.type || "").split("/").pop();
    this.problem = problem;
  }

  get isAboutToken() {
    return this.status === 401 || (this.status === 403 && ["missing_scope", "other_room", "no_token"].includes(this.kind));
  }
}

// `place` names what the token is for, so that two panels opened in one browser keep their own.
export class Keeper {
  constructor(place) {
    this.place = `natoma.token.${place}`;
    this.memory = null; // where the browser keeps nothing
  }

  take() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given !== null) {
      this.keep(given.trim());
      history.replaceState(null, "", location.pathname + location.search);
    }
    return this.token;
  }

  get token() {
    try {
      return localStorage.getItem(this.place) || this.memory;
    } catch {
      return this.memory;
    }
  }

  keep(token) {
    this.memory = token;
    try {
      localStorage.setItem(this.place, token);
    } catch {
      // A private window forgets it when it is closed; until then it works.
    }
  }

  forget() {
    this.memory = null;
    try {
      localStorage.removeItem(this.place);
    } catch {
      // Nothing was kept.
    }
  }
}

export class Link {
  constructor(token) {
    this.token = token;
  }

  get(path) {
    return this.ask("GET", path);
  }

  post(path, body = {}, key = null) {
    return this.ask("POST", path, body, key);
  }

  async ask(method, path, body = null, key = null) {
    const headers = { Authorization: `Bearer ${this.token}`, Accept: "application/json" };
    if (body !== null) headers["Content-Type"] = "application/json";
    if (key !== null) headers["Idempotency-Key"] = key;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    let response;
    let text;
    try {
      response = await fetch(`/api/v1${path}`, {
        method, headers, body: body === null ? undefined : JSON.stringify(body), signal: stop.signal, cache: "no-store", credentials: "omit",
      });
      text = await response.text();
    } catch {
      throw new NoAnswer("no answer");
    } finally {
      clearTimeout(timer);
    }
    hear(response.headers.get("Date"));
    const said = read(text);
    if (response.ok) return said;
    if (response.status >= 502 && response.status <= 504 && said.type === undefined) throw new NoAnswer("no answer");
    throw new Refusal(response.status, said);
  }
}

// Random, and new for each thing that is asked for: asked again under the same one, it is done once.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is only there over https
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function hear(date) {
  const at = Date.parse(date);
  if (Number.isNaN(at)) return;
  const off = at + 500 - Date.now();
  if (Math.abs(off - ahead) > TRUST_CLOCK_MS) ahead = off;
}

function read(text) {
  try {
    return JSON.parse(text) || {};
  } catch {
    return {};
  }
}
