"""Rankings that are kept, so that nobody waits for one: served only while nothing has changed.

A ranking follows from the tenant's record, its findings, its resources and the rules. What each of
them was is kept with it: where one is another now, what is kept is not looked at, and the answer is
ranked anew. Why the whole is ranked again and not only what a change touches: docs/adr.
"""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

import agent.exposures
import integrations.findings
import integrations.resources
from agent import exposure, views
from agent.exposure import undated
from agent.exposures.ages import dated
from agent.views import Exposure
from integrations.errors import SecurityAssistError
from integrations.exposures.port import KeptExposures
from integrations.systems import Estate, Systems

_LOG: Final = logging.getLogger(__name__)
_exposures = msgspec.json.Decoder(tuple[Exposure, ...]).decode
_json = msgspec.json.Encoder().encode


def exposures_of(systems: Systems, now: datetime) -> tuple[Exposure, ...]:
    """A tenant's exposures, the worst first, as `exposure.rank` tells them at this moment.

    Args:
        systems: The tenant's own.
        now: Aware UTC; ages in the wording are counted up to it.
    """
    found = _kept(systems)
    return tuple(dated(one, now) for one in (undated(systems) if found is None else found))


def keep(systems: Systems) -> bool:
    """Rank a tenant's exposures and keep that, unless what is kept still holds.

    Returns:
        Whether they were ranked and kept. Where findings or resources change all the while they
        are not: the next time does it.

    Raises:
        UnavailableError: an engine does not answer.
    """
    before = _marks(systems)
    if systems.exposures is None or not before:
        return False
    kept = systems.exposures.load()
    if kept is not None and kept.marks == before:
        return False
    body = _json(undated(systems))
    if _marks(systems) != before:
        return False
    systems.exposures.save(KeptExposures(before, body))
    return True


def keep_all(estate: Estate, tenants: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Rank the exposures of tenants ahead of those who ask; a tenant that fails stops no other.

    Returns:
        Whose were ranked and kept, and who failed with why.
    """
    ranked: list[str] = []
    failed: dict[str, str] = {}
    for tenant_id in tenants:
        try:
            if keep(estate.systems(tenant_id)):
                ranked.append(tenant_id)
        except SecurityAssistError as error:
            _LOG.warning("a tenant's exposures were not ranked: %s", type(error).__name__)
            failed[tenant_id] = str(error)
    return ranked, failed


def _kept(systems: Systems) -> tuple[Exposure, ...] | None:
    if systems.exposures is None:
        return None
    try:
        kept = systems.exposures.load()
        if kept is not None and kept.marks == _marks(systems):
            return _exposures(kept.body)
    except (SecurityAssistError, msgspec.MsgspecError) as error:
        _LOG.warning("a kept ranking cannot be read: %s", type(error).__name__)
    return None


def _marks(systems: Systems) -> str:
    """What a ranking follows from, as text; empty where an engine cannot tell."""
    stands = systems.marks()
    if not stands:
        return ""
    told = hashlib.blake2b(digest_size=16)
    for part in (_rules(), repr(systems.tenant), stands):
        told.update(part.encode("utf-8", "backslashreplace") + b"\0")
    return told.hexdigest()


@cache
def _rules() -> str:
    """What tells how this release ranks from how another does: the text of all that takes part."""
    files = [Path(exposure.__file__), Path(views.__file__)]
    for package in (agent.exposures, integrations.findings, integrations.resources):
        files += sorted(Path(str(package.__file__)).parent.glob("*.py*"))
    return hashlib.blake2b(b"\0".join(file.read_bytes() for file in files)).hexdigest()
