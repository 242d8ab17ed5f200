"""`assist requests`, `approve`, `reject`, `audit`: fixes as somebody at a terminal sees them."""

import getpass
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from integrations.connect import Connections
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import Remediation
from integrations.settings import Settings
from tests.builders import ocsf_event, tenant
from tests.remediation_builders import entry, plan, remediation

FIRST, SECOND, CHATS = "cli/local/ana", "cli/local/ben", "slack/T0001/U0ONCALL"
ASKED = "R-aaaaaaaaaaaaaaaa"
LONG = "It cuts sessions. " * 30 + "Offer Session Manager."


def kept(state: Path, **changes: Any) -> Remediation:
    """A request of acme, asked for just now."""
    at = datetime.now(UTC).replace(microsecond=0)
    made = remediation(**{"requested_at": at, "expires_at": at + timedelta(hours=1)} | changes)
    with Connections(Settings(state=state)) as connections:
        connections.systems("acme").remediations.add(made)
    return made


def run(state: Path, *words: str) -> Result:
    """`assist WORDS`."""
    return CliRunner().invoke(main, ["--state", str(state), *words], env={"COLUMNS": "100"})


def told(state: Path, request_id: str = "") -> list[tuple[str, str, Mapping[str, Any]]]:
    """The tenant's audit: kind, by whom, detail."""
    with Connections(Settings(state=state)) as connections:
        records = list(connections.systems("acme").audit.records(remediation=request_id))
    return [(str(r.entry.kind), r.entry.by, r.entry.detail) for r in records]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    with Connections(Settings(state=folder)) as connections:
        connections.directory.put(tenant("acme", approvers=(FIRST, SECOND, CHATS)))
    return folder


def test_the_list_has_severity_deadline_and_whose_approval_is_missing(state: Path) -> None:
    made = kept(state, approvals_needed=2, plan=plan(severity="critical"))
    said = run(state, "requests").output
    assert f"{ASKED}  acme       proposed  CRITICAL  until {made.expires_at:%Y-%m-%d %H:%M}" in said
    assert "Close SSH to the internet on sg-web-admin" in said
    assert "needs 2 approvals: ana (command line) or ben (command line) or U0ONCALL (Slack" in said
    (row,) = json.loads(run(state, "requests", "--json").output)
    assert row["approvals_missing"] == 2
    assert row["may_approve"] == [FIRST, SECOND, CHATS]
    assert row["tenant"] == "acme"


def test_one_request_is_shown_whole_and_the_audit_keeps_that_somebody_looked(state: Path) -> None:
    made = kept(state, plan=plan(care=LONG))
    said = " ".join(run(state, "requests", ASKED).output.split())
    for words in (
        "1. ec2:RevokeSecurityGroupIngress sg-0a1",
        "- GroupId: sg-0a1",
        "- IpPermissions: FromPort 22",
        "Before Inbound: tcp 22 from 0.0.0.0/0, tcp 443 from 0.0.0.0/0",
        "After Inbound: tcp 443 from 0.0.0.0/0",
        "Offer Session Manager.",
        f"Open until {made.expires_at:%Y-%m-%d %H:%M:%S} UTC",
        "Approvals 0 of 1",
        "Asked by UANALYST (Slack T0001)",
    ):
        assert words in said, words
    for label in ("Why ", "Before ", "After ", "Mind ", "Undo "):
        assert said.count(label) == 1, f"{label}is said twice"
    assert "Will do" not in said, "each call stands there whole"
    assert "@slack/" not in said
    me, seat = f"cli/local/{getpass.getuser()}", f"command line, {getpass.getuser()}"
    assert told(state) == [("viewed", me, {"plan": made.plan.hash, "via": seat, "version": 1})]


def test_who_approved_and_the_proof_are_shown(state: Path) -> None:
    at = datetime.now(UTC)
    request = kept(state)
    one = request.approved(FIRST, at, "seen " * 90 + "by me")
    running = one.claimed("w", at, timedelta(seconds=60)).starting("w", at, timedelta(seconds=60))
    begun = running.begun("w", "exec-0f1e")
    done = begun.verified("w", at, {"Inbound": ["tcp 443 from 0.0.0.0/0"]}, at)
    with Connections(Settings(state=state)) as connections:
        for version in (one, replace(running, version=3), replace(begun, version=4)):
            connections.systems("acme").remediations.save(version)
        connections.systems("acme").remediations.save(replace(done, version=5))
    said = " ".join(run(state, "requests", ASKED).output.split())
    for words in ("exec-0f1e", "by me", "Approved by ana (command line)", "Found Inbound: tcp 443"):
        assert words in said, words
    assert f"Proven {at:%Y-%m-%d %H:%M:%S} UTC" in said


