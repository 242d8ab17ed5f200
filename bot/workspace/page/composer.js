// The box people write in: Enter sends, Shift+Enter breaks the line, @ offers names.
import { el, face, fill } from "./dom.js";

let count = 0;

export class Composer {
  constructor({ slot, testId, names, send, id }) {
    this.names = names;
    this.send = send;
    this.listId = `names-${(count += 1)}`;
    this.box = el("textarea", {
      id, rows: "1", "data-testid": testId, "aria-autocomplete": "list", "aria-haspopup": "listbox",
      "aria-controls": this.listId, "aria-label": "Message", autocomplete: "off", maxlength: "12000",
    });
    this.list = el("ul", { id: this.listId, class: "names", role: "listbox", "aria-label": "People to mention", hidden: true });
    this.button = el("button", { class: "send", type: "button", "data-testid": testId === "composer" ? "send" : `${testId}-send`, "aria-label": "Send" },
      el("span", { "aria-hidden": "true" }, "➤"));
    this.problem = el("p", { class: "composer-problem", role: "alert", hidden: true });
    fill(slot, this.list, el("div", { class: "composer" }, this.box, this.button), this.problem);
    this.drafts = new Map();
    this.place = "";
    this.eager = false;
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("blur", () => this.close());
    this.button.addEventListener("click", () => void this.submit());
  }

  // Another place keeps its own draft; what was written before there was any belongs to the first.
  at(place, label, name = label) {
    if (place !== this.place) {
      const first = this.place === "" ? this.box.value : "";
      this.drafts.set(this.place, this.box.value);
      this.box.value = this.drafts.get(place) ?? first;
      this.place = place;
      this.typed();
      this.problem.hidden = true;
    }
    this.box.placeholder = label;
    this.box.setAttribute("aria-label", name);
    if (this.eager) {
      this.eager = false;
      void this.submit();
    }
  }

  focus() {
    this.box.focus({ preventScroll: true });
  }

  typed() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight, 180)}px`;
    this.button.disabled = this.box.value.trim() === "";
    this.offer();
  }

  word() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    return /(?:^|[\s(])@([\w.-]*)$/.exec(before);
  }

  offer() {
    const word = document.activeElement === this.box ? this.word() : null;
    const found = word ? this.names().filter((one) => one.name.toLowerCase().startsWith(word[1].toLowerCase())).slice(0, 6) : [];
    const exact = found.length === 1 && found[0].name.toLowerCase() === word?.[1].toLowerCase();
    if (!found.length || exact) return this.close();
    this.found = found;
    this.chosen = 0;
    fill(this.list, ...found.map((one, index) => {
      const node = el("li", { id: `${this.listId}-${index}`, role: "option", "data-testid": `name-${one.name}` }, face(one.id, one.title || one.name, one.bot ? "bot tiny" : "tiny"), el("strong", {}, `@${one.name}`), el("span", {}, one.title));
      node.addEventListener("mousedown", (event) => {
        event.preventDefault();
        this.complete(index);
      });
      return node;
    }));
    this.list.hidden = false;
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((node, index) => node.setAttribute("aria-selected", String(index === this.chosen)));
    this.box.setAttribute("aria-activedescendant", `${this.listId}-${this.chosen}`);
  }

  close() {
    this.list.hidden = true;
    this.box.removeAttribute("aria-activedescendant");
  }

  complete(index) {
    const at = this.box.selectionStart;
    const start = at - this.word()[1].length;
    const name = `${this.found[index].name} `;
    this.box.value = this.box.value.slice(0, start) + name + this.box.value.slice(at);
    this.box.selectionStart = this.box.selectionEnd = start + name.length;
    this.close();
    this.typed();
  }

  key(event) {
    if (event.isComposing) return;
    if (!this.list.hidden && this.listKey(event)) return void event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void this.submit();
    }
  }

  listKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.chosen = (this.chosen + step + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Enter" || event.key === "Tab") this.complete(this.chosen);
    else if (event.key === "Escape") {
      this.close();
      event.stopPropagation();
    } else return false;
    return true;
  }

  async submit() {
    const words = this.box.value.trim();
    if (words && !this.place) return void (this.eager = true); // sent as soon as it is known where to
    if (!words || this.button.getAttribute("aria-busy") === "true") return;
    this.button.setAttribute("aria-busy", "true");
    const problem = await this.send(words);
    this.button.removeAttribute("aria-busy");
    this.problem.hidden = !problem;
    this.problem.textContent = problem ?? "";
    if (problem) return;
    this.box.value = "";
    this.typed();
  }
}
