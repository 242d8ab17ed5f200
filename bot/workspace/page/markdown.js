// Standard markdown, as Slack's markdown blocks and streams take it, as nodes.
import { el, link, spoken, unescaped, withEmoji } from "./dom.js";
import { entity } from "./words.js";

const INLINE = /\\([\\`*_{}[\]()#+\-.!~|<>])|(`+)([\s\S]*?[^`])\2(?!`)|\[((?:\\.|[^\]\\])*)\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|<([@#!][^<>\n]+|https?:[^<>\s]+)>|\*\*(?=\S)([\s\S]*?\S)\*\*|(?<![\w])__(?=\S)([\s\S]*?\S)__(?![\w])|\*(?=[^\s*])([^*\n]*[^\s*])\*|(?<![\w])_(?=[^\s_])([^_\n]*[^\s_])_(?![\w])|~~(?=\S)([\s\S]*?\S)~~|(?<![\w/@])(https?:\/\/[^\s<>()]+[^\s<>().,;:!?'"])/g;

export function inlineMarkdown(words) {
  const nodes = [];
  let end = 0;
  for (const match of words.matchAll(INLINE)) {
    if (match.index > end) nodes.push(...plain(words.slice(end, match.index)));
    end = match.index + match[0].length;
    nodes.push(inlineNode(match));
  }
  if (end < words.length) nodes.push(...plain(words.slice(end)));
  return nodes;
}

function inlineNode(match) {
  const [, escaped, , code, label, target, angled, bold, boldToo, italic, italicToo, struck, bare] = match;
  if (escaped !== undefined) return document.createTextNode(escaped);
  if (code !== undefined) return el("code", {}, unescaped(code.trim()));
  if (label !== undefined) return link(unescaped(target), ...inlineMarkdown(label));
  if (angled !== undefined) return entity(angled);
  if (bold ?? boldToo) return el("strong", {}, ...inlineMarkdown(bold ?? boldToo));
  if (italic ?? italicToo) return el("em", {}, ...inlineMarkdown(italic ?? italicToo));
  if (struck !== undefined) return el("s", {}, ...inlineMarkdown(struck));
  return link(bare, bare);
}

const plain = (words) => spoken(withEmoji(unescaped(words)));

const FENCE = /^\s*(```+|~~~+)\s*([\w+-]*)\s*$/;
const HEADING = /^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^\s{0,3}(?:>|&gt;) ?(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$/;

export function markdown(words) {
  return blocks(words.replace(/\r\n?/g, "\n").split("\n"));
}

// While it is being written, a mark that was opened is shown as if it were closed already.
export function closed(words) {
  const odd = (text, mark) => text.split(mark).length % 2 === 0;
  if (odd(words, "```")) return `${words}\n\`\`\``;
  const start = words.lastIndexOf("\n\n") + 1;
  const last = words.slice(start).trimEnd();
  const code = odd(last.replaceAll("```", ""), "`") ? "`" : "";
  const bold = odd(last.replace(/`[^`]*`?/g, ""), "**") ? (last.endsWith("*") && !last.endsWith("**") ? "*" : "**") : "";
  return last.endsWith("**") && bold ? words.trimEnd().slice(0, -2) : words.trimEnd() + code + bold;
}

function blocks(rows) {
  const nodes = [];
  let at = 0;
  while (at < rows.length) {
    const [node, next] = blockAt(rows, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function blockAt(rows, at) {
  const row = rows[at];
  if (row.trim() === "") return [null, at + 1];
  const fence = FENCE.exec(row);
  if (fence) return fenced(rows, at, fence[1]);
  const heading = HEADING.exec(row);
  if (heading) return [el(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inlineMarkdown(heading[2])), at + 1];
  if (RULE.test(row)) return [el("hr"), at + 1];
  if (QUOTE.test(row)) return quoted(rows, at);
  if (isTable(rows, at)) return table(rows, at);
  if (ITEM.test(row)) return list(rows, at);
  return paragraph(rows, at);
}

function fenced(rows, at, mark) {
  let end = at + 1;
  while (end < rows.length && !rows[end].trim().startsWith(mark)) end += 1;
  const code = rows.slice(at + 1, end).join("\n");
  return [el("pre", {}, el("code", {}, unescaped(code))), end + 1];
}

function quoted(rows, at) {
  let end = at;
  const inner = [];
  for (; end < rows.length; end += 1) {
    const match = QUOTE.exec(rows[end]);
    if (!match) break;
    inner.push(match[1]);
  }
  return [el("blockquote", {}, ...blocks(inner)), end];
}

function paragraph(rows, at) {
  let end = at;
  while (end < rows.length && rows[end].trim() !== "" && (end === at || !startsBlock(rows, end))) end += 1;
  const nodes = [];
  rows.slice(at, end).forEach((row, index) => {
    if (index) nodes.push(el("br"));
    nodes.push(...inlineMarkdown(row.trim()));
  });
  return [el("p", {}, ...nodes), end];
}

function startsBlock(rows, at) {
  const row = rows[at];
  return FENCE.test(row) || HEADING.test(row) || RULE.test(row) || QUOTE.test(row) || ITEM.test(row) || isTable(rows, at);
}

function list(rows, at) {
  const first = ITEM.exec(rows[at]);
  const indent = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let end = at;
  while (end < rows.length) {
    const item = ITEM.exec(rows[end]);
    if (!item || item[1].length < indent || /\d/.test(item[2]) !== ordered) break;
    if (item[1].length > indent + 1) break;
    const [inner, next] = itemRows(rows, end + 1, indent);
    items.push(el("li", {}, ...itemNodes(item[3], inner)));
    end = next;
    if (rows[end]?.trim() === "" && ITEM.test(rows[end + 1] ?? "")) end += 1;
  }
  const start = ordered ? Number.parseInt(first[2], 10) : 1;
  return [el(ordered ? "ol" : "ul", { start: start !== 1 ? start : null }, ...items), end];
}

// The rows that belong to an item: those that are indented more than its mark.
function itemRows(rows, at, indent) {
  const inner = [];
  let end = at;
  for (; end < rows.length; end += 1) {
    const row = rows[end];
    if (row.trim() === "") {
      if (!/^\s/.test(rows[end + 1] ?? "") || ITEM.exec(rows[end + 1])?.[1].length <= indent) break;
      inner.push("");
    } else if (row.length - row.trimStart().length > indent) inner.push(row);
    else if (ITEM.test(row) || startsBlock(rows, end)) break;
    else inner.push(row);
  }
  return [inner, end];
}

function itemNodes(words, inner) {
  const depth = Math.min(...inner.filter((row) => row.trim()).map((row) => row.length - row.trimStart().length), 99);
  const rest = inner.map((row) => row.slice(Math.min(depth, row.length - row.trimStart().length)));
  const lazy = [];
  while (rest.length && rest[0].trim() && !ITEM.test(rest[0]) && !startsBlock(rest, 0)) lazy.push(rest.shift());
  const nodes = inlineMarkdown(words);
  for (const row of lazy) nodes.push(el("br"), ...inlineMarkdown(row.trim()));
  return [...nodes, ...blocks(rest)];
}

const isTable = (rows, at) =>
  rows[at].includes("|") && at + 1 < rows.length && rows[at + 1].includes("-") && DIVIDER.test(rows[at + 1]) &&
  cells(rows[at]).length === cells(rows[at + 1]).length;

function cells(row) {
  const inner = row.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(rows, at) {
  const sides = cells(rows[at + 1]).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left");
  const line = (row, tag) =>
    el("tr", {}, ...sides.map((side, index) =>
      el(tag, { class: `to-${side}`, scope: tag === "th" ? "col" : null }, ...inlineMarkdown(cells(row)[index] ?? ""))));
  let end = at + 2;
  const body = [];
  while (end < rows.length && rows[end].includes("|") && rows[end].trim() !== "") body.push(line(rows[end++], "td"));
  const node = el("table", {}, el("thead", {}, line(rows[at], "th")), el("tbody", {}, ...body));
  return [el("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": "Table" }, node), end];
}
