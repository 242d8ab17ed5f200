"""What a digest says of fixes, of sources that fell silent, and of a tenant nobody told of."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.cards.card import Audience
from bot.cards.digest import digest_card, operators_card
from bot.digest import Digest, digest_of
from bot.messages import Facts, Reply
from integrations.connect import Connections
from integrations.findings.port import FindingState, Severity
from integrations.remediations.port import Run, Stage
from integrations.settings import Settings
from tests.builders import NOON, ocsf_event, tenant
from tests.graph_builders import change, resource
from tests.remediation_builders import plan, remediation

TO = Audience(now=NOON)
HOUR = timedelta(hours=1)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Connections]:
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.put(tenant())
        yield connections


def digest(here: Connections, since: datetime = NOON - 24 * HOUR) -> Digest:
    return digest_of(here.systems("acme"), NOON, since)


def rows(reply: Reply) -> dict[str, str]:
    (told,) = [part for part in reply.parts if isinstance(part, Facts)]
    return {fact.label: fact.value for fact in told.facts}


def put(here: Connections, number: int, stage: Stage, ended: datetime, title: str) -> None:
    run = Run(owner="w", lease_until=ended, claimed_at=ended - HOUR, execution="e", ended_at=ended)
    request = remediation(
        f"R-{'abcdefghij'[number] * 16}",
        requested_at=ended - HOUR,
        expires_at=NOON + HOUR,
        plan=replace(plan(), title=title),
    )
    if stage is not Stage.PROPOSED:
        undo = run if stage is Stage.UNDONE else None
        request = replace(request, stage=stage, fix=run, undo=undo, verified_at=ended)
    here.systems("acme").remediations.add(request)


def test_what_was_fixed_undone_failed_and_waits_since_the_last_one_is_told(
    here: Connections,
) -> None:
    here.systems("acme").findings.upsert([ocsf_event()])
    put(here, 0, Stage.VERIFIED, NOON - HOUR, "Close SSH on web-7")
    put(here, 1, Stage.UNDONE, NOON - HOUR, "Encrypt the topic")
    put(here, 2, Stage.NOT_FIXED, NOON - HOUR, "Make the snapshot private")
    put(here, 3, Stage.PROPOSED, NOON - HOUR, "Rotate the key")
    put(here, 4, Stage.VERIFIED, NOON - 30 * HOUR, "Of the day before")
    reply = digest_card(digest(here), NOON.date(), TO)
    said = rows(reply)
    assert said["Fixed"] == "1, proven: Close SSH on web-7"
    assert said["Undone"] == "1: Encrypt the topic"
    assert said["Not fixed"] == "1: Make the snapshot private"
    assert said["Waiting"] == "1 approval; Rotate the key closes in 60 min"
    assert reply.plain.endswith("A fix did not hold: Make the snapshot private.")
    later = rows(digest_card(digest(here, NOON - 48 * HOUR), NOON.date(), TO))
    assert later["Fixed"].startswith("2, proven: ")


def test_a_source_that_fell_silent_makes_no_quiet_day(here: Connections) -> None:
    old = NOON - 30 * HOUR
    here.systems("acme").findings.upsert(
        [
            ocsf_event("a", severity=Severity.MEDIUM, at=NOON - HOUR),
            ocsf_event("b", severity=Severity.LOW, at=old, source="Inspector"),
        ]
    )
    told = digest(here)
    assert not told.quiet
    assert rows(digest_card(told, NOON.date(), TO))["Blind"] == "Inspector silent for 30 h"
    every = operators_card([told, told], NOON.date(), TO)
    assert every.plain == (
        "Every tenant - Friday 20 Nov: acme first. Make exports private: everybody on the "
        "internet can get at it."
    )
    assert "Inspector silent" in str(every)


def test_a_quiet_day_is_one_line_with_its_whole(here: Connections) -> None:
    event = ocsf_event(control="S3.11", severity=Severity.MEDIUM, first_seen=NOON - 9 * 24 * HOUR)
    here.systems("acme").findings.upsert([event])
    reply = digest_card(digest(here), NOON.date(), TO)
    assert reply.plain == (
        "acme - Friday 20 Nov: nothing urgent is new, nothing critical or high, "
        "1 medium open, oldest 9 days. All sources reporting."
    )
    assert len(reply.parts) == 1
    assert "in 2 tenants" in operators_card([digest(here)] * 2, NOON.date(), TO).plain


def test_a_tenant_of_which_nobody_told_anything_is_not_called_quiet(here: Connections) -> None:
    reply = digest_card(digest(here), NOON.date(), TO)
    assert "no source has told anything yet" in reply.plain
    assert "no tenants yet" in operators_card([], NOON.date(), TO).plain


def test_the_oldest_is_named_with_its_owner_and_what_went_and_came_back(
    here: Connections,
) -> None:
    bucket = "arn:aws:s3:::exports"
    systems = here.systems("acme")
    systems.resources.apply(change([replace(resource(bucket), tags={"Owner": "platform team"})]))
    systems.findings.upsert(
        [
            ocsf_event("old", first_seen=NOON - 40 * 24 * HOUR, at=NOON - HOUR),
            ocsf_event("gone", at=NOON - 50 * HOUR),
            ocsf_event("back", at=NOON - 50 * HOUR),
        ]
    )
    closed = FindingState.RESOLVED
    systems.findings.upsert(
        [
            ocsf_event("gone", at=NOON - HOUR, state=closed),
            ocsf_event("back", at=NOON - 9 * HOUR, state=closed),
        ]
    )
    systems.findings.upsert([ocsf_event("back", at=NOON - HOUR)])
    said = rows(digest_card(digest(here), NOON.date(), TO))
    assert said["Oldest"].endswith("high, 40 days; owner: platform team")
    assert said["Gone"] == "1, of them 1 high"
    assert said["Open again"] == "S3.2 on exports"
