"""Every control says FAILED of what its owner gets wrong, and PASSED once it is right."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.controls import CONTROLS
from infra.local.aws.controls.identities import CONTROLS as IDENTITIES
from infra.local.controls import CONTROLS as TITLES
from integrations.runbooks.catalogue import ShippedRunbooks
from tests.emulated_aws import Emulated
from tests.unit.local_aws.wrongs import WRONGS
from tests.unit.local_aws.wrongs.networks import EVERYBODY, open_group, rule

SHOP, DATA = "111111111111", "111111111112"
ACCOUNT = "333333333333"
_TOLD_OTHERWISE = {"IAM.8", "IAM.22", "SecretsManager.4"}
"""About time that has passed: no call makes it pass."""


def _verdict(aws: Emulated, account: str, control: str, resource: str) -> str:
    """What the control's Config rule says of a resource; "" when it says nothing."""
    config = aws.owner(account, "config")
    (rule_name,) = (
        row["ConfigRuleName"]
        for page in config.get_paginator("describe_config_rules").paginate()
        for row in page["ConfigRules"]
        if row["Description"] == control
    )
    pages = config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=rule_name
    )
    for page in pages:
        for row in page["EvaluationResults"]:
            qualifier = row["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
            if qualifier["ResourceId"] == resource:
                return str(row["ComplianceType"])
    return ""


@pytest.fixture
def account_of(bare_aws: Emulated, played_aws: Emulated) -> Any:
    def found(case: str) -> tuple[Emulated, str]:
        """The account's own block of public access hides what its buckets get wrong."""
        if case == "IAM.3":
            return played_aws, SHOP
        return bare_aws, DATA if case == "S3.1" else SHOP

    return found


@pytest.mark.parametrize("case", WRONGS)
def test_a_control_fails_on_what_is_wrong_and_passes_once_it_is_right(
    account_of: Any, case: str
) -> None:
    aws, account = account_of(case)
    control = case.partition(" ")[0]

    wrong = WRONGS[case](lambda service: aws.owner(account, service), account)
    assert _verdict(aws, account, control, wrong.resource) == "NON_COMPLIANT"
    wrong.right()

    gone = {"RDS.4", "DMS.1"}
    assert _verdict(aws, account, control, wrong.resource) == (
        "" if control in gone else "COMPLIANT"
    )


def test_every_control_is_held_to_this() -> None:
    assert {case.partition(" ")[0] for case in WRONGS} | _TOLD_OTHERWISE == set(CONTROLS)


def test_every_control_that_the_issue_lists_can_be_re_evaluated() -> None:
    listed = """
        EC2.2 EC2.6 EC2.7 EC2.8 EC2.13 EC2.14 EC2.18 EC2.19 EC2.21 S3.1 S3.2 S3.3 S3.5 S3.8 S3.9
        S3.14 IAM.3 IAM.7 IAM.8 IAM.22 RDS.1 RDS.2 RDS.4 RDS.5 RDS.6 RDS.8 RDS.11 RDS.13 KMS.4
        Lambda.1 SNS.1 SQS.1 CloudTrail.1 CloudTrail.2 CloudTrail.4 CloudTrail.5 Config.1
        GuardDuty.1 DynamoDB.2 DynamoDB.6 ELB.5 ELB.6 ECR.1 Redshift.1 Redshift.3 Redshift.6
        SecretsManager.1 SecretsManager.4 SSM.4 DMS.1
    """
    assert set(listed.split()) <= set(CONTROLS)


def test_every_control_that_a_runbook_fixes_can_be_re_evaluated() -> None:
    shipped = ShippedRunbooks(Path(__file__).parents[3] / "infra" / "runbooks")

    fixed = {control for runbook in shipped.runbooks() for control in runbook.controls}

    assert fixed <= set(CONTROLS)


def test_every_control_has_a_title_and_a_severity() -> None:
    assert set(CONTROLS) <= set(TITLES)


@pytest.mark.parametrize(
    ("rules", "failing"),
    [
        ([rule("tcp", 22, 22)], {"EC2.13", "EC2.18", "EC2.19"}),
        ([rule("tcp", 22, 22, IpRanges=[{"CidrIp": "10.0.0.0/8"}])], set()),
        ([rule("tcp", 22, 22, Ipv6Ranges=[{"CidrIpv6": "::/0"}])], {"EC2.13", "EC2.18", "EC2.19"}),
        ([rule("udp", 22, 22)], {"EC2.18"}),
        ([rule("tcp", 443, 443), rule("tcp", 80, 80)], set()),
        ([rule("tcp", 80, 443)], {"EC2.18", "EC2.19"}),
        ([rule("tcp", 23, 3388)], {"EC2.18", "EC2.19"}),
        ([rule("tcp", 0, 65535)], {"EC2.13", "EC2.14", "EC2.18", "EC2.19"}),
        ([rule("-1", 0, 0)], {"EC2.13", "EC2.14", "EC2.18", "EC2.19"}),
        ([rule("tcp", 9999, 9999)], {"EC2.18"}),
        ([rule("icmp", -1, -1)], set()),
    ],
)
def test_each_control_of_groups_minds_its_own_ports(
    bare_aws: Emulated, rules: list[dict[str, Any]], failing: set[str]
) -> None:
    wrong = open_group(*rules)(lambda service: bare_aws.owner(ACCOUNT, service), ACCOUNT)

    failed = {
        control
        for control in ("EC2.13", "EC2.14", "EC2.18", "EC2.19")
        if _verdict(bare_aws, ACCOUNT, control, wrong.resource) == "NON_COMPLIANT"
    }
    assert failed == failing
    assert EVERYBODY


@pytest.mark.parametrize(
    ("condition", "public"),
    [
        ({}, True),
        ({"StringEquals": {"aws:SourceAccount": SHOP}}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ],
)
def test_a_policy_is_public_unless_a_condition_narrows_who_may(
    bare_aws: Emulated, condition: dict[str, Any], *, public: bool
) -> None:
    s3 = bare_aws.owner(SHOP, "s3")
    name = f"narrowed-{abs(hash(json.dumps(condition))) % 10**9}"
    s3.create_bucket(Bucket=name)
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:Get*",
                 "Resource": f"arn:aws:s3:::{name}/*", "Condition": condition}  # fmt: skip
    if not condition:
        del statement["Condition"]
    s3.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statement})
    )

    said = _verdict(bare_aws, SHOP, "S3.2", f"arn:aws:s3:::{name}")

    assert said == ("NON_COMPLIANT" if public else "COMPLIANT")


