// Where you stand: one door or one room, what it shows, and what you can do there.

import { $, $$, make, setAttribute, setText } from "./dom.js";
import * as words from "./words.js";

export class Place {
  #plan;
  #act;
  #root = $("#place");
  #what = null;
  #table = null;
  #side = "in";

  // `act(asked)` does it and resolves to the answer; `holder()` is whose badge is in the hand.
  constructor(plan, act, holder) {
    this.#plan = plan;
    this.#act = act;
    this.holder = holder;
  }

  show(what, table) {
    this.#what = what;
    this.#side = "in";
    this.#table = table;
    this.#root.replaceChildren(...(what.door ? this.#door(what.door) : this.#room(what.room)));
    this.update(table);
  }

  // New values for what is shown; nothing is built anew, so that a hand on a button stays there.
  update(table) {
    this.#table = table;
    if (!this.#what) return;
    for (const power of $$("[data-device]", this.#root)) this.#drawPower(power, table[`device/${power.dataset.device}`]);
    const off = $$("[data-power=off]", this.#root).length;
    setText($("summary", this.#root), off ? `Power: ${off} cut` : "Power: all on");
    if (this.#what.door) this.#drawDoor(table[`door/${this.#what.door}`]);
    else this.#drawRoom(table[`room/${this.#what.room}`]);
  }

  #door(id) {
    const door = this.#plan.doors[id];
    const does = (what, more = {}) => () => this.#act({ do: what, door: id, ...more });
    const tap = button("tap", "Tap the badge", () => this.#tap(id), "strong");
    const sides = door.reader_out && make("div", { class: "sides", role: "group", "aria-label": "Which reader" },
      ["in", "out"].map((side) => {
        const choice = make("button", { type: "button", "data-side": side, "aria-pressed": String(side === this.#side) }, side === "in" ? "outside" : "inside");
        choice.addEventListener("click", () => this.#turn(side));
        return choice;
      }));
    const hints = [door.staff_only && "staff only", door.asks_pin && "asks for a PIN"].filter(Boolean).join(", ");
    return [
      make("h2", {}, door.name),
      make("p", { class: "leads" }, `${door.outer} → ${door.inner}${hints ? ` · ${hints}` : ""}`),
      sides,
      make("div", { class: "face", "data-lamp": "idle" },
        make("span", { class: "bulb", "aria-hidden": "true" }),
        make("p", { role: "status" }, make("strong", { class: "light" }), make("span", { class: "buzzer" }))),
      tap,
      this.#pad(id),
      make("dl", { class: "facts" }, fact("leaf", "Leaf"), fact("bolt", "Bolt")),
      make("div", { class: "acts" },
        button("exit", `Leave by the ${door.exit}`, does("press-exit")),
        button("open", "Push it open", does("open")),
        button("prop", "Prop it open", () => this.#act({ do: this.#table[`door/${id}`]?.held ? "let-go" : "prop", door: id }))),
      this.#powers([door.unit, door.reader_in, door.reader_out].filter(Boolean)),
    ].filter(Boolean);
  }

  #room(id) {
    const room = this.#plan.rooms[id];
    return [
      make("h2", {}, room.name),
      make("p", { class: "leads" }, [room.kind?.replace("_", " "), room.seats ? `${room.seats} seats` : null].filter(Boolean).join(" · ") || "a way through"),
      make("dl", { class: "facts" }, fact("people", "People"), fact("air", "CO₂"), fact("warmth", "Warmth"), fact("noise", "Sound"), fact("window", "Window"), room.light && fact("sign", "On-air light")),
      make("div", { class: "acts" },
        room.breathe.map((device) => button("breathe", "Breathe on the CO₂ sensor", () => this.#act({ do: "breathe", device }), "strong")),
        room.button && button("button", "Push the on-air button", () => this.#act({ do: "press-button", room: id }), "strong")),
      room.devices.length ? this.#powers(room.devices) : null,
    ].filter(Boolean);
  }

  // Typed where the reader asks for it; the digits are nowhere but in the field, and gone when it is sent.
  #pad(id) {
    const input = make("input", { id: "pin", type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 16, pattern: "[0-9*#]+" });
    const form = make("form", { class: "pad", hidden: true }, make("label", { for: "pin" }, "PIN"), input, make("button", { type: "submit", class: "soft strong" }, "Enter"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const pin = input.value;
      input.value = "";
      form.hidden = true;
      $("[data-act=tap]", this.#root).focus();
      if (pin) this.#act({ do: "pin", door: id, pin, side: this.#side });
    });
    return form;
  }

  async #tap(id) {
    const person = this.holder();
    if (!person) {
      $("#who").focus();
      return;
    }
    const answer = await this.#act({ do: "tap", door: id, person: person.id, side: this.#side }, person);
    if (answer?.asks_pin && this.#what?.door === id) {
      $(".pad", this.#root).hidden = false;
      $("#pin").focus();
    }
  }

  #turn(side) {
    this.#side = side;
    for (const choice of $$("[data-side]", this.#root)) setAttribute(choice, "aria-pressed", String(choice.dataset.side === side));
    this.update(this.#table);
  }

  #powers(devices) {
    return make("details", { class: "powers" }, make("summary", {}, "Power"),
      make("ul", {}, devices.map((device) => {
        const plug = make("button", { type: "button", class: "plug", role: "switch", "aria-checked": "true", "aria-label": `Power of ${device}` });
        plug.addEventListener("click", () => this.#act({ do: plug.getAttribute("aria-checked") === "true" ? "cut" : "give", device }));
        return make("li", { "data-device": device }, make("span", { class: "device" }, device), make("span", { class: "how" }), plug);
      })));
  }

  #drawPower(row, state = "on") {
    setText($(".how", row), words.powers[state]);
    setAttribute(row, "data-power", state);
    setAttribute($(".plug", row), "aria-checked", String(state !== "off"));
  }

  #drawDoor(door) {
    if (!door) return;
    const [lamp] = (this.#side === "out" && door.lamp_out) || door.lamp;
    setAttribute($(".face", this.#root), "data-lamp", lamp);
    setText($(".light", this.#root), words.lamps[lamp]);
    setText($(".buzzer", this.#root), words.buzzers[lamp]);
    if (lamp !== "enter_pin" && lamp !== "idle") $(".pad", this.#root).hidden = true;
    this.#say("leaf", door.held ? "held open by you" : door.open ? "open" : "closed");
    this.#say("bolt", door.off ? "locked, no power" : words.bolts[door.bolt]);
    setText($("[data-act=prop]", this.#root), door.held ? "Let go of it" : "Prop it open");
  }

  #drawRoom(room) {
    if (!room) return;
    const air = Object.values(room.co2);
    this.#say("people", room.people || "nobody");
    this.#say("air", air.length ? `${Math.max(...air)} ppm` : "not measured");
    this.#say("warmth", `${room.temperature.toFixed(1)} °C`);
    this.#say("noise", `${room.noise} dB`);
    this.#say("window", room.window ? "open" : "closed");
    this.#say("sign", room.on_air ? "ON AIR" : "off");
  }

  #say(name, text) {
    setText($(`[data-fact=${name}]`, this.#root), text);
  }
}

function button(name, text, then, more = "") {
  const made = make("button", { type: "button", class: `soft ${more}`.trim(), "data-act": name }, text);
  made.addEventListener("click", then);
  return made;
}

const fact = (name, title) => make("div", {}, make("dt", {}, title), make("dd", { "data-fact": name }));
