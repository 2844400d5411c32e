/** Elements made by script. Text is always a text node: nothing that is shown can become markup. */

const SVG = 'http://www.w3.org/2000/svg';

/** An element with attributes, `on` its listeners, and children: nodes, texts, or nothing. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Puts new children in place of all there were. */
export function refill(element, ...children) {
  element.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Says something to a screen reader. */
export function announce(text) {
  const region = document.getElementById('announcements');
  if (region !== null && region.textContent !== text) region.textContent = text;
}
