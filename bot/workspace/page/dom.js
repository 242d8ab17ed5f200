// Building nodes. Text only ever becomes text nodes, so nothing anybody wrote becomes markup.

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

// Only these lead anywhere; everything else is shown as words.
export function safeUrl(url) {
  if (!/^(https?:\/\/|mailto:)[^\s]/i.test(url)) return null;
  try {
    return new URL(url).href;
  } catch {
    return null;
  }
}

export function link(url, ...words) {
  const href = safeUrl(url);
  if (!href) return el("span", {}, ...words);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...words);
}

const EMOJI = {
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", warning: "⚠️", rotating_light: "🚨",
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", eyes: "👀", mag: "🔍",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", lock: "🔒", unlock: "🔓", key: "🔑",
  shield: "🛡️", hourglass_flowing_sand: "⏳", hourglass: "⌛", bulb: "💡", fire: "🔥", bell: "🔔",
  bar_chart: "📊", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", wave: "👋",
  information_source: "ℹ️", arrow_right: "➡️", arrow_up: "⬆️", arrow_down: "⬇️", globe_with_meridians: "🌐",
  small_red_triangle: "🔺", small_blue_diamond: "🔹", speech_balloon: "💬", wrench: "🔧", question: "❓",
};

export const emoji = (name) => EMOJI[name] ?? `:${name}:`;

export const withEmoji = (words) =>
  words.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);

// Signs that are drawn by the style sheet, because not every computer has a font with them.
const DRAWN = {
  "🔴": "is-red", "🟠": "is-orange", "🟡": "is-yellow", "🟢": "is-green", "🔵": "is-blue",
  "⚪": "is-white", "⚫": "is-black", "✅": "is-good", "❌": "is-bad", "⚠️": "is-warn", "⚠": "is-warn",
};
const SIGNS = new RegExp(`(${Object.keys(DRAWN).join("|")})`, "u");

// Names such as web-7 or X-AB12CD stay on one line where they fit: a hyphen there is no place to break.
const WHOLE = /([\w.]+(?:-[\w.]+)+)/;
const LONGEST_WHOLE = 28;

const whole = (words) => words.split(WHOLE).filter(Boolean).map((part) =>
  part.length <= LONGEST_WHOLE && WHOLE.test(part) ? el("span", { class: "whole" }, part) : document.createTextNode(part));

// Text as nodes: the sign itself stays in the text, for copying and for screen readers.
export function spoken(words) {
  return words.split(SIGNS).filter(Boolean).flatMap((part) =>
    DRAWN[part] ? [el("span", { class: `drawn ${DRAWN[part]}` }, part)] : whole(part));
}

export const unescaped = (words) =>
  words.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);

const HUES = [172, 212, 262, 322, 22, 92, 42, 192];

export function face(id, name, kind = "") {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 997;
  const parts = name.split(/[\s_-]+/).filter(Boolean);
  const letters = parts.length > 1 ? parts[0][0] + parts[parts.length - 1][0] : name.slice(0, 2);
  // Drawn by the style sheet, so that the letters are neither read out nor copied with the text.
  const node = el("span", { class: `face ${kind}`, "aria-hidden": "true", "data-letters": letters.toUpperCase() });
  node.style.setProperty("--hue", String(HUES[sum % HUES.length]));
  return node;
}

export const clockTime = (ts) =>
  new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

// For the narrow gutter: the digits alone.
export const shortTime = (ts) => clockTime(ts).replace(/\s?[AaPp]\.?[Mm]\.?$/, "");

export const fullTime = (ts) => new Date(Number(ts) * 1000).toLocaleString();

export function dayName(ts) {
  const day = new Date(Number(ts) * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(day).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return day.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}
