"""The policies of a tenant's roles, written from what the runbooks say that they call and read.

A managed policy may have 6,144 characters without white space, and a role ten of them ("IAM and AWS
STS quotas", IAM User Guide); so the actions are laid into as many policies as they need.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.deploy.imports import ROOT
from integrations.runbooks.catalogue import ShippedRunbooks
from integrations.runbooks.port import Runbook

TEMPLATE = ROOT / "infra" / "tenant.yaml"
RUNBOOKS = ROOT / "infra" / "runbooks"

MOST_CHARACTERS = 6_144
_FULL = 5_500
"""From here on the next policy is begun; what is around the actions needs the rest."""

READS = ("config:GetResourceConfigHistory", "securityhub:GetFindings")
"""What is read beside the runbooks' own: a resource's tags, and findings to reconcile."""

CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "iam:CreateServiceLinkedRole": {
        "StringEquals": {"iam:AWSServiceName": "guardduty.amazonaws.com"}
    },
    "iam:PassRole": {
        "StringEquals": {
            "iam:PassedToService": [
                "cloudtrail.amazonaws.com",
                "config.amazonaws.com",
                "monitoring.rds.amazonaws.com",
                "vpc-flow-logs.amazonaws.com",
            ]
        }
    },
    "kms:CreateGrant": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
}
"""Actions that are granted for one end only."""

_BEGIN, _END = " BEGIN\n", "  # END\n"


def read_actions(runbooks: Iterable[Runbook]) -> list[str]:
    """What SecurityAssistRead may do."""
    return sorted({action for one in runbooks for action in one.reads} | set(READS))


def remediation_actions(runbooks: Iterable[Runbook]) -> list[str]:
    """What SecurityAssistRemediation may do for the runbooks."""
    return sorted({action for one in runbooks for action in one.permissions})


def laid_out(actions: Sequence[str]) -> Iterator[list[str]]:
    """The actions, as many in a list as a policy takes."""
    some: list[str] = []
    for action in actions:
        if some and sum(len(one) + 3 for one in [*some, action]) > _FULL:
            yield some
            some = []
        some.append(action)
    yield some


def statements(actions: Sequence[str]) -> list[dict[str, Any]]:
    """What a policy says: one statement for the actions, and one for each that has a condition."""
    free = [action for action in actions if action not in CONDITIONS]
    return [
        {"Effect": "Allow", "Action": free, "Resource": "*"},
        *(
            {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": CONDITIONS[action]}
            for action in actions
            if action in CONDITIONS
        ),
    ]


def written(template: str, runbooks: Sequence[Runbook]) -> str:
    """The template with the runbooks' policies in it, and attached to the roles."""
    read, actions = read_actions(runbooks), remediation_actions(runbooks)
    parts = list(laid_out(actions))
    names = ["RunbooksPolicy" + (str(n) if n > 1 else "") for n in range(1, len(parts) + 1)]
    policies = [_policy("ReadPolicy", read)]
    policies += [_policy(name, some) for name, some in zip(names, parts, strict=True)]
    before, _, rest = template.partition(_BEGIN)
    after = rest.partition(_END)[2]
    attached = "".join(f"        - !Ref {name}\n" for name in ["AutomationPolicy", *names])
    head, _, tail = before.partition("        - !Ref AutomationPolicy\n")
    while tail.startswith("        - !Ref RunbooksPolicy"):
        tail = tail.partition("\n")[2]
    return f"{head}{attached}{tail}{_BEGIN}{''.join(policies)}{_END}{after}"


def _policy(name: str, actions: Sequence[str]) -> str:
    lines = [
        f"  {name}:",
        "    Type: AWS::IAM::ManagedPolicy",
        "    Condition: Home",
        "    Properties:",
        f"      ManagedPolicyName: SecurityAssist{name.replace('Policy', '')}",
        "      PolicyDocument:",
        '        Version: "2012-10-17"',
        "        Statement:",
    ]
    for statement in statements(actions):
        lines.append("          - Effect: Allow")
        if isinstance(statement["Action"], list):
            lines.append("            Action:")
            lines += [f'              - "{action}"' for action in statement["Action"]]
        else:
            lines.append(f'            Action: "{statement["Action"]}"')
        lines.append('            Resource: "*"')
        if "Condition" in statement:
            lines.append(f"            Condition: {json.dumps(statement['Condition'])}")
    return "\n".join(lines) + "\n"


def write(template: Path = TEMPLATE) -> None:
    """Write the runbooks' policies into the tenants' template."""
    text = template.read_text(encoding="utf-8")
    template.write_text(written(text, ShippedRunbooks(RUNBOOKS).runbooks()), encoding="utf-8")
