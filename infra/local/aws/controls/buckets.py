"""Controls of S3, read from the account as it is.

Facts: the Security Hub controls reference for S3; "The meaning of public" (S3 user guide).
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.s3control.models import s3control_backends

from infra.local.aws.controls.verdicts import Control, Looked, Verdict

_EVERYBODY = ("http://acs.amazonaws.com/groups/global/AllUsers",
              "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")  # fmt: skip
_READS = ("s3:GetObject", "s3:ListBucket", "s3:GetObjectVersion", "s3:GetBucketAcl")
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:PutBucketAcl",
           "s3:PutBucketPolicy", "s3:DeleteBucket")  # fmt: skip
_NARROWING = frozenset({
    "aws:sourceip", "aws:sourcearn", "aws:sourceaccount", "aws:sourcevpc", "aws:sourcevpce",
    "aws:principalorgid", "aws:principalarn", "aws:principalaccount", "aws:userid",
    "s3:dataaccesspointarn",
})  # fmt: skip


def _buckets(looked: Looked) -> Iterator[Any]:
    yield from looked.holdings.s3.buckets.values()


def _bucket(bucket: Any, *, passed: bool) -> Verdict:
    return Verdict(f"arn:aws:s3:::{bucket.name}", "AwsS3Bucket", passed)


def _statements(bucket: Any) -> list[Mapping[str, Any]]:
    if not bucket.policy:
        return []
    found = json.loads(bucket.policy)["Statement"]
    return [found] if isinstance(found, Mapping) else list(found)


def _texts(found: Any) -> list[str]:
    return [found] if isinstance(found, str) else list(found or ())


def _for_everybody(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    if "*" not in _texts(named):
        return False
    keys = {key.lower() for pairs in (statement.get("Condition") or {}).values() for key in pairs}
    return not keys & _NARROWING


def _policy_opens(bucket: Any, actions: tuple[str, ...]) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and _for_everybody(statement)
        and any(fnmatchcase(a.lower(), pattern.lower())
                for a in actions for pattern in _texts(statement.get("Action")))
        for statement in _statements(bucket)
    )  # fmt: skip


def _acl_opens(bucket: Any, permissions: frozenset[str]) -> bool:
    return any(
        grantee.uri in _EVERYBODY and permissions & set(grant.permissions)
        for grant in (bucket.acl.grants if bucket.acl else ())
        for grantee in grant.grantees
    )


def _blocked(looked: Looked, bucket: Any, flag: str) -> bool:
    """By the bucket's own setting or by the account's."""
    own, whole = bucket.public_access_block, _account_block(looked)
    return any(block is not None and getattr(block, flag) for block in (own, whole))


def _account_block(looked: Looked) -> Any:
    return s3control_backends[looked.holdings.account]["aws"].public_access_block


def _is_public(
    looked: Looked, bucket: Any, actions: tuple[str, ...], permissions: frozenset[str]
) -> bool:
    by_policy = _policy_opens(bucket, actions)
    by_acl = _acl_opens(bucket, permissions)
    return (by_policy and not _blocked(looked, bucket, "restrict_public_buckets")) or (
        by_acl and not _blocked(looked, bucket, "ignore_public_acls")
    )


def _all_blocked(block: Any) -> bool:
    return block is not None and all(vars(block).values())


def _account_blocks_public_access(looked: Looked) -> Iterator[Verdict]:
    yield looked.account(passed=_all_blocked(_account_block(looked)))


def _not_readable(looked: Looked) -> Iterator[Verdict]:
    permissions = frozenset({"READ", "READ_ACP", "FULL_CONTROL"})
    for bucket in _buckets(looked):
        yield _bucket(bucket, passed=not _is_public(looked, bucket, _READS, permissions))


def _not_writable(looked: Looked) -> Iterator[Verdict]:
    permissions = frozenset({"WRITE", "WRITE_ACP", "FULL_CONTROL"})
    for bucket in _buckets(looked):
        yield _bucket(bucket, passed=not _is_public(looked, bucket, _WRITES, permissions))


def _asks_for_tls(looked: Looked) -> Iterator[Verdict]:
    for bucket in _buckets(looked):
        yield _bucket(bucket, passed=any(_refuses_plain(bucket, s) for s in _statements(bucket)))


def _refuses_plain(bucket: Any, statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    secure = (statement.get("Condition") or {}).get("Bool", {}).get("aws:SecureTransport")
    arn = f"arn:aws:s3:::{bucket.name}"
    covered = set(_texts(statement.get("Resource")))
    return (
        statement["Effect"] == "Deny"
        and "*" in _texts(named)
        and bool({"s3:*", "*"} & set(_texts(statement.get("Action"))))
        and str(_texts(str(secure))[0]).lower() == "false"
        and ({arn, f"{arn}/*"} <= covered or f"{arn}*" in covered or "*" in covered)
    )


def _blocks_public_access(looked: Looked) -> Iterator[Verdict]:
    for bucket in _buckets(looked):
        yield _bucket(bucket, passed=_all_blocked(bucket.public_access_block))


def _logs_access(looked: Looked) -> Iterator[Verdict]:
    for bucket in _buckets(looked):
        yield _bucket(bucket, passed=bool((bucket.logging or {}).get("TargetBucket")))


def _is_versioned(looked: Looked) -> Iterator[Verdict]:
    for bucket in _buckets(looked):
        yield _bucket(bucket, passed=bucket.versioning_status == "Enabled")


CONTROLS = (
    Control("S3.1", "s3-account-level-public-access-blocks-periodic",
            _account_blocks_public_access),
    Control("S3.2", "s3-bucket-public-read-prohibited", _not_readable),
    Control("S3.3", "s3-bucket-public-write-prohibited", _not_writable),
    Control("S3.5", "s3-bucket-ssl-requests-only", _asks_for_tls),
    Control("S3.8", "s3-bucket-level-public-access-prohibited", _blocks_public_access),
    Control("S3.9", "s3-bucket-logging-enabled", _logs_access),
    Control("S3.14", "s3-bucket-versioning-enabled", _is_versioned),
)  # fmt: skip
