"""Whose data a turn is about: decided by the channel's binding; a text can only narrow it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.assistant import Scope
from integrations.systems import Estate
from integrations.tenants.port import Binding, Tenant

_EVERYONE = re.compile(
    r"\b(?:all|every|each|any|both|compare|across|which)\b[\w\s]{0,20}\b(?:tenants?|customers?|accounts?)\b"
    r"|\beverywhere\b|\bcompare\b|\boverall\b|\btenants\b",
    re.IGNORECASE,
)
POSSESSIVE = "(?:['\u2019]s|s['\u2019])?"
"""`acme's` and `tenants'`, as typed on a keyboard or on a phone."""


@dataclass(frozen=True, slots=True)
class OutsideScope:
    """A tenant's channel was asked about another tenant."""

    own: Tenant
    other: Tenant


def scope_for(
    binding: Binding, text: str, focus: Sequence[str], estate: Estate
) -> Scope | OutsideScope:
    """The scope of a turn; or why it is refused.

    A tenant's channel is that tenant's, whatever the text says. An operator's channel is about the
    tenants that the text names, else about those that the thread was about, else about all.

    Raises:
        NotFoundError: the channel is bound to a tenant that no longer exists.
    """
    tenants = estate.tenants()
    if binding.tenant_id is not None:
        systems = estate.systems(binding.tenant_id)
        other = next(
            (t for t in named(text, tenants) if t.id != systems.tenant.id),
            None,
        )
        if other is not None and systems.tenant not in named(text, tenants):
            return OutsideScope(systems.tenant, other)
        foreign = tuple(t.id for t in tenants if t.id != systems.tenant.id)
        return Scope((systems,), operator=False, foreign=foreign)
    chosen = named(text, tenants)
    if chosen:
        kept = tuple(t.id for t in chosen)
    elif _EVERYONE.search(text):
        kept = ()
    else:
        known = {t.id for t in tenants}
        kept = tuple(tenant_id for tenant_id in focus if tenant_id in known)
    ids = kept or tuple(t.id for t in tenants)
    systems_of_turn = tuple(estate.systems(tenant_id) for tenant_id in ids)
    foreign = tuple(t.id for t in tenants if t.id not in ids)
    return Scope(systems_of_turn, operator=True, foreign=foreign, focus=kept)


def named(text: str, tenants: Sequence[Tenant]) -> list[Tenant]:
    """The tenants that a text names, by id or display name, in the order of `tenants`.

    A name that is part of a longer one (`acme-customer-exports`, `acme_logs`, `x@acme.example`)
    names a resource, not a tenant.
    """
    found = []
    for tenant in tenants:
        for name in {tenant.id, tenant.name}:
            pattern = rf"(?<![\w@./:-]){re.escape(name)}{POSSESSIVE}(?![\w@/-])(?![.:]\w)"
            if name and re.search(pattern, text, re.IGNORECASE):
                found.append(tenant)
                break
    return found
