"""What is wrong with a tenant's role, in words, and what mends it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.accounts.trust import RoleTrust


def problem_of(found: "RoleTrust") -> tuple[str, str]:
    """What is wrong with a role, and what mends it; the worst first."""
    if found.holes:
        mend = (
            "its trust policy lets in whoever our role can be tricked by: put the condition "
            "StringEquals sts:ExternalId into each statement, as infra/tenant.yaml has it"
        )
        return f"HOLE: it can be assumed {', '.join(found.holes)}", mend
    if found.refused:
        mend = (
            "deploy infra/tenant.yaml with this tenant's ExternalId and our role "
            "(assist tenants onboard prints the command)"
        )
        return f"closed: {found.refused}", mend
    return f"not proven: {found.unproven}", "run it again once AWS answers"
