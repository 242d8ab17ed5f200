// The page: who one is, where one is, and what one does there.
import { byId, el, face, fill } from "./dom.js";
import { Composer } from "./composer.js";
import { confirmFirst, enlarge, showView } from "./dialogs.js";
import { MessageList } from "./messages.js";
import { Store, WHY, act } from "./store.js";
import { drawBlocks } from "./blocks.js";
import { knowNames } from "./words.js";

const here = { channel: "", thread: "", tab: "messages" };
const kept = { pressed: new Set(), chosen: new Map(), unfolded: new Map(), opened: new Set() };
const store = new Store((what) => changed(what));

const contextOf = (message) => ({
  ...kept, enlarge, confirm: confirmFirst, me: store.you, people: store.people,
  press: (pressed) => press({ channel: message.channel, source: message.ts, ...pressed }),
});
const viewContext = (view) => ({
  ...kept, enlarge, confirm: confirmFirst, me: store.you, people: store.people, key: view.id, alone: true,
  press: (pressed) => press({ source: view.id, ...pressed }),
});

async function press(pressed) {
  thread.scroll.acted();
  const answer = await act("click", { person: store.you, ...pressed });
  return answer.error ?? WHY[answer.outcome] ?? "";
}

const timeline = new MessageList(byId("timeline"), { store, context: contextOf, inThread: false, openThread: (message) => go(message.channel, message.ts) });
const thread = new MessageList(byId("thread-messages"), { store, context: contextOf, inThread: true });
const composer = new Composer({ slot: byId("composer-slot"), testId: "composer", id: "composer", names: mentionable, send: (words) => say(words, "") });
const threadComposer = new Composer({ slot: byId("thread-composer-slot"), testId: "thread-composer", id: "thread-composer", names: mentionable, send: (words) => say(words, here.thread) });

function mentionable() {
  if (!store.bot.id) return [];
  const channel = store.channels.get(here.channel);
  const bot = { id: store.bot.id, name: store.bot.name, title: store.bot.title, bot: true };
  const people = store.people.filter((person) => person.id !== store.you && (channel?.members ?? []).includes(person.id));
  return [bot, ...people];
}

async function say(words, root) {
  const { channel } = here;
  (root ? thread : timeline).scroll.acted();
  const answer = await act("say", { person: store.you, channel, text: words, thread: root });
  if (answer.error) return answer.error;
  const asked = new RegExp(`(^|[^\\w@])@${store.bot.name}\\b`, "i").test(words);
  if (!root && (asked || store.channels.get(channel)?.direct)) go(channel, answer.ts, "compose");
  return "";
}

// --- where one is: `#channel` or `#channel/thread` ---

function go(channel, root = "", focus = "") {
  const hash = root ? `#${channel}/${root}` : `#${channel}`;
  if (location.hash === hash) arrive(focus);
  else {
    arriveFocus = focus;
    location.hash = hash;
  }
}

let arriveFocus = "";
addEventListener("hashchange", () => {
  arrive(arriveFocus);
  arriveFocus = "";
});

// Without an address one is shown the newest thread: on a narrow screen its channel comes first.
function openNewest() {
  const channel = [...store.channels.keys()][0] ?? "";
  const newest = store.timeline(channel).filter((message) => message.reply_count).at(-1);
  if (newest && matchMedia("(min-width: 800px)").matches) go(channel, newest.ts);
  else arrive();
}

function arrive(focus = "") {
  const [channel, root] = decodeURIComponent(location.hash.slice(1)).split("/");
  const known = store.channels.has(channel) ? channel : [...store.channels.keys()][0] ?? "";
  if (known !== here.channel) here.tab = "messages";
  here.channel = known;
  here.thread = known === channel ? root ?? "" : ""; // its first message may still be on its way
  byId("app").classList.remove("rail-is-open");
  byId("rail-open").setAttribute("aria-expanded", "false");
  openApp();
  draw();
  if (!matchMedia("(min-width: 800px)").matches) return; // a phone's keyboard would hide the answer
  if (focus === "compose") threadComposer.focus();
  else if (!here.thread) composer.focus();
}

function openApp() {
  const key = `${store.you}/${here.channel}/${here.tab}`;
  if (!store.channels.get(here.channel)?.direct || kept.opened.has(key)) return;
  kept.opened.add(key);
  void act("open", { person: store.you, tab: here.tab });
}

// --- drawing ---

