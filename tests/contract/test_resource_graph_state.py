"""What a resource graph keeps: the newest of everything, whole changes, one tenant's only."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.errors import RejectedRecordError
from integrations.resources.gremlin import GremlinResourceGraph
from integrations.resources.port import (
    INTERNET,
    GraphChange,
    GraphSummary,
    LinkKind,
    Resource,
    ResourceGraph,
)
from tests.builders import NOON
from tests.contract.engines import Graphs, Opened
from tests.graph_builders import chain, change, ec2, iam, link, resource

HOST, ROLE, VOLUME = ec2("instance/i-1"), iam("role/web"), ec2("volume/vol-1")
EARLIER, LATER = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


def _ends(graph: ResourceGraph, *ids: str) -> set[tuple[str, str]]:
    return {(li.source, li.target) for li in graph.neighbourhood(ids, hops=2).links}


def test_a_resource_comes_back_as_it_went_in(graph: ResourceGraph) -> None:
    whole = Resource(
        id=HOST,
        type="AwsEc2Instance",
        name="web-7",
        short_id="i-1",
        account="111122223333",
        region="eu-west-1",
        tags={"Name": "web-7", "team": "päyments"},
        properties={"state": "running", "public": True, "port": 22, "share": 0.5},
        captured_at=NOON,
    )
    graph.apply(GraphChange(resources=[whole]))
    assert graph.get([HOST]) == {HOST: whole}


@pytest.mark.parametrize("number", [2**31 - 1, 2**31, 2**53 + 1, -(2**40), 2**62])
def test_integers_keep_their_value_beyond_31_bits(graph: ResourceGraph, number: int) -> None:
    graph.apply(
        change([resource(HOST, size=number)], [link(HOST, LinkKind.USES, VOLUME, size=number)])
    )
    assert graph.get([HOST])[HOST].properties == {"size": number}
    assert graph.neighbourhood([HOST]).links[0].properties == {"size": number}


def test_capture_times_keep_their_milliseconds(graph: ResourceGraph) -> None:
    at = NOON + timedelta(milliseconds=123)
    graph.apply(change([resource(HOST, at=at)]))
    assert graph.get([HOST])[HOST].captured_at == at
    assert graph.summary().captured_at == at


def test_a_newer_item_replaces_every_value_of_the_older_one(graph: ResourceGraph) -> None:
    graph.apply(change([resource(HOST, name="old", tags={"a": "1"}, state="running", imds="x")]))
    newer = resource(HOST, name="new", tags={"b": "2"}, at=LATER, state="stopped")
    graph.apply(change([newer]))
    assert graph.get([HOST]) == {HOST: newer}
    assert graph.find("old") == []


def test_an_item_of_the_same_moment_replaces_what_is_there(graph: ResourceGraph) -> None:
    graph.apply(change([resource(HOST, state="running")]))
    graph.apply(change([resource(HOST, state="stopped")]))
    assert graph.get([HOST])[HOST].properties == {"state": "stopped"}


def test_an_older_item_that_arrives_late_changes_nothing(graph: ResourceGraph) -> None:
    graph.apply(change([resource(HOST, state="running")], [link(HOST, LinkKind.RUNS_AS, ROLE)]))
    before = graph.neighbourhood([HOST])
    late = resource(HOST, at=EARLIER, state="stopped")
    graph.apply(change([late], [link(HOST, LinkKind.USES, VOLUME)]))
    assert graph.neighbourhood([HOST]) == before


def test_of_several_items_of_one_resource_in_one_change_the_newest_counts(
    graph: ResourceGraph,
) -> None:
    items = [resource(HOST, at=at, state=str(at)) for at in (NOON, LATER, EARLIER)]
    graph.apply(change(items))
    assert graph.get([HOST])[HOST].properties == {"state": str(LATER)}


def test_an_item_without_a_time_gives_way_to_any_that_has_one(graph: ResourceGraph) -> None:
    graph.apply(change([resource(HOST, at=None, state="unknown")]))
    assert graph.get([HOST])[HOST].captured_at is None
    graph.apply(change([resource(HOST, at=EARLIER, state="running")]))
    graph.apply(change([resource(HOST, at=None, state="unknown")]))
    assert graph.get([HOST])[HOST].properties == {"state": "running"}


def test_the_same_change_again_changes_nothing(graph: ResourceGraph) -> None:
    whole = chain(HOST, ROLE, VOLUME)
    first = graph.apply(whole)
    part = graph.neighbourhood([HOST], hops=3)
    assert graph.apply(whole) == first
    assert graph.neighbourhood([HOST], hops=3) == part


def test_an_items_links_replace_those_it_told_of_before(graph: ResourceGraph) -> None:
    graph.apply(
        change(
            [resource(HOST), resource(ROLE)],
            [link(HOST, LinkKind.RUNS_AS, ROLE), link(HOST, LinkKind.USES, VOLUME)],
        )
    )
    newer = resource(HOST, at=LATER)
    graph.apply(change([newer], [link(HOST, LinkKind.USES, VOLUME)]))
    assert _ends(graph, HOST) == {(HOST, VOLUME)}


def test_an_item_leaves_alone_what_others_tell_of_its_resource(graph: ResourceGraph) -> None:
    told_by_role = (ROLE, link(HOST, LinkKind.RUNS_AS, ROLE))
    graph.apply(GraphChange(resources=[resource(HOST), resource(ROLE)], links=[told_by_role]))
    graph.apply(change([resource(HOST, at=LATER)], [link(HOST, LinkKind.USES, VOLUME)]))
    assert _ends(graph, HOST) == {(HOST, ROLE), (HOST, VOLUME)}


def test_links_that_lead_elsewhere_go_with_the_item_that_told_of_them(
    graph: ResourceGraph,
) -> None:
    """A listener tells that a balancer forwards to a group."""
    listener, balancer, group = "AwsElbv2Listener/x", ec2("x/balancer"), ec2("x/group")
    things = [resource(i, "AwsElbv2Listener") for i in (listener, balancer, group)]
    forward = (listener, link(balancer, LinkKind.FORWARDS_TO, group))
    graph.apply(GraphChange(resources=things, links=[forward]))
    assert graph.path_between(balancer, group) is not None
    graph.apply(GraphChange(deleted=[listener]))
    assert graph.path_between(balancer, group) is None


def test_a_link_told_twice_is_one_link(graph: ResourceGraph) -> None:
    uses = link(HOST, LinkKind.USES, VOLUME)
    things = [resource(HOST), resource(VOLUME, "AwsEc2Volume")]
    graph.apply(GraphChange(resources=things, links=[(HOST, uses), (VOLUME, uses)]))
    assert graph.neighbourhood([HOST]).links == (uses,)


def test_what_is_only_mentioned_is_there_and_not_known(graph: ResourceGraph) -> None:
    summary = graph.apply(change([resource(HOST)], [link(HOST, LinkKind.RUNS_AS, ROLE)]))
    mentioned = graph.get([ROLE])[ROLE]
    assert (mentioned.known, mentioned.type, mentioned.name) == (False, "AwsIamRole", "web")
    assert mentioned.captured_at is None
    assert summary.resources == 1


def test_an_item_makes_known_what_was_only_mentioned(graph: ResourceGraph) -> None:
    """Also when its type was guessed wrongly."""
    mystery = "arn:aws:novelty:eu-west-1:111122223333:thing/x"
    graph.apply(change([resource(HOST)], [link(HOST, LinkKind.USES, mystery)]))
    described = resource(mystery, "AwsNoveltyThing", at=EARLIER)
    graph.apply(change([described]))
    assert graph.get([mystery]) == {mystery: described}
    assert _ends(graph, HOST) == {(HOST, mystery)}


def test_what_nothing_mentions_any_more_goes(graph: ResourceGraph) -> None:
    graph.apply(change([resource(HOST)], [link(HOST, LinkKind.USES, VOLUME)]))
    graph.apply(change([resource(HOST, at=LATER)]))
    assert graph.get([VOLUME]) == {}
    assert graph.find("vol-1") == []


def test_deleted_resources_disappear_with_their_links(graph: ResourceGraph) -> None:
    graph.apply(chain(HOST, ROLE, VOLUME))
    summary = graph.apply(GraphChange(deleted=[ROLE]))
    assert graph.get([ROLE]) == {}
    assert graph.find("web") == []
    assert _ends(graph, HOST, VOLUME) == set()
    assert (summary.resources, summary.links) == (2, 0)
    assert graph.blast_radius(ROLE).resources == ()


def test_deleting_what_is_not_there_is_nothing(graph: ResourceGraph) -> None:
    assert graph.apply(GraphChange(deleted=[HOST])).resources == 0


def test_a_resource_captured_after_its_deletion_stays(graph: ResourceGraph) -> None:
    """A bucket's name may be used again, and a history may be read newest first."""
    graph.apply(change([resource(HOST, at=LATER)]))
    graph.apply(GraphChange(deleted=[HOST], deleted_at={HOST: NOON}))
    assert HOST in graph.get([HOST])


