"""The door of a queue: each record is stored or kept aside, and only what failed comes again."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from integrations.connect import Connections
from integrations.deadletters.port import DeadLetter, DeadLetters
from integrations.errors import PartlyRejectedError, RejectedRecordError, UnavailableError
from integrations.findings.port import Filter, FindingStore, Written
from integrations.ingest.door import QueueDoor
from integrations.ingest.reading import records_of
from integrations.settings import Settings
from integrations.systems import Systems
from integrations.tenants.port import Tenant
from tests.graph_builders import config_item
from tests.unit.findings.given import ACCOUNT, asff, guardduty, hub_v2, inspector

OTHER = "444455556666"
QUEUE = "arn:aws:sqs:us-east-1:999988887777:findings"
_ANY = Filter(states=frozenset())


@dataclass
class Engine:
    """The stores of a tenant, with faults by tenant; remembers how large each write was."""

    connections: Connections
    letters: DeadLetters
    away: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    """Tenants whose writes are done, and their answers lost."""
    refuses: set[str] = field(default_factory=set)
    """Uids that the engine does not take, one by one."""
    rejects: set[str] = field(default_factory=set)
    """Uids for which the engine takes nothing of a batch."""
    writes: list[tuple[str, int]] = field(default_factory=list)

    def systems(self, tenant_id: str) -> Systems:
        systems = self.connections.systems(tenant_id)
        store: Any = _Store(systems.findings, tenant_id, self)
        return replace(systems, findings=store)

    def owner(self, account: str) -> str | None:
        if "directory" in self.away:
            raise UnavailableError("the directory is away")
        return self.connections.directory.owner_of(account)

    def uids(self, tenant_id: str) -> list[str]:
        found = self.connections.systems(tenant_id).findings.search(_ANY, limit=10_000)
        return sorted(finding.uid for finding in found)

    @property
    def door(self) -> QueueDoor:
        return QueueDoor(self.owner, self.systems, self.letters, lambda: 1_795_000_000.0)

    def give(self, *bodies: Any) -> list[str]:
        """Give the door messages m1, m2, ...; those that are to come again."""
        records = [
            {
                "messageId": f"m{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "eventSourceARN": QUEUE,
            }
            for number, body in enumerate(bodies, start=1)
        ]
        answer = self.door.take({"Records": records})
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


class _Store:
    """A store that fails as an engine on the network does."""

    def __init__(self, store: FindingStore, tenant: str, engine: Engine) -> None:
        self._store, self._tenant, self._engine = store, tenant, engine

    def upsert(self, events: Sequence[bytes]) -> Written:
        engine = self._engine
        engine.writes.append((self._tenant, len(events)))
        if self._tenant in engine.away:
            raise UnavailableError("throttled")
        uids = [json.loads(event)["finding_info"]["uid"] for event in events]
        if engine.rejects & set(uids):
            raise RejectedRecordError("it has no place in the index")
        refused = [(at, "mapper: too long") for at, uid in enumerate(uids) if uid in engine.refuses]
        gone = {at for at, _ in refused}
        written = self._store.upsert([e for at, e in enumerate(events) if at not in gone])
        if refused:
            raise PartlyRejectedError(refused)
        if self._tenant in engine.cut:
            raise UnavailableError("the answer was lost")
        return written


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Connections(Settings(state=tmp_path / "state")) as connections:
        connections.directory.put(Tenant(id="acme", name="Acme", accounts=(ACCOUNT,)))
        connections.directory.put(Tenant(id="globex", name="Globex", accounts=(OTHER,)))
        yield Engine(connections, connections.dead_letters())


def _imported(*findings: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "detail": {"findings": list(findings)},
    }


def _v2(*findings: dict[str, Any]) -> dict[str, Any]:
    return {**_imported(*findings), "detail-type": "Findings Imported V2"}


def _one(detail_type: str, finding: dict[str, Any]) -> dict[str, Any]:
    return {"detail-type": detail_type, "source": "aws", "detail": finding}


def test_every_kind_of_event_goes_to_its_tenant_with_one_write_for_each(engine: Engine) -> None:
    failed = engine.give(
        _imported(asff(Id="f1"), asff(Id="f2", AwsAccountId=OTHER)),
        _v2(hub_v2()),
        _one("GuardDuty Finding", guardduty()),
        _one("Inspector2 Finding", inspector()),
        _imported(asff(Id="f3", AwsAccountId=OTHER)),
    )
    assert failed == []
    assert (len(engine.uids("acme")), engine.uids("globex")) == (4, ["f2", "f3"])
    assert sorted(engine.writes) == [("acme", 4), ("globex", 2)]
    assert engine.letters.listed() == []


def test_what_cannot_go_in_is_kept_whole_with_its_reason_and_the_message_is_done(
    engine: Engine,
) -> None:
    stranger = asff(Id="f2", AwsAccountId="999999999999")
    failed = engine.give(
        _imported(asff(Id="f1"), stranger, asff(Id="f3", GeneratorId=None, ProductArn=None)),
        "no JSON at all",
        "",
        _imported(asff(Id="f4")),
    )
    assert failed == []
    assert engine.uids("acme") == ["f1", "f4"]
    kept = {one.body: one for one in engine.letters.listed()}
    assert len(kept) == 4
    assert kept[json.dumps(stranger).encode()].reason == (
        "account 999999999999 belongs to no tenant; "
        "assist tenants onboard TENANT --account 999999999999"
    )
    assert kept[b"no JSON at all"].reason.startswith("broken JSON")
    assert {(one.source, one.attempts, one.pipeline) for one in kept.values()} == {
        (QUEUE, 1, "findings")
    }


def test_when_an_engine_is_away_only_the_messages_concerned_come_again(engine: Engine) -> None:
    engine.away = {"globex"}
    messages = (
        _imported(asff(Id="f1")),
        _imported(asff(Id="f2"), asff(Id="f3", AwsAccountId=OTHER)),
        _imported(asff(Id="f4", AwsAccountId=OTHER)),
        "poison",
    )
    assert engine.give(*messages) == ["m2", "m3"]
    assert (engine.uids("acme"), engine.uids("globex")) == (["f1", "f2"], [])
    engine.away = set()
    assert engine.give(*messages[1:3]) == []
    assert (engine.uids("acme"), engine.uids("globex")) == (["f1", "f2"], ["f3", "f4"])
    assert len(engine.letters.listed()) == 1


def test_a_lost_answer_costs_a_delivery_and_nothing_is_there_twice(engine: Engine) -> None:
    engine.cut = {"acme"}
    message = _imported(asff(Id="f1"), asff(Id="f2"))
    assert engine.give(message) == ["m1"]
    engine.cut = set()
    assert engine.give(message) == []
    assert engine.give(message) == []
    assert engine.uids("acme") == ["f1", "f2"]


def test_without_the_directory_everything_comes_again_but_what_is_no_finding(
    engine: Engine,
) -> None:
    engine.away = {"directory"}
    assert engine.give(_imported(asff()), "poison") == ["m1"]
    assert [one.body for one in engine.letters.listed()] == [b"poison"]


def test_what_the_engine_refuses_one_by_one_is_kept_and_the_rest_is_stored(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.refuses = {"f2", "f5"}
    caplog.set_level(logging.INFO)
    assert engine.give(_imported(*(asff(Id=f"f{n}") for n in range(1, 7)))) == []
    assert engine.uids("acme") == ["f1", "f3", "f4", "f6"]
    assert "4 unchanged, 0 resources, 2 dead letters" in caplog.text, "each is counted"
    letters = engine.letters.listed()
    assert [one.reason for one in letters] == ["mapper: too long"] * 2
    assert {json.loads(one.body)["Id"] for one in letters} == {"f2", "f5"}


def test_a_record_for_which_the_engine_takes_nothing_is_found_in_few_writes(
    engine: Engine,
) -> None:
    engine.rejects = {"f77"}
    assert engine.give(*(_imported(asff(Id=f"f{n}")) for n in range(256))) == []
    assert len(engine.uids("acme")) == 255
    (kept,) = engine.letters.listed()
    assert json.loads(kept.body)["Id"] == "f77"
    assert len(engine.writes) <= 2 * 8 + 1


def test_an_item_that_the_graph_does_not_take_stops_no_other(engine: Engine) -> None:
    """What is half a character inside a text of JSON inside the item is seen by the graph alone."""
    items = [config_item("AWS::EC2::Instance", f"i-{n}", awsAccountId=ACCOUNT) for n in range(9)]
    items[4] |= {"configuration": '{"instanceId": "i-4", "subnetId": "subnet-\\ud800"}'}
    assert engine.give(*items) == []
    (kept,) = engine.letters.listed()
    assert (json.loads(kept.body)["resourceId"], "surrogate" in kept.reason) == ("i-4", True)
    assert engine.connections.systems("acme").resources.summary().by_type["AwsEc2Instance"] == 8


class _NoLetters:
    """Dead letters that cannot be written."""

    def keep(self, _: Sequence[DeadLetter]) -> None:
        raise UnavailableError("the table is away")


def test_what_cannot_even_be_kept_aside_comes_again(engine: Engine) -> None:
    kept, nowhere = engine.letters, _NoLetters()
    letters: Any = nowhere
    engine.letters = letters
    assert engine.give("poison", _imported(asff(Id="f1"))) == ["m1"]
    assert engine.uids("acme") == ["f1"]
    engine.letters = kept
    assert engine.give("poison") == []
    assert len(kept.listed()) == 1


@dataclass
class _Counting:
    """Dead letters that remember how many came at once; away for some of the calls."""

    letters: DeadLetters
    away: int = 0
    sizes: list[int] = field(default_factory=list)

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        self.sizes.append(len(letters))
        if len(self.sizes) <= self.away:
            raise UnavailableError("the table is away")
        self.letters.keep(letters)


@pytest.mark.parametrize(("away", "again"), [(0, []), (1, ["m2"])])
def test_a_message_of_ever_so_many_strangers_is_not_held_in_memory(
    engine: Engine, away: int, again: list[str]
) -> None:
    """A Parquet object has hundreds of thousands, and may be of an account of nobody's."""
    counting: Any = _Counting(engine.letters, away)
    engine.letters = counting
    strangers = [asff(Id=f"s{n}", AwsAccountId="999999999999") for n in range(1_200)]
    bodies = [_imported(asff(Id="f1")), _imported(*strangers), "poison", _imported(asff(Id="f2"))]
    assert engine.give(*bodies) == again
    assert engine.uids("acme") == ["f1", "f2"]
    assert max(counting.sizes) <= 501
    letters = counting.letters.listed(limit=2_000)
    assert len(letters) == (1_201 if not away else 501)


