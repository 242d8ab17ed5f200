"""ASFF to OCSF: what goes where, and that nothing gets lost."""

from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import read_finding
from integrations.findings.port import FindingState
from integrations.findings.sources import convert
from tests.ocsf_schema import problems
from tests.unit.findings.given import ACCOUNT, GROUP, REGION, asff, converted, raw


def test_a_failed_control_becomes_a_compliance_finding() -> None:
    event = converted(asff())
    assert problems(event) == []
    assert (event["class_uid"], event["activity_id"], event["status_id"]) == (2003, 2, 1)
    assert (event["severity"], event["severity_id"]) == ("High", 4)
    assert event["metadata"]["version"] == "1.6.0"
    assert event["metadata"]["product"]["name"] == "Security Hub"
    assert event["metadata"]["product"]["feature"] == {"uid": "security-control/EC2.13"}
    assert event["cloud"] == {"provider": "AWS", "account": {"uid": ACCOUNT}, "region": REGION}
    assert event["compliance"] == {
        "control": "EC2.13",
        "status": "Fail",
        "status_id": 3,
        "requirements": ["PCI DSS v3.2.1/1.2.1"],
        "standards": ["standards/pci-dss/v/3.2.1"],
    }
    assert event["remediation"] == {
        "desc": "Close it.",
        "references": ["https://example.com/fix"],
    }
    info = event["finding_info"]
    assert info["first_seen_time"] == info["created_time"] == 1_790_841_600_123
    assert event["time"] == info["modified_time"] == 1_795_165_200_456
    assert info["last_seen_time"] == 1_795_167_000_000
    (resource,) = event["resources"]
    assert (resource["uid"], resource["type"]) == (GROUP, "AwsEc2SecurityGroup")
    assert resource["tags"] == [{"name": "Name", "value": "web-admin"}]
    assert resource["data"] == {"AwsEc2SecurityGroup": {"GroupId": "sg-0a1"}}


def test_what_has_no_place_is_kept_as_unmapped() -> None:
    finding = asff(
        Criticality=7,
        p_row_id="x",
        Note={"Text": "Accepted", "UpdatedBy": "somebody", "UpdatedAt": "2026-11-20T09:00:00Z"},
        Title=["not", "a", "text"],
    )
    finding["Resources"][0]["ApplicationName"] = "shop"
    finding["Compliance"]["Odd"] = True
    event = converted(finding)
    assert problems(event) == []
    assert event["comment"] == "Accepted"
    unmapped = event["unmapped"]
    assert unmapped["Criticality"] == 7
    assert unmapped["p_row_id"] == "x"
    assert unmapped["Note"]["UpdatedBy"] == "somebody"
    assert unmapped["Title"] == ["not", "a", "text"]
    assert unmapped["Resources"] == [{"ApplicationName": "shop"}]
    assert unmapped["Compliance"] == {"Odd": True}
    assert unmapped["Severity"] == {"Label": "HIGH", "Normalized": 70, "Original": "HIGH"}
    assert unmapped["ProductFields"] == {"Resources:0/Id": GROUP}
    assert unmapped["SchemaVersion"] == "2018-10-08"


def test_an_unknown_field_changes_nothing_else() -> None:
    plain, odd = converted(asff()), converted(asff(Unknown={"a": [1]}))
    assert odd["unmapped"].pop("Unknown") == {"a": [1]}
    assert odd == plain


