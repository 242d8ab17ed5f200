"""CloudFormation's StackSets as far as they are used here: what is where, and how operations end.

Answers are XML of the query protocol ("CloudFormation API reference"); no stack is made.
"""

from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from tests.loopback_aws import RefusedError


@dataclass
class StackSets:
    """The sets by name, and where each has its instances."""

    sets: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name -> the parameters' values."""
    templates: dict[str, str] = field(default_factory=dict)
    instances: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """(account, Region) -> the overriding values, and `status`."""
    fails: dict[str, str] = field(default_factory=dict)
    """Account -> why an operation in it fails."""
    ended: dict[str, str] = field(default_factory=dict)
    """Operation -> why it failed; empty: it did not."""
    looks: int = 1
    """How often the first operation is said to run still before it ends."""

    def __call__(self, operation: str, told: dict[str, Any]) -> str:
        name = told["StackSetName"]
        if operation != "CreateStackSet" and name not in self.sets:
            raise RefusedError("StackSetNotFoundException", f"StackSet {name} not found")
        answer: str = getattr(self, f"_{operation}")(told)
        return (
            f"<{operation}Response><{operation}Result>{answer}</{operation}Result>"
            f"</{operation}Response>"
        )

    def _CreateStackSet(self, told: dict[str, Any]) -> str:  # noqa: N802 - AWS's name
        assert told["PermissionModel"] == "SELF_MANAGED"
        assert told["Capabilities.member.1"] == "CAPABILITY_NAMED_IAM"
        assert "AWSTemplateFormatVersion" in told["TemplateBody"]
        self.templates[told["StackSetName"]] = told["TemplateBody"]
        self.sets[told["StackSetName"]] = _values(told, "Parameters")
        return "<StackSetId>id</StackSetId>"

    def _DescribeStackSet(self, told: dict[str, Any]) -> str:  # noqa: N802
        name = told["StackSetName"]
        body = f"<TemplateBody>{escape(self.templates[name])}</TemplateBody>"
        return f"<StackSet><StackSetName>{name}</StackSetName>{body}</StackSet>"

    def _CreateStackInstances(self, told: dict[str, Any]) -> str:  # noqa: N802
        return self._operated(told, "CURRENT")

    _UpdateStackInstances = _CreateStackInstances

    def _DeleteStackInstances(self, told: dict[str, Any]) -> str:  # noqa: N802
        assert told["RetainStacks"] == "false"
        return self._operated(told, "")

    def _operated(self, told: dict[str, Any], status: str) -> str:
        account = told["Accounts.member.1"]
        operation = f"op-{len(self.ended)}"
        self.ended[operation] = self.fails.get(account, "")
        number = 1
        while region := told.get(f"Regions.member.{number}"):
            place = (account, region)
            if not status:
                self.instances.pop(place, None)
            else:
                ends = "OUTDATED" if account in self.fails else status
                self.instances[place] = _values(told, "ParameterOverrides") | {"status": ends}
            number += 1
        return f"<OperationId>{operation}</OperationId>"

    def _DescribeStackSetOperation(self, told: dict[str, Any]) -> str:  # noqa: N802
        status = "FAILED" if self.ended[told["OperationId"]] else "SUCCEEDED"
        if self.looks:
            self.looks, status = self.looks - 1, "RUNNING"
        return f"<StackSetOperation><Status>{status}</Status></StackSetOperation>"

    def _ListStackSetOperationResults(self, told: dict[str, Any]) -> str:  # noqa: N802
        why = escape(self.ended[told["OperationId"]])
        return f"<Summaries><member><StatusReason>{why}</StatusReason></member></Summaries>"

    def _ListStackInstances(self, told: dict[str, Any]) -> str:  # noqa: N802
        members = "".join(
            f"<member><Account>{account}</Account><Region>{region}</Region>"
            f"<Status>{held['status']}</Status></member>"
            for (account, region), held in self.instances.items()
            if account == told["StackInstanceAccount"]
        )
        return f"<Summaries>{members}</Summaries>"


def lets_in(sets: StackSets, role: str, external_id: str | None) -> bool:
    """Whether an account's roles, as the template makes them there, open to an ExternalId."""
    account = role.split(":")[4]
    own = [held["ExternalId"] for (a, _), held in sets.instances.items() if a == account]
    return external_id is not None and external_id in own


def _values(told: dict[str, Any], name: str) -> dict[str, str]:
    found, number = dict[str, str](), 1
    while key := told.get(f"{name}.member.{number}.ParameterKey"):
        found[key] = told[f"{name}.member.{number}.ParameterValue"]
        number += 1
    return found
