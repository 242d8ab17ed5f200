// Slack's mrkdwn and rich_text as nodes.
import { el, emoji, link, safeUrl, spoken, unescaped, withEmoji } from "./dom.js";

let names = { person: (id) => id, channel: (id) => id, me: "" };

export function knowNames(known) {
  names = known;
}

export function mention(id) {
  const mine = id === names.me ? " mine" : "";
  return el("span", { class: `mention${mine}` }, `@${names.person(id)}`);
}

export const broadcast = (range) => el("span", { class: "mention loud" }, `@${range}`);

// What stands between < and >: a person, a channel, a broadcast, a date or a link.
export function entity(inside) {
  const [target, label] = splitOnce(inside, "|");
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return el("span", { class: "mention" }, `#${label || names.channel(target.slice(1))}`);
  if (/^!(here|channel|everyone)$/.test(target)) return broadcast(target.slice(1));
  if (target.startsWith("!date^")) return document.createTextNode(label || target.split("^")[2] || "");
  if (!safeUrl(unescaped(target))) return document.createTextNode(unescaped(`<${inside}>`));
  return link(unescaped(target), unescaped(label || target.replace(/^mailto:/, "")));
}

function splitOnce(words, mark) {
  const at = words.indexOf(mark);
  return at < 0 ? [words, ""] : [words.slice(0, at), words.slice(at + 1)];
}

const INLINE = /<([@#!]?[^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/g;

export function inlineMrkdwn(words) {
  const nodes = [];
  let end = 0;
  for (const match of words.matchAll(INLINE)) {
    nodes.push(...plain(words.slice(end, match.index)));
    end = match.index + match[0].length;
    const [, angled, code, bold, italic, struck] = match;
    if (angled !== undefined) nodes.push(entity(angled));
    else if (code !== undefined) nodes.push(el("code", {}, unescaped(code)));
    else if (bold !== undefined) nodes.push(el("strong", {}, ...inlineMrkdwn(bold)));
    else if (italic !== undefined) nodes.push(el("em", {}, ...inlineMrkdwn(italic)));
    else nodes.push(el("s", {}, ...inlineMrkdwn(struck)));
  }
  nodes.push(...plain(words.slice(end)));
  return nodes;
}

const plain = (words) => spoken(withEmoji(unescaped(words)));

// Whole mrkdwn: code blocks, quotes, bullet lines; line breaks are kept.
export function mrkdwn(words) {
  const parts = words.split(/```(?:\n)?([\s\S]*?)```/g);
  const nodes = [];
  parts.forEach((part, index) => {
    if (index % 2) nodes.push(el("pre", {}, el("code", {}, unescaped(part.replace(/\n$/, "")))));
    else nodes.push(...lines(part));
  });
  return nodes;
}

function lines(words) {
  const nodes = [];
  let quote = [];
  const rows = words.split("\n");
  const flush = () => {
    if (quote.length) nodes.push(el("blockquote", {}, joined(quote)));
    quote = [];
  };
  rows.forEach((row, index) => {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(row);
    const bullet = /^\s*[•◦▪-] (.*)$/.exec(row);
    if (quoted) return void quote.push(quoted[1]);
    flush();
    if (bullet) return void nodes.push(el("div", { class: "bullet" }, ...inlineMrkdwn(bullet[1])));
    const last = index === rows.length - 1;
    if (row !== "" || (!last && index > 0)) {
      nodes.push(row === "" ? el("div", { class: "gap" }) : el("div", { class: "row" }, ...inlineMrkdwn(row)));
    }
  });
  flush();
  return nodes;
}

const joined = (rows) => rows.map((row) => el("div", { class: "row" }, ...inlineMrkdwn(row)));

export function textObject(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return spoken(object.emoji === false ? object.text : withEmoji(object.text));
}

export function richText(block) {
  return block.elements.map((part) => {
    if (part.type === "rich_text_list") return richList(part);
    if (part.type === "rich_text_preformatted") return el("pre", {}, el("code", {}, ...richInline(part.elements)));
    if (part.type === "rich_text_quote") return el("blockquote", {}, ...richInline(part.elements));
    return el("div", { class: "rich" }, ...richInline(part.elements));
  });
}

function richList(part) {
  const tag = part.style === "ordered" ? "ol" : "ul";
  const items = part.elements.map((item) => el("li", {}, ...richInline(item.elements)));
  const node = el(tag, { start: part.offset ? part.offset + 1 : null }, ...items);
  node.style.setProperty("--indent", String(part.indent ?? 0));
  return node;
}

function richInline(elements) {
  return elements.flatMap((element) => styled([richLeaf(element)].flat(), element.style ?? {}));
}

function richLeaf(element) {
  if (element.type === "text") return spoken(element.text);
  if (element.type === "link") return link(element.url, element.text || element.url);
  if (element.type === "user") return mention(element.user_id);
  if (element.type === "channel") return el("span", { class: "mention" }, `#${names.channel(element.channel_id)}`);
  if (element.type === "broadcast") return broadcast(element.range);
  if (element.type === "emoji") return spoken(emoji(element.name));
  if (element.type === "date") return document.createTextNode(element.fallback || new Date(element.timestamp * 1000).toLocaleString());
  return document.createTextNode(element.value ?? "");
}

function styled(nodes, style) {
  const wraps = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];
  return wraps.reduce((inner, [name, tag]) => (style[name] ? [el(tag, {}, ...inner)] : inner), nodes);
}
