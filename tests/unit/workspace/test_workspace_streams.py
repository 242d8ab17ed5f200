"""Streams: what Slack takes while a message is being written, and what it refuses."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk

from bot.workspace.records import Stream
from bot.workspace.streams import blocks_of, text_of, with_text
from tests.unit.workspace.stage import ACME, ANALYST, TEAM, Stage
from tests.unit.workspace.test_workspace_chat import refused

DIRECT = "D0ANALYST1"


def test_a_stream_is_written_through_slacks_own_helper(stage: Stage) -> None:
    root = stage.root()
    stream = stage.stream(root, task_display_mode="plan", buffer_size=8)
    stream.append(chunks=[TaskUpdateChunk(id="1", title="Read", status="in_progress")])
    (_, running) = stage.workspace.messages(ACME, root)
    assert running["streaming_state"] == "in_progress"
    stream.append(chunks=[TaskUpdateChunk(id="1", title="Read 9", status="complete")])
    stream.append(chunks=[TaskUpdateChunk(id="2", title="Trace", status="error", output="no")])
    stream.append(markdown_text="**Fix** the [port](https://example.com) first")
    stream.stop(blocks=[{"type": "divider"}])
    (_, done) = stage.workspace.messages(ACME, root)
    assert done["streaming_state"] == "completed"
    assert [block["type"] for block in done["blocks"]] == ["plan", "markdown", "divider"]
    tasks = done["blocks"][0]["tasks"]
    assert [(task["title"], task["status"]) for task in tasks] == [
        ("Read 9", "complete"),
        ("Trace", "error"),
    ]
    assert done["text"] == "*Fix* the <https://example.com|port> first"


def test_a_timeline_keeps_tasks_where_they_came(stage: Stage) -> None:
    root = stage.root()
    stream = stage.stream(root)
    stream.append(chunks=[MarkdownTextChunk(text="one")])
    stream.append(chunks=[TaskUpdateChunk(id="1", title="Read", status="complete")])
    stream.append(chunks=[MarkdownTextChunk(text="two")])
    stream.stop()
    kinds = [block["type"] for block in stage.workspace.messages(ACME, root)[1]["blocks"]]
    assert kinds == ["markdown", "task_card", "markdown"]


def test_a_task_update_adds_to_its_details_and_replaces_its_title(stage: Stage) -> None:
    stream = stage.stream(stage.root())
    stream.append(chunks=[TaskUpdateChunk(id="1", title="a", status="in_progress", details="one ")])
    stream.append(
        chunks=[
            TaskUpdateChunk(id="1", title="b", status="complete", details="two"),
            PlanUpdateChunk(title="Plan"),
        ]
    )
    card = stage.workspace.messages(ACME, stage.workspace.messages(ACME)[0]["ts"])[1]["blocks"][0]
    assert card["title"] == "b"
    assert card["details"]["elements"][0]["elements"][0]["text"] == "one two"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, "missing_recipient_user_id"),
        ({"recipient_team_id": TEAM}, "missing_recipient_user_id"),
        ({"recipient_user_id": ANALYST}, "missing_recipient_team_id"),
        ({"recipient_user_id": "U0NOBODY", "recipient_team_id": TEAM}, "user_not_found"),
        ({"recipient_user_id": ANALYST, "recipient_team_id": "T0OTHER"}, "team_not_found"),
    ],
)
def test_a_channel_stream_names_its_recipient(
    stage: Stage, given: dict[str, str], error: str
) -> None:
    root = stage.root()
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_startStream(channel=ACME, thread_ts=root, **given)  # type: ignore[arg-type]  # all are strings
    assert refused(caught.value) == error


def test_direct_messages_need_no_recipient(stage: Stage) -> None:
    root = stage.root(channel=DIRECT)
    assert stage.client.chat_startStream(channel=DIRECT, thread_ts=root)["ts"]


def test_a_stopped_stream_takes_no_more(stage: Stage) -> None:
    stream = stage.stream(stage.root())
    stream.stop(markdown_text="done")
    for call in (stage.client.chat_appendStream, stage.client.chat_stopStream):
        with pytest.raises(SlackApiError) as caught:
            call(channel=ACME, ts=stream.ts, markdown_text="more")
        assert refused(caught.value) == "message_not_in_streaming_state"


def test_a_stream_ends_by_itself_after_five_minutes_traffic_or_not(stage: Stage) -> None:
    root = stage.root()
    stream = stage.stream(root)
    for _ in range(10):
        stream.append(chunks=[MarkdownTextChunk(text="tick ")])
        stage.clock.turn(30)
    stage.clock.turn(0.1)
    with pytest.raises(SlackApiError) as caught:
        stream.append(chunks=[MarkdownTextChunk(text="late")])
    assert refused(caught.value) == "message_not_in_streaming_state"
    assert stage.workspace.messages(ACME, root)[1]["streaming_state"] == "completed"
    stage.client.chat_update(channel=ACME, ts=stream.ts, text="the whole answer")
    assert stage.workspace.messages(ACME, root)[1]["text"] == "the whole answer"


def test_a_running_stream_can_be_neither_updated_nor_deleted(stage: Stage) -> None:
    stream = stage.stream(stage.root())
    stream.append(chunks=[MarkdownTextChunk(text="a")])
    with pytest.raises(SlackApiError) as updated:
        stage.client.chat_update(channel=ACME, ts=stream.ts, text="b")
    with pytest.raises(SlackApiError) as deleted:
        stage.client.chat_delete(channel=ACME, ts=stream.ts)
    assert refused(updated.value) == "streaming_state_conflict"
    assert refused(deleted.value) == "cant_delete_message"


def test_the_first_content_fixes_the_kind_of_a_stream(stage: Stage) -> None:
    root = stage.root()
    started = stage.client.chat_startStream(
        channel=ACME,
        thread_ts=root,
        markdown_text="text",
        recipient_team_id=TEAM,
        recipient_user_id=ANALYST,
    )
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_appendStream(
            channel=ACME, ts=started["ts"], chunks=[MarkdownTextChunk(text="chunk")]
        )
    assert refused(caught.value) == "streaming_mode_mismatch"


def test_a_stream_holds_12000_characters(stage: Stage) -> None:
    stream = stage.stream(stage.root())
    stream.append(chunks=[MarkdownTextChunk(text="x" * 12_000)])
    with pytest.raises(SlackApiError) as caught:
        stream.append(chunks=[MarkdownTextChunk(text="x")])
    assert refused(caught.value) == "msg_too_long"


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "nonsense"},
        {"type": "task_update", "id": "1", "title": "t", "status": "halfway"},
        {"type": "task_update", "id": "1", "title": "x" * 257, "status": "complete"},
        {"type": "markdown_text"},
    ],
)
def test_a_wrong_chunk_is_refused(stage: Stage, chunk: dict[str, str]) -> None:
    stream = stage.stream(stage.root())
    with pytest.raises(SlackApiError) as caught:
        stream.append(chunks=[chunk])
    assert refused(caught.value) == "invalid_chunks"


def test_a_stream_clears_the_status(stage: Stage) -> None:
    root = stage.root()
    stage.client.assistant_threads_setStatus(channel_id=ACME, thread_ts=root, status="Reading")
    assert stage.workspace.status(ACME, root) == "Reading"
    stage.stream(root).append(chunks=[MarkdownTextChunk(text="a")])
    assert stage.workspace.status(ACME, root) == ""


def test_somebody_elses_message_is_no_stream(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_appendStream(channel=ACME, ts=stage.root(), markdown_text="a")
    assert refused(caught.value) == "message_not_owned_by_app"


def test_text_grows_in_one_block() -> None:
    stream = with_text(with_text(Stream(started=0.0), "one "), "two")
    assert blocks_of(stream) == [{"type": "markdown", "text": "one two"}]
    assert text_of(stream) == "one two"
