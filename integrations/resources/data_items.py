"""What data items tell: buckets, databases, snapshots, queues, topics, keys, trails."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from integrations.resources.policies import admits_everybody, document_of
from integrations.resources.port import LinkKind
from integrations.resources.telling import Telling, rows, texts, value

_BLOCKS = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
_ALL_USERS = ("AllUsers", "AuthenticatedUsers")


def _bucket(told: Telling) -> None:
    extra = told.supplementary
    block = value(extra, "PublicAccessBlockConfiguration") or {}
    policy = document_of(_policy_text(value(extra, "BucketPolicy")))
    by_policy = admits_everybody(policy) and value(block, "restrictPublicBuckets") is not True
    acl = json.dumps(value(extra, "AccessControlList") or {})
    by_acl = any(u in acl for u in _ALL_USERS) and value(block, "ignorePublicAcls") is not True
    told.fact("public", by_policy or by_acl)
    told.fact("public_access_block", all(value(block, name) is True for name in _BLOCKS))
    told.fact(
        "versioned", value(value(extra, "BucketVersioningConfiguration"), "status") == "Enabled"
    )
    target = value(value(extra, "BucketLoggingConfiguration"), "destinationBucketName")
    told.fact("logging", target)
    told.to(LinkKind.LOGS_TO, told.other("AWS::S3::Bucket", target))
    told.fact("website", bool(value(extra, "BucketWebsiteConfiguration")))
    rules = list(rows(value(value(extra, "ServerSideEncryptionConfiguration"), "rules")))
    told.fact("encrypted", bool(rules))
    for rule in rules:
        told.key(value(value(rule, "applyServerSideEncryptionByDefault"), "kmsMasterKeyID"))


def _policy_text(found: Any) -> Any:
    if isinstance(found, Mapping) and "Statement" not in found:
        return value(found, "policyText", "text")
    return found


def _database(told: Telling) -> None:
    told.fact("publicly_accessible", told.get("publiclyAccessible"))
    told.fact("encrypted", told.get("storageEncrypted"))
    told.fact("multi_az", told.get("multiAZ"))
    told.fact("engine", told.get("engine"))
    told.fact("backup_days", told.get("backupRetentionPeriod"))
    told.fact("port", value(told.get("endpoint"), "port"))
    told.fact("resource_id", told.get("dbiResourceId", "dbClusterResourceId"))
    told.fact("vpc", value(told.get("dBSubnetGroup"), "vpcId"))
    told.key(told.get("kmsKeyId"))
    subnets = rows(value(told.get("dBSubnetGroup"), "subnets"))
    groups = rows(told.get("vpcSecurityGroups"))
    told.network(
        [value(subnet, "subnetIdentifier") for subnet in subnets],
        [value(group, "vpcSecurityGroupId") for group in groups],
    )


def _snapshot(told: Telling) -> None:
    attributes = told.supplementary.get("DBSnapshotAttributes") or told.supplementary.get(
        "DBClusterSnapshotAttributes"
    )
    restore = [
        name
        for row in rows(attributes)
        if value(row, "attributeName") == "restore"
        for name in texts(value(row, "attributeValues"))
    ]
    told.fact("public", "all" in restore)
    told.fact("encrypted", told.get("encrypted", "storageEncrypted"))
    told.key(told.get("kmsKeyId"))
    told.to(LinkKind.USES, told.other("AWS::RDS::DBInstance", told.get("dBInstanceIdentifier")))


def _ebs_snapshot(told: Telling) -> None:
    permissions = rows(told.get("createVolumePermissions"))
    told.fact("public", any(value(p, "group") == "all" for p in permissions))
    told.fact("encrypted", told.get("encrypted"))
    told.key(told.get("kmsKeyId"))
    told.to(LinkKind.USES, told.other("AWS::EC2::Volume", told.get("volumeId")))


def _encrypted(told: Telling) -> None:
    """A queue, topic, table, volume, secret or stream: its key, and its own policy."""
    key = told.get("kmsKeyId", "kmsMasterKeyId", "kmsMasterKey")
    described = told.get("sSEDescription", "sseDescription")
    told.key(key or value(described, "kMSMasterKeyArn", "kmsMasterKeyArn"))
    told.fact("encrypted", told.get("encrypted"))
    told.fact("public", admits_everybody(document_of(told.get("policy", "Policy"))))


def _key(told: Telling) -> None:
    told.fact("state", told.get("keyState"))
    told.fact("deletion_date", _date(told.get("deletionDate")))
    told.fact("rotation", value(told.supplementary, "KeyRotationStatus"))
    told.fact("manager", told.get("keyManager"))


def _date(found: Any) -> Any:
    return found if isinstance(found, str | int) else None


def _trail(told: Telling) -> None:
    told.fact("multi_region", told.get("isMultiRegionTrail"))
    told.fact("validated", told.get("logFileValidationEnabled"))
    told.to(LinkKind.LOGS_TO, told.other("AWS::S3::Bucket", told.get("s3BucketName")))
    told.key(told.get("kmsKeyId"))


def _cluster(told: Telling) -> None:
    told.fact("publicly_accessible", told.get("publiclyAccessible"))
    told.fact("encrypted", told.get("encrypted"))
    told.key(told.get("kmsKeyId"))
    groups = rows(told.get("vpcSecurityGroups"))
    told.network(None, [value(group, "vpcSecurityGroupId") for group in groups])
    for role in rows(told.get("iamRoles")):
        arn = value(role, "iamRoleArn")
        told.to(LinkKind.RUNS_AS, arn if isinstance(arn, str) else "")


TELLERS: dict[str, Callable[[Telling], None]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBCluster": _database,
    "AWS::RDS::DBSnapshot": _snapshot,
    "AWS::RDS::DBClusterSnapshot": _snapshot,
    "AWS::EC2::Snapshot": _ebs_snapshot,
    "AWS::EC2::Volume": _encrypted,
    "AWS::SQS::Queue": _encrypted,
    "AWS::SNS::Topic": _encrypted,
    "AWS::DynamoDB::Table": _encrypted,
    "AWS::SecretsManager::Secret": _encrypted,
    "AWS::Kinesis::Stream": _encrypted,
    "AWS::KMS::Key": _key,
    "AWS::CloudTrail::Trail": _trail,
    "AWS::Redshift::Cluster": _cluster,
}
