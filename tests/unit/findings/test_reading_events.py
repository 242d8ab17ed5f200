"""`read_finding`: what is indexed of an OCSF event, whoever wrote it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import read_finding, ref_of
from integrations.findings.port import Finding, FindingClass, FindingState, Severity
from integrations.findings.timestamps import in_milliseconds
from tests.unit.findings.given import ACCOUNT, REGION, hub_v2, prowler


def _read(event: dict[str, Any]) -> Finding:
    return read_finding(json.dumps(event).encode())


def test_security_hubs_own_ocsf_is_read_with_the_arn_as_resource() -> None:
    finding = _read(hub_v2())
    assert finding.uid == "v2-1"
    assert finding.cls is FindingClass.COMPLIANCE
    assert finding.control == "SQS.1"
    assert finding.service == "SQS"
    assert finding.source == "Security Hub"
    assert finding.resource == f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    assert finding.resource_type == "AwsSqsQueue"
    assert (finding.account, finding.region) == (ACCOUNT, REGION)
    assert finding.state is FindingState.OPEN
    assert finding.resolved_at is None


def test_what_passed_keeps_the_vendors_severity_and_counts_as_passed_not_resolved() -> None:
    passed = _read(
        hub_v2(
            severity="Informational",
            severity_id=1,
            status="Resolved",
            status_id=4,
            compliance={"control": "SQS.1", "status": "Pass", "status_id": 1},
        )
    )
    assert passed.state is FindingState.PASSED
    assert passed.severity is Severity.HIGH
    assert passed.resolved_at == passed.updated_at


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"status_id": 1}, FindingState.OPEN),
        ({"status_id": 2}, FindingState.OPEN),
        ({"status_id": 3}, FindingState.MUTED),
        ({"status_id": 4}, FindingState.RESOLVED),
        ({"status_id": 5}, FindingState.ARCHIVED),
        ({"status_id": 6}, FindingState.ARCHIVED),
        ({"activity_id": 3}, FindingState.RESOLVED),
        ({"compliance": {"status": "PASSED"}}, FindingState.PASSED),
        ({"compliance": {"status": "Not Available", "status_id": 0}}, FindingState.PASSED),
        ({"compliance": {"status": "Warning", "status_id": 2}}, FindingState.OPEN),
        ({"compliance": {"status": "Pass"}, "status_id": 3}, FindingState.MUTED),
    ],
)
def test_only_what_counts_is_open(changes: dict[str, Any], state: FindingState) -> None:
    assert _read(hub_v2(**changes)).state is state


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("FAIL", FindingState.OPEN),
        ("PASS", FindingState.PASSED),
        ("MANUAL", FindingState.PASSED),
    ],
)
def test_prowlers_checks_are_compliance_and_a_pass_is_not_open(
    code: str, state: FindingState
) -> None:
    finding = _read(prowler(status_code=code))
    assert finding.cls is FindingClass.COMPLIANCE
    assert finding.state is state
    assert finding.kind == "s3_bucket_public_access"
    assert finding.service == "S3"


def test_times_are_read_in_the_unit_that_their_digits_give_away() -> None:
    moment = datetime(2026, 11, 19, 14, 53, 20, tzinfo=UTC)
    seconds = int(moment.timestamp())
    for factor in (1, 10**3, 10**6, 10**9):
        assert in_milliseconds(seconds * factor) == seconds * 1000
        assert _read(prowler(time=seconds * factor)).updated_at == moment


def test_a_ref_is_short_stable_and_easy_to_say() -> None:
    assert ref_of("v2-1") == _read(hub_v2()).ref
    assert len(ref_of("x")) == 10
    assert not set(ref_of("some uid")[2:]) & set("ILOUilou")


def test_the_highest_probability_of_exploitation_counts_and_nonsense_does_not() -> None:
    event = hub_v2(
        class_uid=2002,
        compliance=None,
        vulnerabilities=[
            {"cve": {"uid": "CVE-2024-1", "epss": {"score": "0.2"}}, "is_fix_available": True},
            {"cve": {"uid": "CVE-2024-2", "epss": {"score": 0.7}}, "is_exploit_available": True},
            {"cve": {"uid": "CVE-2024-3", "epss": {"score": "123.0"}}},
            {"cve": {"uid": "CVE-2024-4", "epss": {"score": "high"}}},
        ],
    )
    finding = _read(event)
    assert finding.epss == 0.7
    assert finding.exploitable
    assert finding.fixable
    assert finding.kind == "CVE-2024-1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time": None}, "time"),
        ({"finding_info": None}, "finding_info"),
        ({"finding_info": {"uid": ""}}, "finding_info.uid"),
        ({"finding_info": {"uid": 7}}, "finding_info.uid"),
        ({"cloud": None, "resources": None}, "cloud.account.uid"),
        ({"class_uid": 2001}, "2001"),
        ({"severity_id": 42}, "42"),
        ({"time": 10**40}, "not a usable"),
    ],
)
def test_what_lacks_something_is_rejected_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RejectedRecordError, match=said):
        _read(hub_v2(**changes))


def test_broken_json_is_rejected() -> None:
    with pytest.raises(RejectedRecordError, match="broken JSON"):
        read_finding(b'{"class_uid": 20')
