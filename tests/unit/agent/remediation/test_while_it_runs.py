"""From the start to the proof: what is lost is looked for, and nothing is called fixed unproven."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from integrations.errors import DeniedByAwsError, RejectedRecordError, UnavailableError
from integrations.findings.port import FindingState
from integrations.remediations.port import Remediation
from integrations.runbooks.port import ExecutionStatus, Order
from tests.automation_account import HTTPS, RULES, SSH, no_effect
from tests.faults import FailingAt, gated
from tests.remediating import ONCALL, Stage, unavailable
from tests.unit.agent.remediation.test_before_the_start import (
    access_withdrawn,
    account_taken_away,
    another_runbook,
    forgotten,
    muted,
    no_runbook,
    revoked,
)

LONG = 5_000
PACE_S = 30


def denied(*names: str) -> Callable[[str], None]:
    """A role that lacks a permission."""

    def deny(name: str) -> None:
        if name in names:
            raise DeniedByAwsError("ec2:DescribeSecurityGroups", "SecurityAssistRead", "no")

    return deny


def started(stage: Stage) -> Remediation:
    """A request whose execution is under way."""
    request = stage.executor.advance(stage.approved().id, "worker-1")
    assert request.run is not None
    assert request.run.execution
    return request


@pytest.mark.parametrize("happen", [forgotten, revoked, muted])
def test_what_was_started_is_seen_through_whatever_becomes_of_its_finding(
    stage: Stage, happen: Callable[[Stage], None]
) -> None:
    request = started(stage)
    happen(stage)
    assert stage.seen_through(request.id).stage == "verified"


@pytest.mark.parametrize("happen", [account_taken_away, access_withdrawn])
def test_an_account_that_is_the_tenants_no_more_is_not_asked(
    stage: Stage, happen: Callable[[Stage], None]
) -> None:
    request = started(stage)
    happen(stage)
    stage.account.before_call = unavailable(*_EVERY_CALL, times=LONG)
    done = stage.seen_through(request.id, pace_s=PACE_S)
    assert done.stage == "failed"
    assert "Look at the account" in done.outcome
    assert "did not answer" not in done.outcome, "it was not even asked"


_EVERY_CALL = ("check", "preview", "start", "started", "execution", "stop")


@pytest.mark.parametrize("happen", [another_runbook, no_runbook])
def test_another_runbooks_check_proves_nothing(
    stage: Stage, happen: Callable[[Stage], None]
) -> None:
    request = started(stage)
    happen(stage)
    done = stage.seen_through(request.id)
    assert done.stage == "not_fixed"
    assert "runbook" in done.outcome
    assert stage.finding.state is FindingState.OPEN


def test_an_execution_that_is_not_listed_yet_is_waited_for(stage: Stage) -> None:
    request = started(stage)
    ran = stage.account.executions.pop("exec-1")
    assert stage.executor.advance(request.id, "worker-1").stage == "running"
    stage.account.executions["exec-1"] = ran
    assert stage.seen_through(request.id).stage == "verified"


@pytest.mark.parametrize("network", [unavailable("execution", times=LONG), denied("execution")])
def test_an_execution_that_cannot_be_seen_ends_as_unknown(
    stage: Stage, network: Callable[[str], None]
) -> None:
    request = started(stage)
    stage.account.before_call = network
    done = stage.seen_through(request.id, pace_s=PACE_S)
    assert done.stage == "failed"
    assert "not known how it ended" in done.outcome
    assert stage.finding.state is FindingState.OPEN


def test_an_execution_that_takes_too_long_is_stopped(stage: Stage) -> None:
    stage.account.takes = timedelta(days=1)
    stage.account.effect = no_effect
    done = stage.seen_through(stage.approved().id, pace_s=PACE_S)
    assert done.stage == "failed"
    assert "Cancelled" in done.outcome
    assert stage.kinds(done.id).count("stopping") == 1


@pytest.mark.parametrize("network", [unavailable("stop", times=LONG), denied("stop"), None])
def test_an_execution_that_does_not_stop_is_given_up(
    stage: Stage, network: Callable[[str], None] | None
) -> None:
    stage.account.takes = timedelta(days=1)
    stage.account.stops = False
    if network is not None:
        stage.account.before_call = network
    done = stage.seen_through(stage.approved().id, pace_s=PACE_S)
    assert done.stage == "failed"
    assert "did not end" in done.outcome
    assert stage.finding.state is FindingState.OPEN


@pytest.mark.parametrize(
    "status", [ExecutionStatus.TIMED_OUT, ExecutionStatus.CANCELLED, ExecutionStatus.FAILED]
)
def test_an_execution_that_did_not_end_well_is_not_called_fixed_even_if_the_control_passes(
    stage: Stage, status: ExecutionStatus
) -> None:
    stage.account.ends_as = status
    done = stage.carried_out()
    assert done.stage == "failed"
    assert "Changed all the same: Inbound" in done.outcome
    assert stage.finding.state is FindingState.OPEN
    assert done.undoable


def test_a_read_from_before_the_end_proves_nothing(stage: Stage) -> None:
    request = started(stage)
    stage.account.read_is_old_by = timedelta(hours=2)
    done = stage.seen_through(request.id, pace_s=PACE_S)
    assert done.stage == "not_fixed"
    assert "older" in done.outcome
    assert stage.finding.state is FindingState.OPEN


def test_a_worker_whose_clock_is_behind_the_accounts_waits_until_its_read_is_newer(
    stage: Stage,
) -> None:
    request = started(stage)
    stage.clock.later(seconds=5)
    stage.account.read_is_old_by = timedelta(seconds=100)
    for _ in range(60):
        assert stage.executor.advance(request.id, "worker-1").stage == "running"
        stage.clock.later(seconds=1)
    done = stage.seen_through(request.id)
    assert done.stage == "verified"
    assert done.verified_at is not None
    assert done.verified_at >= stage.account.executions["exec-1"].ends


def test_an_effect_that_shows_a_little_late_is_waited_for(stage: Stage) -> None:
    stage.account.effect = no_effect
    request = started(stage)
    stage.clock.later(seconds=5)
    assert stage.executor.advance(request.id, "worker-1").stage == "running"
    stage.account.rules.remove(SSH)
    assert stage.seen_through(request.id).stage == "verified"


def test_an_undo_that_shows_a_little_late_is_waited_for(stage: Stage) -> None:
    done = stage.carried_out()
    stage.account.effect = no_effect
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    stage.executor.advance(done.id, "worker-1")
    stage.clock.later(seconds=5)
    assert stage.executor.advance(done.id, "worker-1").stage == "undoing"
    stage.account.groups["sg-0a1"][:] = list(RULES)
    assert stage.seen_through(done.id).stage == "undone"


def test_a_worker_that_comes_back_after_its_lease_tells_nobody_anything(stage: Stage) -> None:
    """It hung in the read that proves the fix, while another proved and an approver undid it."""
    request = started(stage)
    stage.clock.later(seconds=5)
    hung: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "check" and not hung:
            hung.append(name)
            stage.clock.later(seconds=61)
            done = stage.seen_through(request.id, "worker-2")
            assert done.stage == "verified"
            stage.clock.later(seconds=1)
            assert stage.undone(done, "worker-2").stage == "undone"

    stage.account.after_call = meanwhile
    late = stage.executor.advance(request.id, "worker-1")
    assert late.stage == "undone"
    assert stage.finding.state is FindingState.OPEN, "the late worker must not resolve it again"


class _Telling:
    """A source that is told, or does not answer."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.told: list[str] = []

    def resolved(self, *_: object) -> bool:
        self._tell("resolved")
        return True

    def reopened(self, *_: object) -> bool:
        self._tell("reopened")
        return True

    def items(self, *_: object) -> list[bytes]:
        self._tell("items")
        return [b'{"no": "item"}', b"not even json"]

    def _tell(self, what: str) -> None:
        self.told.append(what)
        if self.errors:
            raise self.errors.pop(0)


