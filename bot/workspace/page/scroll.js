// Where a list of messages stands: at what came since its reader last did something, from its beginning.
import { el } from "./dom.js";

const NEAR = 60;
const WORTH_A_HINT = 90;

export class Scroll {
  // `whole`: show the beginning of what is new, which counts most; otherwise the end of the list.
  constructor(frame, { whole }) {
    this.frame = frame;
    this.whole = whole;
    this.follows = true;
    this.placed = -1;
    this.since = "";
    this.hint = el("button", { class: "below-button", type: "button", "data-testid": "below", "aria-label": "Show what is below", hidden: true, onclick: () => this.toEnd() }, "↓");
    frame.after(el("div", { class: "below" }, this.hint));
    frame.addEventListener("scroll", () => this.moved());
    new ResizeObserver(() => this.hold()).observe(frame);
  }

  bottom() {
    return this.frame.scrollHeight - this.frame.clientHeight;
  }

  messages() {
    return [...this.frame.querySelectorAll(".message")];
  }

  // Another list stands in the frame: its newest message is what one came for.
  start() {
    this.follows = true;
    this.since = this.messages().at(-2)?.dataset.ts ?? "";
    this.hold();
  }

  // The reader has said or pressed something: what comes from now on is the answer.
  acted() {
    this.follows = true;
    this.since = this.messages().at(-1)?.dataset.ts ?? "";
  }

  target() {
    const bottom = this.bottom();
    const first = this.whole && this.messages().find((message) => message.dataset.ts > this.since);
    if (!first) return bottom;
    const top = first.getBoundingClientRect().top - this.frame.getBoundingClientRect().top + this.frame.scrollTop;
    return Math.max(0, Math.min(bottom, top - 8));
  }

  // Called whenever something in the frame has another height.
  hold() {
    if (this.follows) {
      this.frame.scrollTop = this.target();
      this.placed = this.frame.scrollTop;
    }
    this.hint.hidden = this.bottom() - this.frame.scrollTop < WORTH_A_HINT;
  }

  // Only a reader's own scrolling ends or begins the following, not what `hold` did.
  moved() {
    const { scrollTop } = this.frame;
    if (Math.abs(scrollTop - this.placed) >= 2) {
      this.follows = Math.abs(scrollTop - this.target()) < NEAR || this.bottom() - scrollTop < NEAR;
      this.placed = -1;
    }
    this.hint.hidden = this.bottom() - scrollTop < WORTH_A_HINT;
  }

  toEnd() {
    this.follows = false;
    this.placed = -1;
    this.frame.scrollTo({ top: this.bottom(), behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }
}
