"""How to get each control wrong, and right again, as an account's owner would with boto3."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

REGION = "us-east-1"
EVERYBODY = [{"CidrIp": "0.0.0.0/0"}]


def draw(stem: str) -> str:
    """A name that nobody has."""
    return f"{stem}-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class Wrong:
    """A resource on which a control fails, until `right` is called."""

    resource: str
    right: Callable[[], Any]


Service = Callable[[str], Any]
"""boto3's name of a service -> the owner's client."""
Make = Callable[[Service, str], Wrong]
"""In an account: its id is the second argument."""


def _arn(account: str, service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{account}:{rest}"


def vpc(of: Service) -> str:
    """A VPC of the account; a new one when it has none."""
    filters = [{"Name": "cidr", "Values": ["10.0.0.0/16"]}]
    found = of("ec2").describe_vpcs(Filters=filters)["Vpcs"]
    made = found[0] if found else of("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    return str(made["VpcId"])


def subnets(of: Service, count: int = 2) -> list[str]:
    """Subnets of that VPC."""
    where, ec2 = vpc(of), of("ec2")
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [where]}])["Subnets"]
    for n in range(len(found), count):
        found.append(
            ec2.create_subnet(
                VpcId=where, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'abc'[n]}"
            )["Subnet"]
        )
    return [subnet["SubnetId"] for subnet in found]


def rule(protocol: str, first: int, last: int, **ranges: Any) -> dict[str, Any]:
    """A rule as the EC2 API takes it; open to everybody when nothing else is said."""
    where = ranges or {"IpRanges": EVERYBODY}
    ports = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, **where}


def open_group(*rules: dict[str, Any]) -> Make:
    """A group that admits too much; right once its rules are gone."""

    def make(of: Service, account: str) -> Wrong:
        ec2 = of("ec2")
        group = ec2.create_security_group(GroupName=draw("group"), Description="d", VpcId=vpc(of))[
            "GroupId"
        ]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(rules))
        return Wrong(
            _arn(account, "ec2", f"security-group/{group}"),
            lambda: ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=list(rules)),
        )

    return make


def _default_group(of: Service, account: str) -> Wrong:
    ec2 = of("ec2")
    where = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [where]}]
    (group,) = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]

    def right() -> None:
        ec2.revoke_security_group_egress(
            GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"]
        )

    return Wrong(_arn(account, "ec2", f"security-group/{group['GroupId']}"), right)


def _flow_logs(of: Service, account: str) -> Wrong:
    ec2 = of("ec2")
    where = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]

    def right() -> None:
        group = draw("/flow")
        of("logs").create_log_group(logGroupName=group)
        role = make_role(of, "vpc-flow-logs")
        ec2.create_flow_logs(
            ResourceIds=[where], ResourceType="VPC", TrafficType="REJECT",
            LogGroupName=group, DeliverLogsPermissionArn=role,
        )  # fmt: skip

    return Wrong(_arn(account, "ec2", f"vpc/{where}"), right)


def make_role(of: Service, service: str) -> str:
    """The ARN of a new role for a service."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole",
                 "Principal": {"Service": f"{service}.amazonaws.com"}}  # fmt: skip
    made = of("iam").create_role(
        RoleName=draw("role"),
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return str(made["Role"]["Arn"])


def _ebs(of: Service, account: str) -> Wrong:
    of("ec2").disable_ebs_encryption_by_default()
    return Wrong(f"AWS::::Account:{account}", of("ec2").enable_ebs_encryption_by_default)


def instance(of: Service, **more: Any) -> str:
    """A new instance in the account's first subnet."""
    made = of("ec2").run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnets(of)[0], **more
    )
    return str(made["Instances"][0]["InstanceId"])


def _imds(of: Service, account: str) -> Wrong:
    made = instance(of, MetadataOptions={"HttpTokens": "optional"})
    return Wrong(
        _arn(account, "ec2", f"instance/{made}"),
        lambda: of("ec2").modify_instance_metadata_options(InstanceId=made, HttpTokens="required"),
    )


def _public_instance(of: Service, account: str) -> Wrong:
    ec2, made = of("ec2"), instance(of)
    address = ec2.allocate_address(Domain="vpc")
    association = ec2.associate_address(InstanceId=made, AllocationId=address["AllocationId"])
    return Wrong(
        _arn(account, "ec2", f"instance/{made}"),
        lambda: ec2.disassociate_address(AssociationId=association["AssociationId"]),
    )