function changed({ whole, first, news }) {
  if (whole) {
    knowNames({ person: (id) => (id === store.bot.id ? store.bot.name : store.personName(id)), channel: (id) => store.channels.get(id)?.name ?? id, me: store.you });
    drawPeople();
    // Whoever began to write a name before anybody was known is offered it now.
    composer.offer();
    threadComposer.offer();
    if (first) return void (location.hash ? arrive() : openNewest());
  }
  const gone = news?.some((piece) => piece.kind === "gone" && piece.ts === here.thread);
  if (gone) return void go(here.channel);
  draw();
}

function draw() {
  if (!store.ready) return;
  const channel = store.channels.get(here.channel);
  if (!channel) return;
  if (document.visibilityState === "visible") store.markRead(here.channel);
  drawRail();
  drawBar(channel);
  drawTimeline(channel);
  drawThread(channel);
  showView(store.view, {
    context: store.view ? viewContext(store.view) : {},
    submit: (view, values) => act("submit", { person: store.you, view, values }),
    dismiss: (view) => act("dismiss", { person: store.you, view }),
  });
}

function drawPeople() {
  const select = byId("person");
  const label = (person) => (person.title ? `${person.name} · ${person.title}` : person.name);
  fill(select, ...store.people.map((person) => el("option", { value: person.id, selected: person.id === store.you }, label(person))));
  select.value = store.you;
  const mine = face(store.you, store.personName(store.you));
  mine.id = "person-face";
  byId("person-face").replaceWith(mine);
  for (const id of ["team", "title"]) byId(id).textContent = store.team.name;
}

let railMark = "";
function drawRail() {
  const entries = [...store.channels.values()].map((channel) => [channel.id, channel.name, channel.direct, store.unread(channel.id), channel.id === here.channel]);
  const mark = JSON.stringify(entries);
  if (mark === railMark) return;
  railMark = mark;
  const item = ([id, name, direct, unread, current]) => el("li", {}, el("a", {
    class: `channel${unread ? " unread" : ""}`, href: `#${id}`, "aria-current": current ? "page" : null,
    "data-testid": direct ? "channel-bot" : `channel-${name}`, "aria-label": `${direct ? name : `Channel ${name}`}${unread ? ", unread" : ""}`,
  }, direct ? face(store.bot.id, name, "bot tiny") : el("span", { class: "hash", "aria-hidden": "true" }, "#"), el("span", { class: "channel-name" }, name),
  unread ? el("span", { class: "dot", "aria-hidden": "true" }) : null));
  fill(byId("channels"), ...entries.filter((entry) => !entry[2]).map(item));
  fill(byId("direct"), ...entries.filter((entry) => entry[2]).map(item));
}

function drawBar(channel) {
  byId("channel-name").textContent = channel.direct ? channel.name : `#${channel.name}`;
  const people = channel.members.length;
  const bot = channel.bot ? "" : ` · @${store.bot.name} is not in this channel`;
  byId("channel-topic").textContent = channel.direct ? "Direct messages" : `${channel.topic ? `${channel.topic} · ` : ""}${people} members${bot}`;
  byId("tabs").hidden = !channel.direct || !store.bot.home;
  for (const tab of ["messages", "home"]) {
    byId(`tab-${tab}`).setAttribute("aria-selected", String(here.tab === tab));
    byId(`tab-${tab}`).tabIndex = here.tab === tab ? 0 : -1;
  }
  document.title = `${channel.direct ? channel.name : `#${channel.name}`} - ${store.team.name}`;
}

function drawTimeline(channel) {
  const home = channel.direct && here.tab === "home";
  byId("timeline").hidden = home;
  byId("composer-slot").hidden = home;
  byId("home").hidden = !home;
  if (home) {
    const view = store.home;
    fill(byId("home"), ...(view ? drawBlocks(view.blocks, viewContext(view)) : [el("p", { class: "nothing" }, "The app has not published a home tab for you.")]));
    return;
  }
  const messages = store.timeline(channel.id);
  timeline.show(`${store.you}/${channel.id}`, messages, messages.length ? [] : [welcome(channel)]);
  composer.at(`${store.you}/${channel.id}`, channel.direct ? `Message ${channel.name}` : `Message, or ask @${store.bot.name}`, `Message #${channel.name}`);
}

