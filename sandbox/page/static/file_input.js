/** Files for a form: each is uploaded when it is chosen; the form carries their ids. */

import { choose } from "./choosing.js";
import { el, fill, icon } from "./dom.js";
import { sizeWords } from "./files.js";

/**
 * @param {any} element a file_input
 * @param {any} block
 * @param {import("./elements.js").Host} host
 * @returns {{node: HTMLElement, box: HTMLElement}}
 */
export function drawFileInput(element, block, host) {
  const { words } = host.reader;
  const most = element.max_files ?? 10;
  const kinds = element.filetypes ?? [];
  const box = el("input", { type: "file", class: "file-box", multiple: most > 1, accept: kinds.length ? kinds.map((kind) => `.${kind}`).join(",") : undefined });
  const list = el("ul", { class: "file-list", "aria-live": "polite" });
  let held = [...(host.valueOf(block, element) ?? [])];

  const show = (uploading = []) => {
    const kept = held.map((file) => {
      const remove = el("button", { type: "button", class: "icon-button", "aria-label": words.say("remove", { name: file.name }), on: { click: () => keep(held.filter((each) => each !== file)) } }, icon("close"));
      return el("li", { data: { fileId: file.id } }, icon("file"), el("span", { text: file.size ? words.say("file_size", { name: file.name, size: sizeWords(file.size) }) : file.name }), remove);
    });
    fill(list, kept, uploading.map((file) => el("li", { class: "uploading", text: words.say("uploading", { name: file.name }) })));
  };
  const keep = (files) => {
    held = files;
    show();
    choose(element, block, host, held);
  };
  box.addEventListener("change", async () => {
    const chosen = [...box.files].slice(0, most - (most > 1 ? held.length : 0));
    show(chosen);
    const sent = await Promise.all(chosen.map(async (file) => ({ file, answer: await host.upload(file) })));
    const fresh = sent.filter(({ answer }) => answer).map(({ file, answer }) => ({ id: answer.file_id, name: file.name, size: file.size }));
    // The same file may be chosen again after it was removed.
    box.value = "";
    keep(most > 1 ? [...held, ...fresh] : fresh.length ? fresh : held);
  });
  show();
  const note = kinds.length ? el("p", { class: "hint", text: words.say("file_kinds", { kinds: kinds.join(", ") }) }) : null;
  return { node: el("div", { class: "file-input" }, box, list, note), box };
}
