"""Cards of several tenants at once: ranked together, and every row with its owner."""

from dataclasses import replace
from datetime import timedelta

from agent.views import (
    Changes,
    Posture,
    PublicList,
    PublicResource,
    TenantList,
    TenantRow,
    TopResources,
)
from integrations.findings.port import Breakdown, Severity
from tests.unit.cards.reading import a_list, asked, grids, items, reply, small
from tests.unit.cards.story import (
    FRESH,
    NOW,
    WEB_ARN,
    a_finding,
    a_posture,
    a_resource,
    an_exposure,
    exposures,
)


def test_several_tenants_are_ranked_together_and_named() -> None:
    ours = exposures(an_exposure(1), an_exposure(2))
    theirs = exposures(an_exposure(3, tenant="globex", score=99), tenant="globex")
    said = reply(ours, theirs)
    assert [i.title.split(":")[0] for i in items(said)] == ["globex", "acme", "acme"]
    assert "why X-AB12C3 in globex" in asked(said)
    assert "From 1,824 open findings (58 critical, 466 high) in 2 tenants" in small(said)[0]


def test_an_operators_buttons_name_the_tenant() -> None:
    said = reply(exposures(an_exposure()), operator=True)
    assert all(question.endswith(" in acme") for question in asked(said))


def test_a_tenants_own_channel_never_names_it_in_a_button() -> None:
    assert not any(" in acme" in question for question in asked(reply(exposures(an_exposure()))))


def test_many_postures_are_one_table_worst_first() -> None:
    views: list[Posture] = [
        a_posture("initech", 0, 0),
        a_posture("acme", 58, 61),
        a_posture("globex", 5, 4),
    ]
    (grid,) = grids(reply(*views))
    assert [row[0] for row in grid.rows] == ["acme", "globex", "initech"]
    assert [row[1] for row in grid.rows] == ["58 (-3)", "5 (+1)", "0"]


def test_tenants_are_listed_and_each_can_be_asked_about() -> None:
    row = TenantRow(
        tenant="acme",
        name="Acme Shop",
        environment="production",
        priority=1,
        accounts=("111122223333", "444455556666"),
        open_findings=912,
    )
    said = reply(TenantList(rows=(row,)), operator=True)
    assert grids(said)[0].rows == (
        ("Acme Shop (acme)", "production, priority 1", "111122223333 and 1 more", "912"),
    )
    assert "what needs attention first in acme" in asked(said)


def test_lists_of_several_tenants_are_one_table_with_owners() -> None:
    ours = a_list(6, 29, severities="critical")
    theirs = replace(
        a_list(6, 12, severities="critical"),
        tenant="globex",
        findings=tuple(a_finding(n, first_seen=NOW - timedelta(days=90)) for n in range(1, 7)),
    )
    said = reply(ours, theirs)
    (grid,) = grids(said)
    assert len(grid.rows) == 10
    assert grid.rows[0][2].startswith("globex: ")
    assert small(said)[0].startswith("The worst 10 of 41 open critical findings, of 1,824")
    assert "all open criticals in acme" in asked(said)


def test_changes_and_public_things_of_several_tenants_name_their_owner() -> None:
    view = Changes(
        tenant="acme",
        since=NOW,
        since_words="in the last 24 hours",
        opened=(a_finding(1),),
        opened_total=2,
        closed=(),
        closed_total=5,
        reopened=(a_finding(2),),
        names={WEB_ARN: "web-7"},
        trend=(),
        freshness=FRESH,
    )
    quiet = replace(view, tenant="initech", opened=(), opened_total=0, reopened=())
    (grid,) = grids(reply(quiet, view))
    assert [row[0] for row in grid.rows] == ["acme", "initech"]
    assert grid.rows[0][2] == "5, 1 came back"
    assert grid.rows[1][3] == "none"
    row = PublicResource(
        resource=a_resource(), how="SSH", ports="22", findings=1, worst=None, accepted=False
    )
    public = PublicList(tenant="acme", asked="reachable", rows=(row,), total=1, freshness=FRESH)
    other = replace(public, tenant="globex")
    (grid,) = grids(reply(public, other))
    assert [row[0] for row in grid.rows] == ["acme: web-7 (i-0abc)", "globex: web-7 (i-0abc)"]
    top = TopResources(
        tenant="acme",
        asked="resources with the most open findings",
        rows=(Breakdown(WEB_ARN, "AwsEc2Instance", 22, {Severity.CRITICAL: 2}),),
        names={WEB_ARN: "web-7"},
        whole=912,
        freshness=FRESH,
    )
    more = replace(top, tenant="globex", rows=(replace(top.rows[0], count=30),))
    (grid,) = grids(reply(top, more))
    assert [row[0] for row in grid.rows] == ["globex: web-7", "acme: web-7"]