let welcomed = { mark: "", node: null };
function welcome(channel) {
  const offered = store.prompts.get(`${channel.id}/`);
  const chips = channel.direct ? offered?.prompts ?? [] : channel.starters.map((words) => ({ title: words, message: `@${store.bot.name} ${words}` }));
  const mark = JSON.stringify([channel, offered]);
  if (mark === welcomed.mark) return welcomed.node;
  const lead = channel.direct ? `This is where you and ${store.bot.title} talk alone.` : channel.bot
    ? `Ask @${store.bot.name} anything about ${channel.topic || "this channel's accounts"}. It answers in a thread.`
    : `@${store.bot.name} is not in this channel, so it hears nothing here.`;
  const node = el("div", { class: "welcome" }, el("div", { class: "welcome-mark", "aria-hidden": "true" }, channel.direct ? face(store.bot.id, channel.name, "bot") : "#"),
    el("h3", {}, channel.direct ? channel.name : `#${channel.name}`), el("p", {}, lead),
    chips.length ? el("p", { class: "chips-title" }, offered?.title || "Try one of these") : null,
    el("div", { class: "chips" }, ...chips.map((chip) => el("button", { class: "chip", type: "button", "data-testid": "prompt", onclick: () => void say(chip.message, "") }, chip.title))));
  welcomed = { mark, node };
  return node;
}

function drawThread(channel) {
  const pane = byId("thread");
  const open = Boolean(store.messages.get(channel.id)?.has(here.thread)) && here.tab === "messages";
  pane.hidden = !open;
  byId("app").classList.toggle("thread-is-open", open);
  if (!open) {
    byId("status").hidden = true;
    return void fill(byId("status"));
  }
  byId("thread-place").textContent = channel.direct ? channel.name : `#${channel.name}`;
  const offered = store.prompts.get(`${channel.id}/${here.thread}`);
  const chips = offered ? [el("div", { class: "chips" }, ...offered.prompts.map((chip) => el("button", { class: "chip", type: "button", "data-testid": "prompt", onclick: () => void say(chip.message, here.thread) }, chip.title)))] : [];
  thread.show(`${store.you}/${channel.id}/${here.thread}`, store.thread(channel.id, here.thread), chips);
  threadComposer.at(`${store.you}/${channel.id}/${here.thread}`, "Reply in the thread");
  drawStatus(channel);
}

let turn = 0;
function drawStatus(channel) {
  const status = store.status(channel.id, here.thread);
  const node = byId("status");
  node.hidden = !status;
  if (!status) return void fill(node);
  const lines = status.loading.length ? status.loading : [status.text];
  fill(node, el("span", { class: "pulse", "aria-hidden": "true" }), el("span", {}, `${store.bot.title}: ${lines[turn % lines.length]}`));
  thread.stick();
}
setInterval(() => {
  turn += 1;
  const channel = store.channels.get(here.channel);
  if (channel && here.thread && (store.status(channel.id, here.thread)?.loading.length ?? 0) > 1) drawStatus(channel);
}, 2500);

// --- what one does ---

function become(person) {
  const address = new URL(location.href);
  if (person) {
    address.searchParams.set("as", person);
    history.replaceState(null, "", address);
  }
  store.follow(person, showConnection);
}

let lost = 0;
function showConnection(connected) {
  const node = byId("connection");
  node.hidden = connected;
  if (connected) return void (lost = clearTimeout(lost) ?? 0);
  if (lost) return;
  node.textContent = "Reconnecting";
  lost = setTimeout(() => (node.textContent = "Not reachable. Is the demo still running?"), 6000);
}

const closeThread = () => go(here.channel);
byId("person").addEventListener("change", (event) => become(event.target.value));
byId("thread-close").addEventListener("click", closeThread);
byId("thread-back").addEventListener("click", closeThread);
byId("rail-open").addEventListener("click", () => showRail(true));
byId("rail-close").addEventListener("click", () => showRail(false));
for (const [tab, other] of [["messages", "home"], ["home", "messages"]]) {
  byId(`tab-${tab}`).addEventListener("click", () => showTab(tab));
  byId(`tab-${tab}`).addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    showTab(other);
    byId(`tab-${other}`).focus();
  });
}

function showTab(tab) {
  here.tab = tab;
  openApp();
  draw();
}

// On a narrow screen: the list of channels over the conversation, and focus where the eye is.
function showRail(open) {
  byId("app").classList.toggle("rail-is-open", open);
  byId("rail-open").setAttribute("aria-expanded", String(open));
  byId(open ? "rail-close" : "rail-open").focus();
}
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (byId("app").classList.contains("rail-is-open")) showRail(false);
  else if (here.thread) closeThread();
});
addEventListener("visibilitychange", draw);
become(new URLSearchParams(location.search).get("as") ?? "");
