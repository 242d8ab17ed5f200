"""A press that is refused before a request is found is in the audit, the hub's own if need be."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.approval import Refusal
from bot.conversation import Conversation
from bot.messages import Click, Picture, Place
from integrations.remediations.audit import AuditRecord
from integrations.tenants.port import Binding
from tests.recording_channel import RecordingChannel
from tests.remediating import staged
from tests.unit.test_fixing import HERE, KEY, Thread

PRESS = Click(place=HERE, action="approve", value="R-aaaaaaaaaaaaaaaa:0f1e", message_id="1.5")


class Door:
    """The conversation in front of a thread's fixing."""

    def __init__(self, thread: Thread) -> None:
        self.thread = thread
        self.refusal: Refusal | None = None
        connections = thread.stage.connections
        connections.directory.bind(Binding(KEY, "acme"))
        self.conversation = Conversation(
            connections.directory,
            connections,
            assistant=None,  # type: ignore[arg-type] # nothing is asked here
            memory=connections.conversations(),
            draw=lambda _: Picture(png=b"", title="", alt=""),
            clock=thread.stage.clock,
            refused=lambda _: self.refusal,
            fixing=thread.fixing,
        )

    def press(self, click: Click) -> None:
        """Press it where it says."""
        self.conversation.on_click(click, RecordingChannel(click.place))

    def hub(self) -> list[AuditRecord]:
        """The hub's own chain."""
        audit = self.thread.stage.connections.hub_audit()
        assert audit.verify().whole
        return list(audit.records())

    def acme(self) -> list[AuditRecord]:
        """The tenant's chain."""
        return list(self.thread.stage.systems.audit.records())


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with staged(tmp_path) as stage:
        yield Door(Thread(stage))


def elsewhere(**changes: str) -> Place:
    """A place in a channel that is mapped to nobody."""
    return replace(HERE, key=KEY._replace(**changes))


def test_a_press_in_an_unmapped_channel_is_in_the_hubs_chain(door: Door) -> None:
    door.press(replace(PRESS, place=elsewhere(channel="C0NOBODY")))
    (record,) = door.hub()
    assert record.entry.kind == "refused"
    assert record.entry.remediation == "R-aaaaaaaaaaaaaaaa"
    assert record.entry.by == "slack/T0001/UANALYST"
    assert record.entry.detail == {
        "rule": "unmapped",
        "action": "approve",
        "channel": "slack/T0001/C0NOBODY",
        "via": "message 1.5",
    }
    assert door.acme() == []


def test_a_press_of_another_workspace_is_in_the_hubs_chain(door: Door) -> None:
    door.press(replace(PRESS, place=elsewhere(workspace="T0OTHER"), foreign=True))
    (record,) = door.hub()
    assert record.entry.detail["rule"] == "foreign"
    assert record.entry.detail["channel"] == "slack/T0OTHER/C0ACME"


def test_a_guests_press_in_a_tenants_channel_is_in_that_tenants_chain(door: Door) -> None:
    place = replace(HERE, user="UGUEST", user_workspace="T0OTHER")
    door.press(replace(PRESS, place=place, foreign=True))
    (record,) = door.acme()
    assert record.entry.by == "slack/T0OTHER/UGUEST"
    assert record.entry.detail["rule"] == "foreign"
    assert door.hub() == []


def test_a_request_that_the_channel_has_not_is_refused_in_writing(door: Door) -> None:
    door.press(replace(PRESS, action="reject"))
    (record,) = door.acme()
    assert record.entry.detail["rule"] == "unknown"
    door.thread.stage.connections.directory.bind(Binding(KEY, None))
    door.press(PRESS)
    (record,) = door.hub()
    assert record.entry.detail["rule"] == "unknown"


def test_a_value_that_is_no_request_is_not_copied_into_the_audit(door: Door) -> None:
    door.press(replace(PRESS, value="R-1; drop table audit", place=elsewhere(channel="C0NOBODY")))
    (record,) = door.hub()
    assert record.entry.remediation == ""
    assert "drop" not in repr(record)


def test_a_question_asked_again_by_a_guest_is_no_decision(door: Door) -> None:
    door.press(replace(PRESS, action="ask", value="what is open?", foreign=True))
    assert door.hub() == []
    assert door.acme() == []


@pytest.mark.parametrize("action", ["approve", "reject", "undo", "details"])
def test_a_restricted_persons_press_decides_nothing_and_is_in_the_audit(
    door: Door, action: str
) -> None:
    door.refusal = Refusal("guest", "Guests of this workspace are not served here.")
    request = door.thread.stage.proposed()
    door.press(replace(PRESS, action=action, value=f"{request.id}:{request.plan.hash}"))
    assert door.acme()[-1].entry.detail["rule"] == "guest"
    assert door.thread.stage.systems.remediations.get(request.id) == request


def test_a_press_of_whom_nobody_can_look_up_decides_nothing(door: Door) -> None:
    door.refusal = Refusal("not-looked-up", "Slack did not tell me.")
    door.press(PRESS)
    assert [record.entry.detail["rule"] for record in door.acme()] == ["not-looked-up"]
