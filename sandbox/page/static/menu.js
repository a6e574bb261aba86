/** A menu that hangs from a button: arrow keys, Home, End, first letters, Escape. */

import { el } from "./dom.js";
import { openPopup } from "./popup.js";

/** @typedef {{label: string, detail?: string, run: () => void, value?: string, actionId?: string}} Item */

/**
 * Make a button open a menu.
 *
 * @param {HTMLElement} button
 * @param {string} label names the menu
 * @param {() => Item[]} items asked for at each opening
 * @param {{above?: boolean, empty?: string}} [how]
 * @returns {HTMLElement} the button
 */
export function withMenu(button, label, items, { above = false, empty = "" } = {}) {
  let close = null;
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");

  const open = (first) => {
    const menu = drawMenu(label, items(), empty, () => close?.());
    button.setAttribute("aria-expanded", "true");
    button.classList.add("open");
    close = openPopup(
      menu,
      button,
      () => {
        close = null;
        button.setAttribute("aria-expanded", "false");
        button.classList.remove("open");
      },
      { above },
    );
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" && event.key !== "Tab") return;
      // Escape closes the menu and not the dialog it stands in.
      event.preventDefault();
      event.stopPropagation();
      // First the focus: a message's tools are there only while they are open or focused.
      button.focus();
      close?.();
    });
    const entries = menu.querySelectorAll("[role=menuitem]");
    (entries[first < 0 ? entries.length - 1 : 0] ?? menu).focus();
  };

  button.addEventListener("click", () => (close ? close() : open(0)));
  button.addEventListener("keydown", (event) => {
    if (close || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });
  return button;

  function drawMenu(name, entries, nothing, shut) {
    const menu = el("div", { class: "popup menu", role: "menu", popover: "manual", "aria-label": name, tabindex: "-1", on: { keydown: walk } });
    for (const entry of entries) menu.append(drawItem(entry, shut));
    if (!entries.length) menu.append(el("p", { class: "popup-note", text: nothing }));
    return menu;
  }

  function drawItem(entry, shut) {
    const choose = () => {
      button.focus();
      shut();
      entry.run();
    };
    return el(
      "button",
      { type: "button", role: "menuitem", class: "menu-item", tabindex: "-1", data: { value: entry.value, actionId: entry.actionId }, on: { click: choose } },
      el("span", { text: entry.label }),
      entry.detail && el("span", { class: "detail", text: entry.detail }),
    );
  }
}

function walk(event) {
  const entries = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const at = entries.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at < 0 ? -1 : at - 1, Home: 0, End: -1 };
  let next = steps[event.key];
  if (next === undefined && event.key.length === 1) {
    next = entries.findIndex((entry, index) => index > at && entry.textContent.toLowerCase().startsWith(event.key.toLowerCase()));
    if (next < 0) return;
  }
  if (next === undefined || !entries.length) return;
  event.preventDefault();
  event.stopPropagation();
  entries.at(next % entries.length).focus();
}
