"""A fix's card, from the plan to the proof, as it is pressed in one thread."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agent.remediation import proposer
from agent.tools.fixing import propose_fix
from agent.tools.reader import TenantReader
from agent.views import Proposal
from bot.conversation import Conversation
from bot.fixing import Fixing, advance_job, advance_of
from bot.messages import Actions, Click, Person, Picture, Place, Reply, TextField
from bot.slack.render import render
from bot.workspace.blocks import problems_of
from integrations.errors import UnavailableError
from integrations.findings.port import Severity
from integrations.remediations.audit import AuditLog
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.systems import Estate, Systems
from integrations.tenants.port import Binding, ChannelKey, Tenant
from tests.builders import tenant
from tests.recording_channel import RecordingChannel
from tests.remediating import ANALYST, HTTPS, INSIDE, ONCALL, ONCALL2, RULES, Stage, staged

KEY = ChannelKey("slack", "T0001", "C0ACME")
HERE = Place(key=KEY, thread="1.0", user="UANALYST", user_workspace="T0001")


class StageEstate(Estate):
    """The stage's tenant, with its account; before it one that cannot be looked at, if `away`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.away = False

    def tenants(self) -> list[Tenant]:
        first = [tenant("aaa", "999999999991")] if self.away else []
        return [*first, *self._stage.connections.tenants()]

    def systems(self, tenant_id: str) -> Systems:
        if tenant_id == "aaa":
            raise UnavailableError("its graph does not answer")
        return replace(self._stage.connections.systems(tenant_id), automations=self._stage.account)

    def hub_audit(self) -> AuditLog:
        return self._stage.connections.hub_audit()


@dataclass
class Thread:
    """One thread of the tenant's channel, and the work that waits."""

    stage: Stage
    channel: RecordingChannel = field(default_factory=lambda: RecordingChannel(HERE))
    waiting: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.estate = StageEstate(self.stage)
        self.fixing = Fixing(
            self.estate,
            self.stage.catalogue,
            self.stage.clock,
            lambda view: Picture(png=b"", title=view.about.name, alt=view.caption),
            lambda _: self.channel,
            lambda tenant, request: self.waiting.append((tenant, request)),
            "worker-1",
            lambda seconds: self.stage.clock.later(seconds=seconds),
        )
        self.binding = Binding(KEY, "acme")

    def planned(self) -> Proposal:
        """The fix, planned and shown."""
        reader = TenantReader(self.stage.systems, self.stage.clock.moment)
        propose = proposer(self.stage.catalogue, self.stage.clock)
        view = propose_fix(reader, propose, ShippedRemedies(), self.stage.finding.ref, ANALYST.id)
        assert isinstance(view, Proposal)
        self.fixing.show(view, self.channel)
        return view

    def card(self) -> Reply:
        """The card as it stands."""
        return self.channel.posted[0]

    def labels(self) -> list[str]:
        """What can be pressed on it."""
        rows = [part for part in self.card().parts if isinstance(part, Actions)]
        return [button.label for row in rows for button in row.buttons]

    def press(self, label: str, user: str, *, reason: str = "", **changes: Any) -> None:
        """Press a button of the card."""
        rows = [part for part in self.card().parts if isinstance(part, Actions)]
        button = next(b for row in rows for b in row.buttons if b.label == label)
        click = Click(
            place=replace(HERE, user=user),
            action=button.action,
            value=button.value,
            message_id="1",
            typed={"reason": reason},
        )
        self.fixing.on_click(replace(click, **changes), self.binding, self.channel)

    def work(self) -> None:
        """Do what waits."""
        while self.waiting:
            self.fixing.see_through(*self.waiting.pop(0))

    def told(self) -> str:
        """What the presser alone was told last."""
        return self.channel.whispered[-1].plain


def slacks_complaints(reply: Reply) -> list[str]:
    """What the workspace, by Slack's rules, has against the blocks of a reply."""
    return [c for page in render(reply) for c in problems_of(page, surface="message")]


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    with staged(tmp_path) as stage:
        yield Thread(stage)


