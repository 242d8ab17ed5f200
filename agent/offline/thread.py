"""A thread's messages, read: the question, what tools answered, and what was shown before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.identities import RiskyIdentity
from agent.tools import wire
from agent.views import (
    Advice,
    Changes,
    Choice,
    Choices,
    Connections,
    Exposure,
    ExposureDetail,
    ExposureList,
    FindingDetail,
    FindingList,
    IdentityList,
    Posture,
    Proposal,
    PublicList,
    ResourceDetail,
    TopResources,
    View,
)
from integrations.findings.port import Finding
from integrations.resources.port import Resource


@dataclass(frozen=True, slots=True)
class Called:
    """A tool that was called and what it answered."""

    name: str
    arguments: Mapping[str, Any]
    views: tuple[View, ...] = ()
    error: str = ""


@dataclass(slots=True)
class Turn:
    """A question and the calls that were made for it."""

    question: str
    calls: list[Called] = field(default_factory=list)

    @property
    def views(self) -> tuple[View, ...]:
        """Everything that the turn's tools answered."""
        return tuple(view for call in self.calls for view in call.views)


def turns_of(messages: Sequence[Mapping[str, Any]]) -> list[Turn]:
    """The turns of a thread, the current one last; at least one, be it empty."""
    turns: list[Turn] = []
    pending: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for message in messages:
        for block in message.get("content") or ():
            if "text" in block and message.get("role") == "user":
                turns.append(Turn(str(block["text"])))
            elif "toolUse" in block:
                use = block["toolUse"]
                given = use.get("input")
                pending[use["toolUseId"]] = (use["name"], given if isinstance(given, dict) else {})
            elif "toolResult" in block and turns:
                turns[-1].calls.append(_called(block["toolResult"], pending))
    return turns or [Turn("")]


def _called(
    result: Mapping[str, Any], pending: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> Called:
    name, arguments = pending.get(result.get("toolUseId", ""), ("", {}))
    texts = [str(c["text"]) for c in result.get("content") or () if "text" in c]
    if result.get("status") == "error":
        return Called(name, arguments, error=" ".join(texts) or "it failed")
    return Called(name, arguments, tuple(view for text in texts for view in wire.decode(text)))


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that was shown and can be meant by "the second one" or "it"."""

    kind: str
    """exposure, finding or resource."""
    ref: str
    """X-..., F-..., or a resource's id."""
    name: str = ""
    resource: str = ""
    """Id of the resource that it is about, or is."""
    words: str = ""
    """What else it can be recognised by."""


def things_of(turn: Turn, least: int = 1) -> list[Thing]:
    """What a turn showed, in the order it was shown: its last list of at least so many things."""
    listed = (_things(call) for call in reversed(turn.calls))
    return next((things for things in listed if len(things) >= least), [])


def _things(call: Called) -> list[Thing]:
    views = [view for view in call.views if not isinstance(view, Choices)]
    if views and str(call.arguments.get("resource", "")).startswith("X-"):
        about = [v.about for v in views if isinstance(v, Connections)]
        ref, resource = str(call.arguments["resource"]), about[0] if about else None
        return [Thing("exposure", ref, *((resource.name, resource.id) if resource else ()))]
    return _listed(views)


def _listed(views: Sequence[View]) -> list[Thing]:
    exposures = [e for v in views if isinstance(v, ExposureList) for e in v.exposures]
    if exposures:
        exposures.sort(key=lambda e: (-e.score, e.tenant, e.ref))
        return [_exposure(exposure) for exposure in exposures]
    identities = [row for v in views if isinstance(v, IdentityList) for row in v.rows]
    if identities:
        return [_identity(row) for row in identities]
    return [thing for view in views for thing in _shown(view)]


def _shown(view: View) -> list[Thing]:
    match view:
        case ExposureDetail(exposure=exposure):
            return [_exposure(exposure)]
        case Posture(worst=worst) if worst:
            return [_exposure(worst)]
        case Changes(exposures=new) if new:
            return [*map(_exposure, new), *map(_finding, _findings(view))]
        case FindingList() | FindingDetail() | Advice() | Proposal() | Changes():
            return [_finding(finding) for finding in _findings(view)]
        case TopResources():
            rows = [(row.key, view.names.get(row.key, "")) for row in view.rows]
            return [Thing("resource", key, name, key) for key, name in rows]
        case _:
            return [Thing("resource", r.id, r.name, r.id, r.type) for r in _resources(view)]


def _exposure(exposure: Exposure) -> Thing:
    return Thing(
        "exposure", exposure.ref, exposure.resource_name, exposure.resource, exposure.headline
    )


def _identity(row: RiskyIdentity) -> Thing:
    """As the exposure or the finding that tells most of it; else as itself."""
    uid, name = row.resource.id, row.resource.name
    if not row.ref:
        return Thing("resource", uid, name, uid)
    return Thing("exposure" if row.ref.startswith("X-") else "finding", row.ref, name, uid)


def _finding(finding: Finding) -> Thing:
    return Thing("finding", finding.ref, finding.title, finding.resource, finding.resource_type)


def _findings(view: FindingList | FindingDetail | Advice | Proposal | Changes) -> Sequence[Finding]:
    match view:
        case FindingList():
            return view.findings
        case Changes():
            return view.closed if view.about == "fixed" else (*view.opened, *view.reopened)
        case _:
            return (view.finding,)


def _resources(view: View) -> Sequence[Resource]:
    match view:
        case PublicList():
            return [row.resource for row in view.rows]
        case ResourceDetail():
            return [view.resource]
        case Connections():
            return [view.about]
        case _:
            return []


def last_shown(turns: Sequence[Turn], least: int = 1) -> tuple[Turn | None, list[Thing]]:
    """The newest turn before the current one that showed at least so many things, and those."""
    for turn in reversed(turns[:-1]):
        things = things_of(turn, least)
        if things:
            return turn, things
    return None, []


def last_list(turns: Sequence[Turn]) -> Called | None:
    """The newest call before the current turn that showed several things."""
    for turn in reversed(turns[:-1]):
        for call in reversed(turn.calls):
            if len(_things(call)) > 1:
                return call
    return None


def last_choices(turns: Sequence[Turn]) -> Sequence[Choice]:
    """What the turn before the current one offered to choose from; nothing when it did not."""
    offered = [v for turn in turns[-2:-1] for v in turn.views if isinstance(v, Choices)]
    return offered[-1].choices if offered else ()


def last_call(turns: Sequence[Turn]) -> Called | None:
    """The newest call before the current turn that answered something."""
    for turn in reversed(turns[:-1]):
        for call in reversed(turn.calls):
            if call.views and call.name != "ask_back":
                return call
    return None
