// Every word the page says of what it is shown.

export const lamps = {
  idle: "steady blue: waits for a badge",
  granted: "green",
  denied: "red",
  try_again: "amber, twice",
  enter_pin: "amber, blinking: PIN, please",
  warning: "red, blinking",
  off: "dark: no power",
};

export const buzzers = {
  idle: "quiet",
  granted: "one long beep",
  denied: "three short beeps",
  try_again: "two short beeps",
  enter_pin: "one short beep",
  warning: "beeps until the door is closed",
  off: "quiet",
};

export const bolts = { locked: "locked", unlocked: "unlocked", moving: "the bolt moves", jammed: "jammed" };
export const powers = { on: "on", off: "no power", away: "on, not connected" };
export const kinds = { door_unit: "door unit", reader: "reader", sensor: "sensor", probe: "wifi probe", light: "light" };

export function doorWord(door) {
  if (door.off) return "no power";
  if (door.held) return "propped open";
  if (door.open) return "open";
  if (door.stands && door.stands !== "locked" && door.bolt === "unlocked") return "stands unlocked";
  return bolts[door.bolt] || door.bolt;
}

export function roomWords(room) {
  const air = Object.values(room.co2);
  return [
    room.people ? `${room.people} ${room.people === 1 ? "person" : "people"}` : "nobody",
    air.length ? `${Math.max(...air)} ppm` : null,
  ].filter(Boolean).join(" · ");
}
