"""initech: development, priority 4; nothing urgent, and a role that trusts another tenant."""

from datetime import datetime
from random import Random

from infra.local.account import Account, allow, trusting
from infra.local.acme import SHOP
from infra.local.crowd import came_and_went, crowd, failures, settled
from infra.local.estate import Estate
from infra.local.native_findings import Record

DEVELOPMENT = "333333333333"
_OPEN = {"MEDIUM": 14, "LOW": 386}


def initech(now: datetime) -> Estate:
    """The tenant's exports as of `now`."""
    random = Random(3)
    account = Account(DEVELOPMENT, "us-west-2", now)
    estate = Estate("initech", [account])
    account.vpc("vpc-0initech", "development")
    subnets = account.subnets("vpc-0initech", "0init", 2, public=False)
    named = crowd(account, "dev", "vpc-0initech", subnets, 60)
    root = f"arn:aws:iam::{SHOP}:root"
    account.role("shared-build", trusting(AWS=root), inline=allow(["s3:PutObject"], ["*"]))
    estate.security_hub += failures(account, named, "MEDIUM", _OPEN["MEDIUM"], random, days=9)
    estate.security_hub += failures(account, named, "LOW", _OPEN["LOW"], random, days=60)
    estate.security_hub += settled(account, named, 180, random)
    estate.security_hub += came_and_went(account, named, 20, random)
    estate.ocsf = [_as_prowler(row, n) for n, row in enumerate(estate.security_hub[:4])]
    return estate


def _as_prowler(row: Record, number: int) -> Record:
    """A check as an OCSF scanner writes it: class 2004, seconds, verdict in the status code."""
    resource = row["Resources"][0]
    seconds = int(datetime.fromisoformat(row["UpdatedAt"]).timestamp())
    return {
        "message": "The resource has no owner tag.",
        "metadata": {
            "event_code": "resource_owner_tag",
            "product": {"name": "Prowler", "uid": "prowler", "vendor_name": "Prowler",
                        "version": "5.46.0"},
            "profiles": ["cloud", "datetime"],
            "version": "1.4.0",
        },
        "severity_id": 2, "severity": "Low", "status": "New", "status_id": 1,
        "status_code": "FAIL", "status_detail": "No owner tag.", "activity_name": "Create",
        "activity_id": 1, "category_name": "Findings", "category_uid": 2,
        "class_name": "Detection Finding", "class_uid": 2004,
        "finding_info": {
            "created_time": seconds, "desc": "Resources should name their owner.",
            "title": "Resources should have an owner tag", "types": ["Inventory"],
            "uid": f"prowler-aws-resource_owner_tag-{DEVELOPMENT}-us-west-2-{number}",
        },
        "resources": [{"cloud_partition": "aws", "region": "us-west-2", "labels": [],
                       "name": resource["Id"].rsplit("/", 1)[-1], "type": resource["Type"],
                       "uid": resource["Id"], "group": {"name": "inventory"}}],
        "cloud": {"account": {"name": "", "type": "AWS Account", "type_id": 10,
                              "uid": DEVELOPMENT, "labels": []},
                  "org": {"name": "", "uid": ""}, "provider": "aws", "region": "us-west-2"},
        "remediation": {"desc": "Add the tag.", "references": []},
        "risk_details": "Nobody knows whom to ask.",
        "time": seconds, "type_uid": 200401, "type_name": "Detection Finding: Create",
        "unmapped": {},
    }  # fmt: skip
