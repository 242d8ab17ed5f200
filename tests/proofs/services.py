"""Functions, queues, topics, balancers, repositories, documents, and what watches an account."""

import io
import json
import zipfile

from tests.proofs.case import REGION, Case, Owner, Subject
from tests.proofs.network import rule
from tests.proofs.storage import bucket


def function(owner: Owner) -> str:
    """The ARN of a function."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    made = owner.client("lambda").create_function(
        FunctionName="coupon-preview", Runtime="python3.12", Handler="app.handler",
        Role=owner.role("coupons", "lambda"), Code={"ZipFile": code.getvalue()},
    )  # fmt: skip
    return str(made["FunctionArn"])


def _public_function(owner: Owner) -> Subject:
    arn = function(owner)
    called = owner.client("lambda")
    called.add_permission(
        FunctionName=arn, StatementId="FromTheBucket", Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com", SourceAccount=owner.account,
    )  # fmt: skip
    called.add_permission(
        FunctionName=arn, StatementId="PublicUrl", Action="lambda:InvokeFunctionUrl",
        Principal="*", FunctionUrlAuthType="NONE",
    )  # fmt: skip
    return Subject(id=arn, short_id="coupon-preview")


def _topic(owner: Owner) -> Subject:
    arn = owner.client("sns").create_topic(Name="orders")["TopicArn"]
    return Subject(id=arn, short_id="orders", settings={"kms_key_arn": owner.key()})


def _queue(owner: Owner) -> Subject:
    owner.client("sqs").create_queue(
        QueueName="orders", Attributes={"SqsManagedSseEnabled": "false"}
    )
    return Subject(id=owner.arn("sqs", "orders"), short_id="orders")


def _balancer(owner: Owner) -> Subject:
    ec2 = owner.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.5.{n}.0/24", AvailabilityZone=REGION + zone)
        for n, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="front", Description="front", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[rule("tcp", (443, 443), "0.0.0.0/0")]
    )
    made = owner.client("elbv2").create_load_balancer(
        Name="front", Subnets=[s["Subnet"]["SubnetId"] for s in subnets], SecurityGroups=[group]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    return Subject(id=made, short_id=made, settings=bucket(owner).settings)


def _repository(owner: Owner) -> Subject:
    made = owner.client("ecr").create_repository(repositoryName="shop/front")["repository"]
    return Subject(id=made["repositoryArn"], short_id="shop/front")


def _document(owner: Owner) -> Subject:
    ssm = owner.client("ssm")
    steps = [{"name": "Rest", "action": "aws:sleep", "inputs": {"Duration": "PT1S"}}]
    content = {"schemaVersion": "0.3", "mainSteps": steps}
    ssm.create_document(Name="Restart-Shop", Content=json.dumps(content), DocumentType="Automation")
    ssm.modify_document_permission(
        Name="Restart-Shop", PermissionType="Share", AccountIdsToAdd=["all"]
    )
    return Subject(id=owner.arn("ssm", "document/Restart-Shop"), short_id="Restart-Shop")


def _secret(owner: Owner) -> Subject:
    """A secret that nothing rotates, and a function that could; Secrets Manager may call it."""
    arn = function(owner)
    made = owner.client("secretsmanager").create_secret(Name="orders/login", SecretString="first")
    return Subject(id=made["ARN"], short_id="orders/login", settings={"rotation_function_arn": arn})


def _account(owner: Owner) -> Subject:
    return Subject(
        id=f"AWS::::Account:{owner.account}", short_id=owner.account,
        settings={**bucket(owner).settings, "config_role_arn": owner.role("config", "config")},
    )  # fmt: skip


def _trail(owner: Owner) -> Subject:
    where = bucket(owner)
    trail = owner.client("cloudtrail").create_trail(
        Name="everything", S3BucketName=where.settings["log_bucket"], EnableLogFileValidation=False
    )["TrailARN"]
    owner.client("logs").create_log_group(logGroupName="trail")
    return Subject(
        id=trail, short_id="everything",
        settings={
            **where.settings, "kms_key_arn": owner.key(),
            "trail_log_group_arn": owner.arn("logs", "log-group:trail:*"),
            "trail_log_role_arn": owner.role("trail-logs", "cloudtrail"),
        },
    )  # fmt: skip


def _account_with_a_stopped_trail(owner: Owner) -> Subject:
    made = _account(owner)
    owner.client("cloudtrail").create_trail(
        Name="security-assist-all-regions", S3BucketName=made.settings["log_bucket"],
        IsMultiRegionTrail=True,
    )  # fmt: skip
    return made


def _account_with_a_stopped_recorder(owner: Owner) -> Subject:
    made = _account(owner)
    owner.client("config").put_configuration_recorder(
        ConfigurationRecorder={
            "name": "old", "roleARN": made.settings["config_role_arn"],
            "recordingGroup": {"allSupported": False, "includeGlobalResourceTypes": False,
                               "resourceTypes": ["AWS::EC2::Instance"]},
        }
    )  # fmt: skip
    return made


def _account_with_a_detector_turned_off(owner: Owner) -> Subject:
    owner.client("guardduty").create_detector(Enable=False)
    return _account(owner)


_TRAIL = "/trails/everything/"
_HEADERS = "routing.http.drop_invalid_header_fields.enabled"
"""Like the access logs': AWS tells every attribute, moto those that were ever set."""
CASES = (
    Case(control="Lambda.1", story="a function with a public URL, and a bucket's trigger",
         make=_public_function, touches=("/policy/statements",), unordered=("/statements/",),
         # moto keeps this parameter beside the statement, AWS in the statement's condition.
         unlike=("/FunctionUrlAuthType",),
         remains=("s3.amazonaws.com: InvokeFunction (FromTheBucket)",)),
    Case(control="SNS.1", story="a topic in clear text", make=_topic,
         touches=("/_kms_master_key_id", "/kms_master_key_id")),
    Case(control="SQS.1", story="a queue in clear text", make=_queue,
         touches=("/queues/orders/",), unlike=("/last_modified_timestamp",)),
    Case(control="ELB.4", story="a balancer that passes invalid headers on", make=_balancer,
         touches=(f"/attrs/{_HEADERS}",), unlike=(f"/attrs/{_HEADERS}",)),
    Case(control="ELB.5", story="a balancer without access logs", make=_balancer,
         touches=("/attrs/access_logs.s3.",), unlike=("/attrs/access_logs.s3.",)),
    Case(control="ELB.6", story="a balancer that may be deleted", make=_balancer,
         touches=("/attrs/deletion_protection.enabled",)),
    Case(control="ECR.1", story="a repository that scans nothing", make=_repository,
         touches=("/image_scanning_configuration/",)),
    Case(control="SSM.4", story="a document for everybody", make=_document,
         touches=("/Restart-Shop/permissions",), unlike=("/permissions/all/created_at",)),
    Case(control="SecretsManager.1", story="a secret that keeps its value for ever", make=_secret,
         touches=("secretsmanager/",),
         # The function and the schedule stay noted, in AWS too. AWS takes the version with which
         # it tried the function away again; moto keeps it.
         unlike=("/rotation_lambda_arn", "/auto_rotate_after_days", "/next_rotation_date",
                 "/last_rotation_date", "/rotation_requested", "/versions/")),
    Case(control="CloudTrail.1", story="an account that nobody records", make=_account,
         # moto remembers that the trail had no tags.
         touches=("cloudtrail/",), unlike=("cloudtrail/us-east-1/tagging_service/",)),
    Case(control="CloudTrail.1", story="an account whose trail was stopped",
         make=_account_with_a_stopped_trail, touches=("/trails/security-assist-all-regions/",),
         # When it was started and stopped.
         unlike=("/trails/security-assist-all-regions/status/",)),
    Case(control="CloudTrail.2", story="a trail with no key of its own", make=_trail,
         # AWS takes the empty text for none; moto keeps it.
         touches=(_TRAIL,), unlike=("/kms_key_id",)),
    Case(control="CloudTrail.4", story="a trail that nobody can check", make=_trail,
         touches=(_TRAIL,)),
    Case(control="CloudTrail.5", story="a trail that alarms nobody", make=_trail,
         touches=(_TRAIL,), unlike=("/cw_role_arn", "/cw_log_group_arn")),
    Case(control="Config.1", story="an account without AWS Config", make=_account,
         touches=("config/",)),
    Case(control="Config.1", story="an account whose recorder saw little and was stopped",
         make=_account_with_a_stopped_recorder, touches=("config/",),
         # When it last did something.
         unlike=("/recorders/old/status/",)),
    Case(control="GuardDuty.1", story="an account without a detector", make=_account,
         touches=("guardduty/",)),
    Case(control="GuardDuty.1", story="an account whose detector was turned off",
         make=_account_with_a_detector_turned_off, touches=("guardduty/",)),
)  # fmt: skip