def test_an_item_older_than_the_deletion_does_not_bring_it_back(graph: ResourceGraph) -> None:
    graph.apply(change([resource(HOST, at=EARLIER)]))
    graph.apply(GraphChange(deleted=[HOST], deleted_at={HOST: NOON}))
    summary = graph.apply(change([resource(HOST, at=EARLIER), resource(VOLUME, "AwsEc2Volume")]))
    assert graph.get([HOST]) == {}
    assert (summary.resources, summary.captured_at) == (1, NOON)
    graph.apply(change([resource(HOST, at=LATER)]))
    assert HOST in graph.get([HOST])


def test_an_older_mention_does_not_bring_a_deleted_resource_back(graph: ResourceGraph) -> None:
    graph.apply(GraphChange(deleted=[HOST], deleted_at={HOST: NOON}))
    volume = resource(VOLUME, "AwsEc2Volume", at=EARLIER)
    graph.apply(change([volume], [link(HOST, LinkKind.USES, VOLUME)]))
    assert graph.get([HOST]) == {}
    assert graph.neighbourhood([VOLUME]).links == ()


def test_a_change_is_applied_whole_or_not_at_all(graphs: Opened[Graphs]) -> None:
    graph = graphs.now.of("acme")
    before = graph.apply(chain(HOST, ROLE))
    broken = change([resource(VOLUME, "AwsEc2Volume"), resource("half \ud800 a pair", "X")])
    with pytest.raises(RejectedRecordError, match="surrogate"):
        graph.apply(replace(broken, deleted=[HOST]))
    for _ in range(2):
        assert graph.summary() == before
        assert set(graph.get([HOST, ROLE, VOLUME])) == {HOST, ROLE}
        graph = graphs.again().of("acme")


