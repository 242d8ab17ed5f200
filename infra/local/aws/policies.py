"""What IAM's policy language says: whether a principal may do something to something.

Facts: "Policy evaluation logic" and "IAM JSON policy elements" (IAM user guide). What is not
understood never allows: an unknown condition operator fails an Allow and satisfies a Deny.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

Context = Mapping[str, str | Sequence[str]]
"""Condition keys and their values: `{"sts:ExternalId": "..."}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to do."""

    action: str
    """As IAM writes it: `ec2:RevokeSecurityGroupIngress`."""
    resource: str
    """One ARN, or `*` where the action knows no resources."""
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of some policies."""

    allowed: bool
    explicit: bool = False
    """A Deny statement said so."""


NEUTRAL = Verdict(allowed=False)


def document(text: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A policy document from JSON, possibly URL-encoded as IAM stores it; {} when there is none."""
    if text is None or text == "":
        return {}
    if isinstance(text, Mapping):
        return text
    found = json.loads(text if text.lstrip().startswith("{") else unquote(text))
    return found if isinstance(found, Mapping) else {}


def statements(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy, which may be one alone."""
    found = policy.get("Statement", [])
    yield from [found] if isinstance(found, Mapping) else found


def judge(policies: Sequence[Mapping[str, Any]], asked: Asked) -> Verdict:
    """Identity policies: an explicit Deny wins, then any Allow, else nothing is allowed."""
    return _judge(policies, asked, lambda _: True)


def judge_resource(
    policy: Mapping[str, Any], asked: Asked, names: frozenset[str], account: str, service: str = ""
) -> Verdict:
    """A policy on a resource (a trust policy, a bucket's): only statements that mean the caller.

    Args:
        policy: The document.
        asked: What is asked.
        names: ARNs of the caller.
        account: The caller's account, which `arn:aws:iam::ACCOUNT:root` and the bare id mean.
        service: The caller as a service, `ssm.amazonaws.com`; "" for others.
    """
    return _judge([policy], asked, lambda s: _means(s.get("Principal"), names, account, service))


def _judge(
    policies: Sequence[Mapping[str, Any]],
    asked: Asked,
    concerns: Callable[[Mapping[str, Any]], bool],
) -> Verdict:
    allowed = False
    for policy in policies:
        for statement in statements(policy):
            if not concerns(statement) or not _covers(statement, asked):
                continue
            deny = statement.get("Effect") == "Deny"
            if not _conditions(statement.get("Condition") or {}, asked.context, unknown=deny):
                continue
            if deny:
                return Verdict(allowed=False, explicit=True)
            allowed = allowed or statement.get("Effect") == "Allow"
    return Verdict(allowed=allowed)


def _means(principal: Any, names: frozenset[str], account: str, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    if service:
        return service in _list(principal.get("Service"))
    accounts = {account, f"arn:aws:iam::{account}:root"}
    return any(p == "*" or p in names or p in accounts for p in _list(principal.get("AWS")))


def _covers(statement: Mapping[str, Any], asked: Asked) -> bool:
    action = asked.action.casefold()
    if "NotAction" in statement:
        if any(_like(p.casefold(), action) for p in _list(statement["NotAction"])):
            return False
    elif not any(_like(p.casefold(), action) for p in _list(statement.get("Action"))):
        return False
    if "NotResource" in statement:
        return not any(_like(p, asked.resource) for p in _list(statement["NotResource"]))
    patterns = _list(statement.get("Resource"))
    return not patterns or any(_like(p, asked.resource) for p in patterns)


def _list(found: Any) -> list[str]:
    if found is None:
        return []
    return [found] if isinstance(found, str) else [str(item) for item in found]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    escaped = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in text)
    return re.compile(escaped, re.DOTALL)


def _like(pattern: str, text: str) -> bool:
    return pattern == "*" or _pattern(pattern).fullmatch(text) is not None


# -- conditions


_Test = Callable[[str, str], bool]
_OPERATORS: dict[str, _Test] = {
    "stringequals": lambda want, got: want == got,
    "stringequalsignorecase": lambda want, got: want.casefold() == got.casefold(),
    "stringlike": _like,
    "arnequals": _like,
    "arnlike": _like,
    "bool": lambda want, got: want.casefold() == got.casefold(),
    "numericequals": lambda want, got: float(got) == float(want),
    "numericlessthan": lambda want, got: float(got) < float(want),
    "numericlessthanequals": lambda want, got: float(got) <= float(want),
    "numericgreaterthan": lambda want, got: float(got) > float(want),
    "numericgreaterthanequals": lambda want, got: float(got) >= float(want),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
}


def _conditions(conditions: Mapping[str, Any], context: Context, *, unknown: bool) -> bool:
    """Every operator and every key must hold; `unknown` is what an unknown operator counts as."""
    keys = {key.casefold(): value for key, value in context.items()}
    return all(
        _holds(operator.casefold(), _texts(wanted), keys.get(key.casefold()), unknown=unknown)
        for operator, pairs in conditions.items()
        for key, wanted in pairs.items()
    )


def _holds(
    operator: str, wanted: list[str], got: str | Sequence[str] | None, *, unknown: bool
) -> bool:
    quantifier, _, bare = operator.rpartition(":")
    if bare == "null":
        return (got is None) == (wanted[0].casefold() == "true")
    optional = bare.endswith("ifexists")
    bare = bare.removesuffix("ifexists")
    negated = bare in _NEGATED
    test = _OPERATORS.get(_NEGATED.get(bare, bare))
    if test is None:
        return unknown
    if got is None:
        return optional or negated or quantifier == "forallvalues"
    values = [got] if isinstance(got, str) else list(got)
    try:
        hits = [any(test(want, value) for want in wanted) != negated for value in values]
    except ValueError:
        return unknown
    return all(hits) if quantifier == "forallvalues" or negated else any(hits)


def _texts(wanted: Any) -> list[str]:
    values = wanted if isinstance(wanted, list) else [wanted]
    return [str(v).lower() if isinstance(v, bool) else str(v) for v in values]
