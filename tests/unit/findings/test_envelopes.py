"""Which format a record has, and what several of them come wrapped in."""

import json
import re
from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.sources import Source, convert, convert_one, detect
from tests.ocsf_schema import problems
from tests.unit.findings.given import (
    ACCOUNT,
    asff,
    converted,
    guardduty,
    hub_v2,
    inspector,
    pascal,
    prowler,
    raw,
)


@pytest.mark.parametrize(
    ("record", "source"),
    [
        (asff(), Source.ASFF),
        (guardduty(), Source.GUARDDUTY),
        (pascal(guardduty()), Source.GUARDDUTY),
        (inspector(), Source.INSPECTOR),
        (pascal(inspector()), Source.INSPECTOR),
        (hub_v2(), Source.OCSF),
        (prowler(), Source.OCSF),
        (converted(asff()), Source.OCSF),
        ({"resourceType": "AWS::S3::Bucket", "configuration": {}, "resourceId": "b"}, None),
        ({}, None),
    ],
)
def test_every_format_is_told_by_what_is_in_it(
    record: dict[str, Any], source: Source | None
) -> None:
    assert detect(raw(record)) is source


def _event(kind: str, detail: Any) -> dict[str, Any]:
    return {"version": "0", "detail-type": kind, "source": "aws", "detail": detail}


@pytest.mark.parametrize(
    ("wrapped", "count"),
    [
        ({"Findings": [asff(), asff()]}, 2),
        ({"Findings": [pascal(guardduty())], "NextToken": ""}, 1),
        ({"findings": [inspector()]}, 1),
        ([asff(), guardduty(), inspector(), prowler()], 4),
        (_event("Security Hub Findings - Imported", {"findings": [asff(), asff()]}), 2),
        (_event("Findings Imported V2", {"findings": [hub_v2()]}), 1),
        (_event("GuardDuty Finding", guardduty()), 1),
        (_event("Inspector2 Finding", inspector()), 1),
        ([], 0),
    ],
)
def test_envelopes_are_opened(wrapped: Any, count: int) -> None:
    events = convert(raw(wrapped))
    assert len(events) == count
    assert all(problems(json.loads(event)) == [] for event in events)


def test_our_own_events_come_through_unchanged() -> None:
    for record in (asff(), guardduty(), inspector()):
        (event,) = convert(raw(record))
        (again,) = convert(event)
        assert json.loads(again) == json.loads(event)


def test_ocsf_is_kept_as_it_is_but_for_its_times() -> None:
    event = converted(prowler())
    assert problems(event) == []
    assert event["time"] == 1_795_100_000_000
    assert event["finding_info"]["created_time"] == 1_795_000_000_000
    assert event["unmapped"] == {"scanned_time": 1_795_100_000}
    assert event["metadata"]["version"] == "1.4.0"
    assert converted(hub_v2()) == hub_v2()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (hub_v2(evidence={}), "evidence is not an attribute of OCSF 1.6"),
        (hub_v2(observables=[{"name": "x"}]), r"observables\[0\].type_id is missing"),
        (hub_v2(metadata=None), "metadata.version is None"),
        (hub_v2(metadata={**hub_v2()["metadata"], "version": "1.0.0-rc.2"}), "not 1.1 to 1.8"),
        (hub_v2(metadata={**hub_v2()["metadata"], "profiles": []}), "needs the profile datetime"),
        (prowler(metadata={**prowler()["metadata"], "profiles": []}), "needs the profile cloud"),
        (hub_v2(class_uid=2001), "class 2001 is not kept"),
        (hub_v2(type_uid=200302), "type_uid"),
        (hub_v2(severity_id=7), "severity_id is 7"),
        (hub_v2(cloud={"provider": "AWS"}, resources=None), "cloud.account.uid is missing"),
        (prowler(time=1_000_000), "1970"),
        (prowler(time=10**30), "time"),
        (prowler(time_dt="today"), "time_dt is not an ISO 8601 time"),
        ({"class_uid": [2003], "metadata": {"version": "1.6.0"}}, "is not kept"),
        ({"hello": "world"}, "not a finding that is understood"),
        (7, "wrong shape"),
        (_event("GuardDuty Finding", guardduty(id=None, arn=None)), "Id is missing"),
    ],
)
def test_what_is_not_understood_is_rejected_by_name(record: Any, said: str) -> None:
    with pytest.raises(RejectedRecordError, match=said):
        convert(raw(record))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"AwsAccountId": "1", "ProductArn": "x", "Title": "\xff"}',
        b'{"AwsAccountId": "1", "ProductArn": "x", "Title": "\\ud800"}',
        b'{"accountId": "1", "service": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"AwsAccountId": "1", "GeneratorId": 123456789012345678901234567890, "Id": "x"}',
    ],
)
def test_hostile_bytes_are_rejected_and_nothing_else_happens(data: bytes) -> None:
    with pytest.raises(RejectedRecordError):
        convert(data)


def test_text_in_a_finding_is_only_ever_text() -> None:
    title = f'"}}],"class_uid":2002,"x":"\\ \u202e<!channel> {ACCOUNT}'
    event = converted(asff(Title=title))
    assert event["finding_info"]["title"] == title
    assert event["class_uid"] == 2003


@pytest.mark.parametrize(
    ("record", "gone", "reason"),
    [
        (asff(), ("AwsAccountId",), "looks like an ASFF finding, but AwsAccountId is missing"),
        (
            asff(),
            ("AwsAccountId", "GeneratorId"),
            "looks like an ASFF finding, but AwsAccountId and GeneratorId are missing",
        ),
        (
            inspector(),
            ("findingArn",),
            "looks like an Inspector finding, but findingArn is missing",
        ),
    ],
)
def test_a_reject_names_the_nearest_format_and_what_is_missing(
    record: dict[str, Any], gone: tuple[str, ...], reason: str
) -> None:
    left = {key: value for key, value in record.items() if key not in gone}
    with pytest.raises(RejectedRecordError, match=f"^{re.escape(reason)}$"):
        convert_one(json.dumps(left).encode())
