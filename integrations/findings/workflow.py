"""A finding that was fixed, or that is back: what is told to its source, and to our own store."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

_UPDATE, _CLOSE = 2, 3
_NEW, _RESOLVED = 1, 4
_CLASS_FACTOR = 100
"""`type_uid` is `class_uid * 100 + activity_id` (OCSF base event)."""


class FindingWorkflow(Protocol):
    """Where a tenant's findings come from, told what became of them.

    Promises: telling the same twice does no harm; a finding of another source than this one is left
    alone and answers False.
    """

    def resolved(self, event: Mapping[str, Any], note: str) -> bool:
        """The finding was fixed, and the fix was proven; `note` says by what.

        Raises:
            DeniedByAwsError, UnavailableError: the source was not told.
        """
        ...

    def reopened(self, event: Mapping[str, Any], note: str) -> bool:
        """The fix was undone: the finding is new again; otherwise as `resolved`."""
        ...


def resolved_event(event: Mapping[str, Any], at: datetime, note: str) -> bytes:
    """The event as it stands once its finding was fixed at a moment (aware UTC)."""
    return _standing(event, at, note, _CLOSE, (_RESOLVED, "Resolved"))


def reopened_event(event: Mapping[str, Any], at: datetime, note: str) -> bytes:
    """The event as it stands once the fix was undone at a moment (aware UTC)."""
    return _standing(event, at, note, _UPDATE, (_NEW, "New"))


def _standing(
    event: Mapping[str, Any], at: datetime, note: str, activity: int, status: tuple[int, str]
) -> bytes:
    # Later than what is stored, even by a clock that runs behind the source's.
    time = max(int(at.timestamp() * 1000), int(event["time"]) + 1)
    changed = dict(event) | {
        "activity_id": activity,
        "activity_name": {_UPDATE: "Update", _CLOSE: "Close"}[activity],
        "type_uid": event["class_uid"] * _CLASS_FACTOR + activity,
        "time": time,
        "status_id": status[0],
        "status": status[1],
        "status_detail": note,
    }
    for derived in ("time_dt", "type_name"):
        changed.pop(derived, None)
    return json.dumps(changed).encode()
