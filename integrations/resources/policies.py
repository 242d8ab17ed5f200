"""IAM policy and trust documents: whom they let do what.

Facts: the IAM JSON policy element reference. What is read: Allow and Deny statements, `Action` and
`Resource` with wildcards, `Principal`. What is not: most conditions (a statement with conditions is
taken as conditional), permission boundaries, service control policies.
"""

import fnmatch
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from integrations.resources.arns import account_vertex
from integrations.resources.port import INTERNET

_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_ADMIN = frozenset({"*", "*:*"})
_READS = (
    "Get",
    "List",
    "Describe",
    "Scan",
    "Query",
    "BatchGet",
    "Receive",
    "Decrypt",
    "Select",
    "View",
)
_MANAGED = {
    "AdministratorAccess": [("Allow", ["*"], ["*"])],
    "PowerUserAccess": [("Allow", ["*"], ["*"])],
    "ReadOnlyAccess": [
        ("Allow", ["s3:Get*", "s3:List*", "dynamodb:Scan", "dynamodb:GetItem"], ["*"])
    ],
    "AmazonS3FullAccess": [("Allow", ["s3:*"], ["*"])],
    "AmazonS3ReadOnlyAccess": [("Allow", ["s3:Get*", "s3:List*"], ["*"])],
    "AmazonDynamoDBFullAccess": [("Allow", ["dynamodb:*"], ["*"])],
    "AmazonDynamoDBReadOnlyAccess": [("Allow", ["dynamodb:GetItem", "dynamodb:Scan"], ["*"])],
    "AmazonSQSFullAccess": [("Allow", ["sqs:*"], ["*"])],
    "SecretsManagerReadWrite": [("Allow", ["secretsmanager:*"], ["*"])],
}
"""What AWS's own policies allow of what we look at; Config does not describe them."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One statement's effect on data."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a role's trust document lets in."""

    principals: tuple[str, ...] = ()
    """Ids of vertices: ARNs of roles and users, accounts' roots, `internet` for everybody."""
    services: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    external_id: bool = False
    """Every statement that lets another account in asks for an ExternalId."""
    accounts: tuple[str, ...] = field(default=())


def document_of(value: Any) -> dict[str, Any]:
    """A policy document: an object, JSON text, or URL-encoded JSON text as IAM's API writes it."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        text = unquote(value) if value.lstrip().startswith("%7B") else value
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a document; a single one may stand without a list."""
    found = document.get("Statement")
    return [s for s in (found if isinstance(found, list) else [found]) if isinstance(s, dict)]


def grants_of(document: Mapping[str, Any]) -> list[Grant]:
    """What a permissions document allows and denies."""
    return [
        Grant(
            str(s.get("Effect", "")),
            tuple(_texts(s.get("Action"))),
            tuple(_texts(s.get("Resource"))) or ("*",),
        )
        for s in statements(document)
        if "Action" in s
    ]


def managed_grants(policy_arn: str) -> list[Grant]:
    """What one of AWS's own policies allows, as far as it is known here."""
    if not policy_arn.startswith(("arn:aws:iam::aws:", "arn:aws-cn:iam::aws:")):
        return []
    rows = _MANAGED.get(policy_arn.rsplit("/", 1)[-1], [])
    return [Grant(effect, tuple(actions), tuple(resources)) for effect, actions, resources in rows]


def is_admin(grants: Iterable[Grant]) -> bool:
    """Whether everything is allowed on everything."""
    return any(
        g.effect == "Allow" and not _ADMIN.isdisjoint(g.actions) and "*" in g.resources
        for g in grants
    )


def access_to(grants: Iterable[Grant], service: str, arn: str) -> str:
    """What grants allow on one resource: `admin`, `write`, `read`, or "" for nothing.

    A Deny that covers the resource and every action of the service takes everything away.
    """
    best = ""
    for grant in grants:
        if not any(_covers(pattern, arn) for pattern in grant.resources):
            continue
        level = _level(grant.actions, service)
        if grant.effect == "Deny" and level == "admin":
            return ""
        if grant.effect == "Allow" and _RANK[level] > _RANK[best]:
            best = level
    return best


_RANK = {"": 0, "read": 1, "write": 2, "admin": 3}


def _level(actions: Iterable[str], service: str) -> str:
    best = ""
    for action in actions:
        prefix, _, verb = action.partition(":")
        if action in _ADMIN:
            return "admin"
        if not fnmatch.fnmatchcase(service, prefix.lower()):
            continue
        level = "admin" if verb == "*" else "read" if verb.startswith(_READS) else "write"
        if _RANK[level] > _RANK[best]:
            best = level
    return best


def _covers(pattern: str, arn: str) -> bool:
    """Whether a statement's resource covers a whole resource or things in it (`bucket/*`)."""
    if pattern == "*":
        return True
    whole = pattern.removesuffix("/*") if pattern.endswith("/*") else pattern
    return fnmatch.fnmatchcase(arn, whole.replace("[", "[[]")) or pattern.startswith(f"{arn}/")


def trust_of(document: Mapping[str, Any], own_account: str) -> Trust:
    """Whom a trust document lets assume the role."""
    principals: list[str] = []
    services: list[str] = []
    federated: list[str] = []
    asked: list[bool] = []
    for statement in statements(document):
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        rows = {"AWS": principal} if isinstance(principal, str) else principal or {}
        if not isinstance(rows, Mapping):
            continue
        services += _texts(rows.get("Service"))
        federated += _texts(rows.get("Federated"))
        for name in _texts(rows.get("AWS")):
            vertex = principal_vertex(name)
            principals.append(vertex)
            if own_account not in vertex:
                asked.append("sts:ExternalId" in json.dumps(statement.get("Condition") or {}))
    accounts = dict.fromkeys(
        found[1] for p in principals if (found := re.search(r"::(\d{12}):", p))
    )
    return Trust(
        tuple(dict.fromkeys(principals)),
        tuple(dict.fromkeys(services)),
        tuple(dict.fromkeys(federated)),
        bool(asked) and all(asked),
        tuple(accounts),
    )


def principal_vertex(name: str) -> str:
    """The vertex id of a principal: everybody is the internet, an account its root."""
    if name == "*":
        return INTERNET
    account = _ACCOUNT.fullmatch(name)
    return account_vertex(account[1]) if account else name


def admits_everybody(document: Mapping[str, Any]) -> bool:
    """Whether a resource policy lets everybody in, unconditionally or by a public function URL."""
    for statement in statements(document):
        principal = statement.get("Principal")
        everybody = principal == "*" or (
            isinstance(principal, Mapping) and "*" in _texts(principal.get("AWS"))
        )
        if statement.get("Effect") == "Allow" and everybody:
            condition = statement.get("Condition")
            if not condition or url_auth_of(statement) == "NONE":
                return True
    return False


def url_auth_of(statement: Mapping[str, Any]) -> str:
    """The function URL's auth type that a Lambda permission is for; "" for none."""
    condition = statement.get("Condition")
    equals = condition.get("StringEquals") if isinstance(condition, Mapping) else None
    return str(equals.get("lambda:FunctionUrlAuthType", "")) if isinstance(equals, Mapping) else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
