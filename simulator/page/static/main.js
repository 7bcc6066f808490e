// The page put together: the plan, your hand, the place you stand at, and the stream that keeps them true.

import { $, make, setText } from "./dom.js";
import { Picker } from "./picker.js";
import { Place } from "./place.js";
import { Plan } from "./plan.js";
import { listen } from "./stream.js";

const REMEMBERED = 30;

const plan = await (await fetch("/plan")).json();
let table = {};
let held = null;

document.title = `${plan.name} — simulator`;
setText($("#name"), plan.name);
$("#strangers").hidden = !plan.strangers;

const drawing = new Plan(plan, choose);
const place = new Place(plan, act, () => held);
new Picker((person) => {
  held = person;
  const tap = $("[data-act=tap]");
  (tap || $("#goto")).focus();
});

const goto = $("#goto");
goto.append(group("Doors", "door", plan.doors), group("Rooms", "room", plan.rooms));
goto.addEventListener("change", () => choose(parse(goto.value)));

const first = Object.entries(plan.doors).find(([, door]) => door.outer === "outside") || Object.entries(plan.doors)[0];
if (first) choose({ door: first[0] }, false, false);
else choose({ room: Object.keys(plan.rooms)[0] }, false, false);

listen({ onAll: begin, onNews: follow, onState: (isLive) => ($("#lost").hidden = isLive) });

function choose(what, byKey = false, byHand = true) {
  const thing = what.door ? plan.doors[what.door] : plan.rooms[what.room];
  goto.value = what.door ? `door/${what.door}` : `room/${what.room}`;
  drawing.mark(what, thing.floor);
  place.show(what, table);
  if (byKey) $("[data-act], .plug", $("#place"))?.focus();
  // On a phone the card lies below the plan.
  if (byHand && matchMedia("(max-width: 860px)").matches) $("#card").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

function begin(all) {
  table = all;
  drawing.keepDots(new Set(Object.keys(all).filter((key) => key.startsWith("dot/")).map((key) => key.slice(4))));
  draw(all);
}

function follow(news) {
  for (const [key, value] of Object.entries(news)) {
    if (value === null) delete table[key];
    else table[key] = value;
  }
  draw(news);
}

function draw(news) {
  for (const [key, value] of Object.entries(news)) {
    const at = key.indexOf("/");
    const [kind, id] = [key.slice(0, at), key.slice(at + 1)];
    if (kind === "dot") drawing.drawDot(id, value);
    else if (kind === "door" && value) drawing.drawDoor(id, value);
    else if (kind === "room" && value) drawing.drawRoom(id, value);
  }
  drawing.countTabs();
  place.update(table);
  if (!news.house) return;
  setText($("#inside"), news.house.inside);
  setText($("#clock"), news.house.clock);
  setText($("#day"), `their ${news.house.day}`);
}

async function act(asked, person = null) {
  let answer;
  try {
    const told = await fetch("/do", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    answer = await told.json();
  } catch {
    answer = { error: "the simulator does not answer" };
  }
  tell(answer, person);
  return answer;
}

function tell(answer, person) {
  const story = $("#story");
  $(".empty", story)?.remove();
  const tone = answer.error || answer.granted === false ? (answer.asks_pin ? "ask" : "bad") : answer.granted ? "good" : "plain";
  const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const text = String(answer.error || answer.words);
  story.prepend(make("li", { "data-tone": tone },
    make("span", { class: "text" }, person ? `${person.name}: ${text}` : text), make("time", {}, at)));
  while (story.childElementCount > REMEMBERED) story.lastElementChild.remove();
}

function group(title, kind, things) {
  const options = Object.entries(things).map(([id, { name }]) => make("option", { value: `${kind}/${id}` }, name));
  return make("optgroup", { label: title }, options);
}

function parse(value) {
  const at = value.indexOf("/");
  return { [value.slice(0, at)]: value.slice(at + 1) };
}
