"""The plan of a fix: what is shown, hashed and approved, and nothing else is carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that will be made, or was."""

    action: str
    """As IAM writes it: `ec2:RevokeSecurityGroupIngress`."""
    resource: str
    parameters: Mapping[str, Any]
    service: str = ""
    """As boto3 names the client: `ec2`; empty in plans that were kept before it was noted."""
    operation: str = ""
    """As AWS names the API; empty as `service`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One property before and after."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was proposed, word for word: what is approved is this and nothing else."""

    title: str
    """An imperative: "Close SSH to the internet on sg-web-admin"."""
    why: str
    finding: str
    """Its uid."""
    finding_ref: str
    control: str
    severity: str
    """`critical`, `high`, ...: of the finding, or of the worst exposure that it completes."""
    resource: str
    """Id of the resource to change."""
    resource_name: str
    account: str
    region: str
    runbook: str
    runbook_version: str
    parameters: Mapping[str, Any]
    calls: tuple[Call, ...]
    state: Mapping[str, Any]
    """The properties as they were read for the plan."""
    target: Mapping[str, Any]
    """The same as they will be."""
    saved: Mapping[str, Any]
    """What the undo needs."""
    unpredicted: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    """Names of the other resources that the change is felt by."""
    uncounted: str = ""
    """What feels it beside them and cannot be counted, in words: `reaches all of account 1111...`;
    empty when `touches` is all."""
    risk: str = "low"
    care: str = ""
    reversible: bool = True
    exposure: str = ""
    """Ref of the exposure that it breaks; empty for none."""
    score: int = 0
    """That exposure's."""
    planned_at: datetime

    @property
    def changes(self) -> tuple[Change, ...]:
        """Each property that will differ, in the order of `target`."""
        names = [*self.target, *(name for name in self.state if name not in self.target)]
        pairs = ((name, self.state.get(name), self.target.get(name)) for name in names)
        return tuple(Change(name=n, before=b, after=a) for n, b, a in pairs if b != a)

    def does_as(self, other: "Plan") -> bool:
        """Whether both would do the same; how they are explained may differ."""
        return _unexplained(self).hash == _unexplained(other).hash

    @property
    def hash(self) -> str:
        """16 hex digits over every field but `planned_at`: another plan has another."""
        plain = msgspec.to_builtins(replace(self, planned_at=_NO_TIME))
        # The token of a request comes of its plan's hash: one kept before keeps its own.
        for part, noted_later in [(plain, "uncounted")] + [
            (call, name) for call in plain["calls"] for name in ("service", "operation")
        ]:
            if not part[noted_later]:
                del part[noted_later]
        return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()[:16]


def _unexplained(plan: Plan) -> Plan:
    return replace(plan, why="", exposure="", score=0)
