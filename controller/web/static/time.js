// Times in the zone of the space, ages by the clock of the server: a tablet's own clock is often wrong.

import { LOCALE, ago } from "./words.js";

let ahead = 0; // milliseconds the server is ahead of this browser
let zone = document.documentElement.dataset.zone || "UTC";
let formats = null;

function format(kind) {
  formats ??= {
    time: new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
    clock: new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
    day: new Intl.DateTimeFormat(LOCALE, { timeZone: zone, weekday: "long", day: "numeric", month: "short" }),
    date: new Intl.DateTimeFormat("en-CA", { timeZone: zone }),
    full: new Intl.DateTimeFormat(LOCALE, {
      timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    }),
  };
  return formats[kind];
}

export function setZone(name) {
  if (!name || name === zone) return;
  try {
    new Intl.DateTimeFormat(LOCALE, { timeZone: name });
    zone = name;
    formats = null;
  } catch {
    // An old browser may not know a new zone: the one the page came with stays.
  }
}

export function serverSays(text) {
  const at = Date.parse(text);
  if (!Number.isNaN(at)) ahead = at - Date.now();
}

export const now = () => Date.now() + ahead;
export const clock = () => format("clock").format(now());
export const day = () => format("day").format(now());
export const age = (text) => (text ? ago((now() - Date.parse(text)) / 1000) : "");

// The time alone for today, the date with it for any other day.
export function absolute(text) {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return "";
  const today = format("date").format(at) === format("date").format(now());
  return format(today ? "time" : "full").format(at);
}
