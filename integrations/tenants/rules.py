"""What a tenant's record must be like."""

import re

from integrations.errors import InvalidTenantError
from integrations.tenants.port import Environment, Tenant

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_LONGEST_NAME = 80
_PRIORITIES = range(1, 6)
_SEVERITIES = ("critical", "high", "medium", "low", "informational")


def check(tenant: Tenant) -> None:
    """Refuse a record that is not usable, naming the field.

    Raises:
        InvalidTenantError: says which field, its value and what it takes.
    """
    if not _ID.fullmatch(tenant.id):
        raise InvalidTenantError(
            f"id {tenant.id!r}: lower-case letters, digits and hyphens, starting with a letter, "
            "at most 40 characters"
        )
    _check_texts(tenant)
    if not tenant.name.strip() or len(tenant.name) > _LONGEST_NAME:
        raise InvalidTenantError(f"name of {tenant.id}: 1 to {_LONGEST_NAME} characters")
    if tenant.priority not in _PRIORITIES:
        raise InvalidTenantError(f"priority of {tenant.id}: 1 to 5, not {tenant.priority}")
    if not tenant.accounts:
        raise InvalidTenantError(f"accounts of {tenant.id}: at least one AWS account id")
    for account in tenant.accounts:
        if not _ACCOUNT.fullmatch(account):
            raise InvalidTenantError(f"account {account!r} of {tenant.id}: an id has 12 digits")
    _check_approvers(tenant)
    if tenant.self_approval and tenant.environment is Environment.PRODUCTION:
        raise InvalidTenantError(f"self_approval of {tenant.id}: not in production")


def _check_approvers(tenant: Tenant) -> None:
    for severity in tenant.approvers_of:
        if severity not in _SEVERITIES:
            raise InvalidTenantError(
                f"approvers of {tenant.id}: {severity!r} is none of {', '.join(_SEVERITIES)}"
            )
    for approver in _approvers(tenant):
        if approver.count("/") != 2 or not all(approver.split("/")):  # noqa: PLR2004 - three parts
            raise InvalidTenantError(
                f"approver {approver!r} of {tenant.id}: platform/workspace/user, "
                "such as slack/T0001/U0001"
            )


def _approvers(tenant: Tenant) -> list[str]:
    return [*tenant.approvers, *(a for some in tenant.approvers_of.values() for a in some)]


def _check_texts(tenant: Tenant) -> None:
    """Half a character, as a command line's bytes may leave, cannot be written anywhere."""
    texts = [("name", tenant.name), ("contact", tenant.contact), ("ExternalId", tenant.external_id)]
    texts += [("approver", approver) for approver in _approvers(tenant)]
    texts += [(f"setting {name}", name + value) for name, value in tenant.settings.items()]
    for field, text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidTenantError(f"{field} of {tenant.id}: not text in UTF-8") from None
