// What can be pressed or filled in.
import { el, safeUrl, withEmoji } from "./dom.js";
import { textObject } from "./words.js";

export function element(part, block, context) {
  if (part.visible_to_user_ids && !part.visible_to_user_ids.includes(context.me)) return null;
  const draw = DRAW[part.type];
  return draw ? draw(part, block, context) : el("span", { class: "unknown" }, `[${part.type}]`);
}

// Asks first where the app wants that, then waits for the app's ack with the button busy.
async function press(node, part, block, context, choice) {
  if (node.getAttribute("aria-busy") === "true") return false;
  if (part.confirm && !(await context.confirm(part.confirm))) return false;
  node.setAttribute("aria-busy", "true");
  node.disabled = true;
  const values = valuesOf(node.closest("article, dialog, #home") ?? node);
  const problem = await context.press({ action: part.action_id, block: block.block_id ?? "", choice, values });
  node.removeAttribute("aria-busy");
  node.disabled = false;
  if (problem) warn(node, problem);
  return !problem;
}

function warn(node, problem) {
  node.parentElement?.querySelector(".press-problem")?.remove();
  node.after(el("span", { class: "press-problem", role: "alert" }, problem));
}

function button(part, block, context) {
  const words = part.text ? textObject(part.text) : [part.icon];
  const options = { class: `button ${part.style ?? ""}`, "aria-label": part.accessibility_label, "data-action": part.action_id };
  const target = part.url && safeUrl(part.url);
  if (target) {
    return el("a", { ...options, href: target, target: "_blank", rel: "noopener noreferrer",
      onclick: () => void context.press({ action: part.action_id, block: block.block_id ?? "" }) }, ...words);
  }
  const key = `${context.key}:${block.block_id}:${part.action_id}`;
  const node = el("button", { ...options, type: "button", "data-value": part.value }, ...words);
  if (context.pressed.has(key)) node.classList.add("pressed");
  node.addEventListener("click", async () => {
    if (await press(node, part, block, context)) {
      context.pressed.add(key);
      node.classList.add("pressed");
    }
  });
  return node;
}

export function feedback(part, block, context) {
  const key = `${context.key}:${block.block_id}:${part.action_id}`;
  const side = (one, mark) => {
    const chosen = context.chosen.get(key) === one.value;
    const node = el("button", { class: "feedback", type: "button", "data-action": part.action_id, "data-value": one.value,
      "aria-label": one.accessibility_label ?? one.text.text, "aria-pressed": String(chosen), title: one.text.text },
    el("span", { class: `thumb ${mark}`, "aria-hidden": "true" }));
    node.addEventListener("click", async () => {
      if (!(await press(node, part, block, context, one.value))) return;
      context.chosen.set(key, one.value);
      for (const other of node.parentElement.children) other.setAttribute("aria-pressed", String(other === node));
    });
    return node;
  };
  return el("span", { class: "feedbacks", role: "group", "aria-label": "Was this useful?" },
    side(part.positive_button, "up"), side(part.negative_button, "down"));
}

function overflow(part, block, context) {
  const node = el("select", { class: "select narrow", "aria-label": "More actions" }, el("option", { value: "" }, "⋯"),
    ...part.options.map(option));
  node.addEventListener("change", async () => {
    const choice = node.value;
    node.value = "";
    if (choice) await press(node, part, block, context, choice);
  });
  return node;
}

const option = (one) => el("option", { value: one.value }, withEmoji(one.text.text));

// A field of a form tells the app only where that asks for it.
const isLive = (block) => block.type !== "input" || block.dispatch_action === true;

function select(part, block, context) {
  const many = part.type === "multi_static_select";
  const initial = (many ? part.initial_options ?? [] : [part.initial_option]).filter(Boolean).map((one) => one.value);
  const body = part.option_groups
    ? part.option_groups.map((group) => el("optgroup", { label: group.label.text }, ...group.options.map(option)))
    : part.options.map(option);
  const node = el("select", { class: "select", id: part.id, multiple: many, "aria-label": part.id ? null : part.placeholder?.text ?? "Choose",
    "data-of": block.block_id, "data-action": part.action_id, "data-kind": part.type },
  many || initial.length ? null : el("option", { value: "" }, part.placeholder?.text ?? "Choose"), ...body);
  for (const one of node.options) if (initial.includes(one.value)) one.selected = true;
  if (isLive(block)) {
    node.addEventListener("change", () => press(node, part, block, context,
      many ? [...node.selectedOptions].map((one) => one.value) : node.value));
  }
  return node;
}

