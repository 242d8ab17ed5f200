"""Every runbook that the emulated AWS can hold: wrong, planned, fixed, proven, undone, as before.

The fix and the undo run as Systems Manager would run them, under a role that may do what the
runbook's `permissions` say and nothing else; check and plan under one that may only read what both
say.
"""

import json
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.server import EmulatedAws
from integrations.accounts.port import Purpose
from integrations.accounts.sts import StsAccounts
from integrations.aws import AwsSession
from integrations.runbooks.catalogue import ShippedRunbooks
from integrations.runbooks.port import Execution, ExecutionStatus, Location, Order, Runbook
from integrations.runbooks.ssm import SsmAutomations
from integrations.tenants.port import Tenant
from tests.proofs import identity, network, services, storage
from tests.proofs.case import REGION, Case, Owner, Subject

CASES = (*network.CASES, *storage.CASES, *identity.CASES, *services.CASES)
ACCOUNTS = {case: f"{900_000_000_000 + place}" for place, case in enumerate(CASES)}
RUNBOOKS = ShippedRunbooks(Path(__file__).parents[2] / "infra" / "runbooks")
TENANT = Tenant(
    id="proof", name="Proof", accounts=tuple(ACCOUNTS.values()), external_id="proof-external-id"
)
LONGEST_S, BETWEEN_LOOKS_S = 60.0, 0.05
MOVING = re.compile(r"/status/latest_delivery_|/buckets/logs-[0-9]+/keys")
"""A trail that is on delivers by itself, and so do access logs."""


@pytest.fixture(scope="module")
def aws() -> Iterator[EmulatedAws]:
    with EmulatedAws([TENANT], datetime.now(UTC), empty=True) as running:
        running.wait()
        yield running


@pytest.fixture(scope="module")
def hub(aws: EmulatedAws) -> AwsSession:
    """The bot's own session, of which every account's roles are assumed."""
    return _session(aws, aws.hub_credentials)


class Stage:
    """One case in its own account."""

    def __init__(self, aws: EmulatedAws, hub: AwsSession, case: Case) -> None:
        self.case = case
        self._patience = threading.Event()
        self.location = Location(ACCOUNTS[case], REGION)
        self.runbook = _runbook(case)
        self._aws = aws
        owner = aws.owner_credentials(self.location.account)
        self.owner = Owner(self.location.account, _session(aws, owner))
        accounts = StsAccounts(
            hub=hub,
            accounts=TENANT.accounts,
            external_id=TENANT.external_id,
            clock=time.time,
        )
        # One thread: two sessions do, and each costs a twentieth of a second.
        reading = accounts.session(Purpose.READ, *self.location)
        remediating = accounts.session(Purpose.REMEDIATE, *self.location)
        self.automations = SsmAutomations(
            read=lambda _: reading,
            remediate=lambda _: remediating,
            role=lambda where: accounts.role(Purpose.REMEDIATE, where.account),
            clock=time.time,
            pause=time.sleep,
        )
        self._only("SecurityAssistRead", {*self.runbook.reads, *_reading(self.runbook)})
        self._also("SecurityAssistRemediation", self.runbook.permissions)
        self.subject = case.make(self.owner)
        self.parameters = _bound(self.runbook, self.subject, self.location)

    def _only(self, role: str, actions: Iterable[str]) -> None:
        self._also(role, actions)
        self.owner.client("iam").delete_role_policy(RoleName=role, PolicyName=role)

    def _also(self, role: str, actions: Iterable[str]) -> None:
        allowed = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
        self.owner.client("iam").put_role_policy(
            RoleName=role,
            PolicyName="TheRunbook",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )

    def state(self) -> Mapping[str, Any]:
        """Everything in the account but the runbook's own document, and what moves by itself."""
        found = self._aws.state(self.location.account)
        kept = {
            path: value
            for path, value in found.items()
            if f"/{self.runbook.name}" not in path
            and not path.endswith("/_documents")
            and not MOVING.search(path)
        }
        return _without_order(kept, self.case)

    def check(self) -> Any:
        return self.automations.check(self.location, self.runbook, self.parameters)

    def preview(self) -> Any:
        return self.automations.preview(self.location, self.runbook, self.parameters)

    def run(self, undo_of: Mapping[str, Any] | None = None) -> Execution:
        order = Order(
            location=self.location,
            runbook=self.runbook,
            parameters=self.parameters,
            token=str(uuid.uuid4()),
            undo_of=undo_of,
        )
        running = self.automations.start(order)
        until = time.monotonic() + LONGEST_S
        while time.monotonic() < until:
            found = self.automations.execution(self.location, running)
            if found.status.final:
                return found
            self._patience.wait(BETWEEN_LOOKS_S)
        raise AssertionError(f"{running} did not end")

    def within(self, path: str, parts: tuple[str, ...]) -> bool:
        known = {"short_id": self.subject.short_id, "id": self.subject.id}
        return any(part.format(**known) in path for part in parts)


