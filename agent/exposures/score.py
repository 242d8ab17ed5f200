"""The score: `100 * (1 - prod(1 - t))` over the traits that are present, times criticality.

Every weight stands in this one table; each term that counts is kept with its reason and evidence,
so that a person can check the sum. The weights are ours; the traits are those that AWS's exposure
findings name too (reachability, vulnerability, assumability, impact, sensitive data,
misconfiguration), and an active threat.
"""

import math
from collections.abc import Iterable

from agent.views import Term
from integrations.findings.port import Severity
from integrations.tenants.port import Environment, Tenant

THREAT = 0.6
REACH_PUBLIC = 0.5
REACH_WEB = 0.35
"""Nothing but a web server's ports, which are meant for everybody."""
REACH_BALANCED = 0.2
ADMIN = 0.5
DATA_WRITE = 0.3
DATA_READ = 0.15
SENSITIVE = 0.4
PUBLIC_DATA = 0.6
KEY_DYING = 0.55
BLIND = 0.15
TRUST = 0.35
EXPLOIT_FLOOR = 0.7
"""What a vulnerability with a known exploit counts as at least, in EPSS's place."""

MISCONFIGURATION = {
    Severity.FATAL: 0.3,
    Severity.CRITICAL: 0.3,
    Severity.HIGH: 0.2,
    Severity.MEDIUM: 0.1,
    Severity.LOW: 0.05,
}
CRITICALITY = {
    Environment.PRODUCTION: 1.0,
    Environment.STAGING: 0.9,
    Environment.DEVELOPMENT: 0.7,
}
_BY_PRIORITY = {1: 1.05, 2: 1.0, 3: 0.95, 4: 0.9, 5: 0.85}
_MOST = 99
_LEVELS = ((85, Severity.CRITICAL), (60, Severity.HIGH), (35, Severity.MEDIUM), (0, Severity.LOW))
CRITICALITY_TERM = "Criticality"


def vulnerability(epss: float | None, *, exploitable: bool) -> float:
    """The weight of a vulnerability: 0.1 to 0.9."""
    likely = max(epss or 0.0, EXPLOIT_FLOOR if exploitable else 0.0)
    return round(0.1 + 0.8 * likely, 3)


def criticality(tenant: Tenant) -> Term:
    """How much the tenant matters: the factor that everything else is multiplied with."""
    factor = CRITICALITY[tenant.environment] * _BY_PRIORITY[tenant.priority]
    return Term(
        name=CRITICALITY_TERM,
        weight=round(factor, 3),
        because=f"{tenant.environment}, priority {tenant.priority}",
        evidence=tenant.id,
    )


def total(terms: Iterable[Term]) -> int:
    """The score of terms, 0 to 99: nothing is ever certain to be the worst."""
    rest, factor = 1.0, 1.0
    for term in terms:
        if term.name == CRITICALITY_TERM:
            factor = term.weight
        else:
            rest *= 1.0 - min(max(term.weight, 0.0), 0.99)
    return min(_MOST, math.floor(100 * (1.0 - rest) * factor + 0.5))


def level(score: int) -> Severity:
    """The severity that a score reads as."""
    return next(severity for least, severity in _LEVELS if score >= least)
