"""A picture from the subgraph to the PNG, beside Graphviz `dot` drawing the same graph."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice

from agent.views import Connections, Freshness
from bot.picture.drawing import draw
from bot.picture.wording import kind_of, label_of
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Link, LinkKind, Resource, Subgraph
from tests.bench.timing import line, timed

_NODES = (12, 50, 200)
_ROUNDS = 20
_GOALS = {50: "(goal 60 ms)", 200: "(goal 120 ms)"}
_DATA = {"AwsS3Bucket": "exports", "AwsDynamoDbTable": "carts", "AwsSqsQueue": "orders"}
_SEEN = datetime(2026, 11, 20, tzinfo=UTC)
_ACCOUNT = "111122223333"


def run() -> Iterator[str]:
    """Ours and dot's, in turns; dot draws every resource, ours folds what is above forty."""
    dot = shutil.which("dot")
    if dot is None:
        yield "Graphviz is not installed: no rival in this run"
    for nodes in _NODES:
        view = neighbourhood(nodes)
        source = _dot_source(view)
        ours, theirs = [], []
        for _ in range(_ROUNDS):
            ours.append(timed(lambda v=view: draw(v)))  # type: ignore[misc] # bound early
            if dot:
                theirs.append(timed(lambda s=source: _dot(dot, s)))  # type: ignore[misc] # bound early
        yield line(f"{nodes} resources", ours[1:], _GOALS.get(nodes, ""))
        if theirs:
            ratio = sorted(ours[1:])[_ROUNDS // 2] / sorted(theirs[1:])[_ROUNDS // 2]
            yield line(f"{nodes} resources, dot -Tpng", theirs[1:], f"ours is {ratio:.2f} x dot")


def neighbourhood(nodes: int) -> Connections:
    """A network with what stands in it: hosts, their roles, and the data that those can read."""
    made = list(islice(_estate(), nodes))
    ids = {resource.id for resource, _ in made}
    links = [li for _, some in made for li in some if {li.source, li.target} <= ids]
    worst = cycle((None, Severity.LOW, None, Severity.HIGH, None, Severity.MEDIUM, None, None))
    marked = {r.id: s for (r, _), s in zip(made, worst, strict=False) if s is not None}
    about = made[1][0]
    return Connections(
        tenant="acme",
        about=about,
        asked="connected",
        graph=Subgraph(resources=tuple(r for r, _ in made), links=tuple(links), start=(about.id,)),
        severities=marked,
        draw=True,
        caption=f"What is connected to {about.name}",
        freshness=Freshness(now=_SEEN),
    )


def _estate() -> Iterator[tuple[Resource, list[Link]]]:
    """Resources without end, each with links to those before it."""
    internet = Resource(id=INTERNET, type="Internet", name="Internet", short_id=INTERNET)
    yield internet, []
    vpc = _resource("AwsEc2Vpc", "vpc-shop", "shop")
    yield vpc, []
    number = 0
    while True:
        subnet = _resource("AwsEc2Subnet", f"subnet-{number:03}", f"private-{number}")
        yield subnet, [_link(vpc, LinkKind.CONTAINS, subnet)]
        group = _resource("AwsEc2SecurityGroup", f"sg-{number:03}", f"sg-shop-{number}")
        yield group, [_link(vpc, LinkKind.CONTAINS, group)]
        role = _resource("AwsIamRole", f"role-{number}", f"shop-orders-{number}-task")
        host = _resource("AwsEc2Instance", f"i-{number:04}0", f"shop-orders-{number}")
        yield (
            host,
            [
                _link(subnet, LinkKind.CONTAINS, host),
                _link(group, LinkKind.GUARDS, host),
                *([_link(internet, LinkKind.REACHES, host, ports="443/tcp")] if number < 3 else ()),
            ],
        )
        yield role, [_link(host, LinkKind.RUNS_AS, role)]
        for kind, thing in _DATA.items():
            data = _resource(kind, f"{kind}-{number}", f"shop-{thing}-{number}")
            yield data, [_link(role, LinkKind.CAN_ACCESS, data, access="read")]
        for spare in range(4):
            other = _resource(
                "AwsEc2Instance", f"i-{number:04}{spare + 1}", f"batch-{number}-{spare}"
            )
            yield other, [_link(subnet, LinkKind.CONTAINS, other)]
        number += 1


def _resource(kind: str, short: str, name: str) -> Resource:
    arn = f"arn:aws:service:eu-west-1:{_ACCOUNT}:{short}"
    return Resource(id=arn, type=kind, name=name, short_id=short, account=_ACCOUNT)


def _link(source: Resource, kind: LinkKind, target: Resource, **facts: str) -> Link:
    return Link(source=source.id, kind=kind, target=target.id, properties=facts)


def _dot_source(view: Connections) -> str:
    """The same resources, lines and words in Graphviz's language."""
    boxes = [
        f'"{r.id}" [label="{r.name}\\n{kind_of(r.type)}\\n'
        f'{view.severities[r.id].label if r.id in view.severities else ""}"];'
        for r in view.graph.resources
    ]
    lines = [f'"{li.source}" -> "{li.target}" [label="{label_of(li)}"];' for li in view.graph.links]
    return "\n".join(["digraph {rankdir=LR; node [shape=box];", *boxes, *lines, "}"])


def _dot(dot: str, source: str) -> None:
    subprocess.run([dot, "-Tpng"], input=source.encode(), capture_output=True, check=True)
