// Where the page comes alive: one store, one stream, and everything that draws from them.

import { Alarms } from "./alarms.js";
import { Card } from "./card.js";
import { $, $$, icon, make, setAttribute, setText } from "./dom.js";
import { Facts } from "./facts.js";
import { Lists } from "./lists.js";
import { Plan } from "./plan.js";
import { issues as findIssues, use } from "./shown.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { absolute, clock, day, now, serverSays, setZone } from "./time.js";
import * as words from "./words.js";

const GREY_MS = 10000;
const BANNER_MS = 1000; // a reconnect within a second is not worth a banner
const ANNOUNCE_MS = 3000;

const store = new Store();
const floors = Object.fromEntries($$("[role=tab]").map((tab) => [tab.dataset.floor, $(".title", tab).textContent]));
const plan = new Plan({
  onSelect: (what, element, byKey) => card.choose(what, element, byKey),
  onPoint: (what, element) => card.point(what, element),
  onLeave: () => card.leave(),
});
const card = new Card(store, plan);
const facts = new Facts(store, show);
const lists = new Lists(store, floors, show);
const alarms = new Alarms(store, show);
const stream = new Stream({ onMessage, onBeat: (beat) => serverSays(beat.at), onState });

let issues = [];
let shownIssue = -1;
let announced = new Set();
let announcedAt = 0;
let lostAt = null;
let heardAt = now();

function show(what, byKey = false) {
  const element = plan.find(what);
  const phone = matchMedia("(max-width: 720px)").matches;
  if (element && phone) setView("plan");
  element?.scrollIntoView({ block: "nearest", inline: "center" });
  card.choose(what, element, byKey);
  // On a phone the card comes up from below: what it tells of moves above it.
  if (element && phone) scrollBy(0, element.getBoundingClientRect().top - innerHeight * 0.3);
}

function onMessage(event, data) {
  const touched = store.take(event, data);
  if (touched.space) drawSpace();
  for (const id of touched.door) if (store.doors[id]) plan.drawDoor(store.doors[id]);
  for (const id of touched.room) if (store.rooms[id]) plan.drawRoom(store.rooms[id]);
  if (touched.door.size) lists.drawDoors();
  if (touched.room.size) lists.drawRooms();
  if (touched.alarm.size || touched.whole) alarms.draw();
  if (touched.health) lists.drawHealth();
  if (touched.door.size || touched.room.size || touched.health || touched.whole) drawVerdict();
  if (touched.whole) facts.redraw();
  else if (touched.facts.length) facts.add(touched.facts);
  card.refresh();
}

function drawSpace() {
  setZone(store.space.zone);
  const { people_in: people, capacity, version } = store.space;
  setText($("#people"), people === null || people === undefined ? "–" : capacity ? `${people} / ${capacity}` : `${people}`);
  reloadFor(version);
}

// The plan itself is drawn by the server: a new version of the space needs a new page, once.
function reloadFor(version) {
  if (!version || version === document.documentElement.dataset.version) return;
  if (sessionStorage.getItem("natoma-version") === version) return;
  sessionStorage.setItem("natoma-version", version);
  location.reload();
}

function drawVerdict() {
  if (isStale()) {
    drawLost();
    return;
  }
  issues = findIssues(store);
  const serious = issues.filter((issue) => issue.level !== "note");
  const worst = serious[0];
  const verdict = $("#verdict");
  const level = worst ? worst.level : "quiet";
  setAttribute(verdict, "data-level", level);
  setAttribute($(".badge use", verdict), "href", worst ? "#i-alarm" : "#i-good");
  setText($(".sentence", verdict), worst ? worst.text : words.verdict.quiet);
  setText($(".more", verdict), serious.length > 1 ? words.verdict.more(serious.length - 1) : issues.find((issue) => issue.level === "note")?.text || summary());
  $("button", verdict).hidden = !issues.some((issue) => issue.door || issue.room);
  document.title = `${worst ? `● ${worst.text} · ` : ""}${store.space.name || $("h1").textContent}`;
  plan.drawTabs(store);
  announce();
}

// What was quiet ten seconds ago may not be now: the page does not say so any more.
function drawLost() {
  const verdict = $("#verdict");
  setAttribute(verdict, "data-level", "lost");
  setAttribute($(".badge use", verdict), "href", "#i-unknown");
  setText($(".sentence", verdict), words.verdict.lost);
  setText($(".more", verdict), words.verdict.lostSince(absolute(new Date(heardAt).toISOString())));
  $("button", verdict).hidden = true;
  document.title = `? ${$("h1").textContent}`;
}

function summary() {
  return words.verdict.summary(Object.keys(store.doors).length, use(Object.values(store.rooms)));
}

// Aloud only what is wrong with a door and was not said before, and not more often than one can listen.
function announce() {
  const wrong = new Set(issues.filter((issue) => issue.door && issue.level !== "note").map((issue) => issue.text));
  const fresh = [...wrong].filter((text) => !announced.has(text));
  const wait = announcedAt + ANNOUNCE_MS - now();
  if (fresh.length && wait > 0) {
    setTimeout(announce, wait);
    return;
  }
  announced = wrong;
  if (!fresh.length) return;
  announcedAt = now();
  setText($("#announcer"), fresh.slice(0, 3).join(". "));
}

function onState(state) {
  if (state === "live") {
    heardAt = now();
    if (lostAt !== null && !$("#banner").hidden) setText($("#status"), words.backAgain);
    const wasStale = isStale();
    lostAt = null;
    $("#banner").hidden = true;
    if (wasStale) drawVerdict();
  } else {
    lostAt ??= now();
  }
  setAttribute(document.body, "data-link", state);
  watchLink();
}

function watchLink() {
  const lostFor = lostAt === null ? 0 : now() - lostAt;
  if (lostFor >= BANNER_MS) {
    setText($("#banner time"), absolute(new Date(heardAt).toISOString()));
    $("#banner").hidden = false;
  }
  setAttribute(document.body, "data-stale", isStale() ? "" : null);
  if (isStale()) drawLost();
}

// From the last that was heard: a stream that only looked alive has been silent for as long already.
const isStale = () => lostAt !== null && now() - heardAt >= GREY_MS;

function setView(view) {
  setAttribute(document.body, "data-view", view);
  for (const button of $$(".views button")) setAttribute(button, "aria-pressed", button.dataset.view === view);
}

function tick() {
  setText($("#clock"), clock());
  setText($("#day"), day());
  watchLink();
}

$("#legend")?.replaceChildren(...words.legend.map(([state, word]) => make("li", { "data-state": state }, make("span", {}, icon(state)), word)));
for (const button of $$(".views button")) button.addEventListener("click", () => setView(button.dataset.view));
$("#verdict button").addEventListener("click", (event) => {
  const places = issues.filter((issue) => issue.door || issue.room);
  if (!places.length) return;
  shownIssue = (shownIssue + 1) % places.length;
  show(places[shownIssue], event.detail === 0);
});
$("#verdict button").setAttribute("data-show", "");
$("#banner button").addEventListener("click", () => stream.connect());
$("#hint [data-do=copy]")?.addEventListener("click", async (event) => {
  const button = event.currentTarget;
  await navigator.clipboard.writeText($("#hint code").textContent);
  setText(button, words.copied);
});
$("#hint [data-do=dismiss]")?.addEventListener("click", () => $("#hint").remove());

tick();
setInterval(tick, 1000);
stream.start();
