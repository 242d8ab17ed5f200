"""Whether the audit bears out what a request claims, asked right before anything is started.

The store says who approved; the audit said so first. Who can write to the store alone can so make
no approval that anything is started on.
"""

from collections.abc import Iterable

from integrations.remediations.audit import AuditKind, AuditLog, AuditRecord, seal
from integrations.remediations.port import Approval, Remediation, Stage


def unaudited(audit: AuditLog, request: Remediation) -> str:
    """Why the approvals of a request are not borne out by its audit; empty when they are.

    Every record from the first about them to the chain's newest must follow the one before it, and
    each approval (of an undo: each wish for it) must be told there, by that person, of that plan.

    Raises:
        DamagedError: a record cannot be read.
        UnavailableError: the audit did not answer.
    """
    undoing = request.stage is Stage.UNDOING
    claimed = request.undo_asked if undoing else request.approvals
    kind = AuditKind.UNDO_ASKED if undoing else AuditKind.APPROVED
    told = [
        record
        for record in audit.records(remediation=request.id)
        if record.entry.kind is kind and record.entry.detail.get("plan") == request.plan.hash
    ]
    missing = _untold(claimed, told)
    if missing:
        return f"the audit tells of no approval by {missing}"
    first = min(record.number for record in told) if told else 0
    return _misfit(audit.records(after=max(first - 1, 0)))


def _untold(claimed: Iterable[Approval], told: Iterable[AuditRecord]) -> str:
    """The first person who is claimed to have approved and is not told of."""
    people = {record.entry.by for record in told}
    return next((approval.by for approval in claimed if approval.by not in people), "")


def _misfit(records: Iterable[AuditRecord]) -> str:
    """The first record that was changed, or does not follow the one before it."""
    before: AuditRecord | None = None
    for record in records:
        follows = before is None or (record.number, record.previous) == (
            before.number + 1,
            before.hash,
        )
        if not follows or seal(record.number, record.entry, record.previous) != record:
            return f"record {record.number} of the audit is not what was written; verify the audit"
        before = record
    return ""
