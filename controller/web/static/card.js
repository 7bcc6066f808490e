// The details of one door or room: shown while pointed at, kept when chosen, closed with Escape.

import { $, icon, make, setAttribute, setText } from "./dom.js";
import { door as shownDoor, number, room as shownRoom } from "./shown.js";
import { absolute, age } from "./time.js";
import * as words from "./words.js";

const LEAVE_MS = 250; // time to move the pointer from the door onto its card
const UNSENSED = new Set(["silent", "never_seen", "no_sensor"]);

export class Card {
  #card = $("#card");
  #what = null;
  #element = null;
  #pinned = false;
  #from = null;
  #timer = null;
  #returning = false;

  constructor(store, plan) {
    this.store = store;
    this.plan = plan;
    $("[data-do=close]", this.#card).addEventListener("click", () => this.close());
    addEventListener("keydown", (event) => event.key === "Escape" && !this.#card.hidden && this.close());
    this.#card.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.#card.addEventListener("pointerleave", () => this.leave());
    document.addEventListener("click", (event) => {
      if (!this.#card.hidden && !event.target.closest(".details, .door, .room, [data-show]")) this.close();
    });
    setInterval(() => this.refresh(), 1000);
  }

  point(what, element) {
    if (!this.#pinned && !this.#returning) this.#open(what, element, false);
  }

  leave() {
    clearTimeout(this.#timer);
    if (!this.#pinned) this.#timer = setTimeout(() => this.#pinned || this.close(), LEAVE_MS);
  }

  // `byKey`: whoever came by keyboard goes into the card, and back where they were when it closes.
  choose(what, element, byKey = false) {
    this.#open(what, element, true);
    this.#from = byKey ? document.activeElement : null;
    if (byKey) $("[data-do=close]", this.#card).focus();
  }

  close() {
    clearTimeout(this.#timer);
    this.#card.hidden = true;
    this.#pinned = false;
    this.#what = this.#element = null;
    this.plan.mark(null);
    const from = this.#from;
    this.#from = null;
    // Coming back to the door is not pointing at it again.
    this.#returning = true;
    from?.focus();
    this.#returning = false;
  }

  refresh() {
    if (this.#what) this.#fill();
  }

  #open(what, element, pinned) {
    clearTimeout(this.#timer);
    this.#what = what;
    this.#element = element;
    this.#pinned = pinned;
    if (!this.#fill()) return;
    this.plan.mark(element);
    setAttribute(this.#card, "data-pinned", pinned ? "" : null);
    this.#card.hidden = false;
    this.#place();
  }

  #fill() {
    const value = this.#what.door ? this.store.doors[this.#what.door] : this.store.rooms[this.#what.room];
    if (!value) {
      this.#card.hidden = true;
      return false;
    }
    const { title, state, tone, mark, rows } = this.#what.door ? doorCard(value, this.#element) : roomCard(value);
    setText($("h3", this.#card), title);
    const line = $(".state", this.#card);
    setAttribute(line, "data-tone", tone);
    line.replaceChildren(icon(mark), make("span", {}, state));
    $("dl", this.#card).replaceChildren(
      ...rows.filter(([, text]) => text).map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text))),
    );
    const past = $(".past", this.#card);
    past.hidden = !this.#what.room;
    if (this.#what.room) setAttribute(past, "href", `/history#room-${encodeURIComponent(this.#what.room)}`);
    return true;
  }

  // Beside what it tells of, on the side where there is room; a phone's style sheet makes it a sheet at the bottom.
  #place() {
    const at = ($(".mark, .name", this.#element) || this.#element)?.getBoundingClientRect();
    if (!at) return;
    const { offsetWidth: width, offsetHeight: height } = this.#card;
    const right = at.right + 18 + width < innerWidth ? at.right + 18 : at.left - 18 - width;
    const top = Math.min(Math.max(at.top + at.height / 2 - 40, 8), innerHeight - height - 8);
    this.#card.style.setProperty("--left", `${Math.max(right, 8)}px`);
    this.#card.style.setProperty("--top", `${Math.max(top, 8)}px`);
  }
}

const when = (text) => (text ? `${absolute(text)} · ${age(text)}` : words.card.never);
const said = (value) => (value === null || value === undefined ? "" : words.values[value] || String(value));

// How old what it decides by alone can be; of one that is behind, that there is a newer.
function ownList(held) {
  if (!held) return "";
  const of = held.issued ? when(held.issued) : words.card.never;
  return held.rev === held.newest ? of : `${of} · ${words.card.behind}`;
}

function doorCard(value, element) {
  const { word, icon: mark, tone } = shownDoor(value);
  return {
    title: value.name,
    state: word,
    tone,
    mark,
    rows: [
      [words.card.leads, element?.dataset?.leads],
      [words.card.alarm, said(value.alarm)],
      [words.card.lock, said(value.lock)],
      [words.card.contact, said(value.contact)],
      [words.card.mode, [said(value.mode), value.mode_until ? words.until(absolute(value.mode_until)) : "", value.mode_why].filter(Boolean).join(" · ")],
      [words.card.device, said(value.device)],
      [words.card.since, when(value.since)],
      [words.card.reported, when(value.reported_at)],
      [words.card.list, ownList(value.access)],
    ],
  };
}

function roomCard(value) {
  const { word, flags, notes, people, state } = shownRoom(value);
  const noted = notes.map(([flag, since]) => (since ? `${words.flagsLong[flag]} ${words.since(absolute(since))}` : words.flagsLong[flag]));
  const reason = value.occupancy?.reason;
  // Where nobody is there, or what is sensed disagrees, the reason is the news.
  const counted = people ? [people, reason && (value.occupancy.disagrees || !value.occupancy.count) ? reason : said(value.occupancy.quality)].join(" · ") : reason || words.values.unknown;
  const level = (reading, judged) => [reading, judged && judged !== "unknown" ? said(judged) : ""].filter(Boolean).join(" · ");
  return {
    title: value.name,
    state: [word, ...noted].join(" · "),
    tone: state === "on_air" ? "alarm" : flags.length ? "warn" : UNSENSED.has(state) ? "unknown" : "calm",
    mark: flags.length ? "alarm" : UNSENSED.has(state) ? "unknown" : "people",
    rows: [
      [words.card.since, value.since ? when(state === "silent" ? value.silent_since : value.since) : ""],
      [words.card.until, value.until ? absolute(value.until) : ""],
      [words.card.next, value.next ? words.span(absolute(value.next.start), absolute(value.next.end)) : ""],
      [words.card.checkedIn, typeof value.checked_in === "boolean" ? words.yesNo(value.checked_in) : ""],
      [words.card.why, value.unavailable],
      [words.card.quietPlease, value.quiet_please ? words.quietFor(value.quiet_please.for, absolute(value.quiet_please.until)) : ""],
      [words.card.people, counted],
      [words.card.temperature, level(number(value.temperature, "°C", 1), value.comfort)],
      [words.card.humidity, number(value.humidity, "%")],
      [words.card.co2, level(number(value.co2, "ppm"), value.air)],
      [words.card.noise, level(number(value.noise, "dB"), value.quiet)],
      [words.card.light, number(value.light, "lx")],
      [words.card.windows, said(value.windows)],
      [words.card.wifi, [said(value.wifi === "unknown" ? "" : value.wifi), number(value.latency_ms, "ms"), number(value.loss, "%", 1)].filter(Boolean).join(" · ")],
      [words.card.onAir, value.on_air ? words.onAirLong[value.on_air] : ""],
      [words.card.sensor, said(value.sensor)],
      [words.card.measured, value.measured_at ? when(value.measured_at) : words.card.never],
    ],
  };
}
