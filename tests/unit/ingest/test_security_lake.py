"""Security Lake: Parquet objects named by notifications give the events that were put into them."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.connect import Connections
from integrations.errors import DeniedByAwsError, RejectedRecordError, UnavailableError
from integrations.findings.port import Filter
from integrations.findings.security_lake import events_in, events_of
from integrations.findings.sources import convert
from integrations.handlers.security_lake import opener
from integrations.ingest.door import QueueDoor
from integrations.ingest.notifications import named_in
from integrations.settings import Settings
from integrations.tenants.port import Tenant
from tests.emulated_aws import Emulated, emulated
from tests.unit.findings.given import ACCOUNT, asff, guardduty, hub_v2, inspector

SHOP = "111111111111"
BUCKET = "aws-security-data-lake-us-east-1-test"
KEY = "aws/SH FINDINGS/2.0/region=us-east-1/eventDay=20261125/part+1.gz.parquet"
_ANY = Filter(states=frozenset())


def _events() -> list[dict[str, Any]]:
    """Ours, of every source and class: each has attributes that the others have not."""
    given = (asff(Id="f1"), asff(Id="f2"), guardduty(), inspector(), hub_v2())
    return [json.loads(event) for one in given for event in convert(json.dumps(one).encode())]


def _parquet(rows: list[dict[str, Any]], schema: pa.Schema | None = None) -> bytes:
    file = io.BytesIO()
    # Of a table, from_pylist would take the columns of the first row only.
    whole = schema and pa.Table.from_pylist(rows, schema=schema)
    table = whole or pa.Table.from_struct_array(pa.array(rows))
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    """What a column of one type for all rows can hold: `unmapped` is left out here."""
    return {name: value for name, value in event.items() if name != "unmapped"}


def _notification(key: str = "aws/SH+FINDINGS/2.0/region%3Dus-east-1/part") -> bytes:
    return json.dumps({
        "Records": [
            {
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": BUCKET}, "object": {"key": key, "size": 1}},
            }
        ]
    }).encode()  # fmt: skip


def _bridged(bucket: str = BUCKET, key: str = KEY) -> str:
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "size": 1}}
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})


def test_a_notification_names_its_objects_in_either_form() -> None:
    assert named_in(_notification()) == [(BUCKET, "aws/SH FINDINGS/2.0/region=us-east-1/part")]
    assert named_in(_bridged().encode()) == [(BUCKET, KEY)]
    assert named_in(b'{"Service": "Amazon S3", "Event": "s3:TestEvent"}') == []


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b'{"Records": [{}]}', b'{"detail": 1}'])
def test_what_is_no_notification_is_rejected(body: bytes) -> None:
    with pytest.raises(RejectedRecordError, match="not a notification of S3"):
        named_in(body)


def test_events_come_back_as_they_were_without_the_nulls_of_other_rows() -> None:
    events = [_plain(event) for event in _events()]
    found = [json.loads(event) for event in events_in(io.BytesIO(_parquet(events)))]
    assert found == events


def test_maps_and_times_of_the_lake_become_json() -> None:
    schema = pa.schema([
        ("time", pa.int64()),
        ("time_dt", pa.timestamp("us")),
        ("start_time", pa.timestamp("ms", tz="UTC")),
        ("unmapped", pa.map_(pa.string(), pa.string())),
        ("cloud", pa.struct([("region", pa.string()), ("zone", pa.string())])),
        ("nothing", pa.struct([("a", pa.struct([("b", pa.int32())]))])),
        ("tags", pa.list_(pa.string())),
    ])  # fmt: skip
    at = datetime(2026, 11, 25, 8, 0, 0, 123000)  # noqa: DTZ001 - as Parquet has it without a zone
    row = {
        "time": 1,
        "time_dt": at,
        "start_time": at.replace(tzinfo=UTC),
        "unmapped": [("FindingProviderFields", "x"), ("b", None)],
        "cloud": {"region": "eu-west-1", "zone": None},
        "nothing": {"a": {"b": None}},
        "tags": ["x", None],
    }
    (found,) = events_in(io.BytesIO(_parquet([row], schema)))
    assert json.loads(found) == {
        "time": 1,
        "time_dt": "2026-11-25T08:00:00.123000Z",
        "start_time": round(at.replace(tzinfo=UTC).timestamp() * 1000),
        "unmapped": {"FindingProviderFields": "x"},
        "cloud": {"region": "eu-west-1"},
        "tags": ["x"],
    }


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_no_parquet_is_rejected(content: bytes) -> None:
    with pytest.raises(RejectedRecordError, match="Parquet"):
        list(events_in(io.BytesIO(content)))


@pytest.mark.parametrize("at", [100, 2000, -400])
def test_damaged_parquet_raises_nothing_else_than_a_rejection(at: int) -> None:
    content = bytearray(_parquet([_plain(event) for event in _events()]))
    for place in range(40):
        content[at + place] ^= 0xFF
    with suppress(RejectedRecordError):
        list(events_in(io.BytesIO(bytes(content))))


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated(empty=True) as running:
        running.owner(SHOP, "s3").create_bucket(Bucket=BUCKET)
        yield running


def test_from_the_bucket_to_the_tenants_store(aws: Emulated, tmp_path: Path) -> None:
    s3 = aws.owner(SHOP, "s3")
    events = [_plain(event) for event in _events()]
    stranger = json.loads(convert(json.dumps(asff(Id="s", AwsAccountId="9" * 12)).encode())[0])
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=_parquet([*events, _plain(stranger)]))
    with Connections(Settings(state=tmp_path / "state")) as connections:
        connections.directory.put(Tenant(id="acme", name="Acme", accounts=(ACCOUNT,)))
        letters = connections.dead_letters()
        door = QueueDoor(
            connections.directory.owner_of,
            connections.systems,
            letters,
            lambda: 0.0,
            opener(lambda bucket, key: events_of(s3, bucket, key)),
        )
        bodies = [_bridged(), _bridged(key="gone"), "nonsense"]
        batch = {"Records": [{"messageId": str(n), "body": b} for n, b in enumerate(bodies)]}
        for _ in range(2):
            assert door.take(batch) == {"batchItemFailures": []}
        found = connections.systems("acme").findings.search(_ANY)
        kept = {one.reason.partition(";")[0]: one for one in letters.listed()}
    assert {one.uid for one in found} == {event["finding_info"]["uid"] for event in events}
    assert len(kept) == 3
    assert f"s3://{BUCKET}/gone is not there" in kept
    assert f"account {'9' * 12} belongs to no tenant" in kept


class _Away:
    """S3 that refuses, or is away."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, _: str, __: str) -> Iterator[bytes]:
        raise self.error


@pytest.mark.parametrize(
    "error", [UnavailableError("away"), DeniedByAwsError("s3:GetObject", "", "no")]
)
def test_an_object_that_cannot_be_read_now_comes_again(error: Exception, tmp_path: Path) -> None:
    with Connections(Settings(state=tmp_path / "state")) as connections:
        letters = connections.dead_letters()
        door = QueueDoor(
            connections.directory.owner_of,
            connections.systems,
            letters,
            lambda: 0.0,
            opener(_Away(error)),
        )
        answer = door.take({"Records": [{"messageId": "m", "body": _bridged()}]})
        assert answer == {"batchItemFailures": [{"itemIdentifier": "m"}]}
        assert letters.listed() == []


def test_a_key_that_is_refused_is_told_apart_from_one_that_is_not_there(aws: Emulated) -> None:
    reader = aws.role(SHOP, "s3", "SecurityAssistRead")
    aws.owner(SHOP, "s3").put_object(Bucket=BUCKET, Key="closed", Body=b"x")
    with pytest.raises(DeniedByAwsError):
        list(events_of(reader, BUCKET, "closed"))
