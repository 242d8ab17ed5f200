"""Controls of RDS, Redshift, DynamoDB and DMS, read from the account as it is.

Facts: the Security Hub controls reference for these services.
"""

from collections.abc import Callable, Iterator
from typing import Any

from infra.local.aws.controls.verdicts import Check, Control, Looked, Verdict

_BACKUP_DAYS = 7


def _snapshots(looked: Looked) -> Iterator[tuple[str, str, Any]]:
    rds = looked.holdings.of("rds")
    for name, row in rds.database_snapshots.items():
        yield looked.arn("rds", f"snapshot:{name}"), "AwsRdsDbSnapshot", row
    for name, row in rds.cluster_snapshots.items():
        yield looked.arn("rds", f"cluster-snapshot:{name}"), "AwsRdsDbClusterSnapshot", row


def _of_snapshots(passes: Callable[[Any], bool]) -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for arn, kind, snapshot in _snapshots(looked):
            yield Verdict(arn, kind, passes(snapshot))

    return check


def _of_instances(passes: Callable[[Any], bool]) -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for name, instance in looked.holdings.of("rds").databases.items():
            arn = looked.arn("rds", f"db:{name}")
            yield Verdict(arn, "AwsRdsDbInstance", passes(instance))

    return check


def _of_rds_clusters(passes: Callable[[Any], bool]) -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for name, cluster in looked.holdings.of("rds").clusters.items():
            yield Verdict(looked.arn("rds", f"cluster:{name}"), "AwsRdsDbCluster", passes(cluster))

    return check


def _of_clusters(passes: Callable[[Any], bool]) -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for name, cluster in looked.holdings.of("redshift").clusters.items():
            arn = looked.arn("redshift", f"cluster:{name}")
            yield Verdict(arn, "AwsRedshiftCluster", passes(cluster))

    return check


def _of_tables(passes: Callable[[Any], bool]) -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for table in looked.holdings.of("dynamodb").tables.values():
            yield Verdict(table.table_arn, "AwsDynamoDbTable", passes(table))

    return check


def _replication_is_private(looked: Looked) -> Iterator[Verdict]:
    for instance in looked.holdings.of("dms").replication_instances.values():
        arn, private = instance.arn, not instance.publicly_accessible
        yield Verdict(arn, "AwsDmsReplicationInstance", private)


def _recoverable(table: Any) -> bool:
    description = table.continuous_backups["PointInTimeRecoveryDescription"]
    return bool(description["PointInTimeRecoveryStatus"] == "ENABLED")


def _true(found: Any) -> bool:
    """Moto keeps some flags as they were sent: `true`."""
    return str(found).lower() == "true"


CONTROLS = (
    Control("RDS.1", "rds-snapshots-public-prohibited",
            _of_snapshots(lambda row: "all" not in row.attributes["restore"])),
    Control("RDS.2", "rds-instance-public-access-check",
            _of_instances(lambda row: not _true(row.publicly_accessible))),
    Control("RDS.4", "rds-snapshot-encrypted", _of_snapshots(lambda row: bool(row.encrypted))),
    Control("RDS.5", "rds-multi-az-support", _of_instances(lambda row: _true(row.multi_az))),
    Control("RDS.6", "rds-enhanced-monitoring-enabled",
            _of_instances(lambda row: int(row.monitoring_interval or 0) > 0)),
    Control("RDS.7", "rds-cluster-deletion-protection-enabled",
            _of_rds_clusters(lambda row: _true(row.deletion_protection))),
    Control("RDS.8", "rds-instance-deletion-protection-enabled",
            _of_instances(lambda row: _true(row.deletion_protection))),
    Control("RDS.11", "db-instance-backup-enabled",
            _of_instances(lambda row: int(row.backup_retention_period or 0) >= _BACKUP_DAYS)),
    Control("RDS.13", "rds-automatic-minor-version-upgrade-enabled",
            _of_instances(lambda row: _true(row.auto_minor_version_upgrade))),
    Control("RDS.16", "rds-cluster-copy-tags-to-snapshots-enabled",
            _of_rds_clusters(lambda row: _true(row.copy_tags_to_snapshot))),
    Control("RDS.17", "rds-instance-copy-tags-to-snapshots-enabled",
            _of_instances(lambda row: _true(row.copy_tags_to_snapshot))),
    Control("Redshift.1", "redshift-cluster-public-access-check",
            _of_clusters(lambda row: not _true(row.publicly_accessible))),
    Control("Redshift.3", "redshift-backup-enabled",
            _of_clusters(lambda row: int(row.automated_snapshot_retention_period) >= _BACKUP_DAYS)),
    Control("Redshift.6", "redshift-cluster-maintenancesettings-check",
            _of_clusters(lambda row: _true(row.allow_version_upgrade))),
    Control("DynamoDB.2", "dynamodb-pitr-enabled", _of_tables(_recoverable)),
    Control("DynamoDB.6", "dynamodb-table-deletion-protection-enabled",
            _of_tables(lambda row: _true(row.deletion_protection_enabled))),
    Control("DMS.1", "dms-replication-not-public", _replication_is_private),
)  # fmt: skip
