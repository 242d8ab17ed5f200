"""How AWS Config writes each kind of resource: the same words for the specification and for life.

Facts: the resource schema of AWS Config's advanced queries. The story's items and those that are
read from the emulated accounts are written by these functions, so that they can be compared.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

Shape = dict[str, Any]


def relation(kind: str, resource_id: str, words: str) -> Shape:
    """A relationship as snapshot files write it."""
    return {"resourceType": kind, "resourceId": resource_id, "resourceName": None, "name": words}


def in_vpc(vpc_id: str) -> list[Shape]:
    """Of whatever a VPC contains."""
    return [relation("AWS::EC2::VPC", vpc_id, "Is contained in Vpc")]


def guarded_by(groups: Sequence[str]) -> list[Shape]:
    """Of whatever security groups are on."""
    return [
        relation("AWS::EC2::SecurityGroup", g, "Is associated with SecurityGroup") for g in groups
    ]


# -- network


def permission(
    protocol: str,
    ports: tuple[int, int] | None,
    *,
    ipv4: Sequence[str] = (),
    ipv6: Sequence[str] = (),
    groups: Sequence[Mapping[str, str]] = (),
    prefixes: Sequence[str] = (),
) -> Shape:
    """Rules of a group that have protocol and ports in common; `ports` None for all of them.

    `groups` are `{"groupId": ..., "userId": ...}`.
    """
    span = {"fromPort": ports[0], "toPort": ports[1]} if ports else {}
    return {
        "ipProtocol": protocol, **span, "ipRanges": list(ipv4),
        "ipv4Ranges": [{"cidrIp": cidr} for cidr in ipv4],
        "ipv6Ranges": [{"cidrIpv6": cidr} for cidr in ipv6],
        "prefixListIds": [{"prefixListId": prefix} for prefix in prefixes],
        "userIdGroupPairs": [dict(pair) for pair in groups],
    }  # fmt: skip


def group(
    group_id: str, name: str, vpc_id: str, owner: str,
    inbound: Sequence[Shape], outbound: Sequence[Shape], *, description: str,
) -> Shape:  # fmt: skip
    """A security group."""
    return {
        "groupId": group_id, "groupName": name, "vpcId": vpc_id, "ownerId": owner,
        "description": description, "ipPermissions": list(inbound),
        "ipPermissionsEgress": list(outbound),
    }  # fmt: skip


def vpc(vpc_id: str, cidr: str) -> Shape:
    """A VPC."""
    return {"vpcId": vpc_id, "cidrBlock": cidr, "state": "available"}


def balancer_attributes(attributes: Mapping[str, str]) -> Shape:
    """The supplement of a load balancer: its attributes by name."""
    rows = [{"key": key, "value": value} for key, value in sorted(attributes.items())]
    return {"LoadBalancerAttributes": rows}


# -- compute


def instance(
    instance_id: str, subnet: str, address: str, groups: Sequence[str], *,
    interface: str, public_ip: str | None, profile_arn: str | None, tokens: str,
    state: tuple[int, str] = (16, "running"),
) -> Shape:  # fmt: skip
    """An EC2 instance; `tokens` is the metadata option HttpTokens, `state` code and name."""
    on = [{"groupId": g} for g in groups]
    return {
        "instanceId": instance_id, "imageId": "ami-0de30000000000001",
        "instanceType": "m7g.large", "state": {"code": state[0], "name": state[1]},
        "subnetId": subnet, "privateIpAddress": address, "publicIpAddress": public_ip or None,
        "securityGroups": on,
        "iamInstanceProfile": {"arn": profile_arn} if profile_arn else None,
        "metadataOptions": {"httpTokens": tokens, "httpEndpoint": "enabled", "state": "applied"},
        "networkInterfaces": [{"networkInterfaceId": interface, "groups": on}],
    }  # fmt: skip


def instance_relations(subnet: str, groups: Sequence[str]) -> list[Shape]:
    """Where an instance is, and what guards it."""
    where = relation("AWS::EC2::Subnet", subnet, "Is contained in Subnet")
    return [*guarded_by(groups), where]


def function_policy(policy_statements: Sequence[Mapping[str, Any]]) -> Shape:
    """The supplement of a Lambda function: its own policy; nothing when it has none."""
    if not policy_statements:
        return {}
    document = {"Version": "2012-10-17", "Statement": list(policy_statements)}
    return {"Policy": json.dumps(document)}


# -- identities


def attached(arns: Sequence[str]) -> list[Shape]:
    """Managed policies of an identity."""
    return [{"policyName": arn.rsplit("/", 1)[-1], "policyArn": arn} for arn in arns]


def inline(policies: Mapping[str, str]) -> list[Shape]:
    """Inline policies of an identity: name -> JSON text."""
    return [{"policyName": name, "policyDocument": quote(text)} for name, text in policies.items()]


def user(
    name: str, user_id: str, arn: str, *, policies: Sequence[str],
    inline_policies: Mapping[str, str], groups: Sequence[str],
) -> Shape:  # fmt: skip
    """An IAM user."""
    return {
        "userName": name, "userId": user_id, "arn": arn, "path": "/",
        "userPolicyList": inline(inline_policies), "groupList": list(groups),
        "attachedManagedPolicies": attached(policies),
    }  # fmt: skip


def role(
    name: str, role_id: str, arn: str, trust: str, *, policies: Sequence[str],
    inline_policies: Mapping[str, str], profiles: Mapping[str, str],
) -> Shape:  # fmt: skip
    """An IAM role; `trust` is JSON text, `profiles` name -> ARN of instance profiles."""
    return {
        "roleName": name, "roleId": role_id, "arn": arn, "path": "/",
        "assumeRolePolicyDocument": quote(trust),
        "instanceProfileList": [
            {"instanceProfileName": profile, "arn": where} for profile, where in profiles.items()
        ],
        "rolePolicyList": inline(inline_policies), "attachedManagedPolicies": attached(policies),
    }  # fmt: skip


def policy(name: str, policy_id: str, arn: str, versions: Mapping[str, str], default: str) -> Shape:
    """A customer-managed policy; `versions` id -> JSON text."""
    return {
        "policyName": name, "policyId": policy_id, "arn": arn, "defaultVersionId": default,
        "policyVersionList": [
            {"versionId": version, "isDefaultVersion": version == default, "document": quote(text)}
            for version, text in versions.items()
        ],
    }  # fmt: skip


# -- data


def bucket_supplement(
    *, policy_text: str | None, block: Mapping[str, bool] | None, logs_to: str, versioning: str,
    algorithm: str | None,
) -> Shape:  # fmt: skip
    """What Config keeps beside a bucket's configuration.

    Args:
        policy_text: JSON; None without a policy.
        block: `blockPublicAcls` and its three sisters; None when nothing was set.
        logs_to: The bucket that takes its access logs; "" when none does.
        versioning: `Enabled`, `Suspended` or `Off`.
        algorithm: `AES256` or `aws:kms`; None without default encryption.
    """
    rules = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": algorithm}}]
    extra: Shape = {
        "BucketPolicy": {"policyText": policy_text},
        "BucketLoggingConfiguration": {"destinationBucketName": logs_to or None},
        "BucketVersioningConfiguration": {"status": versioning},
    }
    if block is not None:
        extra["PublicAccessBlockConfiguration"] = dict(block)
    if algorithm is not None:
        extra["ServerSideEncryptionConfiguration"] = {"rules": rules}
    return extra


def database(
    name: str, resource_id: str, *, engine: str, public: bool, key: str | None, encrypted: bool,
    multi_az: bool, backup_days: int, port: int, groups: Sequence[str], subnets: Sequence[str],
    protected: bool, upgrades: bool, monitoring_s: int,
) -> Shape:  # fmt: skip
    """An RDS instance; `upgrades` is automatic minor version upgrade, `monitoring_s` 0 for off."""
    return {
        "dBInstanceIdentifier": name, "dbiResourceId": resource_id, "engine": engine,
        "dBInstanceStatus": "available", "publiclyAccessible": public,
        "storageEncrypted": encrypted, "kmsKeyId": key or None, "multiAZ": multi_az,
        "backupRetentionPeriod": backup_days, "deletionProtection": protected,
        "autoMinorVersionUpgrade": upgrades, "monitoringInterval": monitoring_s,
        "endpoint": {"port": port},
        "vpcSecurityGroups": [{"vpcSecurityGroupId": g, "status": "active"} for g in groups],
        "dBSubnetGroup": {"subnets": [{"subnetIdentifier": s} for s in subnets]},
    }  # fmt: skip


def snapshot(name: str, database_name: str, *, engine: str, encrypted: bool) -> Shape:
    """An RDS snapshot made by hand."""
    return {
        "dBSnapshotIdentifier": name, "dBInstanceIdentifier": database_name, "engine": engine,
        "status": "available", "snapshotType": "manual", "encrypted": encrypted,
    }  # fmt: skip


def restorable_by(accounts: Sequence[str]) -> Shape:
    """The supplement of a snapshot: account ids, or `all`."""
    row = {"attributeName": "restore", "attributeValues": list(accounts)}
    return {"DBSnapshotAttributes": [row]}


def key(key_id: str, arn: str, *, state: str, deleted_at_ms: int | None) -> Shape:
    """A KMS key of the customer's; `state` is `Enabled`, `Disabled` or `PendingDeletion`."""
    return {
        "keyId": key_id, "arn": arn, "enabled": state == "Enabled", "keyState": state,
        "keyManager": "CUSTOMER", "deletionDate": deleted_at_ms,
    }  # fmt: skip


