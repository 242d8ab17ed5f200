"""IAM policy and trust documents: whom they let do what.

Facts: the IAM JSON policy element reference; what is public, by the API reference of Amazon S3's
`PublicAccessBlockConfiguration`. What cannot be told for certain is read so that no way in is
hidden: an Allow with conditions allows, a Deny with conditions or with `NotResource` does not deny.
Permission boundaries and service control policies are not read.
"""

import fnmatch
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from integrations.resources.arns import account_id_of, account_vertex
from integrations.resources.port import INTERNET

_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")
_ADMIN = frozenset({"*", "*:*"})
_VARIABLE = re.compile(r"\$\{[^}]*\}")
"""A policy variable, such as `${aws:username}`: it may stand for anything."""
_READS = ("get", "list", "describe", "scan", "query", "batchget", "receive", "decrypt", "select",
          "view")  # fmt: skip
SERVICES = ("s3", "dynamodb", "secretsmanager", "sqs", "sns", "kms", "rds")
"""Whose data access is looked at: what a `NotAction` leaves is spelled out for these."""
_ALL = tuple(f"{service}:*" for service in SERVICES)
_MANAGED: dict[str, list[tuple[str, Sequence[str], Sequence[str]]]] = {
    "AdministratorAccess": [("Allow", ["*"], ["*"])],
    "PowerUserAccess": [("Allow", _ALL, ["*"])],
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
    """What a permissions document allows and denies, for certain."""
    found: list[Grant] = []
    for statement in statements(document):
        effect = statement.get("Effect")
        if effect == "Deny" and (statement.get("Condition") or "NotResource" in statement):
            continue
        actions = _texts(statement.get("Action")) or _left_by(
            statement.get("NotAction"), str(effect)
        )
        if effect in {"Allow", "Deny"} and actions:
            on = tuple(_texts(statement.get("Resource"))) or ("*",)
            found.append(Grant(effect, tuple(actions), on))
    return found


def _left_by(not_actions: Any, effect: str) -> list[str]:
    """What all actions but some come to, service by service.

    A service of which only a part is excepted is allowed whole, and is not denied at all.
    """
    excepted = _texts(not_actions)
    if not excepted:
        return []
    spared = {"admin"} if effect == "Allow" else {"admin", "write", "read"}
    return [f"{service}:*" for service in SERVICES if _level(excepted, service) not in spared]


def managed_grants(policy_arn: str) -> list[Grant]:
    """What one of AWS's own policies allows, as far as it is known here."""
    if not policy_arn.startswith(("arn:aws:iam::aws:", "arn:aws-cn:iam::aws:")):
        return []
    rows = _MANAGED.get(policy_arn.rsplit("/", 1)[-1], [])
    return [Grant(effect, tuple(actions), tuple(resources)) for effect, actions, resources in rows]


def is_admin(grants: Iterable[Grant]) -> bool:
    """Whether everything is allowed on everything, and not denied."""
    total = {g.effect for g in grants if not _ADMIN.isdisjoint(g.actions) and "*" in g.resources}
    return total == {"Allow"}


def access_to(grants: Iterable[Grant], service: str, arn: str) -> str:
    """What grants allow on one resource: `admin`, `write`, `read`, or "" for nothing.

    A Deny that covers the whole resource and every action of the service takes everything away.
    """
    best = ""
    for grant in grants:
        level = _level(grant.actions, service)
        if grant.effect == "Deny":
            if level == "admin" and any(_covers(p, service, arn) for p in grant.resources):
                return ""
        elif _RANK[level] > _RANK[best] and any(_touches(p, arn) for p in grant.resources):
            best = level
    return best


_RANK = {"": 0, "read": 1, "write": 2, "admin": 3}


def _level(actions: Iterable[str], service: str) -> str:
    """The most that some of the actions do with a service. IAM compares actions without case."""
    best = ""
    for action in actions:
        if action in _ADMIN:
            return "admin"
        prefix, _, verb = action.casefold().partition(":")
        if not fnmatch.fnmatchcase(service, _pattern(prefix)):
            continue
        level = "admin" if verb == "*" else "read" if verb.startswith(_READS) else "write"
        if _RANK[level] > _RANK[best]:
            best = level
    return best


def _touches(pattern: str, arn: str) -> bool:
    """Whether a statement's resource is a resource, or something in it (`bucket/*`)."""
    loose = _pattern(_VARIABLE.sub("*", pattern))
    whole = "/".join(loose.split("/")[: arn.count("/") + 1])
    return fnmatch.fnmatchcase(arn, loose) or fnmatch.fnmatchcase(arn, whole)


def _covers(pattern: str, service: str, arn: str) -> bool:
    """Whether a statement's resource is all of a resource: of a bucket, all objects in it."""
    return fnmatch.fnmatchcase(f"{arn}/object" if service == "s3" else arn, _pattern(pattern))


def _pattern(text: str) -> str:
    """IAM's wildcards are `*` and `?`; a bracket is only a bracket."""
    return text.replace("[", "[[]")


def trust_of(document: Mapping[str, Any], own_account: str) -> Trust:
    """Whom a trust document lets assume the role."""
    allowing = [s for s in statements(document) if s.get("Effect") == "Allow"]
    principals: list[str] = []
    services: list[str] = []
    federated: list[str] = []
    asked: list[bool] = []
    for statement in allowing:
        rows = _principals(statement)
        services += _texts(rows.get("Service"))
        federated += _texts(rows.get("Federated"))
        for name in _texts(rows.get("AWS")):
            vertex = principal_vertex(name)
            if vertex == INTERNET and _restricts(statement.get("Condition")):
                continue
            principals.append(vertex)
            if vertex == INTERNET or account_id_of(vertex) not in {"", own_account}:
                asked.append("sts:externalid" in _condition_keys(statement.get("Condition")))
    accounts = dict.fromkeys(account for p in principals if (account := account_id_of(p)))
    return Trust(
        tuple(dict.fromkeys(principals)),
        tuple(dict.fromkeys(services)),
        tuple(dict.fromkeys(federated)),
        bool(asked) and all(asked),
        tuple(accounts),
    )


def _principals(statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """A statement's principals by kind; a plain `*` is everybody of AWS."""
    found = statement.get("Principal")
    if isinstance(found, str):
        return {"AWS": found}
    return found if isinstance(found, Mapping) else {}


def principal_vertex(name: str) -> str:
    """The vertex id of a principal: everybody is the internet, an account its root."""
    if name == "*":
        return INTERNET
    account = _ACCOUNT.fullmatch(name)
    return account_vertex(account[1]) if account else name


def admits_everybody(document: Mapping[str, Any]) -> bool:
    """Whether a resource policy lets everybody in.

    `NotPrincipal` with Allow is everybody but a few. Conditions keep everybody out only when they
    hold the caller to fixed values of what he cannot choose.
    """
    return any(
        statement.get("Effect") == "Allow"
        and ("NotPrincipal" in statement or "*" in _texts(_principals(statement).get("AWS")))
        and not _restricts(statement.get("Condition"))
        for statement in statements(document)
    )


_FIXING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "kms:calleraccount",
        "kms:viaservice",
        "s3:dataaccesspointaccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
"""Condition keys, in lower case, whose fixed values keep everybody else out."""
_ANYTHING = re.compile(r"\*|0\.0\.0\.0/0|::/0|arn:\*|arn:[^:]*:\*|arn(:[^:]*){3}:\*(:.*)?")
"""Values that hold nobody to anything: every address, an ARN of every account."""


def _restricts(condition: Any) -> bool:
    """Whether a statement's conditions keep everybody out."""
    for operator, key, values in _conditions(condition):
        if key == "lambda:functionurlauthtype" and "AWS_IAM" in values:
            return True
        if "not" in operator or operator.endswith("ifexists") or operator.startswith("null"):
            continue
        if key in _FIXING and values and not any(map(_ANYTHING.fullmatch, values)):
            return True
    return False


def _condition_keys(condition: Any) -> set[str]:
    """The keys that conditions hold to a value."""
    return {key for operator, key, _ in _conditions(condition) if "not" not in operator}


def _conditions(condition: Any) -> Iterator[tuple[str, str, list[str]]]:
    """(operator, key, values), the first two in lower case: IAM compares them without case."""
    if not isinstance(condition, Mapping):
        return
    for operator, keys in condition.items():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator).casefold(), str(key).casefold(), _texts(values)


def url_auth_of(statement: Mapping[str, Any]) -> str:
    """The function URL's auth type that a Lambda permission is for; "" for none."""
    condition = statement.get("Condition")
    equals = condition.get("StringEquals") if isinstance(condition, Mapping) else None
    return str(equals.get("lambda:FunctionUrlAuthType", "")) if isinstance(equals, Mapping) else ""


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []
