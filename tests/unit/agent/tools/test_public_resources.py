"""What is said to be open to everybody: only what lets everybody in, and how that was decided."""

import pytest

from agent.tools.graph import resource_detail
from agent.tools.public import opens, public_resources
from agent.tools.reader import TenantReader
from agent.views import ResourceDetail
from integrations.connect import Connections
from integrations.findings.port import FindingState
from tests.builders import ocsf_event
from tests.unit.agent.exposures.estates import DATA, NOW, Estate, bucket, group, systems


def detail(estate: Connections, called: str) -> ResourceDetail:
    reader = TenantReader(estate.systems("acme"), NOW)
    found = resource_detail(reader, called)
    assert isinstance(found, ResourceDetail)
    return found


def test_what_is_reached_over_another_is_not_public_itself(estate: Connections) -> None:
    exports, host = detail(estate, "acme-customer-exports"), detail(estate, "web-7")
    assert exports.public is False
    assert exports.path is not None
    assert exports.path.resources[1].name == "web-7"
    assert (host.public, host.path) == (True, None)


def test_a_group_that_admits_everybody_is_open(estate: Connections) -> None:
    assert detail(estate, "sg-web-admin").public is True
    assert detail(estate, "shop-app").public is False


@pytest.mark.parametrize(
    ("control", "state", "accepted"),
    [
        ("S3.2", FindingState.MUTED, True),
        ("S3.2", FindingState.OPEN, False),
        ("S3.13", FindingState.MUTED, False),
    ],
)
def test_only_a_muted_finding_about_public_access_accepts_it(
    control: str, state: FindingState, *, accepted: bool
) -> None:
    event = ocsf_event("f", control=control, resources=(DATA,), state=state)
    other = ocsf_event("g", control="S3.14", resources=(DATA,))
    with systems(Estate({"bucket": bucket(public=True)}, {"f": event, "g": other})) as known:
        reader = TenantReader(known, NOW)
        (row,) = public_resources(reader, "storage").rows
        assert row.accepted is accepted
        assert public_resources(reader, "storage").accepted == accepted
        found = resource_detail(reader, "data")
        assert isinstance(found, ResourceDetail)
        assert found.accepted is accepted


def test_doors_can_be_asked_for_by_port() -> None:
    items = {"ssh": group(22, 443), "db": group(3306, short_id="sg-2")}
    with systems(Estate(items)) as known:
        reader = TenantReader(known, NOW)
        for port, names in ((22, ["sg-1"]), (3306, ["sg-2"]), (80, [])):
            found = public_resources(reader, "security_groups", port)
            assert [row.resource.short_id for row in found.rows] == names
            assert found.asked.endswith(f"on port {port}")


@pytest.mark.parametrize(
    ("ports", "port", "open_"),
    [
        ("22/tcp,443/tcp", 443, True),
        ("22/tcp", 2, False),
        ("8000-8080/tcp", 8080, True),
        ("8000-8080/tcp", 8081, False),
        ("all", 1, True),
        ("", 22, False),
    ],
)
def test_a_port_is_looked_for_in_lists_and_ranges(ports: str, port: int, *, open_: bool) -> None:
    assert opens(ports, port) is open_


def test_the_most_exposed_comes_first_whatever_its_own_findings_say(estate: Connections) -> None:
    rows = public_resources(TenantReader(estate.systems("acme"), NOW), "all").rows
    scores = [row.score for row in rows if not row.accepted]
    assert rows[0].resource.name == "web-7"
    assert scores == sorted(scores, reverse=True)


def test_only_what_is_vulnerable_is_told_when_asked(estate: Connections) -> None:
    reader = TenantReader(estate.systems("acme"), NOW)
    rows = public_resources(reader, "all", unpatched=True).rows
    assert {row.resource.name for row in rows} == {"web-7", "coupon-preview"}
    assert "CVE-2024-6387, exploit known" in {row.flaw for row in rows}


def test_a_flood_meets_balancers_first_and_no_door_for_administrators(estate: Connections) -> None:
    rows = public_resources(TenantReader(estate.systems("acme"), NOW), "ddos").rows
    assert [row.resource.name for row in rows] == ["shop-front", "coupon-preview", "media-edge-1"]