def test_a_graph_is_empty_before_anything_is_applied(graph: ResourceGraph) -> None:
    assert graph.summary() == GraphSummary(0, 0, {}, None)
    assert graph.get([HOST]) == {}
    assert graph.find() == []
    assert graph.neighbourhood([HOST]).resources == ()
    assert graph.blast_radius(HOST).resources == ()
    assert graph.paths_from_internet() == []
    assert graph.paths_from_internet([HOST, INTERNET]) == []
    assert graph.apply(GraphChange()) == GraphSummary(0, 0, {}, None)


def test_the_summary_counts_what_is_known(graph: ResourceGraph) -> None:
    things = [resource(HOST), resource(ec2("instance/i-2"), at=LATER), resource(ROLE)]
    summary = graph.apply(
        change(things, [link(HOST, LinkKind.RUNS_AS, ROLE), link(HOST, LinkKind.USES, VOLUME)])
    )
    assert summary == GraphSummary(3, 2, {"AwsEc2Instance": 2, "AwsIamRole": 1}, LATER)
    assert graph.summary() == summary


def test_what_was_applied_is_there_after_a_restart(graphs: Opened[Graphs]) -> None:
    graph = graphs.now.of("acme")
    summary = graph.apply(chain(HOST, ROLE, VOLUME))
    part = graph.neighbourhood([ROLE])
    graph = graphs.again().of("acme")
    assert graph.summary() == summary
    assert graph.neighbourhood([ROLE]) == part
    graph.apply(change([resource(HOST, at=EARLIER, state="late")]))
    assert graph.get([HOST])[HOST].properties == {}