def _reading(runbook: Runbook) -> set[str]:
    """What of a fix and its undo a plan really calls."""
    words = ("Describe", "Get", "List")
    return {a for a in runbook.permissions if a.partition(":")[2].startswith(words)}


def _runbook(case: Case) -> Runbook:
    found = RUNBOOKS.runbook(case.control)
    assert found is not None
    return found


def _session(aws: EmulatedAws, key: Any) -> AwsSession:
    return AwsSession(
        access_key=key.access_key_id,
        secret_key=key.secret_access_key,
        token=None,
        region=REGION,
        endpoint_url=aws.url,
    )


def _bound(runbook: Runbook, subject: Subject, location: Location) -> dict[str, str]:
    known = {
        "resource.id": subject.id,
        "resource.short_id": subject.short_id,
        "resource.account": location.account,
        **{f"setting.{name}": value for name, value in subject.settings.items()},
    }
    bound = {
        name: source.removeprefix("=") if source.startswith("=") else known[source]
        for name, source in runbook.bindings.items()
    }
    return bound | {name: value for name, value in subject.instead.items() if name in bound}


def _without_order(state: Mapping[str, Any], case: Case) -> Mapping[str, Any]:
    """The members of some lists by what they say instead of by their number."""
    told: dict[str, Any] = {}
    members: dict[tuple[str, str], dict[str, Any]] = {}
    for path, value in state.items():
        end = next((end for end in case.unordered if end in path), None)
        if end is None:
            told[path] = value
        else:
            head, _, rest = path.partition(end)
            number, _, name = rest.partition("/")
            members.setdefault((head + end, number), {})[name] = value
    for (path, _), member in members.items():
        same = {name: value for name, value in member.items() if f"/{name}" not in case.unlike}
        for name, value in member.items():
            told[f"{path}{json.dumps(same, sort_keys=True)}/{name}"] = value
    return told


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def test_every_runbook_is_proven_or_says_why_it_is_not() -> None:
    proven = {_runbook(case).name for case in CASES}
    unproven = {runbook.name for runbook in RUNBOOKS.runbooks() if runbook.unproven}
    assert proven & unproven == set()
    assert proven | unproven == {runbook.name for runbook in RUNBOOKS.runbooks()}


EVERY_OTHER_SLOW = [
    pytest.param(case, marks=[pytest.mark.slow] if number % 2 else [], id=str(case))
    for number, case in enumerate(CASES)
]
"""A fix takes seconds: `make test` tries half of them, and `make slow` the other half."""


@pytest.mark.parametrize("case", EVERY_OTHER_SLOW)
def test_a_runbook_fixes_what_it_planned_and_puts_it_back(
    aws: EmulatedAws, hub: AwsSession, case: Case
) -> None:
    stage = Stage(aws, hub, case)
    start = stage.state()

    before = stage.check()
    assert not before.compliant
    assert before.state.keys() == before.target.keys()
    assert before.state != before.target

    plan = stage.preview()
    assert plan.calls
    assert {call.action for call in plan.calls} <= set(stage.runbook.permissions)
    assert set(plan.reads) <= set(stage.runbook.permissions)
    assert not plan.failure
    assert stage.state() == start

    done = stage.run()
    assert done.status is ExecutionStatus.SUCCESS, done.failure
    after = stage.check()
    assert after.compliant
    assert after.state == before.target == after.target
    said = json.dumps(after.state)
    assert [words for words in case.remains if words not in said] == []
    fixed = stage.state()
    strange = [path for path in _changed(start, fixed) if not stage.within(path, case.touches)]
    assert strange == []

    assert stage.preview().calls == ()

    if stage.runbook.reversible:
        undone = stage.run(undo_of=before.saved)
        assert undone.status is ExecutionStatus.SUCCESS, undone.failure
        left = _changed(start, stage.state())
        assert [path for path in left if not stage.within(path, case.unlike)] == []
        # Where nothing at all is left, the check would read what it read before.
        assert not left or stage.check().state == before.state
