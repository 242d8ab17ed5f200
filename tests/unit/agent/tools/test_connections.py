"""What is walked to when a picture of a resource or an exposure is asked for."""

from dataclasses import replace

import pytest

from agent.tools.graph import connections
from agent.tools.reader import TenantReader
from agent.views import Connections
from bot.picture.drawing import sheet_of
from bot.picture.folding import MOST
from bot.picture.saying import alt_of
from integrations.connect import Connections as Estate
from tests.unit.agent.exposures.estates import NOW

ATTACK = ["Internet", "web-7", "web-app", "acme-customer-exports"]
STRANGER = "invoices-key"


@pytest.fixture
def acme(estate: Estate) -> TenantReader:
    return TenantReader(estate.systems("acme"), NOW)


def walked(acme: TenantReader, about: str, question: str = "connected") -> Connections:
    found = connections(acme, about, question, draw=True)
    assert isinstance(found, Connections)
    return found


def test_the_picture_of_a_resource_highlights_the_attack_path_it_lies_on(
    acme: TenantReader,
) -> None:
    view = walked(acme, "web-7")
    assert view.path is not None
    assert [resource.name for resource in view.path.resources] == ATTACK
    assert view.cut is not None
    shown = sheet_of(view).shown
    assert [node.title for node in shown.nodes if node.on_path] == ATTACK
    assert "sg-web-admin" in {node.title for node in shown.nodes}, "its neighbours are still there"
    assert "acme-customer-exports" not in {r.name for r in view.graph.resources}, (
        "what is beyond a neighbour is no neighbour, and not counted as one"
    )


def test_the_words_of_such_a_picture_tell_the_neighbours_and_the_path(acme: TenantReader) -> None:
    view = walked(acme, "web-7")
    alt = alt_of(view, sheet_of(view).shown)
    assert "public-a (subnet)" in alt
    assert "In acme the internet reaches web-7" in alt
    assert "Smallest cut:" in alt


def test_what_lies_on_no_attack_path_has_none_highlighted(acme: TenantReader) -> None:
    view = walked(acme, "deploy-bot")
    assert (view.path, view.cut) == (None, None)


def test_a_picture_counts_in_its_folds_what_it_has_no_room_for(acme: TenantReader) -> None:
    view = walked(acme, "deploy-bot")
    shown = sheet_of(view).shown
    assert view.graph.left_out == 0
    assert len(view.graph.resources) > MOST >= shown.boxes
    held = [i for node in shown.nodes for i in node.holds]
    assert sorted(held) == sorted(resource.id for resource in view.graph.resources)


def test_an_answer_in_words_walks_no_further_than_it_can_tell(acme: TenantReader) -> None:
    told = connections(acme, "deploy-bot", "connected", draw=False)
    assert isinstance(told, Connections)
    drawn = walked(acme, "deploy-bot")
    assert len(told.graph.resources) == 40
    assert told.graph.left_out == len(drawn.graph.resources) - 40


def test_the_picture_of_an_exposure_shows_nothing_that_no_line_leads_to(
    acme: TenantReader,
) -> None:
    exposure = next(one for one in acme.exposures if one.path and len(one.path.links) > 1)
    stranger = next(one for one in acme.exposures if one.resource_name == STRANGER).resource
    acme.exposures = (replace(exposure, resources=(*exposure.resources, stranger)),)
    shown = sheet_of(walked(acme, exposure.ref)).shown
    assert STRANGER not in {node.title for node in shown.nodes}
    joined = {key for edge in shown.edges for key in (edge.source, edge.target)}
    assert {node.key for node in shown.nodes} == joined
