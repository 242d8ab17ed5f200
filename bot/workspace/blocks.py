"""Block Kit's blocks: which fields, how many, how long, and what must be unique.

Limits: slack_sdk's `models/blocks` validators and Slack's Block Kit reference. Unknown types and
unknown fields are refused, as Slack refuses them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.workspace import elements as e
from bot.workspace.records import JsonObject
from bot.workspace.shapes import (
    Check,
    Problems,
    anything,
    boolean,
    many,
    one_of,
    record,
    string,
    typed,
    whole,
)

MARKDOWN_LONGEST = 12_000
_CELLS_LONGEST = 10_000
_BLOCK = {"type": anything, "block_id": string(255)}

_STYLE = record(dict.fromkeys(("bold", "italic", "strike", "code", "underline", "unlink"), boolean))
_RICH_ELEMENT = typed(
    {
        "text": record(
            {"type": anything, "text": string(MARKDOWN_LONGEST), "style": _STYLE},
            required=("text",),
        ),
        "link": record(
            {
                "type": anything,
                "url": string(3000),
                "text": string(3000),
                "style": _STYLE,
                "unsafe": boolean,
            },
            required=("url",),
        ),
        "user": record(
            {"type": anything, "user_id": string(255), "style": _STYLE}, required=("user_id",)
        ),
        "channel": record(
            {"type": anything, "channel_id": string(255), "style": _STYLE},
            required=("channel_id",),
        ),
        "emoji": record(
            {
                "type": anything,
                "name": string(255),
                "unicode": string(255),
                "skin_tone": anything,
                "style": _STYLE,
            },
            required=("name",),
        ),
        "date": record(
            {
                "type": anything,
                "timestamp": anything,
                "format": string(255),
                "url": string(3000),
                "fallback": string(3000),
                "style": _STYLE,
            },
            required=("timestamp", "format"),
        ),
        "broadcast": record(
            {"type": anything, "range": one_of("here", "channel", "everyone"), "style": _STYLE},
            required=("range",),
        ),
        "color": record(
            {"type": anything, "value": string(255), "style": _STYLE}, required=("value",)
        ),
        "usergroup": record(
            {"type": anything, "usergroup_id": string(255), "style": _STYLE},
            required=("usergroup_id",),
        ),
        "team": record(
            {"type": anything, "team_id": string(255), "style": _STYLE}, required=("team_id",)
        ),
    }
)
_RICH_SECTION = record(
    {"type": anything, "elements": many(_RICH_ELEMENT, 500, 0)}, required=("elements",)
)
_RICH_FRAME = {"type": anything, "elements": many(_RICH_ELEMENT, 500, 0), "border": anything}
_RICH_LIST = record(
    {
        "type": anything,
        "elements": many(typed({"rich_text_section": _RICH_SECTION}), 500),
        "style": one_of("bullet", "ordered"),
        "indent": whole(0, 8),
        "offset": whole(0, 10_000),
        "border": anything,
    },
    required=("elements", "style"),
)
_RICH_TEXT = record(
    {
        **_BLOCK,
        "elements": many(
            typed(
                {
                    "rich_text_section": _RICH_SECTION,
                    "rich_text_list": _RICH_LIST,
                    "rich_text_preformatted": record(
                        {**_RICH_FRAME, "language": string(255)}, required=("elements",)
                    ),
                    "rich_text_quote": record(_RICH_FRAME, required=("elements",)),
                }
            ),
            500,
        ),
    },
    required=("elements",),
)
_CELL = typed(
    {
        "raw_text": record({"type": anything, "text": string(3000)}, required=("text",)),
        "raw_number": record(
            {"type": anything, "value": anything, "text": string(255)}, required=("value",)
        ),
        "rich_text": _RICH_TEXT,
    }
)
_COLUMN = record({"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_TABLE = record(
    {
        **_BLOCK,
        "rows": many(many(_CELL, 20), 100),
        "column_settings": many(lambda v, a, p: _COLUMN(v, a, p) if v else None, 20, 0),
    },
    required=("rows",),
)
_DATA_TABLE = record(
    {
        **_BLOCK,
        "rows": many(many(_CELL, 20), 101, 2),
        "caption": string(3000),
        "page_size": whole(1, 100),
        "row_header_column_index": whole(0, 19),
    },
    required=("rows", "caption"),
)
_SOURCE = record(
    {"type": anything, "url": string(3000), "text": string(3000)}, required=("url", "text")
)
_TASK = {
    **_BLOCK,
    "task_id": string(255),
    "title": string(256),
    "details": typed({"rich_text": _RICH_TEXT}),
    "output": typed({"rich_text": _RICH_TEXT}),
    "sources": many(_SOURCE, 50, 0),
    "status": one_of("pending", "in_progress", "complete", "error"),
}
_TASK_CARD = record(_TASK, required=("task_id", "title", "status"))
_CARD = record(
    {
        **_BLOCK,
        "hero_image": e.IMAGE,
        "icon": e.IMAGE,
        "title": e.text(150),
        "subtitle": e.text(150),
        "body": e.text(200),
        "actions": many(e.ACTIONS_ELEMENT, 25),
    },
    one_needed=("hero_image", "title", "actions", "body"),
)

_PLAIN_BLOCKS: dict[str, Check] = {
    "section": record(
        {
            **_BLOCK,
            "text": e.text(3000),
            "fields": many(e.text(2000), 10),
            "accessory": e.SECTION_ACCESSORY,
            "expand": boolean,
        },
        one_needed=("text", "fields"),
    ),
    "header": record({**_BLOCK, "text": e.plain(150)}, required=("text",)),
    "divider": record(_BLOCK),
    "image": e.IMAGE_BLOCK,
    "actions": record({**_BLOCK, "elements": many(e.ACTIONS_ELEMENT, 25)}, required=("elements",)),
    "context": record({**_BLOCK, "elements": many(e.CONTEXT_ELEMENT, 10)}, required=("elements",)),
    "context_actions": record(
        {**_BLOCK, "elements": many(e.CONTEXT_ACTION, 5)}, required=("elements",)
    ),
    "markdown": record({**_BLOCK, "text": string(MARKDOWN_LONGEST)}, required=("text",)),
    "rich_text": _RICH_TEXT,
    "table": _TABLE,
    "data_table": _DATA_TABLE,
    "task_card": _TASK_CARD,
    "plan": record(
        {**_BLOCK, "title": string(256), "tasks": many(_TASK_CARD, 50, 0)}, required=("title",)
    ),
    "alert": record(
        {
            **_BLOCK,
            "text": e.text(3000),
            "level": one_of("default", "info", "warning", "error", "success"),
        },
        required=("text",),
    ),
    "card": _CARD,
    "carousel": record(
        {**_BLOCK, "elements": many(typed({"card": _CARD}), 10)}, required=("elements",)
    ),
    "input": record(
        {
            **_BLOCK,
            "label": e.plain(2000),
            "hint": e.plain(2000),
            "element": e.INPUT_ELEMENT,
            "optional": boolean,
            "dispatch_action": boolean,
        },
        required=("label", "element"),
    ),
}
_CONTAINER = record(
    {
        **_BLOCK,
        "child_blocks": many(typed(_PLAIN_BLOCKS), 10),
        "title": e.plain(150),
        "rich_text_title": typed({"rich_text": _RICH_TEXT}),
        "subtitle": e.text(150),
        "width": one_of("narrow", "standard", "wide", "full"),
        "icon": e.IMAGE,
        "is_collapsible": boolean,
        "default_collapsed": boolean,
        "has_header_divider": boolean,
    },
    required=("child_blocks",),
    one_needed=("title", "rich_text_title"),
)
_BLOCKS: Check = typed({**_PLAIN_BLOCKS, "container": _CONTAINER})
_MARKDOWN_TABLE = re.compile(
    r"^[ \t]*\|?[ \t]*:?-{3,}:?[ \t]*(\|[ \t]*:?-{3,}:?[ \t]*)+\|?[ \t]*$", re.MULTILINE
)


_PLACES: dict[str, frozenset[str]] = {
    "alert": frozenset({"modal"}),
    "carousel": frozenset({"message", "home"}),
    "container": frozenset({"message"}),
    "context_actions": frozenset({"message"}),
    "data_table": frozenset({"message", "home"}),
    "markdown": frozenset({"message"}),
    "plan": frozenset({"message"}),
    "table": frozenset({"message", "home"}),
    "task_card": frozenset({"message"}),
}
"""Blocks that have a place in some surfaces only: "Available in surfaces" of each block's page."""


