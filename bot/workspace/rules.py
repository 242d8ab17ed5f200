"""Slack's own rules for messages, streams and views: what is refused, and with which error."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from bot.workspace.blocks import MARKDOWN_LONGEST, pictures, problems_of, tables, texts
from bot.workspace.elements import plain
from bot.workspace.records import JsonObject
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.shapes import (
    Problems,
    anything,
    boolean,
    many,
    one_of,
    record,
    string,
    typed,
)

TEXT_LONGEST = 40_000
UPDATE_TEXT_LONGEST = 4_000
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
_VIEW_BYTES = 250_000
_PER_BLOCK = 30
"""Slack counts 12,000 characters of text in all blocks "with a buffer for block containers"; the
buffer is not published. 11,341 characters in 45 blocks were refused and 9,597 in 50 were taken
(bolt-js issues 2509 and 2867): 30 a block agrees with both."""

FileReady = Callable[[str], bool]
"""Whether a file id names a processed image."""

_CHUNK = typed(
    {
        "markdown_text": record(
            {"type": anything, "text": string(MARKDOWN_LONGEST, 0)}, required=("text",)
        ),
        "task_update": record(
            {
                "type": anything,
                "id": string(255),
                "title": string(256),
                "status": one_of("pending", "in_progress", "complete", "error"),
                "details": string(256, 0),
                "output": string(256, 0),
                "sources": many(
                    record({"type": one_of("url"), "url": string(3000), "text": string(3000)}),
                    50,
                    0,
                ),
            },
            required=("id", "title", "status"),
        ),
        "plan_update": record({"type": anything, "title": string(256)}, required=("title",)),
        "blocks": record({"type": anything, "blocks": anything}, required=("blocks",)),
    }
)
_VIEW = {
    "type": one_of("modal", "home"),
    "blocks": anything,
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL = record(
    {
        **_VIEW,
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    },
    required=("type", "title", "blocks"),
)
_HOME = record(_VIEW, required=("type", "blocks"))


def check_blocks(blocks: Any, *, ready: FileReady, most: int = MESSAGE_BLOCKS) -> None:
    """Refuse blocks that Slack would refuse in a message.

    Raises:
        SlackRefusalError: `invalid_blocks_format`, `invalid_blocks`, `invalid_attachments`
            (a second table) or `msg_blocks_too_long`.
    """
    if not isinstance(blocks, list):
        raise SlackRefusalError("invalid_blocks_format")
    if len(blocks) > most:
        sentence = f"no more than {most} items allowed [json-pointer:/blocks]"
        raise SlackRefusalError("invalid_blocks", [sentence])
    problems = problems_of(blocks, surface="message")
    if problems:
        raise SlackRefusalError("invalid_blocks", problems)
    _check_pictures(blocks, ready)
    if tables(blocks) > 1:
        raise SlackRefusalError("invalid_attachments", ["only_one_table_allowed"])
    _check_total(blocks)


def _check_pictures(blocks: Sequence[JsonObject], ready: FileReady) -> None:
    """A file that is unknown, not an image or not processed yet (python-slack-sdk issue 1521)."""
    for at, file in pictures(blocks, "/blocks"):
        file_id = file.get("id") or str(file.get("url", "")).rsplit("/", 1)[-1]
        if not ready(str(file_id)):
            raise SlackRefusalError("invalid_blocks", [f"invalid slack file [json-pointer:{at}]"])


def _check_total(blocks: Sequence[JsonObject]) -> None:
    markdown = sum(len(str(b["text"])) for b in blocks if b["type"] == "markdown")
    everything = sum(len(word) for word in texts(blocks)) + _PER_BLOCK * len(blocks)
    if markdown > MARKDOWN_LONGEST or everything > MARKDOWN_LONGEST + _PER_BLOCK * 10:
        raise SlackRefusalError("msg_blocks_too_long")


def check_chunks(chunks: Any, *, ready: FileReady) -> None:
    """Refuse chunks that a stream does not take.

    Raises:
        SlackRefusalError: `invalid_chunks`, or what `check_blocks` raises for blocks in a chunk.
    """
    problems = Problems()
    many(_CHUNK, 100, 0)(chunks, "/chunks", problems)
    if problems.sentences:
        raise SlackRefusalError("invalid_chunks", problems.sentences)
    for chunk in chunks:
        if chunk["type"] == "blocks":
            check_blocks(chunk["blocks"], ready=ready)


def check_view(view: Any, kind: str) -> JsonObject:
    """Refuse a view that Slack would refuse; `kind` is `modal` or `home`.

    Raises:
        SlackRefusalError: `invalid_arguments` or `view_too_large`.
    """
    problems = Problems()
    (_MODAL if kind == "modal" else _HOME)(view, "/view", problems)
    if not problems.sentences:
        if view["type"] != kind:
            problems.add("/view/type", f"must be one of {kind}")
        problems.sentences += _view_blocks(view)
    if problems.sentences:
        raise SlackRefusalError("invalid_arguments", problems.sentences)
    if len(json.dumps(view)) > _VIEW_BYTES:
        raise SlackRefusalError("view_too_large")
    checked: JsonObject = view
    return checked


def _view_blocks(view: JsonObject) -> list[str]:
    blocks = view["blocks"]
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/view/blocks]"]
    if len(blocks) > VIEW_BLOCKS:
        return [f"no more than {VIEW_BLOCKS} items allowed [json-pointer:/view/blocks]"]
    found = problems_of(blocks, "/view/blocks", surface=view["type"])
    asks = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if view["type"] == "modal" and asks and not view.get("submit"):
        found.append("missing required field: submit [json-pointer:/view]")
    return found
