"""GuardDuty to OCSF, in both of its spellings."""

from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.facts import facts_of
from integrations.findings.sources import convert
from tests.ocsf_schema import problems
from tests.unit.findings.given import ACCOUNT, REGION, converted, guardduty, pascal, raw


def test_a_finding_becomes_a_detection_with_what_was_seen() -> None:
    event = converted(guardduty())
    assert problems(event) == []
    assert event["class_uid"] == 2004
    assert (event["severity"], event["count"]) == ("High", 12)
    info = event["finding_info"]
    assert info["types"] == ["UnauthorizedAccess:EC2/SSHBruteForce"]
    assert info["first_seen_time"] < info["last_seen_time"] < event["time"]
    (resource,) = event["resources"]
    assert resource["uid"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0web7"
    assert (resource["type"], resource["name"]) == ("AwsEc2Instance", "web-7")
    (evidence,) = event["evidences"]
    assert evidence["src_endpoint"]["ip"] == "198.51.100.7"
    assert evidence["src_endpoint"]["autonomous_system"] == {"number": 64500, "name": "Example"}
    assert evidence["dst_endpoint"]["port"] == 22
    assert evidence["connection_info"] == {
        "direction_id": 1,
        "direction": "Inbound",
        "protocol_name": "tcp",
    }
    assert event["unmapped"]["Service"] == guardduty()["service"]
    facts = dict(facts_of(event))
    assert facts["From"] == "198.51.100.7 (Atlantis)"
    assert facts["Port"] == "22"
    assert facts["Seen"] == "12 times"


def test_both_spellings_become_the_same_event() -> None:
    camel, upper = converted(guardduty()), converted(pascal(guardduty()))
    for event in (camel, upper):
        event.pop("unmapped")
        for resource in event["resources"]:
            resource.pop("data")
    assert camel == upper


@pytest.mark.parametrize(
    ("severity", "label"),
    [(9.5, "Critical"), (9, "Critical"), (8.9, "High"), (7, "High"), (4, "Medium"), (2, "Low")],
)
def test_severity_follows_guarddutys_bands(severity: float, label: str) -> None:
    event = converted(guardduty(severity=severity))
    assert event["severity"] == label
    assert event["unmapped"]["Severity"] == severity


def test_an_archived_finding_is_archived() -> None:
    event = converted(guardduty(service={**guardduty()["service"], "archived": True}))
    assert (event["status_id"], event["activity_id"]) == (5, 3)


@pytest.mark.parametrize(
    ("user_type", "name", "uid"),
    [
        ("IAMUser", "deploy-bot", f"arn:aws:iam::{ACCOUNT}:user/deploy-bot"),
        ("AssumedRole", "web-app", f"arn:aws:iam::{ACCOUNT}:role/web-app"),
        ("Root", "root", "AWS::IAM::AccessKey:AKIAEXAMPLE"),
    ],
)
def test_a_finding_about_a_key_is_about_its_principal(user_type: str, name: str, uid: str) -> None:
    resource = {
        "resourceType": "AccessKey",
        "accessKeyDetails": {
            "accessKeyId": "AKIAEXAMPLE",
            "userType": user_type,
            "userName": name,
        },
        "instanceDetails": {"instanceId": "i-0bystander"},
    }
    event = converted(guardduty(resource=resource))
    assert problems(event) == []
    assert event["resources"][0]["uid"] == uid
    assert event["resources"][-1]["uid"].endswith("i-0bystander")


@pytest.mark.parametrize(
    ("resource", "uid", "kind"),
    [
        (
            {"s3BucketDetails": [{"arn": "arn:aws:s3:::exports", "name": "exports"}]},
            "arn:aws:s3:::exports",
            "AwsS3Bucket",
        ),
        (
            {"eksClusterDetails": {"name": "pay", "arn": "arn:aws:eks:x:1:cluster/pay"}},
            "arn:aws:eks:x:1:cluster/pay",
            "AwsEksCluster",
        ),
        (
            {"rdsDbInstanceDetails": {"dbInstanceIdentifier": "orders"}},
            f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders",
            "AwsRdsDbInstance",
        ),
        (
            {"lambdaDetails": {"functionName": "export"}},
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:export",
            "AwsLambdaFunction",
        ),
    ],
)
def test_every_kind_of_resource_is_named(resource: dict[str, Any], uid: str, kind: str) -> None:
    event = converted(guardduty(resource={**resource, "other": 1}))
    assert event["resources"][0]["uid"] == uid
    assert event["resources"][0]["type"] == kind
    assert event["unmapped"]["Resource"] == {"other": 1}
    assert problems(event) == []


def test_an_attack_sequence_names_the_resources_of_its_signals() -> None:
    sequence = {"resources": [{"uid": "i-0web7", "resourceType": "EC2_INSTANCE", "name": "web-7"}]}
    event = converted(
        guardduty(
            type="AttackSequence:EC2/CompromisedInstanceGroup",
            resource={"resourceType": "AttackSequence"},
            service={"detection": {"sequence": sequence}},
        )
    )
    assert event["resources"][0]["uid"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0web7"
    assert problems(event) == []


@pytest.mark.parametrize(
    "action",
    [
        {"actionType": "DNS_REQUEST", "dnsRequestAction": {"domain": "bad.example"}},
        {
            "portProbeAction": {
                "portProbeDetails": [
                    {
                        "localPortDetails": {"port": 22, "portName": "SSH"},
                        "remoteIpDetails": {"ipAddressV4": "198.51.100.9"},
                    },
                    "odd",
                ]
            }
        },
        {"networkConnectionAction": {"connectionDirection": 7, "remoteIpDetails": "x"}},
        {"awsApiCallAction": {"api": "GetObject", "remoteIpDetails": {"ipAddressV4": "no ip"}}},
        {"kubernetesApiCallAction": {"verb": "list", "remoteIpDetails": {"ipAddressV6": "::1"}}},
        {"rdsLoginAttemptAction": {"remoteIpDetails": {"ipAddressV4": "198.51.100.9"}}},
        ["odd"],
    ],
)
def test_every_action_makes_valid_evidence_or_none(action: Any) -> None:
    service = {**guardduty()["service"], "action": action}
    assert problems(converted(guardduty(service=service))) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": None, "arn": None}, "Id is missing"),
        ({"accountId": ""}, "AccountId is missing"),
        ({"severity": "high"}, "severity has an unexpected shape"),
        ({"createdAt": None, "updatedAt": "${now}", "service": {}}, "UpdatedAt"),
    ],
)
def test_what_lacks_something_is_rejected(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RejectedRecordError, match=said):
        convert(raw(guardduty(**changes)))