function choices(part, block, context) {
  const kind = part.type === "checkboxes" ? "checkbox" : "radio";
  const initial = [part.initial_option, ...(part.initial_options ?? [])].filter(Boolean).map((one) => one.value);
  const node = el("div", { class: "choices", role: kind === "radio" ? "radiogroup" : "group", id: part.id, "data-of": block.block_id, "data-action": part.action_id, "data-kind": part.type },
    ...part.options.map((one) => el("label", {},
      el("input", { type: kind, name: `${context.key}-${part.action_id}`, value: one.value, checked: initial.includes(one.value) }),
      el("span", {}, ...textObject(one.text)))));
  if (isLive(block)) {
    node.addEventListener("change", () => {
      const chosen = [...node.querySelectorAll("input:checked")].map((one) => one.value);
      void press(node, part, block, context, kind === "radio" ? chosen[0] : chosen);
    });
  }
  return node;
}

function datepicker(part, block, context) {
  const node = el("input", { class: "select", type: "date", id: part.id, value: part.initial_date, "data-of": block.block_id, "data-action": part.action_id, "data-kind": part.type,
    "aria-label": part.id ? null : part.placeholder?.text ?? "Date" });
  if (isLive(block)) node.addEventListener("change", () => press(node, part, block, context, node.value));
  return node;
}

function users(part, block, context) {
  const people = context.people.map((person) => el("option", { value: person.id, selected: person.id === part.initial_user }, person.name));
  const node = el("select", { class: "select", id: part.id, "data-of": block.block_id, "data-action": part.action_id, "data-kind": part.type,
    "aria-label": part.id ? null : part.placeholder?.text ?? "Person" }, el("option", { value: "" }, part.placeholder?.text ?? "Choose"), ...people);
  if (isLive(block)) node.addEventListener("change", () => press(node, part, block, context, node.value));
  return node;
}

function textInput(part, block, context) {
  const shared = { id: part.id, class: "field-input", placeholder: part.placeholder?.text, maxlength: part.max_length,
    "aria-required": part.required ? "true" : null, autofocus: part.focus_on_load, "data-of": block.block_id, "data-action": part.action_id, "data-kind": part.type };
  const node = part.multiline ? el("textarea", { ...shared, rows: 4 }) : el("input", { ...shared, type: "text" });
  node.value = part.initial_value ?? "";
  if (block.dispatch_action) {
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || (part.multiline && event.shiftKey)) return;
      event.preventDefault();
      void press(node, part, block, context, node.value);
    });
  }
  return node;
}

// The fields of a view or a message, in the form of Slack's `state.values`.
export function valuesOf(node) {
  const values = {};
  for (const part of node.querySelectorAll("[data-kind]")) {
    values[part.dataset.of] = { ...values[part.dataset.of], [part.dataset.action]: valueOf(part) };
  }
  return values;
}

// What was typed stays when what stands around it is drawn again; the field that had the focus.
export function carryOver(from, to) {
  let focused = null;
  for (const old of from.querySelectorAll("input.field-input, textarea.field-input")) {
    const same = `.field-input[data-of="${CSS.escape(old.dataset.of)}"][data-action="${CSS.escape(old.dataset.action)}"]`;
    const fresh = to.querySelector(same);
    if (!fresh) continue;
    fresh.value = old.value;
    if (old === document.activeElement) focused = fresh;
  }
  return focused;
}

function valueOf(part) {
  const kind = part.dataset.kind;
  const chosen = (value, words) => (value ? { text: { type: "plain_text", text: words, emoji: true }, value } : null);
  if (kind === "static_select") return { type: kind, selected_option: chosen(part.value, part.selectedOptions[0]?.textContent) };
  if (kind === "multi_static_select") return { type: kind, selected_options: [...part.selectedOptions].map((one) => chosen(one.value, one.textContent)) };
  if (kind === "users_select") return { type: kind, selected_user: part.value || null };
  if (kind === "datepicker") return { type: kind, selected_date: part.value || null };
  if (kind === "radio_buttons" || kind === "checkboxes") {
    const all = [...part.querySelectorAll("input:checked")].map((one) => chosen(one.value, one.nextElementSibling.textContent));
    return kind === "checkboxes" ? { type: kind, selected_options: all } : { type: kind, selected_option: all[0] ?? null };
  }
  return { type: kind, value: part.value || null };
}

const DRAW = {
  button, icon_button: button, overflow, static_select: select, multi_static_select: select,
  radio_buttons: choices, checkboxes: choices, datepicker, users_select: users, plain_text_input: textInput,
};
