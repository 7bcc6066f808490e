// The floor plans: doors and rooms take the state they have, floors their tab.

import { $, $$, setAttribute, setText } from "./dom.js";
import { doorIssues, number, door as shownDoor, room as shownRoom, use } from "./shown.js";
import * as words from "./words.js";

export class Plan {
  #doors = new Map($$(".door[data-door]").map((element) => [element.dataset.door, element]));
  #rooms = new Map($$(".room[data-room]").map((element) => [element.dataset.room, element]));
  #areas = new Map($$(".area[data-room]").map((element) => [element.dataset.room, element]));
  #tabs = $$("[role=tab]");
  #panels = $$(".floor-panel");

  constructor({ onSelect, onPoint, onLeave }) {
    for (const tab of this.#tabs) tab.addEventListener("click", () => this.showFloor(tab.dataset.floor));
    $(".tabs")?.addEventListener("keydown", (event) => this.#moveTab(event));
    for (const panel of this.#panels) {
      panel.addEventListener("keydown", (event) => this.#moveFocus(event, onSelect));
      for (const element of $$(".door, .room", panel)) {
        const what = element.dataset.door ? { door: element.dataset.door } : { room: element.dataset.room };
        element.addEventListener("click", () => onSelect(what, element, false));
        element.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && onPoint(what, element));
        element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && onLeave());
        element.addEventListener("focus", () => element.matches(":focus-visible") && onPoint(what, element));
        element.addEventListener("blur", () => onLeave());
      }
      this.#makeReachable(panel);
    }
  }

  drawDoor(value) {
    const element = this.#doors.get(value.id);
    if (!element) return;
    const { state, word, icon, tone } = shownDoor(value);
    setAttribute(element, "data-state", state);
    setAttribute(element, "data-tone", tone);
    setAttribute($(".icon", element), "href", `#i-${icon}`);
    setText($(".word", element), word);
    setAttribute(element, "aria-label", `${value.name}: ${word}`);
    element.dataset.name = value.name;
  }

  drawRoom(value) {
    const element = this.#rooms.get(value.id);
    const area = this.#areas.get(value.id);
    if (!element || !area) return;
    const { state, word, flags, people } = shownRoom(value);
    for (const part of [element, area]) {
      setAttribute(part, "data-state", state);
      setAttribute(part, "data-flag", flags[0]);
    }
    const lines = $$(".live", element);
    const texts = roomLines(value, word, state, flags, people, Number(element.dataset.chars), lines.length);
    lines.forEach((line, index) => setText(line, texts[index] || ""));
    setAttribute(element, "aria-label", [value.name, word, people, ...flags.map((flag) => words.flags[flag])].filter(Boolean).join(", "));
    const sign = $(".sign", element);
    if (sign) {
      const light = value.on_air in words.onAir ? value.on_air : "unknown";
      setAttribute(sign, "data-on-air", light);
      setText($("text", sign), words.onAir[light]);
    }
  }

  // How many rooms are in use on each floor, or which of its own doors need a look.
  drawTabs(store) {
    for (const tab of this.#tabs) {
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      const within = (values, drawn) => Object.values(values).filter((value) => drawn.has(value.id) && panel.contains(drawn.get(value.id)));
      const [worst] = doorIssues(within(store.doors, this.#doors), 1);
      const text = worst ? worst.text : words.used(use(within(store.rooms, this.#rooms)));
      setText($(".count", tab), text);
      setAttribute(tab, "data-level", worst?.level);
      setAttribute(tab, "aria-label", [$(".title", tab).textContent, text].filter(Boolean).join(", "));
    }
  }

  showFloor(id) {
    for (const tab of this.#tabs) {
      const chosen = tab.dataset.floor === id;
      setAttribute(tab, "aria-selected", chosen);
      setAttribute(tab, "tabindex", chosen ? null : -1);
    }
    for (const panel of this.#panels) panel.hidden = panel.dataset.floor !== id;
  }

  // The element of a thing, with its floor brought to the front.
  find({ door, room }) {
    const element = door ? this.#doors.get(door) : this.#rooms.get(room);
    if (element) this.showFloor(element.closest(".floor-panel").dataset.floor);
    return element || null;
  }

  mark(element) {
    for (const halo of $$(".halo")) setAttribute(halo, "d", "");
    for (const chosen of $$(".chosen")) chosen.classList.remove("chosen");
    if (!element) return;
    element.classList.add("chosen");
    if (element.dataset.room) setAttribute($(".halo", element.ownerSVGElement), "d", $(".touch", element).getAttribute("d"));
  }

  #moveTab(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.#tabs.indexOf(document.activeElement);
    const next = this.#tabs[(at + step + this.#tabs.length) % this.#tabs.length];
    this.showFloor(next.dataset.floor);
    next.focus();
  }

  // One stop for the Tab key per floor; the arrows go to the nearest thing in their direction.
  #makeReachable(panel, element = $(".door, .room", panel)) {
    for (const other of $$("[tabindex='0']", panel)) other.setAttribute("tabindex", -1);
    element?.setAttribute("tabindex", 0);
  }

  #moveFocus(event, onSelect) {
    const from = event.target.closest(".door, .room");
    if (!from) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      onSelect(from.dataset.door ? { door: from.dataset.door } : { room: from.dataset.room }, from, true);
      return;
    }
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const panel = event.currentTarget;
    const next = nearest(from, $$(".door, .room", panel), way);
    if (!next) return;
    this.#makeReachable(panel, next);
    next.focus();
  }
}

function roomLines(value, word, state, flags, people, chars, lines) {
  const join = (...parts) => parts.filter(Boolean).join(" · ");
  const attention = flags.map((flag) => words.flags[flag]).join(", ");
  const [degrees, air] = [number(value.temperature, "°C", 1), number(value.co2, "ppm")];
  const alone = state === "free" || !people;
  const status = alone ? [word] : [join(word, people), people];
  const climate = [join(attention, degrees, air), join(attention, attention ? air : degrees), attention || degrees];
  if (lines > 1) return [longest(status, chars), longest(climate, chars)];
  const short = status.at(-1);
  return [longest([join(status[0], climate[0]), join(short, climate[0]), join(short, climate[1]), join(short, climate[2]), attention || short], chars)];
}

// The richest of these texts that fits, else the last.
function longest(texts, chars) {
  return texts.find((text) => text && text.length <= chars) || texts.at(-1);
}

function nearest(from, others, [dx, dy]) {
  const middle = (element) => {
    const box = ($(".mark, .name", element) || element).getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = middle(from);
  let best = null;
  let shortest = Infinity;
  for (const other of others) {
    if (other === from) continue;
    const [ox, oy] = middle(other);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (ahead > 1 && ahead + 2 * aside < shortest) [best, shortest] = [other, ahead + 2 * aside];
  }
  return best;
}