def test_a_record_that_breaks_its_reader_is_kept_and_stops_no_other(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def opened(source: str, number: int, body: bytes) -> Iterator[Any]:
        for record in records_of(source, number, body):
            if b"secret-word" in record.data:
                raise KeyError("secret-word")
            yield record

    door = QueueDoor(engine.owner, engine.systems, engine.letters, lambda: 0.0, opened)
    bodies = [json.dumps(_imported(asff(Id=one))) for one in ("f1", "secret-word", "f2")]
    with caplog.at_level(logging.DEBUG):
        answer = door.take({"Records": [{"messageId": "m", "body": body} for body in bodies]})
    assert answer == {"batchItemFailures": []}
    assert engine.uids("acme") == ["f1", "f2"]
    (kept,) = engine.letters.listed()
    assert kept.reason == "could not be read (KeyError); please report it"
    assert "secret-word" not in caplog.text


def test_nothing_of_a_body_is_logged(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    engine.away = {"globex"}
    with caplog.at_level(logging.DEBUG):
        engine.give(
            _imported(asff(Id="f1", Title="hush"), asff(AwsAccountId=OTHER, Title="hush")),
            '{"hush": ',
        )
    assert "2 messages: 1 added" in caplog.text
    assert "1 messages are to be delivered again: UnavailableError" in caplog.text
    assert "hush" not in caplog.text
    assert ACCOUNT not in caplog.text


def test_an_unforeseen_error_of_an_engine_fails_the_batch_instead_of_losing_it(
    engine: Engine,
) -> None:
    def systems(_: str) -> Systems:
        raise KeyError("unforeseen")

    door = QueueDoor(engine.owner, systems, engine.letters, lambda: 0.0)
    with pytest.raises(KeyError):
        door.take({"Records": [{"messageId": "m1", "body": json.dumps(asff())}]})


def test_an_empty_batch_and_a_message_without_findings_are_done(engine: Engine) -> None:
    assert engine.door.take({}) == {"batchItemFailures": []}
    assert engine.give(_imported()) == []
    assert engine.letters.listed() == []
