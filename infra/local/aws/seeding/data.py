"""What holds data: buckets, databases, snapshots, queues, tables, keys; and web ACLs."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from moto.kms import models as kms_models
from moto.wafv2 import models as waf_models

from infra.local.account import Item
from infra.local.aws.holdings import Holdings, drawing
from infra.local.aws.seeding.network import tags_of


def _key(holdings: Holdings, item: Item) -> None:
    said, extra = item["configuration"], item["supplementaryConfiguration"]
    with drawing(kms_models, generate_key_id=said["keyId"]):
        key = holdings.of("kms").create_key(
            None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", _kms_tags(item)
        )
    # The same story gives the same account: material that follows from the id, and keeps nothing.
    key.key_material = sha256(item["ARN"].encode()).digest()
    key.key_rotation_status = extra["KeyRotationStatus"]
    key.enabled, key.key_state = said["enabled"], said["keyState"]
    if said["deletionDate"]:
        gone = datetime.fromtimestamp(said["deletionDate"] / 1000, tz=UTC)
        key.deletion_date = gone.replace(tzinfo=None)  # as moto keeps times


def _kms_tags(item: Item) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in item["tags"].items()]


def _bucket(holdings: Holdings, item: Item) -> None:
    extra = item["supplementaryConfiguration"]
    bucket = holdings.s3.create_bucket(item["resourceName"], holdings.region)
    text = extra["BucketPolicy"]["policyText"]
    if text:
        bucket.policy = text.encode()
    block = extra["PublicAccessBlockConfiguration"]
    from_config = {name[:1].upper() + name[1:]: value for name, value in block.items()}
    holdings.s3.put_public_access_block(item["resourceName"], _texts(from_config))
    target = extra["BucketLoggingConfiguration"]["destinationBucketName"]
    if target:
        bucket.logging = {"TargetBucket": target, "TargetPrefix": "", "TargetGrants": []}
    if extra["BucketVersioningConfiguration"]["status"] == "Enabled":
        bucket.versioning_status = "Enabled"
    rules = extra["ServerSideEncryptionConfiguration"]["rules"]
    algorithm = rules[0]["applyServerSideEncryptionByDefault"]["sseAlgorithm"]
    bucket.encryption = {
        "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    }
    if item["tags"]:
        holdings.s3.put_bucket_tagging(item["resourceName"], dict(item["tags"]))


def _texts(flags: dict[str, bool]) -> dict[str, str]:
    return {name: str(flag).lower() for name, flag in flags.items()}


def _database(holdings: Holdings, item: Item) -> None:
    said, rds = item["configuration"], holdings.of("rds")
    name = said["dBInstanceIdentifier"]
    group = f"{name}-subnets"
    subnets = [
        holdings.ec2.get_subnet(row["subnetIdentifier"]) for row in said["dBSubnetGroup"]["subnets"]
    ]
    rds.create_subnet_group(group, group, subnets, [])
    wanted: dict[str, Any] = {
        "db_instance_identifier": name,
        "db_instance_class": "db.m7g.large",
        "engine": said["engine"],
        "engine_version": "17.4",
        "backup_retention_period": said["backupRetentionPeriod"],
        "db_subnet_group_name": group,
        "master_username": "owner",
        "multi_az": said["multiAZ"],
        "port": said["endpoint"]["port"],
        "publicly_accessible": said["publiclyAccessible"],
        "storage_encrypted": said["storageEncrypted"],
        "deletion_protection": said["deletionProtection"],
        "auto_minor_version_upgrade": said["autoMinorVersionUpgrade"],
        "vpc_security_group_ids": [row["vpcSecurityGroupId"] for row in said["vpcSecurityGroups"]],
        "tags": tags_of(item),
    }
    if said["kmsKeyId"]:
        wanted["kms_key_id"] = said["kmsKeyId"]
    database = rds.create_db_instance(wanted)
    database.dbi_resource_id = said["dbiResourceId"]
    for made in [s for s in rds.database_snapshots if s.startswith(f"rds:{name}-")]:
        del rds.database_snapshots[made]  # moto's automated one: the items know none


def _snapshot(holdings: Holdings, item: Item) -> None:
    said, rds = item["configuration"], holdings.of("rds")
    name = said["dBSnapshotIdentifier"]
    made = rds.create_db_snapshot(
        said["dBInstanceIdentifier"], name, said["snapshotType"], tags_of(item)
    )
    made.encrypted = said["encrypted"]
    for row in item["supplementaryConfiguration"]["DBSnapshotAttributes"]:
        if row["attributeValues"]:
            rds.modify_db_snapshot_attribute(
                name, row["attributeName"], values_to_add=row["attributeValues"]
            )


def _queue(holdings: Holdings, item: Item) -> None:
    managed = str(item["configuration"]["SqsManagedSseEnabled"]).lower()
    holdings.of("sqs").create_queue(
        item["resourceName"], dict(item["tags"]), SqsManagedSseEnabled=managed
    )


def _table(holdings: Holdings, item: Item) -> None:
    holdings.of("dynamodb").create_table(
        item["resourceName"],
        schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        throughput=None,
        attr=[{"AttributeName": "id", "AttributeType": "S"}],
        global_indexes=None,
        indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=tags_of(item),
        deletion_protection_enabled=item["configuration"]["deletionProtectionEnabled"],
        warm_throughput=None,
    )


def _web_acl(holdings: Holdings, item: Item) -> None:
    waf = holdings.of("wafv2")
    with drawing(waf_models, make_arn_for_wacl=item["ARN"]):
        made = waf.create_web_acl(
            item["resourceName"],
            {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True,
             "MetricName": item["resourceName"]},
            {"Allow": {}},
            "REGIONAL",
            "",
            tags_of(item),
            [],
            None, None, None, None, None,
        )  # fmt: skip
    made.id = item["ARN"].rpartition("/")[2]


CREATORS = {
    "AWS::KMS::Key": _key,
    "AWS::S3::Bucket": _bucket,
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBSnapshot": _snapshot,
    "AWS::SQS::Queue": _queue,
    "AWS::DynamoDB::Table": _table,
    "AWS::WAFv2::WebACL": _web_acl,
}
