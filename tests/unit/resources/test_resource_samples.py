"""Real third-party Config items: each goes in, or is refused with a named reason."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.resources.config_items import ConfigItem, change_of, is_config_item, read_item
from integrations.resources.derive import derived_links
from integrations.resources.graphersal import GraphersalResourceGraph
from tests.samples import records

pytestmark = pytest.mark.samples
REASONS = (
    "a template",
    "no resourceId, resourceName or ARN",
    "names an account",
    "resourceType is",
)


def _records() -> list[dict[str, Any]]:
    return list(records("config/items.ndjson"))


def _read() -> tuple[list[ConfigItem], Counter[str]]:
    items: list[ConfigItem] = []
    refused: Counter[str] = Counter()
    for record in _records():
        try:
            items.append(read_item(record))
        except RejectedRecordError as error:
            refused[next(reason for reason in REASONS if reason in str(error))] += 1
    return items, refused


def test_every_sample_is_recognised_as_an_item() -> None:
    """Also the 42 that have neither status, time nor resourceId: their reasons are an item's."""
    found = _records()
    assert len(found) == 383
    assert all(map(is_config_item, found))


def test_every_sample_goes_in_or_is_refused_with_a_named_reason() -> None:
    items, refused = _read()
    assert len(items) + refused.total() == 383
    assert len(items) >= 165
    assert refused["a template"] >= 150


def test_what_goes_in_is_a_graph_that_answers(tmp_path: Path) -> None:
    items, _ = _read()
    change = change_of(items)
    ids = {r.id for r in change.resources}
    assert len(ids) == len(change.resources)
    assert all(r.type.isidentifier() and r.name for r in change.resources)
    derived_links(change.resources, [li for _, li in change.links])
    graph = GraphersalResourceGraph(tmp_path / "acme.gsnap", "acme")
    summary = graph.apply(change)
    assert summary.resources == len(ids)
    assert graph.apply(change) == summary
    for resource_id in sorted(ids)[::10]:
        part = graph.neighbourhood([resource_id])
        assert part.resources[0].id == resource_id