@pytest.mark.parametrize(
    ("changes", "status_id", "activity_id", "state"),
    [
        ({}, 1, 2, FindingState.OPEN),
        ({"Workflow": {"Status": "NOTIFIED"}}, 2, 2, FindingState.OPEN),
        ({"Workflow": {"Status": "SUPPRESSED"}}, 3, 2, FindingState.MUTED),
        ({"Workflow": {"Status": "RESOLVED"}}, 4, 2, FindingState.RESOLVED),
        ({"RecordState": "ARCHIVED"}, 5, 3, FindingState.ARCHIVED),
        ({"Workflow": None, "WorkflowState": "DEFERRED"}, 3, 2, FindingState.MUTED),
        ({"Compliance": {"Status": "PASSED"}}, 1, 2, FindingState.PASSED),
        ({"Compliance": {"Status": "NOT_AVAILABLE"}}, 1, 2, FindingState.PASSED),
        ({"UpdatedAt": "2026-10-01T08:00:00.123Z"}, 1, 1, FindingState.OPEN),
    ],
)
def test_workflow_and_record_state_become_one_status(
    changes: dict[str, Any], status_id: int, activity_id: int, state: FindingState
) -> None:
    (event,) = convert(raw(asff(**changes)))
    made = converted(asff(**changes))
    assert problems(made) == []
    assert (made["status_id"], made["activity_id"]) == (status_id, activity_id)
    assert read_finding(event).state is state


@pytest.mark.parametrize(
    ("severity", "severity_id"),
    [
        ({"Label": "INFORMATIONAL", "Normalized": 10}, 1),
        ({"Normalized": 0, "Product": 0}, 1),
        ({"Normalized": 39}, 2),
        ({"Normalized": 40}, 3),
        ({"Normalized": 89.5}, 4),
        ({"Normalized": 90}, 5),
        ({"Product": 8}, 0),
        (None, 0),
    ],
)
def test_severity_is_the_labels_else_the_normalized_one(severity: Any, severity_id: int) -> None:
    event = converted(asff(Severity=severity))
    assert event["severity_id"] == severity_id
    assert problems(event) == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T09:00:00.456Z",
        "2026-11-20T09:00:00.456000+00:00",
        "2026-11-20T09:00:00.456789Z",
        "2026-11-20 09:00:00.456000000",
        "2026-11-20T10:00:00.456+01:00",
    ],
)
def test_every_form_of_time_is_read(text: str) -> None:
    assert converted(asff(UpdatedAt=text))["time"] == 1_795_165_200_456


def test_a_time_finer_than_a_millisecond_is_kept_beside_it() -> None:
    event = converted(asff(UpdatedAt="2026-11-20T09:00:00.456789Z"))
    assert event["unmapped"]["UpdatedAt"] == "2026-11-20T09:00:00.456789Z"


def test_an_unreadable_time_is_kept_and_the_next_best_is_used() -> None:
    event = converted(asff(UpdatedAt="yesterday"))
    assert event["time"] == event["finding_info"]["last_seen_time"] == 1_795_167_000_000
    assert event["unmapped"]["UpdatedAt"] == "yesterday"


