// What a screen that hangs on a wall does beside its work: says times in the space's zone, and stays lit.

const root = document.documentElement;
export const LANGUAGE = root.lang === "fr" ? "fr" : "en";

const zone = root.dataset.zone || "UTC";
const LOCALE = { en: "en-GB", fr: "fr-FR" }[LANGUAGE];
const hour = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = format({ weekday: "long", day: "numeric", month: "long" });
const date = format({ year: "numeric", month: "2-digit", day: "2-digit" });

export const time = (at) => hour.format(new Date(at));
const figure = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
export const number = (value) => figure.format(value);
export const dayOf = (at) => day.format(new Date(at));
export const sameDay = (one, other) => date.format(new Date(one)) === date.format(new Date(other));

// A browser that cannot, or may not, lets the screen sleep as the device is set to.
export async function stayLit() {
  const ask = async () => {
    try {
      await navigator.wakeLock?.request("screen");
    } catch {
      // On battery, or in the background.
    }
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
  await ask();
}

function format(options) {
  try {
    return new Intl.DateTimeFormat(LOCALE, { timeZone: zone, ...options });
  } catch {
    return new Intl.DateTimeFormat(LOCALE, options); // an old tablet that does not know the zone
  }
}
