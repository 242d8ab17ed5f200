"""Methods that ask, the dress of a thread, the pace, and what people type."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from typing_extensions import override

from bot.workspace.limits import SLACK_RATES, Limits, RateLimiter
from bot.workspace.spoken import stored_text
from tests.unit.workspace.stage import (
    ACME,
    ANALYST,
    BOT,
    ONCALL,
    OTHER,
    RANDOM,
    START,
    HandClock,
    Stage,
    on_stage,
)
from tests.unit.workspace.test_workspace_chat import refused

DIRECT = "D0ANALYST1"


def test_members_come_in_pages_and_the_bot_is_one(stage: Stage) -> None:
    pages = [page["members"] for page in stage.client.conversations_members(channel=ACME, limit=2)]
    assert pages == [[ANALYST, OTHER], [ONCALL, BOT.user_id]]


def test_a_channel_and_a_person_are_described(stage: Stage) -> None:
    channel = stage.client.conversations_info(channel=ACME)["channel"]
    assert (channel["name"], channel["is_channel"], channel["is_member"]) == (
        "acme-security",
        True,
        True,
    )
    assert stage.client.conversations_info(channel=DIRECT)["channel"]["user"] == ANALYST
    assert stage.client.conversations_info(channel=RANDOM)["channel"]["is_member"] is False
    person = stage.client.users_info(user=ANALYST)["user"]
    assert (person["name"], person["is_bot"], person["is_restricted"]) == (
        "analyst-1",
        False,
        False,
    )
    assert stage.client.users_info(user=BOT.user_id)["user"]["is_bot"] is True
    assert stage.client.bots_info(bot=BOT.bot_id)["bot"]["user_id"] == BOT.user_id
    assert stage.client.conversations_open(users=ANALYST)["channel"]["id"] == DIRECT


def test_history_is_newest_first_and_replies_begin_with_the_root(stage: Stage) -> None:
    first, second = stage.root("one"), stage.root("two")
    stage.client.chat_postMessage(channel=ACME, thread_ts=first, text="reply")
    history = stage.client.conversations_history(channel=ACME)["messages"]
    assert [message["ts"] for message in history] == [second, first]
    replies = stage.client.conversations_replies(channel=ACME, ts=first)["messages"]
    assert [message["text"] for message in replies] == ["one", "reply"]
    newer = stage.client.conversations_replies(channel=ACME, ts=first, oldest=second)["messages"]
    assert [message["text"] for message in newer] == ["one", "reply"]


def test_whispers_are_in_no_history(stage: Stage) -> None:
    stage.client.chat_postEphemeral(channel=ACME, user=ANALYST, text="psst")
    assert stage.client.conversations_history(channel=ACME)["messages"] == []


def test_a_reaction_is_added_once_and_taken_away(stage: Stage) -> None:
    root = stage.root()
    stage.client.reactions_add(channel=ACME, timestamp=root, name="eyes")
    assert stage.workspace.messages(ACME)[0]["reactions"][0]["users"] == [BOT.user_id]
    with pytest.raises(SlackApiError) as caught:
        stage.client.reactions_add(channel=ACME, timestamp=root, name="eyes")
    assert refused(caught.value) == "already_reacted"
    stage.client.reactions_remove(channel=ACME, timestamp=root, name="eyes")
    assert "reactions" not in stage.workspace.messages(ACME)[0]


def test_a_status_goes_with_the_next_message_with_nothing_or_with_time(stage: Stage) -> None:
    root = stage.root()

    def say(status: str) -> None:
        stage.client.assistant_threads_setStatus(
            channel_id=ACME, thread_ts=root, status=status, loading_messages=["Reading", "Tracing"]
        )

    say("Reading")
    say("")
    assert stage.workspace.status(ACME, root) == ""
    say("Reading")
    stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="done")
    assert stage.workspace.status(ACME, root) == ""
    say("Reading")
    stage.clock.turn(121)
    assert stage.workspace.status(ACME, root) == ""


def test_prompts_and_titles_belong_to_direct_messages(stage: Stage) -> None:
    prompts = [{"title": "Help", "message": "help"}]
    stage.client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT, prompts=prompts)
    root = stage.root(channel=DIRECT)
    stage.client.assistant_threads_setTitle(channel_id=DIRECT, thread_ts=root, title="Posture")
    with pytest.raises(SlackApiError) as caught:
        stage.client.assistant_threads_setSuggestedPrompts(channel_id=ACME, prompts=prompts)
    assert refused(caught.value) == "channel_type_not_supported"


def test_more_prompts_than_four_are_refused(stage: Stage) -> None:
    prompts = [{"title": "Help", "message": "help"}] * 5
    with pytest.raises(SlackApiError) as caught:
        stage.client.assistant_threads_setSuggestedPrompts(channel_id=DIRECT, prompts=prompts)
    assert refused(caught.value) == "invalid_arguments"


def test_a_channel_takes_about_a_message_a_second() -> None:
    with on_stage(SLACK_RATES) as stage:
        for number in range(4):
            stage.client.chat_postMessage(channel=ACME, text=f"{number}")
        with pytest.raises(SlackApiError) as caught:
            stage.client.chat_postMessage(channel=ACME, text="too soon")
        response = caught.value.response
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "1"
        assert refused(caught.value) == "ratelimited"
        stage.clock.turn(1)
        assert stage.client.chat_postMessage(channel=ACME, text="now")["ok"]


def test_slacks_own_retry_handler_understands_the_refusal() -> None:
    with on_stage(Limits(posts_burst=1, posts_per_s=1.0)) as stage:

        class Turning(RateLimitErrorRetryHandler):
            """Turns the workspace's clock instead of sleeping."""

            @override
            def prepare_for_next_attempt(
                self,
                *,
                state: RetryState,
                request: HttpRequest,
                response: HttpResponse | None = None,
                error: Exception | None = None,
            ) -> None:
                assert response is not None
                stage.clock.turn(float(response.headers["Retry-After"][0]))
                state.next_attempt_requested = True
                state.increment_current_attempt()

        stage.client.retry_handlers.append(Turning(max_retry_count=1))
        for number in range(3):
            stage.client.chat_postMessage(channel=ACME, text=f"{number}")
        assert len(stage.workspace.messages(ACME)) == 3