def test_a_source_that_cannot_be_told_changes_no_proof(stage: Stage) -> None:
    source = _Telling(DeniedByAwsError("securityhub:BatchUpdateFindings", "r", "no"))
    stage.around = lambda systems: replace(systems, workflow=source)
    assert stage.carried_out().stage == "verified"
    assert stage.finding.state is FindingState.RESOLVED
    assert source.told == ["resolved"]


@pytest.mark.parametrize("errors", [(), (UnavailableError("slow"),)])
def test_an_item_that_cannot_be_read_changes_no_proof(
    stage: Stage, errors: tuple[Exception, ...]
) -> None:
    live = _Telling(*errors)
    stage.around = lambda systems: replace(systems, live=live)
    assert stage.carried_out().stage == "verified"
    assert live.told == ["items"]


def test_a_finding_store_that_does_not_answer_is_told_later(stage: Stage) -> None:
    request = started(stage)
    gate = FailingAt("findings.upsert", 1, 2, 3)
    stage.around = lambda systems: gated(systems, gate)
    assert stage.seen_through(request.id).stage == "verified"
    assert stage.finding.state is FindingState.RESOLVED
    assert gate.calls.count("findings.upsert") == 4


def test_a_finding_store_that_never_answers_does_not_keep_the_proof_back(stage: Stage) -> None:
    request = started(stage)
    gate = FailingAt("findings.upsert", *range(1, LONG))
    stage.around = lambda systems: gated(systems, gate)
    assert stage.seen_through(request.id, pace_s=PACE_S).stage == "verified"


def test_a_finding_that_the_store_rejects_does_not_keep_the_proof_back(stage: Stage) -> None:
    def gate(name: str, call: Callable[[], object]) -> object:
        if name == "findings.upsert":
            raise RejectedRecordError("lacks a time")
        return call()

    request = started(stage)
    stage.around = lambda systems: gated(systems, gate)
    assert stage.seen_through(request.id).stage == "verified"


def test_a_partial_fix_of_a_failed_step_can_be_undone(stage: Stage) -> None:
    def half(rules: list[str], order: Order) -> str:
        if order.undo_of is not None:
            rules[:] = list(order.undo_of["Rules"])
            return ""
        rules.remove(HTTPS)
        return "Throttled"

    stage.account.effect = half
    done = stage.carried_out()
    assert done.stage == "failed"
    assert stage.undone(done).stage == "undone"
    assert stage.account.rules == list(RULES)
