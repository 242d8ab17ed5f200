"""What the Bolt app hands over, of what people do in the simulated workspace."""

from collections.abc import Iterator

import pytest

from agent import canonical
from bot.messages import Actions, Button, Reply
from bot.workspace.state import direct_channel
from tests.e2e.slack_stage import ACME, ANALYST, OTHER, SHARED, STRANGER, TEAM, Stage, on_stage

ROW = Reply(
    plain="Press",
    parts=(
        Actions(
            buttons=(
                Button(label="Why", action="ask", value=canonical.why("X-AB12CD")),
                Button(label="Globex", action="tenant", value="globex"),
            )
        ),
        Actions(
            buttons=(
                Button(label="Helpful", action="feedback", value="up"),
                Button(label="Not helpful", action="feedback", value="down"),
            )
        ),
    ),
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with on_stage() as ready:
        yield ready


def test_slack_may_verify_the_address(stage: Stage) -> None:
    assert stage.workspace.verify_app()


def test_a_mention_is_heard_once(stage: Stage) -> None:
    root = stage.ask("what needs attention & why?")
    stage.settle()
    (heard,) = stage.heard
    assert heard.text == "what needs attention & why?"
    assert heard.new_thread
    assert not heard.foreign
    assert heard.place.thread == heard.message_id == root
    assert str(heard.place.key) == f"slack/{TEAM}/{ACME}"
    assert heard.delivery_id.startswith("Ev")


def test_talk_in_a_channel_is_none_of_the_bots_business(stage: Stage) -> None:
    root = stage.workspace.say(ANALYST, ACME, "lunch?")
    stage.workspace.say(OTHER, ACME, "yes", root)
    stage.settle()
    assert stage.heard == []


def test_a_reply_in_a_thread_that_the_bot_takes_part_in_is_for_it(stage: Stage) -> None:
    root = stage.ask()
    stage.known.add(root)
    stage.workspace.say(OTHER, ACME, "why?", root)
    stage.settle()
    texts = {heard.text: heard for heard in stage.heard}
    assert texts["why?"].place.thread == root
    assert texts["why?"].place.user == OTHER
    assert not texts["why?"].new_thread


def test_what_the_bot_itself_says_is_not_heard(stage: Stage) -> None:
    root = stage.ask()
    stage.known.add(root)
    stage.settle()
    ts = stage.channel(root).post(Reply(plain="Here."))
    stage.settle()
    stage.client.chat_update(channel=ACME, ts=ts, text="There.")
    stage.client.chat_delete(channel=ACME, ts=ts)
    stage.settle()
    assert len(stage.heard) == 1
    assert all(attempt.outcome == "ok" for attempt in stage.workspace.deliveries)


def test_a_direct_message_needs_no_mention(stage: Stage) -> None:
    channel = direct_channel(ANALYST)
    stage.workspace.say(ANALYST, channel, "help")
    stage.settle()
    (heard,) = stage.heard
    assert heard.place.direct
    assert heard.place.key.channel == channel


def test_somebody_of_another_organisation_is_marked(stage: Stage) -> None:
    stage.workspace.say(STRANGER, SHARED, "@assist list criticals")
    stage.settle()
    (heard,) = stage.heard
    assert heard.foreign
    assert heard.place.user_workspace != TEAM


def test_pressed_buttons_are_handed_over_with_who_where_and_what(stage: Stage) -> None:
    root = stage.ask()
    ts = stage.channel(root).post(ROW)
    message = stage.thread(root)[0]
    ids = [e["action_id"] for b in message["blocks"] for e in b["elements"]]
    assert stage.workspace.click(OTHER, ACME, ts, ids[0]) == "ok"
    assert stage.workspace.click(ANALYST, ACME, ts, ids[1]) == "ok"
    first, second = stage.clicks
    assert (first.action, first.value) == ("ask", "why X-AB12CD")
    assert first.place.user == OTHER
    assert first.place.thread == root
    assert first.message_id == ts
    assert not first.foreign
    assert (second.action, second.value) == ("tenant", "globex")
    assert first.delivery_id != second.delivery_id


def test_feedback_is_handed_over(stage: Stage) -> None:
    root = stage.ask()
    ts = stage.channel(root).post(ROW)
    blocks = stage.thread(root)[0]["blocks"]
    (feedback,) = [b for b in blocks if b["type"] == "context_actions"]
    action_id = feedback["elements"][0]["action_id"]
    assert stage.workspace.click(ANALYST, ACME, ts, action_id, choice="down") == "ok"
    assert [(c.action, c.value) for c in stage.clicks] == [("feedback", "down")]


def test_the_pane_offers_questions(stage: Stage) -> None:
    channel = stage.workspace.open_app(ANALYST)
    prompts = stage.workspace.state.prompts
    offered = stage.workspace.wait_for(lambda: dict(prompts), 10)
    assert [key[0] for key in offered] == [channel]
    assert canonical.ATTENTION in str(offered)