def problems_of(blocks: Sequence[Any], at: str = "/blocks", *, surface: str) -> list[str]:
    """What Slack would say is wrong with these blocks; empty when nothing is.

    `surface` is `message`, `modal` or `home`.
    """
    problems = Problems()
    for index, block in enumerate(blocks):
        _BLOCKS(block, f"{at}/{index}", problems)
        kind = block.get("type") if isinstance(block, dict) else None
        if isinstance(kind, str) and surface not in _PLACES.get(kind, {surface}):
            problems.add(f"{at}/{index}/type", f"unsupported type: {kind}")
    if not problems.sentences:
        _unique_block_ids(blocks, at, problems)
        _unique_action_ids(blocks, at, problems)
        _short_tables(blocks, at, problems)
    return problems.sentences


def _unique_block_ids(blocks: Sequence[JsonObject], at: str, problems: Problems) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            problems.add(f"{at}/{index}/block_id", f"duplicate block_id: {block_id}")
        seen.add(block_id or "")


def _unique_action_ids(blocks: Sequence[JsonObject], at: str, problems: Problems) -> None:
    for index, block in enumerate(blocks):
        ids = [element["action_id"] for element in interactive(block) if element.get("action_id")]
        for action_id in sorted({one for one in ids if ids.count(one) > 1}):
            problems.add(f"{at}/{index}", f"duplicate action_id: {action_id}")


