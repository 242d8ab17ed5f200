// A list of messages: only what changed is drawn again.
import { clockTime, dayName, el, emoji, face, fullTime, shortTime } from "./dom.js";
import { drawBlocks, pictureButton, plainWords } from "./blocks.js";
import { carryOver } from "./elements.js";
import { Scroll } from "./scroll.js";

const CLOSE_S = 300;
const WHY = {
  http_timeout: "did not take this message within 3 seconds",
  http_error: "answered this message with an error",
  connection_failed: "cannot be reached, so it has not heard this",
};

const inWords = (seconds) => (seconds < 60 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`);

export class MessageList {
  constructor(frame, { store, context, inThread, openThread }) {
    this.frame = frame;
    this.store = store;
    this.context = context;
    this.inThread = inThread;
    this.openThread = openThread;
    this.nodes = new Map();
    this.place = "";
    this.refocus = null;
    this.scroll = new Scroll(frame, { whole: inThread });
  }

  // `place` names the channel or thread: another place starts from nothing, at its end.
  show(place, messages, after = []) {
    const another = place !== this.place;
    if (another) this.nodes.clear();
    this.place = place;
    const wanted = [];
    const kept = new Map();
    let before = null;
    for (const message of messages) {
      if (!this.inThread && (!before || dayName(before.ts) !== dayName(message.ts))) wanted.push(this.day(message, kept));
      const node = this.node(message, before, kept);
      wanted.push(node);
      const replies = this.inThread && !before ? this.store.replies(message.channel, message.ts) : 0;
      if (replies) wanted.push(this.replyLine(replies, kept));
      before = message;
    }
    this.nodes = kept;
    placeAll(this.frame, [...wanted, ...after]);
    this.refocus?.focus({ preventScroll: true });
    this.refocus = null;
    // A screen reader waits for the end of what is being written instead of reading each piece.
    this.frame.setAttribute("aria-busy", String(messages.some((message) => message.streaming)));
    if (another) this.scroll.start();
    else this.stick();
  }

  stick() {
    this.scroll.hold();
  }

  keptOr(key, mark, kept, make) {
    const held = this.nodes.get(key);
    const entry = held && held.mark === mark ? held : { mark, node: make() };
    if (held && entry !== held) this.refocus = carryOver(held.node, entry.node) ?? this.refocus;
    kept.set(key, entry);
    return entry.node;
  }

  day(message, kept) {
    const name = dayName(message.ts);
    return this.keptOr(`day:${name}`, name, kept, () => el("div", { class: "day", role: "separator" }, el("span", {}, name)));
  }

  replyLine(count, kept) {
    const words = `${count} ${count === 1 ? "reply" : "replies"}`;
    return this.keptOr("replies", words, kept, () => el("div", { class: "reply-line" }, el("span", {}, words)));
  }

  node(message, before, kept) {
    const follows = Boolean(before) && before.user === message.user && before.whisper === message.whisper &&
      !before.reply_count && Number(message.ts) - Number(before.ts) < CLOSE_S && !(this.inThread && before.ts === message.thread_ts);
    const busy = !this.inThread && Boolean(this.store.status(message.channel, message.ts));
    const mark = JSON.stringify([message, follows, busy, this.store.you]);
    return this.keptOr(message.ts, mark, kept, () => this.draw(message, follows, busy));
  }

  draw(message, follows, busy) {
    const { store } = this;
    const name = store.personName(message.user);
    const root = message.thread_ts ?? message.ts;
    const permalink = `#${message.channel}/${root}`;
    const time = (words) => el("a", { class: "time", href: permalink, title: fullTime(message.ts), "aria-label": `${clockTime(message.ts)}, link to this message` }, words);
    const head = el("div", { class: "message-head" }, el("span", { class: "who" }, name),
      message.bot ? el("span", { class: "app-tag" }, "app") : null, time(clockTime(message.ts)));
    const body = el("div", { class: "message-body" }, ...this.content(message));
    if (message.streaming) body.append(el("span", { class: "writing", role: "img", "aria-label": "Still writing" }));
    if (message.edited) body.append(el("span", { class: "edited" }, "(edited)"));
    const node = el("article", {
      class: `message${message.bot ? " by-bot" : ""}${follows ? " follows" : ""}${message.whisper ? " whisper" : ""}${message.streaming ? " streaming" : ""}`,
      "data-testid": "message", "data-ts": message.ts, "data-user": message.user, "aria-label": `${name}, ${clockTime(message.ts)}`,
    },
    el("div", { class: "gutter" }, follows ? time(shortTime(message.ts)) : face(message.user, name, message.bot ? "bot" : "")),
    el("div", { class: "message-main" },
      message.whisper ? el("p", { class: "only-you" }, "Only visible to you") : null,
      follows ? null : head, body, this.trouble(message), this.reactions(message), this.inThread ? null : this.threadRow(message, busy)));
    node.querySelectorAll("img").forEach((image) => image.addEventListener("load", () => this.stick(), { once: true }));
    return node;
  }

  content(message) {
    const context = { ...this.context(message), key: message.ts, streaming: message.streaming };
    const nodes = message.blocks?.length ? drawBlocks(message.blocks, context) : message.text ? plainWords(message.text) : [];
    if (message.blocks?.length && message.files.length && message.text) nodes.unshift(...plainWords(message.text));
    for (const file of message.files) nodes.push(this.file(file, context));
    return nodes;
  }

  file(file, context) {
    const url = `/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
    if (!file.image) return el("a", { class: "file", href: url, download: file.name }, `${file.title} (${Math.ceil(file.size / 1024)} kB)`);
    return el("figure", { class: "block shared" }, el("figcaption", {}, file.title), pictureButton(url, file.alt, context));
  }

  // What Slack would not show: that the app has not taken the message, and when it is sent again.
  trouble(message) {
    if (!message.trouble) return null;
    const { why, again } = message.trouble;
    const next = again === null ? "It is not sent again." : `It is sent again in ${inWords(again)}.`;
    return el("p", { class: "trouble", role: "status", "data-testid": "trouble" }, `@${this.store.bot.name} ${WHY[why] ?? "did not take this message"}. ${next}`);
  }

  reactions(message) {
    if (!message.reactions.length) return null;
    return el("div", { class: "reactions" }, ...message.reactions.map((one) =>
      el("span", { class: "reaction", title: one.users.map((user) => this.store.personName(user)).join(", ") }, `${emoji(one.name)} ${one.count}`)));
  }

  threadRow(message, busy) {
    const replies = this.store.replies(message.channel, message.ts);
    if (replies < 1 && !busy) return el("div", { class: "hover-actions" }, el("button", { class: "quiet", type: "button", onclick: () => this.openThread(message) }, "Reply in thread"));
    const faces = (message.reply_users ?? []).slice(0, 4).map((user) => face(user, this.store.personName(user), user === this.store.bot.id ? "bot tiny" : "tiny"));
    const words = replies < 1 ? "Open thread" : `${replies} ${replies === 1 ? "reply" : "replies"}`;
    return el("button", { class: "replies", type: "button", "data-testid": "replies", onclick: () => this.openThread(message) },
      ...faces, el("span", { class: "replies-count" }, words),
      busy ? el("span", { class: "replies-busy" }, el("span", { class: "pulse", "aria-hidden": "true" }), "working")
        : message.latest_reply ? el("span", { class: "replies-last" }, `last ${clockTime(message.latest_reply)}`) : null);
  }
}

// Puts nodes in order, moving as few as possible so that focus and folds survive.
function placeAll(frame, wanted) {
  const keep = new Set(wanted);
  for (const node of [...frame.childNodes]) if (!keep.has(node)) node.remove();
  wanted.forEach((node, index) => {
    if (frame.childNodes[index] !== node) frame.insertBefore(node, frame.childNodes[index] ?? null);
  });
}
