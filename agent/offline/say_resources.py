"""How resources and what they are connected to are said."""

from collections.abc import Sequence

from agent.offline import wordings
from agent.offline.understand import understand
from agent.offline.words import counted, joined, one, said
from agent.tools.naming import kind
from agent.views import Connections, IdentityList, PublicList, PublicResource, ResourceDetail
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Path, Resource

_NAMED = 4
_OF_AWS = ":iam::aws:policy/"
"""In the ARNs of policies that AWS keeps for everybody."""
_OWNER = ("owner", "team", "service-owner", "owned-by", "contact")
"""Tags that name an owner, the plainest first."""


def resource_detail(question: str, views: Sequence[ResourceDetail]) -> str:
    """What it is, whether the internet reaches it, what is wrong, who owns it."""
    view = views[-1]
    standing, owner = _standing(view), _owner(view)
    lines = [standing, owner] if owner else [standing]
    if owner and understand(question).says(wordings.WHO_OWNS):
        lines = [owner, standing]
    if view.exposures:
        worst = view.exposures[0]
        lines.append(f"It is part of {worst.ref} ({worst.score}): {said(worst.headline, 200)}.")
    return "\n".join(lines)


def _called(resource: Resource) -> str:
    """The name; a plain word with what it is: `Database orders`."""
    name = said(resource.name)
    return f"{kind(resource).capitalize()} {name}" if name.isalpha() and name.islower() else name


def _standing(view: ResourceDetail) -> str:
    name = _called(view.resource)
    public = {
        True: "is open to the internet",
        False: "is not open to the internet",
        None: "is known only from what others say of it",
    }[view.public]
    if _OF_AWS in view.resource.id:
        public = "is one of AWS's own policies"
    if view.path:
        public = f"is not open itself, but the internet gets there {_over(view.path)}"
    if view.public and view.accepted:
        public += ", which was accepted (its finding is muted)"
    if not view.total_findings:
        return f"{name} {public}; it has no open findings."
    worst = view.findings[0].severity if view.findings else Severity.UNKNOWN
    graded = f", the worst {worst.label.lower()}" if worst and view.total_findings > 1 else ""
    only = f", {worst.label.lower()}" if worst and view.total_findings == 1 else ""
    return f"{name} {public} and has {counted(view.total_findings, 'open finding')}{graded}{only}."


def _over(path: Path) -> str:
    """`in 3 hops, over web-7`."""
    return f"in {counted(len(path.links), 'hop')}, over {said(path.resources[1].name)}"


def _owner(view: ResourceDetail) -> str:
    if _OF_AWS in view.resource.id:
        return ""
    name = said(view.resource.name)
    tags = {key.casefold(): value for key, value in view.resource.tags.items() if value}
    owner = next((tags[key] for key in _OWNER if key in tags), "")
    if owner:
        return f"Owner of {name}: {said(owner)}."
    ask = f"; for {view.tenant}, ask {said(view.contact)}" if view.contact else ""
    return f"No tag says who owns {name}{ask}."


def connections(question: str, views: Sequence[Connections]) -> str:
    """What the walk found, in one or two sentences."""
    view = views[-1]
    name = said(view.about.name)
    if view.asked == "from_internet":
        return _from_internet(view, yes_or_no=understand(question).says(wordings.YES_NO))
    if view.asked == "path":
        return _path(view)
    others, and_internet = _others(view), _and_internet(view)
    if and_internet and not others:
        gets = {"who_can_reach": "could get at"}.get(view.asked, "is connected to")
        return f"Only the internet {gets} {name}, of all that is known."
    if not others:
        nothing = {
            "can_reach": f"Somebody who holds {name} could get at nothing else that is known.",
            "who_can_reach": f"Nothing that is known could get at {name}.",
        }
        return nothing.get(view.asked, f"Nothing that is known is connected to {name}.")
    count = len(others) + view.graph.left_out
    rest = counted(count, "resource") + and_internet
    head = {
        "can_reach": f"Somebody who holds {name} could get at {rest}",
        "who_can_reach": f"{rest} could get at {name}",
    }.get(view.asked, f"{rest} {'are' if count > 1 or and_internet else 'is'} connected to {name}")
    more = ", among them" if count > _NAMED else ":"
    return f"{head}{more} {_worst_of(view, others)}."


def _and_internet(view: Connections) -> str:
    """The internet is no resource: it is told beside those that are counted."""
    return " and the internet" if any(r.id == INTERNET for r in view.graph.resources) else ""


def _from_internet(view: Connections, *, yes_or_no: bool) -> str:
    """How the internet gets there; first of all whether it does, where that was the question."""
    name = said(view.about.name)
    if not view.path:
        return f"{'No: no' if yes_or_no else 'No'} path from the internet to {name} is known."
    if not yes_or_no:
        return _path(view)
    if len(view.path.links) == 1:
        return f"Yes: the internet reaches {name} directly."
    return f"Yes: the internet gets to {name} {_over(view.path)}."


