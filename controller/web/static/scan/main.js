// Tickets, scanned by whoever stands at the door of an event: one answer, large, with a word, an icon and why.

import { $, fill, make, say, setIcon, show } from "../kiosk/dom.js";
import { Keeper, Link, NoAnswer, Refusal, newKey } from "../kiosk/link.js";
import { sameDay, stayLit, time } from "../kiosk/screen.js";
import { Camera } from "./camera.js";
import { Queue, asAsked } from "./queue.js";
import { words } from "./words.js";

const EVENTS_MS = 10000;
const AGAIN_MS = 3000;
const RECENT = 8;
const TONES = { welcome: "good", left: "good", offline: "ask", already_inside: "stop", not_inside: "ask", banned: "stop" };

const keeper = new Keeper("scan");
const queue = new Queue(localStorageOrNothing());
const body = document.body;
let link = null;
let events = [];
let chosen = null;
let direction = "in";
let isLost = false;
let sending = false;
let conflicts = [];
let recent = [];
let camera = null;
let shown = null; // the nonce of the scan whose answer stands there as not checked

// --- scanning --------------------------------------------------------------------------------------------------------

async function scanned(code) {
  const text = code.trim();
  if (!text || !link || !chosen) return;
  const scan = { event: chosen, code: text, nonce: newKey(), direction, at: Date.now() };
  answer({ answer: "checking" });
  try {
    const said = await ask(scan);
    lost(false);
    answer(said);
    remember(said);
  } catch (error) {
    if (error instanceof NoAnswer) {
      queue.add(scan);
      lost(true);
      answer({ answer: "offline", nonce: scan.nonce });
    } else if (error instanceof Refusal && error.isAboutToken) setUp("token_bad");
    else answer({ answer: "unknown", why: words("refused", { why: error.message }) });
  }
}

const ask = (scan) => link.post(`/events/${encodeURIComponent(scan.event)}/scans`, asAsked(scan, Date.now()));

// What has waited is told again until it has its answer; the nonce keeps it from counting twice.
async function sendWaiting() {
  if (sending || !link || !queue.length) return;
  sending = true;
  try {
    for (const scan of [...queue.waiting]) {
      try {
        const said = await ask(scan);
        if (said.conflict || !["welcome", "left"].includes(said.answer)) conflicts.push({ ...said, scannedAt: scan.at });
        remember(said);
        if (shown === scan.nonce) answer(said);
      } catch (error) {
        if (error instanceof NoAnswer) throw error;
        if (error instanceof Refusal && error.status >= 500) break;
        conflicts.push({ answer: "unknown", why: error.message, scannedAt: scan.at });
        if (shown === scan.nonce) answer({ answer: "unknown", why: words("refused", { why: error.message }) });
      }
      queue.remove(scan.nonce);
    }
    lost(false);
  } catch {
    lost(true);
  }
  sending = false;
  drawWaiting();
}

// --- drawing ---------------------------------------------------------------------------------------------------------

function answer(said) {
  shown = said.answer === "offline" ? said.nonce : null;
  const box = $("#answer");
  box.dataset.tone = said.answer === "checking" ? "wait" : (TONES[said.answer] ?? "stop");
  show(box, true);
  setIcon($("#answer-icon"), { good: "good", ask: "ask", stop: "stop", wait: "wait" }[box.dataset.tone]);
  say($("#answer-word"), words(said.answer));
  say($("#answer-name"), said.name || "");
  say($("#answer-why"), said.answer === "checking" ? "" : (said.why ?? why(said)));
  const undo = $("#not-let-in");
  show(undo, said.answer === "offline");
  undo.onclick = () => {
    queue.remove(said.nonce);
    show(box, false);
    drawWaiting();
    $("#code").focus();
  };
  if (said.capacity !== undefined) heads(said.heads, said.capacity);
  drawWaiting();
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(box.dataset.tone === "good" ? 60 : box.dataset.tone === "stop" ? [120, 80, 120] : 0);
}

function why(said) {
  if (said.answer === "already_inside") return said.since ? words("w_already_inside", { since: time(said.since) }) : words("w_already_inside_plain");
  if (said.answer === "wrong_event") return said.other_event ? words("w_wrong_event", { other: said.other_event }) : words("w_wrong_event_plain");
  return words(`w_${said.answer}`);
}

function remember(said) {
  recent = [{ at: time(said.at ?? Date.now()), word: words(said.answer), name: said.name || "–", tone: TONES[said.answer] ?? "stop" }, ...recent].slice(0, RECENT);
  show($("#recent"), true);
  fill($("#recent ul"), recent, (one) => make("li", { "data-tone": one.tone }, make("span", { class: "time" }, one.at), make("span", {}, one.name), make("b", {}, one.word)));
}

