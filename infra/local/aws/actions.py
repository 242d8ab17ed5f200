"""Which IAM actions a call needs, and on which resources.

Facts: the Service Authorization Reference; what an operation's action is called is told by
`integrations.runbooks.permissions`. A call that names no resource we know needs the action on `*`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from infra.local.aws.calls import Call, Protocol
from integrations.runbooks.permissions import iam_action


class Need(NamedTuple):
    """One action on one resource."""

    action: str
    resource: str


_RESOURCES: dict[str, dict[str, str]] = {
    "ec2": {
        "GroupId": "security-group/",
        "InstanceId": "instance/",
        "VpcId": "vpc/",
        "SubnetId": "subnet/",
        "VolumeId": "volume/",
        "SnapshotId": "snapshot/",
        "NetworkAclId": "network-acl/",
        "NetworkInterfaceId": "network-interface/",
        "RouteTableId": "route-table/",
        "FlowLogId": "vpc-flow-log/",
        "ImageId": "image/",
    },
    "rds": {
        "DBInstanceIdentifier": "db:",
        "DBSnapshotIdentifier": "snapshot:",
        "SourceDBSnapshotIdentifier": "snapshot:",
        "TargetDBSnapshotIdentifier": "snapshot:",
        "DBClusterIdentifier": "cluster:",
        "DBClusterSnapshotIdentifier": "cluster-snapshot:",
        "ResourceName": "",
    },
    "redshift": {"ClusterIdentifier": "cluster:"},
    "elbv2": {"LoadBalancerArn": "", "TargetGroupArn": "", "ListenerArn": ""},
    "elb": {"LoadBalancerName": "loadbalancer/"},
    "sns": {"TopicArn": "", "ResourceArn": ""},
    "dynamodb": {"TableName": "table/", "ResourceArn": ""},
    "kms": {"KeyId": "key/"},
    "lambda": {"FunctionName": "function:"},
    "secretsmanager": {"SecretId": "secret:"},
    "cloudtrail": {"Name": "trail/", "TrailName": "trail/"},
    "logs": {"logGroupName": "log-group:"},
    "ecr": {"repositoryName": "repository/"},
    "dms": {"ReplicationInstanceArn": "", "ResourceArn": ""},
    "guardduty": {"DetectorId": "detector/"},
    "eks": {"name": "cluster/"},
    "ssm": {"AutomationExecutionId": "automation-execution/", "Name": "document/"},
}
"""Parameter -> how the rest of an ARN of this account and Region begins; "" for one that is an ARN.
A parameter that holds an ARN is taken as it is."""
_IAM = {
    "UserName": "user/",
    "RoleName": "role/",
    "GroupName": "group/",
    "InstanceProfileName": "instance-profile/",
    "PolicyArn": "",
}
"""The first that is there is the resource."""
_PASSED = {
    ("ec2", "CreateFlowLogs"): ("DeliverLogsPermissionArn",),
    ("rds", "ModifyDBInstance"): ("MonitoringRoleArn",),
    ("rds", "CreateDBInstance"): ("MonitoringRoleArn",),
    ("cloudtrail", "CreateTrail"): ("CloudWatchLogsRoleArn",),
    ("cloudtrail", "UpdateTrail"): ("CloudWatchLogsRoleArn",),
    ("config", "PutConfigurationRecorder"): ("ConfigurationRecorder", "roleARN"),
    ("lambda", "CreateFunction"): ("Role",),
}
"""Where a call hands a role to a service: it needs iam:PassRole on that role."""


def needs(call: Call) -> list[Need]:
    """Everything that the caller must be allowed for this call."""
    action = iam_action(call.service, call.operation)
    found = [Need(action, resource) for resource in _resources(call)]
    path = _PASSED.get((call.service, call.operation))
    if path is not None and (role := _at(call.parameters, path)):
        found.append(Need("iam:PassRole", role))
    return found


def _resources(call: Call) -> list[str]:
    prefix = iam_action(call.service, call.operation).partition(":")[0]
    where = f"arn:aws:{prefix}:{call.region}:{call.account}:"
    if call.service in _ONE:
        return [_ONE[call.service](call)]
    if call.service == "ssm" and (name := call.text("DocumentName")):
        version = call.text("DocumentVersion", "$DEFAULT")
        return [f"{where}automation-definition/{name.rpartition('/')[2]}:{version}"]
    if call.service == "ec2" and call.operation.startswith(("Describe", "Get")):
        return ["*"]
    found = [
        value if value.startswith("arn:") else f"{where}{stem}{value}"
        for name, value in call.parameters.items()
        if isinstance(value, str) and value
        for stem in [_stem(call, name)]
        if stem is not None and (stem or value.startswith("arn:"))
    ]
    return found or ["*"]


def _stem(call: Call, name: str) -> str | None:
    """How an ARN of this parameter's resource begins; a list's members are `InstanceId.1`."""
    head, _, number = name.partition(".")
    if number and not (call.protocol is Protocol.EC2 and number.isdigit()):
        return None
    return _RESOURCES.get(call.service, {}).get(head)


def _s3_resource(call: Call) -> str:
    bucket, key = call.text("Bucket"), call.text("Key")
    if not bucket:
        return "*"
    return f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")


def _iam_resource(call: Call) -> str:
    for name, stem in _IAM.items():
        if value := call.text(name):
            known = value.startswith("arn:")
            return value if known else f"arn:aws:iam::{call.account}:{stem}{value}"
    return "*"


def _queue(call: Call) -> str:
    account, _, name = call.text("QueueUrl").rpartition("/")
    if not account:
        return "*"
    return f"arn:aws:sqs:{call.region}:{account.rpartition('/')[2]}:{name}"


_ONE: dict[str, Callable[[Call], str]] = {
    "s3": _s3_resource,
    "iam": _iam_resource,
    "sqs": _queue,
    "sts": lambda call: call.text("RoleArn", "*"),
}
"""Services whose calls name one resource, in a way of their own."""


def _at(parameters: Mapping[str, Any], path: tuple[str, ...]) -> str:
    found: Any = parameters
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, list):
        found = found[0] if found else None
    return found if isinstance(found, str) else ""