def test_a_request_that_is_nowhere_is_an_error(state: Path) -> None:
    shown = run(state, "requests", "R-nope")
    assert shown.exit_code == 1
    assert "no tenant has a request R-nope" in shown.output


def test_one_of_two_approvals_says_so_and_has_an_exit_code_of_its_own(state: Path) -> None:
    kept(state, approvals_needed=2)
    first = run(state, "approve", ASKED, "--as", FIRST, "--reason", "seen")
    assert first.exit_code == 3
    assert "1 of 2 approvals given; it needs 1 more of 2 approvals: ben (command line)" in (
        first.output
    )
    assert "Nothing was run." in first.output
    second = run(state, "approve", ASKED, "--as", SECOND, "--reason", "seen", "--no-run")
    assert second.exit_code == 0
    assert "3: your approval counts" in " ".join(run(state, "approve", "--help").output.split())


def test_somebody_of_a_chat_is_named_only_on_their_behalf_and_that_is_kept(state: Path) -> None:
    kept(state)
    for words in (("approve", ASKED, "--no-run"), ("reject", ASKED, "--reason", "no")):
        alone = run(state, *words, "--as", CHATS)
        assert alone.exit_code == 2
        assert "--on-behalf-of" in alone.output
    assert told(state) == []
    done = run(state, "approve", ASKED, "--as", CHATS, "--on-behalf-of", "--no-run")
    assert done.exit_code == 0
    ((by, detail),) = [(by, d) for kind, by, d in told(state) if kind == "approved"]
    assert by == CHATS
    assert detail["via"] == f"command line, {getpass.getuser()}, on behalf of {CHATS}"


def test_on_behalf_of_is_for_people_of_a_chat(state: Path) -> None:
    kept(state)
    refused = run(state, "approve", ASKED, "--as", FIRST, "--on-behalf-of")
    assert refused.exit_code == 2


def test_a_fix_is_asked_for_in_nobody_elses_name_either(state: Path) -> None:
    refused = run(state, "fix", "EC2.13", "--tenant", "acme", "--as", CHATS)
    assert refused.exit_code == 2
    assert "--on-behalf-of" in refused.output


def test_an_export_of_an_unknown_request_names_it(state: Path) -> None:
    exported = run(state, "audit", "export", "--tenant", "acme", "--request", "NOPE")
    assert exported.exit_code == 1
    assert "the audit of acme tells of no request NOPE" in exported.output


def test_the_hubs_own_chain_is_verified_and_exported(state: Path) -> None:
    with Connections(Settings(state=state)) as connections:
        connections.hub_audit().append(entry(kind=AuditKind.REFUSED, detail={"rule": "unmapped"}))
    assert "the hub      1 records, whole" in run(state, "audit", "verify").output
    only = run(state, "audit", "verify", "--hub").output
    assert "acme" not in only
    (line,) = run(state, "audit", "export", "--hub").output.splitlines()
    assert json.loads(line)["entry"]["detail"] == {"rule": "unmapped"}
    assert run(state, "audit", "export").exit_code == 2


def test_what_no_runbook_fixes_is_told_with_its_steps_by_hand(state: Path) -> None:
    event = ocsf_event(
        "dms",
        control="DMS.1",
        title="Replication instances should not be public",
        resources=("arn:aws:dms:us-east-1:111122223333:rep:ORDERS",),
        resource_type="AwsDmsReplicationInstance",
    )
    with Connections(Settings(state=state)) as connections:
        connections.systems("acme").findings.upsert([event])
    for more in ((), ("--plan",)):
        refused = run(state, "fix", "DMS.1", "--tenant", "acme", *more)
        assert refused.exit_code == 1
        assert "no runbook fixes DMS.1; it has to be done by hand" in refused.output
        assert "  5. See that the tasks keep up, then delete the public instance" in refused.output
    asked = run(state, "ask", "fix DMS.1", "--tenant", "acme").output
    steps = [line[:2] for line in asked.splitlines() if line[:2] in {f"{n}." for n in range(1, 6)}]
    assert steps == ["1.", "2.", "3.", "4.", "5."]
    assert "PubliclyAccessible cannot be changed in place" in " ".join(asked.split())
