"""How resources and what they are connected to are said."""

import re
from collections.abc import Sequence

from agent.offline.words import counted, joined, said
from agent.views import Connections, PublicList, ResourceDetail
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Resource

_NAMED = 4


def resource_detail(_: str, views: Sequence[ResourceDetail]) -> str:
    """What it is, whether the internet reaches it, what is wrong, who owns it."""
    view = views[-1]
    resource = view.resource
    public = "known only from what others say of it"
    if view.public is not None:
        public = "open to the internet" if view.public else "not open to the internet"
    where = ", ".join(said(part) for part in (resource.account, resource.region) if part)
    beside = f" ({where})" if where else ""
    open_findings = counted(view.total_findings, "open finding")
    lines = [f"{said(resource.name)}{beside} is {public}, with {open_findings}."]
    owner = next((v for k, v in resource.tags.items() if k.casefold() in _OWNER), "")
    lines.append(f"Owner: {said(owner)}." if owner else "No tag says who owns it.")
    if view.exposures:
        worst = view.exposures[0]
        lines.append(f"It is part of {worst.ref} ({worst.score}): {said(worst.headline, 200)}.")
    return "\n".join(lines)


_OWNER = frozenset({"owner", "team", "contact", "service-owner", "owned-by"})


def kind(resource: Resource) -> str:
    """`AwsEc2SecurityGroup` -> `security group`."""
    words = "".join(
        f" {c.lower()}" if c.isupper() else c for c in resource.type.removeprefix("Aws")
    )
    service, _, rest = words.strip().partition(" ")
    return rest or service or "resource"


def connections(_: str, views: Sequence[Connections]) -> str:
    """What the walk found, in one or two sentences."""
    view = views[-1]
    name = said(view.about.name)
    others = [r for r in view.graph.resources if r.id not in {view.about.id, INTERNET}]
    if view.asked == "path":
        return _path(view)
    if view.asked == "from_internet":
        return _path(view) if view.path else f"No path from the internet to {name} is known."
    if not others:
        nothing = {
            "can_reach": f"Somebody who holds {name} could get at nothing else that is known.",
            "who_can_reach": f"Nothing that is known could get at {name}.",
        }
        return nothing.get(view.asked, f"Nothing that is known is connected to {name}.")
    worst = sorted(others, key=lambda r: (-view.severities.get(r.id, 0), r.name))[:_NAMED]
    names = joined([f"{said(r.name)} ({kind(r)})" for r in worst])
    rest = len(others) + view.graph.left_out
    head = {
        "can_reach": f"Somebody who holds {name} could get at {counted(rest, 'resource')}",
        "who_can_reach": f"{counted(rest, 'resource')} could get at {name}",
    }.get(view.asked, f"{counted(rest, 'resource')} are connected to {name}")
    more = ", among them" if rest > len(worst) else ":"
    return f"{head}{more} {names}."


def _path(view: Connections) -> str:
    if view.path is None:
        return f"{said(view.caption, 300).rstrip('.')}."
    hops = len(view.path.links)
    end = said(view.path.resources[-1].name)
    cut = " The dashed edge is the cut." if view.cut and view.cut.link and view.draw else ""
    return f"{counted(hops, 'hop')} from {said(view.path.resources[0].name)} to {end}.{cut}"


def public_lists(_: str, views: Sequence[PublicList]) -> str:
    """How much everybody can reach, and what of it is the worst."""
    return "\n".join(map(_public, views))


def _public(view: PublicList) -> str:
    rows = [row for row in view.rows if not row.accepted]
    accepted = len(view.rows) - len(rows)
    aside = f" {accepted:,} more on purpose." if accepted else ""
    if not rows:
        return f"{view.tenant} has no {said(view.asked)}.{aside}"
    first = rows[0]
    worst = f", {Severity(first.worst).label.lower()}" if first.worst else ""
    return (
        f"{view.tenant} has {view.total - accepted:,} "
        f"{_one(said(view.asked), view.total - accepted)}. "
        f"Worst: {said(first.resource.name)}{worst}, {said(first.how)}.{aside}"
    )


def _one(asked: str, total: int) -> str:
    """`public buckets and snapshots` as they are when there is one."""
    if total != 1:
        return asked
    words = re.sub(r"\b(resource|bucket|snapshot|group|host|function|database)s\b", r"\1", asked)
    return words.replace(" and ", " or ").replace("that take ", "that takes ")
