// Block Kit as nodes. `context` says whose message it is and what happens when something is pressed.
import { el, link, safeUrl } from "./dom.js";
import { closed, markdown } from "./markdown.js";
import { element, feedback } from "./elements.js";
import { mrkdwn, richText, textObject } from "./words.js";

export function drawBlocks(blocks, context) {
  const nodes = [];
  for (let at = 0; at < blocks.length; at += 1) {
    const block = blocks[at];
    if (block.type === "task_card") {
      let end = at;
      while (end + 1 < blocks.length && blocks[end + 1].type === "task_card") end += 1;
      nodes.push(steps(blocks.slice(at, end + 1), "", context));
      at = end;
    } else nodes.push(drawBlock(block, context));
  }
  return nodes;
}

function drawBlock(block, context) {
  const draw = DRAW[block.type];
  const node = draw ? draw(block, context) : el("p", { class: "unknown" }, `[${block.type}]`);
  node.classList.add("block", `block-${block.type}`);
  return node;
}

function section(block, context) {
  const words = el("div", { class: "section-words" });
  if (block.text) words.append(el("div", { class: "text" }, ...textObject(block.text)));
  if (block.fields?.length) {
    words.append(el("div", { class: "fields" }, ...block.fields.map((field) => el("div", { class: "field" }, ...textObject(field)))));
  }
  const accessory = block.accessory && el("div", { class: "accessory" }, piece(block.accessory, block, context));
  return el("div", { class: "section" }, words, accessory);
}

const piece = (part, block, context) =>
  part.type === "image" ? picture(part, context, "thumb") : element(part, block, context);

const header = (block) => el("h3", { class: "header" }, ...textObject(block.text));

const divider = () => el("hr");

function imageBlock(block, context) {
  const title = block.title && el("figcaption", {}, ...textObject(block.title));
  return el("figure", {}, title, picture(block, context, ""));
}

// Pictures on other computers are named, not fetched: nothing leaves this computer.
export function picture(image, context, kind) {
  const file = image.slack_file?.id ?? image.slack_file?.url?.split("/").pop();
  if (!file) {
    const target = safeUrl(image.image_url ?? "");
    return el("span", { class: "elsewhere" }, target ? link(target, `Picture elsewhere: ${image.alt_text}`) : image.alt_text);
  }
  return pictureButton(`/files/${encodeURIComponent(file)}`, image.alt_text, context, kind);
}

export function pictureButton(url, alt, context, kind = "") {
  return el(
    "button",
    { class: `picture ${kind}`, type: "button", "data-testid": "picture", "aria-label": `Enlarge: ${alt}`, onclick: () => context.enlarge(url, alt) },
    el("img", { src: url, alt, loading: "lazy" }),
  );
}

const actions = (block, context) =>
  el("div", { class: "actions" }, ...block.elements.map((part) => element(part, block, context)));

const small = (block, context) =>
  el("div", { class: "small" }, ...block.elements.map((part) =>
    part.type === "image" ? picture(part, context, "icon") : el("span", {}, ...textObject(part))));

const contextActions = (block, context) =>
  el("div", { class: "context-actions" }, ...block.elements.map((part) =>
    part.type === "feedback_buttons" ? feedback(part, block, context) : element(part, block, context)));

function cell(content) {
  if (content.type === "rich_text") return richText(content);
  return [document.createTextNode(content.text ?? String(content.value ?? ""))];
}

function table(block) {
  const settings = block.column_settings ?? [];
  const side = (index) => `to-${settings[index]?.align ?? "left"}`;
  const line = (row, tag) =>
    el("tr", {}, ...row.map((content, index) => el(tag, { class: side(index), scope: tag === "th" ? "col" : null }, ...cell(content))));
  const [head, ...body] = block.rows;
  const node = el("table", {}, block.caption && el("caption", {}, block.caption),
    el("thead", {}, line(head, "th")), el("tbody", {}, ...body.map((row) => line(row, "td"))));
  return el("div", { class: "table-frame", tabindex: "0", role: "group", "aria-label": block.caption ?? "Table" }, node);
}

function dataTable(block) {
  const node = table(block);
  const rows = [...node.querySelectorAll("tbody tr")];
  const size = block.page_size ?? 5;
  rows.forEach((row, index) => (row.hidden = index >= size));
  if (rows.length <= size) return node;
  const more = el("button", { class: "button", type: "button", onclick: () => {
    rows.forEach((row) => (row.hidden = false));
    more.remove();
  } }, `Show all ${rows.length} rows`);
  return el("div", {}, node, more);
}

const MARKS = { pending: "○", in_progress: "", complete: "✓", error: "!" };
const SAID = { pending: "waiting", in_progress: "running", complete: "done", error: "failed" };

