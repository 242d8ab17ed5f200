"""Buckets, got wrong and right again."""

from collections.abc import Callable
from typing import Any

from tests.unit.local_aws.wrongs.resources import bucket, put_policy, statement_of
from tests.unit.local_aws.wrongs.wrong import Make, Service, Wrong

_BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


def _bucket_with(action: str) -> Make:
    def make(of: Service, account: str) -> Wrong:
        name = bucket(of)
        put_policy(of, name, statement_of(name, Action=action))
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
    put_policy(of, name, statement_of(
        name, Effect="Deny", Action="s3:*", Resource=arns,
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    ))  # fmt: skip


def _log_access(of: Service, name: str) -> None:
    target = bucket(of)
    put_policy(of, target, statement_of(
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


WRONGS: dict[str, Make] = {
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
}  # fmt: skip
