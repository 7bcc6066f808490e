// The stream of what happened: newest on top, filtered, and held still when somebody reads.

import { $, $$, icon, make, setAttribute, setText } from "./dom.js";
import { isAlarm, isRefused } from "./store.js";
import { absolute, age } from "./time.js";
import * as words from "./words.js";

const ICONS = { good: "good", bad: "bad", note: "note", alarm: "alarm" };
const SHOWN = 200;

export class Facts {
  #list = $("#facts");
  #empty = $("#facts-empty");
  #pause = $("#pause");
  #filter = "all";
  #paused = false;
  #held = 0;

  constructor(store, onShow) {
    this.store = store;
    this.onShow = onShow;
    for (const button of $$("[data-filter]")) button.addEventListener("click", () => this.#choose(button.dataset.filter));
    this.#pause.addEventListener("click", () => this.#hold(!this.#paused));
  }

  add(lines) {
    this.#counts();
    const passing = lines.filter((line) => this.#passes(line));
    if (!passing.length) return;
    if (this.#paused) {
      this.#held += passing.length;
      this.#drawPause();
      return;
    }
    this.#list.prepend(...passing.slice(-SHOWN).reverse().map((line) => this.#item(line, true)));
    while (this.#list.childElementCount > SHOWN) this.#list.lastElementChild.remove();
    this.#empty.hidden = true;
  }

  redraw() {
    this.#counts();
    if (this.#paused) return;
    const lines = this.store.facts[this.#filter];
    this.#list.replaceChildren(...[...lines].reverse().map((line) => this.#item(line, false)));
    this.#empty.hidden = lines.length > 0;
  }

  #item(line, fresh) {
    const tone = line.tone in ICONS ? line.tone : "note";
    const time = make("time", { datetime: line.at, title: age(line.at) }, absolute(line.at));
    const what = { door: line.door, room: line.room };
    const text = make("p", { class: "text" }, line.text || "");
    const body = make("div", {}, text, line.why ? make("p", { class: "why" }, line.why) : null);
    const item = make("li", { "data-tone": tone, class: fresh ? "fresh" : null }, make("span", { class: "mark" }, icon(ICONS[tone]), make("span", { class: "sr-only" }, words.tones[tone])), body, time);
    if (what.door || what.room) {
      const show = make("button", { type: "button", "data-show": "" }, ...text.childNodes);
      show.addEventListener("click", (event) => this.onShow(what, event.detail === 0));
      text.replaceChildren(show);
    }
    return item;
  }

  #passes(line) {
    return this.#filter === "all" || (this.#filter === "refused" ? isRefused(line) : isAlarm(line));
  }

  #choose(filter) {
    this.#filter = filter;
    for (const button of $$("[data-filter]")) setAttribute(button, "aria-pressed", button.dataset.filter === filter);
    if (this.#paused) this.#hold(false);
    this.redraw();
  }

  #hold(paused) {
    this.#paused = paused;
    this.#held = 0;
    this.#drawPause();
    if (!paused) this.redraw();
  }

  #drawPause() {
    setAttribute(this.#pause, "aria-pressed", this.#paused);
    setAttribute($("use", this.#pause), "href", this.#paused ? "#i-play" : "#i-pause");
    setText($("span", this.#pause), this.#paused ? (this.#held ? words.facts.waiting(this.#held) : words.facts.resume) : words.facts.pause);
  }

  #counts() {
    for (const kind of ["refused", "alarm"]) setText($(`[data-filter=${kind}] .n`), this.store.facts[kind].length ? `${this.store.facts[kind].length}` : "");
  }
}