@pytest.mark.parametrize(
    ("kind", "short", "uid"),
    [
        ("AwsEc2Instance", "i-0abc", f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0abc"),
        ("AwsS3Bucket", "exports", "arn:aws:s3:::exports"),
        ("AwsIamRole", "web-app", "web-app"),
        ("AwsAccount", f"AWS::::Account:{ACCOUNT}", f"AWS::::Account:{ACCOUNT}"),
        ("Other", "i-0abc", "i-0abc"),
        ("AwsEc2Instance", "<id>", "<id>"),
    ],
)
def test_a_bare_id_becomes_an_arn_only_where_that_is_certain(
    kind: str, short: str, uid: str
) -> None:
    event = converted(asff(Resources=[{"Type": kind, "Id": short}]))
    assert event["resources"][0]["uid"] == uid
    assert event["resources"][0].get("name") == (short if uid != short else None)


def test_a_function_is_named_without_its_version() -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:export"
    event = converted(asff(Resources=[{"Type": "AwsLambdaFunction", "Id": f"{arn}:$LATEST"}]))
    assert event["resources"][0]["uid"] == arn
    assert event["resources"][0]["version"] == "$LATEST"
    assert problems(event) == []


def test_region_and_product_come_from_the_product_arn_when_they_are_missing() -> None:
    event = converted(asff(Region=None, ProductName=None, CompanyName=None))
    assert event["cloud"]["region"] == REGION
    assert event["metadata"]["product"]["name"] == "Security Hub"
    assert event["metadata"]["product"]["vendor_name"] == "AWS"


def test_an_old_control_is_found_in_the_product_fields() -> None:
    fields = {
        "RuleId": "4.1",
        "StandardsControlArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:control/"
        "cis-aws-foundations-benchmark/v/1.2.0/4.1",
    }
    event = converted(
        asff(GeneratorId="old", Compliance={"Status": "FAILED"}, ProductFields=fields)
    )
    assert event["compliance"]["control"] == "EC2.13"


def test_a_vulnerability_becomes_class_2002_with_its_remediation_inside() -> None:
    event = converted(
        asff(
            ProductArn=f"arn:aws:securityhub:{REGION}::product/aws/inspector",
            ProductName="Inspector",
            GeneratorId="AWSInspector",
            Compliance=None,
            Vulnerabilities=[
                {
                    "Id": "CVE-2024-6387",
                    "EpssScore": 0.71,
                    "ExploitAvailable": "YES",
                    "FixAvailable": "NO",
                    "Cvss": [
                        {
                            "Version": "3.1",
                            "BaseScore": 8.1,
                            "Adjustments": [{"Metric": "AC", "Reason": "no"}],
                        }
                    ],
                    "VulnerablePackages": [
                        {"Name": "openssh", "Version": "8.9", "Epoch": "1"},
                        {"Name": "no version"},
                    ],
                },
                {"Id": "ALAS-2024-1", "CodeVulnerabilities": []},
            ],
        )
    )
    assert problems(event) == []
    assert event["class_uid"] == 2002
    first, second = event["vulnerabilities"]
    assert first["cve"]["epss"] == {"score": "0.71"}
    assert first["is_exploit_available"] is True
    assert first["is_fix_available"] is False
    assert first["affected_packages"] == [{"name": "openssh", "version": "8.9", "epoch": 1}]
    assert first["remediation"]["desc"] == "Close it."
    assert second["advisory"] == {"uid": "ALAS-2024-1"}
    left = event["unmapped"]["Vulnerabilities"]
    assert left == [
        {"VulnerablePackages": [{}, {"Name": "no version"}]},
        {"CodeVulnerabilities": []},
    ]


def test_guardduty_in_asff_is_a_detection_with_its_own_type_first() -> None:
    event = converted(
        asff(
            ProductArn=f"arn:aws:securityhub:{REGION}::product/aws/guardduty",
            GeneratorId=f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d1",
            Compliance=None,
            Types=["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],
            Action={
                "ActionType": "AWS_API_CALL",
                "AwsApiCallAction": {"Api": "Scan", "ServiceName": "dynamodb.amazonaws.com"},
            },
        )
    )
    assert problems(event) == []
    assert event["class_uid"] == 2004
    assert event["finding_info"]["types"][0] == "UnauthorizedAccess:EC2/SSHBruteForce"
    assert event["evidences"][0]["api"]["operation"] == "Scan"
    assert event["unmapped"]["Action"]["ActionType"] == "AWS_API_CALL"


def test_the_principal_of_an_access_key_is_named_before_the_key() -> None:
    key = {
        "Type": "AwsIamAccessKey",
        "Id": "AWS::IAM::AccessKey:AKIAEXAMPLE",
        "Details": {"AwsIamAccessKey": {"PrincipalType": "IAMUser", "UserName": "deploy-bot"}},
    }
    event = converted(asff(Resources=[key]))
    user, access_key = event["resources"]
    assert user["uid"] == f"arn:aws:iam::{ACCOUNT}:user/deploy-bot"
    assert access_key["uid"] == "AWS::IAM::AccessKey:AKIAEXAMPLE"
    assert problems(event) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Id": ""}, "Id is missing"),
        ({"AwsAccountId": ""}, "AwsAccountId is missing"),
        (
            {
                "CreatedAt": None,
                "UpdatedAt": None,
                "FirstObservedAt": None,
                "LastObservedAt": None,
            },
            "UpdatedAt is missing",
        ),
        ({"AwsAccountId": 111122223333}, "AwsAccountId"),
    ],
)
def test_what_cannot_be_told_apart_is_rejected(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RejectedRecordError, match=said):
        convert(raw(asff(**changes)))
