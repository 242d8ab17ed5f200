"""The deterministic answer: the verdict first, then at most a few lines of why.

Cards follow the text and list the items with their buttons, so the text does not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from agent.approvers import Approvers
from agent.offline import say_findings, say_fixes, say_posture, say_resources
from agent.offline.words import age, joined, stale
from agent.views import (
    Advice,
    Changes,
    Choices,
    Connections,
    ExposureDetail,
    ExposureList,
    FindingDetail,
    FindingList,
    Freshness,
    IdentityList,
    Posture,
    Proposal,
    PublicList,
    ResourceDetail,
    TenantList,
    TopResources,
    View,
)

_NOTHING = "There is nothing to show for that. Ask what needs attention first, or what is public."


def say(question: str, views: Sequence[View], errors: Sequence[str] = ()) -> str:
    """What tools answered, in words (Markdown).

    Args:
        question: What was asked.
        views: What the tools answered; the last kind of view that can be said is said.
        errors: What tools said that failed.
    """
    asked_back = [view for view in views if isinstance(view, Choices)]
    if asked_back:
        return asked_back[-1].question
    if not views:
        return _failed(errors)
    group = _last_group(views)
    if all(_without_data(view) for view in group):
        return (
            f"Nothing has been taken in yet for {joined([v.tenant for v in group])}, so I can say "
            "nothing about it. Whoever runs me can take findings in: `assist ingest FILE`"
        )
    text = _unknown(group, errors) + _SAYERS[type(group[0])](question, group)
    warnings = dict.fromkeys(_warnings(group))
    return "\n".join([text, *warnings]) if warnings else text


def _without_data(view: Any) -> bool:
    freshness = getattr(view, "freshness", None)
    return isinstance(freshness, Freshness) and not (
        freshness.findings_at or freshness.resources_at
    )


def _failed(errors: Sequence[str]) -> str:
    if not errors:
        return _NOTHING
    told = list(dict.fromkeys(part for error in errors for part in error.split("; ")))
    first = told[0].rstrip(".")
    sentence = f"{first[:1].upper()}{first[1:]}" if first.startswith(("no", "nothing")) else first
    return f"{sentence}; the same goes for the others." if len(told) > 1 else f"{sentence}."


def _unknown(group: Sequence[Any], errors: Sequence[str]) -> str:
    """What no resource is called is said so, or "no findings" would sound as if it were healthy."""
    unknown = [error for error in errors if error.startswith("nothing called")]
    found = any(not isinstance(view, FindingList) or view.total for view in group)
    return f"{_failed(unknown)} " if unknown and not found else ""


def _last_group(views: Sequence[View]) -> list[Any]:
    """The views of the last kind: an assistant looks around before it finds."""
    kind = type(views[-1])
    threats = [v for v in views if isinstance(v, FindingList)]
    if kind is ExposureList and threats and threats[0].filtered.get("kind") == "threat":
        return threats
    if len(threats) == len(views) and say_findings.is_part_of_another(threats):
        return threats
    # Asked twice in one turn, a tenant's last answer counts.
    latest = {getattr(v, "tenant", ""): v for v in views if type(v) is kind}
    return list(latest.values())


_SAYERS: dict[type, Any] = {
    TenantList: say_posture.tenant_list,
    Posture: say_posture.postures,
    Changes: say_posture.changes,
    ExposureList: say_posture.exposures,
    ExposureDetail: say_posture.exposure_detail,
    FindingList: say_findings.finding_lists,
    FindingDetail: say_findings.finding_detail,
    TopResources: say_findings.top_resources,
    Advice: say_findings.advice,
    Proposal: say_fixes.proposal,
    ResourceDetail: say_resources.resource_detail,
    Connections: say_resources.connections,
    PublicList: say_resources.public_lists,
    IdentityList: say_resources.identities,
    Approvers: say_fixes.approvers,
}


def _warnings(group: Sequence[Any]) -> Iterator[str]:
    for view in group:
        freshness = getattr(view, "freshness", None)
        if isinstance(freshness, Freshness):
            old = stale("findings", freshness.findings_at, freshness.now)
            whose = f" ({view.tenant})" if len(group) > 1 else ""
            if old:
                yield f"{old[:-1]}{whose}."


def derived_numbers(views: Sequence[View]) -> set[str]:
    """The numbers that an answer may say although no tool's result holds them.

    Ages between any time of a result and its `now`, lengths of its lists, differences from the day
    before, and sums over the tenants.
    """
    numbers: set[str] = set()
    for view in views:
        moments: list[datetime] = []
        lengths: list[int] = []
        _walk(view, moments, lengths)
        freshness = getattr(view, "freshness", None)
        if isinstance(freshness, Freshness):
            ages = (age(moment, freshness.now) for moment in moments)
            numbers.update(words.split()[0].replace(",", "") for words in ages)
        numbers.update(str(length) for length in lengths)
    numbers.update(str(abs(number)) for number in say_posture.differences(views))
    numbers.update(str(number) for number in say_posture.sums(views))
    return numbers


def _walk(value: Any, moments: list[datetime], lengths: list[int]) -> None:
    """Every time and every list's length in a view, however deep."""
    if isinstance(value, datetime):
        moments.append(value)
    elif isinstance(value, tuple | list):
        lengths.append(len(value))
        for item in value:
            _walk(item, moments, lengths)
    elif isinstance(value, Mapping):
        for item in value.values():
            _walk(item, moments, lengths)
    elif is_dataclass(value):
        for field in fields(value):
            _walk(getattr(value, field.name), moments, lengths)
