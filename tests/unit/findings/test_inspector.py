"""Inspector to OCSF."""

from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import read_finding
from integrations.findings.port import FindingState
from integrations.findings.sources import convert
from tests.ocsf_schema import problems
from tests.unit.findings.given import ACCOUNT, REGION, converted, inspector, pascal, raw


def test_a_package_becomes_a_vulnerability_finding() -> None:
    event = converted(inspector())
    assert problems(event) == []
    assert (event["class_uid"], event["severity"]) == (2002, "Critical")
    (vulnerability,) = event["vulnerabilities"]
    cve = vulnerability["cve"]
    assert (cve["uid"], cve["epss"]) == ("CVE-2024-6387", {"score": "0.71"})
    assert cve["cvss"] == [{"base_score": 8.1, "version": "3.1", "vector_string": "CVSS:3.1/AV:N"}]
    assert vulnerability["is_exploit_available"] is True
    assert vulnerability["exploit_last_seen_time"] == 1_794_268_800_000
    assert (vulnerability["is_fix_available"], vulnerability["fix_coverage"]) == (True, "Partial")
    assert vulnerability["affected_packages"][0]["fixed_in_version"] == "1:8.9p1-3ubuntu0.10"
    (resource,) = event["resources"]
    assert resource["uid"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0web7"
    assert (resource["type"], resource["name"]) == ("AwsEc2Instance", "web-7")
    left = event["unmapped"]
    assert left["inspectorScore"] == 8.1
    assert left["remediation"] == {"recommendation": {"text": "None Provided"}}
    assert left["packageVulnerabilityDetails"] == {
        "vulnerablePackages": [{"sourceLayerHash": "kept aside"}]
    }


def test_the_sdks_spelling_becomes_the_same_finding() -> None:
    camel, upper = (read_finding(convert(raw(r))[0]) for r in (inspector(), pascal(inspector())))
    assert camel == upper


def test_recorded_times_are_read() -> None:
    recorded = {"__class__": "datetime", "year": 2026, "month": 11, "day": 20, "hour": 7}
    event = converted(inspector(updatedAt=recorded))
    assert event["time"] == 1_795_158_000_000


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ACTIVE", FindingState.OPEN),
        ("SUPPRESSED", FindingState.MUTED),
        ("CLOSED", FindingState.RESOLVED),
    ],
)
def test_status_is_kept(status: str, state: FindingState) -> None:
    (event,) = convert(raw(inspector(status=status)))
    assert read_finding(event).state is state


def test_what_is_no_probability_is_kept_but_not_as_one() -> None:
    event = converted(inspector(epss={"score": 123.0}))
    assert "epss" not in event["vulnerabilities"][0]["cve"]
    assert event["unmapped"]["epss"] == {"score": 123.0}


def test_reachability_is_a_detection_with_the_open_port() -> None:
    event = converted(
        inspector(
            type="NETWORK_REACHABILITY",
            packageVulnerabilityDetails=None,
            networkReachabilityDetails={
                "openPortRange": {"begin": 22, "end": 22},
                "protocol": "TCP",
                "networkPath": {"steps": []},
            },
        )
    )
    assert problems(event) == []
    assert event["class_uid"] == 2004
    (evidence,) = event["evidences"]
    assert evidence["dst_endpoint"] == {"port": 22, "instance_uid": "i-0web7"}
    assert event["unmapped"]["networkReachabilityDetails"] == {"networkPath": {"steps": []}}


def test_code_is_a_vulnerability_by_its_weakness() -> None:
    event = converted(
        inspector(
            type="CODE_VULNERABILITY",
            packageVulnerabilityDetails=None,
            codeVulnerabilityDetails={"cwes": ["CWE-798"], "detectorName": "x"},
            epss=None,
        )
    )
    assert problems(event) == []
    assert event["vulnerabilities"][0]["cwe"] == {"uid": "CWE-798"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"findingArn": ""}, "findingArn is missing"),
        ({"awsAccountId": ""}, "awsAccountId is missing"),
        (
            {"updatedAt": "soon", "firstObservedAt": 10**40, "lastObservedAt": True},
            "updatedAt is missing",
        ),
    ],
)
def test_what_lacks_something_is_rejected(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RejectedRecordError, match=said):
        convert(raw(inspector(**changes)))
