"""What a role may do once it is assumed: its policies as they are now, and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated_aws import READ, Emulated, refusal

SHOP, DATA, PAYMENTS = "111111111111", "111111111112", "222222222221"
GROUP = "sg-0a1webadmin"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_REFUSED: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "ec2": ("ec2", "UnauthorizedOperation",
            lambda c: c.revoke_security_group_ingress(GroupId=GROUP, IpPermissions=[SSH])),
    "s3": ("s3", "AccessDenied",
           lambda c: c.put_bucket_policy(Bucket="acme-logs", Policy="{}")),
    "s3 object": ("s3", "AccessDenied",
                  lambda c: c.put_object(Bucket="acme-logs", Key="k", Body=b"x")),
    "s3control": ("s3control", "AccessDenied",
                  lambda c: c.delete_public_access_block(AccountId=SHOP)),
    "iam": ("iam", "AccessDenied",
            lambda c: c.attach_role_policy(
                RoleName="SecurityAssistRead",
                PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")),
    "rds": ("rds", "AccessDenied",
            lambda c: c.delete_db_instance(DBInstanceIdentifier="orders", SkipFinalSnapshot=True)),
    "kms": ("kms", "AccessDeniedException", lambda c: c.disable_key(KeyId="k")),
    "lambda": ("lambda", "AccessDeniedException",
               lambda c: c.delete_function(FunctionName="coupon-preview")),
    "dynamodb": ("dynamodb", "AccessDeniedException",
                 lambda c: c.delete_table(TableName="coupons")),
    "sqs": ("sqs", "AccessDenied",
            lambda c: c.purge_queue(QueueUrl=f"http://sqs/{SHOP}/shop-orders-1")),
    "sns": ("sns", "AuthorizationError", lambda c: c.create_topic(Name="t")),
    "ssm": ("ssm", "AccessDeniedException",
            lambda c: c.create_document(Name="Document", Content="{}")),
    "elbv2": ("elbv2", "AccessDenied",
              lambda c: c.delete_load_balancer(
                  LoadBalancerArn=f"arn:aws:elasticloadbalancing:us-east-1:{SHOP}:loadbalancer/x")),
    "securityhub": ("securityhub", "AccessDeniedException",
                    lambda c: c.batch_update_findings(
                        FindingIdentifiers=[{"Id": "a", "ProductArn": "b"}])),
    "secretsmanager": ("secretsmanager", "AccessDeniedException",
                       lambda c: c.get_secret_value(SecretId="s")),
}  # fmt: skip


@pytest.fixture(scope="session")
def reading(story_aws: Emulated) -> dict[str, Any]:
    """A session of the read-only role."""
    return story_aws.assume(SHOP, READ)


@pytest.mark.parametrize("case", sorted(_REFUSED))
def test_the_read_role_changes_nothing_and_is_told_so_in_the_services_own_words(
    story_aws: Emulated, reading: dict[str, Any], case: str
) -> None:
    service, code, call = _REFUSED[case]
    client = story_aws.of(reading, SHOP, service)
    before = story_aws.aws.state(SHOP)

    with pytest.raises(ClientError) as refused:
        call(client)

    assert refusal(refused.value) == code
    assert f"assumed-role/{READ}/test is not authorized to perform" in str(refused.value)
    assert story_aws.changes(before, SHOP) == set()


def test_the_read_role_reads_every_kind_of_setting(
    story_aws: Emulated, reading: dict[str, Any]
) -> None:
    def of(service: str) -> Any:
        return story_aws.of(reading, SHOP, service)

    assert of("ec2").describe_security_groups(GroupIds=[GROUP])["SecurityGroups"]
    assert of("s3").get_bucket_policy(Bucket="acme-logs")["Policy"]
    assert of("iam").list_access_keys(UserName="deploy-bot")["AccessKeyMetadata"]
    assert of("lambda").get_policy(FunctionName="coupon-preview")["Policy"]
    assert of("securityhub").get_findings(MaxResults=1)["Findings"]
    assert of("config").select_resource_config(Expression="SELECT resourceId")["Results"]


def test_no_role_reads_what_is_in_the_data(story_aws: Emulated, reading: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        story_aws.of(reading, SHOP, "s3").get_object(Bucket="acme-customer-exports", Key="all.csv")

    assert refusal(refused.value) == "AccessDenied"


def test_the_remediation_role_may_do_what_the_runbooks_do_and_no_more(
    bare_aws: Emulated,
) -> None:
    vpc = bare_aws.owner(SHOP, "ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    session = bare_aws.assume(SHOP)
    ec2 = bare_aws.of(session, SHOP, "ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
        "SecurityGroups"
    ]

    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[SSH])
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[SSH])

    with pytest.raises(ClientError) as refused:
        ec2.delete_security_group(GroupId=group["GroupId"])
    assert refusal(refused.value) == "UnauthorizedOperation"


def test_a_permission_that_is_taken_away_is_gone_at_once_for_sessions_that_are_open(
    bare_aws: Emulated,
) -> None:
    s3, iam = bare_aws.owner(DATA, "s3"), bare_aws.owner(DATA, "iam")
    s3.create_bucket(Bucket="taken-away")
    session = bare_aws.assume(DATA)
    open_session = bare_aws.of(session, DATA, "s3")
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
    open_session.put_public_access_block(Bucket="taken-away", PublicAccessBlockConfiguration=block)
    before = bare_aws.aws.state(DATA)
    (name,) = iam.list_role_policies(RoleName="SecurityAssistRemediation")["PolicyNames"]
    policy = iam.get_role_policy(RoleName="SecurityAssistRemediation", PolicyName=name)[
        "PolicyDocument"
    ]

    _put_policy(iam, name, [_allow("s3:Get*", "*")])
    with pytest.raises(ClientError) as refused:
        open_session.put_public_access_block(
            Bucket="taken-away", PublicAccessBlockConfiguration={"BlockPublicAcls": False}
        )
    _put_policy(iam, name, policy["Statement"])

    assert refusal(refused.value) == "AccessDenied"
    assert bare_aws.changes(before, DATA) == set()


def _allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _put_policy(iam: Any, name: str, statements: list[dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}
    iam.put_role_policy(
        RoleName="SecurityAssistRemediation",
        PolicyName=name,
        PolicyDocument=json.dumps(document),
    )


@pytest.fixture
def sessions_of(bare_aws: Emulated) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """A session of a role with some statements, which the hub may assume."""
    iam = bare_aws.owner(PAYMENTS, "iam")
    (name,) = iam.list_role_policies(RoleName="SecurityAssistRemediation")["PolicyNames"]

    def given(statements: list[dict[str, Any]]) -> dict[str, Any]:
        _put_policy(iam, name, statements)
        return bare_aws.assume(PAYMENTS)

    return given


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([_allow("s3:PutBucket*", "arn:aws:s3:::mine-*")], True),
        ([_allow("s3:PutBucket*", "arn:aws:s3:::other-*")], False),
        ([_allow("s3:*", "*"), {**_allow("s3:Put*", "*"), "Effect": "Deny"}], False),
        ([_allow("*", "*")], True),
        ([{"Effect": "Allow", "NotAction": "s3:PutBucketVersioning", "Resource": "*"}], False),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::mine-*"}], False),
        ([_allow("s3:putbucketVERSIONING", "*")], True),
        ([_allow("s3:*", "*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})],
         True),
        ([_allow("s3:*", "*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})],
         False),
        ([], False),
    ],
)  # fmt: skip
def test_actions_resources_and_conditions_are_read_as_iam_reads_them(
    bare_aws: Emulated,
    sessions_of: Callable[[list[dict[str, Any]]], dict[str, Any]],
    statements: list[dict[str, Any]],
    allowed: bool,  # noqa: FBT001 - the expectation
) -> None:
    owner = bare_aws.owner(PAYMENTS, "s3")
    if "mine-bucket" not in {row["Name"] for row in owner.list_buckets()["Buckets"]}:
        owner.create_bucket(Bucket="mine-bucket")
    session = sessions_of(statements or [_allow("sts:GetCallerIdentity", "*")])
    before = bare_aws.aws.state(PAYMENTS)
    status = "Suspended" if _versioning(owner) == "Enabled" else "Enabled"

    def call() -> None:
        bare_aws.of(session, PAYMENTS, "s3").put_bucket_versioning(
            Bucket="mine-bucket", VersioningConfiguration={"Status": status}
        )

    if allowed:
        call()
        assert _versioning(owner) == status
    else:
        with pytest.raises(ClientError) as refused:
            call()
        assert refusal(refused.value) == "AccessDenied"
        assert bare_aws.changes(before, PAYMENTS) == set()


def _versioning(owner: Any) -> str:
    return str(owner.get_bucket_versioning(Bucket="mine-bucket").get("Status"))


def test_a_session_policy_narrows_and_never_widens(bare_aws: Emulated) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [_allow("ec2:DescribeSecurityGroups", "*"), _allow("ec2:CreateVpc", "*")],
    }
    session = bare_aws.assume(SHOP, Policy=json.dumps(document))
    ec2 = bare_aws.of(session, SHOP, "ec2")

    ec2.describe_security_groups()
    calls: tuple[Callable[[], Any], ...] = (
        lambda: ec2.create_vpc(CidrBlock="10.1.0.0/16"),
        lambda: ec2.revoke_security_group_ingress(GroupId="sg-1", IpPermissions=[SSH]),
    )
    for call in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert refusal(refused.value) == "UnauthorizedOperation"


def test_a_session_policy_that_is_too_long_is_refused(bare_aws: Emulated) -> None:
    statement = _allow("ec2:DescribeSecurityGroups", f"arn:aws:ec2:::{'x' * 2048}")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with pytest.raises(ClientError, match="less than or equal to 2048"):
        bare_aws.assume(SHOP, Policy=document)


def test_a_permissions_boundary_bounds_what_the_role_may(bare_aws: Emulated) -> None:
    iam = bare_aws.owner(DATA, "iam")
    document = {"Version": "2012-10-17", "Statement": [_allow("ec2:Describe*", "*")]}
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))
    iam.put_role_permissions_boundary(
        RoleName="SecurityAssistRead", PermissionsBoundary=boundary["Policy"]["Arn"]
    )
    session = bare_aws.assume(DATA, READ)

    bare_aws.of(session, DATA, "ec2").describe_vpcs()
    with pytest.raises(ClientError) as refused:
        bare_aws.of(session, DATA, "s3").list_buckets()
    iam.delete_role_permissions_boundary(RoleName="SecurityAssistRead")

    assert refusal(refused.value) == "AccessDenied"
    bare_aws.of(session, DATA, "s3").list_buckets()


def test_handing_a_role_to_a_service_needs_permission_to_pass_it(
    bare_aws: Emulated,
    sessions_of: Callable[[list[dict[str, Any]]], dict[str, Any]],
) -> None:
    session = sessions_of([_allow("config:*", "*")])
    recorder = {"name": "default", "roleARN": f"arn:aws:iam::{PAYMENTS}:role/config"}

    with pytest.raises(ClientError, match="iam:PassRole") as refused:
        bare_aws.of(session, PAYMENTS, "config").put_configuration_recorder(
            ConfigurationRecorder=recorder
        )

    assert refusal(refused.value) == "AccessDeniedException"
