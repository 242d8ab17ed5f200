"""Controls of IAM, KMS, Secrets Manager and SSM, read from the account as it is.

Facts: the Security Hub controls reference for these services.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.aws.controls.verdicts import Control, Looked, Verdict

_ROTATED = timedelta(days=90)
_SHORTEST_PASSWORD = 8


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _active(user: Any) -> list[Any]:
    return [key for key in user.access_keys if key.status == "Active"]


def _keys_are_young(looked: Looked) -> Iterator[Verdict]:
    for user in looked.holdings.iam.users.values():
        ages = [looked.now - _aware(key.create_date) for key in _active(user)]
        yield Verdict(user.arn, "AwsIamUser", all(age <= _ROTATED for age in ages))


def _password_policy_is_strong(looked: Looked) -> Iterator[Verdict]:
    policy = looked.holdings.iam.account_password_policy
    strong = policy is not None and all(
        (
            policy.require_uppercase_characters,
            policy.require_lowercase_characters,
            policy.require_symbols,
            policy.require_numbers,
            int(policy.minimum_password_length) >= _SHORTEST_PASSWORD,
        )
    )
    yield looked.account(passed=strong)


def _in_use_within(days: int) -> Any:
    def check(looked: Looked) -> Iterator[Verdict]:
        oldest = looked.now - timedelta(days=days)
        for user in looked.holdings.iam.users.values():
            used = [
                key.last_used.timestamp if key.last_used else key.create_date
                for key in _active(user)
            ]
            if user.password is not None:
                used.append(user.password_last_used or user.create_date)
            passed = all(_aware(moment) >= oldest for moment in used)
            yield Verdict(user.arn, "AwsIamUser", passed)

    return check


def _keys(looked: Looked) -> Iterator[Any]:
    for key in looked.holdings.of("kms").keys.values():
        if key.key_manager == "CUSTOMER":
            yield key


def _keys_stay(looked: Looked) -> Iterator[Verdict]:
    for key in _keys(looked):
        yield Verdict(key.arn, "AwsKmsKey", key.key_state != "PendingDeletion")


def _keys_rotate(looked: Looked) -> Iterator[Verdict]:
    for key in _keys(looked):
        if key.key_state != "PendingDeletion" and key.key_spec == "SYMMETRIC_DEFAULT":
            yield Verdict(key.arn, "AwsKmsKey", bool(key.key_rotation_status))


def _secrets(looked: Looked) -> Iterator[Any]:
    for secret in looked.holdings.of("secretsmanager").secrets.values():
        if secret.deleted_date is None:
            yield secret


def _secrets_rotate(looked: Looked) -> Iterator[Verdict]:
    for secret in _secrets(looked):
        yield Verdict(secret.arn, "AwsSecretsManagerSecret", bool(secret.rotation_enabled))


def _secrets_are_young(looked: Looked) -> Iterator[Verdict]:
    for secret in _secrets(looked):
        moment = secret.last_rotation_date or secret.created_date or 0
        age = looked.now - datetime.fromtimestamp(moment, UTC)
        yield Verdict(secret.arn, "AwsSecretsManagerSecret", age <= _ROTATED)


def _documents_are_private(looked: Looked) -> Iterator[Verdict]:
    for name, document in looked.holdings.of("ssm")._documents.items():  # noqa: SLF001 - moto's
        arn = looked.arn("ssm", f"document/{name}")
        yield Verdict(arn, "AwsSsmDocument", "all" not in document.permissions)


CONTROLS = (
    Control("IAM.3", "access-keys-rotated", _keys_are_young),
    Control("IAM.7", "iam-password-policy", _password_policy_is_strong),
    Control("IAM.8", "iam-user-unused-credentials-check", _in_use_within(90)),
    Control("IAM.22", "iam-user-unused-credentials-check", _in_use_within(45)),
    Control("KMS.3", "kms-cmk-not-scheduled-for-deletion", _keys_stay),
    Control("KMS.4", "cmk-backing-key-rotation-enabled", _keys_rotate),
    Control("SecretsManager.1", "secretsmanager-rotation-enabled-check", _secrets_rotate),
    Control("SecretsManager.4", "secretsmanager-secret-periodic-rotation", _secrets_are_young),
    Control("SSM.4", "ssm-document-not-public", _documents_are_private),
)
