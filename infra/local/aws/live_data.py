"""Buckets, databases, keys, queues, topics, tables, trails and identities as they are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra.local import shapes
from infra.local.aws.holdings import Holdings
from infra.local.aws.live import Live, Reader, arn_in, pairs


def _buckets(holdings: Holdings) -> Iterator[Live]:
    for bucket in holdings.s3.buckets.values():
        block = bucket.public_access_block
        yield Live(
            kind="AWS::S3::Bucket",
            id=bucket.name,
            arn=f"arn:aws:s3:::{bucket.name}",
            name=bucket.name,
            tags=holdings.s3.tagger.get_tag_dict_for_resource(f"arn:aws:s3:::{bucket.name}"),
            configuration={"name": bucket.name},
            supplementary=shapes.bucket_supplement(
                policy_text=bucket.policy.decode() if bucket.policy else None,
                block=block.to_config_dict() if block else None,
                logs_to=(bucket.logging or {}).get("TargetBucket", ""),
                versioning=bucket.versioning_status or "Off",
                algorithm=_algorithm(bucket.encryption),
            ),
        )


def _algorithm(encryption: Any) -> str | None:
    rules = (encryption or {}).get("Rule")
    rule = rules[0] if isinstance(rules, list) else rules
    found = (rule or {}).get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
    return str(found) if found else None


def _databases(holdings: Holdings) -> Iterator[Live]:
    rds = holdings.of("rds")
    for name, row in rds.databases.items():
        # moto gives the attribute to a database only when it was made with a group.
        group = getattr(row, "db_subnet_group", None)
        yield Live(
            kind="AWS::RDS::DBInstance",
            id=row.dbi_resource_id,
            arn=arn_in(holdings, "rds", f"db:{name}"),
            name=row.db_instance_identifier,
            tags=pairs(row.tags),
            configuration=shapes.database(
                row.db_instance_identifier,
                row.dbi_resource_id,
                engine=row.engine,
                public=_flag(row.publicly_accessible),
                key=row.kms_key_id,
                encrypted=_flag(row.storage_encrypted),
                multi_az=_flag(row.multi_az),
                backup_days=int(row.backup_retention_period),
                port=int(row.port),
                groups=row.vpc_security_group_ids,
                subnets=[s["SubnetIdentifier"] for s in group.subnets] if group else [],
                protected=_flag(row.deletion_protection),
                upgrades=_flag(row.auto_minor_version_upgrade),
                monitoring_s=int(row.monitoring_interval or 0),
            ),
        )
    for name, row in rds.database_snapshots.items():
        yield Live(
            kind="AWS::RDS::DBSnapshot",
            id=name,
            arn=arn_in(holdings, "rds", f"snapshot:{name}"),
            name=name,
            tags=pairs(row.tags),
            configuration=shapes.snapshot(
                name, row.db_instance_identifier, engine=row.engine, encrypted=bool(row.encrypted)
            ),
            supplementary=shapes.restorable_by(row.attributes["restore"]),
        )


def _flag(found: Any) -> bool:
    """Some flags stay in moto as they were sent: `true`."""
    return str(found).lower() == "true"


def _keys(holdings: Holdings) -> Iterator[Live]:
    kms = holdings.of("kms")
    for key in kms.keys.values():
        if key.key_manager != "CUSTOMER":
            continue
        gone = key.deletion_date
        if gone is not None and gone.tzinfo is None:
            gone = gone.replace(tzinfo=UTC)
        yield Live(
            kind="AWS::KMS::Key",
            id=key.id,
            arn=key.arn,
            tags=kms.tagger.get_tag_dict_for_resource(key.id),
            configuration=shapes.key(
                key.id,
                key.arn,
                state=key.key_state,
                deleted_at_ms=_milliseconds(gone) if gone else None,
            ),
            supplementary={"KeyRotationStatus": bool(key.key_rotation_status)},
        )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _queues(holdings: Holdings) -> Iterator[Live]:
    for queue in holdings.of("sqs").queues.values():
        yield Live(
            kind="AWS::SQS::Queue",
            id=queue.name,
            arn=queue.queue_arn,
            name=queue.name,
            tags=pairs(queue.tags),
            configuration=shapes.queue(
                queue.name,
                queue.queue_arn,
                managed_key=_flag(queue.sqs_managed_sse_enabled),
                key_id=queue.kms_master_key_id or None,
                text=queue.policy or None,
            ),
        )


def _topics(holdings: Holdings) -> Iterator[Live]:
    for topic in holdings.of("sns").topics.values():
        yield Live(
            kind="AWS::SNS::Topic",
            id=topic.arn,
            arn=topic.arn,
            name=topic.name,
            tags=pairs(topic._tags),  # noqa: SLF001 - moto's own
            configuration=shapes.topic(
                topic.name, topic.arn, key_id=topic.kms_master_key_id or None
            ),
        )


def _tables(holdings: Holdings) -> Iterator[Live]:
    for table in holdings.of("dynamodb").tables.values():
        recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
        yield Live(
            kind="AWS::DynamoDB::Table",
            id=table.name,
            arn=table.table_arn,
            name=table.name,
            tags=pairs(table.tags),
            configuration=shapes.table(
                table.name, table.table_arn, protected=_flag(table.deletion_protection_enabled)
            ),
            supplementary=shapes.table_supplement(
                recoverable=recovery["PointInTimeRecoveryStatus"] == "ENABLED"
            ),
        )


def _trails(holdings: Holdings) -> Iterator[Live]:
    cloudtrail = holdings.of("cloudtrail")
    for trail in cloudtrail.trails.values():
        yield Live(
            kind="AWS::CloudTrail::Trail",
            id=trail.arn,
            arn=trail.arn,
            name=trail.trail_name,
            tags=cloudtrail.tagging_service.get_tag_dict_for_resource(trail.arn),
            configuration=shapes.trail(
                trail.trail_name,
                trail.arn,
                bucket=trail.bucket_name,
                multi_region=bool(trail.is_multi_region),
                key_id=trail.kms_key_id or None,
                validates=bool(trail.log_validation),
                log_group=trail.cw_log_group_arn or None,
                logging=trail.status.is_logging,
            ),
        )


def _roles(holdings: Holdings) -> Iterator[Live]:
    iam = holdings.iam
    profiles: dict[str, dict[str, str]] = {}
    for profile in iam.instance_profiles.values():
        for role in profile.roles:
            profiles.setdefault(role.id, {})[profile.name] = profile.arn
    for role in iam.roles.values():
        yield Live(
            kind="AWS::IAM::Role",
            id=role.id,
            arn=role.arn,
            name=role.name,
            tags=pairs(role.tags),
            configuration=shapes.role(
                role.name,
                role.id,
                role.arn,
                role.assume_role_policy_document,
                policies=list(role.managed_policies),
                inline_policies=role.policies,
                profiles=profiles.get(role.id, {}),
            ),
        )


def _users(holdings: Holdings) -> Iterator[Live]:
    iam = holdings.iam
    for user in iam.users.values():
        yield Live(
            kind="AWS::IAM::User",
            id=user.id,
            arn=user.arn,
            name=user.name,
            tags=iam.tagger.get_tag_dict_for_resource(user.arn),
            configuration=shapes.user(
                user.name,
                user.id,
                user.arn,
                policies=list(user.managed_policies),
                inline_policies=user.policies,
                groups=[group.name for group in iam.get_groups_for_user(user.name)],
            ),
        )


def _policies(holdings: Holdings) -> Iterator[Live]:
    for arn, policy in holdings.iam.managed_policies.items():
        if arn.startswith("arn:aws:iam::aws:"):
            continue
        yield Live(
            kind="AWS::IAM::Policy",
            id=policy.id,
            arn=arn,
            name=policy.name,
            configuration=shapes.policy(
                policy.name,
                policy.id,
                arn,
                {version.version_id: version.document for version in policy.versions},
                policy.default_version_id,
            ),
        )


READERS: tuple[Reader, ...] = (
    _buckets,
    _databases,
    _keys,
    _queues,
    _topics,
    _tables,
    _trails,
    _roles,
    _users,
    _policies,
)
