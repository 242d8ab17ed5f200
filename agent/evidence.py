"""What an answer rests on: refs and ids that can be opened."""

from collections.abc import Iterable, Iterator

from agent.views import (
    Advice,
    Changes,
    Connections,
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


def evidence_of(views: Iterable[View]) -> tuple[str, ...]:
    """Refs of findings and exposures, and ids of resources, in the order they were shown."""
    return tuple(dict.fromkeys(ref for view in views for ref in _refs(view) if ref))


def _refs(view: View) -> Iterator[str]:  # noqa: C901 - one plain case per kind of view
    match view:
        case ExposureList():
            for exposure in view.exposures:
                yield exposure.ref
                yield from exposure.findings
        case ExposureDetail():
            yield view.exposure.ref
            yield from view.exposure.findings
        case FindingList():
            yield from (f.ref for f in view.findings)
        case FindingDetail() | Advice() | Proposal():
            yield view.finding.ref
            yield view.finding.resource
        case ResourceDetail():
            yield view.resource.id
            yield from (f.ref for f in view.findings)
        case TopResources():
            yield from (row.key for row in view.rows)
        case PublicList() | IdentityList():
            yield from (row.resource.id for row in view.rows)
        case Connections():
            yield from (r.id for r in view.graph.resources)
        case Changes():
            yield from (exposure.ref for exposure in view.exposures)
            yield from (f.ref for f in (*view.opened, *view.closed, *view.reopened))
        case Posture():
            if view.worst:
                yield view.worst.ref
