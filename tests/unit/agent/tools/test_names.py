"""What a name means: one resource, several, only something like it, or nothing at all."""

import pytest

from agent.tools.findings import Search, search_findings
from agent.tools.graph import connections, resource_detail
from agent.tools.naming import kind
from agent.tools.reader import TenantReader
from agent.views import Choices, FindingList, ResourceDetail
from integrations.connect import Connections
from integrations.errors import NotFoundError
from tests.unit.agent.exposures.estates import NOW


@pytest.fixture
def acme(estate: Connections) -> TenantReader:
    return TenantReader(estate.systems("acme"), NOW)


def test_a_choice_asks_what_was_asked_of_the_one_that_is_chosen(acme: TenantReader) -> None:
    for found, verb in (
        (resource_detail(acme, "web-app"), "tell me about"),
        (connections(acme, "web-app", "can_reach", draw=False), "what could an attacker reach"),
        (connections(acme, "web-app", "connected", draw=True), "show the graph of"),
    ):
        assert isinstance(found, Choices)
        assert [choice.label for choice in found.choices] == [
            "role web-app",
            "instance profile web-app",
        ]
        for choice in found.choices:
            assert choice.ask.startswith(verb)
            assert choice.ask.endswith(f"`{choice.label}`")
            chosen = resource_detail(acme, choice.label)
            assert isinstance(chosen, ResourceDetail)
            assert kind(chosen.resource) == choice.label.removesuffix(" web-app")


def test_findings_of_a_name_that_is_only_part_of_others_are_asked_back(acme: TenantReader) -> None:
    found = search_findings(acme, Search(resource="shop-orders"))
    assert isinstance(found, Choices)
    assert all("shop-orders" in choice.label for choice in found.choices)


def test_findings_of_a_name_that_several_share_are_those_of_all(acme: TenantReader) -> None:
    found = search_findings(acme, Search(resource="shop-orders-1"))
    assert isinstance(found, FindingList)
    assert len({finding.resource for finding in found.findings}) > 1


def test_nothing_is_found_on_what_nobody_knows(acme: TenantReader) -> None:
    with pytest.raises(NotFoundError, match="nothing called web-99 is known in acme"):
        search_findings(acme, Search(resource="web-99", severities=("critical",)))
    arn = "arn:aws:ec2:eu-west-1:222222222221:instance/i-0e5node3"
    with pytest.raises(NotFoundError, match="nothing called i-0e5node3 is known in acme"):
        resource_detail(acme, arn)


def test_an_account_is_called_by_its_number(acme: TenantReader) -> None:
    uid = "AWS::::Account:111111111112"
    assert acme.names([uid]) == {uid: "111111111112"}


def test_findings_can_be_asked_for_by_account_and_region(acme: TenantReader) -> None:
    everything = search_findings(acme, Search())
    of_data = search_findings(acme, Search(account="111111111112"))
    of_shop = search_findings(acme, Search(account="111111111111"))
    nowhere = search_findings(acme, Search(region="eu-north-1"))
    assert isinstance(everything, FindingList)
    assert isinstance(of_data, FindingList)
    assert isinstance(of_shop, FindingList)
    assert isinstance(nowhere, FindingList)
    assert 0 < of_data.total < of_shop.total < everything.total
    assert of_data.total + of_shop.total == everything.total
    assert nowhere.total == 0
    foreign = search_findings(acme, Search(account="222222222221"))
    assert isinstance(foreign, FindingList)
    assert foreign.total == 0, "an account narrows what the channel may see, and never widens it"
    assert of_data.asked.endswith("in account 111111111112")


def test_controls_are_found_however_they_are_spelled(acme: TenantReader) -> None:
    spelled = [search_findings(acme, Search(control=c)) for c in ("EC2.8", "ec2.8", "Ec2.08")]
    assert len({f.total for f in spelled if isinstance(f, FindingList)}) == 1
    assert all(isinstance(f, FindingList) and f.total for f in spelled)


def test_of_equally_severe_findings_those_of_an_exposure_come_first(acme: TenantReader) -> None:
    rested_on = {ref for exposure in acme.exposures for ref in exposure.findings}
    pages = []
    for offset in range(0, 40, 8):
        page = search_findings(acme, Search(severities=("critical",), limit=8, offset=offset))
        assert isinstance(page, FindingList)
        pages.append(page)
    found = [finding for page in pages for finding in page.findings]
    exposed = [finding.ref in rested_on for finding in found]
    assert exposed == sorted(exposed, reverse=True)
    assert 0 < sum(exposed) == pages[0].exposed < pages[0].total
    assert len({finding.ref for finding in found}) == len(found) == pages[0].total