def test_the_card_tells_the_plan_and_who_may_decide(thread: Thread) -> None:
    thread.planned()
    said = repr(thread.card())
    for words in (
        "Close SSH to the internet on sg-web-admin",
        "ec2:RevokeSecurityGroupIngress sg-0a1",
        ", ".join(RULES),
        f"{HTTPS}, {INSIDE}",
        "EC2.13",
        "until someone else changes it",
    ):
        assert words in said
    people = [
        word.id
        for part in thread.card().parts
        for word in getattr(part, "words", ())
        if isinstance(word, Person)
    ]
    assert people == [ANALYST.id, ONCALL.id, ONCALL2.id]
    assert thread.labels() == ["Approve", "Reject", "Details"]


def test_who_asked_is_refused_and_only_they_are_told(thread: Thread) -> None:
    thread.planned()
    thread.press("Approve", "UANALYST")
    assert thread.told().startswith("You asked for this fix")
    assert thread.labels() == ["Approve", "Reject", "Details"]
    assert len(thread.channel.posted) == 1
    thread.work()
    assert thread.stage.account.executions == {}


def test_an_approval_is_carried_out_proven_and_can_be_undone(thread: Thread) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1")
    assert thread.labels() == ["Details"]
    thread.work()
    assert "Fixed and proven" in thread.card().plain
    assert "tcp 22 from 0.0.0.0/0 is gone." in repr(thread.card())
    assert thread.labels() == ["Undo", "Details"]
    assert thread.channel.posted[-1].plain == thread.card().plain
    assert not any(isinstance(part, TextField) for part in thread.card().parts)
    thread.press("Undo", "UONCALL2")
    thread.work()
    assert "Undone and proven" in thread.card().plain
    assert thread.labels() == ["Details"]
    assert thread.stage.account.rules == list(RULES)


def test_a_rejection_without_a_reason_asks_for_one(thread: Thread) -> None:
    thread.planned()
    thread.press("Reject", "UONCALL1")
    assert thread.told() == "A reason is needed: say in a few words why."
    thread.press("Reject", "UONCALL1", reason="we use it today")
    assert "Rejected" in thread.card().plain
    assert "we use it today" in repr(thread.card())
    assert thread.labels() == ["Details"]


def test_two_approvals_are_counted_on_the_card(tmp_path: Path) -> None:
    with staged(tmp_path, severity=Severity.CRITICAL) as stage:
        thread = Thread(stage)
        thread.planned()
        assert "2 approvers needed (critical)" in repr(thread.card())
        thread.press("Approve", "UONCALL1", reason="seen")
        assert "1 of 2 - " in repr(thread.card())
        assert "One more approver needed" in repr(thread.card())
        thread.press("Approve", "UONCALL2", reason="seen too")
        thread.work()
        assert "Fixed and proven" in thread.card().plain


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "99"},
        {"place": replace(HERE, key=KEY._replace(channel="C0ELSE"), user="UONCALL1")},
    ],
)
def test_a_forwarded_or_older_card_decides_nothing(thread: Thread, changes: dict[str, Any]) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1", **changes)
    assert "own card" in thread.told()
    assert thread.waiting == []


@pytest.mark.parametrize("value", ["R-aaaaaaaaaaaaaaaa:0", "nonsense", ":", "R-x:" + "y" * 2000])
def test_a_button_with_another_value_decides_nothing(thread: Thread, value: str) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1", value=value)
    assert thread.told() == "There is no such request in this channel."
    assert thread.waiting == []


def test_another_tenants_channel_knows_nothing_of_the_request(thread: Thread) -> None:
    thread.planned()
    owner = thread.stage.connections.directory.get("acme")
    thread.stage.connections.directory.put(
        replace(owner, id="globex", accounts=("999988887777",), external_id="")
    )
    thread.binding = Binding(KEY, "globex")
    thread.press("Approve", "UONCALL1")
    assert thread.told() == "There is no such request in this channel."


