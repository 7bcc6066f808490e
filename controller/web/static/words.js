// Every word the scripts say; what the server writes is in words.py. Another language is one more table.

export const LOCALE = "en-GB";

export const doors = {
  locked: "locked",
  released: "released",
  unlocked: "unlocked",
  ajar: "ajar",
  open: "open",
  propped: "propped open",
  held: "held open",
  lock_fault: "lock stuck",
  forced: "forced open",
  tamper: "tampered with",
  unknown: "not known",
  offline: "offline",
};

export const rooms = {
  free: "Free",
  booked: "Booked",
  in_use: "In use",
  on_air: "On air",
  unavailable: "Closed",
  silent: "Sensor silent",
  never_seen: "Not known",
  no_sensor: "No sensor",
  no_status: "Not known",
};

export const flags = {
  stuffy: "stuffy",
  bad: "bad air",
  loud: "loud",
  cold: "cold",
  warm: "warm",
  dry: "dry",
  humid: "humid",
};

// The same where there is room for it: in the list and on the card.
export const flagsLong = {
  ...flags,
  stuffy: "not well ventilated",
  loud: "too loud",
  silent: "sensor silent",
  unchecked: "in use, not checked in",
  disagree: "what is sensed disagrees",
  poor: "poor wifi",
  quiet_please: "quiet, please",
};

export const onAir = { on: "ON AIR", requested: "ON AIR…", ending: "ON AIR…", off: "OFF AIR", unknown: "ON AIR ?" };
export const onAirLong = {
  on: "the light is on",
  requested: "asked for, the light has not confirmed it",
  ending: "no longer asked for, the light is still on",
  off: "the light is off",
  unknown: "not known: the light does not answer",
};

export const legend = [
  ["locked", "locked"],
  ["released", "released"],
  ["open", "open"],
  ["held", "held open"],
  ["forced", "forced"],
  ["unknown", "not known"],
];

export const verdict = {
  quiet: "All doors are quiet",
  lost: "No news from the building",
  lostSince: (time) => `since ${time}`,
  forced: (name) => `${name} is forced open`,
  tamper: (name) => `${name}: somebody tampers with it`,
  held: (name) => `${name} is held open`,
  lock_fault: (name) => `The lock of ${name} is stuck`,
  ajar: (name) => `${name} is closed and not locked`,
  exit_button_stuck: (name) => `The exit button of ${name} is stuck`,
  offline: (name) => `${name} does not answer`,
  offlineMany: (count) => `${count} doors do not answer`,
  failing: (name, text) => `${name}: ${text}`,
  more: (count) => (count === 1 ? "and one more thing to look at" : `and ${count} more things to look at`),
  air: (name, flag) => `${name} is ${flag}`,
  summary: (doorCount, { used, unknown, all }) => {
    if (all && unknown === all) return `${doorCount} doors · rooms not known`;
    return `${doorCount} doors · ${used} of ${all} rooms in use${unknown ? ` · ${unknown} not known` : ""}`;
  },
  waiting: "Waiting for the building to answer…",
};

export const card = {
  state: "State",
  lock: "Bolt",
  contact: "Contact",
  mode: "Mode",
  device: "Device",
  alarm: "Alarm",
  leads: "Leads",
  since: "Since",
  reported: "Last report",
  list: "Decides alone by its list of",
  behind: "it has not taken the newest",
  people: "People",
  temperature: "Temperature",
  humidity: "Humidity",
  co2: "CO₂",
  noise: "Noise",
  light: "Light",
  windows: "Windows",
  comfort: "Comfort",
  air: "Air",
  quiet: "Sound",
  onAir: "On air",
  sensor: "Sensor",
  measured: "Measured",
  never: "never",
  until: "Until",
  next: "Next",
  checkedIn: "Checked in",
  why: "Closed because of",
  wifi: "Wifi",
  quietPlease: "Quiet, please",
};

// Values as devices and services spell them, as a person says them.
export const values = {
  ready: "answers",
  sleeping: "asleep",
  lost: "lost",
  silent: "silent",
  never_seen: "never seen",
  ajar: "closed and not locked",
  held: "held open",
  forced: "forced open",
  tamper: "tampered with",
  lock_fault: "lock stuck",
  exit_button_stuck: "exit button stuck",
  free: "free exit",
  fire: "released for fire",
  live: "reports",
  measured: "counted",
  counted: "counted",
  sensed: "somebody is felt, how many is a guess",
  good: "good",
  estimated: "estimated",
  unknown: "not known",
  in_use: "in use",
  fair: "slow",
  poor: "poor: calls break up",
};

// Of an alarm: what a person asks next, since when and whether somebody sees to it.
export const alarms = {
  raised: "alarm",
  acknowledged: "somebody sees to it",
  cleared: "over, not acknowledged",
  line: ({ state, since, count, late, cleared_at: over, by, note }, time) =>
    [
      `since ${time(since)}`,
      count > 1 ? `${count} times` : "",
      late ? "told late" : "",
      state === "acknowledged" ? `${by} sees to it: ${note}` : "",
      state === "cleared" ? `over since ${time(over)}, nobody has acknowledged it` : "",
    ]
      .filter(Boolean)
      .join(" · "),
  how: (id) => `natoma alarms ack ${id} --by NAME --note TEXT`,
};

export const health = {
  "access link": "Access link",
  "telemetry link": "Telemetry link",
};

// A floor is empty when live sensors say so, not when nobody has heard from it.
export function used({ used: count, unknown, all }) {
  if (!all) return "";
  if (unknown === all) return "not known";
  if (unknown) return `${count} in use · ${unknown} not known`;
  return count ? `${count} in use` : "empty";
}

export const facts = { pause: "Pause", resume: "Resume", waiting: (count) => `Resume · ${count} new` };
export const tones = { good: "let in", bad: "refused", note: "note", alarm: "alarm" };
export const copied = "Copied";
export const since = (time) => `since ${time}`;
export const span = (from, to) => `${from} to ${to}`;
export const yesNo = (value) => (value ? "yes" : "not yet");
export const quietFor = (name, time) => `${name} is on air until ${time}`;
export const until = (time) => `until ${time}`;
export const backAgain = "The connection to the building is back.";
export const ofSeats = (count, seats) => (seats ? `${count} of ${seats}` : `${count}`);
export const estimated = (text) => `≈ ${text}`;
export const seats = (count) => `${count} seats`;

export function ago(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 5) return "just now";
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min ago`;
  return `${Math.floor(s / 86400)} d ago`;
}