function heads(inside, capacity) {
  say($("#heads"), words("inside", { heads: inside, capacity }));
  const meter = $("#meter");
  meter.max = capacity;
  meter.value = inside;
}

function lost(is) {
  isLost = is;
  show($("#lost"), is);
}

function drawWaiting() {
  say($("#waiting"), queue.length ? words("waiting", { count: queue.length }) : "");
  show($("#waiting"), queue.length > 0);
  show($("#conflicts"), conflicts.length > 0);
  fill($("#conflicts ul"), conflicts, (one) =>
    make("li", {}, make("span", { class: "time" }, time(one.scannedAt)), make("span", {}, one.name || "–"), make("b", {}, one.conflict ? words("conflict", { why: words(one.answer) }) : words(one.answer))));
}

// --- events ----------------------------------------------------------------------------------------------------------

async function lookAtEvents() {
  const asked = link;
  if (!asked) return;
  try {
    const said = await asked.get("/events?limit=50");
    if (asked !== link) return;
    events = said.items.filter((one) => sameDay(one.start, Date.now()) || one.state === "running" || Date.parse(one.start) - Date.now() < 6 * 3600000);
    lost(false);
    drawEvents();
    sendWaiting();
  } catch (error) {
    if (error instanceof Refusal && error.isAboutToken) setUp("token_bad");
    else if (error instanceof NoAnswer) lost(true);
  }
}

function drawEvents() {
  const select = $("#event");
  fill(select, events.map((one) => ({ id: one.id, name: one.name, start: one.start })), (one) => make("option", { value: one.id }, `${one.name}, ${time(one.start)}`));
  if (!events.some((one) => one.id === chosen)) chosen = events[0]?.id ?? null;
  if (chosen) select.value = chosen;
  show($("#no-events"), events.length === 0);
  show($("#scanning"), events.length > 0);
  const event = events.find((one) => one.id === chosen);
  if (event) heads(event.heads, event.capacity);
}

// --- setting up ------------------------------------------------------------------------------------------------------

function setUp(whyNot) {
  link = null;
  camera?.stop();
  show($("#work"), false);
  show($("#setup"), true);
  say($("#setup-why"), words(whyNot));
}

function begin(token) {
  link = new Link(token);
  show($("#setup"), false);
  show($("#work"), true);
  lookAtEvents();
  $("#code").focus();
}

async function toggleCamera() {
  if (camera?.isOn) {
    camera.stop();
  } else {
    camera ??= new Camera($("video"), scanned);
    try {
      await camera.start();
    } catch {
      say($("#camera-why"), words("camera_denied"));
      show($("#camera-why"), true);
    }
  }
  show($("#eye"), camera.isOn);
  say($("#camera"), words(camera.isOn ? "camera_off" : "camera_on"));
}

function localStorageOrNothing() {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => {} };
  }
}

function wordPage() {
  for (const element of document.querySelectorAll("[data-say]")) say(element, words(element.dataset.say));
}

wordPage();
document.title = words("title");
$("#scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = $("#code");
  scanned(input.value);
  input.value = "";
  input.focus();
});
for (const radio of document.querySelectorAll("[name=direction]")) radio.addEventListener("change", () => (direction = radio.value));
$("#event").addEventListener("change", (event) => {
  chosen = event.target.value;
  show($("#answer"), false);
  drawEvents();
});
$("#clear").addEventListener("click", () => {
  conflicts = [];
  drawWaiting();
});
$("#camera").addEventListener("click", toggleCamera);
$("#setup form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("#setup-token").value.trim();
  if (!given) return;
  keeper.keep(given);
  $("#setup-token").value = "";
  begin(given);
});
addEventListener("hashchange", () => {
  const token = keeper.take();
  if (token) begin(token);
});
addEventListener("online", () => lookAtEvents());
// A scanner that types needs no field in focus: what it types goes to the code.
addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.target === body && link) $("#code").focus();
});
Camera.why().then((whyNot) => {
  show($("#camera"), whyNot === null);
  show($("#camera-why"), whyNot !== null);
  if (whyNot) say($("#camera-why"), words(whyNot));
});
setInterval(lookAtEvents, EVENTS_MS);
setInterval(() => isLost && (queue.length ? sendWaiting() : lookAtEvents()), AGAIN_MS);
stayLit();
drawWaiting();
const token = keeper.take();
if (token) begin(token);
else setUp("token_none");
