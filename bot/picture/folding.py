"""What a picture shows of a subgraph: what matters by itself, the rest folded into "+17 ..."."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from agent.views import Connections
from bot.picture.glyphs import FOLDED, Family, family_of, kind_of
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Link, LinkKind, Resource

MOST = 40
MOST_ON_PATH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box of the picture."""

    key: str
    title: str
    kind: str
    family: Family
    severity: Severity | None = None
    marked: bool = False
    """What was asked about."""
    on_path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One line of the picture."""

    source: str
    target: str
    label: str = ""
    on_path: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture's boxes and lines."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def folded(view: Connections) -> Shown:
    """The boxes and lines of a view."""
    path_ids = [r.id for r in view.path.resources] if view.path else []
    path_links = {(li.source, li.target) for li in view.path.links} if view.path else set()
    most = MOST_ON_PATH if view.path else MOST
    groups = _groups(view, set(path_ids), most)
    nodes = [_node(view, group, set(path_ids)) for group in groups]
    if view.graph.left_out:
        more = view.graph.left_out
        nodes.append(Node(key="left out", title=f"+{more} more", kind="not drawn", family=FOLDED))
    key_of = {r.id: node.key for group, node in zip(groups, nodes, strict=False) for r in group}
    edges: dict[tuple[str, str], Edge] = {}
    links = [*(view.path.links if view.path else ()), *view.graph.links]
    cut = view.cut.link if view.cut else None
    for link in links:
        ends = (key_of.get(link.source, ""), key_of.get(link.target, ""))
        if not all(ends) or ends[0] == ends[1] or (ends[1], ends[0]) in edges:
            continue
        on_path = (link.source, link.target) in path_links
        before = edges.get(ends)
        if before is None or (on_path and not before.on_path):
            edges[ends] = Edge(
                source=ends[0],
                target=ends[1],
                label=_label(link),
                on_path=on_path,
                cut=cut == (link.source, link.target),
            )
    return Shown(tuple(nodes), tuple(edges.values()))


def _groups(view: Connections, path_ids: set[str], most: int) -> list[list[Resource]]:
    """Resources by box: one each where there is room, alike ones together where there is not."""
    resources = list({r.id: r for r in (*(view.path.resources if view.path else ()),
                                        *view.graph.resources)}.values())  # fmt: skip
    single = [r for r in resources if _stands_alone(view, r, path_ids)]
    rest = [r for r in resources if r not in single]
    if len(resources) <= most:
        return [[r] for r in resources]
    near: dict[str, set[str]] = defaultdict(set)
    for link in view.graph.links:
        near[link.source].add(link.target)
        near[link.target].add(link.source)
    alone = {r.id for r in single}
    alike: dict[tuple[str, frozenset[str]], list[Resource]] = defaultdict(list)
    for resource in rest:
        alike[resource.type, frozenset(near[resource.id] & alone)].append(resource)
    groups = sorted(alike.values(), key=lambda group: (len(group), group[0].id))
    room = most - len(single)
    if len(groups) > room:
        by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in rest:
            by_type[resource.type].append(resource)
        groups = sorted(by_type.values(), key=lambda group: (len(group), group[0].id))
    kept, over = groups[: max(1, room)], groups[max(1, room) :]
    if over:
        kept[-1] = [*kept[-1], *(r for group in over for r in group)]
    return [[r] for r in single] + kept


def _stands_alone(view: Connections, resource: Resource, path_ids: set[str]) -> bool:
    severity = view.severities.get(resource.id, Severity.UNKNOWN)
    grave = Severity.HIGH <= severity <= Severity.FATAL
    asked = resource.id in view.graph.start or resource.id == view.about.id
    return asked or grave or resource.id in path_ids or resource.id == INTERNET


def _node(view: Connections, group: Sequence[Resource], path_ids: set[str]) -> Node:
    first = group[0]
    if len(group) == 1:
        return Node(
            key=first.id,
            title=first.name or first.short_id or first.id,
            kind=kind_of(first.type),
            family=family_of(first.type),
            severity=view.severities.get(first.id),
            marked=first.id == view.about.id or first.id in view.graph.start,
            on_path=first.id in path_ids,
        )
    types = {resource.type for resource in group}
    kind = f"{kind_of(first.type)}s" if len(types) == 1 else "resources"
    return Node(
        key=f"folded {first.id}",
        title=f"+{len(group)} {kind}",
        kind="folded",
        family=family_of(first.type) if len(types) == 1 else FOLDED,
        severity=max(
            (view.severities[r.id] for r in group if r.id in view.severities), default=None
        ),
    )


_LABELS = {
    LinkKind.RUNS_AS: "runs as",
    LinkKind.HAS_POLICY: "has",
    LinkKind.MEMBER_OF: "in",
    LinkKind.CAN_ASSUME: "can assume",
    LinkKind.ENCRYPTED_BY: "encrypted by",
    LinkKind.LOGS_TO: "logs to",
    LinkKind.FORWARDS_TO: "forwards",
    LinkKind.ROUTES_TO: "routes to",
}
_VERBS = {"read": "can read", "write": "can change", "admin": "can do all"}
_MOST_PORTS = 2


def _label(link: Link) -> str:
    """A few words on a line; nothing where the ends say it all."""
    if link.kind is LinkKind.CAN_ACCESS:
        return _VERBS.get(str(link.properties.get("access")), "can use")
    if link.kind in {LinkKind.REACHES, LinkKind.ADMITS}:
        ports = [p.split("/")[0] for p in str(link.properties.get("ports", "")).split(",") if p]
        if not ports:
            return "public"
        more = f" +{len(ports) - _MOST_PORTS}" if len(ports) > _MOST_PORTS else ""
        return f"port {', '.join(ports[:_MOST_PORTS])}{more}"
    return _LABELS.get(link.kind, "")
