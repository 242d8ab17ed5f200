"""Clicks that must not count, of every kind, through every depth: none of them runs anything."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from agent.approval import Refusal
from integrations.findings.port import Severity
from integrations.remediations.port import Remediation
from tests.automation_account import RULES
from tests.builders import tenant
from tests.reliability.clicks import (
    GLOBEX,
    NOWHERE,
    OTHER_TEAM,
    TEAM,
    Press,
    Rules,
    Slack,
    Talk,
    Transport,
    bound,
    carded,
)
from tests.remediating import ANALYST, APPROVERS, ONCALL, ONCALL2, Stage, staged
from tests.scratch import scratch

TRANSPORTS: dict[str, Callable[[Stage], Transport]] = {
    "rules": Rules,
    "conversation": Talk,
    "Slack": Slack,
}

STRANGERS = ("USTRANGER", "UANALYST", "UONCALL", "UONCALL11", "uoncall1", "", "UONCALL1 ", "*")
GLOBEX_APPROVER = "UGLOBEX1"


@dataclass
class Forged:
    """How many presses were tried, by kind, and what came of them."""

    tried: Counter[str] = field(default_factory=Counter)
    executed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    """Requests that such a press moved on."""
    honest: int = 0
    """Presses of the right person on the right card, which must go through."""


class Forger:
    """Makes requests, and presses that are wrong in one way each."""

    def __init__(self, stage: Stage, transport: Transport, seed: int) -> None:
        """Two tenants with their channels; `acme` has the account."""
        self._stage = stage
        self._transport = transport
        self._random = Random(seed)
        self._numbers = iter(range(10**6))
        self._others: list[Remediation] = []
        self._sees_cards = not isinstance(transport, Rules)
        stage.connections.directory.put(
            tenant("globex", "444455556666", approvers=(f"slack/{TEAM}/{GLOBEX_APPROVER}",))
        )
        bound(stage)

    @property
    def kinds(self) -> dict[str, Callable[[], Sequence[Press]]]:
        """Every kind of forgery: prepares what it needs, and gives the presses."""
        both: dict[str, Callable[[], Sequence[Press]]] = {
            "other user": self._other_user,
            "same id, other workspace": self._other_home,
            "guest": self._guest,
            "other tenant's channel": self._other_tenant,
            "channel of nobody": self._no_channel,
            "other workspace": self._other_workspace,
            "edited value": self._edited,
            "old plan": self._old_plan,
            "expired": self._expired,
            "revoked approver": self._revoked,
            "self-approval": self._own,
            "replay after a rejection": self._after_rejection,
            "replay after the fix": self._after_fix,
            "one person twice": self._twice,
            "undo by a stranger": self._undo,
        }
        if self._sees_cards:
            both["forwarded message"] = self._forwarded
        if isinstance(self._transport, Slack):
            both["unsigned"] = self._unsigned
        return both

    def tried(self, how_many: int) -> Forged:
        """Try so many presses, of every kind in turn, and some honest ones."""
        forged = Forged()
        while forged.tried.total() < how_many:
            for kind, presses_of in self.kinds.items():
                for press in presses_of():
                    self._judged(kind, press, forged)
        for _ in self.kinds:
            request = self._request()
            self._transport.press(self._honest(request))
            forged.honest += self._stage.seen_through(request.id).stage == "verified"
        return forged

    def _judged(self, kind: str, press: Press, forged: Forged) -> None:
        before = self._stages()
        executions = len(self._stage.account.executions)
        self._transport.press(press)
        forged.tried[kind] += 1
        self._stage.changes_tenant(approvers=APPROVERS)
        for request in self._stage.executor.waiting():
            self._stage.seen_through(request.id, "worker-2")
        if len(self._stage.account.executions) != executions:
            forged.executed.append(kind)
        for request_id, stage in self._stages().items():
            if stage not in {before[request_id], "expired"}:
                forged.moved.append(f"{kind}: {before[request_id]} -> {stage}")

    def _stages(self) -> dict[str, str]:
        newest = self._stage.systems.remediations.search(limit=5)
        return {r.id: str(r.stage) for r in newest}

    # -- requests

    def _request(self, by: str = ANALYST.id, severity: Severity = Severity.HIGH) -> Remediation:
        number = next(self._numbers)
        (finding,) = self._stage.open_many([number], severity)
        request = self._stage.requests.propose(finding, by)
        request = carded(self._stage, request, f"m{request.id}")
        self._others = [*self._others[-5:], request]
        return request

    def _honest(self, request: Remediation, **changes: Any) -> Press:
        press = Press(
            request=request.id,
            plan_hash=request.plan.hash,
            user="UONCALL1",
            message=f"m{request.id}",
        )
        return replace(press, **changes)

    def _decided(self, request: Remediation) -> None:
        for by in (ONCALL, ONCALL2)[: request.approvals_needed]:
            done = self._stage.requests.approve(request.id, request.plan.hash, by, "seen")
            assert not isinstance(done, Refusal), done

    # -- kinds

    def _other_user(self) -> list[Press]:
        request = self._request(severity=self._random.choice([Severity.HIGH, Severity.CRITICAL]))
        user = self._random.choice(STRANGERS)
        return [self._honest(request, user=user)]

    def _other_home(self) -> list[Press]:
        return [self._honest(self._request(), user_team=OTHER_TEAM, team=OTHER_TEAM)]

    def _guest(self) -> list[Press]:
        request = self._request()
        return [
            self._honest(request, user_team=OTHER_TEAM),
            replace(self._honest(request, user_team=OTHER_TEAM), shared=True),
        ]

    def _other_tenant(self) -> list[Press]:
        request = self._request()
        return [
            self._honest(request, channel=GLOBEX),
            self._honest(request, channel=GLOBEX, user=GLOBEX_APPROVER),
            self._honest(request, user=GLOBEX_APPROVER),
        ]

    def _no_channel(self) -> list[Press]:
        return [self._honest(self._request(), channel=NOWHERE)]

    def _other_workspace(self) -> list[Press]:
        return [self._honest(self._request(), team=OTHER_TEAM)]

    def _edited(self) -> list[Press]:
        request, other = self._request(), self._request()
        plan_hash = request.plan.hash
        at = self._random.randrange(len(plan_hash))
        flipped = f"{plan_hash[:at]}{'0' if plan_hash[at] != '0' else '1'}{plan_hash[at + 1 :]}"
        values = (
            f"{request.id}:{flipped}",
            f"{request.id}:{plan_hash[:-1]}",
            f"{request.id}:{plan_hash}0",
            f"{request.id}:{plan_hash}:{plan_hash}",
            f"{request.id}:",
            request.id,
            f"{request.id}:{other.plan.hash}",
            f"{request.id.upper()}:{plan_hash}",
            f"{request.id[:-1]}:{plan_hash}",
            f" {request.id}:{plan_hash}",
            f"{request.id}:{plan_hash.upper()}x",
            f"R-%:{plan_hash}",
            f"' OR 1=1 --:{plan_hash}",
            f"../{request.id}:{plan_hash}",
            ":",
        )
        value = self._random.choice(values)
        return [replace(self._honest(request), value=value)]

    def _old_plan(self) -> list[Press]:
        """The resource changed, and a newer plan took the old one's place."""
        old = self._request()
        group = old.plan.parameters["GroupId"]
        self._stage.account.groups[group].append("tcp 80 from 0.0.0.0/0")
        finding = self._stage.systems.findings.get(old.plan.finding).finding
        new = self._stage.requests.propose(finding, ANALYST.id)
        new = carded(self._stage, new, f"m{new.id}")
        return [
            self._honest(old),
            replace(self._honest(new), value=f"{new.id}:{old.plan.hash}"),
            replace(self._honest(old), value=f"{old.id}:{new.plan.hash}"),
        ]

    def _expired(self) -> list[Press]:
        request = self._request()
        self._stage.clock.later(seconds=self._random.choice([3_600, 3_601, 90_000]))
        return [self._honest(request), self._honest(request, user="UONCALL2")]

    def _revoked(self) -> list[Press]:
        request = self._request()
        self._stage.changes_tenant(approvers=(ONCALL2.id,))
        return [self._honest(request)]

    def _own(self) -> list[Press]:
        return [self._honest(self._request(by=ONCALL.id))]

    def _after_rejection(self) -> list[Press]:
        request = self._request()
        done = self._stage.requests.reject(request.id, request.plan.hash, ONCALL2, "in use")
        assert not isinstance(done, Refusal)
        return [self._honest(request), self._honest(request, user="UONCALL2")]

    def _after_fix(self) -> list[Press]:
        """A captured click is sent again when all is done, and the resource open once more."""
        request = self._request()
        self._decided(request)
        done = self._stage.seen_through(request.id)
        assert done.stage == "verified"
        self._stage.account.groups[request.plan.parameters["GroupId"]][:] = list(RULES)
        return [
            self._honest(request),
            self._honest(request, user="UONCALL2"),
            self._honest(request, action="undo"),
        ]

    def _twice(self) -> list[Press]:
        request = self._request(severity=Severity.CRITICAL)
        self._transport.press(self._honest(request))
        assert len(self._stage.systems.remediations.get(request.id).approvals) == 1
        return [self._honest(request) for _ in range(3)]

    def _undo(self) -> list[Press]:
        request = self._request()
        self._decided(request)
        assert self._stage.seen_through(request.id).stage == "verified"
        return [
            self._honest(request, action="undo", user=user)
            for user in ("UANALYST", "USTRANGER", GLOBEX_APPROVER)
        ]

    def _forwarded(self) -> list[Press]:
        request, other = self._request(), self._request()
        return [
            self._honest(request, message="1700000000.000100"),
            self._honest(request, message=f"m{other.id}"),
            self._honest(request, message=f"m{request.id}0"),
        ]

    def _unsigned(self) -> list[Press]:
        request = self._request()
        return [
            replace(self._honest(request), secret="another-secret"),
            replace(self._honest(request), late_by_s=self._random.choice([301, 600, -400, 86_400])),
        ]


def run(transport: str, how_many: int, seed: int) -> Forged:
    """Try so many forged presses through one transport."""
    with scratch() as folder, staged(folder) as stage:
        return Forger(stage, TRANSPORTS[transport](stage), seed).tried(how_many)
