"""What follows a proven fix, or a proven undo: the finding, its source and the graph are told.

Everything here may be done twice. What the source or the graph cannot be told is logged and left:
the source itself looks again sooner or later, and what it says stands.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from integrations.errors import (
    NotFoundError,
    RejectedRecordError,
    SecurityAssistError,
)
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
        """The finding is resolved as of a moment (aware UTC).

        Raises:
            UnavailableError: our own findings could not be told; tell them again.
        """
        workflow = self._systems.workflow
        self._tell(plan, at, note, resolved_event, workflow.resolved if workflow else None)

    def undone(self, plan: Plan, at: datetime, note: str) -> None:
        """The finding is open again as of a moment (aware UTC); otherwise as `fixed`."""
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
        try:
            event = self._systems.findings.get(plan.finding).event
            self._tell_source(plan, event, note, upstream)
            self._systems.findings.upsert([standing(event, at, note)])
        except (NotFoundError, RejectedRecordError) as error:
            # It was taken out meanwhile, or never was as it should be: nothing stands to be closed.
            self._left(plan, error, "finding")
        self._look_again(plan)

    def _tell_source(
        self, plan: Plan, event: _Event, note: str, upstream: Callable[[_Event, str], bool] | None
    ) -> None:
        if upstream is None:
            return
        try:
            upstream(event, note)
        except SecurityAssistError as error:
            self._left(plan, error, "source")

    def _look_again(self, plan: Plan) -> None:
        """The changed resource and what feels it, as AWS Config knows them now."""
        live = self._systems.live
        if live is None:
            return
        try:
            known = self._systems.resources.get([plan.resource])
            items = live.items(plan.account, plan.region, list(known.values())) if known else []
            if items:
                read = [read_item(msgspec.json.decode(item)) for item in items]
                self._systems.resources.apply(change_of(read))
        except (SecurityAssistError, msgspec.DecodeError) as error:
            self._left(plan, error, "graph")

    def _left(self, plan: Plan, error: Exception, what: str) -> None:
        name = type(error).__name__
        _log.warning("finding=<%s>, error=<%s> | %s not told", plan.finding_ref, name, what)