def test_an_operators_channel_finds_the_request_of_any_tenant(thread: Thread) -> None:
    thread.planned()
    thread.binding = Binding(KEY, None)
    thread.press("Approve", "UONCALL1")
    assert thread.waiting == [("acme", thread.stage.systems.remediations.search()[0].id)]


def test_details_show_every_call_to_the_presser_only(thread: Thread) -> None:
    thread.planned()
    thread.press("Details", "UONCALL1")
    assert "GroupId: sg-0a1" in repr(thread.channel.whispered[-1])
    assert "viewed" in thread.stage.kinds()


def test_what_nobody_decided_in_time_is_closed_on_the_card(thread: Thread) -> None:
    thread.planned()
    thread.stage.clock.later(minutes=61)
    thread.fixing.sweep()
    assert "Nobody decided in time." in thread.card().plain
    assert thread.labels() == ["Details"]


def test_a_tenant_that_cannot_be_looked_at_stops_no_other_and_is_told_at_the_end(
    thread: Thread,
) -> None:
    thread.planned()
    thread.stage.clock.later(minutes=61)
    thread.estate.away = True
    with pytest.raises(UnavailableError, match="its graph"):
        thread.fixing.sweep()
    assert "Nobody decided in time." in thread.card().plain


def test_what_a_dead_worker_left_is_taken_up_by_the_sweep(thread: Thread) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1")
    thread.waiting.clear()
    thread.fixing.sweep()
    thread.work()
    assert "Fixed and proven" in thread.card().plain


def test_every_stage_of_the_card_is_what_slack_takes(tmp_path: Path) -> None:
    with staged(tmp_path, severity=Severity.CRITICAL) as stage:
        thread = Thread(stage)
        thread.planned()
        assert slacks_complaints(thread.card()) == []
        thread.press("Approve", "UANALYST", reason="me")
        for user in ("UONCALL1", "UONCALL2"):
            thread.press("Approve", user, reason="seen")
            assert slacks_complaints(thread.card()) == []
        thread.work()
        assert slacks_complaints(thread.card()) == []
        thread.press("Details", "UONCALL1")
        assert [c for reply in thread.channel.whispered for c in slacks_complaints(reply)] == []


def test_a_job_tells_which_request_and_is_never_taken_for_a_repetition() -> None:
    first, second = advance_job("acme", "R-1"), advance_job("acme", "R-1")
    assert advance_of(first) == ("acme", "R-1")
    assert first.id != second.id
    assert first.group == second.group


def test_without_access_to_accounts_nothing_can_be_pressed(thread: Thread) -> None:
    directory = thread.stage.connections.directory
    directory.bind(Binding(KEY, "acme"))
    conversation = Conversation(
        directory,
        thread.stage.connections,
        assistant=None,  # type: ignore[arg-type] # nothing is asked here
        memory=thread.stage.connections.conversations(),
        draw=lambda _: Picture(png=b"", title="", alt=""),
        clock=thread.stage.clock,
        refused=lambda _: None,
    )
    click = Click(place=HERE, action="approve", value="R-1:0", message_id="1")
    conversation.on_click(click, thread.channel)
    assert "no access" in thread.told()


def test_asking_again_moves_the_card_and_takes_the_buttons_off_the_old_one(thread: Thread) -> None:
    thread.planned()
    thread.planned()
    first, second = thread.channel.posted
    assert "was asked for again" in first.plain
    assert not [part for part in first.parts if isinstance(part, Actions)]
    assert [part for part in second.parts if isinstance(part, Actions)]


def test_jobs_too_many_say_nothing_again(thread: Thread) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1")
    thread.waiting *= 5
    thread.work()
    said = [reply.plain for reply in thread.channel.posted]
    assert len([words for words in said if words.startswith("Fixed and proven")]) == 2
