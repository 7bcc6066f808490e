// What the browser knows: the last snapshot with every change since laid over it.

const PLURAL = { door: "doors", room: "rooms", device: "devices", alarm: "alarms", health: "health" };
const KEEP = { all: 200, refused: 60, alarm: 60 };
const REFUSED = new Set(["entry_denied", "read_ignored", "unlock_refused", "unlock_not_sent"]);

export const isRefused = (fact) => REFUSED.has(fact.kind);
export const isAlarm = (fact) => fact.tone === "alarm";

export class Store {
  constructor() {
    this.known = false;
    this.space = {};
    this.doors = {};
    this.rooms = {};
    this.devices = {};
    this.alarms = {};
    this.health = {};
    // Refusals and alarms are kept longer than the stream itself, so that a busy hour does not wash them away.
    this.facts = { all: [], refused: [], alarm: [] };
  }

  // Takes one message; answers what it touched, for whoever draws it.
  take(event, data) {
    return event === "delta" ? this.#change(data) : this.#replace(data);
  }

  #replace(data) {
    this.known = true;
    this.space = data.space || {};
    for (const plural of Object.values(PLURAL)) this[plural] = { ...data[plural] };
    this.facts = { all: [], refused: [], alarm: [] };
    this.#tell(data.facts || []);
    return { whole: true, space: true, door: new Set(Object.keys(this.doors)), room: new Set(Object.keys(this.rooms)), alarm: new Set(Object.keys(this.alarms)), health: true, facts: data.facts || [] };
  }

  #change(data) {
    const touched = { whole: false, space: false, door: new Set(), room: new Set(), device: new Set(), alarm: new Set(), health: false, facts: data.facts };
    for (const [topic, key, value] of data.changes) {
      if (topic === "space") {
        this.space = value || {};
        touched.space = true;
        continue;
      }
      const things = this[PLURAL[topic]];
      if (!things) continue; // a newer server may speak of things this page does not know
      if (value === null) delete things[key];
      else things[key] = value;
      if (topic === "health") touched.health = true;
      else touched[topic].add(key);
    }
    this.#tell(data.facts);
    return touched;
  }

  #tell(lines) {
    for (const line of lines) {
      this.#keep("all", line);
      if (isRefused(line)) this.#keep("refused", line);
      if (isAlarm(line)) this.#keep("alarm", line);
    }
  }

  #keep(kind, line) {
    const list = this.facts[kind];
    list.push(line);
    if (list.length > KEEP[kind]) list.shift();
  }
}
