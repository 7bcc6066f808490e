// Making and changing elements. Text goes in as text: there is no way here to write markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const make = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const draw = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// Only what changed touches the page: a busy building must not cost a phone its battery.
export function setText(element, text) {
  if (element && element.textContent !== String(text)) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (!element) return;
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

function fill(element, attributes = {}, children = []) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value === true ? "" : value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
