"""A fix's card keeps up with its request: what moved, what an undo takes, what was missed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.messages import Actions
from bot.slack.calls import SlackRefusedError
from integrations.errors import UnavailableError
from tests.remediating import staged
from tests.unit.test_fixing import Thread, slacks_complaints


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    with staged(tmp_path) as stage:
        yield Thread(stage)


def test_what_moved_since_the_plan_is_said_and_the_new_plan_is_put_to_approval(
    thread: Thread,
) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1")
    thread.stage.account.rules.append("tcp 80 from 0.0.0.0/0")
    thread.work()
    old, said, new = thread.channel.posted
    assert "has tcp 80 from 0.0.0.0/0 now" in old.plain
    assert "needs its own approval" in old.plain
    assert said.plain == old.plain
    assert "waiting for approval" in new.plain
    labels = [b.label for p in new.parts if isinstance(p, Actions) for b in p.buttons]
    assert labels == ["Approve", "Reject", "Details"]
    thread.stage.clock.later(minutes=2)
    thread.fixing.sweep()
    assert len(thread.channel.posted) == 3


def test_a_new_plan_that_nobody_lived_to_show_is_shown_by_the_sweep(thread: Thread) -> None:
    request = thread.planned().request
    thread.press("Approve", "UONCALL1")
    thread.stage.account.rules.append("tcp 80 from 0.0.0.0/0")
    thread.stage.executor.advance(request, "worker-2")
    thread.fixing.sweep()
    assert not [r for r in thread.channel.posted[1:] if "waiting" in r.plain], "it may be at it yet"
    thread.stage.clock.later(minutes=2)
    thread.fixing.sweep()
    thread.fixing.sweep()
    assert len([r for r in thread.channel.posted if "waiting for approval" in r.plain]) == 1


def test_an_undo_is_asked_about_first_and_foreseen_under_details(thread: Thread) -> None:
    thread.planned()
    thread.press("Approve", "UONCALL1")
    thread.work()
    rows = [part for part in thread.card().parts if isinstance(part, Actions)]
    (undo,) = [b for row in rows for b in row.buttons if b.label == "Undo"]
    assert undo.confirm is not None
    assert "Put back: tcp 22 from 0.0.0.0/0." in undo.confirm.text
    assert "exposure comes back" in undo.confirm.text
    assert slacks_complaints(thread.card()) == []
    thread.press("Details", "UONCALL2")
    shown = repr(thread.channel.whispered[-1])
    assert "An undo would do" in shown
    assert "ec2:AuthorizeSecurityGroupIngress" in shown
    assert slacks_complaints(thread.channel.whispered[-1]) == []


def test_the_card_says_who_wants_something_grave_undone_and_who_is_still_asked(
    tmp_path: Path,
) -> None:
    with staged(tmp_path, priority=1) as stage:
        thread = Thread(stage)
        thread.planned()
        for user in ("UONCALL1", "UONCALL2"):
            thread.press("Approve", user)
        thread.work()
        assert "An undo takes 2 approvers" in repr(thread.card())
        thread.press("Undo", "UONCALL1")
        assert thread.waiting == []
        assert "1 of 2 approvers want it undone" in repr(thread.card())
        thread.press("Undo", "UONCALL1")
        assert "asked for this undo already" in thread.told()
        thread.press("Undo", "UONCALL2")
        thread.work()
        assert "Undone and proven" in thread.card().plain


def test_a_card_that_could_not_be_rewritten_is_after_a_restart(thread: Thread) -> None:
    thread.planned()
    thread.channel.failing = UnavailableError("Slack did not answer chat.update")
    thread.press("Approve", "UONCALL1")
    thread.work()
    assert "waiting for approval" in thread.card().plain
    thread.fixing.sweep()
    again = Thread(thread.stage, thread.channel)
    again.fixing.sweep()
    assert "waiting for approval" in thread.card().plain
    thread.channel.failing = None
    again.fixing.sweep()
    assert "Fixed and proven" in thread.card().plain
    assert thread.stage.systems.remediations.unshown() == []


def test_a_card_that_is_gone_for_good_is_not_tried_for_ever(thread: Thread) -> None:
    thread.planned()
    thread.channel.failing = SlackRefusedError("chat.update", "message_not_found")
    thread.press("Approve", "UONCALL1")
    thread.work()
    assert thread.stage.systems.remediations.unshown() == []
