"""The sync of the graph: only what changed is written, and only what is gone is deleted."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.connect import Connections
from integrations.deadletters.port import RESOURCES
from integrations.errors import UnavailableError
from integrations.handlers.resources import synced
from integrations.ingest.door import QueueDoor
from integrations.ingest.resource_sync import (
    LEARNED_AT_ONCE,
    STORING_S,
    TOKEN_LIFE_S,
    ResourceSync,
    SyncSummary,
    last_stored,
)
from integrations.resources.aggregator import ConfigAggregator
from integrations.resources.digests import Told
from integrations.resources.listing import StaleListingError
from integrations.resources.port import INTERNET, GraphChange, LinkKind
from integrations.settings import Settings
from integrations.tenants.port import Tenant
from tests.fake_aggregator import FakeAggregator, refusal, row

ACCOUNT, OTHER = "111122223333", "444455556666"
LATER = "2026-11-24T09:00:00.000Z"
_NOW = 1_795_600_000.0


def _arn(number: int, account: str = ACCOUNT) -> str:
    return f"arn:aws:ec2:us-east-1:{account}:instance/i-{number:017x}"


@dataclass
class Estate:
    """A tenant, its aggregator and what is written of it."""

    connections: Connections
    aggregator: FakeAggregator
    now: float = _NOW
    writes: list[GraphChange] = field(default_factory=list)

    def sync(
        self,
        digests: Callable[[], dict[str, Told]] | None = None,
        learned_at_once: int = LEARNED_AT_ONCE,
    ) -> ResourceSync:
        systems = self.connections.systems("acme")
        graph = systems.resources
        written = self.writes

        class _Graph:
            def apply(self, change: GraphChange) -> Any:
                written.append(change)
                return graph.apply(change)

            def get(self, ids: Sequence[str]) -> Any:
                return graph.get(ids)

        noted: Any = _Graph()
        return ResourceSync(
            replace(systems, resources=noted),
            ConfigAggregator(
                lambda: self.aggregator,
                "SecurityAssist",
                (ACCOUNT, OTHER),
                clock=lambda: self.now,
                pause=lambda _: None,
            ),
            digests or self.connections.digests("acme"),
            self.connections.dead_letters(),
            self.connections.checkpoints(),
            lambda: self.now,
            learned_at_once,
        )

    def run(self) -> SyncSummary:
        self.writes.clear()
        return self.sync().run()

    def written(self) -> list[str]:
        return sorted(one.id for change in self.writes for one in change.resources)

    def stored(self) -> set[str]:
        return set(self.connections.digests("acme")())

    def put(self, *rows: dict[str, Any]) -> None:
        self.aggregator.rows |= {found["arn"]: found for found in rows}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with Connections(Settings(state=tmp_path / "state")) as connections:
        connections.directory.put(Tenant(id="acme", name="Acme", accounts=(ACCOUNT, OTHER)))
        rows = [row(n, groups=("sg-1",)) for n in range(250)]
        yield Estate(connections, FakeAggregator([*rows, row(900, account=OTHER)]))


def test_the_first_sync_writes_all_and_the_next_nothing(estate: Estate) -> None:
    first = estate.run()
    assert (first.listed, first.changed, first.deleted, first.complete) == (251, 251, 0, True)
    assert (first.unchanged, first.untold) == (0, [])
    again = estate.run()
    assert (again.listed, again.changed, again.unchanged) == (251, 0, 251)
    assert estate.writes == []


def test_what_only_was_looked_at_again_is_not_written(estate: Estate) -> None:
    estate.run()
    estate.put(*(row(n, groups=("sg-1",), captured=LATER) for n in range(250)))
    assert estate.run().changed == 0


def test_a_changed_fact_tag_or_link_is_written_and_nothing_else(estate: Estate) -> None:
    estate.run()
    tagged = row(3, groups=("sg-1",), captured=LATER)
    tagged["tags"][1]["value"] = "payments"
    estate.put(
        row(1, groups=("sg-1",), captured=LATER, publicIpAddress="203.0.113.7"),
        row(2, groups=("sg-1", "sg-2"), captured=LATER),
        tagged,
        row(901, captured=LATER),
    )
    assert estate.run().changed == 4
    assert estate.written() == [_arn(1), _arn(2), _arn(3), _arn(901)]
    graph = estate.connections.systems("acme").resources
    assert graph.get([_arn(1)])[_arn(1)].properties["public_ip"] == "203.0.113.7"
    part = graph.neighbourhood([_arn(2)])
    guards = [li.source for li in part.links if li.kind is LinkKind.GUARDS]
    assert max(guards).endswith("sg-2")
    assert estate.run().changed == 0


def test_rows_of_which_none_is_known_are_learned_some_at_a_time(estate: Estate) -> None:
    estate.run()
    digests = estate.connections.digests("acme")
    unknown = {resource_id: one._replace(row="") for resource_id, one in digests().items()}
    estate.put(row(3, groups=("sg-2",), captured=LATER))
    estate.writes.clear()
    done = estate.sync(lambda: unknown, learned_at_once=100).run()
    assert (done.listed, done.changed, done.deleted) == (251, 1, 0)
    assert len(estate.written()) == 101


def test_what_is_gone_is_deleted_once(estate: Estate) -> None:
    estate.run()
    del estate.aggregator.rows[_arn(7)]
    assert estate.run().deleted == 1
    assert _arn(7) not in estate.stored()
    assert estate.run().deleted == 0


def test_what_a_listing_skipped_and_is_there_when_asked_for_is_kept(estate: Estate) -> None:
    estate.run()
    estate.aggregator.skipped = {_arn(7)}
    assert estate.run().deleted == 0
    assert _arn(7) in estate.stored()


def test_an_account_of_which_nothing_is_told_loses_nothing(estate: Estate) -> None:
    estate.run()
    del estate.aggregator.rows[_arn(900, OTHER)]
    done = estate.run()
    assert (done.deleted, done.untold) == (0, [OTHER])
    assert _arn(900, OTHER) in estate.stored()


def test_what_appeared_by_an_event_while_the_listing_ran_is_kept(estate: Estate) -> None:
    estate.run()
    graph = estate.connections.systems("acme").resources
    old = graph.get([_arn(7)])[_arn(7)]
    seen = datetime.fromtimestamp(_NOW, UTC) + timedelta(seconds=5)
    graph.apply(GraphChange(resources=[replace(old, captured_at=seen)]))
    del estate.aggregator.rows[_arn(7)]
    assert estate.run().deleted == 0


def test_a_cut_off_listing_is_stored_gone_on_with_and_deletes_nothing(estate: Estate) -> None:
    estate.run()
    estate.put(
        row(1, captured=LATER, publicIpAddress="203.0.113.7"),
        row(240, captured=LATER, publicIpAddress="203.0.113.8"),
    )
    del estate.aggregator.rows[_arn(7)]
    estate.aggregator.failures = []
    sync = estate.sync()
    estate.writes.clear()

    def progress(listed: int) -> None:
        if listed == 200:
            estate.aggregator.failures = [refusal("ThrottlingException")] * 20

    with pytest.raises(UnavailableError):
        sync.run(progress)
    assert estate.written() == [_arn(1)]
    estate.aggregator.failures = []
    estate.now += TOKEN_LIFE_S - 1
    resumed = estate.run()
    assert (resumed.complete, resumed.listed, resumed.deleted) == (False, 50, 0)
    assert estate.written() == [_arn(240)]
    assert estate.run().deleted == 1


def test_a_token_that_is_old_or_forgotten_begins_the_listing_again(estate: Estate) -> None:
    checkpoints = estate.connections.checkpoints()
    checkpoints.save("resources/acme", json.dumps({"token": "0:from/100", "given_at": _NOW}))
    estate.aggregator.known_tokens = False
    with pytest.raises(StaleListingError):
        estate.run()
    estate.aggregator.known_tokens = True
    checkpoints.save("resources/acme", json.dumps({"token": "0:from/100", "given_at": _NOW}))
    estate.now += TOKEN_LIFE_S + 1
    done = estate.run()
    assert (done.complete, done.listed) == (True, 251)


def test_what_cannot_be_read_is_kept_with_its_reason_and_the_rest_is_written(
    estate: Estate,
) -> None:
    broken = row(5)
    broken["resourceType"] = "nothing of AWS"
    broken["arn"] = _arn(5)
    estate.put(broken)
    done = estate.run()
    assert (done.changed, done.rejected) == (250, 1)
    (kept,) = estate.connections.dead_letters().listed(RESOURCES)
    assert "resourceType is" in kept.reason


def test_an_event_shows_a_change_at_once_and_the_sync_has_nothing_to_add(estate: Estate) -> None:
    estate.run()
    changed = row(1, groups=("sg-1",), captured=LATER, publicIpAddress="203.0.113.7")
    named = [{**one, "relationshipName": "Is contained in Subnet"}
             if one["resourceType"].endswith("Subnet") else one
             for one in changed["relationships"]]  # fmt: skip
    item = {**changed, "relationships": named, "tags": {"Name": "host-1", "team": "team-1"}}
    for name in ("accountId", "arn"):
        item["ARN" if name == "arn" else "awsAccountId"] = item.pop(name)
    event = {
        "detail-type": "Config Configuration Item Change",
        "source": "aws.config",
        "detail": {"messageType": "ConfigurationItemChangeNotification",
                   "configurationItem": item},
    }  # fmt: skip
    message = {"messageId": "m1", "body": json.dumps(event), "eventSourceARN": "arn:aws:sqs:q"}
    poison = {"messageId": "m2", "body": "poison", "eventSourceARN": "arn:aws:sqs:q"}
    door = QueueDoor(
        estate.connections.directory.owner_of,
        estate.connections.systems,
        estate.connections.dead_letters(),
        lambda: _NOW,
        pipeline=RESOURCES,
    )
    for _ in range(2):
        assert door.take({"Records": [message, poison]}) == {"batchItemFailures": []}
    graph = estate.connections.systems("acme").resources
    assert graph.get([_arn(1)])[_arn(1)].properties["public_ip"] == "203.0.113.7"
    assert [one.body for one in estate.connections.dead_letters().listed(RESOURCES)] == [b"poison"]
    estate.put(changed)
    assert estate.run().changed == 0
    # Known by the event's words; from now on by the listing's.
    assert estate.written() == [_arn(1)]
    estate.run()
    assert estate.writes == []


def test_a_row_that_came_so_before_is_not_looked_into(estate: Estate) -> None:
    estate.run()
    digests = estate.connections.digests("acme")
    told = {
        resource_id: one._replace(digest="as if it said something else")
        for resource_id, one in digests().items()
    }
    estate.writes.clear()
    done = estate.sync(lambda: told).run()
    assert (done.listed, done.changed, estate.writes) == (251, 0, [])
    unknown = {resource_id: one._replace(row="") for resource_id, one in told.items()}
    assert estate.sync(lambda: unknown).run().changed == 251


def test_a_mention_of_what_was_gone_is_back_when_it_is_back(estate: Estate) -> None:
    estate.run()
    graph = estate.connections.systems("acme").resources
    group = {
        "accountId": ACCOUNT, "awsRegion": "us-east-1", "resourceId": "sg-1",
        "arn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:security-group/sg-1",
        "resourceType": "AWS::EC2::SecurityGroup", "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T08:00:00.000Z",
        "configuration": {"groupId": "sg-1", "vpcId": "vpc-1", "ipPermissions": [
            {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": ["0.0.0.0/0"]}]},
        "relationships": [], "tags": [],
    }  # fmt: skip
    public = row(1, groups=("sg-1",), publicIpAddress="203.0.113.7", captured=LATER)
    estate.put(group, public)
    estate.run()
    reached = [path.resources[-1].id for path in graph.paths_from_internet([_arn(1)])]
    assert reached == [_arn(1)]
    del estate.aggregator.rows[str(group["arn"])]
    estate.now += 900
    assert estate.run().deleted == 1
    assert graph.paths_from_internet([_arn(1)]) == []
    estate.put({**group, "configurationItemCaptureTime": "2027-01-01T00:00:00.000Z"})
    estate.now += 900
    estate.run()
    estate.run()
    assert [path.resources[0].id for path in graph.paths_from_internet([_arn(1)])] == [INTERNET]
    assert estate.run().changed == 0


def test_a_sync_without_time_for_the_rest_stores_what_it_has_and_the_next_goes_on(
    estate: Estate,
) -> None:
    """Lambda ends a process without a word: what waited was lost, and listed again for ever."""
    left = iter([900.0, STORING_S - 1])
    first = estate.sync().run(left_s=lambda: next(left))
    assert (first.listed, first.changed, first.cut_off, first.complete) == (200, 200, True, False)
    assert len(estate.stored()) == 200
    assert last_stored(estate.connections.checkpoints(), "acme") == 0.0
    estate.now += TOKEN_LIFE_S - 1
    second = estate.run()
    assert (second.listed, second.changed, second.cut_off) == (51, 51, False)
    assert last_stored(estate.connections.checkpoints(), "acme") == estate.now


def test_a_tenant_without_access_fails_alone_and_is_named(estate: Estate) -> None:
    answer = synced(estate.connections)
    assert answer["synced"] == {}
    assert "SECURITY_ASSIST_AWS=on" in answer["failed"]["acme"]
    assert "no tenant" in synced(estate.connections, ["nobody"])["failed"]["nobody"]
