// What the panel shows and offers, from what the API said: values in, a value out. No element, no clock, no request.

const MINUTE = 60000;
const WALK_UPS = [15, 30, 60];
const EXTENSIONS = [15, 30];
const SHORTEST = 15 * MINUTE;
const LONGEST = 60 * MINUTE; // what the desk lets a panel book
const CHECK_IN_BEFORE = 10 * MINUTE;
const ON_AIR = new Set(["on", "requested", "ending", "unknown"]);

const at = (text) => (text ? Date.parse(text) : null);

// The colour goes with the word and the icon, and never says anything alone.
const TONES = {
  free: ["free", "free"],
  booked: ["booked", "booked"],
  in_use: ["busy", "in_use"],
  on_air: ["air", "on_air"],
  on_air_unsure: ["unsure", "on_air_unsure"],
  unavailable: ["closed", "unavailable"],
};

export function face({ room, bookings, free, offers = [], now }) {
  const state = room?.state ?? null;
  if (!state) return { tone: "unknown", word: "unknown", icon: "unknown", lines: [], notes: [], actions: {} };
  const current = bookings.find((one) => one.state === "booked" && at(one.start) <= now && now < at(one.end)) ?? null;
  const coming = bookings.filter((one) => one.state === "booked" && at(one.start) > now).sort((a, b) => at(a.start) - at(b.start));
  const light = room.kind === "booth" && ON_AIR.has(state.on_air) ? state.on_air : null;
  // A booking made here is known at once; the room's own word follows in a moment.
  const isUnsure = light === "unknown" && state.on_air_wanted === true && !state.unavailable;
  const status = light === "on" ? "on_air" : isUnsure ? "on_air_unsure" : state.status === "free" && current ? "in_use" : state.status;
  const [tone, word] = TONES[status] ?? ["unknown", "unknown"];
  // The house's own diary has events as well, which are nobody's booking.
  const on = spanOf(state.now, (one) => one.start <= now && now < one.end);
  const next = earliest(spanOf(state.next, (one) => one.start > now), coming[0] ? { start: at(coming[0].start), end: at(coming[0].end) } : null);
  return {
    tone,
    word,
    icon: tone,
    lines: lines({ state, status, current, next, on, light }),
    notes: notes(state),
    quiet: state.quiet_please ? { until: at(state.quiet_please.until), room: state.quiet_please.for } : null,
    next,
    actions: state.unavailable ? {} : actions({ room, state, current, coming, next, on, free, offers, now, light }),
  };
}

function spanOf(said, holds) {
  const span = said ? { start: at(said.start), end: at(said.end) } : null;
  return span && holds(span) ? span : null;
}

const earliest = (one, other) => (one && other ? (one.start <= other.start ? one : other) : (one ?? other));

function lines({ state, status, current, next, on, light }) {
  const said = [];
  if (state.unavailable) return [[["fire", "lockdown"].includes(state.unavailable) ? state.unavailable : "unavailable"]];
  const until = current ? at(current.end) : (at(state.until) ?? next?.start ?? null);
  if (until !== null) said.push(["until", { time: until }]);
  else if (status === "free") said.push(["rest_of_day"]);
  if (light === "requested") said.push(["air_waits"]);
  else if (light === "ending") said.push(["air_ends"]);
  else if (light === "unknown") said.push([state.on_air_wanted ? "air_unsure" : "air_unknown"]);
  else if (current && state.checked_in === false) said.push(["nobody_yet"]);
  else if (!current && !on && status === "in_use") said.push(["unbooked"]);
  return said;
}

function notes(state) {
  if (state.sensor === "silent") return ["silent"];
  const said = [];
  if (state.temperature !== null && state.temperature !== undefined) said.push({ degrees: state.temperature });
  if (["cold", "warm", "dry", "humid"].includes(state.comfort)) said.push(`comfort_${state.comfort}`);
  if (["good", "stuffy", "bad"].includes(state.air)) said.push(`air_${state.air}`);
  if (state.quiet === "loud") said.push("quiet_loud");
  return said;
}

function actions({ room, state, current, coming, next, on, free, offers, now, light }) {
  if (current) {
    const limit = next ? next.start - room.buffer_minutes * MINUTE : Infinity;
    return {
      checkIn: state.checked_in === false ? current.id : null,
      extend: EXTENSIONS.filter((minutes) => at(current.end) + minutes * MINUTE <= limit).map((minutes) => ({ id: current.id, minutes })),
      end: current.id,
      onAir: room.kind === "booth" ? { id: current.id, stop: state.on_air_wanted ?? (light === "on" || light === "requested") } : null,
    };
  }
  const early = coming[0];
  const checkIn = early && at(early.start) - now <= CHECK_IN_BEFORE ? early.id : null;
  const offered = offers.find((one) => one.state === "offered" && at(one.offered_until) > now && at(one.end) > now);
  return {
    checkIn,
    offer: offered ? { id: offered.id, until: at(offered.offered_until), end: at(offered.end) } : null,
    book: room.bookable && !room.needs_approval && !on ? walkUps(free, next, now) : [],
  };
}

// From the minute that has begun: a quarter, half, a whole hour, or what is left until the next booking or event.
function walkUps(free, next, now) {
  const start = Math.floor(now / MINUTE) * MINUTE;
  const gap = (free ?? []).find((one) => at(one.start) <= now && now < at(one.end));
  if (!gap) return [];
  const until = Math.min(at(gap.end), next?.start ?? Infinity);
  const found = WALK_UPS.filter((minutes) => start + minutes * MINUTE <= until).map((minutes) => ({ start, end: start + minutes * MINUTE, minutes }));
  const left = until - start;
  if (left >= SHORTEST && left < LONGEST && !found.some((one) => one.end === until)) found.push({ start, end: until, minutes: null });
  return found;
}