def _short_tables(blocks: Sequence[JsonObject], at: str, problems: Problems) -> None:
    for index, block in enumerate(blocks):
        if block["type"] in {"table", "data_table"}:
            characters = sum(len(word) for word in texts(block["rows"]))
            if characters > _CELLS_LONGEST:
                problems.add(f"{at}/{index}/rows", "table cells hold more than 10000 characters")
        if block["type"] == "data_table" and len({len(row) for row in block["rows"]}) > 1:
            problems.add(f"{at}/{index}/rows", "every row must have the same number of cells")


def interactive(block: JsonObject) -> Iterator[JsonObject]:
    """The elements of a block that can be pressed or filled in, nested blocks included."""
    for child in block.get("child_blocks") or ():
        yield from interactive(child)
    candidates = [block.get("accessory"), block.get("element"), *(block.get("actions") or ())]
    if block.get("type") in {"actions", "context_actions"}:
        candidates.extend(block.get("elements") or ())
    if block.get("type") == "carousel":
        for card in block.get("elements") or ():
            yield from interactive(card)
    for element in candidates:
        if isinstance(element, dict) and element.get("type") not in {None, "image"}:
            yield element


def pictures(value: Any, at: str) -> Iterator[tuple[str, JsonObject]]:
    """Every `slack_file` in blocks, with its JSON pointer."""
    if isinstance(value, dict):
        if isinstance(value.get("slack_file"), dict):
            yield f"{at}/slack_file", value["slack_file"]
        for name, inner in value.items():
            yield from pictures(inner, f"{at}/{name}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from pictures(inner, f"{at}/{index}")


def texts(value: Any) -> Iterator[str]:
    """Every string that a reader would see, found under `text`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                if name == "text":
                    yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def tables(blocks: Sequence[JsonObject]) -> int:
    """How many tables the blocks show, those written in markdown included."""
    count = 0
    for block in blocks:
        if block.get("type") in {"table", "data_table"}:
            count += 1
        elif block.get("type") == "markdown":
            count += len(_MARKDOWN_TABLE.findall(str(block.get("text", ""))))
        count += tables(block.get("child_blocks") or ())
    return count
