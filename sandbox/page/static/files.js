/** Files that hang on a message. */

import { el, icon } from "./dom.js";

/**
 * @param {import("./store.js").SlackFile[]} files
 * @param {import("./reader.js").Reader} reader
 * @returns {HTMLElement}
 */
export function drawFiles(files, reader) {
  return el(
    "ul",
    { class: "files" },
    files.map((file) =>
      el(
        "li",
        {},
        el(
          "a",
          { class: "file", href: reader.fileUrl(file), download: file.name, data: { fileId: file.id } },
          icon("file"),
          el("span", { class: "file-name", text: file.name }),
          el("span", { class: "detail", text: sizeWords(file.size) }),
        ),
        ...shown(file, reader),
      ),
    ),
  );
}

/**
 * Pictures that Slack shows under their name.
 * @param {import("./store.js").SlackFile} file
 * @param {import("./reader.js").Reader} reader
 * @returns {HTMLElement[]}
 */
function shown(file, reader) {
  if (!/^image\/(png|jpeg|gif)$/.test(file.mimetype)) return [];
  return [el("img", { class: "file-picture", src: reader.fileUrl(file), alt: file.name, loading: "lazy" })];
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function sizeWords(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
