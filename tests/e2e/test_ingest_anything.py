"""Third-party samples and damaged records through the whole of ingest: stored, or kept with why."""

import copy
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.connect import Connections
from integrations.findings.port import Dimension, Filter
from integrations.ingest.ingest import Ingest
from integrations.ingest.summary import IngestSummary
from integrations.settings import Settings
from tests.builders import tenant
from tests.ingesting import lines, rejects
from tests.ocsf_schema import problems
from tests.properties.test_sources import _damage
from tests.samples import records
from tests.unit.findings.given import ACCOUNT, asff, guardduty, hub_v2, inspector, pascal, prowler

ANY = Filter(states=frozenset())
_NOBODYS = re.compile(r"account (\d{12}) belongs to no tenant")


@contextmanager
def _opened(folder: Path, *accounts: str) -> Iterator[Connections]:
    with Connections(Settings(state=folder / "state")) as connections:
        connections.directory.put(tenant("acme", *accounts))
        yield connections


def _ingested(connections: Connections, folder: Path, given: list[Any]) -> IngestSummary:
    file = folder / "in.ndjson"
    file.write_bytes(lines(given))
    ingest = Ingest(connections.directory, connections.systems)
    return ingest.run([file], folder / "rejects.ndjson", lambda *_: None)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "taken_in", "stored"),
    [
        ("findings/asff", 182, 170),
        # 24 are of an account of 13 digits, and all of Prowler's of a placeholder.
        ("findings/guardduty", 19, 18),
        ("findings/inspector2", 13, 13),
        ("findings/ocsf", 0, 0),
        # 188 are templates; the accounts of 41 are none, and 18 name no account at all.
        ("config/items", 130, 0),
    ],
)
def test_every_sample_goes_in_or_is_kept_with_a_reason(
    tmp_path: Path, name: str, taken_in: int, stored: int
) -> None:
    given = list(records(f"{name}.ndjson"))
    with _opened(tmp_path, ACCOUNT) as connections:
        _ingested(connections, tmp_path, given)
        reasons = [r["reason"] for r in rejects(tmp_path / "rejects.ndjson")]
        accounts = {m.group(1) for m in map(_NOBODYS.match, reasons) if m} | {ACCOUNT}
        connections.directory.put(tenant("acme", *sorted(accounts)))
        summary = _ingested(connections, tmp_path, given)
        assert summary.records == len(given)
        assert summary.taken_in + summary.rejected == len(given)
        kept = rejects(tmp_path / "rejects.ndjson") if summary.rejected else []
        assert [r for r in kept if len(r["reason"]) < 10 or not r["reason"].isprintable()] == []
        store = connections.systems("acme").findings
        found = store.search(ANY, limit=1_000)
        assert sum(t.count for t in store.count(ANY, Dimension.STATE)) == len(found)
        for finding in found:
            event = store.get(finding.uid).event
            assert event["metadata"]["version"] == "1.6.0"
            assert problems(event) == []
        assert (summary.taken_in, len(found)) == (taken_in, stored)


def _item() -> dict[str, Any]:
    return {
        "resourceType": "AWS::EC2::Instance",
        "resourceId": "i-0web7",
        "awsAccountId": ACCOUNT,
        "awsRegion": "eu-west-1",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T08:00:00Z",
        "configuration": {"instanceId": "i-0web7", "networkInterfaces": [{"groups": []}]},
        "relationships": [{"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-1", "name": "In"}],
        "tags": {"Name": "web-7"},
    }


_SOUND: list[Callable[[], dict[str, Any]]] = [
    asff,
    guardduty,
    lambda: pascal(guardduty()),
    inspector,
    hub_v2,
    prowler,
    _item,
]


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(_SOUND), min_size=1, max_size=6), st.data())
def test_damaged_records_stop_nothing_and_none_is_lost(
    sound: list[Callable[[], dict[str, Any]]], data: st.DataObject
) -> None:
    damaged = [copy.deepcopy(make()) for make in sound]
    for record in damaged:
        for _ in range(data.draw(st.integers(0, 3))):
            _damage(record, data)
    with tempfile.TemporaryDirectory() as name, _opened(Path(name), ACCOUNT) as connections:
        folder = Path(name)
        summary = _ingested(connections, folder, [*damaged, asff(Id="sound")])
        assert summary.records == len(damaged) + 1
        assert summary.taken_in + summary.rejected == summary.records
        assert sum(summary.by_source.values()) == summary.taken_in
        kept = rejects(folder / "rejects.ndjson") if summary.rejected else []
        assert len(kept) == summary.rejected
        assert all(r["reason"].isprintable() and r["excerpt"].isprintable() for r in kept)
        assert connections.systems("acme").findings.get("sound")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=40) | st.just(json.dumps(asff()).encode()), max_size=5))
def test_any_bytes_stop_nothing(content: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name, _opened(Path(name), ACCOUNT) as connections:
        file = Path(name) / "in"
        file.write_bytes(b"\n".join(content))
        ingest = Ingest(connections.directory, connections.systems)
        summary = ingest.run([file], Path(name) / "rejects.ndjson", lambda *_: None)
        assert summary.taken_in + summary.rejected == summary.records > 0
