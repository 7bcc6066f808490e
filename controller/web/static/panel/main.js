// The screen beside a room's door: how the room is, every two seconds, and what whoever stands there can do.

import { $, fill, make, say, setIcon, show } from "../kiosk/dom.js";
import { Keeper, Link, NoAnswer, Refusal, newKey, now } from "../kiosk/link.js";
import { dayOf, number, sameDay, stayLit, time } from "../kiosk/screen.js";
import { face } from "./face.js";
import { refusalWords, words } from "./words.js";

const LOOK_MS = 2000;
const LOOK_HIDDEN_MS = 15000;
const DIARY_MS = 20000; // bookings are asked for when the room changes, and this often in any case
const STALE_MS = 10000;
const SOON_MS = 600; // what was done here shows in the room's own word by then
const SURE_MS = 5000; // how long "End now" waits for the second tap
const TOLD_MS = 6000;

const room = decodeURIComponent(location.pathname.split("/").pop() || "");
const keeper = new Keeper(`panel.${room}`);
const body = document.body;

let link = null;
let known = { room: null, bookings: [], free: [], offers: [] };
let diary = { at: 0, of: "" };
let heard = 0; // by this device's own clock: when the house last answered
let busy = false;
let timer = null;

// --- looking ---------------------------------------------------------------------------------------------------------

async function look() {
  clearTimeout(timer);
  timer = null;
  const asked = link;
  if (!asked) return;
  try {
    const path = `/rooms/${encodeURIComponent(room)}`;
    const said = await asked.get(path);
    const of = JSON.stringify([said.state?.status, said.state?.until, said.state?.now, said.state?.next, said.state?.checked_in]);
    if (of !== diary.of || performance.now() - diary.at > DIARY_MS) {
      const here = `room=${encodeURIComponent(room)}`;
      const [bookings, free, waiting] = await Promise.all([
        asked.get(`/bookings?${here}&limit=20&${span()}`), asked.get(`${path}/free`).catch(nothing), asked.get(`/waiting?${here}`).catch(nothing),
      ]);
      known = { room: said, bookings: bookings.items, free: free.items, offers: waiting.items };
      diary = { at: performance.now(), of };
    } else {
      known = { ...known, room: said };
    }
    heard = Date.now();
    draw();
  } catch (error) {
    if (asked !== link) return;
    if (error instanceof Refusal && error.isAboutToken) return setUp("token_bad");
    if (error instanceof Refusal && error.status === 404) return setUp("no_room");
    drawLink();
  }
  if (asked === link && timer === null) timer = setTimeout(look, document.hidden ? LOOK_HIDDEN_MS : LOOK_MS);
}

// From before now, so that the booking that runs is among them.
function span() {
  const day = 24 * 3600 * 1000;
  return `start=${encodeURIComponent(new Date(now()).toISOString())}&end=${encodeURIComponent(new Date(now() + day).toISOString())}`;
}

