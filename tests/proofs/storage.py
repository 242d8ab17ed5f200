"""Buckets, tables and databases."""

import json
from typing import Any

from tests.proofs.case import REGION, Case, Owner, Subject


def bucket(owner: Owner, name: str = "reports", policy: Any = None) -> Subject:
    """A bucket with a policy, beside the account's log bucket."""
    s3 = owner.client("s3")
    made, logs = f"{name}-{owner.account}", f"logs-{owner.account}"
    for each in (made, logs):
        s3.create_bucket(Bucket=each)
    deliver = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
               "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{logs}/*"}  # fmt: skip
    s3.put_bucket_policy(
        Bucket=logs, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deliver]})
    )
    if policy is not None:
        s3.put_bucket_policy(Bucket=made, Policy=json.dumps(policy(made)))
    return Subject(id=f"arn:aws:s3:::{made}", short_id=made, settings={"log_bucket": logs})


def _public_policy(name: str) -> Any:
    read = {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{name}/*"}  # fmt: skip
    return {"Version": "2012-10-17", "Statement": [read]}


def _public_bucket(owner: Owner) -> Subject:
    return bucket(owner, policy=_public_policy)


def _half_blocked_bucket(owner: Owner) -> Subject:
    made = bucket(owner)
    owner.client("s3").put_public_access_block(
        Bucket=made.short_id,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": False,
        },
    )
    return made


def _account(owner: Owner) -> Subject:
    return Subject(id=f"AWS::::Account:{owner.account}", short_id=owner.account)


def _half_blocked_account(owner: Owner) -> Subject:
    owner.client("s3control").put_public_access_block(
        AccountId=owner.account,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": False,
            "RestrictPublicBuckets": False,
        },
    )
    return _account(owner)


def _table(owner: Owner) -> Subject:
    owner.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return Subject(id=owner.arn("dynamodb", "table/orders"), short_id="orders")


def database(owner: Owner, **instead: Any) -> Subject:
    """A database instance that does nothing right, beside one that is as wrong."""
    wrong: dict[str, Any] = {
        "Engine": "postgres", "DBInstanceClass": "db.m6g.large", "AllocatedStorage": 20,
        "MasterUsername": "owner", "MasterUserPassword": "not-a-secret", "MultiAZ": False,
        "PubliclyAccessible": True, "DeletionProtection": False, "BackupRetentionPeriod": 0,
        "AutoMinorVersionUpgrade": False, "CopyTagsToSnapshot": False, **instead,
    }  # fmt: skip
    ec2, rds = owner.client("ec2"), owner.client("rds")
    vpc = ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.4.{n}.0/24", AvailabilityZone=REGION + zone)
        for n, zone in enumerate("ab")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName="inside", DBSubnetGroupDescription="inside",
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
    )  # fmt: skip
    group = ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
    wrong |= {"DBSubnetGroupName": "inside", "VpcSecurityGroupIds": [group]}
    for name in ("orders", "bystander"):
        rds.create_db_instance(DBInstanceIdentifier=name, **wrong)
    return Subject(
        id=owner.arn("rds", "db:orders"),
        short_id="db-ORDERS",
        settings={"monitoring_role_arn": owner.role("monitoring", "monitoring.rds")},
    )


def _backed_up_for_a_day(owner: Owner) -> Subject:
    return database(owner, BackupRetentionPeriod=1)


def _cluster(owner: Owner) -> Subject:
    owner.client("rds").create_db_cluster(
        DBClusterIdentifier="ledger", Engine="aurora-postgresql", MasterUsername="owner",
        MasterUserPassword="not-a-secret", DeletionProtection=False, CopyTagsToSnapshot=False,
    )  # fmt: skip
    return Subject(id=owner.arn("rds", "cluster:ledger"), short_id="cluster-LEDGER")


def snapshot(owner: Owner) -> Subject:
    """An unencrypted snapshot of a database."""
    made = database(owner)
    owner.client("rds").create_db_snapshot(
        DBSnapshotIdentifier="orders-2026-11", DBInstanceIdentifier="orders",
        Tags=[{"Key": "owner", "Value": "shop"}],
    )  # fmt: skip
    return Subject(
        id=owner.arn("rds", "snapshot:orders-2026-11"),
        short_id="orders-2026-11",
        settings={**made.settings, "kms_key_arn": owner.key()},
    )


def _public_snapshot(owner: Owner) -> Subject:
    made = snapshot(owner)
    owner.client("rds").modify_db_snapshot_attribute(
        DBSnapshotIdentifier=made.short_id, AttributeName="restore",
        ValuesToAdd=["all", "222233334444"],
    )  # fmt: skip
    return made


def _public_cluster_snapshot(owner: Owner) -> Subject:
    _cluster(owner)
    rds = owner.client("rds")
    rds.create_db_cluster_snapshot(
        DBClusterSnapshotIdentifier="ledger-1", DBClusterIdentifier="ledger"
    )
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="ledger-1", AttributeName="restore", ValuesToAdd=["all"]
    )
    return Subject(id=owner.arn("rds", "cluster-snapshot:ledger-1"), short_id="ledger-1")


def _warehouse(owner: Owner) -> Subject:
    owner.client("redshift").create_cluster(
        ClusterIdentifier="figures", NodeType="ra3.large", MasterUsername="owner",
        MasterUserPassword="not-a-secret", PubliclyAccessible=True, AllowVersionUpgrade=False,
        AutomatedSnapshotRetentionPeriod=1,
    )  # fmt: skip
    return Subject(id=owner.arn("redshift", "cluster:figures"), short_id="figures")


_PARAMETER = ("/apply_immediately",)
"""moto keeps this parameter of the last call."""
_DB, _CLUSTER, _WAREHOUSE = "/databases/orders/", "/clusters/ledger/", "/clusters/figures/"
CASES = (
    Case(control="S3.8", story="a bucket whose policy lets everybody read", make=_public_bucket,
         touches=("/{short_id}/public_access_block",)),
    Case(control="S3.2", story="a bucket with two of four settings", make=_half_blocked_bucket,
         touches=("/{short_id}/public_access_block",)),
    Case(control="S3.1", story="an account in which nothing was ever set", make=_account,
         touches=("/public_access_block",)),
    Case(control="S3.1", story="an account with two of four settings", make=_half_blocked_account,
         touches=("/public_access_block",)),
    Case(control="S3.5", story="a bucket without a policy", make=bucket,
         touches=("/{short_id}/policy",)),
    Case(control="S3.5", story="a bucket with a policy of its own", make=_public_bucket,
         touches=("/{short_id}/policy",)),
    Case(control="S3.9", story="a bucket without access logs", make=bucket,
         touches=("/{short_id}/logging",)),
    Case(control="S3.14", story="a bucket that was never versioned", make=bucket,
         touches=("/{short_id}/versioning_status",)),
    Case(control="DynamoDB.2", story="a table without backups", make=_table,
         touches=("/tables/orders/continuous_backups",)),
    Case(control="DynamoDB.6", story="a table that may be deleted", make=_table,
         touches=("/tables/orders/deletion_protection_enabled",)),
    Case(control="RDS.1", story="a snapshot for everybody and one account",
         make=_public_snapshot, touches=("/{short_id}/attributes/restore",),
         unordered=("/restore/",),
         remains=("account 222233334444",)),
    Case(control="RDS.1", story="a cluster's snapshot for everybody",
         make=_public_cluster_snapshot, touches=("/{short_id}/attributes/restore",),
         unordered=("/restore/",)),
    Case(control="RDS.2", story="a database with a public address", make=database,
         touches=(_DB,), unlike=_PARAMETER),
    Case(control="RDS.4", story="an unencrypted snapshot", make=snapshot,
         touches=("/orders-2026-11",)),
    Case(control="RDS.5", story="a database in one zone", make=database,
         touches=(_DB,), unlike=_PARAMETER),
    Case(control="RDS.6", story="a database without enhanced monitoring", make=database,
         # The role has no effect without an interval.
         touches=(_DB,), unlike=(*_PARAMETER, "/monitoring_role_arn")),
    Case(control="RDS.7", story="a cluster that may be deleted", make=_cluster,
         touches=(_CLUSTER,), unlike=_PARAMETER),
    Case(control="RDS.8", story="a database that may be deleted", make=database,
         touches=(_DB,), unlike=_PARAMETER),
    Case(control="RDS.11", story="a database without backups", make=database,
         touches=(_DB,), unlike=_PARAMETER),
    Case(control="RDS.11", story="a database that is backed up for a day",
         make=_backed_up_for_a_day, touches=(_DB,), unlike=_PARAMETER),
    Case(control="RDS.13", story="a database that stays on its version", make=database,
         touches=(_DB,), unlike=_PARAMETER),
    Case(control="RDS.16", story="a cluster whose snapshots have no tags", make=_cluster,
         touches=(_CLUSTER,), unlike=_PARAMETER),
    Case(control="RDS.17", story="a database whose snapshots have no tags", make=database,
         touches=(_DB,), unlike=_PARAMETER),
    Case(control="Redshift.1", story="a cluster with a public address", make=_warehouse,
         touches=(_WAREHOUSE,)),
    Case(control="Redshift.3", story="a cluster that keeps snapshots for a day",
         make=_warehouse, touches=(_WAREHOUSE,)),
    Case(control="Redshift.6", story="a cluster that stays on its version", make=_warehouse,
         touches=(_WAREHOUSE,)),
)  # fmt: skip
