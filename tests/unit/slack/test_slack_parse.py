"""Slack's payloads as messages and clicks, and on their way through the queue."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import Click, Incoming
from bot.slack import parse
from integrations.errors import RejectedRecordError
from integrations.work.port import Job

BOT = "U0ASSIST"


def a_mention(**given: Any) -> dict[str, Any]:
    event = {
        "type": "app_mention",
        "user": "U0ANALYST1",
        "text": f"<@{BOT}> what needs attention first?",
        "ts": "1795000000.000100",
        "channel": "C0ACME",
        "team": "T0ACME",
    }
    return {
        "type": "event_callback",
        "team_id": "T0ACME",
        "event_id": "Ev01",
        "is_ext_shared_channel": False,
        "authorizations": [{"team_id": "T0ACME", "enterprise_id": None}],
        "event": {**event, **given},
    }


def a_press(**given: Any) -> dict[str, Any]:
    body = {
        "type": "block_actions",
        "team": {"id": "T0ACME", "domain": "acme"},
        "enterprise": None,
        "user": {"id": "U0ANALYST1", "team_id": "T0ACME"},
        "trigger_id": "13.37.abc",
        "container": {"type": "message", "message_ts": "2.0", "channel_id": "C0ACME"},
        "channel": {"id": "C0ACME"},
        "message": {"ts": "2.0", "thread_ts": "1.0"},
        "actions": [{"action_id": "ask:3", "value": "why X-AB12CD", "type": "button"}],
    }
    return {**body, **given}


def heard(body: dict[str, Any]) -> Incoming:
    found = parse.incoming(body, BOT)
    assert found is not None
    return found


def pressed(body: dict[str, Any]) -> Click:
    found = parse.click(body)
    assert found is not None
    return found


def test_a_mention_becomes_a_question_without_the_bots_name() -> None:
    said = heard(a_mention())
    assert said.text == "what needs attention first?"
    assert said.place.thread == said.message_id == "1795000000.000100"
    assert said.new_thread
    assert said.delivery_id == "Ev01"


def test_a_reply_belongs_to_its_threads_root() -> None:
    said = heard(a_mention(thread_ts="1794000000.000100"))
    assert said.place.thread == "1794000000.000100"
    assert not said.new_thread


@pytest.mark.parametrize(
    "given",
    [
        {"subtype": "message_changed"},
        {"subtype": "bot_message"},
        {"bot_id": "B1"},
        {"user": BOT},
        {"user": None},
        {"type": "message"},
        {"channel": ""},
        {"ts": 12},
    ],
)
def test_what_nobody_said_to_the_bot_is_not_heard(given: dict[str, Any]) -> None:
    assert parse.incoming(a_mention(**given), BOT) is None


def test_a_channel_message_with_a_mention_is_left_to_its_twin() -> None:
    assert parse.incoming(a_mention(type="message", channel_type="channel"), BOT) is None
    direct = a_mention(type="message", channel_type="im", channel="D0ANALYST")
    assert heard(direct).place.direct


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"<@{BOT}>  why?", "why?"),
        (f"hey <@{BOT}|assist> why?", "hey  why?"),
        ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
        ("<@U0OTHER> and <@U0OTHER|ann>", "@U0OTHER and @ann"),
        ("<#C1|general> <#C2>", "#general #C2"),
        ("<https://a.example/x|a.example/x> <https://b.example>", "a.example/x https://b.example"),
        ("<!here> <!subteam^S1|@team> <!date^1^{date}|today>", "@here @team today"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("what is on `web-7`?", "what is on `web-7`?"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_what_was_typed_is_understood_as_plain_text(text: str, plain: str) -> None:
    assert heard(a_mention(text=text)).text == plain


@pytest.mark.parametrize(
    ("shared", "event", "foreign"),
    [
        (False, {}, False),
        (True, {}, False),
        (True, {"user_team": "T0OTHER", "source_team": "T0OTHER"}, True),
        (True, {"user_team": "T0ACME", "source_team": "T0ACME"}, False),
        (True, {"team": ""}, True),
        (False, {"user_team": "T0OTHER"}, True),
    ],
)
def test_strangers_are_marked(shared: bool, event: dict[str, Any], foreign: bool) -> None:  # noqa: FBT001 - a table
    body = a_mention(**event) | {"is_ext_shared_channel": shared}
    assert heard(body).foreign is foreign


def test_on_enterprise_grid_the_enterprise_is_the_workspace() -> None:
    body = a_mention(team="T0SISTER") | {
        "authorizations": [{"team_id": "T0ACME", "enterprise_id": "E0ORG"}]
    }
    said = heard(body)
    assert said.place.key.workspace == "E0ORG"
    assert not said.foreign


def test_a_press_says_who_pressed_what_where() -> None:
    click = pressed(a_press())
    assert (click.action, click.value) == ("ask", "why X-AB12CD")
    assert click.place.thread == "1.0"
    assert click.message_id == "2.0"
    assert not click.foreign


def test_a_press_by_a_stranger_is_marked() -> None:
    assert pressed(a_press(user={"id": "U9", "team_id": "T0OTHER"})).foreign


@pytest.mark.parametrize("user", [{"id": "U9"}, {"id": "U9", "team_id": ""}])
def test_a_press_by_somebody_of_no_team_is_marked_as_a_strangers(user: dict[str, str]) -> None:
    assert pressed(a_press(user=user)).foreign
    assert pressed(a_press(user=user, team=None)).foreign


@pytest.mark.parametrize(
    "given",
    [
        {"actions": []},
        {"actions": "ask"},
        {"actions": [{"action_id": "ask:1"}]},
        {"actions": [None]},
        {"user": {}},
        {"container": {}},
    ],
)
def test_a_press_of_nothing_is_nothing(given: dict[str, Any]) -> None:
    assert parse.click(a_press(**given)) is None


def test_a_job_comes_back_as_what_it_was() -> None:
    for what in (heard(a_mention()), pressed(a_press())):
        assert parse.from_job(parse.to_job(what)) == what


def test_a_redelivery_is_the_same_job_and_a_second_press_is_another() -> None:
    again = a_mention() | {"event_id": "Ev02"}
    assert parse.to_job(heard(a_mention())).id == parse.to_job(heard(again)).id
    first, second = pressed(a_press()), pressed(a_press(trigger_id="13.38.abc"))
    assert parse.to_job(first).id != parse.to_job(second).id
    assert parse.to_job(first).group == parse.to_job(second).group


def test_jobs_of_one_thread_form_a_group() -> None:
    root = parse.to_job(heard(a_mention()))
    reply = parse.to_job(heard(a_mention(ts="9.9", thread_ts="1795000000.000100")))
    other = parse.to_job(heard(a_mention(ts="9.9")))
    assert root.group == reply.group != other.group


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"kind":"click","what":{}}', '{"kind":"x"}'])
def test_a_job_that_is_not_ours_is_refused(body: str) -> None:
    with pytest.raises(RejectedRecordError):
        parse.from_job(Job(id="1", group="1", body=body))


NAMES = st.sampled_from(
    [
        "event",
        "user",
        "ts",
        "text",
        "channel",
        "id",
        "team",
        "team_id",
        "actions",
        "action_id",
        "value",
        "container",
        "message_ts",
        "message",
        "thread_ts",
        "authorizations",
        "enterprise",
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5)
)


@given(st.dictionaries(NAMES, values, max_size=8))
def test_no_payload_however_shaped_breaks_the_parser(body: dict[str, Any]) -> None:
    for found in (parse.incoming(body, BOT), parse.click(body)):
        if found is not None:
            assert parse.from_job(parse.to_job(found)) == found
