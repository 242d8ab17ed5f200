"""A reply as Slack's blocks, within Slack's limits: what does not fit is counted and said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.guard.untrusted import clean
from bot.messages import (
    Actions,
    Button,
    Confirm,
    Fact,
    Facts,
    Grid,
    Heading,
    Item,
    Line,
    Part,
    Prose,
    Reply,
    Rule,
    Small,
    Style,
    TextField,
)
from bot.slack import limits, rich_text, tables
from bot.slack.limits import cut, units

Block = dict[str, Any]

TYPED = "typed:"
"""What the ids of our text fields begin with."""

MOST_MESSAGES = 2
"""Messages that one reply may take: the rest is one question away."""

_ROOM_FOR_REST = 200
_BUTTONS_IN_A_ROW = 5

_MARKS = {
    "FATAL": "🔴",
    "CRITICAL": "🔴",
    "HIGH": "🟠",
    "MEDIUM": "🟡",
    "LOW": "🔵",
    "INFORMATIONAL": "⚪",
}
"""One mark for each severity, beside its word, never instead of it."""


@dataclass(slots=True)
class _Page:
    """A message that is being filled."""

    blocks: list[Block]
    room: int
    """Characters that may still come."""
    tabled: bool = False
    """It has its one table."""

    def takes(self, group: Sequence[Block]) -> bool:
        """Whether a group fits, with one block and its characters kept for "... more"."""
        size = _size(group)
        tables_in = sum(block["type"] == "table" for block in group)
        return (
            len(self.blocks) + len(group) < limits.BLOCKS
            and size <= self.room - _ROOM_FOR_REST
            and not (tables_in and self.tabled)
        )

    def asks(self, part: Part) -> bool:
        """Whether it has that field already: Slack takes each only once."""
        ids = {block.get("block_id") for block in self.blocks}
        return isinstance(part, TextField) and _text_field(part)["block_id"] in ids

    def add(self, group: Sequence[Block]) -> None:
        """Put a group in."""
        self.blocks.extend(group)
        self.room -= _size(group)
        self.tabled = self.tabled or any(block["type"] == "table" for block in group)


def render(reply: Reply, *, used: int = 0) -> list[list[Block]]:
    """The blocks of each message that a reply takes: at least one, at most `MOST_MESSAGES`.

    `used` is how many characters the first message holds already (a stream's text). The first is
    empty when a reply has no parts, or when nothing more goes into it; no other ever is.
    """
    page = _Page([], limits.MESSAGE - used)
    pages = [page]
    numbers = iter(range(10_000))
    for index, part in enumerate(reply.parts):
        group = _blocks(part, numbers, tabled=page.tabled)
        if not _Page([], limits.MESSAGE).takes(group):
            group = group[:1]
        if not group or any(one.asks(part) for one in pages):
            continue
        if not page.takes(group) and len(pages) < MOST_MESSAGES:
            page = _Page([], limits.MESSAGE)
            pages.append(page)
        if not page.takes(group):
            page.add([_rest(_things(reply.parts[index:]))])
            break
        page.add(group)
    return [page.blocks for page in pages]


def _size(group: Sequence[Block]) -> int:
    return sum(limits.PER_BLOCK + _characters(block) for block in group)


def _characters(value: Any) -> int:
    """The characters that may count, for Slack does not say which: every string of a block."""
    if isinstance(value, str):
        return units(value)
    if isinstance(value, dict):
        return sum(_characters(v) for k, v in value.items() if k != "type")
    return sum(_characters(v) for v in value) if isinstance(value, list) else 0


def _things(parts: Sequence[Part]) -> int:
    """How many things were left out: a grid counts by its rows; rules and buttons do not."""
    return sum(
        len(part.rows) if isinstance(part, Grid) else int(not isinstance(part, Rule | Actions))
        for part in parts
    )


def _rest(count: int) -> Block:
    return _context(f"{limits.ELLIPSIS} {max(count, 1):,} more")


def _blocks(part: Part, numbers: Iterator[int], *, tabled: bool) -> list[Block]:
    """One part's blocks, which stay together."""
    match part:
        case Heading():
            return _heading(part)
        case Prose():
            return _only(rich_text.block(rich_text.from_markdown(part.text)))
        case Facts():
            return _facts(part.facts)
        case Item():
            return _item(part, numbers)
        case Grid():
            return _grid(part, tabled=tabled)
        case Line() | TextField() | Small() | Actions() | Rule():
            return _furniture(part, numbers)


def _furniture(
    part: Line | TextField | Small | Actions | Rule, numbers: Iterator[int]
) -> list[Block]:
    match part:
        case Line():
            return _only(rich_text.block([rich_text.named(part.words)]))
        case TextField():
            return [_text_field(part)]
        case Small():
            return [_context(part.text)] if clean(part.text).strip() else []
        case Actions():
            return _actions(part.buttons, numbers, "")
        case Rule():
            return [{"type": "divider"}]


def _text_field(part: TextField) -> Block:
    """An input in the message itself: its value comes in `state.values` of each press."""
    name = f"{TYPED}{part.name}"[: limits.ACTION_ID]
    return {
        "type": "input",
        "block_id": name,
        "label": _plain_text(part.label, limits.HEADER),
        "element": {
            "type": "plain_text_input",
            "action_id": name,
            "max_length": min(part.longest, limits.SECTION),
        },
    }


def _only(block: Block | None) -> list[Block]:
    return [block] if block else []


def _plain_text(text: str, longest: int) -> dict[str, Any]:
    """Text in which Slack reads nothing, not even emoji names."""
    said = cut(clean(text, 2 * longest).strip(), longest)
    return {"type": "plain_text", "text": said or limits.ELLIPSIS, "emoji": False}


def _arrows(text: str) -> str:
    """`->` as one character: Slack would break a line between its two."""
    return text.replace("->", "\u2192")


def _heading(part: Heading) -> list[Block]:
    if not clean(part.text).strip():
        return []
    return [{"type": "header", "text": _plain_text(" ".join(part.text.split()), limits.HEADER)}]


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain_text(text, limits.SECTION // 3)]}


def _facts(facts: Sequence[Fact]) -> list[Block]:
    elements: list[dict[str, Any]] = []
    for fact in facts:
        label, value = clean(fact.label, limits.HEADER).strip(), _arrows(clean(fact.value).strip())
        if elements and (label or value):
            elements.append(rich_text.text("\n"))
        elements += [rich_text.text(label, bold=True), rich_text.text("  " if label else "")]
        elements.append(rich_text.text(value))
    return _only(rich_text.block([rich_text.section(elements)]))


def _item(part: Item, numbers: Iterator[int]) -> list[Block]:
    word = part.mark.split(" ", 1)[0]
    mark = f"{_MARKS[word]} {part.mark}" if word in _MARKS else part.mark
    title = _arrows(clean(part.title, limits.SECTION // 2).strip())
    head = [
        rich_text.text(f"{part.number}.  " if part.number is not None else ""),
        rich_text.text(clean(mark, limits.HEADER).strip(), bold=True),
        rich_text.text("  " if mark and title else ""),
        rich_text.text(title, bold=True),
    ]
    lines = [_arrows(clean(line).strip()) for line in part.lines]
    head.extend(rich_text.text(f"\n{line}") for line in lines if line)
    return [
        *_only(rich_text.block([rich_text.section(head)])),
        *_actions(part.buttons, numbers, title),
    ]


def _grid(part: Grid, *, tabled: bool) -> list[Block]:
    if not part.rows:
        return []
    block, left = tables.lines(part) if tabled else tables.table(part)
    rest = [_rest(left)] if left else []
    return [*_only(block), *rest]


def _actions(buttons: Sequence[Button], numbers: Iterator[int], about: str) -> list[Block]:
    """A row of buttons; a pair of feedback buttons becomes Slack's own."""
    feedback = {b.value: b for b in buttons if b.action == "feedback"}
    ordinary = [b for b in buttons if b.action != "feedback" and _pressable(b)]
    row = [_button(b, next(numbers), about) for b in ordinary[: limits.BUTTONS]]
    made: list[Block] = [
        {"type": "actions", "elements": row[start : start + _BUTTONS_IN_A_ROW]}
        for start in range(0, len(row), _BUTTONS_IN_A_ROW)
    ]
    if {"up", "down"} <= set(feedback):
        made.append(_feedback(feedback["up"], feedback["down"], next(numbers)))
    return made


def _pressable(button: Button) -> bool:
    """A value that Slack would refuse cannot be cut: it would mean something else."""
    return bool(button.value) and units(button.value) <= limits.BUTTON_VALUE


def _button(button: Button, number: int, about: str) -> dict[str, Any]:
    label = _plain_text(button.label, limits.BUTTON_TEXT)
    element: dict[str, Any] = {
        "type": "button",
        "text": label,
        "action_id": f"{cut(button.action, limits.ACTION_ID // 2)}:{number}",
        "value": button.value,
    }
    if button.style is not Style.PLAIN:
        element["style"] = str(button.style)
    if button.confirm is not None:
        element["confirm"] = _confirm(button.confirm)
    if about:
        spoken = f"{label['text']}: {about}"
        element["accessibility_label"] = cut(spoken, limits.ACCESSIBILITY_LABEL)
    return element


def _confirm(asked: Confirm) -> dict[str, Any]:
    """The dialog that stands before a press."""
    return {
        "title": _plain_text(asked.title, limits.CONFIRM_TITLE),
        "text": _plain_text(asked.text, limits.CONFIRM_TEXT),
        "confirm": _plain_text(asked.yes, limits.CONFIRM_BUTTON),
        "deny": _plain_text(asked.no, limits.CONFIRM_BUTTON),
        "style": str(Style.DANGER),
    }


def _feedback(up: Button, down: Button, number: int) -> Block:
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": f"feedback:{number}",
                "positive_button": {
                    "text": _plain_text(up.label, limits.BUTTON_TEXT),
                    "value": up.value,
                },
                "negative_button": {
                    "text": _plain_text(down.label, limits.BUTTON_TEXT),
                    "value": down.value,
                },
            }
        ],
    }
