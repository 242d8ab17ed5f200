"""Databases, their snapshots and tables, got wrong and right again."""

from collections.abc import Callable
from typing import Any

from tests.unit.local_aws.wrongs.resources import key, make_role, vpc
from tests.unit.local_aws.wrongs.wrong import Make, Service, Wrong, arn_of, draw


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
            arn_of(account, "rds", f"db:{name}"),
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
        arn_of(account, "rds", f"snapshot:{name}"),
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

    return Wrong(arn_of(account, "rds", f"snapshot:{name}"), right)


def _rds_cluster(right: dict[str, Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        name = draw("cluster")
        of("rds").create_db_cluster(
            DBClusterIdentifier=name, Engine="aurora-postgresql", MasterUsername="owner",
            MasterUserPassword="fake-password", DeletionProtection=False,
            CopyTagsToSnapshot=False,
        )  # fmt: skip
        return Wrong(
            arn_of(account, "rds", f"cluster:{name}"),
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
            arn_of(account, "redshift", f"cluster:{name}"),
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


WRONGS: dict[str, Make] = {
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
}  # fmt: skip
