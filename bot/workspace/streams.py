"""A streamed message: how chunks add up, and the blocks it amounts to."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.workspace.records import JsonObject, Piece, Stream, StreamMode, Task
from bot.workspace.refusals import SlackRefusalError

TEXT_LONGEST = 12_000
_BLOCKS_IN_CHUNKS = 50


def started(now: float, display: str) -> Stream:
    """A stream with nothing in it yet.

    Raises:
        SlackRefusalError: `invalid_arguments` for an unknown `task_display_mode`.
    """
    if display not in {"timeline", "plan"}:
        raise SlackRefusalError("invalid_arguments", [f"unknown task_display_mode: {display}"])
    return Stream(started=now, display=display)


def with_text(stream: Stream, markdown: str) -> Stream:
    """Text given as `markdown_text`.

    Raises:
        SlackRefusalError: `streaming_mode_mismatch` in a stream that began with chunks: the first
            content fixes the kind for the stream's whole life.
    """
    return _said(_in_mode(stream, StreamMode.TEXT), markdown)


def with_chunks(stream: Stream, chunks: Sequence[JsonObject]) -> Stream:
    """Chunks of any kind, in order.

    Raises:
        SlackRefusalError: `streaming_mode_mismatch` in a stream that began with `markdown_text`;
            `msg_too_long` or `invalid_blocks` when the message grows over Slack's limits.
    """
    stream = _in_mode(stream, StreamMode.CHUNKS)
    for chunk in chunks:
        stream = _with_chunk(stream, chunk)
    return stream


def _with_chunk(stream: Stream, chunk: JsonObject) -> Stream:
    kind = chunk["type"]
    if kind == "markdown_text":
        return _said(stream, chunk["text"])
    if kind == "plan_update":
        return replace(stream, title=chunk["title"])
    if kind == "task_update":
        return _with_task(stream, chunk)
    blocks = tuple(chunk["blocks"])
    if sum(len(p.blocks) for p in stream.pieces) + len(blocks) > _BLOCKS_IN_CHUNKS:
        raise SlackRefusalError("invalid_blocks", ["no more than 50 items allowed in chunks"])
    return replace(stream, pieces=(*stream.pieces, Piece(blocks=blocks)))


def _in_mode(stream: Stream, mode: StreamMode) -> Stream:
    if stream.mode not in {StreamMode.OPEN, mode}:
        raise SlackRefusalError("streaming_mode_mismatch")
    return replace(stream, mode=mode)


def _said(stream: Stream, text: str) -> Stream:
    if sum(len(piece.text) for piece in stream.pieces) + len(text) > TEXT_LONGEST:
        raise SlackRefusalError("msg_too_long")
    if stream.pieces and stream.pieces[-1].text:
        last = replace(stream.pieces[-1], text=stream.pieces[-1].text + text)
        return replace(stream, pieces=(*stream.pieces[:-1], last))
    return replace(stream, pieces=(*stream.pieces, Piece(text=text))) if text else stream


def _with_task(stream: Stream, chunk: JsonObject) -> Stream:
    """An update replaces title and status and adds to details and output."""
    pieces = list(stream.pieces)
    for index, piece in enumerate(pieces):
        if piece.task is not None and piece.task.task_id == chunk["id"]:
            pieces[index] = Piece(task=_updated(piece.task, chunk))
            return replace(stream, pieces=tuple(pieces))
    fresh = Task(task_id=chunk["id"], title=chunk["title"], status=chunk["status"])
    return replace(stream, pieces=(*pieces, Piece(task=_updated(fresh, chunk))))


def _updated(task: Task, chunk: JsonObject) -> Task:
    return replace(
        task,
        title=chunk["title"],
        status=chunk["status"],
        details=task.details + (chunk.get("details") or ""),
        output=task.output + (chunk.get("output") or ""),
        sources=task.sources + tuple(chunk.get("sources") or ()),
    )


def blocks_of(stream: Stream) -> list[JsonObject]:
    """The blocks a stream shows: in `plan`, all tasks together where the first one stands."""
    blocks: list[JsonObject] = []
    tasks = [piece.task for piece in stream.pieces if piece.task is not None]
    planned = False
    for piece in stream.pieces:
        if piece.text:
            blocks.append({"type": "markdown", "text": piece.text})
        elif piece.task is None:
            blocks.extend(piece.blocks)
        elif stream.display == "timeline":
            blocks.append(_card(piece.task))
        elif not planned:
            planned = True
            cards = [_card(task) for task in tasks]
            blocks.append({"type": "plan", "title": stream.title or "Steps", "tasks": cards})
    return [*blocks, *stream.closing]


def _card(task: Task) -> JsonObject:
    card: JsonObject = {
        "type": "task_card",
        "task_id": task.task_id,
        "title": task.title,
        "status": task.status,
    }
    for name, words in (("details", task.details), ("output", task.output)):
        if words:
            section = {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}
            card[name] = {"type": "rich_text", "elements": [section]}
    if task.sources:
        card["sources"] = list(task.sources)
    return card


def text_of(stream: Stream) -> str:
    """The stream's text as Slack reads it back: markdown turned into mrkdwn."""
    text = "".join(piece.text for piece in stream.pieces)
    text = re.sub(r"\[([^\]\n]*)\]\(([^)\s]*)\)", r"<\2|\1>", text)
    text = re.sub(r"\*\*([^\n]+?)\*\*", r"*\1*", text)
    text = re.sub(r"(?m)^#+ ", "", text)
    return re.sub(r"(?m)^[-*] ", "• ", text)
