"""Cards of resources: what they are near to, what reaches them, what is public."""

from agent.views import (
    Connections,
    PublicList,
    PublicResource,
    ResourceDetail,
    TopResources,
)
from integrations.findings.port import Breakdown, Severity
from integrations.resources.port import Link, LinkKind, Subgraph
from tests.unit.cards.reading import asked, grids, items, reply, small
from tests.unit.cards.story import (
    FRESH,
    WEB_ARN,
    a_finding,
    a_path,
    a_resource,
)


def test_neighbours_are_told_with_how_they_are_connected() -> None:
    path = a_path()
    view = Connections(
        tenant="acme",
        about=a_resource(),
        asked="connected",
        graph=Subgraph(resources=path.resources, links=path.links, left_out=17),
        severities={path.resources[2].id: Severity.HIGH},
        freshness=FRESH,
    )
    said = reply(view)
    assert grids(said)[0].rows == (
        ("acme-customer-exports", "bucket", "can access", "HIGH"),
        ("internet", "internet", "is reached by", "-"),
    )
    assert "17 of them not shown" in small(said)[0]
    assert "show the graph of i-0abc" in asked(said)


def test_what_is_two_steps_away_is_told_with_what_it_is_reached_through() -> None:
    start, role = a_resource(), a_resource("web-app")
    data = a_resource("exports")
    links = (
        Link(source=start.id, kind=LinkKind.RUNS_AS, target=role.id),
        Link(source=role.id, kind=LinkKind.CAN_ACCESS, target=data.id),
    )
    view = Connections(
        tenant="acme",
        about=start,
        asked="can_reach",
        graph=Subgraph(resources=(start, role, data), links=links),
        severities={},
        freshness=FRESH,
    )
    hows = {row[0]: row[2] for row in grids(reply(view))[0].rows}
    assert hows == {"web-app": "runs as", "exports": "can be accessed by web-app"}


def test_a_drawn_path_is_told_in_words_and_offers_no_second_picture() -> None:
    path = a_path()
    view = Connections(
        tenant="acme",
        about=a_resource(),
        asked="path",
        graph=Subgraph(resources=path.resources, links=path.links),
        path=path,
        draw=True,
        freshness=FRESH,
    )
    said = reply(view)
    assert items(said)[0].title == "Internet → web-7 → bucket acme-customer-exports"
    assert not any(question.startswith("show the graph") for question in asked(said))


def test_what_is_public_on_purpose_says_so() -> None:
    rows = (
        PublicResource(
            resource=a_resource("site"),
            how="public by its own policy",
            ports="",
            findings=0,
            worst=None,
            accepted=True,
        ),
    )
    view = PublicList(
        tenant="acme",
        asked="resources reachable from the internet",
        rows=rows,
        total=1,
        freshness=FRESH,
    )
    said = reply(view)
    assert grids(said)[0].rows == (("site", "bucket", "public by its own policy (accepted)", "-"),)
    assert small(said)[0].startswith("Resources reachable from the internet in acme: 1")


def test_resources_are_named_as_people_do_and_can_be_asked_about() -> None:
    detail = ResourceDetail(
        tenant="acme",
        resource=a_resource(),
        findings=(a_finding(1),),
        total_findings=12,
        exposures=(),
        public=True,
        freshness=FRESH,
    )
    assert items(reply(detail))[0].title == "web-7 (i-0abc)"
    assert "open findings on i-0abc" in asked(reply(detail))
    top = TopResources(
        tenant="acme",
        asked="resources with the most open findings",
        rows=(Breakdown(WEB_ARN, "AwsEc2Instance", 22, {Severity.CRITICAL: 2}),),
        names={WEB_ARN: "web-7"},
        whole=912,
        freshness=FRESH,
    )
    assert grids(reply(top))[0].rows == (("web-7", "instance", "2 critical", "22"),)
    assert asked(reply(top)) == ["tell me about i-0abc"]
