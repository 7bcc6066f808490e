"""What somebody who sees little, or uses no mouse, would stumble over on a page: read from a real browser."""

from selenium import webdriver

_SCRIPT = r"""
const rgb = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
const over = (top, below) => {
  const alpha = top[3] ?? 1;
  return [0, 1, 2].map((part) => top[part] * alpha + below[part] * (1 - alpha)).concat(1);
};
const ground = (element) => {
  const layers = [];
  for (let one = element; one; one = one.parentElement) {
    layers.push(rgb(getComputedStyle(one).backgroundColor));
    if (one.matches("dialog")) break;
  }
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
};
const light = (colour) => {
  const [r, g, b] = colour.map((part) => { const c = part / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
const seen = (element) => element.checkVisibility() && element.getClientRects().length > 0;
const modal = document.querySelector("dialog[open]");
const scope = [...(modal ?? document.body).querySelectorAll("*")].filter(seen);
const named = (element) => (element.getAttribute("aria-label") || (element.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id)?.textContent || "").join("") || [...(element.labels || [])].map((one) => one.textContent).join("") || element.textContent || element.alt || "").trim();
const say = (element) => `<${element.tagName.toLowerCase()} id="${element.id}">${(element.textContent || "").trim().slice(0, 30)}`;
const found = [];
for (const element of scope) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const style = getComputedStyle(element);
  if (own && !element.matches(":disabled, option, script, noscript, noscript *")) {
    const ratio = contrast(over(rgb(style.color), ground(element)), ground(element));
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) found.push(`contrast ${ratio.toFixed(2)}: ${say(element)}`);
  }
  if (element.matches("button, a[href], input, select, textarea")) {
    if (!named(element)) found.push(`no name: ${say(element)}`);
    const box = (element.closest("label") ?? element).getBoundingClientRect();
    if (Math.min(box.width, box.height) < 24) found.push(`target ${Math.round(box.width)}x${Math.round(box.height)}: ${say(element)}`);
  }
  if (element.matches("img:not([alt])")) found.push(`no alt: ${say(element)}`);
}
if (!document.documentElement.lang) found.push("no language");
if (!document.title.trim()) found.push("no title");
if (document.documentElement.scrollWidth > innerWidth + 1) found.push(`scrolls sideways: ${document.documentElement.scrollWidth} in ${innerWidth}`);
const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) found.push(`id twice: ${id}`);
return found;
"""


def barriers(driver: webdriver.Chrome) -> list[str]:
    """Too little contrast, nameless controls, targets too small, pictures without words; an empty list is what is wanted."""
    return list(driver.execute_script(_SCRIPT))