def _access_list(of: Service, account: str) -> Wrong:
    ec2 = of("ec2")
    acl = ec2.create_network_acl(VpcId=vpc(of))["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "Protocol": "6", "Egress": False, "CidrBlock": "0.0.0.0/0",
             "PortRange": {"From": 20, "To": 25}}  # fmt: skip
    ec2.create_network_acl_entry(RuleNumber=100, RuleAction="allow", **entry)
    return Wrong(
        _arn(account, "ec2", f"network-acl/{acl}"),
        lambda: ec2.create_network_acl_entry(RuleNumber=50, RuleAction="deny", **entry),
    )


def _generous_subnet(of: Service, account: str) -> Wrong:
    ec2, (_, subnet) = of("ec2"), subnets(of)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    return Wrong(
        _arn(account, "ec2", f"subnet/{subnet}"),
        lambda: ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False}),
    )


# -- buckets


def bucket(of: Service) -> str:
    """A new bucket."""
    name = draw("bucket")
    of("s3").create_bucket(Bucket=name)
    return name


_BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


def _statement(name: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{name}/*", **more}  # fmt: skip


def put_policy(of: Service, name: str, *statements: dict[str, Any]) -> None:
    """The policy of a bucket."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    of("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(document))


def _bucket_with(action: str) -> Make:
    def make(of: Service, account: str) -> Wrong:
        name = bucket(of)
        put_policy(of, name, _statement(name, Action=action))
        return Wrong(
            f"arn:aws:s3:::{name}",
            lambda: of("s3").put_public_access_block(
                Bucket=name, PublicAccessBlockConfiguration=_BLOCK
            ),
        )

    return make


def _readable_by_acl(of: Service, account: str) -> Wrong:
    name = bucket(of)
    of("s3").put_bucket_acl(Bucket=name, ACL="public-read")
    return Wrong(
        f"arn:aws:s3:::{name}", lambda: of("s3").put_bucket_acl(Bucket=name, ACL="private")
    )


def _bucket(right: Callable[[Any, str], Any]) -> Make:
    """A new bucket, right once something was set on it."""

    def make(of: Service, account: str) -> Wrong:
        name = bucket(of)
        return Wrong(f"arn:aws:s3:::{name}", lambda: right(of, name))

    return make


def _tls(of: Service, name: str) -> None:
    arns = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    put_policy(of, name, _statement(
        name, Effect="Deny", Action="s3:*", Resource=arns,
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    ))  # fmt: skip


def _log_access(of: Service, name: str) -> None:
    target = bucket(of)
    put_policy(of, target, _statement(
        target, Principal={"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject"
    ))  # fmt: skip
    of("s3").put_bucket_logging(
        Bucket=name,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "l/"}},
    )


def _account_block(of: Service, account: str) -> Wrong:
    return Wrong(
        f"AWS::::Account:{account}",
        lambda: of("s3control").put_public_access_block(
            AccountId=account, PublicAccessBlockConfiguration=_BLOCK
        ),
    )


# -- identities, keys, secrets


def _user_with_old_key(of: Service, account: str) -> Wrong:
    """moto cannot make an old key: the story has one, so that is taken."""
    (key,) = of("iam").list_access_keys(UserName="deploy-bot")["AccessKeyMetadata"]

    def right() -> None:
        of("iam").update_access_key(
            UserName="deploy-bot", AccessKeyId=key["AccessKeyId"], Status="Inactive"
        )

    return Wrong(f"arn:aws:iam::{account}:user/deploy-bot", right)


def _password_policy(of: Service, account: str) -> Wrong:
    return Wrong(
        f"AWS::::Account:{account}",
        lambda: of("iam").update_account_password_policy(
            MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True,
            RequireUppercaseCharacters=True, RequireLowercaseCharacters=True,
        ),
    )  # fmt: skip


def key(of: Service) -> str:
    """The ARN of a new key."""
    return str(of("kms").create_key()["KeyMetadata"]["Arn"])


def _key_goes(of: Service, account: str) -> Wrong:
    arn = key(of)
    of("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    return Wrong(arn, lambda: of("kms").cancel_key_deletion(KeyId=arn))


def _key_rotation(of: Service, account: str) -> Wrong:
    arn = key(of)
    return Wrong(arn, lambda: of("kms").enable_key_rotation(KeyId=arn))


def function(of: Service) -> str:
    """The ARN of a new function."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    made = of("lambda").create_function(
        FunctionName=draw("function"), Runtime="python3.13", Handler="app.handler",
        Role=make_role(of, "lambda"), Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip
    return str(made["FunctionArn"])


def _secret_rotation(of: Service, account: str) -> Wrong:
    arn = of("secretsmanager").create_secret(Name=draw("secret"), SecretString="fake")["ARN"]
    rotator = function(of)
    return Wrong(
        arn,
        lambda: of("secretsmanager").rotate_secret(
            SecretId=arn, RotationLambdaARN=rotator, RotationRules={"AutomaticallyAfterDays": 30}
        ),
    )


def _shared_document(of: Service, account: str) -> Wrong:
    ssm, name = of("ssm"), draw("Document")
    content = {"schemaVersion": "2.2", "description": "d",
               "mainSteps": [{"action": "aws:runShellScript", "name": "s",
                              "inputs": {"runCommand": ["true"]}}]}  # fmt: skip
    ssm.create_document(Name=name, Content=json.dumps(content), DocumentType="Command")
    sharing = {"Name": name, "PermissionType": "Share"}
    ssm.modify_document_permission(**sharing, AccountIdsToAdd=["all"])
    return Wrong(
        _arn(account, "ssm", f"document/{name}"),
        lambda: ssm.modify_document_permission(**sharing, AccountIdsToRemove=["all"]),
    )


# -- databases


def database(of: Service, **more: Any) -> str:
    """The name of a new database."""
    wanted = {
        "DBInstanceIdentifier": draw("db"), "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres", "MasterUsername": "owner", "MasterUserPassword": "fake-password",
        "AllocatedStorage": 20, "VpcSecurityGroupIds": [_any_group(of)], **more,
    }  # fmt: skip
    return str(of("rds").create_db_instance(**wanted)["DBInstance"]["DBInstanceIdentifier"])


def _any_group(of: Service) -> str:
    filters = [{"Name": "vpc-id", "Values": [vpc(of)]}]
    return str(of("ec2").describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


def _database(wrong: dict[str, Any], right: dict[str, Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        name = database(of, **wrong)
        changed = dict(right)
        if "MonitoringInterval" in changed:
            changed["MonitoringRoleArn"] = make_role(of, "monitoring.rds")
        return Wrong(
            _arn(account, "rds", f"db:{name}"),
            lambda: of("rds").modify_db_instance(
                DBInstanceIdentifier=name, ApplyImmediately=True, **changed
            ),
        )

    return make


def _public_snapshot(of: Service, account: str) -> Wrong:
    name = draw("snapshot")
    of("rds").create_db_snapshot(DBInstanceIdentifier=database(of), DBSnapshotIdentifier=name)
    said = {"DBSnapshotIdentifier": name, "AttributeName": "restore"}
    of("rds").modify_db_snapshot_attribute(**said, ValuesToAdd=["all"])
    return Wrong(
        _arn(account, "rds", f"snapshot:{name}"),
        lambda: of("rds").modify_db_snapshot_attribute(**said, ValuesToRemove=["all"]),
    )


def _plain_snapshot(of: Service, account: str) -> Wrong:
    """A snapshot cannot be encrypted: it is copied, and goes."""
    name = draw("snapshot")
    of("rds").create_db_snapshot(DBInstanceIdentifier=database(of), DBSnapshotIdentifier=name)

    def right() -> None:
        of("rds").copy_db_snapshot(
            SourceDBSnapshotIdentifier=name, TargetDBSnapshotIdentifier=draw("copy"),
            KmsKeyId=key(of),
        )  # fmt: skip
        of("rds").delete_db_snapshot(DBSnapshotIdentifier=name)

    return Wrong(_arn(account, "rds", f"snapshot:{name}"), right)


def _rds_cluster(right: dict[str, Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        name = draw("cluster")
        of("rds").create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="owner",
            MasterUserPassword="fake-password", DeletionProtection=False,
            CopyTagsToSnapshot=False,
        )  # fmt: skip
        return Wrong(
            _arn(account, "rds", f"cluster:{name}"),
            lambda: of("rds").modify_db_cluster(
                DBClusterIdentifier=name, ApplyImmediately=True, **right
            ),
        )

    return make


def _cluster(wrong: dict[str, Any], right: dict[str, Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        name = draw("cluster")
        of("redshift").create_cluster(
            ClusterIdentifier=name, NodeType="ra3.large", MasterUsername="owner",
            MasterUserPassword="Fake-passw0rd", ClusterType="single-node", **wrong,
        )  # fmt: skip
        return Wrong(
            _arn(account, "redshift", f"cluster:{name}"),
            lambda: of("redshift").modify_cluster(ClusterIdentifier=name, **right),
        )

    return make


def _table(right: Callable[[Any, str], Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        made = of("dynamodb").create_table(
            TableName=draw("table"), BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )["TableDescription"]  # fmt: skip
        return Wrong(made["TableArn"], lambda: right(of("dynamodb"), made["TableName"]))

    return make


def _replication(of: Service, account: str) -> Wrong:
    """A replication instance's address cannot be taken away: it is deleted."""
    arn = of("dms").create_replication_instance(
        ReplicationInstanceIdentifier=draw("replication"),
        ReplicationInstanceClass="dms.t3.micro", PubliclyAccessible=True,
    )["ReplicationInstance"]["ReplicationInstanceArn"]  # fmt: skip
    return Wrong(arn, lambda: of("dms").delete_replication_instance(ReplicationInstanceArn=arn))


# -- services


def _public_function(of: Service, account: str) -> Wrong:
    arn = function(of)
    of("lambda").add_permission(
        FunctionName=arn, StatementId="all", Action="lambda:InvokeFunction", Principal="*"
    )
    return Wrong(arn, lambda: of("lambda").remove_permission(FunctionName=arn, StatementId="all"))


def _old_runtime(of: Service, account: str) -> Wrong:
    arn = function(of)
    of("lambda").update_function_configuration(FunctionName=arn, Runtime="python3.8")
    return Wrong(
        arn,
        lambda: of("lambda").update_function_configuration(FunctionName=arn, Runtime="python3.13"),
    )


def _queue(of: Service, account: str) -> Wrong:
    sqs, name = of("sqs"), draw("queue")
    url = sqs.create_queue(QueueName=name, Attributes={"SqsManagedSseEnabled": "false"})["QueueUrl"]
    return Wrong(
        _arn(account, "sqs", name),
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"}),
    )


def _topic(of: Service, account: str) -> Wrong:
    arn = of("sns").create_topic(Name=draw("topic"))["TopicArn"]
    return Wrong(
        arn,
        lambda: of("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
        ),
    )


def trail(of: Service, **more: Any) -> dict[str, Any]:
    """A new trail of one Region that logs."""
    made: dict[str, Any] = of("cloudtrail").create_trail(
        Name=draw("trail"), S3BucketName=bucket(of), **more
    )
    of("cloudtrail").start_logging(Name=made["Name"])
    return made


def _trail(right: Callable[[Service, str], Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        made = trail(of)
        return Wrong(made["TrailARN"], lambda: right(of, made["Name"]))

    return make


def _trail_everywhere(of: Service, account: str) -> Wrong:
    made = trail(of)

    def right() -> None:
        of("cloudtrail").update_trail(Name=made["Name"], IsMultiRegionTrail=True)

    return Wrong(f"AWS::::Account:{account}", right)


def _trail_to_logs(of: Service, name: str) -> None:
    group = draw("/trail")
    of("logs").create_log_group(logGroupName=group)
    (row,) = of("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    of("cloudtrail").update_trail(
        Name=name, CloudWatchLogsLogGroupArn=row["arn"],
        CloudWatchLogsRoleArn=make_role(of, "cloudtrail"),
    )  # fmt: skip


def _balancer(key_: str, more: dict[str, str]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        arn = balancer(of)
        attributes = {key_: "true", **more}
        if key_.startswith("access_logs"):
            attributes["access_logs.s3.bucket"] = _log_bucket(of)
        rows = [{"Key": name, "Value": value} for name, value in attributes.items()]
        return Wrong(
            arn,
            lambda: of("elbv2").modify_load_balancer_attributes(
                LoadBalancerArn=arn, Attributes=rows
            ),
        )

    return make


def balancer(of: Service) -> str:
    """The ARN of a new application load balancer."""
    made = of("elbv2").create_load_balancer(Name=draw("lb"), Subnets=subnets(of))
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def _log_bucket(of: Service) -> str:
    name = bucket(of)
    put_policy(of, name, _statement(
        name, Principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        Action="s3:PutObject",
    ))  # fmt: skip
    return name


def _web_acl(of: Service, account: str) -> Wrong:
    arn = balancer(of)
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}

    def right() -> None:
        acl = of("wafv2").create_web_acl(
            Name=draw("acl"), Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen
        )["Summary"]["ARN"]
        of("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=arn)

    return Wrong(arn, right)


def _repository(of: Service, account: str) -> Wrong:
    made = of("ecr").create_repository(repositoryName=draw("images"))["repository"]
    return Wrong(
        made["repositoryArn"],
        lambda: of("ecr").put_image_scanning_configuration(
            repositoryName=made["repositoryName"],
            imageScanningConfiguration={"scanOnPush": True},
        ),
    )


def _recorder(of: Service, account: str) -> Wrong:
    def right() -> None:
        config, name = of("config"), bucket(of)
        config.put_configuration_recorder(ConfigurationRecorder={
            "name": "default", "roleARN": make_role(of, "config"),
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        })  # fmt: skip
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": name})
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    return Wrong(f"AWS::::Account:{account}", right)


def _detector(of: Service, account: str) -> Wrong:
    return Wrong(f"AWS::::Account:{account}", lambda: of("guardduty").create_detector(Enable=True))


WRONGS: dict[str, Make] = {
    "EC2.2": _default_group,
    "EC2.6": _flow_logs,
    "EC2.7": _ebs,
    "EC2.8": _imds,
    "EC2.9": _public_instance,
    "EC2.13": open_group(rule("tcp", 20, 25)),
    "EC2.14": open_group(rule("tcp", 3389, 3389, Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
    "EC2.15": _generous_subnet,
    "EC2.18": open_group(rule("tcp", 8443, 8443)),
    "EC2.19": open_group(rule("tcp", 5432, 5432)),
    "EC2.21": _access_list,
    "S3.1": _account_block,
    "S3.2": _bucket_with("s3:GetObject"),
    "S3.2 by ACL": _readable_by_acl,
    "S3.3": _bucket_with("s3:PutObject"),
    "S3.5": _bucket(_tls),
    "S3.8": _bucket(lambda of, name: of("s3").put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration=_BLOCK)),
    "S3.9": _bucket(_log_access),
    "S3.14": _bucket(lambda of, name: of("s3").put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Enabled"})),
    "IAM.3": _user_with_old_key,
    "IAM.7": _password_policy,
    "KMS.3": _key_goes,
    "KMS.4": _key_rotation,
    "SecretsManager.1": _secret_rotation,
    "SSM.4": _shared_document,
    "RDS.1": _public_snapshot,
    "RDS.2": _database({"PubliclyAccessible": True}, {"PubliclyAccessible": False}),
    "RDS.4": _plain_snapshot,
    "RDS.5": _database({"MultiAZ": False}, {"MultiAZ": True}),
    "RDS.6": _database({}, {"MonitoringInterval": 60}),
    "RDS.7": _rds_cluster({"DeletionProtection": True}),
    "RDS.8": _database({"DeletionProtection": False}, {"DeletionProtection": True}),
    "RDS.11": _database({"BackupRetentionPeriod": 0}, {"BackupRetentionPeriod": 7}),
    "RDS.13": _database({"AutoMinorVersionUpgrade": False}, {"AutoMinorVersionUpgrade": True}),
    "RDS.16": _rds_cluster({"CopyTagsToSnapshot": True}),
    "RDS.17": _database({"CopyTagsToSnapshot": False}, {"CopyTagsToSnapshot": True}),
    "Redshift.1": _cluster({"PubliclyAccessible": True}, {"PubliclyAccessible": False}),
    "Redshift.3": _cluster({"AutomatedSnapshotRetentionPeriod": 1},
                           {"AutomatedSnapshotRetentionPeriod": 7}),
    "Redshift.6": _cluster({"AllowVersionUpgrade": False}, {"AllowVersionUpgrade": True}),
    "DynamoDB.2": _table(lambda c, name: c.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})),
    "DynamoDB.6": _table(lambda c, name: c.update_table(
        TableName=name, DeletionProtectionEnabled=True)),
    "DMS.1": _replication,
    "Lambda.1": _public_function,
    "Lambda.2": _old_runtime,
    "SQS.1": _queue,
    "SNS.1": _topic,
    "CloudTrail.1": _trail_everywhere,
    "CloudTrail.2": _trail(lambda of, name: of("cloudtrail").update_trail(
        Name=name, KmsKeyId=key(of))),
    "CloudTrail.4": _trail(lambda of, name: of("cloudtrail").update_trail(
        Name=name, EnableLogFileValidation=True)),
    "CloudTrail.5": _trail(_trail_to_logs),
    "ELB.4": _balancer("routing.http.drop_invalid_header_fields.enabled", {}),
    "ELB.5": _balancer("access_logs.s3.enabled", {}),
    "ELB.6": _balancer("deletion_protection.enabled", {}),
    "ELB.16": _web_acl,
    "ECR.1": _repository,
    "Config.1": _recorder,
    "GuardDuty.1": _detector,
}  # fmt: skip
"""By control; a second way to be wrong has words after the control."""
