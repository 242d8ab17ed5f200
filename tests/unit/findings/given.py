"""Findings to begin with, one per source format, in the services' own words (facts invented)."""

import json
from typing import Any

from integrations.findings.sources import convert

ACCOUNT = "111122223333"
REGION = "eu-west-1"
GROUP = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-0a1"


def asff(**changes: Any) -> dict[str, Any]:
    """A failed control, as Security Hub's API gives it; None takes a field away."""
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:security-control/EC2.13/finding/1",
        "ProductArn": f"arn:aws:securityhub:{REGION}::product/aws/securityhub",
        "ProductName": "Security Hub",
        "CompanyName": "AWS",
        "Region": REGION,
        "GeneratorId": "security-control/EC2.13",
        "AwsAccountId": ACCOUNT,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "FirstObservedAt": "2026-10-01T08:00:00.123Z",
        "LastObservedAt": "2026-11-20T09:30:00.000Z",
        "CreatedAt": "2026-10-01T08:00:00.123Z",
        "UpdatedAt": "2026-11-20T09:00:00.456Z",
        "Severity": {"Label": "HIGH", "Normalized": 70, "Original": "HIGH"},
        "Title": "Security groups should not allow ingress from 0.0.0.0/0 to port 22",
        "Description": "Fails when port 22 is open to everybody.",
        "Remediation": {"Recommendation": {"Text": "Close it.", "Url": "https://example.com/fix"}},
        "ProductFields": {"Resources:0/Id": GROUP},
        "Resources": [
            {
                "Type": "AwsEc2SecurityGroup",
                "Id": GROUP,
                "Partition": "aws",
                "Region": REGION,
                "Tags": {"Name": "web-admin"},
                "Details": {"AwsEc2SecurityGroup": {"GroupId": "sg-0a1"}},
            }
        ],
        "Compliance": {
            "Status": "FAILED",
            "SecurityControlId": "EC2.13",
            "RelatedRequirements": ["PCI DSS v3.2.1/1.2.1"],
            "AssociatedStandards": [{"StandardsId": "standards/pci-dss/v/3.2.1"}],
        },
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }
    return _changed(finding, changes)


def guardduty(**changes: Any) -> dict[str, Any]:
    """SSH brute force against an instance, as EventBridge spells it."""
    finding = {
        "schemaVersion": "2.0",
        "accountId": ACCOUNT,
        "region": REGION,
        "partition": "aws",
        "id": "abc123",
        "arn": f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/d1/finding/abc123",
        "type": "UnauthorizedAccess:EC2/SSHBruteForce",
        "resource": {
            "resourceType": "Instance",
            "instanceDetails": {
                "instanceId": "i-0web7",
                "tags": [{"key": "Name", "value": "web-7"}],
            },
        },
        "service": {
            "serviceName": "guardduty",
            "detectorId": "d1",
            "action": {
                "actionType": "NETWORK_CONNECTION",
                "networkConnectionAction": {
                    "connectionDirection": "INBOUND",
                    "protocol": "TCP",
                    "localPortDetails": {"port": 22, "portName": "SSH"},
                    "remoteIpDetails": {
                        "ipAddressV4": "198.51.100.7",
                        "country": {"countryName": "Atlantis"},
                        "organization": {"asn": "64500", "asnOrg": "Example"},
                    },
                },
            },
            "archived": False,
            "count": 12,
            "eventFirstSeen": "2026-11-20T01:00:00Z",
            "eventLastSeen": "2026-11-20T02:10:00Z",
        },
        "severity": 8,
        "createdAt": "2026-11-20T01:05:00.000Z",
        "updatedAt": "2026-11-20T02:15:00.000Z",
        "title": "198.51.100.7 is performing SSH brute force attacks against i-0web7.",
        "description": "Brute force attacks are used to gain access.",
    }
    return _changed(finding, changes)