class _Iam:
    def __init__(self, users: list[Any]) -> None:
        self.users = {user.arn: user for user in users}


class _Thing:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


@pytest.mark.parametrize(
    ("days", "iam8", "iam22"), [(10, True, True), (46, True, False), (91, False, False)]
)
@pytest.mark.parametrize("unused", ["key", "password"])
def test_credentials_that_lie_idle_fail_after_45_and_90_days(
    days: int, unused: str, *, iam8: bool, iam22: bool
) -> None:
    """Read from plain objects: no call makes time pass."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    moment = (now - timedelta(days=days)).replace(tzinfo=None)
    made = now.replace(tzinfo=None) - timedelta(days=400)
    key = _Thing(status="Active", create_date=made, last_used=_Thing(timestamp=moment))
    user = _Thing(
        arn="arn:aws:iam::1:user/u",
        access_keys=[key] if unused == "key" else [],
        password="fake" if unused == "password" else None,
        password_last_used=moment,
        create_date=made,
    )
    looked = _Thing(holdings=_Thing(iam=_Iam([user])), now=now)
    checks = {control.id: control.check for control in IDENTITIES}

    (eight,) = checks["IAM.8"](looked)  # type: ignore[arg-type]
    (twenty_two,) = checks["IAM.22"](looked)  # type: ignore[arg-type]

    assert (eight.passed, twenty_two.passed) == (iam8, iam22)


@pytest.mark.parametrize(("days", "passed"), [(10, True), (91, False)])
def test_a_secret_that_was_not_rotated_for_90_days_fails(days: int, *, passed: bool) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    rotated = int((now - timedelta(days=days)).timestamp())
    secret = _Thing(arn="arn", deleted_date=None, last_rotation_date=rotated, created_date=0)
    secrets = _Thing(secrets={"s": secret})
    looked = _Thing(holdings=_Thing(of=lambda _: secrets), now=now)
    checks = {control.id: control.check for control in IDENTITIES}

    (verdict,) = checks["SecretsManager.4"](looked)  # type: ignore[arg-type]

    assert verdict.passed is passed
