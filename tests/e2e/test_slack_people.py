"""Who is a guest, as the workspace's `users.info` tells it, and as it fails to."""

from collections.abc import Iterator

import pytest

from agent.approval import Refusal
from bot.messages import Place
from bot.slack.calls import web_client
from bot.slack.people import REMEMBERED_S, SlackPeople
from integrations.tenants.port import ChannelKey
from tests.e2e.slack_stage import (
    ACME,
    ANALYST,
    BOT,
    GONE,
    GUEST,
    STRANGER,
    TEAM,
    TOKEN,
    Stage,
    on_stage,
)
from tests.loopback_slack import slack_that_says


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with on_stage() as made:
        yield made


def at(user: str) -> Place:
    """A thread of the channel, and who is in it."""
    key = ChannelKey("slack", TEAM, ACME)
    return Place(key=key, thread="1.0", user=user, user_workspace=TEAM)


def rule(refusal: Refusal | None) -> str:
    return refusal.rule if refusal else ""


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (ANALYST, ""),
        (GUEST, "guest"),
        (STRANGER, "foreign"),
        (GONE, "deleted"),
        (BOT.user_id, "bot"),
        ("U0NOBODY01", "not-looked-up"),
    ],
)
def test_only_members_of_the_workspace_are_served(stage: Stage, user: str, expected: str) -> None:
    people = SlackPeople(stage.client, TEAM, lambda: 0.0)
    assert rule(people.refused(at(user))) == expected


def test_somebody_is_looked_up_again_after_a_few_minutes() -> None:
    now = [0.0]
    answers = [{"ok": True, "user": {"id": "U1", "team_id": TEAM}}]
    with slack_that_says(lambda: answers[-1]) as (url, asked):
        people = SlackPeople(web_client(TOKEN, url), TEAM, lambda: now[0])
        assert people.refused(at("U1")) is None
        answers.append({"ok": True, "user": {"id": "U1", "team_id": TEAM, "is_restricted": True}})
        assert people.refused(at("U1")) is None
        assert len(asked) == 1
        now[0] = REMEMBERED_S
        assert rule(people.refused(at("U1"))) == "guest"


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": False, "error": "missing_scope"},
        {"ok": False, "error": "internal_error"},
        {"ok": True},
        {"ok": True, "user": []},
    ],
)
def test_who_cannot_be_looked_up_is_refused_until_they_can(answer: dict[str, object]) -> None:
    answers = [answer]
    with slack_that_says(lambda: answers[-1]) as (url, _):
        people = SlackPeople(web_client(TOKEN, url), TEAM, lambda: 0.0)
        refusal = people.refused(at("U1"))
        assert rule(refusal) == "not-looked-up"
        missing = answer.get("error") == "missing_scope"
        assert ("users:read" in refusal.reason if refusal else False) == missing
        answers.append({"ok": True, "user": {"id": "U1", "team_id": TEAM}})
        assert people.refused(at("U1")) is None


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"team_id": "T0OTHER00"}, "foreign"),
        ({}, "foreign"),
        ({"team_id": "T0SISTER0", "enterprise_user": {"teams": [TEAM]}}, ""),
        ({"team_id": "T0SISTER0", "enterprise_user": {"teams": ["T0SISTER0"]}}, "foreign"),
        ({"team_id": TEAM, "is_ultra_restricted": True}, "guest"),
        ({"team_id": TEAM, "is_stranger": True}, "foreign"),
    ],
)
def test_somebodys_team_must_be_the_workspaces_own(user: dict[str, object], expected: str) -> None:
    with slack_that_says(lambda: {"ok": True, "user": {"id": "U1", **user}}) as (url, _):
        people = SlackPeople(web_client(TOKEN, url), TEAM, lambda: 0.0)
        assert rule(people.refused(at("U1"))) == expected