// The steps of the work: open while it runs, folded to one quiet line when it is done; a reader's choice stays.
function steps(tasks, title, context) {
  const count = tasks.length;
  const done = tasks.filter((task) => task.status === "complete").length;
  const failed = tasks.find((task) => task.status === "error");
  const state = failed ? "error" : done === count ? "complete" : "in_progress";
  const named = title && title !== "Steps" ? title : "";
  const words = failed ? failed.title : named || (done === count ? (count === 1 ? tasks[0].title : `${count} steps`) : "Working");
  const tally = state === "error" ? "failed" : state === "complete" ? "" : `${done} of ${count}`;
  const key = `${context.key}:${tasks[0]?.task_id ?? title}`;
  const open = context.unfolded.get(key) ?? (context.streaming || Boolean(failed) || context.alone);
  const summary = el("summary", {}, el("span", { class: `steps-mark ${state}`, "aria-hidden": "true" }, MARKS[state]),
    el("span", { class: "steps-title" }, words), el("span", { class: "unseen" }, ` (${SAID[state]})`), el("span", { class: "steps-count" }, tally));
  summary.addEventListener("click", () => context.unfolded.set(key, !node.open));
  const node = el("details", { class: "steps", open: Boolean(open), "data-testid": "steps" }, summary,
    el("ol", {}, ...tasks.map((task) => step(task))));
  return node;
}

function step(task) {
  const sources = (task.sources ?? []).map((source) => link(source.url, source.text));
  return el("li", { class: `step ${task.status}`, "data-status": task.status },
    el("span", { class: `step-mark ${task.status}`, "aria-hidden": "true" }, MARKS[task.status]),
    el("div", { class: "step-words" },
      el("span", { class: "step-title" }, task.title), el("span", { class: "unseen" }, ` (${SAID[task.status]})`),
      task.details && el("div", { class: "step-more" }, ...richText(task.details)),
      task.output && el("div", { class: "step-more" }, ...richText(task.output)),
      sources.length ? el("div", { class: "step-more" }, ...sources) : null));
}

const LEVELS = { info: "i", warning: "!", error: "!", success: "✓", default: "i" };

function alert(block) {
  const level = block.level ?? "default";
  return el("div", { class: `alert ${level}`, role: "note" },
    el("span", { class: "alert-mark", "aria-hidden": "true" }, LEVELS[level]), el("div", { class: "text" }, ...textObject(block.text)));
}

function card(block, context) {
  return el("article", { class: "card" },
    block.hero_image && picture(block.hero_image, context, "hero"),
    el("div", { class: "card-words" },
      block.icon && picture(block.icon, context, "icon"),
      block.title && el("h4", {}, ...textObject(block.title)),
      block.subtitle && el("p", { class: "card-subtitle" }, ...textObject(block.subtitle)),
      block.body && el("div", { class: "text" }, ...textObject(block.body)),
      block.actions?.length ? el("div", { class: "actions" }, ...block.actions.map((part) => element(part, block, context))) : null));
}

const carousel = (block, context) =>
  el("div", { class: "carousel", tabindex: "0", role: "group", "aria-label": "Cards" }, ...block.elements.map((one) => card(one, context)));

function container(block, context) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : textObject(block.title);
  const inner = drawBlocks(block.child_blocks, context);
  const head = [el("strong", {}, ...title), block.subtitle && el("div", { class: "card-subtitle" }, ...textObject(block.subtitle))];
  if (block.is_collapsible) return el("details", { class: "container", open: !block.default_collapsed }, el("summary", {}, ...head), ...inner);
  return el("section", { class: "container" }, el("div", { class: "container-head" }, ...head), ...inner);
}

function input(block, context) {
  const id = `field-${block.block_id}`;
  const field = element({ ...block.element, id, required: !block.optional && context.alone }, block, context);
  field.setAttribute("aria-describedby", `${id}-hint ${id}-error`);
  return el("div", { class: "field-block", "data-block": block.block_id },
    el("label", { for: id }, ...textObject(block.label), block.optional ? el("span", { class: "optional" }, " (optional)") : null),
    field,
    block.hint && el("p", { class: "hint", id: `${id}-hint` }, ...textObject(block.hint)),
    el("p", { class: "error", id: `${id}-error`, role: "alert", hidden: true }));
}

const DRAW = {
  section, header, divider, image: imageBlock, actions, context: small, context_actions: contextActions,
  markdown: (block, context) => el("div", { class: "markdown" }, ...markdown(context.streaming ? closed(block.text) : block.text)),
  rich_text: (block) => el("div", { class: "rich-text" }, ...richText(block)),
  table, data_table: dataTable, task_card: (block, context) => steps([block], "", context),
  plan: (block, context) => steps(block.tasks ?? [], block.title, context),
  alert, card, carousel, container, input,
};

export const plainWords = (words) => [el("div", { class: "text" }, ...mrkdwn(words))];