def queue(name: str, arn: str, *, managed_key: bool, key_id: str | None, text: str | None) -> Shape:
    """A queue; `managed_key` is SQS's own encryption, `text` its policy."""
    return {
        "name": name, "QueueArn": arn, "SqsManagedSseEnabled": managed_key,
        "KmsMasterKeyId": key_id, "Policy": text,
    }  # fmt: skip


def topic(name: str, arn: str, *, key_id: str | None) -> Shape:
    """A topic."""
    return {"name": name, "TopicArn": arn, "KmsMasterKeyId": key_id}


def table(name: str, arn: str, *, protected: bool) -> Shape:
    """A DynamoDB table."""
    return {
        "name": name, "tableName": name, "tableArn": arn, "tableStatus": "ACTIVE",
        "deletionProtectionEnabled": protected,
    }  # fmt: skip


def table_supplement(*, recoverable: bool) -> Shape:
    """The supplement of a table: point-in-time recovery."""
    status = "ENABLED" if recoverable else "DISABLED"
    description = {"pointInTimeRecoveryDescription": {"pointInTimeRecoveryStatus": status}}
    return {"ContinuousBackups": description}


def trail(
    name: str, arn: str, *, bucket: str, multi_region: bool, key_id: str | None, validates: bool,
    log_group: str | None, logging: bool,
) -> Shape:  # fmt: skip
    """A CloudTrail trail."""
    return {
        "name": name, "trailARN": arn, "s3BucketName": bucket, "isMultiRegionTrail": multi_region,
        "kmsKeyId": key_id, "logFileValidationEnabled": validates,
        "cloudWatchLogsLogGroupArn": log_group, "isLogging": logging,
    }  # fmt: skip
