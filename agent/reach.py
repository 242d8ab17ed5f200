"""How far a fix reaches beyond what it changes: counted in the graph, or said to be uncountable.

    one resource that the graph knows       the other ends of the links that the runbook names
    one that the graph does not know        uncountable
    an account, of whose resources it       every such resource in the account; uncountable where
    touches certain types                   the graph knows none of them
    an account otherwise                    uncountable: all of the account

What cannot be counted needs two approvers in every environment, as does what is counted as more
than the environment's cap (`agent/approval.py`).
"""

from dataclasses import dataclass

from agent.guard.untrusted import clean
from integrations.resources.port import Resource, ResourceGraph
from integrations.runbooks.port import Location, Runbook

ACCOUNT = "AwsAccount"
"""The type of resource that stands for a whole account."""

_MOST = 500
"""Neighbours, or resources of the account, that are looked at: far more than any cap."""


@dataclass(frozen=True, slots=True)
class Felt:
    """Who feels a fix beside the resource that it changes."""

    names: tuple[str, ...] = ()
    uncounted: str = ""
    """What else does and cannot be counted, in words; empty when nothing."""


def felt_by(graph: ResourceGraph, runbook: Runbook, resource: Resource, location: Location) -> Felt:
    """Who feels a runbook's fix of a resource."""
    if runbook.resource_type == ACCOUNT:
        return _across(graph, runbook, location.account)
    if not resource.known:
        return Felt(uncounted=f"the graph does not know {clean(resource.name)}")
    return Felt(_sharing(graph, runbook, resource))


def _across(graph: ResourceGraph, runbook: Runbook, account: str) -> Felt:
    if not runbook.reaches:
        return Felt(uncounted=f"reaches all of account {account}")
    found = graph.find(types=runbook.reaches, limit=_MOST)
    names = tuple(sorted(clean(r.name) for r in found if r.account == account))
    # More of them elsewhere than are looked at could hide this account's.
    if names and len(found) < _MOST:
        return Felt(names)
    kinds = " and ".join(kind.removeprefix("Aws") for kind in runbook.reaches)
    return Felt(names, f"reaches every {kinds} of account {account}")


def _sharing(graph: ResourceGraph, runbook: Runbook, resource: Resource) -> tuple[str, ...]:
    kinds = runbook.shared_through
    if not kinds:
        return ()
    around = graph.neighbourhood([resource.id], limit=_MOST)
    others = {
        link.target if link.source == resource.id else link.source
        for link in around.links
        if resource.id in {link.source, link.target} and link.kind in kinds
    }
    return tuple(sorted(clean(r.name) for r in around.resources if r.id in others))