def test_a_method_has_its_tier() -> None:
    clock = HandClock()
    rates = RateLimiter(Limits(calls_per_minute={"chat.update": 2}), clock)
    assert [rates.wait_for_call("chat.update") for _ in range(3)] == [0, 0, 30]
    assert rates.wait_for_call("chat.delete") == 0
    clock.turn(30)
    assert rates.wait_for_call("chat.update") == 0


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("@assist hi", "<@U0ASSIST> hi"),
        ("@Assist, hi", "<@U0ASSIST>, hi"),
        ("ask @analyst-2.", "ask <@U0ANALYST2>."),
        ("a@assist.example", "a@assist.example"),
        ("@nobody <b> & #acme-security", "@nobody &lt;b&gt; &amp; <#C0ACME|acme-security>"),
        ("<!channel> <@U0ASSIST>", "&lt;!channel&gt; <@U0ASSIST>"),
    ],
)
def test_typed_text_becomes_slacks(stage: Stage, typed: str, stored: str) -> None:
    with stage.workspace.state.held():
        assert stored_text(stage.workspace.state, typed) == stored


def test_ids_of_messages_rise_even_when_the_clock_stands(stage: Stage) -> None:
    ids = [stage.root(f"{number}") for number in range(3)]
    assert ids == sorted(set(ids))
    assert ids[0] == f"{START:.6f}"


def test_people_write_only_where_they_are(stage: Stage) -> None:
    with pytest.raises(LookupError, match="is not in"):
        stage.workspace.say(OTHER, "C0GLOBEX", "hi")
    with pytest.raises(LookupError, match="there is no"):
        stage.workspace.say("U0NOBODY", ACME, "hi")
    with pytest.raises(LookupError, match="no thread"):
        stage.workspace.say(ANALYST, ACME, "hi", "1.000001")


def test_waiting_ends_with_the_answer_or_with_the_time(stage: Stage) -> None:
    root = stage.root()
    stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="here")
    (answer,) = stage.workspace.wait_for_answer(ACME, root, 5)
    assert answer["text"] == "here"
    with pytest.raises(TimeoutError):
        stage.workspace.wait_for_answer(ACME, root, 0.01, after=answer["ts"])
