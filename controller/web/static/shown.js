// How a door or a room is shown: one word, one icon, one tone. What the plan, the lists and the card agree on.

import * as words from "./words.js";

const DOOR_TONES = { locked: "calm", unlocked: "calm", released: "good", open: "info", ajar: "info", propped: "info", held: "warn", lock_fault: "alarm", forced: "alarm", tamper: "alarm", unknown: "unknown", offline: "unknown" };

const ICONS = { offline: "unknown", ajar: "open", propped: "open", lock_fault: "alarm" };
const EXACT = new Set(["measured", "counted"]);
const USED = new Set(["in_use", "on_air"]);
const LEVELS = { alarm: 0, warn: 1, note: 2 };
const worstFirst = (found) => found.sort((a, b) => LEVELS[a.level] - LEVELS[b.level]);

export function door(value) {
  const state = doorState(value);
  const tone = state === "ajar" && value.alarm === "ajar" ? "warn" : DOOR_TONES[state];
  return { state, word: words.doors[state], icon: ICONS[state] || state, tone };
}

function doorState(value) {
  if (value.alarm === "forced" || value.state === "forced") return "forced";
  if (value.alarm === "tamper") return "tamper";
  if (value.device === "lost") return "offline";
  if (value.alarm === "held" || value.state === "held") return "held";
  if (value.alarm === "lock_fault") return "lock_fault";
  // No badge needed now: calm, and open or closed as its contact feels it.
  if (value.mode === "unlocked" && value.state === "released") return value.contact === "open" ? "open" : "unlocked";
  return value.state in words.doors ? value.state : "unknown";
}

export function room(value) {
  const silent = value.sensor === "silent";
  const unseen = value.sensor === "never_seen";
  // "free" is what a room is called while nothing says otherwise: only a sensor that is heard makes it true.
  const unsensed = value.has_sensor === false ? "no_sensor" : "never_seen";
  // A booking and an on-air light are known without a sensor.
  const told = value.status === "free" || value.status === "in_use";
  const state = silent && told ? "silent" : unseen && value.status === "free" ? unsensed : value.status in words.rooms ? value.status : "no_status";
  return { state, word: words.rooms[state], flags: silent || unseen ? [] : flags(value), notes: notes(value, state), people: people(value) };
}

// What the list and the card say beside the word: [flag, since when].
function notes(value, state) {
  const found = [];
  if (value.sensor === "silent" && state !== "silent") found.push(["silent", value.silent_since]);
  if (value.sensor === "live") {
    for (const flag of flags(value)) found.push([flag, flag === "loud" ? value.quiet_since : flag === value.air ? value.air_since : value.comfort_since]);
    if (value.occupancy?.disagrees) found.push(["disagree", value.occupancy.since]);
  }
  if (value.in_use_unchecked) found.push(["unchecked", value.occupancy?.since]);
  if (value.wifi === "poor") found.push(["poor", value.wifi_since]);
  if (value.quiet_please) found.push(["quiet_please", null]);
  return found;
}

// How many of these rooms are in use, and of how many nothing that is heard says whether they are.
export function use(rooms) {
  const used = rooms.filter((value) => USED.has(room(value).state));
  const unknown = rooms.filter((value) => !used.includes(value) && value.sensor !== "live");
  return { used: used.length, unknown: unknown.length, all: rooms.length };
}

function flags(value) {
  const found = [];
  if (value.air === "bad" || value.air === "stuffy") found.push(value.air);
  if (value.quiet === "loud") found.push("loud");
  if (value.comfort !== "good" && value.comfort in words.flags) found.push(value.comfort);
  return found;
}

function people(value) {
  const seen = value.occupancy;
  if (!seen || seen.count === null || seen.count === undefined) return "";
  const text = words.ofSeats(seen.count, value.seats);
  return EXACT.has(seen.quality) || seen.count === 0 ? text : words.estimated(text);
}

export const number = (value, unit, digits = 0) =>
  value === null || value === undefined ? "" : `${value.toLocaleString(words.LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits })} ${unit}`;

// Which of these doors want a look, the worst first; more than `named` that do not answer are one line with their number.
export function doorIssues(doors, named) {
  const found = [];
  const offline = [];
  for (const value of doors) {
    const { state } = door(value);
    if (state === "forced") found.push({ level: "alarm", text: words.verdict.forced(value.name), door: value.id });
    else if (state === "tamper") found.push({ level: "alarm", text: words.verdict.tamper(value.name), door: value.id });
    else if (state === "lock_fault") found.push({ level: "alarm", text: words.verdict.lock_fault(value.name), door: value.id });
    else if (state === "held") found.push({ level: "warn", text: words.verdict.held(value.name), door: value.id });
    else if (value.alarm === "ajar") found.push({ level: "warn", text: words.verdict.ajar(value.name), door: value.id });
    else if (value.alarm === "exit_button_stuck") found.push({ level: "warn", text: words.verdict.exit_button_stuck(value.name), door: value.id });
    else if (state === "offline" || state === "unknown") offline.push(value);
  }
  if (offline.length > named) found.push({ level: "warn", text: words.verdict.offlineMany(offline.length), door: offline[0].id });
  else for (const value of offline) found.push({ level: "warn", text: words.verdict.offline(value.name), door: value.id });
  return worstFirst(found);
}

// Everything that wants a look, the worst first: {level, text, door?, room?}.
export function issues(store) {
  const found = doorIssues(Object.values(store.doors), 2);
  for (const part of Object.values(store.health)) {
    if (!part.ok) found.push({ level: "warn", text: words.verdict.failing(healthName(part), part.text) });
  }
  for (const value of Object.values(store.rooms)) {
    for (const flag of room(value).flags.slice(0, 1)) {
      found.push({ level: "note", text: words.verdict.air(value.name, words.flags[flag]), room: value.id });
    }
  }
  return worstFirst(found);
}

export function healthName(part) {
  const name = words.health[part.name] || part.name;
  return name.charAt(0).toUpperCase() + name.slice(1);
}
