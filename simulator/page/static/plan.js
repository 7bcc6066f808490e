// The floors: drawn once, then doors, rooms and dots take the state they have.

import { $, $$, draw, make, setAttribute, setText } from "./dom.js";
import { doorWord, lamps, roomWords } from "./words.js";

const MARGIN = 1.7; // metres around a floor: who waits before the street door stands there
const path = (points) => `M${points.map(([x, y]) => `${round(x)},${round(y)}`).join("L")}Z`;
const lines = (sides) => sides.map(({ a, b }) => `M${round(a[0])},${round(a[1])}L${round(b[0])},${round(b[1])}`).join("");
const round = (metres) => Math.round(metres * 100) / 100;

export class Plan {
  #doors = new Map();
  #rooms = new Map();
  #names = new Map();
  #dots = new Map();
  #panels = new Map();
  #tabs = new Map();
  #onChoose;

  constructor(plan, onChoose) {
    this.#onChoose = onChoose;
    const tabs = $(".tabs");
    for (const floor of plan.floors) {
      const count = make("span", { class: "count" });
      const tab = make("button", { type: "button", role: "tab", id: `tab-${floor.id}`, "aria-controls": `floor-${floor.id}`, "data-floor": floor.id }, floor.name, count);
      tab.addEventListener("click", () => this.showFloor(floor.id));
      this.#tabs.set(floor.id, tab);
      tabs.append(tab);
      const panel = make("div", { class: "sheet", role: "tabpanel", id: `floor-${floor.id}`, "aria-labelledby": `tab-${floor.id}` }, this.#floor(plan, floor));
      this.#panels.set(floor.id, panel);
      $(".floors").append(panel);
    }
    tabs.addEventListener("keydown", (event) => this.#moveTab(event));
    if (plan.floors.length) this.showFloor(plan.floors[0].id);
    else $(".floors").append(make("p", { class: "empty" }, "This space has no drawing. Choose a door from the list."));
  }

  showFloor(id) {
    for (const [floor, tab] of this.#tabs) {
      setAttribute(tab, "aria-selected", String(floor === id));
      setAttribute(tab, "tabindex", floor === id ? null : -1);
      this.#panels.get(floor).hidden = floor !== id;
    }
  }

  // Bring a door or a room to the front, and ring it.
  mark(what, floor) {
    for (const chosen of $$(".chosen")) chosen.classList.remove("chosen");
    if (!what) return;
    if (this.#panels.has(floor)) this.showFloor(floor);
    const part = this.#doors.get(what.door) || this.#rooms.get(what.room);
    if (!part) return;
    part.classList.add("chosen");
    this.#makeReachable(part.closest(".sheet"), part);
    const sheet = part.closest(".sheet");
    const [box, around] = [part.getBoundingClientRect(), sheet.getBoundingClientRect()];
    if (box.left < around.left || box.right > around.right) sheet.scrollLeft += box.left + box.width / 2 - around.left - around.width / 2;
  }

  drawDoor(id, door) {
    const part = this.#doors.get(id);
    if (!part) return;
    const [lamp, shown] = door.lamp;
    const word = doorWord(door);
    setAttribute(part, "data-open", String(door.open));
    setAttribute(part, "data-bolt", door.off ? "off" : door.bolt);
    setAttribute(part, "data-lamp", lamp);
    setAttribute(part, "aria-label", `${part.dataset.name}: ${word}; light ${lamps[lamp]}`);
    setText($(".word", part), word === "locked" ? "" : word);
    if (part.dataset.shown !== String(shown)) {
      // The same answer twice is two: its ring starts again.
      part.dataset.shown = shown;
      const ring = $(".ring", part);
      ring.replaceWith(ring.cloneNode());
    }
  }

  drawRoom(id, room) {
    const part = this.#rooms.get(id);
    if (!part) return;
    const air = Math.max(0, ...Object.values(room.co2));
    setAttribute(part, "data-used", String(room.people > 0));
    setAttribute(part, "data-stuffy", String(air > 1400));
    const words = roomWords(room);
    const name = this.#names.get(id);
    setAttribute(name, "data-on-air", room.on_air === null ? null : String(room.on_air));
    setText($(".live", name), words);
    setAttribute(part, "aria-label", `${part.dataset.name}: ${words}${room.on_air ? ", on air" : ""}`);
  }

  drawDot(number, place) {
    const known = this.#dots.get(number);
    if (!place) {
      known?.remove();
      this.#dots.delete(number);
      return;
    }
    const [floor, x, y, atDoor] = place;
    const layer = this.#panels.get(floor) && $(".people", this.#panels.get(floor));
    if (!layer) return;
    let dot = known;
    if (!dot) {
      dot = draw("circle", { r: 0.24 });
      this.#dots.set(number, dot);
    }
    if (dot.parentNode !== layer) layer.append(dot);
    dot.style.transform = `translate(${x}px, ${y}px)`;
    setAttribute(dot, "data-at-door", atDoor ? "true" : null);
  }

  // What a new connection does not mention is gone.
  keepDots(numbers) {
    for (const number of this.#dots.keys()) if (!numbers.has(number)) this.drawDot(number, null);
  }

  countTabs() {
    for (const [floor, panel] of this.#panels) {
      const people = $(".people", panel).childElementCount;
      const count = $(".count", this.#tabs.get(floor));
      setText(count, people || "");
      setAttribute(count, "aria-label", people ? `${people} people` : null);
    }
  }

  #floor(plan, floor) {
    const box = `${-MARGIN} ${-MARGIN} ${floor.width + 2 * MARGIN} ${floor.depth + 2 * MARGIN}`;
    const svg = draw("svg", { class: "plan", viewBox: box, role: "group", "aria-label": floor.name });
    svg.append(
      draw("g", { class: "areas" }, floor.areas.map((area) => this.#area(area))),
      draw("g", { class: "pieces", "aria-hidden": "true" }, floor.pieces.map(piece)),
      draw("path", { class: "openings", d: lines(floor.openings) }),
      draw("path", { class: "walls", d: lines(floor.walls) }),
      draw("g", { class: "names", "aria-hidden": "true" }, floor.areas.map((area) => this.#name(area))),
      draw("g", { class: "doors" }, floor.marks.map((mark) => this.#door(mark, plan.doors[mark.id]))),
      draw("g", { class: "people", "aria-hidden": "true" }),
    );
    this.#makeReachable(svg, $("[role=button]", svg));
    svg.addEventListener("keydown", (event) => this.#moveFocus(event));
    return svg;
  }

  #area(area) {
    const part = draw("g", { class: "area", "data-room": area.id, "data-name": area.name, "data-kind": area.kind, role: "button", tabindex: -1, "aria-label": area.name },
      draw("path", { class: "floor", d: path(area.outline) }));
    part.addEventListener("click", () => this.#onChoose({ room: area.id }));
    this.#rooms.set(area.id, part);
    return part;
  }

  // Beside its area and not in it, so that names lie above every floor.
  #name(area) {
    const [x, y] = area.label;
    const part = draw("g", {}, draw("text", { class: area.kind ? "name" : "plain", x, y }, area.name));
    if (area.kind) part.append(draw("text", { class: "live", x, y: y + 0.55 }));
    if (area.kind === "booth") part.append(draw("text", { class: "sign", x, y: y - 0.75 }, "ON AIR"));
    this.#names.set(area.id, part);
    return part;
  }

  #door(mark, door) {
    const half = mark.width / 2;
    const [x, y] = mark.at;
    const [bx, by] = mark.reader;
    const isLeft = bx < x; // the word goes away from the door
    const part = draw("g", { class: "door", "data-door": mark.id, "data-name": door.name, role: "button", tabindex: -1, "aria-label": door.name },
      draw("g", { transform: `translate(${round(x)} ${round(y)}) rotate(${round(mark.angle)})` },
        draw("path", { class: "swing", d: `M${half},0A${mark.width},${mark.width} 0 0 1 ${-half},${mark.width}` }),
        draw("path", { class: "jambs", d: `M${-half},-.16V.16M${half},-.16V.16` }),
        draw("g", { transform: `translate(${-half} 0)` }, draw("path", { class: "leaf", d: `M0,0H${mark.width}` }))),
      draw("circle", { class: "ring", cx: bx, cy: by, r: 0.34 }),
      draw("rect", { class: "reader", x: bx - 0.22, y: by - 0.3, width: 0.44, height: 0.6, rx: 0.12 }),
      draw("circle", { class: "lamp", cx: bx, cy: by - 0.06, r: 0.13 }),
      draw("text", { class: "word", x: isLeft ? bx - 0.36 : bx + 0.36, y: by + 0.13, "text-anchor": isLeft ? "end" : "start" }),
      draw("circle", { class: "touch", cx: bx, cy: by, r: 0.7 }),
      draw("path", { class: "touch", d: `M${x},${y}L${bx},${by}` }));
    part.addEventListener("click", () => this.#onChoose({ door: mark.id }));
    this.#doors.set(mark.id, part);
    return part;
  }

  #moveTab(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tabs = [...this.#tabs.values()];
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    this.showFloor(next.dataset.floor);
    next.focus();
  }

  // One stop for the Tab key per floor; the arrows go to the nearest thing in their direction.
  #makeReachable(panel, part) {
    for (const other of $$("[role=button][tabindex='0']", panel)) other.setAttribute("tabindex", -1);
    part?.setAttribute("tabindex", 0);
  }

  #moveFocus(event) {
    const from = event.target.closest("[role=button]");
    if (!from) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#onChoose(from.dataset.door ? { door: from.dataset.door } : { room: from.dataset.room }, true);
      return;
    }
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const next = nearest(from, $$("[role=button]", event.currentTarget), way);
    if (!next) return;
    this.#makeReachable(event.currentTarget, next);
    next.focus();
  }
}

function piece({ kind, outline, is_round, label }) {
  const xs = outline.map(([x]) => x);
  const ys = outline.map(([, y]) => y);
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const [cx, cy] = [(left + right) / 2, (top + bottom) / 2];
  const shape = is_round ? draw("ellipse", { cx, cy, rx: (right - left) / 2, ry: (bottom - top) / 2 }) : draw("path", { d: path(outline) });
  const inner = innerLines(kind, left, top, right, bottom);
  return draw("g", { class: `piece ${kind}` }, shape, inner && draw("path", { class: "inner", d: inner }), label && draw("text", { x: cx, y: cy + 0.12 }, label));
}

// The few strokes that make a rectangle stairs, a lift, a void or a ping-pong table.
function innerLines(kind, left, top, right, bottom) {
  const wide = right - left >= bottom - top;
  if (kind === "stairs") {
    const steps = Math.max(3, Math.floor(Math.max(right - left, bottom - top) / 0.28));
    return Array.from({ length: steps - 1 }, (_, n) => (n + 1) / steps)
      .map((part) => (wide ? `M${left + (right - left) * part},${top}V${bottom}` : `M${left},${top + (bottom - top) * part}H${right}`)).join("");
  }
  if (kind === "void" || kind === "lift") return `M${left},${top}L${right},${bottom}M${right},${top}L${left},${bottom}`;
  if (kind === "ping_pong") return wide ? `M${(left + right) / 2},${top}V${bottom}` : `M${left},${(top + bottom) / 2}H${right}`;
  return "";
}

function nearest(from, others, [dx, dy]) {
  const centre = (part) => {
    const box = ($(".touch", part) || part).getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = centre(from);
  let best = null;
  let shortest = Infinity;
  for (const other of others) {
    if (other === from) continue;
    const [ox, oy] = centre(other);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (ahead > 1 && ahead + 2 * aside < shortest) [best, shortest] = [other, ahead + 2 * aside];
  }
  return best;
}
