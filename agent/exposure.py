"""What needs attention first: findings and graph joined into ranked exposures.

The rules stand in `agent/exposures`: `reachable` (R1 to R4, R7, R8), `standing` (R5, R6, R9, R10,
R12); R11 needs build projects, which are not ingested. Each adds terms to one draft per main
resource, so that several rules about one path make one thing to do.
"""

from datetime import datetime

from agent.exposures.ages import dated
from agent.exposures.evidence import Evidence
from agent.exposures.reachable import reachable
from agent.exposures.standing import (
    attacked_hosts,
    blind_spots,
    dying_keys,
    foreign_trust,
    identities,
    public_stores,
)
from agent.views import Exposure
from integrations.systems import Systems


def rank(systems: Systems, now: datetime) -> list[Exposure]:
    """Every exposure of a tenant, the worst first; the same data give the same list.

    Args:
        systems: The tenant's own.
        now: Aware UTC; ages in the wording are counted up to it.
    """
    return [dated(one, now) for one in undated(systems)]


def undated(systems: Systems) -> list[Exposure]:
    """The same with the ages in its words left open: it holds until findings or resources change.

    Args:
        systems: The tenant's own.
    """
    evidence = Evidence(systems)
    drafts = [*reachable(evidence), *public_stores(evidence), *identities(evidence)]
    told = frozenset(draft.resource for draft in drafts if "Threat" in draft.terms)
    drafts += attacked_hosts(evidence, told)
    drafts += [*dying_keys(evidence), *foreign_trust(evidence)]
    drafts += blind_spots(evidence, drafts)
    exposures = [draft.finished(systems.tenant) for draft in drafts]
    unique = {exposure.ref: exposure for exposure in exposures}
    return sorted(unique.values(), key=lambda e: (-e.score, e.ref))
