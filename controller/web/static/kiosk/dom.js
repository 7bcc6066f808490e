// Elements with text as text: there is no way here to write markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (selector, root = document) => root.querySelector(selector);

export function say(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function show(element, is) {
  if (element && element.hidden === is) element.hidden = !is;
}

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setIcon(svg, name) {
  if (svg.dataset.name === name) return;
  svg.dataset.name = name;
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.replaceChildren(use);
}

// The same list twice leaves the buttons alone, so that none is taken away under a finger or loses its focus.
export function fill(list, items, build) {
  const told = JSON.stringify(items);
  if (list.dataset.told === told) return;
  list.dataset.told = told;
  list.replaceChildren(...items.map(build));
}