// A room that is not booked has no free hours either.
function nothing(error) {
  if (error instanceof Refusal && !error.isAboutToken) return { items: [] };
  throw error;
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function draw() {
  const wasInActions = $("#actions").contains(document.activeElement);
  const shown = face({ ...known, now: now() });
  body.dataset.tone = shown.tone;
  const word = words(shown.word);
  say($("#word"), word);
  $("#word").dataset.size = word.length > 9 ? "long" : word.length > 6 ? "middle" : word.length > 5 ? "short" : "shortest";
  setIcon($("#icon"), shown.icon);
  say($("#room"), known.room.name);
  document.title = `${known.room.name}: ${word}`;
  fill($("#lines"), shown.lines.map(([key, values]) => words(key, values?.time ? { time: time(values.time) } : {})), (text) => make("p", {}, text));
  say($("#next"), shown.next ? nextWords(shown.next) : words("nothing_next"));
  fill($("#notes"), shown.notes.map((note) => (note.degrees !== undefined ? `${number(note.degrees)} °C` : words(note))), (text) => make("li", {}, text));
  const quiet = $("#quiet");
  show(quiet, Boolean(shown.quiet));
  if (shown.quiet) say($("p", quiet), words("quiet", { room: shown.quiet.room, time: time(shown.quiet.until) }));
  drawActions(shown.actions);
  drawLink();
  if (wasInActions) keepFocus();
}

// Whoever works it without a finger goes on from the room's word when the button they used is gone.
function keepFocus() {
  const focused = document.activeElement;
  const dialog = $("#who");
  // A dialog that has just closed still has the focus, until the browser draws the next time.
  const isLost = !focused || focused === body || focused.disabled || dialog.contains(focused);
  if (!dialog.open && isLost) $("#now").focus({ preventScroll: true });
}

function nextWords({ start, end }) {
  const day = sameDay(start, now()) ? "" : `${dayOf(start)}, `;
  return day + words("next_at", { start: time(start), end: time(end) });
}

function drawActions({ checkIn = null, offer = null, book = [], extend = [], end = null, onAir = null }) {
  group("#check-in", checkIn ? [{ label: words("check_in"), do: "checkIn", id: checkIn }] : []);
  say($("#offer h2"), offer ? words("offered", { time: time(offer.until) }) : "");
  group("#offer", offer ? [{ label: words("take", { time: time(offer.end) }), do: "take", id: offer.id }] : []);
  group("#book", book.map((one) => ({ label: one.minutes ? words("minutes", { count: one.minutes }) : words("to_next", { time: time(one.end) }), do: "book", minutes: one.minutes, end: one.end })));
  group("#extend", extend.map((one) => ({ label: words("more", { count: one.minutes }), do: "extend", id: one.id, minutes: one.minutes })));
  group("#on-air", onAir ? [{ label: words(onAir.stop ? "go_off_air" : "go_on_air"), do: onAir.stop ? "offAir" : "onAir", id: onAir.id }] : []);
  group("#end", end ? [{ label: words("end"), do: "end", id: end }] : []);
}

function group(selector, buttons) {
  const section = $(selector);
  show(section, buttons.length > 0);
  // The end of "until the next booking" moves with the minute only where the booking does: the label tells all.
  fill($(".buttons", section), buttons, (one) => {
    const button = make("button", { type: "button", "data-do": one.do }, one.label);
    button.addEventListener("click", () => DO[one.do](one, button));
    return button;
  });
}

function drawLink() {
  const stale = heard > 0 && Date.now() - heard > STALE_MS;
  body.toggleAttribute("data-stale", stale);
  show($("#lost"), stale);
  if (stale) say($("#lost p"), words("lost", { time: time(heard) }));
  for (const button of document.querySelectorAll("#actions button")) button.disabled = stale || busy;
}

function tick() {
  say($("#clock"), time(now()));
  if (known.room && !busy) draw();
  else drawLink();
}

// --- doing -----------------------------------------------------------------------------------------------------------

const DO = {
  checkIn: ({ id }) => carryOut(() => link.post(`/bookings/${id}/check-in`), () => words("checked_in_done")),
  extend: ({ id, minutes }) => carryOut(() => link.post(`/bookings/${id}/extend`, { minutes }), (said) => words("extended_done", { time: time(said.end) })),
  take: ({ id, label }) => askWho("who_waits", "who_waits_hint", label, (person) => carryOut(() => link.post(`/waiting/${id}/take`, { person }), (said) => words("booked_done", { time: time(said.end) }), "take")),
  onAir: () => goOnAir(),
  offAir: () => goOffAir(),
  end: ({ id }, button) => {
    if (button.dataset.sure === undefined) return askAgain(button);
    return carryOut(() => link.post(`/bookings/${id}/end`), () => words("ended_done"));
  },
  book: (offer) => book(offer),
};

// `doing` names what was asked, where its refusals have words of their own.
async function carryOut(work, done, doing = "") {
  if (busy) return false;
  const hadFocus = document.activeElement !== body;
  busy = true;
  tell(words("working"), "wait");
  drawLink();
  let isDone = false;
  try {
    const said = await work();
    tell(done(said), "good");
    isDone = true;
  } catch (error) {
    if (error instanceof Refusal && error.isAboutToken && error.status === 401) setUp("token_bad");
    else tell(error instanceof NoAnswer ? words("no_answer") : error instanceof Refusal ? refusalWords(error, doing) : String(error), "bad");
  }
  busy = false;
  diary.at = -Infinity;
  await look();
  drawLink();
  if (hadFocus) keepFocus();
  setTimeout(() => {
    diary.at = -Infinity;
    look();
  }, SOON_MS);
  return isDone;
}

// Ending cannot be undone, so it is tapped twice; whoever only looks is left alone.
function askAgain(button) {
  const label = button.textContent;
  button.dataset.sure = "";
  say(button, words("end_sure"));
  setTimeout(() => {
    delete button.dataset.sure;
    say(button, label);
  }, SURE_MS);
}

function book(offer) {
  const start = Math.floor(now() / 60000) * 60000;
  const end = offer.minutes ? start + offer.minutes * 60000 : offer.end;
  const key = newKey();
  askWho("who", "who_hint", words("confirm", { start: time(start), end: time(end) }), (owner) => {
    const wish = { room, start: new Date(start).toISOString(), end: new Date(end).toISOString(), owner, walk_up: true };
    return carryOut(() => link.post("/bookings", wish, `${key}-${mark(owner)}`), (said) => words("booked_done", { time: time(said.end) }));
  });
}

// Only whoever booked may; who went on air here need not say their name again to stop.
let speaker = null;
function goOnAir() {
  askWho("who_speaks", "who_speaks_hint", words("go_on_air"), async (person) => {
    const isDone = await carryOut(() => link.post(`/booths/${encodeURIComponent(room)}/start`, { person }), () => words("on_air_done"));
    if (isDone) speaker = person;
    return isDone;
  });
}

async function goOffAir() {
  const stop = (person) => carryOut(() => link.post(`/booths/${encodeURIComponent(room)}/stop`, { person }), () => words("off_air_done"));
  const known = speaker;
  speaker = null;
  if (known === null || !(await stop(known))) askWho("who_speaks", "who_speaks_hint", words("go_off_air"), stop);
}

// `work` answers whether it was done; until then the dialog stays, and says why not.
function askWho(title, hint, confirm, work) {
  const dialog = $("#who");
  say($("#who-title"), words(title));
  say($("#who-hint"), words(hint));
  say($("#who-confirm"), confirm);
  say($("#who-why"), "");
  const input = $("#who-name");
  input.value = "";
  $("form", dialog).onsubmit = async (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (name && !(await work(name))) say($("#who-why"), $("#told p").textContent);
    else if (name) {
      dialog.close();
      return keepFocus();
    }
    input.focus();
  };
  if (!dialog.open) dialog.showModal();
  input.focus();
}

// Another name is another request.
const mark = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 1000000007, 7).toString(36);

