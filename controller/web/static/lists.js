// Doors and rooms as tables, and health as a strip: the plan in words, for whoever cannot or will not see it.

import { $, icon, make, setAttribute, setText } from "./dom.js";
import { door as shownDoor, healthName, number, room as shownRoom } from "./shown.js";
import { absolute, age } from "./time.js";
import * as words from "./words.js";

const DOOR_ORDER = { alarm: 0, warn: 1, unknown: 2, info: 3, good: 3, calm: 3 };

export class Lists {
  #doors = new Rows($("#door-rows"));
  #rooms = new Rows($("#room-rows"));
  #health = $("#health");

  constructor(store, floors, onShow) {
    this.store = store;
    this.floors = floors;
    this.onShow = onShow;
    setInterval(() => this.#ages(), 5000);
  }

  drawDoors() {
    const values = Object.values(this.store.doors);
    const order = new Map(values.map((value, index) => [value.id, DOOR_ORDER[shownDoor(value).tone] * 1000 + index]));
    values.sort((a, b) => order.get(a.id) - order.get(b.id));
    this.#doors.draw(values, (row, value) => {
      const { word, icon: mark, tone } = shownDoor(value);
      setAttribute(row, "data-tone", tone);
      row.replaceChildren(
        make("th", { scope: "row" }, this.#button(value.name, { door: value.id })),
        make("td", {}, make("span", { class: "pill", "data-tone": tone }, icon(mark), word)),
        make("td", { class: "wide" }, this.floors[value.floor] || value.floor || ""),
        when(value.since),
      );
    });
  }

  drawRooms() {
    this.#rooms.draw(Object.values(this.store.rooms), (row, value) => {
      const { state, word, notes, people } = shownRoom(value);
      setAttribute(row, "data-state", state);
      row.replaceChildren(
        make("th", { scope: "row" }, this.#button(value.name, { room: value.id })),
        make("td", {}, make("span", { class: "pill", "data-room-state": state }, word), ...notes.map(([flag, since]) => make("span", { class: "flag", "data-flag": flag, title: since ? words.since(absolute(since)) : "" }, icon("alarm"), words.flagsLong[flag]))),
        when(state === "silent" ? value.silent_since : value.since),
        make("td", { class: "num" }, people || "–"),
        make("td", { class: "num" }, number(value.temperature, "°C", 1) || "–"),
        make("td", { class: "num" }, number(value.co2, "ppm") || "–"),
        make("td", { class: "num wide" }, number(value.noise, "dB") || "–"),
        when(value.measured_at, "num wide"),
      );
    });
  }

  drawHealth() {
    this.#health.replaceChildren(
      ...Object.values(this.store.health).map((part) =>
        make(
          "li",
          { "data-ok": part.ok, title: figures(part) },
          icon(part.ok ? "good" : "alarm"),
          make("span", { class: "name" }, healthName(part)),
          make("span", { class: "text" }, part.text),
        ),
      ),
    );
  }

  #button(name, what) {
    const button = make("button", { type: "button", "data-show": "" }, name);
    button.addEventListener("click", (event) => this.onShow(what, event.detail === 0));
    return button;
  }

  #ages() {
    for (const cell of document.querySelectorAll("td[data-at]")) setText($("span", cell), age(cell.dataset.at));
  }
}

// Rows by id: one that did not change keeps its element, its focus and its place under a finger.
class Rows {
  #body;
  #rows = new Map();

  constructor(body) {
    this.#body = body;
  }

  draw(values, fill) {
    const seen = new Set();
    values.forEach((value, index) => {
      seen.add(value.id);
      let known = this.#rows.get(value.id);
      if (!known) {
        known = { row: make("tr", { "data-id": value.id }), value: null };
        this.#rows.set(value.id, known);
      }
      if (known.value !== value) {
        const focused = known.row.contains(document.activeElement);
        fill(known.row, value);
        known.value = value;
        if (focused) $("button", known.row).focus();
      }
      if (this.#body.children[index] !== known.row) this.#body.insertBefore(known.row, this.#body.children[index] || null);
    });
    for (const [id, { row }] of this.#rows) {
      if (seen.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }
}

function when(text, className = "num") {
  if (!text) return make("td", { class: className }, "–");
  return make("td", { class: className, "data-at": text, title: absolute(text) }, make("span", {}, age(text)));
}

const figures = (part) =>
  [`${absolute(part.since)} · ${age(part.since)}`, ...Object.entries(part.figures || {}).map(([name, value]) => `${name}: ${value}`)].join("\n");