def _others(view: Connections) -> list[Resource]:
    return [r for r in view.graph.resources if r.id not in {view.about.id, INTERNET}]


def _worst_of(view: Connections, others: Sequence[Resource]) -> str:
    worst = sorted(others, key=lambda r: (-view.severities.get(r.id, 0), r.name))[:_NAMED]
    return joined([f"{said(r.name)} ({kind(r)})" for r in worst])


def _path(view: Connections) -> str:
    """How many hops from where to where, and what would cut it; without a path, what is around."""
    if view.path is None or not view.path.links:
        name, others = said(view.about.name), _others(view)
        beside = f"; beside it: {_worst_of(view, others)}" if others else ""
        cut = f" Smallest cut: {said(view.cut.text)}." if view.cut and view.cut.text else ""
        return f"No path from the internet to {name} is known{beside}.{cut}"
    hops = counted(len(view.path.links), "hop")
    begin = "the internet" if view.path.resources[0].id == INTERNET else view.path.resources[0].name
    ends = f"{hops} from {said(begin)} to {said(view.path.resources[-1].name)}"
    if view.cut and view.cut.link and view.draw:
        return f"{ends}; the dashed edge is the cut."
    return f"{ends}."


def public_lists(_: str, views: Sequence[PublicList]) -> str:
    """How much everybody can reach, and what of it is the worst."""
    return "\n".join(map(_public, sorted(views, key=_first_of)))


def _first_of(view: PublicList) -> tuple[int, int, int, str]:
    rows = [row for row in view.rows if not row.accepted]
    score = max((row.score for row in rows), default=0)
    worst = max((row.worst or 0 for row in rows), default=0)
    return (-score, -worst, view.accepted - view.total, view.tenant)


def _public(view: PublicList) -> str:
    rows = [row for row in view.rows if not row.accepted]
    count = view.total - view.accepted
    asked = one(said(view.asked), count)
    if not rows:
        return f"{view.tenant} has no {said(view.asked)}{_accepted(view, 'but what')}."
    head = f"{view.tenant} has {count:,} {asked}"
    beside = _accepted(view, "besides what")
    if count <= _NAMED:
        head += f": {joined([said(row.resource.name) for row in rows])}"
    return f"{head}{beside}. {_flooded(rows) if view.kind == 'ddos' else _worst(rows)}"


def _flooded(rows: Sequence[PublicResource]) -> str:
    """Where to begin; and what of it nothing that is recorded tells."""
    first = rows[0]
    bare = [row for row in rows if row.resource.type == "AwsEc2Instance"]
    if first in bare:
        begin = f"Begin with {said(first.resource.name)}: put a balancer with a web ACL before it"
    elif first.resource.type == "AwsLambdaFunction":
        begin = f"Begin with {said(first.resource.name)}: let no anonymous caller in, or cap it"
    else:
        begin = f"Begin with {said(first.resource.name)}: give it a web ACL with a rate limit"
    return f"{begin}.\nWhat AWS Shield Advanced protects is not recorded here."


def _accepted(view: PublicList, words: str) -> str:
    """`, but what was accepted: docs (its finding is muted)`."""
    names = [said(row.resource.name) for row in view.rows if row.accepted][:_NAMED]
    if not names:
        return ""
    more = view.accepted - len(names)
    listed = joined([*names, counted(more, "other")] if more > 0 else names)
    muted = "its finding is muted" if view.accepted == 1 else "their findings are muted"
    return f", {words} was accepted: {listed} ({muted})"


def _worst(rows: Sequence[PublicResource]) -> str:
    """The first of several, with how it is reached; how alone when there is one."""
    first = rows[0]
    severity = first.graded or (Severity(first.worst) if first.worst else None)
    graded = f"{severity.label.lower()}, " if severity else ""
    which = f"Worst: {said(first.resource.name)}, " if len(rows) > 1 else "It is "
    flaw = f"; {said(first.flaw)}" if first.flaw else ""
    return f"{which}{graded}{said(first.how)}{flaw}."


def identities(_: str, views: Sequence[IdentityList]) -> str:
    """How many identities are risky, and what is wrong with the riskiest."""
    ranked = sorted(views, key=lambda v: (-max((r.score for r in v.rows), default=0), v.tenant))
    return "\n".join(map(_identities, ranked))


def _identities(view: IdentityList) -> str:
    if not view.rows:
        return f"None of the {view.whole:,} identities of {view.tenant} stands out as risky."
    first = view.rows[0]
    named = f"{kind(first.resource)} {said(first.resource.name)}"
    what = "; ".join(said(fault) for fault in first.faults[:_NAMED])
    if view.total == 1:
        return f"{view.tenant} has 1 risky identity, of {view.whole:,}: {named}, {what}."
    of = f"{view.total:,} risky identities, of {view.whole:,}"
    return f"{view.tenant} has {of}. Riskiest: {named}, {what}."
