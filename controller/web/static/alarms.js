// What staff still have to look at: a band above everything else, there only while there is something in it.

import { $, icon, make, setText } from "./dom.js";
import { absolute, age } from "./time.js";
import * as words from "./words.js";

const ORDER = { raised: 0, acknowledged: 1, cleared: 2 };
const ICONS = { raised: "alarm", acknowledged: "people", cleared: "good" };

export class Alarms {
  #band = $("#alarms");
  #list = $("#alarms ul");

  constructor(store, onShow) {
    this.store = store;
    this.onShow = onShow;
  }

  draw() {
    const alarms = Object.values(this.store.alarms);
    alarms.sort((a, b) => ORDER[a.state] - ORDER[b.state] || b.last_at.localeCompare(a.last_at));
    this.#band.hidden = alarms.length === 0;
    setText($(".n", this.#band), `${alarms.length}`);
    this.#list.replaceChildren(...alarms.map((alarm) => this.#item(alarm)));
  }

  #item(alarm) {
    const what = { door: alarm.door, room: alarm.room };
    const text = make("p", { class: "text" }, alarm.text);
    if (what.door || what.room) {
      const show = make("button", { type: "button", "data-show": "" }, alarm.text);
      show.addEventListener("click", (event) => this.onShow(what, event.detail === 0));
      text.replaceChildren(show);
    }
    return make(
      "li",
      { "data-state": alarm.state, "data-id": alarm.id, title: age(alarm.last_at) },
      make("span", { class: "mark" }, icon(ICONS[alarm.state] || "alarm"), make("span", { class: "sr-only" }, words.alarms[alarm.state])),
      make("div", {}, text, make("p", { class: "why" }, words.alarms.line(alarm, absolute))),
      make("code", { title: words.alarms.how(alarm.id) }, alarm.id),
    );
  }
}
