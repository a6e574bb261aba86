/**
 * Small boxes over everything else: menus and lists of choices. They are in the browser's top layer, so neither a
 * scrolling form nor a dialog cuts them off.
 */

const GAP = 4;

/**
 * Show `box` under (or, where there is no room, over) `anchor`, until something outside is pressed or scrolled.
 *
 * @param {HTMLElement} box has the attribute popover="manual"; it is put beside the anchor, so inside its dialog
 * @param {HTMLElement} anchor
 * @param {() => void} onClose called once, however it is closed
 * @param {{wide?: boolean, above?: boolean}} [how] wide: as wide as the anchor; above: over it if there is room
 * @returns {() => void} closes it
 */
export function openPopup(box, anchor, onClose, { wide = false, above = false } = {}) {
  const stop = new AbortController();
  const close = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    box.remove();
    onClose();
  };
  const listen = (target, event, listener) => target.addEventListener(event, listener, { signal: stop.signal, capture: true, passive: true });
  (anchor.closest("dialog") ?? document.body).append(box);
  box.showPopover();
  place(box, anchor, wide, above);
  listen(document, "pointerdown", (event) => {
    if (!box.contains(event.target) && !anchor.contains(event.target)) close();
  });
  listen(document, "scroll", (event) => {
    if (!box.contains(event.target)) anchor.isConnected ? place(box, anchor, wide, above) : close();
  });
  listen(window, "resize", close);
  return close;
}

/** @param {HTMLElement} box @param {HTMLElement} anchor @param {boolean} wide @param {boolean} above */
function place(box, anchor, wide, above) {
  const at = anchor.getBoundingClientRect();
  if (wide) box.style.minWidth = `${at.width}px`;
  const { offsetWidth: width, offsetHeight: height } = box;
  const under = at.bottom + GAP;
  const over = at.top - GAP - height;
  const fitsUnder = under + height <= window.innerHeight;
  const top = above ? (over >= 0 ? over : under) : fitsUnder || over < 0 ? under : over;
  const left = Math.max(GAP, Math.min(at.left, window.innerWidth - width - GAP));
  box.style.top = `${Math.max(GAP, top)}px`;
  box.style.left = `${left}px`;
}
