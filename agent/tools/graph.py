"""Questions about resources: what one is, and what it is connected to."""

from collections.abc import Iterable
from dataclasses import replace

from agent import canonical
from agent.tools.findings import UnusableArgumentError
from agent.tools.public import accepted
from agent.tools.reader import TenantReader
from agent.views import (
    Choices,
    Connections,
    Cut,
    Exposure,
    ResourceDetail,
)
from integrations.findings.port import Dimension, Filter, Order
from integrations.resources.port import (
    Direction,
    Path,
    Resource,
    Subgraph,
)

_TOLD = 40
"""Resources that an answer in words is made from; the rest is counted."""
_DRAWN = 200
"""Resources that a picture is made from: it names what still reads on a phone, folds the rest."""

_ASKS = {"can_reach": canonical.can_reach, "who_can_reach": canonical.who_can_reach}
"""How a question about a resource is asked again of one of several that have its name."""


def resource_detail(reader: TenantReader, text: str) -> ResourceDetail | Choices:
    """One resource: what it is, what is wrong with it, whether everybody reaches it."""
    resource = reader.resource(text, canonical.about)
    if isinstance(resource, Choices):
        return resource
    where = Filter(resources=frozenset({resource.id}))
    store, public = reader.systems.findings, _public(reader, resource)
    return ResourceDetail(
        tenant=reader.tenant.id,
        resource=resource,
        findings=tuple(store.search(where, Order.WORST, limit=5)),
        total_findings=sum(t.count for t in store.count(where, Dimension.SEVERITY)),
        exposures=reader.exposures_of(resource=resource.id),
        public=public,
        path=None if public else _way_in(reader, resource),
        freshness=reader.freshness,
        accepted=resource.id in accepted(reader, frozenset({resource.id})),
        contact=reader.tenant.contact,
    )


def _public(reader: TenantReader, resource: Resource) -> bool | None:
    if not resource.known:
        return None
    return any(target.id == resource.id for _, target in reader.doors)


def _way_in(reader: TenantReader, resource: Resource) -> Path | None:
    """The shortest way from the internet, over other resources."""
    paths = reader.systems.resources.paths_from_internet([resource.id], 1)
    return next((path for path in paths if len(path.links) > 1), None)


def connections(
    reader: TenantReader, about: str, question: str, *, draw: bool
) -> Connections | Choices:
    """What a resource is connected to, or what can be got at from it; for an exposure, its path.

    Raises:
        NotFoundError: nothing answers to `about`.
        UnusableArgumentError: `question` is not one of those that are known.
    """
    if about.strip().upper().startswith("X-"):
        return _exposure_picture(reader, reader.exposure(about), draw=draw)
    resource = reader.resource(
        about, canonical.show_graph if draw else _ASKS.get(question, canonical.connected_to)
    )
    if isinstance(resource, Choices):
        return resource
    graph = reader.systems.resources
    path: Path | None = None
    cut: Cut | None = None
    limit = _DRAWN if draw else _TOLD
    if question == "connected":
        part = graph.neighbourhood([resource.id], hops=1, limit=limit)
        path, cut = _attack(reader, resource) if draw else (None, None)
        caption = f"What is connected to {resource.name}"
    elif question == "can_reach":
        part = graph.blast_radius(resource.id, Direction.OUT, limit=limit)
        caption = f"What somebody who holds {resource.name} could get at"
    elif question == "who_can_reach":
        part = graph.blast_radius(resource.id, Direction.IN, limit=limit)
        caption = f"Who could get at {resource.name}"
    elif question == "from_internet":
        path = next(iter(graph.paths_from_internet([resource.id], 1)), None)
        part = _subgraph(path, resource)
        caption = (
            f"How the internet gets at {resource.name}"
            if path
            else f"No path from the internet to {resource.name} is known"
        )
    else:
        raise UnusableArgumentError(
            f"question is one of connected, can_reach, who_can_reach, from_internet, not {question}"
        )
    return Connections(
        tenant=reader.tenant.id,
        about=resource,
        asked=question,
        graph=part,
        path=path,
        cut=cut,
        severities=reader.worst_by_resource(
            r.id for r in (*part.resources, *(path.resources if path else ()))
        ),
        draw=draw and (question != "from_internet" or path is not None),
        caption=caption,
        freshness=reader.freshness,
    )


def _attack(reader: TenantReader, resource: Resource) -> tuple[Path | None, Cut | None]:
    """The worst exposure's path that a resource lies on, and what cuts it."""
    for exposure in reader.exposures_of(resource=resource.id):
        path = exposure.path
        if path and path.links and any(r.id == resource.id for r in path.resources):
            return path, exposure.cut
    return None, None


def _subgraph(path: Path | None, resource: Resource) -> Subgraph:
    if path is None:
        return Subgraph(resources=(resource,), links=(), start=(resource.id,))
    return Subgraph(resources=path.resources, links=path.links, start=(resource.id,))


def _exposure_picture(reader: TenantReader, exposure: Exposure, *, draw: bool) -> Connections:
    """An exposure's path with what its cut takes away, and the neighbours that make it plain."""
    ids = _on_path(exposure)
    part = reader.systems.resources.neighbourhood(ids, hops=0, limit=_DRAWN)
    known = {resource.id: resource for resource in part.resources}
    about = known.get(exposure.resource) or next(iter(part.resources), None)
    if about is None:
        about = reader.systems.resources.get([exposure.resource]).get(exposure.resource)
    if about is None:
        about = Resource(
            id=exposure.resource, type="", name=exposure.resource_name, short_id="", known=False
        )
    if exposure.path:
        part = _with_path(part, exposure.path)
    part = _joined(part, [about.id, *(exposure.cut.link or ())])
    hops = len(exposure.path.links) if exposure.path else 0
    return Connections(
        tenant=reader.tenant.id,
        about=about,
        asked="path",
        graph=part,
        path=exposure.path,
        cut=exposure.cut,
        severities=reader.worst_by_resource(r.id for r in part.resources),
        draw=draw,
        caption=f"{exposure.headline}" if hops else exposure.verdict,
        freshness=reader.freshness,
    )


def _on_path(exposure: Exposure) -> list[str]:
    ids: Iterable[str] = exposure.resources
    if exposure.path:
        ids = [*(r.id for r in exposure.path.resources), *ids]
    if exposure.cut.link:
        ids = [*ids, *exposure.cut.link]
    return list(dict.fromkeys(i for i in (*ids, exposure.resource) if i))


def _with_path(part: Subgraph, path: Path) -> Subgraph:
    """The subgraph with the path's own resources and links surely in it."""
    resources = {r.id: r for r in (*path.resources, *part.resources)}
    links = {(li.source, li.kind, li.target): li for li in (*path.links, *part.links)}
    return Subgraph(
        resources=tuple(resources.values()),
        links=tuple(links.values()),
        start=part.start,
        left_out=part.left_out,
    )


def _joined(part: Subgraph, anchors: Iterable[str]) -> Subgraph:
    """What is linked to the anchors, over whatever: the rest would stand about unexplained."""
    near: dict[str, list[str]] = {}
    for link in part.links:
        near.setdefault(link.source, []).append(link.target)
        near.setdefault(link.target, []).append(link.source)
    todo = list(anchors)
    found: set[str] = set()
    while todo:
        uid = todo.pop()
        if uid not in found:
            found.add(uid)
            todo += near.get(uid, ())
    return replace(
        part,
        resources=tuple(r for r in part.resources if r.id in found),
        links=tuple(li for li in part.links if li.source in found),
    )
