"""What follows a proven fix, or a proven undo: the finding, its source and the graph are told.

Everything here may be done twice. What cannot be told is logged and left: the source itself looks
again sooner or later, and what it says stands.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from integrations.errors import SecurityAssistError
from integrations.findings.workflow import reopened_event, resolved_event
from integrations.remediations.plan import Plan
from integrations.resources.config_items import change_of, read_item
from integrations.systems import Systems

_log = logging.getLogger(__name__)

_Event = Mapping[str, Any]


class Aftermath:
    """Tells one tenant's systems what became of a finding."""

    def __init__(self, systems: Systems) -> None:
        """Nothing is told before it is asked for."""
        self._systems = systems

    def fixed(self, plan: Plan, at: datetime, note: str) -> None:
        """The finding is resolved as of a moment (aware UTC)."""
        workflow = self._systems.workflow
        self._tell(plan, at, note, resolved_event, workflow.resolved if workflow else None)

    def undone(self, plan: Plan, at: datetime, note: str) -> None:
        """The finding is open again as of a moment (aware UTC)."""
        workflow = self._systems.workflow
        self._tell(plan, at, note, reopened_event, workflow.reopened if workflow else None)

    def _tell(
        self,
        plan: Plan,
        at: datetime,
        note: str,
        standing: Callable[[_Event, datetime, str], bytes],
        upstream: Callable[[_Event, str], bool] | None,
    ) -> None:
        event = self._systems.findings.get(plan.finding).event
        if upstream is not None:
            try:
                upstream(event, note)
            except SecurityAssistError as error:
                name = type(error).__name__
                _log.warning("finding=<%s>, error=<%s> | source not told", plan.finding_ref, name)
        self._systems.findings.upsert([standing(event, at, note)])
        self._look_again(plan)

    def _look_again(self, plan: Plan) -> None:
        """The changed resource and what feels it, as AWS Config knows them now."""
        live = self._systems.live
        known = self._systems.resources.get([plan.resource])
        if live is None or not known:
            return
        try:
            items = live.items(plan.account, plan.region, list(known.values()))
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request of=<%s>, error=<%s> | not read again", plan.finding_ref, name)
            return
        if items:
            read = [read_item(msgspec.json.decode(item)) for item in items]
            self._systems.resources.apply(change_of(read))
