"""Rich text blocks: text that Slack shows exactly as given, because no format is read in it.

Untrusted words are safest here: an element of type `text` is never parsed for mentions, links or
formatting, so nothing needs to be escaped. Source: "Rich text block" at docs.slack.dev.
"""

import re
from collections.abc import Sequence
from typing import Any

from agent.guard.untrusted import clean
from bot.messages import Person
from bot.slack.limits import SECTION, cut, units

Element = dict[str, Any]
Block = dict[str, Any]

_MOST = 400
"""Elements of one paragraph or list: ours, nothing is documented."""

_SPAN = re.compile(r"\*\*(?P<bold>[^*\n]+)\*\*|`(?P<code>[^`\n]+)`")
_BULLET = re.compile(r"^\s*[-*•]\s+(?P<text>.*)$")
_NUMBER = re.compile(r"^\s*\d{1,3}[.)]\s+(?P<text>.*)$")


def text(words: str, *, bold: bool = False, code: bool = False) -> Element:
    """Some words in one style."""
    element: Element = {"type": "text", "text": words}
    if bold or code:
        element["style"] = {name: True for name, on in (("bold", bold), ("code", code)) if on}
    return element


def section(elements: Sequence[Element]) -> Element:
    """A paragraph."""
    # Slack refuses a text without words.
    return {"type": "rich_text_section", "elements": [e for e in elements if e.get("text") != ""]}


def named(words: Sequence[str | Person]) -> Element:
    """A paragraph that names people; those of other platforms by their id."""
    elements: list[Element] = []
    for word in words:
        if isinstance(word, str):
            # Slack takes no text element without a character.
            elements += [text(said)] if (said := clean(word)) else []
        elif word.id.startswith("slack/"):
            elements.append({"type": "user", "user_id": word.id.rsplit("/", 1)[-1]})
        else:
            elements.append(text(clean(word.id)))
    return section(elements)


def preformatted(words: str) -> Element:
    """Lines in a fixed-width font."""
    return {"type": "rich_text_preformatted", "elements": [text(words)]}


def block(elements: Sequence[Element]) -> Block | None:
    """A block of paragraphs and lists, cut to the limit; None when nothing is in it."""
    kept: list[Element] = []
    room = SECTION
    for element in elements[:_MOST]:
        if room <= 1:
            break
        shorter, room = _within(element, room)
        if shorter["elements"]:
            kept.append(shorter)
    return {"type": "rich_text", "elements": kept} if kept else None


def _within(element: Element, room: int) -> tuple[Element, int]:
    """An element cut to the room that is left, and the room that is left after it."""
    kept: list[Element] = []
    for part in element["elements"][:_MOST]:
        if room <= 1:
            break
        if "text" in part:
            words = cut(part["text"], room)
            room -= units(words)
            kept.append({**part, "text": words})
        elif "elements" in part:
            shorter, room = _within(part, room)
            kept.append(shorter)
        else:
            room -= units(part["user_id"])
            kept.append(part)
    return {**element, "elements": kept}, room


def from_markdown(markdown: str) -> list[Element]:
    """Our Markdown (bold, code, lists) as paragraphs and lists; all else stays literal."""
    elements: list[Element] = []
    for line in clean(markdown, 2 * SECTION).split("\n"):
        bullet, numbered = _BULLET.match(line), _NUMBER.match(line)
        found = bullet or numbered
        if found:
            _into_list(elements, "bullet" if bullet else "ordered", found["text"])
        else:
            _into_section(elements, line)
    return [e for e in elements if e["elements"]]


def _into_list(elements: list[Element], style: str, words: str) -> None:
    last = elements[-1] if elements else {}
    if last.get("type") != "rich_text_list" or last.get("style") != style:
        elements.append({"type": "rich_text_list", "style": style, "elements": []})
    spans = section(_spans(words))
    if spans["elements"]:
        elements[-1]["elements"].append(spans)


def _into_section(elements: list[Element], line: str) -> None:
    """Lines of one paragraph share a section: Slack sets sections apart by themselves."""
    last = elements[-1] if elements else {}
    if last.get("type") != "rich_text_section":
        elements.append(section(_spans(line)))
        return
    if last["elements"]:
        last["elements"].append(text("\n"))
    last["elements"].extend(section(_spans(line))["elements"])


def _spans(line: str) -> list[Element]:
    spans: list[Element] = []
    position = 0
    for found in _SPAN.finditer(line):
        spans.append(text(line[position : found.start()]))
        bold, code = found["bold"], found["code"]
        spans.append(text(bold or code, bold=bool(bold), code=bool(code)))
        position = found.end()
    spans.append(text(line[position:]))
    return spans
