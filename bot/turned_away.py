"""Presses that no request answers for are written down all the same, before they are refused.

Whose they are is often not known: those stand in the hub's own chain of the audit.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from agent.guard.untrusted import clean
from bot.messages import Click
from integrations.remediations.audit import AuditEntry, AuditKind
from integrations.systems import Estate

_REQUEST = re.compile(r"(R-[a-z2-7]{16})(:.*)?", re.DOTALL)
_LONGEST = 100


def write_down(
    estate: Estate, click: Click, rule: str, clock: Callable[[], float], tenant_id: str | None
) -> None:
    """Say in the audit who pressed what where, and why it does not count.

    Args:
        estate: Whose audit it is.
        click: What was pressed; its value is untrusted, so only a well-formed id of it is kept.
        rule: One word, as in `agent.approval.Refusal`.
        clock: Seconds since the epoch.
        tenant_id: Whose channel it is; None when that is not known, or several tenants'.

    Raises:
        UnavailableError: it could not be written.
    """
    place = click.place
    named = _REQUEST.fullmatch(click.value)
    audit = estate.systems(tenant_id).audit if tenant_id else estate.hub_audit()
    audit.append(
        AuditEntry(
            at=datetime.fromtimestamp(clock(), tz=UTC),
            kind=AuditKind.REFUSED,
            remediation=named[1] if named else "",
            by=clean(f"{place.key.platform}/{place.user_workspace}/{place.user}", _LONGEST),
            detail={
                "rule": rule,
                "action": clean(click.action, _LONGEST),
                "channel": clean(str(place.key), _LONGEST),
                "via": clean(f"message {click.message_id}", _LONGEST),
            },
        )
    )
