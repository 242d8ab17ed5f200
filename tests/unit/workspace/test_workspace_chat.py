"""The chat methods, called through Slack's own client."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.unit.workspace.stage import ACME, ANALYST, BOT, GLOBEX, ONCALL, OTHER, RANDOM, Stage


def refused(error: SlackApiError) -> str:
    return str(error.response["error"])


def test_the_bot_learns_who_it_is(stage: Stage) -> None:
    answer = stage.client.auth_test()
    assert answer["user_id"] == BOT.user_id
    assert answer["bot_id"] == BOT.bot_id
    assert answer["team"] == "Demo"


def test_a_post_is_shown_with_what_was_given(stage: Stage) -> None:
    root = stage.root()
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*hi*"}}]
    answer = stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="hi", blocks=blocks)
    (_, posted) = stage.workspace.messages(ACME, root)
    assert posted["ts"] == answer["ts"]
    assert posted["blocks"][0]["text"] == blocks[0]["text"]
    assert posted["blocks"][0]["block_id"]
    assert posted["thread_ts"] == root
    assert posted["parent_user_id"] == ANALYST


def test_a_thread_counts_its_replies(stage: Stage) -> None:
    root = stage.root()
    reply = stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="one")
    stage.client.chat_postMessage(channel=ACME, thread_ts=reply["ts"], text="two")
    first = stage.workspace.messages(ACME)[0]
    assert first["reply_count"] == 2
    assert first["reply_users"] == [BOT.user_id]


@pytest.mark.parametrize(
    ("channel", "error"), [("C0NOWHERE", "channel_not_found"), (RANDOM, "not_in_channel")]
)
def test_a_post_needs_a_channel_the_bot_is_in(stage: Stage, channel: str, error: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postMessage(channel=channel, text="hi")
    assert refused(caught.value) == error


def test_a_post_needs_words(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.api_call("chat.postMessage", json={"channel": ACME, "text": "  "})
    assert refused(caught.value) == "no_text"


def test_a_thread_must_exist(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postMessage(channel=ACME, text="hi", thread_ts="1.000001")
    assert refused(caught.value) == "thread_not_found"


def test_long_text_is_cut_at_40000(stage: Stage) -> None:
    stage.client.chat_postMessage(channel=ACME, text="x" * 40_001)
    assert len(stage.workspace.messages(ACME)[0]["text"]) == 40_000


def test_an_update_replaces_text_and_blocks(stage: Stage) -> None:
    blocks = [{"type": "divider"}]
    posted = stage.client.chat_postMessage(channel=ACME, text="old", blocks=blocks)
    stage.client.chat_update(channel=ACME, ts=posted["ts"], text="new")
    (message,) = stage.workspace.messages(ACME)
    assert message["text"] == "new"
    assert "blocks" not in message
    assert message["edited"]["user"] == BOT.user_id


def test_a_card_that_is_rewritten_does_not_say_so(stage: Stage) -> None:
    posted = stage.client.chat_postMessage(channel=ACME, text="card", blocks=[{"type": "divider"}])
    header = {"type": "header", "text": {"type": "plain_text", "text": "Approved"}}
    stage.client.chat_update(channel=ACME, ts=posted["ts"], text="done", blocks=[header])
    (message,) = stage.workspace.messages(ACME)
    assert [block["type"] for block in message["blocks"]] == ["header"]
    assert "edited" not in message


def test_the_app_hears_of_a_changed_and_of_a_deleted_message(stage: Stage) -> None:
    root = stage.root()
    posted = stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="old")
    stage.client.chat_update(channel=ACME, ts=posted["ts"], text="new")
    stage.client.chat_delete(channel=ACME, ts=posted["ts"])
    heard = {event.get("subtype"): event for event in stage.app.events(4)}
    changed, deleted = heard["message_changed"], heard["message_deleted"]
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("new", "old")
    assert changed["message"]["ts"] == deleted["deleted_ts"] == posted["ts"]
    assert changed["hidden"] is deleted["hidden"] is True
    assert changed["channel"] == deleted["channel"] == ACME
    assert deleted["previous_message"]["thread_ts"] == root


def test_an_update_has_at_most_4000_characters(stage: Stage) -> None:
    posted = stage.client.chat_postMessage(channel=ACME, text="old")
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_update(channel=ACME, ts=posted["ts"], text="x" * 4_001)
    assert refused(caught.value) == "msg_too_long"


def test_only_its_own_messages_can_be_changed_or_deleted(stage: Stage) -> None:
    root = stage.root()
    with pytest.raises(SlackApiError) as updated:
        stage.client.chat_update(channel=ACME, ts=root, text="mine")
    with pytest.raises(SlackApiError) as deleted:
        stage.client.chat_delete(channel=ACME, ts=root)
    assert refused(updated.value) == "cant_update_message"
    assert refused(deleted.value) == "cant_delete_message"


def test_a_deleted_message_is_gone(stage: Stage) -> None:
    posted = stage.client.chat_postMessage(channel=ACME, text="old")
    stage.client.chat_delete(channel=ACME, ts=posted["ts"])
    assert stage.workspace.messages(ACME) == []


def test_a_whisper_reaches_one_person(stage: Stage) -> None:
    stage.client.chat_postEphemeral(channel=ACME, user=ANALYST, text="only you")
    assert stage.workspace.messages(ACME) == []
    assert [m["text"] for m in stage.workspace.whispers(ANALYST, ACME)] == ["only you"]
    assert stage.workspace.whispers(OTHER, ACME) == []


def test_a_whisper_needs_somebody_in_the_channel(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postEphemeral(channel=GLOBEX, user=ONCALL, text="hi")
    assert refused(caught.value) == "user_not_in_channel"


def test_markdown_text_becomes_a_markdown_block_and_stands_alone(stage: Stage) -> None:
    stage.client.chat_postMessage(channel=ACME, markdown_text="**hi**")
    assert stage.workspace.messages(ACME)[0]["blocks"][0]["type"] == "markdown"
    with pytest.raises(SlackApiError) as caught:
        stage.client.chat_postMessage(channel=ACME, markdown_text="**hi**", text="hi")
    assert refused(caught.value) == "markdown_text_conflict"


def test_an_unknown_method_is_refused_and_so_is_a_wrong_token(stage: Stage) -> None:
    with pytest.raises(SlackApiError) as unknown:
        stage.client.api_call("chat.shout")
    with pytest.raises(SlackApiError) as wrong:
        WebClient(token="xoxb-other", base_url=stage.server.api_url).auth_test()
    with pytest.raises(SlackApiError) as none:
        WebClient(base_url=stage.server.api_url).auth_test()
    assert refused(unknown.value) == "unknown_method"
    assert refused(wrong.value) == "invalid_auth"
    assert refused(none.value) == "not_authed"


def test_a_permalink_leads_to_the_thread_on_the_page(stage: Stage) -> None:
    root = stage.root()
    reply = stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="one")
    link = stage.client.chat_getPermalink(channel=ACME, message_ts=reply["ts"])["permalink"]
    assert link == f"{stage.server.url}/#{ACME}/{root}"
