"""The IAM actions that a call needs, where they are not plain `service:Operation`.

From the Service Authorization Reference ("Actions, resources, and condition keys") of each service,
and from "Granting a user permissions to pass a role to an AWS service".
"""

from collections.abc import Mapping
from typing import Any

_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "amp": "aps",
    "apigatewayv2": "apigateway",
    "bedrock-agent": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "bedrock-runtime": "bedrock",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "mwaa": "airflow",
    "neptune": "rds",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "pinpoint": "mobiletargeting",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
}
"""boto3's name of a client -> the prefix of its actions."""

_S3 = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_OTHERS = {
    "accessanalyzer": {"GetFindingV2": "GetFinding", "ListFindingsV2": "ListFindings"},
    "dynamodb": {
        "BatchExecuteStatement": "PartiQLSelect",
        "ExecuteStatement": "PartiQLSelect",
        "TransactGetItems": "GetItem",
        "TransactWriteItems": "UpdateItem",
    },
    "kms": {"ReEncrypt": "ReEncryptFrom"},
    "lambda": {"Invoke": "InvokeFunction", "InvokeWithResponseStream": "InvokeFunction"},
    "s3": _S3,
    "s3control": {
        "DeletePublicAccessBlock": "PutAccountPublicAccessBlock",
        "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
        "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    },
    "sns": {"PublishBatch": "Publish"},
    "sqs": {
        "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
        "DeleteMessageBatch": "DeleteMessage",
        "SendMessageBatch": "SendMessage",
    },
}
"""Operations whose action has another name."""

_API_GATEWAY = {
    "Create": "POST",
    "Delete": "DELETE",
    "Flush": "DELETE",
    "Generate": "POST",
    "Get": "GET",
    "Import": "POST",
    "Put": "PUT",
    "Tag": "PUT",
    "Untag": "DELETE",
    "Update": "PATCH",
}
"""API Gateway's actions are the HTTP methods; those of the first version's operations."""

_PASSED = {
    ("cloudtrail", "CreateTrail"): "CloudWatchLogsRoleArn",
    ("cloudtrail", "UpdateTrail"): "CloudWatchLogsRoleArn",
    ("config", "PutConfigurationRecorder"): "ConfigurationRecorder.roleARN",
    ("ec2", "AssociateIamInstanceProfile"): "IamInstanceProfile",
    ("ec2", "CreateFlowLogs"): "DeliverLogsPermissionArn",
    ("ec2", "ReplaceIamInstanceProfileAssociation"): "IamInstanceProfile",
    ("ec2", "RunInstances"): "IamInstanceProfile",
    ("lambda", "CreateFunction"): "Role",
    ("lambda", "UpdateFunctionConfiguration"): "Role",
    ("logs", "PutSubscriptionFilter"): "roleArn",
    ("rds", "CreateDBInstance"): "MonitoringRoleArn",
    ("rds", "ModifyDBInstance"): "MonitoringRoleArn",
    ("s3", "PutBucketReplication"): "ReplicationConfiguration.Role",
}
"""Calls that hand a role to a service, and the parameter that names it."""


def iam_action(service: str, operation: str) -> str:
    """`ec2:RevokeSecurityGroupIngress`; `service` as boto3 names the client."""
    prefix = _PREFIXES.get(service, service)
    if prefix == "apigateway":
        return f"apigateway:{_method(operation)}"
    return f"{prefix}:{_OTHERS.get(service, {}).get(operation, operation)}"


def _method(operation: str) -> str:
    for verb, method in _API_GATEWAY.items():
        if operation.startswith(verb):
            return method
    return "POST"


def actions_needed(service: str, operation: str, parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Every IAM action of one call: its own, and `iam:PassRole` when it hands a role on."""
    own = iam_action(service, operation)
    passed: Any = parameters
    for name in _PASSED.get((service, operation), "-").split("."):
        passed = passed.get(name) if isinstance(passed, Mapping) else None
    return (own, "iam:PassRole") if passed else (own,)
