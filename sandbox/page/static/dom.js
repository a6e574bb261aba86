/**
 * Making elements. Text only ever becomes a text node: whatever a message holds, it cannot become markup.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {Node|string|number|null|undefined|false|Child[]} Child
 */

/**
 * An element with attributes, listeners and children.
 *
 * `class`, `text`, `on` (event name → listener) and `data` (dataset) are special; `true` sets an empty
 * attribute, `false`, `null` and `undefined` leave it out; everything else is an attribute.
 *
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = String(value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") for (const [key, datum] of Object.entries(value)) setDatum(node, key, datum);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

function setDatum(node, key, value) {
  if (value !== undefined && value !== null) node.dataset[key] = String(value);
}

function add(node, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(node, child);
    else if (child !== null && child !== undefined && child !== false) node.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Put these children in place of what a node has.
 *
 * @param {Element} node
 * @param {...Child} children
 */
export function fill(node, ...children) {
  node.replaceChildren();
  add(node, children);
}

/** Outlines on a 20 by 20 grid, drawn here because a font with pictures may be missing. */
const ICONS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.2h14M2.8 12.8h14",
  lock: "M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3",
  plus: "M10 4v12M4 10h12",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12 4l-6 6 6 6",
  down: "M5 8l5 5 5-5",
  more: "M10 5v.1M10 10v.1M10 15v.1",
  reply: "M4 4h12v9H9l-4 4v-4H4z",
  send: "M3 4l14 6-14 6 2.5-6zM5.500 10H11",
  eye: "M2 10s3-5.500 8-5.500S18 10 18 10s-3 5.500-8 5.500S2 10 2 10zM10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  file: "M5 2.500h6.500L15 6v11.500H5zM11 2.500V6.500h4",
  check: "M4 10.500l4 4 8-9",
  world: "M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15zM2.500 10h15M10 2.500c2.600 2.300 3.600 4.800 3.600 7.500s-1 5.200-3.600 7.500c-2.600-2.300-3.600-4.800-3.600-7.500s1-5.200 3.600-7.500z",
  bolt: "M11 2 4 11.500h5L8.500 18 16 8.500h-5z",
  ticket: "M2.500 5.500h15v3a1.500 1.500 0 0 0 0 3v3h-15v-3a1.500 1.500 0 0 0 0-3zM12 6v8",
};

/**
 * A decorative outline; the words beside it, or the button's label, say what it means.
 *
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button that shows an outline only and is named for those who cannot see it.
 *
 * @param {keyof typeof ICONS} name
 * @param {string} label
 * @param {(event: Event) => void} onClick
 * @param {Record<string, any>} [attributes]
 * @returns {HTMLElement}
 */
export function iconButton(name, label, onClick, attributes = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: onClick }, ...attributes }, icon(name));
}

let counted = 0;

/**
 * An id no other element of the page has, for labels and descriptions.
 *
 * @param {string} prefix
 * @returns {string}
 */
export function freshId(prefix) {
  counted += 1;
  return `${prefix}-${counted}`;
}
