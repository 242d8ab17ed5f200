"""What a schedule has deleted of findings that have long not been open."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.connect import Connections
from integrations.errors import InvalidSettingError
from integrations.findings.port import OPEN
from integrations.handlers.findings import expired
from integrations.settings import Settings
from tests.builders import ocsf_event, tenant

NOW = datetime(2026, 11, 25, 2, 41, tzinfo=UTC)


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    with Connections(Settings(state=tmp_path)) as made:
        yield made


def test_what_has_not_been_open_for_so_many_days_is_asked_to_go(connections: Connections) -> None:
    asked: list[datetime] = []

    def told(before: datetime) -> int:
        asked.append(before)
        return 3

    connections.expire_findings = told
    assert expired(connections, 400, NOW) == {"expired": 3}
    assert asked == [datetime(2025, 10, 21, 2, 41, tzinfo=UTC)]


def test_the_embedded_store_keeps_everything(connections: Connections) -> None:
    connections.directory.put(tenant("acme", "111122223333"))
    findings = connections.systems("acme").findings
    findings.upsert([ocsf_event("f-1")])
    assert expired(connections, 1, NOW) == {"expired": 0}
    assert len(findings.search(OPEN)) == 1


@pytest.mark.parametrize("days", [0, -1, "400", 1.5, None])
def test_what_is_no_number_of_days_is_refused(connections: Connections, days: object) -> None:
    with pytest.raises(InvalidSettingError, match="closed_days"):
        expired(connections, days, NOW)