def test_a_deletion_is_remembered_after_a_restart(graphs: Opened[Graphs]) -> None:
    graphs.now.of("acme").apply(GraphChange(deleted=[HOST], deleted_at={HOST: NOON}))
    graph = graphs.again().of("acme")
    graph.apply(change([resource(HOST, at=EARLIER)]))
    assert graph.get([HOST]) == {}


@pytest.mark.parametrize(
    "tenants", [("acme", "globex"), ("acme", "acme-dev"), ("a", "b"), ("gone", "acme")]
)
def test_tenants_with_the_same_ids_never_meet(
    graphs: Opened[Graphs], tenants: Sequence[str]
) -> None:
    mine, other = (graphs.now.of(tenant) for tenant in tenants)
    mine.apply(chain(HOST, ROLE))
    other.apply(change([resource(HOST), resource(VOLUME, "AwsEc2Volume")]))
    other.apply(change([resource(HOST)], [link(HOST, LinkKind.USES, VOLUME)]))
    assert {r.id for r in mine.neighbourhood([HOST], hops=5).resources} == {HOST, ROLE}
    assert mine.find("vol-1") == []
    assert mine.summary().resources == 2
    other.apply(GraphChange(deleted=[HOST, ROLE]))
    assert set(mine.get([HOST, ROLE, VOLUME])) == {HOST, ROLE}
    again = graphs.again()
    mine, other = (again.of(tenant) for tenant in tenants)
    assert set(mine.get([HOST, ROLE, VOLUME])) == {HOST, ROLE}
    assert set(other.get([HOST, ROLE, VOLUME])) == {VOLUME}


def test_asking_in_a_tenants_own_notation_leads_nowhere(graphs: Opened[Graphs]) -> None:
    graphs.now.of("acme").apply(chain(HOST, ROLE))
    graphs.now.of("acme").apply(GraphChange(deleted=[VOLUME], deleted_at={VOLUME: NOON}))
    for asked in (f"acme|{HOST}", f"gone|{VOLUME}", f"acme|gone|{VOLUME}", "derived"):
        assert graphs.now.of("globex").get([asked]) == {}
        assert graphs.now.of("acme").get([asked]) == {}
        assert graphs.now.of("acme").blast_radius(asked).resources == ()


def test_the_same_question_has_the_same_answer(graph: ResourceGraph) -> None:
    """Whatever the order of what was told."""
    web, app, data = ec2("instance/i-web"), ec2("instance/i-app"), "arn:aws:s3:::data"
    whole = chain(web, app, ROLE, data)
    links = [*whole.links, (web, link(web, LinkKind.CAN_ACCESS, ROLE))]
    graph.apply(GraphChange(resources=whole.resources, links=links))
    questions: tuple[Callable[[], object], ...] = (
        lambda: graph.neighbourhood([app], hops=3),
        lambda: graph.blast_radius(web),
        lambda: graph.path_between(web, data),
        graph.find,
    )
    first = [ask() for ask in questions]
    graph.apply(GraphChange(deleted=[web, app, ROLE, data]))
    graph.apply(GraphChange(resources=whole.resources[::-1], links=links[::-1]))
    assert [ask() for ask in questions] == first


def test_nothing_of_a_forgotten_tenant_is_left_not_even_what_was_deleted(
    graphs: Opened[Graphs], tmp_path: Path
) -> None:
    """A deleted resource is remembered by its id, which tells the account and a name."""
    before = change([resource(HOST), resource(ROLE)], [link(HOST, LinkKind.RUNS_AS, ROLE)])
    for tenant in ("acme", "acme-2"):
        graph = graphs.now.of(tenant)
        graph.apply(before)
        graph.apply(GraphChange(deleted=[ROLE], deleted_at={ROLE: LATER}))
    forgotten, other = graphs.now.of("acme"), graphs.now.of("acme-2")
    assert isinstance(forgotten, GremlinResourceGraph)
    assert isinstance(other, GremlinResourceGraph)
    assert forgotten.forget() == 1
    assert forgotten.summary() == GraphSummary(resources=0, links=0, by_type={}, captured_at=None)
    assert forgotten.export(tmp_path / "forgotten").vertices == 0
    assert other.export(tmp_path / "other").vertices == 2
    assert forgotten.forget() == 0
    assert forgotten.apply(before).resources == 2, "it may be taken on again"