let told = null;
function tell(text, tone) {
  clearTimeout(told);
  const box = $("#told");
  box.dataset.tone = tone;
  say($("p", box), text);
  show(box, true);
  box.toggleAttribute("data-aside", $("#who").open); // there the dialog itself says it
  if (tone !== "wait") told = setTimeout(() => show(box, false), TOLD_MS);
}

// --- setting up ------------------------------------------------------------------------------------------------------

function setUp(why) {
  link = null;
  clearTimeout(timer);
  timer = null;
  body.dataset.tone = "setup";
  show($("#face"), false);
  show($("#setup"), true);
  say($("#setup-why"), words(why));
  say($("#setup-command"), `natoma token create panel-${room} --scope panel --room ${room}`);
}

function begin(token) {
  link = new Link(token);
  show($("#setup"), false);
  show($("#face"), true);
  body.dataset.tone = "unknown";
  look();
}

function wordPage() {
  for (const element of document.querySelectorAll("[data-say]")) say(element, words(element.dataset.say));
  for (const element of document.querySelectorAll("[data-name]")) element.setAttribute("aria-label", words(element.dataset.name));
}

wordPage();
$("#setup form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("#setup-token").value.trim();
  if (!given) return;
  keeper.keep(given);
  $("#setup-token").value = "";
  begin(given);
});
$("#who-cancel").addEventListener("click", () => $("#who").close());
addEventListener("hashchange", () => {
  const token = keeper.take();
  if (token) begin(token);
});
document.addEventListener("visibilitychange", () => !document.hidden && look());
addEventListener("online", look);
setInterval(tick, 1000);
stayLit();
const token = keeper.take();
if (token) begin(token);
else setUp("token_none");
tick();