def pascal(value: Any) -> Any:
    """The same in PascalCase, as the API spells it."""
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: pascal(item) for key, item in value.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def inspector(**changes: Any) -> dict[str, Any]:
    """A vulnerable package on an instance."""
    finding = {
        "findingArn": f"arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/f1",
        "awsAccountId": ACCOUNT,
        "type": "PACKAGE_VULNERABILITY",
        "severity": "CRITICAL",
        "status": "ACTIVE",
        "title": "CVE-2024-6387 - openssh-server",
        "description": "A race in sshd.",
        "firstObservedAt": "2026-11-01T00:00:00.000Z",
        "lastObservedAt": "2026-11-20T00:00:00.000Z",
        "updatedAt": "2026-11-20T00:00:00.000Z",
        "exploitAvailable": "YES",
        "fixAvailable": "PARTIAL",
        "epss": {"score": 0.71},
        "exploitabilityDetails": {"lastKnownExploitAt": "2026-11-10T00:00:00Z"},
        "inspectorScore": 8.1,
        "packageVulnerabilityDetails": {
            "vulnerabilityId": "CVE-2024-6387",
            "source": "UBUNTU_CVE",
            "sourceUrl": "https://example.com/CVE-2024-6387",
            "vendorSeverity": "high",
            "vendorCreatedAt": "2024-07-01T00:00:00Z",
            "cvss": [{"baseScore": 8.1, "version": "3.1", "scoringVector": "CVSS:3.1/AV:N"}],
            "referenceUrls": ["https://example.com/a"],
            "relatedVulnerabilities": [],
            "vulnerablePackages": [
                {
                    "name": "openssh-server",
                    "version": "8.9p1",
                    "epoch": 1,
                    "fixedInVersion": "1:8.9p1-3ubuntu0.10",
                    "packageManager": "OS",
                    "sourceLayerHash": "kept aside",
                }
            ],
        },
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [
            {
                "type": "AWS_EC2_INSTANCE",
                "id": "i-0web7",
                "partition": "aws",
                "region": REGION,
                "tags": {"Name": "web-7"},
                "details": {"awsEc2Instance": {"type": "t3.micro"}},
            }
        ],
    }
    return _changed(finding, changes)


def hub_v2(**changes: Any) -> dict[str, Any]:
    """A failed control as Security Hub's own OCSF has it (`Findings Imported V2`)."""
    event = {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "time": 1_795_100_000_000,
        "time_dt": "2026-11-19T12:53:20Z",
        "severity": "High",
        "severity_id": 4,
        "status": "New",
        "status_id": 1,
        "cloud": {"provider": "AWS", "region": REGION, "account": {"uid": ACCOUNT}},
        "compliance": {"control": "SQS.1", "status": "Fail", "status_id": 3},
        "finding_info": {
            "uid": "v2-1",
            "title": "Queues should be encrypted",
            "types": ["Posture Management"],
            "first_seen_time": 1_795_000_000_000,
            "analytic": {"name": "sqs-rule", "type_id": 1},
        },
        "metadata": {
            "version": "1.6.0",
            "profiles": ["cloud", "datetime"],
            "uid": "f" * 64,
            "product": {
                "name": "Security Hub",
                "uid": f"arn:aws:securityhub:{REGION}::productv2/aws/securityhub",
                "vendor_name": "AWS",
            },
        },
        "resources": [
            {
                "type": "AWS::SQS::Queue",
                "uid": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders",
                "uid_alt": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",
                "owner": {"account": {"uid": ACCOUNT}},
                "tags": [{"name": "team", "value": "shop"}],
            }
        ],
        "vendor_attributes": {"severity": "High", "severity_id": 4},
    }
    return _changed(event, changes)


def prowler(**changes: Any) -> dict[str, Any]:
    """A failed check as Prowler writes it: class 2004, times in seconds."""
    event = {
        "activity_id": 1,
        "category_uid": 2,
        "class_uid": 2004,
        "type_uid": 200401,
        "time": 1_795_100_000,
        "severity": "Medium",
        "severity_id": 3,
        "status": "New",
        "status_id": 1,
        "status_code": "FAIL",
        "cloud": {"provider": "aws", "region": REGION, "account": {"uid": ACCOUNT}},
        "finding_info": {
            "uid": "prowler-1",
            "title": "Buckets should be private",
            "created_time": 1_795_000_000,
            "types": [],
        },
        "metadata": {
            "version": "1.4.0",
            "profiles": ["cloud", "datetime"],
            "event_code": "s3_bucket_public_access",
            "product": {"name": "Prowler", "uid": "prowler", "vendor_name": "Prowler"},
        },
        "resources": [
            {"uid": "arn:aws:s3:::exports", "type": "AwsS3Bucket", "group": {"name": "s3"}}
        ],
        "unmapped": {"scanned_time": 1_795_100_000},
    }
    return _changed(event, changes)


def raw(record: Any) -> bytes:
    """A record as it comes in."""
    return json.dumps(record).encode()


def converted(record: Any) -> dict[str, Any]:
    """The one event that a record becomes."""
    (event,) = convert(raw(record))
    loaded: dict[str, Any] = json.loads(event)
    return loaded


def _changed(record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**record, **changes}
    return {key: value for key, value in merged.items() if value is not None}
