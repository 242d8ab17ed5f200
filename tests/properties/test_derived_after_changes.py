"""After any changes, one by one, the derived links are those of a graph written all at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path as Folder
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.resources.derive import derived_links
from integrations.resources.graphersal import GraphersalResourceGraph
from integrations.resources.port import INTERNET, GraphChange, Link, LinkKind, Resource, Scalar
from tests.builders import NOON
from tests.graph_builders import resource

TYPES = {
    "host": "AwsEc2Instance",
    "task": "AwsEcsService",
    "front": "AwsElbv2LoadBalancer",
    "db": "AwsRdsDbInstance",
    "bucket": "AwsS3Bucket",
    "group": "AwsEc2SecurityGroup",
    "acl": "AwsWafv2WebAcl",
    "subnet": "AwsEc2Subnet",
    "table": "AwsEc2RouteTable",
    "profile": "AwsIamInstanceProfile",
    "role": "AwsIamRole",
    "user": "AwsIamUser",
    "policy": "AwsIamPolicy",
    "people": "AwsIamGroup",
}
TWICE = frozenset({"group", "subnet", "table"})
NODES = [f"{kind}/{n}" for kind in TYPES for n in ((1, 2) if kind in TWICE else (1,))]
FACTS: dict[str, list[dict[str, Scalar]]] = {
    "host": [{"public_ip": "203.0.113.7"}, {"public_ip": "203.0.113.7", "state": "stopped"}, {}],
    "task": [{"assign_public_ip": True}, {}],
    "front": [{"scheme": "internet-facing"}, {"scheme": "internal"}],
    "db": [{"publicly_accessible": True}, {"sensitive": True}, {}],
    "bucket": [{"public": True}, {"sensitive": True}, {}],
    "subnet": [{"vpc": "vpc-1"}, {"vpc": "vpc-2"}],
    "table": [
        {"vpc": "vpc-1", "main": True},
        {"vpc": "vpc-1", "main": True, "routed": True},
        {"vpc": "vpc-2", "main": True, "routed": True},
        {"vpc": "vpc-1", "routed": True},
        {},
    ],
    "role": [{"grants": '[["Allow", ["s3:*"], ["*"]]]'}, {}],
    "user": [{"grants": '[["Allow", ["rds:*"], ["*"]]]'}, {}],
    "policy": [{"grants": '[["Allow", ["*"], ["*"]]]'}, {}],
    "people": [{"grants": '[["Allow", ["s3:Get*"], ["*"]]]'}, {}],
}
SHAPES = [
    ("group", LinkKind.GUARDS, "host"),
    ("group", LinkKind.GUARDS, "task"),
    ("group", LinkKind.GUARDS, "front"),
    ("group", LinkKind.GUARDS, "db"),
    ("acl", LinkKind.GUARDS, "front"),
    ("subnet", LinkKind.CONTAINS, "host"),
    ("subnet", LinkKind.CONTAINS, "db"),
    ("subnet", LinkKind.CONTAINS, "task"),
    ("subnet", LinkKind.ROUTES_TO, "table"),
    ("host", LinkKind.USES, "profile"),
    ("profile", LinkKind.USES, "role"),
    ("role", LinkKind.HAS_POLICY, "policy"),
    ("user", LinkKind.HAS_POLICY, "policy"),
    ("people", LinkKind.HAS_POLICY, "policy"),
    ("user", LinkKind.MEMBER_OF, "people"),
]
LINKS = [
    Link(source=f"{a}/{n}", kind=kind, target=f"{b}/{m}")
    for a, kind, b in SHAPES
    for n in (1, 2)
    for m in (1, 2)
    if {f"{a}/{n}", f"{b}/{m}"} <= set(NODES)
] + [
    Link(source=INTERNET, kind=LinkKind.ADMITS, target=f"group/{n}", properties={"ports": "22/tcp"})
    for n in (1, 2)
]


@st.composite
def _step(draw: st.DrawFn) -> tuple[list[tuple[str, dict[str, Scalar], list[Link]]], list[str]]:
    """Some items with what they tell of, and what is gone."""
    nodes = draw(st.lists(st.sampled_from(NODES), min_size=1, max_size=6, unique=True))
    items = []
    for node in nodes:
        own = [li for li in LINKS if node in {li.source, li.target}]
        facts = draw(st.sampled_from(FACTS.get(node.split("/")[0], [{}])))
        told = draw(st.lists(st.sampled_from(own), max_size=6, unique_by=id)) if own else []
        items.append((node, dict(facts), told))
    gone = draw(st.lists(st.sampled_from(NODES), max_size=2, unique=True))
    return items, [node for node in gone if node not in nodes]


@contextmanager
def _graph() -> Iterator[GraphersalResourceGraph]:
    with TemporaryDirectory() as folder:
        yield GraphersalResourceGraph(Folder(folder) / "acme.gsnap", "acme")


def _ends(links: list[Link]) -> set[tuple[str, LinkKind, str, tuple[tuple[str, object], ...]]]:
    return {(li.source, li.kind, li.target, tuple(sorted(li.properties.items()))) for li in links}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(_step(), min_size=3, max_size=9))
def test_derived_links_follow_every_change(
    steps: list[tuple[list[tuple[str, dict[str, Scalar], list[Link]]], list[str]]],
) -> None:
    described: dict[str, Resource] = {}
    told: dict[str, list[Link]] = {}
    with _graph() as graph:
        for number, (items, gone) in enumerate(steps):
            at = NOON + timedelta(minutes=number)
            for node in gone:
                described.pop(node, None)
                told.pop(node, None)
                for owner, links in told.items():
                    told[owner] = [li for li in links if node not in {li.source, li.target}]
            for node, facts, links in items:
                kind = TYPES[node.split("/")[0]]
                described[node] = replace(resource(node, kind, at=at), properties=facts)
                told[node] = links
            graph.apply(
                GraphChange(
                    resources=[described[node] for node, _, _ in items],
                    links=[(node, li) for node, _, links in items for li in links],
                    deleted=gone,
                )
            )
            stored = graph.neighbourhood([*NODES, INTERNET], hops=1, limit=500)
            links = [li for of_one in told.values() for li in of_one]
            known = {r.id: r for r in stored.resources}
            wanted = derived_links(list(known.values()), links)
            assert _ends(list(stored.links)) == _ends([*links, *wanted])
            ends = {end for li in [*links, *wanted] for end in (li.source, li.target)}
            assert set(known) == {*described, *ends}
