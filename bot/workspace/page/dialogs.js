// Pictures large, modals, and "are you sure?".
import { byId, el, fill } from "./dom.js";
import { drawBlocks } from "./blocks.js";
import { carryOver, valuesOf } from "./elements.js";
import { WHY } from "./store.js";
import { textObject } from "./words.js";

export function enlarge(url, alt) {
  const dialog = byId("picture");
  const close = () => dialog.close();
  fill(dialog, el("header", { class: "picture-head" }, el("p", { class: "picture-alt" }, alt),
    el("button", { class: "quiet close", type: "button", "aria-label": "Close the picture", onclick: close }, "✕")),
  el("div", { class: "picture-scroll", tabindex: "0", role: "group", "aria-label": "The picture, to be scrolled" }, el("img", { src: url, alt, onclick: close })));
  dialog.onclick = (event) => event.target === dialog && close();
  dialog.showModal();
}

export function confirmFirst(question) {
  const dialog = byId("confirm");
  return new Promise((resolve) => {
    const answer = (yes) => () => {
      dialog.onclose = null;
      dialog.close();
      resolve(yes);
    };
    fill(dialog, el("h2", {}, ...textObject(question.title)), el("div", { class: "text" }, ...textObject(question.text)),
      el("div", { class: "modal-actions" },
        el("button", { class: "button", type: "button", onclick: answer(false) }, ...textObject(question.deny)),
        el("button", { class: `button ${question.style ?? "primary"}`, type: "button", "data-testid": "confirm-yes", onclick: answer(true) }, ...textObject(question.confirm))));
    dialog.onclose = () => resolve(false);
    dialog.showModal();
  });
}

let shown = "";
let before = ""; // the view whose fields stand in the dialog

// The modal the app opened for this person; drawn again only when the app changed it.
export function showView(view, { context, submit, dismiss }) {
  const dialog = byId("modal");
  const mark = view ? `${view.id}/${view.hash}` : "";
  if (mark === shown) return;
  shown = mark;
  if (!view) {
    if (dialog.open) dialog.close();
    return;
  }
  const problem = el("p", { class: "error", role: "alert", hidden: true });
  const body = el("div", { class: "modal-body" }, ...drawBlocks(view.blocks, { ...context, key: view.id, alone: true }));
  const send = view.submit && el("button", { class: "button primary", type: "submit", "data-testid": "modal-submit" }, ...textObject(view.submit));
  const form = el("form", { class: "modal-form", onsubmit: (event) => void sent(event) },
    el("header", {}, el("h2", {}, ...textObject(view.title)), el("button", { class: "quiet", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    body, problem, el("div", { class: "modal-actions" },
      el("button", { class: "button", type: "button", onclick: () => dialog.close() }, ...(view.close ? textObject(view.close) : ["Cancel"])), send));

  async function sent(event) {
    event.preventDefault();
    if (!send || send.disabled) return;
    send.disabled = true;
    const answer = await submit(view.id, valuesOf(body));
    send.disabled = false;
    for (const field of body.querySelectorAll("[data-block]")) {
      const words = answer.errors?.[field.dataset.block] ?? "";
      const node = field.querySelector(".error");
      node.textContent = words;
      node.hidden = !words;
      const part = field.querySelector("[data-kind]");
      if (words) part?.setAttribute("aria-invalid", "true");
      else part?.removeAttribute("aria-invalid");
    }
    body.querySelector("[aria-invalid]")?.focus();
    const failed = answer.error ?? WHY[answer.outcome] ?? "";
    problem.textContent = failed;
    problem.hidden = !failed;
  }

  const focused = dialog.open && before === view.id ? carryOver(dialog, form) : null;
  before = view.id;
  fill(dialog, form);
  dialog.setAttribute("aria-label", view.title.text);
  dialog.onclose = () => {
    if (shown === mark) {
      shown = "";
      void dismiss(view.id);
    }
  };
  if (!dialog.open) dialog.showModal();
  (focused ?? body.querySelector("[autofocus], input, textarea, select") ?? send)?.focus();
}
